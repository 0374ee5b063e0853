package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
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

	"go.uber.org/fx"
)

// eachTimeout bounds what is done for one person.
const eachTimeout = 30 * time.Second

// completeFlags are what the environment cannot tell.
type completeFlags struct {
	user, owed, pool, region string
	yes, asJSON              bool
}

// finish does by hand what the queue does: it finishes the move of one person,
// or of everyone whose records say that it is owed. Without --yes it only shows
// what it would do.
func finish(ctx context.Context, args []string, s streams) error {
	var given completeFlags
	flags := flag.NewFlagSet("complete", flag.ContinueOnError)
	flags.StringVar(&given.user, "user", "", "the `name` that the person signs in with")
	flags.StringVar(&given.owed, "all-owed", "", "a `file` of audit lines: everyone of whom one says that completion is owed")
	flags.StringVar(&given.pool, "destination-pool", "", "the `ID` of the destination's user pool")
	flags.StringVar(&given.region, "destination-region", "", "the destination's `region` (default: the one in its pool's ID)")
	flags.BoolVar(&given.yes, "yes", false, "do it; without this, only show it")
	flags.BoolVar(&given.asJSON, "json", false, "print one JSON object")
	if err := parse(flags, args, s); err != nil {
		return err
	}
	if (given.user == "") == (given.owed == "") {
		return errors.New("give --user NAME or --all-owed FILE")
	}
	if given.pool == "" {
		return errors.New("give --destination-pool ID")
	}
	if given.region == "" {
		given.region = regionOf(given.pool)
	}
	hand, err := newHand(ctx, given, s)
	if err != nil {
		return err
	}
	defer hand.stop()
	summary := completed{DryRun: !given.yes, People: []tried{}}
	if given.user != "" {
		summary.add(hand.finish(ctx, owedMove{username: given.user}))
	} else if err := hand.finishAll(ctx, given.owed, &summary, s.err); err != nil {
		return err
	}
	return summary.report(s.out, given.asJSON)
}

// hand finishes moves through the composition of the command complete. On a dry
// run its destination and sources only note what they were to do.
type hand struct {
	pool          string
	configuration *config.Config
	completer     *complete.Completer
	sources       app.CompletionSources
	destination   *cognitodestination.Pools
	pseudonymizer domain.Pseudonymizer
	notes         *notes
	stop          func()
}

func newHand(ctx context.Context, given completeFlags, s streams) (*hand, error) {
	account := newAccount()
	binary := everything.Parts(account)
	configuration, err := app.Load(ctx, binary, s.environ)
	if err != nil {
		return nil, err
	}
	if !configuration.Completion.Wanted() {
		return nil, errors.New("COMPLETION_AFTER and COMPLETION_GROUPS ask for nothing, so there is nothing to complete")
	}
	if slices.Contains(configuration.SourcePools(), given.pool) {
		return nil, fmt.Errorf("--destination-pool %s is a source: completion would disable or delete the user who is to be kept; give the ID of the destination's user pool", given.pool)
	}
	h := &hand{pool: given.pool, configuration: configuration, notes: &notes{dry: !given.yes}}
	awsConfig, err := account.Config(ctx)
	if err != nil {
		return nil, err
	}
	if given.region != "" {
		awsConfig.Region = given.region
	}
	h.destination = cognitodestination.New(cognitodestination.NewClient(awsConfig))
	binary.Completion.Destination = func(context.Context) (ports.Destination, error) {
		return notedDestination{h.destination, h.notes}, nil
	}
	log := io.Discard
	if given.yes {
		log = s.err // records of what was done, for whoever keeps them
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

// owedMove is a move that is owed: who, and what its record says of it.
type owedMove struct {
	username, attemptID, source string
	at                          time.Time // zero where no record says it
}

// tried is what came of one person.
type tried trial.Completion

func (t tried) owed(reason domain.Reason, err error) tried {
	t.Outcome, t.Reason = domain.CompletionOwed, reason
	if err != nil {
		t.Error = err.Error()
	}
	return t
}

// finish finishes the move of one person, or says why not.
func (h *hand) finish(ctx context.Context, move owedMove) tried {
	ctx, cancel := context.WithTimeout(ctx, eachTimeout)
	defer cancel()
	h.notes.groups = []string{}
	result := tried{User: move.username, AttemptID: move.attemptID, SourceUser: domain.RetiredNot, Groups: h.notes.groups}
	name, finding, err := h.find(ctx, move)
	if err != nil {
		return result.owed(ports.ReasonOf(err), fmt.Errorf("%s: %w", name, err))
	}
	result.Source = name
	attempt := domain.Attempt{ID: move.attemptID, Username: move.username, UserPoolID: h.pool}
	keys := h.configuration.Completion.Keys
	completion := domain.NewCompletionByHand(h.configuration.Rules, keys, attempt, move.at, name, finding.User)
	created, err := h.destination.FindUser(ctx, h.pool, completion.Username)
	switch {
	case err != nil:
		return result.owed(ports.ReasonOfDestination(err), fmt.Errorf("the destination user: %w", err))
	case created == nil:
		return result.owed(domain.ReasonNotCreatedYet, nil)
	case finding.Kind == domain.UserUnknown:
		// An earlier try parted with the source user, or somebody else did.
		result.Outcome, result.SourceUser = domain.CompletionDone, domain.RetiredGone
		return result
	case finding.Kind != domain.UserFound:
		return result.owed(domain.ReasonUserAmbiguous, fmt.Errorf("%s: %s", name, finding.Kind))
	}
	record, err := h.completer.Complete(ctx, completion.SameIn(h.configuration.Rules, keys, finding.User, *created))
	result.Outcome, result.Reason, result.SourceUser, result.Groups = record.Outcome, record.Reason, record.Retired, h.notes.groups
	if err != nil {
		result.Error = err.Error()
	}
	return result
}

// find asks the source that the record names, or each in order until one knows
// the person.
func (h *hand) find(ctx context.Context, move owedMove) (name string, finding domain.Finding, err error) {
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
		return move.source, finding, errors.New("MIGRATE_SOURCES has no source of this name")
	}
	if finding.User.Username == "" {
		finding.User.Username = move.username
	}
	return name, finding, nil
}

// notes are what the destination was asked to do. On a dry run nothing is done.
type notes struct {
	dry    bool
	groups []string
}

// sources gives the sources, which on a dry run do not part with anyone.
func (n *notes) sources(sources app.CompletionSources) app.CompletionSources {
	if !n.dry {
		return sources
	}
	tied := make(app.CompletionSources, len(sources))
	for name, source := range sources {
		if source.Retirer != nil {
			source.Retirer = tiedHands{}
		}
		tied[name] = source
	}
	return tied
}

// notedDestination notes the groups that it adds to.
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
	d.notes.groups = append(d.notes.groups, group)
	return nil
}

// CreateGroup implements [ports.Destination].
func (d notedDestination) CreateGroup(ctx context.Context, userPoolID, group string) error {
	if d.notes.dry {
		return nil
	}
	return d.Destination.CreateGroup(ctx, userPoolID, group)
}

// tiedHands part with nobody.
type tiedHands struct{}

// Disable implements [ports.SourceRetirer].
func (tiedHands) Disable(context.Context, string) error { return nil }

// SignOut implements [ports.SourceRetirer].
func (tiedHands) SignOut(context.Context, string) error { return nil }

// Delete implements [ports.SourceRetirer].
func (tiedHands) Delete(context.Context, string) error { return nil }

// completed is what came of everyone.
type completed struct {
	DryRun bool    `json:"dryRun"`
	People []tried `json:"people"`
	// Unnamed are the attempts whose person was not found.
	Unnamed []string `json:"notFound,omitempty"`
	// Elsewhere is how many lines are of other destinations.
	Elsewhere int `json:"otherDestinations,omitempty"`
}

func (c *completed) add(one tried) {
	c.People = append(c.People, one)
}

// left is how many are still owed.
func (c *completed) left() int {
	left := len(c.Unnamed)
	for _, one := range c.People {
		if one.Outcome != domain.CompletionDone {
			left++
		}
	}
	return left
}

// report prints what came of it, and is an error where something is left.
func (c *completed) report(to io.Writer, asJSON bool) error {
	var err error
	if asJSON {
		encoder := json.NewEncoder(to)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(c)
	} else {
		err = c.write(to)
	}
	if err != nil {
		return err
	}
	if left := c.left(); left > 0 {
		return fmt.Errorf("%d of %d cannot be completed now", left, len(c.People)+len(c.Unnamed))
	}
	return nil
}

func (c *completed) write(to io.Writer) error {
	var text strings.Builder
	counts := make(map[string]int)
	for _, one := range c.People {
		line := trial.Completion(one).Words(c.DryRun)
		fmt.Fprintf(&text, "%s: %s\n", one.User, line)
		counts[string(one.Outcome)]++
		if one.Outcome == domain.CompletionDone {
			counts[string(one.SourceUser)]++
		}
	}
	for _, attempt := range c.Unnamed {
		fmt.Fprintf(&text, "attempt %s: owed: nobody of the destination has this name\n", attempt)
	}
	if many := len(c.People) + len(c.Unnamed); many != 1 {
		fmt.Fprintf(&text, "\n%d owed: %d %s (source user kept %d, disabled %d, deleted %d, gone before %d), %d left\n",
			many, counts["completed"], map[bool]string{true: "can be completed", false: "completed"}[c.DryRun],
			counts["kept"], counts["disabled"]+counts["disabled_instead"], counts["deleted"], counts["gone"], c.left())
	}
	if c.Elsewhere > 0 {
		fmt.Fprintf(&text, "%d more are of other destinations\n", c.Elsewhere)
	}
	if c.DryRun {
		text.WriteString("\nNothing was changed. --yes does it.\n")
	}
	_, err := io.WriteString(to, text.String())
	return err
}
