package picture

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"testing"
)

// made is a picture of one colour, or of noise.
func made(width, height int, noise bool) *image.NRGBA {
	r := rand.New(rand.NewPCG(1, 2))
	drawn := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			c := color.NRGBA{0, 90, 30, 255}
			if noise {
				c = color.NRGBA{uint8(r.UintN(256)), uint8(r.UintN(256)), uint8(r.UintN(256)), 255}
			}
			drawn.SetNRGBA(x, y, c)
		}
	}
	return drawn
}

func asPNG(t *testing.T, drawn image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := png.Encode(&out, drawn); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func asJPEG(t *testing.T, drawn image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := jpeg.Encode(&out, drawn, nil); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestPictureIsKeptAsItIs(t *testing.T) {
	body := asJPEG(t, made(40, 30, false))
	p, err := Read(body, 1<<20)
	if err != nil || p.MediaType != "image/jpeg" || p.Width != 40 || p.Height != 30 || !bytes.Equal(p.Body, body) || len(p.Hash) != 64 {
		t.Errorf("got %s %dx%d, %v", p.MediaType, p.Width, p.Height, err)
	}
}

func TestWhatIsNoPictureIsRefused(t *testing.T) {
	whole := asPNG(t, made(60, 60, true))
	for name, body := range map[string][]byte{
		"nothing": nil, "text": []byte("<svg/>"), "cut off": whole[:len(whole)/2], "too wide": asPNG(t, image.NewGray(image.Rect(0, 0, mostSide+1, 1))),
		"too many pixels": asPNG(t, image.NewGray(image.Rect(0, 0, 4000, 3500))),
	} {
		if _, err := Read(body, 1<<20); !errors.Is(err, ErrForm) {
			t.Errorf("%s: got %v, want ErrForm", name, err)
		}
		if _, err := Redraw(body, 1<<20, Box{100, 100, 1 << 20}); !errors.Is(err, ErrForm) {
			t.Errorf("%s: got %v when drawn anew, want ErrForm", name, err)
		}
	}
	if _, err := Read(whole, len(whole)-1); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
}

func TestPictureIsDrawnAnewToFit(t *testing.T) {
	hidden := append(asPNG(t, made(600, 200, false)), "<script>hidden</script>"...)
	p, err := Redraw(hidden, 1<<20, Box{480, 96, 8 << 10})
	if err != nil || p.Width != 288 || p.Height != 96 || p.MediaType != "image/png" || bytes.Contains(p.Body, []byte("hidden")) {
		t.Errorf("got %s %dx%d, %v, want 288x96 and nothing hidden", p.MediaType, p.Width, p.Height, err)
	}
	small, err := Redraw(asJPEG(t, made(30, 20, false)), 1<<20, Box{480, 96, 8 << 10})
	if err != nil || small.Width != 30 || small.Height != 20 {
		t.Errorf("got %dx%d, %v, want a small picture not made larger", small.Width, small.Height, err)
	}
	noise := asPNG(t, made(300, 96, true))
	p, err = Redraw(noise, 1<<20, Box{480, 96, 20 << 10})
	if err != nil || p.Height >= 96 || len(p.Body) > 20<<10 {
		t.Errorf("got height %d with %d bytes, %v, want it smaller until it fits", p.Height, len(p.Body), err)
	}
	if _, err := Redraw(noise, 1<<20, Box{480, 96, 200}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
}
