package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// completionRecord is a line of the log; the pairs replace or add members.
func completionRecord(members ...string) string {
	record := map[string]string{
		"logger": "audit", "completion": "completed", "source": "SOURCE", "userPoolId": "p1", "sourceUser": "disabled", "sourceSub": "s1", "username": "u1",
	}
	for i := 0; i < len(members); i += 2 {
		record[members[i]] = members[i+1]
	}
	var text []string
	for name, value := range record {
		if value != "" {
			text = append(text, fmt.Sprintf("%q:%q", name, value))
		}
	}
	return "{" + strings.Join(text, ",") + "}"
}

func TestWhomRecordsProveToBeDisabledByCompletion(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		text                    string
		proven, before, deleted int
	}{
		"a disabled user":                     {completionRecord(), 1, 0, 0},
		"disabled instead of deleted":         {completionRecord("sourceUser", "disabled_instead"), 1, 0, 0},
		"a record of an earlier version":      {completionRecord("sourceSub", ""), 1, 0, 0},
		"behind a time":                       {"2026-11-29T00:00:00Z " + completionRecord(), 1, 0, 0},
		"twice":                               {completionRecord() + "\n" + completionRecord(), 1, 0, 0},
		"disabled before":                     {completionRecord("sourceUserBefore", "disabled"), 0, 1, 0},
		"disabled, and found disabled later":  {completionRecord() + "\n" + completionRecord("sourceUserBefore", "disabled"), 1, 1, 0},
		"disabled, and deleted later":         {completionRecord() + "\n" + completionRecord("sourceUser", "deleted"), 1, 0, 1},
		"kept":                                {completionRecord("sourceUser", "kept"), 0, 0, 0},
		"gone":                                {completionRecord("sourceUser", "gone"), 0, 0, 0},
		"owed":                                {completionRecord("completion", "owed"), 0, 0, 0},
		"a record of an attempt":              {completionRecord("sourceUser", "", "outcome", "migrated"), 0, 0, 0},
		"no audit record":                     {completionRecord("logger", "main"), 0, 0, 0},
		"a line of a stream, without a name":  {completionRecord("logger", ""), 1, 0, 0},
		"neither sub nor username":            {completionRecord("sourceSub", "", "username", ""), 0, 0, 0},
		"the AWS CLI's object":                {fmt.Sprintf(`{"events":[{"message":%q}]}`, completionRecord()), 1, 0, 0},
		"OCSF in the log":                     {`{"logger":"audit","completion":"completed","source":"SOURCE","sourceUser":"disabled","userPoolId":"p1","username":"u1","ocsf":{"unmapped":{"sourceSub":"s1"}}}`, 1, 0, 0},
		"OCSF in the log, disabled before":    {`{"logger":"audit","completion":"completed","source":"SOURCE","sourceUser":"disabled","userPoolId":"p1","username":"u1","ocsf":{"unmapped":{"sourceSub":"s1","sourceUserBefore":"disabled"}}}`, 0, 1, 0},
		"nothing":                             {"", 0, 0, 0},
		"broken":                              {completionRecord()[:30] + "\n{\n}{", 0, 0, 0},
		"two users":                           {completionRecord() + "\n" + completionRecord("sourceSub", "s2", "username", "u2"), 2, 0, 0},
		"one name, and later somebody else's": {completionRecord() + "\n" + completionRecord("sourceSub", "s2"), 2, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			users, elsewhere, err := readRetired(strings.NewReader(row.text), "p1")
			var proven, before, deleted int
			for _, user := range users {
				if user.proven {
					proven++
				}
				if user.before {
					before++
				}
				if user.deleted {
					deleted++
				}
			}
			if err != nil || elsewhere != 0 || proven != row.proven || before != row.before || deleted != row.deleted {
				t.Errorf("got %d proven, %d before, %d deleted, %d elsewhere, %v", proven, before, deleted, elsewhere, err)
			}
		})
	}
	if users, elsewhere, err := readRetired(strings.NewReader(completionRecord("userPoolId", "p2")), "p1"); err != nil || len(users) != 0 || elsewhere != 1 {
		t.Errorf("a record of another destination: %d, %d, %v", len(users), elsewhere, err)
	}
}

func FuzzReadRetired(f *testing.F) {
	f.Add(completionRecord())
	f.Add(`{"events":[{"message":"{}"}]}`)
	f.Add(`{"message":"{\"message\":\"{}\"}"}`)
	f.Fuzz(func(t *testing.T, text string) {
		users, _, err := readRetired(strings.NewReader(text), "p1")
		for _, user := range users {
			if err == nil && user.sub == "" && user.username == "" {
				t.Error("a user whom nothing names")
			}
		}
	})
}

// TestUndoOfAFile: users of a file are disabled by completion and enabled again, known
// by the digest of their name.
func TestUndoOfAFile(t *testing.T) {
	_, path, environ := handSetup(t, "COMPLETION_AFTER=disable")
	done := runTool(t, environ, "", "complete", "--user", "alice", "--destination-pool", handPool, "--yes")
	if done.err != nil {
		t.Fatal(done.err, done.notes)
	}
	isEnabled := func() bool {
		text, err := os.ReadFile(path)
		var sampleUsers []struct {
			Username string
			Enabled  *bool
		}
		if err == nil {
			err = json.Unmarshal(text, &sampleUsers)
		}
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(sampleUsers, func(one struct {
			Username string
			Enabled  *bool
		}) bool {
			return one.Username == "alice" && one.Enabled != nil && *one.Enabled
		})
	}
	records := filepath.Join(t.TempDir(), "records")
	deleted := completionRecord("sourceUser", "deleted", "sourceSub", "gone", "userPoolId", handPool)
	if err := os.WriteFile(records, []byte(done.notes+deleted+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	args := []string{"complete", "--undo", records, "--destination-pool", handPool}
	before, _ := os.ReadFile(path)
	dry := runTool(t, environ, "", args...)
	if after, _ := os.ReadFile(path); dry.err == nil || string(after) != string(before) || !strings.Contains(dry.out, "alice (SOURCE): can be enabled\n") ||
		!strings.Contains(dry.out, "deleted by completion, which cannot be undone") || !strings.Contains(dry.out, "Nothing was changed") {
		t.Errorf("got %v, %s%s", dry.err, dry.out, dry.notes)
	}
	enabled := runTool(t, environ, "", append(args, "--yes")...)
	if enabled.err == nil || !strings.Contains(enabled.err.Error(), "1 of 2 cannot be enabled again") || !strings.Contains(enabled.out, "alice (SOURCE): enabled\n") || !isEnabled() {
		t.Errorf("got %v, %s%s", enabled.err, enabled.out, enabled.notes)
	}
	if again := runTool(t, environ, "", append(args, "--yes")...); !strings.Contains(again.out, "alice (SOURCE): already enabled\n") {
		t.Errorf("again: %s", again.out)
	}
	for want, more := range map[string][]string{
		"is a source; give the ID":               {"complete", "--undo", records, "--destination-pool", "us-east-1_Source0001"},
		"no such file":                           {"complete", "--undo", records + ".none", "--destination-pool", handPool},
		"give one of --user NAME":                {"complete", "--undo", records, "--state", "move.db", "--destination-pool", handPool},
		"--source-aws-profile is used with":      {"complete", "--state", "move.db", "--source-aws-profile", "p", "--destination-pool", handPool},
		"the state file has no finished scan":    {"complete", "--state", filepath.Join(t.TempDir(), "none.db"), "--destination-pool", handPool},
		"expected a number of requests per sec":  {"complete", "--state", "move.db", "--rate", "0", "--destination-pool", handPool},
		"expected a number of requests per seco": {"complete", "--state", "move.db", "--rate", "x", "--destination-pool", handPool},
	} {
		use := environ
		if strings.Contains(want, "is a source") {
			use = []string{"SOURCE_USER_POOL_ID=us-east-1_Source0001", "SOURCE_CLIENT_ID=client", "SOURCE_REGION=us-east-1"}
		}
		if got := runTool(t, use, "", more...); got.err == nil || !strings.Contains(got.err.Error(), want) {
			t.Errorf("%v: got %v, want %s", more, got.err, want)
		}
	}
}
