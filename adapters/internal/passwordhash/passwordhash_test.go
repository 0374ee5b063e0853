package passwordhash_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"cognito-user-migration/adapters/internal/passwordhash"
)

// Public test vectors, each with where it comes from.
var vectors = []struct{ name, password, hash string }{
	// Openwall's crypt_blowfish 1.3, wrapper.c, tests[].
	{"crypt_blowfish $2a$ U*U", "U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"},
	{"crypt_blowfish $2a$ U*U*", "U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK"},
	{"crypt_blowfish $2a$ U*U*U", "U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a"},
	{"crypt_blowfish $2y$ \\xa3", "\xa3", "$2y$05$/OK.fbVrR/bpIqNJ5ianF.Sa7shbm4.OzKpvFnX1pQLmQW96oUlCq"},
	// Python's argon2, by Django, and MediaWiki's.
	{"argon2i", "secret", "$argon2i$v=19$m=8,t=1,p=1$c2FsdHNhbHQ$YC9+jJCrQhs5R6db7LlN8Q"},
	{"argon2id", "Correct-horse-7", "$argon2id$v=19$m=1024,t=2,p=1$YXU2OThNdXJqdERyLzJGWA$TQciY96UfpjloGiKomoz495gv+5ZRFwvuCv2/VbcN90"},
}

func TestPublicVectors(t *testing.T) {
	t.Parallel()
	for _, v := range vectors {
		t.Run(v.name, func(t *testing.T) {
			t.Parallel()
			for password, want := range map[string]bool{
				v.password: true, v.password + "x": false, " " + v.password: false, "": false,
			} {
				if got, err := passwordhash.Verify(v.hash, password); err != nil || got != want {
					t.Errorf("Verify(%q) = %t, %v; want %t", password, got, err, want)
				}
			}
		})
	}
}

// argon2 writes a hash with a salt and a hash of these lengths.
func argon2(parameters string, salt, hash int) string {
	encode := func(n int) string {
		return base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", n)))
	}
	return "$argon2id$v=19$" + parameters + "$" + encode(salt) + "$" + encode(hash)
}

const (
	bcryptBody = "CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
	argonSalt  = "$argon2id$v=19$m=8192,t=1,p=1$c29tZXNhbHQ"
)

func TestHashesThatProveNothingOrTakeTooLongAreOutOfBounds(t *testing.T) {
	t.Parallel()
	for name, hash := range map[string]string{
		"an argon2 hash of no bytes, which any password has": argon2("m=8192,t=1,p=1", 8, 0),
		"an argon2 hash of one byte":                         argon2("m=8192,t=1,p=1", 8, 1),
		"an argon2 hash of 15 bytes":                         argon2("m=8192,t=1,p=1", 8, 15),
		"argon2 with less than its least":                    argon2("m=7,t=1,p=1", 8, 32),
		"argon2 with more than 128 MiB":                      argon2("m=131073,t=1,p=1", 8, 32),
		"argon2 with all the memory there is":                argon2("m=4294967295,t=1,p=1", 8, 32),
		"argon2 with no pass":                                argon2("m=8192,t=0,p=1", 8, 32),
		"argon2 with eleven passes":                          argon2("m=8192,t=11,p=1", 8, 32),
		"argon2 with no thread":                              argon2("m=8192,t=1,p=0", 8, 32),
		"argon2 with seventeen threads":                      argon2("m=8192,t=1,p=17", 8, 32),
		"bcrypt of cost 15":                                  "$2b$15$" + bcryptBody,
		"bcrypt of cost 31":                                  "$2b$31$" + bcryptBody,
		"scrypt with a negative N":                           "$scrypt$ln=-4,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI",
		"scrypt with an N beyond all numbers":                "$scrypt$ln=64,r=8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI",
		"scrypt with a negative r":                           "$scrypt$ln=14,r=-8,p=1$U29kaXVtQ2hsb3JpZGU$cCO9yzr9c0hGHAbNgf046/2o+7qQT44+qbVD9lRdofI",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refuses(t, hash, passwordhash.ErrOutOfBounds)
		})
	}
}

func TestBoundsThemselvesAreTaken(t *testing.T) {
	t.Parallel()
	for _, hash := range []string{
		argon2("m=8192,t=1,p=1", 8, 16), argon2("m=131072,t=10,p=16", 8, 32),
		"$2a$04$" + bcryptBody, "$2b$14$" + bcryptBody, "$2y$10$" + bcryptBody,
	} {
		if err := passwordhash.Validate(hash); err != nil {
			t.Errorf("%s: %v", hash, err)
		}
	}
}

func TestWhatIsNoHashIsOfNoKnownForm(t *testing.T) {
	t.Parallel()
	for name, hash := range map[string]string{
		"nothing":                            "",
		"a password":                         "hunter2",
		"a dollar sign":                      "$",
		"only the beginning of bcrypt":       "$2",
		"only the version of bcrypt":         "$2a",
		"only the prefix of bcrypt":          "$2a$",
		"bcrypt without a body":              "$2a$10$",
		"bcrypt cut short":                   ("$2a$10$" + bcryptBody)[:59],
		"bcrypt with something after it":     "$2a$10$" + bcryptBody + "x",
		"bcrypt with a salt that is none":    "$2a$10$" + strings.Repeat("!", 53),
		"bcrypt with a line break":           "$2a$10$" + bcryptBody + "\n",
		"bcrypt of cost 3":                   "$2b$03$" + bcryptBody,
		"bcrypt of cost 99":                  "$2b$99$" + bcryptBody,
		"bcrypt of a negative cost":          "$2b$-1$" + bcryptBody,
		"the broken bcrypt of 2011":          "$2x$05$" + bcryptBody,
		"bcrypt's first version":             "$2$05$" + bcryptBody,
		"only the prefix of argon2":          "$argon2id$",
		"argon2d":                            "$argon2d$v=19$m=8192,t=1,p=1$c29tZXNhbHQ$eHh4eHh4eHh4eHh4eHh4eA",
		"argon2 of version 16":               "$argon2id$v=16$m=8192,t=1,p=1$c29tZXNhbHQ$eHh4eHh4eHh4eHh4eHh4eA",
		"argon2 without a version":           "$argon2id$m=8192,t=1,p=1$c29tZXNhbHQ$eHh4eHh4eHh4eHh4eHh4eA",
		"argon2 with padding":                argonSalt + "$eHh4eHh4eHh4eHh4eHh4eA==",
		"argon2 with a negative parameter":   "$argon2id$v=19$m=8192,t=-1,p=1$c29tZXNhbHQ$eHh4eHh4eHh4eHh4eHh4eA",
		"argon2 with a second, longer hash":  argonSalt + "$eA$eHh4eHh4eHh4eHh4eHh4eA",
		"argon2 with a hash after a space":   argonSalt + " eA$eHh4eHh4eHh4eHh4eHh4eA",
		"argon2 with a hash cut by a break":  argonSalt + "$eHh4\neHh4eHh4eHh4eHh4eA",
		"argon2 with a tab before the hash":  argonSalt + "\teA$eHh4eHh4eHh4eHh4eHh4eA",
		"argon2 without a salt":              "$argon2id$v=19$m=8192,t=1,p=1$$eHh4eHh4eHh4eHh4eHh4eA",
		"PBKDF2":                             "$pbkdf2-sha256$i=12,l=32$salt$hash",
		"SHA-512-crypt":                      "$6$saltstring$svn8UoSVapNtMuq1ukKS4tPQd8iKwSMHWjlO/O817G3uBnIFNJnQJuesI68OTLiQFdcbYEdFCwEOfS35inz1",
		"SHA-256-crypt, rounds for a salt":   "$5$rounds=700000$sal........................................",
		"MD5 in hexadecimal":                 "5f4dcc3b5aa765d61d8327deb882cf99",
		"another's prefix before a real one": "{MD5}$2a$10$" + bcryptBody,
		"what is the password itself":        "{noop}$2a$10$" + bcryptBody,
		"a prefix that says another thing":   "{argon2}$2a$10$" + bcryptBody,
		"a prefix within a prefix":           "{CRYPT}{bcrypt}$2a$10$" + bcryptBody,
		"two names of one algorithm":         "bcrypt$bcrypt$$2a$10$" + bcryptBody,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			refuses(t, hash, passwordhash.ErrUnknownFormat)
		})
	}
}

func refuses(t *testing.T, hash string, want error) {
	t.Helper()
	if err := passwordhash.Validate(hash); !errors.Is(err, want) {
		t.Errorf("Validate = %v, want %v", err, want)
	}
	for _, password := range []string{"", "password", "x"} {
		if right, err := passwordhash.Verify(hash, password); right || !errors.Is(err, want) {
			t.Errorf("Verify(%q) = %t, %v; want %v", password, right, err, want)
		}
	}
}

// An error tells what is wrong with a hash and nothing of the hash.
func TestErrorsHoldNothingOfTheHash(t *testing.T) {
	t.Parallel()
	for _, hash := range []string{
		"$2a$15$" + bcryptBody, "$2a$10$broken" + bcryptBody, argonSalt + "$eA", argonSalt + "$eA$eHh4eHh4eHh4eHh4eHh4eA",
	} {
		text := fmt.Sprintf("%+v", passwordhash.Validate(hash))
		for _, part := range strings.Split(hash, "$") {
			if len(part) > 8 && strings.Contains(text, part) {
				t.Errorf("%q holds a part of the hash", text)
			}
		}
	}
}

// bcrypt reads 72 bytes of a password; all of its implementations do, so the
// directory that the hashes come from let those in too.
func TestBcryptReads72BytesOfAPassword(t *testing.T) {
	t.Parallel()
	// crypt_blowfish 1.3, wrapper.c: 72 times \xaa, and a tail that is not read.
	const hash = "$2a$05$/OK.fbVrR/bpIqNJ5ianF.swQOIzjOiJ9GHEPuhEkvqrUyvWhEMx6"
	for tail, want := range map[string]bool{"": true, "chars after 72 are ignored as usual": true} {
		if got, err := passwordhash.Verify(hash, strings.Repeat("\xaa", 72)+tail); err != nil || got != want {
			t.Errorf("with %q after it: %t, %v; want %t", tail, got, err, want)
		}
	}
	if got, err := passwordhash.Verify(hash, strings.Repeat("\xaa", 71)); err != nil || got {
		t.Errorf("with 71 bytes: %t, %v", got, err)
	}
}

func TestTheDecoyIsAHashOfNoPassword(t *testing.T) {
	t.Parallel()
	if err := passwordhash.Validate(passwordhash.Decoy); err != nil {
		t.Fatal(err)
	}
	for _, password := range []string{"", "password", "for a user unknown"} {
		if right, err := passwordhash.Verify(passwordhash.Decoy, password); right || err != nil {
			t.Errorf("Verify(%q) = %t, %v", password, right, err)
		}
	}
}

// cost is what it takes to compute a hash, in one word.
func cost(hash string) string {
	parsed, err := passwordhash.Parse(hash)
	if err != nil {
		return ""
	}
	return fmt.Sprint(parsed.Work())
}

func TestHashesOfOneCostTakeTheSameTime(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		same bool
	}{
		{"$2a$10$" + bcryptBody, "$2y$10$" + strings.Repeat("D", 53), true},
		{"$2a$10$" + bcryptBody, "$2a$11$" + bcryptBody, false},
		{argon2("m=8192,t=1,p=1", 8, 32), argon2("m=8192,t=1,p=1", 16, 16), true},
		{argon2("m=8192,t=1,p=1", 8, 32), argon2("m=8192,t=2,p=1", 8, 32), false},
		{argon2("m=8192,t=1,p=1", 8, 32), "$2a$10$" + bcryptBody, false},
		{strings.Replace(argon2("m=8192,t=1,p=1", 8, 32), "argon2id", "argon2i", 1), argon2("m=8192,t=1,p=1", 8, 32), false},
	} {
		if same := cost(test.a) == cost(test.b); same != test.same {
			t.Errorf("%s and %s: the same cost is %t, want %t", test.a, test.b, same, test.same)
		}
	}
}

// Whatever stands for a hash: no panic, no hash that every password has, and
// what Validate lets pass, Verify can compute.
func FuzzHash(f *testing.F) {
	for _, v := range vectors {
		f.Add(v.hash)
	}
	f.Add("$2")
	f.Add(argonSalt + "$eA$eHh4eHh4eHh4eHh4eHh4eA")
	f.Add(argon2("m=8192,t=1,p=1", 0, 0))
	f.Add("$argon2id$v=19$m=8192,t=1,p=1$$")
	f.Fuzz(func(t *testing.T, hash string) {
		err := passwordhash.Validate(hash)
		if err != nil {
			if !errors.Is(err, passwordhash.ErrUnknownFormat) && !errors.Is(err, passwordhash.ErrOutOfBounds) {
				t.Errorf("an error of another kind: %v", err)
			}
			if right, _ := passwordhash.Verify(hash, "x"); right {
				t.Error("a password was accepted against what is no hash")
			}
			return
		}
		if parsed, _ := passwordhash.Parse(hash); parsed.Work().Units <= 0 {
			t.Error("a hash without a cost")
		}
		if isSlow(hash) {
			return
		}
		one, err := passwordhash.Verify(hash, "one password")
		if err != nil {
			t.Errorf("Validate let it pass, and Verify does not: %v", err)
		}
		if other, _ := passwordhash.Verify(hash, "another"); one && other {
			t.Error("two passwords are both right")
		}
	})
}

// isSlow keeps the fuzzer from computing what takes long.
func isSlow(hash string) bool {
	parsed, err := passwordhash.Parse(hash)
	work := parsed.Work()
	if err != nil {
		return true
	}
	// The most units that are computed, by the beginning of the family's name.
	for family, most := range map[string]int{
		"bcrypt": 1 << 5, "argon2": 1024, "scrypt": 1024, "yescrypt": 1024, "phpass": 1 << 12, "drupal7": 1 << 14,
		"pbkdf2": 2000, "sha2crypt": 5000, "md5crypt": 1, "salted": 1,
	} {
		if strings.HasPrefix(work.Family, family) {
			return work.Units > most
		}
	}
	return true
}
