package filesource_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"cognito-user-migration/adapters/filesource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

const retirePeople = `[
  {"username": "alice", "attributes": {"sub": "sub-1", "email": "alice@example.com", "email_verified": true, "updated_at": 1700000000.50}, "groups": ["editors"]},
  {"username": "bob", "status": "RESET_REQUIRED", "attributes": {"name": "Bob <b@example.com>"}},
  {"username": "carol", "enabled": false}
]`

// retiring opens a file of people that a test may change.
func retiring(t *testing.T) (*filesource.Directory, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "people.json")
	if err := os.WriteFile(path, []byte(retirePeople), 0o640); err != nil {
		t.Fatal(err)
	}
	return reopened(t, path), path
}

// reopened reads the file as the next process would.
func reopened(t *testing.T, path string) *filesource.Directory {
	t.Helper()
	directory, err := filesource.Open("SOURCE", filesource.Settings{Path: path}, filesource.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return directory
}

// standing is how a person stands in a file, in one word.
func standing(t *testing.T, directory *filesource.Directory, username string) string {
	t.Helper()
	found, err := directory.FindUser(t.Context(), username)
	if err != nil {
		t.Fatal(err)
	}
	switch {
	case found.Kind == domain.UserUnknown:
		return "gone"
	case !found.User.Enabled:
		return "disabled"
	}
	return "enabled"
}

func TestRetiringAPerson(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		do    func(*filesource.Directory, context.Context, string) error
		whom  string
		want  string
		bytes bool // the file is the same to the byte
	}{
		"to disable":                      {(*filesource.Directory).Disable, "alice", "disabled", false},
		"to disable who is disabled":      {(*filesource.Directory).Disable, "carol", "disabled", false},
		"to disable who is not there":     {(*filesource.Directory).Disable, "dave", "gone", true},
		"to delete":                       {(*filesource.Directory).Delete, "alice", "gone", false},
		"to delete the last of the file":  {(*filesource.Directory).Delete, "carol", "gone", false},
		"to delete who is not there":      {(*filesource.Directory).Delete, "dave", "gone", true},
		"to sign out":                     {(*filesource.Directory).SignOut, "alice", "enabled", true},
		"to delete by an alias":           {(*filesource.Directory).Delete, "alice@example.com", "enabled", true},
		"to disable in other letter case": {(*filesource.Directory).Disable, "ALICE", "enabled", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory, path := retiring(t)
			for range 2 { // to repeat it changes nothing more
				if err := row.do(directory, t.Context(), row.whom); err != nil {
					t.Fatal(err)
				}
				for which, read := range map[string]*filesource.Directory{"this process": directory, "the next process": reopened(t, path)} {
					if got := standing(t, read, row.whom); got != row.want {
						t.Errorf("to %s the person is %s, want %s", which, got, row.want)
					}
					if got := standing(t, read, "bob"); got != "enabled" {
						t.Errorf("to %s bob is %s", which, got)
					}
				}
			}
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if same := string(text) == retirePeople; same != row.bytes {
				t.Errorf("the file is the same: %t, want %t:\n%s", same, row.bytes, text)
			}
			if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
				t.Errorf("the file's mode is %v, %v", info.Mode(), err)
			}
			if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(left) != 1 {
				t.Errorf("beside the file there is %q", left)
			}
		})
	}
}

func TestRetiringOneKeepsWhatTheFileSaysOfThem(t *testing.T) {
	t.Parallel()
	directory, path := retiring(t)
	if err := directory.Disable(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var got, want []map[string]any
	if json.Unmarshal(text, &got) != nil || json.Unmarshal([]byte(retirePeople), &want) != nil {
		t.Fatalf("the file is %s", text)
	}
	want[0]["enabled"] = false
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if !strings.Contains(string(text), "1700000000.50") {
		t.Error("a number is written otherwise")
	}
}

// To enable a user undoes what it was to disable them, and nothing else.
func TestEnablingOneKeepsWhatTheFileSaysOfThem(t *testing.T) {
	t.Parallel()
	directory, path := retiring(t)
	for _, do := range []func(context.Context, string) error{directory.Disable, directory.Enable, directory.Enable} {
		if err := do(t.Context(), "alice"); err != nil {
			t.Fatal(err)
		}
	}
	if err := directory.Enable(t.Context(), "nobody"); err != nil {
		t.Error(err)
	}
	text, err := os.ReadFile(path)
	var got, want []map[string]any
	if err != nil || json.Unmarshal(text, &got) != nil || json.Unmarshal([]byte(retirePeople), &want) != nil {
		t.Fatalf("the file is %s, %v", text, err)
	}
	want[0]["enabled"] = true
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if finding, err := directory.FindUser(t.Context(), "alice"); err != nil || !finding.User.Enabled {
		t.Errorf("not enabled: %v, %v", finding, err)
	}
}

// TestRetiringKeepsAnEditMadeSinceTheFileWasRead: an operator adds somebody
// while the function serves.
func TestRetiringKeepsAnEditMadeSinceTheFileWasRead(t *testing.T) {
	t.Parallel()
	directory, path := retiring(t)
	edited := strings.Replace(retirePeople, "[", `[{"username": "erin"},`, 1)
	edited = strings.Replace(edited, `{"username": "bob",`, `{"username": "bob", "enabled": false,`, 1)
	if err := os.WriteFile(path, []byte(edited), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := directory.Delete(t.Context(), "alice"); err != nil {
		t.Fatal(err)
	}
	for username, want := range map[string]string{"alice": "gone", "bob": "disabled", "carol": "disabled", "erin": "enabled"} {
		if got := standing(t, reopened(t, path), username); got != want {
			t.Errorf("%s is %s in the file, want %s", username, got, want)
		}
		if got := standing(t, directory, username); got != want {
			t.Errorf("%s is %s to this process, want %s", username, got, want)
		}
	}
}

func TestAFileThatCannotBeWrittenStaysAsItWas(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		spoil func(t *testing.T, path string)
		want  error
	}{
		"the folder is gone":        {func(t *testing.T, path string) { _ = os.RemoveAll(filepath.Dir(path)) }, ports.ErrUnreachable},
		"the file is gone":          {func(t *testing.T, path string) { _ = os.Remove(path) }, ports.ErrUnreachable},
		"the file is none any more": {func(t *testing.T, path string) { _ = os.WriteFile(path, []byte(`[{"username"`), 0o600) }, ports.ErrMisconfigured},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			directory, path := retiring(t)
			row.spoil(t, path)
			before, _ := os.ReadFile(path)
			err := directory.Disable(t.Context(), "alice")
			if !errors.Is(err, row.want) || strings.Contains(err.Error(), "alice") {
				t.Errorf("got %v, want %v", err, row.want)
			}
			if after, _ := os.ReadFile(path); string(after) != string(before) {
				t.Errorf("the file is now %s", after)
			}
			if got := standing(t, directory, "alice"); got != "enabled" {
				t.Errorf("alice is %s all the same", got)
			}
		})
	}
}

func TestPeopleWhoCameFromNoFileCannotBeRetired(t *testing.T) {
	t.Parallel()
	directory, err := filesource.Read("SOURCE", strings.NewReader(retirePeople))
	if err != nil {
		t.Fatal(err)
	}
	if err := directory.Disable(t.Context(), "alice"); !errors.Is(err, ports.ErrMisconfigured) {
		t.Errorf("got %v", err)
	}
}

func TestRetiringEndsWithItsContext(t *testing.T) {
	t.Parallel()
	directory, path := retiring(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for name, do := range map[string]func(context.Context, string) error{
		"disable": directory.Disable, "sign out": directory.SignOut, "delete": directory.Delete,
	} {
		if err := do(ctx, "alice"); err != context.Canceled { //nolint:errorlint // as it is, not wrapped
			t.Errorf("%s: got %v", name, err)
		}
	}
	if got := standing(t, reopened(t, path), "alice"); got != "enabled" {
		t.Errorf("alice is %s", got)
	}
}

// TestManyRetireAtOnce while others sign in: nobody is lost, and the file is
// whole.
func TestManyRetireAtOnce(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "people.json")
	var entries []string
	for i := range 20 {
		entries = append(entries, fmt.Sprintf(`{"username": "user-%d"}`, i))
	}
	if err := os.WriteFile(path, []byte("["+strings.Join(entries, ",")+"]"), 0o600); err != nil {
		t.Fatal(err)
	}
	directory := reopened(t, path)
	var work sync.WaitGroup
	for i := range 20 {
		work.Go(func() {
			name := fmt.Sprintf("user-%d", i)
			do := directory.Disable
			if i%2 == 0 {
				do = directory.Delete
			}
			if err := do(t.Context(), name); err != nil {
				t.Error(err)
			}
			if _, err := directory.FindUser(t.Context(), "user-1"); err != nil {
				t.Error(err)
			}
		})
	}
	work.Wait()
	for i := range 20 {
		want := "disabled"
		if i%2 == 0 {
			want = "gone"
		}
		if got := standing(t, reopened(t, path), fmt.Sprintf("user-%d", i)); got != want {
			t.Errorf("user-%d is %s, want %s", i, got, want)
		}
	}
}
