// Package migrationevent writes the event of Cognito's user migration trigger, for
// the operator's simulation and for a source that is a trigger function. It imports
// domain.
package migrationevent

import (
	"encoding/json"

	"cognito-user-migration/domain"
)

// From is where an event that Cognito did not send comes from.
type From struct{ Region, UserPoolID, ClientID string }

// New returns an event in Cognito's format (cognito-facts 2). Missing values are
// null.
func New(from From, trigger domain.Trigger, username string, password *string) ([]byte, error) {
	return json.Marshal(map[string]any{
		"version":       "1",
		"triggerSource": trigger.String(),
		"region":        from.Region,
		"userPoolId":    from.UserPoolID,
		"userName":      username,
		"callerContext": map[string]any{"awsSdkVersion": "aws-sdk-unknown-unknown", "clientId": from.ClientID},
		"request":       map[string]any{"password": password, "validationData": nil, "userAttributes": nil},
		"response": map[string]any{
			"userAttributes": nil, "forceAliasCreation": nil, "enableSMSMFA": nil,
			"finalUserStatus": nil, "messageAction": nil, "desiredDeliveryMediums": nil,
		},
	})
}

// Again returns Cognito's event with another question: who asks stays, and so does
// what Cognito adds later.
func Again(event []byte, trigger domain.Trigger, username string, password *string) ([]byte, error) {
	var members, request map[string]json.RawMessage
	if err := json.Unmarshal(event, &members); err != nil {
		return nil, err
	}
	if err := json.Unmarshal(members["request"], &request); err != nil {
		return nil, err
	}
	if request == nil {
		request = make(map[string]json.RawMessage)
	}
	err := set(request, "password", password)
	if err == nil {
		err = set(members, "request", request)
	}
	if err == nil {
		err = set(members, "triggerSource", trigger.String())
	}
	if err == nil {
		err = set(members, "userName", username)
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(members)
}

func set(members map[string]json.RawMessage, name string, value any) (err error) {
	members[name], err = json.Marshal(value)
	return err
}
