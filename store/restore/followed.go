package restore

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"

	"github.com/superfly/ltx"
)

// pageSize reads it from the header of a database file.
func pageSize(database string) (uint32, error) {
	f, err := os.Open(database)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	var header [18]byte
	if _, err := io.ReadFull(f, header[:]); err != nil {
		return 0, fmt.Errorf("read page size: %w", err)
	}
	if n := binary.BigEndian.Uint16(header[16:]); n != 1 {
		return uint32(n), nil
	}
	return 65536, nil
}

// castagnoli is computed by the processor itself.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// sum notes the sums of all pages of a file that was just built.
func (f *Follower) sum() error {
	f.sums = nil
	return f.eachPage(context.Background(), func(_ int, page []byte) error {
		f.sums = append(f.sums, crc32.Checksum(page, castagnoli))
		return nil
	})
}

// same holds the file against the sums of what was written: SQLite's own check
// would not notice another letter in a name.
func (f *Follower) same(ctx context.Context, also io.Writer) error {
	n := 0
	err := f.eachPage(ctx, func(i int, page []byte) error {
		n++
		if i >= len(f.sums) || crc32.Checksum(page, castagnoli) != f.sums[i] {
			return fmt.Errorf("page %d is not what was written: %w", i+1, ErrDamaged)
		}
		_, err := also.Write(page)
		return err
	})
	if err == nil && n != len(f.sums) {
		err = fmt.Errorf("%d pages, not %d: %w", n, len(f.sums), ErrDamaged)
	}
	return err
}

func (f *Follower) eachPage(ctx context.Context, use func(i int, page []byte) error) error {
	in, err := os.Open(f.at.followed())
	if err != nil {
		return err
	}
	defer in.Close()
	r, page := bufio.NewReaderSize(in, 1<<20), make([]byte, f.page)
	for i := 0; ; i++ {
		if i%1024 == 0 && ctx.Err() != nil { // a take-over does not wait
			return ctx.Err()
		}
		if _, err := io.ReadFull(r, page); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read the standby's database: %w", err)
		}
		if err := use(i, page); err != nil {
			return err
		}
	}
}

// apply writes the pages of a file, which was read through before, into the
// database. Cut off half-way, the database is worth nothing.
func (f *Follower) apply(p part) (err error) {
	in, err := p.open()
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(f.at.followed(), os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	dec := ltx.NewDecoder(in)
	if err := dec.DecodeHeader(); err != nil {
		return err
	}
	header := dec.Header()
	if header.PageSize != f.page || header.MinTXID != f.reached+1 {
		return fmt.Errorf("pages of %d bytes, changes from %s", header.PageSize, header.MinTXID)
	}
	before, grown := uint32(len(f.sums)), uint32(0)
	data := make([]byte, f.page)
	for {
		var page ltx.PageHeader
		err := dec.DecodePage(&page, data)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if page.Pgno > header.Commit {
			return fmt.Errorf("page %d of %d", page.Pgno, header.Commit)
		}
		if page.Pgno > before {
			grown++
		}
		f.note(page.Pgno, data)
		if _, err := out.WriteAt(data, int64(page.Pgno-1)*int64(f.page)); err != nil {
			return err
		}
	}
	if err := dec.Close(); err != nil {
		return err
	}
	if due := newPages(before, header); grown != due {
		return fmt.Errorf("%d new pages, not %d", grown, due)
	}
	if header.Commit < before {
		f.sums = f.sums[:header.Commit]
	}
	return out.Truncate(int64(header.Commit) * int64(f.page))
}

// note keeps the sum of a page. Pages in between are empty until they come.
func (f *Follower) note(number uint32, page []byte) {
	for uint32(len(f.sums)) < number {
		f.sums = append(f.sums, crc32.Checksum(make([]byte, f.page), castagnoli))
	}
	f.sums[number-1] = crc32.Checksum(page, castagnoli)
}

// newPages is how many pages a file must bring so that the database has no hole.
func newPages(before uint32, h ltx.Header) uint32 {
	if h.Commit <= before {
		return 0
	}
	n := h.Commit - before
	if lock := h.LockPgno(); lock > before && lock <= h.Commit {
		n-- // SQLite never uses it
	}
	return n
}

// copyTo makes a copy of the file.
func (f *Follower) copyTo(ctx context.Context, path string) error {
	if err := f.at.clearCheck(); err != nil {
		return err
	}
	out, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(out, 1<<20)
	if err := errors.Join(f.same(ctx, w), w.Flush(), out.Close()); err != nil {
		return fmt.Errorf("copy for checking: %w", err)
	}
	return nil
}

func (s scratch) followed() string      { return string(s) + ".following" }
func (s scratch) followedFiles() string { return string(s) + ".following-files" }
func (s scratch) followedCheck() string { return string(s) + ".following-check" }

func (s scratch) clearFollowed() error {
	if err := errors.Join(os.RemoveAll(s.followed()), os.RemoveAll(s.followedFiles()), s.clearCheck()); err != nil {
		return fmt.Errorf("remove the standby's own database: %w", err)
	}
	return nil
}

func (s scratch) clearCheck() error { return removeDatabase(s.followedCheck()) }

func removeDatabase(path string) error {
	for _, p := range []string{path, path + "-wal", path + "-shm", path + ".lock"} {
		if err := os.RemoveAll(p); err != nil {
			return err
		}
	}
	return nil
}
