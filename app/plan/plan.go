// Package plan simulates a migration before it starts: the peak hour event by
// event, and the days until most users have moved. It makes no calls: quotas are
// part of the input. docs/plan.md describes the model and its limits. It imports the
// standard library alone.
package plan

import (
	"errors"
	"fmt"
	"math"
	"time"
)

// Category is one of Cognito's API categories, which have a quota each.
type Category string

// The categories that an attempt or its completion calls.
const (
	UserAuthentication Category = "UserAuthentication"
	UserRead           Category = "UserRead"
	UserCreation       Category = "UserCreation"
	UserUpdate         Category = "UserUpdate"
)

// Categories lists them in the order in which output shows them.
func Categories() []Category {
	return []Category{UserAuthentication, UserRead, UserCreation, UserUpdate}
}

// Origin says where a quota comes from.
type Origin string

// The origins of a quota.
const (
	OriginDefault Origin = "default" // documented by AWS
	OriginAccount Origin = "account" // the account's own, by GetProvisionedLimit
	OriginGiven   Origin = "given"   // by a flag
)

// Quota is how many requests per second AWS allows. Zero means no limit.
type Quota struct {
	PerSecond float64
	Origin    Origin
}

// Quotas are those of one account and region.
type Quotas map[Category]Quota

// DefaultQuotas are the documented ones (docs/cognito-facts.md, fact 30).
func DefaultQuotas() Quotas {
	return Quotas{
		UserAuthentication: {120, OriginDefault}, UserRead: {120, OriginDefault},
		UserCreation: {50, OriginDefault}, UserUpdate: {25, OriginDefault},
	}
}

// Profile is how the function reads a profile at a user pool: SOURCE_PROFILE.
type Profile string

// The values of SOURCE_PROFILE.
const (
	ProfileAdminGetUser Profile = "admin_get_user"
	ProfileConcurrent   Profile = "concurrent"
	ProfileIDToken      Profile = "id_token"
)

// Habits says how users differ in how often they sign in.
type Habits string

// The habits that are simulated.
const (
	// HabitsMixed: each user has a chance of their own to sign in on a day,
	// distributed as Beta(1, 1/Active-1). Frequent users move first.
	HabitsMixed Habits = "mixed"
	// HabitsAlike: every user signs in on a day with the same chance.
	HabitsAlike Habits = "alike"
)

// Prices are in USD.
type Prices struct {
	DestinationMAU, SourceMAU      float64 // for each monthly active user above the free ones
	FreeMAU                        float64
	LambdaRequest, LambdaGBSecond  float64
	LogsGB                         float64
	LogBytesPerAttempt, FunctionGB float64 // what is multiplied with the prices
}

// DefaultPrices are list prices that must be checked: docs/plan.md.
func DefaultPrices() Prices {
	return Prices{
		DestinationMAU: 0.015, SourceMAU: 0.0055, FreeMAU: 10_000, LambdaRequest: 0.20e-6,
		LambdaGBSecond: 0.0000133334, LogsGB: 0.50, LogBytesPerAttempt: 2_000, FunctionGB: 0.125,
	}
}

// Input is what a plan is made of.
type Input struct {
	// Users have not moved yet. Refused is the share of them who will be refused.
	Users   int
	Refused float64
	// Moved have moved already. They count in the shares of all users.
	Moved int
	// Active is the share of the users who sign in on a day. PeakHour is the share
	// of a day's sign-ins that its busiest hour has.
	Active, PeakHour float64
	Habits           Habits
	// WrongPasswords is the number of attempts with a wrong password per sign-in.
	WrongPasswords float64
	// SourceLatency is the mean time of one request to the source.
	SourceLatency time.Duration
	// SourceIsPool holds where the source is a user pool, whose quotas count.
	SourceIsPool bool
	Profile      Profile
	// SourceParallel is how many requests the source processes at a time; zero
	// means no limit.
	SourceParallel int
	// Concurrency is the account's limit of concurrent executions; zero means no
	// limit.
	Concurrency int
	// Budget is how long an attempt may wait for the source.
	Budget time.Duration
	// Attempts is how often a user tries to sign in, and RetryAfter the mean time
	// between two attempts.
	Attempts   int
	RetryAfter time.Duration
	// Completion holds where moves are completed: the source user is disabled.
	Completion bool
	// Waves is the number of groups of clients that are switched over one after
	// the other, and WaveDays the days between two.
	Waves, WaveDays int
	// SameAccount holds where both pools share an account and region, and so the
	// destination's quotas.
	SameAccount         bool
	Destination, Source Quotas
	Prices              Prices
	Seed                uint64
	// maxSignIns is what tests set to simulate less.
	maxSignIns float64
}

// DefaultInput has the default values.
func DefaultInput() Input {
	return Input{
		Active: 0.1, PeakHour: 0.12, Habits: HabitsMixed, WrongPasswords: 0.1, SourceLatency: 100 * time.Millisecond,
		SourceIsPool: true, Profile: ProfileAdminGetUser, Concurrency: 1000, Budget: 4500 * time.Millisecond,
		Attempts: 3, RetryAfter: 15 * time.Second, Waves: 1, WaveDays: 7,
		Destination: DefaultQuotas(), Source: DefaultQuotas(), Prices: DefaultPrices(), Seed: 1,
	}
}

// MaxUsers is the largest number of users of a plan.
const MaxUsers = 1_000_000_000

// ErrInput is matched by every error of Check.
var ErrInput = errors.New("the plan's input is not valid")

// Check returns an error that names the first value that no plan can be made of.
func (in *Input) Check() error {
	share := func(value float64) bool { return value > 0 && value <= 1 }
	for _, rule := range []struct {
		holds bool
		text  string
	}{
		{in.Users >= 1 && in.Users <= MaxUsers, fmt.Sprintf("users: expected 1 to %d", MaxUsers)},
		{in.Moved >= 0 && in.Moved <= MaxUsers, fmt.Sprintf("moved users: expected 0 to %d", MaxUsers)},
		{in.Refused >= 0 && in.Refused <= 1, "refused share: expected 0 to 1"},
		{share(in.Active), "active share: expected above 0, to 1"},
		{share(in.PeakHour) && in.PeakHour >= 1.0/24, "peak hour: expected 1/24 to 1, because the busiest hour has at least its part of the day"},
		{in.Profile == ProfileAdminGetUser || in.Profile == ProfileConcurrent || in.Profile == ProfileIDToken, "profile: expected admin_get_user, concurrent or id_token"},
		{in.Habits == HabitsMixed || in.Habits == HabitsAlike, "habits: expected mixed or alike"},
		{in.WrongPasswords >= 0 && in.WrongPasswords <= 10, "wrong passwords: expected 0 to 10"},
		{in.SourceLatency > 0 && in.SourceLatency <= time.Minute, "source latency: expected above 0, to 1m"},
		{in.Budget > 0, "budget: expected above 0"},
		{in.Attempts >= 1 && in.Attempts <= 10, "tries: expected 1 to 10"},
		{in.RetryAfter > 0 && in.RetryAfter <= time.Hour, "time between tries: expected above 0, to 1h"},
		{in.SourceParallel >= 0 && in.Concurrency >= 0, "parallel requests and concurrency: expected 0 or more"},
		{in.Waves >= 1 && in.Waves <= 100 && in.WaveDays >= 1 && in.WaveDays <= 365, "waves: expected 1 to 100, 1 to 365 days apart"},
	} {
		if !rule.holds {
			return fmt.Errorf("%w: %s", ErrInput, rule.text)
		}
	}
	return nil
}

// side is one of the two accounts.
type side string

const (
	destinationSide side = "destination"
	sourceSide      side = "source"
)

// use is how many calls of one category in one account an attempt makes: with the
// right password, and with a wrong one.
type use struct {
	side         side
	category     Category
	right, wrong float64
	// later is true for calls of the completion, which a queue spreads.
	later bool
}

// uses lists the calls of one attempt.
func (in *Input) uses() []use {
	listed := []use{
		{side: destinationSide, category: UserAuthentication, right: 1, wrong: 1},
		{side: destinationSide, category: UserCreation, right: 1},
	}
	if in.SourceIsPool {
		listed = append(listed, use{side: sourceSide, category: UserAuthentication, right: 1, wrong: 1})
		switch in.Profile {
		case ProfileIDToken:
		case ProfileConcurrent:
			listed = append(listed, use{side: sourceSide, category: UserRead, right: 1, wrong: 1})
		case ProfileAdminGetUser:
			listed = append(listed, use{side: sourceSide, category: UserRead, right: 1})
		}
	}
	if in.Completion {
		listed = append(listed, use{side: destinationSide, category: UserRead, right: 1, later: true})
		if in.SourceIsPool {
			listed = append(listed, use{side: sourceSide, category: UserRead, right: 1, later: true},
				use{side: sourceSide, category: UserUpdate, right: 1, later: true})
		}
	}
	return listed
}

// quotaOf is the quota that a use counts against, and the account whose it is.
func (in *Input) quotaOf(u use) (side, Quota) {
	at := u.side
	if in.SameAccount {
		at = destinationSide
	}
	if at == destinationSide {
		return at, in.Destination[u.category]
	}
	return at, in.Source[u.category]
}

// callsInARow is how many requests of an attempt with the right password wait for
// each other.
func (in *Input) callsInARow() int {
	if in.SourceIsPool && in.Profile == ProfileAdminGetUser {
		return 2
	}
	return 1
}

// capacity is the largest number of sign-ins per second that all limits allow.
func (in *Input) capacity() float64 {
	calls := make(map[side]map[Category]float64)
	least := math.Inf(1)
	for _, u := range in.uses() {
		if u.later {
			continue
		}
		at, quota := in.quotaOf(u)
		if calls[at] == nil {
			calls[at] = make(map[Category]float64)
		}
		calls[at][u.category] += u.right + u.wrong*in.WrongPasswords
		if quota.PerSecond > 0 {
			least = min(least, quota.PerSecond/calls[at][u.category])
		}
	}
	busy := in.SourceLatency.Seconds() * float64(in.callsInARow())
	if in.SourceParallel > 0 {
		least = min(least, float64(in.SourceParallel)/busy)
	}
	if in.Concurrency > 0 {
		least = min(least, float64(in.Concurrency)/(busy*(1+in.WrongPasswords)))
	}
	return least
}
