// Package claimstrigger puts the sub that a user had at the source into the
// tokens of the destination. It answers Cognito's pre token generation trigger,
// in the event versions 1 to 3. It makes no calls. It returns an event that
// it cannot read unchanged, so no sign-in fails because of it. It imports
// rawjson and the logger.
package claimstrigger

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"cognito-user-migration/adapters/internal/rawjson"

	"go.uber.org/zap"
)

// Options are the claim and the attribute with its value.
type Options struct {
	// Claim is the name of the claim in ID and access tokens.
	Claim string
	// Attribute is the destination's attribute with the source's sub. A user without
	// it gets their own sub.
	Attribute string
}

// Handler answers the pre token generation trigger.
type Handler struct {
	logger  *zap.Logger
	options Options
}

// New returns the handler that adds the claim of the options.
func New(logger *zap.Logger, options Options) *Handler {
	return &Handler{logger: logger, options: options}
}

// Invoke implements Lambda's handler. It never returns an error, because an error
// would prevent the sign-in. It logs problems.
func (h *Handler) Invoke(_ context.Context, payload []byte) (answer []byte, err error) {
	defer func() {
		// Without this, Lambda would log the panic's value and end the process.
		if thrown := recover(); thrown != nil {
			h.logger.Error("the handler panicked; the tokens have no claim of ours", zap.String("panic", fmt.Sprintf("%T", thrown)))
			answer, err = payload, nil
		}
	}()
	event, problem := parse(payload, h.options.Attribute)
	if problem != "" {
		h.logger.Error("the event was not understood; the tokens have no claim of ours", zap.String("problem", problem), zap.Int("bytes", len(payload)))
		return payload, nil
	}
	if event.sub == "" { // a client's own token, without a user
		return payload, nil
	}
	return event.answer(h.options.Claim), nil
}

// event has the values that are read from a pre token generation event.
type event struct {
	payload []byte
	// start and end are where the value of "response" is in the payload, or
	// must be inserted if there is none.
	start, end  int
	hasResponse bool
	version     string
	trigger     string
	// sub is the value of the claim: the attribute, or else the user's own sub.
	sub string
}

// parse reads an event. The problem is empty if there is none. It contains nothing of
// the event.
func parse(payload []byte, attribute string) (event, string) {
	e := event{payload: payload}
	if !json.Valid(payload) {
		return e, "the event is not JSON"
	}
	object, ok := rawjson.Members(payload)
	if !ok {
		return e, "the event is not a JSON object"
	}
	var request []byte
	for object.Next() {
		switch object.Key {
		case "version":
			e.version, _ = rawjson.Text(object.Value())
		case "triggerSource":
			e.trigger, _ = rawjson.Text(object.Value())
		case "request":
			request = object.Value()
		case "response":
			if e.hasResponse {
				return e, "the event has two responses"
			}
			e.hasResponse, e.start, e.end = true, object.Start, object.End
		}
	}
	if !e.hasResponse {
		e.start, e.end = object.Position, object.Position // before the closing brace
	}
	switch {
	case !strings.HasPrefix(e.trigger, "TokenGeneration_"):
		return e, "the event is of another trigger; attach this function to the pre token generation trigger alone"
	case e.version != "1" && e.version != "2" && e.version != "3":
		return e, "the event's version is not 1, 2 or 3"
	}
	e.sub = subOf(request, attribute)
	return e, ""
}

// subOf returns the value of the claim. It is empty if the request has no user.
func subOf(request []byte, attribute string) string {
	members, ok := rawjson.Members(request)
	if !ok {
		return ""
	}
	var own, old string
	for members.Next() {
		if members.Key != "userAttributes" {
			continue
		}
		attributes, ok := rawjson.Members(members.Value())
		for ok && attributes.Next() {
			switch attributes.Key {
			case attribute:
				old, _ = rawjson.Text(attributes.Value())
			case "sub":
				own, _ = rawjson.Text(attributes.Value())
			}
		}
	}
	if own == "" { // every user has a sub
		return ""
	}
	if old = strings.TrimSpace(old); old != "" {
		return old
	}
	return own
}

// answer returns the event with the claim in its response, and otherwise unchanged.
func (e event) answer(claim string) []byte {
	answer := make([]byte, 0, len(e.payload)+256)
	answer = append(answer, e.payload[:e.start]...)
	if !e.hasResponse {
		answer = append(answer, `,"response":`...)
	}
	if e.version == "1" {
		answer = append(answer, `{"claimsOverrideDetails":`...)
		answer = e.claims(answer, claim)
	} else {
		answer = append(answer, `{"claimsAndScopeOverrideDetails":{"idTokenGeneration":`...)
		answer = e.claims(answer, claim)
		answer = append(answer, `,"accessTokenGeneration":`...)
		answer = e.claims(answer, claim)
		answer = append(answer, '}')
	}
	answer = append(answer, '}')
	return append(answer, e.payload[e.end:]...)
}

func (e event) claims(answer []byte, claim string) []byte {
	answer = append(answer, `{"claimsToAddOrOverride":{`...)
	answer = rawjson.AppendText(answer, claim)
	answer = append(answer, ':')
	answer = rawjson.AppendText(answer, e.sub)
	return append(answer, "}}"...)
}
