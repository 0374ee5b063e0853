package app

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"cognito-user-migration/adapters/cognitosource"
	"cognito-user-migration/adapters/stscredentials"
	"cognito-user-migration/app/config"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"

	"github.com/aws/aws-sdk-go-v2/aws"
	"go.uber.org/fx/fxtest"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// noNetwork fails the test where anything is sent.
type noNetwork struct{ t *testing.T }

// Do implements [aws.HTTPClient].
func (n noNetwork) Do(request *http.Request) (*http.Response, error) {
	n.t.Errorf("%s %s was sent", request.Method, request.URL)
	return nil, errors.New("there is no network")
}

// openedPool is what the function makes of a user pool at start, with no network
// to ask it over and no credentials to ask it with.
func openedPool(t *testing.T, environ ...string) (sources, *config.Config) {
	t.Helper()
	account := stscredentials.NewAccount(func(context.Context) (aws.Config, error) {
		return aws.Config{Region: "us-east-1", HTTPClient: noNetwork{t}, Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			t.Error("credentials were asked for")
			return aws.Credentials{}, errors.New("there are none")
		})}, nil
	}, func(string) string { return "" })
	environ = append([]string{"SOURCE_USER_POOL_ID=us-east-1_AbCdEf123", "SOURCE_CLIENT_ID=1example23456789"}, environ...)
	configuration, err := config.Load(t.Context(), environ, []parts.SourceKind{cognitosource.Kind(account)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	opened, err := newSources(configuration, zap.NewNop())
	if err != nil {
		t.Fatal(err)
	}
	return opened, configuration
}

// A rehearsal is of use where it goes the whole way: to a move, whatever is set.
func TestARehearsalEndsInAMoveAndAsksNobody(t *testing.T) {
	t.Parallel()
	for name, environ := range map[string][]string{
		"by default":                    nil,
		"by AdminGetUser":               {"SOURCE_PROFILE=admin_get_user"},
		"by both at once":               {"SOURCE_PROFILE=concurrent"},
		"by the ID token":               {"SOURCE_PROFILE=id_token"},
		"through a role":                {"SOURCE_ROLE_ARN=arn:aws:iam::123456789012:role/user-migration", "SOURCE_EXTERNAL_ID=external-1"},
		"with a client's secret":        {"SOURCE_CLIENT_SECRET=canary-of-the-client"},
		"with names as they are typed":  {"MIGRATE_USERNAME=submitted"},
		"with the source's names":       {"MIGRATE_USERNAME=source"},
		"without names":                 {"MIGRATE_USERNAME=omit"},
		"with attributes of its own":    {"MIGRATE_ATTRIBUTES=custom:legacy_sub=sub,custom:tenant='acme'"},
		"with contacts that are proved": {"MIGRATE_VERIFIED_CONTACTS=always", "MIGRATE_FORCE_ALIAS_CREATION=true", "MIGRATE_MESSAGE_ACTION=send"},
		"refusing all that it can":      {"MIGRATE_ON_MFA=refuse", "MIGRATE_ON_TEMPORARY_PASSWORD=refuse", "MIGRATE_ON_RESET_REQUIRED=refuse", "MIGRATE_ON_FORGOT_PASSWORD=refuse", "MIGRATE_REFUSAL=explain"},
		"asked only for a few":          {"SOURCE_MATCH=*@corp.example"},
		"with records of OCSF":          {"AUDIT_FORMAT=ocsf", "AUDIT_USERNAME=plain", "AUDIT_FAILURE=closed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			opened, configuration := openedPool(t, environ...)
			if opened[0].Rehearsal == nil {
				t.Fatal("there is no rehearsal with a user pool")
			}
			answer, err := rehearsal(opened[0].Rehearsal(), configuration).Invoke(t.Context(), []byte(rehearsalEvent))
			if err != nil || !strings.Contains(string(answer), `"finalUserStatus":"CONFIRMED"`) {
				t.Errorf("got %s, %v", answer, err)
			}
			if err := rehearse(t.Context(), opened, configuration); err != nil {
				t.Error(err)
			}
		})
	}
}

// actor is a source that can be rehearsed with; what it is asked itself fails the
// test.
type actor struct {
	t     *testing.T
	stage ports.SourceDirectory
}

// Rehearsal gives the stage; nil where there is none.
func (a actor) Rehearsal() ports.SourceDirectory { return a.stage }

// Authenticate implements [ports.SourceDirectory].
func (a actor) Authenticate(context.Context, string, domain.Password) (domain.Finding, error) {
	a.t.Error("the source itself was asked")
	return domain.Finding{}, nil
}

// FindUser implements [ports.SourceDirectory].
func (a actor) FindUser(context.Context, string) (domain.Finding, error) {
	a.t.Error("the source itself was asked")
	return domain.Finding{}, nil
}

// stage is a source for rehearsals that does what a test wants.
type stage func(context.Context) (domain.Finding, error)

// Authenticate implements [ports.SourceDirectory].
func (s stage) Authenticate(ctx context.Context, _ string, _ domain.Password) (domain.Finding, error) {
	return s(ctx)
}

// FindUser implements [ports.SourceDirectory].
func (s stage) FindUser(ctx context.Context, _ string) (domain.Finding, error) { return s(ctx) }

func source(name string, directory ports.SourceDirectory) openedSource {
	opened := openedSource{Source: ports.Source{Directory: directory}, name: name}
	if able, ok := directory.(actor); ok {
		opened.Rehearsal = able.Rehearsal
	}
	return opened
}

func TestARehearsalEndsWithItsContext(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(context.Context) (context.Context, context.CancelFunc){
		"at its deadline": func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, warmUp)
		},
		"when it is cancelled": func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(warmUp, cancel)
			return ctx, cancel
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := end(t.Context())
				defer cancel()
				began := time.Now()
				if err := rehearse(ctx, sources{source("SOURCE", actor{t, stage(waits)})}, new(config.Config)); err == nil {
					t.Error("a rehearsal that was cut off went well")
				}
				if took := time.Since(began); took == 0 || took > warmUp {
					t.Errorf("it took %v", took)
				}
			})
		})
	}
}

// waits as long as it may.
func waits(ctx context.Context) (domain.Finding, error) {
	<-ctx.Done()
	return domain.Finding{}, ctx.Err()
}

// To rehearse is not to ask: who has no rehearsal is left in peace.
func TestWhoCannotBeRehearsedWithIsNotAsked(t *testing.T) {
	t.Parallel()
	for name, opened := range map[string]sources{
		"no source":                         {},
		"a source that has none":            {source("SOURCE", struct{ ports.SourceDirectory }{actor{t: t}})},
		"one that has none for this moment": {source("SOURCE", actor{t: t})},
	} {
		if err := rehearse(t.Context(), opened, new(config.Config)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	asked := 0
	counts := stage(func(context.Context) (domain.Finding, error) {
		asked++
		return domain.Finding{Kind: domain.PasswordWrong}, nil
	})
	opened := sources{source("A", struct{ ports.SourceDirectory }{actor{t: t}}), source("B", actor{t, counts}), source("C", actor{t, counts})}
	if err := rehearse(t.Context(), opened, new(config.Config)); err != nil || asked != 1 {
		t.Errorf("%d rehearsals of several sources, %v", asked, err)
	}
}

// started starts what prepares the sources, and returns what it logs.
func started(t *testing.T, opened sources) []observer.LoggedEntry {
	t.Helper()
	core, logged := observer.New(zap.DebugLevel)
	lifecycle := fxtest.NewLifecycle(t)
	warm(lifecycle, Parts{}, opened, records{}, lockout{}, new(config.Config), zap.New(core))
	if err := lifecycle.Start(t.Context()); err != nil {
		t.Errorf("the start ended with %v", err)
	}
	return logged.All()
}

func TestARehearsalThatFailsIsAWarning(t *testing.T) {
	t.Parallel()
	const canary = "canary-5d1c"
	for name, row := range map[string]struct {
		stage stage
		warns int
	}{
		"one that goes well": {func(context.Context) (domain.Finding, error) { return domain.Finding{Kind: domain.PasswordWrong}, nil }, 0},
		"one that fails":     {func(context.Context) (domain.Finding, error) { return domain.Finding{}, errors.New(canary) }, 1},
		"one that panics":    {func(context.Context) (domain.Finding, error) { panic(canary) }, 1},
		"one that lasts":     {waits, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				began := time.Now()
				rehearsals := 0
				logged := started(t, sources{source("SOURCE", actor{t, stage(func(ctx context.Context) (domain.Finding, error) {
					rehearsals++
					return row.stage(ctx)
				})})})
				if rehearsals != 1 {
					t.Errorf("%d rehearsals", rehearsals)
				}
				if took := time.Since(began); took > warmUp {
					t.Errorf("the start took %v", took)
				}
				if len(logged) != row.warns {
					t.Errorf("logged %v", logged)
				}
				for _, entry := range logged {
					if entry.Level != zap.WarnLevel || !strings.HasPrefix(entry.Message, "the rehearsal failed") {
						t.Errorf("logged %v", entry)
					}
					for name, value := range entry.ContextMap() {
						if text, _ := value.(string); strings.Contains(text, canary) {
							t.Errorf("%s tells what the source said: %s", name, text)
						}
					}
				}
			})
		})
	}
}

func TestASourceWithoutARehearsalStartsAsEver(t *testing.T) {
	t.Parallel()
	opened := sources{source("SOURCE", struct{ ports.SourceDirectory }{actor{t: t}})}
	if logged := started(t, opened); len(logged) > 0 {
		t.Errorf("logged %v", logged)
	}
}

// What waiting does not mend is an error of the log at start; an outage may pass.
func TestASourceThatIsMisconfiguredIsAnErrorAtStart(t *testing.T) {
	t.Parallel()
	for err, want := range map[error]zapcore.Level{
		fmt.Errorf("a column: %w", ports.ErrMisconfigured): zap.ErrorLevel,
		fmt.Errorf("no answer: %w", ports.ErrUnreachable):  zap.WarnLevel,
	} {
		one := openedSource{name: "A"}
		one.Directory = struct{ ports.SourceDirectory }{actor{t: t}}
		one.Warm = func(context.Context) error { return err }
		logged := started(t, sources{one})
		if len(logged) != 1 || logged[0].Level != want || !strings.Contains(logged[0].Message, "the source could not be prepared") {
			t.Errorf("%v: logged %v", err, logged)
		}
	}
}
