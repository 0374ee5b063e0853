package plan

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"slices"
)

// Bounds of the simulated part of the peak hour. The load is the same during the
// hour, so a part of it tells as much as the whole.
const (
	maxSignIns                 = 200_000
	warmUp, leastSeconds, tail = 30.0, 30.0, 30.0
)

// Peak is what the busiest hour is like.
type Peak struct {
	// SignIns, Attempts and Retries are per second. An attempt is one request of
	// Cognito: a first request, a retry or a wrong password.
	SignIns, Attempts, Retries float64
	// Throttled is the share of the attempts that a quota or Lambda's limit rejected.
	// TimedOut is the share that the source did not answer in time.
	Throttled, TimedOut float64
	// Delayed is the share of the sign-ins with a failed attempt, and GaveUp the
	// share of those without success.
	Delayed, GaveUp float64
	// Wait is the time from the first attempt to success of delayed sign-ins, in
	// seconds.
	WaitMean, WaitP95 float64
	// ConcurrencyMean and ConcurrencyMax are invocations at a time.
	ConcurrencyMean, ConcurrencyMax float64
	// SourceWaits is the share of the requests that waited for the source to be
	// free, and SourceUse how much of its capacity is used.
	SourceWaits, SourceUse float64
	// Served is how many sign-ins succeed per second.
	Served float64
	// Simulated is how many attempts the figures come from.
	Simulated int
}

// attempt is a request that comes at a time.
type attempt struct {
	at, first float64
	attempt   int
	wrong     bool
	measured  bool
}

// queued is a min-heap of attempts by time.
type queued []attempt

func (q queued) Len() int           { return len(q) }
func (q queued) Less(i, j int) bool { return q[i].at < q[j].at }
func (q queued) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }

// Push implements [heap.Interface].
func (q *queued) Push(x any) { *q = append(*q, x.(attempt)) } //nolint:errcheck // it holds nothing else

// Pop implements [heap.Interface].
func (q *queued) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

// times is a min-heap of points in time. It avoids the allocations of
// [container/heap], because each attempt goes through it.
type times []float64

func (h *times) push(at float64) {
	*h = append(*h, at)
	s := *h
	for i := len(s) - 1; i > 0; {
		parent := (i - 1) / 2
		if s[parent] <= s[i] {
			break
		}
		s[parent], s[i] = s[i], s[parent]
		i = parent
	}
}

// replaceLeast replaces the smallest value.
func (h times) replaceLeast(at float64) {
	h[0] = at
	for i := 0; ; {
		child := 2*i + 1
		if child >= len(h) {
			return
		}
		if child+1 < len(h) && h[child+1] < h[child] {
			child++
		}
		if h[i] <= h[child] {
			return
		}
		h[i], h[child] = h[child], h[i]
		i = child
	}
}

func (h *times) pop() {
	s := *h
	last := s[len(s)-1]
	*h = s[:len(s)-1]
	if len(*h) > 0 {
		h.replaceLeast(last)
	}
}

// station is the source: requests wait in one line for one of its servers. Without servers
// there is no waiting.
type station struct{ free times }

func newStation(servers int) *station { return &station{free: make(times, servers)} }

// start is when a request that comes now is served.
func (s *station) start(now float64) float64 {
	if len(s.free) == 0 {
		return now
	}
	return max(now, s.free[0])
}

// serve keeps one server busy until the end.
func (s *station) serve(end float64) {
	if len(s.free) > 0 {
		s.free.replaceLeast(end)
	}
}

// bucket counts the calls of one category in the second that runs.
type bucket struct {
	quota  float64
	second float64
	calls  float64
}

// take counts calls, and reports whether the quota allows them.
func (b *bucket) take(now, calls float64) bool {
	if b.quota == 0 || calls == 0 {
		return true
	}
	if second := math.Floor(now); second != b.second {
		b.second, b.calls = second, 0
	}
	// A part of a call that one second allows is left to a later one.
	if b.calls+calls > math.Floor((b.second+1)*b.quota)-math.Floor(b.second*b.quota) {
		return false
	}
	b.calls += calls
	return true
}

// charge is what an attempt takes from a bucket.
type charge struct {
	from         *bucket
	right, wrong float64
}

// charges are the buckets in the order in which an attempt meets them: the sign-in
// at the destination, the source's calls, the new user.
func (in *Input) charges() []charge {
	type key struct {
		side     side
		category Category
	}
	buckets := make(map[key]*bucket)
	var listed []charge
	creation := -1
	for _, u := range in.uses() {
		if u.later {
			continue
		}
		at, quota := in.quotaOf(u)
		k := key{at, u.category}
		if buckets[k] == nil {
			buckets[k] = &bucket{quota: quota.PerSecond, second: -1}
		}
		if u.category == UserCreation {
			creation = len(listed)
		}
		listed = append(listed, charge{buckets[k], u.right, u.wrong})
	}
	last := listed[creation]
	return append(slices.Delete(listed, creation, creation+1), last)
}

// random are independent streams, so that a changed limit changes no arrival.
type random struct{ arrivals, service, retries *rand.Rand }

func newRandom(seed uint64) random {
	stream := func(number uint64) *rand.Rand {
		return rand.New(rand.NewPCG(seed, number)) //nolint:gosec // a simulation, which a seed repeats
	}
	return random{stream(1), stream(2), stream(3)}
}

// simulation is the peak hour while it runs.
type simulation struct {
	in       *Input
	random   random
	charges  []charge
	source   *station
	inFlight times
	retries  queued
	// gap returns the time to the next sign-in or wrong password, and serve how
	// long the source works on an attempt.
	gap   func() float64
	serve func(mean float64) float64

	from, until                                 float64 // what is measured
	signIns, attempts, again, throttled         int
	timedOut, delayed, gaveUp, served           int
	asked, waited                               int
	concurrencySum, concurrencyMax, busySeconds float64
	waits                                       []float64
}

// SimulateHour simulates an hour with so many sign-ins per second. Above about
// 2,000 sign-ins a second, one simulated sign-in stands for several, and every
// limit is divided by as many. So the time that it takes has a bound.
func SimulateHour(in Input, signInsPerSecond float64) Peak {
	factor := math.Ceil(signInsPerSecond * (1 + in.WrongPasswords) * (warmUp + leastSeconds + tail) / maxSignIns)
	if factor > 1 {
		in = in.divided(factor)
	}
	s := newSimulation(&in, signInsPerSecond/factor)
	s.run()
	peak := s.peak(signInsPerSecond)
	for _, figure := range []*float64{&peak.Attempts, &peak.Retries, &peak.Served, &peak.ConcurrencyMean, &peak.ConcurrencyMax} {
		*figure *= factor
	}
	return peak
}

// divided returns the input with every limit divided. The source and Lambda keep
// room for one request.
func (in Input) divided(by float64) Input {
	divide := func(quotas Quotas) Quotas {
		parts := make(Quotas, len(quotas))
		for category, quota := range quotas {
			quota.PerSecond /= by
			parts[category] = quota
		}
		return parts
	}
	whole := func(limit int) int {
		if limit == 0 {
			return 0
		}
		return max(int(math.Round(float64(limit)/by)), 1)
	}
	in.Destination, in.Source = divide(in.Destination), divide(in.Source)
	in.SourceParallel, in.Concurrency = whole(in.SourceParallel), whole(in.Concurrency)
	return in
}

func newSimulation(in *Input, signInsPerSecond float64) *simulation {
	s := &simulation{in: in, random: newRandom(in.Seed), charges: in.charges(), source: newStation(in.SourceParallel)}
	rate := signInsPerSecond * (1 + in.WrongPasswords)
	most := in.maxSignIns
	if most == 0 {
		most = maxSignIns
	}
	measured := min(max(most/rate-warmUp-tail, leastSeconds), 3600)
	s.from, s.until = warmUp, warmUp+measured
	s.gap = func() float64 { return s.random.arrivals.ExpFloat64() / rate }
	s.serve = func(mean float64) float64 { return s.random.service.ExpFloat64() * mean }
	return s
}

// run lets time pass from one attempt to the next.
func (s *simulation) run() {
	wrongShare := s.in.WrongPasswords / (1 + s.in.WrongPasswords)
	next := s.gap()
	for {
		switch {
		case len(s.retries) > 0 && (next > s.until+tail || s.retries[0].at <= next):
			s.attempt(heap.Pop(&s.retries).(attempt)) //nolint:errcheck // it holds nothing else
		case next <= s.until+tail:
			one := attempt{at: next, first: next, attempt: 1, wrong: s.random.arrivals.Float64() < wrongShare}
			one.measured = next >= s.from && next < s.until
			next += s.gap()
			s.attempt(one)
		default:
			return
		}
	}
}

// attempt is one attempt: quotas, Lambda, the source.
func (s *simulation) attempt(a attempt) {
	counts := a.at >= s.from && a.at < s.until
	if counts {
		s.attempts++
		if a.attempt > 1 {
			s.again++
		}
	}
	if a.measured && !a.wrong && a.attempt == 1 {
		s.signIns++
	}
	for len(s.inFlight) > 0 && s.inFlight[0] <= a.at {
		s.inFlight.pop()
	}
	if !s.admitted(a) {
		if counts {
			s.throttled++
		}
		s.fail(a, a.at)
		return
	}
	end, inTime := s.ask(a, counts)
	s.inFlight.push(end)
	if counts {
		s.concurrencySum += end - a.at
		s.concurrencyMax = max(s.concurrencyMax, float64(len(s.inFlight)))
	}
	switch {
	case !inTime:
		if counts {
			s.timedOut++
		}
		s.fail(a, end)
	case a.wrong:
	default:
		if counts {
			s.served++
		}
		if a.measured && a.attempt > 1 {
			s.waits = append(s.waits, end-a.first)
		}
	}
}

// admitted takes the calls of the attempt from every quota, in order. What an
// earlier one has counted stays counted.
func (s *simulation) admitted(a attempt) bool {
	for i, c := range s.charges {
		calls := c.right
		if a.wrong {
			calls = c.wrong
		}
		if !c.from.take(a.at, calls) {
			return false
		}
		if i == 0 && s.in.Concurrency > 0 && len(s.inFlight) >= s.in.Concurrency {
			return false
		}
	}
	return true
}

// ask returns when the attempt is answered, and whether the source was in time.
func (s *simulation) ask(a attempt, counts bool) (end float64, inTime bool) {
	mean := s.in.SourceLatency.Seconds()
	if !a.wrong {
		mean *= float64(s.in.callsInARow())
	}
	busy := s.serve(mean)
	start := s.source.start(a.at)
	if counts {
		s.asked++
		if start > a.at {
			s.waited++
		}
	}
	deadline := a.at + s.in.Budget.Seconds()
	if start >= deadline { // given up while it waited, so it occupies no server
		return deadline, false
	}
	end = start + busy
	s.source.serve(end)
	if counts {
		s.busySeconds += busy
	}
	return min(end, deadline), end <= deadline
}

// fail plans the user's next attempt, or ends the sign-in without success. A wrong
// password is not tried again here: it is a rate of its own.
func (s *simulation) fail(a attempt, now float64) {
	if a.wrong {
		return
	}
	if a.measured && a.attempt == 1 {
		s.delayed++
	}
	if a.attempt >= s.in.Attempts {
		if a.measured {
			s.gaveUp++
		}
		return
	}
	a.attempt++
	a.at = now + s.random.retries.ExpFloat64()*s.in.RetryAfter.Seconds()
	heap.Push(&s.retries, a)
}

func (s *simulation) peak(signInsPerSecond float64) Peak {
	seconds := s.until - s.from
	p := Peak{
		SignIns: signInsPerSecond, Attempts: float64(s.attempts) / seconds, Retries: float64(s.again) / seconds,
		Throttled: ratio(s.throttled, s.attempts), TimedOut: ratio(s.timedOut, s.attempts),
		Delayed: ratio(s.delayed, s.signIns), GaveUp: ratio(s.gaveUp, s.signIns),
		ConcurrencyMean: s.concurrencySum / seconds, ConcurrencyMax: s.concurrencyMax,
		SourceWaits: ratio(s.waited, s.asked), Served: float64(s.served) / seconds, Simulated: s.attempts,
	}
	if servers := s.in.SourceParallel; servers > 0 {
		p.SourceUse = s.busySeconds / seconds / float64(servers)
	}
	if len(s.waits) > 0 {
		slices.Sort(s.waits)
		var sum float64
		for _, wait := range s.waits {
			sum += wait
		}
		p.WaitMean, p.WaitP95 = sum/float64(len(s.waits)), s.waits[(len(s.waits)-1)*95/100]
	}
	return p
}

func ratio(part, whole int) float64 {
	if whole == 0 {
		return 0
	}
	return float64(part) / float64(whole)
}
