// Package doctor examines a set-up before the first sign-in: Gather asks what
// there is through the ports, Examine is pure and turns the facts into checks,
// one for each thing that fails silently otherwise. It sees domain and ports
// only.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// callTimeout bounds each question.
const callTimeout = 15 * time.Second

// Settings are what the environment and the flags say.
type Settings struct {
	// Problems are the faults of the configuration, each beginning with its
	// variable; Warnings what is allowed but unwise.
	Problems, Warnings []string
	// SetAside are the variables that the problems name: what rests on one of
	// them cannot be judged.
	SetAside []string
	Rules    domain.Rules
	// Conceal is true where a refusal looks like a wrong password.
	Conceal bool
	// SourceKind is the kind of the source, SourceName the prefix of its
	// variables.
	SourceKind, SourceName string
	// Source is the source where it is a user pool.
	Source *CognitoSource
	// Completion is how moves are to be finished.
	Completion Completion
	// Lockout is how passwords are kept from being guessed.
	Lockout Lockout
	// Audit is where records are to go.
	Audit Audit
	// Environment are the operator's variables of the function's families.
	Environment map[string]domain.Secret
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
	// FromIDToken is true where the profile is read from the ID token.
	FromIDToken bool
}

// Setup is whom to ask. A field that is nil is not asked.
type Setup struct {
	Own   ports.IdentityReader
	Roles ports.RoleAssumer
	// SourcePools are asked in turn until one may answer.
	SourcePools []ports.UserPoolReader
	// Reach asks the source for a user whom nobody has, in the way in which the
	// function would, and returns the reason for which that user is refused.
	Reach        func(context.Context) (domain.Reason, error)
	Destinations ports.UserPoolReader
	Functions    ports.FunctionReader
	Groups       ports.GroupReader
	Queues       ports.QueueReader
	Tables       ports.TableReader
	AuditPlaces  ports.AuditPlaceReader
	// Unretiring names the sources that cannot part with users.
	Unretiring func(context.Context) ([]string, error)
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
	identity Fact[ports.Identity]
	// role is whether the role was given; bareRole whether it was given
	// without its external ID.
	role, bareRole Fact[bool]
	reach          Fact[domain.Reason]
	sourcePool     Fact[ports.UserPool]
	sourceClient   Fact[ports.AppClient]
	pool           Fact[ports.UserPool]
	client         Fact[ports.AppClient]
	function       Fact[ports.Function]
	permissions    Fact[[]ports.InvokePermission]
	queue          Fact[ports.Queue]
	table          Fact[ports.Table]
	bus            Fact[string] // its ARN
	stream         Fact[ports.DeliveryStream]
	// groups are the destination's; unretiring are the sources that cannot part
	// with users.
	groups, unretiring Fact[[]string]
}

// Gather puts every question that can be put. It only reads.
func Gather(ctx context.Context, settings Settings, setup Setup) Facts {
	f := Facts{Settings: settings}
	f.identity = ask(ctx, setup.Own.Identity)
	f.gatherRole(ctx, setup)
	f.gatherSource(ctx, setup)
	f.gatherDestination(ctx, setup)
	f.gatherAudit(ctx, setup)
	f.gatherCompletion(ctx, setup)
	if name := settings.Lockout.Table; name != "" {
		f.table = ask(ctx, func(ctx context.Context) (ports.Table, error) { return setup.Tables.Table(ctx, name) })
	}
	return f
}

func ask[T any](ctx context.Context, question func(context.Context) (T, error)) Fact[T] {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	value, err := question(ctx)
	return Fact[T]{value: value, err: err}
}

func unasked[T any](reason string) Fact[T] {
	return Fact[T]{skip: reason}
}

func (f *Facts) gatherRole(ctx context.Context, setup Setup) {
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
	try := func(externalID string) Fact[bool] {
		return ask(ctx, func(ctx context.Context) (bool, error) {
			err := setup.Roles.TryRole(ctx, source.RoleARN, externalID)
			return err == nil, err
		})
	}
	f.role = try(source.ExternalID)
	switch {
	case f.role.err != nil:
		f.bareRole = unasked[bool](becauseOf(nameRole))
	case source.ExternalID == "":
		f.bareRole = f.role
	default:
		f.bareRole = try("")
	}
}

func (f *Facts) gatherSource(ctx context.Context, setup Setup) {
	f.reach = f.gatherReach(ctx, setup)
	source := f.Settings.Source
	switch {
	case source == nil:
		f.sourcePool, f.sourceClient = unasked[ports.UserPool](f.noPool()), unasked[ports.AppClient](f.noPool())
		return
	case f.aside("_USER_POOL_ID") || f.aside("_REGION"):
		f.sourcePool, f.sourceClient = unasked[ports.UserPool](becauseOf(nameConfiguration)), unasked[ports.AppClient](becauseOf(nameConfiguration))
		return
	}
	f.sourcePool = firstPermitted(ctx, setup.SourcePools, func(ctx context.Context, reader ports.UserPoolReader) (ports.UserPool, error) {
		return reader.UserPool(ctx, source.UserPoolID)
	})
	if f.aside("_CLIENT_ID") {
		f.sourceClient = unasked[ports.AppClient](becauseOf(nameConfiguration))
		return
	}
	f.sourceClient = firstPermitted(ctx, setup.SourcePools, func(ctx context.Context, reader ports.UserPoolReader) (ports.AppClient, error) {
		return reader.AppClient(ctx, source.UserPoolID, source.ClientID)
	})
}

// gatherReach asks the source for a user whom nobody has: the answer that there
// is no such user proves the way to it.
func (f *Facts) gatherReach(ctx context.Context, setup Setup) Fact[domain.Reason] {
	if setup.Reach == nil {
		return unasked[domain.Reason](becauseOf(nameConfiguration))
	}
	return ask(ctx, setup.Reach)
}

// firstPermitted asks one after the other until one may answer.
func firstPermitted[T any](ctx context.Context, readers []ports.UserPoolReader, question func(context.Context, ports.UserPoolReader) (T, error)) Fact[T] {
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

func (f *Facts) gatherDestination(ctx context.Context, setup Setup) {
	s := f.Settings
	f.pool = whenTold(s.DestinationPool, "--destination-pool", func() Fact[ports.UserPool] {
		return ask(ctx, func(ctx context.Context) (ports.UserPool, error) {
			return setup.Destinations.UserPool(ctx, s.DestinationPool)
		})
	})
	f.client = whenTold(s.DestinationClient, "--destination-client", func() Fact[ports.AppClient] {
		return whenTold(s.DestinationPool, "--destination-pool", func() Fact[ports.AppClient] {
			return ask(ctx, func(ctx context.Context) (ports.AppClient, error) {
				return setup.Destinations.AppClient(ctx, s.DestinationPool, s.DestinationClient)
			})
		})
	})
	f.function = whenTold(s.Function, "--function", func() Fact[ports.Function] {
		return ask(ctx, func(ctx context.Context) (ports.Function, error) {
			return setup.Functions.Function(ctx, s.Function)
		})
	})
	f.permissions = whenTold(s.Function, "--function", func() Fact[[]ports.InvokePermission] {
		return ask(ctx, func(ctx context.Context) ([]ports.InvokePermission, error) {
			return setup.Functions.InvokePermissions(ctx, f.invoked())
		})
	})
}

func (f *Facts) gatherCompletion(ctx context.Context, setup Setup) {
	s := f.Settings
	if why := f.unfinished(); why != "" {
		f.queue, f.groups, f.unretiring = unasked[ports.Queue](why), unasked[[]string](why), unasked[[]string](why)
		return
	}
	if f.aside("COMPLETION_QUEUE_URL") {
		f.queue = unasked[ports.Queue](becauseOf(nameConfiguration))
	} else {
		f.queue = ask(ctx, func(ctx context.Context) (ports.Queue, error) { return setup.Queues.Queue(ctx, s.Completion.QueueURL) })
	}
	if s.Completion.Groups.Empty() {
		f.groups = unasked[[]string]("COMPLETION_GROUPS is not set: nobody gets any")
	} else {
		f.groups = whenTold(s.DestinationPool, "--destination-pool", func() Fact[[]string] {
			return ask(ctx, func(ctx context.Context) ([]string, error) { return setup.Groups.Groups(ctx, s.DestinationPool) })
		})
	}
	switch {
	case !s.Completion.retires():
		f.unretiring = unasked[[]string]("COMPLETION_AFTER=keep: source users stay as they are")
	case setup.Unretiring == nil:
		f.unretiring = unasked[[]string](becauseOf(nameConfiguration))
	default:
		f.unretiring = ask(ctx, setup.Unretiring)
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
	for _, variable := range f.Settings.SetAside {
		if strings.HasSuffix(variable, suffix) {
			return true
		}
	}
	return false
}

func (f *Facts) noPool() string {
	if len(f.Settings.SetAside) > 0 && f.Settings.SourceKind == "" {
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
	return errors.Is(err, ports.ErrNotPermitted)
}
