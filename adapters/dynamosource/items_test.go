package dynamosource_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/adapters/dynamosource"
	"cognito-user-migration/adapters/internal/awsjson"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

const canary = "canary-8f1d"

// service answers calls by a function, and keeps what it was asked.
type service struct {
	answer func(operation string, input map[string]any) (string, error)
	asked  []string
}

func (s *service) Call(_ context.Context, operation string, input any) (json.RawMessage, error) {
	text, err := json.Marshal(input)
	if err != nil {
		return nil, err
	}
	s.asked = append(s.asked, operation+string(text))
	var read map[string]any
	if err := json.Unmarshal(text, &read); err != nil {
		return nil, err
	}
	answer, err := s.answer(operation, read)
	return json.RawMessage(answer), err
}

// has is a service whose every query finds this item.
func has(item string) *service {
	return &service{answer: func(string, map[string]any) (string, error) {
		return `{"Items":[` + item + `],"Item":` + item + `}`, nil
	}}
}

func over(t *testing.T, api awsjson.Caller, settings dynamosource.Settings, options dynamosource.Options) *dynamosource.Directory {
	t.Helper()
	directory, err := dynamosource.New("people", api, own{}, settings, options)
	if err != nil {
		t.Fatal(err)
	}
	return directory
}

func TestWhatAnItemSaysOfAUser(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		item, fields string
		want         string // enabled, status, groups, MFA, attributes
	}{
		"nothing but a name":              {`{}`, "", "true CONFIRMED [] map[]"},
		"enabled is null":                 {`{"enabled":{"NULL":true}}`, "", "false CONFIRMED [] map[]"},
		"a flag in another letter case":   {`{"ENABLED":{"N":"0"}}`, "", "false CONFIRMED [] map[]"},
		"a named flag is missing":         {`{}`, "enabled=active", "false CONFIRMED [] map[]"},
		"a named flag is null":            {`{"active":{"NULL":true}}`, "enabled=active", "false CONFIRMED [] map[]"},
		"a flag in a map that is missing": {`{}`, "enabled=state.active", "false CONFIRMED [] map[]"},
		"an opposite flag is missing":     {`{}`, "enabled=!blocked", "true CONFIRMED [] map[]"},
		"an opposite flag":                {`{"blocked":{"S":"true"}}`, "enabled=!blocked", "false CONFIRMED [] map[]"},
		"FIELDS is stronger than a name":  {`{"enabled":{"BOOL":true},"active":{"BOOL":false}}`, "enabled=active", "false CONFIRMED [] map[]"},
		"a set of groups":                 {`{"groups":{"SS":["a;b","c"]}}`, "", "true CONFIRMED [a;b c] map[]"},
		"a list of groups":                {`{"groups":{"L":[{"S":"a"},{"S":"b"}]}}`, "", "true CONFIRMED [a b] map[]"},
		"groups in one string":            {`{"groups":{"S":"a; b"}}`, "", "true CONFIRMED [a b] map[]"},
		"an empty list of groups":         {`{"groups":{"L":[]}}`, "", "true CONFIRMED [] map[]"},
		"a status":                        {`{"status":{"S":"unconfirmed"}}`, "", "true UNCONFIRMED [] map[]"},
		"numbers and booleans":            {`{"updated_at":{"N":"1700000000"},"email_verified":{"BOOL":true}}`, "", "true CONFIRMED [] map[email_verified:true updated_at:1700000000]"},
		"an unproved contact":             {`{"mail":{"S":"a@example.com"}}`, "email=mail,email_verified=proved", "true CONFIRMED [] map[email:a@example.com]"},
		"an address that is a map":        {`{"address":{"M":{"city":{"S":"Kyoto"}}}}`, "", "true CONFIRMED [] map[]"},
		"an address by a path":            {`{"address":{"M":{"city":{"S":"Kyoto"}}}}`, "address=address.city", "true CONFIRMED [] map[address:Kyoto]"},
		"a custom attribute":              {`{"tenant":{"S":"t1"}}`, "custom:tenant=tenant", "true CONFIRMED [] map[custom:tenant:t1]"},
		"attributes of another purpose":   {`{"history":{"L":[{"M":{}}]},"picture_bytes":{"B":"/w=="},"tags":{"NS":["1"]}}`, "", "true CONFIRMED [] map[]"},
	} {
		item := `{"username":{"S":"alice"}` + strings.Replace(","+test.item[1:], ",}", "}", 1)
		finding, err := over(t, has(item), settingsOf(t, "users", "username", "", test.fields), dynamosource.Options{}).FindUser(t.Context(), "alice")
		u := finding.User
		if got := fmt.Sprint(u.Enabled, " ", u.Status, " ", u.Groups, " ", map[string]string(u.Attributes)); err != nil || got != test.want {
			t.Errorf("%s: %s, %v; expected %s", name, got, err, test.want)
		}
	}
}

func TestItemsThatNoUserIsReadFrom(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ item, fields, want string }{
		"a misspelt field":          {`"Enabeld":{"BOOL":false}`, "", "looks like enabled"},
		"a hash under another name": {`"passwordHash":{"S":"` + canary + `"}`, "", "looks like password_hash"},
		"an odd flag":               {`"enabled":{"S":"` + canary + `"}`, "", "enabled: expected true or false"},
		"a flag that is a map":      {`"enabled":{"M":{"` + canary + `":{"S":"x"}}}`, "", "enabled: expected a string"},
		"an odd status":             {`"status":{"S":"` + canary + `"}`, "", "status: expected one of"},
		"a hash that is a map":      {`"auth":{"M":{}}`, "password_hash=auth", "password_hash: expected a string"},
		"groups of maps":            {`"groups":{"L":[{"M":{}}]}`, "", "groups: expected a list of strings"},
		"two names of one field":    {`"Enabled":{"BOOL":true},"enabled":{"BOOL":true}`, "", "same name"},
		"no username":               {`"x":{"S":"y"}`, "username=login", "no username"},
	} {
		item := `{"username":{"S":"alice"},` + test.item + `}`
		directory := over(t, has(item), settingsOf(t, "users", "username", "", test.fields), dynamosource.Options{})
		_, err := directory.FindUser(t.Context(), "alice")
		if !errors.Is(err, ports.ErrMisconfigured) || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), canary) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWhatIsAskedOfTheTable(t *testing.T) {
	t.Parallel()
	api := has(`{"pk":{"S":"USER#x"},"sk":{"S":"PROFILE"},"username":{"S":"Al"}}`)
	settings := settingsOf(t, "arn:aws:dynamodb:eu-west-1:111111111111:table/users", "pk,sk", "pk=USER#{username}&sk=PROFILE, mail-index:email={username.lower}", "")
	if _, err := over(t, api, settings, dynamosource.Options{}).FindUser(t.Context(), "Al"); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`Query{"ConsistentRead":true,"ExpressionAttributeNames":{"#k0":"pk","#k1":"sk"},"ExpressionAttributeValues":{":k0":{"S":"USER#Al"},":k1":{"S":"PROFILE"}},"KeyConditionExpression":"#k0 = :k0 AND #k1 = :k1","Limit":101,"TableName":"arn:aws:dynamodb:eu-west-1:111111111111:table/users"}`,
		`Query{"ExpressionAttributeNames":{"#k0":"email"},"ExpressionAttributeValues":{":k0":{"S":"al"}},"IndexName":"mail-index","KeyConditionExpression":"#k0 = :k0","Limit":101,"TableName":"arn:aws:dynamodb:eu-west-1:111111111111:table/users"}`,
	}
	if !slices.Equal(api.asked, want) {
		t.Errorf("asked\n%s", strings.Join(api.asked, "\n"))
	}
}

// An index may be behind the table: what counts is the table's item, read
// consistently.
func TestAnIndexOnlyLeadsToTheItem(t *testing.T) {
	t.Parallel()
	inTable := `{"username":{"S":"alice"},"email":{"S":"new@example.com"},"email_verified":{"BOOL":true}}`
	api := &service{}
	api.answer = func(operation string, input map[string]any) (string, error) {
		switch {
		case operation == "GetItem" && input["ConsistentRead"] == true:
			return `{"Item":` + inTable + `}`, nil
		case input["IndexName"] == "email-index":
			return `{"Items":[{"username":{"S":"alice"},"email":{"S":"old@example.com"},"email_verified":{"BOOL":true}}]}`, nil
		default:
			return `{"Items":[]}`, nil
		}
	}
	directory := over(t, api, flat(t, "users"), dynamosource.Options{})
	for typed, want := range map[string]domain.FindingKind{"old@example.com": domain.UserUnknown, "new@example.com": domain.UserFound} {
		if finding, err := directory.FindUser(t.Context(), typed); err != nil || finding.Kind != want {
			t.Errorf("%s: %v, %v", typed, finding.Kind, err)
		}
	}
	inTable = `{}`
	api.answer = func(answer func(string, map[string]any) (string, error)) func(string, map[string]any) (string, error) {
		return func(operation string, input map[string]any) (string, error) {
			if operation == "GetItem" {
				return `{}`, nil // deleted since
			}
			return answer(operation, input)
		}
	}(api.answer)
	if finding, err := directory.FindUser(t.Context(), "new@example.com"); err != nil || finding.Kind != domain.UserUnknown {
		t.Errorf("a deleted user: %v, %v", finding.Kind, err)
	}
}

func TestMoreUsersThanAreLookedAtAreAmbiguous(t *testing.T) {
	t.Parallel()
	pages := 0
	api := &service{answer: func(string, map[string]any) (string, error) {
		pages++
		items := make([]string, 30)
		for i := range items {
			items[i] = fmt.Sprintf(`{"pk":{"S":"alice"},"sk":{"S":"%d-%d"},"username":{"S":"alice"}}`, pages, i)
		}
		return `{"Items":[` + strings.Join(items, ",") + `],"LastEvaluatedKey":{"pk":{"S":"alice"}}}`, nil
	}}
	finding, err := over(t, api, settingsOf(t, "users", "pk,sk", "", ""), dynamosource.Options{}).FindUser(t.Context(), "alice")
	if err != nil || finding.Kind != domain.UserAmbiguous || pages != 4 {
		t.Errorf("%v after %d pages, %v", finding.Kind, pages, err)
	}
}

// In a single-table design other items stand beside the user's.
func TestItemsBesideTheUsersAreLeftOut(t *testing.T) {
	t.Parallel()
	api := &service{answer: func(string, map[string]any) (string, error) {
		return `{"Items":[{"pk":{"S":"alice"},"sk":{"S":"ORDER#1"},"total":{"N":"5"}},{"pk":{"S":"alice"},"sk":{"S":"USER"},"username":{"S":"alice"}}]}`, nil
	}}
	directory := over(t, api, settingsOf(t, "users", "pk,sk", "", ""), dynamosource.Options{})
	if finding, err := directory.FindUser(t.Context(), "alice"); err != nil || finding.Kind != domain.UserFound {
		t.Errorf("%v, %v", finding.Kind, err)
	}
	for page, err := range directory.Pages(t.Context(), ports.ListRequest{Slice: "0"}) {
		if err != nil || len(page.Users) != 1 {
			t.Errorf("%d users, %v", len(page.Users), err)
		}
	}
}

// answered is an error that DynamoDB answers with.
func answered(status int, code string) error {
	return &awshttp.ResponseError{ResponseError: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: &http.Response{StatusCode: status}},
		Err:      awsjson.NewFault(code, canary, status, nil),
	}}
}

func TestWhatTheTableDoesNotAnswerIsAnErrorOfThePort(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer string
		err    error
		want   error
		stale  int
	}{
		"the table is asked too much":    {"", answered(400, "ProvisionedThroughputExceededException"), ports.ErrThrottled, 0},
		"the account is asked too much":  {"", answered(400, "RequestLimitExceeded"), ports.ErrThrottled, 0},
		"a fault of the service's own":   {"", answered(500, "InternalServerError"), ports.ErrUnreachable, 0},
		"no such table or index":         {"", answered(400, "ResourceNotFoundException"), ports.ErrMisconfigured, 0},
		"a table with another key":       {"", answered(400, "ValidationException"), ports.ErrMisconfigured, 0},
		"not permitted":                  {"", answered(400, "AccessDeniedException"), ports.ErrMisconfigured, 0},
		"credentials that have expired":  {"", answered(400, "ExpiredTokenException"), ports.ErrMisconfigured, 1},
		"no answer":                      {"", errors.New(canary), ports.ErrUnreachable, 0},
		"an answer of another form":      {`{"Items":"` + canary + `","Item":5}`, nil, ports.ErrUnreachable, 0},
		"an item without the key":        {`{"Items":[{"name":{"S":"` + canary + `"}}]}`, nil, ports.ErrMisconfigured, 0},
		"an attribute of an odd type":    {`{"Items":[{"username":{"S":5}}]}`, nil, ports.ErrUnreachable, 0},
		"binary that is no Base64":       {`{"Items":[{"username":{"B":"%"}}]}`, nil, ports.ErrUnreachable, 0},
		"a username that is no one text": {`{"Items":[{"username":{"SS":["` + canary + `"]}}]}`, nil, ports.ErrMisconfigured, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dropped := 0
			directory, err := dynamosource.New("people", &service{answer: func(string, map[string]any) (string, error) { return test.answer, test.err }},
				own{&dropped}, settingsOf(t, "users", "username", "", ""), dynamosource.Options{})
			if err != nil {
				t.Fatal(err)
			}
			_, signIn := directory.Authenticate(t.Context(), "alice", domain.NewPassword("password"))
			if dropped != test.stale || !errors.Is(signIn, ports.ErrNotJudged) {
				t.Errorf("credentials were dropped %d times; the error is %v", dropped, signIn)
			}
			_, lookUp := directory.FindUser(t.Context(), "alice")
			var listing error
			for _, err := range directory.Pages(t.Context(), ports.ListRequest{Slice: "0"}) {
				listing = err
			}
			for what, err := range map[string]error{
				"Authenticate": signIn, "FindUser": lookUp, "Disable": directory.Disable(t.Context(), "alice"),
				"Delete": directory.Delete(t.Context(), "alice"), "Warm": directory.Warm(t.Context()), "Pages": listing,
			} {
				if what == "Pages" && name == "an item without the key" {
					continue // it is no user
				}
				if !errors.Is(err, test.want) || !strings.HasPrefix(fmt.Sprint(err), "dynamodb source: ") || strings.Contains(err.Error(), canary) {
					t.Errorf("%s: %v, expected %v", what, err, test.want)
				}
			}
		})
	}
}

// A listing continues at the position of an earlier page, and refuses others.
func TestAListingContinues(t *testing.T) {
	t.Parallel()
	api := &service{answer: func(_ string, input map[string]any) (string, error) {
		if input["ExclusiveStartKey"] == nil {
			return `{"Items":[{"username":{"S":"a"}}],"LastEvaluatedKey":{"username":{"S":"a"}}}`, nil
		}
		return `{"Items":[{"username":{"S":"b"}}]}`, nil
	}}
	directory := over(t, api, flat(t, "users"), dynamosource.Options{})
	list := func(request ports.ListRequest) (names []string, last error) {
		for page, err := range directory.Pages(t.Context(), request) {
			for _, user := range page.Users {
				names = append(names, user.Username)
			}
			last = err
		}
		return names, last
	}
	if names, err := list(ports.ListRequest{Slice: "3"}); err != nil || !slices.Equal(names, []string{"a", "b"}) {
		t.Errorf("%q, %v", names, err)
	}
	if names, err := list(ports.ListRequest{Slice: "3", Position: `{"username":{"S":"a"}}`}); err != nil || !slices.Equal(names, []string{"b"}) {
		t.Errorf("%q, %v", names, err)
	}
	if want := `Scan{"ConsistentRead":true,"ExclusiveStartKey":{"username":{"S":"a"}},"Segment":3,"TableName":"users","TotalSegments":8}`; api.asked[len(api.asked)-1] != want {
		t.Errorf("asked %s", api.asked[len(api.asked)-1])
	}
	for _, wrong := range []ports.ListRequest{{Slice: "8"}, {Slice: ""}, {Slice: "-1"}, {Slice: "0", Position: "{"}} {
		if _, err := list(wrong); !errors.Is(err, ports.ErrMisconfigured) {
			t.Errorf("%+v: %v", wrong, err)
		}
	}
	limit := errors.New("no more")
	if _, err := list(ports.ListRequest{Slice: "0", Wait: func(context.Context) error { return limit }}); !errors.Is(err, limit) {
		t.Errorf("the rate is not kept: %v", err)
	}
}

func TestUnusedAttributesAreReportedOnceAndByName(t *testing.T) {
	t.Parallel()
	var notes []ports.Note
	directory := over(t, has(`{"username":{"S":"alice"},"shoe":{"S":"`+canary+`"}}`), settingsOf(t, "users", "username", "", ""),
		dynamosource.Options{Note: func(note ports.Note) { notes = append(notes, note) }})
	for range 3 {
		if _, err := directory.FindUser(t.Context(), "alice"); err != nil {
			t.Fatal(err)
		}
	}
	if len(notes) != 1 || strings.Contains(fmt.Sprint(notes), canary) || !strings.Contains(fmt.Sprint(notes), "shoe") {
		t.Errorf("the notes are %v", notes)
	}
}
