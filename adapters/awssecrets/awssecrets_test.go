package awssecrets_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"cognito-user-migration/adapters/awssecrets"
	"cognito-user-migration/ports"
	"cognito-user-migration/test/process"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	ssmtypes "github.com/aws/aws-sdk-go-v2/service/ssm/types"
)

const canary = "canary-secret-4c1d"

// vault answers as it is told.
type vault struct {
	secret    *string
	parameter *ssmtypes.Parameter
	err       error
}

func (v vault) GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error) {
	if v.err != nil {
		return nil, v.err
	}
	return &secretsmanager.GetSecretValueOutput{SecretString: v.secret}, nil
}

func (v vault) GetParameter(context.Context, *ssm.GetParameterInput, ...func(*ssm.Options)) (*ssm.GetParameterOutput, error) {
	if v.err != nil {
		return nil, v.err
	}
	return &ssm.GetParameterOutput{Parameter: v.parameter}, nil
}

func TestASecretIsReadAsTheReferenceSays(t *testing.T) {
	t.Parallel()
	object := aws.String(`{"client":"` + canary + `","number":7,"empty":""}`)
	for name, row := range map[string]struct {
		reference string
		vault     vault
		want      string
		err       error
	}{
		"a secret as a whole":         {"secretsmanager:name", vault{secret: aws.String(canary)}, canary, nil},
		"a key of a secret":           {"secretsmanager:arn:aws:secretsmanager:eu-west-1:123456789012:secret:name-AbCdEf#client", vault{secret: object}, canary, nil},
		"a parameter":                 {"ssm:/path/name", vault{parameter: &ssmtypes.Parameter{Value: aws.String(canary)}}, canary, nil},
		"a key that is not there":     {"secretsmanager:name#other", vault{secret: object}, "", awssecrets.ErrNoText},
		"a key that is no text":       {"secretsmanager:name#number", vault{secret: object}, "", awssecrets.ErrNoText},
		"a key that is empty":         {"secretsmanager:name#empty", vault{secret: object}, "", awssecrets.ErrNoText},
		"a key of what is no object":  {"secretsmanager:name#client", vault{secret: aws.String(canary)}, "", awssecrets.ErrNoText},
		"a secret that is binary":     {"secretsmanager:name", vault{}, "", awssecrets.ErrNoText},
		"a parameter without a value": {"ssm:name", vault{parameter: &ssmtypes.Parameter{}}, "", awssecrets.ErrNoText},
		"no parameter":                {"ssm:name", vault{}, "", awssecrets.ErrNoText},
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
	if _, err := secretsmanager.NewFromConfig(config).CreateSecret(t.Context(), &secretsmanager.CreateSecretInput{
		Name: aws.String("user-migration"), SecretString: aws.String(`{"client":"` + canary + `"}`),
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := ssm.NewFromConfig(config).PutParameter(t.Context(), &ssm.PutParameterInput{
		Name: aws.String("/user-migration/key"), Type: ssmtypes.ParameterTypeSecureString, Value: aws.String(canary + "2"),
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
