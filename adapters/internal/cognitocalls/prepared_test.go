package cognitocalls_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"cognito-user-migration/adapters/internal/awsclient"
	"cognito-user-migration/adapters/internal/cognitocalls"
	"cognito-user-migration/ports"
	"cognito-user-migration/test/deadline"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsmiddleware "github.com/aws/aws-sdk-go-v2/aws/middleware"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"
	"github.com/aws/smithy-go/middleware"
)

type (
	options  = cognitoidentityprovider.Options
	input    = cognitoidentityprovider.AdminGetUserInput
	output   = cognitoidentityprovider.AdminGetUserOutput
	prepared = cognitocalls.Prepared[input, output]
)

// pool is a service that knows everybody who is asked for, and keeps what it was
// sent.
type pool struct {
	url    string
	answer http.HandlerFunc // in place of its own, where there is one
	mu     sync.Mutex
	seen   []request
}

// request is what has to be the same for every call with the same input.
type request struct {
	method, path, body, signed string
	header                     http.Header
}

func newPool(t *testing.T, answer http.HandlerFunc) *pool {
	t.Helper()
	p := &pool{answer: answer}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	p.url = server.URL
	return p
}

// ServeHTTP implements [http.Handler].
func (p *pool) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	seen := request{method: r.Method, path: r.URL.String(), body: string(body), header: r.Header.Clone()}
	signature := seen.header.Get("Authorization")
	seen.signed = signature[max(0, strings.Index(signature, "SignedHeaders=")):max(0, strings.Index(signature, ", Signature="))]
	for _, own := range []string{"Authorization", "X-Amz-Date", "Amz-Sdk-Invocation-Id"} {
		seen.header.Del(own) // each call has its own
	}
	p.mu.Lock()
	p.seen = append(p.seen, seen)
	p.mu.Unlock()
	w.Header().Set("X-Amzn-Requestid", "aaaaaaaa-bbbb-4ccc-8ddd-eeeeeeeeeeee")
	if p.answer != nil {
		p.answer(w, r)
		return
	}
	var asked struct{ Username string }
	_ = json.Unmarshal(body, &asked)
	knows(w, asked.Username)
}

// knows answers that there is such a user.
func knows(w http.ResponseWriter, username string) {
	_, _ = fmt.Fprintf(w, `{"Username":%q,"Enabled":true,"UserStatus":"CONFIRMED","UserCreateDate":1700000000.5,`+
		`"UserAttributes":[{"Name":"sub","Value":"s"},{"Name":"email","Value":"%s@example.com"}]}`, username, username)
}

// fails answers with an exception of the service.
func fails(w http.ResponseWriter, status int, code string) {
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"__type":%q,"message":"as it is"}`, code)
}

func (p *pool) requests() []request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]request(nil), p.seen...)
}

// client asks the pool as the adapters do.
func (p *pool) client(change ...func(*options)) *cognitoidentityprovider.Client {
	return cognitoidentityprovider.New(options{
		Region: "ap-northeast-1", BaseEndpoint: aws.String(p.url), Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", "token"),
		HTTPClient: awsclient.Over(new(http.Client)), Retryer: quickly{awsclient.Retryer()},
	}, change...)
}

// quickly tries again without a wait.
type quickly struct{ aws.Retryer }

// RetryDelay implements [aws.Retryer].
func (quickly) RetryDelay(int, error) (time.Duration, error) { return 0, nil }

// made counts the stacks that were made of an operation, and the calls that a
// stack had to serve while it served another.
type made struct{ stacks, doubled atomic.Int64 }

// prepare prepares AdminGetUser of the client.
func prepare(client *cognitoidentityprovider.Client) (*prepared, *made) {
	count := new(made)
	return cognitocalls.Prepare[input, output](func(ctx context.Context, keep func(*middleware.Stack) error) error {
		_, err := client.AdminGetUser(ctx, nil, func(o *options) { o.APIOptions = append(o.APIOptions, count.watch, keep) })
		return err
	}), count
}

func (m *made) watch(stack *middleware.Stack) error {
	m.stacks.Add(1)
	var busy atomic.Bool
	return stack.Initialize.Add(middleware.InitializeMiddlewareFunc("OneAtATime",
		func(ctx context.Context, in middleware.InitializeInput, next middleware.InitializeHandler) (middleware.InitializeOutput, middleware.Metadata, error) {
			if !busy.CompareAndSwap(false, true) {
				m.doubled.Add(1)
			}
			defer busy.Store(false)
			return next.HandleInitialize(ctx, in)
		}), middleware.Before)
}

func of(username string) *input {
	return &input{UserPoolId: aws.String("ap-northeast-1_AbCdEf123"), Username: &username}
}

// A stack that serves the second time is one that has served before, and none of
// that may show.
func TestAPreparedCallIsTheClientsOwn(t *testing.T) {
	t.Parallel()
	p := newPool(t, nil)
	client := p.client()
	operation, _ := prepare(client)
	own, err := client.AdminGetUser(t.Context(), of("hanako"))
	if err != nil {
		t.Fatal(err)
	}
	own.ResultMetadata = middleware.Metadata{}
	for time := range 3 {
		if time == 2 { // something else between
			if other, err := operation.Do(t.Context(), of("taro")); err != nil || *other.Username != "taro" {
				t.Errorf("got %v, %v", other, err)
			}
		}
		got, err := operation.Do(t.Context(), of("hanako"))
		if err != nil || !reflect.DeepEqual(got, own) {
			t.Errorf("time %d: got  %+v, %v\nwant %+v", time, got, err, own)
		}
		sent := p.requests()
		if last := sent[len(sent)-1]; !reflect.DeepEqual(last, sent[0]) {
			t.Errorf("time %d: sent   %+v\nits own %+v", time, last, sent[0])
		}
	}
	if first := p.requests()[0]; first.method != http.MethodPost || first.path != "/" || !strings.Contains(first.body, "hanako") ||
		!strings.Contains(first.signed, "x-amz-target") || !strings.HasSuffix(first.header.Get("X-Amz-Target"), ".AdminGetUser") {
		t.Errorf("what is compared is %+v", first)
	}
}

func TestToPrepareSendsNothing(t *testing.T) {
	t.Parallel()
	p := newPool(t, nil)
	operation, made := prepare(p.client(func(o *options) {
		o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			t.Error("credentials were asked for")
			return aws.Credentials{}, nil
		})
	}))
	if n := made.stacks.Load(); n != 0 {
		t.Errorf("%d stacks were made before there was need of one", n)
	}
	for range 3 {
		if err := operation.Warm(); err != nil {
			t.Error(err)
		}
	}
	if n := made.stacks.Load(); n != 1 {
		t.Errorf("%d stacks were made", n)
	}
	if sent := p.requests(); len(sent) > 0 {
		t.Errorf("sent %+v", sent)
	}
}

func TestEachOfManyCallsGetsItsOwnAnswer(t *testing.T) {
	t.Parallel()
	operation, made := prepare(newPool(t, nil).client())
	const callers = 16
	var work sync.WaitGroup
	for caller := range callers {
		work.Go(func() {
			for call := range 20 {
				username := fmt.Sprintf("user-%d-%d", caller, call)
				got, err := operation.Do(t.Context(), of(username))
				if err != nil || aws.ToString(got.Username) != username || *got.UserAttributes[1].Value != username+"@example.com" {
					t.Errorf("%s: got %+v, %v", username, got, err)
				}
			}
		})
	}
	work.Wait()
	if n := made.stacks.Load(); n < 1 || n > callers {
		t.Errorf("%d callers made %d stacks", callers, n)
	}
	if n := made.doubled.Load(); n > 0 {
		t.Errorf("a stack served two calls at once, %d times", n)
	}
}

// As many stacks are made as there are calls at once, and no more later.
func TestAStackServesOneCallAtATime(t *testing.T) {
	t.Parallel()
	const together = 5
	arrived, released := make(chan struct{}), make(chan struct{})
	operation, made := prepare(newPool(t, func(w http.ResponseWriter, _ *http.Request) {
		arrived <- struct{}{}
		<-released
		knows(w, "hanako")
	}).client())
	if err := operation.Warm(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		var work sync.WaitGroup
		for range together {
			work.Go(func() {
				if _, err := operation.Do(t.Context(), of("hanako")); err != nil {
					t.Error(err)
				}
			})
		}
		for range together {
			<-arrived
		}
		if n := made.stacks.Load(); n != together {
			t.Errorf("%d calls at once made %d stacks", together, n)
		}
		for range together {
			released <- struct{}{}
		}
		work.Wait()
	}
	if n := made.doubled.Load(); n > 0 {
		t.Errorf("a stack served two calls at once, %d times", n)
	}
}

func TestTheCallersTimeCounts(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		context func(context.Context, <-chan struct{}) (context.Context, context.CancelFunc)
		want    error
	}{
		"a deadline": {func(ctx context.Context, arrived <-chan struct{}) (context.Context, context.CancelFunc) {
			ctx, pass := deadline.Context(ctx)
			go func() { <-arrived; pass() }()
			return ctx, func() {}
		}, context.DeadlineExceeded},
		"to be cancelled": {func(ctx context.Context, arrived <-chan struct{}) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			go func() { <-arrived; cancel() }()
			return ctx, cancel
		}, context.Canceled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			arrived, released := make(chan struct{}, 1), make(chan struct{})
			var silent atomic.Bool
			silent.Store(true)
			operation, made := prepare(newPool(t, func(w http.ResponseWriter, _ *http.Request) {
				if silent.Load() {
					arrived <- struct{}{}
					<-released
				}
				knows(w, "hanako")
			}).client())
			t.Cleanup(func() { close(released) })
			ctx, cancel := row.context(t.Context(), arrived)
			defer cancel()
			if got, err := operation.Do(ctx, of("hanako")); !errors.Is(err, row.want) {
				t.Errorf("got %v, %v", got, err)
			}
			silent.Store(false)
			if got, err := operation.Do(t.Context(), of("hanako")); err != nil || aws.ToString(got.Username) != "hanako" || made.stacks.Load() != 1 {
				t.Errorf("the next got %v, %v of %d stacks", got, err, made.stacks.Load())
			}
		})
	}
	t.Run("an end before the beginning", func(t *testing.T) {
		t.Parallel()
		p := newPool(t, nil)
		operation, _ := prepare(p.client())
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if got, err := operation.Do(ctx, of("hanako")); !errors.Is(err, context.Canceled) || len(p.requests()) > 0 {
			t.Errorf("got %v, %v after %d requests", got, err, len(p.requests()))
		}
	})
}

// watcher keeps the calls that it is told of.
type watcher struct {
	calls    []ports.Call
	statuses []int
}

// Begin implements [ports.CallWatcher].
func (w *watcher) Begin(_ context.Context, call ports.Call) func(int) {
	w.calls = append(w.calls, call)
	return func(status int) { w.statuses = append(w.statuses, status) }
}

type ownKey struct{}

func TestTheCallersValuesAreSeenAndTheClients(t *testing.T) {
	t.Parallel()
	p := newPool(t, nil)
	var value, service, name any
	transport := awsclient.Over(doer(func(r *http.Request) (*http.Response, error) {
		value, service, name = r.Context().Value(ownKey{}), awsmiddleware.GetServiceID(r.Context()), awsmiddleware.GetOperationName(r.Context())
		return http.DefaultClient.Do(r)
	}))
	operation, _ := prepare(p.client(func(o *options) { o.HTTPClient = transport }))
	for _, own := range []string{"the first caller's", "the second's"} {
		seen := new(watcher)
		ctx, meter := ports.WithMeter(context.WithValue(ports.WithCallWatcher(t.Context(), seen), ownKey{}, own))
		if _, err := operation.Do(ctx, of("hanako")); err != nil {
			t.Fatal(err)
		}
		want := ports.Call{Service: "Cognito Identity Provider", Operation: "AdminGetUser"}
		if len(seen.calls) != 1 || seen.calls[0] != want || len(seen.statuses) != 1 || seen.statuses[0] != http.StatusOK || meter.Calls() != 1 {
			t.Errorf("%s: the watcher saw %+v end with %v, the meter %d", own, seen.calls, seen.statuses, meter.Calls())
		}
		if value != own || service != want.Service || name != want.Operation {
			t.Errorf("%s: it is %s of %s with the value of %v", own, name, service, value)
		}
	}
}

// The context of a call can be that of another call. It then has the other call's
// operation, signing name and hash of the body. The client's own call ignores them.
func TestACallWithinACallIsItsOwn(t *testing.T) {
	t.Parallel()
	p := newPool(t, nil)
	inner := p.client(func(o *options) {
		o.HTTPClient = awsclient.Over(doer(func(r *http.Request) (*http.Response, error) {
			body, err := r.GetBody()
			if err != nil {
				return nil, err
			}
			hash := sha256.New()
			if _, err := io.Copy(hash, body); err != nil {
				return nil, err
			}
			if got := v4.GetPayloadHash(r.Context()); got != hex.EncodeToString(hash.Sum(nil)) {
				t.Errorf("it is signed with %s", got)
			}
			if operation, region := middleware.GetOperationName(r.Context()), awsmiddleware.GetRegion(r.Context()); operation != "AdminGetUser" || region != "ap-northeast-1" {
				t.Errorf("it is %s in %s", operation, region)
			}
			return http.DefaultClient.Do(r)
		}))
	})
	operation, _ := prepare(inner)
	for name, within := range map[string]func(context.Context) error{
		"the client's own": func(ctx context.Context) error { _, err := inner.AdminGetUser(ctx, of("within")); return err },
		"the prepared":     func(ctx context.Context) error { _, err := operation.Do(ctx, of("within")); return err },
	} {
		outer := p.client(func(o *options) {
			o.Region = "eu-west-1"
			o.HTTPClient = doer(func(r *http.Request) (*http.Response, error) {
				if err := within(r.Context()); err != nil {
					return nil, err
				}
				return http.DefaultClient.Do(r)
			})
		})
		if _, err := outer.ListUsers(t.Context(), &cognitoidentityprovider.ListUsersInput{UserPoolId: aws.String("eu-west-1_A")}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if sent := p.requests(); len(sent) != 4 {
		t.Errorf("sent %+v", sent)
	}
}

func TestAnErrorIsTheClientsOwn(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"an exception of the operation's": func(w http.ResponseWriter, _ *http.Request) { fails(w, http.StatusBadRequest, "UserNotFoundException") },
		"one that nobody knows":           func(w http.ResponseWriter, _ *http.Request) { fails(w, http.StatusBadRequest, "OfTomorrow") },
		"one that is tried again": func(w http.ResponseWriter, _ *http.Request) {
			fails(w, http.StatusInternalServerError, "InternalErrorException")
		},
		"an answer that cannot be read": func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var well atomic.Bool
			p := newPool(t, func(w http.ResponseWriter, r *http.Request) {
				if well.Load() {
					knows(w, "hanako")
					return
				}
				answer(w, r)
			})
			client := p.client()
			operation, made := prepare(client)
			_, own := client.AdminGetUser(t.Context(), of("hanako"))
			tries := len(p.requests())
			around, ok := errors.AsType[*smithy.OperationError](own)
			if !ok {
				t.Fatalf("the client's own error is %v", own)
			}
			for time := range 2 {
				before := len(p.requests())
				got, err := operation.Do(t.Context(), of("hanako"))
				if err == nil || got != nil || err.Error() != around.Err.Error() {
					t.Errorf("time %d: got  %v, %v\nwant %v", time, got, err, around.Err)
				}
				if again := len(p.requests()) - before; again != tries {
					t.Errorf("time %d: it was sent %d times, the client's own %d times", time, again, tries)
				}
				sameKind[*types.UserNotFoundException](t, err, own)
				sameKind[*types.InternalErrorException](t, err, own)
				sameKind[*smithy.DeserializationError](t, err, own)
				if _, is := errors.AsType[smithy.APIError](own); is {
					sameKind[smithy.APIError](t, err, own)
				}
			}
			well.Store(true)
			if got, err := operation.Do(t.Context(), of("hanako")); err != nil || aws.ToString(got.Username) != "hanako" || made.stacks.Load() != 1 {
				t.Errorf("the next got %v, %v of %d stacks", got, err, made.stacks.Load())
			}
		})
	}
}

// sameKind fails where one of the errors is an E and the other none.
func sameKind[E error](t *testing.T, got, want error) {
	t.Helper()
	_, is := errors.AsType[E](got)
	if _, wanted := errors.AsType[E](want); is != wanted {
		t.Errorf("%v is a %T: %t, the client's own: %t", got, *new(E), is, wanted)
	}
}

// The client's retryer says how often a call is tried, or that of the call.
func TestACallIsTriedAgainAsTheClientIsSet(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		retryer aws.Retryer
		refused int // requests that are, before one is served
		sent    int
		fine    bool
	}{
		"served at the third try":    {quickly{awsclient.Retryer()}, 2, 3, true},
		"not served in three":        {quickly{awsclient.Retryer()}, 9, 3, false},
		"a client that never tries":  {aws.NopRetryer{}, 2, 1, false},
		"served without another try": {aws.NopRetryer{}, 0, 1, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked atomic.Int64
			p := newPool(t, func(w http.ResponseWriter, _ *http.Request) {
				if int(asked.Add(1)) <= row.refused {
					fails(w, http.StatusBadRequest, "TooManyRequestsException")
					return
				}
				knows(w, "hanako")
			})
			operation, _ := prepare(p.client(func(o *options) { o.Retryer = row.retryer }))
			for time := range 2 { // the tries of one call are not those of the next
				asked.Store(0)
				ctx, meter := ports.WithMeter(t.Context())
				_, err := operation.Do(ctx, of("hanako"))
				if (err == nil) != row.fine || int(asked.Load()) != row.sent || meter.Calls() != row.sent || meter.Retries() != row.sent-1 {
					t.Errorf("time %d: %v after %d tries, of which %d count, %d as sent again", time, err, asked.Load(), meter.Calls(), meter.Retries())
				}
			}
		})
	}
}

func TestAClientThatCannotBeCalledIsAnError(t *testing.T) {
	t.Parallel()
	fault := errors.New("of the client")
	p := newPool(t, nil)
	type call = func(context.Context, func(*middleware.Stack) error) error
	for name, row := range map[string]struct {
		call call
		want error
	}{
		"a call with another error": {func(context.Context, func(*middleware.Stack) error) error { return fault }, fault},
		"options that fail": {func(ctx context.Context, keep func(*middleware.Stack) error) error {
			_, err := p.client().AdminGetUser(ctx, nil, func(o *options) {
				o.APIOptions = append(o.APIOptions, func(*middleware.Stack) error { return fault }, keep)
			})
			return err
		}, fault},
		"a call that calls nothing": {func(context.Context, func(*middleware.Stack) error) error { return nil }, nil},
		"a stack that is not run": {func(_ context.Context, keep func(*middleware.Stack) error) error {
			return keep(middleware.NewStack("AdminGetUser", nil))
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			operation := cognitocalls.Prepare[input, output](row.call)
			for range 2 {
				warmed := operation.Warm()
				got, done := operation.Do(t.Context(), of("hanako"))
				for _, err := range []error{warmed, done} {
					if err == nil || got != nil || row.want != nil && !errors.Is(err, row.want) ||
						!strings.Contains(err.Error(), "cannot be prepared") || strings.Contains(err.Error(), "is prepared") {
						t.Errorf("got %v, %v", got, err)
					}
				}
			}
		})
	}
	if sent := p.requests(); len(sent) > 0 {
		t.Errorf("sent %+v", sent)
	}
}

func TestAClientThatCanBeCalledLaterIsCalledThen(t *testing.T) {
	t.Parallel()
	client, fault := newPool(t, nil).client(), errors.New("not yet")
	ready := false
	operation := cognitocalls.Prepare[input, output](func(ctx context.Context, keep func(*middleware.Stack) error) error {
		if !ready {
			return fault
		}
		_, err := client.AdminGetUser(ctx, nil, func(o *options) { o.APIOptions = append(o.APIOptions, keep) })
		return err
	})
	if err := operation.Warm(); !errors.Is(err, fault) {
		t.Errorf("got %v", err)
	}
	ready = true
	if got, err := operation.Do(t.Context(), of("hanako")); err != nil || aws.ToString(got.Username) != "hanako" {
		t.Errorf("got %v, %v", got, err)
	}
}

// What is prepared has to be the operation that it is called.
func TestTheAnswerOfAnotherOperationIsAnError(t *testing.T) {
	t.Parallel()
	client := newPool(t, nil).client()
	operation := cognitocalls.Prepare[input, cognitoidentityprovider.ListUsersOutput](func(ctx context.Context, keep func(*middleware.Stack) error) error {
		_, err := client.AdminGetUser(ctx, nil, func(o *options) { o.APIOptions = append(o.APIOptions, keep) })
		return err
	})
	if got, err := operation.Do(t.Context(), of("hanako")); err == nil || got != nil {
		t.Errorf("got %v, %v", got, err)
	}
}

// doer is an HTTP client that a function is.
type doer func(*http.Request) (*http.Response, error)

func (d doer) Do(request *http.Request) (*http.Response, error) { return d(request) }
