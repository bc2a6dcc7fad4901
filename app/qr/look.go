package qr

import (
	"slices"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/common"
	"github.com/makiuchi-d/gozxing/qrcode/detector"
)

type binarizer func(gozxing.LuminanceSource) gozxing.Binarizer

func blackMatrix(v view, by binarizer) *gozxing.BitMatrix {
	w, h := v.width(), v.height()
	source, err := gozxing.NewPlanarYUVLuminanceSource(v.pic.Pix, w, h, 0, 0, w, h, false)
	if err != nil {
		return nil
	}
	m, err := by(source).GetBlackMatrix()
	if err != nil {
		return nil
	}
	return m
}

// Bounds of one look with gozxing: finder patterns considered, and groups of
// three sampled. gozxing's own grouping has none, and takes minutes over a
// picture of a thousand squares.
const (
	maxCenters = 240
	maxSamples = 800
)

// multi lets gozxing find, sample and read any number of codes. Only the
// grouping of its finder patterns is done here: the squarest groups come first
// and those sharing a finder with a code already read are passed by, which on a
// full page leaves few of thousands.
func (s *search) multi(v view, by binarizer) {
	m := blackMatrix(v, by)
	if m == nil || s.late() {
		return
	}
	patterns := map[Point]*detector.FinderPattern{}
	var open []finder
	for _, p := range centers(m) {
		at := middle(p)
		if patterns[at] == nil && !s.taken(v.point(at)) {
			patterns[at] = p
			open = append(open, finder{Point: at, module: p.GetEstimatedModuleSize(), seen: p.GetCount()})
		}
	}
	d := detector.NewDetector(m)
	used := map[Point]bool{}
	groups := triples(open)
	for _, t := range groups[:min(len(groups), maxSamples)] {
		if s.late() {
			return
		}
		if used[t.corner.Point] || used[t.right.Point] || used[t.down.Point] {
			continue
		}
		info := detector.NewFinderPatternInfo(patterns[t.down.Point], patterns[t.corner.Point], patterns[t.right.Point])
		r, err := d.ProcessFinderPatternInfo(info)
		if err == nil && s.detected(r, v) {
			used[t.corner.Point], used[t.right.Point], used[t.down.Point] = true, true, true
		}
	}
}

// centers are gozxing's finder patterns, those met on most rows if there are
// too many.
func centers(m *gozxing.BitMatrix) []*detector.FinderPattern {
	f := detector.NewFinderPatternFinder(m, nil)
	state := make([]int, 5)
	const many = 3000 // beyond, only texture is left to find
	for y := 2; y < m.GetHeight() && len(f.GetPossibleCenters()) < many; y += detector.FinderPatternFinder_MIN_SKIP {
		edges := matrixEdges(m, y)
		for i := 0; i+5 < len(edges); i += 2 {
			for k := range state {
				state[k] = edges[i+k+1] - edges[i+k]
			}
			if detector.FinderPatternFinder_foundPatternCross(state) {
				f.HandlePossibleCenter(state, y, edges[i+5])
			}
		}
	}
	all := f.GetPossibleCenters()
	if len(all) > maxCenters {
		slices.SortStableFunc(all, func(a, b *detector.FinderPattern) int { return b.GetCount() - a.GetCount() })
		all = all[:maxCenters]
	}
	return all
}

// matrixEdges is rowEdges for gozxing's kind of bitmap.
func matrixEdges(m *gozxing.BitMatrix, y int) []int {
	var edges []int
	before := false
	for x := range m.GetWidth() {
		if black := m.Get(x, y); black != before {
			edges = append(edges, x)
			before = black
		}
	}
	if before {
		edges = append(edges, m.GetWidth())
	}
	return edges
}

// middle is a point of gozxing in this package's coordinates.
func middle(p gozxing.ResultPoint) Point { return Point{p.GetX() + 0.5, p.GetY() + 0.5} }

// detected reads a code gozxing has sampled from v and says whether it could.
func (s *search) detected(r *common.DetectorResult, v view) bool {
	points := r.GetPoints()
	if len(points) < 3 {
		return false
	}
	read, err := readModules(r.GetBits())
	if err != nil {
		return false
	}
	at := func(i int) Point { return middle(points[i]) }
	n := float64(r.GetBits().GetHeight())
	to := Quad{at(1), at(2), at(0).add(at(2)).sub(at(1)), at(0)}
	from := rectangle(3.5, 3.5, n-3.5, n-3.5)
	if len(points) > 3 {
		to[2], from[2] = at(3), Point{n - 6.5, n - 6.5}
	}
	t := quadTo(from, to)
	outline := rectangle(0, 0, n, n).mapped(func(p Point) Point { return t.at(p.X, p.Y) })
	s.add(spot{reading: read, outline: v.quad(outline), n: int(n), negative: v.negative})
	return true
}

// Bounds of one look for finders: groups tried at all, and groups whose grid
// was fitted in vain while nothing or something had been read. maxFits is the
// number of grids fitted on one picture, a few milliseconds each.
const (
	maxGroups       = 1500
	maxFailing      = 24
	maxFailingAfter = 10
	maxFits         = 800
)

// leastTiming is what three finders' timing patterns must show before a grid
// is fitted: chance gives less, almost every code more.
const leastTiming = 0.25

// finders looks for finder patterns of codes not read so far, fits a grid to
// each group of three that could be one, and reads it. radius is that of the
// threshold, in pixels of the view.
func (s *search) finders(v view, radius, bias int) {
	if s.late() {
		return
	}
	step := 1
	if v.width()*v.height() > 1_500_000 {
		step = 2
	}
	b := threshold(v.pic, radius, bias)
	var open []finder
	for _, f := range findFinders(b, step) {
		if !s.taken(v.point(f.Point)) {
			open = append(open, f)
		}
	}
	used := map[Point]bool{}
	failing := 0
	for _, t := range promising(b, triples(open)) {
		if failing >= maxFailing || len(s.spots) > 0 && failing >= maxFailingAfter || s.fits > maxFits || s.late() {
			return
		}
		if used[t.corner.Point] || used[t.right.Point] || used[t.down.Point] {
			continue
		}
		found, likely := s.readTriple(v, t)
		if found == nil {
			failing++
			if likely {
				s.suspect(v.quad(t.outline()))
			}
			continue
		}
		used[t.corner.Point], used[t.right.Point], used[t.down.Point] = true, true, true
		s.add(*found)
	}
}

// promising keeps the groups whose timing patterns alternate, the best first.
func promising(b *bitmap, all []triple) []triple {
	score := map[int]float64{}
	var order []int
	for i, t := range all[:min(len(all), maxGroups)] {
		if ns := sizes(b, t); len(ns) > 0 && ns[0].score > leastTiming {
			score[i] = ns[0].score - 0.3*t.misfit
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case score[a] > score[b]:
			return -1
		case score[a] < score[b]:
			return 1
		}
		return 0
	})
	out := make([]triple, len(order))
	for i, o := range order {
		out[i] = all[o]
	}
	return out
}

// likelyMatch is the share of fixed modules in the right colour from which on
// a place is taken for a code that could not be read; below falseMatch a
// second look is not worth its time.
const (
	likelyMatch = 0.65
	falseMatch  = 0.4
)

// workModule is the module size, in pixels, to which close-up pictures are
// brought down before a grid is fitted: more costs time and shows only noise.
const workModule = 7.0

// readTriple reads the code that has these finders. Where it cannot, likely
// says whether there seems to be a code at all.
func (s *search) readTriple(v view, t triple) (found *spot, likely bool) {
	box := t.outline().grown(1.3).bounds().Intersect(v.pic.Rect)
	if box.Dx() < 21 || box.Dy() < 21 {
		return nil, false
	}
	part := view{pic: crop(v.pic, box), zoom: 1, origin: Point{float64(box.Min.X), float64(box.Min.Y)}}
	if m := t.module(); m > workModule*1.4 {
		part = part.resized(workModule / m)
	}
	here := t.in(part)
	for _, modules := range []float64{5, 2.5, 10} {
		c := newContrast(part.pic, max(3, int(modules*here.module())))
		best := 0.0
		for _, try := range sizes(c, here) {
			s.fits++
			g := fitGrid(c, here, try.n)
			match := g.match(c)
			best = max(best, match)
			if match < falseMatch {
				continue
			}
			if r, ok := readGrid(c, g); ok {
				return &spot{reading: r, outline: v.quad(part.quad(g.outline())), n: g.n, negative: v.negative}, true
			}
		}
		likely = likely || best > likelyMatch
		if best < falseMatch {
			break
		}
	}
	return nil, likely
}

// in is t in the coordinates of a part of its view.
func (t triple) in(part view) triple {
	move := func(f finder) finder {
		f.Point = f.Point.sub(part.origin).times(part.zoom)
		f.module *= part.zoom
		return f
	}
	return triple{corner: move(t.corner), right: move(t.right), down: move(t.down), misfit: t.misfit}
}

// readGrid samples the grid once and, if that fails, with several looks at
// each module.
func readGrid(c *contrast, g grid) (reading, bool) {
	t := g.transform()
	for _, spread := range []float64{0, 0.25} {
		m, err := sample(c, g.n, t.at, spread)
		if err != nil {
			return reading{}, false
		}
		if r, err := readModules(m); err == nil {
			return r, true
		}
	}
	return reading{}, false
}
