package bootstrap

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestAnInitErrorIsToldToLambda(t *testing.T) {
	t.Parallel()
	var told map[string]any
	runtime := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != "/2018-06-01/runtime/init/error" ||
			r.Header.Get("Lambda-Runtime-Function-Error-Type") != typeInit {
			t.Errorf("told by %s %s with type %q", r.Method, r.URL.Path, r.Header.Get("Lambda-Runtime-Function-Error-Type"))
		}
		if err := json.NewDecoder(r.Body).Decode(&told); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	defer runtime.Close()
	err := reportInitError(context.Background(), strings.TrimPrefix(runtime.URL, "http://"), errors.New("SOURCE_CLIENT_ID: is required"))
	if err != nil {
		t.Fatal(err)
	}
	if told["errorMessage"] != "SOURCE_CLIENT_ID: is required" || told["errorType"] != typeInit {
		t.Errorf("told %v", told)
	}
}

func TestAnInitErrorThatLambdaDoesNotTakeIsAnError(t *testing.T) {
	t.Parallel()
	runtime := httptest.NewServer(http.NotFoundHandler())
	address := strings.TrimPrefix(runtime.URL, "http://")
	if err := reportInitError(context.Background(), address, errors.New("x")); err == nil {
		t.Error("a 404 is taken for an answer")
	}
	runtime.Close()
	if err := reportInitError(context.Background(), address, errors.New("x")); err == nil {
		t.Error("no answer is taken for one")
	}
	if err := reportInitError(context.Background(), "not a host", errors.New("x")); err == nil {
		t.Error("an address that is none is taken for one")
	}
}
