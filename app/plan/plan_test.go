package plan

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// unlimited is an input without any quota or limit.
func unlimited() Input {
	in := DefaultInput()
	in.Users, in.WrongPasswords, in.Concurrency, in.Attempts, in.Budget = 1000, 0, 0, 1, time.Hour
	in.Destination, in.Source = Quotas{}, Quotas{}
	return in
}

// near fails where a value is further from the expected one than the tolerance.
func near(t *testing.T, name string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance {
		t.Errorf("%s is %.5f, expected %.5f ± %.5f", name, got, want, tolerance)
	}
}

// erlangB is the share that is lost by c servers without a queue.
func erlangB(c int, offered float64) float64 {
	b := 1.0
	for k := 1; k <= c; k++ {
		b = offered * b / (float64(k) + offered*b)
	}
	return b
}

// erlangC is the share that waits in an M/M/c queue.
func erlangC(c int, offered float64) float64 {
	b := erlangB(c, offered)
	return b / (1 - offered/float64(c)*(1-b))
}

func TestTheSourceIsAnMMcQueue(t *testing.T) {
	t.Parallel()
	for _, queue := range []struct {
		servers int
		load    float64
	}{{1, 0.5}, {4, 0.7}, {10, 0.8}, {50, 0.9}} {
		t.Run(fmt.Sprint(queue), func(t *testing.T) {
			t.Parallel()
			in := unlimited()
			in.SourceIsPool, in.SourceParallel, in.SourceLatency = false, queue.servers, 100*time.Millisecond
			offered := queue.load * float64(queue.servers)
			peak := SimulateHour(in, offered/in.SourceLatency.Seconds())
			wait := erlangC(queue.servers, offered)
			near(t, "the share that waits (Erlang C)", peak.SourceWaits, wait, 0.03)
			near(t, "the use of the source", peak.SourceUse, queue.load, 0.02)
			// Little's law, with the mean wait of an M/M/c queue.
			inSystem := offered + wait*queue.load/(1-queue.load)
			near(t, "invocations at a time", peak.ConcurrencyMean, inSystem, 0.08*inSystem)
		})
	}
}

func TestLambdasLimitLosesAsErlangBSays(t *testing.T) {
	t.Parallel()
	for _, limit := range []int{5, 20, 100} {
		in := unlimited()
		in.SourceIsPool, in.Concurrency, in.SourceLatency = false, limit, 200*time.Millisecond
		offered := float64(limit) * 1.1
		peak := SimulateHour(in, offered/in.SourceLatency.Seconds())
		near(t, fmt.Sprintf("the lost share at %d", limit), peak.Throttled, erlangB(limit, offered), 0.01)
		if peak.ConcurrencyMax > float64(limit) {
			t.Errorf("%v invocations at a time with a limit of %d", peak.ConcurrencyMax, limit)
		}
	}
}

func TestAQuotaLosesWhatAPoissonSecondHasAboveIt(t *testing.T) {
	t.Parallel()
	for _, quota := range []float64{90, 100, 120} {
		const rate = 100.0
		in := unlimited()
		in.Destination = Quotas{UserAuthentication: {quota, OriginGiven}}
		lost := 0.0
		for n := 0; n < 400; n++ {
			logarithm, _ := math.Lgamma(float64(n) + 1)
			lost += max(float64(n)-quota, 0) * math.Exp(float64(n)*math.Log(rate)-rate-logarithm)
		}
		near(t, fmt.Sprintf("the throttled share at %v", quota), SimulateHour(in, rate).Throttled, lost/rate, 0.01)
	}
}

func TestConstantArrivalsUseTheSourceExactly(t *testing.T) {
	t.Parallel()
	in := unlimited()
	in.SourceIsPool, in.SourceParallel, in.SourceLatency = false, 4, 100*time.Millisecond
	s := newSimulation(&in, 32)
	s.gap = func() float64 { return 1.0 / 32 }
	s.serve = func(mean float64) float64 { return mean }
	s.run()
	peak := s.peak(32)
	near(t, "the use (32 × 0.1 s / 4)", peak.SourceUse, 0.8, 1e-6)
	near(t, "invocations at a time (32 × 0.1 s)", peak.ConcurrencyMean, 3.2, 1e-6)
	near(t, "attempts per second", peak.Attempts, 32, 1e-2)
	if peak.SourceWaits != 0 || peak.ConcurrencyMax != 4 || peak.TimedOut != 0 {
		t.Errorf("nobody waits below the capacity, and the plan says %+v", peak)
	}
}

func TestConstantArrivalsAboveAQuotaLoseTheRest(t *testing.T) {
	t.Parallel()
	in := unlimited()
	in.Source = Quotas{UserRead: {75, OriginGiven}}
	s := newSimulation(&in, 100)
	s.gap = func() float64 { return 1.0 / 100 }
	s.run()
	peak := s.peak(100)
	near(t, "the throttled share", peak.Throttled, 0.25, 1e-3)
	near(t, "sign-ins without success", peak.GaveUp, 0.25, 1e-3)
	near(t, "sign-ins that succeed per second", peak.Served, 75, 0.1)
}

func TestAnOverloadedSourceServesLessThanItsCapacity(t *testing.T) {
	t.Parallel()
	in := unlimited()
	in.SourceIsPool, in.SourceParallel, in.SourceLatency, in.Budget = false, 10, 100*time.Millisecond, 4500*time.Millisecond
	peak := SimulateHour(in, 150)
	// Requests that start just before their deadline are answered after it.
	if peak.Served > 100 || peak.Served == 0 {
		t.Errorf("%v sign-ins succeed per second, and the source can do 100", peak.Served)
	}
	near(t, "the share that is late", peak.TimedOut, 1-peak.Served/150, 0.02)
}

// Where one simulated sign-in stands for several, the figures are those of the
// whole, and there are no more attempts than the bound.
func TestTheLargestMigrationsAreSimulatedInParts(t *testing.T) {
	t.Parallel()
	in := unlimited()
	in.Destination = Quotas{UserAuthentication: {3000, OriginGiven}}
	peak := SimulateHour(in, 4000)
	near(t, "the throttled share", peak.Throttled, 0.25, 0.02)
	near(t, "sign-ins that succeed per second", peak.Served, 3000, 60)
	near(t, "attempts per second", peak.Attempts, 4000, 80)
	near(t, "invocations at a time", peak.ConcurrencyMean, 3000*0.2, 20)
	in = DefaultInput()
	in.Concurrency = 100
	peak = SimulateHour(in, 300_000)
	if peak.Served <= 0 || peak.Served > 55 { // UserCreation allows 50
		t.Errorf("%v sign-ins succeed per second", peak.Served)
	}
	if peak.Simulated > 10*maxSignIns || peak.Simulated == 0 {
		t.Errorf("%d attempts were simulated", peak.Simulated)
	}
}

func TestUsersWhoAreAlikeMoveAsAGeometricDistribution(t *testing.T) {
	t.Parallel()
	in := unlimited()
	in.Users, in.Active, in.Habits = 1_000_000, 0.1, HabitsAlike
	days := SimulateDays(in)
	for _, share := range shares() {
		want := math.Ceil(math.Log(1-share) / math.Log(1-in.Active))
		near(t, fmt.Sprintf("the day of %v", share), float64(dayOf(&in, days, share)), want, 1)
	}
}

func TestMixedUsersMoveAsABetaGeometricDistribution(t *testing.T) {
	t.Parallel()
	for _, active := range []float64{0.05, 0.1, 0.3} {
		in := unlimited()
		in.Users, in.Active = 10_000_000, active
		days := SimulateDays(in)
		b := 1/active - 1
		for _, share := range shares() {
			want := math.Ceil(b * share / (1 - share)) // from 1 - b/(b+days) = share
			near(t, fmt.Sprintf("the day of %v at %v a day", share, active), float64(dayOf(&in, days, share)), want, 1+0.02*want)
		}
		near(t, "the first day", days[0].SignIns, float64(in.Users)*active, 0.01*float64(in.Users)*active)
	}
}

func TestRefusedUsersKeepTheLastSharesAway(t *testing.T) {
	t.Parallel()
	in := DefaultInput()
	in.Users, in.Refused = 100_000, 0.08
	result, err := Make(in)
	if err != nil {
		t.Fatal(err)
	}
	if result.Days[1].Day == nil || result.Days[2].Day != nil || result.Days[3].Day != nil {
		t.Errorf("the days are %+v", result.Days)
	}
}

// inputs draws inputs of all kinds.
func inputs() *rapid.Generator[Input] {
	return rapid.Custom(func(t *rapid.T) Input {
		in := DefaultInput()
		in.Users = rapid.IntRange(1, 300_000).Draw(t, "users")
		in.Moved = rapid.IntRange(0, 1_000_000).Draw(t, "moved")
		in.Refused = rapid.Float64Range(0, 1).Draw(t, "refused")
		in.Active = rapid.Float64Range(0.02, 1).Draw(t, "active")
		in.PeakHour = rapid.Float64Range(0.05, 0.5).Draw(t, "peak hour")
		in.Habits = rapid.SampledFrom([]Habits{HabitsMixed, HabitsAlike}).Draw(t, "habits")
		in.Profile = rapid.SampledFrom([]Profile{ProfileAdminGetUser, ProfileConcurrent, ProfileIDToken}).Draw(t, "profile")
		in.SourceIsPool = rapid.Bool().Draw(t, "pool")
		in.SourceParallel = rapid.IntRange(0, 50).Draw(t, "parallel")
		in.Concurrency = rapid.IntRange(0, 2000).Draw(t, "concurrency")
		in.SameAccount = rapid.Bool().Draw(t, "same account")
		in.Completion = rapid.Bool().Draw(t, "completion")
		in.Attempts = rapid.IntRange(1, 4).Draw(t, "tries")
		in.Waves = rapid.IntRange(1, 4).Draw(t, "waves")
		in.Seed, in.maxSignIns = rapid.Uint64().Draw(t, "seed"), 2000
		return in
	})
}

// Without retries and other limits, a second serves what comes or what the quotas
// allow, whichever is less. So this is true for each course of events. A simulated
// sign-in stands for several here (maxSignIns), so that fractions of a quota come and
// go by some of the two thousand.
func TestMoreQuotaNeverThrottlesMore(t *testing.T) {
	t.Parallel()
	const rounding = 0.01
	rapid.Check(t, func(t *rapid.T) {
		in := inputs().Draw(t, "input")
		in.Attempts, in.Concurrency = 1, 0
		category := rapid.SampledFrom(Categories()).Draw(t, "category")
		less := rapid.Float64Range(1, 200).Draw(t, "quota")
		more := less + rapid.Float64Range(0, 200).Draw(t, "added")
		at := rapid.Float64Range(1, 300).Draw(t, "sign-ins per second")
		few, many := in, in
		few.Destination, few.Source = DefaultQuotas(), DefaultQuotas()
		many.Destination, many.Source = DefaultQuotas(), DefaultQuotas()
		few.Destination[category], few.Source[category] = Quota{less, OriginGiven}, Quota{less, OriginGiven}
		many.Destination[category], many.Source[category] = Quota{more, OriginGiven}, Quota{more, OriginGiven}
		if a, b := SimulateHour(few, at), SimulateHour(many, at); b.Throttled > a.Throttled+rounding {
			t.Fatalf("%s of %v throttles %v, and %v throttles %v", category, less, a.Throttled, more, b.Throttled)
		}
	})
}

func TestEveryPlanIsWhole(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		in := inputs().Draw(t, "input")
		result, err := Make(in)
		if err != nil {
			t.Fatal(err)
		}
		throttled := result.Peak.Throttled
		for _, share := range []float64{throttled.AttemptsShare, throttled.TimedOutShare, throttled.SignInsShare, throttled.GaveUpShare, result.Peak.Source.WaitedShare} {
			if !(share >= 0 && share <= 1) {
				t.Fatalf("a share is %v in %+v", share, result.Peak)
			}
		}
		if throttled.GaveUpShare > throttled.SignInsShare {
			t.Fatalf("more gave up than failed a try: %+v", throttled)
		}
		last := 0
		for _, day := range result.Days {
			if day.Day != nil && *day.Day < last {
				t.Fatalf("a later share is reached earlier: %+v", result.Days)
			} else if day.Day != nil {
				last = *day.Day
			}
		}
		var text strings.Builder
		if err := WriteText(&text, result); err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(text.String()) {
			if utf8.RuneCountInString(strings.TrimRight(line, "\n")) > 80 {
				t.Fatalf("longer than 80 columns: %s", line)
			}
		}
		if strings.Contains(text.String(), "NaN") || strings.Contains(text.String(), "Inf") {
			t.Fatal(text.String())
		}
		if _, err := json.Marshal(result); err != nil { // NaN and infinity are no JSON
			t.Fatal(err)
		}
		if again, _ := Make(in); fmt.Sprint(again.Peak, again.Quotas, again.Advice) != fmt.Sprint(result.Peak, result.Quotas, result.Advice) {
			t.Fatal("the same seed gave another plan")
		}
	})
}

func TestCallsOfAnAttempt(t *testing.T) {
	t.Parallel()
	demand := func(change func(*Input)) string {
		in := DefaultInput()
		in.Users, in.WrongPasswords = 1000, 0.5
		change(&in)
		var told []string
		for _, q := range in.demand(100) {
			told = append(told, fmt.Sprintf("%s %s %v+%v of %v", q.Account, q.Category, q.PerSecond, q.Queued, q.Quota))
		}
		return strings.Join(told, ", ")
	}
	const newUser = "destination UserAuthentication 150+0 of 120, destination UserCreation 100+0 of 50"
	for name, test := range map[string]struct {
		change func(*Input)
		want   string
	}{
		"admin_get_user reads the profile after a right password": {func(*Input) {}, newUser + ", source UserAuthentication 150+0 of 120, source UserRead 100+0 of 120"},
		"concurrent reads it for wrong passwords too":             {func(in *Input) { in.Profile = ProfileConcurrent }, newUser + ", source UserAuthentication 150+0 of 120, source UserRead 150+0 of 120"},
		"id_token reads no profile":                               {func(in *Input) { in.Profile = ProfileIDToken }, newUser + ", source UserAuthentication 150+0 of 120"},
		"another source has no quotas of Cognito":                 {func(in *Input) { in.SourceIsPool = false }, newUser},
		"completion calls both pools later":                       {func(in *Input) { in.SourceIsPool, in.Completion = false, true }, "destination UserAuthentication 150+0 of 120, destination UserRead 0+100 of 120, destination UserCreation 100+0 of 50"},
		"one account has one quota for both pools": {func(in *Input) { in.SameAccount = true },
			"destination UserAuthentication 300+0 of 120, destination UserRead 100+0 of 120, destination UserCreation 100+0 of 50"},
	} {
		if got := demand(test.change); got != test.want {
			t.Errorf("%s:\n%s, expected\n%s", name, got, test.want)
		}
	}
}

func TestTheSettingThatHelpsIsNamed(t *testing.T) {
	t.Parallel()
	helps := func(change func(*Input)) string {
		in := DefaultInput()
		in.Users, in.maxSignIns = 20_000_000, 20_000 // 67 sign-ins per second
		change(&in)
		result, err := Make(in)
		if err != nil {
			t.Fatal(err)
		}
		var named []string
		for _, advice := range result.Advice {
			if advice.Helps {
				named = append(named, regexp.MustCompile(`^\w+`).FindString(advice.Change))
			}
		}
		return strings.Join(named, " ")
	}
	wide := func(in *Input) { in.Destination = Quotas{} }
	for name, test := range map[string]struct {
		change func(*Input)
		want   string
	}{
		"a small migration needs nothing":       {func(in *Input) { in.Users = 10_000 }, ""},
		"UserRead is the limit":                 {func(in *Input) { wide(in); in.Source[UserRead] = Quota{30, OriginGiven} }, "SOURCE_PROFILE 2 4 quotas"},
		"the new users are the limit":           {func(in *Input) { in.Source = Quotas{} }, "2 4 quotas"},
		"Lambda's concurrency is the limit":     {func(in *Input) { in.Destination, in.Source, in.Concurrency = Quotas{}, Quotas{}, 5 }, "SOURCE_PROFILE 2 4 Lambda"},
		"a source that answers five at a time":  {func(in *Input) { wide(in); in.SourceIsPool, in.SourceParallel = false, 5 }, "2 4"},
		"quotas that are not limits do nothing": {func(in *Input) { in.Destination, in.Source = Quotas{}, Quotas{} }, ""},
	} {
		if got := helps(test.change); got != test.want {
			t.Errorf("%s: %q helps, expected %q", name, got, test.want)
		}
	}
}

func TestTheCostIsItsParts(t *testing.T) {
	t.Parallel()
	in := unlimited()
	in.Users, in.Active, in.WrongPasswords = 110_000, 1, 1
	result, err := Make(in)
	if err != nil {
		t.Fatal(err)
	}
	// All move on the first day: 110,000 sign-ins and as many wrong passwords.
	want := 220_000*0.20e-6 + (110_000*0.2+110_000*0.1)*0.125*0.0000133334 + 0.44*0.50 + 100_000*(0.015+0.0055)
	near(t, "the cost", result.MonthlyCost.USD, want, 1e-6)
}

func TestInputsThatNoPlanIsMadeOf(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*Input){
		"users":           func(in *Input) { in.Users = 0 },
		"moved users":     func(in *Input) { in.Moved = -1 },
		"refused share":   func(in *Input) { in.Refused = 1.1 },
		"active share":    func(in *Input) { in.Active = math.NaN() },
		"peak hour":       func(in *Input) { in.PeakHour = 0.01 },
		"profile":         func(in *Input) { in.Profile = "odd" },
		"habits":          func(in *Input) { in.Habits = "odd" },
		"wrong passwords": func(in *Input) { in.WrongPasswords = math.Inf(1) },
		"source latency":  func(in *Input) { in.SourceLatency = 0 },
		"tries":           func(in *Input) { in.Attempts = 0 },
		"waves":           func(in *Input) { in.Waves = 0 },
	} {
		in := DefaultInput()
		in.Users = 1
		change(&in)
		if _, err := Make(in); !errors.Is(err, ErrInput) || !strings.Contains(err.Error(), name+":") {
			t.Errorf("%s: the error is %v", name, err)
		}
	}
}

// The page names every key, so that scripts can rely on them.
func TestThePageNamesEveryKey(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "plan.md"))
	if err != nil {
		t.Fatal(err)
	}
	in := DefaultInput()
	in.Users = 1000
	result, err := Make(in)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(result)
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range regexp.MustCompile(`"(\w+)":`).FindAllSubmatch(text, -1) {
		if !strings.Contains(string(page), "`"+string(key[1])+"`") {
			t.Errorf("docs/plan.md does not name %s", key[1])
		}
	}
}
