package qr

import (
	"math"
	"slices"
)

// triple is three finders that stand like those of one code: corner, then the
// one along the top and the one down the side, in the picture's sense.
type triple struct {
	corner, right, down finder
	misfit              float64 // 0 for a perfect square
}

// maxNeighbours bounds how many finders near a corner are tried against each
// other: enough for a code whose neighbours stand closer than its own side.
const maxNeighbours = 14

// triples lists groups of finders, the most code-like first. Perspective and
// skew are allowed as far as a hand-held photograph needs them.
func triples(finders []finder) []triple {
	var out []triple
	for i, corner := range finders {
		near := neighbours(finders, i)
		for a, right := range near {
			for _, down := range near[a+1:] {
				if t, ok := group(corner, right, down); ok {
					out = append(out, t)
				}
			}
		}
	}
	slices.SortStableFunc(out, func(a, b triple) int {
		switch {
		case a.misfit < b.misfit:
			return -1
		case a.misfit > b.misfit:
			return 1
		}
		return 0
	})
	return out
}

func neighbours(finders []finder, i int) []finder {
	var near []finder
	c := finders[i]
	for j, f := range finders {
		d := distance(c.Point, f.Point)
		if j == i || d > 190*math.Max(c.module, f.module) || d < 9*math.Min(c.module, f.module) ||
			f.module > 2*c.module || c.module > 2*f.module {
			continue
		}
		near = append(near, f)
	}
	slices.SortFunc(near, func(a, b finder) int {
		if distance(a.Point, c.Point) < distance(b.Point, c.Point) {
			return -1
		}
		return 1
	})
	return near[:min(len(near), maxNeighbours)]
}

func group(corner, a, b finder) (triple, bool) {
	u, v := a.sub(corner.Point), b.sub(corner.Point)
	lu, lv := u.length(), v.length()
	sine := u.cross(v) / (lu * lv)
	cosine := math.Abs(u.X*v.X+u.Y*v.Y) / (lu * lv)
	ratio := math.Max(lu, lv) / math.Min(lu, lv)
	if cosine > 0.6 || ratio > 1.8 {
		return triple{}, false
	}
	if sine < 0 {
		a, b = b, a
	}
	sizes := math.Max(corner.module, math.Max(a.module, b.module)) /
		math.Min(corner.module, math.Min(a.module, b.module))
	return triple{corner: corner, right: a, down: b, misfit: cosine + ratio - 1 + (sizes-1)/2}, true
}

// outline is where the whole code would be, finders' outer edges included.
func (t triple) outline() Quad {
	far := t.right.add(t.down.Point).sub(t.corner.Point)
	return Quad{t.corner.Point, t.right.Point, far, t.down.Point}.grown(1 + 5*t.module()/t.side())
}

func (t triple) module() float64 { return (t.corner.module + t.right.module + t.down.module) / 3 }
func (t triple) side() float64 {
	return (distance(t.corner.Point, t.right.Point) + distance(t.corner.Point, t.down.Point)) / 2
}

// modules guesses the number of modules along a side, not rounded.
func (t triple) modules() float64 {
	top := distance(t.corner.Point, t.right.Point) / ((t.corner.module + t.right.module) / 2)
	side := distance(t.corner.Point, t.down.Point) / ((t.corner.module + t.down.module) / 2)
	return (top+side)/2 + 7
}
