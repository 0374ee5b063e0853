// Package rawjson reads JSON without decoding it, and writes JSON without
// encoding/json. Values that are not read cost little and keep their bytes.
// encoding/json uses reflection, which is slower. A text must be valid: call
// [json.Valid] before reading. The package imports neither domain nor ports.
package rawjson

import (
	"bytes"
	"encoding/json"
	"iter"
	"unicode/utf8"
)

// Object iterates over the members of an object.
type Object struct {
	// Key is the key of the current member. Start and End are the bounds of its
	// value.
	Key        string
	Start, End int
	// Position is the current offset; after the last member, that of the
	// closing brace.
	Position int

	text []byte
}

// Members starts the iteration. It returns false if the text is not an object.
func Members(text []byte) (*Object, bool) {
	o := &Object{text: text}
	o.skipSpace()
	if !o.at('{') {
		return nil, false
	}
	o.Position++
	return o, true
}

// Elements returns the elements of an array; nothing if the text is not an
// array.
func Elements(text []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		o := Object{text: text}
		o.skipSpace()
		if !o.at('[') {
			return
		}
		for o.Position++; o.nextValue(']'); {
			if !yield(o.Value()) {
				return
			}
		}
	}
}

// Next moves to the next member. It returns false after the last.
func (o *Object) Next() bool {
	o.skipSeparator()
	if o.at('}') {
		return false
	}
	start := o.Position
	o.skipString()
	o.Key, _ = Text(o.text[start:o.Position])
	o.skipSpace()
	o.Position++ // the colon
	return o.nextValue('}')
}

// Value returns the bytes of the current member's value.
func (o *Object) Value() []byte {
	return o.text[o.Start:o.End]
}

// nextValue moves past a value. It returns false at the end of the array or
// object.
func (o *Object) nextValue(end byte) bool {
	o.skipSeparator()
	if o.at(end) {
		return false
	}
	o.Start = o.Position
	o.skipValue()
	o.End = o.Position
	return true
}

func (o *Object) at(b byte) bool {
	return o.Position < len(o.text) && o.text[o.Position] == b
}

func (o *Object) skipSeparator() {
	o.skipSpace()
	if o.at(',') {
		o.Position++
		o.skipSpace()
	}
}

func (o *Object) skipSpace() {
	for o.Position < len(o.text) && isSpace(o.text[o.Position]) {
		o.Position++
	}
}

func isSpace(b byte) bool {
	return b == ' ' || b == '\t' || b == '\r' || b == '\n'
}

// skipString moves past a string whose opening quote is at the position.
func (o *Object) skipString() {
	for o.Position++; ; o.Position++ {
		o.Position += bytes.IndexByte(o.text[o.Position:], '"')
		if !o.isEscaped() {
			o.Position++
			return
		}
	}
}

// isEscaped reports whether an odd number of backslashes precedes the position.
func (o *Object) isEscaped() bool {
	before := o.text[:o.Position]
	return (len(before)-len(bytes.TrimRight(before, `\`)))%2 == 1
}

// skipValue moves past any value.
func (o *Object) skipValue() {
	depth := 0
	for {
		switch o.text[o.Position] {
		case '"':
			o.skipString()
		case '{', '[':
			depth++
			o.Position++
		case '}', ']':
			depth--
			o.Position++
		case ',', ':', ' ', '\t', '\r', '\n':
			o.Position++
		default:
			o.skipScalar()
		}
		if depth == 0 {
			return
		}
	}
}

// skipScalar moves past a number, true, false or null.
func (o *Object) skipScalar() {
	for o.Position < len(o.text) {
		switch b := o.text[o.Position]; {
		case b == ',', b == ':', b == '}', b == ']', isSpace(b):
			return
		}
		o.Position++
	}
}

// IsNull reports whether the value is null.
func IsNull(value []byte) bool {
	return string(value) == "null"
}

// IsArray reports whether the value is an array.
func IsArray(value []byte) bool {
	return len(value) > 0 && value[0] == '['
}

// Text reads a string. It returns false if the value is not a string.
func Text(value []byte) (string, bool) {
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
