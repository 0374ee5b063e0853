package firebasesource

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
func Examiner() parts.Examiner { return examine.Kind("firebase", examined) }

func examined(ctx context.Context, subject examine.Subject[*Settings]) []ports.Examined {
	e := examination{Subject: subject}
	steps := webclient.Examination{Transport: e.Settings.Transport, URLs: e.Settings.addresses(), Probe: e.network()}.Steps()
	return examine.Run(ctx, append(steps, examine.One(ports.AspectCredentials, e.credentials), examine.One(ports.AspectLookUp, e.lookUp))...)
}

// ofGoogle stands for the variable of an address that no variable has.
const ofGoogle = "the address of Google's API"

// addresses are the addresses that are asked, by variable.
func (s *Settings) addresses() map[string]webclient.URL {
	addresses := map[string]webclient.URL{"EMULATOR_HOST": webclient.URL(s.emulator())}
	if s.EmulatorHost == "" {
		addresses[ofGoogle] = service
	}
	if account, err := readServiceAccount(s.ServiceAccount); err == nil {
		addresses["SERVICE_ACCOUNT"] = webclient.URL(account.TokenURI)
	}
	return addresses
}

// examination examines one project or tenant.
type examination struct {
	examine.Subject[*Settings]
	directory *Directory
}

// network is the probe for the connection.
func (e *examination) network() ports.Probe {
	probe := e.Probe
	probe.Variable = func(name string) string {
		if name == ofGoogle {
			return "the network's access to the internet"
		}
		return e.Variable(name)
	}
	return probe
}

// credentials requests a token of the service account, and tries the API key with a
// user who does not exist.
func (e *examination) credentials(ctx context.Context) ports.Examined {
	directory, err := e.Settings.open(e.Options)
	if err != nil {
		return examine.Fail(err.Error(), "correct the settings")
	}
	e.directory = directory
	if directory.tokens != nil {
		if _, err := directory.token(ctx); err != nil {
			return examine.Fail(err.Error(), "create a new key of the service account, and store it as "+e.Variable("SERVICE_ACCOUNT"))
		}
	}
	username, password := examine.Stranger()
	finding, err := directory.Authenticate(ctx, username+"@example.com", password)
	if err != nil {
		return examine.Fail(err.Error(), e.remedy(err))
	}
	return examine.Refusal{
		Service: "the service", Saw: "Firebase accepts " + e.sent() + ", and refuses an unknown user",
		IfAccepted: "check " + e.Variable("EMULATOR_HOST") + ": the service does not check passwords",
		IfOther:    "check " + e.Variable("ERROR_CODES") + " and the project's blocking functions",
		Expected:   []domain.FindingKind{domain.ChallengeUnsupported}, // the project's password policy
	}.Judge(finding.Kind)
}

// sent names the variables by which the function proves who it is.
func (e *examination) sent() string {
	if e.Settings.ServiceAccount.Empty() {
		return e.Variable("API_KEY")
	}
	return e.Variable("API_KEY") + " and " + e.Variable("SERVICE_ACCOUNT")
}

// remedy says what to do about an error. Most errors name their cause.
func (e *examination) remedy(err error) string {
	switch {
	case errors.Is(err, ports.ErrThrottled):
		return "wait, or raise the quota of the Identity Toolkit API in the Google Cloud console"
	case errors.Is(err, ports.ErrUnreachable):
		return "try again; status.firebase.google.com tells about outages"
	}
	return "correct " + e.Variable("API_KEY") + ", " + e.Variable("PROJECT_ID") + " or " + e.Variable("TENANT_ID") + " (docs/sources/firebase.md)"
}

// lookUp looks the user up without a password.
func (e *examination) lookUp(ctx context.Context) ports.Examined {
	finding, err := e.directory.FindUser(ctx, e.Probe.Username)
	if err == nil {
		return examine.Found(e.Probe, finding, e.Options.Rules, nil)
	}
	fault, _ := errors.AsType[*webclient.Fault](err)
	if fault != nil && (fault.Status == http.StatusForbidden || fault.Status == http.StatusUnauthorized) {
		return examine.Fail(err.Error(), "give the service account the role roles/firebaseauth.viewer in the project of the users")
	}
	return examine.Fail(err.Error(), e.remedy(err))
}
