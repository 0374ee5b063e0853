package e2e_test

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"testing"
)

// person is somebody who exists once: whatever of them turns up in an output
// came from them.
type person struct {
	username, password, email, phone, name string
}

func newPerson() person {
	id := strings.ToLower(rand.Text()[:12])
	number, _ := rand.Int(rand.Reader, big.NewInt(90_000_000)) // never fails
	return person{
		username: "canary-" + id,
		password: "Pass-" + rand.Text()[:12] + "-1!",
		email:    id + "@canary.example",
		phone:    fmt.Sprintf("+8190%08d", 10_000_000+number.Int64()),
		name:     "Canary " + id,
	}
}

// attributes are the person's, both contacts verified.
func (p person) attributes() map[string]string {
	return map[string]string{
		"email":                 p.email,
		"email_verified":        "true",
		"phone_number":          p.phone,
		"phone_number_verified": "true",
		"name":                  p.name,
	}
}

// The destination's names in events that no peer made.
const (
	someUserPool = "us-east-1_Destination"
	someClient   = "1example23456789"
)

// signIn is the event of a sign-in as Cognito really sends it: no
// clientMetadata, and null wherever there is nothing (cognito-facts 2).
func signIn(username, password string) string {
	return event("UserMigration_Authentication", username, password)
}

// forgotPassword is the event of a forgotten password.
func forgotPassword(username string) string {
	return event("UserMigration_ForgotPassword", username, nil)
}

func event(triggerSource string, username, password any) string {
	return fmt.Sprintf(`{"version":"1","region":"us-east-1","userPoolId":%q,"userName":%s,`+
		`"callerContext":{"awsSdkVersion":"aws-sdk-unknown-unknown","clientId":%q},"triggerSource":%q,`+
		`"request":{"password":%s,"validationData":null,"userAttributes":null},`+
		`"response":{"userAttributes":null,"forceAliasCreation":null,"enableSMSMFA":null,"finalUserStatus":null,"messageAction":null,"desiredDeliveryMediums":null}}`,
		someUserPool, quote(username), someClient, triggerSource, quote(password))
}

func quote(value any) string {
	quoted, err := json.Marshal(value)
	if err != nil {
		panic(err) // a value in a test that is no JSON
	}
	return string(quoted)
}

// change replaces one part of an event, which must be there.
func change(t *testing.T, event, part, by string) string {
	t.Helper()
	if strings.Count(event, part) != 1 {
		t.Fatalf("%s is not once in %s", part, event)
	}
	return strings.Replace(event, part, by, 1)
}
