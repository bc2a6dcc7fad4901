package postal

import (
	"sort"
	"strings"
)

// findUnitless reads 桔梗が丘3-3-5 as 桔梗が丘3番町…: the counting word belongs
// to the town area's name and was left out.
func (m *municipality) findUnitless(d *Dictionary, a []rune, at int) outcome {
	i := at
	for i < len(a) && !isDigit(a[i]) {
		i++
	}
	_, end := numberAt(a, i)
	if end >= len(a) || end == i || a[end] != '-' {
		return outcome{}
	}
	var found outcome
	for _, word := range []string{"番町", "条", "丁目", "区", "番"} {
		whole := splice(a, end, end, []rune(word))
		o := m.findTown(d, whole, at, nil)
		if o.tier != Sure || o.end < end+len([]rune(word)) {
			continue
		}
		if i == at {
			o.tier = Candidates
		}
		if len(found.hits) > 0 {
			found.tier = Candidates
			found.hits = append(found.hits, o.hits...)
			return found
		}
		found = o
	}
	return found
}

// findLotLetter reads 神拝字七反地甲217 as 神拝甲: where lots carry a letter (甲,
// 乙), Japan Post lists the letter with the town area, but the 小字 is written
// between them.
func (m *municipality) findLotLetter(d *Dictionary, a []rune, at int) outcome {
	i := at
	for i < len(a) && !isDigit(a[i]) {
		i++
	}
	if i > at && i < len(a) && a[i-1] == 'ノ' {
		a = splice(a, i-1, i, nil)
		i--
	}
	if i >= len(a) || i-at < 3 || !lotLetter(a, i-1) {
		return outcome{}
	}
	for q := i - 2; q > at; q-- {
		if a[q-1] == '字' {
			continue
		}
		joined := splice(a, q, i-1, nil)
		o := m.findTown(d, joined, at, nil)
		if o.tier != Sure || o.end != q+1 {
			continue
		}
		if a[q] != '字' {
			o.tier = Candidates
		}
		return o
	}
	return outcome{}
}

// splice replaces a[from:to].
func splice(a []rune, from, to int, with []rune) []rune {
	out := make([]rune, 0, len(a)+len(with))
	out = append(out, a[:from]...)
	out = append(out, with...)
	return append(out, a[to:]...)
}

// findWithin looks for the town area behind text that the dictionary does not
// know. In Kyoto that is the rule (古門前三吉町); elsewhere it is shown only,
// because 南鷹尾 is not 鷹尾.
func (m *municipality) findWithin(d *Dictionary, a []rune, at int) outcome {
	for q := at + 1; q < min(len(a), at+12) && !isDigit(a[q]); q++ {
		if a[q-1] == '字' {
			continue
		}
		o := m.findTown(d, a, q, nil)
		if len(o.hits) == 0 || o.against || !o.clean || o.end-q < 2 {
			continue
		}
		for i := range o.hits {
			if o.hits[i].why != WhySibling {
				o.hits[i].why = WhyWithin
			}
		}
		if !m.streets || o.end-q < 3 {
			o.tier = Candidates
		}
		return o
	}
	return outcome{}
}

// droppedRunes join two parts of a name and are written or not at will
// (姪浜, 姪の浜); looseRunes also end names.
const (
	droppedRunes = "ノケツ"
	looseRunes   = droppedRunes + "町村リ"
)

// loosen drops some characters and remembers where the kept ones end.
func loosen(a []rune, at int, drop string) (kept []rune, ends []int) {
	for i := at; i < len(a); i++ {
		if a[i] == '字' || hasRunes(a, oazaWord, i) || strings.ContainsRune(drop, a[i]) {
			continue
		}
		kept = append(kept, a[i])
		ends = append(ends, i+1)
	}
	return kept, ends
}

// findDropped compares without droppedRunes, whole names only.
func (m *municipality) findDropped(d *Dictionary, a []rune, at int) outcome {
	return m.findWithout(d, a, at, droppedRunes, 2)
}

// findLoose compares without looseRunes.
func (m *municipality) findLoose(d *Dictionary, a []rune, at int) outcome {
	return m.findWithout(d, a, at, looseRunes, 2)
}

// findWithout finds the town area that agrees once some characters are left
// out on both sides. It is sure when exactly one does and its name ends where
// a name may end.
func (m *municipality) findWithout(d *Dictionary, a []rune, at int, drop string, least int) outcome {
	rest, ends := loosen(a, at, drop)
	best, size, twice := -1, least-1, false
	for i, key := range m.keys {
		k, _ := loosen([]rune(key), 0, drop)
		if len(k) < max(size, least) || !hasRunes(rest, k, 0) {
			continue
		}
		twice = len(k) == size && best >= 0
		best, size = i, len(k)
	}
	twice = twice || best >= 0 && m.beginLike(a, at)
	if best < 0 {
		return outcome{}
	}
	end := ends[size-1]
	for end < len(a) && strings.ContainsRune(drop, a[end]) {
		end++
	}
	o, fits := m.weigh(d, a, match{group: best, end: end}, nil)
	for i := range o.hits {
		if o.hits[i].why != WhySibling {
			o.hits[i].why = WhyLoose
		}
	}
	if !fits || !o.clean || twice {
		o.tier = Candidates
	}
	if !o.clean && size < 3 {
		return outcome{}
	}
	return o
}

// beginLike reports whether several town areas go on where the address stops:
// 西中野8 may be 西中野町 or 西中野本町.
func (m *municipality) beginLike(a []rune, at int) bool {
	start, end := nameRange(a, at)
	name, n := string(a[start:end]), 0
	for i := sort.SearchStrings(m.keys, name); i < len(m.keys) && strings.HasPrefix(m.keys[i], name); i++ {
		n++
	}
	return n > 1
}

// nameRange gives what is written as a name at position at, up to the number
// or the next 字.
func nameRange(a []rune, at int) (start, end int) {
	start, _ = skipOaza(a, at)
	end = start
	for end < len(a) && !isDigit(a[end]) && a[end] != '-' && a[end] != '(' && a[end] != '字' {
		end++
	}
	if end > start+2 && lotLetter(a, end-1) && a[end-1] == 'ノ' {
		end--
	}
	return start, end
}

// findSimilar shows town areas that go on where the address stops, or differ
// by one character, for typing errors; it is never sure.
func (m *municipality) findSimilar(_ *Dictionary, a []rune, at int) outcome {
	start, end := nameRange(a, at)
	name := a[start:end]
	var o outcome
	if len(name) < 2 {
		return o
	}
	for i, key := range m.keys {
		k := []rune(key)
		near := nearlyEqual(k, name) || hasRunes(k, name, 0) ||
			len(name) > 2 && lotLetter(a, end-1) && nearlyEqual(k, name[:len(name)-1])
		if near && len(o.hits) < maxCandidates {
			for _, h := range m.groups[i].siblings() {
				o.hits = append(o.hits, hit{h.row, WhySimilar})
			}
		}
	}
	if len(o.hits) > 0 {
		o.tier, o.end = Candidates, end
	}
	return o
}

// nearlyEqual reports one changed, missing or added character; names of two
// characters must share one of them.
func nearlyEqual(a, b []rune) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 || len(a) < 2 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	j := 0
	for j < len(a)-i && a[len(a)-1-j] == b[len(b)-1-j] {
		j++
	}
	return i+j >= max(len(a), len(b))-1
}
