// Package awssecrets resolves references to secrets that AWS keeps: settings
// that say where a secret is, in place of the secret. It imports domain.
package awssecrets

import (
	"context"
	"errors"
	"strings"

	"cognito-user-migration/adapters/internal/awsjson"
	"cognito-user-migration/domain"

	"github.com/aws/aws-sdk-go-v2/aws"
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
var ErrNoText = errors.New("the secret has no text value; if the reference has a #KEY, check that the key exists and its value is a string")

// Resolver resolves references.
type Resolver struct {
	secrets, parameters awsjson.Caller
}

// Open returns the resolver that asks AWS with the configuration given.
func Open(config aws.Config) *Resolver {
	return New(openSecrets(config), openParameters(config))
}

// New returns the resolver that asks through the clients of Secrets Manager and of
// Systems Manager.
func New(secrets, parameters awsjson.Caller) *Resolver {
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

func text(value string) (domain.Secret, error) {
	if value == "" {
		return domain.Secret{}, ErrNoText
	}
	return domain.NewSecret(value), nil
}
