package restore

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/benbjohnson/litestream"
	"github.com/superfly/ltx"

	"madoguchi/store"
	"madoguchi/store/replica"
)

const (
	// verifyEvery is how often what has changed is looked through whole.
	verifyEvery = 15 * time.Minute
	// A store that gives no database is asked again after beginAgain, and after
	// twice as long each further time up to beginAtLast.
	beginAgain  = 2 * time.Second
	beginAtLast = 2 * time.Minute
)

// Following is how far a standby's own database is (追従).
type Following struct {
	// Epoch is the one that is followed, "" while there is no database yet.
	Epoch string `json:"epoch"`
	// Reached is the number of the last file that was applied.
	Reached uint64 `json:"reached"`
	// CaughtUpAt is when everything that the serving machine had reported was
	// applied; until then, when the follower began.
	CaughtUpAt time.Time `json:"caught_up_at"`
	// VerifiedAt is when it last passed every check of a restore, Verified the
	// commit that it had reached then.
	VerifiedAt time.Time `json:"verified_at"`
	Verified   int64     `json:"verified_commit"`
	// Begun counts how often it was built anew from the whole of the copies.
	Begun int `json:"begun"`
	// Stuck says why it does not follow now, Found what the last check found.
	Stuck string `json:"stuck,omitempty"`
	Found string `json:"found,omitempty"`
}

// Follower keeps a database of its own as new as the copies are, beside the
// one that a take-over will replace, and looks it through again and again.
// Nobody else opens it. Whatever it cannot make sense of ends in building it
// anew; a take-over that cannot use it restores as if there were none.
type Follower struct {
	at     scratch
	target replica.Target
	verify Verify
	log    *slog.Logger
	clock  func() time.Time
	seen   chan replica.Standing // the newest look at the store
	stop   context.CancelFunc
	done   sync.WaitGroup

	mu      sync.Mutex // over the file and how far it is
	copies  *replica.Copies
	client  litestream.ReplicaClient
	epoch   replica.Epoch
	reached ltx.TXID     // 0: the file is worth nothing
	beat    replica.Beat // the heartbeat that it was brought up to
	page    uint32       // size of its pages
	sums    []uint32     // of its pages, as they were written
	retry   time.Time
	pause   time.Duration
	checked ltx.TXID // what the last check was of, whatever it found
	dueAt   time.Time
	told    sync.Mutex
	state   Following
}

// Follow begins to follow the copies in the target beside the database at path.
// Saw tells the follower where to look; end with End.
func Follow(ctx context.Context, o Options, verify Verify, log *slog.Logger) (*Follower, error) {
	path, err := filepath.Abs(o.Path)
	if err != nil {
		return nil, fmt.Errorf("find database: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("make data folder: %w", err)
	}
	f := &Follower{at: scratch(path), target: o.Target, verify: verify, log: log, clock: o.now, seen: make(chan replica.Standing, 1)}
	if err := f.at.clearFollowed(); err != nil {
		return nil, err
	}
	f.state.CaughtUpAt = f.clock()
	ctx, f.stop = context.WithCancel(ctx)
	f.done.Go(func() { f.run(ctx) })
	return f, nil
}

// End stops the follower and removes its database. It does not wait for the
// store.
func (f *Follower) End() error {
	f.halt()
	return f.at.clearFollowed()
}

// halt stops what goes on by itself; the file stays.
func (f *Follower) halt() {
	f.stop()
	f.done.Wait()
}

// Saw hands on what a look at the store has shown.
func (f *Follower) Saw(now replica.Standing) {
	select {
	case <-f.seen: // what was seen before is of no interest any more
	default:
	}
	select {
	case f.seen <- now:
	default:
	}
}

// State tells how far the follower is.
func (f *Follower) State() Following {
	f.told.Lock()
	defer f.told.Unlock()
	return f.state
}

func (f *Follower) tell(change func(*Following)) {
	f.told.Lock()
	defer f.told.Unlock()
	change(&f.state)
}

func (f *Follower) run(ctx context.Context) {
	var checking sync.WaitGroup
	defer checking.Wait()
	idle := make(chan struct{}, 1)
	idle <- struct{}{}
	for {
		var now replica.Standing
		select {
		case <-ctx.Done():
			return
		case now = <-f.seen:
		}
		if !f.turn(ctx, now) {
			continue
		}
		select {
		case <-idle:
			checking.Go(func() {
				defer func() { idle <- struct{}{} }()
				f.look(ctx, now.Beat)
			})
		default: // the last check still runs
		}
	}
}

// turn applies what is new, and reports whether a check is due.
func (f *Follower) turn(ctx context.Context, now replica.Standing) (due bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.reached > 0 && f.copies != nil && now.Newest == f.epoch && now.Beat == f.beat {
		// Nothing was reported since; what is on its way comes with the next beat.
		at := f.clock()
		f.tell(func(s *Following) { s.CaughtUpAt = at })
		return f.due()
	}
	err := f.catchUp(ctx, now.Newest)
	if ctx.Err() != nil {
		return false
	}
	if err != nil {
		f.copies = nil // also a key may be new
		f.tell(func(s *Following) {
			if s.Stuck == "" {
				f.log.Warn("the standby does not follow", "error", err)
			}
			s.Stuck = err.Error()
		})
		return false
	}
	if f.reached == 0 {
		return false // it waits before it begins anew
	}
	at := f.clock()
	f.tell(func(s *Following) {
		s.Epoch, s.Reached, s.CaughtUpAt, s.Stuck = f.epoch.String(), uint64(f.reached), at, ""
	})
	f.beat = now.Beat
	return f.due()
}

// due tells whether a check is.
func (f *Follower) due() bool {
	return f.checked == 0 || f.reached != f.checked && !f.clock().Before(f.dueAt)
}

// catchUp brings the file to where the store is, and builds it where it must.
func (f *Follower) catchUp(ctx context.Context, newest replica.Epoch) (err error) {
	if f.reached == 0 && time.Now().Before(f.retry) {
		return nil
	}
	if f.copies == nil {
		if f.copies, err = f.target.Open(ctx); err != nil {
			return err
		}
		f.client = f.copies.Client(f.epoch)
	}
	if f.reached > 0 && newest != f.epoch {
		// The epoch that was just begun may have no whole copy yet.
		all, err := f.copies.Epochs(ctx)
		if err != nil {
			return err
		}
		if all[len(all)-1].Epoch != f.epoch {
			f.forget(nil)
		}
	}
	if f.reached == 0 {
		return f.begin(ctx)
	}
	err = f.advance(ctx, ^ltx.TXID(0))
	if errors.Is(err, errBroken) {
		f.forget(err)
	}
	return err
}

// errBroken means that the file cannot go on from where it is.
var errBroken = errors.New("it is to be built anew")

// forget makes the file worthless. After an error it is not built again at once.
func (f *Follower) forget(err error) {
	f.reached, f.checked = 0, 0
	f.tell(func(s *Following) { s.Epoch, s.Reached, s.VerifiedAt, s.Verified = "", 0, time.Time{}, 0 })
	if err == nil {
		return
	}
	f.pause = min(max(2*f.pause, beginAgain), beginAtLast)
	f.retry = time.Now().Add(f.pause)
}

// begin builds the file from the whole of the newest copies, as a restore does.
func (f *Follower) begin(ctx context.Context) (err error) {
	defer func() {
		if err != nil {
			f.forget(err)
		}
	}()
	if err := f.at.clearFollowed(); err != nil {
		return err
	}
	chosen, err := choose(ctx, Options{Target: f.target})
	if err != nil {
		return err
	}
	if err := f.spool(func(a *assembly) error { return a.run(ctx, chosen.files, f.at.followed()) }, chosen.client); err != nil {
		return err
	}
	if f.page, err = pageSize(f.at.followed()); err != nil {
		return err
	}
	if err := f.sum(); err != nil {
		return err
	}
	f.client, f.epoch = chosen.client, chosen.epoch
	f.reached = chosen.files[len(chosen.files)-1].MaxTXID
	f.tell(func(s *Following) { s.Begun++ })
	return f.advance(ctx, ^ltx.TXID(0))
}

// spool gives an assembly its folder, and removes it.
func (f *Follower) spool(use func(*assembly) error, client litestream.ReplicaClient) (err error) {
	dir := f.at.followedFiles()
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o700)); err != nil {
		return fmt.Errorf("make folder for fetched files: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	return use(&assembly{client: client, spool: dir, window: mergeWindow})
}

// advance applies the files behind the one reached, up to a last one.
func (f *Follower) advance(ctx context.Context, last ltx.TXID) error {
	for {
		files, err := f.next(ctx, last)
		if err != nil || len(files) == 0 {
			return err
		}
		err = f.spool(func(a *assembly) error {
			parts, err := a.fetch(ctx, files)
			if errors.Is(err, ErrDamaged) || errors.Is(err, os.ErrNotExist) { // merged away meanwhile
				return fmt.Errorf("%w: %w", err, errBroken)
			}
			if err != nil {
				return err
			}
			for i, part := range parts {
				if err := f.apply(part); err != nil {
					return fmt.Errorf("%s: %w: %w", fileName(files[i]), err, errBroken)
				}
				f.reached = files[i].MaxTXID
			}
			return nil
		}, f.client)
		if err != nil {
			return err
		}
	}
}

// next lists the files to apply next: a window of those that follow each other
// without a gap.
func (f *Follower) next(ctx context.Context, last ltx.TXID) ([]*ltx.FileInfo, error) {
	itr, err := f.client.LTXFiles(ctx, 0, f.reached+1, false)
	if err != nil {
		return nil, fmt.Errorf("list copies: %w", err)
	}
	files, err := ltx.SliceFileIterator(itr)
	if err != nil {
		return nil, fmt.Errorf("list copies: %w", err)
	}
	var next []*ltx.FileInfo
	reached := f.reached
	for _, file := range files {
		if file.MaxTXID > last || len(next) == mergeWindow {
			break
		}
		if file.MinTXID != reached+1 {
			// A file that is not there yet cannot have a later one behind it.
			return nil, fmt.Errorf("the file with change %s is missing: %w", reached+1, errBroken)
		}
		next, reached = append(next, file), file.MaxTXID
	}
	return next, nil
}

// look makes a copy and looks it through as a restore does, and holds it
// against what the server had reported before.
func (f *Follower) look(ctx context.Context, beat replica.Beat) {
	f.mu.Lock()
	reached, epoch := f.reached, f.epoch
	if reached == 0 {
		f.mu.Unlock()
		return
	}
	err := f.copyTo(ctx, f.at.followedCheck())
	f.checked, f.dueAt = reached, f.clock().Add(verifyEvery)
	f.mu.Unlock()
	var report Report
	if err == nil {
		report, err = check(ctx, f.at.followedCheck(), f.verify)
	}
	if err == nil && beat.Epoch == epoch.String() && report.LastCommit.Sequence < beat.CommitSeq {
		err = fmt.Errorf("commit %d was reported, the newest found is %d: %w", beat.CommitSeq, report.LastCommit.Sequence, replica.ErrOlder)
	}
	err = errors.Join(err, f.at.clearCheck())
	if ctx.Err() != nil {
		return
	}
	at := f.clock()
	if err != nil {
		f.log.Error("the standby's database did not pass", "error", err)
		f.tell(func(s *Following) { s.Found = err.Error() })
		f.mu.Lock()
		defer f.mu.Unlock()
		// A program that is too old finds the same in whatever it builds anew.
		if f.epoch == epoch && !errors.Is(err, store.ErrNewerSchema) {
			f.forget(err)
		}
		return
	}
	f.log.Info("the standby's database passed", "commit", report.LastCommit.Sequence)
	f.mu.Lock()
	f.pause = 0
	f.mu.Unlock()
	f.tell(func(s *Following) {
		if s.Epoch == epoch.String() {
			s.Found, s.VerifiedAt, s.Verified = "", at, report.LastCommit.Sequence
		}
	})
}

// errUnfit means that the follower's file is not what a take-over needs.
var errUnfit = errors.New("the standby's own database cannot be used")

// hand brings the file exactly to where the epoch was closed and puts it where
// a restored copy would be. The follower has been halted.
func (f *Follower) hand(ctx context.Context, seized replica.Seizure) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.reached == 0 || f.epoch != seized.Base || f.reached > seized.Last {
		return fmt.Errorf("it is at %s of %q, wanted is %s of %s: %w", f.reached, f.epoch, seized.Last, seized.Base, errUnfit)
	}
	defer func() { f.reached = 0 }()
	if err := f.advance(ctx, seized.Last); err != nil {
		return err
	}
	if f.reached != seized.Last {
		return fmt.Errorf("it ends at %s, wanted is %s: %w", f.reached, seized.Last, errUnfit)
	}
	if err := errors.Join(f.same(ctx, io.Discard), syncPath(f.at.followed())); err != nil {
		return err
	}
	return os.Rename(f.at.followed(), f.at.copied())
}
