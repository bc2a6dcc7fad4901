package app

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"madoguchi/app/booking"
	"madoguchi/store"
)

// seatsEvery is how late a hold may run out, and how late a place that became
// free is offered to who waits for it.
const seatsEvery = 2 * time.Second

// startSeats frees what was held too long and offers free places to those who
// wait, until ctx ends; the function it returns waits for the turn under way.
func startSeats(ctx context.Context, st *store.Store, log *slog.Logger) (wait func()) {
	var wg sync.WaitGroup
	wg.Go(func() {
		tick := time.NewTicker(seatsEvery)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if err := seats(ctx, st); err != nil && ctx.Err() == nil {
					log.Error("free held places and offer them", "error", err)
				}
			}
		}
	})
	return wg.Wait
}

// seats writes only when there is something to do: a turn without is one short read.
func seats(ctx context.Context, st *store.Store) error {
	var due bool
	err := st.Read(ctx, func(tx *store.Tx) (err error) {
		due, err = booking.SeatsDue(tx)
		return err
	})
	if err != nil || !due {
		return err
	}
	return st.Write(ctx, booking.OfferFree)
}
