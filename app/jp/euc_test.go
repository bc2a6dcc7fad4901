package jp

import (
	"strings"
	"testing"
)

func TestEUCLosesNothing(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"kanji, kana and ASCII":           {"A\xc6\xee\xc9\xf4\x8e\xc5", "A南部ﾅ"},
		"the supplementary plane":         {"\x8f\xb0\xa1", "丂"},
		"NEC row 13":                      {"\xad\xa1", "①"},
		"a body's own, first plane":       {"\xf5\xa1\xf5\xfe", "\ue000\ue05d"},
		"a body's own, second plane":      {"\x8f\xf5\xa1\x8f\xfe\xfe", "\ue3ac\ue757"},
		"a pair without a meaning":        {"\xc6\xee\xa9\xa1", "南" + string(rune(rawPlane+0xa9a1))},
		"a byte without a meaning":        {"\xff\xc6\xee\x80", string(rune(rawPlane+0xff)) + "南" + string(rune(rawPlane+0x80))},
		"cut within a character":          {"\xc6\xee\xc9", "南" + string(rune(rawPlane+0xc9))},
		"three bytes without a meaning":   {"\x8f\xa1\xa1", string(rune(rawPlane+0x8f)) + string(rune(rawPlane+0xa1a1))},
		"half-width kana with wrong tail": {"\x8e\xfe", string(rune(rawPlane+0x8e)) + string(rune(rawPlane+0xfe))},
	} {
		if got := DecodeEUC([]byte(c.in)); got != c.want {
			t.Errorf("%s: got %+q, want %+q", name, got, c.want)
		}
	}
	// Every pair of bytes there is.
	for i := range 1 << 16 {
		if got := DecodeEUC([]byte{byte(i >> 8), byte(i)}); strings.ContainsRune(got, '\ufffd') || got == "" {
			t.Fatalf("%04x: got %+q, want no U+FFFD", i, got)
		}
	}
}
