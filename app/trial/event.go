package trial

import (
	"encoding/json"
	"errors"

	"cognito-user-migration/app/migrate"
	"cognito-user-migration/domain"
)

// NewEvent writes an event as Cognito sends it: nulls wherever there is nothing.
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

// requestOf reads the request of an event; false where it has none.
func requestOf(event []byte) (fields, request map[string]json.RawMessage, ok bool) {
	if json.Unmarshal(event, &fields) != nil || json.Unmarshal(fields["request"], &request) != nil || request == nil {
		return nil, nil, false
	}
	return fields, request, true
}

// WithPassword puts a password into an event that has none.
func WithPassword(event []byte, password string) ([]byte, error) {
	fields, request, ok := requestOf(event)
	if !ok {
		return event, nil
	}
	var err error
	if request["password"], err = json.Marshal(password); err != nil {
		return nil, err
	}
	if fields["request"], err = json.Marshal(request); err != nil {
		return nil, err
	}
	return json.Marshal(fields)
}

// NeedsPassword reports whether an event is a sign-in that lacks its password.
func NeedsPassword(event []byte) bool {
	fields, request, ok := requestOf(event)
	if !ok || string(fields["triggerSource"]) != `"`+domain.TriggerAuthentication.String()+`"` {
		return false
	}
	password, there := request["password"]
	return !there || string(password) == "null"
}

// concealPassword is the event as it may be shown; null where it is no event.
func concealPassword(event []byte) json.RawMessage {
	fields, request, ok := requestOf(event)
	if !ok {
		return json.RawMessage("null")
	}
	if password, there := request["password"]; there && string(password) != "null" {
		request["password"] = json.RawMessage(`"[REDACTED]"`)
	}
	shown, err := json.Marshal(request)
	if err != nil {
		return json.RawMessage("null")
	}
	fields["request"] = shown
	if shown, err = json.Marshal(fields); err != nil {
		return json.RawMessage("null")
	}
	return shown
}

func failureReason(err error) domain.Reason {
	if failure, ok := errors.AsType[*migrate.Failure](err); ok {
		return failure.Reason
	}
	return domain.ReasonInternal
}
