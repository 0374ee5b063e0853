// Package passwordhash verifies passwords against hashes in their usual encoded
// form. The file source uses it, and any further source that is given hashes.
// The algorithms are passwap's; what is kept here is which of them are taken,
// within which bounds, and that an unknown user costs as much as a wrong
// password. It imports neither domain nor ports.
package passwordhash

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"github.com/zitadel/passwap/argon2"
	"github.com/zitadel/passwap/bcrypt"
	"github.com/zitadel/passwap/verifier"
)

// ErrUnknownFormat is a hash of a form that none of the algorithms takes.
var ErrUnknownFormat = errors.New("not a hash of a known form; known are argon2id, argon2i and bcrypt")

// ErrOutOfBounds is a hash whose parameters are so weak that it proves nothing,
// or so strong that to verify it would take longer than Cognito waits.
var ErrOutOfBounds = errors.New("parameters out of bounds")

// Decoy has the form of an argon2id hash (19 MiB, 2 passes, 1 thread: the OWASP
// Password Storage Cheat Sheet's) but was made from no password. To verify
// against it takes the time of a real one.
const Decoy = "$argon2id$v=19$m=19456,t=2,p=1$Zm9yIGEgdXNlciB1bmtub3duIQ$x0kLqO2yqRIsn7fZzQ2Q1rHIZb1xG1v7b9sC7c9k3kA"

const (
	// minHash is the shortest hash, in bytes, that proves a password.
	minHash = 16
	// maxArgon2Memory is in KiB: what a small Lambda function can have.
	maxArgon2Memory = 128 * 1024
	// maxBcryptCost is what one core of Lambda's computes in about two seconds.
	maxBcryptCost = 14
)

// Validate reports whether a hash can be verified: it returns an error that
// matches [ErrUnknownFormat] or [ErrOutOfBounds], and holds nothing of the hash.
// It computes none.
func Validate(encoded string) error {
	v, err := verifierFor(encoded)
	if err != nil {
		return err
	}
	result, err := v.Validate(encoded)
	if bounds, ok := errors.AsType[*verifier.BoundsError](err); ok {
		return fmt.Errorf("%w: %s %s is %d, and must be from %d to %d", ErrOutOfBounds,
			bounds.Algorithm, bounds.Param, bounds.Actual, bounds.Min, bounds.Max)
	}
	if err != nil || result != verifier.OK {
		return ErrUnknownFormat
	}
	return nil
}

// Verify reports whether the password is the one that was hashed. It returns
// the errors of Validate.
func Verify(encoded, password string) (bool, error) {
	if err := Validate(encoded); err != nil {
		return false, err
	}
	v, err := verifierFor(encoded)
	if err != nil {
		return false, err
	}
	result, err := v.Verify(encoded, password)
	if err != nil {
		return false, ErrUnknownFormat
	}
	return result == verifier.OK || result == verifier.NeedUpdate, nil
}

// verifierFor picks the algorithm by the hash's form. The form is checked here
// as a whole, because passwap reads a hash as far as it understands it.
func verifierFor(encoded string) (verifier.Verifier, error) {
	if strings.ContainsFunc(encoded, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return nil, ErrUnknownFormat
	}
	parts := strings.Split(encoded, "$")
	switch {
	case len(parts) == 6 && parts[0] == "" && (parts[1] == argon2.Identifier_id || parts[1] == argon2.Identifier_i):
		// A hash of no bytes would match any password, and one of a few would
		// match by chance.
		hash, err := base64.RawStdEncoding.Strict().DecodeString(parts[5])
		if err != nil {
			return nil, ErrUnknownFormat
		}
		if len(hash) < minHash {
			return nil, fmt.Errorf("%w: the argon2 hash is shorter than %d bytes", ErrOutOfBounds, minHash)
		}
		return argon2.NewVerifier(&argon2.ValidationOpts{MaxMemory: maxArgon2Memory}), nil
	case len(parts) == 4 && parts[0] == "" && isBcrypt(parts[1], parts[3]):
		return bcrypt.NewVerifier(&bcrypt.ValidationOpts{MaxCost: maxBcryptCost}), nil
	default:
		return nil, ErrUnknownFormat
	}
}

// isBcrypt holds for a version that is computed as today's, and for salt and
// hash as long as they are, in bcrypt's own Base64.
func isBcrypt(version, body string) bool {
	if version != "2a" && version != "2b" && version != "2y" {
		return false
	}
	const saltAndHash = 22 + 31
	return len(body) == saltAndHash && !strings.ContainsFunc(body, func(r rune) bool {
		return (r < '.' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

// Cost is the part of a hash that says how long it takes to compute: two hashes
// of one cost take the same time.
func Cost(encoded string) string {
	parts := strings.Split(encoded, "$")
	switch {
	case strings.HasPrefix(encoded, "$argon2") && len(parts) == 6:
		return parts[1] + "$" + parts[3]
	case strings.HasPrefix(encoded, "$2") && len(parts) == 4:
		return "bcrypt$" + parts[2]
	default:
		return ""
	}
}
