package e2e_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"cognito-user-migration/domain"
	"cognito-user-migration/test/lambdahost"
	"cognito-user-migration/test/peers"
)

// audited is the function with a bus and a stream of moto's.
type audited struct {
	places   *peers.AuditTargets
	settings settings
	person   person
}

func newAudited(t *testing.T, more ...string) audited {
	t.Helper()
	source, s := motoSource(t, peers.SourceOptions{})
	places, err := moto.get(t).NewAuditTargets(t.Context(), source)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(places.Close)
	p := newPerson()
	if err := source.CreateUser(t.Context(), peers.User{Username: p.username, Password: p.password, Attributes: p.attributes()}); err != nil {
		t.Fatal(err)
	}
	url := moto.get(t).URL
	return audited{places: places, person: p, settings: s.with(
		"AUDIT_SINKS", "log,eventbridge,firehose", "AUDIT_EVENT_BUS", places.Bus, "AUDIT_FIREHOSE_STREAM", places.Stream,
		"AUDIT_HMAC_KEY", "an audit key of thirty-two characters", "AWS_ENDPOINT_URL_EVENTBRIDGE", url, "AWS_ENDPOINT_URL_FIREHOSE", url,
		"AWS_ACCESS_KEY_ID", places.Writer.AccessKeyID, "AWS_SECRET_ACCESS_KEY", places.Writer.SecretAccessKey,
	).with(more...)}
}

func (a audited) start(t *testing.T, more ...string) *function {
	t.Helper()
	f := start(t, a.settings.with(more...))
	f.hidePerson(a.person)
	return f
}

// linesOf waits for as many lines as there should be of an attempt, of a kind.
func linesOf(f *function, id, kind string, want int) []map[string]any {
	f.t.Helper()
	var found []map[string]any
	eventually(f.t, kind+" of attempt "+id, func() bool {
		found = nil
		for line := range strings.Lines(f.Stdout()) {
			var read map[string]any
			if json.Unmarshal([]byte(line), &read) == nil && read["attemptId"] == id && strings.Contains(line, kind) {
				found = append(found, read)
			}
		}
		return len(found) >= want
	})
	if len(found) != want {
		f.t.Errorf("%d lines %s of attempt %s, want %d", len(found), kind, id, want)
	}
	return found
}

// TestOneAttemptIsOneIDInLogMetricsBusAndStream signs in through the real binary,
// and finds the attempt everywhere by Lambda's request ID.
func TestOneAttemptIsOneIDInLogMetricsBusAndStream(t *testing.T) {
	t.Parallel()
	for format, row := range map[string]struct {
		events   int // of a move
		idOf     func(map[string]any) any
		outcome  string // where an event says how it ended
		byTheARN bool
	}{
		"json": {1, func(read map[string]any) any { return read["attemptId"] }, "outcome", false},
		"ocsf": {2, func(read map[string]any) any {
			metadata, _ := read["metadata"].(map[string]any)
			return metadata["correlation_uid"]
		}, "status_code", true},
	} {
		t.Run(format, func(t *testing.T) {
			t.Parallel()
			a := newAudited(t)
			bus := a.places.Bus
			if row.byTheARN {
				bus = a.places.BusARN
			}
			f := a.start(t, "AUDIT_FORMAT", format, "AUDIT_EVENT_BUS", bus)
			for _, attempt := range []struct {
				password, outcome string
				events            int
			}{{a.person.password, "migrated", row.events}, {"wrong", "refused", 1}} {
				result := f.invoke(signIn(a.person.username, attempt.password))
				id := result.RequestID
				audit := linesOf(f, id, `"logger":"audit"`, attempt.events)
				if audit[0]["outcome"] != attempt.outcome || audit[0]["attemptId"] != id {
					t.Errorf("the log has %v", audit[0])
				}
				metric := linesOf(f, id, `"_aws"`, 1)[0]
				if metric["Outcome"] != attempt.outcome {
					t.Errorf("counted as %v", metric)
				}
				events, err := a.places.Events(t.Context(), attempt.events)
				if err != nil {
					t.Fatal(err)
				}
				var details []string
				for _, event := range events {
					if event.Source != "cognito-user-migration" || event.DetailType != "User Migration Attempt" {
						t.Errorf("the bus has %+v", event)
					}
					details = append(details, string(event.Detail))
				}
				lines := a.places.Lines()
				if len(lines) < attempt.events {
					t.Fatalf("the stream has %d lines", len(lines))
				}
				delivered := lines[len(lines)-attempt.events:]
				for place, texts := range map[string][]string{"bus": details, "stream": delivered} {
					if len(texts) != attempt.events {
						t.Errorf("the %s has %d events of attempt %s", place, len(texts), id)
					}
					for _, text := range texts {
						var read map[string]any
						if err := json.Unmarshal([]byte(text), &read); err != nil {
							t.Fatalf("%v in %s", err, text)
						}
						if row.idOf(read) != id || read[row.outcome] != attempt.outcome {
							t.Errorf("the %s has %s of attempt %s", place, text, id)
						}
						if strings.Contains(text, a.person.username) || strings.Contains(text, a.person.email) {
							t.Errorf("the %s names the person: %s", place, text)
						}
					}
				}
				for _, line := range delivered {
					if strings.Count(line, "\n") != 1 || !strings.HasSuffix(line, "\n") {
						t.Errorf("a record of the stream is no line: %q", line)
					}
				}
			}
		})
	}
}

// TestAPlaceThatDoesNotTakeARecord moves people all the same, or nobody.
func TestAPlaceThatDoesNotTakeARecord(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-release }))
	t.Cleanup(hanging.Close)
	t.Cleanup(func() { close(release) })
	for name, broken := range map[string][]string{
		"because it is not there":   {"AUDIT_FIREHOSE_STREAM", "nonesuch"},
		"because it hangs":          {"AWS_ENDPOINT_URL_FIREHOSE", hanging.URL},
		"because nobody is there":   {"AWS_ENDPOINT_URL_FIREHOSE", "http://127.0.0.1:1"},
		"because it is not allowed": {"AWS_ACCESS_KEY_ID", "caller"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := newAudited(t)
			if broken[0] == "AWS_ACCESS_KEY_ID" { // of one who may take on the role and no more
				source, s := motoSource(t, peers.SourceOptions{})
				if err := source.CreateUser(t.Context(), peers.User{Username: a.person.username, Password: a.person.password, Attributes: a.person.attributes()}); err != nil {
					t.Fatal(err)
				}
				for variable, value := range a.settings {
					if strings.HasPrefix(variable, "AUDIT_") || strings.HasPrefix(variable, "AWS_ENDPOINT_URL_") {
						s[variable] = value
					}
				}
				a.settings = s
			} else {
				a.settings = a.settings.with(broken...)
			}
			notAllowed := broken[0] == "AWS_ACCESS_KEY_ID"

			open := a.start(t)
			result := open.invoke(signIn(a.person.username, a.person.password))
			if result.FunctionError != "" {
				t.Errorf("answered %s", result.Payload)
			}
			open.recorded(result, domain.OutcomeMigrated, domain.ReasonPasswordAccepted)
			unkept(open, result)
			taken := 1
			if notAllowed {
				taken = 0
			}
			if events, err := a.places.Events(t.Context(), taken); err != nil || len(events) != taken {
				t.Errorf("the other place has %v, %v", events, err)
			}

			closed := a.start(t, "AUDIT_FAILURE", "closed")
			event := signIn(a.person.username, a.person.password)
			result = closed.invoke(event)
			closed.says(result, "MigrationFailed", "Sign-in is unavailable for the moment; please try again.")
			closed.recorded(result, domain.OutcomeFailed, domain.ReasonAuditUnkept)
			if counted := linesOf(closed, result.RequestID, `"_aws"`, 1)[0]; counted["Outcome"] != "failed" || counted["Reason"] != "audit_unkept" {
				t.Errorf("counted as %v", counted)
			}
			unkept(closed, result)
			if events, err := a.places.Events(t.Context(), 2*taken); err != nil || !notAllowed && !slices.Equal(outcomes(t, events), []string{"migrated", "failed"}) {
				t.Errorf("the other place has %v, %v", events, err)
			}
			// Nothing is moved by a refusal: it stands.
			closed.refuses(signIn(a.person.username, "wrong"), domain.ReasonPasswordWrong)
		})
	}
}

// unkept waits for the line that tells of a record that was not kept.
func unkept(f *function, result lambdahost.Result) {
	f.t.Helper()
	eventually(f.t, "a line of the record that was not kept", func() bool {
		for line := range strings.Lines(f.Stdout()) {
			if strings.Contains(line, "an audit record was not kept") && strings.Contains(line, result.RequestID) && strings.Contains(line, "firehose: ") {
				return true
			}
		}
		return false
	})
}

func outcomes(t *testing.T, events []peers.Event) []string {
	t.Helper()
	var all []string
	for _, event := range events {
		var read struct{ Outcome string }
		if err := json.Unmarshal(event.Detail, &read); err != nil {
			t.Fatal(err)
		}
		all = append(all, read.Outcome)
	}
	return all
}
