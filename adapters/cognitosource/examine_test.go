package cognitosource_test

import (
	"context"
	"strings"
	"testing"

	"cognito-user-migration/adapters/cognitosource"
	"cognito-user-migration/adapters/internal/awsrole"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// account is an AWS account whose Cognito is a stub.
type account struct{ url string }

func (a account) Config(context.Context) (aws.Config, error) { return configFor(a.url), nil }

func (account) Credentials(context.Context, awsrole.Settings, string) (ports.CredentialProvider, error) {
	return static{}, nil
}

// examined examines a pool, and returns the results by aspect.
func examined(t *testing.T, answer func(call) reply) map[ports.Aspect]ports.Examined {
	t.Helper()
	given := cognitosource.Kind(account{newStub(t, answer).url}).Settings()
	cognitosource.Configure(given, settings())
	probe := ports.Probe{Username: "migratectl-doctor-x", Variable: func(name string) string { return "OLD_" + name }}
	found := make(map[ports.Aspect]ports.Examined)
	for _, one := range cognitosource.Examiner().Examine(t.Context(), given, parts.SourceOptions{Name: "OLD", Rules: domain.DefaultRules()}, probe) {
		if text := one.Saw + one.Remedy; strings.Contains(text, password) || strings.Contains(text, username) {
			t.Errorf("%s shows a value: %s", one.Aspect, text)
		}
		found[one.Aspect] = one
	}
	return found
}

func TestDoctorExaminesAPool(t *testing.T) {
	t.Parallel()
	unknown := exception("UserNotFoundException", "User does not exist.")
	for name, test := range map[string]struct {
		signIn, profile reply
		aspect          ports.Aspect
		status          ports.ExaminedStatus
		saw, remedy     string
	}{
		"the credentials":                {unknown, unknown, ports.AspectCredentials, ports.ExaminedPass, "no role is set", ""},
		"the look-up":                    {unknown, unknown, ports.AspectLookUp, ports.ExaminedPass, "does not exist, as expected", ""},
		"the client":                     {unknown, unknown, ports.AspectReached, ports.ExaminedPass, "the user pool accepts the app client, and refuses an unknown user", ""},
		"a pool that hides unknown ones": {exception("NotAuthorizedException", "Incorrect username or password."), unknown, ports.AspectReached, ports.ExaminedPass, "refuses an unknown user", ""},
		"a trigger that denies":          {exception("UserLambdaValidationException", "no"), unknown, ports.AspectReached, ports.ExaminedPass, "refuses an unknown user", ""},
		"a pool that accepts everyone":   {signedIn(nil), profile(nil), ports.AspectReached, ports.ExaminedFail, "the user pool accepts an unknown user with any password", "triggers of the user pool"},
		"a pool that knows a stranger":   {challenge("SMS_MFA"), unknown, ports.AspectReached, ports.ExaminedWarn, "about a user who does not exist", "triggers of the user pool"},
		"a wrong secret":                 {exception("NotAuthorizedException", "Unable to verify secret hash for client x"), unknown, ports.AspectReached, ports.ExaminedFail, "NotAuthorizedException", "correct OLD_CLIENT_ID and OLD_CLIENT_SECRET"},
		"a flow that is not allowed":     {exception("InvalidParameterException", "Auth flow not enabled for this client"), unknown, ports.AspectReached, ports.ExaminedFail, "InvalidParameterException", "ALLOW_ADMIN_USER_PASSWORD_AUTH"},
		"no permission":                  {unknown, exception("AccessDeniedException", "x"), ports.AspectLookUp, ports.ExaminedFail, "AccessDeniedException", "allow the role cognito-idp:AdminGetUser"},
		"no such pool":                   {unknown, exception("ResourceNotFoundException", "x"), ports.AspectLookUp, ports.ExaminedFail, "ResourceNotFoundException", "correct OLD_USER_POOL_ID"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := examined(t, both(test.signIn, test.profile))[test.aspect]
			if got.Status != test.status || !strings.Contains(got.Saw, test.saw) || !strings.Contains(got.Remedy, test.remedy) {
				t.Errorf("%s: %s -> %s", got.Status, got.Saw, got.Remedy)
			}
		})
	}
}
