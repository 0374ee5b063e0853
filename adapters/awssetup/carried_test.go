package awssetup

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"cognito-user-migration/test/peers"
)

func startStrict(t *testing.T) (*peers.StrictPool, *UserPools) {
	t.Helper()
	s := peers.StartStrictPool(t, novel, novelMFA)
	return s, poolsAt(s.URL)
}

// novel is a pool with settings that no SDK knows, at the top and below what it
// knows.
const novel = `{"Id":"us-east-1_pool","Name":"people","Arn":"arn:pool","UsernameAttributes":["email"],
	"SchemaAttributes":[{"Name":"sub","Encrypted":true}],"EstimatedNumberOfUsers":7,
	"EumsSms":{"PoolArn":"arn:sms","Limit":12345678901234567890},"AcrConfiguration":{"Levels":["a","b"]},"DcrConfiguration":{"Enabled":false},"Later":0,
	"Policies":{"PasswordPolicy":{"MinimumLength":8,"Entropy":80},"Novel":{"On":true}},
	"LambdaConfig":{"PreSignUp":"arn:aws:lambda:us-east-1:111111111111:function:other","TriggerOfNextYear":{"LambdaArn":"arn:x"}},
	"AccountRecoverySetting":{"RecoveryMechanisms":[{"Priority":1,"Name":"verified_email","Delay":60},{"Priority":2,"Name":"verified_phone_number"}]},
	"UserPoolTags":{"team":"identity"},"MfaConfiguration":"OPTIONAL","LastModifiedDate":1700000000.5}`

// novelMFA is its MFA configuration, with settings that no SDK knows.
const novelMFA = `{"MfaConfiguration":"OPTIONAL","SoftwareTokenMfaConfiguration":{"Enabled":true,"Issuer":"people"},
	"WebAuthnConfiguration":{"RelyingPartyId":"example.com","Attestation":{"Level":3}},"PushMfaConfiguration":{"Topic":"arn:x","Tries":12345678901234567890}}`

func TestOnlyTheTriggerChangesWhateverThePoolHas(t *testing.T) {
	t.Parallel()
	s, pools := startStrict(t)
	before, mfaBefore, _ := s.Settings()
	change, err := pools.Plan(t.Context(), "us-east-1_pool", function)
	if err != nil {
		t.Fatal(err)
	}
	if err := pools.Apply(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	pool, mfa, _ := s.Settings()
	triggers, _ := pool["LambdaConfig"].(map[string]any)
	if triggers["UserMigration"] != function {
		t.Errorf("the triggers are %v", triggers)
	}
	delete(triggers, "UserMigration")
	if !reflect.DeepEqual(pool, before) || !reflect.DeepEqual(mfa, mfaBefore) {
		t.Errorf("got  %v, %v\nwant %v, %v", pool, mfa, before, mfaBefore)
	}
	restore, err := change.Restore()
	if err != nil || !strings.Contains(string(restore), `"EumsSms"`) || !strings.Contains(string(restore), `12345678901234567890`) {
		t.Errorf("the way back lacks a setting: %s, %v", restore, err)
	}
	detach, err := pools.Plan(t.Context(), "us-east-1_pool", "")
	if err == nil {
		err = pools.Apply(t.Context(), detach)
	}
	if pool, mfa, _ := s.Settings(); err != nil || !reflect.DeepEqual(pool, before) || !reflect.DeepEqual(mfa, mfaBefore) {
		t.Errorf("after it was taken off: %v, %v, %v", pool, mfa, err)
	}
}

func TestAChangeMeanwhileIsDetected(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(pool map[string]any){
		"of a setting that no SDK knows": func(pool map[string]any) { pool["DcrConfiguration"] = map[string]any{"Enabled": true} },
		"of a setting that it knows":     func(pool map[string]any) { pool["UserPoolTags"] = map[string]any{"team": "other"} },
		"that no setting shows":          func(pool map[string]any) { pool["LastModifiedDate"] = 1700000001.5 },
	} {
		t.Run("before the write, "+name, func(t *testing.T) {
			t.Parallel()
			s, pools := startStrict(t)
			s.OnRead(func(reads int, pool map[string]any) {
				if reads == 2 {
					change(pool)
				}
			})
			planned, err := pools.Plan(t.Context(), "us-east-1_pool", function)
			if err != nil {
				t.Fatal(err)
			}
			err = pools.Apply(t.Context(), planned)
			if _, _, writes := s.Settings(); !errors.Is(err, errMovedMeanwhile) || len(writes) != 0 {
				t.Errorf("got %v after %v", err, writes)
			}
		})
	}
	t.Run("after the write", func(t *testing.T) {
		t.Parallel()
		s, pools := startStrict(t)
		s.OnRead(func(reads int, pool map[string]any) {
			if reads == 3 {
				delete(pool, "EumsSms")
			}
		})
		change, err := pools.Plan(t.Context(), "us-east-1_pool", function)
		if err != nil {
			t.Fatal(err)
		}
		err = pools.Apply(t.Context(), change)
		changed, ok := errors.AsType[*ChangedError](err)
		if !ok || len(changed.Fields) != 1 || !strings.Contains(changed.Fields[0], "EumsSms") {
			t.Errorf("got %v", err)
		}
	})
}

func TestErrorsOfTheWriteSayWhatToDo(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		"UserImportInProgressException": "wait for it", "ConcurrentModificationException": "Try again", "FeatureUnavailableInTierException": "feature plan",
	} {
		s, pools := startStrict(t)
		s.Fail(code)
		change, err := pools.Plan(t.Context(), "us-east-1_pool", function)
		if err != nil {
			t.Fatal(err)
		}
		if err := pools.Apply(t.Context(), change); err == nil || !strings.Contains(err.Error(), code) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", code, err)
		}
	}
}
