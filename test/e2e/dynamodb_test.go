package e2e_test

import (
	"testing"

	"cognito-user-migration/domain"
	"cognito-user-migration/test/process"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// TestUsersOfADynamoDBTableMigrate signs users of a table in moto in through the
// real binary: by name and by an address that an index finds.
func TestUsersOfADynamoDBTableMigrate(t *testing.T) {
	t.Parallel()
	const table = "people-of-the-e2e-test"
	url := process.Moto().Start(t)
	client := dynamodb.New(dynamodb.Options{BaseEndpoint: &url, Region: "us-east-1", Credentials: credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "secret", "")})
	text := func(value string) types.AttributeValue { return &types.AttributeValueMemberS{Value: value} }
	flag := func(value bool) types.AttributeValue { return &types.AttributeValueMemberBOOL{Value: value} }
	key := func(name string) []types.KeySchemaElement {
		return []types.KeySchemaElement{{AttributeName: &name, KeyType: types.KeyTypeHash}}
	}
	if _, err := client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String(table), BillingMode: types.BillingModePayPerRequest, KeySchema: key("pk"),
		AttributeDefinitions: []types.AttributeDefinition{
			{AttributeName: aws.String("pk"), AttributeType: types.ScalarAttributeTypeS}, {AttributeName: aws.String("email"), AttributeType: types.ScalarAttributeTypeS},
		},
		GlobalSecondaryIndexes: []types.GlobalSecondaryIndex{{IndexName: aws.String("by-email"), KeySchema: key("email"), Projection: &types.Projection{ProjectionType: types.ProjectionTypeKeysOnly}}},
	}); err != nil {
		t.Fatal(err)
	}
	for name, disabled := range map[string]bool{"anna": true, "berta": false} {
		if _, err := client.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: aws.String(table), Item: map[string]types.AttributeValue{
			"pk": text("USER#" + name), "login": text(name), "email": text(name + "@example.com"), "email_verified": flag(true),
			"auth": &types.AttributeValueMemberM{Value: map[string]types.AttributeValue{"hash": text(fileHash), "disabled": flag(disabled)}},
		}}); err != nil {
			t.Fatal(err)
		}
	}
	f := start(t, outOfTheWay().with(
		"SOURCE_KIND", "dynamodb", "SOURCE_TABLE", table, "SOURCE_KEY", "pk", "SOURCE_LOOKUP", "pk=USER#{username}, by-email:email",
		"SOURCE_FIELDS", "username=login, password_hash=auth.hash, enabled=!auth.disabled",
		"AWS_ENDPOINT_URL_DYNAMODB", url, "AWS_ACCESS_KEY_ID", "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY", "secret"))
	f.hide(filePassword, fileHash)
	for _, typed := range []string{"berta", "berta@example.com"} {
		if got := f.migrates(signIn(typed, filePassword), domain.ReasonPasswordAccepted).UserAttributes; got["email"] != "berta@example.com" || got["email_verified"] != "true" {
			t.Errorf("%s: attributes %v", typed, got)
		}
	}
	f.migrates(forgotPassword("berta"), domain.ReasonForgotPassword)
	f.refuses(signIn("berta", "wrong"), domain.ReasonPasswordWrong)
	f.refuses(signIn("anna", filePassword), domain.ReasonUserDisabled)
	f.refuses(signIn("nobody", filePassword), domain.ReasonUserUnknown)
}
