// Package httpsource makes a service of one's own a source, asked by HTTP in one
// of the contracts that such services already speak: keycloak-user-migration's,
// FusionAuth's generic connector's, and the password hooks of Ory Kratos and
// Okta. It imports domain and ports.
package httpsource

import (
	"context"
	"encoding/json"
	"net/http"
	"net/mail"
	"net/url"
	"strings"

	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

var _ ports.SourceDirectory = (*Directory)(nil)

// adapter is how errors call this one; lookUp and proof are what it asks for.
const (
	adapter = "HTTP source"
	lookUp  = "look-up"
	proof   = "password"
)

// Directory is a service as [ports.SourceDirectory].
type Directory struct {
	name   string
	client *webclient.Client
	// base is where the service is, or what stands before a username there.
	base *url.URL
	contract
	// profiles reads what a look-up answers; nil where there is no look-up.
	profiles func([]byte) (*domain.SourceUser, error)
	// profileAt is where the look-up of a username is asked for.
	profileAt func(username string) string
}

// contract is how a service is asked about a password.
type contract interface {
	// question is the body of the request; user is what the look-up found, or
	// the name that was typed where there is none.
	question(user domain.SourceUser, typed, password string) any
	// address is where it goes.
	address(base *url.URL, user domain.SourceUser) string
	// answer reads what came back, and the user where the answer holds one.
	// Neither a kind nor an error is a status that means nothing. An error's
	// text is of ours.
	answer(answer webclient.Answer) (domain.FindingKind, *domain.SourceUser, error)
}

// Open returns the service that the settings name. It asks nothing yet.
func Open(name string, settings Settings) (*Directory, error) {
	header, err := settings.header()
	if err != nil {
		return nil, err
	}
	client, err := webclient.New(adapter, settings.Transport, header)
	if err != nil {
		return nil, err
	}
	d := &Directory{name: name, client: client, base: settings.URL.Parsed()}
	switch settings.Contract {
	case Keycloak:
		d.contract = keycloak{by: settings.PasswordBy}
		d.profiles = readKeycloakUser
		d.profileAt = func(username string) string { return below(d.base, username) }
	case FusionAuth:
		d.contract = fusionAuth{applicationID: settings.ApplicationID}
	case Kratos:
		d.contract = kratos{}
	case Okta:
		d.contract = okta{}
	}
	if settings.ProfileURL != "" {
		d.profiles = readProfile
		d.profileAt = func(username string) string { return fill(string(settings.ProfileURL), username) }
	}
	return d, nil
}

// Authenticate implements [ports.SourceDirectory]. The profile comes first where
// there is one: then the password is not sent about somebody who is not there,
// and what the service says to our own credentials is told from what it says to
// the password.
func (d *Directory) Authenticate(ctx context.Context, username string, password domain.Password) (domain.Finding, error) {
	if err := ctx.Err(); err != nil {
		return domain.Finding{}, ports.NotJudged(err)
	}
	if username == "" || password.Empty() {
		return d.found(domain.PasswordWrong), nil
	}
	ctx = ports.WithinAttempt(ctx)
	user := named(username)
	if d.profiles != nil {
		finding, err := d.FindUser(ctx, username)
		if err != nil || finding.Kind != domain.UserFound {
			return finding, ports.NotJudged(err) // the password was not sent
		}
		if user = finding.User; !user.Enabled {
			finding.Kind = domain.UserDisabled
			return finding, nil
		}
	}
	body, err := json.Marshal(d.question(user, username, password.Reveal()))
	if err != nil {
		return domain.Finding{}, d.client.Malformed(proof, "the question cannot be written")
	}
	answer, err := d.client.Post(ctx, proof, d.address(d.base, user), body)
	if err != nil {
		return domain.Finding{}, err
	}
	kind, proved, err := d.answer(answer)
	switch {
	case err != nil:
		return domain.Finding{}, d.client.Malformed(proof, err.Error())
	case kind == 0:
		return domain.Finding{}, d.client.Status(proof, answer.Status)
	case proved != nil:
		user = *proved
	}
	finding := d.found(kind)
	switch kind { //nolint:exhaustive // nobody is shown with the others
	case domain.PasswordAccepted, domain.MFARequired, domain.TemporaryPasswordAccepted, domain.ResetRequired:
		finding.Kind, finding.User = settled(kind, user), user
	}
	return finding, nil
}

// settled reads a password that was right in the light of the profile. These
// contracts ask about the password alone, so a second factor that is switched on
// is still to be asked for.
func settled(kind domain.FindingKind, user domain.SourceUser) domain.FindingKind {
	switch {
	case kind != domain.PasswordAccepted:
		return kind
	case len(user.MFA) > 0:
		return domain.MFARequired
	case user.Status == domain.StatusForceChangePassword:
		return domain.TemporaryPasswordAccepted
	case user.Status == domain.StatusResetRequired:
		return domain.ResetRequired
	default:
		return kind
	}
}

// FindUser implements [ports.SourceDirectory]. A service that answers about
// passwords alone cannot tell who is there without one, which is not to say that
// a user is unknown.
func (d *Directory) FindUser(ctx context.Context, username string) (domain.Finding, error) {
	if err := ctx.Err(); err != nil {
		return domain.Finding{}, err
	}
	if d.profiles == nil {
		return d.found(domain.LookUpUnsupported), nil
	}
	if username == "" || climbs(username) {
		return d.found(domain.UserUnknown), nil
	}
	answer, err := d.client.Get(ctx, lookUp, d.profileAt(username))
	if err != nil {
		return domain.Finding{}, err
	}
	switch {
	case answer.Status == http.StatusOK:
	case isNobody(answer.Status, username):
		return d.found(domain.UserUnknown), nil
	default:
		return domain.Finding{}, d.client.Status(lookUp, answer.Status)
	}
	user, err := d.profiles(answer.Body)
	switch {
	case err != nil:
		return domain.Finding{}, d.client.Malformed(lookUp, err.Error())
	case user == nil:
		return d.found(domain.UserUnknown), nil
	}
	finding := d.found(domain.UserFound)
	finding.User = *user
	return finding, nil
}

// isNobody holds for the answer to a look-up of somebody who is not there. 400 is
// what web servers say of a path that they do not like, and of a request without
// TLS or a certificate too: it is nobody where the name could be the reason, and
// a fault of the settings otherwise.
func isNobody(status int, username string) bool {
	switch status {
	case http.StatusNoContent, http.StatusNotFound, http.StatusGone, http.StatusUnprocessableEntity:
		return true
	case http.StatusBadRequest:
		return strings.ContainsFunc(username, isControl) || strings.ContainsAny(username, "/\\%;\t")
	default:
		return false
	}
}

// Warm opens the connection, so that the first attempt finds it.
func (d *Directory) Warm(ctx context.Context) error {
	return d.client.Connect(ctx, d.base.String())
}

func (d *Directory) found(kind domain.FindingKind) domain.Finding {
	return domain.Finding{Kind: kind, Source: d.name}
}

// named is somebody of whom nothing is known but the name that was typed, which
// the service took. Where it is an email address it is theirs, unproved.
func named(username string) domain.SourceUser {
	user := domain.SourceUser{Username: username, Enabled: true, Attributes: domain.Attributes{}}
	if address, err := mail.ParseAddress(username); err == nil && address.Address == username {
		user.Attributes["email"] = username
	}
	return user
}

// below is the address of one name below another address. Whatever the name
// holds, it stays one segment of the path.
func below(base *url.URL, name string) string {
	address := *base
	address.Path = strings.TrimSuffix(base.Path, "/") + "/" + name
	address.RawPath = strings.TrimSuffix(base.EscapedPath(), "/") + "/" + url.PathEscape(name)
	return address.String()
}

// fill puts a username into an address with a placeholder for it, escaped for
// the part that it stands in.
func fill(address, username string) string {
	path, query, _ := strings.Cut(address, "?")
	path = strings.ReplaceAll(path, placeholder, url.PathEscape(username))
	if query == "" {
		return path
	}
	return path + "?" + strings.ReplaceAll(query, placeholder, url.QueryEscape(username))
}

// climbs holds for a name with a segment . or .. in it. Escaped or not, there are
// servers and proxies that follow it to another path; nobody has such a name.
func climbs(name string) bool {
	for _, segment := range strings.FieldsFunc(name, func(r rune) bool { return r == '/' || r == '\\' }) {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}
