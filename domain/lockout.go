package domain

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"time"
)

// Cognito's own curve for wrong passwords, as it documents it (cognito-facts
// 28): after the fifth in a row a user is locked for a second, and twice as long
// after each further one, up to about a quarter of an hour. What was counted is
// forgotten after a password that was right, and after a quarter of an hour
// without a try.
const (
	// freeTries is how many tries there are until the first lock.
	freeTries = 5
	// longestLock is the longest that a name is locked at a time.
	longestLock = 15 * time.Minute
	// quietTime is how long after the last try what was counted is forgotten.
	// It is as long as the longest lock, and so the lock never outlives it.
	quietTime = 15 * time.Minute
)

// LockAfter is how long a name is locked after so many tries in a row that
// proved no password: 2^(n-5) seconds from the fifth on, a quarter of an hour at
// most.
func LockAfter(failures int) time.Duration {
	const doublings = 10 // 2^10 s are more than a quarter of an hour
	switch {
	case failures < freeTries:
		return 0
	case failures < freeTries+doublings:
		return time.Second << (failures - freeTries)
	default:
		return longestLock
	}
}

// Tries are what is counted of one name: the tries in a row that proved no
// password, or of which it is not known yet. The zero Tries are none.
type Tries struct {
	// Failures is how many there are.
	Failures int
	// First and Last are when the first and the last of them were made.
	First, Last time.Time
}

// QuietSince is the latest time of a last try that is forgotten now.
func QuietSince(now time.Time) time.Time {
	return now.Add(-quietTime)
}

// Forgotten reports whether nothing of what was counted counts now.
func (t Tries) Forgotten(now time.Time) bool {
	return t.Failures <= 0 || !t.Last.After(QuietSince(now))
}

// Locked reports whether no password may be tried now.
func (t Tries) Locked(now time.Time) bool {
	lock := LockAfter(t.Failures) // where there is none, another process's clock makes none
	return lock > 0 && !t.Forgotten(now) && now.Before(t.Last.Add(lock))
}

// Another counts one more try, made now; false where the name is locked, and
// then nothing is counted: to knock at a locked door does not keep it locked.
func (t Tries) Another(now time.Time) (Tries, bool) {
	switch {
	case t.Locked(now):
		return t, false
	case t.Forgotten(now):
		return Tries{Failures: 1, First: now, Last: now}, true
	case now.Before(t.Last):
		now = t.Last // by the clock of another process
	}
	return Tries{Failures: t.Failures + 1, First: t.First, Last: now}, true
}

// GiveBack takes one try out of the count that proved nothing because it was
// never judged: before and after are what stood there around it. Where nothing
// came between, all is as before. Where other tries did, one less counts. Where
// the count has begun anew meanwhile, the try is in it no more, and false says
// that nothing changes.
func (t Tries) GiveBack(before, after Tries) (Tries, bool) {
	switch {
	case t.Failures <= 0 || !t.First.Equal(after.First):
		return t, false
	case t.Failures == 1:
		return Tries{}, true
	case t.Failures == after.Failures && t.Last.Equal(after.Last):
		return before, true
	default:
		return Tries{Failures: t.Failures - 1, First: t.First, Last: t.Last}, true
	}
}

// Until is when what is counted is forgotten, and can be deleted.
func (t Tries) Until() time.Time {
	return t.Last.Add(quietTime)
}

// LockoutEffect is how the lockout counts an attempt that the source answered.
type LockoutEffect uint8

// The effects. The zero effect counts, so that a kind of finding that somebody
// adds without a thought gives no free guesses.
const (
	// LockoutCounts: the attempt counts as a failed one. A name that nobody has
	// counts too, or the lock would tell who exists.
	LockoutCounts LockoutEffect = iota
	// LockoutClears: the password was right. The count is cleared if the decision
	// is to migrate; a refusal counts, or it would reveal the right password.
	LockoutClears
)

// LockoutEffect returns how the lockout counts an attempt that ends in this
// finding.
func (k FindingKind) LockoutEffect() LockoutEffect { return k.row().lockout }

// LockoutKey stands for a name where tries are counted: a keyed digest, from
// which the name cannot be read.
type LockoutKey string

// LockoutKeys gives names the keys by which their tries are counted.
type LockoutKeys struct {
	key Secret
}

// NewLockoutKeys makes them of a secret, which must be the same in every
// process that counts together.
func NewLockoutKeys(key Secret) LockoutKeys {
	return LockoutKeys{key: key}
}

// lockoutLabel keeps these digests apart from those of [Pseudonymizer] under
// the same secret. What that one digests is in lower case, so it never begins
// like this.
const lockoutLabel = "LOCKOUT "

// Of gives the key of a name: HMAC-SHA256 (RFC 2104) of its skeleton, in
// hexadecimal. All spellings that a source may take for one name share one count,
// and so does all that [SourceUser.Owns] takes for one.
func (k LockoutKeys) Of(username string) LockoutKey {
	mac := hmac.New(sha256.New, []byte(k.key.Reveal()))
	mac.Write([]byte(lockoutLabel + digitsOf(skeleton(username))))
	return LockoutKey(hex.EncodeToString(mac.Sum(nil)))
}
