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

// TakeOver makes this machine the one that serves: it first closes every other
// server's epoch, so that none of them can answer any more, and then brings
// back all that they have answered. The database that it puts in place goes on
// in the epoch that was begun. Everything else is as with Run.
func TakeOver(ctx context.Context, o Options, policy replica.Policy, verify Verify) (_ Report, err error) {
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
	if err != nil {
		return Report{}, err
	}
	o.seized = &seized
	alive, stop := context.WithCancel(ctx)
	defer stop()
	go seized.KeepAlive(alive, policy)
	p, err := Prepare(ctx, o)
	if err != nil {
		return Report{}, err
	}
	s := scratch(path)
	if err := s.clear(); err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, s.clear()) }()
	report, err := s.build(ctx, p, verify)
	if err != nil {
		return Report{}, err
	}
	if err := seized.Write(s.meta()); err != nil {
		return Report{}, err
	}
	report.Aside, err = s.swap(p.Aside)
	return report, err
}
