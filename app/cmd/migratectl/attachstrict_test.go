package main

import (
	"reflect"
	"strings"
	"testing"

	"cognito-user-migration/test/peers"
)

const (
	strictPoolID   = "us-east-1_Strict123"
	strictFunction = "arn:aws:lambda:us-east-1:111111111111:function:user-migration"
	// strictPool has settings that no SDK knows, at several depths.
	strictPool = `{"Id":"us-east-1_Strict123","Name":"people","Arn":"arn:aws:cognito-idp:us-east-1:111111111111:userpool/us-east-1_Strict123",
		"EstimatedNumberOfUsers":12,"LastModifiedDate":1700000000.25,"UserPoolTier":"PLUS","MfaConfiguration":"ON",
		"SchemaAttributes":[{"Name":"sub","Mutable":false,"AttributeDataType":"String","Novel":1}],
		"EumsSms":{"PoolId":"pool-1","Budget":98765432109876543210},"AcrValues":["gold","silver"],"DcrConfiguration":{"Open":false,"Clients":[]},
		"Policies":{"PasswordPolicy":{"MinimumLength":14,"RequireSymbols":true,"Dictionary":{"Languages":["en","ja"]}}},
		"LambdaConfig":{"PostConfirmation":"arn:aws:lambda:us-east-1:111111111111:function:mail","InboundFederation":{"LambdaArn":"arn:aws:lambda:us-east-1:111111111111:function:federation","LambdaVersion":"V1_0"},"Novel":{"LambdaArn":"arn:y"}},
		"UserPoolAddOns":{"AdvancedSecurityMode":"ENFORCED","AdvancedSecurityAdditionalFlows":{"CustomAuthMode":"AUDIT"},"Bots":{"Block":true}}}`
	strictMFA = `{"MfaConfiguration":"ON","SoftwareTokenMfaConfiguration":{"Enabled":true},"WebAuthnConfiguration":{"RelyingPartyId":"example.com","UserVerification":"required","FactorConfiguration":"MULTI_FACTOR_WITH_USER_VERIFICATION","Attestation":"direct"}}`
)

// TestAttachCarriesWhatNoSDKKnows runs the real binary against a pool that resets
// what a request leaves out.
func TestAttachCarriesWhatNoSDKKnows(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		prepare func(*peers.StrictPool)
		code    int
		says    string
		writes  int
	}{
		"only the trigger changes": {nil, 0, "nothing but the trigger has changed", 2},
		"somebody else writes meanwhile": {func(s *peers.StrictPool) {
			s.OnRead(func(reads int, pool map[string]any) {
				if reads == 3 { // after attach has shown what would change
					pool["LastModifiedDate"] = 1700000009.5
				}
			})
		}, exitFailed, "someone else changed the user pool at the same time, so nothing was written; run the command again", 0},
		"an import job runs":              {func(s *peers.StrictPool) { s.Fail("UserImportInProgressException") }, exitFailed, "aws cognito-idp stop-user-import-job", 0},
		"another change is being written": {func(s *peers.StrictPool) { s.Fail("ConcurrentModificationException") }, exitFailed, "Try again", 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := peers.StartStrictPool(t, strictPool, strictMFA)
			if row.prepare != nil {
				row.prepare(s)
			}
			before, mfaBefore, _ := s.Settings()
			got := execute(t, keysOf(s.URL), "attach", "--yes", "--destination-pool", strictPoolID, "--function", "user-migration")
			if got.code != row.code || !strings.Contains(got.out+got.errors, row.says) {
				t.Errorf("code %d\n%s%s", got.code, got.out, got.errors)
			}
			pool, mfa, writes := s.Settings()
			if triggers, _ := pool["LambdaConfig"].(map[string]any); row.code == 0 && triggers["UserMigration"] != strictFunction {
				t.Errorf("the triggers are %v", triggers)
			} else {
				delete(triggers, "UserMigration")
			}
			if len(writes) != row.writes || !reflect.DeepEqual(mfa, mfaBefore) {
				t.Errorf("it wrote %v; MFA is %v", writes, mfa)
			}
			delete(pool, "LastModifiedDate")
			if !reflect.DeepEqual(pool, before) {
				t.Errorf("got  %v\nwant %v", pool, before)
			}
		})
	}
}
