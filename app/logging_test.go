package app

import (
	"bytes"
	"encoding/json"
	"log"
	"strings"
	"testing"
)

// It changes the standard logger of the process, so it runs beside no other test.
func TestWhatLibrariesWriteIsALineOfTheLog(t *testing.T) {
	to, flags, prefix := log.Writer(), log.Flags(), log.Prefix()
	t.Cleanup(func() {
		log.SetOutput(to)
		log.SetFlags(flags)
		log.SetPrefix(prefix)
	})
	for name, row := range map[string]struct {
		written, level, field, want string
	}{
		"an error that AWS's library returned": {`{"errorMessage":"Sign-in failed","errorType":"MigrationFailed"}`, "INFO", "error", `{"errorMessage":"Sign-in failed","errorType":"MigrationFailed"}`},
		"a warning":                            {"WARNING! Failed to register internal extension!", "WARN", "text", `"WARNING! Failed to register internal extension!"`},
		"what a server sent without a request": {`Unsolicited response received on idle HTTP channel starting with "canary"; err=<nil>`, "WARN", "text", `"Unsolicited response received on idle HTTP channel starting with "`},
		"several lines":                        {"one\ntwo\n", "WARN", "text", `"one\ntwo"`},
		"nothing":                              {"", "WARN", "text", `""`},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			RedirectStandardLog(NewLog(&out, ""))
			log.Print(row.written)
			if lines := strings.Count(out.String(), "\n"); lines != 1 {
				t.Fatalf("%d lines: %s", lines, &out)
			}
			var line map[string]json.RawMessage
			if err := json.Unmarshal(out.Bytes(), &line); err != nil {
				t.Fatalf("%v: %s", err, &out)
			}
			if string(line["level"]) != `"`+row.level+`"` || string(line[row.field]) != row.want || line["message"] == nil || line["timestamp"] == nil {
				t.Errorf("got %s", &out)
			}
			if strings.Contains(out.String(), "canary") {
				t.Errorf("it shows what was quoted: %s", &out)
			}
		})
	}
}
