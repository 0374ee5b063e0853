package passwordhash

import (
	"fmt"
	"strings"
)

// unsupported is the error for a form that is recognized but not supported.
type unsupported struct {
	name string
}

// Error implements error.
func (u *unsupported) Error() string {
	return fmt.Sprintf("unsupported password hash format: it looks like %s; docs/password-hashes.md lists the supported formats", u.name)
}

// Is lets it match [ErrUnknownFormat].
func (u *unsupported) Is(target error) bool {
	return target == ErrUnknownFormat
}

// named returns an error that names the recognized form. It contains nothing of
// the hash.
func named(encoded string) error {
	lower := strings.ToLower(encoded)
	for _, form := range unsupportedPrefixes() {
		if strings.HasPrefix(lower, form.prefix) {
			return &unsupported{form.name}
		}
	}
	first, _, salted := strings.Cut(encoded, ":")
	digest, isDigest := map[int]string{32: "MD5", 40: "SHA-1", 64: "SHA-256", 128: "SHA-512"}[len(first)]
	bare := encoded
	if strings.HasPrefix(lower, "{crypt}") {
		bare = encoded[len("{crypt}"):]
	}
	switch {
	case isDigest && isHexadecimal(first) && !salted:
		return &unsupported{"an unsalted " + digest + " in hexadecimal"}
	case isDigest && isHexadecimal(first):
		return &unsupported{"a salted " + digest + " (osCommerce, Joomla, Magento 1)"}
	case isCrypt64(bare, 13):
		return &unsupported{"crypt(3)'s DES"}
	case len(bare) == 20 && bare[0] == '_' && isCrypt64(bare[1:], 19):
		return &unsupported{"extended DES of crypt(3)"}
	default:
		return ErrUnknownFormat
	}
}

func isHexadecimal(text string) bool {
	return strings.Trim(text, "0123456789abcdefABCDEF") == ""
}

// unsupportedPrefixes lists forms in the order of docs/password-hashes.md.
// Prefixes are in lower case.
func unsupportedPrefixes() []struct{ prefix, name string } {
	return []struct{ prefix, name string }{
		{"{noop}", "a password in plain text (Spring's {noop})"},
		{"{cleartext}", "a password in plain text"},
		{"{clear}", "a password in plain text"},
		{"{plain}", "a password in plain text"},
		{"{md5}", "an unsalted MD5"},
		{"{sha}", "an unsalted SHA-1"},
		{"{sha-1}", "Spring's salted SHA-1"},
		{"{sha256}", "an unsalted SHA-256, or Spring's StandardPasswordEncoder"},
		{"{sha-256}", "Spring's salted SHA-256"},
		{"{sha512}", "an unsalted SHA-512"},
		{"{md4}", "Spring's MD4"},
		{"{pbkdf2_", "PBKDF2 of 389 Directory Server"},
		{"$7$", "scrypt of crypt(3)"},
		{"$2x$", "bcrypt of the faulty version 2x"},
		{"$2$", "bcrypt's first version"},
		{"$argon2d$", "argon2d"},
		{"$argon2i$m=", "argon2 of version 16"},
		{"$argon2id$m=", "argon2 of version 16"},
		{"$gy$", "gost-yescrypt"},
		{"$sha1$", "NetBSD's SHA-1"},
		{"$md5", "Sun's MD5"},
		{":a:", "MediaWiki's MD5 without a salt (type A)"},
		{"$3$", "an NT hash"},
		{"$apr1$", "Apache's MD5 (apr1)"},
		{"$cp$", "a converted hash of phpBB"},
		{`$h\`, "a converted hash of phpBB"},
		{"sha1$", "Django's or Werkzeug's salted SHA-1"},
		{"md5$", "Django's or Werkzeug's salted MD5"},
		{"sha256$", "Werkzeug's salted SHA-256"},
		{"sha512$", "Werkzeug's salted SHA-512"},
		{"crypt$$", "Django's crypt"},
		{"pbkdf2:", "PBKDF2 of Werkzeug without a number of rounds, or with another digest"},
		{"scram-sha-", "SCRAM"},
		{"0x0100", "a hash of SQL Server"},
		{"0x0200", "a hash of SQL Server"},
		{"*", "MySQL's PASSWORD()"},
	}
}
