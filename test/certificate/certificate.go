// Package certificate makes certificates of loopback for the servers that tests start.
// It imports the standard library.
package certificate

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"time"
)

// Certificate is a certificate with its key. The key is on P-256: a server signs with
// it cheaply.
type Certificate struct {
	leaf *x509.Certificate
	key  *ecdsa.PrivateKey
}

// New makes a certificate for 127.0.0.1 that the parent signs. Without a
// parent it is an authority, which can also be a server's own certificate. It panics
// if the machine cannot make one.
func New(name string, parent *Certificate) *Certificate {
	key := must(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(now.UnixNano()), Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(100 * 24 * time.Hour),
		BasicConstraintsValid: true, IsCA: parent == nil, KeyUsage: x509.KeyUsageDigitalSignature,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	if parent == nil {
		template.KeyUsage |= x509.KeyUsageCertSign
		parent = &Certificate{template, key}
	}
	signed := must(x509.CreateCertificate(rand.Reader, template, parent.leaf, key.Public(), parent.key))
	return &Certificate{must(x509.ParseCertificate(signed)), key}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// PEM is the certificate.
func (c *Certificate) PEM() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.leaf.Raw}))
}

// KeyPEM is the key, as PKCS #8.
func (c *Certificate) KeyPEM() string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: must(x509.MarshalPKCS8PrivateKey(c.key))}))
}

// TLS is the certificate of a server in Go.
func (c *Certificate) TLS() tls.Certificate {
	return tls.Certificate{Certificate: [][]byte{c.leaf.Raw}, PrivateKey: c.key, Leaf: c.leaf}
}
