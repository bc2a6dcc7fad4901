package qr

import (
	"image"
	"math"
	"slices"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode/decoder"
)

// grid lays the modules of a code over a contrast picture. Its four points are
// the middles of the three finders and of the place where a fourth would be.
type grid struct {
	n      int // modules along a side
	points Quad
	marks  []mark
	score  float64
}

// mark is a module whose colour the standard fixes.
type mark struct {
	x, y  float64 // its middle, in modules
	black bool
}

func (g grid) transform() transform {
	n := float64(g.n)
	return quadTo(rectangle(3.5, 3.5, n-3.5, n-3.5), g.points)
}

func (g grid) outline() Quad {
	t, n := g.transform(), float64(g.n)
	return rectangle(0, 0, n, n).mapped(func(p Point) Point { return t.at(p.X, p.Y) })
}

// contrast is a crop with uneven light taken out: positive where darker than
// its surroundings, in brightness steps.
type contrast struct {
	w, h int
	v    []float32
}

// newContrast compares each pixel with the mean of the square of radius pixels
// around it.
func newContrast(g *image.Gray, radius int) *contrast {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	sums := integral(g)
	out := &contrast{w: w, h: h, v: make([]float32, w*h)}
	for y := range h {
		y0, y1 := max(y-radius, 0), min(y+radius+1, h)
		top, bottom := sums[y0*(w+1):], sums[y1*(w+1):]
		for x := range w {
			x0, x1 := max(x-radius, 0), min(x+radius+1, w)
			mean := float32(bottom[x1]-bottom[x0]-top[x1]+top[x0]) / float32((x1-x0)*(y1-y0))
			out.v[y*w+x] = mean - float32(g.Pix[y*g.Stride+x])
		}
	}
	return out
}

// at is the contrast at p, 0 outside; 0, 0 is the corner of the first pixel.
func (c *contrast) at(p Point) float64 {
	x, y := p.X-0.5, p.Y-0.5
	if !(x >= 0 && y >= 0 && x < float64(c.w-1) && y < float64(c.h-1)) {
		return 0 // not a number ends here too
	}
	x0, y0 := int(x), int(y)
	dx, dy := float32(x-float64(x0)), float32(y-float64(y0))
	upper := c.v[y0*c.w+x0:]
	lower := upper[c.w : c.w+2]
	a := upper[0] + (upper[1]-upper[0])*dx
	b := lower[0] + (lower[1]-lower[0])*dx
	return float64(a + (b-a)*dy)
}

// limited keeps one very black or bright spot from outweighing many modules.
func (c *contrast) limited(p Point) float64 {
	v := c.at(p)
	if v > 40 {
		return 40
	}
	if v < -40 {
		return -40
	}
	return v
}

// What a grid must match to be worth the next, dearer steps: after one round of
// rough steps, and after all of them. On the pictures of the tests a code that
// is read in the end has reached 0.5 and 0.9 by then, while nineteen of twenty
// places that only look like a code have reached neither 0.3 nor 0.6.
const (
	firstMatch = 0.3
	roughMatch = 0.6
)

// fitGrid finds where the modules of the code with these finders lie, if it has
// n of them along a side. A grid that matches badly after the first steps is
// left at that.
func fitGrid(c *contrast, t triple, n int) grid {
	far := t.right.add(t.down.Point).sub(t.corner.Point)
	g := grid{n: n, points: Quad{t.corner.Point, t.right.Point, far, t.down.Point}}
	version := (n - 17) / 4
	if version >= 2 {
		g.seekAlignment(c)
	}
	g.marks = fixedMarks(n)
	g.score = g.fitness(c, 0)
	if g.climbOnce(c, 0, 0.8); g.match(c) < firstMatch {
		return g
	}
	g.climb(c, 0, 0.8, 0.4)
	if g.match(c) >= roughMatch {
		g.climb(c, 0.4, 0.4, 0.2, 0.1)
	}
	return g
}

// seekAlignment moves the fourth point so that the lower right alignment
// pattern fits best: perspective shows most there.
func (g *grid) seekAlignment(c *contrast) {
	n := float64(g.n)
	t := g.transform()
	half := int(2 * (2 + 0.16*(n-14))) // how far it may be, in half modules
	// Everything looked at lies on one lattice of half modules.
	const rim = 4 // the pattern reaches two modules around its middle
	side := 2*(half+rim) + 1
	shade := make([]float64, side*side)
	at := func(i int) float64 { return n - 6.5 + float64(i-half-rim)/2 }
	for y := range side {
		for x := range side {
			shade[y*side+x] = c.limited(t.at(at(x), at(y)))
		}
	}
	best, found := math.Inf(-1), Point{n - 6.5, n - 6.5}
	for y := rim; y < side-rim; y++ {
		for x := rim; x < side-rim; x++ {
			sum := 0.0
			for my := -2; my <= 2; my++ {
				for mx := -2; mx <= 2; mx++ {
					if v := shade[(y+2*my)*side+x+2*mx]; max(abs(mx), abs(my)) != 1 {
						sum += v
					} else {
						sum -= v
					}
				}
			}
			// A far find must be clearly better than a near one.
			p := Point{at(x), at(y)}
			if sum -= 6 * distance(p, Point{n - 6.5, n - 6.5}); sum > best {
				best, found = sum, p
			}
		}
	}
	from := Quad{{3.5, 3.5}, {n - 3.5, 3.5}, {n - 6.5, n - 6.5}, {3.5, n - 3.5}}
	to := g.points
	to[2] = t.at(found.X, found.Y)
	g.points[2] = quadTo(from, to).at(n-3.5, n-3.5)
}

// climb improves all four points by steps of these sizes, in modules, as long
// as fitness grows.
func (g *grid) climb(c *contrast, data float64, steps ...float64) {
	g.score = g.fitness(c, data)
	for _, step := range steps {
		for range 3 {
			if !g.climbOnce(c, data, step) {
				break
			}
		}
	}
}

// climbOnce tries one step of every point to each side, and says whether any
// was better.
func (g *grid) climbOnce(c *contrast, data, step float64) (moved bool) {
	step *= distance(g.points[0], g.points[1]) / float64(g.n-7)
	for i := range g.points {
		for _, d := range [4]Point{{step, 0}, {-step, 0}, {0, step}, {0, -step}} {
			trial := *g
			trial.points[i] = g.points[i].add(d)
			if trial.score = trial.fitness(c, data); trial.score > g.score {
				*g, moved = trial, true
			}
		}
	}
	return moved
}

// fitness is how well the fixed modules show their colours, plus the share
// data of how clearly the others show any: only a grid in step with the print
// meets the middles of the data modules as well.
func (g *grid) fitness(c *contrast, data float64) float64 {
	t := g.transform()
	sum := 0.0
	for _, m := range g.marks {
		v := c.limited(t.at(m.x, m.y))
		if !m.black {
			v = -v
		}
		sum += v
	}
	if data == 0 {
		return sum
	}
	clear := 0.0
	stride := max(1, g.n*g.n/600)
	for i := 0; i < g.n*g.n; i += stride {
		clear += math.Abs(c.limited(t.at(float64(i%g.n)+0.5, float64(i/g.n)+0.5)))
	}
	return sum + data*clear
}

// match is the share, -1 to 1, of the contrast at the fixed modules that has
// the right sign.
func (g *grid) match(c shades) float64 {
	t := g.transform()
	var signed, all float64
	for _, m := range g.marks {
		v := c.limited(t.at(m.x, m.y))
		all += math.Abs(v)
		if m.black {
			signed += v
		} else {
			signed -= v
		}
	}
	if all == 0 {
		return 0
	}
	return signed / all
}

// fixedMarks are the finders with their white edges, the timing patterns and
// the alignment patterns of a code with n modules a side.
func fixedMarks(n int) []mark {
	var out []mark
	for _, corner := range [3][2]int{{0, 0}, {n - 7, 0}, {0, n - 7}} {
		for y := -1; y <= 7; y++ {
			for x := -1; x <= 7; x++ {
				ax, ay := corner[0]+x, corner[1]+y
				if ax < 0 || ay < 0 || ax >= n || ay >= n {
					continue
				}
				ring := max(abs(x-3), abs(y-3))
				out = append(out, mark{float64(ax) + 0.5, float64(ay) + 0.5, ring != 2 && ring != 4})
			}
		}
	}
	for i := 8; i < n-8; i++ {
		at, black := float64(i)+0.5, i%2 == 0
		out = append(out, mark{at, 6.5, black}, mark{6.5, at, black})
	}
	for _, p := range alignmentCenters(n) {
		out = append(out, alignmentMarks(p.X, p.Y)...)
	}
	return out
}

// alignmentCenters are the middles of all alignment patterns, in modules.
func alignmentCenters(n int) []Point {
	version, err := decoder.Version_GetVersionForNumber((n - 17) / 4)
	if err != nil {
		return nil
	}
	var out []Point
	centers := version.GetAlignmentPatternCenters()
	last := len(centers) - 1
	for i, y := range centers {
		for j, x := range centers {
			if i == 0 && j == 0 || i == 0 && j == last || i == last && j == 0 {
				continue
			}
			out = append(out, Point{float64(x) + 0.5, float64(y) + 0.5})
		}
	}
	return out
}

func alignmentMarks(cx, cy float64) []mark {
	var out []mark
	for y := -2; y <= 2; y++ {
		for x := -2; x <= 2; x++ {
			out = append(out, mark{cx + float64(x), cy + float64(y), max(abs(x), abs(y)) != 1})
		}
	}
	return out
}

func abs(i int) int { return max(i, -i) }

// shades is a picture asked for its colour at a place: positive is black.
type shades interface{ limited(p Point) float64 }

// trial is a number of modules a code may have along its side, and how well
// its timing patterns would alternate, -1 to 1.
type trial struct {
	n     int
	score float64
}

// sizes are the module counts worth trying for t, the likeliest first: the
// timing pattern decides among those near the finders' own estimate.
func sizes(c shades, t triple) []trial {
	guess := t.modules()
	var trials []trial
	for n := 21; n <= 177; n += 4 {
		if math.Abs(float64(n)-guess) > 5+0.14*guess {
			continue
		}
		trials = append(trials, trial{n, timing(c, t, n) - 0.1*math.Abs(float64(n)-guess)/(4+0.1*guess)})
	}
	slices.SortFunc(trials, func(a, b trial) int {
		if a.score > b.score {
			return -1
		}
		return 1
	})
	kept := trials[:min(len(trials), 3)]
	for len(kept) > 1 && kept[len(kept)-1].score < kept[0].score-0.3 {
		kept = kept[:len(kept)-1]
	}
	return kept
}

// timing is the share, -1 to 1, of the contrast along both timing patterns
// that alternates as it should, if t has n modules along a side. Each is looked
// for a little to either side. It is asked of every group of finders there is,
// so it steps along straight lines: three finders know of no perspective yet.
func timing(c shades, t triple, n int) float64 {
	right := t.right.sub(t.corner.Point).times(1 / float64(n-7))
	down := t.down.sub(t.corner.Point).times(1 / float64(n-7))
	const first = 7.5 - 3.5 // from the middle of the finder to the first module
	sum := 0.0
	for _, line := range [2]struct{ along, aside Point }{{right, down}, {down, right}} {
		best := -1.0
		for _, off := range []float64{-0.5, 0, 0.5} {
			p := t.corner.add(line.along.times(first)).add(line.aside.times(6.5 - 3.5 + off))
			var signed, all float64
			for i := 7; i < n-7; i++ {
				v := c.limited(p)
				all += math.Abs(v)
				if i%2 == 0 {
					signed += v
				} else {
					signed -= v
				}
				p = p.add(line.along)
			}
			if all > 0 {
				best = max(best, signed/all)
			}
		}
		sum += best
	}
	return sum / 2
}

// sample reads the colour of every module. at maps module coordinates to the
// crop; spread is the distance, in modules, of four more looks around each
// middle, 0 for one look only.
func sample(c *contrast, n int, at func(x, y float64) Point, spread float64) (*gozxing.BitMatrix, error) {
	out, err := gozxing.NewSquareBitMatrix(n)
	if err != nil {
		return nil, err
	}
	for y := range n {
		for x := range n {
			mx, my := float64(x)+0.5, float64(y)+0.5
			v := c.at(at(mx, my))
			if spread > 0 {
				v += c.at(at(mx-spread, my)) + c.at(at(mx+spread, my)) + c.at(at(mx, my-spread)) + c.at(at(mx, my+spread))
			}
			if v > 0 {
				out.Set(x, y)
			}
		}
	}
	return out, nil
}
