package ports

import (
	"context"
	"errors"

	"cognito-user-migration/domain"
)

//go:generate go tool mockgen -source=source.go -destination=mocks/source.go -package=mocks

// SourceDirectory is a directory of users elsewhere. A [domain.Finding] is an
// answer; an error is no answer, and never means that a user is not there.
//
// Both methods return an error that matches, by errors.Is,
//
//   - [ErrThrottled] when the source asks for fewer requests,
//   - [ErrUnreachable] when it cannot be reached, or answers with a fault of
//     its own or something that cannot be read,
//   - [ErrMisconfigured] when it rejects the function and not the user: settings,
//     credentials, permissions,
//   - the context's own error when the context ended first.
//
// Where the source certainly did not judge the password, an error of Authenticate
// also matches [ErrNotJudged].
//
// No error's text holds a password, a token, a username or an attribute's
// value. Implementations are safe for use by several goroutines.
type SourceDirectory interface {
	// Authenticate proves the password of the user whom the identifier names
	// and reads their profile where [domain.Rules.NeedsProfile] wants it. It
	// asks the source about the password at most once, and not at all when the
	// password is empty: that is [domain.PasswordWrong].
	Authenticate(ctx context.Context, username string, password domain.Password) (domain.Finding, error)

	// FindUser reads the profile of the user whom the identifier names, without a
	// password. It returns [domain.UserFound], [domain.UserUnknown] or another
	// finding. It returns [domain.LookUpUnsupported] if the source cannot look
	// users up without their password. Whom an identifier names, [domain.Identify]
	// says of those that were found.
	FindUser(ctx context.Context, username string) (domain.Finding, error)
}

// SecondFactorReader reads what a source's profiles do not tell about second
// factors.
type SecondFactorReader interface {
	// SecondFactors returns the user, completed by the second factors that further
	// requests tell. It is called where [domain.Rules.NeedsSecondFactors] wants it.
	// An error means that the source cannot tell, so the user must not be migrated.
	// The errors are those of [SourceDirectory], without [ErrNotJudged].
	SecondFactors(ctx context.Context, user domain.SourceUser) (domain.SourceUser, error)
}

// Errors of a source, matched by errors.Is.
var (
	// ErrThrottled: the source asks for fewer requests.
	ErrThrottled = errors.New("throttled")
	// ErrUnreachable: the source cannot be reached, or its answer is unusable.
	ErrUnreachable = errors.New("unreachable")
	// ErrMisconfigured: settings, credentials or permissions are wrong, and
	// a retry cannot help.
	ErrMisconfigured = errors.New("misconfigured")
)

// ErrNotJudged stands beside one of the errors above, or the context's own, where
// the source certainly did not judge the password: no connection was made, the
// source asked for fewer requests, the time ended before the first byte of an
// answer, or something failed before the password was sent. The lockout gives
// only such an attempt back. An answer to a password is a judgement, whatever we
// make of it: an adapter that cannot tell must not return this error.
var ErrNotJudged = errors.New("the password was not judged")

// NotJudged returns the error with the same text, which also matches
// [ErrNotJudged]; nil for nil.
func NotJudged(err error) error {
	if err == nil {
		return nil
	}
	return &notJudged{err}
}

type notJudged struct{ error }

// Unwrap gives both errors.
func (e *notJudged) Unwrap() []error { return []error{e.error, ErrNotJudged} }

// MaybeJudged returns the error with the same text, which does not match
// [ErrNotJudged], for what goes wrong after the password was sent; nil for nil.
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

// UnknownCode is an error of a source whose answer has a code that no rule knows.
type UnknownCode interface {
	error
	// UnknownCode returns that code; empty where the answer has none.
	UnknownCode() domain.ResponseCode
}

// UnknownCodeOf returns the code of an answer that no rule knows; empty where the
// error is of another kind.
func UnknownCodeOf(err error) domain.ResponseCode {
	if answer, ok := errors.AsType[UnknownCode](err); ok {
		return answer.UnknownCode()
	}
	return ""
}

// ReasonOf names why nothing was decided, by the error of a port.
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

// Source is a source that was opened: its directory, and what else it can do. A
// field that is nil or false is an ability that the source does not have.
type Source struct {
	// Directory is asked about users.
	Directory SourceDirectory
	// Retirer disables and deletes users.
	Retirer SourceRetirer
	// Groups lists the groups that profiles do not name.
	Groups GroupLister
	// SecondFactors reads what profiles do not tell about second factors.
	SecondFactors SecondFactorReader
	// Lister lists all users, for the operator's report. User pools are listed by a
	// part of the operator's tool, so that the function does not carry it.
	Lister UserLister
	// HidesUnknown holds where a sign-in may answer [domain.PasswordWrong] for
	// a user whom the source does not know, as a user pool's app client can be
	// told to (cognito-facts 25).
	HidesUnknown bool
	// Warm prepares what the first attempt needs, such as connections and
	// credentials. A failure is not fatal: the first attempt tries again.
	Warm func(ctx context.Context) error
}
