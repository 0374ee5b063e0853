package config

import (
	"strings"
)

// The forms of a reference, by the service that keeps the secret.
const (
	inSecretsManager = "secretsmanager:"
	inParameterStore = "ssm:"
)

// isReference reports whether a value is a reference to a secret.
func isReference(value string) bool {
	return strings.HasPrefix(value, inSecretsManager) || strings.HasPrefix(value, inParameterStore)
}

// misread returns the problem of a blank value, a malformed reference, or a reference
// in another notation. Without this check such a text would be the secret itself, and
// a reference is public. It returns "" for any other value. The text does not repeat
// the value.
func misread(value string) string {
	trimmed := strings.TrimSpace(value)
	lower := strings.ToLower(trimmed)
	arn := strings.Split(lower, ":")
	isARN := len(arn) >= 6 && arn[0] == "arn"
	switch {
	case trimmed == "":
		return "is blank; remove it, or set a value"
	case isReference(value):
		return malformedReference(value)
	case isReference(lower):
		return "is almost a reference to a secret; write secretsmanager:NAME or ssm:/NAME in lower case, without spaces around it"
	case isARN && arn[2] == "secretsmanager":
		return "is the ARN of a secret, not the secret; write " + inSecretsManager + " before it"
	case isARN && arn[2] == "ssm":
		return "is the ARN of a parameter, not the secret; write " + inParameterStore + " before it"
	case strings.HasPrefix(lower, "{{resolve:"):
		return "is a reference that CloudFormation did not resolve; write secretsmanager:NAME or ssm:/NAME instead"
	}
	return ""
}

// malformedReference returns the problem of a reference that cannot name a secret, or
// "". The rules are in "CreateSecret" (AWS Secrets Manager API Reference) and
// "PutParameter" (AWS Systems Manager API Reference).
func malformedReference(value string) string {
	service, signs, expected := "ssm", "/_.-:", "expected ssm:/NAME or ssm:ARN, where a name has letters, digits and the signs /_.-"
	name, keyed, key := strings.TrimPrefix(value, inParameterStore), false, ""
	if written, ok := strings.CutPrefix(value, inSecretsManager); ok {
		service, signs = "secretsmanager", "/_+=.@!-:"
		expected = "expected secretsmanager:NAME or secretsmanager:ARN, with #KEY for one key of a JSON object"
		name, key, keyed = strings.Cut(written, "#")
	}
	arn := strings.Split(name, ":")
	switch {
	case !isOf(name, signs), len(name) > 2048, keyed && key == "":
		return "is a malformed reference to a secret; " + expected
	case arn[0] == "arn" && (len(arn) < 6 || arn[2] != service):
		return "is a reference with the ARN of something else; " + expected
	}
	return ""
}
