package bench

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"cognito-user-migration/test/bench/stub"
	"cognito-user-migration/test/lambdahost"
)

// Load is how the cost of an attempt grows with what there is of something.
type Load struct {
	// Rounds is how often each point was measured, Attempts how many attempts
	// each process made, Processes how many processes there were in all.
	Rounds    int      `json:"rounds"`
	Attempts  int      `json:"attempts"`
	Processes int      `json:"processes"`
	Series    []Series `json:"series"`
}

// Series is the cost over one thing that grows.
type Series struct {
	Name   string  `json:"name"`
	Title  string  `json:"title"`
	Points []Point `json:"points"`
	// Growth says how the CPU of an attempt grows: flat, linear, or worse.
	Growth Growth `json:"growth"`
}

// Point is what was measured at one number.
type Point struct {
	N int `json:"n"`
	// CPU and Time are of one attempt, StartCPU of one start, in milliseconds.
	CPU      Figure `json:"cpu_ms"`
	Time     Figure `json:"time_ms"`
	StartCPU Figure `json:"start_cpu_ms"`
	// Calls are those of one attempt to Cognito and SQS.
	Calls float64 `json:"calls_each"`
}

// Growth is a straight line through the points: Base + Each × N.
type Growth struct {
	Base float64 `json:"base_ms"`
	Each float64 `json:"each_ms"`
	// Verdict is flat where the line hardly rises, linear where the last points
	// are not above it, and "more than linear" otherwise.
	Verdict string `json:"verdict"`
}

const (
	// flatRise is how much of the base the line may rise and still be flat.
	flatRise = 0.15
	// aboveLine is how far above the line through the others the last point may
	// be and still be linear.
	aboveLine = 0.15
)

// loadSeries is a number that grows, and how a process gets it.
type loadSeries struct {
	name, title string
	numbers     []int
	// at gives the settings of the function and of the stub at a number, and how
	// many processes run at once.
	at func(n int, sqs string) (env []string, settings stub.Settings, atOnce int)
}

func allLoadSeries() []loadSeries {
	return []loadSeries{
		{"processes", "processes at once", []int{1, 4, 16, 64}, func(n int, _ string) ([]string, stub.Settings, int) {
			return nil, stub.Settings{}, n
		}},
		{"sources", "sources, the user in the last", []int{1, 2, 4, 8}, func(n int, _ string) ([]string, stub.Settings, int) {
			var names, env []string
			pool := ""
			for i := range n {
				name := "POOL" + strconv.Itoa(i+1)
				pool = fmt.Sprintf("us-east-1_Pool%05d", i+1)
				names = append(names, name)
				env = append(env, name+"_USER_POOL_ID="+pool, name+"_CLIENT_ID="+client, name+"_ROLE_ARN="+roleARN)
			}
			return append(env, "MIGRATE_SOURCES="+strings.Join(names, ","), "SOURCE_USER_POOL_ID=", "SOURCE_CLIENT_ID=", "SOURCE_ROLE_ARN="), stub.Settings{KnownIn: pool}, 1
		}},
		{"attributes", "attributes of 2 KB each", []int{1, 5, 10, 25, 50}, func(n int, _ string) ([]string, stub.Settings, int) {
			rules := []string{"email"}
			for i := range n {
				rules = append(rules, stub.AttributeName(i))
			}
			return []string{"MIGRATE_ATTRIBUTES=" + strings.Join(rules, ",")}, stub.Settings{Attributes: n, ValueBytes: 2048}, 1
		}},
		{"groups", "groups, put on the queue", []int{0, 10, 25, 50, 100}, func(n int, sqs string) ([]string, stub.Settings, int) {
			return []string{"SOURCE_PROFILE=id_token", "COMPLETION_GROUPS=*", "COMPLETION_HMAC_KEY=a key of thirty-two characters, or more", "COMPLETION_QUEUE_URL=" + sqs + "/111111111111/completion"},
				stub.Settings{Groups: n}, 1
		}},
	}
}

// load measures every series, round after round.
func (b *bench) load(ctx context.Context) (*Load, error) {
	ready, err := bootstrap(ctx, workshop{top: b.options.Top, folder: b.folder, roots: b.addresses.Roots})
	if err != nil {
		return nil, err
	}
	attempts := b.options.LoadAttempts
	load := &Load{Rounds: b.options.LoadRounds, Attempts: attempts}
	all := allLoadSeries()
	for i := range all {
		all[i].numbers = slices.DeleteFunc(all[i].numbers, func(n int) bool { return b.options.LoadMost > 0 && n > b.options.LoadMost })
	}
	samples := make(map[string][]sample)
	for round := range b.options.LoadRounds {
		done := b.account()
		var used time.Duration
		for _, series := range all {
			for _, n := range series.numbers {
				fmt.Fprintf(b.options.Progress, "\rbench: load, round %d of %d: %d %-40s", round+1, b.options.LoadRounds, n, series.title)
				env, settings, atOnce := series.at(n, b.addresses.SQS)
				one, cpu, err := b.loadPoint(ctx, ready, env, settings, atOnce)
				if err != nil {
					return nil, fmt.Errorf("bench: load, %d %s: %w", n, series.title, err)
				}
				used += cpu
				load.Processes += atOnce
				key := series.name + "/" + strconv.Itoa(n)
				samples[key] = append(samples[key], one)
			}
		}
		done(used)
	}
	fmt.Fprintf(b.options.Progress, "\rbench: load, %d processes made %d attempts each%-40s\n", load.Processes, attempts, "")
	for _, series := range all {
		measured := Series{Name: series.name, Title: series.title}
		for _, n := range series.numbers {
			figures := summarize(samples[series.name+"/"+strconv.Itoa(n)], nil)
			measured.Points = append(measured.Points, Point{
				N: n, CPU: figures[loadCPU], Time: figures[loadTime], StartCPU: figures[StartCPU], Calls: figures[loadCalls].Median,
			})
		}
		measured.Growth = growthOf(measured.Points)
		load.Series = append(load.Series, measured)
	}
	return load, nil
}

// The metrics of a point.
const (
	loadCPU   = "cpu_ms"
	loadTime  = "time_ms"
	loadCalls = "calls"
)

// loadPoint starts processes side by side, and lets each make its attempts. It
// returns the means over all of them, and the CPU that they used together.
func (b *bench) loadPoint(ctx context.Context, ready executable, env []string, settings stub.Settings, atOnce int) (sample, time.Duration, error) {
	attempts := b.options.LoadAttempts
	control := stub.Client{Control: b.addresses.Control}
	if err := control.Set(ctx, settings); err != nil {
		return nil, 0, err
	}
	before, err := control.Counts(ctx)
	if err != nil {
		return nil, 0, err
	}
	var (
		work  sync.WaitGroup
		mu    sync.Mutex
		sum   = make(sample)
		used  time.Duration
		fault error
	)
	for range atOnce {
		work.Go(func() {
			one, cpu, err := b.loadProcess(ctx, ready, env, attempts)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				fault = err
			}
			used += cpu
			for metric, value := range one {
				sum[metric] += value / float64(atOnce)
			}
		})
	}
	work.Wait()
	if fault != nil {
		return nil, 0, fault
	}
	after, err := control.Counts(ctx)
	if err != nil {
		return nil, 0, err
	}
	for operation, count := range after.Calls {
		if operation != "AssumeRole" {
			sum[loadCalls] += float64(count-before.Calls[operation]) / float64(atOnce*attempts)
		}
	}
	return sum, used, nil
}

// loadProcess is one function's life: it starts, and makes its attempts.
func (b *bench) loadProcess(ctx context.Context, ready executable, env []string, attempts int) (_ sample, cpu time.Duration, err error) {
	host, err := lambdahost.Start(lambdahost.Config{
		Path: ready.path, Env: append(environment(b.addresses, b.folder), env...), Timeout: patience,
	})
	if err != nil {
		return nil, 0, err
	}
	m := &measurement{program: program{name: Bootstrap}}
	p := &process{measurement: m, host: host, sample: make(sample)}
	defer func() {
		closeErr := host.Close()
		if err != nil {
			err = fmt.Errorf("%w\n%s%s", err, host.Stdout(), host.Stderr())
		} else {
			err = closeErr
		}
	}()
	waiting, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := host.Ready(waiting); err != nil {
		return nil, 0, err
	}
	if err := p.lookAtCPU(StartCPU, 1); err != nil {
		return nil, 0, err
	}
	times := make([]float64, 0, attempts)
	for range attempts {
		took, err := p.invoke(ctx)
		if err != nil {
			return nil, 0, err
		}
		times = append(times, milliseconds(took))
	}
	p.sample[loadTime] = median(times)
	err = p.lookAtCPU(loadCPU, attempts)
	return p.sample, p.cpu, err
}

// growthOf compares the last point with the straight line through the points before
// it. Growth that is faster than linear ends above the line.
func growthOf(points []Point) Growth {
	base, each := line(points)
	growth := Growth{Base: base, Each: each}
	first, last := points[0], points[len(points)-1]
	rise := each * float64(last.N-first.N)
	atFirst := base + each*float64(first.N)
	before, slope := line(points[:len(points)-1])
	switch expected := before + slope*float64(last.N); {
	case last.CPU.Median == 0:
		growth.Verdict = "not measured"
	case rise <= flatRise*atFirst:
		growth.Verdict = "flat"
	case last.CPU.Median <= expected*(1+aboveLine):
		growth.Verdict = "linear"
	default:
		growth.Verdict = "more than linear"
	}
	return growth
}

// line is the straight line of least squares through the CPU of the points.
func line(points []Point) (base, each float64) {
	var n, y float64
	for _, p := range points {
		n += float64(p.N) / float64(len(points))
		y += p.CPU.Median / float64(len(points))
	}
	var above, below float64
	for _, p := range points {
		above += (float64(p.N) - n) * (p.CPU.Median - y)
		below += (float64(p.N) - n) * (float64(p.N) - n)
	}
	if below > 0 {
		each = above / below
	}
	return y - each*n, each
}
