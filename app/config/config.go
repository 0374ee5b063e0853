// Package config reads the environment into a Config, once, at start. One error
// reports all problems: missing settings, wrong values, and unknown variables
// with a known prefix. It imports domain, ports and the environment parser. The
// kinds of sources that a main lists declare their own settings.
package config

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports/parts"

	"github.com/caarlos0/env/v11"
)

// Config is the whole configuration.
type Config struct {
	// Rules are the choices for decisions.
	Rules domain.Rules
	// DestinationPool is the destination user pool; empty if only the events
	// name it.
	DestinationPool string
	// DestinationSchema is the known part of the destination's schema. The
	// rules are checked against it.
	DestinationSchema domain.Schema
	// Refusal is the form of a refusal.
	Refusal Refusal
	// Sources are the source directories in the order in which they are asked.
	// There is at least one.
	Sources []Source
	// Audit are the settings of audit records.
	Audit Audit
	// Completion are the settings of completion.
	Completion Completion
	// Lockout are the settings of the lockout.
	Lockout Lockout
	// Warnings describe settings that are valid but unwise, each with its
	// variable.
	Warnings []string
}

// SourcePools returns the IDs of the user pools among the sources.
func (c *Config) SourcePools() []string {
	return sourcePools(c.Sources)
}

func sourcePools(sources []Source) []string {
	var pools []string
	for _, source := range sources {
		if source.UserPool != "" {
			pools = append(pools, source.UserPool)
		}
	}
	return pools
}

// Source is one source directory.
type Source struct {
	// Name is the prefix of its variables.
	Name string
	// Kind names its adapter.
	Kind string
	// Match has the patterns of the identifiers for this source; empty for all
	// identifiers.
	Match string
	// Settings are the parsed settings of the kind.
	Settings parts.SourceSettings
	// UserPool is the ID of the source user pool; empty for other kinds.
	UserPool string

	secrets []domain.Secret // the values of the references among its variables
}

// HasReferences reports whether a variable of the source is a reference to a
// secret.
func (s Source) HasReferences() bool { return len(s.secrets) > 0 }

// SameSecrets reports whether the references of both resolved to the same secrets.
func (s Source) SameSecrets(other Source) bool {
	return slices.EqualFunc(s.secrets, other.secrets, func(a, b domain.Secret) bool { return a.Reveal() == b.Reveal() })
}

// Audit are the settings of audit records.
type Audit struct {
	// Sinks lists the sinks without duplicates; at least one.
	Sinks []AuditSink
	// Format is the format of records in these sinks.
	Format domain.AuditFormat
	// Required fails a migration whose record cannot be stored.
	Required bool
	// EventBus is the name or ARN of the event bus for [SinkEventBridge].
	EventBus string
	// FirehoseStream is the name of the stream for [SinkFirehose].
	FirehoseStream string
	// Username is the form in which usernames are recorded.
	Username domain.AuditUsername
	// HMACKey is the key of the digest. If it is empty, each process generates
	// its own.
	HMACKey domain.Secret
}

// Target returns the setting for a sink: a bus or a stream.
func (a Audit) Target(sink AuditSink) string {
	switch sink {
	case SinkEventBridge:
		return a.EventBus
	case SinkFirehose:
		return a.FirehoseStream
	case SinkLog:
	}
	return ""
}

// Completion are the settings of completion.
type Completion struct {
	// After says what happens to source users.
	After domain.After
	// Groups maps source groups to destination groups.
	Groups domain.GroupMap
	// CreateGroups creates groups that the destination lacks.
	CreateGroups bool
	// QueueURL is the URL of the queue.
	QueueURL string
	// Keys sign the queue's messages.
	Keys domain.CompletionKeys
	// Required fails a migration whose completion cannot be queued.
	Required bool
	// SecondFactors: completion sets preferred second factors, and adds the group of
	// MIGRATE_MFA_GROUP.
	SecondFactors bool
}

// Wanted reports whether completion is configured.
func (c Completion) Wanted() bool {
	return c.ofEveryone() || c.SecondFactors
}

// OnlySecondFactors reports whether users without a second factor need no completion.
func (c Completion) OnlySecondFactors() bool {
	return c.SecondFactors && !c.ofEveryone()
}

func (c Completion) ofEveryone() bool {
	return c.After == domain.AfterDisable || c.After == domain.AfterDelete || !c.Groups.Empty()
}

// Lockout are the settings of the lockout.
type Lockout struct {
	// Table is the name of a DynamoDB table; empty without a lockout.
	Table string
}

// Refusal is the form of the response for a refusal.
type Refusal string

// Forms of a refusal (cognito-facts 15 and 16).
const (
	// RefusalConceal returns the event with an empty response, which keeps
	// PreventUserExistenceErrors working.
	RefusalConceal Refusal = "conceal"
	// RefusalExplain returns an error with one fixed text for each reason.
	RefusalExplain Refusal = "explain"
)

// UnmarshalText implements [encoding.TextUnmarshaler]; an unknown choice is an
// error that lists the choices.
func (r *Refusal) UnmarshalText(text []byte) error {
	return domain.Choose(r, text, RefusalConceal, RefusalExplain)
}

// migrateSettings are the variables MIGRATE_.
type migrateSettings struct {
	Sources             []string                   `env:"SOURCES" envDefault:"SOURCE" takes:"names of sources, separated by commas" desc:"The sources, in the order in which they are asked. Each name is the prefix of that source's own variables. The next source is asked only if this one does not know the user."`
	Attributes          domain.AttributeMap        `env:"ATTRIBUTES" envDefault:"*" takes:"rules, separated by commas" desc:"Attributes of the new user. Rules are \u0060email\u0060, \u0060custom:legacy_sub=sub\u0060, \u0060custom:tenant='acme'\u0060. \u0060*\u0060 means all standard attributes except preferred_username, which needs its own rule."`
	DestinationPool     userPoolID                 `env:"DESTINATION_USER_POOL_ID" takes:"the ID of a user pool" desc:"The user pool that users are migrated to. If it is set and is also a source, the function does not start. The templates set it."`
	DestinationSchema   domain.Schema              `env:"DESTINATION_SCHEMA" takes:"attributes, separated by commas" desc:"The destination's custom attributes with type and bounds, and its required attributes: \u0060custom:age=Number 0..150\u0060, \u0060email=required\u0060. \u0060migratectl doctor\u0060 prints the value. Without it, only Cognito's documented limits are checked, and no attribute is required."`
	VerifiedContacts    domain.VerifiedContacts    `env:"VERIFIED_CONTACTS" envDefault:"source" takes:"source, always" desc:"When email and phone number become verified: if the source says so, or always."`
	Username            domain.UsernameRule        `env:"USERNAME" envDefault:"auto" takes:"auto, submitted, source, omit" desc:"The username of the new user: see docs/decision-table.md."`
	OnTemporaryPassword domain.OnTemporaryPassword `env:"ON_TEMPORARY_PASSWORD" envDefault:"reset" takes:"reset, confirm, refuse" desc:"The user signs in with a valid temporary password. \u0060reset\u0060: the user must set a new password by a code. \u0060confirm\u0060: keep this password. \u0060refuse\u0060: refuse the user."`
	OnMFA               domain.OnMFA               `env:"ON_MFA" envDefault:"refuse" takes:"refuse, carry, enroll, migrate" desc:"The user has a second factor. \u0060refuse\u0060: refuse the user. \u0060carry\u0060: migrate the user if the destination can ask for the code by SMS or email from the first sign-in; otherwise refuse. \u0060enroll\u0060: migrate the user into \u0060MIGRATE_MFA_GROUP\u0060; the destination requires a new factor. \u0060migrate\u0060: migrate without the factor. See docs/second-factors.md."`
	DestinationMFA      domain.DestinationMFA      `env:"DESTINATION_MFA" takes:"OFF, or OPTIONAL or ON with second factors" desc:"The MFA setting of the destination: \u0060ON,SMS_MFA,SOFTWARE_TOKEN_MFA\u0060. Required with \u0060MIGRATE_ON_MFA=carry\u0060, and with \u0060enroll\u0060, which requires \u0060ON\u0060."`
	MFAGroup            groupName                  `env:"MFA_GROUP" takes:"the name of a group of the destination" desc:"The group that users with a second factor get with \u0060MIGRATE_ON_MFA=enroll\u0060. Completion adds it."`
	OnWeakPassword      domain.OnWeakPassword      `env:"ON_WEAK_PASSWORD" envDefault:"migrate" takes:"migrate, reset, refuse" desc:"The password is correct, but \u0060MIGRATE_PASSWORD_POLICY\u0060 does not allow it. \u0060migrate\u0060: keep it. \u0060reset\u0060: the user sets a new password with a code, and is refused without a verified contact. \u0060refuse\u0060: refuse the user."`
	PasswordPolicy      domain.PasswordPolicy      `env:"PASSWORD_POLICY" takes:"requirements, separated by commas" desc:"The destination's password policy: \u0060MinimumLength=8,RequireUppercase,RequireLowercase,RequireNumbers,RequireSymbols\u0060. Required with \u0060MIGRATE_ON_WEAK_PASSWORD\u0060."`
	OnResetRequired     domain.OnResetRequired     `env:"ON_RESET_REQUIRED" envDefault:"reset" takes:"reset, refuse" desc:"The source requires a password reset: migrate the user and require the reset there, or refuse."`
	OnForgotPassword    domain.OnForgotPassword    `env:"ON_FORGOT_PASSWORD" envDefault:"migrate" takes:"migrate, refuse" desc:"The user forgot the password: migrate if there is a verified contact, or refuse without asking a source."`
	Refusal             Refusal                    `env:"REFUSAL" envDefault:"conceal" takes:"conceal, explain" desc:"The error for a refused user: the same as for a wrong password, or one that gives the reason."`
	ForceAliasCreation  bool                       `env:"FORCE_ALIAS_CREATION" envDefault:"false" takes:"true, false" desc:"If another destination user has this email or phone alias, move the alias to the new user."`
	MessageAction       domain.MessageAction       `env:"MESSAGE_ACTION" envDefault:"suppress" takes:"suppress, send" desc:"Whether Cognito sends its welcome message."`
}

// sourceSettings are the variables of every kind of source.
type sourceSettings struct {
	Kind  string `env:"KIND" envDefault:"cognito" takes:"" desc:"The kind of the source."`
	Match string `env:"MATCH" takes:"patterns, separated by commas" desc:"The source is asked only for identifiers that match, such as \u0060*@corp.example\u0060. Default: all."`
}

// auditSettings are the variables AUDIT_.
type auditSettings struct {
	Sinks          auditSinks           `env:"SINKS" envDefault:"log" takes:"any of log, eventbridge and firehose, separated by commas" desc:"Where audit records are sent. Every sink gets every record."`
	Format         domain.AuditFormat   `env:"FORMAT" envDefault:"json" takes:"json, ocsf" desc:"The format of audit records: this project's JSON, or OCSF 1.1 events."`
	Failure        onUnkept             `env:"FAILURE" envDefault:"open" takes:"open, closed" desc:"A sink does not accept the record. \u0060open\u0060: continue the attempt. \u0060closed\u0060: fail it, so that the user tries again later."`
	EventBus       eventBus             `env:"EVENT_BUS" envDefault:"default" takes:"the name or ARN of an event bus" desc:"The event bus for \u0060AUDIT_SINKS=eventbridge\u0060."`
	FirehoseStream firehoseStream       `env:"FIREHOSE_STREAM" takes:"the name of a Firehose stream" desc:"The Firehose stream. Required with \u0060AUDIT_SINKS=firehose\u0060."`
	Username       domain.AuditUsername `env:"USERNAME" envDefault:"hmac" takes:"hmac, plain, none" desc:"How usernames are recorded: as an HMAC digest, as they are, or not at all."`
	HMACKey        domain.Secret        `env:"HMAC_KEY" takes:"a secret of 32 characters or more" desc:"Key for the digests of usernames. Without it, each process generates its own key, and records of different processes cannot be joined."`
}

// completionSettings are the variables COMPLETION_.
type completionSettings struct {
	After        domain.After    `env:"AFTER" envDefault:"keep" takes:"keep, disable, delete" desc:"What to do with the source user after the destination user can sign in."`
	Groups       domain.GroupMap `env:"GROUPS" takes:"rules, separated by commas" desc:"Groups of the source that the destination user gets: \u0060admins\u0060, \u0060editors=writers\u0060. \u0060*\u0060 means all other groups, with their own names."`
	CreateGroups bool            `env:"CREATE_GROUPS" envDefault:"false" takes:"true, false" desc:"Create groups that do not exist in the destination."`
	QueueURL     queueURL        `env:"QUEUE_URL" takes:"the URL of an SQS queue" desc:"The queue for pending completions. Required with \u0060COMPLETION_AFTER\u0060, \u0060COMPLETION_GROUPS\u0060 or \u0060MIGRATE_ON_MFA=enroll\u0060. With \u0060MIGRATE_ON_MFA=carry\u0060, completion also sets the preferred second factor; codes by email need it."`
	HMACKey      domain.Secret   `env:"HMAC_KEY" takes:"a secret of 32 characters or more" desc:"Key that signs the messages in the queue. Use the same key for both functions. Required with \u0060COMPLETION_QUEUE_URL\u0060."`
	Previous     domain.Secret   `env:"HMAC_KEY_PREVIOUS" takes:"a secret of 32 characters or more" desc:"The previous \u0060COMPLETION_HMAC_KEY\u0060. Keep it until the queue has no messages that it signed."`
	Failure      onUnsent        `env:"FAILURE" envDefault:"migrate" takes:"migrate, fail" desc:"The queue does not accept the message. \u0060migrate\u0060: migrate the user and record the pending completion. \u0060fail\u0060: fail the attempt, so that the user tries again later."`
}

// lockoutSettings are the variables LOCKOUT_.
type lockoutSettings struct {
	Table tableName `env:"TABLE" takes:"the name of a DynamoDB table" desc:"The table that counts wrong passwords. It protects sources that have no lockout of their own. Requires \u0060AUDIT_HMAC_KEY\u0060. See docs/brute-force.md."`
}

// tableName is the name of a DynamoDB table.
type tableName string

// UnmarshalText implements [encoding.TextUnmarshaler]; the error says what a
// table's name looks like ("Naming rules", Amazon DynamoDB Developer Guide).
func (n *tableName) UnmarshalText(text []byte) error {
	name := string(text)
	if len(name) < 3 || len(name) > 255 || !isOf(name, "_.-") {
		return errors.New("expected the name of a DynamoDB table: 3 to 255 letters, digits and the signs _.-")
	}
	*n = tableName(name)
	return nil
}

// groupName is the name of one group of the destination.
type groupName string

// UnmarshalText implements [encoding.TextUnmarshaler]; a name is what COMPLETION_GROUPS
// takes as one.
func (n *groupName) UnmarshalText(text []byte) error {
	groups, err := domain.ParseGroupMap(string(text))
	if named := groups.Destinations(); err != nil || len(named) != 1 || named[0] != string(text) {
		return errors.New("expected the name of one group: 1 to 128 characters, no space and none of the signs *=,")
	}
	*n = groupName(text)
	return nil
}

// onUnsent says what happens if a completion cannot be queued.
type onUnsent string

// Choices.
const (
	// unsentMigrate migrates the user; the record says that the completion is
	// pending.
	unsentMigrate onUnsent = "migrate"
	// unsentFail fails the attempt.
	unsentFail onUnsent = "fail"
)

// UnmarshalText implements [encoding.TextUnmarshaler]; an unknown choice is an
// error that lists the choices.
func (o *onUnsent) UnmarshalText(text []byte) error {
	return domain.Choose(o, text, unsentMigrate, unsentFail)
}

// userPoolID is the ID of a user pool.
type userPoolID string

// UnmarshalText implements [encoding.TextUnmarshaler]; the error says what an ID
// looks like ("UserPoolId", Amazon Cognito API Reference).
func (u *userPoolID) UnmarshalText(text []byte) error {
	region, id, _ := strings.Cut(string(text), "_")
	if !isOf(region, "-") || !isOf(id, "") {
		return errors.New("expected the ID of a user pool, such as ap-northeast-1_GhIjKl456")
	}
	*u = userPoolID(text)
	return nil
}

// queueURL is the URL of an SQS queue.
type queueURL string

// UnmarshalText implements [encoding.TextUnmarshaler].
func (q *queueURL) UnmarshalText(text []byte) error {
	location, err := url.Parse(string(text))
	if err != nil || location.Host == "" || len(location.Path) < 2 || location.Scheme != "https" && location.Scheme != "http" {
		return errors.New("expected the URL of an SQS queue, such as https://sqs.ap-northeast-1.amazonaws.com/123456789012/completion")
	}
	*q = queueURL(text)
	return nil
}

// AuditSink is a sink of audit records.
type AuditSink string

// Sinks.
const (
	// SinkLog is the log.
	SinkLog AuditSink = "log"
	// SinkEventBridge is an EventBridge event bus.
	SinkEventBridge AuditSink = "eventbridge"
	// SinkFirehose is an Amazon Data Firehose stream.
	SinkFirehose AuditSink = "firehose"
)

// auditSinks is a list of sinks.
type auditSinks []AuditSink

// UnmarshalText implements [encoding.TextUnmarshaler].
func (s *auditSinks) UnmarshalText(text []byte) error {
	var list auditSinks
	for name := range strings.SplitSeq(string(text), ",") {
		sink := AuditSink(strings.TrimSpace(name))
		switch {
		case sink != SinkLog && sink != SinkEventBridge && sink != SinkFirehose:
			return fmt.Errorf("expected any of %s, %s and %s, separated by commas", SinkLog, SinkEventBridge, SinkFirehose)
		case slices.Contains(list, sink):
			return fmt.Errorf("%s is listed twice; remove one", sink)
		}
		list = append(list, sink)
	}
	*s = list
	return nil
}

// onUnkept says what happens if a sink does not store a record.
type onUnkept string

// Choices.
const (
	// unkeptOpen migrates the user; the log reports the failed record.
	unkeptOpen onUnkept = "open"
	// unkeptClosed fails the attempt.
	unkeptClosed onUnkept = "closed"
)

// UnmarshalText implements [encoding.TextUnmarshaler]; an unknown choice is an
// error that lists the choices.
func (o *onUnkept) UnmarshalText(text []byte) error {
	return domain.Choose(o, text, unkeptOpen, unkeptClosed)
}

// defaultBus is the event bus that every account has.
const defaultBus = "default"

// eventBus is the name of an event bus, or its ARN.
type eventBus string

// UnmarshalText implements [encoding.TextUnmarshaler]; the error says what a bus
// is called ("PutEventsRequestEntry", Amazon EventBridge API Reference).
func (b *eventBus) UnmarshalText(text []byte) error {
	// The default is also checked at every start. A regular expression with
	// {1,256} would use half a megabyte of stack, so the length and the prefix
	// are checked separately.
	name := string(text)
	if arn, last, found := strings.Cut(name, ":event-bus/"); found {
		name = last
		if !regexp.MustCompile(`^arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}$`).MatchString(arn) {
			name = ""
		}
	}
	if len(name) > 256 || !isOf(name, "/.-_") {
		return errors.New("expected the name or ARN of an event bus, such as audit or arn:aws:events:ap-northeast-1:123456789012:event-bus/audit")
	}
	*b = eventBus(text)
	return nil
}

// isOf reports whether the text is one or more ASCII letters, digits and the
// given signs.
func isOf(text, signs string) bool {
	return text != "" && strings.Trim(text, signs+"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") == ""
}

// firehoseStream is the name of a Firehose stream.
type firehoseStream string

// UnmarshalText implements [encoding.TextUnmarshaler]; the error says what a
// stream is called ("PutRecord", Amazon Data Firehose API Reference).
func (f *firehoseStream) UnmarshalText(text []byte) error {
	if len(text) > 64 || !isOf(string(text), "_.-") {
		return errors.New("expected the name of a Firehose stream: 1 to 64 letters, digits and the signs _.-")
	}
	*f = firehoseStream(text)
	return nil
}

// Prefixes of variables, besides those of the sources.
const (
	familyMigrate    = "MIGRATE_"
	familyAudit      = "AUDIT_"
	familyCompletion = "COMPLETION_"
	familyLockout    = "LOCKOUT_"
)

// Load reads an environment in the form of [os.Environ]. An empty value counts
// as not set, because templates write empty values. The resolver replaces
// references to secrets; without a resolver, a reference is a problem. The
// error is an [*Error] with all problems.
func Load(ctx context.Context, environ []string, kinds []parts.SourceKind, resolver parts.Resolver) (*Config, error) {
	l := newLoader(ctx, environ, resolver)
	l.unpack()
	migrate, audit, completion, lockout := migrateSettings{}, auditSettings{}, completionSettings{}, lockoutSettings{}
	l.parse(familyMigrate, &migrate)
	l.parse(familyAudit, &audit)
	l.parse(familyCompletion, &completion)
	l.parse(familyLockout, &lockout)
	sources := l.sources(migrate.Sources, kinds)
	l.checkFamilies()
	l.checkPolicies(migrate, completion)
	attributes := l.fitAttributes(migrate)
	l.checkAudit(audit, lockout)
	l.checkCompletion(completion, migrate)
	if pool := string(migrate.DestinationPool); pool != "" && slices.Contains(sourcePools(sources), pool) {
		l.problem("MIGRATE_DESTINATION_USER_POOL_ID", "is also a source; set the ID of the user pool that users are migrated to")
	}
	if err := l.err(); err != nil {
		return nil, err
	}
	l.warn(migrate, audit, lockout, sources)
	l.warnOfSecondFactors(migrate, completion)
	return &Config{
		Rules: domain.Rules{
			Attributes:          attributes,
			VerifiedContacts:    migrate.VerifiedContacts,
			Username:            migrate.Username,
			OnTemporaryPassword: migrate.OnTemporaryPassword,
			OnMFA:               migrate.OnMFA,
			DestinationMFA:      migrate.DestinationMFA,
			SetsMFAPreference:   completion.concernsMFA(migrate.OnMFA),
			MFAGroup:            string(migrate.MFAGroup),
			OnWeakPassword:      migrate.OnWeakPassword,
			PasswordPolicy:      migrate.PasswordPolicy,
			OnResetRequired:     migrate.OnResetRequired,
			OnForgotPassword:    migrate.OnForgotPassword,
			ForceAliasCreation:  migrate.ForceAliasCreation,
			MessageAction:       migrate.MessageAction,
		},
		DestinationPool:   string(migrate.DestinationPool),
		DestinationSchema: migrate.DestinationSchema,

		Refusal: migrate.Refusal,
		Sources: sources,
		Audit: Audit{
			Sinks:          audit.Sinks,
			Format:         audit.Format,
			Required:       audit.Failure == unkeptClosed,
			EventBus:       string(audit.EventBus),
			FirehoseStream: string(audit.FirehoseStream),
			Username:       audit.Username,
			HMACKey:        audit.HMACKey,
		},
		Completion: Completion{
			After:        completion.After,
			Groups:       completion.Groups,
			CreateGroups: completion.CreateGroups,
			QueueURL:     string(completion.QueueURL),
			Keys:         domain.NewCompletionKeys(completion.HMACKey, completion.Previous),
			Required:     completion.Failure == unsentFail,

			SecondFactors: completion.concernsMFA(migrate.OnMFA),
		},
		Lockout:  Lockout{Table: string(lockout.Table)},
		Warnings: l.warnings,
	}, nil
}

// LoadSource reads the variables of one source again, as [Load] does, and resolves
// their references again. A warm process calls it after a secret was rotated.
func LoadSource(ctx context.Context, environ []string, name string, kinds []parts.SourceKind, resolver parts.Resolver) (Source, error) {
	l := newLoader(ctx, environ, resolver)
	l.unpack()
	source := l.source(name, kinds)
	return source, l.err()
}

// loader reads the variables and collects the problems.
type loader struct {
	ctx         context.Context //nolint:containedctx // one call of Load
	resolver    parts.Resolver
	environment map[string]string
	read        map[string][]string        // the known variables by prefix
	secrets     map[string][]domain.Secret // the resolved references by prefix
	problems    []string
	warnings    []string
}

func newLoader(ctx context.Context, environ []string, resolver parts.Resolver) *loader {
	l := &loader{ctx: ctx, resolver: resolver, environment: make(map[string]string), read: make(map[string][]string), secrets: make(map[string][]domain.Secret)}
	for _, variable := range environ {
		if name, value, _ := strings.Cut(variable, "="); value != "" {
			l.environment[name] = value
		}
	}
	return l
}

// unpack puts the variables in SOURCE_VARIABLES into the environment.
func (l *loader) unpack() {
	if l.environment[variablePacked] == "" {
		return
	}
	packed, problems := unpack(l.environment)
	maps.Copy(l.environment, packed)
	l.problems = append(l.problems, problems...)
	delete(l.environment, variablePacked)
}

// err returns all problems without duplicates, or nil.
func (l *loader) err() error {
	if len(l.problems) == 0 {
		return nil
	}
	slices.Sort(l.problems)
	return &Error{Problems: slices.Compact(l.problems)}
}

func (l *loader) problem(variable, format string, arguments ...any) {
	l.problems = append(l.problems, variable+": "+fmt.Sprintf(format, arguments...))
}

// parse fills a struct from the variables with a prefix, and records the known
// names.
func (l *loader) parse(prefix string, into any) {
	fields := fieldsOf(into)
	var references []string
	for _, field := range fields {
		variable := prefix + field.key
		l.read[prefix] = append(l.read[prefix], variable)
		switch value := l.environment[variable]; {
		case value == "":
		case misread(value) != "":
			l.problem(variable, "%s", misread(value))
			l.unusable(variable)
		case isReference(value):
			references = append(references, variable)
		}
	}
	l.secrets[prefix] = append(l.secrets[prefix], l.resolve(references)...)
	err := env.ParseWithOptions(into, env.Options{Environment: l.environment, Prefix: prefix})
	if err == nil {
		return
	}
	for _, problem := range unwrap(err) {
		text := explain(prefix, fields, problem)
		if variable, _, _ := strings.Cut(text, ":"); !l.isProblem(variable) {
			l.problems = append(l.problems, text)
		}
	}
}

// unusable replaces a value that has a problem by a placeholder. It keeps the
// variable from being reported as missing too, and is never used, because a problem
// was reported.
func (l *loader) unusable(variable string) {
	l.environment[variable] = "x"
}

// resolve replaces references by their secrets. It resolves them at the same time,
// because a cold start waits for them.
func (l *loader) resolve(variables []string) []domain.Secret {
	secrets, failed := make([]domain.Secret, len(variables)), make([]error, len(variables))
	var work sync.WaitGroup
	for i, variable := range variables {
		work.Go(func() {
			if l.resolver == nil {
				failed[i] = errors.New("references are not resolved here")
				return
			}
			secrets[i], failed[i] = l.resolver.Resolve(l.ctx, l.environment[variable])
		})
	}
	work.Wait()
	for i, variable := range variables {
		if failed[i] != nil {
			l.problem(variable, "the reference could not be resolved: %v", failed[i])
			l.unusable(variable)
			continue
		}
		l.environment[variable] = secrets[i].Reveal()
	}
	return secrets
}

// sources reads the variables of each source, under its own name.
func (l *loader) sources(names []string, kinds []parts.SourceKind) []Source {
	var sources []Source
	seen := make(map[string]bool)
	for _, name := range names {
		name = strings.ToUpper(strings.TrimSpace(name))
		switch {
		case !isSourceName(name):
			l.problem("MIGRATE_SOURCES", "expected names of letters, digits and underscores that begin with a letter; these names are reserved: MIGRATE, AUDIT, COMPLETION, LOCKOUT, AWS, LAMBDA")
		case seen[name]:
			l.problem("MIGRATE_SOURCES", "%s is listed twice; remove one", name)
		default:
			sources = append(sources, l.source(name, kinds))
		}
		seen[name] = true
	}
	return sources
}

// source reads the variables of one source.
func (l *loader) source(name string, kinds []parts.SourceKind) Source {
	prefix := name + "_"
	var common sourceSettings
	l.parse(prefix, &common)
	at := slices.IndexFunc(kinds, func(kind parts.SourceKind) bool { return kind.Name == common.Kind })
	if at < 0 {
		l.problem(prefix+"KIND", "expected one of: %s; this binary has no source kind%s, because its main does not list it (docs/weight.md)",
			strings.Join(namesOf(kinds), ", "), shownKind(common.Kind))
		// The settings of an unknown kind are unknown too, so the family is not
		// checked for unknown variables.
		delete(l.read, prefix)
		return Source{}
	}
	if common.Match != "" && strings.Trim(common.Match, ", \t\r\n") == "" {
		l.problem(prefix+"MATCH", "has no pattern; remove it, or set patterns such as *@corp.example")
	}
	settings := kinds[at].Settings()
	before := len(l.problems)
	l.parse(prefix, settings)
	if len(l.problems) == before {
		for _, err := range settings.Validate(func(variable string) string { return prefix + variable }) {
			l.problems = append(l.problems, err.Error())
		}
	}
	source := Source{Name: name, Kind: common.Kind, Match: common.Match, Settings: settings, secrets: l.secrets[prefix]}
	if variable := kinds[at].PoolVariable; variable != "" {
		source.UserPool = l.environment[prefix+variable]
	}
	return source
}

// namesOf returns the names of the kinds that the main lists.
func namesOf(kinds []parts.SourceKind) []string {
	names := make([]string, len(kinds))
	for i, kind := range kinds {
		names[i] = kind.Name
	}
	slices.Sort(names)
	return names
}

// shownKind returns a value of KIND if it looks like a word of a few letters.
// Any other value may be a secret in the wrong variable.
func shownKind(kind string) string {
	if kind == "" || len(kind) > 16 || strings.Trim(kind, "abcdefghijklmnopqrstuvwxyz") != "" {
		return " of this name"
	}
	return " " + kind
}

func isSourceName(name string) bool {
	if name == "" || name[0] < 'A' || name[0] > 'Z' || len(name) > 32 {
		return false
	}
	if slices.Contains([]string{"MIGRATE", "AUDIT", "COMPLETION", "LOCKOUT", "AWS", "LAMBDA"}, name) {
		return false
	}
	return strings.Trim(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_") == ""
}

// checkFamilies reports the unknown variables of a family. Otherwise a misspelt
// name would silently leave its setting at the default.
func (l *loader) checkFamilies() {
	for name := range l.environment {
		// Reproducible builds set this variable; it is not a source's.
		if name == "SOURCE_DATE_EPOCH" {
			continue
		}
		family := l.familyOf(name)
		if variables := l.read[family]; family != "" && !slices.Contains(variables, name) {
			if family == "SOURCE_" {
				variables = append(slices.Clone(variables), variablePacked)
			}
			l.problems = append(l.problems, unknownVariable(name, variables))
		}
	}
}

// familyOf returns the longest prefix of the variable's name, because one
// source's name can be a prefix of another's.
func (l *loader) familyOf(name string) string {
	longest := ""
	for family := range l.read {
		if strings.HasPrefix(name, family) && len(family) > len(longest) {
			longest = family
		}
	}
	return longest
}

// unknownVariable returns the problem of an unknown variable. It suggests the
// nearest known name, or lists them all if none is near.
func unknownVariable(name string, variables []string) string {
	known := slices.Sorted(slices.Values(variables))
	nearest := slices.MinFunc(known, func(a, b string) int { return editDistance(name, a) - editDistance(name, b) })
	if editDistance(name, nearest) <= farthestSuggestion {
		return fmt.Sprintf(unknownPrefix+"%s; did you mean %s?", name, nearest)
	}
	return fmt.Sprintf(unknownPrefix+"%s; expected one of %s", name, strings.Join(known, ", "))
}

// farthestSuggestion is the largest edit distance at which one name is suggested
// for another.
const farthestSuggestion = 3

// editDistance returns the number of bytes that must be inserted, deleted or
// replaced to turn one name into the other (Levenshtein distance).
func editDistance(a, b string) int {
	row := make([]int, len(b)+1) // distances between the start of a and each start of b
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replaced := diagonal
			if a[i] != b[j] {
				replaced++
			}
			diagonal = row[j+1]
			row[j+1] = min(replaced, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// checkPolicies reports choices without the settings that they need.
func (l *loader) checkPolicies(migrate migrateSettings, completion completionSettings) {
	l.checkSecondFactors(migrate, completion)
	checks := migrate.OnWeakPassword == domain.WeakPasswordReset || migrate.OnWeakPassword == domain.WeakPasswordRefuse
	if checks && migrate.PasswordPolicy.IsZero() && !l.isProblem("MIGRATE_PASSWORD_POLICY") {
		l.problem("MIGRATE_PASSWORD_POLICY", "is required with MIGRATE_ON_WEAK_PASSWORD=reset or refuse: without it, no password is weak")
	}
}

// checkSecondFactors reports a destination that asks no user for the second factor
// that users should have there.
func (l *loader) checkSecondFactors(migrate migrateSettings, completion completionSettings) {
	const destination, group, queue = "MIGRATE_DESTINATION_MFA", "MIGRATE_MFA_GROUP", "COMPLETION_QUEUE_URL"
	to := migrate.DestinationMFA
	email := to.Mode == domain.MFAOn && to.Takes(domain.MFAEmail)
	switch {
	case l.isProblem(destination) || l.isProblem("MIGRATE_ON_MFA"):
	case migrate.OnMFA == domain.MFACarry && !to.Takes(domain.MFASMS) && !email:
		l.problem(destination, "is required with MIGRATE_ON_MFA=carry, and must name a factor that can be carried over: SMS_MFA, or EMAIL_OTP with ON, such as ON,SMS_MFA,EMAIL_OTP")
	case migrate.OnMFA == domain.MFACarry && !to.Takes(domain.MFASMS) && completion.QueueURL == "" && !l.isProblem(queue):
		l.problem(queue, "is required with MIGRATE_ON_MFA=carry and a destination that takes EMAIL_OTP and not SMS_MFA: only completion can set codes by email as the second factor")
	case migrate.OnMFA == domain.MFAEnroll && to.Mode != domain.MFAOn:
		l.problem(destination, "must begin with ON with MIGRATE_ON_MFA=enroll, such as ON,SOFTWARE_TOKEN_MFA: another destination lets users in without a new second factor")
	}
	switch {
	case l.isProblem(group) || l.isProblem("MIGRATE_ON_MFA"):
	case migrate.OnMFA == domain.MFAEnroll && migrate.MFAGroup == "":
		l.problem(group, "is required with MIGRATE_ON_MFA=enroll: the group of the users who must set up a new second factor")
	case migrate.OnMFA != domain.MFAEnroll && migrate.MFAGroup != "":
		l.problem(group, "has an effect only with MIGRATE_ON_MFA=enroll; remove it, or set MIGRATE_ON_MFA=enroll")
	}
}

// concernsMFA reports whether completion sets second factors or adds their group.
// With carry it does so where there is a queue.
func (c completionSettings) concernsMFA(on domain.OnMFA) bool {
	return on == domain.MFAEnroll || on == domain.MFACarry && c.QueueURL != ""
}

// warnOfSecondFactors warns of what the choice for second factors gives up, and of
// users whom it refuses.
func (l *loader) warnOfSecondFactors(migrate migrateSettings, completion completionSettings) {
	to := migrate.DestinationMFA
	if migrate.OnMFA == domain.MFAEnroll {
		l.warnings = append(l.warnings, "MIGRATE_ON_MFA=enroll lets a client that passes the first step, by password or by a reset code, set up the user's new second factor")
	}
	if migrate.OnMFA == domain.MFACarry && to.Takes(domain.MFAEmail) && (to.Mode != domain.MFAOn || !completion.concernsMFA(migrate.OnMFA)) {
		l.warnings = append(l.warnings, "MIGRATE_ON_MFA=carry refuses users whose second factor is a code by email: to carry it, MIGRATE_DESTINATION_MFA must begin with ON, and COMPLETION_QUEUE_URL must be set")
	}
}

// fitAttributes checks the rules against the destination's schema.
func (l *loader) fitAttributes(migrate migrateSettings) domain.AttributeMap {
	if l.isProblem("MIGRATE_ATTRIBUTES") || l.isProblem("MIGRATE_DESTINATION_SCHEMA") {
		return migrate.Attributes
	}
	fitted, err := migrate.Attributes.In(migrate.DestinationSchema)
	if err != nil {
		l.problem("MIGRATE_ATTRIBUTES", "%s", indent(err.Error()))
	}
	return fitted
}

func (l *loader) checkAudit(audit auditSettings, lockout lockoutSettings) {
	key := audit.HMACKey
	switch {
	case l.isProblem("AUDIT_HMAC_KEY"):
	case key.Empty() && lockout.Table != "":
		l.problem("LOCKOUT_TABLE", "needs AUDIT_HMAC_KEY, which is not set: every process must compute the same digests of names; set the same key for all functions")
	case key.Empty():
	case audit.Username != domain.AuditUsernameHMAC && lockout.Table == "" && !l.isProblem("LOCKOUT_TABLE"):
		l.problem("AUDIT_HMAC_KEY", "has an effect only with AUDIT_USERNAME=hmac or LOCKOUT_TABLE; remove it, or set one of them")
	case len(key.Reveal()) < shortestKey:
		l.problem("AUDIT_HMAC_KEY", "expected a secret of 32 characters or more: with a guessed key, the recorded names can be found")
	}
	if l.isProblem("AUDIT_SINKS") {
		return // AUDIT_SINKS is invalid, so the dependent checks are skipped
	}
	if audit.EventBus != defaultBus && !slices.Contains(audit.Sinks, SinkEventBridge) && !l.isProblem("AUDIT_EVENT_BUS") {
		l.problem("AUDIT_EVENT_BUS", "has an effect only with AUDIT_SINKS=eventbridge; remove it, or add eventbridge to AUDIT_SINKS")
	}
	switch firehose := slices.Contains(audit.Sinks, SinkFirehose); {
	case l.isProblem("AUDIT_FIREHOSE_STREAM"):
	case firehose && audit.FirehoseStream == "":
		l.problem("AUDIT_FIREHOSE_STREAM", "is required with AUDIT_SINKS=firehose")
	case !firehose && audit.FirehoseStream != "":
		l.problem("AUDIT_FIREHOSE_STREAM", "has an effect only with AUDIT_SINKS=firehose; remove it, or add firehose to AUDIT_SINKS")
	}
}

func (l *loader) checkCompletion(completion completionSettings, migrate migrateSettings) {
	asked := Completion{After: completion.After, Groups: completion.Groups, SecondFactors: completion.concernsMFA(migrate.OnMFA)}
	wanted, asker := asked.Wanted(), askerOf(asked, migrate.OnMFA)
	known := !l.isProblem("COMPLETION_AFTER") && !l.isProblem("COMPLETION_GROUPS") && !l.isProblem("MIGRATE_ON_MFA")
	if wanted && completion.QueueURL == "" && !l.isProblem("COMPLETION_QUEUE_URL") {
		l.problem("COMPLETION_QUEUE_URL", "is required with %s: the queue keeps a completion until Cognito has created the user", asker)
	}
	if !wanted && completion.QueueURL != "" && known {
		l.problem("COMPLETION_QUEUE_URL", "has an effect only with "+completionAskers+"; remove it, or set one of them")
	}
	if completion.CreateGroups && completion.Groups.Empty() && migrate.MFAGroup == "" && !l.isProblem("COMPLETION_GROUPS") && !l.isProblem("MIGRATE_MFA_GROUP") {
		l.problem("COMPLETION_CREATE_GROUPS", "has an effect only with COMPLETION_GROUPS or MIGRATE_MFA_GROUP; remove it, or set one of them")
	}
	if completion.After == domain.AfterDelete && len(migrate.Attributes.SubCarriers()) == 0 && !l.isProblem("MIGRATE_ATTRIBUTES") {
		l.problem("COMPLETION_AFTER", "delete requires a rule for the source's sub, such as MIGRATE_ATTRIBUTES=*,custom:legacy_sub=sub; only the sub proves later that both users are the same")
	}
	l.checkCompletionKeys(completion, asker, wanted, known)
}

// completionAskers names the settings that ask for a completion.
const completionAskers = "COMPLETION_AFTER, COMPLETION_GROUPS, or MIGRATE_ON_MFA=carry or enroll"

// askerOf names the settings to blame if something that completion needs is missing.
func askerOf(completion Completion, on domain.OnMFA) string {
	if completion.OnlySecondFactors() {
		return "MIGRATE_ON_MFA=" + string(on) + map[domain.OnMFA]string{domain.MFACarry: " and COMPLETION_QUEUE_URL"}[on]
	}
	return "COMPLETION_AFTER or COMPLETION_GROUPS"
}

// checkCompletionKeys requires a key if completions are queued. Without a key, anyone
// who can send to the queue could name any user.
func (l *loader) checkCompletionKeys(completion completionSettings, asker string, wanted, known bool) {
	const current, previous = "COMPLETION_HMAC_KEY", "COMPLETION_HMAC_KEY_PREVIOUS"
	if wanted && completion.HMACKey.Empty() && !l.isProblem(current) {
		l.problem(current, "is required with %s: it signs the messages in the queue; set the same secret of 32 characters or more for both functions", asker)
	}
	for name, key := range map[string]domain.Secret{current: completion.HMACKey, previous: completion.Previous} {
		switch {
		case key.Empty() || l.isProblem(name):
		case len(key.Reveal()) < shortestKey:
			l.problem(name, "expected a secret of 32 characters or more: with a guessed key, messages can be forged")
		case !wanted && known:
			l.problem(name, "has an effect only with "+completionAskers+" (carry: with COMPLETION_QUEUE_URL); remove it, or set one of them")
		}
	}
	if wanted && !completion.Previous.Empty() && completion.Previous.Reveal() == completion.HMACKey.Reveal() {
		l.problem(previous, "is the same as COMPLETION_HMAC_KEY; remove it, or set the previous key")
	}
}

// shortestKey is the minimum length of a key in bytes: the output length of the
// hash ("The key ... less than L bytes is strongly discouraged", RFC 2104
// section 3).
const shortestKey = 32

// isProblem reports whether the variable already has a problem.
func (l *loader) isProblem(variable string) bool {
	return slices.ContainsFunc(l.problems, func(problem string) bool { return strings.HasPrefix(problem, variable+":") })
}

// warn collects warnings about settings that are allowed but risky.
func (l *loader) warn(migrate migrateSettings, audit auditSettings, lockout lockoutSettings, sources []Source) {
	add := func(when bool, warning string) {
		if when {
			l.warnings = append(l.warnings, warning)
		}
	}
	add(migrate.VerifiedContacts == domain.VerifiedAlways,
		"MIGRATE_VERIFIED_CONTACTS=always marks contacts as verified that the source did not verify: a user who entered another user's address can take over accounts through password reset")
	add(migrate.Refusal == RefusalExplain,
		"MIGRATE_REFUSAL=explain tells the client why a user was refused, and so which users exist at the source")
	add(migrate.OnMFA == domain.MFAMigrate,
		"MIGRATE_ON_MFA=migrate migrates users without their second factor")
	add(migrate.OnTemporaryPassword == domain.TemporaryPasswordConfirm,
		"MIGRATE_ON_TEMPORARY_PASSWORD=confirm makes temporary passwords, which an administrator knows, permanent")
	add(migrate.ForceAliasCreation,
		"MIGRATE_FORCE_ALIAS_CREATION=true takes an email or phone alias from the destination user who holds it")
	add(!slices.Contains(audit.Sinks, SinkLog),
		"AUDIT_SINKS lacks log: the alarms and the dashboard of the templates read the audit lines in the log, so they show nothing")
	add(audit.Username == domain.AuditUsernamePlain,
		"AUDIT_USERNAME=plain records the submitted username, which users sometimes confuse with the password")
	add(audit.Username == domain.AuditUsernameHMAC && audit.HMACKey.Empty(),
		"AUDIT_HMAC_KEY is not set: each process digests usernames with its own key, so records of different processes cannot be joined")
	for i, source := range sources {
		later := sources[i+1:]
		if !source.Settings.LooksUp() && len(later) > 0 {
			add(true, "MIGRATE_SOURCES: "+source.Name+" cannot look users up without their password, so no user of the later sources can migrate: "+
				"whether a user of theirs is one of "+source.Name+"'s too cannot be found out; name "+source.Name+" last")
		}
		add(lockout.Table == "" && !source.Settings.LimitsAttempts(),
			source.Name+"_KIND="+source.Kind+" has no lockout of its own: passwords can be guessed against it as fast as Cognito lets a client try; set LOCKOUT_TABLE")
		l.warnings = append(l.warnings, source.Settings.Warnings(func(variable string) string {
			return source.Name + "_" + variable
		})...)
	}
}
