package bench

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"cognito-user-migration/test/bench/stub"
)

// Run measures what the options say. A program whose runtime is not installed is
// skipped, and the report says so; one that fails ends the run.
func Run(ctx context.Context, options Options) (*Report, error) {
	chosen, err := choose(programs(options.Compare), options.Programs)
	if err != nil {
		return nil, err
	}
	b, err := open(ctx, options)
	if err != nil {
		return nil, err
	}
	defer b.close()
	if options.Rounds > 0 {
		if err := b.prepare(ctx, chosen); err != nil {
			return nil, err
		}
	}
	if err := b.await(ctx); err != nil {
		return nil, err
	}
	samples, err := b.rounds(ctx, options.Rounds, b.normal)
	if err != nil {
		return nil, err
	}
	underQuota, err := b.quotaRounds(ctx)
	if err != nil {
		return nil, err
	}
	if options.LoadRounds > 0 {
		if b.report.Load, err = b.load(ctx); err != nil {
			return nil, err
		}
	}
	for i := range b.report.Programs {
		p := &b.report.Programs[i]
		if len(samples[p.Name]) == 0 {
			continue
		}
		p.Figures = summarize(samples[p.Name], samples[Floor])
		for metric, figure := range summarize(underQuota[p.Name], underQuota[Floor]) {
			p.Figures[UnderQuota+metric] = figure
		}
	}
	b.tellWhetherQuiet()
	if options.Rounds > 0 {
		b.report.Targets = compare(b.report, options)
	}
	return b.report, nil
}

// bench is a run under way.
type bench struct {
	options   Options
	report    *Report
	folder    string
	stub      *exec.Cmd
	stubInput io.Closer
	addresses stub.Addresses
	ready     []measurement

	// What the rounds took, and of it what was ours.
	elapsed, busy, stolen, ours time.Duration
}

// open makes a folder for the run, builds the stub and starts it.
func open(ctx context.Context, options Options) (*bench, error) {
	folder, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	b := &bench{options: options, folder: folder, report: &Report{
		Date:        time.Now().UTC().Truncate(time.Second),
		Version:     version(ctx, options.Top),
		Machine:     Machine{OS: runtime.GOOS, Arch: runtime.GOARCH, Processor: processor(), Cores: runtime.NumCPU(), Go: runtime.Version()},
		Rounds:      options.Rounds,
		Invocations: options.Invocations,
		Quiet:       Quiet{ForeignShare: -1, StolenShare: -1},
		Quota:       Quota{Percent: options.Quota},
		ImageBytes:  options.ImageBytes,
	}}
	for _, delay := range options.Delays {
		b.report.DelaysMS = append(b.report.DelaysMS, milliseconds(delay))
	}
	if err := errors.Join(b.startStub(ctx), b.writeRoots()); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

func (b *bench) close() {
	if b.stubInput != nil {
		_ = b.stubInput.Close() // the stub ends with it
		_ = b.stub.Wait()
	}
	_ = os.RemoveAll(b.folder)
}

func (b *bench) startStub(ctx context.Context) error {
	built, err := goProgram("stub", "./test/bench/cmd/stub")(ctx, workshop{top: b.options.Top, folder: b.folder})
	if err != nil {
		return err
	}
	b.stub = exec.CommandContext(ctx, built.path) //nolint:gosec // just built
	b.stub.Stderr = os.Stderr
	input, err := b.stub.StdinPipe()
	if err != nil {
		return err
	}
	output, err := b.stub.StdoutPipe()
	if err != nil {
		return err
	}
	if err := b.stub.Start(); err != nil {
		return err
	}
	b.stubInput = input
	line, err := bufio.NewReader(output).ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("bench: the stub did not start: %w", err)
	}
	return json.Unmarshal(line, &b.addresses)
}

// writeRoots writes what programs in Go trust.
func (b *bench) writeRoots() error {
	var roots []byte
	if b.options.Roots != "" {
		more, err := os.ReadFile(b.options.Roots)
		if err != nil {
			return err
		}
		roots = append(more, '\n')
	}
	roots = append(roots, b.addresses.Roots...)
	b.report.Roots = strings.Count(string(roots), "BEGIN CERTIFICATE")
	if err := os.Mkdir(filepath.Join(b.folder, "no-certificates"), 0o750); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(b.folder, "roots.pem"), roots, 0o600)
}

// prepare builds the programs, and reports those that cannot run here as skipped.
func (b *bench) prepare(ctx context.Context, chosen []program) error {
	for _, p := range chosen {
		fmt.Fprintf(b.options.Progress, "bench: preparing %s\n", p.name)
		ready, err := p.prepare(ctx, workshop{top: b.options.Top, folder: b.folder, roots: b.addresses.Roots})
		entry := Program{Name: p.name, Title: p.title, Label: p.label, Bytes: ready.bytes}
		if absent, ok := errors.AsType[errAbsent](err); ok {
			entry.Skipped = absent.reason
			b.report.Programs = append(b.report.Programs, entry)
			continue
		}
		if err != nil {
			return fmt.Errorf("bench: %s: %w", p.name, err)
		}
		b.report.Programs = append(b.report.Programs, entry)
		b.ready = append(b.ready, measurement{
			program: p, executable: ready, env: environment(b.addresses, b.folder), stub: stub.Client{Control: b.addresses.Control},
		})
	}
	return nil
}

// await waits for a quiet machine.
func (b *bench) await(ctx context.Context) error {
	if b.options.Wait <= 0 {
		return nil
	}
	quiet, _, err := awaitQuiet(ctx, b.options.Wait, b.options.Progress)
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	b.report.Quiet.AtStart = quiet
	return err
}

// normal is a round with all that a program gets.
func (b *bench) normal(m measurement) measurement {
	m.delays = b.options.Delays
	m.invocations = max(1, int(float64(b.options.Invocations)*m.program.share))
	m.unmeasured = min(20, m.invocations/5)
	return m
}

// quotaInvocations is how many are measured under a quota, where a slow program
// takes seconds for each.
const quotaInvocations = 40

// quotaPause is the time before each of them. Sign-ins are sparse: each finds
// its share whole, and nothing of the one before still to be done.
const quotaPause = 50 * time.Millisecond

// quotaRounds measures the programs under a quota, where there can be one.
func (b *bench) quotaRounds(ctx context.Context) (map[string][]sample, error) {
	if b.options.Quota <= 0 || b.options.QuotaRounds <= 0 {
		b.report.Quota.Unavailable = "not asked for"
		return nil, nil //nolint:nilnil // no rounds, no samples
	}
	group, err := newQuota(b.options.Quota)
	if err != nil {
		b.report.Quota.Unavailable = err.Error()
		return nil, nil //nolint:nilnil // the report says why
	}
	defer group.close()
	b.report.Quota.Rounds = b.options.QuotaRounds
	return b.rounds(ctx, b.options.QuotaRounds, func(m measurement) measurement {
		if !m.program.quota {
			return measurement{}
		}
		m.delays = b.options.Delays[:1]
		m.invocations = max(3, int(quotaInvocations*m.program.share))
		m.unmeasured = min(5, m.invocations/5)
		m.pause = quotaPause
		m.launch = group.launch
		return m
	})
}

// rounds runs every program, again and again, one at a time.
func (b *bench) rounds(ctx context.Context, count int, plan func(measurement) measurement) (map[string][]sample, error) {
	samples := make(map[string][]sample)
	for round := range count {
		began := time.Now()
		done := b.account()
		var used time.Duration
		for _, m := range inOrderOf(round, b.ready) {
			m = plan(m)
			if m.delays == nil {
				continue
			}
			fmt.Fprintf(b.options.Progress, "\rbench: round %d of %d: %-20s", round+1, count, m.program.name)
			one, cpu, err := m.run(ctx)
			if err != nil {
				return nil, fmt.Errorf("bench: %w", err)
			}
			used += cpu
			samples[m.program.name] = append(samples[m.program.name], one)
		}
		done(used)
		fmt.Fprintf(b.options.Progress, "\rbench: round %d of %d took %-20s\n", round+1, count, time.Since(began).Round(100*time.Millisecond))
	}
	return samples, nil
}

// account notes what the machine does from now until what it returns is called,
// with the time that the measured processes have had.
func (b *bench) account() func(used time.Duration) {
	began := time.Now()
	ours := b.ownCPU()
	busy, stolen, err := machineBusy()
	return func(used time.Duration) {
		busyNow, stolenNow, errNow := machineBusy()
		if err != nil || errNow != nil {
			return
		}
		b.elapsed += time.Since(began)
		b.busy += busyNow - busy
		b.stolen += stolenNow - stolen
		b.ours += b.ownCPU() - ours + used
	}
}

// ownCPU is the processor time of the harness and the stub.
func (b *bench) ownCPU() time.Duration {
	own, _ := processCPU(os.Getpid()) // zero if it is unknown
	stub, _ := processCPU(b.stub.Process.Pid)
	return own + stub
}

// inOrderOf returns the measurements in an order that differs between rounds and
// is the same in every run. So the effect of one program on the machine's caches
// and clock is spread over all others.
func inOrderOf(round int, measurements []measurement) []measurement {
	shuffled := slices.Clone(measurements)
	source := rand.New(rand.NewPCG(uint64(round), 0)) //nolint:gosec // nothing is secret here
	source.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	return shuffled
}

// noisyShare is how much of the cores others may have had during the rounds.
const noisyShare = 0.05

// tellWhetherQuiet states how reliable the numbers are.
func (b *bench) tellWhetherQuiet() {
	quiet := &b.report.Quiet
	if b.elapsed == 0 {
		quiet.Statement = "this machine cannot tell whether it was quiet"
		return
	}
	all := float64(b.elapsed) * float64(b.report.Machine.Cores)
	quiet.StolenShare = float64(b.stolen) / all
	quiet.ForeignShare = max(0, float64(b.busy-b.stolen-b.ours)/all)
	others := fmt.Sprintf("during the rounds other programs had %.1f %% of the cores, the hypervisor %.1f %%", quiet.ForeignShare*100, quiet.StolenShare*100)
	switch {
	case quiet.ForeignShare+quiet.StolenShare > noisyShare:
		quiet.Statement = "the machine was NOT quiet: " + others
	case b.options.Wait <= 0:
		quiet.Statement = "the machine was not checked at the start; " + others
	case !quiet.AtStart:
		quiet.Statement = "the machine was NOT quiet at the start; " + others
	default:
		quiet.Statement = "the machine was quiet: " + others
	}
}

// version is the commit of the checkout, as the Makefile has it.
func version(ctx context.Context, top string) string {
	command := exec.CommandContext(ctx, "git", "describe", "--tags", "--always", "--dirty")
	command.Dir = top
	output, err := command.Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(output))
}

// processor is the name of this machine's, where it says one.
func processor() string {
	text, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if name, value, found := strings.Cut(line, ":"); found && strings.TrimSpace(name) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
