package pemfile_test

import (
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cognito-user-migration/adapters/internal/pemfile"
	"cognito-user-migration/test/certificate"
)

func authority(t *testing.T) (*x509.Certificate, string) {
	t.Helper()
	made := certificate.New("an authority", nil)
	return made.TLS().Leaf, made.PEM()
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestAnAuthorityIsReadInEveryFormOfASetting(t *testing.T) {
	t.Parallel()
	certificate, text := authority(t)
	for name, setting := range map[string]string{
		"text":                            text,
		"text in one line":                strings.ReplaceAll(text, "\n", `\n`),
		"text after a comment":            "##\n## Bundle of CA Root Certificates\n##\n" + text,
		"text between blanks":             "\n  " + text + "\n",
		"a file":                          file(t, text),
		"a file with a line break behind": file(t, text) + "\n",
		"a file that begins with text":    file(t, "An authority\n============\n"+text),
	} {
		pool, err := pemfile.Text(setting).Authorities()
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if _, err := certificate.Verify(x509.VerifyOptions{Roots: pool}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestWithoutASettingTheAuthoritiesArePublic(t *testing.T) {
	t.Parallel()
	if pool, err := pemfile.Text("").Authorities(); pool != nil || err != nil {
		t.Errorf("got %v, %v", pool, err)
	}
}

func TestASettingWithoutAnAuthorityIsAnErrorThatHidesIt(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ setting, says string }{
		"no file":               {"/S3cret/ca.pem", "the file cannot be read"},
		"blanks":                {"  ", "the file cannot be read"},
		"a file without a text": {file(t, "S3cret"), "has no certificate"},
		"a broken block":        {"-----BEGIN CERTIFICATE-----\nS3cret", "has no certificate"},
	} {
		_, err := pemfile.Text(test.setting).Authorities()
		if err == nil || !strings.HasPrefix(err.Error(), test.says) || !strings.Contains(err.Error(), "expected PEM") || strings.Contains(err.Error(), "S3cret") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := pemfile.Text("/no/such/file").Read(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}
