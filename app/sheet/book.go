package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"
)

// Limits of an XLSX once unpacked. A sheet of text shrinks to a tenth or a
// twentieth; what unpacks to two hundred times its size is made to harm.
const (
	mostUnpacked = 256 << 20
	mostRatio    = 200
	smallAnyway  = 32 << 20
	mostParts    = 4096
)

// openBook checks an XLSX and finds the sheet to read. The sizes that a zip
// states are held to while it is unpacked (archive/zip), so they can be trusted.
func (t *Table) openBook(raw []byte) (err error) {
	z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
	if err != nil {
		return Damaged.On("file")
	}
	var unpacked uint64
	workbook := false
	for i, part := range z.File {
		if i >= mostParts {
			return Bomb.On("file")
		}
		unpacked += part.UncompressedSize64
		if unpacked > mostUnpacked || unpacked > smallAnyway && unpacked/mostRatio > uint64(len(raw)) {
			return Bomb.On("file")
		}
		workbook = workbook || strings.EqualFold(part.Name, "xl/workbook.xml")
	}
	if !workbook {
		return NotTable.On("file")
	}
	t.zip = raw
	return t.look()
}

func openXLSX(raw []byte) (*excelize.File, error) {
	book, err := excelize.OpenReader(bytes.NewReader(raw), excelize.Options{
		UnzipSizeLimit: mostUnpacked, UnzipXMLSizeLimit: 16 << 20,
		ShortDatePattern: "yyyy/mm/dd", LongDatePattern: "yyyy/mm/dd", CultureInfo: excelize.CultureNameJaJP,
	})
	if err != nil {
		return nil, Damaged.On("file")
	}
	return book, nil
}

// look finds the first sheet with rows, its width and whether it has a header.
func (t *Table) look() (err error) {
	book, err := openXLSX(t.zip)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, book.Close()) }()
	t.found.Sheets = len(book.GetSheetList())
	for _, title := range book.GetSheetList() {
		columns, header, err := lookAt(book, title)
		if err != nil {
			return err
		}
		if columns > MostColumns {
			return TooWide.On("file")
		}
		if columns > 0 {
			t.found.Title, t.found.Columns, t.found.Header = title, columns, header
			return nil
		}
	}
	return Empty.On("file")
}

func lookAt(book *excelize.File, title string) (columns int, header bool, err error) {
	rows, err := book.Rows(title)
	if err != nil {
		return 0, false, nil // a sheet of another kind, such as a chart
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for n := 0; n < sniffRows && rows.Next(); {
		cells, err := rows.Columns()
		if err != nil {
			return 0, false, Damaged.On("file")
		}
		cells = trimmed(cells)
		if len(cells) == 0 {
			continue
		}
		if n == 0 {
			header = isHeader(cells)
		}
		columns = max(columns, len(cells))
		n++
		if header {
			break
		}
	}
	if rows.Error() != nil {
		return 0, false, Damaged.On("file")
	}
	return columns, header, nil
}

// trimmed leaves out the empty cells at the end.
func trimmed(cells []string) []string {
	for len(cells) > 0 && strings.TrimSpace(cells[len(cells)-1]) == "" {
		cells = cells[:len(cells)-1]
	}
	return cells
}

func (t *Table) bookRows(yield func(Row, error) bool) {
	book, err := openXLSX(t.zip)
	if err != nil {
		yield(Row{}, err)
		return
	}
	goOn := t.sheetRows(book, yield)
	if err := book.Close(); err != nil && goOn {
		yield(Row{}, fmt.Errorf("close sheet: %w", err))
	}
}

func (t *Table) sheetRows(book *excelize.File, yield func(Row, error) bool) bool {
	rows, err := book.Rows(t.found.Title)
	if err != nil {
		yield(Row{}, Damaged.On("file"))
		return false
	}
	number := 0
	for rows.Next() {
		number++
		cells, err := rows.Columns()
		if err != nil {
			yield(Row{Number: number}, errors.Join(Damaged.On("file"), rows.Close()))
			return false
		}
		cells = trimmed(cells)
		if len(cells) == 0 {
			continue
		}
		if number > MostRows {
			yield(Row{Number: number}, TooMany.On("file").With("most", fmt.Sprint(MostRows)))
			return rows.Close() != nil
		}
		// Excel leaves out empty cells at the end of a row: not a fault.
		for len(cells) < t.found.Columns {
			cells = append(cells, "")
		}
		row := Row{Number: number, Cells: cells}
		row.settle(t.found.Columns)
		if !yield(row, nil) {
			return rows.Close() != nil
		}
	}
	if rows.Error() != nil || rows.Close() != nil {
		yield(Row{Number: number}, Damaged.On("file"))
		return false
	}
	return true
}

// DayOf reads the number under which a workbook keeps a day, as 1950-05-12: it
// is shown where a cell has no format of a date.
func DayOf(number string) (day string, ok bool) {
	n, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return "", false
	}
	at, err := excelize.ExcelDateToTime(n, false)
	return at.Format(time.DateOnly), err == nil
}
