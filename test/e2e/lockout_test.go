package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
	"unicode"

	"cognito-user-migration/domain"
	"cognito-user-migration/test/peers"
	"cognito-user-migration/test/process"
)

// lockoutTable makes a table that counts tries, and the settings of a function
// that asks it.
func lockoutTable(t *testing.T) (*peers.LockoutTable, settings) {
	t.Helper()
	peers.Require(t, peers.MotoServer)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	table, err := moto.get(t).NewLockoutTable(ctx)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(table.Close)
	return table, outOfTheWay().with(
		"AWS_ACCESS_KEY_ID", table.Function.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY", table.Function.SecretAccessKey,
		"AWS_ENDPOINT_URL_DYNAMODB", table.URL,
		"LOCKOUT_TABLE", table.Name,
		"AUDIT_HMAC_KEY", "a-key-of-thirty-two-characters-or-more",
	)
}

// age lets time pass for the table.
func age(t *testing.T, table *peers.LockoutTable, by time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := table.Age(ctx, by); err != nil {
		t.Fatal(err)
	}
}

func items(t *testing.T, table *peers.LockoutTable) []string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	items, err := table.Items(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return items
}

// fileOf is a file source of one person whose password the file's hash is of.
func fileOf(t *testing.T, p *person) settings {
	t.Helper()
	const hash = "$2a$04$5BzXl.gSpKEFgp9IRMFo8u5KLnCelyTv8FR/BI3nZrC7w8x2x3jKa" // bcrypt, cost 4
	p.password = "Canary-File-1234!"
	people, err := json.Marshal([]map[string]any{{"username": p.username, "password_hash": hash, "attributes": p.attributes()}})
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "people.json")
	if err := os.WriteFile(path, people, 0o600); err != nil {
		t.Fatal(err)
	}
	return settings{"SOURCE_KIND": "file", "SOURCE_PATH": path}
}

// After so many tries a name is locked for so long, which no slow machine
// outlasts.
const (
	lockedForLong = 12
	lock          = 128 * time.Second
)

// TestWhoGuessesIsLockedOutAsByCognito: and the person themselves waits as long.
func TestWhoGuessesIsLockedOutAsByCognito(t *testing.T) {
	t.Parallel()
	p := newPerson()
	table, s := lockoutTable(t)
	for name, value := range fileOf(t, &p) {
		s[name] = value
	}
	f := start(t, s)
	f.hidePerson(p)
	warmed := table.Writes()
	if warmed > 1 { // none where the machine took longer than a start waits
		t.Errorf("to start took %d requests to the table, want 1", warmed)
	}
	wide := strings.Map(func(r rune) rune {
		if r > ' ' && r < unicode.MaxASCII {
			return r + '！' - '!'
		}
		return r
	}, p.username)
	spellings := []string{p.username, strings.ToUpper(p.username), " " + p.username, wide, p.username[:1] + "\u0301\u200b" + p.username[1:]}
	for i := range 5 {
		f.tries(signIn(spellings[i%len(spellings)], "wrong"), domain.ReasonPasswordWrong, domain.ReasonUserUnknown)
	}
	if writes := table.Writes() - warmed; writes != 1+4*2 {
		t.Errorf("five wrong passwords took %d requests to the table", writes)
	}
	// From here on the lock is of minutes, so that a slow machine does not
	// outlast it.
	for range lockedForLong - 5 {
		age(t, table, lock)
		f.refuses(signIn(p.username, "wrong"), domain.ReasonPasswordWrong)
	}
	before := table.Writes()
	f.refuses(signIn(p.username, "wrong"), domain.ReasonLockedOut)
	f.refuses(signIn(strings.ToUpper(p.username)+" ", "wrong"), domain.ReasonLockedOut)
	f.refuses(signIn(p.username, p.password), domain.ReasonLockedOut) // the right one too
	if writes := table.Writes() - before; writes != 3 {
		t.Errorf("three tries of a locked name took %d requests to the table", writes)
	}
	if locked := f.records()[len(f.records())-1]; locked.Source != "" {
		t.Errorf("no source was asked, and the record names %s", locked.Source)
	}
	f.migrates(forgotPassword(p.username), domain.ReasonForgotPassword) // is no guess

	// Another process is told the same, and explains it.
	other := start(t, s.with("MIGRATE_REFUSAL", "explain"))
	other.hidePerson(p)
	other.explains(signIn(p.username, p.password), domain.ReasonLockedOut)

	for _, item := range items(t, table) {
		if strings.Contains(strings.ToLower(item), strings.ToLower(p.username)) || !strings.Contains(item, "failures=12 ") {
			t.Errorf("the table holds %s", item)
		}
	}
	age(t, table, lock)
	f.migrates(signIn(p.username, p.password), domain.ReasonPasswordAccepted)
	if left := items(t, table); len(left) != 0 {
		t.Errorf("after the right password the table holds %q", left)
	}
}

// tries hands the function an event that is refused for one of the reasons.
func (f *function) tries(event string, reasons ...domain.Reason) domain.Reason {
	f.t.Helper()
	result := f.invoke(event)
	if result.FunctionError != "" {
		f.t.Fatalf("function error: %s", result.Payload)
	}
	got := domain.Reason(f.recordOf(result.RequestID).Reason)
	for _, reason := range reasons {
		if got == reason {
			return got
		}
	}
	f.t.Errorf("refused for %s, want one of %s", got, reasons)
	return got
}

// TestTheFifthWrongPasswordLocksForASecondByTheClock is the curve's beginning as
// it passes: nothing is made older here.
func TestTheFifthWrongPasswordLocksForASecondByTheClock(t *testing.T) {
	t.Parallel()
	p := newPerson()
	_, s := lockoutTable(t)
	for name, value := range fileOf(t, &p) {
		s[name] = value
	}
	f := start(t, s)
	f.hidePerson(p)
	// A machine that takes a second for two attempts cannot see the lock.
	eventually(t, "five wrong passwords and a try within the second after", func() bool {
		typed := newPerson().username // one that nobody has, anew each time
		f.hide(typed)
		for range 5 {
			f.refuses(signIn(typed, "wrong"), domain.ReasonUserUnknown)
		}
		return f.tries(signIn(typed, "wrong"), domain.ReasonUserUnknown, domain.ReasonLockedOut) == domain.ReasonLockedOut
	})
	for range 6 {
		f.tries(signIn(p.username, "wrong"), domain.ReasonPasswordWrong, domain.ReasonLockedOut)
	}
	eventually(t, "the right password is taken once the lock is over", func() bool {
		result := f.invoke(signIn(p.username, p.password))
		return f.recordOf(result.RequestID).Reason == string(domain.ReasonPasswordAccepted)
	})
}

// TestManyProcessesTogetherTryNoMoreThanTheCurveAllows guesses from many
// processes at once, as whoever opens many connections makes Lambda do.
func TestManyProcessesTogetherTryNoMoreThanTheCurveAllows(t *testing.T) {
	t.Parallel()
	p := newPerson()
	table, s := lockoutTable(t)
	stub := newStubFor(t, p) // counts what reaches the source
	stub.on("AdminInitiateAuth", awsError("NotAuthorizedException", "Incorrect username or password."))
	for name, value := range stub.settings() {
		if !strings.HasPrefix(name, "AWS_ACCESS_KEY") && !strings.HasPrefix(name, "AWS_SECRET") {
			s[name] = value
		}
	}
	const processes, each = 6, 8
	var functions []*function
	for range processes {
		f := start(t, s)
		f.hidePerson(p)
		functions = append(functions, f)
	}
	storm := func() (asked int, took time.Duration) {
		before, began := len(stub.inputs("AdminInitiateAuth")), time.Now()
		var all sync.WaitGroup
		for _, f := range functions {
			all.Go(func() {
				for range each {
					f.tries(signIn(p.username, "guess"), domain.ReasonPasswordWrong, domain.ReasonLockedOut)
				}
			})
		}
		all.Wait()
		return len(stub.inputs("AdminInitiateAuth")) - before, time.Since(began)
	}
	asked, took := storm()
	// What one who tries as soon as each lock is over gets in that time.
	most, at := 5, time.Duration(0)
	for at += domain.LockAfter(most); at <= took; at += domain.LockAfter(most) {
		most++
	}
	if asked < 5 || asked > most {
		t.Errorf("%d of %d guesses in %v reached the source; the curve allows %d", asked, processes*each, took, most)
	}
	// Then one at a time, however many try.
	for failures := asked; failures < lockedForLong; failures++ {
		age(t, table, lock)
		functions[0].refuses(signIn(p.username, "guess"), domain.ReasonPasswordWrong)
	}
	for range 2 {
		age(t, table, 2*lock)
		if asked, _ := storm(); asked != 1 {
			t.Errorf("%d guesses at once reached the source after a lock, want 1", asked)
		}
	}
}

// TestAnOutageOfTheSourceCountsForNobody: nobody judged those passwords.
func TestAnOutageOfTheSourceCountsForNobody(t *testing.T) {
	t.Parallel()
	p := newPerson()
	table, s := lockoutTable(t)
	stub := newStubFor(t, p)
	for name, value := range stub.settings() {
		if !strings.HasPrefix(name, "AWS_ACCESS_KEY") && !strings.HasPrefix(name, "AWS_SECRET") {
			s[name] = value
		}
	}
	f := start(t, s)
	f.hidePerson(p)
	stub.on("AdminInitiateAuth", awsError("TooManyRequestsException", "slowly"))
	for range 7 {
		f.fails(signIn(p.username, p.password), domain.ReasonSourceThrottled)
	}
	stub.on("AdminInitiateAuth", hang)
	f.fails(signIn(p.username, p.password), domain.ReasonDeadlineExceeded)
	away := start(t, s.with("AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER", "http://"+process.ClosedAddress(t)))
	away.hidePerson(p)
	for range 7 {
		away.fails(signIn(p.username, p.password), domain.ReasonSourceUnreachable)
	}
	uncredited := start(t, s.with("AWS_ENDPOINT_URL_STS", "http://"+process.ClosedAddress(t)))
	uncredited.hidePerson(p)
	for range 7 {
		uncredited.fails(signIn(p.username, p.password), domain.ReasonSourceUnreachable)
	}
	if left := items(t, table); len(left) != 0 {
		t.Errorf("the table holds %q", left)
	}
	// The password is right, and refused: it counts as a wrong one does.
	stub.on("AdminInitiateAuth", challenge("SMS_MFA"))
	f.refuses(signIn(p.username, p.password), domain.ReasonMFARequired)
	if left := items(t, table); len(left) != 1 || !strings.Contains(left[0], "failures=1 ") {
		t.Errorf("after a second factor was asked for, the table holds %q", left)
	}
	stub.on("AdminInitiateAuth", signedIn(p, nil))
	f.migrates(signIn(p.username, p.password), domain.ReasonPasswordAccepted)
	if left := items(t, table); len(left) != 0 {
		t.Errorf("after a migration the table holds %q", left)
	}
}

// TestAnAnswerToAPasswordCountsWhateverWeMakeOfIt guesses at sources that word a
// wrong password in ways that we do not know.
func TestAnAnswerToAPasswordCountsWhateverWeMakeOfIt(t *testing.T) {
	t.Parallel()
	oidc := func(url string) settings {
		return settings{
			"SOURCE_KIND": "oidc", "SOURCE_TOKEN_URL": url + "/token", "SOURCE_USERINFO_URL": url + "/userinfo",
			"SOURCE_PROFILE": "userinfo", "SOURCE_CLIENT_ID": "app",
		}
	}
	hook := func(contract string) func(url string) settings {
		return func(url string) settings {
			return settings{"SOURCE_KIND": "http", "SOURCE_URL": url, "SOURCE_CONTRACT": contract}
		}
	}
	says := func(status int, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}
	}
	for name, source := range map[string]struct {
		settings func(url string) settings
		answer   http.HandlerFunc
	}{
		"oidc, a code that nobody knows":          {oidc, says(400, `{"error":"wrong_secret_i_think"}`)},
		"oidc, the client rejected":               {oidc, says(401, `{"error":"invalid_client"}`)},
		"oidc, a page":                            {oidc, says(200, "<html>wrong")},
		"oidc, a fault":                           {oidc, says(500, `{"error":"server_error"}`)},
		"oidc, a connection closed":               {oidc, func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }},
		"kratos, 400":                             {hook("kratos"), says(400, "")},
		"kratos, 401":                             {hook("kratos"), says(401, "")},
		"kratos, 404":                             {hook("kratos"), says(404, "")},
		"kratos, a redirect":                      {hook("kratos"), says(302, "")},
		"kratos, a right answer without a status": {hook("kratos"), says(200, "{}")},
		"okta, 401":                               {hook("okta"), says(401, "")},
		"okta, 502":                               {hook("okta"), says(502, "")},
		"fusionauth, 400":                         {hook("fusionauth"), says(400, "")},
		"fusionauth, 401":                         {hook("fusionauth"), says(401, "")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPerson()
			table, s := lockoutTable(t)
			var asked atomic.Int64
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodPost {
					asked.Add(1)
					_, _ = io.Copy(io.Discard, r.Body)
					source.answer(w, r)
				}
			}))
			t.Cleanup(server.Close)
			for name, value := range source.settings(server.URL) {
				s[name] = value
			}
			f := start(t, s)
			f.hidePerson(p)
			locked := 0
			for range 9 {
				result := f.invoke(signIn(p.username, "guess"))
				if f.recordOf(result.RequestID).Reason == string(domain.ReasonLockedOut) {
					locked++
				}
			}
			// A lock begins at one second, which a slow machine may outlast; what was
			// counted it cannot.
			counted, left := 9-locked, items(t, table)
			if counted < 5 || int(asked.Load()) < counted || len(left) != 1 || !strings.Contains(left[0], fmt.Sprintf("failures=%d ", counted)) {
				t.Errorf("the source was asked %d times, %d were refused before, and the table holds %q", asked.Load(), locked, left)
			}
		})
	}
}

// TestAPasswordIsSentOnceThoughTheServiceClosesTheConnection: the connection
// served the look-up of the same attempt, so it is not stale.
func TestAPasswordIsSentOnceThoughTheServiceClosesTheConnection(t *testing.T) {
	t.Parallel()
	p := newPerson()
	var asked atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			_ = json.NewEncoder(w).Encode(map[string]any{"username": p.username, "enabled": true, "email": p.email})
			return
		}
		_, _ = io.Copy(io.Discard, r.Body)
		asked.Add(1)
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(server.Close)
	f := start(t, outOfTheWay().with("SOURCE_KIND", "http", "SOURCE_URL", server.URL, "SOURCE_CONTRACT", "keycloak"))
	f.hidePerson(p)
	for attempt := range int64(3) {
		f.fails(signIn(p.username, p.password), domain.ReasonSourceUnreachable)
		if asked.Load() != attempt+1 {
			t.Fatalf("attempt %d: the password was sent %d times", attempt+1, asked.Load())
		}
	}
}

// TestWhatCannotBeCountedIsNotTried: a limiter that opens under pressure is none.
func TestWhatCannotBeCountedIsNotTried(t *testing.T) {
	t.Parallel()
	p := newPerson()
	table, s := lockoutTable(t)
	for name, value := range fileOf(t, &p) {
		s[name] = value
	}
	refuse := func(status int, code string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			awsErrorStatus(status, "com.amazonaws.dynamodb.v20120810#"+code, "The table holds "+p.username)(w, r, nil)
		}
	}
	table.Break(refuse(400, "ResourceNotFoundException"))
	f := start(t, s) // it starts all the same
	f.hidePerson(p)
	eventually(t, "a line at start that the table could not be prepared", func() bool {
		return strings.Contains(f.Stdout(), "the lockout table could not be prepared")
	})
	for name, broken := range map[string]http.HandlerFunc{
		"throttled":              refuse(400, "ProvisionedThroughputExceededException"),
		"no such table":          refuse(400, "ResourceNotFoundException"),
		"not permitted":          refuse(400, "AccessDeniedException"),
		"a fault of its own":     refuse(500, "InternalServerError"),
		"a page in its place":    func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>" + p.username)) },
		"a connection that ends": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"no answer":              func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
	} {
		t.Run(name, func(t *testing.T) {
			f := f.in(t)
			table.Break(broken)
			f.fails(signIn(p.username, p.password), domain.ReasonLockoutUnavailable)
			f.migrates(forgotPassword(p.username), domain.ReasonForgotPassword)
			table.Break(nil)
			f.migrates(signIn(p.username, p.password), domain.ReasonPasswordAccepted)
		})
	}
}
