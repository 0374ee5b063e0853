package oidcsource

import (
	"cmp"
	"slices"
	"strconv"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// row is one response of a provider to the password grant, and its meaning. That is
// a finding about the user or, if kind is 0, a fault of our settings or of the
// provider. [meanings.of] says which row applies.
type row struct {
	// code is the member "error", in lower case.
	code string
	// sub is the provider's own code, in lower case; such a row has no code and
	// matches every one.
	sub string
	// text is a part of the description: whole words in lower case.
	text string
	// exact requires that the text is the whole description.
	exact bool

	kind  domain.FindingKind
	class error
}

// page lists the rows from one page or file of documentation.
type page struct {
	source string
	rows   []row
}

// table lists the responses of one provider.
type table struct {
	provider string
	pages    []page
}

// tables lists the providers' answers. The most specific row counts, whichever
// table it is in, and no two rows contradict each other (tables_test.go).
//
//nolint:funlen,maintidx // tables, not steps
func tables() []table {
	const (
		wrong       = domain.PasswordWrong
		unknown     = domain.UserUnknown
		disabled    = domain.UserDisabled
		unconfirmed = domain.UserUnconfirmed
		federated   = domain.UserFederated
		locked      = domain.LockedOut
		denied      = domain.SignInDenied
		reset       = domain.ResetRequired
		mfa         = domain.MFARequired
		challenge   = domain.ChallengeUnsupported
		grant       = "invalid_grant"
	)
	settings, down, throttled := ports.ErrMisconfigured, ports.ErrUnreachable, ports.ErrThrottled
	return []table{
		{"OAuth 2.0 and OpenID Connect", []page{
			{"RFC 6749, 5.2 and 4.1.2.1", []row{
				{code: grant, kind: wrong},
				{code: "access_denied", kind: denied},
				{code: "invalid_request", class: settings},
				{code: "invalid_client", class: settings},
				{code: "unauthorized_client", class: settings},
				{code: "unsupported_grant_type", class: settings},
				{code: "unsupported_response_type", class: settings},
				{code: "invalid_scope", class: settings},
				{code: "server_error", class: down},
				{code: "temporarily_unavailable", class: down},
			}},
			{"RFC 6750, 3.1", []row{
				{code: "invalid_token", class: settings},
				{code: "insufficient_scope", class: settings},
			}},
			{"RFC 8628, 3.5", []row{
				{code: "slow_down", class: throttled},
				{code: "authorization_pending", kind: challenge},
				{code: "expired_token", class: settings},
			}},
			{"RFC 8707, 2", []row{{code: "invalid_target", class: settings}}},
			{"RFC 9449, 5 and 8", []row{{code: "invalid_dpop_proof", class: settings}, {code: "use_dpop_nonce", class: settings}}},
			{"RFC 9470, 3", []row{{code: "insufficient_user_authentication", kind: challenge}}},
			{"OpenID Connect Core 1.0, 3.1.2.6", []row{
				{code: "interaction_required", kind: challenge},
				{code: "login_required", kind: challenge},
				{code: "account_selection_required", kind: challenge},
				{code: "consent_required", class: settings},
				{code: "request_not_supported", class: settings},
				{code: "registration_not_supported", class: settings},
			}},
			{"OpenID Connect Core Error Code unmet_authentication_requirements 1.0", []row{
				{code: "unmet_authentication_requirements", kind: challenge},
			}},
			{"OpenID Connect Client-Initiated Backchannel Authentication 1.0, 13", []row{{code: "unknown_user_id", kind: unknown}}},
		}},
		{"Keycloak", []page{
			{"keycloak/keycloak: services/…/authenticators/directgrant/ValidateUsername.java", []row{
				{code: grant, text: "invalid user credentials", kind: wrong},
				{code: grant, text: "account disabled", kind: disabled},
				{code: grant, text: "account temporarily disabled", kind: locked},
				// Two users have the email address.
				{code: "invalid_request", text: "invalid user credentials", kind: domain.UserAmbiguous},
			}},
			{"keycloak/keycloak: services/…/oidc/grants/ResourceOwnerPasswordCredentialsGrantType.java", []row{
				// The user must complete required actions; the response does
				// not say which.
				{code: grant, text: "account is not fully set up", kind: challenge},
			}},
			{"keycloak/keycloak: services/…/oidc/endpoints/TokenEndpoint.java", []row{
				{code: "access_denied", text: "realm not enabled", class: settings},
			}},
		}},
		{"Auth0", []page{
			{"Common Auth0 Library Authentication Errors, Auth0 Docs", []row{
				{code: "invalid_user_password", kind: wrong},
				{code: "mfa_required", kind: mfa},
				{code: "mfa_registration_required", kind: challenge},
				{code: "mfa_invalid_code", kind: challenge},
				{code: "password_leaked", kind: denied},
				{code: "passwordhistoryerror", kind: denied},
				{code: "passwordstrengtherror", kind: denied},
				{code: "too_many_attempts", kind: locked},
				// A rule's own text is not known here: map the code, see
				// docs/sources/oidc.md.
				{code: "unauthorized", text: "user is blocked", kind: disabled},
				{code: "unauthorized", text: "access denied", kind: denied},
			}},
			{"Authentication API, Auth0 Docs", []row{
				{code: "access_denied", text: "unauthorized", exact: true, class: settings}, // the client secret is wrong
				{code: "too_many_requests", class: throttled},
				{code: "requires_validation", class: settings},
				{code: "endpoint_disabled", class: settings},
				{code: "unsupported_challenge_type", kind: challenge},
				{code: "association_required", kind: challenge},
			}},
			{"reported for Auth0", []row{
				{code: "server_error", text: "not configured with default connection", class: settings},
			}},
		}},
		{"Okta", []page{
			{"OpenID Connect & OAuth 2.0 API, Okta Developer", []row{
				{code: grant, text: "the credentials provided were invalid", kind: wrong},
				{code: "access_denied", text: "policy evaluation failed", kind: denied},
				{code: "access_denied", text: "user is not assigned to the client application", kind: denied},
			}},
			{"Okta API error codes, Okta Developer", []row{
				{code: "e0000004", kind: wrong},
				{code: "e0000207", kind: wrong},
				{code: "e0000007", class: settings},
				{code: "e0000064", kind: reset},
				{code: "e0000069", kind: locked},
				{code: "e0000119", kind: locked},
				{code: "e0000006", class: settings},
				{code: "e0000011", class: settings},
				{code: "e0000015", class: settings},
				{code: "e0000022", class: settings},
				{code: "e0000009", class: down},
				{code: "e0000010", class: down},
				{code: "e0000047", class: throttled},
			}},
		}},
		{"Amazon Cognito", []page{
			{"InitiateAuth, Amazon Cognito User Pools API Reference", []row{
				{code: "notauthorizedexception", kind: wrong},
				{code: "usernotfoundexception", kind: unknown},
				{code: "usernotconfirmedexception", kind: unconfirmed},
				{code: "passwordresetrequiredexception", kind: reset},
				{code: "userlambdavalidationexception", kind: denied},
				{code: "toomanyrequestsexception", class: throttled},
				{code: "limitexceededexception", class: throttled},
				{code: "internalerrorexception", class: down},
				{code: "unexpectedlambdaexception", class: down},
				{code: "invalidlambdaresponseexception", class: down},
				{code: "serviceunavailableexception", class: down},
				{code: "invalidparameterexception", class: settings},
				{code: "resourcenotfoundexception", class: settings},
				{code: "forbiddenexception", class: settings},
				{code: "operationnotenabledexception", class: settings},
				{code: "unsupportedoperationexception", class: settings},
				{code: "invaliduserpoolconfigurationexception", class: settings},
				{code: "invalidsmsroleaccesspolicyexception", class: settings},
				{code: "invalidsmsroletrustrelationshipexception", class: settings},
				{code: "invalidemailroleaccesspolicyexception", class: settings},
				{sub: "sms_mfa", kind: mfa},
				{sub: "software_token_mfa", kind: mfa},
				{sub: "email_otp", kind: mfa},
				{sub: "select_mfa_type", kind: mfa},
				{sub: "mfa_setup", kind: mfa},
				{sub: "web_authn", kind: mfa},
				// Nothing is known of the user, so a temporary password is no proof.
				{sub: "new_password_required", kind: challenge},
				{code: challengeCode, kind: challenge},
			}},
			{"reported for Amazon Cognito; see docs/cognito-facts.md", []row{
				{code: "invalidpasswordexception", kind: wrong}, // cognito-local
				{code: "notauthorizedexception", text: "user is disabled", kind: disabled},
				{code: "notauthorizedexception", text: "password attempts exceeded", kind: locked},
				{code: "notauthorizedexception", text: "unable to login because of security reasons", kind: denied},
				{code: "notauthorizedexception", text: "temporary password has expired", kind: domain.TemporaryPasswordExpired},
				{code: "notauthorizedexception", text: "user account has expired", kind: domain.TemporaryPasswordExpired},
				{code: "notauthorizedexception", text: "unable to verify secret hash for client", class: settings},
				{code: "notauthorizedexception", text: "is configured with secret but secret_hash was not received", class: settings},
				{code: "notauthorizedexception", text: "is configured for secret but secret was not received", class: settings},
				{code: "invalidparameterexception", text: "'username' failed to satisfy constraint", kind: unknown},
				{code: "invalidparameterexception", text: "'password' failed to satisfy constraint", kind: wrong},
			}},
		}},
		{"AD FS", []page{
			{"reported for Windows Server", []row{{code: "invalid_resource", class: settings}}},
		}},
		{"Microsoft Entra ID", []page{
			{"Microsoft Entra authentication and authorization error codes, Microsoft Learn", entra(map[meaning][]int{
				{kind: wrong}:      {50126, 50056, 50064},
				{kind: unknown}:    {50034, 51004, 50014, 50020, 50059, 50128, 50197, 16000, 16003},
				{kind: locked}:     {50053},
				{kind: reset}:      {50055, 50144, 50125, 50135},
				{kind: disabled}:   {50057},
				{kind: mfa}:        {50074, 50076, 50078},
				{kind: challenge}:  {50058, 50072, 50079, 50140, 50158, 50161, 50180, 50199, 51006, 53004, 53010, 500121, 16001},
				{kind: federated}:  {20001, 20012, 20033, 40008, 40009, 40010, 40015, 50008},
				{kind: denied}:     {50005, 50015, 50097, 50105, 50127, 50129, 50131, 50155, 50177, 50178, 50187, 53000, 53001, 53002, 53003, 53011, 530034, 530035, 54000, 80012, 500021, 500022, 500208, 500212, 500213, 1000104},
				{class: settings}:  {50001, 50002, 50003, 50011, 50012, 50049, 50107, 50194, 65001, 65002, 65004, 65005, 70001, 70002, 70003, 70011, 90002, 90019, 90023, 90094, 500011, 500014, 650052, 650054, 650056, 650057, 700011, 700016, 700025, 700027, 900144, 7000112, 7000215, 7000218, 7000222},
				{class: down}:      {50000, 50033, 50086, 50087, 70012, 80001, 80002, 80005, 80007, 80010, 80013, 80014, 90033},
				{class: throttled}: {50088, 50166, 50196},
			})},
		}},
		{"Azure AD B2C", []page{
			{"Error codes: Azure Active Directory B2C, Microsoft Learn", b2c(map[meaning][]int{
				{kind: wrong}:      {90225, 90052, 90054},
				{kind: unknown}:    {90053, 90128},
				{kind: locked}:     {90111, 90114, 90151, 90157},
				{kind: reset}:      {90118},
				{kind: challenge}:  {90145, 90152, 90154, 90155, 90156},
				{class: settings}:  {90008, 90010, 90011, 90012, 90018, 90021, 90027, 90028, 90031, 90055, 90058, 90068, 90079, 90081, 90083, 90084, 90086, 90092, 90107, 90117, 90146, 90205, 90224, 90243, 90248, 90279, 90284, 90285, 90296, 99005, 99013, 99015},
				{class: down}:      {90035, 90037, 90048, 90075, 90085, 90206, 90255, 90261, 90273, 90289},
				{class: throttled}: {90244},
			})},
		}},
		{"Spring", []page{
			{"spring-projects/spring-security: core/…/messages.properties", []row{
				{code: grant, text: "bad credentials", kind: wrong},
				{code: grant, text: "user is disabled", kind: disabled},
				{code: grant, text: "user account is locked", kind: locked},
				{code: grant, text: "user account has expired", kind: disabled},
				{code: grant, text: "user credentials have expired", kind: reset},
			}},
			{"spring-attic/spring-security-oauth: …/provider/error/DefaultWebResponseExceptionTranslator.java", []row{
				// Our own client was rejected; faults of a user are
				// invalid_grant.
				{code: "unauthorized", class: settings},
				{code: "access_denied", text: "access is denied", exact: true, class: settings},
				{code: "method_not_allowed", class: settings},
			}},
			{"spring-attic/spring-security-oauth: …/common/exceptions/UnauthorizedUserException.java", []row{
				{code: "unauthorized_user", kind: wrong},
			}},
		}},
		{"oauth2orize and Passport.js", []page{
			{"jaredhanson/oauth2orize: lib/exchange/password.js", []row{
				{code: grant, text: "invalid resource owner credentials", kind: wrong},
			}},
		}},
		{"Laravel Passport", []page{
			{"thephpleague/oauth2-server: src/Exception/OAuthServerException.php", []row{
				{code: "invalid_credentials", kind: wrong},
				{code: grant, text: "the user credentials were incorrect", kind: wrong},
				{code: "invalid_request", text: "the user credentials were incorrect", kind: wrong},
			}},
		}},
		{"doorkeeper", []page{
			{"doorkeeper-gem/doorkeeper: config/locales/en.yml", []row{
				{code: "invalid_resource_owner", kind: wrong},
			}},
			{"heartcombo/devise: config/locales/en.yml (the sentence is the error)", []row{
				{text: "or password", kind: wrong},
				{text: "invalid login credentials", kind: wrong},
				{text: "your account is locked", kind: locked},
				{text: "not activated yet", kind: unconfirmed},
				{text: "you have to confirm your", kind: unconfirmed},
			}},
		}},
		{"WSO2", []page{
			{"wso2/carbon-identity-framework: …/core/util/IdentityCoreConstants.java; wso2/carbon-kernel: …/UserCoreConstants.java", []row{
				{sub: "17001", kind: unknown},
				{sub: "17002", kind: wrong},
				{sub: "17003", kind: locked},
				{sub: "17004", kind: disabled},
				{sub: "17005", kind: unconfirmed},
				{sub: "17006", kind: reset},
				{sub: "17007", kind: reset},
				{sub: "17008", kind: wrong},
				{sub: "17009", kind: unconfirmed},
				{sub: "17010", kind: wrong},
			}},
			{"wso2-extensions/identity-inbound-auth-oauth: …/handlers/grant/PasswordGrantHandler.java", []row{
				{code: grant, text: "authentication failed for", kind: wrong},
			}},
		}},
		{"PingFederate", []page{
			{"Configuring the LDAP Username Password Credential Validator, Ping Identity Docs", []row{
				{code: grant, text: "account expired", kind: disabled},
				{code: grant, text: "account locked", kind: locked},
				{code: grant, text: "invalid credentials", kind: wrong},
				{code: grant, text: "not permitted to logon", kind: denied},
				{code: grant, text: "password expired", kind: reset},
				{code: grant, text: "user must reset password", kind: reset},
				{code: grant, text: "user not found", kind: unknown},
				{code: grant, text: "please try again later", exact: true, class: down},
			}},
		}},
		{"FusionAuth", []page{
			{"OAuthError in OAuth 2.0 and OIDC Endpoints, FusionAuth Docs", []row{
				{code: "change_password_required", kind: reset},
				{code: "two_factor_required", kind: mfa},
				{code: "not_licensed", class: settings},
				{sub: "invalid_user_credentials", kind: wrong},
				{sub: "user_not_found", kind: unknown},
				{sub: "user_locked", kind: locked},
				{sub: "user_expired", kind: disabled},
				{sub: "login_prevented", kind: denied},
				{sub: "email_verification_required", kind: unconfirmed},
				{sub: "phone_verification_required", kind: unconfirmed},
				{sub: "registration_verification_required", kind: unconfirmed},
				{sub: "registration_required", kind: denied},
				{sub: "registration_missing_requirement", kind: denied},
				{sub: "multi_factor_challenge_required", kind: mfa},
				{sub: "authentication_required", kind: challenge},
				{sub: "change_password_administrative", kind: reset},
				{sub: "change_password_breached", kind: reset},
				{sub: "change_password_expired", kind: reset},
				{sub: "change_password_validation", kind: reset},
				{sub: "consent_required", class: settings},
				{sub: "grant_type_disabled", class: settings},
				{sub: "invalid_client_id", class: settings},
				{sub: "invalid_client_authentication", class: settings},
				{sub: "invalid_client_authentication_scheme", class: settings},
				{sub: "client_authentication_missing", class: settings},
				{sub: "missing_client_id", class: settings},
				{sub: "missing_client_secret", class: settings},
				{sub: "invalid_grant_type", class: settings},
				{sub: "invalid_origin", class: settings},
				{sub: "invalid_tenant_id", class: settings},
				{sub: "missing_tenant_id", class: settings},
				{sub: "missing_required_scope", class: settings},
				{sub: "unknown_scope", class: settings},
				{sub: "not_licensed", class: settings},
			}},
		}},
		{"Ory", []page{
			{"ory/fosite: errors.go, handler/oauth2/flow_resource_owner.go", []row{
				{code: "request_unauthorized", kind: wrong},
				{code: "request_forbidden", kind: denied},
				{code: "misconfiguration", class: settings},
				{code: grant, text: "unable to authenticate the provided username and password", kind: wrong},
				{code: grant, text: "the client is not allowed to use grant type password", class: settings},
				{code: grant, text: "the oauth 2.0 client is not allowed to use authorization grant", class: settings},
			}},
		}},
		{"IdentityServer", []page{
			{"IdentityServer/IdentityServer4: src/…/Validation/Default/TokenRequestValidator.cs", []row{
				{code: grant, text: "invalid_username_or_password", kind: wrong},
			}},
			{"AbpErrorDescriptionConsts, ABP.IO API Documentation", []row{
				{code: grant, text: "requirestwofactor", kind: mfa},
				{code: grant, text: "requiresconfirmuser", kind: unconfirmed},
			}},
		}},
		{"Any provider", []page{
			{"Words that several of these providers use", common([]row{
				{text: "temporarily disabled", kind: locked},
				{text: "temporarily blocked", kind: locked},
				{text: "too many", kind: locked},
				{text: "locked", kind: locked},
				{text: "locked out", kind: locked},
				{text: "is blocked", kind: disabled},
				{text: "disabled", kind: disabled},
				{text: "deactivated", kind: disabled},
				{text: "suspended", kind: disabled},
				{text: "is inactive", kind: disabled},
				{text: "account has expired", kind: disabled},
				{text: "password has expired", kind: reset},
				{text: "password is expired", kind: reset},
				{text: "credentials have expired", kind: reset},
				{text: "not confirmed", kind: unconfirmed},
				{text: "not verified", kind: unconfirmed},
			})},
		}},
	}
}

// meaning is the common part of rows with different numbers.
type meaning struct {
	kind  domain.FindingKind
	class error
}

func entra(numbers map[meaning][]int) []row { return numbered("aadsts", numbers) }

func b2c(numbers map[meaning][]int) []row { return numbered("aadb2c", numbers) }

// personal lists the codes that may concern the user. Words in their
// descriptions count for every provider.
func personal() []string {
	return []string{"invalid_grant", "invalid_user_password", "access_denied", "unauthorized", "interaction_required", ""}
}

func isPersonal(code string) bool { return slices.Contains(personal(), code) }

// common returns each row once for every code that may concern the user.
func common(rows []row) []row {
	var all []row
	for _, code := range personal() {
		for _, row := range rows {
			row.code = code
			all = append(all, row)
		}
	}
	return all
}

// numbered returns a row for each number.
func numbered(prefix string, numbers map[meaning][]int) []row {
	var rows []row
	for means, list := range numbers {
		for _, number := range list {
			rows = append(rows, row{sub: prefix + strconv.Itoa(number), kind: means.kind, class: means.class})
		}
	}
	slices.SortFunc(rows, func(a, b row) int { return cmp.Compare(a.sub, b.sub) })
	return rows
}
