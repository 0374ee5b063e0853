package oidcsource

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/domain"
	"cognito-user-migration/ports"
)

//go:generate go test -run "TestThePageOfAnswersIsWrittenFromTheTables|TestThePageHasATableOfPresets" -update .
var update = flag.Bool("update", false, "write the page of the providers' answers")

// eachRow calls f with every row of every table.
func eachRow(f func(table table, page page, row row)) {
	for _, table := range tables() {
		for _, page := range table.pages {
			for _, row := range page.rows {
				f(table, page, row)
			}
		}
	}
}

func TestEveryRowHasASourceAndOneMeaning(t *testing.T) {
	t.Parallel()
	means := make(map[row]meaning)
	eachRow(func(table table, page page, row row) {
		name := fmt.Sprintf("%s: %+v", table.provider, row)
		if table.provider == "" || page.source == "" {
			t.Errorf("%s: no source", name)
		}
		if (row.kind == 0) == (row.class == nil) {
			t.Errorf("%s: not one meaning", name)
		}
		if row.sub != "" && row.code+row.text != "" || row.sub+row.code+row.text == "" || row.exact && row.text == "" {
			t.Errorf("%s: the parts do not go together", name)
		}
		if text := row.code + row.sub + row.text; text != strings.ToLower(text) {
			t.Errorf("%s: not in lower case", name)
		}
		key, mean := row, meaning{row.kind, row.class}
		key.kind, key.class, key.exact = 0, nil, false
		if other, there := means[key]; there && other != mean {
			t.Errorf("%s: contradicts another row", name)
		}
		means[key] = mean
	})
}

// An answer that was refused never leads to a user, whatever the operator's rules.
func TestNoRowLeadsToAMigration(t *testing.T) {
	t.Parallel()
	rules := domain.DefaultRules()
	rules.OnMFA, rules.VerifiedContacts, rules.OnResetRequired = domain.MFAMigrate, domain.VerifiedAlways, domain.ResetRequiredReset
	eachRow(func(table table, _ page, row row) {
		if row.kind == 0 {
			return
		}
		finding := domain.Finding{Kind: row.kind}
		if row.kind == domain.ResetRequired {
			finding.User = domain.SourceUser{Username: "hanako@example.com", Enabled: true}
		}
		decision := domain.Decide(rules, domain.Attempt{Trigger: domain.TriggerAuthentication, Username: "hanako@example.com"}, finding)
		if decision.Verdict != domain.Refuse || decision.Reason == domain.ReasonFindingUnexpected {
			t.Errorf("%s: %+v: %v", table.provider, row, decision)
		}
	})
}

// Every row is found again in an answer that a provider would send.
func TestEveryRowIsReadAsItself(t *testing.T) {
	t.Parallel()
	d := &Directory{meanings: newMeanings(tables())}
	eachRow(func(table table, _ page, row row) {
		body := map[string]any{"error": row.code, "error_description": row.text}
		switch {
		case strings.HasPrefix(row.sub, "aad"):
			body["error"], body["error_description"] = "invalid_grant", strings.ToUpper(row.sub)+": Some text.\r\nTrace ID: 5c0e"
		case row.sub != "" && strings.Trim(row.sub, "0123456789") == "":
			body["error"], body["error_description"] = "invalid_grant", row.sub+":some text"
		case row.sub != "":
			body["error"], body["error_reason"] = "invalid_request", row.sub
		case row.text != "" && !row.exact:
			body["error_description"] = "Sorry, " + row.text + "."
		case strings.HasPrefix(row.code, "e0000"):
			body = map[string]any{"errorCode": strings.ToUpper(row.code), "errorSummary": "text"}
		}
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		for _, status := range []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusForbidden, http.StatusOK} {
			answer := webclient.Answer{Status: status, Body: text}
			finding, err := d.refused(readRefusal(answer, readAnswer(answer)), "hanako", domain.NewPassword("pw"))
			if finding.Kind != row.kind || !errors.Is(err, row.class) || finding.UnknownCode+ports.UnknownCodeOf(err) != "" {
				t.Errorf("%s, %d: %s is %v, %v; want %v, %v", table.provider, status, text, finding, err, row.kind, row.class)
			}
		}
	})
}

// TestThePageOfAnswersIsWrittenFromTheTables holds docs/sources/oidc-answers.md to
// the tables; with -update it writes the page.
func TestThePageOfAnswersIsWrittenFromTheTables(t *testing.T) {
	t.Parallel()
	path := filepath.Join("..", "..", "docs", "sources", "oidc-answers.md")
	want := answersPage()
	if *update {
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v; %s is not what the tables say; make generate writes it", err, path)
	}
}

// TestThePageHasATableOfPresets holds the table in docs/sources/oidc.md, and its
// Japanese twin, to the rows; with -update it writes the tables.
func TestThePageHasATableOfPresets(t *testing.T) {
	t.Parallel()
	const begin, end = "<!-- presets:begin -->\n", "<!-- presets:end -->"
	for page, header := range map[string]string{
		"oidc.md":    "| `SOURCE_PRESET` | inputs | endpoints | client with a secret | scopes | profile | username | groups | claims of another name | source |",
		"oidc.ja.md": "| `SOURCE_PRESET` | 入力 | エンドポイント | シークレットのあるクライアント | スコープ | プロファイル | ユーザー名 | グループ | 名前の異なるクレーム | 出典 |",
	} {
		path := filepath.Join("..", "..", "docs", "sources", page)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, found := strings.Cut(string(text), begin)
		_, after, closed := strings.Cut(rest, end)
		if !found || !closed {
			t.Fatalf("%s has no place for the table", page)
		}
		want := before + begin + presetsTable(header) + end + after
		if *update {
			if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		if string(text) != want {
			t.Errorf("the table in %s is not what the rows say; make generate writes it", page)
		}
	}
}

func presetsTable(header string) string {
	var out strings.Builder
	out.WriteString(header + "\n|" + strings.Repeat("---|", strings.Count(header, "|")-1) + "\n")
	quoted := func(values ...string) string {
		var shown []string
		for _, value := range values {
			if value != "" && value != "`" {
				shown = append(shown, "`"+value+"`")
			}
		}
		return cmp.Or(strings.Join(shown, ", "), "–")
	}
	for _, row := range presets() {
		var inputs, claims []string
		for _, input := range row.takes() {
			inputs = append(inputs, "SOURCE_"+input)
		}
		for _, attribute := range slices.Sorted(maps.Keys(row.claims)) {
			claims = append(claims, attribute+"="+row.claims[attribute])
		}
		metadata := row.metadata
		if metadata != "" {
			metadata += "/.well-known/openid-configuration"
		}
		scope := row.scope
		if row.responseType != "" {
			scope += "`, `response_type=" + row.responseType
		}
		fmt.Fprintf(&out, "| `%s` | %s | %s | %s | %s | `%s` | `%s` | `%s` | %s | %s |\n", row.preset, quoted(inputs...),
			quoted(row.domain, metadata, row.tokenURL, row.jwksURL, row.issuer), quoted(string(row.authStyle)), quoted(scope), row.profile,
			row.usernameClaim, row.groupsClaim, quoted(claims...), row.source)
	}
	return out.String()
}

// answersPage is the page, with the rows of one meaning of a provider in one line.
func answersPage() []byte {
	var out bytes.Buffer
	out.WriteString(`# What providers answer to the password grant

[providers.go](../../adapters/oidcsource/providers.go) holds these tables, and ` + "`make generate`" + ` writes this page from them.
The line before each table is its source. If several rows match, [the OIDC source](oidc.md#what-each-answer-means)
says which one counts.

<!-- answers:begin -->
`)
	for _, table := range tables() {
		fmt.Fprintf(&out, "\n## %s\n", table.provider)
		for _, page := range table.pages {
			fmt.Fprintf(&out, "\n%s:\n\n| the provider says | finding |\n|---|---|\n", page.source)
			var order []meaning
			said := make(map[meaning][]string)
			for _, row := range page.rows {
				means := meaning{row.kind, row.class}
				if said[means] == nil {
					order = append(order, means)
				}
				if text := shown(row); !slices.Contains(said[means], text) {
					said[means] = append(said[means], text)
				}
			}
			for _, means := range order {
				result := means.kind.String()
				if means.kind == 0 {
					result = "failure: " + means.class.Error()
				}
				fmt.Fprintf(&out, "| %s | %s |\n", strings.Join(said[means], ", "), result)
			}
		}
	}
	out.WriteString("<!-- answers:end -->\n")
	return out.Bytes()
}

// shown is a row as the page writes it. The words of any provider go with every
// code that may speak of the person, so their code is not shown.
func shown(row row) string {
	quoted := strconv.Quote(row.text)
	switch {
	case strings.HasPrefix(row.sub, "aad"):
		return "`" + strings.ToUpper(row.sub) + "`"
	case row.sub != "":
		return "`" + row.sub + "`"
	case row.text == "":
		return "`" + row.code + "`"
	case row.code == "" || isCommon(row.text):
		return quoted
	default:
		return "`" + row.code + "` with " + quoted
	}
}

func isCommon(text string) bool {
	all := tables()
	for _, page := range all[len(all)-1].pages {
		if slices.ContainsFunc(page.rows, func(row row) bool { return row.text == text }) {
			return true
		}
	}
	return false
}
