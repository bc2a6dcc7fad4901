package replica

import (
	"context"
	"errors"
	"io"
	"time"
)

// bucket is a place for objects: a folder or a bucket of an S3 server. Keys
// are relative to it. Every call ends by a deadline of its own, which limited
// adds; the bucket itself need not have one.
type bucket interface {
	// putNew makes an object, or fails with errExists where its key is taken.
	// Where the place has no conditional writes it overwrites; probe finds out.
	putNew(ctx context.Context, key string, body io.ReadSeeker) error
	// put makes an object or replaces it.
	put(ctx context.Context, key string, body io.ReadSeeker) error
	// get gives size bytes from offset, or all to the end where size is 0, and
	// how many the object has. It fails with os.ErrNotExist.
	get(ctx context.Context, key string, offset, size int64) (io.ReadCloser, int64, error)
	// list gives the objects whose key begins with prefix and sorts after after.
	list(ctx context.Context, prefix, after string) ([]object, error)
	// remove deletes objects; one that is not there is no error.
	remove(ctx context.Context, keys []string) error
}

// object is what a list tells.
type object struct {
	key  string
	size int64
	at   time.Time
}

// errExists means that a write-once key is taken.
var errExists = errors.New("the object is there already")

// Deadlines of single calls to the target.
const (
	callDeadline   = 20 * time.Second // list, open, delete, one read
	streamDeadline = 30 * time.Minute // a folder's upload of unknown size
	slowestUpload  = 64 << 10         // bytes a second that an upload must reach
)

var errDeadline = errors.New("the place for the copies does not answer in time")

// limited gives each call a deadline. A folder on a network disk that went
// away waits in the kernel, deaf to any context: such a call is left behind
// when its time is up.
type limited struct{ bucket }

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

func uploadDeadline(body io.Seeker) (time.Duration, error) {
	size, err := body.Seek(0, io.SeekEnd)
	if err != nil {
		return 0, err
	}
	_, err = body.Seek(0, io.SeekStart)
	return callDeadline + time.Duration(size/slowestUpload)*time.Second, err
}

func (l limited) putNew(ctx context.Context, key string, body io.ReadSeeker) error {
	return l.upload(ctx, key, body, l.bucket.putNew)
}

func (l limited) put(ctx context.Context, key string, body io.ReadSeeker) error {
	return l.upload(ctx, key, body, l.bucket.put)
}

func (l limited) upload(ctx context.Context, key string, body io.ReadSeeker, put func(context.Context, string, io.ReadSeeker) error) error {
	d, err := uploadDeadline(body)
	if err != nil {
		return err
	}
	_, err = within(ctx, d, func(ctx context.Context) (struct{}, error) { return struct{}{}, put(ctx, key, body) })
	return err
}

func (l limited) get(ctx context.Context, key string, offset, size int64) (io.ReadCloser, int64, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	// The body is read under the same context: only the timer of a pending call ends it.
	timer := time.AfterFunc(callDeadline, func() { cancel(errDeadline) })
	defer timer.Stop()
	type opened struct {
		rc    io.ReadCloser
		total int64
		err   error
	}
	done := make(chan opened, 1)
	go func() {
		rc, total, err := l.bucket.get(ctx, key, offset, size)
		done <- opened{rc, total, err}
	}()
	select {
	case o := <-done:
		if o.err != nil {
			cancel(nil)
			return nil, 0, o.err
		}
		return &body{rc: o.rc, cancel: cancel}, o.total, nil
	case <-ctx.Done():
		go func() {
			if o := <-done; o.err == nil {
				o.rc.Close()
			}
		}()
		return nil, 0, context.Cause(ctx)
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

func (l limited) list(ctx context.Context, prefix, after string) ([]object, error) {
	// A thousand objects a page, each within a call's time.
	return within(ctx, 3*callDeadline, func(ctx context.Context) ([]object, error) { return l.bucket.list(ctx, prefix, after) })
}

func (l limited) remove(ctx context.Context, keys []string) error {
	_, err := within(ctx, callDeadline+time.Duration(len(keys))*time.Second/100, func(ctx context.Context) (struct{}, error) {
		return struct{}{}, l.bucket.remove(ctx, keys)
	})
	return err
}

// read gives a small object whole.
func read(ctx context.Context, b bucket, key string) (_ []byte, err error) {
	rc, _, err := b.get(ctx, key, 0, 0)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rc.Close()) }()
	return io.ReadAll(io.LimitReader(rc, 1<<20))
}
