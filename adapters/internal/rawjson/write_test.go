package rawjson_test

import (
	"encoding/json"
	"testing"

	"cognito-user-migration/adapters/internal/rawjson"
)

func FuzzTextIsWrittenAsEncodingJSONWritesIt(f *testing.F) {
	for _, text := range []string{"", "alice@example.com", `"\`, "<&>", "山田", "\xff", "\u2028\u007f", "a\nb\x00", "\ufffd"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		want, err := json.Marshal(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := rawjson.AppendText([]byte("x"), text); string(got) != "x"+string(want) {
			t.Errorf("%q is written as %s, not as x%s", text, got, want)
		}
	})
}
