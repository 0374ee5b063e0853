package app_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

// The largest numbers of words in a sentence of code and of a page, without a
// limit of its own. Code between backquotes counts as one word in code, and does
// not count in a page.
const (
	maxWordsOfCode = 35
	maxWordsOfPage = 25
)

// maxSentence is the largest number of words in a sentence of a page, each code
// between backquotes counted as one word.
const maxSentence = 35

// limits lists the folders and files with a lower limit. The longest prefix of a
// file's path decides.
func limits() map[string]int {
	return map[string]int{
		"adapters": 25, "domain": 25, "ports": 25, "app": 25, "test": 25, "examples": 25, "deploy": 25, ".ci": 25, "Makefile": 25,
	}
}

// limitOf returns the limit of a file.
func limitOf(path string) int {
	limit, longest := maxWordsOfCode, ""
	if strings.HasSuffix(path, ".md") {
		limit = maxWordsOfPage
	}
	for prefix, words := range limits() {
		if len(prefix) > len(longest) && (path == prefix || strings.HasPrefix(path, prefix+"/")) {
			limit, longest = words, prefix
		}
	}
	return limit
}

// revised lists the folders and pages that the test covers.
func revised() []string {
	return []string{"adapters", "app", "domain", "examples", "ports", "test", "docs", "README.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile", ".ci", "deploy"}
}

// unclear returns expressions that make a reader stop, each with a replacement.
func unclear() map[string]string {
	return map[string]string{
		`(is|are|was|were|has|have) to be`:      "must be, or the verb itself",
		`what else`:                             "the subject itself",
		`such (an? |the )?[a-z-]+( [a-z]+)? as`: "'a … like', or name it",
		`(whoever|whomever|whosoever)`:          "the subject: the caller, the user",
		`(no|any|every|some)body('s)?`:          "the subject: the caller, the user",
		`none of (the )?[A-Za-z-]+'s?`:          "is not a …",
		`[a-z]*[^e ] (is|are) none`:             "does not exist, is not a …",
		`not one byte`:                          "no byte",
		`(is|are|be|was|were) told`:             "is reported, is logged",
		`(is|are|be|was) said`:                  "is named, is reported",
		`to part with|(it|that|which|source|completion|retirer|domain) parts with`: "disables or deletes",
		`parting`:                         "disabling or deleting",
		`tr(y|ies) (to finish|of a name)`: "attempt",
		`(a|one|each|every|last|next|another|this|that|second|first|two|three|of) tr(y|ies)`: "attempt",
		`(people|persons|person)`: "users, a user",
		`be it`:                   "whether",
		`lest`:                    "so that … not",
		`save for`:                "except",
		`(unlike|owing) to`:       "unlike, because of",
		`for want of`:             "without",
		`that which`:              "what, or the noun",
		`where(of|by|in|upon)`:    "two sentences",
		`there(of|by|in|upon)`:    "two sentences",
		`in the place of`:         "instead of",
		`(is|are|was) owed`:       "is pending, is required",
		`holds for`:               "reports whether",
		`(words|worded) it`:       "returns the text",
		`come(s)? along`:          "the subject and its verb",
		`to that end`:             "so",
		`by its own`:              "itself",
		`as it stands`:            "unchanged",
		`as good`:                 "enough, equivalent",
		`in words of ours`:        "in our own words",
		`with nothing in it`:      "empty",
		`gives? up on`:            "abandons",
		`at the hands? of`:        "by",
		`ends? the start`:         "the function does not start",
		`the like`:                "name them",
	}
}

// unclearNames returns words that no identifier may contain.
func unclearNames() map[string]string {
	return map[string]string{
		"hand": "name its role", "hands": "name its role", "hurried": "name what it does", "people": "users", "person": "user",
		"place": "name what it is", "places": "name what it is", "quick": "name what it does", "tied": "name what it does",
		"tries": "attempts", "try": "attempt", "whoever": "name its role", "nobody": "name its role",
		"owed": "pending", "parting": "retiring",
	}
}

// The expressions of this file are compiled once.
var (
	codeText    = regexp.MustCompile("`[^`]*`")
	listItem    = regexp.MustCompile(`\n\s*(\n|[-*] |[0-9]+\. )`)
	sentenceEnd = regexp.MustCompile(`[.?!]["')\]*_]*(\s|$)`)
	assignment  = regexp.MustCompile(`\S+=\S+`)
	nameWord    = regexp.MustCompile(`[A-Z]+[a-z0-9]*|[a-z0-9]+`)
	codeLine    = regexp.MustCompile(`(?m)^\t.*$`)
)

// sentencesOf splits a text into sentences. An item of a list and a paragraph
// end a sentence too.
func sentencesOf(text string) []string {
	text = codeText.ReplaceAllStringFunc(text, func(code string) string {
		return strings.Map(func(r rune) rune {
			if unicode.IsSpace(r) || strings.ContainsRune(".?!", r) {
				return '_'
			}
			return r
		}, code)
	})
	text = listItem.ReplaceAllString(text, ".\n")
	var sentences []string
	for _, sentence := range sentenceEnd.Split(text, -1) {
		if words := strings.Fields(sentence); len(words) > 0 {
			sentences = append(sentences, strings.Join(words, " "))
		}
	}
	return sentences
}

// wordsOf counts the words that have a letter or a digit.
func wordsOf(sentence string) int {
	count := 0
	for _, word := range strings.Fields(sentence) {
		if strings.ContainsFunc(word, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
			count++
		}
	}
	return count
}

// proseOf removes code between backquotes from a sentence.
func proseOf(sentence string) string {
	return codeText.ReplaceAllString(sentence, "-")
}

// language finds what makes a text hard to read.
type language struct{ phrases []phrase }

// phrase is an unclear expression.
type phrase struct {
	expression *regexp.Regexp
	// parts are texts in lower case: each match contains one of them. To look for
	// them first is faster than to run the expression.
	parts  []string
	advice string
}

func newLanguage() language {
	var found language
	for text, advice := range unclear() {
		parsed, err := syntax.Parse(text, syntax.Perl)
		if err != nil {
			panic(err)
		}
		found.phrases = append(found.phrases, phrase{regexp.MustCompile(`(?i)\b(` + text + `)\b`), partsOf(parsed), advice})
	}
	return found
}

// partsOf returns texts one of which is in each match; nil if there are none.
func partsOf(expression *syntax.Regexp) []string {
	switch expression.Op {
	case syntax.OpLiteral:
		return []string{strings.ToLower(string(expression.Rune))}
	case syntax.OpCapture, syntax.OpPlus:
		return partsOf(expression.Sub[0])
	case syntax.OpAlternate:
		var all []string
		for _, alternative := range expression.Sub {
			parts := partsOf(alternative)
			if parts == nil {
				return nil
			}
			all = append(all, parts...)
		}
		return all
	case syntax.OpConcat:
		shortest := func(parts []string) int {
			return len(slices.MinFunc(parts, func(a, b string) int { return len(a) - len(b) }))
		}
		var best []string
		for _, sub := range expression.Sub {
			if parts := partsOf(sub); parts != nil && (best == nil || shortest(parts) > shortest(best)) {
				best = parts
			}
		}
		return best
	default:
		return nil
	}
}

// find returns the first match in a sentence; empty if there is none. The sentence
// is given in lower case too.
func (p phrase) find(sentence, lower string) string {
	in := func(part string) bool { return strings.Contains(lower, part) }
	if p.parts != nil && !slices.ContainsFunc(p.parts, in) {
		return ""
	}
	return p.expression.FindString(sentence)
}

// faultsOfPage returns one line for each fault of the text of a page, whose
// sentences have at most limit words besides code.
func (l language) faultsOfPage(text string, limit int) []string {
	faults := l.faults(text, maxSentence)
	for _, sentence := range sentencesOf(text) {
		if words := wordsOf(proseOf(sentence)); words > limit && wordsOf(sentence) <= maxSentence {
			faults = append(faults, fmt.Sprintf("a sentence of %d words besides code (at most %d): %s", words, limit, sentence))
		}
	}
	return faults
}

// faults returns one line for each fault of the text, whose sentences have at
// most limit words.
func (l language) faults(text string, limit int) []string {
	var faults []string
	text = assignment.ReplaceAllString(text, "code")
	for _, sentence := range sentencesOf(text) {
		if words := wordsOf(sentence); words > limit {
			faults = append(faults, fmt.Sprintf("a sentence of %d words (at most %d): %s", words, limit, sentence))
		}
		lower := strings.ToLower(sentence)
		for _, phrase := range l.phrases {
			if match := phrase.find(sentence, lower); match != "" {
				faults = append(faults, fmt.Sprintf("%q (better: %s): %s", match, phrase.advice, sentence))
			}
		}
	}
	return faults
}

// wordsOfName splits an identifier: tiedHands is "tied" and "hands".
func wordsOfName(name string) []string {
	var words []string
	for _, word := range nameWord.FindAllString(name, -1) {
		words = append(words, strings.ToLower(word))
	}
	return words
}

// textsOfGo returns the comments and the messages of a file in Go by position,
// and the names that it declares.
func textsOfGo(t *testing.T, path string) (texts map[string]string, names map[string]string) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	texts, names = make(map[string]string), make(map[string]string)
	if ast.IsGenerated(file) {
		return texts, names
	}
	at := func(node ast.Node) string { return files.Position(node.Pos()).String() }
	for _, comment := range file.Comments {
		// Without directives, and without blocks of code, which a tab indents.
		texts[at(comment)] = codeLine.ReplaceAllString(comment.Text(), "")
	}
	ast.Inspect(file, func(node ast.Node) bool {
		switch node := node.(type) {
		case *ast.ImportSpec:
			return false
		case *ast.BasicLit:
			text, err := strconv.Unquote(node.Value)
			// Text for a reader has at least three words, and no line breaks.
			// The sentences that clients see are a contract (docs/decision-table.md).
			if node.Kind == token.STRING && err == nil && strings.Count(text, " ") > 1 && !strings.Contains(text, "\n") && !strings.HasSuffix(text, ".") {
				texts[at(node)] = text
			}
		case *ast.Ident:
			if node.Obj != nil && node.Obj.Pos() == node.Pos() {
				names[at(node)] = node.Name
			}
		case *ast.FuncDecl:
			names[at(node.Name)] = node.Name.Name
		case *ast.Field:
			for _, name := range node.Names {
				names[at(name)] = name.Name
			}
		}
		return true
	})
	return texts, names
}

// textOfPage returns the text of a page in Markdown without code, links and
// HTML; each cell of a table is a text of its own.
func textOfPage(page string) string {
	text := withoutCode(page)
	// Generated tables are checked where they are generated.
	text = regexp.MustCompile(`(?s)<!-- [a-z]+:begin -->.*?<!-- [a-z]+:end -->`).ReplaceAllString(text, "")
	// A text of lambdatrigger that clients see, which does not change.
	text = strings.ReplaceAll(text, "Nobody can be migrated by a forgotten password.", "")
	// The name of a file as the text of a link.
	text = regexp.MustCompile(`\[[^\]\s]+\.[a-z]+\]`).ReplaceAllString(text, "[file]")
	text = regexp.MustCompile(`(?s)<!--.*?-->`).ReplaceAllString(text, "")
	text = regexp.MustCompile(`\]\([^)]*\)`).ReplaceAllString(text, "]")
	text = regexp.MustCompile(`(?m)^#.*$`).ReplaceAllString(text, "$0\n")
	return regexp.MustCompile(`(?m)^\|.*$`).ReplaceAllStringFunc(text, func(row string) string {
		return strings.ReplaceAll(row, "|", "\n\n")
	})
}

// textOfScript returns the comments of a shell script or a Makefile, and the help
// of the Makefile's targets. Another line, or an indented one, ends a text.
func textOfScript(script string) string {
	var text strings.Builder
	for line := range strings.Lines(script) {
		if comment, ok := strings.CutPrefix(strings.TrimSpace(line), "#"); ok && !strings.HasPrefix(comment, "!") && !strings.HasPrefix(comment, "   ") {
			text.WriteString(strings.TrimLeft(comment, "# -") + "\n")
			continue
		}
		if _, help, ok := strings.Cut(line, "## "); ok {
			text.WriteString("\n\n" + help)
		}
		text.WriteString("\n\n")
	}
	return text.String()
}

// TestTheLanguageIsPlain finds long sentences, unclear expressions and unclear
// names in comments, messages and pages.
func TestTheLanguageIsPlain(t *testing.T) {
	t.Parallel()
	plain := newLanguage()
	listed := func(path string) bool {
		for _, prefix := range revised() {
			if path == prefix || strings.HasPrefix(path, prefix+"/") {
				return true
			}
		}
		return false
	}
	if every := os.Getenv("LANGUAGE"); every != "" {
		listed = func(path string) bool { return strings.HasPrefix(path, every) || every == "all" }
	}
	checked := 0
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			switch entry.Name() {
			case "node_modules", ".git", "bin", "testdata":
				return filepath.SkipDir
			}
			return nil
		}
		name := strings.TrimPrefix(filepath.ToSlash(path), "../")
		if !listed(name) {
			return nil
		}
		switch {
		case strings.HasSuffix(path, "_test.go"):
		case filepath.Ext(path) == ".go":
			checked++
			texts, names := textsOfGo(t, path)
			for at, text := range texts {
				for _, fault := range plain.faults(text, limitOf(name)) {
					t.Errorf("%s: %s", at, fault)
				}
			}
			for at, declared := range names {
				for _, word := range wordsOfName(declared) {
					if advice, unclear := unclearNames()[word]; unclear {
						t.Errorf("%s: the name %s (better: %s)", at, declared, advice)
					}
				}
			}
		case name == "Makefile", name == ".ci/run", filepath.Ext(path) == ".sh":
			checked++
			script, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, fault := range plain.faults(textOfScript(string(script)), limitOf(name)) {
				t.Errorf("%s: %s", name, fault)
			}
		case strings.HasSuffix(path, ".md") && !strings.HasSuffix(path, ".ja.md"):
			checked++
			page, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, fault := range plain.faultsOfPage(textOfPage(string(page)), limitOf(name)) {
				t.Errorf("%s: %s", name, fault)
			}
		}
		return nil
	})
	if err != nil || checked == 0 {
		t.Fatalf("%d files, %v", checked, err)
	}
}

// Each unclear expression has a part that is looked for first, and an expression is
// found that has several.
func TestThePartsOfUnclearExpressions(t *testing.T) {
	t.Parallel()
	for _, phrase := range newLanguage().phrases {
		if len(phrase.parts) == 0 || slices.Contains(phrase.parts, "") {
			t.Errorf("%s has the parts %q", phrase.expression, phrase.parts)
		}
	}
	for sentence, want := range map[string]string{
		"What Is To Be done": "Is To Be", "such a name as alice": "such a name as", "ANYBODY'S turn": "ANYBODY'S",
		"it parts with users": "it parts with", "the next try": "next try", "People sign in": "People", "a plain sentence": "",
	} {
		found := ""
		for _, phrase := range newLanguage().phrases {
			found += phrase.find(sentence, strings.ToLower(sentence))
		}
		if found != want {
			t.Errorf("%q: found %q, want %q", sentence, found, want)
		}
	}
}
