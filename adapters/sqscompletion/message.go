package sqscompletion

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"time"

	"cognito-user-migration/domain"
)

// version is the version of the message format. A reader rejects versions that it
// does not know. Version 1 had no signature and is always rejected: anyone who can
// send to the queue could have written it. A message without a second factor and
// its group is the same with and without these fields. A reader of before rejects a
// message with them, which stays in the queue until the function is updated.
const version = 2

// message is a completion on the wire. Fields are only added; a change that an
// older reader would misread is a new version. HMAC signs all the others.
type message struct {
	Version        int       `json:"version"`
	AttemptID      string    `json:"attemptId"`
	AttemptedAt    time.Time `json:"attemptedAt"`
	Source         string    `json:"source"`
	SourceUsername string    `json:"sourceUsername"`
	SourceSub      string    `json:"sourceSub,omitempty"`
	UserPoolID     string    `json:"userPoolId"`
	Username       string    `json:"username"`
	Contacts       []string  `json:"contacts,omitempty"`
	Profile        string    `json:"profile"`
	Groups         []string  `json:"groups,omitempty"`
	GroupsKnown    bool      `json:"groupsKnown,omitempty"`
	SecondFactor   string    `json:"secondFactor,omitempty"`
	MFAGroup       string    `json:"mfaGroup,omitempty"`
	HMAC           string    `json:"hmac,omitempty"`
}

// ErrMalformed is the error of a message that is not a completion message, or
// whose version is unknown.
var ErrMalformed = errors.New("the message is malformed")

// ErrUnsigned is the error of a message that neither the current nor the previous
// key signed. It was forged or changed, or it was signed with another key.
var ErrUnsigned = errors.New("the message has no valid signature: it was not written with COMPLETION_HMAC_KEY or COMPLETION_HMAC_KEY_PREVIOUS")

// Encode writes a completion as a message's body, signed.
func Encode(completion domain.Completion, keys domain.CompletionKeys) ([]byte, error) {
	m := message{
		Version:        version,
		AttemptID:      completion.AttemptID,
		AttemptedAt:    completion.AttemptedAt.UTC(),
		Source:         completion.Source,
		SourceUsername: completion.SourceUsername,
		SourceSub:      completion.SourceSub,
		UserPoolID:     completion.UserPoolID,
		Username:       completion.Username,
		Contacts:       completion.Contacts,
		Profile:        completion.Profile,
		Groups:         completion.Groups,
		GroupsKnown:    completion.GroupsKnown,
		SecondFactor:   string(completion.SecondFactor),
		MFAGroup:       completion.MFAGroup,
	}
	unsigned, err := json.Marshal(m)
	if err != nil {
		return nil, err
	}
	m.HMAC = keys.Sign(unsigned)
	return json.Marshal(m)
}

// Decode reads a message's body. It returns [ErrMalformed] for anything that Encode
// cannot have written, such as an unknown field. It returns [ErrUnsigned] if neither
// key made the signature.
//
// The signature is checked over the decoded message, encoded again. So the values
// that are used are the values that were signed.
func Decode(body []byte, keys domain.CompletionKeys) (domain.Completion, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	var m message
	if err := decoder.Decode(&m); err != nil {
		return domain.Completion{}, ErrMalformed
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return domain.Completion{}, ErrMalformed
	}
	if m.Version != version || m.Source == "" || m.SourceUsername == "" || m.Username == "" || m.UserPoolID == "" || m.AttemptedAt.IsZero() {
		return domain.Completion{}, ErrMalformed
	}
	signature := m.HMAC
	m.HMAC = ""
	unsigned, err := json.Marshal(m)
	if err != nil {
		return domain.Completion{}, ErrMalformed
	}
	if !keys.Signed(unsigned, signature) {
		return domain.Completion{}, ErrUnsigned
	}
	if m.SecondFactor != "" && m.SecondFactor != string(domain.MFASMS) && m.SecondFactor != string(domain.MFAEmail) {
		return domain.Completion{}, ErrMalformed
	}
	return domain.Completion{
		AttemptID:      m.AttemptID,
		AttemptedAt:    m.AttemptedAt,
		Source:         m.Source,
		SourceUsername: m.SourceUsername,
		SourceSub:      m.SourceSub,
		UserPoolID:     m.UserPoolID,
		Username:       m.Username,
		Contacts:       m.Contacts,
		Profile:        m.Profile,
		Groups:         m.Groups,
		GroupsKnown:    m.GroupsKnown,
		SecondFactor:   domain.MFAMethod(m.SecondFactor),
		MFAGroup:       m.MFAGroup,
	}, nil
}
