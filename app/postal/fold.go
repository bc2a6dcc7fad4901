package postal

import (
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// maxAddressRunes bounds the work of one look-up; the longest address seen in
// public lists has fewer than 120 characters.
const maxAddressRunes = 300

// fold brings an address or a published name into the form in which both are
// compared: compatibility forms composed, one hyphen, no spaces, katakana for
// hiragana, ケ for ヶ and が, ノ for 之, new forms for old characters, and
// arabic numbers before counting words. Characters of private use (外字) stay
// and match any one character later.
func fold(s string) []rune {
	if len(s) > 4*maxAddressRunes {
		s = cut(s, 4*maxAddressRunes)
	}
	out := foldName(s)
	if len(out) > maxAddressRunes {
		out = out[:maxAddressRunes]
	}
	return out
}

// foldName is fold without its limit, for what the dictionary itself says.
func foldName(s string) []rune {
	if needsComposition(s) {
		s = norm.NFKC.String(s)
	}
	out := make([]rune, 0, len(s)/2+4)
	for _, r := range s {
		r = foldRune(r)
		switch {
		case r == 0:
		case r == 'ー' && !afterKana(out):
			out = append(out, '-')
		case r == '々' && len(out) > 0:
			out = append(out, out[len(out)-1])
		case spelled[r] != "":
			out = append(out, []rune(spelled[r])...)
		default:
			out = append(out, r)
		}
	}
	return foldNumbers(out)
}

// cut shortens s to at most n bytes without splitting a character.
func cut(s string, n int) string {
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

// needsComposition reports whether s holds anything beyond plain kana, kanji
// and full-width ASCII, which foldRune handles faster itself.
func needsComposition(s string) bool {
	for _, r := range s {
		switch {
		case r < 0x80, r >= 0x3000 && r < 0x3099, r >= 0x309d && r < 0x3130,
			r >= 0x4e00 && r < 0xa000, r >= 0xff01 && r <= 0xff5e, r >= 0x2010 && r <= 0x2015, r == 0x2212:
		default:
			return true
		}
	}
	return false
}

// foldRune folds one character; 0 means that it is left out.
func foldRune(r rune) rune {
	switch {
	case r >= 0xff01 && r <= 0xff5e:
		r -= 0xfee0
	case r >= 'ぁ' && r <= 'ゖ':
		r += 'ァ' - 'ぁ'
	}
	switch {
	case r >= 'a' && r <= 'z':
		return r - 'a' + 'A'
	case r <= ' ', r == 0x3000, r == 0xfeff, r == 0x7f,
		r >= 0xfe00 && r <= 0xfe0f, r >= 0xe0100 && r <= 0xe01ef, r >= 0x200b && r <= 0x200f:
		return 0
	case r < 0x80 && r != ',' && r != '~' && r != '?':
		return r
	}
	if f, ok := markFold[r]; ok {
		return f
	}
	if r >= 'ァ' && r <= 'ヾ' {
		return foldKana(r)
	}
	if f, ok := variantFold[r]; ok {
		return f
	}
	return r
}

// markFold unifies punctuation: every dash in use, ranges and list commas.
var markFold = map[rune]rune{
	'‐': '-', '‑': '-', '‒': '-', '–': '-', '—': '-', '―': '-', '−': '-', '─': '-', '━': '-', '⁃': '-', '﹣': '-',
	'〜': '~', '~': '~', ',': '、', '、': '、', '，': '、', '‧': '・',
	'［': '(', '］': ')', '【': '(', '】': ')', '〇': '零', '○': '零', '◯': '零',
	'之': 'ノ', '乃': 'ノ', '■': '〓', '�': '〓', '?': '〓',
}

// smallKana maps small letters to the full ones, since published names and
// registers disagree about them.
var smallKana = map[rune]rune{
	'ァ': 'ア', 'ィ': 'イ', 'ゥ': 'ウ', 'ェ': 'エ', 'ォ': 'オ', 'ッ': 'ツ', 'ャ': 'ヤ', 'ュ': 'ユ', 'ョ': 'ヨ', 'ヮ': 'ワ',
	'ヶ': 'ケ', 'ヵ': 'ケ', 'ガ': 'ケ', 'ヱ': 'エ', 'ヰ': 'イ', 'ヲ': 'オ', 'ヂ': 'ジ', 'ヅ': 'ズ',
}

func foldKana(r rune) rune {
	if f, ok := smallKana[r]; ok {
		return f
	}
	return r
}

func isKatakana(r rune) bool { return r >= 'ァ' && r <= 'ヺ' || r == 'ー' }

func afterKana(out []rune) bool { return len(out) > 0 && isKatakana(out[len(out)-1]) }

func isDigit(r rune) bool { return r >= '0' && r <= '9' }

// isWild reports whether r stands for a character that the sender's or the
// receiver's character set could not carry (外字).
func isWild(r rune) bool {
	return r >= 0xe000 && r <= 0xf8ff || r == '〓' || r >= 0xf0000 && r <= 0x10fffd
}

// indexRunes gives the first position of sub in s at or after from, or -1.
func indexRunes(s, sub []rune, from int) int {
	if len(sub) == 0 {
		return -1
	}
	for i := max(from, 0); i+len(sub) <= len(s); i++ {
		if hasRunes(s, sub, i) {
			return i
		}
	}
	return -1
}

// hasRunes reports whether sub stands in s at position at.
func hasRunes(s, sub []rune, at int) bool {
	if at < 0 || at+len(sub) > len(s) {
		return false
	}
	for i, r := range sub {
		if s[at+i] != r {
			return false
		}
	}
	return true
}
