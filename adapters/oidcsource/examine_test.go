package oidcsource_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/adapters/oidcsource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
	"cognito-user-migration/test/process"
)

// examined examines a provider, and fails the test if a result shows the secret.
func examined(t *testing.T, settings oidcsource.Settings) map[ports.Aspect]ports.Examined {
	t.Helper()
	probe := ports.Probe{Username: "migratectl-doctor-x", Now: time.Now(), Variable: func(name string) string { return "OLD_" + name }}
	found := make(map[ports.Aspect]ports.Examined)
	for _, one := range oidcsource.Examiner().Examine(t.Context(), &settings, parts.SourceOptions{Name: "OLD", Rules: domain.DefaultRules(), Note: func(ports.Note) {}}, probe) {
		found[one.Aspect] = one
		if strings.Contains(one.Saw+one.Remedy, "S3cret") || strings.Contains(one.Saw+one.Remedy, "Wr0ng") {
			t.Errorf("%s shows a secret: %s -> %s", one.Aspect, one.Saw, one.Remedy)
		}
	}
	return found
}

// row is a fault and what the examination says of it.
type faultRow struct {
	change      func(*stub, *oidcsource.Settings)
	aspect      ports.Aspect
	status      ports.ExaminedStatus
	saw, remedy string
}

func TestTheExaminationFindsFaultsOfProviders(t *testing.T) {
	t.Parallel()
	answers := func(status int, body string) func(*stub, *oidcsource.Settings) {
		return func(s *stub, _ *oidcsource.Settings) { s.status["/token"], s.body["/token"] = status, body }
	}
	on := func(path string, status int, body string) func(*stub, *oidcsource.Settings) {
		return func(s *stub, _ *oidcsource.Settings) { s.status[path], s.body[path] = status, body }
	}
	const discovery = "/.well-known/openid-configuration"
	for name, row := range map[string]faultRow{
		"nothing: the connection": {nil, ports.AspectReached, ports.ExaminedPass, "accepts connections", ""},
		"nothing: no TLS":         {nil, ports.AspectCertificate, ports.ExaminedSkip, "no TLS", ""},
		"nothing: the keys":       {nil, ports.AspectLookUp, ports.ExaminedPass, "the endpoints and the keys are known", ""},
		"nothing: the client":     {nil, ports.AspectCredentials, ports.ExaminedPass, "accepts the client", ""},
		"a provider that is not there": {func(_ *stub, o *oidcsource.Settings) { o.Issuer = webclient.URL("http://" + process.ClosedAddress(t)) }, ports.AspectReached,
			ports.ExaminedFail, "refuses connections", "OLD_ISSUER"},
		"TLS on a port without it": {func(s *stub, o *oidcsource.Settings) {
			o.Issuer = webclient.URL("https" + strings.TrimPrefix(s.url, "http"))
		}, ports.AspectCertificate, ports.ExaminedFail, "does not speak TLS", "OLD_ISSUER"},
		"no discovery document":       {on(discovery, 404, ""), ports.AspectLookUp, ports.ExaminedFail, "status 404", "correct OLD_ISSUER"},
		"a document that is no JSON":  {on(discovery, 200, "<html>"), ports.AspectLookUp, ports.ExaminedFail, "cannot be parsed", "OLD_ISSUER"},
		"another issuer":              {on(discovery, 200, `{"issuer":"https://other.example","token_endpoint":"https://other.example"}`), ports.AspectLookUp, ports.ExaminedFail, "differs from ISSUER", "set OLD_ISSUER to the issuer"},
		"keys that cannot be fetched": {on("/keys", 500, ""), ports.AspectLookUp, ports.ExaminedFail, "keys that verify ID tokens could not be fetched", "OLD_JWKS_URL"},
		"a wrong secret":              {answers(401, `{"error":"invalid_client"}`), ports.AspectCredentials, ports.ExaminedFail, "invalid_client", "correct OLD_CLIENT_ID and OLD_CLIENT_SECRET"},
		"a wrong secret, by status":   {answers(401, ""), ports.AspectCredentials, ports.ExaminedFail, "401", "correct OLD_CLIENT_ID"},
		"a grant that is not allowed": {answers(400, `{"error":"unauthorized_client"}`), ports.AspectCredentials, ports.ExaminedFail, "unauthorized_client", "allow the client the password grant"},
		"a grant that is not offered": {answers(400, `{"error":"unsupported_grant_type"}`), ports.AspectCredentials, ports.ExaminedFail, "unsupported_grant_type", "allow the client the password grant"},
		"a scope that is not allowed": {answers(400, `{"error":"invalid_scope"}`), ports.AspectCredentials, ports.ExaminedFail, "invalid_scope", "OLD_SCOPE"},
		"no token endpoint":           {answers(404, ""), ports.AspectCredentials, ports.ExaminedFail, "404", "OLD_TOKEN_URL"},
		"a fault of the provider":     {answers(503, ""), ports.AspectCredentials, ports.ExaminedFail, "503", "fault of its own"},
		"a code of its own":           {answers(400, `{"error":"strange_code"}`), ports.AspectCredentials, ports.ExaminedFail, "strange_code", "OLD_ERROR_CODES"},
		"userinfo without an endpoint": {func(s *stub, o *oidcsource.Settings) {
			o.Profile = oidcsource.ProfileUserinfo
			s.body[discovery] = strings.Replace(s.body[discovery], "userinfo_endpoint", "other", 1)
		}, ports.AspectLookUp, ports.ExaminedFail, "no userinfo endpoint", "OLD_USERINFO_URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t, http.StatusBadRequest, `{"error":"invalid_grant"}`)
			settings := s.settings()
			if row.change != nil {
				row.change(s, &settings)
			}
			found := examined(t, settings)
			if one := found[row.aspect]; one.Status != row.status || !strings.Contains(one.Saw, row.saw) || !strings.Contains(one.Remedy, row.remedy) {
				t.Errorf("%s is %s: %s -> %s\nall: %v", row.aspect, one.Status, one.Saw, one.Remedy, found)
			}
		})
	}
}

// npm's oidc-provider rejects a client with another secret, and one that it does
// not know.
func TestTheExaminationOfARealProvider(t *testing.T) {
	t.Parallel()
	p := startPeer(t, nil)
	for name, row := range map[string]struct {
		change func(*oidcsource.Settings)
		status ports.ExaminedStatus
		remedy string
	}{
		"nothing":          {func(*oidcsource.Settings) {}, ports.ExaminedPass, ""},
		"a wrong secret":   {func(o *oidcsource.Settings) { o.ClientSecret = domain.NewSecret("Wr0ng") }, ports.ExaminedFail, "correct OLD_CLIENT_ID and OLD_CLIENT_SECRET"},
		"another client":   {func(o *oidcsource.Settings) { o.ClientID = "nonesuch" }, ports.ExaminedFail, "correct OLD_CLIENT_ID and OLD_CLIENT_SECRET"},
		"an unknown scope": {func(o *oidcsource.Settings) { o.Scope = "openid nonesuch" }, ports.ExaminedPass, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := p.settings()
			row.change(&settings)
			if one := examined(t, settings)[ports.AspectCredentials]; one.Status != row.status || !strings.Contains(one.Remedy, row.remedy) {
				t.Errorf("%s: %s -> %s", one.Status, one.Saw, one.Remedy)
			}
		})
	}
}

// The examination asks as the function does, with the inputs of a preset alone.
func TestTheExaminationKnowsThePresets(t *testing.T) {
	t.Parallel()
	for _, preset := range everyPreset() {
		body := `{"error":"invalid_grant"}`
		if preset == oidcsource.Cognito {
			body = `{"__type":"NotAuthorizedException","message":"Incorrect username or password."}`
		}
		s := newPresetStub(t, preset, 400, body)
		found := examined(t, s.settings())
		for _, aspect := range []ports.Aspect{ports.AspectReached, ports.AspectLookUp, ports.AspectCredentials} {
			if found[aspect].Status != ports.ExaminedPass {
				t.Errorf("%s: %s: %s -> %s", preset, aspect, found[aspect].Saw, found[aspect].Remedy)
			}
		}
		asked := s.requests(s.token)
		if target := asked[len(asked)-1].Header.Get("X-Amz-Target"); (target != "") != (preset == oidcsource.Cognito) {
			t.Errorf("%s: asked with the target %q", preset, target)
		}
	}
}
