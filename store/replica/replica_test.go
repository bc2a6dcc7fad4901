package replica

import (
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"madoguchi/store"
)

// config is the product's own, with the program's defaults.
func config(t *testing.T) Config {
	t.Helper()
	text, err := os.ReadFile("../../litestream.yml")
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := ReadConfig(text)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

func openStore(t *testing.T, path string) *store.Store {
	t.Helper()
	st, err := store.Open(t.Context(), store.Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

func start(t *testing.T, st *store.Store, address string) *Replica {
	t.Helper()
	target, err := Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Start(t.Context(), st, target, config(t), Local, quiet())
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func stop(t *testing.T, st *store.Store, r *Replica) {
	t.Helper()
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, st *store.Store, name, value string) {
	t.Helper()
	err := st.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`INSERT INTO setting (name, value, changed_at) VALUES (?, ?, ?)`, name, value, tx.Now)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// until waits for what must come; the test's own time limit bounds it.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for !ok() {
		select {
		case <-t.Context().Done():
			t.Fatalf("never came: %s", what)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func copied(r *Replica) func() bool {
	return func() bool {
		s := r.Status()
		return s.Copied.Sequence > 0 && s.Copied == s.Committed
	}
}

func paths(t *testing.T) (database, folder string) {
	dir := t.TempDir()
	return filepath.Join(dir, "data", "madoguchi.db"), filepath.Join(dir, "copies")
}

func TestEveryCommitIsCopied(t *testing.T) {
	database, folder := paths(t)
	st := openStore(t, database)
	r := start(t, st, folder)
	write(t, st, "a", "1")
	until(t, "copy of a", copied(r))
	if s := r.Status(); s.Lag != 0 || s.LastError != "" {
		t.Errorf("got lag %v, error %q, want none", s.Lag, s.LastError)
	}
	write(t, st, "b", "2")
	stop(t, st, r)
	if s := r.Status(); s.Copied.Sequence != 2 {
		t.Errorf("got copied %d, want 2: closing copies the rest", s.Copied.Sequence)
	}
}
