package passwordhash

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// readScheme reads {SCHEME}hash as LDAP, Dovecot and Spring write it. The hash
// has a form of the scheme's own, or another form that begins with its own
// prefix. If the scheme and the prefix contradict each other, the hash is
// rejected: after {noop} comes a plain password, whatever it looks like.
func readScheme(encoded string) (parsed, error) {
	scheme, rest, closed := strings.Cut(encoded[1:], "}")
	if !closed {
		return parsed{}, ErrUnknownFormat
	}
	scheme = strings.ToLower(scheme)
	if read := schemeForm(scheme); read != nil {
		return read(rest)
	}
	name, _, _ := strings.Cut(scheme, "@") // the scheme without the version that Spring adds
	for _, prefix := range wrapped(name) {
		if read := cryptForm(rest); read != nil && strings.HasPrefix(rest, prefix) {
			return read(rest)
		}
	}
	return parsed{}, ErrUnknownFormat
}

// wrapped lists the prefixes that a hash after this scheme may have.
func wrapped(scheme string) []string {
	switch scheme {
	case "crypt":
		return []string{"$1$", "$2", "$5$", "$6$", "$y$", "$argon2"}
	case "bcrypt", "blf-crypt":
		return []string{"$2"}
	case "argon2":
		return []string{"$argon2"}
	case "argon2i", "argon2id":
		return []string{"$" + scheme + "$"}
	case "yescrypt":
		return []string{"$y$"}
	case "md5-crypt":
		return []string{"$1$"}
	case "sha256-crypt":
		return []string{"$5$"}
	case "sha512-crypt":
		return []string{"$6$"}
	case "phpass":
		return []string{"$P$", "$H$"}
	default:
		return nil
	}
}

// schemeForm returns the reader for a scheme with a form of its own, or nil.
func schemeForm(scheme string) reader {
	switch scheme {
	case "smd5", "ssha", "ssha256", "ssha384", "ssha512":
		name := map[string]string{"smd5": "md5", "ssha": "sha1"}[scheme]
		if name == "" {
			name = strings.TrimPrefix(scheme, "s")
		}
		return func(text string) (parsed, error) { return readSalted(digestOf(name), standard(text)) }
	case "pbkdf2-sha1", "pbkdf2-sha256", "pbkdf2-sha512":
		by := digestOf(strings.TrimPrefix(scheme, "pbkdf2-"))
		return func(text string) (parsed, error) { return readOpenLDAPPBKDF2(by, text) }
	case "pbkdf2":
		return readPBKDF2Scheme
	case "pbkdf2@springsecurity_v5_8":
		return func(text string) (parsed, error) { return readSpringPBKDF2("sha256", "310000", 16, text) }
	case "scrypt", "scrypt@springsecurity_v5_8":
		return readSpringScrypt
	case "ldap":
		return readSpringLDAP
	default:
		return nil
	}
}

// readSalted reads the digest of password and salt, followed by the salt.
func readSalted(by digest, raw []byte) (parsed, error) {
	size := by.new().Size()
	if raw == nil {
		return parsed{}, ErrUnknownFormat
	}
	if err := within("salted SHA", "salt length", len(raw)-size, 4, 64); err != nil {
		return parsed{}, err
	}
	return saltedOf(by, raw[:size], raw[size:], false)
}

// readOpenLDAPPBKDF2 reads rounds$salt$hash of OpenLDAP's contrib module
// pw-pbkdf2, in passlib's Base64.
func readOpenLDAPPBKDF2(by digest, text string) (parsed, error) {
	parts := strings.Split(text, "$")
	if len(parts) != 3 {
		return parsed{}, ErrUnknownFormat
	}
	return pbkdf2Of(by, parts[0], adapted(parts[1]), adapted(parts[2]))
}

// readPBKDF2Scheme reads the text after {PBKDF2}: the form of OpenLDAP, Dovecot
// ($1$salt$rounds$hash), passlib or Spring (hexadecimal).
func readPBKDF2Scheme(text string) (parsed, error) {
	parts := strings.Split(text, "$")
	switch {
	case strings.HasPrefix(text, "$pbkdf2"):
		return readPBKDF2(text)
	case strings.HasPrefix(text, "$1$") && len(parts) == 5:
		return pbkdf2Of(digestOf("sha1"), parts[3], []byte(parts[2]), hexadecimal(parts[4]))
	case len(parts) == 3:
		return readOpenLDAPPBKDF2(digestOf("sha1"), text)
	default:
		return readSpringPBKDF2("sha1", "185000", 8, text)
	}
}

// readSpringPBKDF2 reads salt and hash in hexadecimal. Spring does not write
// the parameters of its versions into the hash.
func readSpringPBKDF2(name, rounds string, salt int, text string) (parsed, error) {
	const key = 32
	raw, err := hex.DecodeString(text)
	if err != nil || len(raw) != salt+key {
		return parsed{}, ErrUnknownFormat
	}
	return pbkdf2Of(digestOf(name), rounds, raw[:salt], raw[salt:])
}

// readSpringLDAP reads the LDAP scheme after Spring's own.
func readSpringLDAP(text string) (parsed, error) {
	if !strings.HasPrefix(text, "{") {
		return parsed{}, ErrUnknownFormat
	}
	return readScheme(text)
}

// readSpringScrypt reads $parameters$salt$hash. The parameters are N as a power
// of two, r and p, in two hexadecimal digits each; N may have one.
func readSpringScrypt(text string) (parsed, error) {
	if strings.HasPrefix(text, "$scrypt$") {
		return readScrypt(text)
	}
	parts := strings.Split(text, "$")
	var parameters int
	if len(parts) != 4 || parts[0] != "" {
		return parsed{}, ErrUnknownFormat
	}
	if _, err := fmt.Sscanf(parts[1], "%x", &parameters); err != nil || fmt.Sprintf("%x", parameters) != parts[1] {
		return parsed{}, ErrUnknownFormat
	}
	salt, key := standard(parts[2]), standard(parts[3])
	if len(salt) == 0 || key == nil {
		return parsed{}, ErrUnknownFormat
	}
	return scryptBy(parameters>>16, parameters>>8&0xff, parameters&0xff, salt, key)
}
