package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"cognito-user-migration/adapters/lambdatrigger"
	"cognito-user-migration/app"
	"cognito-user-migration/ports/parts"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"go.uber.org/fx"
)

func TestTheGraphOfCompletionIsWhole(t *testing.T) {
	t.Parallel()
	environ := append(cognitoEnvironment(), "COMPLETION_AFTER=disable", "COMPLETION_HMAC_KEY=a key of thirty-two characters, or more", "COMPLETION_QUEUE_URL=https://sqs.us-east-1.amazonaws.com/123456789012/completion")
	var handler parts.Handler
	err := fx.ValidateApp(app.CompletionModules(whole(), app.Process{Environ: environ, Log: new(bytes.Buffer)}, load(t, environ)), fx.Populate(&handler))
	if err != nil {
		t.Error(err)
	}
}

// aws is SQS and a destination user pool, as far as the functions ask.
type aws struct {
	mu    sync.Mutex
	calls []string
	body  string // of the message that was sent
}

func (a *aws) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var input map[string]any
	text, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(text, &input)
	_, operation, _ := strings.Cut(r.Header.Get("X-Amz-Target"), ".")
	a.mu.Lock()
	defer a.mu.Unlock()
	a.calls = append(a.calls, operation)
	answer := any(map[string]any{})
	switch operation {
	case "SendMessage":
		a.body, _ = input["MessageBody"].(string)
		answer = map[string]any{"MessageId": "1"}
	case "AdminGetUser":
		answer = map[string]any{
			"Username": canary, "Enabled": true, "UserStatus": "CONFIRMED", "UserCreateDate": time.Now().Unix(),
			"UserAttributes": []map[string]string{{"Name": "email", "Value": canary + "@example.com"}, {"Name": "email_verified", "Value": "true"}},
		}
	}
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	_ = json.NewEncoder(w).Encode(answer)
}

// TestBothHalvesOfAMove run through the compositions of production, with a file
// as source and a stand-in for AWS.
func TestBothHalvesOfAMove(t *testing.T) {
	service := new(aws)
	server := httptest.NewServer(service)
	defer server.Close()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": server.URL, "AWS_REGION": "us-east-1", "AWS_EC2_METADATA_DISABLED": "true", "NO_PROXY": "127.0.0.1",
		"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": filepath.Join(t.TempDir(), "none"), "AWS_SHARED_CREDENTIALS_FILE": filepath.Join(t.TempDir(), "none"),
	} {
		t.Setenv(name, value)
	}
	path := people(t)
	environ := []string{
		"SOURCE_KIND=file", "SOURCE_PATH=" + path,
		"COMPLETION_AFTER=disable", "COMPLETION_HMAC_KEY=a key of thirty-two characters, or more", "COMPLETION_QUEUE_URL=" + server.URL + "/123456789012/completion",
	}
	var log bytes.Buffer
	var trigger *lambdatrigger.Handler
	var worker parts.Handler
	process := app.Process{Environ: environ, Log: &log}
	for _, graph := range []fx.Option{
		fx.Options(app.Modules(whole(), process, load(t, environ)), fx.Populate(&trigger)),
		fx.Options(app.CompletionModules(whole(), process, load(t, environ)), fx.Populate(&worker)),
	} {
		stop, err := app.Start(t.Context(), graph)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = stop(context.Background()) }()
	}

	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "request-1"})
	answer, err := trigger.Invoke(ctx, []byte(`{"triggerSource":"UserMigration_Authentication","userName":"`+canary+
		`","userPoolId":"us-east-1_Destination","request":{"password":"Pass-word-2!"},"response":null}`))
	if err != nil || !bytes.Contains(answer, []byte(`"finalUserStatus":"CONFIRMED"`)) || service.body == "" {
		t.Fatalf("got %s, %v; queued %q", answer, err, service.body)
	}
	event, err := json.Marshal(events.SQSEvent{Records: []events.SQSMessage{{MessageId: "1", ReceiptHandle: "r", Body: service.body}}})
	if err != nil {
		t.Fatal(err)
	}
	if answer, err = worker.Invoke(ctx, event); err != nil || string(answer) != `{"batchItemFailures":[]}` {
		t.Errorf("got %s, %v", answer, err)
	}
	if text, err := os.ReadFile(path); err != nil || !bytes.Contains(text, []byte(`"enabled":false`)) {
		t.Errorf("the source has %s, %v", text, err)
	}
	if want := "SendMessage AdminGetUser AdminGetUser"; strings.Join(service.calls, " ") != want {
		t.Errorf("AWS was asked for %q, want %q", service.calls, want)
	}
	if strings.Contains(log.String(), canary) || !strings.Contains(log.String(), `"completion":"queued"`) ||
		!strings.Contains(log.String(), `"completion":"completed"`) || !strings.Contains(log.String(), `"sourceUser":"disabled"`) {
		t.Errorf("the log says %s", log.String())
	}
}

func TestNothingIsQueuedWhereNothingFollows(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	handler := startFunction(t, []string{"SOURCE_KIND=file", "SOURCE_PATH=" + people(t)}, &log)
	ctx := lambdacontext.NewContext(t.Context(), &lambdacontext.LambdaContext{AwsRequestID: "request-1"})
	if _, err := handler.Invoke(ctx, []byte(`{"triggerSource":"UserMigration_Authentication","userName":"`+canary+
		`","request":{"password":"Pass-word-2!"},"response":null}`)); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(log.String(), `"completion"`) {
		t.Errorf("the log says %s", log.String())
	}
}
