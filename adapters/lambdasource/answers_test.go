package lambdasource_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"

	"cognito-user-migration/adapters/internal/awsrole"
	"cognito-user-migration/adapters/internal/errorcodes"
	"cognito-user-migration/adapters/lambdasource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
)

const (
	typed    = "hanako.yamada"
	password = "canary-P4ss-8f1d"
)

// thrown is the payload of an error, in which the function repeats the event.
func thrown(kind, message string) string {
	text, _ := json.Marshal(map[string]any{"errorType": kind, "errorMessage": message, "stackTrace": []string{password}}) // texts always marshal
	return string(text)
}

// failing is a Lambda whose function throws.
func failing(t testing.TB, payload string) string {
	return answers(t, http.StatusOK, map[string]string{"X-Amz-Function-Error": "Unhandled", "X-Amzn-Requestid": "8f5ff6d1-0000-4000-8000-000000000001"}, payload)
}

// hidesAll ends the test if an error repeats what only the user and the function know.
func hidesAll(t *testing.T, err error) {
	t.Helper()
	for _, secret := range []string{typed, password, "canary"} {
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Errorf("the error repeats %q: %v", secret, err)
		}
	}
}

func TestWhatAnErrorOfATriggerFunctionMeans(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		payload string
		signIn  domain.FindingKind // zero means an error
		find    domain.FindingKind
		err     error
		says    string
	}{
		"thrown in Node.js":              {thrown("Error", "Bad password"), domain.PasswordWrong, domain.UserUnknown, nil, ""},
		"a text given to a callback":     {`{"errorMessage":"Bad password"}`, domain.PasswordWrong, domain.UserUnknown, nil, ""},
		"raised in Python":               {thrown("Exception", "User "+typed+" not found, "+password), domain.PasswordWrong, domain.UserUnknown, nil, ""},
		"returned in Go":                 {`{"errorMessage":"no","errorType":"errorString"}`, domain.PasswordWrong, domain.UserUnknown, nil, ""},
		"thrown in Java":                 {thrown("java.lang.RuntimeException", "nope"), domain.PasswordWrong, domain.UserUnknown, nil, ""},
		"raised in Ruby":                 {thrown("Function<StandardError>", "nope"), domain.PasswordWrong, domain.UserUnknown, nil, ""},
		"a type of its own":              {thrown("BadLogin", "nope"), domain.PasswordWrong, domain.UserUnknown, nil, ""},
		"an empty message":               {thrown("Error", ""), domain.PasswordWrong, domain.UserUnknown, nil, ""},
		"an unknown user in plain words": {thrown("Error", "User not found."), domain.UserUnknown, domain.UserUnknown, nil, ""},
		"a disabled user":                {thrown("Error", "user disabled"), domain.UserDisabled, domain.UserDisabled, nil, ""},
		"another pool's wrong password":  {thrown("NotAuthorizedException", "Incorrect username or password."), domain.PasswordWrong, domain.UserUnknown, nil, ""},
		"another pool's disabled user":   {thrown("NotAuthorizedException", "User is disabled."), domain.UserDisabled, domain.UserDisabled, nil, ""},
		"another pool's lockout":         {thrown("NotAuthorizedException", "Password attempts exceeded"), domain.LockedOut, domain.LockedOut, nil, ""},
		"another pool's unknown user":    {thrown("UserNotFoundException", "User does not exist."), domain.UserUnknown, domain.UserUnknown, nil, ""},
		"another pool's unconfirmed":     {thrown("UserNotConfirmedException", ""), domain.UserUnconfirmed, domain.UserUnconfirmed, nil, ""},
		"another pool's required reset":  {thrown("PasswordResetRequiredException", ""), domain.SignInDenied, domain.UserUnknown, nil, ""},
		"another pool's denied sign-in":  {thrown("NotAuthorizedException", "Unable to login because of security reasons."), domain.SignInDenied, domain.UserUnknown, nil, ""},
		"another pool's old password":    {thrown("NotAuthorizedException", "Temporary password has expired and must be reset by an administrator."), domain.TemporaryPasswordExpired, domain.UserUnknown, nil, ""},
		"another pool's expired user":    {thrown("NotAuthorizedException", "User account has expired, it must be reset by an administrator."), domain.TemporaryPasswordExpired, domain.UserUnknown, nil, ""},
		"a name that no pool takes":      {thrown("InvalidParameterException", "1 validation error detected: Value at 'username' failed to satisfy constraint: Member must have length less than or equal to 128"), domain.UserUnknown, domain.UserUnknown, nil, ""},
		"a password that no pool takes":  {thrown("InvalidParameterException", "An error occurred (InvalidParameterException) when calling the AdminInitiateAuth operation: 1 validation error detected: Value at 'password' failed to satisfy constraint: m"), domain.PasswordWrong, domain.UserUnknown, nil, ""},
		"a web client's 401":             {thrown("AxiosError", "Request failed with status code 401"), domain.PasswordWrong, domain.UserUnknown, nil, ""},

		"a web client's 503":                {thrown("AxiosError", "Request failed with status code 503"), 0, 0, ports.ErrUnreachable, "the function returned an error"},
		"timeout":                           {thrown("Sandbox.Timedout", "RequestId: 1 Error: Task timed out after 3.00 seconds"), 0, 0, ports.ErrUnreachable, "the function timed out"},
		"timeout, as it was":                {`{"errorMessage":"2024-01-01T00:00:00Z 8f5ff6d1 Task timed out after 3.00 seconds"}`, 0, 0, ports.ErrUnreachable, "the function timed out"},
		"process ended":                     {thrown("Runtime.ExitError", "RequestId: 1 Error: Runtime exited with error: exit status 1"), 0, 0, ports.ErrUnreachable, "the function's process ended"},
		"process ended, as it was":          {`{"errorMessage":"RequestId: 1 Process exited before completing request"}`, 0, 0, ports.ErrUnreachable, "the function's process ended"},
		"killed":                            {thrown("Runtime.ExitError", "RequestId: 1 Error: Runtime exited with error: signal: killed"), 0, 0, ports.ErrUnreachable, "ran out of memory"},
		"out of memory":                     {thrown("Runtime.OutOfMemory", "m"), 0, 0, ports.ErrUnreachable, "ran out of memory"},
		"import failed":                     {thrown("Runtime.ImportModuleError", "Unable to import module"), 0, 0, ports.ErrUnreachable, "did not start"},
		"handler missing":                   {thrown("Runtime.HandlerNotFound", "m"), 0, 0, ports.ErrUnreachable, "did not start"},
		"extension crashed":                 {thrown("Extension.Crash", "m"), 0, 0, ports.ErrUnreachable, "did not start"},
		"a response of 7 MB":                {thrown("Function.ResponseSizeTooLarge", "Response payload size exceeded maximum allowed payload size (6291556 bytes)."), 0, 0, ports.ErrUnreachable, "larger than Lambda allows"},
		"any of Lambda's own":               {thrown("Runtime.NewIn2030", "m"), 0, 0, ports.ErrUnreachable, "Runtime.NewIn2030"},
		"wrong code in Node.js":             {thrown("TypeError", "Cannot read properties of undefined"), 0, 0, ports.ErrUnreachable, "TypeError"},
		"wrong code in Python":              {thrown("NameError", "name 'x' is not defined"), 0, 0, ports.ErrUnreachable, "NameError"},
		"wrong code in Java":                {thrown("java.lang.NullPointerException", ""), 0, 0, ports.ErrUnreachable, ""},
		"a panic in Go":                     {`{"errorMessage":"nil","errorType":"errorString","stackTrace":[{"path":"a.go","line":1,"label":"f"}]}`, 0, 0, ports.ErrUnreachable, ""},
		"a database's error":                {thrown("OperationalError", "could not connect"), 0, 0, ports.ErrUnreachable, ""},
		"a timeout of its own":              {thrown("requests.exceptions.ReadTimeout", "m"), 0, 0, ports.ErrUnreachable, ""},
		"no connection in Node.js":          {thrown("Error", "connect ECONNREFUSED 10.0.0.1:5432"), 0, 0, ports.ErrUnreachable, ""},
		"no connection in Go":               {`{"errorMessage":"dial tcp: connection refused","errorType":"wrapError"}`, 0, 0, ports.ErrUnreachable, ""},
		"no permission in AWS":              {thrown("AccessDeniedException", "User: arn is not authorized"), 0, 0, ports.ErrUnreachable, ""},
		"a pool's client secret is wrong":   {thrown("NotAuthorizedException", "Unable to verify secret hash for client 3n4b5urk1ft4fl3mg5e62d9ado"), 0, 0, ports.ErrUnreachable, "NotAuthorizedException"},
		"a pool's client secret is missing": {thrown("NotAuthorizedException", "An error occurred (NotAuthorizedException) when calling the InitiateAuth operation: Client 3n4b5urk1ft4fl3mg5e62d9ado is configured with secret but SECRET_HASH was not received"), 0, 0, ports.ErrUnreachable, "NotAuthorizedException"},
		"a pool's flow is not allowed":      {thrown("InvalidParameterException", "USER_PASSWORD_AUTH flow not enabled for this client"), 0, 0, ports.ErrUnreachable, "InvalidParameterException"},
		"throttled behind it":               {thrown("ProvisionedThroughputExceededException", "m"), 0, 0, ports.ErrThrottled, ""},
		"not JSON":                          {"<html>" + password, 0, 0, ports.ErrUnreachable, "the function returned an error"},
		"nothing":                           {"{}", 0, 0, ports.ErrUnreachable, ""},
		"a list":                            {"[]", 0, 0, ports.ErrUnreachable, ""},
		"a type with the password":          {thrown("Runtime."+password, "m"), 0, 0, ports.ErrUnreachable, "unprintable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := at(failing(t, test.payload), lambdasource.Settings{Contract: lambdasource.Trigger}, lambdasource.Options{}).Directory
			finding, err := source.Authenticate(t.Context(), typed, domain.NewPassword(password))
			found, findErr := source.FindUser(t.Context(), typed)
			if finding.Kind != test.signIn || !errors.Is(err, test.err) || found.Kind != test.find || !errors.Is(findErr, test.err) {
				t.Errorf("got %v %v, %v %v", finding, err, found, findErr)
			}
			if test.err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v does not say %q", err, test.says)
			}
			if errors.Is(err, ports.ErrNotJudged) {
				t.Errorf("the function may have judged the password: %v", err)
			}
			hidesAll(t, err)
			if !strings.Contains(test.payload, "Runtime."+password) { // a look-up does not know it
				hidesAll(t, findErr)
			}
		})
	}
}

func TestAnUnknownTypeOfErrorIsRecorded(t *testing.T) {
	t.Parallel()
	for kind, want := range map[string]domain.ResponseCode{"BadLogin": "BadLogin", "Error": "", "Exception": "", "hanako.yamada": domain.UnprintableCode} {
		source := at(failing(t, thrown(kind, "m")), lambdasource.Settings{Contract: lambdasource.Trigger}, lambdasource.Options{}).Directory
		finding, err := source.Authenticate(t.Context(), typed, domain.NewPassword(password))
		if err != nil || finding.UnknownCode != want {
			t.Errorf("%s: got %v %q", kind, err, finding.UnknownCode)
		}
	}
}

func TestAnOperatorSaysWhatAnErrorMeans(t *testing.T) {
	t.Parallel()
	var codes errorcodes.Map
	if err := codes.UnmarshalText([]byte("NoSuchAccount=user_unknown, account {username} is locked=locked_out, TypeError=password_wrong, Runtime.ExitError=user_unknown")); err != nil {
		t.Fatal(err)
	}
	var outages lambdasource.Errors
	if err := outages.UnmarshalText([]byte("LegacyDown, , the old system is asleep")); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		contract lambdasource.Contract
		payload  string
		want     domain.FindingKind
		err      error
	}{
		"a type":                        {lambdasource.Trigger, thrown("NoSuchAccount", "m"), domain.UserUnknown, nil},
		"a message with the name":       {lambdasource.Trigger, thrown("Error", "Account "+typed+" is locked"), domain.LockedOut, nil},
		"a type that is an outage else": {lambdasource.Trigger, thrown("TypeError", "m"), domain.PasswordWrong, nil},
		"Lambda's own error":            {lambdasource.Trigger, thrown("Runtime.ExitError", "m"), 0, ports.ErrUnreachable},
		"an outage's type":              {lambdasource.Trigger, thrown("LegacyDown", "m"), 0, ports.ErrUnreachable},
		"an outage's message":           {lambdasource.Trigger, thrown("Error", "The old system is asleep"), 0, ports.ErrUnreachable},
		"keycloak: a type":              {lambdasource.Keycloak, thrown("NoSuchAccount", "m"), domain.UserUnknown, nil},
		"keycloak: a wrong password":    {lambdasource.Keycloak, thrown("TypeError", "m"), domain.UserUnknown, nil},
		"keycloak: any other":           {lambdasource.Keycloak, thrown("Error", "Bad password"), 0, ports.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := at(failing(t, test.payload), lambdasource.Settings{Contract: test.contract, ErrorCodes: codes, OutageErrors: outages}, lambdasource.Options{}).Directory
			finding, err := source.Authenticate(t.Context(), typed, domain.NewPassword(password))
			if finding.Kind != test.want || !errors.Is(err, test.err) {
				t.Errorf("got %v, %v", finding, err)
			}
			hidesAll(t, err)
		})
	}
}

// response is the event that a trigger function returns.
func response(text string) string { return `{"version":"1","response":` + text + `}` }

func TestWhatATriggerFunctionReturns(t *testing.T) {
	t.Parallel()
	const attributes = `"userAttributes":{"email":"h@example.com","email_verified":"true"}`
	for name, test := range map[string]struct {
		payload      string
		signIn, find domain.FindingKind // zero means an error
	}{
		"confirmed":                       {response(`{` + attributes + `,"finalUserStatus":"CONFIRMED","messageAction":"SUPPRESS"}`), domain.PasswordAccepted, domain.UserFound},
		"reset required":                  {response(`{` + attributes + `,"finalUserStatus":"RESET_REQUIRED"}`), domain.ResetRequired, domain.UserFound},
		"no status":                       {response(`{` + attributes + `}`), domain.ResetRequired, domain.UserFound},
		"a null status":                   {response(`{` + attributes + `,"finalUserStatus":null}`), domain.ResetRequired, domain.UserFound},
		"a status that Cognito lacks":     {response(`{` + attributes + `,"finalUserStatus":"confirmed"}`), domain.ResetRequired, domain.UserFound},
		"codes by SMS":                    {response(`{` + attributes + `,"finalUserStatus":"CONFIRMED","enableSMSMFA":true}`), domain.MFARequired, domain.UserFound},
		"everything null":                 {response(`{"userAttributes":null,"forceAliasCreation":null,"enableSMSMFA":null,"finalUserStatus":null,"messageAction":null,"desiredDeliveryMediums":null}`), domain.PasswordWrong, domain.UserUnknown},
		"an empty response":               {response(`{}`), domain.PasswordWrong, domain.UserUnknown},
		"a null response":                 {response(`null`), domain.PasswordWrong, domain.UserUnknown},
		"no attributes":                   {response(`{"userAttributes":{},"finalUserStatus":"CONFIRMED"}`), domain.PasswordWrong, domain.UserUnknown},
		"a Boolean and a number":          {response(`{"userAttributes":{"email_verified":true,"updated_at":1},"finalUserStatus":"CONFIRMED"}`), domain.PasswordAccepted, domain.UserFound},
		"an attribute that is an object":  {response(`{"userAttributes":{"address":{"a":1}},"finalUserStatus":"CONFIRMED"}`), 0, 0},
		"a response twice":                {`{"response":null,"response":{"userAttributes":{"email":"h@example.com"},"finalUserStatus":"CONFIRMED"}}`, 0, 0},
		"attributes that are a list":      {response(`{"userAttributes":[]}`), 0, 0},
		"a response that is a text":       {response(`"CONFIRMED"`), 0, 0},
		"null instead of the event":       {`null`, 0, 0},
		"nothing instead of the event":    {``, 0, 0},
		"a text instead of the event":     {`"Bad password"`, 0, 0},
		"an object without a response":    {`{"finalUserStatus":"CONFIRMED"}`, 0, 0},
		"the response without the event":  {`{` + attributes + `,"finalUserStatus":"CONFIRMED"}`, 0, 0},
		"an object and something after":   {response(`{}`) + `{}`, 0, 0},
		"256 KiB and more":                {response(`{"userAttributes":{"name":"` + strings.Repeat("a", 256<<10) + `"},"finalUserStatus":"CONFIRMED"}`), 0, 0},
		"a response broken off":           {response(`{` + attributes)[:30], 0, 0},
		"a list instead of the event":     {`[` + response(`{`+attributes+`,"finalUserStatus":"CONFIRMED"}`) + `]`, 0, 0},
		"a flag that is neither":          {response(`{` + attributes + `,"enableSMSMFA":"maybe"}`), 0, 0},
		"a flag that is a text":           {response(`{` + attributes + `,"finalUserStatus":"CONFIRMED","enableSMSMFA":"true"}`), domain.MFARequired, domain.UserFound},
		"a delivery medium, as one text":  {response(`{` + attributes + `,"finalUserStatus":"CONFIRMED","desiredDeliveryMediums":"EMAIL"}`), domain.PasswordAccepted, domain.UserFound},
		"members that Cognito adds later": {response(`{` + attributes + `,"finalUserStatus":"CONFIRMED","new":[1]}`), domain.PasswordAccepted, domain.UserFound},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			source := at(answers(t, http.StatusOK, nil, test.payload), lambdasource.Settings{Contract: lambdasource.Trigger}, lambdasource.Options{}).Directory
			finding, err := source.Authenticate(t.Context(), typed, domain.NewPassword(password))
			found, findErr := source.FindUser(t.Context(), typed)
			if finding.Kind != test.signIn || found.Kind != test.find {
				t.Errorf("got %v, %v", finding, found)
			}
			for _, err := range []error{err, findErr} {
				if (test.signIn == 0) != (err != nil) || err != nil && (!errors.Is(err, ports.ErrUnreachable) || errors.Is(err, ports.ErrNotJudged)) {
					t.Errorf("the error is %v", err)
				}
				hidesAll(t, err)
			}
			if name == "256 KiB and more" && !strings.Contains(err.Error(), "longer than 256 KiB") {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

func TestTheUserOfATriggerFunction(t *testing.T) {
	t.Parallel()
	const returned = `{"userAttributes":{"username":"hanako","email":"hanako.yamada@example.com","email_verified":"true","sub":"42","custom:rank":"3","custom:used":"x"},"finalUserStatus":"CONFIRMED","forceAliasCreation":true,"messageAction":null}`
	attributes, err := domain.ParseAttributeMap("*,custom:used=custom:used")
	if err != nil {
		t.Fatal(err)
	}
	rules := domain.DefaultRules()
	rules.Attributes = attributes
	var notes []ports.Note
	source := at(answers(t, http.StatusOK, nil, response(returned)), lambdasource.Settings{Contract: lambdasource.Trigger},
		lambdasource.Options{Rules: rules, Note: func(note ports.Note) { notes = append(notes, note) }}).Directory
	for range 2 {
		finding, err := source.Authenticate(t.Context(), "hanako.yamada@example.com", domain.NewPassword(password))
		if err != nil {
			t.Fatal(err)
		}
		want := domain.SourceUser{Username: "hanako", Sub: "42", Enabled: true, Attributes: domain.Attributes{
			"email": "hanako.yamada@example.com", "email_verified": "true", "sub": "42", "custom:rank": "3", "custom:used": "x",
		}}
		if !reflect.DeepEqual(finding.User, want) {
			t.Errorf("got %+v", finding.User)
		}
		decision := domain.Decide(rules, domain.Attempt{Trigger: domain.TriggerAuthentication, Username: "hanako.yamada@example.com", Password: domain.NewPassword(password)}, finding)
		if decision.Verdict != domain.Migrate || decision.User.Username != "hanako" || decision.User.Attributes["custom:used"] != "x" {
			t.Errorf("decided %v", decision)
		}
	}
	if len(notes) != 2 || !reflect.DeepEqual(notes[0].Names, []string{"custom:rank"}) || !reflect.DeepEqual(notes[1].Names, []string{"forceAliasCreation", "messageAction"}) {
		t.Errorf("the operator was told %+v", notes)
	}
}

// The function gets the event that Cognito sent, with what Cognito may add to it.
func TestATriggerFunctionGetsCognitosEvent(t *testing.T) {
	t.Parallel()
	const sent = `{"version":"1","triggerSource":"UserMigration_Authentication","region":"eu-west-1","userPoolId":"eu-west-1_Dest1","userName":"` + typed + `","callerContext":{"awsSdkVersion":"v","clientId":"c"},` +
		`"request":{"password":"` + password + `","validationData":{"tenant":"a<b"},"clientMetadata":{"k":"v"}},"response":{"userAttributes":null},"tomorrow":[1]}`
	var got []byte
	source := at(served(t, func(w http.ResponseWriter, r *http.Request) {
		got, _ = io.ReadAll(r.Body)
		_, _ = io.WriteString(w, response("{}"))
	}), lambdasource.Settings{Contract: lambdasource.Trigger}, lambdasource.Options{}).Directory
	is := func(want string) {
		t.Helper()
		var a, b any
		if err := errors.Join(json.Unmarshal(got, &a), json.Unmarshal([]byte(want), &b)); err != nil || !reflect.DeepEqual(a, b) {
			t.Errorf("the function got %s, not %s: %v", got, want, err)
		}
	}
	ctx := ports.WithEvent(t.Context(), []byte(sent))
	_, _ = source.Authenticate(ctx, typed, domain.NewPassword(password))
	is(sent)
	_, _ = source.FindUser(ctx, "other")
	is(strings.NewReplacer("UserMigration_Authentication", "UserMigration_ForgotPassword", typed, "other", `"`+password+`"`, "null").Replace(sent))
	_, _ = source.FindUser(t.Context(), "other")
	is(`{"version":"1","triggerSource":"UserMigration_ForgotPassword","region":"","userPoolId":"","userName":"other","callerContext":{"awsSdkVersion":"aws-sdk-unknown-unknown","clientId":""},` +
		`"request":{"password":null,"validationData":null,"userAttributes":null},"response":{"userAttributes":null,"forceAliasCreation":null,"enableSMSMFA":null,"finalUserStatus":null,"messageAction":null,"desiredDeliveryMediums":null}}`)
	got = nil
	if finding, err := source.Authenticate(ctx, "\xff", domain.NewPassword(password)); err != nil || finding.Kind != domain.PasswordWrong || got != nil {
		t.Errorf("a name that is not UTF-8: %v, %v, sent %s", finding, err, got)
	}
}

func TestWhatLambdaAnswers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status   int
		code     string
		body     string
		err      error
		says     string
		unjudged bool
	}{
		"throttled, with a reason":     {429, "TooManyRequestsException", `{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded"}`, ports.ErrThrottled, "ReservedFunctionConcurrentInvocationLimitExceeded", true},
		"throttled, another reason":    {429, "TooManyRequestsException", `{"Reason":"canary"}`, ports.ErrThrottled, "TooManyRequestsException", true},
		"throttled by EC2":             {502, "EC2ThrottledException", `{}`, ports.ErrThrottled, "EC2ThrottledException", true},
		"a proxy's 429":                {429, "", `slow down`, ports.ErrThrottled, "", true},
		"no permission":                {403, "AccessDeniedException", `{"Message":"canary"}`, ports.ErrMisconfigured, "AccessDeniedException", false},
		"no such function":             {404, "ResourceNotFoundException", `{"Message":"canary"}`, ports.ErrMisconfigured, "ResourceNotFoundException", false},
		"a key that it may not use":    {502, "KMSAccessDeniedException", `{}`, ports.ErrMisconfigured, "KMSAccessDeniedException", false},
		"a disabled key":               {502, "KMSDisabledException", `{}`, ports.ErrMisconfigured, "KMSDisabledException", false},
		"a subnet that is gone":        {502, "InvalidSubnetIDException", `{}`, ports.ErrMisconfigured, "", false},
		"no addresses left":            {502, "SubnetIPAddressLimitReachedException", `{}`, ports.ErrUnreachable, "", false},
		"an update is under way":       {409, "ResourceConflictException", `{}`, ports.ErrUnreachable, "", false},
		"a file system that timed out": {408, "EFSMountTimeoutException", `{}`, ports.ErrUnreachable, "", false},
		"it invokes itself":            {400, "RecursiveInvocationException", `{}`, ports.ErrMisconfigured, "", false},
		"Lambda's own fault":           {500, "ServiceException", `{}`, ports.ErrUnreachable, "ServiceException", false},
		"a gateway's page":             {502, "", `<html>canary`, ports.ErrUnreachable, "", false},
		"a redirect":                   {307, "", ``, ports.ErrUnreachable, "", false},
		"credentials that ended":       {403, "ExpiredTokenException", `{}`, ports.ErrMisconfigured, "ExpiredTokenException", false},
	} {
		for _, contract := range []lambdasource.Contract{lambdasource.Keycloak, lambdasource.Trigger} {
			t.Run(name+", "+string(contract), func(t *testing.T) {
				t.Parallel()
				var asked atomic.Int32
				url := served(t, func(w http.ResponseWriter, r *http.Request) {
					body, _ := io.ReadAll(r.Body)
					if strings.Contains(string(body), `"find"`) {
						_, _ = io.WriteString(w, `{"username":"`+typed+`","enabled":true}`)
						return
					}
					asked.Add(1)
					w.Header().Set("X-Amzn-Errortype", test.code)
					w.WriteHeader(test.status)
					_, _ = io.WriteString(w, test.body)
				})
				source := at(url, lambdasource.Settings{Contract: contract}, lambdasource.Options{}).Directory
				_, err := source.Authenticate(t.Context(), typed, domain.NewPassword(password))
				if !errors.Is(err, test.err) || !strings.Contains(err.Error(), test.says) || errors.Is(err, ports.ErrNotJudged) != test.unjudged {
					t.Errorf("the error is %v, unjudged %t", err, errors.Is(err, ports.ErrNotJudged))
				}
				if got := asked.Load(); !test.unjudged && got != 1 {
					t.Errorf("the password was sent %d times", got)
				}
				hidesAll(t, err)
			})
		}
	}
}

func TestWhatAKeycloakFunctionReturns(t *testing.T) {
	t.Parallel()
	const profile = `{"username":"` + typed + `","enabled":true}`
	for name, test := range map[string]struct {
		profile, verdict string
		want             domain.FindingKind // zero means an error
	}{
		"right":                         {profile, `{"authenticated":true}`, domain.PasswordAccepted},
		"wrong":                         {profile, `{"authenticated":false}`, domain.PasswordWrong},
		"wrong, and more":               {profile, `{"authenticated":false,"error":"account locked"}`, domain.LockedOut},
		"right, and an error":           {profile, `{"authenticated":true,"error":"account locked"}`, domain.PasswordAccepted},
		"nobody":                        {`null`, `{"authenticated":true}`, domain.UserUnknown},
		"another user":                  {`{"username":"other","enabled":true}`, `{"authenticated":true}`, domain.UserUnknown},
		"disabled":                      {`{"username":"` + typed + `"}`, `{"authenticated":true}`, domain.UserDisabled},
		"a verdict that is a Boolean":   {profile, `true`, 0},
		"a verdict that is a text":      {profile, `{"authenticated":"true"}`, 0},
		"an empty verdict":              {profile, `{}`, 0},
		"a null verdict":                {profile, `null`, 0},
		"an HTTP response":              {profile, `{"statusCode":200}`, 0},
		"a profile that is a text":      {`"x"`, `{"authenticated":true}`, 0},
		"an empty profile":              {`{}`, `{"authenticated":true}`, 0},
		"no profile":                    {``, `{"authenticated":true}`, 0},
		"an oversized profile":          {`{"username":"` + strings.Repeat("a", 300<<10) + `"}`, `{"authenticated":true}`, 0},
		"an oversized verdict":          {profile, `{"authenticated":true,"x":"` + strings.Repeat("a", 300<<10) + `"}`, 0},
		"a profile with a status of v1": {`{"username":"` + typed + `","enabled":"true","requiredActions":["UPDATE_PASSWORD"]}`, `{"authenticated":true}`, domain.TemporaryPasswordAccepted},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int32
			source := at(served(t, func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				asked.Add(1)
				if strings.Contains(string(body), `"find"`) {
					_, _ = io.WriteString(w, test.profile)
					return
				}
				_, _ = io.WriteString(w, test.verdict)
			}), lambdasource.Settings{Contract: lambdasource.Keycloak}, lambdasource.Options{}).Directory
			finding, err := source.Authenticate(t.Context(), typed, domain.NewPassword(password))
			if finding.Kind != test.want || (test.want == 0) != errors.Is(err, ports.ErrUnreachable) {
				t.Errorf("got %v, %v", finding, err)
			}
			if got := asked.Load(); test.want != 0 && got != 2 {
				t.Errorf("%d invocations, not two", got)
			}
			hidesAll(t, err)
		})
	}
}

func TestThePasswordIsAskedAboutUnderTheIDWithPasswordByID(t *testing.T) {
	t.Parallel()
	var last string
	source := at(served(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		last = string(body)
		if strings.Contains(last, `"find"`) {
			_, _ = io.WriteString(w, `{"id":"42","username":"`+typed+`","enabled":true}`)
			return
		}
		_, _ = io.WriteString(w, `{"authenticated":true}`)
	}), lambdasource.Settings{Contract: lambdasource.Keycloak, PasswordBy: lambdasource.PasswordByID}, lambdasource.Options{}).Directory
	if _, err := source.Authenticate(t.Context(), typed, domain.NewPassword(password)); err != nil || last != `{"operation":"authenticate","username":"42","password":"`+password+`"}` {
		t.Errorf("%v, asked %s", err, last)
	}
}

// Warming up asks whether the function may be invoked, and does not run it.
func TestADryRunInvokesNothing(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		settings lambdasource.Settings
		uri      string
	}{
		"a name":                {lambdasource.Settings{Function: "people"}, "/2015-03-31/functions/people/invocations"},
		"a name and an alias":   {lambdasource.Settings{Function: "people", Qualifier: "live"}, "/2015-03-31/functions/people/invocations?Qualifier=live"},
		"the latest version":    {lambdasource.Settings{Function: "people", Qualifier: "$LATEST"}, "/2015-03-31/functions/people/invocations?Qualifier=%24LATEST"},
		"an ARN":                {lambdasource.Settings{Function: "arn:aws:lambda:us-east-1:123456789012:function:people"}, "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Apeople/invocations"},
		"an ARN with a version": {lambdasource.Settings{Function: "arn:aws:lambda:us-east-1:123456789012:function:people:3"}, "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Apeople/invocations?Qualifier=3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for status, want := range map[int]error{http.StatusNoContent: nil, http.StatusForbidden: ports.ErrMisconfigured} {
				test.settings.Contract = lambdasource.Trigger
				url := served(t, func(w http.ResponseWriter, r *http.Request) {
					if r.RequestURI != test.uri || r.Header.Get("X-Amz-Invocation-Type") != "DryRun" {
						t.Errorf("asked %s %s", r.RequestURI, r.Header.Get("X-Amz-Invocation-Type"))
					}
					w.Header().Set("X-Amzn-Errortype", "AccessDeniedException")
					w.WriteHeader(status)
				})
				if err := at(url, test.settings, lambdasource.Options{}).Warm(t.Context()); !errors.Is(err, want) {
					t.Errorf("status %d: %v", status, err)
				}
			}
		})
	}
}

func TestRejectedCredentialsAreDropped(t *testing.T) {
	t.Parallel()
	var dropped atomic.Int32
	url := answers(t, http.StatusForbidden, map[string]string{"X-Amzn-Errortype": "ExpiredTokenException"}, "{}")
	source := lambdasource.Open("people", aws.Config{Region: "us-east-1", BaseEndpoint: &url, Credentials: awsrole.Credentials(own{})}, own{&dropped}, lambdasource.Settings{Function: "people", Contract: lambdasource.Trigger}, lambdasource.Options{})
	if _, err := source.Directory.FindUser(t.Context(), typed); !errors.Is(err, ports.ErrMisconfigured) || dropped.Load() != 1 {
		t.Errorf("%v, dropped %d times", err, dropped.Load())
	}
}
