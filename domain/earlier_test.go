package domain_test

import (
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/domain"

	"pgregory.net/rapid"
)

func TestTheNamesThatAnEarlierSourceIsAskedAbout(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		rules domain.Rules
		typed string
		user  domain.SourceUser
		want  []string
	}{
		"the username and the verified contacts": {typed: "alice", user: alice(),
			want: []string{"alice", "alice@example.com", "+819012345678"}},
		"the username, where an alias was typed": {typed: "alice@example.com", user: alice(),
			want: []string{"alice", "alice@example.com", "+819012345678"}},
		"no contact that is not verified": {typed: "alice", user: unverified(),
			want: []string{"alice"}},
		"a contact that the operator vouches for": {rules: rules(vouchAlways), typed: "alice", user: unverified(),
			want: []string{"alice", "alice@example.com", "+819012345678"}},
		"a contact as it is after mapping": {rules: rules(func(r *domain.Rules) { r.Attributes = mapping("email=mail,email_verified='true'") }), typed: "alice",
			user: changed(func(u *domain.SourceUser) { u.Attributes["mail"] = "other@example.com" }),
			want: []string{"alice", "other@example.com"}},
		"what was typed, where no name is returned": {rules: rules(func(r *domain.Rules) { r.Username = domain.UsernameOmit }), typed: "alice", user: alice(),
			want: []string{"alice", "alice@example.com", "+819012345678"}},
		"every contact, where no name is returned": {rules: rules(func(r *domain.Rules) { r.Username = domain.UsernameOmit }), typed: "alice", user: unverified(),
			want: []string{"alice", "alice@example.com", "+819012345678"}},
		"every contact, where Cognito makes the name": {typed: "alice@example.com", user: changed(func(u *domain.SourceUser) { u.Username = u.Sub }),
			want: []string{"alice@example.com", "+819012345678"}},
		"preferred_username, which can be an alias": {rules: rules(func(r *domain.Rules) { r.Attributes = mapping("preferred_username") }), typed: "alice",
			user: changed(func(u *domain.SourceUser) { u.Attributes["preferred_username"] = "admin" }),
			want: []string{"alice", "admin"}},
		"both spellings of a name with capitals": {rules: rules(func(r *domain.Rules) { r.Username = domain.UsernameSource }), typed: "alice",
			user: changed(func(u *domain.SourceUser) { u.Username, u.Attributes["email"] = "Alice", "Alice@Example.com" }),
			want: []string{"Alice", "alice", "Alice@Example.com", "alice@example.com", "+819012345678"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if row.rules.Username == "" {
				row.rules = rules()
			}
			attempt := domain.Attempt{Trigger: signIn, Username: row.typed}
			decision := domain.Decide(row.rules, attempt, domain.Finding{Kind: domain.PasswordAccepted, Source: "NEW", User: row.user})
			if got := decision.Names(attempt); decision.Verdict != domain.Migrate || !slices.Equal(got, row.want) {
				t.Errorf("%v: got %q, want %q", decision, got, row.want)
			}
		})
	}
}

func TestWhatAnEarlierSourceSaysOfTheName(t *testing.T) {
	t.Parallel()
	attempt := domain.Attempt{Trigger: signIn, Username: "alice"}
	decision := domain.Decide(rules(), attempt, domain.Finding{Kind: domain.PasswordAccepted, Source: "NEW", User: alice()})
	for _, kind := range append(domain.FindingKinds(), 0, 200) {
		got := decision.After([]domain.Finding{{Kind: domain.UserUnknown, Source: "FIRST"}, {Kind: kind, Source: "OLD"}})
		switch kind {
		case domain.UserUnknown:
			if got.Verdict != domain.Migrate || got.Source != "NEW" {
				t.Errorf("unknown there: got %v of %s", got, got.Source)
			}
		case domain.LookUpUnsupported:
			if got.Reason != domain.ReasonLookUpUnsupported || got.Source != "OLD" {
				t.Errorf("no look-up there: got %v of %s", got, got.Source)
			}
		default:
			if got.Verdict != domain.Refuse || got.Reason != domain.ReasonIdentityOfEarlierSource || got.Source != "OLD" || got.User.Attributes != nil {
				t.Errorf("%v there: got %v of %s", kind, got, got.Source)
			}
		}
	}
	known := decision.After([]domain.Finding{{Kind: domain.LookUpUnsupported, Source: "FIRST"}, {Kind: domain.UserFound, Source: "OLD"}})
	if known.Reason != domain.ReasonIdentityOfEarlierSource || known.Source != "OLD" {
		t.Errorf("known at one and not looked up at another: got %v of %s", known, known.Source)
	}
	if got := decision.After(nil); got.Verdict != domain.Migrate {
		t.Errorf("no earlier source: got %v", got)
	}
}

// For all rules and users, earlier sources are asked about every name and alias by which
// the destination would know the user.
func TestNobodyIsCreatedByANameThatEarlierSourcesAreNotAskedAbout(t *testing.T) {
	t.Parallel()
	holds(t, func(t *rapid.T, _ domain.Rules, attempt domain.Attempt, _ domain.Finding, decision domain.Decision) {
		names := decision.Names(attempt)
		if decision.Verdict != domain.Migrate {
			if names != nil {
				t.Fatal("a refusal creates nobody")
			}
			return
		}
		a := decision.User.Attributes
		aliases := []string{decision.User.Username, a["preferred_username"]}
		if decision.User.Username == "" {
			aliases = append(aliases, attempt.Username, a["email"], a["phone_number"])
		}
		for _, contact := range []string{"email", "phone_number"} {
			if a[contact+"_verified"] == "true" {
				aliases = append(aliases, a[contact])
			}
		}
		for _, alias := range aliases {
			if alias != "" && (!slices.Contains(names, alias) || !slices.Contains(names, strings.ToLower(alias))) {
				t.Fatalf("%q is not among %q", alias, names)
			}
		}
		if slices.Contains(names, "") {
			t.Fatal("an earlier source is asked about the empty name")
		}
	})
}
