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

// Disable implements [ports.SourceRetirer]. It also changes the user's entry in
// the file.
func (d *Directory) Disable(ctx context.Context, username string) error {
	return d.setEnabled(ctx, username, "false")
}

// Enable lets a user sign in again. It also changes the user's entry in the file.
func (d *Directory) Enable(ctx context.Context, username string) error {
	return d.setEnabled(ctx, username, "true")
}

func (d *Directory) setEnabled(ctx context.Context, username, value string) error {
	return d.change(ctx, username, func(e map[string]json.RawMessage) bool {
		for written := range e { // in any letter case
			if name, err := fields.Field(written, fields.Enabled); err == nil && name == fields.Enabled {
				delete(e, written)
			}
		}
		e[fields.Enabled] = json.RawMessage(value)
		return true
	})
}

// SignOut implements [ports.SourceRetirer]. A file has no sessions.
func (d *Directory) SignOut(ctx context.Context, _ string) error { return ctx.Err() }

// Delete implements [ports.SourceRetirer]. It also removes the user's entry
// from the file.
func (d *Directory) Delete(ctx context.Context, username string) error {
	return d.change(ctx, username, func(map[string]json.RawMessage) bool { return false })
}

// change rewrites one entry, or removes it if keep returns false. It writes a
// temporary file and renames it, so the file is always complete. It reads the
// file again first, because someone may have edited it.
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
	d.snapshot = now
	return nil
}

// readAgain returns the users that are now in the file.
func (d *Directory) readAgain() (*snapshot, error) {
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

// with returns the users with one entry changed or removed.
func (p *snapshot) with(index int, with reading, keep func(map[string]json.RawMessage) bool) (*snapshot, error) {
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
	return snapshotOf(append(entries, p.entries[index+1:]...), with)
}

// writeFile replaces the file by the entries, completely or not at all.
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
			_ = beside.Close() // no error if it is already closed
			return err
		}
	}
	return nil
}
