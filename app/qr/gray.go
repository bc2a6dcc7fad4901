package qr

import (
	"image"
	"image/color"
	"math"
)

// Every picture in this package is a zero-origin *image.Gray whose Stride is
// its width: goqr and the loops here rely on both, and a picture copied with a
// wrong stride is sheared, which finds nothing and can hang goqr.

func newGray(w, h int) *image.Gray { return image.NewGray(image.Rect(0, 0, w, h)) }

// toGray copies any picture, transparent parts becoming white paper.
func toGray(src image.Image) *image.Gray {
	b := src.Bounds()
	dst := newGray(b.Dx(), b.Dy())
	for y := range b.Dy() {
		row := dst.Pix[y*dst.Stride : y*dst.Stride+b.Dx()]
		grayRow(row, src, b.Min.X, b.Min.Y+y)
	}
	return dst
}

// grayRow fills row from the pixels of src starting at x0, y. The kinds that
// scanners and telephones produce are read directly; asking them pixel by
// pixel for a color.Color takes seconds a page.
func grayRow(row []byte, src image.Image, x0, y int) {
	switch m := src.(type) {
	case *image.Gray:
		copy(row, m.Pix[m.PixOffset(x0, y):])
	case *image.YCbCr:
		copy(row, m.Y[m.YOffset(x0, y):])
	case *image.RGBA:
		p := m.Pix[m.PixOffset(x0, y):]
		for i := range row {
			row[i] = luma(p[4*i], p[4*i+1], p[4*i+2]) + 255 - p[4*i+3]
		}
	case *image.NRGBA:
		p := m.Pix[m.PixOffset(x0, y):]
		for i := range row {
			a := int(p[4*i+3])
			row[i] = byte((int(luma(p[4*i], p[4*i+1], p[4*i+2]))*a + 255*(255-a)) / 255)
		}
	case *image.Paletted:
		p := m.Pix[m.PixOffset(x0, y):]
		for i := range row {
			row[i] = grayOf(m.Palette[p[i]])
		}
	default:
		for i := range row {
			row[i] = grayOf(src.At(x0+i, y))
		}
	}
}

func luma(r, g, b byte) byte {
	return byte((19595*uint32(r) + 38470*uint32(g) + 7471*uint32(b) + 1<<15) >> 16)
}

func grayOf(c color.Color) byte {
	r, g, b, a := c.RGBA()
	y := (19595*r + 38470*g + 7471*b + 1<<15) >> 16
	return byte((y + 0xffff - a) >> 8)
}

// crop copies the part of src inside r; r is cut at the picture's edge.
func crop(src *image.Gray, r image.Rectangle) *image.Gray {
	r = r.Intersect(src.Rect)
	dst := newGray(r.Dx(), r.Dy())
	for y := range r.Dy() {
		copy(dst.Pix[y*dst.Stride:(y+1)*dst.Stride], src.Pix[src.PixOffset(r.Min.X, r.Min.Y+y):])
	}
	return dst
}

// scale resizes by area average when shrinking and bilinearly when growing.
func scale(src *image.Gray, w, h int) *image.Gray {
	if w >= src.Rect.Dx() {
		return grow(src, w, h)
	}
	dst := newGray(w, h)
	sums := make([]float64, w)
	fx, fy := float64(src.Rect.Dx())/float64(w), float64(src.Rect.Dy())/float64(h)
	cols := shares(w, src.Rect.Dx(), fx)
	rows := shares(h, src.Rect.Dy(), fy)
	for y := range h {
		clear(sums)
		for sy := rows[y].from; sy < rows[y].to; sy++ {
			line := src.Pix[sy*src.Stride : sy*src.Stride+src.Rect.Dx()]
			wy := rows[y].weight(sy)
			for x := range w {
				c := cols[x]
				sum := 0.0
				for sx := c.from; sx < c.to; sx++ {
					sum += c.weight(sx) * float64(line[sx])
				}
				sums[x] += wy * sum
			}
		}
		for x, s := range sums {
			dst.Pix[y*dst.Stride+x] = byte(s/(fx*fy) + 0.5)
		}
	}
	return dst
}

// share is the stretch of source pixels one target pixel covers.
type share struct {
	from, to    int
	first, last float64 // weight of the pixels at the ends
}

func (s share) weight(i int) float64 {
	switch i {
	case s.from:
		return s.first
	case s.to - 1:
		return s.last
	}
	return 1
}

func shares(n, limit int, f float64) []share {
	out := make([]share, n)
	for i := range out {
		a, b := float64(i)*f, float64(i+1)*f
		from, to := int(a), min(int(math.Ceil(b)), limit)
		out[i] = share{from: from, to: to, first: float64(from+1) - a, last: b - float64(to-1)}
		if to-from == 1 {
			out[i].first = b - a
		}
	}
	return out
}

func grow(src *image.Gray, w, h int) *image.Gray {
	dst := newGray(w, h)
	fx, fy := float64(src.Rect.Dx())/float64(w), float64(src.Rect.Dy())/float64(h)
	for y := range h {
		sy := (float64(y)+0.5)*fy - 0.5
		for x := range w {
			dst.Pix[y*dst.Stride+x] = byte(bilinear(src, (float64(x)+0.5)*fx-0.5, sy) + 0.5)
		}
	}
	return dst
}

// bilinear is the brightness at x, y, where 0, 0 is the middle of the first
// pixel; outside the picture its edge goes on.
func bilinear(src *image.Gray, x, y float64) float64 {
	x = min(max(x, 0), float64(src.Rect.Dx()-1))
	y = min(max(y, 0), float64(src.Rect.Dy()-1))
	x0, y0 := int(x), int(y)
	x1, y1 := min(x0+1, src.Rect.Dx()-1), min(y0+1, src.Rect.Dy()-1)
	dx, dy := x-float64(x0), y-float64(y0)
	top, bottom := src.Pix[y0*src.Stride:], src.Pix[y1*src.Stride:]
	a := float64(top[x0])*(1-dx) + float64(top[x1])*dx
	b := float64(bottom[x0])*(1-dx) + float64(bottom[x1])*dx
	return a*(1-dy) + b*dy
}

func invert(src *image.Gray) *image.Gray {
	dst := newGray(src.Rect.Dx(), src.Rect.Dy())
	for i, v := range src.Pix {
		dst.Pix[i] = 255 - v
	}
	return dst
}
