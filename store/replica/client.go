package replica

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/benbjohnson/litestream"
	"github.com/superfly/ltx"
)

// Deadlines of single calls to the target.
const (
	callDeadline   = 20 * time.Second // list, open, delete, one read
	streamDeadline = 30 * time.Minute // a merged file whose size is not known beforehand
	slowestUpload  = 64 << 10         // bytes a second that an upload of known size must reach
)

// client gives each call to a target a deadline of its own. Neither stock
// client has one: the S3 client waits a day, and a folder on a network disk
// that went away waits in the kernel, deaf to any context. Such a call is left
// behind when its time is up.
type client struct {
	litestream.ReplicaClient

	mu      sync.Mutex
	writing map[string]bool // names of files whose write has not ended
	listing []*ltx.FileInfo // answers for the smallest files if standing
	stands  bool
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

func newClient(c litestream.ReplicaClient) *client {
	return &client{ReplicaClient: c, writing: map[string]bool{}}
}

var errDeadline = errors.New("the place for the copies does not answer in time")

// within runs fn and returns at the latest when d is over.
func within[T any](ctx context.Context, d time.Duration, fn func(context.Context) (T, error)) (T, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, d, errDeadline)
	type result struct {
		v   T
		err error
	}
	done := make(chan result, 1)
	go func() {
		defer cancel()
		v, err := fn(ctx)
		done <- result{v, err}
	}()
	select {
	case r := <-done:
		return r.v, r.err
	case <-ctx.Done():
		// fn's own answer counts if it came at the same time.
		select {
		case r := <-done:
			return r.v, r.err
		default:
		}
		var zero T
		return zero, context.Cause(ctx)
	}
}

func (c *client) Init(ctx context.Context) error {
	_, err := within(ctx, callDeadline, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, c.ReplicaClient.Init(ctx)
	})
	return err
}

func (c *client) LTXFiles(ctx context.Context, level int, seek ltx.TXID, useMetadata bool) (ltx.FileIterator, error) {
	if listing, ok := c.standing(); ok && level == 0 && seek == 0 {
		return ltx.NewFileInfoSliceIterator(listing), nil
	}
	d := callDeadline
	if useMetadata {
		d = streamDeadline // one question for each file
	}
	files, err := within(ctx, d, func(ctx context.Context) ([]*ltx.FileInfo, error) {
		itr, err := c.ReplicaClient.LTXFiles(ctx, level, seek, useMetadata)
		if err != nil {
			return nil, err
		}
		return ltx.SliceFileIterator(itr)
	})
	if err != nil {
		return nil, err
	}
	return ltx.NewFileInfoSliceIterator(files), nil
}

func (c *client) OpenLTXFile(ctx context.Context, level int, minTXID, maxTXID ltx.TXID, offset, size int64) (io.ReadCloser, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	// The body is read under the same context: only the timer of a pending call ends it.
	timer := time.AfterFunc(callDeadline, func() { cancel(errDeadline) })
	defer timer.Stop()
	type opened struct {
		rc  io.ReadCloser
		err error
	}
	done := make(chan opened, 1)
	go func() {
		rc, err := c.ReplicaClient.OpenLTXFile(ctx, level, minTXID, maxTXID, offset, size)
		done <- opened{rc, err}
	}()
	select {
	case o := <-done:
		if o.err != nil {
			cancel(nil)
			return nil, o.err
		}
		return &body{rc: o.rc, cancel: cancel}, nil
	case <-ctx.Done():
		go func() {
			if o := <-done; o.err == nil {
				o.rc.Close()
			}
		}()
		return nil, context.Cause(ctx)
	}
}

// body ends a read that gets no byte for callDeadline.
type body struct {
	rc     io.ReadCloser
	cancel context.CancelCauseFunc
}

func (b *body) Read(p []byte) (int, error) {
	timer := time.AfterFunc(callDeadline, func() { b.cancel(errDeadline) })
	defer timer.Stop()
	return b.rc.Read(p)
}

func (b *body) Close() error {
	defer b.cancel(nil)
	return b.rc.Close()
}

func (c *client) WriteLTXFile(ctx context.Context, level int, minTXID, maxTXID ltx.TXID, r io.Reader) (*ltx.FileInfo, error) {
	d := streamDeadline
	if f, ok := r.(*os.File); ok {
		info, err := f.Stat()
		if err != nil {
			return nil, fmt.Errorf("measure file to copy: %w", err)
		}
		d = callDeadline + time.Duration(info.Size()/slowestUpload)*time.Second
	}
	name := fmt.Sprintf("%d/%s", level, ltx.FormatFilename(minTXID, maxTXID))
	if !c.beginWrite(name) {
		// Two writers of one file would mix their bytes.
		return nil, fmt.Errorf("an earlier write of %s still hangs: %w", name, errDeadline)
	}
	return within(ctx, d, func(ctx context.Context) (*ltx.FileInfo, error) {
		defer c.endWrite(name)
		return c.ReplicaClient.WriteLTXFile(ctx, level, minTXID, maxTXID, r)
	})
}

func (c *client) beginWrite(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.writing[name] {
		return false
	}
	c.writing[name] = true
	return true
}

func (c *client) endWrite(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.writing, name)
}

func (c *client) DeleteLTXFiles(ctx context.Context, files []*ltx.FileInfo) error {
	_, err := within(ctx, callDeadline+time.Duration(len(files))*time.Second/100, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, c.ReplicaClient.DeleteLTXFiles(ctx, files)
	})
	return err
}

// DeleteAll is never wanted: nothing in this program removes all copies.
func (c *client) DeleteAll(context.Context) error {
	return errors.New("copies are not deleted as a whole")
}
