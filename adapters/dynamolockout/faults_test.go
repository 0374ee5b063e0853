package dynamolockout_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/adapters/dynamolockout"
	"cognito-user-migration/adapters/internal/awsjson"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const canary = "canary-52ce"

// fails is a client whose every call fails.
type fails func(context.Context) error

func (f fails) Call(ctx context.Context, _ string, _ any) (json.RawMessage, error) {
	return nil, f(ctx)
}

// answered is an error that the service words.
func answered(status int, code string) error {
	return &awshttp.ResponseError{
		RequestID: "REQUEST1", ResponseError: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}},
			Err:      awsjson.NewFault(code, canary, status, nil),
		},
	}
}

const conflict = "ConditionalCheckFailedException"

// stands is the answer that something else stands there.
func stands(item attributes) error {
	body, err := json.Marshal(map[string]any{"__type": "com.amazonaws.dynamodb.v20120810#" + conflict, "Item": item})
	if err != nil {
		panic(err)
	}
	return awsjson.NewFault(conflict, canary, http.StatusBadRequest, body)
}

// attributes are an item as DynamoDB writes it.
type attributes map[string]map[string]string

func number(value string) map[string]string { return map[string]string{"N": value} }

func text(value string) map[string]string { return map[string]string{"S": value} }

// written is an item as the adapter writes it.
func written(attempt string) attributes {
	now := strconv.FormatInt(time.Now().UnixNano(), 10)
	return attributes{"failures": number("1"), "firstAt": number(now), "lastAt": number(now), "try": text(attempt)}
}

func without(item attributes, attribute string, other map[string]string) attributes {
	delete(item, attribute)
	if other != nil {
		item[attribute] = other
	}
	return item
}

func TestWhatTheTableDoesNotAnswerIsAnErrorOfThePort(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		err  error
		want error
	}{
		"the table is asked too much":   {answered(400, "ProvisionedThroughputExceededException"), ports.ErrThrottled},
		"the account is asked too much": {answered(400, "RequestLimitExceeded"), ports.ErrThrottled},
		"throttled":                     {answered(400, "ThrottlingException"), ports.ErrThrottled},
		"a fault of the service's own":  {answered(500, "InternalServerError"), ports.ErrUnreachable},
		"no table of this name":         {answered(400, "ResourceNotFoundException"), ports.ErrMisconfigured},
		"a table with another key":      {answered(400, "ValidationException"), ports.ErrMisconfigured},
		"not permitted":                 {answered(400, "AccessDeniedException"), ports.ErrMisconfigured},
		"no answer":                     {errors.New(canary), ports.ErrUnreachable},
		"an item without a count":       {stands(without(written("a"), "failures", nil)), ports.ErrMisconfigured},
		"an item with a text for it":    {stands(without(written("a"), "lastAt", text(canary))), ports.ErrMisconfigured},
		"an item with a broken number":  {stands(without(written("a"), "firstAt", number("1.5"))), ports.ErrMisconfigured},
		"an item of somebody else":      {stands(without(written("a"), "try", nil)), ports.ErrMisconfigured},
		"an item with an empty try":     {stands(written("")), ports.ErrMisconfigured},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			table := dynamolockout.New(fails(func(context.Context) error { return row.err }), tableName, time.Now)
			checkFault(t, "Take", second(table.Take(t.Context(), keys().Of(canary))), row.want)
			if fault, _ := errors.AsType[*awsjson.Fault](row.err); fault == nil || fault.ErrorCode() != conflict {
				checkFault(t, "Clear", table.Clear(t.Context(), keys().Of(canary)), row.want)
			}
			attempt := ports.LockoutAttempt{Granted: true, ID: "a", After: domain.LockoutCount{Failures: 1, First: time.Now(), Last: time.Now()}}
			checkFault(t, "GiveBack", table.GiveBack(t.Context(), keys().Of(canary), attempt), row.want)
		})
	}
}

// checkFault holds an error to its kind, and to showing nothing.
func checkFault(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) || !strings.HasPrefix(err.Error(), "dynamodb lockout: ") {
		t.Errorf("%s: got %v, want %v", what, err, want)
		return
	}
	if strings.Contains(err.Error(), canary) || strings.Contains(err.Error(), string(keys().Of(canary))) {
		t.Errorf("%s shows %v", what, err)
	}
}

func TestTheContextsOwnErrorComesThroughUntouched(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	table := dynamolockout.New(fails(func(ctx context.Context) error { return ctx.Err() }), tableName, time.Now)
	if _, err := table.Take(ctx, "x"); err != context.Canceled { //nolint:errorlint // untouched
		t.Errorf("got %v", err)
	}
}

// TestWritesThatAlwaysComeSecondEnd: another write always comes first.
func TestWritesThatAlwaysComeSecondEnd(t *testing.T) {
	t.Parallel()
	calls := 0
	table := dynamolockout.New(fails(func(context.Context) error {
		calls++
		item := written("try" + strconv.Itoa(calls))
		item["failures"] = number("2")
		return stands(item)
	}), tableName, time.Now)
	checkFault(t, "Take", second(table.Take(t.Context(), "x")), ports.ErrThrottled)
	if calls != 16 {
		t.Errorf("%d writes were made", calls)
	}
	first := time.Now()
	table = dynamolockout.New(fails(func(context.Context) error {
		calls++
		item := written("try" + strconv.Itoa(calls))
		item["firstAt"] = number(strconv.FormatInt(first.UnixNano(), 10))
		return stands(item)
	}), tableName, time.Now)
	attempt := ports.LockoutAttempt{Granted: true, ID: "a", After: domain.LockoutCount{Failures: 2, First: first, Last: first}, Before: domain.LockoutCount{Failures: 1, First: first, Last: first}}
	checkFault(t, "GiveBack", table.GiveBack(t.Context(), "x", attempt), ports.ErrThrottled)
}

func TestAnItemThatIsGoneMeanwhileIsTakenForNone(t *testing.T) {
	t.Parallel()
	calls := 0
	table := dynamolockout.New(fails(func(context.Context) error {
		if calls++; calls == 1 {
			return stands(nil)
		}
		return nil
	}), tableName, time.Now)
	if attempt, err := table.Take(t.Context(), "x"); err != nil || !attempt.Granted || attempt.After.Failures != 1 || calls != 2 {
		t.Errorf("got %v, %v after %d calls", attempt, err, calls)
	}
}
