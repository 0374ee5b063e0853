package migrate_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cognito-user-migration/app/migrate"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/mocks"

	"github.com/golang/mock/gomock"
)

// owing is the use case with a second half of the move.
type owing struct {
	*fixture
	queue  *mocks.MockCompletionQueue
	unsent []error
}

func newOwing(t *testing.T, required bool) *owing {
	t.Helper()
	o := &owing{fixture: newFixture(t), queue: mocks.NewMockCompletionQueue(gomock.NewController(t))}
	o.options.Completion = &migrate.Completion{
		Queue: o.queue, Required: required,
		Unsent: func(_ context.Context, err error) { o.unsent = append(o.unsent, err) },
	}
	return o
}

func TestADecisionToMigrateQueuesWhatIsOwed(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		attempt domain.Attempt
		finding domain.Finding
	}{
		"after a sign-in": {signIn(), accepted()},
		"after a forgotten password": {
			domain.Attempt{ID: "request-1", Trigger: domain.TriggerForgotPassword, Username: "alice", UserPoolID: "ap-northeast-1_Dest00001"},
			domain.Finding{Kind: domain.UserFound, Source: "SOURCE", User: domain.SourceUser{
				Username: "alice", Enabled: true, Attributes: domain.Attributes{"email": canary + "@example.com", "email_verified": "true"},
			}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOwing(t, false)
			var sent domain.Completion
			var asked *gomock.Call
			if row.attempt.Trigger == domain.TriggerForgotPassword {
				asked = o.source.EXPECT().FindUser(gomock.Any(), "alice").Return(row.finding, nil)
			} else {
				asked = o.source.EXPECT().Authenticate(gomock.Any(), "alice", gomock.Any()).Return(row.finding, nil)
			}
			queued := o.queue.EXPECT().Send(gomock.Any(), gomock.Any()).DoAndReturn(func(_ context.Context, c domain.Completion) error {
				sent = c
				return nil
			}).After(asked)
			var record domain.AuditRecord
			o.audit.EXPECT().Record(gomock.Any(), gomock.Any()).DoAndReturn(func(_ context.Context, r domain.AuditRecord) error {
				record = r
				return nil
			}).After(queued)
			decision, err := o.migrate(t.Context(), row.attempt)
			if err != nil || decision.Verdict != domain.Migrate {
				t.Fatalf("got %v, %v", decision, err)
			}
			if record.Completion != domain.CompletionQueued || record.Outcome != domain.OutcomeMigrated {
				t.Errorf("recorded %+v", record)
			}
			if sent.AttemptID != "request-1" || sent.Source != "SOURCE" || sent.SourceUsername != "alice" || sent.Username != "alice" || sent.UserPoolID != "ap-northeast-1_Dest00001" {
				t.Errorf("queued %v", sent)
			}
			type plain domain.Completion // to print it all
			if text := fmt.Sprintf("%+v", plain(sent)); strings.Contains(text, canary) {
				t.Errorf("the message holds what was typed, or an attribute: %s", text)
			}
			if len(o.unsent) > 0 {
				t.Errorf("told of %v", o.unsent)
			}
		})
	}
}

func TestNothingIsOwedUnlessSomebodyIsMoved(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func() (domain.Finding, error){
		"a wrong password": func() (domain.Finding, error) {
			return domain.Finding{Kind: domain.PasswordWrong, Source: "SOURCE"}, nil
		},
		"a disabled user": func() (domain.Finding, error) {
			finding := accepted()
			finding.User.Enabled = false
			return finding, nil
		},
		"a name that is somebody else's": func() (domain.Finding, error) {
			finding := accepted()
			finding.User.Username = "bob"
			return finding, nil
		},
		"an outage": func() (domain.Finding, error) { return domain.Finding{}, ports.ErrUnreachable },
		"a panic":   func() (domain.Finding, error) { panic(canary) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOwing(t, true) // the queue must not be called
			o.source.EXPECT().Authenticate(gomock.Any(), gomock.Any(), gomock.Any()).
				DoAndReturn(func(context.Context, string, domain.Password) (domain.Finding, error) { return answer() })
			record := o.records()
			decision, _ := o.migrate(t.Context(), signIn())
			if decision.Verdict == domain.Migrate || record.Completion != domain.CompletionNone {
				t.Errorf("got %v, recorded %+v", decision, record)
			}
		})
	}
}

func TestACompletionThatCannotBeQueued(t *testing.T) {
	t.Parallel()
	throttled := fmt.Errorf("queue: %w", ports.ErrThrottled)
	for name, row := range map[string]struct {
		send func(context.Context, domain.Completion) error
		told func(error) bool
	}{
		"because of an error": {
			func(context.Context, domain.Completion) error { return throttled },
			func(err error) bool { return errors.Is(err, ports.ErrThrottled) },
		},
		"because of a panic": {
			func(_ context.Context, c domain.Completion) error { panic(canary + c.SourceUsername) },
			func(err error) bool { return strings.Contains(err.Error(), "panic (string)") },
		},
	} {
		for _, required := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, and is required: %t", name, required), func(t *testing.T) {
				t.Parallel()
				o := newOwing(t, required)
				o.source.EXPECT().Authenticate(gomock.Any(), gomock.Any(), gomock.Any()).Return(accepted(), nil)
				o.queue.EXPECT().Send(gomock.Any(), gomock.Any()).DoAndReturn(row.send)
				record := o.records()
				decision, err := o.migrate(t.Context(), signIn())
				if len(o.unsent) != 1 || !row.told(o.unsent[0]) || strings.Contains(o.unsent[0].Error(), canary) {
					t.Errorf("told of %v", o.unsent)
				}
				if !required {
					if err != nil || decision.Verdict != domain.Migrate || len(decision.User.Attributes) == 0 {
						t.Errorf("got %v, %v", decision, err)
					}
					if record.Outcome != domain.OutcomeMigrated || record.Completion != domain.CompletionUnsent {
						t.Errorf("recorded %+v", record)
					}
					return
				}
				failure, ok := errors.AsType[*migrate.Failure](err)
				if !ok || failure.Reason != domain.ReasonCompletionUnsent || decision.Verdict == domain.Migrate || decision.User.Attributes != nil {
					t.Errorf("got %v, %v", decision, err)
				}
				if record.Outcome != domain.OutcomeFailed || record.Reason != "completion_unsent" || record.Completion != domain.CompletionNone || record.FinalStatus != "" {
					t.Errorf("recorded %+v", record)
				}
			})
		}
	}
}

func TestNobodyNeedsToBeToldOfWhatIsOwed(t *testing.T) {
	t.Parallel()
	o := newOwing(t, false)
	o.options.Completion.Unsent = nil
	o.source.EXPECT().Authenticate(gomock.Any(), gomock.Any(), gomock.Any()).Return(accepted(), nil)
	o.queue.EXPECT().Send(gomock.Any(), gomock.Any()).Return(ports.ErrUnreachable)
	record := o.records()
	if decision, err := o.migrate(t.Context(), signIn()); err != nil || decision.Verdict != domain.Migrate || record.Completion != domain.CompletionUnsent {
		t.Errorf("got %v, %v, recorded %+v", decision, err, record)
	}
	if o.options.Completion.Unsent != nil {
		t.Error("the caller's options were changed")
	}
}

func TestTheQueueHasWhatTheSourceLeftOfTheTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := newOwing(t, false)
		o.options.Reserve = 300 * time.Millisecond
		deadline := time.Now().Add(600 * time.Millisecond)
		ctx, cancel := context.WithDeadline(t.Context(), deadline)
		defer cancel()
		o.source.EXPECT().Authenticate(gomock.Any(), gomock.Any(), gomock.Any()).Return(accepted(), nil)
		o.queue.EXPECT().Send(gomock.Any(), gomock.Any()).DoAndReturn(func(ctx context.Context, _ domain.Completion) error {
			if got, ok := ctx.Deadline(); !ok || !got.Equal(deadline.Add(-300*time.Millisecond)) {
				t.Errorf("the queue has until %v, want %v", got, deadline.Add(-300*time.Millisecond))
			}
			<-ctx.Done() // it hangs
			return ctx.Err()
		})
		o.audit.EXPECT().Record(gomock.Any(), gomock.Any()).DoAndReturn(func(ctx context.Context, record domain.AuditRecord) error {
			if ctx.Err() != nil || record.Completion != domain.CompletionUnsent {
				t.Errorf("recorded %+v with the context %v", record, ctx.Err())
			}
			return nil
		})
		decision, err := o.migrate(ctx, signIn())
		if err != nil || decision.Verdict != domain.Migrate || ctx.Err() != nil {
			t.Errorf("got %v, %v, with the context %v", decision, err, ctx.Err())
		}
	})
}
