package doctor_test

import (
	"context"
	"errors"
	"iter"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/app/doctor"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// found is the examination of a source that gives these results.
func found(results ...ports.Examined) func(context.Context) []ports.Examined {
	return func(context.Context) []ports.Examined { return results }
}

func TestTheChecksOfASourceFollowItsExamination(t *testing.T) {
	t.Parallel()
	const aRole = ports.AspectCredentials
	refused := ports.Examined{Aspect: aRole, Status: ports.ExaminedFail, Saw: "AccessDenied", Remedy: "change the trust policy", NotPermitted: true}
	rests := ports.Examined{Aspect: ports.AspectLookUp, Status: ports.ExaminedSkip, Because: aRole}
	hashes := func(cost time.Duration) ports.Examined {
		return ports.Examined{Aspect: ports.AspectHashes, Status: ports.ExaminedPass, Saw: "3 bcrypt", Cost: cost}
	}
	memory := func(mb int) func(*world) { return func(w *world) { w.function.MemoryMB = mb } }
	for name, row := range map[string]struct {
		result      []ports.Examined
		change      func(*world)
		of          string
		status      doctor.Status
		saw, remedy string
	}{
		"a failure": {[]ports.Examined{{Aspect: ports.AspectReached, Status: ports.ExaminedFail, Saw: "down", Remedy: "start it"}}, nil, "source reached", doctor.Fail, "down", "start it"},
		"what rests on it": {[]ports.Examined{{Aspect: ports.AspectReached, Status: ports.ExaminedFail}, {Aspect: ports.AspectIndex, Status: ports.ExaminedSkip, Because: ports.AspectReached}}, nil,
			"source index", doctor.Skip, "because source reached failed", ""},
		"a role that is not given to another than the function": {[]ports.Examined{refused, rests}, nil, "source credentials", doctor.Warn, "not the function's role", "a sign-in proves it"},
		"what rests on such a role":                             {[]ports.Examined{refused, rests}, nil, "source look-up", doctor.Skip, "could not be judged", ""},
		"a role that is not given to the function":              {[]ports.Examined{refused}, func(w *world) { w.identity.ARN = runner }, "source credentials", doctor.Fail, "AccessDenied", "trust policy"},
		"cheap hashes":                      {[]ports.Examined{hashes(100 * time.Millisecond)}, memory(1769), "source hashes", doctor.Pass, "100 ms on this machine, and about 100 ms of Cognito's 5000 with the function's 1769 MB", ""},
		"more memory than one core's":       {[]ports.Examined{hashes(100 * time.Millisecond)}, memory(3008), "source hashes", doctor.Pass, "about 100 ms", ""},
		"hashes that are dear with 256 MB":  {[]ports.Examined{hashes(400 * time.Millisecond)}, memory(256), "source hashes", doctor.Warn, "about 2764 ms", "at least 353 MB"},
		"hashes that take too long":         {[]ports.Examined{hashes(800 * time.Millisecond)}, memory(256), "source hashes", doctor.Fail, "about 5528 ms", "at least 707 MB"},
		"hashes that no memory makes cheap": {[]ports.Examined{hashes(3 * time.Second)}, memory(1769), "source hashes", doctor.Warn, "about 3000 ms", "one core"},
		"a memory size that is not known":   {[]ports.Examined{hashes(100 * time.Millisecond)}, func(w *world) { w.settings.Function = "" }, "source hashes", doctor.Pass, "with 512 MB about 345 ms", ""},
		"under a millisecond":               {[]ports.Examined{hashes(time.Microsecond)}, memory(1769), "source hashes", doctor.Pass, "under 1 ms", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := inOrder()
			w.chain = []doctor.ChainedSource{{Name: "SOURCE", Examine: found(row.result...)}}
			if row.change != nil {
				row.change(w)
			}
			check := w.examine(t.Context())[row.of]
			if check.Status != row.status || !strings.Contains(check.Saw, row.saw) || !strings.Contains(check.Remedy, row.remedy) || check.Source != "SOURCE" {
				t.Errorf("%s is %s of %q: %s -> %s", row.of, check.Status, check.Source, check.Saw, check.Remedy)
			}
		})
	}
}

// A chain has the checks of each source by its name, none of one for all, and
// says which settings keep a source from being examined.
func TestAChainHasTheChecksOfEachSource(t *testing.T) {
	t.Parallel()
	w := inOrder()
	pass := ports.Examined{Aspect: ports.AspectReached, Status: ports.ExaminedPass, Saw: "here"}
	w.chain = []doctor.ChainedSource{{Name: "OLD", Examine: found(pass)}, {Name: "CORP", Examine: found(pass)}, {Name: "BROKEN"}}
	checks := w.examine(t.Context())
	for name, status := range map[string]doctor.Status{"OLD reached": doctor.Pass, "CORP reached": doctor.Pass, "BROKEN reached": doctor.Skip, "shared identifiers": doctor.Skip, "source reached": ""} {
		if checks[name].Status != status {
			t.Errorf("%s is %q: %s", name, checks[name].Status, checks[name].Saw)
		}
	}
	if saw := checks["BROKEN reached"].Saw; !strings.Contains(saw, "configuration failed") {
		t.Error(saw)
	}
}

// members is a source that knows these users, and lists them.
type members []string

func (m members) FindUser(_ context.Context, username string) (domain.Finding, error) {
	for _, name := range m {
		switch name {
		case "down":
			return domain.Finding{}, errors.New("down")
		case username:
			return domain.Finding{Kind: domain.UserFound}, nil
		}
	}
	return domain.Finding{Kind: domain.UserUnknown}, nil
}

func (members) Authenticate(context.Context, string, domain.Password) (domain.Finding, error) {
	panic("a password is sent")
}

func (members) Slices() []string { return []string{""} }

func (m members) Pages(context.Context, ports.ListRequest) iter.Seq2[ports.UserPage, error] {
	return func(yield func(ports.UserPage, error) bool) {
		var page ports.UserPage
		for _, name := range m {
			page.Users = append(page.Users, domain.SourceUser{Username: name})
		}
		yield(page, nil)
	}
}

func TestIdentifiersThatSeveralSourcesKnowAreFound(t *testing.T) {
	t.Parallel()
	many := make(members, 1000)
	for i := range many {
		many[i] = strings.Repeat("x", i+1)
	}
	source := func(name string, users members, change ...func(*doctor.ChainedSource)) doctor.ChainedSource {
		one := doctor.ChainedSource{Name: name, Examine: found(), LooksUp: true, Open: func(context.Context) (ports.Source, error) {
			return ports.Source{Directory: users, Lister: users}, nil
		}}
		for _, change := range change {
			change(&one)
		}
		return one
	}
	blind := func(one *doctor.ChainedSource) { one.LooksUp = false }
	unlisted := func(one *doctor.ChainedSource) {
		open := one.Open
		one.Open = func(ctx context.Context) (ports.Source, error) {
			opened, err := open(ctx)
			opened.Lister = nil
			return opened, err
		}
	}
	routed := func(one *doctor.ChainedSource) { one.Takes = func(string) bool { return false } }
	broken := func(one *doctor.ChainedSource) {
		one.Open = func(context.Context) (ports.Source, error) { return ports.Source{}, errors.New("broken") }
	}
	for name, row := range map[string]struct {
		chain  []doctor.ChainedSource
		named  string
		status doctor.Status
		saw    string
	}{
		"none":                       {[]doctor.ChainedSource{source("OLD", members{"alice"}), source("CORP", members{"bob"})}, "", doctor.Pass, "of 2 sampled identifiers, none"},
		"one of two":                 {[]doctor.ChainedSource{source("OLD", members{"alice"}), source("CORP", members{"alice", "bob"})}, "", doctor.Warn, "1 of 2 sampled identifiers are known to several sources: OLD, CORP"},
		"a sample is bounded":        {[]doctor.ChainedSource{source("OLD", many), source("CORP", many)}, "", doctor.Warn, "20 of 20"},
		"the named user":             {[]doctor.ChainedSource{source("OLD", members{"alice"}), source("CORP", members{"alice"})}, "alice", doctor.Warn, "the named user is known to OLD, CORP"},
		"the named user, once":       {[]doctor.ChainedSource{source("OLD", members{"alice"}), source("CORP", members{"bob"})}, "alice", doctor.Pass, "of the named user, none"},
		"identifiers that are given": {[]doctor.ChainedSource{source("OLD", members{"alice"}), source("CORP", members{"alice"}, routed)}, "", doctor.Pass, "none"},
		"a source without look-ups":  {[]doctor.ChainedSource{source("OLD", members{"alice"}), source("CORP", members{"alice"}, blind)}, "", doctor.Pass, "none"},
		"no source can be listed":    {[]doctor.ChainedSource{source("OLD", members{"alice"}, unlisted), source("CORP", members{"alice"}, unlisted)}, "", doctor.Skip, "--look-up"},
		"a source that is down":      {[]doctor.ChainedSource{source("OLD", members{"alice"}), source("CORP", members{"down"})}, "", doctor.Pass, "not asked: CORP"},
		"a source that cannot open":  {[]doctor.ChainedSource{source("OLD", members{"alice"}), source("CORP", nil, broken)}, "", doctor.Pass, "not asked: CORP"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := inOrder()
			w.chain, w.namedUser = row.chain, row.named
			check := w.examine(t.Context())["shared identifiers"]
			if check.Status != row.status || !strings.Contains(check.Saw, row.saw) || strings.Contains(check.Saw, "alice") || check.Status == doctor.Warn && !strings.Contains(check.Remedy, "_MATCH") {
				t.Errorf("%s: %s -> %s", check.Status, check.Saw, check.Remedy)
			}
		})
	}
}

func TestThePasswordPolicyIsComparedWithThePools(t *testing.T) {
	t.Parallel()
	long, symbols := domain.PasswordPolicy{MinimumLength: 12}, domain.PasswordPolicy{MinimumLength: 12, RequireSymbols: true}
	for name, row := range map[string]struct {
		ours, theirs domain.PasswordPolicy
		status       doctor.Status
		saw, remedy  string
	}{
		"not set":          {domain.PasswordPolicy{}, symbols, "", "", ""},
		"the same":         {symbols, symbols, doctor.Pass, "is the pool's", ""},
		"the pool's more":  {long, symbols, doctor.Warn, "the pool demands RequireSymbols, and the setting does not", "set MIGRATE_PASSWORD_POLICY=MinimumLength=12,RequireSymbols"},
		"the pool's less":  {symbols, long, doctor.Warn, "the setting demands RequireSymbols, and the pool does not", "set MIGRATE_PASSWORD_POLICY=MinimumLength=12"},
		"another length":   {domain.PasswordPolicy{MinimumLength: 8}, long, doctor.Warn, "the pool demands MinimumLength=12, and the setting does not: users whose password lacks it cannot be created; the setting demands MinimumLength=8", "MinimumLength=12"},
		"no policy at all": {long, domain.PasswordPolicy{}, doctor.Warn, "the setting demands MinimumLength=12, and the pool does not", "unset MIGRATE_PASSWORD_POLICY"},
	} {
		w := inOrder()
		w.settings.Rules.PasswordPolicy, w.pool.PasswordPolicy = row.ours, row.theirs
		check := w.examine(t.Context())["password policy"]
		if check.Status != row.status || !strings.Contains(check.Saw, row.saw) || !strings.Contains(check.Remedy, row.remedy) {
			t.Errorf("%s: %q %s -> %s", name, check.Status, check.Saw, check.Remedy)
		}
	}
}
