package domain_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/domain"

	"pgregory.net/rapid"
)

// attempted is when alice was moved.
var attempted = time.Date(2026, 11, 28, 20, 0, 0, 0, time.UTC)

// keys sign and digest in tests.
func keys() domain.CompletionKeys {
	return domain.NewCompletionKeys(domain.NewSecret("a completion key of thirty-two bytes"), domain.Secret{})
}

// moved is alice with the decision to migrate her, and the completion.
func moved(rules domain.Rules, typed string, user domain.SourceUser) domain.Completion {
	attempt := domain.Attempt{ID: "attempt-1", Trigger: signIn, Username: typed, UserPoolID: "ap-northeast-1_Dest00001"}
	finding := domain.Finding{Kind: domain.PasswordAccepted, Source: "SOURCE", User: user}
	return domain.NewCompletion(keys(), attempt, attempted, user, domain.Decide(rules, attempt, finding))
}

// created is what Cognito makes of the decision to migrate alice.
func created(change func(*domain.DestinationUser)) *domain.DestinationUser {
	user := &domain.DestinationUser{
		Username: "alice", Status: domain.StatusConfirmed, Enabled: true, CreatedAt: attempted.Add(2 * time.Second),
		Attributes: domain.Attributes{
			"sub": "sub-new", "email": "Alice@example.com", "email_verified": "true", "custom:legacy_sub": "sub-1",
			"phone_number": "+819012345678", "phone_number_verified": "true",
		},
	}
	change(user)
	return user
}

func TestACompletionSaysWhoWasMovedAndNothingOfThem(t *testing.T) {
	t.Parallel()
	withSub := rules(func(r *domain.Rules) { r.Attributes = mapping("*,custom:legacy_sub=sub") })
	got := moved(withSub, "alice", changed(func(u *domain.SourceUser) { u.Groups, u.GroupsKnown = []string{"editors"}, true }))
	if got.AttemptID != "attempt-1" || got.Source != "SOURCE" || got.SourceUsername != "alice" || got.SourceSub != "sub-1" ||
		got.UserPoolID != "ap-northeast-1_Dest00001" || got.Username != "alice" || !got.AttemptedAt.Equal(attempted) ||
		len(got.Contacts) != 2 || got.Profile == "" || !slices.Equal(got.Groups, []string{"editors"}) || !got.GroupsKnown {
		t.Errorf("got %s for %s", got, fmt.Sprintf("%q", []string{got.Username, got.Source}))
	}
	everything := strings.Join(append(slices.Clone(got.Contacts), got.Profile), " ")
	for _, value := range []string{"alice@example.com", "+819012345678", "acme"} {
		if strings.Contains(everything, value) {
			t.Errorf("it holds %s", value)
		}
	}
	if text := fmt.Sprintf("%v %+v", got, got); strings.Contains(text, "alice") {
		t.Errorf("it prints as %s", text)
	}
	if text := fmt.Sprint(created(func(*domain.DestinationUser) {}), *created(func(*domain.DestinationUser) {})); strings.Contains(text, "alice") {
		t.Errorf("a destination user prints as %s", text)
	}
}

func TestWhereCognitoMakesTheNameTheAliasThatWasTypedIsAskedFor(t *testing.T) {
	t.Parallel()
	byEmail := changed(func(u *domain.SourceUser) { u.Username = "sub-1" })
	if got := moved(rules(), "alice@example.com", byEmail); got.Username != "alice@example.com" {
		t.Errorf("asked for as %q", got.Username)
	}
}

func TestAMoveIsFinishedOnlyOnceTheMovedUserCanSignIn(t *testing.T) {
	t.Parallel()
	bySub := rules(func(r *domain.Rules) { r.Attributes = mapping("email,custom:legacy_sub=sub") })
	for _, row := range []struct {
		name   string
		rules  domain.Rules
		user   *domain.DestinationUser
		reason domain.CompletionReason
	}{
		{"a user who is not there yet", bySub, nil, domain.ReasonNotCreatedYet},
		{"the user, with the source's sub", bySub, created(func(*domain.DestinationUser) {}), ""},
		{"the user, where no rule carries the sub", rules(), created(func(*domain.DestinationUser) {}), ""},
		{"somebody with another sub of the source's", bySub,
			created(func(u *domain.DestinationUser) { u.Attributes["custom:legacy_sub"] = "sub-2" }), domain.ReasonAnotherUser},
		{"somebody without the source's sub, not confirmed yet", bySub, created(func(u *domain.DestinationUser) {
			delete(u.Attributes, "custom:legacy_sub")
			u.Status = domain.StatusUnconfirmed
		}), domain.ReasonAnotherUser},
		{"a user who is disabled there", bySub, created(func(u *domain.DestinationUser) { u.Enabled = false }), domain.ReasonDestinationDisabled},
		{"a user who has not set a password yet", bySub,
			created(func(u *domain.DestinationUser) { u.Status = domain.StatusResetRequired }), domain.ReasonNotConfirmedYet},
		{"a user who is not confirmed", bySub,
			created(func(u *domain.DestinationUser) { u.Status = domain.StatusUnconfirmed }), domain.ReasonNotConfirmedYet},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if reason := domain.ReadyToComplete(row.rules, moved(row.rules, "alice", alice()), row.user); reason != row.reason {
				t.Errorf("got %q, want %q", reason, row.reason)
			}
		})
	}
}

// Each row changes one of the two users who were just read.
func TestBothUsersAreOnePersonByProofAlone(t *testing.T) {
	t.Parallel()
	bySub := rules(func(r *domain.Rules) { r.Attributes = mapping("email,custom:legacy_sub=sub") })
	byContact := rules(func(r *domain.Rules) { r.Attributes = mapping("email,phone_number,name") })
	same := func(*domain.DestinationUser) {}
	for _, row := range []struct {
		name    string
		rules   domain.Rules
		source  domain.SourceUser
		created *domain.DestinationUser
		want    domain.CompletionReason
	}{
		{"the sub that our rule carries", bySub, alice(), created(same), ""},
		{"that sub, with everything else changed since", bySub, alice(), created(func(u *domain.DestinationUser) {
			u.Attributes = domain.Attributes{"custom:legacy_sub": "sub-1", "email": "new@example.com"}
			u.CreatedAt = attempted.Add(-time.Hour)
		}), ""},
		{"another sub, with the same verified contacts", bySub, alice(),
			created(func(u *domain.DestinationUser) { u.Attributes["custom:legacy_sub"] = "sub-2" }), domain.ReasonAnotherUser},
		{"no sub", bySub, alice(), created(func(u *domain.DestinationUser) { delete(u.Attributes, "custom:legacy_sub") }), domain.ReasonAnotherUser},
		{"a source without subs, by contacts", bySub,
			changed(func(u *domain.SourceUser) { u.Sub = ""; delete(u.Attributes, "sub") }), created(same), ""},
		{"every verified contact, letter case of the address aside", byContact, alice(), created(same), ""},
		{"a name and nothing verified", byContact, unverified(),
			created(func(u *domain.DestinationUser) {
				u.Attributes = domain.Attributes{"email": "mallory@evil.example", "email_verified": "true"}
			}),
			domain.ReasonIdentityUnproven},
		{"a name and the same unverified address", byContact, unverified(),
			created(func(u *domain.DestinationUser) { u.Attributes["email_verified"] = "false" }), domain.ReasonIdentityUnproven},
		{"somebody who has the address and never proved it", byContact, alice(),
			created(func(u *domain.DestinationUser) { u.Attributes["email_verified"] = "false" }), domain.ReasonAnotherUser},
		{"one contact of two", byContact, alice(),
			created(func(u *domain.DestinationUser) { u.Attributes["phone_number"] = "+15550100" }), domain.ReasonAnotherUser},
		{"the contacts, and another name", byContact, changed(func(u *domain.SourceUser) { u.Attributes["name"] = "Alice" }),
			created(func(u *domain.DestinationUser) { u.Attributes["name"] = "Mallory" }), domain.ReasonAnotherUser},
		// Users can write standard attributes themselves, and so claim a sub.
		{"the sub in an attribute that users can write", rules(func(r *domain.Rules) { r.Attributes = mapping("name,nickname=sub") }), alice(),
			created(func(u *domain.DestinationUser) { u.Attributes["nickname"] = "sub-1" }), domain.ReasonIdentityUnproven},
		{"the sub in two attributes, one of them another's", rules(func(r *domain.Rules) { r.Attributes = mapping("custom:legacy_sub=sub,custom:id=sub") }), alice(),
			created(func(u *domain.DestinationUser) { u.Attributes["custom:id"] = "sub-2" }), domain.ReasonAnotherUser},
		{"a text in the place of the sub", rules(func(r *domain.Rules) { r.Attributes = mapping("custom:legacy_sub='sub-1'") }), alice(), created(same), domain.ReasonIdentityUnproven},
		{"an address that the rules give to everyone", rules(func(r *domain.Rules) { r.Attributes = mapping("email='all@example.com',email_verified='true'") }), unverified(),
			created(func(u *domain.DestinationUser) { u.Attributes["email"] = "all@example.com" }), domain.ReasonIdentityUnproven},
		{"an address whose letter only has the same lower case", rules(func(r *domain.Rules) { r.Attributes = mapping("email") }),
			changed(func(u *domain.SourceUser) { u.Attributes["email"] = "kate@example.com" }),
			created(func(u *domain.DestinationUser) { u.Attributes["email"] = "\u212aate@example.com" }), domain.ReasonAnotherUser},
		{"the contacts, and one more that is verified there", byContact,
			changed(func(u *domain.SourceUser) {
				delete(u.Attributes, "phone_number")
				delete(u.Attributes, "phone_number_verified")
			}), created(same), domain.ReasonAnotherUser},
		{"the contacts, and one more of a kind that no rule moves", rules(func(r *domain.Rules) { r.Attributes = mapping("email") }), alice(), created(same), ""},
		{"the contacts, created long before", byContact, alice(),
			created(func(u *domain.DestinationUser) { u.CreatedAt = attempted.Add(-time.Hour) }), domain.ReasonAnotherUser},
		{"the contacts, created long after", byContact, alice(),
			created(func(u *domain.DestinationUser) { u.CreatedAt = attempted.Add(time.Hour) }), domain.ReasonAnotherUser},
		{"the contacts, created when nobody knows", byContact, alice(),
			created(func(u *domain.DestinationUser) { u.CreatedAt = time.Time{} }), domain.ReasonAnotherUser},
		{"the contacts, by clocks that differ by half a minute", byContact, alice(),
			created(func(u *domain.DestinationUser) { u.CreatedAt = attempted.Add(-30 * time.Second) }), ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := domain.SameUser(row.rules, moved(row.rules, "alice", alice()), row.source, *row.created); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

// Where the source user is gone, the signed message has to prove it.
func TestAMessageProvesWhoTheDestinationUserIs(t *testing.T) {
	t.Parallel()
	bySub := rules(func(r *domain.Rules) { r.Attributes = mapping("email,custom:legacy_sub=sub") })
	same := func(*domain.DestinationUser) {}
	for _, row := range []struct {
		name    string
		rules   domain.Rules
		source  domain.SourceUser
		created *domain.DestinationUser
		want    domain.CompletionReason
	}{
		{"by the sub", bySub, alice(), created(same), ""},
		{"not by another sub", bySub, alice(), created(func(u *domain.DestinationUser) { u.Attributes["custom:legacy_sub"] = "sub-2" }), domain.ReasonAnotherUser},
		{"by every verified contact", rules(), alice(), created(same), ""},
		{"not by one contact of two", rules(), alice(), created(func(u *domain.DestinationUser) { delete(u.Attributes, "phone_number") }), domain.ReasonAnotherUser},
		{"not by contacts of a user created at another time", rules(), alice(),
			created(func(u *domain.DestinationUser) { u.CreatedAt = attempted.Add(time.Hour) }), domain.ReasonAnotherUser},
		{"not by a name", rules(), unverified(), created(same), domain.ReasonIdentityUnproven},
		{"not by an address that the rules give to everyone",
			rules(func(r *domain.Rules) {
				r.Attributes = mapping("email='all@example.com',email_verified='true',phone_number")
			}), unverified(),
			created(func(u *domain.DestinationUser) { u.Attributes["email"] = "all@example.com" }), domain.ReasonIdentityUnproven},
		{"not by a sub that users can write", rules(func(r *domain.Rules) { r.Attributes = mapping("nickname=sub") }), alice(),
			created(func(u *domain.DestinationUser) { u.Attributes["nickname"] = "sub-1" }), domain.ReasonIdentityUnproven},
	} {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			if got := moved(row.rules, "alice", row.source).ProvenBy(row.rules, keys(), *row.created); got != row.want {
				t.Errorf("got %q, want %q", got, row.want)
			}
		})
	}
}

func TestDigestsAndSignaturesNeedTheKey(t *testing.T) {
	t.Parallel()
	older := domain.NewCompletionKeys(domain.NewSecret("the key before, of thirty-two bytes."), domain.Secret{})
	rotated := domain.NewCompletionKeys(domain.NewSecret("the key after, of thirty-two bytes.."), domain.NewSecret("the key before, of thirty-two bytes."))
	stranger := domain.NewCompletionKeys(domain.NewSecret("a key of somebody else's altogether."), domain.Secret{})
	signature := older.Sign([]byte("body"))
	for name, row := range map[string]struct {
		keys      domain.CompletionKeys
		body      string
		signature string
		want      bool
	}{
		"the key itself":              {older, "body", signature, true},
		"the key as the previous one": {rotated, "body", signature, true},
		"another key":                 {stranger, "body", signature, false},
		"another body":                {older, "body2", signature, false},
		"no signature":                {older, "body", "", false},
		"no key":                      {domain.CompletionKeys{}, "body", domain.CompletionKeys{}.Sign([]byte("body")), false},
	} {
		if got := row.keys.Signed([]byte(row.body), row.signature); got != row.want {
			t.Errorf("%s: got %t", name, got)
		}
	}
	completion := moved(rules(), "alice", alice())
	if completion.Unchanged(rules(), stranger, alice()) || completion.ProvenBy(rules(), stranger, *created(func(*domain.DestinationUser) {})) == "" {
		t.Error("digests can be checked without their key")
	}
}

func TestTheSourceUserReadAgainIsTheOneWhoWasMoved(t *testing.T) {
	t.Parallel()
	completion := moved(rules(), "alice", alice())
	if !completion.IsUser(alice()) {
		t.Error("alice is not alice")
	}
	if completion.IsUser(changed(func(u *domain.SourceUser) { u.Sub, u.Attributes = "sub-2", nil })) {
		t.Error("who got the name since is taken for alice")
	}
	subless := changed(func(u *domain.SourceUser) { u.Sub, u.Attributes = "", domain.Attributes{} })
	completion = moved(rules(), "alice", subless)
	if !completion.IsUser(subless) || completion.IsUser(changed(func(u *domain.SourceUser) { u.Username, u.Sub, u.Attributes = "bob", "", nil })) {
		t.Error("without subs the name says who it is")
	}
	if completion.IsUser(alice()) {
		t.Error("a user with a sub is taken for one who had none")
	}
}

func TestAUserWhoWasCreatedAnewIsAnotherUser(t *testing.T) {
	t.Parallel()
	before := *created(func(*domain.DestinationUser) {})
	for name, row := range map[string]struct {
		change func(*domain.DestinationUser)
		want   bool
	}{
		"the user":             {func(*domain.DestinationUser) {}, true},
		"with another address": {func(u *domain.DestinationUser) { u.Attributes["email"] = "new@example.com" }, true},
		"with another sub":     {func(u *domain.DestinationUser) { u.Attributes["sub"] = "sub-newer" }, false},
		"under another name":   {func(u *domain.DestinationUser) { u.Username = "Alice" }, false},
	} {
		if got := created(row.change).Is(before); got != row.want {
			t.Errorf("%s: %t, want %t", name, got, row.want)
		}
	}
}

func TestWhichRulesCarryTheSub(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]string{
		"*": nil, "custom:legacy_sub=sub": {"custom:legacy_sub"}, "*, custom:x=sub,custom:y=sub": {"custom:x", "custom:y"}, "dev:custom:x=sub": {"dev:custom:x"},
		"nickname=sub": nil, "profile=sub,custom:y=username": nil, "custom:x='sub'": nil, "custom:sub": nil,
	} {
		if got := mapping(text).SubCarriers(); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestAProfileIsUnchangedWhileWhatIsMovedOfItIs(t *testing.T) {
	t.Parallel()
	completion := moved(rules(), "alice", alice())
	for name, row := range map[string]struct {
		user domain.SourceUser
		want bool
	}{
		"as it was":                {alice(), true},
		"what no rule moves":       {changed(func(u *domain.SourceUser) { u.Attributes["custom:tenant"] = "other" }), true},
		"disabled meanwhile":       {changed(func(u *domain.SourceUser) { u.Enabled = false }), true},
		"another address":          {changed(func(u *domain.SourceUser) { u.Attributes["email"] = "new@example.com" }), false},
		"an address proved since":  {unverified(), false},
		"an attribute more":        {changed(func(u *domain.SourceUser) { u.Attributes["name"] = "Alice" }), false},
		"an attribute less":        {changed(func(u *domain.SourceUser) { delete(u.Attributes, "phone_number") }), false},
		"another user of the same": {changed(func(u *domain.SourceUser) { u.Username = "alice2" }), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := completion.Unchanged(rules(), keys(), row.user); got != row.want {
				t.Errorf("unchanged is %t, want %t", got, row.want)
			}
		})
	}
	if other := moved(rules(), "alice", alice()); other.Profile != completion.Profile {
		t.Error("the digest is not the same twice")
	}
}

func TestAChoiceOfWhatBecomesOfTheSourceUser(t *testing.T) {
	t.Parallel()
	var after domain.After
	for _, choice := range []domain.After{domain.AfterKeep, domain.AfterDisable, domain.AfterDelete} {
		if err := after.UnmarshalText([]byte(choice)); err != nil || after != choice {
			t.Errorf("%s: %v", choice, err)
		}
	}
	if err := after.UnmarshalText([]byte("archive")); err == nil || err.Error() != "expected one of: keep, disable, delete" {
		t.Errorf("got %v", err)
	}
}

func TestGroupMap(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		rules  string
		groups []string
		want   []string
	}{
		{"admins", []string{"admins", "editors"}, []string{"admins"}},
		{"editors=writers,admins", []string{"editors", "admins", "guests"}, []string{"admins", "writers"}},
		{"*", []string{"editors", "admins", "editors"}, []string{"admins", "editors"}},
		{"editors=writers, *", []string{"writers", "editors", "guests"}, []string{"guests", "writers"}},
		{"a=c,b=c", []string{"a", "b"}, []string{"c"}},
		{"admins", nil, nil},
	} {
		parsed, err := domain.ParseGroupMap(row.rules)
		if err != nil || parsed.Empty() {
			t.Errorf("%q: %v", row.rules, err)
		}
		if got := parsed.Apply(row.groups); !slices.Equal(got, row.want) {
			t.Errorf("%q of %q gives %q, want %q", row.rules, row.groups, got, row.want)
		}
	}
	if empty := (domain.GroupMap{}); !empty.Empty() || empty.Apply([]string{"admins"}) != nil {
		t.Error("the zero map gives groups")
	}
}

func TestTheGroupsThatAMapNames(t *testing.T) {
	t.Parallel()
	for rules, want := range map[string][]string{
		"*":                        nil,
		"editors=writers,admins,*": {"admins", "writers"},
		"a=c,b=c":                  {"c"},
	} {
		parsed, err := domain.ParseGroupMap(rules)
		if got := parsed.Destinations(); err != nil || !slices.Equal(got, want) {
			t.Errorf("%q names %q, not %q; %v", rules, got, want, err)
		}
	}
	if got := (domain.GroupMap{}).Destinations(); got != nil {
		t.Errorf("the zero map names %q", got)
	}
}

func TestAWrongGroupMapIsExplained(t *testing.T) {
	t.Parallel()
	for rules, want := range map[string]string{
		"":            "rule 1: expected a group's name, two as source=destination, or *",
		"a,":          "rule 2: expected a group's name, two as source=destination, or *",
		"a=":          "rule 1: expected a group's name, two as source=destination, or *",
		"*=a":         "rule 1: expected a group's name, two as source=destination, or *",
		"a b":         "rule 1: expected a group's name, two as source=destination, or *",
		"a=b=c":       "rule 1: expected a group's name, two as source=destination, or *",
		"a,a=b":       "rule 2: a already has a rule; remove one",
		"*,*":         "rule 2: * already has a rule; remove one",
		"*,a b,*,c,c": "rule 2: expected a group's name, two as source=destination, or *\nrule 3: * already has a rule; remove one\nrule 5: c already has a rule; remove one",
	} {
		var into domain.GroupMap
		if err := into.UnmarshalText([]byte(rules)); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", rules, err, want)
		}
	}
	var into domain.GroupMap
	if err := into.UnmarshalText([]byte("editors=writers,admins,*")); err != nil || into.String() != "editors=writers,admins,*" {
		t.Errorf("got %q, %v", into, err)
	}
}

func FuzzParseGroupMap(f *testing.F) {
	for _, seed := range []string{"*", "editors=writers,admins", "a,*", "=", ",", "a=b,b=a"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		parsed, err := domain.ParseGroupMap(text)
		if err != nil {
			return
		}
		again, err := domain.ParseGroupMap(parsed.String())
		if err != nil || again.String() != parsed.String() {
			t.Fatalf("%q is written as %q, which reads as %q, %v", text, parsed.String(), again.String(), err)
		}
	})
}

// The main promise of completion: it changes nothing for a user who cannot sign in at
// the destination, or who is another user.
func TestNothingIsFinishedForAPersonWhoCouldNotSignIn(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		chosen := anyRules().Draw(t, "rules")
		user := anyFinding().Draw(t, "finding").User
		attempt := domain.Attempt{ID: "attempt-1", Trigger: signIn, Username: user.Username}
		completion := domain.NewCompletion(keys(), attempt, attempted, user, domain.Decide(chosen, attempt, domain.Finding{Kind: domain.PasswordAccepted, User: user}))
		destination := domain.DestinationUser{
			Username: anyIdentifier().Draw(t, "destination"), Enabled: rapid.Bool().Draw(t, "enabled there"),
			Status:     anyOf(append(domain.UserStatuses(), "")...).Draw(t, "status there"),
			Attributes: anyAttributes().Draw(t, "attributes there"), CreatedAt: attempted,
		}
		reason := domain.ReadyToComplete(chosen, completion, &destination)
		if reason == "" && (!destination.Enabled || destination.Status != domain.StatusConfirmed) {
			t.Fatal("finished for a person who cannot sign in")
		}
		destination.Username = user.Username
		proven := domain.SameUser(chosen, completion, user, destination) == ""
		carried := slices.ContainsFunc(chosen.Attributes.SubCarriers(), func(carrier string) bool { return destination.Attributes[carrier] != "" })
		moved := chosen.Attributes.Apply(user, chosen.VerifiedContacts)
		contact := func(name string) bool {
			return moved[name] != "" && moved[name+"_verified"] == "true" && strings.EqualFold(destination.Attributes[name], moved[name]) && destination.Attributes[name+"_verified"] == "true"
		}
		if proven && !carried && !contact("email") && !contact("phone_number") {
			t.Fatal("a name alone was taken for proof")
		}
		if reason != "" && reason.Outcome() == domain.CompletionDone {
			t.Fatalf("%s stands in the way, and the completion is done", reason)
		}
	})
}
