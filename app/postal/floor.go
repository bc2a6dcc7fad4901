package postal

// addFloor puts the code of a building's floor before that of its town area.
// Without a floor the building's code for unknown floors is only shown,
// because senders then use the town area's code as often.
func (m *municipality) addFloor(town string, t *tail, o *outcome) {
	for i := range m.buildings[town] {
		b := &m.buildings[town][i]
		end := b.nameEnd(t.r)
		if end < 0 {
			continue
		}
		floor, above := readFloor(t.r, end)
		if row, ok := b.floors[floor]; ok && above {
			o.hits = append([]hit{{row, WhyBuilding}}, o.hits...)
			return
		}
		if b.unknown >= 0 {
			o.hits = append([]hit{{b.unknown, WhyBuilding}}, o.hits...)
			if floor == 0 {
				o.tier = Candidates
			}
		}
		return
	}
}

// nameEnd gives the position behind the building's name in s, or -1. A longer
// name (…タワーアネックス) is another building.
func (b *building) nameEnd(s []rune) int {
	for _, name := range b.names() {
		at := indexRunes(s, name, 0)
		if at < 0 {
			continue
		}
		end := at + len(name)
		if end == len(s) || !isKatakana(s[end]) || !isKatakana(s[end-1]) {
			return end
		}
	}
	return -1
}

// names gives a building's name, and its part behind ・ or before a bracket.
func (b *building) names() [][]rune {
	out := [][]rune{b.name}
	for i, r := range b.name {
		switch {
		case r == '・' && len(b.name)-i-1 >= 4:
			out = append(out, b.name[i+1:])
		case r == '(' && i >= 4:
			out = append(out, b.name[:i])
		}
	}
	return out
}

// readFloor reads 12階 or 12F behind a building's name; above is false below
// ground, where no floor has a code of its own.
func readFloor(s []rune, from int) (floor int, above bool) {
	for i := from; i < len(s); i++ {
		if !isDigit(s[i]) {
			continue
		}
		v, end := numberAt(s, i)
		if end < len(s) && (s[end] == '階' || s[end] == 'F') {
			below := i > 0 && (s[i-1] == 'B' || s[i-1] == '下')
			return v, !below
		}
		i = end
	}
	return 0, false
}
