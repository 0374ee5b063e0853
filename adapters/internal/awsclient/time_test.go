package awsclient_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"cognito-user-migration/adapters/internal/awsclient"
	"cognito-user-migration/ports"
	"cognito-user-migration/test/directhttp"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// retries reports whether a retry would follow the error, with this time left.
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
	request, _ := post(t, "http://service", "{}")
	response, err := awsclient.Over(directhttp.Client{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		time.Sleep(took)
	})}).Do(request)
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	return &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: response}, Err: errors.New("throttled")}
}

// losesAfter is an error of a request that brought no answer.
func losesAfter(t *testing.T, took time.Duration) error {
	t.Helper()
	request, _ := post(t, "http://service", "{}")
	response, err := awsclient.Over(directhttp.Client{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		time.Sleep(took)
		panic(http.ErrAbortHandler)
	})}).Do(request)
	if err == nil {
		_ = response.Body.Close()
		t.Fatal("there was an answer")
	}
	return err
}

func TestATryFollowsWhereItFits(t *testing.T) {
	t.Parallel()
	const slow = 300 * time.Millisecond
	as := func(err error) func(*testing.T, time.Duration) error {
		return func(*testing.T, time.Duration) error { return err }
	}
	for name, test := range map[string]struct {
		left time.Duration
		err  func(t *testing.T, took time.Duration) error
		want bool
	}{
		"much time":                     {time.Minute, as(errors.New("quick")), true},
		"less than the longest wait":    {200 * time.Millisecond, as(errors.New("quick")), false},
		"none":                          {-time.Second, as(errors.New("quick")), false},
		"much after a slow answer":      {time.Minute, answersAfter, true},
		"little after a slow answer":    {500 * time.Millisecond, answersAfter, false},
		"little after a slow loss":      {500 * time.Millisecond, losesAfter, false},
		"an answer of another's client": {time.Minute, as(&smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{}}}), true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				if got := retries(t, test.left, test.err(t, slow)); got != test.want {
					t.Errorf("got %t, want %t", got, test.want)
				}
			})
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
