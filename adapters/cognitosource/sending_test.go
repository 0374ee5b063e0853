package cognitosource_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"cognito-user-migration/adapters/cognitosource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/mocks"
	"cognito-user-migration/test/deadline"
	"cognito-user-migration/test/process"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/golang/mock/gomock"
)

// What is asked for is the sign-in that AWS documents for administrators.
func TestASignInAsIsSent(t *testing.T) {
	t.Parallel()
	s := newStub(t, both(signedIn(nil), profile(nil)))
	if _, err := authenticate(t, s.open()); err != nil {
		t.Fatal(err)
	}
	sent := s.last(t, signIn)
	if sent.body.AuthFlow != "ADMIN_USER_PASSWORD_AUTH" || sent.body.UserPoolID != "ap-northeast-1_AbCdEf123" || sent.body.ClientID != "3n4b5urk1ft4fl3mg5e62d9ado" {
		t.Errorf("sent %+v", sent.body)
	}
	if p := sent.body.AuthParameters; len(p) != 2 || p["USERNAME"] != username || p["PASSWORD"] != password {
		t.Errorf("parameters %q", p)
	}
	if signature := sent.header.Get("Authorization"); !strings.Contains(signature, "AKIDEXAMPLE/") || !strings.Contains(signature, "/ap-northeast-1/cognito-idp/") {
		t.Errorf("signed as %q", signature)
	}
	if token := sent.header.Get("X-Amz-Security-Token"); token != "session-token-of-the-test" {
		t.Errorf("session token %q", token)
	}
	looked := s.last(t, getUser)
	if looked.body.Username != username || looked.body.UserPoolID != "ap-northeast-1_AbCdEf123" {
		t.Errorf("sent %+v", looked.body)
	}
}

// RFC 4231, test case 2: the key is "Jefe", the data "what do ya want for
// nothing?", which stands here for username and client ID.
func TestAClientWithASecretGetsItsHash(t *testing.T) {
	t.Parallel()
	s := newStub(t, both(signedIn(nil), profile(nil)))
	source := s.open(func(s *cognitosource.Settings) {
		s.ClientSecret, s.ClientID = domain.NewSecret("Jefe"), "for nothing?"
	})
	if _, err := source.Authenticate(t.Context(), "what do ya want ", domain.NewPassword(password)); err != nil {
		t.Fatal(err)
	}
	const want = "W9zBRr9gdU5qBCQmCJV1x1oAPwidJzmDnexYuWTsOEM="
	if got := s.last(t, signIn).body.AuthParameters["SECRET_HASH"]; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestWhatIsSentAgainAndWhatIsNot(t *testing.T) {
	t.Parallel()
	wrong := exception("NotAuthorizedException", "Incorrect username or password.")
	busy := exception("TooManyRequestsException", "Rate exceeded")
	down := exception("InternalErrorException", "Sorry")
	for name, test := range map[string]struct {
		operation string
		answers   []reply // the last one repeats
		sent      int
	}{
		"a wrong password is never sent twice":                     {signIn, []reply{wrong}, 1},
		"nor after the service asked for fewer requests":           {signIn, []reply{busy, wrong}, 2},
		"a right password is sent once":                            {signIn, []reply{signedIn(nil)}, 1},
		"a sign-in is sent three times to a busy service":          {signIn, []reply{busy}, 3},
		"a sign-in is sent three times to a service that is down":  {signIn, []reply{down}, 3},
		"a sign-in is sent until the service has time":             {signIn, []reply{busy, down, signedIn(nil)}, 3},
		"a sign-in is sent again after a gateway's fault":          {signIn, []reply{{status: http.StatusBadGateway, body: "<html>"}, signedIn(nil)}, 2},
		"a sign-in that breaks in the midst is not sent again":     {signIn, []reply{{body: `{"Auth`, breaks: true}}, 1},
		"a sign-in cut off before the answer is not sent again":    {signIn, []reply{{breaks: true}}, 1},
		"an answer that cannot be read is not asked for again":     {signIn, []reply{{body: "<html>"}}, 1},
		"a wrong password is not sent again for its status":        {signIn, []reply{with(wrong, 500)}, 1},
		"nor for that of too many requests":                        {signIn, []reply{with(wrong, 429)}, 1},
		"a trigger that failed is not called again for its status": {signIn, []reply{with(exception("UnexpectedLambdaException", "x"), 503)}, 1},
		"too many requests are told by the status alone":           {signIn, []reply{{status: 429, body: "<html>"}}, 3},
		"a look-up is sent again for that status too":              {getUser, []reply{{status: 429, body: "<html>"}}, 3},
		"a trigger that failed is not called again":                {signIn, []reply{exception("UnexpectedLambdaException", "x")}, 1},
		"a denied sign-in is not sent again":                       {signIn, []reply{exception("UserLambdaValidationException", "x")}, 1},
		"an unknown user is not looked for again":                  {getUser, []reply{exception("UserNotFoundException", "x")}, 1},
		"a look-up is sent three times to a busy service":          {getUser, []reply{busy}, 3},
		"a look-up is sent three times to a service that is down":  {getUser, []reply{down}, 3},
		"a setting that is wrong is not tried again":               {signIn, []reply{exception("ResourceNotFoundException", "x")}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			s := newStub(t, func(c call) reply {
				if c.operation != test.operation {
					return profile(nil)
				}
				return test.answers[min(int(asked.Add(1)), len(test.answers))-1]
			})
			_, err := ask(t, s.open(), test.operation)
			if sent := s.count(test.operation); sent != test.sent {
				t.Errorf("sent %d times, want %d (%v)", sent, test.sent, err)
			}
		})
	}
}

// with is an answer with another status.
func with(answer reply, status int) reply {
	answer.status = status
	return answer
}

// Where another try does not fit into the time that is left, the answer of the
// last one stands, at once.
func TestRetriesEndWithTheTimeThatIsLeft(t *testing.T) {
	t.Parallel()
	s := newStub(t, always(exception("TooManyRequestsException", "Rate exceeded")))
	ctx, _ := deadline.Announced(t.Context(), 250*time.Millisecond) // less than the longest wait
	_, err := s.open().Authenticate(ctx, username, domain.NewPassword(password))
	if !errors.Is(err, ports.ErrThrottled) || ctx.Err() != nil || s.count(signIn) != 1 {
		t.Errorf("%v after %d tries", err, s.count(signIn))
	}
}

// The SDK signs by the service's clock once it knows it.
func TestASignInIsSignedAgainWhereTheClocksDisagree(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{signIn, getUser} {
		s := newStub(t, func(c call) reply {
			ahead := time.Now().Add(time.Hour).UTC()
			if signed, err := time.Parse("20060102T150405Z", c.header.Get("X-Amz-Date")); err == nil && ahead.Sub(signed) < 5*time.Minute {
				return both(signedIn(nil), profile(nil))(c)
			}
			late := exception("InvalidSignatureException", "Signature expired")
			late.header = map[string]string{"Date": ahead.Format(http.TimeFormat)}
			return late
		})
		if finding, err := ask(t, s.open(), operation); err != nil || s.count(operation) != 2 {
			t.Errorf("%s: %v, %v after %d tries", operation, finding, err, s.count(operation))
		}
	}
}

// Without credentials the provider has done what can be done, and the SDK's own
// tries on top of its tries would make nine of three.
func TestTheProvidersTriesAreNotTriedAgain(t *testing.T) {
	t.Parallel()
	credentials := newKeeper(t)
	credentials.MockCredentialProvider.EXPECT().Retrieve(gomock.Any()).Times(2).
		Return(ports.Credentials{}, fmt.Errorf("read: connection reset by peer: %w", ports.ErrUnreachable))
	source := newStub(t, always(signedIn(nil))).openAs(credentials, domain.DefaultRules())
	for _, operation := range []string{signIn, getUser} {
		if _, err := ask(t, source, operation); !errors.Is(err, ports.ErrUnreachable) {
			t.Errorf("%s: %v", operation, err)
		}
	}
}

// While the function slept, the service closed the connection. The request
// that finds out was not seen by anybody, and is sent again.
//
// The server hangs up on the first request that comes over a connection that has
// served before. net/http opens a new one where the machine is slow, so the test
// signs in until that has happened.
func TestAStaleConnectionCostsNobodyTheirSignIn(t *testing.T) {
	t.Parallel()
	type served struct{} // key of the count of requests of one connection
	var requests, stale atomic.Int64
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.ReadAll(r.Body)
		requests.Add(1)
		if n, ok := r.Context().Value(served{}).(*atomic.Int64); ok && n.Add(1) > 1 && stale.CompareAndSwap(0, 1) {
			hangUpSilently(w)
			return
		}
		_, _ = io.WriteString(w, challenge("SMS_MFA").body)
	}))
	server.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		return context.WithValue(ctx, served{}, new(atomic.Int64))
	}
	server.Start()
	t.Cleanup(server.Close)
	source := (&stub{url: server.URL}).open()
	signIns := int64(0)
	for stale.Load() == 0 {
		signIns++
		if finding, err := authenticate(t, source); err != nil || finding.Kind != domain.MFARequired {
			t.Fatalf("got %v, %v", finding, err)
		}
	}
	if requests.Load() != signIns+1 {
		t.Errorf("%d requests of %d sign-ins, want one more", requests.Load(), signIns)
	}
}

// hangUpSilently closes the connection before one byte of an answer.
func hangUpSilently(w http.ResponseWriter) {
	if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
		_ = conn.Close()
	}
}

// A connection that could not be made carried no password.
func TestASignInIsSentAgainWhereNoConnectionWasMade(t *testing.T) {
	t.Parallel()
	s := newStub(t, both(signedIn(nil), profile(nil)))
	var dialled atomic.Int64
	config := aws.Config{
		BaseEndpoint: aws.String(s.url),
		HTTPClient: awshttp.NewBuildableClient().WithTransportOptions(func(transport *http.Transport) {
			dial := (&net.Dialer{}).DialContext
			transport.DialContext = func(ctx context.Context, network, address string) (net.Conn, error) {
				if dialled.Add(1) < 3 {
					return nil, &net.OpError{Op: "dial", Net: network, Err: errors.New("connection refused")}
				}
				return dial(ctx, network, address)
			}
		}),
	}
	finding, err := authenticate(t, cognitosource.Open("old", config, static{}, settings(), domain.DefaultRules().NeedsProfile))
	if err != nil || finding.Kind != domain.PasswordAccepted || dialled.Load() != 3 {
		t.Errorf("got %v, %v after %d tries", finding, err, dialled.Load())
	}
}

func TestNobodyListening(t *testing.T) {
	t.Parallel()
	source := (&stub{url: "http://" + process.ClosedAddress(t)}).open()
	for _, operation := range []string{signIn, getUser} {
		finding, err := ask(t, source, operation)
		if !errors.Is(err, ports.ErrUnreachable) || finding.Kind != 0 || !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("%s: %v, %v", operation, finding, err)
		}
		holdsNoSecret(t, err)
	}
}

func TestAnEmptyNameOrPasswordIsNotAskedAbout(t *testing.T) {
	t.Parallel()
	s := newStub(t, always(signedIn(nil)))
	source := s.open()
	for _, test := range []struct{ username, password string }{{username, ""}, {"", password}, {"", ""}} {
		finding, err := source.Authenticate(t.Context(), test.username, domain.NewPassword(test.password))
		if err != nil || finding.Kind != domain.PasswordWrong {
			t.Errorf("%q, %q: %v, %v", test.username, test.password, finding, err)
		}
	}
	if finding, err := source.FindUser(t.Context(), ""); err != nil || finding.Kind != domain.UserUnknown {
		t.Errorf("%v, %v", finding, err)
	}
	if s.count(signIn)+s.count(getUser) != 0 {
		t.Error("the service was asked")
	}
}

// keeper is a provider that keeps a set.
type keeper struct {
	*mocks.MockCredentialProvider
}

func newKeeper(t *testing.T) keeper {
	t.Helper()
	return keeper{mocks.NewMockCredentialProvider(gomock.NewController(t))}
}

func (k keeper) gives(token string, times int) *gomock.Call {
	return k.MockCredentialProvider.EXPECT().Retrieve(gomock.Any()).Times(times).Return(ports.Credentials{
		AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: domain.NewSecret("wJalrXUtnFEMI"), SessionToken: domain.NewSecret(token),
	}, nil)
}

// A set that the service no longer takes is forgotten, so that the next
// attempt fetches another.
func TestCredentialsThatAreNoLongerTakenAreForgotten(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"ExpiredTokenException", "ExpiredToken", "UnrecognizedClientException", "InvalidSignatureException"} {
		for _, operation := range []string{signIn, getUser} {
			t.Run(operation+" "+code, func(t *testing.T) {
				t.Parallel()
				s := newStub(t, func(c call) reply {
					if c.header.Get("X-Amz-Security-Token") == "session-1" {
						return exception(code, "The security token included in the request is expired")
					}
					return both(signedIn(nil), profile(nil))(c)
				})
				credentials := newKeeper(t)
				first := credentials.gives("session-1", 1)
				forgotten := credentials.MockCredentialProvider.EXPECT().Invalidate().After(first)
				credentials.MockCredentialProvider.EXPECT().Retrieve(gomock.Any()).MinTimes(1).After(forgotten).Return(ports.Credentials{
					AccessKeyID: "AKIDEXAMPLE", SecretAccessKey: domain.NewSecret("x"), SessionToken: domain.NewSecret("session-2"),
				}, nil)
				source := s.openAs(credentials, domain.DefaultRules())
				if _, err := ask(t, source, operation); !errors.Is(err, ports.ErrMisconfigured) {
					t.Errorf("got %v", err)
				} else {
					holdsNoSecret(t, err)
				}
				if finding, err := ask(t, source, operation); err != nil {
					t.Errorf("the next attempt got %v, %v", finding, err)
				}
			})
		}
	}
}

// The calls of a completion are signed with the same credentials.
func TestARetirerForgetsCredentialsThatAreNoLongerTaken(t *testing.T) {
	t.Parallel()
	for operation, part := range withGroups() {
		credentials := newKeeper(t)
		credentials.gives("session-1", 1)
		credentials.MockCredentialProvider.EXPECT().Invalidate()
		s := newStub(t, always(exception("ExpiredTokenException", "The security token included in the request is expired")))
		retirer := cognitosource.Open("old", configFor(s.url), credentials, settings(), domain.DefaultRules().NeedsProfile).Retirer()
		if err := part(retirer, t.Context(), username); !errors.Is(err, ports.ErrMisconfigured) {
			t.Errorf("%s: got %v", operation, err)
		}
	}
}

func TestOtherErrorsLeaveTheCredentialsAlone(t *testing.T) {
	t.Parallel()
	for _, answer := range []reply{
		exception("AccessDeniedException", "x"), exception("NotAuthorizedException", "x"), exception("ResourceNotFoundException", "x"), {body: ""},
	} {
		credentials := newKeeper(t) // an Invalidate that is not expected fails
		credentials.gives("session-1", 1)
		_, _ = authenticate(t, newStub(t, always(answer)).openAs(credentials, domain.DefaultRules()))
	}
}

// Without credentials nothing is asked, and the error is the provider's class.
func TestWithoutCredentialsNothingIsAsked(t *testing.T) {
	t.Parallel()
	for _, class := range []error{ports.ErrThrottled, ports.ErrUnreachable, ports.ErrMisconfigured} {
		t.Run(class.Error(), func(t *testing.T) {
			t.Parallel()
			s := newStub(t, always(signedIn(nil)))
			credentials := newKeeper(t)
			credentials.MockCredentialProvider.EXPECT().Retrieve(gomock.Any()).AnyTimes().
				Return(ports.Credentials{}, errors.Join(errors.New("wJalrXUtnFEMI"), class))
			source := s.openAs(credentials, domain.DefaultRules())
			for _, operation := range []string{signIn, getUser} {
				finding, err := ask(t, source, operation)
				if !errors.Is(err, class) || finding.Kind != 0 {
					t.Errorf("%s: %v, %v", operation, finding, err)
				}
				holdsNoSecret(t, err)
			}
			if s.count(signIn)+s.count(getUser) != 0 {
				t.Error("the service was asked")
			}
		})
	}
}

// In a bubble no timer fires while somebody waits for the network. So net/http does
// not give up a connection because its writer is slow to report: that would be luck.
func TestWarmingUpFetchesCredentialsAndConnects(t *testing.T) {
	t.Parallel()
	t.Run("in order", func(t *testing.T) {
		t.Parallel()
		s := newStub(t, always(signedIn(nil)))
		credentials := newKeeper(t)
		credentials.gives("session-1", 1)
		if err := s.openAs(credentials, domain.DefaultRules()).Warm(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("the first attempt finds the connection", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			var connections atomic.Int64
			server := httptest.NewUnstartedServer(&stub{answer: both(signedIn(nil), profile(nil))})
			server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
				if state == http.StateNew {
					connections.Add(1)
				}
			}
			server.Start()
			t.Cleanup(server.Close)
			source := (&stub{url: server.URL}).open()
			if err := source.Warm(t.Context()); err != nil {
				t.Fatal(err)
			}
			if _, err := authenticate(t, source); err != nil {
				t.Fatal(err)
			}
			if n := connections.Load(); n != 1 {
				t.Errorf("%d connections", n)
			}
		})
	})
	t.Run("without credentials", func(t *testing.T) {
		t.Parallel()
		credentials := newKeeper(t)
		credentials.MockCredentialProvider.EXPECT().Retrieve(gomock.Any()).Return(ports.Credentials{}, ports.ErrMisconfigured)
		if err := newStub(t, always(reply{})).openAs(credentials, domain.DefaultRules()).Warm(t.Context()); !errors.Is(err, ports.ErrMisconfigured) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("with nobody listening", func(t *testing.T) {
		t.Parallel()
		if err := (&stub{url: "http://" + process.ClosedAddress(t)}).open().Warm(t.Context()); !errors.Is(err, ports.ErrUnreachable) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("over a client of the caller's own", func(t *testing.T) {
		t.Parallel()
		if err := cognitosource.New("old", nil, settings(), domain.DefaultRules().NeedsProfile).Warm(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A connection that served this attempt is not stale: the service read the
// sign-in and then closed it, and may have judged the password.
func TestASignInIsNotSentAgainOnAConnectionThatServedThisAttempt(t *testing.T) {
	t.Parallel()
	for _, way := range []cognitosource.Profile{"", cognitosource.ProfileConcurrent} {
		var signIns atomic.Int64
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.ReadAll(r.Body)
			if !strings.HasSuffix(r.Header.Get("X-Amz-Target"), ".AdminInitiateAuth") {
				_, _ = io.WriteString(w, profile(nil).body)
				return
			}
			if signIns.Add(1) > 1 {
				hangUpSilently(w)
				return
			}
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, exception("InternalErrorException", "Sorry").body)
		}))
		t.Cleanup(server.Close)
		finding, err := authenticate(t, (&stub{url: server.URL}).open(func(s *cognitosource.Settings) { s.Profile = way }))
		if !errors.Is(err, ports.ErrUnreachable) || errors.Is(err, ports.ErrNotJudged) || finding.Kind != 0 {
			t.Errorf("%q: %v, %v", way, finding, err)
		}
		if signIns.Load() != 2 {
			t.Errorf("%q: sent %d times, want 2", way, signIns.Load())
		}
	}
}

// Each answer to a password counts in the lockout. So does an answer to an earlier
// attempt of the same sign-in.
func TestWhichErrorsCertifyThatNoPasswordWasJudged(t *testing.T) {
	t.Parallel()
	busy := exception("TooManyRequestsException", "Rate exceeded")
	down := exception("InternalErrorException", "Sorry")
	for name, test := range map[string]struct {
		answers   []reply // the last one repeats
		certified bool
	}{
		"fewer requests asked for":                           {[]reply{busy}, true},
		"fewer requests asked for, by the status alone":      {[]reply{{status: 429, body: "<html>"}}, true},
		"a fault of the service":                             {[]reply{down}, false},
		"a fault of the service, then fewer requests":        {[]reply{down, busy}, false},
		"fewer requests, then a fault of the service":        {[]reply{busy, down}, false},
		"fewer requests, then a connection that breaks":      {[]reply{busy, {breaks: true}}, false},
		"a gateway's fault, then fewer requests":             {[]reply{{status: 502, body: "<html>"}, busy}, false},
		"an exception that nobody knows":                     {[]reply{exception("SomethingNewException", "x")}, false},
		"our permissions":                                    {[]reply{exception("AccessDeniedException", "x")}, false},
		"our app client":                                     {[]reply{exception("ResourceNotFoundException", "x")}, false},
		"its secret":                                         {[]reply{exception("NotAuthorizedException", "Unable to verify secret hash for client x")}, false},
		"a trigger of the source's that failed":              {[]reply{exception("UnexpectedLambdaException", "x")}, false},
		"an answer that cannot be read":                      {[]reply{{body: "<html>"}}, false},
		"an empty answer":                                    {[]reply{{body: "{}"}}, false},
		"half an answer":                                     {[]reply{{body: `{"Auth`, breaks: true}}, false},
		"a connection that breaks":                           {[]reply{{breaks: true}}, false},
		"a right password and a profile that cannot be read": {[]reply{signedIn(nil)}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			s := newStub(t, func(c call) reply {
				if c.operation != signIn {
					return busy
				}
				return test.answers[min(int(asked.Add(1)), len(test.answers))-1]
			})
			finding, err := authenticate(t, s.open())
			if err == nil || errors.Is(err, ports.ErrNotJudged) != test.certified {
				t.Errorf("%v, %v; certified %t", finding, err, errors.Is(err, ports.ErrNotJudged))
			}
			holdsNoSecret(t, err)
		})
	}
	t.Run("no credentials", func(t *testing.T) {
		t.Parallel()
		credentials := newKeeper(t)
		credentials.MockCredentialProvider.EXPECT().Retrieve(gomock.Any()).Return(ports.Credentials{}, ports.ErrMisconfigured)
		_, err := authenticate(t, newStub(t, always(signedIn(nil))).openAs(credentials, domain.DefaultRules()))
		if !errors.Is(err, ports.ErrMisconfigured) || !errors.Is(err, ports.ErrNotJudged) {
			t.Error(err)
		}
	})
	t.Run("no credentials in time", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		credentials := newKeeper(t)
		credentials.MockCredentialProvider.EXPECT().Retrieve(gomock.Any()).DoAndReturn(func(ctx context.Context) (ports.Credentials, error) {
			cancel()
			return ports.Credentials{}, ctx.Err()
		})
		_, err := newStub(t, always(signedIn(nil))).openAs(credentials, domain.DefaultRules()).Authenticate(ctx, username, domain.NewPassword(password))
		if !errors.Is(err, context.Canceled) || !errors.Is(err, ports.ErrNotJudged) {
			t.Error(err)
		}
	})
}
