package cognitodestination_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"cognito-user-migration/adapters/cognitodestination"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/test/deadline"
	"cognito-user-migration/test/directhttp"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
)

const (
	poolID   = "ap-northeast-1_Dest00001"
	username = "hanako.yamada"
)

// answer is a status and a body.
type answer struct {
	status int
	body   any
}

func exception(code string) answer {
	status := http.StatusBadRequest
	if code == "InternalErrorException" {
		status = http.StatusInternalServerError
	}
	return answer{status, map[string]any{"__type": code, "message": "about " + username}}
}

// service is Cognito as far as it is called.
type service struct {
	mu     sync.Mutex
	calls  []map[string]any // with their operation under "operation"
	answer func(operation string, input map[string]any) answer
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	input := make(map[string]any)
	text, _ := io.ReadAll(r.Body)
	if err := json.Unmarshal(text, &input); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AWSCognitoIdentityProviderService.")
	s.mu.Lock()
	given := s.answer(operation, input)
	input["operation"] = operation
	s.calls = append(s.calls, input)
	s.mu.Unlock()
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if given.status != 0 {
		w.WriteHeader(given.status)
	}
	_ = json.NewEncoder(w).Encode(given.body)
}

// over is the destination as production makes it, but for the address.
func over(t *testing.T, give func(operation string, input map[string]any) answer) (*cognitodestination.Pools, *service) {
	t.Helper()
	s := &service{answer: give}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return cognitodestination.New(cognitodestination.NewClient(configFor(server.URL))), s
}

// overWithoutNetwork is for a bubble of fake time, which a network would leave.
func overWithoutNetwork(give func(operation string, input map[string]any) answer) (*cognitodestination.Pools, *service) {
	s := &service{answer: give}
	config := configFor("http://service")
	config.HTTPClient = directhttp.Client{Handler: s}
	return cognitodestination.New(cognitodestination.NewClient(config)), s
}

func configFor(url string) aws.Config {
	return aws.Config{
		Region: "ap-northeast-1", BaseEndpoint: aws.String(url), HTTPClient: awshttp.NewBuildableClient(),
		Credentials: credentials.NewStaticCredentialsProvider("AKIDEXAMPLE", "secret", ""),
	}
}

func always(given answer) func(string, map[string]any) answer {
	return func(string, map[string]any) answer { return given }
}

func TestAUserOfTheDestination(t *testing.T) {
	t.Parallel()
	pools, s := over(t, always(answer{body: map[string]any{
		"Username": "5b1a2c3d", "Enabled": true, "UserStatus": "CONFIRMED", "PreferredMfaSetting": "EMAIL_OTP",
		"UserAttributes": []map[string]string{{"Name": "email", "Value": "hanako@example.com"}, {"Name": "custom:legacy_sub", "Value": "sub-1"}},
	}}))
	user, err := pools.FindUser(t.Context(), poolID, username)
	if err != nil {
		t.Fatal(err)
	}
	want := domain.Attributes{"email": "hanako@example.com", "custom:legacy_sub": "sub-1"}
	if user.Username != "5b1a2c3d" || !user.Enabled || user.Status != domain.StatusConfirmed || user.PreferredMFA != domain.MFAEmail || !maps.Equal(user.Attributes, want) {
		t.Errorf("got %q, %v, %v", user.Username, user, map[string]string(user.Attributes))
	}
	if len(s.calls) != 1 || s.calls[0]["operation"] != "AdminGetUser" || s.calls[0]["UserPoolId"] != poolID || s.calls[0]["Username"] != username {
		t.Errorf("called %v", s.calls)
	}
}

// TestAnAnswerThatSaysLittleDoesNotMakeAUserReady: what is not said must never
// count as enabled or confirmed.
func TestAnAnswerThatSaysLittleDoesNotMakeAUserReady(t *testing.T) {
	t.Parallel()
	pools, _ := over(t, always(answer{body: map[string]any{"Username": username}}))
	user, err := pools.FindUser(t.Context(), poolID, username)
	if err != nil {
		t.Fatal(err)
	}
	completion := domain.Completion{Username: username}
	if reason := domain.ReadyToComplete(domain.DefaultRules(), completion, user); reason.Outcome() != domain.CompletionPending {
		t.Errorf("it is ready, or never will be: %s", reason)
	}
	pools, _ = over(t, always(answer{body: map[string]any{}}))
	if user, err := pools.FindUser(t.Context(), poolID, username); !errors.Is(err, ports.ErrUnreachable) || user != nil {
		t.Errorf("an empty answer is %v, %v", user, err)
	}
}

func TestAUserWhoIsNotThereIsAnAnswer(t *testing.T) {
	t.Parallel()
	pools, _ := over(t, always(exception("UserNotFoundException")))
	if user, err := pools.FindUser(t.Context(), poolID, username); user != nil || err != nil {
		t.Errorf("got %v, %v", user, err)
	}
}

func TestGroups(t *testing.T) {
	t.Parallel()
	pools, s := over(t, always(answer{body: map[string]any{}}))
	for range 2 { // Cognito is fine with a member
		if err := pools.AddToGroup(t.Context(), poolID, username, "editors"); err != nil {
			t.Fatal(err)
		}
	}
	if err := pools.CreateGroup(t.Context(), poolID, "editors"); err != nil {
		t.Fatal(err)
	}
	add, create := s.calls[0], s.calls[2]
	if add["operation"] != "AdminAddUserToGroup" || add["UserPoolId"] != poolID || add["Username"] != username || add["GroupName"] != "editors" {
		t.Errorf("called %v", add)
	}
	if create["operation"] != "CreateGroup" || create["UserPoolId"] != poolID || create["GroupName"] != "editors" || len(create) != 3 {
		t.Errorf("called %v", create)
	}
	pools, _ = over(t, always(exception("GroupExistsException")))
	if err := pools.CreateGroup(t.Context(), poolID, "editors"); err != nil {
		t.Errorf("a group that is there: %v", err)
	}
	pools, _ = over(t, always(exception("ResourceNotFoundException")))
	if err := pools.AddToGroup(t.Context(), poolID, username, "editors"); !errors.Is(err, ports.ErrNoGroup) {
		t.Errorf("a group that is not there: %v", err)
	}
}

func TestNoAnswerSaysOfWhichKind(t *testing.T) {
	t.Parallel()
	operations := map[string]func(context.Context, *cognitodestination.Pools) error{
		"AdminGetUser": func(ctx context.Context, p *cognitodestination.Pools) error {
			_, err := p.FindUser(ctx, poolID, username)
			return err
		},
		"AdminAddUserToGroup": func(ctx context.Context, p *cognitodestination.Pools) error {
			return p.AddToGroup(ctx, poolID, username, "editors")
		},
		"CreateGroup": func(ctx context.Context, p *cognitodestination.Pools) error {
			return p.CreateGroup(ctx, poolID, "editors")
		},
	}
	for operation, call := range operations {
		for code, row := range map[string]struct {
			want  error
			calls int
		}{
			"TooManyRequestsException":  {ports.ErrThrottled, 3},
			"InternalErrorException":    {ports.ErrUnreachable, 3},
			"NotAuthorizedException":    {ports.ErrMisconfigured, 1},
			"AccessDeniedException":     {ports.ErrMisconfigured, 1},
			"InvalidParameterException": {ports.ErrMisconfigured, 1},
		} {
			t.Run(operation+" "+code, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					pools, s := overWithoutNetwork(always(exception(code)))
					err := call(t.Context(), pools)
					if !errors.Is(err, row.want) || !strings.Contains(err.Error(), operation+": "+code) || strings.Contains(err.Error(), username) {
						t.Errorf("got %v, want %v", err, row.want)
					}
					if len(s.calls) != row.calls {
						t.Errorf("called %d times, want %d", len(s.calls), row.calls)
					}
				})
			})
		}
		t.Run(operation+" out of time", func(t *testing.T) {
			t.Parallel()
			arrived, release := make(chan struct{}), make(chan struct{})
			pools, _ := over(t, func(string, map[string]any) answer {
				close(arrived)
				<-release
				return answer{}
			})
			defer close(release)
			ctx, pass := deadline.Context(t.Context())
			go func() { <-arrived; pass() }()
			if err := call(ctx, pools); err != context.DeadlineExceeded { //nolint:errorlint // as it is, not wrapped
				t.Errorf("got %v", err)
			}
		})
	}
	// A user who vanished between two calls is no missing group.
	pools, _ := over(t, always(exception("UserNotFoundException")))
	if err := pools.AddToGroup(t.Context(), poolID, username, "editors"); err == nil || errors.Is(err, ports.ErrNoGroup) {
		t.Errorf("got %v", err)
	}
	// A pool that is not there says so as a group would, but not to AdminGetUser.
	pools, _ = over(t, always(exception("ResourceNotFoundException")))
	if _, err := pools.FindUser(t.Context(), poolID, username); !errors.Is(err, ports.ErrMisconfigured) {
		t.Errorf("got %v", err)
	}
}

func TestUsersAreReadToTheLastPage(t *testing.T) {
	t.Parallel()
	page := func(token string, names ...string) answer {
		users := []map[string]any{}
		for _, name := range names {
			users = append(users, map[string]any{"Username": name, "Enabled": true, "UserStatus": "CONFIRMED",
				"Attributes": []map[string]string{{"Name": "email", "Value": name + "@example.com"}}})
		}
		body := map[string]any{"Users": users}
		if token != "" {
			body["PaginationToken"] = token
		}
		return answer{body: body}
	}
	pools, s := over(t, func(_ string, input map[string]any) answer {
		switch input["PaginationToken"] {
		case nil:
			return page("1", "a", "b")
		case "1":
			return page("2") // an empty page is not the last
		default:
			return page("", "c")
		}
	})
	var names []string
	for user, err := range pools.Users(t.Context(), poolID) {
		if err != nil || !user.Enabled || user.Status != domain.StatusConfirmed || user.Attributes["email"] != user.Username+"@example.com" {
			t.Errorf("got %v, %v", user, err)
		}
		names = append(names, user.Username)
	}
	if strings.Join(names, "") != "abc" || len(s.calls) != 3 || s.calls[0]["operation"] != "ListUsers" || s.calls[0]["UserPoolId"] != poolID {
		t.Errorf("got %q by %v", names, s.calls)
	}
	for range pools.Users(t.Context(), poolID) {
		break // who has found everyone asks for no more
	}
	if len(s.calls) != 4 {
		t.Errorf("%d calls", len(s.calls))
	}
}

func TestUsersEndWithAnError(t *testing.T) {
	t.Parallel()
	pools, _ := over(t, func(_ string, input map[string]any) answer {
		if input["PaginationToken"] == nil {
			return answer{body: map[string]any{"Users": []map[string]any{{"Username": "a"}}, "PaginationToken": "1"}}
		}
		return exception("TooManyRequestsException")
	})
	var seen []error
	for _, err := range pools.Users(t.Context(), poolID) {
		seen = append(seen, err)
	}
	if len(seen) != 2 || seen[0] != nil || !errors.Is(seen[1], ports.ErrThrottled) {
		t.Errorf("got %v", seen)
	}
}

func TestASecondFactorIsSwitchedOnAndPreferred(t *testing.T) {
	t.Parallel()
	for factor, settings := range map[domain.MFAMethod]string{domain.MFASMS: "SMSMfaSettings", domain.MFAEmail: "EmailMfaSettings"} {
		pools, s := over(t, always(answer{body: map[string]any{}}))
		if err := pools.PreferMFA(t.Context(), poolID, username, factor); err != nil {
			t.Fatal(err)
		}
		want := map[string]any{
			"operation": "AdminSetUserMFAPreference", "UserPoolId": poolID, "Username": username,
			settings: map[string]any{"Enabled": true, "PreferredMfa": true},
		}
		if len(s.calls) != 1 || !reflect.DeepEqual(s.calls[0], want) {
			t.Errorf("%s: called %v", factor, s.calls)
		}
	}
	pools, _ := over(t, always(exception("InvalidParameterException")))
	err := pools.PreferMFA(t.Context(), poolID, username, domain.MFAEmail)
	if ports.ReasonOfDestination(err) != domain.ReasonDestinationMisconfigured || strings.Contains(err.Error(), username) {
		t.Errorf("got %v", err)
	}
}
