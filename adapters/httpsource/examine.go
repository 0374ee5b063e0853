package httpsource

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"

	"cognito-user-migration/adapters/internal/examine"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

// Examiner returns the examination of this kind of source.
func Examiner() parts.Examiner {
	return parts.Examiner{Kind: "http", Examine: func(ctx context.Context, settings parts.SourceSettings, options parts.SourceOptions, probe ports.Probe) []ports.Examined {
		given, ok := settings.(*Settings)
		if !ok {
			return nil
		}
		opening := *given
		opening.VerifiedContacts = options.Rules.VerifiedContacts
		e := examination{settings: opening, options: options, probe: probe}
		steps := webclient.Examination{Transport: given.Transport, URLs: map[string]webclient.URL{"URL": given.URL, "PROFILE_URL": given.ProfileURL}, Probe: probe}.Steps()
		return examine.Run(ctx, append(steps, examine.One(ports.AspectCredentials, e.credentials), examine.One(ports.AspectLookUp, e.lookUp))...)
	}}
}

// examination examines one service.
type examination struct {
	settings Settings
	options  parts.SourceOptions
	probe    ports.Probe
	// finding and err are the answer to the first question.
	finding domain.Finding
	err     error
}

// credentials asks the service once, and judges whether it accepts the function.
// A contract without look-ups is asked about a random text as password, for a
// user who does not exist.
func (e *examination) credentials(ctx context.Context) ports.Examined {
	directory, err := Open(e.options.Name, e.settings)
	if err != nil {
		return examine.Fail(err.Error(), "correct the settings")
	}
	if e.settings.LooksUp() {
		e.finding, e.err = directory.FindUser(ctx, e.probe.Username)
	} else {
		e.finding, e.err = directory.Authenticate(ctx, "migratectl-doctor-"+rand.Text(), domain.NewPassword("-"+rand.Text()))
	}
	fault, _ := errors.AsType[*webclient.Fault](e.err)
	if fault != nil && (fault.Status == http.StatusUnauthorized || fault.Status == http.StatusForbidden) {
		return examine.Fail(e.err.Error(), "correct "+e.sent()+": the service does not accept the function")
	}
	if fault != nil && fault.Status == 0 && errors.Is(fault, ports.ErrMisconfigured) {
		return examine.Fail(e.err.Error(), "correct "+e.probe.Variable("CLIENT_CERTIFICATE")+" and "+e.probe.Variable("CLIENT_KEY")+", if the service demands a client certificate")
	}
	return examine.Pass("the service does not reject the function's credentials (" + e.sent() + ")")
}

// sent names the variables by which the function proves who it is.
func (e *examination) sent() string {
	switch s := e.settings; {
	case !s.APIToken.Empty():
		return e.probe.Variable("API_TOKEN")
	case s.BasicUsername != "":
		return e.probe.Variable("BASIC_USERNAME") + " and " + e.probe.Variable("BASIC_PASSWORD")
	case !s.BearerToken.Empty():
		return e.probe.Variable("BEARER_TOKEN")
	case !s.Headers.Empty():
		return e.probe.Variable("HEADERS")
	case s.Transport.ClientCertificate != "":
		return e.probe.Variable("CLIENT_CERTIFICATE")
	}
	return e.probe.Variable("BEARER_TOKEN") + ", " + e.probe.Variable("BASIC_USERNAME") + " or " + e.probe.Variable("HEADERS") + ": none is set"
}

// lookUp judges the answer.
func (e *examination) lookUp(context.Context) ports.Examined {
	address := e.probe.Variable("URL")
	if e.settings.ProfileURL != "" {
		address = e.probe.Variable("PROFILE_URL")
	}
	fault, _ := errors.AsType[*webclient.Fault](e.err)
	switch {
	case fault != nil && fault.Status/100 == 3:
		return examine.Fail(e.err.Error(), "set "+address+" to the address that the service redirects to: redirects are not followed")
	case fault != nil && fault.Status >= http.StatusInternalServerError:
		return examine.Fail(e.err.Error(), "the service answers with a fault of its own: look at its log")
	case fault != nil && errors.Is(fault, ports.ErrUnreachable):
		return examine.Fail(e.err.Error(), "the answer must follow the contract "+string(e.settings.Contract)+" (docs/sources/http.md): check "+address+" and "+e.probe.Variable("CONTRACT"))
	case e.err != nil:
		return examine.Fail(e.err.Error(), "correct "+address+" and "+e.probe.Variable("CONTRACT")+", or give the code a meaning in "+e.probe.Variable("ERROR_CODES"))
	case e.settings.LooksUp():
		return examine.Found(e.probe, e.finding, e.options.Rules, nil)
	case e.finding.Kind == domain.PasswordAccepted:
		return examine.Fail("the service accepts an unknown user with any password", "check "+address+": the service does not check passwords")
	}
	return examine.Pass("the service refuses an unknown user, as expected")
}
