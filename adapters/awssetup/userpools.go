package awssetup

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"slices"

	"cognito-user-migration/adapters/internal/userpool"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports/setup"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// UserPoolAPI has the operations that are called.
type UserPoolAPI interface {
	DescribeUserPool(context.Context, *cognitoidentityprovider.DescribeUserPoolInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.DescribeUserPoolOutput, error)
	ListUserPoolClients(context.Context, *cognitoidentityprovider.ListUserPoolClientsInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.ListUserPoolClientsOutput, error)
	DescribeUserPoolClient(context.Context, *cognitoidentityprovider.DescribeUserPoolClientInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.DescribeUserPoolClientOutput, error)
	ListGroups(context.Context, *cognitoidentityprovider.ListGroupsInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.ListGroupsOutput, error)
	GetUserPoolMfaConfig(context.Context, *cognitoidentityprovider.GetUserPoolMfaConfigInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.GetUserPoolMfaConfigOutput, error)
	SetUserPoolMfaConfig(context.Context, *cognitoidentityprovider.SetUserPoolMfaConfigInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.SetUserPoolMfaConfigOutput, error)
	UpdateUserPool(context.Context, *cognitoidentityprovider.UpdateUserPoolInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.UpdateUserPoolOutput, error)
}

// UserPools reads user pools, and attaches the trigger to one.
type UserPools struct {
	api UserPoolAPI
}

// NewUserPools returns a reader and writer that uses the client.
func NewUserPools(api UserPoolAPI) *UserPools {
	return &UserPools{api: api}
}

// UserPool implements [setup.UserPoolReader].
func (u *UserPools) UserPool(ctx context.Context, poolID string) (setup.UserPool, error) {
	answer, err := u.api.DescribeUserPool(ctx, &cognitoidentityprovider.DescribeUserPoolInput{UserPoolId: &poolID})
	if err != nil {
		return setup.UserPool{}, classify(ctx, "DescribeUserPool", err)
	}
	if answer.UserPool == nil {
		return setup.UserPool{}, errEmpty("DescribeUserPool")
	}
	return poolOf(answer.UserPool), nil
}

func poolOf(pool *types.UserPoolType) setup.UserPool {
	read := setup.UserPool{
		ID: aws.ToString(pool.Id), ARN: aws.ToString(pool.Arn), Name: aws.ToString(pool.Name),
		AliasAttributes:    texts(pool.AliasAttributes),
		UsernameAttributes: texts(pool.UsernameAttributes),
		CaseSensitive:      userpool.IsCaseSensitive(pool),
		MFA:                string(pool.MfaConfiguration),
		Plan:               string(pool.UserPoolTier),
		SendsSMS:           pool.SmsConfiguration != nil && aws.ToString(pool.SmsConfiguration.SnsCallerArn) != "",
	}
	if read.MFA == "" {
		read.MFA = string(types.UserPoolMfaTypeOff)
	}
	if pool.AccountRecoverySetting != nil {
		ways := slices.Clone(pool.AccountRecoverySetting.RecoveryMechanisms)
		slices.SortStableFunc(ways, func(a, b types.RecoveryOptionType) int {
			return cmp.Compare(aws.ToInt32(a.Priority), aws.ToInt32(b.Priority))
		})
		for _, way := range ways {
			read.Recovery = append(read.Recovery, string(way.Name))
		}
	}
	if pool.LambdaConfig != nil {
		read.UserMigration = aws.ToString(pool.LambdaConfig.UserMigration)
		attached := preToken{}.read(pool.LambdaConfig)
		read.PreToken, read.PreTokenVersion = attached.function, attached.version
	}
	if pool.Policies != nil && pool.Policies.PasswordPolicy != nil {
		policy := pool.Policies.PasswordPolicy
		read.PasswordPolicy = domain.PasswordPolicy{
			MinimumLength:    int(aws.ToInt32(policy.MinimumLength)),
			RequireUppercase: policy.RequireUppercase, RequireLowercase: policy.RequireLowercase,
			RequireNumbers: policy.RequireNumbers, RequireSymbols: policy.RequireSymbols,
		}
	}
	for _, attribute := range pool.SchemaAttributes {
		of := userpool.SchemaAttribute(attribute)
		read.Attributes = append(read.Attributes, setup.PoolAttribute{
			Name: of.Name, Type: string(of.Type), Mutable: aws.ToBool(attribute.Mutable), Required: of.Required, Least: of.Least, Most: of.Most,
		})
	}
	return read
}

// SecondFactors returns how a pool asks for second factors. It returns the zero value
// if the pool asks only for unknown ones.
func (u *UserPools) SecondFactors(ctx context.Context, poolID string) (domain.DestinationMFA, error) {
	var raw rawAnswer
	answer, err := u.api.GetUserPoolMfaConfig(ctx, &cognitoidentityprovider.GetUserPoolMfaConfigInput{UserPoolId: &poolID}, raw.keep)
	if err != nil {
		return domain.DestinationMFA{}, classify(ctx, "GetUserPoolMfaConfig", err)
	}
	if answer.MfaConfiguration == types.UserPoolMfaTypeOff || answer.MfaConfiguration == "" {
		return domain.DestinationMFA{Mode: domain.MFAOff}, nil
	}
	// The SDK has no field that says whether passkeys are a second factor.
	passkeys := at(raw.object(), "WebAuthnConfiguration.FactorConfiguration")
	var methods []domain.MFAMethod
	for _, factor := range []struct {
		on     bool
		method domain.MFAMethod
	}{
		{answer.SmsMfaConfiguration != nil && answer.SmsMfaConfiguration.SmsConfiguration != nil, domain.MFASMS},
		{answer.EmailMfaConfiguration != nil, domain.MFAEmail},
		{answer.SoftwareTokenMfaConfiguration != nil && answer.SoftwareTokenMfaConfiguration.Enabled, domain.MFASoftwareToken},
		{passkeys == "MULTI_FACTOR_WITH_USER_VERIFICATION", domain.MFAPasskey}, //nolint:gosec // a word of Cognito, and no credential
	} {
		if factor.on {
			methods = append(methods, factor.method)
		}
	}
	if len(methods) == 0 {
		return domain.DestinationMFA{}, nil
	}
	return domain.DestinationMFA{Mode: domain.MFAMode(answer.MfaConfiguration), Methods: methods}, nil
}

// AppClient implements [setup.UserPoolReader].
func (u *UserPools) AppClient(ctx context.Context, poolID, clientID string) (setup.AppClient, error) {
	answer, err := u.api.DescribeUserPoolClient(ctx, &cognitoidentityprovider.DescribeUserPoolClientInput{
		UserPoolId: &poolID, ClientId: &clientID,
	})
	if err != nil {
		return setup.AppClient{}, classify(ctx, "DescribeUserPoolClient", err)
	}
	if answer.UserPoolClient == nil {
		return setup.AppClient{}, errEmpty("DescribeUserPoolClient")
	}
	client := answer.UserPoolClient
	return setup.AppClient{
		ID:             aws.ToString(client.ClientId),
		Flows:          texts(client.ExplicitAuthFlows),
		Secret:         domain.NewSecret(aws.ToString(client.ClientSecret)),
		ConcealsUsers:  client.PreventUserExistenceErrors == types.PreventUserExistenceErrorTypesEnabled,
		ReadAttributes: client.ReadAttributes, WriteAttributes: client.WriteAttributes,
	}, nil
}

// AppClients implements [setup.UserPoolReader].
func (u *UserPools) AppClients(ctx context.Context, poolID string) ([]setup.AppClient, error) {
	var clients []setup.AppClient
	for listed, err := range clientsOf(ctx, u.api, poolID) {
		if err != nil {
			return nil, err
		}
		client, err := u.AppClient(ctx, poolID, aws.ToString(listed.ClientId))
		if err != nil {
			return nil, err
		}
		clients = append(clients, client)
	}
	return clients, nil
}

// clientsOf lists the app clients of a user pool, and stops after an error.
func clientsOf(ctx context.Context, api cognitoidentityprovider.ListUserPoolClientsAPIClient, poolID string) iter.Seq2[types.UserPoolClientDescription, error] {
	return func(yield func(types.UserPoolClientDescription, error) bool) {
		pages := cognitoidentityprovider.NewListUserPoolClientsPaginator(api, &cognitoidentityprovider.ListUserPoolClientsInput{UserPoolId: &poolID})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(types.UserPoolClientDescription{}, classify(ctx, "ListUserPoolClients", err))
				return
			}
			for _, client := range page.UserPoolClients {
				if !yield(client, nil) {
					return
				}
			}
		}
	}
}

// Groups implements [setup.GroupReader].
func (u *UserPools) Groups(ctx context.Context, poolID string) ([]string, error) {
	var names []string
	pages := cognitoidentityprovider.NewListGroupsPaginator(u.api, &cognitoidentityprovider.ListGroupsInput{UserPoolId: &poolID})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, classify(ctx, "ListGroups", err)
		}
		for _, group := range page.Groups {
			names = append(names, aws.ToString(group.GroupName))
		}
	}
	return names, nil
}

func errEmpty(operation string) error {
	return fmt.Errorf("%s: the answer is empty", operation)
}

func texts[T ~string](values []T) []string {
	var list []string
	for _, value := range values {
		list = append(list, string(value))
	}
	return list
}
