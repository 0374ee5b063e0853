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
				a := s.signInWithin(ended.ctx, t, username, s.person(verified).Password)
				a.failed(t, ended.want)
				s.notJudged(t, a)
				s.findWithin(ended.ctx, t, username).failed(t, ended.want)
			}
		})
	}
}

// concurrentQuestions asks about many people at once, so that an answer meant
// for one and given to another is seen, and with -race, that anything is shared.
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
	for _, person := range s.ordinary() {
		signIn := domain.Attempt{Trigger: domain.TriggerAuthentication, Username: person.Username}
		ask(signIn, person.Password, func(a answer) {
			a.migrated(t, person.Username, domain.ReasonPasswordAccepted, domain.FinalConfirmed)
		})
		ask(signIn, "Wrong-Password-0", func(a answer) { a.refused(t, domain.ReasonPasswordWrong) })
		ask(domain.Attempt{Trigger: domain.TriggerForgotPassword, Username: person.Username}, "", func(a answer) {
			if !a.excused && (a.err != nil || a.finding.User.Username != person.Username) {
				t.Errorf("the profile of another user came back, or none: %v, %v", a.finding, a.err)
			}
		})
	}
	ask(domain.Attempt{Trigger: domain.TriggerForgotPassword, Username: unknown}, "", func(a answer) {
		a.refused(t, domain.ReasonUserUnknown)
		a.nobody(t)
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

// unreadable asks a directory whose answers to passwords mean nothing. It may
// have judged the password before, so whoever guesses must not go free: the error
// does not certify anything, nor does a right password come out of it.
func unreadable(t *testing.T, s *suite) {
	if !s.can(Unreadability) {
		return
	}
	strange := s.over(s.harness.Unreadable(t))
	for _, password := range []string{s.person(verified).Password, "Wrong-Password-0"} {
		a := strange.signIn(t, verified, password)
		a.isNot(t, ports.ErrNotJudged)
		if a.err == nil && a.finding.Kind.ProvesPassword() {
			t.Errorf("got %v by an answer that means nothing", a.finding)
		}
	}
}

func misconfigured(t *testing.T, s *suite) {
	if s.can(Misconfiguration) {
		s.outage(t, s.harness.Misconfigured, ports.ErrMisconfigured)
	}
}

// outage asks a directory that is out of order about somebody who is there and
// somebody who is not, and wants to hear the same of both. It returns the answer
// to the sign-in of somebody who is there.
func (s *suite) outage(t *testing.T, open func(*testing.T) ports.SourceDirectory, want error) (signIn answer) {
	t.Helper()
	broken := s.over(open(t))
	var asked sync.WaitGroup // side by side, because an adapter may try again and wait in between
	expect := func(a answer) answer {
		a.failed(t, want)
		for _, other := range []error{ports.ErrThrottled, ports.ErrUnreachable, ports.ErrMisconfigured} {
			if other != want { //nolint:errorlint // the very ones of the list
				a.isNot(t, other)
			}
		}
		return a
	}
	for _, username := range []string{verified, unknown} {
		asked.Go(func() {
			a := expect(broken.signIn(t, username, s.person(verified).Password))
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

// short is how long the context of a question lasts that is not answered. However
// slow the machine, the answer must come after it, and must come.
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
				a := mute.signInWithin(ctx, t, verified, s.person(verified).Password)
				s.notJudged(t, a)
				return a
			}}
			if !s.noLookUps {
				asks = append(asks, func(ctx context.Context) answer { return mute.findWithin(ctx, t, verified) })
			}
			// Side by side: each waits for its context.
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

// equalWork compares what is computed for a wrong password with what is computed
// for an unknown user. To measure the time would be to hope for a quiet machine.
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
	there, nobody := computes(verified), computes(unknown)
	if !maps.Equal(there, nobody) {
		t.Errorf("a wrong password computes %v, an unknown user %v", there, nobody)
	}
	if len(there) == 0 {
		t.Error("nothing was computed")
	}
}
