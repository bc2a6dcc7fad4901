package app

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"madoguchi/app/apptest"
)

// owners says which package alone writes a table; any package may read it.
var owners = map[string]string{
	"store_state":     "store",
	"audit":           "app/audit",
	"setting":         "app/settings",
	"announcement":    "app/settings",
	"question":        "app/settings",
	"logo":            "app/settings",
	"translation":     "app/settings",
	"staff":           "app/staff",
	"sign_in_attempt": "app/attempt",
	"session":         "app/web",
	"form_token":      "app/web",
	"recipient":       "app/card",
	"card":            "app/card",
	"reading":         "app/card",
	"handover_note":   "app/card",
	"issue_kind":      "app/card",
	"reading_part":    "app/card",
	"list_file":       "app/card",
	"list_page":       "app/card",
	"list_code":       "app/card",
	"batch":           "app/intake",
	"payload_profile": "app/intake",
	"postal_file":     "app/intake",
	"roll_file":       "app/intake",
	"roll_row":        "app/intake",
	"roll_template":   "app/intake",
	"held_file":       "app/card",
	"held_row":        "app/card",
	"renewal_target":  "app/card",
	"renewal_mark":    "app/card",
	"staff_venue":     "app/staff",
	"venue":           "app/booking",
	"map_picture":     "app/booking",
	"counter":         "app/booking",
	"counter_service": "app/booking",
	"service":         "app/booking",
	"bring":           "app/booking",
	"proxy_reason":    "app/booking",
	"booking_rule":    "app/booking",
	"hours":           "app/booking",
	"hours_window":    "app/booking",
	"closed_day":      "app/booking",
	"extra_opening":   "app/booking",
	"stop":            "app/booking",
	"stop_venue":      "app/booking",
	"slot":            "app/booking",
	"booking":         "app/booking",
	"waiting":         "app/booking",
	"left_behind":     "app/booking",
	"mail":            "app/mail",
	"mail_attempt":    "app/mail",
	"mail_link":       "app/mail",
	"mail_proposal":   "app/card",
}

var writes = regexp.MustCompile(`(?i)\b(?:INSERT\s+(?:OR\s+\w+\s+)?INTO|UPDATE(?:\s+OR\s+\w+)?|DELETE\s+FROM)\s+([a-z_]+)\b`)

func TestEachTableHasOneWriter(t *testing.T) {
	root := apptest.Root()
	seen := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && path != root) {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		for _, m := range writes.FindAllStringSubmatch(withoutComments(string(text)), -1) {
			table := m[1]
			owner, known := owners[table]
			if !known {
				continue // "UPDATE" in a sentence, or an upsert's SET
			}
			seen[table] = true
			if rel != owner {
				t.Errorf("%s/%s writes table %s, which only %s may", rel, d.Name(), table, owner)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for table := range owners {
		if !seen[table] {
			t.Errorf("no package writes table %s", table)
		}
	}
}

func TestEveryTableHasAnOwner(t *testing.T) {
	scripts, err := filepath.Glob(filepath.Join(apptest.Root(), "store", "migrations", "*.sql"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no migrations found: %v", err)
	}
	made := regexp.MustCompile(`(?m)^CREATE TABLE (\w+)`)
	for _, path := range scripts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range made.FindAllStringSubmatch(string(text), -1) {
			if strings.Contains(string(text), "ALTER TABLE "+m[1]+" RENAME TO ") {
				continue // a table that takes the place of another
			}
			if owners[m[1]] == "" {
				t.Errorf("table %s has no owner", m[1])
			}
		}
	}
}

func withoutComments(source string) string {
	var b strings.Builder
	for line := range strings.Lines(source) {
		if !strings.HasPrefix(strings.TrimSpace(line), "//") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// Words that the glossary has replaced by one of its own.
var banned = map[string]string{
	"reservation": "booking", "appointment": "booking", "timeslot": "slot", "login": "sign in", "logout": "sign out", "birthday": "date of birth",
}

func TestIdentifiersUseTheGlossary(t *testing.T) {
	root := apptest.Root()
	for _, dir := range []string{"app", "store", "templates", "e2e"} {
		err := filepath.WalkDir(filepath.Join(root, dir), func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			if d.IsDir() && (d.Name() == "node_modules" || d.Name() == "testdata") { // what the program wrote, in sentences
				return filepath.SkipDir
			}
			if ext := filepath.Ext(path); d.IsDir() || ext != ".go" && ext != ".sql" && ext != ".html" || strings.HasSuffix(path, "tables_test.go") || strings.HasSuffix(path, "apptest/smtp.go") { // the words of an SMTP library
				return nil
			}
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for word, instead := range banned {
				if i := strings.Index(strings.ToLower(string(text)), word); i >= 0 {
					t.Errorf("%s says %q; the glossary's word is %q", path, word, instead)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}
