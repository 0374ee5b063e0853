package bench

import (
	"fmt"
	"time"
)

// Target is one that the project has set itself: it is compared, and nothing
// fails where it is missed.
type Target struct {
	// Title says what is compared.
	Title string `json:"title"`
	// Wanted is what it should be, as in "≤ 1.5 ×".
	Wanted string `json:"wanted"`
	// Measured is what it is; zero where it was not measured.
	Measured float64 `json:"measured"`
	Unit     string  `json:"unit"`
	// Met holds where it is what it should be, and Known where it was measured.
	Met   bool `json:"met"`
	Known bool `json:"known"`
}

// compare looks at every target.
func compare(report *Report, options Options) []Target {
	c := comparison{report: report}
	none := options.Delays[0]
	for _, delay := range options.Delays {
		if delay == 0 {
			c.atMost("warm, two calls, no server delay: bootstrap / floor", 1.55, c.toFloor(Bootstrap, WithDelay(WarmP50, 0)))
		}
		if delay == 3*time.Millisecond {
			c.atMost("warm, two calls, 3 ms of server delay: bootstrap / floor", 1.06, c.toFloor(Bootstrap, WithDelay(WarmP50, delay)))
			c.atMost("warm, id_token, 3 ms of server delay / the two-call floor", 0.6, c.toFloor(IDToken, WithDelay(WarmP50, delay)))
		}
	}
	c.atMost("first invocation after warming / warm, both bootstrap", 2, c.quotient(Bootstrap, First, WithDelay(WarmP50, none)))
	c.atMost("start with warming / the floor's start", 4.5, c.toFloor(Bootstrap, Start))
	c.atMost("CPU of a warm invocation: bootstrap / floor", 2, c.toFloor(Bootstrap, WithDelay(WarmCPU, none)))
	c.atMost("peak memory, with the Cognito source alone / floor", 1.4, c.toFloor(Minimal, PeakMemory))
	c.megabytesAtMost("binary with the Cognito source alone", 10.6, c.bytes(Minimal))
	beside := 0.0
	if options.ImageBytes > 0 {
		beside = float64(options.ImageBytes-options.ImageRootsBytes)/megabyte - c.bytes(Bootstrap)
	}
	c.megabytesAtMost("image, beside the binary and its certificates", 0.5, beside)
	c.atLeast("warm: Python / bootstrap", 100, c.quotient(Python, WithDelay(WarmP50, none), WithDelay(WarmP50, none)))
	c.atLeast("start: Python / bootstrap", 12, c.quotient(Python, Start, Start))
	c.atLeast("first sign-in: Python / bootstrap", 50, c.quotient(Python, First, First))
	c.atLeast("peak memory: Python / bootstrap", 4, c.quotient(Python, PeakMemory, PeakMemory))
	c.atLeast("warm: Node.js / bootstrap", 2.5, c.quotient(Node, WithDelay(WarmP50, none), WithDelay(WarmP50, none)))
	c.exactly("AssumeRole calls of a process", 1, Bootstrap, AssumeRoles)
	c.exactly("connections of a process to STS", 1, Bootstrap, STSConnections)
	c.exactly("connections of a process to Cognito", 1, Bootstrap, CognitoConnections)
	return c.targets
}

type comparison struct {
	report  *Report
	targets []Target
}

// toFloor is a program's ratio to the floor; zero where there is none.
func (c *comparison) toFloor(program, metric string) float64 {
	figure, _ := c.report.Figure(program, metric)
	return figure.ToFloor
}

// quotient is the ratio of a program's median to one of bootstrap's; zero where
// one is missing.
func (c *comparison) quotient(program, metric, ours string) float64 {
	over, _ := c.report.Figure(program, metric)
	under, _ := c.report.Figure(Bootstrap, ours)
	if under.Median == 0 {
		return 0
	}
	return over.Median / under.Median
}

// bytes is the size of a program in megabytes.
func (c *comparison) bytes(program string) float64 {
	for _, p := range c.report.Programs {
		if p.Name == program {
			return float64(p.Bytes) / megabyte
		}
	}
	return 0
}

func (c *comparison) atMost(title string, most, measured float64) {
	c.add(Target{Title: title, Wanted: fmt.Sprintf("≤ %g", most), Measured: measured, Unit: "×", Met: measured <= most, Known: measured > 0})
}

func (c *comparison) atLeast(title string, least, measured float64) {
	c.add(Target{Title: title, Wanted: fmt.Sprintf("≥ %g", least), Measured: measured, Unit: "×", Met: measured >= least, Known: measured > 0})
}

func (c *comparison) megabytesAtMost(title string, most, measured float64) {
	c.add(Target{Title: title, Wanted: fmt.Sprintf("≤ %g", most), Measured: measured, Unit: "MB", Met: measured <= most, Known: measured > 0})
}

// exactly holds only where it was so in every round.
func (c *comparison) exactly(title string, want float64, program, metric string) {
	figure, measured := c.report.Figure(program, metric)
	met := measured && figure.Min == want && figure.Max == want
	c.add(Target{Title: title, Wanted: fmt.Sprintf("%g", want), Measured: figure.Max, Met: met, Known: measured})
}

func (c *comparison) add(target Target) {
	target.Met = target.Met && target.Known
	c.targets = append(c.targets, target)
}
