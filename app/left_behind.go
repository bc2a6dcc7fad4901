package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/problem"
	"madoguchi/store"
	"madoguchi/store/replica"
)

const (
	// leftMargin is how far before the last acknowledged commit is looked: clocks
	// step back, and what was copied is noticed as such.
	leftMargin = 15 * time.Minute
	// leftEvery is how often the serving machine looks for what was left, and how
	// often one that was succeeded tries to hand it over.
	leftEvery = 30 * time.Second
)

// handOver gives what this machine had answered as provisional, before it was
// succeeded, to whoever serves now. It does so once for an epoch.
func handOver(ctx context.Context, cfg Config, log *slog.Logger) error {
	ended, ok, err := replica.EndedHere(cfg.Replica, replica.MetaPath(cfg.Database()))
	if err != nil || !ok {
		return err
	}
	if _, err := os.Lstat(cfg.Database()); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if cfg.Confirm == replica.Refuse {
		return ended.Handed() // what the copies lack was refused
	}
	all, err := answeredSince(ctx, cfg, ended.Since)
	if err != nil {
		return fmt.Errorf("look for what was left behind: %w", err)
	}
	log.Info("what was answered before the take-over is handed over", "epoch", ended.Epoch, "bookings", len(all))
	if len(all) == 0 {
		return ended.Handed()
	}
	text, err := json.Marshal(all)
	if err != nil {
		return fmt.Errorf("write what was left behind: %w", err)
	}
	return ended.Hand(ctx, cfg.Replica, bytes.NewReader(text))
}

func answeredSince(ctx context.Context, cfg Config, since time.Time) (all []booking.Answered, err error) {
	st, err := store.Open(ctx, store.Options{Path: cfg.Database(), Readers: 1})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	if !since.IsZero() {
		since = since.Add(-leftMargin)
	}
	err = st.Read(ctx, func(tx *store.Tx) (err error) {
		all, err = booking.AnsweredSince(tx, since)
		return err
	})
	return all, err
}

// leftBy is the actor for what is done by itself with what was left behind.
var leftBy = audit.Command("left-behind")

// startLeft takes in what earlier machines have left, until ctx ends.
func startLeft(ctx context.Context, st *store.Store, rep *replica.Replica, log *slog.Logger) (wait func()) {
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(leftEvery)
		defer tick.Stop()
		for {
			if err := takeLeft(ctx, st, rep, log); err != nil && ctx.Err() == nil {
				log.Warn("what an earlier machine left could not be taken in", "error", err)
			}
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
		}
	})
	return wg.Wait
}

func takeLeft(ctx context.Context, st *store.Store, rep *replica.Replica, log *slog.Logger) error {
	epochs, err := rep.Left(ctx)
	if err != nil {
		return err
	}
	for _, epoch := range epochs {
		text, err := rep.ReadLeft(ctx, epoch)
		if err != nil {
			return err
		}
		var all []booking.Answered
		if err := json.Unmarshal(text, &all); err != nil {
			return fmt.Errorf("read what %s left: %w", epoch, err)
		}
		if err := takeIn(ctx, st, epoch, all, log); err != nil {
			return err
		}
		// Only what the copies have survives this machine, too.
		last := st.LastCommit().Sequence
		if rep.Status().Copied.Sequence < last {
			continue // the next time: what is there already is noticed
		}
		if err := rep.RemoveLeft(ctx, epoch); err != nil {
			return err
		}
	}
	return nil
}

// takeIn puts what is missing on the work list and carries out what nothing
// stands against. Each entry is three steps, so that what cannot be carried out
// leaves nothing but its reason.
func takeIn(ctx context.Context, st *store.Store, epoch string, all []booking.Answered, log *slog.Logger) error {
	taken, redone := 0, 0
	for _, a := range all {
		var l booking.LeftBehind
		var is bool
		err := st.Write(ctx, func(tx *store.Tx) (err error) {
			l, is, err = booking.TakeIn(tx, leftBy, epoch, a)
			return err
		})
		if err != nil {
			return err
		}
		if !is {
			continue
		}
		taken++
		err = st.Write(ctx, func(tx *store.Tx) error { return booking.Redo(tx, leftBy, l.Ref, l.Version) })
		if err == nil {
			redone++
			continue
		}
		why, ok := problem.As(err)
		if !ok {
			return err
		}
		if err := st.Write(ctx, func(tx *store.Tx) error { return booking.Undecided(tx, leftBy, l, why) }); err != nil {
			return err
		}
	}
	if taken > 0 {
		log.Warn("an earlier machine had answered what was not copied", "epoch", epoch, "taken in", taken, "carried out", redone)
	}
	return nil
}
