package awssetup

import (
	"context"
	"errors"
	"slices"
	"testing"

	"cognito-user-migration/ports/setup"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
)

type stubQueue struct {
	attributes map[string]string
	err        error
}

func (s stubQueue) GetQueueAttributes(context.Context, *sqs.GetQueueAttributesInput, ...func(*sqs.Options)) (*sqs.GetQueueAttributesOutput, error) {
	return &sqs.GetQueueAttributesOutput{Attributes: s.attributes}, s.err
}

func TestAQueueIsReadAsItIsSet(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		attributes map[string]string
		want       setup.Queue
		fails      bool
	}{
		"with nothing":          {map[string]string{"QueueArn": "arn", "SqsManagedSseEnabled": "false"}, setup.Queue{ARN: "arn"}, false},
		"with SQS's keys":       {map[string]string{"SqsManagedSseEnabled": "true"}, setup.Queue{Encryption: "SQS's own keys"}, false},
		"with a key":            {map[string]string{"KmsMasterKeyId": "alias/a", "SqsManagedSseEnabled": "false"}, setup.Queue{Encryption: "the KMS key alias/a"}, false},
		"with a policy":         {map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"dead","maxReceiveCount":168}`}, setup.Queue{DeadLetters: "dead", MaxReceives: 168}, false},
		"with a count as text":  {map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"dead","maxReceiveCount":"168"}`}, setup.Queue{DeadLetters: "dead", MaxReceives: 168}, false},
		"with an empty policy":  {map[string]string{"RedrivePolicy": "{}"}, setup.Queue{}, false},
		"with a broken policy":  {map[string]string{"RedrivePolicy": "{"}, setup.Queue{}, true},
		"with a policy of none": {map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"dead"}`}, setup.Queue{}, true},
	} {
		got, err := NewQueues(stubQueue{attributes: row.attributes}).Queue(t.Context(), "https://sqs.example.com/1/queue")
		if (err != nil) != row.fails || err == nil && got != row.want {
			t.Errorf("%s: got %+v, %v", name, got, err)
		}
	}
}

func TestWhyAQueueIsNotRead(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ given, want error }{
		"not there":                        {&sqstypes.QueueDoesNotExist{}, setup.ErrNotFound},
		"not there, by the older protocol": {&smithy.GenericAPIError{Code: "AWS.SimpleQueueService.NonExistentQueue"}, setup.ErrNotFound},
		"not permitted":                    {&smithy.GenericAPIError{Code: "AccessDenied"}, setup.ErrNotPermitted},
	} {
		if _, err := NewQueues(stubQueue{err: row.given}).Queue(t.Context(), "https://sqs.example.com/1/queue"); !errors.Is(err, row.want) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// groupPages answers with a group on each of two pages.
type groupPages struct {
	UserPoolAPI
	err error // of the second page
}

func (g groupPages) ListGroups(_ context.Context, input *cognitoidentityprovider.ListGroupsInput, _ ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.ListGroupsOutput, error) {
	if input.NextToken == nil {
		return &cognitoidentityprovider.ListGroupsOutput{Groups: []types.GroupType{{GroupName: aws.String("a")}}, NextToken: aws.String("more")}, nil
	}
	return &cognitoidentityprovider.ListGroupsOutput{Groups: []types.GroupType{{GroupName: aws.String("b")}}}, g.err
}

func TestGroupsAreReadToTheLastPage(t *testing.T) {
	t.Parallel()
	if got, err := NewUserPools(groupPages{}).Groups(t.Context(), "us-east-1_pool"); err != nil || !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("got %q, %v", got, err)
	}
	denied := groupPages{err: &smithy.GenericAPIError{Code: "AccessDeniedException"}}
	if got, err := NewUserPools(denied).Groups(t.Context(), "us-east-1_pool"); got != nil || !errors.Is(err, setup.ErrNotPermitted) {
		t.Errorf("got %q, %v", got, err)
	}
}
