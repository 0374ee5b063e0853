package lambdatrigger

import (
	"bytes"
	"encoding/json"
	"slices"

	"cognito-user-migration/adapters/internal/rawjson"
	"cognito-user-migration/domain"
)

// NewEvent writes an event as Cognito sends it, for trials: null wherever there
// is nothing.
func NewEvent(trigger domain.Trigger, username string, password *string) ([]byte, error) {
	return json.Marshal(map[string]any{
		"version":       "1",
		"triggerSource": trigger.String(),
		"region":        "us-east-1",
		"userPoolId":    "us-east-1_Simulated",
		"userName":      username,
		"callerContext": map[string]any{"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": "simulated"},
		"request":       map[string]any{"password": password, "validationData": nil, "userAttributes": nil},
		"response": map[string]any{
			"userAttributes": nil, "forceAliasCreation": nil, "enableSMSMFA": nil,
			"finalUserStatus": nil, "messageAction": nil, "desiredDeliveryMediums": nil,
		},
	})
}

// NeedsPassword reports whether the event is a sign-in without its password.
func NeedsPassword(payload []byte) bool {
	e, fields, err := parse(payload)
	if err != nil || !e.findPassword(fields) || e.hasPassword() {
		return false
	}
	triggerSource, _ := rawjson.Text(fields.triggerSource.value)
	return triggerSource == domain.TriggerAuthentication.String()
}

// WithPassword returns the event with this password in its request. An event that
// has no request comes back as it is.
func WithPassword(payload []byte, password string) ([]byte, error) {
	e, fields, err := parse(payload)
	if err != nil || !e.findPassword(fields) {
		return payload, nil //nolint:nilerr // the handler says what is wrong with it
	}
	text, err := json.Marshal(password)
	if err != nil {
		return nil, err
	}
	return e.withPassword(fields, text), nil
}

// Concealed returns the event as it may be shown, without its password; null
// where it is no event.
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

// ResponseOf returns the response in an answer of the handler.
func ResponseOf(answer []byte) json.RawMessage {
	e, _, err := parse(answer)
	if err != nil || !e.hasResponse {
		return nil
	}
	return answer[e.responseStart:e.responseEnd]
}

// withPassword puts a value in the place of the password.
func (e *event) withPassword(found fields, value []byte) []byte {
	if e.passwordField.value != nil {
		return slices.Concat(e.payload[:e.passwordField.start], value, e.payload[e.passwordField.end():])
	}
	member := slices.Concat([]byte(`"password":`), value)
	if before := e.payload[found.request.start:e.requestEnd]; len(bytes.TrimSpace(before)) > 1 { // more than the brace
		member = slices.Concat([]byte(","), member)
	}
	return slices.Concat(e.payload[:e.requestEnd], member, e.payload[e.requestEnd:])
}
