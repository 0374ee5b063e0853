package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/app/doctor"
	"cognito-user-migration/test/peers"

	"github.com/aws/aws-sdk-go-v2/aws"
	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

// healthy is what doctor says of a set-up in order. The external ID is a warning,
// because moto gives a role without the external ID that its trust policy demands.
// The package doctor tests that check against a stricter source. The schema is one
// because most rows do without it.
func healthy() map[string]doctor.Status {
	all := map[string]doctor.Status{
		"source external ID": doctor.Warn, "destination schema": doctor.Warn, "attributes in ID token": doctor.Skip, "attempt": doctor.Skip,
		"completion queue": doctor.Skip, "completion groups": doctor.Skip, "completion proof": doctor.Skip, "completion retirement": doctor.Skip,
		"audit bus": doctor.Skip, "audit stream": doctor.Skip,
		"claims trigger": doctor.Skip, "claims permission": doctor.Skip, "claims attribute": doctor.Skip, "claims clients": doctor.Skip,
	}
	for _, name := range []string{
		"configuration", "identity", "source role", "source reached", "source pool", "source client", "source client flow",
		"source client secret", "source client errors", "source second factors", "destination pool", "destination client", "destination client flow",
		"destination client errors", "attributes at source", "attributes at destination", "attributes required", "attributes type",
		"attributes length", "username shape", "case sensitivity", "MFA", "trigger", "trigger permission", "function",
		"function timeout", "function memory", "function environment", "audit sinks", "lockout",
	} {
		all[name] = doctor.Pass
	}
	return all
}

// runDoctor runs doctor for a set-up and reads what it says.
func runDoctor(t *testing.T, p *plan, m made, stdin string) (console, map[string]doctor.Check) {
	t.Helper()
	flags := map[string]string{
		"--destination-pool": m.poolID, "--destination-client": m.clientID, "--function": m.functionName,
		"--source-aws-profile": sourceProfile,
	}
	for name, value := range p.args {
		flags[name] = value
	}
	args := []string{"doctor", "--json"}
	for name, value := range flags {
		if value != "" {
			args = append(args, name, value)
		}
	}
	if stdin != "" {
		args = append(args, "--password-stdin")
	}
	got := runTool(t, m.environ, stdin, args...)
	return got, checksOf(t, got)
}

// checksOf reads the checks that doctor printed, by their names.
func checksOf(t *testing.T, got console) map[string]doctor.Check {
	t.Helper()
	var read struct{ Checks []doctor.Check }
	if err := json.Unmarshal([]byte(got.out), &read); err != nil {
		t.Fatalf("%v: %v in %s%s", got.err, err, got.out, got.notes)
	}
	checks := make(map[string]doctor.Check)
	for _, check := range read.Checks {
		checks[check.Name] = check
	}
	return checks
}

// compare holds every check against what is expected: those of a healthy set-up
// but for the ones named.
func compare(t *testing.T, checks map[string]doctor.Check, but map[string]doctor.Status) {
	t.Helper()
	want := healthy()
	for name, status := range but {
		want[name] = status
	}
	for name, status := range want {
		if check, there := checks[name]; !there || check.Status != status {
			t.Errorf("%s is %s, not %s: %s", name, check.Status, status, check.Saw)
		}
	}
	for name, check := range checks {
		if _, known := want[name]; !known {
			t.Errorf("%s is new here: %s", name, check.Status)
		}
		if (check.Status == doctor.Fail || check.Status == doctor.Warn) && check.Remedy == "" && name != "attempt" {
			t.Errorf("%s says nothing of what to do", name)
		}
		if check.Saw == "" {
			t.Errorf("%s says nothing of what it saw", name)
		}
	}
}

func failing(but map[string]doctor.Status) bool {
	for _, status := range but {
		if status == doctor.Fail {
			return true
		}
	}
	return false
}

func TestDoctorFindsEachFaultAndHidesNoOther(t *testing.T) {
	a := startAccounts(t)
	const pass, warn, fail, skip = doctor.Pass, doctor.Warn, doctor.Fail, doctor.Skip
	type statuses = map[string]doctor.Status
	noSource := statuses{"source reached": fail, "source pool": fail, "source client": skip, "source client flow": skip,
		"source client secret": skip, "source client errors": skip, "source second factors": skip, "attributes at source": skip, "username shape": skip,
		"case sensitivity": skip, "MFA": skip, "function environment": warn}
	rules := func(text string) func(*plan) { return func(p *plan) { p.environ["MIGRATE_ATTRIBUTES"] = text } }
	for name, row := range map[string]struct {
		change func(*plan)
		but    statuses
		saw    string // in the first check that differs in name
		of     string
	}{
		"nothing":                         {change: func(*plan) {}},
		"a variable that nothing reads":   {func(p *plan) { p.ours["MIGRATE_FOO"] = "1" }, statuses{"configuration": fail, "function environment": warn}, "unknown variable MIGRATE_FOO", "configuration"},
		"a setting that is unwise":        {func(p *plan) { p.environ["MIGRATE_VERIFIED_CONTACTS"] = "always" }, statuses{"configuration": warn}, "MIGRATE_VERIFIED_CONTACTS=always", "configuration"},
		"rules that cannot be read":       {func(p *plan) { p.ours["MIGRATE_ATTRIBUTES"] = "email,sub" }, statuses{"configuration": fail, "attributes at source": skip, "attributes at destination": skip, "attributes required": skip, "attributes type": skip, "attributes length": skip, "destination schema": pass, "username shape": skip, "MFA": skip, "function environment": warn}, "MIGRATE_ATTRIBUTES: rule 2", "configuration"},
		"no app client named":             {func(p *plan) { p.ours["SOURCE_CLIENT_ID"] = "" }, statuses{"configuration": fail, "source reached": skip, "source second factors": skip, "source client": skip, "source client flow": skip, "source client secret": skip, "source client errors": skip, "function environment": warn}, "SOURCE_CLIENT_ID: is required", "configuration"},
		"no role":                         {func(p *plan) { p.ours["SOURCE_ROLE_ARN"], p.ours["SOURCE_EXTERNAL_ID"] = "", "" }, statuses{"source external ID": skip, "source reached": fail, "source second factors": skip, "function environment": warn}, "own credentials", "source role"},
		"no external ID":                  {func(p *plan) { p.ours["SOURCE_EXTERNAL_ID"] = "" }, statuses{"configuration": warn, "function environment": warn}, "without one", "source external ID"},
		"a source pool that is not there": {func(p *plan) { p.ours["SOURCE_USER_POOL_ID"] = "us-east-1_nonesuch" }, noSource, "ResourceNotFoundException", "source pool"},
		"a source client that is not there": {func(p *plan) { p.ours["SOURCE_CLIENT_ID"] = "nonesuch" }, statuses{"source client": fail, "source client flow": skip, "source client secret": skip, "source client errors": skip, "function environment": warn},
			"DescribeUserPoolClient: ResourceNotFoundException", "source client"},
		"a flow that the source's client does not allow": {func(p *plan) {
			p.sourceClient.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserSrpAuth}
		}, statuses{"source client flow": fail}, "ALLOW_USER_SRP_AUTH", "source client flow"},
		"the flow by its old name": {change: func(p *plan) {
			p.sourceClient.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAdminNoSrpAuth}
		}},
		"a secret that is not set":         {func(p *plan) { p.sourceClient.GenerateSecret = true }, statuses{"source client secret": fail}, "SOURCE_CLIENT_SECRET is not set", "source client secret"},
		"a secret that the client has not": {func(p *plan) { p.environ["SOURCE_CLIENT_SECRET"] = "S3cr3tOfNobody" }, statuses{"source client secret": fail}, "has none", "source client secret"},
		"a secret that is another": {func(p *plan) {
			p.sourceClient.GenerateSecret, p.environ["SOURCE_CLIENT_SECRET"] = true, "S3cr3tOfNobody"
		}, statuses{"source client secret": fail}, "is not the app client's secret", "source client secret"},
		"a source that conceals its users": {func(p *plan) { p.sourceClient.PreventUserExistenceErrors = types.PreventUserExistenceErrorTypesEnabled }, statuses{"source client errors": warn}, "ENABLED", "source client errors"},
		"a destination that is not there":  {func(p *plan) { p.args["--destination-pool"] = "us-east-1_nonesuch" }, statuses{"destination pool": fail, "destination client": skip, "destination client flow": skip, "destination client errors": skip, "attributes at destination": skip, "attributes required": skip, "attributes type": skip, "attributes length": skip, "destination schema": skip, "username shape": skip, "case sensitivity": skip, "MFA": skip, "trigger": skip, "trigger permission": skip}, "ResourceNotFoundException", "destination pool"},
		"a client that is not there":       {func(p *plan) { p.args["--destination-client"] = "nonesuch" }, statuses{"destination client": fail, "destination client flow": skip, "destination client errors": skip}, "ResourceNotFoundException", "destination client"},
		"a client that signs in by SRP": {func(p *plan) {
			p.client.ExplicitAuthFlows = []types.ExplicitAuthFlowsType{types.ExplicitAuthFlowsTypeAllowUserSrpAuth}
		}, statuses{"destination client flow": fail}, "never invoke the trigger", "destination client flow"},
		"a client that tells who exists":    {func(p *plan) { p.client.PreventUserExistenceErrors = types.PreventUserExistenceErrorTypesLegacy }, statuses{"destination client errors": warn}, "LEGACY", "destination client errors"},
		"refusals that tell who exists":     {func(p *plan) { p.environ["MIGRATE_REFUSAL"] = "explain" }, statuses{"configuration": warn, "destination client errors": warn}, "explain", "destination client errors"},
		"a rule that reads what is nowhere": {rules("email,custom:tenant=custom:nowhere"), statuses{"attributes at source": fail}, "custom:nowhere", "attributes at source"},
		"a rule that sets what is nowhere":  {rules("email,custom:nowhere=custom:tenant"), statuses{"attributes at destination": fail, "destination schema": pass}, "custom:nowhere", "attributes at destination"},
		"a token without the attributes": {func(p *plan) {
			p.environ["SOURCE_PROFILE"], p.sourceClient.ReadAttributes = "id_token", []string{"email", "email_verified", "name"}
		}, statuses{"attributes in ID token": fail}, "custom:tenant", "attributes in ID token"},
		"a token with them": {func(p *plan) {
			p.environ["SOURCE_PROFILE"], p.sourceClient.ReadAttributes = "id_token", []string{"email", "email_verified", "name", "custom:tenant"}
		}, statuses{"attributes in ID token": pass}, "may read", "attributes in ID token"},
		"a profile read beside the sign-in": {func(p *plan) {
			p.environ["SOURCE_PROFILE"], p.sourceClient.ReadAttributes = "concurrent", []string{"email"}
		}, statuses{}, "read by AdminGetUser", "attributes in ID token"},
		"an attribute required and without a rule": {func(p *plan) { p.pool.Schema = schema(required("given_name")) }, statuses{"attributes required": fail}, "given_name is required", "attributes required"},
		"an attribute required and at times absent": {func(p *plan) { p.pool.Schema = schema(required("name")) }, statuses{"attributes required": warn},
			"who lacks it", "attributes required"},
		"a type that is another":   {rules("email,custom:seats=custom:tenant"), statuses{"attributes type": fail}, "custom:seats is a Number", "attributes type"},
		"a text that is no number": {rules("email,custom:seats='many'"), statuses{"attributes type": fail}, "custom:seats is a Number", "attributes type"},
		"a length that is shorter": {func(p *plan) { p.pool.Schema = schema(text("tenant", "1", "8")) }, statuses{"attributes length": warn}, "lengths 1..8", "attributes length"},
		"a text that is too long":  {rules("email,custom:tenant='" + strings.Repeat("x", 65) + "'"), statuses{"attributes length": fail}, "not within lengths 1..64", "attributes length"},
		"a schema that is not set": {func(*plan) {}, statuses{}, "Cognito does not create the user", "destination schema"},
		"a schema that is the pool's": {func(p *plan) {
			p.environ["MIGRATE_DESTINATION_SCHEMA"] = "custom:tenant=String 1..64, custom:seats=Number 0..100, custom:legacy_sub"
		},
			statuses{"destination schema": pass}, "is the pool's", "destination schema"},
		"a schema that was the pool's": {func(p *plan) {
			p.environ["MIGRATE_DESTINATION_SCHEMA"], p.pool.Schema = "custom:tenant=1..64,custom:seats=Number 0..100", schema(text("tenant", "1", "8"))
		}, statuses{"attributes length": warn, "destination schema": fail}, "it is custom:seats=Number 0..100,custom:tenant=1..64", "destination schema"},
		"a schema that lacks what a rule sets": {func(p *plan) {
			p.ours["MIGRATE_DESTINATION_SCHEMA"] = "custom:seats=Number 0..100,preferred_username=required"
		},
			statuses{"configuration": fail, "attributes at source": skip, "attributes at destination": skip, "attributes required": skip, "attributes type": skip, "attributes length": skip, "destination schema": fail, "username shape": skip, "MFA": skip, "function environment": warn},
			"it is custom:seats", "destination schema"},
		"a schema that cannot be read": {func(p *plan) { p.ours["MIGRATE_DESTINATION_SCHEMA"] = "custom:tenant=Text" },
			statuses{"configuration": fail, "destination schema": fail, "function environment": warn}, "MIGRATE_DESTINATION_SCHEMA: item 1", "configuration"},
		"an attribute that is set once": {change: func(p *plan) {
			tenant := text("tenant", "1", "64")
			tenant.Mutable = aws.Bool(false)
			p.pool.Schema = schema(tenant)
		}, saw: "for good: custom:tenant", of: "attributes at destination"},
		"a destination that makes the usernames": {func(p *plan) {
			p.pool.UsernameAttributes = []types.UsernameAttributeType{types.UsernameAttributeTypeEmail}
		}, statuses{"username shape": fail}, "Cognito makes its own there", "username shape"},
		"the same, with names left out": {change: func(p *plan) {
			p.pool.UsernameAttributes = []types.UsernameAttributeType{types.UsernameAttributeTypeEmail}
			p.environ["MIGRATE_USERNAME"] = "omit"
		}},
		"the same, without an email": {func(p *plan) {
			p.pool.UsernameAttributes = []types.UsernameAttributeType{types.UsernameAttributeTypeEmail}
			p.environ["MIGRATE_USERNAME"], p.environ["MIGRATE_ATTRIBUTES"] = "omit", "name"
		}, statuses{"destination schema": pass, "username shape": fail}, "no rule gives email", "username shape"},
		"a name that looks like an email": {func(p *plan) {
			p.sourcePool.AliasAttributes = []types.AliasAttributeType{types.AliasAttributeTypeEmail}
			p.pool.AliasAttributes = p.sourcePool.AliasAttributes
			p.environ["MIGRATE_USERNAME"] = "submitted"
		}, statuses{"username shape": fail}, "no username may look like one", "username shape"},
		"aliases that the destination lacks": {func(p *plan) {
			p.sourcePool.AliasAttributes = []types.AliasAttributeType{types.AliasAttributeTypePhoneNumber}
		}, statuses{"username shape": warn}, "phone_number", "username shape"},
		"letter case that begins to matter": {func(p *plan) { p.pool.UsernameConfiguration.CaseSensitive = aws.Bool(true) }, statuses{"case sensitivity": warn}, "becomes two users", "case sensitivity"},
		"letter case that ceases to matter": {func(p *plan) { p.sourcePool.UsernameConfiguration = nil }, statuses{"case sensitivity": warn}, "lower-cases", "case sensitivity"},
		"a second factor for everyone":      {func(p *plan) { p.sourcePool.MfaConfiguration = types.UserPoolMfaTypeOn }, statuses{"MFA": fail}, "every user is refused", "MFA"},
		"a second factor for some":          {func(p *plan) { p.sourcePool.MfaConfiguration = types.UserPoolMfaTypeOptional }, statuses{"MFA": warn}, "users with a second factor are refused", "MFA"},
		"a second factor by SMS, and MFA off": {func(p *plan) {
			p.sourcePool.MfaConfiguration, p.sourcePool.SmsConfiguration = types.UserPoolMfaTypeOptional, sms()
			p.environ["MIGRATE_ON_MFA"], p.environ["MIGRATE_ATTRIBUTES"] = "migrate", "email,phone_number"
		}, statuses{"configuration": warn, "destination schema": pass, "MFA": fail}, "MFA off", "MFA"},
		"a second factor by SMS, and no SMS": {func(p *plan) {
			p.sourcePool.MfaConfiguration, p.sourcePool.SmsConfiguration = types.UserPoolMfaTypeOptional, sms()
			p.pool.MfaConfiguration = types.UserPoolMfaTypeOptional
			p.environ["MIGRATE_ON_MFA"], p.environ["MIGRATE_ATTRIBUTES"] = "migrate", "email,phone_number"
		}, statuses{"configuration": warn, "destination schema": pass, "MFA": fail}, "no SMS configuration", "MFA"},
		"no trigger":                         {func(p *plan) { p.attached = false }, statuses{"trigger": fail}, "no user migration trigger", "trigger"},
		"a trigger that is another function": {func(p *plan) { p.trigger = otherFunction }, statuses{"trigger": fail}, "another function", "trigger"},
		"no permission":                      {func(p *plan) { p.permission = nil }, statuses{"trigger permission": fail}, "does not allow", "trigger permission"},
		"a permission for another pool":      {func(p *plan) { p.permission.SourceArn = aws.String(otherPool) }, statuses{"trigger permission": fail}, otherPool, "trigger permission"},
		"a permission for every pool":        {func(p *plan) { p.anyPool = true }, statuses{"trigger permission": warn}, "for any pool", "trigger permission"},
		"a permission for another service":   {func(p *plan) { p.permission.Principal = aws.String("events.amazonaws.com") }, statuses{"trigger permission": fail}, "does not allow", "trigger permission"},
		"a function that is not there":       {func(p *plan) { p.args["--function"] = "nonesuch" }, statuses{"function": fail, "trigger": skip, "trigger permission": skip, "function timeout": skip, "function memory": skip, "function environment": skip}, "ResourceNotFoundException", "function"},
		"a timeout that is too short":        {func(p *plan) { p.function.Timeout = aws.Int32(1) }, statuses{"function timeout": fail}, "1s", "function timeout"},
		"a timeout that is short":            {func(p *plan) { p.function.Timeout = aws.Int32(3) }, statuses{"function timeout": warn}, "3s", "function timeout"},
		"a timeout that is long":             {func(p *plan) { p.function.Timeout = aws.Int32(30) }, statuses{"function timeout": warn}, "30s", "function timeout"},
		"memory that is small":               {func(p *plan) { p.function.MemorySize = aws.Int32(128) }, statuses{"function memory": warn}, "128 MB", "function memory"},
		"an environment that is another":     {func(p *plan) { p.theirs["MIGRATE_ON_MFA"] = "migrate" }, statuses{"function environment": warn}, "MIGRATE_ON_MFA is set there", "function environment"},
		"completion in order":                {change: finishing, but: finished(statuses{}), saw: "SQS's own keys", of: "completion queue"},
		"a queue under a key of its own": {finishingBut(func(p *plan) {
			p.queue["SqsManagedSseEnabled"], p.queue["KmsMasterKeyId"] = "false", "alias/completion"
		}), finished(statuses{}), "alias/completion", "completion queue"},
		"a queue that is not there": {finishingBut(func(p *plan) {
			p.queue, p.environ["COMPLETION_QUEUE_URL"] = nil, a.moto.URL+"/"+peers.DestinationAccountID+"/nonesuch"
		}), finished(statuses{"completion queue": fail}), "NonExistentQueue", "completion queue"},
		"a queue that is not named": {finishingBut(func(p *plan) { p.ours["COMPLETION_QUEUE_URL"] = "" }),
			finished(statuses{"configuration": fail, "completion queue": skip, "function environment": warn}), "COMPLETION_QUEUE_URL: is required", "configuration"},
		"a queue that is not encrypted": {finishingBut(func(p *plan) { p.queue["SqsManagedSseEnabled"] = "false" }),
			finished(statuses{"completion queue": fail}), "not encrypted", "completion queue"},
		"no dead-letter queue": {finishingBut(func(p *plan) { delete(p.queue, "RedrivePolicy") }),
			finished(statuses{"completion queue": fail}), "no dead-letter queue", "completion queue"},
		"messages that die early": {finishingBut(func(p *plan) { p.queue["RedrivePolicy"] = redrive(5) }),
			finished(statuses{"completion queue": warn}), "after 5 receives", "completion queue"},
		"a group that is not there": {finishingBut(func(p *plan) { p.groups = []string{"admins", "editors"} }),
			finished(statuses{"completion groups": fail}), "no group writers", "completion groups"},
		"a group that is to be created": {finishingBut(func(p *plan) {
			p.groups, p.environ["COMPLETION_CREATE_GROUPS"] = []string{"admins"}, "true"
		}), finished(statuses{}), "create writers", "completion groups"},
		"groups alone": {finishingBut(func(p *plan) { delete(p.environ, "COMPLETION_AFTER") }),
			finished(statuses{"completion retirement": skip}), "keep", "completion retirement"},
		"retirement alone": {finishingBut(func(p *plan) { delete(p.environ, "COMPLETION_GROUPS") }),
			finished(statuses{"completion groups": skip}), "COMPLETION_GROUPS is not set", "completion groups"},
		"a word for what becomes of users that is none": {finishingBut(func(p *plan) { p.ours["COMPLETION_AFTER"] = "archive" }),
			statuses{"configuration": fail, "function environment": warn}, "because configuration failed", "completion queue"},
		"a lockout table in order":         {counting("nameDigest", "expiresAt"), statuses{}, "time to live by expiresAt", "lockout"},
		"a lockout table with another key": {counting("name", "expiresAt"), statuses{"lockout": fail}, "its key is name (S)", "lockout"},
		"a lockout table that keeps all":   {counting("nameDigest", ""), statuses{"lockout": warn}, "time to live is off", "lockout"},
		"a lockout table that is not there": {func(p *plan) { p.environ["LOCKOUT_TABLE"] = "nonesuch" },
			statuses{"lockout": fail}, "ResourceNotFoundException", "lockout"},
		"a lockout table without a key to digest names": {func(p *plan) {
			counting("nameDigest", "expiresAt")(p)
			p.ours["AUDIT_HMAC_KEY"] = ""
		}, statuses{"configuration": fail, "lockout": skip, "function environment": warn}, "LOCKOUT_TABLE: needs AUDIT_HMAC_KEY", "configuration"},
		"a lockout table with a key that is short": {func(p *plan) {
			counting("nameDigest", "expiresAt")(p)
			p.ours["AUDIT_HMAC_KEY"] = "short"
		}, statuses{"configuration": fail, "lockout": skip, "function environment": warn}, "AUDIT_HMAC_KEY: expected", "configuration"},
		"records on the bus that every account has": {func(p *plan) { p.environ["AUDIT_SINKS"], p.environ["AUDIT_FAILURE"] = "log,eventbridge", "closed" },
			statuses{"audit bus": doctor.Pass}, "event-bus/default", "audit bus"},
		"a bus that is not there": {func(p *plan) { p.environ["AUDIT_SINKS"], p.environ["AUDIT_EVENT_BUS"] = "log,eventbridge", "nonesuch" },
			statuses{"audit bus": fail}, "nonesuch", "audit bus"},
		"a stream that is not there": {func(p *plan) {
			p.environ["AUDIT_SINKS"], p.environ["AUDIT_FIREHOSE_STREAM"] = "log,firehose", "nonesuch"
		},
			statuses{"audit stream": fail}, "nonesuch", "audit stream"},
		"a stream that is not named": {func(p *plan) { p.ours["AUDIT_SINKS"] = "log,firehose" },
			statuses{"configuration": fail, "function environment": warn}, "AUDIT_FIREHOSE_STREAM: is required", "configuration"},
		"a sink that is none": {func(p *plan) { p.ours["AUDIT_SINKS"], p.ours["AUDIT_EVENT_BUS"] = "syslog", "audit" },
			statuses{"configuration": fail, "function environment": warn, "audit sinks": skip}, "AUDIT_SINKS: expected", "configuration"},
		"nothing told": {func(p *plan) {
			p.args["--destination-pool"], p.args["--destination-client"], p.args["--function"] = "", "", ""
		}, statuses{"destination pool": skip, "destination client": skip, "destination client flow": skip, "destination client errors": skip, "attributes at destination": skip, "attributes required": skip, "attributes type": skip, "attributes length": skip, "destination schema": skip, "username shape": skip, "case sensitivity": skip, "MFA": skip, "trigger": skip, "trigger permission": skip, "function": skip, "function timeout": skip, "function memory": skip, "function environment": skip}, "--destination-pool is not given", "destination pool"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := healthyPlan()
			row.change(p)
			m := a.build(t, p, strings.Map(letters, name))
			got, checks := runDoctor(t, p, m, "")
			compare(t, checks, row.but)
			if row.of != "" && !strings.Contains(checks[row.of].Saw, row.saw) {
				t.Errorf("%s saw %q, not %q", row.of, checks[row.of].Saw, row.saw)
			}
			if failing(row.but) != (got.err != nil) {
				t.Errorf("it ends with %v", got.err)
			}
			for _, secret := range []string{p.environ["AUDIT_HMAC_KEY"], m.sourceSecret, "S3cr3tOfNobody", a.source.ExternalID} {
				if secret != "" && strings.Contains(got.out+got.notes, secret) {
					t.Errorf("a secret is shown: %s", got.out)
				}
			}
		})
	}
}

// finishingBut makes moves be finished, with one thing changed.
func finishingBut(change func(*plan)) func(*plan) {
	return func(p *plan) {
		finishing(p)
		change(p)
	}
}

// finished adds to what is expected what doctor says of completion in order.
func finished(but map[string]doctor.Status) map[string]doctor.Status {
	for _, name := range []string{"completion queue", "completion groups", "completion proof", "completion retirement"} {
		if _, there := but[name]; !there {
			but[name] = doctor.Pass
		}
	}
	return but
}

const (
	otherFunction = "arn:aws:lambda:us-east-1:111111111111:function:other"
	otherPool     = "arn:aws:cognito-idp:us-east-1:111111111111:userpool/us-east-1_other"
)

// letters makes a name that AWS takes of a sentence.
func letters(r rune) rune {
	if r < 'a' || r > 'z' {
		return '-'
	}
	return r
}

func sms() *types.SmsConfigurationType {
	return &types.SmsConfigurationType{SnsCallerArn: aws.String("arn:aws:iam::222222222222:role/sms"), ExternalId: aws.String("sms")}
}

func TestDoctorPrintsTheWorstFirstInShortLines(t *testing.T) {
	a := startAccounts(t)
	p := healthyPlan()
	p.permission = nil
	m := a.build(t, p, "text")
	got := runTool(t, m.environ, "", "doctor", "--destination-pool", m.poolID, "--destination-client", m.clientID,
		"--function", m.functionARN, "--source-aws-profile", sourceProfile)
	if got.err == nil || !strings.Contains(got.err.Error(), fmt.Sprintf("1 of %d checks failed", len(healthy()))) {
		t.Errorf("it ends with %v", got.err)
	}
	if !strings.HasPrefix(got.out, "1 fail, 2 warn, ") || strings.Contains(got.out, "\x1b") {
		t.Errorf("no summary, or colours, in\n%s", got.out)
	}
	checks := 0
	var statuses []string
	for line := range strings.Lines(got.out) {
		if strings.HasPrefix(line, " ") || !strings.Contains(line, "  ") {
			continue
		}
		checks++
		if status := line[:4]; !slices.Contains(statuses, status) {
			statuses = append(statuses, status)
		}
		if length := len([]rune(strings.TrimSuffix(line, "\n"))); length > 80 {
			t.Errorf("%d columns: %s", length, line)
		}
	}
	if checks != len(healthy()) || !slices.Equal(statuses, []string{"fail", "warn", "pass", "skip"}) {
		t.Errorf("%d lines for %d checks, in the order %q", checks, len(healthy()), statuses)
	}
	if !strings.Contains(got.out, "-> aws lambda add-permission --function-name "+m.functionARN+" --statement-id") || !strings.Contains(got.out, " --region "+peers.Region+" --source-account "+peers.DestinationAccountID+"\n") {
		t.Errorf("no command to mend it in\n%s", got.out)
	}
	t.Logf("\n%s", got.out)
}

// TestDoctorReadsTheFunctionsOwnVariables: an environment without any of them is
// that of an operator who gives --function alone.
func TestDoctorReadsTheFunctionsOwnVariables(t *testing.T) {
	a := startAccounts(t)
	p := healthyPlan()
	p.theirs["MIGRATE_DESTINATION_SCHEMA"] = "custom:tenant=1..64"
	m := a.build(t, p, "own")
	got := runTool(t, nil, "", "doctor", "--function", m.functionName, "--source-aws-profile", sourceProfile, "--json")
	checks := checksOf(t, got)
	for name, saw := range map[string]string{
		"configuration": "in order", "source pool": m.sourcePoolID, "destination pool": m.poolID, "destination client": m.clientID,
		"trigger": m.functionARN, "trigger permission": "for this pool", "function environment": "the same",
	} {
		if checks[name].Status != doctor.Pass || !strings.Contains(checks[name].Saw, saw) {
			t.Errorf("%s is %s: %s", name, checks[name].Status, checks[name].Saw)
		}
	}
	if checks["destination schema"].Status != doctor.Fail { // not the pool's: the function's variable was read
		t.Errorf("the schema: %v", checks["destination schema"])
	}
	t.Run("a secret that the operator cannot read", func(t *testing.T) {
		p := healthyPlan()
		p.theirs["AUDIT_HMAC_KEY"], p.theirs["SOURCE_CLIENT_SECRET"] = "ssm:/none/of/yours", "ssm:/none/either"
		m := a.build(t, p, "secret")
		got := runTool(t, nil, "", "doctor", "--function", m.functionName, "--source-aws-profile", sourceProfile, "--json")
		if got.err != nil || !strings.Contains(got.out, "SOURCE_CLIENT_SECRET: you cannot read the secret") {
			t.Errorf("it ends with %v\n%s", got.err, got.out)
		}
	})
	t.Run("variables in one variable", func(t *testing.T) {
		p := healthyPlan()
		p.theirs["MIGRATE_ATTRIBUTES"] = ""
		p.theirs["SOURCE_VARIABLES"] = `{"MIGRATE_ATTRIBUTES":"email,custom:tenant","SOURCE_MFA":"OFF"}`
		m := a.build(t, p, "packed")
		got := runTool(t, nil, "", "doctor", "--function", m.functionName, "--source-aws-profile", sourceProfile, "--json")
		if got.err != nil || !strings.Contains(got.out, "custom:tenant") || strings.Contains(got.out, "SOURCE_VARIABLES") {
			t.Errorf("it ends with %v\n%s", got.err, got.out)
		}
	})
	t.Run("a problem in that variable hides no other check", func(t *testing.T) {
		p := healthyPlan()
		p.theirs["SOURCE_VARIABLES"] = `{"MIGRATE_ATTRIBUTES":"email","OLD_KIND":"ldap"}`
		m := a.build(t, p, "conflict")
		got := runTool(t, nil, "", "doctor", "--function", m.functionName, "--source-aws-profile", sourceProfile)
		for _, want := range []string{"MIGRATE_ATTRIBUTES: is set on its own and in SOURCE_VARIABLES; remove one", "unknown variable OLD_KIND", m.sourcePoolID} {
			if !strings.Contains(strings.Join(strings.Fields(got.out), " "), want) {
				t.Errorf("no %q in\n%s", want, got.out)
			}
		}
	})
	t.Run("several app clients", func(t *testing.T) {
		p := healthyPlan()
		m := a.build(t, p, "clients")
		if _, err := a.here.CreateUserPoolClient(t.Context(), &cognito.CreateUserPoolClientInput{UserPoolId: &m.poolID, ClientName: aws.String("another")}); err != nil {
			t.Fatal(err)
		}
		got := runTool(t, nil, "", "doctor", "--function", m.functionName)
		if !strings.Contains(got.notes, m.poolID+" has 2 app clients; give the one of your app as --destination-client") {
			t.Errorf("no note in %s", got.notes)
		}
	})
	t.Run("variables in the environment come first", func(t *testing.T) {
		got := runTool(t, []string{"SOURCE_USER_POOL_ID=" + m.sourcePoolID, "SOURCE_CLIENT_ID=choose-your-own"}, "", "doctor", "--function", m.functionName)
		if got.err == nil || !strings.Contains(got.out, "SOURCE_CLIENT_ID") {
			t.Errorf("it ends with %v\n%s", got.err, got.out)
		}
	})
	t.Run("a function that is not there", func(t *testing.T) {
		got := runTool(t, nil, "", "doctor", "--function", "nonesuch")
		if got.err == nil || !strings.Contains(got.out, "variables could not be read:") {
			t.Errorf("it ends with %v\n%s", got.err, got.out)
		}
	})
}

func TestDoctorChangesNothing(t *testing.T) {
	a := startAccounts(t)
	p := healthyPlan()
	m := a.build(t, p, "unchanged")
	before := a.state(t, m)
	if _, checks := runDoctor(t, p, m, ""); len(checks) != len(healthy()) {
		t.Errorf("%d checks", len(checks))
	}
	if after := a.state(t, m); after != before {
		t.Errorf("it was\n%s\nand is\n%s", before, after)
	}
}

// state is all of a set-up that doctor could touch.
func (a *accounts) state(t *testing.T, m made) string {
	t.Helper()
	var all []any
	for i, client := range []*cognito.Client{a.there, a.here} {
		pool := []string{m.sourcePoolID, m.poolID}[i]
		read, err := client.DescribeUserPool(t.Context(), &cognito.DescribeUserPoolInput{UserPoolId: &pool})
		if err != nil {
			t.Fatal(err)
		}
		users, err := client.ListUsers(t.Context(), &cognito.ListUsersInput{UserPoolId: &pool})
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, pool, read.UserPool, users.Users)
	}
	function, err := a.functions.GetFunctionConfiguration(t.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: &m.functionName})
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(append(all, function.RevisionId, function.Environment))
	if err != nil {
		t.Fatal(err)
	}
	return canonical(strings.Split(string(text), ","))
}

// canonical puts parts in order, because maps have none.
func canonical(parts []string) string {
	slices.Sort(parts)
	return strings.Join(parts, ",")
}

func TestDoctorMakesOneAttemptAndMovesNobody(t *testing.T) {
	a := startAccounts(t)
	p := healthyPlan()
	m := a.build(t, p, "attempt")
	if _, err := a.there.AdminCreateUser(t.Context(), &cognito.AdminCreateUserInput{
		UserPoolId: &m.sourcePoolID, Username: aws.String("alice"), MessageAction: types.MessageActionTypeSuppress,
		UserAttributes: []types.AttributeType{{Name: aws.String("email"), Value: aws.String("alice@example.com")}},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.there.AdminSetUserPassword(t.Context(), &cognito.AdminSetUserPasswordInput{
		UserPoolId: &m.sourcePoolID, Username: aws.String("alice"), Password: aws.String("Pass-word-1!"), Permanent: true,
	}); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		user, password string
		status         doctor.Status
		saw            string
	}{
		"the right password": {"alice", "Pass-word-1!", doctor.Pass, "migrate: password_accepted; CONFIRMED, with email email_verified username"},
		"a wrong password":   {"alice", "not-hers", doctor.Warn, "refuse: password_wrong"},
		"nobody":             {"mallory", "Pass-word-1!", doctor.Warn, "refuse: user_unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			with := healthyPlan()
			with.args["--user"] = row.user
			got, checks := runDoctor(t, with, m, row.password)
			compare(t, checks, map[string]doctor.Status{"attempt": row.status})
			if !strings.Contains(checks["attempt"].Saw, row.saw) {
				t.Errorf("it saw %s", checks["attempt"].Saw)
			}
			if strings.Contains(got.out+got.notes, row.password) || strings.Contains(got.out, "alice@example.com") {
				t.Errorf("too much is shown: %s", got.out)
			}
		})
	}
	users, err := a.here.ListUsers(t.Context(), &cognito.ListUsersInput{UserPoolId: &m.poolID})
	if err != nil || len(users.Users) != 0 {
		t.Errorf("%d users in the destination, %v", len(users.Users), err)
	}
	if got := runTool(t, m.environ, "", "doctor", "--user", "alice"); got.err == nil || !strings.Contains(got.err.Error(), "use --password-stdin") {
		t.Errorf("without a terminal: %v", got.err)
	}
}

// With moto's auth mode on, permissions are enforced as on AWS. Its Lambda then
// rejects every GET, so no function is named here.
func TestDoctorWithoutPermissions(t *testing.T) {
	a := ownAccounts(t, authOn)
	const warn, fail, skip = doctor.Warn, doctor.Fail, doctor.Skip
	untold := map[string]doctor.Status{"trigger": warn, "trigger permission": skip, "function": skip, "function timeout": skip, "function memory": skip, "function environment": skip}
	with := func(more map[string]doctor.Status) map[string]doctor.Status {
		for name, status := range untold {
			if _, there := more[name]; !there {
				more[name] = status
			}
		}
		return more
	}
	unreadable := map[string]doctor.Status{"source pool": warn, "source client": warn, "source client flow": skip, "source client secret": skip, "source client errors": skip, "attributes at source": skip, "username shape": skip, "case sensitivity": skip, "MFA": skip}
	for name, row := range map[string]struct {
		as     aws.Credentials
		change func(*plan)
		but    map[string]doctor.Status
		of     string
		want   string
	}{
		"an operator with a profile in the source account": {a.admin, func(*plan) {}, with(map[string]doctor.Status{}), "source pool", "source-"},
		"an operator without one":                          {a.admin, func(p *plan) { p.args["--source-aws-profile"] = "" }, with(unreadable), "source pool", "--source-aws-profile"},
		"an external ID that is another": {a.source.SameAccountCaller, func(p *plan) { p.environ["SOURCE_EXTERNAL_ID"] = "another" },
			with(map[string]doctor.Status{"source role": fail, "source external ID": skip, "source reached": fail, "source second factors": skip,
				"destination pool": warn, "destination client": warn, "destination client flow": skip, "destination client errors": skip,
				"attributes at destination": skip, "attributes required": skip, "attributes type": skip, "attributes length": skip, "destination schema": skip,
				"username shape": skip, "case sensitivity": skip, "MFA": skip, "trigger": skip}), "source role", "AccessDenied"},
		"credentials that are none": {aws.Credentials{AccessKeyID: "AKIANONESUCHNONESUCH", SecretAccessKey: "nonesuch"}, func(*plan) {},
			with(map[string]doctor.Status{"identity": fail, "source role": fail, "source external ID": skip, "source reached": fail, "source second factors": skip,
				"destination pool": fail, "destination client": fail, "destination client flow": skip, "destination client errors": skip,
				"attributes at destination": skip, "attributes required": skip, "attributes type": skip, "attributes length": skip, "destination schema": skip,
				"username shape": skip, "case sensitivity": skip, "MFA": skip, "trigger": skip}), "identity", "check the access key of the profile"},
	} {
		t.Run(name, func(t *testing.T) {
			p := healthyPlan()
			row.change(p)
			p.function = nil
			m := a.build(t, p, strings.Map(letters, name))
			operatorAt(t, a.moto.URL, row.as, a.sourceAdministrator)
			_, checks := runDoctor(t, p, m, "")
			compare(t, checks, row.but)
			if saw := checks[row.of].Saw + checks[row.of].Remedy; !strings.Contains(saw, row.want) {
				t.Errorf("%s says %q", row.of, saw)
			}
		})
	}
}

func TestDoctorOfASourceThatIsNoUserPool(t *testing.T) {
	a := startAccounts(t)
	p := healthyPlan()
	m := a.build(t, p, "file")
	m.environ = environment(t)
	_, checks := runDoctor(t, p, m, "")
	for name, status := range map[string]doctor.Status{"source reached": doctor.Pass, "source pool": doctor.Skip, "source role": doctor.Skip, "username shape": doctor.Skip, "destination pool": doctor.Pass, "trigger": doctor.Pass} {
		if checks[name].Status != status {
			t.Errorf("%s is %s: %s", name, checks[name].Status, checks[name].Saw)
		}
	}
	if !strings.Contains(checks["source pool"].Saw, "of the kind file") {
		t.Errorf("it saw %s", checks["source pool"].Saw)
	}
}

// A source of another kind may not be able to part with users; nothing else of
// completion is held up by that.
func TestDoctorOfASourceThatCannotPartWithUsers(t *testing.T) {
	a := startAccounts(t)
	p := healthyPlan()
	finishing(p)
	m := a.build(t, p, "unretiring")
	m.environ = append(nothingOf(m.environ, "SOURCE_"), "SOURCE_KIND=http", "SOURCE_URL=https://127.0.0.1:9/users", "SOURCE_BEARER_TOKEN=a token")
	_, checks := runDoctor(t, p, m, "")
	for name, status := range map[string]doctor.Status{
		"configuration": doctor.Warn, "lockout": doctor.Warn, "completion retirement": doctor.Fail, "completion queue": doctor.Pass, "completion groups": doctor.Pass,
		"destination pool": doctor.Pass, "trigger": doctor.Pass,
	} {
		if checks[name].Status != status {
			t.Errorf("%s is %s: %s", name, checks[name].Status, checks[name].Saw)
		}
	}
	if !strings.Contains(checks["completion retirement"].Saw, "SOURCE (SOURCE_KIND=http)") {
		t.Errorf("it saw %s", checks["completion retirement"].Saw)
	}
}

// The checks of a user pool's settings look at the first pool of the chain,
// wherever it is.
func TestDoctorSaysWhichOfSeveralUserPoolsItCompares(t *testing.T) {
	t.Parallel()
	chain := []string{
		"OLD_KIND=http", "OLD_URL=https://127.0.0.1:9/users", "OLD_BEARER_TOKEN=a token",
		"POOL_USER_POOL_ID=us-east-1_one", "POOL_CLIENT_ID=1example23456789", "MORE_USER_POOL_ID=us-east-1_two", "MORE_CLIENT_ID=1example23456789",
	}
	for sources, want := range map[string]struct {
		told bool
		name string
	}{
		"old": {false, "OLD"}, "old,pool": {false, "POOL"}, "pool,old": {false, "POOL"}, "old,pool,more": {true, "POOL"}, "more,pool": {true, "MORE"},
	} {
		environ := append(slices.Clone(chain), "MIGRATE_SOURCES="+sources)
		for _, name := range []string{"old", "pool", "more"} {
			if !slices.Contains(strings.Split(sources, ","), name) {
				environ = nothingOf(environ, strings.ToUpper(name)+"_")
			}
		}
		_, settings, _ := readSettings(t.Context(), environ, false)
		told := slices.ContainsFunc(settings.Warnings, func(warning string) bool {
			return strings.Contains(warning, "look at "+want.name+", the first of 2 user pools")
		})
		if told != want.told || settings.SourceName != want.name || len(settings.Problems) > 0 {
			t.Errorf("%s: %s, %q, %q", sources, settings.SourceName, settings.Warnings, settings.Problems)
		}
	}
}

// A user pool in a chain is examined as the other sources are, wherever it is. Its
// settings are compared with the destination's as before.
func TestDoctorExaminesUserPoolsOfAChain(t *testing.T) {
	a := startAccounts(t)
	people := filepath.Join(t.TempDir(), "people.csv")
	if err := os.WriteFile(people, []byte("username,password_hash\nanna,$2y$04$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	const pass, warn, fail, skip = doctor.Pass, doctor.Warn, doctor.Fail, doctor.Skip
	inOrder := map[string]doctor.Status{
		"SOURCE credentials": pass, "SOURCE look-up": pass, "SOURCE reached": pass, "OLD reached": pass, "OLD look-up": pass, "OLD hashes": pass,
		"shared identifiers": pass, "source role": pass, "source pool": pass, "source client": pass, "attributes at source": pass, "password policy": "", "attempt": skip,
	}
	for name, row := range map[string]struct {
		change  func(*plan)
		sources string
		args    map[string]string
		but     map[string]doctor.Status
		of, saw string
	}{
		"the pool first":             {func(*plan) {}, "SOURCE,OLD", nil, nil, "OLD hashes", "with the function's 512 MB"},
		"the pool last":              {func(*plan) {}, "OLD,SOURCE", nil, nil, "SOURCE reached", "accepts the app client"},
		"a user who is looked up":    {func(*plan) {}, "OLD,SOURCE", map[string]string{"--look-up": "anna"}, nil, "OLD look-up", "the named user was found"},
		"a pool that does not exist": {func(p *plan) { p.ours["SOURCE_USER_POOL_ID"] = "us-east-1_nonesuch" }, "OLD,SOURCE", nil, map[string]doctor.Status{"SOURCE look-up": fail, "SOURCE reached": fail, "source pool": fail, "source client": skip, "attributes at source": skip}, "SOURCE look-up", "ResourceNotFoundException"},
		"another password policy": {func(p *plan) {
			p.environ["MIGRATE_ON_WEAK_PASSWORD"], p.environ["MIGRATE_PASSWORD_POLICY"] = "reset", "MinimumLength=99"
		}, "OLD,SOURCE", nil, map[string]doctor.Status{"password policy": warn}, "password policy", "the setting demands MinimumLength=99"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := healthyPlan()
			row.change(p)
			p.environ["MIGRATE_SOURCES"], p.environ["OLD_KIND"], p.environ["OLD_FORMAT"], p.environ["OLD_PATH"] = row.sources, "file", "csv", people
			for flag, value := range row.args {
				p.args[flag] = value
			}
			_, checks := runDoctor(t, p, a.build(t, p, strings.Map(letters, name)), "")
			for name, status := range inOrder {
				if other, differs := row.but[name]; differs {
					status = other
				}
				if checks[name].Status != status {
					t.Errorf("%s is %q: %s -> %s", name, checks[name].Status, checks[name].Saw, checks[name].Remedy)
				}
			}
			if !strings.Contains(checks[row.of].Saw, row.saw) {
				t.Errorf("%s saw %q", row.of, checks[row.of].Saw)
			}
		})
	}
}

// A source whose settings cannot be read does not keep the others from being
// examined.
func TestDoctorExaminesTheSourcesBesideOneWithWrongSettings(t *testing.T) {
	t.Parallel()
	environ := []string{
		"MIGRATE_SOURCES=OLD,CRM,CORP", "OLD_KIND=file", "OLD_PATH=/nonesuch", "CRM_KIND=sql", "CRM_DRIVER=postgres", "CRM_URL=postgres://reader:S3cret@db.example/people",
		"CRM_QUERY=SELECT username FROM people", "CORP_KIND=http", "CORP_URL=https://127.0.0.1:9/users",
	}
	kept, settings, _ := readSettings(t.Context(), environ, false)
	var names []string
	for _, source := range chained(t.Context(), doctorFlags{}, settings, kept) {
		names = append(names, source.Name)
	}
	if !slices.Equal(names, []string{"OLD", "CORP"}) || len(settings.Problems) != 1 || !strings.Contains(settings.Problems[0], "CRM_QUERY") {
		t.Errorf("%q is examined; %q", names, settings.Problems)
	}
}

// nothingOf leaves out the variables of a family.
func nothingOf(environ []string, family string) []string {
	return slices.DeleteFunc(slices.Clone(environ), func(variable string) bool { return strings.HasPrefix(variable, family) })
}
