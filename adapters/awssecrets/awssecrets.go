// Package awssecrets resolves references to secrets that AWS keeps: settings
// that say where a secret is, in place of the secret. It imports domain.
package awssecrets

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"cognito-user-migration/adapters/internal/awsclient"
	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/domain"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/secretsmanager"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// The forms of a reference.
const (
	// SecretsManager is followed by a secret's name or ARN and, where the
	// secret is a JSON object, by # and a key of it.
	SecretsManager = "secretsmanager:"
	// ParameterStore is followed by a parameter's name or ARN.
	ParameterStore = "ssm:"
)

const adapter = "secrets"

// ErrNoText is a secret that is there and holds no text to use: it is binary, it
// is empty, or it has not the key that the reference names.
var ErrNoText = errors.New("the secret holds no text under this reference")

// SecretsAPI is what is called of AWS Secrets Manager.
type SecretsAPI interface {
	GetSecretValue(context.Context, *secretsmanager.GetSecretValueInput, ...func(*secretsmanager.Options)) (*secretsmanager.GetSecretValueOutput, error)
}

// ParametersAPI is what is called of AWS Systems Manager.
type ParametersAPI interface {
	GetParameter(context.Context, *ssm.GetParameterInput, ...func(*ssm.Options)) (*ssm.GetParameterOutput, error)
}

// Resolver resolves references.
type Resolver struct {
	secrets    SecretsAPI
	parameters ParametersAPI
}

// Open returns the resolver that asks AWS with the configuration given.
func Open(config aws.Config) *Resolver {
	return New(
		secretsmanager.NewFromConfig(config, func(o *secretsmanager.Options) {
			o.HTTPClient = awsclient.Over(o.HTTPClient)
			o.Retryer = awsclient.Retryer()
		}),
		ssm.NewFromConfig(config, func(o *ssm.Options) {
			o.HTTPClient = awsclient.Over(o.HTTPClient)
			o.Retryer = awsclient.Retryer()
		}),
	)
}

// New returns the resolver that asks through the clients given.
func New(secrets SecretsAPI, parameters ParametersAPI) *Resolver {
	return &Resolver{secrets: secrets, parameters: parameters}
}

// Resolve gives the secret that a reference names. Its error matches those of
// ports, or [ErrNoText], and holds neither the reference nor the secret.
func (r *Resolver) Resolve(ctx context.Context, reference string) (domain.Secret, error) {
	if name, ok := strings.CutPrefix(reference, ParameterStore); ok {
		return r.parameter(ctx, name)
	}
	name, key, _ := strings.Cut(strings.TrimPrefix(reference, SecretsManager), "#")
	return r.secret(ctx, name, key)
}

func (r *Resolver) parameter(ctx context.Context, name string) (domain.Secret, error) {
	answer, err := r.parameters.GetParameter(ctx, &ssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(true)})
	if err != nil {
		return domain.Secret{}, awsfault.Of(ctx, adapter, "GetParameter", err)
	}
	if answer.Parameter == nil {
		return domain.Secret{}, ErrNoText
	}
	return text(aws.ToString(answer.Parameter.Value))
}

func (r *Resolver) secret(ctx context.Context, name, key string) (domain.Secret, error) {
	answer, err := r.secrets.GetSecretValue(ctx, &secretsmanager.GetSecretValueInput{SecretId: &name})
	if err != nil {
		return domain.Secret{}, awsfault.Of(ctx, adapter, "GetSecretValue", err)
	}
	value := aws.ToString(answer.SecretString)
	if key == "" {
		return text(value)
	}
	var object map[string]any
	if json.Unmarshal([]byte(value), &object) != nil {
		return domain.Secret{}, ErrNoText
	}
	found, _ := object[key].(string)
	return text(found)
}

func text(value string) (domain.Secret, error) {
	if value == "" {
		return domain.Secret{}, ErrNoText
	}
	return domain.NewSecret(value), nil
}
