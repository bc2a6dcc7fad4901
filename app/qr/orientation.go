package qr

import (
	"bytes"
	"encoding/binary"
	"image"
)

// Orientation values of EXIF and TIFF tag 274: how the stored picture must be
// turned to stand upright. Browsers turn photographs likewise, so positions
// fit what staff see.
const orientationTag = 274

// jpegOrientation is the value in the EXIF segment of a JPEG file, 1 if there
// is none.
func jpegOrientation(data []byte) int {
	at := 2
	for at+4 <= len(data) && data[at] == 0xff {
		marker, size := data[at+1], int(binary.BigEndian.Uint16(data[at+2:]))
		if marker == 0xda || size < 2 || at+2+size > len(data) {
			break
		}
		body := data[at+4 : at+2+size]
		if marker == 0xe1 && bytes.HasPrefix(body, []byte("Exif\x00\x00")) {
			return exifOrientation(body[6:])
		}
		at += 2 + size
	}
	return 1
}

func exifOrientation(tiff []byte) int {
	order, first, ok := tiffHeader(tiff)
	if !ok {
		return 1
	}
	d, ok := readDirectory(tiff, order, first)
	if !ok {
		return 1
	}
	return d.orientation
}

// upright turns and mirrors g by an orientation value, 1 to 8.
func upright(g *image.Gray, orientation int) *image.Gray {
	if orientation < 2 || orientation > 8 {
		return g
	}
	w, h := g.Rect.Dx(), g.Rect.Dy()
	turned := orientation >= 5
	dst := newGray(w, h)
	if turned {
		dst = newGray(h, w)
	}
	for y := range h {
		for x := range w {
			tx, ty := x, y
			switch orientation {
			case 2:
				tx = w - 1 - x
			case 3:
				tx, ty = w-1-x, h-1-y
			case 4:
				ty = h - 1 - y
			case 5:
				tx, ty = y, x
			case 6:
				tx, ty = h-1-y, x
			case 7:
				tx, ty = h-1-y, w-1-x
			case 8:
				tx, ty = y, w-1-x
			}
			dst.Pix[ty*dst.Stride+tx] = g.Pix[y*g.Stride+x]
		}
	}
	return dst
}
