package ports

import "time"

// Aspect is what an examination of a source looks at.
type Aspect string

// The aspects, in the order in which they depend on each other.
const (
	// AspectReached: a connection can be opened, or the file can be read.
	AspectReached Aspect = "reached"
	// AspectCertificate: the server's certificate is trusted, and for how long.
	AspectCertificate Aspect = "certificate"
	// AspectCredentials: the source accepts the function's own credentials.
	AspectCredentials Aspect = "credentials"
	// AspectLookUp: the query, filter or mapping works for one identifier.
	AspectLookUp Aspect = "look-up"
	// AspectIndex: the look-up does not read all users.
	AspectIndex Aspect = "index"
	// AspectHashes: the formats of the password hashes, and what they cost.
	AspectHashes Aspect = "hashes"
	// AspectLockout: the source counts wrong passwords.
	AspectLockout Aspect = "lockout"
)

// ExaminedStatus is the result of one aspect.
type ExaminedStatus string

// The results.
const (
	ExaminedPass ExaminedStatus = "pass"
	ExaminedWarn ExaminedStatus = "warn"
	ExaminedFail ExaminedStatus = "fail"
	ExaminedSkip ExaminedStatus = "skip"
)

// Examined is what the examination of a source found about one aspect. Its
// texts have no attribute value, username, password or hash.
type Examined struct {
	Aspect Aspect
	Status ExaminedStatus
	// Saw is what was found, and Remedy what to do about it.
	Saw, Remedy string
	// Because is the failed aspect for which this one was not examined.
	Because Aspect
	// Cost is the time that this machine computes for one sign-in. It is zero if
	// the source verifies no hashes.
	Cost time.Duration
	// NotPermitted is true if AWS does not give the source's role to the caller,
	// who may be another than the function.
	NotPermitted bool
}

// Probe says how a source is examined.
type Probe struct {
	// Username is the identifier that is looked up. No password is ever sent for
	// a user who may exist.
	Username string
	// Exists is true if the operator named the user. Otherwise no user has the
	// identifier.
	Exists bool
	// Variable returns a variable's full name with the source's prefix.
	Variable func(string) string
	// Now is the time by which certificates are judged.
	Now time.Time
	// CountsAttempts is true if the function itself counts wrong passwords.
	CountsAttempts bool
}
