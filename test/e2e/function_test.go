package e2e_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cognito-user-migration/adapters/lambdatrigger"
	"cognito-user-migration/domain"
	"cognito-user-migration/test/lambdahost"
	"cognito-user-migration/test/peers"
)

// patience bounds whatever should be done in a moment. It is a safety net: no
// result depends on it.
const patience = time.Minute

// settings are environment variables of the function.
type settings map[string]string

// with returns the settings with more of them, given as name, value pairs.
func (s settings) with(pairs ...string) settings {
	changed := maps.Clone(s)
	for pair := range slices.Chunk(pairs, 2) {
		changed[pair[0]] = pair[1]
	}
	return changed
}

// outOfTheWay keeps the function from what a developer's machine may have.
func outOfTheWay() settings {
	return settings{
		"AWS_EC2_METADATA_DISABLED":   "true",
		"AWS_CONFIG_FILE":             os.DevNull,
		"AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
	}
}

// function is the binary under test, running as a Lambda function. When its test
// ends, its output must hold nothing of what was hidden.
type function struct {
	*lambdahost.Host
	t      *testing.T
	hidden *hidden
}

// hidden is what an output must not hold.
type hidden struct {
	mu    sync.Mutex
	texts []string
}

// in is the function as a subtest sees it.
func (f *function) in(t *testing.T) *function {
	return &function{Host: f.Host, t: t, hidden: f.hidden}
}

// launch starts the function and does not wait for it. A change to how it is
// hosted may be given.
func launch(t *testing.T, s settings, changes ...func(*lambdahost.Config)) *function {
	t.Helper()
	var env []string
	for name, value := range s {
		env = append(env, name+"="+value)
	}
	config := lambdahost.Config{
		Path:      bootstrap.get(t).path,
		Name:      peers.TriggerFunction,
		AccountID: peers.DestinationAccountID,
		Region:    peers.Region,
		Env:       env,
		Grace:     patience,
	}
	for _, change := range changes {
		change(&config)
	}
	host, err := lambdahost.Start(config)
	if err != nil {
		t.Fatal(err)
	}
	f := &function{Host: host, t: t, hidden: new(hidden)}
	// The headers of tokens begin so ({"alg", {"kid", {"typ"), and moto's session
	// tokens. Fewer letters would be found in random request IDs, too.
	f.hide("eyJhbGci", "eyJraWQi", "eyJ0eXAi", "eyJ-", "FQoGZXIvYXdz")
	for _, secret := range []string{"AWS_SECRET_ACCESS_KEY", "SOURCE_CLIENT_SECRET", "AUDIT_HMAC_KEY"} {
		f.hide(s[secret])
	}
	t.Cleanup(f.end)
	return f
}

// start starts the function and waits until it takes events.
func start(t *testing.T, s settings) *function {
	t.Helper()
	f := launch(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := f.Ready(ctx); err != nil {
		t.Fatalf("the function did not start: %v\n%s%s", err, f.Stdout(), f.Stderr())
	}
	return f
}

// hide adds texts that the function's output must not hold in any form.
func (f *function) hide(values ...string) {
	f.hidden.mu.Lock()
	defer f.hidden.mu.Unlock()
	for _, value := range values {
		if value != "" {
			f.hidden.texts = append(f.hidden.texts, value)
		}
	}
}

// hidePerson hides all that is known of somebody.
func (f *function) hidePerson(p person) {
	f.hide(p.username, p.password, p.email, p.phone, p.name)
}

// end stops the function and reads what it has written, to the last line.
func (f *function) end() {
	if err := f.Close(); err != nil {
		f.t.Errorf("close: %v", err)
	}
	output := f.Stdout() + f.Stderr()
	for _, fault := range []string{"panic", "DATA RACE", "goroutine "} {
		if strings.Contains(output, fault) {
			f.t.Errorf("the output has %q:\n%s", fault, output)
		}
	}
	f.hidden.mu.Lock()
	defer f.hidden.mu.Unlock()
	for _, value := range f.hidden.texts {
		for _, form := range formsOf(value) {
			if strings.Contains(strings.ToLower(output), strings.ToLower(form)) {
				f.t.Errorf("the output holds %.40q (as %.40q):\n%s", value, form, output)
				break
			}
		}
	}
	for _, problem := range notLogLines(output) {
		f.t.Error(problem)
	}
	if f.t.Failed() {
		f.t.Logf("stdout of the function:\n%s\nstderr:\n%s", f.Stdout(), f.Stderr())
	}
}

// notLogLines lists the lines of standard output and standard error that are
// neither a line of the log nor a metric.
func notLogLines(output string) (problems []string) {
	for line := range strings.Lines(output) {
		var entry struct {
			Timestamp, Level, Message string
			AWS                       *struct{} `json:"_aws"` // a metric
		}
		if err := json.Unmarshal([]byte(line), &entry); err != nil || entry.AWS == nil && (entry.Timestamp == "" || entry.Level == "" || entry.Message == "") {
			problems = append(problems, fmt.Sprintf("a line of the output is none of the log: %q", line))
		}
	}
	return problems
}

// formsOf lists the forms in which a text could leak.
func formsOf(value string) []string {
	quoted, _ := json.Marshal(value) // a string always marshals
	forms := []string{value, strings.Trim(string(quoted), `"`), url.QueryEscape(value)}
	if len(value) >= 8 { // a shorter one would be found by chance
		forms = append(forms, strings.TrimRight(base64.StdEncoding.EncodeToString([]byte(value)), "="))
	}
	return forms
}

// invoke hands the function an event.
func (f *function) invoke(event string) lambdahost.Result {
	f.t.Helper()
	ctx, cancel := context.WithTimeout(f.t.Context(), patience)
	defer cancel()
	result, err := f.Invoke(ctx, []byte(event))
	if err != nil {
		f.t.Fatalf("invoke: %v\n%s%s", err, f.Stdout(), f.Stderr())
	}
	return result
}

// response is the answer that creates a user.
type response struct {
	UserAttributes         map[string]string
	FinalUserStatus        *string
	MessageAction          string
	DesiredDeliveryMediums []string
	ForceAliasCreation     *bool
	EnableSMSMFA           bool
}

// status is the final user status, or a word for none.
func (r response) status() string {
	if r.FinalUserStatus == nil {
		return "none"
	}
	return *r.FinalUserStatus
}

// migrates hands the function an event that must end in a new user.
func (f *function) migrates(event string, reason domain.Reason) response {
	f.t.Helper()
	result := f.invoke(event)
	if result.FunctionError != "" {
		f.t.Fatalf("function error: %s", result.Payload)
	}
	var answer response
	decode(f.t, f.responseOf(event, result), &answer)
	if len(answer.UserAttributes) == 0 {
		f.t.Fatalf("nobody is created: %s", result.Payload)
	}
	f.recorded(result, domain.OutcomeMigrated, reason)
	if answer.MessageAction != "SUPPRESS" || answer.ForceAliasCreation == nil || *answer.ForceAliasCreation {
		f.t.Errorf("got %+v, want messageAction SUPPRESS and forceAliasCreation false", answer)
	}
	return answer
}

// refuses hands the function an event that must come back as it was, but for an
// empty response.
func (f *function) refuses(event string, reason domain.Reason) {
	f.t.Helper()
	result := f.invoke(event)
	if result.FunctionError != "" {
		f.t.Fatalf("function error: %s", result.Payload)
	}
	if got := string(bytes.TrimSpace(f.responseOf(event, result))); got != "{}" {
		f.t.Errorf("response %s, want {}", got)
	}
	f.recorded(result, domain.OutcomeRefused, reason)
}

// explains hands the function an event that must be refused by the text for its
// reason: MIGRATE_REFUSAL=explain.
func (f *function) explains(event string, reason domain.Reason) {
	f.t.Helper()
	result := f.invoke(event)
	f.says(result, lambdatrigger.TypeRefusal, lambdatrigger.RefusalText(reason))
	f.recorded(result, domain.OutcomeRefused, reason)
}

// fails hands the function an event of which nothing must be decided.
func (f *function) fails(event string, reason domain.Reason) {
	f.t.Helper()
	result := f.invoke(event)
	f.says(result, lambdatrigger.TypeFailure, lambdatrigger.TextFailure)
	f.recorded(result, domain.OutcomeFailed, reason)
}

// says checks the error that the client sees.
func (f *function) says(result lambdahost.Result, errorType, text string) {
	f.t.Helper()
	got, err := result.Error()
	if err != nil {
		f.t.Fatalf("%v: %s", err, result.Payload)
	}
	if want := (lambdahost.FunctionError{Type: errorType, Message: text}); got != want {
		f.t.Fatalf("the client sees %+v, want %+v", got, want)
	}
}

// responseOf checks that the answer is the event but for its response, which it
// returns.
func (f *function) responseOf(event string, result lambdahost.Result) json.RawMessage {
	f.t.Helper()
	sent, got := fieldsOf(f.t, []byte(event)), fieldsOf(f.t, result.Payload)
	answer, there := got["response"]
	if !there {
		f.t.Fatalf("no response in %s", result.Payload)
	}
	delete(sent, "response")
	delete(got, "response")
	if !reflect.DeepEqual(sent, got) {
		f.t.Errorf("the event came back changed:\n%s\nit was:\n%s", result.Payload, event)
	}
	raw, err := json.Marshal(answer)
	if err != nil {
		f.t.Fatal(err)
	}
	return raw
}

// fieldsOf reads a JSON object without losing digits of its numbers.
func fieldsOf(t *testing.T, object []byte) map[string]any {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(object))
	decoder.UseNumber()
	var fields map[string]any
	if err := decoder.Decode(&fields); err != nil {
		t.Fatalf("%v in %s", err, object)
	}
	return fields
}

func decode(t *testing.T, raw []byte, into any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		t.Fatalf("%v in %s", err, raw)
	}
}

// record is a line of the audit log.
type record struct {
	Logger, AttemptID, Trigger, Outcome, Reason       string
	Source, Challenge, UserPoolID, ClientID, Username string
	FinalUserStatus                                   string
	DurationMS                                        *float64
	OmittedAttributes                                 []string
}

// recorded checks the one audit record of an attempt, and returns it.
func (f *function) recorded(result lambdahost.Result, outcome domain.Outcome, reason domain.Reason) record {
	f.t.Helper()
	r := f.recordOf(result.RequestID)
	if r.Outcome != string(outcome) || r.Reason != string(reason) {
		f.t.Errorf("recorded as %s: %s, want %s: %s", r.Outcome, r.Reason, outcome, reason)
	}
	if r.Trigger == "" || r.DurationMS == nil {
		f.t.Errorf("the record is not complete: %+v", r)
	}
	return r
}

// recordOf waits for the record of an attempt: what a process writes arrives a
// little after its answer.
func (f *function) recordOf(requestID string) record {
	f.t.Helper()
	var found []record
	eventually(f.t, "an audit record of attempt "+requestID, func() bool {
		found = slices.DeleteFunc(f.recordsWith(requestID), func(r record) bool { return r.AttemptID != requestID })
		return len(found) > 0
	})
	if len(found) > 1 {
		f.t.Errorf("%d records of one attempt", len(found))
	}
	return found[0]
}

// records lists the audit log so far; a line that is still being written waits.
func (f *function) records() []record { return f.recordsWith("") }

// recordsWith lists the records that hold a text.
func (f *function) recordsWith(text string) []record {
	var records []record
	for line := range strings.Lines(f.Stdout()) {
		var r record
		if !strings.Contains(line, text) {
			continue
		}
		if json.Unmarshal([]byte(line), &r) == nil && r.Logger == "audit" {
			records = append(records, r)
		}
	}
	return records
}

// eventually waits until a condition holds.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
