package stscredentials

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"cognito-user-migration/adapters/internal/awsrole"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/aws-sdk-go-v2/service/sts/types"
	"pgregory.net/rapid"
)

// fakeSTS gives a new set to each call, or its error.
type fakeSTS struct {
	calls atomic.Int64
	// lifetime of the sets; an hour where it is zero.
	lifetime time.Duration
	// delay before the answer.
	delay time.Duration
	mu    sync.Mutex
	err   error
	asked *sts.AssumeRoleInput
}

// AssumeRole implements stscreds.AssumeRoleAPIClient.
func (f *fakeSTS) AssumeRole(_ context.Context, input *sts.AssumeRoleInput, _ ...func(*sts.Options)) (*sts.AssumeRoleOutput, error) {
	n := f.calls.Add(1)
	time.Sleep(f.delay)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = input
	if f.err != nil {
		return nil, f.err
	}
	lifetime := f.lifetime
	if lifetime == 0 {
		lifetime = time.Hour
	}
	return &sts.AssumeRoleOutput{Credentials: &types.Credentials{
		AccessKeyId:     aws.String(fmt.Sprintf("ASIA%d", n)),
		SecretAccessKey: aws.String("secret-key"),
		SessionToken:    aws.String("session-token"),
		Expiration:      aws.Time(time.Now().Add(lifetime)),
	}}, nil
}

func (f *fakeSTS) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func settings() Settings {
	return Settings{RoleARN: "arn:aws:iam::222222222222:role/migration", ExternalID: "external-1"}
}

// set retrieves one and fails where there is none.
func set(t *testing.T, p *Provider) ports.Credentials {
	t.Helper()
	credentials, err := p.Retrieve(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return credentials
}

func TestTheRoleIsTakenOnAsTheSettingsSay(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		settings   Settings
		externalID string
	}{
		"with an external ID":    {settings(), "external-1"},
		"without an external ID": {Settings{RoleARN: settings().RoleARN}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := &fakeSTS{}
			got := set(t, AssumeRole(client, test.settings, "migrate-f@stream"))
			if got.AccessKeyID != "ASIA1" || got.SecretAccessKey.Reveal() != "secret-key" || got.SessionToken.Reveal() != "session-token" {
				t.Errorf("got another set than STS gave: %v", got)
			}
			asked := client.asked
			if aws.ToString(asked.RoleArn) != string(test.settings.RoleARN) || aws.ToString(asked.RoleSessionName) != "migrate-f@stream" {
				t.Errorf("asked for %q as %q", aws.ToString(asked.RoleArn), aws.ToString(asked.RoleSessionName))
			}
			if aws.ToString(asked.ExternalId) != test.externalID || (asked.ExternalId != nil) != (test.externalID != "") {
				t.Errorf("external ID %q", aws.ToString(asked.ExternalId))
			}
			if aws.ToInt32(asked.DurationSeconds) != 15*60 {
				t.Errorf("for %d seconds", aws.ToInt32(asked.DurationSeconds))
			}
		})
	}
}

func TestASetIsKeptUntilItIsDueAndThenReplaced(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := &fakeSTS{lifetime: sessionDuration}
		provider := AssumeRole(client, settings(), "s")
		first := set(t, provider)
		time.Sleep(sessionDuration - refreshBefore - time.Second)
		if again := set(t, provider); again.AccessKeyID != first.AccessKeyID || client.calls.Load() != 1 {
			t.Errorf("a set that is not due was replaced: %d calls", client.calls.Load())
		}
		time.Sleep(2 * time.Second)
		if again := set(t, provider); again.AccessKeyID == first.AccessKeyID || client.calls.Load() != 2 {
			t.Errorf("a set that is due was not replaced: %d calls", client.calls.Load())
		}
	})
}

func TestManyWhoAskAtATimeCostOneCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := &fakeSTS{delay: time.Second}
		provider := AssumeRole(client, settings(), "s")
		var everyone sync.WaitGroup
		for range 50 {
			everyone.Go(func() {
				if got, err := provider.Retrieve(t.Context()); err != nil || got.AccessKeyID != "ASIA1" {
					t.Errorf("%v, %v", got.AccessKeyID, err)
				}
			})
		}
		everyone.Wait()
		if n := client.calls.Load(); n != 1 {
			t.Errorf("%d calls", n)
		}
	})
}

// A set that is due serves on while STS is down, and not a moment longer than
// it is valid.
func TestASetServesOnWhileSTSIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := &fakeSTS{lifetime: sessionDuration}
		provider := AssumeRole(client, settings(), "s")
		first := set(t, provider)
		client.fail(errors.New("connection refused"))
		time.Sleep(sessionDuration - refreshBefore)
		for range 4 { // up to a second before its end
			if again := set(t, provider); again.AccessKeyID != first.AccessKeyID {
				t.Fatal("another set")
			}
			time.Sleep((refreshBefore - time.Second) / 4)
		}
		if again := set(t, provider); again.AccessKeyID != first.AccessKeyID {
			t.Fatal("another set")
		}
		if n := client.calls.Load(); n < 3 {
			t.Errorf("STS was asked %d times; a set that is due is asked for again", n)
		}
		time.Sleep(2 * time.Second)
		if got, err := provider.Retrieve(t.Context()); !errors.Is(err, ports.ErrUnreachable) || got.AccessKeyID != "" {
			t.Errorf("an expired set was handed out: %v, %v", got.AccessKeyID, err)
		}
		client.fail(nil)
		if again := set(t, provider); again.AccessKeyID == first.AccessKeyID {
			t.Error("the old set, once STS is back")
		}
	})
}

// The clocks disagree: every request that such a set signed would be turned
// away, so it is not handed out at all.
func TestASetThatExpiredOnArrivalIsNotHandedOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, lifetime := range []time.Duration{-time.Hour, -time.Second, -1} {
			provider := AssumeRole(&fakeSTS{lifetime: lifetime}, settings(), "s")
			got, err := provider.Retrieve(t.Context())
			if !errors.Is(err, ports.ErrUnreachable) || got.AccessKeyID != "" || !strings.Contains(err.Error(), "clock") {
				t.Errorf("%v: %v, %v", lifetime, got.AccessKeyID, err)
			}
		}
	})
}

// However short a set lives, none is handed out after its end.
func TestNoExpiredSetIsEverHandedOut(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var late time.Duration
		synctest.Test(t, func(t *testing.T) { late = worstHandedOut(t, rt) })
		if late > 0 {
			rt.Fatalf("a set was handed out %v after its end", late)
		}
	})
}

// worstHandedOut lives through some hours of sleeping, outages and sets that are
// forgotten, and tells how long after its end a set was handed out.
func worstHandedOut(t *testing.T, rt *rapid.T) (late time.Duration) {
	client := &fakeSTS{lifetime: time.Duration(rapid.IntRange(1, 1200).Draw(rt, "lifetime in seconds")) * time.Second}
	provider := AssumeRole(client, settings(), "s")
	ends := make(map[string]time.Time)
	for range rapid.IntRange(1, 20).Draw(rt, "steps") {
		time.Sleep(time.Duration(rapid.IntRange(0, 600).Draw(rt, "seconds asleep")) * time.Second)
		switch rapid.IntRange(0, 3).Draw(rt, "what happens") {
		case 0:
			client.fail(errors.New("down"))
		case 1:
			client.fail(nil)
		case 2:
			provider.Invalidate()
		}
		got, err := provider.Retrieve(t.Context())
		if err != nil {
			continue
		}
		if ends[got.AccessKeyID].IsZero() { // each is new when it is first seen
			ends[got.AccessKeyID] = time.Now().Add(client.lifetime)
		}
		if over := time.Since(ends[got.AccessKeyID]); over >= 0 {
			late = max(late, over, 1)
		}
	}
	return late
}

func TestInvalidateForgetsTheSet(t *testing.T) {
	t.Parallel()
	client := &fakeSTS{}
	provider := AssumeRole(client, settings(), "s")
	first := set(t, provider)
	provider.Invalidate()
	if again := set(t, provider); again.AccessKeyID == first.AccessKeyID {
		t.Error("the same set again")
	}
	// What was forgotten must not come back because STS is down.
	provider.Invalidate()
	client.fail(errors.New("down"))
	if got, err := provider.Retrieve(t.Context()); !errors.Is(err, ports.ErrUnreachable) {
		t.Errorf("%v, %v", got.AccessKeyID, err)
	}
}

// Errors keep STS's code and request ID, and nothing else: its message names
// accounts and roles. They come through the SDK's own client.
func TestErrorsAreSortedByTheirCode(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		status int
		code   string
		class  error
		text   string
	}{
		"not allowed":                  {403, "AccessDenied", ports.ErrMisconfigured, "AccessDenied (request r-1): misconfigured"},
		"a region that is off":         {403, "RegionDisabledException", ports.ErrMisconfigured, "RegionDisabledException (request r-1): misconfigured"},
		"own credentials that expired": {403, "ExpiredToken", ports.ErrMisconfigured, "ExpiredToken (request r-1): misconfigured"},
		"own credentials of nobody":    {403, "InvalidClientTokenId", ports.ErrMisconfigured, "InvalidClientTokenId (request r-1): misconfigured"},
		"a duration that is too long":  {400, "ValidationError", ports.ErrMisconfigured, "ValidationError (request r-1): misconfigured"},
		"a code nobody has seen":       {400, "SomethingElse", ports.ErrMisconfigured, "SomethingElse (request r-1): misconfigured"},
		"too many requests":            {400, "Throttling", ports.ErrThrottled, "Throttling (request r-1): throttled"},
		"too many, in another word":    {400, "ThrottledException", ports.ErrThrottled, "ThrottledException (request r-1): throttled"},
		"too many, by the status":      {429, "SomethingElse", ports.ErrThrottled, "SomethingElse (request r-1): throttled"},
		"a fault of STS's":             {500, "InternalFailure", ports.ErrUnreachable, "InternalFailure (request r-1): unreachable"},
		"a fault, by the status":       {503, "SomethingElse", ports.ErrUnreachable, "SomethingElse (request r-1): unreachable"},
		"an identity provider's fault": {400, "IDPCommunicationError", ports.ErrUnreachable, "IDPCommunicationError (request r-1): unreachable"},
		"a refusal without a code":     {403, "", ports.ErrMisconfigured, "UnknownError (request r-1): misconfigured"},
		"a status without a code":      {404, "", ports.ErrUnreachable, "UnknownError (request r-1): unreachable"},
		"what is no code":              {400, "role/migration of 111111111111", ports.ErrMisconfigured, "unknown (request r-1): misconfigured"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			provider := AssumeRole(stub(t, test.status, `<ErrorResponse><Error><Type>Sender</Type><Code>`+test.code+`</Code>`+
				`<Message>User: arn:aws:sts::111111111111:assumed-role/f is not authorized to perform: sts:AssumeRole on resource: role/migration</Message>`+
				`</Error><RequestId>r-1</RequestId></ErrorResponse>`), settings(), "s1")
			got, err := provider.Retrieve(t.Context())
			if !errors.Is(err, test.class) || got.AccessKeyID != "" {
				t.Fatalf("got %q, %v; want %v", got.AccessKeyID, err, test.class)
			}
			if want := "credentials: AssumeRole: " + test.text; err.Error() != want {
				t.Errorf("got  %s\nwant %s", err, want)
			}
			tellsNothing(t, err)
		})
	}
}

func TestWhatIsNoAnswerOfSTSs(t *testing.T) {
	t.Parallel()
	for name, client := range map[string]stscreds.AssumeRoleAPIClient{
		"an error that is not STS's": &fakeSTS{err: errors.New("dial tcp: role/migration")},
		"a page":                     stub(t, 200, "<html>role/migration</html>"),
		"a gateway's page":           stub(t, 502, "<html>role/migration</html>"),
		"a page that is broken":      stub(t, 200, "<html>role/migration"),
		"nothing":                    stub(t, 200, ""),
		"no credentials":             stub(t, 200, `<AssumeRoleResponse><AssumeRoleResult></AssumeRoleResult></AssumeRoleResponse>`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := AssumeRole(client, settings(), "s1").Retrieve(t.Context())
			if !errors.Is(err, ports.ErrUnreachable) || got.AccessKeyID != "" {
				t.Errorf("got %q, %v", got.AccessKeyID, err)
			}
			tellsNothing(t, err)
		})
	}
}

// stub is STS's client over a server that answers everything alike.
func stub(t *testing.T, status int, body string) *sts.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		w.Header().Set("X-Amzn-Requestid", "r-1")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	return NewClient(aws.Config{
		BaseEndpoint: aws.String(server.URL), Region: "us-east-1", HTTPClient: awshttp.NewBuildableClient(),
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "own-secret", ""),
	})
}

// tellsNothing fails where an error shows what STS's message names, or a secret.
func tellsNothing(t *testing.T, err error) {
	t.Helper()
	for _, verb := range []string{"%v", "%+v", "%#v"} {
		text := fmt.Sprintf(verb, err)
		for _, secret := range []string{"111111111111", "role/migration", "external-1", "own-secret", "AKIDEXAMPLE"} {
			if strings.Contains(text, secret) {
				t.Errorf("the error tells %q: %s", secret, text)
			}
		}
	}
}

func TestAnEndedContextComesBackAsItsOwnError(t *testing.T) {
	t.Parallel()
	t.Run("before", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		client := &fakeSTS{err: errors.New("down")}
		if _, err := AssumeRole(client, settings(), "s").Retrieve(ctx); !errors.Is(err, context.Canceled) || errors.Is(err, ports.ErrUnreachable) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("while STS is silent", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			client := &fakeSTS{delay: time.Minute}
			provider := AssumeRole(client, settings(), "s")
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			began := time.Now()
			if _, err := provider.Retrieve(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %v", err)
			}
			if took := time.Since(began); took != time.Second {
				t.Errorf("came back after %v", took)
			}
			// The fetch is not lost: the next caller gets its result.
			time.Sleep(time.Minute)
			if got := set(t, provider); got.AccessKeyID != "ASIA1" || client.calls.Load() != 1 {
				t.Errorf("%d calls", client.calls.Load())
			}
		})
	})
}

// silentSTS answers only once it is mended; what it was asked before is lost.
type silentSTS struct {
	fakeSTS
	mended atomic.Bool
}

// AssumeRole implements stscreds.AssumeRoleAPIClient.
func (s *silentSTS) AssumeRole(ctx context.Context, input *sts.AssumeRoleInput, options ...func(*sts.Options)) (*sts.AssumeRoleOutput, error) {
	if s.mended.Load() {
		return s.fakeSTS.AssumeRole(ctx, input, options...)
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

// A fetch that is never answered ends with the deadline of the caller who began it. The
// next caller does not wait for it.
func TestAFetchThatIsNeverAnsweredHoldsUpNobodyElse(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]time.Duration{"an attempt": 4500 * time.Millisecond, "a start": time.Second, "a moment": time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				client := new(silentSTS)
				provider := AssumeRole(client, settings(), "s")
				ctx, cancel := context.WithTimeout(t.Context(), first)
				defer cancel()
				if _, err := provider.Retrieve(ctx); !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v", err)
				}
				client.mended.Store(true)
				ctx, cancel = context.WithTimeout(t.Context(), 4500*time.Millisecond)
				defer cancel()
				began := time.Now()
				if _, err := provider.Retrieve(ctx); err != nil || time.Since(began) > fetchAtLeast {
					t.Errorf("the next to ask got %v after %v", err, time.Since(began))
				}
			})
		})
	}
}

// What the start of the process began is not lost to the first attempt.
func TestAFetchOutlivesAStartThatWaitsNoLonger(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		client := &fakeSTS{delay: 1200 * time.Millisecond}
		provider := AssumeRole(client, settings(), "s")
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := provider.Retrieve(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		if got := set(t, provider); got.AccessKeyID != "ASIA1" || client.calls.Load() != 1 {
			t.Errorf("%s after %d calls", got.AccessKeyID, client.calls.Load())
		}
	})
}

func TestTheFunctionsOwnCredentialsServeWithoutARole(t *testing.T) {
	t.Parallel()
	own := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AKIAOWN", SecretAccessKey: "own-secret"}, nil
	})
	got := set(t, Own(own))
	if got.AccessKeyID != "AKIAOWN" || got.SecretAccessKey.Reveal() != "own-secret" || !got.SessionToken.Empty() {
		t.Errorf("got %v", got.AccessKeyID)
	}
	none := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("no EC2 IMDS role found")
	})
	if _, err := Own(none).Retrieve(t.Context()); !errors.Is(err, ports.ErrUnreachable) {
		t.Errorf("got %v", err)
	}
}

// sessionNames are what STS takes ("AssumeRole", AWS STS API Reference:
// RoleSessionName).
var sessionNames = regexp.MustCompile(`^[\w+=,.@-]{2,64}$`)

func TestSessionNamesLeadBackToOneProcess(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ function, logStream, want string }{
		{"user-migration", "2025/01/31/[$LATEST]0123456789abcdef0123456789abcdef", "migrate-user-migration@0123456789abcdef01234567"},
		{"user-migration", "2025/01/31/user-migration[7]0123456789abcdef0123456789abcdef", "migrate-user-migration@0123456789abcdef01234567"},
		{"user-migration", "", "migrate-user-migration"},
		{"", "", "migrate-local"},
		{strings.Repeat("f", 64), strings.Repeat("s", 64), "migrate-" + strings.Repeat("f", 30) + "@" + strings.Repeat("s", 24)},
		{"名前 f", "a/b", "migrate----f@a-b"},
	} {
		if got := SessionName(test.function, test.logStream); got != test.want {
			t.Errorf("SessionName(%q, %q) = %q, want %q", test.function, test.logStream, got, test.want)
		}
	}
}

func TestEverySessionNameIsOneThatSTSTakes(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		name := SessionName(rapid.String().Draw(rt, "function"), rapid.String().Draw(rt, "log stream"))
		if !sessionNames.MatchString(name) {
			rt.Fatalf("%q", name)
		}
	})
}

func FuzzSessionName(f *testing.F) {
	f.Add("user-migration", "2025/01/31/[$LATEST]0123456789abcdef0123456789abcdef")
	f.Add("\xff", "]")
	f.Fuzz(func(t *testing.T, function, logStream string) {
		if name := SessionName(function, logStream); !sessionNames.MatchString(name) {
			t.Errorf("%q", name)
		}
	})
}

// A role or external ID is accepted if STS accepts it, and is sent unchanged. An error
// does not repeat it.
func FuzzSettings(f *testing.F) {
	f.Add("arn:aws:iam::123456789012:role/user-migration", "external-1", "user-migration", "2025/01/31/[$LATEST]0123456789abcdef")
	f.Add("arn:aws-us-gov:iam::123456789012:role/path/r+=,.@-_", "a:b/c=d,e.f@g_h-i+j", "", "")
	f.Add("arn:aws:iam::12345678901:role/r", "a", "\xff", "]")
	f.Add("arn:aws:iam::1234567890123:role/r", "", "", "")
	f.Add("arn:aws:iam::1234567890123:role/r\n", "an external ID with spaces", "f", "s")
	f.Add("arn:aws:sts::123456789012:assumed-role/r/s", "\u212a\u017f", "f", "s") // letters that fold into ASCII ones
	f.Fuzz(func(t *testing.T, role, external, function, logStream string) {
		var settings Settings
		for text, into := range map[string]interface{ UnmarshalText(text []byte) error }{role: &settings.RoleARN, external: &settings.ExternalID} {
			if err := into.UnmarshalText([]byte(text)); err != nil && len(text) > 16 && strings.Contains(err.Error(), text) &&
				!strings.Contains("arn:aws:iam::123456789012:role/user-migration", text) { // our own example
				t.Errorf("the value is in the error: %v", err)
			}
		}
		if got, want := string(settings.RoleARN) == role && role != "", roleARNs.MatchString(role); got != want {
			t.Errorf("role %q is taken: %v", role, got)
		}
		if got, want := string(settings.ExternalID) == external && external != "", externalIDs.MatchString(external) && len(external) <= 1224; got != want {
			t.Errorf("external ID %q is taken: %v", external, got)
		}
		if settings.RoleARN == "" {
			return
		}
		api := &fakeSTS{}
		if _, err := AssumeRole(api, settings, SessionName(function, logStream)).Retrieve(t.Context()); err != nil {
			t.Fatal(err)
		}
		if aws.ToString(api.asked.RoleArn) != role || aws.ToString(api.asked.ExternalId) != string(settings.ExternalID) ||
			!sessionNames.MatchString(aws.ToString(api.asked.RoleSessionName)) {
			t.Errorf("STS is asked for %q with %q as %q", aws.ToString(api.asked.RoleArn),
				aws.ToString(api.asked.ExternalId), aws.ToString(api.asked.RoleSessionName))
		}
	})
}

// What a role's ARN ("IAM identifiers", IAM User Guide) and an external ID
// ("AssumeRole", AWS STS API Reference) look like.
var (
	roleARNs    = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,512}$`)
	externalIDs = regexp.MustCompile(`^[\w+=,.@:/-]{2,}$`)
)

func TestSettingsAreCheckedForTheirShape(t *testing.T) {
	t.Parallel()
	for text, right := range map[string]bool{
		"arn:aws:iam::123456789012:role/user-migration":              true,
		"arn:aws:iam::123456789012:role/path/to/user-migration":      true,
		"arn:aws-cn:iam::123456789012:role/r":                        true,
		"arn:aws-us-gov:iam::123456789012:role/r+=,.@-_":             true,
		"arn:aws:iam::12345678901:role/r":                            false,
		"arn:aws:iam::123456789012:user/u":                           false,
		"arn:aws:sts::123456789012:assumed-role/r/s":                 false,
		"arn:aws:iam::123456789012:role/":                            false,
		"arn:aws:iam::123456789012:role/r ":                          false,
		"arn:aws:iam::123456789012:role/r\n":                         false,
		"user-migration":                                             false,
		"":                                                           false,
		"arn:aws:iam::123456789012:role/" + strings.Repeat("r", 513): false,
	} {
		var arn awsrole.RoleARN
		err := arn.UnmarshalText([]byte(text))
		if (err == nil) != right || right && string(arn) != text {
			t.Errorf("role %q: %v", text, err)
		}
	}
	for text, right := range map[string]bool{
		"ab": true, "external-1": true, "a:b/c=d,e.f@g_h-i+j": true, strings.Repeat("a", 1224): true,
		"": false, "a": false, "a b": false, "a\n": false, "ü1": false, "a'b": false, strings.Repeat("a", 1225): false,
	} {
		var id awsrole.ExternalID
		err := id.UnmarshalText([]byte(text))
		if (err == nil) != right || right && string(id) != text {
			t.Errorf("external ID %q: %v", text, err)
		}
	}
}

func TestARoleAndItsExternalIDGoTogether(t *testing.T) {
	t.Parallel()
	variable := func(name string) string { return "OLD_" + name }
	for name, test := range map[string]struct {
		settings         Settings
		problem, warning string
	}{
		"both":             {settings(), "", ""},
		"neither":          {Settings{}, "", ""},
		"no external ID":   {Settings{RoleARN: "r"}, "", "OLD_EXTERNAL_ID is not set"},
		"an ID for nobody": {Settings{ExternalID: "x1"}, "OLD_EXTERNAL_ID: has an effect only with OLD_ROLE_ARN", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			problems, warnings := test.settings.Validate(variable), test.settings.Warnings(variable)
			if (len(problems) == 1) != (test.problem != "") || len(problems) == 1 && !strings.HasPrefix(problems[0].Error(), test.problem) {
				t.Errorf("problems %v", problems)
			}
			if (len(warnings) == 1) != (test.warning != "") || len(warnings) == 1 && !strings.HasPrefix(warnings[0], test.warning) {
				t.Errorf("warnings %q", warnings)
			}
		})
	}
}
