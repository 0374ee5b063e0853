package e2e_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/adapters/sqscompletion"
	"cognito-user-migration/domain"
	"cognito-user-migration/test/lambdahost"
	"cognito-user-migration/test/peers"

	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// secondHalf is a move from end to end: moto as both accounts, its SQS, and the
// real binary as both functions. Moto has no triggers, so the test plays
// Cognito's part.
type secondHalf struct {
	t       *testing.T
	source  *peers.Source
	here    *peers.Completion
	queue   *peers.Queue
	mover   *function
	worker  *function
	setting settings
}

// completionKey signs what the queue keeps.
const completionKey = "a completion key of thirty-two bytes"

// newSecondHalf sets everything up; the pairs are settings of both functions.
func newSecondHalf(t *testing.T, receives int, pairs ...string) *secondHalf {
	t.Helper()
	return secondHalfOf(t, receives, settings{}, pairs...)
}

// secondHalfOf is newSecondHalf with these settings instead of those of the
// source pool; with none, the source is the pool.
func secondHalfOf(t *testing.T, receives int, other settings, pairs ...string) *secondHalf {
	t.Helper()
	source, s := motoSource(t, peers.SourceOptions{})
	m := moto.get(t)
	here, err := m.NewCompletion(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	queue, err := m.NewQueue(t.Context(), receives)
	if err != nil {
		t.Fatal(err)
	}
	role := []string{"SOURCE_ROLE_ARN", here.RoleARN}
	if len(other) > 0 {
		for _, name := range []string{"SOURCE_USER_POOL_ID", "SOURCE_CLIENT_ID", "SOURCE_ROLE_ARN", "SOURCE_EXTERNAL_ID"} {
			delete(s, name)
		}
		s, role = s.with(flat(other)...), nil
	}
	s = s.with(append([]string{"AWS_ENDPOINT_URL_SQS", m.URL, "COMPLETION_QUEUE_URL", queue.URL,
		"COMPLETION_HMAC_KEY", completionKey, "MIGRATE_ATTRIBUTES", "*,custom:legacy_sub=sub"}, pairs...)...)
	h := &secondHalf{t: t, source: source, here: here, queue: queue, setting: s}
	h.mover = start(t, s.with("AWS_ACCESS_KEY_ID", here.Mover.AccessKeyID, "AWS_SECRET_ACCESS_KEY", here.Mover.SecretAccessKey))
	h.worker = h.startWorker(t, role...)
	return h
}

// startWorker starts the function that finishes moves.
func (h *secondHalf) startWorker(t *testing.T, pairs ...string) *function {
	t.Helper()
	s := h.setting.with("AWS_ACCESS_KEY_ID", h.here.Worker.AccessKeyID, "AWS_SECRET_ACCESS_KEY", h.here.Worker.SecretAccessKey).with(pairs...)
	f := launch(t, s, func(c *lambdahost.Config) { c.Args, c.Name = []string{"complete"}, "user-migration-completion" })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := f.Ready(ctx); err != nil {
		t.Fatalf("the function did not start: %v\n%s%s", err, f.Stdout(), f.Stderr())
	}
	return f
}

// atSource puts a new person into the source.
func (h *secondHalf) atSource(groups ...string) person {
	h.t.Helper()
	p := newPerson()
	h.mover.hidePerson(p)
	h.worker.hidePerson(p)
	err := h.source.CreateUser(h.t.Context(), peers.User{Username: p.username, Password: p.password, Attributes: p.attributes()})
	if err == nil {
		err = h.source.PutInGroups(h.t.Context(), p.username, groups...)
	}
	if err != nil {
		h.t.Fatal(err)
	}
	return p
}

// signsIn lets the function decide about a sign-in, as Cognito does.
func (h *secondHalf) signsIn(p person) response {
	h.t.Helper()
	return h.mover.migrates(change(h.t, signIn(p.username, p.password), someUserPool, h.here.UserPoolID), domain.ReasonPasswordAccepted)
}

// cognitoCreates makes the destination user of the function's response.
func (h *secondHalf) cognitoCreates(p person, of response, password string) {
	h.t.Helper()
	if err := h.here.CreateUser(h.t.Context(), p.username, password, of.UserAttributes); err != nil {
		h.t.Fatal(err)
	}
}

// deliver hands the worker what is in the queue, and returns how many messages
// came and how many came back.
func (h *secondHalf) deliver() (came []string, back int) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	if err := h.queue.ShowAll(ctx); err != nil {
		h.t.Fatal(err)
	}
	for {
		bodies, returned, err := h.queue.Deliver(ctx, func(event []byte) []byte {
			result := h.worker.invoke(string(event))
			if result.FunctionError != "" {
				h.t.Fatalf("function error: %s", result.Payload)
			}
			return result.Payload
		})
		if err != nil {
			h.t.Fatal(err)
		}
		if len(bodies) == 0 {
			return came, back
		}
		came, back = append(came, bodies...), back+returned
	}
}

// waitForMessages waits until the delay of so many is over.
func (h *secondHalf) waitForMessages(many int) {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), time.Minute)
	defer cancel()
	if err := h.queue.WaitVisible(ctx, many); err != nil {
		h.t.Fatal(err)
	}
}

// stands tells how a person stands at the source: enabled, disabled or gone.
func (h *secondHalf) stands(p person) string {
	h.t.Helper()
	user, err := h.source.GetUser(h.t.Context(), p.username)
	switch {
	case err != nil && strings.Contains(err.Error(), "UserNotFoundException"):
		return "gone"
	case err != nil:
		h.t.Fatal(err)
	case !user.Enabled:
		return "disabled"
	case user.UserStatus != types.UserStatusTypeConfirmed:
		return string(user.UserStatus)
	}
	return "enabled"
}

func (h *secondHalf) wantStanding(p person, want string) {
	h.t.Helper()
	if got := h.stands(p); got != want {
		h.t.Errorf("at the source the person is %s, want %s", got, want)
	}
}

// groups lists a person's groups in the destination, in order.
func (h *secondHalf) groups(p person) []string {
	h.t.Helper()
	groups, err := h.here.Groups(h.t.Context(), p.username)
	if err != nil {
		h.t.Fatal(err)
	}
	slices.Sort(groups)
	return groups
}

// completionRecord is a line of the audit log about a completion.
type completionRecord struct {
	Logger, AttemptID, Completion, Reason, Source, SourceUser, UserPoolID, Username string
	Groups                                                                          int
}

// records lists how tries ended so far, as outcome: reason or what became of the
// source user.
func (h *secondHalf) records(f *function) []string {
	var ended []string
	for line := range strings.Lines(f.Stdout()) {
		var r completionRecord
		if json.Unmarshal([]byte(line), &r) == nil && r.Logger == "audit" {
			what := r.Reason
			if r.Completion == "completed" {
				what = strings.TrimSuffix(r.SourceUser+" "+r.Reason, " ")
			}
			ended = append(ended, r.Completion+": "+what)
		}
	}
	return ended
}

// ends waits for the record of a try that begins so.
func (h *secondHalf) ends(f *function, want string, times int) {
	h.t.Helper()
	eventually(h.t, "the record "+want, func() bool {
		n := 0
		for _, got := range h.records(f) {
			if strings.HasPrefix(got, want) {
				n++
			}
		}
		return n >= times
	})
}

// TestTheSecondHalfOfAMoveDisables: groups are mapped and made, and the source
// user is disabled, once the destination user can sign in and not before.
func TestTheSecondHalfOfAMoveDisables(t *testing.T) {
	t.Parallel()
	h := newSecondHalf(t, 50, "COMPLETION_AFTER", "disable", "COMPLETION_GROUPS", "editors=writers,*", "COMPLETION_CREATE_GROUPS", "true")
	if err := h.here.CreateGroup(t.Context(), "writers"); err != nil {
		t.Fatal(err)
	}
	signedIn, forgot := h.atSource("editors", "beta"), h.atSource("editors")

	answer := h.signsIn(signedIn)
	event := change(t, forgotPassword(forgot.username), someUserPool, h.here.UserPoolID)
	reset := h.mover.migrates(event, domain.ReasonForgotPassword)
	if count, err := h.queue.Count(t.Context()); err != nil || count != (peers.Count{Delayed: 2}) {
		t.Errorf("the queue has %+v, %v", count, err)
	}
	for _, line := range []string{`"completion":"queued"`} {
		if got := strings.Count(h.mover.Stdout(), line); got != 2 {
			t.Errorf("%d records say %s", got, line)
		}
	}
	h.waitForMessages(2)

	// Nobody is in the destination yet, whatever is delivered.
	bodies, back := h.deliver()
	if len(bodies) != 2 || back != 2 {
		t.Fatalf("%d messages came and %d came back", len(bodies), back)
	}
	for _, body := range bodies {
		for _, secret := range []string{signedIn.password, signedIn.email, signedIn.phone, signedIn.name, forgot.email, forgot.phone, forgot.name} {
			if strings.Contains(body, secret) {
				t.Errorf("the message holds %s: %s", secret, body)
			}
		}
	}
	for range 2 {
		if _, back := h.deliver(); back != 2 {
			t.Errorf("%d messages came back, want both", back)
		}
	}
	h.ends(h.worker, "owed: destination_user_unknown", 6)
	h.wantStanding(signedIn, "enabled")
	h.wantStanding(forgot, "enabled")

	// Cognito creates both; the second has to set a password first.
	h.cognitoCreates(signedIn, answer, signedIn.password)
	h.cognitoCreates(forgot, reset, "")
	if _, back := h.deliver(); back != 1 {
		t.Errorf("%d messages came back, want one", back)
	}
	h.ends(h.worker, "completed: disabled", 1)
	h.ends(h.worker, "owed: destination_user_not_confirmed", 1)
	h.wantStanding(signedIn, "disabled")
	h.wantStanding(forgot, "enabled")
	if got := h.groups(signedIn); !slices.Equal(got, []string{"beta", "writers"}) {
		t.Errorf("the groups are %q", got)
	}
	if got := h.groups(forgot); len(got) > 0 {
		t.Errorf("the groups of who has no password yet are %q", got)
	}

	// The password is set.
	if err := h.here.SetPassword(t.Context(), forgot.username, forgot.password); err != nil {
		t.Fatal(err)
	}
	if _, back := h.deliver(); back != 0 {
		t.Errorf("%d messages came back", back)
	}
	h.ends(h.worker, "completed: disabled", 2)
	h.wantStanding(forgot, "disabled")
	if got := h.groups(forgot); !slices.Equal(got, []string{"writers"}) {
		t.Errorf("the groups are %q", got)
	}

	// The same messages once more change nothing, and none is left.
	for _, body := range bodies {
		if err := h.queue.Send(t.Context(), body); err != nil {
			t.Fatal(err)
		}
	}
	if came, back := h.deliver(); len(came) != 2 || back != 0 {
		t.Errorf("%d messages came and %d came back", len(came), back)
	}
	h.wantStanding(signedIn, "disabled")
	if got := h.groups(signedIn); !slices.Equal(got, []string{"beta", "writers"}) {
		t.Errorf("the groups are %q", got)
	}
	if count, err := h.queue.Count(t.Context()); err != nil || count != (peers.Count{}) {
		t.Errorf("the queue has %+v, %v", count, err)
	}
}

// TestTheSecondHalfOfAMoveDeletes: the source user is gone, unless they changed
// since; who is somebody else's is left alone, and ends among the dead letters.
func TestTheSecondHalfOfAMoveDeletes(t *testing.T) {
	t.Parallel()
	h := newSecondHalf(t, 2, "COMPLETION_AFTER", "delete")
	moved, altered, taken := h.atSource("editors"), h.atSource(), h.atSource()
	for _, p := range []person{moved, altered} {
		h.cognitoCreates(p, h.signsIn(p), p.password)
	}
	h.signsIn(taken)
	somebody := newPerson()
	if err := h.here.CreateUser(t.Context(), taken.username, somebody.password, somebody.attributes()); err != nil {
		t.Fatal(err)
	}
	if err := h.source.SetAttribute(t.Context(), altered.username, "name", "Another Name"); err != nil {
		t.Fatal(err)
	}
	h.waitForMessages(3)
	if _, back := h.deliver(); back != 1 {
		t.Errorf("%d messages came back, want one", back)
	}
	h.ends(h.worker, "completed: deleted", 1)
	h.ends(h.worker, "completed: disabled_instead source_user_changed", 1)
	h.ends(h.worker, "abandoned: destination_user_is_another", 1)
	h.wantStanding(moved, "gone")
	h.wantStanding(altered, "disabled")
	h.wantStanding(taken, "enabled")
	if got := h.groups(moved); len(got) > 0 {
		t.Errorf("without COMPLETION_GROUPS the groups are %q", got)
	}

	// Who waits in vain is found among the dead letters.
	for range 3 {
		h.deliver()
	}
	dead, err := h.queue.Dead(t.Context())
	if err != nil || len(dead) != 1 || !strings.Contains(dead[0], taken.username) {
		t.Errorf("the dead letters are %q, %v", dead, err)
	}
	h.wantStanding(taken, "enabled")
}

func TestACompletionThatCannotBeQueued(t *testing.T) {
	t.Parallel()
	source, s := motoSource(t, peers.SourceOptions{})
	m := moto.get(t)
	here, err := m.NewCompletion(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	queue, err := m.NewQueue(t.Context(), 5)
	if err != nil {
		t.Fatal(err)
	}
	allowed := s.with("AWS_ENDPOINT_URL_SQS", m.URL, "COMPLETION_AFTER", "delete", "COMPLETION_HMAC_KEY", completionKey, "MIGRATE_ATTRIBUTES", "*,custom:legacy_sub=sub",
		"AWS_ACCESS_KEY_ID", here.Mover.AccessKeyID, "AWS_SECRET_ACCESS_KEY", here.Mover.SecretAccessKey)
	missing := allowed.with("COMPLETION_QUEUE_URL", queue.URL+"-missing")
	for name, settings := range map[string]settings{
		"because there is no such queue": missing,
		// The caller of the other tests may assume the role and do nothing else.
		"because the role may not": allowed.with("COMPLETION_QUEUE_URL", queue.URL,
			"AWS_ACCESS_KEY_ID", source.Caller.AccessKeyID, "AWS_SECRET_ACCESS_KEY", source.Caller.SecretAccessKey),
		"because nobody answers": allowed.with("COMPLETION_QUEUE_URL", queue.URL, "AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:1"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPerson()
			if err := source.CreateUser(t.Context(), peers.User{Username: p.username, Password: p.password, Attributes: p.attributes()}); err != nil {
				t.Fatal(err)
			}
			mover := start(t, settings)
			mover.hidePerson(p)
			mover.migrates(signIn(p.username, p.password), domain.ReasonPasswordAccepted)
			if out := mover.Stdout(); !strings.Contains(out, `"completion":"owed"`) || !strings.Contains(out, "a completion could not be queued") {
				t.Errorf("the log says %s", out)
			}
			strict := start(t, settings.with("COMPLETION_FAILURE", "fail"))
			strict.hidePerson(p)
			strict.fails(signIn(p.username, p.password), domain.ReasonCompletionUnsent)
			// A refusal owes nothing, and does not ask the queue.
			strict.refuses(signIn(p.username, "wrong"), domain.ReasonPasswordWrong)
		})
	}
}

// TestARoleThatLacksAPermission keeps the move owed, and says in which account.
func TestARoleThatLacksAPermission(t *testing.T) {
	t.Parallel()
	h := newSecondHalf(t, 50, "COMPLETION_AFTER", "disable", "COMPLETION_GROUPS", "*", "COMPLETION_CREATE_GROUPS", "true")
	p := h.atSource()
	user, err := h.source.GetUser(t.Context(), p.username)
	if err != nil {
		t.Fatal(err)
	}
	attributes := domain.Attributes{}
	for _, attribute := range user.UserAttributes {
		attributes[*attribute.Name] = *attribute.Value
	}
	created := p.attributes()
	created["custom:legacy_sub"] = attributes["sub"]
	h.cognitoCreates(p, response{UserAttributes: created}, p.password)
	person := domain.SourceUser{Username: p.username, Sub: attributes["sub"], Enabled: true, Attributes: attributes}
	attempt := domain.Attempt{ID: "attempt-1", Trigger: domain.TriggerAuthentication, Username: p.username, UserPoolID: h.here.UserPoolID}
	rules := domain.DefaultRules()
	if err := rules.Attributes.UnmarshalText([]byte("*,custom:legacy_sub=sub")); err != nil {
		t.Fatal(err)
	}
	decision := domain.Decide(rules, attempt, domain.Finding{Kind: domain.PasswordAccepted, Source: "SOURCE", User: person})
	keys := domain.NewCompletionKeys(domain.NewSecret(completionKey), domain.Secret{})
	body, err := sqscompletion.Encode(domain.NewCompletion(keys, attempt, time.Now(), person, decision), keys)
	if err != nil {
		t.Fatal(err)
	}
	if err := h.queue.Send(t.Context(), string(body)); err != nil {
		t.Fatal(err)
	}
	// Moto words a denial as no service of this protocol does, so that it reads
	// as no answer here; on AWS it is source_misconfigured.
	for _, test := range []struct {
		name, want string
		settings   []string
	}{
		// The role by which people sign in may not part with them.
		{"in the source's account", "owed: source_", []string{"SOURCE_ROLE_ARN", h.source.RoleARN, "COMPLETION_GROUPS", "", "COMPLETION_CREATE_GROUPS", ""}},
		// The mover may not read the destination.
		{"in the destination's account", "owed: destination_", []string{
			"AWS_ACCESS_KEY_ID", h.here.Mover.AccessKeyID, "AWS_SECRET_ACCESS_KEY", h.here.Mover.SecretAccessKey}},
	} {
		h.worker = h.startWorker(t, test.settings...)
		h.worker.hidePerson(p)
		if _, back := h.deliver(); back != 1 {
			t.Errorf("%s: %d messages came back", test.name, back)
		}
		h.ends(h.worker, test.want, 1)
		h.wantStanding(p, "enabled")
	}
	// Given the permission, the same message finishes the move.
	h.worker = h.startWorker(t, "SOURCE_ROLE_ARN", h.here.RoleARN)
	if _, back := h.deliver(); back != 0 {
		t.Errorf("%d messages came back", back)
	}
	h.ends(h.worker, "completed: disabled", 1)
	h.wantStanding(p, "disabled")
}

func TestTheCommandCompleteNeedsSomethingToDo(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		args     []string
		settings settings
		want     string
	}{
		"nothing is to be completed": {[]string{"complete"}, settings{}, "COMPLETION_AFTER and COMPLETION_GROUPS ask for nothing"},
		"no queue":                   {[]string{"complete"}, settings{"COMPLETION_AFTER": "delete"}, "COMPLETION_QUEUE_URL: is required"},
		"no key":                     {[]string{"complete"}, settings{"COMPLETION_GROUPS": "*"}, "COMPLETION_HMAC_KEY: is required"},
		"no key in the trigger":      {[]string{"migrate"}, settings{"COMPLETION_GROUPS": "*"}, "COMPLETION_HMAC_KEY: is required"},
		"deletion by a sub that users can write": {[]string{"complete"}, settings{"COMPLETION_AFTER": "delete", "MIGRATE_ATTRIBUTES": "email,website=sub"},
			"COMPLETION_AFTER: delete requires"},
		"a destination that is the source": {[]string{"complete"}, settings{"MIGRATE_DESTINATION_USER_POOL_ID": stubUserPool}, "MIGRATE_DESTINATION_USER_POOL_ID: is also a source"},
		"a trigger of the source itself":   {[]string{"migrate"}, settings{"MIGRATE_DESTINATION_USER_POOL_ID": stubUserPool}, "MIGRATE_DESTINATION_USER_POOL_ID: is also a source"},
		"a command that is none":           {[]string{"finish"}, settings{}, "unknown command; expected migrate (the default), complete or claims"},
		"a word too many":                  {[]string{"complete", "all"}, settings{}, "unknown command; expected migrate (the default), complete or claims"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := outOfTheWay().with("SOURCE_USER_POOL_ID", stubUserPool, "SOURCE_CLIENT_ID", stubClient).with(flat(row.settings)...)
			f := launch(t, s, func(c *lambdahost.Config) { c.Args = row.args })
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			if err := f.Ready(ctx); err == nil || !strings.Contains(f.Stderr(), row.want) {
				t.Errorf("got %v\n%s", err, f.Stderr())
			}
			if status, _ := f.ExitStatus(); status != 1 {
				t.Errorf("exit status %d, want 1", status)
			}
		})
	}
}

// TestASignUpUnderAVictimsNameGetsNothing: the victim's move is queued, Cognito
// does not create them, and somebody else signs up under the name.
func TestASignUpUnderAVictimsNameGetsNothing(t *testing.T) {
	t.Parallel()
	h := newSecondHalf(t, 50, "COMPLETION_AFTER", "disable", "COMPLETION_GROUPS", "*", "COMPLETION_CREATE_GROUPS", "true", "MIGRATE_ATTRIBUTES", "*")
	provable, unprovable := h.atSource("admins"), h.atSource("admins")
	for _, flag := range []string{"email_verified", "phone_number_verified"} {
		if err := h.source.SetAttribute(t.Context(), unprovable.username, flag, "false"); err != nil {
			t.Fatal(err)
		}
	}
	for _, victim := range []person{provable, unprovable} {
		h.signsIn(victim)
		mallory := newPerson()
		if err := h.here.CreateUser(t.Context(), victim.username, mallory.password, mallory.attributes()); err != nil {
			t.Fatal(err)
		}
	}
	h.waitForMessages(2)
	if _, back := h.deliver(); back != 2 {
		t.Errorf("%d messages came back, want both", back)
	}
	h.ends(h.worker, "abandoned: destination_user_is_another", 1)
	h.ends(h.worker, "abandoned: identity_unproven", 1)
	for _, victim := range []person{provable, unprovable} {
		h.wantStanding(victim, "enabled")
		if got := h.groups(victim); len(got) > 0 {
			t.Errorf("who took the name got the groups %q", got)
		}
	}
}

// TestWhatAnybodyCanClaimProvesNothing: a victim's sub in an attribute that users
// write themselves, and an address that the rules give to everyone.
func TestWhatAnybodyCanClaimProvesNothing(t *testing.T) {
	t.Parallel()
	h := newSecondHalf(t, 50, "COMPLETION_AFTER", "disable", "COMPLETION_GROUPS", "*", "COMPLETION_CREATE_GROUPS", "true",
		"MIGRATE_ATTRIBUTES", "nickname=sub,email='all@example.com',email_verified='true'")
	victim := h.atSource("admins")
	answer := h.signsIn(victim)
	mallory := newPerson()
	if err := h.here.CreateUser(t.Context(), victim.username, mallory.password, map[string]string{
		"nickname": answer.UserAttributes["nickname"], "email": "all@example.com", "email_verified": "true",
	}); err != nil {
		t.Fatal(err)
	}
	h.waitForMessages(1)
	if _, back := h.deliver(); back != 1 || answer.UserAttributes["nickname"] == "" {
		t.Errorf("%d messages came back, want one", back)
	}
	h.ends(h.worker, "abandoned: identity_unproven", 1)
	h.wantStanding(victim, "enabled")
	if got := h.groups(victim); len(got) > 0 {
		t.Errorf("who took the name got the groups %q", got)
	}
}

// TestAForgedMessageIsNotTaken: to be able to send is not to be believed.
func TestAForgedMessageIsNotTaken(t *testing.T) {
	t.Parallel()
	h := newSecondHalf(t, 50, "COMPLETION_AFTER", "delete", "COMPLETION_GROUPS", "*", "COMPLETION_CREATE_GROUPS", "true")
	victim := h.atSource("admins")
	h.cognitoCreates(victim, h.signsIn(victim), victim.password)
	h.waitForMessages(1)
	if bodies, back := h.deliver(); back != 0 || len(bodies) != 1 {
		t.Fatalf("%d messages came, %d came back", len(bodies), back)
	} else if err := h.queue.Send(t.Context(), strings.Replace(bodies[0], `"sourceUsername":"`, `"sourceUsername":"x`, 1)); err != nil {
		t.Fatal(err)
	}
	unsigned := `{"version":1,"attemptId":"a","source":"SOURCE","sourceUsername":"` + victim.username + `","userPoolId":"` + h.here.UserPoolID +
		`","username":"` + victim.username + `","profile":"","groups":["root"],"groupsKnown":true}`
	if err := h.queue.Send(t.Context(), unsigned); err != nil {
		t.Fatal(err)
	}
	if _, back := h.deliver(); back != 2 {
		t.Errorf("%d forged messages came back, want both", back)
	}
	for _, reason := range []string{"message_unsigned", "message_malformed"} {
		eventually(t, reason, func() bool { return strings.Contains(h.worker.Stdout(), `"reason":"`+reason+`"`) })
	}
	if got := h.groups(victim); !slices.Equal(got, []string{"admins"}) {
		t.Errorf("the groups are %q", got)
	}
}
