package ports

import (
	"context"
	"errors"

	"cognito-user-migration/domain"
)

//go:generate go tool mockgen -source=source.go -destination=mocks/source.go -package=mocks

// SourceDirectory is a directory of users elsewhere. A [domain.Finding] is an
// answer. An error is not an answer, and never means that a user does not
// exist.
//
// Both methods return an error that matches, by errors.Is,
//
//   - [ErrThrottled] when the source responds that there are too many requests,
//   - [ErrUnreachable] when it cannot be reached, or responds with a fault of
//     its own or something that cannot be parsed,
//   - [ErrMisconfigured] when it rejects the function and not the user: settings,
//     credentials, permissions,
//   - the context's own error when the context ended first.
//
// If the source certainly did not check the password, an error of Authenticate
// also matches [ErrNotJudged].
//
// No error's text contains a password, a token, a username or an attribute's
// value. Implementations are safe for use by several goroutines.
type SourceDirectory interface {
	// Authenticate checks the password of the user whom the identifier names,
	// and reads the profile if [domain.Rules.NeedsProfile] requires it. It asks
	// the source about the password at most once. It does not ask about an
	// empty password, which is [domain.PasswordWrong].
	Authenticate(ctx context.Context, username string, password domain.Password) (domain.Finding, error)

	// FindUser reads the profile of the user whom the identifier names, without
	// a password. It returns [domain.UserFound], [domain.UserUnknown] or
	// another finding. It returns [domain.LookUpUnsupported] if the source
	// cannot look users up without their password. Among the users that it
	// finds, [domain.Identify] selects the one whom the identifier names.
	FindUser(ctx context.Context, username string) (domain.Finding, error)
}

// SecondFactorReader reads what a source's profiles do not tell about second
// factors.
type SecondFactorReader interface {
	// SecondFactors returns the user with the second factors that further
	// requests find. It is called if [domain.Rules.NeedsSecondFactors] returns
	// true. An error means that the factors are not known, so the user must not
	// migrate. The errors are those of [SourceDirectory], without
	// [ErrNotJudged].
	SecondFactors(ctx context.Context, user domain.SourceUser) (domain.SourceUser, error)
}

// Errors of a source, matched by errors.Is.
var (
	// ErrThrottled: there were too many requests.
	ErrThrottled = errors.New("throttled")
	// ErrUnreachable: the source cannot be reached, or its response is
	// unusable.
	ErrUnreachable = errors.New("unreachable")
	// ErrMisconfigured: settings, credentials or permissions are wrong, and
	// a retry cannot help.
	ErrMisconfigured = errors.New("misconfigured")
)

// ErrNotJudged is joined to one of the errors above, or to the context's own, if the
// source certainly did not check the password. This is so if
//
//   - something failed before the password was sent,
//   - no connection was made,
//   - the source throttled the request, or
//   - the time ended before the first byte of a response.
//
// The lockout releases only such attempts. A response to a password counts, whatever
// it means: an adapter that is not certain must not return this error.
var ErrNotJudged = errors.New("the password was not judged")

// NotJudged returns the error with the same text, which also matches
// [ErrNotJudged]. It returns nil for nil.
func NotJudged(err error) error {
	if err == nil {
		return nil
	}
	return &notJudged{err}
}

type notJudged struct{ error }

// Unwrap returns both errors.
func (e *notJudged) Unwrap() []error { return []error{e.error, ErrNotJudged} }

// MaybeJudged returns the error with the same text, which does not match
// [ErrNotJudged]. It is for failures after the password was sent. It returns
// nil for nil.
func MaybeJudged(err error) error {
	if !errors.Is(err, ErrNotJudged) {
		return err
	}
	return &maybeJudged{err}
}

// maybeJudged has no Unwrap, so that errors.Is uses only its own Is.
type maybeJudged struct{ cause error }

func (e *maybeJudged) Error() string { return e.cause.Error() }

// Is implements the interface of [errors.Is].
func (e *maybeJudged) Is(target error) bool {
	return target != ErrNotJudged && errors.Is(e.cause, target)
}

// As implements the interface of [errors.As].
func (e *maybeJudged) As(target any) bool { return errors.As(e.cause, target) }

// UnknownCode is an error of a source whose response has a code that no rule
// knows.
type UnknownCode interface {
	error
	// UnknownCode returns that code; empty if the response has none.
	UnknownCode() domain.ResponseCode
}

// UnknownCodeOf returns the unknown code of a response, or an empty one for
// other errors.
func UnknownCodeOf(err error) domain.ResponseCode {
	if answer, ok := errors.AsType[UnknownCode](err); ok {
		return answer.UnknownCode()
	}
	return ""
}

// ReasonOf returns the reason to fail for an error of a port.
func ReasonOf(err error) domain.Reason {
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return domain.ReasonDeadlineExceeded
	case errors.Is(err, ErrThrottled):
		return domain.ReasonSourceThrottled
	case errors.Is(err, ErrUnreachable):
		return domain.ReasonSourceUnreachable
	case errors.Is(err, ErrMisconfigured):
		return domain.ReasonSourceMisconfigured
	default:
		return domain.ReasonInternal
	}
}

// NoSecondFactors tells the operator, at start, that a source cannot tell second
// factors.
const NoSecondFactors = "the source cannot tell who has a second factor, so these users migrate without it; docs/second-factors.md says how it can tell"

// Source is an opened source: its directory and its other abilities. A field
// that is nil or false is an ability that the source does not have.
type Source struct {
	// Directory checks passwords and looks users up.
	Directory SourceDirectory
	// Retirer disables and deletes users.
	Retirer SourceRetirer
	// Groups lists the groups that profiles do not contain.
	Groups GroupLister
	// TellsSecondFactors holds where the source can tell who has a second factor.
	// Otherwise the function warns at start, because these users migrate
	// without it.
	TellsSecondFactors bool
	// SecondFactors reads what profiles do not tell about second factors.
	SecondFactors SecondFactorReader
	// Lister lists all users, for the operator's report. User pools are listed by a
	// part of the operator's tool, so that the function does not carry it.
	Lister UserLister
	// HidesUnknown is true if a sign-in may return [domain.PasswordWrong] for
	// an unknown user. A user pool's app client has such a setting
	// (cognito-facts 25).
	HidesUnknown bool
	// ReadsEvent is true if the source passes Cognito's event on; see [EventOf].
	ReadsEvent bool
	// Warm prepares what the first attempt needs, such as connections and
	// credentials. A failure here is not fatal: the first attempt repeats it.
	Warm func(ctx context.Context) error
}
