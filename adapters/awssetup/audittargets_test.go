package awssetup_test

import (
	"context"
	"errors"
	"testing"

	"cognito-user-migration/adapters/awssetup"
	"cognito-user-migration/ports/setup"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	"github.com/aws/aws-sdk-go-v2/service/firehose/types"
	"github.com/aws/smithy-go"
)

// places are a bus and a stream, or an error in their place.
type places struct {
	stream *types.DeliveryStreamDescription
	err    error
}

func (p places) DescribeEventBus(_ context.Context, in *eventbridge.DescribeEventBusInput, _ ...func(*eventbridge.Options)) (*eventbridge.DescribeEventBusOutput, error) {
	return &eventbridge.DescribeEventBusOutput{Arn: aws.String("arn:" + *in.Name)}, p.err
}

func (p places) DescribeDeliveryStream(context.Context, *firehose.DescribeDeliveryStreamInput, ...func(*firehose.Options)) (*firehose.DescribeDeliveryStreamOutput, error) {
	return &firehose.DescribeDeliveryStreamOutput{DeliveryStreamDescription: p.stream}, p.err
}

func TestThePlacesOfRecordsAreReadAsTheyAreSet(t *testing.T) {
	t.Parallel()
	there := places{stream: &types.DeliveryStreamDescription{
		DeliveryStreamARN: aws.String("arn:stream"), DeliveryStreamStatus: types.DeliveryStreamStatusActive, DeliveryStreamType: types.DeliveryStreamTypeDirectPut,
	}}
	reader := awssetup.NewAuditTargets(there, there)
	if arn, err := reader.EventBus(t.Context(), "audit"); err != nil || arn != "arn:audit" {
		t.Errorf("got %q, %v", arn, err)
	}
	if stream, err := reader.DeliveryStream(t.Context(), "audit"); err != nil || stream != (setup.DeliveryStream{ARN: "arn:stream", Status: "ACTIVE", Source: "DirectPut"}) {
		t.Errorf("got %+v, %v", stream, err)
	}
	if stream, err := awssetup.NewAuditTargets(there, places{}).DeliveryStream(t.Context(), "audit"); err != nil || stream != (setup.DeliveryStream{}) {
		t.Errorf("of an empty answer: %+v, %v", stream, err)
	}
	for code, want := range map[string]error{"ResourceNotFoundException": setup.ErrNotFound, "AccessDeniedException": setup.ErrNotPermitted} {
		failing := places{err: &smithy.GenericAPIError{Code: code}}
		reader := awssetup.NewAuditTargets(failing, failing)
		if _, err := reader.EventBus(t.Context(), "audit"); !errors.Is(err, want) {
			t.Errorf("a bus: got %v, want %v", err, want)
		}
		if _, err := reader.DeliveryStream(t.Context(), "audit"); !errors.Is(err, want) {
			t.Errorf("a stream: got %v, want %v", err, want)
		}
	}
}
