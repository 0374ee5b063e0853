// Package auditrecord writes audit records as JSON for every adapter that stores
// them. The format is the project's own (this file) or OCSF 1.1 (ocsf.go). Only this
// package decides what a record contains. It imports domain and ports.
package auditrecord

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// Member is one member of a JSON object.
type Member struct {
	Key   string
	Value any // a string, a list of strings, an int or a float64
}

// Object is a record in the project's own format: a flat JSON object with
// ordered members.
type Object []Member

// Attempt returns the record of an attempt. Empty members are left out.
func Attempt(record domain.AuditRecord) Object {
	object := Object{
		{"attemptId", record.AttemptID},
		{"time", record.Time.UTC().Format(time.RFC3339Nano)},
		{"trigger", record.Trigger.String()},
		{"outcome", string(record.Outcome)},
		{"reason", string(record.Reason)},
		{"durationMs", float64(record.Duration.Microseconds()) / 1000},
		{"calls", record.Calls},
		{"retries", record.Retries},
	}
	object = object.with(
		Member{"source", record.Source},
		Member{"challenge", record.Challenge},
		Member{"unknownCode", string(record.UnknownCode)},
		Member{"finalUserStatus", string(record.FinalStatus)},
		Member{"userPoolId", record.UserPoolID},
		Member{"clientId", record.ClientID},
		Member{"username", string(record.Username)},
		Member{"completion", string(record.Completion)},
	)
	if len(record.OmittedAttributes) > 0 {
		object = append(object, Member{"omittedAttributes", []string(record.OmittedAttributes)})
	}
	return object
}

// Completion returns the record of one attempt to complete a migration.
func Completion(record domain.CompletionRecord) Object {
	object := Object{
		{"attemptId", record.AttemptID},
		{"time", record.Time.UTC().Format(time.RFC3339Nano)},
		{"completion", string(record.Outcome)},
		{"source", record.Source},
		{"sourceUser", string(record.Retired)},
		{"groups", record.Groups},
		{"userPoolId", record.UserPoolID},
	}
	before := ""
	if record.DisabledBefore {
		before = string(domain.RetiredDisabled)
	}
	return object.with(
		Member{"reason", string(record.Reason)},
		Member{"username", string(record.Username)},
		Member{"sourceUserBefore", before},
		Member{"sourceSub", record.SourceSub},
		Member{"destinationSub", record.DestinationSub},
		Member{"secondFactor", string(record.SecondFactor)},
	)
}

// with appends the members that are not empty.
func (o Object) with(members ...Member) Object {
	for _, member := range members {
		if member.Value != "" {
			o = append(o, member)
		}
	}
	return o
}

// Only returns the members with these keys, in the object's order.
func (o Object) Only(keys ...string) Object {
	return o.where(keys, true)
}

// Without returns the members except those with these keys.
func (o Object) Without(keys ...string) Object {
	return o.where(keys, false)
}

func (o Object) where(keys []string, named bool) Object {
	var chosen Object
	for _, member := range o {
		if slices.Contains(keys, member.Key) == named {
			chosen = append(chosen, member)
		}
	}
	return chosen
}

// MarshalJSON implements [json.Marshaler].
func (o Object) MarshalJSON() ([]byte, error) {
	var text bytes.Buffer
	text.WriteByte('{')
	for i, member := range o {
		if i > 0 {
			text.WriteByte(',')
		}
		key, err := json.Marshal(member.Key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(member.Value)
		if err != nil {
			return nil, err
		}
		text.Write(key)
		text.WriteByte(':')
		text.Write(value)
	}
	text.WriteByte('}')
	return text.Bytes(), nil
}

// Event is one JSON object to store.
type Event struct {
	// Message describes the event in a constant text.
	Message string
	// JSON is the object on one line.
	JSON json.RawMessage
}

// Encoder writes records in one format.
type Encoder struct {
	format domain.AuditFormat
	origin ports.AuditOrigin
}

// New returns an encoder for a format. Only OCSF events contain the origin.
func New(format domain.AuditFormat, origin ports.AuditOrigin) Encoder {
	return Encoder{format: format, origin: origin}
}

// Attempt returns the events of an attempt. In OCSF there is a second one if
// the user migrates.
func (e Encoder) Attempt(record domain.AuditRecord) ([]Event, error) {
	if e.format == domain.AuditFormatOCSF {
		return e.ocsf(e.authentication(record))
	}
	return encode("attempt "+string(record.Outcome), Attempt(record))
}

// Completion returns the events of one attempt to complete a migration.
func (e Encoder) Completion(record domain.CompletionRecord) ([]Event, error) {
	if e.format == domain.AuditFormatOCSF {
		return e.ocsf(e.completion(record))
	}
	return encode("completion "+string(record.Outcome), Completion(record))
}

func encode(message string, object any) ([]Event, error) {
	text, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	return []Event{{Message: message, JSON: text}}, nil
}
