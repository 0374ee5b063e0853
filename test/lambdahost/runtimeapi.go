package lambdahost

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"time"
)

// maxPayload is Lambda's limit of a synchronous event or answer: 6 MB.
const maxPayload = 6 << 20

// Headers of the runtime API.
const (
	headerRequestID  = "Lambda-Runtime-Aws-Request-Id"
	headerDeadlineMS = "Lambda-Runtime-Deadline-Ms"
	headerARN        = "Lambda-Runtime-Invoked-Function-Arn"
	headerTraceID    = "Lambda-Runtime-Trace-Id"
	headerErrorType  = "Lambda-Runtime-Function-Error-Type"
	trailerErrorBody = "Lambda-Runtime-Function-Error-Body"
)

func (h *Host) runtimeHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", h.serveNext)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", h.serveResponse)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", h.serveError)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", h.serveInitError)
	return mux
}

// serveNext hands out the next invocation, however long it takes to come.
func (h *Host) serveNext(w http.ResponseWriter, r *http.Request) {
	h.readyOnce.Do(func() {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.startup = time.Since(h.launched)
		close(h.ready)
	})
	select {
	case inv := <-h.pending:
		h.mu.Lock()
		h.current = inv
		h.mu.Unlock()
		h.invocations.Add(1)
		inv.delivered = time.Now()
		close(inv.taken)
		header := w.Header()
		header.Set("Content-Type", "application/json")
		header.Set(headerRequestID, inv.id)
		header.Set(headerDeadlineMS, strconv.FormatInt(inv.delivered.Add(h.config.Timeout).UnixMilli(), 10))
		header.Set(headerARN, h.ARN())
		header.Set(headerTraceID, newTraceID())
		_, _ = w.Write(inv.payload) // a process that went away is seen by its end
	case <-r.Context().Done():
	case <-h.exited:
	}
}

func (h *Host) serveResponse(w http.ResponseWriter, r *http.Request) {
	inv, ok := h.take(w, r)
	if !ok {
		return
	}
	body, ok := readBody(w, r)
	if !ok {
		inv.fail("Function.ResponseSizeTooLarge", "Response payload size exceeded maximum allowed payload size (6291556 bytes).")
		return
	}
	// A function that streams its answer reports an error in the trailers.
	if r.Trailer.Get(headerErrorType) != "" {
		reported, err := base64.StdEncoding.DecodeString(r.Trailer.Get(trailerErrorBody))
		if err != nil {
			refuse(w, http.StatusBadRequest, "InvalidTrailer", "Error body is not base64")
			return
		}
		inv.finish(reported, FunctionErrorUnhandled)
		accept(w)
		return
	}
	inv.finish(body, "")
	accept(w)
}

func (h *Host) serveError(w http.ResponseWriter, r *http.Request) {
	inv, ok := h.take(w, r)
	if !ok {
		return
	}
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	inv.finish(body, FunctionErrorUnhandled)
	accept(w)
}

func (h *Host) serveInitError(w http.ResponseWriter, r *http.Request) {
	body, ok := readBody(w, r)
	if !ok {
		return
	}
	h.mu.Lock()
	h.initError = &InitError{Type: r.Header.Get(headerErrorType), Body: body}
	h.mu.Unlock()
	accept(w)
}

// take finds the invocation that a request answers: the one under way, once.
func (h *Host) take(w http.ResponseWriter, r *http.Request) (*invocation, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.current == nil || h.current.id != r.PathValue("id") {
		refuse(w, http.StatusBadRequest, "InvalidRequestID", "Invalid request ID")
		return nil, false
	}
	inv := h.current
	h.current = nil
	return inv, true
}

// readBody reads a whole body within Lambda's limit, or answers 413.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxPayload+1))
	if err != nil {
		refuse(w, http.StatusBadRequest, "InvalidBody", "Cannot read the body")
		return nil, false
	}
	if len(body) > maxPayload {
		refuse(w, http.StatusRequestEntityTooLarge, "RequestEntityTooLarge", "Exceeded maximum allowed payload size")
		return nil, false
	}
	return body, true
}

func accept(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusAccepted)
	_, _ = io.WriteString(w, `{"status":"OK"}`)
}

func refuse(w http.ResponseWriter, status int, errorType, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(FunctionError{Type: errorType, Message: message})
}
