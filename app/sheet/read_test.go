package sheet

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"

	"madoguchi/app/jp"
	"madoguchi/app/problem"
)

// sjis is real CP932, as an office writes it.
func sjis(s string) []byte { return jp.AppendCP932(nil, s, nil) }

func utf16le(s string) []byte {
	out := []byte("\xff\xfe")
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

func read(t *testing.T, raw []byte) (Found, []Row, error) {
	t.Helper()
	table, err := Open(raw)
	if err != nil {
		return Found{}, nil, err
	}
	var rows []Row
	for row, err := range table.Rows() {
		if err != nil {
			return table.Found(), rows, err
		}
		rows = append(rows, row)
	}
	return table.Found(), rows, nil
}

const list = "交付通知書番号,氏名,住所\r\nABC-123456,南部　一郎,苫米地字下宿23-1\r\nABC-123457,髙橋 花子,大字相内\r\n"

func TestCharsetDelimiterAndHeaderAreFound(t *testing.T) {
	tabs := strings.ReplaceAll(list, ",", "\t")
	for name, c := range map[string]struct {
		raw  []byte
		want Found
	}{
		"CP932":             {sjis(list), Found{CharsetCP932, ',', true, 3, "", 0}},
		"UTF-8":             {[]byte(list), Found{CharsetUTF8, ',', true, 3, "", 0}},
		"UTF-8 with BOM":    {[]byte("\ufeff" + list), Found{CharsetUTF8BOM, ',', true, 3, "", 0}},
		"Unicode of Excel":  {utf16le(tabs), Found{CharsetUTF16LE, '\t', true, 3, "", 0}},
		"UTF-16 unmarked":   {utf16le(tabs)[2:], Found{CharsetUTF16LE, '\t', true, 3, "", 0}},
		"tabs":              {sjis(tabs), Found{CharsetCP932, '\t', true, 3, "", 0}},
		"semicolons":        {sjis(strings.ReplaceAll(list, ",", ";")), Found{CharsetCP932, ';', true, 3, "", 0}},
		"no header":         {sjis(list[strings.IndexByte(list, '\n')+1:]), Found{CharsetCP932, ',', false, 3, "", 0}},
		"old Macintosh":     {sjis(strings.ReplaceAll(list, "\r\n", "\r")), Found{CharsetCP932, ',', true, 3, "", 0}},
		"commas in address": {sjis("氏名\t住所\n一郎\ta,b,c\n二郎\ta,b\n"), Found{CharsetCP932, '\t', true, 2, "", 0}},
	} {
		got, rows, err := read(t, c.raw)
		if err != nil || got != c.want {
			t.Errorf("%s: got %+v, %v, want %+v", name, got, err, c.want)
			continue
		}
		if last := rows[len(rows)-1]; len(last.Faults) > 0 || last.Cells[0] == "" {
			t.Errorf("%s: got %+v", name, last)
		}
	}
}

func TestExcelBookIsRead(t *testing.T) {
	raw, _ := written(t, Options{Format: XLSX, Private: true}, []string{"交付通知書番号", "氏名", "方書"},
		[]string{"ABC-123456", "葛\U000E0100城\ue000", ""}, []string{"", "", ""}, []string{"ABC-123457", "=1", "B"})
	found, rows, err := read(t, raw)
	if err != nil || found.Charset != "" || !found.Header || found.Columns != 3 || found.Title != defaultTitle || len(rows) != 3 {
		t.Fatalf("got %+v, %d rows, %v", found, len(rows), err)
	}
	if r := rows[1]; r.Number != 2 || r.Cells[1] != "葛\U000E0100城\ue000" || r.Private != 1 || len(r.Faults) != 0 {
		t.Errorf("got %+v", r)
	}
	if r := rows[2]; r.Number != 4 || r.Cells[1] != "=1" {
		t.Errorf("got %+v", r)
	}
}

func TestNothingUnreadableIsLost(t *testing.T) {
	raw := slices.Concat(sjis("氏名,住所\r\n"+strings.Repeat("南部　一郎,苫米地\r\n", 9)), []byte("\xf0\x40\xf9\xfc,\x81\xad\x85\x40\x80\xff\r\n"))
	_, rows, err := read(t, raw)
	if err != nil {
		t.Fatal(err)
	}
	got := rows[len(rows)-1]
	if got.Cells[0] != "\ue000\ue757" || got.Private != 6 || strings.ContainsRune(got.Cells[1], utf8.RuneError) {
		t.Errorf("got %+q, %d private", got.Cells, got.Private)
	}
	if shown := jp.ShowPrivate(got.Cells[0] + got.Cells[1]); shown != "〓(U+E000)〓(U+E757)〓(81AD)〓(8540)〓(80)〓(FF)" {
		t.Errorf("shown as %s", shown)
	}
	// A bad byte in a file that is UTF-8 otherwise.
	raw = []byte(strings.Repeat("南部町大字苫米地字下宿,葛\U000E0100飾\n", 20) + "南\x8a部,町\n")
	found, rows, err := read(t, raw)
	if last := rows[len(rows)-1]; err != nil || found.Charset != CharsetUTF8 || jp.ShowPrivate(last.Cells[0]) != "南〓(8A)部" || last.Private != 1 {
		t.Errorf("got %+v, %v, %+v", found, err, last)
	}
	if rows[0].Cells[1] != "葛\U000E0100飾" {
		t.Errorf("variation selector lost: %+q", rows[0].Cells[1])
	}
}

func TestFaultsOfRowsDoNotStopTheFile(t *testing.T) {
	raw := sjis("番号,氏名,住所\n1,南\"部,a\n2,\"南\"部\",a\n3,南部\n4,南部,a,b\n5,\"南\n部\",a\n6,\"南部,a\n" +
		"7,2.445E+22,a\n8,24450000123456700000000,a\n9,=\"02445000123456789012345\",a\n10,\"x\",a\n")
	_, rows, err := read(t, raw)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range rows[1:] {
		got = append(got, fmt.Sprintf("%s|%s|%v", r.Cells[0], r.Cells[1], r.Faults))
	}
	want := []string{
		`1|南"部|[{2 bare_quote}]`, `2|南"部|[{2 bare_quote}]`, `3|南部|[{0 short}]`, `4|南部|[{0 long}]`, "5|南\n部|[]",
		`6|"南部|[{2 bare_quote}]`, `7|2.445E+22|[{2 lost_digits}]`, `8|24450000123456700000000|[{2 lost_digits}]`,
		`9|02445000123456789012345|[]`, `10|x|[]`,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// bomb is a small XLSX that unpacks to size bytes.
func bomb(t *testing.T, size int) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, name := range []string{"[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		block := bytes.Repeat([]byte(" "), 1<<20)
		for n := 0; n < size && strings.HasSuffix(name, "sheet1.xml"); n += len(block) {
			if _, err := w.Write(block); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestEachWrongFileIsNamed(t *testing.T) {
	book, _ := written(t, Options{Format: XLSX}, []string{"氏名"}, []string{"南部"})
	euc, err := japanese.EUCJP.NewEncoder().Bytes([]byte(strings.Repeat(list, 5)))
	if err != nil {
		t.Fatal(err)
	}
	garbled := []byte(jp.DecodeCP932([]byte(strings.Repeat(list, 5))))
	random, noise := rand.New(rand.NewPCG(1, 2)), make([]byte, 4000)
	for i := range noise {
		noise[i] = byte(' ' + random.IntN(0x100-' '))
	}
	for name, c := range map[string]struct {
		raw  []byte
		want *problem.Problem
	}{
		"empty":                {nil, Empty},
		"blank":                {[]byte("\ufeff\r\n  \r\n"), Empty},
		"too large":            {make([]byte, MostBytes+1), TooLarge},
		"web page":             {[]byte("\n<!DOCTYPE html><html lang=ja><body>ログイン</body></html>"), HTML},
		"table as Excel":       {[]byte("<table><tr><td>氏名</td></tr></table>"), HTML},
		"web page in UTF-16":   {utf16le("<html><body>"), HTML},
		"cut in a row":         {sjis(list)[:len(sjis(list))-12], Truncated},
		"cut in a character":   {[]byte(list)[:len(list)-3], Truncated},
		"cut in a quote":       {sjis("番号,氏名\n1,\"南部\"\n2,\"髙"), Truncated},
		"UTF-16 cut":           {utf16le(list)[:101], Truncated},
		"book cut":             {book[:len(book)/2], Damaged},
		"book with a bad part": {bytes.Replace(book, []byte("PK\x01\x02"), []byte("PK\x01\x03"), 1), Damaged},
		"bomb":                 {bomb(t, 300<<20), Bomb},
		"small bomb":           {bomb(t, 64<<20), Bomb},
		"other zip":            {bytes.ReplaceAll(book, []byte("xl/workbook.xml"), []byte("xl/workbork.xml")), NotTable},
		"old Excel":            {[]byte("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 and so on"), OldExcel},
		"picture":              {[]byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01"), NotTable},
		"EUC":                  {euc, EUC},
		"garbled":              {garbled, Garbled},
		"garbled by Latin":     {[]byte("å—éƒ¨ç”ºå¤§å—è‹«ç±³åœ°å—ä¸‹å®¿,å—éƒ¨ç”ºå¤§\n"), Garbled},
		"lost":                 {[]byte("\ufffd\ufffd\ufffd\ufffd,\ufffd\ufffd\ufffd\ufffd\ufffd部\n"), Garbled},
		"noise":                {noise, BadCharset},
		"too wide":             {[]byte(strings.Repeat("a,", 300) + "\n"), TooWide},
		"too many rows":        {bytes.Repeat([]byte("a,b\n"), MostRows+1), TooMany},
	} {
		_, _, err := read(t, c.raw)
		p, ok := problem.As(err)
		if !ok || !errors.Is(err, c.want) || p.Fields["file"] != c.want.Code {
			t.Errorf("%s: got %v, want %v on file", name, err, c.want)
		}
	}
}

// Whatever comes, reading ends, keeps within its limits, and loses nothing.
func FuzzOpen(f *testing.F) {
	f.Add([]byte(list))
	f.Add(sjis(list))
	f.Add(utf16le(list))
	f.Add([]byte("\xf0\x40,\"\x81\"\n\"\"\",=\"1\"\r\r\n;\t"))
	f.Add([]byte("PK\x03\x04\x14\x00"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		table, err := Open(raw)
		if err != nil {
			if _, ok := problem.As(err); !ok {
				t.Fatalf("refused without a problem: %v", err)
			}
			return
		}
		lost := strings.Count(string(table.plain), "\ufffd")
		n := 0
		for row, err := range table.Rows() {
			if err != nil {
				if _, ok := problem.As(err); !ok {
					t.Fatalf("ended without a problem: %v", err)
				}
				return
			}
			n++
			if len(row.Cells) < 1 || len(row.Cells) > MostColumns {
				t.Fatalf("row of %d cells", len(row.Cells))
			}
			for _, cell := range row.Cells {
				if !utf8.ValidString(cell) {
					t.Fatalf("cell %q is not text", cell)
				}
				if lost -= strings.Count(cell, "\ufffd"); table.zip == nil && table.found.Charset == CharsetCP932 && strings.Contains(cell, "\ufffd") {
					t.Fatal("a byte became U+FFFD")
				}
			}
		}
		if n > len(raw) {
			t.Fatalf("%d rows of %d bytes", n, len(raw))
		}
	})
}

func BenchmarkRead20000Rows(b *testing.B) {
	raw := sjis(strings.Repeat(list[strings.IndexByte(list, '\n')+1:], 10_000))
	b.SetBytes(int64(len(raw)))
	for b.Loop() {
		table, err := Open(raw)
		if err != nil {
			b.Fatal(err)
		}
		for _, err := range table.Rows() {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
}
