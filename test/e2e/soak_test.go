package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/test/lambdahost"
	"cognito-user-migration/test/peers"
)

// soakSize is how much is done: a little with every run of the tests, and a
// hundred thousand attempts with SOAK=full.
func soakSize() (attempts, processes int) {
	if os.Getenv("SOAK") == "full" {
		return 100_000, 24
	}
	return 3_000, 12
}

// The kinds of answers that the source of the soak gives.
const (
	servedRight     = "right"
	servedWrong     = "wrong password"
	servedUnknown   = "unknown user"
	servedThrottled = "throttled"
	served500       = "500"
	servedMalformed = "malformed"
	servedReset     = "reset"
	servedMidReset  = "reset in mid-answer"
	servedNothing   = "no answer"
)

// breaksConnections holds for the answers after which a connection is not used
// again.
func breaksConnections(served string) bool {
	return slices.Contains([]string{servedMalformed, servedReset, servedMidReset, servedNothing}, served)
}

// soaked is one attempt: what is to happen, and what did.
type soaked struct {
	event    string
	wrong    string // what the source says of the person, or servedRight
	breaks   string // the operation that is at fault, if any
	how      string // the fault
	times    int    // how often
	served   map[string][]string
	outcome  domain.Outcome // that the answer showed
	recorded []string       // outcome: reason of the audit record
	metered  []string       // and of the metric
}

// expected is what must come of an attempt by the last answers that were given.
func (s *soaked) expected() string {
	failure := func(served string) string {
		switch served {
		case servedThrottled:
			return "failed: " + string(throttled)
		case servedNothing:
			return "failed: " + string(outOfTime)
		default:
			return "failed: " + string(unreached)
		}
	}
	good := domain.ReasonForgotPassword
	if strings.Contains(s.event, "UserMigration_Authentication") {
		good = domain.ReasonPasswordAccepted
		switch last := lastOf(s.served["AdminInitiateAuth"]); last {
		case "": // no credentials: the role could not be taken on
			return failure(servedThrottled)
		case servedWrong:
			return "refused: " + string(domain.ReasonPasswordWrong)
		case servedUnknown:
			return "refused: " + string(domain.ReasonUserUnknown)
		case servedRight:
		default:
			return failure(last)
		}
	}
	switch last := lastOf(s.served["AdminGetUser"]); last {
	case "":
		return failure(servedThrottled)
	case servedUnknown:
		return "refused: " + string(domain.ReasonUserUnknown)
	case servedRight:
		return "migrated: " + string(good)
	default:
		return failure(last)
	}
}

func lastOf(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[len(list)-1]
}

// plan makes the attempts, the same with each run: of ten persons one types a
// wrong password or is unknown, one has forgotten theirs; and one attempt in ten
// meets a fault, once or for good.
func plan(attempts int) []*soaked {
	random := rand.New(rand.NewPCG(6, 2026))
	list := make([]*soaked, attempts)
	for n := range list {
		s := &soaked{wrong: servedRight, served: make(map[string][]string)}
		name := "soak-" + strconv.Itoa(n)
		s.event = signIn(name, "Canary-Soak-1!")
		operations := []string{"AdminInitiateAuth", "AdminGetUser"}
		switch random.IntN(10) {
		case 0:
			s.event, operations = forgotPassword(name), operations[1:]
		case 1:
			s.wrong = []string{servedWrong, servedUnknown}[random.IntN(2)]
		}
		if random.IntN(10) == 0 {
			kinds := []string{servedThrottled, served500, servedMalformed, servedReset, servedMidReset}
			s.breaks, s.how, s.times = operations[random.IntN(len(operations))], kinds[random.IntN(len(kinds))], 1+2*random.IntN(2)
			if random.IntN(200) == 0 {
				s.how = servedNothing
			}
		}
		list[n] = s
	}
	return list
}

// soakSource is the one source account of all the processes.
type soakSource struct {
	attempts []*soaked
	lifetime time.Duration

	mu       sync.Mutex
	random   *rand.Rand
	sessions map[string][]time.Time // when the role was given away, by session name
	broken   int
	opened   atomic.Int64
	open     atomic.Int64
}

// ServeHTTP implements [http.Handler].
func (s *soakSource) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		return
	}
	name, input, err := readCall(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if name == "AssumeRole" {
		s.assumeRole(w, r, input)
		return
	}
	username, _ := input["Username"].(string)
	if parameters, ok := input["AuthParameters"].(map[string]any); ok {
		username, _ = parameters["USERNAME"].(string)
	}
	n, err := strconv.Atoi(strings.TrimPrefix(username, "soak-"))
	if err != nil || n >= len(s.attempts) {
		http.Error(w, "nobody", http.StatusBadRequest)
		return
	}
	p := person{username: username, email: username + "@canary.example", phone: "+819012345678", name: "Canary"}
	right := signedIn(p, nil)
	if name == "AdminGetUser" {
		right = profile(p, nil)
	}
	switch served := s.serve(s.attempts[n], name); served {
	case servedRight:
		right(w, r, input)
	case servedWrong:
		awsError("NotAuthorizedException", "Incorrect username or password.")(w, r, input)
	case servedUnknown:
		awsError("UserNotFoundException", "User does not exist.")(w, r, input)
	case servedThrottled:
		awsError("TooManyRequestsException", "Rate exceeded")(w, r, input)
	case served500:
		awsErrorStatus(http.StatusInternalServerError, "InternalErrorException", "Sorry")(w, r, input)
	case servedMalformed:
		_, _ = io.WriteString(w, `{"AuthenticationResult"`)
	case servedReset:
		reset(w)
	case servedMidReset:
		resettingMidBody(right)(w, r, input)
	case servedNothing:
		hang(w, r, input)
	}
}

// serve decides an answer and notes it.
func (s *soakSource) serve(attempt *soaked, operation string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	served := servedRight
	switch {
	case attempt.breaks == operation && len(attempt.served[operation]) < attempt.times:
		served = attempt.how
	case attempt.wrong != servedRight && operation == "AdminInitiateAuth":
		served = attempt.wrong
	}
	if breaksConnections(served) {
		s.broken++
	}
	attempt.served[operation] = append(attempt.served[operation], served)
	return served
}

// assumeRole gives the role away for so long that it is soon due again, and one
// time in ten does not.
func (s *soakSource) assumeRole(w http.ResponseWriter, r *http.Request, input map[string]any) {
	session, _ := input["RoleSessionName"].(string)
	s.mu.Lock()
	fault := s.random.IntN(10) == 0
	if !fault {
		s.sessions[session] = append(s.sessions[session], time.Now())
	}
	s.mu.Unlock()
	if fault {
		code(400, "Throttling", "Rate exceeded")(nil)(w, r, input)
		return
	}
	lasting(s.lifetime)(assumeRole)(w, r, input)
}

// usage is what a process holds.
type usage struct{ rss, threads, files int }

// usageOf reads it from /proc; false where there is none.
func usageOf(pid int) (usage, bool) {
	folder := "/proc/" + strconv.Itoa(pid)
	status, err := os.ReadFile(folder + "/status")
	if err != nil {
		return usage{}, false
	}
	var u usage
	for text := range strings.Lines(string(status)) {
		_, _ = fmt.Sscanf(text, "VmRSS: %d kB", &u.rss)
		_, _ = fmt.Sscanf(text, "Threads: %d", &u.threads)
	}
	files, err := os.ReadDir(folder + "/fd")
	u.files = len(files)
	return u, err == nil
}

// soakProcess is one function, and what was measured of it.
type soakProcess struct {
	host          *lambdahost.Host
	requests      map[string]int // request ID: number of the attempt
	early, late   usage
	peak, samples int
	began, ended  time.Time
}

// TestTheSoak has many processes attempt at once, each one at a time as Lambda
// has it, and everything that anybody counted must add up.
func TestTheSoak(t *testing.T) {
	attempts, count := soakSize()
	list := plan(attempts)
	source := &soakSource{
		attempts: list, random: rand.New(rand.NewPCG(6, 6)), sessions: make(map[string][]time.Time),
		lifetime: 2*time.Minute + 3*time.Second, // due two minutes before its end
	}
	server := httptest.NewUnstartedServer(source)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			source.opened.Add(1)
			source.open.Add(1)
		case http.StateClosed, http.StateHijacked:
			source.open.Add(-1)
		case http.StateActive, http.StateIdle:
		}
	}
	server.Start()
	defer server.Close()
	defer server.CloseClientConnections()

	began := time.Now()
	var next atomic.Int64
	processes := make([]*soakProcess, count)
	var all sync.WaitGroup
	for i := range processes {
		processes[i] = &soakProcess{requests: make(map[string]int)}
		processes[i].start(t, server.URL)
		defer processes[i].host.Close()
	}
	for _, p := range processes {
		all.Go(func() {
			for n := int(next.Add(1)) - 1; n < attempts; n = int(next.Add(1)) - 1 {
				if !p.attempt(t, n, list[n]) {
					return
				}
				p.sample(n, attempts)
			}
			p.ended = time.Now()
		})
	}
	all.Wait()
	took := time.Since(began)
	opened := source.opened.Load()
	// Each process keeps a connection to STS and one to Cognito. The server sees some
	// time later that a process has closed another.
	eventually(t, "at most two open connections a process", func() bool { return source.open.Load() <= int64(2*count) })
	open := source.open.Load()
	for _, p := range processes {
		if u, ok := usageOf(p.host.PID()); ok {
			p.late = u
		}
		if err := p.host.Close(); err != nil {
			t.Error(err)
		}
		p.read(t, list)
	}
	report(t, list, source, processes, opened, open, took)
}

// start starts the process and waits until it takes events.
func (p *soakProcess) start(t *testing.T, url string) {
	t.Helper()
	s := (&stub{url: url}).settings().with("SOURCE_MFA", "OFF")
	var env []string
	for name, value := range s {
		env = append(env, name+"="+value)
	}
	p.began = time.Now()
	host, err := lambdahost.Start(lambdahost.Config{
		Path: bootstrap.get(t).path, Name: peers.TriggerFunction, AccountID: peers.DestinationAccountID, Region: peers.Region,
		Env: env, Timeout: hanging,
	})
	if err != nil {
		t.Fatal(err)
	}
	p.host = host
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := host.Ready(ctx); err != nil {
		t.Fatal(err)
	}
}

// attempt makes one and notes what the answer shows.
func (p *soakProcess) attempt(t *testing.T, n int, s *soaked) bool {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	answer, err := p.host.Invoke(ctx, []byte(s.event))
	if err != nil {
		t.Errorf("attempt %d: %v", n, err)
		return false
	}
	p.requests[answer.RequestID] = n
	var answered struct {
		Response struct{ UserAttributes map[string]string }
	}
	switch {
	case answer.FunctionError != "":
		s.outcome = domain.OutcomeFailed
	case json.Unmarshal(answer.Payload, &answered) != nil:
		t.Errorf("attempt %d: %s", n, answer.Payload)
	case len(answered.Response.UserAttributes) == 0:
		s.outcome = domain.OutcomeRefused
	default:
		s.outcome = domain.OutcomeMigrated
	}
	return true
}

// sample measures the process now and then; the first fifth is its youth.
func (p *soakProcess) sample(n, attempts int) {
	if n%50 != 0 && p.early.rss != 0 {
		return
	}
	u, ok := usageOf(p.host.PID())
	if !ok {
		return
	}
	p.samples++
	p.peak = max(p.peak, u.rss)
	if n <= attempts/5 {
		p.early = usage{max(p.early.rss, u.rss), max(p.early.threads, u.threads), max(p.early.files, u.files)}
	}
}

// read reads what the process has written: records and metrics, by attempt.
func (p *soakProcess) read(t *testing.T, list []*soaked) {
	t.Helper()
	if text := p.host.Stderr(); text != "" {
		t.Errorf("stderr: %s", text)
	}
	output := p.host.Stdout()
	for _, problem := range notLogLines(output) {
		t.Error(problem)
	}
	for _, secret := range []string{"Canary-Soak-1!", "canary.example", "+819012345678", "soak-", "eyJhbGci", "eyJraWQi", "eyJ0eXAi", "eyJ-", "FQoGZXIvYXdz"} {
		if strings.Contains(output, secret) {
			t.Errorf("the output holds %s", secret)
		}
	}
	for text := range strings.Lines(output) {
		var l line
		if err := json.Unmarshal([]byte(text), &l); err != nil {
			t.Errorf("a line of the log is none: %s", text)
			continue
		}
		n, known := p.requests[l.AttemptID]
		switch {
		case l.AttemptID == "":
		case !known:
			t.Errorf("a line of an attempt that nobody made: %s", text)
		case l.AWS != nil:
			list[n].metered = append(list[n].metered, l.Outcome+": "+l.Reason)
		case l.Logger == "audit":
			list[n].recorded = append(list[n].recorded, l.Outcome+": "+l.Reason)
		}
	}
}

// report holds the counts against each other, and prints them.
func report(t *testing.T, list []*soaked, source *soakSource, processes []*soakProcess, opened, open int64, took time.Duration) {
	t.Helper()
	tallies := make(map[string]*[4]int) // by the source, by the answers, recorded, metered
	tally := func(outcome string, by int) {
		if tallies[outcome] == nil {
			tallies[outcome] = new([4]int)
		}
		tallies[outcome][by]++
	}
	late, faults, calls := 0, 0, 0
	for n, s := range list {
		expected := s.expected()
		if s.how != "" {
			faults++
		}
		calls += len(s.served["AdminInitiateAuth"]) + len(s.served["AdminGetUser"])
		if len(s.recorded) != 1 || !slices.Equal(s.recorded, s.metered) {
			t.Errorf("attempt %d: recorded %q, metered %q", n, s.recorded, s.metered)
			continue
		}
		recorded := s.recorded[0]
		if recorded == "failed: "+string(outOfTime) && expected != recorded {
			late++ // the machine stood still: nobody is to blame, and nothing was decided
			expected = recorded
		}
		if recorded != expected || !strings.HasPrefix(recorded, string(s.outcome)+": ") {
			t.Errorf("attempt %d: served %v, answered %s, recorded %s, want %s", n, s.served, s.outcome, recorded, expected)
		}
		if wrong := slices.DeleteFunc(slices.Clone(s.served["AdminInitiateAuth"]), func(served string) bool { return served != servedWrong }); len(wrong) > 1 {
			t.Errorf("attempt %d: the source judged a wrong password %d times", n, len(wrong))
		}
		tally(expected, 0)
		tally(string(s.outcome)+recorded[strings.Index(recorded, ":"):], 1)
		tally(recorded, 2)
		tally(s.metered[0], 3)
	}
	var table strings.Builder
	fmt.Fprintf(&table, "%-32s %10s %10s %10s %10s\n", "", "served", "answered", "recorded", "metered")
	sums := [4]int{}
	for _, outcome := range slices.Sorted(mapKeys(tallies)) {
		row := tallies[outcome]
		fmt.Fprintf(&table, "%-32s %10d %10d %10d %10d\n", outcome, row[0], row[1], row[2], row[3])
		for i := range sums {
			sums[i] += row[i]
		}
		if row[0] != row[1] || row[0] != row[2] || row[0] != row[3] {
			t.Errorf("%s: the counts differ: %v", outcome, *row)
		}
	}
	fmt.Fprintf(&table, "%-32s %10d %10d %10d %10d\n", "in all", sums[0], sums[1], sums[2], sums[3])
	if sums != [4]int{len(list), len(list), len(list), len(list)} {
		t.Errorf("%d attempts, counted %v", len(list), sums)
	}
	if most := max(len(list)/1000, 20); late > most {
		t.Errorf("%d attempts ran out of time without the source's doing", late)
	}
	memory := checkProcesses(t, processes)
	roles := checkCredentials(t, source, processes)
	// Each process has a connection to STS and one to Cognito, and a new one for
	// each that was broken under it. net/http also gives one up whose writer is slow
	// to report, as on a busy machine: one of fifty calls may need a new one for that.
	if most := int64(2*len(processes) + source.broken + late + calls/50); opened > most {
		t.Errorf("%d connections were opened, want at most %d", opened, most)
	}
	t.Logf("%d attempts (%d with a fault) in %d processes, %d calls, %s, %.0f a second\n%s"+
		"late by the machine's doing: %d\nconnections: %d opened, %d broken by faults, %d open at the end\n%s\n%s",
		len(list), faults, len(processes), calls, took.Round(time.Second), float64(len(list))/took.Seconds(), table.String(),
		late, opened, source.broken, open, roles, memory)
}

// checkProcesses holds that no process grew after its youth.
func checkProcesses(t *testing.T, processes []*soakProcess) string {
	t.Helper()
	var early, late, peak usage
	for i, p := range processes {
		if p.late.rss == 0 {
			return "memory: not measured here"
		}
		early = usage{max(early.rss, p.early.rss), max(early.threads, p.early.threads), max(early.files, p.early.files)}
		late = usage{max(late.rss, p.late.rss), max(late.threads, p.late.threads), max(late.files, p.late.files)}
		peak.rss = max(peak.rss, p.peak)
		if most := p.early.rss + p.early.rss/4 + 12<<10; p.early.rss > 0 && p.late.rss > most {
			t.Errorf("process %d grew from %d kB to %d kB", i, p.early.rss, p.late.rss)
		}
		// A leak is one of each attempt, of which a process makes hundreds. Below that,
		// the number of threads is up to the machine.
		if p.early.files > 0 && (p.late.files > p.early.files+16 || p.late.threads > p.early.threads+32) {
			t.Errorf("process %d: %d files and %d threads have become %d and %d", i, p.early.files, p.early.threads, p.late.files, p.late.threads)
		}
	}
	return fmt.Sprintf("the largest process: %d kB, %d threads, %d files in its first fifth; %d kB, %d threads, %d files at the end; %d kB at most",
		early.rss, early.threads, early.files, late.rss, late.threads, late.files, peak.rss)
}

// checkCredentials holds that a set is asked for once a process, and once each
// time that it is due.
func checkCredentials(t *testing.T, source *soakSource, processes []*soakProcess) string {
	t.Helper()
	const due = 2 * time.Second // three, and the expiry is in whole seconds
	given, refreshed := 0, 0
	for session, times := range source.sessions {
		given += len(times)
		refreshed += len(times) - 1
		for i := 1; i < len(times); i++ {
			if since := times[i].Sub(times[i-1]); since < due {
				t.Errorf("session %s was asked for again after %v", session, since)
			}
		}
	}
	if len(source.sessions) != len(processes) {
		t.Errorf("%d sessions of %d processes", len(source.sessions), len(processes))
	}
	return fmt.Sprintf("credentials: %d sets for %d processes, %d of them because the one before was due", given, len(processes), refreshed)
}
