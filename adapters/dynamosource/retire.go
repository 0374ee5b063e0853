package dynamosource

import (
	"context"
	"fmt"
	"strings"

	"cognito-user-migration/adapters/internal/fields"
	"cognito-user-migration/ports"
)

var _ ports.SourceRetirer = (*Directory)(nil)

// Disable implements [ports.SourceRetirer]. It sets the attribute that says whether
// the user is enabled, in the type that it has.
func (d *Directory) Disable(ctx context.Context, username string) error {
	one, err := d.only(ctx, username)
	if err != nil || one == nil || !one.entry.User.Enabled {
		return err
	}
	path, given := d.reader.paths[fields.Enabled]
	if !given {
		path = FieldPath{Path: []string{d.enabledName(one.item)}}
	}
	names := map[string]string{"#key": d.reader.key[0]}
	var keys []string
	for i, name := range path.Path {
		at := fmt.Sprintf("#p%d", i)
		names[at] = name
		keys = append(keys, at)
	}
	return d.update(ctx, map[string]any{
		"TableName": d.table, "Key": one.key,
		"UpdateExpression": "SET " + strings.Join(keys, ".") + " = :off",
		// Without the condition, a deleted user would come back as an empty item.
		"ConditionExpression":      "attribute_exists(#key)",
		"ExpressionAttributeNames": names, "ExpressionAttributeValues": item{":off": disabledAs(one.item.at(path.Path), path.Inverted)},
	})
}

// enabledName is the top-level attribute that the item has for enabled, as it is
// written there.
func (d *Directory) enabledName(from item) string {
	for _, written := range d.reader.others(from) {
		if header, err := d.reader.names.Header([]string{written}); isOnly(err, fields.ErrNoUsername) && header.Names[0] == fields.Enabled {
			return written
		}
	}
	return fields.Enabled
}

// disabledAs is the value that disables a user, in the type of the present one.
func disabledAs(present value, inverted bool) value {
	switch {
	case present.S != nil && inverted:
		return textValue("true")
	case present.S != nil:
		return textValue("false")
	case present.N != nil:
		number := map[bool]string{false: "0", true: "1"}[inverted]
		return value{N: &number}
	default:
		return value{BOOL: &inverted}
	}
}

// SignOut implements [ports.SourceRetirer]; a table has no sessions.
func (d *Directory) SignOut(ctx context.Context, _ string) error { return ctx.Err() }

// Delete implements [ports.SourceRetirer].
func (d *Directory) Delete(ctx context.Context, username string) error {
	one, err := d.only(ctx, username)
	if err != nil || one == nil {
		return err
	}
	return d.remove(ctx, map[string]any{
		"TableName": d.table, "Key": one.key,
		"ConditionExpression": "attribute_exists(#key)", "ExpressionAttributeNames": map[string]string{"#key": d.reader.key[0]},
	})
}

// only returns the one item of a username; nil if there is none.
func (d *Directory) only(ctx context.Context, username string) (*stored, error) {
	found, err := d.find(ctx, username)
	if err != nil {
		return nil, err
	}
	var one *stored
	for i := range found {
		switch {
		case found[i].entry.User.Username != username:
		case one != nil:
			return nil, fmt.Errorf("%s: two items have the username, so neither is changed: %w", adapter, ports.ErrMisconfigured)
		default:
			one = &found[i]
		}
	}
	return one, nil
}
