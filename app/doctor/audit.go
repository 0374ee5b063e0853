package doctor

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"cognito-user-migration/ports/setup"
)

// Audit says where records are to go.
type Audit struct {
	// Sinks are the names of the places, Format how records are written there.
	Sinks  []string
	Format string
	// Required is true if no user migrates without a record.
	Required bool
	// EventBus and FirehoseStream are the places in AWS; empty where records
	// do not go there.
	EventBus, FirehoseStream string
}

func (f *Facts) gatherAudit(ctx context.Context, access Setup) {
	audit := f.Settings.Audit
	f.bus, f.stream = unasked[string]("AUDIT_SINKS does not name eventbridge"), unasked[setup.DeliveryStream]("AUDIT_SINKS does not name firehose")
	unread := f.aside("AUDIT_SINKS") || len(audit.Sinks) == 0
	switch {
	case unread || f.aside("AUDIT_EVENT_BUS"):
		f.bus = unasked[string](becauseOf(nameConfiguration))
	case audit.EventBus != "":
		f.bus = ask(ctx, func(ctx context.Context) (string, error) { return access.AuditTargets.EventBus(ctx, audit.EventBus) })
	}
	switch {
	case unread || f.aside("AUDIT_FIREHOSE_STREAM"):
		f.stream = unasked[setup.DeliveryStream](becauseOf(nameConfiguration))
	case audit.FirehoseStream != "":
		f.stream = ask(ctx, func(ctx context.Context) (setup.DeliveryStream, error) {
			return access.AuditTargets.DeliveryStream(ctx, audit.FirehoseStream)
		})
	}
}

func auditSinks(f Facts) Check {
	audit := f.Settings.Audit
	if len(audit.Sinks) == 0 {
		return skip(becauseOf(nameConfiguration))
	}
	after := "if one sink rejects a record, the function logs an error"
	if audit.Required {
		after = "a user does not migrate if one of them rejects the record"
	}
	return pass(fmt.Sprintf("%s, as %s; %s", strings.Join(audit.Sinks, ", "), audit.Format, after))
}

func auditBus(f Facts) Check {
	if check, yes := unread(f.bus, "check AUDIT_EVENT_BUS: a bus given by name must be in the function's account and region", "events:DescribeEventBus on the bus"); yes {
		return check
	}
	return pass(f.bus.value)
}

func auditStream(f Facts) Check {
	if check, yes := unread(f.stream, "check AUDIT_FIREHOSE_STREAM: the stream must be in the function's account and region", "firehose:DescribeDeliveryStream on the stream"); yes {
		return check
	}
	stream := f.stream.value
	saw := fmt.Sprintf("%s, %s, from %s", stream.ARN, cmp.Or(stream.Status, unknown), cmp.Or(stream.Source, unknown))
	switch {
	case stream.Status != "ACTIVE":
		return fail(saw, "wait until the stream is ACTIVE, or check it in Amazon Data Firehose; it accepts no record before that")
	case stream.Source != "DirectPut":
		return fail(saw, "create a stream with the source Direct PUT; this stream accepts no records from programs")
	default:
		return pass(saw)
	}
}
