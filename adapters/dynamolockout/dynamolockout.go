// Package dynamolockout counts attempts per username in a DynamoDB table that
// all processes of the function share. It implements ports.Limiter and imports
// domain and ports.
package dynamolockout

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/adapters/internal/awsjson"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"

	"github.com/aws/aws-sdk-go-v2/aws"
)

var _ ports.Limiter = (*Table)(nil)

const adapter = "dynamodb lockout"

// The table must have these attributes.
const (
	// KeyAttribute is the partition key, of type S.
	KeyAttribute = "nameDigest"
	// ExpiryAttribute is the time-to-live attribute.
	ExpiryAttribute = "expiresAt"
)

// Attributes of an item. The key is a digest; no attribute names a user.
const (
	attributeKey      = KeyAttribute    // S, [domain.LockoutKey]
	attributeFailures = "failures"      // N
	attributeFirst    = "firstAt"       // N, nanoseconds since 1970
	attributeLast     = "lastAt"        // N, likewise
	attributeAttempt  = "try"           // S, ID of the last write
	attributeExpires  = ExpiryAttribute // N, seconds since 1970
)

// mostRounds limits how often a write is repeated because a concurrent one came
// first. Of many concurrent attempts, five are granted, one after the other.
// The others then find the name locked and stop.
const mostRounds = 16

// Table is a DynamoDB table as [ports.Limiter]. Each change is one conditional
// write, which fails if the item has changed. The failure returns the current
// item, so no separate reads are needed.
type Table struct {
	api  awsjson.Caller
	name string
	now  func() time.Time
}

// Part returns the lockout for a main to list. config provides the AWS
// configuration.
func Part(config func(context.Context) (aws.Config, error)) parts.Lockout {
	return func(ctx context.Context, table string) (parts.Limiter, error) {
		loaded, err := config(ctx)
		if err != nil {
			return nil, err
		}
		return Open(loaded, table), nil //nolint:contextcheck // Open makes no call
	}
}

// Open returns the table with this name, with a client for this configuration.
func Open(config aws.Config, name string) *Table {
	return New(NewClient(config), name, time.Now)
}

// NewClient returns the table's client, with the credentials of the
// configuration.
func NewClient(config aws.Config) *awsjson.Client {
	return awsjson.New(config, awsjson.DynamoDB())
}

// New returns the table with this name. It uses the given client and clock.
func New(api awsjson.Caller, name string, now func() time.Time) *Table {
	return &Table{api: api, name: name, now: now}
}

// Warm fetches credentials and opens the connection. It also checks that the
// table exists: it deletes an item that cannot exist, with a permission that
// the function needs anyway.
func (t *Table) Warm(ctx context.Context) error {
	return t.Clear(ctx, domain.LockoutKey(strings.Repeat("0", 64)))
}

// Take implements [ports.Limiter]. It takes one write if the name has no count
// or is locked, and two otherwise.
func (t *Table) Take(ctx context.Context, name domain.LockoutKey) (ports.LockoutAttempt, error) {
	id := rand.Text()
	var stands item // the first write assumes that there is no item
	for range mostRounds {
		now := t.now()
		after, granted := stands.count.Another(now)
		if !granted {
			return ports.LockoutAttempt{}, nil
		}
		found, err := t.put(ctx, name, item{count: after, attempt: id}, t.unless(stands, now))
		switch {
		case err != nil:
			return ports.LockoutAttempt{}, err
		case found == nil, found.attempt == id: // or the response was lost, and the SDK retried
			return ports.LockoutAttempt{Granted: true, ID: id, Before: stands.count, After: after}, nil
		}
		stands = *found
	}
	return ports.LockoutAttempt{}, contended("Take")
}

// GiveBack implements [ports.Limiter]. It takes one write, unless another
// attempt with this name came in between.
func (t *Table) GiveBack(ctx context.Context, name domain.LockoutKey, attempt ports.LockoutAttempt) error {
	id := rand.Text()
	stands := item{count: attempt.After, attempt: attempt.ID}
	for range mostRounds {
		rest, changed := stands.count.GiveBack(attempt.Before, attempt.After)
		if !changed {
			return nil
		}
		found, err := t.replace(ctx, name, stands, item{count: rest, attempt: id})
		switch {
		case err != nil:
			return err
		case found == nil, found.attempt == id:
			return nil
		}
		stands = *found
	}
	return contended("GiveBack")
}

// Clear implements [ports.Limiter].
func (t *Table) Clear(ctx context.Context, name domain.LockoutKey) error {
	_, err := t.remove(ctx, name, condition{})
	return err
}

// replace writes the remaining count, or deletes the item if the count is
// empty.
func (t *Table) replace(ctx context.Context, name domain.LockoutKey, stands, rest item) (*item, error) {
	only := onlyWhere(stands)
	if rest.count.Failures == 0 {
		return t.remove(ctx, name, only)
	}
	return t.put(ctx, name, rest, only)
}

// attribute is a value: a string or a number ("AttributeValue", Amazon DynamoDB
// API Reference).
type attribute struct {
	S string `json:",omitempty"`
	N string `json:",omitempty"`
}

func text(value string) attribute { return attribute{S: value} }

func number(value int64) attribute { return attribute{N: strconv.FormatInt(value, 10)} }

// condition is the condition of a write, in DynamoDB's syntax.
type condition struct {
	ConditionExpression                 string               `json:",omitempty"`
	ExpressionAttributeNames            map[string]string    `json:",omitempty"`
	ExpressionAttributeValues           map[string]attribute `json:",omitempty"`
	ReturnValuesOnConditionCheckFailure string               `json:",omitempty"`
}

// under returns the condition. If it fails, the response contains the current
// item.
func under(expression string, names map[string]string, values map[string]attribute) condition {
	return condition{expression, names, values, "ALL_OLD"}
}

// unless returns the condition that the item has not changed: there is no
// unexpired item, or it is the one that was read.
func (t *Table) unless(stands item, now time.Time) condition {
	if stands.attempt != "" {
		return onlyWhere(stands)
	}
	return under("attribute_not_exists(#key) OR #last <= :quiet",
		map[string]string{"#key": attributeKey, "#last": attributeLast},
		map[string]attribute{":quiet": number(domain.QuietSince(now).UnixNano())})
}

// onlyWhere returns the condition that the item is still the one of this write.
func onlyWhere(stands item) condition {
	return under("#try = :try", map[string]string{"#try": attributeAttempt}, map[string]attribute{":try": text(stands.attempt)})
}

// put writes an item under a condition. If the condition failed, it returns the
// current item; otherwise nil.
func (t *Table) put(ctx context.Context, name domain.LockoutKey, wanted item, only condition) (*item, error) {
	attributes := wanted.attributes()
	attributes[attributeKey] = text(string(name))
	_, err := t.api.Call(ctx, "PutItem", struct {
		TableName string
		Item      map[string]attribute
		condition
	}{t.name, attributes, only})
	return t.instead(ctx, "PutItem", err)
}

// remove deletes an item under a condition. It returns the same as put.
func (t *Table) remove(ctx context.Context, name domain.LockoutKey, only condition) (*item, error) {
	_, err := t.api.Call(ctx, "DeleteItem", struct {
		TableName string
		Key       map[string]attribute
		condition
	}{t.name, map[string]attribute{attributeKey: text(string(name))}, only})
	return t.instead(ctx, "DeleteItem", err)
}

// instead returns the current item from a failed condition: nil if the write
// succeeded, an empty item if there is none.
func (t *Table) instead(ctx context.Context, operation string, err error) (*item, error) {
	if err == nil {
		return nil, nil //nolint:nilnil // the write succeeded, so there is no other item
	}
	fault, ok := errors.AsType[*awsjson.Fault](err)
	if !ok || fault.ErrorCode() != "ConditionalCheckFailedException" {
		return nil, awsfault.Of(ctx, adapter, operation, err)
	}
	var found struct{ Item map[string]attribute }
	if json.Unmarshal(fault.Body(), &found) != nil {
		return nil, unread()
	}
	if len(found.Item) == 0 {
		return new(item), nil
	}
	return read(found.Item)
}

// item is the stored count of one name.
type item struct {
	count   domain.LockoutCount
	attempt string
}

// attributes returns the item without its key.
func (i item) attributes() map[string]attribute {
	return map[string]attribute{
		attributeFailures: number(int64(i.count.Failures)),
		attributeFirst:    number(i.count.First.UnixNano()),
		attributeLast:     number(i.count.Last.UnixNano()),
		attributeAttempt:  text(i.attempt),
		// The second starts before the exact time, so it is rounded up.
		// DynamoDB may delete the item days later; until then, the stored times
		// show that it has expired.
		attributeExpires: number(i.count.Until().Unix() + 1),
	}
}

// read parses an item that attributes wrote.
func read(attributes map[string]attribute) (*item, error) {
	var failed error
	integer := func(name string) int64 {
		value, err := strconv.ParseInt(attributes[name].N, 10, 64)
		if err != nil {
			failed = unread()
		}
		return value
	}
	attempt := attributes[attributeAttempt].S
	if attempt == "" {
		return nil, unread()
	}
	found := &item{attempt: attempt, count: domain.LockoutCount{
		Failures: int(integer(attributeFailures)), First: time.Unix(0, integer(attributeFirst)), Last: time.Unix(0, integer(attributeLast)),
	}}
	if failed != nil {
		return nil, failed
	}
	return found, nil
}

// unread is the error for an item in an unknown format: the table belongs to
// something else.
func unread() error {
	return fmt.Errorf("%s: an item of the table has an unexpected format: %w", adapter, ports.ErrMisconfigured)
}

// contended is the error for a write that concurrent writes prevented too
// often.
func contended(operation string) error {
	return fmt.Errorf("%s: %s: concurrent attempts for the same user changed the item %d times in a row: %w", adapter, operation, mostRounds, ports.ErrThrottled)
}
