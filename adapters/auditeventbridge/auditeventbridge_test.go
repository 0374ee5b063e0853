package auditeventbridge_test

import (
	"encoding/json"
	"strings"
	"testing"

	"cognito-user-migration/adapters/auditeventbridge"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
	"cognito-user-migration/test/sinktest"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// input is what PutEvents is called with.
type input struct {
	Entries []struct {
		EventBusName, Source, DetailType, Detail string
		Time                                     float64
	}
}

func inputs(t *testing.T, service *sinktest.Service) []input {
	t.Helper()
	var read []input
	for _, body := range service.Calls() {
		var called input
		if err := json.Unmarshal(body, &called); err != nil {
			t.Fatal(err)
		}
		read = append(read, called)
	}
	return read
}

const (
	taken     = `{"FailedEntryCount":0,"Entries":[{"EventId":"1"}]}`
	takenBoth = `{"FailedEntryCount":0,"Entries":[{"EventId":"1"},{"EventId":"2"}]}`
)

func sink(config aws.Config, bus string, format domain.AuditFormat) *auditeventbridge.Sink {
	return auditeventbridge.Open(config, bus, format, ports.AuditOrigin{Username: domain.AuditUsernamePlain})
}

func TestWhatEventBridgeDoesNotTake(t *testing.T) {
	t.Parallel()
	failedEntry := func(code string) sinktest.Answer {
		return sinktest.Says(200, `{"FailedEntryCount":1,"Entries":[{"ErrorCode":"`+code+`","ErrorMessage":"about `+sinktest.Canary+`"}]}`)
	}
	sinktest.Run(t, sinktest.Harness{
		Open:        func(config aws.Config) parts.OpenSink { return sink(config, "audit", domain.AuditFormatJSON) },
		Unconnected: auditeventbridge.New(nil, "audit", domain.AuditFormatJSON, ports.AuditOrigin{}),
		Taken:       taken, Unreadable: `{"Entries":`,
		Faults: map[string]sinktest.Fault{
			"as it says itself":              {Answer: sinktest.Refused(500, "InternalException"), Want: ports.ErrUnreachable, Says: "InternalException", Calls: 3},
			"an entry that was throttled":    {Answer: failedEntry("ThrottlingException"), Want: ports.ErrThrottled, Says: "ThrottlingException", Calls: 1},
			"an entry that failed":           {Answer: failedEntry("InternalFailure"), Want: ports.ErrUnreachable, Says: "InternalFailure", Calls: 1},
			"an entry without permission":    {Answer: failedEntry("AccessDeniedException"), Want: ports.ErrMisconfigured, Says: "AccessDeniedException", Calls: 1},
			"an entry with a strange code":   {Answer: failedEntry(sinktest.Canary + " <>"), Want: ports.ErrMisconfigured, Says: "unknown", Calls: 1},
			"a failure that is only counted": {Answer: sinktest.Says(200, `{"FailedEntryCount":1,"Entries":[{"EventId":"1"}]}`), Want: ports.ErrUnreachable, Says: "empty answer", Calls: 1},
		},
	})
}

func TestARecordIsOneEvent(t *testing.T) {
	t.Parallel()
	service, config := sinktest.Start(t, sinktest.Says(200, taken))
	bus := sink(config, "audit", domain.AuditFormatJSON)
	if err := bus.Record(t.Context(), sinktest.Attempt()); err != nil {
		t.Fatal(err)
	}
	if err := bus.RecordCompletion(t.Context(), domain.CompletionRecord{AttemptID: "attempt-1", Time: sinktest.Attempt().Time, Outcome: domain.CompletionDone}); err != nil {
		t.Fatal(err)
	}
	calls := inputs(t, service)
	for i, want := range []string{"User Migration Attempt", "User Migration Completion"} {
		entry := calls[i].Entries[0]
		if len(calls[i].Entries) != 1 || entry.DetailType != want || entry.Source != "cognito-user-migration" || entry.EventBusName != "audit" || entry.Time != 1_795_348_800 {
			t.Errorf("sent %+v", calls[i])
		}
		var detail struct{ AttemptID string }
		if err := json.Unmarshal([]byte(entry.Detail), &detail); err != nil || detail.AttemptID != "attempt-1" {
			t.Errorf("the detail is %s", entry.Detail)
		}
	}
}

func TestInOCSFBothEventsOfAMoveGoInOneCall(t *testing.T) {
	t.Parallel()
	service, config := sinktest.Start(t, sinktest.Says(200, takenBoth))
	if err := sink(config, "default", domain.AuditFormatOCSF).Record(t.Context(), sinktest.Attempt()); err != nil {
		t.Fatal(err)
	}
	calls := inputs(t, service)
	if len(calls) != 1 || len(calls[0].Entries) != 2 || !strings.Contains(calls[0].Entries[0].Detail, `"class_uid":3002`) ||
		!strings.Contains(calls[0].Entries[1].Detail, `"class_uid":3001`) || calls[0].Entries[1].DetailType != "User Migration Attempt" {
		t.Errorf("sent %+v", calls)
	}
}

func TestABusOfAnotherRegionIsAskedThere(t *testing.T) {
	t.Parallel()
	const bus = "arn:aws:events:ap-northeast-1:123456789012:event-bus/audit"
	service, config := sinktest.Start(t, sinktest.Says(200, taken))
	if err := sink(config, bus, domain.AuditFormatJSON).Record(t.Context(), sinktest.Attempt()); err != nil {
		t.Fatal(err)
	}
	signature := service.Header().Get("Authorization")
	if sent := inputs(t, service)[0].Entries[0].EventBusName; !strings.Contains(signature, "/ap-northeast-1/events/") || sent != bus {
		t.Errorf("signed %s, sent to %s", signature, sent)
	}
}
