package sqlsource

import (
	"errors"
	"regexp"
	"strings"
)

// placeholder is where the query takes what was typed.
const placeholder = ":username"

// errNoPlaceholder is returned for a query without our placeholder, or another's.
var errNoPlaceholder = errors.New("expected " + placeholder + " once, outside of strings and comments; there is none")

// patternOf returns the pattern of one piece of a query: a string, a quoted name, a
// comment to the end of the line, a name or number, a placeholder, the beginning of
// what no regular expression ends, or else a character. A doubled quote is read as
// two strings, which is the same here. Why no library does it: decision 0021.
func patternOf(driver Driver) *regexp.Regexp {
	// Names go on with $ and with every letter outside of ASCII.
	const names = `:?[0-9A-Za-z_\x{80}-\x{10FFFF}][0-9A-Za-z_$\x{80}-\x{10FFFF}]*|/\*|`
	if driver == MySQL {
		return regexp.MustCompile(`^(?s:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|` + "`[^`]*`" +
			`|#[^\n]*|--(?:[\x00-\x09\x0b-\x20][^\n]*)?(?:\n|$)|::|` + names + `.)`)
	}
	return regexp.MustCompile(`^(?s:[eE]'(?:[^'\\]|\\.)*'|[eE]'|'[^']*'|"[^"]*"` +
		`|--[^\n]*|::|` + names + `\$[0-9]|\$[0-9A-Za-z_\x{80}-\x{10FFFF}]*\$|.)`)
}

// translate puts the driver's own placeholder in the place of ours. What stands
// in strings, quoted names and comments is left alone. The errors hold nothing
// of the query.
func translate(query string, driver Driver) (string, error) {
	pattern, own := patternOf(driver), "?"
	if driver == Postgres {
		own = "$1"
	}
	var written strings.Builder
	found, foreign := 0, false
	for rest := query; rest != ""; {
		piece := pattern.FindString(rest)
		end, translated := len(piece), piece
		switch {
		case piece == placeholder:
			found++
			translated = own
		case piece == "/*":
			end = endOfComment(rest, driver == Postgres)
		case piece == "?" && driver == MySQL, len(piece) == 2 && piece[0] == '$' && piece[1] != '$':
			foreign = true
		case len(piece) > 1 && piece[0] == '$':
			end = endOfDollarQuote(rest, piece)
		case piece == "'", piece == "e'", piece == "E'", piece == `"`, piece == "`" && driver == MySQL:
			end = -1
		}
		if end < 0 {
			return "", errors.New("a quote or a comment is not closed")
		}
		if end > len(piece) {
			translated = rest[:end]
		}
		written.WriteString(translated)
		rest = rest[end:]
	}
	switch {
	case foreign:
		return "", errors.New("expected " + placeholder + ", and no placeholder of the database's own")
	case found == 0:
		return "", errNoPlaceholder
	case found > 1:
		return "", errors.New("expected " + placeholder + " once; a common table expression can give it a name: WITH typed AS (SELECT " + placeholder + " AS name) …")
	}
	return written.String(), nil
}

// endOfDollarQuote returns where the string that the tag begins ends; -1 for never.
func endOfDollarQuote(text, tag string) int {
	closing := strings.Index(text[len(tag):], tag)
	if closing < 0 {
		return -1
	}
	return closing + 2*len(tag)
}

// endOfComment returns where the comment that begins the text ends; -1 for never.
// PostgreSQL nests comments.
func endOfComment(text string, nests bool) int {
	depth := 1
	for i := 2; i+1 < len(text); i++ {
		switch pair := text[i : i+2]; {
		case pair == "/*" && nests:
			depth++
			i++
		case pair == "*/":
			depth--
			i++
		}
		if depth == 0 {
			return i + 1
		}
	}
	return -1
}
