package store

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func fileSize(t *testing.T, path string) int64 {
	t.Helper()
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}

func fill(t *testing.T, s *Store, megabytes int) {
	t.Helper()
	for i := range megabytes {
		if err := s.Write(t.Context(), set(fmt.Sprint("fill ", i), strings.Repeat("x", 1<<20))); err != nil {
			t.Fatal(err)
		}
	}
}

func TestWALIsBoundedWithoutAReplica(t *testing.T) {
	s := open(t)
	fill(t, s, 60)
	if got := fileSize(t, s.Path()+"-wal"); got > 30<<20 {
		t.Errorf("got a WAL of %d bytes after 60 MiB, want it used again", got)
	}
}

func TestWALIsLeftToTheReplica(t *testing.T) {
	s := open(t)
	s.LeaveWAL()
	fill(t, s, 30)
	if got := fileSize(t, s.Path()+"-wal"); got < 30<<20 {
		t.Errorf("got a WAL of %d bytes after 30 MiB, want every page still in it", got)
	}
}

func TestClosedStoreIsCompleteInItsFile(t *testing.T) {
	s := open(t)
	if err := s.Write(t.Context(), set("a", "b")); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if got := fileSize(t, s.Path()+"-wal"); got == 0 {
		t.Error("got an empty WAL, want it kept for a replica to go on from")
	}
	wantAlone(t, s.Path())
}

func TestCheckpointEmptiesTheWAL(t *testing.T) {
	s := open(t)
	if err := s.Write(t.Context(), set("a", "b")); err != nil {
		t.Fatal(err)
	}
	if err := s.Checkpoint(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got := fileSize(t, s.Path()+"-wal"); got != 0 {
		t.Errorf("got a WAL of %d bytes, want 0", got)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	wantAlone(t, s.Path())
}

func TestCheckpointFailsWhileSomebodyReads(t *testing.T) {
	s := open(t)
	err := s.Read(t.Context(), func(tx *Tx) error {
		if _, err := One[int](tx, `SELECT count(*) FROM setting`); err != nil {
			return err
		}
		if err := s.Write(t.Context(), set("a", "b")); err != nil {
			return err
		}
		if err := s.Checkpoint(t.Context()); err == nil {
			t.Error("got no error, want one")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// wantAlone opens a copy of a closed database file without its WAL.
func wantAlone(t *testing.T, path string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	alone := filepath.Join(t.TempDir(), "alone.db")
	if err := os.WriteFile(alone, text, 0o640); err != nil {
		t.Fatal(err)
	}
	s, err := Open(t.Context(), Options{Path: alone})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got := count(t, s); got != 1 {
		t.Errorf("got %d rows, want 1", got)
	}
}
