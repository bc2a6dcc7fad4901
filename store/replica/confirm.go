package replica

import (
	"context"
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
	if r.policy == Refuse && r.tracker.behind(r.policy.patience()) || r.ill.Load() {
		return store.ErrUnconfirmed
	}
	return nil
}

// Confirm waits until the target has a commit. It returns nil without it only
// under the policy Provisional, only while Unconfirmed says so, and not where
// this machine itself fails: it could not bring the write to the target later.
func (r *Replica) Confirm(c store.Commit) error {
	r.waiting.Add(1)
	defer r.waiting.Add(-1)
	limit := r.policy.patience()
	for {
		select {
		case <-r.fenced:
			return errors.Join(store.ErrUnconfirmed, ErrFenced)
		default:
		}
		ok, changed := r.tracker.has(c.Sequence)
		switch {
		case ok:
			return nil
		case !r.tracker.behind(limit):
		case r.policy == Provisional && !r.ill.Load():
			return nil
		default:
			return store.ErrUnconfirmed
		}
		select {
		case <-changed:
		case <-r.fenced:
		case <-time.After(watchEvery):
		}
	}
}

const (
	// watchEvery is how often the age of what waits is counted.
	watchEvery = 100 * time.Millisecond
	// longestTick is what a tick takes at most in a process that is not paused.
	longestTick = time.Second
)

// watch counts how long commits wait, until ctx ends. A process that was
// paused has everything to learn: another server may have taken over meanwhile.
// So after a pause the waiting begins anew, and is long enough to find that out
// before anything is answered as provisional.
func (r *Replica) watch(ctx context.Context) {
	ticker := time.NewTicker(watchEvery)
	defer ticker.Stop()
	limit, behind := r.policy.patience(), false
	for last := time.Now(); ; {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
		now := time.Now()
		if age := r.tracker.tick(now.Sub(last)); (age >= limit) != behind {
			behind = age >= limit
			if behind {
				r.log.Error("writes are not confirmed by the place of the copies", "policy", string(r.policy))
			} else {
				r.log.Info("writes are confirmed again")
			}
		}
		last = now
	}
}

func (t *tracker) tick(d time.Duration) (age time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if d > longestTick || t.waiting.IsZero() && t.underway.IsZero() {
		t.age = 0
	} else {
		t.age += d
	}
	return t.age
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

// behind reports whether something has waited for d.
func (t *tracker) behind(d time.Duration) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.age >= d
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
