package doctor

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports/setup"
)

// fewestReceives is how often a message should be received before it counts as
// dead: the waits between attempts grow to an hour. Users who migrate through forgot-password may take
// days to set a new password.
const fewestReceives = 20

// Completion says how migrations are completed.
type Completion struct {
	After        domain.After
	Groups       domain.GroupMap
	CreateGroups bool
	// QueueURL is that of the queue; empty where completion is not asked for.
	QueueURL string
	// SecondFactors: completion sets second factors, or adds their group.
	SecondFactors bool
}

// unfinished is the reason for which a question about completion is not put;
// empty where it is.
func (f *Facts) unfinished() string {
	c := f.Settings.Completion
	switch {
	case f.aside("COMPLETION_AFTER"), f.aside("COMPLETION_GROUPS"), len(f.Settings.SetAside) > 0 && f.Settings.SourceKind == "":
		return becauseOf(nameConfiguration)
	case !c.retires() && c.Groups.Empty() && !c.SecondFactors:
		return "completion is not asked for"
	default:
		return ""
	}
}

func (c Completion) retires() bool {
	return c.After == domain.AfterDisable || c.After == domain.AfterDelete
}

func completionQueue(f Facts) Check {
	if check, yes := unread(f.queue, "check COMPLETION_QUEUE_URL: the queue must be in the function's region", "sqs:GetQueueAttributes on the queue"); yes {
		return check
	}
	queue := f.queue.value
	var found findings
	if queue.Encryption == "" {
		found.wrong = append(found.wrong, "it is not encrypted at rest, and its messages contain usernames")
	}
	switch {
	case queue.DeadLetters == "":
		found.wrong = append(found.wrong, "it has no dead-letter queue: what cannot be finished is lost in silence")
	case queue.MaxReceives < fewestReceives:
		found.unwise = append(found.unwise, fmt.Sprintf("a message counts as dead after %d receives: who was moved by a forgotten password may take days to set a new one", queue.MaxReceives))
	}
	return found.result(fmt.Sprintf("%s, encrypted by %s, dead letters to %s after %d receives", queue.ARN, queue.Encryption, queue.DeadLetters, queue.MaxReceives),
		fmt.Sprintf("give the queue SqsManagedSseEnabled or a KMS key, and a redrive policy with maxReceiveCount %d or more; the templates in deploy make such a one", fewestReceives))
}

func completionGroups(f Facts) Check {
	if errors.Is(f.groups.err, setup.ErrNotFound) {
		return skip(becauseOf(namePool)) // the pool is what is not there
	}
	if check, yes := unread(f.groups, "", "cognito-idp:ListGroups"); yes {
		return check
	}
	named := f.Settings.Completion.Groups.Destinations()
	if group := f.Settings.Rules.MFAGroup; group != "" && !slices.Contains(named, group) {
		named = append(named, group)
	}
	lacking := slices.DeleteFunc(slices.Clone(named), func(group string) bool { return slices.Contains(f.groups.value, group) })
	switch {
	case len(lacking) == 0 && len(named) == 0:
		return pass("the rules name no group; the groups that * gives are not known in advance")
	case len(lacking) == 0:
		return pass("the destination has " + strings.Join(named, ", "))
	case f.aside("COMPLETION_CREATE_GROUPS"):
		return skip(becauseOf(nameConfiguration))
	case f.Settings.Completion.CreateGroups:
		return pass("completion is to create " + strings.Join(lacking, ", "))
	default:
		return fail("the destination has no group "+strings.Join(lacking, ", "), "create it there, or set COMPLETION_CREATE_GROUPS=true")
	}
}

func completionRetirement(f Facts) Check {
	after := f.Settings.Completion.After
	if sources := f.unretiring.value; len(sources) > 0 {
		return fail(fmt.Sprintf("COMPLETION_AFTER=%s, which these sources cannot do: %s", after, strings.Join(sources, ", ")),
			"set COMPLETION_AFTER=keep, or configure the source to disable and delete users if its kind can (docs/sources)")
	}
	return pass(fmt.Sprintf("COMPLETION_AFTER=%s, and the source (%s) can disable and delete users", after, f.Settings.SourceKind))
}

// completionProof recommends the only rule that permanently proves that both users
// are the same. Without it, completion compares contacts and attributes. It then
// skips users who have no verified contact, or have changed one since.
func completionProof(f Facts) Check {
	if why := f.unfinished(); why != "" {
		return skip(why)
	}
	if skipped, yes := f.resting("MIGRATE_ATTRIBUTES"); yes {
		return skipped
	}
	carriers := f.Settings.Rules.Attributes.SubCarriers()
	if len(carriers) == 0 {
		return warn("no rule carries the source's sub to a custom attribute: completion skips users who have no verified contact or whose attributes changed since",
			"add the attribute custom:legacy_sub to the destination, and the rule custom:legacy_sub=sub to MIGRATE_ATTRIBUTES")
	}
	writable := slices.DeleteFunc(slices.Clone(carriers), func(carrier string) bool { return !f.client.value.Writes(carrier) })
	if len(writable) > 0 && f.client.skip == "" && f.client.err == nil {
		return warn("the destination's app client may write "+strings.Join(writable, ", ")+": a user can claim another user's sub, and completion would treat both users as the same",
			"take it out of the write attributes of every app client of the destination")
	}
	return pass(strings.Join(carriers, ", ") + " carries the source's sub; let no app client write it")
}
