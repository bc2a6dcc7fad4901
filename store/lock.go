package store

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// Lock takes the exclusive right to serve, migrate or replace the database at
// path; closing the file gives it back, and so does the end of the process.
// The lock is on a file of its own: SQLite's locks on the database file would
// be lost if this process ever closed another descriptor of it.
func Lock(path string) (*os.File, error) {
	f, err := os.OpenFile(path+".lock", os.O_CREATE|os.O_RDWR, 0o640)
	if err != nil {
		return nil, fmt.Errorf("open lock file: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		closed := f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errors.Join(ErrLocked, closed)
		}
		return nil, errors.Join(fmt.Errorf("lock %s: %w", f.Name(), err), closed)
	}
	return f, nil
}

// ErrUnfinishedRestore is returned by Open when a restore was cut off while it
// put the files in place. The database at this path may be missing or mixed;
// running the restore again completes it.
var ErrUnfinishedRestore = errors.New("a restore was cut off while it replaced the database; run madoguchi restore again")

// ReplacingPath is the file that stands beside the database while a restore
// replaces it. It holds the name of the folder that takes the old files.
func ReplacingPath(path string) string { return path + ".replacing" }

func requireWhole(path string) error {
	_, err := os.Lstat(ReplacingPath(path))
	switch {
	case err == nil:
		return ErrUnfinishedRestore
	case errors.Is(err, os.ErrNotExist):
		return nil
	}
	return fmt.Errorf("look for an unfinished restore: %w", err)
}
