package awssetup

import (
	"context"
	"encoding/json"
	"errors"

	"cognito-user-migration/adapters/internal/awsjson"
	"cognito-user-migration/ports/setup"
)

var _ setup.QuotaReader = (*Quotas)(nil)

// Quotas reads the account's quotas of Cognito in one region.
type Quotas struct{ api awsjson.Caller }

// Quotas returns the reader of quotas in a region.
func (a *Account) Quotas(region string) *Quotas {
	config := a.config.Copy()
	config.Region = region
	return NewQuotas(awsjson.New(config, awsjson.CognitoIdentityProvider()))
}

// NewQuotas returns a reader that uses the client.
func NewQuotas(api awsjson.Caller) *Quotas { return &Quotas{api} }

// Quota implements [setup.QuotaReader] by GetProvisionedLimit (Amazon Cognito User
// Pools API Reference, July 2026), which the Go SDK in use does not have.
func (q *Quotas) Quota(ctx context.Context, category string) (float64, error) {
	const operation = "GetProvisionedLimit"
	answer, err := q.api.Call(ctx, operation, map[string]any{"LimitDefinition": map[string]any{
		"LimitClass": "API_CATEGORY", "Attributes": map[string]string{"Category": category},
	}})
	if err != nil {
		return 0, classify(ctx, operation, err)
	}
	var read struct {
		Limit struct{ ProvisionedLimitValue float64 }
	}
	if err := json.Unmarshal(answer, &read); err != nil || read.Limit.ProvisionedLimitValue <= 0 {
		return 0, errors.New(operation + ": the response has no ProvisionedLimitValue above zero")
	}
	return read.Limit.ProvisionedLimitValue, nil
}
