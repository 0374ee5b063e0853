package main

import (
	"bytes"
	"errors"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/app"
)

// build builds a main of the folder next to this one.
func build(t *testing.T, main string) string {
	t.Helper()
	binary := filepath.Join(t.TempDir(), main)
	command := exec.CommandContext(t.Context(), "go", "build", "-tags", "lambda.norpc", "-ldflags=-s -w", "-o", binary, "../"+main)
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	return binary
}

// endOf starts the program, which must end with status 1, and returns its output.
func endOf(t *testing.T, binary, command string, environ ...string) string {
	t.Helper()
	started := exec.CommandContext(t.Context(), binary, command)
	// Nothing listens there, so a start without a fault ends too.
	started.Env = append([]string{
		"AWS_LAMBDA_RUNTIME_API=127.0.0.1:9", "AWS_REGION=us-east-1", "AWS_ACCESS_KEY_ID=AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY=secret",
		"AWS_ENDPOINT_URL=http://127.0.0.1:9", "AWS_LAMBDA_FUNCTION_NAME=user-migration",
	}, environ...)
	var output bytes.Buffer
	started.Stdout, started.Stderr = &output, &output
	if ended, ok := errors.AsType[*exec.ExitError](started.Run()); !ok || ended.ExitCode() != 1 {
		t.Errorf("it ended with %v", ended)
	}
	return output.String()
}

// A setting that needs a part which the main does not list ends the start, with
// an error that names the setting and the part.
func TestASettingThatNeedsAMissingPartEndsTheStart(t *testing.T) {
	t.Parallel()
	pool := []string{"SOURCE_USER_POOL_ID=us-east-1_AbCdEf123", "SOURCE_CLIENT_ID=1example23456789"}
	queue := "COMPLETION_QUEUE_URL=https://sqs.us-east-1.amazonaws.com/123456789012/completion"
	const because = ", because its main does not list it (docs/weight.md)"
	least, whole := build(t, "bootstrap-cognito"), build(t, "bootstrap")
	for name, use := range map[string]struct {
		command string
		environ []string
		says    string
	}{
		"the file source": {"migrate", []string{"SOURCE_KIND=file", "SOURCE_PATH=people.json"}, "SOURCE_KIND: expected one of: cognito; this binary has no source kind file" + because},
		"the HTTP source": {"migrate", []string{"SOURCE_KIND=http", "SOURCE_URL=https://people.example"}, "SOURCE_KIND: expected one of: cognito; this binary has no source kind http" + because},
		"the LDAP source": {"migrate", []string{"SOURCE_KIND=ldap", "SOURCE_URL=ldaps://people.example"}, "SOURCE_KIND: expected one of: cognito; this binary has no source kind ldap" + because},
		"the OIDC source": {"migrate", []string{"SOURCE_KIND=oidc", "SOURCE_ISSUER=https://people.example"}, "SOURCE_KIND: expected one of: cognito; this binary has no source kind oidc" + because},
		"the SQL source":  {"migrate", []string{"SOURCE_KIND=sql", "SOURCE_DRIVER=mysql"}, "SOURCE_KIND: expected one of: cognito; this binary has no source kind sql" + because},
		"a kind of a second source": {"migrate", slices.Concat(pool, []string{"MIGRATE_SOURCES=SOURCE,OLD", "OLD_KIND=ldap", "OLD_URL=ldaps://people.example"}),
			"OLD_KIND: expected one of: cognito; this binary has no source kind ldap" + because},
		"references to secrets": {"migrate", slices.Concat(pool, []string{"AUDIT_HMAC_KEY=ssm:/migration/key"}),
			"AUDIT_HMAC_KEY: the reference could not be resolved: this binary has no references to secrets" + because},
		"EventBridge": {"migrate", slices.Concat(pool, []string{"AUDIT_SINKS=log,eventbridge"}), "AUDIT_SINKS: this binary has no audit sink eventbridge" + because},
		"Firehose":    {"migrate", slices.Concat(pool, []string{"AUDIT_SINKS=firehose", "AUDIT_FIREHOSE_STREAM=audit"}), "AUDIT_SINKS: this binary has no audit sink firehose" + because},
		"completion": {"migrate", slices.Concat(pool, []string{"COMPLETION_AFTER=disable", "COMPLETION_HMAC_KEY=a key of thirty-two characters, or more", queue}),
			"COMPLETION_AFTER, COMPLETION_GROUPS, MIGRATE_ON_MFA: this binary has no completion" + because},
		"the command complete": {"complete", slices.Concat(pool, []string{"COMPLETION_AFTER=disable", "COMPLETION_HMAC_KEY=a key of thirty-two characters, or more", queue}), "command complete: this binary has no completion" + because},
		"the lockout": {"migrate", slices.Concat(pool, []string{"LOCKOUT_TABLE=user-migration-lockout", "AUDIT_HMAC_KEY=a key of thirty-two characters, or more"}),
			"LOCKOUT_TABLE: this binary has no lockout table" + because},
		"tracing": {"migrate", slices.Concat(pool, []string{"OTEL_TRACES_EXPORTER=otlp"}), "OTEL_TRACES_EXPORTER=otlp: this binary has no tracing" + because},
	} {
		if said := endOf(t, least, use.command, use.environ...); !strings.Contains(said, use.says) {
			t.Errorf("%s: it said %q, not %q", name, said, use.says)
		}
		if said := endOf(t, whole, use.command, use.environ...); name != "tracing" && strings.Contains(said, "this binary has no") {
			t.Errorf("%s: with everything listed it said %q", name, said)
		}
	}
}

// Who adds a part adds a row above.
func TestEachPartHasARow(t *testing.T) {
	t.Parallel()
	rows := []string{"Sources", "Sinks", "Completion", "Lockout", "Secrets", "Tracing"}
	for field := range reflect.TypeFor[app.Parts]().Fields() {
		if field.Name != "Unwarmed" && !slices.Contains(rows, field.Name) {
			t.Errorf("no row asks for the part %s", field.Name)
		}
	}
}

// What is not listed is not linked.
func TestTheBinaryHasNoCodeOfOtherParts(t *testing.T) {
	t.Parallel()
	output, err := exec.CommandContext(t.Context(), "go", "list", "-deps", ".").Output()
	if err != nil {
		t.Fatal(err)
	}
	for path := range strings.Lines(string(output)) {
		_, adapter, ours := strings.Cut(strings.TrimSpace(path), "cognito-user-migration/adapters/")
		if ours && !strings.HasPrefix(adapter, "internal/") &&
			!slices.Contains([]string{"auditlog", "awsenv", "claimstrigger", "cognitosource", "lambdatrigger", "metrics", "stscredentials"}, adapter) {
			t.Errorf("it has the adapter %s", adapter)
		}
		for _, library := range []string{"go-ldap", "jackc/pgx", "go-sql-driver", "service/sqs", "service/dynamodb", "service/ssm", "service/eventbridge", "service/firehose", "opentelemetry"} {
			if strings.Contains(path, library) {
				t.Errorf("it has %s", path)
			}
		}
	}
}
