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

// refusal is the provider's answer to a grant that it did not give (RFC 6749,
// 5.2).
type refusal struct {
	status int
	// code is the error; empty where the answer has none, or a sentence in its place.
	code string
	// subs are the provider's own codes beside it, the most specific one last.
	subs []string
	// description is the first member that describes the error, and text all of
	// them; both in lower case.
	description, text string
}

// formMembers reads a form, which some providers answer with; nil for any other
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
		object[name], _ = json.Marshal(form.Get(name)) // a string always can
	}
	return object
}

// readAnswer reads the members of an answer to a grant; nil where it has none.
func readAnswer(answer webclient.Answer) errorcodes.Members {
	if object := errorcodes.Read(answer.Body); object != nil {
		return object
	}
	return formMembers(answer)
}

// readRefusal reads an answer that gave no tokens. What cannot be read leaves the
// status alone.
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

// challenged reads the error that the header WWW-Authenticate may have (RFC 6750,
// 3); nil where there is none.
func challenged(header http.Header) errorcodes.Members {
	const parameter = `(?i)\b%s\s*=\s*(?:"([^"]*)"|([^\s",]+))`
	object := errorcodes.Members{}
	for _, value := range header.Values("WWW-Authenticate") {
		for _, name := range []string{"error", "error_description"} {
			found := regexp.MustCompile(strings.Replace(parameter, "%s", name, 1)).FindStringSubmatch(value)
			if found != nil && object[name] == nil {
				object[name], _ = json.Marshal(found[1] + found[2]) // a string always can
			}
		}
	}
	return object
}

// subsOf lists the codes of the provider's own that stand beside the error:
// FusionAuth's reason, Entra's and B2C's numbers, and WSO2's number before the
// text.
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

// codes lists the codes of the answer, the most specific first: what an operator
// can map. The status is the last.
func (r refusal) codes() []string {
	codes := make([]string, 0, len(r.subs)+2)
	for i := len(r.subs) - 1; i >= 0; i-- {
		codes = append(codes, r.subs[i])
	}
	return append(codes, r.code, strconv.Itoa(r.status))
}

// meanings are the rows of all tables, by what must match first.
type meanings struct {
	bySub, byCode map[string]row
	byText        map[string][]row // the key is the code
}

func newMeanings(tables []table) meanings {
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
	return m
}

// of returns the row that a refusal is: by the provider's own code, else by the
// code with the longest text in the description, else by the code alone. It
// returns false where no row knows the answer.
//
// A fault of the provider (5xx) says nothing of the person, whatever its code. Nor
// does a status that asks for fewer requests, unless more than a code of RFC 6749
// says so.
func (m meanings) of(r refusal) (row, bool) {
	if r.status >= http.StatusInternalServerError {
		row, known := m.byCode[r.code]
		return row, known && errors.Is(row.class, ports.ErrMisconfigured) // Auth0 says 501 of a grant
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

// unknownSub returns the most specific code of the provider's own that no row
// knows, where no other is known.
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

// unknownCode returns the code of an answer that no row knows: the most specific
// one, or the status where the answer has no code and its class says no more.
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

// hasWords reports whether the text has the part, and no letter or digit beside
// it: "locked" is not in "blocked".
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
