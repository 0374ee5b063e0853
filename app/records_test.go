package app

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports/mocks"

	"github.com/golang/mock/gomock"
)

// mocked is a place over mocks.
type mocked struct {
	*mocks.MockAuditSink
	*mocks.MockCompletionSink
}

func newMocked(controller *gomock.Controller) mocked {
	return mocked{mocks.NewMockAuditSink(controller), mocks.NewMockCompletionSink(controller)}
}

// fan is the places of a function in Lambda that names every sink.
type fan struct {
	log, metrics, bus, stream mocked
}

func newFan(t *testing.T) (fan, records) {
	t.Helper()
	controller := gomock.NewController(t)
	f := fan{newMocked(controller), newMocked(controller), newMocked(controller), newMocked(controller)}
	return f, records{sinks: []namedRecorder{
		{name: "log", recorder: f.log}, {name: "metrics", recorder: f.metrics},
		{name: "eventbridge", recorder: f.bus, remote: true}, {name: "firehose", recorder: f.stream, remote: true},
	}}
}

func outcome(of domain.Outcome) domain.AuditRecord {
	return domain.AuditRecord{AttemptID: "attempt-1", Outcome: of}
}

var errFull = errors.New("full")

func TestARecordGoesToEveryPlaceWhateverBecomesOfTheOthers(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		bus  func(context.Context) error
		want string // what the error tells
	}{
		"all are well":   {func(context.Context) error { return nil }, ""},
		"one fails":      {func(context.Context) error { return errFull }, "eventbridge: full"},
		"one panics":     {func(context.Context) error { panic("a name") }, "eventbridge: panic (string) at "},
		"one hangs":      {func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, "eventbridge: context deadline exceeded"},
		"one hangs deaf": {func(context.Context) error { time.Sleep(5 * time.Second); return nil }, "eventbridge: context deadline exceeded"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				f, all := newFan(t)
				record, owed := outcome(domain.OutcomeRefused), domain.CompletionRecord{AttemptID: "attempt-1"}
				for _, to := range []mocked{f.log, f.metrics, f.stream} {
					to.MockAuditSink.EXPECT().Record(gomock.Any(), record).Return(nil)
					to.MockCompletionSink.EXPECT().RecordCompletion(gomock.Any(), owed).Return(nil)
				}
				f.bus.MockAuditSink.EXPECT().Record(gomock.Any(), record).DoAndReturn(func(ctx context.Context, _ domain.AuditRecord) error { return row.bus(ctx) })
				f.bus.MockCompletionSink.EXPECT().RecordCompletion(gomock.Any(), owed).DoAndReturn(func(ctx context.Context, _ domain.CompletionRecord) error { return row.bus(ctx) })
				for what, keep := range map[string]func(context.Context) error{
					"attempt":    func(ctx context.Context) error { return all.Record(ctx, record) },
					"completion": func(ctx context.Context) error { return all.RecordCompletion(ctx, owed) },
				} {
					ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
					began := time.Now()
					err := keep(ctx)
					cancel()
					if took := time.Since(began); took > 100*time.Millisecond {
						t.Errorf("%s: it took %v", what, took)
					}
					if row.want == "" && err != nil || row.want != "" && (err == nil || !strings.HasPrefix(err.Error(), row.want)) {
						t.Errorf("%s: got %v, want %s", what, err, row.want)
					}
					if err != nil && strings.Contains(err.Error(), "a name") {
						t.Errorf("%s: the error shows what was thrown: %v", what, err)
					}
				}
				time.Sleep(time.Minute) // until the deaf one has ended
			})
		})
	}
}

func TestTheRemotePlacesAreAskedSideBySide(t *testing.T) {
	t.Parallel()
	for _, required := range []bool{false, true} {
		f, all := newFan(t)
		all.required = required
		var together atomic.Int32
		both := make(chan struct{})
		meet := func(context.Context, domain.AuditRecord) error {
			if together.Add(1) == 2 {
				close(both)
			}
			<-both // for ever where the other is not asked meanwhile
			return nil
		}
		f.bus.MockAuditSink.EXPECT().Record(gomock.Any(), gomock.Any()).DoAndReturn(meet)
		f.stream.MockAuditSink.EXPECT().Record(gomock.Any(), gomock.Any()).DoAndReturn(meet)
		f.log.MockAuditSink.EXPECT().Record(gomock.Any(), gomock.Any()).Return(nil)
		f.metrics.MockAuditSink.EXPECT().Record(gomock.Any(), gomock.Any()).Return(nil)
		if err := all.Record(t.Context(), outcome(domain.OutcomeMigrated)); err != nil {
			t.Errorf("required %t: %v", required, err)
		}
	}
}

// With AUDIT_FAILURE=closed a move that one place does not take is a failure:
// the log and the metrics must not say that somebody was moved.
func TestWhereARecordIsRequiredTheLogAndTheMetricsTellOfAMoveLast(t *testing.T) {
	t.Parallel()
	t.Run("every place takes it", func(t *testing.T) {
		t.Parallel()
		f, all := newFan(t)
		all.required = true
		record := outcome(domain.OutcomeMigrated)
		bus := f.bus.MockAuditSink.EXPECT().Record(gomock.Any(), record).Return(nil)
		stream := f.stream.MockAuditSink.EXPECT().Record(gomock.Any(), record).Return(nil)
		log := f.log.MockAuditSink.EXPECT().Record(gomock.Any(), record).Return(nil).After(bus).After(stream)
		f.metrics.MockAuditSink.EXPECT().Record(gomock.Any(), record).Return(nil).After(log)
		if err := all.Record(t.Context(), record); err != nil {
			t.Error(err)
		}
	})
	t.Run("a remote place does not", func(t *testing.T) {
		t.Parallel()
		f, all := newFan(t)
		all.required = true
		f.bus.MockAuditSink.EXPECT().Record(gomock.Any(), gomock.Any()).Return(errFull)
		f.stream.MockAuditSink.EXPECT().Record(gomock.Any(), gomock.Any()).Return(nil)
		if err := all.Record(t.Context(), outcome(domain.OutcomeMigrated)); !errors.Is(err, errFull) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("the log does not", func(t *testing.T) {
		t.Parallel()
		f, all := newFan(t)
		all.required = true
		f.bus.MockAuditSink.EXPECT().Record(gomock.Any(), gomock.Any()).Return(nil)
		f.stream.MockAuditSink.EXPECT().Record(gomock.Any(), gomock.Any()).Return(nil)
		f.log.MockAuditSink.EXPECT().Record(gomock.Any(), gomock.Any()).Return(errFull)
		if err := all.Record(t.Context(), outcome(domain.OutcomeMigrated)); !errors.Is(err, errFull) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("what is no move is told everywhere at once", func(t *testing.T) {
		t.Parallel()
		f, all := newFan(t)
		all.required = true
		record := outcome(domain.OutcomeFailed)
		f.bus.MockAuditSink.EXPECT().Record(gomock.Any(), record).Return(errFull)
		for _, to := range []mocked{f.stream, f.log, f.metrics} {
			to.MockAuditSink.EXPECT().Record(gomock.Any(), record).Return(nil)
		}
		if err := all.Record(t.Context(), record); !errors.Is(err, errFull) {
			t.Errorf("got %v", err)
		}
	})
}
