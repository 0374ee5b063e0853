package e2e_test

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"cognito-user-migration/test/peers"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// reporting is a source pool, a destination pool and the tool, in moto.
type reporting struct {
	t                  *testing.T
	source             *peers.Source
	here               *cognitoidentityprovider.Client
	pool, tool, folder string
	environment        []string
	mu                 sync.Mutex
	subs               map[string]string
}

func newReporting(t *testing.T) *reporting {
	t.Helper()
	source, s := motoSource(t, peers.SourceOptions{})
	m := moto.get(t)
	destination, err := m.NewDestination(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	r := &reporting{t: t, tool: tool.get(t).path, source: source, folder: t.TempDir(), subs: make(map[string]string)}
	r.here = cognitoidentityprovider.New(cognitoidentityprovider.Options{
		BaseEndpoint: &m.URL, Region: peers.Region, Credentials: credentials.StaticCredentialsProvider{Value: destination.Administrator},
	})
	pool, err := r.here.CreateUserPool(t.Context(), &cognitoidentityprovider.CreateUserPoolInput{
		PoolName:              aws.String("destination"),
		UsernameConfiguration: &types.UsernameConfigurationType{CaseSensitive: aws.Bool(false)},
		AliasAttributes:       []types.AliasAttributeType{types.AliasAttributeTypeEmail},
		Schema:                []types.SchemaAttributeType{{Name: aws.String("legacy_sub"), AttributeDataType: types.AttributeDataTypeString, Mutable: aws.Bool(true)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	r.pool = aws.ToString(pool.UserPool.Id)
	profiles := fmt.Sprintf("[source]\naws_access_key_id=%s\naws_secret_access_key=%s\n", source.Administrator.AccessKeyID, source.Administrator.SecretAccessKey)
	file := filepath.Join(r.folder, "credentials")
	if err := os.WriteFile(file, []byte(profiles), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, value := range s.with(
		"AWS_ACCESS_KEY_ID", destination.Administrator.AccessKeyID, "AWS_SECRET_ACCESS_KEY", destination.Administrator.SecretAccessKey,
		"AWS_SHARED_CREDENTIALS_FILE", file, "AWS_CONFIG_FILE", filepath.Join(r.folder, "none"), "AWS_REGION", peers.Region,
	) {
		r.environment = append(r.environment, name+"="+value)
	}
	return r
}

// atSource puts a user into the source and returns their sub.
func (r *reporting) atSource(user peers.User) {
	if err := r.source.CreateUser(r.t.Context(), user); err != nil {
		r.t.Fatal(err)
	}
	read, err := r.source.GetUser(r.t.Context(), user.Username)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, attribute := range read.UserAttributes {
		if aws.ToString(attribute.Name) == "sub" {
			r.mu.Lock()
			r.subs[user.Username] = aws.ToString(attribute.Value)
			r.mu.Unlock()
		}
	}
}

// atDestination puts a user into the destination, CONFIRMED on request.
func (r *reporting) atDestination(name string, confirmed bool, attributes map[string]string) {
	input := &cognitoidentityprovider.AdminCreateUserInput{UserPoolId: &r.pool, Username: &name, MessageAction: types.MessageActionTypeSuppress}
	for attribute, value := range attributes {
		input.UserAttributes = append(input.UserAttributes, types.AttributeType{Name: aws.String(attribute), Value: aws.String(value)})
	}
	_, err := r.here.AdminCreateUser(r.t.Context(), input)
	if err == nil && confirmed {
		_, err = r.here.AdminSetUserPassword(r.t.Context(), &cognitoidentityprovider.AdminSetUserPasswordInput{
			UserPoolId: &r.pool, Username: &name, Password: aws.String("Right-Password-1"), Permanent: true,
		})
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

// run runs the command and returns what it printed and its exit code.
func (r *reporting) run(environment []string, arguments ...string) (out, notes string, code int) {
	r.t.Helper()
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(r.t.Context(), r.tool, append([]string{"report", "--destination-pool", r.pool, "--rate", "100000"}, arguments...)...)
	command.Dir, command.Env = r.folder, append(append([]string{}, r.environment...), environment...)
	command.Stdout, command.Stderr = &stdout, &stderr
	err := command.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		r.t.Fatal(err)
	}
	return stdout.String(), stderr.String(), command.ProcessState.ExitCode()
}

// reported is the part of the output that the tests compare.
type reported struct {
	Source []struct {
		Users    int
		ByStatus map[string]int
		Disabled int
	}
	Destination struct {
		Users, Newcomers int
	}
	Moved     struct{ Users, Confirmed, ResetRequired, Other, Retired int }
	Remaining struct {
		Users  int
		SignIn struct {
			Migrate int
			Refuse  map[string]int
		}
		ForgotPassword struct {
			Migrate int
			Refuse  map[string]int
		}
		Import struct {
			Possible   int
			Impossible map[string]int
		}
	}
	Conflicts struct {
		Users   int
		ByCause map[string]int
	}
	Groups []groupCounts
	ByDay  []struct {
		Day   string
		Moved int
	}
}

type groupCounts struct {
	Source, Name, Destination                string
	Users, Moved, Remaining, Conflicts, Owed int
}

func read(t *testing.T, out string) reported {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile("../../docs/report.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(strings.NewReader(out))
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := schema.Validate(document); err != nil {
		t.Errorf("the output is not as docs/report.schema.json says: %v", err)
	}
	var got reported
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	return got
}

// TestTheReportCountsEveryKindOfUser fills two pools with users of every kind, and
// knows how many there are of each.
func TestTheReportCountsEveryKindOfUser(t *testing.T) {
	t.Parallel()
	r := newReporting(t)
	const each = 3
	email := func(name string) map[string]string {
		return map[string]string{"email": name + "@example.com", "email_verified": "true"}
	}
	for i := range each {
		name := func(kind string) string { return fmt.Sprintf("%s-%d", kind, i) }
		user := func(kind string) peers.User {
			return peers.User{Username: name(kind), Password: "Right-Password-1", Attributes: email(name(kind))}
		}
		moved := func(kind string, confirmed bool) {
			attributes := maps.Clone(email(name(kind)))
			attributes["custom:legacy_sub"] = r.subs[name(kind)]
			r.atDestination(name(kind), confirmed, attributes)
		}
		// Users who moved.
		r.atSource(user("moved"))
		moved("moved", true)
		r.atSource(user("reset"))
		moved("reset", false) // FORCE_CHANGE_PASSWORD stands for another status
		retired := user("retired")
		retired.Disabled = true
		r.atSource(retired)
		moved("retired", true)
		// Users who remain.
		r.atSource(user("plain"))
		temporary := user("temporary")
		temporary.TemporaryPassword = true
		r.atSource(temporary)
		disabled := user("disabled")
		disabled.Disabled = true
		r.atSource(disabled)
		unverified := user("unverified")
		unverified.Attributes["email_verified"] = "false"
		r.atSource(unverified)
		r.atSource(user("letters"))
		upper := user("x")
		upper.Username = strings.ToUpper(name("letters"))
		r.atSource(upper)
		twin := user("twin")
		r.atSource(twin)
		other := user("other-twin")
		other.Attributes = email(name("twin"))
		r.atSource(other)
		// Conflicts.
		r.atSource(user("taken"))
		r.atDestination(name("taken"), true, map[string]string{"email": name("stranger") + "@example.com", "email_verified": "true"})
		// Newcomers.
		r.atDestination(name("newcomer"), true, email(name("newcomer")))
	}
	carried := []string{"MIGRATE_ATTRIBUTES=*,custom:legacy_sub=sub"}
	out, notes, code := r.run(carried, "--source-aws-profile", "source", "--json", "--remaining", "remaining.csv", "--map", "map.csv", "--html", "page.html")
	if code != 0 {
		t.Fatalf("exit code %d\n%s", code, notes)
	}
	got := read(t, out)
	is := func(what string, got, want int) {
		t.Helper()
		if got != want {
			t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
	is("source", got.Source[0].Users, 12*each)
	is("source disabled", got.Source[0].Disabled, 2*each)
	is("source with a temporary password", got.Source[0].ByStatus["FORCE_CHANGE_PASSWORD"], each)
	is("destination", got.Destination.Users, 5*each)
	is("newcomers", got.Destination.Newcomers, each)
	is("moved", got.Moved.Users, 3*each)
	is("moved, confirmed", got.Moved.Confirmed, 2*each)
	is("moved, other", got.Moved.Other, each)
	is("moved, retired", got.Moved.Retired, each)
	is("conflicts", got.Conflicts.Users, each)
	is("conflicts by sub", got.Conflicts.ByCause["different_sub"], each)
	is("remaining", got.Remaining.Users, 8*each)
	is("sign-in: migrate", got.Remaining.SignIn.Migrate, 3*each)
	for reason, want := range map[string]int{"user_disabled": each, "username_shared": 2 * each, "contact_shared": 2 * each} {
		is("sign-in: "+reason, got.Remaining.SignIn.Refuse[reason], want)
		is("import: "+reason, got.Remaining.Import.Impossible[reason], want)
	}
	is("forgot-password: no verified contact", got.Remaining.ForgotPassword.Refuse["no_verified_contact"], each)
	is("import: possible", got.Remaining.Import.Possible, 2*each)
	byDay := 0
	for _, day := range got.ByDay {
		byDay += day.Moved
	}
	is("moved by day", byDay, got.Moved.Users)
	is("lines of --remaining", len(lines(t, filepath.Join(r.folder, "remaining.csv"))), 1+8*each)
	pairs := lines(t, filepath.Join(r.folder, "map.csv"))
	is("lines of --map", len(pairs), 1+3*each)
	for _, pair := range pairs[1:] {
		if r.subs[pair[3]] != pair[1] || pair[2] == "" || pair[2] == pair[1] {
			t.Errorf("--map has %q", pair)
		}
	}
	r.again(carried, out)
}

// again holds what the second call does: it shows the finished scan, in text too.
func (r *reporting) again(environment []string, before string) {
	r.t.Helper()
	out, notes, code := r.run(environment, "--source-aws-profile", "source", "--json")
	if code != 0 || out != before || !strings.Contains(notes, "--rescan lists everything again") {
		r.t.Errorf("the second call differs: exit code %d, %s", code, notes)
	}
	text, _, code := r.run(environment, "--source-aws-profile", "source", "--rescan")
	if code != 0 {
		r.t.Errorf("--rescan: exit code %d", code)
	}
	for line := range strings.Lines(text) {
		if utf8.RuneCountInString(strings.TrimSuffix(line, "\n")) > 80 {
			r.t.Errorf("a line has more than 80 columns: %q", line)
		}
	}
	info, err := os.Stat(filepath.Join(r.folder, "move.db"))
	if err != nil || info.Mode().Perm() != fs.FileMode(0o600) {
		r.t.Errorf("the state file: %v, %v", info.Mode(), err)
	}
	if _, notes, code = r.run(environment, "--source-aws-profile", "source", "--rate", "0"); code != 2 || !strings.Contains(notes, "above zero") {
		r.t.Errorf("--rate 0: exit code %d, %s", code, notes)
	}
	denied := append(slices.Clone(environment), "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER="+awsDenials(r.t, moto.get(r.t).URL))
	if _, notes, code = r.run(denied, "--state", "other.db"); code != 1 || !strings.Contains(notes, "not listed: SOURCE:") {
		r.t.Errorf("a role that may not list: exit code %d, %s", code, notes)
	}
	if _, notes, code = r.run([]string{"MIGRATE_ATTRIBUTES=email"}, "--source-aws-profile", "source"); code != 1 || !strings.Contains(notes, "other rules") {
		r.t.Errorf("other rules: exit code %d, %s", code, notes)
	}
}

// awsDenials is the address of a server before moto, which words a denial as Cognito
// does. Moto answers in XML, as no service of this protocol does, and such an answer is
// tried again for a minute.
func awsDenials(t *testing.T, endpoint string) string {
	t.Helper()
	target, err := url.Parse(endpoint)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(target)
	proxy.ModifyResponse = func(r *http.Response) error {
		if r.StatusCode == http.StatusForbidden {
			const denial = `{"__type":"AccessDeniedException","message":"not authorized"}`
			r.StatusCode, r.Body = http.StatusBadRequest, io.NopCloser(strings.NewReader(denial))
			r.Header.Set("Content-Type", "application/x-amz-json-1.1")
			r.Header.Set("Content-Length", strconv.Itoa(len(denial)))
		}
		return nil
	}
	server := httptest.NewServer(proxy)
	t.Cleanup(server.Close)
	return server.URL
}

func lines(t *testing.T, path string) [][]string {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	rows, err := csv.NewReader(file).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}
