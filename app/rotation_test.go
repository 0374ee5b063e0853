package app_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"cognito-user-migration/adapters/lambdatrigger"
	"cognito-user-migration/app"
	"cognito-user-migration/app/complete"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/mocks"
	"cognito-user-migration/ports/parts"

	"github.com/golang/mock/gomock"
	"go.uber.org/fx"
)

// rotated is a directory with a secret, and the service that keeps the secret for
// the function. Both are changed apart, as in a rotation.
type rotated struct {
	mu       sync.Mutex
	taken    string // by the directory
	kept     string // by the service
	outage   error  // of the service
	takes    time.Duration
	lookUps  int
	openings int
	asked    int
}

func (r *rotated) set(change func(*rotated)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change(r)
}

func (r *rotated) counted() (asked, lookUps, openings int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.asked, r.lookUps, r.openings
}

// Resolve implements [parts.Resolver].
func (r *rotated) Resolve(ctx context.Context, _ string) (domain.Secret, error) {
	r.mu.Lock()
	r.lookUps++
	takes, kept, outage := r.takes, r.kept, r.outage
	r.mu.Unlock()
	select {
	case <-time.After(takes):
		return domain.NewSecret(kept), outage
	case <-ctx.Done():
		return domain.Secret{}, ctx.Err()
	}
}

// rotatedSettings are those of a source of the kind rotated.
type rotatedSettings struct {
	Key     domain.Secret `env:"KEY" takes:"a key" desc:"The key."`
	rotated *rotated
}

func (rotatedSettings) Validate(func(string) string) []error  { return nil }
func (rotatedSettings) Warnings(func(string) string) []string { return nil }
func (rotatedSettings) LimitsAttempts() bool                  { return true }
func (rotatedSettings) LooksUp() bool                         { return true }

// Open implements [parts.SourceSettings].
func (s *rotatedSettings) Open(context.Context, parts.SourceOptions) (ports.Source, error) {
	s.rotated.set(func(r *rotated) { r.openings++ })
	directory := &rotatedDirectory{key: s.Key.Reveal(), rotated: s.rotated}
	return ports.Source{Directory: directory, Retirer: directory, Groups: directory}, nil
}

type rotatedDirectory struct {
	key     string
	rotated *rotated
}

func (d *rotatedDirectory) check() error {
	d.rotated.mu.Lock()
	defer d.rotated.mu.Unlock()
	d.rotated.asked++
	if d.key != d.rotated.taken {
		return fmt.Errorf("the key is not taken: %w", ports.ErrMisconfigured)
	}
	return nil
}

func (d *rotatedDirectory) find() (domain.Finding, error) {
	return domain.Finding{Kind: domain.UserUnknown}, d.check()
}

func (d *rotatedDirectory) Authenticate(context.Context, string, domain.Password) (domain.Finding, error) {
	return d.find()
}
func (d *rotatedDirectory) FindUser(context.Context, string) (domain.Finding, error) { return d.find() }
func (d *rotatedDirectory) Disable(context.Context, string) error                    { return d.check() }
func (d *rotatedDirectory) SignOut(context.Context, string) error                    { return d.check() }
func (d *rotatedDirectory) Delete(context.Context, string) error                     { return d.check() }
func (d *rotatedDirectory) Groups(context.Context, string) ([]string, error)         { return nil, d.check() }

// startRotated starts the function with such a source. The key is a reference,
// unless another value is given.
func startRotated(t *testing.T, r *rotated, key string) (attempt func() error, log *bytes.Buffer) {
	t.Helper()
	binary := app.Parts{
		Sources: []parts.SourceKind{{Name: "rotated", Settings: func() parts.SourceSettings { return &rotatedSettings{rotated: r} }}},
		Secrets: func(context.Context) (parts.Resolver, error) { return r, nil },
	}
	environ := []string{"SOURCE_KIND=rotated", "SOURCE_KEY=" + key}
	configuration, err := app.Load(t.Context(), binary, environ)
	if err != nil {
		t.Fatal(err)
	}
	log = new(bytes.Buffer)
	var handler *lambdatrigger.Handler
	if _, err := app.Start(t.Context(), app.Modules(binary, app.Process{Environ: environ, Log: log}, configuration), fx.Populate(&handler)); err != nil {
		t.Fatal(err)
	}
	return func() error {
		_, err := handler.Invoke(context.Background(), []byte(`{"triggerSource":"UserMigration_Authentication","userName":"somebody","request":{"password":"Pass-word-2!"},"response":null}`))
		return err
	}, log
}

const (
	oldKey = "canary-old-key-71d0"
	newKey = "canary-new-key-88e2"
)

func TestARotatedSecretFailsOneAttempt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &rotated{taken: oldKey, kept: oldKey}
		attempt, log := startRotated(t, r, "ssm:/key")
		if err := attempt(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(24 * time.Hour)
		r.set(func(r *rotated) { r.taken, r.kept = newKey, newKey })
		if err := attempt(); err == nil {
			t.Error("the refused attempt does not fail, although its password may have been judged")
		}
		for range 3 {
			if err := attempt(); err != nil {
				t.Error(err)
			}
		}
		if asked, lookUps, openings := r.counted(); asked != 5 || lookUps != 2 || openings != 2 {
			t.Errorf("the directory was asked %d times, opened %d times, the secret looked up %d times", asked, openings, lookUps)
		}
		if !strings.Contains(log.String(), "its secrets were resolved again, and have changed") || strings.Contains(log.String(), "canary") {
			t.Errorf("the log has:\n%s", log)
		}
	})
}

func TestARefusedSourceIsRenewedOncePerMinute(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		change func(*rotated)
		says   string
	}{
		"the secret is the same":      {func(*rotated) {}, "its secrets have not changed"},
		"the secret is wrong too":     {func(r *rotated) { r.kept = "canary-wrong-key" }, "its secrets were resolved again, and have changed"},
		"the look-up fails":           {func(r *rotated) { r.outage = ports.ErrUnreachable }, "its secrets could not be resolved again"},
		"the look-up gets no answer":  {func(r *rotated) { r.takes = time.Hour }, "its secrets could not be resolved again"},
		"the secret has become empty": {func(r *rotated) { r.kept = "" }, "its secrets were resolved again, and have changed"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				r := &rotated{taken: oldKey, kept: oldKey}
				attempt, log := startRotated(t, r, "secretsmanager:name#key")
				r.set(func(r *rotated) { r.taken = newKey; row.change(r) })
				began := time.Now()
				for time.Since(began) < 3*time.Minute {
					if err := attempt(); err == nil {
						t.Fatal("an attempt with the old key succeeds")
					}
					time.Sleep(100 * time.Millisecond)
				}
				if _, lookUps, _ := r.counted(); lookUps != 1+3 {
					t.Errorf("%d look-ups in three minutes, want 3", lookUps-1)
				}
				if !strings.Contains(log.String(), row.says) || strings.Contains(log.String(), "canary") {
					t.Errorf("the log has:\n%s", log)
				}
				r.set(func(r *rotated) { r.kept, r.outage, r.takes = newKey, nil, 0 })
				time.Sleep(time.Minute)
				_ = attempt()
				if err := attempt(); err != nil {
					t.Errorf("a minute later: %v", err)
				}
			})
		})
	}
}

func TestAttemptsAtTheSameTimeRenewASourceOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &rotated{taken: oldKey, kept: oldKey}
		attempt, _ := startRotated(t, r, "ssm:/key")
		r.set(func(r *rotated) { r.taken, r.kept, r.takes = newKey, newKey, time.Second })
		var work sync.WaitGroup
		work.Go(func() { _ = attempt() })
		synctest.Wait() // the look-up is under way
		for range 20 {
			work.Go(func() {
				if err := attempt(); err != nil {
					t.Errorf("an attempt during the renewal: %v", err)
				}
			})
		}
		work.Wait()
		if _, lookUps, openings := r.counted(); lookUps != 2 || openings != 2 {
			t.Errorf("%d look-ups, %d openings", lookUps, openings)
		}
	})
}

func TestOnlyASourceWithReferencesIsRenewed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &rotated{taken: oldKey, kept: newKey}
		attempt, _ := startRotated(t, r, oldKey)
		r.set(func(r *rotated) { r.taken = newKey })
		for range 2 {
			if err := attempt(); err == nil {
				t.Error("a key that is no reference was renewed")
			}
		}
		if _, lookUps, openings := r.counted(); lookUps != 0 || openings != 1 {
			t.Errorf("%d look-ups, %d openings", lookUps, openings)
		}
	})
}

// TestCompletionRenewsItsSourceToo: disabling, deleting and listing groups use the
// same credentials as a sign-in.
func TestCompletionRenewsItsSourceToo(t *testing.T) {
	t.Parallel()
	for name, act := range map[string]func(ports.Source) error{
		"disable":  func(s ports.Source) error { return s.Retirer.Disable(context.Background(), "somebody") },
		"sign out": func(s ports.Source) error { return s.Retirer.SignOut(context.Background(), "somebody") },
		"delete":   func(s ports.Source) error { return s.Retirer.Delete(context.Background(), "somebody") },
		"groups": func(s ports.Source) error {
			_, err := s.Groups.Groups(context.Background(), "somebody")
			return err
		},
		"look up": func(s ports.Source) error {
			_, err := s.Directory.FindUser(context.Background(), "somebody")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := &rotated{taken: newKey, kept: oldKey}
			binary := app.Parts{
				Sources: []parts.SourceKind{{Name: "rotated", Settings: func() parts.SourceSettings { return &rotatedSettings{rotated: r} }}},
				Secrets: func(context.Context) (parts.Resolver, error) { return r, nil },
				Completion: &parts.Completion{
					Queue: func(context.Context, string, domain.CompletionKeys) (parts.CompletionQueue, error) {
						return struct{ parts.CompletionQueue }{}, nil
					},
					Destination: func(context.Context) (ports.Destination, error) {
						return mocks.NewMockDestination(gomock.NewController(t)), nil
					},
				},
			}
			environ := []string{
				"SOURCE_KIND=rotated", "SOURCE_KEY=ssm:/key", "COMPLETION_AFTER=disable", "COMPLETION_HMAC_KEY=" + strings.Repeat("k", 32),
				"COMPLETION_QUEUE_URL=https://sqs.us-east-1.amazonaws.com/111111111111/completion",
			}
			configuration, err := app.Load(t.Context(), binary, environ)
			if err != nil {
				t.Fatal(err)
			}
			var opened app.CompletionSources
			var completer *complete.Completer
			if _, err := app.Start(t.Context(), app.CompletionModules(binary, app.Process{Environ: environ, Log: new(bytes.Buffer)}, configuration), fx.Populate(&opened, &completer)); err != nil {
				t.Fatal(err)
			}
			r.set(func(r *rotated) { r.kept = newKey })
			if err := act(opened["SOURCE"]); !errors.Is(err, ports.ErrMisconfigured) {
				t.Errorf("with the old key: %v", err)
			}
			if err := act(opened["SOURCE"]); err != nil {
				t.Errorf("with the new key: %v", err)
			}
		})
	}
}
