package domain

import "time"

// Cognito's own lockout for wrong passwords, as documented (cognito-facts 28). After
// the fifth in a row, the user is locked for one second. The time doubles after each
// further one, up to about 15 minutes. The count is forgotten after a right password,
// and after 15 minutes without an attempt.
const (
	// freeAttempts is the number of failed attempts at which the first lock begins.
	freeAttempts = 5
	// longestLock is the longest time that a name is locked.
	longestLock = 15 * time.Minute
	// quietTime is how long after the last attempt the count is forgotten. It is as
	// long as the longest lock, so a count never expires during a lock.
	quietTime = 15 * time.Minute
)

// LockAfter returns how long a name is locked after n failed attempts in a row. From
// the fifth on, it is 2^(n-5) seconds, at most 15 minutes.
func LockAfter(failures int) time.Duration {
	const doublings = 10 // 2^10 s are more than 15 minutes
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
	lock := LockAfter(t.Failures) // without a lock, the clock of another process must not create one
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

// GiveBack releases one attempt whose password the source did not check. before
// and after are the counts around that attempt. If no other attempt was counted
// since, it returns before. If others were, it returns one less. It returns
// false if the count was cleared or expired since, because it no longer
// contains the attempt.
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

// LockoutKey is the keyed digest under which a name's attempts are counted. It
// does not reveal the name.
type LockoutKey string

// LockoutKeys computes the keys under which attempts are counted.
type LockoutKeys struct {
	key Secret
}

// NewLockoutKeys returns the keys for a secret, which must be the same in all
// processes that share counts.
func NewLockoutKeys(key Secret) LockoutKeys {
	return LockoutKeys{key: key}
}

// lockoutLabel separates these digests from those of [Pseudonymizer] with the
// same secret. A Pseudonymizer digests lower-case text, which never begins like
// this.
const lockoutLabel = "LOCKOUT "

// Of returns the key of a name: HMAC-SHA256 of its skeleton. All spellings that a
// source may treat as one name share a count. So do all names that [SourceUser.Owns]
// treats as one.
func (k LockoutKeys) Of(username string) LockoutKey {
	return LockoutKey(k.key.digest(lockoutLabel + digitsOf(skeleton(username))))
}
