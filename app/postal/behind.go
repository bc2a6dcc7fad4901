package postal

import "strings"

// findBehindStreets finds a Kyoto town area behind its street names. It does
// nothing for an address without them.
func (m *municipality) findBehindStreets(d *Dictionary, a []rune, at int) outcome {
	last := lastTurn(a, at)
	if last < 0 {
		return outcome{}
	}
	if o := m.findTown(d, a, at, nil); o.tier == Sure && o.clean {
		return o
	}
	for q := last; q < len(a); q++ {
		if q > last && isDigit(a[q]) && isDigit(a[q-1]) {
			continue
		}
		o := m.findTown(d, a, q, foldStreet(a[at:q]))
		if len(o.hits) > 0 && o.clean && o.end-q >= 2 {
			return o
		}
	}
	return outcome{}
}

// lastTurn gives the position behind the last word by which the address turns
// at a crossing, or -1.
func lastTurn(a []rune, at int) int {
	s := string(a[at:])
	end := -1
	for _, mark := range turnMarks {
		if i := strings.LastIndex(s, mark); i >= 0 {
			end = max(end, i+len(mark))
		}
	}
	if end < 0 {
		return -1
	}
	i := at + len([]rune(s[:end]))
	for i < len(a) && (a[i] == 'ル' || a[i] == 'リ') {
		i++
	}
	return i
}

var turnMarks = []string{"上ル", "下ル", "上ケル", "下ケル", "アケル", "サケル", "西入", "東入", "通", "筋目"}

// findWithin looks for the town area behind text that the dictionary does not
// know, such as an old ward or village. Behind 大字 it is sure enough when no
// other reading exists; elsewhere it is shown only.
func (m *municipality) findWithin(d *Dictionary, a []rune, at int) outcome {
	for q := at + 1; q < min(len(a), at+8) && !isDigit(a[q]); q++ {
		behindOaza := hasRunes(a, oazaWord, q)
		if a[q-1] == '字' && !behindOaza {
			continue
		}
		o := m.findTown(d, a, q, nil)
		if len(o.hits) == 0 || !o.clean || o.end-q < 2 {
			continue
		}
		for i := range o.hits {
			o.hits[i].why = WhyWithin
		}
		if !behindOaza {
			o.tier = Candidates
		}
		return o
	}
	return outcome{}
}

// looseRunes are left out by findLoose: people write and drop them at will.
const looseRunes = "ノケツ町村リ"

// loosen drops looseRunes and keeps the positions of what stays.
func loosen(a []rune, at int) (kept []rune, pos []int) {
	for i := at; i < len(a); i++ {
		if !strings.ContainsRune(looseRunes, a[i]) && a[i] != '字' && a[i] != '大' {
			kept = append(kept, a[i])
			pos = append(pos, i+1)
		}
	}
	return kept, pos
}

// findLoose compares without looseRunes. It is asked last, and a single town
// area of three or more remaining characters must agree.
func (m *municipality) findLoose(d *Dictionary, a []rune, at int) outcome {
	rest, pos := loosen(a, at)
	best, size, twice := -1, 2, false
	for i, key := range m.keys {
		k, _ := loosen([]rune(key), 0)
		if len(k) < size || len(k) < 3 || !hasRunes(rest, k, 0) {
			continue
		}
		twice = len(k) == size && best >= 0
		best, size = i, len(k)
	}
	if best < 0 || twice {
		return outcome{}
	}
	o, _ := m.weigh(d, a, match{group: best, end: pos[size-1]}, nil)
	for i := range o.hits {
		o.hits[i].why = WhyLoose
	}
	if !o.clean {
		o.tier = Candidates
	}
	return o
}
