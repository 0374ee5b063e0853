package reportpage_test

import (
	"bytes"
	"strings"
	"testing"

	"cognito-user-migration/adapters/reportpage"
)

func TestThePageIsWholeByItself(t *testing.T) {
	t.Parallel()
	report := reportpage.Report{
		ScannedAt: "2026-11-29T09:30:00Z", Users: 412090, Moved: 340000, CanSignIn: 335441, NeedsHelp: 4559, Remaining: 63874, Conflicts: 8216,
		WillMigrate: 60000, Causes: []reportpage.Count{{Name: "mfa_required", Users: 3874}},
		Days: []reportpage.Count{{Name: "2026-11-28", Users: 340000}}, Rules: [][2]string{{"MIGRATE_ATTRIBUTES", `<script>alert("x")</script>`}},
		Groups: []reportpage.Group{{Source: "SOURCE", Name: "editors", Users: 4100, Moved: 3000, Remaining: 1090, Conflicts: 10, Pending: 12}},
	}
	for lang, want := range map[string]string{
		"en": "81.4 % of 412,090 users can sign in to the new pool; 3.1 % need help first; 15.5 % have not come yet.",
		"ja": "412,090 人のうち 81.4 % が新しいユーザープールにサインインできます。",
	} {
		var page bytes.Buffer
		if err := reportpage.Write(&page, reportpage.Facts{Destination: "us-east-1_Here", Lang: lang}, report); err != nil {
			t.Fatal(err)
		}
		html := page.String()
		if !strings.Contains(html, want) || !strings.Contains(html, `<html lang="`+lang+`">`) {
			t.Errorf("%s: the main figure is missing", lang)
		}
		if !strings.Contains(html, "default-src 'none'") {
			t.Errorf("%s: no Content-Security-Policy", lang)
		}
		for _, external := range []string{"http://", "https://", "<script", "url(", "@import", "%!"} {
			if strings.Contains(html, external) {
				t.Errorf("%s: the page has %s", lang, external)
			}
		}
		if !strings.Contains(html, `<td>editors</td><td class="n">4,100</td><td class="n">3,000</td><td class="n">1,090</td><td class="n">10</td><td class="n">12</td>`) {
			t.Errorf("%s: the group is missing", lang)
		}
		if !strings.Contains(html, "<td>2026-11-28</td>") || !strings.Contains(html, "MIGRATE_ON_MFA") {
			t.Errorf("%s: a table is missing", lang)
		}
	}
}
