package cognitosource

import (
	"context"

	"cognito-user-migration/domain"
)

// authenticateConcurrently reads the profile while the password is judged. What
// becomes of the attempt is the sign-in's to say: the profile, or what kept it
// from coming, counts only where the sign-in's finding calls for it. Nothing of
// it goes on when the answer is out.
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
	// It was read by the name that was typed. Where that was another's for a
	// moment (an alias that moved), or nobody's (a trigger of the source pool
	// makes users at sign-in), it is not the profile of who signed in.
	owner := claims.username()
	if found.Kind != domain.UserFound || owner != "" && found.User.Username != owner {
		return d.readUser(ctx, finding, claims.usernameOr(username))
	}
	finding.User = found.User
	return finding, nil
}

// lookUp is a profile that is being read.
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

// wait returns what was found. It panics where the look-up did.
func (l *lookUp) wait() (domain.Finding, error) {
	<-l.done
	if l.thrown != nil {
		panic(l.thrown)
	}
	return l.finding, l.err
}

// end returns when nothing of the look-up goes on any more. One that is still
// under way is given up, and its connection with it: HTTP/1.1 has no other way.
// That is seldom: where judging a password takes longer than reading a profile,
// the look-up is done by then.
func (l *lookUp) end() {
	l.cancel()
	<-l.done
}
