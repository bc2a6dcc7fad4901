// Package sheet writes and reads tables: CSV in the charsets that offices use,
// and Excel's XLSX. It knows no word of the domain.
//
// Promises: writing and reading CSV needs no more memory for more rows; no
// cell that is written can be taken for a formula; a character that cannot be
// written is reported, one that cannot be read is kept with its code.
package sheet

import "unicode/utf8"

// Format is the form of a file that is written.
type Format string

// The formats.
const (
	CP932 Format = "cp932" // CSV in Windows-31J, what Excel opens by a double click
	UTF8  Format = "utf8"  // CSV in UTF-8 with a byte order mark
	XLSX  Format = "xlsx"
)

// Formats lists them in the order in which a screen offers them.
func Formats() []Format { return []Format{CP932, UTF8, XLSX} }

// Label is the format's name on the screen.
func (f Format) Label() string {
	switch f {
	case CP932:
		return "CSV（シフトJIS）"
	case UTF8:
		return "CSV（UTF-8）"
	case XLSX:
		return "Excel（XLSX）"
	}
	return string(f)
}

// MediaType is the format's Content-Type.
func (f Format) MediaType() string {
	switch f {
	case CP932:
		return "text/csv; charset=Shift_JIS"
	case UTF8:
		return "text/csv; charset=utf-8"
	case XLSX:
		return "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
	}
	return "application/octet-stream"
}

// Extension is the end of the file's name, with its dot.
func (f Format) Extension() string {
	if f == XLSX {
		return ".xlsx"
	}
	return ".csv"
}

// ParseFormat reads a format from a form; CP932 for anything else.
func ParseFormat(s string) Format {
	switch f := Format(s); f {
	case UTF8, XLSX:
		return f
	}
	return CP932
}

// guard is what a cell starts with that would otherwise be taken for a
// formula. Excel shows it in a CSV; reading takes it off again.
const guard = '\''

// startsFormula reports whether a spreadsheet could take a cell for a formula:
// by its first character, in any width, guards left out (OWASP, CSV Injection).
func startsFormula(s string) bool {
	for len(s) > 0 && s[0] == guard {
		s = s[1:]
	}
	r, _ := utf8.DecodeRuneInString(s)
	switch r {
	case '=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠':
		return true
	}
	return false
}

// guarded and unguarded are each other's inverse.
func guarded(s string) string {
	if startsFormula(s) {
		return string(guard) + s
	}
	return s
}

func unguarded(s string) string {
	if len(s) > 0 && s[0] == guard && startsFormula(s) {
		return s[1:]
	}
	return s
}

// excelChanges reports whether Excel would show a cell of a CSV as something
// else than what is written: digits with zeros in front or more than eleven of
// them, powers of ten, and pairs of numbers that pass for a date.
func excelChanges(s string) bool {
	digits, marks, at := 0, 0, -1
	for i := range len(s) {
		switch c := s[i]; {
		case c >= '0' && c <= '9':
			digits++
		case (c == '-' || c == '/' || c == 'e' || c == 'E' || c == ':') && i > 0:
			marks++
			at = i
		default:
			return false
		}
	}
	switch {
	case digits == 0 || marks > 1:
		return false
	case marks == 1 && (s[at] == 'e' || s[at] == 'E'):
		return at < len(s)-1
	case marks == 1:
		return at < len(s)-1 && len(s) <= 7
	}
	return digits > 11 || digits > 1 && s[0] == '0'
}
