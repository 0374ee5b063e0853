package main

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"os"
	"strings"
	"testing"
)

// bundle is that of the machine.
func bundle(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("/etc/ssl/certs/ca-certificates.crt")
	if err != nil {
		t.Skip("this machine has no CA bundle where Debian has it")
	}
	return text
}

func TestAmazonsRootsAreTakenFromABundle(t *testing.T) {
	t.Parallel()
	var kept bytes.Buffer
	if err := write(&kept, bundle(t), "amazon"); err != nil {
		t.Fatal(err)
	}
	names := make(map[string]bool)
	for block, rest := pem.Decode(kept.Bytes()); block != nil; block, rest = pem.Decode(rest) {
		root, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		names[root.Subject.CommonName] = true
	}
	if len(names) != len(amazon()) {
		t.Errorf("kept are %v", names)
	}
	for _, name := range amazon() {
		if !names[name] {
			t.Errorf("%s is not kept, or not what its digest says", name)
		}
	}
}

func TestARootThatIsNoLongerTrustedEndsTheBuild(t *testing.T) {
	t.Parallel()
	var kept bytes.Buffer
	if err := write(&kept, bundle(t), "amazon"); err != nil {
		t.Fatal(err)
	}
	_, without := pem.Decode(kept.Bytes())
	if err := write(new(bytes.Buffer), without, "amazon"); err == nil || !strings.Contains(err.Error(), "does not trust") {
		t.Errorf("got %v", err)
	}
}

func TestTheWholeBundleIsKeptAsItIs(t *testing.T) {
	t.Parallel()
	var kept bytes.Buffer
	if err := write(&kept, bundle(t), "all"); err != nil || !bytes.Equal(kept.Bytes(), bundle(t)) {
		t.Errorf("got %v", err)
	}
}

func TestWhatIsNotTaken(t *testing.T) {
	t.Parallel()
	for text, keep := range map[string]string{"": "all", "no PEM": "all", "empty": "amazon", "x": "some"} {
		if err := write(new(bytes.Buffer), []byte(text), keep); err == nil {
			t.Errorf("%q was taken for %s", text, keep)
		}
	}
}
