package tracing_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"cognito-user-migration/adapters/tracing"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
	"cognito-user-migration/test/directhttp"

	"github.com/aws/aws-lambda-go/lambdacontext"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	wire "go.opentelemetry.io/proto/otlp/trace/v1"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"google.golang.org/protobuf/proto"
)

const canary = "canary-51fd"

// receiver is a collector that speaks OTLP over HTTP and keeps what it is sent.
type receiver struct {
	mu    sync.Mutex
	paths []string
	raw   bytes.Buffer
	spans map[string]*wire.Span // by name
	about map[string]string     // of the resource
	// answer is asked before a trace is taken; false says that it wrote one itself.
	answer func(http.ResponseWriter, *http.Request) bool
}

// newReceiver starts one and points OpenTelemetry's variables at it.
func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{spans: make(map[string]*wire.Span), about: make(map[string]string)}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	return r
}

// ServeHTTP implements http.Handler.
func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if r.answer != nil && !r.answer(w, request) {
		return
	}
	body, err := io.ReadAll(request.Body)
	var sent collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &sent)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.paths = append(r.paths, request.Method+" "+request.URL.Path)
	r.raw.Write(body)
	for _, of := range sent.GetResourceSpans() {
		maps.Copy(r.about, texts(of.GetResource().GetAttributes()))
		for _, scope := range of.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				r.spans[span.GetName()] = span
			}
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

// texts are attributes as text.
func texts(attributes []*common.KeyValue) map[string]string {
	all := make(map[string]string)
	for _, attribute := range attributes {
		switch value := attribute.GetValue().GetValue().(type) {
		case *common.AnyValue_StringValue:
			all[attribute.GetKey()] = value.StringValue
		case *common.AnyValue_BoolValue:
			all[attribute.GetKey()] = fmt.Sprint(value.BoolValue)
		case *common.AnyValue_IntValue:
			all[attribute.GetKey()] = fmt.Sprint(value.IntValue)
		default:
			all[attribute.GetKey()] = fmt.Sprintf("%T", value)
		}
	}
	return all
}

// open makes a tracer as a Lambda function has it, and its log.
func open(t *testing.T, environment map[string]string) (*tracing.Tracer, *bytes.Buffer) {
	t.Helper()
	return openOver(t, environment, nil)
}

// openOver is open over a client of the test's own, where there is one.
func openOver(t *testing.T, environment map[string]string, client *http.Client) (*tracing.Tracer, *bytes.Buffer) {
	t.Helper()
	t.Setenv("AWS_LAMBDA_FUNCTION_NAME", "user-migration") // otellambda reads it by itself
	log := new(bytes.Buffer)
	logger := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.Lock(zapcore.AddSync(log)), zap.DebugLevel))
	all := map[string]string{"AWS_LAMBDA_FUNCTION_NAME": "user-migration", "AWS_REGION": "ap-northeast-1", "AWS_LAMBDA_LOG_STREAM_NAME": "stream", "AWS_LAMBDA_FUNCTION_VERSION": "7"}
	maps.Copy(all, environment)
	variable := func(name string) string { return all[name] }
	opens := tracing.Open
	if client != nil {
		opens = func(ctx context.Context, variable func(string) string, logger *zap.Logger) (*tracing.Tracer, error) {
			return tracing.OpenOver(ctx, variable, logger, client)
		}
	}
	tracer, err := opens(t.Context(), variable, logger)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		_ = tracer.Close(ctx) // a collector that hangs does not let it
	})
	return tracer, log
}

// invocation is what a handler does.
type invocation func(ctx context.Context, payload []byte) ([]byte, error)

// Invoke implements lambda.Handler.
func (i invocation) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	return i(ctx, payload)
}

// source gives the answers of the test.
type source func(ctx context.Context) (domain.Finding, error)

func (s source) Authenticate(ctx context.Context, _ string, _ domain.Password) (domain.Finding, error) {
	return s(ctx)
}

func (s source) FindUser(ctx context.Context, _ string) (domain.Finding, error) { return s(ctx) }

// queue is a queue that does as the function says.
type queue func() error

func (q queue) Send(context.Context, domain.Completion) error { return q() }

func fiveSeconds() time.Duration { return 5 * time.Second }

// lambdaContext is that of an invocation.
func lambdaContext(t *testing.T) context.Context {
	t.Helper()
	return lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{
		AwsRequestID: "request-1", InvokedFunctionArn: "arn:aws:lambda:ap-northeast-1:123456789012:function:user-migration",
	})
}

func TestAnAttemptIsATrace(t *testing.T) {
	to := newReceiver(t)
	tracer, _ := open(t, nil)
	directory := tracer.Directory(source(func(ctx context.Context) (domain.Finding, error) {
		ports.BeginCall(ctx, ports.Call{Service: "STS", Operation: "AssumeRole"})(200)
		ports.BeginCall(ctx, ports.Call{Service: "Cognito Identity Provider", Operation: "AdminInitiateAuth"})(503)
		ports.BeginCall(ctx, ports.Call{Service: "http source", Operation: "look-up", Again: true})(0)
		return domain.Finding{Kind: domain.PasswordAccepted, Source: "OLD"}, nil
	}))
	queued := tracer.Queue(queue(func() error { return nil }))
	handler := tracer.Handler(invocation(func(ctx context.Context, payload []byte) ([]byte, error) {
		if _, err := directory.Authenticate(ctx, "u", domain.NewPassword("p")); err != nil {
			return nil, err
		}
		if err := queued.Send(ctx, domain.Completion{}); err != nil {
			return nil, err
		}
		return payload, tracer.Record(ctx, domain.AuditRecord{
			AttemptID: "request-1", Trigger: domain.TriggerAuthentication, Outcome: domain.OutcomeMigrated, Reason: domain.ReasonPasswordAccepted,
			Source: "OLD", Calls: 3, Retries: 1, Completion: domain.CompletionQueued, Username: "pseudonym",
		})
	}), fiveSeconds)
	answer, err := handler.Invoke(lambdaContext(t), []byte(`{}`))
	if string(answer) != `{}` || err != nil {
		t.Fatalf("the answer is %s, %v", answer, err)
	}
	// Before the answer leaves, all of it is there: the process may freeze now.
	if !slices.Equal(to.paths, []string{"POST /v1/traces"}) {
		t.Fatalf("the collector was asked %q", to.paths)
	}
	for name, want := range map[string]map[string]string{
		"user-migration": {
			"faas.invocation_id": "request-1", "faas.coldstart": "true", "cloud.account.id": "123456789012",
			"aws.lambda.invoked_arn": "arn:aws:lambda:ap-northeast-1:123456789012:function:user-migration",
			"migration.attempt_id":   "request-1", "migration.trigger": "UserMigration_Authentication", "migration.outcome": "migrated",
			"migration.reason": "password_accepted", "migration.source": "OLD", "migration.calls": "3", "migration.retries": "1", "migration.completion": "queued",
		},
		"source: authenticate": {"migration.finding": "password accepted", "migration.source": "OLD"},
		"queue: send":          {},
		"STS AssumeRole": {
			"migration.service": "STS", "migration.operation": "AssumeRole", "migration.retry": "false", "http.response.status_code": "200"},
		"Cognito Identity Provider AdminInitiateAuth": {
			"migration.service": "Cognito Identity Provider", "migration.operation": "AdminInitiateAuth", "migration.retry": "false", "http.response.status_code": "503"},
		"http source look-up": {"migration.service": "http source", "migration.operation": "look-up", "migration.retry": "true"},
	} {
		span, there := to.spans[name]
		if !there {
			t.Errorf("there is no span %q", name)
			continue
		}
		if got := texts(span.GetAttributes()); !maps.Equal(got, want) {
			t.Errorf("%s has\n  %v\nwant\n  %v", name, got, want)
		}
		if failed, want := span.GetStatus().GetCode() == wire.Status_STATUS_CODE_ERROR, strings.HasPrefix(name, "Cognito") || strings.HasPrefix(name, "http"); failed != want {
			t.Errorf("%s: an error is %v", name, failed)
		}
	}
	root := to.spans["user-migration"]
	for child, parent := range map[string]string{
		"source: authenticate": "user-migration", "queue: send": "user-migration", "STS AssumeRole": "source: authenticate",
		"Cognito Identity Provider AdminInitiateAuth": "source: authenticate", "http source look-up": "source: authenticate",
	} {
		if !bytes.Equal(to.spans[child].GetParentSpanId(), to.spans[parent].GetSpanId()) || !bytes.Equal(to.spans[child].GetTraceId(), root.GetTraceId()) {
			t.Errorf("%s is not part of %s", child, parent)
		}
	}
	if len(root.GetParentSpanId()) != 0 || len(to.spans) != 6 {
		t.Errorf("%d spans, and the first has the parent %x", len(to.spans), root.GetParentSpanId())
	}
	for name, want := range map[string]string{
		"service.name": "user-migration", "faas.name": "user-migration", "faas.version": "7", "faas.instance": "stream",
		"cloud.region": "ap-northeast-1", "cloud.provider": "aws", "cloud.platform": "aws_lambda",
	} {
		if to.about[name] != want {
			t.Errorf("%s is %q, want %q", name, to.about[name], want)
		}
	}
	if _, err := handler.Invoke(lambdaContext(t), []byte(`{}`)); err != nil {
		t.Fatal(err)
	}
	if texts(to.spans["user-migration"].GetAttributes())["faas.coldstart"] != "false" {
		t.Error("the second invocation is a cold start too")
	}
}

func TestEachCompletionIsAnEventOfItsInvocation(t *testing.T) {
	to := newReceiver(t)
	tracer, _ := open(t, nil)
	handler := tracer.Handler(invocation(func(ctx context.Context, _ []byte) ([]byte, error) {
		for _, id := range []string{"a", "b"} {
			if err := tracer.RecordCompletion(ctx, domain.CompletionRecord{
				AttemptID: id, Outcome: domain.CompletionDone, Source: "OLD", Retired: domain.RetiredDisabled, Username: canary,
			}); err != nil {
				return nil, err
			}
		}
		return nil, nil
	}), fiveSeconds)
	if _, err := handler.Invoke(lambdaContext(t), nil); err != nil {
		t.Fatal(err)
	}
	events := to.spans["user-migration"].GetEvents()
	if len(events) != 2 {
		t.Fatalf("there are %d events", len(events))
	}
	if got := texts(events[1].GetAttributes()); !maps.Equal(got, map[string]string{
		"migration.attempt_id": "b", "migration.completion": "completed", "migration.reason": "", "migration.source": "OLD", "migration.source_user": "disabled",
	}) {
		t.Errorf("an event has %v", got)
	}
	if bytes.Contains(to.raw.Bytes(), []byte(canary)) {
		t.Error("a name is in the trace")
	}
}

// Neither a trace nor the log contains the text of an error or a panic of the source, or
// the event, names and passwords.
func TestNothingOfAPersonIsInATrace(t *testing.T) {
	to := newReceiver(t)
	tracer, log := open(t, nil)
	for name, finding := range map[string]source{
		"an error": func(ctx context.Context) (domain.Finding, error) {
			ports.BeginCall(ctx, ports.Call{Service: "s", Operation: "o"})(0)
			return domain.Finding{}, fmt.Errorf("%s: %w", canary, ports.ErrUnreachable)
		},
		"a finding": func(context.Context) (domain.Finding, error) {
			return domain.Finding{Kind: domain.UserFound, Source: "OLD", Challenge: canary, User: domain.SourceUser{
				Username: canary, Sub: canary, Attributes: domain.Attributes{"email": canary},
			}}, nil
		},
		"a panic": func(context.Context) (domain.Finding, error) { panic(canary) },
	} {
		handler := tracer.Handler(invocation(func(ctx context.Context, _ []byte) (answer []byte, err error) {
			defer func() {
				if thrown := recover(); thrown != nil {
					err = errors.New(canary)
				}
			}()
			if sendErr := tracer.Queue(queue(func() error { return errors.New(canary) })).Send(ctx, domain.Completion{Username: canary}); sendErr == nil {
				t.Error("the queue's error is lost")
			}
			if _, err := tracer.Directory(finding).FindUser(ctx, canary); err != nil {
				return nil, err
			}
			return []byte(canary), tracer.Record(ctx, domain.AuditRecord{Username: canary, ClientID: canary, UserPoolID: canary, Challenge: canary})
		}), fiveSeconds)
		answer, err := handler.Invoke(lambdaContext(t), []byte(`{"userName":"`+canary+`"}`))
		if answered := string(answer) + fmt.Sprint(err); !strings.Contains(answered, canary) {
			t.Errorf("%s: the answer is changed: %s", name, answered)
		}
		if _, there := to.spans["source: find user"]; !there {
			t.Errorf("%s: there is no span", name)
		}
		clear(to.spans)
	}
	if bytes.Contains(to.raw.Bytes(), []byte(canary)) {
		t.Errorf("the trace has %q", to.raw.Bytes())
	}
	if strings.Contains(log.String(), canary) {
		t.Errorf("the log has %s", log)
	}
}

func TestTheCollectorDoesNotHoldTheAnswer(t *testing.T) {
	for name, row := range map[string]struct {
		answer   func(http.ResponseWriter, *http.Request) bool
		wait     time.Duration
		deadline time.Duration // Lambda's own; none where it is zero
		most     time.Duration
		reason   string
	}{
		"it hangs":                             {hang, 5 * time.Second, 0, 250 * time.Millisecond, "timeout"},
		"it hangs, and the time is nearly up":  {hang, 200 * time.Millisecond, 0, 100 * time.Millisecond, "timeout"},
		"it hangs, and Lambda's is nearly up":  {hang, 5 * time.Second, 200 * time.Millisecond, 100 * time.Millisecond, "timeout"},
		"the time is up: nothing is sent":      {hang, 50 * time.Millisecond, 0, 0, ""},
		"it is overloaded, and says try later": {says(http.StatusServiceUnavailable), 5 * time.Second, 0, 250 * time.Millisecond, "timeout"},
		"it does not know us":                  {says(http.StatusUnauthorized), 5 * time.Second, 0, 250 * time.Millisecond, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var over atomic.Bool
				to := &receiver{spans: make(map[string]*wire.Span), about: make(map[string]string)}
				to.answer = func(w http.ResponseWriter, r *http.Request) bool { return over.Load() || row.answer(w, r) }
				defer over.Store(true) // so that the tracer can be closed, which sends what is left
				tracer, log := openOver(t, nil, &http.Client{Transport: directhttp.Client{Handler: to}})
				ctx := lambdaContext(t)
				if row.deadline != 0 {
					var cancel context.CancelFunc
					ctx, cancel = context.WithTimeout(ctx, row.deadline)
					defer cancel()
				}
				handler := tracer.Handler(invocation(func(_ context.Context, payload []byte) ([]byte, error) { return payload, nil }),
					func() time.Duration { return row.wait })
				began := time.Now()
				answer, err := handler.Invoke(ctx, []byte("answer"))
				if took := time.Since(began); took > row.most || string(answer) != "answer" || err != nil {
					t.Errorf("after %v: %s, %v", took, answer, err)
				}
				if row.reason == "" && log.Len() > 0 || !strings.Contains(log.String(), row.reason) || strings.Contains(log.String(), canary) {
					t.Errorf("the log has %s", log)
				}
			})
		})
	}
}

// hang answers when who asks has gone.
func hang(_ http.ResponseWriter, request *http.Request) bool {
	_, _ = io.Copy(io.Discard, request.Body) // only then is it seen that they went
	<-request.Context().Done()
	return false
}

func says(status int) func(http.ResponseWriter, *http.Request) bool {
	return func(w http.ResponseWriter, _ *http.Request) bool {
		http.Error(w, canary, status)
		return false
	}
}

func TestTheParentIsLambdasOwnWhereXRayIsAskedFor(t *testing.T) {
	const traceID, parentID = "5759e988bd862e3fe1be46a994272793", "53995c3f42cd8ad8"
	sampled := "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"
	for name, row := range map[string]struct {
		propagators, header string
		parent, sent        bool
	}{
		"asked for":                         {"tracecontext, xray", sampled, true, true},
		"by its name for Lambda":            {"xray-lambda", sampled + ";Lineage=1:2:3", true, true},
		"not asked for":                     {"tracecontext,baggage", sampled, false, true},
		"by default not":                    {"", sampled, false, true},
		"Lambda does not sample":            {"xray", strings.Replace(sampled, "Sampled=1", "Sampled=0", 1), true, false},
		"there is none":                     {"xray", "", false, true},
		"a root that is none":               {"xray", "Root=1-5759e988-bd;Parent=53995c3f42cd8ad8;Sampled=1", false, true},
		"a root of signs":                   {"xray", "Root=1-5759e98z-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1", false, true},
		"a root of another version":         {"xray", "Root=2-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1", false, true},
		"a parent that is none":             {"xray", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad;Sampled=1", false, true},
		"no parent":                         {"xray", "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1", false, true},
		"a propagator that nobody knows":    {"b3", sampled, false, true},
		"a parent of zeros stands for none": {"xray", "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=0000000000000000", false, true},
	} {
		t.Run(name, func(t *testing.T) {
			to := newReceiver(t)
			tracer, _ := open(t, map[string]string{"OTEL_PROPAGATORS": row.propagators})
			handler := tracer.Handler(invocation(func(context.Context, []byte) ([]byte, error) { return nil, nil }), fiveSeconds)
			ctx := context.WithValue(lambdaContext(t), "x-amzn-trace-id", row.header) //nolint:revive,staticcheck // aws-lambda-go's own key
			if _, err := handler.Invoke(ctx, nil); err != nil {
				t.Fatal(err)
			}
			span, sent := to.spans["user-migration"]
			if sent != row.sent {
				t.Fatalf("a span was sent: %v", sent)
			}
			if got := fmt.Sprintf("%x %x", span.GetTraceId(), span.GetParentSpanId()); sent && (got == traceID+" "+parentID) != row.parent {
				t.Errorf("trace and parent are %s", got)
			}
		})
	}
}

func TestVariablesThatAreWrong(t *testing.T) {
	for name, row := range map[string]struct{ variable, value, want string }{
		"another protocol":               {"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "OTEL_EXPORTER_OTLP_PROTOCOL: expected http/protobuf"},
		"another protocol of the traces": {"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", canary, "OTEL_EXPORTER_OTLP_PROTOCOL: expected http/protobuf"},
		"attributes that are none":       {"OTEL_RESOURCE_ATTRIBUTES", canary, "OTEL_RESOURCE_ATTRIBUTES: expected key=value, separated by commas"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv(row.variable, row.value)
			_, err := tracing.Open(t.Context(), func(name string) string { return map[string]string{row.variable: row.value}[name] }, zap.NewNop())
			if err == nil || err.Error() != row.want {
				t.Errorf("the error is %v, want %s", err, row.want)
			}
		})
	}
}
