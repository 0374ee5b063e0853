package oidcsource

import (
	"encoding/json"
	"net/http"
	"strings"

	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"golang.org/x/oauth2"
)

// refusal is the provider's answer to a grant that it did not give (RFC 6749,
// 5.2). What the error is for is said in words that every provider has of its
// own; the table in errors_test.go has samples, with where they come from.
type refusal struct {
	status      int
	Code        string `json:"error"`
	Description string `json:"error_description"`
	Reason      string `json:"error_reason"` // FusionAuth's
}

// readRefusal reads an answer. What cannot be read leaves the status alone.
func readRefusal(answer *oauth2.RetrieveError) refusal {
	var r refusal
	if json.Unmarshal(answer.Body, &r) != nil {
		// A form is an answer too, to some providers.
		r = refusal{Code: answer.ErrorCode, Description: answer.ErrorDescription}
	}
	if answer.Response != nil {
		r.status = answer.Response.StatusCode
	}
	return r
}

// finding is what the refusal says of the person, and 0 where it speaks of us or
// of the provider itself.
func (r refusal) finding() domain.FindingKind {
	if r.status >= http.StatusInternalServerError {
		return 0
	}
	switch r.Code {
	case "invalid_grant", "invalid_user_password":
		return described(r.Description+" "+r.Reason, domain.PasswordWrong)
	case "unauthorized", "access_denied":
		// Auth0 says this of a wrong client secret.
		if r.Code == "access_denied" && r.Description == "Unauthorized" {
			return 0
		}
		return described(r.Description, domain.SignInDenied)
	case "interaction_required":
		return described(r.Description, domain.ChallengeUnsupported)
	case "invalid_request":
		// Keycloak says this where two users have the email address.
		if r.Description == "Invalid user credentials" {
			return domain.UserAmbiguous
		}
		return 0
	case "mfa_required", "two_factor_required":
		return domain.MFARequired
	case "mfa_registration_required":
		return domain.ChallengeUnsupported
	case "too_many_attempts":
		return domain.LockedOut
	case "password_leaked":
		return domain.SignInDenied
	case "change_password_required":
		return domain.ResetRequired
	default:
		return 0
	}
}

// class is the error of ports that the refusal is, where it is no finding.
func (r refusal) class() error {
	switch r.Code {
	case "temporarily_unavailable", "server_error":
		return ports.ErrUnreachable
	case "slow_down", "too_many_requests":
		return ports.ErrThrottled
	case "unsupported_grant_type", "unauthorized_client", "invalid_client":
		return ports.ErrMisconfigured // whatever the status: Auth0 answers 501
	}
	if r.status == http.StatusOK {
		return ports.ErrMisconfigured // an error in an answer that calls itself right
	}
	return webclient.KindOf(r.status)
}

// printable is the error's code where it is one that is known: what answers in
// the place of a provider may say anything.
func (r refusal) printable() string {
	switch r.Code {
	case "invalid_request", "invalid_client", "invalid_grant", "unauthorized_client", "unsupported_grant_type", "invalid_scope", // RFC 6749
		"invalid_target", "server_error", "temporarily_unavailable", "slow_down", "access_denied",
		"invalid_resource", "requires_validation", "too_many_requests", "endpoint_disabled":
		return r.Code
	default:
		return ""
	}
}

// descriptions are what the providers' texts hold, in lower case, and what it
// means. The first that fits is taken.
func descriptions() []struct {
	part string
	kind domain.FindingKind
} {
	return []struct {
		part string
		kind domain.FindingKind
	}{
		// Microsoft Entra ID ("Microsoft Entra authentication and authorization
		// error codes", Microsoft Learn), by number: the texts change.
		{"aadsts50034:", domain.UserUnknown},
		{"aadsts50053:", domain.LockedOut},
		{"aadsts50055:", domain.ResetRequired},
		{"aadsts50144:", domain.ResetRequired},
		{"aadsts50057:", domain.UserDisabled},
		{"aadsts50074:", domain.MFARequired},
		{"aadsts50076:", domain.MFARequired},
		{"aadsts50072:", domain.ChallengeUnsupported},
		{"aadsts50079:", domain.ChallengeUnsupported},
		{"aadsts53003:", domain.SignInDenied},
		{"aadsts65001:", 0}, // nobody consented to the client: a setting of ours
		// Keycloak: required actions are open, and it does not say which.
		{"account is not fully set up", domain.ChallengeUnsupported},
		{"temporarily disabled", domain.LockedOut},
		{"too many", domain.LockedOut},
		{"is blocked", domain.UserDisabled},
		{"locked", domain.LockedOut},
		{"disabled", domain.UserDisabled},
		{"password has expired", domain.ResetRequired},
		{"password is expired", domain.ResetRequired},
		{"credentials have expired", domain.ResetRequired},
		{"not confirmed", domain.UserUnconfirmed},
		{"not verified", domain.UserUnconfirmed},
	}
}

// described reads a provider's text; what is not known is what the code alone
// says.
func described(text string, otherwise domain.FindingKind) domain.FindingKind {
	text = strings.ToLower(text)
	for _, description := range descriptions() {
		if strings.Contains(text, description.part) {
			return description.kind
		}
	}
	return otherwise
}
