// Package passwordhash verifies passwords against hashes in their usual encoded
// form, for the sources that are given hashes: a file, a database. Most
// algorithms are passwap's; what is kept here is which forms are taken, within
// which bounds, the forms that passwap lacks, and what each takes to compute, so
// that another can be made to take as much. It imports neither domain nor ports.
package passwordhash

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
)

// ErrUnknownFormat is a hash of a form that none of the algorithms takes.
var ErrUnknownFormat = errors.New("unknown password hash format; docs/password-hashes.md lists the supported formats")

// ErrOutOfBounds is a hash that is so short that it proves nothing, or whose
// parameters take more time than Cognito waits, or more memory than there is.
var ErrOutOfBounds = errors.New("a hash parameter is out of bounds")

// Decoy has the form of an argon2id hash (19 MiB, 2 passes, 1 thread: the OWASP
// Password Storage Cheat Sheet's) but was made from no password. To verify
// against it takes the time of a real one.
const Decoy = "$argon2id$v=19$m=19456,t=2,p=1$Zm9yIGEgdXNlciB1bmtub3duIQ$x0kLqO2yqRIsn7fZzQ2Q1rHIZb1xG1v7b9sC7c9k3kA"

// The bounds. Those above keep a hash below two seconds of one core of Lambda's
// (1769 MB of memory buy one), so that there is time left of Cognito's five for
// everything else, and within the memory of a small function. There are hardly
// any below: a hash that is cheap to compute is badly kept, but it proves the
// password as well as a dear one. What proves little is a short hash.
const (
	// maxEncoded is longer than any hash here with room to spare.
	maxEncoded = 1024
	// maxPassword is what Cognito lets through, 256 characters, in bytes. Some
	// algorithms take a time that grows with the square of it.
	maxPassword = 4 * 256
	// minHash is the shortest hash, in bytes, that nobody meets by chance.
	minHash = 16
	// maxHash is more than any algorithm gives by itself.
	maxHash = 128
	// maxMemory of one hash, in bytes: what a function of 256 MB has to spare.
	maxMemory = 128 << 20
)

// Origin is the application that a hash says it comes from.
type Origin string

// The origins that a form tells of.
const (
	// OriginUnknown: the form is used by many.
	OriginUnknown Origin = ""
	// OriginWordPress hashes what it has slashed.
	OriginWordPress Origin = "WordPress"
	// OriginPHPBB hashes what it has escaped for HTML.
	OriginPHPBB Origin = "phpBB"
)

// Hash is a hash of a known form within its bounds.
type Hash struct {
	work   Work
	origin Origin
	verify func(password string) (bool, error)
}

// Parse reads a hash; nothing is computed. It returns an error that matches
// [ErrUnknownFormat] or [ErrOutOfBounds], and holds nothing of the hash but its
// parameters and the name of its form.
func Parse(encoded string) (Hash, error) {
	parsed, err := parse(encoded)
	if errors.Is(err, ErrUnknownFormat) {
		return Hash{}, named(encoded)
	}
	return Hash(parsed), err
}

// Work is what it takes to compute the hash.
func (h Hash) Work() Work {
	return h.work
}

// Origin is the application that the hash comes from.
func (h Hash) Origin() Origin {
	return h.origin
}

// Verify reports whether the password is the one that was hashed; false for what
// [Takes] does not hold for.
func (h Hash) Verify(password string) bool {
	if !Takes(password) {
		return false
	}
	right, err := h.verify(password)
	return right && err == nil
}

// Takes reports whether a password can be the one that was hashed. One that is
// longer than Cognito's can be, or holds a NUL, never is: HMAC fills short keys up
// with NULs, so that PBKDF2 and scrypt would take "x" and "x\x00" for the same.
func Takes(password string) bool {
	return len(password) <= maxPassword && !strings.Contains(password, "\x00")
}

// Validate returns the error of [Parse].
func Validate(encoded string) error {
	_, err := Parse(encoded)
	return err
}

// Verify is [Parse] and [Hash.Verify] in one.
func Verify(encoded, password string) (bool, error) {
	hash, err := Parse(encoded)
	if err != nil {
		return false, err
	}
	return hash.Verify(password), nil
}

// parsed is a Hash that is being read.
type parsed Hash

// parse tells a hash's form by how it begins. Each form is checked as a whole,
// and nothing is computed.
func parse(encoded string) (parsed, error) {
	if len(encoded) > maxEncoded || strings.ContainsFunc(encoded, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return parsed{}, ErrUnknownFormat
	}
	if strings.HasPrefix(encoded, "{") {
		return readScheme(encoded)
	}
	if read := cryptForm(encoded); read != nil {
		return read(encoded)
	}
	return frameworkForm(encoded)(encoded)
}

// reader reads hashes of one form.
type reader func(encoded string) (parsed, error)

// cryptForm is what reads a hash that begins as those of crypt(3) do; nil where
// there is none.
func cryptForm(encoded string) reader {
	begins := func(prefix string) bool { return strings.HasPrefix(encoded, prefix) }
	switch {
	case begins("$argon2"):
		return readArgon2
	case begins("$2"):
		return readBcrypt
	case begins("$wp$2"):
		return readWordPress
	case begins("$1$"):
		return readMD5Crypt
	case begins("$5$"), begins("$6$"):
		return readSHA2Crypt
	case begins("$y$"):
		return readYescrypt
	case begins("$P$"), begins("$H$"):
		return readPHPass
	case begins("$S$"):
		return readDrupal7
	case begins("$scrypt$"):
		return readScrypt
	case begins("$pbkdf2"):
		return readPBKDF2
	case begins("$bcrypt-sha256$"):
		return readPasslibBcryptSHA256
	case begins("$fbscrypt$"):
		return readFirebase
	default:
		return nil
	}
}

// frameworkForm is what reads any other hash without a scheme in braces.
func frameworkForm(encoded string) reader {
	begins := func(prefix string) bool { return strings.HasPrefix(encoded, prefix) }
	switch {
	case begins("pbkdf2_sha256$"), begins("pbkdf2_sha1$"):
		return readDjangoPBKDF2
	case begins("bcrypt_sha256$$2"):
		return readDjangoBcryptSHA256
	case begins("bcrypt$$2"):
		return after("bcrypt$", readBcrypt)
	case begins("bcrypt$2"):
		return after("bcrypt", readBcrypt)
	case begins("argon2$argon2"):
		return after("argon2", readArgon2)
	case begins("scrypt$"):
		return readDjangoScrypt
	case begins("scrypt:"), begins("pbkdf2:"):
		return readWerkzeug
	case begins("U$S$"):
		return readUpdatedDrupal
	case strings.Contains(encoded, ":"):
		return readMagento
	default:
		return readASPNET
	}
}

// after reads a hash of another form that has something before it.
func after(prefix string, read reader) reader {
	return func(encoded string) (parsed, error) { return read(strings.TrimPrefix(encoded, prefix)) }
}

// within returns an error that matches ErrOutOfBounds and names the parameter.
func within(algorithm, parameter string, value, least, most int) error {
	if value < least || value > most {
		return fmt.Errorf("%w: %s %s is %d; expected %d to %d", ErrOutOfBounds, algorithm, parameter, value, least, most)
	}
	return nil
}

// hashLength checks the length of a hash in bytes.
func hashLength(algorithm string, hash []byte) error {
	return within(algorithm, "hash length", len(hash), minHash, maxHash)
}

func same(a, b []byte) bool {
	return subtle.ConstantTimeCompare(a, b) == 1
}

// crypt64 are the 64 characters of crypt(3), in their order.
const crypt64 = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// isCrypt64 reports whether the text has this length, in those characters.
func isCrypt64(text string, length int) bool {
	return len(text) == length && strings.Trim(text, crypt64) == ""
}
