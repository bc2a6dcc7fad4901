package restore

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/benbjohnson/litestream"
	"github.com/superfly/ltx"
	"golang.org/x/sync/errgroup"
)

const (
	// mergeWindow is how many files are merged at a time. Litestream's own restore
	// opens all at once and fails beyond the limit of open files.
	mergeWindow = 128
	// fetchers read from the target side by side: enough to hide its distance,
	// few enough for a store that allows 100 connections to all its users.
	fetchers = 48
	// smallFile is how large a file may be to be kept in memory: making a file for
	// each of ten thousand takes longer than all the rest. Two windows of them are
	// there at a time.
	smallFile = 64 << 10
)

// part is a file of changes that was fetched or merged: in memory if it is
// small, else in the spool.
type part struct {
	path string
	text []byte
}

func (p part) open() (io.ReadCloser, error) {
	if p.path == "" {
		return io.NopCloser(bytes.NewReader(p.text)), nil
	}
	return os.Open(p.path)
}

func (p part) remove() error {
	if p.path == "" {
		return nil
	}
	return os.Remove(p.path)
}

// assembly makes a database file out of copies, in a folder of its own.
type assembly struct {
	client litestream.ReplicaClient
	spool  string // folder for fetched and merged files
	window int    // how many files are open for one merge
	merges int    // how many files were merged so far, for their names
}

// run fetches the files and writes the database. Every file is checked whole
// before it is used.
func (a *assembly) run(ctx context.Context, files []*ltx.FileInfo, database string) error {
	// The first file is the largest by far: it is merged only once, at the end.
	first, err := a.fetch(ctx, files[:1])
	if err != nil {
		return err
	}
	merged, err := a.fetchAndMerge(ctx, files[1:])
	if err != nil {
		return err
	}
	for len(merged) > a.window {
		var fewer []part
		for len(merged) > 0 {
			n := min(a.window, len(merged))
			one, err := a.mergeFiles(ctx, merged[:n])
			if err != nil {
				return err
			}
			fewer, merged = append(fewer, one), merged[n:]
		}
		merged = fewer
	}
	return decode(ctx, append(first, merged...), database)
}

// fetchAndMerge merges files window by window; the next window is fetched
// while one is merged.
func (a *assembly) fetchAndMerge(ctx context.Context, files []*ltx.FileInfo) (merged []part, err error) {
	group, ctx := errgroup.WithContext(ctx)
	ready := make(chan []part, 1)
	group.Go(func() error {
		defer close(ready)
		for rest := files; len(rest) > 0; {
			n := min(a.window, len(rest))
			parts, err := a.fetch(ctx, rest[:n])
			if err != nil {
				return err
			}
			select {
			case ready <- parts:
			case <-ctx.Done():
				return ctx.Err()
			}
			rest = rest[n:]
		}
		return nil
	})
	group.Go(func() error {
		for parts := range ready {
			one, err := a.mergeFiles(ctx, parts)
			if err != nil {
				return err
			}
			merged = append(merged, one)
		}
		return nil
	})
	return merged, group.Wait()
}

// fetch copies files from the target and returns them in order.
func (a *assembly) fetch(ctx context.Context, files []*ltx.FileInfo) ([]part, error) {
	parts := make([]part, len(files))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(fetchers)
	for i, f := range files {
		if f.Size > smallFile {
			parts[i].path = filepath.Join(a.spool, fmt.Sprintf("%d-%s", f.Level, ltx.FormatFilename(f.MinTXID, f.MaxTXID)))
		}
		group.Go(func() error {
			if err := fetchOne(ctx, a.client, f, &parts[i]); err != nil {
				return fmt.Errorf("%s: %w", fileName(f), err)
			}
			return nil
		})
	}
	return parts, group.Wait()
}

// fetchOne fetches a file and checks it whole.
func fetchOne(ctx context.Context, c litestream.ReplicaClient, f *ltx.FileInfo, to *part) error {
	rc, err := c.OpenLTXFile(ctx, f.Level, f.MinTXID, f.MaxTXID, 0, 0)
	if err != nil {
		return fmt.Errorf("open copy: %w", err)
	}
	defer rc.Close()
	if to.path == "" {
		// One byte more than there should be shows that there is more.
		to.text, err = io.ReadAll(io.LimitReader(rc, smallFile+1))
	} else {
		err = writeFile(to.path, rc)
	}
	if err != nil {
		return fmt.Errorf("fetch copy: %w", err)
	}
	in, err := to.open()
	if err != nil {
		return fmt.Errorf("read fetched copy: %w", err)
	}
	defer in.Close()
	dec := ltx.NewDecoder(in)
	if err := dec.Verify(); err != nil {
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	if h := dec.Header(); h.MinTXID != f.MinTXID || h.MaxTXID != f.MaxTXID {
		return fmt.Errorf("%w: it holds the changes %s to %s", ErrDamaged, h.MinTXID, h.MaxTXID)
	}
	return nil
}

func writeFile(path string, r io.Reader) error {
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, r)
	return errors.Join(err, out.Close())
}

// mergeFiles merges files that follow each other into one and removes them.
func (a *assembly) mergeFiles(ctx context.Context, parts []part) (part, error) {
	a.merges++
	out := part{path: filepath.Join(a.spool, fmt.Sprintf("merged-%d", a.merges))}
	f, err := os.OpenFile(out.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return part{}, fmt.Errorf("make file: %w", err)
	}
	if err := errors.Join(merge(ctx, parts, f), f.Close()); err != nil {
		return part{}, err
	}
	for _, p := range parts {
		if err := p.remove(); err != nil {
			return part{}, fmt.Errorf("remove merged file: %w", err)
		}
	}
	return out, nil
}

func merge(ctx context.Context, parts []part, w io.Writer) error {
	readers := make([]io.Reader, len(parts))
	for i, p := range parts {
		f, err := p.open()
		if err != nil {
			return fmt.Errorf("open fetched copy: %w", err)
		}
		defer f.Close()
		readers[i] = f
	}
	c, err := ltx.NewCompactor(w, readers)
	if err != nil {
		return fmt.Errorf("merge copies: %w", err)
	}
	c.HeaderFlags = ltx.HeaderFlagNoChecksum
	if err := c.Compact(ctx); err != nil {
		return fmt.Errorf("merge copies: %w: %w", ErrDamaged, err)
	}
	return nil
}

// decode merges the last files straight into the pages of the database file.
func decode(ctx context.Context, parts []part, database string) error {
	out, err := os.OpenFile(database, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o640)
	if err != nil {
		return fmt.Errorf("make database file: %w", err)
	}
	defer out.Close()
	pr, pw := io.Pipe()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		err := merge(ctx, parts, pw)
		pw.CloseWithError(err)
		return err
	})
	group.Go(func() error {
		err := ltx.NewDecoder(pr).DecodeDatabaseTo(out)
		pr.CloseWithError(err)
		if err != nil {
			return fmt.Errorf("write database: %w", err)
		}
		return nil
	})
	if err := group.Wait(); err != nil {
		return err
	}
	if err := errors.Join(out.Sync(), out.Close()); err != nil {
		return fmt.Errorf("write database: %w", err)
	}
	return nil
}
