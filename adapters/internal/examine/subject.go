package examine

import (
	"context"
	"crypto/rand"
	"slices"

	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/ports/parts"
)

// Subject is the source that is examined.
type Subject[S any] struct {
	Settings S
	Options  parts.SourceOptions
	Probe    ports.Probe
}

// Variable returns a variable's full name with the source's prefix.
func (s Subject[S]) Variable(name string) string { return s.Probe.Variable(name) }

// Kind returns the examiner of a kind of source whose settings have the type S.
func Kind[S parts.SourceSettings](name string, examine func(context.Context, Subject[S]) []ports.Examined) parts.Examiner {
	return parts.Examiner{Kind: name, Examine: func(ctx context.Context, settings parts.SourceSettings, options parts.SourceOptions, probe ports.Probe) []ports.Examined {
		given, ok := settings.(S)
		if !ok {
			return nil
		}
		return examine(ctx, Subject[S]{given, options, probe})
	}}
}

// Stranger returns the name of a user who does not exist, and a random text as
// password.
func Stranger() (username string, password domain.Password) {
	return "migratectl-doctor-" + rand.Text(), domain.NewPassword("-" + rand.Text())
}

// Refusal judges what a service answers about the password of a [Stranger].
type Refusal struct {
	// Service is the service in a text, such as "the provider".
	Service string
	// Saw is the result of a service that refuses.
	Saw string
	// IfAccepted is the remedy for a service that accepts any password, and IfOther
	// the remedy for any other finding.
	IfAccepted, IfOther string
	// Expected lists refusals of the service besides the usual ones.
	Expected []domain.FindingKind
}

// Judge returns the result for the finding.
func (r Refusal) Judge(kind domain.FindingKind) ports.Examined {
	expected := append([]domain.FindingKind{domain.PasswordWrong, domain.UserUnknown, domain.LockedOut}, r.Expected...)
	switch {
	case kind == domain.PasswordAccepted:
		return Fail(r.Service+" accepts an unknown user with any password", r.IfAccepted)
	case !slices.Contains(expected, kind):
		return Warn(r.Service+" answered "+kind.String()+" about a user who does not exist", r.IfOther)
	}
	return Pass(r.Saw)
}
