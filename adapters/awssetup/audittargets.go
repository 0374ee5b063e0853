package awssetup

import (
	"context"

	"cognito-user-migration/ports/setup"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
)

// EventBusAPI has the operation that is called for event buses.
type EventBusAPI interface {
	DescribeEventBus(context.Context, *eventbridge.DescribeEventBusInput, ...func(*eventbridge.Options)) (*eventbridge.DescribeEventBusOutput, error)
}

// StreamAPI has the operation that is called for Firehose streams.
type StreamAPI interface {
	DescribeDeliveryStream(context.Context, *firehose.DescribeDeliveryStreamInput, ...func(*firehose.Options)) (*firehose.DescribeDeliveryStreamOutput, error)
}

// AuditTargets reads event buses and Firehose streams.
type AuditTargets struct {
	buses   EventBusAPI
	streams StreamAPI
}

// NewAuditTargets returns a reader that uses the clients.
func NewAuditTargets(buses EventBusAPI, streams StreamAPI) *AuditTargets {
	return &AuditTargets{buses: buses, streams: streams}
}

// EventBus implements [setup.AuditTargetReader].
func (p *AuditTargets) EventBus(ctx context.Context, bus string) (string, error) {
	answer, err := p.buses.DescribeEventBus(ctx, &eventbridge.DescribeEventBusInput{Name: &bus})
	if err != nil {
		return "", classify(ctx, "DescribeEventBus", err)
	}
	return aws.ToString(answer.Arn), nil
}

// DeliveryStream implements [setup.AuditTargetReader].
func (p *AuditTargets) DeliveryStream(ctx context.Context, name string) (setup.DeliveryStream, error) {
	answer, err := p.streams.DescribeDeliveryStream(ctx, &firehose.DescribeDeliveryStreamInput{DeliveryStreamName: &name})
	if err != nil {
		return setup.DeliveryStream{}, classify(ctx, "DescribeDeliveryStream", err)
	}
	if answer.DeliveryStreamDescription == nil {
		return setup.DeliveryStream{}, nil
	}
	stream := answer.DeliveryStreamDescription
	return setup.DeliveryStream{
		ARN: aws.ToString(stream.DeliveryStreamARN), Status: string(stream.DeliveryStreamStatus), Source: string(stream.DeliveryStreamType),
	}, nil
}
