package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"time"

	"cognito-user-migration/adapters/lambdatrigger"
	"cognito-user-migration/app/trial"

	"github.com/aws/aws-lambda-go/lambda/messages"
	"github.com/spf13/pflag"
)

const (
	// largestPayload is what Lambda takes of an invocation's payload.
	largestPayload = 6 << 20
	// drain is how long running requests may take after the server is asked to
	// stop.
	drain = 5 * time.Second
)

// serveFlags are the flags of serve.
type serveFlags struct {
	address, function string
}

// serveCommand runs the function behind Lambda's Invoke API.
func serveCommand() command {
	given := serveFlags{"127.0.0.1:9000", "user-migration"}
	return command{
		name:    "serve",
		summary: "answer Lambda's Invoke API on this machine",
		purpose: `Runs the function on this machine and answers Lambda's Invoke API on loopback,
until it is interrupted. A local Cognito, the AWS CLI or SAM can invoke it.`,
		examples: [2]string{
			"bin/migratectl serve",
			"bin/migratectl serve --addr 127.0.0.1:9001 --function migration",
		},
		failure: "the server cannot start or stop, or the environment is wrong",
		flags: func(flags *pflag.FlagSet) {
			flags.Var(checked(&given.address, checkLoopback), "addr", "the loopback `ADDRESS` to listen on")
			functionVar(flags, &given.function, "function", "the `NAME` by which the function is invoked")
		},
		run: func(ctx context.Context, s streams, _ string) error { return serve(ctx, given, s) },
	}
}

// serve answers Lambda's Invoke API on loopback until it is interrupted.
func serve(ctx context.Context, given serveFlags, s streams) error {
	handler, stop, err := trial.Compose(ctx, binary(), s.environ, s.out)
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", given.address)
	if err != nil {
		return err
	}
	fmt.Fprintf(s.err, "serving function %s on http://%s; stop with Ctrl-C\n", given.function, listener.Addr())
	server := &http.Server{Handler: forProgramsOfThisMachine(invokeAPI(given.function, handler)), ReadHeaderTimeout: drain}
	stopped := make(chan error, 1)
	go func() {
		<-ctx.Done()
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
		defer cancel()
		stopped <- errors.Join(server.Shutdown(last), stop(last))
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return <-stopped
}

// checkLoopback refuses an address that others could reach: any client that
// can invoke the function can test passwords.
func checkLoopback(address string) error {
	if _, _, err := net.SplitHostPort(address); err != nil {
		return errors.New("expected host:port, such as 127.0.0.1:9000")
	}
	if !isLoopback(address) {
		return errors.New("expected a loopback address, such as 127.0.0.1:9000: anyone who can reach it can guess passwords")
	}
	return nil
}

// forProgramsOfThisMachine refuses what a web page can make a browser send. A page
// can give its own host name the address 127.0.0.1 (DNS rebinding), invoke the
// function and read a profile. Its requests then name a host that is not loopback.
// Programs send neither Origin nor Sec-Fetch-Site, browsers send one of them with
// every POST. The content type is not looked at: curl sends that of a form.
func forProgramsOfThisMachine(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, fromPage := r.Header["Origin"]
		_, fromBrowser := r.Header["Sec-Fetch-Site"]
		switch {
		case !isLoopback(r.Host):
			apiError(w, http.StatusForbidden, "AccessDeniedException", "the Host header does not name this machine; invoke by http://localhost or http://127.0.0.1")
		case fromPage || fromBrowser:
			apiError(w, http.StatusForbidden, "AccessDeniedException", "a web page sent this request (Origin or Sec-Fetch-Site); only programs may invoke the function here")
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// isLoopback reports whether a Host header names this machine, with or without a
// port: a tunnel can have another port than the listener.
func isLoopback(host string) bool {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		name, port = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]"), "80"
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return false
	}
	ip := net.ParseIP(name)
	return strings.EqualFold(name, "localhost") || ip != nil && ip.IsLoopback()
}

// invokeAPI is Lambda's Invoke ("Invoke", AWS Lambda API Reference), as far as
// Cognito's emulators and the AWS CLI use it.
func invokeAPI(name string, handler *lambdatrigger.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /2015-03-31/functions/{name}/invocations", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("name") != name {
			apiError(w, http.StatusNotFound, "ResourceNotFoundException", "there is no function of this name here; it is called "+name)
			return
		}
		payload, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largestPayload))
		if err != nil {
			apiError(w, http.StatusRequestEntityTooLarge, "RequestTooLargeException", "the payload is larger than 6 MB")
			return
		}
		switch r.Header.Get("X-Amz-Invocation-Type") {
		case "", "RequestResponse":
		case "DryRun":
			w.WriteHeader(http.StatusNoContent)
			return
		default:
			apiError(w, http.StatusBadRequest, "InvalidParameterValueException", "the invocation type is RequestResponse or DryRun")
			return
		}
		id := rand.Text()
		w.Header().Set("X-Amzn-Requestid", id)
		w.Header().Set("X-Amz-Executed-Version", "$LATEST")
		w.Header().Set("Content-Type", "application/json")
		answer, err := handler.Invoke(trial.WithRequestID(r.Context(), id), payload)
		if err != nil {
			w.Header().Set("X-Amz-Function-Error", "Unhandled")
			answer = errorBody(err)
		}
		_, _ = w.Write(answer) // the client has gone
	})
	return mux
}

func errorBody(err error) []byte {
	public, ok := errors.AsType[messages.InvokeResponse_Error](err)
	if !ok {
		public = messages.InvokeResponse_Error{Type: lambdatrigger.TypeFailure, Message: lambdatrigger.TextFailure}
	}
	body, err := json.Marshal(public)
	if err != nil {
		return []byte(`{}`)
	}
	return body
}

func apiError(w http.ResponseWriter, status int, kind, text string) {
	w.Header().Set("X-Amzn-Errortype", kind)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"Type": "User", "Message": text}) // the client has gone
}
