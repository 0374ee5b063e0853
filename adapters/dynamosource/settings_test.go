package dynamosource_test

import (
	"fmt"
	"strings"
	"testing"

	"cognito-user-migration/adapters/dynamosource"
	"cognito-user-migration/adapters/internal/awsname"
	"cognito-user-migration/domain"
)

func TestSettingsOfATable(t *testing.T) {
	t.Parallel()
	unmarshal := map[string]func(string) error{
		"table":  func(text string) error { return new(dynamosource.Table).UnmarshalText([]byte(text)) },
		"region": func(text string) error { return new(awsname.Region).UnmarshalText([]byte(text)) },
		"key":    func(text string) error { return new(dynamosource.Key).UnmarshalText([]byte(text)) },
		"lookup": func(text string) error { return new(dynamosource.Lookups).UnmarshalText([]byte(text)) },
		"fields": func(text string) error { return new(dynamosource.FieldPaths).UnmarshalText([]byte(text)) },
	}
	for setting, values := range map[string]map[string]bool{
		"table": {
			"users": true, "Prod.users_1-a": true, "arn:aws:dynamodb:eu-west-1:111111111111:table/users": true, "arn:aws-cn:dynamodb:cn-north-1:111111111111:table/users": true,
			"": false, "ab": false, "a table": false, "arn:aws:s3:::bucket": false, "arn:aws:dynamodb:eu-west-1:111111111111:index/users": false, strings.Repeat("t", 256): false,
		},
		"region": {"eu-west-1": true, "tokyo": false, "": false},
		"key":    {"username": true, "pk, sk": true, "pk,sk": true, "": false, "a,b,c": false, "a,a": false, "a,": false, "a b": false},
		"lookup": {
			"username": true, "username, email-index:email": true, "pk=USER#{username}&sk=PROFILE": true, "pk={username.lower}": true, "gsi:a=T#1&b={username}": true,
			"": false, "pk=USER": false, "pk={username}&sk": false, "a&b": false, "pk={name}{username}": false, ":a": false, "i:a": false,
			"a={username}&b={username}&c=x": false, "username,": false, "pk=": false, "a index:email": false,
		},
		"fields": {
			"email=mail": true, "password_hash=auth.hash, enabled=!auth.disabled": true, "custom:t=tenant": true,
			"": false, "email": false, "=mail": false, "email=": false, "email=a..b": false, "email=!mail": false, "password_hash=!x": false, "email=a b": false,
		},
	} {
		for value, right := range values {
			if err := unmarshal[setting](value); (err == nil) != right || err != nil && !strings.HasPrefix(err.Error(), "expected ") {
				t.Errorf("%s %q: %v", setting, value, err)
			}
		}
	}
}

func TestWhatNoSingleSettingShows(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ key, lookup, fields, decoy, want string }{
		"all is well":                     {"pk,sk", "pk, i-1:email", "email=mail", "", "[]"},
		"a lookup by another attribute":   {"pk,sk", "email", "", "", "OLD_LOOKUP: a lookup without an index"},
		"a lookup by the sort key alone":  {"pk,sk", "sk", "", "", "OLD_LOOKUP: a lookup without an index"},
		"a lookup by a sort key it lacks": {"pk", "pk&sk=A", "", "", "OLD_LOOKUP: a lookup without an index"},
		"a field twice":                   {"pk", "", "email=a,email=b", "", "OLD_FIELDS: columns 1 and 2"},
		"a field with almost our name":    {"pk", "", "passwordhash=a", "", "OLD_FIELDS: column 1"},
		"a decoy that is not a hash":      {"pk", "", "", "no hash", "OLD_DECOY: "},
	} {
		var s dynamosource.Settings
		for text, into := range map[string]interface{ UnmarshalText([]byte) error }{test.key: &s.Key, test.lookup: &s.Lookup, test.fields: &s.Fields} {
			if text == "" {
				continue
			}
			if err := into.UnmarshalText([]byte(text)); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
		s.Hashes.Decoy = domain.NewSecret(test.decoy)
		got := fmt.Sprint(s.Validate(func(name string) string { return "OLD_" + name }))
		if got != test.want && !strings.HasPrefix(got, "["+test.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
}
