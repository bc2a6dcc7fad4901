package replica

import (
	"sync"
	"time"

	"madoguchi/store"
)

// Status is how the copy stands, as measured.
type Status struct {
	// Target names the place of the copies.
	Target string
	// Policy says when a write counts as done.
	Policy Policy
	// Epoch is this server's turn at writing, "" before the target has answered.
	Epoch string
	// Mode is how the epoch is guarded, "" before the target has answered.
	Mode Mode
	// Able: this machine's own disk takes writes and files of changes.
	Able bool
	// Fenced: another server has taken over; this one answers no write any more.
	Fenced bool
	// Committed is the newest group commit of the database.
	Committed store.Commit
	// Copied is the newest group commit known to be in the target. It is zero
	// until the first copy after the start has ended.
	Copied store.Commit
	// Lag is the age of the oldest group commit that is not known to be in the
	// target; 0 when all are.
	Lag time.Duration
	// Skew is how far the store's clock is ahead of this machine's, 0 while they
	// were not compared. Beyond a minute no copy is removed by its age.
	Skew time.Duration
	// LastError is why the latest attempt failed, "" after one that succeeded.
	LastError   string
	LastErrorAt time.Time
	// LastSuccessAt is when copying last ended well, also when there was nothing new.
	LastSuccessAt time.Time
}

// tracker keeps what the status is computed from. A commit is first waiting,
// then underway while a copy that began after it runs, then copied.
type tracker struct {
	mu        sync.Mutex
	committed store.Commit
	copied    store.Commit
	waiting   time.Time // oldest commit that no running copy covers
	underway  time.Time // oldest commit that the running copy covers
	covered   store.Commit
	err       error
	errAt     time.Time
	success   time.Time
	fenced    bool
	// age is how long commits have waited while this process was running: the
	// time that it was paused for does not count, see watch.
	age     time.Duration
	before  store.Commit  // copied when the server last ran
	changed chan struct{} // closed when copied or fenced changes
}

// commit notes a commit of this process or of a guest.
func (t *tracker) commit(c store.Commit) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if c.Sequence <= t.committed.Sequence {
		return
	}
	t.committed = c
	t.waiting = earlier(t.waiting, c.At) // clocks may step back
}

// begin is called before a copy reads the WAL: all commits noted by now are in it.
func (t *tracker) begin() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.covered = t.committed
	t.underway = earlier(t.underway, t.waiting)
	t.waiting = time.Time{}
}

// end is called after the copy that begin announced.
func (t *tracker) end(err error, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.err = err
	if err != nil {
		t.errAt = now
		return // what was underway stays so until an attempt succeeds
	}
	t.copied, t.underway, t.success = t.covered, time.Time{}, now
	t.age = 0
	t.announce()
}

func (t *tracker) status(now time.Time) Status {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := Status{Committed: t.committed, Copied: t.copied, LastErrorAt: t.errAt, LastSuccessAt: t.success, Fenced: t.fenced}
	if t.err != nil {
		s.LastError = t.err.Error()
	}
	oldest := t.underway
	if oldest.IsZero() {
		oldest = t.waiting
	}
	if !oldest.IsZero() {
		s.Lag = max(0, now.Sub(oldest))
	}
	return s
}
