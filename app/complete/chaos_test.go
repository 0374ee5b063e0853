package complete_test

import (
	"bytes"
	"container/heap"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/adapters/sqscompletion"
	"cognito-user-migration/app/complete"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/test/fakesqs"

	"github.com/aws/aws-lambda-go/events"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

var chaosSeed = flag.Uint64("chaos.seed", 20261122, "the seed of the chaos test")

const (
	chaosPeople     = 1000
	chaosBatch      = 10
	chaosVisibility = 6 * time.Minute
	chaosReceives   = 50 // then a letter is dead
)

// fate is what happens to a person in the destination after the decision.
type fate string

const (
	prompt   fate = "created at once"
	late     fate = "created hours later"
	resets   fate = "to set a password first"
	blocked  fate = "disabled there for a while"
	altered  fate = "changed at the source since"
	uncreate fate = "never created"
	anothers fate = "somebody else has the name"
)

// fates in their shares of a hundred.
func fates() []fate {
	var list []fate
	for _, share := range []struct {
		of    int
		which fate
	}{{55, prompt}, {12, late}, {12, resets}, {5, blocked}, {6, altered}, {5, uncreate}, {5, anothers}} {
		list = append(list, slices.Repeat([]fate{share.which}, share.of)...)
	}
	return list
}

// mover is one of the thousand.
type mover struct {
	name   string
	fate   fate
	when   time.Duration // from which on the destination user is theirs and can sign in
	groups []string      // at the source
}

func (m mover) email() string { return m.name + "@example.com" }

// counts are what a run is told by.
type counts struct {
	Seed                                                  uint64
	Sent, Resent, Batches, Delivered, Duplicates          int
	Completed, Owed, Postponed, Abandoned                 int
	Disabled, Deleted, Gone, Groups                       int
	Throttles, Outages, LostAnswers, Crashes, Panics      int
	Unrecorded, OutOfTime, DeadLetters, HoursOfTheMessage int
}

// chaos is a world in which everything goes wrong that can, by a seed.
type chaos struct {
	t      *testing.T
	random *rand.Rand
	now    time.Duration // the world's clock
	after  domain.After
	counts counts

	people      map[string]*mover
	names       []string
	source      map[string]*domain.SourceUser
	destination *pool
	waiting     letters   // in the queue and hidden
	visible     []*letter // in the queue and not
	inFlight    []*letter // with the function
	dead        []*letter
	sent        int
	handler     *sqscompletion.Handler
	log         bytes.Buffer
}

// letter is a message in the queue.
type letter struct {
	id, body, receipt string
	visible           time.Duration
	received          int
}

// letters are a heap by the time at which they become visible.
type letters []*letter

func (l letters) Len() int           { return len(l) }
func (l letters) Less(i, j int) bool { return l[i].visible < l[j].visible }
func (l letters) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }
func (l *letters) Push(x any)        { *l = append(*l, x.(*letter)) }
func (l *letters) Pop() any {
	last := (*l)[len(*l)-1]
	*l = (*l)[:len(*l)-1]
	return last
}

func (c *chaos) oneIn(n int) bool { return c.random.IntN(n) == 0 }

func newChaos(t *testing.T, seed uint64, people int, after domain.After) *chaos {
	c := &chaos{
		t: t, random: rand.New(rand.NewPCG(seed, 1)), after: after, counts: counts{Seed: seed},
		people: make(map[string]*mover), source: make(map[string]*domain.SourceUser), destination: newPool("writers"),
	}
	all := fates()
	for i := range people {
		m := &mover{name: fmt.Sprintf("person-%04d", i), fate: all[c.random.IntN(len(all))]}
		m.when = time.Duration(c.random.IntN(60)) * time.Second
		if m.fate == late || m.fate == resets || m.fate == blocked {
			m.when = time.Duration(c.random.IntN(20*60)) * time.Minute
		}
		for _, group := range []string{"editors", "admins", "beta"} {
			if c.oneIn(3) {
				m.groups = append(m.groups, group)
			}
		}
		c.people[m.name] = m
		c.names = append(c.names, m.name)
		c.source[m.name] = &domain.SourceUser{
			Username: m.name, Sub: "sub-" + m.name, Enabled: true, Status: domain.StatusConfirmed,
			Attributes: domain.Attributes{"sub": "sub-" + m.name, "email": m.email(), "email_verified": "true", "name": "Before"},
		}
	}
	guarded := &guarded{source: ports.Source{Directory: c, Retirer: c, Groups: c}, destination: (*chaosPool)(c), gate: c.pass}
	records := &sink{gate: c.pass}
	completer := complete.New(map[string]ports.Source{"SOURCE": guarded.asSource()}, guarded, chaosSink{records, c}, complete.Options{
		Rules: withSub(), Keys: keys(), After: after, Groups: groupMap("editors=writers,admins"), CreateGroups: true,
		RecordFailed: func(context.Context, error) { c.counts.Unrecorded++ },
	})
	logger := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(&c.log), zapcore.DebugLevel))
	c.handler = sqscompletion.NewHandler(completer, sqscompletion.NewQueue(c, "https://sqs.example.com/1/q", keys()), logger)
	return c
}

// chaosSink counts the records of what ended well.
type chaosSink struct {
	*sink
	c *chaos
}

func (s chaosSink) RecordCompletion(ctx context.Context, record domain.CompletionRecord) error {
	switch record.Outcome {
	case domain.CompletionDone:
		s.c.counts.Completed++
	case domain.CompletionPending:
		s.c.counts.Owed++
	case domain.CompletionAbandoned:
		s.c.counts.Abandoned++
	}
	return s.sink.RecordCompletion(ctx, record)
}

// The queue.

// Call implements [awsjson.Caller].
func (c *chaos) Call(ctx context.Context, operation string, input any) (json.RawMessage, error) {
	return fakesqs.Call(ctx, c, operation, input)
}

// SendMessage takes a message, at times twice.
func (c *chaos) SendMessage(_ context.Context, in fakesqs.Input) error {
	if c.oneIn(20) {
		return errors.New("throttled")
	}
	copies := 1
	if c.oneIn(10) {
		copies = 2 // SQS delivers at least once
		c.counts.Duplicates++
	}
	for range copies {
		c.sent++
		heap.Push(&c.waiting, &letter{id: strconv.Itoa(c.sent), body: in.MessageBody, visible: c.now + time.Duration(in.DelaySeconds)*time.Second})
	}
	c.counts.Sent++
	if c.oneIn(30) {
		return errors.New("the answer was lost")
	}
	return nil
}

// ChangeMessageVisibility hides a message.
func (c *chaos) ChangeMessageVisibility(_ context.Context, in fakesqs.Input) error {
	if c.oneIn(20) {
		return errors.New("throttled")
	}
	for _, letter := range c.inFlight {
		if letter.receipt == in.ReceiptHandle {
			letter.visible = c.now + time.Duration(in.VisibilityTimeout)*time.Second
			c.counts.Postponed++
		}
	}
	return nil
}

// receive takes some visible letters, in no order; at times one stays visible,
// and comes twice.
func (c *chaos) receive() []*letter {
	for len(c.waiting) > 0 && c.waiting[0].visible <= c.now {
		next := heap.Pop(&c.waiting).(*letter)
		if next.received >= chaosReceives {
			c.dead = append(c.dead, next)
			c.counts.DeadLetters++
			continue
		}
		c.visible = append(c.visible, next)
	}
	c.random.Shuffle(len(c.visible), func(i, j int) { c.visible[i], c.visible[j] = c.visible[j], c.visible[i] })
	taken := min(len(c.visible), 1+c.random.IntN(chaosBatch))
	c.inFlight, c.visible = slices.Clone(c.visible[:taken]), c.visible[taken:]
	for _, l := range c.inFlight {
		l.received++
		l.receipt = l.id + "#" + strconv.Itoa(l.received)
		l.visible = c.now + chaosVisibility
		if c.oneIn(25) {
			l.visible = c.now
			c.counts.Duplicates++
		}
	}
	if taken > 1 && c.oneIn(25) { // the same letter twice in one batch
		c.counts.Duplicates++
		return append(slices.Clone(c.inFlight), c.inFlight[0])
	}
	return c.inFlight
}

// deliver does what Lambda does with a batch: invoke, and delete what is not
// named in the answer. A function that does not come back answers nothing.
func (c *chaos) deliver(batch []*letter) {
	c.counts.Batches++
	c.counts.Delivered += len(batch)
	var event events.SQSEvent
	for _, l := range batch {
		event.Records = append(event.Records, events.SQSMessage{
			MessageId: l.id, ReceiptHandle: l.receipt, Body: l.body, EventSource: "aws:sqs",
			Attributes: map[string]string{"ApproximateReceiveCount": strconv.Itoa(l.received)},
		})
	}
	payload, err := json.Marshal(event)
	if err != nil {
		c.t.Fatal(err)
	}
	ctx := context.Background()
	if c.oneIn(50) {
		c.counts.OutOfTime++
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, time.Second) // less than the reserve
		defer cancel()
	}
	var answer events.SQSEventResponse
	answered := false
	done := make(chan struct{})
	go func() {
		defer close(done)
		text, err := c.handler.Invoke(ctx, payload)
		answered = err == nil && json.Unmarshal(text, &answer) == nil
	}()
	<-done
	for _, l := range c.inFlight {
		comesBack := func(f events.SQSBatchItemFailure) bool { return f.ItemIdentifier == l.id }
		if !answered || slices.ContainsFunc(answer.BatchItemFailures, comesBack) {
			heap.Push(&c.waiting, l)
		}
	}
}

// The source.

// Authenticate implements [ports.SourceDirectory]; nobody signs in any more.
func (c *chaos) Authenticate(context.Context, string, domain.Password) (domain.Finding, error) {
	return domain.Finding{}, errors.New("completion asked about a password")
}

// FindUser implements [ports.SourceDirectory].
func (c *chaos) FindUser(_ context.Context, username string) (domain.Finding, error) {
	user, there := c.source[username]
	if !there {
		return domain.Finding{Kind: domain.UserUnknown, Source: "SOURCE"}, nil
	}
	return domain.Finding{Kind: domain.UserFound, Source: "SOURCE", User: *user}, nil
}

// Groups implements [ports.GroupLister].
func (c *chaos) Groups(_ context.Context, username string) ([]string, error) {
	return c.people[username].groups, nil
}

// Disable implements [ports.SourceRetirer].
func (c *chaos) Disable(_ context.Context, username string) error {
	c.notTooEarly("disabled", username)
	if user := c.source[username]; user != nil {
		user.Enabled = false
		c.counts.Disabled++
	}
	return nil
}

// SignOut implements [ports.SourceRetirer].
func (c *chaos) SignOut(_ context.Context, username string) error {
	c.notTooEarly("signed out", username)
	return nil
}

// Delete implements [ports.SourceRetirer].
func (c *chaos) Delete(_ context.Context, username string) error {
	c.notTooEarly("deleted", username)
	if _, there := c.source[username]; !there {
		c.counts.Gone++
		return nil
	}
	delete(c.source, username)
	c.counts.Deleted++
	return nil
}

// notTooEarly holds that whoever is parted with can sign in to the destination,
// as themselves, with every group that they are to have.
func (c *chaos) notTooEarly(what, username string) {
	m := c.people[username]
	here := (*chaosPool)(c).at(m)
	if here == nil || !here.Enabled || here.Status != domain.StatusConfirmed || here.Attributes["email"] != m.email() {
		c.t.Errorf("%s is %s at %v; in the destination there is %v (%s)", username, what, c.now, here, m.fate)
	}
	if got := c.destination.groupsOf(username); !slices.Equal(got, m.mapped()) {
		c.t.Errorf("%s is %s with the groups %v in the destination, want %v", username, what, got, m.mapped())
	}
}

// mapped are the groups that the person is to have in the destination.
func (m mover) mapped() []string {
	var mapped []string
	for _, group := range []struct{ source, destination string }{{"admins", "admins"}, {"editors", "writers"}} {
		if slices.Contains(m.groups, group.source) {
			mapped = append(mapped, group.destination)
		}
	}
	return mapped
}

// chaosPool is the destination at the moment.
type chaosPool chaos

// at is the user of a person's name in the destination by now.
func (c *chaosPool) at(m *mover) *domain.DestinationUser {
	user := &domain.DestinationUser{
		Username: m.name, Enabled: true, Status: domain.StatusConfirmed,
		Attributes: domain.Attributes{"email": m.email(), "email_verified": "true", "custom:legacy_sub": "sub-" + m.name},
	}
	ready := c.now >= m.when
	switch m.fate {
	case prompt, late, altered:
		if !ready {
			return nil
		}
	case resets:
		if !ready {
			user.Status = domain.StatusResetRequired
		}
	case blocked:
		user.Enabled = ready
	case anothers:
		user.Attributes = domain.Attributes{"email": "mallory@example.com", "email_verified": "true"}
	case uncreate:
		return nil
	}
	return user
}

// FindUser implements [ports.Destination].
func (c *chaosPool) FindUser(_ context.Context, _, username string) (*domain.DestinationUser, error) {
	return c.at(c.people[username]), nil
}

// AddToGroup implements [ports.Destination].
func (c *chaosPool) AddToGroup(ctx context.Context, userPoolID, username, group string) error {
	return c.destination.AddToGroup(ctx, userPoolID, username, group)
}

// CreateGroup implements [ports.Destination].
func (c *chaosPool) CreateGroup(ctx context.Context, userPoolID, group string) error {
	return c.destination.CreateGroup(ctx, userPoolID, group)
}

// PreferMFA implements [ports.Destination].
func (c *chaosPool) PreferMFA(ctx context.Context, userPoolID, username string, factor domain.MFAMethod) error {
	return c.destination.PreferMFA(ctx, userPoolID, username, factor)
}

// pass is the gate of every call: hours of outage, throttles, answers that are
// lost, panics and crashes.
func (c *chaos) pass(_ context.Context, call string, through func() error) error {
	here := strings.HasPrefix(call, "destination.")
	outage := here && c.now > 2*time.Hour && c.now < 3*time.Hour || !here && c.now > 5*time.Hour && c.now < 6*time.Hour
	dice := c.random.IntN(1000)
	switch {
	case outage:
		c.counts.Outages++
		return fmt.Errorf("%s: %w", call, ports.ErrUnreachable)
	case dice < 40:
		c.counts.Throttles++
		return fmt.Errorf("%s: %w", call, ports.ErrThrottled)
	case dice < 45:
		c.counts.Crashes++
		runtime.Goexit()
	case dice < 50:
		c.counts.Panics++
		panic("in " + call)
	}
	err := through()
	switch {
	case dice < 75:
		c.counts.LostAnswers++
		return fmt.Errorf("%s: %w", call, ports.ErrUnreachable)
	case dice < 80:
		c.counts.Crashes++
		runtime.Goexit()
	}
	return err
}

// run lets everyone sign in at the source, and then lets the queue work until
// it is empty.
func (c *chaos) run() counts {
	rules := withSub()
	queue := sqscompletion.NewQueue(c, "https://sqs.example.com/1/q", keys())
	for i, name := range c.names {
		user := *c.source[name]
		attempt := domain.Attempt{ID: fmt.Sprintf("attempt-%d", i), Trigger: domain.TriggerAuthentication, Username: name, UserPoolID: poolID}
		finding := domain.Finding{Kind: domain.PasswordAccepted, Source: "SOURCE", User: user}
		completion := domain.NewCompletion(keys(), attempt, now, user, domain.Decide(rules, attempt, finding))
		for queue.Send(c.t.Context(), completion) != nil {
			c.counts.Resent++ // by Cognito's next try of the trigger, or by an operator
		}
		if c.people[name].fate == altered {
			c.source[name].Attributes = domain.Attributes{"sub": "sub-" + name, "email": c.people[name].email(), "email_verified": "true", "name": "After"}
		}
	}
	for len(c.waiting)+len(c.visible) > 0 {
		if batch := c.receive(); len(batch) > 0 {
			c.deliver(batch)
			c.now += time.Duration(c.random.IntN(2000)) * time.Millisecond
		} else if len(c.waiting) > 0 {
			c.now = max(c.now, c.waiting[0].visible)
		}
	}
	for _, name := range c.names {
		c.counts.Groups += len(c.destination.groupsOf(name))
	}
	c.counts.HoursOfTheMessage = int(c.now / time.Hour)
	return c.counts
}

// check holds that everyone ended where their fate says.
func (c *chaos) check() {
	waiting := make(map[string]bool)
	for _, l := range c.dead {
		completion, err := sqscompletion.Decode([]byte(l.body), keys())
		if err != nil {
			c.t.Fatal(err)
		}
		waiting[completion.SourceUsername] = true
	}
	for _, name := range c.names {
		m := c.people[name]
		want, dead := "gone", false
		switch {
		case m.fate == uncreate || m.fate == anothers:
			want, dead = "enabled", true
		case c.after == domain.AfterDisable || m.fate == altered:
			want = "disabled"
		}
		got := "gone"
		if user, there := c.source[name]; there {
			got = map[bool]string{true: "enabled", false: "disabled"}[user.Enabled]
		}
		if got != want {
			c.t.Errorf("%s (%s) is %s at the source, want %s", name, m.fate, got, want)
		}
		if waiting[name] != dead {
			c.t.Errorf("%s (%s) waits for a person among the dead letters: %t, want %t", name, m.fate, waiting[name], dead)
		}
		groups := m.mapped()
		if dead {
			groups = nil
		}
		if got := c.destination.groupsOf(name); !slices.Equal(got, groups) {
			c.t.Errorf("%s (%s) is in the groups %v, want %v", name, m.fate, got, groups)
		}
	}
	if strings.Contains(c.log.String(), "person-") || strings.Contains(c.log.String(), "example.com") {
		c.t.Error("the log names people")
	}
}

// TestAThousandMovesInChaos ends with nobody lost and nobody parted with early.
// To see another world: go test -run Chaos ./app/complete -chaos.seed 1
func TestAThousandMovesInChaos(t *testing.T) {
	t.Parallel()
	for _, after := range []domain.After{domain.AfterDelete, domain.AfterDisable} {
		t.Run(string(after), func(t *testing.T) {
			t.Parallel()
			world := newChaos(t, *chaosSeed, chaosPeople, after)
			told := world.run()
			world.check()
			t.Logf("%+v", told)
		})
	}
}

func TestChaosIsTheSameForASeed(t *testing.T) {
	t.Parallel()
	told := func() counts { return newChaos(t, *chaosSeed, 100, domain.AfterDelete).run() }
	if first, second := told(), told(); first != second {
		t.Errorf("one seed, two worlds:\n%+v\n%+v", first, second)
	}
}
