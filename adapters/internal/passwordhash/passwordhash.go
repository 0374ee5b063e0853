// Package passwordhash verifies passwords against encoded hashes, for the
// sources that store hashes: a file, a database. passwap implements most
// algorithms. This package has the list of accepted forms, their bounds, the
// forms that passwap lacks, and the cost of each hash. The cost lets a caller
// make another check take as long. It imports neither domain nor ports.
package passwordhash

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
)

// ErrUnknownFormat is the error for a hash in a form that no algorithm accepts.
var ErrUnknownFormat = errors.New("unknown password hash format; docs/password-hashes.md lists the supported formats")

// ErrOutOfBounds is the error for a hash that is too short to prove anything, or too
// expensive. The time is limited by Cognito, the memory by the function.
var ErrOutOfBounds = errors.New("a hash parameter is out of bounds")

// Decoy has the form of an argon2id hash, but no password made it. Its
// parameters are those of the OWASP Password Storage Cheat Sheet: 19 MiB, 2
// passes, 1 thread. Verifying against it takes as long as against a real hash.
const Decoy = "$argon2id$v=19$m=19456,t=2,p=1$Zm9yIGEgdXNlciB1bmtub3duIQ$x0kLqO2yqRIsn7fZzQ2Q1rHIZb1xG1v7b9sC7c9k3kA"

// Bounds. The upper bounds keep a hash within two seconds of one Lambda core
// (1769 MB of memory) and within the memory of a small function. This leaves
// enough of Cognito's five seconds for the rest. There are few lower bounds: a
// hash that is cheap to compute protects badly, but proves the password as well
// as an expensive one. A short hash, however, proves little.
const (
	// maxEncoded is longer than any supported hash.
	maxEncoded = 1024
	// maxPassword is Cognito's limit of 256 characters, in bytes. The time of
	// some algorithms grows with the square of the length.
	maxPassword = 4 * 256
	// minHash is the shortest hash in bytes that no password matches by chance.
	minHash = 16
	// maxHash is longer than the output of any algorithm.
	maxHash = 128
	// maxMemory is the limit for one hash in bytes: the free memory of a
	// function of 256 MB.
	maxMemory = 128 << 20
)

// Origin is the application whose hashes have this form.
type Origin string

// Origins that a form can identify.
const (
	// OriginUnknown is the origin of a form that many applications use.
	OriginUnknown Origin = ""
	// OriginWordPress adds slashes to the password before hashing.
	OriginWordPress Origin = "WordPress"
	// OriginPHPBB escapes the password for HTML before hashing.
	OriginPHPBB Origin = "phpBB"
	// OriginMediaWiki composes the password's accents (NFC) before hashing.
	OriginMediaWiki Origin = "MediaWiki"
	// OriginBetterAuth brings the password into the form NFKC before hashing.
	OriginBetterAuth Origin = "better-auth"
)

// Hash is a hash in a known form and within its bounds.
type Hash struct {
	work   Work
	origin Origin
	verify func(password string) (bool, error)
}

// Parse reads a hash without computing anything. Its error matches
// [ErrUnknownFormat] or [ErrOutOfBounds]. The error contains the form's name
// and parameters, and nothing else of the hash.
func Parse(encoded string) (Hash, error) {
	parsed, err := parse(encoded)
	if errors.Is(err, ErrUnknownFormat) {
		return Hash{}, named(encoded)
	}
	return Hash(parsed), err
}

// Work returns the cost of computing the hash.
func (h Hash) Work() Work {
	return h.work
}

// Origin returns the application whose hashes have this form.
func (h Hash) Origin() Origin {
	return h.origin
}

// Verify reports whether the password matches the hash. It returns false for a
// password that [Takes] rejects.
func (h Hash) Verify(password string) bool {
	if !Takes(password) {
		return false
	}
	right, err := h.verify(password)
	return right && err == nil
}

// Takes reports whether a password can match any hash. A password that is
// longer than Cognito's limit, or that contains a NUL, cannot. HMAC pads short
// keys with NULs, so PBKDF2 and scrypt would treat "x" and "x\x00" as equal.
func Takes(password string) bool {
	return len(password) <= maxPassword && !strings.Contains(password, "\x00")
}

// Validate returns the error of [Parse].
func Validate(encoded string) error {
	_, err := Parse(encoded)
	return err
}

// Verify combines [Parse] and [Hash.Verify].
func Verify(encoded, password string) (bool, error) {
	hash, err := Parse(encoded)
	if err != nil {
		return false, err
	}
	return hash.Verify(password), nil
}

// parsed is a Hash under construction.
type parsed Hash

// parse recognizes a hash's form by its beginning. It checks the whole form and
// computes nothing.
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

// cryptForm returns the reader of a hash that begins like those of crypt(3), or
// nil.
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

// frameworkForm returns the reader of any other hash without a scheme in
// braces.
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
	case begins(":"):
		return readMediaWiki
	case isBetterAuth(encoded):
		return readBetterAuth
	case strings.Contains(encoded, ":"):
		return readMagento
	default:
		return readASPNET
	}
}

// after returns a reader for a prefix and a hash of another form.
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

// crypt64 lists the 64 characters of crypt(3) in their order.
const crypt64 = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

// isCrypt64 reports whether the text has this length and only those characters.
func isCrypt64(text string, length int) bool {
	return len(text) == length && strings.Trim(text, crypt64) == ""
}
