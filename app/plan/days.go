package plan

import (
	"math"
	"math/rand/v2"
)

// mostGroups is the number of groups of users with the same habits, in all waves
// together. A wave has at least leastGroups.
const mostGroups, leastGroups = 250, 25

// MaxDays is how far a plan looks ahead.
const MaxDays = 3650

// Day is one day after the cut-over.
type Day struct {
	// SignIns are of users who have not moved. Moved is how many of them moved.
	SignIns, Moved float64
}

// shares are those of all users whose day a plan tells.
func shares() []float64 { return []float64{0.5, 0.9, 0.95, 0.99} }

// group are users with the same chance to sign in on a day, in the same wave.
type group struct {
	chance float64
	left   float64
	starts int
}

// groupsOf divides the users who can move by habits and waves.
func (in *Input) groupsOf() []group {
	var divided []group
	can := float64(in.Users) * (1 - in.Refused)
	groups := max(mostGroups/in.Waves, leastGroups)
	if in.Habits == HabitsAlike || in.Active == 1 {
		groups = 1
	}
	each := can / float64(groups*in.Waves)
	for wave := range in.Waves {
		for i := range groups {
			chance := in.Active
			if groups > 1 {
				// The quantile of Beta(1, b) with the mean 1/(1+b).
				u := (float64(i) + 0.5) / float64(groups)
				chance = 1 - math.Pow(1-u, 1/(1/in.Active-1))
			}
			divided = append(divided, group{chance: chance, left: each, starts: wave * in.WaveDays})
		}
	}
	return divided
}

// SimulateDays simulates day after day, until 99 % of all users have moved or the
// plan looks no further. An hour above the capacity serves what it can; the
// others come back on another day.
func SimulateDays(in Input) []Day {
	numbers := rand.New(rand.NewPCG(in.Seed, 4)) //nolint:gosec // a simulation, which a seed repeats
	users := in.groupsOf()
	all := float64(in.Users + in.Moved)
	moved := float64(in.Moved)
	capacity := in.capacity() * 3600
	coming := make([]float64, len(users))
	var days []Day
	for today := range MaxDays {
		var signIns, refused float64
		for i := range users {
			coming[i] = 0
			if users[i].starts <= today {
				coming[i] = binomial(numbers, users[i].left, users[i].chance)
				signIns += coming[i]
			}
		}
		if in.Refused > 0 {
			// Refused users keep trying; they take capacity like the others.
			started := min(float64(today/in.WaveDays+1)/float64(in.Waves), 1)
			refused = float64(in.Users) * in.Refused * in.Active * started
		}
		served := 1.0
		if total := signIns + refused; total > 0 {
			peak := total * in.PeakHour
			other := total * (1 - in.PeakHour) / 23
			served = (min(peak, capacity) + 23*min(other, capacity)) / total
		}
		var movedToday float64
		for i := range users {
			users[i].left -= coming[i] * served
			movedToday += coming[i] * served
		}
		moved += movedToday
		days = append(days, Day{SignIns: signIns + refused, Moved: movedToday})
		if moved >= 0.99*all || moved >= all-float64(in.Users)*in.Refused-1e-4*all && today >= in.WaveDays*in.Waves {
			break
		}
	}
	return days
}

// binomial draws how many of n happen, each with the same chance. Large numbers are
// drawn from the normal distribution.
func binomial(numbers *rand.Rand, n, chance float64) float64 {
	switch mean := n * chance; {
	case n <= 0 || chance <= 0:
		return 0
	case chance >= 1:
		return n
	case n <= 64:
		happened := 0.0
		for range int(n) {
			if numbers.Float64() < chance {
				happened++
			}
		}
		if numbers.Float64() < (n-math.Floor(n))*chance { // a part of a user, by expectation
			happened = min(happened+1, n)
		}
		return happened
	case mean < 30: // Poisson, by the gaps between two
		happened := -1.0
		for at := 0.0; at < mean; at += numbers.ExpFloat64() {
			happened++
		}
		return min(max(happened, 0), n)
	default:
		return min(max(math.Round(mean+numbers.NormFloat64()*math.Sqrt(mean*(1-chance))), 0), n)
	}
}

// dayOf is the first day, from 1, on which a share of all users has moved; zero if
// the plan does not look so far.
func dayOf(in *Input, days []Day, share float64) int {
	moved := float64(in.Moved)
	need := share * float64(in.Users+in.Moved)
	if moved >= need {
		return 1
	}
	for i, day := range days {
		if moved += day.Moved; moved >= need {
			return i + 1
		}
	}
	return 0
}

// busiest is the day with the most sign-ins, from 0.
func busiest(days []Day) int {
	most := 0
	for i, day := range days {
		if day.SignIns > days[most].SignIns {
			most = i
		}
	}
	return most
}
