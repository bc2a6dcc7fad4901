package qr

import (
	"image"
	"slices"
)

// Module sizes in pixels of the pictures the second reader gets, and the white
// edge around the code in modules.
const (
	secondModule    = 6.0
	secondLeast     = 4.0
	secondMost      = 9.0
	secondQuiet     = 4
	secondClearance = 2.0
)

// confirm shows the second reader the place of a code: first as it is printed,
// cleared of what stands around it, so that it has to find the code itself;
// then, if it finds nothing, drawn out flat on the first reader's outline.
func (s *secondReader) confirm(pic *image.Gray, sp spot) (Agreement, []byte) {
	if sp.append != nil || sp.gs1 {
		return Single, nil // goqr has no values for these
	}
	var disagreed []byte
	for _, show := range []func(*image.Gray, spot) *image.Gray{printed, flat} {
		agree, other := compare(sp.segments, s.payloads(show(pic, sp)))
		if agree == Agreed {
			return Agreed, nil
		}
		if agree == Disagree {
			disagreed = other
		}
	}
	if disagreed != nil {
		return Disagree, disagreed
	}
	return Single, nil
}

// printed cuts the code out with everything beyond its white edge painted over,
// in a size the second reader likes.
func printed(pic *image.Gray, sp spot) *image.Gray {
	module := sp.outline.side() / float64(sp.n)
	edge := sp.outline.grown(1 + 2*secondClearance/float64(sp.n))
	frame := sp.outline.grown(1 + 2*secondQuiet/float64(sp.n)).bounds()
	if frame.Dx() > 4*workSide || frame.Dy() > 4*workSide || frame.Empty() {
		return nil
	}
	out := newGray(frame.Dx(), frame.Dy())
	paper := paperLevel(pic, sp)
	for y := range frame.Dy() {
		for x := range frame.Dx() {
			at := Point{float64(frame.Min.X+x) + 0.5, float64(frame.Min.Y+y) + 0.5}
			v := paper
			if edge.contains(at) && image.Pt(frame.Min.X+x, frame.Min.Y+y).In(pic.Rect) {
				v = pic.Pix[(frame.Min.Y+y)*pic.Stride+frame.Min.X+x]
			}
			out.Pix[y*out.Stride+x] = v
		}
	}
	if sp.negative {
		out = invert(out)
	}
	if module < secondLeast || module > secondMost {
		f := secondModule / module
		out = scale(out, int(float64(frame.Dx())*f)+1, int(float64(frame.Dy())*f)+1)
	}
	return out
}

// paperLevel is the brightness of the paper under the code, or of the ink
// around a code printed in white.
func paperLevel(pic *image.Gray, sp spot) byte {
	t := quadTo(rectangle(0, 0, 1, 1), sp.outline)
	var levels []byte
	for y := range 32 {
		for x := range 32 {
			p := t.at((float64(x)+0.5)/32, (float64(y)+0.5)/32)
			levels = append(levels, byte(bilinear(pic, p.X-0.5, p.Y-0.5)))
		}
	}
	slices.Sort(levels)
	if sp.negative {
		return levels[len(levels)/10]
	}
	return levels[len(levels)*9/10]
}

// flat draws the code square and upright.
func flat(pic *image.Gray, sp spot) *image.Gray {
	side := int(secondModule) * (sp.n + 2*secondQuiet)
	out := newGray(side, side)
	t := quadTo(rectangle(0, 0, float64(sp.n), float64(sp.n)), sp.outline)
	paper := paperLevel(pic, sp)
	for y := range side {
		for x := range side {
			mx := (float64(x)+0.5)/secondModule - secondQuiet
			my := (float64(y)+0.5)/secondModule - secondQuiet
			v := paper
			if mx > -0.5 && my > -0.5 && mx < float64(sp.n)+0.5 && my < float64(sp.n)+0.5 {
				p := t.at(mx, my)
				v = byte(bilinear(pic, p.X-0.5, p.Y-0.5))
			}
			out.Pix[y*side+x] = v
		}
	}
	if sp.negative {
		out = invert(out)
	}
	return out
}
