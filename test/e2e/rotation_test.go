package e2e_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"cognito-user-migration/domain"
)

// vault stands in for Secrets Manager and Parameter Store, which keep one secret.
type vault struct {
	url     string
	mu      sync.Mutex
	kept    string
	lookUps int
}

func newVault(t *testing.T, kept string) *vault {
	t.Helper()
	v := &vault{kept: kept}
	server := httptest.NewServer(v)
	t.Cleanup(server.Close)
	v.url = server.URL
	return v
}

// ServeHTTP implements [http.Handler].
func (v *vault) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, input, err := readCall(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	v.mu.Lock()
	v.lookUps++
	kept := v.kept
	v.mu.Unlock()
	switch name {
	case "GetSecretValue":
		answer(map[string]any{"Name": "legacy", "SecretString": `{"key":"` + kept + `"}`, "VersionStages": []string{"AWSCURRENT"}})(w, r, input)
	case "GetParameter":
		answer(map[string]any{"Parameter": map[string]any{"Name": "/legacy", "Type": "SecureString", "Value": kept}})(w, r, input)
	default:
		awsError("UnknownOperationException", name)(w, r, input)
	}
}

// keep puts another secret into the vault.
func (v *vault) keep(kept string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.kept = kept
}

func (v *vault) lookedUp() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.lookUps
}

// TestASecretRotatedUnderAWarmProcess: the process resolves its references again
// after the source refused it. One attempt fails, the next succeeds. While the
// source keeps refusing, there is one look-up per minute.
func TestASecretRotatedUnderAWarmProcess(t *testing.T) {
	t.Parallel()
	const first, second, third = "canary1first1secret", "canary2second2secret", "canary3third3secret"
	for name, row := range map[string]struct {
		settings func(t *testing.T, p person, reference string) (settings, func(taken string)) // taken: what the source takes from now on
		// reason of the refusal of a wrong user by a source that takes the secret
		reason domain.Reason
	}{
		"app client of a user pool": {func(t *testing.T, p person, reference string) (settings, func(string)) {
			t.Helper()
			s := newStubFor(t, p)
			return s.settings().with("SOURCE_CLIENT_SECRET", reference), func(taken string) {
				s.on("AdminInitiateAuth", demandHash(taken, awsError("NotAuthorizedException", "Incorrect username or password.")))
			}
		}, domain.ReasonPasswordWrong},
		"token of a service": {func(t *testing.T, _ person, reference string) (settings, func(string)) {
			t.Helper()
			legacy := newService(t)
			return outOfTheWay().with("SOURCE_KIND", "http", "SOURCE_URL", legacy.url+"/users", "SOURCE_BEARER_TOKEN", reference), func(taken string) {
				legacy.answers(func(w http.ResponseWriter, r *http.Request) {
					w.WriteHeader(map[bool]int{true: http.StatusNotFound, false: http.StatusUnauthorized}[r.Header.Get("Authorization") == "Bearer "+taken])
				})
			}
		}, domain.ReasonUserUnknown},
		"client of an OpenID provider": {func(t *testing.T, _ person, reference string) (settings, func(string)) {
			t.Helper()
			provider := newService(t)
			return oidcAt(provider.url).with("SOURCE_CLIENT_SECRET", reference), func(taken string) {
				provider.answers(func(w http.ResponseWriter, r *http.Request) {
					_, secret, basic := r.BasicAuth()
					if !basic {
						secret = r.FormValue("client_secret")
					}
					w.Header().Set("Content-Type", "application/json")
					if secret != taken {
						w.WriteHeader(http.StatusUnauthorized)
						_, _ = io.WriteString(w, `{"error":"invalid_client"}`)
						return
					}
					w.WriteHeader(http.StatusBadRequest)
					_, _ = io.WriteString(w, `{"error":"invalid_grant"}`)
				})
			}
		}, domain.ReasonPasswordWrong},
	} {
		for form, reference := range map[string]string{"Secrets Manager": "secretsmanager:legacy#key", "Parameter Store": "ssm:/legacy"} {
			t.Run(name+", "+form, func(t *testing.T) {
				t.Parallel()
				p, v := newPerson(), newVault(t, first)
				s, takes := row.settings(t, p, reference)
				takes(first)
				f := start(t, outOfTheWay().with("AWS_ACCESS_KEY_ID", "AKIAFUNCTION", "AWS_SECRET_ACCESS_KEY", "secret-of-the-function", "AWS_REGION", "us-east-1").
					with(pairsOf(s)...).with("AWS_ENDPOINT_URL_SECRETS_MANAGER", v.url, "AWS_ENDPOINT_URL_SSM", v.url))
				f.hidePerson(p)
				f.hide(first, second, third)
				attempt := signIn(p.username, p.password)
				f.refuses(attempt, row.reason)

				takes(second)
				v.keep(second)
				began := time.Now()
				f.fails(attempt, domain.ReasonSourceMisconfigured)
				for range 3 {
					f.refuses(attempt, row.reason)
				}
				takes(third)
				for range 5 {
					f.fails(attempt, domain.ReasonSourceMisconfigured)
				}
				// One at the start, one for the rotation, and one per further minute that
				// a slow machine needed.
				if most := 2 + int(time.Since(began)/time.Minute); v.lookedUp() < 2 || v.lookedUp() > most {
					t.Errorf("%d look-ups, want 2 to %d", v.lookedUp(), most)
				}
			})
		}
	}
}

// pairsOf lists settings as name, value pairs.
func pairsOf(s settings) []string {
	var pairs []string
	for name, value := range s {
		pairs = append(pairs, name, value)
	}
	return pairs
}
