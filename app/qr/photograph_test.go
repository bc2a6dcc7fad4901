package qr

import (
	"image"
	"math"
	"testing"
)

// shot puts a code on a table in a picture of 640 × 480 pixels, its corners at
// to.
func shot(g *image.Gray, to Quad) *image.Gray {
	return warp(exposure{pic: g, corner: to}, 640, 480).pic
}

// turned is a square of the given side in the middle of the picture.
func turned(degrees, side float64) Quad {
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	return rectangle(-side/2, -side/2, side/2, side/2).mapped(func(p Point) Point {
		return Point{320 + p.X*cos - p.Y*sin, 240 + p.X*sin + p.Y*cos}
	})
}

func TestPhotographsOfSingleCodesAreRead(t *testing.T) {
	const value = "02445ABC-123456/78901234"
	small := plainPicture(symbol(t, alphanumeric(value)), 8)
	large := plainPicture(symbolFrom(t, 10, alphanumeric(value)), 6)
	faint := func(g *image.Gray, low, high int) *image.Gray {
		for i, v := range g.Pix {
			g.Pix[i] = byte(low + int(v)*(high-low)/255)
		}
		return g
	}
	noEdge := small.SubImage(image.Rect(32, 32, small.Rect.Dx()-32, small.Rect.Dy()-32))
	cases := []struct {
		name string
		pic  *image.Gray
	}{
		{"turned by 37 degrees", shot(small, turned(37, 260))},
		{"upside down", shot(small, turned(180, 200))},
		{"small, under three pixels a module", shot(small, turned(12, 90))},
		{"filling the picture", shot(small, turned(4, 440))},
		{"from the side", shot(small, Quad{{180, 120}, {430, 170}, {420, 330}, {170, 390}})},
		{"from far below", shot(small, Quad{{240, 120}, {400, 120}, {500, 380}, {140, 380}})},
		{"a large version from the side", shot(large, Quad{{120, 40}, {520, 90}, {500, 400}, {100, 450}})},
		{"out of focus", soften(soften(soften(soften(shot(small, turned(20, 200))))))},
		{"low contrast", faint(shot(small, turned(8, 240)), 110, 150)},
		{"in half shadow and noise", noisy(shot(small, turned(-15, 220)), 12, 0.7)},
		{"white on black", invert(shot(small, turned(30, 240)))},
		{"without its white edge on a table", shot(crop(small, noEdge.Bounds()), turned(10, 220))},
	}
	r := testReader(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := read(t, r, c.name, encodeJPEG(t, c.pic))
			if len(got.Pages) != 1 || len(got.Pages[0].Codes) != 1 || got.Pages[0].Codes[0].Text != value {
				t.Errorf("got %+v, want %s alone", got, value)
			}
		})
	}
}

func TestACodeInsideACodeIsReadBesideIt(t *testing.T) {
	outer := plainPicture(symbolFrom(t, 8, plainBytes("outer")), 10)
	inner := plainPicture(symbol(t, numeric("7")), 2)
	at := outer.Rect.Dx()/2 - inner.Rect.Dx()/2
	for y := range inner.Rect.Dy() {
		copy(outer.Pix[(at+y)*outer.Stride+at:], inner.Pix[y*inner.Stride:(y+1)*inner.Stride])
	}
	got := read(t, testReader(t), "nested", encodePNG(t, outer))
	values := map[string]bool{}
	for _, c := range got.Pages[0].Codes {
		values[string(c.Bytes)] = true
	}
	if !values["outer"] || !values["7"] {
		t.Errorf("got %v, want outer and 7", values)
	}
}
