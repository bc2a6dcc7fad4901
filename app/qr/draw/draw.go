// Package draw makes QR codes: of a booking number on the slip that someone
// takes home, or of an address on a page. It promises that what it draws reads
// back as the same text.
package draw

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"strings"

	"github.com/makiuchi-d/gozxing/qrcode/decoder"
	"github.com/makiuchi-d/gozxing/qrcode/encoder"
)

// quiet is the empty border that a reader needs around a code, in modules
// (ISO/IEC 18004, 9.1).
const quiet = 4

// Symbol is a QR code. Its template part, "qr", draws it as it is.
type Symbol struct {
	Side int // modules along one side, with the border
	// Path is the dark modules as the data of one SVG path, in a square of Side.
	Path string

	dark [][]bool
}

// QR makes the code of a text, with error correction M: a fold or a spot of ink
// does no harm. It fails for a text of more than about two thousand bytes.
func QR(text string) (Symbol, error) {
	code, err := encoder.Encoder_encode(text, decoder.ErrorCorrectionLevel_M, nil)
	if err != nil {
		return Symbol{}, fmt.Errorf("make QR code of %d bytes: %w", len(text), err)
	}
	m := code.GetMatrix()
	s := Symbol{Side: m.GetWidth() + 2*quiet, dark: make([][]bool, m.GetHeight())}
	for y := range s.dark {
		s.dark[y] = make([]bool, m.GetWidth())
		for x := range s.dark[y] {
			s.dark[y][x] = m.Get(x, y) == 1
		}
	}
	s.Path = s.path()
	return s, nil
}

// path draws each row's runs of dark modules as bars.
func (s Symbol) path() string {
	var b strings.Builder
	for y, row := range s.dark {
		for x := 0; x < len(row); x++ {
			if !row[x] {
				continue
			}
			from := x
			for x < len(row) && row[x] {
				x++
			}
			fmt.Fprintf(&b, "M%d %dh%dv1h-%dz", from+quiet, y+quiet, x-from, x-from)
		}
	}
	return b.String()
}

// SVG is the code as a file of its own.
func (s Symbol) SVG() []byte {
	return fmt.Appendf(nil, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d"><path fill="#fff" d="M0 0h%dv%dH0z"/><path d="%s"/></svg>`,
		s.Side, s.Side, s.Side, s.Side, s.Path)
}

// PNG is the code as a black and white picture, each module that many pixels wide.
func (s Symbol) PNG(scale int) ([]byte, error) {
	pic := image.NewPaletted(image.Rect(0, 0, s.Side*scale, s.Side*scale), color.Palette{color.White, color.Black})
	for y, row := range s.dark {
		for x, dark := range row {
			if !dark {
				continue
			}
			for py := (y + quiet) * scale; py < (y+quiet+1)*scale; py++ {
				for px := (x + quiet) * scale; px < (x+quiet+1)*scale; px++ {
					pic.SetColorIndex(px, py, 1)
				}
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, pic); err != nil {
		return nil, fmt.Errorf("draw QR code: %w", err)
	}
	return b.Bytes(), nil
}
