package e2e_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"cognito-user-migration/test/process"

	"go.yaml.in/yaml/v3"
)

// duckdb is the peer that runs the queries of Athena.
const duckdb = "testdata/duckdb"

// delivered is a stream that keeps what the function puts into it.
type delivered struct {
	url   string
	mu    sync.Mutex
	lines []string
}

func newDelivered(t *testing.T) *delivered {
	t.Helper()
	d := &delivered{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var put struct{ Record struct{ Data string } }
		body, _ := io.ReadAll(r.Body) // what is cut off is no JSON
		if json.Unmarshal(body, &put) != nil {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		lines, _ := base64.StdEncoding.DecodeString(put.Record.Data) // as above
		d.mu.Lock()
		d.lines = append(d.lines, strings.Split(strings.TrimSpace(string(lines)), "\n")...)
		d.mu.Unlock()
		_, _ = io.WriteString(w, `{"RecordId":"1"}`)
	}))
	t.Cleanup(server.Close)
	d.url = server.URL
	return d
}

func (d *delivered) all() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return append([]string(nil), d.lines...)
}

// table are the columns and queries of the template, for records of a format.
type table struct {
	columns []map[string]string
	queries map[string]string
}

func athenaTable(t *testing.T, format string) table {
	t.Helper()
	text, err := os.ReadFile("../../deploy/cloudformation/athena.yaml")
	if err != nil {
		t.Fatal(err)
	}
	type object = map[string]any
	var template object
	if err := yaml.Unmarshal(text, &template); err != nil { // functions such as !Ref are read as their arguments
		t.Fatal(err)
	}
	found := table{queries: make(map[string]string)}
	for name, definition := range template["Resources"].(object) {
		resource := definition.(object)
		properties := resource["Properties"].(object)
		switch {
		case name == "Table":
			choice := properties["TableInput"].(object)["StorageDescriptor"].(object)["Columns"].([]any)
			for _, column := range choice[map[string]int{"json": 1, "ocsf": 2}[format]].([]any) {
				one := column.(object)
				found.columns = append(found.columns, map[string]string{"name": one["Name"].(string), "type": one["Type"].(string)})
			}
		case resource["Type"] == "AWS::Athena::NamedQuery" && strings.EqualFold(resource["Condition"].(string), format):
			found.queries[properties["Name"].(string)] = properties["QueryString"].(string)
		}
	}
	if len(found.queries) != 5 || len(found.columns) < 10 {
		t.Fatalf("%d queries, %d columns", len(found.queries), len(found.columns))
	}
	return found
}

// lowered writes the keys of an object in lower case, as Athena's reader of JSON
// does.
func lowered(value any) any {
	switch value := value.(type) {
	case map[string]any:
		all := make(map[string]any)
		for key, member := range value {
			all[strings.ToLower(key)] = lowered(member)
		}
		return all
	case []any:
		for i := range value {
			value[i] = lowered(value[i])
		}
	}
	return value
}

// ask runs the queries over the lines, as records of today.
func (a table) ask(t *testing.T, lines []string) map[string][][]string {
	t.Helper()
	folder := t.TempDir()
	day := filepath.Join(folder, "day="+time.Now().UTC().Format(time.DateOnly))
	if err := os.Mkdir(day, 0o700); err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	for _, line := range lines {
		var read any
		if err := json.Unmarshal([]byte(line), &read); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if err := json.NewEncoder(&text).Encode(lowered(read)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(day, "records.json"), text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	input, err := json.Marshal(map[string]any{"columns": a.columns, "folder": folder, "queries": a.queries})
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "node", "run.js")
	command.Dir, command.Stdin, command.Env = duckdb, bytes.NewReader(input), append(os.Environ(), "TZ=UTC")
	var failure bytes.Buffer
	command.Stderr = &failure
	output, err := command.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, failure.String())
	}
	var answers map[string][][]string
	if err := json.Unmarshal(output, &answers); err != nil {
		t.Fatal(err)
	}
	return answers
}

// The records of completions and of a second record of one attempt, as
// docs/logs-and-audit.md describes them: the two places where a file source has
// none.
func further(format string) []string {
	attempt := func(id, outcome, completion, duration string) string {
		if format == "json" {
			return fmt.Sprintf(`{"attemptId":%q,"outcome":%q,"reason":"x","durationMs":%s,"source":"OLD","clientId":"c2","completion":%q}`, id, outcome, duration, completion)
		}
		return fmt.Sprintf(`{"class_uid":3002,"status_code":%q,"status_detail":"x","duration":%s,"metadata":{"correlation_uid":%q},"actor":{"idp":{"name":"OLD"}},"unmapped":{"clientId":"c2","completion":%q}}`, outcome, duration, id, completion)
	}
	completion := func(id, word, at string) string {
		if format == "json" {
			return fmt.Sprintf(`{"attemptId":%q,"time":"2026-11-22T14:00:0%sZ","completion":%q,"reason":"too_early"}`, id, at, word)
		}
		return fmt.Sprintf(`{"class_uid":3001,"time":%s,"status_code":%q,"status_detail":"too_early","metadata":{"correlation_uid":%q}}`, at, word, id)
	}
	return []string{
		attempt("a-done", "migrated", "queued", "10"), completion("a-done", "owed", "1"), completion("a-done", "completed", "2"),
		attempt("b-late", "migrated", "queued", "10"), completion("b-late", "owed", "1"),
		attempt("c-never", "migrated", "owed", "10"),
		attempt("d-gone", "migrated", "queued", "10"), completion("d-gone", "abandoned", "1"),
		attempt("e-closed", "migrated", "", "10"), attempt("e-closed", "failed", "", "11"),
	}
}

// TestTheQueriesOfAthenaCountTheRecords runs the named queries of the templates on
// records that the binary wrote, in DuckDB.
func TestTheQueriesOfAthenaCountTheRecords(t *testing.T) {
	t.Parallel()
	_, noNode := exec.LookPath("node")
	if _, err := os.Stat(duckdb + "/node_modules/@duckdb/node-api"); err != nil || noNode != nil {
		process.Missing(t, "@duckdb/node-api is missing: make peers (or: npm ci --prefix test/e2e/"+duckdb+")")
	}
	for _, format := range []string{"json", "ocsf"} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			stream := newDelivered(t)
			f := start(t, peopleFile(t, "csv", "username,password_hash,enabled,email,email_verified\nanna,"+fileHash+",0,anna@example.com,1\nberta,"+fileHash+",1,berta@example.com,1\n").with(
				"AUDIT_SINKS", "log,firehose", "AUDIT_FIREHOSE_STREAM", "records", "AUDIT_FORMAT", format, "AWS_ENDPOINT_URL_FIREHOSE", stream.url,
				"AWS_ACCESS_KEY_ID", "AKIAEXAMPLE", "AWS_SECRET_ACCESS_KEY", "secret"))
			for _, attempt := range []string{
				signIn("berta", filePassword), forgotPassword("berta"), signIn("anna", filePassword), signIn("berta", "wrong"), signIn("berta", "wrong"),
			} {
				f.invoke(attempt)
			}
			lines := stream.all()
			if want := map[string]int{"json": 5, "ocsf": 7}[format]; len(lines) != want {
				t.Fatalf("the stream has %d lines, expected %d", len(lines), want)
			}
			lines = append(lines, lines[0]) // a record can be there twice
			answers := athenaTable(t, format).ask(t, append(lines, further(format)...))
			today := time.Now().UTC().Format(time.DateOnly)
			latency := answers["Latency percentiles per day"]
			delete(answers, "Latency percentiles per day")
			want := map[string][][]string{
				"Moves per day and source":        {{today, "OLD", "4"}, {today, "SOURCE", "2"}},
				"Refusals and failures by reason": {{"refused", "password_wrong", "2"}, {"failed", "x", "1"}, {"refused", "user_disabled", "1"}},
				"Owed completions":                {{today, "b-late", "OLD", "queued", "too_early"}, {today, "c-never", "OLD", "owed", ""}},
				"Attempts per client":             {{"c2", "migrated", "4"}, {someClient, "refused", "3"}, {someClient, "migrated", "2"}, {"c2", "failed", "1"}},
			}
			if !reflect.DeepEqual(answers, want) {
				t.Errorf("the queries answer %v, expected %v", answers, want)
			}
			if len(latency) != 3 || latency[0][1] != "failed" || latency[0][2] != "1" || strings.TrimSuffix(latency[0][3], ".0") != "11" {
				t.Errorf("the percentiles are %v", latency)
			}
		})
	}
}
