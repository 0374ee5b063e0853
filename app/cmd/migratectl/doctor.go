package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"cognito-user-migration/adapters/awssetup"
	"cognito-user-migration/adapters/cognitosource"
	"cognito-user-migration/adapters/dynamolockout"
	"cognito-user-migration/adapters/lambdatrigger"
	"cognito-user-migration/app"
	"cognito-user-migration/app/config"
	"cognito-user-migration/app/doctor"
	"cognito-user-migration/app/trial"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports/setup"

	"github.com/spf13/pflag"
)

// doctorFlags are what the environment cannot tell.
type doctorFlags struct {
	pool, client, region, function string
	sourceProfile                  string
	user, lookUp                   string
	fromStdin, asJSON              bool
	timeout                        time.Duration
}

// doctorCommand checks the set-up.
func doctorCommand() command {
	var given doctorFlags
	return command{
		name:    "doctor",
		summary: "check the set-up from end to end, and change nothing",
		purpose: `Checks the whole set-up: the settings, the source, the destination user pool and
the function. It changes nothing, and says what to do about each problem.

With --function it reads the function's own variables, unless the environment
has any of them: then it checks those of the environment, for example before a
deployment. The pool and the app client default to the only ones that the
function's permission and the pool name.`,
		examples: [2]string{
			"bin/migratectl doctor --function user-migration --source-aws-profile source",
			"bin/migratectl doctor --destination-pool ap-northeast-1_GhIjKl456 --json",
		},
		failure: "a check failed",
		flags:   given.declare,
		run:     func(ctx context.Context, s streams, _ string) error { return checkUp(ctx, given, s) },
	}
}

func (d *doctorFlags) declare(flags *pflag.FlagSet) {
	poolVar(flags, &d.pool, "destination-pool", "the `ID` of the destination's user pool")
	clientVar(flags, &d.client, "destination-client", "the `ID` of the app client that users sign in with there")
	regionVar(flags, &d.region)
	functionVar(flags, &d.function, "function", "the function's `NAME`, with :ALIAS where it has one, or its ARN")
	flags.StringVar(&d.sourceProfile, "source-aws-profile", "", "a `PROFILE` of your own in the source account: the function's role need not be able to describe the pool")
	flags.StringVar(&d.user, "user", "", "make one real attempt for the user of this `NAME`, without migrating the user")
	flags.StringVar(&d.lookUp, "look-up", "", "look the user of this `NAME` up in every source, without a password")
	flags.BoolVar(&d.fromStdin, "password-stdin", false, "read the password of --user from standard input instead of a prompt")
	timeoutVar(flags, &d.timeout)
	flags.BoolVar(&d.asJSON, "json", false, "print one JSON object")
}

// checkUp examines the set-up and prints a line for each check. It never changes
// anything.
func checkUp(ctx context.Context, given doctorFlags, s streams) error {
	given.region = cmp.Or(given.region, regionOf(given.pool))
	var password string
	if given.user != "" {
		var err error
		if password, err = readPassword(s, given.fromStdin); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, given.timeout)
	defer cancel()
	examined, err := examine(ctx, given, password, s)
	if err != nil {
		return err
	}
	return report(s, examined, given.asJSON)
}

func examine(ctx context.Context, given doctorFlags, password string, s streams) ([]doctor.Check, error) {
	waiting, done := waitingLine(s)
	defer done()
	if waiting != nil {
		waiting([]string{"the settings"})
	}
	found := discover(ctx, &given, s.environ)
	environ, settings, region := found.environ, doctor.Settings{Rules: domain.DefaultRules(), Unread: true, Problems: []string{found.problem}, SourceName: "SOURCE"}, ""
	if found.problem == "" {
		environ, settings, region = readSettings(ctx, found.environ, found.own)
	}
	settings.DestinationPool, settings.DestinationClient = given.pool, given.client
	settings.Function, settings.SourceProfile = given.function, given.sourceProfile
	access, stop, err := prepare(ctx, given, settings, environ, region)
	if err != nil {
		return nil, err
	}
	defer stop()
	access.Waiting = waiting
	results := doctor.Examine(doctor.Gather(ctx, settings, access))
	results = append(results, attemptCheck(ctx, given.user, password, found.environ))
	done()
	for _, note := range found.notes {
		fmt.Fprintln(s.err, "note:", note)
	}
	return results, nil
}

// readSettings reads the environment as the function does. Where that fails, the
// variables at fault are set aside, so that the rest can be checked. It returns
// the environment that could be read, and the source's region.
//
// The operator may not be permitted to read a secret of the function. If the
// variables are the function's own, that is a warning.
func readSettings(ctx context.Context, environ []string, own bool) ([]string, doctor.Settings, string) {
	whole := environ
	settings := doctor.Settings{Rules: domain.DefaultRules(), Conceal: true, SourceName: "SOURCE"}
	var unread []string
	configuration, err := app.Load(ctx, binary(), environ)
	if faulty, ok := errors.AsType[*config.Error](err); ok {
		settings.Problems = faulty.Problems
		if own {
			settings.Problems, unread = unreadable(faulty.Problems)
		}
		environ, _ = config.Unpack(environ) // its problems are among those of the configuration
		whole = environ
		environ, settings.SetAside = setAside(environ, faulty.Variables())
		configuration, err = app.Load(ctx, binary(), environ)
	}
	if faulty, ok := errors.AsType[*config.Error](err); ok {
		environ = withoutSources(environ, faulty.Variables())
		configuration, err = app.Load(ctx, binary(), environ)
	}
	if err != nil { // there is nothing left to be read
		return environ, settings, ""
	}
	settings.Rules, settings.Conceal = configuration.Rules, configuration.Refusal == config.RefusalConceal
	settings.DestinationSchema = configuration.DestinationSchema
	if !settings.DestinationSchema.Known() {
		// It may be right where the rules that do not fit it are set aside. A problem is
		// reported by the configuration.
		settings.DestinationSchema, _ = domain.ParseSchema(valueOf(whole, variableSchema))
	}
	settings.Warnings = append(unread, configuration.Warnings...)
	first, count := firstPool(configuration)
	if count > 1 {
		settings.Warnings = append(settings.Warnings, fmt.Sprintf(
			"MIGRATE_SOURCES: the checks of attributes, usernames and MFA look at %s, the first of %d user pools; to have another one checked, put it first", first.Name, count))
	}
	settings.SourceKind, settings.SourceName = first.Kind, first.Name
	settings.SourcePools, settings.ConfiguredPool = configuration.SourcePools(), configuration.DestinationPool
	settings.Completion = doctor.Completion{
		After: configuration.Completion.After, Groups: configuration.Completion.Groups,
		CreateGroups: configuration.Completion.CreateGroups, QueueURL: configuration.Completion.QueueURL,
		SecondFactors: configuration.Completion.SecondFactors,
	}
	settings.Lockout = doctor.Lockout{
		Table: configuration.Lockout.Table, KeyAttribute: dynamolockout.KeyAttribute, ExpiryAttribute: dynamolockout.ExpiryAttribute,
		Unlimited: app.Unlimited(configuration),
	}
	settings.Audit = auditOf(configuration.Audit)
	settings.Environment = ofFamilies(whole, settings.SourceName)
	pool, ok := cognitosource.SettingsOf(first.Settings)
	if !ok {
		return environ, settings, ""
	}
	settings.Source = &doctor.CognitoSource{
		UserPoolID: string(pool.UserPoolID), ClientID: string(pool.ClientID), ClientSecret: pool.ClientSecret,
		RoleARN: string(pool.Role.RoleARN), ExternalID: string(pool.Role.ExternalID),
		MFA: pool.MFA, FromIDToken: string(pool.Profile) == "id_token",
	}
	return environ, settings, pool.ServiceRegion()
}

// firstPool returns the first user pool of the chain, or its first source if it has
// none, and the number of user pools.
func firstPool(configuration *config.Config) (first config.Source, count int) {
	first = configuration.Sources[0]
	for _, source := range slices.Backward(configuration.Sources) {
		if _, isPool := cognitosource.SettingsOf(source.Settings); isPool {
			first, count = source, count+1
		}
	}
	return first, count
}

// withoutSources leaves out the sources of a chain that the variables belong to, so
// that the others can be examined.
func withoutSources(environ, variables []string) []string {
	const chain = "MIGRATE_SOURCES"
	names := strings.FieldsFunc(valueOf(environ, chain), func(r rune) bool { return r == ',' || r == ' ' })
	kept := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		prefix := strings.ToUpper(name) + "_"
		faulty := slices.ContainsFunc(variables, func(variable string) bool { return strings.HasPrefix(variable, prefix) })
		if faulty {
			environ = trial.WithoutFamily(environ, prefix)
		}
		return faulty
	})
	if len(kept) == 0 || len(kept) == len(names) {
		return environ
	}
	return append(trial.WithoutVariables(environ, chain), chain+"="+strings.Join(kept, ","))
}

// unreadable separates the secrets that the operator may not read from the problems.
func unreadable(problems []string) (wrong, unread []string) {
	for _, problem := range problems {
		if name, _, found := strings.Cut(problem, ": the reference could not be resolved"); found {
			unread = append(unread, name+": you cannot read the secret that it refers to, so the checks that depend on it are skipped; the function reads it with its role")
			continue
		}
		wrong = append(wrong, problem)
	}
	return wrong, unread
}

const variableSchema = "MIGRATE_DESTINATION_SCHEMA"

// auditOf is where records go, as the checks know it.
func auditOf(audit config.Audit) doctor.Audit {
	settings := doctor.Audit{Format: string(audit.Format), Required: audit.Required}
	for _, sink := range audit.Sinks {
		settings.Sinks = append(settings.Sinks, string(sink))
		switch sink {
		case config.SinkEventBridge:
			settings.EventBus = audit.EventBus
		case config.SinkFirehose:
			settings.FirehoseStream = audit.FirehoseStream
		case config.SinkLog:
		}
	}
	return settings
}

// setAside returns the environment without the variables that have a problem. Where
// a value is required, a placeholder stands in for it. It also returns the names.
func setAside(environ, names []string) ([]string, []string) {
	kept := trial.WithoutVariables(environ, names...)
	for _, name := range names {
		switch {
		// Without what the choice needs, it is a second problem of the same fault; and
		// completion, where that choice alone asked for it.
		case name == "MIGRATE_ON_MFA", name == "MIGRATE_DESTINATION_MFA", name == "MIGRATE_MFA_GROUP":
			kept = trial.WithoutVariables(kept, "MIGRATE_ON_MFA", "MIGRATE_MFA_GROUP")
			if !asksForCompletion(kept) {
				kept = trial.WithoutFamily(kept, "COMPLETION_")
			}
		case name == "COMPLETION_QUEUE_URL" && asksForCompletion(kept):
			kept = append(kept, name+"=https://sqs.invalid/0/unset")
			if valueOf(kept, "COMPLETION_HMAC_KEY") == "" {
				kept = append(kept, "COMPLETION_HMAC_KEY=stands-in-for-the-key-with-a-problem")
			}
		case name == "COMPLETION_HMAC_KEY" && asksForCompletion(kept):
			kept = append(trial.WithoutVariables(kept, "COMPLETION_HMAC_KEY_PREVIOUS"), name+"=stands-in-for-the-key-with-a-problem")
		// Other problems of completion follow from the same fault.
		case name == "COMPLETION_AFTER" || name == "COMPLETION_GROUPS":
			kept = trial.WithoutFamily(kept, "COMPLETION_")
		// The rules that stand in may lack what the schema requires.
		case name == "MIGRATE_ATTRIBUTES":
			kept = trial.WithoutVariables(kept, variableSchema)
		// Without its key, the table is a second problem of the same fault; and the
		// key, without the table, where that alone used it.
		case name == "AUDIT_HMAC_KEY":
			kept = trial.WithoutVariables(kept, "LOCKOUT_TABLE")
		case name == "LOCKOUT_TABLE":
			kept = trial.WithoutVariables(kept, "AUDIT_HMAC_KEY")
		// Which places there are is not known, and so not what they need.
		case name == "AUDIT_SINKS":
			kept = trial.WithoutVariables(kept, "AUDIT_EVENT_BUS", "AUDIT_FIREHOSE_STREAM")
		case name == "AUDIT_FIREHOSE_STREAM" && strings.Contains(valueOf(kept, "AUDIT_SINKS"), string(config.SinkFirehose)):
			kept = append(kept, name+"=unset")
		case strings.HasSuffix(name, "_USER_POOL_ID"):
			kept = append(kept, name+"=us-east-1_unset")
		case strings.HasSuffix(name, "_CLIENT_ID"):
			kept = append(kept, name+"=unset")
		}
		// Without its role, an external ID is a second problem of the same fault.
		if prefix, ok := strings.CutSuffix(name, "_ROLE_ARN"); ok {
			kept = trial.WithoutVariables(kept, prefix+"_EXTERNAL_ID")
		}
	}
	return kept, names
}

func asksForCompletion(environ []string) bool {
	after, onMFA := valueOf(environ, "COMPLETION_AFTER"), domain.OnMFA(valueOf(environ, "MIGRATE_ON_MFA"))
	return valueOf(environ, "COMPLETION_GROUPS") != "" || after != "" && after != "keep" || onMFA == domain.MFACarry || onMFA == domain.MFAEnroll
}

// ofFamilies are the variables that the function reads.
func ofFamilies(environ []string, source string) map[string]domain.Secret {
	read := make(map[string]domain.Secret)
	for _, variable := range environ {
		name, value, _ := strings.Cut(variable, "=")
		ours := slices.ContainsFunc(doctor.Families(source), func(family string) bool { return strings.HasPrefix(name, family) })
		if ours && value != "" && name != "SOURCE_DATE_EPOCH" {
			read[name] = domain.NewSecret(value)
		}
	}
	return read
}

// prepare makes ready whom to ask. The returned function ends what it started.
func prepare(ctx context.Context, given doctorFlags, settings doctor.Settings, environ []string, sourceRegion string) (doctor.Setup, func(), error) {
	region := cmp.Or(given.region, sourceRegion)
	own, err := awssetup.Load(ctx, "", region)
	if err != nil {
		return doctor.Setup{}, nil, err
	}
	region = cmp.Or(region, own.Region())
	access := doctor.Setup{
		Own: own, Roles: own,
		Destinations: own.UserPools(region), Functions: readerOfFunctions(own, region),
		Groups: own.UserPools(region), Queues: own.Queues(queueRegion(given.region, settings.Completion.QueueURL)),
		Tables:       own.Tables(given.region),
		AuditTargets: own.AuditTargets(given.region),
	}
	access.DestinationFactors = func(ctx context.Context) (domain.DestinationMFA, error) {
		return own.UserPools(region).SecondFactors(ctx, settings.DestinationPool)
	}
	if access.SourcePools, err = sourceReaders(ctx, given.sourceProfile, settings.Source, own, sourceRegion); err != nil {
		return doctor.Setup{}, nil, err
	}
	access.Sources = chained(ctx, given, settings, environ)
	access.NamedUser = cmp.Or(given.lookUp, given.user)
	stop := func() {}
	// What the source is and how it is reached is not known in part.
	if !settings.Unread && !slices.ContainsFunc(settings.SetAside, func(name string) bool { return strings.HasPrefix(name, settings.SourceName+"_") }) {
		function, err := trial.New(ctx, binary(), environ, io.Discard)
		access.Reach = reachBy(function, err)
		access.Unretiring, access.Untelling = sourcesBy(environ, app.Unretiring), sourcesBy(environ, app.Untelling)
		access.Factors = factorsBy(environ, settings.SourceName)
		if err == nil {
			stop = func() { _ = function.Stop(ctx) }
		}
	}
	return access, stop, nil
}

// sourcesBy asks the function's configuration for the names of sources.
func sourcesBy(environ []string, names func(context.Context, *config.Config) ([]string, error)) func(context.Context) ([]string, error) {
	return func(ctx context.Context) ([]string, error) {
		configuration, err := app.Load(ctx, binary(), trial.OnlyDeciding(environ))
		if err != nil {
			return nil, err
		}
		return names(ctx, configuration)
	}
}

// queueRegion returns the region of the queue: the function's own, or the one in the
// queue's URL if that is not known.
func queueRegion(region, queueURL string) string {
	if region != "" {
		return region
	}
	_, host, _ := strings.Cut(queueURL, "://sqs.")
	named, _, _ := strings.Cut(host, ".")
	return named
}

// reachBy asks the source, through the function's own composition, for the
// profile of a user who does not exist. No password is tried.
func reachBy(function *trial.Function, err error) func(context.Context) (domain.Reason, error) {
	return func(ctx context.Context) (domain.Reason, error) {
		if err != nil {
			return "", err
		}
		event, err := lambdatrigger.NewEvent(domain.TriggerForgotPassword, "migratectl-doctor-"+rand.Text(), nil)
		if err != nil {
			return "", err
		}
		function.Attempt(ctx, event)
		return function.Last()
	}
}

// factorsBy asks the first source about the second factors of a user who does not exist.
// The answer that there is no such user shows that it may be asked.
func factorsBy(environ []string, source string) func(context.Context) error {
	return func(ctx context.Context) error {
		configuration, err := app.Load(ctx, binary(), trial.OnlyDeciding(environ))
		if err != nil {
			return err
		}
		opened, err := app.OpenNamed(ctx, configuration, source)
		if err != nil || opened.SecondFactors == nil {
			return err
		}
		_, err = opened.SecondFactors.SecondFactors(ctx, domain.SourceUser{Username: "migratectl-doctor-" + rand.Text()})
		if fault, ok := errors.AsType[*cognitosource.Error](err); ok && fault.Code == "UserNotFoundException" {
			return nil
		}
		return err
	}
}

// sourceReaders returns the readers that may be able to describe the source's pool.
// They use the operator's own profile in that account, and the role. Without a role
// they use the operator's credentials.
func sourceReaders(ctx context.Context, profile string, source *doctor.CognitoSource, own *awssetup.Account, region string) ([]setup.UserPoolReader, error) {
	var readers []setup.UserPoolReader
	if profile != "" {
		account, err := awssetup.Load(ctx, profile, region)
		if err != nil {
			return nil, fmt.Errorf("--source-aws-profile: %w", err)
		}
		readers = append(readers, account.UserPools(region))
	}
	switch {
	case source == nil:
	case source.RoleARN == "":
		readers = append(readers, own.UserPools(region))
	default:
		readers = append(readers, own.WithRole(source.RoleARN, source.ExternalID).UserPools(region))
	}
	return readers, nil
}

// attemptCheck makes one attempt through the function's own composition. No
// user migrates: only Cognito creates users, after its own request.
func attemptCheck(ctx context.Context, user, password string, environ []string) doctor.Check {
	if user == "" {
		return doctor.Attempt(doctor.Skip, "--user is not given", "")
	}
	function, err := trial.New(ctx, binary(), environ, io.Discard)
	if err != nil {
		return doctor.Attempt(doctor.Skip, "because configuration failed", "")
	}
	defer func() { _ = function.Stop(ctx) }() // the process ends here anyway
	event, err := lambdatrigger.NewEvent(domain.TriggerAuthentication, user, &password)
	if err != nil {
		return doctor.Attempt(doctor.Fail, err.Error(), "")
	}
	result := function.Attempt(ctx, event)
	if result.Decision == nil {
		return doctor.Attempt(doctor.Fail, "the event was rejected", "")
	}
	saw := result.Decision.Verdict + ": " + string(result.Decision.Reason)
	switch result.Decision.Verdict {
	case "migrate":
		return doctor.Attempt(doctor.Pass, saw+"; "+decidedUser(result.Response)+"; no user was migrated", "")
	case "refuse":
		return doctor.Attempt(doctor.Warn, saw, "docs/decision-table.md says when; `bin/migratectl simulate` shows all of it")
	default:
		return doctor.Attempt(doctor.Fail, saw, "see the checks of the source above")
	}
}

// decidedUser says whom Cognito would create: names of attributes and no value.
func decidedUser(response json.RawMessage) string {
	var read struct {
		UserAttributes  map[string]string `json:"userAttributes"`
		FinalUserStatus string            `json:"finalUserStatus"`
	}
	if json.Unmarshal(response, &read) != nil {
		return "no user"
	}
	return cmp.Or(read.FinalUserStatus, "status left to Cognito") + ", with " + strings.Join(slices.Sorted(maps.Keys(read.UserAttributes)), " ")
}

// report prints the checks, and is an error where one failed.
func report(s streams, results []doctor.Check, asJSON bool) error {
	counts := counted(results)
	var err error
	if asJSON {
		err = trial.WriteJSON(s.out, map[string]any{"checks": results, "summary": counts})
	} else {
		err = writeChecks(s.out, results, colours(s))
	}
	if err != nil {
		return err
	}
	if failed := counts[doctor.Fail]; failed > 0 {
		return fmt.Errorf("%d of %d checks failed", failed, len(results))
	}
	return nil
}
