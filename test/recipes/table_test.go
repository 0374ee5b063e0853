package recipes_test

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// result counts the sign-ins with the hashes of one set.
type result struct{ tried, right, wrong int }

func (r *result) add(got signedIn) {
	r.tried++
	if got.right {
		r.right++
	}
	if got.wrong {
		r.wrong++
	}
}

// table writes what was seen, a row for each recipe and set of hashes.
func table(sets map[string]hashSet, results map[string]result) string {
	var rows strings.Builder
	rows.WriteString("| framework | version | origin of the hashes | hash formats | right password | wrong password | result |\n|---|---|---|---|---|---|---|\n")
	for _, r := range recipes {
		for _, name := range r.hashes {
			set, seen := sets[name], results[r.heading+"/"+name]
			framework := r.heading
			if len(r.hashes) > 1 && set.Framework != r.heading {
				framework = set.Framework
			}
			verdict := "works"
			if seen.right != seen.tried || seen.wrong != seen.tried {
				verdict = "FAILS"
			}
			fmt.Fprintf(&rows, "| %s | %s | %s | %s | %d of %d accepted | %d of %d refused | %s |\n", framework, set.Version, set.Origin,
				"`"+strings.Join(set.formats(), "`, `")+"`", seen.right, seen.tried, seen.wrong, seen.tried, verdict)
		}
	}
	return rows.String()
}

const begins, ends = "<!-- recipes: made by `go test ./test/recipes -update` -->\n", "<!-- recipes: end -->"

// held compares the table with the pages, or writes it there.
func held(t *testing.T, rows string) {
	t.Helper()
	for _, name := range []string{"../../docs/which-source.md", "../../docs/which-source.ja.md"} {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, begun := strings.Cut(string(text), begins)
		now, after, ended := strings.Cut(rest, ends)
		if !begun || !ended {
			t.Fatalf("%s has no markers for the table", name)
		}
		if strings.TrimSpace(now) == strings.TrimSpace(rows) {
			continue
		}
		if !*update {
			t.Errorf("%s does not have the table of this run; run it with -update:\n%s", name, rows)
			continue
		}
		if err := os.WriteFile(name, []byte(before+begins+"\n"+rows+"\n"+ends+after), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// The pages of both languages have the same recipes, and each recipe of the page is tested.
func TestEachRecipeOfThePageIsTested(t *testing.T) {
	t.Parallel()
	english, japanese := blocks(t, "../../docs/which-source.md"), blocks(t, "../../docs/which-source.ja.md")
	if !slices.Equal(english, japanese) {
		t.Error("docs/which-source.ja.md has other queries, commands or settings than docs/which-source.md")
	}
	sections := page(t)
	for heading, section := range sections {
		isRecipe := strings.Contains(section, "SOURCE_KIND=") && block(t, section, "text") != ""
		if isRecipe != slices.ContainsFunc(recipes, func(r recipe) bool { return r.heading == heading }) {
			t.Errorf("%s: a recipe on the page is %t, a recipe of the test is %t", heading, isRecipe, !isRecipe)
		}
		if isRecipe && !strings.Contains(section, "\n- Pitfall: ") {
			t.Errorf("%s says no pitfall", heading)
		}
	}
}

func blocks(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return regexp.MustCompile("(?s)\n```[a-z]+\n.*?```").FindAllString(string(text), -1)
}
