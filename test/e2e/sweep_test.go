package e2e_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/test/peers"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

// sweeping is a migration that was scanned, and whose moves are to be completed.
type sweeping struct {
	*reporting
	there  *cognitoidentityprovider.Client
	worker []string // the environment of the function that completes
}

func newSweeping(t *testing.T) *sweeping {
	t.Helper()
	r := newReporting(t)
	here, err := moto.get(t).NewCompletion(t.Context(), r.source)
	if err != nil {
		t.Fatal(err)
	}
	r.environment = append(r.environment, "MIGRATE_ATTRIBUTES=*,custom:legacy_sub=sub")
	there := cognitoidentityprovider.New(cognitoidentityprovider.Options{
		BaseEndpoint: &moto.get(t).URL, Region: peers.Region, Credentials: credentials.StaticCredentialsProvider{Value: r.source.Administrator},
	})
	editors := "editors"
	if _, err := there.CreateGroup(t.Context(), &cognitoidentityprovider.CreateGroupInput{UserPoolId: &r.source.UserPoolID, GroupName: &editors}); err != nil {
		t.Fatal(err)
	}
	return &sweeping{reporting: r, there: there, worker: []string{
		"AWS_ACCESS_KEY_ID=" + here.Worker.AccessKeyID, "AWS_SECRET_ACCESS_KEY=" + here.Worker.SecretAccessKey, "SOURCE_ROLE_ARN=" + here.RoleARN,
		"COMPLETION_AFTER=disable", "COMPLETION_GROUPS=editors=writers", "COMPLETION_CREATE_GROUPS=false",
		"COMPLETION_QUEUE_URL=https://sqs.us-east-1.amazonaws.com/111111111111/queue", "COMPLETION_HMAC_KEY=" + completionKey,
		"AUDIT_HMAC_KEY=an audit key of thirty-two characters",
	}}
}

// complete runs the command and returns what it printed and its exit code.
func (s *sweeping) complete(environment []string, arguments ...string) (out, notes string, code int) {
	s.t.Helper()
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(s.t.Context(), s.tool, append([]string{"complete", "--destination-pool", s.pool, "--rate", "100000"}, arguments...)...)
	command.Dir, command.Env = s.folder, append(append([]string{}, s.environment...), environment...)
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		s.t.Fatal(err)
	}
	return stdout.String(), stderr.String(), command.ProcessState.ExitCode()
}

// enabled lists the source users of these names who are enabled.
func (s *sweeping) enabled(names ...string) []string {
	s.t.Helper()
	var enabled []string
	for _, name := range names {
		user, err := s.source.GetUser(s.t.Context(), name)
		if err != nil {
			s.t.Fatal(err)
		}
		if user.Enabled {
			enabled = append(enabled, name)
		}
	}
	return enabled
}

func (s *sweeping) groupsOf(name string) []string {
	s.t.Helper()
	answer, err := s.here.AdminListGroupsForUser(s.t.Context(), &cognitoidentityprovider.AdminListGroupsForUserInput{UserPoolId: &s.pool, Username: &name})
	if err != nil {
		s.t.Fatal(err)
	}
	var groups []string
	for _, group := range answer.Groups {
		groups = append(groups, *group.GroupName)
	}
	return groups
}

// editor puts a source user into the group editors.
func (s *sweeping) editor(name string) {
	s.t.Helper()
	group := "editors"
	if _, err := s.there.AdminAddUserToGroup(s.t.Context(), &cognitoidentityprovider.AdminAddUserToGroupInput{UserPoolId: &s.source.UserPoolID, Username: &name, GroupName: &group}); err != nil {
		s.t.Fatal(err)
	}
}

// swept is what the tests read of the output for machines.
type swept struct {
	DryRun          bool
	CompletedBefore int
	NotConfirmed    int
	People          []struct {
		User, Completion, Reason, SourceUser string
		Groups                               []string
	}
}

type undoneUsers struct {
	DryRun bool
	People []struct{ User, SourceSub, Source, Result string }
}

func readJSON[T any](t *testing.T, text string) T {
	t.Helper()
	var read T
	if err := json.Unmarshal([]byte(text), &read); err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return read
}

// TestTheSweepCompletesWhatIsOpenAndUndoTakesItBack: users who moved are completed
// whatever became of their messages, by the proof that the queue's function asks for;
// then the records lead back.
func TestTheSweepCompletesWhatIsOpenAndUndoTakesItBack(t *testing.T) {
	t.Parallel()
	s := newSweeping(t)
	email := func(name string) map[string]string {
		return map[string]string{"email": name + "@example.com", "email_verified": "true"}
	}
	move := func(name string, confirmed bool) {
		s.atSource(peers.User{Username: name, Password: "Right-Password-1", Attributes: email(name)})
		s.editor(name)
		attributes := maps.Clone(email(name))
		attributes["custom:legacy_sub"] = s.subs[name]
		s.atDestination(name, confirmed, attributes)
	}
	for _, name := range []string{"alice", "bob", "replaced", "barred"} {
		move(name, true)
	}
	move("waiting", false)
	s.atSource(peers.User{Username: "stays", Password: "Right-Password-1", Attributes: email("stays")})
	// Somebody else has the name of a user who has not moved.
	s.atSource(peers.User{Username: "victim", Password: "Right-Password-1", Attributes: email("victim")})
	s.editor("victim")
	s.atDestination("victim", true, map[string]string{"email": "mallory@example.com", "email_verified": "true"})
	group := "writers"
	if _, err := s.here.CreateGroup(t.Context(), &cognitoidentityprovider.CreateGroupInput{UserPoolId: &s.pool, GroupName: &group}); err != nil {
		t.Fatal(err)
	}
	if _, notes, code := s.complete(s.worker, "--state", "move.db"); code != 1 || !strings.Contains(notes, "no finished scan") {
		t.Errorf("without a report: exit code %d, %s", code, notes)
	}
	if _, notes, code := s.run(nil, "--source-aws-profile", "source"); code != 0 {
		t.Fatalf("report: exit code %d, %s", code, notes)
	}
	// Since the scan, one destination user was replaced, and one source user disabled.
	name := "replaced"
	if _, err := s.here.AdminDeleteUser(t.Context(), &cognitoidentityprovider.AdminDeleteUserInput{UserPoolId: &s.pool, Username: &name}); err != nil {
		t.Fatal(err)
	}
	s.atDestination(name, true, map[string]string{"email": "mallory2@example.com", "email_verified": "true"})
	barred := "barred"
	if _, err := s.there.AdminDisableUser(t.Context(), &cognitoidentityprovider.AdminDisableUserInput{UserPoolId: &s.source.UserPoolID, Username: &barred}); err != nil {
		t.Fatal(err)
	}
	everyone := []string{"alice", "bob", "replaced", "barred", "waiting", "stays", "victim"}
	before := s.enabled(everyone...)

	out, notes, code := s.complete(s.worker, "--state", "move.db", "--json")
	dry := readJSON[swept](t, out)
	if code != 1 || !dry.DryRun || len(dry.People) != 4 || dry.NotConfirmed != 1 {
		t.Errorf("dry run: exit code %d, %+v, %s", code, dry, notes)
	}
	if now := s.enabled(everyone...); !slices.Equal(now, before) || len(s.groupsOf("alice")) > 0 {
		t.Errorf("a dry run changed something: %v", now)
	}

	out, records, code := s.complete(s.worker, "--state", "move.db", "--json", "--yes")
	done := readJSON[swept](t, out)
	outcomes := make(map[string]string)
	for _, one := range done.People {
		outcomes[one.User] = one.Completion + " " + one.SourceUser + " " + one.Reason
	}
	want := map[string]string{"alice": "completed disabled ", "bob": "completed disabled ", "barred": "completed disabled ", "replaced": "abandoned kept destination_user_is_another"}
	if code != 1 || !maps.Equal(outcomes, want) {
		t.Errorf("exit code %d, %v, want %v\n%s", code, outcomes, want, records)
	}
	if now := s.enabled(everyone...); !slices.Equal(now, []string{"replaced", "waiting", "stays", "victim"}) {
		t.Errorf("enabled at the source: %v", now)
	}
	for _, name := range []string{"alice", "bob"} {
		if groups := s.groupsOf(name); !slices.Equal(groups, []string{"writers"}) {
			t.Errorf("%s has the groups %v", name, groups)
		}
	}
	for _, name := range []string{"replaced", "victim"} {
		if groups := s.groupsOf(name); len(groups) > 0 {
			t.Errorf("%s has the groups %v", name, groups)
		}
	}
	out, _, code = s.complete(s.worker, "--state", "move.db", "--json", "--yes")
	if again := readJSON[swept](t, out); code != 1 || again.CompletedBefore != 3 || len(again.People) != 1 {
		t.Errorf("once more: exit code %d, %+v", code, again)
	}
	s.undo(records)
}

// undo takes the sweep back.
func (s *sweeping) undo(records string) {
	s.t.Helper()
	file := filepath.Join(s.folder, "records.log")
	if err := os.WriteFile(file, []byte(records), 0o600); err != nil {
		s.t.Fatal(err)
	}
	results := func(out string) map[string]string {
		found := make(map[string]string)
		for _, one := range readJSON[undoneUsers](s.t, out).People {
			name := one.User
			for user, sub := range s.subs {
				if sub == one.SourceSub {
					name = user
				}
			}
			found[name] = one.Result
		}
		return found
	}
	want := map[string]string{"alice": "enabled", "bob": "enabled", "barred": "not_proven"}
	base := []string{"--undo", "records.log", "--source-aws-profile", "source", "--json"}
	environment := []string{"AUDIT_HMAC_KEY=an audit key of thirty-two characters"}
	out, notes, code := s.complete(environment, base...)
	if got := results(out); code != 0 || !maps.Equal(got, want) || !readJSON[undoneUsers](s.t, out).DryRun {
		s.t.Errorf("dry run: exit code %d, %v, %s", code, got, notes)
	}
	if now := s.enabled("alice", "bob", "barred"); len(now) > 0 {
		s.t.Errorf("a dry run enabled %v", now)
	}
	bob := "bob"
	if _, err := s.there.AdminDeleteUser(s.t.Context(), &cognitoidentityprovider.AdminDeleteUserInput{UserPoolId: &s.source.UserPoolID, Username: &bob}); err != nil {
		s.t.Fatal(err)
	}
	want["bob"] = "not_found"
	out, notes, code = s.complete(environment, append(base, "--yes")...)
	if got := results(out); code != 1 || !maps.Equal(got, want) {
		s.t.Errorf("exit code %d, %v, %s", code, got, notes)
	}
	if now := s.enabled("alice", "barred"); !slices.Equal(now, []string{"alice"}) {
		s.t.Errorf("enabled: %v", now)
	}
	want["alice"] = "already_enabled"
	if out, _, _ = s.complete(environment, append(base, "--yes")...); !maps.Equal(results(out), want) {
		s.t.Errorf("once more: %s", out)
	}
}

// TestASweepThatWasKilledGoesOn: the process is killed after the first user, or while
// several are completed; the same command then completes the others.
func TestASweepThatWasKilledGoesOn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		// rate is that of the run that is killed, once it has completed so many users.
		rate    string
		records int
	}{
		// The pace keeps the second user from being completed before the process is killed.
		"one at a time":     {"0.001", 1},
		"several at a time": {"100000", 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sweepKilled(t, test.rate, test.records)
		})
	}
}

func sweepKilled(t *testing.T, rate string, count int) {
	t.Helper()
	s := newSweeping(t)
	var names []string
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		name = "user-" + name
		names = append(names, name)
		attributes := map[string]string{"email": name + "@example.com", "email_verified": "true"}
		s.atSource(peers.User{Username: name, Password: "Right-Password-1", Attributes: attributes})
		moved := maps.Clone(attributes)
		moved["custom:legacy_sub"] = s.subs[name]
		s.atDestination(name, true, moved)
	}
	if _, notes, code := s.run(nil, "--source-aws-profile", "source"); code != 0 {
		t.Fatalf("report: exit code %d, %s", code, notes)
	}
	environment := append(slices.Clone(s.worker), "COMPLETION_GROUPS=")
	command := exec.CommandContext(t.Context(), s.tool, "complete", "--destination-pool", s.pool, "--state", "move.db", "--rate", rate, "--yes")
	command.Dir, command.Env = s.folder, append(slices.Clone(s.environment), environment...)
	stderr, err := command.StderrPipe()
	if err == nil {
		err = command.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	records := bufio.NewScanner(stderr)
	for completed := 0; completed < count && records.Scan(); {
		if strings.Contains(records.Text(), `"completion":"completed"`) {
			completed++
		}
	}
	_ = command.Process.Kill()
	_ = command.Wait() // it was killed
	if now := s.enabled(names...); len(now) > len(names)-count || count == 1 && len(now) != len(names)-1 {
		t.Fatalf("%d were to be completed, and %v are enabled", count, now)
	}
	out, notes, code := s.complete(environment, "--state", "move.db", "--json", "--yes")
	got := readJSON[swept](t, out)
	if code != 0 || got.CompletedBefore+len(got.People) != len(names) {
		t.Errorf("exit code %d, %d before and %d now\n%s", code, got.CompletedBefore, len(got.People), notes)
	}
	if now := s.enabled(names...); len(now) > 0 {
		t.Errorf("still enabled: %v", now)
	}
	if out, _, code = s.complete(environment, "--state", "move.db", "--json", "--yes"); code != 0 || readJSON[swept](t, out).CompletedBefore != len(names) {
		t.Errorf("once more: exit code %d, %s", code, out)
	}
}
