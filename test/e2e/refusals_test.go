package e2e_test

import (
	"testing"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/test/lambdahost"
	"cognito-user-migration/test/peers"
	"cognito-user-migration/test/process"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// TestWhoIsTurnedAway goes the article's way with people who must not be moved:
// from the CLI through cognito-local and the function to moto, and once more by
// the payload, where the concealed form can be seen.
func TestWhoIsTurnedAway(t *testing.T) {
	t.Parallel()
	requirePeers(t)
	source, s := motoSource(t, peers.SourceOptions{})
	explaining := start(t, s.with("MIGRATE_REFUSAL", "explain"))
	concealing := start(t, s)

	for _, test := range []struct {
		name   string
		user   func(p person) *peers.User // nil: there is none
		types  func(p person) string      // the password that is typed; nil: the right one
		reason domain.Reason
	}{
		{
			name:   "a wrong password",
			user:   func(p person) *peers.User { return &peers.User{Attributes: p.attributes()} },
			types:  func(person) string { return "Wrong-1234!" },
			reason: domain.ReasonPasswordWrong,
		},
		{
			name:   "an unknown user",
			user:   func(person) *peers.User { return nil },
			reason: domain.ReasonUserUnknown,
		},
		{
			name:   "a disabled user",
			user:   func(p person) *peers.User { return &peers.User{Attributes: p.attributes(), Disabled: true} },
			reason: domain.ReasonUserDisabled,
		},
		{
			name: "a second factor by SMS",
			user: func(p person) *peers.User {
				return &peers.User{Attributes: p.attributes(), MFA: types.ChallengeNameTypeSmsMfa}
			},
			reason: domain.ReasonMFARequired,
		},
		{
			name: "a second factor by an app",
			user: func(p person) *peers.User {
				return &peers.User{Attributes: p.attributes(), MFA: types.ChallengeNameTypeSoftwareTokenMfa}
			},
			reason: domain.ReasonMFARequired,
		},
		{
			name: "a temporary password and no contact to send a code to",
			user: func(p person) *peers.User {
				return &peers.User{Attributes: map[string]string{"name": p.name, "email": p.email, "email_verified": "false"}, TemporaryPassword: true}
			},
			reason: domain.ReasonNoVerifiedContact,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPerson()
			typed := p.password
			if test.types != nil {
				typed = test.types(p)
			}
			explaining, concealing := explaining.in(t), concealing.in(t)
			for _, f := range []*function{explaining, concealing} {
				f.hidePerson(p)
				f.hide(typed)
			}
			if user := test.user(p); user != nil {
				user.Username, user.Password = p.username, p.password
				if err := source.CreateUser(t.Context(), *user); err != nil {
					t.Fatal(err)
				}
			}

			newDestination(t, explaining).turnsAway(p.username, typed)
			explaining.explains(signIn(p.username, typed), test.reason)
			concealing.refuses(signIn(p.username, typed), test.reason)
		})
	}
}

func TestATemporaryPasswordIsAnsweredByTheRule(t *testing.T) {
	t.Parallel()
	requirePeers(t)
	source, s := motoSource(t, peers.SourceOptions{})
	p := newPerson()
	if err := source.CreateUser(t.Context(), peers.User{Username: p.username, Password: p.password, TemporaryPassword: true, Attributes: p.attributes()}); err != nil {
		t.Fatal(err)
	}
	t.Run("by default the user is moved and must set a new one", func(t *testing.T) {
		t.Parallel()
		f := start(t, s)
		f.hidePerson(p)
		if got := f.migrates(signIn(p.username, p.password), domain.ReasonTemporaryPassword).status(); got != "RESET_REQUIRED" {
			t.Errorf("final status %s, want RESET_REQUIRED", got)
		}
		d := newDestination(t, f)
		d.run(d.signIn(p.username, p.password)...) // cognito-local lets such a user in, Cognito would not
		if moved := d.must(d.getUser(p.username)...); moved["UserStatus"] != "RESET_REQUIRED" {
			t.Errorf("the destination has %v, want RESET_REQUIRED", moved["UserStatus"])
		}
	})
	t.Run("MIGRATE_ON_TEMPORARY_PASSWORD=confirm lets it last", func(t *testing.T) {
		t.Parallel()
		f := start(t, s.with("MIGRATE_ON_TEMPORARY_PASSWORD", "confirm"))
		f.hidePerson(p)
		if got := f.migrates(signIn(p.username, p.password), domain.ReasonTemporaryPassword).status(); got != "CONFIRMED" {
			t.Errorf("final status %s, want CONFIRMED", got)
		}
	})
	t.Run("MIGRATE_ON_TEMPORARY_PASSWORD=refuse turns the user away", func(t *testing.T) {
		t.Parallel()
		f := start(t, s.with("MIGRATE_ON_TEMPORARY_PASSWORD", "refuse"))
		f.hidePerson(p)
		f.refuses(signIn(p.username, p.password), domain.ReasonTemporaryPassword)
	})
}

// TestTheExternalIDIsChecked has a caller in the role's own account, because
// moto looks at a trust policy nowhere else.
func TestTheExternalIDIsChecked(t *testing.T) {
	t.Parallel()
	requirePeers(t)
	source, s := motoSource(t, peers.SourceOptions{})
	s = s.with("AWS_ACCESS_KEY_ID", source.SameAccountCaller.AccessKeyID, "AWS_SECRET_ACCESS_KEY", source.SameAccountCaller.SecretAccessKey)
	p := newPerson()
	if err := source.CreateUser(t.Context(), peers.User{Username: p.username, Password: p.password, Attributes: p.attributes()}); err != nil {
		t.Fatal(err)
	}
	t.Run("a wrong one fails and says so to nobody", func(t *testing.T) {
		t.Parallel()
		f := start(t, s.with("SOURCE_EXTERNAL_ID", "somebody-elses"))
		f.hidePerson(p)
		newDestination(t, f).turnsAway(p.username, p.password)
		f.fails(signIn(p.username, p.password), domain.ReasonSourceMisconfigured)
	})
	t.Run("the right one moves the user", func(t *testing.T) {
		t.Parallel()
		f := start(t, s)
		f.hidePerson(p)
		f.migrates(signIn(p.username, p.password), domain.ReasonPasswordAccepted)
	})
}

func TestASourceThatIsDownFails(t *testing.T) {
	t.Parallel()
	requirePeers(t)
	_, s := motoSource(t, peers.SourceOptions{})
	nobody := "http://" + process.ClosedAddress(t)
	for _, test := range []struct{ name, variable string }{
		{"STS is down", "AWS_ENDPOINT_URL_STS"},
		{"Cognito is down", "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			p := newPerson()
			f := start(t, s.with(test.variable, nobody, "MIGRATE_REFUSAL", "explain"))
			f.hidePerson(p)
			newDestination(t, f).turnsAway(p.username, p.password)
			f.fails(signIn(p.username, p.password), domain.ReasonSourceUnreachable)
			f.fails(forgotPassword(p.username), domain.ReasonSourceUnreachable)
		})
	}
}

// TestASlowSourceIsAnsweredInTime lets the source hang. What ends the attempt is
// the function's own deadline: nothing else does for a minute. How that deadline
// follows from Cognito's 5 seconds, Lambda's timeout and the start is tested in
// fake time (lambdatrigger: TestTheAttemptEndsBeforeCognitoStopsWaiting).
func TestASlowSourceIsAnsweredInTime(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"AssumeRole", "AdminInitiateAuth", "AdminGetUser"} {
		t.Run(name+" hangs for a cold function", func(t *testing.T) {
			t.Parallel()
			p := newPerson()
			s := newStubFor(t, p)
			s.on(name, hang)
			settings := s.settings()
			f := launch(t, settings)
			f.hidePerson(p)
			f.fails(signIn(p.username, p.password), domain.ReasonDeadlineExceeded)
			if tries := len(s.inputs("AdminInitiateAuth")); tries > 1 {
				t.Errorf("the password was sent %d times", tries)
			}
		})
	}
	t.Run("a warm function fails in time, and serves on when the source does", func(t *testing.T) {
		t.Parallel()
		p := newPerson()
		s := newStubFor(t, p)
		s.on("AdminInitiateAuth", inTurn(hang, signedIn(p, nil)))
		f := start(t, s.settings())
		f.hidePerson(p)
		f.fails(signIn(p.username, p.password), domain.ReasonDeadlineExceeded)
		f.migrates(signIn(p.username, p.password), domain.ReasonPasswordAccepted)
	})
	t.Run("the function's own timeout is shorter than Cognito's", func(t *testing.T) {
		t.Parallel()
		p := newPerson()
		s := newStubFor(t, p)
		s.on("AdminInitiateAuth", hang)
		f := launch(t, s.settings(), func(c *lambdahost.Config) { c.Timeout = 3 * time.Second })
		f.hidePerson(p)
		f.fails(signIn(p.username, p.password), domain.ReasonDeadlineExceeded)
	})
}
