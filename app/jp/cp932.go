package jp

import (
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/unicode/norm"
)

// rawPlane is where bytes are kept that no standard decoder maps: the private
// character rawPlane+0x8123 stands for the bytes 81 23, rawPlane+0x9A for the
// byte 9A. It is the last of the private-use planes, which no font of a
// municipality is known to use.
const rawPlane = 0x100000

// Windows gives the area for a body's own characters (外字), F040 to F9FC, the
// first private-use code points.
const (
	ownFirst = 0xE000
	ownLast  = 0xE757
)

// Geta is shown, and written where nothing better can be, in the place of a
// character that cannot be.
const Geta = '〓'

type cp932Tables struct {
	decode [1 << 16]rune // by lead and trail byte; 0: not mapped
	encode map[rune]uint16
}

// cp932 are the tables of Windows-31J with NEC's and IBM's extensions and the
// area for own characters. Where a character has several codes, encode has the
// one Windows writes: NEC's selection of IBM's extensions (ED, EE) comes last.
var cp932 = sync.OnceValue(func() *cp932Tables {
	t := &cp932Tables{encode: map[rune]uint16{}}
	decoder := japanese.ShiftJIS.NewDecoder()
	add := func(lead int) {
		for trail := 0x40; trail <= 0xfc; trail++ {
			if trail == 0x7f {
				continue
			}
			code := uint16(lead<<8 | trail)
			r := ownCharacter(lead, trail)
			if r == 0 {
				s, err := decoder.Bytes([]byte{byte(lead), byte(trail)})
				if r, _ = utf8.DecodeRune(s); err != nil || r == utf8.RuneError || utf8.RuneCount(s) != 1 {
					continue
				}
			}
			t.decode[code] = r
			if _, known := t.encode[r]; !known {
				t.encode[r] = code
			}
		}
	}
	for lead := 0x81; lead <= 0xfc; lead++ {
		if lead >= 0xa0 && lead <= 0xdf || lead == 0xed || lead == 0xee {
			continue
		}
		add(lead)
	}
	add(0xed)
	add(0xee)
	return t
})

func ownCharacter(lead, trail int) rune {
	if lead < 0xf0 || lead > 0xf9 {
		return 0
	}
	cell := trail - 0x40
	if trail > 0x7f {
		cell--
	}
	return rune(ownFirst + (lead-0xf0)*188 + cell)
}

// DecodeCP932 reads Windows-31J. Nothing is lost: a body's own characters
// (外字) become the private-use characters that Windows gives them, bytes
// without a meaning become private-use characters that hold their value; see
// PrivateCode. U+FFFD never comes out of it.
func DecodeCP932(b []byte) string {
	t := cp932()
	var out strings.Builder
	out.Grow(len(b) * 3 / 2)
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case c < 0x80:
			out.WriteByte(c)
			continue
		case c >= 0xa1 && c <= 0xdf:
			out.WriteRune(rune(c) - 0xa1 + 0xff61)
			continue
		case c == 0x80 || c == 0xa0 || c > 0xfc || i+1 == len(b) || !trailByte(b[i+1]):
			out.WriteRune(rawPlane + rune(c))
			continue
		}
		code := rune(c)<<8 | rune(b[i+1])
		r := t.decode[code]
		if r == 0 {
			r = rawPlane + code
		}
		out.WriteRune(r)
		i++
	}
	return out.String()
}

func trailByte(c byte) bool { return c >= 0x40 && c != 0x7f && c <= 0xfc }

// DecodeUTF8 keeps what is UTF-8 as it is, and bytes that are none as
// private-use characters that hold their value.
func DecodeUTF8(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	var out strings.Builder
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			r = rawPlane + rune(b[0])
		}
		out.WriteRune(r)
		b = b[size:]
	}
	return out.String()
}

// asWindows are characters that other systems use where Windows-31J has
// another of the same look.
var asWindows = map[rune]rune{
	'〜': '～', '−': '－', '‖': '∥', '—': '―', '¢': '￠', '£': '￡', '¬': '￢', '¦': '￤', '¥': '￥',
	'‑': '‐', '–': '―', '\u00a0': ' ',
}

// AppendCP932 appends s in Windows-31J. Each character that has no code there
// is written as 〓 and handed to lost, if that is not nil; of an ideograph with
// a variation selector the ideograph is written and the pair handed to lost.
func AppendCP932(dst []byte, s string, lost func(character string)) []byte {
	t := cp932()
	var before rune
	if !norm.NFC.IsNormalString(s) {
		s = composeMarks(s)
	}
	for _, r := range s {
		switch {
		case r < 0x80:
			dst = append(dst, byte(r))
		case r >= 0xff61 && r <= 0xff9f:
			dst = append(dst, byte(r-0xff61+0xa1))
		case unicode.Is(unicode.Variation_Selector, r):
			if lost != nil {
				lost(string([]rune{before, r}))
			}
		default:
			code, ok := t.encode[r]
			if !ok {
				code, ok = t.encode[asWindows[r]]
			}
			if !ok && asWindows[r] == ' ' {
				dst = append(dst, ' ')
				break
			}
			if !ok {
				code = t.encode[Geta]
				if lost != nil {
					lost(string(r))
				}
			}
			dst = append(dst, byte(code>>8), byte(code))
		}
		before = r
	}
	return dst
}

// composeMarks joins kana and Latin letters with the marks that follow them.
// Compatibility ideographs, which NFC would replace, stay.
func composeMarks(s string) string {
	var out []rune
	for _, r := range s {
		if n := len(out); n > 0 && unicode.Is(unicode.Mn, r) && !unicode.Is(unicode.Variation_Selector, r) {
			if joined := []rune(norm.NFC.String(string([]rune{out[n-1], r}))); len(joined) == 1 {
				out[n-1] = joined[0]
				continue
			}
		}
		out = append(out, r)
	}
	return string(out)
}

// PrivateCode tells whether r is a private-use character, and its code: "U+E0EA"
// for a body's own character (外字), "8123" or "9A" for bytes that no decoder
// maps.
func PrivateCode(r rune) (code string, ok bool) {
	switch {
	case r > rawPlane && r < rawPlane+0x100:
		return fmt.Sprintf("%02X", r-rawPlane), true
	case r >= rawPlane && r <= rawPlane+0xffff:
		return fmt.Sprintf("%04X", r-rawPlane), true
	case unicode.Is(unicode.Co, r):
		return fmt.Sprintf("U+%04X", r), true
	}
	return "", false
}

// CountPrivate counts the private-use characters (外字) of s.
func CountPrivate(s string) (n int) {
	for _, r := range s {
		if unicode.Is(unicode.Co, r) {
			n++
		}
	}
	return n
}

// ShowPrivate writes every private-use character as 〓 with its code, such as
// 〓(U+E0EA), for screens whose fonts do not have it.
func ShowPrivate(s string) string {
	if CountPrivate(s) == 0 {
		return s
	}
	var out strings.Builder
	for _, r := range s {
		if code, ok := PrivateCode(r); ok {
			out.WriteString(string(Geta) + "(" + code + ")")
			continue
		}
		out.WriteRune(r)
	}
	return out.String()
}
