// Package awssecrets resolves references to secrets in AWS: settings that say where a
// secret is stored. It imports domain.
package awssecrets

import (
	"context"
	"errors"
	"strings"

	"cognito-user-migration/adapters/internal/awsjson"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports/parts"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// The forms of a reference.
const (
	// SecretsManager is followed by a secret's name or ARN. If the secret is a JSON
	// object, # and a key of it can follow.
	SecretsManager = "secretsmanager:"
	// ParameterStore is followed by a parameter's name or ARN.
	ParameterStore = "ssm:"
)

const adapter = "secrets"

// ErrNoText is the error for a secret without a usable text. It is binary or empty, or
// lacks the key that the reference names.
var ErrNoText = errors.New("the secret has no text value; if the reference has a #KEY, check that the key exists and its value is a string")

// Resolver resolves references.
type Resolver struct {
	secrets, parameters awsjson.Caller
}

// Part returns the resolver for a main to list. config provides the AWS configuration.
func Part(config func(context.Context) (aws.Config, error)) parts.Secrets {
	return func(ctx context.Context) (parts.Resolver, error) {
		loaded, err := config(ctx)
		if err != nil {
			return nil, err
		}
		return Open(loaded), nil //nolint:contextcheck // Open makes no call
	}
}

// Open returns a resolver with clients for this configuration.
func Open(config aws.Config) *Resolver {
	return New(openSecrets(config), openParameters(config))
}

// New returns a resolver that uses the given clients of Secrets Manager and Systems
// Manager.
func New(secrets, parameters awsjson.Caller) *Resolver {
	return &Resolver{secrets: secrets, parameters: parameters}
}

// Resolve returns the secret that a reference names. Its error matches those of ports,
// or [ErrNoText], and contains neither the reference nor the secret.
func (r *Resolver) Resolve(ctx context.Context, reference string) (domain.Secret, error) {
	if name, ok := strings.CutPrefix(reference, ParameterStore); ok {
		return r.parameter(ctx, name)
	}
	name, key, _ := strings.Cut(strings.TrimPrefix(reference, SecretsManager), "#")
	return r.secret(ctx, name, key)
}

func secretOf(text string) (domain.Secret, error) {
	if text == "" {
		return domain.Secret{}, ErrNoText
	}
	return domain.NewSecret(text), nil
}
