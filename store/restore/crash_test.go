package restore

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"madoguchi/store"
	"madoguchi/store/replica"
)

// serveUntilKilled is a server in a process of its own. It prints the number of
// each write after it was answered.
func serveUntilKilled(database, address string) error {
	ctx := context.Background()
	text, err := os.ReadFile("../../litestream.yml")
	if err != nil {
		return err
	}
	cfg, err := replica.ReadConfig(text)
	if err != nil {
		return err
	}
	tg, err := replica.Parse(address)
	if err != nil {
		return err
	}
	st, err := store.Open(ctx, store.Options{Path: database})
	if err != nil {
		return err
	}
	if _, err := replica.Start(ctx, st, tg, cfg, replica.Local, quiet()); err != nil {
		return err
	}
	for i := 0; ; i++ {
		err := st.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(`INSERT INTO setting (name, value, changed_at) VALUES (?, '', ?)`, fmt.Sprintf("%06d", i), tx.Now)
			return err
		})
		if err != nil {
			return err
		}
		fmt.Println(i)
	}
}

// TestMachineLostAtAnyMomentLosesOnlyWhatWasNotCopied kills a busy server, takes
// its disk away, and restores: what comes back is everything up to the copy's
// own measured position, without a hole.
func TestMachineLostAtAnyMomentLosesOnlyWhatWasNotCopied(t *testing.T) {
	for _, lines := range []int{3, 400, 1500} {
		database, tg := places(t)
		answered := killAfter(t, database, tg, lines)
		newest, _, err := replica.Position(t.Context(), tg)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Dir(database)); err != nil {
			t.Fatal(err)
		}
		report := restore(t, Options{Target: tg, Path: database})
		got := names(t, database)
		for i, name := range got {
			if name != fmt.Sprintf("%06d", i) {
				t.Fatalf("row %d: got %s, want no hole", i, name)
			}
		}
		if report.LastCommit.At.After(newest) {
			t.Errorf("got a commit of %v from a copy of %v", report.LastCommit.At, newest)
		}
		t.Logf("%d answered, %d came back", answered, len(got))
	}
}

func killAfter(t *testing.T, database string, tg replica.Target, lines int) int {
	t.Helper()
	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), "RESTORE_TEST_SERVE="+database, "RESTORE_TEST_TARGET="+tg.String())
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	answered, killed := 0, false
	for scan := bufio.NewScanner(out); scan.Scan(); {
		answered++
		// Not before the first copy: until then there is nothing to restore.
		if !killed && answered >= lines && hasCopies(t, tg) {
			killed = true
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := child.Wait(); err == nil || !killed {
		t.Fatalf("got %v after %d answers, want the child killed", err, answered)
	}
	return answered
}

func hasCopies(t *testing.T, tg replica.Target) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(tg.Folder(), "epochs", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	return len(files) > 0
}
