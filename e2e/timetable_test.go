package e2e

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/store"
)

// A seat that was held too long while nobody looked is freed by the running
// program itself, and offered to who waits for it; after that it writes nothing
// while there is nothing to do.
func TestTimetableFreesHeldSeatsAndOffersThem(t *testing.T) {
	w := run(t)
	w.down()
	waiting := w.holdTheOnlySeat(time.Now().Add(-time.Hour))
	w.up()
	var state booking.WaitingState
	for begin := time.Now(); state != booking.Offered; time.Sleep(100 * time.Millisecond) {
		if time.Since(begin) > 20*time.Second {
			t.Fatalf("got the state %q of who waits after 20 seconds, want an offer", state)
		}
		w.read(func(tx *store.Tx) error {
			e, err := booking.WaitingByRef(tx, waiting)
			state = e.State
			return err
		})
	}
	before := w.commits()
	time.Sleep(5 * time.Second)
	if after := w.commits(); after != before {
		t.Errorf("got %d commits in five seconds in which nobody did anything, want none", after-before)
	}
}

func (w *town) commits() (n int) {
	w.read(func(tx *store.Tx) (err error) {
		n, err = store.One[int](tx, `SELECT commit_seq FROM store_state`)
		return err
	})
	return n
}

// holdTheOnlySeat makes a place with one seat, which someone holds since an
// instant, and puts a second person on the waiting list for it.
func (w *town) holdTheOnlySeat(at time.Time) (waiting store.Ref) {
	w.Helper()
	people := w.unbooked(2)
	st, err := store.Open(w.Context(), store.Options{Path: filepath.Join(w.data(), "madoguchi.db"), Clock: func() time.Time { return at }})
	if err != nil {
		w.Fatal(err)
	}
	by := audit.Command("test")
	err = st.Write(w.Context(), func(tx *store.Tx) error {
		v, err := booking.AddVenue(tx, by, booking.Venue{Name: "一席だけの会場"})
		if err != nil {
			return err
		}
		s, err := booking.CardIssuance(tx)
		if err != nil {
			return err
		}
		on := jp.DateOf(at).AddDays(5)
		if err := booking.AddSlots(tx, by, v, s, []booking.Window{{HeldOn: on, Starts: 600, Ends: 630, Capacity: 1}}); err != nil {
			return err
		}
		slots, err := booking.DaySlots(tx, v.ID, s.ID, on)
		if err != nil {
			return err
		}
		var cards []card.ID
		for _, p := range people {
			n, err := card.ParseNoticeNumber(p.Number)
			if err != nil {
				return err
			}
			r, err := card.ByNoticeNumber(tx, n)
			if err != nil {
				return err
			}
			cards = append(cards, r.Card.ID)
		}
		if _, err := booking.Hold(tx, by, booking.Wish{Card: cards[0], Slot: slots[0].Ref, Channel: booking.Web, Seat: booking.ResidentSeat}); err != nil {
			return err
		}
		e, err := booking.Join(tx, by, booking.WaitingWish{Card: cards[1], Venue: v.ID, Service: s.ID, From: on, Until: on})
		waiting = e.Ref
		return err
	})
	if err := errors.Join(err, st.Close()); err != nil {
		w.Fatal(err)
	}
	return waiting
}
