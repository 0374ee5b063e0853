package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
)

// twoPools stands for a source and a destination of so many users each. Half of the
// source users have moved. Some pages are short or empty though more follow, and
// some requests are throttled.
type twoPools struct {
	users    int
	requests atomic.Int64
	// then is called at one of the requests.
	atRequest atomic.Int64
	then      atomic.Pointer[func()]
}

const (
	bigSource      = "us-east-1_BigSource"
	bigDestination = "us-east-1_BigDestination"
)

func (p *twoPools) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct{ UserPoolId, PaginationToken, Filter string } //nolint:revive // the API's own name
	_ = json.NewDecoder(r.Body).Decode(&in)
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if strings.HasSuffix(r.Header.Get("X-Amz-Target"), "DescribeUserPool") {
		_, _ = fmt.Fprintf(w, `{"UserPool":{"Id":%q,"Name":"big","EstimatedNumberOfUsers":%d}}`, in.UserPoolId, p.users)
		return
	}
	count := p.requests.Add(1)
	if count == p.atRequest.Load() {
		(*p.then.Load())()
	}
	if count%97 == 0 {
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"__type":"TooManyRequestsException","message":"no"}`))
		return
	}
	// The user i has a sub that begins with the hexadecimal digit i%16.
	first, step := 0, 1
	if in.Filter != "" {
		digit, _ := strconv.ParseInt(in.Filter[len(`sub ^= "`):len(in.Filter)-1], 16, 64)
		first, step = int(digit), 16
	}
	position, _ := strconv.Atoi(in.PaginationToken)
	size := 60
	switch count % 31 {
	case 0:
		size = 0
	case 7:
		size = 13
	}
	var b bytes.Buffer
	b.WriteString(`{"Users":[`)
	for i := range size {
		at := first + (position+i)*step
		if at >= p.users {
			break
		}
		if i > 0 {
			b.WriteByte(',')
		}
		p.user(&b, at, in.UserPoolId == bigDestination)
	}
	b.WriteByte(']')
	if first+(position+size)*step < p.users {
		fmt.Fprintf(&b, `,"PaginationToken":"%d"`, position+size)
	}
	b.WriteByte('}')
	_, _ = w.Write(b.Bytes())
}

// user writes a user. The destination has the first half of the source's users, and
// as many newcomers.
func (p *twoPools) user(b *bytes.Buffer, i int, destination bool) {
	sub := fmt.Sprintf("%x%07x-0000-4000-8000-000000000000", i%16, i/16)
	name, attributes := "user-"+strconv.Itoa(i), ""
	if destination {
		attributes = fmt.Sprintf(`,{"Name":"custom:legacy_sub","Value":%q}`, sub)
		if i >= p.users/2 {
			name, attributes = "newcomer-"+strconv.Itoa(i), ""
		}
		sub = sub[:len(sub)-1] + "1"
	}
	fmt.Fprintf(b, `{"Username":%q,"UserStatus":"CONFIRMED","Enabled":true,"UserCreateDate":1795000000,"Attributes":[{"Name":"sub","Value":%q},{"Name":"email","Value":"%s@example.com"},{"Name":"email_verified","Value":"true"}%s]}`,
		name, sub, name, attributes)
}

// command is the report over the two pools.
func (p *twoPools) command(ctx context.Context, tool, folder, url string, arguments ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, tool, append([]string{"report", "--destination-pool", bigDestination, "--rate", "1000000", "--json"}, arguments...)...)
	command.Dir = folder
	command.Env = []string{
		"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=" + url, "AWS_ACCESS_KEY_ID=AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret", "AWS_REGION=us-east-1",
		"HOME=" + folder, "AWS_EC2_METADATA_DISABLED=true",
		"SOURCE_USER_POOL_ID=" + bigSource, "SOURCE_CLIENT_ID=client", "MIGRATE_ATTRIBUTES=*,custom:legacy_sub=sub",
	}
	return command
}

// TestAReportThatWasKilledHasTheSameTotals kills the tool in the middle of the
// listing, several times, and lets it continue.
func TestAReportThatWasKilledHasTheSameTotals(t *testing.T) {
	t.Parallel()
	users := 8000
	if many, err := strconv.Atoi(os.Getenv("REPORT_USERS")); err == nil { // for a measurement by hand
		users = many
	}
	pools := &twoPools{users: users}
	server := httptest.NewServer(pools)
	defer server.Close()
	folder := t.TempDir()
	tool := filepath.Join(folder, "migratectl")
	if output, err := exec.CommandContext(t.Context(), "go", "build", "-o", tool, "../../app/cmd/migratectl").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, output)
	}
	for _, after := range []int64{3, 20, 40} {
		ctx, kill := context.WithCancel(t.Context())
		command := pools.command(ctx, tool, folder, server.URL)
		pools.requests.Store(0)
		stop := func() { kill() }
		pools.then.Store(&stop)
		pools.atRequest.Store(after)
		err := command.Run()
		kill()
		if err == nil {
			t.Fatalf("it was not killed at request %d", after)
		}
	}
	pools.atRequest.Store(0)
	command := pools.command(t.Context(), tool, folder, server.URL)
	var notes bytes.Buffer
	command.Stderr = &notes
	out, err := command.Output()
	if err != nil {
		t.Fatalf("%v\n%s", err, notes.String())
	}
	got := read(t, string(out))
	half := users / 2
	for what, numbers := range map[string][2]int{
		"source": {got.Source[0].Users, users}, "destination": {got.Destination.Users, users}, "newcomers": {got.Destination.Newcomers, users - half},
		"moved": {got.Moved.Users, half}, "remaining": {got.Remaining.Users, users - half}, "conflicts": {got.Conflicts.Users, 0},
	} {
		if numbers[0] != numbers[1] {
			t.Errorf("%s: %d, want %d", what, numbers[0], numbers[1])
		}
	}
	usage, _ := command.ProcessState.SysUsage().(*syscall.Rusage)
	t.Logf("the last run: %v of processor time, %d kB at most", command.ProcessState.UserTime()+command.ProcessState.SystemTime(), usage.Maxrss)
}
