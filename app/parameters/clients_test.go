package parameters_test

import (
	"slices"
	"testing"

	"cognito-user-migration/app/parameters"
	"cognito-user-migration/ports/setup"
)

// TestTheSourcesAppClientDoesNotDependOnTheOrder in which a pool lists its clients.
func TestTheSourcesAppClientDoesNotDependOnTheOrder(t *testing.T) {
	t.Parallel()
	client := func(name, id string) parameters.Client {
		return parameters.Client{Name: name, AppClient: setup.AppClient{ID: id, Flows: []string{"ALLOW_ADMIN_USER_PASSWORD_AUTH"}}}
	}
	for want, clients := range map[string][]parameters.Client{
		"1": {client("b", "2"), client("a", "1"), client("c", "3")},
		"9": {client("a", "1"), client("user-migration", "9"), client("z", "3")},
	} {
		for range len(clients) {
			clients = append(clients[1:], clients[0])
			r := request()
			inOneAccount(&r)
			r.Source.Clients = slices.Clone(clients)
			if got := pairs(t, parameters.Make(r), "one-account.json")["SourceClientId"]; got != want {
				t.Errorf("%v: got %s, want %s", clients, got, want)
			}
		}
	}
}
