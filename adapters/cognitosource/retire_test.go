package cognitosource_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"cognito-user-migration/adapters/cognitosource"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/test/deadline"
)

// administration is the service as far as users are parted with.
type administration struct {
	mu     sync.Mutex
	calls  []map[string]any // with their operation under "operation"
	answer func(operation string, input map[string]any) reply
}

func (a *administration) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	input := make(map[string]any)
	text, _ := io.ReadAll(r.Body)
	if err := json.Unmarshal(text, &input); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	operation := strings.TrimPrefix(r.Header.Get("X-Amz-Target"), "AWSCognitoIdentityProviderService.")
	a.mu.Lock()
	answer := a.answer(operation, input)
	input["operation"] = operation
	a.calls = append(a.calls, input)
	a.mu.Unlock()
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if answer.status != 0 {
		w.WriteHeader(answer.status)
	}
	_, _ = io.WriteString(w, answer.body)
}

func retirerOver(t *testing.T, answer func(operation string, input map[string]any) reply) (*cognitosource.Retirer, *administration) {
	t.Helper()
	service := &administration{answer: answer}
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	return cognitosource.Open("old", configFor(server.URL), static{}, settings(), domain.DefaultRules().NeedsProfile).Retirer(), service
}

// partings are the calls of [ports.SourceRetirer] and what they are to the
// service.
func partings() map[string]func(*cognitosource.Retirer, context.Context, string) error {
	return map[string]func(*cognitosource.Retirer, context.Context, string) error{
		"AdminDisableUser":       (*cognitosource.Retirer).Disable,
		"AdminUserGlobalSignOut": (*cognitosource.Retirer).SignOut,
		"AdminDeleteUser":        (*cognitosource.Retirer).Delete,
	}
}

// withGroups are all calls of a completion.
func withGroups() map[string]func(*cognitosource.Retirer, context.Context, string) error {
	all := partings()
	all["AdminListGroupsForUser"] = func(r *cognitosource.Retirer, ctx context.Context, username string) error {
		_, err := r.Groups(ctx, username)
		return err
	}
	return all
}

func TestPartingWithAUser(t *testing.T) {
	t.Parallel()
	for operation, part := range partings() {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			retirer, service := retirerOver(t, func(string, map[string]any) reply { return reply{body: "{}"} })
			if err := part(retirer, t.Context(), username); err != nil {
				t.Fatal(err)
			}
			want := map[string]any{"operation": operation, "UserPoolId": string(settings().UserPoolID), "Username": username}
			if len(service.calls) != 1 || len(service.calls[0]) != len(want) {
				t.Fatalf("called %v", service.calls)
			}
			for key, value := range want {
				if service.calls[0][key] != value {
					t.Errorf("called with %s=%v, want %v", key, service.calls[0][key], value)
				}
			}
		})
	}
}

func TestPartingWithAUserWhoIsNotThereIsFine(t *testing.T) {
	t.Parallel()
	for operation, part := range partings() {
		retirer, _ := retirerOver(t, func(string, map[string]any) reply {
			return exception("UserNotFoundException", "User "+username+" does not exist.")
		})
		if err := part(retirer, t.Context(), username); err != nil {
			t.Errorf("%s: %v", operation, err)
		}
	}
	retirer, _ := retirerOver(t, func(string, map[string]any) reply {
		return exception("UserNotFoundException", "User does not exist.")
	})
	if groups, err := retirer.Groups(t.Context(), username); err != nil || len(groups) > 0 {
		t.Errorf("groups: %v, %v", groups, err)
	}
}

func TestAPartingThatGotNoAnswerSaysOfWhichKind(t *testing.T) {
	t.Parallel()
	for operation, part := range withGroups() {
		for code, row := range map[string]struct {
			want  error
			calls int
		}{
			"TooManyRequestsException":  {ports.ErrThrottled, 3},
			"InternalErrorException":    {ports.ErrUnreachable, 3},
			"NotAuthorizedException":    {ports.ErrMisconfigured, 1},
			"AccessDeniedException":     {ports.ErrMisconfigured, 1},
			"ResourceNotFoundException": {ports.ErrMisconfigured, 1},
			"InvalidParameterException": {ports.ErrMisconfigured, 1},
		} {
			t.Run(operation+" "+code, func(t *testing.T) {
				t.Parallel()
				retirer, service := retirerOver(t, func(string, map[string]any) reply { return exception(code, "about "+username) })
				err := part(retirer, t.Context(), username)
				if !errors.Is(err, row.want) || !strings.Contains(err.Error(), operation+": "+code) {
					t.Errorf("got %v, want %v", err, row.want)
				}
				if strings.Contains(err.Error(), username) {
					t.Errorf("it names the person: %v", err)
				}
				if len(service.calls) != row.calls {
					t.Errorf("called %d times, want %d", len(service.calls), row.calls)
				}
			})
		}
	}
}

// TestADeletionWhoseAnswerWasLost is tried again, and finds nobody: that is what
// was wanted.
func TestADeletionWhoseAnswerWasLost(t *testing.T) {
	t.Parallel()
	there := true
	retirer, service := retirerOver(t, func(string, map[string]any) reply {
		if there {
			there = false
			return exception("InternalErrorException", "it was done")
		}
		return exception("UserNotFoundException", "User does not exist.")
	})
	if err := retirer.Delete(t.Context(), username); err != nil || len(service.calls) != 2 {
		t.Errorf("got %v after %d calls", err, len(service.calls))
	}
}

func TestGroupsAreReadToTheLastPage(t *testing.T) {
	t.Parallel()
	retirer, service := retirerOver(t, func(_ string, input map[string]any) reply {
		page := 0
		if token, _ := input["NextToken"].(string); token != "" {
			page, _ = strconv.Atoi(token)
		}
		answer := map[string]any{"Groups": []map[string]any{{"GroupName": "a" + strconv.Itoa(page)}, {"GroupName": "b" + strconv.Itoa(page)}}}
		if page == 1 {
			answer["Groups"] = []map[string]any{} // an empty page is not the last
		}
		if page < 2 {
			answer["NextToken"] = strconv.Itoa(page + 1)
		}
		return reply{body: marshal(answer)}
	})
	groups, err := retirer.Groups(t.Context(), username)
	if err != nil || !slices.Equal(groups, []string{"a0", "b0", "a2", "b2"}) || len(service.calls) != 3 {
		t.Errorf("got %q, %v after %d calls", groups, err, len(service.calls))
	}
}

// TestAPageThatFailsIsNoEndOfTheGroups: half of the groups would be taken for
// all of them.
func TestAPageThatFailsIsNoEndOfTheGroups(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"TooManyRequestsException", "AccessDeniedException"} {
		retirer, _ := retirerOver(t, func(_ string, input map[string]any) reply {
			if input["NextToken"] == nil {
				return reply{body: marshal(map[string]any{"Groups": []map[string]any{{"GroupName": "a"}}, "NextToken": "1"})}
			}
			return exception(code, "enough")
		})
		if groups, err := retirer.Groups(t.Context(), username); err == nil || groups != nil {
			t.Errorf("%s: got %q, %v", code, groups, err)
		}
	}
}

func TestPartingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	arrived, release := make(chan struct{}), make(chan struct{})
	retirer, _ := retirerOver(t, func(string, map[string]any) reply {
		arrived <- struct{}{}
		<-release
		return reply{body: "{}"}
	})
	for operation, part := range partings() {
		ctx, pass := deadline.Context(t.Context())
		go func() { <-arrived; pass() }()
		if err := part(retirer, ctx, username); err != context.DeadlineExceeded { //nolint:errorlint // as it is
			t.Errorf("%s: got %v", operation, err)
		}
		release <- struct{}{}
	}
}
