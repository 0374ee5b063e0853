package lambdatrigger

import (
	"encoding/json"
	"maps"

	"cognito-user-migration/domain"
)

// response is Cognito's JSON of a migrated user. aws-lambda-go's own struct
// cannot be used: it lacks enableSMSMFA and cannot leave a field out
// (cognito-facts 9).
type response struct {
	UserAttributes         map[string]string `json:"userAttributes"`
	FinalUserStatus        string            `json:"finalUserStatus,omitempty"`
	MessageAction          string            `json:"messageAction,omitempty"`
	DesiredDeliveryMediums []string          `json:"desiredDeliveryMediums,omitempty"`
	ForceAliasCreation     bool              `json:"forceAliasCreation"`
	EnableSMSMFA           bool              `json:"enableSMSMFA,omitempty"`
}

// refusal is the empty response that keeps PreventUserExistenceErrors working
// (cognito-facts 16).
const refusal = "{}"

// encode writes the user in Cognito's JSON.
func encode(user domain.NewUser) ([]byte, error) {
	attributes := make(map[string]string, len(user.Attributes)+1)
	maps.Copy(attributes, user.Attributes)
	if user.Username != "" {
		// Cognito takes the name from among the attributes (cognito-facts 10).
		attributes["username"] = user.Username
	}
	r := response{
		UserAttributes:     attributes,
		FinalUserStatus:    string(user.FinalStatus),
		ForceAliasCreation: user.ForceAliasCreation,
		EnableSMSMFA:       user.EnableSMSMFA,
	}
	if user.SuppressMessage {
		r.MessageAction = "SUPPRESS"
	}
	if user.DeliverByEmail {
		r.DesiredDeliveryMediums = append(r.DesiredDeliveryMediums, "EMAIL")
	}
	if user.DeliverBySMS {
		r.DesiredDeliveryMediums = append(r.DesiredDeliveryMediums, "SMS")
	}
	return json.Marshal(r)
}
