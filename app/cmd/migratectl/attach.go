package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"cognito-user-migration/adapters/awssetup"
	"cognito-user-migration/app/doctor"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports/setup"

	"github.com/spf13/pflag"
)

// triggerFlags are what attach and detach take.
type triggerFlags struct {
	timeout                time.Duration
	pool, region, function string
	yes, replace, any      bool
	claims                 bool
}

// attachCommand makes a function the trigger of a user pool.
func attachCommand() command {
	var given triggerFlags
	return command{
		name:    "attach",
		summary: "make a function the migration trigger of a user pool",
		purpose: `Makes a function the user migration trigger of a user pool, or with --claims
its pre token generation trigger. All other settings of the pool stay. Without
--yes it only shows what would change.`,
		required: []string{"destination-pool", "function"},
		examples: [2]string{
			"bin/migratectl attach --destination-pool ap-northeast-1_GhIjKl456 --function user-migration",
			"bin/migratectl attach --claims --destination-pool ap-northeast-1_GhIjKl456 --function user-migration-claims --yes",
		},
		failure: "the trigger is not attached, and standard error says why",
		flags: func(flags *pflag.FlagSet) {
			given.declare(flags)
			flags.BoolVar(&given.replace, "replace", false, "take the place of another function that is the trigger now")
		},
		run: func(ctx context.Context, s streams, _ string) error { return given.withTimeout(ctx, s, attach) },
	}
}

// attach makes a function the user migration trigger of a user pool. Without
// --yes it only shows what it would write.
func attach(ctx context.Context, given triggerFlags, s streams) error {
	account, err := awssetup.Load(ctx, "", given.region)
	if err != nil {
		return err
	}
	functions, pools := readerOfFunctions(account, given.region), account.UserPools(given.region)
	function, known, err := functionARN(ctx, functions, given.function, s.err)
	if err != nil {
		return err
	}
	environment := known.Environment
	if err := given.fits(known); err != nil {
		return err
	}
	if source := sourceNamed(environment, s.environ, given.pool); source != "" {
		return fmt.Errorf("user pool %s is the function's source (%s), so nothing was written: there the trigger would ask itself; give the destination's pool", given.pool, source)
	}
	change, err := given.plan(ctx, pools, function)
	if err != nil {
		return err
	}
	if other := change.Attached; other != "" && other != function && !given.replace {
		return fmt.Errorf("another function is the trigger, and nothing was written: %s\n  --replace takes its place", other)
	}
	pool, err := pools.UserPool(ctx, given.pool)
	if err != nil {
		return err
	}
	if err := permitted(ctx, functions, function, pool.ARN, s.err); err != nil && given.yes {
		return err
	}
	if given.claims {
		if err := given.checkClaims(ctx, pools, pool, environment, change.Version(), s.err); err != nil && given.yes {
			return err
		}
	} else if schema := doctor.DestinationSchema(pool); schema.Known() {
		fmt.Fprintf(s.err, "note: the function knows what this pool takes by\n  MIGRATE_DESTINATION_SCHEMA='%s'\n", schema)
	}
	return given.write(ctx, pools, change, s)
}

// detachCommand removes the trigger from a user pool.
func detachCommand() command {
	var given triggerFlags
	return command{
		name:    "detach",
		summary: "remove the migration trigger from a user pool",
		purpose: `Removes the user migration trigger from a user pool, or with --claims its pre
token generation trigger, if it is this function. All other settings of the pool
stay. Without --yes it only shows what would change.`,
		required: []string{"destination-pool", "function|any"},
		examples: [2]string{
			"bin/migratectl detach --destination-pool ap-northeast-1_GhIjKl456 --function user-migration",
			"bin/migratectl detach --destination-pool ap-northeast-1_GhIjKl456 --any --yes",
		},
		failure: "the trigger is not removed, and standard error says why",
		flags: func(flags *pflag.FlagSet) {
			given.declare(flags)
			flags.BoolVar(&given.any, "any", false, "remove the trigger, whichever function it is")
		},
		run: func(ctx context.Context, s streams, _ string) error { return given.withTimeout(ctx, s, detach) },
	}
}

// detach takes the trigger off a user pool, where it is this function.
func detach(ctx context.Context, given triggerFlags, s streams) error {
	account, err := awssetup.Load(ctx, "", given.region)
	if err != nil {
		return err
	}
	pools := account.UserPools(given.region)
	change, err := given.plan(ctx, pools, "")
	if err != nil {
		return err
	}
	if attached := change.Attached; attached != "" && !given.any && !names(given.function, attached) {
		return fmt.Errorf("the trigger is another function, and nothing was written: %s\n  --any takes it off all the same", attached)
	}
	return given.write(ctx, pools, change, s)
}

// plan plans the trigger that the flags name; an empty function removes it.
func (t *triggerFlags) plan(ctx context.Context, pools *awssetup.UserPools, function string) (*awssetup.Change, error) {
	if t.claims {
		return pools.PlanClaims(ctx, t.pool, function)
	}
	return pools.Plan(ctx, t.pool, function)
}

// declare declares the flags of both commands.
func (t *triggerFlags) declare(flags *pflag.FlagSet) {
	poolVar(flags, &t.pool, "destination-pool", "the `ID` of the destination's user pool")
	regionVar(flags, &t.region)
	functionVar(flags, &t.function, "function", "the function's `NAME`, with :ALIAS where it has one, or its ARN")
	timeoutVar(flags, &t.timeout)
	flags.BoolVar(&t.claims, "claims", false, "the pre token generation trigger, for a function that runs the command claims")
	flags.BoolVar(&t.yes, "yes", false, "write it; without this, only show it")
}

// checkClaims says which tokens get the claim. It returns an error where the claim
// could not be trusted, because users can write the attribute that it is made of.
func (t *triggerFlags) checkClaims(ctx context.Context, pools setup.UserPoolReader, pool setup.UserPool, environment map[string]domain.Secret, version string, notes io.Writer) error {
	reached := "ID and access tokens get the claim"
	if version == "V1_0" {
		reached = "only ID tokens get the claim; access tokens need the plan ESSENTIALS or PLUS"
	}
	fmt.Fprintf(notes, "note: the pool's feature plan is %s, so the event version is %s: %s\n", cmp.Or(pool.Plan, "not known"), version, reached)
	attribute := doctor.ClaimsAttribute(environment)
	clients, err := pools.AppClients(ctx, t.pool)
	if err != nil {
		fmt.Fprintf(notes, "note: whether users can write %s could not be seen: %v\n", attribute, err)
		return nil
	}
	if check := doctor.JudgeClaimsClients(clients, attribute); check.Status == doctor.Fail {
		fmt.Fprintf(notes, "%s\n  %s\n", check.Saw, check.Remedy)
		return fmt.Errorf("nothing was written: users can write %s, so the claim cannot be trusted", attribute)
	}
	return nil
}

// withTimeout runs what may ask AWS. It ends when the time is over, whatever AWS
// does.
func (t *triggerFlags) withTimeout(ctx context.Context, s streams, work func(context.Context, triggerFlags, streams) error) error {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	given := *t
	given.region = cmp.Or(t.region, regionOf(t.pool))
	return work(ctx, given, s)
}

// write shows the change and, where --yes was given, writes it.
func (t *triggerFlags) write(ctx context.Context, pools *awssetup.UserPools, change *awssetup.Change, s streams) error {
	if !change.Differs() {
		fmt.Fprintf(s.out, "user pool %s: nothing to change\n", t.pool)
		return nil
	}
	showChange(s.out, t.pool, change)
	if len(change.Unknown) > 0 {
		fmt.Fprintf(s.out, "\nSettings that this version does not know are carried as they are: %s\n", strings.Join(change.Unknown, ", "))
	}
	if !t.yes {
		fmt.Fprint(s.out, "\nNothing was written. --yes writes it.\n")
		return nil
	}
	if err := pools.Apply(ctx, change); err != nil {
		showRestore(s.err, change, err)
		return err
	}
	fmt.Fprint(s.out, "\nWritten, read back and compared: nothing but the trigger has changed.\n")
	return nil
}

func showChange(to io.Writer, pool string, change *awssetup.Change) {
	fmt.Fprintf(to, "user pool %s\n", pool)
	for _, line := range change.Diff() {
		fmt.Fprintf(to, "  %s\n", line)
	}
	fmt.Fprintf(to, "written back as they are: %s\n", strings.Join(change.Carried(), ", "))
	for _, name := range change.Lost {
		fmt.Fprintf(to, "not used by the pool, and cannot be written back: %s\n", name)
	}
}

// showRestore says how the pool gets back what it had, where the write changed
// more than it should have.
func showRestore(to io.Writer, change *awssetup.Change, err error) {
	if _, changed := errors.AsType[*awssetup.ChangedError](err); !changed {
		return
	}
	request, err := change.Restore()
	if err != nil {
		return // the SDK's shapes can be written
	}
	fmt.Fprintf(to, "To restore the pool, save this as restore.json and run\n  aws cognito-idp update-user-pool --cli-input-json file://restore.json\n%s\n", request)
}

// fits is an error where the function runs another command than its trigger needs:
// as the other trigger it would end every sign-in. A function that could not be read
// is taken as it is.
func (t *triggerFlags) fits(function setup.Function) error {
	switch runs := doctor.RunsClaims(function); {
	case function.ARN == "" || runs == t.claims:
		return nil
	case runs:
		return fmt.Errorf("function %s runs the command claims, so nothing was written: it cannot migrate users; give the migration function, or --claims", t.function)
	default:
		return fmt.Errorf("function %s does not run the command claims, so nothing was written; give the function whose image command is claims, or leave out --claims", t.function)
	}
}

// functionARN is the ARN of a function that is there, and the function where it can
// be read. An ARN that the operator may not look at is accepted unchanged.
func functionARN(ctx context.Context, functions setup.FunctionReader, name string, notes io.Writer) (string, setup.Function, error) {
	function, err := functions.Function(ctx, name)
	switch {
	case err == nil && strings.HasPrefix(name, "arn:"):
		return name, function, nil
	case err == nil:
		return function.ARN, function, nil
	case errors.Is(err, setup.ErrNotPermitted) && strings.HasPrefix(name, "arn:"):
		fmt.Fprintf(notes, "note: whether the function exists could not be checked: %v\n", err)
		return name, setup.Function{}, nil
	default:
		return "", setup.Function{}, err
	}
}

// sourceNamed is the variable by which the function, or the operator's environment,
// names the user pool as a source; empty where none does.
func sourceNamed(environment map[string]domain.Secret, environ []string, pool string) string {
	names := func(name, value string) bool {
		return strings.HasSuffix(name, "_USER_POOL_ID") && name != "MIGRATE_DESTINATION_USER_POOL_ID" && value == pool
	}
	for name, value := range environment {
		if names(name, value.Reveal()) {
			return name
		}
	}
	for _, variable := range environ {
		if name, value, _ := strings.Cut(variable, "="); names(name, value) {
			return name
		}
	}
	return ""
}

// permitted returns an error if Cognito may not invoke the function for the pool.
// With such a trigger, every sign-in of an unknown user fails. The permission belongs
// to the function's own template, so it is not added here.
func permitted(ctx context.Context, functions setup.FunctionReader, function, poolARN string, notes io.Writer) error {
	permissions, err := functions.InvokePermissions(ctx, function)
	if err != nil {
		fmt.Fprintf(notes, "note: whether Cognito may invoke the function could not be seen: %v\n", err)
		return nil
	}
	check := doctor.JudgePermission(permissions, poolARN, function)
	switch check.Status {
	case doctor.Pass, doctor.Skip:
		return nil
	case doctor.Warn:
		fmt.Fprintf(notes, "note: %s; tighter:\n  %s\n", check.Saw, check.Remedy)
		return nil
	case doctor.Fail:
	}
	fmt.Fprintf(notes, "%s; the templates in deploy/ let it, and so does\n  %s\n", check.Saw, check.Remedy)
	return errors.New("nothing was written: Cognito may not invoke the function")
}

// names reports whether a function's name or ARN, with or without a version or
// alias, names the function of an ARN. It makes no call to the function, which may be gone.
func names(given, arn string) bool {
	parts := strings.Split(arn, ":")
	if len(parts) < 7 {
		return given == arn
	}
	base := strings.Join(parts[:7], ":")
	short := parts[6]
	if len(parts) > 7 && (strings.Count(given, ":") == 1 || strings.Count(given, ":") == 7) {
		return given == arn || given == short+":"+parts[7]
	}
	return given == base || given == short
}
