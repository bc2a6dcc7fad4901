package replica

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"
)

// folder is a bucket on a disk of this machine or of another. An object is in
// it whole or not at all, and it is on the disk before put returns.
type folder string

// unfinished marks files that are being written; list leaves them out.
const unfinished = ".tmp-"

func (f folder) path(key string) string { return filepath.Join(string(f), filepath.FromSlash(key)) }

func (f folder) putNew(_ context.Context, key string, body io.ReadSeeker) error {
	return f.write(key, body, func(from, to string) error {
		err := os.Link(from, to)
		if err == nil {
			return os.Remove(from)
		}
		if !errors.Is(err, os.ErrExist) && !errors.Is(err, os.ErrNotExist) {
			// A disk without hard links, such as a Windows share.
			err = unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
		}
		if errors.Is(err, os.ErrExist) {
			return errExists
		}
		return err
	})
}

func (f folder) put(_ context.Context, key string, body io.ReadSeeker) error {
	return f.write(key, body, os.Rename)
}

func (f folder) write(key string, body io.Reader, finish func(from, to string) error) (err error) {
	path := f.path(key)
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	tmp, err := os.CreateTemp(dir, unfinished+"*")
	if err != nil {
		return fmt.Errorf("make file: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, removeIfThere(tmp.Name()))
		}
	}()
	_, err = io.Copy(tmp, body)
	if err = errors.Join(err, tmp.Sync(), tmp.Close()); err != nil {
		return fmt.Errorf("write file: %w", err)
	}
	if err := finish(tmp.Name(), path); err != nil {
		return err
	}
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("keep file name: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

func removeIfThere(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func (f folder) get(_ context.Context, key string, offset, size int64) (io.ReadCloser, int64, error) {
	file, err := os.Open(f.path(key))
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err != nil {
		return nil, 0, errors.Join(err, file.Close())
	}
	n := info.Size() - offset
	if size > 0 {
		n = min(n, size)
	}
	return section{io.NewSectionReader(file, offset, n), file}, info.Size(), nil
}

type section struct {
	io.Reader
	io.Closer
}

func (f folder) list(ctx context.Context, prefix, after string) ([]object, error) {
	var all []object
	top := prefix[:strings.LastIndex(prefix, "/")+1]
	err := filepath.WalkDir(f.path(top), func(path string, e fs.DirEntry, err error) error {
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err != nil || ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		rel, err := filepath.Rel(string(f), path)
		if err != nil {
			return err
		}
		key := filepath.ToSlash(rel)
		if e.IsDir() || !strings.HasPrefix(key, prefix) || key <= after || strings.HasPrefix(e.Name(), unfinished) {
			return nil
		}
		info, err := e.Info()
		if errors.Is(err, os.ErrNotExist) {
			return nil
		}
		if err == nil {
			all = append(all, object{key, info.Size(), info.ModTime().UTC()})
		}
		return err
	})
	// The walk goes folder by folder; keys sort as text.
	slices.SortFunc(all, func(a, b object) int { return cmp.Compare(a.key, b.key) })
	return all, err
}

func (f folder) remove(_ context.Context, keys []string) error {
	var errs []error
	for _, key := range keys {
		errs = append(errs, removeIfThere(f.path(key)))
	}
	return errors.Join(errs...)
}
