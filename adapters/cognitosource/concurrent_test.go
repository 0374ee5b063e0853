package cognitosource_test

import (
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"cognito-user-migration/adapters/cognitosource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/sourcetest"
	"cognito-user-migration/test/deadline"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

// atOnce reads profiles while the password is judged.
func atOnce(s *cognitosource.Settings) { s.Profile = cognitosource.ProfileConcurrent }

// safetyNet ends a test that waits for something that never happens. No result
// depends on it.
const safetyNet = time.Minute

// The way in which a profile is read does not change whose it is. Each way decides on
// the same users under the same names.
func TestEveryWayToReadAProfileDecidesAlike(t *testing.T) {
	t.Parallel()
	hanako := sourcetest.User{
		Username: "hanako", Password: password, Status: domain.StatusConfirmed, Sub: "11111111-2222-4333-8444-555555555555",
		Attributes: map[string]string{"email": "hanako@example.com", "email_verified": "true", "preferred_username": "hana"},
	}
	taro := sourcetest.User{
		Username: "taro", Password: "Other-Password-2", Status: domain.StatusConfirmed, Sub: "99999999-2222-4333-8444-555555555555",
		Attributes: map[string]string{"email": "taro@example.com", "email_verified": "true"},
	}
	pool := &documentedPool{people: []sourcetest.User{hanako, taro}, caseInsensitive: true}
	// asked answers a look-up by one name as if another had been asked for.
	asked := func(name string, as string) func(call) reply {
		return func(c call) reply {
			if c.operation == getUser && c.body.Username == name {
				return pool.getUser(as)
			}
			return pool.answer(c)
		}
	}
	// tells completes each sign-in with these claims.
	tells := func(claims map[string]any, lookUp func(call) reply) func(call) reply {
		return func(c call) reply {
			if c.operation == signIn {
				return signedIn(claims)
			}
			return lookUp(c)
		}
	}
	for name, test := range map[string]struct {
		typed, password string
		answer          func(call) reply
		reason          domain.Reason
		username        string // of the user who is created
	}{
		"the username":                           {"hanako", password, pool.answer, domain.ReasonPasswordAccepted, "hanako"},
		"the username in capitals":               {"HANAKO", password, pool.answer, domain.ReasonPasswordAccepted, "HANAKO"},
		"the email":                              {"hanako@example.com", password, pool.answer, domain.ReasonPasswordAccepted, "hanako"},
		"the email in capitals":                  {"Hanako@Example.com", password, pool.answer, domain.ReasonPasswordAccepted, "hanako"},
		"an alias that the look-up has moved":    {"hanako@example.com", password, asked("hanako@example.com", "taro"), domain.ReasonPasswordAccepted, "hanako"},
		"an alias that the look-up has lost":     {"hanako@example.com", password, asked("hanako@example.com", "nobody"), domain.ReasonPasswordAccepted, "hanako"},
		"an alias that the look-up cannot have":  {"hanako@example.com", password, asked("hanako@example.com", "a\nb"), domain.ReasonPasswordAccepted, "hanako"},
		"an alias that is no longer hers":        {"old@example.com", password, tells(map[string]any{"cognito:username": "hanako"}, pool.answer), domain.ReasonIdentifierNotOwned, ""},
		"an alias that is somebody else's now":   {"taro@example.com", password, tells(map[string]any{"cognito:username": "hanako"}, pool.answer), domain.ReasonIdentifierNotOwned, ""},
		"a token that names nobody":              {"hanako", password, tells(map[string]any{"token_use": "id"}, pool.answer), domain.ReasonPasswordAccepted, "hanako"},
		"a token that names nobody, for another": {"hanako", password, tells(map[string]any{"token_use": "id"}, asked("hanako", "taro")), domain.ReasonIdentifierNotOwned, ""},
		"a token of somebody who is gone":        {"hanako", password, tells(map[string]any{"cognito:username": "gone"}, pool.answer), domain.ReasonUserUnknown, ""},
		"a wrong password":                       {"hanako", "Wrong-Password-0", pool.answer, domain.ReasonPasswordWrong, ""},
		"somebody else's password":               {"hanako@example.com", taro.Password, pool.answer, domain.ReasonPasswordWrong, ""},
		"nobody":                                 {"nobody", password, pool.answer, domain.ReasonUserUnknown, ""},
		"a name that nobody can have":            {"a b", password, pool.answer, domain.ReasonUserUnknown, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var first domain.Decision
			for i, way := range ways() {
				s := newStub(t, test.answer)
				finding, err := s.open(func(s *cognitosource.Settings) { s.Profile = way }).
					Authenticate(t.Context(), test.typed, domain.NewPassword(test.password))
				if err != nil {
					t.Fatalf("%s: %v", way, err)
				}
				rules := domain.DefaultRules()
				decision := domain.Decide(rules, domain.Attempt{Trigger: domain.TriggerAuthentication, Username: test.typed}, finding)
				if decision.Reason != test.reason || decision.User.Username != test.username {
					t.Errorf("%s: %v for %q, want %v for %q", way, decision.Reason, decision.User.Username, test.reason, test.username)
				}
				if i == 0 {
					first = decision
				} else if decision.Verdict != first.Verdict || !maps.Equal(decision.User.Attributes, first.User.Attributes) {
					t.Errorf("%s decides otherwise than %s", way, ways()[0])
				}
				if s.count(signIn) != 1 {
					t.Errorf("%s: the password was sent %d times", way, s.count(signIn))
				}
			}
		})
	}
}

// Neither call waits for the other: each is answered only once both are there.
func TestSignInAndProfileAreAskedForSideBySide(t *testing.T) {
	t.Parallel()
	var there sync.WaitGroup
	there.Add(2)
	s := newStub(t, func(c call) reply {
		there.Done()
		there.Wait()
		return both(signedIn(claims(nil)), profile(nil))(c)
	})
	ctx, cancel := context.WithTimeout(t.Context(), safetyNet)
	defer cancel()
	metered, meter := ports.WithMeter(ctx)
	finding, err := s.open(atOnce).Authenticate(metered, username, domain.NewPassword(password))
	if err != nil || finding.Kind != domain.PasswordAccepted || finding.User.Attributes["email"] != "hanako@example.com" {
		t.Errorf("%v of %q, %v", finding, finding.User.Username, err)
	}
	if meter.Calls() != 2 || meter.Retries() != 0 {
		t.Errorf("%d calls, %d of them again", meter.Calls(), meter.Retries())
	}
}

// What the look-up says, or what kept it from saying anything, is nobody's
// business unless the sign-in calls for a profile.
func TestARefusalIsTheSignInsAlone(t *testing.T) {
	t.Parallel()
	refusals := map[string]struct {
		answer reply
		kind   domain.FindingKind
	}{
		"a wrong password":       {exception("NotAuthorizedException", "Incorrect username or password."), domain.PasswordWrong},
		"an unknown user":        {exception("UserNotFoundException", "User does not exist."), domain.UserUnknown},
		"a disabled user":        {exception("NotAuthorizedException", "User is disabled."), domain.UserDisabled},
		"a locked user":          {exception("NotAuthorizedException", "Password attempts exceeded"), domain.LockedOut},
		"an unconfirmed user":    {exception("UserNotConfirmedException", "User is not confirmed."), domain.UserUnconfirmed},
		"a trigger that says no": {exception("UserLambdaValidationException", "x"), domain.SignInDenied},
		"a second factor":        {challenge("SMS_MFA"), domain.MFARequired},
	}
	lookUps := map[string]reply{
		"found":         profile(nil),
		"disabled":      profile(map[string]any{"Enabled": false}),
		"not found":     exception("UserNotFoundException", "User does not exist."),
		"throttled":     exception("TooManyRequestsException", "Rate exceeded"),
		"down":          exception("InternalErrorException", "Sorry"),
		"not allowed":   exception("AccessDeniedException", "x"),
		"not readable":  {body: "<html>"},
		"empty":         {},
		"no connection": {breaks: true},
	}
	for refused, refusal := range refusals {
		for looked, lookUp := range lookUps {
			t.Run(refused+", look-up "+looked, func(t *testing.T) {
				t.Parallel()
				s := newStub(t, both(refusal.answer, lookUp))
				finding, err := authenticate(t, s.open(atOnce))
				if err != nil || finding.Kind != refusal.kind || finding.User.Username != "" {
					t.Errorf("%v of %q, %v; want %v of nobody", finding, finding.User.Username, err, refusal.kind)
				}
				if n := s.count(signIn); n != 1 {
					t.Errorf("the password was sent %d times", n)
				}
			})
		}
	}
}

// givesUp waits until the client has given the request up, and reports whether
// it has.
func givesUp(r *http.Request) bool {
	_, _ = io.Copy(io.Discard, r.Body) // until then the server does not see that the connection has ended
	select {
	case <-r.Context().Done():
		return true
	case <-time.After(safetyNet):
		return false
	}
}

// slowLookUp is a pool that answers no look-up. It answers sign-ins once a look-up
// has begun, so that there is a look-up to cancel. Each look-up sends whether the
// client canceled it.
func slowLookUp(t *testing.T, toSignIn reply) (url string, begun <-chan struct{}, givenUp <-chan bool) {
	t.Helper()
	begins, ends := make(chan struct{}), make(chan bool, 1)
	s := &stub{answer: always(toSignIn)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Amz-Target") != "AWSCognitoIdentityProviderService."+getUser {
			select {
			case <-begins:
			case <-r.Context().Done():
			}
			s.ServeHTTP(w, r)
			return
		}
		close(begins)
		ends <- givesUp(r)
	}))
	t.Cleanup(server.Close)
	return server.URL, begins, ends
}

// Cognito waits for the answer, and Lambda stops the process after it. So a look-up
// that is slower than the refusal is canceled with it.
func TestALookUpDoesNotOutliveTheAnswer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer reply
		want   meaning
	}{
		"a wrong password":          {exception("NotAuthorizedException", "Incorrect username or password."), finds(domain.PasswordWrong)},
		"a second factor":           {challenge("SMS_MFA"), finds(domain.MFARequired)},
		"a sign-in without answer":  {exception("ResourceNotFoundException", "x"), misconfigured},
		"a sign-in of empty answer": {reply{body: "{}"}, unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, _, givenUp := slowLookUp(t, test.answer)
			// Only the refusal can end the look-up: the context has no deadline.
			finding, err := (&stub{url: url}).open(atOnce).Authenticate(t.Context(), username, domain.NewPassword(password))
			if test.want.class != nil && !errors.Is(err, test.want.class) || test.want.class == nil && (err != nil || finding.Kind != test.want.kind) {
				t.Errorf("%v, %v", finding, err)
			}
			if !<-givenUp {
				t.Error("the look-up goes on")
			}
		})
	}
	t.Run("nor the deadline", func(t *testing.T) {
		t.Parallel()
		url, begun, givenUp := slowLookUp(t, signedIn(claims(nil)))
		ctx, pass := deadline.Context(t.Context())
		go func() { <-begun; pass() }()
		finding, err := (&stub{url: url}).open(atOnce).Authenticate(ctx, username, domain.NewPassword(password))
		if !errors.Is(err, context.DeadlineExceeded) || finding.Kind != 0 {
			t.Errorf("%v, %v", finding, err)
		}
		if !<-givenUp {
			t.Error("the look-up goes on")
		}
	})
}

// connections counts those that a server is asked for.
func connections(t *testing.T, handler http.Handler) (url string, count *atomic.Int64) {
	t.Helper()
	count = new(atomic.Int64)
	server := httptest.NewUnstartedServer(handler)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			count.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	return server.URL, count
}

// Two connections serve every attempt: both are opened at start, and a look-up
// that is done before the refusal costs none.
//
// In a bubble no timer fires while somebody waits for the network. So net/http does
// not give up a connection because its writer is slow to report: that would be luck.
func TestTwoConnectionsServeEveryAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		wrong := exception("NotAuthorizedException", "Incorrect username or password.")
		// The refusal is sent once the client has put the connection of the look-up
		// back: then the look-up is done, and not given up.
		putBack := make(chan struct{}, 2)
		refuses := false
		s := &stub{answer: func(c call) reply {
			if c.operation == getUser {
				return profile(nil)
			}
			if !refuses {
				return signedIn(claims(nil))
			}
			<-putBack
			return wrong
		}}
		var warming sync.WaitGroup
		warming.Add(2)
		url, count := connections(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodHead { // neither is answered before both are there
				warming.Done()
				warming.Wait()
			}
			s.ServeHTTP(w, r)
		}))
		source := (&stub{url: url}).open(atOnce)
		if err := source.Warm(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, refuses = range []bool{false, true, false, true, false} {
			ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{PutIdleConn: func(err error) {
				if err != nil {
					t.Errorf("a connection was not put back: %v", err)
				}
				putBack <- struct{}{}
			}})
			finding, err := source.Authenticate(ctx, username, domain.NewPassword(password))
			if err != nil || refuses != (finding.Kind == domain.PasswordWrong) {
				t.Fatalf("%v, %v", finding, err)
			}
			for len(putBack) > 0 {
				<-putBack
			}
		}
		if n := count.Load(); n != 2 {
			t.Errorf("%d connections", n)
		}
	})
}

// A look-up that was given up takes its connection along, and no other.
//
// In a bubble no timer fires while somebody waits for the network. So net/http does
// not give up a connection because its writer is slow to report: that would be luck.
func TestALookUpThatWasGivenUpCostsItsOwnConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var hangs atomic.Bool
		begun := make(chan struct{}, 1)
		// Both are answered once both are there: neither finds the other's connection
		// free.
		meeting := make(chan struct{})
		meet := func() {
			select {
			case meeting <- struct{}{}:
			case <-meeting:
			}
		}
		s := &stub{}
		s.answer = func(c call) reply {
			if hangs.Load() {
				<-begun // the look-up is given up
				return exception("NotAuthorizedException", "Incorrect username or password.")
			}
			meet()
			return both(signedIn(claims(nil)), profile(nil))(c)
		}
		url, count := connections(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if hangs.Load() && r.Header.Get("X-Amz-Target") == "AWSCognitoIdentityProviderService."+getUser {
				begun <- struct{}{}
				givesUp(r)
				return
			}
			s.ServeHTTP(w, r)
		}))
		source := (&stub{url: url}).open(atOnce)
		for _, hang := range []bool{false, true, false} {
			hangs.Store(hang)
			if finding, err := authenticate(t, source); err != nil || hang != (finding.Kind == domain.PasswordWrong) {
				t.Fatalf("%v, %v", finding, err)
			}
		}
		if n := count.Load(); n != 3 {
			t.Errorf("%d connections, want 2 and 1 in place of the one given up", n)
		}
	})
}

// panicking is a client whose look-ups panic.
type panicking struct {
	cognitosource.API
	signsIn func() (*cognitoidentityprovider.AdminInitiateAuthOutput, error)
}

func (p panicking) AdminInitiateAuth(context.Context, *cognitoidentityprovider.AdminInitiateAuthInput) (*cognitoidentityprovider.AdminInitiateAuthOutput, error) {
	return p.signsIn()
}

func (panicking) AdminGetUser(context.Context, *cognitoidentityprovider.AdminGetUserInput) (*cognitoidentityprovider.AdminGetUserOutput, error) {
	panic("look-up")
}

// A panic beside the sign-in would end the process. It comes to who asked, who
// knows what to do, and only where the profile is wanted.
func TestAPanicOfTheLookUpComesToWhoAsked(t *testing.T) {
	t.Parallel()
	ask := func(rules domain.Rules) (finding domain.Finding, thrown any) {
		defer func() { thrown = recover() }()
		settings := settings()
		atOnce(&settings)
		api := panicking{signsIn: func() (*cognitoidentityprovider.AdminInitiateAuthOutput, error) {
			return &cognitoidentityprovider.AdminInitiateAuthOutput{ChallengeName: "NEW_PASSWORD_REQUIRED"}, nil
		}}
		finding, _ = cognitosource.New("old", api, settings, rules.NeedsProfile).Authenticate(t.Context(), username, domain.NewPassword(password))
		return finding, nil
	}
	if finding, thrown := ask(domain.DefaultRules()); thrown != "look-up" {
		t.Errorf("%v, thrown %v", finding, thrown)
	}
	refusing := domain.DefaultRules()
	refusing.OnTemporaryPassword = domain.TemporaryPasswordRefuse
	if finding, thrown := ask(refusing); thrown != nil || finding.Kind != domain.TemporaryPasswordAccepted {
		t.Errorf("%v, thrown %v", finding, thrown)
	}
}
