package bench

import "time"

// The metrics of a round, as samples and the report name them. Those of warm
// invocations are followed by the delay of the server: see [WithDelay]. Those
// under a quota are preceded by [UnderQuota].
const (
	// Start is from the start of the process to its first request for an
	// invocation, warming included; StartCPU is what it cost.
	Start    = "start_ms"
	StartCPU = "start_cpu_ms"
	// First is the first invocation, from the event's being taken to its answer.
	First = "first_ms"
	// AfterIdle is an invocation after the server has closed its connections.
	AfterIdle = "after_idle_ms"
	// WarmP50 and WarmP99 are quantiles of a round's invocations; WarmCPU is
	// what each of them cost.
	WarmP50 = "warm_p50_ms"
	WarmP99 = "warm_p99_ms"
	WarmCPU = "warm_cpu_ms"
	// PeakMemory is the most that the process had, in megabytes (millions).
	PeakMemory = "peak_memory_mb"
	// AssumeRoles are the calls of a process in its life; SignIns and Profiles
	// those of one invocation.
	AssumeRoles = "assume_role_calls"
	SignIns     = "sign_in_calls_each"
	Profiles    = "profile_calls_each"
	// STSConnections and CognitoConnections are those that a process opened
	// before the server closed any.
	STSConnections     = "sts_connections"
	CognitoConnections = "cognito_connections"
)

// UnderQuota precedes the metrics of rounds under a quota.
const UnderQuota = "quota/"

// WithDelay names a metric of warm invocations with the server's delay.
func WithDelay(metric string, delay time.Duration) string {
	return metric + "@" + delay.String()
}

func durationOf(ms float64) time.Duration { return time.Duration(ms * float64(time.Millisecond)) }
