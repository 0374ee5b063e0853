package auditfirehose_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cognito-user-migration/adapters/auditfirehose"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/test/deadline"
	"cognito-user-migration/test/directhttp"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

const canary = "canary-77ab"

func attempt() domain.AuditRecord {
	return domain.AuditRecord{
		AttemptID: "attempt-1", Time: time.Unix(1_795_348_800, 0), Trigger: domain.TriggerAuthentication,
		Outcome: domain.OutcomeMigrated, Reason: domain.ReasonPasswordAccepted, UserPoolID: "us-east-1_Dest", Username: canary,
	}
}

// service is Firehose over HTTP, as far as it is called (AWS JSON 1.1).
type service struct {
	mu     sync.Mutex
	calls  []input
	heads  int
	answer func(n int, w http.ResponseWriter)
}

type input struct {
	DeliveryStreamName string
	Record             struct{ Data []byte }
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	if r.Method == http.MethodHead {
		s.heads++
		s.mu.Unlock()
		return
	}
	var called input
	text, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(text, &called)
	s.calls = append(s.calls, called)
	n := len(s.calls)
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	w.Header().Set("X-Amzn-RequestId", "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee")
	s.answer(n, w)
}

func says(status int, text string) func(int, http.ResponseWriter) {
	return func(_ int, w http.ResponseWriter) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	}
}

func refused(status int, code string) func(int, http.ResponseWriter) {
	return says(status, `{"__type":"`+code+`","message":"about `+canary+`"}`)
}

const taken = `{"RecordId":"1"}`

// sinkOver is the sink as production makes it, but for the address.
func sinkOver(t *testing.T, stream string, format domain.AuditFormat, answer func(int, http.ResponseWriter)) (*auditfirehose.Sink, *service) {
	t.Helper()
	s := &service{answer: answer}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return sinkAt(server.URL, awshttp.NewBuildableClient(), stream, format), s
}

// sinkWithoutNetwork is the sink in a bubble of fake time, which a network would leave.
func sinkWithoutNetwork(answer func(int, http.ResponseWriter)) (*auditfirehose.Sink, *service) {
	s := &service{answer: answer}
	return sinkAt("http://service", directhttp.Client{Handler: s}, "audit", domain.AuditFormatJSON), s
}

func sinkAt(url string, client aws.HTTPClient, stream string, format domain.AuditFormat) *auditfirehose.Sink {
	return auditfirehose.Open(aws.Config{
		Region: "us-east-1", BaseEndpoint: &url, HTTPClient: client,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	}, stream, format, ports.AuditOrigin{Username: domain.AuditUsernamePlain})
}

func TestARecordIsALineOfJSON(t *testing.T) {
	t.Parallel()
	sink, s := sinkOver(t, "audit", domain.AuditFormatJSON, says(200, taken))
	if err := sink.Record(t.Context(), attempt()); err != nil {
		t.Fatal(err)
	}
	if err := sink.RecordCompletion(t.Context(), domain.CompletionRecord{AttemptID: "attempt-1", Time: attempt().Time, Outcome: domain.CompletionDone}); err != nil {
		t.Fatal(err)
	}
	if len(s.calls) != 2 {
		t.Fatalf("%d calls", len(s.calls))
	}
	for _, called := range s.calls {
		line := string(called.Record.Data)
		var read struct{ AttemptID string }
		if err := json.Unmarshal(called.Record.Data, &read); err != nil || read.AttemptID != "attempt-1" || called.DeliveryStreamName != "audit" ||
			strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "}\n") {
			t.Errorf("sent %q to %s", line, called.DeliveryStreamName)
		}
	}
}

func TestInOCSFBothEventsOfAMoveAreTakenOrNone(t *testing.T) {
	t.Parallel()
	sink, s := sinkOver(t, "audit", domain.AuditFormatOCSF, says(200, taken))
	if err := sink.Record(t.Context(), attempt()); err != nil {
		t.Fatal(err)
	}
	if len(s.calls) != 1 {
		t.Fatalf("%d calls", len(s.calls))
	}
	lines := strings.SplitAfter(string(s.calls[0].Record.Data), "\n")
	if len(lines) != 3 || !strings.Contains(lines[0], `"class_uid":3002`) || !strings.Contains(lines[1], `"class_uid":3001`) || lines[2] != "" {
		t.Errorf("sent %q", lines)
	}
}

func TestARecordThatIsNotTakenIsAnErrorOfItsKind(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		answer func(int, http.ResponseWriter)
		want   error
		says   string
		calls  int
	}{
		"a throttle":                   {refused(400, "ThrottlingException"), ports.ErrThrottled, "ThrottlingException", 3},
		"a fault of the service's":     {refused(500, "InternalFailure"), ports.ErrUnreachable, "InternalFailure", 3},
		"as it says itself":            {refused(500, "ServiceUnavailableException"), ports.ErrUnreachable, "ServiceUnavailableException", 3},
		"no key":                       {refused(400, "InvalidKMSResourceException"), ports.ErrMisconfigured, "InvalidKMSResourceException", 1},
		"unavailable":                  {says(503, "<html>"+canary), ports.ErrUnreachable, "503", 3},
		"no permission":                {refused(400, "AccessDeniedException"), ports.ErrMisconfigured, "AccessDeniedException", 1},
		"no such stream":               {refused(400, "ResourceNotFoundException"), ports.ErrMisconfigured, "ResourceNotFoundException", 1},
		"an answer with nothing in it": {says(200, `{}`), ports.ErrUnreachable, "empty answer", 1},
		"an answer that is none":       {says(200, `{"RecordId":`+canary), ports.ErrUnreachable, "no answer that can be read", 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink, s := sinkOver(t, "audit", domain.AuditFormatJSON, row.answer)
			err := sink.Record(t.Context(), attempt())
			if !errors.Is(err, row.want) || !strings.Contains(err.Error(), row.says) || strings.Contains(err.Error(), canary) {
				t.Errorf("got %v, want %v", err, row.want)
			}
			if len(s.calls) != row.calls {
				t.Errorf("called %d times, want %d", len(s.calls), row.calls)
			}
			if err := sink.RecordCompletion(t.Context(), domain.CompletionRecord{}); !errors.Is(err, row.want) {
				t.Errorf("a completion: got %v", err)
			}
		})
	}
}

func TestARecordIsTriedAgainInTheFewTenthsOfASecondThatItHas(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		sink, s := sinkWithoutNetwork(func(n int, w http.ResponseWriter) {
			if n == 1 {
				refused(503, "ServiceUnavailable")(n, w)
				return
			}
			says(200, taken)(n, w)
		})
		ctx, cancel := context.WithTimeout(t.Context(), 400*time.Millisecond)
		defer cancel()
		if err := sink.Record(ctx, attempt()); err != nil || len(s.calls) != 2 {
			t.Errorf("got %v after %d calls", err, len(s.calls))
		}
	})
}

func TestAServiceThatHangsIsGivenUpWithTheContext(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}), make(chan struct{})
	sink, _ := sinkOver(t, "audit", domain.AuditFormatJSON, func(int, http.ResponseWriter) {
		close(arrived)
		<-release
	})
	defer close(release)
	ctx, pass := deadline.Context(t.Context())
	go func() { <-arrived; pass() }()
	if err := sink.Record(ctx, attempt()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}

func TestWarmOpensTheConnectionAndCallsNothing(t *testing.T) {
	t.Parallel()
	sink, s := sinkOver(t, "audit", domain.AuditFormatJSON, says(200, taken))
	if err := sink.Warm(t.Context()); err != nil || s.heads != 1 || len(s.calls) != 0 {
		t.Errorf("got %v; %d heads, %d calls", err, s.heads, len(s.calls))
	}
	if err := auditfirehose.New(nil, "audit", domain.AuditFormatJSON, ports.AuditOrigin{}).Warm(t.Context()); err != nil {
		t.Errorf("without a connection: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sink.Warm(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
