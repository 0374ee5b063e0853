package plan

import (
	"fmt"
	"math"
	"sync"
)

// Result is the object that --json prints. docs/plan.md lists its keys, which are
// stable.
type Result struct {
	Seed        uint64         `json:"seed"`
	Users       int            `json:"users"`
	Moved       int            `json:"moved"`
	Peak        PeakResult     `json:"peak"`
	Quotas      []QuotaResult  `json:"quotas"`
	Days        []DayResult    `json:"days"`
	MonthlyCost CostResult     `json:"monthlyCost"`
	Advice      []AdviceResult `json:"advice"`
}

// PeakResult is the busiest hour of the busiest day.
type PeakResult struct {
	Day               int               `json:"day"`
	SignInsPerDay     int               `json:"signInsPerDay"`
	SignInsPerSecond  float64           `json:"signInsPerSecond"`
	AttemptsPerSecond float64           `json:"attemptsPerSecond"`
	RetriesPerSecond  float64           `json:"retriesPerSecond"`
	ServedPerSecond   float64           `json:"servedPerSecond"`
	Throttled         ThrottledResult   `json:"throttled"`
	Concurrency       ConcurrencyResult `json:"lambdaConcurrency"`
	Source            SourceResult      `json:"source"`
}

// ThrottledResult is what happens to sign-ins above the limits.
type ThrottledResult struct {
	AttemptsShare float64 `json:"attemptsShare"`
	TimedOutShare float64 `json:"timedOutShare"`
	SignInsShare  float64 `json:"signInsShare"`
	GaveUpShare   float64 `json:"gaveUpShare"`
	WaitMean      float64 `json:"waitMeanSeconds"`
	WaitP95       float64 `json:"waitP95Seconds"`
}

// ConcurrencyResult is the number of invocations at a time.
type ConcurrencyResult struct {
	Mean  float64 `json:"mean"`
	Max   float64 `json:"max"`
	Limit int     `json:"limit"`
}

// SourceResult is how busy the source is. Use is zero where it has no limit.
type SourceResult struct {
	WaitedShare float64 `json:"waitedShare"`
	Use         float64 `json:"use"`
}

// QuotaResult is a category's demand at the peak, without retries, against its
// quota. Queued holds where a queue spreads the calls: completion.
type QuotaResult struct {
	Account   string  `json:"account"`
	Category  string  `json:"category"`
	PerSecond float64 `json:"perSecond"`
	Queued    float64 `json:"queuedPerSecond"`
	Quota     float64 `json:"quota"`
	Origin    string  `json:"origin"`
	Use       float64 `json:"use"`
}

// DayResult is the day, from 1, on which a share of all users has moved; null if
// it is more than ten years away.
type DayResult struct {
	Share float64 `json:"share"`
	Day   *int    `json:"day"`
}

// CostResult is what the first 30 days cost, in USD.
type CostResult struct {
	USD         float64      `json:"usd"`
	Items       []ItemResult `json:"items"`
	Assumptions []string     `json:"assumptions"`
}

// ItemResult is one part of the cost.
type ItemResult struct {
	Name     string  `json:"name"`
	Quantity float64 `json:"quantity"`
	Price    float64 `json:"price"`
	USD      float64 `json:"usd"`
}

// AdviceResult is the peak with one thing changed.
type AdviceResult struct {
	Change       string  `json:"change"`
	SignInsShare float64 `json:"signInsShare"`
	GaveUpShare  float64 `json:"gaveUpShare"`
	Use          float64 `json:"highestUse"`
	Helps        bool    `json:"helps"`
}

// Make makes the plan. Its error matches ErrInput.
func Make(in Input) (Result, error) {
	if err := in.Check(); err != nil {
		return Result{}, err
	}
	days := SimulateDays(in)
	top := busiest(days)
	perSecond := perSecondAt(&in, days)
	peak := SimulateHour(in, perSecond)
	r := Result{
		Seed: in.Seed, Users: in.Users, Moved: in.Moved,
		Peak: PeakResult{
			Day: top + 1, SignInsPerDay: int(days[top].SignIns), SignInsPerSecond: peak.SignIns,
			AttemptsPerSecond: peak.Attempts, RetriesPerSecond: peak.Retries, ServedPerSecond: peak.Served,
			Throttled:   ThrottledResult{peak.Throttled, peak.TimedOut, peak.Delayed, peak.GaveUp, peak.WaitMean, peak.WaitP95},
			Concurrency: ConcurrencyResult{peak.ConcurrencyMean, peak.ConcurrencyMax, in.Concurrency},
			Source:      SourceResult{peak.SourceWaits, peak.SourceUse},
		},
		Quotas: in.demand(perSecond), Days: []DayResult{}, MonthlyCost: in.cost(days),
	}
	for _, share := range shares() {
		result := DayResult{Share: share}
		if day := dayOf(&in, days, share); day > 0 {
			result.Day = &day
		}
		r.Days = append(r.Days, result)
	}
	r.Advice = in.advice(r, perSecond)
	return r, nil
}

// perSecondAt is the number of sign-ins per second in the busiest hour.
func perSecondAt(in *Input, days []Day) float64 {
	return max(days[busiest(days)].SignIns*in.PeakHour/3600, 1e-3)
}

// demand lists each category's calls at the peak.
func (in *Input) demand(signInsPerSecond float64) []QuotaResult {
	var listed []QuotaResult
	for _, account := range []side{destinationSide, sourceSide} {
		for _, category := range Categories() {
			one := QuotaResult{Account: string(account), Category: string(category)}
			found := false
			for _, u := range in.uses() {
				at, quota := in.quotaOf(u)
				if at != account || u.category != category {
					continue
				}
				found = true
				one.Quota, one.Origin = quota.PerSecond, string(quota.Origin)
				calls := signInsPerSecond * (u.right + u.wrong*in.WrongPasswords)
				if u.later {
					one.Queued += calls
				} else {
					one.PerSecond += calls
				}
			}
			if !found {
				continue
			}
			if one.Quota > 0 {
				one.Use = one.PerSecond / one.Quota
			}
			listed = append(listed, one)
		}
	}
	return listed
}

func highestUse(demands []QuotaResult) float64 {
	highest := 0.0
	for _, demand := range demands {
		highest = max(highest, demand.Use)
	}
	return highest
}

// variant is the input with one thing changed.
type variant struct {
	change string
	in     Input
	// waves holds where the peak must be found again.
	waves bool
}

// variants are the changes that are tried.
func (in *Input) variants(demands []QuotaResult) []variant {
	var tried []variant
	if in.SourceIsPool && in.Profile != ProfileIDToken {
		changed := *in
		changed.Profile = ProfileIDToken
		tried = append(tried, variant{change: "SOURCE_PROFILE=id_token: one call to the source pool per sign-in", in: changed})
	}
	for _, factor := range []int{2, 4} {
		changed := *in
		if changed.Waves = in.Waves * factor; changed.Waves > 100 {
			continue
		}
		tried = append(tried, variant{fmt.Sprintf("%d waves of clients, %d days apart", changed.Waves, changed.WaveDays), changed, true})
	}
	changed, raised := *in, ""
	changed.Destination, changed.Source = Quotas{}, Quotas{}
	for category, quota := range in.Destination {
		changed.Destination[category] = quota
	}
	for category, quota := range in.Source {
		changed.Source[category] = quota
	}
	for _, demand := range demands {
		if demand.Use <= 0.8 {
			continue
		}
		need := math.Ceil(demand.PerSecond*1.25/10) * 10 // four fifths of it are used
		quotas := changed.Destination
		if demand.Account == string(sourceSide) {
			quotas = changed.Source
		}
		quotas[Category(demand.Category)] = Quota{need, OriginGiven}
		raised += fmt.Sprintf(", %s %s %.0f/s", demand.Account, demand.Category, need)
	}
	if raised != "" {
		tried = append(tried, variant{change: "quotas raised:" + raised[1:], in: changed})
	}
	if busy := in.SourceLatency.Seconds() * float64(in.callsInARow()); in.Concurrency > 0 && len(demands) > 0 {
		if need := math.Ceil(demands[0].PerSecond*busy*2/100) * 100; need > float64(in.Concurrency) {
			changed := *in
			changed.Concurrency = int(need)
			tried = append(tried, variant{change: fmt.Sprintf("Lambda's concurrent executions raised to %.0f", need), in: changed})
		}
	}
	return tried
}

// advice tries each change, and tells what becomes of the sign-ins.
func (in *Input) advice(r Result, perSecond float64) []AdviceResult {
	tried := in.variants(r.Quotas)
	given := make([]AdviceResult, len(tried))
	var running sync.WaitGroup
	for i, one := range tried {
		running.Go(func() {
			rate := perSecond
			if one.waves {
				rate = perSecondAt(&one.in, SimulateDays(one.in))
			}
			peak := SimulateHour(one.in, rate)
			given[i] = AdviceResult{
				Change: one.change, SignInsShare: peak.Delayed, GaveUpShare: peak.GaveUp, Use: highestUse(one.in.demand(rate)),
				Helps: peak.Delayed < r.Peak.Throttled.SignInsShare-0.005,
			}
		})
	}
	running.Wait()
	return given
}

// cost is that of the first 30 days.
func (in *Input) cost(days []Day) CostResult {
	var signIns, moved float64
	for _, day := range days[:min(len(days), 30)] {
		signIns += day.SignIns
		moved += day.Moved
	}
	p := in.Prices
	attempts := signIns * (1 + in.WrongPasswords)
	seconds := in.SourceLatency.Seconds() * (signIns*float64(in.callsInARow()) + signIns*in.WrongPasswords)
	result := CostResult{Items: []ItemResult{
		item("Lambda requests", attempts, p.LambdaRequest),
		item("Lambda GB-seconds", seconds*p.FunctionGB, p.LambdaGBSecond),
		item("log GB", attempts*p.LogBytesPerAttempt/1e9, p.LogsGB),
		item("destination: monthly active users", max(moved-p.FreeMAU, 0), p.DestinationMAU),
	}}
	if in.SourceIsPool {
		result.Items = append(result.Items, item("source: the same users, active there too", max(moved-p.FreeMAU, 0), p.SourceMAU))
	}
	for _, part := range result.Items {
		result.USD += part.USD
	}
	result.Assumptions = []string{
		"the first 30 days after the cut-over; later months cost less",
		fmt.Sprintf("list prices in USD, which you must check; %.0f active users are free at each pool", p.FreeMAU),
		"a sign-in makes a user active at both pools in that month",
		fmt.Sprintf("a function of %.0f MB; %.0f bytes of log per attempt", p.FunctionGB*1024, p.LogBytesPerAttempt),
		"users who moved before the plan begins, queues, alarms and traffic are not counted",
	}
	return result
}

func item(name string, quantity, price float64) ItemResult {
	return ItemResult{name, quantity, price, quantity * price}
}
