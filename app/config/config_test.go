package config_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/app/config"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

const canary = "canary-2b7c"

// directory is the settings of a kind of source that the tests make up.
type directory struct {
	Host  string        `env:"HOST,required" takes:"a host name" desc:"Where it is."`
	Key   domain.Secret `env:"KEY" takes:"a key" desc:"Its key."`
	Port  int           `env:"PORT" envDefault:"389" takes:"a port number" desc:"Its port."`
	Inner inner
}

type inner struct {
	Base string `env:"BASE" takes:"a name" desc:"Where to begin."`
}

func (d *directory) Validate(variable func(string) string) []error {
	if d.Host == "nowhere" {
		return []error{fmt.Errorf("%s: is nowhere", variable("HOST"))}
	}
	return nil
}

func (d *directory) LooksUp() bool { return d.Host != "looks-nobody-up" }

func (d *directory) Open(context.Context, parts.SourceOptions) (ports.Source, error) {
	return ports.Source{}, errors.New("is not opened here")
}

func (d *directory) LimitsAttempts() bool { return d.Host != "counts-nothing" }

func (d *directory) Warnings(variable func(string) string) []string {
	if d.Key.Empty() {
		return []string{variable("KEY") + " is not set"}
	}
	return nil
}

func kinds() []parts.SourceKind {
	newDirectory := func() parts.SourceSettings { return new(directory) }
	return []parts.SourceKind{{Name: "cognito", Settings: newDirectory}, {Name: "directory", Settings: newDirectory}}
}

// vault knows one secret.
type vault struct{}

func (vault) Resolve(_ context.Context, reference string) (domain.Secret, error) {
	if reference == "ssm:/known" || reference == "secretsmanager:known#key" {
		return domain.NewSecret(strings.Repeat("s", 32)), nil
	}
	return domain.Secret{}, errors.New("no such secret")
}

func load(environ ...string) (*config.Config, error) {
	return config.Load(context.Background(), environ, kinds(), vault{})
}

func TestTheDefaultsNeedNothingButTheSource(t *testing.T) {
	t.Parallel()
	got, err := load("SOURCE_HOST=h", "PATH=/bin", "HOME=/root", "AWS_REGION=ap-northeast-1")
	if err != nil {
		t.Fatal(err)
	}
	if want := domain.DefaultRules(); got.Rules.Attributes.String() != want.Attributes.String() {
		t.Errorf("attributes are %s", got.Rules.Attributes)
	} else {
		got.Rules.Attributes, want.Attributes = domain.AttributeMap{}, domain.AttributeMap{}
		if fmt.Sprint(got.Rules) != fmt.Sprint(want) {
			t.Errorf("rules are %v, want %v", got.Rules, want)
		}
	}
	settings, _ := got.Sources[0].Settings.(*directory)
	if got.Refusal != config.RefusalConceal || got.Sources[0].Name != "SOURCE" || got.Sources[0].Kind != "cognito" ||
		settings.Host != "h" || settings.Port != 389 || got.Audit.Username != domain.AuditUsernameHMAC {
		t.Errorf("got %+v", got)
	}
}

func TestEverySettingIsRead(t *testing.T) {
	t.Parallel()
	got, err := load(
		"MIGRATE_SOURCES=old", "OLD_KIND=directory", "OLD_HOST=h", "OLD_KEY="+canary, "OLD_PORT=636", "OLD_BASE=b",
		"MIGRATE_ATTRIBUTES=email,custom:tenant='acme',custom:legacy_sub=sub", "MIGRATE_VERIFIED_CONTACTS=always", "MIGRATE_USERNAME=omit",
		"MIGRATE_DESTINATION_USER_POOL_ID=us-gov-west-1_aB3",
		"MIGRATE_ON_TEMPORARY_PASSWORD=confirm", "MIGRATE_ON_MFA=migrate", "MIGRATE_ON_RESET_REQUIRED=refuse", "MIGRATE_ON_FORGOT_PASSWORD=refuse",
		"MIGRATE_REFUSAL=explain", "MIGRATE_FORCE_ALIAS_CREATION=true", "MIGRATE_MESSAGE_ACTION=send",
		"AUDIT_SINKS=log", "AUDIT_USERNAME=hmac", "AUDIT_HMAC_KEY="+strings.Repeat("k", 32), "COMPLETION_AFTER=delete", "COMPLETION_HMAC_KEY="+strings.Repeat("c", 32), "COMPLETION_HMAC_KEY_PREVIOUS="+strings.Repeat("p", 32),
		"COMPLETION_GROUPS=editors=writers", "COMPLETION_CREATE_GROUPS=true", "COMPLETION_QUEUE_URL=https://sqs.example.com/1/q", "COMPLETION_FAILURE=fail",
		"LOCKOUT_TABLE=user-migration_lockout.1",
	)
	if err != nil {
		t.Fatal(err)
	}
	rules := got.Rules
	if rules.Attributes.String() != "email,custom:tenant='acme',custom:legacy_sub=sub" || rules.VerifiedContacts != domain.VerifiedAlways ||
		rules.Username != domain.UsernameOmit || rules.OnTemporaryPassword != domain.TemporaryPasswordConfirm ||
		rules.OnMFA != domain.MFAMigrate || rules.OnResetRequired != domain.ResetRequiredRefuse || rules.OnForgotPassword != domain.ForgotPasswordRefuse ||
		!rules.ForceAliasCreation || rules.MessageAction != domain.MessageSend || got.Refusal != config.RefusalExplain {
		t.Errorf("rules are %+v, refusal %s", rules, got.Refusal)
	}
	settings, _ := got.Sources[0].Settings.(*directory)
	if got.Sources[0].Name != "OLD" || got.Sources[0].Kind != "directory" || settings.Key.Reveal() != canary || settings.Port != 636 || settings.Inner.Base != "b" {
		t.Errorf("source is %+v", got.Sources[0])
	}
	if c := got.Completion; c.After != domain.AfterDelete || c.Groups.String() != "editors=writers" || !c.CreateGroups ||
		c.QueueURL != "https://sqs.example.com/1/q" || !c.Required || !c.Wanted() {
		t.Errorf("completion is %+v", c)
	}
	if got.DestinationPool != "us-gov-west-1_aB3" {
		t.Errorf("the destination is %s", got.DestinationPool)
	}
	if got.Lockout.Table != "user-migration_lockout.1" {
		t.Errorf("lockout is %+v", got.Lockout)
	}
	if got.Audit.HMACKey.Reveal() != strings.Repeat("k", 32) {
		t.Error("the key is another")
	}
	if text := fmt.Sprintf("%v %+v %#v", got, *got, settings); strings.Contains(text, canary) {
		t.Errorf("printing shows a secret: %s", text)
	}
}

// completionKey is a key that completion takes.
var completionKey = "COMPLETION_HMAC_KEY=" + strings.Repeat("c", 32)

func TestProblems(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		environ []string
		want    []string
	}{
		"a setting that is missing": {nil, []string{"SOURCE_HOST: is required; expected a host name"}},
		"an empty value is none": {[]string{"SOURCE_HOST=", "MIGRATE_ON_MFA="},
			[]string{"SOURCE_HOST: is required; expected a host name"}},
		"an unknown choice": {[]string{"SOURCE_HOST=h", "MIGRATE_ON_MFA=" + canary},
			[]string{"MIGRATE_ON_MFA: expected one of: refuse, carry, enroll, migrate"}},
		"an unknown form of refusal": {[]string{"SOURCE_HOST=h", "MIGRATE_REFUSAL=" + canary},
			[]string{"MIGRATE_REFUSAL: expected one of: conceal, explain"}},
		"a value of the wrong type": {[]string{"SOURCE_HOST=h", "SOURCE_PORT=" + canary, "MIGRATE_FORCE_ALIAS_CREATION=" + canary},
			[]string{"MIGRATE_FORCE_ALIAS_CREATION: expected true, false", "SOURCE_PORT: expected a port number"}},
		"a variable that nothing reads": {[]string{"SOURCE_HOST=h", "SOURCE_HOTS=" + canary, "LOCKOUT_AFTER=t", "COMPLETION_QUEUE=q"}, []string{
			"unknown variable COMPLETION_QUEUE; expected one of COMPLETION_AFTER, COMPLETION_CREATE_GROUPS, COMPLETION_FAILURE, COMPLETION_GROUPS, COMPLETION_HMAC_KEY, COMPLETION_HMAC_KEY_PREVIOUS, COMPLETION_QUEUE_URL",
			"unknown variable LOCKOUT_AFTER; expected one of LOCKOUT_TABLE",
			"unknown variable SOURCE_HOTS; did you mean SOURCE_HOST?",
		}},
		"a misspelt variable is answered with the nearest one": {
			[]string{"SOURCE_HOST=h", "MIGRATE_ONMFA=x", "MIGRATE_VERIFIED_CONTACT=x", "AUDIT_SINK=x", "COMPLETION_HMACKEY=x", "LOCKOUT_TABEL=x", "SOURCE_KEYS=x"}, []string{
				"unknown variable AUDIT_SINK; did you mean AUDIT_SINKS?",
				"unknown variable COMPLETION_HMACKEY; did you mean COMPLETION_HMAC_KEY?",
				"unknown variable LOCKOUT_TABEL; did you mean LOCKOUT_TABLE?",
				"unknown variable MIGRATE_ONMFA; did you mean MIGRATE_ON_MFA?",
				"unknown variable MIGRATE_VERIFIED_CONTACT; did you mean MIGRATE_VERIFIED_CONTACTS?",
				"unknown variable SOURCE_KEYS; did you mean SOURCE_KEY?",
			}},
		"an unknown kind": {[]string{"SOURCE_KIND=" + canary, "SOURCE_WHATEVER=x"},
			[]string{"SOURCE_KIND: expected one of: cognito, directory; this binary has no source kind of this name, because its main does not list it (docs/weight.md)"}},
		"a kind that the binary does not have": {[]string{"SOURCE_KIND=ldap"},
			[]string{"SOURCE_KIND: expected one of: cognito, directory; this binary has no source kind ldap, because its main does not list it (docs/weight.md)"}},
		"what the kind itself finds wrong": {[]string{"SOURCE_HOST=nowhere"},
			[]string{"SOURCE_HOST: is nowhere"}},
		"an attribute map, rule by rule": {[]string{"SOURCE_HOST=h", "MIGRATE_ATTRIBUTES=sub,x"},
			[]string{"MIGRATE_ATTRIBUTES: rule 1: sub is set by Cognito and cannot be written\n    rule 2: x is not a standard attribute; write a custom attribute as custom:x"}},
		"several sources, each with its own problems": {[]string{"MIGRATE_SOURCES=old,corp", "OLD_PORT=x", "OLD_HOST=h", "SOURCE_HOST=h"},
			[]string{"CORP_HOST: is required; expected a host name", "OLD_PORT: expected a port number"}},
		"a source that is named twice": {[]string{"MIGRATE_SOURCES=old,OLD", "OLD_HOST=h"}, []string{"MIGRATE_SOURCES: OLD is listed twice; remove one"}},
		"a source with the name of a family": {[]string{"MIGRATE_SOURCES=audit"},
			[]string{"MIGRATE_SOURCES: expected names of letters, digits and underscores that begin with a letter; these names are reserved: MIGRATE, AUDIT, COMPLETION, LOCKOUT, AWS, LAMBDA"}},
		"a source with a name that is none": {[]string{"MIGRATE_SOURCES=a-b"},
			[]string{"MIGRATE_SOURCES: expected names of letters, digits and underscores that begin with a letter; these names are reserved: MIGRATE, AUDIT, COMPLETION, LOCKOUT, AWS, LAMBDA"}},
		"completion without a key": {[]string{"SOURCE_HOST=h", "COMPLETION_AFTER=disable", "COMPLETION_QUEUE_URL=https://sqs.example.com/1/q"},
			[]string{"COMPLETION_HMAC_KEY: is required with COMPLETION_AFTER or COMPLETION_GROUPS: it signs the messages in the queue; set the same secret of 32 characters or more for both functions"}},
		"completion with a short key": {[]string{"SOURCE_HOST=h", "COMPLETION_AFTER=disable", "COMPLETION_QUEUE_URL=https://sqs.example.com/1/q", "COMPLETION_HMAC_KEY=" + canary},
			[]string{"COMPLETION_HMAC_KEY: expected a secret of 32 characters or more: with a guessed key, messages can be forged"}},
		"the same key twice": {[]string{"SOURCE_HOST=h", "COMPLETION_AFTER=disable", "COMPLETION_QUEUE_URL=https://sqs.example.com/1/q", completionKey, "COMPLETION_HMAC_KEY_PREVIOUS=" + strings.Repeat("c", 32)},
			[]string{"COMPLETION_HMAC_KEY_PREVIOUS: is the same as COMPLETION_HMAC_KEY; remove it, or set the previous key"}},
		"a key for nothing": {[]string{"SOURCE_HOST=h", completionKey},
			[]string{"COMPLETION_HMAC_KEY: has an effect only with COMPLETION_AFTER, COMPLETION_GROUPS, or MIGRATE_ON_MFA=carry or enroll (carry: with COMPLETION_QUEUE_URL); remove it, or set one of them"}},
		"deletion without the source's sub": {[]string{"SOURCE_HOST=h", "COMPLETION_AFTER=delete", "COMPLETION_QUEUE_URL=https://sqs.example.com/1/q", completionKey},
			[]string{"COMPLETION_AFTER: delete requires a rule for the source's sub, such as MIGRATE_ATTRIBUTES=*,custom:legacy_sub=sub; only the sub proves later that both users are the same"}},
		"deletion with the sub in an attribute that users can write": {
			[]string{"SOURCE_HOST=h", "COMPLETION_AFTER=delete", "COMPLETION_QUEUE_URL=https://sqs.example.com/1/q", completionKey, "MIGRATE_ATTRIBUTES=email,nickname=sub"},
			[]string{"COMPLETION_AFTER: delete requires a rule for the source's sub, such as MIGRATE_ATTRIBUTES=*,custom:legacy_sub=sub; only the sub proves later that both users are the same"}},
		"a destination that is no pool": {[]string{"SOURCE_HOST=h", "MIGRATE_DESTINATION_USER_POOL_ID=arn:aws:" + canary},
			[]string{"MIGRATE_DESTINATION_USER_POOL_ID: expected the ID of a user pool, such as ap-northeast-1_GhIjKl456"}},
		"carry to a destination that is not known": {[]string{"SOURCE_HOST=h", "MIGRATE_ON_MFA=carry"},
			[]string{"MIGRATE_DESTINATION_MFA: is required with MIGRATE_ON_MFA=carry, and must name a factor that can be carried over: SMS_MFA, or EMAIL_OTP with ON, such as ON,SMS_MFA,EMAIL_OTP"}},
		"carry to a destination that lets users by email in without a code": {[]string{"SOURCE_HOST=h", "MIGRATE_ON_MFA=carry", "MIGRATE_DESTINATION_MFA=OPTIONAL,EMAIL_OTP", "COMPLETION_QUEUE_URL=https://sqs.example.com/1/q", completionKey},
			[]string{"MIGRATE_DESTINATION_MFA: is required with MIGRATE_ON_MFA=carry, and must name a factor that can be carried over: SMS_MFA, or EMAIL_OTP with ON, such as ON,SMS_MFA,EMAIL_OTP"}},
		"carry by email without completion": {[]string{"SOURCE_HOST=h", "MIGRATE_ON_MFA=carry", "MIGRATE_DESTINATION_MFA=ON,EMAIL_OTP"},
			[]string{"COMPLETION_QUEUE_URL: is required with MIGRATE_ON_MFA=carry and a destination that takes EMAIL_OTP and not SMS_MFA: only completion can set codes by email as the second factor"}},
		"carry with a queue and no key": {[]string{"SOURCE_HOST=h", "MIGRATE_ON_MFA=carry", "MIGRATE_DESTINATION_MFA=ON,EMAIL_OTP", "COMPLETION_QUEUE_URL=https://sqs.example.com/1/q"},
			[]string{"COMPLETION_HMAC_KEY: is required with MIGRATE_ON_MFA=carry and COMPLETION_QUEUE_URL: it signs the messages in the queue; set the same secret of 32 characters or more for both functions"}},
		"enroll without anything": {[]string{"SOURCE_HOST=h", "MIGRATE_ON_MFA=enroll"}, []string{
			"COMPLETION_HMAC_KEY: is required with MIGRATE_ON_MFA=enroll: it signs the messages in the queue; set the same secret of 32 characters or more for both functions",
			"COMPLETION_QUEUE_URL: is required with MIGRATE_ON_MFA=enroll: the queue keeps a completion until Cognito has created the user",
			"MIGRATE_DESTINATION_MFA: must begin with ON with MIGRATE_ON_MFA=enroll, such as ON,SOFTWARE_TOKEN_MFA: another destination lets users in without a new second factor",
			"MIGRATE_MFA_GROUP: is required with MIGRATE_ON_MFA=enroll: the group of the users who must set up a new second factor",
		}},
		"enroll where a second factor is optional": {[]string{"SOURCE_HOST=h", "MIGRATE_ON_MFA=enroll", "MIGRATE_MFA_GROUP=enroll", "MIGRATE_DESTINATION_MFA=OPTIONAL,SOFTWARE_TOKEN_MFA", "COMPLETION_QUEUE_URL=https://sqs.example.com/1/q", completionKey},
			[]string{"MIGRATE_DESTINATION_MFA: must begin with ON with MIGRATE_ON_MFA=enroll, such as ON,SOFTWARE_TOKEN_MFA: another destination lets users in without a new second factor"}},
		"a group for nothing": {[]string{"SOURCE_HOST=h", "MIGRATE_MFA_GROUP=enroll"},
			[]string{"MIGRATE_MFA_GROUP: has an effect only with MIGRATE_ON_MFA=enroll; remove it, or set MIGRATE_ON_MFA=enroll"}},
		"a group that is none": {[]string{"SOURCE_HOST=h", "MIGRATE_MFA_GROUP=a b," + canary},
			[]string{"MIGRATE_MFA_GROUP: expected the name of one group: 1 to 128 characters, no space and none of the signs *=,"}},
		"completion without a queue": {[]string{"SOURCE_HOST=h", "COMPLETION_AFTER=disable", completionKey},
			[]string{"COMPLETION_QUEUE_URL: is required with COMPLETION_AFTER or COMPLETION_GROUPS: the queue keeps a completion until Cognito has created the user"}},
		"groups without a queue": {[]string{"SOURCE_HOST=h", "COMPLETION_GROUPS=*", completionKey},
			[]string{"COMPLETION_QUEUE_URL: is required with COMPLETION_AFTER or COMPLETION_GROUPS: the queue keeps a completion until Cognito has created the user"}},
		"a queue for nothing": {[]string{"SOURCE_HOST=h", "COMPLETION_QUEUE_URL=https://sqs.example.com/1/q"},
			[]string{"COMPLETION_QUEUE_URL: has an effect only with COMPLETION_AFTER, COMPLETION_GROUPS, or MIGRATE_ON_MFA=carry or enroll; remove it, or set one of them"}},
		"a queue that is none": {[]string{"SOURCE_HOST=h", "COMPLETION_AFTER=disable", completionKey, "COMPLETION_QUEUE_URL=" + canary},
			[]string{"COMPLETION_QUEUE_URL: expected the URL of an SQS queue, such as https://sqs.ap-northeast-1.amazonaws.com/123456789012/completion"}},
		"groups to create and none to give": {[]string{"SOURCE_HOST=h", "COMPLETION_CREATE_GROUPS=true"},
			[]string{"COMPLETION_CREATE_GROUPS: has an effect only with COMPLETION_GROUPS or MIGRATE_MFA_GROUP; remove it, or set one of them"}},
		"groups that are none": {[]string{"SOURCE_HOST=h", "COMPLETION_GROUPS=a b", "COMPLETION_CREATE_GROUPS=true"},
			[]string{"COMPLETION_GROUPS: rule 1: expected a group's name, two as source=destination, or *"}},
		"an unknown answer to a queue that is down": {[]string{"SOURCE_HOST=h", "COMPLETION_FAILURE=" + canary}, []string{"COMPLETION_FAILURE: expected one of: migrate, fail"}},
		"an unknown completion":                     {[]string{"SOURCE_HOST=h", "COMPLETION_AFTER=" + canary}, []string{"COMPLETION_AFTER: expected one of: keep, disable, delete"}},
		"an unknown sink": {[]string{"SOURCE_HOST=h", "AUDIT_SINKS=log," + canary, "AUDIT_EVENT_BUS=b", "AUDIT_FIREHOSE_STREAM=s"},
			[]string{"AUDIT_SINKS: expected any of log, eventbridge and firehose, separated by commas"}},
		"a list of sinks with nothing in it": {[]string{"SOURCE_HOST=h", "AUDIT_SINKS=,"},
			[]string{"AUDIT_SINKS: expected any of log, eventbridge and firehose, separated by commas"}},
		"a sink that is named twice":         {[]string{"SOURCE_HOST=h", "AUDIT_SINKS=log, eventbridge,log"}, []string{"AUDIT_SINKS: log is listed twice; remove one"}},
		"an unknown format of records":       {[]string{"SOURCE_HOST=h", "AUDIT_FORMAT=" + canary}, []string{"AUDIT_FORMAT: expected one of: json, ocsf"}},
		"an unknown answer to a lost record": {[]string{"SOURCE_HOST=h", "AUDIT_FAILURE=" + canary}, []string{"AUDIT_FAILURE: expected one of: open, closed"}},
		"a bus that is not used":             {[]string{"SOURCE_HOST=h", "AUDIT_EVENT_BUS=audit"}, []string{"AUDIT_EVENT_BUS: has an effect only with AUDIT_SINKS=eventbridge; remove it, or add eventbridge to AUDIT_SINKS"}},
		"a bus that is none": {[]string{"SOURCE_HOST=h", "AUDIT_SINKS=eventbridge", "AUDIT_EVENT_BUS=a b" + canary},
			[]string{"AUDIT_EVENT_BUS: expected the name or ARN of an event bus, such as audit or arn:aws:events:ap-northeast-1:123456789012:event-bus/audit"}},
		"a stream that is not used": {[]string{"SOURCE_HOST=h", "AUDIT_FIREHOSE_STREAM=audit"}, []string{"AUDIT_FIREHOSE_STREAM: has an effect only with AUDIT_SINKS=firehose; remove it, or add firehose to AUDIT_SINKS"}},
		"a stream that is missing":  {[]string{"SOURCE_HOST=h", "AUDIT_SINKS=log,firehose"}, []string{"AUDIT_FIREHOSE_STREAM: is required with AUDIT_SINKS=firehose"}},
		"a stream that is none": {[]string{"SOURCE_HOST=h", "AUDIT_SINKS=firehose", "AUDIT_FIREHOSE_STREAM=arn:aws:" + canary},
			[]string{"AUDIT_FIREHOSE_STREAM: expected the name of a Firehose stream: 1 to 64 letters, digits and the signs _.-"}},
		"a short key": {[]string{"SOURCE_HOST=h", "AUDIT_HMAC_KEY=" + canary},
			[]string{"AUDIT_HMAC_KEY: expected a secret of 32 characters or more: with a guessed key, the recorded names can be found"}},
		"a key that is not used": {[]string{"SOURCE_HOST=h", "AUDIT_USERNAME=none", "AUDIT_HMAC_KEY=" + strings.Repeat("k", 32)},
			[]string{"AUDIT_HMAC_KEY: has an effect only with AUDIT_USERNAME=hmac or LOCKOUT_TABLE; remove it, or set one of them"}},
		"a lockout table without a key": {[]string{"SOURCE_HOST=h", "LOCKOUT_TABLE=lockout"},
			[]string{"LOCKOUT_TABLE: needs AUDIT_HMAC_KEY, which is not set: every process must compute the same digests of names; set the same key for all functions"}},
		"a lockout table with a key that cannot be had": {[]string{"SOURCE_HOST=h", "LOCKOUT_TABLE=lockout", "AUDIT_HMAC_KEY=ssm:/unknown"},
			[]string{"AUDIT_HMAC_KEY: the reference could not be resolved: no such secret"}},
		"a lockout table with a short key": {[]string{"SOURCE_HOST=h", "LOCKOUT_TABLE=lockout", "AUDIT_USERNAME=none", "AUDIT_HMAC_KEY=" + canary},
			[]string{"AUDIT_HMAC_KEY: expected a secret of 32 characters or more: with a guessed key, the recorded names can be found"}},
		"a lockout table that can be none": {[]string{"SOURCE_HOST=h", "LOCKOUT_TABLE=" + canary + "/", "AUDIT_USERNAME=none", "AUDIT_HMAC_KEY=" + strings.Repeat("k", 32)},
			[]string{"LOCKOUT_TABLE: expected the name of a DynamoDB table: 3 to 255 letters, digits and the signs _.-"}},
		"a lockout table with too short a name": {[]string{"SOURCE_HOST=h", "LOCKOUT_TABLE=ab"},
			[]string{"LOCKOUT_TABLE: expected the name of a DynamoDB table: 3 to 255 letters, digits and the signs _.-"}},
		"a reference to a secret elsewhere": {[]string{"SOURCE_HOST=h", "SOURCE_KEY=secretsmanager:" + canary},
			[]string{"SOURCE_KEY: the reference could not be resolved: no such secret"}},
		"a reference and what else is wrong": {[]string{"SOURCE_KEY=ssm:/" + canary, "SOURCE_PORT=x"}, []string{
			"SOURCE_HOST: is required; expected a host name",
			"SOURCE_KEY: the reference could not be resolved: no such secret",
			"SOURCE_PORT: expected a port number",
		}},
		"a blank value": {[]string{"SOURCE_HOST= \t", "MIGRATE_REFUSAL= ", "AUDIT_HMAC_KEY=" + strings.Repeat(" ", 40)}, []string{
			"AUDIT_HMAC_KEY: is blank; remove it, or set a value",
			"MIGRATE_REFUSAL: is blank; remove it, or set a value",
			"SOURCE_HOST: is blank; remove it, or set a value",
		}},
		"a reference in capitals": {[]string{"SOURCE_HOST=h", "SOURCE_KEY=SecretsManager:" + canary},
			[]string{"SOURCE_KEY: is almost a reference to a secret; write secretsmanager:NAME or ssm:/NAME in lower case, without spaces around it"}},
		"a reference after a space": {[]string{"SOURCE_HOST=h", "AUDIT_HMAC_KEY= ssm:/" + strings.Repeat(canary, 4)},
			[]string{"AUDIT_HMAC_KEY: is almost a reference to a secret; write secretsmanager:NAME or ssm:/NAME in lower case, without spaces around it"}},
		"the ARN of a secret as the secret": {[]string{"SOURCE_HOST=h", "AUDIT_HMAC_KEY=arn:aws:secretsmanager:us-east-1:111111111111:secret:" + canary},
			[]string{"AUDIT_HMAC_KEY: is the ARN of a secret, not the secret; write secretsmanager: before it"}},
		"the ARN of a parameter as the secret": {[]string{"SOURCE_HOST=h", "SOURCE_KEY=arn:aws-cn:ssm:cn-north-1:111111111111:parameter/" + canary},
			[]string{"SOURCE_KEY: is the ARN of a parameter, not the secret; write ssm: before it"}},
		"a reference of CloudFormation": {[]string{"SOURCE_HOST=h", "SOURCE_KEY={{resolve:secretsmanager:" + canary + ":SecretString:key}}"},
			[]string{"SOURCE_KEY: is a reference that CloudFormation did not resolve; write secretsmanager:NAME or ssm:/NAME instead"}},
		"a reference without a name": {[]string{"SOURCE_HOST=h", "SOURCE_KEY=ssm:", "AUDIT_HMAC_KEY=secretsmanager:#" + canary}, []string{
			"AUDIT_HMAC_KEY: is a malformed reference to a secret; expected secretsmanager:NAME or secretsmanager:ARN, with #KEY for one key of a JSON object",
			"SOURCE_KEY: is a malformed reference to a secret; expected ssm:/NAME or ssm:ARN, where a name has letters, digits and the signs /_.-",
		}},
		"a reference with an empty key": {[]string{"SOURCE_HOST=h", "SOURCE_KEY=secretsmanager:" + canary + "#"},
			[]string{"SOURCE_KEY: is a malformed reference to a secret; expected secretsmanager:NAME or secretsmanager:ARN, with #KEY for one key of a JSON object"}},
		"a key of a parameter": {[]string{"SOURCE_HOST=h", "SOURCE_KEY=ssm:/" + canary + "#key"},
			[]string{"SOURCE_KEY: is a malformed reference to a secret; expected ssm:/NAME or ssm:ARN, where a name has letters, digits and the signs /_.-"}},
		"a reference with a line break": {[]string{"SOURCE_HOST=h", "SOURCE_KEY=secretsmanager:" + canary + "\n"},
			[]string{"SOURCE_KEY: is a malformed reference to a secret; expected secretsmanager:NAME or secretsmanager:ARN, with #KEY for one key of a JSON object"}},
		"a reference with the ARN of another service": {[]string{"SOURCE_HOST=h", "SOURCE_KEY=ssm:arn:aws:secretsmanager:us-east-1:111111111111:secret:" + canary, "AUDIT_HMAC_KEY=secretsmanager:arn:aws:" + canary}, []string{
			"AUDIT_HMAC_KEY: is a reference with the ARN of something else; expected secretsmanager:NAME or secretsmanager:ARN, with #KEY for one key of a JSON object",
			"SOURCE_KEY: is a reference with the ARN of something else; expected ssm:/NAME or ssm:ARN, where a name has letters, digits and the signs /_.-",
		}},
		"a reference for a value that is no text": {[]string{"SOURCE_HOST=h", "SOURCE_PORT=ssm:/" + canary},
			[]string{"SOURCE_PORT: the reference could not be resolved: no such secret"}},
		"a list of patterns with nothing in it": {[]string{"SOURCE_HOST=h", "SOURCE_MATCH=, ,"},
			[]string{"SOURCE_MATCH: has no pattern; remove it, or set patterns such as *@corp.example"}},
		"rules that the destination's schema does not take": {[]string{"SOURCE_HOST=h", "MIGRATE_ATTRIBUTES=email,custom:x", "MIGRATE_DESTINATION_SCHEMA=name=required"}, []string{
			"MIGRATE_ATTRIBUTES: custom:x is not in MIGRATE_DESTINATION_SCHEMA, so Cognito would reject users who have it; remove the rule, or update the schema\n    MIGRATE_DESTINATION_SCHEMA requires name, and no rule sets it; add a rule",
		}},
		"a schema that is none": {[]string{"SOURCE_HOST=h", "MIGRATE_DESTINATION_SCHEMA=custom:x=Text,sub"}, []string{
			"MIGRATE_DESTINATION_SCHEMA: item 1: custom:x: expected required, String, Number, Boolean or DateTime, and bounds such as 1..64\n    item 2: sub is set by Cognito and cannot be written",
		}},
		"everything at once": {[]string{"SOURCE_PORT=x", "MIGRATE_USERNAME=x", "AUDIT_USERNAME=x", "MIGRATE_FOO=x"}, []string{
			"AUDIT_USERNAME: expected one of: hmac, plain, none",
			"MIGRATE_USERNAME: expected one of: auto, submitted, source, omit",
			"SOURCE_HOST: is required; expected a host name",
			"SOURCE_PORT: expected a port number",
			"unknown variable MIGRATE_FOO; expected one of MIGRATE_ATTRIBUTES, MIGRATE_DESTINATION_MFA, MIGRATE_DESTINATION_SCHEMA, MIGRATE_DESTINATION_USER_POOL_ID, MIGRATE_FORCE_ALIAS_CREATION, MIGRATE_MESSAGE_ACTION, MIGRATE_MFA_GROUP, MIGRATE_ON_FORGOT_PASSWORD, MIGRATE_ON_MFA, MIGRATE_ON_RESET_REQUIRED, MIGRATE_ON_TEMPORARY_PASSWORD, MIGRATE_ON_WEAK_PASSWORD, MIGRATE_PASSWORD_POLICY, MIGRATE_REFUSAL, MIGRATE_SOURCES, MIGRATE_USERNAME, MIGRATE_VERIFIED_CONTACTS",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := load(row.environ...)
			problems, ok := errors.AsType[*config.Error](err)
			if !ok || got != nil {
				t.Fatalf("got %+v, %v", got, err)
			}
			if !slices.Equal(problems.Problems, row.want) {
				t.Errorf("got\n  %s\nwant\n  %s", strings.Join(problems.Problems, "\n  "), strings.Join(row.want, "\n  "))
			}
			for _, variable := range problems.Variables() {
				if strings.Trim(variable, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != "" {
					t.Errorf("not a variable's name: %q", variable)
				}
			}
			if strings.Contains(err.Error(), canary) {
				t.Errorf("a value is shown: %v", err)
			}
			for _, problem := range row.want {
				if !strings.Contains(err.Error(), problem) {
					t.Errorf("the message lacks %s", problem)
				}
			}
		})
	}
}

func TestSeveralSourcesAreReadInTheirOrder(t *testing.T) {
	t.Parallel()
	got, err := load("MIGRATE_SOURCES=old, old_corp", "OLD_HOST=a", "OLD_CORP_HOST=b", "OLD_CORP_MATCH=*@corp.example")
	if err != nil {
		t.Fatal(err)
	}
	if len(got.Sources) != 2 || got.Sources[0].Name != "OLD" || got.Sources[1].Name != "OLD_CORP" ||
		got.Sources[0].Match != "" || got.Sources[1].Match != "*@corp.example" {
		t.Errorf("got %+v", got.Sources)
	}
}

func TestReferencesAreResolved(t *testing.T) {
	t.Parallel()
	got, err := load("SOURCE_HOST=h", "SOURCE_KEY=ssm:/known", "AUDIT_HMAC_KEY=secretsmanager:known#key", "OTHER=ssm:/not-ours")
	if err != nil {
		t.Fatal(err)
	}
	settings, _ := got.Sources[0].Settings.(*directory)
	if want := strings.Repeat("s", 32); settings.Key.Reveal() != want || got.Audit.HMACKey.Reveal() != want {
		t.Errorf("got %q and %q", settings.Key.Reveal(), got.Audit.HMACKey.Reveal())
	}
	if _, err := config.Load(t.Context(), []string{"SOURCE_HOST=h", "SOURCE_KEY=ssm:/known"}, kinds(), nil); err == nil ||
		!strings.Contains(err.Error(), "SOURCE_KEY: the reference could not be resolved: references are not resolved here") {
		t.Errorf("without a resolver: %v", err)
	}
}

func TestWhereRecordsGo(t *testing.T) {
	t.Parallel()
	got, err := load("SOURCE_HOST=h", "AUDIT_SINKS=firehose, log,eventbridge", "AUDIT_FORMAT=ocsf", "AUDIT_FAILURE=closed",
		"AUDIT_EVENT_BUS=arn:aws:events:ap-northeast-1:123456789012:event-bus/audit", "AUDIT_FIREHOSE_STREAM=audit")
	if err != nil {
		t.Fatal(err)
	}
	if a := got.Audit; !slices.Equal(a.Sinks, []config.AuditSink{config.SinkFirehose, config.SinkLog, config.SinkEventBridge}) || a.Format != domain.AuditFormatOCSF ||
		!a.Required || a.EventBus != "arn:aws:events:ap-northeast-1:123456789012:event-bus/audit" || a.FirehoseStream != "audit" {
		t.Errorf("got %+v", a)
	}
	if got, err = load("SOURCE_HOST=h"); err != nil {
		t.Fatal(err)
	}
	if a := got.Audit; !slices.Equal(a.Sinks, []config.AuditSink{config.SinkLog}) || a.Format != domain.AuditFormatJSON || a.Required || a.EventBus != "default" {
		t.Errorf("by default %+v", a)
	}
}

func TestOtherPeoplesVariablesAreLeftAlone(t *testing.T) {
	t.Parallel()
	if _, err := load("SOURCE_HOST=h", "SOURCE_DATE_EPOCH=1700000000", "USERNAME=me", "GROUPS=staff", "SOURCE=x", "MIGRATED=x"); err != nil {
		t.Error(err)
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	key := "AUDIT_HMAC_KEY=" + strings.Repeat("k", 32)
	for name, row := range map[string]struct {
		environ []string
		want    []string // what each warning begins with
	}{
		"none": {[]string{key}, nil},
		"guessing": {[]string{key, "MIGRATE_SOURCES=old", "OLD_HOST=counts-nothing", "OLD_KEY=k"},
			[]string{"OLD_KIND=cognito has no lockout of its own: "}},
		"guessing that is limited":          {[]string{key, "MIGRATE_SOURCES=old", "OLD_HOST=counts-nothing", "OLD_KEY=k", "LOCKOUT_TABLE=lockout"}, nil},
		"a key for the lockout table alone": {[]string{key, "AUDIT_USERNAME=none", "LOCKOUT_TABLE=lockout"}, nil},
		"vouching for all":                  {[]string{key, "MIGRATE_VERIFIED_CONTACTS=always"}, []string{"MIGRATE_VERIFIED_CONTACTS=always "}},
		"explaining refusals":               {[]string{key, "MIGRATE_REFUSAL=explain"}, []string{"MIGRATE_REFUSAL=explain "}},
		"dropping factors":                  {[]string{key, "MIGRATE_ON_MFA=migrate"}, []string{"MIGRATE_ON_MFA=migrate "}},
		"lasting temporaries":               {[]string{key, "MIGRATE_ON_TEMPORARY_PASSWORD=confirm"}, []string{"MIGRATE_ON_TEMPORARY_PASSWORD=confirm "}},
		"taking aliases":                    {[]string{key, "MIGRATE_FORCE_ALIAS_CREATION=true"}, []string{"MIGRATE_FORCE_ALIAS_CREATION=true "}},
		"recording names":                   {[]string{"AUDIT_USERNAME=plain"}, []string{"AUDIT_USERNAME=plain "}},
		"a key of the process":              {nil, []string{"AUDIT_HMAC_KEY is not set"}},
		"records outside of the log":        {[]string{key, "AUDIT_SINKS=eventbridge"}, []string{"AUDIT_SINKS lacks log: "}},
		"a source without look-ups before another": {[]string{key, "MIGRATE_SOURCES=old,new", "OLD_HOST=looks-nobody-up", "OLD_KEY=k", "NEW_HOST=h", "NEW_KEY=k"},
			[]string{"MIGRATE_SOURCES: OLD cannot look users up without their password, so no user of the later sources can migrate: "}},
		"a source without look-ups after the others": {[]string{key, "MIGRATE_SOURCES=old,new", "OLD_HOST=h", "OLD_KEY=k", "NEW_HOST=looks-nobody-up", "NEW_KEY=k"}, nil},
		"what the kind warns of": {[]string{key, "MIGRATE_SOURCES=old", "OLD_HOST=h"},
			[]string{"OLD_KEY is not set"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			environ := row.environ
			if !slices.ContainsFunc(environ, func(variable string) bool { return strings.HasPrefix(variable, "MIGRATE_SOURCES=old") }) {
				environ = append(environ, "SOURCE_HOST=h", "SOURCE_KEY=k")
			}
			got, err := load(environ...)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Warnings) != len(row.want) {
				t.Fatalf("got %q, want %q", got.Warnings, row.want)
			}
			for i, want := range row.want {
				if !strings.HasPrefix(got.Warnings[i], want) {
					t.Errorf("got %q, want %q", got.Warnings[i], want)
				}
			}
		})
	}
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	seen := map[string]config.Setting{}
	for _, setting := range config.Describe(kinds()) {
		if setting.Takes == "" || setting.Description == "" {
			t.Errorf("%s is not described", setting.Variable)
		}
		seen[setting.Kind+" "+setting.Variable] = setting
	}
	for name, want := range map[string]config.Setting{
		" MIGRATE_ON_MFA":       {Takes: "refuse, carry, enroll, migrate", Default: "refuse"},
		" SOURCE_KIND":          {Takes: "cognito, directory", Default: "cognito"},
		"directory SOURCE_HOST": {Takes: "a host name", Required: true},
		"directory SOURCE_KEY":  {Takes: "a key", Secret: true},
		"directory SOURCE_BASE": {Takes: "a name"},
		" AUDIT_HMAC_KEY":       {Takes: "a secret of 32 characters or more", Secret: true},
	} {
		got := seen[name]
		if got.Takes != want.Takes || got.Default != want.Default || got.Required != want.Required || got.Secret != want.Secret {
			t.Errorf("%s is %+v", name, got)
		}
	}
}

func TestTheSettingsOfTheCommandClaims(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		environ []string
		want    config.Claims
		problem string
	}{
		"nothing set":                      {nil, config.Claims{Claim: "legacy_sub", Attribute: "custom:legacy_sub"}, ""},
		"empty values":                     {[]string{"CLAIMS_LEGACY_SUB=", "CLAIMS_ATTRIBUTE="}, config.Claims{Claim: "legacy_sub", Attribute: "custom:legacy_sub"}, ""},
		"names of one's own":               {[]string{"CLAIMS_LEGACY_SUB=https.example.com:old-id", "CLAIMS_ATTRIBUTE=custom:old"}, config.Claims{Claim: "https.example.com:old-id", Attribute: "custom:old"}, ""},
		"settings of the other commands":   {[]string{"SOURCE_KIND=x", "MIGRATE_X=y"}, config.Claims{Claim: "legacy_sub", Attribute: "custom:legacy_sub"}, ""},
		"a claim of Cognito's own":         {[]string{"CLAIMS_LEGACY_SUB=sub"}, config.Claims{}, "CLAIMS_LEGACY_SUB: is a claim of Cognito's own"},
		"a claim of Cognito's own prefix":  {[]string{"CLAIMS_LEGACY_SUB=cognito:x"}, config.Claims{}, "CLAIMS_LEGACY_SUB: is a claim of Cognito's own"},
		"a claim with a space":             {[]string{"CLAIMS_LEGACY_SUB=old sub"}, config.Claims{}, "CLAIMS_LEGACY_SUB: expected a claim's name"},
		"a claim that is too long":         {[]string{"CLAIMS_LEGACY_SUB=" + strings.Repeat("x", 65)}, config.Claims{}, "CLAIMS_LEGACY_SUB: expected a claim's name"},
		"an attribute that users may have": {[]string{"CLAIMS_ATTRIBUTE=nickname"}, config.Claims{}, "CLAIMS_ATTRIBUTE: expected the name of a custom attribute"},
		"an attribute without a name":      {[]string{"CLAIMS_ATTRIBUTE=custom:"}, config.Claims{}, "CLAIMS_ATTRIBUTE: expected the name of a custom attribute"},
		"an attribute with a space":        {[]string{"CLAIMS_ATTRIBUTE=custom:a b"}, config.Claims{}, "CLAIMS_ATTRIBUTE: expected the name of a custom attribute"},
		"a rule and no attribute":          {[]string{"CLAIMS_ATTRIBUTE=custom:a=b"}, config.Claims{}, "CLAIMS_ATTRIBUTE: expected the name of a custom attribute"},
		"two attributes":                   {[]string{"CLAIMS_ATTRIBUTE=custom:a,custom:b"}, config.Claims{}, "CLAIMS_ATTRIBUTE: expected the name of a custom attribute"},
		"a blank value":                    {[]string{"CLAIMS_ATTRIBUTE= "}, config.Claims{}, "CLAIMS_ATTRIBUTE: is blank"},
		"a misspelt variable":              {[]string{"CLAIMS_ATTRIBUT=custom:x"}, config.Claims{}, "unknown variable CLAIMS_ATTRIBUT; did you mean CLAIMS_ATTRIBUTE?"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := config.LoadClaims(test.environ)
			if got != test.want || test.problem == "" != (err == nil) || err != nil && !strings.Contains(err.Error(), test.problem) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func TestSecondFactorsByCompletion(t *testing.T) {
	t.Parallel()
	const email, queue = "MIGRATE_DESTINATION_MFA=ON,SMS_MFA,EMAIL_OTP", "COMPLETION_QUEUE_URL=https://sqs.example.com/1/q"
	for name, row := range map[string]struct {
		environ []string
		sets    bool   // completion sets preferred second factors
		only    bool   // and nothing else
		group   string // of those who must set up a new one
		warning string
	}{
		"carry without completion": {environ: []string{"MIGRATE_ON_MFA=carry", email},
			warning: "MIGRATE_ON_MFA=carry refuses users whose second factor is a code by email: to carry it, MIGRATE_DESTINATION_MFA must begin with ON, and COMPLETION_QUEUE_URL must be set"},
		"carry where email is optional": {environ: []string{"MIGRATE_ON_MFA=carry", "MIGRATE_DESTINATION_MFA=OPTIONAL,SMS_MFA,EMAIL_OTP", queue, completionKey}, sets: true, only: true,
			warning: "MIGRATE_ON_MFA=carry refuses users whose second factor is a code by email: to carry it, MIGRATE_DESTINATION_MFA must begin with ON, and COMPLETION_QUEUE_URL must be set"},
		"carry with completion":       {environ: []string{"MIGRATE_ON_MFA=carry", email, queue, completionKey}, sets: true, only: true},
		"carry, and groups too":       {environ: []string{"MIGRATE_ON_MFA=carry", email, queue, completionKey, "COMPLETION_GROUPS=*"}, sets: true},
		"refuse, and groups":          {environ: []string{queue, completionKey, "COMPLETION_GROUPS=*"}},
		"migrate needs no completion": {environ: []string{"MIGRATE_ON_MFA=migrate"}, warning: "MIGRATE_ON_MFA=migrate migrates users without their second factor"},
		"enroll, and groups to create": {environ: []string{"MIGRATE_ON_MFA=enroll", "MIGRATE_MFA_GROUP=new-factor", email, queue, completionKey, "COMPLETION_CREATE_GROUPS=true"}, sets: true, only: true, group: "new-factor",
			warning: "MIGRATE_ON_MFA=enroll lets a client that passes the first step, by password or by a reset code, set up the user's new second factor"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			loaded, err := config.Load(t.Context(), append([]string{"SOURCE_HOST=h"}, row.environ...), kinds(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if loaded.Rules.SetsMFAPreference != row.sets || loaded.Completion.OnlySecondFactors() != row.only || loaded.Rules.MFAGroup != row.group ||
				row.sets && !loaded.Completion.Wanted() {
				t.Errorf("got %v, %v", loaded.Rules.SetsMFAPreference, loaded.Completion)
			}
			of := slices.DeleteFunc(loaded.Warnings, func(warning string) bool { return !strings.HasPrefix(warning, "MIGRATE_ON_MFA") })
			if strings.Join(of, "") != row.warning {
				t.Errorf("warned %q", of)
			}
		})
	}
}
