package postal

import (
	"slices"
	"strings"
)

// findBehindStreets finds a Kyoto town area behind its street names. It does
// nothing for an address without them.
func (m *municipality) findBehindStreets(d *Dictionary, a []rune, at int) outcome {
	last := lastTurn(a, at)
	if last < 0 {
		return outcome{}
	}
	for q := last; q < len(a); q++ {
		if q > last && isDigit(a[q]) && isDigit(a[q-1]) {
			continue
		}
		o := m.findTown(d, a, q, a[at:q])
		if len(o.hits) > 0 && o.clean && o.end-q >= 2 {
			return o
		}
	}
	return outcome{}
}

var turnMarks = []string{"上ル", "下ル", "上ケル", "下ケル", "アケル", "サケル", "西入", "東入", "通", "筋目"}

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

// isStreetList reports whether a bracket lists Kyoto streets.
func isStreetList(text string) bool {
	return slices.ContainsFunc([]string{"上ル", "下ル", "西入", "東入"}, func(mark string) bool { return strings.Contains(text, mark) })
}

var streetForms = strings.NewReplacer("上ケル", "上ル", "下ケル", "下ル", "アケル", "上ル", "サケル", "下ル",
	"入ル", "入", "入リ", "入", "通リ", "通")

// foldStreet brings the spellings of a Kyoto crossing together.
func foldStreet(s []rune) string { return streetForms.Replace(string(s)) }

var streetTurns = strings.NewReplacer("通", " ", "上ル", " ", "下ル", " ", "西入", " ", "東入", " ", "筋目", " ", "丁目", " ", "大橋東", "大橋 ")

// streetNames gives the streets named in a crossing, without the turns.
func streetNames(crossing string) []string { return strings.Fields(streetTurns.Replace(crossing)) }

// fitStreet judges the crossing before a Kyoto town area against the bracket
// of one of its rows: written alike, or made of streets that the row names.
func (r *rule) fitStreet(t *tail) fit {
	if len(t.road) == 0 {
		return fit{}
	}
	road := foldStreet(t.road)
	bare := strings.ReplaceAll(road, "通", "")
	known := map[string]bool{}
	for i := range r.conds {
		c := string(r.conds[i].literal)
		if strings.ReplaceAll(c, "通", "") == bare {
			return fit{strength: fitName + len(c)}
		}
		for _, street := range streetNames(c) {
			known[street] = true
		}
	}
	streets := streetNames(road)
	for _, s := range streets {
		if len([]rune(s)) > 1 && !known[s] {
			return fit{}
		}
	}
	if len(streets) < 2 {
		return fit{}
	}
	return fit{strength: fitNumber}
}
