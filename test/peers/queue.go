package peers

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// Queue is an SQS queue of the destination account, with its dead-letter queue.
// Its [Queue.Deliver] does what Lambda's event source mapping does, and
// [Queue.ShowAll] is for tests that cannot wait for an hour.
type Queue struct {
	URL, DeadLetterURL string

	admin    *sqs.Client
	mu       sync.Mutex
	receipts map[string]string // the last of each message that was received
}

// NewQueue makes a queue whose messages are dead once they were received so
// often.
func (m *Moto) NewQueue(ctx context.Context, receives int) (*Queue, error) {
	admin := sqs.New(sqs.Options{
		BaseEndpoint: aws.String(m.URL), Region: Region, HTTPClient: loopback,
		Credentials: credentials.StaticCredentialsProvider{Value: m.otherAdmin},
	})
	name := "completion-" + randomID()
	dead, err := admin.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String(name + "-dead")})
	if err != nil {
		return nil, fmt.Errorf("dead-letter queue: %w", err)
	}
	redrive := fmt.Sprintf(`{"deadLetterTargetArn":"arn:aws:sqs:%s:%s:%s-dead","maxReceiveCount":"%d"}`, Region, DestinationAccountID, name, receives)
	made, err := admin.CreateQueue(ctx, &sqs.CreateQueueInput{
		QueueName: &name, Attributes: map[string]string{"RedrivePolicy": redrive, "VisibilityTimeout": "60"},
	})
	if err != nil {
		return nil, fmt.Errorf("queue: %w", err)
	}
	return &Queue{
		URL: aws.ToString(made.QueueUrl), DeadLetterURL: aws.ToString(dead.QueueUrl),
		admin: admin, receipts: make(map[string]string),
	}, nil
}

// Send puts a body into the queue, to be delivered at once.
func (q *Queue) Send(ctx context.Context, body string) error {
	_, err := q.admin.SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: &q.URL, MessageBody: &body})
	return err
}

// Deliver hands what is visible to a function, at most ten messages, and
// deletes those that the answer does not name. It returns the bodies that were
// delivered, and of which how many came back.
func (q *Queue) Deliver(ctx context.Context, invoke func(event []byte) (answer []byte)) (bodies []string, back int, err error) {
	received, err := q.receive(ctx, q.URL)
	if err != nil || len(received) == 0 {
		return nil, 0, err
	}
	var event events.SQSEvent
	for _, message := range received {
		bodies = append(bodies, aws.ToString(message.Body))
		event.Records = append(event.Records, events.SQSMessage{
			MessageId: aws.ToString(message.MessageId), ReceiptHandle: aws.ToString(message.ReceiptHandle),
			Body: aws.ToString(message.Body), Md5OfBody: aws.ToString(message.MD5OfBody), Attributes: message.Attributes,
			EventSource: "aws:sqs", AWSRegion: Region, EventSourceARN: "arn:aws:sqs:" + Region + ":" + DestinationAccountID + ":completion",
		})
	}
	payload, err := json.Marshal(event)
	if err != nil {
		return nil, 0, err
	}
	var answer events.SQSEventResponse
	if err := json.Unmarshal(invoke(payload), &answer); err != nil {
		return nil, 0, fmt.Errorf("the answer to a batch: %w", err)
	}
	for _, message := range received {
		if slices.ContainsFunc(answer.BatchItemFailures, func(f events.SQSBatchItemFailure) bool {
			return f.ItemIdentifier == aws.ToString(message.MessageId)
		}) {
			back++
			continue
		}
		if _, err := q.admin.DeleteMessage(ctx, &sqs.DeleteMessageInput{QueueUrl: &q.URL, ReceiptHandle: message.ReceiptHandle}); err != nil {
			return nil, 0, err
		}
		q.mu.Lock()
		delete(q.receipts, aws.ToString(message.MessageId))
		q.mu.Unlock()
	}
	return bodies, back, nil
}

func (q *Queue) receive(ctx context.Context, url string) ([]types.Message, error) {
	answer, err := q.admin.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &url, MaxNumberOfMessages: 10,
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameAll},
	})
	if err != nil {
		return nil, err
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, message := range answer.Messages {
		q.receipts[aws.ToString(message.MessageId)] = aws.ToString(message.ReceiptHandle)
	}
	return answer.Messages, nil
}

// ShowAll makes every message that came back visible now.
func (q *Queue) ShowAll(ctx context.Context) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	for id, receipt := range q.receipts {
		_, err := q.admin.ChangeMessageVisibility(ctx, &sqs.ChangeMessageVisibilityInput{
			QueueUrl: &q.URL, ReceiptHandle: &receipt, VisibilityTimeout: 0,
		})
		if gone := (*types.ReceiptHandleIsInvalid)(nil); errors.As(err, &gone) {
			delete(q.receipts, id) // a dead letter by now
			continue
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Dead takes the bodies of the dead letters.
func (q *Queue) Dead(ctx context.Context) ([]string, error) {
	received, err := q.receive(ctx, q.DeadLetterURL)
	var bodies []string
	for _, message := range received {
		bodies = append(bodies, aws.ToString(message.Body))
	}
	return bodies, err
}

// Count is how many messages are visible, in flight or delayed.
type Count struct{ Visible, InFlight, Delayed int }

// Count counts the queue's messages.
func (q *Queue) Count(ctx context.Context) (Count, error) {
	answer, err := q.admin.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &q.URL, AttributeNames: []types.QueueAttributeName{types.QueueAttributeNameAll},
	})
	if err != nil {
		return Count{}, err
	}
	number := func(name types.QueueAttributeName) int {
		n, _ := strconv.Atoi(answer.Attributes[string(name)]) // none is 0
		return n
	}
	return Count{
		number(types.QueueAttributeNameApproximateNumberOfMessages),
		number(types.QueueAttributeNameApproximateNumberOfMessagesNotVisible),
		number(types.QueueAttributeNameApproximateNumberOfMessagesDelayed),
	}, nil
}

// WaitVisible waits until so many messages are visible.
func (q *Queue) WaitVisible(ctx context.Context, many int) error {
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		count, err := q.Count(ctx)
		if err != nil || count.Visible >= many {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waited for %d messages, there are %+v: %w", many, count, ctx.Err())
		}
	}
}

// name is the queue's, which ends its URL.
func (q *Queue) name() string { return path.Base(q.URL) }
