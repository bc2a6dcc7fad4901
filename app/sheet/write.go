package sheet

import (
	"archive/zip"
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

	"madoguchi/app/jp"
)

// Options say how a table is written.
type Options struct {
	Format Format
	// Plain writes a CSV for other programs: long numbers and numbers with
	// zeros in front as they are. Without it they are written so that Excel
	// keeps every digit (="0123…"), which Excel and Read understand.
	Plain bool
	// Private writes a body's own characters (外字) as they are, for a file that
	// comes back. Without it 〓 and their code are written, and they are reported.
	Private bool
	// TempDir is where XLSX is spooled once it has 16 MB; "" means the
	// system's folder. The file is removed by Close.
	TempDir string
	// Title names the sheet of an XLSX; "" means 一覧.
	Title string
	// Widths are the columns' widths in characters, for XLSX.
	Widths []int
}

// Lost is a character that could not be written: 〓 stands in its place.
type Lost struct {
	Row, Column int // from 1, the header counted
	Character   string
}

// String is the place and the character in words, for a message.
func (l Lost) String() string {
	shown := jp.ShowPrivate(l.Character)
	return fmt.Sprintf("%d行目 %d列目 %s（%s）", l.Row, l.Column, shown, codePoints(l.Character))
}

func codePoints(s string) string {
	var all []string
	for _, r := range s {
		all = append(all, fmt.Sprintf("U+%04X", r))
	}
	return strings.Join(all, " ")
}

const (
	mostLost     = 1000      // places that are kept; the count goes on
	mostSheet    = 1_048_576 // rows of a sheet (ECMA-376, Excel's limit)
	mostCell     = 32_767    // characters of an XLSX cell
	flushAt      = 32 << 10
	defaultTitle = "一覧"
)

// ErrTooManyRows: a sheet cannot hold more than 1,048,576 rows.
var ErrTooManyRows = errors.New("too many rows for one sheet")

// Writer writes a table row by row. A CSV is handed to the output as it comes
// and needs no memory for it. Of an XLSX excelize keeps up to 16 MB, spools
// the rest to one file in Options.TempDir, and writes the output in Close.
type Writer struct {
	opt   Options
	out   *bufio.Writer
	book  *excelize.File
	table *excelize.StreamWriter
	text  int // style of a text cell
	cells []any
	line  []byte
	row   int
	lost  []Lost
	total int
}

// NewWriter begins a table. Close must be called whatever happens.
func NewWriter(out io.Writer, opt Options) (*Writer, error) {
	w := &Writer{opt: opt, out: bufio.NewWriterSize(out, flushAt)}
	switch opt.Format {
	case XLSX:
		if err := w.openBook(); err != nil {
			return nil, errors.Join(fmt.Errorf("begin sheet: %w", err), w.book.Close())
		}
	case UTF8:
		if _, err := w.out.WriteString("\ufeff"); err != nil {
			return nil, fmt.Errorf("begin table: %w", err)
		}
	case CP932:
	default:
		return nil, fmt.Errorf("unknown format %q", opt.Format)
	}
	return w, nil
}

func (w *Writer) openBook() (err error) {
	w.book = excelize.NewFile(excelize.Options{TmpDir: w.opt.TempDir})
	title := w.opt.Title
	if title == "" {
		title = defaultTitle
	}
	if err := w.book.SetSheetName("Sheet1", title); err != nil {
		return err
	}
	// Format 49 is text: what is typed into such a cell later stays text too.
	if w.text, err = w.book.NewStyle(&excelize.Style{NumFmt: 49}); err != nil {
		return err
	}
	if w.table, err = w.book.NewStreamWriter(title); err != nil {
		return err
	}
	for i, width := range w.opt.Widths {
		if err := w.table.SetColWidth(i+1, i+1, float64(width)); err != nil {
			return err
		}
	}
	return w.table.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"})
}

// Write writes one row.
func (w *Writer) Write(cells ...string) error {
	w.row++
	if !w.opt.Private {
		cells = w.showPrivate(cells)
	}
	if w.opt.Format == XLSX {
		return w.writeXLSX(cells)
	}
	w.line = w.line[:0]
	for i, cell := range cells {
		if i > 0 {
			w.line = append(w.line, ',')
		}
		w.line = w.appendCell(w.line, i+1, cell)
	}
	w.line = append(w.line, '\r', '\n')
	if _, err := w.out.Write(w.line); err != nil {
		return fmt.Errorf("write row: %w", err)
	}
	return nil
}

// showPrivate is cells with 〓 and the code for what only the town's own fonts
// have.
func (w *Writer) showPrivate(cells []string) []string {
	var shown []string
	for i, cell := range cells {
		if jp.CountPrivate(cell) == 0 {
			continue
		}
		if shown == nil {
			shown = slices.Clone(cells)
		}
		shown[i] = jp.ShowPrivate(cell)
		for _, r := range cell {
			if _, private := jp.PrivateCode(r); private {
				w.lose(i+1, string(r))
			}
		}
	}
	if shown == nil {
		return cells
	}
	return shown
}

func (w *Writer) appendCell(line []byte, column int, cell string) []byte {
	cell = strings.ToValidUTF8(strings.ReplaceAll(cell, "\x00", ""), string(jp.Geta))
	if !w.opt.Plain && excelChanges(cell) {
		cell = `="` + cell + `"`
	} else {
		cell = guarded(cell)
	}
	if strings.ContainsAny(cell, "\",\r\n\t ") || cell != strings.TrimSpace(cell) {
		cell = `"` + strings.ReplaceAll(cell, `"`, `""`) + `"`
	}
	if w.opt.Format == UTF8 {
		return append(line, cell...)
	}
	return jp.AppendCP932(line, cell, func(character string) { w.lose(column, character) })
}

func (w *Writer) lose(column int, character string) {
	w.total++
	if len(w.lost) < mostLost {
		w.lost = append(w.lost, Lost{Row: w.row, Column: column, Character: character})
	}
}

// writeXLSX writes strings only: a string is never taken for a formula or a
// number, so nothing needs a guard.
func (w *Writer) writeXLSX(cells []string) error {
	if w.row > mostSheet {
		return ErrTooManyRows
	}
	w.cells = w.cells[:0]
	for i, cell := range cells {
		cell = strings.Map(func(r rune) rune {
			if r < ' ' && r != '\t' && r != '\n' || r == 0xfffe || r == 0xffff {
				return -1 // XML has no place for them
			}
			return r
		}, strings.ToValidUTF8(cell, string(jp.Geta)))
		if utf8.RuneCountInString(cell) > mostCell {
			w.lose(i+1, "…")
			cell = string([]rune(cell)[:mostCell])
		}
		w.cells = append(w.cells, excelize.Cell{StyleID: w.text, Value: cell})
	}
	place, err := excelize.CoordinatesToCellName(1, w.row)
	if err != nil {
		return fmt.Errorf("write row: %w", err)
	}
	if err := w.table.SetRow(place, w.cells); err != nil {
		return fmt.Errorf("write row: %w", err)
	}
	return nil
}

// Lost tells which characters could not be written: the first thousand places
// and the number of all.
func (w *Writer) Lost() (places []Lost, total int) { return w.lost, w.total }

// Rows is how many rows were written, the header counted.
func (w *Writer) Rows() int { return w.row }

// Close writes what is left and removes what was spooled.
func (w *Writer) Close() (err error) {
	if w.book != nil {
		defer func() { err = errors.Join(err, w.book.Close()) }()
		if err := w.table.Flush(); err != nil {
			return fmt.Errorf("finish sheet: %w", err)
		}
		// Straight into the output: excelize's own way holds the whole file.
		w.book.SetZipWriter(func(io.Writer) excelize.ZipWriter { return zip.NewWriter(w.out) })
		if err := w.book.Write(io.Discard); err != nil {
			return fmt.Errorf("finish sheet: %w", err)
		}
	}
	if err := w.out.Flush(); err != nil {
		return fmt.Errorf("finish table: %w", err)
	}
	return nil
}
