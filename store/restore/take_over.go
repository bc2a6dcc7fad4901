package restore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"madoguchi/store"
	"madoguchi/store/replica"
)

// Unfinished is why a take-over did not come to its end after it had begun an
// epoch. Nobody serves in that: whoever begins another need not wait for it.
type Unfinished struct {
	Epoch string
	why   error
}

func (u *Unfinished) Error() string { return u.why.Error() }
func (u *Unfinished) Unwrap() error { return u.why }

// TakeOver makes this machine the one that serves: it first closes every other
// server's epoch, so that none of them can answer any more, and then brings
// back all that they have answered. The database that it puts in place goes on
// in the epoch that was begun. With a follower only what that lacks is brought;
// it has to pass the same checks, and where it does not, or lacks too much,
// everything is brought back as with Run. The follower has ended afterwards.
func TakeOver(ctx context.Context, o Options, policy replica.Policy, verify Verify, f *Follower) (_ Report, err error) {
	if f != nil {
		// Before the epoch is closed: a file that does not count any more is not applied.
		f.halt()
		defer func() { err = errors.Join(err, f.End()) }()
	}
	path, err := filepath.Abs(o.Path)
	if err != nil {
		return Report{}, fmt.Errorf("find database: %w", err)
	}
	o.Path = path
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return Report{}, fmt.Errorf("make data folder: %w", err)
	}
	lock, err := store.Lock(path)
	if err != nil {
		return Report{}, fmt.Errorf("take over: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Close()) }()
	seized, err := replica.Seize(ctx, o.Target)
	defer func() {
		if err != nil && seized.Epoch() != "" {
			err = &Unfinished{seized.Epoch(), err}
		}
	}()
	if err != nil {
		return Report{}, err
	}
	o.seized = &seized
	alive, stop := context.WithCancel(ctx)
	defer stop()
	go seized.KeepAlive(alive, policy)
	s := scratch(path)
	if err := s.clear(); err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, s.clear()) }()
	report, err := s.fromFollower(ctx, o, verify, f)
	if err != nil {
		if f != nil && ctx.Err() == nil {
			f.log.Warn("everything is restored instead", "error", err)
		}
		var p Plan
		if p, err = Prepare(ctx, o); err != nil {
			return Report{}, err
		}
		if report, err = s.build(ctx, p, verify); err != nil {
			return Report{}, err
		}
	}
	if err := seized.Write(s.meta()); err != nil {
		return Report{}, err
	}
	report.Aside, err = s.swap(o.aside())
	return report, err
}

// fromFollower makes the copy out of what the follower has.
func (s scratch) fromFollower(ctx context.Context, o Options, verify Verify, f *Follower) (Report, error) {
	if f == nil {
		return Report{}, errUnfit
	}
	if err := f.hand(ctx, *o.seized); err != nil {
		return Report{}, err
	}
	p := Plan{options: o}
	copies, err := o.Target.Open(ctx)
	if err != nil {
		return Report{}, err
	}
	if p.Reported, err = lastBeat(ctx, copies, o.seized.Base); err != nil {
		return Report{}, err
	}
	report, err := p.pass(ctx, s.copied(), verify)
	if err == nil {
		report.Sentences = append([]string{"待機中に作っておいたデータベースを使いました。"}, report.Sentences...)
	}
	return report, err
}
