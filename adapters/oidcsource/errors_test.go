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
		// Tables of the other providers, in the words of their documentation.
		"Keycloak: the realm is switched off":      {403, `{"error":"access_denied","error_description":"Realm not enabled"}`, 0, ports.ErrMisconfigured},
		"Keycloak: HTTPS required":                 {403, `{"error":"invalid_request","error_description":"HTTPS required"}`, 0, ports.ErrMisconfigured},
		"Laravel Passport: wrong password, older":  {401, `{"error":"invalid_credentials","error_description":"The user credentials were incorrect.","message":"The user credentials were incorrect."}`, domain.PasswordWrong, nil},
		"Laravel Passport: wrong password":         {400, `{"error":"invalid_grant","error_description":"The user credentials were incorrect.","hint":"","message":"The user credentials were incorrect."}`, domain.PasswordWrong, nil},
		"Laravel Passport: wrong client":           {401, `{"error":"invalid_client","message":"Client authentication failed"}`, 0, ports.ErrMisconfigured},
		"doorkeeper: wrong password, older":        {401, `{"error":"invalid_resource_owner","error_description":"The provided resource owner credentials are not valid, or resource owner cannot be found"}`, domain.PasswordWrong, nil},
		"doorkeeper: wrong password":               {400, `{"error":"invalid_grant","error_description":"The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client."}`, domain.PasswordWrong, nil},
		"Devise: wrong password":                   {401, `{"error":"Invalid Email or password."}`, domain.PasswordWrong, nil},
		"Devise: locked":                           {401, `{"error":"Your account is locked."}`, domain.LockedOut, nil},
		"Devise: not confirmed":                    {401, `{"error":"You have to confirm your email address before continuing."}`, domain.UserUnconfirmed, nil},
		"Devise: nobody is signed in":              {401, `{"error":"You need to sign in or sign up before continuing."}`, 0, ports.ErrMisconfigured},
		"oauth2orize: wrong password":              {403, `{"error":"invalid_grant","error_description":"Invalid resource owner credentials"}`, domain.PasswordWrong, nil},
		"oauth2orize: no such grant":               {501, `{"error":"unsupported_grant_type","error_description":"Unsupported grant type: password"}`, 0, ports.ErrMisconfigured},
		"Passport.js: wrong client":                {401, `Unauthorized`, 0, ports.ErrMisconfigured},
		"Spring: our client":                       {401, `{"error":"unauthorized","error_description":"Full authentication is required to access this resource"}`, 0, ports.ErrMisconfigured},
		"Spring: our client's secret":              {401, `{"error":"unauthorized","error_description":"Bad credentials"}`, 0, ports.ErrMisconfigured},
		"Spring: no client":                        {401, `{"error":"unauthorized","error_description":"There is no client authentication. Try adding an appropriate authentication filter."}`, 0, ports.ErrMisconfigured},
		"Spring: no text":                          {401, `{"error":"unauthorized"}`, 0, ports.ErrMisconfigured},
		"Spring Boot: its error page":              {401, `{"timestamp":"2024-01-01T00:00:00Z","status":401,"error":"Unauthorized","message":"Unauthorized","path":"/oauth/token"}`, 0, ports.ErrMisconfigured},
		"Spring: an account that has expired":      {400, `{"error":"invalid_grant","error_description":"User account has expired"}`, domain.UserDisabled, nil},
		"Spring: our client may not":               {403, `{"error":"access_denied","error_description":"Access is denied"}`, 0, ports.ErrMisconfigured},
		"B2C: wrong password":                      {400, `{"error":"access_denied","error_description":"AADB2C90225: The username or password provided in the request are invalid.\r\nCorrelation ID: 8b7\r\nTimestamp: 2024-01-01 00:00:00Z\r\n"}`, domain.PasswordWrong, nil},
		"B2C: wrong password, newer":               {400, `{"error":"invalid_grant","error_description":"AADB2C90225: The username or password provided in the request are invalid."}`, domain.PasswordWrong, nil},
		"B2C: unknown user":                        {400, `{"error":"access_denied","error_description":"AADB2C90053: A user with the specified credential could not be found."}`, domain.UserUnknown, nil},
		"B2C: locked":                              {400, `{"error":"access_denied","error_description":"AADB2C90114: Your account is temporarily locked to prevent unauthorized use. Try again later."}`, domain.LockedOut, nil},
		"B2C: the flow is not enabled":             {400, `{"error":"unauthorized_client","error_description":"AADB2C90224: Resource owner flow has not been enabled for the application."}`, 0, ports.ErrMisconfigured},
		"B2C: too many requests":                   {400, `{"error":"access_denied","error_description":"AADB2C90244: There are too many requests at this moment. Please wait for some time and try again."}`, 0, ports.ErrThrottled},
		"B2C: an outage":                           {400, `{"error":"access_denied","error_description":"AADB2C90035: The service is temporarily unavailable. Please retry after a few minutes."}`, 0, ports.ErrUnreachable},
		"B2C: another reason":                      {400, `{"error":"access_denied","error_description":"AADB2C99999: Something."}`, domain.SignInDenied, nil},
		"WSO2: locked":                             {400, `{"error":"invalid_grant","error_description":"17003:User account is locked in the user store"}`, domain.LockedOut, nil},
		"WSO2: locked, with a space":               {400, `{"error":"invalid_grant","error_description":"17003 Some text"}`, domain.LockedOut, nil},
		"WSO2: disabled":                           {400, `{"error":"invalid_grant","error_description":"17004: x"}`, domain.UserDisabled, nil},
		"WSO2: not confirmed":                      {400, `{"error":"invalid_grant","error_description":"17005: x"}`, domain.UserUnconfirmed, nil},
		"WSO2: to be reset":                        {400, `{"error":"invalid_grant","error_description":"17006: x"}`, domain.ResetRequired, nil},
		"WSO2: unknown user":                       {400, `{"error":"invalid_grant","error_description":"17001: x"}`, domain.UserUnknown, nil},
		"WSO2: wrong password":                     {400, `{"error":"invalid_grant","error_description":"17002:Invalid credentials"}`, domain.PasswordWrong, nil},
		"WSO2: wrong password, with a name":        {400, `{"error":"invalid_grant","error_description":"Authentication failed for hanako@carbon.super"}`, domain.PasswordWrong, nil},
		"PingFederate: locked":                     {400, `{"error":"invalid_grant","error_description":"Account Locked"}`, domain.LockedOut, nil},
		"PingFederate: expired password":           {400, `{"error":"invalid_grant","error_description":"Password Expired"}`, domain.ResetRequired, nil},
		"PingFederate: an outage":                  {400, `{"error":"invalid_grant","error_description":"Please try again later."}`, 0, ports.ErrUnreachable},
		"locked, with a hint to try again":         {400, `{"error":"invalid_grant","error_description":"Account locked. Please try again later."}`, domain.LockedOut, nil},
		"FusionAuth: locked":                       {400, `{"error":"invalid_grant","error_reason":"user_locked","error_description":"The user is locked."}`, domain.LockedOut, nil},
		"FusionAuth: expired user":                 {400, `{"error":"invalid_grant","error_reason":"user_expired","error_description":"x"}`, domain.UserDisabled, nil},
		"FusionAuth: email to be verified":         {400, `{"error":"interaction_required","error_reason":"email_verification_required","error_description":"x"}`, domain.UserUnconfirmed, nil},
		"FusionAuth: not registered":               {400, `{"error":"interaction_required","error_reason":"registration_required","error_description":"x"}`, domain.SignInDenied, nil},
		"FusionAuth: another factor":               {400, `{"error":"interaction_required","error_reason":"multi_factor_challenge_required","error_description":"x"}`, domain.MFARequired, nil},
		"FusionAuth: our client":                   {401, `{"error":"invalid_client","error_reason":"invalid_client_authentication","error_description":"x"}`, 0, ports.ErrMisconfigured},
		"FusionAuth: the grant is switched off":    {400, `{"error":"unauthorized_client","error_reason":"grant_type_disabled","error_description":"x"}`, 0, ports.ErrMisconfigured},
		"Ory: wrong password, older":               {401, `{"error":"request_unauthorized","error_description":"The request could not be authorized","error_hint":"Check that you provided valid credentials in the right format."}`, domain.PasswordWrong, nil},
		"Ory: wrong password":                      {400, `{"error":"invalid_grant","error_verbose":"The provided authorization grant is invalid","error_hint":"Unable to authenticate the provided username and password credentials.","status_code":400}`, domain.PasswordWrong, nil},
		"Ory: an error that is an object":          {404, `{"error":{"code":404,"status":"Not Found","message":"The requested resource could not be found"}}`, 0, ports.ErrMisconfigured},
		"IdentityServer: wrong password":           {400, `{"error":"invalid_grant","error_description":"invalid_username_or_password"}`, domain.PasswordWrong, nil},
		"IdentityServer: no description":           {400, `{"error":"invalid_grant"}`, domain.PasswordWrong, nil},
		"ABP: second factor":                       {400, `{"error":"invalid_grant","error_description":"RequiresTwoFactor","userId":"x","twoFactorToken":"y"}`, domain.MFARequired, nil},
		"Okta: authentication failed":              {401, `{"errorCode":"E0000004","errorSummary":"Authentication failed","errorId":"oae"}`, domain.PasswordWrong, nil},
		"Okta: not assigned":                       {400, `{"error":"access_denied","error_description":"User is not assigned to the client application."}`, domain.SignInDenied, nil},
		"Entra: two numbers":                       {400, `{"error":"invalid_grant","error_description":"AADSTS70002: Error validating credentials. AADSTS50126: Invalid username or password","error_codes":[70002,50126]}`, domain.PasswordWrong, nil},
		"Entra: numbers alone":                     {400, `{"error":"invalid_grant","error_codes":[50057]}`, domain.UserDisabled, nil},
		"Entra: a number that begins with a known": {400, `{"error":"invalid_grant","error_description":"AADSTS500341: x"}`, domain.PasswordWrong, nil},
		"Entra: on premises, an outage":            {400, `{"error":"invalid_grant","error_description":"AADSTS80002: Password validation request timed out."}`, 0, ports.ErrUnreachable},
		"Entra: a federated user":                  {400, `{"error":"invalid_grant","error_description":"AADSTS20012: There is an issue with your federated Identity Provider."}`, domain.UserFederated, nil},
		"RFC 9470: more proof is wanted":           {401, `{"error":"insufficient_user_authentication","error_description":"A different authentication level is required","max_age":"5"}`, domain.ChallengeUnsupported, nil},

		// The form of an answer.
		"letter case of a code":                  {400, `{"error":"INVALID_GRANT","error_description":"USER IS DISABLED"}`, domain.UserDisabled, nil},
		"a byte order mark":                      {400, "\ufeff" + `{"error":"invalid_grant"}`, domain.PasswordWrong, nil},
		"a list of errors":                       {400, `[{"error":"invalid_grant"}]`, domain.PasswordWrong, nil},
		"an empty list":                          {400, `[]`, 0, ports.ErrMisconfigured},
		"a code that is a list":                  {400, `{"error":["invalid_grant"]}`, 0, ports.ErrMisconfigured},
		"a code that is an object with its name": {400, `{"error":{"id":"invalid_grant","message":"x"}}`, domain.PasswordWrong, nil},
		"a code that is null":                    {400, `{"error":null}`, 0, ports.ErrMisconfigured},
		"a description that is a number":         {400, `{"error":"invalid_grant","error_description":5}`, domain.PasswordWrong, nil},
		"a text that is JSON":                    {400, `"invalid_grant"`, 0, ports.ErrMisconfigured},
		"an empty answer":                        {400, ``, 0, ports.ErrMisconfigured},
		"an empty answer that is no right":       {401, ``, 0, ports.ErrMisconfigured},
		"a page that speaks of a locked account": {403, `<html>Your account is locked. Invalid email or password.</html>`, 0, ports.ErrMisconfigured},
		"a word within another":                  {400, `{"error":"invalid_grant","error_description":"Sign-in was unblocked; relocked1"}`, domain.PasswordWrong, nil},
		"a grant and an error":                   {200, `{"access_token":"access-token","error":"invalid_grant"}`, domain.PasswordWrong, nil},
		"an error that is a boolean":             {200, `{"access_token":"access-token","error":true}`, 0, ports.ErrMisconfigured},
		"a wrong password and too many requests": {429, `{"error":"invalid_grant","error_description":"x"}`, 0, ports.ErrThrottled},
		"denied, by too many requests":           {429, `{"error":"access_denied"}`, 0, ports.ErrThrottled},
		"a lockout as too many requests":         {429, `{"error":"invalid_grant","error_description":"Account locked"}`, domain.LockedOut, nil},
		"an unknown code":                        {400, `{"error":"wrong_secret_word"}`, 0, ports.ErrMisconfigured},
		"an unknown code in a fault of its own":  {500, `{"error":"wrong_secret_word"}`, 0, ports.ErrUnreachable},
		"an unknown code, and too many requests": {429, `{"error":"wrong_secret_word"}`, 0, ports.ErrThrottled},
		"a token that is empty":                  {200, `{"access_token":""}`, 0, ports.ErrUnreachable},
		"a token that is an object":              {200, `{"access_token":{"x":1}}`, 0, ports.ErrUnreachable},
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

// An expired password leads to no migration. The provider then shows nothing of the
// user, so there is no contact that could get a code.
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
