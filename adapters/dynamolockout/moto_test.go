package dynamolockout_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cognito-user-migration/adapters/dynamolockout"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/test/process"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

const tableName = "user-migration-lockout"

// clock is a clock that the test sets.
type clock struct {
	now atomic.Pointer[time.Time]
}

func newClock() *clock {
	c := new(clock)
	// Of whole seconds, so that a lock ends when it should to the nanosecond.
	now := time.Now().Truncate(time.Second)
	c.now.Store(&now)
	return c
}

func (c *clock) Now() time.Time { return *c.now.Load() }

func (c *clock) pass(d time.Duration) {
	now := c.Now().Add(d)
	c.now.Store(&now)
}

// peer is moto's DynamoDB with our table, and a count of the writes.
type peer struct {
	url    string
	writes atomic.Int64
	lose   atomic.Bool // the next write is made, and its answer lost
	client *dynamodb.Client
	clock  *clock
}

// startPeer starts moto behind a proxy that passes one request at a time. DynamoDB
// writes an item under its condition in one step. moto does not, because its threads
// use no lock.
func startPeer(t *testing.T) *peer {
	t.Helper()
	target, err := url.Parse(process.Moto().Start(t))
	if err != nil {
		t.Fatal(err)
	}
	p := &peer{clock: newClock()}
	var one sync.Mutex
	proxy := httputil.NewSingleHostReverseProxy(target)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		operation := r.Header.Get("X-Amz-Target")
		if strings.HasSuffix(operation, "Item") {
			p.writes.Add(1)
		}
		one.Lock()
		defer one.Unlock()
		if strings.HasSuffix(operation, "Item") && p.lose.CompareAndSwap(true, false) {
			proxy.ServeHTTP(httptest.NewRecorder(), r)
			http.Error(w, "the answer is lost", http.StatusInternalServerError)
			return
		}
		proxy.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	p.url = server.URL
	p.client = dynamodb.NewFromConfig(p.config())
	if _, err := p.client.CreateTable(t.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String(tableName), BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("nameDigest"), AttributeType: types.ScalarAttributeTypeS}},
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("nameDigest"), KeyType: types.KeyTypeHash}},
	}); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *peer) config() aws.Config {
	return aws.Config{
		Region: "us-east-1", BaseEndpoint: &p.url,
		Credentials: credentials.NewStaticCredentialsProvider("AKIAEXAMPLE", "secret", ""),
	}
}

// open gives the table as one process has it: with a client and connections of
// its own.
func (p *peer) open() *dynamolockout.Table {
	return dynamolockout.New(dynamolockout.NewClient(p.config()), tableName, p.clock.Now)
}

// costs runs something and holds it to a number of writes.
func (p *peer) costs(t *testing.T, what string, writes int64, run func()) {
	t.Helper()
	before := p.writes.Load()
	run()
	if got := p.writes.Load() - before; got != writes {
		t.Errorf("%s takes %d writes, want %d", what, got, writes)
	}
}

func (p *peer) item(t *testing.T, name domain.LockoutKey) map[string]types.AttributeValue {
	t.Helper()
	answer, err := p.client.GetItem(t.Context(), &dynamodb.GetItemInput{
		TableName: aws.String(tableName), Key: map[string]types.AttributeValue{"nameDigest": &types.AttributeValueMemberS{Value: string(name)}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return answer.Item
}

func keys() domain.LockoutKeys {
	return domain.NewLockoutKeys(domain.NewSecret("a key of thirty-two characters, or more"))
}

// take counts an attempt, and compares the result with the expected one.
func take(t *testing.T, table *dynamolockout.Table, name domain.LockoutKey, granted bool) ports.LockoutAttempt {
	t.Helper()
	attempt, err := table.Take(t.Context(), name)
	if err != nil || attempt.Granted != granted {
		t.Helper()
		t.Fatalf("got %v, %v; granted is to be %v", attempt, err, granted)
	}
	return attempt
}

// TestTheTable is one test over one moto: each section has a name of its own.
func TestTheTable(t *testing.T) {
	t.Parallel()
	p := startPeer(t)
	table := p.open()

	t.Run("locks after five tries, along the curve, and forgets", func(t *testing.T) {
		name := keys().Of("curve")
		for range 5 {
			take(t, table, name, true)
		}
		take(t, table, name, false)
		for failures := 5; failures < 18; failures++ {
			lock := domain.LockAfter(failures)
			p.clock.pass(lock - time.Nanosecond)
			take(t, table, name, false)
			p.clock.pass(time.Nanosecond)
			if lock < 15*time.Minute {
				if attempt := take(t, table, name, true); attempt.After.Failures != failures+1 {
					t.Fatalf("counted %d", attempt.After.Failures)
				}
				continue
			}
			if attempt := take(t, table, name, true); attempt.After.Failures != 1 {
				t.Fatalf("after the quiet time it begins at %d", attempt.After.Failures)
			}
			break
		}
	})

	t.Run("costs as few writes as are needed", func(t *testing.T) {
		name := keys().Of("costs")
		var attempt ports.LockoutAttempt
		p.costs(t, "a first try", 1, func() { attempt = take(t, table, name, true) })
		p.costs(t, "to give it back", 1, func() {
			if err := table.GiveBack(t.Context(), name, attempt); err != nil {
				t.Error(err)
			}
		})
		p.costs(t, "the next first try", 1, func() { take(t, table, name, true) })
		p.costs(t, "a further try", 2, func() { take(t, table, name, true) })
		p.costs(t, "to clear", 1, func() {
			if err := table.Clear(t.Context(), name); err != nil {
				t.Error(err)
			}
		})
		p.costs(t, "to clear what is clear", 1, func() {
			if err := table.Clear(t.Context(), name); err != nil {
				t.Error(err)
			}
		})
		for range 5 {
			take(t, table, name, true)
		}
		p.costs(t, "a locked name", 1, func() { take(t, table, name, false) })
		p.clock.pass(15 * time.Minute)
		p.costs(t, "a try after a quiet time", 1, func() { take(t, table, name, true) })
	})

	t.Run("holds nothing of a person", func(t *testing.T) {
		name := keys().Of("Canary@example.com")
		take(t, table, name, true)
		take(t, table, name, true)
		item := p.item(t, name)
		if len(item) != 6 {
			t.Errorf("it has %d attributes", len(item))
		}
		for attribute, value := range item {
			if strings.Contains(strings.ToLower(fmt.Sprintf("%s %+v", attribute, value)), "canary") {
				t.Errorf("%s shows the name", attribute)
			}
		}
		number := func(attribute string) string { return item[attribute].(*types.AttributeValueMemberN).Value }
		now := p.clock.Now()
		if got := []string{number("failures"), number("firstAt"), number("lastAt"), number("expiresAt")}; fmt.Sprint(got) !=
			fmt.Sprint([]string{"2", fmt.Sprint(now.UnixNano()), fmt.Sprint(now.UnixNano()), fmt.Sprint(now.Add(15*time.Minute).Unix() + 1)}) {
			t.Errorf("it holds %v", got)
		}
		if key := item["nameDigest"].(*types.AttributeValueMemberS).Value; len(key) != 64 || key != string(name) {
			t.Errorf("its key is %s", key)
		}
	})

	t.Run("gives back what other tries came after", func(t *testing.T) {
		name := keys().Of("between")
		first := take(t, table, name, true)
		second := take(t, p.open(), name, true)
		for _, attempt := range []ports.LockoutAttempt{first, second} {
			if err := table.GiveBack(t.Context(), name, attempt); err != nil {
				t.Error(err)
			}
		}
		if item := p.item(t, name); item != nil {
			t.Errorf("what is left is %v", item)
		}
		// The last of all of a locked name: as if it had never been.
		for range 6 {
			take(t, table, name, true)
			p.clock.pass(time.Second)
		}
		p.clock.pass(time.Second)
		seventh := take(t, table, name, true)
		take(t, table, name, false)
		if err := table.GiveBack(t.Context(), name, seventh); err != nil {
			t.Error(err)
		}
		if again := take(t, table, name, true); again.After.Failures != 7 || !again.Before.Last.Equal(seventh.Before.Last) {
			t.Errorf("then comes %v", again)
		}
	})

	t.Run("gives nothing back once all is cleared", func(t *testing.T) {
		name := keys().Of("cleared")
		attempt := take(t, table, name, true)
		if err := table.Clear(t.Context(), name); err != nil {
			t.Fatal(err)
		}
		p.clock.pass(time.Second)
		for range 5 {
			take(t, table, name, true)
		}
		if err := table.GiveBack(t.Context(), name, attempt); err != nil {
			t.Error(err)
		}
		take(t, table, name, false)
	})

	t.Run("counts a write once whose answer was lost", func(t *testing.T) {
		name := keys().Of("lost")
		for failures := 1; failures <= 3; failures++ {
			p.lose.Store(true)
			if attempt := take(t, table, name, true); attempt.After.Failures != failures {
				t.Errorf("counted %d, want %d", attempt.After.Failures, failures)
			}
		}
		attempt := take(t, table, name, true)
		p.lose.Store(true)
		if err := table.GiveBack(t.Context(), name, attempt); err != nil {
			t.Error(err)
		}
		if attempt := take(t, table, name, true); attempt.After.Failures != 4 {
			t.Errorf("then comes %d", attempt.After.Failures)
		}
	})

	t.Run("is warmed without leaving anything", func(t *testing.T) {
		if err := table.Warm(t.Context()); err != nil {
			t.Error(err)
		}
		if item := p.item(t, domain.LockoutKey(strings.Repeat("0", 64))); item != nil {
			t.Errorf("it left %v", item)
		}
	})

	t.Run("grants no more to many at once than the curve does", func(t *testing.T) {
		name := keys().Of("parallel")
		for _, granted := range []int64{5, 1, 1} { // and then one after each lock
			if got := p.storm(t, name, 60); got != granted {
				t.Errorf("%d tries were granted, want %d", got, granted)
			}
			p.clock.pass(10 * time.Second)
		}
	})

	t.Run("says what kind of error there was", func(t *testing.T) {
		missing := dynamolockout.New(dynamolockout.NewClient(p.config()), "no-such-table", p.clock.Now)
		for what, err := range map[string]error{
			"Take": second(missing.Take(t.Context(), keys().Of("x"))), "Clear": missing.Clear(t.Context(), keys().Of("x")),
			"Warm": missing.Warm(t.Context()),
		} {
			checkFault(t, what, err, ports.ErrMisconfigured)
		}
	})
}

// storm has many processes try one name at the same time, and returns how many
// tries were granted.
func (p *peer) storm(t *testing.T, name domain.LockoutKey, processes int) int64 {
	t.Helper()
	var granted atomic.Int64
	var all sync.WaitGroup
	start := make(chan struct{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for range processes {
		table := p.open()
		all.Go(func() {
			<-start
			attempt, err := table.Take(ctx, name)
			if err != nil {
				t.Error(err)
			}
			if attempt.Granted {
				granted.Add(1)
			}
		})
	}
	close(start)
	all.Wait()
	return granted.Load()
}

func second(_ ports.LockoutAttempt, err error) error { return err }
