package app

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cognito-user-migration/adapters/cognitosource"
	"cognito-user-migration/adapters/stscredentials"
	"cognito-user-migration/app/config"
	"cognito-user-migration/domain"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// countingSTS is every service at once, and counts how often a role is taken on.
type countingSTS struct{ assumed atomic.Int32 }

func (c *countingSTS) Do(request *http.Request) (*http.Response, error) {
	body := "{}"
	if strings.HasPrefix(request.URL.Host, "sts.") {
		c.assumed.Add(1)
		body = fmt.Sprintf(`<AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>AKIA</AccessKeyId><SecretAccessKey>s</SecretAccessKey>`+
			`<SessionToken>t</SessionToken><Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`, time.Now().Add(time.Hour).UTC().Format(time.RFC3339))
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)), Request: request}, nil
}

func TestSourcesOfOneRoleShareItsCredentials(t *testing.T) {
	t.Parallel()
	of := func(pool string, role stscredentials.Settings) config.Source {
		return config.Source{Name: pool, Kind: "cognito", Settings: &cognitoSettings{
			Settings: cognitosource.Settings{UserPoolID: "us-east-1_" + cognitosource.UserPoolID(pool), ClientID: "1example23456789"}, Role: role,
		}}
	}
	const arn = "arn:aws:iam::222222222222:role/migration"
	for name, test := range map[string]struct {
		sources []config.Source
		assumed int32
	}{
		"one role for all":           {[]config.Source{of("A", stscredentials.Settings{RoleARN: arn}), of("B", stscredentials.Settings{RoleARN: arn})}, 1},
		"another role":               {[]config.Source{of("A", stscredentials.Settings{RoleARN: arn}), of("B", stscredentials.Settings{RoleARN: arn + "-2"})}, 2},
		"the role by another ID":     {[]config.Source{of("A", stscredentials.Settings{RoleARN: arn}), of("B", stscredentials.Settings{RoleARN: arn, ExternalID: "other"})}, 2},
		"one of them without a role": {[]config.Source{of("A", stscredentials.Settings{RoleARN: arn}), of("B", stscredentials.Settings{})}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			services := new(countingSTS)
			opened, err := openSources(t.Context(), test.sources, domain.AfterKeep, sourceParts{
				rules: domain.DefaultRules(), sessionName: "s",
				aws: func() (aws.Config, error) {
					return aws.Config{Region: "us-east-1", HTTPClient: services, Credentials: credentials.NewStaticCredentialsProvider("AKIA", "s", "")}, nil
				},
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, source := range opened {
				if err := source.Directory.(warmer).Warm(t.Context()); err != nil {
					t.Error(err)
				}
			}
			if got := services.assumed.Load(); got != test.assumed {
				t.Errorf("roles were taken on %d times, not %d", got, test.assumed)
			}
		})
	}
}
