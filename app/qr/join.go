package qr

import (
	"bytes"
	"slices"
)

// join puts the structured-append messages of a file together, in the order
// their first parts were read. Parts belong together when their number and
// parity are equal; they may lie on different pages.
func join(pages []Page) []Joined {
	var out []Joined
	for p, page := range pages {
		for c, code := range page.Codes {
			if code.Append == nil {
				continue
			}
			at := slices.IndexFunc(out, func(j Joined) bool {
				return j.Total == code.Append.Total && j.Parity == code.Append.Parity
			})
			if at < 0 {
				at = len(out)
				out = append(out, Joined{Total: code.Append.Total, Parity: code.Append.Parity})
			}
			out[at].Parts = append(out[at].Parts, PartRef{Page: p, Code: c, Index: code.Append.Index})
		}
	}
	for i := range out {
		out[i].settle(pages)
	}
	return out
}

// settle orders the parts, says what is wrong with them and, if nothing is,
// joins their values. A part printed twice with one value is kept once.
func (j *Joined) settle(pages []Page) {
	slices.SortStableFunc(j.Parts, func(a, b PartRef) int { return a.Index - b.Index })
	var kept []PartRef
	var segments []Segment
	var parity byte
	j.Agree = Agreed
	for _, part := range j.Parts {
		code := pages[part.Page].Codes[part.Code]
		if last := len(kept) - 1; last >= 0 && kept[last].Index == part.Index {
			before := pages[kept[last].Page].Codes[kept[last].Code]
			j.Conflict = j.Conflict || !bytes.Equal(before.Bytes, code.Bytes)
			continue
		}
		kept = append(kept, part)
		segments = append(segments, code.Segments...)
		for _, b := range code.Bytes {
			parity ^= b
		}
		j.Agree = weaker(j.Agree, code.Agree)
	}
	for i := range j.Total {
		if !slices.ContainsFunc(kept, func(p PartRef) bool { return p.Index == i }) {
			j.Missing = append(j.Missing, i)
		}
	}
	if j.Conflict || len(j.Missing) > 0 {
		return
	}
	j.Parts = kept
	j.ParityOK = parity == j.Parity
	for _, s := range segments {
		j.Bytes = append(j.Bytes, s.Bytes...)
	}
	j.Text, j.Charset, j.Unmapped = decodeText(segments)
}

func weaker(a, b Agreement) Agreement {
	for _, worst := range []Agreement{Disagree, Single} {
		if a == worst || b == worst {
			return worst
		}
	}
	return Agreed
}
