package firebasesource

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"slices"

	"cognito-user-migration/adapters/internal/examine"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

// Examiner returns the examination of this kind of source.
func Examiner() parts.Examiner {
	return parts.Examiner{Kind: "firebase", Examine: func(ctx context.Context, settings parts.SourceSettings, options parts.SourceOptions, probe ports.Probe) []ports.Examined {
		given, ok := settings.(*Settings)
		if !ok {
			return nil
		}
		opening := *given
		opening.Rules = options.Rules
		e := examination{settings: opening, options: options, probe: probe}
		steps := webclient.Examination{Transport: given.Transport, URLs: given.addresses(), Probe: e.network()}.Steps()
		return examine.Run(ctx, append(steps, examine.One(ports.AspectCredentials, e.credentials), examine.One(ports.AspectLookUp, e.lookUp))...)
	}}
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
	settings  Settings
	options   parts.SourceOptions
	probe     ports.Probe
	directory *Directory
}

// network is the probe for the connection.
func (e *examination) network() ports.Probe {
	probe := e.probe
	probe.Variable = func(name string) string {
		if name == ofGoogle {
			return "the network's access to the internet"
		}
		return e.probe.Variable(name)
	}
	return probe
}

// credentials requests a token of the service account. It tries the API key with a
// user who does not exist and a random password.
func (e *examination) credentials(ctx context.Context) ports.Examined {
	directory, err := Open(e.options.Name, e.settings)
	if err != nil {
		return examine.Fail(err.Error(), "correct the settings")
	}
	e.directory = directory
	if directory.tokens != nil {
		if _, err := directory.token(ctx); err != nil {
			return examine.Fail(err.Error(), "create a new key of the service account, and store it as "+e.probe.Variable("SERVICE_ACCOUNT"))
		}
	}
	finding, err := directory.Authenticate(ctx, "migratectl-doctor-"+rand.Text()+"@example.com", domain.NewPassword("-"+rand.Text()))
	expected := []domain.FindingKind{domain.PasswordWrong, domain.UserUnknown, domain.LockedOut, domain.ChallengeUnsupported}
	switch {
	case err != nil:
		return examine.Fail(err.Error(), e.remedy(err))
	case finding.Kind == domain.PasswordAccepted:
		return examine.Fail("the service accepts an unknown user with any password", "check "+e.probe.Variable("EMULATOR_HOST")+": the service does not check passwords")
	case !slices.Contains(expected, finding.Kind):
		return examine.Warn("the service answered "+finding.Kind.String()+" about a user who does not exist", "check "+e.probe.Variable("ERROR_CODES")+" and the project's blocking functions")
	}
	return examine.Pass("Firebase accepts " + e.sent() + ", and refuses an unknown user")
}

// sent names the variables by which the function proves who it is.
func (e *examination) sent() string {
	if e.settings.ServiceAccount.Empty() {
		return e.probe.Variable("API_KEY")
	}
	return e.probe.Variable("API_KEY") + " and " + e.probe.Variable("SERVICE_ACCOUNT")
}

// remedy says what to do about an error. Most errors name their cause.
func (e *examination) remedy(err error) string {
	switch {
	case errors.Is(err, ports.ErrThrottled):
		return "wait, or raise the quota of the Identity Toolkit API in the Google Cloud console"
	case errors.Is(err, ports.ErrUnreachable):
		return "try again; status.firebase.google.com tells about outages"
	}
	return "correct " + e.probe.Variable("API_KEY") + ", " + e.probe.Variable("PROJECT_ID") + " or " + e.probe.Variable("TENANT_ID") + " (docs/sources/firebase.md)"
}

// lookUp looks the user up without a password.
func (e *examination) lookUp(ctx context.Context) ports.Examined {
	finding, err := e.directory.FindUser(ctx, e.probe.Username)
	if err == nil {
		return examine.Found(e.probe, finding, e.options.Rules, nil)
	}
	fault, _ := errors.AsType[*webclient.Fault](err)
	if fault != nil && (fault.Status == http.StatusForbidden || fault.Status == http.StatusUnauthorized) {
		return examine.Fail(err.Error(), "give the service account the role roles/firebaseauth.viewer in the project of the users")
	}
	return examine.Fail(err.Error(), e.remedy(err))
}
