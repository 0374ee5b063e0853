package lambdasource_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"cognito-user-migration/adapters/internal/awsjson"
	"cognito-user-migration/adapters/lambdasource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// fixed gives every invocation the same answer.
type fixed struct {
	payload string
	failed  bool
}

func (f fixed) Send(context.Context, awsjson.Request) (awsjson.Response, error) {
	header := http.Header{}
	if f.failed {
		header.Set("X-Amz-Function-Error", "Unhandled")
	}
	return awsjson.Response{Header: header, Body: []byte(f.payload)}, nil
}

// Whatever a function returns leads to a finding or to an error of the port, and a
// password is accepted only by a response that says so.
func FuzzResponses(f *testing.F) {
	for _, seed := range []string{
		"", "null", "{}", "[]", `"x"`, `{"response":null}`, `{"response":{"userAttributes":{"email":"a@example.com"},"finalUserStatus":"CONFIRMED"}}`,
		`{"response":{"userAttributes":{"username":"b"},"finalUserStatus":"RESET_REQUIRED","enableSMSMFA":"true"}}`, `{"Response":{}}`, `{"response":{"userAttributes":[]}}`,
		`{"authenticated":true}`, `{"username":"hanako.yamada","enabled":true}`, `{"username":"hanako.yamada","enabled":true,"authenticated":true}`,
		`{"errorType":"Error","errorMessage":"Bad password"}`, `{"errorType":"Sandbox.Timedout","errorMessage":"Task timed out after 3.00 seconds"}`,
		`{"errorType":1,"stackTrace":{}}`, `{"errorType":"::..","errorMessage":null,"stackTrace":[{}]}`, `{"errorType":"Function<X>"}`,
	} {
		f.Add(seed, false)
		f.Add(seed, true)
	}
	f.Fuzz(func(t *testing.T, payload string, failed bool) {
		for _, contract := range []lambdasource.Contract{lambdasource.Keycloak, lambdasource.Trigger} {
			answer := fixed{payload, failed}
			source := lambdasource.New("people", answer, answer, own{}, lambdasource.Settings{Function: "people", Contract: contract}, lambdasource.Options{Rules: domain.DefaultRules()}).Directory
			proved, err := source.Authenticate(t.Context(), typed, domain.NewPassword(password))
			inOrder(t, proved, err)
			if failed && proved.Kind.ProvesPassword() {
				t.Errorf("%s: an error of the function proved a password: %q", contract, payload)
			}
			found, err := source.FindUser(t.Context(), typed)
			inOrder(t, found, err)
		}
	})
}

func inOrder(t *testing.T, finding domain.Finding, err error) {
	t.Helper()
	hidesAll(t, err)
	switch {
	case err == nil && (finding.Kind == 0 || finding.Source != "people"):
		t.Errorf("the finding is %v of %q", finding, finding.Source)
	case err != nil && !errors.Is(err, ports.ErrUnreachable) && !errors.Is(err, ports.ErrThrottled):
		t.Errorf("the error is %v", err)
	case finding.Kind.ProvesPassword() && finding.User.Username == "":
		t.Error("a password was proved for nobody")
	}
}
