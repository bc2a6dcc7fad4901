package postal

import "strings"

// addFloor puts the code of a building's floor before that of its town area.
// Without a floor the building's code for unknown floors is only shown,
// because senders then use the town area's code as often.
func (m *municipality) addFloor(town string, t *tail, o *outcome) {
	for i := range m.buildings[town] {
		b := &m.buildings[town][i]
		end := b.nameEnd(t.r)
		if end < 0 {
			if b.unknown >= 0 && b.nearlyNamed(t.r) {
				// アイランドタワー for 新宿アイランドタワー: shown, not filled in.
				o.tier = Candidates
				o.hits = append(o.hits, hit{b.onFloor(t.r), WhyBuilding})
			}
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

// nearName is how many characters in a row make a building's name likely.
const nearName = 6

// nearlyNamed reports whether a good part of the building's name stands in s.
// Words that many buildings share do not count.
func (b *building) nearlyNamed(s []rune) bool {
	for i := 0; i+nearName <= len(b.name); i++ {
		part := b.name[i : i+nearName]
		if !commonPart(part) && indexRunes(s, part, 0) >= 0 {
			return true
		}
	}
	return false
}

func commonPart(part []rune) bool {
	for _, w := range commonWords {
		if strings.Contains(w, string(part)) {
			return true
		}
	}
	return false
}

var commonWords = []string{"センタービルデイング", "タワービルデイング", "センタータワービル", "オフイスタワー", "三井ビルデイング"}

// onFloor gives the row of the floor that s names, or of unknown floors.
func (b *building) onFloor(s []rune) int32 {
	floor, above := readFloor(s, 0)
	if row, ok := b.floors[floor]; ok && above {
		return row
	}
	return b.unknown
}

// nameEnd gives the position behind the building's name in s, or -1.
func (b *building) nameEnd(s []rune) int {
	for _, name := range b.names() {
		at := indexRunes(s, name, 0)
		if at < 0 {
			continue
		}
		end := at + len(name)
		for _, word := range annexWords {
			if hasRunes(s, word, end) {
				return -1
			}
		}
		return end
	}
	return -1
}

// annexWords make a building's name that of another building beside it.
var annexWords = [][]rune{[]rune("アネツクス"), []rune("ANNEX"), []rune("別館"), []rune("新館")}

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
