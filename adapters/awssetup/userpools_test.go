package awssetup

import (
	"net/http"
	"testing"

	"cognito-user-migration/domain"
	"cognito-user-migration/test/peers"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

func poolsOf(t *testing.T, pool, mfa string) *UserPools {
	t.Helper()
	return poolsAt(peers.StartStrictPool(t, pool, mfa).URL)
}

func poolsAt(endpoint string) *UserPools {
	return NewUserPools(cognitoidentityprovider.New(cognitoidentityprovider.Options{
		BaseEndpoint: &endpoint, Region: "us-east-1", RetryMaxAttempts: 1,
		Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "example", ""),
		HTTPClient:  &http.Client{Transport: &http.Transport{}},
	}))
}

// TestThePoolsSecondFactorsAreWrittenAsTheSetting: what init writes, the function reads.
func TestThePoolsSecondFactorsAreWrittenAsTheSetting(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct{ answer, want string }{
		"none":                               {`{"MfaConfiguration":"OFF"}`, "OFF"},
		"not said":                           {`{}`, "OFF"},
		"codes":                              {`{"MfaConfiguration":"OPTIONAL","SmsMfaConfiguration":{"SmsConfiguration":{"SnsCallerArn":"arn:x"}},"EmailMfaConfiguration":{"Message":"m","Subject":"s"}}`, "OPTIONAL,SMS_MFA,EMAIL_OTP"},
		"an app":                             {`{"MfaConfiguration":"ON","SoftwareTokenMfaConfiguration":{"Enabled":true}}`, "ON,SOFTWARE_TOKEN_MFA"},
		"an app, off":                        {`{"MfaConfiguration":"ON","SoftwareTokenMfaConfiguration":{"Enabled":false},"EmailMfaConfiguration":{}}`, "ON,EMAIL_OTP"},
		"passkeys":                           {`{"MfaConfiguration":"ON","WebAuthnConfiguration":{"FactorConfiguration":"MULTI_FACTOR_WITH_USER_VERIFICATION"}}`, "ON,WEB_AUTHN"},
		"passkeys that are the first factor": {`{"MfaConfiguration":"OPTIONAL","SoftwareTokenMfaConfiguration":{"Enabled":true},"WebAuthnConfiguration":{"FactorConfiguration":"SINGLE_FACTOR"}}`, "OPTIONAL,SOFTWARE_TOKEN_MFA"},
		"a factor that is not known here":    {`{"MfaConfiguration":"ON","PushMfaConfiguration":{"Enabled":true}}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := poolsOf(t, `{"Id":"us-east-1_pool"}`, row.answer).SecondFactors(t.Context(), "us-east-1_pool")
			if err != nil || got.String() != row.want {
				t.Errorf("got %q, %v; want %q", got, err, row.want)
			}
			var read domain.DestinationMFA
			if err := read.UnmarshalText([]byte(got.String())); row.want != "" && err != nil {
				t.Errorf("the function does not take it: %v", err)
			}
		})
	}
}

func TestThePoolsPasswordPolicyIsWrittenAsTheSetting(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		`{"Id":"us-east-1_pool"}`: "",
		`{"Id":"us-east-1_pool","Policies":{"PasswordPolicy":{"MinimumLength":8}}}`: "MinimumLength=8",
		`{"Id":"us-east-1_pool","Policies":{"PasswordPolicy":{"MinimumLength":14,"RequireUppercase":true,"RequireLowercase":true,"RequireNumbers":true,"RequireSymbols":true,"TemporaryPasswordValidityDays":7,"New":1}}}`: "MinimumLength=14,RequireUppercase,RequireLowercase,RequireNumbers,RequireSymbols",
	} {
		got, err := poolsOf(t, answer, `{}`).UserPool(t.Context(), "us-east-1_pool")
		if err != nil || got.PasswordPolicy.String() != want {
			t.Errorf("%s: %q, %v", answer, got.PasswordPolicy, err)
		}
	}
}
