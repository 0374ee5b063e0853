// Package httpsource is a source that asks a service over HTTP. A custom service
// implements the contract of keycloak-user-migration, of FusionAuth's generic
// connector, or of the password hooks of Ory Kratos or Okta. Okta and Supabase
// themselves are asked by their own sign-ins. It imports domain and ports.
package httpsource

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"cognito-user-migration/adapters/internal/errorcodes"
	"cognito-user-migration/adapters/internal/profiles"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

var _ ports.SourceDirectory = (*Directory)(nil)

// adapter is this adapter's name in errors; the others are its operations.
const (
	adapter       = "HTTP source"
	lookUp        = "look-up"
	proof         = "password"
	secondFactors = "second factors"
)

// Directory is a service as [ports.SourceDirectory].
type Directory struct {
	name   string
	client *webclient.Client
	// base is the service's URL, or the part before a username.
	base *url.URL
	// codes maps the service's error codes to refusals.
	codes errorcodes.Map
	// vouch says whose verification of contacts counts.
	vouch domain.VerifiedContacts
	contract
	// profiles reads the response to a look-up; nil without look-ups.
	profiles func([]byte) (*domain.SourceUser, error)
	// profileAt returns the URL for looking up a username.
	profileAt func(username string) string
	// profileToken is the value of Authorization in look-ups; empty to send the
	// function's other credentials alone.
	profileToken domain.Secret
	// factorsAt returns the URL of a user's second factors, and factors reads the
	// response; nil if the profile or the sign-in tells them.
	factorsAt func(user domain.SourceUser) string
	factors   func([]byte) ([]domain.MFAMethod, error)
}

// contract is the protocol for asking a service about a password.
type contract interface {
	// question returns the body of the request. user is the result of the
	// look-up, or only the typed name without one.
	question(user domain.SourceUser, typed, password string) any
	// address returns the URL of the request.
	address(base *url.URL, user domain.SourceUser) string
	// answer reads the response, and the user if the response contains one. It
	// returns neither a kind nor an error for a status without meaning. The
	// error's text is our own.
	answer(answer webclient.Answer) (domain.FindingKind, *domain.SourceUser, error)
}

// continuing is a contract whose response can need another request, without the
// password, before the sign-in is complete.
type continuing interface {
	// next returns that request; false if the response is the last one.
	next(base *url.URL, answer webclient.Answer) (address string, body any, more bool)
}

// errLockedOut is the error of a profile that says that the user is locked out.
var errLockedOut = errors.New("locked out")

// Open returns the service that the settings name. It sends nothing.
func Open(name string, settings Settings) (*Directory, error) {
	header, err := settings.header()
	if err != nil {
		return nil, err
	}
	client, err := webclient.New(adapter, settings.Transport, header)
	if err != nil {
		return nil, err
	}
	d := &Directory{name: name, client: client, base: settings.URL.Parsed(), codes: settings.ErrorCodes, vouch: settings.VerifiedContacts}
	switch settings.Contract {
	case Keycloak:
		d.contract = keycloak{by: settings.PasswordBy}
		d.profiles = profiles.Keycloak
		d.profileAt = func(username string) string { return below(d.base, username) }
	case FusionAuth:
		d.contract = fusionAuth{applicationID: settings.ApplicationID}
	case Kratos:
		d.contract = kratos{}
	case Okta:
		d.contract = okta{}
	case OktaAuthn:
		d.contract = oktaAuthn{}
		if !settings.APIToken.Empty() {
			d.profileToken = domain.NewSecret("SSWS " + settings.APIToken.Reveal())
			d.profiles, d.factors = readOktaUser, readOktaFactors
			d.profileAt = func(username string) string { return below(oktaUsers(d.base), username) }
			d.factorsAt = func(user domain.SourceUser) string { return below(oktaUsers(d.base), user.Sub) + "/factors" }
		}
	case Supabase:
		d.contract = supabase{}
	}
	if settings.ProfileURL != "" {
		d.profiles = readProfile
		d.profileAt = func(username string) string { return fill(string(settings.ProfileURL), username) }
	}
	return d, nil
}

var _ profiles.Service = (*Directory)(nil)

// Authenticate implements [ports.SourceDirectory]. If there are look-ups, it
// reads the profile first.
func (d *Directory) Authenticate(ctx context.Context, username string, password domain.Password) (domain.Finding, error) {
	if err := ctx.Err(); err != nil {
		return domain.Finding{}, ports.NotJudged(err)
	}
	ctx = ports.WithinAttempt(ctx)
	switch {
	case username == "" || password.Empty():
		return d.found(domain.PasswordWrong), nil
	case d.profiles == nil:
		return d.Prove(ctx, profiles.Named(username), username, password)
	default:
		return profiles.Authenticate(ctx, d, d.name, d.vouch, username, password)
	}
}

// Prove implements [profiles.Service].
func (d *Directory) Prove(ctx context.Context, user domain.SourceUser, username string, password domain.Password) (domain.Finding, error) {
	answer, err := d.prove(ctx, user, username, password.Reveal())
	if err != nil {
		return domain.Finding{}, err
	}
	if answer, err = d.complete(ctx, answer); err != nil {
		return domain.Finding{}, ports.MaybeJudged(err) // the password was right
	}
	if kind, mapped := d.mapped(answer); mapped {
		return d.found(kind), nil
	}
	kind, proved, err := d.answer(answer)
	if err == nil && kind == 0 {
		kind, _ = said(answer)
	}
	switch {
	case err != nil:
		return domain.Finding{}, d.client.Malformed(proof, err.Error())
	case kind == 0:
		return domain.Finding{}, d.unknown(proof, answer, username, password)
	case proved != nil && d.profiles != nil:
		user.MFA = proved.MFA // the profile of the look-up tells the rest
	case proved != nil:
		user = *proved
	}
	finding := profiles.Proved(d.name, kind, user)
	if finding.Kind == domain.ResetRequired {
		// This sign-in was not completed, so it asked for no second factor.
		return d.withFactors(ctx, finding)
	}
	return finding, nil
}

// complete sends the request that a response asks for, if any.
func (d *Directory) complete(ctx context.Context, answer webclient.Answer) (webclient.Answer, error) {
	contract, continues := d.contract.(continuing)
	if !continues {
		return answer, nil
	}
	address, question, more := contract.next(d.base, answer)
	if !more {
		return answer, nil
	}
	return d.client.PostJSON(ctx, proof, address, nil, question)
}

// withFactors adds the user's second factors to a finding, if the service tells
// them in a response of their own. If it does not answer, they are unknown and the
// user must not migrate.
func (d *Directory) withFactors(ctx context.Context, finding domain.Finding) (domain.Finding, error) {
	if d.factorsAt == nil {
		return finding, nil
	}
	answer, err := d.get(ctx, secondFactors, d.factorsAt(finding.User))
	if err != nil {
		return domain.Finding{}, ports.MaybeJudged(err)
	}
	if answer.Status != http.StatusOK {
		return domain.Finding{}, ports.MaybeJudged(d.client.Status(secondFactors, answer.Status))
	}
	factors, err := d.factors(answer.Body)
	if err != nil {
		return domain.Finding{}, ports.MaybeJudged(d.client.Malformed(secondFactors, err.Error()))
	}
	finding.User.MFA = factors
	return finding, nil
}

// get sends a request about a user's profile.
func (d *Directory) get(ctx context.Context, operation, address string) (webclient.Answer, error) {
	var header http.Header
	if !d.profileToken.Empty() {
		header = http.Header{"Authorization": {d.profileToken.Reveal()}}
	}
	return d.client.Get(ctx, operation, address, header)
}

// ProveNothing implements [profiles.Service].
func (d *Directory) ProveNothing(ctx context.Context, user domain.SourceUser, username string) error {
	if profiles.Climbs(username) {
		return nil // no request about such a name is sent
	}
	_, err := d.prove(ctx, user, username, rand.Text())
	return err
}

// prove asks about a password. A response with any status is not an error.
func (d *Directory) prove(ctx context.Context, user domain.SourceUser, typed, password string) (webclient.Answer, error) {
	return d.client.PostJSON(ctx, proof, d.address(d.base, user), nil, d.question(user, typed, password))
}

// mapped returns the refusal that the operator assigned to a code of the
// response.
func (d *Directory) mapped(answer webclient.Answer) (domain.FindingKind, bool) {
	if answer.Status/100 == 2 {
		return 0, false
	}
	return d.codes.Of(codesOf(answer)...)
}

// codesOf lists the codes of a response, the most specific first: the code in
// its body, then the status.
func codesOf(answer webclient.Answer) []string {
	code, _ := errorcodes.Read(answer.Body).Code()
	return []string{code, strconv.Itoa(answer.Status)}
}

// said reads the usual JSON errors of services. It ignores a status about our credentials, the
// number of requests or the service itself, because such a status says nothing
// about the user.
func said(answer webclient.Answer) (domain.FindingKind, bool) {
	switch answer.Status {
	case http.StatusUnauthorized, http.StatusRequestTimeout, http.StatusTooManyRequests:
		return 0, false
	}
	if answer.Status/100 != 4 {
		return 0, false
	}
	members := errorcodes.Read(answer.Body)
	code, message := members.Code()
	return profiles.Said(code, message, members.Word("message"))
}

// unknown returns the fault for a response that the contract does not define,
// with its code.
func (d *Directory) unknown(operation string, answer webclient.Answer, username string, password domain.Password) error {
	err := d.client.Status(operation, answer.Status)
	fault, ok := errors.AsType[*webclient.Fault](err)
	isOurs := answer.Status == http.StatusUnauthorized || answer.Status == http.StatusForbidden // our credentials
	if !ok || isOurs || answer.Status/100 == 3 || !errors.Is(err, ports.ErrMisconfigured) {
		return err
	}
	for _, code := range codesOf(answer) {
		if fault.Code == "" {
			fault.Code = domain.NewResponseCode(code, username, password)
		}
	}
	return fault
}

// FindUser implements [ports.SourceDirectory]. Without look-ups, it is not
// known whether the user exists.
func (d *Directory) FindUser(ctx context.Context, username string) (domain.Finding, error) {
	if err := ctx.Err(); err != nil {
		return domain.Finding{}, err
	}
	if d.profiles == nil {
		return d.found(domain.LookUpUnsupported), nil
	}
	finding, err := profiles.Find(ctx, d, d.name, d.vouch, username)
	if finding.Kind == domain.UserFound && finding.User.Enabled {
		return d.withFactors(ctx, finding)
	}
	return finding, err
}

// LookUp implements [profiles.Service].
func (d *Directory) LookUp(ctx context.Context, username string) (*domain.SourceUser, domain.FindingKind, error) {
	if username == "" || profiles.Climbs(username) {
		return nil, domain.UserUnknown, nil
	}
	answer, err := d.get(ctx, lookUp, d.profileAt(username))
	if err != nil {
		return nil, 0, err
	}
	if kind, mapped := d.mapped(answer); mapped && profiles.SaysLookUp(kind) {
		return nil, kind, nil
	}
	switch {
	case answer.Status == http.StatusOK:
	case isUnknownUser(answer, username):
		return nil, domain.UserUnknown, nil
	default:
		if kind, known := said(answer); known && profiles.SaysLookUp(kind) {
			return nil, kind, nil
		}
		return nil, 0, d.unknown(lookUp, answer, username, domain.Password{})
	}
	user, err := d.profiles(answer.Body)
	switch {
	case errors.Is(err, errLockedOut):
		return nil, domain.LockedOut, nil
	case err != nil:
		return nil, 0, d.client.Malformed(lookUp, err.Error())
	}
	return user, domain.UserUnknown, nil
}

// LookUpAgain implements [profiles.Service].
func (d *Directory) LookUpAgain(ctx context.Context, username string) error {
	_, err := d.get(ctx, lookUp, d.profileAt(username))
	return err
}

// isUnknownUser reports whether the response to a look-up says that the user
// does not exist. 400 means this if it comes from the service itself. An HTML
// page or plain text comes from a web server or proxy, which also returns 400
// for a request without TLS or a certificate. Then it means an unknown user
// only if the name can be the cause.
func isUnknownUser(answer webclient.Answer, username string) bool {
	switch answer.Status {
	case http.StatusNoContent, http.StatusNotFound, http.StatusGone, http.StatusUnprocessableEntity:
		return true
	case http.StatusBadRequest:
		isServices := len(bytes.TrimSpace(answer.Body)) == 0 || json.Valid(answer.Body)
		return isServices || strings.ContainsFunc(username, isControl) || strings.ContainsAny(username, "/\\%;\t")
	default:
		return false
	}
}

// Warm opens the connection before the first attempt.
func (d *Directory) Warm(ctx context.Context) error {
	return d.client.Connect(ctx, d.base.String())
}

func (d *Directory) found(kind domain.FindingKind) domain.Finding {
	return domain.Finding{Kind: kind, Source: d.name}
}

// below returns the URL of a name below another URL. The name always stays one
// segment of the path.
func below(base *url.URL, name string) string {
	address := *base
	address.Path = strings.TrimSuffix(base.Path, "/") + "/" + name
	address.RawPath = strings.TrimSuffix(base.EscapedPath(), "/") + "/" + url.PathEscape(name)
	return address.String()
}

// fill inserts a username into a URL with a placeholder, escaped for the part
// of the URL.
func fill(address, username string) string {
	path, query, _ := strings.Cut(address, "?")
	path = strings.ReplaceAll(path, placeholder, url.PathEscape(username))
	if query == "" {
		return path
	}
	return path + "?" + strings.ReplaceAll(query, placeholder, url.QueryEscape(username))
}
