package parameters

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"cognito-user-migration/app/doctor"
)

// The sets of parameters: one for each stack.
const (
	setOneAccount  = "one-account"
	setSource      = "source-account"
	setDestination = "destination-account"
	explanation    = "explained.md"
)

// entry is one parameter: its name in CloudFormation, its value, and why it is that
// value. A list has one value or none.
type entry struct {
	name, value, why string
	list             bool
}

// terraform is the parameter's name in Terraform: AuditHmacKey is audit_hmac_key.
func (e entry) terraform() string {
	var name strings.Builder
	for i, sign := range e.name {
		if unicode.IsUpper(sign) && i > 0 {
			name.WriteByte('_')
		}
		name.WriteRune(unicode.ToLower(sign))
	}
	return name.String()
}

// entriesOf lists the parameters of each stack.
func entriesOf(request Request, plan Plan, settings doctor.Settings) map[string][]entry {
	to, from := arnOf(request.Destination), arnOf(request.Source)
	function := []entry{
		{name: "ImageUri", value: imageOf(to), why: "the image that step 2 pushes to the destination's account and region"},
		{name: "DestinationUserPoolId", value: request.Destination.ID, why: "the user pool that the users come to"},
	}
	source := entry{name: "SourceUserPoolId", value: request.Source.ID, why: "the user pool that the users leave"}
	decision := []entry{
		{name: "MigrateAttributes", value: strings.Join(plan.Attributes, ","), why: "the attributes that both schemas have" + lostNames(plan.Lost)},
		{name: "MigrateDestinationSchema", value: settings.DestinationSchema.String(), why: "the destination's custom and required attributes, so that values that it rejects are left out"},
		{name: "MigrateUsername", value: string(settings.Rules.Username), why: "the rule for usernames that fits both pools"},
		{name: "MigrateOnMfa", value: string(settings.Rules.OnMFA), why: "the source's MFA is " + request.Source.MFA + ", the destination's " + request.Destination.MFA + "; docs/second-factors.md says what each choice means"},
		{name: "MigrateDestinationMfa", value: settings.Rules.DestinationMFA.String(), why: "how the destination asks for second factors"},
		{name: "MigratePasswordPolicy", value: settings.Rules.PasswordPolicy.String(), why: "what the destination demands of passwords; MigrateOnWeakPassword says what becomes of a right password that does not meet it"},
		{name: "SourceMfa", value: request.Source.MFA, why: "the source pool's own MFA setting; empty, and the function asks the pool"},
		{name: "AuditHmacKey", value: "ssm:" + auditKey, why: "a reference to the key that digests usernames in audit records; step 1 makes the key"},
		{name: "SecretParameterArns", value: fmt.Sprintf("arn:%s:ssm:%s:%s:parameter%s", to.partition, to.region, to.account, auditKey), why: "what the function may read of Systems Manager: the key", list: true},
	}
	if plan.OneAccount {
		all := append(slices.Clone(function), source)
		switch client := sourceClient(request.Source.Clients); {
		case client == "" && from.region != to.region:
			all = append(all, entry{name: "SourceClientId", value: fromSourceStack, why: "the app client that a step below makes: a stack makes none in another region"})
		case client != "":
			all = append(all, entry{name: "SourceClientId", value: client, why: "an app client of the source that the function can use as it is; without it the stack makes one"})
		}
		return map[string][]entry{setOneAccount: append(all, decision...)}
	}
	externalID := entry{name: "SourceExternalId", value: request.ExternalID, why: "a random external ID, the same in both accounts; without it the role cannot be assumed"}
	all := append(slices.Clone(function), source,
		entry{name: "SourceClientId", value: fromSourceStack, why: "the app client that the source's stack makes; a step below fills it in"},
		entry{name: "SourceRoleArn", value: fmt.Sprintf("arn:%s:iam::%s:role/%s", from.partition, from.account, sourceRole), why: "the role that the source's stack makes"},
		externalID)
	return map[string][]entry{
		setDestination: append(all, decision...),
		setSource: {
			source,
			{name: "FunctionRoleArn", value: fmt.Sprintf("arn:%s:iam::%s:role/%s", to.partition, to.account, functionRole), why: "the function's role, which the destination's stack makes; it need not exist yet"},
			externalID,
		},
	}
}

func imageOf(to arn) string {
	suffix := ""
	if strings.HasPrefix(to.region, "cn-") {
		suffix = ".cn"
	}
	return fmt.Sprintf("%s.dkr.ecr.%s.amazonaws.com%s/%s:1", to.account, to.region, suffix, functionName)
}

func lostNames(lost []Lost) string {
	if len(lost) == 0 {
		return ""
	}
	names := make([]string, len(lost))
	for i, attribute := range lost {
		names[i] = attribute.Name
	}
	return "; not migrated: " + strings.Join(names, ", ")
}

// files are the parameters in both languages, and a page that explains them: JSON
// takes no comments.
func files(plan Plan) []File {
	var list []File
	var page bytes.Buffer
	page.WriteString("# What `migratectl init` wrote, and why\n\nThe `.json` files are for CloudFormation, the `.tfvars` files for Terraform.\n")
	for _, set := range []string{setOneAccount, setSource, setDestination} {
		entries := plan.entries[set]
		if len(entries) == 0 {
			continue
		}
		list = append(list, File{set + ".json", asJSON(entries)}, File{set + ".tfvars", asTerraform(entries)})
		fmt.Fprintf(&page, "\n## %s\n\n| parameter | in Terraform | why |\n|---|---|---|\n", set)
		for _, entry := range entries {
			fmt.Fprintf(&page, "| `%s` | `%s` | %s |\n", entry.name, entry.terraform(), entry.why)
		}
	}
	page.WriteString("\nWith `CompletionAfter`, `CompletionGroups` or `MigrateOnMfa=enroll` also set `CompletionHmacKey`, as a reference such as\n`ssm:/user-migration/completion-hmac-key`, and add its ARN to `SecretParameterArns`. Other parameters: docs/settings.md.\n")
	return append(list, File{explanation, page.Bytes()})
}

// asJSON is what `aws cloudformation deploy --parameter-overrides file://` takes.
func asJSON(entries []entry) []byte {
	pairs := make([]string, len(entries))
	for i, entry := range entries {
		pairs[i] = entry.name + "=" + entry.value
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if encoder.Encode(pairs) != nil {
		return nil // texts can be written
	}
	return text.Bytes()
}

// asTerraform is a file of variables, each with its reason above it.
func asTerraform(entries []entry) []byte {
	var text bytes.Buffer
	for i, entry := range entries {
		if i > 0 {
			text.WriteByte('\n')
		}
		value := strings.NewReplacer("${", "$${", "%{", "%%{").Replace(strconv.Quote(entry.value))
		if entry.list {
			value = "[" + value + "]"
		}
		fmt.Fprintf(&text, "# %s\n%s = %s\n", entry.why, entry.terraform(), value)
	}
	return text.Bytes()
}
