package awsclient_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"cognito-user-migration/adapters/internal/awsclient"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// retries reports whether a try would follow the error, with so much time left.
func retries(t *testing.T, left time.Duration, err error) bool {
	t.Helper()
	retryer, ok := awsclient.Retryer().(aws.RetryerV2)
	if !ok {
		t.Fatal("the SDK would not tell it the context")
	}
	ctx, cancel := context.WithTimeout(t.Context(), left)
	defer cancel()
	_, refused := retryer.GetRetryToken(ctx, err)
	return refused == nil
}

// answersAfter is an error that a service answered with after a while, as the
// SDK gives it.
func answersAfter(t *testing.T, took time.Duration) error {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { time.Sleep(took) }))
	t.Cleanup(server.Close)
	request, _ := post(t, server.URL, "{}")
	response, err := awsclient.Over(server.Client()).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: response}, Err: errors.New("throttled")}
}

// losesAfter is an error of a request that brought no answer.
func losesAfter(t *testing.T, took time.Duration) error {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		time.Sleep(took)
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(server.Close)
	request, _ := post(t, server.URL, "{}")
	_, err := awsclient.Over(server.Client()).Do(request)
	if err == nil {
		t.Fatal("there was an answer")
	}
	return err
}

func TestATryFollowsWhereItFits(t *testing.T) {
	t.Parallel()
	const slow = 300 * time.Millisecond
	for name, test := range map[string]struct {
		left time.Duration
		err  error
		want bool
	}{
		"much time":                     {time.Minute, errors.New("quick"), true},
		"less than the longest wait":    {200 * time.Millisecond, errors.New("quick"), false},
		"none":                          {-time.Second, errors.New("quick"), false},
		"much after a slow answer":      {time.Minute, answersAfter(t, slow), true},
		"little after a slow answer":    {500 * time.Millisecond, answersAfter(t, slow), false},
		"little after a slow loss":      {500 * time.Millisecond, losesAfter(t, slow), false},
		"an answer without a response":  {time.Minute, &smithyhttp.ResponseError{Err: errors.New("x")}, true},
		"an answer of another's client": {time.Minute, &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{}}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := retries(t, test.left, test.err); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
	t.Run("no deadline", func(t *testing.T) {
		t.Parallel()
		retryer, _ := awsclient.Retryer().(aws.RetryerV2)
		if _, err := retryer.GetRetryToken(t.Context(), errors.New("quick")); err != nil {
			t.Error(err)
		}
	})
}

func TestErrorsOfThePortsAreNotTriedAgain(t *testing.T) {
	t.Parallel()
	for _, kind := range []error{ports.ErrThrottled, ports.ErrUnreachable, ports.ErrMisconfigured} {
		if awsclient.Retryer().IsErrorRetryable(errors.Join(errors.New("read: connection reset by peer"), kind)) {
			t.Errorf("%v is tried again", kind)
		}
	}
	if !awsclient.Retryer().IsErrorRetryable(errors.New("read: connection reset by peer")) {
		t.Error("a connection that was reset is not tried again")
	}
}

// HTTP/2 keeps a connection whose request was cancelled, dead or not.
func TestItSpeaksHTTP1WhateverIsOffered(t *testing.T) {
	t.Parallel()
	protocol := make(chan string, 1)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { protocol <- r.Proto }))
	server.EnableHTTP2 = true
	server.StartTLS()
	defer server.Close()
	trusting, ok := server.Client().Transport.(*http.Transport)
	if !ok {
		t.Fatal("the server's client is made in another way now")
	}
	client := awsclient.Over(awshttp.NewBuildableClient().WithTransportOptions(func(transport *http.Transport) {
		transport.TLSClientConfig.RootCAs = trusting.TLSClientConfig.RootCAs
	}))
	request, _ := post(t, server.URL, "{}")
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	if got := <-protocol; got != "HTTP/1.1" {
		t.Errorf("it speaks %s", got)
	}
}
