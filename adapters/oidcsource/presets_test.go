package oidcsource_test

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/adapters/oidcsource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// pool is the user pool of the preset cognito.
const pool = "eu-west-1_AbCdEf123"

// presetStub is a provider at the addresses of a preset.
type presetStub struct {
	*stub
	preset oidcsource.Preset
	// metadata and token are the paths that the preset asks.
	metadata, token string
	// issuer is the one in the provider's ID tokens.
	issuer string
	// inputs are the few settings that a person has.
	inputs func(*oidcsource.Settings)
}

// newPresetStub answers a password with a status and a body, at the addresses
// that the preset's documentation has.
func newPresetStub(t *testing.T, preset oidcsource.Preset, status int, body string) *presetStub {
	t.Helper()
	s := &presetStub{stub: newStub(t, status, body), preset: preset, token: "/token"}
	s.issuer, s.inputs = s.url, func(*oidcsource.Settings) {}
	configuration := s.body["/.well-known/openid-configuration"]
	delete(s.body, "/.well-known/openid-configuration")
	const tenant = "/6babcaad-604b-40ac-a9d7-9fd97c0b779f"
	switch preset {
	case oidcsource.B2C:
		// The issuer has the tenant's ID, and its address the tenant's domain.
		s.metadata, s.issuer = "/acme.onmicrosoft.com/B2C_1_ROPC/v2.0", s.url+tenant+"/v2.0/"
		s.inputs = func(o *oidcsource.Settings) { o.Tenant, o.Policy = "acme", "B2C_1_ROPC" }
	case oidcsource.Entra:
		s.metadata, s.issuer = "/acme.example/v2.0", s.url+tenant+"/v2.0"
		s.inputs = func(o *oidcsource.Settings) { o.Tenant = "acme.example" }
	case oidcsource.Auth0:
		s.metadata, s.issuer = "", s.url+"/" // Auth0's issuers end with a slash
	case oidcsource.Okta:
		s.metadata, s.issuer = "/oauth2/default", s.url+"/oauth2/default"
	case oidcsource.Keycloak:
		s.metadata, s.issuer = "/auth/realms/acme corp", s.url+"/auth/realms/acme%20corp"
		s.inputs = func(o *oidcsource.Settings) { o.Domain, o.Realm = o.Domain+"/auth", "acme corp" }
	case oidcsource.Cognito:
		s.token, s.issuer = "/", "https://cognito-idp.eu-west-1.amazonaws.com/"+pool
		s.inputs = func(o *oidcsource.Settings) { o.UserPoolID = pool }
		s.status["/"], s.body["/"] = status, body
		s.body["/"+pool+"/.well-known/jwks.json"] = s.body["/keys"]
		return s
	}
	s.body[s.metadata+"/.well-known/openid-configuration"] = strings.Replace(configuration, `"issuer":"`+s.url+`"`, `"issuer":"`+s.issuer+`"`, 1)
	return s
}

// settings are those that a person sets: the preset, the client and the inputs.
func (s *presetStub) settings(change ...func(*oidcsource.Settings)) oidcsource.Settings {
	settings := oidcsource.Settings{
		Preset: s.preset, Domain: oidcsource.Domain(s.url), ClientID: clientID, ClientSecret: domain.NewSecret("S3cret"),
	}
	s.inputs(&settings)
	for _, change := range change {
		change(&settings)
	}
	return settings
}

func (s *presetStub) authenticate(t *testing.T, change ...func(*oidcsource.Settings)) (domain.Finding, error) {
	t.Helper()
	settings := s.settings(change...)
	if problems := settings.Validate(func(name string) string { return "SOURCE_" + name }); len(problems) > 0 {
		t.Fatal(problems)
	}
	return open(t, settings).Authenticate(t.Context(), username, domain.NewPassword(password))
}

// gives makes the provider accept the password, with these claims in place of its
// own.
func (s *presetStub) gives(change map[string]any) {
	claims := s.idToken(change)
	claims["iss"] = s.issuer
	text, _ := json.Marshal(claims)
	s.body["/userinfo"] = string(text)
	idToken := sign(key(), "RS256", claims)
	s.body[s.token] = tokens(idToken)
	if s.preset == oidcsource.Cognito {
		s.body[s.token] = `{"AuthenticationResult":{"AccessToken":"access-token","ExpiresIn":3600,"IdToken":"` + idToken + `","RefreshToken":"r","TokenType":"Bearer"},"ChallengeParameters":{}}`
	}
}

func everyPreset() []oidcsource.Preset {
	return []oidcsource.Preset{oidcsource.B2C, oidcsource.Entra, oidcsource.Auth0, oidcsource.Okta, oidcsource.Keycloak, oidcsource.Cognito}
}

// documented are responses as the providers document them, or as people report
// them; docs/sources/oidc-answers.md names the pages.
type documented struct {
	status int
	body   string
	kind   domain.FindingKind
	class  error
}

//nolint:funlen // a table
func presetAnswers() map[oidcsource.Preset]map[string]documented {
	misconfigured, unreachable, throttled := ports.ErrMisconfigured, ports.ErrUnreachable, ports.ErrThrottled
	entra := func(code, text string) string {
		return `{"error":"invalid_grant","error_description":"AADSTS` + code + `: ` + text + `\r\nTrace ID: 0f1c\r\nCorrelation ID: 8b7a\r\nTimestamp: 2026-01-01 00:00:00Z","error_codes":[` + code + `],"timestamp":"2026-01-01 00:00:00Z","trace_id":"0f1c","correlation_id":"8b7a","error_uri":"https://login.microsoftonline.com/error?code=` + code + `"}`
	}
	b2c := func(code, text string) string {
		return `{"error":"access_denied","error_description":"AADB2C` + code + `: ` + text + `\r\nCorrelation ID: 8b7a\r\nTimestamp: 2026-01-01 00:00:00Z\r\n"}`
	}
	aws := func(kind, message string) string { return `{"__type":"` + kind + `","message":"` + message + `"}` }
	return map[oidcsource.Preset]map[string]documented{
		oidcsource.B2C: {
			"the username or the password is wrong":                {400, b2c("90225", "The username or password provided in the request are invalid."), domain.PasswordWrong, nil},
			"a custom policy says that the password is wrong":      {400, b2c("90052", "Invalid username or password."), domain.PasswordWrong, nil},
			"there is no such user":                                {400, b2c("90053", "A user with the specified credential could not be found."), domain.UserUnknown, nil},
			"the account is locked":                                {400, b2c("90114", "Your account is temporarily locked to prevent unauthorized use. Try again later."), domain.LockedOut, nil},
			"the account is locked, reset it":                      {400, b2c("90111", "Your account has been locked. Contact your support person to unlock it, then try again."), domain.LockedOut, nil},
			"the user must reset the password":                     {400, b2c("90118", "The user has forgotten their password."), domain.ResetRequired, nil},
			"a second factor is not set up":                        {400, b2c("90152", "A multi-factor step is required."), domain.ChallengeUnsupported, nil},
			"the policy does not allow the password grant":         {400, `{"error":"unauthorized_client","error_description":"AADB2C90224: Resource owner flow has not been enabled for the application."}`, 0, misconfigured},
			"there is no such policy":                              {400, b2c("90068", "The provided application with ID is not valid against this service."), 0, misconfigured},
			"too many requests":                                    {400, b2c("90244", "There are too many requests at this moment."), 0, throttled},
			"the service is unavailable":                           {400, b2c("90035", "The service is temporarily unavailable. Please retry after a few minutes."), 0, unreachable},
			"a code that nobody knows is a refusal":                {400, b2c("98765", "Something."), domain.SignInDenied, nil},
			"a code that nobody knows under invalid_grant":         {400, `{"error":"invalid_grant","error_description":"AADB2C98765: Something."}`, domain.PasswordWrong, nil},
			"a right password's code does not excuse a fault":      {500, b2c("90225", "x"), 0, unreachable},
			"a page of the load balancer is no statement of users": {502, `<html>AADB2C90225</html>`, 0, unreachable},
		},
		oidcsource.Entra: {
			"the password is wrong":                         {400, entra("50126", "Error validating credentials due to invalid username or password."), domain.PasswordWrong, nil},
			"the password does not exist":                   {400, entra("50056", "Invalid or null password: password does not exist in the directory for this user."), domain.PasswordWrong, nil},
			"there is no such user":                         {400, entra("50034", "The user account does not exist in the directory."), domain.UserUnknown, nil},
			"the account is locked":                         {400, entra("50053", "The account is locked, you've tried to sign in too many times with an incorrect user ID or password."), domain.LockedOut, nil},
			"the password has expired":                      {400, entra("50055", "The password is expired."), domain.ResetRequired, nil},
			"the account is disabled":                       {400, entra("50057", "The user account is disabled."), domain.UserDisabled, nil},
			"a second factor is required":                   {400, entra("50076", "Due to a configuration change made by your administrator, or because you moved to a new location, you must use multi-factor authentication to access the resource."), domain.MFARequired, nil},
			"a second factor is required, stronger":         {400, entra("50074", "Strong Authentication is required."), domain.MFARequired, nil},
			"a second factor must be set up":                {400, entra("50079", "Due to a configuration change made by your administrator, you must enroll in multi-factor authentication."), domain.ChallengeUnsupported, nil},
			"a second factor must be set up, newer":         {400, entra("50072", "User needs to enroll for second factor authentication (interactive)."), domain.ChallengeUnsupported, nil},
			"a policy blocks the sign-in":                   {400, entra("53003", "Access has been blocked by Conditional Access policies."), domain.SignInDenied, nil},
			"the user is another directory's":               {400, entra("50020", "User account from identity provider does not exist in tenant."), domain.UserUnknown, nil},
			"the user signs in elsewhere":                   {400, entra("20012", "There is an issue with your federated Identity Provider."), domain.UserFederated, nil},
			"the client's secret is wrong":                  {401, `{"error":"invalid_client","error_description":"AADSTS7000215: Invalid client secret provided.","error_codes":[7000215]}`, 0, misconfigured},
			"the client may not use the grant":              {401, `{"error":"invalid_client","error_description":"AADSTS7000218: The request body must contain the following parameter: 'client_assertion' or 'client_secret'.","error_codes":[7000218]}`, 0, misconfigured},
			"the agent on premises does not answer":         {400, entra("80002", "Password validation request timed out."), 0, unreachable},
			"a code that nobody knows is a wrong password":  {400, entra("987654", "Something."), domain.PasswordWrong, nil},
			"a code that nobody knows asks for interaction": {400, `{"error":"interaction_required","error_description":"AADSTS987654: Something."}`, domain.ChallengeUnsupported, nil},
		},
		oidcsource.Auth0: {
			"the password is wrong":                       {403, `{"error":"invalid_grant","error_description":"Wrong email or password."}`, domain.PasswordWrong, nil},
			"the password is wrong, older":                {401, `{"error":"invalid_user_password","error_description":"Wrong email or password."}`, domain.PasswordWrong, nil},
			"a second factor is required":                 {403, `{"error":"mfa_required","error_description":"Multifactor authentication required","mfa_token":"Fe26.2*x"}`, domain.MFARequired, nil},
			"a second factor must be set up":              {403, `{"error":"mfa_registration_required","error_description":"User is not enrolled"}`, domain.ChallengeUnsupported, nil},
			"too many attempts at this account":           {429, `{"error":"too_many_attempts","error_description":"Your account has been blocked after multiple consecutive login attempts."}`, domain.LockedOut, nil},
			"the password was leaked":                     {401, `{"error":"password_leaked","error_description":"This login has been blocked because your password has been leaked in another website."}`, domain.SignInDenied, nil},
			"an administrator blocked the user":           {401, `{"error":"unauthorized","error_description":"user is blocked"}`, domain.UserDisabled, nil},
			"a rule denied the sign-in in its words":      {401, `{"error":"unauthorized","error_description":"Only employees may use this."}`, domain.SignInDenied, nil},
			"an action denied the sign-in":                {403, `{"error":"access_denied","error_description":"Only employees may use this."}`, domain.SignInDenied, nil},
			"the client's secret is wrong":                {401, `{"error":"access_denied","error_description":"Unauthorized"}`, 0, misconfigured},
			"the client may not use the grant":            {403, `{"error":"unauthorized_client","error_description":"Grant type 'password' not allowed for the client."}`, 0, misconfigured},
			"there is no default directory":               {400, `{"error":"server_error","error_description":"Authorization server not configured with default connection."}`, 0, misconfigured},
			"too many requests to the tenant":             {429, `{"error":"too_many_requests","error_description":"Global limit has been reached"}`, 0, throttled},
			"a code that nobody knows is a wrong setting": {403, `{"error":"something_new","error_description":"x"}`, 0, misconfigured},
		},
		oidcsource.Okta: {
			"the password is wrong, or the user is locked": {400, `{"error":"invalid_grant","error_description":"The credentials provided were invalid."}`, domain.PasswordWrong, nil},
			"a policy denies the sign-in":                  {400, `{"error":"access_denied","error_description":"Policy evaluation failed for this request, please check the policy configurations."}`, domain.SignInDenied, nil},
			"the user has not the application":             {400, `{"error":"access_denied","error_description":"User is not assigned to the client application."}`, domain.SignInDenied, nil},
			"a second factor is required":                  {403, `{"error":"mfa_required","error_description":"MFA is required for this request.","mfa_token":"x"}`, domain.MFARequired, nil},
			"the password has expired":                     {403, `{"errorCode":"E0000064","errorSummary":"Password is expired and must be changed.","errorId":"oae"}`, domain.ResetRequired, nil},
			"the account is locked":                        {403, `{"errorCode":"E0000069","errorSummary":"User Locked","errorId":"oae"}`, domain.LockedOut, nil},
			"the client's secret is wrong":                 {401, `{"error":"invalid_client","error_description":"The client secret supplied for a confidential client is invalid."}`, 0, misconfigured},
			"there is no such client":                      {401, `{"errorCode":"invalid_client","errorSummary":"Invalid value for 'client_id' parameter.","errorLink":"invalid_client","errorId":"oae","errorCauses":[]}`, 0, misconfigured},
			"the client may not use the grant":             {400, `{"error":"unauthorized_client","error_description":"The client is not authorized to use the provided grant type."}`, 0, misconfigured},
			"the authorization server lacks the scope":     {400, `{"error":"invalid_scope","error_description":"One or more scopes are not configured for the authorization server resource."}`, 0, misconfigured},
			"too many requests":                            {429, `{"errorCode":"E0000047","errorSummary":"API call exceeded rate limit due to too many requests.","errorId":"oae"}`, 0, throttled},
			"an internal error":                            {500, `{"errorCode":"E0000009","errorSummary":"Internal Server Error","errorId":"oae"}`, 0, unreachable},
			"a text that nobody knows is a wrong password": {400, `{"error":"invalid_grant","error_description":"Something."}`, domain.PasswordWrong, nil},
		},
		oidcsource.Keycloak: {
			"the password is wrong, or there is no such user": {401, `{"error":"invalid_grant","error_description":"Invalid user credentials"}`, domain.PasswordWrong, nil},
			"the account is disabled":                         {400, `{"error":"invalid_grant","error_description":"Account disabled"}`, domain.UserDisabled, nil},
			"the account is locked for a while":               {400, `{"error":"invalid_grant","error_description":"Account temporarily disabled"}`, domain.LockedOut, nil},
			"required actions are open":                       {400, `{"error":"invalid_grant","error_description":"Account is not fully set up"}`, domain.ChallengeUnsupported, nil},
			"two users have the address":                      {401, `{"error":"invalid_request","error_description":"Invalid user credentials"}`, domain.UserAmbiguous, nil},
			"the client's secret is wrong":                    {401, `{"error":"unauthorized_client","error_description":"Invalid client or Invalid client credentials"}`, 0, misconfigured},
			"the client may not use the grant":                {400, `{"error":"unauthorized_client","error_description":"Client not allowed for direct access grants"}`, 0, misconfigured},
			"the realm is disabled":                           {403, `{"error":"access_denied","error_description":"Realm not enabled"}`, 0, misconfigured},
			"there is no such realm":                          {404, `{"error":"Realm does not exist"}`, 0, misconfigured},
			"the client lacks the scope":                      {400, `{"error":"invalid_scope","error_description":"Invalid scopes: openid profile email"}`, 0, misconfigured},
			"the server has an error":                         {500, `{"error":"unknown_error","error_description":"For more on this error consult the server log."}`, 0, unreachable},
			"a text that nobody knows is a wrong password":    {400, `{"error":"invalid_grant","error_description":"Something."}`, domain.PasswordWrong, nil},
		},
		oidcsource.Cognito: {
			"the password is wrong":                      {400, aws("NotAuthorizedException", "Incorrect username or password."), domain.PasswordWrong, nil},
			"the error has its namespace":                {400, aws("com.amazonaws.cognito.identity.idp.model#NotAuthorizedException", "Incorrect username or password."), domain.PasswordWrong, nil},
			"there is no such user":                      {400, aws("UserNotFoundException", "User does not exist."), domain.UserUnknown, nil},
			"the user is disabled":                       {400, aws("NotAuthorizedException", "User is disabled."), domain.UserDisabled, nil},
			"the user is locked":                         {400, aws("NotAuthorizedException", "Password attempts exceeded"), domain.LockedOut, nil},
			"the user is not confirmed":                  {400, aws("UserNotConfirmedException", "User is not confirmed."), domain.UserUnconfirmed, nil},
			"the user must reset the password":           {400, aws("PasswordResetRequiredException", "Password reset required for the user"), domain.ResetRequired, nil},
			"the temporary password has expired":         {400, aws("NotAuthorizedException", "Temporary password has expired and must be reset by an administrator."), domain.TemporaryPasswordExpired, nil},
			"a code by SMS is required":                  {200, `{"ChallengeName":"SMS_MFA","ChallengeParameters":{"CODE_DELIVERY_DESTINATION":"+*******9"},"Session":"x"}`, domain.MFARequired, nil},
			"a code of an app is required":               {200, `{"ChallengeName":"SOFTWARE_TOKEN_MFA","ChallengeParameters":{},"Session":"x"}`, domain.MFARequired, nil},
			"a second factor must be set up":             {200, `{"ChallengeName":"MFA_SETUP","ChallengeParameters":{"MFAS_CAN_SETUP":"[\"SOFTWARE_TOKEN_MFA\"]"},"Session":"x"}`, domain.MFARequired, nil},
			"a temporary password must be changed":       {200, `{"ChallengeName":"NEW_PASSWORD_REQUIRED","ChallengeParameters":{"userAttributes":"{}"},"Session":"x"}`, domain.ChallengeUnsupported, nil},
			"a challenge that nobody knows is a refusal": {200, `{"ChallengeName":"SOMETHING_NEW","Session":"x","AuthenticationResult":{"AccessToken":"a","IdToken":"b"}}`, domain.ChallengeUnsupported, nil},
			"the client does not allow the flow":         {400, aws("InvalidParameterException", "USER_PASSWORD_AUTH flow not enabled for this client"), 0, misconfigured},
			"the client's secret is wrong":               {400, aws("NotAuthorizedException", "Unable to verify secret hash for client client-of-ours"), 0, misconfigured},
			"there is no such client":                    {400, aws("ResourceNotFoundException", "User pool client client-of-ours does not exist."), 0, misconfigured},
			"too many requests":                          {400, aws("TooManyRequestsException", "Rate exceeded"), 0, throttled},
			"a fault of a trigger of the pool":           {400, aws("UnexpectedLambdaException", "PreAuthentication failed"), 0, unreachable},
			"an internal error":                          {500, aws("InternalErrorException", "Something"), 0, unreachable},
			"a fault that nobody knows":                  {400, aws("SomethingNewException", "x"), 0, misconfigured},
			"an empty result proves nothing":             {200, `{"AuthenticationResult":{},"ChallengeParameters":{}}`, 0, unreachable},
			"no result proves nothing":                   {200, `{"AuthenticationResult":null}`, 0, unreachable},
			"a gateway with the grant of OAuth":          {400, `{"error":"invalid_grant"}`, domain.PasswordWrong, nil},
		},
	}
}

func TestWhatEachProviderAnswersWithItsPreset(t *testing.T) {
	t.Parallel()
	for _, preset := range everyPreset() {
		answers := presetAnswers()[preset]
		if len(answers) < 6 {
			t.Errorf("%s has only %d documented answers", preset, len(answers))
		}
		for name, test := range answers {
			t.Run(string(preset)+": "+name, func(t *testing.T) {
				t.Parallel()
				s := newPresetStub(t, preset, test.status, test.body)
				finding, err := s.authenticate(t)
				if finding.Kind != test.kind || !errors.Is(err, test.class) {
					t.Errorf("%v, %v; want %v, %v", finding, err, test.kind, test.class)
				}
				holdsNoSecret(t, err)
				if asked := len(s.requests(s.token)); asked != 1 {
					t.Errorf("the password was sent %d times", asked)
				}
				if test.kind == domain.PasswordWrong && errors.Is(err, ports.ErrUnreachable) {
					t.Error("a wrong password is an outage")
				}
				rules := domain.DefaultRules()
				rules.OnMFA, rules.VerifiedContacts = domain.MFAMigrate, domain.VerifiedAlways
				decision := domain.Decide(rules, domain.Attempt{Trigger: domain.TriggerAuthentication, Username: username}, finding)
				if err == nil && decision.Verdict != domain.Refuse {
					t.Errorf("an error migrates the user: %v", decision)
				}
			})
		}
	}
}

// The few inputs are enough for a sign-in, and the profile is the provider's.
func TestAPresetNeedsOnlyItsInputs(t *testing.T) {
	t.Parallel()
	for preset, test := range map[oidcsource.Preset]struct {
		claims map[string]any
		want   domain.SourceUser
		form   map[string]string // of the request for a token
		basic  bool
	}{
		oidcsource.B2C: {
			map[string]any{"preferred_username": nil, "email": nil, "email_verified": nil, "emails": []string{username, "other@example.com"}, "sub": "Not supported currently. Use oid claim.", "oid": "o-1"},
			domain.SourceUser{Username: "o-1", Sub: "o-1", Attributes: domain.Attributes{"email": username}},
			map[string]string{"grant_type": "password", "scope": "openid " + clientID, "response_type": "token id_token", "client_id": clientID, "client_secret": "S3cret", "realm": ""}, false,
		},
		oidcsource.Entra: {
			map[string]any{"preferred_username": username, "email_verified": nil, "xms_edov": true},
			domain.SourceUser{Username: username, Sub: "sub-of-hanako", Attributes: domain.Attributes{"email": username, "email_verified": "true"}},
			map[string]string{"grant_type": "password", "scope": "openid profile email", "response_type": "", "client_id": clientID, "client_secret": "S3cret"}, false,
		},
		oidcsource.Auth0: {
			map[string]any{"sub": "auth0|5f7c", "preferred_username": nil},
			domain.SourceUser{Username: "auth0|5f7c", Sub: "auth0|5f7c", Attributes: domain.Attributes{"email": username, "email_verified": "true"}},
			map[string]string{"grant_type": "password", "scope": "openid profile email", "client_secret": "S3cret"}, false,
		},
		oidcsource.Okta: {
			map[string]any{"preferred_username": username},
			domain.SourceUser{Username: username, Sub: "sub-of-hanako", Attributes: domain.Attributes{"email": username}},
			map[string]string{"grant_type": "password", "scope": "openid profile email phone", "client_id": ""}, true,
		},
		oidcsource.Keycloak: {
			map[string]any{},
			domain.SourceUser{Username: "sub-of-hanako", Sub: "sub-of-hanako", Attributes: domain.Attributes{"email": username}},
			map[string]string{"grant_type": "password", "scope": "openid profile email", "realm": ""}, true,
		},
		oidcsource.Cognito: {
			map[string]any{"cognito:username": "hanako", "preferred_username": nil, "token_use": "id", "event_id": "e", "cognito:groups": []string{"staff"}, "custom:tenant": "acme"},
			domain.SourceUser{Username: "hanako", Sub: "sub-of-hanako", Attributes: domain.Attributes{"email": username, "custom:tenant": "acme", "token_use": "", "event_id": ""}, Groups: []string{"staff"}},
			nil, false,
		},
	} {
		t.Run(string(preset), func(t *testing.T) {
			t.Parallel()
			s := newPresetStub(t, preset, 200, "")
			s.gives(test.claims)
			finding, err := s.authenticate(t)
			if err != nil || finding.Kind != domain.PasswordAccepted {
				t.Fatalf("%v, %v", finding, err)
			}
			if finding.User.Username != test.want.Username || finding.User.Sub != test.want.Sub || strings.Join(finding.User.Groups, " ") != strings.Join(test.want.Groups, " ") {
				t.Errorf("the user is %q, %q, %q", finding.User.Username, finding.User.Sub, finding.User.Groups)
			}
			for name, value := range test.want.Attributes {
				if finding.User.Attributes[name] != value {
					t.Errorf("%s is %q, want %q", name, finding.User.Attributes[name], value)
				}
			}
			request := s.requests(s.token)[0]
			for name, value := range test.form {
				if request.PostForm.Get(name) != value {
					t.Errorf("%s was sent as %q, want %q", name, request.PostForm.Get(name), value)
				}
			}
			if _, _, basic := request.BasicAuth(); basic != test.basic {
				t.Errorf("HTTP Basic: %v", basic)
			}
		})
	}
}

// Cognito's call has its own form, and the hash of a client with a secret.
func TestTheCallToAUserPool(t *testing.T) {
	t.Parallel()
	s := newPresetStub(t, oidcsource.Cognito, 200, "")
	s.gives(map[string]any{"cognito:username": "hanako"})
	if finding, err := s.authenticate(t); err != nil || finding.Kind != domain.PasswordAccepted {
		t.Fatalf("%v, %v", finding, err)
	}
	request := s.requests("/")[0]
	if request.Header.Get("X-Amz-Target") != "AWSCognitoIdentityProviderService.InitiateAuth" || request.Header.Get("Content-Type") != "application/x-amz-json-1.1" {
		t.Errorf("the headers are %v", request.Header)
	}
	var sent struct {
		AuthFlow, ClientID string
		AuthParameters     map[string]string
	}
	if err := json.Unmarshal([]byte(s.sent("/")), &sent); err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, []byte("S3cret"))
	mac.Write([]byte(username + clientID))
	if sent.AuthFlow != "USER_PASSWORD_AUTH" || sent.ClientID != clientID || sent.AuthParameters["USERNAME"] != username ||
		sent.AuthParameters["PASSWORD"] != password || sent.AuthParameters["SECRET_HASH"] != base64.StdEncoding.EncodeToString(mac.Sum(nil)) {
		t.Error("the parameters differ")
	}
	t.Run("an endpoint of the operator's has the grant of OAuth", func(t *testing.T) {
		t.Parallel()
		s := newPresetStub(t, oidcsource.Cognito, 200, "")
		s.gives(map[string]any{"cognito:username": "hanako"})
		s.body["/token"] = s.body["/"]
		finding, err := s.authenticate(t, func(o *oidcsource.Settings) { o.TokenURL = webclient.URL(s.url + "/token") })
		if err != nil || finding.User.Username != "hanako" || s.requests("/token")[0].PostForm.Get("grant_type") != "password" {
			t.Errorf("%v, %v", finding, err)
		}
	})
}

// Every value of a preset gives way to the setting of its name.
func TestASettingReplacesThePresetsValue(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		preset oidcsource.Preset
		change func(*presetStub, *oidcsource.Settings)
		holds  func(*presetStub, domain.Finding, *http.Request) bool
	}{
		"SCOPE": {
			oidcsource.B2C, func(_ *presetStub, o *oidcsource.Settings) { o.Scope = "openid x" },
			func(_ *presetStub, _ domain.Finding, r *http.Request) bool {
				return r.PostForm.Get("scope") == "openid x"
			},
		},
		"AUTH_STYLE": {
			oidcsource.Auth0, func(_ *presetStub, o *oidcsource.Settings) { o.AuthStyle = oidcsource.AuthBasic },
			func(_ *presetStub, _ domain.Finding, r *http.Request) bool {
				_, _, basic := r.BasicAuth()
				return basic && r.PostForm.Get("client_secret") == ""
			},
		},
		"PROFILE": {
			oidcsource.Okta, func(_ *presetStub, o *oidcsource.Settings) { o.Profile = oidcsource.ProfileIDToken },
			func(s *presetStub, _ domain.Finding, _ *http.Request) bool { return len(s.requests("/userinfo")) == 0 },
		},
		"USERNAME_CLAIM": {
			oidcsource.Cognito, func(_ *presetStub, o *oidcsource.Settings) { o.UsernameClaim = "email" },
			func(_ *presetStub, f domain.Finding, _ *http.Request) bool { return f.User.Username == username },
		},
		"GROUPS_CLAIM": {
			oidcsource.Keycloak, func(_ *presetStub, o *oidcsource.Settings) { o.GroupsClaim = "roles" },
			func(_ *presetStub, f domain.Finding, _ *http.Request) bool {
				return len(f.User.Groups) == 1 && f.User.Groups[0] == "admin"
			},
		},
		"CLAIMS": {
			oidcsource.B2C, func(_ *presetStub, o *oidcsource.Settings) {
				o.Claims = oidcsource.ClaimMap{"email": "signInName", "custom:x": "extension_x"}
			},
			func(_ *presetStub, f domain.Finding, _ *http.Request) bool {
				return f.User.Attributes["email"] == "sign-in@example.com" && f.User.Attributes["custom:x"] == "7" && f.User.Sub == "o-1"
			},
		},
		"TOKEN_URL": {
			oidcsource.Keycloak, func(s *presetStub, o *oidcsource.Settings) {
				s.body["/elsewhere"] = s.body["/token"]
				s.status["/token"] = 500
				o.TokenURL = webclient.URL(s.url + "/elsewhere")
			},
			func(s *presetStub, _ domain.Finding, _ *http.Request) bool { return len(s.requests("/token")) == 0 },
		},
		"JWKS_URL": {
			oidcsource.Keycloak, func(s *presetStub, o *oidcsource.Settings) {
				s.body["/other-keys"], s.body["/keys"] = s.body["/keys"], "{}"
				o.JWKSURL = webclient.URL(s.url + "/other-keys")
			},
			func(s *presetStub, _ domain.Finding, _ *http.Request) bool { return len(s.requests("/keys")) == 0 },
		},
		"USERINFO_URL": {
			oidcsource.Okta, func(s *presetStub, o *oidcsource.Settings) {
				s.body["/me"] = strings.Replace(s.body["/userinfo"], `"sub":`, `"nickname":"h","sub":`, 1)
				o.UserinfoURL = webclient.URL(s.url + "/me")
			},
			func(_ *presetStub, f domain.Finding, _ *http.Request) bool {
				return f.User.Attributes["nickname"] == "h"
			},
		},
		"ISSUER": {
			oidcsource.Entra, func(s *presetStub, o *oidcsource.Settings) {
				path := s.metadata + "/.well-known/openid-configuration"
				s.body[strings.TrimPrefix(s.issuer, s.url)+"/.well-known/openid-configuration"] = s.body[path]
				delete(s.body, path)
				o.Issuer, o.Tenant, o.Domain = webclient.URL(s.issuer), "", ""
			},
			func(*presetStub, domain.Finding, *http.Request) bool { return true },
		},
		"all endpoints, without the inputs": {
			oidcsource.Entra, func(s *presetStub, o *oidcsource.Settings) {
				o.TokenURL, o.JWKSURL, o.Issuer = webclient.URL(s.url+"/token"), webclient.URL(s.url+"/keys"), webclient.URL(s.issuer)
				o.Tenant, o.Domain = "", ""
			},
			func(s *presetStub, _ domain.Finding, _ *http.Request) bool {
				return len(s.requests(s.metadata+"/.well-known/openid-configuration")) == 0
			},
		},
		"REALM, Auth0's connection": {
			oidcsource.Auth0, func(_ *presetStub, o *oidcsource.Settings) { o.Realm = "Username-Password-Authentication" },
			func(_ *presetStub, _ domain.Finding, r *http.Request) bool {
				return r.PostForm.Get("realm") == "Username-Password-Authentication" && strings.HasSuffix(r.PostForm.Get("grant_type"), "password-realm")
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newPresetStub(t, test.preset, 200, "")
			s.gives(map[string]any{"roles": []string{"admin"}, "signInName": "sign-in@example.com", "emails": []string{username}, "extension_x": 7, "oid": "o-1", "cognito:username": "hanako"})
			finding, err := s.authenticate(t, func(o *oidcsource.Settings) { test.change(s, o) })
			if err != nil || finding.Kind != domain.PasswordAccepted {
				t.Fatalf("%v, %v", finding, err)
			}
			asked := append(append(s.requests("/token"), s.requests("/elsewhere")...), s.requests("/")...)
			if !test.holds(s, finding, asked[0]) {
				t.Errorf("the preset's value was used: %v, %v", finding.User, asked[0].PostForm)
			}
		})
	}
}

// An issuer of the operator's own is held; the preset's address tells its own.
func TestAnIssuerThatTheOperatorSetsIsHeld(t *testing.T) {
	t.Parallel()
	s := newPresetStub(t, oidcsource.Auth0, 200, "")
	s.gives(nil)
	// It lacks the slash at the end.
	finding, err := s.authenticate(t, func(o *oidcsource.Settings) { o.Issuer = webclient.URL(s.url) })
	if !errors.Is(err, ports.ErrMisconfigured) || finding.Kind != 0 {
		t.Errorf("%v, %v", finding, err)
	}
}

func TestPresetsThatLackAnInputOrContradictOne(t *testing.T) {
	t.Parallel()
	const id = "6babcaad-604b-40ac-a9d7-9fd97c0b779f"
	for name, test := range map[string]struct {
		settings oidcsource.Settings
		want     []string // the beginnings of the problems
	}{
		"b2c with a tenant's name and a policy": {oidcsource.Settings{Preset: oidcsource.B2C, Tenant: "acme", Policy: "B2C_1_ROPC"}, nil},
		"b2c with a tenant's domain":            {oidcsource.Settings{Preset: oidcsource.B2C, Tenant: "acme.onmicrosoft.com", Policy: "p"}, nil},
		"b2c without anything":                  {oidcsource.Settings{Preset: oidcsource.B2C}, []string{"OLD_TENANT: is required with OLD_PRESET=b2c, unless OLD_ISSUER", "OLD_POLICY: is required with OLD_PRESET=b2c"}},
		"b2c with a tenant's ID alone":          {oidcsource.Settings{Preset: oidcsource.B2C, Tenant: id, Policy: "p"}, []string{"OLD_DOMAIN: is required with OLD_PRESET=b2c and a tenant ID"}},
		"b2c with a tenant's ID and a domain":   {oidcsource.Settings{Preset: oidcsource.B2C, Tenant: id, Policy: "p", Domain: "https://login.acme.example"}, nil},
		"b2c with the issuer of its own":        {oidcsource.Settings{Preset: oidcsource.B2C, Issuer: "https://a.example"}, nil},
		"entra with a tenant":                   {oidcsource.Settings{Preset: oidcsource.Entra, Tenant: id}, nil},
		"entra without a tenant":                {oidcsource.Settings{Preset: oidcsource.Entra}, []string{"OLD_TENANT: is required with OLD_PRESET=entra"}},
		"entra for all tenants":                 {oidcsource.Settings{Preset: oidcsource.Entra, Tenant: "common"}, []string{"OLD_TENANT: expected one tenant"}},
		"entra with a policy":                   {oidcsource.Settings{Preset: oidcsource.Entra, Tenant: id, Policy: "p"}, []string{"OLD_POLICY: is used only with OLD_PRESET=b2c"}},
		"auth0 with a domain":                   {oidcsource.Settings{Preset: oidcsource.Auth0, Domain: "https://acme.eu.auth0.com"}, nil},
		"auth0 without a domain":                {oidcsource.Settings{Preset: oidcsource.Auth0}, []string{"OLD_DOMAIN: is required with OLD_PRESET=auth0, unless OLD_ISSUER"}},
		"auth0 with a tenant":                   {oidcsource.Settings{Preset: oidcsource.Auth0, Domain: "https://a.example", Tenant: "acme"}, []string{"OLD_TENANT: is used only with OLD_PRESET=b2c, entra"}},
		"okta with a domain":                    {oidcsource.Settings{Preset: oidcsource.Okta, Domain: "https://acme.okta.com"}, nil},
		"okta with the console's address":       {oidcsource.Settings{Preset: oidcsource.Okta, Domain: "https://acme-admin.okta.com"}, []string{"OLD_DOMAIN: is the address of Okta's console"}},
		"okta with a realm":                     {oidcsource.Settings{Preset: oidcsource.Okta, Domain: "https://acme.okta.com", Realm: "x"}, []string{"OLD_REALM: is used only with OLD_PRESET=auth0, keycloak"}},
		"keycloak with both":                    {oidcsource.Settings{Preset: oidcsource.Keycloak, Domain: "https://kc.example/auth", Realm: "acme"}, nil},
		"keycloak without either":               {oidcsource.Settings{Preset: oidcsource.Keycloak}, []string{"OLD_DOMAIN: is required", "OLD_REALM: is required with OLD_PRESET=keycloak"}},
		"keycloak in the clear":                 {oidcsource.Settings{Preset: oidcsource.Keycloak, Domain: "http://kc.example", Realm: "acme"}, []string{"OLD_DOMAIN: expected an https URL; passwords would be sent in the clear"}},
		"cognito with a pool":                   {oidcsource.Settings{Preset: oidcsource.Cognito, UserPoolID: pool}, nil},
		"cognito without a pool":                {oidcsource.Settings{Preset: oidcsource.Cognito, Domain: "https://acme.auth.eu-west-1.amazoncognito.com"}, []string{"OLD_USER_POOL_ID: is required with OLD_PRESET=cognito", "OLD_DOMAIN: is a user pool's own domain, which has no password grant"}},
		"cognito with userinfo":                 {oidcsource.Settings{Preset: oidcsource.Cognito, UserPoolID: pool, Profile: oidcsource.ProfileUserinfo}, []string{"OLD_PROFILE: expected id_token with OLD_PRESET=cognito"}},
		"cognito with scopes":                   {oidcsource.Settings{Preset: oidcsource.Cognito, UserPoolID: pool, Scope: "openid"}, []string{"OLD_SCOPE: is not used with OLD_PRESET=cognito"}},
		"an input without a preset":             {oidcsource.Settings{Issuer: "https://a.example", Tenant: "acme"}, []string{"OLD_TENANT: is used only with OLD_PRESET=b2c, entra"}},
		"a domain without a preset":             {oidcsource.Settings{Issuer: "https://a.example", Domain: "https://a.example"}, []string{"OLD_DOMAIN: is used only with OLD_PRESET=b2c, entra, auth0, okta, keycloak, cognito"}},
		"a realm without a preset is Auth0's":   {oidcsource.Settings{Issuer: "https://a.example", Realm: "x"}, nil},
		"a style without a secret":              {oidcsource.Settings{Preset: oidcsource.Auth0, Domain: "https://a.example", AuthStyle: oidcsource.AuthBasic}, []string{"OLD_AUTH_STYLE: expected post"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			problems := test.settings.Validate(func(name string) string { return "OLD_" + name })
			if len(problems) != len(test.want) {
				t.Fatalf("got %v, want %q", problems, test.want)
			}
			for i, want := range test.want {
				if !strings.HasPrefix(problems[i].Error(), want) {
					t.Errorf("got %q, want %q", problems[i], want)
				}
			}
		})
	}
}

func TestInputsAreCheckedForTheirShape(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		setting      func() encoding.TextUnmarshaler
		right, wrong []string
	}{
		"preset": {func() encoding.TextUnmarshaler { return new(oidcsource.Preset) }, []string{"b2c", "entra", "auth0", "okta", "keycloak", "cognito"}, []string{"", "B2C", "azure", "S3cret"}},
		"domain": {func() encoding.TextUnmarshaler { return new(oidcsource.Domain) }, []string{"acme.okta.com", "acme.okta.com/", "kc.example/auth", "http://localhost:8080"}, []string{"", "https://u:S3cret@a.example", "a.example?S3cret", "a b", "ftp://a.example", "{domain}"}},
		"tenant": {func() encoding.TextUnmarshaler { return new(oidcsource.Tenant) }, []string{"acme", "acme.onmicrosoft.com", "6babcaad-604b-40ac-a9d7-9fd97c0b779f"}, []string{"", "a/b", "S3cret?", "../x", "."}},
		"pool":   {func() encoding.TextUnmarshaler { return new(oidcsource.UserPoolID) }, []string{pool}, []string{"", "AbCdEf123", "eu-west-1_", "eu-west-1_S3cret/"}},
		"claims": {func() encoding.TextUnmarshaler { return new(oidcsource.ClaimMap) }, []string{"email=emails", "email=emails, custom:x=https://acme.example/x ,sub=oid"}, []string{"", "email", "=x", "email=", "email=a,email=b", "iss=x"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, text := range test.right {
				if err := test.setting().UnmarshalText([]byte(text)); err != nil {
					t.Errorf("%q: %v", text, err)
				}
			}
			for _, text := range test.wrong {
				err := test.setting().UnmarshalText([]byte(text))
				if err == nil || strings.Contains(err.Error(), "S3cret") || !strings.Contains(err.Error(), "expected ") {
					t.Errorf("%q: %v", text, err)
				}
			}
		})
	}
}
