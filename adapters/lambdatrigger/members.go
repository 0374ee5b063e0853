package lambdatrigger

import (
	"bytes"
	"encoding/json"
	"unicode/utf8"
)

// object walks over the members of a JSON object where it stands, so that what
// is not read costs nothing and keeps its bytes. It trusts the text to be valid:
// decode has seen to that.
type object struct {
	text     []byte
	position int
	// The member that next came to: its key, and where its value stands.
	key        string
	start, end int
}

// members begins the walk; false where the text is no object.
func members(text []byte) (*object, bool) {
	o := &object{text: text}
	o.skipSpace()
	if o.position >= len(text) || text[o.position] != '{' {
		return nil, false
	}
	o.position++
	return o, true
}

// next goes to the next member; false after the last, and then the position is
// that of the closing brace.
func (o *object) next() bool {
	o.skipSpace()
	if o.text[o.position] == ',' {
		o.position++
		o.skipSpace()
	}
	if o.text[o.position] == '}' {
		return false
	}
	start := o.position
	o.skipString()
	o.key, _ = text(o.text[start:o.position])
	o.skipSpace()
	o.position++ // the colon
	o.skipSpace()
	o.start = o.position
	o.skipValue()
	o.end = o.position
	return true
}

// value is the member's, as it came.
func (o *object) value() []byte {
	return o.text[o.start:o.end]
}

func (o *object) skipSpace() {
	for o.position < len(o.text) && bytes.IndexByte([]byte(" \t\r\n"), o.text[o.position]) >= 0 {
		o.position++
	}
}

// skipString goes past a string, whose opening quote is at the position.
func (o *object) skipString() {
	for o.position++; o.text[o.position] != '"'; o.position++ {
		if o.text[o.position] == '\\' {
			o.position++
		}
	}
	o.position++
}

// skipValue goes past any value.
func (o *object) skipValue() {
	depth := 0
	for {
		switch o.text[o.position] {
		case '"':
			o.skipString()
		case '{', '[':
			depth++
			o.position++
		case '}', ']':
			depth--
			o.position++
		case ',', ':', ' ', '\t', '\r', '\n':
			o.position++
		default:
			o.skipScalar()
		}
		if depth == 0 {
			return
		}
	}
}

// skipScalar goes past a number, true, false or null.
func (o *object) skipScalar() {
	for o.position < len(o.text) && bytes.IndexByte([]byte(",:}] \t\r\n"), o.text[o.position]) < 0 {
		o.position++
	}
}

// text reads a value that must be a string.
func text(value []byte) (string, bool) {
	if len(value) == 0 || value[0] != '"' {
		return "", false
	}
	if inner := value[1 : len(value)-1]; bytes.IndexByte(inner, '\\') < 0 && utf8.Valid(inner) {
		return string(inner), true
	}
	var decoded string
	err := json.Unmarshal(value, &decoded)
	return decoded, err == nil
}
