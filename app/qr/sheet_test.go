package qr

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"testing"
)

// sheet is an A4 page of a made-up list, drawn at sheetDPI.
type sheet struct {
	name  string
	pic   *image.Gray
	codes []printedCode
}

// printedCode is a code on a sheet: its value and its middle as a share of the
// page's width and height.
type printedCode struct {
	value  string
	center Point
}

const (
	sheetDPI    = 600
	sheetWidth  = 4960
	sheetHeight = 7016
)

func mm(v float64) int { return int(v * sheetDPI / 25.4) }

// layout says how a sheet is printed.
type layout struct {
	name     string
	cols     int
	rows     int
	side     float64 // of a code, mm
	touching bool    // text stands in the white edges
	pieces   func(t testing.TB, i int) (string, []piece)
}

var names = []string{"髙橋　﨑子", "南部　太郎", "佐々木　栄", "工藤　ひなた", "澤　德次郎", "沼畑　①㈱", "鳥谷部　葵", "四戸　壽"}

func record(i int) string { return fmt.Sprintf("02445%07d%016d", 1234567+i, 98765432109+i*7919) }

// layouts are the seven kinds of pages the targets speak of.
func layouts() []layout {
	return []layout{
		{"A10 numeric", 2, 5, 22, false, func(_ testing.TB, i int) (string, []piece) {
			return record(i), []piece{numeric(record(i))}
		}},
		{"B15 UTF-8", 3, 5, 20, false, func(_ testing.TB, i int) (string, []piece) {
			s := fmt.Sprintf("ABC%06d,%s,三戸郡南部町大字平字広場%d", i, names[i%len(names)], i)
			return s, []piece{plainBytes(s)}
		}},
		{"C20 digits and Shift_JIS", 4, 5, 18, false, func(t testing.TB, i int) (string, []piece) {
			s := sjis(t, ","+names[i%len(names)]+",S45.01.02")
			return record(i) + s, []piece{numeric(record(i)), plainBytes(s)}
		}},
		{"D18 kanji mode", 3, 6, 16, false, func(t testing.TB, i int) (string, []piece) {
			digits, text := record(i)[:12], sjis(t, "青森県三戸郡南部町大字苫米地字下宿")
			return digits + text, []piece{numeric(digits), kanji(text)}
		}},
		{"E20 alphanumeric", 4, 5, 12, false, func(_ testing.TB, i int) (string, []piece) {
			s := fmt.Sprintf("ABC-%06d/%010d", 1000+i, 77777*i)
			return s, []piece{alphanumeric(s)}
		}},
		{"F20 touched by text", 4, 5, 15, true, func(t testing.TB, i int) (string, []piece) {
			s := sjis(t, names[i%len(names)])
			return record(i) + s, []piece{numeric(record(i)), plainBytes(s)}
		}},
		{"G24 all modes", 4, 6, 16, false, func(t testing.TB, i int) (string, []piece) {
			s, k := sjis(t, names[i%len(names)]), sjis(t, "南部町")
			return record(i) + "ABC" + s + k, []piece{numeric(record(i)), alphanumeric("ABC"), plainBytes(s), kanji(k)}
		}},
	}
}

// draw prints a sheet with codes in a grid, lines of a table and text.
func draw(t testing.TB, l layout) sheet {
	t.Helper()
	s := sheet{name: l.name, pic: newGray(sheetWidth, sheetHeight)}
	for i := range s.pic.Pix {
		s.pic.Pix[i] = 255
	}
	r := rand.New(rand.NewPCG(1, uint64(len(l.name))))
	w, h := (sheetWidth-mm(30))/l.cols, (sheetHeight-mm(50))/l.rows
	s.text(r, image.Rect(mm(15), mm(8), sheetWidth-mm(15), mm(20)), mm(4))
	for i := range l.cols * l.rows {
		cell := image.Rect(0, 0, w, h).Add(image.Pt(mm(15)+i%l.cols*w, mm(25)+i/l.cols*h))
		s.fill(image.Rect(cell.Min.X, cell.Min.Y, cell.Max.X, cell.Min.Y+mm(0.3)))
		s.fill(image.Rect(cell.Min.X, cell.Min.Y, cell.Min.X+mm(0.3), cell.Max.Y))
		value, pieces := l.pieces(t, i)
		modules := symbol(t, pieces...)
		at := cell.Min.Add(image.Pt(mm(3), mm(3)))
		side := s.code(modules, at, mm(l.side))
		s.codes = append(s.codes, printedCode{value, Point{
			(float64(at.X) + side/2) / sheetWidth, (float64(at.Y) + side/2) / sheetHeight}})
		gap := mm(3)
		if l.touching {
			gap = mm(0.4)
		}
		s.text(r, image.Rect(at.X+int(side)+gap, at.Y, cell.Max.X-mm(1), at.Y+int(side)), mm(3))
		s.text(r, image.Rect(at.X, at.Y+int(side)+gap, cell.Max.X-mm(1), cell.Max.Y-mm(1)), mm(3))
	}
	return s
}

func (s *sheet) fill(r image.Rectangle) {
	r = r.Intersect(s.pic.Rect)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			s.pic.Pix[y*s.pic.Stride+x] = 20
		}
	}
}

// code prints modules and gives the side really used, in pixels.
func (s *sheet) code(modules [][]bool, at image.Point, side int) float64 {
	m := side / len(modules)
	for y, row := range modules {
		for x, black := range row {
			if black {
				s.fill(image.Rect(0, 0, m, m).Add(at).Add(image.Pt(x*m, y*m)))
			}
		}
	}
	return float64(m * len(modules))
}

// text fills r with signs as dense as kanji, among them squares in squares
// like 回 that resemble finder patterns.
func (s *sheet) text(r *rand.Rand, area image.Rectangle, size int) {
	for y := area.Min.Y; y+size <= area.Max.Y; y += size * 3 / 2 {
		for x := area.Min.X; x+size <= area.Max.X; x += size {
			box := image.Rect(x, y, x+size*9/10, y+size*9/10)
			switch r.IntN(6) {
			case 0:
			case 1:
				s.ring(box, size/9)
				s.ring(box.Inset(size/4), size/9)
			default:
				for range 3 + r.IntN(4) {
					at := r.IntN(size * 8 / 10)
					if r.IntN(2) == 0 {
						s.fill(image.Rect(box.Min.X, y+at, box.Max.X, y+at+size/10+1))
					} else {
						s.fill(image.Rect(x+at, box.Min.Y, x+at+size/10+1, box.Max.Y))
					}
				}
			}
		}
	}
}

func (s *sheet) ring(r image.Rectangle, w int) {
	s.fill(image.Rect(r.Min.X, r.Min.Y, r.Max.X, r.Min.Y+w))
	s.fill(image.Rect(r.Min.X, r.Max.Y-w, r.Max.X, r.Max.Y))
	s.fill(image.Rect(r.Min.X, r.Min.Y, r.Min.X+w, r.Max.Y))
	s.fill(image.Rect(r.Max.X-w, r.Min.Y, r.Max.X, r.Max.Y))
}

// exposure is a picture of a sheet and where the sheet's corners lie in it.
type exposure struct {
	pic    *image.Gray
	corner Quad
	jpeg   int // quality it is stored with, 0 for PNG
}

// degradation is a way a sheet becomes a file. least is the share of codes
// that must be read, all kinds of pages together.
type degradation struct {
	name  string
	least float64
	apply func(s sheet) exposure
}

func degradations() []degradation {
	return []degradation{
		{"300 dpi clean", 0.995, func(s sheet) exposure { return at(s, 300) }},
		{"300 dpi scan", 0.995, func(s sheet) exposure { return scan(s, 300, 1.3, 75) }},
		{"300 dpi quarter turn", 0.995, func(s sheet) exposure { return scan(s, 300, 90, 80) }},
		{"200 dpi clean", 0.995, func(s sheet) exposure { return at(s, 200) }},
		{"200 dpi scan", 0.995, func(s sheet) exposure { return scan(s, 200, -0.8, 75) }},
		{"200 dpi skewed 3°", 0.995, func(s sheet) exposure { return scan(s, 200, 3, 80) }},
		{"200 dpi 1-bit", 0.995, func(s sheet) exposure { return oneBit(at(s, 200)) }},
		{"150 dpi scan", 0.975, func(s sheet) exposure { return scan(s, 150, 1, 78) }},
		{"photograph 12 MP", 0.975, func(s sheet) exposure { return photograph(s, 3000, 4000) }},
		{"photograph 3 MP", 0.975, func(s sheet) exposure { return photograph(s, 1536, 2048) }},
	}
}

func at(s sheet, dpi int) exposure {
	w, h := sheetWidth*dpi/sheetDPI, sheetHeight*dpi/sheetDPI
	return exposure{pic: scale(s.pic, w, h), corner: rectangle(0, 0, float64(w), float64(h))}
}

// scan turns the sheet, softens it and adds the noise of a scanner.
func scan(s sheet, dpi int, degrees float64, quality int) exposure {
	e := at(s, dpi)
	w, h := e.pic.Rect.Dx(), e.pic.Rect.Dy()
	sin, cos := math.Sincos(degrees * math.Pi / 180)
	mid := Point{float64(w) / 2, float64(h) / 2}
	if degrees == 90 {
		w, h = h, w
	}
	to := Point{float64(w) / 2, float64(h) / 2}
	e.corner = e.corner.mapped(func(p Point) Point {
		d := p.sub(mid)
		return Point{d.X*cos - d.Y*sin, d.X*sin + d.Y*cos}.add(to)
	})
	e = warp(e, w, h)
	e.pic = noisy(soften(e.pic), 7, 0)
	e.jpeg = quality
	return e
}

// photograph shows the sheet askew, in perspective, in uneven light.
func photograph(s sheet, w, h int) exposure {
	dpi := h * 1000 / 11690
	e := at(s, dpi)
	fw, fh := float64(w), float64(h)
	e.corner = Quad{{0.06 * fw, 0.05 * fh}, {0.93 * fw, 0.03 * fh}, {0.985 * fw, 0.97 * fh}, {0.02 * fw, 0.95 * fh}}
	e = warp(e, w, h)
	e.pic = noisy(soften(e.pic), 6, 0.45)
	e.jpeg = 85
	return e
}

// warp draws e.pic, a whole sheet, into e.corner of a new picture.
func warp(e exposure, w, h int) exposure {
	src := e.pic
	back := quadTo(e.corner, rectangle(0, 0, float64(src.Rect.Dx()), float64(src.Rect.Dy())))
	out := newGray(w, h)
	for y := range h {
		for x := range w {
			p := back.at(float64(x)+0.5, float64(y)+0.5)
			v := 90.0 // the table under the sheet
			if p.X >= 0 && p.Y >= 0 && p.X < float64(src.Rect.Dx()) && p.Y < float64(src.Rect.Dy()) {
				v = bilinear(src, p.X-0.5, p.Y-0.5)
			}
			out.Pix[y*w+x] = byte(v)
		}
	}
	e.pic = out
	return e
}

// soften is a weak blur of one pixel.
func soften(g *image.Gray) *image.Gray {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	out := newGray(w, h)
	copy(out.Pix, g.Pix)
	for y := 1; y < h-1; y++ {
		for x := 1; x < w-1; x++ {
			i := y*w + x
			sum := 4*int(g.Pix[i]) + int(g.Pix[i-1]) + int(g.Pix[i+1]) + int(g.Pix[i-w]) + int(g.Pix[i+w])
			out.Pix[i] = byte(sum / 8)
		}
	}
	return out
}

// noisy adds noise of sigma brightness steps and darkens the picture towards
// one corner by the share shade.
func noisy(g *image.Gray, sigma, shade float64) *image.Gray {
	r := rand.New(rand.NewPCG(2, 3))
	w, h := g.Rect.Dx(), g.Rect.Dy()
	for y := range h {
		for x := range w {
			light := 1 - shade*(float64(x)/float64(w)+float64(y)/float64(h))/2
			v := float64(g.Pix[y*w+x])*light + r.NormFloat64()*sigma
			g.Pix[y*w+x] = byte(min(max(v, 0), 255))
		}
	}
	return g
}

func oneBit(e exposure) exposure {
	for i, v := range e.pic.Pix {
		e.pic.Pix[i] = 0
		if v > 128 {
			e.pic.Pix[i] = 255
		}
	}
	return e
}

// file is the exposure as a scanner or telephone stores it.
func (e exposure) file(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	var err error
	if e.jpeg > 0 {
		err = jpeg.Encode(&b, e.pic, &jpeg.Options{Quality: e.jpeg})
	} else {
		err = png.Encode(&b, e.pic)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// place is where a point of the sheet, given as shares, lies in the exposure.
func (e exposure) place(p Point) Point { return squareTo(e.corner).at(p.X, p.Y) }
