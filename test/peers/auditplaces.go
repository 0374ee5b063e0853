package peers

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	eventtypes "github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/aws-sdk-go-v2/service/firehose"
	firehosetypes "github.com/aws/aws-sdk-go-v2/service/firehose/types"
)

// AuditTargets are an event bus and a Firehose stream of the destination account. A
// rule of the bus sends the function's events to a queue. The stream delivers to an
// HTTP endpoint.
type AuditTargets struct {
	Bus, BusARN, Stream string
	// Writer may assume the source's role, put events and put records.
	Writer aws.Credentials

	queue    *Queue
	endpoint *httptest.Server
	mu       sync.Mutex
	lines    []string
}

// Event is what a rule hands on of an event.
type Event struct {
	Source     string          `json:"source"`
	DetailType string          `json:"detail-type"`
	Detail     json.RawMessage `json:"detail"`
}

// NewAuditTargets makes a bus, a stream and who may write to them. The caller owes
// an [AuditTargets.Close].
func (m *Moto) NewAuditTargets(ctx context.Context, source *Source) (*AuditTargets, error) {
	id := randomID()
	p := &AuditTargets{Bus: "audit-" + id, Stream: "audit-" + id}
	p.endpoint = httptest.NewServer(p)
	if err := p.make(ctx, m, source, id); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

// Close ends what was started.
func (p *AuditTargets) Close() { p.endpoint.Close() }

func (p *AuditTargets) make(ctx context.Context, m *Moto, source *Source, id string) error {
	var err error
	if p.queue, err = m.NewQueue(ctx, 100); err != nil {
		return err
	}
	admin := credentials.StaticCredentialsProvider{Value: m.otherAdmin}
	events := eventbridge.New(eventbridge.Options{BaseEndpoint: &m.URL, Region: Region, HTTPClient: loopback, Credentials: admin})
	bus, err := events.CreateEventBus(ctx, &eventbridge.CreateEventBusInput{Name: &p.Bus})
	if err != nil {
		return fmt.Errorf("bus: %w", err)
	}
	p.BusARN = aws.ToString(bus.EventBusArn)
	if _, err = events.PutRule(ctx, &eventbridge.PutRuleInput{
		Name: aws.String("audit"), EventBusName: &p.Bus, EventPattern: aws.String(`{"source":["cognito-user-migration"]}`),
	}); err != nil {
		return fmt.Errorf("rule: %w", err)
	}
	if _, err = events.PutTargets(ctx, &eventbridge.PutTargetsInput{Rule: aws.String("audit"), EventBusName: &p.Bus, Targets: []eventtypes.Target{
		{Id: aws.String("queue"), Arn: aws.String("arn:aws:sqs:" + Region + ":" + DestinationAccountID + ":" + p.queue.name())},
	}}); err != nil {
		return fmt.Errorf("target: %w", err)
	}
	role, bucket := aws.String("arn:aws:iam::"+DestinationAccountID+":role/firehose"), aws.String("arn:aws:s3:::not-used")
	streams := firehose.New(firehose.Options{BaseEndpoint: &m.URL, Region: Region, HTTPClient: loopback, Credentials: admin})
	if _, err = streams.CreateDeliveryStream(ctx, &firehose.CreateDeliveryStreamInput{
		DeliveryStreamName: &p.Stream, DeliveryStreamType: firehosetypes.DeliveryStreamTypeDirectPut,
		HttpEndpointDestinationConfiguration: &firehosetypes.HttpEndpointDestinationConfiguration{
			EndpointConfiguration: &firehosetypes.HttpEndpointConfiguration{Url: &p.endpoint.URL},
			S3Configuration:       &firehosetypes.S3DestinationConfiguration{RoleARN: role, BucketARN: bucket},
		},
	}); err != nil {
		return fmt.Errorf("stream: %w", err)
	}
	p.Writer, err = m.newUser(ctx, m.otherAdmin, "writer-"+id, policy(
		statement{Effect: "Allow", Action: "sts:AssumeRole", Resource: source.RoleARN},
		statement{Effect: "Allow", Action: []string{"events:PutEvents", "firehose:PutRecord"}, Resource: "*"},
	))
	return err
}

// ServeHTTP takes what the stream delivers.
func (p *AuditTargets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var delivery struct {
		Records []struct{ Data []byte }
	}
	if err := json.NewDecoder(r.Body).Decode(&delivery); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, record := range delivery.Records {
		p.lines = slices.AppendSeq(p.lines, strings.Lines(string(record.Data)))
	}
}

// Lines are those that the stream has delivered so far.
func (p *AuditTargets) Lines() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.lines)
}

// Events takes what the rule has handed on since it was last asked: so many
// events, or what there is of them after a while.
func (p *AuditTargets) Events(ctx context.Context, want int) ([]Event, error) {
	var all []Event
	for range 100 {
		messages, err := p.queue.receive(ctx, p.queue.URL)
		if err != nil {
			return nil, err
		}
		if len(messages) == 0 {
			if len(all) >= want {
				break
			}
			select {
			case <-time.After(50 * time.Millisecond):
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}
		for _, message := range messages {
			var event Event
			if err := json.Unmarshal([]byte(aws.ToString(message.Body)), &event); err != nil {
				return nil, err
			}
			all = append(all, event)
		}
	}
	return all, nil
}
