package replica

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"madoguchi/store"
)

// whole is a database that cannot be mistaken for a small change.
func fill(t *testing.T, st *store.Store) {
	t.Helper()
	for i := range 40 {
		write(t, st, fmt.Sprintf("fill %d", i), strings.Repeat(fmt.Sprintf("%032x", i*7919), 2000))
	}
}

// newestSizes returns the sizes of the smallest files in a folder target, in
// the order in which they were made.
func newestSizes(t *testing.T, folder string) []int64 {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(epochFolder(t, folder), "ltx", "0"))
	if err != nil {
		t.Fatal(err)
	}
	var sizes []int64
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, info.Size())
	}
	return sizes
}

// epochFolder is where the newest epoch's files are.
func epochFolder(t *testing.T, folder string) string {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(folder, "e0*"))
	if err != nil || len(all) == 0 {
		t.Fatalf("got no epoch in %s, %v", folder, err)
	}
	return all[len(all)-1]
}

func wantSmall(t *testing.T, folder string, before int) {
	t.Helper()
	sizes := newestSizes(t, folder)
	if len(sizes) <= before {
		t.Fatalf("got %d files, want more than %d", len(sizes), before)
	}
	for i, size := range sizes[before:] {
		if size > 20_000 {
			t.Errorf("file %d after the restart: got %d bytes, want only what changed", i+1, size)
		}
	}
}

func TestCopyResumesWithoutCopyingTheWholeAgain(t *testing.T) {
	between := map[string]func(t *testing.T, database string){
		"after a clean stop": func(*testing.T, string) {},
		"after a command that wrote meanwhile": func(t *testing.T, database string) {
			st, err := store.Open(t.Context(), store.Options{Path: database})
			if err != nil {
				t.Fatal(err)
			}
			write(t, st, "command", "1")
			if err := st.Close(); err != nil {
				t.Fatal(err)
			}
		},
		"after a guest that wrote with no server running": func(t *testing.T, database string) {
			st, err := store.Open(t.Context(), store.Options{Path: database, Guest: true})
			if err != nil {
				t.Fatal(err)
			}
			write(t, st, "guest", "1")
			if err := st.Close(); err != nil {
				t.Fatal(err)
			}
		},
	}
	for name, step := range between {
		t.Run(name, func(t *testing.T) {
			database, folder := paths(t)
			st := openStore(t, database)
			fill(t, st)
			r := start(t, st, folder)
			until(t, "first copy", copied(r))
			write(t, st, "a", "1")
			stop(t, st, r)
			before := len(newestSizes(t, folder))
			step(t, database)
			st = openStore(t, database)
			r = start(t, st, folder)
			write(t, st, "b", "2")
			until(t, "copy of b", copied(r))
			stop(t, st, r)
			wantSmall(t, folder, before)
		})
	}
}

func TestMain(m *testing.M) {
	if database := os.Getenv("REPLICA_TEST_DATABASE"); database != "" {
		serveUntilKilled(database, os.Getenv("REPLICA_TEST_TARGET"))
	}
	os.Exit(m.Run())
}

// serveUntilKilled writes and copies in a process of its own, and prints each
// commit that was answered.
func serveUntilKilled(database, address string) {
	text, err := os.ReadFile("../../litestream.yml")
	exitOn(err)
	cfg, err := ReadConfig(text)
	exitOn(err)
	target, err := Parse(address)
	exitOn(err)
	ctx := contextOfProcess()
	st, err := store.Open(ctx, store.Options{Path: database})
	exitOn(err)
	_, err = Start(ctx, st, target, cfg, Local, quiet())
	exitOn(err)
	for i := 0; ; i++ {
		exitOn(st.Write(ctx, func(tx *store.Tx) error {
			_, err := tx.Exec(`INSERT INTO setting (name, value, changed_at) VALUES (?, 'x', ?)`, fmt.Sprintf("child %d", i), tx.Now)
			return err
		}))
		fmt.Println(i)
	}
}

func TestCopyResumesAfterKill(t *testing.T) {
	database, folder := paths(t)
	st := openStore(t, database)
	fill(t, st)
	r := start(t, st, folder)
	until(t, "first copy", copied(r))
	stop(t, st, r)
	before := len(newestSizes(t, folder))

	child := exec.CommandContext(t.Context(), os.Args[0])
	child.Env = append(os.Environ(), "REPLICA_TEST_DATABASE="+database, "REPLICA_TEST_TARGET="+folder)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	answered := 0
	for lines := bufio.NewScanner(out); lines.Scan(); answered++ {
		if answered == 300 {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := child.Wait(); err == nil {
		t.Fatal("the child ended by itself, want killed")
	}

	st = openStore(t, database)
	r = start(t, st, folder)
	until(t, "copy after the kill", copied(r))
	if got := r.Status().Copied.Sequence; got < int64(answered) {
		t.Errorf("got commit %d copied, want at least the %d answered", got, answered)
	}
	stop(t, st, r)
	wantSmallOnAverage(t, folder, before)
}

// wantSmallOnAverage allows for files that hold many commits.
func wantSmallOnAverage(t *testing.T, folder string, before int) {
	t.Helper()
	sizes := newestSizes(t, folder)
	for i, size := range sizes[before:] {
		if size > 200_000 {
			t.Errorf("file %d after the first stop: got %d bytes, want only what changed", i+1, size)
		}
	}
}
