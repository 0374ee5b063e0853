package awssetup

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

// Region returns the configuration's region, or an empty text if it has none.
func (a *Account) Region() string { return a.config.Region }

// AppClients lists the app clients of a user pool: their names by their IDs. Only
// the operator's tool needs it, so it is no part of the ports.
func (a *Account) AppClients(ctx context.Context, region, poolID string) (map[string]string, error) {
	client := cognitoidentityprovider.NewFromConfig(a.config, func(o *cognitoidentityprovider.Options) {
		if region != "" {
			o.Region = region
		}
	})
	names := make(map[string]string)
	pages := cognitoidentityprovider.NewListUserPoolClientsPaginator(client, &cognitoidentityprovider.ListUserPoolClientsInput{UserPoolId: &poolID})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, classify(ctx, "ListUserPoolClients", err)
		}
		for _, found := range page.UserPoolClients {
			names[aws.ToString(found.ClientId)] = aws.ToString(found.ClientName)
		}
	}
	return names, nil
}
