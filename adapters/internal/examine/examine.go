// Package examine is shared by the examinations of sources that the operator's
// checks make. It examines one aspect after another, each with a deadline. It
// judges certificates, network errors and look-ups. The function never calls it.
// It imports domain and ports.
package examine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// callTimeout bounds each aspect.
const callTimeout = 5 * time.Second

// Question examines one aspect.
type Question func(ctx context.Context) ports.Examined

// Step is a question with its aspect.
type Step struct {
	Aspect   ports.Aspect
	Question Question
}

// Run examines the aspects of a source in order. Each entry is a group of steps
// that run at the same time. After a failure, the later groups are not examined.
func Run(ctx context.Context, groups ...[]Step) []ports.Examined {
	var results []ports.Examined
	var failed ports.Aspect
	for _, group := range groups {
		found := make([]ports.Examined, len(group))
		var work sync.WaitGroup
		for i, step := range group {
			if failed != "" {
				found[i] = ports.Examined{Aspect: step.Aspect, Status: ports.ExaminedSkip, Because: failed}
				continue
			}
			work.Go(func() {
				found[i] = ask(ctx, step.Question)
				found[i].Aspect = step.Aspect
			})
		}
		work.Wait()
		results = append(results, found...)
		if at := slices.IndexFunc(found, ends); failed == "" && at >= 0 {
			failed = found[at].Aspect
		}
	}
	return results
}

// ends reports whether later aspects depend on this result.
func ends(found ports.Examined) bool {
	return found.Status == ports.ExaminedFail || found.NotPermitted
}

// One is a group of one step.
func One(aspect ports.Aspect, question Question) []Step {
	return []Step{{aspect, question}}
}

// ask puts one question. It does not wait for one that ignores its context.
func ask(ctx context.Context, question Question) ports.Examined {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	answered := make(chan ports.Examined, 1)
	go func() { answered <- question(ctx) }()
	select {
	case found := <-answered:
		return found
	case <-ctx.Done():
	}
	select {
	case found := <-answered: // its own words are better
		return found
	case <-time.After(100 * time.Millisecond):
		return Fail("no answer within "+callTimeout.String(), remedyNoAnswer)
	}
}

const remedyNoAnswer = "check the network, the VPN, the security groups and whether the server is busy; the function may reach what this machine cannot"

// Pass, Warn, Fail and Skip are the results of an aspect.

// Pass returns a result in order.
func Pass(saw string) ports.Examined {
	return ports.Examined{Status: ports.ExaminedPass, Saw: saw}
}

// Warn returns a result that is unwise or uncertain.
func Warn(saw, remedy string) ports.Examined {
	return ports.Examined{Status: ports.ExaminedWarn, Saw: saw, Remedy: remedy}
}

// Fail returns a result with which sign-ins fail.
func Fail(saw, remedy string) ports.Examined {
	return ports.Examined{Status: ports.ExaminedFail, Saw: saw, Remedy: remedy}
}

// Skip returns the reason for which an aspect was not examined.
func Skip(why string) ports.Examined {
	return ports.Examined{Status: ports.ExaminedSkip, Saw: why}
}

// Found judges the finding of a look-up. mapping explains where the directory has
// an attribute; nil if it uses Cognito's names.
func Found(probe ports.Probe, finding domain.Finding, rules domain.Rules, mapping map[string]string) ports.Examined {
	switch {
	case finding.Kind == domain.LookUpUnsupported:
		return Skip("this source cannot look users up without the password")
	case !probe.Exists && finding.Kind == domain.UserUnknown:
		return Pass("it answers; the probe user does not exist, as expected")
	case !probe.Exists && finding.Kind == domain.UserFound:
		return Fail("a user was found by an identifier that does not exist", "let the look-up compare the submitted identifier with the user's names")
	case !probe.Exists:
		return Warn(fmt.Sprintf("the source answered %s about an identifier that does not exist", finding.Kind), "let the look-up find no user by an unknown identifier")
	case finding.Kind == domain.UserUnknown:
		return Pass("it answers; this source does not know the named user")
	case finding.Kind != domain.UserFound:
		return Warn(fmt.Sprintf("the source answered %s about the named user", finding.Kind), "docs/decision-table.md says what becomes of this user")
	}
	return Pass("the named user was found: " + described(finding.User, rules, mapping))
}

// described lists the attributes of a user by name, never by value.
func described(user domain.SourceUser, rules domain.Rules, mapping map[string]string) string {
	from := func(name string) string {
		if source := mapping[name]; source != "" && source != name {
			return source + " as " + name
		}
		return name
	}
	has := []string{"username"}
	for name, value := range user.Attributes {
		if value != "" {
			has = append(has, name)
		}
	}
	if user.GroupsKnown {
		has = append(has, fmt.Sprintf("%d groups", len(user.Groups)))
	}
	slices.Sort(has)
	for i, name := range has {
		has[i] = from(name)
	}
	text := "it has " + strings.Join(has, ", ")
	var lacking []string
	for _, name := range rules.Attributes.Sources() {
		if user.Attributes[name] == "" && name != "username" {
			lacking = append(lacking, from(name))
		}
	}
	if len(lacking) > 0 {
		text += "; no value of " + strings.Join(lacking, ", ")
	}
	moved := slices.Sorted(maps.Keys(rules.Attributes.Apply(user, rules.VerifiedContacts)))
	if len(moved) > 0 {
		text += "; the destination gets " + strings.Join(moved, ", ")
	}
	return text
}
