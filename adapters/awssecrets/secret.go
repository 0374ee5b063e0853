package awssecrets

import (
	"context"
	"encoding/json"

	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/adapters/internal/awsjson"
	"cognito-user-migration/domain"

	"github.com/aws/aws-sdk-go-v2/aws"
)

func openSecrets(config aws.Config) awsjson.Caller {
	return awsjson.New(config, awsjson.SecretsManager())
}

func (r *Resolver) secret(ctx context.Context, name, key string) (domain.Secret, error) {
	answer, err := r.secrets.Call(ctx, "GetSecretValue", map[string]any{"SecretId": name})
	if err != nil {
		return domain.Secret{}, awsfault.Of(ctx, adapter, "GetSecretValue", err)
	}
	var read struct{ SecretString string }
	if json.Unmarshal(answer, &read) != nil {
		return domain.Secret{}, ErrNoText
	}
	if key == "" {
		return secretOf(read.SecretString)
	}
	var object map[string]any
	if json.Unmarshal([]byte(read.SecretString), &object) != nil {
		return domain.Secret{}, ErrNoText
	}
	found, _ := object[key].(string)
	return secretOf(found)
}
