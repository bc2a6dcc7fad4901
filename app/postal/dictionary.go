package postal

import (
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// Dictionary is a searchable set of postal codes (郵便番号簿). It never
// changes after NewDictionary and may be used by any number of goroutines.
type Dictionary struct {
	editions []Edition
	rows     []record
	munis    []municipality
	places   placeIndex
	byCode   []int32 // rows in order of code
}

// NewDictionary indexes the rows of files. Files of town areas replace the
// built-in seed; with offices alone, or nothing, the seed stays. Of two files
// of the same kind the last one counts.
func NewDictionary(files ...*File) *Dictionary {
	d := &Dictionary{places: placeIndex{keys: make(map[string]*entry, 10000)}}
	towns := seedFile()
	var offices *File
	for _, f := range files {
		if f.Edition.Kind == KindOffices {
			offices = f
		} else {
			towns = f
		}
	}
	d.editions = append(d.editions, towns.Edition)
	d.rows = append(d.rows, towns.rows...)
	if offices != nil {
		d.editions = append(d.editions, offices.Edition)
		d.rows = append(d.rows, offices.rows...)
	}
	d.indexTowns(len(towns.rows))
	d.indexOldNames()
	d.indexWards()
	d.byCode = make([]int32, len(d.rows))
	for i := range d.byCode {
		d.byCode[i] = int32(i)
	}
	slices.SortStableFunc(d.byCode, func(a, b int32) int { return strings.Compare(d.rows[a].code, d.rows[b].code) })
	return d
}

// Editions tells which files the dictionary was made from.
func (d *Dictionary) Editions() []Edition { return slices.Clone(d.editions) }

// Towns gives every town area and office with a code, in published order. The
// code may carry a hyphen, full-width figures or a leading 〒.
func (d *Dictionary) Towns(code string) []Town {
	code = plainCode(code)
	i := sort.Search(len(d.byCode), func(i int) bool { return d.rows[d.byCode[i]].code >= code })
	var out []Town
	for ; i < len(d.byCode) && d.rows[d.byCode[i]].code == code; i++ {
		r := d.rows[d.byCode[i]]
		out = append(out, Town{Code: r.code, Prefecture: r.pref, Municipality: r.muni, Town: shownTown(r.town), Office: r.office})
	}
	return out
}

// plainCode leaves the figures of a code as people write it.
func plainCode(s string) string {
	var b strings.Builder
	for _, r := range foldName(s) {
		if isDigit(r) {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// The notes that Japan Post writes into the town column.
const (
	noteCatchAll = "以下に掲載がない場合"
	noteBlock    = "がくる場合"
	noteNext     = "の次に"
	noteWhole    = "一円"
	noteNoFloor  = "地階・階層不明"
)

// shownTown hides the catch-all note, which is no name of a place.
func shownTown(town string) string {
	if town == noteCatchAll {
		return ""
	}
	return town
}

// indexTowns builds the municipalities from the first n rows.
func (d *Dictionary) indexTowns(n int) {
	byName := map[[2]string]int32{}
	var b *builder
	var open int32 = -1
	builders := []*builder{}
	for i := range n {
		r := &d.rows[i]
		if open < 0 || d.munis[open].name != r.muni || d.munis[open].pref != r.pref {
			id, ok := byName[[2]string{r.pref, r.muni}]
			if !ok {
				id = int32(len(d.munis))
				byName[[2]string{r.pref, r.muni}] = id
				d.munis = append(d.munis, newMunicipality(r.pref, r.muni))
				builders = append(builders, &builder{groups: map[string]*group{}})
			}
			open, b = id, builders[id]
		}
		b.add(&d.munis[open], r, int32(i))
	}
	streets := map[string]bool{}
	for i := range d.munis {
		if m := &d.munis[i]; m.streets && m.city != "" {
			streets[m.pref+m.city] = true
		}
	}
	for i := range d.munis {
		d.munis[i].streets = streets[d.munis[i].pref+d.munis[i].city]
		d.munis[i].sortGroups(builders[i].groups)
		builders[i].attachFloors(&d.munis[i])
		d.places.addMunicipality(&d.munis[i], int32(i))
	}
}

// indexWards enters wards without their city (愛知県千種区), unless a
// municipality bears that name itself.
func (d *Dictionary) indexWards() {
	wards := map[string]*entry{}
	for i := range d.munis {
		m := &d.munis[i]
		if m.city == "" {
			continue
		}
		_, ward := splitWard(m.bare)
		for _, key := range []string{m.pref + ward, ward} {
			if wards[key] == nil {
				wards[key] = &entry{stated: key != ward}
			}
			wards[key].munis = append(wards[key].munis, int32(i))
		}
	}
	for key, e := range wards {
		d.places.addNew(key, *e)
	}
}

func newMunicipality(pref, name string) municipality {
	m := municipality{pref: pref, name: name, whole: -1}
	m.county, m.bare = splitName(name)
	m.city, _ = splitWard(m.bare)
	return m
}

// builder collects the rows of one municipality.
type builder struct {
	groups map[string]*group
	floors []floorRow
}

// floorRow is one floor of a building, not yet attached to its town area.
type floorRow struct {
	name  string // folded, town area and building together
	floor int    // 0 for 地階・階層不明
	row   int32
}

// add sorts one row into the municipality.
func (b *builder) add(m *municipality, r *record, i int32) {
	base, bracket := splitBracket(r.town)
	switch {
	case base == noteCatchAll:
		m.catchAll = append(m.catchAll, i)
		return
	case strings.HasSuffix(base, noteBlock) && strings.Contains(base, noteNext):
		m.blocks = append(m.blocks, newBlock(base, i))
		return
	case base != noteWhole && base == m.bare+noteWhole:
		m.whole = i
		return
	}
	if floor, ok := floorOf(bracket); ok {
		b.floors = append(b.floors, floorRow{name: string(foldName(base)), floor: floor, row: i})
		return
	}
	base = strings.TrimSuffix(base, noteWhole)
	if base == "" {
		base = noteWhole
	}
	b.addTown(m, townRow{row: i}, base, bracket)
}

// addTown enters a town area under its folded name, or under several when the
// name column itself is a list: 穴明22地割、穴明23地割 and 甲、乙（大木戸）.
func (b *builder) addTown(m *municipality, t townRow, base, bracket string) {
	if bracket != "" {
		t.rule = parseRule(string(foldName(bracket)))
		m.streets = m.streets || t.rule.kind == ruleStreet
	}
	key := []rune(strings.ReplaceAll(string(foldName(base)), "・", ""))
	// 杉名畑44地割（…）/（その他）: the bracket narrows one 地割, which stays in
	// the name. 種市第1地割〜第3地割（…）: the bracket repeats what lies in them.
	if name, wari, ok := splitWari(key); ok && (t.rule == nil || len(wari.lots) > 1 || wari.lots[0].lo != wari.lots[0].hi) {
		conds := []condition{wari}
		if t.rule != nil {
			conds = append(conds, t.rule.conds...)
		}
		t.rule = &rule{kind: ruleList, conds: conds}
		b.put(name, t)
		return
	}
	if !strings.ContainsRune(base, '、') {
		b.put(string(key), t)
		return
	}
	for _, part := range strings.Split(string(key), "、") {
		b.put(part, t)
	}
}

func (b *builder) put(key string, t townRow) {
	g, ok := b.groups[key]
	if !ok {
		g = &group{}
		b.groups[key] = g
	}
	g.rows = append(g.rows, t)
}

// splitBracket parts a town column into name and bracket content; of two
// brackets in a row the last is the content (高層棟）（3階).
func splitBracket(town string) (base, bracket string) {
	if !strings.HasSuffix(town, "）") {
		return town, ""
	}
	i := strings.LastIndex(town, "（")
	if i <= 0 {
		return town, ""
	}
	return town[:i], town[i+len("（") : len(town)-len("）")]
}

// floorOf reads a bracket such as 12階.
func floorOf(bracket string) (int, bool) {
	if bracket == noteNoFloor {
		return 0, true
	}
	digits, ok := strings.CutSuffix(bracket, "階")
	if !ok {
		return 0, false
	}
	s := foldName(digits)
	v, end := numberAt(s, 0)
	return v, end == len(s) && end > 0
}

// newBlock reads 小菅村の次に1〜663番地がくる場合.
func newBlock(base string, row int32) block {
	_, lots, _ := strings.Cut(base, noteNext)
	s := foldName(strings.TrimSuffix(lots, noteBlock))
	if len(s) == 0 || !isDigit(s[0]) {
		return block{row: row, all: true}
	}
	p, _, _ := readSpan(s, 0)
	return block{row: row, lots: p}
}

// splitWari reads 種市第1地割〜第3地割 and 穴明22地割、穴明23地割: a name and the
// 地割 that belong to the row.
func splitWari(key []rune) (string, condition, bool) {
	i := indexRunes(key, []rune("地割"), 0)
	if i <= 0 || !isDigit(key[i-1]) {
		return "", condition{}, false
	}
	start := i
	for start > 0 && isDigit(key[start-1]) {
		start--
	}
	name := key[:start]
	if n := len(name); n > 0 && name[n-1] == '第' {
		name = name[:n-1]
	}
	c := condition{unit: unitWari}
	body := strings.ReplaceAll(string(key[len(name):]), string(name), "")
	for _, part := range strings.Split(body, "、") {
		p := []rune(strings.ReplaceAll(part, "第", ""))
		if len(p) == 0 || !isDigit(p[0]) {
			return "", condition{}, false
		}
		lots, _, end := readSpan(p, 0)
		if end != len(p) {
			return "", condition{}, false
		}
		c.lots = append(c.lots, lots)
	}
	return string(name), c, len(name) > 0
}

// attachFloors hangs every building on the longest town area with which its
// name begins.
func (b *builder) attachFloors(m *municipality) {
	for _, f := range b.floors {
		town := f.name
		for town != "" {
			if _, ok := b.groups[town]; ok {
				break
			}
			_, size := utf8.DecodeLastRuneInString(town)
			town = town[:len(town)-size]
		}
		if town == "" {
			continue
		}
		if m.buildings == nil {
			m.buildings = map[string][]building{}
		}
		name := strings.TrimPrefix(f.name, town)
		list := m.buildings[town]
		i := slices.IndexFunc(list, func(x building) bool { return string(x.name) == name })
		if i < 0 {
			i = len(list)
			list = append(list, building{name: []rune(name), floors: map[int]int32{}, unknown: -1})
		}
		if f.floor == 0 {
			list[i].unknown = f.row
		} else {
			list[i].floors[f.floor] = f.row
		}
		m.buildings[town] = list
	}
}
