package sqscompletion_test

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

	"cognito-user-migration/adapters/sqscompletion"
	"cognito-user-migration/ports"
	"cognito-user-migration/test/deadline"
	"cognito-user-migration/test/directhttp"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// service is SQS over HTTP, as far as it is called (AWS JSON 1.0).
type service struct {
	mu     sync.Mutex
	calls  []map[string]any
	answer func(n int, w http.ResponseWriter)
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var input map[string]any
	text, _ := io.ReadAll(r.Body)
	if err := json.Unmarshal(text, &input); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	s.calls = append(s.calls, input)
	n := len(s.calls)
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.Header().Set("X-Amzn-RequestId", "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee")
	s.answer(n, w)
}

func accepted(w http.ResponseWriter) { _, _ = io.WriteString(w, `{"MessageId":"1"}`) }

func refused(status int, code string) func(http.ResponseWriter) {
	return func(w http.ResponseWriter) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, `{"__type":"com.amazonaws.sqs#`+code+`","message":"about alice"}`)
	}
}

// queueOver is the queue as production makes it, but for the address.
func queueOver(t *testing.T, answer func(n int, w http.ResponseWriter)) (*sqscompletion.Queue, *service) {
	t.Helper()
	s := &service{answer: answer}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return queueAt(server.URL, awshttp.NewBuildableClient()), s
}

// queueWithoutNetwork is the queue in a bubble of fake time, which a network would leave.
func queueWithoutNetwork(answer func(n int, w http.ResponseWriter)) (*sqscompletion.Queue, *service) {
	s := &service{answer: answer}
	return queueAt("http://service", directhttp.Client{Handler: s}), s
}

func queueAt(url string, client aws.HTTPClient) *sqscompletion.Queue {
	return sqscompletion.NewQueue(sqscompletion.NewClient(aws.Config{
		Region: "us-east-1", BaseEndpoint: &url, HTTPClient: client,
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	}), "https://sqs.us-east-1.amazonaws.com/123456789012/completion", keys())
}

func TestACompletionIsSentWithADelay(t *testing.T) {
	t.Parallel()
	queue, service := queueOver(t, func(_ int, w http.ResponseWriter) { accepted(w) })
	if err := queue.Send(t.Context(), whole()); err != nil {
		t.Fatal(err)
	}
	if len(service.calls) != 1 {
		t.Fatalf("%d calls", len(service.calls))
	}
	sent := service.calls[0]
	body, _ := sent["MessageBody"].(string)
	if read, err := sqscompletion.Decode([]byte(body), keys()); err != nil || read.SourceUsername != "alice" {
		t.Errorf("the body is %s", body)
	}
	if sent["DelaySeconds"] != 30.0 || sent["QueueUrl"] != "https://sqs.us-east-1.amazonaws.com/123456789012/completion" {
		t.Errorf("sent %v", sent)
	}
}

func TestASendThatFailsSaysOfWhichKind(t *testing.T) {
	t.Parallel()
	for code, row := range map[string]struct {
		status int
		want   error
		calls  int
	}{
		"RequestThrottled":     {400, ports.ErrThrottled, 3},
		"ThrottlingException":  {400, ports.ErrThrottled, 3},
		"KmsThrottled":         {400, ports.ErrThrottled, 1},
		"InternalError":        {500, ports.ErrUnreachable, 3},
		"ServiceUnavailable":   {503, ports.ErrUnreachable, 3},
		"QueueDoesNotExist":    {400, ports.ErrMisconfigured, 1},
		"AccessDenied":         {403, ports.ErrMisconfigured, 1},
		"KmsAccessDenied":      {400, ports.ErrMisconfigured, 1},
		"InvalidParameter":     {400, ports.ErrMisconfigured, 1},
		"UnsupportedOperation": {400, ports.ErrMisconfigured, 1},
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				queue, service := queueWithoutNetwork(func(_ int, w http.ResponseWriter) { refused(row.status, code)(w) })
				err := queue.Send(t.Context(), whole())
				if !errors.Is(err, row.want) || !strings.Contains(err.Error(), code) || strings.Contains(err.Error(), "alice") {
					t.Errorf("got %v, want %v", err, row.want)
				}
				if len(service.calls) != row.calls {
					t.Errorf("sent %d times, want %d", len(service.calls), row.calls)
				}
			})
		})
	}
}

func TestASendIsTriedAgainInsideItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		queue, service := queueWithoutNetwork(func(n int, w http.ResponseWriter) {
			if n < 3 {
				refused(503, "ServiceUnavailable")(w)
				return
			}
			accepted(w)
		})
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
		defer cancel()
		if err := queue.Send(ctx, whole()); err != nil || len(service.calls) != 3 {
			t.Errorf("got %v after %d calls", err, len(service.calls))
		}
	})
}

func TestASendEndsWithItsContext(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}), make(chan struct{})
	queue, _ := queueOver(t, func(int, http.ResponseWriter) {
		close(arrived)
		<-release
	})
	defer close(release)
	ctx, pass := deadline.Context(t.Context())
	go func() { <-arrived; pass() }()
	if err := queue.Send(ctx, whole()); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v", err)
	}
}
