package e2e_test

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cognito-user-migration/adapters/reportpage"
	"cognito-user-migration/test/peers"
	"cognito-user-migration/test/process"
)

// looker is what drives the browser.
var looker = process.Program{Name: "puppeteer-core and axe-core", Install: "make peers", Find: func() (string, error) {
	if _, err := os.Stat("../peers/node_modules/puppeteer-core/package.json"); err != nil {
		return "", err
	}
	return exec.LookPath("node")
}}

// shownReport is the page that the screenshots in docs show.
func shownReport() (reportpage.Facts, reportpage.Report) {
	facts := reportpage.Facts{Destination: "ap-northeast-1_GhIjKl456", DestinationName: "customers", Sources: []string{"SOURCE cognito us-east-1_AbCdEf123"}}
	report := reportpage.Report{
		ScannedAt: "2026-11-29T09:30:00Z", Users: 412090, Moved: 340000, CanSignIn: 335441, NeedsHelp: 4559, Remaining: 63874, Conflicts: 8216,
		WillMigrate: 48512, Importable: 45090, Newcomers: 12403, Destination: 352403, Last7Days: 9403, Last30Days: 51200,
		Causes:         []reportpage.Count{{Name: "user_disabled", Users: 9120}, {Name: "mfa_required", Users: 3874}, {Name: "user_unconfirmed", Users: 1958}, {Name: "attribute_invalid", Users: 410}},
		ConflictCauses: []reportpage.Count{{Name: "different_contact", Users: 6100}, {Name: "another_source_user", Users: 2116}},
		Sources:        [][2]string{{"SOURCE", "412090"}},
		Projection:     [][2]string{{"50 %", "2026-09-18"}, {"90 %", "2026-12-17"}, {"95 %", "2027-01-01"}, {"99 %", "2027-01-12"}},
		Rules:          [][2]string{{"MIGRATE_ATTRIBUTES", "*,custom:legacy_sub=sub"}, {"MIGRATE_ON_MFA", "refuse"}, {"MIGRATE_VERIFIED_CONTACTS", "copy"}},
	}
	day, others := time.Date(2026, 8, 31, 0, 0, 0, 0, time.UTC), 0
	for i := range 90 {
		moved := 270_000/(30+2*i) + 1000
		if i%7 >= 5 {
			moved = moved * 4 / 5
		}
		if i > 0 {
			others += moved
		}
		report.Days = append(report.Days, reportpage.Count{Name: day.AddDate(0, 0, i).Format(time.DateOnly), Users: moved})
	}
	report.Days[0].Users = report.Moved - others
	return facts, report
}

// TestThePageOfTheReportInABrowser: the page asks the network for nothing, writes
// nothing to the console, is accessible in each look, and says the same without
// JavaScript. SCREENSHOTS=1 writes those of docs.
func TestThePageOfTheReportInABrowser(t *testing.T) {
	t.Parallel()
	peers.Require(t, browser, looker)
	chromium, err := browser.Path()
	if err != nil {
		t.Fatal(err)
	}
	for _, lang := range []string{"en", "ja"} {
		t.Run(lang, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "report.html")
			to, err := os.Create(file)
			if err != nil {
				t.Fatal(err)
			}
			facts, report := shownReport()
			facts.Lang = lang
			if err := errors.Join(reportpage.Write(to, facts, report), to.Close()); err != nil {
				t.Fatal(err)
			}
			arguments := []string{"look.mjs", chromium, file, t.TempDir()}
			if os.Getenv("SCREENSHOTS") != "" {
				docs, err := filepath.Abs("../../docs/report-page-" + lang)
				if err != nil {
					t.Fatal(err)
				}
				arguments = append(arguments, docs)
			}
			command := exec.CommandContext(t.Context(), "node", arguments...)
			command.Dir = "../peers"
			var notes strings.Builder
			command.Stderr = &notes
			out, err := command.Output()
			if err != nil {
				t.Fatalf("%v\n%s", err, notes.String())
			}
			checkLook(t, out)
		})
	}
}

func checkLook(t *testing.T, out []byte) {
	t.Helper()
	var seen struct {
		Requests, Console, Findings, Wide []string
		Texts                             map[string]string
	}
	if err := json.Unmarshal(out, &seen); err != nil {
		t.Fatal(err)
	}
	for what, list := range map[string][]string{"network requests": seen.Requests, "console": seen.Console, "axe-core": seen.Findings, "wider than the window": seen.Wide} {
		if len(list) > 0 {
			t.Errorf("%s: %q", what, list)
		}
	}
	if seen.Texts["plain"] != seen.Texts["light"] || !strings.Contains(seen.Texts["plain"], "412,090") {
		t.Errorf("without JavaScript the page says %q", seen.Texts["plain"])
	}
	looks := []string{"dark", "light", "narrow", "plain", "print"}
	for look, text := range seen.Texts {
		if !slices.Contains(looks, look) || !strings.Contains(text, "2026-11-28") {
			t.Errorf("%s: the page lacks a day: %q", look, text)
		}
	}
}
