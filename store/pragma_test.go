package store

import (
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func pragma(t *testing.T, c *connection, name string) string {
	t.Helper()
	var v string
	if err := c.conn.QueryRowContext(t.Context(), "PRAGMA "+name).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestPragmasAreInForceOnEveryConnection(t *testing.T) {
	s := open(t)
	check := func(who string, c *connection, want map[string]string) {
		for name, value := range want {
			if got := pragma(t, c, name); got != value {
				t.Errorf("%s: %s: got %s, want %s", who, name, got, value)
			}
		}
	}
	check("writer", s.writer, map[string]string{
		"synchronous": "2", "foreign_keys": "1", "journal_mode": "wal", "query_only": "0",
		"busy_timeout": "10000", "trusted_schema": "0", "wal_autocheckpoint": strconv.Itoa(ownCheckpointPages),
	})
	for i := range DefaultReaders {
		c := <-s.readers
		check("reader "+strconv.Itoa(i), c, map[string]string{
			"synchronous": "2", "foreign_keys": "1", "journal_mode": "wal", "query_only": "1",
			"busy_timeout": "10000", "trusted_schema": "0", "wal_autocheckpoint": "0",
		})
		defer func() { s.readers <- c }()
	}
}

// SQLite before 3.51.3 could lose a commit when two connections reset the WAL
// at the same time (sqlite.org/wal.html, "WAL-reset bug").
func TestSQLiteHasTheWALResetFix(t *testing.T) {
	s := open(t)
	var got string
	err := s.Read(t.Context(), func(tx *Tx) (err error) {
		got, err = One[string](tx, `SELECT sqlite_version()`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if !atLeast(t, got, "3.51.3") {
		t.Errorf("got SQLite %s, want 3.51.3 or later", got)
	}
}

func atLeast(t *testing.T, have, want string) bool {
	t.Helper()
	a, b := strings.Split(have, "."), strings.Split(want, ".")
	for i := range b {
		x, err := strconv.Atoi(a[i])
		if err != nil {
			t.Fatal(err)
		}
		y, err := strconv.Atoi(b[i])
		if err != nil {
			t.Fatal(err)
		}
		if x != y {
			return x > y
		}
	}
	return true
}

// The driver is generated against one version of its C library and is tested
// with no other.
func TestDriverHasTheLibraryItAsksFor(t *testing.T) {
	text, err := os.ReadFile(module(t, "modernc.org/sqlite", "{{.GoMod}}"))
	if err != nil {
		t.Fatal(err)
	}
	asked := regexp.MustCompile(`modernc\.org/libc (v\S+)`).FindSubmatch(text)
	if asked == nil {
		t.Fatal("the driver's go.mod names no modernc.org/libc")
	}
	if got := module(t, "modernc.org/libc", "{{.Version}}"); got != string(asked[1]) {
		t.Errorf("got modernc.org/libc %s, want %s", got, asked[1])
	}
}

func module(t *testing.T, path, format string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", format, path).Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
