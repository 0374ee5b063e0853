package cognitosource_test

import (
	"context"
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"net/http"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cognito-user-migration/adapters/cognitosource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// meaning is what an exception stands for: a finding, or an error's class.
type meaning struct {
	kind  domain.FindingKind
	class error
}

func finds(kind domain.FindingKind) meaning { return meaning{kind: kind} }

var (
	throttled     = meaning{class: ports.ErrThrottled}
	unreachable   = meaning{class: ports.ErrUnreachable}
	misconfigured = meaning{class: ports.ErrMisconfigured}
)

// exceptions says what each exception of each operation means, with a message
// that says nothing.
func exceptions() map[string]map[string]meaning {
	return map[string]map[string]meaning{
		signIn: {
			"InternalErrorException":                   unreachable,
			"InvalidEmailRoleAccessPolicyException":    misconfigured,
			"InvalidLambdaResponseException":           unreachable,
			"InvalidParameterException":                misconfigured,
			"InvalidSmsRoleAccessPolicyException":      misconfigured,
			"InvalidSmsRoleTrustRelationshipException": misconfigured,
			"InvalidUserPoolConfigurationException":    misconfigured,
			"MFAMethodNotFoundException":               misconfigured,
			"NotAuthorizedException":                   finds(domain.PasswordWrong),
			"OperationNotEnabledException":             misconfigured,
			"PasswordResetRequiredException":           finds(domain.ResetRequired),
			"ResourceNotFoundException":                misconfigured,
			"TooManyRequestsException":                 throttled,
			"UnexpectedLambdaException":                unreachable,
			"UnsupportedOperationException":            misconfigured,
			"UserLambdaValidationException":            finds(domain.SignInDenied),
			"UserNotConfirmedException":                finds(domain.UserUnconfirmed),
			"UserNotFoundException":                    finds(domain.UserUnknown),
		},
		getUser: {
			"InternalErrorException":       unreachable,
			"InvalidParameterException":    misconfigured,
			"NotAuthorizedException":       misconfigured,
			"OperationNotEnabledException": misconfigured,
			"ResourceNotFoundException":    misconfigured,
			"TooManyRequestsException":     throttled,
			"UserNotFoundException":        finds(domain.UserUnknown),
		},
	}
}

// The SDK's own source is read, so that an exception that a later version
// brings stops here until somebody has said what it means.
func TestEveryExceptionThatTheSDKKnowsIsToldApart(t *testing.T) {
	t.Parallel()
	known := exceptionsOfTheSDK(t)
	for operation, meanings := range exceptions() {
		if got, want := slices.Sorted(maps.Keys(meanings)), known[operation]; !slices.Equal(got, want) {
			t.Errorf("%s:\nthe SDK knows %q\nthe table has %q", operation, want, got)
		}
		for code, want := range meanings {
			t.Run(operation+" "+code, func(t *testing.T) {
				t.Parallel()
				means(t, operation, exception(code, "a message that says nothing"), want)
			})
		}
	}
}

// What every service of AWS may answer, whatever its SDK lists.
func TestCommonErrorsAreToldApart(t *testing.T) {
	t.Parallel()
	common := map[string]meaning{
		"AccessDeniedException": misconfigured, "ExpiredTokenException": misconfigured, "ExpiredToken": misconfigured,
		"UnrecognizedClientException": misconfigured, "InvalidSignatureException": misconfigured, "IncompleteSignature": misconfigured,
		"InvalidClientTokenId": misconfigured, "MissingAuthenticationToken": misconfigured, "OptInRequired": misconfigured,
		"NotAuthorized": misconfigured, "ValidationError": misconfigured, "SomethingNobodyHasSeen": misconfigured,
		"LimitExceededException": throttled, "RequestLimitExceeded": throttled, "Throttling": throttled, "ThrottlingException": throttled,
		"InternalFailure": unreachable, "InternalServerError": unreachable, "ServiceUnavailable": unreachable,
		"ServiceUnavailableException": unreachable, "RequestTimeout": unreachable, "RequestTimeoutException": unreachable,
	}
	for code := range retry.DefaultThrottleErrorCodes {
		common[code] = throttled
	}
	for code, want := range common {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			means(t, signIn, exception(code, "a message that says nothing"), want)
		})
	}
}

// The status is read where the code says nothing.
func TestStatusesAreToldApart(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]meaning{
		http.StatusTooManyRequests:     throttled,
		http.StatusInternalServerError: unreachable,
		http.StatusBadGateway:          unreachable,
		http.StatusServiceUnavailable:  unreachable,
		http.StatusGatewayTimeout:      unreachable,
		http.StatusUnauthorized:        misconfigured,
		http.StatusForbidden:           misconfigured,
		http.StatusNotFound:            unreachable, // something else answers there
	} {
		for name, body := range map[string]string{"without an error of the service's": `{}`, "with another": `{"message":"no"}`} {
			t.Run(strconv.Itoa(status)+" "+name, func(t *testing.T) {
				t.Parallel()
				means(t, signIn, reply{status: status, body: body}, want)
			})
		}
	}
	for _, status := range []int{http.StatusInternalServerError, http.StatusTooManyRequests} {
		want := unreachable
		if status == http.StatusTooManyRequests {
			want = throttled
		}
		means(t, signIn, reply{status: status, body: `{"__type":"SomethingNobodyHasSeen"}`}, want)
	}
}

// means puts the question to a stub that answers so, and compares what comes of it.
func means(t *testing.T, operation string, answer reply, want meaning) {
	t.Helper()
	// A finding may call for the profile; the sign-in's error alone is the answer here.
	s := newStub(t, always(answer))
	source := s.openAs(static{}, domain.Rules{}, func(*cognitosource.Settings) {})
	finding, err := ask(t, source, operation)
	switch {
	case want.class != nil && !errors.Is(err, want.class):
		t.Errorf("got %v, %v; want %v", finding, err, want.class)
	case want.class == nil && (err != nil || finding.Kind != want.kind || finding.Source != "old"):
		t.Errorf("got %v, %v; want %v", finding, err, want.kind)
	}
	holdsNoSecret(t, err)
}

// exceptionsOfTheSDK reads, from the SDK's deserializers, which exceptions it
// knows of each operation.
func exceptionsOfTheSDK(t *testing.T) map[string][]string {
	t.Helper()
	const module = "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	output, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	path := filepath.Join(strings.TrimSpace(string(output)), "deserializers.go")
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	known := make(map[string][]string)
	for _, declaration := range file.Decls {
		function, ok := declaration.(*ast.FuncDecl)
		if !ok {
			continue
		}
		operation, ok := strings.CutPrefix(function.Name.Name, "awsAwsjson11_deserializeOpError")
		if !ok {
			continue
		}
		ast.Inspect(function, func(node ast.Node) bool {
			if code, ok := comparedCode(node); ok {
				known[operation] = append(known[operation], code)
			}
			return true
		})
		slices.Sort(known[operation])
	}
	if len(known[signIn]) == 0 || len(known[getUser]) == 0 {
		t.Fatalf("%s is written in another way now", path)
	}
	return known
}

// comparedCode is the first argument of strings.EqualFold("…", errorCode).
func comparedCode(node ast.Node) (string, bool) {
	compared, ok := node.(*ast.CallExpr)
	if !ok || len(compared.Args) != 2 {
		return "", false
	}
	function, ok := compared.Fun.(*ast.SelectorExpr)
	if !ok || function.Sel.Name != "EqualFold" {
		return "", false
	}
	literal, ok := compared.Args[0].(*ast.BasicLit)
	if !ok {
		return "", false
	}
	code, err := strconv.Unquote(literal.Value)
	return code, err == nil
}

// The service says many things by one exception, and tells them apart by its
// message alone. These are messages as people have reported them.
func TestMessagesOfNotAuthorized(t *testing.T) {
	t.Parallel()
	for message, want := range map[string]meaning{
		"Incorrect username or password.": finds(domain.PasswordWrong),
		"Incorrect username or password":  finds(domain.PasswordWrong),
		"User is disabled.":               finds(domain.UserDisabled),
		"User is disabled":                finds(domain.UserDisabled),
		"Password attempts exceeded":      finds(domain.LockedOut),
		"Password attempts exceeded.":     finds(domain.LockedOut),
		"Temporary password has expired and must be reset by an administrator.": finds(domain.TemporaryPasswordExpired),
		"User account has expired, it must be reset by an administrator.":       finds(domain.TemporaryPasswordExpired),

		"Unable to verify secret hash for client 3n4b5urk1ft4fl3mg5e62d9ado":                            misconfigured,
		"Client 3n4b5urk1ft4fl3mg5e62d9ado is configured with secret but SECRET_HASH was not received":  misconfigured,
		"Client 3n4b5urk1ft4fl3mg5e62d9ado is configured for secret but secret was not received":        misconfigured,
		"Client 3n4b5urk1ft4fl3mg5e62d9ado is configured with secret but SECRET_HASH was not received.": misconfigured,

		// What is not known refuses, and looks no different to the client. Moto
		// repeats the username, which may be anything.
		"":       finds(domain.PasswordWrong),
		username: finds(domain.PasswordWrong),
		"Unable to login because of security reasons.": finds(domain.SignInDenied),
		"Something that nobody has seen":               finds(domain.PasswordWrong),
		"a user is disabled":                           finds(domain.PasswordWrong),
		"User is disabled. Or not":                     finds(domain.PasswordWrong),
		"Client":                                       finds(domain.PasswordWrong),
		"Client of ours":                               finds(domain.PasswordWrong),
	} {
		t.Run(message, func(t *testing.T) {
			t.Parallel()
			means(t, signIn, exception("NotAuthorizedException", message), want)
		})
	}
}

// A name or password that the service does not take at all is nobody's. Any
// other wrong parameter is a setting of ours.
func TestMessagesOfInvalidParameter(t *testing.T) {
	t.Parallel()
	const constraint = "1 validation error detected: Value at '%' failed to satisfy constraint: "
	at := func(parameter string) string { return strings.Replace(constraint, "%", parameter, 1) }
	for message, want := range map[string]meaning{
		at("username") + "Member must have length less than or equal to 128":                            finds(domain.UserUnknown),
		at("username") + `Member must satisfy regular expression pattern: [\p{L}\p{M}\p{S}\p{N}\p{P}]+`: finds(domain.UserUnknown),
		at("password") + `Member must satisfy regular expression pattern: ^[\S]+.*[\S]+$`:               finds(domain.PasswordWrong),
		at("userPoolId") + `Member must satisfy regular expression pattern: [\w-]+_[0-9a-zA-Z]+`:        misconfigured,
		at("clientId") + `Member must satisfy regular expression pattern: [\w+]+`:                       misconfigured,
		"Auth flow not enabled for this client":                                                         misconfigured,
		"ADMIN_NO_SRP_AUTH is not enabled for the client.":                                              misconfigured,
		"Missing required parameter USERNAME":                                                           misconfigured,
		"Missing required parameter PASSWORD":                                                           misconfigured,
		"":                                                                                              misconfigured,
	} {
		t.Run(message, func(t *testing.T) {
			t.Parallel()
			means(t, signIn, exception("InvalidParameterException", message), want)
		})
	}
}

// Only an answer without any challenge is a completed sign-in.
func TestEveryChallengeIsToldApart(t *testing.T) {
	t.Parallel()
	meanings := map[types.ChallengeNameType]domain.FindingKind{
		types.ChallengeNameTypeNewPasswordRequired:    domain.TemporaryPasswordAccepted,
		types.ChallengeNameTypeSmsMfa:                 domain.MFARequired,
		types.ChallengeNameTypeSoftwareTokenMfa:       domain.MFARequired,
		types.ChallengeNameTypeEmailOtp:               domain.MFARequired,
		types.ChallengeNameTypeSelectMfaType:          domain.MFARequired,
		types.ChallengeNameTypeMfaSetup:               domain.MFARequired,
		types.ChallengeNameTypePasswordVerifier:       domain.ChallengeUnsupported,
		types.ChallengeNameTypeCustomChallenge:        domain.ChallengeUnsupported,
		types.ChallengeNameTypeSelectChallenge:        domain.ChallengeUnsupported,
		types.ChallengeNameTypeDeviceSrpAuth:          domain.ChallengeUnsupported,
		types.ChallengeNameTypeDevicePasswordVerifier: domain.ChallengeUnsupported,
		types.ChallengeNameTypeAdminNoSrpAuth:         domain.ChallengeUnsupported,
		types.ChallengeNameTypeSmsOtp:                 domain.ChallengeUnsupported,
		types.ChallengeNameTypePassword:               domain.ChallengeUnsupported,
		types.ChallengeNameTypeWebAuthn:               domain.MFARequired,
		types.ChallengeNameTypePasswordSrp:            domain.ChallengeUnsupported,
	}
	if got, want := len(meanings), len(types.ChallengeNameType("").Values()); got != want {
		t.Errorf("the SDK knows %d challenges, the table %d", want, got)
	}
	for _, name := range types.ChallengeNameType("").Values() {
		t.Run(string(name), func(t *testing.T) {
			t.Parallel()
			want, listed := meanings[name]
			if !listed {
				t.Fatal("nobody has said what this challenge means")
			}
			finding, err := authenticate(t, newStub(t, both(challenge(string(name)), profile(nil))).open())
			if err != nil || finding.Kind != want || finding.Challenge != string(name) {
				t.Errorf("got %v with challenge %q, %v; want %v", finding, finding.Challenge, err, want)
			}
		})
	}
	t.Run("one that nobody has seen", func(t *testing.T) {
		t.Parallel()
		finding, err := authenticate(t, newStub(t, both(challenge("hanako.yamada's own"), profile(nil))).open())
		if err != nil || finding.Kind != domain.ChallengeUnsupported || finding.Challenge != "" {
			t.Errorf("got %v with challenge %q, %v", finding, finding.Challenge, err)
		}
	})
	t.Run("a challenge beside a result", func(t *testing.T) {
		t.Parallel()
		both := reply{body: `{"ChallengeName":"SMS_MFA","AuthenticationResult":{"AccessToken":"access-token"}}`}
		finding, err := authenticate(t, newStub(t, always(both)).open())
		if err != nil || finding.Kind != domain.MFARequired {
			t.Errorf("got %v, %v", finding, err)
		}
	})
}

// What the default rules make of each status, for who proved their password.
func TestEveryStatusIsPassedOn(t *testing.T) {
	t.Parallel()
	for _, status := range types.UserStatusTypeConfirmed.Values() {
		t.Run(string(status), func(t *testing.T) {
			t.Parallel()
			s := newStub(t, both(signedIn(nil), profile(map[string]any{"UserStatus": status})))
			finding, err := authenticate(t, s.open())
			if err != nil || finding.Kind != domain.PasswordAccepted || string(finding.User.Status) != string(status) {
				t.Errorf("got %v by %v, %v", finding.User, finding, err)
			}
			if !slices.Contains(domain.UserStatuses(), finding.User.Status) {
				t.Errorf("the domain does not know the status")
			}
			decision := domain.Decide(domain.DefaultRules(), domain.Attempt{Trigger: domain.TriggerAuthentication, Username: username}, finding)
			confirmed := decision.Verdict == domain.Migrate && decision.User.FinalStatus == domain.FinalConfirmed
			if confirmed != (status == types.UserStatusTypeConfirmed) {
				t.Errorf("the decision is %v", decision)
			}
		})
	}
	t.Run("one that nobody has seen", func(t *testing.T) {
		t.Parallel()
		finding, err := authenticate(t, newStub(t, both(signedIn(nil), profile(map[string]any{"UserStatus": "DREAMING"}))).open())
		decision := domain.Decide(domain.DefaultRules(), domain.Attempt{Trigger: domain.TriggerAuthentication, Username: username}, finding)
		if err != nil || decision.Reason != domain.ReasonStatusUnknown {
			t.Errorf("got %v, %v", decision, err)
		}
	})
}

func TestWhatIsNoAnswerOfTheServices(t *testing.T) {
	t.Parallel()
	whole := signedIn(map[string]any{"sub": "x"}).body
	for name, answer := range map[string]reply{
		"nothing":                    {},
		"an empty object":            {body: `{}`},
		"null":                       {body: `null`},
		"a result that is null":      {body: `{"AuthenticationResult":null}`},
		"JSON cut short":             {body: whole[:len(whole)/2]},
		"JSON of another kind":       {body: `[1,2,3]`},
		"a result of another kind":   {body: `{"AuthenticationResult":"hanako.yamada"}`},
		"a page":                     {body: "<html>hanako.yamada</html>", header: map[string]string{"Content-Type": "text/html"}},
		"a gateway's page":           {status: http.StatusBadGateway, body: "<html>hanako.yamada Right-Password-1</html>"},
		"a proxy's page":             {status: http.StatusForbidden, body: "<html>hanako.yamada Right-Password-1</html>"},
		"a page of a code's form":    {status: http.StatusForbidden, body: `{"__type":"hanako yamada: Right-Password-1"}`},
		"a redirect":                 {status: http.StatusFound, header: map[string]string{"Location": "http://127.0.0.1:1/"}},
		"an error cut short":         {status: http.StatusBadRequest, body: `{"__type":"UserNotFoundExce`},
		"an error without a body":    {status: http.StatusBadRequest},
		"an error without a code":    {status: http.StatusBadRequest, body: `{"message":"hanako.yamada"}`},
		"a body that ends too early": {body: whole[:20], breaks: true},
		"no body after the header":   {body: " ", breaks: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, operation := range []string{signIn, getUser} {
				finding, err := ask(t, newStub(t, always(answer)).open(), operation)
				if !errors.Is(err, ports.ErrUnreachable) && name != "a page of a code's form" {
					t.Errorf("%s: got %v, %v", operation, finding, err)
				}
				if err == nil || finding.Kind != 0 {
					t.Errorf("%s: got %v, %v", operation, finding, err)
				}
				holdsNoSecret(t, err)
			}
		})
	}
}

// A completed sign-in comes with an access token (RFC 6749, section 5.1). Without
// one nothing was proved, wherever the profile is read.
func TestAResultWithoutAnAccessTokenIsNoCompletedSignIn(t *testing.T) {
	t.Parallel()
	id := idToken(claims(nil))
	for name, result := range map[string]map[string]any{
		"an empty result":         {},
		"an access token of null": {"AccessToken": nil, "IdToken": id},
		"an empty access token":   {"AccessToken": "", "IdToken": id},
		"an ID token alone":       {"IdToken": id},
		"an empty ID token":       {"IdToken": ""},
		"a refresh token alone":   {"RefreshToken": "r"},
		"no token but its type":   {"TokenType": "Bearer", "ExpiresIn": 3600},
		"a name of another case":  {"accessToken": "access-token", "IdToken": id},
	} {
		for _, from := range []cognitosource.Profile{cognitosource.ProfileAdminGetUser, cognitosource.ProfileConcurrent, cognitosource.ProfileIDToken} {
			t.Run(name+", "+string(from), func(t *testing.T) {
				t.Parallel()
				s := newStub(t, both(reply{body: marshal(map[string]any{"ChallengeParameters": map[string]string{}, "AuthenticationResult": result})}, profile(nil)))
				finding, err := authenticate(t, s.open(func(settings *cognitosource.Settings) { settings.Profile = from }))
				if finding.Kind != 0 || !errors.Is(err, ports.ErrUnreachable) {
					t.Errorf("got %v, %v", finding, err)
				}
			})
		}
	}
}

// An error tells AWS Support what to look for, and nothing of the person.
func TestAnErrorNamesTheCodeAndTheRequest(t *testing.T) {
	t.Parallel()
	_, err := authenticate(t, newStub(t, always(exception("ResourceNotFoundException", "User pool of hanako.yamada does not exist."))).open())
	const want = "cognito source: AdminInitiateAuth: ResourceNotFoundException (request aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee): misconfigured"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
	failure, ok := errors.AsType[*cognitosource.Error](err)
	if !ok || failure.Operation != signIn || failure.Code != "ResourceNotFoundException" || failure.RequestID == "" {
		t.Errorf("got %#v", failure)
	}
}

// A context that ends while the service is silent ends the attempt, by its own
// error and at once.
func TestADeadlineInTheMidst(t *testing.T) {
	t.Parallel()
	asked := make(chan struct{}, 8)
	released := make(chan struct{})
	s := newStub(t, func(call) reply {
		asked <- struct{}{}
		<-released
		return reply{}
	})
	t.Cleanup(func() { close(released) })
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	finding, err := s.open().Authenticate(ctx, username, domain.NewPassword(password))
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", finding, err)
	}
	if n := s.count(signIn); n != 1 {
		t.Errorf("sent %d times", n)
	}
}
