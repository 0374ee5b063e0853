// Package dynamolockout counts the tries of names in a DynamoDB table, where
// every process of the function finds them. It implements ports.Limiter and
// imports domain and ports.
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

	"github.com/aws/aws-sdk-go-v2/aws"
)

var _ ports.Limiter = (*Table)(nil)

const adapter = "dynamodb lockout"

// What a table must have been made with.
const (
	// KeyAttribute is the table's whole key, of type S.
	KeyAttribute = "nameDigest"
	// ExpiryAttribute is that of its time to live.
	ExpiryAttribute = "expiresAt"
)

// The attributes of an item. There is none for a person: the key is a digest.
const (
	attributeKey      = KeyAttribute    // S, [domain.LockoutKey]
	attributeFailures = "failures"      // N
	attributeFirst    = "firstAt"       // N, nanoseconds since 1970
	attributeLast     = "lastAt"        // N, likewise
	attributeTry      = "try"           // S, whose write this is
	attributeExpires  = ExpiryAttribute // N, seconds since 1970
)

// mostRounds bounds how often a write is made anew because another one came
// first. Of many tries at once five are granted, each after another's write; a
// name that is locked ends it for the others.
const mostRounds = 16

// Table is a DynamoDB table as [ports.Limiter]. Each change is one write under
// the condition that nothing else was written since; where something was, the
// answer brings it, so nothing is ever read for itself.
type Table struct {
	api  awsjson.Caller
	name string
	now  func() time.Time
}

// Open returns the table of this name, asked with the configuration given.
func Open(config aws.Config, name string) *Table {
	return New(NewClient(config), name, time.Now)
}

// NewClient returns the client of the table, with the credentials of the
// configuration.
func NewClient(config aws.Config) *awsjson.Client {
	return awsjson.New(config, awsjson.DynamoDB())
}

// New returns the table of this name, asked through the client given, by the
// clock given.
func New(api awsjson.Caller, name string, now func() time.Time) *Table {
	return &Table{api: api, name: name, now: now}
}

// Warm fetches credentials and opens the connection. It deletes an item that
// nobody can have, by a permission that is needed anyway, and so finds out too
// whether the table is there.
func (t *Table) Warm(ctx context.Context) error {
	return t.Clear(ctx, domain.LockoutKey(strings.Repeat("0", 64)))
}

// Take implements [ports.Limiter]. It takes one write where nothing is counted
// of the name, and where it is locked; two where something is.
func (t *Table) Take(ctx context.Context, name domain.LockoutKey) (ports.Try, error) {
	id := rand.Text()
	var stands item // at first it is taken for granted that nothing does
	for range mostRounds {
		now := t.now()
		after, granted := stands.tries.Another(now)
		if !granted {
			return ports.Try{}, nil
		}
		found, err := t.put(ctx, name, item{tries: after, try: id}, t.unless(stands, now))
		switch {
		case err != nil:
			return ports.Try{}, err
		case found == nil, found.try == id: // or its answer was lost, and it was sent again
			return ports.Try{Granted: true, ID: id, Before: stands.tries, After: after}, nil
		}
		stands = *found
	}
	return ports.Try{}, contended("Take")
}

// GiveBack implements [ports.Limiter]. It takes one write where no other try of
// the name came meanwhile.
func (t *Table) GiveBack(ctx context.Context, name domain.LockoutKey, try ports.Try) error {
	id := rand.Text()
	stands := item{tries: try.After, try: try.ID}
	for range mostRounds {
		rest, changed := stands.tries.GiveBack(try.Before, try.After)
		if !changed {
			return nil
		}
		found, err := t.replace(ctx, name, stands, item{tries: rest, try: id})
		switch {
		case err != nil:
			return err
		case found == nil, found.try == id:
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

// replace writes what is left of a count in the place of what stands there;
// where nothing is left, it removes it.
func (t *Table) replace(ctx context.Context, name domain.LockoutKey, stands, rest item) (*item, error) {
	only := onlyWhere(stands)
	if rest.tries.Failures == 0 {
		return t.remove(ctx, name, only)
	}
	return t.put(ctx, name, rest, only)
}

// attribute is the value of an attribute: a string or a number
// ("AttributeValue", Amazon DynamoDB API Reference).
type attribute struct {
	S string `json:",omitempty"`
	N string `json:",omitempty"`
}

func text(value string) attribute { return attribute{S: value} }

func number(value int64) attribute { return attribute{N: strconv.FormatInt(value, 10)} }

// condition is what must hold for a write, in DynamoDB's words.
type condition struct {
	ConditionExpression                 string               `json:",omitempty"`
	ExpressionAttributeNames            map[string]string    `json:",omitempty"`
	ExpressionAttributeValues           map[string]attribute `json:",omitempty"`
	ReturnValuesOnConditionCheckFailure string               `json:",omitempty"`
}

// under returns the condition; where it does not hold, the answer brings what
// stands there.
func under(expression string, names map[string]string, values map[string]attribute) condition {
	return condition{expression, names, values, "ALL_OLD"}
}

// unless is the condition that nothing was written since: nothing that counts
// stands there, or what does is what was found.
func (t *Table) unless(stands item, now time.Time) condition {
	if stands.try != "" {
		return onlyWhere(stands)
	}
	return under("attribute_not_exists(#key) OR #last <= :quiet",
		map[string]string{"#key": attributeKey, "#last": attributeLast},
		map[string]attribute{":quiet": number(domain.QuietSince(now).UnixNano())})
}

// onlyWhere is the condition that a write still stands as it was made.
func onlyWhere(stands item) condition {
	return under("#try = :try", map[string]string{"#try": attributeTry}, map[string]attribute{":try": text(stands.try)})
}

// put writes an item under a condition. Where the condition did not hold, it
// returns what stands there instead, and nil where it did.
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

// remove deletes an item under a condition, as put writes one.
func (t *Table) remove(ctx context.Context, name domain.LockoutKey, only condition) (*item, error) {
	_, err := t.api.Call(ctx, "DeleteItem", struct {
		TableName string
		Key       map[string]attribute
		condition
	}{t.name, map[string]attribute{attributeKey: text(string(name))}, only})
	return t.instead(ctx, "DeleteItem", err)
}

// instead reads what stands in a write's place: nil where the write was made,
// an empty item where nothing does.
func (t *Table) instead(ctx context.Context, operation string, err error) (*item, error) {
	if err == nil {
		return nil, nil //nolint:nilnil // it was written, and nothing stands in its place
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

// item is what stands in the table of one name.
type item struct {
	tries domain.Tries
	try   string
}

// attributes writes an item down, but for its key.
func (i item) attributes() map[string]attribute {
	return map[string]attribute{
		attributeFailures: number(int64(i.tries.Failures)),
		attributeFirst:    number(i.tries.First.UnixNano()),
		attributeLast:     number(i.tries.Last.UnixNano()),
		attributeTry:      text(i.try),
		// The second begins before the time, so it is rounded up; DynamoDB may
		// take days, and until then the count is forgotten by its times.
		attributeExpires: number(i.tries.Until().Unix() + 1),
	}
}

// read reads an item that was written by attributes.
func read(attributes map[string]attribute) (*item, error) {
	var failed error
	integer := func(name string) int64 {
		value, err := strconv.ParseInt(attributes[name].N, 10, 64)
		if err != nil {
			failed = unread()
		}
		return value
	}
	try := attributes[attributeTry].S
	if try == "" {
		return nil, unread()
	}
	found := &item{try: try, tries: domain.Tries{
		Failures: int(integer(attributeFailures)), First: time.Unix(0, integer(attributeFirst)), Last: time.Unix(0, integer(attributeLast)),
	}}
	if failed != nil {
		return nil, failed
	}
	return found, nil
}

// unread is an item that is none of ours: the table is another one's.
func unread() error {
	return fmt.Errorf("%s: an item of the table has an unexpected format: %w", adapter, ports.ErrMisconfigured)
}

// contended is a write before which another one came each time.
func contended(operation string) error {
	return fmt.Errorf("%s: %s: concurrent attempts for the same user changed the item %d times in a row: %w", adapter, operation, mostRounds, ports.ErrThrottled)
}
