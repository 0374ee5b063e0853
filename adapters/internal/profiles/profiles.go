package profiles

import (
	"context"
	"net/mail"
	"strings"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

// Service is a service that has profiles, and is asked about passwords apart.
type Service interface {
	// LookUp returns the user's profile. A user that is nil comes with the finding,
	// such as [domain.UserUnknown].
	LookUp(ctx context.Context, username string) (*domain.SourceUser, domain.FindingKind, error)
	// LookUpAgain sends the request of LookUp. The response does not matter.
	LookUpAgain(ctx context.Context, username string) error
	// Prove asks about the password of a user whom LookUp found by the typed name.
	Prove(ctx context.Context, user domain.SourceUser, typed string, password domain.Password) (domain.Finding, error)
	// ProveNothing sends the request of Prove with a random password. The response
	// does not matter.
	ProveNothing(ctx context.Context, user domain.SourceUser, typed string) error
}

// Authenticate reads the profile first: the password is sent only for a user who
// exists, is enabled, and owns the identifier. If the profile already decides, it
// sends the second request anyway. So the number of requests does not reveal which
// users exist.
func Authenticate(ctx context.Context, service Service, source string, vouch domain.VerifiedContacts, username string, password domain.Password) (domain.Finding, error) {
	finding, owned, err := lookUp(ctx, service, source, vouch, username)
	switch {
	case err != nil:
	case finding.Kind == domain.UserFound && !owned:
		// The password is not sent for another user's account.
		finding = domain.Finding{Kind: domain.UserUnknown, Source: source}
		err = service.LookUpAgain(ctx, username)
	case finding.Kind != domain.UserFound:
		err = service.ProveNothing(ctx, Named(username), username)
	case !finding.User.Enabled:
		finding.Kind = domain.UserDisabled
		err = service.ProveNothing(ctx, finding.User, username)
	default:
		return service.Prove(ctx, finding.User, username, password)
	}
	if err != nil {
		return domain.Finding{}, ports.NotJudged(err) // the password was not sent
	}
	return finding, nil
}

// Find looks the user up without a password.
func Find(ctx context.Context, service Service, source string, vouch domain.VerifiedContacts, username string) (domain.Finding, error) {
	finding, owned, err := lookUp(ctx, service, source, vouch, username)
	if finding.Kind == domain.UserFound && !owned {
		return domain.Finding{Kind: domain.UserUnknown, Source: source}, nil
	}
	return finding, err
}

// lookUp reads the profile, and returns whether the identifier is the user's own. A
// service may treat different names as equal.
func lookUp(ctx context.Context, service Service, source string, vouch domain.VerifiedContacts, username string) (finding domain.Finding, owned bool, err error) {
	user, kind, err := service.LookUp(ctx, username)
	switch {
	case err != nil:
		return domain.Finding{}, false, err
	case user == nil:
		return domain.Finding{Kind: kind, Source: source}, false, nil
	}
	who := domain.Identify(username, []domain.SourceUser{*user}, vouch)
	finding = domain.Finding{Kind: domain.UserFound, Source: source, User: *user}
	if who.Kind == domain.UserFound {
		finding.User = who.User
	}
	return finding, who.Kind == domain.UserFound, nil
}

// Proved returns the finding of a service's answer about a password, with the user
// if the password was right.
func Proved(source string, kind domain.FindingKind, user domain.SourceUser) domain.Finding {
	finding := domain.Finding{Kind: kind, Source: source}
	switch kind { //nolint:exhaustive // no user is returned with the others
	case domain.PasswordAccepted, domain.MFARequired, domain.TemporaryPasswordAccepted, domain.ResetRequired:
		finding.User = user
	}
	if kind == domain.PasswordAccepted {
		user.MFAUnasked = true // these contracts check only the password
		finding.Kind = kind.Settled(user)
	}
	return finding
}

// SaysLookUp reports whether a look-up without a password can have this
// finding.
func SaysLookUp(kind domain.FindingKind) bool {
	switch kind { //nolint:exhaustive // the others are about a password
	case domain.UserUnknown, domain.UserAmbiguous, domain.UserDisabled, domain.UserUnconfirmed, domain.UserFederated, domain.LockedOut:
		return true
	default:
		return false
	}
}

// Named returns a user of whom only the typed name is known, which the service
// accepted. If it is an email address, it becomes the user's unverified
// address.
func Named(username string) domain.SourceUser {
	user := domain.SourceUser{Username: username, Enabled: true, Attributes: domain.Attributes{}}
	if address, err := mail.ParseAddress(username); err == nil && address.Address == username {
		user.Attributes["email"] = username
	}
	return user
}

// Climbs reports whether a name has a segment . or .. in it. Some servers and
// proxies follow it to another path, even if it is escaped. No user has such a
// name.
func Climbs(name string) bool {
	for _, segment := range strings.FieldsFunc(name, func(r rune) bool { return r == '/' || r == '\\' }) {
		if segment == "." || segment == ".." {
			return true
		}
	}
	return false
}
