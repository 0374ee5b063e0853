// Package doctor examines a set-up before the first sign-in. Gather reads the facts
// through the ports. Examine is pure, and turns them into checks, one for each thing
// that fails silently otherwise. The package imports domain and ports.
package doctor

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports/setup"
)

// callTimeout bounds each question.
const callTimeout = 5 * time.Second

// Settings are what the environment and the flags say.
type Settings struct {
	// Problems are the faults of the configuration, each beginning with its
	// variable; Warnings what is allowed but unwise.
	Problems, Warnings []string
	// SetAside are the variables that the problems name: what rests on one of
	// them cannot be judged.
	SetAside []string
	Rules    domain.Rules
	// DestinationSchema is the function's setting for the destination's attributes.
	DestinationSchema domain.Schema
	// Conceal is true where a refusal looks like a wrong password.
	Conceal bool
	// SourceKind is the kind of the source, SourceName the prefix of its
	// variables.
	SourceKind, SourceName string
	// Source is the source where it is a user pool.
	Source *CognitoSource
	// SourcePools are the IDs of the user pools among all sources, ConfiguredPool
	// that of the destination, where the environment names it.
	SourcePools    []string
	ConfiguredPool string
	// Completion says how migrations are completed.
	Completion Completion
	// Lockout is how passwords are kept from being guessed.
	Lockout Lockout
	// Audit is where records are to go.
	Audit Audit
	// Environment are the operator's variables of the function's families.
	Environment map[string]domain.Secret
	// Unread is true if the variables themselves could not be read.
	Unread bool
	// What the environment cannot say; empty where it was not told.
	DestinationPool, DestinationClient, Function string
	// SourceProfile names the operator's profile in the source account, if any.
	SourceProfile string
}

// CognitoSource is a user pool as source.
type CognitoSource struct {
	UserPoolID, ClientID string
	ClientSecret         domain.Secret
	RoleARN, ExternalID  string
	// MFA is SOURCE_MFA; empty where the function asks the pool.
	MFA domain.MFAMode
	// FromIDToken is true where the profile is read from the ID token.
	FromIDToken bool
}

// Setup is whom to ask. A field that is nil is not asked.
type Setup struct {
	Own   setup.IdentityReader
	Roles setup.RoleAssumer
	// SourcePools are asked in turn until one may answer.
	SourcePools []setup.UserPoolReader
	// Reach asks the source for a user who does not exist, as the function does. It
	// returns the reason of the refusal.
	Reach func(context.Context) (domain.Reason, error)
	// Factors asks the source pool about second factors as the function would, for a
	// user who does not exist.
	Factors func(context.Context) error
	// Sources are the sources of the chain in their order. It is empty if the only
	// source is a user pool, which the other questions are about.
	Sources []ChainedSource
	// NamedUser is the identifier that the operator gave, if any.
	NamedUser    string
	Destinations setup.UserPoolReader
	Functions    setup.FunctionReader
	Groups       setup.GroupReader
	Queues       setup.QueueReader
	Tables       setup.TableReader
	AuditTargets setup.AuditTargetReader
	// Unretiring names the sources that cannot part with users.
	Unretiring func(context.Context) ([]string, error)
	// DestinationFactors reads how the destination asks for second factors; nil if
	// that cannot be read.
	DestinationFactors func(context.Context) (domain.DestinationMFA, error)
	// Untelling names the sources that cannot tell second factors.
	Untelling func(context.Context) ([]string, error)
	// Waiting gets the open questions whenever they change; it may be nil.
	Waiting func(names []string)
}

// Fact is an answer, or the reason for which there is none.
type Fact[T any] struct {
	value T
	err   error  // the question was put and failed
	skip  string // the question was not put
}

// Facts are all that was found out.
type Facts struct {
	Settings Settings
	identity Fact[setup.Identity]
	// role is whether the role was given; bareRole whether it was given
	// without its external ID.
	role, bareRole Fact[bool]
	reach          Fact[domain.Reason]
	// sources are the sources of the chain, and shared what a sample of their
	// identifiers showed.
	sources []examinedSource
	shared  Fact[shared]
	// factors is whether the source pool could be asked about second factors;
	// untelling are the sources that cannot tell them.
	factors   Fact[bool]
	untelling Fact[[]string]
	// destinationFactors is how the destination asks for second factors.
	destinationFactors Fact[domain.DestinationMFA]
	sourcePool         Fact[setup.UserPool]
	sourceClient       Fact[setup.AppClient]
	pool               Fact[setup.UserPool]
	client             Fact[setup.AppClient]
	// claims is the function of the pre token generation trigger, and clients are
	// all app clients of the destination where it is ours.
	claims            Fact[setup.Function]
	claimsPermissions Fact[[]setup.InvokePermission]
	clients           Fact[[]setup.AppClient]
	function          Fact[setup.Function]
	permissions       Fact[[]setup.InvokePermission]
	queue             Fact[setup.Queue]
	table             Fact[setup.Table]
	bus               Fact[string] // its ARN
	stream            Fact[setup.DeliveryStream]
	// groups are the destination's; unretiring are the sources that cannot part
	// with users.
	groups, unretiring Fact[[]string]
}

// Gather puts every question that can be put. It only reads.
func Gather(ctx context.Context, settings Settings, access Setup) Facts {
	f := Facts{Settings: settings}
	// Each writes facts of its own, so they can run at the same time.
	inParallel(access.Waiting, map[string]func(){
		"your identity":            func() { f.identity = ask(ctx, access.Own.Identity) },
		"the role":                 func() { f.gatherRole(ctx, access) },
		"the source":               func() { f.reach = f.gatherReach(ctx, access) },
		"the sources":              func() { f.gatherSources(ctx, access) },
		"the shared identifiers":   func() { f.gatherShared(ctx, access) },
		"the second factors":       func() { f.gatherFactors(ctx, access) },
		"the source's pool":        func() { f.gatherSource(ctx, access) },
		"the destination's pool":   func() { f.gatherPool(ctx, access) },
		"the destination's MFA":    func() { f.gatherDestinationFactors(ctx, access) },
		"the destination's client": func() { f.gatherClient(ctx, access) },
		"the audit sinks":          func() { f.gatherAudit(ctx, access) },
		"completion":               func() { f.gatherCompletion(ctx, access) },
		"the table":                func() { f.gatherTable(ctx, access) },
	})
	return f
}

// inParallel runs the questions at the same time, and tells waiting which ones have
// no answer yet.
func inParallel(waiting func(names []string), questions map[string]func()) {
	var work sync.WaitGroup
	var guard sync.Mutex
	open := slices.Sorted(maps.Keys(questions))
	told := func() {
		if waiting != nil {
			waiting(slices.Clone(open))
		}
	}
	told()
	for name, question := range questions {
		work.Go(func() {
			question()
			guard.Lock()
			defer guard.Unlock()
			open = slices.DeleteFunc(open, func(other string) bool { return other == name })
			told()
		})
	}
	work.Wait()
}

// ask puts one question. It does not wait for one that disregards its context.
func ask[T any](ctx context.Context, question func(context.Context) (T, error)) Fact[T] {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	answered := make(chan Fact[T], 1)
	go func() {
		value, err := question(ctx)
		answered <- Fact[T]{value: value, err: err}
	}()
	select {
	case fact := <-answered:
		return fact
	case <-ctx.Done():
	}
	select {
	case fact := <-answered: // its own words are better
		return fact
	default:
		return Fact[T]{err: fmt.Errorf("no answer: %w", ctx.Err())}
	}
}

func (f *Facts) gatherTable(ctx context.Context, access Setup) {
	if name := f.Settings.Lockout.Table; name != "" {
		f.table = ask(ctx, func(ctx context.Context) (setup.Table, error) { return access.Tables.Table(ctx, name) })
	}
}

func unasked[T any](reason string) Fact[T] {
	return Fact[T]{skip: reason}
}

func (f *Facts) gatherRole(ctx context.Context, access Setup) {
	source := f.Settings.Source
	switch {
	case source == nil:
		f.role, f.bareRole = unasked[bool](f.noPool()), unasked[bool](f.noPool())
		return
	case f.aside("_ROLE_ARN") || f.aside("_EXTERNAL_ID"):
		f.role, f.bareRole = unasked[bool](becauseOf(nameConfiguration)), unasked[bool](becauseOf(nameConfiguration))
		return
	case source.RoleARN == "":
		return
	}
	attempt := func(externalID string) Fact[bool] {
		return ask(ctx, func(ctx context.Context) (bool, error) {
			err := access.Roles.AssumeRole(ctx, source.RoleARN, externalID)
			return err == nil, err
		})
	}
	f.role = attempt(source.ExternalID)
	switch {
	case f.role.err != nil:
		f.bareRole = unasked[bool](becauseOf(nameRole))
	case source.ExternalID == "":
		f.bareRole = f.role
	default:
		f.bareRole = attempt("")
	}
}

func (f *Facts) gatherSource(ctx context.Context, access Setup) {
	source := f.Settings.Source
	switch {
	case source == nil:
		f.sourcePool, f.sourceClient = unasked[setup.UserPool](f.noPool()), unasked[setup.AppClient](f.noPool())
		return
	case f.aside("_USER_POOL_ID") || f.aside("_REGION"):
		f.sourcePool, f.sourceClient = unasked[setup.UserPool](becauseOf(nameConfiguration)), unasked[setup.AppClient](becauseOf(nameConfiguration))
		return
	}
	f.sourcePool = firstPermitted(ctx, access.SourcePools, func(ctx context.Context, reader setup.UserPoolReader) (setup.UserPool, error) {
		return reader.UserPool(ctx, source.UserPoolID)
	})
	if f.aside("_CLIENT_ID") {
		f.sourceClient = unasked[setup.AppClient](becauseOf(nameConfiguration))
		return
	}
	f.sourceClient = firstPermitted(ctx, access.SourcePools, func(ctx context.Context, reader setup.UserPoolReader) (setup.AppClient, error) {
		return reader.AppClient(ctx, source.UserPoolID, source.ClientID)
	})
}

// gatherReach asks the source for a user who does not exist: the answer proves
// that the source can be reached.
func (f *Facts) gatherReach(ctx context.Context, access Setup) Fact[domain.Reason] {
	if len(access.Sources) > 0 {
		return unasked[domain.Reason]("each source has its own check")
	}
	if access.Reach == nil {
		return unasked[domain.Reason](becauseOf(nameConfiguration))
	}
	return ask(ctx, access.Reach)
}

// gatherFactors asks about second factors as the function would, where it would.
func (f *Facts) gatherFactors(ctx context.Context, access Setup) {
	if access.Untelling == nil || access.Factors == nil || f.Settings.Rules.OnMFA == domain.MFAMigrate {
		f.factors, f.untelling = unasked[bool](becauseOf(nameConfiguration)), unasked[[]string](becauseOf(nameConfiguration))
		return
	}
	f.untelling = ask(ctx, access.Untelling)
	if source := f.Settings.Source; source == nil || source.MFA == domain.MFAOff || source.MFA == domain.MFAOn {
		f.factors = unasked[bool]("the function does not ask the pool")
		return
	}
	f.factors = ask(ctx, func(ctx context.Context) (bool, error) { return true, access.Factors(ctx) })
}

// gatherDestinationFactors asks how the destination asks for second factors, if a
// factor must be carried or set up there.
func (f *Facts) gatherDestinationFactors(ctx context.Context, access Setup) {
	s := f.Settings
	if access.DestinationFactors == nil || s.Rules.OnMFA != domain.MFACarry && s.Rules.OnMFA != domain.MFAEnroll {
		f.destinationFactors = unasked[domain.DestinationMFA]("no second factor must be carried or set up")
		return
	}
	f.destinationFactors = whenTold(s.DestinationPool, "--destination-pool", func() Fact[domain.DestinationMFA] {
		return ask(ctx, access.DestinationFactors)
	})
}

// firstPermitted asks one after the other until one may answer.
func firstPermitted[T any](ctx context.Context, readers []setup.UserPoolReader, question func(context.Context, setup.UserPoolReader) (T, error)) Fact[T] {
	var first Fact[T]
	for i, reader := range readers {
		answer := ask(ctx, func(ctx context.Context) (T, error) { return question(ctx, reader) })
		if answer.err == nil || i == 0 {
			first = answer
		}
		if answer.err == nil {
			break
		}
	}
	return first
}

// gatherPool asks for the destination, then for the function: by which name the
// pool invokes it decides which policy counts.
func (f *Facts) gatherPool(ctx context.Context, access Setup) {
	s := f.Settings
	f.pool = whenTold(s.DestinationPool, "--destination-pool", func() Fact[setup.UserPool] {
		return ask(ctx, func(ctx context.Context) (setup.UserPool, error) {
			return access.Destinations.UserPool(ctx, s.DestinationPool)
		})
	})
	f.function = whenTold(s.Function, "--function", func() Fact[setup.Function] {
		return ask(ctx, func(ctx context.Context) (setup.Function, error) {
			return access.Functions.Function(ctx, s.Function)
		})
	})
	f.permissions = whenTold(s.Function, "--function", func() Fact[[]setup.InvokePermission] {
		return ask(ctx, func(ctx context.Context) ([]setup.InvokePermission, error) {
			return access.Functions.InvokePermissions(ctx, f.invoked())
		})
	})
	f.gatherClaims(ctx, access)
}

func (f *Facts) gatherClient(ctx context.Context, access Setup) {
	s := f.Settings
	f.client = whenTold(s.DestinationClient, "--destination-client", func() Fact[setup.AppClient] {
		return whenTold(s.DestinationPool, "--destination-pool", func() Fact[setup.AppClient] {
			return ask(ctx, func(ctx context.Context) (setup.AppClient, error) {
				return access.Destinations.AppClient(ctx, s.DestinationPool, s.DestinationClient)
			})
		})
	})
}

func (f *Facts) gatherCompletion(ctx context.Context, access Setup) {
	s := f.Settings
	if why := f.unfinished(); why != "" {
		f.queue, f.groups, f.unretiring = unasked[setup.Queue](why), unasked[[]string](why), unasked[[]string](why)
		return
	}
	if f.aside("COMPLETION_QUEUE_URL") {
		f.queue = unasked[setup.Queue](becauseOf(nameConfiguration))
	} else {
		f.queue = ask(ctx, func(ctx context.Context) (setup.Queue, error) { return access.Queues.Queue(ctx, s.Completion.QueueURL) })
	}
	if s.Completion.Groups.Empty() && s.Rules.MFAGroup == "" {
		f.groups = unasked[[]string]("COMPLETION_GROUPS is not set: users get no groups")
	} else {
		f.groups = whenTold(s.DestinationPool, "--destination-pool", func() Fact[[]string] {
			return ask(ctx, func(ctx context.Context) ([]string, error) { return access.Groups.Groups(ctx, s.DestinationPool) })
		})
	}
	switch {
	case !s.Completion.retires():
		f.unretiring = unasked[[]string]("COMPLETION_AFTER=keep: source users stay as they are")
	case access.Unretiring == nil:
		f.unretiring = unasked[[]string](becauseOf(nameConfiguration))
	default:
		f.unretiring = ask(ctx, access.Unretiring)
	}
}

func whenTold[T any](value, flag string, question func() Fact[T]) Fact[T] {
	if value == "" {
		return unasked[T](flag + " is not given")
	}
	return question()
}

// invoked is the function by the name that the pool invokes it by: a version or
// alias has a policy of its own.
func (f *Facts) invoked() string {
	if trigger := f.pool.value.UserMigration; sameFunction(trigger, f.function.value.ARN) {
		return trigger
	}
	return f.Settings.Function
}

// aside reports whether a variable, by the end of its name, is one that the
// configuration has a problem with.
func (f *Facts) aside(suffix string) bool {
	return f.Settings.Unread || slices.ContainsFunc(f.Settings.SetAside, func(variable string) bool { return strings.HasSuffix(variable, suffix) })
}

func (f *Facts) noPool() string {
	if (f.Settings.Unread || len(f.Settings.SetAside) > 0) && f.Settings.SourceKind == "" {
		return becauseOf(nameConfiguration)
	}
	return fmt.Sprintf("the source is of the kind %s, no user pool", f.Settings.SourceKind)
}

// becauseOf words that a check rests on another one.
func becauseOf(name string) string {
	return "because " + name + " failed"
}

// notPermitted reports whether an answer was refused to the one who asked.
func notPermitted(err error) bool {
	return errors.Is(err, setup.ErrNotPermitted)
}

// remedyOf is what to do about a question without an answer; otherwise what is
// given.
func remedyOf(err error, otherwise string) string {
	return cmp.Or(setup.RemedyOf(err), otherwise)
}
