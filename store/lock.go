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
