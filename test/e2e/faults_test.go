package e2e_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"cognito-user-migration/adapters/lambdatrigger"
	"cognito-user-migration/domain"
	"cognito-user-migration/test/certificate"
	"cognito-user-migration/test/lambdahost"
	"cognito-user-migration/test/peers"
	"cognito-user-migration/test/process"
)

// The fault matrix: every fault on every call, on the first invocation of a
// process and on a later one. It is made of two lists, so that a new call is a
// column and a new fault a row.

// --- columns: the calls --------------------------------------------------------------------

// call is one request that an attempt makes, and what an attempt is that makes it.
type call struct {
	title     string
	operation string
	event     func(p person) string
	// good is the reason for which the user is moved when nothing is at fault.
	good domain.Reason
	// after is the call before this one on the same connection, if any.
	after string
	// proves says that the call has the password judged: it must not be sent
	// again once it may have arrived.
	proves bool
	// deserializers are those of the SDK that know the call's error codes.
	deserializers [2]string
	// codes say what each of those means.
	codes map[string]meaning
	// beside says that sign-in and look-up are asked side by side.
	beside bool
	// factors says that the pool takes passkeys as second factor, so that it is asked
	// about them. These calls are signed JSON of our own: the SDK lacks one of them.
	factors bool
	// refused says that the sign-in is, so that what becomes of this call decides
	// nothing.
	refused bool
}

// right is what comes of the attempt when nothing is at fault, after so many
// calls.
func (c *call) right(least, most int) want {
	if c.refused {
		return want{domain.OutcomeRefused, c.good, 0, most}
	}
	return want{domain.OutcomeMigrated, c.good, least, most}
}

// meaning is what an error code stands for, whatever the status.
type meaning struct {
	class  errorClass
	reason domain.Reason // of what is said of the person
}

type errorClass int

const (
	ofThePerson errorClass = iota + 1
	throttles
	fails      // the service has a fault of its own, and did not look
	failsLater // something behind the service has, and it may have looked
	ofSettings
)

func says(reason domain.Reason) meaning { return meaning{ofThePerson, reason} }

// common are codes that every service of AWS may answer, whatever its SDK lists
// ("Common error types", AWS API references).
func common() map[string]meaning {
	return map[string]meaning{
		"AccessDeniedException":       {class: ofSettings},
		"ExpiredTokenException":       {class: ofSettings},
		"UnrecognizedClientException": {class: ofSettings},
		"InvalidSignatureException":   {class: ofSettings},
		"ThrottlingException":         {class: throttles},
		"RequestLimitExceeded":        {class: throttles},
	}
}

const (
	idpModule = "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	stsModule = "github.com/aws/aws-sdk-go-v2/service/sts"
)

func calls() []*call {
	signsIn := func(p person) string { return signIn(p.username, p.password) }
	forgot := func(p person) string { return forgotPassword(p.username) }
	ofSTS := map[string]meaning{
		"ExpiredTokenException":   {class: ofSettings}, // the function's own
		"MalformedPolicyDocument": {class: ofSettings},
		"PackedPolicyTooLarge":    {class: ofSettings},
		"RegionDisabledException": {class: ofSettings},
	}
	// The codes of every operation on a user pool, and those of one operation.
	ofAPool := func(own map[string]meaning) map[string]meaning {
		codes := map[string]meaning{
			"InternalErrorException":       {class: fails},
			"InvalidParameterException":    {class: ofSettings},
			"NotAuthorizedException":       {class: ofSettings},
			"OperationNotEnabledException": {class: ofSettings},
			"ResourceNotFoundException":    {class: ofSettings},
			"TooManyRequestsException":     {class: throttles},
		}
		maps.Copy(codes, own)
		return codes
	}
	ofTheSignIn := ofAPool(map[string]meaning{
		"InvalidEmailRoleAccessPolicyException":    {class: ofSettings},
		"InvalidLambdaResponseException":           {class: failsLater},
		"InvalidSmsRoleAccessPolicyException":      {class: ofSettings},
		"InvalidSmsRoleTrustRelationshipException": {class: ofSettings},
		"InvalidUserPoolConfigurationException":    {class: ofSettings},
		"MFAMethodNotFoundException":               {class: ofSettings},
		"NotAuthorizedException":                   says(domain.ReasonPasswordWrong),
		"PasswordResetRequiredException":           says(domain.ReasonResetRequired),
		"UnexpectedLambdaException":                {class: failsLater},
		"UnsupportedOperationException":            {class: ofSettings},
		"UserLambdaValidationException":            says(domain.ReasonSignInDenied),
		"UserNotConfirmedException":                says(domain.ReasonUserUnconfirmed),
		"UserNotFoundException":                    says(domain.ReasonUserUnknown),
	})
	ofTheLookUp := ofAPool(map[string]meaning{"UserNotFoundException": says(domain.ReasonUserUnknown)})
	// A user who was deleted after the look-up.
	ofTheFactors := ofAPool(map[string]meaning{"UserNotFoundException": {class: ofSettings}})
	query, json := "awsAwsquery_deserializeOpError", "awsAwsjson11_deserializeOpError"
	return []*call{
		{
			title: "AssumeRole", operation: "AssumeRole", event: signsIn, good: domain.ReasonPasswordAccepted,
			deserializers: [2]string{stsModule, query}, codes: ofSTS,
		},
		{
			title: "AssumeRole (forgot)", operation: "AssumeRole", event: forgot, good: domain.ReasonForgotPassword,
			deserializers: [2]string{stsModule, query}, codes: ofSTS,
		},
		{
			title: "AdminInitiateAuth", operation: "AdminInitiateAuth", event: signsIn, good: domain.ReasonPasswordAccepted, proves: true,
			deserializers: [2]string{idpModule, json}, codes: ofTheSignIn,
		},
		{
			title: "AdminGetUser", operation: "AdminGetUser", event: signsIn, good: domain.ReasonPasswordAccepted, after: "AdminInitiateAuth",
			deserializers: [2]string{idpModule, json}, codes: ofTheLookUp,
		},
		{
			title: "AdminGetUser (forgot)", operation: "AdminGetUser", event: forgot, good: domain.ReasonForgotPassword,
			deserializers: [2]string{idpModule, json}, codes: ofTheLookUp,
		},
		{
			title: "AdminInitiateAuth (concurrent)", operation: "AdminInitiateAuth", event: signsIn, good: domain.ReasonPasswordAccepted, proves: true,
			deserializers: [2]string{idpModule, json}, codes: ofTheSignIn, beside: true,
		},
		{
			title: "AdminGetUser (concurrent)", operation: "AdminGetUser", event: signsIn, good: domain.ReasonPasswordAccepted,
			deserializers: [2]string{idpModule, json}, codes: ofTheLookUp, beside: true,
		},
		{
			title: "AdminGetUser (concurrent, refused)", operation: "AdminGetUser", event: signsIn, good: domain.ReasonPasswordWrong,
			deserializers: [2]string{idpModule, json}, codes: ofTheLookUp, beside: true, refused: true,
		},
		{
			title: "GetUserPoolMfaConfig (forgot)", operation: "GetUserPoolMfaConfig", event: forgot, good: domain.ReasonForgotPassword,
			after: "AdminGetUser", deserializers: [2]string{idpModule, json}, codes: ofTheFactors, factors: true,
		},
		{
			title: "AdminGetUserAuthFactors (forgot)", operation: "AdminGetUserAuthFactors", event: forgot, good: domain.ReasonForgotPassword,
			after: "AdminGetUser", codes: ofTheFactors, factors: true,
		},
	}
}

// exceptions lists the error codes that the SDK knows of the call.
func (c *call) exceptions(t *testing.T) []string {
	t.Helper()
	module, prefix := c.deserializers[0], c.deserializers[1]
	if module == "" { // the SDK does not know the call
		return slices.Sorted(mapKeys(c.codes))
	}
	output, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", module).Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	folder := strings.TrimSpace(string(output))
	// The SDK's older clients compare each code in a function of the operation. The
	// newer ones ("schema-based") have one list for the whole service.
	path, function, isCode := filepath.Join(folder, "deserializers.go"), prefix+c.operation, comparedText
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		path, function, isCode = filepath.Join(folder, "types", "errors.go"), "ErrorCode", returnedText
	}
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	var known []string
	for _, declaration := range file.Decls {
		if declared, ok := declaration.(*ast.FuncDecl); ok && declared.Name.Name == function {
			ast.Inspect(declared, func(node ast.Node) bool {
				if code := isCode(node); code != "" {
					known = append(known, code)
				}
				return true
			})
		}
	}
	if function == "ErrorCode" { // of all operations; those of this one are the table's
		known = slices.DeleteFunc(known, func(code string) bool { return c.codes[code].class == 0 })
	}
	if len(known) == 0 {
		t.Fatalf("%s is written in another way now", module)
	}
	return known
}

// comparedText is the text that strings.EqualFold compares with.
func comparedText(node ast.Node) string {
	compared, ok := node.(*ast.CallExpr)
	if !ok || len(compared.Args) != 2 {
		return ""
	}
	if of, ok := compared.Fun.(*ast.SelectorExpr); !ok || of.Sel.Name != "EqualFold" {
		return ""
	}
	return literalText(compared.Args[0])
}

// returnedText is the text that is returned.
func returnedText(node ast.Node) string {
	returned, ok := node.(*ast.ReturnStmt)
	if !ok || len(returned.Results) != 1 {
		return ""
	}
	return literalText(returned.Results[0])
}

func literalText(expression ast.Expr) string {
	literal, ok := expression.(*ast.BasicLit)
	if !ok {
		return ""
	}
	text, _ := strconv.Unquote(literal.Value)
	return text
}

// --- rows: the faults ----------------------------------------------------------------------

// fault is something that goes wrong with a call.
type fault struct {
	name string
	// answer breaks the answer; connection breaks what it would come over, where
	// busy says that another answer is still on its way.
	answer     breaking
	connection func(f *front, busy bool)
	// transport is what the fault needs to happen at all.
	transport transport
	// on says on which calls it can happen; nil: on each.
	on func(c *call, later bool) bool
	// want is what must come of it.
	want func(c *call) want
	// hangs says that the time runs out, and timeout what it is; [hanging] where
	// it is zero.
	hangs   bool
	timeout time.Duration
	// variant says that another row has the same error code with another status. Its
	// first invocations run the shipped binary. The race detector watches those of the
	// other row, and the later ones of both.
	variant bool
}

// happensTo reports whether the fault can happen to the call. What breaks a
// connection breaks the sign-in's too.
func (f *fault) happensTo(c *call, later bool) bool {
	if c.operation == "GetUserPoolMfaConfig" && later {
		return false // a process that knows the answer does not ask again
	}
	if c.factors && f.connection != nil {
		return false // which connection such a call takes is up to the HTTP client
	}
	if c.refused && (f.connection != nil || f.transport == nowhere) {
		return false
	}
	return f.on == nil || f.on(c, later)
}

// wanted is what must come of the fault on the call.
func (f *fault) wanted(c *call) want {
	if c.refused {
		return c.right(0, 3)
	}
	w := f.want(c)
	if c.beside && c.proves && w.most == 2 && w.outcome == domain.OutcomeFailed {
		w.most++ // the look-up's connection has served before, too
	}
	if c.beside && !c.proves && w.outcome == domain.OutcomeRefused {
		w.least, w.most = 2*w.least, 2*w.most // by the name typed, and by the token's
	}
	return w
}

type transport int

const (
	plain transport = iota
	overTLS
	overHTTP2
	nowhere // the endpoint's name is nobody's
)

// want is what must come of an attempt.
type want struct {
	outcome     domain.Outcome
	reason      domain.Reason
	least, most int // calls of the operation
}

// hanging is long enough for an attempt to be cut off within a short test.
const hanging = 3 * time.Second

func moved(least, most int) func(*call) want {
	return func(c *call) want { return want{domain.OutcomeMigrated, c.good, least, most} }
}

func failed(reason domain.Reason, least, most int) func(*call) want {
	return func(*call) want { return want{domain.OutcomeFailed, reason, least, most} }
}

// unreachable is the failure after so many calls; of a call that proves the
// password, after so many others.
func unreachable(most, proving int) func(*call) want {
	return func(c *call) want {
		if c.proves {
			return want{domain.OutcomeFailed, unreached, 1, proving}
		}
		return want{domain.OutcomeFailed, unreached, 1, most}
	}
}

const (
	throttled     = domain.ReasonSourceThrottled
	unreached     = domain.ReasonSourceUnreachable
	misconfigured = domain.ReasonSourceMisconfigured
	outOfTime     = domain.ReasonDeadlineExceeded
)

func ofSTSAlone(c *call, _ bool) bool { return c.operation == "AssumeRole" }

// faults lists them, but for those that are an error code.
func faults() []*fault {
	const html = "<html><body>canary-page</body></html>"
	list := []*fault{
		{name: "nothing (for comparison)", answer: func(right operation) operation { return right }, want: moved(1, 1)},

		{name: "a delay", answer: late(300 * time.Millisecond), want: moved(1, 1)},
		{name: "no answer", answer: silent, hangs: true, want: failed(outOfTime, 1, 1)},
		{name: "a trickle that can be borne", answer: trickling(100, 10*time.Millisecond), want: moved(1, 1)},
		{name: "a trickle without end", answer: trickling(1, 200*time.Millisecond), hangs: true, want: failed(outOfTime, 1, 1)},
		// Half of the time is gone by then, and another such call does not fit in.
		{name: "throttled, and slow at it", answer: slowly(2400*time.Millisecond, code(400, "ThrottlingException", "Rate exceeded")),
			hangs: true, timeout: lambdatrigger.CognitoWait, want: failed(throttled, 1, 1)},
		{name: "a fault of its own, and slow at it", answer: slowly(2400*time.Millisecond, code(500, "InternalErrorException", "Sorry")),
			hangs: true, timeout: lambdatrigger.CognitoWait, want: failed(unreached, 1, 1)},

		{name: "reset before the answer", answer: resetting, want: unreachable(3, 2)},
		{name: "reset before the answer, once", answer: once(resetting), want: moved(2, 2)},
		{name: "reset in mid-answer", answer: resettingMidBody, want: unreachable(3, 1)},
		{name: "cut short", answer: rewritten(func(body string) string { return body[:len(body)/2] }), want: unreachable(1, 1)},
		{name: "malformed", answer: rewritten(func(body string) string { return strings.NewReplacer(`":`, `";`, "</", "<").Replace(body) }), want: unreachable(1, 1)},
		{name: "empty", answer: rewritten(func(string) string { return "" }), want: unreachable(1, 1)},
		{name: "of another type by its header", answer: func(right operation) operation {
			return func(w http.ResponseWriter, r *http.Request, input map[string]any) {
				answer := rightAnswer(right, r, input)
				text(200, "text/plain", answer.Body.String())(nil)(w, r, input)
			}
		}, want: moved(1, 1)},
		{name: "not HTTP", answer: babbling("canary-page"), want: unreachable(3, 1)},
		{name: "200 and a page", answer: text(200, "text/html", html), want: unreachable(1, 1)},

		{name: "throttled once", answer: once(code(400, "ThrottlingException", "Rate exceeded")), want: moved(2, 2)},
		{name: "500 once", answer: once(code(500, "InternalErrorException", "Sorry")), want: moved(2, 2)},
		{name: "a clock an hour ahead", answer: askew(time.Hour), want: moved(2, 2)},
		{name: "a clock an hour behind", answer: askew(-time.Hour), want: moved(2, 2)},

		{name: "a role for a minute", answer: lasting(time.Minute), on: ofSTSAlone, want: moved(1, 2)},
		{name: "a role that has expired on arrival", answer: lasting(-time.Minute), on: ofSTSAlone, want: failed(unreached, 1, 1)},

		{name: "connection refused", connection: (*front).refuse, want: failed(unreached, 0, 0)},
		{name: "a dead connection", connection: func(f *front, _ bool) { f.kill() }, hangs: true, timeout: lambdatrigger.CognitoWait, want: failed(outOfTime, 0, 0),
			on: func(c *call, later bool) bool { return c.after == "" && later && c.operation != "AssumeRole" }},
		{name: "a dead connection, HTTP/2", transport: overHTTP2, connection: func(f *front, _ bool) { f.kill() }, hangs: true, timeout: lambdatrigger.CognitoWait, want: failed(outOfTime, 0, 0),
			on: func(c *call, later bool) bool { return c.after == "" && later && c.operation != "AssumeRole" }},
		{name: "TLS: nothing", transport: overTLS, answer: func(right operation) operation { return right }, want: moved(1, 1)},
		{name: "TLS: an unknown authority", transport: overTLS, connection: (*front).distrust, want: failed(unreached, 0, 0)},
		{name: "TLS: reset before the answer", transport: overTLS, answer: resetting, want: unreachable(3, 2)},
		{name: "DNS: no such host", transport: nowhere, want: failed(unreached, 0, 0),
			on: func(c *call, _ bool) bool { return c.after == "" }},
	}
	for _, status := range statuses {
		list = append(list,
			&fault{name: strconv.Itoa(status) + " and a page", answer: text(status, "text/html", html), want: ofPage(status)},
			&fault{name: strconv.Itoa(status) + " and no code", answer: text(status, "application/x-amz-json-1.1", "{}"), want: ofStatus(status)},
		)
	}
	return list
}

var statuses = []int{400, 403, 404, 429, 500, 503}

// asksAgain holds for statuses that by themselves say that it was not looked.
func asksAgain(status int) bool { return status == 429 || status >= 500 }

func tries(status int) int {
	if asksAgain(status) {
		return 3
	}
	return 1
}

// ofStatus is what comes of an error of the service that has a status alone. STS
// speaks XML: there the JSON of this row is as unreadable as a page.
func ofStatus(status int) func(*call) want {
	return func(c *call) want {
		if status == 403 && c.operation != "AssumeRole" && !c.factors {
			return want{domain.OutcomeFailed, misconfigured, 1, 1}
		}
		return ofPage(status)(c)
	}
}

// ofPage is what comes of a status with a text that nobody can read: something
// answers in the place of the service.
func ofPage(status int) func(*call) want {
	if status == 429 {
		return failed(throttled, 3, 3)
	}
	return failed(unreached, tries(status), tries(status))
}

// ofCode is what comes of an error code that the call can have.
func ofCode(c *call, name string, status int) want {
	m := c.codes[name]
	if m.class == 0 {
		m = common()[name]
	}
	n := tries(status)
	if c.proves && m.class != fails && isOf(c, name) {
		n = 1 // it has looked, whatever the status
	}
	switch m.class {
	case ofThePerson:
		if m.reason == domain.ReasonResetRequired {
			return want{domain.OutcomeMigrated, m.reason, n, n}
		}
		return want{domain.OutcomeRefused, m.reason, n, n}
	case throttles:
		return want{domain.OutcomeFailed, throttled, 3, 3}
	case fails, failsLater:
		return want{domain.OutcomeFailed, unreached, n, n}
	case ofSettings:
	}
	switch {
	case status == 429:
		return want{domain.OutcomeFailed, throttled, n, n}
	case status >= 500:
		return want{domain.OutcomeFailed, unreached, n, n}
	default:
		return want{domain.OutcomeFailed, misconfigured, n, n}
	}
}

// isOf reports whether a code is one of the call's own.
func isOf(c *call, name string) bool { return c.codes[name].class != 0 }

// codeFaults makes a row of each error code with each status.
func codeFaults(t *testing.T, columns []*call) []*fault {
	t.Helper()
	can := make(map[string]map[string]bool) // code, operation
	for _, c := range columns {
		codes := slices.Concat(c.exceptions(t), slices.Sorted(mapKeys(common())))
		for _, name := range codes {
			if c.codes[name].class == 0 && common()[name].class == 0 {
				t.Errorf("nobody has said what %s of %s means", name, c.operation)
			}
			if can[name] == nil {
				can[name] = make(map[string]bool)
			}
			can[name][c.operation] = true
		}
	}
	var list []*fault
	for _, name := range slices.Sorted(mapKeys(can)) {
		for _, status := range statuses {
			list = append(list, &fault{
				name:    strconv.Itoa(status) + " " + name,
				answer:  code(status, name, "canary-message"),
				on:      func(c *call, _ bool) bool { return can[name][c.operation] },
				want:    func(c *call) want { return ofCode(c, name, status) },
				variant: status != statuses[0],
			})
		}
	}
	return list
}

func mapKeys[V any](m map[string]V) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		for key := range m {
			if !yield(key) {
				return
			}
		}
	}
}

// --- cells ---------------------------------------------------------------------------------

// cell is one fault on one call, on the first invocation or on a later one.
type cell struct {
	fault *fault
	call  *call
	later bool
}

// result is what came of a cell.
type result struct {
	text     string
	problems []string
}

// rig is one function with a source account of its own.
type rig struct {
	stub     *stub
	sts, idp *front
	person   person
	right    map[string]operation
	settings settings
	timeout  time.Duration
	function *function
	warm     bool    // it has served before
	binary   *binary // the image's where it is nil
	// starts limits how many functions start at a time, where it is not nil: a start
	// needs a processor, and an attempt has five seconds.
	starts chan struct{}
}

// newRig starts the source account, and not yet the function.
func newRig(f *fault, c *call, certificates [2]*certificate.Certificate, caFile string) (*rig, error) {
	p := newPerson()
	r := &rig{
		stub:   &stub{operations: make(map[string]operation), calls: make(map[string][]map[string]any)},
		person: p,
		right:  map[string]operation{"AssumeRole": assumeRole, "AdminInitiateAuth": signedIn(p, nil), "AdminGetUser": profile(p, nil)},
	}
	if c.refused {
		r.right["AdminInitiateAuth"] = awsError("NotAuthorizedException", "Incorrect username or password.")
	}
	if f.hangs {
		r.timeout = cmp.Or(f.timeout, hanging)
	}
	var known, unknown *certificate.Certificate
	if f.transport == overTLS || f.transport == overHTTP2 {
		known, unknown = certificates[0], certificates[1]
	}
	var errs [2]error
	r.sts, errs[0] = newFront(r.stub, known, unknown, f.transport == overHTTP2)
	r.idp, errs[1] = newFront(r.stub, known, unknown, f.transport == overHTTP2)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, err
	}
	r.settings = r.stub.settings().with("SOURCE_MFA", "OFF", "AWS_ENDPOINT_URL_STS", r.sts.url(), "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", r.idp.url())
	if c.factors {
		delete(r.settings, "SOURCE_MFA")
		r.right["GetUserPoolMfaConfig"], r.right["AdminGetUserAuthFactors"] = mfaConfig("OPTIONAL", passkeysAsFactor), authFactors(p, "PASSWORD")
	}
	for name, right := range r.right {
		r.stub.on(name, right)
	}
	if c.beside {
		r.settings["SOURCE_PROFILE"] = "concurrent"
	}
	if known != nil {
		r.settings["AWS_CA_BUNDLE"] = caFile
	}
	if f.transport == nowhere {
		variable := "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"
		if c.operation == "AssumeRole" {
			variable = "AWS_ENDPOINT_URL_STS"
		}
		r.settings[variable] = "http://source.invalid" // RFC 6761: nobody's, ever
	}
	return r, nil
}

// launch starts the function and waits until it takes events.
func (r *rig) launch(t *testing.T) error {
	if r.starts != nil {
		r.starts <- struct{}{}
		defer func() { <-r.starts }()
	}
	var env []string
	for name, value := range r.settings {
		env = append(env, name+"="+value)
	}
	host, err := lambdahost.Start(lambdahost.Config{
		Path: cmp.Or(r.binary, bootstrap.value).path, Name: peers.TriggerFunction, AccountID: peers.DestinationAccountID, Region: peers.Region,
		Env: env, Timeout: r.timeout, Grace: patience,
	})
	if err != nil {
		return err
	}
	r.function = &function{Host: host, t: t, hidden: new(hidden)}
	r.function.hide("eyJhbGci", "eyJraWQi", "eyJ0eXAi", "eyJ-", "FQoGZXIvYXdz", "secret-of-the-function", "canary-page", "canary-message")
	r.function.hidePerson(r.person)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return host.Ready(ctx)
}

// close ends everything, and reads what the function has written.
func (r *rig) close() {
	if r.function != nil {
		r.function.end()
	}
	r.sts.close()
	r.idp.close()
}

// breaks lets the fault happen to the call from now on.
func (r *rig) breaks(c cell) {
	if c.fault.answer != nil {
		r.stub.on(c.call.operation, c.fault.answer(r.right[c.call.operation]))
	}
	if c.fault.connection == nil {
		return
	}
	f := r.idp
	if c.call.operation == "AssumeRole" {
		f = r.sts
	}
	if c.call.after == "" {
		c.fault.connection(f, false)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.after, f.then = c.call.after, func() { c.fault.connection(f, true) }
}

// mends puts everything in order.
func (r *rig) mends(c cell) error {
	for name, right := range r.right {
		r.stub.on(name, right)
	}
	if c.fault.connection == nil {
		return nil
	}
	return errors.Join(r.sts.mend(), r.idp.mend())
}

// forgets makes the function need a new set of credentials.
func (r *rig) forgets(c *call) []string {
	r.stub.on("AdminInitiateAuth", code(400, "ExpiredTokenException", "expired")(nil))
	r.stub.on("AdminGetUser", code(400, "ExpiredTokenException", "expired")(nil))
	_, problems := r.attempt(c, want{domain.OutcomeFailed, misconfigured, 0, 3}, false)
	r.stub.on("AdminInitiateAuth", r.right["AdminInitiateAuth"])
	r.stub.on("AdminGetUser", r.right["AdminGetUser"])
	return problems
}

// line is what the log says of an attempt: the audit record or the metric.
type line struct {
	Logger, AttemptID, Outcome, Reason, FinalUserStatus string
	Calls                                               int
	AWS                                                 json.RawMessage `json:"_aws"`
}

// linesOf waits for the record and the metric of an attempt.
func (r *rig) linesOf(requestID string) (record line, err error) {
	var records, metrics []line
	_ = process.Poll(r.function.t.Context(), func(context.Context) error {
		records, metrics = r.lines(requestID)
		if len(records) == 0 || len(metrics) == 0 {
			return errors.New("not yet written")
		}
		return nil
	})
	if len(records) != 1 || len(metrics) != 1 {
		return line{}, fmt.Errorf("%d records and %d metrics of one attempt", len(records), len(metrics))
	}
	if m := metrics[0]; m.Outcome != records[0].Outcome || m.Reason != records[0].Reason || m.Calls != records[0].Calls {
		return records[0], fmt.Errorf("the metric says %+v, the record %+v", m, records[0])
	}
	return records[0], nil
}

func (r *rig) lines(requestID string) (records, metrics []line) {
	for text := range strings.Lines(r.function.Stdout()) {
		var l line
		if !strings.Contains(text, requestID) || json.Unmarshal([]byte(text), &l) != nil || l.AttemptID != requestID {
			continue
		}
		switch {
		case l.Logger == "audit":
			records = append(records, l)
		case l.AWS != nil:
			metrics = append(metrics, l)
		}
	}
	return records, metrics
}

// attempt hands the function an event and tells what is not as it must be.
// exact says that the record's count of calls can be checked against what came.
func (r *rig) attempt(c *call, w want, exact bool) (text string, problems []string) {
	wrong := func(format string, arguments ...any) { problems = append(problems, fmt.Sprintf(format, arguments...)) }
	event := c.event(r.person)
	warm := r.warm
	before, all, passwords := len(r.stub.inputs(c.operation)), r.stub.total(), len(r.stub.inputs("AdminInitiateAuth"))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	answer, err := r.function.Invoke(ctx, []byte(event))
	if err != nil {
		return "no answer", []string{err.Error()}
	}
	record, err := r.linesOf(answer.RequestID)
	if err != nil {
		wrong("%v", err)
	}
	n := len(r.stub.inputs(c.operation)) - before
	r.warm = true
	text = strings.TrimPrefix(record.Reason, "source_") + " " + strconv.Itoa(n)
	if record.Outcome != string(w.outcome) || record.Reason != string(w.reason) {
		wrong("recorded as %s: %s, want %s: %s", record.Outcome, record.Reason, w.outcome, w.reason)
	}
	if n < w.least || n > w.most {
		wrong("%s was called %d times, want %d to %d", c.operation, n, w.least, w.most)
	}
	if sent := len(r.stub.inputs("AdminInitiateAuth")) - passwords; !c.proves && sent > 1 {
		wrong("the password was sent %d times", sent)
	}
	// What the start has sent may come while the first attempt runs.
	if came := r.stub.total() - all; exact && (record.Calls > came || record.Calls < came && warm) {
		wrong("%d calls are recorded, %d came", record.Calls, came)
	}
	for _, problem := range check(event, answer, w) {
		wrong("%s", problem)
	}
	return text, problems
}

// total counts all calls so far.
func (s *stub) total() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, calls := range s.calls {
		n += len(calls)
	}
	return n
}

// check compares an answer with what must come of the attempt: the fixed text of
// a failure, the event with an empty response, or a user in the right status.
func check(event string, answer lambdahost.Result, w want) (problems []string) {
	if w.outcome == domain.OutcomeFailed {
		got, err := answer.Error()
		if want := (lambdahost.FunctionError{Type: lambdatrigger.TypeFailure, Message: lambdatrigger.TextFailure}); err != nil || got != want {
			problems = append(problems, fmt.Sprintf("the client sees %s", answer.Payload))
		}
		return problems
	}
	if answer.FunctionError != "" {
		return []string{fmt.Sprintf("function error: %s", answer.Payload)}
	}
	var sent, got map[string]json.RawMessage
	if err := errors.Join(json.Unmarshal([]byte(event), &sent), json.Unmarshal(answer.Payload, &got)); err != nil {
		return []string{err.Error()}
	}
	user := got["response"]
	delete(sent, "response")
	delete(got, "response")
	if !reflect.DeepEqual(sent, got) {
		problems = append(problems, "the event came back changed")
	}
	if w.outcome == domain.OutcomeRefused {
		if string(bytes.TrimSpace(user)) != "{}" {
			problems = append(problems, fmt.Sprintf("a refusal with response %s", user))
		}
		return problems
	}
	var created response
	if err := json.Unmarshal(user, &created); err != nil {
		return append(problems, err.Error())
	}
	status := map[domain.Reason]string{
		domain.ReasonPasswordAccepted: "CONFIRMED", domain.ReasonForgotPassword: "none", domain.ReasonResetRequired: "RESET_REQUIRED",
	}[w.reason]
	if created.status() != status || len(created.UserAttributes) == 0 {
		problems = append(problems, fmt.Sprintf("status %s, want %s", created.status(), status))
	}
	return problems
}

// run sees one cell through, over a function that runs or is to be launched.
func (r *rig) run(t *testing.T, c cell) (out result) {
	wrong := func(problems ...string) { out.problems = append(out.problems, problems...) }
	w := c.fault.wanted(c.call)
	// A look-up that is given up is counted, and may not have come.
	exact := c.fault.connection == nil && c.fault.transport != nowhere && !c.fault.hangs && !c.call.beside
	if c.later {
		if c.call.operation == "AssumeRole" && c.fault.transport != nowhere {
			wrong(r.forgets(c.call)...)
		}
		r.breaks(c)
	} else {
		r.breaks(c)
		if err := r.launch(t); err != nil {
			return result{"not started", []string{err.Error()}}
		}
		if c.call.operation == "AssumeRole" {
			w.least = 0 // the start has asked already
			w.most++    // and its last question may still be on its way
		}
	}
	text, problems := r.attempt(c.call, w, exact)
	wrong(problems...)
	if err := r.mends(c); err != nil {
		wrong(err.Error())
	}
	if c.fault.transport != nowhere { // which another process alone gets over
		most := 2 // a role that lasts for a minute is asked for again
		if c.call.proves {
			most = 1
		}
		_, problems = r.attempt(c.call, c.call.right(0, most), false)
		for _, problem := range problems {
			wrong("recovery: " + problem)
		}
	}
	out.text = text
	return out
}

// --- the matrix ----------------------------------------------------------------------------

// TestTheFaultMatrix runs every cell and prints the table.
func TestTheFaultMatrix(t *testing.T) {
	bootstrap.get(t)
	known, unknown := certificate.New("known", nil), certificate.New("unknown", nil)
	caFile := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(caFile, []byte(known.PEM()), 0o600); err != nil {
		t.Fatal(err)
	}
	columns := calls()
	if only := os.Getenv("CALL"); only != "" { // one column, likewise
		columns = slices.DeleteFunc(columns, func(c *call) bool { return !strings.Contains(c.title, only) })
	}
	rows := append(faults(), codeFaults(t, columns)...)
	if only := os.Getenv("FAULT"); only != "" { // one row, for whoever mends it
		rows = slices.DeleteFunc(rows, func(f *fault) bool { return !strings.Contains(f.name, only) })
	}

	m := &matrix{t: t, shipped: shipped.get(t), starts: make(chan struct{}, 4), certificates: [2]*certificate.Certificate{known, unknown}, caFile: caFile, results: make(map[cell]result)}
	began := time.Now()
	m.runAll(32, jobsOf(rows, columns))
	printTable(t, rows, columns, m.results, time.Since(began))
}

// matrix runs cells.
type matrix struct {
	t            *testing.T
	shipped      *binary
	starts       chan struct{} // see rig
	certificates [2]*certificate.Certificate
	caFile       string
	mu           sync.Mutex
	results      map[cell]result
}

// runAll runs the jobs, so many at a time. Most of them wait: for a timeout, or
// between two tries of a call.
func (m *matrix) runAll(atATime int, jobs [][]cell) {
	queue := make(chan []cell)
	var workers sync.WaitGroup
	for range atATime {
		workers.Go(func() {
			for job := range queue {
				m.run(job)
			}
		})
	}
	for _, job := range jobs {
		queue <- job
	}
	close(queue)
	workers.Wait()
}

// run runs a job in a process of its own. Before a later invocation there is
// one that succeeds.
func (m *matrix) run(job []cell) {
	first := job[0]
	r, err := newRig(first.fault, first.call, m.certificates, m.caFile)
	if err == nil {
		defer r.close()
		r.starts = m.starts
		if first.fault.variant && !first.later {
			r.binary = m.shipped
		}
		if first.later {
			err = r.launch(m.t)
		}
	}
	if err == nil && first.later && first.fault.transport != nowhere {
		if _, problems := r.attempt(first.call, first.call.right(0, 1), false); len(problems) > 0 {
			err = fmt.Errorf("the invocation before: %s", strings.Join(problems, "; "))
		}
	}
	for _, c := range job {
		out := result{"not started", []string{fmt.Sprint(err)}}
		if err == nil {
			out = r.run(m.t, c)
		}
		m.mu.Lock()
		m.results[c] = out
		m.mu.Unlock()
	}
}

// jobsOf shares the cells out: a process for each first invocation, and one for
// a series of later ones. A series is short, because whoever sees nothing but
// faults asks again less and less (the SDK's retry quota).
func jobsOf(rows []*fault, columns []*call) (jobs [][]cell) {
	const series = 15
	for _, c := range columns {
		var together []cell
		for _, f := range rows {
			if f.happensTo(c, false) {
				jobs = append(jobs, []cell{{f, c, false}})
			}
			if !f.happensTo(c, true) {
				continue
			}
			if f.hangs || f.transport != plain {
				jobs = append(jobs, []cell{{f, c, true}})
				continue
			}
			if together = append(together, cell{f, c, true}); len(together) == series {
				jobs, together = append(jobs, together), nil
			}
		}
		if len(together) > 0 {
			jobs = append(jobs, together)
		}
	}
	return jobs
}

// printTable prints what came of each cell: the reason, and how often the call
// was sent. A cell that is wrong has a mark, and is an error of the test.
func printTable(t *testing.T, rows []*fault, columns []*call, results map[cell]result, took time.Duration) {
	t.Helper()
	head := []string{"fault"}
	for _, c := range columns {
		head = append(head, c.title+", first", "later")
	}
	lines, wrong := [][]string{head}, 0
	for _, f := range rows {
		texts := []string{f.name}
		for _, c := range columns {
			for _, later := range []bool{false, true} {
				out, ran := results[cell{f, c, later}]
				switch {
				case !ran:
					out.text = "-"
				case len(out.problems) > 0:
					wrong++
					out.text += " WRONG"
					t.Errorf("%s, %s, later %t: %s", f.name, c.title, later, strings.Join(out.problems, "; "))
				}
				texts = append(texts, out.text)
			}
		}
		lines = append(lines, texts)
	}
	widths := make([]int, len(head))
	for _, texts := range lines {
		for i, text := range texts {
			widths[i] = max(widths[i], len(text))
		}
	}
	var table strings.Builder
	for _, texts := range lines {
		for i, text := range texts {
			fmt.Fprintf(&table, "%-*s  ", widths[i], text)
		}
		table.WriteString("\n")
	}
	t.Logf("the reason, and how often the call was sent:\n%s\n%d faults, %d calls, %d cells, %d wrong, %s",
		table.String(), len(rows), len(columns), len(results), wrong, took.Round(time.Second))
}
