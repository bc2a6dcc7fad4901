package postal

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// call runs the command and returns what it wrote.
func call(t *testing.T, in string, args ...string) (exit int, out, errOut string) {
	t.Helper()
	var o, e bytes.Buffer
	kept := func(context.Context, string) (*Dictionary, Default, error) { return nil, Default{}, os.ErrNotExist }
	exit = Main(context.Background(), kept, args, strings.NewReader(in), &o, &e)
	return exit, o.String(), e.String()
}

func dictFile(t *testing.T, rows string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "utf_ken_all.csv")
	if err := os.WriteFile(name, []byte(excerptCSV(rows)), 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestLookupCommandAnswersEveryLineInOrder(t *testing.T) {
	in := "\ufeff南部町埖渡字前田3\r\n\n\"南部町\",相内\n南部町相内12\nハワイ\n"
	exit, out, errOut := call(t, in, "lookup", "--default", "青森県三戸郡南部町")
	if exit != exitOK || errOut != "" {
		t.Fatalf("got exit %d %s, want 0", exit, errOut)
	}
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{
		{"address", "code", "tier", "candidates"},
		{"南部町埖渡字前田3", "0390814", "sure", "0390814"},
		{"", "", "none", ""},
		{"\"南部町\",相内", "", "candidates", "0390106 0390606 0390100"},
		{"南部町相内12", "", "candidates", "0390106 0390606 0390100"},
		{"ハワイ", "", "none", ""},
	}
	if len(rows) != len(want) {
		t.Fatalf("got %d rows, want %d: %v", len(rows), len(want), rows)
	}
	for i := range want {
		if strings.Join(rows[i], "|") != strings.Join(want[i], "|") {
			t.Errorf("row %d: got %q, want %q", i, rows[i], want[i])
		}
	}
}

func TestLookupCommandReadsManyLines(t *testing.T) {
	const n = 2*streamChunk + 1
	exit, out, _ := call(t, strings.Repeat("南部町埖渡1\n", n), "lookup")
	if got := strings.Count(out, "0390814,sure"); exit != exitOK || got != n {
		t.Errorf("got %d answers, want %d", got, n)
	}
}

func TestCommandWithADictionary(t *testing.T) {
	dict := dictFile(t, excerptRows)
	exit, out, errOut := call(t, "和歌山県紀の川市竹房450\n", "lookup", "--dict", dict)
	if exit != exitOK || !strings.Contains(out, "6496413,sure") {
		t.Errorf("got %d %s %s, want 6496413", exit, out, errOut)
	}
	exit, out, _ = call(t, "", "towns", "--dict", dict, "6496162")
	if exit != exitOK || !strings.Contains(out, "6496162,和歌山県,紀の川市,竹房（４５１番地以上）,") {
		t.Errorf("got %d %s, want the town area of 6496162", exit, out)
	}
	changed := dictFile(t, strings.Replace(excerptRows, "6496162 和歌山県", "6496199 和歌山県", 1))
	exit, out, _ = call(t, "", "diff", dict, changed)
	if exit != exitOK || !strings.Contains(out, "changed,和歌山県,紀の川市,竹房（４５１番地以上）,6496162,6496199") {
		t.Errorf("got %d %s, want the changed code", exit, out)
	}
}

func TestEvalCommandReports(t *testing.T) {
	samples := filepath.Join(t.TempDir(), "addresses.csv")
	body := "address,postal_code,pref,zip_status\n" +
		"三戸郡南部町埖渡字前田3,0390814,青森県,ken_all\n" + // right
		"三戸郡南部町福田1,0390501,青森県,ken_all\n" + // label contradicts
		"三戸郡南部町相内12,0390606,青森県,ken_all\n" + // asked, right among
		"三戸郡南部町相内字荒井1,0390606,青森県,ken_all\n" + // wrong
		"府中市無い町1,9999999,東京都,unknown\n" // left out
	if err := os.WriteFile(samples, []byte(body), 0o600); err != nil {
		t.Fatal(err)
	}
	exit, out, errOut := call(t, "", "eval", "--addresses", samples)
	for _, want := range []string{
		"all: 4 rows, sure 3 (75.000%), right 1 (33.333% of sure), shown 3 (75.000%)",
		"南部町: 4 rows", FaultLabel + ": 1", FaultShown + ": 1", FaultWrong + ": 1",
	} {
		if exit != exitOK || !strings.Contains(out, want) {
			t.Errorf("got %d %s %s, want %q", exit, out, errOut, want)
		}
	}
}

func TestCommandRefusesWhatItDoesNotUnderstand(t *testing.T) {
	for _, args := range [][]string{nil, {"sing"}, {"lookup", "--loud"}, {"towns"}, {"diff", "one"}, {"eval"}, {"lookup", "--data", "x", "--dict", "y"}} {
		if exit, _, errOut := call(t, "", args...); exit != exitUsage || !strings.Contains(errOut, "使い方") {
			t.Errorf("%v: got exit %d %q, want the usage", args, exit, errOut)
		}
	}
	for _, args := range [][]string{
		{"lookup", "--dict", filepath.Join(t.TempDir(), "missing.zip")},
		{"lookup", "--default", "青森県三戸郡無い町"},
	} {
		if exit, _, errOut := call(t, "", args...); exit != exitFailed || errOut == "" {
			t.Errorf("%v: got exit %d %q, want a failure that says why", args, exit, errOut)
		}
	}
}

func TestLookupStreamStopsWhenTold(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out bytes.Buffer
	err := SeedDictionary().LookupStream(ctx, strings.NewReader("南部町埖渡1\n"), &out, nambu)
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	long := strings.NewReader(strings.Repeat("あ", maxLine))
	if err := SeedDictionary().LookupStream(context.Background(), long, &out, nambu); err == nil {
		t.Error("got no error, want one for a line without end")
	}
}
