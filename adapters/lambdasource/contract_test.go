package lambdasource_test

import (
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"cognito-user-migration/adapters/internal/awsrole"
	"cognito-user-migration/adapters/lambdasource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/sourcetest"
	"cognito-user-migration/test/process"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// own are fixed credentials.
type own struct{ invalidated *atomic.Int32 }

func (own) Retrieve(context.Context) (ports.Credentials, error) {
	return ports.Credentials{AccessKeyID: "AKIAEXAMPLE", SecretAccessKey: domain.NewSecret("secret")}, nil
}

func (o own) Invalidate() {
	if o.invalidated != nil {
		o.invalidated.Add(1)
	}
}

func at(url string, settings lambdasource.Settings, options lambdasource.Options) ports.Source {
	if settings.Function == "" {
		settings.Function = "people"
	}
	return lambdasource.Open("people", aws.Config{Region: "us-east-1", BaseEndpoint: &url, Credentials: awsrole.Credentials(own{})}, own{}, settings, options)
}

// answers is the address of a Lambda that gives every invocation the same answer.
func answers(t testing.TB, status int, header map[string]string, body string) string {
	t.Helper()
	return served(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // a client that goes away is no matter here
		for name, value := range header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

func served(t testing.TB, handler http.HandlerFunc) string {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server.URL
}

// people are the users of a function, and count the passwords that it saw.
type people struct {
	users     []sourcetest.User
	questions atomic.Int32
}

func (p *people) find(name string) (sourcetest.User, bool) {
	for _, user := range p.users {
		if user.Username == name || user.Attributes["email"] == name {
			return user, true
		}
	}
	return sourcetest.User{}, false
}

func (p *people) isRight(user sourcetest.User, password string) bool {
	p.questions.Add(1)
	return user.Password != "" && user.Password == password
}

// invoked serves a function through Lambda's Invoke.
func invoked(t testing.TB, function func(event []byte) any) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		event, err := io.ReadAll(r.Body)
		if err != nil || r.URL.Path != "/2015-03-31/functions/people/invocations" || r.Header.Get("X-Amz-Invocation-Type") != "RequestResponse" ||
			!strings.Contains(r.Header.Get("Authorization"), "/us-east-1/lambda/aws4_request") {
			t.Errorf("an unexpected request: %v %s", err, r.URL)
		}
		_ = json.NewEncoder(w).Encode(function(event))
	}
}

// keycloak is a function with the keycloak contract.
func (p *people) keycloak(event []byte) any {
	var asked struct{ Operation, Username, Password string }
	if err := json.Unmarshal(event, &asked); err != nil {
		return err.Error()
	}
	user, there := p.find(asked.Username)
	if asked.Operation == "authenticate" {
		return map[string]any{"authenticated": p.isRight(user, asked.Password)}
	}
	if !there {
		return nil
	}
	profile := map[string]any{"id": user.Sub, "username": user.Username, "email": user.Attributes["email"], "enabled": !user.Disabled, "mfa": user.MFA}
	if verified, said := user.Attributes["email_verified"]; said {
		profile["emailVerified"] = verified
	}
	attributes := maps.Clone(user.Attributes)
	delete(attributes, "email")
	delete(attributes, "email_verified")
	profile["attributes"] = attributes
	if user.Status == domain.StatusForceChangePassword {
		profile["requiredActions"] = []string{"UPDATE_PASSWORD"}
	}
	return profile
}

// trigger is a user migration function.
func (p *people) trigger(event []byte) any {
	var asked map[string]any
	if err := json.Unmarshal(event, &asked); err != nil {
		return err.Error()
	}
	request, _ := asked["request"].(map[string]any)
	name, _ := asked["userName"].(string)
	password, _ := request["password"].(string)
	user, there := p.find(name)
	response, _ := asked["response"].(map[string]any)
	isSignIn := asked["triggerSource"] == "UserMigration_Authentication"
	if isSignIn && !p.isRight(user, password) || !there {
		return asked
	}
	attributes := map[string]string{"username": user.Username}
	maps.Copy(attributes, user.Attributes)
	response["userAttributes"], response["messageAction"], response["forceAliasCreation"] = attributes, "SUPPRESS", false
	if isSignIn {
		response["finalUserStatus"] = "CONFIRMED"
		if user.Status == domain.StatusResetRequired {
			response["finalUserStatus"] = "RESET_REQUIRED"
		}
	}
	if user.MFA == domain.MFASMS {
		response["enableSMSMFA"] = true
	}
	return asked
}

func TestTheContract(t *testing.T) {
	t.Parallel()
	outages := []sourcetest.Capability{
		sourcetest.CountsQuestions, sourcetest.Unreachability, sourcetest.Throttling, sourcetest.Misconfiguration, sourcetest.Silence,
		sourcetest.Closure, sourcetest.Unreadability, sourcetest.CertifiesUnjudged,
	}
	for contract, test := range map[lambdasource.Contract]struct {
		function func(*people) func([]byte) any
		declared []sourcetest.Capability
	}{
		lambdasource.Keycloak: {func(p *people) func([]byte) any { return p.keycloak }, []sourcetest.Capability{
			sourcetest.DisabledUsers, sourcetest.TemporaryPasswords, sourcetest.SMSMFA, sourcetest.SoftwareTokenMFA, sourcetest.EmailMFA,
			sourcetest.EmailAliases, sourcetest.KeepsSubs,
		}},
		lambdasource.Trigger: {func(p *people) func([]byte) any { return p.trigger }, []sourcetest.Capability{
			sourcetest.Resets, sourcetest.SMSMFA, sourcetest.EmailAliases, sourcetest.HidesUnknownUsers,
		}},
	} {
		t.Run(string(contract), func(t *testing.T) {
			t.Parallel()
			p := new(people)
			open := func(url string) ports.SourceDirectory {
				return at(url, lambdasource.Settings{Contract: contract}, lambdasource.Options{}).Directory
			}
			answering := func(status int, code, body string) func(*testing.T) ports.SourceDirectory {
				return func(t *testing.T) ports.SourceDirectory {
					return open(answers(t, status, map[string]string{"X-Amzn-Errortype": code}, body))
				}
			}
			url := served(t, invoked(t, func(event []byte) any { return test.function(p)(event) }))
			sourcetest.Run(t, sourcetest.Harness{
				Name:     "people",
				Declared: append(test.declared, outages...),
				Open: func(_ *testing.T, users []sourcetest.User) ports.SourceDirectory {
					p.users = users
					return open(url)
				},
				Questions:     func() int { return int(p.questions.Load()) },
				Unreachable:   answering(http.StatusInternalServerError, "ServiceException", `{"Message":"m"}`),
				Throttled:     answering(http.StatusTooManyRequests, "TooManyRequestsException", `{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded"}`),
				Misconfigured: answering(http.StatusForbidden, "AccessDeniedException", `{"Message":"m"}`),
				Silent:        func(t *testing.T) ports.SourceDirectory { return open("http://" + process.SilentAddress(t)) },
				Closed:        func(t *testing.T) ports.SourceDirectory { return open("http://" + process.ClosedAddress(t)) },
				Unreadable: func(t *testing.T) ports.SourceDirectory {
					return open(served(t, invoked(t, func(event []byte) any {
						if strings.Contains(string(event), `"find"`) {
							return test.function(p)(event)
						}
						return "what?"
					})))
				},
			})
		})
	}
}
