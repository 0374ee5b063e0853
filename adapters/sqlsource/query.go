package sqlsource

import (
	"errors"
	"regexp"
	"strings"
)

// placeholder stands for the typed name in the query.
const placeholder = ":username"

// errNoPlaceholder is the error for a query without our placeholder.
var errNoPlaceholder = errors.New("expected " + placeholder + " once, outside of strings and comments; there is none")

// patternOf returns a pattern for the pieces of a query. They are strings,
// quoted names, comments to the end of the line, names, numbers and
// placeholders. A piece may also be the start of a construct that no regular
// expression can end, or any other character. A doubled quote is read as two
// strings, which has the same effect here. Decision 0021 explains why no
// library does this.
func patternOf(driver Driver) *regexp.Regexp {
	// Names continue with $ and with any non-ASCII letter.
	const names = `:?[0-9A-Za-z_\x{80}-\x{10FFFF}][0-9A-Za-z_$\x{80}-\x{10FFFF}]*|/\*|`
	if driver == MySQL {
		return regexp.MustCompile(`^(?s:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|` + "`[^`]*`" +
			`|#[^\n]*|--(?:[\x00-\x09\x0b-\x20][^\n]*)?(?:\n|$)|::|` + names + `.)`)
	}
	return regexp.MustCompile(`^(?s:[eE]'(?:[^'\\]|\\.)*'|[eE]'|'[^']*'|"[^"]*"` +
		`|--[^\n]*|::|` + names + `\$[0-9]|\$[0-9A-Za-z_\x{80}-\x{10FFFF}]*\$|.)`)
}

// translate replaces our placeholder by the driver's. It does not change
// strings, quoted names and comments. Errors contain nothing of the query.
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

// endOfDollarQuote returns the end of the string that starts with the tag, or
// -1.
func endOfDollarQuote(text, tag string) int {
	closing := strings.Index(text[len(tag):], tag)
	if closing < 0 {
		return -1
	}
	return closing + 2*len(tag)
}

// endOfComment returns the end of the comment at the start of the text, or -1.
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
