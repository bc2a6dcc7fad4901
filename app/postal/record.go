package postal

import (
	"fmt"
	"strings"
)

// record is one row of a file. Names are as published.
type record struct {
	code   string
	pref   string
	muni   string // with its 郡
	town   string
	office string
	flags  flags
}

// flags are the columns 10 to 13 of KEN_ALL.
type flags uint8

const (
	// flagAza: lots are numbered anew in every 小字, so the 小字 matters.
	flagAza flags = 1 << iota
	// flagChome: the town area has 丁目.
	flagChome
)

// Columns of the files, counted from 0.
const (
	kenAllColumns   = 15
	officeColumns   = 13
	columnCode      = 2
	columnPref      = 6
	columnAza       = 10
	columnChome     = 11
	columnOffPref   = 3
	columnOffCode   = 7
	columnOffOffice = 2
)

// parse reads all rows of a decoded file and completes the edition's kind and
// line count.
func parse(text string, ed *Edition) ([]record, error) {
	cols, err := detectColumns(text)
	if err != nil {
		return nil, err
	}
	if cols == officeColumns {
		ed.Kind = KindOffices
	}
	p := parser{kind: ed.Kind, names: map[string]string{}}
	p.rows = make([]record, 0, min(strings.Count(text, "\n")+1, maxRows))
	for text != "" {
		line, rest, ended := strings.Cut(text, "\n")
		text = rest
		p.line++
		line = strings.TrimSuffix(line, "\r")
		if line == "" || line == "\x1a" {
			continue
		}
		if err := p.add(line); err != nil {
			if !ended {
				err = ErrTruncated
			}
			return nil, &RowError{Line: p.line, Err: err}
		}
		if len(p.rows) > maxRows {
			return nil, ErrTooLarge
		}
	}
	if p.open {
		return nil, &RowError{Line: p.line, Err: ErrTruncated}
	}
	ed.Lines = p.line
	return p.rows, nil
}

// detectColumns decides from the first line whether this is a file of Japan
// Post at all, so that a wrong file is named as such and not as a bad row.
func detectColumns(text string) (int, error) {
	first, _, _ := strings.Cut(text, "\n")
	var cells [kenAllColumns + 1]string
	n := splitRow(strings.TrimSuffix(first, "\r"), cells[:])
	switch {
	case n == kenAllColumns && isCode(cells[columnCode]):
		return n, nil
	case n == officeColumns && isCode(cells[columnOffCode]):
		return n, nil
	}
	return 0, ErrNotPostal
}

type parser struct {
	kind  Kind
	rows  []record
	names map[string]string // every name kept once, cut loose from the file's text
	line  int
	open  bool // the last town area has a bracket that is not closed yet
}

func (p *parser) add(line string) error {
	var cells [kenAllColumns + 1]string
	n := splitRow(line, cells[:])
	if p.kind == KindOffices {
		return p.addOffice(n, cells[:])
	}
	if n != kenAllColumns {
		return fmt.Errorf("%w: %d instead of %d", ErrColumns, n, kenAllColumns)
	}
	if !isCode(cells[columnCode]) || cells[columnPref] == "" || cells[columnPref+1] == "" {
		return fmt.Errorf("%w: no postal code or municipality", ErrColumns)
	}
	r := record{code: strings.Clone(cells[columnCode]), pref: p.name(cells[columnPref]), muni: p.name(cells[columnPref+1])}
	if cells[columnAza] == "1" {
		r.flags |= flagAza
	}
	if cells[columnChome] == "1" {
		r.flags |= flagChome
	}
	town := cells[columnPref+2]
	if p.open {
		last := &p.rows[len(p.rows)-1]
		if last.code == r.code && last.muni == r.muni {
			last.town += town
			p.open = unclosed(last.town)
			return nil
		}
		return fmt.Errorf("%w: the split town area before is not continued", ErrColumns)
	}
	r.town = p.name(town)
	p.open = unclosed(town)
	p.rows = append(p.rows, r)
	return nil
}

func (p *parser) addOffice(n int, cells []string) error {
	if n != officeColumns {
		return fmt.Errorf("%w: %d instead of %d", ErrColumns, n, officeColumns)
	}
	if !isCode(cells[columnOffCode]) {
		return fmt.Errorf("%w: no postal code", ErrColumns)
	}
	p.rows = append(p.rows, record{
		code:   strings.Clone(cells[columnOffCode]),
		pref:   p.name(cells[columnOffPref]),
		muni:   p.name(cells[columnOffPref+1]),
		town:   strings.Clone(cells[columnOffPref+2] + cells[columnOffPref+3]),
		office: strings.Clone(cells[columnOffOffice]),
	})
	return nil
}

// name keeps one copy of a name, so that the file's text can be released.
func (p *parser) name(s string) string {
	if kept, ok := p.names[s]; ok {
		return kept
	}
	s = strings.Clone(s)
	p.names[s] = s
	return s
}

// unclosed reports a bracket left open: Japan Post splits such a town area
// over the following rows.
func unclosed(town string) bool {
	return strings.Count(town, "（") > strings.Count(town, "）")
}

// splitRow cuts a row into cells and returns how many there are; cells beyond
// len(cells) are counted, not kept. Japan Post quotes text and never uses a
// quote inside one.
func splitRow(line string, cells []string) int {
	n := 0
	for {
		var cell string
		more := false
		if strings.HasPrefix(line, `"`) {
			end := strings.IndexByte(line[1:], '"')
			if end < 0 {
				return n
			}
			cell, line = line[1:1+end], line[end+2:]
			if more = strings.HasPrefix(line, ","); more {
				line = line[1:]
			} else if line != "" {
				return n
			}
		} else {
			cell, line, more = strings.Cut(line, ",")
		}
		if n < len(cells) {
			cells[n] = cell
		}
		n++
		if !more {
			return n
		}
	}
}

// isCode reports whether s is a postal code of seven digits.
func isCode(s string) bool {
	if len(s) != 7 {
		return false
	}
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
