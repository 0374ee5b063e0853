package main

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cognito-user-migration/test/peers"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamodbtypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// accounts are a moto as both accounts, and the clients of their administrators.
type accounts struct {
	moto                *peers.Moto
	source              *peers.Source // for its role; each set-up makes pools of its own
	execution           string
	admin               aws.Credentials
	there, here         *cognito.Client // the source's and the destination's pools
	functions           *lambda.Client
	queues              *sqs.Client
	tables              *dynamodb.Client
	sourceAdministrator aws.Credentials
	builds              atomic.Int64 // the number of set-ups, for their names
}

// sourceProfile is the operator's profile in the source account.
const sourceProfile = "source-operator"

// Whether moto checks signatures and IAM actions. With it on, its Lambda turns
// every GET away, however it was signed.
const (
	authOn  = "0"
	authOff = "inf"
)

// startAccounts makes the process's environment that of an operator of the
// destination account. Its tests share one moto that checks nothing: each makes
// pools, functions, queues and tables of its own.
func startAccounts(t *testing.T) *accounts {
	t.Helper()
	peers.Require(t, peers.MotoServer)
	a, err := sharedAccounts()
	if err != nil {
		t.Fatal(err)
	}
	operatorAt(t, a.moto.URL, a.admin, a.sourceAdministrator)
	return a
}

// ownAccounts is startAccounts with a moto of the test's own.
func ownAccounts(t *testing.T, auth string) *accounts {
	t.Helper()
	peers.Require(t, peers.MotoServer)
	a, err := newAccounts(auth)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.moto.Close)
	operatorAt(t, a.moto.URL, a.admin, a.sourceAdministrator)
	return a
}

// sharedAccounts starts the moto that checks nothing. TestMain stops it.
var sharedAccounts = sync.OnceValues(func() (*accounts, error) {
	a, err := newAccounts(authOff)
	if err == nil {
		stopShared = a.moto.Close
	}
	return a, err
})

// stopShared ends what the tests share.
var stopShared = func() {}

// newAccounts starts moto with both accounts. The caller stops it.
func newAccounts(auth string) (made *accounts, err error) {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	moto, err := peers.StartMoto(ctx)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			moto.Close()
		}
	}()
	source, err := moto.NewSource(ctx, peers.SourceOptions{})
	if err != nil {
		return nil, err
	}
	destination, err := moto.NewDestination(ctx)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, moto.URL+"/moto-api/reset-auth", strings.NewReader(auth))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "text/plain")
	response, err := direct().Do(request)
	if err != nil {
		return nil, err
	}
	_ = response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("reset-auth: status %d", response.StatusCode)
	}
	own := credentials.StaticCredentialsProvider{Value: destination.Administrator}
	return &accounts{
		moto: moto, source: source, execution: destination.ExecutionRoleARN, admin: destination.Administrator,
		there:               poolsOf(moto.URL, source.Administrator),
		here:                poolsOf(moto.URL, destination.Administrator),
		functions:           lambda.New(lambda.Options{BaseEndpoint: &moto.URL, Region: peers.Region, Credentials: own, HTTPClient: direct()}),
		queues:              sqs.New(sqs.Options{BaseEndpoint: &moto.URL, Region: peers.Region, Credentials: own, HTTPClient: direct()}),
		tables:              dynamodb.New(dynamodb.Options{BaseEndpoint: &moto.URL, Region: peers.Region, Credentials: own, HTTPClient: direct()}),
		sourceAdministrator: source.Administrator,
	}, nil
}

// operatorAt makes the process's environment that of an operator.
func operatorAt(t *testing.T, url string, operator, source aws.Credentials) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "aws-config")
	profile := fmt.Sprintf("[profile %s]\naws_access_key_id = %s\naws_secret_access_key = %s\nregion = %s\n",
		sourceProfile, source.AccessKeyID, source.SecretAccessKey, peers.Region)
	if err := os.WriteFile(file, []byte(profile), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": url, "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": peers.Region,
		"AWS_ACCESS_KEY_ID": operator.AccessKeyID, "AWS_SECRET_ACCESS_KEY": operator.SecretAccessKey, "AWS_SESSION_TOKEN": "",
		"AWS_CONFIG_FILE": file, "AWS_SHARED_CREDENTIALS_FILE": file + ".none", "AWS_PROFILE": "", "NO_PROXY": "127.0.0.1",
	} {
		t.Setenv(name, value)
	}
}

func poolsOf(url string, as aws.Credentials) *cognito.Client {
	return cognito.New(cognito.Options{
		BaseEndpoint: &url, Region: peers.Region, Credentials: credentials.StaticCredentialsProvider{Value: as}, HTTPClient: direct(),
	})
}

// direct calls moto without a proxy.
func direct() *http.Client {
	return &http.Client{Transport: &http.Transport{Proxy: nil}, Timeout: 30 * time.Second}
}

// plan says how a set-up is to be made; a test changes one thing of it.
type plan struct {
	sourcePool, pool     *cognito.CreateUserPoolInput
	sourceClient, client *cognito.CreateUserPoolClientInput
	function             *lambda.CreateFunctionInput
	permission           *lambda.AddPermissionInput
	anyPool              bool              // the permission names no pool
	attached             bool              // the trigger, to the function
	trigger              string            // the trigger, to another one
	queue                map[string]string // attributes of the completion queue; nil where there is none
	groups               []string          // of the destination
	table                *dynamodb.CreateTableInput
	expires              string            // the table's time to live
	environ              map[string]string // of the function and the operator
	theirs               map[string]string // of the function, beside those
	ours                 map[string]string // of the operator, beside those
	args                 map[string]string // flags of doctor, by name
}

// healthyPlan is a set-up in order.
func healthyPlan() *plan {
	return &plan{
		sourcePool: &cognito.CreateUserPoolInput{
			UsernameConfiguration: &types.UsernameConfigurationType{CaseSensitive: aws.Bool(false)}, Schema: schema(),
		},
		pool: &cognito.CreateUserPoolInput{
			UsernameConfiguration: &types.UsernameConfigurationType{CaseSensitive: aws.Bool(false)}, Schema: schema(),
		},
		sourceClient: &cognito.CreateUserPoolClientInput{
			ExplicitAuthFlows:          []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth},
			PreventUserExistenceErrors: types.PreventUserExistenceErrorTypesLegacy,
		},
		client: &cognito.CreateUserPoolClientInput{
			ExplicitAuthFlows:          []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserPasswordAuth, types.ExplicitAuthFlowsTypeAllowRefreshTokenAuth},
			PreventUserExistenceErrors: types.PreventUserExistenceErrorTypesEnabled,
			WriteAttributes:            []string{"email"},
		},
		function: &lambda.CreateFunctionInput{
			PackageType: lambdatypes.PackageTypeImage, Code: &lambdatypes.FunctionCode{ImageUri: aws.String(peers.DestinationAccountID + ".dkr.ecr." + peers.Region + ".amazonaws.com/user-migration:1")},
			Architectures: []lambdatypes.Architecture{lambdatypes.ArchitectureArm64}, Timeout: aws.Int32(5), MemorySize: aws.Int32(512),
		},
		permission: &lambda.AddPermissionInput{
			StatementId: aws.String("cognito"), Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("cognito-idp.amazonaws.com"),
		},
		attached: true,
		environ: map[string]string{
			"MIGRATE_ATTRIBUTES": "email,name,custom:tenant", "AUDIT_HMAC_KEY": "a key of thirty-two characters, or more",
		},
		theirs: map[string]string{}, ours: map[string]string{}, args: map[string]string{},
	}
}

// finishing makes moves be finished in a set-up in order.
func finishing(p *plan) {
	p.environ["COMPLETION_AFTER"], p.environ["COMPLETION_GROUPS"] = "disable", "editors=writers,admins,*"
	p.environ["COMPLETION_HMAC_KEY"] = "a key of thirty-two characters, or more"
	p.environ["MIGRATE_ATTRIBUTES"] = "email,name,custom:tenant,custom:legacy_sub=sub"
	p.queue = map[string]string{"SqsManagedSseEnabled": "true", "RedrivePolicy": redrive(168)}
	p.groups = []string{"admins", "others", "writers"}
}

// counting makes tries be counted in a table with this key and time to live.
func counting(key, expires string) func(*plan) {
	return func(p *plan) {
		p.expires = expires
		p.table = &dynamodb.CreateTableInput{
			BillingMode:          dynamodbtypes.BillingModePayPerRequest,
			AttributeDefinitions: []dynamodbtypes.AttributeDefinition{{AttributeName: &key, AttributeType: dynamodbtypes.ScalarAttributeTypeS}},
			KeySchema:            []dynamodbtypes.KeySchemaElement{{AttributeName: &key, KeyType: dynamodbtypes.KeyTypeHash}},
		}
	}
}

// buildTable makes the table that tries are counted in, and tells the function
// of it.
func (a *accounts) buildTable(ctx context.Context, t *testing.T, p *plan, name string) {
	t.Helper()
	if p.table == nil {
		return
	}
	p.table.TableName = aws.String("lockout-" + name)
	p.environ["LOCKOUT_TABLE"] = *p.table.TableName
	_, err := a.tables.CreateTable(ctx, p.table)
	if err == nil && p.expires != "" {
		_, err = a.tables.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
			TableName: p.table.TableName, TimeToLiveSpecification: &dynamodbtypes.TimeToLiveSpecification{AttributeName: &p.expires, Enabled: aws.Bool(true)},
		})
	}
	if err != nil {
		t.Fatal(err)
	}
}

// redrive is the policy of a queue whose messages die after so many receives.
func redrive(count int) string {
	return fmt.Sprintf(`{"deadLetterTargetArn":"arn:aws:sqs:%s:%s:%s","maxReceiveCount":%d}`, peers.Region, peers.DestinationAccountID, deadLetters, count)
}

const deadLetters = "dead-letters"

// buildCompletion makes what moves are finished with, and tells the function of
// its queue.
func (a *accounts) buildCompletion(ctx context.Context, t *testing.T, p *plan, poolID, name string) {
	t.Helper()
	for _, group := range p.groups {
		if _, err := a.here.CreateGroup(ctx, &cognito.CreateGroupInput{UserPoolId: &poolID, GroupName: &group}); err != nil {
			t.Fatal(err)
		}
	}
	if p.queue == nil {
		return
	}
	if _, err := a.queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String(deadLetters)}); err != nil {
		t.Fatal(err)
	}
	made, err := a.queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: aws.String("completion-" + name), Attributes: p.queue})
	if err != nil {
		t.Fatal(err)
	}
	p.environ["COMPLETION_QUEUE_URL"] = aws.ToString(made.QueueUrl)
}

// schema has every standard attribute, as AWS's pools do, and two custom ones.
// moto leaves the standard ones out once a custom one is named.
func schema(more ...types.SchemaAttributeType) []types.SchemaAttributeType {
	attributes := map[string]types.SchemaAttributeType{}
	for _, name := range []string{
		"sub", "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture",
		"website", "email", "gender", "birthdate", "zoneinfo", "locale", "phone_number", "address",
	} {
		attributes[name] = types.SchemaAttributeType{Name: aws.String(name), AttributeDataType: types.AttributeDataTypeString, Mutable: aws.Bool(name != "sub"), Required: aws.Bool(name == "sub")}
	}
	attributes["updated_at"] = types.SchemaAttributeType{Name: aws.String("updated_at"), AttributeDataType: types.AttributeDataTypeNumber, Mutable: aws.Bool(true)}
	attributes["email_verified"] = types.SchemaAttributeType{Name: aws.String("email_verified"), AttributeDataType: types.AttributeDataTypeBoolean, Mutable: aws.Bool(true)}
	attributes["phone_number_verified"] = types.SchemaAttributeType{Name: aws.String("phone_number_verified"), AttributeDataType: types.AttributeDataTypeBoolean, Mutable: aws.Bool(true)}
	for _, custom := range append([]types.SchemaAttributeType{text("tenant", "1", "64"), text("legacy_sub", "0", "2048"), amount("seats")}, more...) {
		attributes[aws.ToString(custom.Name)] = custom
	}
	return slices.SortedFunc(maps.Values(attributes), func(a, b types.SchemaAttributeType) int {
		return map[bool]int{true: -1, false: 1}[*a.Name < *b.Name]
	})
}

func text(name, least, most string) types.SchemaAttributeType {
	return types.SchemaAttributeType{
		Name: &name, AttributeDataType: types.AttributeDataTypeString, Mutable: aws.Bool(true),
		StringAttributeConstraints: &types.StringAttributeConstraintsType{MinLength: &least, MaxLength: &most},
	}
}

func amount(name string) types.SchemaAttributeType {
	return types.SchemaAttributeType{
		Name: &name, AttributeDataType: types.AttributeDataTypeNumber, Mutable: aws.Bool(true),
		NumberAttributeConstraints: &types.NumberAttributeConstraintsType{MinValue: aws.String("0"), MaxValue: aws.String("100")},
	}
}

// required is a standard attribute that a user must have.
func required(name string) types.SchemaAttributeType {
	return types.SchemaAttributeType{Name: &name, AttributeDataType: types.AttributeDataTypeString, Mutable: aws.Bool(true), Required: aws.Bool(true)}
}

// made is a set-up as it stands in moto.
type made struct {
	sourcePoolID, sourceClientID, sourceSecret string
	poolID, poolARN, clientID                  string
	functionName, functionARN                  string
	environ                                    []string
}

// build makes a set-up. Pool and function name each other, so the function's ARN
// is foretold.
func (a *accounts) build(t *testing.T, p *plan, name string) made {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	name = fmt.Sprintf("%s-%d", name, a.builds.Add(1))
	var m made
	var secret string
	m.sourcePoolID, _, m.sourceClientID, secret = makePool(ctx, t, a.there, p.sourcePool, p.sourceClient, "source-"+name)
	function, arn := "migration-"+name, "arn:aws:lambda:"+peers.Region+":"+peers.DestinationAccountID+":function:migration-"+name
	if p.attached {
		// At once, because moto's UpdateUserPool forgets letter case and aliases,
		// which AWS's cannot touch.
		p.pool.LambdaConfig = &types.LambdaConfigType{UserMigration: aws.String(cmp.Or(p.trigger, arn))}
	}
	m.poolID, m.poolARN, m.clientID, _ = makePool(ctx, t, a.here, p.pool, p.client, "destination-"+name)
	m.sourceSecret = secret
	a.buildCompletion(ctx, t, p, m.poolID, name)
	a.buildTable(ctx, t, p, name)
	variables := map[string]string{
		"SOURCE_USER_POOL_ID": m.sourcePoolID, "SOURCE_CLIENT_ID": m.sourceClientID,
		"SOURCE_ROLE_ARN": a.source.RoleARN, "SOURCE_EXTERNAL_ID": a.source.ExternalID,
	}
	maps.Copy(variables, p.environ)
	ours := maps.Clone(variables)
	maps.Copy(ours, p.ours)
	for name, value := range ours {
		m.environ = append(m.environ, name+"="+value)
	}
	maps.Copy(variables, p.theirs)
	if p.function == nil {
		return m
	}
	p.function.FunctionName, p.function.Role = &function, &a.execution
	p.function.Environment = &lambdatypes.Environment{Variables: variables}
	made, err := a.functions.CreateFunction(ctx, p.function)
	if err != nil {
		t.Fatal(err)
	}
	m.functionName, m.functionARN = function, aws.ToString(made.FunctionArn)
	if p.permission != nil {
		p.permission.FunctionName = &m.functionName
		if p.permission.SourceArn == nil && !p.anyPool {
			p.permission.SourceArn = &m.poolARN
		}
		if _, err := a.functions.AddPermission(ctx, p.permission); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func makePool(ctx context.Context, t *testing.T, admin *cognito.Client, pool *cognito.CreateUserPoolInput, client *cognito.CreateUserPoolClientInput, name string) (id, arn, clientID, secret string) {
	t.Helper()
	pool.PoolName, client.ClientName = &name, aws.String("app")
	made, err := admin.CreateUserPool(ctx, pool)
	if err != nil {
		t.Fatal(err)
	}
	client.UserPoolId = made.UserPool.Id
	app, err := admin.CreateUserPoolClient(ctx, client)
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(made.UserPool.Id), aws.ToString(made.UserPool.Arn), aws.ToString(app.UserPoolClient.ClientId), aws.ToString(app.UserPoolClient.ClientSecret)
}
