package store

import (
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata")

func TestMigrationsAreNumberedWithoutGap(t *testing.T) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		if want := fmt.Sprintf("migrations/%04d_", i+1); !strings.HasPrefix(name, want) {
			t.Errorf("got %s, want a name that begins with %s", name, want)
		}
	}
}

// versioned makes a database file with nothing but a schema version.
func versioned(t *testing.T, version int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "a.db")
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	_, err = db.ExecContext(t.Context(), fmt.Sprintf("PRAGMA user_version = %d", version))
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSchemaOfAnotherReleaseIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		version int
		guest   bool
		want    error
	}{
		"a newer one by the server": {SchemaVersion() + 1, false, ErrNewerSchema},
		"a newer one by a guest":    {SchemaVersion() + 1, true, ErrNewerSchema},
		"an older one by a guest":   {SchemaVersion() - 1, true, ErrOlderSchema},
	} {
		t.Run(name, func(t *testing.T) {
			path := versioned(t, c.version)
			before, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := Open(t.Context(), Options{Path: path, Guest: c.guest}); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			db, err := sql.Open("sqlite", path)
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			var version, tables int
			row := db.QueryRowContext(t.Context(), `SELECT (SELECT user_version FROM pragma_user_version), (SELECT count(*) FROM sqlite_schema)`)
			if err := row.Scan(&version, &tables); err != nil || version != c.version || tables != 0 {
				t.Errorf("got version %d, %d tables, %v, want it left alone (%d bytes before)", version, tables, err, len(before))
			}
		})
	}
}

// TestOlderReleaseGoesOnWithAnExpandedSchema: a file that a later release has
// expanded is served, visited and written to as before, and keeps its version;
// one that needs a later program is left alone.
func TestOlderReleaseGoesOnWithAnExpandedSchema(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	opened := 0
	reopen := func(guest bool) error {
		s, err := Open(t.Context(), Options{Path: path, Guest: guest})
		if err != nil {
			return err
		}
		if want := (Schema{SchemaVersion() + 2, SchemaVersion()}); s.Schema() != want && s.Schema().Version > SchemaVersion() {
			t.Errorf("got %+v, want %+v", s.Schema(), want)
		}
		opened++
		return errors.Join(s.Write(t.Context(), set(fmt.Sprint(opened), "1")), s.Close())
	}
	if err := reopen(false); err != nil {
		t.Fatal(err)
	}
	later := func(readableFrom int) {
		t.Helper()
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		_, err = db.ExecContext(t.Context(), fmt.Sprintf(`UPDATE store_state SET readable_from = %d; PRAGMA user_version = %d`, readableFrom, SchemaVersion()+2))
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatal(err)
		}
	}
	later(SchemaVersion())
	for _, guest := range []bool{false, true} {
		if err := reopen(guest); err != nil {
			t.Errorf("expanded, guest %v: got %v", guest, err)
		}
	}
	later(SchemaVersion() + 1)
	for _, guest := range []bool{false, true} {
		if err := reopen(guest); !errors.Is(err, ErrNewerSchema) {
			t.Errorf("contracted, guest %v: got %v, want ErrNewerSchema", guest, err)
		}
	}
}

// takesAway are the ways in which a migration can break the release before.
var takesAway = regexp.MustCompile(`(?i)\bDROP\s+(TABLE|COLUMN|VIEW)|\bRENAME\b`)

// expandingSince is the first migration after releases could be taken back.
const expandingSince = 15

// A migration that takes something away says which programs can still go on.
func TestMigrationsThatTakeAwaySaySo(t *testing.T) {
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	if !takesAway.MatchString("ALTER TABLE a\n DROP COLUMN b") {
		t.Fatal("the pattern finds nothing")
	}
	for i, name := range names {
		script, err := fs.ReadFile(migrations, name)
		if err != nil {
			t.Fatal(err)
		}
		if i+1 >= expandingSince && takesAway.Match(script) && !strings.Contains(string(script), "UPDATE store_state SET readable_from =") {
			t.Errorf("%s takes away and does not raise readable_from", name)
		}
	}
}

func TestGuestMakesNoDatabase(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.db")
	if s, err := Open(t.Context(), Options{Path: path, Guest: true}); err == nil {
		t.Errorf("got no error, want one: %v", s.Close())
	}
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want no file", err)
	}
}

func TestSchemaIsAsWrittenDown(t *testing.T) {
	s := open(t)
	var statements []string
	err := s.Read(t.Context(), func(tx *Tx) (err error) {
		statements, err = All[string](tx, `SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL
			ORDER BY tbl_name, CASE type WHEN 'table' THEN 1 WHEN 'index' THEN 2 ELSE 3 END, name`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	got := fmt.Sprintf("-- Schema version %d, as it stands after all migrations.\n\n%s;\n", SchemaVersion(), strings.Join(statements, ";\n\n"))
	const golden = "testdata/schema.sql"
	if *update {
		if err := errors.Join(os.MkdirAll("testdata", 0o755), os.WriteFile(golden, []byte(got), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the schema is not as in %s; read the change, then run go test ./store -update", golden)
	}
}

// TestRowsSurviveTablesThatAreBuiltAnew brings a file with rows from before
// migration 6, which builds the table reading anew, to the present schema.
func TestRowsSurviveTablesThatAreBuiltAnew(t *testing.T) {
	const before = 5
	path := versioned(t, before)
	db, err := sql.Open("sqlite", path)
	if err != nil {
		t.Fatal(err)
	}
	names, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names[:before] {
		script, err := fs.ReadFile(migrations, name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), string(script)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	_, err = db.ExecContext(t.Context(), `
		INSERT INTO staff (id, ref, staff_id, name, role, password_hash, must_change, created_at) VALUES (1, 's', 'hanako', '花子', 'clerk', 'x', 0, 'y');
		INSERT INTO payload_profile (id, name, definition, active, made_at) VALUES (1, '標準', '{}', 0, 'a'), (2, '標準', '{}', 1, 'b');
		INSERT INTO recipient (id, ref, name, name_key, kana_name, kana_key) VALUES (1, 'r', '南部', '南部', '', '');
		INSERT INTO card (id, ref, recipient_id, notice_number, issue_kind) VALUES (1, 'c', 1, 'ABC123456', 'renewal');
		INSERT INTO reading (card_id, payload, payload_sha256, profile_id, read_at, read_by) VALUES (1, x'414243', 'hash', 2, 'z', 1);`)
	if err = errors.Join(err, db.Close()); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}()
	err = s.Read(t.Context(), func(tx *Tx) error {
		reading, err := One[string](tx, `SELECT way || ' ' || hex(payload) || ' ' || payload_sha256 || ' ' || profile_id || ' ' || read_by FROM reading`)
		if reading != "scanner 414243 hash 2 1" {
			t.Errorf("got reading %q, want it as it was, by scanner", reading)
		}
		versions, err2 := One[string](tx, `SELECT group_concat(version || length(ref) || (switched_on_at IS NOT NULL), ' ') FROM payload_profile`)
		if versions != "1260 2261" {
			t.Errorf("got profiles %q, want two versions of one name, the second in use", versions)
		}
		return errors.Join(err, err2)
	})
	if err != nil {
		t.Error(err)
	}
	if found, err := s.Integrity(t.Context()); err != nil || len(found) > 0 {
		t.Errorf("got %q, %v, want a whole file", found, err)
	}
}
