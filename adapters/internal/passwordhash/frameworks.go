package passwordhash

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/bits"
	"strconv"
	"strings"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/scrypt"
)

// prehashed returns a hash whose password is changed by first before it is
// hashed.
func prehashed(hash parsed, err error, first func(password string) string) (parsed, error) {
	if err != nil {
		return parsed{}, err
	}
	verify := hash.verify
	hash.verify = func(password string) (bool, error) { return verify(first(password)) }
	return hash, nil
}

// readDjangoPBKDF2 reads Django's pbkdf2_sha256$rounds$salt$hash and similar
// forms. The salt is used as written.
func readDjangoPBKDF2(encoded string) (parsed, error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 4 {
		return parsed{}, ErrUnknownFormat
	}
	return pbkdf2Of(digestOf(strings.TrimPrefix(parts[0], "pbkdf2_")), parts[1], []byte(parts[2]), standard(parts[3]))
}

// readDjangoBcryptSHA256 reads bcrypt_sha256$ and a bcrypt hash of the
// password's SHA-256 in hexadecimal. This avoids bcrypt's limit of 72 bytes.
func readDjangoBcryptSHA256(encoded string) (parsed, error) {
	hash, err := readBcrypt(strings.TrimPrefix(encoded, "bcrypt_sha256$"))
	return prehashed(hash, err, func(password string) string {
		digest := sha256.Sum256([]byte(password))
		return hex.EncodeToString(digest[:])
	})
}

// readDjangoScrypt reads scrypt$N$salt$r$p$hash. The salt is used as written.
func readDjangoScrypt(encoded string) (parsed, error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 6 {
		return parsed{}, ErrUnknownFormat
	}
	return scryptOf(parts[1], parts[3], parts[4], parts[2], standard(parts[5]))
}

// readWerkzeug reads scrypt:N:r:p$salt$hash and pbkdf2:digest:rounds$salt$hash.
// The salt is used as written; the hash is in hexadecimal.
func readWerkzeug(encoded string) (parsed, error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 3 {
		return parsed{}, ErrUnknownFormat
	}
	switch method := strings.Split(parts[0], ":"); {
	case method[0] == "scrypt" && len(method) == 4:
		return scryptOf(method[1], method[2], method[3], parts[1], hexadecimal(parts[2]))
	case method[0] == "pbkdf2" && len(method) == 3:
		return pbkdf2Of(digestOf(method[1]), method[2], []byte(parts[1]), hexadecimal(parts[2]))
	default:
		return parsed{}, ErrUnknownFormat
	}
}

// scryptOf returns a scrypt hash; N is a power of two.
func scryptOf(n, r, p, salt string, key []byte) (parsed, error) {
	for _, text := range []string{n, r, p} {
		if !isNumber(text) {
			return parsed{}, ErrUnknownFormat
		}
	}
	ln := bits.TrailingZeros(uint(number(n)))
	if salt == "" || key == nil || 1<<ln != number(n) {
		return parsed{}, ErrUnknownFormat
	}
	return scryptBy(ln, number(r), number(p), []byte(salt), key)
}

func scryptBy(ln, r, p int, salt, key []byte) (parsed, error) {
	for _, bound := range []struct {
		parameter          string
		value, least, most int
	}{{"N, as a power of two,", ln, 1, 20}, {"r", r, 1, 32}, {"p", p, 1, 16}} {
		if err := within("scrypt", bound.parameter, bound.value, bound.least, bound.most); err != nil {
			return parsed{}, err
		}
	}
	if err := scryptMemory("scrypt", ln, r, p); err != nil {
		return parsed{}, err
	}
	if err := hashLength("scrypt", key); err != nil {
		return parsed{}, err
	}
	return parsed{work: scryptWork(ln, r, p), verify: func(password string) (bool, error) {
		computed, err := scrypt.Key([]byte(password), salt, 1<<ln, r, p, len(key))
		return err == nil && same(computed, key), err
	}}, nil
}

// readPasslibBcryptSHA256 reads passlib's
// $bcrypt-sha256$v=2,t=2b,r=cost$salt$hash: bcrypt of an HMAC of the password,
// with the salt as the key.
func readPasslibBcryptSHA256(encoded string) (parsed, error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 5 {
		return parsed{}, ErrUnknownFormat
	}
	cost, known := strings.CutPrefix(parts[2], "v=2,t=2b,r=")
	value, err := strconv.Atoi(cost)
	if !known || err != nil || strconv.Itoa(value) != cost || !isCrypt64(parts[3], bcryptSalt) {
		return parsed{}, ErrUnknownFormat
	}
	hash, err := readBcrypt(fmt.Sprintf("$2b$%02d$%s%s", value, parts[3], parts[4]))
	return prehashed(hash, err, func(password string) string {
		mac := hmac.New(sha256.New, []byte(parts[3]))
		mac.Write([]byte(password))
		return base64.StdEncoding.EncodeToString(mac.Sum(nil))
	})
}

// readUpdatedDrupal reads U$S$…: Drupal 7's hash of an MD5 hash of Drupal 6.
func readUpdatedDrupal(encoded string) (parsed, error) {
	hash, err := readDrupal7(strings.TrimPrefix(encoded, "U"))
	return prehashed(hash, err, func(password string) string {
		by := digestOf("md5").new()
		by.Write([]byte(password))
		return hex.EncodeToString(by.Sum(nil))
	})
}

// Versions of ASP.NET Identity: the first byte after decoding Base64.
const (
	aspNetV2 = 0x00
	aspNetV3 = 0x01
)

// readASPNET reads the Base64 of ASP.NET Identity. Version 2 is a zero byte, 16
// bytes of salt, and 32 bytes of hash by 1000 rounds of HMAC-SHA1. Version 3 is
// a one byte, three numbers of 4 bytes, salt and hash. The numbers are the
// pseudo-random function, the rounds and the length of the salt.
func readASPNET(encoded string) (parsed, error) {
	raw := standard(encoded)
	if len(raw) == 0 {
		return parsed{}, ErrUnknownFormat
	}
	const salt, key, header = 16, 32, 13
	switch {
	case raw[0] == aspNetV2 && len(raw) == 1+salt+key:
		return pbkdf2Of(digestOf("sha1"), "1000", raw[1:1+salt], raw[1+salt:])
	case raw[0] == aspNetV3 && len(raw) > header:
		function, rounds, length := binary.BigEndian.Uint32(raw[1:]), binary.BigEndian.Uint32(raw[5:]), binary.BigEndian.Uint32(raw[9:])
		if length < salt || int64(length) > int64(len(raw)-header) || function > 2 {
			return parsed{}, ErrUnknownFormat
		}
		by := digestOf([]string{"sha1", "sha256", "sha512"}[function])
		return pbkdf2Of(by, strconv.FormatUint(uint64(rounds), 10), raw[header:header+length], raw[header+length:])
	}
	return parsed{}, ErrUnknownFormat
}

// readWordPress reads the hashes of WordPress 6.8 and later: $wp and a bcrypt
// hash of the Base64 of an HMAC of the password. This avoids bcrypt's limit of
// 72 bytes.
func readWordPress(encoded string) (parsed, error) {
	hash, err := readBcrypt(strings.TrimPrefix(encoded, "$wp"))
	hash.origin = OriginWordPress
	return prehashed(hash, err, func(password string) string {
		digest := hmac.New(sha512.New384, []byte("wp-sha384"))
		digest.Write([]byte(password))
		return base64.StdEncoding.EncodeToString(digest.Sum(nil))
	})
}

// Hash versions of Magento 2 (Magento\Framework\Encryption\Encryptor).
const (
	magentoMD5       = "0"
	magentoSHA256    = "1"
	magentoArgon2id  = "2"
	magentoArgon2id3 = "3_"
)

// readMagento reads Magento 2's hash:salt:version: the hash is in hexadecimal,
// and the salt is used as written. Version 3 is followed by its parameters:
// 3_bytes_passes_memory.
func readMagento(encoded string) (parsed, error) {
	parts := strings.Split(encoded, ":")
	if len(parts) != 3 || len(parts[1]) < 4 {
		return parsed{}, ErrUnknownFormat
	}
	key, salt := hexadecimal(parts[0]), []byte(parts[1])
	switch version := parts[2]; {
	case version == magentoMD5:
		return saltedOf(digestOf("md5"), key, salt, true)
	case version == magentoSHA256:
		return saltedOf(digestOf("sha256"), key, salt, true)
	case version == magentoArgon2id:
		return magentoArgon2(key, salt, 32, 2, 64<<20)
	case strings.HasPrefix(version, magentoArgon2id3):
		var length, passes, memory int
		if _, err := fmt.Sscanf(version, "3_%d_%d_%d", &length, &passes, &memory); err != nil || fmt.Sprintf("3_%d_%d_%d", length, passes, memory) != version {
			return parsed{}, ErrUnknownFormat
		}
		return magentoArgon2(key, salt, length, passes, memory)
	default:
		return parsed{}, ErrUnknownFormat
	}
}

// magentoArgon2 is libsodium's argon2id: one thread, and a salt of 16 bytes,
// truncated or repeated.
func magentoArgon2(key, salt []byte, length, passes, memory int) (parsed, error) {
	const size = 16
	if len(key) != length {
		return parsed{}, ErrUnknownFormat
	}
	for _, bound := range []struct {
		parameter          string
		value, least, most int
	}{{"memory in KiB", memory >> 10, 8, maxMemory >> 10}, {"passes", passes, 1, maxArgon2Passes}, {"hash length", length, minHash, maxHash}} {
		if err := within("argon2", bound.parameter, bound.value, bound.least, bound.most); err != nil {
			return parsed{}, err
		}
	}
	for len(salt) < size {
		salt = append(salt, salt...)
	}
	return parsed{work: argon2Work("argon2id", memory>>10, passes, 1), verify: func(password string) (bool, error) {
		return same(argon2.IDKey([]byte(password), salt[:size], uint32(passes), uint32(memory>>10), 1, uint32(length)), key), nil //nolint:gosec // within bounds
	}}, nil
}

// better-auth's hash (@better-auth/utils, password.ts): scrypt with N of 2^14,
// r of 16 and p of 1.
const (
	betterAuthSalt = 32
	betterAuthKey  = 128
)

// isBetterAuth reports whether the text is salt:hash with the lengths that
// better-auth writes, both in hexadecimal. No other form has them.
func isBetterAuth(encoded string) bool {
	salt, key, _ := strings.Cut(encoded, ":")
	return len(salt) == betterAuthSalt && len(key) == betterAuthKey && isHexadecimal(salt+key)
}

// readBetterAuth reads salt:hash. The salt is used as written.
func readBetterAuth(encoded string) (parsed, error) {
	salt, key, _ := strings.Cut(encoded, ":")
	hash, err := scryptBy(14, 16, 1, []byte(salt), hexadecimal(key))
	hash.origin = OriginBetterAuth
	return hash, err
}

// saltedOf returns the digest of password and salt; the salt comes first or
// last.
func saltedOf(by digest, key, salt []byte, saltFirst bool) (parsed, error) {
	if len(key) != by.new().Size() {
		return parsed{}, ErrUnknownFormat
	}
	if err := within("salted "+by.name, "salt length", len(salt), 4, 64); err != nil {
		return parsed{}, err
	}
	return parsed{work: Work{familySalted, 1}, verify: func(password string) (bool, error) {
		text := append([]byte(password), salt...)
		if saltFirst {
			text = append(append([]byte(nil), salt...), password...)
		}
		computed := by.new()
		computed.Write(text)
		return same(computed.Sum(nil), key), nil
	}}, nil
}
