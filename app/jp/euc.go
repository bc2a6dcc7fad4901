package jp

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"
)

// DecodeEUC reads EUC-JP as DecodeCP932 reads Windows-31J: a body's own
// characters (rows 85 to 94 of both planes, as eucJP-ms has them) become the
// same private-use characters, bytes without a meaning become private-use
// characters that hold their value. U+FFFD never comes out of it.
func DecodeEUC(b []byte) string {
	decoder := japanese.EUCJP.NewDecoder()
	var out strings.Builder
	for len(b) > 0 {
		size := eucLength(b)
		if size == 1 {
			if b[0] >= 0x80 {
				out.WriteRune(rawPlane + rune(b[0]))
			} else {
				out.WriteByte(b[0])
			}
			b = b[1:]
			continue
		}
		s, err := decoder.Bytes(b[:size])
		r, n := utf8.DecodeRune(s)
		switch {
		case err == nil && n == len(s) && r != utf8.RuneError:
			out.WriteRune(r)
		case b[size-2] >= 0xf5: // one of the body's own
			own := rune(b[size-2]-0xf5)*94 + rune(b[size-1]-0xa1)
			if size == 3 {
				own += 940
			}
			out.WriteRune(ownFirst + own)
		default:
			if size == 3 {
				out.WriteRune(rawPlane + rune(b[0]))
			}
			out.WriteRune(rawPlane + rune(b[size-2])<<8 + rune(b[size-1]))
		}
		b = b[size:]
	}
	return out.String()
}

// eucLength is how many bytes the next character has; 1 for a byte that begins
// none.
func eucLength(b []byte) int {
	trail := func(i int) bool { return i < len(b) && b[i] >= 0xa1 && b[i] <= 0xfe }
	switch {
	case b[0] == 0x8f && trail(1) && trail(2):
		return 3
	case b[0] == 0x8e && trail(1) && b[1] <= 0xdf, trail(0) && trail(1):
		return 2
	}
	return 1
}

// CountRaw counts the bytes of s that no decoder could map and that private-use
// characters hold.
func CountRaw(s string) (n int) {
	for _, r := range s {
		switch {
		case r > rawPlane && r < rawPlane+0x100:
			n++
		case r >= rawPlane+0x100 && r <= rawPlane+0xffff:
			n += 2
		}
	}
	return n
}

// DecodeNothing keeps bytes of which only ASCII is understood.
func DecodeNothing(b []byte) string {
	var out strings.Builder
	for _, c := range b {
		if c < 0x80 {
			out.WriteByte(c)
		} else {
			out.WriteRune(rawPlane + rune(c))
		}
	}
	return out.String()
}
