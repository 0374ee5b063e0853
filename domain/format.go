package domain

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// This file has the rules for attribute values that a user pool accepts:
// cognito-facts 35 to 40. A value is rejected if AWS does not document that it is
// accepted. If the pool rejects one value, it does not create the user at all.

// longestValue is the maximum length of a value in characters ("AttributeType",
// Amazon Cognito API Reference).
const longestValue = 2048

// longestUsername is the maximum length of a username in characters
// ("AdminCreateUser", Amazon Cognito API Reference).
const longestUsername = 128

// formatKind is the format of a value.
type formatKind uint8

const (
	// formatText is one line of text.
	formatText formatKind = iota
	// formatLines is text that may have several lines, such as a postal address
	// (OpenID Connect Core 1.0, 5.1.1).
	formatLines
	// formatString is a custom attribute of type String, which is passed on
	// unchanged.
	formatString
	formatEmail
	formatPhone
	formatDate
	// formatEpoch is a time in seconds since 1970.
	formatEpoch
	// formatFlag says whether a contact is verified; see settleVerified.
	formatFlag
	formatNumber
	formatBoolean
	formatDateTime
)

// valueFormat is the format of an attribute's value. The bounds apply to the
// length of a text or the value of a number.
type valueFormat struct {
	kind        formatKind
	least, most int64
}

// fit returns the value in the required format, or false if that would need a
// guess. An empty value fits, and stays empty.
func (f valueFormat) fit(value string) (fitted string, ok bool) {
	if !utf8.ValidString(value) {
		return "", false
	}
	switch f.kind {
	case formatString, formatFlag:
	case formatEmail, formatPhone:
		// Invisible characters are often copied along with a contact.
		value = strings.TrimFunc(value, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Cf, r) })
	case formatText, formatLines, formatDate, formatEpoch, formatNumber, formatBoolean, formatDateTime:
		value = strings.TrimSpace(value)
	}
	if value == "" {
		return "", true
	}
	switch f.kind {
	case formatEmail:
		ok = isEmail(value)
	case formatPhone:
		value, ok = fitPhone(value)
	case formatDate:
		value, ok = fitDate(value)
	case formatEpoch:
		value, ok = fitEpoch(value)
	case formatNumber:
		value, ok = fitNumber(value)
	case formatBoolean:
		value, ok = fitBoolean(value)
	case formatDateTime:
		value, ok = fitDateTime(value)
	case formatText:
		value = oneLine(value)
		ok = isText(value)
	case formatLines, formatString, formatFlag:
		ok = isText(value)
	}
	return value, ok && f.within(value)
}

// within reports whether a value is inside the bounds. AWS does not document
// whether characters outside the Basic Multilingual Plane count as one or two,
// so both lengths must fit.
func (f valueFormat) within(value string) bool {
	switch f.kind {
	case formatBoolean, formatDateTime, formatFlag:
		return true
	case formatNumber, formatEpoch:
		number, err := strconv.ParseInt(value, 10, 64)
		return err == nil && number >= f.least && number <= f.most
	case formatText, formatLines, formatString, formatEmail, formatPhone, formatDate:
	}
	if size := int64(len(value)); size <= f.most && f.least <= 1 {
		return size >= f.least // a text has no more characters than bytes
	}
	characters, units := int64(0), int64(0)
	for _, r := range value {
		characters++
		units++
		if r > 0xffff {
			units++
		}
	}
	return characters >= f.least && units <= f.most
}

// takes describes the format for a reader.
func (f valueFormat) takes() string {
	switch f.kind {
	case formatEmail:
		return "an email address such as alice@example.com"
	case formatPhone:
		return "a phone number such as +14325551212"
	case formatDate:
		return "a date such as 1980-01-05"
	case formatEpoch:
		return "a time in seconds since 1970"
	case formatBoolean, formatFlag:
		return "true or false"
	case formatDateTime:
		return "a time such as 2006-01-02T15:04:05Z"
	case formatNumber:
		return strings.TrimSuffix("a whole number in "+f.bounds(), " in ")
	case formatText, formatLines, formatString:
	}
	return "text without control characters, of " + f.bounds() + " characters"
}

// bounds writes the bounds as "1..64". It omits a bound that is the type's own.
func (f valueFormat) bounds() string {
	number := f.kind == formatNumber || f.kind == formatEpoch
	least, most := "", ""
	if !number || f.least != math.MinInt64 {
		least = strconv.FormatInt(f.least, 10)
	}
	if f.most != math.MaxInt64 {
		most = strconv.FormatInt(f.most, 10)
	}
	if least+most == "" {
		return ""
	}
	return least + ".." + most
}

// isText reports whether the text has no control characters. Tabs and line ends
// are allowed, because text of several lines contains them.
func isText(value string) bool {
	return !strings.ContainsFunc(value, func(r rune) bool {
		return unicode.IsControl(r) && r != '\t' && r != '\n' && r != '\r'
	})
}

// oneLine replaces each tab and each line end by a space.
func oneLine(value string) string {
	if !strings.ContainsAny(value, "\t\n\r") {
		return value
	}
	return strings.Join(strings.FieldsFunc(value, func(r rune) bool { return r == '\t' || r == '\n' || r == '\r' }), " ")
}

// isEmail reports whether the address has the common form (RFC 3696, 3, to which AWS
// refers). That is a dot-atom of at most 64 characters, and a domain of two or more
// labels. AWS does not document whether rarer forms are accepted: quoted, non-ASCII,
// a domain of one label, an address in brackets.
func isEmail(value string) bool {
	local, domain, _ := strings.Cut(value, "@")
	const longestLocal = 64
	return len(local) <= longestLocal && isDotAtom(local) && isDomain(domain)
}

// isDotAtom reports whether the text consists of atoms separated by single dots
// (RFC 5322, 3.2.3).
func isDotAtom(text string) bool {
	last := byte('.')
	for i := range len(text) {
		c := text[i]
		if c == '.' && last == '.' || c != '.' && !isAlphanumeric(c) && !strings.Contains("!#$%&'*+-/=?^_`{|}~", string(rune(c))) {
			return false
		}
		last = c
	}
	return last != '.'
}

// isDomain reports whether the text is a name of two or more labels, the last
// of which contains a letter (RFC 3696, 2).
func isDomain(text string) bool {
	const longestDomain, longestLabel = 253, 63
	if len(text) > longestDomain {
		return false
	}
	labels, letter := 0, false
	for label := range strings.SplitSeq(text, ".") {
		if label == "" || len(label) > longestLabel || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		letter = false
		for i := range len(label) {
			if label[i] != '-' && !isAlphanumeric(label[i]) {
				return false
			}
			letter = letter || isAlphanumeric(label[i]) && !isDigit(label[i])
		}
		labels++
	}
	return labels > 1 && letter
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

func isAlphanumeric(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// Bounds for the digits of an international phone number. E.164 allows 15, and
// no country's numbers are shorter than 7 with the country code.
const fewestDigits, mostDigits = 7, 15

func isE164(value string) bool {
	if len(value) <= fewestDigits || len(value) > mostDigits+1 || value[0] != '+' || value[1] == '0' {
		return false
	}
	for i := 1; i < len(value); i++ {
		if !isDigit(value[i]) {
			return false
		}
	}
	return true
}

// fitPhone removes the characters between the digits of a number: "+81
// 90-1234-5678". A number without + has no country code, and none is guessed.
func fitPhone(value string) (string, bool) {
	const longestWritten = 64
	if isE164(value) {
		return value, true
	}
	value = strings.TrimPrefix(value, "tel:") // RFC 3966
	if len(value) > longestWritten {
		return "", false
	}
	written := strings.Map(asciiOfPhone, value)
	// A 0 in brackets is dialled only inside the country. Numbers of Italy, San
	// Marino and the Vatican keep their 0.
	country, rest, national := strings.Cut(written, "(0)")
	if national && (len(country) > len("+999") || slices.Contains([]string{"+39", "+378", "+379"}, country)) {
		return "", false
	}
	fitted := strings.NewReplacer(".", "", "/", "", "(", "", ")", "").Replace(country + rest)
	return fitted, isE164(fitted)
}

// asciiOfPhone returns the ASCII form of a character that is used in phone
// numbers. It removes spaces, dashes and invisible characters.
func asciiOfPhone(r rune) rune {
	const fullWidth = '！' - '!' // distance between ASCII and full-width forms
	switch {
	case unicode.IsSpace(r), unicode.In(r, unicode.Cf, unicode.Pd), r == '\u2212', r == 'ー':
		return -1
	case '！' <= r && r <= '～':
		return r - fullWidth
	default:
		return r
	}
}

// fitDate reads a date with the year first; in other orders, day and month can
// be confused. Midnight may follow, as databases write it. Any other time may
// belong to another day elsewhere, so it is rejected.
func fitDate(value string) (string, bool) {
	if day, after, timed := cutTime(value); timed {
		if !isMidnight(after) {
			return "", false
		}
		value = day
	}
	for _, layout := range []string{time.DateOnly, "2006-1-2", "2006/1/2", "2006.1.2", "20060102"} {
		if day, err := time.Parse(layout, value); err == nil && day.Year() > 0 {
			if layout == time.DateOnly {
				return value, true
			}
			return day.Format(time.DateOnly), true
		}
	}
	return "", false
}

func cutTime(value string) (day, after string, timed bool) {
	i := strings.IndexAny(value, "T ")
	if i < 0 {
		return value, "", false
	}
	return value[:i], value[i+1:], true
}

// isMidnight reports whether the time of day consists of zeros and a zone.
func isMidnight(clock string) bool {
	for _, layout := range []string{"15:04:05", "15:04:05Z07:00", "15:04"} {
		if at, err := time.Parse(layout, clock); err == nil {
			return at.Hour() == 0 && at.Minute() == 0 && at.Second() == 0 && at.Nanosecond() == 0
		}
	}
	return false
}

// fitEpoch reads a time as seconds since 1970. It accepts a number, also with a
// fraction or an exponent, and a date with time and zone. A number of 13, 16 or 19
// digits counts milli-, micro- or nanoseconds. It rejects a date alone.
func fitEpoch(value string) (string, bool) {
	const latest = 1e11 // the year 5138: greater numbers do not count seconds
	if at, ok := instant(value); ok {
		return strconv.FormatInt(at.Unix(), 10), at.Unix() >= 0 && at.Unix() < latest
	}
	number := value
	if strings.ContainsAny(value, ".eE") {
		float, err := strconv.ParseFloat(value, 64)
		if err != nil || strings.Trim(value, "0123456789.eE+-") != "" || float < 0 || float >= 1e18 {
			return "", false
		}
		number = strconv.FormatInt(int64(float), 10)
	}
	seconds, err := strconv.ParseInt(number, 10, 64)
	switch {
	case err != nil || seconds < 0:
		return "", false
	case seconds < latest && strings.Trim(value, "0123456789") == "":
		return value, true
	case seconds < latest:
	case 1e12 <= seconds && seconds < 1e13:
		seconds /= 1e3
	case 1e15 <= seconds && seconds < 1e16:
		seconds /= 1e6
	case 1e18 <= seconds:
		seconds /= 1e9
	default:
		return "", false
	}
	return strconv.FormatInt(seconds, 10), true
}

// instant reads a date with time and zone in the form of RFC 3339, databases or
// LDAP (RFC 4517, 3.3.13).
func instant(value string) (time.Time, bool) {
	if len(value) < len("20060102150405Z") {
		return time.Time{}, false
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05Z07", "20060102150405Z0700"} {
		if at, err := time.Parse(layout, value); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

// fitNumber reads a whole number. AWS does not document that fractions are
// accepted.
func fitNumber(value string) (string, bool) {
	whole, fraction, _ := strings.Cut(value, ".")
	digits := strings.TrimPrefix(whole, "-")
	fits := digits != "" && strings.Trim(digits, "0123456789") == "" && strings.Trim(fraction, "0") == ""
	return whole, fits
}

func fitBoolean(value string) (string, bool) {
	truth, ok := ParseBoolean(value)
	return strconv.FormatBool(truth), ok
}

// ParseBoolean reads the usual forms of true and false in directories and
// databases: the words, their first letters, 1 and 0. ok is false for any other
// text.
func ParseBoolean(text string) (truth, ok bool) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "true", "t", "1":
		return true, true
	case "false", "f", "0":
		return false, true
	default:
		return false, false
	}
}

func fitDateTime(value string) (string, bool) {
	at, ok := instant(value)
	return at.Format(time.RFC3339Nano), ok
}

// IsUsername reports whether a user can be created under the name ("AdminCreateUser",
// Amazon Cognito API Reference). It has 1 to 128 letters, marks, symbols, digits and
// punctuation, and so no spaces or control characters.
func IsUsername(name string) bool {
	named := valueFormat{kind: formatString, least: 1, most: longestUsername}
	return utf8.ValidString(name) && named.within(name) &&
		!strings.ContainsFunc(name, func(r rune) bool { return r == ' ' || !unicode.IsPrint(r) })
}

// FitStandardAttribute returns the value of a standard attribute in the form
// that every user pool accepts, or false if that would need a guess. An empty
// value fits. It is for sources that find users by such a value, or choose from
// several values; [AttributeMap.Apply] does it for every attribute.
func FitStandardAttribute(name, value string) (fitted string, ok bool) {
	return documentedFormat(name).fit(value)
}

// documentedFormat returns the format of an attribute, based on its name. The
// bounds are the defaults of a pool's schema (cognito-facts 35).
func documentedFormat(name string) valueFormat {
	format := valueFormat{kind: formatText, most: longestValue}
	switch {
	case isCustom(name):
		format.kind = formatString
	case name == attributeEmail:
		format.kind = formatEmail
	case name == attributePhone:
		format.kind = formatPhone
	case name == "birthdate":
		format.kind, format.least, format.most = formatDate, int64(len(time.DateOnly)), int64(len(time.DateOnly))
	case name == "updated_at":
		format.kind, format.most = formatEpoch, math.MaxInt64
	case name == "address":
		format.kind = formatLines
	case slices.Contains(verifiedFlags(), name):
		format.kind = formatFlag
	}
	return format
}

// verifiedFlags lists the attributes that say whether a contact is verified.
func verifiedFlags() []string {
	return []string{attributeEmailVerified, attributePhoneVerified}
}
