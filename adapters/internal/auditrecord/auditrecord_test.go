package auditrecord_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/adapters/internal/auditrecord"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"

	validate "github.com/valllabh/ocsf-schema-golang/ocsfvalidate/1.1"
)

var update = flag.Bool("update", false, "write the golden files")

var began = time.Date(2026, 11, 22, 23, 59, 58, 123456789, time.FixedZone("JST", 9*60*60))

func attempt() domain.AuditRecord {
	return domain.AuditRecord{
		AttemptID: "8476a536-e9f4-11e8-9739-2dfe598c3fcd", Time: began, Duration: 1234567 * time.Microsecond,
		Trigger: domain.TriggerAuthentication, Outcome: domain.OutcomeMigrated, Reason: domain.ReasonTemporaryPassword,
		Source: "SOURCE", Challenge: "NEW_PASSWORD_REQUIRED", FinalStatus: domain.FinalResetRequired,
		UserPoolID: "ap-northeast-1_AbCdEf123", ClientID: "3n4b5urk1ft4fl3mg5e62d9ado", Username: "27b0a5c7",
		Completion: domain.CompletionQueued, Calls: 3, Retries: 1, OmittedAttributes: domain.AttributeNames{"birthdate", "custom:age"},
	}
}

func completion() domain.CompletionRecord {
	return domain.CompletionRecord{
		AttemptID: "8476a536-e9f4-11e8-9739-2dfe598c3fcd", Time: began, Outcome: domain.CompletionDone, Source: "SOURCE",
		UserPoolID: "ap-northeast-1_AbCdEf123", Username: "27b0a5c7", Retired: domain.RetiredDeleted, Groups: 2,
		SourceSub: "1a9d6b0f-0000-4000-8000-00000000000a", DestinationSub: "2b0e7c1a-0000-4000-8000-00000000000b", SecondFactor: domain.MFAEmail,
	}
}

func origin(form domain.AuditUsername) ports.AuditOrigin {
	return ports.AuditOrigin{Version: "v1.2.3", Function: "user-migration", Region: "ap-northeast-1", Username: form}
}

func ocsf() auditrecord.Encoder {
	return auditrecord.New(domain.AuditFormatOCSF, origin(domain.AuditUsernameHMAC))
}

// lines writes events as they are kept, each with its message before it.
func lines(t *testing.T, events []auditrecord.Event, err error) string {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, event := range events {
		text.WriteString(event.Message + " " + string(event.JSON) + "\n")
	}
	return text.String()
}

func TestWhatARecordLooksLike(t *testing.T) {
	t.Parallel()
	for format, name := range map[domain.AuditFormat]string{domain.AuditFormatJSON: "json.golden", domain.AuditFormatOCSF: "ocsf.golden"} {
		encoder := auditrecord.New(format, origin(domain.AuditUsernameHMAC))
		refused := domain.AuditRecord{AttemptID: "second", Time: time.Unix(0, 0), Trigger: domain.TriggerForgotPassword, Outcome: domain.OutcomeRefused, Reason: domain.ReasonUserUnknown}
		owed := domain.CompletionRecord{AttemptID: "third", Time: time.Unix(0, 0), Outcome: domain.CompletionPending, Reason: domain.ReasonNotCreatedYet, Source: "SOURCE", Retired: domain.RetiredNot}
		var got string
		for _, record := range []domain.AuditRecord{attempt(), refused} {
			events, err := encoder.Attempt(record)
			got += lines(t, events, err)
		}
		for _, record := range []domain.CompletionRecord{completion(), owed} {
			events, err := encoder.Completion(record)
			got += lines(t, events, err)
		}
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s: got\n%swant\n%s", name, got, want)
		}
	}
}

// everyAttempt are records with each outcome, trigger and form of a name, and
// with nothing but what there must be.
func everyAttempt() []domain.AuditRecord {
	var all []domain.AuditRecord
	for _, outcome := range []domain.Outcome{domain.OutcomeMigrated, domain.OutcomeRefused, domain.OutcomeFailed} {
		for _, trigger := range []domain.Trigger{domain.TriggerAuthentication, domain.TriggerForgotPassword} {
			whole := attempt()
			whole.Outcome, whole.Trigger = outcome, trigger
			nameless := whole
			nameless.Username = ""
			all = append(all, whole, nameless, domain.AuditRecord{Outcome: outcome, Trigger: trigger})
		}
	}
	return all
}

func everyCompletion() []domain.CompletionRecord {
	var all []domain.CompletionRecord
	for _, outcome := range []domain.CompletionOutcome{domain.CompletionDone, domain.CompletionPending, domain.CompletionAbandoned} {
		for _, retired := range []domain.Retired{domain.RetiredNot, domain.RetiredDisabled, domain.RetiredDisabledInstead, domain.RetiredDeleted, domain.RetiredGone} {
			whole := completion()
			whole.Outcome, whole.Retired = outcome, retired
			nameless := whole
			nameless.Username = ""
			all = append(all, whole, nameless, domain.CompletionRecord{Outcome: outcome, Retired: retired})
		}
	}
	return all
}

// classes are the validator's names of them.
func classes() map[float64]string {
	return map[float64]string{3001: "account_change", 3002: "authentication"}
}

// check validates an event with a public validator of the schema. Our own assertions
// check the constraints that it does not know ("at least one of").
func check(t *testing.T, event auditrecord.Event) map[string]any {
	t.Helper()
	var read map[string]any
	if err := json.Unmarshal(event.JSON, &read); err != nil {
		t.Fatal(err)
	}
	uid, _ := read["class_uid"].(float64)
	class := classes()[uid]
	if class == "" {
		t.Fatalf("of no class: %s", event.JSON)
	}
	if err := validate.Validate(class, event.JSON); err != nil {
		t.Errorf("%v: %s", err, event.JSON)
	}
	atLeastOne := func(of any, names ...string) {
		t.Helper()
		object, _ := of.(map[string]any)
		for _, name := range names {
			if _, there := object[name]; there {
				return
			}
		}
		t.Errorf("none of %q is in %v", names, of)
	}
	atLeastOne(read["user"], "account", "name", "uid")
	atLeastOne(read["actor"], "process", "user", "invoked_by", "session")
	if class == "authentication" {
		atLeastOne(read, "service", "dst_endpoint")
	}
	activity, _ := read["activity_id"].(float64)
	if read["type_uid"] != uid*100+activity {
		t.Errorf("type_uid is %v: %s", read["type_uid"], event.JSON)
	}
	return read
}

func TestEveryRecordIsValidOCSF(t *testing.T) {
	t.Parallel()
	for _, form := range []domain.AuditUsername{domain.AuditUsernameHMAC, domain.AuditUsernamePlain, domain.AuditUsernameNone} {
		encoder := auditrecord.New(domain.AuditFormatOCSF, origin(form))
		for _, record := range everyAttempt() {
			events, err := encoder.Attempt(record)
			if err != nil {
				t.Fatal(err)
			}
			want := []float64{3002}
			if record.Outcome == domain.OutcomeMigrated {
				want = append(want, 3001)
			}
			if len(events) != len(want) {
				t.Fatalf("%d events of %+v", len(events), record)
			}
			for i, event := range events {
				if read := check(t, event); read["class_uid"] != want[i] {
					t.Errorf("event %d is of class %v", i, read["class_uid"])
				}
			}
		}
		for _, record := range everyCompletion() {
			events, err := encoder.Completion(record)
			if err != nil || len(events) != 1 {
				t.Fatalf("%d events, %v", len(events), err)
			}
			if read := check(t, events[0]); read["class_uid"] != 3001.0 {
				t.Errorf("of class %v", read["class_uid"])
			}
		}
	}
	// A validator that finds nothing proves nothing.
	events, err := ocsf().Attempt(attempt())
	if err != nil {
		t.Fatal(err)
	}
	for _, broken := range []string{`"class_uid":3002`, `"activity_id":1`, `"time":`, `"user":`, `"version":"1.1.0"`} {
		if validate.Validate("authentication", []byte(strings.Replace(string(events[0].JSON), broken, `"x":1,"y":`, 1))) == nil {
			t.Errorf("it is valid without %s", broken)
		}
	}
}

func TestWhatAnEventSays(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		attempt    func(*domain.AuditRecord)
		completion func(*domain.CompletionRecord)
		last       bool // of several events
		want       map[string]any
	}{
		"who signs in and is moved": {
			attempt: func(*domain.AuditRecord) {},
			want:    map[string]any{"type_name": "Authentication: Logon", "status": "Success", "status_code": "migrated", "status_detail": "temporary_password", "severity": "Informational"},
		},
		"their account is asked for, and no more is known": {
			attempt: func(*domain.AuditRecord) {}, last: true,
			want: map[string]any{"type_name": "Account Change: Create", "status": "Requested", "status_id": 99.0, "status_detail": "temporary_password"},
		},
		"a forgotten password is no logon": {
			attempt: func(r *domain.AuditRecord) {
				r.Trigger, r.Outcome, r.Reason = domain.TriggerForgotPassword, domain.OutcomeRefused, domain.ReasonUserUnknown
			},
			want: map[string]any{"activity_name": "Forgot Password", "type_name": "Authentication: Other", "status": "Failure", "status_detail": "user_unknown", "severity": "Low"},
		},
		"a failure": {
			attempt: func(r *domain.AuditRecord) { r.Outcome, r.Reason = domain.OutcomeFailed, domain.ReasonSourceThrottled },
			want:    map[string]any{"status": "Failure", "status_code": "failed", "status_detail": "source_throttled", "severity": "Medium"},
		},
		"a source user who is deleted": {
			completion: func(*domain.CompletionRecord) {},
			want:       map[string]any{"type_name": "Account Change: Delete", "status": "Success", "status_code": "completed"},
		},
		"one who is disabled in place of it": {
			completion: func(r *domain.CompletionRecord) {
				r.Retired, r.Reason = domain.RetiredDisabledInstead, domain.ReasonSourceUserChanged
			},
			want: map[string]any{"type_name": "Account Change: Disable", "status_detail": "source_user_changed"},
		},
		"a move that is owed": {
			completion: func(r *domain.CompletionRecord) {
				r.Outcome, r.Retired, r.Reason = domain.CompletionPending, domain.RetiredNot, domain.ReasonNotCreatedYet
			},
			want: map[string]any{"type_name": "Account Change: Other", "activity_name": "Complete", "status": "Owed", "status_detail": "destination_user_unknown"},
		},
		"a move that is given up": {
			completion: func(r *domain.CompletionRecord) {
				r.Outcome, r.Retired, r.Reason = domain.CompletionAbandoned, domain.RetiredNot, domain.ReasonAnotherUser
			},
			want: map[string]any{"status": "Failure", "status_code": "abandoned", "severity": "Medium"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var events []auditrecord.Event
			var err error
			if row.attempt != nil {
				record := attempt()
				row.attempt(&record)
				events, err = ocsf().Attempt(record)
			} else {
				record := completion()
				row.completion(&record)
				events, err = ocsf().Completion(record)
			}
			if err != nil {
				t.Fatal(err)
			}
			event := events[0]
			if row.last {
				event = events[len(events)-1]
			}
			read := check(t, event)
			for key, want := range row.want {
				if read[key] != want {
					t.Errorf("%s is %v, want %v", key, read[key], want)
				}
			}
			if metadata, _ := read["metadata"].(map[string]any); metadata["correlation_uid"] != attempt().AttemptID {
				t.Errorf("it is joined to %v", metadata["correlation_uid"])
			}
		})
	}
}

func TestANameIsInTheFormThatMayBeRecorded(t *testing.T) {
	t.Parallel()
	for form, want := range map[domain.AuditUsername]string{
		domain.AuditUsernameHMAC:  `"user":{"uid":"27b0a5c7","type_id":1`,
		domain.AuditUsernamePlain: `"user":{"name":"27b0a5c7","type_id":1`,
		domain.AuditUsernameNone:  `"user":{"type_id":1`,
	} {
		record := attempt()
		record.Username = domain.NewPseudonymizer(form, domain.NewSecret("k")).Pseudonym("27b0a5c7")
		if form == domain.AuditUsernameHMAC {
			record.Username = "27b0a5c7"
		}
		events, err := auditrecord.New(domain.AuditFormatOCSF, origin(form)).Attempt(record)
		for _, event := range events {
			if !strings.Contains(string(event.JSON), want) {
				t.Errorf("%s: %s", form, event.JSON)
			}
		}
		if err != nil || len(events) != 2 {
			t.Errorf("%d events, %v", len(events), err)
		}
	}
}

// Who gets an event twice can tell, and different events are never one.
func TestEachEventHasAnIDOfItsOwnWhichStaysTheSame(t *testing.T) {
	t.Parallel()
	ids := make(map[string]bool)
	add := func(events []auditrecord.Event, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		for _, event := range events {
			var read struct{ Metadata struct{ UID string } }
			if err := json.Unmarshal(event.JSON, &read); err != nil {
				t.Fatal(err)
			}
			if ids[read.Metadata.UID] {
				t.Errorf("%s twice", read.Metadata.UID)
			}
			ids[read.Metadata.UID] = true
		}
	}
	unkept := attempt()
	unkept.Outcome, unkept.Reason = domain.OutcomeFailed, domain.ReasonAuditUnkept
	later := completion()
	later.Time = later.Time.Add(time.Minute)
	for _, record := range []domain.AuditRecord{attempt(), unkept} {
		add(ocsf().Attempt(record))
	}
	for _, record := range []domain.CompletionRecord{completion(), later} {
		add(ocsf().Completion(record))
	}
	again, err := ocsf().Attempt(attempt())
	if err != nil || len(ids) != 5 || !strings.Contains(string(again[0].JSON), `/3002/migrated"`) {
		t.Errorf("%d IDs, %v: %v", len(ids), err, ids)
	}
}

func TestWhateverWasTypedStaysInItsPlace(t *testing.T) {
	t.Parallel()
	for _, typed := range []domain.Pseudonym{"a\nb\r\n{\"outcome\":\"migrated\"}\x00\u2028\xff", `","class_uid":1,"x":"`} {
		for _, format := range []domain.AuditFormat{domain.AuditFormatJSON, domain.AuditFormatOCSF} {
			record := attempt()
			record.Outcome, record.Username = domain.OutcomeRefused, typed
			events, err := auditrecord.New(format, origin(domain.AuditUsernamePlain)).Attempt(record)
			if err != nil || len(events) != 1 || strings.ContainsAny(string(events[0].JSON), "\n\r") || !json.Valid(events[0].JSON) {
				t.Errorf("%v %v", events, err)
			}
			if format == domain.AuditFormatOCSF {
				check(t, events[0])
			}
		}
	}
}

func BenchmarkOCSF(b *testing.B) {
	encoder, record := ocsf(), attempt()
	for b.Loop() {
		if _, err := encoder.Attempt(record); err != nil {
			b.Fatal(err)
		}
	}
}

// What the record of a user says who was disabled before: nothing proves that the
// migration disabled them.
func TestARecordSaysWhoWasDisabledBefore(t *testing.T) {
	t.Parallel()
	for _, format := range []domain.AuditFormat{domain.AuditFormatJSON, domain.AuditFormatOCSF} {
		for before, want := range map[bool]int{true: 1, false: 0} {
			record := completion()
			record.Retired, record.DisabledBefore = domain.RetiredDisabled, before
			events, err := auditrecord.New(format, origin(domain.AuditUsernameHMAC)).Completion(record)
			if got := lines(t, events, err); strings.Count(got, `"sourceUserBefore":"disabled"`) != want {
				t.Errorf("%s, %t: %s", format, before, got)
			}
		}
	}
}
