package dynamosource

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"strconv"

	"cognito-user-migration/adapters/internal/hashed"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

var (
	_ ports.UserLister = (*Directory)(nil)
	_ ports.HashLister = (*Directory)(nil)
)

// segments is the number of parts that are scanned side by side.
const segments = 8

// Slices implements [ports.UserLister] by the segments of a parallel Scan.
func (d *Directory) Slices() []string {
	slices := make([]string, segments)
	for i := range slices {
		slices[i] = strconv.Itoa(i)
	}
	return slices
}

// Pages implements [ports.UserLister] by Scan. An item without a username is not a
// user and is left out.
func (d *Directory) Pages(ctx context.Context, request ports.ListRequest) iter.Seq2[ports.UserPage, error] {
	return request.Pages(ctx, func(position string) (ports.UserPage, error) {
		segment, err := strconv.Atoi(request.Slice)
		if err != nil || segment < 0 || segment >= segments {
			return ports.UserPage{}, fmt.Errorf("%s: there is no such slice: %w", adapter, ports.ErrMisconfigured)
		}
		entries, next, err := d.entries(ctx, segment, position)
		return ports.UserPage{Users: hashed.Users(entries), Next: next}, err
	})
}

// Hashes implements [ports.HashLister] by Scan, segment by segment.
func (d *Directory) Hashes(ctx context.Context) iter.Seq2[ports.UserHash, error] {
	return func(yield func(ports.UserHash, error) bool) {
		for segment := range segments {
			position := ""
			for {
				entries, next, err := d.entries(ctx, segment, position)
				if err != nil {
					yield(ports.UserHash{}, err)
					return
				}
				for _, entry := range entries {
					if entry.Hash != "" && !yield(ports.UserHash{Username: entry.User.Username, Hash: domain.NewSecret(entry.Hash)}, nil) {
						return
					}
				}
				if position = next; position == "" {
					break
				}
			}
		}
	}
}

// entries reads a part of a segment, and where the next one begins.
func (d *Directory) entries(ctx context.Context, segment int, position string) (entries []*hashed.Entry, next string, err error) {
	input := map[string]any{"TableName": d.table, "Segment": segment, "TotalSegments": segments, "ConsistentRead": true}
	if position != "" {
		if !json.Valid([]byte(position)) {
			return nil, "", fmt.Errorf("%s: the position is not one of this source: %w", adapter, ports.ErrMisconfigured)
		}
		input["ExclusiveStartKey"] = json.RawMessage(position)
	}
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	answer, err := d.scan(ctx, input)
	if err != nil {
		return nil, "", err
	}
	for _, one := range answer.Items {
		entry, err := d.entry(one)
		if errors.Is(err, errNoUser) {
			continue
		}
		if err != nil {
			return nil, "", err
		}
		entries = append(entries, entry)
	}
	return entries, string(answer.LastEvaluatedKey), nil
}
