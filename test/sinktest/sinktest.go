// Package sinktest is what every audit sink in AWS must do when its service does
// not take a record. The tests of those adapters call [Run], over a stand-in for
// the service that speaks AWS JSON 1.1. Only tests import it.
package sinktest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
	"cognito-user-migration/test/deadline"
	"cognito-user-migration/test/directhttp"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// Canary is in every text of the service; no error may hold it.
const Canary = "canary-77ab"

// Answer answers the nth call.
type Answer = func(n int, w http.ResponseWriter)

// Says answers with this status and text.
func Says(status int, text string) Answer {
	return func(_ int, w http.ResponseWriter) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

// Refused answers with an error of the service.
func Refused(status int, code string) Answer {
	return Says(status, `{"__type":"`+code+`","message":"about `+Canary+`"}`)
}

// Service is the service, as far as a sink calls it.
type Service struct {
	mu     sync.Mutex
	answer Answer
	calls  [][]byte
	heads  int
	header http.Header
}

// Calls are the bodies of the calls so far.
func (s *Service) Calls() [][]byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// Header is that of the last call.
func (s *Service) Header() http.Header {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.header
}

// ServeHTTP implements [http.Handler].
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	if r.Method == http.MethodHead {
		s.heads++
		s.mu.Unlock()
		return
	}
	s.calls, s.header = append(s.calls, body), r.Header
	n := len(s.calls)
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("X-Amzn-RequestId", "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee")
	s.answer(n, w)
}

// Start starts the service, and returns the configuration with which it is asked.
func Start(t *testing.T, answer Answer) (*Service, aws.Config) {
	t.Helper()
	s := &Service{answer: answer}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, configOf(server.URL, awshttp.NewBuildableClient())
}

func configOf(url string, client aws.HTTPClient) aws.Config {
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: &url, HTTPClient: client,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	}
}

// Attempt is a record of an attempt that migrates.
func Attempt() domain.AuditRecord {
	return domain.AuditRecord{
		AttemptID: "attempt-1", Time: time.Unix(1_795_348_800, 0), Trigger: domain.TriggerAuthentication,
		Outcome: domain.OutcomeMigrated, Reason: domain.ReasonPasswordAccepted, UserPoolID: "us-east-1_Dest", Username: Canary,
	}
}

// Fault is an answer that does not take the record.
type Fault struct {
	Answer Answer
	// Want is the error of ports, and Says what its text names.
	Want error
	Says string
	// Calls is how often the sink tries.
	Calls int
}

// Harness is a sink, as its adapter's test prepares it.
type Harness struct {
	// Open returns the sink that is asked with the configuration.
	Open func(aws.Config) parts.OpenSink
	// Unconnected is a sink that has no connection to open.
	Unconnected parts.OpenSink
	// Taken is the answer that takes one record.
	Taken string
	// Unreadable is the beginning of an answer that cannot be read.
	Unreadable string
	// Faults are those that this service has besides, by their names.
	Faults map[string]Fault
}

// Run holds the sink to what every one must do.
func Run(t *testing.T, harness Harness) {
	t.Helper()
	faults := map[string]Fault{
		"a throttle":              {Refused(400, "ThrottlingException"), ports.ErrThrottled, "ThrottlingException", 3},
		"an error of the service": {Refused(500, "InternalFailure"), ports.ErrUnreachable, "InternalFailure", 3},
		"unavailable":             {Says(503, "<html>"+Canary), ports.ErrUnreachable, "503", 3},
		"no permission":           {Refused(400, "AccessDeniedException"), ports.ErrMisconfigured, "AccessDeniedException", 1},
		"no such target":          {Refused(400, "ResourceNotFoundException"), ports.ErrMisconfigured, "ResourceNotFoundException", 1},
		"an empty answer":         {Says(200, `{}`), ports.ErrUnreachable, "empty answer", 1},
		"an unreadable answer":    {Says(200, harness.Unreadable+Canary), ports.ErrUnreachable, "the response could not be parsed", 1},
	}
	for name, fault := range harness.Faults {
		faults[name] = fault
	}
	for name, fault := range faults {
		t.Run("a record that is not taken is an error of its kind: "+name, func(t *testing.T) {
			t.Parallel()
			service, config := Start(t, fault.Answer)
			sink := harness.Open(config)
			err := sink.Record(t.Context(), Attempt())
			if !errors.Is(err, fault.Want) || !strings.Contains(err.Error(), fault.Says) || strings.Contains(err.Error(), Canary) {
				t.Errorf("got %v, want %v", err, fault.Want)
			}
			if calls := len(service.Calls()); calls != fault.Calls {
				t.Errorf("called %d times, want %d", calls, fault.Calls)
			}
			if err := sink.RecordCompletion(t.Context(), domain.CompletionRecord{}); !errors.Is(err, fault.Want) {
				t.Errorf("a completion: got %v", err)
			}
		})
	}
	t.Run("a record is tried again in the few tenths of a second that it has", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			service := &Service{answer: func(n int, w http.ResponseWriter) {
				if n == 1 {
					Refused(503, "ServiceUnavailable")(n, w)
					return
				}
				Says(200, harness.Taken)(n, w)
			}}
			sink := harness.Open(configOf("http://service", directhttp.Client{Handler: service}))
			ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
			defer cancel()
			if err := sink.Record(ctx, Attempt()); err != nil || len(service.Calls()) != 2 {
				t.Errorf("got %v after %d calls", err, len(service.Calls()))
			}
		})
	})
	t.Run("a service that hangs is given up with the context", func(t *testing.T) {
		t.Parallel()
		arrived, release := make(chan struct{}), make(chan struct{})
		_, config := Start(t, func(int, http.ResponseWriter) {
			close(arrived)
			<-release
		})
		defer close(release)
		ctx, pass := deadline.Context(t.Context())
		go func() { <-arrived; pass() }()
		if err := harness.Open(config).Record(ctx, Attempt()); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("warming up opens the connection and calls nothing", func(t *testing.T) {
		t.Parallel()
		service, config := Start(t, Says(200, harness.Taken))
		sink := harness.Open(config)
		if err := sink.Warm(t.Context()); err != nil || service.heads != 1 || len(service.Calls()) != 0 {
			t.Errorf("got %v; %d heads, %d calls", err, service.heads, len(service.Calls()))
		}
		if err := harness.Unconnected.Warm(t.Context()); err != nil {
			t.Errorf("without a connection: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := sink.Warm(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}
