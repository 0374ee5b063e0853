package sqscompletion_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/adapters/sqscompletion"
	"cognito-user-migration/domain"

	"pgregory.net/rapid"
)

// whole is a completion with something in every field.
func whole() domain.Completion {
	return domain.Completion{
		AttemptID: "attempt-1", AttemptedAt: time.Date(2026, 11, 28, 20, 0, 0, 5, time.UTC), Source: "SOURCE", SourceUsername: "alice", SourceSub: "sub-1",
		UserPoolID: "ap-northeast-1_Dest00001", Username: "alice@example.com",
		Contacts: []string{"0a1b", "2c3d"}, Profile: "4e5f", Groups: []string{"editors", "admins"}, GroupsKnown: true,
		SecondFactor: domain.MFAEmail, MFAGroup: "enroll",
	}
}

// withoutMFA is a completion without a second factor.
func withoutMFA() domain.Completion {
	completion := whole()
	completion.SecondFactor, completion.MFAGroup = "", ""
	return completion
}

// keys sign in tests.
func keys() domain.CompletionKeys {
	return domain.NewCompletionKeys(domain.NewSecret("a completion key of thirty-two bytes"), domain.Secret{})
}

// TestTheMessageOnTheWire is a contract: messages outlive the version that wrote
// them.
func TestTheMessageOnTheWire(t *testing.T) {
	t.Parallel()
	// As it was before messages had a second factor.
	const before = `{"version":2,"attemptId":"attempt-1","attemptedAt":"2026-11-28T20:00:00.000000005Z","source":"SOURCE",` +
		`"sourceUsername":"alice","sourceSub":"sub-1","userPoolId":"ap-northeast-1_Dest00001","username":"alice@example.com",` +
		`"contacts":["0a1b","2c3d"],"profile":"4e5f","groups":["editors","admins"],"groupsKnown":true,` +
		`"hmac":"c31f9647daf8ee2d9c0134e500e1b36ea1e0192427f2bef19d73db979979c437"}`
	const now = `{"version":2,"attemptId":"attempt-1","attemptedAt":"2026-11-28T20:00:00.000000005Z","source":"SOURCE",` +
		`"sourceUsername":"alice","sourceSub":"sub-1","userPoolId":"ap-northeast-1_Dest00001","username":"alice@example.com",` +
		`"contacts":["0a1b","2c3d"],"profile":"4e5f","groups":["editors","admins"],"groupsKnown":true,"secondFactor":"EMAIL_OTP","mfaGroup":"enroll",` +
		`"hmac":"3514e4952b94c3005505ed39cc3aefa8393ed35646cd3ca4fe7ba4d94bff490c"}`
	for wire, completion := range map[string]domain.Completion{before: withoutMFA(), now: whole()} {
		body, err := sqscompletion.Encode(completion, keys())
		if err != nil || string(body) != wire {
			t.Errorf("got  %s, %v\nwant %s", body, err, wire)
		}
		read, err := sqscompletion.Decode([]byte(wire), keys())
		if err != nil || !reflect.DeepEqual(read, completion) {
			t.Errorf("read %#v, %v", read, err)
		}
	}
}

// A factor that completion cannot set is malformed, even with a valid signature.
func TestAMessageWithAFactorThatCannotBeSet(t *testing.T) {
	t.Parallel()
	completion := whole()
	completion.SecondFactor = domain.MFASoftwareToken
	body, err := sqscompletion.Encode(completion, keys())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := sqscompletion.Decode(body, keys()); !errors.Is(err, sqscompletion.ErrMalformed) {
		t.Errorf("got %v", err)
	}
}

// A client that may send to the queue still cannot name a victim, a group or a sub.
func TestAMessageThatNoKeyOfOursSignedIsNotTaken(t *testing.T) {
	t.Parallel()
	body, err := sqscompletion.Encode(whole(), keys())
	if err != nil {
		t.Fatal(err)
	}
	good := string(body)
	changed := map[string]string{
		"another source user":   strings.Replace(good, `"sourceUsername":"alice"`, `"sourceUsername":"bob"`, 1),
		"another name there":    strings.Replace(good, `"username":"alice@example.com"`, `"username":"mallory"`, 1),
		"another sub":           strings.Replace(good, `"sourceSub":"sub-1"`, `"sourceSub":"sub-2"`, 1),
		"no sub":                strings.Replace(good, `"sourceSub":"sub-1",`, ``, 1),
		"another factor":        strings.Replace(good, `EMAIL_OTP`, `SMS_MFA`, 1),
		"another MFA group":     strings.Replace(good, `"enroll"`, `"root"`, 1),
		"another group":         strings.Replace(good, `"editors"`, `"root"`, 1),
		"another pool":          strings.Replace(good, `Dest00001`, `Dest00002`, 1),
		"another time":          strings.Replace(good, `20:00:00`, `21:00:00`, 1),
		"another time zone":     strings.Replace(good, `20:00:00.000000005Z`, `20:00:00.000000005+09:00`, 1),
		"other contacts":        strings.Replace(good, `"0a1b"`, `"ffff"`, 1),
		"a field said twice":    strings.Replace(good, `"source":"SOURCE"`, `"source":"SOURCE","source":"OTHER"`, 1),
		"a field in upper case": strings.Replace(good, `"source":"SOURCE"`, `"source":"SOURCE","SOURCE":"OTHER"`, 1),
		"another signature":     strings.Replace(good, `"hmac":"`, `"hmac":"0`, 1),
		"no signature":          good[:strings.Index(good, `,"hmac"`)] + "}",
		"an empty signature":    good[:strings.Index(good, `,"hmac"`)] + `,"hmac":""}`,
	}
	for name, bad := range changed {
		if bad == good {
			t.Fatalf("%s: the message is not changed", name)
		}
		if got, err := sqscompletion.Decode([]byte(bad), keys()); !errors.Is(err, sqscompletion.ErrUnsigned) || !reflect.DeepEqual(got, domain.Completion{}) {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
	}
	for name, other := range map[string]domain.CompletionKeys{
		"without a key":    {},
		"with another key": domain.NewCompletionKeys(domain.NewSecret("a key of somebody else's altogether."), domain.Secret{}),
	} {
		if _, err := sqscompletion.Decode(body, other); !errors.Is(err, sqscompletion.ErrUnsigned) {
			t.Errorf("%s: got %v", name, err)
		}
	}
	rotated := domain.NewCompletionKeys(domain.NewSecret("the key after, of thirty-two bytes.."), domain.NewSecret("a completion key of thirty-two bytes"))
	if _, err := sqscompletion.Decode(body, rotated); err != nil {
		t.Errorf("after a rotation, with the previous key: %v", err)
	}
}

// TestEveryFieldOfACompletionTravels fails for a field that was added to the
// domain and not to the message.
func TestEveryFieldOfACompletionTravels(t *testing.T) {
	t.Parallel()
	value := reflect.ValueOf(whole())
	for i := range value.NumField() {
		if value.Field(i).IsZero() {
			t.Fatalf("%s is empty in this test", value.Type().Field(i).Name)
		}
	}
	body, err := sqscompletion.Encode(whole(), keys())
	if err != nil {
		t.Fatal(err)
	}
	if read, err := sqscompletion.Decode(body, keys()); err != nil || !reflect.DeepEqual(read, whole()) {
		t.Errorf("read %#v, %v", read, err)
	}
}

func TestWhatIsEncodedIsDecoded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text, some := rapid.String(), rapid.StringN(1, -1, -1)
		list := rapid.Custom(func(t *rapid.T) []string {
			if list := rapid.SliceOf(text).Draw(t, "list"); len(list) > 0 {
				return list
			}
			return nil
		})
		want := domain.Completion{
			AttemptID: text.Draw(t, "attempt"), Source: some.Draw(t, "source"), SourceUsername: some.Draw(t, "source username"),
			SourceSub: text.Draw(t, "sub"), UserPoolID: some.Draw(t, "pool"), Username: some.Draw(t, "username"),
			AttemptedAt: time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "nanoseconds")).UTC(), Contacts: list.Draw(t, "contacts"), Profile: text.Draw(t, "profile"),
			Groups: list.Draw(t, "groups"), GroupsKnown: rapid.Bool().Draw(t, "known"),
			SecondFactor: rapid.SampledFrom([]domain.MFAMethod{"", domain.MFASMS, domain.MFAEmail}).Draw(t, "factor"), MFAGroup: text.Draw(t, "MFA group"),
		}
		body, err := sqscompletion.Encode(want, keys())
		if err != nil {
			t.Fatal(err)
		}
		got, err := sqscompletion.Decode(body, keys())
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("%s\nread %#v, %v\nwant %#v", body, got, err, want)
		}
		// SQS takes no control characters but tab and the ends of lines.
		if strings.ContainsFunc(string(body), func(r rune) bool { return r < ' ' }) {
			t.Fatalf("a control character in %q", body)
		}
	})
}

func TestABodyThatIsNoneOfOurs(t *testing.T) {
	t.Parallel()
	body, err := sqscompletion.Encode(whole(), keys())
	if err != nil {
		t.Fatal(err)
	}
	good := string(body)
	for name, bad := range malformed(good) {
		if bad == good {
			t.Fatalf("%s: the message is not changed", name)
		}
		got, err := sqscompletion.Decode([]byte(bad), keys())
		if !errors.Is(err, sqscompletion.ErrMalformed) || !reflect.DeepEqual(got, domain.Completion{}) {
			t.Errorf("%s: got %v, %v", name, got, err)
		}
		if err != nil && strings.Contains(err.Error(), "alice") {
			t.Errorf("%s: the error repeats the message: %v", name, err)
		}
	}
}

// malformed are bodies that no version of ours has written, or a later one.
func malformed(good string) map[string]string {
	without := func(field string) string {
		var fields map[string]any
		if json.Unmarshal([]byte(good), &fields) != nil {
			return good
		}
		delete(fields, field)
		text, _ := json.Marshal(fields)
		return string(text)
	}
	return map[string]string{
		"nothing":                  "",
		"null":                     "null",
		"a text":                   `"alice"`,
		"a list":                   "[" + good + "]",
		"no JSON":                  "alice",
		"cut off":                  good[:len(good)-1],
		"something after it":       good + " {}",
		"another after it":         good + good,
		"version 1, unsigned":      `{"version":1,"attemptId":"a","source":"SOURCE","sourceUsername":"alice","userPoolId":"p","username":"alice","profile":""}`,
		"a later version":          strings.Replace(good, `"version":2`, `"version":3`, 1),
		"version 0":                strings.Replace(good, `"version":2`, `"version":0`, 1),
		"a version that is a text": strings.Replace(good, `"version":2`, `"version":"2"`, 1),
		"no version":               without("version"),
		"a field of a later one":   strings.Replace(good, `{`, `{"keepGroups":true,`, 1),
		"another type of a field":  strings.Replace(good, `"groupsKnown":true`, `"groupsKnown":"yes"`, 1),
		"no source":                without("source"),
		"no source user":           without("sourceUsername"),
		"no destination":           without("userPoolId"),
		"no destination user":      without("username"),
		"no time":                  without("attemptedAt"),
	}
}

func FuzzDecode(f *testing.F) {
	body, err := sqscompletion.Encode(whole(), keys())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(body)
	for _, bad := range malformed(string(body)) {
		f.Add([]byte(bad))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		read, err := sqscompletion.Decode(body, keys())
		if err != nil {
			if !errors.Is(err, sqscompletion.ErrMalformed) && !errors.Is(err, sqscompletion.ErrUnsigned) || !reflect.DeepEqual(read, domain.Completion{}) {
				t.Fatalf("got %v, %v", read, err)
			}
			return
		}
		if read.Source == "" || read.SourceUsername == "" || read.UserPoolID == "" || read.Username == "" {
			t.Fatalf("half a completion was read from %q", body)
		}
		again, err := sqscompletion.Encode(read, keys())
		if err != nil {
			t.Fatal(err)
		}
		reread, err := sqscompletion.Decode(again, keys())
		if err != nil || !reflect.DeepEqual(normal(reread), normal(read)) {
			t.Fatalf("%q was read as %#v, written as %s and read as %#v, %v", body, read, again, reread, err)
		}
	})
}

// normal makes no difference between an empty list and none.
func normal(c domain.Completion) domain.Completion {
	if len(c.Contacts) == 0 {
		c.Contacts = nil
	}
	if len(c.Groups) == 0 {
		c.Groups = nil
	}
	return c
}
