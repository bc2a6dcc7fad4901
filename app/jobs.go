package app

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"madoguchi/app/attempt"
	"madoguchi/app/intake"
	"madoguchi/app/web"
	"madoguchi/store"
)

// tidyEvery is how often what has expired is deleted.
const tidyEvery = 10 * time.Minute

// startJobs runs the timetable until ctx ends; the function it returns waits
// for the job under way.
func startJobs(ctx context.Context, st *store.Store, log *slog.Logger) (wait func()) {
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(tidyEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if err := tidy(ctx, st); err != nil && ctx.Err() == nil {
					log.Error("tidy expired sessions", "error", err)
				}
			}
		}
	})
	return wg.Wait
}

// tidy deletes what has expired: bookkeeping of the web, which leaves no audit
// entry, and the contents of old lists, which do.
func tidy(ctx context.Context, st *store.Store) error {
	return st.Write(ctx, func(tx *store.Tx) error {
		if _, err := web.DeleteExpired(tx); err != nil {
			return err
		}
		if _, err := attempt.DeleteOld(tx); err != nil {
			return err
		}
		if _, err := intake.ForgetLists(tx); err != nil {
			return err
		}
		return tidyMail(tx)
	})
}
