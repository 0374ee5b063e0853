package awssetup

import (
	"context"
	"encoding/json"
	"fmt"

	"cognito-user-migration/ports/setup"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
)

// noQueue lists SQS's codes for a queue that does not exist. The JSON protocol still
// returns the second one, which is that of the older protocol.
func noQueue() []string {
	return []string{"QueueDoesNotExist", "AWS.SimpleQueueService.NonExistentQueue"}
}

// QueueAPI has the operations that are called.
type QueueAPI interface {
	GetQueueAttributes(context.Context, *sqs.GetQueueAttributesInput, ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error)
}

// Queues reads queues.
type Queues struct {
	api QueueAPI
}

// NewQueues returns a reader that uses the client.
func NewQueues(api QueueAPI) *Queues {
	return &Queues{api: api}
}

// Queue implements [setup.QueueReader].
func (q *Queues) Queue(ctx context.Context, url string) (setup.Queue, error) {
	answer, err := q.api.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: &url, AttributeNames: []types.QueueAttributeName{
			types.QueueAttributeNameQueueArn, types.QueueAttributeNameSqsManagedSseEnabled,
			types.QueueAttributeNameKmsMasterKeyId, types.QueueAttributeNameRedrivePolicy,
		},
	})
	if err != nil {
		return setup.Queue{}, classify(ctx, "GetQueueAttributes", err)
	}
	attributes := make(map[types.QueueAttributeName]string)
	for name, value := range answer.Attributes {
		attributes[types.QueueAttributeName(name)] = value
	}
	read := setup.Queue{ARN: attributes[types.QueueAttributeNameQueueArn]}
	switch key := attributes[types.QueueAttributeNameKmsMasterKeyId]; {
	case key != "":
		read.Encryption = "the KMS key " + key
	case attributes[types.QueueAttributeNameSqsManagedSseEnabled] == "true":
		read.Encryption = "SQS's own keys"
	}
	if policy := attributes[types.QueueAttributeNameRedrivePolicy]; policy != "" {
		if read.DeadLetters, read.MaxReceives, err = redrive(policy); err != nil {
			return setup.Queue{}, fmt.Errorf("GetQueueAttributes: the redrive policy is not valid JSON: %w", err)
		}
	}
	return read, nil
}

// redrive reads a redrive policy. Its count is a number, or a text of one as it
// was set.
func redrive(policy string) (target string, count int, err error) {
	var read struct {
		Target string      `json:"deadLetterTargetArn"`
		Count  json.Number `json:"maxReceiveCount"`
	}
	if err := json.Unmarshal([]byte(policy), &read); err != nil {
		return "", 0, err
	}
	if read.Target == "" {
		return "", 0, nil
	}
	most, err := read.Count.Int64()
	return read.Target, int(most), err
}
