package app

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"madoguchi/app/apptest"
)

// allowed says which of our packages each may import, whole: the direction is
// leaves ← store ← audit ← settings, attempt ← staff, card ← booking, intake ←
// public, console ← app. What is not listed may import nothing of ours.
var allowed = map[string][]string{
	"madoguchi": {"app"},
	"app": {"app/attempt", "app/audit", "app/bench", "app/booking", "app/card", "app/console", "app/demo", "app/intake", "app/jp",
		"app/mail", "app/postal", "app/problem", "app/public", "app/qr", "app/qr/draw", "app/settings", "app/sheet", "app/staff", "app/watch", "app/web", "store", "store/crypt", "store/replica", "store/restore"},
	"app/audit":     {"store"},
	"app/attempt":   {"store"},
	"app/settings":  {"app/audit", "app/picture", "app/problem", "app/jp", "store"},
	"app/staff":     {"app/attempt", "app/audit", "app/problem", "app/settings", "store"},
	"app/card":      {"app/attempt", "app/audit", "app/jp", "app/problem", "app/settings", "store"},
	"app/mail":      {"app/audit", "app/jp", "app/problem", "store"},
	"app/booking":   {"app/attempt", "app/audit", "app/card", "app/jp", "app/mail", "app/picture", "app/problem", "app/settings", "store"},
	"app/intake":    {"app/audit", "app/card", "app/jp", "app/postal", "app/problem", "app/qr", "app/settings", "app/sheet", "store"},
	"app/demo":      {"app/audit", "app/booking", "app/card", "app/intake", "app/jp", "app/settings", "app/staff", "store"},
	"app/web":       {"app/jp", "app/problem", "store"},
	"app/public":    {"app/attempt", "app/audit", "app/booking", "app/card", "app/jp", "app/mail", "app/problem", "app/qr/draw", "app/settings", "app/sheet", "app/web", "store"},
	"app/console":   {"app/audit", "app/booking", "app/card", "app/intake", "app/jp", "app/mail", "app/postal", "app/problem", "app/qr", "app/qr/draw", "app/settings", "app/sheet", "app/staff", "app/watch", "app/web", "store", "store/replica"},
	"app/watch":     {"app/audit", "app/jp", "app/mail", "store", "store/replica", "store/restore"},
	"app/apptest":   {"store"},
	"app/postal":    {"app/jp"},
	"app/qr":        {"app/jp"},
	"e2e/postal":    {"app/postal"},
	"e2e/screens":   {"e2e/book"},
	"app/sheet":     {"app/jp", "app/problem"},
	"store/replica": {"store", "store/crypt"},
	"store/restore": {"store", "store/replica"},
}

// only says which packages alone may import something from outside.
var only = map[string][]string{
	"github.com/gin-gonic/gin":          {"app/web", "app/public", "app/console"},
	"html/template":                     {"app/web"},
	"database/sql":                      {"store", "store/restore", "store/replica"},
	"modernc.org/sqlite":                {"store"},
	"github.com/benbjohnson/litestream": {"store/replica", "store/restore"},
	"github.com/aws/aws-sdk-go-v2":      {"store/replica"},
	"github.com/prometheus":             {"app"},
	"github.com/coreos/go-systemd":      {"app"},
	"filippo.io/age":                    {"store/crypt"},
	"github.com/gorilla/sessions":       {"app/web"},
	"github.com/xuri/excelize":          {"app/sheet"},
	"os/exec":                           {"app", "app/qr", "e2e/postal", "e2e/readme", "e2e/slow"},
	"net/smtp":                          {},
	"text/template":                     {"app/mail"},
	"github.com/wneessen/go-mail":       {"app/mail"},
	"github.com/emersion/go-smtp":       {"app/apptest"},
}

type listed struct {
	ImportPath string
	Imports    []string
}

// packages are the project's packages without their tests.
func packages(t *testing.T) []listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports", "./...")
	cmd.Dir = apptest.Root()
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var all []listed
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p listed
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

func short(path string) string { return strings.TrimPrefix(path, "madoguchi/") }

func TestPackagesImportInOneDirection(t *testing.T) {
	for _, p := range packages(t) {
		for _, i := range p.Imports {
			if !strings.HasPrefix(i, "madoguchi/") {
				continue
			}
			if !slices.Contains(allowed[short(p.ImportPath)], short(i)) {
				t.Errorf("%s imports %s, which is not allowed", short(p.ImportPath), short(i))
			}
		}
	}
}

func TestOutsidePackagesAreKeptInTheirPlace(t *testing.T) {
	for _, p := range packages(t) {
		for _, i := range p.Imports {
			for outside, places := range only {
				if (i == outside || strings.HasPrefix(i, outside+"/")) && !slices.Contains(places, short(p.ImportPath)) {
					t.Errorf("%s imports %s, which only %v may", short(p.ImportPath), i, places)
				}
			}
		}
	}
}

// The binary is built without cgo, and of the database drivers it holds one.
func TestBinaryHoldsOneDatabaseDriver(t *testing.T) {
	cmd := exec.Command("go", "list", "-deps", ".")
	cmd.Dir = apptest.Root()
	cmd.Env = append(cmd.Environ(), "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, banned := range []string{"github.com/mattn/go-sqlite3", "github.com/ncruces/go-sqlite3", "runtime/cgo", "madoguchi/app/apptest", "testing"} {
		if slices.Contains(strings.Fields(string(out)), banned) {
			t.Errorf("the binary holds %s", banned)
		}
	}
}
