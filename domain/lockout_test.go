package domain_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"cognito-user-migration/domain"

	"golang.org/x/text/cases"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

// noon is when the tests begin.
func noon() time.Time { return time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC) }

// failed counts tries one after the other, each as soon as it may be made.
func failed(times int) domain.LockoutCount {
	var tries domain.LockoutCount
	now := noon()
	for range times {
		now = now.Add(domain.LockAfter(tries.Failures))
		tries, _ = tries.Another(now)
	}
	return tries
}

func TestTheLockGrowsAsCognitosDoes(t *testing.T) {
	t.Parallel()
	for failures, want := range map[int]time.Duration{
		-1: 0, 0: 0, 1: 0, 4: 0,
		5: time.Second, 6: 2 * time.Second, 7: 4 * time.Second, 10: 32 * time.Second, 13: 256 * time.Second, 14: 512 * time.Second,
		15: 15 * time.Minute, 16: 15 * time.Minute, 1 << 40: 15 * time.Minute,
	} {
		if got := domain.LockAfter(failures); got != want {
			t.Errorf("after %d tries it lasts %v, want %v", failures, got, want)
		}
	}
}

func TestTheLockNeverShrinksAndIsNeverLongerThanAQuarterOfAnHour(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		failures := rapid.Int().Draw(t, "failures")
		lock := domain.LockAfter(failures)
		if lock < 0 || lock > 15*time.Minute {
			t.Fatalf("after %d tries it lasts %v", failures, lock)
		}
		if failures < 5 && lock != 0 {
			t.Fatalf("after %d tries there is a lock already", failures)
		}
		if failures < 1<<62 && domain.LockAfter(failures+1) < lock {
			t.Fatalf("after %d tries it lasts longer than after one more", failures)
		}
	})
}

func TestTheFifthWrongPasswordLocksForASecond(t *testing.T) {
	t.Parallel()
	var tries domain.LockoutCount
	for i := range 5 {
		var granted bool
		if tries, granted = tries.Another(noon()); !granted || tries.Failures != i+1 {
			t.Fatalf("try %d: %v, %v", i+1, granted, tries)
		}
	}
	if same, granted := tries.Another(noon().Add(time.Second - 1)); granted || same != tries {
		t.Errorf("within the second: %v, %v", granted, same)
	}
	sixth, granted := tries.Another(noon().Add(time.Second))
	if !granted || sixth.Failures != 6 || !sixth.First.Equal(noon()) || !sixth.Last.Equal(noon().Add(time.Second)) {
		t.Errorf("after it: %v, %v", granted, sixth)
	}
}

// TestNoMoreIsTriedThanTheCurveAllows tries at any times whatever, as an
// attacker would.
func TestNoMoreIsTriedThanTheCurveAllows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var tries domain.LockoutCount
		var granted []time.Time
		now := noon()
		for _, wait := range rapid.SliceOfN(rapid.OneOf(rapid.Int64Range(0, 3000), rapid.Int64Range(0, 1_000_000)), 1, 200).Draw(t, "milliseconds between tries") {
			now = now.Add(time.Duration(wait) * time.Millisecond)
			before := tries
			var yes bool
			if tries, yes = tries.Another(now); !yes {
				if tries != before {
					t.Fatal("a try that was refused is counted")
				}
				continue
			}
			if last := len(granted) - 1; last >= 0 && now.Sub(granted[last]) >= 15*time.Minute {
				granted = nil // quiet: the count begins anew
			}
			granted = append(granted, now)
			if tries.Failures != len(granted) {
				t.Fatalf("counted %d of %d", tries.Failures, len(granted))
			}
			if n := len(granted) - 1; n >= 5 && now.Sub(granted[n-1]) < domain.LockAfter(n) {
				t.Fatalf("try %d came %v after the one before", n+1, now.Sub(granted[n-1]))
			}
		}
	})
}

func TestWhatWasCountedIsForgottenAfterAQuietTime(t *testing.T) {
	t.Parallel()
	for _, failures := range []int{1, 4, 5, 9, 15, 40} {
		tries := failed(failures)
		before, after := tries.Last.Add(15*time.Minute-1), tries.Last.Add(15*time.Minute)
		if tries.Forgotten(before) || !tries.Forgotten(after) || !tries.Until().Equal(after) || !domain.QuietSince(after).Equal(tries.Last) {
			t.Errorf("%d tries: forgotten at the wrong time", failures)
		}
		if tries.Locked(after) {
			t.Errorf("%d tries: locked still", failures)
		}
		if anew, granted := tries.Another(after); !granted || anew != (domain.LockoutCount{Failures: 1, First: after, Last: after}) {
			t.Errorf("%d tries: then comes %v, %v", failures, anew, granted)
		}
	}
	if (domain.LockoutCount{}).Locked(noon()) || !(domain.LockoutCount{}).Forgotten(noon()) {
		t.Error("nothing was counted, and yet it counts")
	}
}

func TestAnotherProcesssClockDoesNotTurnTimeBack(t *testing.T) {
	t.Parallel()
	two, granted := domain.LockoutCount{Failures: 1, First: noon(), Last: noon()}.Another(noon().Add(-time.Second))
	if !granted || two != (domain.LockoutCount{Failures: 2, First: noon(), Last: noon()}) {
		t.Errorf("got %v, %v", two, granted)
	}
}

func TestATryThatWasNeverJudgedIsGivenBack(t *testing.T) {
	t.Parallel()
	later := noon().Add(time.Hour)
	for name, row := range map[string]struct {
		stands  func(before, after domain.LockoutCount) domain.LockoutCount
		tries   int
		want    func(before, stands domain.LockoutCount) domain.LockoutCount
		changes bool
	}{
		"nothing came between": {
			tries: 6, stands: func(_, after domain.LockoutCount) domain.LockoutCount { return after },
			want: func(before, _ domain.LockoutCount) domain.LockoutCount { return before }, changes: true,
		},
		"it was the first": {
			tries: 0, stands: func(_, after domain.LockoutCount) domain.LockoutCount { return after },
			want: func(domain.LockoutCount, domain.LockoutCount) domain.LockoutCount { return domain.LockoutCount{} }, changes: true,
		},
		"another came between": {
			tries: 2, stands: func(_, after domain.LockoutCount) domain.LockoutCount {
				another, _ := after.Another(after.Last.Add(time.Second))
				return another
			},
			want: func(_, stands domain.LockoutCount) domain.LockoutCount {
				return domain.LockoutCount{Failures: 3, First: stands.First, Last: stands.Last}
			}, changes: true,
		},
		"the password was proved meanwhile": {
			tries: 2, stands: func(domain.LockoutCount, domain.LockoutCount) domain.LockoutCount { return domain.LockoutCount{} },
			want: func(_, stands domain.LockoutCount) domain.LockoutCount { return stands },
		},
		"the count began anew meanwhile": {
			tries: 2, stands: func(domain.LockoutCount, domain.LockoutCount) domain.LockoutCount {
				return domain.LockoutCount{Failures: 5, First: later, Last: later}
			},
			want: func(_, stands domain.LockoutCount) domain.LockoutCount { return stands },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			before := failed(row.tries)
			now := noon()
			if row.tries > 0 {
				now = before.Last.Add(domain.LockAfter(row.tries))
			}
			after, granted := before.Another(now)
			if !granted {
				t.Fatal("not granted")
			}
			stands := row.stands(before, after)
			got, changes := stands.GiveBack(before, after)
			if want := row.want(before, stands); got != want || changes != row.changes {
				t.Errorf("got %v, %v; want %v", got, changes, want)
			}
		})
	}
}

// TestGivingBackLeavesWhatWasJudged gives some of many tries back, in any order:
// those that were judged must count on.
func TestGivingBackLeavesWhatWasJudged(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		type try struct{ before, after domain.LockoutCount }
		var open []try
		var tries domain.LockoutCount
		judged := 0
		now := noon()
		for _, step := range rapid.SliceOfN(rapid.IntRange(0, 99), 1, 60).Draw(t, "steps") {
			now = now.Add(time.Duration(step) * time.Millisecond)
			switch {
			case len(open) == 0 || step%3 == 0:
				if after, granted := tries.Another(now); granted {
					open, tries = append(open, try{tries, after}), after
				}
			case step%3 == 1:
				open = slices.Delete(open, step%len(open), step%len(open)+1)
				judged++
			default:
				one := open[step%len(open)]
				open = slices.Delete(open, step%len(open), step%len(open)+1)
				tries, _ = tries.GiveBack(one.before, one.after)
			}
			if tries.Failures != judged+len(open) {
				t.Fatalf("counted are %d, of %d that were judged and %d that may be", tries.Failures, judged, len(open))
			}
		}
	})
}

func TestWhichFindingsProveAPassword(t *testing.T) {
	t.Parallel()
	proofs := []domain.FindingKind{domain.PasswordAccepted, domain.TemporaryPasswordAccepted, domain.MFARequired}
	for _, kind := range append(domain.FindingKinds(), 0, 200) {
		if got, want := kind.ProvesPassword(), slices.Contains(proofs, kind); got != want {
			t.Errorf("%v: %v", kind, got)
		}
	}
}

func TestSpellingsOfOneNameShareACount(t *testing.T) {
	t.Parallel()
	keys := domain.NewLockoutKeys(domain.NewSecret("a key of thirty-two characters, or more"))
	for name, spellings := range map[string][]string{
		"alice": {
			"ALICE", "aLiCe", " alice ", "\talice\r\n", "\u00a0alice", "a lice", "alice\u3000", // spaces
			"álice", "a\u0301lice", "ÀLÍÇÉ", "alicȩ", "ạliċe", "a\u20ddlice", // marks
			"ＡＬＩＣＥ", "ａｌｉｃｅ", "ⓐⓛⓘⓒⓔ", "ᵃˡⁱᶜᵉ", "𝐚𝐥𝐢𝐜𝐞", "aℓice", "alⅰce", // forms
			"a\u200blice", "alice\u200d", "\ufeffalice", "al\u00adice", "a\u2060lice", "alice\ufe0f", "a\u034flice", // nothing to be seen
			"alice\u202e", "\u2066alice\u2069", "a\u3164lice", "a\U000e0061lice", "alice\x00", "ali\x7fce", "a\u180elice",
			"alıce", "alİce", "ALİCE", "ALICE\u0307", // Turkish
		},
		"kate":       {"\u212aate"}, // the Kelvin sign
		"sam":        {"\u017fam"},  // the long s
		"strasse":    {"straße", "STRASSE", "STRAẞE", "ſtraſſe"},
		"ΟΔΥΣΣΕΥΣ":   {"οδυσσευς", "Ὀδυσσεύς"},
		"file":       {"ﬁle", "FILE"},
		"bjorn.aess": {"Bjørn.Æss", "björn.æß"},
		"lodz":       {"Łódź", "łodz"},
		"dordevic":   {"Đorđević"},
		"thor":       {"Þór"},
		"Αγια":       {"ΑΓΙΑ", "ἅγιᾰ"},
		"йогурт":     {"ЙОГУРТ", "иогурт"},
		"たなか":        {"タナカ", "ﾀﾅｶ", "たなか\u3000"},
		"はつとり":       {"ハットリ", "ﾊｯﾄﾘ", "ばっとり", "パツトリ"},
		"한글":         {"\u1112\u1161\u11ab\u1100\u1173\u11af"},
		"12":         {"１２", "¹²", "①②"},
		// A source may keep a phone number with separators, and is found by both.
		"+819012345678": {"+81 90-1234-5678", "＋81 (90) 1234.5678", "+81.90.1234.5678", "+81 (0)90/1234/5678", "＋８１（０）９０ー１２３４－５６７８"},
		"a@b.co":        {"A＠b．co", "a@b.co\u2028"},
	} {
		for _, spelling := range spellings {
			if keys.Of(spelling) != keys.Of(name) {
				t.Errorf("%q and %q count apart", spelling, name)
			}
		}
	}
	seen := make(map[domain.LockoutKey]string)
	for _, name := range []string{"alice", "alic", "alice2", "", "bob", "alice@example.com", "al-ice", "a.lice", "аlice", "Αγα", "Αγια", "कुमार", "田中", "山田", "+819012345678"} {
		if other, twice := seen[keys.Of(name)]; twice {
			t.Errorf("%q and %q share a count", name, other)
		}
		seen[keys.Of(name)] = name
	}
	if keys.Of("alice") == domain.NewLockoutKeys(domain.NewSecret("another key of thirty-two characters")).Of("alice") {
		t.Error("the key does not matter")
	}
}

// TestWhatIsOwnedByAUserSharesACount: a spelling that a source's user could be
// moved under must not have tries of its own.
func TestWhatIsOwnedByAUserSharesACount(t *testing.T) {
	t.Parallel()
	keys := domain.NewLockoutKeys(domain.NewSecret("a key of thirty-two characters, or more"))
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.String().Draw(t, "name")
		for _, spelling := range []string{
			strings.ToUpper(name), strings.ToLower(name), strings.ToTitle(name),
			norm.NFC.String(name), norm.NFD.String(name), norm.NFKC.String(name), norm.NFKD.String(name), // a source may do so
		} {
			user := domain.SourceUser{Username: name}
			// Not NFKC: golang.org/x/text composes U+E0047 and U+0301 into Ǵ, as if the first were G.
			if (user.Owns(spelling) || norm.NFKD.String(spelling) == norm.NFKD.String(name)) && keys.Of(spelling) != keys.Of(name) {
				t.Fatalf("%q and %q count apart", spelling, name)
			}
		}
	})
}

func TestALockoutKeyIsADigestOfItsOwn(t *testing.T) {
	t.Parallel()
	secret := domain.NewSecret("a key of thirty-two characters, or more")
	keys, audit := domain.NewLockoutKeys(secret), domain.NewPseudonymizer(domain.AuditUsernameHMAC, secret)
	// printf 'LOCKOUT ALICE' | openssl dgst -sha256 -hmac 'a key of thirty-two characters, or more'
	const want = "116903813932ae47b77e77f95219f2a362af78918fd54165980ab38584d53dea"
	if got := keys.Of("alice"); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(anyIdentifier(), anyOf("LOCKOUT alice", "lockout alice", "LOCKOUT ", "LOCKOUT ALICE")).Draw(t, "name")
		typed := rapid.OneOf(anyIdentifier(), anyOf("LOCKOUT alice", "lockout alice", "LOCKOUT ", "LOCKOUT ALICE", "LOCKOUT BOB")).Draw(t, "typed")
		if string(audit.Pseudonym(typed)) == string(keys.Of(name)) {
			t.Fatalf("the audit record of %q holds the key of %q", typed, name)
		}
	})
}

// TestEveryFormOfALetterSharesACount tries every letter that there is.
func TestEveryFormOfALetterSharesACount(t *testing.T) {
	t.Parallel()
	keys := domain.NewLockoutKeys(domain.NewSecret("a key of thirty-two characters, or more"))
	full := cases.Fold()
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if !unicode.IsGraphic(r) && !unicode.IsControl(r) && !unicode.Is(unicode.Cf, r) {
			continue
		}
		if unicode.In(r, unicode.Unified_Ideograph, unicode.Tangut) { // many, each of one form alone
			continue
		}
		letter := string(r)
		forms := []string{
			strings.ToUpper(letter), strings.ToLower(letter), strings.ToTitle(letter),
			norm.NFC.String(letter), norm.NFD.String(letter), norm.NFKC.String(letter), norm.NFKD.String(letter), full.String(letter),
		}
		for _, form := range forms {
			if form != letter && keys.Of(form) != keys.Of(letter) {
				t.Errorf("%U %q and %q count apart", r, letter, form)
			}
		}
	}
}
