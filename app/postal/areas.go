package postal

import "sort"

// addAreas shows what a municipality has where the address names none of its
// town areas, or one that it no longer has: first the town areas whose names
// share two characters with what is written (大字北石垣: 石垣東, 石垣西), then
// the rest if all together are few enough for a person to look through.
func (d *Dictionary) addAreas(o *outcome, a []rune, p place) {
	if p.implied || len(p.munis) != 1 {
		return
	}
	m := &d.munis[p.munis[0]]
	start, end := nameRange(a, p.at)
	name := a[start:end]
	type area struct{ group, like int }
	var areas []area
	rows := 0
	for i := range m.groups {
		areas = append(areas, area{i, shared([]rune(m.keys[i]), name)})
		rows += len(m.groups[i].rows)
	}
	sort.SliceStable(areas, func(i, j int) bool { return areas[i].like > areas[j].like })
	for _, x := range areas {
		if x.like < 2 && rows > maxCandidates {
			break
		}
		for _, h := range m.groups[x.group].siblings() {
			o.hits, o.tier = append(o.hits, hit{h.row, WhyArea}), Candidates
		}
	}
}

// shared is the length of the longest run of characters that two names have in
// common.
func shared(a, b []rune) (longest int) {
	for i := range a {
		for j := range b {
			n := 0
			for i+n < len(a) && j+n < len(b) && a[i+n] == b[j+n] {
				n++
			}
			longest = max(longest, n)
		}
	}
	return longest
}

// findInside shows what an address says behind a municipality that is wrong or
// not one: 青森市八戸市上徒士町, レインボーテラス内長野市大字吉.
func (d *Dictionary) findInside(a []rune) outcome {
	for at := 1; at < min(len(a), 16); at++ {
		if isDigit(a[at-1]) {
			break
		}
		for _, p := range d.places.find(a[at:]) {
			p.at += at
			o := d.resolve(a, p, Default{})
			if o.tier == Sure || o.tier == Candidates && o.clean {
				o.tier = Candidates
				for i := range o.hits {
					o.hits[i].why = WhyWithin
				}
				return o
			}
		}
	}
	return outcome{}
}
