package sheet

import (
	"bytes"
	"fmt"
	"iter"
	"strings"
	"unicode/utf8"

	"madoguchi/app/jp"
	"madoguchi/app/problem"
)

// Limits of a table that is read. A town has fewer people than rows here.
const (
	MostBytes   = 32 << 20
	MostRows    = 200_000
	MostColumns = 256
	mostRunes   = 10_000 // of one cell
)

// Why a file is refused, each with one sentence for people.
var (
	Empty      = problem.Define(problem.Invalid, "sheet_empty")
	TooLarge   = problem.Define(problem.Invalid, "sheet_too_large") // arg: most (MB)
	TooMany    = problem.Define(problem.Invalid, "sheet_too_many_rows")
	TooWide    = problem.Define(problem.Invalid, "sheet_too_wide")
	HTML       = problem.Define(problem.Invalid, "sheet_is_html")
	Truncated  = problem.Define(problem.Invalid, "sheet_truncated") // arg: row
	Damaged    = problem.Define(problem.Invalid, "sheet_damaged")
	Bomb       = problem.Define(problem.Invalid, "sheet_unpacks_too_large")
	OldExcel   = problem.Define(problem.Invalid, "sheet_old_excel")
	NotTable   = problem.Define(problem.Invalid, "sheet_not_a_table")
	BadCharset = problem.Define(problem.Invalid, "sheet_charset_unknown")
	EUC        = problem.Define(problem.Invalid, "sheet_charset_euc")
	Garbled    = problem.Define(problem.Invalid, "sheet_garbled")
)

// Charset is what a CSV is written in.
type Charset string

// The charsets that Open finds.
const (
	CharsetUTF8BOM Charset = "utf-8-bom"
	CharsetUTF8    Charset = "utf-8"
	CharsetCP932   Charset = "cp932"
	CharsetUTF16LE Charset = "utf-16le"
	CharsetUTF16BE Charset = "utf-16be"
)

// Label is the charset's name on the screen; of no charset, Excel's.
func (c Charset) Label() string {
	switch c {
	case CharsetUTF8BOM:
		return "UTF-8（BOM付き）"
	case CharsetUTF8:
		return "UTF-8"
	case CharsetCP932:
		return "シフトJIS（CP932）"
	case CharsetUTF16LE, CharsetUTF16BE:
		return "UTF-16"
	}
	return "Excelブック（XLSX）"
}

// Found is what Open found out about a file.
type Found struct {
	Charset   Charset // empty for XLSX
	Delimiter rune    // 0 for XLSX
	Header    bool    // whether the first row looks like names of columns
	Columns   int     // of the first row, or of most
	Title     string  // of the sheet, for XLSX
	Sheets    int     // how many sheets there are; the first with rows is read
}

// DelimiterLabel is the delimiter's name on the screen.
func (f Found) DelimiterLabel() string {
	switch f.Delimiter {
	case ',':
		return "カンマ（,）"
	case '\t':
		return "タブ"
	case ';':
		return "セミコロン（;）"
	}
	return "なし"
}

// Fault is what is wrong with a row's form; the row is read nevertheless.
type Fault string

// The faults.
const (
	BareQuote  Fault = "bare_quote"  // a quotation mark where none belongs
	Short      Fault = "short"       // fewer cells than columns
	Long       Fault = "long"        // more cells than columns
	LongCell   Fault = "long_cell"   // more than 10,000 characters
	LostChars  Fault = "lost_chars"  // U+FFFD: lost before the file came to us
	LostDigits Fault = "lost_digits" // a long number that Excel has rounded
)

// Label says what is wrong.
func (f Fault) Label() string {
	switch f {
	case BareQuote:
		return "引用符（\"）の位置が正しくありません"
	case Short:
		return "列が足りません"
	case Long:
		return "列が多すぎます"
	case LongCell:
		return "1つのセルが長すぎます"
	case LostChars:
		return "文字化けして元の文字が失われています"
	case LostDigits:
		return "長い番号の下のけたがExcelで失われています"
	}
	return string(f)
}

// CellFault is a fault with its place; Column 0 is the whole row.
type CellFault struct {
	Column int // from 1
	Fault  Fault
}

// Row is one row of a table.
type Row struct {
	Number  int // from 1, the header counted, rows without content too
	Cells   []string
	Faults  []CellFault
	Private int // characters of a body's own (外字) and bytes without a meaning
}

func (r *Row) fault(column int, f Fault) { r.Faults = append(r.Faults, CellFault{column, f}) }

// Blank reports a row without content.
func (r Row) Blank() bool {
	for _, c := range r.Cells {
		if strings.TrimSpace(c) != "" {
			return false
		}
	}
	return true
}

// Table is a file that Open could read.
type Table struct {
	found Found
	plain []byte // of a CSV, without byte order mark
	zip   []byte // of an XLSX
}

// Found is what Open found out.
func (t *Table) Found() Found { return t.found }

// Open finds out what a file is. The problems above say why it is refused. It
// keeps raw.
func Open(raw []byte) (*Table, error) {
	if len(raw) > MostBytes {
		return nil, TooLarge.On("file").With("most", fmt.Sprint(MostBytes>>20))
	}
	t := &Table{}
	switch head := bytes.ToLower(bytes.TrimLeft(bytes.TrimPrefix(raw[:min(len(raw), 512)], []byte("\xef\xbb\xbf")), " \t\r\n")); {
	case len(head) == 0 && len(bytes.TrimSpace(raw)) == 0:
		return nil, Empty.On("file")
	case bytes.HasPrefix(raw, []byte("PK\x03\x04")), bytes.HasPrefix(raw, []byte("PK\x05\x06")):
		return t, t.openBook(raw)
	case bytes.HasPrefix(raw, []byte("\xd0\xcf\x11\xe0")):
		return nil, OldExcel.On("file")
	case looksLikeHTML(head):
		return nil, HTML.On("file")
	}
	if err := t.findCharset(raw); err != nil {
		return nil, err
	}
	if len(bytes.TrimSpace(t.plain)) == 0 {
		return nil, Empty.On("file")
	}
	if looksLikeHTML(bytes.ToLower(bytes.TrimSpace(t.plain[:min(len(t.plain), 512)]))) {
		return nil, HTML.On("file")
	}
	t.findDelimiter()
	t.findHeader()
	if t.found.Columns > MostColumns {
		return nil, TooWide.On("file")
	}
	return t, nil
}

func looksLikeHTML(head []byte) bool {
	for _, start := range []string{"<!doctype", "<html", "<head", "<body", "<table", "<?xml", "<script", "<meta"} {
		if bytes.HasPrefix(head, []byte(start)) {
			return true
		}
	}
	return false
}

// Rows gives every row that has content, in order. An error ends it: a problem
// of the file, such as Truncated, that only reading to the end brings out.
func (t *Table) Rows() iter.Seq2[Row, error] {
	if t.zip != nil {
		return t.bookRows
	}
	return t.textRows
}

func (t *Table) textRows(yield func(Row, error) bool) {
	p := parser{rest: t.plain, delimiter: byte(t.found.Delimiter)}
	number, even := 0, true
	for len(p.rest) > 0 {
		cells, bare := p.row()
		number++
		if number > MostRows {
			yield(Row{Number: number}, TooMany.On("file").With("most", fmt.Sprint(MostRows)))
			return
		}
		row := Row{Number: number}
		for _, cell := range cells {
			row.Cells = append(row.Cells, t.decode(cell))
		}
		if row.Blank() {
			continue
		}
		for _, column := range bare {
			row.fault(column, BareQuote)
		}
		short := len(row.Cells) < t.found.Columns
		row.settle(t.found.Columns)
		if len(p.rest) == 0 && !p.ended && even && short && number > 2 || p.unclosed && len(p.rest) == 0 {
			yield(row, Truncated.On("file").With("row", fmt.Sprint(number)))
			return
		}
		even = even && !short
		if !yield(row, nil) {
			return
		}
	}
}

func (t *Table) decode(cell []byte) string {
	if t.found.Charset == CharsetCP932 {
		return jp.DecodeCP932(cell)
	}
	return jp.DecodeUTF8(cell)
}

// settle brings a row to the table's width and looks its cells over.
func (r *Row) settle(columns int) {
	for len(r.Cells) > columns && strings.TrimSpace(r.Cells[len(r.Cells)-1]) == "" {
		r.Cells = r.Cells[:len(r.Cells)-1]
	}
	switch {
	case len(r.Cells) < columns:
		r.fault(0, Short)
		for len(r.Cells) < columns {
			r.Cells = append(r.Cells, "")
		}
	case len(r.Cells) > columns:
		r.fault(0, Long)
		r.Cells = r.Cells[:min(len(r.Cells), MostColumns)]
	}
	for i, cell := range r.Cells {
		if n := len(cell); n > 3 && strings.HasPrefix(cell, `="`) && cell[n-1] == '"' {
			cell = cell[2 : n-1]
		} else {
			cell = unguarded(cell)
		}
		if len(cell) > mostRunes && utf8.RuneCountInString(cell) > mostRunes {
			r.fault(i+1, LongCell)
			cell = string([]rune(cell)[:mostRunes])
		}
		if strings.ContainsRune(cell, utf8.RuneError) {
			r.fault(i+1, LostChars)
		}
		if lostDigits(cell) {
			r.fault(i+1, LostDigits)
		}
		r.Private += jp.CountPrivate(cell)
		r.Cells[i] = cell
	}
}

// lostDigits recognises a long number that went through Excel as a number: it
// keeps fifteen digits and writes 2.445E+22 or zeros for the rest.
func lostDigits(s string) bool {
	if i := strings.Index(s, "E+"); i > 0 && i+2 < len(s) {
		return strings.Trim(s[:i], "0123456789.") == "" && strings.Trim(s[i+2:], "0123456789") == ""
	}
	return len(s) >= 20 && strings.Trim(s, "0123456789") == "" && strings.Trim(s[15:], "0") == "" && strings.Trim(s, "0") != ""
}
