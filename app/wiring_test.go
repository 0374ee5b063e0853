package app_test

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cognito-user-migration/adapters/awsenv"
	"cognito-user-migration/adapters/lambdatrigger"
	"cognito-user-migration/adapters/stscredentials"
	"cognito-user-migration/app"
	"cognito-user-migration/app/config"
	"cognito-user-migration/app/everything"

	"github.com/aws/aws-lambda-go/lambdacontext"
	"go.uber.org/fx"
)

const canary = "canary-3e8d"

// cognitoEnvironment is that of a function with a user pool as source.
func cognitoEnvironment() []string {
	return []string{
		"SOURCE_USER_POOL_ID=ap-northeast-1_AbCdEf123", "SOURCE_CLIENT_ID=1example23456789",
		"SOURCE_ROLE_ARN=arn:aws:iam::123456789012:role/user-migration", "SOURCE_EXTERNAL_ID=external-1",
	}
}

// whole is a binary with everything.
func whole() app.Parts {
	return everything.Parts(stscredentials.NewAccount(awsenv.Config, os.Getenv))
}

func load(t *testing.T, environ []string) *config.Config {
	t.Helper()
	configuration, err := config.Load(t.Context(), environ, whole().Sources, nil)
	if err != nil {
		t.Fatal(err)
	}
	return configuration
}

func TestTheGraphIsWhole(t *testing.T) {
	t.Parallel()
	configuration := load(t, cognitoEnvironment())
	var handler *lambdatrigger.Handler
	err := fx.ValidateApp(app.Modules(whole(), app.Process{Environ: cognitoEnvironment(), Log: new(bytes.Buffer)}, configuration), fx.Populate(&handler))
	if err != nil {
		t.Error(err)
	}
}

// startFunction starts the function as production composes it.
func startFunction(t *testing.T, environ []string, log *bytes.Buffer) *lambdatrigger.Handler {
	t.Helper()
	var handler *lambdatrigger.Handler
	stop, err := app.Start(context.Background(), app.Modules(whole(), app.Process{Environ: environ, Log: log}, load(t, environ)), fx.Populate(&handler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return handler
}

// people writes a file of people and returns its path.
func people(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "people.json")
	// The hash is of "Pass-word-2!", at the least cost: what is tested is not it.
	text := `[{"username":"` + canary + `","password_hash":"$2a$04$.NX4xOLaS/DFRiqMQCWFxOtvS/kk1XLToNQJIOIn0yeUAvVmsmca.","attributes":{"email":"` + canary + `@example.com","email_verified":true}}]`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestASignInThroughTheWholeFunction(t *testing.T) {
	t.Parallel()
	for level, warns := range map[string]bool{"": true, "info": true, "WARN": true, "ERROR": false, "DEBUG": true, "FATAL": false} {
		t.Run("at log level "+level, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			handler := startFunction(t, []string{"SOURCE_KIND=file", "SOURCE_PATH=" + people(t), "AWS_LAMBDA_LOG_LEVEL=" + level}, &log)
			ctx := lambdacontext.NewContext(context.Background(), &lambdacontext.LambdaContext{AwsRequestID: "request-1"})
			answer, err := handler.Invoke(ctx, []byte(`{"triggerSource":"UserMigration_Authentication","userName":"`+canary+
				`","request":{"password":"Pass-word-2!"},"response":null}`))
			if err != nil || !bytes.Contains(answer, []byte(`"finalUserStatus":"CONFIRMED"`)) {
				t.Fatalf("got %s, %v", answer, err)
			}
			lines := logLines(t, log.String())
			audit := lines[len(lines)-1]
			if audit["logger"] != "audit" || audit["outcome"] != "migrated" || audit["attemptId"] != "request-1" ||
				audit["level"] != "INFO" || audit["timestamp"] == "" || audit["message"] == "" {
				t.Errorf("the audit line is %v", audit)
			}
			if warned := lines[0]["level"] == "WARN"; warned != warns {
				t.Errorf("the first line is %v", lines[0])
			}
			if strings.Contains(log.String(), canary) || strings.Contains(log.String(), "Pass-word") {
				t.Errorf("the log shows: %s", log.String())
			}
		})
	}
}

// A source is asked to sign in whom its MATCH takes. A later source's user is
// migrated only where no earlier source knows the user, whatever its MATCH takes.
func TestSeveralSourcesAreAskedInTheirOrder(t *testing.T) {
	t.Parallel()
	nobody := filepath.Join(t.TempDir(), "nobody.json")
	if err := os.WriteFile(nobody, []byte("[]"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, row := range map[string]struct{ corp, response, source, reason string }{
		"a user of the last source alone":          {nobody, `"finalUserStatus":"CONFIRMED"`, "OTHER", "password_accepted"},
		"a user of a source that was not asked to": {people(t), `"response":{}`, "CORP", "identity_of_earlier_source"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			handler := startFunction(t, []string{
				"MIGRATE_SOURCES=old,corp,other", "OLD_KIND=file", "OLD_PATH=" + nobody,
				"CORP_KIND=file", "CORP_PATH=" + row.corp, "CORP_MATCH=*@corp.example", "OTHER_KIND=file", "OTHER_PATH=" + people(t),
			}, &log)
			answer, err := handler.Invoke(t.Context(), []byte(`{"triggerSource":"UserMigration_Authentication","userName":"`+canary+
				`","request":{"password":"Pass-word-2!"},"response":null}`))
			if err != nil || !bytes.Contains(answer, []byte(row.response)) {
				t.Fatalf("got %s, %v", answer, err)
			}
			lines := logLines(t, log.String())
			if last := lines[len(lines)-1]; last["source"] != row.source || last["reason"] != row.reason {
				t.Errorf("it rests on %v, by %v", last["source"], last["reason"])
			}
		})
	}
}

func logLines(t *testing.T, log string) []map[string]any {
	t.Helper()
	var lines []map[string]any
	for line := range strings.Lines(log) {
		var read map[string]any
		if err := json.Unmarshal([]byte(line), &read); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		lines = append(lines, read)
	}
	return lines
}

func TestASourceThatCannotBeOpenedEndsTheStart(t *testing.T) {
	t.Parallel()
	environ := []string{"SOURCE_KIND=file", "SOURCE_PATH=" + filepath.Join(t.TempDir(), "none.json")}
	var handler *lambdatrigger.Handler
	_, err := app.Start(t.Context(), app.Modules(whole(), app.Process{Environ: environ, Log: new(bytes.Buffer)}, load(t, environ)), fx.Populate(&handler))
	if err == nil || !strings.HasPrefix(err.Error(), "SOURCE (file): SOURCE_PATH: open ") || !strings.Contains(err.Error(), "none.json") {
		t.Errorf("got %v", err)
	}
}

func TestASourceThatCannotRetireUsersIsNotAskedTo(t *testing.T) {
	t.Parallel()
	environ := []string{
		"SOURCE_KIND=http", "SOURCE_URL=http://127.0.0.1:1/users",
		"COMPLETION_AFTER=delete", "MIGRATE_ATTRIBUTES=*,custom:legacy_sub=sub", "COMPLETION_HMAC_KEY=a key of thirty-two characters, or more", "COMPLETION_QUEUE_URL=https://sqs.ap-northeast-1.amazonaws.com/123456789012/completion",
	}
	var handler *lambdatrigger.Handler
	_, err := app.Start(t.Context(), app.Modules(whole(), app.Process{Environ: environ, Log: new(bytes.Buffer)}, load(t, environ)), fx.Populate(&handler))
	if err == nil || !strings.HasPrefix(err.Error(), "COMPLETION_AFTER=delete: SOURCE cannot disable or delete users") {
		t.Errorf("got %v", err)
	}
}

// TestTheFunctionDoesNotStartWhereTheDestinationIsASource, whichever of them it is.
func TestTheFunctionDoesNotStartWhereTheDestinationIsASource(t *testing.T) {
	t.Parallel()
	environ := []string{
		"MIGRATE_SOURCES=old,new", "OLD_USER_POOL_ID=ap-northeast-1_Other0001", "OLD_CLIENT_ID=client",
		"NEW_USER_POOL_ID=ap-northeast-1_Same00001", "NEW_CLIENT_ID=client",
	}
	for pool, fails := range map[string]bool{"ap-northeast-1_Same00001": true, "ap-northeast-1_Other0001": true, "ap-northeast-1_Dest00001": false} {
		_, err := config.Load(t.Context(), append(environ, "MIGRATE_DESTINATION_USER_POOL_ID="+pool), whole().Sources, nil)
		if (err != nil) != fails || fails && !strings.Contains(err.Error(), "MIGRATE_DESTINATION_USER_POOL_ID: is also a source") {
			t.Errorf("%s: got %v", pool, err)
		}
	}
}

func TestSettingsOfAUserPoolAreCheckedForShape(t *testing.T) {
	t.Parallel()
	for variable, want := range map[string]string{
		"SOURCE_USER_POOL_ID=AbCdEf123":         "SOURCE_USER_POOL_ID: expected a user pool ID",
		"SOURCE_CLIENT_ID=a-b":                  "SOURCE_CLIENT_ID: expected an app client ID",
		"SOURCE_REGION=Tokyo":                   "SOURCE_REGION: expected an AWS region",
		"SOURCE_ROLE_ARN=user-migration":        "SOURCE_ROLE_ARN: expected a role's ARN",
		"SOURCE_EXTERNAL_ID=a b":                "SOURCE_EXTERNAL_ID: expected 2 to 1224",
		"SOURCE_PROFILE=token":                  "SOURCE_PROFILE: expected one of: admin_get_user, concurrent, id_token",
		"SOURCE_PATH=people.json":               "unknown variable SOURCE_PATH",
		"SOURCE_CLIENT_SECRET=ssm:/path/secret": "SOURCE_CLIENT_SECRET: the reference could not be resolved",
	} {
		_, err := config.Load(t.Context(), append(cognitoEnvironment(), variable), whole().Sources, nil)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v", variable, err)
		}
	}
	if _, err := config.Load(t.Context(), []string{"SOURCE_USER_POOL_ID=ap-northeast-1_AbCdEf123", "SOURCE_CLIENT_ID=1", "SOURCE_EXTERNAL_ID=external-1"}, whole().Sources, nil); err == nil ||
		!strings.Contains(err.Error(), "SOURCE_EXTERNAL_ID: has an effect only with SOURCE_ROLE_ARN") {
		t.Errorf("got %v", err)
	}
}

func TestARoleWithoutAnExternalIDIsWarnedOf(t *testing.T) {
	t.Parallel()
	configuration := load(t, cognitoEnvironment()[:3])
	if !strings.Contains(strings.Join(configuration.Warnings, "\n"), "SOURCE_EXTERNAL_ID is not set") {
		t.Errorf("warnings are %q", configuration.Warnings)
	}
}
