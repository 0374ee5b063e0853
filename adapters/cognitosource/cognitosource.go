// Package cognitosource is a source that reads users from a Cognito user pool.
// AdminInitiateAuth checks the password; AdminGetUser or the ID token provides
// the profile. errors.go and challenges.go interpret every challenge, status
// and exception of the service. No text of the service is passed on. It imports
// domain and ports.
package cognitosource

import (
	"context"

	"cognito-user-migration/adapters/internal/awsfault"
	"cognito-user-migration/adapters/internal/secrethash"
	"cognito-user-migration/adapters/internal/userpool"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

var _ ports.SourceDirectory = (*Directory)(nil)

// API has the operations that are called.
type API interface {
	AdminInitiateAuth(context.Context, *cognitoidentityprovider.AdminInitiateAuthInput) (*cognitoidentityprovider.AdminInitiateAuthOutput, error)
	AdminGetUser(context.Context, *cognitoidentityprovider.AdminGetUserInput) (*cognitoidentityprovider.AdminGetUserOutput, error)
}

// Directory is a user pool as [ports.SourceDirectory].
type Directory struct {
	name         string
	api          API
	settings     Settings
	needsProfile func(domain.FindingKind) bool
	caller       awsfault.Caller
	sdk          *cognitoidentityprovider.Client
	connect      func(context.Context) error
}

// Open returns the user pool that the settings name, with the SDK's client and
// the given credentials. needsProfile says for which findings the profile is
// read: [domain.Rules.NeedsProfile].
func Open(name string, config aws.Config, credentials ports.CredentialProvider, settings Settings, needsProfile func(domain.FindingKind) bool) *Directory {
	client := newClient(newSDK(config, credentials, settings.ServiceRegion()))
	d := New(name, client, settings, needsProfile)
	d.sdk = client.sdk
	d.caller.Credentials = credentials
	d.connect = client.warm
	return d
}

// New returns the user pool that the settings name, with the given client.
func New(name string, api API, settings Settings, needsProfile func(domain.FindingKind) bool) *Directory {
	return &Directory{
		name:         name,
		api:          api,
		settings:     settings,
		needsProfile: needsProfile,
		caller:       awsfault.Caller{Adapter: adapter},
	}
}

// Authenticate implements [ports.SourceDirectory].
func (d *Directory) Authenticate(ctx context.Context, username string, password domain.Password) (domain.Finding, error) {
	if username == "" || password.Empty() {
		return d.found(domain.PasswordWrong), nil
	}
	ctx = ports.WithinAttempt(ctx)
	finding, err := d.authenticate(ctx, username, password)
	finding.User.Identifiers = userpool.SignInNames(finding.User, username)
	return finding, err
}

func (d *Directory) authenticate(ctx context.Context, username string, password domain.Password) (domain.Finding, error) {
	if d.settings.Profile == ProfileConcurrent {
		return d.authenticateConcurrently(ctx, username, password)
	}
	finding, claims, err := d.signIn(ctx, username, password)
	if err != nil || !d.needsProfile(finding.Kind) {
		return finding, err
	}
	if d.settings.Profile == ProfileIDToken {
		// Claims that the app client may not read are missing in the token.
		// Then the token cannot prove that the typed name is the user's own.
		user := claims.user()
		user.Identifiers = userpool.SignInNames(user, username)
		if user.Owns(username) {
			finding.User = user
			return finding, nil
		}
	}
	return d.readUser(ctx, finding, claims.usernameOr(username))
}

// FindUser implements [ports.SourceDirectory].
func (d *Directory) FindUser(ctx context.Context, username string) (domain.Finding, error) {
	if username == "" {
		return d.found(domain.UserUnknown), nil
	}
	finding, err := d.readUser(ctx, d.found(domain.UserFound), username)
	finding.User.Identifiers = userpool.SignInNames(finding.User, username)
	return finding, err
}

// Warm fetches the credentials and opens the connections concurrently, before
// the first attempt. After an error, an attempt has to do it.
func (d *Directory) Warm(ctx context.Context) error {
	if d.connect == nil {
		return nil
	}
	connections := 1
	if d.settings.Profile == ProfileConcurrent { // HTTP/1.1 needs one per call
		connections = 2
	}
	connected := make(chan error, connections)
	for range connections {
		go func() { connected <- d.connect(ctx) }()
	}
	_, err := d.caller.Credentials.Retrieve(ctx)
	for range connections {
		if connectErr := <-connected; err == nil {
			err = connectErr
		}
	}
	return err
}

func (d *Directory) found(kind domain.FindingKind) domain.Finding {
	return domain.Finding{Kind: kind, Source: d.name}
}

// signIn checks the password. On success it also returns the claims, if the
// token can be read.
func (d *Directory) signIn(ctx context.Context, username string, password domain.Password) (domain.Finding, claims, error) {
	answer, err := d.api.AdminInitiateAuth(ctx, d.signInInput(username, password))
	if err != nil {
		finding, err := d.findingOrError(ctx, "AdminInitiateAuth", err)
		return finding, nil, err
	}
	finding, err := d.readChallenge(answer)
	if err != nil {
		return domain.Finding{}, nil, err
	}
	return finding, readIDToken(answer.AuthenticationResult), nil
}

// signInInput is the only place where the password is read.
func (d *Directory) signInInput(username string, password domain.Password) *cognitoidentityprovider.AdminInitiateAuthInput {
	parameters := map[string]string{
		"USERNAME": username,
		"PASSWORD": password.Reveal(),
	}
	if !d.settings.ClientSecret.Empty() {
		parameters["SECRET_HASH"] = secrethash.Of(d.settings.ClientSecret, username, string(d.settings.ClientID))
	}
	return &cognitoidentityprovider.AdminInitiateAuthInput{
		AuthFlow:       types.AuthFlowTypeAdminUserPasswordAuth,
		UserPoolId:     (*string)(&d.settings.UserPoolID),
		ClientId:       (*string)(&d.settings.ClientID),
		AuthParameters: parameters,
	}
}

// readUser adds the profile from AdminGetUser to the finding.
func (d *Directory) readUser(ctx context.Context, finding domain.Finding, username string) (domain.Finding, error) {
	answer, err := d.api.AdminGetUser(ctx, &cognitoidentityprovider.AdminGetUserInput{
		UserPoolId: (*string)(&d.settings.UserPoolID),
		Username:   &username,
	})
	if err != nil {
		return d.findingOrError(ctx, "AdminGetUser", err)
	}
	if aws.ToString(answer.Username) == "" {
		return domain.Finding{}, awsfault.Empty(adapter, "AdminGetUser")
	}
	finding.User = userpool.SourceUser(answer)
	return finding, nil
}
