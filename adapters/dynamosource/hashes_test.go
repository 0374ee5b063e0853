package dynamosource_test

import (
	"errors"
	"testing"

	"cognito-user-migration/adapters/dynamosource"
	"cognito-user-migration/ports"
)

// Every segment is read to its end, and users without a hash are left out.
func TestTheHashesOfATableAreListed(t *testing.T) {
	t.Parallel()
	api := &service{answer: func(_ string, input map[string]any) (string, error) {
		switch {
		case input["Segment"] != float64(7):
			return `{"Items":[]}`, nil
		case input["ExclusiveStartKey"] == nil:
			return `{"Items":[{"username":{"S":"a"},"password_hash":{"S":"h1"}},{"username":{"S":"b"}},{"x":{"S":"y"}}],"LastEvaluatedKey":{"username":{"S":"b"}}}`, nil
		default:
			return `{"Items":[{"username":{"S":"c"},"password_hash":{"B":"aDI="}},{"username":{"S":"d"},"password_hash":{"S":"!"}}]}`, nil
		}
	}}
	directory := over(t, api, flat(t, "users"), dynamosource.Options{})
	found := make(map[string]string)
	for user, err := range directory.Hashes(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		found[user.Username] = user.Hash.Reveal()
	}
	if len(found) != 2 || found["a"] != "h1" || found["c"] != "h2" || len(api.asked) != 9 {
		t.Errorf("%v after %d requests", found, len(api.asked))
	}
	for range directory.Hashes(t.Context()) {
		break // a caller may stop
	}
	api.answer = func(string, map[string]any) (string, error) { return "", answered(400, "ThrottlingException") }
	for _, err := range directory.Hashes(t.Context()) {
		if !errors.Is(err, ports.ErrThrottled) {
			t.Errorf("the error is %v", err)
		}
	}
}
