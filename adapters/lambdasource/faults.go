package lambdasource

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"

	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/adapters/internal/awsjson"
	"cognito-user-migration/adapters/internal/errorcodes"
	"cognito-user-migration/adapters/internal/profiles"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws/retry"
)

// kindOf returns the reason of a throttled invocation. It returns the error of ports
// for an error of Lambda whose status would mislead ("Invoke", AWS Lambda API
// Reference, Errors), or nil.
func kindOf(err error) (reason string, kind error) {
	fault, ok := errors.AsType[*awsjson.Fault](err)
	if !ok {
		return "", nil
	}
	switch fault.ErrorCode() {
	case "TooManyRequestsException":
		var body struct{ Reason string }
		_ = json.Unmarshal(fault.Body(), &body) // without a reason, the code must do
		if slices.Contains(throttleReasons(), body.Reason) {
			reason = body.Reason
		}
		return reason, ports.ErrThrottled
	case "EC2ThrottledException":
		return "", ports.ErrThrottled
	// Settings of the function, although their status is 502.
	case "KMSAccessDeniedException", "KMSDisabledException", "KMSInvalidStateException", "KMSNotFoundException",
		"EC2AccessDeniedException", "InvalidSecurityGroupIDException", "InvalidSubnetIDException",
		"InvalidRuntimeException", "InvalidZipFileException":
		return "", ports.ErrMisconfigured
	// Conditions that pass, although their status is 400 to 499.
	case "ResourceConflictException", "SnapStartNotReadyException", "SnapStartTimeoutException", "SnapStartException",
		"EFSIOException", "EFSMountConnectivityException", "EFSMountTimeoutException":
		return "", ports.ErrUnreachable
	default:
		return "", nil
	}
}

// throttleReasons are the values of Reason ("TooManyRequestsException", AWS Lambda
// API Reference). A reserved concurrency of 0 gives the third.
func throttleReasons() []string {
	return []string{
		"ConcurrentInvocationLimitExceeded", "FunctionInvocationRateLimitExceeded",
		"ReservedFunctionConcurrentInvocationLimitExceeded", "ReservedFunctionInvocationRateLimitExceeded",
		"CallerRateLimitExceeded", "ConcurrentSnapshotCreateLimitExceeded",
	}
}

// thrown is an error of the function, or of Lambda while it ran the function. The
// texts may repeat the event with the password, so they are only compared.
type thrown struct {
	kind, message string
	// panicked is true for a panic in Go, whose stack trace consists of objects.
	panicked bool
}

func readThrown(payload []byte) thrown {
	var read struct {
		Type    profiles.Text   `json:"errorType"`
		Message profiles.Text   `json:"errorMessage"`
		Stack   json.RawMessage `json:"stackTrace"`
	}
	if json.Unmarshal(payload, &read) != nil {
		return thrown{}
	}
	return thrown{
		// Ruby's runtime writes Function<StandardError>.
		kind:     strings.TrimSuffix(strings.TrimPrefix(string(read.Type), "Function<"), ">"),
		message:  strings.TrimSpace(string(read.Message)),
		panicked: isListOfObjects(read.Stack),
	}
}

func isListOfObjects(raw json.RawMessage) bool {
	var list []json.RawMessage
	return json.Unmarshal(raw, &list) == nil && len(list) > 0 && list[0][0] == '{'
}

// names lists the names of the error in the settings: its type, its message, and the
// message with {username} instead of the typed name.
func (t thrown) names(username string) []string {
	names := []string{t.kind, t.message}
	if username != "" {
		names = append(names, strings.ReplaceAll(t.message, username, "{username}"))
	}
	return slices.DeleteFunc(names, func(name string) bool { return name == "" })
}

// mapped returns the refusal that the operator assigned to the error. An error of
// Lambda itself cannot be one.
func (t thrown) mapped(codes errorcodes.Map, username string) (domain.FindingKind, bool) {
	if t.isLambdas() {
		return 0, false
	}
	return codes.Of(t.names(username)...)
}

// among reports whether the operator listed the error.
func (t thrown) among(listed Errors, username string) bool {
	return slices.ContainsFunc(t.names(username), func(name string) bool {
		return slices.ContainsFunc(listed, func(one string) bool { return strings.EqualFold(one, name) })
	})
}

// isLambdas reports whether Lambda failed the function: it timed out, ended, did not
// start, or its response was too large.
func (t thrown) isLambdas() bool {
	for _, prefix := range []string{"Runtime.", "Sandbox.", "Function.", "Extension.", "Lambda."} {
		if strings.HasPrefix(t.kind, prefix) {
			return true
		}
	}
	return t.kind == "" && t.message == "" || t.isTimeout() ||
		strings.Contains(t.message, "Process exited before completing request") ||
		strings.HasPrefix(t.message, "RequestId: ") && strings.Contains(t.message, " Error: ")
}

func (t thrown) isTimeout() bool {
	return strings.Contains(t.message, "Task timed out after ")
}

// lastName returns the name of the type without its package, in lower case.
func (t thrown) lastName() string {
	return strings.ToLower(t.kind[strings.LastIndexAny(t.kind, ".:")+1:])
}

// isOutage reports whether the error is not a refusal. Lambda failed the function,
// the function's code is wrong, or a service that it needs did not answer.
func (t thrown) isOutage() bool {
	if t.isLambdas() || t.panicked || t.isThrottled() {
		return true
	}
	if kind, known := t.ofUserPool(); known {
		return kind == 0
	}
	name := t.lastName()
	if slices.Contains(webErrors(), name) {
		return !strings.Contains(t.message, "401") // the old service rejected the password
	}
	if slices.Contains(outageTypes(), name) {
		return true
	}
	for _, suffix := range []string{"timeout", "timeouterror", "timeoutexception", "connectionerror", "connectionexception", "networkerror", "networkingerror", "unavailable", "unavailableexception"} {
		if strings.HasSuffix(name, suffix) {
			return true
		}
	}
	return slices.ContainsFunc(outageWords(), func(word string) bool { return strings.Contains(t.message, word) })
}

func (t thrown) isThrottled() bool {
	name := t.kind[strings.LastIndexAny(t.kind, ".:")+1:]
	_, throttled := retry.DefaultThrottleErrorCodes[name]
	return throttled
}

// webErrors are the errors that HTTP clients throw for a status.
func webErrors() []string { return []string{"httperror", "axioserror", "httpstatuserror"} }

// outageTypes are errors for wrong code or for a service that fails. Go, Java, .NET,
// Node.js, Python, Ruby, and usual clients of databases and of AWS throw them.
func outageTypes() []string {
	return strings.Fields(`
		referenceerror typeerror syntaxerror rangeerror urierror evalerror aggregateerror aborterror fetcherror systemerror
		nameerror unboundlocalerror attributeerror keyerror indexerror importerror modulenotfounderror indentationerror
		zerodivisionerror recursionerror memoryerror notimplementederror oserror ioerror brokenpipeerror
		connectionrefusederror connectionreseterror connectionabortederror sslerror gaierror urlerror jsondecodeerror
		unicodedecodeerror unicodeencodeerror operationalerror interfaceerror programmingerror databaseerror internalerror
		clienterror nocredentialserror partialcredentialserror credentialsprovidererror
		nullpointerexception classcastexception indexoutofboundsexception arrayindexoutofboundsexception
		outofmemoryerror stackoverflowerror noclassdeffounderror classnotfoundexception ioexception sqlexception
		socketexception unknownhostexception connectexception sslexception sslhandshakeexception
		nullreferenceexception httprequestexception taskcanceledexception aggregateexception jsonexception
		nomethoderror loaderror econnrefused econnreset ehostunreach etimedout
		operror dnserror patherror deadlineexceedederror typeassertionerror boundserror
		accessdeniedexception accessdenied resourcenotfoundexception internalerrorexception internalservererror
		internalfailure serviceexception validationexception invalidsignatureexception
		expiredtokenexception expiredtoken unrecognizedclientexception invalidclienttokenid unexpectedlambdaexception
		invalidlambdaresponseexception kmsaccessdeniedexception decryptionfailure`)
}

// outageWords are what Node.js and Go write about a connection in a message whose
// type says nothing.
func outageWords() []string {
	return []string{
		"ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "ETIMEDOUT", "EAI_AGAIN", "EPIPE", "EHOSTUNREACH", "ENETUNREACH", "socket hang up",
		"connection refused", "connection reset", "no such host", "i/o timeout", "context deadline exceeded",
	}
}

// said returns the refusal that the error names: an exception of a user pool, or one
// of the HTTP source's words.
func (t thrown) said() (domain.FindingKind, bool) {
	if kind, known := t.ofUserPool(); known {
		return kind, true
	}
	return profiles.Said(t.kind, t.message)
}

// ofUserPool returns what an exception of Cognito means that a function passes on
// because it asks another user pool (cognito-facts 24). The finding is 0 if the
// function calls the pool wrongly. SDKs put their own text around Cognito's message.
func (t thrown) ofUserPool() (kind domain.FindingKind, known bool) {
	message := strings.ToLower(t.message)
	has := func(part string) bool { return strings.Contains(message, part) }
	switch t.lastName() {
	case "notauthorizedexception":
		switch {
		case has("user is disabled"):
			return domain.UserDisabled, true
		case has("attempts exceeded"):
			return domain.LockedOut, true
		case has("because of security reasons"):
			return domain.SignInDenied, true
		case has("temporary password has expired"), has("user account has expired"):
			return domain.TemporaryPasswordExpired, true
		case has("unable to verify secret hash"), has("secret_hash was not received"), has("secret was not received"):
			return 0, true
		default:
			return domain.PasswordWrong, true
		}
	case "invalidparameterexception":
		switch { // no user of the pool can have such a name or password
		case has("at 'username' failed to satisfy constraint"):
			return domain.UserUnknown, true
		case has("at 'password' failed to satisfy constraint"):
			return domain.PasswordWrong, true
		default:
			return 0, true
		}
	case "usernotfoundexception":
		return domain.UserUnknown, true
	case "usernotconfirmedexception":
		return domain.UserUnconfirmed, true
	case "passwordresetrequiredexception", "userlambdavalidationexception":
		return domain.SignInDenied, true
	}
	return 0, false
}

// unknownCode returns the type for the record; empty for a type that every language
// has, which says nothing.
func (t thrown) unknownCode(username string, password domain.Password) domain.ResponseCode {
	switch t.lastName() {
	case "", "error", "exception", "runtimeerror", "runtimeexception", "standarderror", "valueerror", "assertionerror", "string", "errorstring", "wraperror", "joinerror":
		return ""
	default:
		return domain.NewResponseCode(t.kind, username, password)
	}
}

// outage returns the error of ports. Of the function's texts, it has only the type.
func (t thrown) outage(from answer, username string, password domain.Password) error {
	fault := &awsfault.Fault{
		Adapter: adapter, Operation: operation, Code: string(domain.NewResponseCode(t.kind, username, password)),
		RequestID: printable(from.requestID), Cause: t.cause(), Kind: ports.ErrUnreachable,
	}
	if t.isThrottled() {
		fault.Kind = ports.ErrThrottled
	}
	return fault
}

// cause says in our own words what happened.
func (t thrown) cause() string {
	switch {
	case t.isTimeout() || t.kind == "Sandbox.Timedout":
		return "the function timed out"
	case t.kind == "Runtime.OutOfMemory" || strings.Contains(t.message, "signal: killed"):
		return "the function ran out of memory"
	case t.kind == "Function.ResponseSizeTooLarge":
		return "the function's response is larger than Lambda allows"
	case t.kind == "Runtime.ExitError" || strings.Contains(t.message, "exited before completing request"):
		return "the function's process ended"
	case strings.HasPrefix(t.kind, "Extension."), slices.Contains([]string{
		"Runtime.ImportModuleError", "Runtime.UserCodeSyntaxError", "Runtime.HandlerNotFound", "Runtime.MalformedHandlerName",
		"Runtime.InvalidEntrypoint", "Runtime.InvalidWorkingDir", "Runtime.ProcessSpawnFailed", "Runtime.InitError", "Runtime.Unknown",
	}, t.kind):
		return "the function did not start"
	default:
		return "the function returned an error"
	}
}
