package awssetup

import (
	"context"

	"cognito-user-migration/ports/setup"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

var _ setup.TableReader = (*Tables)(nil)

// TableAPI has the operations that are called.
type TableAPI interface {
	DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error)
	DescribeTimeToLive(context.Context, *dynamodb.DescribeTimeToLiveInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTimeToLiveOutput, error)
}

// Tables reads DynamoDB tables.
type Tables struct {
	api TableAPI
}

// NewTables returns a reader that uses the client.
func NewTables(api TableAPI) *Tables {
	return &Tables{api: api}
}

// Tables returns the reader of tables in a region, by default the account's.
func (a *Account) Tables(region string) *Tables {
	return NewTables(dynamodb.NewFromConfig(a.in(region)))
}

// Table implements [setup.TableReader].
func (t *Tables) Table(ctx context.Context, name string) (setup.Table, error) {
	described, err := t.api.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &name})
	if err != nil {
		return setup.Table{}, classify(ctx, "DescribeTable", err)
	}
	var read setup.Table
	if table := described.Table; table != nil {
		read.ARN, read.State = aws.ToString(table.TableArn), string(table.TableStatus)
		kinds := make(map[string]string)
		for _, attribute := range table.AttributeDefinitions {
			kinds[aws.ToString(attribute.AttributeName)] = string(attribute.AttributeType)
		}
		for _, key := range table.KeySchema {
			name := aws.ToString(key.AttributeName)
			read.Key = append(read.Key, setup.TableKey{Name: name, Type: kinds[name], Sorts: key.KeyType == types.KeyTypeRange})
		}
	}
	lives, err := t.api.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: &name})
	if err != nil {
		return setup.Table{}, classify(ctx, "DescribeTimeToLive", err)
	}
	if to := lives.TimeToLiveDescription; to != nil &&
		(to.TimeToLiveStatus == types.TimeToLiveStatusEnabled || to.TimeToLiveStatus == types.TimeToLiveStatusEnabling) {
		read.Expires = aws.ToString(to.AttributeName)
	}
	return read, nil
}
