package jp

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// hyphens are the marks people, keyboards and converters put where a code has
// a hyphen. The full-width, small and half-width ones (－ ﹣ ｰ) are brought
// here by NFKC.
const hyphens = "-‐‑‒–—―⁃−─━ー"

const longVowel = 'ー'

// Narrow returns a code or number as a keyboard without an input method would
// have typed it: NFKC, every hyphen, dash and long-vowel mark as "-", spaces
// around it and invisible characters removed. It is not for names or sentences,
// whose long vowels it destroys.
func Narrow(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if strings.ContainsRune(hyphens, r) {
			return '-'
		}
		return r
	}, nfkc(s)))
}

// Digits returns only the digits 0–9 that s has after Narrow.
func Digits(s string) string {
	return strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, Narrow(s))
}

// TypedWithIME reports whether a field for codes has received kana, kanji or
// Japanese punctuation: a keyboard-type scanner read while the Japanese input
// method was on. Full-width letters and digits alone do not count, because
// Narrow repairs them.
func TypedWithIME(s string) bool {
	return strings.ContainsFunc(Narrow(s), func(r rune) bool {
		return unicode.In(r, unicode.Hiragana, unicode.Katakana, unicode.Han) || strings.ContainsRune("、。「」・゛゜", r)
	})
}

// Fold returns a key for finding text within sentences and addresses: NFKC,
// lower case, every run of spaces as one, hyphens as "-". A long-vowel mark
// stays where it lengthens kana and is a hyphen elsewhere ("1ー2").
func Fold(s string) string {
	var key strings.Builder
	last := ' '
	for _, r := range nfkc(s) {
		switch {
		case unicode.IsSpace(r):
			r = ' '
			if last == ' ' {
				continue
			}
		case r == longVowel && isKana(last):
		case strings.ContainsRune(hyphens, r):
			r = '-'
		default:
			r = unicode.ToLower(r)
		}
		key.WriteRune(r)
		last = r
	}
	return strings.TrimRight(norm.NFKC.String(key.String()), " ")
}

// nfkc also removes what nobody can see: zero-width characters, byte order
// marks and soft hyphens come with text copied from web pages and PDF files.
// Bytes that are no UTF-8 become U+FFFD.
func nfkc(s string) string {
	return norm.NFKC.String(strings.Map(func(r rune) rune {
		if invisible(r) {
			return -1
		}
		return r
	}, s))
}

func invisible(r rune) bool {
	switch r {
	case '\u00AD', '\u200B', '\u200C', '\u200D', '\u200E', '\u200F', '\u2060', '\uFEFF':
		return true
	}
	return false
}

func isKana(r rune) bool {
	return r == longVowel || unicode.In(r, unicode.Hiragana, unicode.Katakana)
}
