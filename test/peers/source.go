package peers

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// Source is a user pool of the source account, with all that another account
// needs to reach it.
type Source struct {
	Region, UserPoolID, UserPoolARN, ClientID string
	// RoleARN is a role of the source account. Its trust policy names both
	// callers and demands ExternalID; its own policy allows what the function's
	// role of the templates may call, and nothing else.
	RoleARN, ExternalID string
	// Caller is a user of the destination account who may assume the role and
	// do nothing else: what the function's execution role is on AWS.
	Caller aws.Credentials
	// SameAccountCaller is its like in the source account. Moto looks at a
	// trust policy only within one account, so a wrong external ID is refused
	// to this one.
	SameAccountCaller aws.Credentials
	// Administrator is who sets the source account up.
	Administrator aws.Credentials
	// Endpoint is where STS and Cognito of the source account answer.
	Endpoint string

	moto  *Moto
	admin *cognitoidentityprovider.Client
}

// SourceOptions changes the pool that [Moto.NewSource] makes.
type SourceOptions struct {
	// SignInByEmail makes email the pool's sign-in identifier: usernames are
	// then made by Cognito.
	SignInByEmail bool
	// ClientReads limits the attributes that ID tokens hold; none means the
	// client's default.
	ClientReads []string
}

// NewSource makes a user pool, an app client, a role and its callers. Names are
// unique, so that tests can share one Moto.
func (m *Moto) NewSource(ctx context.Context, options SourceOptions) (*Source, error) {
	id := randomID()
	s := &Source{
		Region:        Region,
		RoleARN:       "arn:aws:iam::" + SourceAccountID + ":role/migration-" + id,
		ExternalID:    "external-" + id,
		Administrator: m.sourceAdmin,
		Endpoint:      m.URL,
		moto:          m,
		admin:         m.client(m.sourceAdmin),
	}
	if err := s.makePool(ctx, id, options); err != nil {
		return nil, fmt.Errorf("source user pool: %w", err)
	}
	if err := s.makeRole(ctx, id); err != nil {
		return nil, fmt.Errorf("source role: %w", err)
	}
	return s, nil
}

func (s *Source) makePool(ctx context.Context, id string, options SourceOptions) error {
	input := &cognitoidentityprovider.CreateUserPoolInput{PoolName: aws.String("source-" + id)}
	if options.SignInByEmail {
		input.UsernameAttributes = []types.UsernameAttributeType{types.UsernameAttributeTypeEmail}
	}
	pool, err := s.admin.CreateUserPool(ctx, input)
	if err != nil {
		return err
	}
	s.UserPoolID, s.UserPoolARN = aws.ToString(pool.UserPool.Id), aws.ToString(pool.UserPool.Arn)
	client, err := s.admin.CreateUserPoolClient(ctx, &cognitoidentityprovider.CreateUserPoolClientInput{
		UserPoolId:        &s.UserPoolID,
		ClientName:        aws.String("migration"),
		ExplicitAuthFlows: []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowAdminUserPasswordAuth},
		ReadAttributes:    options.ClientReads,
	})
	if err != nil {
		return err
	}
	s.ClientID = aws.ToString(client.UserPoolClient.ClientId)
	return nil
}

func (s *Source) makeRole(ctx context.Context, id string) error {
	m, caller := s.moto, "function-"+id
	assume := policy(statement{Effect: "Allow", Action: "sts:AssumeRole", Resource: s.RoleARN})
	var err error
	if s.Caller, err = m.newUser(ctx, m.otherAdmin, caller, assume); err != nil {
		return err
	}
	if s.SameAccountCaller, err = m.newUser(ctx, m.sourceAdmin, caller, assume); err != nil {
		return err
	}
	trust := policy(statement{
		Effect: "Allow",
		Action: "sts:AssumeRole",
		Principal: map[string][]string{"AWS": {
			"arn:aws:iam::" + DestinationAccountID + ":user/" + caller,
			"arn:aws:iam::" + SourceAccountID + ":user/" + caller,
		}},
		Condition: map[string]map[string]string{"StringEquals": {"sts:ExternalId": s.ExternalID}},
	})
	return m.newRole(ctx, "migration-"+id, trust, policy(statement{
		Effect: "Allow",
		Action: []string{"cognito-idp:AdminInitiateAuth", "cognito-idp:AdminGetUser", "cognito-idp:GetUserPoolMfaConfig", "cognito-idp:AdminGetUserAuthFactors"},
		// The pool's ARN on AWS. Moto compares with "*" here, whatever the pool.
		Resource: "*",
	}))
}

// User is a user in the source pool.
type User struct {
	Username, Password string
	// TemporaryPassword leaves the password to be changed at the next sign-in.
	TemporaryPassword bool
	Attributes        map[string]string
	Disabled          bool
	// MFA is the preferred second factor: none, [types.ChallengeNameTypeSmsMfa]
	// or [types.ChallengeNameTypeSoftwareTokenMfa].
	MFA types.ChallengeNameType
}

// CreateUser puts a user into the pool.
func (s *Source) CreateUser(ctx context.Context, user User) error {
	if err := s.createUser(ctx, user); err != nil {
		return fmt.Errorf("source user: %w", err)
	}
	return nil
}

func (s *Source) createUser(ctx context.Context, user User) error {
	input := &cognitoidentityprovider.AdminCreateUserInput{
		UserPoolId:    &s.UserPoolID,
		Username:      &user.Username,
		MessageAction: types.MessageActionTypeSuppress,
	}
	if user.TemporaryPassword {
		input.TemporaryPassword = &user.Password
	}
	for name, value := range user.Attributes {
		input.UserAttributes = append(input.UserAttributes, types.AttributeType{Name: aws.String(name), Value: aws.String(value)})
	}
	if _, err := s.admin.AdminCreateUser(ctx, input); err != nil {
		return err
	}
	if !user.TemporaryPassword && user.Password != "" {
		if _, err := s.admin.AdminSetUserPassword(ctx, &cognitoidentityprovider.AdminSetUserPasswordInput{
			UserPoolId: &s.UserPoolID, Username: &user.Username, Password: &user.Password, Permanent: true,
		}); err != nil {
			return err
		}
	}
	if err := s.requireMFA(ctx, user); err != nil {
		return err
	}
	if user.Disabled {
		if _, err := s.admin.AdminDisableUser(ctx, &cognitoidentityprovider.AdminDisableUserInput{
			UserPoolId: &s.UserPoolID, Username: &user.Username,
		}); err != nil {
			return err
		}
	}
	return nil
}

// requireMFA switches the user's second factor on.
func (s *Source) requireMFA(ctx context.Context, user User) error {
	input := &cognitoidentityprovider.AdminSetUserMFAPreferenceInput{UserPoolId: &s.UserPoolID, Username: &user.Username}
	switch user.MFA {
	case "":
		return nil
	case types.ChallengeNameTypeSmsMfa:
		input.SMSMfaSettings = &types.SMSMfaSettingsType{Enabled: true, PreferredMfa: true}
	case types.ChallengeNameTypeSoftwareTokenMfa:
		if err := s.verifySoftwareToken(ctx, user); err != nil {
			return err
		}
		input.SoftwareTokenMfaSettings = &types.SoftwareTokenMfaSettingsType{Enabled: true, PreferredMfa: true}
	default:
		return fmt.Errorf("moto has no challenge %s", user.MFA)
	}
	_, err := s.admin.AdminSetUserMFAPreference(ctx, input)
	return err
}

// verifySoftwareToken makes the user one who has registered an authenticator
// app. Moto takes any code.
func (s *Source) verifySoftwareToken(ctx context.Context, user User) error {
	signedIn, err := s.admin.AdminInitiateAuth(ctx, &cognitoidentityprovider.AdminInitiateAuthInput{
		UserPoolId: &s.UserPoolID, ClientId: &s.ClientID, AuthFlow: types.AuthFlowTypeAdminUserPasswordAuth,
		AuthParameters: map[string]string{"USERNAME": user.Username, "PASSWORD": user.Password},
	})
	if err != nil {
		return err
	}
	token := signedIn.AuthenticationResult.AccessToken
	if err := s.moto.cognito(ctx, s.Administrator, "AssociateSoftwareToken", map[string]any{"AccessToken": token}); err != nil {
		return err
	}
	return s.moto.cognito(ctx, s.Administrator, "VerifySoftwareToken", map[string]any{"AccessToken": token, "UserCode": "123456"})
}

// GetUser reads a user of the pool, as the source's administrator.
func (s *Source) GetUser(ctx context.Context, username string) (*cognitoidentityprovider.AdminGetUserOutput, error) {
	return s.admin.AdminGetUser(ctx, &cognitoidentityprovider.AdminGetUserInput{UserPoolId: &s.UserPoolID, Username: &username})
}

func randomID() string {
	var id [6]byte
	_, _ = rand.Read(id[:]) // never fails
	return hex.EncodeToString(id[:])
}
