package lambdasource

import (
	"context"
	"crypto/rand"

	"cognito-user-migration/adapters/internal/profiles"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// keycloak is a function with the keycloak contract of the HTTP source. The event
// names the operation and the user, because an event has no method and no path.
type keycloak struct{ *Function }

var (
	_ ports.SourceDirectory = (*keycloak)(nil)
	_ profiles.Service      = (*keycloak)(nil)
)

// keycloakFind is the event of a look-up: the HTTP contract's GET.
type keycloakFind struct {
	Operation string `json:"operation"`
	Username  string `json:"username"`
}

// keycloakAuthenticate is the event of a sign-in: the HTTP contract's POST.
type keycloakAuthenticate struct {
	keycloakFind
	profiles.KeycloakQuestion
}

// Authenticate implements [ports.SourceDirectory].
func (k *keycloak) Authenticate(ctx context.Context, username string, password domain.Password) (domain.Finding, error) {
	if err := ctx.Err(); err != nil {
		return domain.Finding{}, ports.NotJudged(err)
	}
	switch {
	case password.Empty():
		return k.found(domain.PasswordWrong), nil
	case !asks(username):
		return k.found(domain.UserUnknown), nil
	}
	return profiles.Authenticate(ports.WithinAttempt(ctx), k, k.source, k.options.Rules.VerifiedContacts, username, password)
}

// FindUser implements [ports.SourceDirectory].
func (k *keycloak) FindUser(ctx context.Context, username string) (domain.Finding, error) {
	if err := ctx.Err(); err != nil {
		return domain.Finding{}, err
	}
	return profiles.Find(ctx, k, k.source, k.options.Rules.VerifiedContacts, username)
}

// LookUp implements [profiles.Service].
func (k *keycloak) LookUp(ctx context.Context, username string) (*domain.SourceUser, domain.FindingKind, error) {
	if !asks(username) {
		return nil, domain.UserUnknown, nil
	}
	answer, err := k.find(ctx, keycloakFind{"find", username})
	switch {
	case err != nil:
		return nil, 0, err
	case answer.failed:
		kind, err := k.thrown(answer, username, domain.Password{})
		if err == nil && !profiles.SaysLookUp(kind) {
			kind = domain.UserUnknown
		}
		return nil, kind, err
	}
	user, err := readProfile(answer.payload)
	if err != nil {
		return nil, 0, k.malformed(answer, err.Error())
	}
	return user, domain.UserUnknown, nil
}

// readProfile reads a profile; null means that the user does not exist.
func readProfile(payload []byte) (*domain.SourceUser, error) {
	if len(payload) == 0 {
		return nil, profiles.ErrFormat
	}
	return profiles.Keycloak(payload)
}

// LookUpAgain implements [profiles.Service].
func (k *keycloak) LookUpAgain(ctx context.Context, username string) error {
	_, err := k.find(ctx, keycloakFind{"find", username})
	return err
}

// Prove implements [profiles.Service].
func (k *keycloak) Prove(ctx context.Context, user domain.SourceUser, typed string, password domain.Password) (domain.Finding, error) {
	answer, err := k.ask(ctx, user, password)
	if err != nil {
		return domain.Finding{}, err
	}
	if answer.failed {
		kind, err := k.thrown(answer, typed, password)
		if err != nil {
			return domain.Finding{}, err
		}
		return k.found(kind), nil
	}
	kind, err := readVerdict(answer.payload)
	if err != nil {
		return domain.Finding{}, k.malformed(answer, err.Error())
	}
	return profiles.Proved(k.source, kind, user), nil
}

// ProveNothing implements [profiles.Service].
func (k *keycloak) ProveNothing(ctx context.Context, user domain.SourceUser, _ string) error {
	_, err := k.ask(ctx, user, domain.NewPassword(rand.Text()))
	return err
}

func (k *keycloak) ask(ctx context.Context, user domain.SourceUser, password domain.Password) (answer, error) {
	name := user.Username
	if k.settings.PasswordBy == PasswordByID && user.Sub != "" {
		name = user.Sub
	}
	return k.prove(ctx, password, func(password string) (any, error) {
		return keycloakAuthenticate{keycloakFind{"authenticate", name}, profiles.KeycloakQuestion{Password: password}}, nil
	})
}

// readVerdict reads the response about a password. A refusal may have an error that
// says more than "wrong". Its texts are those of the HTTP source.
func readVerdict(payload []byte) (domain.FindingKind, error) {
	var verdict struct {
		Authenticated *bool  `json:"authenticated"`
		Error         string `json:"error"`
	}
	if err := profiles.Read(payload, &verdict); err != nil || verdict.Authenticated == nil {
		return 0, profiles.ErrFormat
	}
	if *verdict.Authenticated {
		return domain.PasswordAccepted, nil
	}
	if kind, known := profiles.Said(verdict.Error); known {
		return kind, nil
	}
	return domain.PasswordWrong, nil
}

// thrown returns what an error of the function means. The contract has a response
// for every refusal, so an error is an outage unless ERROR_CODES says otherwise.
func (k *keycloak) thrown(answer answer, username string, password domain.Password) (domain.FindingKind, error) {
	thrown := readThrown(answer.payload)
	if kind, mapped := thrown.mapped(k.settings.ErrorCodes, username); mapped {
		return kind, nil
	}
	return 0, thrown.outage(answer, username, password)
}
