package qr

import (
	"image"
	"time"

	"github.com/makiuchi-d/gozxing"
)

// spot is a code that was located and read by the first reader.
type spot struct {
	reading
	outline  Quad
	n        int  // modules along a side
	negative bool // printed white on black
}

// search is the hunt for all codes of one picture. Ways of looking follow each
// other, cheap and sure ones first, until no place that looks like a code is
// left unread or the time is up.
type search struct {
	spots    []spot
	unread   []Quad
	deadline time.Time
	fits     int // grids fitted so far
}

// view is a picture of the page or of a part of it: a point p of the view is
// at p/zoom + origin on the page.
type view struct {
	pic      *image.Gray
	zoom     float64
	origin   Point
	negative bool // white is printed black here
}

func (v view) width() int          { return v.pic.Rect.Dx() }
func (v view) height() int         { return v.pic.Rect.Dy() }
func (v view) short() int          { return min(v.width(), v.height()) }
func (v view) point(p Point) Point { return p.times(1 / v.zoom).add(v.origin) }
func (v view) quad(q Quad) Quad    { return q.mapped(v.point) }

func (v view) resized(f float64) view {
	w, h := int(float64(v.width())*f+0.5), int(float64(v.height())*f+0.5)
	v.pic, v.zoom = scale(v.pic, max(w, 1), max(h, 1)), v.zoom*f
	return v
}

func (v view) part(r image.Rectangle) view {
	r = r.Intersect(v.pic.Rect)
	v.pic, v.origin = crop(v.pic, r), v.point(Point{float64(r.Min.X), float64(r.Min.Y)})
	return v
}

func (v view) inverted() view {
	v.pic, v.negative = invert(v.pic), !v.negative
	return v
}

// locate finds and reads the codes of a picture, and names the places that
// look like a code and could not be read before the deadline.
func locate(pic *image.Gray, deadline time.Time) *search {
	s := &search{deadline: deadline}
	whole := view{pic: pic, zoom: 1}
	if whole.short() < 21 {
		return s
	}
	page := whole
	if long := max(page.width(), page.height()); long > workSide {
		page = page.resized(workSide / float64(long))
	}
	s.multi(page, gozxing.NewHybridBinarizer)
	s.finders(page, page.nearRadius(), 0)
	half := page.resized(0.5)
	s.finders(half, page.nearRadius(), 0)
	if len(s.spots) == 0 {
		s.ladder(page, half)
	}
	for _, q := range append([]Quad(nil), s.unread...) {
		s.retry(whole, q)
	}
	s.settle()
	return s
}

// nearRadius suits modules up to about a hundredth of the picture, as on a
// page of many codes.
func (v view) nearRadius() int { return min(max(v.short()/64, 12), 40) }

// farRadius suits one code that fills the picture.
func (v view) farRadius() int { return max(v.short()/12, 9) }

// ladder is for pictures on which the usual ways have found nothing.
func (s *search) ladder(page, half view) {
	steps := []func(){
		func() { s.multi(page, gozxing.NewGlobalHistgramBinarizer) },
		func() { s.finders(page, page.farRadius(), 0) },
		func() { s.finders(half, half.farRadius(), 0) },
		func() { s.finders(page, 7, -2) },
		func() { s.multi(page.inverted(), gozxing.NewHybridBinarizer) },
		func() { s.finders(half.inverted(), half.farRadius(), 0) },
		func() { s.finders(page.inverted(), page.nearRadius(), 0) },
		func() { s.doubled(page) },
		func() { s.small(half) },
	}
	for _, step := range steps {
		if len(s.spots) > 0 || s.late() {
			return
		}
		step()
	}
}

func (s *search) late() bool { return time.Now().After(s.deadline) }

// maxDoubled is the largest picture worth looking at in double size, in
// pixels: beyond it modules are large enough already.
const maxDoubled = 4_000_000

func (s *search) doubled(v view) {
	if v.width()*v.height() > maxDoubled {
		return
	}
	twice := v.resized(2)
	s.multi(twice, gozxing.NewHybridBinarizer)
	s.finders(twice, min(twice.farRadius(), 40), 0)
}

// small looks at a quarter and an eighth of the size: noise, the dots of a
// screen and the weave of cloth are gone there.
func (s *search) small(half view) {
	for v := half.resized(0.5); v.short() >= 60; v = v.resized(0.5) {
		s.finders(v, v.farRadius(), 0)
		s.multi(v, gozxing.NewHybridBinarizer)
		s.multi(v, gozxing.NewGlobalHistgramBinarizer)
	}
}

// retry looks again, in every way and in full size, at one place that looks
// like a code.
func (s *search) retry(whole view, q Quad) {
	if s.late() || s.known(q.center()) {
		return
	}
	part := whole.part(q.grown(1.6).bounds())
	if part.short() < 21 {
		return
	}
	views := []view{part}
	if part.short() < 500 {
		views = append(views, part.resized(2))
	}
	if part.short() > 200 {
		views = append(views, part.resized(0.5))
	}
	for _, v := range views {
		for _, look := range []func(){
			func() { s.multi(v, gozxing.NewHybridBinarizer) },
			func() { s.multi(v, gozxing.NewGlobalHistgramBinarizer) },
			func() { s.finders(v, v.farRadius(), 0) },
			func() { s.finders(v, max(v.short()/5, 9), 0) },
		} {
			look()
			if s.late() || s.known(q.center()) {
				return
			}
		}
	}
}

// known is true for a place inside a code that was read.
func (s *search) known(p Point) bool {
	for _, old := range s.spots {
		if old.outline.grown(1.03).contains(p) {
			return true
		}
	}
	return false
}

// taken is true for the place of a finder of a code that was read. Other places
// inside a code are open: a small code may stand within a large one.
func (s *search) taken(p Point) bool {
	for _, old := range s.spots {
		if !old.outline.grown(1.03).contains(p) {
			continue
		}
		edge := 5 / float64(old.n)
		for _, corner := range rectangle(edge/1.4, edge/1.4, 1-edge/1.4, 1-edge/1.4) {
			if distance(squareTo(old.outline).at(corner.X, corner.Y), p) < edge*old.outline.side() {
				return true
			}
		}
	}
	return false
}

// add keeps a reading unless the same place was read before.
func (s *search) add(found spot) {
	for _, old := range s.spots {
		ratio := old.outline.side() / found.outline.side()
		apart := distance(old.outline.center(), found.outline.center())
		if ratio > 0.75 && ratio < 1.33 && apart < 0.3*old.outline.side() {
			return
		}
	}
	s.spots = append(s.spots, found)
}

// suspect notes a place that looks like a code, once.
func (s *search) suspect(q Quad) {
	for _, old := range s.unread {
		if overlap(q, old) {
			return
		}
	}
	s.unread = append(s.unread, q)
}

// settle drops the suspicions that readings have answered since.
func (s *search) settle() {
	var left []Quad
	for _, q := range s.unread {
		answered := false
		for _, spot := range s.spots {
			answered = answered || overlap(q, spot.outline)
		}
		if !answered {
			left = append(left, q)
		}
	}
	s.unread = left
}

func overlap(a, b Quad) bool { return a.contains(b.center()) || b.contains(a.center()) }
