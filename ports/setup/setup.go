// Package setup holds the interfaces of the operator's checks: what a set-up in AWS
// is made of. The function does not import it. It imports domain.
//
// Every method only reads. An error matches, by errors.Is, [ErrNotPermitted] when
// the caller may not ask, [ErrNotFound] when what was asked for is not there, and
// the context's own error when the context ended first; any other error means
// that there was no answer.
package setup

import (
	"context"
	"errors"
	"slices"
	"time"

	"cognito-user-migration/domain"
)

// IdentityReader tells who is asking.
type IdentityReader interface {
	// Identity returns whose credentials the caller has.
	Identity(ctx context.Context) (Identity, error)
}

// RoleAssumer tries roles.
type RoleAssumer interface {
	// TryRole takes on the role and throws the session away. An empty external
	// ID is not sent at all. It returns nil when the role was given.
	TryRole(ctx context.Context, roleARN, externalID string) error
}

// UserPoolReader reads the settings of user pools.
type UserPoolReader interface {
	// UserPool returns the settings of a pool.
	UserPool(ctx context.Context, poolID string) (UserPool, error)
	// AppClient returns the settings of an app client of a pool.
	AppClient(ctx context.Context, poolID, clientID string) (AppClient, error)
	// AppClients returns the settings of all app clients of a pool.
	AppClients(ctx context.Context, poolID string) ([]AppClient, error)
}

// GroupReader reads the groups of user pools.
type GroupReader interface {
	// Groups returns the names of all groups of a pool.
	Groups(ctx context.Context, poolID string) ([]string, error)
}

// QuotaReader reads an account's quotas of Cognito.
type QuotaReader interface {
	// Quota returns how many requests per second of an API category the account
	// may make in the reader's region.
	Quota(ctx context.Context, category string) (perSecond float64, err error)
}

// QueueReader reads the settings of queues.
type QueueReader interface {
	// Queue returns the settings of the queue of a URL.
	Queue(ctx context.Context, url string) (Queue, error)
}

// TableReader reads the settings of DynamoDB tables.
type TableReader interface {
	// Table returns the settings of the table of a name.
	Table(ctx context.Context, name string) (Table, error)
}

// AuditPlaceReader reads the places of audit records in AWS.
type AuditPlaceReader interface {
	// EventBus returns the ARN of the event bus of a name or ARN.
	EventBus(ctx context.Context, bus string) (arn string, err error)
	// DeliveryStream returns the settings of the Firehose stream of a name.
	DeliveryStream(ctx context.Context, name string) (DeliveryStream, error)
}

// FunctionReader reads the settings of functions.
type FunctionReader interface {
	// Function returns the settings of the function that a name, a name with a
	// qualifier or an ARN names.
	Function(ctx context.Context, name string) (Function, error)
	// InvokePermissions returns what the resource-based policy of the function
	// says; none, and no error, where there is no policy. The policy of a
	// version or alias is its own.
	InvokePermissions(ctx context.Context, name string) ([]InvokePermission, error)
}

// Identity is whose credentials a caller has.
type Identity struct {
	ARN, Account string
}

// UserPool is what the settings of a user pool say.
type UserPool struct {
	ID, ARN, Name string
	// Attributes is the schema.
	Attributes []PoolAttribute
	// AliasAttributes sign in beside the username; UsernameAttributes in its
	// place. Only one of the two can be set.
	AliasAttributes, UsernameAttributes []string
	CaseSensitive                       bool
	// MFA is OFF, OPTIONAL or ON.
	MFA string
	// PasswordPolicy is what the pool demands of passwords.
	PasswordPolicy domain.PasswordPolicy
	// SendsSMS is true where the pool has what it needs for sending them.
	SendsSMS bool
	// UserMigration is the ARN of the function attached as the trigger.
	UserMigration string
	// PreToken is the ARN of the function attached as the pre token generation
	// trigger, and PreTokenVersion the version of its event: V1_0, V2_0 or V3_0.
	PreToken, PreTokenVersion string
	// Plan is the feature plan: LITE, ESSENTIALS or PLUS; empty where AWS does not
	// say.
	Plan string
}

// PoolAttribute is an attribute of a user pool's schema.
type PoolAttribute struct {
	// Name is whole: custom ones begin with "custom:".
	Name string
	// Type is String, Number, DateTime or Boolean.
	Type              string
	Mutable, Required bool
	// Least and Most bound the length of a String or the value of a Number;
	// nil where there is no bound.
	Least, Most *int
}

// AppClient is what the settings of an app client say.
type AppClient struct {
	ID string
	// Flows are the explicit authentication flows that are allowed.
	Flows []string
	// Secret is empty where the client has none.
	Secret domain.Secret
	// ConcealsUsers is true where PreventUserExistenceErrors is ENABLED.
	ConcealsUsers bool
	// ReadAttributes are those that the client's ID tokens hold; none stands
	// for Cognito's default, the standard attributes.
	ReadAttributes []string
	// WriteAttributes are those that users can change through the client; none
	// stands for Cognito's default, which this project takes for every attribute.
	WriteAttributes []string
}

// Writes reports whether users can write an attribute through the client, when they
// sign up or later.
func (c AppClient) Writes(attribute string) bool {
	return len(c.WriteAttributes) == 0 || slices.Contains(c.WriteAttributes, attribute)
}

// Queue is what the settings of a queue say.
type Queue struct {
	ARN string
	// Encryption says by which keys messages are encrypted at rest; empty where
	// they are not.
	Encryption string
	// DeadLetters is the ARN of the dead-letter queue, which takes a message
	// that was received MaxReceives times; empty where there is none.
	DeadLetters string
	MaxReceives int
}

// Table is what the settings of a DynamoDB table say.
type Table struct {
	ARN string
	// State is ACTIVE or UPDATING where the table can be used.
	State string
	// Key is what an item is found by.
	Key []TableKey
	// Expires is the attribute that says until when an item is kept; empty where
	// all are for ever.
	Expires string
}

// TableKey is an attribute of a table's key.
type TableKey struct {
	Name string
	// Type is S, N or B.
	Type string
	// Sorts is true of what orders items under one key.
	Sorts bool
}

// DeliveryStream is what the settings of a Firehose stream say.
type DeliveryStream struct {
	ARN string
	// Status is ACTIVE where it takes records.
	Status string
	// Source is DirectPut where programs put records into it.
	Source string
}

// Function is what the settings of a function say.
type Function struct {
	// ARN ends in the qualifier by which the function was asked for, if any.
	ARN, Name string
	// Role is the ARN of the execution role.
	Role          string
	Timeout       time.Duration
	MemoryMB      int
	PackageType   string
	Architectures []string
	// Command is the command of the image; empty for the image's own.
	Command []string
	// State is Active where the function can run.
	State, StateReason string
	// Environment are its variables; nil where they cannot be read. No value
	// may be shown.
	Environment map[string]domain.Secret
}

// InvokePermission is a statement of a function's resource-based policy.
type InvokePermission struct {
	Allow bool
	// Principals as the policy names them: a service, an account, "*".
	Principals []string
	Actions    []string
	// SourceARNs and SourceAccounts are the conditions on the caller; none
	// where there is no such condition.
	SourceARNs, SourceAccounts []string
	// OtherConditions names the conditions that are none of those.
	OtherConditions []string
}

// Errors of reading a set-up, matched by errors.Is.
var (
	// ErrNotPermitted: the caller may not ask this.
	ErrNotPermitted = errors.New("not permitted")
	// ErrNotFound: what was asked for is not there.
	ErrNotFound = errors.New("not found")
)
