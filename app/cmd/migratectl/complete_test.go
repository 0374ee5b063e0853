package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cognito-user-migration/adapters/reportstate"
	"cognito-user-migration/app/trial"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

const (
	handPool = "us-east-1_Destination"
	handKey  = "a key of thirty-two characters, or more"
)

// destination is a user pool as far as moves are finished by hand.
type destination struct {
	mu     sync.Mutex
	users  []map[string]any
	groups map[string][]string // members; a group that is not here is missing
	calls  map[string]int
	down   string // an operation that is throttled
	// hold is called for each request before it is answered; nil for nothing.
	hold func(operation string, r *http.Request)
}

// createdAt is when the destination users were created.
var createdAt = time.Date(2026, 11, 22, 0, 0, 2, 0, time.UTC)

// destinationUser is one as AdminGetUser shows them.
func destinationUser(username string, attributes map[string]string) map[string]any {
	list := []map[string]string{}
	for name, value := range attributes {
		list = append(list, map[string]string{"Name": name, "Value": value})
	}
	return map[string]any{
		"Username": username, "Enabled": true, "UserStatus": "CONFIRMED", "UserAttributes": list, "Attributes": list,
		"UserCreateDate": createdAt.Unix(),
	}
}

// has reports whether a name is the user's.
func has(user map[string]any, name string) bool {
	list, _ := user["Attributes"].([]map[string]string)
	return user["Username"] == name || slices.ContainsFunc(list, func(a map[string]string) bool { return a["Name"] == "email" && a["Value"] == name })
}

func (d *destination) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct{ Username, GroupName, PaginationToken string }
	text, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(text, &in)
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	if d.hold != nil {
		d.hold(operation, r)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.calls[operation]++
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	fail := func(code string) {
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": "no"})
	}
	if operation == d.down {
		fail("TooManyRequestsException")
		return
	}
	answer := any(map[string]any{})
	switch operation {
	case "AdminGetUser":
		i := slices.IndexFunc(d.users, func(user map[string]any) bool { return has(user, in.Username) })
		if i < 0 {
			fail("UserNotFoundException")
			return
		}
		answer = d.users[i]
	case "ListUsers": // two to a page
		page := 0
		_, _ = fmt.Sscan(in.PaginationToken, &page)
		last := min(2*page+2, len(d.users))
		listed := map[string]any{"Users": d.users[min(2*page, last):last]}
		if last < len(d.users) {
			listed["PaginationToken"] = fmt.Sprint(page + 1)
		}
		answer = listed
	case "CreateGroup":
		d.groups[in.GroupName] = nil
	case "AdminAddUserToGroup":
		if _, there := d.groups[in.GroupName]; !there {
			fail("ResourceNotFoundException")
			return
		}
		d.groups[in.GroupName] = append(d.groups[in.GroupName], in.Username)
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// handSetup is a destination with everyone of the demonstration but dave, and
// the file of people.
func handSetup(t *testing.T, more ...string) (*destination, string, []string) {
	t.Helper()
	d := &destination{calls: make(map[string]int), groups: map[string][]string{"writers": nil}, users: []map[string]any{
		destinationUser("alice", map[string]string{
			"email": "alice@example.com", "email_verified": "true", "phone_number": "+819012345678", "phone_number_verified": "false", "name": "Alice Example", "custom:legacy_sub": "5b1a2c3d-0001"}),
		destinationUser("zoe", nil), destinationUser("yuki", nil),
		destinationUser("carol", map[string]string{"email": "carol@example.com", "email_verified": "true", "custom:legacy_sub": "5b1a2c3d-0003"}),
		destinationUser("dave", map[string]string{"email": "mallory@example.com"}),
	}}
	server := httptest.NewServer(d)
	t.Cleanup(server.Close)
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "eu-west-1", "NO_PROXY": "127.0.0.1",
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": filepath.Join(t.TempDir(), "none"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(t.TempDir(), "none"),
	} {
		t.Setenv(name, value)
	}
	environ := environment(t, append([]string{
		"COMPLETION_AFTER=delete", "COMPLETION_GROUPS=editors=writers", "COMPLETION_QUEUE_URL=https://sqs.us-east-1.amazonaws.com/1/queue",
		"AUDIT_HMAC_KEY=" + handKey, "COMPLETION_HMAC_KEY=" + handKey, "MIGRATE_ATTRIBUTES=*,custom:legacy_sub=sub",
	}, more...)...)
	return d, strings.TrimPrefix(environ[1], "SOURCE_PATH="), environ
}

// sourceHas reads the file of people.
func sourceHas(t *testing.T, path, username string) bool {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Contains(string(text), `"username": "`+username+`"`) || strings.Contains(string(text), `"username":"`+username+`"`)
}

func TestCompleteShowsWhatItWouldDoAndDoesItWithYes(t *testing.T) {
	d, path, environ := handSetup(t)
	args := []string{"complete", "--user", "alice@example.com", "--destination-pool", handPool}
	got := runTool(t, environ, "", args...)
	want := "alice@example.com: can be completed: groups writers; source user to be deleted\n\nNothing was changed. Add --yes to change it.\n"
	if got.err != nil || got.out != want {
		t.Errorf("got %v\n%s%s", got.err, got.out, got.notes)
	}
	if len(d.groups["writers"]) > 0 || !sourceHas(t, path, "alice") || d.calls["AdminAddUserToGroup"] > 0 {
		t.Error("a dry run changed something")
	}
	got = runTool(t, environ, "", append(args, "--yes")...)
	if got.err != nil || got.out != "alice@example.com: completed: groups writers; source user deleted\n" {
		t.Errorf("got %v\n%s%s", got.err, got.out, got.notes)
	}
	if !slices.Equal(d.groups["writers"], []string{"alice"}) || sourceHas(t, path, "alice") || !sourceHas(t, path, "bob") {
		t.Error("it was not done")
	}
	if !strings.Contains(got.notes, `"logger":"audit"`) || !strings.Contains(got.notes, `"sourceUser":"deleted"`) {
		t.Errorf("no record of it: %s", got.notes)
	}
	got = runTool(t, environ, "", append(args, "--yes")...)
	if got.err != nil || got.out != "alice@example.com: completed: no groups; source user gone before\n" {
		t.Errorf("once more: %v\n%s%s", got.err, got.out, got.notes)
	}
}

func TestCompleteSaysWhyNot(t *testing.T) {
	d, path, environ := handSetup(t, "COMPLETION_GROUPS=editors")
	for name, row := range map[string]struct {
		user, want string
		down       string
	}{
		"a group is missing":         {user: "alice", want: "owed: group_missing"},
		"nobody of the name":         {user: "nobody", want: "owed: destination_user_unknown"},
		"somebody else":              {user: "dave", want: "abandoned: destination_user_is_another"},
		"not in the destination":     {user: "bob", want: "owed: destination_user_unknown"},
		"the destination throttles":  {user: "alice", down: "AdminGetUser", want: "owed: destination_throttled (the destination user: "},
		"the destination throttles!": {user: "alice", down: "AdminAddUserToGroup", want: "owed: destination_throttled (group editors: "},
	} {
		d.down = row.down
		got := runTool(t, environ, "", "complete", "--user", row.user, "--destination-pool", handPool, "--yes")
		if !strings.HasPrefix(got.out, row.user+": "+row.want) || got.err == nil {
			t.Errorf("%s: got %v\n%s", name, got.err, got.out)
		}
	}
	for _, username := range []string{"alice", "bob", "dave"} {
		if !sourceHas(t, path, username) {
			t.Errorf("%s is gone", username)
		}
	}
}

// Without a rule that carries the sub, the verified contacts and everything else
// that the rules move have to be equal on both sides.
func TestCompleteByHandRestsOnProof(t *testing.T) {
	for name, row := range map[string]struct {
		attributes map[string]string
		want       string
	}{
		"the same verified address": {map[string]string{"email": "alice@example.com", "email_verified": "true", "phone_number": "+819012345678",
			"phone_number_verified": "false", "name": "Alice Example"}, "completed: no groups; source user disabled"},
		"somebody who signed up under the name": {map[string]string{"email": "mallory@evil.example", "email_verified": "true"}, "abandoned: destination_user_is_another"},
		"an address that nobody proved":         {map[string]string{"email": "alice@example.com", "email_verified": "false"}, "abandoned: destination_user_is_another"},
	} {
		t.Run(name, func(t *testing.T) {
			d, path, environ := handSetup(t, "COMPLETION_AFTER=disable", "COMPLETION_GROUPS=none", "MIGRATE_ATTRIBUTES=*")
			d.users = []map[string]any{destinationUser("alice", row.attributes)}
			got := runTool(t, environ, "", "complete", "--user", "alice", "--destination-pool", handPool, "--yes")
			if !strings.HasPrefix(got.out, "alice: "+row.want) || !sourceHas(t, path, "alice") {
				t.Errorf("got %v\n%s", got.err, got.out)
			}
		})
	}
	t.Run("a name and nothing else", func(t *testing.T) {
		d, _, environ := handSetup(t, "COMPLETION_AFTER=disable", "COMPLETION_GROUPS=none", "MIGRATE_ATTRIBUTES=*")
		d.users = []map[string]any{destinationUser("dave", map[string]string{"email": "dave@example.com", "email_verified": "false"})}
		if got := runTool(t, environ, "", "complete", "--user", "dave", "--destination-pool", handPool, "--yes"); !strings.HasPrefix(got.out, "dave: abandoned: identity_unproven") {
			t.Errorf("got %v\n%s", got.err, got.out)
		}
	})
}

// TestTheTimeOfTheAttemptCountsWhereItIsKnown: contacts prove nothing of a user who
// was created at another time.
func TestTheTimeOfTheAttemptCountsWhereItIsKnown(t *testing.T) {
	_, _, environ := handSetup(t, "COMPLETION_AFTER=disable", "COMPLETION_GROUPS=none", "MIGRATE_ATTRIBUTES=*")
	near, far := createdAt.Format(time.RFC3339Nano), createdAt.AddDate(0, 0, -1).Format(time.RFC3339Nano)
	const fine, apart = "alice: can be completed", "alice: abandoned: destination_user_is_another"
	for at, want := range map[string]string{near: fine, far: apart} {
		if got := runTool(t, environ, "", "complete", "--user", "alice", "--attempted-at", at, "--destination-pool", handPool); !strings.HasPrefix(got.out, want) {
			t.Errorf("at %s: got %v\n%s", at, got.err, got.out)
		}
	}
	for name, row := range map[string]struct{ members, want string }{
		"a record near the creation":         {fmt.Sprintf(`"time":%q,`, near), fine},
		"a record far from it":               {fmt.Sprintf(`"time":%q,`, far), apart},
		"a record in OCSF near the creation": {fmt.Sprintf(`"ocsf":{"time":%d},`, createdAt.UnixMilli()), fine},
		"a record in OCSF of the day before": {fmt.Sprintf(`"ocsf":{"time":%d},`, createdAt.AddDate(0, 0, -1).UnixMilli()), apart},
	} {
		line := strings.Replace(owedLine("a1", digest("alice"), handPool, "owed"), `"outcome"`, row.members+`"outcome"`, 1)
		if got := runTool(t, environ, "", "complete", "--all-owed", owedFile(t, line), "--destination-pool", handPool); !strings.HasPrefix(got.out, row.want) {
			t.Errorf("%s: got %v\n%s", name, got.err, got.out)
		}
	}
}

func TestCompleteRefusesASourceAsItsDestination(t *testing.T) {
	_, _, environ := handSetup(t)
	environ = append(trial.WithoutVariables(environ, "SOURCE_PATH"), "SOURCE_KIND=cognito", "SOURCE_USER_POOL_ID=us-east-1_Source001", "SOURCE_CLIENT_ID=1example23456789")
	got := runTool(t, environ, "", "complete", "--user", "alice", "--destination-pool", "us-east-1_Source001", "--yes")
	if got.err == nil || !strings.Contains(got.err.Error(), "--destination-pool us-east-1_Source001 is a source") {
		t.Errorf("got %v\n%s", got.err, got.out)
	}
}

func TestCompleteForMachines(t *testing.T) {
	_, _, environ := handSetup(t)
	got := runTool(t, environ, "", "complete", "--user", "alice", "--destination-pool", handPool, "--json")
	var read completed
	if err := json.Unmarshal([]byte(got.out), &read); err != nil || got.err != nil {
		t.Fatalf("%v, %v: %s", err, got.err, got.out)
	}
	if !read.DryRun || len(read.Users) != 1 || read.Users[0].Outcome != domain.CompletionDone || read.Users[0].SourceUser != domain.RetiredDeleted ||
		!slices.Equal(read.Users[0].Groups, []string{"writers"}) || read.Users[0].Source != "SOURCE" {
		t.Errorf("got %+v", read)
	}
}

// owedFile writes audit lines of attempts whose completion is owed.
func owedFile(t *testing.T, lines ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "audit.log")
	if err := os.WriteFile(path, []byte(strings.Join(lines, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// owedLine is the record of an attempt as the function writes it.
func owedLine(attempt, username, pool, completion string) string {
	return fmt.Sprintf(`{"level":"INFO","timestamp":"2026-11-22T00:00:00.000Z","logger":"audit","message":"attempt migrated","attemptId":%q,`+
		`"outcome":"migrated","reason":"password_accepted","source":"SOURCE","userPoolId":%q,"username":%q,"completion":%q}`, attempt, pool, username, completion)
}

func digest(username string) string {
	return string(domain.NewPseudonymizer(domain.AuditUsernameHMAC, domain.NewSecret(handKey)).Pseudonym(username))
}

func TestCompleteAllThatIsOwed(t *testing.T) {
	d, path, environ := handSetup(t)
	file := owedFile(t,
		`{"level":"INFO","message":"ready"}`,
		"START RequestId: 1", "",
		owedLine("a1", digest("Alice@Example.com"), handPool, "owed"),
		"2026-11-22T00:00:00.000Z "+owedLine("c1", digest("carol"), handPool, "owed"),
		owedLine("c2", digest("carol"), handPool, "owed"),
		owedLine("x1", digest("gone-from-everywhere"), handPool, "owed"),
		owedLine("q1", digest("zoe"), handPool, "queued"),
		owedLine("o1", digest("alice"), "us-east-1_Another", "owed"),
	)
	args := []string{"complete", "--all-owed", file, "--destination-pool", handPool}
	got := runTool(t, environ, "", args...)
	if got.err == nil || !strings.Contains(got.out, "3 owed: 2 can be completed") || !sourceHas(t, path, "alice") {
		t.Errorf("got %v\n%s", got.err, got.out)
	}
	got = runTool(t, environ, "", append(args, "--yes")...)
	want := "alice@example.com: completed: groups writers; source user deleted\n" +
		"carol: completed: no groups; source user deleted\n" +
		"attempt x1: owed: no destination user has this name\n\n" +
		"3 owed: 2 completed (source user kept 0, disabled 0, deleted 2, gone before 0), 1 left\n1 more belong to other destinations\n"
	if got.out != want || got.err == nil || !strings.Contains(got.err.Error(), "1 of 3") {
		t.Errorf("got %v\n%s\nwant\n%s", got.err, got.out, want)
	}
	if sourceHas(t, path, "alice") || sourceHas(t, path, "carol") || !sourceHas(t, path, "bob") || !slices.Equal(d.groups["writers"], []string{"alice"}) {
		t.Error("it was not done, or too much was")
	}
	if d.calls["ListUsers"] < 4 { // two runs, to the last of three pages for who is not there
		t.Errorf("the users were listed by %d calls", d.calls["ListUsers"])
	}

	fine := owedFile(t, owedLine("a1", digest("alice"), handPool, "owed"))
	if got := runTool(t, environ, "", "complete", "--all-owed", fine, "--destination-pool", handPool, "--yes"); got.err != nil || !strings.Contains(got.out, "gone before") {
		t.Errorf("once more: %v\n%s", got.err, got.out)
	}
	if got := runTool(t, environ, "", "complete", "--all-owed", owedFile(t, "nothing"), "--destination-pool", handPool); got.err != nil || !strings.HasPrefix(got.out, "\n0 owed:") {
		t.Errorf("nothing is owed: %v\n%s", got.err, got.out)
	}
	d.down = "ListUsers"
	if got := runTool(t, environ, "", "complete", "--all-owed", fine, "--destination-pool", handPool); got.err == nil || !strings.Contains(got.err.Error(), "the destination's users: ") {
		t.Errorf("without the list: %v", got.err)
	}
}

func TestHowTheRecordsNamePeople(t *testing.T) {
	_, _, environ := handSetup(t)
	without := func(variable string, more ...string) []string {
		return append(slices.DeleteFunc(slices.Clone(environ), func(v string) bool { return strings.HasPrefix(v, variable) }), more...)
	}
	for name, row := range map[string]struct {
		environ   []string
		username  string
		out, fail string
	}{
		"as they are":   {without("AUDIT_HMAC_KEY", "AUDIT_USERNAME=plain"), "alice", "alice: can be completed", ""},
		"not at all":    {without("AUDIT_HMAC_KEY", "AUDIT_USERNAME=none"), "", "", "use --user"},
		"without a key": {without("AUDIT_HMAC_KEY"), digest("alice"), "", "AUDIT_HMAC_KEY is not set"},
		"another key":   {environ, strings.Repeat("0", 64), "no destination user", "1 of 1"},
	} {
		file := owedFile(t, owedLine("a1", row.username, handPool, "owed"))
		got := runTool(t, row.environ, "", "complete", "--all-owed", file, "--destination-pool", handPool)
		if !strings.Contains(got.out, row.out) || row.fail == "" != (got.err == nil) || got.err != nil && !strings.Contains(got.err.Error(), row.fail) {
			t.Errorf("%s: got %v\n%s", name, got.err, got.out)
		}
	}
}

func TestCompleteIsToldWhomAndWhere(t *testing.T) {
	_, _, environ := handSetup(t)
	for want, args := range map[string][]string{
		"give --user NAME or --all-owed FILE":   {"--destination-pool", handPool},
		"give --destination-pool ID":            {"--user", "alice"},
		"no such file":                          {"--all-owed", "/nonexistent", "--destination-pool", handPool},
		"--attempted-at is used with --user":    {"--all-owed", "f", "--attempted-at", "2026-11-22T00:00:00Z", "--destination-pool", handPool},
		"--include-queued is used with":         {"--user", "alice", "--include-queued", "--destination-pool", handPool},
		"expected a time as in an audit record": {"--user", "alice", "--attempted-at", "yesterday", "--destination-pool", handPool},
	} {
		if got := runTool(t, environ, "", append([]string{"complete"}, args...)...); got.err == nil || !strings.Contains(got.err.Error(), want) {
			t.Errorf("got %v, want %s", got.err, want)
		}
	}
	if got := runTool(t, environ, "", "complete", "--user", "a", "--all-owed", "b", "--destination-pool", handPool); got.err == nil {
		t.Error("both are taken")
	}
	if got := runTool(t, environment(t), "", "complete", "--user", "alice", "--destination-pool", handPool); got.err == nil || !strings.Contains(got.err.Error(), "nothing to complete") {
		t.Errorf("got %v", got.err)
	}
}

func TestAuditLinesAsTheyAreKept(t *testing.T) {
	t.Parallel()
	line := owedLine("a1", "u1", "p1", "owed")
	quoted, _ := json.Marshal(line)
	for name, row := range map[string]struct {
		text string
		want int
	}{
		"as the function writes them":   {line + "\n" + owedLine("a2", "u2", "p1", "owed"), 2},
		"as CloudWatch exports them":    {"2026-11-22T00:00:00.000Z " + line, 1},
		"as aws logs tail prints them":  {"2026-11-22T00:00:00 2026/11/22/[$LATEST]0a " + line, 1},
		"as aws logs filter-log-events": {`{"events":[{"message":` + string(quoted) + `,"timestamp":1},{"message":"START"}],"searchedLogStreams":[]}`, 1},
		"as a message in a line":        {`{"timestamp":1,"message":` + string(quoted) + `}`, 1},
		"on one line":                   {line + owedLine("a2", "u2", "p1", "owed"), 2},
		"as one list":                   {"[" + line + ", " + owedLine("a2", "u2", "p1", "owed") + "]", 2},
		"as events of EventBridge":      {`{"version":"0","source":"cognito-user-migration","detail":` + line + `}`, 1},
		"with CRLF and a mark":          {"\ufeff" + line + "\r\n" + owedLine("a2", "u2", "p1", "owed") + "\r\n", 2},
		"one person twice":              {line + "\n" + owedLine("a9", "u1", "p1", "owed"), 1},
		"nobody, twice":                 {owedLine("a1", "", "p1", "owed") + "\n" + owedLine("a2", "", "p1", "owed"), 2},
		"queued":                        {owedLine("a1", "u1", "p1", "queued"), 0},
		"a completion that is owed":     {`{"logger":"audit","message":"completion owed","attemptId":"a1","completion":"owed","username":"u1"}`, 0},
		"no record":                     {strings.Replace(line, `"logger":"audit"`, `"logger":"main"`, 1), 0},
		"as a stream has stored it":     {strings.Replace(line, `"logger":"audit",`, "", 1), 1},
		"nothing":                       {"", 0},
		"broken":                        {line[:40] + "\n{\n}{", 0},
	} {
		got, err := readPending(strings.NewReader(row.text), false)
		if err != nil || len(got) != row.want {
			t.Errorf("%s: got %d, %v, want %d", name, len(got), err, row.want)
		}
	}
}

// A file whose records would all be overlooked is no file in which nothing is owed.
func TestAFileInWhichNoRecordCanBeReadIsAnError(t *testing.T) {
	t.Parallel()
	line := owedLine("a1", "u1", "p1", "owed")
	utf16 := "\xff\xfe" + strings.Join(strings.Split(line, ""), "\x00") + "\x00"
	for name, text := range map[string]string{
		"compressed":                        "\x1f\x8b\x08\x00\x00\x00\x00\x00",
		"UTF-16":                            utf16,
		"the table of a CloudWatch query":   "@timestamp,@message\n2026-11-22,\"" + strings.ReplaceAll(line, `"`, `""`) + "\"\n",
		"a compressed file with JSON in it": "\x28\xb5\x2f\xfd{\"a\":",
	} {
		if got, err := readPending(strings.NewReader(text), false); !errors.Is(err, errNoRecords) {
			t.Errorf("%s: got %d, %v", name, len(got), err)
		}
		if got, _, err := readRetired(strings.NewReader(text), "p1"); !errors.Is(err, errNoRecords) {
			t.Errorf("%s: got %d, %v", name, len(got), err)
		}
	}
}

// TestQueuedMovesAreReadOnRequest: their messages may be of version 1, or lost.
func TestQueuedMovesAreReadOnRequest(t *testing.T) {
	t.Parallel()
	lines := strings.Join([]string{
		owedLine("a1", "u1", "p1", "queued"), owedLine("a2", "u2", "p1", "owed"), owedLine("a3", "u3", "p1", ""),
		strings.Replace(owedLine("a4", "u4", "p1", "queued"), `"outcome":"migrated"`, `"outcome":"failed"`, 1),
	}, "\n")
	for queuedToo, want := range map[bool]int{true: 2, false: 1} {
		if got, err := readPending(strings.NewReader(lines), queuedToo); err != nil || len(got) != want {
			t.Errorf("queued too, %t: got %d, %v", queuedToo, len(got), err)
		}
	}
}

func FuzzReadOwed(f *testing.F) {
	f.Add(owedLine("a1", "u1", "p1", "owed"))
	f.Add(`{"events":[{"message":"{}"}]}`)
	f.Add(`{"message":"{\"message\":\"{}\"}"}`)
	f.Fuzz(func(t *testing.T, text string) {
		pending, err := readPending(strings.NewReader(text), false)
		for _, line := range pending {
			if err == nil && (line.Outcome != domain.OutcomeMigrated || line.Completion != domain.CompletionUnsent) {
				t.Errorf("taken: %+v", line)
			}
		}
	})
}

// movedState makes the state file of a finished scan in which these users have moved.
func movedState(t *testing.T, environ []string, names ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "move.db")
	source := "SOURCE file"
	for _, variable := range environ {
		if name, is := strings.CutPrefix(variable, "MIGRATE_SOURCES="); is {
			source = name + " file"
		}
	}
	state, err := reportstate.Open(t.Context(), path, reportstate.Identity{Destination: handPool, Sources: source}, false)
	if err != nil {
		t.Fatal(err)
	}
	page := reportstate.Page{Part: ports.ReportPart{Done: true}}
	var standings []reportstate.Standing
	for i, name := range names {
		page.Users = append(page.Users, ports.ReportedUser{Username: name, Enabled: true, Status: domain.StatusConfirmed})
		page.Destination = append(page.Destination, ports.ReportedDestination{Username: name, Status: domain.StatusConfirmed})
		id := int64(i + 1)
		standings = append(standings, reportstate.Standing{ID: id, Joined: domain.Joined{Standing: domain.StandingMoved}, Destination: reportstate.JoinedUser{ID: id}})
	}
	_, err = state.Begin(t.Context(), createdAt, []ports.ReportPart{{}}, false)
	if err == nil {
		err = state.Add(t.Context(), []reportstate.Page{page})
	}
	if err == nil {
		err = state.SetStandings(t.Context(), standings)
	}
	if err := errors.Join(err, state.Finish(t.Context(), createdAt, true, "{}"), state.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestASweepCompletesSeveralUsersAtATime: no request is answered until there is one for
// each user. The results are in the order of the users all the same.
func TestASweepCompletesSeveralUsersAtATime(t *testing.T) {
	d, _, environ := handSetup(t)
	names := []string{"yuki", "alice", "zoe", "carol"}
	var all sync.WaitGroup
	all.Add(len(names))
	var first atomic.Int64
	d.hold = func(operation string, r *http.Request) {
		if operation != "AdminGetUser" || first.Add(1) > int64(len(names)) {
			return
		}
		all.Done()
		arrived := make(chan struct{})
		go func() {
			all.Wait()
			close(arrived)
		}()
		select {
		case <-arrived:
		case <-r.Context().Done(): // the tool gave up
		}
	}
	got := runTool(t, environ, "", "complete", "--state", movedState(t, environ, names...), "--destination-pool", handPool, "--rate", "1000000", "--json")
	var read completed
	if err := json.Unmarshal([]byte(got.out), &read); err != nil {
		t.Fatalf("%v %v\n%s%s", err, got.err, got.out, got.notes)
	}
	var order []string
	for _, one := range read.Users {
		order = append(order, one.User)
		if one.Error != "" {
			t.Errorf("%+v", one)
		}
	}
	if !slices.Equal(order, names) {
		t.Errorf("the results are of %v", order)
	}
}
