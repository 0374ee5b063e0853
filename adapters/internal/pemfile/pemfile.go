// Package pemfile reads certificates and keys of settings: text in PEM format, or the
// path of such a file. It imports neither domain nor ports.
package pemfile

import (
	"crypto/x509"
	"errors"
	"os"
	"strings"
)

// Text is text in PEM format, or the path of a file with such a text.
type Text string

// Read returns the text. Text can precede the first block, as in the bundle of curl.
// In a variable that cannot contain line breaks, \n is written instead. The error
// contains nothing of the setting, which may be a secret.
func (t Text) Read() ([]byte, error) {
	setting := strings.TrimSpace(string(t))
	if strings.Contains(setting, "-----BEGIN") {
		return []byte(strings.ReplaceAll(setting, `\n`, "\n")), nil
	}
	text, err := os.ReadFile(setting) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, unreadable{err}
	}
	return text, nil
}

// Authorities returns the certificates, or nil for an empty text: in crypto/tls, nil
// means the public authorities.
func (t Text) Authorities() (*x509.CertPool, error) {
	if t == "" {
		return nil, nil //nolint:nilnil // see above
	}
	text, err := t.Read()
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, errors.New("has no certificate; expected PEM, or the path of a PEM file")
	}
	return pool, nil
}

// unreadable hides the text of an error that contains a path.
type unreadable struct{ error }

func (unreadable) Error() string {
	return "the file cannot be read; expected PEM, or the path of a PEM file"
}

// Unwrap returns the hidden error.
func (u unreadable) Unwrap() error { return u.error }
