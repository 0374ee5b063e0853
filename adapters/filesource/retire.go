package filesource

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"cognito-user-migration/adapters/internal/fields"
	"cognito-user-migration/ports"
)

var _ ports.SourceRetirer = (*Directory)(nil)

// Disable implements [ports.SourceRetirer]: the person's entry says so from now
// on, in the file too.
func (d *Directory) Disable(ctx context.Context, username string) error {
	return d.change(ctx, username, func(e map[string]json.RawMessage) bool {
		for written := range e { // however it is written
			if name, err := fields.Field(written, fields.Enabled); err == nil && name == fields.Enabled {
				delete(e, written)
			}
		}
		e[fields.Enabled] = json.RawMessage("false")
		return true
	})
}

// SignOut implements [ports.SourceRetirer]; a file keeps no sessions.
func (d *Directory) SignOut(ctx context.Context, _ string) error {
	return ctx.Err()
}

// Delete implements [ports.SourceRetirer]: the person's entry is gone, from the
// file too.
func (d *Directory) Delete(ctx context.Context, username string) error {
	return d.change(ctx, username, func(map[string]json.RawMessage) bool { return false })
}

// change rewrites one entry, or leaves it out where keep says false. The file is
// the old or the new one at any moment, never a part: it is written beside and
// renamed. It is read again before, because somebody may have edited it since.
func (d *Directory) change(ctx context.Context, username string, keep func(map[string]json.RawMessage) bool) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.path == "" {
		return fmt.Errorf("only files of FORMAT=json can be changed: %w", ports.ErrMisconfigured)
	}
	now, err := d.readAgain()
	if err != nil {
		return err
	}
	if index, there := now.byName[username]; there {
		if now, err = now.with(index, d.with, keep); err != nil {
			return fmt.Errorf("entry %d: %w", index+1, ports.ErrMisconfigured)
		}
		if err := writeFile(d.path, now.entries); err != nil {
			return fmt.Errorf("%w: %w", err, ports.ErrUnreachable)
		}
	}
	d.people = now
	return nil
}

// readAgain gives the people that the file has by now.
func (d *Directory) readAgain() (*people, error) {
	text, err := os.ReadFile(d.path)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", err, ports.ErrUnreachable)
	}
	read, err := readAs(text, Settings{}, d.with)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: %w", d.path, err, ports.ErrMisconfigured)
	}
	return read, nil
}

// with gives the people with one entry changed, or without it.
func (p *people) with(index int, with reading, keep func(map[string]json.RawMessage) bool) (*people, error) {
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(p.entries[index], &fields); err != nil {
		return nil, err
	}
	entries := append([]json.RawMessage(nil), p.entries[:index]...)
	if keep(fields) {
		changed, err := json.Marshal(fields)
		if err != nil {
			return nil, err
		}
		entries = append(entries, changed)
	}
	return peopleOf(append(entries, p.entries[index+1:]...), with)
}

// writeFile puts the entries in the file's place, all or nothing.
func writeFile(path string, entries []json.RawMessage) (err error) {
	var text bytes.Buffer
	text.WriteString("[")
	for i, entry := range entries {
		text.WriteString(strings.Repeat(",", min(i, 1)) + "\n  ")
		text.Write(bytes.TrimSpace(entry))
	}
	text.WriteString("\n]\n")
	mode := os.FileMode(0o600)
	if info, err := os.Stat(path); err == nil {
		mode = info.Mode().Perm()
	}
	beside, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(beside.Name())
		}
	}()
	for _, step := range []func() error{
		func() error { _, err := beside.Write(text.Bytes()); return err },
		func() error { return beside.Chmod(mode) },
		beside.Sync,
		beside.Close,
		func() error { return os.Rename(beside.Name(), path) },
	} {
		if err := step(); err != nil {
			_ = beside.Close() // fine if it is closed
			return err
		}
	}
	return nil
}
