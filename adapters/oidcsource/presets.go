package oidcsource

import (
	"cmp"
	"errors"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
)

// Preset names a provider whose endpoints, claims and codes are known.
type Preset string

// Presets.
const (
	B2C      Preset = "b2c"
	Entra    Preset = "entra"
	Auth0    Preset = "auth0"
	Okta     Preset = "okta"
	Keycloak Preset = "keycloak"
	Cognito  Preset = "cognito"
)

// UnmarshalText implements [encoding.TextUnmarshaler]. An error lists the choices.
func (p *Preset) UnmarshalText(text []byte) error {
	return domain.Choose(p, text, B2C, Entra, Auth0, Okta, Keycloak, Cognito)
}

// presetRow is what is known of one provider. A setting of the operator's own
// replaces the value of the same name. Values with {placeholders} are filled from
// the inputs; see [inputs.value].
type presetRow struct {
	preset Preset
	// source is the documentation of the values.
	source string
	// domain is the default of DOMAIN.
	domain string
	// metadata is the address that has the path /.well-known/openid-configuration.
	// The endpoints and the issuer are those in the document there.
	metadata string
	// tokenURL, jwksURL and issuer replace discovery.
	tokenURL, jwksURL, issuer string
	// optional lists inputs that no value above needs.
	optional []string

	// authStyle is for a client with a secret.
	authStyle AuthStyle
	// scope, and responseType if the provider requires one.
	scope, responseType string
	profile             Profile
	usernameClaim       string
	groupsClaim         string
	// uniqueUsername is true if the provider guarantees that the username claim
	// names one user and that users cannot change it. It is then the username even
	// if the user typed another name.
	uniqueUsername bool
	claims         ClaimMap
	// codes are codes with another meaning than at other providers.
	codes []row
	// initiateAuth: the password is checked by Cognito's InitiateAuth.
	initiateAuth bool
}

// Settings that are a preset's inputs.
const (
	inputDomain   = "DOMAIN"
	inputTenant   = "TENANT"
	inputPolicy   = "POLICY"
	inputRealm    = "REALM"
	inputUserPool = "USER_POOL_ID"
)

// The defaults without a preset, and of most presets.
const (
	defaultScope         = "openid profile email"
	defaultUsernameClaim = "preferred_username"
	defaultGroupsClaim   = "groups"
)

// presets are the rows, and the only place that knows a preset.
func presets() []presetRow {
	return []presetRow{
		{
			preset:   B2C,
			source:   "Set up a resource owner password credentials flow in Azure Active Directory B2C, Microsoft Learn",
			domain:   "https://{tenant_name}.b2clogin.com",
			metadata: "{domain}/{tenant}/{policy}/v2.0",
			// Without the client's ID among the scopes there is no access token.
			authStyle: AuthPost, scope: "openid {client_id}", responseType: "token id_token",
			profile: ProfileIDToken, usernameClaim: defaultUsernameClaim, groupsClaim: defaultGroupsClaim,
			// Older custom policies have one fixed sentence as the sub of every user.
			claims: ClaimMap{"email": "emails", "sub": "oid"},
		},
		{
			preset:    Entra,
			source:    "Microsoft identity platform and OAuth 2.0 Resource Owner Password Credentials, Microsoft Learn",
			domain:    "https://login.microsoftonline.com",
			metadata:  "{domain}/{tenant}/v2.0",
			authStyle: AuthPost, scope: defaultScope,
			profile: ProfileIDToken, usernameClaim: defaultUsernameClaim, groupsClaim: defaultGroupsClaim,
			// The email claim is not verified; this optional claim says whether the
			// owner of its domain is (Optional claims reference, Microsoft Learn).
			claims: ClaimMap{"email_verified": "xms_edov"},
		},
		{
			preset:    Auth0,
			source:    "Call Your API Using Resource Owner Password Flow, Auth0 Docs",
			metadata:  "{domain}",
			optional:  []string{inputRealm},
			authStyle: AuthPost, scope: defaultScope,
			profile: ProfileIDToken, usernameClaim: defaultUsernameClaim, groupsClaim: defaultGroupsClaim,
			// A rule or an action denied the sign-in, in its own words. At Spring, the
			// same code means that the client was rejected.
			codes: []row{{code: "unauthorized", kind: domain.SignInDenied}},
		},
		{
			preset:    Okta,
			source:    "Implement the Resource Owner Password flow, Okta Developer",
			metadata:  "{domain}/oauth2/default",
			authStyle: AuthBasic, scope: "openid profile email phone",
			// ID tokens have few claims if there is an access token beside them.
			profile: ProfileUserinfo, usernameClaim: defaultUsernameClaim, groupsClaim: defaultGroupsClaim,
		},
		{
			preset:    Keycloak,
			source:    "Securing applications and services guide: OpenID Connect, Keycloak",
			metadata:  "{domain}/realms/{realm}",
			authStyle: AuthBasic, scope: defaultScope,
			profile: ProfileIDToken, usernameClaim: defaultUsernameClaim, groupsClaim: defaultGroupsClaim,
		},
		{
			preset: Cognito,
			// The token endpoint of a user pool's domain has no password grant ("The
			// token issuer endpoint", Amazon Cognito Developer Guide).
			source:   "InitiateAuth, Amazon Cognito User Pools API Reference",
			domain:   "https://cognito-idp.{region}.{aws}",
			tokenURL: "{domain}/", jwksURL: "{domain}/{pool}/.well-known/jwks.json", issuer: "https://cognito-idp.{region}.{aws}/{pool}",
			initiateAuth: true,
			profile:      ProfileIDToken, usernameClaim: "cognito:username", groupsClaim: "cognito:groups", uniqueUsername: true,
		},
	}
}

// rowOf returns the row of a preset. Without a preset, it has the defaults alone.
func rowOf(preset Preset) presetRow {
	for _, row := range presets() {
		if row.preset == preset {
			return row
		}
	}
	return presetRow{profile: ProfileIDToken, scope: defaultScope, usernameClaim: defaultUsernameClaim, groupsClaim: defaultGroupsClaim}
}

// placeholder matches one in a value.
func placeholder() *regexp.Regexp { return regexp.MustCompile(`\{[a-z_]+\}`) }

// inputOf returns the setting that fills a placeholder; empty for the client's ID,
// which is always set.
func inputOf(placeholder string) string {
	switch placeholder {
	case "{domain}":
		return inputDomain
	case "{tenant}", "{tenant_name}":
		return inputTenant
	case "{policy}":
		return inputPolicy
	case "{realm}":
		return inputRealm
	case "{region}", "{aws}", "{pool}":
		return inputUserPool
	default:
		return ""
	}
}

// takes lists the inputs of the preset.
func (r presetRow) takes() []string {
	taken := slices.Clone(r.optional)
	for _, value := range []string{r.metadata, r.tokenURL, r.jwksURL, r.issuer, r.domain} {
		for _, part := range placeholder().FindAllString(value, -1) {
			if input := inputOf(part); input != "" && !slices.Contains(taken, input) {
				taken = append(taken, input)
			}
		}
	}
	return taken
}

// plan is the settings with the preset's values in place of those that are not
// set.
type plan struct {
	Settings
	preset presetRow
	// metadata is the address for discovery; empty without discovery.
	metadata string
	// expected is the issuer that the document must have; empty if the preset's own
	// address is trusted to tell it.
	expected string
	// initiateAuth is [presetRow.initiateAuth], unless the operator's own endpoint
	// is asked: that one has a password grant.
	initiateAuth bool
	// missing lists the inputs and endpoints without a value.
	missing []string
}

// planned fills the settings from the preset.
func (s Settings) planned() plan {
	row := rowOf(s.Preset)
	p := plan{Settings: s, preset: row}
	p.Profile = cmp.Or(s.Profile, row.profile)
	p.UsernameClaim = cmp.Or(s.UsernameClaim, row.usernameClaim)
	p.GroupsClaim = cmp.Or(s.GroupsClaim, row.groupsClaim)
	p.Scope = strings.ReplaceAll(cmp.Or(s.Scope, row.scope), "{client_id}", s.ClientID)
	p.preset.uniqueUsername = row.uniqueUsername && p.UsernameClaim == row.usernameClaim
	p.Claims = row.claims.with(s.Claims)
	if !s.ClientSecret.Empty() {
		p.AuthStyle = cmp.Or(s.AuthStyle, row.authStyle)
	}
	if s.Preset == "" {
		if s.TokenURL == "" {
			p.metadata, p.expected = string(s.Issuer), string(s.Issuer)
		}
		return p
	}
	p.endpoints(row)
	if s.Preset == Keycloak {
		p.Realm = "" // it is in the URL, and not Auth0's connection
	}
	return p
}

// endpoints takes the preset's endpoints where the operator has set none. It
// needs no input whose endpoints are all set.
func (p *plan) endpoints(row presetRow) {
	inputs := inputs{settings: p.Settings}
	p.initiateAuth = row.initiateAuth && p.UserPoolID != "" && p.TokenURL == ""
	if p.UserPoolID != "" {
		for _, endpoint := range []struct {
			own   *webclient.URL
			value string
		}{{&p.TokenURL, row.tokenURL}, {&p.JWKSURL, row.jwksURL}, {&p.Issuer, row.issuer}} {
			if *endpoint.own == "" {
				*endpoint.own = webclient.URL(inputs.fill(endpoint.value))
			}
		}
	}
	if p.complete() {
		return
	}
	switch {
	case p.Issuer != "":
		p.metadata, p.expected = string(p.Issuer), string(p.Issuer)
	case row.metadata != "":
		p.metadata = inputs.fill(row.metadata)
	default:
		inputs.lacks(inputUserPool)
	}
	p.missing = inputs.missing
}

// complete reports whether every endpoint is known that a sign-in needs.
func (p *plan) complete() bool {
	if p.Profile == ProfileUserinfo {
		return p.TokenURL != "" && p.UserinfoURL != ""
	}
	return p.TokenURL != "" && p.JWKSURL != "" && p.Issuer != ""
}

// inputs fills values with the settings, and collects the settings that are
// missing.
type inputs struct {
	settings Settings
	missing  []string
}

func (i *inputs) lacks(setting string) {
	if !slices.Contains(i.missing, setting) {
		i.missing = append(i.missing, setting)
	}
}

// fill replaces the placeholders in a value.
func (i *inputs) fill(value string) string {
	return placeholder().ReplaceAllStringFunc(value, func(part string) string {
		filled := i.value(part)
		switch {
		case filled != "":
		case part == "{tenant_name}" && i.settings.Tenant != "":
			i.lacks(inputDomain) // an ID does not tell the name
		default:
			i.lacks(inputOf(part))
		}
		return filled
	})
}

func (i *inputs) value(part string) string {
	s := i.settings
	region, _, _ := strings.Cut(string(s.UserPoolID), "_")
	switch part {
	case "{domain}":
		if s.Domain != "" {
			return string(s.Domain)
		}
		return i.fill(rowOf(s.Preset).domain)
	case "{tenant}":
		return s.Tenant.segment()
	case "{tenant_name}":
		return s.Tenant.name()
	case "{policy}":
		return url.PathEscape(s.Policy)
	case "{realm}":
		return url.PathEscape(s.Realm)
	case "{region}":
		return region
	case "{aws}":
		if strings.HasPrefix(region, "cn-") {
			return "amazonaws.com.cn"
		}
		return "amazonaws.com"
	case "{pool}":
		return string(s.UserPoolID)
	default:
		return ""
	}
}

// validatePreset checks the inputs of the preset.
func (p *plan) validatePreset(given Settings, variable func(string) string, problem func(name, what string)) {
	chosen := variable("PRESET") + "=" + string(given.Preset)
	takes := p.preset.takes()
	for _, input := range []struct {
		name string
		set  bool
	}{
		{inputDomain, given.Domain != ""}, {inputTenant, given.Tenant != ""}, {inputPolicy, given.Policy != ""},
		{inputRealm, given.Realm != "" && given.Preset != ""}, {inputUserPool, given.UserPoolID != ""},
	} {
		if input.set && !slices.Contains(takes, input.name) {
			problem(input.name, "is used only with "+variable("PRESET")+"="+takenBy(input.name)+"; remove it, or set another preset")
		}
	}
	for _, input := range p.missing {
		what := "is required with " + chosen
		if input == inputDomain && p.preset.domain != "" {
			what += " and a tenant ID; a tenant name needs none"
		}
		problem(input, what+", unless "+variable("ISSUER")+" or the endpoints are set; expected "+expectation(input))
	}
	if host := given.Domain.host(); given.Preset == Okta && strings.Contains(host, "-admin.") {
		problem(inputDomain, "is the address of Okta's console; remove -admin from it")
	}
	if host := given.Domain.host(); given.Preset == Cognito && strings.HasSuffix(host, ".amazoncognito.com") {
		problem(inputDomain, "is a user pool's own domain, which has no password grant; remove it, and set "+variable(inputUserPool))
	}
	if given.Preset == Entra && slices.Contains([]string{"common", "organizations", "consumers"}, string(given.Tenant)) {
		problem(inputTenant, "expected one tenant, because an ID token names its issuer by the tenant; set the tenant's ID or domain")
	}
	if p.initiateAuth {
		for _, unused := range []struct {
			name string
			set  bool
		}{{"SCOPE", given.Scope != ""}, {"AUDIENCE", given.Audience != ""}, {"AUTH_STYLE", given.AuthStyle != ""}} {
			if unused.set {
				problem(unused.name, "is not used with "+chosen+" and "+variable(inputUserPool)+"; remove it")
			}
		}
		if p.Profile == ProfileUserinfo && p.UserinfoURL == "" {
			problem("PROFILE", "expected id_token with "+chosen+", because the token of InitiateAuth does not open the userinfo endpoint")
		}
	}
}

// takenBy lists the presets that use an input.
func takenBy(input string) string {
	var names []string
	for _, row := range presets() {
		if slices.Contains(row.takes(), input) {
			names = append(names, string(row.preset))
		}
	}
	return strings.Join(names, ", ")
}

// expectation says what an input looks like.
func expectation(input string) string {
	switch input {
	case inputDomain:
		return "a host name, such as acme.eu.auth0.com"
	case inputTenant:
		return "the tenant's name, domain or ID, such as acme"
	case inputPolicy:
		return "the name of the policy or user flow, such as B2C_1_ROPC"
	case inputRealm:
		return "the name of the realm"
	default:
		return "the ID of a user pool, such as ap-northeast-1_AbCdEf123"
	}
}

// Domain is the address of a provider, with its scheme.
type Domain string

// UnmarshalText implements [encoding.TextUnmarshaler]. A name without a scheme is
// asked over TLS. The error does not repeat the value.
func (d *Domain) UnmarshalText(text []byte) error {
	address := strings.TrimRight(string(text), "/")
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	var checked webclient.URL
	if err := checked.UnmarshalText([]byte(address)); err != nil || strings.ContainsAny(address, "?{} ") {
		return errors.New("expected a host name, such as login.example.com, or an https URL")
	}
	*d = Domain(address)
	return nil
}

func (d Domain) host() string {
	return webclient.URL(d).Parsed().Hostname()
}

// Tenant is a Microsoft tenant: its ID, its domain, or the first part of
// NAME.onmicrosoft.com.
type Tenant string

// UnmarshalText implements [encoding.TextUnmarshaler].
func (t *Tenant) UnmarshalText(text []byte) error {
	if !regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$`).Match(text) {
		return errors.New("expected the tenant's name, domain or ID, such as acme, acme.onmicrosoft.com or 6babcaad-604b-40ac-a9d7-9fd97c0b779f")
	}
	*t = Tenant(text)
	return nil
}

// isID reports whether the tenant is given by its ID.
func (t Tenant) isID() bool {
	return regexp.MustCompile(`(?i)^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`).MatchString(string(t))
}

// segment is the tenant in the path of a URL.
func (t Tenant) segment() string {
	if t == "" || strings.Contains(string(t), ".") || t.isID() {
		return string(t)
	}
	return string(t) + ".onmicrosoft.com"
}

// name is the tenant in the name of a host. It is empty for an ID and for the
// tenant's own domain, which do not contain the name.
func (t Tenant) name() string {
	name, rest, found := strings.Cut(string(t), ".")
	if t.isID() || found && !strings.EqualFold(rest, "onmicrosoft.com") {
		return ""
	}
	return name
}

// UserPoolID is the ID of a user pool.
type UserPoolID string

// UnmarshalText implements [encoding.TextUnmarshaler] ("UserPoolId", Amazon
// Cognito API Reference). The part before the underscore need not be a region: with
// DOMAIN, it can be the pool of an emulator.
func (u *UserPoolID) UnmarshalText(text []byte) error {
	if !regexp.MustCompile(`^[a-z0-9-]+_[0-9A-Za-z]+$`).Match(text) {
		return errors.New("expected " + expectation(inputUserPool))
	}
	*u = UserPoolID(text)
	return nil
}

// ClaimMap has the claim of each attribute that is not in the claim of its own
// name.
type ClaimMap map[string]string

// UnmarshalText implements [encoding.TextUnmarshaler].
func (m *ClaimMap) UnmarshalText(text []byte) error {
	read := make(ClaimMap)
	for entry := range strings.SplitSeq(string(text), ",") {
		attribute, claim, found := strings.Cut(entry, "=")
		attribute, claim = strings.TrimSpace(attribute), strings.TrimSpace(claim)
		if !found || attribute == "" || claim == "" {
			return errors.New("expected attribute=claim, separated by commas, such as email=emails")
		}
		if _, twice := read[attribute]; twice {
			return errors.New("an attribute is listed twice; expected one claim for each")
		}
		if attribute != claimSub && isTokenClaim(attribute) {
			return errors.New("an entry names a claim that describes the token and not the user; expected an attribute, such as email")
		}
		read[attribute] = claim
	}
	*m = read
	return nil
}

// with returns the map with the entries of another map in place of its own.
func (m ClaimMap) with(own ClaimMap) ClaimMap {
	all := make(ClaimMap, len(m)+len(own))
	maps.Copy(all, m)
	maps.Copy(all, own)
	return all
}
