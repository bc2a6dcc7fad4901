package qr

import (
	"image"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/image/tiff"
)

// mutationValues are the only values printed on mutated pictures.
var mutationValues = []string{"0244500012345", "ABC-123456", "\x93\xec\x95\x94"}

func mutationBase(t testing.TB) []*image.Gray {
	return []*image.Gray{
		plainPicture(symbol(t, numeric(mutationValues[0])), 4),
		plainPicture(symbolFrom(t, 2, alphanumeric(mutationValues[1])), 3),
		plainPicture(symbol(t, plainBytes(mutationValues[2])), 3),
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

// mutatedPictures is the environment variable that names the pictures of the
// mutation run: "100000", or "50000-100000" for one stretch of them.
const mutatedPictures = "MADOGUCHI_QR_PICTURES"

func picturesWanted(t *testing.T) (first, end int) {
	t.Helper()
	s := os.Getenv(mutatedPictures)
	if s == "" {
		return 0, 40
	}
	from, to, stretch := strings.Cut(s, "-")
	if !stretch {
		from, to = "0", s
	}
	first, err := strconv.Atoi(from)
	if err == nil {
		end, err = strconv.Atoi(to)
	}
	if err != nil || first >= end {
		t.Fatalf("%s=%s: want a number or a stretch of numbers", mutatedPictures, s)
	}
	return first, end
}

// mutatedPicture is picture i of the mutation run. Most are small, because what
// breaks a decoder needs no size; one of a hundred is a whole page.
func mutatedPicture(small, pages []*image.Gray, i int) *image.Gray {
	r := rand.New(rand.NewPCG(11, uint64(i)))
	switch {
	case i%2000 == 1999:
		return mutate(pages[1:], r)
	case i%100 == 99:
		return mutate(pages[:1], r)
	}
	pair := slices.Clone(small)
	if i%10 > 0 {
		pair = pair[:3] // the largest code takes as long as all others
	}
	r.Shuffle(len(pair), func(i, j int) { pair[i], pair[j] = pair[j], pair[i] })
	return mutate(pair[:2], r)
}

// mutationPages are a page at 100 dpi and one at 300, with twelve codes each.
func mutationPages(small []*image.Gray) []*image.Gray {
	draw := func(dpi, zoom int) *image.Gray {
		page := newGray(827*dpi/100, 1169*dpi/100)
		for i := range page.Pix {
			page.Pix[i] = 255
		}
		for i := range 12 {
			code := small[i%len(small)]
			code = scale(code, code.Rect.Dx()*zoom, code.Rect.Dy()*zoom)
			paste(page, code, (60+250*(i%3))*dpi/100, (60+270*(i/3))*dpi/100)
		}
		return page
	}
	return []*image.Gray{draw(100, 1), draw(300, 3)}
}

// TestMutatedPicturesNeverBreakTheReaderOrGiveAFalseValue reads them as the product would: many pages a file, one
// child for the file, the product's own limits.
func TestMutatedPicturesNeverBreakTheReaderOrGiveAFalseValue(t *testing.T) {
	first, end := picturesWanted(t)
	const perFile = 250
	small := mutationBase(t)
	large := mutationPages(small)
	r := testReader(t)
	run := mutationRun{slowest: time.Nanosecond}
	for from := first; from < end; from += perFile {
		var pages [][]byte
		for i := from; i < min(from+perFile, end); i++ {
			pages = append(pages, encodeTIFF(t, mutatedPicture(small, large, i), tiff.Uncompressed))
		}
		run.read(t, r, from, chainTIFF(t, pages...))
		if (from-first)%10000 == 0 {
			t.Logf("up to picture %d: %+v", from+len(pages), run)
		}
	}
	if run.codes < run.pictures/4 {
		t.Errorf("got %d codes on %d pictures, want the milder damage to be read", run.codes, run.pictures)
	}
	if run.memory > r.Limits.Memory {
		t.Errorf("got a child of %d MiB, want at most %d", run.memory>>20, r.Limits.Memory>>20)
	}
	t.Logf("%d pictures, %d codes, slowest page %v, largest child %d MiB, %v of processor time",
		run.pictures, run.codes, run.slowest.Round(time.Millisecond), run.memory>>20, childrenTime(t))
}

type mutationRun struct {
	pictures, codes int
	slowest         time.Duration // between two pages, start of the child included
	memory          int64         // of the largest child
}

func (m *mutationRun) read(t *testing.T, r *Reader, from int, data []byte) {
	t.Helper()
	got := File{Name: "mutated.tif"}
	last := time.Now()
	err := r.Continue(t.Context(), &got, data, func() error {
		m.slowest = max(m.slowest, time.Since(last))
		last = time.Now()
		return nil
	})
	if err != nil || got.Refused != "" || len(got.Pages) != got.Count {
		t.Fatalf("pictures from %d: got %v, refusal %q, %d pages, want %d", from, err, got.Refused, len(got.Pages), got.Count)
	}
	for i, p := range got.Pages {
		if p.Refused != "" {
			t.Errorf("picture %d: got refusal %q, want it read", from+i, p.Refused)
		}
		for _, c := range p.Codes {
			m.codes++
			if !slices.Contains(mutationValues, string(c.Bytes)) {
				t.Errorf("picture %d: got value %q, which is not printed", from+i, c.Bytes)
			}
		}
	}
	m.pictures += len(got.Pages)
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &used); err != nil {
		t.Fatal(err)
	}
	m.memory = used.Maxrss * 1024
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
