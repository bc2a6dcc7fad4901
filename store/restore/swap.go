package restore

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"madoguchi/store"
	"madoguchi/store/replica"
)

// swap moves the present files to the folder aside and puts the copy in their
// place. It returns aside, or "" if there was nothing to move. Between the two
// a mark stands beside the database: cut off there, the server would otherwise
// begin with an empty database, or with an old one that lacks its WAL.
func (s scratch) swap(aside string) (_ string, err error) {
	path := string(s)
	dir := filepath.Dir(path)
	present, err := presentFiles(path)
	if err != nil {
		return "", fmt.Errorf("look for the present database: %w", err)
	}
	if len(present) > 0 {
		// A folder that exists already is never added to.
		if err := os.Mkdir(aside, 0o750); err != nil {
			return "", fmt.Errorf("make folder for the present files: %w", err)
		}
	}
	mark := store.ReplacingPath(path)
	if err := errors.Join(os.WriteFile(mark, []byte(aside+"\n"), 0o640), syncPath(mark), syncPath(dir)); err != nil {
		return "", fmt.Errorf("mark the exchange: %w", err)
	}
	defer func() {
		if err != nil {
			err = fmt.Errorf("exchange the database files, cut off half-way; run the restore again: %w", err)
		}
	}()
	for _, old := range present {
		if err := os.Rename(old, filepath.Join(aside, filepath.Base(old))); err != nil {
			return "", err
		}
	}
	if len(present) > 0 {
		if err := syncPath(aside); err != nil {
			return "", err
		}
	}
	if err := os.Rename(s.copied(), path); err != nil {
		return "", err
	}
	if err := os.Rename(s.meta(), replica.MetaPath(path)); err != nil && !errors.Is(err, os.ErrNotExist) {
		return "", err
	}
	if err := syncPath(dir); err != nil {
		return "", err
	}
	if err := errors.Join(os.Remove(mark), syncPath(dir)); err != nil {
		return "", err
	}
	if len(present) == 0 {
		return "", nil
	}
	return aside, nil
}

// presentFiles are the database and all that belongs to it, as far as there.
func presentFiles(path string) ([]string, error) {
	var present []string
	for _, p := range []string{path, path + "-wal", path + "-shm", replica.MetaPath(path)} {
		_, err := os.Lstat(p)
		switch {
		case err == nil:
			present = append(present, p)
		case !errors.Is(err, os.ErrNotExist):
			return nil, err
		}
	}
	return present, nil
}

// syncPath brings a file or the names in a folder to the disk.
func syncPath(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
