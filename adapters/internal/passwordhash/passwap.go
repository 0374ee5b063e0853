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
	"github.com/zitadel/passwap/pbkdf2"
	"github.com/zitadel/passwap/phpass"
	"github.com/zitadel/passwap/scrypt"
	"github.com/zitadel/passwap/sha2"
	"github.com/zitadel/passwap/verifier"
)

// The bounds of passwap's algorithms; why they are there, see maxMemory.
const (
	maxArgon2Passes = 10
	maxBcryptCost   = 14
	// maxLog2Rounds is 2 to that power, of MD5 or SHA-512.
	minLog2Rounds, maxLog2Rounds = 7, 20
	// The standard raises fewer than a thousand rounds to a thousand.
	minSHA2Rounds, maxSHA2Rounds = 1_000, 700_000
	// maxScryptWork is in bytes: how much memory is filled, p times.
	maxScryptWork = 2 * maxMemory
	// maxPBKDF2Rounds counts each block of the hash: a hash that is longer than
	// the digest takes all the rounds again.
	maxPBKDF2Rounds = 2_000_000
)

// by leaves the hash to one of passwap's verifiers: its bounds first.
func by(v verifier.Verifier, encoded, cost string) (parsed, error) {
	result, err := v.Validate(encoded)
	if bounds, ok := errors.AsType[*verifier.BoundsError](err); ok {
		return parsed{}, within(bounds.Algorithm, bounds.Param, bounds.Actual, bounds.Min, bounds.Max)
	}
	if err != nil || result != verifier.OK {
		return parsed{}, ErrUnknownFormat
	}
	return parsed{cost: cost, verify: func(password string) (bool, error) {
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
	// A hash of no bytes would match any password, and one of a few would match
	// by chance.
	hash, err := base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if err != nil {
		return parsed{}, ErrUnknownFormat
	}
	if err := hashLength("argon2", hash); err != nil {
		return parsed{}, err
	}
	return by(argon2.NewVerifier(&argon2.ValidationOpts{
		MinMemory: 8, // the algorithm's own least, in KiB
		MaxMemory: maxMemory >> 10,
		MaxTime:   maxArgon2Passes,
	}), encoded, parts[1]+"$"+parts[3])
}

// readBcrypt reads $2b$cost$salt-and-hash, of the versions that are computed as
// today's. bcrypt reads the first 72 bytes of a password only.
func readBcrypt(encoded string) (parsed, error) {
	parts := strings.Split(encoded, "$")
	const saltAndHash = 22 + 31
	if len(parts) != 4 || parts[1] != "2a" && parts[1] != "2b" && parts[1] != "2y" || !isCrypt64(parts[3], saltAndHash) {
		return parsed{}, ErrUnknownFormat
	}
	return by(bcrypt.NewVerifier(&bcrypt.ValidationOpts{MaxCost: maxBcryptCost}), encoded, "bcrypt$"+parts[2])
}

// readMD5Crypt reads $1$salt$hash; it has no parameters.
func readMD5Crypt(encoded string) (parsed, error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 4 || len(parts[2]) > 8 || !isCrypt64(parts[3], 22) {
		return parsed{}, ErrUnknownFormat
	}
	return by(md5.NewVerifier(), encoded, "md5crypt")
}

// readPHPass reads $P$ or $H$, a character for the rounds, salt and hash.
func readPHPass(encoded string) (parsed, error) {
	if !isCrypt64(encoded[3:], phpass.HashLength-3) {
		return parsed{}, ErrUnknownFormat
	}
	opts := &phpass.ValidationOpts{MinRounds: minLog2Rounds, MaxRounds: maxLog2Rounds}
	return by(phpass.NewVerifier(opts), encoded, "phpass$"+encoded[3:4])
}

// readDrupal7 reads $S$, a character for the rounds, salt and hash.
func readDrupal7(encoded string) (parsed, error) {
	if !isCrypt64(encoded[3:], drupal7.HashLength-3) {
		return parsed{}, ErrUnknownFormat
	}
	if err := within("Drupal 7", "rounds, as a power of two,", strings.IndexByte(crypt64, encoded[3]), minLog2Rounds, maxLog2Rounds); err != nil {
		return parsed{}, err
	}
	opts := &drupal7.ValidationOpts{MinIterations: 1 << minLog2Rounds, MaxIterations: 1 << maxLog2Rounds}
	return by(drupal7.NewVerifier(opts), encoded, "drupal7$"+encoded[3:4])
}

// readSHA2Crypt reads $5$ or $6$, perhaps rounds=N$, salt$hash.
func readSHA2Crypt(encoded string) (parsed, error) {
	parts := strings.Split(encoded, "$")
	rounds := "5000"
	if len(parts) == 5 {
		var given bool
		// A number that is not written as usual would not come back as it was.
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
	// The verifier would take them for rounds, so they would cost what this does
	// not say.
	if len(parts) == 4 && strings.HasPrefix(parts[2], "rounds=") {
		return parsed{}, ErrUnknownFormat
	}
	return by(sha2.NewVerifier(&sha2.ValidationOpts{
		MinSha256Rounds: minSHA2Rounds, MaxSha256Rounds: maxSHA2Rounds,
		MinSha512Rounds: minSHA2Rounds, MaxSha512Rounds: maxSHA2Rounds,
	}), encoded, "sha2crypt$"+parts[1]+"$"+rounds)
}

// isNumber holds for a positive number as it is usually written.
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
	hash, err := base64.RawStdEncoding.Strict().DecodeString(parts[4])
	if err != nil {
		return parsed{}, ErrUnknownFormat
	}
	opts := &scrypt.ValidationOpts{MinLN: 1, MaxLN: 20, MinR: 1, MaxR: 32, MinP: 1, MaxP: 16}
	hashed, err := by(scrypt.NewVerifier(opts), encoded, "scrypt$"+parts[2])
	if err != nil {
		return parsed{}, err
	}
	if err := errors.Join(scryptMemory("scrypt", ln, r, p), hashLength("scrypt", hash)); err != nil {
		return parsed{}, err
	}
	return hashed, nil
}

// scryptMemory checks what a hash fills, in MiB; ln, r and p are small already.
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

// readPBKDF2 reads $pbkdf2$, or $pbkdf2-sha256$ and its kin, rounds$salt$hash.
func readPBKDF2(encoded string) (parsed, error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 5 || !isNumber(parts[2]) {
		return parsed{}, ErrUnknownFormat
	}
	digest, known := map[string]int{
		pbkdf2.IdentifierSHA1: 20, pbkdf2.IdentifierSHA224: 28, pbkdf2.IdentifierSHA256: 32,
		pbkdf2.IdentifierSHA384: 48, pbkdf2.IdentifierSHA512: 64,
	}[parts[1]]
	hash, err := base64.RawStdEncoding.DecodeString(strings.ReplaceAll(strings.TrimRight(parts[4], "="), ".", "+"))
	if !known || err != nil {
		return parsed{}, ErrUnknownFormat
	}
	blocks, err := pbkdf2Blocks(parts[2], len(hash), digest)
	if err != nil {
		return parsed{}, err
	}
	opts := &pbkdf2.ValidationOpts{MinRounds: 1, MaxRounds: maxPBKDF2Rounds}
	return by(pbkdf2.NewVerifier(opts), encoded, fmt.Sprintf("%s$%s$%d", parts[1], parts[2], blocks))
}

// pbkdf2Blocks checks rounds and length of any PBKDF2 hash, and returns how
// often the rounds are taken.
func pbkdf2Blocks(rounds string, length, digest int) (int, error) {
	if err := within("pbkdf2", "hash length", length, minHash, maxHash); err != nil {
		return 0, err
	}
	blocks := (length + digest - 1) / digest
	number, err := strconv.ParseUint(rounds, 10, 31)
	if err != nil {
		return 0, ErrUnknownFormat
	}
	return blocks, within("pbkdf2", "rounds of all blocks", int(number)*blocks, 1, maxPBKDF2Rounds)
}
