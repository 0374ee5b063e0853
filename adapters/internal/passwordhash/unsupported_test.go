package passwordhash_test

import (
	"strings"
	"testing"

	"cognito-user-migration/adapters/internal/passwordhash"
)

// The error names an unsupported form, and contains nothing of the hash.
func TestAFormThatIsNotSupportedIsNamed(t *testing.T) {
	t.Parallel()
	hex := func(length int) string { return strings.Repeat("5f", length/2) }
	for hash, name := range map[string]string{
		"{noop}Secret-1":                            "a password in plain text (Spring's {noop})",
		"{NOOP}$2a$10$" + bcryptBody:                "a password in plain text (Spring's {noop})",
		"{CLEARTEXT}Secret-1":                       "a password in plain text",
		"{MD5}X03MO1qnZdYdgyfeuILPmQ==":             "an unsalted MD5",
		"{SHA}at+xg6SiyUovktq1redipHiJpaE=":         "an unsalted SHA-1",
		"{sha256}" + hex(80):                        "an unsalted SHA-256, or Spring's StandardPasswordEncoder",
		"{PBKDF2_SHA256}AAAIAK" + hex(40):           "PBKDF2 of 389 Directory Server",
		"$apr1$" + hex(20):                          "Apache's MD5 (apr1)",
		"$7$C6..../....SodiumChloride$kBGj9":        "scrypt of crypt(3)",
		"$2x$10$" + bcryptBody:                      "bcrypt of the faulty version 2x",
		"sha1$seasalt$" + hex(40):                   "Django's or Werkzeug's salted SHA-1",
		"pbkdf2:sha256$salt$" + hex(64):             "PBKDF2 of Werkzeug without a number of rounds, or with another digest",
		":A:" + hex(32):                             "MediaWiki's MD5 without a salt (type A)",
		"SCRAM-SHA-256$4096:" + hex(20):             "SCRAM",
		"*6BB4837EB74329105EE4568DDA7DC67ED2CA2AD9": "MySQL's PASSWORD()",
		hex(32):                  "an unsalted MD5 in hexadecimal",
		strings.ToUpper(hex(40)): "an unsalted SHA-1 in hexadecimal",
		hex(64):                  "an unsalted SHA-256 in hexadecimal",
		hex(128):                 "an unsalted SHA-512 in hexadecimal",
		hex(32) + ":Xk":          "a salted MD5 (osCommerce, Joomla, Magento 1)",
		"ab1Hv2Lg7ltQo":          "crypt(3)'s DES",
		"{CRYPT}ab1Hv2Lg7ltQo":   "crypt(3)'s DES",
	} {
		err := passwordhash.Validate(hash)
		if err == nil || !strings.Contains(err.Error(), "it looks like "+name+"; docs/password-hashes.md lists") {
			t.Errorf("%s: %v; want %s", hash, err, name)
		}
		refuses(t, hash, passwordhash.ErrUnknownFormat)
		if err != nil && (strings.Contains(err.Error(), "Secret-1") || strings.Contains(err.Error(), "5f5f")) {
			t.Errorf("the error shows the hash: %v", err)
		}
	}
	for _, hash := range []string{"", "hunter2", "Secret-1", "$2b$", "{", "{}", "{crypt}", "a:b:c", ":::", "_"} {
		if err := passwordhash.Validate(hash); err == nil || strings.Contains(err.Error(), "looks like") {
			t.Errorf("%q: %v", hash, err)
		}
	}
}
