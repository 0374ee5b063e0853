package lambdatrigger

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"cognito-user-migration/adapters/internal/rawjson"
	"cognito-user-migration/domain"
)

// maxUsername is the longest username that Cognito accepts, in characters
// ("InitiateAuth" and "AdminGetUser", Amazon Cognito API Reference).
const maxUsername = 128

// maxPassword is the longest password that Cognito accepts, in characters.
const maxPassword = 256

// errMalformed is the error for a payload that is not an event of Cognito.
var errMalformed = errors.New("the event is malformed")

// event is a user migration event: the parsed values and the original bytes.
// The bytes go back to Cognito, so that unknown fields are returned unchanged
// (cognito-facts 2 and 16).
type event struct {
	payload []byte
	// Bounds of the value of "response" in the payload; if there is none, the
	// position for inserting it.
	responseStart, responseEnd int
	hasResponse                bool
	// passwordField is the password in the request. requestEnd is before the
	// request's closing brace, where a missing password can be inserted.
	passwordField span
	requestEnd    int

	trigger  domain.Trigger
	userName string
	password *string
	poolID   string
	clientID string
}

// unsupportedTriggerError is the error for an event of another trigger.
type unsupportedTriggerError struct {
	triggerSource string
}

func (e *unsupportedTriggerError) Error() string {
	return fmt.Sprintf("trigger source %s is not supported: attach this function to the user migration trigger alone", e.triggerSource)
}

// decode reads an event. It returns errMalformed, or an unsupportedTriggerError
// that names another trigger. Neither contains anything that a user typed.
func decode(payload []byte) (*event, error) {
	e, fields, err := parse(payload)
	if err != nil {
		return nil, err
	}
	triggerSource, ok := rawjson.Text(fields.triggerSource.value)
	if !ok {
		return nil, errMalformed
	}
	switch triggerSource {
	case domain.TriggerAuthentication.String():
		e.trigger = domain.TriggerAuthentication
	case domain.TriggerForgotPassword.String():
		e.trigger = domain.TriggerForgotPassword
	default:
		if !isTriggerSource(triggerSource) {
			return nil, errMalformed
		}
		return nil, &unsupportedTriggerError{triggerSource}
	}
	if err := e.read(fields); err != nil {
		return nil, err
	}
	return e, nil
}

// span is a value of the event with its position in the payload.
type span struct {
	value []byte
	start int
}

func (s span) end() int { return s.start + len(s.value) }

// fields has the values that are read from an event.
type fields struct {
	triggerSource, userName, userPoolID, callerContext, request span
}

// parse is the only place that parses the bytes of an event. It finds the
// event's fields and the position of its response. Keys match exactly:
// encoding/json would accept USERNAME for userName.
func parse(payload []byte) (*event, fields, error) {
	e := &event{payload: payload}
	var found fields
	if !json.Valid(payload) || !utf8.Valid(payload) {
		return nil, found, errMalformed
	}
	object, ok := rawjson.Members(payload)
	if !ok {
		return nil, found, errMalformed
	}
	for object.Next() {
		if object.Key == "response" {
			if e.hasResponse {
				return nil, found, errMalformed
			}
			e.hasResponse, e.responseStart, e.responseEnd = true, object.Start, object.End
		} else if !take(found.field(object.Key), object, 0) {
			return nil, found, errMalformed
		}
	}
	if !e.hasResponse {
		// Before the closing brace.
		e.responseStart, e.responseEnd = object.Position, object.Position
	}
	return e, found, nil
}

// findPassword finds the password in the request. It returns false if the
// request is not an object, or has two passwords.
func (e *event) findPassword(found fields) bool {
	request, ok := rawjson.Members(found.request.value)
	if !ok {
		return false
	}
	for request.Next() {
		if request.Key == "password" && !take(&e.passwordField, request, found.request.start) {
			return false
		}
	}
	e.requestEnd = found.request.start + request.Position
	return true
}

// hasPassword reports whether the request has a password that is not null.
func (e *event) hasPassword() bool {
	return e.passwordField.value != nil && string(e.passwordField.value) != "null"
}

// field returns the field for a key, or nil for a key that is not read.
func (f *fields) field(key string) *span {
	switch key {
	case "triggerSource":
		return &f.triggerSource
	case "userName":
		return &f.userName
	case "userPoolId":
		return &f.userPoolID
	case "callerContext":
		return &f.callerContext
	case "request":
		return &f.request
	default:
		return nil
	}
}

// take stores a member's value in its field, if there is one. It returns false
// for a duplicate field, because the event is then ambiguous. offset is the
// position of the object in the payload.
func take(field *span, object *rawjson.Object, offset int) bool {
	if field == nil {
		return true
	}
	if field.value != nil {
		return false
	}
	*field = span{object.Value(), offset + object.Start}
	return true
}

// read reads what an attempt needs from the fields.
func (e *event) read(found fields) error {
	var ok bool
	if e.userName, ok = rawjson.Text(found.userName.value); !ok || !isUsername(e.userName) {
		return errMalformed
	}
	if !e.findPassword(found) {
		return errMalformed
	}
	if e.hasPassword() {
		typed, ok := rawjson.Text(e.passwordField.value)
		if !ok {
			return errMalformed
		}
		e.password = &typed
	}
	signIn := e.trigger == domain.TriggerAuthentication
	if signIn && (e.password == nil || utf8.RuneCountInString(*e.password) > maxPassword) {
		return errMalformed
	}
	if !signIn && e.password != nil && *e.password != "" {
		return errMalformed
	}
	// These fields only describe where the attempt came from; they may be
	// missing.
	e.poolID, _ = rawjson.Text(found.userPoolID.value)
	if caller, ok := rawjson.Members(found.callerContext.value); ok {
		for caller.Next() {
			if caller.Key == "clientId" {
				e.clientID, _ = rawjson.Text(caller.Value())
			}
		}
	}
	return nil
}

// attempt returns what the event asks for.
func (e *event) attempt(id string) domain.Attempt {
	attempt := domain.Attempt{
		ID:         id,
		Trigger:    e.trigger,
		Username:   e.userName,
		UserPoolID: identifier(e.poolID),
		ClientID:   identifier(e.clientID),
	}
	if e.password != nil {
		attempt.Password = domain.NewPassword(*e.password)
	}
	return attempt
}

// answer returns the event unchanged, except for the response.
func (e *event) answer(response []byte) []byte {
	const key = `,"response":`
	answer := make([]byte, 0, len(e.payload)+len(response)+len(key))
	answer = append(answer, e.payload[:e.responseStart]...)
	if !e.hasResponse {
		answer = append(answer, key...)
	}
	answer = append(answer, response...)
	return append(answer, e.payload[e.responseEnd:]...)
}

// isUsername reports whether Cognito accepts the name: it is not too long and has
// no control characters.
func isUsername(name string) bool {
	return name != "" && utf8.RuneCountInString(name) <= maxUsername && !strings.ContainsFunc(name, unicode.IsControl)
}

// isTriggerSource reports whether the text can be the name of a trigger. No
// other text is repeated in an error.
func isTriggerSource(name string) bool {
	before, after, found := strings.Cut(name, "_")
	return found && len(name) <= 64 && isLetters(before) && isLetters(after)
}

func isLetters(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

// identifier returns the text if it looks like an ID of Cognito, and "" otherwise,
// so that no other text gets into the records.
func identifier(id string) string {
	if len(id) > 128 || strings.ContainsFunc(id, func(r rune) bool {
		return r != '-' && r != '_' && r != '+' && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
	}) {
		return ""
	}
	return id
}
