package doctor

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// ChainedSource is one source of the chain, as it is examined.
type ChainedSource struct {
	// Name is the prefix of its variables.
	Name string
	// Examine examines the source. It is nil if its settings have a problem.
	Examine func(context.Context) []ports.Examined
	// Open opens the source. It sends nothing.
	Open func(context.Context) (ports.Source, error)
	// Takes reports whether an identifier is for this source.
	Takes func(identifier string) bool
	// LooksUp is true if the source can be asked about users without a password.
	LooksUp bool
}

// examinedSource is what was found out about one source.
type examinedSource struct {
	name    string
	results []ports.Examined
}

// gatherSources examines all sources at the same time.
func (f *Facts) gatherSources(ctx context.Context, access Setup) {
	f.sources = make([]examinedSource, len(access.Sources))
	var work sync.WaitGroup
	for i, source := range access.Sources {
		f.sources[i].name = source.Name
		if source.Examine == nil {
			continue
		}
		work.Go(func() { f.sources[i].results = source.Examine(ctx) })
	}
	work.Wait()
}

// subject is how the checks of a source begin.
func (f *Facts) subject(name string) string {
	if len(f.sources) == 1 {
		return "source"
	}
	return name
}

// sourceChecks are the checks of the sources, and of all of them together.
func (f *Facts) sourceChecks() []Check {
	var results []Check
	for _, source := range f.sources {
		subject := f.subject(source.name)
		first := len(results)
		if source.results == nil {
			results = append(results, named(subject+" "+string(ports.AspectReached), skip(becauseOf(nameConfiguration))))
		}
		refused := ports.Aspect("")
		for _, result := range source.results {
			check := f.judged(result)
			switch {
			case result.NotPermitted && check.Status == Warn:
				refused = result.Aspect
			case result.Because != "" && result.Because == refused:
				check = skip("because " + subject + " " + string(refused) + " could not be judged")
			case result.Because != "":
				check = skip(becauseOf(subject + " " + string(result.Because)))
			}
			results = append(results, named(subject+" "+string(result.Aspect), check))
		}
		for i := range results[first:] {
			results[first+i].Source = source.name
		}
	}
	if len(f.sources) > 1 {
		results = append(results, named(nameShared, f.sharedCheck()))
	}
	return results
}

// judged turns the result of an examination into a check.
func (f *Facts) judged(result ports.Examined) Check {
	check := Check{Status: Status(result.Status), Saw: result.Saw, Remedy: result.Remedy}
	if result.NotPermitted && result.Status == ports.ExaminedFail && f.someoneElse() {
		return warn("not permitted to "+f.identity.value.ARN+", which is not the function's role; this check cannot tell whether the function is permitted",
			"if the role's trust names the function's role alone, this is as it should be; a sign-in proves it")
	}
	if result.Cost > 0 {
		return f.withCost(check, result.Cost)
	}
	return check
}

const (
	// fullCore is the memory in MB for which Lambda gives one whole core
	// ("Configure Lambda function memory", AWS Lambda Developer Guide).
	fullCore = 1769
	// muchTime is a long computing time for one sign-in: it leaves little of Cognito's
	// five seconds for a slow source or a cold start.
	muchTime = 2 * time.Second
	// mostTime is what remains for the source of the five seconds.
	mostTime = 4500 * time.Millisecond
)

// withCost adds what the hashes cost at the function's memory size.
func (f *Facts) withCost(check Check, cost time.Duration) Check {
	here := fmt.Sprintf("a sign-in computes for %s ms on this machine", millis(cost))
	memory := f.function.value.MemoryMB
	if memory == 0 {
		check.Saw += fmt.Sprintf("; %s; the function's memory size is not known (--function): with 512 MB about %s ms of Cognito's 5000", here, millis(scaled(cost, 512)))
		return check
	}
	there := scaled(cost, memory)
	check.Saw += fmt.Sprintf("; %s, and about %s ms of Cognito's 5000 with the function's %d MB", here, millis(there), memory)
	if there < muchTime {
		return check
	}
	remedy := "give the function more memory: Lambda gives CPU by memory, one core with 1769 MB"
	if wants := int(cost * fullCore / muchTime); wants < fullCore {
		remedy = fmt.Sprintf("give the function at least %d MB of memory: Lambda gives CPU by memory, one core with 1769 MB", wants)
	}
	if check.Remedy != "" {
		remedy = check.Remedy + "; " + remedy
	}
	check.Remedy = remedy
	switch {
	case there >= mostTime:
		check.Status = Fail
	case check.Status == Pass:
		check.Status = Warn
	}
	return check
}

// scaled is how long a computation takes with a function's share of one core.
func scaled(cost time.Duration, memoryMB int) time.Duration {
	return cost * fullCore / time.Duration(min(memoryMB, fullCore))
}

func millis(d time.Duration) string {
	if d < time.Millisecond {
		return "under 1"
	}
	return fmt.Sprint(d.Milliseconds())
}

// nameShared is the check of identifiers that several sources know.
const nameShared = "shared identifiers"

const (
	// mostSampled is how many users of a source are looked up in the others.
	mostSampled = 20
	// mostPages is how many pages are read for them.
	mostPages = 4
	// sampleTime bounds the sample.
	sampleTime = 2 * callTimeout
)

// shared is what a sample showed.
type shared struct {
	// named is true if the operator named the user.
	named bool
	// asked counts the identifiers, and twice those that two sources know.
	asked, twice int
	// where are the sources that know the same user.
	where []string
	// silent are the sources that did not answer.
	silent []string
}

// gatherShared looks some identifiers of each source up in the others.
func (f *Facts) gatherShared(ctx context.Context, access Setup) {
	if len(access.Sources) < 2 {
		f.shared = unasked[shared]("there is one source")
		return
	}
	ctx, cancel := context.WithTimeout(ctx, sampleTime)
	defer cancel()
	opened := make(map[string]ports.Source)
	for _, source := range access.Sources {
		if source.Open == nil {
			continue
		}
		if one, err := source.Open(ctx); err == nil && one.Directory != nil {
			opened[source.Name] = one
		}
	}
	found := shared{named: access.NamedUser != ""}
	silent := func(name string) {
		delete(opened, name)
		found.silent = append(found.silent, name)
	}
	seen := make(map[string]bool)
	for _, source := range access.Sources {
		one, there := opened[source.Name]
		if !there {
			found.silent = append(found.silent, source.Name)
			continue
		}
		identifiers := []string{access.NamedUser}
		if !found.named {
			identifiers = ask(ctx, func(ctx context.Context) ([]string, error) { return sample(ctx, one.Lister) }).value
		}
		for _, identifier := range identifiers {
			if seen[identifier] {
				continue
			}
			seen[identifier] = true
			var knows []string
			for _, other := range access.Sources {
				directory, there := opened[other.Name]
				if !there || !other.LooksUp || other.Takes != nil && !other.Takes(identifier) {
					continue
				}
				fact := ask(ctx, func(ctx context.Context) (domain.Finding, error) {
					return directory.Directory.FindUser(ctx, identifier)
				})
				if fact.err != nil {
					silent(other.Name)
					continue
				}
				if known(fact.value.Kind) {
					knows = append(knows, other.Name)
				}
			}
			found.asked++
			if len(knows) > 1 {
				found.twice++
				found.where = union(found.where, knows)
			}
		}
	}
	f.shared = Fact[shared]{value: found}
}

// known reports whether a finding means that the source has the user.
func known(kind domain.FindingKind) bool {
	return kind != domain.UserUnknown && kind != domain.LookUpUnsupported
}

func union(names, more []string) []string {
	for _, name := range more {
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// sample lists the usernames and verified addresses of some users.
func sample(ctx context.Context, lister ports.UserLister) ([]string, error) {
	if lister == nil {
		return nil, nil
	}
	var identifiers []string
	pages := 0
	for _, slice := range lister.Slices() {
		for page, err := range lister.Pages(ctx, ports.ListRequest{Slice: slice}) {
			if err != nil {
				return identifiers, err
			}
			for _, user := range page.Users {
				identifiers = append(identifiers, user.Username)
				if user.Attributes["email_verified"] == "true" && user.Attributes["email"] != user.Username {
					identifiers = append(identifiers, user.Attributes["email"])
				}
				if len(identifiers) >= mostSampled {
					return identifiers[:mostSampled], nil
				}
			}
			break // one page of each slice is enough
		}
		if pages++; pages == mostPages {
			break
		}
	}
	return identifiers, nil
}

// sharedCheck says whether several sources know the same identifiers.
func (f *Facts) sharedCheck() Check {
	if f.shared.skip != "" {
		return skip(f.shared.skip)
	}
	found := f.shared.value
	const remedy = "the first source of MIGRATE_SOURCES that knows an identifier decides alone, with its password. Check that its users are the right ones, remove the others, or give each source its identifiers with _MATCH"
	what := fmt.Sprintf("%d sampled identifiers", found.asked)
	if found.named {
		what = "the named user"
	}
	left := ""
	if len(found.silent) > 0 {
		left = "; not asked: " + strings.Join(union(nil, found.silent), ", ")
	}
	switch {
	case found.twice > 0 && found.named:
		return warn("the named user is known to "+strings.Join(found.where, ", ")+left, remedy)
	case found.twice > 0:
		return warn(fmt.Sprintf("%d of %s are known to several sources: %s%s", found.twice, what, strings.Join(found.where, ", "), left), remedy)
	case found.asked == 0:
		return skip("no source can be listed; --look-up NAME looks one user up in every source" + left)
	}
	return pass("of " + what + ", none is known to two sources" + left)
}
