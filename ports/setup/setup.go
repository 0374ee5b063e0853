// Package setup has the interfaces of the operator's checks of a set-up in AWS.
// The function does not import it. It imports domain.
//
// Every method only reads. Errors match, by errors.Is,
//
//   - [ErrNotPermitted] if the caller has no permission,
//   - [ErrNotFound] if the resource does not exist,
//   - the context's own error if the context ended first.
//
// Any other error means that there was no response.
package setup

import (
	"context"
	"errors"
	"slices"
	"time"

	"cognito-user-migration/domain"
)

// IdentityReader returns the caller's identity.
type IdentityReader interface {
	// Identity returns the identity of the caller's credentials.
	Identity(ctx context.Context) (Identity, error)
}

// RoleAssumer tests roles.
type RoleAssumer interface {
	// AssumeRole assumes the role and discards the session. An empty external
	// ID is not sent. It returns nil on success.
	AssumeRole(ctx context.Context, roleARN, externalID string) error
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
	// Queue returns the settings of the queue with this URL.
	Queue(ctx context.Context, url string) (Queue, error)
}

// TableReader reads the settings of DynamoDB tables.
type TableReader interface {
	// Table returns the settings of the table with this name.
	Table(ctx context.Context, name string) (Table, error)
}

// AuditTargetReader reads the targets of audit records in AWS.
type AuditTargetReader interface {
	// EventBus returns the ARN of the event bus with this name or ARN.
	EventBus(ctx context.Context, bus string) (arn string, err error)
	// DeliveryStream returns the settings of the Firehose stream with this
	// name.
	DeliveryStream(ctx context.Context, name string) (DeliveryStream, error)
}

// FunctionReader reads the settings of functions.
type FunctionReader interface {
	// Function returns the settings of the function with this name, name and
	// qualifier, or ARN.
	Function(ctx context.Context, name string) (Function, error)
	// InvokePermissions returns the statements of the function's resource-based
	// policy. Without a policy, it returns none and no error. A version or
	// alias has its own policy.
	InvokePermissions(ctx context.Context, name string) ([]InvokePermission, error)
}

// Identity is the identity of a caller.
type Identity struct {
	ARN, Account string
}

// UserPool has the settings of a user pool.
type UserPool struct {
	ID, ARN, Name string
	// Attributes is the attribute schema.
	Attributes []PoolAttribute
	// AliasAttributes are sign-in names besides the username;
	// UsernameAttributes replace it. Only one of the two can be set.
	AliasAttributes, UsernameAttributes []string
	CaseSensitive                       bool
	// MFA is OFF, OPTIONAL or ON.
	MFA string
	// PasswordPolicy is what the pool demands of passwords.
	PasswordPolicy domain.PasswordPolicy
	// Recovery are the ways of account recovery, the first one first.
	Recovery []string
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
	// Name is the full name; custom attributes begin with "custom:".
	Name string
	// Type is String, Number, DateTime or Boolean.
	Type              string
	Mutable, Required bool
	// Least and Most are the bounds of a String's length or a Number's value;
	// nil without a bound.
	Least, Most *int64
}

// AppClient has the settings of an app client.
type AppClient struct {
	ID string
	// Flows are the allowed authentication flows.
	Flows []string
	// Secret is empty if the client has none.
	Secret domain.Secret
	// ConcealsUsers is true if PreventUserExistenceErrors is ENABLED.
	ConcealsUsers bool
	// ReadAttributes are the attributes in the client's ID tokens. An empty
	// list means Cognito's default, the standard attributes.
	ReadAttributes []string
	// WriteAttributes are the attributes that users can change through the
	// client. An empty list means Cognito's default, which this project treats
	// as every attribute.
	WriteAttributes []string
}

// Writes reports whether users can write an attribute through the client, when they
// sign up or later.
func (c AppClient) Writes(attribute string) bool {
	return len(c.WriteAttributes) == 0 || slices.Contains(c.WriteAttributes, attribute)
}

// Queue has the settings of a queue.
type Queue struct {
	ARN string
	// Encryption is the kind of keys that encrypt messages at rest; empty
	// without encryption.
	Encryption string
	// DeadLetters is the ARN of the dead-letter queue, or empty. It gets
	// messages that were received MaxReceives times.
	DeadLetters string
	MaxReceives int
}

// Table has the settings of a DynamoDB table.
type Table struct {
	ARN string
	// State is ACTIVE or UPDATING if the table can be used.
	State string
	// Key is the table's primary key.
	Key []TableKey
	// Expires is the time-to-live attribute; empty if items do not expire.
	Expires string
}

// TableKey is an attribute of a table's key.
type TableKey struct {
	Name string
	// Type is S, N or B.
	Type string
	// Sorts is true for a sort key.
	Sorts bool
}

// DeliveryStream has the settings of a Firehose stream.
type DeliveryStream struct {
	ARN string
	// Status is ACTIVE if the stream accepts records.
	Status string
	// Source is DirectPut if programs send records to the stream.
	Source string
}

// Function has the settings of a Lambda function.
type Function struct {
	// ARN includes the qualifier with which the function was read, if any.
	ARN, Name string
	// Role is the ARN of the execution role.
	Role          string
	Timeout       time.Duration
	MemoryMB      int
	PackageType   string
	Architectures []string
	// Command is the command of the image; empty for the image's own.
	Command []string
	// State is Active if the function can run.
	State, StateReason string
	// Environment has the function's variables; nil if they cannot be read. No
	// value may be shown.
	Environment map[string]domain.Secret
}

// InvokePermission is a statement of a function's resource-based policy.
type InvokePermission struct {
	Allow bool
	// Principals are the principals as written in the policy: a service, an
	// account, "*".
	Principals []string
	Actions    []string
	// SourceARNs and SourceAccounts are the conditions on the caller; empty
	// without such a condition.
	SourceARNs, SourceAccounts []string
	// OtherConditions lists the names of all other conditions.
	OtherConditions []string
}

// Errors of reading a set-up, matched by errors.Is.
var (
	// ErrNotPermitted: the caller has no permission.
	ErrNotPermitted = errors.New("not permitted")
	// ErrNotFound: the resource does not exist.
	ErrNotFound = errors.New("not found")
)
