package qr

import (
	"image"
	"math"
)

// bitmap is a picture in black (true) and white.
type bitmap struct {
	w, h  int
	black []bool
}

func (b *bitmap) at(x, y int) bool { return b.black[y*b.w+x] }

// limited is the colour at p as a contrast; outside the picture it is none.
func (b *bitmap) limited(p Point) float64 {
	if !(p.X >= 0 && p.Y >= 0 && p.X < float64(b.w) && p.Y < float64(b.h)) {
		return 0 // not a number ends here too
	}
	if b.at(int(p.X), int(p.Y)) {
		return 40
	}
	return -40
}

// threshold makes a pixel black if it is darker than the mean of the square of
// radius pixels around it by more than bias. Uneven light and shadow over a
// photograph disappear in it.
func threshold(g *image.Gray, radius, bias int) *bitmap {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	sums := integral(g)
	out := &bitmap{w: w, h: h, black: make([]bool, w*h)}
	for y := range h {
		y0, y1 := max(y-radius, 0), min(y+radius+1, h)
		top, bottom := sums[y0*(w+1):], sums[y1*(w+1):]
		for x := range w {
			x0, x1 := max(x-radius, 0), min(x+radius+1, w)
			sum := int(bottom[x1] - bottom[x0] - top[x1] + top[x0])
			n := (x1 - x0) * (y1 - y0)
			out.black[y*w+x] = (int(g.Pix[y*g.Stride+x])+bias)*n < sum
		}
	}
	return out
}

// integral has one row and column more than g; entry x, y is the sum of all
// pixels left of and above it. Sums stay within uint32 up to 16 megapixels and
// their differences over any smaller square stay right even beyond.
func integral(g *image.Gray) []uint32 {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	sums := make([]uint32, (w+1)*(h+1))
	for y := range h {
		row := uint32(0)
		above, here := sums[y*(w+1):(y+1)*(w+1)], sums[(y+1)*(w+1):]
		for x, v := range g.Pix[y*g.Stride : y*g.Stride+w] {
			row += uint32(v)
			here[x+1] = above[x+1] + row
		}
	}
	return sums
}

// finder is a finder pattern: the square in a square at three corners of a
// code. module is its module size in pixels, seen how many scan lines met it.
type finder struct {
	Point
	module float64
	seen   int
}

// maxFinders bounds the work on pictures full of squares. A page of 40 codes
// has 120.
const maxFinders = 600

// findFinders looks for 1:1:3:1:1 on every step-th row and checks each find
// upright, level and along the falling diagonal.
func findFinders(b *bitmap, step int) []finder {
	var out []finder
	var edges []int
	for y := step / 2; y < b.h; y += step {
		edges = rowEdges(edges[:0], b, y)
		// edges alternate white→black, black→white; a finder takes six of them.
		for i := 0; i+5 < len(edges); i += 2 {
			var runs [5]float64
			for k := range runs {
				runs[k] = float64(edges[i+k+1] - edges[i+k])
			}
			if !isFinderCross(runs) {
				continue
			}
			x := (edges[i+2] + edges[i+3]) / 2
			f, ok := checkFinder(b, x, y)
			if ok {
				out = addFinder(out, f)
			}
			if len(out) >= maxFinders {
				return out
			}
		}
	}
	return out
}

// rowEdges lists where the colour changes on row y, beginning with a change to
// black and ending with one to white.
func rowEdges(edges []int, b *bitmap, y int) []int {
	row := b.black[y*b.w : (y+1)*b.w]
	before := false
	for x, black := range row {
		if black != before {
			edges = append(edges, x)
			before = black
		}
	}
	if before {
		edges = append(edges, b.w)
	}
	return edges
}

func isFinderCross(runs [5]float64) bool {
	sum := 0.0
	for _, r := range runs {
		sum += r
	}
	if sum < 7 {
		return false
	}
	m := sum / 7
	slack := 0.65*m + 0.5
	for i, r := range runs {
		want := m
		if i == 2 {
			want = 3 * m
		}
		if math.Abs(r-want) > slack {
			return false
		}
	}
	return true
}

// checkFinder measures the pattern around x, y along four directions.
func checkFinder(b *bitmap, x, y int) (finder, bool) {
	vertical, vm, ok := cross(b, x, y, 0, 1)
	if !ok {
		return finder{}, false
	}
	y = int(math.Round(float64(y) + vertical))
	horizontal, hm, ok := cross(b, x, y, 1, 0)
	if !ok || vm > 2.2*hm || hm > 2.2*vm {
		return finder{}, false
	}
	center := Point{float64(x) + horizontal + 0.5, float64(y) + 0.5}
	x = int(math.Round(float64(x) + horizontal))
	shift, _, falling := cross(b, x, y, 1, 1)
	rise, _, rising := cross(b, x, y, 1, -1)
	if !falling && !rising {
		return finder{}, false
	}
	if math.Abs(shift) > 2*hm || math.Abs(rise) > 2*hm {
		return finder{}, false
	}
	f := finder{Point: center, module: (vm + hm) / 2, seen: 1}
	if c, m, ok := stone(b, x, y, f.module); ok {
		f.Point, f.module = c, m
	}
	return f, true
}

// cross walks from x, y both ways along dx, dy through centre, white and black
// ring. It gives how far the middle of the black centre is from x, y in steps,
// and the module size in steps.
func cross(b *bitmap, x, y, dx, dy int) (offset, module float64, ok bool) {
	var runs [5]float64
	for sense := -1; sense <= 1; sense += 2 {
		px, py := x, y
		if sense == 1 {
			px, py = x+dx, y+dy
		}
		for k := range 3 {
			for px >= 0 && py >= 0 && px < b.w && py < b.h && b.at(px, py) == (k != 1) {
				runs[2+sense*k]++
				px, py = px+sense*dx, py+sense*dy
				if runs[2+sense*k] > float64(b.w+b.h)/4 {
					return 0, 0, false
				}
			}
		}
		if sense == -1 {
			offset = -runs[2]
		}
	}
	if runs[2] == 0 || !isFinderCross(runs) {
		return 0, 0, false
	}
	// offset so far is minus the steps on the near side, x itself among them.
	near := -offset
	far := runs[2] - near
	sum := 0.0
	for _, r := range runs {
		sum += r
	}
	return (far - near + 1) / 2, sum / 7, true
}

// stone measures the black 3×3 centre by its area, which holds at any angle.
// It fails where blur has joined the centre to its ring.
func stone(b *bitmap, x, y int, module float64) (Point, float64, bool) {
	if x < 0 || y < 0 || x >= b.w || y >= b.h || !b.at(x, y) {
		return Point{}, 0, false
	}
	reach := int(3.2*module) + 2
	size := 2*reach + 1
	seen := make([]bool, size*size)
	type pixel struct{ x, y int }
	stack := []pixel{{0, 0}}
	seen[reach*size+reach] = true
	var n, sx, sy float64
	for len(stack) > 0 {
		p := stack[len(stack)-1]
		stack = stack[:len(stack)-1]
		if p.x <= -reach || p.y <= -reach || p.x >= reach || p.y >= reach {
			return Point{}, 0, false
		}
		n++
		sx += float64(p.x)
		sy += float64(p.y)
		for _, q := range [4]pixel{{p.x + 1, p.y}, {p.x - 1, p.y}, {p.x, p.y + 1}, {p.x, p.y - 1}} {
			ax, ay := x+q.x, y+q.y
			at := (q.y+reach)*size + q.x + reach
			if ax < 0 || ay < 0 || ax >= b.w || ay >= b.h || seen[at] || !b.at(ax, ay) {
				continue
			}
			seen[at] = true
			stack = append(stack, q)
		}
	}
	m := math.Sqrt(n / 9)
	if m < 0.55*module || m > 1.3*module {
		return Point{}, 0, false
	}
	return Point{float64(x) + sx/n + 0.5, float64(y) + sy/n + 0.5}, m, true
}

// addFinder counts a find again that was met before.
func addFinder(all []finder, f finder) []finder {
	for i := len(all) - 1; i >= 0; i-- {
		o := &all[i]
		if distance(o.Point, f.Point) > 2*math.Max(o.module, f.module) ||
			f.module > 1.7*o.module || o.module > 1.7*f.module {
			continue
		}
		n := float64(o.seen)
		o.Point = o.Point.times(n).add(f.Point).times(1 / (n + 1))
		o.module = (o.module*n + f.module) / (n + 1)
		o.seen++
		return all
	}
	return append(all, f)
}
