// Package apptest holds what tests share: a migrated store with a clock that
// the test sets, the project's files, a client that keeps cookies, goldens.
// Only tests import it.
package apptest

import (
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"

	"madoguchi/store"
)

// Start is the instant at which every test's clock begins: Tuesday 1 December
// 2026, 9:00 at the town hall.
var Start = time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)

// Clock is a clock that stands still until the test moves it.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// Now is the clock's instant.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Advance moves the clock forward.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Store opens an empty migrated store in a folder of its own, with a clock set to Start.
func Store(t testing.TB) (*store.Store, *Clock) {
	t.Helper()
	clock := &Clock{now: Start}
	path := filepath.Join(t.TempDir(), "madoguchi.db")
	empty, err := image()
	if err == nil {
		err = os.WriteFile(path, empty, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	st, err := store.Open(t.Context(), store.Options{Path: path, Clock: clock.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st, clock
}

// image is a migrated empty database, made once: copying it is many times
// quicker than migrating.
var image = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "madoguchi-image")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "madoguchi.db")
	st, err := store.Open(context.Background(), store.Options{Path: path})
	if err != nil {
		return nil, err
	}
	if err := st.Close(); err != nil {
		return nil, err
	}
	return os.ReadFile(path)
})

// Write runs fn in a write transaction and fails the test on an error.
func Write(t testing.TB, st *store.Store, fn func(*store.Tx) error) {
	t.Helper()
	if err := st.Write(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// Read runs fn in a read transaction and fails the test on an error.
func Read(t testing.TB, st *store.Store, fn func(*store.Tx) error) {
	t.Helper()
	if err := st.Read(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

// Root is the project's top folder, wherever the test runs.
func Root() string {
	_, file, _, ok := runtime.Caller(0)
	if !ok {
		panic("apptest: no caller information")
	}
	return filepath.Join(filepath.Dir(file), "..", "..")
}

// Files is the project's folder as the program sees it: assets, templates.
func Files() fs.FS { return os.DirFS(Root()) }
