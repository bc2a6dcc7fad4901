package restore

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"madoguchi/store"
	"madoguchi/store/replica"
)

// contents is everything below a folder but lock files, as a comparable value.
func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".lock") {
			return err
		}
		text, err := os.ReadFile(path)
		all[path] = string(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func wantUnchanged(t *testing.T, dir string, before map[string]string) {
	t.Helper()
	after := contents(t, dir)
	for path := range after {
		if _, ok := before[path]; !ok {
			t.Errorf("%s: is new, want nothing changed", path)
		}
	}
	for path, text := range before {
		if after[path] != text {
			t.Errorf("%s: is changed or gone, want nothing changed", path)
		}
	}
}

func TestNothingChangesBeforeTheCopyHasPassed(t *testing.T) {
	database, tg := places(t)
	serve(t, database, tg, func(st *store.Store, _ *replica.Replica) { write(t, st, "a") })
	before := contents(t, filepath.Dir(database))
	p, err := Prepare(t.Context(), Options{Target: tg, Path: database})
	if err != nil {
		t.Fatal(err)
	}
	doubt := errors.New("a slot is overbooked")
	_, err = Run(t.Context(), p, func(context.Context, *store.Store) ([]string, error) { return nil, doubt })
	if !errors.Is(err, doubt) {
		t.Errorf("got %v, want %v", err, doubt)
	}
	wantUnchanged(t, filepath.Dir(database), before)
	wantNames(t, names(t, database), "a")
}

func TestRestoreIsRefusedWhileTheServerRuns(t *testing.T) {
	database, tg := places(t)
	serve(t, database, tg, func(st *store.Store, rep *replica.Replica) {
		write(t, st, "a")
		awaitCopy(t, rep)
		p, err := Prepare(t.Context(), Options{Target: tg, Path: database})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Run(t.Context(), p, nil); !errors.Is(err, store.ErrLocked) {
			t.Errorf("got %v, want ErrLocked", err)
		}
		write(t, st, "b")
	})
	wantNames(t, names(t, database), "a", "b")
}

func TestReplacedFilesAreKept(t *testing.T) {
	database, tg := places(t)
	serve(t, database, tg, func(st *store.Store, _ *replica.Replica) { write(t, st, "a") })
	if err := os.WriteFile(database, []byte("not a database any more"), 0o640); err != nil {
		t.Fatal(err)
	}
	report := restore(t, Options{Target: tg, Path: database})
	wantNames(t, names(t, database), "a")
	old, err := os.ReadFile(filepath.Join(report.Aside, filepath.Base(database)))
	if err != nil || string(old) != "not a database any more" {
		t.Errorf("got %q, %v, want the damaged file kept", old, err)
	}
	if _, err := os.Stat(filepath.Join(report.Aside, filepath.Base(database)+"-wal")); err != nil {
		t.Errorf("got %v, want the WAL kept beside it", err)
	}
}

func TestRestoreCutOffDuringTheExchangeKeepsTheServerFromStarting(t *testing.T) {
	database, tg := places(t)
	serve(t, database, tg, func(st *store.Store, _ *replica.Replica) { write(t, st, "a") })
	// As far as the exchange had come: the old file is away, the new not there.
	if err := errors.Join(
		os.WriteFile(store.ReplacingPath(database), []byte("replaced\n"), 0o640),
		os.Remove(database),
	); err != nil {
		t.Fatal(err)
	}
	for _, guest := range []bool{false, true} {
		_, err := store.Open(t.Context(), store.Options{Path: database, Guest: guest})
		if !errors.Is(err, store.ErrUnfinishedRestore) {
			t.Errorf("guest %v: got %v, want ErrUnfinishedRestore", guest, err)
		}
	}
	restore(t, Options{Target: tg, Path: database})
	wantNames(t, names(t, database), "a")
}

func TestLeftoversOfARestoreThatWasCutOffAreRemoved(t *testing.T) {
	database, tg := places(t)
	serve(t, database, tg, func(st *store.Store, _ *replica.Replica) { write(t, st, "a") })
	s := scratch(database)
	if err := errors.Join(
		os.WriteFile(s.copied(), []byte("half"), 0o640),
		os.WriteFile(s.copied()+"-wal", []byte("half"), 0o640),
		os.MkdirAll(s.spool(), 0o700),
		os.MkdirAll(s.meta(), 0o700),
	); err != nil {
		t.Fatal(err)
	}
	restore(t, Options{Target: tg, Path: database})
	wantNames(t, names(t, database), "a")
	left, err := filepath.Glob(database + ".restoring*")
	if err != nil || len(left) > 0 {
		t.Errorf("got %v, %v, want nothing left", left, err)
	}
}

func TestRestoredDatabaseIsCopiedOnAndRestoredAgain(t *testing.T) {
	for name, prepare := range map[string]func(t *testing.T, dir string){
		"with the former files there": func(*testing.T, string) {},
		"with the data folder gone": func(t *testing.T, dir string) {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			database, tg := places(t)
			serve(t, database, tg, func(st *store.Store, _ *replica.Replica) { write(t, st, "a") })
			prepare(t, filepath.Dir(database))
			restore(t, Options{Target: tg, Path: database})
			serve(t, database, tg, func(st *store.Store, rep *replica.Replica) {
				write(t, st, "b")
				awaitCopy(t, rep)
				write(t, st, "c")
			})
			if err := os.RemoveAll(filepath.Dir(database)); err != nil {
				t.Fatal(err)
			}
			restore(t, Options{Target: tg, Path: database})
			wantNames(t, names(t, database), "a", "b", "c")
		})
	}
}

func TestRehearsalLeavesNothingAndMayRunBesideTheServer(t *testing.T) {
	database, tg := places(t)
	serve(t, database, tg, func(st *store.Store, rep *replica.Replica) {
		write(t, st, "a")
		awaitCopy(t, rep)
		p, err := Prepare(t.Context(), Options{Target: tg, Path: database})
		if err != nil {
			t.Fatal(err)
		}
		report, err := Rehearse(t.Context(), p, func(ctx context.Context, st *store.Store) ([]string, error) {
			wantNames(t, namesIn(ctx, t, st), "a")
			return []string{"確かめました。"}, nil
		})
		if err != nil || report.LastCommit != st.LastCommit() {
			t.Errorf("got %+v, %v, want commit %v", report, err, st.LastCommit())
		}
		if got := strings.Join(report.Sentences, ""); !strings.Contains(got, "確かめました。") {
			t.Errorf("got %s, want what was verified in it", got)
		}
		left, err := filepath.Glob(filepath.Join(filepath.Dir(database), "rehearsal-*"))
		if err != nil || len(left) > 0 {
			t.Errorf("got %v, %v, want nothing left", left, err)
		}
	})
}
