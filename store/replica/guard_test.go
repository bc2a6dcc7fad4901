package replica

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/benbjohnson/litestream"

	"madoguchi/store"
)

func contextOfProcess() context.Context { return context.Background() }

func exitOn(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func refused(t *testing.T, database, address string) {
	t.Helper()
	st := openStore(t, database)
	target, err := Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	r, err := Start(t.Context(), st, target, config(t), Local, quiet())
	if !errors.Is(err, ErrForeignCopies) {
		t.Errorf("got %v, want ErrForeignCopies", err)
	}
	if err == nil {
		stop(t, st, r)
	}
}

func TestFreshDatabaseDoesNotTakeOverCopies(t *testing.T) {
	database, folder := paths(t)
	st := openStore(t, database)
	r := start(t, st, folder)
	write(t, st, "a", "1")
	stop(t, st, r)
	refused(t, filepath.Join(t.TempDir(), "fresh.db"), folder)
}

func TestOlderStateOfTheDatabaseDoesNotTakeOverCopies(t *testing.T) {
	database, folder := paths(t)
	st := openStore(t, database)
	r := start(t, st, folder)
	write(t, st, "a", "1")
	stop(t, st, r)
	// A machine that is set back takes the whole data folder with it.
	saved := filepath.Join(t.TempDir(), "saved")
	if err := os.CopyFS(saved, os.DirFS(filepath.Dir(database))); err != nil {
		t.Fatal(err)
	}
	st = openStore(t, database)
	r = start(t, st, folder)
	write(t, st, "b", "2")
	stop(t, st, r)
	refused(t, filepath.Join(saved, filepath.Base(database)), folder)
}

func TestCopiesOfAnotherDatabaseAreRefused(t *testing.T) {
	database, folder := paths(t)
	st := openStore(t, database)
	r := start(t, st, folder)
	write(t, st, "a", "1")
	stop(t, st, r)
	other, elsewhere := paths(t)
	st = openStore(t, other)
	r = start(t, st, elsewhere)
	for i := range 5 {
		write(t, st, fmt.Sprint(i), "1")
		until(t, "copy", copied(r))
	}
	stop(t, st, r)
	refused(t, other, folder)
}

func TestSecondWriterInTheTargetIsNoticed(t *testing.T) {
	database, folder := paths(t)
	st := openStore(t, database)
	r := start(t, st, folder)
	write(t, st, "a", "1")
	until(t, "copy of a", copied(r))
	_, newest, err := localRange(r.meta)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(localFile(r.meta, newest))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(litestream.LTXFilePath(epochFolder(t, folder), 0, newest+7, newest+7), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	r.cancel()
	<-r.done
	r.inspected = r.inspected.Add(-2 * inspectEvery)
	if err := r.Close(t.Context()); !errors.Is(err, ErrForeignCopies) {
		t.Errorf("got %v, want ErrForeignCopies", err)
	}
}

func TestEmptiedTargetIsAnErrorUntilItsFilesAreBack(t *testing.T) {
	database, folder := paths(t)
	st := openStore(t, database)
	r := start(t, st, folder)
	for i := range 3 {
		write(t, st, fmt.Sprint(i), "1")
		until(t, "copy", copied(r))
	}
	stop(t, st, r)
	// As after a few minutes, when older files are kept in the target only.
	oldest, newest, err := localRange(r.meta)
	if err != nil {
		t.Fatal(err)
	}
	for ; oldest < newest; oldest++ {
		if err := os.Remove(localFile(r.meta, oldest)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Rename(folder, folder+".unmounted"); err != nil {
		t.Fatal(err)
	}
	st = openStore(t, database)
	r = start(t, st, folder)
	until(t, "error", func() bool { return r.Status().LastError == ErrCopiesGone.Error() })
	write(t, st, "meanwhile", "1")
	if err := os.Rename(folder+".unmounted", folder); err != nil {
		t.Fatal(err)
	}
	until(t, "copy after the files are back", copied(r))
	stop(t, st, r)
}

func TestNewTargetBeginsWithTheWhole(t *testing.T) {
	database, folder := paths(t)
	st := openStore(t, database)
	fill(t, st)
	r := start(t, st, folder)
	until(t, "first copy", copied(r))
	write(t, st, "a", "1")
	stop(t, st, r)
	// As after a few minutes, when older files are kept in the target only.
	oldest, _, err := localRange(r.meta)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(localFile(r.meta, oldest)); err != nil {
		t.Fatal(err)
	}
	st = openStore(t, database)
	r = start(t, st, folder+".new")
	until(t, "first copy in the new place", copied(r))
	stop(t, st, r)
	if sizes := newestSizes(t, folder+".new"); sizes[0] < 50_000 {
		t.Errorf("first file in the new place: got %d bytes, want the whole database", sizes[0])
	}
}

func TestPathThatLitestreamCannotOpenIsRefused(t *testing.T) {
	for _, name := range []string{"a?.db", "a#.db", "a%41.db"} {
		st := openStore(t, filepath.Join(t.TempDir(), name))
		target, err := Parse(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Start(t.Context(), st, target, config(t), Local, quiet()); err == nil {
			t.Errorf("%s: got no error, want one", name)
		}
	}
}

func TestCopiesNeedAnotherFolderThanTheDatabase(t *testing.T) {
	database, _ := paths(t)
	st := openStore(t, database)
	target, err := Parse(filepath.Dir(database))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Start(t.Context(), st, target, config(t), Local, quiet()); err == nil {
		t.Error("got no error, want one")
	}
}

func TestGuestsCommitsAreCopied(t *testing.T) {
	database, folder := paths(t)
	st := openStore(t, database)
	r := start(t, st, folder)
	until(t, "first copy", func() bool { return !r.Status().LastSuccessAt.IsZero() })
	guest, err := store.Open(t.Context(), store.Options{Path: database, Guest: true})
	if err != nil {
		t.Fatal(err)
	}
	write(t, guest, "a", "1")
	if err := guest.Close(); err != nil {
		t.Fatal(err)
	}
	until(t, "copy of the guest's commit", func() bool { return r.Status().Copied.Sequence == 1 })
	stop(t, st, r)
}
