package lambdatrigger_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"cognito-user-migration/adapters/lambdatrigger"
	"cognito-user-migration/domain"

	"go.uber.org/zap"
)

// asked notes the password of the attempt.
type asked struct{ password string }

// Migrate implements [lambdatrigger.Migrator].
func (a *asked) Migrate(_ context.Context, attempt domain.Attempt) (domain.Decision, error) {
	a.password = attempt.Password.Reveal()
	return domain.Decision{}, nil
}

// The handler reads the password that was put into an event. The concealed event does
// not contain it, wherever it was.
func TestAPasswordIsPutIntoAnEventAndConcealed(t *testing.T) {
	t.Parallel()
	const password = `Pass-word "1"\<é`
	event := func(request string) string {
		return `{"userName":"hanako","other":{"password":"theirs"},"triggerSource":"UserMigration_Authentication" , "request" : ` + request + `,"response":null}`
	}
	for name, row := range map[string]struct {
		event string
		needs bool
	}{
		"none":               {event(`{}`), true},
		"none, with space":   {event("{ \n }"), true},
		"null":               {event(`{"password":null,"validationData":null}`), true},
		"null, at the end":   {event(`{"validationData":{"password":"another"},"password": null }`), true},
		"none among others":  {event(`{"validationData":{"password":"another"}}`), true},
		"there already":      {event(`{"password":"here already","validationData":null}`), false},
		"its key is escaped": {event(`{"p\u0061ssword":"here already"}`), false},
	} {
		if got := lambdatrigger.NeedsPassword([]byte(row.event)); got != row.needs {
			t.Errorf("%s: needs %t", name, got)
		}
		whole, err := lambdatrigger.WithPassword([]byte(row.event), password)
		if err != nil || !json.Valid(whole) {
			t.Fatalf("%s: %s, %v", name, whole, err)
		}
		a := new(asked)
		if _, err := lambdatrigger.New(a, zap.NewNop(), lambdatrigger.Options{}).Invoke(t.Context(), whole); err != nil || a.password != password {
			t.Errorf("%s: the handler reads %q, %v", name, a.password, err)
		}
		for _, shown := range []json.RawMessage{lambdatrigger.Concealed(whole), lambdatrigger.Concealed([]byte(row.event))} {
			if !json.Valid(shown) || strings.Contains(string(shown), "Pass-word") || strings.Contains(string(shown), "here already") {
				t.Errorf("%s: shows %s", name, shown)
			}
		}
	}
	for name, event := range map[string]string{
		"no JSON":           `{`,
		"no object":         `[]`,
		"no request":        `{"triggerSource":"UserMigration_Authentication"}`,
		"another request":   `{"triggerSource":"UserMigration_Authentication","request":"canary"}`,
		"two passwords":     `{"triggerSource":"UserMigration_Authentication","request":{"password":"canary","password":"canary"}}`,
		"two requests":      `{"request":{"password":"canary"},"request":{}}`,
		"a wrong extension": `{"request":{"password":"canary"}} x`,
	} {
		same, err := lambdatrigger.WithPassword([]byte(event), password)
		if err != nil || string(same) != event || lambdatrigger.NeedsPassword([]byte(event)) {
			t.Errorf("%s: got %s, %v", name, same, err)
		}
		if shown := lambdatrigger.Concealed([]byte(event)); string(shown) != "null" {
			t.Errorf("%s: shows %s", name, shown)
		}
	}
	forgotten, err := lambdatrigger.NewEvent(domain.TriggerForgotPassword, "hanako", nil)
	if err != nil || lambdatrigger.NeedsPassword(forgotten) {
		t.Errorf("got %s, %v", forgotten, err)
	}
}

func TestTheResponseOfAnAnswerIsAsItStands(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{`{"a":1,"response": {"b":2} }`: `{"b":2}`, `{"a":1}`: "", `x`: ""} {
		if got := lambdatrigger.ResponseOf([]byte(answer)); string(got) != want {
			t.Errorf("%s: got %s", answer, got)
		}
	}
}
