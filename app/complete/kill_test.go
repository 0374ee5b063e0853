package complete_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"

	"cognito-user-migration/adapters/filesource"
	"cognito-user-migration/app/complete"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// blow is how an attempt is killed at a call, before or after the call took effect.
// It is an error, a panic, or the end of the process.
type blow struct {
	name  string
	after bool
	how   func() error
}

func blows() []blow {
	ways := map[string]func() error{
		"an outage":  func() error { return fmt.Errorf("no answer: %w", ports.ErrUnreachable) },
		"a throttle": func() error { return fmt.Errorf("too much: %w", ports.ErrThrottled) },
		"no time":    func() error { return context.DeadlineExceeded },
		"a panic":    func() error { panic("killed") },
		"a crash":    func() error { runtime.Goexit(); return nil },
	}
	var all []blow
	for name, how := range ways {
		all = append(all, blow{name + " before", false, how}, blow{name + " after", true, how})
	}
	return all
}

// story is a move from the message to its end, with real people in a file.
type story struct {
	t           *testing.T
	file        string
	destination *pool
	guarded     *guarded
	sink        *sink
	completer   *complete.Completer
	completion  domain.Completion

	calls    []string // all so far, of every try
	kill     map[int]blow
	standing string // alice's at the source, as last read
}

// setting is one variation of the story.
type setting struct {
	after    domain.After
	groups   string
	create   bool
	changed  bool // the source user changes after the move
	lists    bool // the source lists groups by a call of its own
	awaiting bool // the destination user comes late, and has to set a password
	factor   bool // the user keeps a second factor, and gets the group of those who have one
}

const killPeople = `[
  {"username": "alice", "status": "CONFIRMED", "groups": ["editors", "admins"],
   "attributes": {"sub": "sub-1", "email": "alice@example.com", "email_verified": true, "name": "Alice"}},
  {"username": "bob", "attributes": {"sub": "sub-2", "email": "bob@example.com", "email_verified": true}}
]`

func newStory(t *testing.T, s setting, kill map[int]blow) *story {
	t.Helper()
	st := &story{t: t, file: filepath.Join(t.TempDir(), "people.json"), destination: newPool("writers"), kill: kill}
	if err := os.WriteFile(st.file, []byte(killPeople), 0o600); err != nil {
		t.Fatal(err)
	}
	directory, err := filesource.Open("SOURCE", filesource.Settings{Path: st.file}, filesource.Options{})
	if err != nil {
		t.Fatal(err)
	}
	found, err := directory.FindUser(t.Context(), "alice")
	if err != nil {
		t.Fatal(err)
	}
	rules := withSub()
	user := found.User
	if s.changed {
		user.Attributes = domain.Attributes{"sub": "sub-1", "email": "alice@example.com", "email_verified": "true", "name": "Alice Before"}
	}
	attempt := domain.Attempt{ID: "attempt-1", Trigger: domain.TriggerAuthentication, Username: "alice", UserPoolID: poolID}
	finding := domain.Finding{Kind: domain.PasswordAccepted, Source: "SOURCE", User: user}
	st.completion = domain.NewCompletion(keys(), attempt, now, user, domain.Decide(rules, attempt, finding))
	if s.factor {
		st.completion.SecondFactor, st.completion.MFAGroup = domain.MFAEmail, "enroll"
	}
	source := ports.Source{Directory: directory, Retirer: directory}
	if s.lists {
		st.completion.Groups, st.completion.GroupsKnown = nil, false
		source.Directory, source.Groups = silentOfGroups{directory}, listed{directory}
	}
	st.guarded = &guarded{source: source, destination: st.destination, gate: st.pass}
	st.sink = &sink{gate: st.pass}
	options := complete.Options{Rules: rules, Keys: keys(), After: s.after, CreateGroups: s.create}
	if s.groups != "" {
		options.Groups = groupMap(s.groups)
	}
	st.completer = complete.New(map[string]ports.Source{"SOURCE": st.guarded.asSource()}, st.guarded, st.sink, options)
	return st
}

// silentOfGroups is a source whose profiles do not name groups, as a user
// pool's; listed is how it lists them.
type silentOfGroups struct{ *filesource.Directory }

func (s silentOfGroups) FindUser(ctx context.Context, username string) (domain.Finding, error) {
	found, err := s.Directory.FindUser(ctx, username)
	found.User.Groups, found.User.GroupsKnown = nil, false
	return found, err
}

type listed struct{ *filesource.Directory }

func (l listed) Groups(ctx context.Context, username string) ([]string, error) {
	found, err := l.FindUser(ctx, username)
	return found.User.Groups, err
}

// pass lets a call through unless the story is killed there, and looks after
// alice before and after it.
func (st *story) pass(_ context.Context, call string, through func() error) error {
	st.calls = append(st.calls, call)
	blow, killed := st.kill[len(st.calls)]
	if killed && !blow.after {
		return blow.how()
	}
	err := through()
	st.lookAfterAlice(call)
	if killed {
		return blow.how()
	}
	return err
}

// lookAfterAlice holds that she can sign in somewhere, and that nothing at the
// source changed while she could not in the destination.
func (st *story) lookAfterAlice(when string) {
	st.t.Helper()
	here := st.destination.get("alice")
	inDestination := here != nil && here.Enabled && here.Status == domain.StatusConfirmed
	if st.standing == "" || when == "source.Disable" || when == "source.Delete" {
		st.standing = st.atSource("alice")
	}
	atSource := st.standing
	if !inDestination && atSource != "enabled" {
		st.t.Errorf("after call %d (%s) alice is %s at the source, and cannot sign in to the destination", len(st.calls), when, atSource)
	}
}

// atSource reads from the file, as the next process would, how a user stands.
func (st *story) atSource(username string) string {
	st.t.Helper()
	directory, err := filesource.Open("SOURCE", filesource.Settings{Path: st.file}, filesource.Options{})
	if err != nil {
		st.t.Fatalf("the file of people is broken: %v", err)
	}
	found, err := directory.FindUser(context.Background(), username)
	switch {
	case err != nil:
		st.t.Fatal(err)
	case found.Kind == domain.UserUnknown:
		return "gone"
	case !found.User.Enabled:
		return "disabled"
	}
	return "enabled"
}

// try completes once, in a goroutine of its own that may not come back.
func (st *story) try() (record domain.CompletionRecord) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = recover() }()
		record, _ = st.completer.Complete(context.Background(), st.completion)
	}()
	<-done
	return record
}

// end is how a story ends, for comparison.
type end struct {
	alice, bob string
	groups     []string
	factor     domain.MFAMethod
}

var errNoEnd = errors.New("the story has no end")

// tell plays the story until a try says that nothing is owed.
func (st *story) tell(s setting) (end, error) {
	st.t.Helper()
	here := domain.DestinationUser{
		Username: "alice", Enabled: true, Status: domain.StatusConfirmed,
		Attributes: domain.Attributes{"email": "alice@example.com", "email_verified": "true", "custom:legacy_sub": "sub-1"},
	}
	if s.awaiting {
		st.try() // she is not there yet
		here.Status = domain.StatusResetRequired
		st.destination.put(&here)
		st.try() // she has no password yet
		confirmed := here
		confirmed.Status = domain.StatusConfirmed
		st.destination.put(&confirmed)
	} else {
		st.destination.put(&here)
	}
	for range 6 {
		if st.try().Outcome == domain.CompletionDone {
			st.try() // the same message once more
			return end{st.atSource("alice"), st.atSource("bob"), st.destination.groupsOf("alice"), st.destination.get("alice").PreferredMFA}, nil
		}
	}
	return end{}, errNoEnd
}

func TestAMoveThatIsKilledBetweenAnyTwoCallsEndsAsIfItHadNotBeen(t *testing.T) {
	t.Parallel()
	const disable, remove, keep = domain.AfterDisable, domain.AfterDelete, domain.AfterKeep
	var kills int
	defer func() { t.Logf("killed %d times", kills) }()
	for name, row := range map[string]struct {
		setting setting
		want    end
	}{
		"groups, and disabled":                {setting{after: disable, groups: "editors=writers,admins", create: true, lists: true}, end{"disabled", "enabled", []string{"admins", "writers"}, ""}},
		"a second factor, and disabled":       {setting{after: disable, factor: true, create: true}, end{"disabled", "enabled", []string{"enroll"}, domain.MFAEmail}},
		"groups, and deleted":                 {setting{after: remove, groups: "editors=writers,admins", create: true}, end{"gone", "enabled", []string{"admins", "writers"}, ""}},
		"groups, and kept":                    {setting{after: keep, groups: "*", create: true, lists: true}, end{"enabled", "enabled", []string{"admins", "editors"}, ""}},
		"deleted alone":                       {setting{after: remove}, end{"gone", "enabled", nil, ""}},
		"to be deleted, but changed since":    {setting{after: remove, changed: true, groups: "editors=writers"}, end{"disabled", "enabled", []string{"writers"}, ""}},
		"waiting for a password, and deleted": {setting{after: remove, awaiting: true, groups: "*", create: true}, end{"gone", "enabled", []string{"admins", "editors"}, ""}},
	} {
		undisturbed := newStory(t, row.setting, nil)
		if got, err := undisturbed.tell(row.setting); err != nil || !reflect.DeepEqual(got, row.want) {
			t.Fatalf("%s: without a kill it ends as %v, %v; want %v", name, got, err, row.want)
		}
		for number := 1; number <= len(undisturbed.calls); number++ {
			for _, b := range blows() {
				kills++
				st := newStory(t, row.setting, map[int]blow{number: b})
				if got, err := st.tell(row.setting); err != nil || !reflect.DeepEqual(got, row.want) {
					t.Errorf("%s, killed by %s call %d (%s): ends as %v, %v; want %v", name, b.name, number, st.calls[number-1], got, err, row.want)
				}
			}
		}
	}
}

// TestAMoveThatIsKilledTwice kills a try, and the try that repeats it.
func TestAMoveThatIsKilledTwice(t *testing.T) {
	t.Parallel()
	row := setting{after: domain.AfterDelete, groups: "editors=writers,admins", create: true, lists: true}
	want := end{"gone", "enabled", []string{"admins", "writers"}, ""}
	undisturbed := newStory(t, row, nil)
	if _, err := undisturbed.tell(row); err != nil {
		t.Fatal(err)
	}
	outage := func() error { return ports.ErrUnreachable }
	crash := func() error { runtime.Goexit(); return nil }
	kills := 0
	for first := 1; first <= len(undisturbed.calls); first++ {
		for second := first + 1; second <= 2*len(undisturbed.calls); second++ {
			kills++
			st := newStory(t, row, map[int]blow{first: {"crash", true, crash}, second: {"outage", second%2 == 0, outage}})
			if got, err := st.tell(row); err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("killed at calls %d and %d: ends as %v, %v; want %v", first, second, got, err, want)
			}
		}
	}
	t.Logf("killed %d times, twice each", kills)
}
