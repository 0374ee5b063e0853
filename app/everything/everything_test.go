package everything_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cognito-user-migration/adapters/sqlsource"
	"cognito-user-migration/adapters/sqlsource/dialect"
	"cognito-user-migration/adapters/sqlsource/mysql"
	"cognito-user-migration/adapters/sqlsource/postgres"
	"cognito-user-migration/adapters/stscredentials"
	"cognito-user-migration/app/config"
	"cognito-user-migration/app/everything"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

// countingSTS is every service at once, and counts how often a role is assumed.
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
	const role, external = "arn:aws:iam::222222222222:role/migration", "external-1"
	pool := func(name, role, external string) []string {
		return []string{name + "_USER_POOL_ID=us-east-1_" + name, name + "_CLIENT_ID=1example23456789", name + "_ROLE_ARN=" + role, name + "_EXTERNAL_ID=" + external}
	}
	database := func(name, driver, role, external string) []string {
		return []string{name + "_KIND=sql", name + "_DRIVER=" + driver, name + "_URL=" + driver + "://reader@127.0.0.1:1/people", name + "_QUERY=SELECT username FROM people WHERE username = :username",
			name + "_AUTH=iam", name + "_REGION=us-east-1", name + "_ROLE_ARN=" + role, name + "_EXTERNAL_ID=" + external}
	}
	for name, test := range map[string]struct {
		a, b    []string
		assumed int32
	}{
		"two user pools, one role":            {pool("A", role, external), pool("B", role, external), 1},
		"a user pool and a database":          {pool("A", role, external), database("B", "postgres", role, external), 1},
		"two databases, one role":             {database("A", "mysql", role, external), database("B", "postgres", role, external), 1},
		"another role":                        {pool("A", role, external), pool("B", role+"-2", external), 2},
		"the role by another ID":              {pool("A", role, external), pool("B", role, "other"), 2},
		"the role by another ID, a database":  {pool("A", role, external), database("B", "mysql", role, "other"), 2},
		"one of them without a role":          {pool("A", role, external), pool("B", "", ""), 1},
		"a database with the function's keys": {pool("A", "", ""), database("B", "mysql", "", ""), 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			services := new(countingSTS)
			account := stscredentials.NewAccount(func(context.Context) (aws.Config, error) {
				return aws.Config{Region: "us-east-1", HTTPClient: services, Credentials: credentials.NewStaticCredentialsProvider("AKIA", "s", "")}, nil
			}, func(string) string { return "" })
			configuration, err := config.Load(t.Context(), append(append([]string{"MIGRATE_SOURCES=A,B"}, test.a...), test.b...), everything.Parts(account).Sources, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, source := range configuration.Sources {
				opened, err := source.Settings.Open(t.Context(), parts.SourceOptions{Name: source.Name, Rules: configuration.Rules, Note: func(ports.Note) {}})
				if err != nil {
					t.Fatal(err)
				}
				_ = opened.Warm(t.Context()) // no database answers
			}
			if got := services.assumed.Load(); got != test.assumed {
				t.Errorf("roles were assumed %d times, not %d", got, test.assumed)
			}
		})
	}
}

// The SQL source has the drivers that the main gives it.
func TestADriverThatTheMainDoesNotListIsMissed(t *testing.T) {
	t.Parallel()
	account := stscredentials.NewAccount(func(context.Context) (aws.Config, error) { return aws.Config{}, nil }, func(string) string { return "" })
	for has, wants := range map[string]string{"postgres": "mysql", "mysql": "postgres"} {
		driver := map[string]dialect.Driver{"postgres": postgres.Driver(), "mysql": mysql.Driver()}[has]
		_, err := config.Load(t.Context(), []string{
			"SOURCE_KIND=sql", "SOURCE_DRIVER=" + wants, "SOURCE_URL=" + wants + "://reader:p@db.example/people",
			"SOURCE_QUERY=SELECT username FROM people WHERE username = :username",
		}, []parts.SourceKind{sqlsource.Kind(account, driver)}, nil)
		if want := "SOURCE_DRIVER: this binary has no driver " + wants; err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s", err, want)
		}
	}
}

// Each examiner is of a kind that there is, and the page of the checks names it.
func TestTheExaminersAreThoseOfThePage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/doctor.md")
	if err != nil {
		t.Fatal(err)
	}
	account := stscredentials.NewAccount(func(context.Context) (aws.Config, error) { return aws.Config{}, nil }, func(string) string { return "" })
	kinds := make(map[string]bool)
	for _, kind := range everything.Parts(account).Sources {
		kinds[kind.Name] = true
	}
	for _, examiner := range everything.Examiners() {
		if !kinds[examiner.Kind] || examiner.Kind != "cognito" && !strings.Contains(string(page), "`"+examiner.Kind+"`") {
			t.Errorf("%s is no kind, or docs/doctor.md does not name it", examiner.Kind)
		}
	}
	for _, aspect := range []ports.Aspect{ports.AspectReached, ports.AspectCertificate, ports.AspectCredentials, ports.AspectLookUp, ports.AspectIndex, ports.AspectHashes, ports.AspectLockout} {
		if !strings.Contains(string(page), "\n| `"+string(aspect)+"` |") {
			t.Errorf("docs/doctor.md has no row for %s", aspect)
		}
	}
}
