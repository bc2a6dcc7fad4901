package intake

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"

	"madoguchi/app/card"
	"madoguchi/app/qr"
)

// placesOf makes the rows of what was found in a file: the pages in order, on
// each page from the upper left as people read. A code in several symbols is
// one place, at its first symbol.
func placesOf(file qr.File) ([]card.ListCode, error) {
	whole := map[qr.PartRef]qr.Joined{} // by the part at which it stands; Index left out
	lacking := map[qr.PartRef]int{}
	for _, j := range file.Joined {
		for i, part := range j.Parts {
			at := qr.PartRef{Page: part.Page, Code: part.Code}
			lacking[at] = len(j.Missing)
			if i == 0 {
				whole[at] = j
			}
		}
	}
	var all []card.ListCode
	for p, page := range file.Pages {
		var places []place
		for c, code := range page.Codes {
			row, err := rowOf(code)
			if err != nil {
				return nil, err
			}
			if at := (qr.PartRef{Page: p, Code: c}); code.Append != nil {
				row.Role, row.Payload, row.Raw, row.Parts, row.Lacking = card.PartCode, nil, nil, code.Append.Total, lacking[at]
				if j, first := whole[at]; first {
					standFor(&row, j)
				}
			}
			places = append(places, place{row, code.Corners})
		}
		for _, q := range page.Unread {
			corners, err := cornersText(q)
			if err != nil {
				return nil, err
			}
			places = append(places, place{card.ListCode{Role: card.Unread, Corners: corners, Parts: 1}, q})
		}
		inReadingOrder(places)
		for i := range places {
			places[i].row.Page, places[i].row.Number = page.Number, i+1
			all = append(all, places[i].row)
		}
	}
	return all, nil
}

type place struct {
	row card.ListCode
	at  qr.Quad
}

func rowOf(code qr.Code) (card.ListCode, error) {
	corners, err := cornersText(code.Corners)
	return card.ListCode{
		Role: card.WholeCode, Corners: corners, Agree: string(code.Agree), Raw: code.Bytes, Payload: []byte(code.Text),
		Second: code.Second, Charset: string(code.Charset), Unmapped: code.Unmapped, Parts: 1,
	}, err
}

// standFor makes a part's row that of the whole code.
func standFor(row *card.ListCode, j qr.Joined) {
	row.Role, row.Lacking, row.Agree = card.WholeCode, len(j.Missing), string(j.Agree)
	row.Charset, row.Unmapped = string(j.Charset), j.Unmapped
	switch {
	case j.Bytes == nil: // parts are missing, or contradict each other
	case holdsMyNumber(j.Text):
		row.Role = card.Unread
	default:
		row.Raw, row.Payload = j.Bytes, []byte(j.Text)
		if !j.ParityOK {
			row.Agree = string(qr.Disagree)
		}
	}
}

func cornersText(q qr.Quad) (string, error) {
	text, err := json.Marshal(q)
	if err != nil {
		return "", fmt.Errorf("keep place: %w", err)
	}
	return string(text), nil
}

// Corners are the four corners of a place, in pixels of its page.
func Corners(c card.ListCode) (qr.Quad, error) {
	var q qr.Quad
	if err := json.Unmarshal([]byte(c.Corners), &q); err != nil {
		return q, fmt.Errorf("read place: %w", err)
	}
	return q, nil
}

// inReadingOrder sorts places line by line: what begins before the middle of
// the line's first place stands on the same line.
func inReadingOrder(places []place) {
	slices.SortStableFunc(places, func(a, b place) int { return cmp.Compare(middle(a.at).Y, middle(b.at).Y) })
	for from := 0; from < len(places); {
		first := places[from].at
		to := from + 1
		for to < len(places) && middle(places[to].at).Y < middle(first).Y+height(first)/2 {
			to++
		}
		slices.SortStableFunc(places[from:to], func(a, b place) int { return cmp.Compare(middle(a.at).X, middle(b.at).X) })
		from = to
	}
}

func middle(q qr.Quad) (m qr.Point) {
	for _, p := range q {
		m.X += p.X / 4
		m.Y += p.Y / 4
	}
	return m
}

func height(q qr.Quad) float64 {
	low, high := q[0].Y, q[0].Y
	for _, p := range q {
		low, high = min(low, p.Y), max(high, p.Y)
	}
	return high - low
}
