package e2e_test

import (
	"testing"

	"cognito-user-migration/test/peers"
)

// TestTheSameFunctionMovesUsersBack: attached to the old pool, with the new pool as its
// source, the function takes back a user whom only the new pool has. The user keeps the
// present password and the oldest sub.
func TestTheSameFunctionMovesUsersBack(t *testing.T) {
	t.Parallel()
	requirePeers(t)
	newPool, s := motoSource(t, peers.SourceOptions{})
	f := start(t, s.with("MIGRATE_ATTRIBUTES", "*,custom:legacy_sub=custom:legacy_sub"))
	oldPool := newDestination(t, f)
	p := newPerson()
	f.hidePerson(p)
	attributes := p.attributes()
	attributes["custom:legacy_sub"] = "1a9d6b0f-0000-4000-8000-00000000000a"
	if err := newPool.CreateUser(t.Context(), peers.User{Username: p.username, Password: p.password, Attributes: attributes}); err != nil {
		t.Fatal(err)
	}
	oldPool.mustFail("UserNotFoundException", oldPool.getUser(p.username)...)
	if tokens, _ := oldPool.must(oldPool.signIn(p.username, p.password)...)["AuthenticationResult"].(map[string]any); tokens["AccessToken"] == nil {
		t.Errorf("no tokens: %v", tokens)
	}
	back := oldPool.must(oldPool.getUser(p.username)...)
	if got := attributesOf(back); back["UserStatus"] != "CONFIRMED" || got["custom:legacy_sub"] != attributes["custom:legacy_sub"] || got["email"] != attributes["email"] {
		t.Errorf("the old pool has %v", back)
	}
	oldPool.must(oldPool.signIn(p.username, p.password)...)
	if f.Invocations() != 1 {
		t.Errorf("the function was invoked %d times, want once", f.Invocations())
	}
}
