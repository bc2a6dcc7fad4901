package store

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
)

// maxGroup bounds one group commit, so that the first caller in it does not
// wait for hundreds of strangers.
const maxGroup = 256

// operation is one caller's write on its way through the writer, or a pause
// between two group commits that a replica asked for.
type operation struct {
	ctx   context.Context
	fn    func(*Tx) error
	pause func() error // instead of fn
	err   error
	in    Commit // the group commit that holds the changes
	done  chan struct{}
}

// Write runs fn exactly once in a write transaction and returns after its
// changes are on the disk. Callers that wait at the same time share one
// commit; each runs in a savepoint of its own, so that one caller's error
// takes back that caller's changes only.
//
// ctx counts until fn begins; from then on the answer is awaited, because a
// caller who left could not know what became of the write. fn must not keep
// tx, and must not call Read or Write.
//
// With a confirmer, Write returns after that one has spoken as well. Where it
// returns ErrUnconfirmed, the changes may be in the file all the same: the same
// write again must find that out.
func (s *Store) Write(ctx context.Context, fn func(*Tx) error) error {
	c := s.confirmer.Load()
	if c != nil {
		if err := (*c).Admit(); err != nil {
			return err
		}
	}
	op := &operation{ctx: ctx, fn: fn, done: make(chan struct{})}
	if err := s.submit(ctx, op); err != nil || c == nil {
		return err
	}
	return (*c).Confirm(op.in)
}

// Pulse makes an empty commit and returns when it is on the disk: proof that
// writes go through. It asks no confirmer, because nobody is told of it.
func (s *Store) Pulse(ctx context.Context) error {
	return s.submit(ctx, &operation{ctx: ctx, fn: func(*Tx) error { return nil }, done: make(chan struct{})})
}

// Failing reports whether the latest group commit failed as a whole, as on a
// disk that is full or gone.
func (s *Store) Failing() bool { return s.failing.Load() }

// WriteHere is Write for what may be lost together with this machine, such as
// a session: while the second place is away it is answered all the same. A
// server that was succeeded is refused as ever.
func (s *Store) WriteHere(ctx context.Context, fn func(*Tx) error) error {
	c := s.confirmer.Load()
	if c != nil {
		if err := (*c).Admit(); err != nil && err != ErrUnconfirmed {
			return err
		}
	}
	op := &operation{ctx: ctx, fn: fn, done: make(chan struct{})}
	if err := s.submit(ctx, op); err != nil || c == nil {
		return err
	}
	if err := (*c).Confirm(op.in); err != ErrUnconfirmed {
		return err
	}
	return nil
}

// Between runs fn between two group commits: no write of this process runs
// meanwhile, so fn must be short. It is for work on the WAL, which a busy
// writer would otherwise never let through. ctx counts until fn begins.
func (s *Store) Between(ctx context.Context, fn func() error) error {
	return s.submit(ctx, &operation{ctx: ctx, pause: fn, done: make(chan struct{})})
}

func (s *Store) submit(ctx context.Context, op *operation) error {
	s.mu.RLock()
	if s.closed {
		s.mu.RUnlock()
		return ErrClosed
	}
	s.underway.Add(1)
	select {
	case s.queue <- op:
		s.mu.RUnlock()
	case <-ctx.Done():
		s.underway.Add(-1)
		s.mu.RUnlock()
		return ctx.Err()
	}
	<-op.done
	return op.err
}

// write is the writer goroutine: it takes what waits as one group, until the
// queue is closed and empty.
func (s *Store) write() {
	defer close(s.done)
	for first := range s.queue {
		group, pause := s.gather(first)
		if len(group) > 0 {
			made, err := s.commit(group)
			if err != nil {
				s.failing.Store(true)
				for _, op := range group {
					op.err = err
				}
			}
			s.underway.Add(-int64(len(group)))
			if f := s.onCommit.Load(); made && f != nil {
				(*f)(s.LastCommit())
			}
		}
		for _, op := range group {
			close(op.done)
		}
		if pause != nil {
			s.underway.Add(-1)
			if pause.err = pause.ctx.Err(); pause.err == nil {
				pause.err = pause.pause()
			}
			close(pause.done)
		}
	}
}

// gather takes what waits behind first, up to a full group or a pause.
func (s *Store) gather(first *operation) (group []*operation, pause *operation) {
	for op := first; ; {
		if op.pause != nil {
			return group, op
		}
		if group = append(group, op); len(group) == maxGroup {
			return group, nil
		}
		var ok bool
		select {
		case op, ok = <-s.queue:
			if !ok {
				return group, nil
			}
		default:
			return group, nil
		}
	}
}

// Underway is how many writes have been asked for and are not in the file yet.
func (s *Store) Underway() int { return int(s.underway.Load()) }

// commit runs a group in one transaction and reports whether it left anything
// in the file. The error it returns is the whole group's; an operation's own
// error is kept in the operation.
func (s *Store) commit(group []*operation) (made bool, err error) {
	ctx := context.Background()
	w := s.writer
	if s.walLeft.Load() {
		if err := s.setCheckpoints(ctx, 0); err != nil {
			return false, err
		}
	}
	if _, err := w.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return false, fmt.Errorf("begin writing: %w", err)
	}
	now := s.Now()
	for _, op := range group {
		if op.err = op.ctx.Err(); op.err != nil {
			continue
		}
		if fatal := s.run(op, &Tx{Now: now, ctx: ctx, c: w, store: s, writable: true}); fatal != nil {
			return false, errors.Join(fatal, w.rollback())
		}
		made = made || op.err == nil
	}
	if !made {
		return false, w.rollback()
	}
	sequence, err := w.exec(ctx, `UPDATE store_state SET commit_seq = commit_seq + 1, committed_at = ? RETURNING commit_seq`, instantText(now))
	if err != nil {
		return false, errors.Join(fmt.Errorf("number the commit: %w", err), w.rollback())
	}
	s.pending.Store(&now) // from the COMMIT on, readers may see it
	defer s.pending.Store(nil)
	if _, err := w.conn.ExecContext(ctx, "COMMIT"); err != nil {
		return false, errors.Join(fmt.Errorf("commit: %w", err), w.rollback())
	}
	s.failing.Store(false)
	next := Commit{Sequence: sequence, At: now}
	for _, op := range group {
		op.in = next
	}
	s.committed.Store(&next)
	return true, nil
}

// run gives one operation its savepoint. The returned error means that the
// transaction itself can no longer be trusted.
func (s *Store) run(op *operation, tx *Tx) error {
	if _, err := tx.c.conn.ExecContext(tx.ctx, "SAVEPOINT operation"); err != nil {
		return fmt.Errorf("open savepoint: %w", err)
	}
	op.err = call(op.fn, tx)
	tx.c = nil
	end := "RELEASE operation"
	if op.err != nil {
		end = "ROLLBACK TO operation; RELEASE operation"
	}
	if _, err := s.writer.conn.ExecContext(tx.ctx, end); err != nil {
		return fmt.Errorf("close savepoint: %w", err)
	}
	return nil
}

// call turns a panic of fn into an error: the writer serves everyone and must
// outlive one caller's mistake.
func call(fn func(*Tx) error, tx *Tx) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic in a write: %v\n%s", p, debug.Stack())
		}
	}()
	return fn(tx)
}
