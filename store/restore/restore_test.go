package restore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"madoguchi/store"
	"madoguchi/store/replica"
)

func config(t *testing.T) replica.Config {
	t.Helper()
	text, err := os.ReadFile("../../litestream.yml")
	if err != nil {
		t.Fatal(err)
	}
	cfg, err := replica.ReadConfig(text)
	if err != nil {
		t.Fatal(err)
	}
	return cfg
}

func target(t *testing.T, address string) replica.Target {
	t.Helper()
	tg, err := replica.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return tg
}

func quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// serve opens the database with its replica, as the server does, runs fn and
// stops both in the server's order.
func serve(t *testing.T, database string, tg replica.Target, fn func(*store.Store, *replica.Replica)) {
	t.Helper()
	st, err := store.Open(t.Context(), store.Options{Path: database})
	if err != nil {
		t.Fatal(err)
	}
	rep, err := replica.Start(t.Context(), st, tg, config(t), replica.Local, quiet())
	if err != nil {
		t.Fatal(errors.Join(err, st.Close()))
	}
	fn(st, rep)
	if err := errors.Join(st.Close(), rep.Close(t.Context())); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, st *store.Store, name string) {
	t.Helper()
	err := st.Write(t.Context(), func(tx *store.Tx) error {
		_, err := tx.Exec(`INSERT INTO setting (name, value, changed_at) VALUES (?, ?, ?)`, name, strings.Repeat(name, 20), tx.Now)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// epochFolder is where the newest epoch's files are.
func epochFolder(t *testing.T, tg replica.Target) string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(tg.Folder(), "e0*"))
	if err != nil || len(all) == 0 {
		t.Fatalf("got no epoch in %s, %v", tg, err)
	}
	return all[len(all)-1]
}

func awaitCopy(t *testing.T, rep *replica.Replica) {
	t.Helper()
	for {
		if s := rep.Status(); s.Copied.Sequence > 0 && s.Copied == s.Committed {
			return
		}
		select {
		case <-t.Context().Done():
			t.Fatal("the copy never came")
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// names is what the tests write, read from a database that nobody serves.
func names(t *testing.T, database string) []string {
	t.Helper()
	st, err := store.Open(t.Context(), store.Options{Path: database})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	return namesIn(t.Context(), t, st)
}

func namesIn(ctx context.Context, t *testing.T, st *store.Store) []string {
	t.Helper()
	var all []string
	err := st.Read(ctx, func(tx *store.Tx) (err error) {
		all, err = store.All[string](tx, `SELECT name FROM setting ORDER BY name`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func restore(t *testing.T, o Options) Report {
	t.Helper()
	p, err := Prepare(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	report, err := Run(t.Context(), p, nil)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

func places(t *testing.T) (database string, tg replica.Target) {
	t.Helper()
	dir := t.TempDir()
	return filepath.Join(dir, "data", "madoguchi.db"), target(t, filepath.Join(dir, "copies"))
}

func wantNames(t *testing.T, got []string, want ...string) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestDeletedDataFolderIsRestored(t *testing.T) {
	database, tg := places(t)
	serve(t, database, tg, func(st *store.Store, _ *replica.Replica) { write(t, st, "a"); write(t, st, "b") })
	if err := os.RemoveAll(filepath.Dir(database)); err != nil {
		t.Fatal(err)
	}
	report := restore(t, Options{Target: tg, Path: database})
	if report.Aside != "" || report.LastCommit.Sequence != 2 {
		t.Errorf("got %+v, want commit 2 and nothing put aside", report)
	}
	wantNames(t, names(t, database), "a", "b")
}
