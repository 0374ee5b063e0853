package awssecrets

import (
	"context"
	"encoding/json"

	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/adapters/internal/awsjson"
	"cognito-user-migration/domain"

	"github.com/aws/aws-sdk-go-v2/aws"
)

func openParameters(config aws.Config) awsjson.Caller {
	return awsjson.New(config, awsjson.SSM())
}

func (r *Resolver) parameter(ctx context.Context, name string) (domain.Secret, error) {
	answer, err := r.parameters.Call(ctx, "GetParameter", map[string]any{"Name": name, "WithDecryption": true})
	if err != nil {
		return domain.Secret{}, awsfault.Of(ctx, adapter, "GetParameter", err)
	}
	var read struct{ Parameter struct{ Value string } }
	if json.Unmarshal(answer, &read) != nil {
		return domain.Secret{}, ErrNoText
	}
	return secretOf(read.Parameter.Value)
}
