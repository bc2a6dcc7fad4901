package qr

import (
	"image"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"golang.org/x/image/tiff"
)

// mutationValues are the only values printed on mutated pictures.
var mutationValues = []string{"0244500012345", "ABC-123456", "\x93\xec\x95\x94"}

func mutationBase(t testing.TB) []*image.Gray {
	return []*image.Gray{
		plainPicture(symbol(t, numeric(mutationValues[0])), 4),
		plainPicture(symbol(t, alphanumeric(mutationValues[1])), 5),
		plainPicture(symbolFrom(t, 7, plainBytes(mutationValues[2])), 3),
	}
}

// mutate damages codes in the ways that have broken decoders: noise, moved and
// repeated blocks, shearing, false finder patterns, stripes, tearing.
func mutate(base []*image.Gray, r *rand.Rand) *image.Gray {
	pics := slices.Clone(base)
	r.Shuffle(len(pics), func(i, j int) { pics[i], pics[j] = pics[j], pics[i] })
	g := beside(pics[:1+r.IntN(len(pics))]...)
	for range r.IntN(4) {
		g = mutateOnce(g, r)
	}
	return g
}

func mutateOnce(g *image.Gray, r *rand.Rand) *image.Gray {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	switch r.IntN(8) {
	case 0:
		return noisy(g, float64(r.IntN(60)), r.Float64())
	case 1: // a block copied elsewhere
		block := crop(g, image.Rect(r.IntN(w), r.IntN(h), r.IntN(w), r.IntN(h)).Canon())
		paste(g, block, r.IntN(w), r.IntN(h))
	case 2: // sheared, as by a wrong stride
		s := newGray(w, h)
		step := 1 + r.IntN(3)
		for y := range h {
			for x := range w {
				s.Pix[y*w+x] = g.Pix[y*w+(x+y*step)%w]
			}
		}
		return s
	case 3: // a page full of false finder patterns
		size := 14 + r.IntN(30)
		f := scale(finderPicture(), size, size)
		for range 3 + r.IntN(40) {
			paste(g, f, r.IntN(w), r.IntN(h))
		}
	case 4: // stripes
		every, value := 3+r.IntN(20), byte(r.IntN(256))
		for y := 0; y < h; y += every {
			for x := range w {
				g.Pix[y*w+x] = value
			}
		}
	case 5: // seen from anywhere
		q := rectangle(0, 0, float64(w), float64(h)).mapped(func(p Point) Point {
			return Point{p.X + (r.Float64()-0.5)*float64(w)/2, p.Y + (r.Float64()-0.5)*float64(h)/2}
		})
		return warp(exposure{pic: g, corner: q}, w, h).pic
	case 6:
		return invert(g)
	case 7: // torn
		at := r.IntN(h)
		for i := range g.Pix[at*w:] {
			g.Pix[at*w+i] = byte(r.IntN(256))
		}
	}
	return g
}

func paste(dst, src *image.Gray, x, y int) {
	for sy := range min(src.Rect.Dy(), dst.Rect.Dy()-y) {
		n := min(src.Rect.Dx(), dst.Rect.Dx()-x)
		copy(dst.Pix[(y+sy)*dst.Stride+x:(y+sy)*dst.Stride+x+n], src.Pix[sy*src.Stride:])
	}
}

func finderPicture() *image.Gray {
	g := newGray(7, 7)
	for i := range g.Pix {
		if ring := max(abs(i%7-3), abs(i/7-3)); ring == 2 {
			g.Pix[i] = 255
		}
	}
	return g
}

// mutatedPictures is the environment variable that raises the number of
// pictures of the mutation run, for a soak to 100000.
const mutatedPictures = "MADOGUCHI_QR_PICTURES"

func TestMutatedPicturesNeverBreakTheReaderOrGiveAFalseValue(t *testing.T) {
	total := 40
	if s := os.Getenv(mutatedPictures); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatalf("%s: %v", mutatedPictures, err)
		}
		total = n
	}
	const perFile = 100
	base := mutationBase(t)
	r := testReader(t)
	codes := 0
	for first := 0; first < total; first += perFile {
		var pages [][]byte
		for i := first; i < min(first+perFile, total); i++ {
			pages = append(pages, encodeTIFF(t, mutate(base, rand.New(rand.NewPCG(11, uint64(i)))), tiff.Uncompressed))
		}
		got := read(t, r, "mutated.tif", chainTIFF(t, pages...))
		if got.Refused != "" || len(got.Pages) != len(pages) {
			t.Fatalf("pictures from %d: got refusal %q, %d pages, want %d", first, got.Refused, len(got.Pages), len(pages))
		}
		for i, p := range got.Pages {
			if p.Refused != "" {
				t.Errorf("picture %d: got refusal %q, want it read", first+i, p.Refused)
			}
			for _, c := range p.Codes {
				codes++
				if !slices.Contains(mutationValues, string(c.Bytes)) {
					t.Errorf("picture %d: got value %q, which is not printed", first+i, c.Bytes)
				}
			}
		}
	}
	if codes < total/4 {
		t.Errorf("got %d codes on %d pictures, want the milder damage to be read", codes, total)
	}
	t.Logf("%d pictures, %d codes", total, codes)
}

func fuzzLimits() Limits {
	lim := DefaultLimits()
	lim.Pixels = 1_000_000
	lim.Page = 5 * time.Second
	return lim
}

func FuzzPicture(f *testing.F) {
	for i := range uint64(16) {
		f.Add(i, uint64(1))
	}
	base := mutationBase(f)
	f.Fuzz(func(t *testing.T, a, b uint64) {
		pic := mutate(base, rand.New(rand.NewPCG(a, b)))
		page := workPage(&loaded{pic}, 0, fuzzLimits(), &secondReader{limit: secondLimit})
		checkPage(t, page, mutationValues)
	})
}

// loaded is a document of one picture in memory.
type loaded struct{ pic *image.Gray }

func (l *loaded) pages() int                    { return 1 }
func (l *loaded) page(int) (*image.Gray, error) { return l.pic, nil }
func (l *loaded) close() error                  { return nil }

// FuzzFile is for the decoders of pictures; PDF goes to a sandbox of its own.
func FuzzFile(f *testing.F) {
	code := plainPicture(symbol(f, numeric("123")), 3)
	f.Add(encodePNG(f, code))
	f.Add(encodeJPEG(f, code))
	f.Add(encodeTIFF(f, code, tiff.Deflate))
	f.Add(chainTIFF(f, encodeTIFF(f, code, tiff.Uncompressed), encodeTIFF(f, code, tiff.Uncompressed)))
	f.Fuzz(func(t *testing.T, data []byte) {
		if sniff(data) == PDF {
			return
		}
		_, doc, err := openDocument(data, fuzzLimits(), "")
		if err != nil {
			return
		}
		for i := range min(doc.pages(), 4) {
			checkPage(t, workPage(doc, i, fuzzLimits(), &secondReader{limit: secondLimit}), nil)
		}
	})
}

// checkPage holds what is true of every page; values, if given, are all that
// may be read on it.
func checkPage(t *testing.T, p Page, values []string) {
	t.Helper()
	if p.Refused == Crashed {
		t.Error("got a crash, want a page or a refusal")
	}
	for _, c := range p.Codes {
		if len(c.Bytes) == 0 && c.Append == nil {
			t.Errorf("got a code without a value: %+v", c)
		}
		if values != nil && !slices.Contains(values, string(c.Bytes)) {
			t.Errorf("got value %q, which is not printed", c.Bytes)
		}
	}
}
