package replica

import (
	"context"
	"errors"
	"time"
)

const (
	// beatEvery is how often a server says that it is there.
	beatEvery = 2 * time.Second
	// tidyEvery is how often epochs past their time are looked for.
	tidyEvery = 6 * time.Hour
	// maxSkew is how far the clocks of this machine and of the store may differ
	// for anything to be deleted by its age.
	maxSkew = time.Minute
	// compareEvery is how often they are compared.
	compareEvery = time.Minute
)

// beat says every other second how far the copies are, and looks whether
// another server has begun an epoch, until ctx ends.
func (r *Replica) beat(ctx context.Context) {
	ticker := time.NewTicker(beatEvery)
	defer ticker.Stop()
	// The first one as soon as there is something to say.
	for has, changed := r.tracker.has(1); !has; has, changed = r.tracker.has(1) {
		select {
		case <-ctx.Done():
			return
		case <-r.fenced:
			return
		case <-changed:
		}
	}
	var count int64
	var tidied time.Time
	for {
		count++
		err := r.sayAndLook(ctx, count)
		if errors.Is(err, ErrFenced) {
			r.stepDown(err)
			return
		}
		if err == nil {
			r.tracker.keep(r.meta)
			err = r.compareClocks(ctx)
		}
		if err == nil && time.Since(tidied) > tidyEvery {
			tidied = time.Now()
			if err := r.tidy(ctx); err != nil && ctx.Err() == nil {
				r.log.Warn("epochs past their time could not be removed", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-r.fenced:
			return
		case <-ticker.C:
		}
	}
}

func (r *Replica) sayAndLook(ctx context.Context, count int64) error {
	if err := r.requireTurn(ctx); err != nil {
		return err
	}
	if !r.able(ctx) {
		return errUnable
	}
	e, _ := r.client.now()
	copied := r.tracker.status(r.st.Now()).Copied
	schema := r.st.Schema()
	b := Beat{Epoch: e.String(), Counter: count, CommitSeq: copied.Sequence, CommittedAt: copied.At,
		Version: schema.Version, ReadableFrom: schema.ReadableFrom, Policy: r.policy}
	return r.client.place.putJSON(ctx, beatFolder+e.Node+".json", b, false)
}

// errUnable is why there is no heartbeat: a machine that cannot write must not
// keep the other from taking over.
var errUnable = errors.New("this machine cannot write")

// able reports whether this machine can take writes and make files of changes.
// Where the last write failed, it tries one.
func (r *Replica) able(ctx context.Context) bool {
	if r.st.Failing() {
		soon, stop := context.WithTimeout(ctx, beatEvery)
		defer stop()
		_ = r.st.Pulse(soon) // Failing tells how it went
	}
	return !r.ill.Load() && !r.st.Failing()
}

// clocks is how far the store's clock was ahead of this machine's, and when
// that was measured.
type clocks struct {
	skew time.Duration
	at   time.Time
}

// compareClocks measures it now and then: the store stamps the heartbeat, which
// was written a moment ago, with its own time.
func (r *Replica) compareClocks(ctx context.Context) error {
	if c := r.clocks.Load(); c != nil && time.Since(c.at) < compareEvery {
		return nil
	}
	e, _ := r.client.now()
	own, err := r.client.place.bucket.list(ctx, beatFolder+e.Node+".json", "")
	if err != nil || len(own) != 1 {
		return err
	}
	c := clocks{skew: time.Until(own[0].at).Round(time.Second), at: time.Now()}
	if before := r.clocks.Swap(&c); c.skew.Abs() > maxSkew && (before == nil || before.skew.Abs() <= maxSkew) {
		r.log.Error("the clocks of this machine and of the store differ; no copy is removed", "by", c.skew.String())
	}
	return nil
}

// errClocks means that nothing may be removed by its age.
var errClocks = errors.New("the clocks of this machine and of the store differ or were not compared yet; nothing is removed")

func (r *Replica) requireClocks() error {
	c := r.clocks.Load()
	if c == nil || c.skew.Abs() > maxSkew || time.Since(c.at) > 10*compareEvery {
		return errClocks
	}
	// A clock that was set since shows beside the one that only counts.
	if jump := time.Now().Round(0).Sub(c.at.Round(0)) - time.Since(c.at); jump.Abs() > maxSkew {
		return errClocks
	}
	return nil
}

// requireAge is asked before copies past their time are removed.
func (r *Replica) requireAge(ctx context.Context) error {
	if err := r.requireClocks(); err != nil {
		return err
	}
	return r.requireTurn(ctx)
}

// tidy removes epochs that ended longer ago than copies are kept. Claims stay:
// their numbers must never be used again.
func (r *Replica) tidy(ctx context.Context) error {
	p := r.client.place
	e, _ := r.client.now()
	now := time.Now()
	if err := r.requireClocks(); err != nil {
		return err
	}
	all, err := p.manifests(ctx)
	if err != nil {
		return err
	}
	for i := 0; i+1 < len(all) && all[i].Epoch.compare(e) < 0; i++ {
		if all[i+1].StartedAt.After(now.Add(-r.all.SnapshotRetention)) {
			break
		}
		if err := r.requireTurn(ctx); err != nil {
			return err
		}
		// The manifest first: without it nobody restores from the rest.
		if err := p.bucket.remove(ctx, []string{manifestFolder + all[i].Epoch.String() + ".json"}); err != nil {
			return err
		}
		if err := removeAll(ctx, p.bucket, all[i].Epoch.root()+"/"); err != nil {
			return err
		}
		r.log.Info("copies past their time removed", "epoch", all[i].Epoch.String())
	}
	return nil
}
