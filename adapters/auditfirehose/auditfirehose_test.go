package auditfirehose_test

import (
	"encoding/json"
	"strings"
	"testing"

	"cognito-user-migration/adapters/auditfirehose"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
	"cognito-user-migration/test/sinktest"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// input is what PutRecord is called with.
type input struct {
	DeliveryStreamName string
	Record             struct{ Data []byte }
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

const taken = `{"RecordId":"1"}`

func sink(config aws.Config, format domain.AuditFormat) *auditfirehose.Sink {
	return auditfirehose.Open(config, "audit", format, ports.AuditOrigin{Username: domain.AuditUsernamePlain})
}

func TestWhatFirehoseDoesNotTake(t *testing.T) {
	t.Parallel()
	sinktest.Run(t, sinktest.Harness{
		Open:        func(config aws.Config) parts.OpenSink { return sink(config, domain.AuditFormatJSON) },
		Unconnected: auditfirehose.New(nil, "audit", domain.AuditFormatJSON, ports.AuditOrigin{}),
		Taken:       taken, Unreadable: `{"RecordId":`,
		Faults: map[string]sinktest.Fault{
			"as it says itself": {Answer: sinktest.Refused(500, "ServiceUnavailableException"), Want: ports.ErrUnreachable, Says: "ServiceUnavailableException", Calls: 3},
			"no key":            {Answer: sinktest.Refused(400, "InvalidKMSResourceException"), Want: ports.ErrMisconfigured, Says: "InvalidKMSResourceException", Calls: 1},
		},
	})
}

func TestARecordIsALineOfJSON(t *testing.T) {
	t.Parallel()
	service, config := sinktest.Start(t, sinktest.Says(200, taken))
	stream := sink(config, domain.AuditFormatJSON)
	if err := stream.Record(t.Context(), sinktest.Attempt()); err != nil {
		t.Fatal(err)
	}
	if err := stream.RecordCompletion(t.Context(), domain.CompletionRecord{AttemptID: "attempt-1", Time: sinktest.Attempt().Time, Outcome: domain.CompletionDone}); err != nil {
		t.Fatal(err)
	}
	calls := inputs(t, service)
	if len(calls) != 2 {
		t.Fatalf("%d calls", len(calls))
	}
	for _, called := range calls {
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
	service, config := sinktest.Start(t, sinktest.Says(200, taken))
	if err := sink(config, domain.AuditFormatOCSF).Record(t.Context(), sinktest.Attempt()); err != nil {
		t.Fatal(err)
	}
	calls := inputs(t, service)
	if len(calls) != 1 {
		t.Fatalf("%d calls", len(calls))
	}
	lines := strings.SplitAfter(string(calls[0].Record.Data), "\n")
	if len(lines) != 3 || !strings.Contains(lines[0], `"class_uid":3002`) || !strings.Contains(lines[1], `"class_uid":3001`) || lines[2] != "" {
		t.Errorf("sent %q", lines)
	}
}
