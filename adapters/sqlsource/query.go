package sqlsource

import (
	"errors"
	"strings"
)

// placeholder is where the query takes what was typed.
const placeholder = ":username"

// translate puts the driver's own placeholder in the place of ours. What stands
// in strings, quoted names and comments is left alone. The errors hold nothing
// of the query.
func translate(query string, driver Driver) (string, error) {
	s := scanner{rest: query, driver: driver}
	for s.rest != "" {
		if err := s.next(); err != nil {
			return "", err
		}
	}
	switch {
	case s.foreign:
		return "", errors.New("takes " + placeholder + ", and no placeholder of the database's own")
	case s.found == 0:
		return "", errors.New("takes " + placeholder + " once, outside of strings and comments; there is none")
	case s.found > 1:
		return "", errors.New("takes " + placeholder + " once; a common table expression can give it a name: WITH typed AS (SELECT " + placeholder + " AS name) …")
	}
	return s.written.String(), nil
}

// scanner reads a query piece by piece.
type scanner struct {
	rest    string
	driver  Driver
	written strings.Builder
	// last is the character before rest.
	last    byte
	found   int
	foreign bool // a placeholder of the database's own
}

// take writes the first n bytes as they are.
func (s *scanner) take(n int) {
	s.written.WriteString(s.rest[:n])
	s.last = s.rest[n-1]
	s.rest = s.rest[n:]
}

// next takes one piece: a string, a comment, a placeholder, or a character.
func (s *scanner) next() error {
	mysql := s.driver == MySQL
	switch c := s.rest[0]; {
	case c == '\'' || c == '"' || c == '`' && mysql:
		return s.quoted(c, mysql && c != '`' || !mysql && c == '\'' && s.isEscapeString())
	case strings.HasPrefix(s.rest, "/*"):
		return s.comment(!mysql)
	case strings.HasPrefix(s.rest, "--") && (!mysql || len(s.rest) == 2 || s.rest[2] <= ' '), c == '#' && mysql:
		line := strings.IndexByte(s.rest, '\n')
		if line < 0 {
			line = len(s.rest) - 1
		}
		s.take(line + 1)
	case c == '$' && !mysql && !isName(s.last):
		return s.dollar()
	case c == '?' && mysql:
		s.foreign = true
		s.take(1)
	case strings.HasPrefix(s.rest, placeholder) && s.last != ':' && (len(s.rest) == len(placeholder) || !isName(s.rest[len(placeholder)])):
		s.found++
		s.written.WriteString(map[Driver]string{Postgres: "$1", MySQL: "?"}[s.driver])
		s.rest = s.rest[len(placeholder):]
		s.last = 'x' // as a name would end
	default:
		s.take(1)
	}
	return nil
}

// isName holds for what a name can go on with.
func isName(c byte) bool {
	return c == '_' || c == '$' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// isEscapeString reports whether the string begins as E'…': there, a backslash
// escapes.
func (s *scanner) isEscapeString() bool {
	before := s.written.String()
	if s.last != 'E' && s.last != 'e' {
		return false
	}
	return len(before) == 1 || !isName(before[len(before)-2])
}

// quoted takes a string or a quoted name. A doubled quote goes on.
func (s *scanner) quoted(quote byte, escapes bool) error {
	for i := 1; i < len(s.rest); i++ {
		switch {
		case escapes && s.rest[i] == '\\':
			i++
		case s.rest[i] == quote && i+1 < len(s.rest) && s.rest[i+1] == quote:
			i++
		case s.rest[i] == quote:
			s.take(i + 1)
			return nil
		}
	}
	return errors.New("a quote is not closed")
}

// comment takes /* … */; PostgreSQL nests them.
func (s *scanner) comment(nests bool) error {
	depth := 0
	for i := 0; i+1 < len(s.rest); i++ {
		switch s.rest[i : i+2] {
		case "/*":
			if depth == 0 || nests {
				depth++
			}
			i++
		case "*/":
			depth--
			i++
			if depth == 0 {
				s.take(i + 1)
				return nil
			}
		}
	}
	return errors.New("a comment is not closed")
}

// dollar takes PostgreSQL's $tag$ … $tag$, or notes its own placeholder $1.
func (s *scanner) dollar() error {
	end := 1
	for end < len(s.rest) && s.rest[end] != '$' && isName(s.rest[end]) {
		end++
	}
	isNumber := end > 1 && s.rest[1] >= '0' && s.rest[1] <= '9'
	if isNumber || end == len(s.rest) || s.rest[end] != '$' {
		s.foreign = s.foreign || isNumber
		s.take(1)
		return nil
	}
	tag := s.rest[:end+1]
	closing := strings.Index(s.rest[len(tag):], tag)
	if closing < 0 {
		return errors.New("a quote is not closed")
	}
	s.take(closing + 2*len(tag))
	return nil
}
