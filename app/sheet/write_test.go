package sheet

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

func written(t *testing.T, opt Options, rows ...[]string) ([]byte, *Writer) {
	t.Helper()
	var out bytes.Buffer
	w, err := NewWriter(&out, opt)
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if err := w.Write(row...); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes(), w
}

func TestCSVIsWhatExcelOpens(t *testing.T) {
	got, w := written(t, Options{Format: CP932},
		[]string{"氏名", "申請書ID"}, []string{"髙﨑　①", "02445000123456789012345"}, []string{"a,\"b\"", "0178-00-0001"})
	want := "\x8e\x81\x96\xbc,\x90\x5c\x90\xbf\x8f\x91ID\r\n" +
		"\xfb\xfc\xfa\xb1\x81\x40\x87\x40,\"=\"\"02445000123456789012345\"\"\"\r\n" +
		"\"a,\"\"b\"\"\",0178-00-0001\r\n"
	if string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if lost, n := w.Lost(); n != 0 {
		t.Errorf("got %v lost, want none", lost)
	}
	got, _ = written(t, Options{Format: UTF8, Plain: true}, []string{"申請書ID"}, []string{"02445000123456789012345"})
	if want := "\ufeff申請書ID\r\n02445000123456789012345\r\n"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestWhatCP932CannotHoldIsReported(t *testing.T) {
	got, w := written(t, Options{Format: CP932, Private: true}, []string{"a", "𠮷田〜−か\u3099"}, []string{"葛\U000E0100飾", "\ue000\U00108123"})
	if want := "a,\x81\xac\x93\x63\x81\x60\x81\x7c\x82\xaa\r\n\x8a\x8b\x8f\xfc,\xf0\x40\x81\xac\r\n"; string(got) != want {
		t.Errorf("got %q, want %q", got, want)
	}
	lost, n := w.Lost()
	if got := fmt.Sprint(lost); n != 3 || got != "[1行目 2列目 𠮷（U+20BB7） 2行目 1列目 葛\U000E0100（U+845B U+E0100） 2行目 2列目 〓(8123)（U+108123）]" {
		t.Errorf("got %d: %s", n, got)
	}
}

func TestOwnCharactersAreWrittenWithTheirCodeAndReported(t *testing.T) {
	for _, format := range Formats() {
		got, w := written(t, Options{Format: format}, []string{"\ue0ea川", "葛\U000E0100飾"})
		table, err := Open(got)
		if err != nil {
			t.Fatal(err)
		}
		for row, err := range table.Rows() {
			if err != nil || row.Cells[0] != "〓(U+E0EA)川" || row.Private != 0 {
				t.Errorf("%s: got %q, %v, want 〓(U+E0EA)川", format, row.Cells, err)
			}
			if format != CP932 && row.Cells[1] != "葛\U000E0100飾" {
				t.Errorf("%s: got %q, want the variation selector kept", format, row.Cells[1])
			}
		}
		if lost, n := w.Lost(); n == 0 || lost[0].Column != 1 {
			t.Errorf("%s: got %v, want the place reported", format, lost)
		}
	}
}

func TestNoCellIsAFormula(t *testing.T) {
	for _, cell := range []string{"=1+1", "+81", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1", "'=1", "''@x", "'南部"} {
		got, _ := written(t, Options{Format: UTF8, Plain: true}, []string{cell, "b"})
		table, err := Open(got)
		if err != nil {
			t.Fatal(err)
		}
		for row, err := range table.Rows() {
			if err != nil || row.Cells[0] != cell {
				t.Errorf("%q: read back as %q, %v", cell, row.Cells[0], err)
			}
		}
		if first := strings.TrimLeft(string(got), "\ufeff\"")[0]; strings.ContainsRune("=+-@\t\r", rune(first)) {
			t.Errorf("%q: written as %q", cell, got)
		}
	}
	book, _ := written(t, Options{Format: XLSX}, []string{"=1+1", "02445000123456789012345"})
	f, err := excelize.OpenReader(bytes.NewReader(book))
	if err != nil {
		t.Fatal(err)
	}
	formula, err := f.GetCellFormula(defaultTitle, "A1")
	value, err2 := f.GetCellValue(defaultTitle, "B1")
	kind, err3 := f.GetCellType(defaultTitle, "B1")
	if formula != "" || value != "02445000123456789012345" || kind != excelize.CellTypeInlineString || err != nil || err2 != nil || err3 != nil {
		t.Errorf("got formula %q, value %q, type %v, %v %v %v", formula, value, kind, err, err2, err3)
	}
}

func TestExcelKeepsEveryDigit(t *testing.T) {
	for cell, want := range map[string]bool{
		"02445000123456789012345": true, "0390802": true, "123456789012": true, "1E5": true, "1-2": true, "3/4": true, "12:30": true,
		"039-0802": false, "2026-11-26": false, "0178-00-0001": false, "12345": false, "0": false, "": false, "ABC-123456": false, "-": false,
	} {
		if got := excelChanges(cell); got != want {
			t.Errorf("%q: got %v, want %v", cell, got, want)
		}
	}
}

// heapWhile is the most that was in use while rows were written.
func heapWhile(t *testing.T, opt Options, rows int) uint64 {
	w, err := NewWriter(discard{}, opt)
	if err != nil {
		t.Fatal(err)
	}
	var most uint64
	var m runtime.MemStats
	for i := range rows {
		if err := w.Write("南部　一郎", "02445000123456789012345", "青森県三戸郡南部町大字苫米地字下宿23番地1"); err != nil {
			t.Fatal(err)
		}
		if i%(rows/8) == 0 {
			runtime.GC()
			runtime.ReadMemStats(&m)
			most = max(most, m.HeapAlloc)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return most
}

type discard struct{}

func (discard) Write(b []byte) (int, error) { return len(b), nil }

func TestMemoryDoesNotGrowWithRows(t *testing.T) {
	temp := t.TempDir()
	for _, opt := range []Options{{Format: CP932}, {Format: UTF8}, {Format: XLSX, TempDir: temp}} {
		few, many := heapWhile(t, opt, 60_000), heapWhile(t, opt, 120_000)
		if many > few+8<<20 {
			t.Errorf("%s: %d bytes for 60,000 rows, %d for 120,000", opt.Format, few, many)
		}
	}
	left, err := os.ReadDir(temp)
	if err != nil || len(left) != 0 {
		t.Errorf("spooled files are left: %v, %v", left, err)
	}
}
