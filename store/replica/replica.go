// Package replica copies the database to a second place (複製) while it is in
// use, with Litestream inside this process, and brings word of how far the
// copy is.
//
// Promises: the lag shown is measured, never guessed; with the policy Local,
// copying never delays a write, and with the others no write is answered as
// confirmed before the target has it; a database never takes over copies that
// are not its own, and once another server has taken over it answers nothing.
package replica

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/benbjohnson/litestream"
	"github.com/superfly/ltx"

	"madoguchi/store"
	"madoguchi/store/crypt"
)

const (
	// settle is the least time between two copies: commits in between share a
	// file, which bounds how many small files there are to merge.
	settle = 200 * time.Millisecond
	// poll is how often commits of guests are looked for.
	poll = time.Second
	// firstRetry doubles up to lastRetry while the target does not answer.
	firstRetry = time.Second
	lastRetry  = 30 * time.Second
	// shortGather and longestGather bound how long a copy waits for those who
	// write again to begin, and to be done.
	shortGather   = 5 * time.Millisecond
	longestGather = 50 * time.Millisecond
	// waitedRetry is for policies under which residents wait for the target.
	waitedRetry = 500 * time.Millisecond
	// inspectEvery is how often the target is compared with what was put there.
	inspectEvery = time.Minute
	// startDeadline bounds the wait for a target when the server starts.
	startDeadline = 5 * time.Second
	// closeDeadline bounds the last copy when the server stops; systemd gives
	// it longer, but whoever restarts a counter waits for it.
	closeDeadline = 4 * time.Second
	// checkpointBytes is how much of the WAL is copied before its pages are
	// moved into the database file and it is used again from the start.
	checkpointBytes = 4 << 20
	// truncatePages is the length of the WAL (128 MiB) at which writers are
	// held up to shorten it. Only a read transaction of minutes gets it there.
	truncatePages = 32768
)

// Replica copies one database to one target.
type Replica struct {
	st     *store.Store
	target Target
	meta   string
	client *client
	db     *litestream.DB
	all    *litestream.Store // around db: merges and removes old copies
	log    *slog.Logger

	policy  Policy
	tracker tracker
	waiting atomic.Int64 // callers of Confirm
	wake    chan struct{}
	cancel  context.CancelFunc
	done    chan struct{}
	fenced  chan struct{} // closed once another server has taken over
	fence   sync.Once
	beats   sync.WaitGroup
	clocks  atomic.Pointer[clocks] // nil before the first comparison
	ill     atomic.Bool            // this machine itself cannot make files of changes

	// Of run, and of Close after done.
	opened    bool      // all is open and the WAL is Litestream's
	looked    bool      // Litestream has found its place in the WAL
	inspected time.Time // when the target was last found to be as it was left
	turn      turn
}

// Start begins to copy st to target and returns at once when the target
// cannot be reached: copying then begins as soon as it can. It fails with
// ErrForeignCopies when the target holds copies of something else, with
// ErrFenced when another server has taken over, with ErrOldDatabase when the
// database went back to an earlier state, and on a path that Litestream
// cannot open. Close it after the store, never before.
func Start(ctx context.Context, st *store.Store, target Target, cfg Config, policy Policy, log *slog.Logger) (*Replica, error) {
	if err := cfg.check(); err != nil {
		return nil, fmt.Errorf("replica settings: %w", err)
	}
	path, err := filepath.Abs(st.Path())
	if err != nil {
		return nil, fmt.Errorf("find database: %w", err)
	}
	if strings.ContainsAny(path, "?#%") {
		return nil, fmt.Errorf("%s: a database that is copied cannot have ?, # or %% in its path", path)
	}
	if target.Folder() == filepath.Dir(path) {
		return nil, fmt.Errorf("%s: the copies need another place than the database", target)
	}
	r := &Replica{
		st: st, target: target, meta: MetaPath(path), client: &client{}, log: log, policy: policy,
		wake: make(chan struct{}, 1), done: make(chan struct{}), fenced: make(chan struct{}),
	}
	if target.abroad {
		log.Warn("the copies leave Japan, as was allowed explicitly", "target", target.String())
	}
	r.client.guard, r.client.aged = r.requireTurn, r.requireAge
	r.configure(path, cfg)
	r.tracker.remember(r.meta)
	if err := requireNewest(ctx, st, r.meta); err != nil {
		return nil, fmt.Errorf("copy to %s: %w", target, err)
	}
	// A target that does not answer must not keep the counter closed.
	soon, stop := context.WithTimeoutCause(ctx, startDeadline, errDeadline)
	var first []*ltx.FileInfo
	first, r.turn, err = r.client.join(soon, r.meta, target)
	stop()
	if lasting(err) {
		return nil, fmt.Errorf("copy to %s: %w", target, err)
	}
	r.tracker.commit(st.LastCommit())
	st.OnCommit(func(c store.Commit) {
		r.tracker.commit(c)
		select {
		case r.wake <- struct{}{}:
		default:
		}
	})
	if policy != Local {
		st.SetConfirmer(r)
	}
	var running context.Context
	running, r.cancel = context.WithCancel(context.WithoutCancel(ctx))
	r.beats.Go(func() { r.watch(running) })
	go r.run(running, first, err)
	return r, nil
}

// lasting reports whether trying again would not help.
func lasting(err error) bool {
	for _, e := range []error{ErrForeignCopies, ErrFenced, ErrNotEncrypted, crypt.ErrNoKey, crypt.ErrStrangeKey} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

func (r *Replica) configure(path string, cfg Config) {
	quiet := slog.New(quieter{r.log.Handler()})
	r.db = litestream.NewDB(path)
	r.db.MonitorInterval = 0 // run drives it
	// Shorter than the writer's own patience, which a forced truncation tries.
	r.db.BusyTimeout = 5 * time.Second
	// checkpoint does it between two commits: Litestream itself would compete
	// with the writer for the lock, and lose for as long as many write.
	r.db.MinCheckpointPageN, r.db.CheckpointInterval = math.MaxInt32, 0
	r.db.TruncatePageN = truncatePages
	r.db.Replica = litestream.NewReplicaWithClient(r.db, r.client)
	r.db.Replica.MonitorEnabled = false
	r.all = litestream.NewStore([]*litestream.DB{r.db}, cfg.levels())
	r.all.Logger = quiet
	r.db.SetLogger(quiet)
	r.all.SnapshotInterval = cfg.Snapshot.Interval
	r.all.SnapshotRetention = cfg.Snapshot.Retention
	r.all.SetL0Retention(cfg.L0Retention)
	r.all.L0RetentionCheckInterval = cfg.L0RetentionCheckInterval
	r.all.ValidationInterval = cfg.Validation.Interval
	r.all.SetShutdownSyncTimeout(closeDeadline - time.Second)
}

// run copies until ctx ends: soon after each commit, and every poll.
func (r *Replica) run(ctx context.Context, listing []*ltx.FileInfo, err error) {
	defer close(r.done)
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	joined, beating := err == nil, false
	var retry, took time.Duration
	crowd := false
	for {
		if !joined {
			listing, r.turn, err = r.client.join(ctx, r.meta, r.target)
			joined = err == nil
		}
		if joined && !beating {
			beating = true
			r.beats.Go(func() { r.beat(ctx) })
		}
		r.noteGuests(ctx)
		r.gather(took, crowd)
		begin := time.Now()
		r.tracker.begin()
		if joined {
			err = r.copy(ctx, listing)
		}
		if ctx.Err() != nil {
			return
		}
		if errors.Is(err, ErrFenced) {
			r.stepDown(err)
			return
		}
		took, crowd = time.Since(begin), r.waiting.Load() > 1
		retry = r.judge(err, retry)
		if retry > 0 || r.policy == Local {
			pause(ctx, max(settle, retry))
		}
		if retry > 0 {
			continue
		}
		select {
		case <-ctx.Done():
			return
		case <-r.wake:
		case <-ticker.C:
		}
	}
}

// gather lets the writes that are under way come first, for as long as a copy
// takes at most: whoever misses it waits for the whole of the next one. Of many
// who were answered by one copy at the same moment (crowd), most write again at
// once; they get a moment for that, or there would be two halves of them for
// ever, each waiting for the copy of the other.
func (r *Replica) gather(took time.Duration, crowd bool) {
	if r.policy == Local {
		return // nobody waits
	}
	limit := time.After(min(took, longestGather))
	if crowd {
		time.Sleep(min(took/8, shortGather))
	}
	for r.st.Underway() > 0 {
		select {
		case <-r.wake: // a group has come in
		case <-limit:
			return
		}
	}
}

// judge records how a copy ended and returns how long to wait before the next
// attempt; 0 after a success. The log gets the first failure and the end of it.
func (r *Replica) judge(err error, retry time.Duration) time.Duration {
	r.tracker.end(err, r.st.Now())
	switch {
	case err == nil && retry > 0:
		r.log.Info("the copy goes on", "target", r.target.String())
	case err != nil && retry == 0:
		r.log.Error("the copy does not go on", "target", r.target.String(), "error", err)
	}
	if err == nil {
		return 0
	}
	if r.policy != Local { // someone is waiting for the answer
		return waitedRetry
	}
	return min(max(2*retry, firstRetry), lastRetry)
}

// stepDown is for good: no write is answered from here on.
func (r *Replica) stepDown(err error) {
	r.fence.Do(func() {
		r.log.Error("another server has taken over; this one stops", "target", r.target.String(), "error", err)
		r.tracker.stepDown(err, r.st.Now())
		close(r.fenced)
	})
}

// Fenced is closed once another server has taken over. Whoever serves must
// stop then, and start again only as a standby.
func (r *Replica) Fenced() <-chan struct{} { return r.fenced }

// requireTurn is asked before anything but the next file of changes is written.
func (r *Replica) requireTurn(ctx context.Context) error {
	e, _ := r.client.now()
	err := r.client.place.succeeded(ctx, e)
	if errors.Is(err, ErrFenced) {
		r.stepDown(err)
	}
	return err
}

func pause(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// noteGuests asks the file for its newest commit: a guest's does not pass
// through this process.
func (r *Replica) noteGuests(ctx context.Context) {
	err := r.st.Read(ctx, func(tx *store.Tx) error {
		c, err := store.One[store.Commit](tx, `SELECT commit_seq, committed_at FROM store_state`)
		if err == nil {
			r.tracker.commit(c)
		}
		return err
	})
	if err != nil && !errors.Is(err, store.ErrClosed) && ctx.Err() == nil {
		r.log.Warn("newest commit could not be read", "error", err)
	}
}

// copy brings everything committed by now to the target.
func (r *Replica) copy(ctx context.Context, listing []*ltx.FileInfo) error {
	err := r.stage(ctx, listing)
	r.ill.Store(err != nil)
	if err != nil {
		return err
	}
	if err := r.inspect(ctx); err != nil {
		return err
	}
	here, err := r.db.Pos()
	if err != nil {
		return fmt.Errorf("find own position: %w", err)
	}
	if err := r.db.Replica.Sync(ctx); err != nil {
		var file *fs.PathError
		r.ill.Store(errors.As(err, &file) && strings.HasPrefix(file.Path, r.meta))
		return fmt.Errorf("copy changes: %w", err)
	}
	if err := r.requireSole(here); err != nil {
		return err
	}
	// The order matters: first the file, then the look whether it still counts.
	if r.turn.Mode != Once {
		if err := r.requireTurn(ctx); err != nil {
			return err
		}
	}
	return r.client.announce(ctx, r.meta, &r.turn, r.st.Now())
}

// stage reads what was committed into files of changes on this machine. What
// fails here is this machine's own fault.
func (r *Replica) stage(ctx context.Context, listing []*ltx.FileInfo) error {
	if err := r.open(ctx, listing); err != nil {
		return err
	}
	// Reading the WAL and checkpointing are local and short. They are not cut
	// off, and they go on while the target is away: they bound the WAL.
	if err := r.db.Sync(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("read changes: %w", err)
	}
	return r.checkpoint(ctx)
}

// open hands the WAL over to Litestream and lets it find its place there. The
// listing stands in for the target meanwhile: if Litestream gave up half-way,
// it would close the database file, and with it all of SQLite's locks that this
// process holds on it.
func (r *Replica) open(ctx context.Context, listing []*ltx.FileInfo) error {
	if !r.opened {
		if err := r.all.Open(context.WithoutCancel(ctx)); err != nil {
			return fmt.Errorf("open for copying: %w", err)
		}
		r.opened, r.inspected = true, time.Now()
		r.st.LeaveWAL()
	}
	if r.looked {
		return nil
	}
	r.client.standIn(listing)
	defer r.client.standIn(nil)
	err := r.between(ctx, func() error { return r.db.Sync(context.WithoutCancel(ctx)) })
	if err != nil {
		return fmt.Errorf("read changes: %w", err)
	}
	r.looked = true
	return nil
}

// checkpoint bounds the WAL once enough of it is copied.
func (r *Replica) checkpoint(ctx context.Context) error {
	if r.db.SyncDiagnostic().LastSyncedWALOffset < checkpointBytes {
		return nil
	}
	err := r.between(ctx, func() error {
		return r.db.Checkpoint(context.WithoutCancel(ctx), litestream.CheckpointModePassive)
	})
	if err != nil && !store.Busy(err) { // a guest is writing; the next one will do
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

// between runs fn while no write runs, also after the store was closed.
func (r *Replica) between(ctx context.Context, fn func() error) error {
	err := r.st.Between(ctx, fn)
	if errors.Is(err, store.ErrClosed) {
		return fn()
	}
	return err
}

// inspect looks now and then whether the target still holds what was put
// there: a disk may have been unmounted, leaving an empty folder that takes
// files just as well, or a second server may write to the same place. Nothing
// is copied until it is in order again.
func (r *Replica) inspect(ctx context.Context) error {
	if time.Since(r.inspected) < inspectEvery {
		return nil
	}
	r.inspected = time.Time{}
	files, err := list(ctx, r.client, 0)
	if err != nil {
		return err
	}
	oldest, newest, err := localRange(r.meta)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		if oldest <= 1 && r.db.Replica.Pos().IsZero() {
			return nil // nothing was put there yet
		}
		return ErrCopiesGone
	}
	last := files[len(files)-1]
	if err := joinExisting(ctx, r.client, r.meta, last, newest); err != nil {
		return err
	}
	if last.MaxTXID < r.db.Replica.Pos().TXID {
		r.db.Replica.SetPos(ltx.Pos{}) // look again where to go on
	}
	r.inspected = time.Now()
	return nil
}

// requireSole demands that the target has exactly what is here. After an error
// Litestream would take a second writer's files for its own and report success.
func (r *Replica) requireSole(staged ltx.Pos) error {
	here, err := r.db.Pos()
	if err != nil {
		return fmt.Errorf("find own position: %w", err)
	}
	there := r.db.Replica.Pos()
	if there.TXID > here.TXID {
		return fmt.Errorf("own position %s, theirs %s: %w", here.TXID, there.TXID, ErrForeignCopies)
	}
	if there.TXID < staged.TXID {
		return fmt.Errorf("copied up to %s of %s", there.TXID, staged.TXID)
	}
	return nil
}

// Status tells how the copy stands now.
func (r *Replica) Status() Status {
	s := r.tracker.status(r.st.Now())
	s.Target, s.Policy, s.Able = r.target.String(), r.policy, !r.ill.Load() && !r.st.Failing()
	if c := r.clocks.Load(); c != nil {
		s.Skew = c.skew
	}
	if e, _ := r.client.now(); e != (Epoch{}) {
		s.Epoch, s.Mode = e.String(), r.client.mode()
	}
	return s
}

// Close copies what is left and ends, at the latest when ctx ends or after
// four seconds. Its error says that the newest changes are in the database
// but not in the target; the next start copies them.
func (r *Replica) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, closeDeadline, errDeadline)
	defer cancel()
	r.cancel()
	ended := make(chan error, 1)
	go func() {
		<-r.done
		r.beats.Wait()
		r.tracker.begin()
		err := r.finish(ctx)
		r.tracker.end(err, r.st.Now())
		r.tracker.keep(r.meta)
		ended <- err
	}()
	select {
	case err := <-ended:
		if err != nil {
			return fmt.Errorf("the newest changes are not copied yet: %w", err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the newest changes are not copied yet: %w", context.Cause(ctx))
	}
}

// finish makes the last copy, also when run had no chance to make a first.
func (r *Replica) finish(ctx context.Context) error {
	if !r.opened {
		listing, t, err := r.client.join(ctx, r.meta, r.target)
		if err != nil {
			return err
		}
		r.turn = t
		if err := r.open(ctx, listing); err != nil {
			return errors.Join(err, r.all.Close(ctx))
		}
	}
	err := r.inspect(ctx)
	select {
	case <-r.fenced:
		err = ErrFenced
	default:
	}
	if err == nil {
		err = r.copy(ctx, nil)
	}
	if err != nil {
		// Close what is local, without giving the last changes to a wrong place.
		gone, cancel := context.WithCancel(ctx)
		cancel()
		return errors.Join(err, r.all.Close(gone))
	}
	return r.all.Close(ctx)
}
