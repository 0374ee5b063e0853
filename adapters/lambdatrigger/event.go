package lambdatrigger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"cognito-user-migration/domain"
)

// maxUsername is the longest username that Cognito takes, in characters
// ("InitiateAuth" and "AdminGetUser", Amazon Cognito API Reference).
const maxUsername = 128

// maxPassword is the longest password that Cognito takes, in characters.
const maxPassword = 256

// errMalformed is an event that is none of Cognito's.
var errMalformed = errors.New("the event is malformed")

// event is a user migration event: what is read of it, and the bytes that it
// came as. They go back to Cognito as they are, so that fields we do not know
// come back untouched (cognito-facts 2 and 16).
type event struct {
	payload []byte
	// The place of the value of "response" in the payload, or of where it is
	// to be put when there is none.
	responseStart, responseEnd int
	hasResponse                bool

	trigger  domain.Trigger
	userName string
	password *string
	poolID   string
	clientID string
}

// unsupportedTriggerError is an event of another trigger.
type unsupportedTriggerError struct {
	triggerSource string
}

func (e *unsupportedTriggerError) Error() string {
	return fmt.Sprintf("trigger source %s is not supported: attach this function to the user migration trigger alone", e.triggerSource)
}

// decode reads an event. It returns errMalformed, or an unsupportedTriggerError
// that names another trigger; neither holds anything that a person typed.
func decode(payload []byte) (*event, error) {
	e := &event{payload: payload}
	fields, err := e.scan()
	if err != nil {
		return nil, errMalformed
	}
	var triggerSource string
	if !decodeString(fields["triggerSource"], &triggerSource) {
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

// scan notes the fields of the event and where its response stands. Keys are
// taken as they are written: encoding/json alone would take USERNAME for
// userName. A field that is there twice means two things, and so nothing.
func (e *event) scan() (map[string]json.RawMessage, error) {
	decoder := json.NewDecoder(bytes.NewReader(e.payload))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil, errMalformed
	}
	fields := make(map[string]json.RawMessage, 10)
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, errMalformed
		}
		key, _ := token.(string) // a key is a string, or Token fails
		if _, twice := fields[key]; twice {
			return nil, errMalformed
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			return nil, errMalformed
		}
		fields[key] = value
		if key == "response" {
			e.hasResponse = true
			e.responseEnd = int(decoder.InputOffset())
			e.responseStart = e.responseEnd - len(value)
		}
	}
	if _, err := decoder.Token(); err != nil {
		return nil, errMalformed
	}
	if !e.hasResponse {
		// Before the closing brace, which is the last byte that was read.
		e.responseEnd = int(decoder.InputOffset()) - 1
		e.responseStart = e.responseEnd
	}
	if len(fields) == 0 || len(bytes.TrimSpace(e.payload[decoder.InputOffset():])) > 0 {
		return nil, errMalformed
	}
	return fields, nil
}

// read takes what an attempt needs from the fields.
func (e *event) read(fields map[string]json.RawMessage) error {
	if !decodeString(fields["userName"], &e.userName) || !isUsername(e.userName) {
		return errMalformed
	}
	var request map[string]json.RawMessage
	if err := json.Unmarshal(fields["request"], &request); err != nil || request == nil {
		return errMalformed
	}
	if !decodeOptionalString(request["password"], &e.password) {
		return errMalformed
	}
	signIn := e.trigger == domain.TriggerAuthentication
	if signIn && (e.password == nil || utf8.RuneCountInString(*e.password) > maxPassword) {
		return errMalformed
	}
	if !signIn && e.password != nil && *e.password != "" {
		return errMalformed
	}
	// The rest only says where the attempt came from; where it is not there,
	// it is not said.
	_ = decodeString(fields["userPoolId"], &e.poolID)
	var caller struct {
		ClientID string `json:"clientId"`
	}
	_ = json.Unmarshal(fields["callerContext"], &caller)
	e.clientID = caller.ClientID
	return nil
}

// attempt is what the event asks for.
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

// answer is the event as it came, with the response in its place.
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

// decodeString reads a value that must be a string.
func decodeString(raw json.RawMessage, into *string) bool {
	if len(raw) == 0 || raw[0] != '"' {
		return false
	}
	return json.Unmarshal(raw, into) == nil
}

// decodeOptionalString reads a value that may be a string, null or absent.
func decodeOptionalString(raw json.RawMessage, into **string) bool {
	if len(raw) == 0 {
		return true
	}
	return json.Unmarshal(raw, into) == nil
}

// isUsername holds for a name that a user of Cognito's can have: no more
// characters than it takes, and none that is not to be seen.
func isUsername(name string) bool {
	return name != "" && utf8.RuneCountInString(name) <= maxUsername && !strings.ContainsFunc(name, unicode.IsControl)
}

// isTriggerSource holds for what can be the name of a trigger, so that no other
// text is repeated to anyone.
func isTriggerSource(name string) bool {
	before, after, found := strings.Cut(name, "_")
	return found && len(name) <= 64 && isLetters(before) && isLetters(after)
}

func isLetters(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

// identifier is an ID of Cognito's where it looks like one, so that no other
// text gets into the records.
func identifier(id string) string {
	if len(id) > 128 || strings.ContainsFunc(id, func(r rune) bool {
		return r != '-' && r != '_' && r != '+' && (r > unicode.MaxASCII || !unicode.IsLetter(r) && !unicode.IsDigit(r))
	}) {
		return ""
	}
	return id
}
