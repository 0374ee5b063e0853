package lambdatrigger

import (
	"maps"
	"slices"

	"cognito-user-migration/adapters/internal/rawjson"
	"cognito-user-migration/domain"
)

// refusal is the empty response. It keeps PreventUserExistenceErrors working
// (cognito-facts 16).
const refusal = "{}"

// encode writes the user in Cognito's JSON, with attributes sorted by name. The
// struct of aws-lambda-go lacks enableSMSMFA and cannot leave a field out
// (cognito-facts 9).
func encode(user domain.NewUser) []byte {
	text := append(make([]byte, 0, 1024), `{"userAttributes":{`...)
	names := slices.AppendSeq(make([]string, 0, len(user.Attributes)+1), maps.Keys(user.Attributes))
	if _, there := user.Attributes[usernameAttribute]; user.Username != "" && !there {
		names = append(names, usernameAttribute)
	}
	slices.Sort(names)
	for i, name := range names {
		if i > 0 {
			text = append(text, ',')
		}
		value := user.Attributes[name]
		if name == usernameAttribute && user.Username != "" {
			value = user.Username
		}
		text = append(rawjson.AppendText(text, name), ':')
		text = rawjson.AppendText(text, value)
	}
	text = append(text, '}')
	if user.FinalStatus != "" {
		text = rawjson.AppendText(append(text, `,"finalUserStatus":`...), string(user.FinalStatus))
	}
	if user.SuppressMessage {
		text = append(text, `,"messageAction":"SUPPRESS"`...)
	}
	switch {
	case user.DeliverByEmail && user.DeliverBySMS:
		text = append(text, `,"desiredDeliveryMediums":["EMAIL","SMS"]`...)
	case user.DeliverByEmail:
		text = append(text, `,"desiredDeliveryMediums":["EMAIL"]`...)
	case user.DeliverBySMS:
		text = append(text, `,"desiredDeliveryMediums":["SMS"]`...)
	}
	if user.ForceAliasCreation {
		text = append(text, `,"forceAliasCreation":true`...)
	} else {
		text = append(text, `,"forceAliasCreation":false`...)
	}
	if user.EnableSMSMFA {
		text = append(text, `,"enableSMSMFA":true`...)
	}
	return append(text, '}')
}

// usernameAttribute is the attribute that Cognito uses as the new user's
// username (cognito-facts 10).
const usernameAttribute = "username"
