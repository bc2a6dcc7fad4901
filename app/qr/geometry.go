package qr

import (
	"image"
	"math"
)

func (p Point) sub(q Point) Point     { return Point{p.X - q.X, p.Y - q.Y} }
func (p Point) add(q Point) Point     { return Point{p.X + q.X, p.Y + q.Y} }
func (p Point) times(f float64) Point { return Point{p.X * f, p.Y * f} }
func (p Point) cross(q Point) float64 { return p.X*q.Y - p.Y*q.X }
func (p Point) length() float64       { return math.Hypot(p.X, p.Y) }
func distance(p, q Point) float64     { return p.sub(q).length() }
func (q Quad) center() Point          { return q[0].add(q[1]).add(q[2]).add(q[3]).times(0.25) }
func (q Quad) side() float64          { return (distance(q[0], q[1]) + distance(q[0], q[3])) / 2 }

func (q Quad) mapped(f func(Point) Point) Quad {
	for i, p := range q {
		q[i] = f(p)
	}
	return q
}

// contains is for convex outlines, in either sense of rotation.
func (q Quad) contains(p Point) bool {
	left, right := false, false
	for i := range q {
		side := q[(i+1)%4].sub(q[i]).cross(p.sub(q[i]))
		left = left || side < 0
		right = right || side > 0
	}
	return !left || !right
}

// grown moves every corner away from the middle by the factor f.
func (q Quad) grown(f float64) Quad {
	c := q.center()
	return q.mapped(func(p Point) Point { return c.add(p.sub(c).times(f)) })
}

// bounds is the smallest rectangle of whole pixels around q.
func (q Quad) bounds() image.Rectangle {
	r := [4]float64{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for _, p := range q {
		r[0], r[1] = min(r[0], p.X), min(r[1], p.Y)
		r[2], r[3] = max(r[2], p.X), max(r[3], p.Y)
	}
	for i := range r {
		r[i] = min(max(r[i], -1e6), 1e6)
	}
	return image.Rect(int(math.Floor(r[0])), int(math.Floor(r[1])), int(math.Ceil(r[2]))+1, int(math.Ceil(r[3]))+1)
}

// transform maps a plane to another in perspective.
type transform [9]float64

func (t transform) at(x, y float64) Point {
	d := 1 / (t[6]*x + t[7]*y + t[8])
	return Point{(t[0]*x + t[1]*y + t[2]) * d, (t[3]*x + t[4]*y + t[5]) * d}
}

// squareTo maps the unit square onto q (Heckbert, Fundamentals of Texture
// Mapping and Image Warping, 1989, section 2.2.3).
func squareTo(q Quad) transform {
	s := q[0].sub(q[1]).add(q[2]).sub(q[3])
	a, b := q[1].sub(q[2]), q[3].sub(q[2])
	det := a.cross(b)
	g, h := s.cross(b)/det, a.cross(s)/det
	return transform{
		q[1].X - q[0].X + g*q[1].X, q[3].X - q[0].X + h*q[3].X, q[0].X,
		q[1].Y - q[0].Y + g*q[1].Y, q[3].Y - q[0].Y + h*q[3].Y, q[0].Y,
		g, h, 1,
	}
}

// adjoint is the inverse up to a factor, which perspective does not feel.
func (t transform) adjoint() transform {
	return transform{
		t[4]*t[8] - t[5]*t[7], t[2]*t[7] - t[1]*t[8], t[1]*t[5] - t[2]*t[4],
		t[5]*t[6] - t[3]*t[8], t[0]*t[8] - t[2]*t[6], t[2]*t[3] - t[0]*t[5],
		t[3]*t[7] - t[4]*t[6], t[1]*t[6] - t[0]*t[7], t[0]*t[4] - t[1]*t[3],
	}
}

// after is t applied to what u gives.
func (t transform) after(u transform) transform {
	var out transform
	for r := range 3 {
		for c := range 3 {
			for k := range 3 {
				out[3*r+c] += t[3*r+k] * u[3*k+c]
			}
		}
	}
	return out
}

// quadTo maps the corners of from onto those of to.
func quadTo(from, to Quad) transform { return squareTo(to).after(squareTo(from).adjoint()) }

// rectangle is the outline from x0, y0 to x1, y1 in module coordinates.
func rectangle(x0, y0, x1, y1 float64) Quad {
	return Quad{{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}}
}
