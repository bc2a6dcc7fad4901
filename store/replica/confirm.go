package replica

import (
	"encoding/json"
	"errors"
	"os"
	"time"

	"madoguchi/store"
)

// Policy says when a write counts as done (確定の方針).
type Policy string

const (
	// Local: when it is on this machine's disk; the copy follows. A machine that
	// is lost takes what was not copied with it, so no other may take over by itself.
	Local Policy = "local"
	// Provisional: when the target has it. While the target is away, writes are
	// answered as provisional (仮受付) and confirmed later.
	Provisional Policy = "provisional"
	// Refuse: when the target has it. While the target is away, writes are refused.
	Refuse Policy = "refuse"
)

// Policies lists them all.
var Policies = []Policy{Local, Provisional, Refuse}

// patience is how long a write waits for the target before the policy decides.
func (p Policy) patience() time.Duration {
	if p == Refuse {
		return 10 * time.Second
	}
	return 3 * time.Second
}

// Admit is asked before a write is begun.
func (r *Replica) Admit() error {
	select {
	case <-r.fenced:
		return errors.Join(store.ErrUnconfirmed, ErrFenced)
	default:
	}
	if r.policy == Refuse && r.tracker.behind(r.policy.patience()) {
		return store.ErrUnconfirmed
	}
	return nil
}

// Confirm waits until the target has a commit. It returns nil without it only
// under the policy Provisional, and only while Unconfirmed says so.
func (r *Replica) Confirm(c store.Commit) error {
	limit := r.policy.patience()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		ok, changed := r.tracker.has(c.Sequence)
		if ok {
			return nil
		}
		if r.tracker.behind(limit) {
			break
		}
		select {
		case <-changed:
			continue
		case <-r.fenced:
			return errors.Join(store.ErrUnconfirmed, ErrFenced)
		case <-timer.C:
		}
		break
	}
	select {
	case <-r.fenced:
		return errors.Join(store.ErrUnconfirmed, ErrFenced)
	default:
	}
	if r.policy == Provisional {
		return nil
	}
	return store.ErrUnconfirmed
}

// Unconfirmed returns the time of the oldest commit that is not known to be in
// the target; everything written at that time or later is provisional.
func (r *Replica) Unconfirmed() (since time.Time, some bool) { return r.tracker.unconfirmed() }

// kept is what survives a restart: without it, a server that starts while the
// target is away would not know what was confirmed.
type kept struct {
	Commit int64     `json:"commit"`
	At     time.Time `json:"at"`
}

// remember reads what was confirmed when the server last ran.
func (t *tracker) remember(meta string) {
	var k kept
	text, err := os.ReadFile(ackedFile(meta))
	if err != nil || json.Unmarshal(text, &k) != nil {
		return // then everything counts as unconfirmed until the first copy
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.before = store.Commit{Sequence: k.Commit, At: k.At}
}

// keep writes it down.
func (t *tracker) keep(meta string) {
	t.mu.Lock()
	k := kept{t.copied.Sequence, t.copied.At}
	t.mu.Unlock()
	if k.Commit == 0 {
		return
	}
	text, err := json.Marshal(k)
	if err == nil {
		err = writeWhole(ackedFile(meta), text)
	}
	_ = err // what is older only makes more count as unconfirmed
}

// has reports whether a commit is in the target, and a channel that closes when
// that may have changed.
func (t *tracker) has(sequence int64) (bool, <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.changed == nil {
		t.changed = make(chan struct{})
	}
	return t.copied.Sequence >= sequence, t.changed
}

func (t *tracker) announce() {
	if t.changed != nil {
		close(t.changed)
		t.changed = nil
	}
}

// behind reports whether the oldest commit that is not in the target has
// waited for d, by this process's own watch.
func (t *tracker) behind(d time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	since := t.underwayWatch
	if since.IsZero() {
		since = t.waitingWatch
	}
	return !since.IsZero() && time.Since(since) >= d
}

func (t *tracker) unconfirmed() (time.Time, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.copied.Sequence == 0 && t.committed.Sequence > t.before.Sequence:
		return t.before.At, true // nothing was copied yet since the start
	case !t.underway.IsZero():
		return earlier(t.underway, t.waiting), true
	case !t.waiting.IsZero():
		return t.waiting, true
	}
	return time.Time{}, false
}

// earlier of two times, where zero means none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func (t *tracker) stepDown(err error, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.err, t.errAt, t.fenced = err, now, true
	t.announce()
}
