package sourcetest

import (
	"context"
	"maps"
	"sync"
	"testing"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

func endedContext(t *testing.T, s *suite) {
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	expired, cancelExpired := context.WithDeadline(t.Context(), time.Now().Add(-time.Second))
	defer cancelExpired()
	for name, ended := range map[string]struct {
		ctx  context.Context
		want error
	}{
		"cancelled": {cancelled, context.Canceled},
		"expired":   {expired, context.DeadlineExceeded},
	} {
		t.Run(name, func(t *testing.T) {
			for _, username := range []string{verified, unknown} {
				a := s.signInWithin(ended.ctx, t, username, s.known(verified).Password)
				a.failed(t, ended.want)
				s.notJudged(t, a)
				s.findWithin(ended.ctx, t, username).failed(t, ended.want)
			}
		})
	}
}

// concurrentQuestions asks about many users at once. It detects answers that
// are mixed up and, with -race, shared memory.
func concurrentQuestions(t *testing.T, s *suite) {
	const rounds = 3
	ctx, cancel := context.WithTimeout(t.Context(), s.safetyNet)
	defer cancel()
	var (
		everyone sync.WaitGroup
		mu       sync.Mutex
		checks   []func()
	)
	ask := func(attempt domain.Attempt, password string, check func(answer)) {
		everyone.Go(func() {
			for range rounds {
				a := answer{}
				if attempt.Trigger == domain.TriggerAuthentication {
					a.finding, a.err = s.directory.Authenticate(ctx, attempt.Username, domain.NewPassword(password))
				} else {
					a.finding, a.err = s.directory.FindUser(ctx, attempt.Username)
				}
				mu.Lock()
				checks = append(checks, func() {
					s.inspect(t, a)
					if a.err == nil {
						a.decision = domain.Decide(domain.DefaultRules(), attempt, a.finding)
					}
					if s.noLookUps && attempt.Trigger == domain.TriggerForgotPassword {
						a.excuse(t)
					}
					check(a)
				})
				mu.Unlock()
			}
		})
	}
	for _, known := range s.ordinary() {
		signIn := domain.Attempt{Trigger: domain.TriggerAuthentication, Username: known.Username}
		ask(signIn, known.Password, func(a answer) {
			a.migrated(t, known.Username, domain.ReasonPasswordAccepted, domain.FinalConfirmed)
		})
		ask(signIn, "Wrong-Password-0", func(a answer) { a.refused(t, domain.ReasonPasswordWrong) })
		ask(domain.Attempt{Trigger: domain.TriggerForgotPassword, Username: known.Username}, "", func(a answer) {
			if !a.excused && (a.err != nil || a.finding.User.Username != known.Username) {
				t.Errorf("the profile of another user came back, or no profile: %v, %v", a.finding, a.err)
			}
		})
	}
	ask(domain.Attempt{Trigger: domain.TriggerForgotPassword, Username: unknown}, "", func(a answer) {
		a.refused(t, domain.ReasonUserUnknown)
		a.noUser(t)
	})
	everyone.Wait()
	for _, check := range checks {
		check()
	}
}

func unreachable(t *testing.T, s *suite) {
	if s.can(Unreachability) {
		s.outage(t, s.harness.Unreachable, ports.ErrUnreachable)
	}
}

func throttled(t *testing.T, s *suite) {
	if s.can(Throttling) {
		s.notJudged(t, s.outage(t, s.harness.Throttled, ports.ErrThrottled))
	}
}

func closed(t *testing.T, s *suite) {
	if s.can(Closure) {
		s.notJudged(t, s.outage(t, s.harness.Closed, ports.ErrUnreachable))
	}
}

// unreadable asks a directory whose responses to passwords are meaningless. The
// directory may have checked the password, so the attempt must count and the error
// must not match ErrNotJudged. A right password must not be accepted.
func unreadable(t *testing.T, s *suite) {
	if !s.can(Unreadability) {
		return
	}
	strange := s.over(s.harness.Unreadable(t))
	for _, password := range []string{s.known(verified).Password, "Wrong-Password-0"} {
		a := strange.signIn(t, verified, password)
		a.isNot(t, ports.ErrNotJudged)
		if a.err == nil && a.finding.Kind.ProvesPassword() {
			t.Errorf("got %v from a meaningless response", a.finding)
		}
	}
}

func misconfigured(t *testing.T, s *suite) {
	if s.can(Misconfiguration) {
		s.outage(t, s.harness.Misconfigured, ports.ErrMisconfigured)
	}
}

// outage asks a directory that is out of order about an existing user and an
// unknown one, and expects the same error for both. It returns the answer to
// the existing user's sign-in.
func (s *suite) outage(t *testing.T, open func(*testing.T) ports.SourceDirectory, want error) (signIn answer) {
	t.Helper()
	broken := s.over(open(t))
	var asked sync.WaitGroup // concurrent, because an adapter may retry and wait
	expect := func(a answer) answer {
		a.failed(t, want)
		for _, other := range []error{ports.ErrThrottled, ports.ErrUnreachable, ports.ErrMisconfigured} {
			if other != want { //nolint:errorlint // exact values of the list
				a.isNot(t, other)
			}
		}
		return a
	}
	for _, username := range []string{verified, unknown} {
		asked.Go(func() {
			a := expect(broken.signIn(t, username, s.known(verified).Password))
			if username == verified {
				signIn = a
			}
		})
		if !s.noLookUps {
			asked.Go(func() { expect(broken.find(t, username)) })
		}
	}
	asked.Wait()
	return signIn
}

// short is the timeout of a question that is never answered. The answer must
// come after it on any machine, however slow.
const short = 100 * time.Millisecond

func silent(t *testing.T, s *suite) {
	if !s.can(Silence) {
		return
	}
	mute := s.over(s.harness.Silent(t))
	for name, within := range map[string]struct {
		context func() (context.Context, context.CancelFunc)
		want    error
	}{
		"deadline": {func() (context.Context, context.CancelFunc) {
			return context.WithTimeout(t.Context(), short)
		}, context.DeadlineExceeded},
		"cancelled": {func() (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(short, cancel)
			return ctx, cancel
		}, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			asks := []func(context.Context) answer{func(ctx context.Context) answer {
				a := mute.signInWithin(ctx, t, verified, s.known(verified).Password)
				s.notJudged(t, a)
				return a
			}}
			if !s.noLookUps {
				asks = append(asks, func(ctx context.Context) answer { return mute.findWithin(ctx, t, verified) })
			}
			// Concurrent: each waits for its context.
			answers := make(chan answer)
			for _, ask := range asks {
				go func() {
					ctx, cancel := within.context()
					defer cancel()
					answers <- ask(ctx)
				}()
			}
			for range asks {
				a := <-answers
				a.failed(t, within.want)
			}
		})
	}
}

// equalWork compares the computations for a wrong password with those for an
// unknown user. Measuring time would depend on the machine's load.
func equalWork(t *testing.T, s *suite) {
	if !s.can(VerifiesHashes) {
		return
	}
	computes := func(username string) map[string]int {
		work := maps.Clone(s.harness.Work())
		s.signIn(t, username, "Wrong-Password-0")
		after := s.harness.Work()
		for name, units := range after {
			after[name] = units - work[name]
		}
		return after
	}
	there, noUser := computes(verified), computes(unknown)
	if !maps.Equal(there, noUser) {
		t.Errorf("a wrong password computes %v, an unknown user %v", there, noUser)
	}
	if len(there) == 0 {
		t.Error("no computation was counted")
	}
}
