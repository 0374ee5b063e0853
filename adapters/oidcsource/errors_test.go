package oidcsource_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/adapters/oidcsource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// What providers answer, as they document it or as people report it.
func TestWhatProvidersAnswer(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		body   string
		kind   domain.FindingKind
		class  error
	}{
		// Keycloak: services/…/directgrant/ValidateUsername.java, ValidatePassword.java and the token endpoint.
		"Keycloak: wrong password":            {401, `{"error":"invalid_grant","error_description":"Invalid user credentials"}`, domain.PasswordWrong, nil},
		"Keycloak: unknown user, newer":       {400, `{"error":"invalid_grant","error_description":"Invalid user credentials"}`, domain.PasswordWrong, nil},
		"Keycloak: disabled":                  {400, `{"error":"invalid_grant","error_description":"Account disabled"}`, domain.UserDisabled, nil},
		"Keycloak: required actions are open": {400, `{"error":"invalid_grant","error_description":"Account is not fully set up"}`, domain.ChallengeUnsupported, nil},
		"Keycloak: locked out, older":         {400, `{"error":"invalid_grant","error_description":"Account temporarily disabled"}`, domain.LockedOut, nil},
		"Keycloak: two users have the email":  {401, `{"error":"invalid_request","error_description":"Invalid user credentials"}`, domain.UserAmbiguous, nil},
		"Keycloak: wrong client secret":       {401, `{"error":"unauthorized_client","error_description":"Invalid client or Invalid client credentials"}`, 0, ports.ErrMisconfigured},
		"Keycloak: grant not allowed":         {400, `{"error":"unauthorized_client","error_description":"Client not allowed for direct access grants"}`, 0, ports.ErrMisconfigured},
		"Keycloak: no such realm":             {404, `{"error":"Realm does not exist"}`, 0, ports.ErrMisconfigured},

		// Auth0: "Common Authentication Errors" and "Authentication API" in Auth0's docs.
		"Auth0: wrong password":          {403, `{"error":"invalid_grant","error_description":"Wrong email or password."}`, domain.PasswordWrong, nil},
		"Auth0: wrong password, older":   {401, `{"error":"invalid_user_password","error_description":"Wrong email or password."}`, domain.PasswordWrong, nil},
		"Auth0: second factor":           {403, `{"error":"mfa_required","error_description":"Multifactor authentication required","mfa_token":"Fe26.2*..."}`, domain.MFARequired, nil},
		"Auth0: second factor to set up": {403, `{"error":"mfa_registration_required","error_description":"User is not enrolled"}`, domain.ChallengeUnsupported, nil},
		"Auth0: too many attempts":       {429, `{"error":"too_many_attempts","error_description":"Your account has been blocked after multiple consecutive login attempts. We've sent you a notification via your preferred contact method with instructions on how to unblock it."}`, domain.LockedOut, nil},
		"Auth0: blocked user":            {401, `{"error":"unauthorized","error_description":"user is blocked"}`, domain.UserDisabled, nil},
		"Auth0: denied by a rule":        {401, `{"error":"unauthorized","error_description":"Access denied."}`, domain.SignInDenied, nil},
		"Auth0: leaked password":         {401, `{"error":"password_leaked","error_description":"This login has been blocked because your password has been leaked in another website."}`, domain.SignInDenied, nil},
		"Auth0: too many requests":       {429, `{"error":"too_many_requests","error_description":"Global limit has been reached"}`, 0, ports.ErrThrottled},
		"Auth0: suspicious":              {401, `{"error":"requires_validation","error_description":"Suspicious request requires verification"}`, 0, ports.ErrMisconfigured},
		"Auth0: wrong client secret":     {401, `{"error":"access_denied","error_description":"Unauthorized"}`, 0, ports.ErrMisconfigured},
		"Auth0: grant not allowed":       {403, `{"error":"unauthorized_client","error_description":"Grant type 'password' not allowed for the client."}`, 0, ports.ErrMisconfigured},
		"Auth0: no such grant":           {501, `{"error":"unsupported_grant_type","error_description":"..."}`, 0, ports.ErrMisconfigured},
		"Auth0: no such realm":           {400, `{"error":"invalid_request","error_description":"the connection was not found"}`, 0, ports.ErrMisconfigured},
		"Auth0: for a moment":            {503, `{"error":"temporarily_unavailable","error_description":"..."}`, 0, ports.ErrUnreachable},

		// Okta: "OpenID Connect & OAuth 2.0 API" in Okta's docs; it hides lockouts.
		"Okta: wrong password, or locked out": {400, `{"error":"invalid_grant","error_description":"The credentials provided were invalid."}`, domain.PasswordWrong, nil},
		"Okta: denied by a policy":            {400, `{"error":"access_denied","error_description":"Policy evaluation failed for this request, please check the policy configurations."}`, domain.SignInDenied, nil},
		"Okta: wrong client":                  {401, `{"errorCode":"invalid_client","errorSummary":"Invalid value for 'client_id' parameter.","errorLink":"invalid_client","errorId":"oae","errorCauses":[]}`, 0, ports.ErrMisconfigured},
		"Okta: wrong client secret":           {401, `{"error":"invalid_client","error_description":"The client secret supplied for a confidential client is invalid."}`, 0, ports.ErrMisconfigured},
		"Okta: too many requests":             {429, `{"errorCode":"E0000047","errorSummary":"API call exceeded rate limit due to too many requests.","errorId":"oae"}`, 0, ports.ErrThrottled},

		// AD FS, as reported for Windows Server.
		"AD FS: wrong password":      {400, `{"error":"invalid_grant","error_description":"MSIS9659: Invalid \u0027username\u0027 or \u0027password\u0027."}`, domain.PasswordWrong, nil},
		"AD FS: wrong client secret": {400, `{"error":"invalid_client","error_description":"MSIS9622: Client authentication failed. Please verify the credential provided for client authentication is valid."}`, 0, ports.ErrMisconfigured},
		"AD FS: wrong resource":      {400, `{"error":"invalid_resource","error_description":"MSIS9602: The received \u0027resource\u0027 parameter is invalid."}`, 0, ports.ErrMisconfigured},

		// Microsoft Entra ID: "Microsoft Entra authentication and authorization error codes".
		"Entra: wrong password":        {400, `{"error":"invalid_grant","error_description":"AADSTS50126: Error validating credentials due to invalid username or password.\r\nTrace ID: 5c0e\r\nTimestamp: 2019-04-30 09:46:18Z","error_codes":[50126]}`, domain.PasswordWrong, nil},
		"Entra: unknown user":          {400, `{"error":"invalid_grant","error_description":"AADSTS50034: The user account does not exist in the directory.","error_codes":[50034]}`, domain.UserUnknown, nil},
		"Entra: locked out":            {400, `{"error":"invalid_grant","error_description":"AADSTS50053: The account is locked, you've tried to sign in too many times with an incorrect user ID or password."}`, domain.LockedOut, nil},
		"Entra: expired password":      {400, `{"error":"invalid_grant","error_description":"AADSTS50055: The password is expired."}`, domain.ResetRequired, nil},
		"Entra: disabled":              {400, `{"error":"invalid_grant","error_description":"AADSTS50057: The user account is disabled."}`, domain.UserDisabled, nil},
		"Entra: second factor":         {400, `{"error":"invalid_grant","error_description":"AADSTS50076: Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access the resource.","suberror":"basic_action"}`, domain.MFARequired, nil},
		"Entra: second factor, older":  {400, `{"error":"interaction_required","error_description":"AADSTS50076: Due to a configuration change made by your administrator, you must use multi-factor authentication."}`, domain.MFARequired, nil},
		"Entra: second factor, set up": {400, `{"error":"invalid_grant","error_description":"AADSTS50079: Due to a configuration change made by your administrator, you must enroll in multi-factor authentication."}`, domain.ChallengeUnsupported, nil},
		"Entra: conditional access":    {400, `{"error":"invalid_grant","error_description":"AADSTS53003: Access has been blocked by Conditional Access policies."}`, domain.SignInDenied, nil},
		"Entra: no consent":            {400, `{"error":"invalid_grant","error_description":"AADSTS65001: The user or administrator has not consented to use the application.","suberror":"consent_required"}`, 0, ports.ErrMisconfigured},
		"Entra: no client secret":      {401, `{"error":"invalid_client","error_description":"AADSTS7000218: The request body must contain the following parameter: 'client_assertion' or 'client_secret'."}`, 0, ports.ErrMisconfigured},

		// Spring Security OAuth's AccountStatusExceptions.
		"Spring: wrong password":   {400, `{"error":"invalid_grant","error_description":"Bad credentials"}`, domain.PasswordWrong, nil},
		"Spring: disabled":         {400, `{"error":"invalid_grant","error_description":"User is disabled"}`, domain.UserDisabled, nil},
		"Spring: locked":           {400, `{"error":"invalid_grant","error_description":"User account is locked"}`, domain.LockedOut, nil},
		"Spring: expired password": {400, `{"error":"invalid_grant","error_description":"User credentials have expired"}`, domain.ResetRequired, nil},

		// FusionAuth: "OAuth 2.0 & OIDC Error Codes".
		"FusionAuth: wrong password":     {400, `{"error":"invalid_grant","error_reason":"invalid_user_credentials","error_description":"The user credentials are invalid."}`, domain.PasswordWrong, nil},
		"FusionAuth: second factor":      {400, `{"error":"two_factor_required","error_description":"...","two_factor_id":"x"}`, domain.MFARequired, nil},
		"FusionAuth: password to change": {400, `{"error":"change_password_required","error_description":"...","change_password_id":"x"}`, domain.ResetRequired, nil},

		// RFC 6749, 5.2, and what stands before providers.
		"RFC 6749: a grant that is not known":    {400, `{"error":"unsupported_grant_type"}`, 0, ports.ErrMisconfigured},
		"RFC 6749: a scope that is not known":    {400, `{"error":"invalid_scope"}`, 0, ports.ErrMisconfigured},
		"RFC 6749: a request that lacks":         {400, `{"error":"invalid_request"}`, 0, ports.ErrMisconfigured},
		"RFC 6749: no description":               {400, `{"error":"invalid_grant"}`, domain.PasswordWrong, nil},
		"a text that nobody knows":               {400, `{"error":"invalid_grant","error_description":"Computer says no, hanako"}`, domain.PasswordWrong, nil},
		"an error in an answer that is right":    {200, `{"error":"invalid_grant","error_description":"x"}`, domain.PasswordWrong, nil},
		"another error in such an answer":        {200, `{"error":"hanako"}`, 0, ports.ErrMisconfigured},
		"a wrong password in a provider's fault": {500, `{"error":"invalid_grant"}`, 0, ports.ErrUnreachable},
		"a gateway's page":                       {502, `<html>hanako`, 0, ports.ErrUnreachable},
		"a firewall's page":                      {403, `<html>hanako`, 0, ports.ErrMisconfigured},
		"a page of no provider":                  {404, `<html>`, 0, ports.ErrMisconfigured},
		"a redirect":                             {302, ``, 0, ports.ErrMisconfigured},
		"a time-out":                             {408, ``, 0, ports.ErrUnreachable},
		"no JSON":                                {200, `<html>`, 0, ports.ErrUnreachable},
		"no token":                               {200, `{}`, 0, ports.ErrUnreachable},
		"nothing":                                {200, ``, 0, ports.ErrUnreachable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, test.status, test.body)
			finding, err := s.authenticate(t)
			if finding.Kind != test.kind || !errors.Is(err, test.class) {
				t.Errorf("%v, %v; want %v, %v", finding, err, test.kind, test.class)
			}
			holdsNoSecret(t, err)
			if asked := len(s.requests("/token")); asked != 1 {
				t.Errorf("asked %d times", asked)
			}
			if len(s.requests("/elsewhere")) != 0 {
				t.Error("a redirect was followed")
			}
			decision := domain.Decide(domain.DefaultRules(), domain.Attempt{Trigger: domain.TriggerAuthentication, Username: username}, finding)
			if err == nil && decision.Verdict != domain.Refuse {
				t.Errorf("%v", decision)
			}
		})
	}
}

// A form is an answer too, to some providers.
func TestARefusalInAForm(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/x-www-form-urlencoded")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte("error=invalid_grant&error_description=User+account+is+locked"))
	}))
	t.Cleanup(server.Close)
	finding, err := newStub(t, 0, "").authenticate(t, func(s *oidcsource.Settings) { s.TokenURL = webclient.URL(server.URL) })
	if err != nil || finding.Kind != domain.LockedOut {
		t.Errorf("%v, %v", finding, err)
	}
}

// An expired password leads to no migration: the provider tells nothing of the
// person, so there is no contact that a code could go to, whoever vouches.
func TestAnExpiredPasswordHasNoProfile(t *testing.T) {
	t.Parallel()
	finding, err := newStub(t, 400, `{"error":"invalid_grant","error_description":"User credentials have expired"}`).authenticate(t)
	if err != nil || finding.Kind != domain.ResetRequired || finding.User.Username != username || len(finding.User.Attributes) != 0 {
		t.Fatalf("%v, %v", finding, err)
	}
	rules := domain.DefaultRules()
	rules.VerifiedContacts = domain.VerifiedAlways
	decision := domain.Decide(rules, domain.Attempt{Trigger: domain.TriggerAuthentication, Username: username}, finding)
	if decision.Verdict != domain.Refuse || decision.Reason != domain.ReasonNoVerifiedContact {
		t.Errorf("%v", decision)
	}
}
