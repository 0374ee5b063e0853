package sqscompletion_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cognito-user-migration/adapters/sqscompletion"
	"cognito-user-migration/domain"
	"cognito-user-migration/test/fakesqs"

	"github.com/aws/aws-lambda-go/events"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// api is SQS as far as it is called; it keeps what it was asked.
type api struct {
	mu         sync.Mutex
	sent       []fakesqs.Input
	hidden     map[string]time.Duration // by receipt handle
	answerSend func(context.Context) error
	answerHide func(context.Context) error
}

// Call implements [awsjson.Caller].
func (a *api) Call(ctx context.Context, operation string, input any) (json.RawMessage, error) {
	return fakesqs.Call(ctx, a, operation, input)
}

func (a *api) SendMessage(ctx context.Context, in fakesqs.Input) error {
	a.mu.Lock()
	a.sent = append(a.sent, in)
	a.mu.Unlock()
	if a.answerSend != nil {
		return a.answerSend(ctx)
	}
	return nil
}

func (a *api) ChangeMessageVisibility(ctx context.Context, in fakesqs.Input) error {
	a.mu.Lock()
	if a.hidden == nil {
		a.hidden = make(map[string]time.Duration)
	}
	a.hidden[in.ReceiptHandle] = time.Duration(in.VisibilityTimeout) * time.Second
	a.mu.Unlock()
	if a.answerHide != nil {
		return a.answerHide(ctx)
	}
	return nil
}

// completer answers by the attempt's ID.
type completer func(ctx context.Context, completion domain.Completion) (domain.CompletionRecord, error)

func (c completer) Complete(ctx context.Context, completion domain.Completion) (domain.CompletionRecord, error) {
	return c(ctx, completion)
}

// fixture is a handler whose log is read.
type fixture struct {
	api     *api
	log     bytes.Buffer
	handler *sqscompletion.Handler
}

func newFixture(complete completer) *fixture {
	f := &fixture{api: new(api)}
	logger := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(&f.log), zapcore.DebugLevel))
	f.handler = sqscompletion.NewHandler(complete, sqscompletion.NewQueue(f.api, "https://sqs.example.com/1/queue", keys()), logger)
	return f
}

// message is one as Lambda hands it over, for the attempt of this ID.
func message(id string, received int) events.SQSMessage {
	completion := whole()
	completion.AttemptID = id
	body, err := sqscompletion.Encode(completion, keys())
	if err != nil {
		panic(err)
	}
	return events.SQSMessage{
		MessageId: "message-" + id, ReceiptHandle: "receipt-" + id, Body: string(body), EventSource: "aws:sqs",
		Attributes: map[string]string{"ApproximateReceiveCount": strconv.Itoa(received)},
	}
}

// invoke hands the messages to the handler as Lambda does, and returns the IDs
// of those that come back.
func (f *fixture) invoke(ctx context.Context, t *testing.T, messages ...events.SQSMessage) []string {
	t.Helper()
	payload, err := json.Marshal(events.SQSEvent{Records: messages})
	if err != nil {
		t.Fatal(err)
	}
	answer, err := f.handler.Invoke(ctx, payload)
	if err != nil {
		t.Fatal(err)
	}
	var read struct {
		BatchItemFailures []struct{ ItemIdentifier string } `json:"batchItemFailures"`
	}
	decoder := json.NewDecoder(bytes.NewReader(answer))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&read); err != nil || read.BatchItemFailures == nil {
		t.Fatalf("the answer is %s, %v", answer, err)
	}
	back := []string{}
	for _, failure := range read.BatchItemFailures {
		back = append(back, failure.ItemIdentifier)
	}
	return back
}

// by answers with the outcome that the attempt's ID names.
func by(_ context.Context, completion domain.Completion) (domain.CompletionRecord, error) {
	record := domain.CompletionRecord{Outcome: domain.CompletionOutcome(completion.AttemptID)}
	switch completion.AttemptID {
	case "owed":
		record.Reason = domain.ReasonNotCreatedYet
	case "failed":
		record.Outcome, record.Reason = domain.CompletionPending, domain.CompletionReason(domain.ReasonSourceThrottled)
		return record, errors.New("the source said so")
	case "panics":
		panic("alice@example.com")
	}
	return record, nil
}

func TestWhatComesBackIsExactlyWhatIsNotDone(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		messages []string
		back     []string
	}{
		"everything is done":      {[]string{"completed", "completed"}, []string{}},
		"an empty batch":          {nil, []string{}},
		"not yet":                 {[]string{"owed"}, []string{"message-owed"}},
		"no answer":               {[]string{"failed"}, []string{"message-failed"}},
		"never":                   {[]string{"abandoned"}, []string{"message-abandoned"}},
		"a panic":                 {[]string{"panics"}, []string{"message-panics"}},
		"an outcome of no name":   {[]string{"strange"}, []string{"message-strange"}},
		"a panic among the done":  {[]string{"completed", "panics", "completed"}, []string{"message-panics"}},
		"some of each":            {[]string{"owed", "completed", "failed", "completed", "abandoned"}, []string{"message-owed", "message-failed", "message-abandoned"}},
		"done after one that was": {[]string{"abandoned", "completed"}, []string{"message-abandoned"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(by)
			messages := []events.SQSMessage{}
			for _, id := range row.messages {
				messages = append(messages, message(id, 1))
			}
			if got := f.invoke(t.Context(), t, messages...); !slices.Equal(got, row.back) {
				t.Errorf("%q come back, want %q", got, row.back)
			}
			if len(f.api.hidden) != len(row.back) {
				t.Errorf("postponed were %v", f.api.hidden)
			}
			f.holdsNothingOfTheMessage(t)
		})
	}
}

// holdsNothingOfTheMessage reads the log. An attempt's ID and a message's ID are
// there to join lines with.
func (f *fixture) holdsNothingOfTheMessage(t *testing.T) {
	t.Helper()
	for _, content := range []string{"alice", "sub-1", "Dest00001", "legacy_sub", "0a1b", "4e5f", "editors", "receipt-"} {
		if strings.Contains(f.log.String(), content) {
			t.Errorf("the log holds %q:\n%s", content, f.log.String())
		}
	}
}

func TestAMessageThatIsNoneOfOursIsNeverLost(t *testing.T) {
	t.Parallel()
	body, err := sqscompletion.Encode(whole(), keys())
	if err != nil {
		t.Fatal(err)
	}
	for name, bad := range malformed(string(body)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(func(context.Context, domain.Completion) (domain.CompletionRecord, error) {
				t.Error("it was completed")
				return domain.CompletionRecord{Outcome: domain.CompletionDone}, nil
			})
			one := message("x", 1)
			one.Body = bad
			if got := f.invoke(t.Context(), t, one); !slices.Equal(got, []string{"message-x"}) {
				t.Errorf("%q come back", got)
			}
			if !strings.Contains(f.log.String(), `"reason":"message_malformed"`) || !strings.Contains(f.log.String(), "message-x") {
				t.Errorf("the log says %s", f.log.String())
			}
			f.holdsNothingOfTheMessage(t)
		})
	}
}

func TestAMessageIsHiddenForLongerEachTime(t *testing.T) {
	t.Parallel()
	for received, want := range map[string]time.Duration{
		"1": 30 * time.Second, "2": time.Minute, "3": 2 * time.Minute, "7": 32 * time.Minute, "8": time.Hour, "9": time.Hour,
		"1000": time.Hour, "999999999": time.Hour, "0": 30 * time.Second, "-1": 30 * time.Second, "": 30 * time.Second, "many": 30 * time.Second,
	} {
		f := newFixture(by)
		one := message("owed", 1)
		one.Attributes["ApproximateReceiveCount"] = received
		f.invoke(t.Context(), t, one)
		if got := f.api.hidden["receipt-owed"]; got != want {
			t.Errorf("received %q times it is hidden for %v, want %v", received, got, want)
		}
	}
}

func TestAMessageThatCannotBePostponedComesBackAllTheSame(t *testing.T) {
	t.Parallel()
	f := newFixture(by)
	f.api.answerHide = func(context.Context) error { return errors.New("no such receipt: alice") }
	if got := f.invoke(t.Context(), t, message("owed", 1), message("completed", 1)); !slices.Equal(got, []string{"message-owed"}) {
		t.Errorf("%q come back", got)
	}
	f.holdsNothingOfTheMessage(t)
}

func TestTheHandlerAnswersBeforeLambdaEndsIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 2500*time.Millisecond) // half a second of work, and the reserve
		defer cancel()
		var tried []string
		f := newFixture(func(ctx context.Context, completion domain.Completion) (domain.CompletionRecord, error) {
			tried = append(tried, completion.AttemptID)
			if completion.AttemptID == "completed" {
				return domain.CompletionRecord{Outcome: domain.CompletionDone}, nil
			}
			<-ctx.Done() // the source takes its time
			return domain.CompletionRecord{Outcome: domain.CompletionPending, Reason: domain.CompletionReason(domain.ReasonDeadlineExceeded)}, ctx.Err()
		})
		back := f.invoke(ctx, t, message("completed", 1), message("slow", 1), message("not-reached", 1), message("nor-this", 1))
		if want := []string{"message-slow", "message-not-reached", "message-nor-this"}; !slices.Equal(back, want) {
			t.Errorf("%q come back, want %q", back, want)
		}
		if !slices.Equal(tried, []string{"completed", "slow"}) {
			t.Errorf("tried were %q", tried)
		}
		if ctx.Err() != nil {
			t.Error("the answer came after Lambda's time")
		}
		if len(f.api.hidden) != 3 {
			t.Errorf("postponed were %v", f.api.hidden)
		}
	})
}

// TestAQueueThatHangsDoesNotCostTheAnswer: without it, what is done would be
// done again.
func TestAQueueThatHangsDoesNotCostTheAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		f := newFixture(by)
		f.api.answerHide = func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}
		back := f.invoke(ctx, t, message("owed", 1), message("completed", 1), message("failed", 1), message("abandoned", 1))
		if want := []string{"message-owed", "message-failed", "message-abandoned"}; !slices.Equal(back, want) {
			t.Errorf("%q come back, want %q", back, want)
		}
		if ctx.Err() != nil {
			t.Error("the answer came after Lambda's time")
		}
	})
}

func TestAnEventThatIsNoneOfSQSsIsAnError(t *testing.T) {
	t.Parallel()
	for name, payload := range map[string]string{
		"nothing":                "",
		"null":                   "null",
		"no JSON":                "alice",
		"an empty object":        "{}",
		"Cognito's own":          `{"triggerSource":"UserMigration_Authentication","userName":"alice","request":{"password":"canary"}}`,
		"no records":             `{"Records":null}`,
		"records of S3's":        `{"Records":[{"eventSource":"aws:s3","s3":{"object":{"key":"alice"}}}]}`,
		"records of SNS's":       `{"Records":[{"EventSource":"aws:sns","Sns":{"MessageId":"1","Message":"alice"}}]}`,
		"a record that is null":  `{"Records":[null]}`,
		"records that are texts": `{"Records":["alice"]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(func(context.Context, domain.Completion) (domain.CompletionRecord, error) {
				t.Error("it was completed")
				return domain.CompletionRecord{}, nil
			})
			answer, err := f.handler.Invoke(t.Context(), []byte(payload))
			if err == nil || answer != nil {
				t.Errorf("got %s, %v", answer, err)
			}
			if text := fmt.Sprint(err, f.log.String()); strings.Contains(text, "alice") || strings.Contains(text, "canary") {
				t.Errorf("shown: %s", text)
			}
			if len(f.api.hidden) > 0 {
				t.Errorf("postponed were %v", f.api.hidden)
			}
		})
	}
}
