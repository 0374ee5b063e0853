package awssetup_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"cognito-user-migration/adapters/awssetup"
	"cognito-user-migration/adapters/internal/awsjson"
	"cognito-user-migration/ports/setup"
)

// answering is a service that answers every call alike.
type answering struct {
	answer string
	err    error
	asked  string
}

func (a *answering) Call(_ context.Context, operation string, input any) (json.RawMessage, error) {
	text, err := json.Marshal(input)
	a.asked = operation + string(text)
	return json.RawMessage(a.answer), errors.Join(a.err, err)
}

func TestTheAccountsOwnQuota(t *testing.T) {
	t.Parallel()
	// The example of the API reference.
	api := &answering{answer: `{"Limit":{"FreeLimitValue":120,"LimitDefinition":{"Attributes":{"Category":"UserAuthentication"},"LimitClass":"API_CATEGORY"},"ProvisionedLimitValue":200}}`}
	quota, err := awssetup.NewQuotas(api).Quota(t.Context(), "UserAuthentication")
	if err != nil || quota != 200 {
		t.Errorf("got %v, %v", quota, err)
	}
	if api.asked != `GetProvisionedLimit{"LimitDefinition":{"Attributes":{"Category":"UserAuthentication"},"LimitClass":"API_CATEGORY"}}` {
		t.Errorf("asked %s", api.asked)
	}
}

func TestAQuotaThatCannotBeRead(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		api  answering
		kind error
		text string
	}{
		"not permitted":      {answering{err: awsjson.NewFault("AccessDeniedException", "no", 400, nil)}, setup.ErrNotPermitted, "AccessDeniedException"},
		"unknown category":   {answering{err: awsjson.NewFault("ResourceNotFoundException", "no", 400, nil)}, setup.ErrNotFound, "ResourceNotFoundException"},
		"an old region":      {answering{err: awsjson.NewFault("UnknownOperationException", "no", 400, nil)}, nil, "UnknownOperationException"},
		"an empty response":  {answering{answer: `{}`}, nil, "no ProvisionedLimitValue"},
		"a limit of zero":    {answering{answer: `{"Limit":{"ProvisionedLimitValue":0}}`}, nil, "no ProvisionedLimitValue"},
		"a response of text": {answering{answer: `{"Limit":{"ProvisionedLimitValue":"many"}}`}, nil, "no ProvisionedLimitValue"},
	} {
		_, err := awssetup.NewQuotas(&test.api).Quota(t.Context(), "UserRead")
		if err == nil || test.kind != nil && !errors.Is(err, test.kind) || !strings.Contains(err.Error(), test.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
