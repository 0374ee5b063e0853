package domain_test

import (
	"testing"

	"cognito-user-migration/domain"
)

// byHand is the completion of alice's migration if its message was lost.
func byHand(r domain.Rules, typed string, user domain.SourceUser) domain.Completion {
	attempt := domain.Attempt{ID: "attempt-1", Username: typed, UserPoolID: "ap-northeast-1_Dest00001"}
	return domain.NewManualCompletion(r, keys(), attempt, attempted, "SOURCE", user)
}

func TestACompletionByHandIsTheMessagesButForWhatWasMoved(t *testing.T) {
	t.Parallel()
	withSub := rules(func(r *domain.Rules) { r.Attributes = mapping("*,custom:legacy_sub=sub") })
	for typed, user := range map[string]domain.SourceUser{
		"alice":             alice(),
		"ALICE":             alice(),
		"alice@example.com": changed(func(u *domain.SourceUser) { u.Username = "sub-1" }),
	} {
		want, got := moved(withSub, typed, user), byHand(withSub, typed, user)
		if got.Profile != "" || got.Unchanged(withSub, keys(), user) {
			t.Errorf("%s: it says what was moved", typed)
		}
		got.Profile = want.Profile
		if got.Username != want.Username || got.SourceUsername != want.SourceUsername || got.SourceSub != want.SourceSub ||
			got.Source != want.Source || len(got.Contacts) != len(want.Contacts) {
			t.Errorf("%s: it is not the message's", typed)
		}
	}
}

func TestByHandTheDestinationVouchesForWhatWasMoved(t *testing.T) {
	t.Parallel()
	r := rules(func(r *domain.Rules) { r.Attributes = mapping("email,name") })
	source := changed(func(u *domain.SourceUser) { u.Attributes["name"] = "Alice" })
	same := domain.DestinationUser{Username: "alice", Attributes: domain.Attributes{
		"email": source.Attributes["email"], "email_verified": "true", "name": "Alice", "custom:since": "more",
	}}
	completion := byHand(r, "alice", source)
	if got := completion.SameIn(r, keys(), source, same); !got.Unchanged(r, keys(), source) {
		t.Error("a destination user who has all that was moved does not vouch for it")
	}
	same.Attributes["name"] = "Alice Since"
	if got := completion.SameIn(r, keys(), source, same); got.Unchanged(r, keys(), source) {
		t.Error("a destination user who has something else vouches for it")
	}
}
