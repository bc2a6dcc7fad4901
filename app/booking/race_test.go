package booking

import (
	"math/rand/v2"
	"sync"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/card"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// TestSixtyFourPeopleDoEverythingAtOnce mixes every operation from 64
// goroutines, each for cards of its own and for one that all share. Who was
// told that they have a booking has it, and the rules hold.
func TestSixtyFourPeopleDoEverythingAtOnce(t *testing.T) {
	const clients, rounds = 64, 12
	w := newTown(t, 6, 3, 2, 2*clients+1)
	var mu sync.Mutex
	told := map[card.ID]store.Ref{} // the last answer for each card of one client only
	var wg sync.WaitGroup
	for client := range clients {
		wg.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(client), 3))
			mine := []card.ID{w.cards[2*client].ID, w.cards[2*client+1].ID}
			for range rounds {
				for id, ref := range w.race(rng, mine) {
					mu.Lock()
					told[id] = ref
					mu.Unlock()
				}
			}
		})
	}
	wg.Wait()
	apptest.Read(t, w.st, func(tx *store.Tx) error {
		for id, ref := range told {
			v, booked, err := Live(tx, id)
			if err != nil {
				return err
			}
			if booked != (ref != "") || booked && v.Booking.Ref != ref {
				t.Errorf("card %d: got booking %q (%v), want what its holder was told last: %q", id, v.Booking.Ref, booked, ref)
			}
		}
		n, err := store.One[int](tx, `SELECT count(*) FROM booking WHERE state IN `+live)
		if n == 0 {
			t.Error("got no booking at all, want the race to have made some")
		}
		return err
	})
	w.mustHold()
}

// race does one random thing and returns what the cards' holders were told:
// the Ref of their booking, "" for none. Refusals tell nothing new.
func (w *town) race(rng *rand.Rand, mine []card.ID) map[card.ID]store.Ref {
	told := map[card.ID]store.Ref{}
	slot := w.slots[rng.IntN(len(w.slots))]
	id := mine[rng.IntN(len(mine))]
	shared := w.cards[len(w.cards)-1].ID
	wish := Wish{Card: id, Slot: slot.Ref, Channel: Web, Seat: []Seat{ResidentSeat, StaffSeat}[rng.IntN(2)]}
	op := rng.IntN(9)
	err := w.st.Write(w.Context(), func(tx *store.Tx) error {
		v, booked, err := Live(tx, id)
		if err != nil {
			return err
		}
		switch op {
		case 0, 1:
			v, err = Book(tx, w.by, wish)
			told[id] = v.Booking.Ref
		case 2:
			_, err = Hold(tx, w.by, wish)
		case 3:
			var all []Visit
			all, err = BookTogether(tx, w.by, mine, wish)
			for i, v := range all {
				told[mine[i]] = v.Booking.Ref
			}
		case 4:
			wish.Card = shared
			_, err = Book(tx, w.by, wish)
		case 5:
			_, err = Join(tx, w.by, WaitingWish{Card: id, Venue: slot.VenueID, Service: slot.ServiceID, From: slot.HeldOn, Until: slot.HeldOn})
		case 6:
			if booked {
				v, err = Change(tx, w.by, v.Booking.Ref, v.Version, wish)
				told[id] = v.Booking.Ref
			}
		case 7:
			if booked {
				_, err = Cancel(tx, w.by, v.Booking.Ref, v.Version)
				told[id] = ""
			}
		default:
			var entry Waiting
			if entry, booked, err = WaitingOf(tx, id); err == nil && booked {
				v, err = TakeOffer(tx, w.by, entry.Ref, entry.Version)
				told[id] = v.Booking.Ref
			}
		}
		return err
	})
	if _, expected := problem.As(err); err != nil && !expected {
		w.Errorf("operation %d: got %v, want success or a problem", op, err)
	}
	if err != nil {
		return nil
	}
	return told
}
