package awssecrets_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"cognito-user-migration/adapters/awssecrets"
	"cognito-user-migration/adapters/internal/awsjson"
	"cognito-user-migration/ports"
	"cognito-user-migration/test/process"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

const canary = "canary-secret-4c1d"

// vault gives the answer of the test.
type vault struct {
	answer string
	err    error
}

func (v vault) Call(context.Context, string, any) (json.RawMessage, error) {
	return json.RawMessage(v.answer), v.err
}

// secret is the answer with this secret, parameter that with this parameter.
func secret(value string) vault {
	text, _ := json.Marshal(value)
	return vault{answer: `{"Name":"name","SecretString":` + string(text) + `,"VersionStages":["AWSCURRENT"]}`}
}

func parameter(value string) vault {
	return vault{answer: `{"Parameter":{"Name":"name","Type":"SecureString","Value":"` + value + `","Version":1}}`}
}

func TestASecretIsReadAsTheReferenceSays(t *testing.T) {
	t.Parallel()
	const object = `{"client":"` + canary + `","number":7,"empty":""}`
	for name, row := range map[string]struct {
		reference string
		vault     vault
		want      string
		err       error
	}{
		"a secret as a whole":         {"secretsmanager:name", secret(canary), canary, nil},
		"a key of a secret":           {"secretsmanager:arn:aws:secretsmanager:eu-west-1:123456789012:secret:name-AbCdEf#client", secret(object), canary, nil},
		"a parameter":                 {"ssm:/path/name", parameter(canary), canary, nil},
		"a key that is not there":     {"secretsmanager:name#other", secret(object), "", awssecrets.ErrNoText},
		"a key that is no text":       {"secretsmanager:name#number", secret(object), "", awssecrets.ErrNoText},
		"a key that is empty":         {"secretsmanager:name#empty", secret(object), "", awssecrets.ErrNoText},
		"a key of what is no object":  {"secretsmanager:name#client", secret(canary), "", awssecrets.ErrNoText},
		"a secret that is binary":     {"secretsmanager:name", vault{answer: `{"SecretBinary":"AAEC"}`}, "", awssecrets.ErrNoText},
		"a parameter without a value": {"ssm:name", vault{answer: `{"Parameter":{}}`}, "", awssecrets.ErrNoText},
		"no parameter":                {"ssm:name", vault{answer: `{}`}, "", awssecrets.ErrNoText},
		"an answer of another shape":  {"ssm:name", vault{answer: `{"Parameter":7}`}, "", awssecrets.ErrNoText},
		"a secret of another shape":   {"secretsmanager:name", vault{answer: `[]`}, "", awssecrets.ErrNoText},
		"an outage of secrets":        {"secretsmanager:name", vault{err: errors.New(canary)}, "", ports.ErrUnreachable},
		"an outage of parameters":     {"ssm:name", vault{err: errors.New(canary)}, "", ports.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := awssecrets.New(row.vault, row.vault).Resolve(t.Context(), row.reference)
			if got.Reveal() != row.want || !errors.Is(err, row.err) {
				t.Errorf("got %q, %v", got.Reveal(), err)
			}
			if strings.Contains(fmt.Sprintf("%v %+v %#v %v", err, err, err, got), canary) {
				t.Errorf("shown: %v", err)
			}
		})
	}
}

func TestSecretsOfARealService(t *testing.T) {
	t.Parallel()
	config := aws.Config{
		Region: "us-east-1", BaseEndpoint: aws.String(process.Moto().Start(t)),
		Credentials: credentials.NewStaticCredentialsProvider("AKIAIOSFODNN7EXAMPLE", "example", ""),
	}
	if _, err := awsjson.New(config, awsjson.SecretsManager()).Call(t.Context(), "CreateSecret", map[string]any{
		"Name": "user-migration", "SecretString": `{"client":"` + canary + `"}`, "ClientRequestToken": "00000000-0000-4000-8000-000000000000",
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := awsjson.New(config, awsjson.SSM()).Call(t.Context(), "PutParameter", map[string]any{
		"Name": "/user-migration/key", "Type": "SecureString", "Value": canary + "2",
	}); err != nil {
		t.Fatal(err)
	}
	resolver := awssecrets.Open(config)
	for reference, want := range map[string]string{"secretsmanager:user-migration#client": canary, "ssm:/user-migration/key": canary + "2"} {
		if got, err := resolver.Resolve(t.Context(), reference); err != nil || got.Reveal() != want {
			t.Errorf("%s: got %q, %v", reference, got.Reveal(), err)
		}
	}
	for _, reference := range []string{"secretsmanager:nothing", "ssm:/nothing"} {
		if _, err := resolver.Resolve(t.Context(), reference); !errors.Is(err, ports.ErrMisconfigured) || strings.Contains(err.Error(), "nothing") {
			t.Errorf("%s: %v", reference, err)
		}
	}
}
