package qr

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"testing"

	"golang.org/x/image/tiff"
)

func encodePNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func encodeJPEG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// chainTIFF is one file with the pages of several little-endian TIFF files:
// offsets are moved, and each directory points at the next one.
func chainTIFF(t testing.TB, files ...[]byte) []byte {
	t.Helper()
	le := binary.LittleEndian
	out := []byte("II*\x00\x00\x00\x00\x00")
	pointer := 4
	for _, f := range files {
		base := uint32(len(out))
		dir := le.Uint32(f[4:])
		count := int(le.Uint16(f[dir:]))
		moved := append([]byte(nil), f...)
		for i := range count {
			e := int(dir) + 2 + 12*i
			size := map[uint16]uint32{1: 1, 2: 1, 3: 2, 4: 4, 5: 8}[le.Uint16(moved[e+2:])] * le.Uint32(moved[e+4:])
			tag := le.Uint16(moved[e:])
			// The strip's own offset is a value, all longer fields are offsets.
			if tag == 273 || size > 4 {
				le.PutUint32(moved[e+8:], le.Uint32(moved[e+8:])+base)
			}
		}
		le.PutUint32(out[pointer:], base+dir)
		out = append(out, moved...)
		pointer = int(base+dir) + 2 + 12*count
	}
	le.PutUint32(out[pointer:], 0)
	return out
}

func encodeTIFF(t testing.TB, img image.Image, how tiff.CompressionType) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := tiff.Encode(&b, img, &tiff.Options{Compression: how}); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func valuesByPage(f File) [][]string {
	var out [][]string
	for _, p := range f.Pages {
		var values []string
		for _, c := range p.Codes {
			values = append(values, string(c.Bytes))
		}
		out = append(out, values)
	}
	return out
}

func TestEveryPageOfATIFFIsRead(t *testing.T) {
	var files [][]byte
	want := []string{"100", "200", "300"}
	for i, v := range want {
		how := []tiff.CompressionType{tiff.Uncompressed, tiff.Deflate, tiff.Uncompressed}[i]
		files = append(files, encodeTIFF(t, plainPicture(symbol(t, numeric(v)), 5+i), how))
	}
	got := read(t, testReader(t), "list.tif", chainTIFF(t, files...))
	if got.Format != TIFF || got.Refused != "" || len(got.Pages) != 3 {
		t.Fatalf("got %+v, want three pages of TIFF", got)
	}
	for i, values := range valuesByPage(got) {
		if len(values) != 1 || values[0] != want[i] || got.Pages[i].Number != i+1 {
			t.Errorf("page %d: got number %d, %q, want %s", i+1, got.Pages[i].Number, values, want[i])
		}
	}
}

func TestFilesThatCannotBeReadSayWhy(t *testing.T) {
	code := plainPicture(symbol(t, numeric("123")), 4)
	wide := encodePNG(t, code)
	binary.BigEndian.PutUint32(wide[16:], 100_000)
	binary.BigEndian.PutUint32(wide[20:], 100_000)
	fixCRC(wide)
	looping := encodeTIFF(t, code, tiff.Uncompressed)
	dir := binary.LittleEndian.Uint32(looping[4:])
	binary.LittleEndian.PutUint32(looping[int(dir)+2+12*int(binary.LittleEndian.Uint16(looping[dir:])):], dir)
	strange := encodeTIFF(t, code, tiff.Uncompressed)
	setTag(strange, 259, 7) // JPEG inside TIFF
	cases := []struct {
		name string
		data []byte
		want Refusal // of the file, or of its only page
	}{
		{"nothing", nil, UnknownFormat},
		{"a text file", []byte("番号,氏名\n"), UnknownFormat},
		{"a photograph of an iPhone", []byte("\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"), HEIC},
		{"a PNG that announces 10 gigapixels", wide, TooManyPixels},
		{"a PNG cut short", encodePNG(t, code)[:200], Damaged},
		{"a JPEG cut short", encodeJPEG(t, code)[:300], Damaged},
		{"a TIFF whose pages run in a circle", looping, Damaged},
		{"a TIFF in a compression unknown here", strange, Compression},
		{"a PDF of nonsense", []byte("%PDF-1.7\nnonsense"), Damaged},
	}
	r := testReader(t)
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got := read(t, r, "upload", c.data)
			why := got.Refused
			if why == "" && len(got.Pages) == 1 {
				why = got.Pages[0].Refused
			}
			if why != c.want {
				t.Errorf("got refusal %q (%+v), want %q", why, got, c.want)
			}
			if refusalWords[why] == "" {
				t.Errorf("got no words for %q, want a sentence", why)
			}
		})
	}
}

func TestLimitsAreKept(t *testing.T) {
	code := plainPicture(symbol(t, numeric("123")), 4)
	pages := chainTIFF(t, encodeTIFF(t, code, tiff.Uncompressed), encodeTIFF(t, code, tiff.Uncompressed))
	cases := []struct {
		name string
		set  func(*Limits)
		data []byte
		want Refusal
	}{
		{"bytes", func(l *Limits) { l.Bytes = 100 }, encodePNG(t, code), TooManyBytes},
		{"pages", func(l *Limits) { l.Pages = 1 }, pages, TooManyPages},
		{"pixels", func(l *Limits) { l.Pixels = 1000 }, encodePNG(t, code), TooManyPixels},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			r := testReader(t)
			c.set(&r.Limits)
			got := read(t, r, "upload", c.data)
			why := got.Refused
			if why == "" {
				why = got.Pages[0].Refused
			}
			if why != c.want {
				t.Errorf("got %q, want %q", why, c.want)
			}
		})
	}
}

func TestEveryKindOfPictureBecomesTheSameGray(t *testing.T) {
	const w, h = 5, 3
	level := func(x, y int) uint8 { return uint8(40*x + 15*y) }
	gray, sub := image.NewGray(image.Rect(0, 0, w, h)), image.NewGray(image.Rect(-2, -2, w+4, h+4))
	nrgba, rgba := image.NewNRGBA(gray.Rect), image.NewRGBA(gray.Rect)
	deep, ycc := image.NewGray16(gray.Rect), image.NewYCbCr(gray.Rect, image.YCbCrSubsampleRatio420)
	palette := make(color.Palette, 256)
	for i := range palette {
		palette[i] = color.Gray{Y: uint8(i)}
	}
	indexed := image.NewPaletted(gray.Rect, palette)
	for i := range ycc.Cb {
		ycc.Cb[i], ycc.Cr[i] = 128, 128
	}
	for y := range h {
		for x := range w {
			c := color.Gray{Y: level(x, y)}
			gray.Set(x, y, c)
			sub.Set(x+1, y+1, c)
			nrgba.Set(x, y, c)
			rgba.Set(x, y, c)
			deep.Set(x, y, c)
			indexed.Set(x, y, c)
			ycc.Y[ycc.YOffset(x, y)] = c.Y
		}
	}
	for name, img := range map[string]image.Image{"Gray": gray, "part of a Gray": sub.SubImage(image.Rect(1, 1, 1+w, 1+h)),
		"NRGBA": nrgba, "RGBA": rgba, "Gray16": deep, "Paletted": indexed, "YCbCr": ycc} {
		got := toGray(img)
		if got.Stride != w || got.Rect != image.Rect(0, 0, w, h) {
			t.Errorf("%s: got stride %d, bounds %v, want %d, zero origin", name, got.Stride, got.Rect, w)
		}
		for y := range h {
			for x := range w {
				if v := got.GrayAt(x, y).Y; v != level(x, y) {
					t.Fatalf("%s: got %d at %d, %d, want %d", name, v, x, y, level(x, y))
				}
			}
		}
	}
	clear := image.NewNRGBA(gray.Rect)
	if v := toGray(clear).Pix[0]; v != 255 {
		t.Errorf("got %d for a transparent pixel, want white paper", v)
	}
}

func TestPhotographsAreTurnedUprightAsBrowsersTurnThem(t *testing.T) {
	src := newGray(3, 2)
	copy(src.Pix, []byte{1, 2, 3, 4, 5, 6})
	want := map[int][]byte{
		1: {1, 2, 3, 4, 5, 6}, 2: {3, 2, 1, 6, 5, 4}, 3: {6, 5, 4, 3, 2, 1}, 4: {4, 5, 6, 1, 2, 3},
		5: {1, 4, 2, 5, 3, 6}, 6: {4, 1, 5, 2, 6, 3}, 7: {6, 3, 5, 2, 4, 1}, 8: {3, 6, 2, 5, 1, 4},
		0: {1, 2, 3, 4, 5, 6}, 99: {1, 2, 3, 4, 5, 6},
	}
	for orientation, pixels := range want {
		if got := upright(src, orientation); !bytes.Equal(got.Pix, pixels) {
			t.Errorf("orientation %d: got %v, want %v", orientation, got.Pix, pixels)
		}
	}
	exif := []byte("\xff\xe1\x00\x22Exif\x00\x00MM\x00*\x00\x00\x00\x08\x00\x01\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06\x00\x00\x00\x00\x00\x00")
	file := encodeJPEG(t, src)
	file = append(append(append([]byte(nil), file[:2]...), exif...), file[2:]...)
	if got := jpegOrientation(file); got != 6 {
		t.Errorf("got orientation %d, want 6", got)
	}
}
