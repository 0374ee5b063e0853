package auditeventbridge_test

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

	"cognito-user-migration/adapters/auditeventbridge"
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

// service is EventBridge over HTTP, as far as it is called (AWS JSON 1.1).
type service struct {
	mu     sync.Mutex
	calls  []input
	heads  int
	scope  string // of the last signature
	answer func(n int, w http.ResponseWriter)
}

type input struct {
	Entries []struct {
		EventBusName, Source, DetailType, Detail string
		Time                                     float64
	}
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
	s.scope = r.Header.Get("Authorization")
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

const (
	taken     = `{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}`
	takenBoth = `{"FailedEntryCount":0,"Entries":[{"EventId":"1"},{"EventId":"2"}]}`
)

// sinkOver is the sink as production makes it, but for the address.
func sinkOver(t *testing.T, bus string, format domain.AuditFormat, answer func(int, http.ResponseWriter)) (*auditeventbridge.Sink, *service) {
	t.Helper()
	s := &service{answer: answer}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return sinkAt(server.URL, awshttp.NewBuildableClient(), bus, format), s
}

// sinkWithoutNetwork is the sink in a bubble of fake time, which a network would leave.
func sinkWithoutNetwork(answer func(int, http.ResponseWriter)) (*auditeventbridge.Sink, *service) {
	s := &service{answer: answer}
	return sinkAt("http://service", directhttp.Client{Handler: s}, "audit", domain.AuditFormatJSON), s
}

func sinkAt(url string, client aws.HTTPClient, bus string, format domain.AuditFormat) *auditeventbridge.Sink {
	return auditeventbridge.Open(aws.Config{
		Region: "us-east-1", BaseEndpoint: &url, HTTPClient: client,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	}, bus, format, ports.AuditOrigin{Username: domain.AuditUsernamePlain})
}

func TestARecordIsOneEvent(t *testing.T) {
	t.Parallel()
	sink, s := sinkOver(t, "audit", domain.AuditFormatJSON, says(200, taken))
	if err := sink.Record(t.Context(), attempt()); err != nil {
		t.Fatal(err)
	}
	if err := sink.RecordCompletion(t.Context(), domain.CompletionRecord{AttemptID: "attempt-1", Time: attempt().Time, Outcome: domain.CompletionDone}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"User Migration Attempt", "User Migration Completion"} {
		entry := s.calls[i].Entries[0]
		if len(s.calls[i].Entries) != 1 || entry.DetailType != want || entry.Source != "cognito-user-migration" || entry.EventBusName != "audit" || entry.Time != 1_795_348_800 {
			t.Errorf("sent %+v", s.calls[i])
		}
		var detail struct{ AttemptID string }
		if err := json.Unmarshal([]byte(entry.Detail), &detail); err != nil || detail.AttemptID != "attempt-1" {
			t.Errorf("the detail is %s", entry.Detail)
		}
	}
}

func TestInOCSFBothEventsOfAMoveGoInOneCall(t *testing.T) {
	t.Parallel()
	sink, s := sinkOver(t, "default", domain.AuditFormatOCSF, says(200, takenBoth))
	if err := sink.Record(t.Context(), attempt()); err != nil {
		t.Fatal(err)
	}
	if len(s.calls) != 1 || len(s.calls[0].Entries) != 2 || !strings.Contains(s.calls[0].Entries[0].Detail, `"class_uid":3002`) ||
		!strings.Contains(s.calls[0].Entries[1].Detail, `"class_uid":3001`) || s.calls[0].Entries[1].DetailType != "User Migration Attempt" {
		t.Errorf("sent %+v", s.calls)
	}
}

func TestABusOfAnotherRegionIsAskedThere(t *testing.T) {
	t.Parallel()
	sink, s := sinkOver(t, "arn:aws:events:ap-northeast-1:123456789012:event-bus/audit", domain.AuditFormatJSON, says(200, taken))
	if err := sink.Record(t.Context(), attempt()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(s.scope, "/ap-northeast-1/events/") || s.calls[0].Entries[0].EventBusName != "arn:aws:events:ap-northeast-1:123456789012:event-bus/audit" {
		t.Errorf("signed %s, sent %+v", s.scope, s.calls)
	}
}

func TestARecordThatIsNotTakenIsAnErrorOfItsKind(t *testing.T) {
	t.Parallel()
	failedEntry := func(code string) func(int, http.ResponseWriter) {
		return says(200, `{"FailedEntryCount":1,"Entries":[{"ErrorCode":"`+code+`","ErrorMessage":"about `+canary+`"}]}`)
	}
	for name, row := range map[string]struct {
		answer func(int, http.ResponseWriter)
		want   error
		says   string
		calls  int
	}{
		"a throttle":                     {refused(400, "ThrottlingException"), ports.ErrThrottled, "ThrottlingException", 3},
		"a fault of the service's":       {refused(500, "InternalException"), ports.ErrUnreachable, "InternalException", 3},
		"unavailable":                    {says(503, "<html>"+canary), ports.ErrUnreachable, "503", 3},
		"no permission":                  {refused(400, "AccessDeniedException"), ports.ErrMisconfigured, "AccessDeniedException", 1},
		"no such bus":                    {refused(400, "ResourceNotFoundException"), ports.ErrMisconfigured, "ResourceNotFoundException", 1},
		"an entry that was throttled":    {failedEntry("ThrottlingException"), ports.ErrThrottled, "ThrottlingException", 1},
		"an entry that failed":           {failedEntry("InternalFailure"), ports.ErrUnreachable, "InternalFailure", 1},
		"an entry without permission":    {failedEntry("AccessDeniedException"), ports.ErrMisconfigured, "AccessDeniedException", 1},
		"an entry with a strange code":   {failedEntry(canary + " <>"), ports.ErrMisconfigured, "unknown", 1},
		"a failure that is only counted": {says(200, `{"FailedEntryCount":1,"Entries":[{"EventId":"1"}]}`), ports.ErrUnreachable, "empty answer", 1},
		"an answer with nothing in it":   {says(200, `{}`), ports.ErrUnreachable, "empty answer", 1},
		"an answer that is none":         {says(200, `{"Entries":`+canary), ports.ErrUnreachable, "no answer that can be read", 1},
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
	if err := auditeventbridge.New(nil, "audit", domain.AuditFormatJSON, ports.AuditOrigin{}).Warm(t.Context()); err != nil {
		t.Errorf("without a connection: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := sink.Warm(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}
