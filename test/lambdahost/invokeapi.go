package lambdahost

import (
	"encoding/json"
	"net/http"
	"strings"
)

// Handler serves the Invoke operation of Lambda's public API for this function.
// Its callers use HTTP: an SDK, the AWS CLI, an emulator of another service.
//
// The operation is POST /2015-03-31/functions/{name}/invocations, where the
// name may be the function's name or its ARN. It waits for the answer
// (invocation type RequestResponse); an error of the function is status 200
// with the header X-Amz-Function-Error. As Lambda does, it turns away an event
// that is not JSON before the function sees it. A dry run runs nothing.
// Signatures are not looked at.
func (h *Host) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /2015-03-31/functions/{name}/invocations", h.serveInvoke)
	return mux
}

func (h *Host) serveInvoke(w http.ResponseWriter, r *http.Request) {
	name := r.PathValue("name")
	if name != h.config.Name && !strings.HasSuffix(name, ":function:"+h.config.Name) {
		serviceError(w, http.StatusNotFound, "ResourceNotFoundException", "Function not found: "+name)
		return
	}
	payload, ok := readBody(w, r)
	if !ok {
		return
	}
	if r.Header.Get("X-Amz-Invocation-Type") == "DryRun" {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	if len(payload) == 0 {
		payload = []byte("{}") // Lambda's stand-in for no event at all
	}
	if !json.Valid(payload) {
		serviceError(w, http.StatusBadRequest, "InvalidRequestContentException", "Could not parse request body into json")
		return
	}
	result, err := h.Invoke(r.Context(), payload)
	if err != nil {
		serviceError(w, http.StatusInternalServerError, "ServiceException", err.Error())
		return
	}
	header := w.Header()
	header.Set("Content-Type", "application/json")
	header.Set("X-Amzn-Requestid", result.RequestID)
	header.Set("X-Amz-Executed-Version", h.config.Version)
	if result.FunctionError != "" {
		header.Set("X-Amz-Function-Error", result.FunctionError)
	}
	_, _ = w.Write(result.Payload)
}

// serviceError answers as Lambda's REST API does when it is not the function
// that fails.
func serviceError(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-Errortype", code)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"Type": "User", "Message": message})
}
