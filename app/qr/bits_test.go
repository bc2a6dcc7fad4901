package qr

import (
	"bytes"
	"errors"
	"testing"

	"github.com/makiuchi-d/gozxing"
)

// modulesOf is a symbol as a reader samples it.
func modulesOf(t testing.TB, symbol [][]bool) *gozxing.BitMatrix {
	t.Helper()
	m, err := gozxing.ParseBoolMapToBitMatrix(symbol)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func readSymbol(t testing.TB, pieces ...piece) reading {
	t.Helper()
	r, err := readModules(modulesOf(t, symbol(t, pieces...)))
	if err != nil {
		t.Fatalf("read modules: %v", err)
	}
	return r
}

func value(segments []Segment) string {
	var b bytes.Buffer
	for _, s := range segments {
		b.Write(s.Bytes)
	}
	return b.String()
}

func TestEveryKindOfSegmentIsExactToTheByte(t *testing.T) {
	everyByte := make([]byte, 256)
	for i := range everyByte {
		everyByte[i] = byte(i)
	}
	cases := []struct {
		name   string
		pieces []piece
		want   string
		modes  []Mode
	}{
		{"digits in groups of three", []piece{numeric("024457123456")}, "024457123456", []Mode{Numeric}},
		{"one digit left over", []piece{numeric("0001")}, "0001", []Mode{Numeric}},
		{"two digits left over", []piece{numeric("00012")}, "00012", []Mode{Numeric}},
		{"letters, an odd number", []piece{alphanumeric("ABC-123 $%*+./:")}, "ABC-123 $%*+./:", []Mode{Alphanumeric}},
		{"bytes of every value", []piece{plainBytes(string(everyByte))}, string(everyByte), []Mode{Byte}},
		{"kanji of both ranges", []piece{kanji("\x81\x40\x9f\xfc\xe0\x40\xea\xa4")}, "\x81\x40\x9f\xfc\xe0\x40\xea\xa4", []Mode{Kanji}},
		{"digits, bytes, kanji and letters in one code",
			[]piece{numeric("0244500012345"), plainBytes(","), kanji(sjis(t, "南部町")), alphanumeric("S45")},
			"0244500012345," + sjis(t, "南部町") + "S45", []Mode{Numeric, Byte, Kanji, Alphanumeric}},
		{"FNC1 gives its separator in letters", []piece{fnc1(), alphanumeric("01%10%%5")}, "01\x1d10%5", []Mode{Alphanumeric}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := readSymbol(t, c.pieces...)
			if value(got.segments) != c.want {
				t.Errorf("got value %q, want %q", value(got.segments), c.want)
			}
			for i, mode := range c.modes {
				if i >= len(got.segments) || got.segments[i].Mode != mode {
					t.Fatalf("got segments %v, want modes %v", got.segments, c.modes)
				}
			}
		})
	}
}

func TestCountFieldsWidenWithTheVersion(t *testing.T) {
	for _, version := range []int{1, 9, 10, 26, 27, 40} {
		long := "髙" // forces nothing; the version is given
		m := symbolFrom(t, version, numeric("0123456789"), plainBytes(sjis(t, long)), kanji(sjis(t, "町")), alphanumeric("AB"))
		got, err := readModules(modulesOf(t, m))
		if err != nil {
			t.Fatalf("version %d: %v", version, err)
		}
		if want := "0123456789" + sjis(t, long) + sjis(t, "町") + "AB"; value(got.segments) != want {
			t.Errorf("version %d: got %q, want %q", version, value(got.segments), want)
		}
		if got.version < version {
			t.Errorf("got version %d, want at least %d", got.version, version)
		}
	}
}

func TestECIAndStructuredAppendAreKept(t *testing.T) {
	got := readSymbol(t, part(2, 5, 0xa7), eci(26), plainBytes("南部"), numeric("12"))
	if got.append == nil || *got.append != (Append{Index: 2, Total: 5, Parity: 0xa7}) {
		t.Errorf("got structured append %v, want 2 of 5, parity a7", got.append)
	}
	if got.segments[0].ECI != 26 || got.segments[1].ECI != 26 {
		t.Errorf("got ECI %d, %d, want 26 from its designator on", got.segments[0].ECI, got.segments[1].ECI)
	}
}

func TestAMirroredCodeIsRead(t *testing.T) {
	m := symbol(t, numeric("0123456789"))
	mirrored := make([][]bool, len(m))
	for y := range m {
		mirrored[y] = make([]bool, len(m))
		for x := range m {
			mirrored[y][x] = m[x][y]
		}
	}
	got, err := readModules(modulesOf(t, mirrored))
	if err != nil {
		t.Fatalf("read modules: %v", err)
	}
	if value(got.segments) != "0123456789" {
		t.Errorf("got %q, want 0123456789", value(got.segments))
	}
}

func TestABrokenBitStreamIsAnErrorAndNeverAGuess(t *testing.T) {
	stream := func(pieces ...piece) []byte {
		w := &bitWriter{version: 1}
		for _, p := range pieces {
			p(w)
		}
		return fill(w, (len(w.bits)+7)/8)
	}
	raw := func(fields ...int) piece {
		return func(b *bitWriter) {
			for i := 0; i < len(fields); i += 2 {
				b.put(fields[i], fields[i+1])
			}
		}
	}
	cases := []struct {
		name string
		data []byte
		want error
	}{
		{"a stream of nothing", nil, errNothing},
		{"a terminator alone", []byte{0}, errNothing},
		{"bytes that are not there", stream(raw(4, 4, 200, 8)), errShort},
		{"digits that are not there", stream(raw(1, 4, 900, 10)), errShort},
		{"a group of digits above 999", stream(raw(1, 4, 3, 10, 1023, 10)), errValue},
		{"a single digit above 9", stream(raw(1, 4, 1, 10, 15, 4)), errValue},
		{"a pair of letters above 44, 44", stream(raw(2, 4, 2, 9, 2047, 11)), errValue},
		{"part 3 of 2", stream(raw(3, 4, 3, 4, 1, 4, 0, 8)), errValue},
		{"an unknown mode", stream(raw(15, 4, 0, 8)), errMode},
		{"an ECI with a false first byte", stream(raw(7, 4, 255, 8)), errValue},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			if _, err := parseBits(c.data, 1); !errors.Is(err, c.want) {
				t.Errorf("got error %v, want %v", err, c.want)
			}
		})
	}
}

func TestLongECINumbersAreRead(t *testing.T) {
	w := &bitWriter{version: 1}
	w.put(7, 4)
	w.put(0b10<<14|899, 16)
	plainBytes("x")(w)
	got, err := parseBits(fill(w, len(w.bits)/8+2), 1)
	if err != nil || got.segments[0].ECI != 899 {
		t.Errorf("got %v, %v, want ECI 899", got.segments, err)
	}
}
