package app

import (
	"context"
	"sync"
	"time"

	"madoguchi/store"
)

// startPulse gives the manager's watchdog a sign of life for as long as writes
// to the database go through: those of visitors, or one of its own when there
// are none. Where the writer hangs, the signs end and the manager starts the
// process anew. The function it returns waits for the turn under way.
func (svc *service) startPulse(ctx context.Context) (wait func()) {
	if svc.host.watchdog == 0 {
		return func() {}
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(svc.host.watchdog / 3)
		defer tick.Stop()
		for seen := svc.st.LastCommit().Sequence; ; {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
			}
			if svc.st.LastCommit().Sequence == seen {
				err := svc.st.Pulse(ctx)
				if err != nil && ctx.Err() == nil {
					svc.log.Error("the database cannot be written to", "error", err)
				}
				// A full disk is no emptier after a new start; reading goes on meanwhile.
				if err != nil && !store.Full(err) {
					continue
				}
			}
			seen = svc.st.LastCommit().Sequence
			svc.host.alive()
		}
	})
	return wg.Wait
}
