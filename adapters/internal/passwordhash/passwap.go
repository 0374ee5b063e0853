package passwordhash

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/zitadel/passwap/argon2"
	"github.com/zitadel/passwap/bcrypt"
	"github.com/zitadel/passwap/drupal7"
	"github.com/zitadel/passwap/md5"
	"github.com/zitadel/passwap/phpass"
	"github.com/zitadel/passwap/sha2"
	"github.com/zitadel/passwap/verifier"
)

// Bounds of passwap's algorithms; see maxMemory for the reasons.
const (
	maxArgon2Passes = 10
	maxBcryptCost   = 14
	// The number of rounds of MD5 or SHA-512 is 2 to that power.
	minLog2Rounds, maxLog2Rounds = 7, 20
	// The standard raises fewer than 1000 rounds to 1000.
	minSHA2Rounds, maxSHA2Rounds = 1_000, 700_000
	// maxScryptWork is the memory in bytes that is filled in all, p times.
	maxScryptWork = 2 * maxMemory
)

// by checks the bounds, then lets one of passwap's verifiers read the hash.
func by(v verifier.Verifier, encoded string, work Work) (parsed, error) {
	result, err := v.Validate(encoded)
	if bounds, ok := errors.AsType[*verifier.BoundsError](err); ok {
		return parsed{}, within(bounds.Algorithm, bounds.Param, bounds.Actual, bounds.Min, bounds.Max)
	}
	if err != nil || result != verifier.OK {
		return parsed{}, ErrUnknownFormat
	}
	return parsed{work: work, verify: func(password string) (bool, error) {
		result, err := v.Verify(encoded, password)
		if err != nil {
			return false, ErrUnknownFormat
		}
		return result == verifier.OK || result == verifier.NeedUpdate, nil
	}}, nil
}

// readArgon2 reads $argon2id$v=19$m=,t=,p=$salt$hash.
func readArgon2(encoded string) (parsed, error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 6 || parts[1] != argon2.Identifier_id && parts[1] != argon2.Identifier_i {
		return parsed{}, ErrUnknownFormat
	}
	// A hash of zero bytes would match any password, and a very short one could
	// match by chance.
	hash, err := base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if err != nil {
		return parsed{}, ErrUnknownFormat
	}
	if err := hashLength("argon2", hash); err != nil {
		return parsed{}, err
	}
	var memory, passes, threads int
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &threads); err != nil {
		return parsed{}, ErrUnknownFormat
	}
	return by(argon2.NewVerifier(&argon2.ValidationOpts{
		MinMemory: 8, // the algorithm's own minimum, in KiB
		MaxMemory: maxMemory >> 10,
		MaxTime:   maxArgon2Passes,
	}), encoded, argon2Work(parts[1], memory, passes, threads))
}

// readBcrypt reads $2b$cost$salt-and-hash, and the versions that are computed
// in the same way. bcrypt reads only the first 72 bytes of a password.
func readBcrypt(encoded string) (parsed, error) {
	parts := strings.Split(encoded, "$")
	const saltAndHash = 22 + 31
	if len(parts) != 4 || parts[1] != "2a" && parts[1] != "2b" && parts[1] != "2y" || !isCrypt64(parts[3], saltAndHash) {
		return parsed{}, ErrUnknownFormat
	}
	return by(bcrypt.NewVerifier(&bcrypt.ValidationOpts{MaxCost: maxBcryptCost}), encoded, bcryptWork(parts[2]))
}

// readMD5Crypt reads $1$salt$hash, which has no parameters.
func readMD5Crypt(encoded string) (parsed, error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 4 || len(parts[2]) > 8 || !isCrypt64(parts[3], 22) {
		return parsed{}, ErrUnknownFormat
	}
	return by(md5.NewVerifier(), encoded, Work{familyMD5Crypt, 1})
}

// readPHPass reads $P$ or $H$, one character for the rounds, salt and hash.
func readPHPass(encoded string) (parsed, error) {
	if !isCrypt64(encoded[3:], phpass.HashLength-3) {
		return parsed{}, ErrUnknownFormat
	}
	opts := &phpass.ValidationOpts{MinRounds: minLog2Rounds, MaxRounds: maxLog2Rounds}
	hash, err := by(phpass.NewVerifier(opts), encoded, Work{familyPHPass, log2Rounds(encoded[3])})
	hash.origin = map[string]Origin{phpass.IdentifierP: OriginWordPress, phpass.IdentifierH: OriginPHPBB}[encoded[:3]]
	return hash, err
}

// readDrupal7 reads $S$, one character for the rounds, salt and hash.
func readDrupal7(encoded string) (parsed, error) {
	if !isCrypt64(encoded[3:], drupal7.HashLength-3) {
		return parsed{}, ErrUnknownFormat
	}
	if err := within("Drupal 7", "rounds, as a power of two,", strings.IndexByte(crypt64, encoded[3]), minLog2Rounds, maxLog2Rounds); err != nil {
		return parsed{}, err
	}
	opts := &drupal7.ValidationOpts{MinIterations: 1 << minLog2Rounds, MaxIterations: 1 << maxLog2Rounds}
	return by(drupal7.NewVerifier(opts), encoded, Work{familyDrupal7, log2Rounds(encoded[3])})
}

// readSHA2Crypt reads $5$ or $6$, optionally rounds=N$, then salt$hash.
func readSHA2Crypt(encoded string) (parsed, error) {
	parts := strings.Split(encoded, "$")
	rounds := "5000"
	if len(parts) == 5 {
		var given bool
		// The verifier would rewrite a number in an unusual form, and the hash
		// would differ.
		if rounds, given = strings.CutPrefix(parts[2], "rounds="); !given || !isNumber(rounds) {
			return parsed{}, ErrUnknownFormat
		}
	}
	length := 43
	if parts[1] == "6" {
		length = 86
	}
	if len(parts) != 4 && len(parts) != 5 || len(parts[len(parts)-2]) > sha2.SaltLenMax || !isCrypt64(parts[len(parts)-1], length) {
		return parsed{}, ErrUnknownFormat
	}
	// The verifier would read this salt as a number of rounds, and the cost
	// would differ from the one computed here.
	if len(parts) == 4 && strings.HasPrefix(parts[2], "rounds=") {
		return parsed{}, ErrUnknownFormat
	}
	return by(sha2.NewVerifier(&sha2.ValidationOpts{
		MinSha256Rounds: minSHA2Rounds, MaxSha256Rounds: maxSHA2Rounds,
		MinSha512Rounds: minSHA2Rounds, MaxSha512Rounds: maxSHA2Rounds,
	}), encoded, Work{familySHA2Crypt + parts[1], number(rounds)})
}

// number reads a text that isNumber accepts; without rounds it returns 0.
func number(text string) int {
	value, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return value
}

// log2Rounds reads the character that encodes the number of rounds.
func log2Rounds(character byte) int {
	return 1 << max(strings.IndexByte(crypt64, character), 0)
}

// isNumber reports whether the text is a positive number in its usual form.
func isNumber(text string) bool {
	number, err := strconv.ParseUint(text, 10, 31)
	return err == nil && number > 0 && strconv.FormatUint(number, 10) == text
}

// readScrypt reads $scrypt$ln=,r=,p=$salt$hash.
func readScrypt(encoded string) (parsed, error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 5 {
		return parsed{}, ErrUnknownFormat
	}
	var ln, r, p int
	if _, err := fmt.Sscanf(parts[2], "ln=%d,r=%d,p=%d", &ln, &r, &p); err != nil || fmt.Sprintf("ln=%d,r=%d,p=%d", ln, r, p) != parts[2] {
		return parsed{}, ErrUnknownFormat
	}
	salt, err := base64.RawStdEncoding.Strict().DecodeString(parts[3])
	if err != nil || len(salt) == 0 {
		return parsed{}, ErrUnknownFormat
	}
	hash, err := base64.RawStdEncoding.Strict().DecodeString(parts[4])
	if err != nil {
		return parsed{}, ErrUnknownFormat
	}
	return scryptBy(ln, r, p, salt, hash)
}

// scryptMemory checks the memory that a hash fills, in MiB. ln, r and p are
// already within bounds.
func scryptMemory(algorithm string, ln, r, p int) error {
	memory := 128 * r << ln
	if memory > maxMemory {
		return within(algorithm, "memory in MiB", memory>>20, 0, maxMemory>>20)
	}
	if memory*p > maxScryptWork {
		return within(algorithm, "memory in MiB, p times,", memory*p>>20, 0, maxScryptWork>>20)
	}
	return nil
}
