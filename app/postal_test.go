package app

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"madoguchi/app/apptest"
)

// Run as an operator would, twice: a new file, then the next month's.
func TestPostalLoadReportsWhatChanged(t *testing.T) {
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	file := func(rows ...string) string {
		var b strings.Builder
		for _, r := range rows {
			code, town, _ := strings.Cut(r, " ")
			fmt.Fprintf(&b, "02445,\"039\",\"%s\",\"ア\",\"サ\",\"カ\",\"青森県\",\"三戸郡南部町\",\"%s\",0,1,0,0,0,0\r\n", code, town)
		}
		name := filepath.Join(dir, "utf_ken_all.csv")
		if err := os.WriteFile(name, []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	run := func(args ...string) (int, string) {
		var out bytes.Buffer
		status := Main(t.Context(), Surroundings{Files: apptest.Files(), Args: args, In: strings.NewReader(""), Out: &out, Err: &out})
		return status, out.String()
	}
	if status, says := run("postal", "load", file("0390802 苫米地", "0390899 新しい町"), "--data", data); status != 0 || !strings.Contains(says, "行　　　2") {
		t.Fatalf("got %d: %s", status, says)
	}
	// A look-up uses what the folder uses, and the folder's town.
	look := func() (int, string) {
		var out bytes.Buffer
		in := strings.NewReader("大字新しい町1\n")
		status := Main(t.Context(), Surroundings{Files: apptest.Files(), Args: []string{"postal", "lookup", "--data", data}, In: in, Out: &out, Err: &out})
		return status, out.String()
	}
	if status, says := look(); status != 0 || !strings.Contains(says, "0390899,sure") {
		t.Errorf("look-up in the folder's dictionary: got %d: %s", status, says)
	}
	if status, says := run("postal", "lookup", "--data", filepath.Join(dir, "nowhere")); status != 1 || !strings.Contains(says, "nowhere") {
		t.Errorf("no such folder: got %d: %s", status, says)
	}
	if status, says := run("postal", "--help"); status != 0 || !strings.Contains(says, "使い方: madoguchi postal") || !strings.Contains(says, "--data フォルダ") {
		t.Errorf("help: got %d: %s", status, says)
	}
	status, says := run("postal", "load", "--data", data, file("0390802 苫米地", "0390898 新しい町"))
	if status != 0 || !strings.Contains(says, "変わった 1") || !strings.Contains(says, "青森県三戸郡南部町新しい町\t0390899 → 0390898") {
		t.Errorf("got %d: %s", status, says)
	}
	if status, says := run("postal", "load", "--data", data, filepath.Join(dir, "utf_ken_all.csv")); status != 1 || !strings.Contains(says, "同じです") {
		t.Errorf("the same file again: got %d: %s", status, says)
	}
	wrong := filepath.Join(dir, "wrong.csv")
	if err := os.WriteFile(wrong, []byte("氏名,住所\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if status, says := run("postal", "load", "--data", data, wrong); status != 1 || !strings.Contains(says, "日本郵便の郵便番号データ") {
		t.Errorf("a wrong file: got %d: %s", status, says)
	}
	if status, _ := run("postal", "load", "--data", data); status != 2 {
		t.Errorf("no file: got %d, want 2", status)
	}
}
