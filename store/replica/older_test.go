package replica

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestPowerLossThatTakesTheNewestIsNoticed: a disk that lied about what it had
// written gives an older database back beside the newer files of changes. Going
// on with it would make the older state the newest in the target.
func TestPowerLossThatTakesTheNewestIsNoticed(t *testing.T) {
	for name, forget := range map[string]func(meta string) error{
		"files of changes are there": func(meta string) error { return os.Remove(ackedFile(meta)) },
		"only what was acknowledged": func(meta string) error { return os.RemoveAll(filepath.Join(meta, "ltx")) },
	} {
		t.Run(name, func(t *testing.T) {
			database, folder := paths(t)
			st := openStore(t, database)
			r := start(t, st, folder)
			write(t, st, "a", "1")
			until(t, "copy", copied(r))
			old := map[string][]byte{}
			for _, tail := range []string{"", "-wal"} {
				var err error
				if old[tail], err = os.ReadFile(database + tail); err != nil {
					t.Fatal(err)
				}
			}
			write(t, st, "b", "2")
			until(t, "copy", copied(r))
			stop(t, st, r)
			for tail, text := range old {
				if err := os.WriteFile(database+tail, text, 0o640); err != nil {
					t.Fatal(err)
				}
			}
			if err := forget(MetaPath(database)); err != nil {
				t.Fatal(err)
			}
			st = openStore(t, database)
			target, err := Parse(folder)
			if err != nil {
				t.Fatal(err)
			}
			r, err = Start(t.Context(), st, target, config(t), Local, quiet())
			if !errors.Is(err, ErrOldDatabase) {
				t.Errorf("got %v, want ErrOldDatabase", err)
			}
			if err == nil {
				stop(t, st, r)
			}
		})
	}
}

// TestServerWhoseDiskFailsDoesNotBeat: what it answered as provisional would be
// nowhere, and the other machine can only take over if it hears nothing.
func TestServerWhoseDiskFailsDoesNotBeat(t *testing.T) {
	target := storeOf(t, nil)
	database := filepath.Join(t.TempDir(), "data", "madoguchi.db")
	st := openStore(t, database)
	r := startOn(t, st, target, Provisional)
	if err := tryWrite(t, st, "before"); err != nil {
		t.Fatal(err)
	}
	beat := func() int64 {
		now, err := Look(t.Context(), target, MetaPath(database))
		if err != nil {
			t.Fatal(err)
		}
		return now.Beat.Counter
	}
	until(t, "a heartbeat", func() bool { return beat() > 0 })
	if err := os.RemoveAll(filepath.Join(MetaPath(database), "ltx")); err != nil {
		t.Fatal(err)
	}
	if err := tryWrite(t, st, "meanwhile"); err == nil {
		t.Error("a write is answered that this machine can neither copy nor keep")
	}
	if r.Status().Able {
		t.Error("got able, want not able to take writes")
	}
	last := beat()
	time.Sleep(2*beatEvery + time.Second)
	if now := beat(); now != last {
		t.Errorf("heartbeat %d follows %d from a server that cannot confirm", now, last)
	}
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
	r.Close(t.Context()) //nolint:errcheck // it cannot copy what is left
}
