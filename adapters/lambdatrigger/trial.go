package lambdatrigger

import (
	"bytes"
	"encoding/json"
	"slices"

	"cognito-user-migration/adapters/internal/migrationevent"
	"cognito-user-migration/adapters/internal/rawjson"
	"cognito-user-migration/domain"
)

// NewEvent returns an event in Cognito's format for local use. Missing values
// are null.
func NewEvent(trigger domain.Trigger, username string, password *string) ([]byte, error) {
	return migrationevent.New(migrationevent.From{Region: "us-east-1", UserPoolID: "us-east-1_Simulated", ClientID: "simulated"}, trigger, username, password)
}

// NeedsPassword reports whether the event is a sign-in without a password.
func NeedsPassword(payload []byte) bool {
	e, fields, err := parse(payload)
	if err != nil || !e.findPassword(fields) || e.hasPassword() {
		return false
	}
	triggerSource, _ := rawjson.Text(fields.triggerSource.value)
	return triggerSource == domain.TriggerAuthentication.String()
}

// WithPassword returns the event with this password in its request. It returns
// an event without a request unchanged.
func WithPassword(payload []byte, password string) ([]byte, error) {
	e, fields, err := parse(payload)
	if err != nil || !e.findPassword(fields) {
		return payload, nil //nolint:nilerr // the handler reports the fault
	}
	text, err := json.Marshal(password)
	if err != nil {
		return nil, err
	}
	return e.withPassword(fields, text), nil
}

// Concealed returns the event without its password, for display; null if it is
// not an event.
func Concealed(payload []byte) json.RawMessage {
	e, fields, err := parse(payload)
	if err != nil || !e.findPassword(fields) {
		return json.RawMessage("null")
	}
	if !e.hasPassword() {
		return payload
	}
	return e.withPassword(fields, []byte(`"[REDACTED]"`))
}

// ResponseOf returns the response from the handler's result.
func ResponseOf(answer []byte) json.RawMessage {
	e, _, err := parse(answer)
	if err != nil || !e.hasResponse {
		return nil
	}
	return answer[e.responseStart:e.responseEnd]
}

// withPassword replaces the value of the password.
func (e *event) withPassword(found fields, value []byte) []byte {
	if e.passwordField.value != nil {
		return slices.Concat(e.payload[:e.passwordField.start], value, e.payload[e.passwordField.end():])
	}
	member := slices.Concat([]byte(`"password":`), value)
	if before := e.payload[found.request.start:e.requestEnd]; len(bytes.TrimSpace(before)) > 1 { // the request has other members
		member = slices.Concat([]byte(","), member)
	}
	return slices.Concat(e.payload[:e.requestEnd], member, e.payload[e.requestEnd:])
}
