package filesource

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

// encoding is a character encoding: its name, and iconv's name if that differs.
type encoding struct {
	name, iconv string
}

// utf8Text returns the text of a file without its byte order mark. If the file
// is not UTF-8, the error names the probable encoding and the command that
// converts it.
func utf8Text(raw []byte) ([]byte, error) {
	if likely, found := marked(raw); found {
		return nil, notUTF8(likely)
	}
	for magic, name := range map[string]string{"PK\x03\x04": "a ZIP archive or an Excel workbook", "\x1f\x8b": "compressed by gzip"} {
		if bytes.HasPrefix(raw, []byte(magic)) {
			return nil, fmt.Errorf("not a text file but %s; export or unpack it as UTF-8 text", name)
		}
	}
	text := bytes.TrimPrefix(raw, []byte("\ufeff"))
	switch {
	case bytes.IndexByte(text, 0) >= 0:
		return nil, notUTF8(wide(text))
	case bytes.Contains(text, []byte("\x1b$B")), bytes.Contains(text, []byte("\x1b$@")), bytes.Contains(text, []byte("\x1b(J")):
		return nil, notUTF8(encoding{name: "ISO-2022-JP"})
	case !utf8.Valid(text):
		return nil, notUTF8(eightBit(text))
	}
	return text, nil
}

func notUTF8(likely encoding) error {
	if likely.iconv == "" {
		likely.iconv = likely.name
	}
	return fmt.Errorf("not UTF-8; it looks like %s; convert it with iconv -f %s -t UTF-8", likely.name, likely.iconv)
}

// marked recognizes an encoding by its byte order mark.
func marked(raw []byte) (encoding, bool) {
	for _, mark := range []struct{ bytes, name, iconv string }{
		// With these names, iconv reads the byte order from the mark.
		{"\xff\xfe\x00\x00", "UTF-32LE", "UTF-32"}, {"\x00\x00\xfe\xff", "UTF-32BE", "UTF-32"},
		{"\xff\xfe", "UTF-16LE", "UTF-16"}, {"\xfe\xff", "UTF-16BE", "UTF-16"},
	} {
		if bytes.HasPrefix(raw, []byte(mark.bytes)) {
			return encoding{mark.name, mark.iconv}, true
		}
	}
	return encoding{}, false
}

// wide detects UTF-16 without a byte order mark. The first character of a file
// of users is ASCII, and so are most of its punctuation marks.
func wide(text []byte) encoding {
	var zeros [2]int
	for i, b := range text {
		if b == 0 {
			zeros[i%2]++
		}
	}
	if zeros[0] > zeros[1] {
		return encoding{name: "UTF-16BE"}
	}
	return encoding{name: "UTF-16LE"}
}

// eightBit guesses the encoding of a text that contains ASCII unchanged.
func eightBit(text []byte) encoding {
	eucJP, inEUC := pairs(text, eucPair)
	shiftJIS, inShiftJIS := pairs(text, shiftJISPair)
	switch {
	case inEUC && eucJP > 0:
		return encoding{name: "EUC-JP"}
	case inShiftJIS && shiftJIS > 0:
		return encoding{"Shift_JIS", "CP932"} // the Windows variant has more characters
	default:
		return encoding{name: "WINDOWS-1252"}
	}
}

// pairs counts characters of two bytes, and reports whether the whole text can
// be in the encoding. next returns the length of the first character, and
// whether the character is evidence for this encoding.
func pairs(text []byte, next func([]byte) (length int, sign bool)) (count int, whole bool) {
	for len(text) > 0 {
		if text[0] < 0x80 {
			text = text[1:]
			continue
		}
		length, sign := next(text)
		if length == 0 || length > len(text) {
			return count, false
		}
		if sign {
			count++
		}
		text = text[length:]
	}
	return count, true
}

// eucPair reads a character of EUC-JP: two high bytes, or one to three bytes
// after a shift.
func eucPair(text []byte) (length int, sign bool) {
	high := func(i int) bool { return i < len(text) && text[i] >= 0xa1 && text[i] <= 0xfe }
	switch {
	case high(0) && high(1):
		return 2, true
	case text[0] == 0x8e && high(1):
		return 2, true
	case text[0] == 0x8f && high(1) && high(2):
		return 3, true
	default:
		return 0, false
	}
}

// shiftJISPair reads a character of Shift_JIS. A half-width katakana is one
// byte and could also be an accented letter, so it is no evidence. Neither is a
// pair of a Western accented letter and an ordinary letter.
func shiftJISPair(text []byte) (length int, sign bool) {
	first := text[0]
	if first >= 0xa1 && first <= 0xdf {
		return 1, false
	}
	if (first < 0x81 || first > 0x9f) && (first < 0xe0 || first > 0xfc) || len(text) < 2 {
		return 0, false
	}
	second := text[1]
	if second < 0x40 || second == 0x7f || second > 0xfc {
		return 0, false
	}
	return 2, first <= 0x9f || second >= 0x80
}
