package hashed

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/adapters/internal/passwordhash"
	"cognito-user-migration/domain"

	"pgregory.net/rapid"
)

// counter counts what a processor would compute, and computes nothing.
type counter struct {
	units  map[string]int
	calls  int
	proves string // the form of a password that every hash was made of
}

func (c *counter) verify(hash passwordhash.Hash, password string) bool {
	c.calls++
	c.spend(hash.Work(), password)
	return password == c.proves
}

func (c *counter) spend(work passwordhash.Work, _ string) {
	if c.units == nil {
		c.units = make(map[string]int)
	}
	c.units[work.Family] += work.Units
}

// bcryptOf is a hash that no password made.
func bcryptOf(cost int) string {
	return fmt.Sprintf("$2b$%02d$%s", cost, strings.Repeat(".", 53))
}

// hashes are of every family, in cheap and in dear.
func hashes() []string {
	crypt := func(prefix string, length int) string { return prefix + strings.Repeat(".", length) }
	raw := strings.Repeat("A", 43)
	return []string{
		bcryptOf(4), bcryptOf(10), bcryptOf(12), "$wp" + bcryptOf(4), "$wp" + bcryptOf(11),
		crypt("$P$5", 30), crypt("$P$B", 30), crypt("$H$9", 30), crypt("$S$5", 51), crypt("$S$C", 51),
		crypt("$5$rounds=1000$salt$", 43), crypt("$6$rounds=656000$salt$", 86), crypt("$1$salt$", 22),
		"$argon2id$v=19$m=19456,t=2,p=1$Zm9yIGEgdXNlciB1bmtub3duIQ$" + raw, "$argon2id$v=19$m=65536,t=3,p=4$Zm9yIGEgdXNlciB1bmtub3duIQ$" + raw,
		"$scrypt$ln=10,r=8,p=1$" + raw + "$" + raw, "$scrypt$ln=16,r=8,p=1$" + raw + "$" + raw,
		"pbkdf2_sha256$1000$salt$" + raw + "=", "pbkdf2_sha256$870000$salt$" + raw + "=", "$pbkdf2$1000$" + raw + "$" + strings.Repeat("A", 27),
		"$y$j75$" + strings.Repeat(".", 16) + "$" + strings.Repeat(".", 43), "$y$j9T$" + strings.Repeat(".", 16) + "$" + strings.Repeat(".", 43),
		"{SSHA}" + strings.Repeat("A", 32),
	}
}

// checker makes one that knows these hashes and counts.
func checker(t interface{ Fatal(...any) }, passwords Passwords, known ...string) *Checker {
	c, err := NewChecker(passwords, "")
	if err != nil {
		t.Fatal(err)
	}
	for _, hash := range known {
		if _, err := c.Learn(hash); err != nil {
			t.Fatal(err)
		}
	}
	return c
}

// spent is what a check computes.
func spent(ctx context.Context, c *Checker, hash, password string) (map[string]int, int) {
	count := new(counter)
	c.compute = count
	_, _ = c.Check(ctx, hash, domain.NewPassword(password)) // what it proves is another test's
	return count.units, count.calls
}

// Every sign-in computes the same, whatever the hash, and whether or not the user exists.
// The work depends only on the typed password.
func TestEveryCheckComputesTheSame(t *testing.T) {
	t.Parallel()
	for _, hash := range hashes() {
		if err := passwordhash.Validate(hash); err != nil {
			t.Fatalf("%s: %v", hash, err)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		known := rapid.SliceOfNDistinct(rapid.SampledFrom(hashes()), 0, 6, rapid.ID[string]).Draw(t, "known")
		prepare := rapid.SampledFrom(append(prepares(), "")).Draw(t, "prepare")
		typed := rapid.SampledFrom([]string{"plain", "it's", `a"b`, "a&b", `\`, "é", "e\u0301", strings.Repeat("'", 600), strings.Repeat("x", 1024), strings.Repeat("x", 1025), "x\x00"}).Draw(t, "typed")
		c := checker(t, Passwords{Prepare: prepare, Pepper: domain.NewSecret("pepper")}, known...)
		nobody, _ := spent(t.Context(), c, "", typed)
		for _, hash := range append(known, "no hash", "$2b$31$"+strings.Repeat(".", 53)) {
			units, calls := spent(t.Context(), c, hash, typed)
			if !maps.Equal(units, nobody) {
				t.Fatalf("%s computes %v, and nobody %v", hash, units, nobody)
			}
			if calls > 2 {
				t.Fatalf("%s is computed %d times", hash, calls)
			}
		}
	})
}

// A user who does not exist costs as much as the most expensive hash of every family.
func TestNobodyCostsWhatTheDearestHashCosts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		known []string
		want  map[string]int
	}{
		"one cost":                       {[]string{bcryptOf(10), bcryptOf(10)}, map[string]int{"bcrypt": 1 << 10}},
		"the dear one first":             {[]string{bcryptOf(12), bcryptOf(5)}, map[string]int{"bcrypt": 1 << 12}},
		"the dear one last":              {[]string{bcryptOf(5), bcryptOf(12)}, map[string]int{"bcrypt": 1 << 12}},
		"one dear among many cheap":      {append(slices.Repeat([]string{bcryptOf(5)}, 100), bcryptOf(12)), map[string]int{"bcrypt": 1 << 12}},
		"two families":                   {[]string{bcryptOf(10), hashes()[5]}, map[string]int{"bcrypt": 1 << 10, "phpass": 1 << 7}},
		"none, and so the decoy of ours": {nil, map[string]int{"argon2id,p=1": 19456 * 2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := checker(t, Passwords{}, test.known...)
			if units, _ := spent(t.Context(), c, "", "password"); !maps.Equal(units, test.want) {
				t.Errorf("got %v, want %v", units, test.want)
			}
		})
	}
}

// A database shows its hashes one by one: what was seen is kept, and a decoy
// stands in for what was not.
func TestACheckerRemembersTheDearestHashThatItSaw(t *testing.T) {
	t.Parallel()
	c := checker(t, Passwords{})
	for _, step := range []struct {
		hash string
		want int
	}{{bcryptOf(5), 1 << 5}, {bcryptOf(12), 1 << 12}, {bcryptOf(6), 1 << 12}, {"no hash", 1 << 12}, {"", 1 << 12}} {
		if units, _ := spent(t.Context(), c, step.hash, "password"); !maps.Equal(units, map[string]int{"bcrypt": step.want}) {
			t.Errorf("after %s: %v", step.hash, units)
		}
	}
	decoyed, err := NewChecker(Passwords{}, bcryptOf(11))
	if err != nil {
		t.Fatal(err)
	}
	for _, hash := range []string{"", bcryptOf(4), ""} {
		if units, _ := spent(t.Context(), decoyed, hash, "password"); !maps.Equal(units, map[string]int{"bcrypt": 1 << 11}) {
			t.Errorf("with a decoy: %v", units)
		}
	}
	if _, err := NewChecker(Passwords{}, "no hash"); !errors.Is(err, passwordhash.ErrUnknownFormat) {
		t.Errorf("a decoy that is no hash: %v", err)
	}
}

// Preparing costs at most twice, and only where it changes what was typed.
func TestAPasswordIsComparedInTwoFormsOnlyWhereTheyDiffer(t *testing.T) {
	t.Parallel()
	for hash, origin := range map[string]string{"$wp" + bcryptOf(4): "'", hashes()[5]: "'", hashes()[7]: "&", bcryptOf(4): ""} {
		for typed, want := range map[string]int{"plain": 1, "it" + origin + "s": 1 + min(len(origin), 1)} {
			c := checker(t, Passwords{}, hash)
			if _, calls := spent(t.Context(), c, hash, typed); calls != want {
				t.Errorf("%s with %q is computed %d times, not %d", hash, typed, calls, want)
			}
		}
	}
}

// An ended context is noticed between computations.
func TestAnEndedContextComputesNoMore(t *testing.T) {
	t.Parallel()
	c := checker(t, Passwords{}, bcryptOf(10))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if units, _ := spent(ctx, c, "", "password"); len(units) > 0 {
		t.Errorf("computed %v", units)
	}
}

func TestAHashThatCannotBeUsedIsSaidToBe(t *testing.T) {
	t.Parallel()
	c := checker(t, Passwords{}, bcryptOf(4))
	for hash, want := range map[string]error{"no hash": passwordhash.ErrUnknownFormat, "$2b$31$" + strings.Repeat(".", 53): passwordhash.ErrOutOfBounds, bcryptOf(4): nil, "": nil} {
		right, err := c.Check(t.Context(), hash, domain.NewPassword("password"))
		if right || !errors.Is(err, want) {
			t.Errorf("%s: %t, %v", hash, right, err)
		}
	}
	for text, want := range map[string]string{"!": "", "*": "", "!!": "", "*LK*": "", "!$2b$04$" + strings.Repeat(".", 53): "", "": "", "  ": "", bcryptOf(4) + "   ": bcryptOf(4)} {
		var p Entry
		if p.SetHash(text); p.Hash != want {
			t.Errorf("%q is the hash %q", text, p.Hash)
		}
	}
}
