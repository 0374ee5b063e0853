package lambdasource_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"cognito-user-migration/adapters/internal/awsrole"
	"cognito-user-migration/adapters/lambdasource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// accountAt is an account whose Lambda is at this address.
type accountAt string

func (a accountAt) Config(context.Context) (aws.Config, error) {
	return aws.Config{Region: "us-east-1", BaseEndpoint: new(string(a))}, nil
}

func (accountAt) Credentials(context.Context, awsrole.Settings, string) (ports.CredentialProvider, error) {
	return own{}, nil
}

func TestDoctorExaminesAFunction(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		dryRun  int    // the status of the dry run
		code    string // its error
		payload string // the response to the look-up
		want    []ports.ExaminedStatus
		remedy  string
	}{
		"in order":            {204, "", response("{}"), []ports.ExaminedStatus{ports.ExaminedPass, ports.ExaminedPass, ports.ExaminedPass}, ""},
		"no permission":       {403, "AccessDeniedException", "", []ports.ExaminedStatus{ports.ExaminedPass, ports.ExaminedFail, ports.ExaminedSkip}, "allow lambda:InvokeFunction"},
		"no such function":    {404, "ResourceNotFoundException", "", []ports.ExaminedStatus{ports.ExaminedPass, ports.ExaminedFail, ports.ExaminedSkip}, "correct OLD_FUNCTION"},
		"credentials ended":   {403, "ExpiredTokenException", "", []ports.ExaminedStatus{ports.ExaminedPass, ports.ExaminedFail, ports.ExaminedSkip}, "log in again"},
		"not a trigger's":     {204, "", "null", []ports.ExaminedStatus{ports.ExaminedPass, ports.ExaminedPass, ports.ExaminedFail}, "look at the log of the function of OLD_FUNCTION"},
		"everybody is a user": {204, "", response(`{"userAttributes":{"name":"x"}}`), []ports.ExaminedStatus{ports.ExaminedPass, ports.ExaminedPass, ports.ExaminedFail}, "compare the submitted identifier"},
		"the service is out":  {503, "ServiceException", "", []ports.ExaminedStatus{ports.ExaminedPass, ports.ExaminedFail, ports.ExaminedSkip}, "the way to Lambda"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := served(t, func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("X-Amz-Invocation-Type") == "DryRun" {
					w.Header().Set("X-Amzn-Errortype", test.code)
					w.WriteHeader(test.dryRun)
					return
				}
				_, _ = io.WriteString(w, test.payload)
			})
			settings := lambdasource.Kind(accountAt(url)).Settings()
			configured, ok := settings.(interface{ Set(lambdasource.Settings) })
			if !ok {
				t.Fatal("the settings cannot be set")
			}
			configured.Set(lambdasource.Settings{Function: "people", Contract: lambdasource.Trigger})
			found := lambdasource.Examiner().Examine(t.Context(), settings, parts.SourceOptions{Name: "OLD", Rules: domain.DefaultRules(), Note: func(ports.Note) {}},
				ports.Probe{Username: "nobody-1", Variable: func(name string) string { return "OLD_" + name }})
			if len(found) != len(test.want) {
				t.Fatalf("got %+v", found)
			}
			remedies := ""
			for i, one := range found {
				if one.Status != test.want[i] {
					t.Errorf("%s: got %s %s, want %s", one.Aspect, one.Status, one.Saw, test.want[i])
				}
				remedies += one.Remedy
			}
			if !strings.Contains(remedies, test.remedy) {
				t.Errorf("%q does not say %q", remedies, test.remedy)
			}
		})
	}
}
