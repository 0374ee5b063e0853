package hashed

import (
	"crypto/hmac"
	"crypto/md5"  //nolint:gosec // what was hashed with it must be verified with it
	"crypto/sha1" //nolint:gosec // as above
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"

	"cognito-user-migration/adapters/internal/passwordhash"
	"cognito-user-migration/domain"

	"golang.org/x/text/unicode/norm"
)

// Settings are the variables of a source that reads the hash when a user signs in.
type Settings struct {
	Decoy     domain.Secret `env:"DECOY" takes:"a password hash that belongs to no user" desc:"A hash of the slowest format and cost in the table. It is also computed for unknown users, so that all sign-ins take equally long. Default: the slowest hash seen so far."`
	Passwords Passwords
}

// Validate checks the decoy, and combinations of variables.
func (s *Settings) Validate(variable func(string) string) []error {
	problems := s.Passwords.Validate(variable)
	if !s.Decoy.Empty() {
		if err := passwordhash.Validate(s.Decoy.Reveal()); err != nil {
			problems = append(problems, fmt.Errorf("%s: %w", variable("DECOY"), err))
		}
	}
	return problems
}

// Checker returns the checker of these settings.
func (s *Settings) Checker() (*Checker, error) {
	checker, err := NewChecker(s.Passwords, s.Decoy.Reveal())
	if err != nil {
		return nil, fmt.Errorf("DECOY: %w", err)
	}
	return checker, nil
}

// Passwords are the variables that describe how the application changed a
// password before hashing it.
type Passwords struct {
	Prepare Prepare       `env:"PASSWORD_PREPARE" takes:"slashed, html, nfc, nfkc, nfkd, md5-hex, sha1-hex, sha256-hex, sha512-hex, hmac-sha256-hex, hmac-sha512-base64" desc:"How the application changed a password before it hashed it. docs/password-hashes.md lists frameworks. Hashes of WordPress, old phpBB, MediaWiki and better-auth do not need it."`
	Pepper  domain.Secret `env:"PASSWORD_PEPPER" takes:"a secret of the application" desc:"Text that the application appended to a password before it hashed it. With hmac-*, the HMAC key."`
}

// Prepare is a change of the password before hashing. The empty value means
// that the hash's format decides.
type Prepare string

// Changes that applications make.
const (
	// PrepareSlashed is PHP's addslashes: a backslash before quotes,
	// backslashes and NUL.
	PrepareSlashed Prepare = "slashed"
	// PrepareHTML is PHP's htmlspecialchars with ENT_COMPAT, as phpBB calls it.
	PrepareHTML Prepare = "html"
	// Unicode normalization forms.
	PrepareNFC  Prepare = "nfc"
	PrepareNFKC Prepare = "nfkc"
	PrepareNFKD Prepare = "nfkd"
	// Digests, as text.
	PrepareMD5Hex    Prepare = "md5-hex"
	PrepareSHA1Hex   Prepare = "sha1-hex"
	PrepareSHA256Hex Prepare = "sha256-hex"
	PrepareSHA512Hex Prepare = "sha512-hex"
	// Digests that use the pepper as the key, as text.
	PrepareHMACSHA256Hex    Prepare = "hmac-sha256-hex"
	PrepareHMACSHA512Base64 Prepare = "hmac-sha512-base64"
)

func prepares() []Prepare {
	return []Prepare{
		PrepareSlashed, PrepareHTML, PrepareNFC, PrepareNFKC, PrepareNFKD, PrepareMD5Hex, PrepareSHA1Hex, PrepareSHA256Hex, PrepareSHA512Hex,
		PrepareHMACSHA256Hex, PrepareHMACSHA512Base64,
	}
}

// UnmarshalText implements [encoding.TextUnmarshaler]; an unknown choice is an
// error that lists the choices.
func (p *Prepare) UnmarshalText(text []byte) error {
	return domain.Choose(p, text, prepares()...)
}

// keyed reports whether the pepper is a key.
func (p Prepare) keyed() bool {
	return p == PrepareHMACSHA256Hex || p == PrepareHMACSHA512Base64
}

// maybe reports whether the application may have hashed the password as it was
// typed, too.
func (p Prepare) maybe() bool {
	return slices.Contains([]Prepare{PrepareSlashed, PrepareHTML, PrepareNFC, PrepareNFKC, PrepareNFKD}, p)
}

// preparedBy returns the change that an application is known to make.
func preparedBy(origin passwordhash.Origin) Prepare {
	return map[passwordhash.Origin]Prepare{
		passwordhash.OriginWordPress:  PrepareSlashed,
		passwordhash.OriginPHPBB:      PrepareHTML,
		passwordhash.OriginMediaWiki:  PrepareNFC,
		passwordhash.OriginBetterAuth: PrepareNFKC,
	}[origin]
}

// Validate checks combinations of variables.
func (p *Passwords) Validate(variable func(string) string) []error {
	if p.Prepare.keyed() && p.Pepper.Empty() {
		return []error{fmt.Errorf("%s: is required with %s=%s; set it to the HMAC key", variable("PASSWORD_PEPPER"), variable("PASSWORD_PREPARE"), p.Prepare)}
	}
	return nil
}

// candidates returns the forms of a password that are compared with a hash of
// this origin. There are two if the application may or may not have changed it.
// A digest has no second form: an attacker who knows only the digest must not
// be able to use it as the password.
func (p *Passwords) candidates(origin passwordhash.Origin, typed string) []string {
	prepare := p.Prepare
	if prepare == "" {
		prepare = preparedBy(origin)
	}
	forms := []string{p.text(prepare, typed)}
	if prepare.maybe() && forms[0] != typed {
		forms = append(forms, typed)
	}
	if prepare == PrepareHMACSHA512Base64 { // Flask-Security decomposes the password first, by default
		if decomposed := norm.NFKD.String(typed); decomposed != typed {
			forms = append(forms, p.text(prepare, decomposed))
		}
	}
	taken := forms[:0]
	for _, form := range forms {
		if !prepare.keyed() {
			form += p.Pepper.Reveal()
		}
		if passwordhash.Takes(form) {
			taken = append(taken, form)
		}
	}
	return taken
}

// text returns the form of the password that the application hashes.
func (p *Passwords) text(prepare Prepare, typed string) string {
	sum := func(by hash.Hash) []byte {
		by.Write([]byte(typed))
		return by.Sum(nil)
	}
	key := []byte(p.Pepper.Reveal())
	switch prepare {
	case PrepareSlashed:
		return strings.NewReplacer(`\`, `\\`, `'`, `\'`, `"`, `\"`).Replace(typed)
	case PrepareHTML:
		// phpBB also normalizes line ends and composes accents.
		escaped := strings.NewReplacer("\r\n", "\n", "\r", "\n", "&", "&amp;", `"`, "&quot;", "<", "&lt;", ">", "&gt;").Replace(typed)
		return norm.NFC.String(escaped)
	case PrepareNFC:
		return norm.NFC.String(typed)
	case PrepareNFKC:
		return norm.NFKC.String(typed)
	case PrepareNFKD:
		return norm.NFKD.String(typed)
	case PrepareMD5Hex:
		return hex.EncodeToString(sum(md5.New())) //nolint:gosec // see its import
	case PrepareSHA1Hex:
		return hex.EncodeToString(sum(sha1.New())) //nolint:gosec // see its import
	case PrepareSHA256Hex:
		return hex.EncodeToString(sum(sha256.New()))
	case PrepareSHA512Hex:
		return hex.EncodeToString(sum(sha512.New()))
	case PrepareHMACSHA256Hex:
		return hex.EncodeToString(sum(hmac.New(sha256.New, key)))
	case PrepareHMACSHA512Base64:
		return base64.StdEncoding.EncodeToString(sum(hmac.New(sha512.New, key)))
	default:
		return typed
	}
}
