package cognitosource

import (
	"context"

	"cognito-user-migration/domain"
)

// authenticateConcurrently reads the profile while the password is checked. The
// sign-in determines the result: the profile, or its error, is used only if the
// sign-in's finding requires it. Both calls have ended when the function
// returns.
func (d *Directory) authenticateConcurrently(ctx context.Context, username string, password domain.Password) (domain.Finding, error) {
	profile := d.beginLookUp(ctx, username)
	defer profile.end()
	finding, claims, err := d.signIn(ctx, username, password)
	if err != nil || !d.needsProfile(finding.Kind) {
		return finding, err
	}
	found, err := profile.wait()
	if err != nil {
		return domain.Finding{}, err
	}
	// The profile was read by the typed name, which then may have belonged to
	// another user: an alias can be reassigned. Or it belonged to no user, because
	// a trigger of the source pool creates users at sign-in.
	owner := claims.username()
	if found.Kind != domain.UserFound || owner != "" && found.User.Username != owner {
		return d.readUser(ctx, finding, claims.usernameOr(username))
	}
	finding.User = found.User
	return finding, nil
}

// lookUp is a running read of a profile.
type lookUp struct {
	cancel  context.CancelFunc
	done    chan struct{}
	finding domain.Finding
	err     error
	thrown  any
}

func (d *Directory) beginLookUp(ctx context.Context, username string) *lookUp {
	ctx, cancel := context.WithCancel(ctx)
	l := &lookUp{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(l.done)
		// A panic here would end the process: no caller could recover it.
		defer func() { l.thrown = recover() }()
		l.finding, l.err = d.FindUser(ctx, username)
	}()
	return l
}

// wait returns the result. It panics if the look-up panicked.
func (l *lookUp) wait() (domain.Finding, error) {
	<-l.done
	if l.thrown != nil {
		panic(l.thrown)
	}
	return l.finding, l.err
}

// end returns after the look-up has ended. It cancels a running one, which
// closes its connection, because HTTP/1.1 has no other way. This is rare:
// checking a password takes longer than reading a profile.
func (l *lookUp) end() {
	l.cancel()
	<-l.done
}
