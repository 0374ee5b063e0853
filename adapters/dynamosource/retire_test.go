package dynamosource_test

import (
	"context"
	"encoding/json"
	"errors"
	"reflect"
	"testing"

	"cognito-user-migration/adapters/dynamosource"
	"cognito-user-migration/ports"
)

// item reads an item of moto; nil if there is none.
func (p *peer) item(t *testing.T, table string, key object) object {
	t.Helper()
	var answer struct{ Item object }
	if err := json.Unmarshal(p.call(t, "GetItem", object{"TableName": table, "Key": key}), &answer); err != nil {
		t.Fatal(err)
	}
	return answer.Item
}

func TestUsersAreDisabledInTheTypeThatTheTableHas(t *testing.T) {
	t.Parallel()
	p := startPeer(t)
	p.create(t, "retire", "email", "username")
	for name, test := range map[string]struct {
		fields      string
		before, off object
	}{
		"a boolean":             {"", object{"enabled": flag(true)}, object{"enabled": flag(false)}},
		"no attribute":          {"", object{}, object{"enabled": flag(false)}},
		"a string":              {"enabled=active", object{"active": text("true")}, object{"active": text("false")}},
		"a number":              {"enabled=active", object{"active": object{"N": "1"}}, object{"active": object{"N": "0"}}},
		"the opposite":          {"enabled=!blocked", object{"blocked": flag(false)}, object{"blocked": flag(true)}},
		"the opposite, missing": {"enabled=!blocked", object{}, object{"blocked": flag(true)}},
		"a number that says the opposite": {
			"enabled=!state.blocked", object{"state": members(object{"blocked": object{"N": "0"}})}, object{"state": members(object{"blocked": object{"N": "1"}})},
		},
	} {
		directory := open(t, p.url, settingsOf(t, "retire", "username", "", test.fields), dynamosource.Options{})
		test.before["username"], test.off["username"] = text(name), text(name)
		p.put(t, "retire", test.before)
		for range 2 { // the second changes nothing
			if err := directory.Disable(t.Context(), name); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if got := p.item(t, "retire", object{"username": text(name)}); !reflect.DeepEqual(got, test.off) {
				t.Errorf("%s: the item is %v, expected %v", name, got, test.off)
			}
		}
		if finding, err := directory.FindUser(t.Context(), name); err != nil || finding.User.Enabled {
			t.Errorf("%s: the user is enabled, %v", name, err)
		}
		if err := errors.Join(directory.SignOut(t.Context(), name), directory.Delete(t.Context(), name), directory.Delete(t.Context(), name), directory.Disable(t.Context(), name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := p.item(t, "retire", object{"username": text(name)}); got != nil {
			t.Errorf("%s: the item is there: %v", name, got)
		}
	}
}

// afterRead is a table whose item is deleted after it was read.
type afterRead struct {
	*peer
	t     *testing.T
	table string
}

func (a afterRead) Call(ctx context.Context, operation string, input any) (json.RawMessage, error) {
	if operation == "UpdateItem" || operation == "DeleteItem" {
		a.call(a.t, "DeleteItem", object{"TableName": a.table, "Key": object{"username": text("gone")}})
	}
	return a.api.Call(ctx, operation, input)
}

func TestAUserWhoIsDeletedMeanwhileIsNotMadeAgain(t *testing.T) {
	t.Parallel()
	p := startPeer(t)
	p.create(t, "race", "email", "username")
	directory, err := dynamosource.New("people", afterRead{p, t, "race"}, own{}, flat(t, "race"), dynamosource.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for name, retire := range map[string]func(context.Context, string) error{"Disable": directory.Disable, "Delete": directory.Delete} {
		p.put(t, "race", object{"username": text("gone")})
		if err := retire(t.Context(), "gone"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := p.item(t, "race", object{"username": text("gone")}); got != nil {
			t.Errorf("%s made %v", name, got)
		}
	}
}

func TestOnlyTheUserOfTheUsernameIsRetired(t *testing.T) {
	t.Parallel()
	p := startPeer(t)
	p.create(t, "only", "email", "username")
	p.put(t, "only", object{"username": text("owner"), "email": text("o@example.com")})
	directory := open(t, p.url, flat(t, "only"), dynamosource.Options{})
	if err := errors.Join(directory.Delete(t.Context(), "o@example.com"), directory.Disable(t.Context(), "OWNER")); err != nil {
		t.Error(err)
	}
	if got := p.item(t, "only", object{"username": text("owner")}); got == nil || got["enabled"] != nil {
		t.Errorf("the item is %v", got)
	}
	// Two items with one username: neither is touched.
	p.create(t, "twice", "email", "id")
	settings := settingsOf(t, "twice", "id", "id, email-index:email", "username=email")
	for _, id := range []string{"1", "2"} {
		p.put(t, "twice", object{"id": text(id), "email": text("both@example.com")})
	}
	if err := open(t, p.url, settings, dynamosource.Options{}).Delete(t.Context(), "both@example.com"); !errors.Is(err, ports.ErrMisconfigured) {
		t.Errorf("the error is %v", err)
	}
	if p.item(t, "twice", object{"id": text("1")}) == nil || p.item(t, "twice", object{"id": text("2")}) == nil {
		t.Error("an item was deleted")
	}
}
