package sqlsource

import (
	"strings"
	"testing"
)

func TestThePlaceholderIsBound(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ query, postgres, mysql string }{
		"the usual":                   {"SELECT 1 WHERE u = :username", "SELECT 1 WHERE u = $1", "SELECT 1 WHERE u = ?"},
		"in brackets":                 {"f(:username)", "f($1)", "f(?)"},
		"before a comma":              {":username,1", "$1,1", "?,1"},
		"cast":                        {"x = :username::text", "x = $1::text", "x = ?::text"},
		"a type of that name":         {"x::username, :username", "x::username, $1", "x::username, ?"},
		"a longer name":               {":usernames, :username_1, :username", ":usernames, :username_1, $1", ":usernames, :username_1, ?"},
		"in a string":                 {"':username' || :username", "':username' || $1", "':username' || ?"},
		"in a string with quotes":     {"'it''s :username' || :username", "'it''s :username' || $1", "'it''s :username' || ?"},
		"in a quoted name":            {`":username", :username`, `":username", $1`, `":username", ?`},
		"in a comment":                {"/* :username */ :username", "/* :username */ $1", "/* :username */ ?"},
		"in a comment to the end":     {":username -- :username", "$1 -- :username", "? -- :username"},
		"in a comment of one line":    {"-- it's :username\n:username", "-- it's :username\n$1", "-- it's :username\n?"},
		"an alias of Cognito's":       {`a AS "custom:username", :username`, `a AS "custom:username", $1`, `a AS "custom:username", ?`},
		"a semicolon after it":        {":username;", "$1;", "?;"},
		"letters after a string":      {"'a':username", "'a'$1", "'a'?"},
		"an E string of PostgreSQL's": {`E'\':username' || :username`, `E'\':username' || $1`, `E'\':username' || ?`},
		"a name that ends in e":       {`the'\' || :username`, `the'\' || $1`, ""},
		"a backslash of MySQL's":      {`'\':username' || :username`, "", `'\':username' || ?`},
		"nested comments":             {"/* /* :username */ :username */ :username", "/* /* :username */ :username */ $1", ""},
		"a dollar quote":              {"$$ :username '$$ || $x_1$ :username $$ $x_1$ || :username", "$$ :username '$$ || $x_1$ :username $$ $x_1$ || $1", ""},
		"a dollar in a name":          {"a$b$c, :username", "a$b$c, $1", "a$b$c, ?"},
		"a hash sign":                 {"# :username\n:username", "", "# :username\n?"},
		"PostgreSQL's operators":      {"a #> b ? c :username", "a #> b ? c $1", ""},
		"a backquote of MySQL's":      {"`:username` :username", "", "`:username` ?"},
		"a minus of a minus":          {"1--1, :username", "", "1--1, ?"},
		"none":                        {"SELECT 1", "", ""},
		"none but in a string":        {"':username'", "", ""},
		"two":                         {":username, :username", "", ""},
		"PostgreSQL's own":            {":username, $1", "", ":username, $1"},
		"MySQL's own":                 {":username, ?", "$1, ?", ""},
		"a string that is not closed": {":username, 'x", "", ""},
		"a name that is not closed":   {`:username, "x`, "", ""},
		"a comment that is not":       {":username /* x", "", ""},
		"a comment that is not quite": {":username /*/", "", ""},
		"a dollar quote that is not":  {":username $x$ $y$", "", "? $x$ $y$"},
		"an escape at the end":        {`:username E'\`, "", ""},
		"a dollar at the end":         {":username $", "$1 $", "? $"},
		"an escape string not closed": {`:username E' \'`, "", ""},
		"a slice of PostgreSQL's":     {"a[1:$1] = :username", "", "a[1:$1] = ?"},
		"a slice to a dollar quote":   {"a[:$$1$$] = :username", "a[:$$1$$] = $1", "a[:$$1$$] = ?"},
		"a string after an empty one": {"$$$$$x$:username$x$ || :username", "$$$$$x$:username$x$ || $1", "$$$$$x$:username$x$ || ?"},
		"a comment full of slashes":   {"/*/ /*/ :username", "", "/*/ /*/ ?"},
		"a colon at the end":          {":username :", "$1 :", "? :"},
		"nothing":                     {"", "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for driver, want := range map[Driver]string{Postgres: test.postgres, MySQL: test.mysql} {
				if driver == MySQL {
					want = strings.ReplaceAll(want, ":username, $1", "?, $1")
				}
				got, err := translate(test.query, driver)
				if got != want || (err == nil) != (want != "") {
					t.Errorf("%s: got %q, %v; want %q", driver, got, err, want)
				}
				if err != nil && strings.Contains(err.Error(), "SELECT 1 W") {
					t.Errorf("%s: the error shows the query: %v", driver, err)
				}
			}
		})
	}
}

// Whatever a query is: no panic, and what is translated is as it was but for
// the one placeholder.
func FuzzTranslate(f *testing.F) {
	for _, query := range []string{"SELECT ':username' WHERE a = :username", "$$:username$$ :username", "/*/**/*/:username", `E'\'' "a""b" :username`, "# :username\n?"} {
		f.Add(query)
	}
	f.Fuzz(func(t *testing.T, query string) {
		for driver, own := range map[Driver]string{Postgres: "$1", MySQL: "?"} {
			translated, err := translate(query, driver)
			if err != nil {
				continue
			}
			there := false
			for i := 0; i+len(own) <= len(translated); i++ {
				there = there || translated[i:i+len(own)] == own && translated[:i]+placeholder+translated[i+len(own):] == query
			}
			if !there {
				t.Errorf("%q became %q", query, translated)
			}
		}
	})
}
