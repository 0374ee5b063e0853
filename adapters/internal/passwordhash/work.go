package passwordhash

import (
	"crypto/pbkdf2"
	"fmt"
	"strings"

	"github.com/openwall/yescrypt-go"
	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/scrypt"
)

// Work is the cost of computing a hash. Within one family, the time is
// proportional to the units. Each family has its own unit.
type Work struct {
	Family string
	Units  int
}

// Families; some have a suffix with a parameter.
const (
	familyArgon2    = "argon2"
	familyBcrypt    = "bcrypt"
	familyDrupal7   = "drupal7"
	familyMD5Crypt  = "md5crypt"
	familyPBKDF2    = "pbkdf2-"
	familyPHPass    = "phpass"
	familySalted    = "salted"
	familyScrypt    = "scrypt"
	familySHA2Crypt = "sha2crypt-"
	familyYescrypt  = "yescrypt-"
)

// bcryptSalt is the encoded length of bcrypt's salt.
const bcryptSalt = 22

func bcryptWork(cost string) Work {
	return Work{familyBcrypt, 1 << max(min(number(strings.TrimPrefix(cost, "0")), maxBcryptCost), 0)}
}

// argon2Work counts the KiB that all passes fill. Threads share them, so each
// number of threads is its own family.
func argon2Work(kind string, memory, passes, threads int) Work {
	return Work{fmt.Sprintf("%s,p=%d", kind, threads), memory * passes}
}

// scryptWork counts the blocks of 128 bytes that are filled.
func scryptWork(ln, r, p int) Work {
	return Work{familyScrypt, r * p << ln}
}

// Spend takes as long as computing a hash of this work for the password. Its
// result proves nothing.
func (w Work) Spend(password string) {
	if !Takes(password) {
		return
	}
	for _, step := range w.steps() {
		step.run(password)
	}
}

// step is one computation.
type step struct {
	units int
	run   func(password string)
}

// steps returns computations whose units add up to the work, except for a
// remainder below the family's minimum. Each step is within the bounds of
// hashes, so none needs more memory than one hash.
func (w Work) steps() []step {
	family, more, _ := strings.Cut(w.Family, "-")
	switch {
	case family == familyBcrypt:
		return powers(w.Units, 4, maxBcryptCost, func(log2 int) func(string) {
			hash := fmt.Appendf(nil, "$2b$%02d$%s", log2, zeros(53))
			return func(password string) { _ = bcrypt.CompareHashAndPassword(hash, []byte(password)) }
		})
	case family == familyPHPass:
		return powers(w.Units, minLog2Rounds, maxLog2Rounds, func(log2 int) func(string) {
			return verifying("$P$" + crypt64[log2:log2+1] + zeros(30))
		})
	case family == familyDrupal7:
		return powers(w.Units, minLog2Rounds, maxLog2Rounds, func(log2 int) func(string) {
			return verifying("$S$" + crypt64[log2:log2+1] + zeros(51))
		})
	case family == familyScrypt:
		const r, most = 8, 17
		steps := powers(w.Units/r, 1, most, func(log2 int) func(string) {
			return func(password string) { _, _ = scrypt.Key([]byte(password), make([]byte, 16), 1<<log2, r, 1, 32) }
		})
		for i := range steps {
			steps[i].units *= r
		}
		return steps
	case strings.HasPrefix(w.Family, familyYescrypt):
		most := 10
		for scryptMemory("", most+1, strings.Index(crypt64, more)+1, 1) == nil {
			most++
		}
		return powers(w.Units, 10, most, func(log2 int) func(string) {
			setting := []byte("$y$j" + crypt64[log2-1:log2] + more + "$" + zeros(16) + "$" + zeros(43))
			return func(password string) { _, _ = yescrypt.Hash([]byte(password), setting) }
		})
	case strings.HasPrefix(w.Family, familySHA2Crypt):
		length := map[string]int{"5": 43, "6": 86}[more]
		return parts(w.Units, maxSHA2Rounds, func(rounds int) func(string) {
			return verifying(fmt.Sprintf("$%s$rounds=%d$%s$%s", more, max(rounds, minSHA2Rounds), zeros(16), zeros(length)))
		})
	case strings.HasPrefix(w.Family, familyPBKDF2):
		return parts(w.Units, maxPBKDF2Rounds, func(rounds int) func(string) {
			return func(password string) { _, _ = pbkdf2.Key(digestOf(more).new, password, make([]byte, 16), rounds, 1) }
		})
	case family == familyMD5Crypt:
		return parts(w.Units, 1, func(int) func(string) { return verifying("$1$" + zeros(8) + "$" + zeros(22)) })
	case family == familySalted:
		return parts(w.Units, 1, func(int) func(string) { return verifying("{SSHA512}" + strings.Repeat("A", 103) + "=") })
	case strings.HasPrefix(w.Family, familyArgon2):
		kind, threads, _ := strings.Cut(w.Family, ",p=")
		derive := argon2.IDKey
		if kind == familyArgon2+"i" {
			derive = argon2.Key
		}
		return parts(w.Units, maxMemory>>10, func(memory int) func(string) {
			return func(password string) {
				derive([]byte(password), make([]byte, 16), 1, uint32(memory), uint8(max(number(threads), 1)), 32) //nolint:gosec // within the bounds
			}
		})
	default:
		return nil
	}
}

// zeros returns characters of crypt(3) that encode zeros.
func zeros(length int) string {
	return strings.Repeat(crypt64[:1], length)
}

// verifying returns a function that computes this hash.
func verifying(encoded string) func(string) {
	return func(password string) { _, _ = Verify(encoded, password) }
}

// powers splits a number into powers of two within the bounds.
func powers(units, least, most int, run func(log2 int) func(string)) []step {
	var steps []step
	for log2 := most; log2 >= least; log2-- {
		for units >= 1<<log2 {
			units -= 1 << log2
			steps = append(steps, step{1 << log2, run(log2)})
		}
	}
	return steps
}

// parts splits a number into parts of similar size, each at most most.
func parts(units, most int, run func(units int) func(string)) []step {
	var steps []step
	for left := (units + most - 1) / most; left > 0; left-- {
		part := units / left
		units -= part
		steps = append(steps, step{part, run(part)})
	}
	return steps
}
