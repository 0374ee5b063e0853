package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"cognito-user-migration/domain"
)

// oneFile are the settings of a file whose people have filePassword.
func oneFile(t *testing.T, people ...map[string]any) settings {
	t.Helper()
	s := twoFiles(t, people, nil)
	return settings{"SOURCE_KIND": "file", "SOURCE_PATH": s["OLD_PATH"], "MIGRATE_REFUSAL": "explain"}
}

// Nobody is found in another's place, nor makes them ambiguous, by what they
// entered as their own.
func TestAnIdentifierNamesAUsernameThenAVerifiedContact(t *testing.T) {
	t.Parallel()
	unproved := func(username string, more ...string) map[string]any {
		person := entry(username, username+"@evil.example", more...)
		attributes, _ := person["attributes"].(map[string]any)
		attributes["email_verified"] = "false"
		return person
	}
	f := start(t, oneFile(t,
		entry("victim", "victim@corp.example"),
		unproved("m1", "email", "victim"),              // another's username
		unproved("m2", "email", "victim@corp.example"), // another's address
		unproved("m3", "preferred_username", "victim"), // which users write themselves
		unproved("m4", "preferred_username", "victim@corp.example", "phone_number", "victim"),
		entry("other@corp.example", "m5@evil.example"), // a username that is another's address
		entry("other", "Other@corp.example"),
		unproved("m6", "email", "ghost@corp.example"),
	))
	f.hide(filePassword, fileHash, "victim", "corp.example")
	for _, typed := range []string{"victim", "VICTIM", "victim@corp.example"} {
		got := f.migrates(signIn(typed, filePassword), domain.ReasonPasswordAccepted)
		if got.UserAttributes["email"] != "victim@corp.example" {
			t.Errorf("%s: attributes %v", typed, got.UserAttributes)
		}
		f.migrates(forgotPassword(typed), domain.ReasonForgotPassword)
	}
	for typed, reason := range map[string]domain.Reason{
		"ghost@corp.example": domain.ReasonUserUnknown,        // nobody proved it
		"other@corp.example": domain.ReasonIdentifierNotOwned, // the username of one, the proved address of another
		"m5@evil.example":    domain.ReasonIdentifierNotOwned, // who would be created by that name
		"m2@evil.example":    domain.ReasonUserUnknown,
	} {
		f.explains(signIn(typed, filePassword), reason)
		f.explains(forgotPassword(typed), reason)
	}
	f.migrates(signIn("other", filePassword), domain.ReasonPasswordAccepted)
	f.migrates(signIn("m1", filePassword), domain.ReasonPasswordAccepted)
}

// The operator may vouch for every address.
func TestAnAddressThatNobodyProvedNamesItsUserWhereTheOperatorVouches(t *testing.T) {
	t.Parallel()
	person := map[string]any{"username": "anna", "attributes": map[string]any{"email": "anna@corp.example"}}
	s := oneFile(t, person)
	start(t, s).explains(signIn("anna@corp.example", filePassword), domain.ReasonUserUnknown)
	f := start(t, s.with("MIGRATE_VERIFIED_CONTACTS", "always"))
	f.migrates(signIn("anna@corp.example", filePassword), domain.ReasonPasswordAccepted)
	f.migrates(forgotPassword("anna@corp.example"), domain.ReasonForgotPassword)
}

func TestPreferredUsernameIsCreatedByARuleOfItsOwnAlone(t *testing.T) {
	t.Parallel()
	s := oneFile(t, entry("mallory", "m@evil.example", "preferred_username", "admin"))
	for rules, want := range map[string]string{"*": "", "*,preferred_username": "admin"} {
		f := start(t, s.with("MIGRATE_ATTRIBUTES", rules))
		if got := f.migrates(signIn("mallory", filePassword), domain.ReasonPasswordAccepted).UserAttributes; got["preferred_username"] != want {
			t.Errorf("%s: attributes %v", rules, got)
		}
	}
}

// An alias is taken from another user only by who proved the password, and for a
// contact that was verified.
func TestAnAliasIsTakenOnlyWithAProvedPasswordAndAVerifiedContact(t *testing.T) {
	t.Parallel()
	f := start(t, oneFile(t, entry("anna", "anna@corp.example"),
		map[string]any{"username": "berta", "attributes": map[string]any{"email": "anna@corp.example"}},
	).with("MIGRATE_FORCE_ALIAS_CREATION", "true"))
	for event, want := range map[string]bool{
		signIn("anna", filePassword): true, signIn("berta", filePassword): false, forgotPassword("anna"): false,
	} {
		var answer response
		decode(t, f.responseOf(event, f.invoke(event)), &answer)
		if answer.ForceAliasCreation == nil || *answer.ForceAliasCreation != want {
			t.Errorf("forceAliasCreation is not %t: %+v", want, answer)
		}
	}
}

// Without an access token nothing was proved, wherever the profile is read.
func TestASignInWithoutTokensIsNoProof(t *testing.T) {
	t.Parallel()
	for _, way := range []string{"admin_get_user", "concurrent", "id_token"} {
		for name, result := range map[string]any{
			"nothing": map[string]any{}, "no token": map[string]any{"TokenType": "Bearer", "ExpiresIn": 3600},
			"empty tokens": map[string]any{"AccessToken": "", "IdToken": "", "RefreshToken": ""}, "null": map[string]any{"AccessToken": nil},
		} {
			t.Run(way+", "+name, func(t *testing.T) {
				t.Parallel()
				p := newPerson()
				s := newStubFor(t, p)
				s.on("AdminInitiateAuth", answer(map[string]any{"ChallengeParameters": map[string]string{}, "AuthenticationResult": result}))
				f := start(t, s.settings().with("SOURCE_PROFILE", way))
				f.hidePerson(p)
				f.fails(signIn(p.username, p.password), domain.ReasonSourceUnreachable)
			})
		}
	}
}

// The claim of a provider names nobody but who typed it.
func TestAnOIDCProviderGivesNobodyAnothersUsername(t *testing.T) {
	t.Parallel()
	const typed = "mallory@evil.example"
	provider := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		answer := map[string]any{"sub": "sub-of-mallory", "preferred_username": "admin", "email": typed, "email_verified": true}
		if r.URL.Path == "/token" {
			answer = map[string]any{"access_token": "a", "token_type": "Bearer", "expires_in": 60}
		}
		_ = json.NewEncoder(w).Encode(answer)
	}))
	t.Cleanup(provider.Close)
	for rule, names := range map[string]map[string]string{
		"auto":   {typed: "", "admin": "admin"}, // none: Cognito uses what was typed
		"source": {typed: "sub-of-mallory", "admin": "admin"},
	} {
		f := start(t, settings{
			"SOURCE_KIND": "oidc", "SOURCE_CLIENT_ID": "c", "SOURCE_PROFILE": "userinfo", "SOURCE_ALLOW_PLAINTEXT": "true",
			"SOURCE_TOKEN_URL": provider.URL + "/token", "SOURCE_USERINFO_URL": provider.URL + "/userinfo", "MIGRATE_USERNAME": rule,
		})
		for name, want := range names {
			got := f.migrates(signIn(name, "Canary-1!"), domain.ReasonPasswordAccepted).UserAttributes
			if got["username"] != want || got["preferred_username"] != "" {
				t.Errorf("%s, %s: attributes %v", rule, name, got)
			}
		}
	}
}
