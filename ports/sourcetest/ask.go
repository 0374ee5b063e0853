package sourcetest

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// source is the adapter under test. Every question goes through it, and it
// checks what must hold for every answer.
type source struct {
	name      string
	directory ports.SourceDirectory
	secrets   []string
	noLookUps bool
	// safetyNet limits the time of one question, and the time after its context
	// ended. No result of a responding directory depends on it.
	safetyNet time.Duration
}

// over returns the same source over another directory, which is out of order.
func (s *source) over(directory ports.SourceDirectory) *source {
	other := *s
	other.directory = directory
	return &other
}

// answer is the result of one question.
type answer struct {
	finding domain.Finding
	err     error
	// decision is the decision by the default rules, if there was no error.
	decision domain.Decision
	// excused is true for a look-up at a directory that does not support
	// look-ups.
	excused bool
}

// signIn asks with a context of its own.
func (s *source) signIn(t *testing.T, username, password string) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), s.safetyNet)
	defer cancel()
	return s.signInWithin(ctx, t, username, password)
}

// find asks with a context of its own.
func (s *source) find(t *testing.T, username string) answer {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), s.safetyNet)
	defer cancel()
	a := s.findWithin(ctx, t, username)
	if s.noLookUps {
		a.excuse(t)
	}
	return a
}

func (s *source) signInWithin(ctx context.Context, t *testing.T, username, password string) answer {
	t.Helper()
	return s.ask(t, domain.Attempt{Trigger: domain.TriggerAuthentication, Username: username}, func() (domain.Finding, error) {
		return s.directory.Authenticate(ctx, username, domain.NewPassword(password))
	})
}

func (s *source) findWithin(ctx context.Context, t *testing.T, username string) answer {
	t.Helper()
	return s.ask(t, domain.Attempt{Trigger: domain.TriggerForgotPassword, Username: username}, func() (domain.Finding, error) {
		return s.directory.FindUser(ctx, username)
	})
}

// errNoAnswer replaces the answer that was not returned in time.
var errNoAnswer = errors.New("no answer")

// ask puts one question, waits at most until the context ends, and checks what
// the port promises for every answer.
func (s *source) ask(t *testing.T, attempt domain.Attempt, question func() (domain.Finding, error)) answer {
	t.Helper()
	answers := make(chan answer, 1)
	go func() {
		finding, err := question()
		answers <- answer{finding: finding, err: err}
	}()
	var a answer
	select {
	case a = <-answers:
	case <-time.After(2 * s.safetyNet):
		t.Errorf("no answer after %v, though the context ended long before", 2*s.safetyNet)
		return answer{err: errNoAnswer}
	}
	s.inspect(t, a)
	if a.err == nil {
		a.decision = domain.Decide(domain.DefaultRules(), attempt, a.finding)
	}
	return a
}

// challengeName matches the name of a challenge from a service's documentation.
var challengeName = regexp.MustCompile(`^[A-Z0-9_]{0,32}$`)

func (s *source) inspect(t *testing.T, a answer) {
	t.Helper()
	if a.err != nil {
		if a.finding.Kind != 0 {
			t.Errorf("the error came with the finding %v; an error must come alone", a.finding)
		}
		if !isClassified(a.err) {
			t.Errorf("the error matches none of the errors of ports; its type is %T", a.err)
		}
		s.inspectError(t, a.err)
		return
	}
	if !slices.Contains(domain.FindingKinds(), a.finding.Kind) {
		t.Errorf("no error, and an unknown finding: %d", a.finding.Kind)
	}
	if a.finding.Source != s.name {
		t.Errorf("the finding must name this source")
	}
	if !challengeName.MatchString(a.finding.Challenge) {
		t.Errorf("the finding's challenge is not the name of a challenge")
	}
	for _, printed := range prints(a.finding) {
		s.inspectText(t, "the printed finding", printed)
	}
}

func isClassified(err error) bool {
	for _, class := range []error{
		ports.ErrThrottled, ports.ErrUnreachable, ports.ErrMisconfigured,
		context.Canceled, context.DeadlineExceeded,
	} {
		if errors.Is(err, class) {
			return true
		}
	}
	return false
}

// inspectError checks the error and all errors that it wraps, because any of
// them may be logged.
func (s *source) inspectError(t *testing.T, err error) {
	t.Helper()
	for _, printed := range prints(err) {
		s.inspectText(t, "the error's text", printed)
	}
	switch wrapping := err.(type) { //nolint:errorlint // the tree is walked here
	case interface{ Unwrap() error }:
		if inner := wrapping.Unwrap(); inner != nil {
			s.inspectError(t, inner)
		}
	case interface{ Unwrap() []error }:
		for _, inner := range wrapping.Unwrap() {
			s.inspectError(t, inner)
		}
	}
}

func prints(value any) []string {
	var printed []string
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		printed = append(printed, fmt.Sprintf(verb, value))
	}
	return printed
}

// inspectText checks a text. On failure it does not print the text, which may
// contain a secret.
func (s *source) inspectText(t *testing.T, what, text string) {
	t.Helper()
	for _, secret := range s.secrets {
		if strings.Contains(text, secret) {
			t.Errorf("%s contains a user's name, password or attribute", what)
			return
		}
	}
}

// secretsOf lists values that no text may contain. It leaves out short values
// with many meanings, such as "true".
func secretsOf(users []User) []string {
	secrets := []string{unknown, "Wrong-Password"}
	for _, known := range users {
		values := []string{known.Username, known.Password, known.Sub}
		for _, value := range known.Attributes {
			values = append(values, value)
		}
		for _, value := range values {
			if len(value) > len("false") {
				secrets = append(secrets, value)
			}
		}
	}
	return secrets
}

// excuse checks the answer of a directory without look-ups: a refusal that
// shows no user and never says that a user is unknown.
func (a *answer) excuse(t *testing.T) {
	t.Helper()
	a.refused(t, domain.ReasonLookUpUnsupported)
	a.noUser(t)
	a.excused = true
}

// refused fails unless the answer is a refusal for one of the reasons.
func (a answer) refused(t *testing.T, reasons ...domain.Reason) {
	t.Helper()
	switch {
	case a.excused:
	case a.err != nil:
		t.Errorf("got an error (%v), want a refusal: %v", a.err, reasons)
	case a.decision.Verdict != domain.Refuse || !slices.Contains(reasons, a.decision.Reason):
		t.Errorf("got %v by %v, want a refusal: %v", a.decision, a.finding, reasons)
	}
}

// migrated fails unless the answer migrates this user, for the reason, with the
// status.
func (a answer) migrated(t *testing.T, username string, reason domain.Reason, status domain.FinalStatus) {
	t.Helper()
	switch {
	case a.excused:
	case a.err != nil:
		t.Errorf("got an error (%v), want a migration: %v", a.err, reason)
	case a.decision.Verdict != domain.Migrate || a.decision.Reason != reason || a.decision.User.FinalStatus != status:
		t.Errorf("got %v, %v by %v, want a migration: %v, %q", a.decision, a.decision.User, a.finding, reason, status)
	case a.finding.User.Username != username:
		t.Errorf("the finding is about another user than the one asked for")
	}
}

// noUser fails if the finding contains a user.
func (a answer) noUser(t *testing.T) {
	t.Helper()
	if user := a.finding.User; user.Username != "" || user.Sub != "" || len(user.Attributes) > 0 || len(user.Identifiers) > 0 {
		t.Errorf("the finding contains a user's profile: %v", a.finding)
	}
}

// failed fails unless the answer is an error that matches want.
func (a answer) failed(t *testing.T, want error) {
	t.Helper()
	switch {
	case a.err == nil:
		t.Errorf("got %v, want an error that matches %q", a.finding, want)
	case !errors.Is(a.err, want):
		t.Errorf("got an error that does not match %q: %v", want, a.err)
	}
}

// isNot fails if the error matches the class.
func (a answer) isNot(t *testing.T, class error) {
	t.Helper()
	if errors.Is(a.err, class) {
		t.Errorf("the error matches %q too: %v", class, a.err)
	}
}

// notJudged fails unless the error says that the password was not checked, if
// the directory declares that capability.
func (s *suite) notJudged(t *testing.T, a answer) {
	t.Helper()
	if s.can(CertifiesUnjudged) && !errors.Is(a.err, ports.ErrNotJudged) {
		t.Errorf("the error does not match %q: %v", ports.ErrNotJudged, a.err)
	}
}
