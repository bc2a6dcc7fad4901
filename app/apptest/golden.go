package apptest

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite golden files with what the tests got")

// Updating reports whether tests are to write what they would compare with.
func Updating() bool { return *update }

var (
	secretField = regexp.MustCompile(`(name="(?:csrf|once)" value=")[^"]*(")`)
	assetHash   = regexp.MustCompile(`(/assets/)[0-9a-f]{16}(/)`)
	refs        = regexp.MustCompile(`\b[a-z2-7]{26}\b`)
)

// Golden compares got with the file testdata/<name> of the test's package;
// -update rewrites the file. What is drawn at random (form secrets, Refs, the
// hash of assets) is replaced first; replace holds further pairs of a text and
// what stands for it, such as a request's number.
func Golden(t testing.TB, name, got string, replace ...string) {
	t.Helper()
	got = Stable(strings.NewReplacer(replace...).Replace(got))
	path := filepath.Join("testdata", filepath.FromSlash(name))
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatalf("%v (run the test with -update to make it)", err)
	}
	if want := string(text); got != want {
		t.Errorf("%s: %s\n(-update rewrites it)", path, firstDifference(got, want))
	}
}

// Stable replaces what is drawn at random. Each Ref becomes REF-1, REF-2, … in
// the order of appearance, so that the same one is seen to be the same.
func Stable(page string) string {
	page = secretField.ReplaceAllString(page, "${1}SECRET${2}")
	page = assetHash.ReplaceAllString(page, "${1}HASH${2}")
	names := map[string]string{}
	return refs.ReplaceAllStringFunc(page, func(ref string) string {
		if names[ref] == "" {
			names[ref] = fmt.Sprintf("REF-%d", len(names)+1)
		}
		return names[ref]
	})
}

func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(g), len(w)) {
		at := func(lines []string) string {
			if i < len(lines) {
				return lines[i]
			}
			return "(end)"
		}
		if at(g) != at(w) {
			return fmt.Sprintf("line %d\n got %s\nwant %s", i+1, at(g), at(w))
		}
	}
	return "no difference"
}
