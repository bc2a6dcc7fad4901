package restore

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/benbjohnson/litestream"

	"madoguchi/store"
	"madoguchi/store/replica"
)

// TestNothingOlderThanReportedComesBackSilently takes the newest file away
// after the server has reported it.
func TestNothingOlderThanReportedComesBackSilently(t *testing.T) {
	database, tg := places(t)
	serve(t, database, tg, func(st *store.Store, rep *replica.Replica) {
		for _, name := range []string{"a", "b", "c"} {
			write(t, st, name)
			awaitCopy(t, rep)
		}
		awaitBeat(t, tg, st.LastCommit().Sequence)
	})
	files, err := filepath.Glob(filepath.Join(epochFolder(t, tg), "ltx", "0", "*.ltx"))
	if err != nil || len(files) < 3 {
		t.Fatalf("got %v, %v", files, err)
	}
	for level := 1; level <= litestream.SnapshotLevel; level++ { // they would stand in for it
		if err := os.RemoveAll(litestream.LTXLevelDir(epochFolder(t, tg), level)); err != nil {
			t.Fatal(err)
		}
	}
	restore(t, Options{Target: tg, Path: filepath.Join(t.TempDir(), "whole.db")})
	if err := os.Remove(files[len(files)-1]); err != nil {
		t.Fatal(err)
	}
	o := Options{Target: tg, Path: filepath.Join(t.TempDir(), "older.db")}
	if err := attempt(t, o); !errors.Is(err, replica.ErrOlder) {
		t.Errorf("got %v, want ErrOlder", err)
	}
	if _, err := os.Stat(o.Path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want nothing put in place", err)
	}
	o.AcceptLoss = true
	report := restore(t, o)
	if text := strings.Join(report.Sentences, "\n"); !strings.Contains(text, "足りない書き込みがあります") {
		t.Errorf("got\n%s\nwant the loss named", text)
	}
	wantNames(t, names(t, o.Path), "a", "b")
}

func awaitBeat(t *testing.T, tg replica.Target, sequence int64) {
	t.Helper()
	for {
		copies, err := tg.Open(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		beats, err := copies.Beats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range beats {
			if b.CommitSeq >= sequence {
				return
			}
		}
		select {
		case <-t.Context().Done():
			t.Fatal("the heartbeat never came")
		case <-time.After(20 * time.Millisecond):
		}
	}
}
