package domain

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// skeleton returns the same text for all spellings that a source may treat as
// one name. Sources compare names loosely, each in its own way. Active
// Directory and most database collations ignore letter case, accents, width and
// the kind of kana, and drop invisible characters. The skeleton ignores
// everything that any of them ignores (docs/brute-force.md). If it ignored too
// much, two users would share a count. If it ignored too little, an attacker
// would get a new count for each spelling.
//
// The steps are:
//
//   - compatibility decomposition (Unicode Standard Annex 15, NFKD),
//   - removal of combining marks, spaces, control, format and other ignorable
//     characters,
//   - full case folding,
//   - a base letter for letters that collations treat as equal,
//   - hiragana for katakana.
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

// visible returns false for characters that a source may drop from a name:
// combining marks, spaces and characters without a glyph.
func visible(r rune) bool {
	const iotaBelow = '\u0345' // a mark that folds to the letter iota, and the letter folds to it
	if r > ' ' && r < unicode.MaxASCII || r == iotaBelow {
		return true
	}
	return !unicode.In(r, unicode.Mn, unicode.Me, unicode.Z, unicode.Cc, unicode.Cf,
		unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}

// fold returns one letter for all letters that differ only in case, as
// [strings.EqualFold] does, or by their upper case. For ASCII it is the upper
// case. The dotless ı has the upper case I, but is not the lower case of I.
func fold(r rune) rune {
	r = unicode.ToUpper(r)
	least := r
	for other := unicode.SimpleFold(r); other != r; other = unicode.SimpleFold(other) {
		least = min(least, other)
	}
	return least
}

// baseLetters returns the letters that collations treat as equal to a folded letter,
// if neither decomposition nor simple folding shows it. The source is the Default
// Unicode Collation Element Table (primary weights) and the full case folding of ß.
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

// fullSizeHiragana returns the hiragana for a katakana, and the full-size
// letter for a small one.
func fullSizeHiragana(r rune) rune {
	const firstKatakana, lastKatakana, distance = 'ァ', 'ヶ', 'ァ' - 'ぁ'
	if r >= firstKatakana && r <= lastKatakana {
		r -= distance
	}
	switch r {
	case 'ぁ', 'ぃ', 'ぅ', 'ぇ', 'ぉ', 'っ', 'ゃ', 'ゅ', 'ょ', 'ゎ':
		return r + 1 // each small letter precedes its full-size one
	case 'ゕ':
		return 'か'
	case 'ゖ':
		return 'け'
	default:
		return r
	}
}
