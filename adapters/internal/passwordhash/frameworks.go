package passwordhash

import (
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // what was hashed with it must be verified with it
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"hash"
	"strconv"
	"strings"
)

// derived verifies by PBKDF2 of the standard library.
func derived(digest func() hash.Hash, rounds int, salt, key []byte) func(string) (bool, error) {
	return func(password string) (bool, error) {
		computed, err := pbkdf2.Key(digest, password, salt, rounds, len(key))
		if err != nil {
			return false, ErrUnknownFormat
		}
		return same(computed, key), nil
	}
}

// readDjango reads Django's pbkdf2_sha256$rounds$salt$hash. The salt is taken as
// it is written.
func readDjango(encoded string) (parsed, error) {
	parts := strings.Split(encoded, "$")
	if len(parts) != 4 || !isNumber(parts[1]) || parts[2] == "" {
		return parsed{}, ErrUnknownFormat
	}
	key, err := base64.StdEncoding.Strict().DecodeString(parts[3])
	if err != nil {
		return parsed{}, ErrUnknownFormat
	}
	blocks, err := pbkdf2Blocks(parts[1], len(key), sha256.Size)
	if err != nil {
		return parsed{}, err
	}
	rounds, err := strconv.Atoi(parts[1])
	if err != nil {
		return parsed{}, ErrUnknownFormat
	}
	return parsed{
		cost:   fmt.Sprintf("pbkdf2-sha256$%d$%d", rounds, blocks),
		verify: derived(sha256.New, rounds, []byte(parts[2]), key),
	}, nil
}

// ASP.NET Identity's versions, the first byte of what its Base64 holds.
const (
	aspNetV2 = 0x00
	aspNetV3 = 0x01
)

// readASPNET reads what ASP.NET Identity keeps: Base64 of, in version 2, a zero,
// 16 bytes of salt and 32 of hash by 1000 rounds of HMAC-SHA1; in version 3, a
// one, the pseudo-random function, the rounds and the length of the salt, each
// in 4 bytes, then salt and hash.
func readASPNET(encoded string) (parsed, error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(encoded)
	if err != nil || len(raw) == 0 {
		return parsed{}, ErrUnknownFormat
	}
	const salt, key, header = 16, 32, 13
	switch {
	case raw[0] == aspNetV2 && len(raw) == 1+salt+key:
		return pbkdf2Of("pbkdf2", sha1.New, sha1.Size, 1000, raw[1:1+salt], raw[1+salt:])
	case raw[0] == aspNetV3 && len(raw) > header:
		function, rounds, length := binary.BigEndian.Uint32(raw[1:]), binary.BigEndian.Uint32(raw[5:]), binary.BigEndian.Uint32(raw[9:])
		if length < salt || int64(length) > int64(len(raw)-header) {
			return parsed{}, ErrUnknownFormat
		}
		salt, key := raw[header:header+length], raw[header+length:]
		switch function {
		case 0:
			return pbkdf2Of("pbkdf2", sha1.New, sha1.Size, rounds, salt, key)
		case 1:
			return pbkdf2Of("pbkdf2-sha256", sha256.New, sha256.Size, rounds, salt, key)
		case 2:
			return pbkdf2Of("pbkdf2-sha512", sha512.New, sha512.Size, rounds, salt, key)
		}
	}
	return parsed{}, ErrUnknownFormat
}

func pbkdf2Of(name string, digest func() hash.Hash, size int, rounds uint32, salt, key []byte) (parsed, error) {
	blocks, err := pbkdf2Blocks(strconv.FormatUint(uint64(rounds), 10), len(key), size)
	if err != nil {
		return parsed{}, err
	}
	return parsed{
		cost:   fmt.Sprintf("%s$%d$%d", name, rounds, blocks),
		verify: derived(digest, int(rounds), salt, key),
	}, nil
}

// readWordPress reads what WordPress 6.8 and later keep: $wp and a bcrypt hash
// of the Base64 of an HMAC of the password, which is not cut at 72 bytes so.
func readWordPress(encoded string) (parsed, error) {
	hash, err := readBcrypt(strings.TrimPrefix(encoded, "$wp"))
	if err != nil {
		return parsed{}, err
	}
	return parsed{cost: hash.cost, verify: func(password string) (bool, error) {
		digest := hmac.New(sha512.New384, []byte("wp-sha384"))
		digest.Write([]byte(password))
		return hash.verify(base64.StdEncoding.EncodeToString(digest.Sum(nil)))
	}}, nil
}

// readSalted reads LDAP's {SSHA}, {SSHA256} and {SSHA512}: Base64 of the digest
// of password and salt, and the salt.
func readSalted(encoded string) (parsed, error) {
	scheme, text, closed := strings.Cut(encoded[1:], "}")
	digest, known := map[string]func() hash.Hash{
		"SSHA": sha1.New, "SSHA256": sha256.New, "SSHA512": sha512.New,
	}[strings.ToUpper(scheme)]
	raw, err := base64.StdEncoding.Strict().DecodeString(text)
	if !closed || !known || err != nil {
		return parsed{}, ErrUnknownFormat
	}
	size := digest().Size()
	if err := within("salted SHA", "salt length", len(raw)-size, 4, 64); err != nil {
		return parsed{}, err
	}
	key, salt := raw[:size], raw[size:]
	return parsed{cost: "salted$" + strconv.Itoa(size), verify: func(password string) (bool, error) {
		computed := digest()
		computed.Write([]byte(password))
		computed.Write(salt)
		return same(computed.Sum(nil), key), nil
	}}, nil
}
