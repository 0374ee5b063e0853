package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/adapters/lambdatrigger"
	"cognito-user-migration/app/demo"
	"cognito-user-migration/app/trial"
)

// console is a run of the tool and what it printed.
type console struct {
	out, notes string
	err        error
}

// environment is one with the demonstration's people as source.
func environment(t *testing.T, more ...string) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "people.json")
	if err := os.WriteFile(path, demo.SampleUsers(), 0o600); err != nil {
		t.Fatal(err)
	}
	return append([]string{"SOURCE_KIND=file", "SOURCE_PATH=" + path}, more...)
}

// typed is a standard input that holds a text.
func typed(t *testing.T, text string) *os.File {
	t.Helper()
	path := filepath.Join(t.TempDir(), "stdin")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = file.Close() })
	return file
}

func runTool(t *testing.T, environ []string, stdin string, args ...string) console {
	t.Helper()
	var out, notes bytes.Buffer
	err := run(t.Context(), args, streams{in: typed(t, stdin), out: &out, err: &notes, environ: environ})
	return console{out.String(), notes.String(), err}
}

// Not in parallel with the others: every attempt computes a hash, and Cognito's
// five seconds hold here too.
func TestDemoShowsTheWaysThatAnAttemptCanGo(t *testing.T) {
	got := runTool(t, []string{"MIGRATE_ON_MFA=nonsense of the laptop's"}, "", "demo")
	if got.err != nil {
		t.Fatal(got.err)
	}
	for _, want := range []string{
		"migrate   password_accepted", "refuse    password_wrong", "refuse    user_unknown", "refuse    user_disabled",
		"migrate   temporary_password", "migrate   forgot_password", "refuse    no_verified_contact",
		"alice, CONFIRMED, 5 attributes", "carol, RESET_REQUIRED, 2 attributes",
		"before Cognito has created the user  owed: destination_user_unknown\n",
		"afterwards                           completed: groups writers; source user disabled\n",
	} {
		if !strings.Contains(got.out, want) {
			t.Errorf("no %q in\n%s", want, got.out)
		}
	}
	if strings.Contains(got.out, "Pass-word-1!") {
		t.Error("a password is shown")
	}
	var list []trial.Outcome
	if got := runTool(t, nil, "", "demo", "--json"); got.err != nil || json.Unmarshal([]byte(got.out), &list) != nil || len(list) != 8 {
		t.Errorf("got %v, %s", got.err, got.out)
	}
}

func TestSimulate(t *testing.T) {
	t.Parallel()
	event := filepath.Join(t.TempDir(), "event.json")
	if err := os.WriteFile(event, []byte(`{"triggerSource":"UserMigration_Authentication","userName":"alice","request":{"password":"Pass-word-1!"},"x":1}`), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(t.TempDir(), "broken.json")
	if err := os.WriteFile(broken, []byte(`{"triggerSource":`), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct {
		args  []string
		stdin string
		env   []string
		want  []string
		fails string
	}{
		"a sign-in": {args: []string{"--username", "alice", "--password-stdin"}, stdin: "Pass-word-1!\n",
			want: []string{`"userName": "alice"`, `"password": "[REDACTED]"`, "migrate: password_accepted", `"finalUserStatus": "CONFIRMED"`, `"outcome": "migrated"`}},
		"a value that the destination does not take": {args: []string{"--username", "alice", "--password-stdin"}, stdin: "Pass-word-1!\n", env: []string{"MIGRATE_ATTRIBUTES=email,birthdate=name,updated_at=email"},
			want: []string{"migrate: password_accepted\n  not valid in the destination: birthdate, updated_at", `"omittedAttributes": [`}},
		"a wrong password": {args: []string{"--username", "alice", "--password-stdin"}, stdin: "wrong\r\n",
			want: []string{"refuse: password_wrong", "Response to Cognito\n  {}"}},
		"a refusal explained": {args: []string{"--username", "nobody", "--password-stdin"}, stdin: "x", env: []string{"MIGRATE_REFUSAL=explain"},
			want: []string{"refuse: user_unknown", "There is no such user. (MigrationRefused)"}},
		"a forgotten password": {args: []string{"--username", "alice@example.com", "--trigger", "forgot-password"},
			want: []string{"migrate: forgot_password", `"username": "alice"`}},
		"variables in one variable": {args: []string{"--username", "alice", "--password-stdin"}, stdin: "Pass-word-1!\n",
			env:  []string{`SOURCE_VARIABLES={"MIGRATE_ATTRIBUTES":"email","AUDIT_SINKS":"firehose","AUDIT_FIREHOSE_STREAM":"s","COMPLETION_AFTER":"disable"}`},
			want: []string{"migrate: password_accepted"}},
		"a wrong variable in that one": {args: []string{"--username", "alice", "--password-stdin"}, env: []string{`SOURCE_VARIABLES={"SOURCE_PATHS":"x"}`},
			fails: "unknown variable SOURCE_PATHS; did you mean SOURCE_PATH?"},
		"an event of one's own": {args: []string{"--event", event},
			want: []string{"migrate: password_accepted", `"x": 1`, `"password": "[REDACTED]"`}},
		"an event that is broken":        {args: []string{"--event", broken}, want: []string{"none: the event was rejected", lambdatrigger.TextMalformed}, fails: "the event was rejected"},
		"no name":                        {args: nil, fails: "give --username NAME or --event FILE"},
		"a name and an event":            {args: []string{"--username", "a", "--event", event}, fails: "not both"},
		"an event that is not there":     {args: []string{"--event", event + "x"}, fails: "no such file"},
		"a trigger that is none":         {args: []string{"--username", "a", "--trigger", "signup"}, fails: "expected sign-in or forgot-password"},
		"no terminal to ask at":          {args: []string{"--username", "alice"}, fails: "use --password-stdin"},
		"an environment that is wrong":   {args: []string{"--username", "alice", "--password-stdin"}, env: []string{"MIGRATE_FOO=1"}, fails: "unknown variable MIGRATE_FOO"},
		"a file that cannot be opened":   {args: []string{"--username", "alice", "--password-stdin"}, env: []string{"SOURCE_PATH=/nonexistent/people.json"}, fails: "no such file"},
		"a flag for the password itself": {args: []string{"--username", "alice", "--password", "x"}, fails: "there is no flag --password"},
		"a word too many":                {args: []string{"--username", "alice", "more"}, fails: "takes only flags"},
	} {
		t.Run(name, func(t *testing.T) {
			got := runTool(t, environment(t, row.env...), row.stdin, append([]string{"simulate"}, row.args...)...)
			if row.fails == "" && got.err != nil || row.fails != "" && (got.err == nil || !strings.Contains(got.err.Error(), row.fails)) {
				t.Errorf("got %v\n%s", got.err, got.notes)
			}
			for _, want := range row.want {
				if !strings.Contains(got.out, want) {
					t.Errorf("no %q in\n%s", want, got.out)
				}
			}
			if strings.Contains(got.out+got.notes, "Pass-word-1!") {
				t.Error("the password is shown")
			}
		})
	}
}

func TestSimulateForMachines(t *testing.T) {
	t.Parallel()
	got := runTool(t, environment(t), "Pass-word-1!", "simulate", "--username", "alice", "--password-stdin", "--json")
	var read trial.Outcome
	if err := json.Unmarshal([]byte(got.out), &read); err != nil || got.err != nil {
		t.Fatalf("%v, %v in %s", err, got.err, got.out)
	}
	if read.Decision.Verdict != "migrate" || read.Error != nil || !json.Valid(read.Audit) || !json.Valid(read.Response) {
		t.Errorf("got %s", got.out)
	}
}

func TestSimulateTellsAFailure(t *testing.T) {
	environ := []string{"SOURCE_USER_POOL_ID=ap-northeast-1_AbCdEf123", "SOURCE_CLIENT_ID=1example23456789"}
	down := httptest.NewServer(http.NotFoundHandler())
	down.Close() // nothing listens there any more
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": down.URL, "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "example",
	} {
		t.Setenv(name, value)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var out, notes bytes.Buffer
	err := run(ctx, []string{"simulate", "--username", "alice", "--password-stdin"},
		streams{in: typed(t, "Pass-word-1!"), out: &out, err: &notes, environ: environ})
	if err == nil || !strings.Contains(err.Error(), "the attempt failed") || !strings.Contains(out.String(), lambdatrigger.TextFailure) {
		t.Errorf("got %v\n%s", err, out.String())
	}
}

func TestSettingsListsEveryVariable(t *testing.T) {
	t.Parallel()
	got := runTool(t, nil, "", "settings")
	for _, want := range []string{"MIGRATE_ATTRIBUTES", "SOURCE_ROLE_ARN", "AUDIT_HMAC_KEY", "COMPLETION_AFTER", "(required)"} {
		if !strings.Contains(got.out, want) {
			t.Errorf("no %s in\n%s", want, got.out)
		}
	}
	var list []map[string]any
	if got := runTool(t, nil, "", "settings", "--json"); json.Unmarshal([]byte(got.out), &list) != nil || len(list) < 15 {
		t.Errorf("got %s", got.out)
	}
}

func TestServeAnswersLambdasInvokeAPI(t *testing.T) {
	t.Parallel()
	handler, stop, err := trial.Compose(t.Context(), binary(), environment(t, "MIGRATE_REFUSAL=explain"), io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = stop(context.Background()) })
	server := httptest.NewServer(invokeAPI("user-migration", handler))
	t.Cleanup(server.Close)
	const path = "/2015-03-31/functions/user-migration/invocations"
	signIn := `{"triggerSource":"UserMigration_Authentication","userName":"alice","request":{"password":"Pass-word-1!"},"response":null}`
	for name, row := range map[string]struct {
		path, kind, body string
		status           int
		functionError    string
		want             string
	}{
		"a sign-in":                {path: path, body: signIn, status: 200, want: `"finalUserStatus":"CONFIRMED"`},
		"asked for by its kind":    {path: path, kind: "RequestResponse", body: signIn, status: 200, want: `"finalUserStatus":"CONFIRMED"`},
		"an error of the function": {path: path, body: strings.ReplaceAll(signIn, "word-1", "word-x"), status: 200, functionError: "Unhandled", want: `{"errorMessage":"The password is wrong.","errorType":"MigrationRefused"}`},
		"an event that is none":    {path: path, body: `{}`, status: 200, functionError: "Unhandled", want: `"errorType":"MalformedEvent"`},
		"a dry run":                {path: path, kind: "DryRun", body: signIn, status: 204},
		"an event to be queued":    {path: path, kind: "Event", body: signIn, status: 400, want: "RequestResponse"},
		"another function":         {path: strings.ReplaceAll(path, "user-migration", "other"), body: signIn, status: 404, want: "user-migration"},
		"a payload that is large":  {path: path, body: strings.Repeat("x", largestPayload+1), status: 413, want: "6 MB"},
	} {
		t.Run(name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+row.path, strings.NewReader(row.body))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("X-Amz-Invocation-Type", row.kind)
			response, err := http.DefaultClient.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = response.Body.Close() }()
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != row.status || response.Header.Get("X-Amz-Function-Error") != row.functionError || !strings.Contains(string(body), row.want) {
				t.Errorf("got %d, function error %q, %s", response.StatusCode, response.Header.Get("X-Amz-Function-Error"), body)
			}
		})
	}
}

// TestServeRefusesWhatAWebPageCanSend: a page whose name has the address 127.0.0.1
// (DNS rebinding), and any other page.
func TestServeRefusesWhatAWebPageCanSend(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		host   string
		header [2]string
		fine   bool
	}{
		"localhost":                        {host: "localhost:9000", fine: true},
		"localhost in upper case":          {host: "LOCALHOST:9000", fine: true},
		"localhost without a port":         {host: "localhost", fine: true},
		"another port, by a tunnel":        {host: "localhost:8080", fine: true},
		"127.0.0.1":                        {host: "127.0.0.1:9000", fine: true},
		"another address of the network":   {host: "127.8.9.10:9000", fine: true},
		"IPv6":                             {host: "[::1]:9000", fine: true},
		"IPv6 without a port":              {host: "[::1]", fine: true},
		"a name with an address of a page": {host: "rebinding.example:9000"},
		"a name that begins as loopback":   {host: "localhost.example:9000"},
		"a name below localhost":           {host: "evil.localhost:9000"},
		"an address as a part of a name":   {host: "127.0.0.1.nip.io:9000"},
		"the root's localhost":             {host: "localhost.:9000"},
		"every address":                    {host: "0.0.0.0:9000"},
		"every address, IPv6":              {host: "[::]:9000"},
		"another machine":                  {host: "192.0.2.1:9000"},
		"a decimal address":                {host: "2130706433:9000"},
		"user info":                        {host: "127.0.0.1@evil.example:9000"},
		"no port after the colon":          {host: "localhost:x"},
		"a page's origin":                  {host: "localhost:9000", header: [2]string{"Origin", "https://evil.example"}},
		"an opaque origin":                 {host: "localhost:9000", header: [2]string{"Origin", "null"}},
		"our own origin":                   {host: "localhost:9000", header: [2]string{"Origin", "http://localhost:9000"}},
		"an empty origin":                  {host: "localhost:9000", header: [2]string{"Origin", ""}},
		"a page of another site":           {host: "localhost:9000", header: [2]string{"Sec-Fetch-Site", "cross-site"}},
		"a page of the same site":          {host: "localhost:9000", header: [2]string{"Sec-Fetch-Site", "same-site"}},
		"a page of the same origin":        {host: "localhost:9000", header: [2]string{"Sec-Fetch-Site", "same-origin"}},
		"the address bar":                  {host: "localhost:9000", header: [2]string{"Sec-Fetch-Site", "none"}},
		"curl's content type":              {host: "localhost:9000", header: [2]string{"Content-Type", "application/x-www-form-urlencoded"}, fine: true},
	} {
		for _, method := range []string{http.MethodPost, http.MethodGet, http.MethodOptions} {
			reached := false
			guarded := forProgramsOfThisMachine(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
			request := httptest.NewRequestWithContext(t.Context(), method, "/", nil)
			request.Host = row.host
			if row.header[0] != "" {
				request.Header.Set(row.header[0], row.header[1])
			}
			response := httptest.NewRecorder()
			guarded.ServeHTTP(response, request)
			if reached != row.fine || row.fine == (response.Code == http.StatusForbidden) || response.Header().Get("Access-Control-Allow-Origin") != "" {
				t.Errorf("%s, %s: reached %t, status %d", name, method, reached, response.Code)
			}
		}
	}
}

func TestServeStopsWhenItIsInterrupted(t *testing.T) {
	t.Parallel()
	ctx, interrupt := context.WithCancel(t.Context())
	reader, writer := io.Pipe()
	done := make(chan error, 1)
	environ := environment(t)
	go func() {
		done <- run(ctx, []string{"serve", "--addr", "127.0.0.1:0"}, streams{out: io.Discard, err: writer, environ: environ})
	}()
	line := make([]byte, 256)
	n, err := reader.Read(line)
	if err != nil || !strings.Contains(string(line[:n]), "serving function user-migration on http://127.0.0.1:") {
		t.Fatalf("it says %q, %v", line[:n], err)
	}
	interrupt()
	select {
	case err := <-done:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Error("it does not stop")
	}
}

func TestServeListensOnLoopbackAlone(t *testing.T) {
	t.Parallel()
	for address, fine := range map[string]bool{
		"127.0.0.1:9000": true, "localhost:9000": true, "[::1]:9000": true, "127.1.2.3:1": true,
		"0.0.0.0:9000": false, ":9000": false, "192.0.2.1:9000": false, "example.com:9000": false, "9000": false,
	} {
		if err := checkLoopback(address); (err == nil) != fine {
			t.Errorf("%s: %v", address, err)
		}
	}
	if got := runTool(t, environment(t), "", "serve", "--addr", "0.0.0.0:0"); got.err == nil {
		t.Error("it listens for everyone")
	}
}

// Completion has a part in what becomes of second factors, so a trial decides as if
// there were a queue. It sends nothing, and needs no key.
func TestSimulateDecidesAboutSecondFactorsAsTheFunctionDoes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "people.json")
	type user struct {
		Username string
		Hash     string `json:"password_hash"`
	}
	var known []user
	if err := json.Unmarshal(demo.SampleUsers(), &known); err != nil {
		t.Fatal(err)
	}
	hash := known[slices.IndexFunc(known, func(u user) bool { return u.Username == "alice" })].Hash
	people := `[{"username":"alice","password_hash":"` + hash + `","mfa":"email","attributes":{"sub":"sub-1","email":"alice@example.com","email_verified":true}},
		{"username":"bob","password_hash":"` + hash + `","mfa":"totp","attributes":{"sub":"sub-2","email":"bob@example.com","email_verified":true}}]`
	if err := os.WriteFile(path, []byte(people), 0o600); err != nil {
		t.Fatal(err)
	}
	queue := []string{
		"SOURCE_KIND=file", "SOURCE_PATH=" + path,
		"COMPLETION_QUEUE_URL=https://sqs.us-east-1.amazonaws.com/111111111111/completion", "COMPLETION_HMAC_KEY=ssm:/user-migration/completion-hmac-key",
	}
	for name, row := range map[string]struct {
		env           []string
		username, out string
	}{
		"a code by email is carried":       {[]string{"MIGRATE_ON_MFA=carry", "MIGRATE_DESTINATION_MFA=ON,EMAIL_OTP"}, "alice", `"migrate"`},
		"TOTP is not carried":              {[]string{"MIGRATE_ON_MFA=carry", "MIGRATE_DESTINATION_MFA=ON,EMAIL_OTP"}, "bob", "mfa_cannot_be_carried"},
		"TOTP is enrolled anew":            {[]string{"MIGRATE_ON_MFA=enroll", "MIGRATE_DESTINATION_MFA=ON,SOFTWARE_TOKEN_MFA", "MIGRATE_MFA_GROUP=new-factor"}, "bob", `"migrate"`},
		"without the choice it is refused": {[]string{"COMPLETION_GROUPS=*"}, "bob", "mfa_required"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := runTool(t, append(slices.Clone(queue), row.env...), "Pass-word-1!", "simulate", "--username", row.username, "--password-stdin", "--json")
			if got.err != nil || !strings.Contains(got.out, row.out) {
				t.Errorf("%v\n%s", got.err, got.out)
			}
		})
	}
}

// A choice for second factors without what it needs is one problem, and the other
// checks of doctor run.
func TestAFaultyChoiceForSecondFactorsIsSetAside(t *testing.T) {
	t.Parallel()
	for name, more := range map[string][]string{
		"carry without the destination":       {"MIGRATE_ON_MFA=carry"},
		"carry with a key that is too short":  {"MIGRATE_ON_MFA=carry", "MIGRATE_DESTINATION_MFA=ON,EMAIL_OTP", "COMPLETION_QUEUE_URL=https://sqs.us-east-1.amazonaws.com/111111111111/completion", "COMPLETION_HMAC_KEY=short"},
		"carry by email without a queue":      {"MIGRATE_ON_MFA=carry", "MIGRATE_DESTINATION_MFA=ON,EMAIL_OTP"},
		"enroll with nothing":                 {"MIGRATE_ON_MFA=enroll"},
		"enroll without the group":            {"MIGRATE_ON_MFA=enroll", "MIGRATE_DESTINATION_MFA=ON,EMAIL_OTP", "COMPLETION_QUEUE_URL=https://sqs.us-east-1.amazonaws.com/111111111111/completion", "COMPLETION_HMAC_KEY=a completion key of thirty-two bytes"},
		"a choice that is none, with a group": {"MIGRATE_ON_MFA=drop", "MIGRATE_MFA_GROUP=new-factor", "COMPLETION_QUEUE_URL=https://sqs.us-east-1.amazonaws.com/111111111111/completion"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, settings, _ := readSettings(t.Context(), environment(t, more...), false)
			if len(settings.Problems) == 0 || settings.SourceKind != "file" {
				t.Errorf("problems %v, kind %q", settings.Problems, settings.SourceKind)
			}
		})
	}
}
