package httpsource

import (
	"context"
	"errors"
	"net/http"

	"cognito-user-migration/adapters/internal/examine"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

// Examiner returns the examination of this kind of source.
func Examiner() parts.Examiner { return examine.Kind("http", examined) }

func examined(ctx context.Context, subject examine.Subject[*Settings]) []ports.Examined {
	e := examination{Subject: subject}
	urls := map[string]webclient.URL{"URL": e.Settings.URL, "PROFILE_URL": e.Settings.ProfileURL}
	steps := webclient.Examination{Transport: e.Settings.Transport, URLs: urls, Probe: e.Probe}.Steps()
	return examine.Run(ctx, append(steps, examine.One(ports.AspectCredentials, e.credentials), examine.One(ports.AspectLookUp, e.lookUp))...)
}

// examination examines one service.
type examination struct {
	examine.Subject[*Settings]
	// finding and err are the answer to the first question.
	finding domain.Finding
	err     error
}

// credentials asks the service once, and judges whether it accepts the function.
// A contract without look-ups is asked about a user who does not exist.
func (e *examination) credentials(ctx context.Context) ports.Examined {
	directory, err := e.Settings.open(e.Options)
	if err != nil {
		return examine.Fail(err.Error(), "correct the settings")
	}
	if e.Settings.LooksUp() {
		e.finding, e.err = directory.FindUser(ctx, e.Probe.Username)
	} else {
		username, password := examine.Stranger()
		e.finding, e.err = directory.Authenticate(ctx, username, password)
	}
	fault, _ := errors.AsType[*webclient.Fault](e.err)
	if fault != nil && (fault.Status == http.StatusUnauthorized || fault.Status == http.StatusForbidden) {
		return examine.Fail(e.err.Error(), "correct "+e.sent()+": the service does not accept the function")
	}
	if fault != nil && fault.Status == 0 && errors.Is(fault, ports.ErrMisconfigured) {
		return examine.Fail(e.err.Error(), "correct "+e.Variable("CLIENT_CERTIFICATE")+" and "+e.Variable("CLIENT_KEY")+", if the service demands a client certificate")
	}
	return examine.Pass("the service does not reject the function's credentials (" + e.sent() + ")")
}

// sent names the variables by which the function proves who it is.
func (e *examination) sent() string {
	switch s := e.Settings; {
	case !s.APIToken.Empty():
		return e.Variable("API_TOKEN")
	case s.BasicUsername != "":
		return e.Variable("BASIC_USERNAME") + " and " + e.Variable("BASIC_PASSWORD")
	case !s.BearerToken.Empty():
		return e.Variable("BEARER_TOKEN")
	case !s.Headers.Empty():
		return e.Variable("HEADERS")
	case s.Transport.ClientCertificate != "":
		return e.Variable("CLIENT_CERTIFICATE")
	}
	return e.Variable("BEARER_TOKEN") + ", " + e.Variable("BASIC_USERNAME") + " or " + e.Variable("HEADERS") + ": none is set"
}

// lookUp judges the answer.
func (e *examination) lookUp(context.Context) ports.Examined {
	address := e.Variable("URL")
	if e.Settings.ProfileURL != "" {
		address = e.Variable("PROFILE_URL")
	}
	fault, _ := errors.AsType[*webclient.Fault](e.err)
	switch {
	case fault != nil && fault.Status/100 == 3:
		return examine.Fail(e.err.Error(), "set "+address+" to the address that the service redirects to: redirects are not followed")
	case fault != nil && fault.Status >= http.StatusInternalServerError:
		return examine.Fail(e.err.Error(), "the service answers with a fault of its own: look at its log")
	case fault != nil && errors.Is(fault, ports.ErrUnreachable):
		return examine.Fail(e.err.Error(), "the answer must follow the contract "+string(e.Settings.Contract)+" (docs/sources/http.md): check "+address+" and "+e.Variable("CONTRACT"))
	case e.err != nil:
		return examine.Fail(e.err.Error(), "correct "+address+" and "+e.Variable("CONTRACT")+", or give the code a meaning in "+e.Variable("ERROR_CODES"))
	case e.Settings.LooksUp():
		return examine.Found(e.Probe, e.finding, e.Options.Rules, nil)
	}
	return examine.Refusal{
		Service: "the service", Saw: "the service refuses an unknown user, as expected",
		IfAccepted: "check " + address + ": the service does not check passwords",
		IfOther:    "check " + e.Variable("ERROR_CODES") + " and what the service answers about an unknown user",
		Expected:   []domain.FindingKind{domain.SignInDenied},
	}.Judge(e.finding.Kind)
}
