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
	// Name is the source's name, as its findings have it.
	Name string
	// Source is asked.
	Source ports.Source
	// Match says for which identifiers; the zero Match takes every one.
	Match Match
}

// Chain is several sources as one. They are asked in order, each for the
// identifiers that it matches, and only a source that does not know the user
// passes on to the next: an outage there could hide the very user, and who typed
// a wrong password at one must not be let in by another's user of the same name.
type Chain []Link

var _ ports.SourceDirectory = Chain(nil)

// Authenticate implements [ports.SourceDirectory].
func (c Chain) Authenticate(ctx context.Context, username string, password domain.Password) (domain.Finding, error) {
	judged := false // by a source that was asked earlier
	return c.ask(username, func(source ports.Source, last bool) (domain.Finding, error) {
		finding, err := source.Directory.Authenticate(ctx, username, password)
		if err != nil && judged {
			err = ports.MaybeJudged(err)
		}
		judged = true
		if err != nil || last || finding.Kind != domain.PasswordWrong || !source.HidesUnknown {
			return finding, err
		}
		// Wrong, or unknown and hidden: the next source may only be asked
		// where there is no such user here.
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

// ask puts the question to each source that matches, until one knows the user.
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

// FindEarlier implements [EarlierSources]. It asks all at once. What was typed is
// not put again to a source whose Match takes it: that source was asked first, and
// did not know the user. Otherwise Match decides nothing here: it says which
// identifiers a source signs in, not whom it knows.
func (c Chain) FindEarlier(ctx context.Context, source, typed string, names []string) ([]domain.Finding, error) {
	place := slices.IndexFunc(c, func(link Link) bool { return link.Name == source })
	if place < 0 {
		return nil, errors.New("the finding names an unknown source")
	}
	type question struct {
		source  ports.SourceDirectory
		name    string
		finding domain.Finding
		err     error
	}
	var questions []*question
	for _, link := range c[:place] {
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

// Match says which identifiers a source is asked for.
type Match struct {
	patterns []string // in lower case
}

// ParseMatch reads patterns, separated by commas; in each, * stands for any
// text, none included: "*@corp.example", "E-*". Letter case is put aside.
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
// none.
func (m Match) Takes(identifier string) bool {
	identifier = strings.ToLower(identifier)
	for _, pattern := range m.patterns {
		if matches(pattern, identifier) {
			return true
		}
	}
	return len(m.patterns) == 0
}

// matches cuts the pattern at its stars and finds the parts one after another:
// the first where the text begins, the last where it ends.
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
