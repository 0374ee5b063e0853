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
	"strings"

	"cognito-user-migration/adapters/internal/passwordhash"
	"cognito-user-migration/domain"

	"golang.org/x/text/unicode/norm"
)

// Passwords are the variables that say what the application made of a password
// before it hashed it.
type Passwords struct {
	Prepare Prepare       `env:"PASSWORD_PREPARE" takes:"slashed, html, md5-hex, sha1-hex, sha256-hex, sha512-hex, hmac-sha256-hex, hmac-sha512-base64" desc:"How the application changed a password before it hashed it. docs/password-hashes.md lists frameworks. WordPress and old phpBB hashes do not need it."`
	Pepper  domain.Secret `env:"PASSWORD_PEPPER" takes:"a secret of the application" desc:"Text that the application appended to a password before it hashed it. With hmac-*, the HMAC key."`
}

// Prepare is what an application makes of a password. The empty one stands for
// what the form of a hash tells.
type Prepare string

// What applications make of passwords.
const (
	// PrepareSlashed is addslashes of PHP: a backslash before quotes, backslashes
	// and NUL.
	PrepareSlashed Prepare = "slashed"
	// PrepareHTML is htmlspecialchars of PHP with ENT_COMPAT, as phpBB calls it.
	PrepareHTML Prepare = "html"
	// The digests, as texts.
	PrepareMD5Hex    Prepare = "md5-hex"
	PrepareSHA1Hex   Prepare = "sha1-hex"
	PrepareSHA256Hex Prepare = "sha256-hex"
	PrepareSHA512Hex Prepare = "sha512-hex"
	// The digests that are keyed by the pepper, as texts.
	PrepareHMACSHA256Hex    Prepare = "hmac-sha256-hex"
	PrepareHMACSHA512Base64 Prepare = "hmac-sha512-base64"
)

func prepares() []Prepare {
	return []Prepare{
		PrepareSlashed, PrepareHTML, PrepareMD5Hex, PrepareSHA1Hex, PrepareSHA256Hex, PrepareSHA512Hex,
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

// Validate reports what no single variable shows.
func (p *Passwords) Validate(variable func(string) string) []error {
	if p.Prepare.keyed() && p.Pepper.Empty() {
		return []error{fmt.Errorf("%s: is required with %s=%s; set it to the HMAC key", variable("PASSWORD_PEPPER"), variable("PASSWORD_PREPARE"), p.Prepare)}
	}
	return nil
}

// candidates are the forms in which a password is compared with a hash of this
// origin: one, or two where the application may have prepared it or not. A
// digest has no second form: who knows the digest alone does not know the
// password.
func (p *Passwords) candidates(origin passwordhash.Origin, typed string) []string {
	prepare := p.Prepare
	if prepare == "" {
		prepare = map[passwordhash.Origin]Prepare{passwordhash.OriginWordPress: PrepareSlashed, passwordhash.OriginPHPBB: PrepareHTML}[origin]
	}
	forms := []string{p.text(prepare, typed)}
	if (prepare == PrepareSlashed || prepare == PrepareHTML) && forms[0] != typed {
		forms = append(forms, typed)
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

// text is what the application makes of a password.
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
		// phpBB also writes line ends in one way and puts accents together.
		escaped := strings.NewReplacer("\r\n", "\n", "\r", "\n", "&", "&amp;", `"`, "&quot;", "<", "&lt;", ">", "&gt;").Replace(typed)
		return norm.NFC.String(escaped)
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
