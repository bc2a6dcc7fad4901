package qr

import (
	"strings"
	"testing"
	"unicode/utf8"

	"madoguchi/app/jp"
)

func TestTextIsReadInTheRightCharacterSet(t *testing.T) {
	plain := func(b string) Segment { return Segment{Mode: Byte, ECI: -1, Bytes: []byte(b)} }
	under := func(n int, b string) Segment { return Segment{Mode: Byte, ECI: n, Bytes: []byte(b)} }
	pairs := func(b string) Segment { return Segment{Mode: Kanji, ECI: -1, Bytes: []byte(b)} }
	cases := []struct {
		name     string
		segments []Segment
		want     string
		set      Charset
	}{
		{"digits", []Segment{{Mode: Numeric, ECI: -1, Bytes: []byte("0123")}}, "0123", ASCII},
		{"UTF-8 without ECI", []Segment{plain("南部町")}, "南部町", UTF8},
		{"UTF-8 with ECI 26", []Segment{under(26, "髙﨑")}, "髙﨑", UTF8},
		{"Shift_JIS without ECI", []Segment{plain(sjis(t, "南部町"))}, "南部町", CP932},
		{"Shift_JIS with ECI 20", []Segment{under(20, sjis(t, "南部町"))}, "南部町", CP932},
		{"NEC selected IBM extensions", []Segment{plain("\xee\xe0\xed\x95")}, "髙﨑", CP932},
		{"IBM extensions as Windows writes them", []Segment{plain("\xfb\xfc\xfa\xb1")}, "髙﨑", CP932},
		{"NEC special characters", []Segment{plain("\x87\x40\x87\x8a")}, "①㈱", CP932},
		{"half-width kana", []Segment{plain("\xc5\xdd\xcc\xde")}, "ﾅﾝﾌﾞ", CP932},
		{"the body's own characters", []Segment{plain("\xf0\x40\xf0\x80\xf1\x40\xf9\xfc")}, "\ue000\ue03f\ue0bc\ue757", CP932},
		{"extension bytes beside kanji mode", []Segment{plain("\xee\xe0"), pairs(sjis(t, "橋"))}, "髙橋", CP932},
		{"UTF-8 bytes beside kanji mode", []Segment{plain("𠮷"), pairs(sjis(t, "田"))}, "𠮷田", Mixed},
		{"a character cut between two segments", []Segment{plain("\x93"), plain("\xec")}, "南", CP932},
		{"ISO-8859-1 by ECI", []Segment{under(3, "caf\xe9")}, "café", "ISO-8859-1"},
		{"UTF-16 by ECI", []Segment{under(25, "\x53\x57")}, "南", "UTF-16BE"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text, set, lost := decodeText(c.segments)
			if text != c.want || set != c.set || lost != 0 {
				t.Errorf("got %q in %s, %d bytes unmapped, want %q in %s, none", text, set, lost, c.want, c.set)
			}
		})
	}
}

func TestBytesWithoutACharacterAreCountedAndKept(t *testing.T) {
	cases := []struct {
		name string
		in   Segment
		lost int
	}{
		{"a lead byte at the end", Segment{Mode: Byte, ECI: -1, Bytes: []byte("A\x93")}, 1},
		{"a byte CP932 does not know", Segment{Mode: Byte, ECI: -1, Bytes: []byte("\xfd\xff")}, 2},
		{"a pair CP932 does not know", Segment{Mode: Byte, ECI: -1, Bytes: []byte("\x85\x40")}, 2},
		{"broken UTF-8 under ECI 26", Segment{Mode: Byte, ECI: 26, Bytes: []byte("\xe5\x8d")}, 2},
		{"an ECI nobody knows", Segment{Mode: Byte, ECI: 899, Bytes: []byte("\x80\x81")}, 2},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			text, _, lost := decodeText([]Segment{c.in})
			if lost != c.lost || strings.ContainsRune(text, utf8.RuneError) || jp.CountPrivate(text) == 0 {
				t.Errorf("got %+q with %d unmapped, want %d, kept as private-use characters", text, lost, c.lost)
			}
		})
	}
}

// TestAllKanjiModeCharactersHaveText goes through every pair kanji mode can
// write and compares with the one place that must agree, the byte mode text.
func TestAllKanjiModeCharactersHaveText(t *testing.T) {
	known := 0
	for v := range 1 << 13 {
		pair := v/0xc0<<8 | v%0xc0
		if pair+0x8140 <= 0x9ffc {
			pair += 0x8140
		} else {
			pair += 0xc140
		}
		b := []byte{byte(pair >> 8), byte(pair)}
		text, _, lost := decodeText([]Segment{{Mode: Kanji, ECI: -1, Bytes: b}})
		if lost == 0 {
			known++
			if plain, _, _ := decodeText([]Segment{{Mode: Byte, ECI: 20, Bytes: b}}); plain != text {
				t.Fatalf("% x: got %q in kanji mode, want %q", b, text, plain)
			}
		}
	}
	// JIS X 0208 within the reach of kanji mode, NEC row 13 included.
	if known < 6953 {
		t.Errorf("got %d characters, want at least 6953", known)
	}
}
