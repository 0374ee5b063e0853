package sqscompletion

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"cognito-user-migration/domain"
)

// version is that of the message. A reader that does not know a version leaves
// the message to one that does.
const version = 1

// message is a completion on the wire. Fields are only added; a change that an
// older reader would misread is a new version.
type message struct {
	Version        int      `json:"version"`
	AttemptID      string   `json:"attemptId"`
	Source         string   `json:"source"`
	SourceUsername string   `json:"sourceUsername"`
	SourceSub      string   `json:"sourceSub,omitempty"`
	UserPoolID     string   `json:"userPoolId"`
	Username       string   `json:"username"`
	SubAttribute   string   `json:"subAttribute,omitempty"`
	Contacts       []string `json:"contacts,omitempty"`
	Profile        string   `json:"profile"`
	Groups         []string `json:"groups,omitempty"`
	GroupsKnown    bool     `json:"groupsKnown,omitempty"`
}

// ErrMalformed is a message that is none of ours, or of a version that is not
// known here.
var ErrMalformed = errors.New("the message is malformed")

// Encode writes a completion as a message's body.
func Encode(completion domain.Completion) ([]byte, error) {
	return json.Marshal(message{
		Version:        version,
		AttemptID:      completion.AttemptID,
		Source:         completion.Source,
		SourceUsername: completion.SourceUsername,
		SourceSub:      completion.SourceSub,
		UserPoolID:     completion.UserPoolID,
		Username:       completion.Username,
		SubAttribute:   completion.SubAttribute,
		Contacts:       completion.Contacts,
		Profile:        completion.Profile,
		Groups:         completion.Groups,
		GroupsKnown:    completion.GroupsKnown,
	})
}

// Decode reads a message's body. It returns [ErrMalformed] for anything that
// Encode cannot have written, fields that it does not know included: what they
// mean, a newer version says.
func Decode(body []byte) (domain.Completion, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	var m message
	if err := decoder.Decode(&m); err != nil {
		return domain.Completion{}, ErrMalformed
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return domain.Completion{}, ErrMalformed
	}
	if m.Version != version || m.Source == "" || m.SourceUsername == "" || m.Username == "" || m.UserPoolID == "" {
		return domain.Completion{}, ErrMalformed
	}
	return domain.Completion{
		AttemptID:      m.AttemptID,
		Source:         m.Source,
		SourceUsername: m.SourceUsername,
		SourceSub:      m.SourceSub,
		UserPoolID:     m.UserPoolID,
		Username:       m.Username,
		SubAttribute:   m.SubAttribute,
		Contacts:       m.Contacts,
		Profile:        m.Profile,
		Groups:         m.Groups,
		GroupsKnown:    m.GroupsKnown,
	}, nil
}
