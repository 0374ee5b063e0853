// Package firebasesource is a source that asks Firebase Authentication, or
// Google's Identity Platform, live. accounts:signInWithPassword checks the
// password. A service account looks users up without one. It imports domain and
// ports.
package firebasesource

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"unicode"
	"unicode/utf8"

	"cognito-user-migration/adapters/internal/rawjson"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

var _ ports.SourceDirectory = (*Directory)(nil)

// adapter is this adapter's name in errors; the others are its operations.
const (
	adapter   = "Firebase source"
	opSignIn  = "sign-in"
	opProfile = "profile"
	opLookUp  = "look-up"
	opToken   = "service account token"
)

// Directory is a Firebase project, or a tenant of it, as [ports.SourceDirectory].
type Directory struct {
	name     string
	settings Settings
	client   *webclient.Client
	meanings map[string]meaning
	base     string
	// project is the path of the project or its tenant, for look-ups.
	project string
	// tokens are the service account's; nil without one.
	tokens *tokens
}

// Open returns the project that the settings name. It sends nothing.
func Open(name string, settings Settings) (*Directory, error) {
	client, err := webclient.New(adapter, settings.Transport, nil)
	if err != nil {
		return nil, err
	}
	d := &Directory{name: name, settings: settings, client: client, meanings: meanings(), base: settings.base() + "/v1/"}
	project := string(settings.ProjectID)
	if !settings.ServiceAccount.Empty() {
		account, err := readServiceAccount(settings.ServiceAccount)
		if err != nil {
			return nil, errors.New("SERVICE_ACCOUNT: " + err.Error())
		}
		d.tokens = newTokens(account, client)
		if project == "" {
			project = account.ProjectID
		}
	}
	d.project = "projects/" + url.PathEscape(project)
	if settings.TenantID != "" {
		d.project += "/tenants/" + url.PathEscape(string(settings.TenantID))
	}
	return d, nil
}

// Authenticate implements [ports.SourceDirectory]. Firebase takes passwords for
// email addresses only. For any other identifier the user is looked up first. If
// that decides, a sign-in is sent all the same, so that the number of requests
// does not reveal who exists.
func (d *Directory) Authenticate(ctx context.Context, username string, password domain.Password) (domain.Finding, error) {
	if err := ctx.Err(); err != nil {
		return domain.Finding{}, ports.NotJudged(err)
	}
	ctx = ports.WithinAttempt(ctx)
	if username == "" || password.Empty() {
		return d.found(domain.PasswordWrong), nil
	}
	if isEmail(username) {
		return d.signIn(ctx, username, username, "", password)
	}
	finding, err := d.FindUser(ctx, username)
	if err != nil {
		return domain.Finding{}, ports.NotJudged(err) // the password was not sent
	}
	email := finding.User.Attributes["email"]
	switch {
	case finding.Kind == domain.LookUpUnsupported:
		return d.found(domain.UserUnknown), nil // no user signs in by such a name
	case finding.Kind == domain.UserFound && !finding.User.Enabled:
		finding.Kind = domain.UserDisabled
	case finding.Kind == domain.UserFound && finding.User.Status == domain.StatusExternalProvider:
		finding.Kind = domain.UserFederated
	case finding.Kind == domain.UserFound && email == "":
		finding.Kind = domain.PasswordWrong // such a user has no password
	case finding.Kind == domain.UserFound:
		return d.signIn(ctx, username, email, finding.User.Username, password)
	}
	// The password was not sent.
	_, err = d.sendPassword(ctx, rand.Text()+"@example.com", rand.Text())
	return d.found(finding.Kind), ports.NotJudged(err)
}

// signedIn is the response to a sign-in ("accounts.signInWithPassword", Identity
// Platform REST reference). A user with a second factor gets a pending credential
// instead of a token.
type signedIn struct {
	account

	IDToken       string `json:"idToken"`
	MFACredential string `json:"mfaPendingCredential"`
}

// signIn sends the password. id is the ID of the user who was looked up; empty
// without a look-up.
func (d *Directory) signIn(ctx context.Context, username, email, id string, password domain.Password) (domain.Finding, error) {
	answer, err := d.sendPassword(ctx, email, password.Reveal())
	if err != nil {
		return domain.Finding{}, err
	}
	if answer.Status != http.StatusOK {
		kind, err := d.refused(opSignIn, readRefusal(answer), ofSignIn, username, password)
		if err != nil {
			return domain.Finding{}, err
		}
		return d.found(kind), nil
	}
	var given signedIn
	switch {
	case rawjson.Unmarshal(answer.Body, &given) != nil || given.LocalID == "":
		return domain.Finding{}, d.client.Malformed(opSignIn, "the response has no user")
	case id != "" && given.LocalID != id:
		return domain.Finding{}, d.client.Malformed(opSignIn, "the response has another user than the look-up")
	case given.MFACredential != "":
		finding, err := d.pending(ctx, &given)
		return finding, ports.MaybeJudged(err)
	case given.IDToken == "":
		return domain.Finding{}, d.client.Malformed(opSignIn, "the response has no token")
	}
	finding, err := d.profile(ctx, &given)
	return finding, ports.MaybeJudged(err)
}

// sendPassword sends an email address and a password. A response with any status
// is not an error.
func (d *Directory) sendPassword(ctx context.Context, email, password string) (webclient.Answer, error) {
	return d.post(ctx, opSignIn, "accounts:signInWithPassword", "", struct {
		Email    string `json:"email"`
		Password string `json:"password"`
		Secure   bool   `json:"returnSecureToken"`
		TenantID ID     `json:"tenantId,omitempty"`
	}{email, password, true, d.settings.TenantID})
}

// profile reads the profile with the user's own token.
func (d *Directory) profile(ctx context.Context, given *signedIn) (domain.Finding, error) {
	answer, err := d.post(ctx, opProfile, "accounts:lookup", "", map[string]string{"idToken": given.IDToken})
	if err != nil {
		return domain.Finding{}, err
	}
	users, kind, err := d.users(opProfile, answer)
	switch {
	case err != nil:
		return domain.Finding{}, err
	case kind != 0:
		return d.found(kind), nil
	case len(users) != 1 || users[0].LocalID != given.LocalID:
		return domain.Finding{}, d.client.Malformed(opProfile, "the response is not about the user who signed in")
	case users[0].Disabled:
		return d.found(domain.UserDisabled), nil
	}
	finding := d.found(domain.PasswordAccepted)
	finding.User = users[0].user()
	return finding, nil
}

// pending is the finding for a right password whose user has a second factor.
func (d *Directory) pending(ctx context.Context, given *signedIn) (domain.Finding, error) {
	finding := d.found(domain.MFARequired)
	if !d.settings.Rules.NeedsProfile(finding.Kind) {
		return finding, nil
	}
	finding.User = given.user()
	if d.settings.LooksUp() {
		users, kind, err := d.lookUp(ctx, map[string][]string{"localId": {given.LocalID}})
		switch {
		case err != nil:
			return domain.Finding{}, err
		case kind != 0:
			return d.found(kind), nil
		case len(users) != 1 || users[0].LocalID != given.LocalID:
			return d.found(domain.UserUnknown), nil // deleted meanwhile
		}
		finding.User = users[0].user()
	}
	if len(finding.User.MFA) == 0 { // it was asked for, though none is listed
		finding.User.MFA = []domain.MFAMethod{domain.MFAOther}
	}
	return finding, nil
}

// FindUser implements [ports.SourceDirectory]. It needs a service account.
func (d *Directory) FindUser(ctx context.Context, username string) (domain.Finding, error) {
	if err := ctx.Err(); err != nil {
		return domain.Finding{}, err
	}
	if !d.settings.LooksUp() {
		return d.found(domain.LookUpUnsupported), nil
	}
	names := map[string][]string{}
	if isID(username) {
		names["localId"] = []string{username}
	}
	if isEmail(username) {
		names["email"] = []string{username}
	}
	if isPhone(username) {
		names["phoneNumber"] = []string{username}
	}
	if len(names) == 0 {
		return d.found(domain.UserUnknown), nil
	}
	accounts, kind, err := d.lookUp(ctx, names)
	switch {
	case err != nil:
		return domain.Finding{}, err
	case kind != 0:
		return d.found(kind), nil
	}
	users := make([]domain.SourceUser, len(accounts))
	for i := range accounts {
		users[i] = accounts[i].found()
	}
	who := domain.Identify(username, users, d.settings.Rules.VerifiedContacts)
	finding := d.found(who.Kind)
	finding.User = who.User
	return finding, nil
}

// lookUp reads accounts with the service account.
func (d *Directory) lookUp(ctx context.Context, names map[string][]string) ([]account, domain.FindingKind, error) {
	answer, err := d.admin(ctx, opLookUp, "accounts:lookup", names)
	if err != nil {
		return nil, 0, err
	}
	return d.users(opLookUp, answer)
}

// users reads the response to a look-up. Without users it has no list.
func (d *Directory) users(operation string, answer webclient.Answer) ([]account, domain.FindingKind, error) {
	if answer.Status != http.StatusOK {
		kind, err := d.refused(operation, readRefusal(answer), ofLookUp, "", domain.Password{})
		return nil, kind, err
	}
	var list struct {
		Users []account `json:"users"`
	}
	if rawjson.Unmarshal(answer.Body, &list) != nil {
		return nil, 0, d.client.Malformed(operation, "the response is not a list of users")
	}
	for i := range list.Users {
		if list.Users[i].LocalID == "" {
			return nil, 0, d.client.Malformed(operation, "the response has a user without an ID")
		}
	}
	return list.Users, 0, nil
}

// owner is the token that the emulator accepts instead of a service account's.
const owner = "owner"

// admin sends a request with the service account's token. A token that is
// rejected is dropped, so that the next attempt requests another.
func (d *Directory) admin(ctx context.Context, operation, method string, body any) (webclient.Answer, error) {
	token, err := d.token(ctx)
	if err != nil {
		return webclient.Answer{}, err
	}
	answer, err := d.post(ctx, operation, d.project+"/"+method, token, body)
	d.settle(token, answer)
	return answer, err
}

// settle drops the token if the response rejects it.
func (d *Directory) settle(token string, answer webclient.Answer) {
	if answer.Status == http.StatusUnauthorized && d.tokens != nil {
		d.tokens.drop(token)
	}
}

func (d *Directory) token(ctx context.Context) (string, error) {
	if d.tokens == nil {
		return owner, nil
	}
	return d.tokens.get(ctx)
}

// post sends JSON: with the token, or with the API key if it is empty. The key is
// in a header, because errors and logs of proxies can contain URLs.
func (d *Directory) post(ctx context.Context, operation, path, token string, body any) (webclient.Answer, error) {
	return d.client.PostJSON(ctx, operation, d.base+path, d.header(token), body)
}

func (d *Directory) header(token string) http.Header {
	if token == "" {
		return http.Header{"X-Goog-Api-Key": {d.settings.APIKey.Reveal()}}
	}
	return http.Header{"Authorization": {"Bearer " + token}}
}

// Warm opens the connection and requests the service account's token before the
// first attempt.
func (d *Directory) Warm(ctx context.Context) error {
	if d.settings.LooksUp() {
		if _, err := d.token(ctx); err != nil {
			return err
		}
	}
	return d.client.Connect(ctx, d.base)
}

func (d *Directory) found(kind domain.FindingKind) domain.Finding {
	return domain.Finding{Kind: kind, Source: d.name}
}

// isEmail reports whether the identifier could be an email address.
func isEmail(name string) bool {
	local, host, found := strings.Cut(name, "@")
	return found && local != "" && host != "" && !strings.Contains(host, "@") && isPrintable(name)
}

// isPhone reports whether the identifier could be a phone number (E.164).
func isPhone(name string) bool {
	digits, plus := strings.CutPrefix(name, "+")
	return plus && len(digits) >= 4 && len(digits) <= 15 && strings.Trim(digits, "0123456789") == ""
}

// isID reports whether the identifier could be a user's ID: at most 128
// characters ("Manage Users", Firebase Admin SDK).
func isID(name string) bool {
	return name != "" && utf8.RuneCountInString(name) <= 128 && isPrintable(name)
}

func isPrintable(name string) bool {
	return utf8.ValidString(name) && !strings.ContainsFunc(name, unicode.IsControl)
}
