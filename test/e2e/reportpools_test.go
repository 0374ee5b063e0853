package e2e_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/test/process"
)

// poolUser is a user that testdata/poolsofusers.py puts into a pool of moto.
type poolUser struct {
	Pool, Username, Sub, Status string
	Attributes                  map[string]string
	Disabled, SecondFactor      bool
	Groups                      []string
	CreatedAt                   time.Time
}

// counted are the numbers of a report that a test knows beforehand.
type counted struct {
	Source, Disabled, Destination, Newcomers                int
	Moved, Confirmed, ResetRequired, Other, Retired         int
	Remaining, SignInMigrate, ForgotMigrate, ImportPossible int
	SignIn, ForgotPassword, Import, Conflicts               map[string]int
	ByDay                                                   map[string]int
}

func newCounted() counted {
	return counted{SignIn: map[string]int{}, ForgotPassword: map[string]int{}, Import: map[string]int{}, Conflicts: map[string]int{}, ByDay: map[string]int{}}
}

// people fills two pools, and counts what a report must say of them.
type people struct {
	users []poolUser
	// bySub is for rules that carry the sub, byContact for rules that do not.
	bySub, byContact counted
	subs             int
}

func (p *people) each(do func(*counted)) {
	do(&p.bySub)
	do(&p.byContact)
}

func (p *people) source(name string, change func(*poolUser)) poolUser {
	user := p.add("source", name, change)
	p.each(func(c *counted) {
		c.Source++
		if user.Disabled {
			c.Disabled++
		}
	})
	return user
}

// destination puts a user of the same name and address into the destination, who
// carries a source user's sub.
func (p *people) destination(of poolUser, change func(*poolUser)) poolUser {
	p.each(func(c *counted) { c.Destination++ })
	return p.add("destination", of.Username, func(user *poolUser) {
		user.Attributes["email"], user.Attributes["custom:legacy_sub"] = of.Attributes["email"], of.Sub
		if change != nil {
			change(user)
		}
	})
}

func (p *people) add(pool, name string, change func(*poolUser)) poolUser {
	p.subs++
	user := poolUser{
		Pool: pool, Username: name, Sub: fmt.Sprintf("%x%07x-0000-4000-8000-000000000000", p.subs%16, p.subs), Status: "CONFIRMED",
		Attributes: map[string]string{"email": name + "@example.com", "email_verified": "true", "name": "A Person"},
		CreatedAt:  time.Date(2026, 11, 1+p.subs%9, 12, 0, 0, 0, time.UTC),
	}
	if change != nil {
		change(&user)
	}
	p.users = append(p.users, user)
	return user
}

// moved counts a user who moved, for both rules.
func (p *people) moved(source, destination poolUser) {
	p.each(func(c *counted) { c.moved(source, destination) })
}

func (c *counted) moved(source, destination poolUser) {
	c.Moved++
	switch destination.Status {
	case "CONFIRMED":
		c.Confirmed++
	case "RESET_REQUIRED":
		c.ResetRequired++
	default:
		c.Other++
	}
	if source.Disabled {
		c.Retired++
	}
	c.ByDay[destination.CreatedAt.Format(time.DateOnly)]++
}

// remains counts a user who remains, with the reasons of refusals; empty for none.
func (p *people) remains(signIn, forgotPassword, imported string) {
	p.each(func(c *counted) {
		c.Remaining++
		for _, outcome := range []struct {
			reason   string
			possible *int
			refused  map[string]int
		}{{signIn, &c.SignInMigrate, c.SignIn}, {forgotPassword, &c.ForgotMigrate, c.ForgotPassword}, {imported, &c.ImportPossible, c.Import}} {
			if outcome.reason == "" {
				*outcome.possible++
			} else {
				outcome.refused[outcome.reason]++
			}
		}
	})
}

// everyKind makes 5,000 users of every kind in the source, and those whom the
// destination has.
func everyKind() *people {
	p := &people{bySub: newCounted(), byContact: newCounted()}
	status := func(status string) func(*poolUser) { return func(user *poolUser) { user.Status = status } }
	disabled := func(user *poolUser) { user.Disabled = true }
	kinds := []struct {
		name  string
		users int
		make  func(name string)
	}{
		{"moved", 1500, func(name string) { user := p.source(name, nil); p.moved(user, p.destination(user, nil)) }},
		{"reset", 150, func(name string) {
			user := p.source(name, nil)
			p.moved(user, p.destination(user, status("RESET_REQUIRED")))
		}},
		{"temporary-there", 100, func(name string) {
			user := p.source(name, nil)
			p.moved(user, p.destination(user, status("FORCE_CHANGE_PASSWORD")))
		}},
		{"retired", 200, func(name string) { user := p.source(name, disabled); p.moved(user, p.destination(user, nil)) }},
		{"Letters", 150, func(name string) {
			user := p.source(name, nil)
			p.moved(user, p.destination(user, func(there *poolUser) { there.Username = strings.ToLower(name) }))
		}},
		{"plain", 1050, func(name string) { p.source(name, nil); p.remains("", "", "") }},
		{"temporary", 100, func(name string) { p.source(name, status("FORCE_CHANGE_PASSWORD")); p.remains("", "", "") }},
		{"disabled", 200, func(name string) {
			p.source(name, disabled)
			p.remains("user_disabled", "user_disabled", "user_disabled")
		}},
		{"unconfirmed", 150, func(name string) {
			p.source(name, status("UNCONFIRMED"))
			p.remains("user_unconfirmed", "user_unconfirmed", "user_unconfirmed")
		}},
		{"federated", 100, func(name string) {
			p.source(name, status("EXTERNAL_PROVIDER"))
			p.remains("user_federated", "user_federated", "user_federated")
		}},
		{"unverified", 150, func(name string) {
			p.source(name, func(user *poolUser) { user.Attributes["email_verified"] = "false" })
			p.remains("", "no_verified_contact", "no_verified_contact")
		}},
		{"nameless", 50, func(name string) { // the destination requires a name
			p.source(name, func(user *poolUser) { delete(user.Attributes, "name") })
			p.remains("attribute_invalid", "attribute_invalid", "attribute_invalid")
		}},
		{"long", 50, func(name string) {
			p.source(name, func(user *poolUser) { user.Attributes["name"] = strings.Repeat("n", 2049) })
			p.remains("attribute_invalid", "attribute_invalid", "attribute_invalid")
		}},
		{"long-nickname", 50, func(name string) { // which is left out
			p.source(name, func(user *poolUser) { user.Attributes["nickname"] = strings.Repeat("n", 2049) })
			p.remains("", "", "")
		}},
		{"case", 100, func(name string) { // two each: one name but for the letter case
			for _, name := range []string{name, strings.ToUpper(name)} {
				p.source(name, func(user *poolUser) {
					user.Attributes["email"] = strings.Repeat("x", len(user.Sub)%2) + user.Sub + "@example.com"
				})
				p.remains("username_shared", "username_shared", "username_shared")
			}
		}},
		{"twin", 150, func(name string) { // two each: one address
			first := p.source(name, nil)
			p.source("other-"+name, func(user *poolUser) { user.Attributes["email"] = first.Attributes["email"] })
			p.remains("contact_shared", "contact_shared", "contact_shared")
			p.remains("contact_shared", "contact_shared", "contact_shared")
		}},
		{"taken", 100, func(name string) {
			user := p.source(name, nil)
			p.destination(user, func(there *poolUser) {
				there.Attributes["email"], there.Attributes["custom:legacy_sub"] = "stranger-"+name+"@example.com", "another"
			})
			p.bySub.Conflicts["different_sub"]++
			p.byContact.Conflicts["different_contact"]++
		}},
		{"double", 75, func(name string) { // two destination users match equally
			user := p.source(name, nil)
			p.destination(user, func(there *poolUser) { there.Username = "a-" + name })
			p.destination(user, func(there *poolUser) { there.Username = "b-" + name })
			p.each(func(c *counted) { c.Conflicts["several_destination_users"]++ })
		}},
		{"claimed", 75, func(name string) { // two each: both match one destination user, one of them better
			user := p.source(name, nil)
			p.source("other-"+name, func(other *poolUser) { other.Attributes["email"] = user.Attributes["email"] })
			p.moved(user, p.destination(user, nil))
			p.bySub.Conflicts["different_sub"]++
			p.byContact.Conflicts["another_source_user"]++
		}},
		{"contested", 50, func(name string) { // two each: both match one destination user equally, by the address alone
			user := p.source(name, nil)
			p.source("other-"+name, func(other *poolUser) { other.Attributes["email"] = user.Attributes["email"] })
			there := p.destination(user, func(there *poolUser) { there.Username = "there-" + name })
			p.bySub.moved(user, there)
			p.bySub.Conflicts["different_sub"]++
			p.byContact.Conflicts["another_source_user"] += 2
		}},
	}
	for _, kind := range kinds {
		for i := range kind.users {
			kind.make(kind.name + "-" + strconv.Itoa(i))
		}
	}
	for i := range 5000 - p.bySub.Source { // the rest, with what a listing does not show
		name := "rest-" + strconv.Itoa(i)
		p.source(name, func(user *poolUser) {
			user.SecondFactor, user.Groups = i%2 == 0, []string{"editors"}
		})
		p.remains("", "", "")
	}
	for i := range 300 {
		p.add("destination", "newcomer-"+strconv.Itoa(i), nil)
		p.each(func(c *counted) { c.Destination++; c.Newcomers++ })
	}
	return p
}

// newPools serves the users by moto, and returns the tool over them.
func newPools(t *testing.T, users []poolUser) *reporting {
	t.Helper()
	python := process.Program{Name: "python3", Install: "Debian's python3"}
	process.Require(t, process.Moto(), python)
	r := &reporting{t: t, tool: tool.get(t).path, folder: t.TempDir()}
	text, err := json.Marshal(users)
	if err != nil {
		t.Fatal(err)
	}
	given, ids := filepath.Join(r.folder, "users.json"), filepath.Join(r.folder, "ids.json")
	if err := os.WriteFile(given, text, 0o600); err != nil {
		t.Fatal(err)
	}
	script, err := filepath.Abs("testdata/poolsofusers.py")
	if err != nil {
		t.Fatal(err)
	}
	python.Arguments = func(port int) []string { return []string{script, strconv.Itoa(port), given, ids} }
	python.Ready, python.Prepare, python.Environment = process.Moto().Ready, process.Moto().Prepare, process.Moto().Environment
	server, err := python.Launch(context.WithoutCancel(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	text, err = os.ReadFile(ids)
	if err != nil {
		t.Fatal(err)
	}
	var pools struct{ Source, Destination string }
	if err := json.Unmarshal(text, &pools); err != nil {
		t.Fatal(err)
	}
	r.pool = pools.Destination
	r.environment = []string{
		"AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER=" + server.URL, "AWS_ACCESS_KEY_ID=AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret", "AWS_REGION=us-east-1",
		"HOME=" + r.folder, "AWS_EC2_METADATA_DISABLED=true", "SOURCE_USER_POOL_ID=" + pools.Source, "SOURCE_CLIENT_ID=client",
	}
	return r
}

// counts are those of the output.
func (r reported) counts() counted {
	c := counted{
		Source: r.Source[0].Users, Disabled: r.Source[0].Disabled, Destination: r.Destination.Users, Newcomers: r.Destination.Newcomers,
		Moved: r.Moved.Users, Confirmed: r.Moved.Confirmed, ResetRequired: r.Moved.ResetRequired, Other: r.Moved.Other, Retired: r.Moved.Retired,
		Remaining: r.Remaining.Users, SignInMigrate: r.Remaining.SignIn.Migrate, ForgotMigrate: r.Remaining.ForgotPassword.Migrate,
		ImportPossible: r.Remaining.Import.Possible, SignIn: r.Remaining.SignIn.Refuse, ForgotPassword: r.Remaining.ForgotPassword.Refuse,
		Import: r.Remaining.Import.Impossible, Conflicts: r.Conflicts.ByCause, ByDay: map[string]int{},
	}
	for _, day := range r.ByDay {
		c.ByDay[day.Day] += day.Moved
	}
	return c
}

// TestTheReportOfFiveThousandUsersIsExact compares each number with what the test
// knows, for rules that carry the sub and for rules that do not.
func TestTheReportOfFiveThousandUsersIsExact(t *testing.T) {
	t.Parallel()
	p := everyKind()
	if p.bySub.Source != 5000 {
		t.Fatalf("the test has %d users", p.bySub.Source)
	}
	r := newPools(t, p.users)
	for attributes, want := range map[string]counted{"*,custom:legacy_sub=sub": p.bySub, "*": p.byContact} {
		out, notes, code := r.run([]string{"MIGRATE_ATTRIBUTES=" + attributes}, "--json", "--state", "state-"+strconv.Itoa(len(attributes))+".db")
		if code != 0 {
			t.Fatalf("%s: exit code %d\n%s", attributes, code, notes)
		}
		got := read(t, out)
		if got, want := fmt.Sprintf("%+v", got.counts()), fmt.Sprintf("%+v", want); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", attributes, got, want)
		}
		conflicts := 0
		for _, users := range got.Conflicts.ByCause {
			conflicts += users
		}
		if got.Moved.Users+got.Remaining.Users+conflicts != got.Source[0].Users {
			t.Errorf("%s: the three do not add up to the source's users", attributes)
		}
	}
	r.shared(p)
	if reasons := slices.Sorted(maps.Keys(p.bySub.SignIn)); len(reasons) != 6 {
		t.Errorf("the kinds have the reasons %q", reasons)
	}
}

// shared runs what a listing does not show, over the same pools.
func (r *reporting) shared(p *people) {
	factors, editors := 0, 0
	for _, user := range p.users {
		if user.SecondFactor {
			factors++
		}
		editors += len(user.Groups)
	}
	out, notes, code := r.run([]string{"MIGRATE_ATTRIBUTES=*,custom:legacy_sub=sub"}, "--json", "--groups", "--groups-rate", "100000", "--state", "state-23.db")
	if code != 0 {
		r.t.Fatalf("--groups: exit code %d\n%s", code, notes)
	}
	want := []groupCounts{{"SOURCE", "editors", "editors", editors, 0, editors, 0, 0}}
	if got := read(r.t, out).Groups; !slices.Equal(got, want) {
		r.t.Errorf("--groups: got %+v, want %+v", got, want)
	}
	out, notes, code = r.run([]string{"MIGRATE_ATTRIBUTES=*,custom:legacy_sub=sub", "AUDIT_HMAC_KEY=" + strings.Repeat("k", 32)},
		"--json", "--second-factors", "--second-factors-rate", "100000", "--digests", "--state", "digests.db")
	if code != 0 {
		r.t.Fatalf("--second-factors: exit code %d\n%s", code, notes)
	}
	got := read(r.t, out)
	if refused := got.Remaining.SignIn.Refuse["mfa_required"]; refused != factors {
		r.t.Errorf("%d users have a second factor, want %d", refused, factors)
	}
	if got.Moved.Users != p.bySub.Moved || got.Remaining.Users != p.bySub.Remaining {
		r.t.Errorf("with --digests, %d moved and %d remain", got.Moved.Users, got.Remaining.Users)
	}
	for _, file := range []string{"digests.db", "digests.db-wal"} {
		text, _ := os.ReadFile(filepath.Join(r.folder, file)) // the second file may be gone
		if strings.Contains(string(text), "plain-1") || strings.Contains(string(text), "@example.com") {
			r.t.Errorf("%s holds an identifier", file)
		}
	}
}
