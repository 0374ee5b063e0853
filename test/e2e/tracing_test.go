package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"cognito-user-migration/domain"
	"cognito-user-migration/test/lambdahost"
	"cognito-user-migration/test/peers"

	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	wire "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"
)

// traceCollector takes traces by OTLP over HTTP, and counts who connects.
type traceCollector struct {
	url         string
	connections atomic.Int64
	hangs       bool

	mu  sync.Mutex
	raw bytes.Buffer
	got []*wire.Span
}

func newTraceCollector(t *testing.T) *traceCollector {
	t.Helper()
	c := &traceCollector{}
	server := httptest.NewUnstartedServer(c)
	server.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			c.connections.Add(1)
		}
	}
	server.Start()
	t.Cleanup(server.Close)
	c.url = server.URL
	return c
}

// ServeHTTP implements http.Handler.
func (c *traceCollector) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if c.hangs {
		<-r.Context().Done()
		return
	}
	var sent collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &sent)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.raw.Write(body)
	for _, of := range sent.GetResourceSpans() {
		for _, scope := range of.GetScopeSpans() {
			c.got = append(c.got, scope.GetSpans()...)
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// everything is all that was sent.
func (c *traceCollector) everything() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.raw.String()
}

func (c *traceCollector) spans() []*wire.Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.got)
}

// startTraced starts the program that has tracing in it.
func startTraced(t *testing.T, s settings) *function {
	t.Helper()
	path := traced.get(t).path
	f := launch(t, s, func(config *lambdahost.Config) { config.Path = path })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := f.Ready(ctx); err != nil {
		t.Fatalf("the function did not start: %v\n%s%s", err, f.Stdout(), f.Stderr())
	}
	return f
}

// TestAnAttemptIsTraced wants every call of an attempt in one trace, which has
// the attempt's ID, by the time that the answer is there.
func TestAnAttemptIsTraced(t *testing.T) {
	t.Parallel()
	p := newPerson()
	to := newTraceCollector(t)
	f := startTraced(t, newStubFor(t, p).settings().with("OTEL_TRACES_EXPORTER", "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT", to.url))
	f.hidePerson(p)
	result := f.invoke(signIn(p.username, p.password))
	record := f.recorded(result, domain.OutcomeMigrated, domain.ReasonPasswordAccepted)
	first, there := root(to.spans())
	if !there {
		t.Fatalf("no span of %d is the first", len(to.spans()))
	}
	names := make(map[string]bool)
	for _, span := range to.spans() {
		names[span.GetName()] = true
		if !bytes.Equal(span.GetTraceId(), first.GetTraceId()) {
			t.Errorf("%s is of another trace", span.GetName())
		}
	}
	for _, name := range []string{peers.TriggerFunction, "source: authenticate", "Cognito Identity Provider AdminInitiateAuth", "Cognito Identity Provider AdminGetUser"} {
		if !names[name] {
			t.Errorf("there is no span %q", name)
		}
	}
	attributes := make(map[string]string)
	for _, attribute := range first.GetAttributes() {
		attributes[attribute.GetKey()] = attribute.GetValue().GetStringValue()
	}
	for name, want := range map[string]string{
		"migration.attempt_id": record.AttemptID, "faas.invocation_id": result.RequestID, "migration.outcome": "migrated",
		"migration.reason": "password_accepted", "migration.source": "SOURCE",
	} {
		if attributes[name] != want {
			t.Errorf("%s is %q, want %q", name, attributes[name], want)
		}
	}
	for _, value := range []string{p.username, p.password, p.email, p.phone, p.name} {
		if strings.Contains(to.everything(), value) {
			t.Errorf("the trace has %q", value)
		}
	}
}

// root is the first span without a parent.
func root(spans []*wire.Span) (*wire.Span, bool) {
	for _, span := range spans {
		if len(span.GetParentSpanId()) == 0 {
			return span, true
		}
	}
	return nil, false
}

// TestTracingThatIsOffAsksNobody sets everything but the switch.
func TestTracingThatIsOffAsksNobody(t *testing.T) {
	t.Parallel()
	for name, off := range map[string][]string{
		"unset": nil, "none": {"OTEL_TRACES_EXPORTER", "none"}, "the SDK is disabled": {"OTEL_TRACES_EXPORTER", "otlp", "OTEL_SDK_DISABLED", "true"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPerson()
			to := newTraceCollector(t)
			f := startTraced(t, newStubFor(t, p).settings().with("OTEL_EXPORTER_OTLP_ENDPOINT", to.url).with(off...))
			f.migrates(signIn(p.username, p.password), domain.ReasonPasswordAccepted)
			if err := f.Close(); err != nil {
				t.Error(err)
			}
			if n := to.connections.Load(); n != 0 {
				t.Errorf("%d connections to the collector", n)
			}
		})
	}
}

// TestACollectorThatHangsHoldsNobody lets the collector hang, and then the source
// too, which leaves the reserve alone.
func TestACollectorThatHangsHoldsNobody(t *testing.T) {
	t.Parallel()
	p := newPerson()
	to := newTraceCollector(t)
	to.hangs = true
	s := newStubFor(t, p)
	f := startTraced(t, s.settings().with("OTEL_TRACES_EXPORTER", "otlp", "OTEL_EXPORTER_OTLP_ENDPOINT", to.url))
	f.migrates(signIn(p.username, p.password), domain.ReasonPasswordAccepted)
	s.on("AdminInitiateAuth", hang)
	f.fails(signIn(p.username, p.password), domain.ReasonDeadlineExceeded)
	if to.connections.Load() == 0 {
		t.Error("nobody asked the collector, so nothing is proved")
	}
	eventually(t, "a line that says so", func() bool { return strings.Contains(f.Stdout(), "traces could not be sent to the collector") })
}

// TestTracingCanBeSetInOneVariable: the templates pass OpenTelemetry's variables so.
func TestTracingCanBeSetInOneVariable(t *testing.T) {
	t.Parallel()
	p := newPerson()
	to := newTraceCollector(t)
	f := startTraced(t, newStubFor(t, p).settings().with(
		"SOURCE_VARIABLES", `{"OTEL_TRACES_EXPORTER":"otlp","OTEL_EXPORTER_OTLP_ENDPOINT":"`+to.url+`"}`))
	f.hidePerson(p)
	f.migrates(signIn(p.username, p.password), domain.ReasonPasswordAccepted)
	if len(to.spans()) == 0 {
		t.Error("no span was sent")
	}
}

// TestASwitchThatCannotBeTurnedEndsTheStart asks for tracing where there is none.
func TestASwitchThatCannotBeTurnedEndsTheStart(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		program  *binary
		exporter string
		want     string
	}{
		"the image's own program":   {bootstrap.get(t), "otlp", "OTEL_TRACES_EXPORTER=otlp: this binary has no tracing, because its main does not list it (docs/weight.md)"},
		"an exporter nobody knows":  {bootstrap.get(t), "zipkin-canary", "OTEL_TRACES_EXPORTER: expected one of: otlp, none"},
		"the program with tracing":  {traced.get(t), "zipkin-canary", "OTEL_TRACES_EXPORTER: expected one of: otlp, none"},
		"a protocol it has not got": {traced.get(t), "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL: expected http/protobuf"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := launch(t, newStub(t).settings().with("OTEL_TRACES_EXPORTER", row.exporter, "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
				func(config *lambdahost.Config) { config.Path = row.program.path })
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			var initError *lambdahost.InitError
			if err := f.Ready(ctx); !errors.As(err, &initError) {
				t.Fatalf("got %v, want an init error", err)
			}
			var body lambdahost.FunctionError
			if err := json.Unmarshal(initError.Body, &body); err != nil || body.Message != row.want {
				t.Errorf("the init error is %q (%v), want %q", body.Message, err, row.want)
			}
		})
	}
}
