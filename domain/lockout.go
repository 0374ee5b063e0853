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
// without an attempt.
const (
	// freeAttempts is the number of failed attempts at which the first lock begins.
	freeAttempts = 5
	// longestLock is the longest time that a name is locked.
	longestLock = 15 * time.Minute
	// quietTime is how long after the last attempt the count is forgotten. It is as
	// long as the longest lock, so a count never expires during a lock.
	quietTime = 15 * time.Minute
)

// LockAfter returns how long a name is locked after this number of failed attempts
// in a row: 2^(n-5) seconds from the fifth on, a quarter of an hour at most.
func LockAfter(failures int) time.Duration {
	const doublings = 10 // 2^10 s are more than a quarter of an hour
	switch {
	case failures < freeAttempts:
		return 0
	case failures < freeAttempts+doublings:
		return time.Second << (failures - freeAttempts)
	default:
		return longestLock
	}
}

// LockoutCount is the count of one name: the attempts in a row that failed or whose result
// is not known yet. The zero LockoutCount counts none.
type LockoutCount struct {
	// Failures is the number of these attempts.
	Failures int
	// First and Last are the times of the first and the last of them.
	First, Last time.Time
}

// QuietSince returns the latest time of a last attempt that is forgotten now.
func QuietSince(now time.Time) time.Time {
	return now.Add(-quietTime)
}

// Forgotten reports whether the count has expired.
func (t LockoutCount) Forgotten(now time.Time) bool {
	return t.Failures <= 0 || !t.Last.After(QuietSince(now))
}

// Locked reports whether no password may be tried now.
func (t LockoutCount) Locked(now time.Time) bool {
	lock := LockAfter(t.Failures) // where there is none, another process's clock makes none
	return lock > 0 && !t.Forgotten(now) && now.Before(t.Last.Add(lock))
}

// Another counts one more attempt, made now. It returns false if the name is locked.
// Then it counts nothing: attempts during a lock do not extend it.
func (t LockoutCount) Another(now time.Time) (LockoutCount, bool) {
	switch {
	case t.Locked(now):
		return t, false
	case t.Forgotten(now):
		return LockoutCount{Failures: 1, First: now, Last: now}, true
	case now.Before(t.Last):
		now = t.Last // by the clock of another process
	}
	return LockoutCount{Failures: t.Failures + 1, First: t.First, Last: now}, true
}

// GiveBack releases one attempt that the source did not judge. before and after are
// the counts around that attempt. If no other attempt was counted since, it returns
// before. If others were, it returns one less. It returns false if the count was
// cleared or expired since, because it no longer holds the attempt.
func (t LockoutCount) GiveBack(before, after LockoutCount) (LockoutCount, bool) {
	switch {
	case t.Failures <= 0 || !t.First.Equal(after.First):
		return t, false
	case t.Failures == 1:
		return LockoutCount{}, true
	case t.Failures == after.Failures && t.Last.Equal(after.Last):
		return before, true
	default:
		return LockoutCount{Failures: t.Failures - 1, First: t.First, Last: t.Last}, true
	}
}

// Until returns the time at which the count expires and can be deleted.
func (t LockoutCount) Until() time.Time {
	return t.Last.Add(quietTime)
}

// LockoutEffect is how the lockout counts an attempt that the source answered.
type LockoutEffect uint8

// The effects. The zero effect counts, so that a new kind of finding gives no
// free guesses by default.
const (
	// LockoutCounts: the attempt counts as a failed one. An unknown name
	// counts too, or the lock would reveal which users exist.
	LockoutCounts LockoutEffect = iota
	// LockoutClears: the password was right. The count is cleared if the decision
	// is to migrate; a refusal counts, or it would reveal the right password.
	LockoutClears
)

// LockoutEffect returns how the lockout counts an attempt that ends in this
// finding.
func (k FindingKind) LockoutEffect() LockoutEffect { return k.row().lockout }

// LockoutKey is the keyed digest under which the attempts for a name are counted.
// The name cannot be read from it.
type LockoutKey string

// LockoutKeys computes the keys under which attempts are counted.
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
