package store

import (
	"database/sql"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
