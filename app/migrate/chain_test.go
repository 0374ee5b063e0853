package migrate_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"cognito-user-migration/app/migrate"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/mocks"

	"github.com/golang/mock/gomock"
)

// of is a source of this directory.
func of(directory ports.SourceDirectory) ports.Source { return ports.Source{Directory: directory} }

// hiding is a source that may hide whom it does not know.
func hiding(directory ports.SourceDirectory) ports.Source {
	return ports.Source{Directory: directory, HidesUnknown: true}
}

func found(kind domain.FindingKind, source string) domain.Finding {
	return domain.Finding{Kind: kind, Source: source}
}

func TestOnlyASourceThatDoesNotKnowTheUserPassesOn(t *testing.T) {
	t.Parallel()
	outage := errors.New("down")
	for name, row := range map[string]struct {
		first, second domain.FindingKind // second 0: must not be asked
		firstErr      error
		want          domain.FindingKind
	}{
		"a user whom the first knows":           {first: domain.PasswordAccepted, want: domain.PasswordAccepted},
		"a user whom only the second knows":     {first: domain.UserUnknown, second: domain.PasswordAccepted, want: domain.PasswordAccepted},
		"a user whom neither knows":             {first: domain.UserUnknown, second: domain.UserUnknown, want: domain.UserUnknown},
		"a wrong password at the first":         {first: domain.PasswordWrong, want: domain.PasswordWrong},
		"a disabled user at the first":          {first: domain.UserDisabled, want: domain.UserDisabled},
		"an ambiguous user at the first":        {first: domain.UserAmbiguous, want: domain.UserAmbiguous},
		"a wrong password at the second":        {first: domain.UserUnknown, second: domain.PasswordWrong, want: domain.PasswordWrong},
		"an outage of the first, which ends it": {firstErr: outage},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			controller := gomock.NewController(t)
			first, second := mocks.NewMockSourceDirectory(controller), mocks.NewMockSourceDirectory(controller)
			first.EXPECT().Authenticate(gomock.Any(), "alice", gomock.Any()).Return(found(row.first, "FIRST"), row.firstErr)
			first.EXPECT().FindUser(gomock.Any(), "alice").Return(found(row.first, "FIRST"), row.firstErr)
			if row.second != 0 {
				second.EXPECT().Authenticate(gomock.Any(), "alice", gomock.Any()).Return(found(row.second, "SECOND"), nil)
				second.EXPECT().FindUser(gomock.Any(), "alice").Return(found(row.second, "SECOND"), nil)
			}
			chain := migrate.Chain{{Source: of(first)}, {Source: of(second)}}
			got, err := chain.Authenticate(context.Background(), "alice", domain.NewPassword("p"))
			if got.Kind != row.want || !errors.Is(err, row.firstErr) {
				t.Errorf("sign-in: got %v, %v", got, err)
			}
			got, err = chain.FindUser(context.Background(), "alice")
			if got.Kind != row.want || !errors.Is(err, row.firstErr) {
				t.Errorf("look-up: got %v, %v", got, err)
			}
		})
	}
}

func TestAHiddenUnknownUserIsLookedUpBeforeTheNextSourceTries(t *testing.T) {
	t.Parallel()
	outage := errors.New("down")
	for name, row := range map[string]struct {
		known    domain.FindingKind
		err      error
		passesOn bool
		want     domain.FindingKind
	}{
		"a wrong password of a known user": {known: domain.UserFound, want: domain.PasswordWrong},
		"a user who is hidden":             {known: domain.UserUnknown, passesOn: true, want: domain.PasswordAccepted},
		"an outage of the look-up":         {err: outage},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			controller := gomock.NewController(t)
			first, second := mocks.NewMockSourceDirectory(controller), mocks.NewMockSourceDirectory(controller)
			first.EXPECT().Authenticate(gomock.Any(), "alice", gomock.Any()).Return(found(domain.PasswordWrong, "FIRST"), nil)
			first.EXPECT().FindUser(gomock.Any(), "alice").Return(found(row.known, "FIRST"), row.err)
			if row.passesOn {
				second.EXPECT().Authenticate(gomock.Any(), "alice", gomock.Any()).Return(found(domain.PasswordAccepted, "SECOND"), nil)
			}
			chain := migrate.Chain{{Source: hiding(first)}, {Source: of(second)}}
			got, err := chain.Authenticate(context.Background(), "alice", domain.NewPassword("p"))
			if got.Kind != row.want || !errors.Is(err, row.err) {
				t.Errorf("got %v, %v", got, err)
			}
		})
	}
}

func TestTheLastSourceIsNotAskedTwice(t *testing.T) {
	t.Parallel()
	only := mocks.NewMockSourceDirectory(gomock.NewController(t))
	only.EXPECT().Authenticate(gomock.Any(), "alice", gomock.Any()).Return(found(domain.PasswordWrong, "ONLY"), nil)
	skipped := mocks.NewMockSourceDirectory(gomock.NewController(t))
	chain := migrate.Chain{{Source: hiding(only)}, {Source: of(skipped), Match: migrate.ParseMatch("*@corp.example")}}
	if got, err := chain.Authenticate(context.Background(), "alice", domain.NewPassword("p")); got.Kind != domain.PasswordWrong || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

// What a person is created with is asked of every earlier source, whatever its
// Match takes. Only the question that it has answered already is not put again.
func TestEarlierSourcesAreAskedWhatTheyWereNotAsked(t *testing.T) {
	t.Parallel()
	const typed, created = "mallory@evil.example", "alice"
	for name, row := range map[string]struct {
		decided string
		match   string   // of the first
		first   []string // what the first is asked
		second  []string
	}{
		"the first decides, so nobody is earlier":           {decided: "FIRST"},
		"the second decides":                                {decided: "SECOND", first: []string{created}},
		"the second decides, and the first was not asked":   {decided: "SECOND", match: "*@corp.example", first: []string{created, typed}},
		"the third decides, so both earlier ones are asked": {decided: "THIRD", first: []string{created}, second: []string{created}},
		"the third decides, and the first was not asked":    {decided: "THIRD", match: "E-*", first: []string{created, typed}, second: []string{created}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			controller := gomock.NewController(t)
			first, second, third := mocks.NewMockSourceDirectory(controller), mocks.NewMockSourceDirectory(controller), mocks.NewMockSourceDirectory(controller)
			for _, asked := range row.first {
				first.EXPECT().FindUser(gomock.Any(), asked).Return(found(domain.UserUnknown, "FIRST"), nil)
			}
			for _, asked := range row.second {
				second.EXPECT().FindUser(gomock.Any(), asked).Return(found(domain.UserUnknown, "SECOND"), nil)
			}
			chain := migrate.Chain{
				{Name: "FIRST", Source: of(first), Match: migrate.ParseMatch(row.match)},
				{Name: "SECOND", Source: of(second)}, {Name: "THIRD", Source: of(third)},
			}
			findings, err := chain.FindEarlier(t.Context(), row.decided, typed, []string{created, typed})
			if err != nil || len(findings) != len(row.first)+len(row.second) {
				t.Errorf("got %v, %v", findings, err)
			}
		})
	}
}

// Each question waits until the other is put, so they are put side by side.
func TestEarlierSourcesAreAskedSideBySide(t *testing.T) {
	t.Parallel()
	controller := gomock.NewController(t)
	first, second := mocks.NewMockSourceDirectory(controller), mocks.NewMockSourceDirectory(controller)
	var all sync.WaitGroup
	all.Add(4)
	for name, source := range map[string]*mocks.MockSourceDirectory{"FIRST": first, "SECOND": second} {
		source.EXPECT().FindUser(gomock.Any(), gomock.Any()).Times(2).DoAndReturn(func(context.Context, string) (domain.Finding, error) {
			all.Done()
			all.Wait()
			return found(domain.UserUnknown, name), nil
		})
	}
	chain := migrate.Chain{{Name: "FIRST", Source: of(first)}, {Name: "SECOND", Source: of(second)}, {Name: "THIRD"}}
	findings, err := chain.FindEarlier(t.Context(), "THIRD", "typed", []string{"alice", "alice@example.com"})
	if err != nil || len(findings) != 4 || findings[0].Source != "FIRST" || findings[3].Source != "SECOND" {
		t.Errorf("got %v, %v", findings, err)
	}
}

func TestAnEarlierSourceThatDoesNotAnswerIsAnErrorAndTheOthersFindingsStand(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(context.Context, string) (domain.Finding, error){
		"because of an outage": func(context.Context, string) (domain.Finding, error) { return domain.Finding{}, ports.ErrUnreachable },
		"because of a panic":   func(context.Context, string) (domain.Finding, error) { panic("alice") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			controller := gomock.NewController(t)
			first, second := mocks.NewMockSourceDirectory(controller), mocks.NewMockSourceDirectory(controller)
			first.EXPECT().FindUser(gomock.Any(), "alice").DoAndReturn(answer)
			second.EXPECT().FindUser(gomock.Any(), "alice").Return(found(domain.UserDisabled, "SECOND"), nil)
			chain := migrate.Chain{{Name: "FIRST", Source: of(first)}, {Name: "SECOND", Source: of(second)}, {Name: "THIRD"}}
			findings, err := chain.FindEarlier(t.Context(), "THIRD", "typed", []string{"alice"})
			if err == nil || strings.Contains(err.Error(), "alice") || len(findings) != 1 || findings[0].Kind != domain.UserDisabled {
				t.Errorf("got %v, %v", findings, err)
			}
		})
	}
	if _, err := (migrate.Chain{{Name: "FIRST"}}).FindEarlier(t.Context(), "OTHER", "typed", nil); err == nil {
		t.Error("a source that is none of the chain's has no earlier ones")
	}
}

func TestASourceIsAskedForWhatItMatches(t *testing.T) {
	t.Parallel()
	for patterns, row := range map[string]struct{ takes, leaves []string }{
		"":                     {takes: []string{"alice", "*"}},
		"*@corp.example":       {takes: []string{"a@corp.example", "A@CORP.example", "@corp.example"}, leaves: []string{"a@corp.example.org", "corp.example", "a@xcorp.example"}},
		"e-*, *@corp.example ": {takes: []string{"E-4711", "a@corp.example", "e-"}, leaves: []string{"x", "xe-1"}},
		"alice":                {takes: []string{"Alice"}, leaves: []string{"alice2", "alic"}},
		"a*b*c":                {takes: []string{"abc", "aXbYc", "abcbc"}, leaves: []string{"ab", "acb", "ac"}},
		"*":                    {takes: []string{"x"}},
		"ab*ba":                {takes: []string{"abba", "ab-ba"}, leaves: []string{"aba"}},
		"a**b":                 {takes: []string{"ab", "aXb"}, leaves: []string{"a"}},
	} {
		match := migrate.ParseMatch(patterns)
		for _, identifier := range row.takes {
			if !match.Takes(identifier) {
				t.Errorf("%q leaves %q", patterns, identifier)
			}
		}
		for _, identifier := range row.leaves {
			if match.Takes(identifier) {
				t.Errorf("%q takes %q", patterns, identifier)
			}
		}
	}
	var none migrate.Chain
	if got, err := none.FindUser(context.Background(), "alice"); got.Kind != domain.UserUnknown || err != nil {
		t.Errorf("no source: got %v, %v", got, err)
	}
	_ = ports.SourceDirectory(none)
}

// A password that one source was asked about may have been judged there, whatever
// becomes of the sources after it.
func TestAChainCertifiesOnlyWhatNoSourceMayHaveJudged(t *testing.T) {
	t.Parallel()
	down := ports.NotJudged(ports.ErrUnreachable)
	for name, row := range map[string]struct {
		first     domain.FindingKind // 0: it is down
		hides     bool
		second    bool // it is asked, and is down
		certified bool
	}{
		"the first is down": {certified: true},
		"the first does not know the user, the second is down":                     {first: domain.UserUnknown, second: true},
		"the first rejects the password, and cannot say whether it knows the user": {first: domain.PasswordWrong, hides: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			controller := gomock.NewController(t)
			first, second := mocks.NewMockSourceDirectory(controller), mocks.NewMockSourceDirectory(controller)
			if row.first == 0 {
				first.EXPECT().Authenticate(gomock.Any(), "alice", gomock.Any()).Return(domain.Finding{}, down)
			} else {
				first.EXPECT().Authenticate(gomock.Any(), "alice", gomock.Any()).Return(found(row.first, "FIRST"), nil)
			}
			links := migrate.Chain{{Source: of(first)}, {Source: of(second)}}
			if row.hides {
				links[0].Source = hiding(first)
				first.EXPECT().FindUser(gomock.Any(), "alice").Return(domain.Finding{}, down)
			}
			if row.second {
				second.EXPECT().Authenticate(gomock.Any(), "alice", gomock.Any()).Return(domain.Finding{}, down)
			}
			_, err := links.Authenticate(context.Background(), "alice", domain.NewPassword("p"))
			if !errors.Is(err, ports.ErrUnreachable) || errors.Is(err, ports.ErrNotJudged) != row.certified {
				t.Errorf("got %v; certified %t", err, errors.Is(err, ports.ErrNotJudged))
			}
		})
	}
}
