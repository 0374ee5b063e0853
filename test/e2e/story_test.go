package e2e_test

import (
	"fmt"
	"maps"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/domain"
	"cognito-user-migration/test/importstub"
	"cognito-user-migration/test/peers"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
)

// storyUsers is how many users the story has. STORY_USERS=2000 tells the whole one.
func storyUsers(t *testing.T) int {
	t.Helper()
	text := os.Getenv("STORY_USERS")
	if text == "" {
		return 32
	}
	users, err := strconv.Atoi(text)
	if err != nil || users < 16 || users%16 != 0 {
		t.Fatalf("STORY_USERS: %q is not valid; expected a multiple of 16", text)
	}
	return users
}

const storyPassword = "Right-Password-1"

// story is a migration from its first user to its last.
type story struct {
	*sweeping
	mover *function
	names []string
	// Each user is of one kind.
	signIn, forget, tail, disabled, unproved []string
}

// newStory fills the source. Of 16 users, 8 sign in, 2 forget their password, 4 never
// come, one is disabled, and one has an address that nobody has verified.
func newStory(t *testing.T) *story {
	t.Helper()
	s := &story{sweeping: newSweeping(t)}
	for i := range storyUsers(t) {
		name := fmt.Sprintf("user-%04d", i)
		user := peers.User{Username: name, Password: storyPassword, Attributes: map[string]string{"email": name + "@example.com", "email_verified": "true", "name": "Doe, " + name}}
		kind := &s.signIn
		switch i % 16 {
		case 8, 9:
			kind = &s.forget
		case 10, 11, 12, 13:
			kind = &s.tail
		case 14:
			kind, user.Disabled = &s.disabled, true
		case 15:
			kind, user.Attributes["email_verified"] = &s.unproved, "false"
		}
		*kind, s.names = append(*kind, name), append(s.names, name)
		s.atSource(user)
	}
	of := make(settings)
	for _, variable := range s.environment {
		name, value, _ := strings.Cut(variable, "=")
		of[name] = value
	}
	s.mover = start(t, of.with("AWS_ACCESS_KEY_ID", s.source.Caller.AccessKeyID, "AWS_SECRET_ACCESS_KEY", s.source.Caller.SecretAccessKey))
	return s
}

// create does what Cognito does with a response, or with a row of an import file. A
// user without a password then sets one by a code.
func (s *story) create(name string, attributes map[string]string) {
	s.t.Helper()
	attributes = maps.Clone(attributes)
	delete(attributes, "username")
	s.atDestination(name, true, attributes)
}

func (s *story) move(names []string, event func(string) string, reason domain.Reason) {
	s.t.Helper()
	for _, name := range names {
		s.create(name, s.mover.migrates(change(s.t, event(name), someUserPool, s.pool), reason).UserAttributes)
	}
}

// figures runs a report and returns it.
func (s *story) figures() reported {
	s.t.Helper()
	out, notes, code := s.run(nil, "--source-aws-profile", "source", "--rescan", "--json")
	if code != 0 {
		s.t.Fatalf("report: exit code %d, %s", code, notes)
	}
	return read(s.t, out)
}

// importTail exports who never came, has the stub of the import job import them, and
// creates in moto what the job has imported.
func (s *story) importTail() {
	s.t.Helper()
	const role = "arn:aws:iam::111111111111:role/import"
	stub := &importstub.Stub{
		PoolID: s.pool, PoolName: "story", Roles: []string{role}, AutoVerified: []string{"email"}, AliasAttributes: []string{"email"}, MFA: "OFF", Step: 1000,
		Header: strings.Split("name,given_name,family_name,middle_name,nickname,preferred_username,profile,picture,website,email,email_verified,gender,birthdate,"+
			"zoneinfo,locale,phone_number,phone_number_verified,address,updated_at,cognito:mfa_enabled,cognito:username,custom:legacy_sub", ","),
		Now: time.Now,
	}
	server := httptest.NewServer(stub)
	s.t.Cleanup(server.Close)
	stub.Change(func(s *importstub.Stub) { s.URL = server.URL })
	for _, arguments := range [][]string{
		{"export", "--state", "move.db", "--out", "tail"},
		{"import", "--in", "tail", "--destination-pool", s.pool, "--role", role, "--poll", "1ms", "--yes"},
	} {
		command := exec.CommandContext(s.t.Context(), s.tool, arguments...)
		command.Dir = s.folder
		command.Env = append(slices.Clone(s.environment), "AWS_ENDPOINT_URL="+server.URL, "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER="+server.URL)
		if output, err := command.CombinedOutput(); err != nil {
			s.t.Fatalf("%s: %v\n%s", arguments[0], err, output)
		}
	}
	var imported []string
	for name, times := range stub.Times() {
		if times != 1 {
			s.t.Errorf("%s was imported %d times", name, times)
		}
		imported = append(imported, name)
		attributes := make(map[string]string)
		for column, value := range stub.Row(name) {
			if value != "" && !strings.HasPrefix(column, "cognito:") && column != "phone_number_verified" {
				attributes[column] = value
			}
		}
		s.create(name, attributes)
	}
	slices.Sort(imported)
	if !slices.Equal(imported, s.tail) {
		s.t.Errorf("imported: %v, want %v", imported, s.tail)
	}
	left, err := os.ReadFile(filepath.Join(s.folder, "tail", "left-out.csv"))
	for _, name := range slices.Concat(s.disabled, s.unproved) {
		if err != nil || !strings.Contains(string(left), name) {
			s.t.Errorf("left-out.csv does not name %s (%v)", name, err)
		}
	}
}

// claims asks the claims function about users, as Cognito does for each token.
func (s *story) claims() {
	s.t.Helper()
	f := launchClaims(s.t)
	s.atDestination("newcomer", true, map[string]string{"email": "newcomer@example.com", "email_verified": "true"})
	for _, name := range []string{s.signIn[0], s.forget[0], s.tail[0], "newcomer"} {
		user, err := s.here.AdminGetUser(s.t.Context(), &cognitoidentityprovider.AdminGetUserInput{UserPoolId: &s.pool, Username: &name})
		if err != nil {
			s.t.Fatal(err)
		}
		attributes := make(map[string]string)
		for _, attribute := range user.UserAttributes {
			attributes[aws.ToString(attribute.Name)] = aws.ToString(attribute.Value)
		}
		want := s.subs[name]
		if name == "newcomer" {
			want = attributes["sub"]
		}
		event := `{"version":"2","triggerSource":"TokenGeneration_Authentication","request":{"userAttributes":` + quote(attributes) + `},"response":{}}`
		if result := f.invoke(event); result.FunctionError != "" || strings.Count(string(result.Payload), `{"legacy_sub":"`+want+`"}`) != 2 || want == "" {
			s.t.Errorf("%s: the tokens do not hold the old sub: %s", name, result.Payload)
		}
	}
}

// TestTheWholeStory: half of the users sign in, some forget their password, the tail is
// imported, the sweep completes, the report names every exception, the claims are in the
// tokens, and undo works.
func TestTheWholeStory(t *testing.T) {
	t.Parallel()
	peers.Require(t, peers.MotoServer)
	s := newStory(t)
	if before := s.figures(); before.Moved.Users != 0 || before.Remaining.Users != len(s.names) {
		t.Errorf("at first: %+v", before)
	}
	s.move(s.signIn, func(name string) string { return signIn(name, storyPassword) }, domain.ReasonPasswordAccepted)
	s.move(s.forget, forgotPassword, domain.ReasonForgotPassword)
	for _, name := range s.disabled {
		s.mover.refuses(change(t, signIn(name, storyPassword), someUserPool, s.pool), domain.ReasonUserDisabled)
	}
	if half := s.figures(); half.Moved.Confirmed != len(s.signIn)+len(s.forget) || half.Conflicts.Users != 0 {
		t.Errorf("half-way: %+v", half)
	}
	s.importTail()
	moved := slices.Sorted(slices.Values(slices.Concat(s.signIn, s.forget, s.tail)))
	end := s.figures()
	refuse := end.Remaining.Import.Impossible
	if end.Moved.Confirmed != len(moved) || end.Remaining.Users != len(s.disabled)+len(s.unproved) || end.Conflicts.Users != 0 ||
		refuse["user_disabled"] != len(s.disabled) || refuse["no_verified_contact"] != len(s.unproved) {
		t.Errorf("at the end: %+v", end)
	}
	s.claims()
	out, records, code := s.complete(append(slices.Clone(s.worker), "COMPLETION_GROUPS="), "--state", "move.db", "--json", "--yes")
	if got := readJSON[swept](t, out); code != 0 || len(got.People) != len(moved) {
		t.Errorf("sweep: exit code %d, %d users", code, len(got.People))
	}
	if now := s.enabled(s.names...); !slices.Equal(now, s.unproved) {
		t.Errorf("enabled after the sweep: %v", now)
	}
	if after := s.figures(); after.Moved.Retired != len(moved) {
		t.Errorf("after the sweep: %+v", after)
	}
	if err := os.WriteFile(filepath.Join(s.folder, "records.log"), []byte(records), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, notes, code := s.complete(nil, "--undo", "records.log", "--source-aws-profile", "source", "--yes"); code != 0 {
		t.Errorf("undo: exit code %d, %s", code, notes)
	}
	if now := s.enabled(s.names...); !slices.Equal(now, slices.Sorted(slices.Values(slices.Concat(moved, s.unproved)))) {
		t.Errorf("enabled after undo: %v", now)
	}
}
