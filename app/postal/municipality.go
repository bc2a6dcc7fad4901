package postal

import (
	"sort"
	"strings"
)

// municipality is a 市区町村 with its town areas, sorted for a walk by
// prefix.
type municipality struct {
	pref, name string // as published, name with its 郡
	county     string // 郡, empty for a city
	bare       string // name without 郡
	city       string // 札幌市 for 札幌市中央区, else empty
	keys       []string
	groups     []group // groups[i] belongs to keys[i]
	buildings  map[string][]building
	catchAll   []int32 // rows of 以下に掲載がない場合
	whole      int32   // row of 一円, or -1
	blocks     []block // の次に番地がくる場合
	streets    bool    // its addresses may begin with Kyoto street names
}

// group is all rows of one folded town name.
type group struct {
	rows []townRow
}

// townRow is a row of the dictionary with its parsed bracket.
type townRow struct {
	row  int32
	rule *rule // nil for a plain row
}

// block is a code for lots that follow the municipality's name directly.
type block struct {
	row  int32
	lots span
	all  bool
}

// building is a high-rise with a code for each floor.
type building struct {
	name    []rune
	floors  map[int]int32
	unknown int32 // row of 地階・階層不明, or -1
}

// splitName parts 三戸郡南部町 into county and bare name. 郡 ends a county only
// before a 町 or 村: 郡山市, 蒲郡市 and 郡上市 are cities.
func splitName(name string) (county, bare string) {
	if !strings.HasSuffix(name, "町") && !strings.HasSuffix(name, "村") {
		return "", name
	}
	i := strings.Index(name, "郡")
	if i <= 0 || i+len("郡") >= len(name) {
		return "", name
	}
	return name[:i+len("郡")], name[i+len("郡"):]
}

// splitWard parts 札幌市中央区 into city and ward; the 23 wards have no city.
func splitWard(name string) (city, ward string) {
	if !strings.HasSuffix(name, "区") {
		return "", name
	}
	i := strings.Index(name, "市")
	if i <= 0 || i+len("市") >= len(name) {
		return "", name
	}
	return name[:i+len("市")], name[i+len("市"):]
}

// place is a way to read the beginning of an address.
type place struct {
	munis  []int32
	at     int    // where the town area begins
	before []rune // town area implied by an old name (南郷村 → 南郷…)
	stated bool   // the prefecture is written
	whole  bool   // the municipality is written in full, ward included
	// implied: the address names no municipality, the default's is taken.
	implied bool
}

// placeIndex finds municipalities by what an address begins with.
type placeIndex struct {
	keys    map[string]*entry
	longest int
}

// entry is what one key of the index stands for.
type entry struct {
	munis  []int32
	before []rune
	stated bool
	ward   bool // the key ends at a city whose wards are not named
}

func (x *placeIndex) add(key string, e entry) {
	k := string(foldName(key))
	if k == "" {
		return
	}
	x.longest = max(x.longest, len(k))
	old, ok := x.keys[k]
	if !ok {
		x.keys[k] = &e
		return
	}
	for _, m := range e.munis {
		if !contains(old.munis, m) {
			old.munis = append(old.munis, m)
		}
	}
}

func contains(list []int32, v int32) bool {
	for _, x := range list {
		if x == v {
			return true
		}
	}
	return false
}

// addNew adds a key unless a municipality of today bears it.
func (x *placeIndex) addNew(key string, e entry) {
	if _, ok := x.keys[string(foldName(key))]; !ok {
		x.add(key, e)
	}
}

// addMunicipality enters every way to write a municipality.
func (x *placeIndex) addMunicipality(m *municipality, id int32) {
	one := []int32{id}
	x.add(m.pref+m.name, entry{munis: one, stated: true})
	x.add(m.pref+m.bare, entry{munis: one, stated: true})
	x.add(m.name, entry{munis: one})
	x.add(m.bare, entry{munis: one})
	if m.city != "" {
		x.add(m.pref+m.city, entry{munis: one, stated: true, ward: true})
		x.add(m.city, entry{munis: one, ward: true})
	}
}

// find gives the readings of an address, longest first.
func (x *placeIndex) find(a []rune) []place {
	s := string(a[:min(len(a), 40)])
	var ends []int
	for i := range s {
		if i > 0 && i <= x.longest {
			ends = append(ends, i)
		}
	}
	if len(s) <= x.longest {
		ends = append(ends, len(s))
	}
	var out []place
	for i := len(ends) - 1; i >= 0; i-- {
		e, ok := x.keys[s[:ends[i]]]
		if !ok {
			continue
		}
		out = append(out, place{munis: e.munis, at: i + 1, before: e.before, stated: e.stated, whole: !e.ward})
	}
	return out
}

// sortGroups orders the town areas for walk.
func (m *municipality) sortGroups(byKey map[string]*group) {
	m.keys = make([]string, 0, len(byKey))
	for k := range byKey {
		m.keys = append(m.keys, k)
	}
	sort.Strings(m.keys)
	m.groups = make([]group, len(m.keys))
	for i, k := range m.keys {
		m.groups[i] = *byKey[k]
	}
}
