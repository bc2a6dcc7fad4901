package jp

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// NameKey returns the key under which a name (氏名) is searched and compared:
// NFKC, spaces, middle dots, ideographic variation sequences and other
// variation selectors dropped, kanji variants folded (髙 and 高 are one), 々
// written out, Latin letters in upper case. It is never shown: the name itself
// is kept as received.
func NameKey(s string) string {
	var key strings.Builder
	var last rune
	for _, r := range nfkc(s) {
		switch {
		case unicode.IsSpace(r) || isNameMark(r) || unicode.Is(unicode.Variation_Selector, r):
			continue
		case r == '々' && unicode.Is(unicode.Han, last):
			r = last
		default:
			r = unicode.ToUpper(foldVariant(r))
		}
		key.WriteRune(r)
		last = r
	}
	return norm.NFKC.String(key.String())
}

// KanaKey returns the key under which the reading of a name (カナ氏名) is
// searched and compared: NFKC including half-width kana, hiragana as katakana,
// small kana large, long-vowel marks, hyphens, middle dots and spaces dropped,
// Latin letters in upper case. Voiced marks are kept: ハル and バル differ.
func KanaKey(s string) string {
	var key strings.Builder
	for _, r := range nfkc(joinVoicedMarks.Replace(s)) {
		if unicode.IsSpace(r) || isNameMark(r) || strings.ContainsRune(hyphens, r) {
			continue
		}
		key.WriteRune(unicode.ToUpper(largeKana(katakana(r))))
	}
	return norm.NFKC.String(key.String())
}

// joinVoicedMarks makes the stand-alone marks combine with the kana before
// them: some systems print ガ as カ゛.
var joinVoicedMarks = strings.NewReplacer("゛", "\u3099", "゜", "\u309A")

// isNameMark reports whether r only separates the parts of a name.
func isNameMark(r rune) bool { return strings.ContainsRune("・·•‧∙⋅゠=", r) }

func katakana(r rune) rune {
	const apart = 'ァ' - 'ぁ'
	if r >= 'ぁ' && r <= 'ゖ' || r == 'ゝ' || r == 'ゞ' {
		return r + apart
	}
	return r
}

func largeKana(r rune) rune {
	if large, ok := largeOf[r]; ok {
		return large
	}
	return r
}

var largeOf = pairs("ァアィイゥウェエォオッツャヤュユョヨヮワヵカヶケ" +
	"ㇰクㇱシㇲスㇳトㇴヌㇵハㇶヒㇷフㇸヘㇹホㇺムㇻラㇼリㇽルㇾレㇿロ")

// pairs reads runes by twos: the first is folded to the second.
func pairs(s string) map[rune]rune {
	table := make(map[rune]rune)
	runes := []rune(s)
	for i := 0; i+1 < len(runes); i += 2 {
		table[runes[i]] = runes[i+1]
	}
	return table
}
