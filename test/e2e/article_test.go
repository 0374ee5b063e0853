package e2e_test

import (
	"testing"

	"cognito-user-migration/domain"
	"cognito-user-migration/test/peers"
)

// TestTheArticlesOwnCheck goes through the check at the end of the article that
// asked for this system, command by command, as its readers would.
func TestTheArticlesOwnCheck(t *testing.T) {
	t.Parallel()
	requirePeers(t)
	source, s := motoSource(t, peers.SourceOptions{})
	f := start(t, s)
	d := newDestination(t, f)
	p := newPerson()
	f.hidePerson(p)

	// In the source the user is there, as an administrator made it, ...
	if err := source.CreateUser(t.Context(), peers.User{Username: p.username, Password: "Temporary-1234!", TemporaryPassword: true, Attributes: p.attributes()}); err != nil {
		t.Fatal(err)
	}
	// ... and made CONFIRMED by the article's command.
	atSource := cli{t: t, as: source.Administrator, endpoint: source.Endpoint}
	atSource.must("admin-set-user-password", "--user-pool-id", source.UserPoolID, "--username", p.username, "--password", p.password, "--permanent")
	getAtSource := []string{"admin-get-user", "--user-pool-id", source.UserPoolID, "--username", p.username}
	if status := atSource.must(getAtSource...)["UserStatus"]; status != "CONFIRMED" {
		t.Fatalf("at the source the user is %v", status)
	}

	// In the destination there is no such user.
	d.mustFail("UserNotFoundException", d.getUser(p.username)...)

	// The sign-in gives tokens.
	tokens, _ := d.must(d.signIn(p.username, p.password)...)["AuthenticationResult"].(map[string]any)
	for _, token := range []string{"AccessToken", "IdToken", "RefreshToken"} {
		if text, _ := tokens[token].(string); text == "" {
			t.Errorf("no %s in %v", token, tokens)
		}
	}

	// The user is in the destination, with what the source knew.
	moved := d.must(d.getUser(p.username)...)
	if moved["Username"] != p.username || moved["UserStatus"] != "CONFIRMED" || moved["Enabled"] != true {
		t.Errorf("the destination has %v", moved)
	}
	attributes := attributesOf(moved)
	for name, want := range p.attributes() {
		if attributes[name] != want {
			t.Errorf("the destination has %s=%q, want %q", name, attributes[name], want)
		}
	}
	if sub, there := attributesOf(atSource.must(getAtSource...))["sub"]; !there || attributes["sub"] == sub {
		t.Errorf("the source's sub %q came along: %q", sub, attributes["sub"])
	}

	// At the source the user remains.
	if remains := atSource.must(getAtSource...); remains["UserStatus"] != "CONFIRMED" || remains["Enabled"] != true {
		t.Errorf("at the source there is %v", remains)
	}

	// A second sign-in is the destination's own business.
	if f.Invocations() != 1 {
		t.Fatalf("the function was invoked %d times, want once", f.Invocations())
	}
	d.must(d.signIn(p.username, p.password)...)
	if f.Invocations() != 1 {
		t.Errorf("a second sign-in invoked the function")
	}

	// One record says what happened, and not to whom.
	records := f.records()
	if len(records) != 1 {
		t.Fatalf("%d records, want 1", len(records))
	}
	r := records[0]
	if r.Outcome != string(domain.OutcomeMigrated) || r.Reason != string(domain.ReasonPasswordAccepted) ||
		r.Source != "SOURCE" || r.FinalUserStatus != "CONFIRMED" || r.UserPoolID != d.pool.ID || r.ClientID != d.pool.ClientID {
		t.Errorf("recorded as %+v", r)
	}
}

func TestContactsThatNobodyProvedStayUnverified(t *testing.T) {
	t.Parallel()
	source, s := motoSource(t, peers.SourceOptions{})
	p := newPerson()
	attributes := p.attributes()
	attributes["email_verified"] = "false"
	delete(attributes, "phone_number_verified")
	if err := source.CreateUser(t.Context(), peers.User{Username: p.username, Password: p.password, Attributes: attributes}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ vouch, want string }{
		{"source", "false"},
		{"always", "true"}, // the article's way
	} {
		t.Run("MIGRATE_VERIFIED_CONTACTS="+test.vouch, func(t *testing.T) {
			t.Parallel()
			f := start(t, s.with("MIGRATE_VERIFIED_CONTACTS", test.vouch))
			f.hidePerson(p)
			got := f.migrates(signIn(p.username, p.password), domain.ReasonPasswordAccepted).UserAttributes
			if got["email_verified"] != test.want || got["phone_number_verified"] != test.want {
				t.Errorf("got email_verified=%q phone_number_verified=%q, want %q", got["email_verified"], got["phone_number_verified"], test.want)
			}
		})
	}
}
