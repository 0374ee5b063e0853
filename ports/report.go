package ports

import (
	"time"

	"cognito-user-migration/domain"
)

// ReportedUser is a source user in the state of a report.
type ReportedUser struct {
	// ID is the state's own ID; zero for a user who is not stored yet.
	ID int64
	// Source is the index of the source in MIGRATE_SOURCES, from zero.
	Source        int
	Username, Sub string
	Keys          domain.JoinKeys
	Status        domain.UserStatus
	Enabled       bool
	Forecast      domain.Forecast
	// Candidate is the user as an import file would have them. It is not kept where
	// digests are.
	Candidate domain.ImportCandidate
	// LastSignIn is when the user last signed in at the source; zero if it is not
	// known.
	LastSignIn time.Time
	Joined     domain.Joined
	// Destination is the user that a moved user became.
	Destination ReportedDestination
}

// ReportedDestination is a destination user in the state of a report.
type ReportedDestination struct {
	ID            int64
	Username, Sub string
	Keys          domain.JoinKeys
	Status        domain.UserStatus
	Enabled       bool
	CreatedAt     time.Time
}

// ReportPart is one slice of one side, with the progress of its listing.
type ReportPart struct {
	// Source is the index of the source as in [ReportedUser], or -1 for the
	// destination.
	Source int
	// Slice is one of [UserLister.Slices].
	Slice string
	// Position is where the listing continues; empty for the beginning.
	Position string
	Done     bool
}
