package qr

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"
)

// Charset is the character set a value was read in (文字コード).
type Charset string

// The character sets of Japanese lists; others appear under their IANA name
// when a code announces them.
const (
	ASCII   Charset = "US-ASCII"
	UTF8    Charset = "UTF-8"
	CP932   Charset = "CP932"
	Mixed   Charset = "mixed"   // more than one in one value
	Unknown Charset = "unknown" // announced by an ECI no decoder here knows
)

type charset struct {
	name Charset
	enc  encoding.Encoding
}

// announced maps ECI assignment numbers (AIM ITS/04-023) to character sets.
var announced = map[int]charset{
	0: {"IBM437", charmap.CodePage437}, 2: {"IBM437", charmap.CodePage437},
	1: {"ISO-8859-1", charmap.ISO8859_1}, 3: {"ISO-8859-1", charmap.ISO8859_1},
	4: {"ISO-8859-2", charmap.ISO8859_2}, 5: {"ISO-8859-3", charmap.ISO8859_3},
	6: {"ISO-8859-4", charmap.ISO8859_4}, 7: {"ISO-8859-5", charmap.ISO8859_5},
	8: {"ISO-8859-6", charmap.ISO8859_6}, 9: {"ISO-8859-7", charmap.ISO8859_7},
	10: {"ISO-8859-8", charmap.ISO8859_8}, 11: {"ISO-8859-9", charmap.ISO8859_9},
	12: {"ISO-8859-10", charmap.ISO8859_10}, 15: {"ISO-8859-13", charmap.ISO8859_13},
	16: {"ISO-8859-14", charmap.ISO8859_14}, 17: {"ISO-8859-15", charmap.ISO8859_15},
	18: {"ISO-8859-16", charmap.ISO8859_16},
	21: {"windows-1250", charmap.Windows1250}, 22: {"windows-1251", charmap.Windows1251},
	23: {"windows-1252", charmap.Windows1252}, 24: {"windows-1256", charmap.Windows1256},
	25: {"UTF-16BE", unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)},
	28: {"Big5", traditionalchinese.Big5}, 29: {"GB18030", simplifiedchinese.GB18030},
	30: {"EUC-KR", korean.EUCKR}, 32: {"GB18030", simplifiedchinese.GB18030},
	33: {"UTF-16LE", unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)},
}

// decodeText reads segments as text. A byte segment is read in the character
// set its ECI announces; without one all such bytes together are UTF-8 if they
// are valid UTF-8 and CP932 otherwise. unmapped counts the bytes no character
// stands for; each shows as U+FFFD, so a loss is always visible.
func decodeText(segments []Segment) (text string, set Charset, unmapped int) {
	plain := plainCharset(segments)
	var b strings.Builder
	for _, run := range runs(segments) {
		name, s, lost := decodeRun(run, plain)
		b.WriteString(s)
		unmapped += lost
		set = combine(set, name)
	}
	if set == "" {
		set = ASCII
	}
	return b.String(), set, unmapped
}

// runs joins neighbouring segments read in the same way, so that a character
// cut at a segment's or a code's edge is whole again.
func runs(segments []Segment) []Segment {
	var out []Segment
	for _, s := range segments {
		if s.Mode != Kanji {
			s.Mode = Byte
		}
		if last := len(out) - 1; last >= 0 && out[last].Mode == s.Mode && out[last].ECI == s.ECI {
			out[last].Bytes = append(out[last].Bytes[:len(out[last].Bytes):len(out[last].Bytes)], s.Bytes...)
			continue
		}
		out = append(out, s)
	}
	return out
}

// plainCharset judges all bytes without an ECI at once: a short run alone is
// easily valid in both character sets.
func plainCharset(segments []Segment) Charset {
	for _, run := range runs(segments) {
		if run.Mode != Kanji && run.ECI < 0 && !utf8.Valid(run.Bytes) {
			return CP932
		}
	}
	return UTF8
}

func decodeRun(run Segment, plain Charset) (Charset, string, int) {
	if run.Mode == Kanji {
		s, lost := decodeCP932(run.Bytes)
		return CP932, s, lost
	}
	if isASCII(run.Bytes) && run.ECI != 25 && run.ECI != 33 {
		return ASCII, string(run.Bytes), 0
	}
	switch {
	case run.ECI == 20, run.ECI < 0 && plain == CP932:
		s, lost := decodeCP932(run.Bytes)
		return CP932, s, lost
	case run.ECI == 26, run.ECI < 0:
		s, lost := decodeUTF8(run.Bytes)
		return UTF8, s, lost
	}
	if set, ok := announced[run.ECI]; ok {
		if out, err := set.enc.NewDecoder().Bytes(run.Bytes); err == nil {
			return set.name, string(out), strings.Count(string(out), "\ufffd")
		}
	}
	return Unknown, strings.Repeat("\ufffd", len(run.Bytes)), len(run.Bytes)
}

// combine keeps the one telling name: ASCII goes with everything.
func combine(a, b Charset) Charset {
	switch {
	case a == "" || a == ASCII:
		return b
	case b == ASCII || a == b:
		return a
	}
	return Mixed
}

func isASCII(b []byte) bool {
	for _, c := range b {
		if c >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

func decodeUTF8(b []byte) (string, int) {
	var out strings.Builder
	lost := 0
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		if r == utf8.RuneError && size == 1 {
			lost++
		}
		out.WriteRune(r)
		b = b[size:]
	}
	return out.String(), lost
}

// decodeCP932 reads Windows-31J, NEC and IBM extensions included. Characters
// of a body's own (外字, F040 to F9FC) become the private-use code points
// Windows gives them, U+E000 to U+E757, instead of vanishing.
func decodeCP932(b []byte) (string, int) {
	var out strings.Builder
	lost := 0
	for len(b) > 0 {
		r, size := cp932Rune(b)
		if r == utf8.RuneError {
			lost += size
		}
		out.WriteRune(r)
		b = b[size:]
	}
	return out.String(), lost
}

func cp932Rune(b []byte) (rune, int) {
	lead := b[0]
	switch {
	case lead < 0x80:
		return rune(lead), 1
	case lead >= 0xa1 && lead <= 0xdf:
		return rune(lead) - 0xa1 + 0xff61, 1
	case lead == 0x80 || lead == 0xa0 || lead > 0xfc || len(b) < 2:
		return utf8.RuneError, 1
	}
	trail := b[1]
	if trail < 0x40 || trail == 0x7f || trail > 0xfc {
		return utf8.RuneError, 1
	}
	if lead >= 0xf0 && lead <= 0xf9 {
		cell := rune(trail) - 0x40
		if trail > 0x7f {
			cell--
		}
		return 0xe000 + (rune(lead)-0xf0)*188 + cell, 2
	}
	s, err := japanese.ShiftJIS.NewDecoder().Bytes(b[:2])
	if err != nil {
		return utf8.RuneError, 2
	}
	r, size := utf8.DecodeRune(s)
	if size != len(s) {
		return utf8.RuneError, 2
	}
	return r, 2
}
