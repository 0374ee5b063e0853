package e2e_test

import (
	"maps"
	"testing"

	"cognito-user-migration/domain"
	"cognito-user-migration/test/peers"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// TestForgottenPasswordsAreRefusedForEverybodyAlike: no source is asked.
func TestForgottenPasswordsAreRefusedForEverybodyAlike(t *testing.T) {
	t.Parallel()
	p, nobody := newPerson(), newPerson()
	stub := newStubFor(t, p)
	s := stub.settings().with("MIGRATE_ON_FORGOT_PASSWORD", "refuse")
	f, explaining := start(t, s), start(t, s.with("MIGRATE_REFUSAL", "explain"))
	for _, f := range []*function{f, explaining} {
		f.hidePerson(p)
		f.hidePerson(nobody)
	}
	for _, username := range []string{p.username, p.email, nobody.username} {
		f.refuses(forgotPassword(username), domain.ReasonForgotPasswordRefused)
		explaining.explains(forgotPassword(username), domain.ReasonForgotPasswordRefused)
	}
	if asked := len(stub.inputs("AdminGetUser")); asked != 0 {
		t.Errorf("the source was asked %d times", asked)
	}
	if source := f.records()[0].Source; source != "" {
		t.Errorf("the record names the source %s", source)
	}
	f.migrates(signIn(p.username, p.password), domain.ReasonPasswordAccepted)
}

// TestAForgottenPassword asks moto by the payload: cognito-local has no such
// trigger.
func TestAForgottenPassword(t *testing.T) {
	t.Parallel()
	source, s := motoSource(t, peers.SourceOptions{})
	concealing := start(t, s)
	explaining := start(t, s.with("MIGRATE_REFUSAL", "explain"))
	without := func(p person, names ...string) map[string]string {
		attributes := p.attributes()
		maps.DeleteFunc(attributes, func(name, _ string) bool {
			for _, gone := range names {
				if name == gone {
					return true
				}
			}
			return false
		})
		return attributes
	}

	t.Run("a user with a verified contact is moved, and the status is left to Cognito", func(t *testing.T) {
		t.Parallel()
		f, p := concealing.in(t), newPerson()
		f.hidePerson(p)
		if err := source.CreateUser(t.Context(), peers.User{Username: p.username, Password: p.password, Attributes: p.attributes()}); err != nil {
			t.Fatal(err)
		}
		got := f.migrates(forgotPassword(p.username), domain.ReasonForgotPassword)
		if got.status() != "none" {
			t.Errorf("final status %s, want none", got.status())
		}
		want := p.attributes()
		want["username"] = p.username
		if !maps.Equal(got.UserAttributes, want) {
			t.Errorf("attributes %v, want %v", got.UserAttributes, want)
		}
	})
	t.Run("one verified contact is enough", func(t *testing.T) {
		t.Parallel()
		f, p := concealing.in(t), newPerson()
		f.hidePerson(p)
		if err := source.CreateUser(t.Context(), peers.User{Username: p.username, Password: p.password, Attributes: without(p, "email_verified")}); err != nil {
			t.Fatal(err)
		}
		if got := f.migrates(forgotPassword(p.username), domain.ReasonForgotPassword).UserAttributes; got["email_verified"] != "false" || got["phone_number_verified"] != "true" {
			t.Errorf("got %v", got)
		}
	})
	for _, test := range []struct {
		name   string
		user   func(p person) *peers.User
		reason domain.Reason
	}{
		{
			"no verified contact",
			func(p person) *peers.User {
				return &peers.User{Attributes: without(p, "email_verified", "phone_number_verified")}
			},
			domain.ReasonNoVerifiedContact,
		},
		{
			"no contact at all",
			func(p person) *peers.User { return &peers.User{Attributes: map[string]string{"name": p.name}} },
			domain.ReasonNoVerifiedContact,
		},
		{
			"a disabled user",
			func(p person) *peers.User { return &peers.User{Attributes: p.attributes(), Disabled: true} },
			domain.ReasonUserDisabled,
		},
		{
			"a second factor that a reset would step around",
			func(p person) *peers.User {
				return &peers.User{Attributes: p.attributes(), MFA: types.ChallengeNameTypeSmsMfa}
			},
			domain.ReasonMFARequired,
		},
		{
			"an unknown user",
			func(person) *peers.User { return nil },
			domain.ReasonUserUnknown,
		},
	} {
		t.Run(test.name+" is refused", func(t *testing.T) {
			t.Parallel()
			p := newPerson()
			concealing, explaining := concealing.in(t), explaining.in(t)
			concealing.hidePerson(p)
			explaining.hidePerson(p)
			if user := test.user(p); user != nil {
				user.Username, user.Password = p.username, p.password
				if err := source.CreateUser(t.Context(), *user); err != nil {
					t.Fatal(err)
				}
			}
			concealing.refuses(forgotPassword(p.username), test.reason)
			explaining.explains(forgotPassword(p.username), test.reason)
		})
	}
}
