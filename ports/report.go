package ports

import (
	"time"

	"cognito-user-migration/domain"
)

// ReportedUser is a source user as a report keeps them.
type ReportedUser struct {
	// ID is the state's own; zero for a user who is not kept yet.
	ID int64
	// Source is the place of the source in MIGRATE_SOURCES, from zero.
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

// ReportedDestination is a destination user as a report keeps them.
type ReportedDestination struct {
	ID            int64
	Username, Sub string
	Keys          domain.JoinKeys
	Status        domain.UserStatus
	Enabled       bool
	CreatedAt     time.Time
}

// ReportPart is one slice of one side, and how far it was listed.
type ReportPart struct {
	// Source is that of [ReportedUser], or -1 for the destination.
	Source int
	// Slice is one of [UserLister.Slices].
	Slice string
	// Position is where to continue; empty for the beginning.
	Position string
	Done     bool
}
