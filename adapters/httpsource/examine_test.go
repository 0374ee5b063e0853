package httpsource_test

import (
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/adapters/httpsource"
	"cognito-user-migration/adapters/internal/pemfile"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
	"cognito-user-migration/test/process"
)

func TestTheExaminationFindsFaultsOfServices(t *testing.T) {
	t.Parallel()
	type settings = httpsource.Settings
	contract := func(contract httpsource.Contract) func(*settings) { return func(s *settings) { s.Contract = contract } }
	for name, row := range map[string]struct {
		status      int
		body        string
		change      func(*settings)
		later       time.Duration
		aspect      ports.Aspect
		found       ports.ExaminedStatus
		saw, remedy string
	}{
		"nothing: the connection":   {aspect: ports.AspectReached, found: ports.ExaminedPass, saw: "accepts connections"},
		"nothing: the certificate":  {aspect: ports.AspectCertificate, found: ports.ExaminedPass, saw: "the certificate is valid for"},
		"nothing: the credentials":  {aspect: ports.AspectCredentials, found: ports.ExaminedPass, saw: "OLD_BEARER_TOKEN"},
		"nothing: the look-up":      {aspect: ports.AspectLookUp, found: ports.ExaminedPass, saw: "as expected"},
		"a certificate that ended":  {later: 100 * 365 * 24 * time.Hour, aspect: ports.AspectCertificate, found: ports.ExaminedFail, saw: "expired on", remedy: "renew"},
		"another authority":         {change: func(s *settings) { s.Transport.CABundle = "" }, aspect: ports.AspectCertificate, found: ports.ExaminedFail, saw: "no public authority", remedy: "OLD_CA_BUNDLE"},
		"another name":              {change: func(s *settings) { s.URL = webclient.URL(strings.Replace(string(s.URL), "127.0.0.1", "localhost", 1)) }, aspect: ports.AspectCertificate, found: ports.ExaminedFail, saw: "not for localhost", remedy: "OLD_URL"},
		"a service that is down":    {change: func(s *settings) { s.URL = webclient.URL("https://" + process.ClosedAddress(t)) }, aspect: ports.AspectReached, found: ports.ExaminedFail, saw: "refuses connections", remedy: "OLD_URL"},
		"a token that is not taken": {status: 401, aspect: ports.AspectCredentials, found: ports.ExaminedFail, saw: "status 401", remedy: "correct OLD_BEARER_TOKEN"},
		"a name that is not taken": {status: 403, change: func(s *settings) {
			s.BearerToken, s.BasicUsername, s.BasicPassword = domain.Secret{}, "function", domain.NewSecret("S3cret")
		}, aspect: ports.AspectCredentials, found: ports.ExaminedFail, saw: "status 403", remedy: "correct OLD_BASIC_USERNAME and OLD_BASIC_PASSWORD"},
		"no credentials":                {status: 401, change: func(s *settings) { s.BearerToken = domain.Secret{} }, aspect: ports.AspectCredentials, found: ports.ExaminedFail, saw: "401", remedy: "none is set"},
		"a redirect":                    {status: 302, aspect: ports.AspectLookUp, found: ports.ExaminedFail, saw: "302", remedy: "redirects are not followed"},
		"a fault of the service":        {status: 500, aspect: ports.AspectLookUp, found: ports.ExaminedFail, saw: "500", remedy: "look at its log"},
		"an unknown status":             {status: 418, aspect: ports.AspectLookUp, found: ports.ExaminedFail, saw: "418", remedy: "OLD_ERROR_CODES"},
		"an answer that is no JSON":     {status: 200, body: "<html>S3cret", aspect: ports.AspectLookUp, found: ports.ExaminedFail, remedy: "the contract keycloak"},
		"a service that knows everyone": {status: 200, body: `{"username":"alice"}`, aspect: ports.AspectLookUp, found: ports.ExaminedPass},
		"a hook: in order":              {status: 403, change: contract(httpsource.Kratos), aspect: ports.AspectCredentials, found: ports.ExaminedPass},
		"a hook: refused":               {status: 401, change: contract(httpsource.Kratos), aspect: ports.AspectCredentials, found: ports.ExaminedFail, saw: "401", remedy: "OLD_BEARER_TOKEN"},
		"a hook: accepts everyone":      {status: 200, body: `{"status":"password_match"}`, change: contract(httpsource.Kratos), aspect: ports.AspectLookUp, found: ports.ExaminedFail, saw: "any password", remedy: "OLD_URL"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status := row.status
			if status == 0 {
				status = http.StatusNotFound
			}
			server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(status)
				_, _ = io.WriteString(w, row.body)
			}))
			t.Cleanup(server.Close)
			given := settings{URL: webclient.URL(server.URL), Contract: httpsource.Keycloak, BearerToken: domain.NewSecret("S3cret")}
			given.Transport.CABundle = pemfile.Text(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
			if row.change != nil {
				row.change(&given)
			}
			probe := ports.Probe{Username: "migratectl-doctor-x", Now: time.Now().Add(row.later), Variable: func(name string) string { return "OLD_" + name }}
			found := httpsource.Examiner().Examine(t.Context(), &given, parts.SourceOptions{Name: "OLD", Rules: domain.DefaultRules(), Note: func(ports.Note) {}}, probe)
			for _, one := range found {
				if strings.Contains(one.Saw+one.Remedy, "S3cret") {
					t.Errorf("%s shows a secret: %s", one.Aspect, one.Saw)
				}
				if one.Aspect == row.aspect && (one.Status != row.found || !strings.Contains(one.Saw, row.saw) || !strings.Contains(one.Remedy, row.remedy)) {
					t.Errorf("%s is %s: %s -> %s\nall: %v", one.Aspect, one.Status, one.Saw, one.Remedy, found)
				}
			}
		})
	}
}
