// Package dynamosource is a source that reads users with password hashes from a
// DynamoDB table. The submitted identifier is looked up by the table's key or an
// index; the password is verified here. It imports domain and ports.
package dynamosource

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"

	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/adapters/internal/awsjson"
	"cognito-user-migration/adapters/internal/fields"
	"cognito-user-migration/adapters/internal/hashed"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
)

const adapter = "dynamodb source"

// Options are the arguments for opening a table, besides its settings.
type Options = hashed.Options

var _ ports.SourceDirectory = (*Directory)(nil)

// Directory is a table of users as [ports.SourceDirectory].
type Directory struct {
	hashed.Directory
	api     awsjson.Caller
	caller  awsfault.Caller
	table   string
	lookups Lookups
	reader  *reader
	// told ensures that unused attributes are reported once.
	told sync.Once
}

// newClient returns the client for [New]. It is in the file of the calls, where the
// test of permissions looks for their service.
func newClient(config aws.Config) awsjson.Caller {
	return awsjson.New(config, awsjson.DynamoDB())
}

// New returns the table that the settings name, with a client that calls with the
// credentials. It sends nothing.
func New(name string, api awsjson.Caller, credentials ports.CredentialProvider, settings Settings, options Options) (*Directory, error) {
	checker, err := settings.Hashes.Checker()
	if err != nil {
		return nil, err
	}
	read, err := newReader(settings.Key, settings.Fields, options.Mapped)
	if err != nil {
		return nil, fmt.Errorf("FIELDS: %w", err)
	}
	d := &Directory{
		Directory: hashed.Directory{Name: name, Checker: checker, Options: options},
		api:       api, caller: awsfault.Caller{Adapter: adapter, Credentials: credentials},
		table: string(settings.Table), lookups: settings.lookups(), reader: read,
	}
	d.Find = func(ctx context.Context, username string) ([]*hashed.Entry, error) {
		found, err := d.find(ctx, username)
		entries := make([]*hashed.Entry, len(found))
		for i := range found {
			entries[i] = found[i].entry
		}
		return entries, err
	}
	return d, nil
}

// Warm connects and runs each lookup once for an identifier that cannot exist.
// This finds a missing table or index and missing permissions at start.
func (d *Directory) Warm(ctx context.Context) error {
	_, err := d.find(ctx, "-")
	return err
}

// stored is a user and the item that has them.
type stored struct {
	entry     *hashed.Entry
	item, key item
}

// longestKey is the length of the longest sort key, in bytes ("Service, account, and
// table quotas", Amazon DynamoDB Developer Guide). No username is that long.
const longestKey = 1024

// find looks the identifier up everywhere. What an index finds is read again from
// the table: only the table can be read consistently, and an index may lack
// attributes.
func (d *Directory) find(ctx context.Context, username string) ([]stored, error) {
	var found []stored
	known := make(map[string]bool)
	strangers := false
	for _, lookup := range d.lookups {
		items, err := d.query(ctx, lookup, username)
		if err != nil {
			return nil, err
		}
		for _, one := range items {
			key, err := d.reader.keyOf(one)
			if err != nil {
				return nil, err
			}
			if known[key.text()] {
				continue
			}
			known[key.text()] = true
			if lookup.Index != "" {
				if one, err = d.get(ctx, key); err != nil {
					return nil, err
				}
			}
			if one == nil {
				continue // it was deleted, and the index has it still
			}
			entry, err := d.entry(one)
			switch {
			case errors.Is(err, errNoUser):
				strangers = true
				continue
			case err != nil:
				return nil, err
			}
			found = append(found, stored{entry, one, key})
			if len(found) > hashed.MostFound {
				return found, nil
			}
		}
	}
	if strangers && len(found) == 0 {
		return nil, misconfigured(errNoUser)
	}
	return found, nil
}

// entry reads a user, and reports unused attributes once.
func (d *Directory) entry(from item) (*hashed.Entry, error) {
	entry, unused, err := d.reader.read(from)
	if err == nil && len(unused) > 0 {
		d.told.Do(func() {
			var unknown fields.Set
			unknown.Add(unused...)
			d.Options.Tell(unknown.Notes(fields.UnusedAttributes)...)
		})
	}
	return entry, err
}

// page is a part of an answer of Query and Scan.
type page struct {
	Items            []item
	LastEvaluatedKey json.RawMessage
}

// query runs one lookup. It reads consistently, but an index cannot.
func (d *Directory) query(ctx context.Context, lookup Lookup, username string) ([]item, error) {
	names, values := make(map[string]string), make(item)
	var conditions []string
	for i, key := range lookup.Keys {
		text := key.value(username)
		if len(text) > longestKey {
			return nil, nil
		}
		at := fmt.Sprintf("k%d", i)
		names["#"+at], values[":"+at] = key.Attribute, textValue(text)
		conditions = append(conditions, "#"+at+" = :"+at)
	}
	input := map[string]any{
		"TableName": d.table, "KeyConditionExpression": strings.Join(conditions, " AND "),
		"ExpressionAttributeNames": names, "ExpressionAttributeValues": values, "Limit": hashed.MostFound + 1,
	}
	if lookup.Index != "" {
		input["IndexName"] = lookup.Index
	} else {
		input["ConsistentRead"] = true
	}
	var items []item
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var answer page
		raw, err := d.api.Call(ctx, "Query", input)
		if err := d.read(ctx, "Query", raw, err, &answer); err != nil {
			return nil, err
		}
		items = append(items, answer.Items...)
		if len(answer.LastEvaluatedKey) == 0 || len(items) > hashed.MostFound {
			return items, nil
		}
		input["ExclusiveStartKey"] = answer.LastEvaluatedKey
	}
}

// get reads one item consistently; nil if there is none.
func (d *Directory) get(ctx context.Context, key item) (item, error) {
	var answer struct{ Item item }
	raw, err := d.api.Call(ctx, "GetItem", map[string]any{"TableName": d.table, "Key": key, "ConsistentRead": true})
	return answer.Item, d.read(ctx, "GetItem", raw, err, &answer)
}

// read decodes an answer. Its errors are those of the port.
func (d *Directory) read(ctx context.Context, operation string, raw json.RawMessage, err error, answer any) error {
	if err != nil {
		return d.caller.Fault(ctx, operation, err)
	}
	if err := json.Unmarshal(raw, answer); err != nil {
		return fmt.Errorf("%s: %s: the response has an unexpected format: %w", adapter, operation, ports.ErrUnreachable)
	}
	return nil
}

// scan reads a part of the table.
func (d *Directory) scan(ctx context.Context, input map[string]any) (answer page, err error) {
	raw, err := d.api.Call(ctx, "Scan", input)
	return answer, d.read(ctx, "Scan", raw, err, &answer)
}

// update changes an item under a condition.
func (d *Directory) update(ctx context.Context, input map[string]any) error {
	_, err := d.api.Call(ctx, "UpdateItem", input)
	return d.unlessGone(ctx, "UpdateItem", err)
}

// remove deletes an item under a condition.
func (d *Directory) remove(ctx context.Context, input map[string]any) error {
	_, err := d.api.Call(ctx, "DeleteItem", input)
	return d.unlessGone(ctx, "DeleteItem", err)
}

// unlessGone returns the port's error of a write. If its condition fails, the item
// no longer exists, which is not an error.
func (d *Directory) unlessGone(ctx context.Context, operation string, err error) error {
	if fault, ok := errors.AsType[*awsjson.Fault](err); ok && fault.ErrorCode() == "ConditionalCheckFailedException" {
		return nil
	}
	return d.caller.Fault(ctx, operation, err)
}
