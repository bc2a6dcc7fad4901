package app

import (
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"

	qrdraw "madoguchi/app/qr/draw"
)

// A page of the demo's list: A4 at 150 dpi, two codes in a row.
const (
	demoPageWidth  = 1240
	demoPageHeight = 1754
	demoCodePixels = 5 // of a module
	demoCodeApart  = 560
)

// writeDemoList draws a page of a recipient list with the codes that were not
// read yet, to try the reading of pictures with, and returns where it is.
func writeDemoList(cfg Config, payloads []string) (string, error) {
	page := image.NewGray(image.Rect(0, 0, demoPageWidth, demoPageHeight))
	draw.Draw(page, page.Rect, image.White, image.Point{}, draw.Src)
	for i, payload := range payloads {
		symbol, err := qrdraw.QR(payload)
		if err != nil {
			return "", fmt.Errorf("draw demo list: %w", err)
		}
		picture, err := symbol.PNG(demoCodePixels)
		if err != nil {
			return "", fmt.Errorf("draw demo list: %w", err)
		}
		code, err := png.Decode(bytes.NewReader(picture))
		if err != nil {
			return "", fmt.Errorf("draw demo list: %w", err)
		}
		at := image.Pt(100+i%2*demoCodeApart, 100+i/2*demoCodeApart)
		draw.Draw(page, code.Bounds().Add(at), code, code.Bounds().Min, draw.Src)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, page); err != nil {
		return "", fmt.Errorf("draw demo list: %w", err)
	}
	file := filepath.Join(cfg.Data, "demo-list.png")
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		return "", fmt.Errorf("write demo list: %w", err)
	}
	return file, nil
}
