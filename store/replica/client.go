package replica

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/benbjohnson/litestream"
	"github.com/superfly/ltx"

	"madoguchi/store/crypt"
)

// inMemory is how large an object may be to be prepared in memory; a larger
// one is prepared on the disk.
const inMemory = 4 << 20

// client keeps the files of one epoch (世代) in a target: what Litestream calls
// a replica client. Files of changes are written once; with keys, everything
// is encrypted.
type client struct {
	place *place
	// guard is asked before merged files are written or anything is deleted: a
	// server that was succeeded must not rearrange what it left behind.
	guard func(context.Context) error
	// aged is asked instead before copies are removed because of their age.
	aged func(context.Context) error

	at atomic.Pointer[position]

	mu      sync.Mutex
	listing []*ltx.FileInfo // answers for the smallest files if standing
	stands  bool
}

// position is the epoch that is read or written.
type position struct {
	epoch Epoch
	mode  Mode // "" for reading only
}

var _ litestream.ReplicaClient = (*client)(nil)

func (c *client) enter(e Epoch, mode Mode) { c.at.Store(&position{e, mode}) }

// now is the epoch, zero before the first, and whether slots are written with
// a condition.
func (c *client) now() (Epoch, bool) {
	if p := c.at.Load(); p != nil {
		return p.epoch, p.mode == Once
	}
	return Epoch{}, false
}

// mode is how the own epoch is guarded, "" before the first.
func (c *client) mode() Mode {
	if p := c.at.Load(); p != nil {
		return p.mode
	}
	return ""
}

// standIn lets a list made a moment ago answer instead of the target, until it
// is called with nil.
func (c *client) standIn(listing []*ltx.FileInfo) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.listing, c.stands = listing, listing != nil
}

func (c *client) standing() ([]*ltx.FileInfo, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.listing), c.stands
}

func (*client) Type() string               { return "madoguchi" }
func (*client) Init(context.Context) error { return nil }
func (*client) SetLogger(*slog.Logger)     {}

func (c *client) key(level int, minTXID, maxTXID ltx.TXID) (string, error) {
	e, _ := c.now()
	if e == (Epoch{}) {
		return "", errors.New("there is no epoch yet")
	}
	return e.slot(level, minTXID, maxTXID), nil
}

func (c *client) LTXFiles(ctx context.Context, level int, seek ltx.TXID, useMetadata bool) (ltx.FileIterator, error) {
	if listing, ok := c.standing(); ok && level == 0 && seek == 0 {
		return ltx.NewFileInfoSliceIterator(listing), nil
	}
	e, _ := c.now()
	if e == (Epoch{}) {
		return ltx.NewFileInfoSliceIterator(nil), nil
	}
	files, err := c.place.files(ctx, e, level, seek)
	if err != nil {
		return nil, err
	}
	if useMetadata {
		for _, f := range files {
			header, err := litestream.FetchLTXHeader(ctx, c, f)
			if err != nil {
				return nil, err
			}
			f.CreatedAt = time.UnixMilli(header.Timestamp).UTC()
		}
	}
	return ltx.NewFileInfoSliceIterator(files), nil
}

// files lists one level of an epoch in order, without its seal. Sizes are those
// of the clear text.
func (p *place) files(ctx context.Context, e Epoch, level int, seek ltx.TXID) ([]*ltx.FileInfo, error) {
	folder := e.folder(level)
	after := ""
	if seek > 0 {
		after = folder + ltx.FormatFilename(seek-1, ^ltx.TXID(0))
	}
	objects, err := p.bucket.list(ctx, folder, after)
	if err != nil {
		return nil, fmt.Errorf("list copies: %w", err)
	}
	files := []*ltx.FileInfo{}
	for _, o := range objects {
		low, high, err := ltx.ParseFilename(path.Base(o.key))
		if err != nil || o.size == sealSize {
			continue
		}
		f := &ltx.FileInfo{Level: level, MinTXID: low, MaxTXID: high, Size: o.size, CreatedAt: o.at}
		if p.keys != nil {
			if f.Size, err = crypt.ClearSize(o.size); err != nil {
				f.Size = 0 // reading it will say that it is damaged
			}
		}
		files = append(files, f)
	}
	return files, nil
}

func (c *client) OpenLTXFile(ctx context.Context, level int, minTXID, maxTXID ltx.TXID, offset, size int64) (io.ReadCloser, error) {
	key, err := c.key(level, minTXID, maxTXID)
	if err != nil {
		return nil, err
	}
	return c.place.open(ctx, key, offset, size)
}

// open reads an object in the clear, whether or not it is encrypted here.
func (p *place) open(ctx context.Context, key string, offset, size int64) (io.ReadCloser, error) {
	source := func(offset, size int64) (io.ReadCloser, int64, error) { return p.bucket.get(ctx, key, offset, size) }
	if p.keys == nil {
		rc, _, err := source(offset, size)
		return rc, err
	}
	return crypt.Open(source, p.keys, key, offset, size)
}

func (c *client) WriteLTXFile(ctx context.Context, level int, minTXID, maxTXID ltx.TXID, r io.Reader) (_ *ltx.FileInfo, err error) {
	key, err := c.key(level, minTXID, maxTXID)
	if err != nil {
		return nil, err
	}
	header, whole, err := ltx.PeekHeader(r)
	if err != nil {
		return nil, fmt.Errorf("read file to copy: %w", err)
	}
	counted := &counter{r: whole}
	s, err := c.place.prepare(counted, key)
	if err != nil {
		return nil, fmt.Errorf("prepare file to copy: %w", err)
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if level > 0 {
		err = c.putMerged(ctx, key, s)
	} else {
		err = c.putSlot(ctx, key, s)
	}
	if err != nil {
		return nil, err
	}
	return &ltx.FileInfo{Level: level, MinTXID: minTXID, MaxTXID: maxTXID, Size: counted.n, CreatedAt: time.UnixMilli(header.Timestamp).UTC()}, nil
}

// putMerged writes a file of a higher level. One that is there already holds
// the same changes.
func (c *client) putMerged(ctx context.Context, key string, s *spool) error {
	if err := c.ask(ctx); err != nil {
		return err
	}
	err := c.place.bucket.putNew(ctx, key, s)
	if errors.Is(err, errExists) {
		return nil
	}
	return err
}

var errReading = errors.New("these copies are open for reading only")

func (c *client) ask(ctx context.Context) error {
	if c.guard == nil {
		return errReading
	}
	return c.guard(ctx)
}

// putSlot writes the next file of changes. What stands there already is ours if
// the answer to an earlier attempt was lost; anything else was put there by
// whoever succeeds this server.
func (c *client) putSlot(ctx context.Context, key string, s *spool) error {
	if c.guard == nil {
		return errReading
	}
	if _, once := c.now(); !once {
		return c.place.bucket.put(ctx, key, s)
	}
	err := c.place.bucket.putNew(ctx, key, s)
	if !errors.Is(err, errExists) {
		return err
	}
	there, err := c.place.sameClear(ctx, key, s)
	if err != nil {
		return fmt.Errorf("compare with what is there: %w", err)
	}
	if !there {
		return fmt.Errorf("%s is taken: %w", key, ErrFenced)
	}
	return nil
}

// sameClear compares two objects by what they say, not by how they are encrypted.
func (p *place) sameClear(ctx context.Context, key string, s *spool) (bool, error) {
	rc, err := p.open(ctx, key, 0, 0)
	if errors.Is(err, crypt.ErrDamaged) {
		return false, nil // a seal is never encrypted
	}
	if err != nil {
		return false, err
	}
	defer rc.Close()
	theirs, err := io.ReadAll(rc)
	if errors.Is(err, crypt.ErrDamaged) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if _, err := s.Seek(0, io.SeekStart); err != nil {
		return false, err
	}
	object, err := io.ReadAll(s)
	if err != nil {
		return false, err
	}
	if p.keys == nil {
		return bytes.Equal(object, theirs), nil
	}
	own := func(offset, size int64) (io.ReadCloser, int64, error) {
		part := object[min(offset, int64(len(object))):]
		if size > 0 {
			part = part[:min(size, int64(len(part)))]
		}
		return io.NopCloser(bytes.NewReader(part)), int64(len(object)), nil
	}
	mine, err := crypt.Open(own, p.keys, key, 0, 0)
	if err != nil {
		return false, err
	}
	ours, err := io.ReadAll(mine)
	return bytes.Equal(ours, theirs), err
}

func (c *client) DeleteLTXFiles(ctx context.Context, files []*ltx.FileInfo) error {
	if len(files) == 0 {
		return nil
	}
	if c.aged == nil {
		return errReading
	}
	if err := c.aged(ctx); err != nil {
		return err
	}
	var keys []string
	for _, f := range files {
		key, err := c.key(f.Level, f.MinTXID, f.MaxTXID)
		if err != nil {
			return err
		}
		keys = append(keys, key)
	}
	return c.place.bucket.remove(ctx, keys)
}

// DeleteAll is never wanted: nothing in this program removes all copies.
func (c *client) DeleteAll(context.Context) error {
	return errors.New("copies are not deleted as a whole")
}

// counter counts the bytes that pass.
type counter struct {
	r io.Reader
	n int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// spool is an object ready to be sent, as often as need be.
type spool struct {
	io.ReadSeeker
	file *os.File
}

func (s *spool) Close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}

// prepare encrypts what r gives, where there are keys. A large object goes to a
// file without a name, which is gone when it is closed.
func (p *place) prepare(r io.Reader, key string) (*spool, error) {
	var small bytes.Buffer
	w := &spill{small: &small}
	var err error
	if p.keys != nil {
		err = crypt.Seal(w, r, p.keys.Current, key)
	} else {
		_, err = io.Copy(w, r)
	}
	if err != nil {
		return nil, errors.Join(err, w.Close())
	}
	if w.file == nil {
		return &spool{ReadSeeker: bytes.NewReader(small.Bytes())}, nil
	}
	if _, err := w.file.Seek(0, io.SeekStart); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return &spool{ReadSeeker: w.file, file: w.file}, nil
}

// spill writes to memory first and to a file once it is too much.
type spill struct {
	small *bytes.Buffer
	file  *os.File
}

func (s *spill) Write(p []byte) (int, error) {
	if s.file != nil {
		return s.file.Write(p)
	}
	if s.small.Len()+len(p) <= inMemory {
		return s.small.Write(p)
	}
	f, err := os.CreateTemp("", "madoguchi-copy-")
	if err != nil {
		return 0, err
	}
	s.file = f
	if err := os.Remove(f.Name()); err != nil {
		return 0, err
	}
	if _, err := f.Write(s.small.Bytes()); err != nil {
		return 0, err
	}
	return f.Write(p)
}

func (s *spill) Close() error {
	if s.file == nil {
		return nil
	}
	return s.file.Close()
}
