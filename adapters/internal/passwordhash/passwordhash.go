// Package passwordhash verifies passwords against hashes in their usual encoded
// form, for the sources that are given hashes: a file, a database. Most
// algorithms are passwap's; what is kept here is which forms are taken, within
// which bounds, the forms that passwap lacks, and that an unknown user costs as
// much as a wrong password. It imports neither domain nor ports.
package passwordhash

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"strings"
)

// ErrUnknownFormat is a hash of a form that none of the algorithms takes.
var ErrUnknownFormat = errors.New("not a hash of a known form; docs/password-hashes.md lists them")

// ErrOutOfBounds is a hash that is so short that it proves nothing, or whose
// parameters take more time than Cognito waits, or more memory than there is.
var ErrOutOfBounds = errors.New("parameters out of bounds")

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

// Validate reports whether a hash can be verified: it returns an error that
// matches [ErrUnknownFormat] or [ErrOutOfBounds], and holds nothing of the hash
// but its parameters. It computes none.
func Validate(encoded string) error {
	_, err := parse(encoded)
	return err
}

// Verify reports whether the password is the one that was hashed. It returns
// the errors of Validate. A password that is longer than Cognito's can be, or
// holds a NUL, is never the one: HMAC fills short keys up with NULs, so that
// PBKDF2 and scrypt would take "x" and "x\x00" for the same.
func Verify(encoded, password string) (bool, error) {
	hash, err := parse(encoded)
	if err != nil {
		return false, err
	}
	if len(password) > maxPassword || strings.Contains(password, "\x00") {
		return false, nil
	}
	return hash.verify(password)
}

// Cost is the part of a hash that says how long it takes to compute: two hashes
// of one cost take the same time. It is empty for what Validate refuses.
func Cost(encoded string) string {
	hash, err := parse(encoded)
	if err != nil {
		return ""
	}
	return hash.cost
}

// parsed is a hash of a known form within its bounds.
type parsed struct {
	cost   string
	verify func(password string) (bool, error)
}

// parse tells a hash's form by how it begins. Each form is checked as a whole,
// and nothing is computed.
func parse(encoded string) (parsed, error) {
	if len(encoded) > maxEncoded || strings.ContainsFunc(encoded, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return parsed{}, ErrUnknownFormat
	}
	for _, form := range []struct {
		prefix string
		read   func(encoded string) (parsed, error)
	}{
		{"$argon2", readArgon2},
		{"$2", readBcrypt},
		{"$wp$2", readWordPress},
		{"$1$", readMD5Crypt},
		{"$5$", readSHA2Crypt},
		{"$6$", readSHA2Crypt},
		{"$y$", readYescrypt},
		{"$P$", readPHPass},
		{"$H$", readPHPass},
		{"$S$", readDrupal7},
		{"$scrypt$", readScrypt},
		{"$pbkdf2", readPBKDF2},
		{"pbkdf2_sha256$", readDjango},
		{"$fbscrypt$", readFirebase},
		{"{", readSalted},
	} {
		if strings.HasPrefix(encoded, form.prefix) {
			return form.read(encoded)
		}
	}
	return readASPNET(encoded)
}

// within returns an error that matches ErrOutOfBounds and names the parameter.
func within(algorithm, parameter string, value, least, most int) error {
	if value < least || value > most {
		return fmt.Errorf("%w: %s %s is %d, and must be from %d to %d", ErrOutOfBounds, algorithm, parameter, value, least, most)
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
