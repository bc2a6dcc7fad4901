// Package picture reads the pictures that people upload: every one is decoded to
// its last line, so that nothing is served that a browser would guess at.
package picture

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // the two formats that every browser of an office shows
	"image/png"

	"golang.org/x/image/draw"
)

// What is wrong with an upload.
var (
	ErrForm     = errors.New("not a PNG or JPEG of a size that can be shown")
	ErrTooLarge = errors.New("picture is too large")
)

// The pixels are bounded because a small file can unfold into a picture without
// end.
const (
	mostSide = 4000
	mostArea = 12_000_000
)

// Picture is a picture as it is kept.
type Picture struct {
	Hash          string // SHA-256 of Body, in hexadecimal; its address
	MediaType     string // image/png or image/jpeg
	Width, Height int    // pixels
	Body          []byte
}

func kept(format string, size image.Point, body []byte) Picture {
	sum := sha256.Sum256(body)
	return Picture{Hash: hex.EncodeToString(sum[:]), MediaType: "image/" + format, Width: size.X, Height: size.Y, Body: body}
}

// Read takes a picture of at most so many bytes as it is. Errors: ErrForm,
// ErrTooLarge.
func Read(body []byte, most int) (Picture, error) {
	drawn, format, err := decode(body, most)
	if err != nil {
		return Picture{}, err
	}
	return kept(format, drawn.Bounds().Size(), body), nil
}

func decode(body []byte, most int) (image.Image, string, error) {
	if len(body) > most {
		return nil, "", ErrTooLarge
	}
	config, _, err := image.DecodeConfig(bytes.NewReader(body))
	if err != nil || config.Width < 1 || config.Height < 1 || config.Width > mostSide || config.Height > mostSide || config.Width*config.Height > mostArea {
		return nil, "", ErrForm
	}
	drawn, format, err := image.Decode(bytes.NewReader(body))
	if err != nil {
		return nil, "", ErrForm
	}
	return drawn, format, nil
}

// Box is what a picture drawn anew has to fit in.
type Box struct{ Width, Height, Bytes int }

// Redraw reads a picture of at most so many bytes and draws it anew as PNG, so
// that nothing that somebody hid in the file is passed on. It is made smaller
// until it fits the box. Errors: ErrForm, ErrTooLarge (also for a picture that
// does not fit even at a quarter of the box).
func Redraw(body []byte, most int, box Box) (Picture, error) {
	source, _, err := decode(body, most)
	if err != nil {
		return Picture{}, err
	}
	from := source.Bounds()
	for part := 1.0; part >= .25; part *= .8 {
		scale := min(1, part*float64(box.Height)/float64(from.Dy()), part*float64(box.Width)/float64(from.Dx()))
		to := image.Pt(max(1, int(float64(from.Dx())*scale)), max(1, int(float64(from.Dy())*scale)))
		drawn := image.NewNRGBA(image.Rectangle{Max: to})
		draw.CatmullRom.Scale(drawn, drawn.Bounds(), source, from, draw.Src, nil)
		var out bytes.Buffer
		if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, drawn); err != nil {
			return Picture{}, fmt.Errorf("draw picture: %w", err)
		}
		if out.Len() <= box.Bytes {
			return kept("png", to, out.Bytes()), nil
		}
	}
	return Picture{}, ErrTooLarge
}
