package qr

import (
	"bytes"
	"image"
	"testing"
	"time"
)

// plainPicture is a symbol with its white edge at module pixels.
func plainPicture(symbol [][]bool, module int) *image.Gray {
	const quiet = 4
	side := (len(symbol) + 2*quiet) * module
	g := newGray(side, side)
	for y := range side {
		for x := range side {
			mx, my := x/module-quiet, y/module-quiet
			g.Pix[y*side+x] = 255
			if mx >= 0 && my >= 0 && mx < len(symbol) && my < len(symbol) && symbol[my][mx] {
				g.Pix[y*side+x] = 0
			}
		}
	}
	return g
}

// TestGoqrStillReversesDigits pins the fault of the second reader that
// goqrSays copies. When this fails, goqr has been mended: drop the copy.
func TestGoqrStillReversesDigits(t *testing.T) {
	cases := map[string]string{"0123456789": "2105438769", "12345": "32154", "7": "7"}
	for in, want := range cases {
		got := askGoqr(plainPicture(symbol(t, numeric(in)), 6))
		if len(got) != 1 || string(got[0]) != want {
			t.Errorf("%s: got %q from goqr, want its known fault %q", in, got, want)
		}
	}
}

// TestGoqrStillGivesNothingForAppendedCodes pins why such codes are not shown
// to the second reader.
func TestGoqrStillGivesNothingForAppendedCodes(t *testing.T) {
	for name, pieces := range map[string][]piece{
		"structured append": {part(0, 2, 1), plainBytes("abc")},
		"FNC1":              {fnc1(), plainBytes("abc")},
	} {
		if got := askGoqr(plainPicture(symbol(t, pieces...), 6)); got != nil {
			t.Errorf("%s: got %q from goqr, want nothing", name, got)
		}
	}
}

func TestTheSecondReaderConfirmsEveryMode(t *testing.T) {
	cases := map[string][]piece{
		"digits":               {numeric("0244500012345")},
		"digits and Shift_JIS": {numeric("02445"), plainBytes(sjis(t, "髙橋")), numeric("1234")},
		"kanji mode":           {kanji(sjis(t, "南部町")), alphanumeric("A-1")},
		"UTF-8 with ECI":       {eci(26), plainBytes("南部")},
	}
	for name, pieces := range cases {
		pic := plainPicture(symbol(t, pieces...), 6)
		s := locate(pic, time.Now().Add(time.Minute))
		if len(s.spots) != 1 {
			t.Errorf("%s: got %d codes, want 1", name, len(s.spots))
			continue
		}
		if got, other := (&secondReader{limit: time.Minute}).confirm(pic, s.spots[0]); got != Agreed {
			t.Errorf("%s: got %s (%q), want %s", name, got, other, Agreed)
		}
	}
}

func TestASecondReaderThatSaysOtherwiseIsADisagreement(t *testing.T) {
	digits := []Segment{{Mode: Numeric, ECI: -1, Bytes: []byte("123456")}}
	cases := []struct {
		name  string
		found [][]byte
		want  Agreement
	}{
		{"its fault simulated, it agrees", [][]byte{[]byte("321654")}, Agreed},
		{"digits in true order are not what it says", [][]byte{[]byte("123456")}, Disagree},
		{"another value", [][]byte{[]byte("321655")}, Disagree},
		{"nothing", nil, Single},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, other := compare(digits, c.found)
			if got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if c.want == Disagree && !bytes.Equal(other, c.found[0]) {
				t.Errorf("got other value %q, want %q", other, c.found[0])
			}
		})
	}
}

// TestAHungSecondReaderIsLeftBehindOnce stands for goqr's endless search: the
// limit is shorter than any answer takes.
func TestAHungSecondReaderIsLeftBehindOnce(t *testing.T) {
	pic := plainPicture(symbol(t, numeric("0123456789")), 6)
	s := &secondReader{limit: 0}
	if got := s.payloads(pic); got != nil || !s.hung {
		t.Errorf("got %q, hung %v, want nothing from a reader over its limit", got, s.hung)
	}
	s.limit = time.Minute
	if got := s.payloads(pic); got != nil {
		t.Errorf("got %q, want no further question to a hung reader", got)
	}
}
