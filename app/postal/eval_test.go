//go:build eval

package postal

import (
	"os"
	"path/filepath"
	"testing"
)

// TestTargetsOnRealAddresses measures the national file against addresses
// whose codes are known. MADOGUCHI_EVAL_DATA names a directory with
// utf_ken_all.zip and addresses.csv.gz, which are not part of the project.
func TestTargetsOnRealAddresses(t *testing.T) {
	dir := os.Getenv("MADOGUCHI_EVAL_DATA")
	if dir == "" {
		t.Fatal("MADOGUCHI_EVAL_DATA is not set")
	}
	f, err := readFile(filepath.Join(dir, "utf_ken_all.zip"))
	if err != nil {
		t.Fatal(err)
	}
	in, err := os.Open(filepath.Join(dir, "addresses.csv.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	samples, err := ReadSamples(in)
	if err != nil {
		t.Fatal(err)
	}
	r := Evaluate(NewDictionary(f), samples, nambu)
	if err := r.Write(os.Stdout, 0); err != nil {
		t.Fatal(err)
	}
	known := r.All.Rows - r.Faults[FaultLabel] - r.Faults[FaultUnnamed]
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"sure answers", percent(r.All.Sure, r.All.Rows), 99.5},
		{"right of the sure answers", percent(r.All.Right, r.All.Sure), 99.5},
		{"right code shown, where the address names its town area", percent(r.All.Shown, known), 99.8},
		{"南部町 right", percent(r.Parts["南部町"].Right, r.Parts["南部町"].Rows), 100},
	} {
		if c.got < c.want {
			t.Errorf("%s: got %.3f%%, want %.1f%%", c.name, c.got, c.want)
		}
	}
}
