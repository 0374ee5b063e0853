package e2e_test

import (
	"io"
	"net/http"
	"testing"

	"cognito-user-migration/domain"
)

// What the source can say and no peer can be made to say. The stub answers as
// the Amazon Cognito API Reference has it.

func TestEveryChallengeIsToldApart(t *testing.T) {
	t.Parallel()
	p := newPerson()
	s := newStubFor(t, p)
	concealing := start(t, s.settings())
	concealing.hidePerson(p)
	concealing.hide("canary-challenge")
	explaining := start(t, s.settings().with("MIGRATE_REFUSAL", "explain"))
	explaining.hidePerson(p)
	for _, test := range []struct {
		challenge string
		reason    domain.Reason
		recorded  bool // the name is one of the service's
	}{
		{"SMS_MFA", domain.ReasonMFARequired, true},
		{"SOFTWARE_TOKEN_MFA", domain.ReasonMFARequired, true},
		{"EMAIL_OTP", domain.ReasonMFARequired, true},
		{"SELECT_MFA_TYPE", domain.ReasonMFARequired, true},
		{"MFA_SETUP", domain.ReasonMFARequired, true},
		{"CUSTOM_CHALLENGE", domain.ReasonChallengeUnsupported, true},
		{"DEVICE_SRP_AUTH", domain.ReasonChallengeUnsupported, true},
		{"DEVICE_PASSWORD_VERIFIER", domain.ReasonChallengeUnsupported, true},
		{"PASSWORD_VERIFIER", domain.ReasonChallengeUnsupported, true},
		{"SELECT_CHALLENGE", domain.ReasonChallengeUnsupported, true},
		{"WEB_AUTHN", domain.ReasonMFARequired, true},
		{"CHALLENGE_OF_NEXT_YEAR", domain.ReasonChallengeUnsupported, false},
	} {
		t.Run(test.challenge, func(t *testing.T) {
			s.on("AdminInitiateAuth", challenge(test.challenge))
			event := signIn(p.username, p.password)
			f := concealing.in(t)
			f.refuses(event, test.reason)
			explaining.in(t).explains(event, test.reason)

			records := f.records()
			want := test.challenge
			if !test.recorded {
				want = ""
			}
			if got := records[len(records)-1].Challenge; got != want {
				t.Errorf("recorded challenge %q, want %q", got, want)
			}
		})
	}
	t.Run("NEW_PASSWORD_REQUIRED", func(t *testing.T) {
		s.on("AdminInitiateAuth", challenge("NEW_PASSWORD_REQUIRED"))
		s.on("AdminGetUser", profile(p, map[string]any{"UserStatus": "FORCE_CHANGE_PASSWORD"}))
		if got := concealing.in(t).migrates(signIn(p.username, p.password), domain.ReasonTemporaryPassword).status(); got != "RESET_REQUIRED" {
			t.Errorf("final status %s, want RESET_REQUIRED", got)
		}
	})
}

func TestASecondFactorIsMovedWhereTheRuleSaysSo(t *testing.T) {
	t.Parallel()
	p := newPerson()
	s := newStubFor(t, p)
	f := start(t, s.settings().with("MIGRATE_ON_MFA", "migrate"))
	f.hidePerson(p)
	for _, test := range []struct {
		method string
		sms    bool
	}{
		{"SMS_MFA", true},
		{"SOFTWARE_TOKEN_MFA", false},
	} {
		t.Run(test.method, func(t *testing.T) {
			s.on("AdminInitiateAuth", challenge(test.method))
			s.on("AdminGetUser", profile(p, map[string]any{"UserMFASettingList": []string{test.method}, "PreferredMfaSetting": test.method}))
			got := f.in(t).migrates(signIn(p.username, p.password), domain.ReasonMFARequired)
			if got.EnableSMSMFA != test.sms || got.status() != "CONFIRMED" {
				t.Errorf("got enableSMSMFA %t and %s, want %t and CONFIRMED", got.EnableSMSMFA, got.status(), test.sms)
			}
		})
	}
}

func TestEveryExceptionIsToldApart(t *testing.T) {
	t.Parallel()
	p := newPerson()
	s := newStubFor(t, p)
	f := start(t, s.settings())
	f.hidePerson(p)
	const canary = " canary-message"
	f.hide(canary)

	t.Run("about the person: refused, and asked once", func(t *testing.T) {
		for _, test := range []struct {
			code, message string
			reason        domain.Reason
		}{
			{"NotAuthorizedException", "Incorrect username or password.", domain.ReasonPasswordWrong},
			{"NotAuthorizedException", "Something new." + canary, domain.ReasonPasswordWrong},
			{"NotAuthorizedException", "User is disabled.", domain.ReasonUserDisabled},
			{"NotAuthorizedException", "Password attempts exceeded", domain.ReasonLockedOut},
			{"NotAuthorizedException", "Temporary password has expired and must be reset by an administrator.", domain.ReasonTemporaryPasswordExpired},
			{"UserNotFoundException", "User does not exist." + canary, domain.ReasonUserUnknown},
			{"UserNotConfirmedException", "User is not confirmed." + canary, domain.ReasonUserUnconfirmed},
			{"UserLambdaValidationException", "PreAuthentication failed with error no." + canary, domain.ReasonSignInDenied},
		} {
			t.Run(test.code+" "+test.message, func(t *testing.T) {
				s.on("AdminInitiateAuth", awsError(test.code, test.message))
				before := len(s.inputs("AdminInitiateAuth"))
				f.in(t).refuses(signIn(p.username, p.password), test.reason)
				if tries := len(s.inputs("AdminInitiateAuth")) - before; tries != 1 {
					t.Errorf("the password was sent %d times", tries)
				}
			})
		}
	})
	t.Run("a demanded reset: moved, to set a new password", func(t *testing.T) {
		s.on("AdminInitiateAuth", awsError("PasswordResetRequiredException", "Password reset required for the user"))
		s.on("AdminGetUser", profile(p, map[string]any{"UserStatus": "RESET_REQUIRED"}))
		if got := f.in(t).migrates(signIn(p.username, p.password), domain.ReasonResetRequired).status(); got != "RESET_REQUIRED" {
			t.Errorf("final status %s, want RESET_REQUIRED", got)
		}
	})
	t.Run("about anything else: failed", func(t *testing.T) {
		for _, test := range []struct {
			name   string
			answer operation
			reason domain.Reason
		}{
			{"too many requests", awsError("TooManyRequestsException", "Rate exceeded"+canary), domain.ReasonSourceThrottled},
			{"a quota", awsError("LimitExceededException", "Attempt limit exceeded"+canary), domain.ReasonSourceThrottled},
			{"the flow is not allowed", awsError("InvalidParameterException", "Auth flow not enabled for this client"), domain.ReasonSourceMisconfigured},
			{"no such pool", awsError("ResourceNotFoundException", "User pool us-east-1_x does not exist."+canary), domain.ReasonSourceMisconfigured},
			{"no permission", awsError("AccessDeniedException", "User is not authorized"+canary), domain.ReasonSourceMisconfigured},
			{"the service is broken", awsErrorStatus(http.StatusInternalServerError, "InternalErrorException", "oops"+canary), domain.ReasonSourceUnreachable},
			{"the source's own trigger is broken", awsError("UnexpectedLambdaException", "PreAuthentication"+canary), domain.ReasonSourceUnreachable},
			{"the source's own trigger answers nonsense", awsError("InvalidLambdaResponseException", "Unrecognizable"+canary), domain.ReasonSourceUnreachable},
			{"an empty answer", answer(map[string]any{}), domain.ReasonSourceUnreachable},
			{"something between answers in HTML", badGateway, domain.ReasonSourceUnreachable},
			{"the connection breaks", hangUp, domain.ReasonSourceUnreachable},
		} {
			t.Run(test.name, func(t *testing.T) {
				s.on("AdminInitiateAuth", test.answer)
				f.in(t).fails(signIn(p.username, p.password), test.reason)
			})
		}
	})
	t.Run("a moment's throttling: asked again", func(t *testing.T) {
		s.on("AdminInitiateAuth", inTurn(awsError("TooManyRequestsException", "Rate exceeded"), signedIn(p, nil)))
		s.on("AdminGetUser", profile(p, nil))
		f.in(t).migrates(signIn(p.username, p.password), domain.ReasonPasswordAccepted)
	})
	t.Run("the profile is of somebody else: refused", func(t *testing.T) {
		s.on("AdminInitiateAuth", signedIn(p, nil))
		s.on("AdminGetUser", profile(newPerson(), nil))
		f.in(t).refuses(signIn(p.username, p.password), domain.ReasonIdentifierNotOwned)
	})
}

func badGateway(w http.ResponseWriter, _ *http.Request, _ map[string]any) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusBadGateway)
	_, _ = io.WriteString(w, "<html>canary-message</html>")
}

func hangUp(http.ResponseWriter, *http.Request, map[string]any) { panic(http.ErrAbortHandler) }
