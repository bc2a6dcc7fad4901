package qr

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/encoding/unicode"

	"madoguchi/app/jp"
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
// stands for; private-use characters hold their values (jp.PrivateCode), so
// nothing is lost.
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
		return kept(CP932, jp.DecodeCP932(run.Bytes))
	}
	if isASCII(run.Bytes) && run.ECI != 25 && run.ECI != 33 {
		return ASCII, string(run.Bytes), 0
	}
	switch {
	case run.ECI == 20, run.ECI < 0 && plain == CP932:
		return kept(CP932, jp.DecodeCP932(run.Bytes))
	case run.ECI == 26, run.ECI < 0:
		return kept(UTF8, jp.DecodeUTF8(run.Bytes))
	}
	if set, ok := announced[run.ECI]; ok {
		out, err := set.enc.NewDecoder().Bytes(run.Bytes)
		if err == nil && !strings.ContainsRune(string(out), utf8.RuneError) {
			return set.name, string(out), 0
		}
		// Where the set does not fit all of it, none of it is trusted.
		return kept(set.name, jp.DecodeNothing(run.Bytes))
	}
	return kept(Unknown, jp.DecodeNothing(run.Bytes))
}

// kept counts the bytes that were kept without a meaning.
func kept(set Charset, text string) (Charset, string, int) { return set, text, jp.CountRaw(text) }

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
