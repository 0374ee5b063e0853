package cognitocalls

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// said is a service that returns the same body to every request.
type said struct{ body []byte }

// Do implements [aws.HTTPClient].
func (s *said) Do(request *http.Request) (*http.Response, error) {
	return &http.Response{
		StatusCode: http.StatusOK, Header: make(http.Header), Request: request,
		Body: io.NopCloser(bytes.NewReader(s.body)), ContentLength: int64(len(s.body)),
	}, nil
}

// FuzzAnswers compares our own reading of answers with the SDK's. We read every answer
// that the SDK reads, and each used field is the same, with two exceptions:
//
//   - An answer with trailing data is an error. The SDK ignores the data.
//   - An answer with a member twice may be an error. The SDK uses the last one, and
//     ignores the type of the other.
//
// We may read an answer that the SDK rejects only if the rejected parts are not used.
func FuzzAnswers(f *testing.F) {
	for _, body := range seeds() {
		f.Add([]byte(body))
	}
	service := new(said)
	sdk := cognitoidentityprovider.New(cognitoidentityprovider.Options{Region: "us-east-1", HTTPClient: service, Credentials: credentials.NewStaticCredentialsProvider("A", "s", "")})
	client := New(sdk, func(*cognitoidentityprovider.Options) {})
	signIn, getUser := new(cognitoidentityprovider.AdminInitiateAuthInput), new(cognitoidentityprovider.AdminGetUserInput)
	signIn.AuthFlow, signIn.UserPoolId, signIn.ClientId = types.AuthFlowTypeAdminUserPasswordAuth, aws.String("us-east-1_A"), aws.String("c")
	getUser.UserPoolId, getUser.Username = aws.String("us-east-1_A"), aws.String("u")
	once := func(o *cognitoidentityprovider.Options) { o.Retryer = aws.NopRetryer{} }
	operations := []struct {
		name      string
		ours, its func(context.Context) (any, error)
		strip     func(answer map[string]any)
	}{
		{"AdminInitiateAuth",
			func(ctx context.Context) (any, error) {
				return signInSeen(client.AdminInitiateAuth(ctx, signIn))
			},
			func(ctx context.Context) (any, error) {
				return signInSeen(sdk.AdminInitiateAuth(ctx, signIn, once))
			},
			func(answer map[string]any) {
				only(answer, "ChallengeName", "AuthenticationResult")
				only(answer["AuthenticationResult"], "IdToken", "AccessToken")
			}},
		{"AdminGetUser",
			func(ctx context.Context) (any, error) { return profileSeen(client.AdminGetUser(ctx, getUser)) },
			func(ctx context.Context) (any, error) { return profileSeen(sdk.AdminGetUser(ctx, getUser, once)) },
			func(answer map[string]any) {
				only(answer, "Enabled", "Username", "UserStatus", "PreferredMfaSetting", "UserMFASettingList", "MFAOptions", "UserAttributes")
				for list, names := range map[string][]string{"MFAOptions": {"DeliveryMedium"}, "UserAttributes": {"Name", "Value"}} {
					elements, _ := answer[list].([]any)
					for _, element := range elements {
						only(element, names...)
					}
				}
			}},
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, operation := range operations {
			service.body = body
			got, err := operation.ours(t.Context())
			want, itsErr := operation.its(t.Context())
			if itsErr != nil && err == nil { // what it stumbles on is not looked at
				service.body = stripped(t, body, operation.strip)
				want, itsErr = operation.its(t.Context())
			}
			switch {
			case err != nil && itsErr == nil && !hasMore(body) && !saysTwice(t, body):
				t.Errorf("%s: %q is an error, %v, and the SDK reads %+v", operation.name, body, err, want)
			case err == nil && itsErr != nil:
				t.Errorf("%s: %q is read as %+v, and the SDK says of %q: %v", operation.name, body, got, service.body, itsErr)
			case err == nil && !reflect.DeepEqual(got, want):
				t.Errorf("%s: %q is read as %+v, and by the SDK as %+v", operation.name, body, got, want)
			}
		}
	})
}

func seeds() []string {
	signIn := `{"ChallengeParameters":{},"AuthenticationResult":{"AccessToken":"eyJ.a.b","ExpiresIn":3600,"IdToken":"eyJ.c.d","RefreshToken":"r","TokenType":"Bearer"}}`
	profile := `{"Enabled":true,"MFAOptions":[{"AttributeName":"phone_number","DeliveryMedium":"SMS"}],"PreferredMfaSetting":"SMS_MFA","UserAttributes":[` +
		`{"Name":"sub","Value":"11111111-2222-4333-8444-555555555555"},{"Name":"name","Value":"\u5c71\u7530 \"hanako\""},{"Name":"email","Value":"a@example.com"}],` +
		`"UserCreateDate":1.700000000123E9,"UserLastModifiedDate":1700000000,"UserMFASettingList":["SMS_MFA","SOFTWARE_TOKEN_MFA"],"UserStatus":"CONFIRMED","Username":"hanako"}`
	return []string{
		signIn, profile, " \r\n\t" + signIn + "\n", profile[:len(profile)/2], signIn[:len(signIn)-1],
		`{"ChallengeName":"SMS_MFA","ChallengeParameters":{"USER_ID_FOR_SRP":"u"},"Session":"s","AvailableChallenges":["SMS_MFA"]}`,
		// Nothing, and null, which is as good.
		``, ` `, "\n", `{}`, `null`, ` null`, "null\n", `{"AuthenticationResult":null,"ChallengeName":null}`, `{"AuthenticationResult":{"IdToken":null}}`,
		`{"AuthenticationResult":{"AccessToken":""}}`, `{"AuthenticationResult":{"AccessToken":null}}`, `{"AuthenticationResult":{"AccessToken":1}}`,
		`{"AuthenticationResult":{"AccessToken":{}}}`, `{"AuthenticationResult":{"AccessToken":"a","AccessToken":""}}`, `{"AuthenticationResult":{"AccessToken":"\u0000"}}`,
		`{"AuthenticationResult":{}}`, `{"AuthenticationResult": null }`,
		`{"Enabled":null,"Username":null,"UserStatus":null,"PreferredMfaSetting":null,"UserMFASettingList":null,"MFAOptions":null,"UserAttributes":null}`,
		`{"UserMFASettingList":[null],"MFAOptions":[null,{"DeliveryMedium":null}],"UserAttributes":[null,{},{"Name":null,"Value":null},{"Name":"a"},{"Value":"b"}]}`,
		`{"UserMFASettingList":["SMS_MFA", null ,""],"MFAOptions":[],"UserAttributes":[]}`,
		// Of another kind.
		`[]`, `""`, `"text"`, `0`, `true`, `nul`, `<html>`, `{"AuthenticationResult":"x"}`, `{"AuthenticationResult":[]}`, `{"AuthenticationResult":{"IdToken":1}}`,
		`{"ChallengeName":1}`, `{"ChallengeName":{}}`, `{"Enabled":"true"}`, `{"Enabled":1}`, `{"Username":true}`, `{"UserStatus":[]}`, `{"PreferredMfaSetting":{}}`,
		`{"UserMFASettingList":"SMS_MFA"}`, `{"UserMFASettingList":[1]}`, `{"UserMFASettingList":{}}`, `{"MFAOptions":{}}`, `{"MFAOptions":[1]}`,
		`{"MFAOptions":[{"DeliveryMedium":1}]}`, `{"UserAttributes":{}}`, `{"UserAttributes":["sub"]}`, `{"UserAttributes":[{"Name":1}]}`, `{"UserAttributes":[{"Value":false}]}`,
		// Where it is not looked at.
		`{"AuthenticationResult":{"ExpiresIn":"soon","IdToken":"t"}}`, `{"Session":1,"ChallengeName":"SMS_MFA"}`, `{"UserCreateDate":"x","Username":"u"}`,
		`{"MFAOptions":[{"AttributeName":1,"DeliveryMedium":"SMS"}]}`, `{"UserCreateDate":1e999}`, `{"username":"u","enabled":true}`,
		// Said twice.
		`{"Username":"a","Username":"b"}`, `{"Username":"a","Username":null}`, `{"Username":1,"Username":"b"}`, `{"Enabled":true,"Enabled":null}`,
		`{"UserAttributes":[{"Name":"a"}],"UserAttributes":[{"Name":"b"}]}`, `{"UserAttributes":[{"Name":"a","Name":"b","Value":"c"},{"Name":"b","Value":"d"}]}`,
		`{"UserMFASettingList":["SMS_MFA"],"UserMFASettingList":null}`, `{"AuthenticationResult":{"IdToken":"a"},"AuthenticationResult":{}}`,
		`{"AuthenticationResult":{"IdToken":"a"},"AuthenticationResult":null}`, `{"ChallengeName":"SMS_MFA","\u0043hallengeName":"MFA_SETUP"}`,
		// More than one thing.
		`{}{}`, `{"Username":"u"} x`, `null,`, `{"Username":"u"}` + "\x00",
		// Texts.
		`{"Username":"\"\\\/\b\f\n\r\t\u0000\u00e9\ud83d\ude00"}`, `{"Username":"\ud800"}`, "{\"Username\":\"\xff\xc3\"}", "{\"User\xffname\":\"u\"}", "{\"Username\":\"a\nb\"}",
		`{"\u0055sername":"u"}`, "{\"Username\":\"\u2028\"}", "\ufeff{}", `{"AuthenticationResult":{"IdToken":"a\u002eb\\"}}`,
		// Depths.
		`{"ClientMetadata":` + strings.Repeat(`[`, 200) + strings.Repeat(`]`, 200) + `,"Username":"u"}`,
		`{"x":` + strings.Repeat(`{"y":`, 100) + `{}` + strings.Repeat(`}`, 100) + `}`, strings.Repeat(`[`, 10001) + strings.Repeat(`]`, 10001),
	}
}

// signInSeen is what is looked at of AdminInitiateAuth's answer.
func signInSeen(answer *cognitoidentityprovider.AdminInitiateAuthOutput, err error) (any, error) {
	type seen struct {
		challenge types.ChallengeNameType
		result    bool
		access    bool
		token     *string
	}
	if err != nil {
		return nil, err
	}
	got := seen{challenge: answer.ChallengeName}
	if result := answer.AuthenticationResult; result != nil {
		got.result, got.access, got.token = true, aws.ToString(result.AccessToken) != "", result.IdToken
	}
	return got, nil
}

// profileSeen is what is looked at of AdminGetUser's answer. A list of nothing is
// as good as none.
func profileSeen(answer *cognitoidentityprovider.AdminGetUserOutput, err error) (any, error) {
	type seen struct {
		enabled             bool
		username, preferred *string
		status              types.UserStatusType
		methods             []string
		media               []types.DeliveryMediumType
		names, values       []*string
	}
	if err != nil {
		return nil, err
	}
	got := seen{
		enabled: answer.Enabled, username: answer.Username, preferred: answer.PreferredMfaSetting, status: answer.UserStatus,
		methods: append([]string(nil), answer.UserMFASettingList...),
	}
	for _, option := range answer.MFAOptions {
		got.media = append(got.media, option.DeliveryMedium)
	}
	for _, attribute := range answer.UserAttributes {
		got.names, got.values = append(got.names, attribute.Name), append(got.values, attribute.Value)
	}
	return got, nil
}

// hasMore holds for an answer with something after its JSON.
func hasMore(body []byte) bool {
	return len(bytes.Trim(body, " \t\r\n")) > 0 && !json.Valid(body)
}

// decode reads JSON as the SDK does: a member that is said twice is what is said
// last.
func decode(t *testing.T, body []byte) any {
	t.Helper()
	if len(bytes.Trim(body, " \t\r\n")) == 0 {
		return nil
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		t.Fatalf("%q is no JSON: %v", body, err)
	}
	return value
}

// saysTwice holds for JSON of which an object has a member twice: more colons
// outside of strings than there are members.
func saysTwice(t *testing.T, body []byte) bool {
	t.Helper()
	colons, inString := 0, false
	for i := 0; i < len(body); i++ {
		switch {
		case body[i] == '"':
			inString = !inString
		case body[i] == '\\': // only in a string
			i++
		case body[i] == ':' && !inString:
			colons++
		}
	}
	return colons > members(decode(t, body))
}

func members(value any) (count int) {
	switch value := value.(type) {
	case map[string]any:
		count = len(value)
		for _, one := range value {
			count += members(one)
		}
	case []any:
		for _, one := range value {
			count += members(one)
		}
	}
	return count
}

// stripped is the answer with nothing in it that is not looked at.
func stripped(t *testing.T, body []byte, strip func(map[string]any)) []byte {
	t.Helper()
	value := decode(t, body)
	if answer, ok := value.(map[string]any); ok {
		strip(answer)
	}
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// only takes all other members from what is an object.
func only(value any, names ...string) {
	if object, ok := value.(map[string]any); ok {
		maps.DeleteFunc(object, func(name string, _ any) bool { return !slices.Contains(names, name) })
	}
}
