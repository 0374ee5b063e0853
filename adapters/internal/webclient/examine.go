package webclient

import (
	"context"
	"crypto/tls"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"cognito-user-migration/adapters/internal/examine"
	"cognito-user-migration/ports"
)

// Examination examines the addresses of a service, by variable.
type Examination struct {
	Transport Transport
	URLs      map[string]URL
	Probe     ports.Probe
}

// Steps returns the examination of the connection and of the certificates.
func (e Examination) Steps() [][]examine.Step {
	return [][]examine.Step{
		examine.One(ports.AspectReached, func(ctx context.Context) ports.Examined { return e.all(ctx, e.reached) }),
		examine.One(ports.AspectCertificate, func(ctx context.Context) ports.Examined { return e.all(ctx, e.certificate) }),
	}
}

// all examines one address of each host, and returns the worst result.
func (e Examination) all(ctx context.Context, question func(context.Context, string, *url.URL) ports.Examined) ports.Examined {
	order := []ports.ExaminedStatus{ports.ExaminedSkip, ports.ExaminedPass, ports.ExaminedWarn, ports.ExaminedFail}
	var worst ports.Examined
	asked := make(map[string]bool)
	for _, variable := range e.variables() {
		address := e.URLs[variable].Parsed()
		if asked[hostPort(address)] {
			continue
		}
		asked[hostPort(address)] = true
		found := question(ctx, variable, address)
		if worst.Status == "" || slices.Index(order, found.Status) > slices.Index(order, worst.Status) {
			worst = found
		}
	}
	return worst
}

func (e Examination) variables() []string {
	var names []string
	for name, address := range e.URLs {
		if address != "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// hostPort is the host and the port of an address. A placeholder in the host
// stays as it is.
func hostPort(address *url.URL) string {
	if address.Port() != "" {
		return address.Host
	}
	if address.Scheme == "http" {
		return address.Hostname() + ":80"
	}
	return strings.TrimSuffix(address.Host, ":") + ":443"
}

func (e Examination) reached(ctx context.Context, variable string, address *url.URL) ports.Examined {
	proxy, err := http.ProxyFromEnvironment(&http.Request{URL: address})
	if err == nil && proxy != nil {
		return examine.Dial(ctx, hostPort(proxy), "HTTPS_PROXY")
	}
	return examine.Dial(ctx, hostPort(address), e.Probe.Variable(variable))
}

func (e Examination) certificate(ctx context.Context, variable string, address *url.URL) ports.Examined {
	if address.Scheme != "https" {
		return examine.Skip("the connection has no TLS")
	}
	config, err := e.Transport.tlsConfig()
	if err != nil {
		return examine.Fail(err.Error(), "correct the variable")
	}
	return examine.Certificate(ctx, examine.Trust{
		Config: config, Host: address.Hostname(), Variable: e.Probe.Variable, Address: variable, Now: e.Probe.Now,
	}, func(ctx context.Context, config *tls.Config) error {
		transport := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: config, DisableKeepAlives: true}
		defer transport.CloseIdleConnections()
		// The handshake fails before the request is sent.
		request, err := http.NewRequestWithContext(ctx, http.MethodHead, address.Scheme+"://"+address.Host, http.NoBody)
		if err != nil {
			return err
		}
		response, err := transport.RoundTrip(request)
		if err == nil {
			_ = response.Body.Close()
		}
		return err
	})
}
