package userfile_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cognito-user-migration/app/userfile"
)

func text(text string) func(io.Writer) error {
	return func(to io.Writer) error {
		_, err := io.WriteString(to, text)
		return err
	}
}

func content(t *testing.T, path string) string {
	t.Helper()
	read, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(read)
}

// TestAFileOfUsersIsForItsOwnerAlone, also where a file of that name was for all.
func TestAFileOfUsersIsForItsOwnerAlone(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for name, prepare := range map[string]func(path string) error{
		"a new file":                       func(string) error { return nil },
		"a file that everyone can read":    func(path string) error { return os.WriteFile(path, []byte("before"), 0o644) },
		"the rest of an interrupted write": func(path string) error { return os.WriteFile(path+".tmp", []byte("before"), 0o644) },
		"a link": func(path string) error {
			return errors.Join(os.WriteFile(path+".target", []byte("before"), 0o644), os.Symlink(path+".target", path))
		},
	} {
		path := filepath.Join(folder, name)
		if err := prepare(path); err != nil {
			t.Fatal(err)
		}
		if err := userfile.Write(path, text("after")); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != 0o600 || content(t, path) != "after" {
			t.Errorf("%s: mode %v, %q, %v", name, info.Mode(), content(t, path), err)
		}
		if _, err := os.Stat(path + ".tmp"); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s: the temporary file is still there: %v", name, err)
		}
	}
}

func TestAFileIsWrittenWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "map.csv")
	if err := userfile.Write(path, text("whole")); err != nil {
		t.Fatal(err)
	}
	interrupted := errors.New("interrupted")
	err := userfile.Write(path, func(to io.Writer) error {
		return errors.Join(text(strings.Repeat("half", 1<<14))(to), interrupted)
	})
	if entries, _ := os.ReadDir(filepath.Dir(path)); !errors.Is(err, interrupted) || content(t, path) != "whole" || len(entries) != 1 {
		t.Errorf("got %v, %.20q, %d files", err, content(t, path), len(entries))
	}
	if err := userfile.Write(filepath.Join(filepath.Dir(path), "none", "map.csv"), text("x")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no folder: got %v", err)
	}
	if err := userfile.Write("/dev/null", text("x")); err != nil {
		t.Errorf("a device: %v", err)
	}
}

func TestWhichCellsAreFormulas(t *testing.T) {
	t.Parallel()
	for _, cell := range []string{"=1+1", "+", "+1+cmd", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'quoted"} {
		if !userfile.IsFormula(cell) {
			t.Errorf("%q is not guarded", cell)
		}
	}
	for _, cell := range []string{"", "alice", "+491701234567", "a=b", "ユーザー"} {
		if userfile.IsFormula(cell) {
			t.Errorf("%q is guarded", cell)
		}
	}
}
