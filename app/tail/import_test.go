package tail_test

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/adapters/cognitosource/importjob"
	"cognito-user-migration/adapters/reportstate"
	"cognito-user-migration/app/tail"
	"cognito-user-migration/domain"
	"cognito-user-migration/domain/importfile"
	"cognito-user-migration/ports"
)

const pool = "us-east-1_a"

// exported exports so many users, and returns the folder.
func exported(t *testing.T, count int, user func(i int, user *ports.ReportedUser)) string {
	t.Helper()
	folder := t.TempDir()
	path := filepath.Join(folder, "move.db")
	state, err := reportstate.Open(t.Context(), path, reportstate.Identity{Destination: pool, Sources: "SOURCE file"}, false)
	if err != nil {
		t.Fatal(err)
	}
	_, err = state.Begin(t.Context(), time.Unix(1_800_000_000, 0), []ports.ReportPart{{}}, false)
	var page reportstate.Page
	for i := range count {
		name := fmt.Sprint("user-", i)
		one := ports.ReportedUser{
			Username: name, Sub: "sub-" + name, Enabled: true, Forecast: domain.Forecast{Import: domain.Prospect{Possible: true}},
			Candidate: domain.ImportCandidate{Username: name, Attributes: domain.Attributes{"email": name + "@example.com", "email_verified": "true"}},
		}
		if user != nil {
			user(i, &one)
		}
		page.Users = append(page.Users, one)
	}
	if err == nil {
		err = state.Add(t.Context(), []reportstate.Page{page})
	}
	if err == nil {
		err = state.Finish(t.Context(), time.Unix(1_800_000_000, 0), true, "{}")
	}
	if err = errors.Join(err, state.Close()); err != nil {
		t.Fatal(err)
	}
	header, err := importfile.ParseHeader(columns())
	if err != nil {
		t.Fatal(err)
	}
	state, finished, err := reportstate.OpenFinished(t.Context(), path, 2)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = state.Close() }()
	out := filepath.Join(folder, "out")
	exporter := tail.Exporter{
		State: state, Finished: finished, Sources: []string{"SOURCE"}, Pool: importfile.Pool{Header: header, VerifiesEmail: true},
		Folder: out, MostRows: importfile.MostRows, MostBytes: importfile.MostBytes, Workers: 2,
	}
	if _, err := exporter.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	return out
}

func columns() []string {
	return []string{"cognito:username", "cognito:mfa_enabled", "email", "email_verified"}
}

// jobs is a service that does what a test says. A field that is nil succeeds.
type jobs struct {
	calls                 []string
	create, upload, start func(try int) error
	describe              func(try int) (importjob.Job, error)
	find                  func() (importjob.Job, bool, error)
	log                   []string
	logged                func(try int) error
	times                 map[string]int
}

func (j *jobs) call(operation string) int {
	if j.times == nil {
		j.times = make(map[string]int)
	}
	j.calls = append(j.calls, operation)
	j.times[operation]++
	return j.times[operation]
}

func try(do func(int) error, count int) error {
	if do == nil {
		return nil
	}
	return do(count)
}

func (j *jobs) Header(context.Context) ([]string, error) { return columns(), nil }

func (j *jobs) Create(context.Context, string, string, string) (importjob.Job, error) {
	return importjob.Job{ID: "import-1", URL: "https://example.com", Status: importjob.Created}, try(j.create, j.call("create"))
}

func (j *jobs) Find(context.Context, string) (importjob.Job, bool, error) {
	j.call("find")
	if j.find == nil {
		return importjob.Job{}, false, nil
	}
	return j.find()
}

func (j *jobs) Describe(context.Context, string) (importjob.Job, error) {
	return j.describe(j.call("describe"))
}

func (j *jobs) Start(context.Context, string) (importjob.Job, error) {
	return importjob.Job{}, try(j.start, j.call("start"))
}

func (j *jobs) Stop(context.Context, string) (importjob.Job, error) {
	j.call("stop")
	return importjob.Job{}, nil
}

func (j *jobs) Upload(_ context.Context, _ string, file io.Reader, size int64) error {
	count := j.call("upload")
	if read, err := io.Copy(io.Discard, file); err != nil || read != size {
		return fmt.Errorf("%d bytes of %d: %w", read, size, err)
	}
	return try(j.upload, count)
}

func (j *jobs) Log(_ context.Context, _, _ string, do func(string) error) error {
	if err := try(j.logged, j.call("log")); err != nil {
		return err
	}
	for _, line := range j.log {
		if err := do(line); err != nil {
			return err
		}
	}
	return nil
}

// ended is a job that took users.
func ended(status importjob.Status, imported, skipped, failed int) func(int) (importjob.Job, error) {
	return func(int) (importjob.Job, error) {
		return importjob.Job{ID: "import-1", URL: "https://example.com", Status: status, Imported: imported, Skipped: skipped, Failed: failed, Message: "the end"}, nil
	}
}

func run(t *testing.T, folder string, service *jobs) (tail.Imported, []string, error) {
	t.Helper()
	var notes []string
	importer := tail.Importer{
		Folder: folder, Destination: pool, Role: "arn:aws:iam::111111111111:role/import", Jobs: service, Poll: time.Second,
		Pause: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }, Now: func() time.Time { return time.Unix(1_800_000_000, 0) },
		Note: func(text string) { notes = append(notes, text) }, PoolName: func(context.Context) (string, error) { return "pool", nil },
	}
	_, release, err := importer.Check(t.Context())
	if err != nil {
		return tail.Imported{}, notes, err
	}
	defer release()
	result, err := importer.Run(t.Context())
	return result, notes, err
}

// TestFaultsOfTheService: each ends well in the same run, or in the next one.
func TestFaultsOfTheService(t *testing.T) {
	t.Parallel()
	times := func(most int, err error) func(int) error {
		return func(count int) error {
			if count <= most {
				return err
			}
			return nil
		}
	}
	first := func(err error) func(int) (importjob.Job, error) {
		return func(count int) (importjob.Job, error) {
			if count == 1 {
				return importjob.Job{}, err
			}
			return ended(importjob.Succeeded, 3, 0, 0)(count)
		}
	}
	for name, test := range map[string]struct {
		service *jobs
		runs    int
		fails   string // in the first run
		calls   string // of all runs
	}{
		"nothing is wrong": {service: &jobs{describe: ended(importjob.Succeeded, 3, 0, 0)}, runs: 1, calls: "create upload start describe"},
		"no answer to the creation, and there is a job": {service: &jobs{create: times(1, importjob.ErrUnanswered), describe: ended(importjob.Succeeded, 3, 0, 0),
			find: func() (importjob.Job, bool, error) {
				return importjob.Job{ID: "import-1", URL: "https://example.com", Status: importjob.Created, Created: 1_800_000_000}, true, nil
			}}, runs: 2, fails: "it looks for the job first", calls: "create find upload start describe"},
		"no answer to the creation, and there is no job": {service: &jobs{create: times(1, importjob.ErrUnanswered), describe: ended(importjob.Succeeded, 3, 0, 0)}, runs: 2,
			fails: "it looks for the job first", calls: "create find create upload start describe"},
		"no answer to the upload":         {service: &jobs{upload: times(2, importjob.ErrUnanswered), describe: ended(importjob.Succeeded, 3, 0, 0)}, runs: 1, calls: "create upload upload upload start describe"},
		"no answer to the upload, always": {service: &jobs{upload: times(4, importjob.ErrUnanswered), describe: ended(importjob.Succeeded, 3, 0, 0)}, runs: 2, fails: "no answer", calls: "create upload upload upload upload describe describe"},
		"a URL that is not taken": {service: &jobs{upload: times(1, importjob.ErrURLExpired), start: times(1, importjob.ErrNoUpload), describe: ended(importjob.Succeeded, 3, 0, 0)}, runs: 1,
			calls: "create upload start stop create upload start describe"},
		"no answer while it is watched": {service: &jobs{describe: first(importjob.ErrUnanswered)}, runs: 1, calls: "create upload start describe describe"},
		"throttled while it is watched": {service: &jobs{describe: first(ports.ErrThrottled)}, runs: 1, calls: "create upload start describe describe"},
		"not permitted to watch":        {service: &jobs{describe: first(importjob.ErrNotPermitted)}, runs: 2, fails: "the job import-1 goes on", calls: "create upload start describe describe"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := exported(t, 3, nil)
			for k := range test.runs {
				result, _, err := run(t, folder, test.service)
				if k == 0 && test.fails != "" {
					if err == nil || !strings.Contains(err.Error(), test.fails) {
						t.Errorf("the first run: %v", err)
					}
					continue
				}
				if err != nil || !result.All() {
					t.Errorf("run %d: %+v, %v", k+1, result, err)
				}
			}
			if calls := strings.Join(test.service.calls, " "); calls != test.calls {
				t.Errorf("the calls are %q, want %q", calls, test.calls)
			}
		})
	}
}

// TestWhatTheLogSays explains each line of a file of four users.
func TestWhatTheLogSays(t *testing.T) {
	t.Parallel()
	line := func(word string, number int, reason string) string {
		return fmt.Sprintf("[%s] Line Number %d - %s", word, number, reason)
	}
	for name, test := range map[string]struct {
		status                    importjob.Status
		imported, skipped, failed int
		log                       []string
		want                      string // outcomes by line
		unread                    bool
	}{
		"all kinds": {importjob.Succeeded, 2, 1, 1, []string{line("SUCCEEDED", 1, "ok"), line("SKIPPED", 2, "The user already exists."), "noise", line("SUCCEEDED", 3, "ok"),
			line("FAILED", 4, "The User Record does not set any of the auto verified attributes to true")}, "2 skipped,4 failed", false},
		"the header counts":          {importjob.Succeeded, 3, 1, 0, []string{line("SUCCEEDED", 2, "ok"), line("SUCCEEDED", 3, "ok"), line("SUCCEEDED", 4, "ok"), line("SKIPPED", 5, "x")}, "4 skipped", false},
		"only the others are logged": {importjob.Succeeded, 3, 1, 0, []string{line("SKIPPED", 3, "x")}, "3 skipped", false},
		"the job ended early":        {importjob.Failed, 1, 1, 0, []string{line("SUCCEEDED", 1, "ok"), line("SKIPPED", 2, "x")}, "2 skipped,3 not_tried,4 not_tried", false},
		"a line is missing":          {importjob.Failed, 1, 1, 0, []string{line("SKIPPED", 1, "x")}, "1 skipped,2 unknown,3 unknown,4 unknown", false},
		"a line is not in the file":  {importjob.Succeeded, 3, 1, 0, []string{line("SKIPPED", 6, "x")}, "", true},
		"both ways of counting":      {importjob.Succeeded, 2, 2, 0, []string{line("SKIPPED", 1, "x"), line("SKIPPED", 5, "x")}, "", true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			folder := exported(t, 4, func(i int, user *ports.ReportedUser) {
				if i == 1 {
					user.Username = `=cmd,"x"` // a spreadsheet's formula
				}
			})
			result, _, err := run(t, folder, &jobs{describe: ended(test.status, test.imported, test.skipped, test.failed), log: test.log})
			if err != nil || result.All() || (len(result.Unread) > 0) != test.unread {
				t.Fatalf("%+v, %v", result, err)
			}
			if test.unread {
				return
			}
			file, err := os.Open(filepath.Join(folder, "failed-001.csv"))
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = file.Close() }()
			rows, err := csv.NewReader(file).ReadAll()
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, row := range rows[1:] {
				got = append(got, row[0]+" "+row[4])
				if row[0] == "2" && row[3] != `'=cmd,"x"` || row[6] == "" {
					t.Errorf("a row is %q", row)
				}
			}
			if strings.Join(got, ",") != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

// TestALogThatComesLateIsReadAgain: lines come after the end of a job.
func TestALogThatComesLateIsReadAgain(t *testing.T) {
	t.Parallel()
	service := &jobs{describe: ended(importjob.Succeeded, 2, 1, 0), log: []string{"[SKIPPED] Line Number 1 - The user already exists."}}
	service.logged = func(try int) error {
		if try < 3 {
			return importjob.ErrNotFound
		}
		return nil
	}
	result, _, err := run(t, exported(t, 3, nil), service)
	if err != nil || len(result.Unread) > 0 || !result.Files[0].Explained || service.times["log"] != 3 {
		t.Errorf("%+v, %v, read %d times", result, err, service.times["log"])
	}
}

// TestTwoImportsDoNotShareAFolder: the second one is refused until the first ends.
func TestTwoImportsDoNotShareAFolder(t *testing.T) {
	t.Parallel()
	folder := exported(t, 1, nil)
	importer := tail.Importer{Folder: folder, Destination: pool, Jobs: &jobs{}}
	_, release, err := importer.Check(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := run(t, folder, &jobs{}); !errors.Is(err, tail.ErrRunning) {
		t.Errorf("got %v", err)
	}
	release()
	if _, _, err := run(t, folder, &jobs{describe: ended(importjob.Succeeded, 1, 0, 0)}); err != nil {
		t.Error(err)
	}
}

func TestTheAlgorithmOfAHash(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"$2y$10$N9qo8uLOickgx2ZMRZoMyeIjZAgcfl7p92ldGxad68LJZdL17lhWy": "BCRYPT",
		"$2b$12$short": "",
		"$argon2id$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA": "ARGON2ID",
		"$argon2i$v=19$m=65536,t=3,p=4$c2FsdA$aGFzaA":  "",
		"$scrypt$ln=15,r=8,p=1$c2FsdA$aGFzaA":          "SCRYPT",
		"pbkdf2_sha256$260000$salt$aGFzaA==":           "PBKDF2_SHA256",
		"$pbkdf2-sha512$25000$c2FsdA$aGFzaA":           "",
		"5f4dcc3b5aa765d61d8327deb882cf99":             "",
		"":                                             "",
	} {
		if got := tail.HashOf(text); got.Algorithm != want || got.Algorithm != "" && (got.Text != text || !slices.Contains(tail.Algorithms(), want)) {
			t.Errorf("%q: %q", text, got.Algorithm)
		}
	}
}
