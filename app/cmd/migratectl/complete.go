package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"cognito-user-migration/adapters/cognitodestination"
	"cognito-user-migration/app"
	"cognito-user-migration/app/complete"
	"cognito-user-migration/app/config"
	"cognito-user-migration/app/everything"
	"cognito-user-migration/app/trial"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/spf13/pflag"
	"go.uber.org/fx"
	"go.uber.org/zap/zapcore"
)

// eachTimeout limits the work for one user.
const eachTimeout = 30 * time.Second

// completeFlags are the settings that are not in the environment.
type completeFlags struct {
	user, pending, pool, region string
	state, undo                 string
	sourceProfile               string
	rate                        float64
	attemptedAt                 time.Time
	includeQueued               bool
	yes, asJSON                 bool
}

// modes are the flags that say whose migration is completed; one of them is given.
const modes = "user|all-owed|state|undo"

// completeCommand completes migrations without the queue.
func completeCommand() command {
	var given completeFlags
	return command{
		name:    "complete",
		summary: "complete migrations without the queue",
		purpose: `Completes migrations without the queue: adds groups, and disables or deletes the
source user, as the environment says. It completes one user, every user whose
audit record has a pending completion, or every user whom the state file of
migratectl report shows as moved. Or it enables source users again whom
completion disabled. Without --yes it changes nothing.`,
		required: []string{modes, "destination-pool"},
		examples: [2]string{
			"bin/migratectl complete --user alice --destination-pool ap-northeast-1_GhIjKl456",
			"bin/migratectl complete --state move.db --destination-pool ap-northeast-1_GhIjKl456 --yes",
		},
		failure: "a completion is still owed, or the operation failed",
		flags:   given.declare,
		run:     func(ctx context.Context, s streams, _ string) error { return finish(ctx, given, s) },
	}
}

func (c *completeFlags) declare(flags *pflag.FlagSet) {
	flags.StringVar(&c.user, "user", "", "the `NAME` that the user signs in with")
	flags.StringVar(&c.pending, "all-owed", "", "a `FILE` of audit lines; completes every user whose line has a pending completion")
	flags.StringVar(&c.state, "state", "", "the state `FILE` of migratectl report; completes every user who moved and is CONFIRMED")
	flags.StringVar(&c.undo, "undo", "", "a `FILE` of completion records; enables the source users again whom completion disabled")
	flags.BoolVar(&c.includeQueued, "include-queued", false, "with --all-owed: also complete users whose message was queued, because messages were lost or are of version 1")
	flags.Func("attempted-at", "with --user: the `TIME` of the attempt in its audit record; the destination user must have been created near it", func(text string) error {
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return errors.New("expected a time as in an audit record, such as 2026-11-28T09:30:00Z")
		}
		c.attemptedAt = at
		return nil
	})
	poolVar(flags, &c.pool, "destination-pool", "the `ID` of the destination user pool")
	regionVar(flags, &c.region)
	flags.StringVar(&c.sourceProfile, "source-aws-profile", "", "with --undo: a `PROFILE` of your own in the source account, which lists and enables its users (default: the credentials of the function's settings)")
	c.rate = 5
	flags.Var(perSecond(&c.rate), "rate", "the most `USERS` per second of --state, and the most requests per second of --undo")
	flags.BoolVar(&c.yes, "yes", false, "change users; without it, only show what would change")
	flags.BoolVar(&c.asJSON, "json", false, "print one JSON object")
}

// finish completes the migration of one user, or of every user whose audit record
// has a pending completion. Without --yes it changes nothing.
func finish(ctx context.Context, given completeFlags, s streams) error {
	modes := slices.DeleteFunc([]string{given.user, given.pending, given.state, given.undo}, func(mode string) bool { return mode == "" })
	switch many := len(modes); {
	case given.user != "" && given.pending != "" && many == 2:
		return wrongUse("give --user NAME or --all-owed FILE, not both")
	case many > 1:
		return wrongUse("give one of --user NAME, --all-owed FILE, --state FILE and --undo FILE")
	case given.undo == "" && given.sourceProfile != "":
		return wrongUse("--source-aws-profile is used with --undo alone: the others act as the function does, with the credentials of its settings")
	case given.user == "" && !given.attemptedAt.IsZero():
		return wrongUse("--attempted-at is used with --user alone: the records of --all-owed have their own times")
	case given.pending == "" && given.includeQueued:
		return wrongUse("--include-queued is used with --all-owed alone")
	}
	work := completeUsers
	if given.undo != "" {
		work = undo
	}
	err := work(ctx, given, s)
	switch {
	case err == nil || ctx.Err() == nil:
		return err
	case !given.yes:
		return errors.New("interrupted; nothing was changed")
	case given.state != "":
		return fmt.Errorf("interrupted; %s says which users are completed, and the same command continues", given.state)
	default:
		return errors.New("interrupted; the same command continues, and does not change finished users again")
	}
}

// completeUsers completes the migrations of the users whom the flags name.
func completeUsers(ctx context.Context, given completeFlags, s streams) error {
	s.err = zapcore.Lock(zapcore.AddSync(s.err)) // records and progress come from several goroutines
	completer, err := newManualCompleter(ctx, given, s)
	if err != nil {
		return err
	}
	defer completer.stop()
	summary := completed{DryRun: !given.yes, Users: []tried{}}
	switch {
	case given.user != "":
		summary.Users = append(summary.Users, completer.finish(ctx, pendingMove{username: given.user, at: given.attemptedAt}))
	case given.state != "":
		err = completer.sweep(ctx, given, &summary, s.err)
	default:
		err = completer.finishAll(ctx, given, &summary, s.err)
	}
	if err != nil {
		return err
	}
	return summary.report(s.out, given.asJSON)
}

// manualCompleter completes migrations as the command complete does in Lambda. On a
// dry run its destination and sources record the calls and change nothing.
type manualCompleter struct {
	pool          string
	configuration *config.Config
	completer     *complete.Completer
	sources       app.CompletionSources
	destination   *cognitodestination.Pools
	pseudonymizer domain.Pseudonymizer
	notes         *notes
	stop          func()
}

func newManualCompleter(ctx context.Context, given completeFlags, s streams) (*manualCompleter, error) {
	account := newAccount()
	binary := everything.Parts(account)
	configuration, err := app.Load(ctx, binary, s.environ)
	if err != nil {
		return nil, err
	}
	if !configuration.Completion.Wanted() {
		return nil, errors.New("COMPLETION_AFTER is keep and COMPLETION_GROUPS is not set, and MIGRATE_ON_MFA needs no completion, so there is nothing to complete; set at least one of them")
	}
	if err := checkDestination(configuration, given.pool, ": completion would disable or delete the user who must be kept"); err != nil {
		return nil, err
	}
	h := &manualCompleter{pool: given.pool, configuration: configuration, notes: &notes{dry: !given.yes}}
	awsConfig, err := credentialed(ctx, account)
	if err != nil {
		return nil, err
	}
	awsConfig.Region = cmp.Or(given.region, regionOf(given.pool))
	h.destination = cognitodestination.New(cognitodestination.NewClient(awsConfig))
	binary.Completion.Destination = func(context.Context) (ports.Destination, error) {
		return notedDestination{h.destination, h.notes}, nil
	}
	log := io.Discard
	if given.yes {
		log = s.err // the audit records of what was done
	}
	stop, err := app.Start(ctx,
		app.CompletionModules(binary, app.Process{Environ: s.environ, Log: log}, configuration),
		fx.Decorate(h.notes.sources),
		fx.Populate(&h.completer, &h.sources, &h.pseudonymizer),
	)
	if err != nil {
		return nil, err
	}
	h.stop = func() { _ = stop(ctx) } // the process ends here anyway
	return h, nil
}

// pendingMove is a migration whose completion is pending, as its record describes it.
type pendingMove struct {
	username, attemptID, source string
	at                          time.Time // zero if no record gives the time
	// sub is that of the source user, and destination the name of the destination
	// user, where a state file tells both.
	sub, destination string
}

// tried is the result for one user.
type tried trial.Completion

func (t tried) pending(reason domain.CompletionReason, err error) tried {
	t.Outcome, t.Reason = domain.CompletionPending, reason
	if err != nil {
		t.Error = err.Error()
	}
	return t
}

// finish completes the migration of one user.
func (h *manualCompleter) finish(ctx context.Context, move pendingMove) tried {
	ctx, cancel := context.WithTimeout(ctx, eachTimeout)
	defer cancel()
	groups := []string{}
	ctx = context.WithValue(ctx, groupsKey{}, &groups)
	result := tried{User: move.username, AttemptID: move.attemptID, SourceUser: domain.RetiredNot, Groups: groups}
	name, finding, err := h.find(ctx, move)
	if err != nil {
		return result.pending(ports.CompletionReasonOf(err), fmt.Errorf("%s: %w", name, err))
	}
	result.Source = name
	attempt := domain.Attempt{ID: move.attemptID, Username: move.username, UserPoolID: h.pool}
	keys := h.configuration.Completion.Keys
	completion := domain.NewManualCompletion(h.configuration.Rules, keys, attempt, move.at, name, finding.User)
	if move.destination != "" {
		completion.Username = move.destination
	}
	if move.sub != "" {
		completion.SourceSub = move.sub
	}
	created, err := h.destination.FindUser(ctx, h.pool, completion.Username)
	switch {
	case err != nil:
		return result.pending(ports.ReasonOfDestination(err), fmt.Errorf("the destination user: %w", err))
	case created == nil:
		return result.pending(domain.ReasonNotCreatedYet, nil)
	case finding.Kind == domain.UserUnknown:
		// An earlier attempt deleted the source user, or an administrator did.
		result.Outcome, result.SourceUser = domain.CompletionDone, domain.RetiredGone
		return result
	case finding.Kind != domain.UserFound:
		return result.pending(domain.ReasonSourceUserAmbiguous, fmt.Errorf("%s: %s", name, finding.Kind))
	}
	record, err := h.completer.Complete(ctx, completion.SameIn(h.configuration.Rules, keys, finding.User, *created))
	result.Outcome, result.Reason, result.SourceUser, result.Groups = record.Outcome, record.Reason, record.Retired, groups
	result.SecondFactor = record.SecondFactor
	if err != nil {
		result.Error = err.Error()
	}
	return result
}

// find looks the user up at the source that the record names, or at each source in
// order until one knows the user.
func (h *manualCompleter) find(ctx context.Context, move pendingMove) (name string, finding domain.Finding, err error) {
	for _, source := range h.configuration.Sources {
		if move.source != "" && move.source != source.Name {
			continue
		}
		name = source.Name
		finding, err = h.sources[name].Directory.FindUser(ctx, move.username)
		if err != nil || finding.Kind != domain.UserUnknown {
			return name, finding, err
		}
	}
	if name == "" {
		return move.source, finding, errors.New("MIGRATE_SOURCES does not list this source; add the source that the record names")
	}
	if finding.User.Username == "" {
		finding.User.Username = move.username
	}
	return name, finding, nil
}

// notes records the calls to the destination. On a dry run nothing is changed.
type notes struct{ dry bool }

// groupsKey is the key of the groups that a completion adds its user to, in its context:
// several completions run at the same time.
type groupsKey struct{}

// sources returns the sources. On a dry run they disable and delete no user.
func (n *notes) sources(sources app.CompletionSources) app.CompletionSources {
	if !n.dry {
		return sources
	}
	unchanging := make(app.CompletionSources, len(sources))
	for name, source := range sources {
		if source.Retirer != nil {
			source.Retirer = dryRunRetirer{}
		}
		unchanging[name] = source
	}
	return unchanging
}

// notedDestination records the groups that it adds the user to.
type notedDestination struct {
	ports.Destination
	notes *notes
}

// AddToGroup implements [ports.Destination].
func (d notedDestination) AddToGroup(ctx context.Context, userPoolID, username, group string) error {
	if !d.notes.dry {
		if err := d.Destination.AddToGroup(ctx, userPoolID, username, group); err != nil {
			return err
		}
	}
	if groups, ok := ctx.Value(groupsKey{}).(*[]string); ok {
		*groups = append(*groups, group)
	}
	return nil
}

// CreateGroup implements [ports.Destination].
func (d notedDestination) CreateGroup(ctx context.Context, userPoolID, group string) error {
	if d.notes.dry {
		return nil
	}
	return d.Destination.CreateGroup(ctx, userPoolID, group)
}

// PreferMFA implements [ports.Destination].
func (d notedDestination) PreferMFA(ctx context.Context, userPoolID, username string, factor domain.MFAMethod) error {
	if d.notes.dry {
		return nil
	}
	return d.Destination.PreferMFA(ctx, userPoolID, username, factor)
}

// dryRunRetirer changes no user.
type dryRunRetirer struct{}

// Disable implements [ports.SourceRetirer].
func (dryRunRetirer) Disable(context.Context, string) error { return nil }

// SignOut implements [ports.SourceRetirer].
func (dryRunRetirer) SignOut(context.Context, string) error { return nil }

// Delete implements [ports.SourceRetirer].
func (dryRunRetirer) Delete(context.Context, string) error { return nil }

// completed is the result for all users.
type completed struct {
	DryRun bool    `json:"dryRun"`
	Users  []tried `json:"people"`
	// Unnamed lists the attempts whose user was not found.
	Unnamed []string `json:"notFound,omitempty"`
	// Elsewhere is the number of lines that belong to other destinations.
	Elsewhere int `json:"otherDestinations,omitempty"`
	// Swept is true for a state file. Before is the number of users whom an earlier run
	// completed, Unconfirmed that of users who have not set a password yet.
	Swept       bool `json:"-"`
	Before      int  `json:"completedBefore,omitempty"`
	Unconfirmed int  `json:"notConfirmed,omitempty"`
}

// left returns the number of users whose completion is still owed.
func (c *completed) left() int {
	left := len(c.Unnamed)
	for _, one := range c.Users {
		if one.Outcome != domain.CompletionDone {
			left++
		}
	}
	return left
}

// report prints the result. It returns an error if a completion is still owed.
func (c *completed) report(to io.Writer, asJSON bool) error {
	var err error
	if asJSON {
		err = trial.WriteJSON(to, c)
	} else {
		err = c.write(to)
	}
	if err != nil {
		return err
	}
	if left := c.left(); left > 0 {
		return fmt.Errorf("%d of %d cannot be completed now", left, len(c.Users)+len(c.Unnamed))
	}
	return nil
}

func (c *completed) write(to io.Writer) error {
	var text strings.Builder
	counts := make(map[string]int)
	for _, one := range c.Users {
		line := trial.Completion(one).Words(c.DryRun)
		fmt.Fprintf(&text, "%s: %s\n", one.User, line)
		counts[string(one.Outcome)]++
		if one.Outcome == domain.CompletionDone {
			counts[string(one.SourceUser)]++
		}
	}
	for _, attempt := range c.Unnamed {
		fmt.Fprintf(&text, "attempt %s: owed: no destination user has this name\n", attempt)
	}
	if many := len(c.Users) + len(c.Unnamed); many != 1 || c.Swept {
		fmt.Fprintf(&text, "\n%d owed: %d %s (source user kept %d, disabled %d, deleted %d, gone before %d), %d left\n",
			many, counts["completed"], map[bool]string{true: "can be completed", false: "completed"}[c.DryRun],
			counts["kept"], counts["disabled"]+counts["disabled_instead"], counts["deleted"], counts["gone"], c.left())
	}
	if c.Before > 0 {
		fmt.Fprintf(&text, "%d more were completed by an earlier run\n", c.Before)
	}
	if c.Unconfirmed > 0 {
		fmt.Fprintf(&text, "%d more have moved and not yet set a password, so they are not CONFIRMED\n", c.Unconfirmed)
	}
	if c.Elsewhere > 0 {
		fmt.Fprintf(&text, "%d more belong to other destinations\n", c.Elsewhere)
	}
	if c.DryRun {
		text.WriteString("\nNothing was changed. Add --yes to change it.\n")
	}
	_, err := io.WriteString(to, text.String())
	return err
}
