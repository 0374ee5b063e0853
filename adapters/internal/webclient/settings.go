package webclient

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"cognito-user-migration/adapters/internal/pemfile"
	"cognito-user-migration/domain"
)

// Transport are the variables for connecting to a service.
type Transport struct {
	CABundle          pemfile.Text  `env:"CA_BUNDLE" takes:"PEM, or the path of a PEM file" desc:"Certificate authorities to trust for the source, instead of the public ones."`
	ClientCertificate pemfile.Text  `env:"CLIENT_CERTIFICATE" takes:"PEM, or the path of a PEM file" desc:"The client certificate that authenticates the function to the source."`
	ClientKey         domain.Secret `env:"CLIENT_KEY" takes:"PEM, or the path of a PEM file" desc:"The private key of \u0060CLIENT_CERTIFICATE\u0060."`
	AllowPlaintext    bool          `env:"ALLOW_PLAINTEXT" envDefault:"false" takes:"true, false" desc:"Allow http: passwords are sent to the source without TLS."`
}

// Validate checks combinations of variables; urls has the URLs of the adapter's
// own settings, by variable.
func (t *Transport) Validate(variable func(string) string, urls map[string]URL) []error {
	var problems []error
	if (t.ClientCertificate == "") != t.ClientKey.Empty() {
		problems = append(problems, errors.New(variable("CLIENT_CERTIFICATE")+": is required with "+variable("CLIENT_KEY")+"; set both or neither"))
	}
	if len(problems) == 0 {
		if _, err := t.tlsConfig(); err != nil {
			names, what, _ := strings.Cut(err.Error(), ": ")
			own := strings.Split(names, ", ")
			for i := range own {
				own[i] = variable(own[i])
			}
			problems = append(problems, errors.New(strings.Join(own, ", ")+": "+what))
		}
	}
	for name, address := range urls {
		if address.plain() && !t.AllowPlaintext {
			problems = append(problems, errors.New(variable(name)+": expected an https URL; passwords would be sent in the clear. To allow that, set "+variable("ALLOW_PLAINTEXT")+"=true"))
		}
	}
	return problems
}

// Allows reports whether a request may go to an address that the service itself
// returned.
func (t *Transport) Allows(address string) bool {
	_, err := parse(address)
	return err == nil && (t.AllowPlaintext || !URL(address).plain())
}

// Warnings lists settings that are valid but unwise.
func (t *Transport) Warnings(variable func(string) string) []string {
	if t.AllowPlaintext {
		return []string{variable("ALLOW_PLAINTEXT") + "=true: anyone on the network path to the source can read the passwords"}
	}
	return nil
}

// tlsConfig reads the certificates. Its errors describe the problem and contain
// nothing of a key.
func (t *Transport) tlsConfig() (*tls.Config, error) {
	authorities, err := t.CABundle.Authorities()
	if err != nil {
		return nil, fmt.Errorf("CA_BUNDLE: %w", err)
	}
	config := &tls.Config{MinVersion: minTLS, RootCAs: authorities}
	if t.ClientCertificate != "" {
		certificate, err := t.ClientCertificate.Read()
		if err != nil {
			return nil, fmt.Errorf("CLIENT_CERTIFICATE: %w", err)
		}
		key, err := pemfile.Text(t.ClientKey.Reveal()).Read()
		if err != nil {
			return nil, fmt.Errorf("CLIENT_KEY: %w", err)
		}
		pair, err := tls.X509KeyPair(certificate, key)
		if err != nil {
			return nil, errors.New("CLIENT_CERTIFICATE, CLIENT_KEY: expected a certificate and its private key, both in PEM")
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return config, nil
}

// URL is the address of a service.
type URL string

// UnmarshalText implements [encoding.TextUnmarshaler]. The error does not
// repeat the value, which may contain a token.
func (u *URL) UnmarshalText(text []byte) error {
	if _, err := parse(string(text)); err != nil {
		return err
	}
	*u = URL(text)
	return nil
}

// Parsed returns the address as a [url.URL].
func (u URL) Parsed() *url.URL {
	parsed, err := parse(string(u))
	if err != nil {
		return &url.URL{} // UnmarshalText accepted it, so this is impossible
	}
	return parsed
}

func parse(text string) (*url.URL, error) {
	address, err := url.Parse(text)
	if err != nil || address.Scheme != "https" && address.Scheme != "http" || address.Hostname() == "" {
		return nil, errors.New("expected an https URL")
	}
	if address.User != nil || address.Fragment != "" || strings.Contains(text, "#") {
		return nil, errors.New("expected an https URL without username, password and fragment")
	}
	return address, nil
}

// plain reports whether requests to the address leave this machine without TLS.
func (u URL) plain() bool {
	address := u.Parsed()
	if u == "" || address.Scheme == "https" {
		return false
	}
	ip := net.ParseIP(address.Hostname())
	return address.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback())
}
