package domain

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// skeleton is what all spellings of a name have in common that a source may take
// for one. Sources compare names loosely, each in its own way: Active Directory and
// most collations of databases put letter case, accents, width and kind of kana
// aside, and leave out what cannot be seen. The skeleton puts aside what any of
// them does (docs/brute-force.md). Too coarse a skeleton lets two people share a
// count; too fine a one gives whoever guesses a count for each spelling.
//
// The steps are: compatibility decomposition (Unicode Standard Annex 15, NFKD);
// nothing for combining marks, spaces, control, format and other ignorable
// characters; full case folding; a base letter for letters that collations take
// for one; hiragana for katakana.
func skeleton(name string) string {
	var folded strings.Builder
	for _, r := range norm.NFKD.String(name) {
		if !visible(r) {
			continue
		}
		r = fold(r)
		if base, ok := baseLetters(r); ok {
			folded.WriteString(base)
		} else {
			folded.WriteRune(fullSizeHiragana(r))
		}
	}
	return folded.String()
}

// visible reports false for what a source may leave out of a name: combining
// marks, spaces, and what has no glyph of its own.
func visible(r rune) bool {
	const iotaBelow = '\u0345' // a mark that folds to the letter iota, and iota to it
	if r > ' ' && r < unicode.MaxASCII || r == iotaBelow {
		return true
	}
	return !unicode.In(r, unicode.Mn, unicode.Me, unicode.Z, unicode.Cc, unicode.Cf,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// fold gives one letter for all that differ by letter case alone, as
// [strings.EqualFold] sees it or by their upper case: of ASCII the upper case. The
// dotless ı has I as its upper case, and is no other letter's lower case.
func fold(r rune) rune {
	r = unicode.ToUpper(r)
	least := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		least = min(least, other)
	}
	return least
}

// baseLetters gives the letters that collations take a folded letter for, where
// neither decomposition nor folding of single letters shows it (Default Unicode
// Collation Element Table, primary weights; full case folding of ß).
func baseLetters(r rune) (string, bool) {
	switch r {
	case 'ß', 'ẞ':
		return "SS", true
	case 'Æ':
		return "AE", true
	case 'Œ':
		return "OE", true
	case 'Ø':
		return "O", true
	case 'Đ', 'Ð':
		return "D", true
	case 'Ł':
		return "L", true
	case 'Ħ':
		return "H", true
	case 'Ŧ':
		return "T", true
	case 'Þ':
		return "TH", true
	default:
		return "", false
	}
}

// fullSizeHiragana gives the hiragana of a katakana, and the full-size letter of a
// small one.
func fullSizeHiragana(r rune) rune {
	const firstKatakana, lastKatakana, distance = 'ァ', 'ヶ', 'ァ' - 'ぁ'
	if r >= firstKatakana && r <= lastKatakana {
		r -= distance
	}
	switch r {
	case 'ぁ', 'ぃ', 'ぅ', 'ぇ', 'ぉ', 'っ', 'ゃ', 'ゅ', 'ょ', 'ゎ':
		return r + 1 // the small letter comes before its own
	case 'ゕ':
		return 'か'
	case 'ゖ':
		return 'け'
	default:
		return r
	}
}
