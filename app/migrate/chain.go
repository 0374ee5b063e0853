package migrate

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// Link is one source of a [Chain].
type Link struct {
	// Name is the source's name in its findings.
	Name string
	// Source is the source.
	Source ports.Source
	// Match selects the identifiers for this source; the zero Match selects
	// all.
	Match Match
}

// Chain makes several sources one. It asks them in order, each for the
// identifiers that it matches, and continues only if a source does not know the
// user. It stops at an outage, because that source might have the user. It
// stops at a wrong password, because another user with the same name in a later
// source must not be accepted instead.
type Chain []Link

var _ ports.SourceDirectory = Chain(nil)

// Authenticate implements [ports.SourceDirectory].
func (c Chain) Authenticate(ctx context.Context, username string, password domain.Password) (domain.Finding, error) {
	judged := false // by an earlier source
	return c.ask(username, func(source ports.Source, last bool) (domain.Finding, error) {
		finding, err := source.Directory.Authenticate(ctx, username, password)
		if err != nil && judged {
			err = ports.MaybeJudged(err)
		}
		judged = true
		if err != nil || last || finding.Kind != domain.PasswordWrong || !source.HidesUnknown {
			return finding, err
		}
		// The password is wrong, or the user is unknown and hidden. The next
		// source may be asked only if this one does not know the user.
		known, err := source.Directory.FindUser(ctx, username)
		err = ports.MaybeJudged(err)
		if err != nil || known.Kind == domain.UserUnknown {
			return known, err
		}
		return finding, nil
	})
}

// FindUser implements [ports.SourceDirectory].
func (c Chain) FindUser(ctx context.Context, username string) (domain.Finding, error) {
	return c.ask(username, func(source ports.Source, _ bool) (domain.Finding, error) {
		return source.Directory.FindUser(ctx, username)
	})
}

// ask asks each matching source, until one knows the user.
func (c Chain) ask(username string, question func(source ports.Source, last bool) (domain.Finding, error)) (domain.Finding, error) {
	var matching []ports.Source
	for _, link := range c {
		if link.Match.Takes(username) {
			matching = append(matching, link.Source)
		}
	}
	answer := domain.Finding{Kind: domain.UserUnknown}
	for i, source := range matching {
		finding, err := question(source, i == len(matching)-1)
		if err != nil || finding.Kind != domain.UserUnknown {
			return finding, err
		}
		answer = finding
	}
	return answer, nil
}

var _ SecondFactors = Chain(nil)

// WithSecondFactors implements [SecondFactors].
func (c Chain) WithSecondFactors(ctx context.Context, finding domain.Finding) (domain.Finding, error) {
	for _, link := range c {
		if reader := link.Source.SecondFactors; link.Name == finding.Source && reader != nil {
			user, err := reader.SecondFactors(ctx, finding.User)
			if err != nil {
				return domain.Finding{}, ports.MaybeJudged(err)
			}
			finding.User = user
		}
	}
	return finding, nil
}

var _ EarlierSources = Chain(nil)

// FindEarlier implements [EarlierSources]. It asks all earlier sources
// concurrently. A source whose Match selects the typed identifier is not asked
// about it again: it has already answered that it does not know the user.
// Otherwise Match is ignored here. It says who signs in at a source, not whom
// the source knows.
func (c Chain) FindEarlier(ctx context.Context, source, typed string, names []string) ([]domain.Finding, error) {
	index := slices.IndexFunc(c, func(link Link) bool { return link.Name == source })
	if index < 0 {
		return nil, errors.New("the finding names an unknown source")
	}
	type question struct {
		source  ports.SourceDirectory
		name    string
		finding domain.Finding
		err     error
	}
	var questions []*question
	for _, link := range c[:index] {
		for _, name := range names {
			if name != typed || !link.Match.Takes(typed) {
				questions = append(questions, &question{source: link.Source.Directory, name: name})
			}
		}
	}
	var work sync.WaitGroup
	for _, q := range questions {
		work.Go(func() {
			defer Recovered(&q.err)
			q.finding, q.err = q.source.FindUser(ctx, q.name)
		})
	}
	work.Wait()
	var (
		findings []domain.Finding
		failed   error
	)
	for _, q := range questions {
		switch {
		case q.err == nil:
			findings = append(findings, q.finding)
		case failed == nil:
			failed = q.err
		}
	}
	return findings, failed
}

// Match selects the identifiers for a source.
type Match struct {
	patterns []string // in lower case
}

// ParseMatch reads comma-separated patterns, in which * stands for any text,
// including none: "*@corp.example", "E-*". Letter case is ignored.
func ParseMatch(text string) Match {
	var m Match
	for pattern := range strings.SplitSeq(text, ",") {
		if pattern = strings.ToLower(strings.TrimSpace(pattern)); pattern != "" {
			m.patterns = append(m.patterns, pattern)
		}
	}
	return m
}

// Takes reports whether an identifier matches one of the patterns, or there are
// no patterns.
func (m Match) Takes(identifier string) bool {
	identifier = strings.ToLower(identifier)
	for _, pattern := range m.patterns {
		if matches(pattern, identifier) {
			return true
		}
	}
	return len(m.patterns) == 0
}

// matches splits the pattern at its stars and finds the parts in order. The
// first must be at the start of the text and the last at its end.
func matches(pattern, text string) bool {
	first, rest, starred := strings.Cut(pattern, "*")
	if !starred {
		return text == pattern
	}
	text, begins := strings.CutPrefix(text, first)
	if !begins {
		return false
	}
	parts := strings.Split(rest, "*")
	for _, part := range parts[:len(parts)-1] {
		_, after, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = after
	}
	return strings.HasSuffix(text, parts[len(parts)-1])
}
