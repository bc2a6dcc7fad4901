// Package store is everything about the database file: one writer with group
// commit, read-only readers, forward-only migrations and typed constraint
// errors. Its sub-packages keep copies of the file and bring it back.
//
// Promises: a write is answered only after it is on the disk
// (synchronous=FULL); a failed write leaves nothing behind; a function given
// to Read cannot write.
package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	_ "modernc.org/sqlite" // the one SQLite driver, pure Go
)

// DefaultReaders is how many read transactions run side by side: reads wait
// for the processor, not for the disk, so more than a few per core only add memory.
var DefaultReaders = max(4, 2*runtime.NumCPU())

// queueLength bounds the writes that wait; beyond it Write blocks its caller,
// which is what slows a flood down.
const queueLength = 1024

// ErrClosed is returned by Read and Write after Close.
var ErrClosed = errors.New("store is closed")

// ErrLocked is returned by Open when another process holds the database.
var ErrLocked = errors.New("the database is in use by another process")

// ErrNotFound is returned by One when no row matches.
var ErrNotFound = errors.New("no such row")

// Options say where the database is and how it is opened.
type Options struct {
	// Path of the database file; its folder is made if missing.
	Path string
	// Clock gives the present instant; nil means the machine's clock.
	Clock func() time.Time
	// Guest opens the file beside a process that already serves it. SQLite's own
	// lock orders the two writers. A guest never changes the schema.
	Guest bool
	// Readers is the number of concurrent read transactions; 0 means DefaultReaders.
	Readers int
}

// Store is one open database file.
type Store struct {
	path    string
	schema  Schema
	clock   func() time.Time
	lock    *os.File
	writeDB *sql.DB
	readDB  *sql.DB
	writer  *connection
	readers chan *connection
	queue   chan *operation
	done    chan struct{} // closed when the writer goroutine has ended
	// underway counts what was asked of the writer and is not done.
	underway atomic.Int64

	mu     sync.RWMutex // guards closed against sends on queue
	closed bool

	walLeft     atomic.Bool // a replica looks after the WAL
	checkpoints int         // wal_autocheckpoint now in force; the writer's

	failing   atomic.Bool // the latest group commit failed as a whole
	committed atomic.Pointer[Commit]
	onCommit  atomic.Pointer[func(Commit)]
	confirmer atomic.Pointer[Confirmer]
	pending   atomic.Pointer[time.Time] // of a commit that its confirmer has not heard of yet
}

// Commit names one group commit: a number that grows by one with each, and
// when it was made.
type Commit struct {
	Sequence int64     `db:"commit_seq"`
	At       time.Time `db:"committed_at"`
}

// Open opens the database at o.Path, creating and migrating it as needed.
// It fails with ErrLocked when another process serves the file and with
// ErrNewerSchema when a later release of the program has migrated it to what
// this one cannot work on.
func Open(ctx context.Context, o Options) (_ *Store, err error) {
	if err := os.MkdirAll(filepath.Dir(o.Path), 0o750); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	if err := requireWhole(o.Path); err != nil {
		return nil, err
	}
	s := &Store{
		path:  o.Path,
		clock: o.Clock,
		queue: make(chan *operation, queueLength),
		done:  make(chan struct{}),
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.closeFiles())
		}
	}()
	if !o.Guest {
		if s.lock, err = Lock(o.Path); err != nil {
			return nil, err
		}
	}
	if err := s.openWriter(ctx, o.Guest); err != nil {
		return nil, err
	}
	readers := o.Readers
	if readers == 0 {
		readers = DefaultReaders
	}
	if err := s.openReaders(ctx, readers); err != nil {
		return nil, err
	}
	go s.write()
	return s, nil
}

func (s *Store) openWriter(ctx context.Context, guest bool) error {
	var err error
	mode := "rwc"
	if guest {
		mode = "rw" // where nothing is served there is nothing to visit
	}
	if s.writeDB, err = sql.Open("sqlite", dsn(s.path, mode)); err != nil {
		return fmt.Errorf("open %s: %w", s.path, err)
	}
	s.writeDB.SetMaxOpenConns(1)
	conn, err := s.writeDB.Conn(ctx)
	if err != nil {
		return fmt.Errorf("open %s: %w", s.path, err)
	}
	s.writer = newConnection(conn)
	if err := keepWALFile(conn); err != nil {
		return err
	}
	if !guest {
		if err := migrate(ctx, conn); err != nil {
			return err
		}
	}
	if s.schema, err = readSchema(ctx, conn); err != nil {
		return err
	}
	if !guest { // a guest cannot know whether a replica follows the WAL
		if err := s.setCheckpoints(ctx, ownCheckpointPages); err != nil {
			return err
		}
	}
	last, err := lastCommit(ctx, s.writer)
	if err != nil {
		return err
	}
	s.committed.Store(&last)
	return nil
}

func (s *Store) openReaders(ctx context.Context, n int) error {
	var err error
	if s.readDB, err = sql.Open("sqlite", dsn(s.path, "ro")+"&_pragma=query_only(1)"); err != nil {
		return fmt.Errorf("open %s for reading: %w", s.path, err)
	}
	s.readDB.SetMaxOpenConns(n)
	s.readers = make(chan *connection, n)
	for range n {
		conn, err := s.readDB.Conn(ctx)
		if err != nil {
			return fmt.Errorf("open %s for reading: %w", s.path, err)
		}
		s.readers <- newConnection(conn)
	}
	return nil
}

// dsn carries every pragma, so that each connection of a pool has them.
// wal_autocheckpoint(0): where there is a replica, it alone moves pages out of
// the WAL, after it has copied them; see docs/decisions/store.md.
func dsn(path, mode string) string {
	q := url.Values{}
	q.Set("mode", mode)
	for _, p := range []string{
		"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)",
		"foreign_keys(1)", "wal_autocheckpoint(0)", "trusted_schema(0)", "recursive_triggers(1)",
	} {
		if mode == "ro" && p == "journal_mode(WAL)" {
			continue
		}
		q.Add("_pragma", p)
	}
	return (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath()}).String() + "?" + q.Encode()
}

// Path is where the database file lies.
func (s *Store) Path() string { return s.path }

// Now is the present instant by the store's clock, to the millisecond as rows keep it.
func (s *Store) Now() time.Time { return s.clock().UTC().Truncate(time.Millisecond) }

// LastCommit is the newest group commit that this process has made or found.
func (s *Store) LastCommit() Commit { return *s.committed.Load() }

// OnCommit sets a function that the writer calls after each group commit. It
// must not block: everyone who waits for a write waits for it.
func (s *Store) OnCommit(f func(Commit)) { s.onCommit.Store(&f) }

// Read runs fn in a read transaction: all its queries see one state of the
// database. It gives up waiting for a free reader when ctx ends.
func (s *Store) Read(ctx context.Context, fn func(*Tx) error) (err error) {
	var c *connection
	select {
	case c = <-s.readers:
	case <-ctx.Done():
		return ctx.Err()
	}
	if c == nil {
		return ErrClosed
	}
	defer func() { s.readers <- c }()
	if err := ctx.Err(); err != nil {
		return err
	}
	// Not cut off by ctx: it takes no time, and a BEGIN that worked but was
	// reported as cancelled would spoil the reader for all who come after.
	if _, err := c.conn.ExecContext(context.WithoutCancel(ctx), "BEGIN"); err != nil {
		return fmt.Errorf("begin reading: %w", err)
	}
	tx := &Tx{Now: s.Now(), ctx: ctx, c: c, store: s}
	// Also when fn panics, and whatever became of ctx: a transaction left open
	// would keep the reader in the past for ever.
	defer func() {
		tx.c = nil
		if _, end := c.conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK"); end != nil {
			err = errors.Join(err, fmt.Errorf("end reading: %w", end))
		}
	}()
	return fn(tx)
}

// Close waits for the writes already accepted, then closes the file. A replica
// of the file is to be closed after it, never before: the last one to close
// decides what happens to the WAL.
func (s *Store) Close() error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	close(s.queue)
	s.mu.Unlock()
	<-s.done
	var errs []error
	for range cap(s.readers) {
		c := <-s.readers
		errs = append(errs, c.close())
	}
	close(s.readers)
	return errors.Join(append(errs, s.closeFiles())...)
}

func (s *Store) closeFiles() error {
	var errs []error
	if s.writer != nil {
		errs = append(errs, s.writer.close())
	}
	if s.readDB != nil {
		errs = append(errs, s.readDB.Close())
	}
	if s.writeDB != nil {
		errs = append(errs, s.writeDB.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}
