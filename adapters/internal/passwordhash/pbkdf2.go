package passwordhash

import (
	"crypto/md5" //nolint:gosec // what was hashed with it must be verified with it
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // as above
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"hash"
	"strings"
)

// maxPBKDF2Rounds counts every block of the hash. A hash that is longer than
// the digest repeats all rounds for each block.
const maxPBKDF2Rounds = 2_000_000

// digest is a hash function with its name.
type digest struct {
	name string
	new  func() hash.Hash
}

// digestOf returns the digest with this name; its field new is nil for an
// unknown name.
func digestOf(name string) digest {
	switch name {
	case "md5":
		return digest{name, md5.New}
	case "sha1":
		return digest{name, sha1.New}
	case "sha224":
		return digest{name, sha256.New224}
	case "sha256":
		return digest{name, sha256.New}
	case "sha384":
		return digest{name, sha512.New384}
	case "sha512":
		return digest{name, sha512.New}
	default:
		return digest{}
	}
}

// pbkdf2Of returns a PBKDF2 hash. The salt must not be empty.
func pbkdf2Of(by digest, rounds string, salt, key []byte) (parsed, error) {
	if by.new == nil || by.name == "md5" || !isNumber(rounds) || len(salt) == 0 || key == nil {
		return parsed{}, ErrUnknownFormat
	}
	if err := within("pbkdf2", "hash length", len(key), minHash, maxHash); err != nil {
		return parsed{}, err
	}
	size := by.new().Size()
	blocks := (len(key) + size - 1) / size
	work := Work{familyPBKDF2 + by.name, number(rounds) * blocks}
	if err := within("pbkdf2", "rounds of all blocks", work.Units, 1, maxPBKDF2Rounds); err != nil {
		return parsed{}, err
	}
	return parsed{work: work, verify: func(password string) (bool, error) {
		computed, err := pbkdf2.Key(by.new, password, salt, number(rounds), len(key))
		if err != nil {
			return false, ErrUnknownFormat
		}
		return same(computed, key), nil
	}}, nil
}

// readPBKDF2 reads $pbkdf2$, $pbkdf2-sha256$ and similar forms, then
// rounds$salt$hash in passlib's Base64: a dot instead of a plus, usually
// without padding.
func readPBKDF2(encoded string) (parsed, error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 5 {
		return parsed{}, ErrUnknownFormat
	}
	name := "sha1"
	if parts[1] != "pbkdf2" {
		name = strings.TrimPrefix(parts[1], "pbkdf2-")
	}
	return pbkdf2Of(digestOf(name), parts[2], adapted(parts[3]), adapted(parts[4]))
}

// adapted decodes passlib's Base64; nil if the text is invalid.
func adapted(text string) []byte {
	raw, err := base64.RawStdEncoding.Strict().DecodeString(strings.ReplaceAll(strings.TrimRight(text, "="), ".", "+"))
	if err != nil {
		return nil
	}
	return raw
}

// standard decodes Base64; nil if the text is invalid.
func standard(text string) []byte {
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if err != nil {
		return nil
	}
	return raw
}

// hexadecimal decodes hexadecimal digits; nil if the text is invalid.
func hexadecimal(text string) []byte {
	raw, err := hex.DecodeString(text)
	if err != nil {
		return nil
	}
	return raw
}
