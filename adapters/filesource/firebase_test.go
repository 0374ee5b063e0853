package filesource_test

import (
	"slices"
	"testing"

	"cognito-user-migration/adapters/filesource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// Who signs in elsewhere has no password here: a sign-in and a forgotten password
// say the same. firebase auth:export leaves out most providers, so that nothing
// but the missing hash tells.
func TestAUserOfAnotherIdentityProviderIsFederatedInEveryWay(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		providers string
		want      domain.UserStatus
	}{
		"Google":                            {`"providerUserInfo": [{"providerId": "google.com"}]`, domain.StatusExternalProvider},
		"Google and a link by email":        {`"providerUserInfo": [{"providerId": "password"}, {"providerId": "google.com"}]`, domain.StatusExternalProvider},
		"SAML, as the Admin SDK has it":     {`"providerUserInfo": [{"providerId": "saml.corp"}]`, domain.StatusExternalProvider},
		"Apple or SAML, which are left out": {`"providerUserInfo": []`, domain.StatusExternalProvider},
		"a token of somebody's own":         {`"disabled": false`, domain.StatusExternalProvider},
		"null for the providers":            {`"providerUserInfo": null`, domain.StatusExternalProvider},
		"a link by email":                   {`"providerUserInfo": [{"providerId": "password"}]`, domain.StatusConfirmed},
		"a phone number":                    {`"providerUserInfo": [{"providerId": "phone"}]`, domain.StatusConfirmed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory := openAs(t, `{"users": [{"localId": "x", "email": "x@example.com", "emailVerified": true, `+test.providers+`}]}`, project(4))
			signedIn, err := directory.Authenticate(t.Context(), "x@example.com", domain.NewPassword("a password"))
			if err != nil {
				t.Fatal(err)
			}
			found, err := directory.FindUser(t.Context(), "x@example.com")
			if err != nil || found.User.Status != test.want {
				t.Errorf("%v, %v: %s", found, err, found.User.Status)
			}
			if federated := test.want == domain.StatusExternalProvider; federated != (signedIn.Kind == domain.UserFederated) {
				t.Errorf("a sign-in finds %v", signedIn)
			}
			decision := domain.Decide(domain.DefaultRules(), domain.Attempt{Trigger: domain.TriggerForgotPassword, Username: "x@example.com"}, found)
			if test.want == domain.StatusExternalProvider && decision.Reason != domain.ReasonUserFederated {
				t.Errorf("a forgotten password: %v", decision)
			}
		})
	}
}

// One user's claims that cannot be read keep nobody out; the operator is told.
func TestCustomClaimsThatCannotBeReadAreLeftOut(t *testing.T) {
	t.Parallel()
	var notes []ports.Note
	settings := project(4)
	settings.Path = fileAs(t, `{"users": [
		{"localId": "a", "customAttributes": "{\"plan\": \"gold\"}"},
		{"localId": "b", "customAttributes": "{\"plan\": \"S3cret"},
		{"localId": "c", "customAttributes": "[1]"},
		{"localId": "d", "customAttributes": {"plan": "silver"}},
		{"localId": "e", "customAttributes": 7},
		{"localId": "f", "customAttributes": null},
		{"localId": "g", "customAttributes": ""}]}`, filesource.FormatFirebase).Path
	directory, err := filesource.Open("people", settings, filesource.Options{Note: func(note ports.Note) { notes = append(notes, note) }})
	if err != nil {
		t.Fatal(err)
	}
	for username, plan := range map[string]string{"a": "gold", "b": "", "c": "", "d": "silver", "e": "", "f": "", "g": ""} {
		found, err := directory.FindUser(t.Context(), username)
		if err != nil || found.Kind != domain.UserFound || found.User.Attributes["custom:plan"] != plan {
			t.Errorf("%s: %v, %v: the plan is %q", username, found, err, found.User.Attributes["custom:plan"])
		}
	}
	if len(notes) != 1 || !slices.Equal(notes[0].Names, []string{"user 2", "user 3", "user 5"}) {
		t.Errorf("notes %v", notes)
	}
}
