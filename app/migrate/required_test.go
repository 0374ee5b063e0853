package migrate_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cognito-user-migration/app/migrate"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/golang/mock/gomock"
)

// AUDIT_FAILURE=closed: docs/decisions/0012.

var errFull = errors.New("the sink is full")

// In this order: what is owed is queued, the record kept, and then answered.
// A message for somebody who was not moved finishes nothing, but a record that
// was kept before the queue was asked could not say what became of it.
func TestWhereRecordsAreRequiredTheRecordComesAfterTheQueueAndBeforeTheAnswer(t *testing.T) {
	t.Parallel()
	o := newOwing(t, false)
	o.options.AuditRequired = true
	var answered bool
	asked := o.source.EXPECT().Authenticate(gomock.Any(), gomock.Any(), gomock.Any()).Return(accepted(), nil)
	queued := o.queue.EXPECT().Send(gomock.Any(), gomock.Any()).Return(nil).After(asked)
	o.audit.EXPECT().Record(gomock.Any(), gomock.Any()).After(queued).DoAndReturn(func(_ context.Context, record domain.AuditRecord) error {
		if answered || record.Outcome != domain.OutcomeMigrated || record.Completion != domain.CompletionQueued {
			t.Errorf("recorded %+v, after the answer: %t", record, answered)
		}
		return nil
	})
	decision, err := o.migrate(t.Context(), signIn())
	answered = true
	if err != nil || decision.Verdict != domain.Migrate {
		t.Errorf("got %v, %v", decision, err)
	}
}

func TestWhereRecordsAreRequiredNobodyIsMovedWithoutOne(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		sink   func() error
		queue  error // of a completion that is not required
		queued bool
		want   domain.CompletionState // in the second record
	}{
		"because of an error":               {sink: func() error { return errFull }},
		"because of a panic":                {sink: func() error { panic(errFull) }},
		"with a completion in the queue":    {sink: func() error { return errFull }, queued: true, want: domain.CompletionQueued},
		"with one that could not be queued": {sink: func() error { return errFull }, queued: true, queue: ports.ErrUnreachable, want: domain.CompletionNone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := newOwing(t, false)
			o.options.AuditRequired = true
			if !row.queued {
				o.options.Completion = nil
			} else {
				o.queue.EXPECT().Send(gomock.Any(), gomock.Any()).Return(row.queue)
			}
			o.source.EXPECT().Authenticate(gomock.Any(), gomock.Any(), gomock.Any()).Return(accepted(), nil)
			first := o.audit.EXPECT().Record(gomock.Any(), gomock.Any()).DoAndReturn(func(_ context.Context, record domain.AuditRecord) error {
				if record.Outcome != domain.OutcomeMigrated {
					t.Errorf("first recorded %+v", record)
				}
				return row.sink()
			})
			var second domain.AuditRecord
			o.audit.EXPECT().Record(gomock.Any(), gomock.Any()).After(first).DoAndReturn(func(_ context.Context, record domain.AuditRecord) error {
				second = record
				return nil
			})
			decision, err := o.migrate(t.Context(), signIn())
			failure, ok := errors.AsType[*migrate.Failure](err)
			if !ok || failure.Reason != domain.ReasonAuditUnkept || decision.Verdict == domain.Migrate || decision.User.Attributes != nil {
				t.Errorf("got %v, %v", decision, err)
			}
			if second.AttemptID != "request-1" || second.Outcome != domain.OutcomeFailed || second.Reason != "audit_unkept" || second.FinalStatus != "" ||
				second.Completion != row.want || second.Source != "SOURCE" {
				t.Errorf("then recorded %+v", second)
			}
			if len(o.unkept) != 1 {
				t.Errorf("told of %v", o.unkept)
			}
		})
	}
}

// Nothing is moved by these, and who typed a wrong password is told so, whether
// or not a place of records is down.
func TestWhereRecordsAreRequiredRefusalsAndFailuresStand(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		finding domain.Finding
		err     error
		want    domain.Reason // of the failure
	}{
		"a refusal": {finding: domain.Finding{Kind: domain.PasswordWrong, Source: "SOURCE"}},
		"a failure": {err: ports.ErrThrottled, want: domain.ReasonSourceThrottled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFixture(t)
			f.options.AuditRequired = true
			f.source.EXPECT().Authenticate(gomock.Any(), gomock.Any(), gomock.Any()).Return(row.finding, row.err)
			f.audit.EXPECT().Record(gomock.Any(), gomock.Any()).Return(errFull) // and no second one
			decision, err := f.migrate(t.Context(), signIn())
			failure, failed := errors.AsType[*migrate.Failure](err)
			switch {
			case row.want == "" && (err != nil || decision.Reason != domain.ReasonPasswordWrong):
				t.Errorf("got %v, %v", decision, err)
			case row.want != "" && (!failed || failure.Reason != row.want):
				t.Errorf("got %v, %v", decision, err)
			}
			if len(f.unkept) != 1 || !errors.Is(f.unkept[0], errFull) {
				t.Errorf("told of %v", f.unkept)
			}
		})
	}
}

// However long a place hangs, the answer comes before the deadline; where a
// record is required, there is time for the second one too.
func TestARecordThatHangsLeavesTimeForTheAnswer(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		required bool
		records  int
		source   time.Duration // how long the source takes
	}{
		"a record that is not required":          {records: 1},
		"after a source that used up its time":   {records: 1, source: time.Hour},
		"a required one, and the one after":      {required: true, records: 2},
		"required, after a source in good time":  {required: true, records: 2, source: 400 * time.Millisecond},
		"required, after a source that is spent": {required: true, records: 1, source: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t)
				f.options.AuditRequired, f.options.Reserve = row.required, 2*time.Second
				ctx, cancel := context.WithTimeout(t.Context(), 2800*time.Millisecond)
				defer cancel()
				f.source.EXPECT().Authenticate(gomock.Any(), gomock.Any(), gomock.Any()).
					DoAndReturn(func(ctx context.Context, _ string, _ domain.Password) (domain.Finding, error) {
						select {
						case <-time.After(row.source):
							return accepted(), nil
						case <-ctx.Done():
							return domain.Finding{}, ctx.Err()
						}
					})
				var given []time.Duration
				f.audit.EXPECT().Record(gomock.Any(), gomock.Any()).Times(row.records).DoAndReturn(func(ctx context.Context, _ domain.AuditRecord) error {
					end, _ := ctx.Deadline()
					given = append(given, time.Until(end))
					<-ctx.Done()
					return ctx.Err()
				})
				_, _ = f.migrate(ctx, signIn())
				if ctx.Err() != nil {
					t.Error("the answer is too late")
				}
				for _, time := range given {
					if time < 50e6 || time > 1600e6 {
						t.Errorf("a record had %v", time)
					}
				}
			})
		})
	}
}

func TestARequiredRecordHasALongerReserve(t *testing.T) {
	t.Parallel()
	for required, want := range map[bool]time.Duration{false: migrate.DefaultReserve, true: migrate.RequiredReserve} {
		synctest.Test(t, func(t *testing.T) {
			f := newFixture(t)
			f.options.AuditRequired = required
			deadline := time.Now().Add(5 * time.Second)
			ctx, cancel := context.WithDeadline(t.Context(), deadline)
			defer cancel()
			f.source.EXPECT().Authenticate(gomock.Any(), gomock.Any(), gomock.Any()).
				DoAndReturn(func(ctx context.Context, _ string, _ domain.Password) (domain.Finding, error) {
					if end, _ := ctx.Deadline(); !end.Equal(deadline.Add(-want)) {
						t.Errorf("required %t: the source has until %v before the deadline", required, deadline.Sub(end))
					}
					return accepted(), nil
				})
			f.audit.EXPECT().Record(gomock.Any(), gomock.Any()).DoAndReturn(func(ctx context.Context, record domain.AuditRecord) error {
				if strings.Contains(string(record.Username), canary) {
					t.Error("the password is in the record")
				}
				return nil
			})
			if _, err := f.migrate(ctx, signIn()); err != nil {
				t.Error(err)
			}
		})
	}
}
