package e2e

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"madoguchi/store"
)

// machine is a node whose process a manager runs.
func machine(t *testing.T, name, store string) *node {
	t.Helper()
	n := &node{town: town{T: t, dir: t.TempDir()}, name: name, store: store, manager: manage(t, 0)}
	n.start.Public, n.start.Console = "http://"+n.manager.public, "http://"+n.manager.console
	t.Cleanup(n.end)
	return n
}

// TestRestartLosesNoRequest restarts the only machine of a town again and again
// under load: the sockets are the manager's, and whoever comes in between waits.
func TestRestartLosesNoRequest(t *testing.T) {
	n := machine(t, "alone", t.TempDir())
	n.seed()
	n.startManaged("serve")
	s, end := n.flow(n.start.Public)
	begin := time.Now()
	for range 3 {
		time.Sleep(1500 * time.Millisecond)
		n.restartManaged("serve")
	}
	time.Sleep(time.Second)
	end()
	s.report("restarted three times", time.Since(begin))
	s.books.mustHold(&n.town, time.Time{})
}

// TestWatchdogHearsOfRealWritesOnly: signs of life end when writes to the
// database hang, and the manager that ends and starts the process anew brings
// the town back.
func TestWatchdogHearsOfRealWritesOnly(t *testing.T) {
	const patience = 1500 * time.Millisecond
	n := machine(t, "watched", t.TempDir())
	n.seed()
	n.manager.watchdog = patience
	n.startManaged("serve")
	if !n.manager.has("EXTEND_TIMEOUT_USEC=20000000") {
		t.Errorf("the start asked for no patience, though it may have much to do")
	}
	commits := func() (count int) {
		n.read(func(tx *store.Tx) (err error) {
			count, err = store.One[int](tx, `SELECT commit_seq FROM store_state`)
			return err
		})
		return count
	}
	before := commits()
	for end := time.Now().Add(2 * patience); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if n.manager.has("WATCHDOG=1") && n.manager.silent() > patience {
			t.Errorf("no sign of life for %v though nothing hangs", n.manager.silent())
		}
	}
	if !n.manager.has("WATCHDOG=1") || commits() == before {
		t.Errorf("got %d commits after %d, want some made for the signs of life", commits(), before)
	}

	// Another program holds the lock of the database and does not let go.
	guest, err := store.Open(t.Context(), store.Options{Path: filepath.Join(n.data(), "madoguchi.db"), Guest: true, Readers: 1})
	if err != nil {
		t.Fatal(err)
	}
	locked, letGo, left := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		left <- guest.Write(t.Context(), func(*store.Tx) error { close(locked); <-letGo; return nil })
	}()
	<-locked
	time.Sleep(2 * patience)
	if silent := n.manager.silent(); silent < patience {
		t.Errorf("got a sign of life %v ago, want none while no write goes through", silent)
	}
	if n.state() != "ready" {
		t.Errorf("got %q, want pages that still only read", n.state())
	}
	n.signal(syscall.SIGABRT) // what systemd does
	n.process.Wait()          //nolint:errcheck // aborted
	close(letGo)
	if err := errors.Join(<-left, guest.Close()); err != nil {
		t.Error(err)
	}
	if !strings.Contains(n.logged(), "store.(*Store).write") {
		t.Errorf("got no word of what hung in the log")
	}
	n.startManaged("serve")
	n.manager.await("WATCHDOG=1", 10*time.Second)
}

// TestSocketsThatAreNotWhatTheUnitsNameAreRefused before anything is opened.
func TestSocketsThatAreNotWhatTheUnitsNameAreRefused(t *testing.T) {
	n := machine(t, "strange", t.TempDir())
	cmd := n.manager.hand(n.with("serve", n.places()...))
	cmd.Env = append(cmd.Env, "LISTEN_FDNAMES=madoguchi.socket:madoguchi.socket")
	text, status := output(t, cmd)
	if status != 2 || !strings.Contains(text, "FileDescriptorName=") {
		t.Errorf("got status %d\n%s\nwant 2 and what is wrong with the units", status, text)
	}
	if _, err := os.Stat(n.data()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("got %v, want no data folder", err)
	}
}
