package draw

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

func read(t *testing.T, pic image.Image) string {
	t.Helper()
	bits, err := gozxing.NewBinaryBitmapFromImage(pic)
	if err != nil {
		t.Fatal(err)
	}
	result, err := qrcode.NewQRCodeReader().Decode(bits, nil)
	if err != nil {
		t.Fatal(err)
	}
	return result.GetText()
}

var bar = regexp.MustCompile(`M(\d+) (\d+)h(\d+)v1h-(\d+)z`)

// painted draws a path as a browser does, each module four pixels wide.
func painted(t *testing.T, s Symbol) image.Image {
	t.Helper()
	pic := image.NewGray(image.Rect(0, 0, 4*s.Side, 4*s.Side))
	for i := range pic.Pix {
		pic.Pix[i] = 255
	}
	if rest := bar.ReplaceAllString(s.Path, ""); rest != "" {
		t.Fatalf("got %q in the path, want bars only", rest)
	}
	for _, m := range bar.FindAllStringSubmatch(s.Path, -1) {
		var n [4]int
		for i := range n {
			var err error
			if n[i], err = strconv.Atoi(m[i+1]); err != nil {
				t.Fatal(err)
			}
		}
		if n[2] != n[3] {
			t.Fatalf("got a bar %d wide and %d back", n[2], n[3])
		}
		for y := 4 * n[1]; y < 4*n[1]+4; y++ {
			for x := 4 * n[0]; x < 4*(n[0]+n[2]); x++ {
				pic.SetGray(x, y, color.Gray{})
			}
		}
	}
	return pic
}

func TestWhatIsDrawnReadsBack(t *testing.T) {
	for _, text := range []string{"1234-5678", "12345670", "https://yoyaku.example.lg.jp/b/abcdefghijklmnopqrstuvwx", "予約番号 一二三", strings.Repeat("x", 500)} {
		s, err := QR(text)
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, painted(t, s)); got != text {
			t.Errorf("SVG path: got %q, want %q", got, text)
		}
		file, err := s.PNG(3)
		if err != nil {
			t.Fatal(err)
		}
		pic, err := png.Decode(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, pic); got != text || pic.Bounds().Dx() != 3*s.Side {
			t.Errorf("PNG: got %q, %d pixels wide, want %q, %d wide", got, pic.Bounds().Dx(), text, 3*s.Side)
		}
		if svg := string(s.SVG()); !strings.Contains(svg, s.Path) || !strings.Contains(svg, fmt.Sprintf(`viewBox="0 0 %d %d"`, s.Side, s.Side)) {
			t.Errorf("got %s, want the path in its square", svg)
		}
	}
}

func TestTooLongATextIsRefused(t *testing.T) {
	if _, err := QR(strings.Repeat("x", 3000)); err == nil {
		t.Error("got a code of 3000 bytes, want an error")
	}
}
