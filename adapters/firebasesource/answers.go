package firebasesource

import (
	"encoding/json"
	"net/http"
	"strings"

	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// refusal is an error response of the API.
type refusal struct {
	status int
	// codes are the codes of the response, the most specific first: the message's
	// code, the reason of an ErrorInfo, and the canonical status.
	codes []string
}

// readRefusal reads an error response. The message is a code, which an
// explanation can follow: "TOO_MANY_ATTEMPTS_TRY_LATER : Access to …". In errors
// of the gateway before the API it is a sentence; their code is in an ErrorInfo
// (google/api/error_reason.proto).
func readRefusal(answer webclient.Answer) refusal {
	var body struct {
		Error struct {
			Message json.RawMessage   `json:"message"`
			Status  json.RawMessage   `json:"status"`
			Details []json.RawMessage `json:"details"`
		} `json:"error"`
	}
	_ = json.Unmarshal(answer.Body, &body) // what does not fit is left out
	said := refusal{status: answer.Status}
	add := func(code string) {
		if isCode(code) {
			said.codes = append(said.codes, code)
		}
	}
	message := textOf(body.Error.Message)
	code, _, _ := strings.Cut(message, ":")
	add(strings.TrimSpace(code))
	for _, raw := range body.Error.Details {
		var detail struct {
			Reason string `json:"reason"`
		}
		if json.Unmarshal(raw, &detail) == nil {
			add(detail.Reason)
		}
	}
	if strings.HasPrefix(message, "API key not valid") || strings.HasPrefix(message, "API key expired") {
		add("API_KEY_INVALID") // older responses have no ErrorInfo
	}
	add(textOf(body.Error.Status))
	return said
}

func textOf(raw json.RawMessage) string {
	var text string
	_ = json.Unmarshal(raw, &text) // not a text: none
	return text
}

// isCode reports whether the text is an error code and not a sentence.
func isCode(text string) bool {
	return text != "" && !strings.ContainsFunc(text, func(r rune) bool {
		return (r < 'A' || r > 'Z') && (r < '0' || r > '9') && r != '_'
	})
}

// meaning is what a code says: a finding about the user, or an error of ports.
type meaning struct {
	finding domain.FindingKind
	class   error
	cause   string
}

// meanings lists the known codes. Those about users are from "Firebase Auth REST
// API", the SDKs (packages/auth/src/api/errors.ts of firebase/firebase-js-sdk,
// src/utils/error.ts of firebase/firebase-admin-node) and the Auth emulator.
// docs/sources/firebase.md says where each comes from.
func meanings() map[string]meaning {
	table := make(map[string]meaning)
	add := func(means meaning, codes ...string) {
		for _, code := range codes {
			table[code] = means
		}
	}
	found := func(kind domain.FindingKind, codes ...string) { add(meaning{finding: kind}, codes...) }
	wrong := func(cause string, codes ...string) {
		add(meaning{class: ports.ErrMisconfigured, cause: cause}, codes...)
	}

	found(domain.UserUnknown, "EMAIL_NOT_FOUND", "USER_NOT_FOUND", "INVALID_EMAIL", "INVALID_IDENTIFIER", "MISSING_EMAIL", "INVALID_PHONE_NUMBER", "INVALID_LOCAL_ID")
	// The last of these hides whether the user exists.
	found(domain.PasswordWrong, "INVALID_PASSWORD", "MISSING_PASSWORD", "INVALID_LOGIN_CREDENTIALS")
	found(domain.UserDisabled, "USER_DISABLED")
	found(domain.LockedOut, "TOO_MANY_ATTEMPTS_TRY_LATER")
	// The project's password policy is enforced at sign-in. Whether the password was
	// right is not known.
	found(domain.ChallengeUnsupported, "PASSWORD_DOES_NOT_MEET_REQUIREMENTS")
	found(domain.SignInDenied, "BLOCKING_FUNCTION_ERROR_RESPONSE")

	wrong("the API key is not valid", "API_KEY_INVALID")
	wrong("the API key may not call the Identity Toolkit API; change its API restrictions", "API_KEY_SERVICE_BLOCKED")
	wrong("the API key is restricted to websites, addresses or apps; make one for the function", "API_KEY_HTTP_REFERRER_BLOCKED",
		"API_KEY_IP_ADDRESS_BLOCKED", "API_KEY_ANDROID_APP_BLOCKED", "API_KEY_IOS_APP_BLOCKED")
	wrong("sign-in by email and password is switched off", "OPERATION_NOT_ALLOWED", "PASSWORD_LOGIN_DISABLED", "ADMIN_ONLY_OPERATION")
	wrong("there is no such project, or it does not use Firebase Authentication", "PROJECT_NOT_FOUND", "INVALID_PROJECT_ID", "CONFIGURATION_NOT_FOUND",
		"PROJECT_DISABLED", "CONSUMER_INVALID", "CONSUMER_SUSPENDED", "SERVICE_DISABLED", "BILLING_NOT_ENABLED", "BILLING_DISABLED")
	wrong("there is no such tenant, or the project has none", "TENANT_NOT_FOUND", "INVALID_TENANT_ID", "TENANT_ID_MISMATCH", "UNSUPPORTED_TENANT_OPERATION")
	wrong("the project demands reCAPTCHA, which the function cannot solve", "MISSING_RECAPTCHA_TOKEN", "INVALID_RECAPTCHA_TOKEN",
		"MISSING_RECAPTCHA_VERSION", "INVALID_RECAPTCHA_VERSION", "CAPTCHA_CHECK_FAILED")
	wrong("the credentials are not accepted", "UNAUTHENTICATED", "ACCESS_TOKEN_EXPIRED")
	wrong("the credentials have no permission for this", "INSUFFICIENT_PERMISSION", "PERMISSION_DENIED", "USER_PROJECT_DENIED", "SECURITY_POLICY_VIOLATED")

	add(meaning{class: ports.ErrThrottled}, "QUOTA_EXCEEDED", "RATE_LIMIT_EXCEEDED", "RESOURCE_QUOTA_EXCEEDED", "RESOURCE_EXHAUSTED")
	add(meaning{class: ports.ErrUnreachable}, "INTERNAL_ERROR", "INTERNAL", "UNAVAILABLE", "DEADLINE_EXCEEDED")
	return table
}

// isUsers reports whether the status lets a response say something about a user.
// The others are about the number of requests, or the service itself.
func isUsers(status int) bool {
	return status/100 == 4 && status != http.StatusTooManyRequests && status != http.StatusRequestTimeout
}

// refused returns the finding or the error for a response that is not a success.
// The operator's own codes take precedence. allowed reports whether the
// operation can have the finding.
func (d *Directory) refused(operation string, said refusal, allowed func(domain.FindingKind) bool, username string, password domain.Password) (domain.FindingKind, error) {
	fault := &webclient.Fault{Adapter: adapter, Operation: operation, Status: said.status, Kind: webclient.KindOf(said.status)}
	if !isUsers(said.status) {
		if said.status/100 == 3 {
			fault.Cause = "redirects are not followed"
		}
		return 0, fault.Certified()
	}
	if kind, mapped := d.settings.ErrorCodes.Of(said.codes...); mapped && allowed(kind) {
		return kind, nil
	}
	for _, code := range said.codes {
		means, known := d.meanings[code]
		switch {
		case !known:
		case means.class != nil:
			fault.Kind, fault.Cause = means.class, means.cause
			return 0, fault.Certified()
		case allowed(means.finding):
			return means.finding, nil
		}
	}
	if len(said.codes) > 0 {
		fault.Code = domain.NewResponseCode(said.codes[0], username, password)
	}
	return 0, fault.Certified()
}

// ofLookUp reports whether a look-up without a password can have the finding.
func ofLookUp(kind domain.FindingKind) bool {
	return kind == domain.UserUnknown || kind == domain.UserDisabled || kind == domain.SignInDenied
}

// ofSignIn reports whether a sign-in can have the finding: any.
func ofSignIn(domain.FindingKind) bool { return true }
