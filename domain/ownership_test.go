package domain_test

import (
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/domain"

	"pgregory.net/rapid"
)

func TestOwnership(t *testing.T) {
	t.Parallel()
	user := domain.SourceUser{
		Username: "Alice", Sub: "sub-1", Identifiers: []string{"a.example", "E-4711"}, Disputed: []string{"E-0815"},
		Attributes: domain.Attributes{
			"preferred_username": "ali", "email": " alice@example.com\t", "email_verified": "true", "phone_number": "+81 90-1234-5678",
			"phone_number_verified": "True", "sub": "sub-2", "nickname": "al",
		},
	}
	for identifier, want := range map[string]bool{
		"Alice": true, "alice": true, "Alice@Example.com": true, "+81 90-1234-5678": true, "+819012345678": true,
		"sub-1": true, "sub-2": true, "a.example": true, "e-4711": true,
		"ali": false, "": false, "al": false, "bob": false, "alice ": false, "*": false, "alice@example.co": false,
		"+81 9012345678": false, "+8190123456789": false, "819012345678": false, "e-0815": false,
	} {
		if got := user.Owns(identifier); got != want {
			t.Errorf("owns %q: %t, want %t", identifier, got, want)
		}
	}
	if (domain.SourceUser{}).Owns("") {
		t.Error("nobody owns the empty name")
	}
	user.Attributes["email_verified"], user.Attributes["phone_number_verified"] = "false", ""
	for _, contact := range []string{"alice@example.com", "+819012345678"} {
		if user.Owns(contact) {
			t.Errorf("owns %q, which nobody proved", contact)
		}
	}
}

// person is a user with a contact, verified or not.
func person(username, email, verified string) domain.SourceUser {
	return domain.SourceUser{Username: username, Enabled: true, Attributes: domain.Attributes{"email": email, "email_verified": verified}}
}

func TestWhomAnIdentifierNames(t *testing.T) {
	t.Parallel()
	const source, always = domain.VerifiedBySource, domain.VerifiedAlways
	for name, row := range map[string]struct {
		typed    string
		found    []domain.SourceUser
		vouch    domain.VerifiedContacts
		kind     domain.FindingKind
		username string
		disputed bool
	}{
		"nobody was found": {"alice", nil, source, domain.UserUnknown, "", false},
		"a username":       {"alice", []domain.SourceUser{person("alice", "a@example.com", "")}, source, domain.UserFound, "alice", false},
		"a username, and somebody who entered it as an unverified address": {"alice", []domain.SourceUser{person("mallory", "alice", "false"), person("alice", "a@example.com", "true")},
			source, domain.UserFound, "alice", false},
		"somebody's unverified address":            {"a@example.com", []domain.SourceUser{person("mallory", "a@example.com", "false")}, source, domain.UserUnknown, "", false},
		"an address of which nothing is said":      {"a@example.com", []domain.SourceUser{person("mallory", "a@example.com", "")}, source, domain.UserUnknown, "", false},
		"an address that the operator vouches for": {"a@example.com", []domain.SourceUser{person("alice", "a@example.com", "")}, always, domain.UserFound, "alice", false},
		"a verified address, and somebody who entered it": {"a@example.com", []domain.SourceUser{person("mallory", "a@example.com", ""), person("alice", "A@example.com", "TRUE")},
			source, domain.UserFound, "alice", false},
		"two who verified one address": {"a@example.com", []domain.SourceUser{person("alice", "a@example.com", "true"), person("alicia", "a@example.com", "true")},
			source, domain.UserAmbiguous, "", false},
		"usernames that differ by letter case": {"alice", []domain.SourceUser{person("Alice", "", ""), person("alice", "", "")}, source, domain.UserFound, "alice", false},
		"usernames in other letter case":       {"ALICE", []domain.SourceUser{person("Alice", "", ""), person("alice", "", "")}, source, domain.UserAmbiguous, "", false},
		"one row twice":                        {"alice", []domain.SourceUser{person("alice", "", ""), person("alice", "", "")}, source, domain.UserAmbiguous, "", false},
		"a username that is another's verified address": {"a@example.com", []domain.SourceUser{person("alice", "a@example.com", "true"), person("a@example.com", "m@example.com", "true")},
			source, domain.UserFound, "a@example.com", true},
		"a username that is the same user's verified address": {"a@example.com", []domain.SourceUser{person("a@example.com", "a@example.com", "true")},
			source, domain.UserFound, "a@example.com", false},
		"a username that two have verified as their address, one of them its owner": {"a@example.com",
			[]domain.SourceUser{person("a@example.com", "a@example.com", "true"), person("mallory", "a@example.com", "true")}, source, domain.UserFound, "a@example.com", false},
		"a username, and somebody whose address it is said to be": {"alice", []domain.SourceUser{person("alice", "a@example.com", "true"), person("mallory", "alice", "true")},
			source, domain.UserFound, "alice", false},
		"what has not the form of an address": {"alice", []domain.SourceUser{person("mallory", "alice", "true")}, source, domain.UserUnknown, "", false},
		"a username that is another's unverified address": {"a@example.com", []domain.SourceUser{person("alice", "a@example.com", "false"), person("a@example.com", "m@example.com", "true")},
			source, domain.UserFound, "a@example.com", false},
		"somebody who was found by what is not theirs": {"alice", []domain.SourceUser{person("álice", "", "")}, source, domain.UserUnknown, "", false},
		"nobody's preferred_username":                  {"alice", []domain.SourceUser{{Username: "mallory", Attributes: domain.Attributes{"preferred_username": "alice"}}}, source, domain.UserUnknown, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := domain.Identify(row.typed, row.found, row.vouch)
			if got.Kind != row.kind || got.User.Username != row.username || slices.Contains(got.User.Disputed, row.typed) != row.disputed {
				t.Errorf("got %v, %q, disputed %q", got.Kind, got.User.Username, got.User.Disputed)
			}
			if got.Kind == domain.UserFound && row.found[got.Index].Username != row.username {
				t.Errorf("the place %d is another user's", got.Index)
			}
		})
	}
}

// anyUser draws from few names, so that users share them.
func anyUser() *rapid.Generator[domain.SourceUser] {
	name := anyOf("alice", "ALICE", "bob", "alice@example.com", "+819012345678", "+81 90-1234-5678", "")
	return rapid.Custom(func(t *rapid.T) domain.SourceUser {
		return domain.SourceUser{
			Username: name.Draw(t, "username"), Sub: name.Draw(t, "sub"), Enabled: true, Identifiers: rapid.SliceOfN(name, 0, 1).Draw(t, "identifiers"),
			Attributes: domain.Attributes{
				"email": name.Draw(t, "email"), "email_verified": anyOf("true", "True", "false", "").Draw(t, "email verified"),
				"phone_number": name.Draw(t, "phone"), "phone_number_verified": anyOf("true", "false", "").Draw(t, "phone verified"),
				"preferred_username": name.Draw(t, "preferred"), "sub": name.Draw(t, "sub attribute"), "nickname": name.Draw(t, "nickname"),
			},
		}
	})
}

func TestNobodyIsFoundInAnothersPlaceByWhatTheyEnteredThemselves(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		typed := anyIdentifier().Draw(t, "typed")
		users := rapid.SliceOfN(anyUser(), 0, 3).Draw(t, "users")
		attackers := rapid.SliceOfN(anyUser(), 1, 3).Draw(t, "attackers")
		for i := range attackers { // nothing is theirs but what they entered
			a := &attackers[i]
			a.Username, a.Sub, a.Identifiers = "mallory", "sub-of-mallory", nil
			a.Attributes["sub"], a.Attributes["email_verified"], a.Attributes["phone_number_verified"] = "", "false", ""
		}
		if strings.EqualFold(typed, "mallory") || strings.EqualFold(typed, "sub-of-mallory") {
			return
		}
		want, got := domain.Identify(typed, users, domain.VerifiedBySource), domain.Identify(typed, append(attackers, users...), domain.VerifiedBySource)
		if got.Kind != want.Kind || got.User.Username != want.User.Username || len(got.User.Disputed) != len(want.User.Disputed) {
			t.Fatalf("%v of %q without them, %v of %q with them", want.Kind, want.User.Username, got.Kind, got.User.Username)
		}
	})
}

func TestWhoIsChosenOwnsTheNameUnlessItIsDisputed(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		typed, users := anyIdentifier().Draw(t, "typed"), rapid.SliceOfN(anyUser(), 0, 4).Draw(t, "users")
		choice := domain.Identify(typed, users, domain.VerifiedBySource)
		exact := slices.ContainsFunc(users, func(u domain.SourceUser) bool { return u.Username == typed && typed != "" })
		switch {
		case choice.Kind != domain.UserFound && len(choice.User.Username) > 0:
			t.Fatal("nobody was chosen, and somebody shown")
		case choice.Kind == domain.UserUnknown && slices.ContainsFunc(users, func(u domain.SourceUser) bool { return u.Owns(typed) }):
			t.Fatal("whose name it is was not found")
		case choice.Kind == domain.UserFound && exact && choice.User.Username != typed:
			t.Fatal("a contact or another spelling went before a username")
		case choice.Kind == domain.UserFound && choice.User.Owns(typed) == slices.Contains(choice.User.Disputed, typed):
			t.Fatal("the name is not the user's own, and not disputed")
		}
	})
}

// An index by keys finds all that Identify would look at.
func TestWhoHasAClaimSharesAKey(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		typed := rapid.OneOf(anyIdentifier(), anyOf("ſub", "SUB", "K", "k", "+81 90.1234 5678")).Draw(t, "typed")
		user := anyUser().Draw(t, "user")
		if rapid.Bool().Draw(t, "own") {
			user.Username = anyOf(strings.ToUpper(typed), strings.ToLower(typed), typed).Draw(t, "spelling")
		}
		vouch := anyOf(domain.VerifiedBySource, domain.VerifiedAlways).Draw(t, "vouch")
		claims := domain.Identify(typed, []domain.SourceUser{user}, vouch).Kind == domain.UserFound
		shared := slices.ContainsFunc(domain.IdentifierKeys(typed), func(key string) bool { return slices.Contains(user.Keys(vouch), key) })
		if claims && !shared {
			t.Fatalf("%q claims %q, and shares no key", user.Username, typed)
		}
	})
}
