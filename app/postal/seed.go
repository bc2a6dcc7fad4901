package postal

import (
	_ "embed"
	"encoding/csv"
	"strings"
)

//go:embed seed/towns.csv
var seedTowns string

//go:embed seed/old_names.csv
var seedOldNames string

// seedFile is the list of town areas that comes with the program, so that a
// fresh installation resolves its own town before anyone has loaded a file.
// Its columns are code, prefecture, municipality, town area, and the two flags
// 小字 and 丁目 of KEN_ALL. The file is part of the program: a fault in it is a
// programming error, and a test reads every line.
func seedFile() *File {
	f := &File{Edition: Edition{Kind: KindSeed}}
	for _, c := range seedRows(seedTowns, 6) {
		r := record{code: c[0], pref: c[1], muni: c[2], town: c[3]}
		if c[4] == "1" {
			r.flags |= flagAza
		}
		if c[5] == "1" {
			r.flags |= flagChome
		}
		f.rows = append(f.rows, r)
	}
	f.Edition.Rows = len(f.rows)
	f.Edition.Lines = len(f.rows)
	return f
}

// seedRows parses an embedded list; a list that does not parse is empty.
func seedRows(text string, columns int) [][]string {
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = columns
	r.Comment = '#'
	rows, err := r.ReadAll()
	if err != nil {
		return nil
	}
	return rows
}

// indexOldNames enters municipalities that were merged away: prefecture, old
// name with county, present name, and what the merger put before the names of
// the town areas (南郷村 → 八戸市南郷…).
func (d *Dictionary) indexOldNames() {
	for _, c := range seedRows(seedOldNames, 4) {
		now, ok := d.places.keys[string(foldName(c[0]+c[2]))]
		if !ok {
			continue
		}
		_, bare := splitName(c[1])
		e := entry{munis: now.munis, before: foldName(c[3])}
		for _, key := range []string{c[0] + c[1], c[0] + bare} {
			stated := e
			stated.stated = true
			d.places.addNew(key, stated)
		}
		d.places.addNew(c[1], e)
		d.places.addNew(bare, e)
	}
}

// SeedDictionary is the dictionary of a fresh installation.
func SeedDictionary() *Dictionary { return NewDictionary() }

// SeedDefault is the municipality of the built-in list: the town that runs the
// system, as long as its settings name no other.
func SeedDefault() Default {
	for _, c := range seedRows(seedTowns, 6) {
		county, bare := splitName(c[2])
		return Default{Prefecture: c[1], County: county, Municipality: bare}
	}
	return Default{}
}
