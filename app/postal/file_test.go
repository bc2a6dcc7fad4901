package postal

import (
	"archive/zip"
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/text/encoding/japanese"
)

// zipped packs one entry as Japan Post does.
func zipped(t testing.TB, name string, body []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Deflate, Modified: time.Date(2026, 5, 22, 13, 46, 4, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func cp932(t testing.TB, s string) []byte {
	t.Helper()
	s = strings.NewReplacer("〜", "～", "−", "－").Replace(s)
	out, err := japanese.ShiftJIS.NewEncoder().Bytes([]byte(s))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

const officeRow = `02445,"ﾅﾝﾌﾞﾁﾖｳ ﾌｸﾁｼｼﾖ","福地支所","青森県","三戸郡南部町","苫米地","字下宿２３－１","0390892","03908","剣吉",0,0,0` + "\r\n"

func TestReadFindsOutWhichFileItIs(t *testing.T) {
	utf := []byte(excerptCSV(excerptRows))
	for _, c := range []struct {
		name string
		raw  []byte
		kind Kind
	}{
		{"utf_ken_all as CSV", utf, KindUTF8},
		{"utf_ken_all with byte order mark", append([]byte("\xef\xbb\xbf"), utf...), KindUTF8},
		{"utf_ken_all in a zip", zipped(t, "utf_ken_all.csv", utf), KindUTF8},
		{"KEN_ALL in a zip", zipped(t, "KEN_ALL.CSV", cp932(t, string(utf))), KindKenAll},
		{"JIGYOSYO", cp932(t, officeRow), KindOffices},
	} {
		f, err := Read(bytes.NewReader(c.raw), int64(len(c.raw)))
		if err != nil {
			t.Errorf("%s: got error %v", c.name, err)
			continue
		}
		if f.Edition.Kind != c.kind || f.Edition.Rows == 0 || len(f.Edition.SHA256) != 64 {
			t.Errorf("%s: got %+v, want kind %s, rows and a checksum", c.name, f.Edition, c.kind)
		}
	}
	f, err := ReadBytes(zipped(t, "utf_ken_all.csv", utf))
	if err != nil {
		t.Fatal(err)
	}
	if got := f.Edition.Dated.Format(time.DateOnly); got != "2026-05-22" || f.Edition.Name != "utf_ken_all.csv" {
		t.Errorf("got %s %s, want the zip entry's date and name", got, f.Edition.Name)
	}
}

func TestReadSaysWhatIsWrong(t *testing.T) {
	utf := excerptCSV(excerptRows)
	whole := zipped(t, "utf_ken_all.csv", []byte(utf))
	damaged := bytes.Clone(whole)
	damaged[80] ^= 0xff
	for _, c := range []struct {
		name string
		raw  []byte
		want error
		line int
	}{
		{"nothing", nil, ErrNotPostal, 0},
		{"a letter", []byte("拝啓\n"), ErrNotPostal, 0},
		{"another CSV", []byte("a,b,c\n1,2,3\n"), ErrNotPostal, 0},
		{"bytes of no encoding", []byte{0xff, 0xfe, 0x00, 0x81}, ErrNotPostal, 0},
		{"a zip without CSV", zipped(t, "readme.txt", []byte("x")), ErrNotPostal, 0},
		{"a zip cut off", whole[:len(whole)/2], ErrTruncated, 0},
		{"a damaged zip", damaged, ErrTruncated, 0},
		{"a CSV cut off in a row", []byte(utf[:len(utf)-9]), ErrTruncated, strings.Count(utf, "\n")},
		{"a row with a missing column", []byte(strings.Replace(utf, `,"八戸市","櫛引（土橋）"`, `,"櫛引（土橋）"`, 1)), ErrColumns, 13},
		{"a row without a code", []byte(strings.Replace(utf, `"0310007"`, `"031-0007"`, 1)), ErrColumns, 13},
		{"an open bracket at the end", []byte(strings.TrimSuffix(utf[:strings.Index(utf, "（その他）")], "\n") + "（あ\",0,0,0,0,0,0\r\n"), ErrTruncated, 3},
	} {
		_, err := ReadBytes(c.raw)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.name, err, c.want)
		}
		var row *RowError
		if errors.As(err, &row) != (c.line > 0) || row != nil && row.Line != c.line {
			t.Errorf("%s: got %v, want line %d", c.name, err, c.line)
		}
	}
	if _, err := Read(strings.NewReader("x"), 10); !errors.Is(err, ErrTruncated) {
		t.Errorf("got %v, want ErrTruncated for a reader shorter than promised", err)
	}
	if _, err := Read(strings.NewReader("x"), maxFileBytes+1); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
}

func TestReadStopsAtAZipBomb(t *testing.T) {
	const limit = 1 << 20
	bomb := zipped(t, "utf_ken_all.csv", make([]byte, limit+1))
	if _, err := readWithin(bomb, limit); !errors.Is(err, ErrTooLarge) {
		t.Errorf("got %v, want ErrTooLarge", err)
	}
	if _, err := readWithin(zipped(t, "utf_ken_all.csv", make([]byte, limit)), limit); !errors.Is(err, ErrNotPostal) {
		t.Errorf("got %v, want the content judged below the limit", err)
	}
}

func TestBothEditionsAnswerAlike(t *testing.T) {
	utf := excerptCSV(excerptRows)
	// KEN_ALL splits long town areas over rows of the same code.
	split := strings.Replace(utf, "下久保「１７４を除く」、", "下久保「１７４を除く」、\",0,1,0,0,0,0\r\n"+
		`00000,"033  ","0330071","ｱ","ｱ","ｱ","青森県","上北郡六戸町","`, 1)
	old, err := ReadBytes(cp932(t, split))
	if err != nil {
		t.Fatal(err)
	}
	if old.Edition.Lines != old.Edition.Rows+1 {
		t.Errorf("got %d lines and %d rows, want one joined", old.Edition.Lines, old.Edition.Rows)
	}
	diff := Diff(excerpt(t), NewDictionary(old))
	if len(diff.Added)+len(diff.Removed)+len(diff.Changed) > 0 {
		t.Errorf("got %+v, want no difference between the editions", diff)
	}
}

func TestOfficesJoinTheirTownAreas(t *testing.T) {
	f, err := ReadBytes(cp932(t, officeRow))
	if err != nil {
		t.Fatal(err)
	}
	d := NewDictionary(f)
	got := d.Towns("0390892")
	if len(got) != 1 || got[0].Office != "福地支所" || got[0].Town != "苫米地字下宿２３−１" {
		t.Errorf("got %+v, want the branch office", got)
	}
	if a := d.Lookup("南部町大字苫米地字下宿23-1", nambu); a.Code != "0390802" {
		t.Errorf("got %v, want the code of the town area for residents", a)
	}
	if n := len(d.Editions()); n != 2 {
		t.Errorf("got %d editions, want the seed and the offices", n)
	}
}

func TestDiffTellsWhatANewEditionChanges(t *testing.T) {
	before := excerpt(t)
	rows := strings.Replace(excerptRows, "0390815 青森県 三戸郡南部町 福田 a", "0390899 青森県 三戸郡南部町 福田 a\n0390898 青森県 三戸郡南部町 新町 a", 1)
	rows = strings.Replace(rows, "3860042 長野県 上田市 上塩尻 -\n", "", 1)
	f, err := ReadBytes([]byte(excerptCSV(rows)))
	if err != nil {
		t.Fatal(err)
	}
	got := Diff(before, NewDictionary(f))
	if len(got.Added) != 1 || got.Added[0].Town != "新町" {
		t.Errorf("got added %+v, want 新町", got.Added)
	}
	if len(got.Removed) != 1 || got.Removed[0].Town != "上塩尻" {
		t.Errorf("got removed %+v, want 上塩尻", got.Removed)
	}
	if len(got.Changed) != 1 || got.Changed[0].Old[0] != "0390815" || got.Changed[0].New[0] != "0390899" {
		t.Errorf("got changed %+v, want 福田 from 0390815 to 0390899", got.Changed)
	}
	if want := len(before.rows) - 2; got.Same != want {
		t.Errorf("got %d unchanged, want %d", got.Same, want)
	}
}
