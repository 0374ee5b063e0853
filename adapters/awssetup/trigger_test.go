package awssetup

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/ports/setup"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// stubPool is a user pool that does what a test tells it to do on an update.
type stubPool struct {
	UserPoolAPI
	pool     types.UserPoolType
	mfa      cognitoidentityprovider.GetUserPoolMfaConfigOutput
	onUpdate func(*stubPool)
	onRead   func(*stubPool, int)
	reads    int
	updates  []*cognitoidentityprovider.UpdateUserPoolInput
	putBack  []*cognitoidentityprovider.SetUserPoolMfaConfigInput
	deaf     bool // SetUserPoolMfaConfig does nothing
}

func (s *stubPool) DescribeUserPool(context.Context, *cognitoidentityprovider.DescribeUserPoolInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.DescribeUserPoolOutput, error) {
	s.reads++
	if s.onRead != nil {
		s.onRead(s, s.reads)
	}
	pool := s.pool
	return &cognitoidentityprovider.DescribeUserPoolOutput{UserPool: &pool}, nil
}

func (s *stubPool) GetUserPoolMfaConfig(context.Context, *cognitoidentityprovider.GetUserPoolMfaConfigInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.GetUserPoolMfaConfigOutput, error) {
	mfa := s.mfa
	return &mfa, nil
}

func (s *stubPool) SetUserPoolMfaConfig(_ context.Context, input *cognitoidentityprovider.SetUserPoolMfaConfigInput, _ ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.SetUserPoolMfaConfigOutput, error) {
	s.putBack = append(s.putBack, input)
	if !s.deaf {
		s.mfa.MfaConfiguration, s.mfa.SoftwareTokenMfaConfiguration = input.MfaConfiguration, input.SoftwareTokenMfaConfiguration
		s.pool.MfaConfiguration = input.MfaConfiguration
	}
	return &cognitoidentityprovider.SetUserPoolMfaConfigOutput{}, nil
}

func (s *stubPool) UpdateUserPool(_ context.Context, input *cognitoidentityprovider.UpdateUserPoolInput, _ ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.UpdateUserPoolOutput, error) {
	s.updates = append(s.updates, input)
	s.pool.LambdaConfig = input.LambdaConfig
	if s.onUpdate != nil {
		s.onUpdate(s)
	}
	return &cognitoidentityprovider.UpdateUserPoolOutput{}, nil
}

const function = "arn:aws:lambda:us-east-1:111111111111:function:migrate"

func aPool() *stubPool {
	return &stubPool{
		pool: types.UserPoolType{
			Id: aws.String("us-east-1_pool"), Name: aws.String("people"), MfaConfiguration: types.UserPoolMfaTypeOptional,
			UsernameAttributes: []types.UsernameAttributeType{types.UsernameAttributeTypeEmail},
			LambdaConfig:       &types.LambdaConfigType{PreSignUp: aws.String(function + "-other")},
			UserPoolTags:       map[string]string{"team": "identity"},
		},
		mfa: cognitoidentityprovider.GetUserPoolMfaConfigOutput{
			MfaConfiguration: types.UserPoolMfaTypeOptional, SoftwareTokenMfaConfiguration: &types.SoftwareTokenMfaConfigType{Enabled: true},
		},
	}
}

func TestApplyReadsBackAndCompares(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		onUpdate func(*stubPool)
		onRead   func(*stubPool, int)
		deaf     bool
		fields   []string // in the error
		fails    string
		putBack  int
	}{
		"nothing else has changed": {},
		"only what changes of itself": {onUpdate: func(s *stubPool) {
			s.pool.EstimatedNumberOfUsers = 7
		}},
		"a setting is gone": {onUpdate: func(s *stubPool) { s.pool.UserPoolTags = nil }, fields: []string{"- UserPoolTags.team = identity"}},
		"a setting has come": {onUpdate: func(s *stubPool) { s.pool.UserPoolTier = types.UserPoolTierTypePlus },
			fields: []string{"+ UserPoolTier = PLUS"}},
		"a setting that no update can touch": {onUpdate: func(s *stubPool) { s.pool.UsernameAttributes = nil }, fields: []string{"- UsernameAttributes[0] = email"}},
		"tracked devices, with both choices off": {onUpdate: func(s *stubPool) { s.pool.DeviceConfiguration = &types.DeviceConfigurationType{} },
			fields: []string{"+ DeviceConfiguration = there"}},
		"another trigger is gone": {onUpdate: func(s *stubPool) {
			s.pool.LambdaConfig = &types.LambdaConfigType{UserMigration: aws.String(function)}
		}, fields: []string{"- LambdaConfig.PreSignUp = " + function + "-other"}},
		"the trigger is not there": {onUpdate: func(s *stubPool) {
			s.pool.LambdaConfig = &types.LambdaConfigType{PreSignUp: aws.String(function + "-other")}
		}, fields: []string{"- LambdaConfig.UserMigration = " + function}},
		"MFA is off, and is put back": {onUpdate: func(s *stubPool) {
			s.mfa = cognitoidentityprovider.GetUserPoolMfaConfigOutput{MfaConfiguration: types.UserPoolMfaTypeOff}
			s.pool.MfaConfiguration = types.UserPoolMfaTypeOff
		}, putBack: 1},
		"MFA is off, and stays off": {deaf: true, onUpdate: func(s *stubPool) {
			s.mfa.SoftwareTokenMfaConfiguration = nil
		}, putBack: 1, fields: []string{"- MFA.SoftwareTokenMfaConfiguration.Enabled = true"}},
		"somebody else was faster": {onRead: func(s *stubPool, reads int) {
			if reads == 2 {
				s.pool.DeletionProtection = types.DeletionProtectionTypeActive
			}
		}, fails: "nothing was written"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stub := aPool()
			stub.onUpdate, stub.onRead, stub.deaf = row.onUpdate, row.onRead, row.deaf
			pools := NewUserPools(stub)
			change, err := pools.Plan(t.Context(), "us-east-1_pool", function)
			if err != nil {
				t.Fatal(err)
			}
			if diff := change.Diff(); !slices.Equal(diff, []string{"+ LambdaConfig.UserMigration = " + function}) || !change.Differs() {
				t.Errorf("the difference is %q", diff)
			}
			err = pools.Apply(t.Context(), change)
			if row.fails != "" {
				if err == nil || !strings.Contains(err.Error(), row.fails) || len(stub.updates) != 0 {
					t.Errorf("got %v, %d updates", err, len(stub.updates))
				}
				return
			}
			changed, _ := errors.AsType[*ChangedError](err)
			if (changed == nil) != (row.fields == nil) || changed != nil && !slices.Equal(changed.Fields, row.fields) || changed == nil && err != nil {
				t.Errorf("got %v", err)
			}
			if len(stub.putBack) != row.putBack {
				t.Errorf("MFA was put back %d times", len(stub.putBack))
			}
		})
	}
}

func TestPlanKeepsWhatItRead(t *testing.T) {
	t.Parallel()
	stub := aPool()
	stub.pool.LambdaConfig = &types.LambdaConfigType{UserMigration: aws.String(function)}
	change, err := NewUserPools(stub).Plan(t.Context(), "us-east-1_pool", "")
	if err != nil {
		t.Fatal(err)
	}
	if aws.ToString(stub.pool.LambdaConfig.UserMigration) != function || change.Attached != function {
		t.Error("planning has changed what was read")
	}
	restore, err := change.Restore()
	if err != nil || !strings.Contains(string(restore), function) || !json.Valid(restore) {
		t.Errorf("got %v, %s", err, restore)
	}
}

// answering is a service that answers every call with one status and body.
func answering(t *testing.T, status int, body string) *UserPools {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/x-amz-json-1.1")
		w.WriteHeader(status)
		if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "GetUserPoolMfaConfig") {
			_, _ = w.Write([]byte(`{}`))
			return
		}
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return NewUserPools(cognitoidentityprovider.New(cognitoidentityprovider.Options{
		BaseEndpoint: &server.URL, Region: "us-east-1", RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "example", ""),
		HTTPClient:  &http.Client{Transport: &http.Transport{}},
	}))
}

func TestSettingsThatThisVersionDoesNotKnowAreSeen(t *testing.T) {
	t.Parallel()
	pools := answering(t, http.StatusOK, `{"UserPool":{"Id":"us-east-1_pool","Name":"people","Novelty":{"On":true},"Nothing":null,
		"Policies":{"PasswordPolicy":{"MinimumLength":8,"Entropy":80}},"UserPoolTags":{"Any":"thing"},"SchemaAttributes":[{"Name":"sub","Encrypted":true}]}}`)
	change, err := pools.Plan(t.Context(), "us-east-1_pool", function)
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"Novelty", "Policies.PasswordPolicy.Entropy", "SchemaAttributes[0].Encrypted"}; !slices.Equal(change.Unknown, want) {
		t.Errorf("got %q, want %q", change.Unknown, want)
	}
	if change.request.PoolName == nil || *change.request.PoolName != "people" {
		t.Error("the SDK has not read the answer")
	}
}

func TestErrorsOfReading(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		status int
		body   string
		want   error
		text   string
	}{
		"may not":           {400, `{"__type":"AccessDeniedException","message":"not authorized to perform"}`, setup.ErrNotPermitted, "not authorized to perform"},
		"may not, in XML":   {403, `<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>`, setup.ErrNotPermitted, "AccessDenied: no"},
		"not there":         {400, `{"__type":"ResourceNotFoundException","message":"User pool does not exist."}`, setup.ErrNotFound, "does not exist"},
		"something else":    {400, `{"__type":"InvalidParameterException","message":"1 validation error"}`, nil, "InvalidParameterException: 1 validation error"},
		"a page of a proxy": {403, `<html>blocked</html>`, nil, "DescribeUserPool: "},
		"an empty answer":   {200, `{}`, nil, "the answer is empty"},
	} {
		_, err := answering(t, row.status, row.body).UserPool(t.Context(), "us-east-1_pool")
		if err == nil || row.want != nil && !errors.Is(err, row.want) || !strings.Contains(err.Error(), row.text) {
			t.Errorf("%s: got %v", name, err)
		}
		if row.want == nil && (errors.Is(err, setup.ErrNotPermitted) || errors.Is(err, setup.ErrNotFound)) {
			t.Errorf("%s is taken for something else: %v", name, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := answering(t, 200, `{}`).AppClient(ctx, "us-east-1_pool", "client"); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestReadPolicy(t *testing.T) {
	t.Parallel()
	got, err := readPolicy(`{"Version":"2012-10-17","Id":"default","Statement":[
		{"Effect":"Allow","Principal":{"Service":"cognito-idp.amazonaws.com"},"Action":"lambda:InvokeFunction","Resource":"r","Condition":{"ArnLike":{"AWS:SourceArn":"arn:pool"}}},
		{"Effect":"Deny","Principal":"*","Action":["lambda:InvokeFunction","lambda:GetFunction"],"Condition":{"StringEquals":{"aws:SourceAccount":["1","2"]},"StringNotEquals":{"aws:SourceArn":"x"},"Bool":{"aws:SecureTransport":"true"}}}]}`)
	if err != nil || len(got) != 2 {
		t.Fatalf("got %v, %v", got, err)
	}
	first, second := got[0], got[1]
	if !first.Allow || !slices.Equal(first.Principals, []string{"cognito-idp.amazonaws.com"}) || !slices.Equal(first.SourceARNs, []string{"arn:pool"}) {
		t.Errorf("got %+v", first)
	}
	if second.Allow || !slices.Equal(second.Principals, []string{"*"}) || len(second.Actions) != 2 || !slices.Equal(second.SourceAccounts, []string{"1", "2"}) ||
		!slices.Equal(second.OtherConditions, []string{"Bool aws:SecureTransport", "StringNotEquals aws:SourceArn"}) {
		t.Errorf("got %+v", second)
	}
	if _, err := readPolicy("no policy"); err == nil {
		t.Error("it reads what is none")
	}
}

func TestSplitQualifier(t *testing.T) {
	t.Parallel()
	for name, want := range map[string][2]string{
		"migrate": {"migrate", ""}, "migrate:live": {"migrate", "live"}, function: {function, ""}, function + ":live": {function, "live"},
	} {
		if base, qualifier := splitQualifier(name); base != want[0] || qualifier != want[1] {
			t.Errorf("%s: got %s, %s", name, base, qualifier)
		}
	}
}

func TestTheWaysOfAccountRecoveryComeByPriority(t *testing.T) {
	t.Parallel()
	pool := aPool().pool
	pool.AccountRecoverySetting = &types.AccountRecoverySettingType{RecoveryMechanisms: []types.RecoveryOptionType{
		{Name: types.RecoveryOptionNameTypeVerifiedEmail, Priority: aws.Int32(2)}, {Name: types.RecoveryOptionNameTypeVerifiedPhoneNumber, Priority: aws.Int32(1)},
	}}
	if got := poolOf(&pool).Recovery; !slices.Equal(got, []string{"verified_phone_number", "verified_email"}) {
		t.Errorf("got %q", got)
	}
	if got := poolOf(&aPool().pool).Recovery; got != nil {
		t.Errorf("a pool without the setting: %q", got)
	}
}
