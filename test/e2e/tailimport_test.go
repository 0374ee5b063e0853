package e2e_test

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"cognito-user-migration/ports"
	"cognito-user-migration/test/importstub"
)

// TestAnImportThatIsKilledImportsEveryUserOnce exports users to several files and
// imports them. The tool is killed at 20 moments: before or after a request, so that
// its journal is behind the service or not. IMPORT_USERS sets how many users there
// are; make import-tail imports 120,000.
func TestAnImportThatIsKilledImportsEveryUserOnce(t *testing.T) {
	t.Parallel()
	users := 6000
	if many, err := strconv.Atoi(os.Getenv("IMPORT_USERS")); err == nil {
		users = many
	}
	tail := newTailing(t, users, plainTailUser)
	tail.stub.Change(func(stub *importstub.Stub) { stub.Step, stub.LateStarts = users/20+1, 2 })
	// Every 100th user exists by the name already, every 100th by the address; every
	// 100th fails by an internal error.
	skipped, failed := 0, 0
	for i := range users {
		switch i % 100 {
		case 10:
			tail.stub.AddUser("user-" + strconv.Itoa(i))
			skipped++
		case 20:
			tail.stub.AddUser("user-" + strconv.Itoa(i) + "@example.com")
			skipped++
		case 30:
			failed++
		}
	}
	tail.stub.Change(func(stub *importstub.Stub) {
		stub.FailLine = func(name string) bool {
			number, _ := strconv.Atoi(strings.TrimPrefix(name, "user-"))
			return number%100 == 30
		}
	})
	if got := tail.export("--file-rows", strconv.Itoa(users/4+1)); got.code != 0 {
		t.Fatalf("export: %s", got.notes)
	}
	const seed, kills = 15, 20
	random := rand.New(rand.NewPCG(seed, seed))
	var requests, at atomic.Int64
	var before atomic.Bool
	var kill atomic.Pointer[context.CancelFunc]
	moment := func(isBefore bool) func(string) {
		return func(string) {
			if isBefore {
				requests.Add(1)
			}
			if isBefore == before.Load() && requests.Load() == at.Load() {
				(*kill.Load())()
			}
		}
	}
	tail.stub.Change(func(stub *importstub.Stub) { stub.Before, stub.After = moment(true), moment(false) })
	killed, ended := 0, ran{code: -1}
	for killed < kills && ended.code < 0 {
		ctx, cancel := context.WithCancel(t.Context())
		kill.Store(&cancel)
		requests.Store(0)
		at.Store(random.Int64N(9) + 1)
		before.Store(random.IntN(2) == 0)
		ended = tail.imports(ctx, "--yes")
		cancel()
		if ended.code < 0 {
			killed++
		}
	}
	at.Store(-1)
	last := tail.imports(t.Context(), "--yes")
	if last.code != 1 || !strings.Contains(last.notes, "some users were not imported") {
		t.Fatalf("code %d\n%s%s", last.code, last.out, last.notes)
	}
	if killed != kills {
		t.Errorf("it was killed %d times only; give a job more steps", killed)
	}
	want := fmt.Sprintf("%d users: %d imported, %d skipped, %d failed, 0 not tried", users, users-skipped-failed, skipped, failed)
	if !strings.Contains(last.out, want) {
		t.Errorf("no %q in\n%s", want, last.out)
	}
	t.Logf("killed %d times; %s", killed, want)
	tail.everyUserOnce(users)
}

// everyUserOnce holds that each user was imported once or is explained by a line, and
// that no file had two jobs that took users.
func (tail *tailing) everyUserOnce(users int) {
	tail.t.Helper()
	times, explained := tail.stub.Times(), make(map[string]bool)
	for i := range tail.manifest().Files {
		path := tail.path(fmt.Sprintf("failed-%03d.csv", i+1))
		info, err := os.Stat(path)
		if err != nil || info.Mode().Perm() != fs.FileMode(0o600) {
			tail.t.Fatalf("%v: %v", path, err)
		}
		for _, line := range lines(tail.t, path)[1:] {
			if explained[line[3]] || line[5] == "" || line[6] == "" || line[2] != "sub-of-"+line[3] {
				tail.t.Errorf("a line is %q", line)
			}
			explained[line[3]] = true
			number, _ := strconv.Atoi(strings.TrimPrefix(line[3], "user-"))
			if want := map[int]string{10: "skipped", 20: "skipped", 30: "failed"}[number%100]; line[4] != want {
				tail.t.Errorf("%s is %s, want %s", line[3], line[4], want)
			}
		}
	}
	for i := range users {
		name := "user-" + strconv.Itoa(i)
		if times[name] > 1 || (times[name] == 1) == explained[name] {
			tail.t.Errorf("%s was imported %d times, explained: %t", name, times[name], explained[name])
		}
	}
	if len(times)+len(explained) != users {
		tail.t.Errorf("%d users were imported and %d explained, of %d", len(times), len(explained), users)
	}
	files := make(map[string]bool)
	for _, job := range tail.stub.Jobs() {
		file := job.Name[:len("import-001")]
		if job.Imported+job.Skipped+job.Failed > 0 && files[file] {
			tail.t.Errorf("%s had two jobs", file)
		}
		files[file] = files[file] || job.Imported+job.Skipped+job.Failed > 0
	}
}

// TestEveryErrorOfAnImport holds the message of each, and that the same command
// continues afterwards.
func TestEveryErrorOfAnImport(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		// wrong makes something wrong, and returns what makes it right.
		wrong func(t *testing.T, tail *tailing) (right func())
		want  []string
		// then is the code of the next run; lost holds where no run can go on.
		then int
		lost bool
		yes  bool
	}{
		"the files of another pool": {wrong: func(t *testing.T, tail *tailing) func() {
			tail.rewrite("export.json", tailPool, "us-east-1_Other")
			return func() { tail.rewrite("export.json", "us-east-1_Other", tailPool) }
		}, want: []string{"was exported for the user pool us-east-1_Other, not " + tailPool, "export again"}},
		"a header that changed": {wrong: func(t *testing.T, tail *tailing) func() {
			var header []string
			tail.stub.Change(func(stub *importstub.Stub) {
				header = stub.Header
				stub.Header = append(append([]string{}, header[:len(header)-1]...), "custom:new")
			})
			return func() { tail.stub.Change(func(stub *importstub.Stub) { stub.Header = header }) }
		}, want: []string{"the columns of the destination have changed", "new: custom:new", "gone: custom:legacy_sub", "export again"}},
		"a role that cannot be passed": {wrong: func(t *testing.T, tail *tailing) func() {
			tail.stub.Change(func(stub *importstub.Stub) { stub.Roles = nil })
			return func() { tail.stub.Change(func(stub *importstub.Stub) { stub.Roles = []string{tailRole} }) }
		}, want: []string{"the role " + tailRole + " cannot be used", "iam:PassRole", "import-role.yaml"}},
		"a file that was changed": {wrong: func(t *testing.T, tail *tailing) func() {
			tail.rewrite("import-001.csv", "user-7", "user-x")
			return func() { tail.rewrite("import-001.csv", "user-x", "user-7") }
		}, want: []string{"import-001.csv was changed after the export"}},
		"a job that is active": {wrong: func(t *testing.T, tail *tailing) func() {
			return tail.refuse("StartUserImportJob", "PreconditionNotMetException", "Another import job is active.")
		}, want: []string{"another import job of the account is active; wait for its end"}},
		"an upload that is never seen": {wrong: func(t *testing.T, tail *tailing) func() {
			return tail.refuse("StartUserImportJob", "PreconditionNotMetException", "No csv file was uploaded.")
		}, want: []string{"the job has no uploaded file", "continues with the same job"}},
		"a job that expired": {wrong: func(t *testing.T, tail *tailing) func() {
			right := tail.refuse("StartUserImportJob", "PreconditionNotMetException", "No csv file was uploaded.")
			tail.imports(t.Context(), "--yes")
			tail.later(25 * time.Hour)
			return right
		}, yes: true, want: []string{"is Expired and took no user; a new job is created"}},
		"the 15 minutes of the upload": {wrong: func(t *testing.T, tail *tailing) func() {
			right := tail.refuse("Upload", "x", "")
			tail.imports(t.Context(), "--yes")
			tail.later(16 * time.Minute)
			right()
			return func() {}
		}, yes: true, want: []string{"note: import-001.csv: the 15 minutes for the upload to job import-0000000001 are over; a new job is created"}},
		"a log that cannot be read": {wrong: func(t *testing.T, tail *tailing) func() {
			tail.stub.Change(func(stub *importstub.Stub) { stub.NoLog = true })
			tail.stub.AddUser("user-3")
			return func() { tail.stub.Change(func(stub *importstub.Stub) { stub.NoLog = false }) }
		}, want: []string{"not explained: import-001.csv: the log of the job import-0000000001 cannot be read", "logs:GetLogEvents", "199 imported, 1 skipped"}, then: 1},
		"a disk that is full, for the journal": {wrong: func(t *testing.T, tail *tailing) func() {
			return tail.fillOn(http.MethodPut, "import-journal.json")
		}, want: []string{"the journal: the disk is full; free space and run the same command again"}},
		"a disk that is full, for the explanation": {wrong: func(t *testing.T, tail *tailing) func() {
			tail.stub.AddUser("user-3")
			return tail.fill("failed-001.csv")
		}, want: []string{"failed-001.csv: the disk is full"}, then: 1},
		"a journal that is damaged": {wrong: func(t *testing.T, tail *tailing) func() {
			tail.write("import-journal.json", "{")
			return func() { _ = os.Remove(tail.path("import-journal.json")) }
		}, want: []string{"import-journal.json is damaged"}},
		"a journal of another export": {wrong: func(t *testing.T, tail *tailing) func() {
			tail.write("import-journal.json", `{"destination":"us-east-1_Other"}`)
			return func() { _ = os.Remove(tail.path("import-journal.json")) }
		}, want: []string{"belongs to another export"}},
		"no export": {wrong: func(t *testing.T, tail *tailing) func() {
			text := tail.read("export.json")
			_ = os.Remove(tail.path("export.json"))
			return func() { tail.write("export.json", text) }
		}, want: []string{"the folder has no finished export; make one with migratectl export"}},
		"a job that fails as a whole": {wrong: func(t *testing.T, tail *tailing) func() {
			var header []string
			tail.stub.Change(func(stub *importstub.Stub) {
				header = stub.Header
				stub.After = func(operation string) {
					if operation == "Upload" {
						tail.stub.Change(func(stub *importstub.Stub) { stub.Header = header[1:] })
					}
				}
			})
			return func() { tail.stub.Change(func(stub *importstub.Stub) { stub.After, stub.Header = nil, header }) }
		}, want: []string{"is Failed and imported no user", "The header does not have the columns of the pool.", "it creates a new job"}},
		"a job that fails although users are in": {wrong: func(t *testing.T, tail *tailing) func() {
			for i := range 50 {
				tail.stub.AddUser("user-" + strconv.Itoa(100+i))
			}
			tail.stub.Change(func(stub *importstub.Stub) { stub.TooMany = 20 })
			return func() {}
		}, want: []string{"Failed: 100 imported, 21 skipped, 0 failed, 79 not tried", "Too many users have failed or been skipped", "failed-001.csv"}, lost: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tail := newTailing(t, 200, plainTailUser)
			if got := tail.export(); got.code != 0 {
				t.Fatalf("export: %s", got.notes)
			}
			if dry := tail.imports(t.Context()); dry.code != 0 || !strings.Contains(dry.out, "Nothing was changed. Add --yes") || len(tail.stub.Jobs()) > 0 {
				t.Fatalf("the dry run: code %d, %s%s", dry.code, dry.out, dry.notes)
			}
			right := test.wrong(t, tail)
			if test.yes {
				right()
			}
			got := tail.imports(t.Context(), "--yes")
			wantCode := 1
			if test.yes {
				wantCode = 0
			}
			if got.code != wantCode {
				t.Errorf("code %d\n%s%s", got.code, got.out, got.notes)
			}
			for _, want := range test.want {
				if !strings.Contains(got.out+got.notes, want) {
					t.Errorf("no %q in\n%s%s", want, got.out, got.notes)
				}
			}
			if strings.Contains(got.out+got.notes, "X-Amz-") || strings.Contains(got.out+got.notes, "user-7") {
				t.Errorf("a secret or a user is shown: %s%s", got.out, got.notes)
			}
			right()
			again := tail.imports(t.Context(), "--yes")
			if test.lost {
				if again.code != 1 || len(tail.stub.Jobs()) != 1 {
					t.Errorf("another run: code %d, %d jobs", again.code, len(tail.stub.Jobs()))
				}
				return
			}
			if again.code != test.then {
				t.Errorf("the next run: code %d\n%s%s", again.code, again.out, again.notes)
			}
			for i := range 200 {
				if times := tail.stub.Times()["user-"+strconv.Itoa(i)]; times != 1 && (test.then == 0 || i != 3) {
					t.Errorf("user-%d was imported %d times", i, times)
				}
			}
		})
	}
}

func (tail *tailing) write(name, text string) {
	tail.t.Helper()
	if err := os.WriteFile(tail.path(name), []byte(text), 0o600); err != nil {
		tail.t.Fatal(err)
	}
}

func (tail *tailing) rewrite(name, from, to string) {
	tail.t.Helper()
	tail.write(name, strings.ReplaceAll(tail.read(name), from, to))
}

// refuse makes an operation fail, until right is called.
func (tail *tailing) refuse(operation, code, message string) (right func()) {
	tail.stub.Change(func(stub *importstub.Stub) {
		stub.Refuse = func(asked string) (string, string) {
			if asked == operation {
				return code, message
			}
			return "", ""
		}
	})
	return func() { tail.stub.Change(func(stub *importstub.Stub) { stub.Refuse = nil }) }
}

// later moves the stub's clock.
func (tail *tailing) later(by time.Duration) {
	tail.mu.Lock()
	defer tail.mu.Unlock()
	tail.clock = tail.clock.Add(by)
}

// fill makes a file one that takes nothing, as on a full disk.
func (tail *tailing) fill(name string) (right func()) {
	tail.t.Helper()
	if err := os.Symlink("/dev/full", tail.path(name)); err != nil {
		tail.t.Fatal(err)
	}
	return func() { _ = os.Remove(tail.path(name)) }
}

// fillOn fills the disk for a file at the first request of a method, when the tool
// has read the file. right gives the file back as it was: a full disk changes nothing.
func (tail *tailing) fillOn(method, name string) (right func()) {
	tail.mu.Lock()
	defer tail.mu.Unlock()
	tail.before = func(r *http.Request) {
		if r.Method != method {
			return
		}
		tail.before = nil
		_ = os.Rename(tail.path(name), tail.path(name)+".before") // fine if there is none
		tail.fill(name)
	}
	return func() {
		if err := os.Rename(tail.path(name)+".before", tail.path(name)); err != nil {
			tail.t.Error(err)
		}
	}
}

// TestALogThatCountsTheHeaderIsUnderstood: whether it does is not documented.
func TestALogThatCountsTheHeaderIsUnderstood(t *testing.T) {
	t.Parallel()
	for _, counts := range []bool{false, true} {
		tail := newTailing(t, 50, plainTailUser)
		tail.stub.Change(func(stub *importstub.Stub) { stub.CountsHeader = counts })
		tail.stub.AddUser("user-0")
		tail.stub.AddUser("user-49")
		if got := tail.export(); got.code != 0 {
			t.Fatal(got.notes)
		}
		if got := tail.imports(t.Context(), "--yes"); got.code != 1 {
			t.Fatalf("code %d: %s", got.code, got.notes)
		}
		left := lines(t, tail.path("failed-001.csv"))
		if len(left) != 3 || left[1][3] != "user-0" || left[2][3] != "user-49" || left[1][0] != "1" || left[2][0] != "50" {
			t.Errorf("the header counts: %t; %q", counts, left)
		}
	}
}

// TestWhatAPoolAsksOfRows imports into pools of several kinds; the stub is strict.
func TestWhatAPoolAsksOfRows(t *testing.T) {
	t.Parallel()
	phone := func(i int) ports.ReportedUser {
		return tailUser("user-"+strconv.Itoa(i), "phone_number", fmt.Sprintf("+1432555%04d", i), "phone_number_verified", "true")
	}
	for name, set := range map[string]func(stub *importstub.Stub) (row map[string]string){
		"the email address is the username": func(stub *importstub.Stub) map[string]string {
			stub.AliasAttributes, stub.UsernameAttributes = nil, []string{"email"}
			return map[string]string{"cognito:username": "user-1@example.com"}
		},
		"the phone number is the username": func(stub *importstub.Stub) map[string]string {
			stub.AliasAttributes, stub.UsernameAttributes, stub.AutoVerified = nil, []string{"phone_number"}, []string{"phone_number"}
			return map[string]string{"cognito:username": "+14325550001"}
		},
		"a second factor is required": func(stub *importstub.Stub) map[string]string {
			stub.MFA = "ON"
			return map[string]string{"cognito:mfa_enabled": "true", "cognito:username": "user-1"}
		},
		"a second factor is optional": func(stub *importstub.Stub) map[string]string {
			stub.MFA = "OPTIONAL"
			return map[string]string{"cognito:mfa_enabled": "false", "custom:legacy_sub": "sub-of-user-1"}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tail := newTailing(t, 20, phone)
			var want map[string]string
			tail.stub.Change(func(stub *importstub.Stub) { want = set(stub) })
			if got := tail.export(); got.code != 0 {
				t.Fatal(got.notes)
			}
			if got := tail.imports(t.Context(), "--yes"); got.code != 0 {
				t.Fatalf("code %d: %s%s", got.code, got.out, got.notes)
			}
			found := 0
			for name := range tail.stub.Times() {
				row := tail.stub.Row(name)
				if row["email"] != "user-1@example.com" {
					continue
				}
				found++
				for column, value := range want {
					if row[column] != value {
						t.Errorf("%s is %q, want %q", column, row[column], value)
					}
				}
			}
			if found != 1 || len(tail.stub.Times()) != 20 {
				t.Errorf("%d users were imported, %d of them the first", len(tail.stub.Times()), found)
			}
		})
	}
}

// TestHashesAreExportedByTheirAlgorithm: one algorithm a file, and a clear message
// where the pool offers no column.
func TestHashesAreExportedByTheirAlgorithm(t *testing.T) {
	t.Parallel()
	hashes := map[string]string{
		"BCRYPT":        "$2b$12$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy",
		"ARGON2ID":      "$argon2id$v=19$m=65536,t=3,p=4$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
		"SCRYPT":        "$scrypt$ln=15,r=8,p=1$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
		"PBKDF2_SHA256": "$pbkdf2-sha256$29000$c2FsdHNhbHRzYWx0c2FsdA$aGFzaGhhc2hoYXNoaGFzaGhhc2hoYXNoaGFzaGhhc2g",
		"":              "$6$saltsalt$qFmFH.bQmmtXzyBY0s9v7Oicd2z4XSIecDzlB5KiA2/jctKu9YterLp8wwnSq.qc.eoxqOmSuNp2xS0ktL3nh/",
	}
	algorithms := []string{"BCRYPT", "ARGON2ID", "SCRYPT", "PBKDF2_SHA256", ""}
	tail := newTailing(t, 50, plainTailUser)
	var people []string
	for i := range 50 {
		people = append(people, fmt.Sprintf(`{"username":"user-%d","password_hash":%q}`, i, hashes[algorithms[i%5]]))
	}
	file := filepath.Join(tail.folder, "people.json")
	if err := os.WriteFile(file, []byte("["+strings.Join(people, ",")+"]"), 0o600); err != nil {
		t.Fatal(err)
	}
	tail.environment = append(tail.environment, "SOURCE_KIND=file", "SOURCE_PATH="+file)
	if got := tail.export("--hashes"); got.code != 1 || !strings.Contains(got.notes, "offers no column for password hashes") || !strings.Contains(got.notes, "leave out --hashes") {
		t.Fatalf("without a column: code %d, %s", got.code, got.notes)
	}
	tail.stub.Change(func(stub *importstub.Stub) { stub.Header = append(stub.Header, "cognito:password_hash") })
	got := tail.export("--hashes")
	if got.code != 0 || strings.Count(got.out, "40 keep their password and 10 must reset it")+strings.Count(got.out, "40 keep their password, 10 must reset it") != 2 {
		t.Fatalf("code %d, %s%s", got.code, got.out, got.notes)
	}
	if got := tail.imports(t.Context(), "--yes"); got.code != 0 {
		t.Fatalf("code %d, %s%s", got.code, got.out, got.notes)
	}
	seen := make(map[string]int)
	for _, job := range tail.stub.Jobs() {
		seen[job.Algorithm] += job.Imported
	}
	for _, algorithm := range algorithms {
		if seen[algorithm] != 10 {
			t.Errorf("%q: %d users", algorithm, seen[algorithm])
		}
	}
	for i := range 50 {
		want := hashes[algorithms[i%5]]
		if i%5 == 4 {
			want = ""
		}
		if got := tail.stub.Row("user-" + strconv.Itoa(i))["cognito:password_hash"]; got != want {
			t.Errorf("user-%d has %q, want %q", i, got, want)
		}
	}
}

// TestEveryErrorOfAnExport holds the message of each.
func TestEveryErrorOfAnExport(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		wrong func(tail *tailing) (arguments []string)
		want  string
	}{
		"no state": {func(*tailing) []string { return []string{"--state", "none.db"} }, "there is no state file; make one with migratectl report"},
		"a state that is none": {func(tail *tailing) []string {
			_ = os.WriteFile(filepath.Join(tail.folder, "other.db"), []byte(strings.Repeat("x", 200)), 0o600)
			return []string{"--state", "other.db"}
		}, "not a state of migratectl report"},
		"a pool that verifies nothing": {func(tail *tailing) []string {
			tail.stub.Change(func(stub *importstub.Stub) { stub.AutoVerified = nil })
			return nil
		}, "verifies neither email nor phone_number"},
		"a contact that does not count": {func(*tailing) []string { return []string{"--vouch", "phone_number"} }, "does not verify phone_number"},
		"a header that cannot be read": {func(tail *tailing) []string {
			tail.stub.Change(func(stub *importstub.Stub) { stub.Header = []string{"email"} })
			return nil
		}, "the header lacks the column cognito:username"},
		"a pool that is gone": {func(tail *tailing) []string {
			tail.stub.Change(func(stub *importstub.Stub) { stub.PoolID = "us-east-1_Gone" })
			return nil
		}, "ResourceNotFoundException"},
		// The text about a full disk is that of the journal, which the same code writes.
		"a manifest that cannot be written": {func(tail *tailing) []string {
			if err := os.MkdirAll(filepath.Join(tail.folder, "out", "export.json.tmp", "full"), 0o700); err != nil {
				tail.t.Fatal(err)
			}
			return nil
		}, "export.json.tmp: directory not empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tail := newTailing(t, 10, plainTailUser)
			got := tail.export(test.wrong(tail)...)
			if got.code != 1 || !strings.Contains(got.notes, test.want) {
				t.Errorf("code %d, no %q in %s", got.code, test.want, got.notes)
			}
			if _, err := os.Stat(tail.path("export.json")); err == nil {
				t.Error("there is an export")
			}
		})
	}
}
