package postal

import (
	"slices"
	"strings"
)

// Change is one difference between two dictionaries. Old or New is empty when
// the town area was added or removed; otherwise its code changed.
type Change struct {
	Prefecture   string
	Municipality string
	Town         string // as published, or an office's name
	Old, New     []string
}

// Difference is what a new dictionary changes, for the person who loads it.
// Each list is in order of prefecture, municipality and town area as they
// stand in the files.
type Difference struct {
	Added   []Change
	Removed []Change
	Changed []Change
	// Same is the number of town areas and offices that stay as they are.
	Same int
}

// placeKey is what a code stands for.
type placeKey struct{ pref, muni, town, office string }

// Diff compares two dictionaries by town area and office.
func Diff(old, new *Dictionary) Difference {
	before, after := old.codesByPlace(), new.codesByPlace()
	var out Difference
	for _, k := range new.placeOrder() {
		was, is := before[k], after[k]
		c := Change{Prefecture: k.pref, Municipality: k.muni, Town: k.shown(), Old: was, New: is}
		switch {
		case len(was) == 0:
			out.Added = append(out.Added, c)
		case slices.Equal(was, is):
			out.Same++
		default:
			out.Changed = append(out.Changed, c)
		}
	}
	for _, k := range old.placeOrder() {
		if len(after[k]) == 0 {
			out.Removed = append(out.Removed, Change{Prefecture: k.pref, Municipality: k.muni, Town: k.shown(), Old: before[k]})
		}
	}
	return out
}

func (k placeKey) shown() string {
	if k.office != "" {
		return k.office
	}
	return shownTown(k.town)
}

func (r *record) key() placeKey { return placeKey{r.pref, r.muni, r.town, r.office} }

// codesByPlace gives the sorted codes of every place.
func (d *Dictionary) codesByPlace() map[placeKey][]string {
	out := make(map[placeKey][]string, len(d.rows))
	for i := range d.rows {
		r := &d.rows[i]
		k := r.key()
		if !slices.Contains(out[k], r.code) {
			out[k] = append(out[k], r.code)
		}
	}
	for _, codes := range out {
		slices.SortFunc(codes, strings.Compare)
	}
	return out
}

// placeOrder lists every place once, in the order of the files.
func (d *Dictionary) placeOrder() []placeKey {
	seen := make(map[placeKey]bool, len(d.rows))
	var out []placeKey
	for i := range d.rows {
		if k := d.rows[i].key(); !seen[k] {
			seen[k] = true
			out = append(out, k)
		}
	}
	return out
}

// DiffFile tells what a file would change in a dictionary: the town areas for a
// file of town areas, the offices for a file of offices.
func DiffFile(old *Dictionary, f *File) Difference {
	ofOffices := f.Edition.Kind == KindOffices
	before := &Dictionary{}
	for _, r := range old.rows {
		if (r.office != "") == ofOffices {
			before.rows = append(before.rows, r)
		}
	}
	return Diff(before, &Dictionary{rows: f.rows})
}
