package oidcsource

import (
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"cognito-user-migration/adapters/internal/errorcodes"
	"cognito-user-migration/adapters/internal/webclient"
	"cognito-user-migration/ports"
)

// refusal is the provider's error response to a grant (RFC 6749, 5.2).
type refusal struct {
	status int
	// code is the error code; empty if the response has none, or a sentence
	// instead.
	code string
	// subs are the provider's own more specific codes; the most specific is
	// last.
	subs []string
	// description is the first member that describes the error, and text is all
	// of them; both in lower case.
	description, text string
}

// formMembers reads a form, which some providers return; nil for any other
// text, such as a page.
func formMembers(answer webclient.Answer) errorcodes.Members {
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if kind != "application/x-www-form-urlencoded" && kind != "text/plain" {
		return nil
	}
	form, err := url.ParseQuery(strings.TrimSpace(string(answer.Body)))
	if err != nil || form.Get("error") == "" && form.Get("access_token") == "" {
		return nil
	}
	object := make(errorcodes.Members, len(form))
	for name := range form {
		object[name], _ = json.Marshal(form.Get(name)) // a string can always be encoded
	}
	return object
}

// readAnswer reads the members of a response to a grant; nil if it has none.
func readAnswer(answer webclient.Answer) errorcodes.Members {
	if object := errorcodes.Read(answer.Body); object != nil {
		return object
	}
	return formMembers(answer)
}

// readRefusal reads a response without tokens. If it cannot be parsed, only the
// status is used.
func readRefusal(answer webclient.Answer, object errorcodes.Members) refusal {
	r := refusal{status: answer.Status}
	r.readError(object)
	if r.code == "" && r.text == "" {
		r.readError(challenged(answer.Header))
	}
	return r
}

func (r *refusal) readError(object errorcodes.Members) {
	var texts []string
	for _, name := range []string{"error_description", "errorSummary", "message", "msg", "detail", "title", "hint", "error_hint"} {
		if text := object.Word(name); text != "" {
			texts = append(texts, strings.ToLower(text))
		}
	}
	code, told := object.Code()
	if told != "" {
		texts = append(texts, strings.ToLower(told))
	}
	if strings.ContainsFunc(code, unicode.IsSpace) { // a sentence
		texts = append([]string{strings.ToLower(code)}, texts...)
		code = ""
	}
	r.code = strings.ToLower(code)
	if len(texts) > 0 {
		r.description, r.text = strings.TrimSpace(texts[0]), strings.Join(texts, "\n")
	}
	r.subs = subsOf(object, r.text)
}

// challenged reads the error in the header WWW-Authenticate (RFC 6750, 3); nil
// if there is none.
func challenged(header http.Header) errorcodes.Members {
	const parameter = `(?i)\b%s\s*=\s*(?:"([^"]*)"|([^\s",]+))`
	object := errorcodes.Members{}
	for _, value := range header.Values("WWW-Authenticate") {
		for _, name := range []string{"error", "error_description"} {
			found := regexp.MustCompile(strings.Replace(parameter, "%s", name, 1)).FindStringSubmatch(value)
			if found != nil && object[name] == nil {
				object[name], _ = json.Marshal(found[1] + found[2]) // a string can always be encoded
			}
		}
	}
	return object
}

// subsOf lists the provider's own codes: FusionAuth's reason, the numbers of
// Entra and B2C, and WSO2's number before the text.
func subsOf(object errorcodes.Members, text string) []string {
	var subs []string
	add := func(sub string) {
		if sub != "" {
			subs = append(subs, sub)
		}
	}
	var numbers []int
	if json.Unmarshal(object["error_codes"], &numbers) == nil {
		for _, number := range numbers {
			add("aadsts" + strconv.Itoa(number))
		}
	}
	for _, sub := range regexp.MustCompile(`\b(?:aadsts|aadb2c)\d{4,8}\b`).FindAllString(text, -1) {
		add(sub)
	}
	if number := regexp.MustCompile(`^\s*(\d{5})(?:\s|:)`).FindStringSubmatch(text); number != nil {
		add(number[1])
	}
	add(strings.ToLower(object.Word("error_reason")))
	return subs
}

// codes lists the codes that an operator can map, the most specific first. The
// status is the last.
func (r refusal) codes() []string {
	codes := make([]string, 0, len(r.subs)+2)
	for i := len(r.subs) - 1; i >= 0; i-- {
		codes = append(codes, r.subs[i])
	}
	return append(codes, r.code, strconv.Itoa(r.status))
}

// meanings has the rows of all tables, by the part that must match first.
type meanings struct {
	bySub, byCode map[string]row
	byText        map[string][]row // the key is the code
}

// newMeanings indexes the rows. own are rows of codes that mean something else at
// the provider of a preset.
func newMeanings(tables []table, own ...row) meanings {
	m := meanings{bySub: make(map[string]row), byCode: make(map[string]row), byText: make(map[string][]row)}
	for _, table := range tables {
		for _, page := range table.pages {
			for _, row := range page.rows {
				switch {
				case row.sub != "":
					m.bySub[row.sub] = row
				case row.text != "":
					m.byText[row.code] = append(m.byText[row.code], row)
				default:
					m.byCode[row.code] = row
				}
			}
		}
	}
	for _, row := range own {
		m.byCode[row.code] = row
	}
	return m
}

// of returns the row for a refusal. The provider's own code has priority, then
// the code with the longest text in the description, then the code alone. It
// returns false if no row matches.
//
// A fault of the provider (5xx) says nothing about the user, whatever its code.
// A status for too many requests does not either, unless a more specific match
// than a code of RFC 6749 exists.
func (m meanings) of(r refusal) (row, bool) {
	if r.status >= http.StatusInternalServerError {
		row, known := m.byCode[r.code]
		return row, known && errors.Is(row.class, ports.ErrMisconfigured) // Auth0 returns 501 for a grant
	}
	for i := len(r.subs) - 1; i >= 0; i-- {
		if row, known := m.bySub[r.subs[i]]; known {
			return row, true
		}
	}
	var best row
	for _, row := range m.byText[r.code] {
		matches := row.exact && strings.TrimRight(r.description, ".!") == row.text || !row.exact && hasWords(r.text, row.text)
		if matches && len(row.text) > len(best.text) {
			best = row
		}
	}
	if best.text != "" {
		return best, true
	}
	if r.status == http.StatusTooManyRequests && isPersonal(r.code) {
		return row{}, false
	}
	known, ok := m.byCode[r.code]
	return known, ok
}

// unknownSub returns the provider's most specific code that no row knows, if no
// other one is known.
func (m meanings) unknownSub(r refusal) string {
	for _, sub := range r.subs {
		if _, known := m.bySub[sub]; known {
			return ""
		}
	}
	if len(r.subs) == 0 {
		return ""
	}
	return r.subs[len(r.subs)-1]
}

// unknownCode returns the most specific code of a response that no row knows. It
// returns the status if the response has no code and its class says no more.
func (m meanings) unknownCode(r refusal, class error) string {
	if sub := m.unknownSub(r); sub != "" {
		return sub
	}
	if _, known := m.byCode[r.code]; r.code != "" && !known {
		return r.code
	}
	if errors.Is(class, ports.ErrMisconfigured) {
		return strconv.Itoa(r.status)
	}
	return ""
}

// hasWords reports whether the text contains the part as whole words: "locked"
// is not in "blocked".
func hasWords(text, part string) bool {
	beside := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	for start := 0; ; {
		at := strings.Index(text[start:], part)
		if at < 0 {
			return false
		}
		at += start
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		after, _ := utf8.DecodeRuneInString(text[at+len(part):])
		if !beside(before) && !beside(after) {
			return true
		}
		start = at + 1
	}
}
