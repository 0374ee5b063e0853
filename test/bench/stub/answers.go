package stub

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The user whom the stub knows.
const (
	Username = "alice"
	Password = "Pass-word-1!"
)

// Settings change what the stub answers.
type Settings struct {
	// Delay is the time from a request to its answer, at least; the work of
	// reading the request is within it.
	Delay time.Duration `json:"delay"`
	// Attributes is the number of additional attributes of the user, each with a
	// value of ValueBytes: see [AttributeName].
	Attributes int `json:"attributes"`
	ValueBytes int `json:"value_bytes"`
	// Groups is the number of the user's groups.
	Groups int `json:"groups"`
	// KnownIn is the user pool that has the user; empty for every pool.
	KnownIn string `json:"known_in"`
}

// AttributeName is the name of one of the attributes that [Settings] add,
// counted from zero.
func AttributeName(n int) string { return fmt.Sprintf("custom:a%02d", n) }

const (
	subject   = "5a7d9c1e-0000-4000-8000-000000000001"
	jsonType  = "application/x-amz-json-1.1"
	queryType = "text/xml"
)

// answers has the prepared answer to every operation.
type answers struct {
	settings    Settings
	known       []byte // a text in each request for the pool of the user; nil for every request
	assumeRole  []byte
	signIn      []byte
	profile     []byte
	unknownUser []byte
}

func newAnswers(settings Settings) *answers {
	a := &answers{
		settings:    settings,
		unknownUser: encode(map[string]string{"__type": "UserNotFoundException", "message": "User does not exist."}),
	}
	if settings.KnownIn != "" {
		a.known = encode(settings.KnownIn)
	}
	a.assumeRole = fmt.Appendf(nil, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>`+
		`<AssumedRoleUser><AssumedRoleId>AROAEXAMPLEEXAMPLE12:s</AssumedRoleId><Arn>arn:aws:sts::222222222222:assumed-role/migration/s</Arn></AssumedRoleUser>`+
		`<Credentials><AccessKeyId>ASIAEXAMPLEEXAMPLE12</AccessKeyId><SecretAccessKey>%s</SecretAccessKey><SessionToken>%s</SessionToken>`+
		`<Expiration>%s</Expiration></Credentials></AssumeRoleResult><ResponseMetadata><RequestId>6fd2a2a5-0000-4000-8000-000000000000</RequestId></ResponseMetadata></AssumeRoleResponse>`,
		strings.Repeat("s", 40), strings.Repeat("FQoG", 90), time.Now().Add(time.Hour).UTC().Format(time.RFC3339))

	attributes := []map[string]string{
		{"Name": "sub", "Value": subject},
		{"Name": "email", "Value": "alice@example.com"},
		{"Name": "email_verified", "Value": "true"},
		{"Name": "phone_number", "Value": "+819012345678"},
		{"Name": "phone_number_verified", "Value": "true"},
		{"Name": "name", "Value": "Alice Example"},
	}
	claims := map[string]any{
		"sub": subject, "email": "alice@example.com", "email_verified": true,
		"phone_number": "+819012345678", "phone_number_verified": true, "name": "Alice Example",
		"cognito:username": Username, "token_use": "id", "aud": "1example23456789",
		"iss":        "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_Source001",
		"origin_jti": subject, "jti": subject, "event_id": subject,
		"auth_time": 1700000000, "iat": 1700000000, "exp": 4102444800,
	}
	value := strings.Repeat("v", settings.ValueBytes)
	for n := range settings.Attributes {
		attributes = append(attributes, map[string]string{"Name": AttributeName(n), "Value": value})
		claims[AttributeName(n)] = value
	}
	groups := make([]string, settings.Groups)
	for n := range groups {
		groups[n] = "group-" + strconv.Itoa(n)
	}
	if len(groups) > 0 {
		claims["cognito:groups"] = groups
	}
	a.profile = encode(map[string]any{
		"Username":             Username,
		"UserAttributes":       attributes,
		"UserCreateDate":       1700000000.123,
		"UserLastModifiedDate": 1700000000.123,
		"Enabled":              true,
		"UserStatus":           "CONFIRMED",
	})
	a.signIn = encode(map[string]any{
		"ChallengeParameters": map[string]string{},
		"AuthenticationResult": map[string]any{
			"AccessToken": token(map[string]any{
				"sub": subject, "token_use": "access", "username": Username, "client_id": "1example23456789",
				"scope": "aws.cognito.signin.user.admin", "jti": subject, "origin_jti": subject, "event_id": subject,
			}),
			"IdToken":      token(claims),
			"RefreshToken": strings.Repeat("eyJjdHkiOiJKV1Qi", 110), // of about Cognito's size
			"ExpiresIn":    3600,
			"TokenType":    "Bearer",
		},
	})
	return a
}

// to is the answer to one call.
func (a *answers) to(operation string, body []byte) (status int, contentType string, answer []byte) {
	stranger := a.known != nil && !bytes.Contains(body, a.known)
	switch operation {
	case "AssumeRole":
		return http.StatusOK, queryType, a.assumeRole
	case "AdminInitiateAuth", "AdminGetUser":
		switch {
		case stranger:
			return http.StatusBadRequest, jsonType, a.unknownUser
		case operation == "AdminGetUser":
			return http.StatusOK, jsonType, a.profile
		default:
			return http.StatusOK, jsonType, a.signIn
		}
	case "SendMessage":
		return http.StatusOK, "application/x-amz-json-1.0", encode(map[string]string{
			"MessageId":        subject,
			"MD5OfMessageBody": md5Of(messageBody(body)),
		})
	default:
		return http.StatusBadRequest, jsonType, encode(map[string]string{"__type": "UnknownOperationException"})
	}
}

// token writes a JSON web token. Its signature has the length of Cognito's and is
// not checked.
func token(claims map[string]any) string {
	part := base64.RawURLEncoding.EncodeToString
	return part(encode(map[string]string{"alg": "RS256", "kid": "a key ID of some length, as Cognito's"})) +
		"." + part(encode(claims)) + "." + part(make([]byte, 256))
}

// encode writes JSON; what it is given here always can be.
func encode(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	return text
}
