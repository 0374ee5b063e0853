package e2e_test

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"testing"

	"cognito-user-migration/domain"
	"cognito-user-migration/test/lambdahost"
)

// destinationStub is a stub that is the destination and its queue too: moto cannot
// set codes by email as a user's second factor.
type destinationStub struct {
	*stub

	mu       sync.Mutex
	messages []string
	created  map[string]any // the destination user, as AdminGetUser answers; nil if there is none
}

// newDestinationStub starts one where a user of the source has this profile.
func newDestinationStub(t *testing.T, p person, atSource operation) *destinationStub {
	t.Helper()
	d := &destinationStub{stub: newStubFor(t, p)}
	d.on("AdminGetUser", func(w http.ResponseWriter, r *http.Request, input map[string]any) {
		d.mu.Lock()
		created := maps.Clone(d.created)
		d.mu.Unlock()
		switch {
		case input["UserPoolId"] == stubUserPool:
			atSource(w, r, input)
		case created == nil:
			awsError("UserNotFoundException", "User does not exist.")(w, r, input)
		default:
			answer(created)(w, r, input)
		}
	})
	d.on("SendMessage", func(w http.ResponseWriter, r *http.Request, input map[string]any) {
		body, _ := input["MessageBody"].(string)
		d.mu.Lock()
		d.messages = append(d.messages, body)
		d.mu.Unlock()
		sum := md5.Sum([]byte(body))
		answer(map[string]string{"MessageId": "1", "MD5OfMessageBody": hex.EncodeToString(sum[:])})(w, r, input)
	})
	d.on("ChangeMessageVisibility", answer(map[string]string{}))
	d.on("AdminAddUserToGroup", answer(map[string]string{}))
	d.on("AdminSetUserMFAPreference", func(w http.ResponseWriter, r *http.Request, input map[string]any) {
		d.mu.Lock()
		for settings, factor := range map[string]string{"EmailMfaSettings": "EMAIL_OTP", "SMSMfaSettings": "SMS_MFA"} {
			if input[settings] != nil {
				d.created["PreferredMfaSetting"] = factor
			}
		}
		d.mu.Unlock()
		answer(map[string]string{})(w, r, input)
	})
	return d
}

// functions starts both functions.
func (d *destinationStub) functions(t *testing.T, p person, pairs ...string) (mover, worker *function) {
	t.Helper()
	s := d.settings().with(
		"AWS_ACCESS_KEY_ID", "ASIASTUB", "SOURCE_ROLE_ARN", "", "SOURCE_EXTERNAL_ID", "", // one account
		"AWS_ENDPOINT_URL_SQS", d.url, "COMPLETION_QUEUE_URL", d.url+"/111111111111/completion",
		"COMPLETION_HMAC_KEY", completionKey, "MIGRATE_ATTRIBUTES", "*,custom:legacy_sub=sub",
	).with(pairs...)
	mover = start(t, s)
	worker = launch(t, s, func(c *lambdahost.Config) { c.Args, c.Name = []string{"complete"}, "user-migration-completion" })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := worker.Ready(ctx); err != nil {
		t.Fatalf("the completion function did not start: %v\n%s%s", err, worker.Stdout(), worker.Stderr())
	}
	mover.hidePerson(p)
	worker.hidePerson(p)
	return mover, worker
}

// cognitoCreates makes the destination user of an answer.
func (d *destinationStub) cognitoCreates(p person, of response) {
	d.mu.Lock()
	defer d.mu.Unlock()
	attributes := []map[string]string{{"Name": "sub", "Value": "new-sub"}}
	for name, value := range of.UserAttributes {
		attributes = append(attributes, map[string]string{"Name": name, "Value": value})
	}
	d.created = map[string]any{"Username": p.username, "UserAttributes": attributes, "Enabled": true, "UserStatus": "CONFIRMED"}
}

// queued lists the bodies of the messages.
func (d *destinationStub) queued() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.messages...)
}

// delivers hands the worker a message as Lambda does, and reports whether it is done.
func delivers(t *testing.T, worker *function, body string) bool {
	t.Helper()
	event, err := json.Marshal(map[string]any{"Records": []map[string]any{{
		"messageId": "1", "receiptHandle": "handle", "body": body, "eventSource": "aws:sqs", "awsRegion": "us-east-1",
		"eventSourceARN": "arn:aws:sqs:us-east-1:111111111111:completion", "attributes": map[string]string{"ApproximateReceiveCount": "1"},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	result := worker.invoke(string(event))
	if result.FunctionError != "" {
		t.Fatalf("function error: %s", result.Payload)
	}
	return !strings.Contains(string(result.Payload), `"itemIdentifier"`)
}

// withFactors is a profile at the source with a second factor.
func withFactors(p person, preferred string, factors ...string) operation {
	return profile(p, map[string]any{"UserMFASettingList": factors, "PreferredMfaSetting": preferred})
}

// TestASecondFactorIsCarriedThroughCompletion: from the sign-in at the source to the
// factor that the destination prefers.
func TestASecondFactorIsCarriedThroughCompletion(t *testing.T) {
	t.Parallel()
	on := map[string]any{"Enabled": true, "PreferredMfa": true}
	for factor, row := range map[string]struct {
		enables  bool
		settings string
	}{
		"EMAIL_OTP": {settings: "EmailMfaSettings"},
		"SMS_MFA":   {enables: true, settings: "SMSMfaSettings"},
	} {
		t.Run(factor, func(t *testing.T) {
			t.Parallel()
			p := newPerson()
			d := newDestinationStub(t, p, withFactors(p, factor, factor))
			d.on("AdminInitiateAuth", challenge(factor))
			mover, worker := d.functions(t, p, "MIGRATE_ON_MFA", "carry", "MIGRATE_DESTINATION_MFA", "ON,SMS_MFA,EMAIL_OTP")
			migrated := mover.migrates(signIn(p.username, p.password), domain.ReasonMFARequired)
			if migrated.status() != "CONFIRMED" || migrated.EnableSMSMFA != row.enables {
				t.Errorf("answered %s, enableSMSMFA %t", migrated.status(), migrated.EnableSMSMFA)
			}
			messages := d.queued()
			if len(messages) != 1 || !strings.Contains(messages[0], `"secondFactor":"`+factor+`"`) {
				t.Fatalf("queued %d messages", len(messages))
			}
			if delivers(t, worker, messages[0]) || len(d.inputs("AdminSetUserMFAPreference")) > 0 {
				t.Error("it was completed before the destination had the user")
			}
			d.cognitoCreates(p, migrated)
			for range 2 { // SQS may deliver twice
				if !delivers(t, worker, messages[0]) {
					t.Error("the completion is still owed")
				}
			}
			set := d.inputs("AdminSetUserMFAPreference")
			if len(set) != 1 || !reflect.DeepEqual(set[0][row.settings], on) || set[0]["UserPoolId"] != someUserPool || set[0]["Username"] != p.username {
				t.Errorf("set %v", set)
			}
			if !strings.Contains(worker.Stdout(), `"secondFactor":"`+factor+`"`) {
				t.Error("no record names the factor")
			}
		})
	}
}

// What does not survive is refused, and queues nothing; nor does a user without a
// second factor.
func TestOnlyASecondFactorThatSurvivesIsCarried(t *testing.T) {
	t.Parallel()
	p := newPerson()
	d := newDestinationStub(t, p, withFactors(p, "SOFTWARE_TOKEN_MFA", "SOFTWARE_TOKEN_MFA", "SMS_MFA"))
	mover, _ := d.functions(t, p, "MIGRATE_ON_MFA", "carry", "MIGRATE_DESTINATION_MFA", "ON,SMS_MFA,EMAIL_OTP,SOFTWARE_TOKEN_MFA")
	for _, name := range []string{"SOFTWARE_TOKEN_MFA", "WEB_AUTHN"} {
		d.on("AdminInitiateAuth", challenge(name))
		mover.refuses(signIn(p.username, p.password), domain.ReasonMFANotCarried)
	}
	d.on("AdminInitiateAuth", signedIn(p, nil))
	d.on("AdminGetUser", profile(p, nil))
	mover.migrates(signIn(p.username, p.password), domain.ReasonPasswordAccepted)
	d.on("AdminGetUser", withFactors(p, "EMAIL_OTP", "EMAIL_OTP"))
	mover.refuses(forgotPassword(p.username), domain.ReasonMFANotCarried)
	if messages := d.queued(); len(messages) > 0 {
		t.Errorf("queued %d messages", len(messages))
	}
}

// TestAUserEnrollsANewSecondFactor: the user comes with the password, and completion
// puts them into the group.
func TestAUserEnrollsANewSecondFactor(t *testing.T) {
	t.Parallel()
	p := newPerson()
	d := newDestinationStub(t, p, withFactors(p, "SOFTWARE_TOKEN_MFA", "SOFTWARE_TOKEN_MFA"))
	d.on("AdminInitiateAuth", challenge("SOFTWARE_TOKEN_MFA"))
	mover, worker := d.functions(t, p, "MIGRATE_ON_MFA", "enroll", "MIGRATE_DESTINATION_MFA", "ON,SOFTWARE_TOKEN_MFA", "MIGRATE_MFA_GROUP", "new-factor")
	migrated := mover.migrates(signIn(p.username, p.password), domain.ReasonMFARequired)
	if migrated.status() != "CONFIRMED" || migrated.EnableSMSMFA {
		t.Errorf("answered %s, enableSMSMFA %t", migrated.status(), migrated.EnableSMSMFA)
	}
	messages := d.queued()
	if len(messages) != 1 {
		t.Fatalf("queued %d messages", len(messages))
	}
	d.cognitoCreates(p, migrated)
	if !delivers(t, worker, messages[0]) {
		t.Error("the completion is still owed")
	}
	groups := d.inputs("AdminAddUserToGroup")
	if len(groups) != 1 || groups[0]["GroupName"] != "new-factor" || groups[0]["Username"] != p.username || len(d.inputs("AdminSetUserMFAPreference")) > 0 {
		t.Errorf("added to %v", groups)
	}
}

// Where the destination lets users in without a factor, enroll does not start.
func TestEnrollNeedsADestinationThatRequiresAFactor(t *testing.T) {
	t.Parallel()
	p := newPerson()
	d := newDestinationStub(t, p, profile(p, nil))
	f := launch(t, d.settings().with("MIGRATE_ON_MFA", "enroll", "MIGRATE_DESTINATION_MFA", "OPTIONAL,SOFTWARE_TOKEN_MFA"), func(*lambdahost.Config) {})
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := f.Ready(ctx); err == nil {
		t.Fatal("the function started")
	}
	problems := f.Stderr()
	for _, variable := range []string{"MIGRATE_DESTINATION_MFA: must begin with ON", "MIGRATE_MFA_GROUP: is required", "COMPLETION_QUEUE_URL: is required"} {
		if !strings.Contains(problems, variable) {
			t.Errorf("%q lacks %s", problems, variable)
		}
	}
}
