package examine

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"cognito-user-migration/ports"
)

// soon is the remaining validity of a certificate below which it is a warning.
const soon = 30 * 24 * time.Hour

// Dial opens a connection and closes it. variable is the setting that has the
// address.
func Dial(ctx context.Context, address, variable string) ports.Examined {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return Unreached(address, variable, err)
	}
	_ = conn.Close()
	return Pass(address + " accepts connections")
}

// Unreached explains the error of a connection that was not made.
func Unreached(address, variable string, err error) ports.Examined {
	host, _, _ := net.SplitHostPort(address)
	if failure, ok := errors.AsType[*net.DNSError](err); ok {
		if failure.IsNotFound {
			return Fail("the host name "+host+" does not exist in DNS",
				"correct "+variable+"; a private name exists only inside its network: run doctor there, and put the function into that VPC")
		}
		return Fail("the host name "+host+" cannot be resolved: DNS does not answer", "check the network and its DNS server")
	}
	network, ok := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, context.DeadlineExceeded), ok && network.Timeout():
		return Fail(address+" does not answer", "check "+variable+", the route, the VPN and the security groups; the function may reach what this machine cannot")
	case errors.Is(err, syscall.ECONNREFUSED):
		return Fail(address+" refuses connections", "start the server, or correct host and port in "+variable)
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return Fail("there is no route to "+address, "correct "+variable+", or connect this machine and the function to that network")
	}
	return Fail(address+" cannot be reached", "check "+variable+", the network and the proxy (HTTPS_PROXY)")
}

// errSeen ends a handshake.
var errSeen = errors.New("the certificate was seen")

// Trust is how a certificate is judged.
type Trust struct {
	// Config is the function's own configuration.
	Config *tls.Config
	// Host is the name that the certificate must have.
	Host string
	// Variable returns a variable's full name. Address is the variable of the address.
	Variable func(string) string
	Address  string
	Now      time.Time
}

// Certificate makes a handshake by connect, and judges the certificate. The handshake
// accepts any certificate, because it ends the connection before anything is sent.
func Certificate(ctx context.Context, trust Trust, connect func(context.Context, *tls.Config) error) ports.Examined {
	var seen atomic.Pointer[tls.ConnectionState]
	config := trust.Config.Clone()
	config.InsecureSkipVerify = true
	config.VerifyConnection = func(state tls.ConnectionState) error {
		seen.Store(&state)
		return errSeen
	}
	err := connect(ctx, config)
	if state := seen.Load(); state != nil && len(state.PeerCertificates) > 0 {
		return judge(trust, state)
	}
	return noHandshake(ctx, trust, err)
}

func noHandshake(ctx context.Context, trust Trust, err error) ports.Examined {
	variable := trust.Variable(trust.Address)
	if ctx.Err() != nil {
		return Fail("the server does not answer the TLS handshake", "check the port in "+variable+": the server may expect another protocol there")
	}
	text := ""
	if err != nil {
		text = err.Error()
	}
	switch {
	case strings.Contains(text, "protocol version"):
		return Fail("the server offers no version of TLS that is accepted", "switch TLS 1.2 or newer on at the server")
	case strings.Contains(text, "handshake failure"):
		return Fail("server and function have no TLS cipher in common, or the server demands a client certificate", "allow the ciphers of TLS 1.2 or 1.3 at the server, or set the client certificate")
	}
	return Fail("the server does not speak TLS on this port", "switch TLS on at the server, or correct scheme and port in "+variable)
}

// judge verifies the certificate as the function does, and names every problem.
func judge(trust Trust, state *tls.ConnectionState) ports.Examined {
	leaf, now := state.PeerCertificates[0], trust.Now
	intermediates := x509.NewCertPool()
	for _, certificate := range state.PeerCertificates[1:] {
		intermediates.AddCert(certificate)
	}
	var problems, remedies []string
	add := func(problem, remedy string) {
		problems, remedies = append(problems, problem), append(remedies, remedy)
	}
	at := now
	switch {
	case now.After(leaf.NotAfter):
		at = leaf.NotAfter
		add(fmt.Sprintf("the certificate expired on %s (%s ago)", day(leaf.NotAfter), days(now.Sub(leaf.NotAfter))), "renew the server's certificate, and let the server load it")
	case now.Before(leaf.NotBefore):
		at = leaf.NotBefore
		add("the certificate is not valid before "+day(leaf.NotBefore), "check the clock of this machine, or install a certificate that is valid now")
	}
	if err := leaf.VerifyHostname(trust.Host); err != nil {
		add("the certificate is for "+names(leaf)+", not for "+trust.Host, "use a name of the certificate in "+trust.Variable(trust.Address)+", or issue a certificate for "+trust.Host)
	}
	chains, err := leaf.Verify(x509.VerifyOptions{Roots: trust.Config.RootCAs, Intermediates: intermediates, CurrentTime: at})
	ends := leaf.NotAfter
	switch {
	case err != nil && expiredAbove(state.PeerCertificates[1:], at):
		add("a certificate of the authorities expired", "install the current certificates of the authority at the server, or set "+trust.Variable("CA_BUNDLE"))
	case err != nil && trust.Config.RootCAs != nil:
		add("no authority in "+trust.Variable("CA_BUNDLE")+" signed the certificate", "put the certificate of the authority that signed it into "+trust.Variable("CA_BUNDLE")+"; the server must send the intermediate certificates")
	case err != nil:
		add("no public authority signed the certificate", "set "+trust.Variable("CA_BUNDLE")+" to the certificate of the authority that signed it")
	default:
		ends = earliest(chains)
	}
	version := tls.VersionName(state.Version)
	left := ends.Sub(now)
	switch {
	case len(problems) > 0 && trust.Config.InsecureSkipVerify:
		return Warn(strings.Join(problems, "; ")+"; it is not verified ("+trust.Variable("TLS")+"=unverified)", strings.Join(remedies, "; "))
	case len(problems) > 0:
		return Fail(strings.Join(problems, "; "), strings.Join(remedies, "; "))
	case left < soon:
		return Warn(fmt.Sprintf("%s; the certificate expires in %s, on %s", version, days(left), day(ends)), "renew the server's certificate before "+day(ends))
	}
	return Pass(fmt.Sprintf("%s; the certificate is valid for %s, until %s", version, days(left), day(ends)))
}

// expiredAbove reports whether one of the authorities' certificates is out of
// date.
func expiredAbove(certificates []*x509.Certificate, at time.Time) bool {
	return slices.ContainsFunc(certificates, func(c *x509.Certificate) bool { return at.After(c.NotAfter) })
}

// earliest returns the end of the chain that is valid for the longest time.
func earliest(chains [][]*x509.Certificate) time.Time {
	var best time.Time
	for _, chain := range chains {
		end := chain[0].NotAfter
		for _, certificate := range chain[1:] {
			if certificate.NotAfter.Before(end) {
				end = certificate.NotAfter
			}
		}
		if end.After(best) {
			best = end
		}
	}
	return best
}

// names lists whom a certificate is for.
func names(certificate *x509.Certificate) string {
	const most = 4
	listed := append([]string(nil), certificate.DNSNames...)
	for _, address := range certificate.IPAddresses {
		listed = append(listed, address.String())
	}
	if len(listed) > most {
		listed = append(listed[:most], "…")
	}
	if len(listed) == 0 {
		return "no host (it has no subject alternative name)"
	}
	return strings.Join(listed, ", ")
}

func day(at time.Time) string { return at.UTC().Format(time.DateOnly) }

// days returns a duration in whole days.
func days(d time.Duration) string {
	switch n := int(d / (24 * time.Hour)); n {
	case 0:
		return "less than a day"
	case 1:
		return "1 day"
	default:
		return fmt.Sprintf("%d days", n)
	}
}
