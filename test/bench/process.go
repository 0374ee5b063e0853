package bench

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"time"

	"cognito-user-migration/test/bench/stub"
	"cognito-user-migration/test/lambdahost"
)

const (
	// patience is how long any one step of a program may take.
	patience = 2 * time.Minute
	// idlings is how often a round has its connections closed.
	idlings = 5
	// settling is the time after the server has closed them; a sleeping function
	// has minutes to notice.
	settling = 20 * time.Millisecond
)

// measurement is one program to be measured in one round.
type measurement struct {
	program     program
	executable  executable
	env         []string
	stub        stub.Client
	delays      []time.Duration
	invocations int           // that are measured for each delay
	unmeasured  int           // before those
	pause       time.Duration // before each invocation
	launch      func(*exec.Cmd) error
}

// process is a program that runs, and the samples taken of it.
type process struct {
	*measurement
	host   *lambdahost.Host
	sample sample
	cpu    time.Duration // that it had in all, when last looked at
}

// run starts the program, measures it and ends it.
func (m *measurement) run(ctx context.Context) (_ sample, cpu time.Duration, err error) {
	if err := m.stub.Set(ctx, stub.Settings{Delay: m.delays[0]}); err != nil {
		return nil, 0, err
	}
	before, err := m.stub.Counts(ctx)
	if err != nil {
		return nil, 0, err
	}
	var env []string
	env = append(append(append(env, m.env...), m.program.env...), m.executable.env...)
	host, err := lambdahost.Start(lambdahost.Config{
		Path: m.executable.path, Args: m.executable.args, Env: env, Timeout: patience, Launch: m.launch,
	})
	if err != nil {
		return nil, 0, err
	}
	p := &process{measurement: m, host: host, sample: make(sample)}
	defer func() {
		closeErr := host.Close()
		if err != nil {
			err = fmt.Errorf("%s: %w\n%s%s", m.program.name, err, host.Stdout(), host.Stderr())
		} else if closeErr != nil {
			err = closeErr
		}
	}()
	err = p.measure(ctx, before)
	return p.sample, p.cpu, err
}

func (p *process) measure(ctx context.Context, before stub.Counts) error {
	ready, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := p.host.Ready(ready); err != nil {
		return err
	}
	p.sample[Start] = milliseconds(p.host.Startup())
	if err := p.lookAtCPU(StartCPU, 1); err != nil {
		return err
	}
	took, err := p.invoke(ctx)
	if err != nil {
		return err
	}
	p.sample[First] = milliseconds(took)
	for _, delay := range p.delays {
		if err := p.warm(ctx, delay); err != nil {
			return err
		}
	}
	after, err := p.stub.Counts(ctx)
	if err != nil {
		return err
	}
	calls := func(operation string) float64 { return float64(after.Calls[operation] - before.Calls[operation]) }
	p.sample[AssumeRoles] = calls("AssumeRole")
	p.sample[SignIns] = calls("AdminInitiateAuth") / float64(p.host.Invocations())
	p.sample[Profiles] = calls("AdminGetUser") / float64(p.host.Invocations())
	p.sample[STSConnections] = float64(after.Connections["sts"] - before.Connections["sts"])
	p.sample[CognitoConnections] = float64(after.Connections["cognito"] - before.Connections["cognito"])
	if err := p.afterIdle(ctx); err != nil {
		return err
	}
	peak, err := peakMemory(p.host.PID())
	if err == nil {
		p.sample[PeakMemory] = float64(peak) / megabyte
	}
	return p.lookAtCPU("", 1)
}

// warm measures invocations one after the other.
func (p *process) warm(ctx context.Context, delay time.Duration) error {
	if err := p.stub.Set(ctx, stub.Settings{Delay: delay}); err != nil {
		return err
	}
	for range p.unmeasured {
		if _, err := p.invoke(ctx); err != nil {
			return err
		}
	}
	if err := p.lookAtCPU("", 1); err != nil {
		return err
	}
	times := make([]float64, 0, p.invocations)
	for range p.invocations {
		took, err := p.invoke(ctx)
		if err != nil {
			return err
		}
		times = append(times, milliseconds(took))
	}
	p.sample[WithDelay(WarmP50, delay)] = median(times)
	p.sample[WithDelay(WarmP99, delay)] = quantile(times, 0.99)
	return p.lookAtCPU(WithDelay(WarmCPU, delay), p.invocations)
}

// afterIdle measures invocations that find their connections closed.
func (p *process) afterIdle(ctx context.Context) error {
	if err := p.stub.Set(ctx, stub.Settings{Delay: p.delays[0]}); err != nil {
		return err
	}
	times := make([]float64, 0, idlings)
	for range min(idlings, p.invocations) {
		if err := p.stub.CloseIdle(ctx); err != nil {
			return err
		}
		time.Sleep(settling)
		took, err := p.invoke(ctx)
		if err != nil {
			return err
		}
		times = append(times, milliseconds(took))
	}
	p.sample[AfterIdle] = median(times)
	return nil
}

// lookAtCPU stores under the metric, if one is given, the CPU that was used per unit
// since the last look. It does nothing where this machine cannot tell.
func (p *process) lookAtCPU(metric string, things int) error {
	cpu, err := processCPU(p.host.PID())
	if errors.Is(err, errors.ErrUnsupported) {
		return nil
	}
	if err != nil {
		return err
	}
	if metric != "" {
		p.sample[metric] = milliseconds(cpu-p.cpu) / float64(things)
	}
	p.cpu = cpu
	return nil
}

// invoke makes one invocation and sees that the user was moved: what is quick
// because it fails must not be measured.
func (p *process) invoke(ctx context.Context) (time.Duration, error) {
	time.Sleep(p.pause)
	result, err := p.host.Invoke(ctx, []byte(event))
	if err != nil {
		return 0, err
	}
	if result.FunctionError != "" {
		return 0, fmt.Errorf("the function failed: %s", result.Payload)
	}
	status, attributes, err := decode(result.Payload)
	if err != nil {
		return 0, fmt.Errorf("the answer: %w", err)
	}
	if status != "CONFIRMED" || attributes["email"] == "" {
		return 0, fmt.Errorf("the user was not moved: %s", result.Payload)
	}
	return result.Duration, nil
}

// decode reads the answer of the function.
func decode(payload []byte) (status string, attributes map[string]string, err error) {
	var answer struct {
		Response struct {
			UserAttributes  map[string]string `json:"userAttributes"`
			FinalUserStatus string            `json:"finalUserStatus"`
		} `json:"response"`
	}
	err = json.Unmarshal(payload, &answer)
	return answer.Response.FinalUserStatus, answer.Response.UserAttributes, err
}
