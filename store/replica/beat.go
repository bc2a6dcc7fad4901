package replica

import (
	"context"
	"errors"
	"fmt"
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

// tidy removes epochs that ended longer ago than copies are kept. Claims stay:
// their numbers must never be used again.
func (r *Replica) tidy(ctx context.Context) error {
	p := r.client.place
	e, _ := r.client.now()
	own, err := p.bucket.list(ctx, beatFolder+e.Node, "")
	if err != nil || len(own) == 0 {
		return err
	}
	now := time.Now()
	if skew := own[0].at.Sub(now).Abs(); skew > maxSkew {
		return fmt.Errorf("the clocks of this machine and of the store differ by %v", skew.Round(time.Second))
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
