package passwordhash

import (
	"crypto/md5" //nolint:gosec // what was hashed with it must be verified with it
	"encoding/hex"
	"strconv"
	"strings"
)

// readMediaWiki reads MediaWiki's :type:hash, the types of $wgPasswordConfig
// that are defined by default. Type A is an MD5 without a salt, and is not
// supported (MediaWiki, includes/password).
func readMediaWiki(encoded string) (parsed, error) {
	kind, rest, _ := strings.Cut(encoded[1:], ":")
	var hash parsed
	err := ErrUnknownFormat
	switch kind {
	case "pbkdf2":
		hash, err = mediaWikiPBKDF2(strings.Split(rest, ":"))
	case "bcrypt":
		hash, err = mediaWikiBcrypt(strings.Split(rest, "$"))
	case "argon2":
		if strings.HasPrefix(rest, "$argon2") {
			hash, err = readArgon2(rest)
		}
	case "B":
		hash, err = mediaWikiSalted(rest)
	case "pbkdf2-legacyA", "pbkdf2-legacyB":
		hash, err = mediaWikiLayered(kind, strings.Split(rest, "!"))
	}
	hash.origin = OriginMediaWiki
	return hash, err
}

// mediaWikiPBKDF2 reads digest, rounds, length, salt and hash.
func mediaWikiPBKDF2(parts []string) (parsed, error) {
	if len(parts) != 5 {
		return parsed{}, ErrUnknownFormat
	}
	salt, key := standard(parts[3]), standard(parts[4])
	if strconv.Itoa(len(key)) != parts[2] {
		return parsed{}, ErrUnknownFormat
	}
	return pbkdf2Of(digestOf(parts[0]), parts[1], salt, key)
}

// mediaWikiBcrypt reads cost, salt and hash; the cost has no leading zero.
func mediaWikiBcrypt(parts []string) (parsed, error) {
	if len(parts) != 3 || !isNumber(parts[0]) || len(parts[1]) != bcryptSalt {
		return parsed{}, ErrUnknownFormat
	}
	cost := parts[0]
	if len(cost) == 1 {
		cost = "0" + cost
	}
	return readBcrypt("$2y$" + cost + "$" + parts[1] + parts[2])
}

// mediaWikiSalted reads salt and hash: the MD5 of the salt, a hyphen and the
// MD5 of the password.
func mediaWikiSalted(text string) (parsed, error) {
	salt, digest, _ := strings.Cut(text, ":")
	key := hexadecimal(digest)
	if salt == "" || key == nil {
		return parsed{}, ErrUnknownFormat
	}
	hash, err := saltedOf(digestOf("md5"), key, []byte(salt+"-"), true)
	return prehashed(hash, err, md5Hex)
}

// mediaWikiLayered reads a PBKDF2 hash of an MD5 of type A or B: the parameters
// of both layers, the arguments of both, and the hash.
func mediaWikiLayered(kind string, parts []string) (parsed, error) {
	if len(parts) != 5 || parts[0] != "" || (parts[2] == "") != (kind == "pbkdf2-legacyA") {
		return parsed{}, ErrUnknownFormat
	}
	hash, err := mediaWikiPBKDF2(append(strings.Split(parts[1], ":"), parts[3], parts[4]))
	return prehashed(hash, err, func(password string) string {
		if parts[2] == "" {
			return md5Hex(password)
		}
		return md5Hex(parts[2] + "-" + md5Hex(password))
	})
}

func md5Hex(text string) string {
	sum := md5.Sum([]byte(text)) //nolint:gosec // see its import
	return hex.EncodeToString(sum[:])
}
