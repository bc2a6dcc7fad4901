package qr

import (
	"image"
	"slices"
	"time"
)

// readPage reads all codes of a page. It is for the child process only: what
// it works on may make it run on for ever.
func readPage(pic *image.Gray, lim Limits, second *secondReader) Page {
	// The rest of the page's time is for decoding it and for the second reader.
	s := locate(pic, time.Now().Add(lim.Page*2/5))
	page := Page{Width: pic.Rect.Dx(), Height: pic.Rect.Dy(), Codes: []Code{}}
	inReadingOrder(s.spots)
	for _, sp := range s.spots {
		page.Codes = append(page.Codes, sp.code(second.confirm(pic, sp)))
	}
	for _, q := range s.unread {
		page.Unread = append(page.Unread, q.within(page.Width, page.Height))
	}
	return page
}

func (sp spot) code(agree Agreement, other []byte) Code {
	c := Code{
		Corners:  sp.outline,
		Agree:    agree,
		Second:   other,
		Version:  sp.version,
		Segments: sp.segments,
		Append:   sp.append,
		Bytes:    []byte{},
	}
	for _, s := range sp.segments {
		c.Bytes = append(c.Bytes, s.Bytes...)
	}
	c.Text, c.Charset, c.Unmapped = decodeText(sp.segments)
	return c
}

// within cuts a guessed outline at the page's edges.
func (q Quad) within(w, h int) Quad {
	return q.mapped(func(p Point) Point {
		return Point{min(max(p.X, 0), float64(w)), min(max(p.Y, 0), float64(h))}
	})
}

// inReadingOrder sorts codes as a list is read: row by row from the top, each
// row from the left. Codes belong to one row while each begins less than half
// a side below the one before.
func inReadingOrder(spots []spot) {
	slices.SortStableFunc(spots, func(a, b spot) int {
		return compareFloat(a.outline.center().Y, b.outline.center().Y)
	})
	for from := 0; from < len(spots); {
		to := from + 1
		for to < len(spots) &&
			spots[to].outline.center().Y-spots[to-1].outline.center().Y < spots[to].outline.side()/2 {
			to++
		}
		slices.SortStableFunc(spots[from:to], func(a, b spot) int {
			return compareFloat(a.outline.center().X, b.outline.center().X)
		})
		from = to
	}
}

func compareFloat(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}
