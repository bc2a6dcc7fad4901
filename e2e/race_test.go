package e2e

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"madoguchi/app/bench"
	"madoguchi/store"
)

// place is a slot with what residents have left in it.
type place struct {
	Ref  string
	Left int
}

// free lists slots that residents may book.
func (w *town) free(n int) []place {
	w.Helper()
	var all []place
	w.read(func(tx *store.Tx) (err error) {
		all, err = store.All[place](tx, `SELECT ref, min(capacity - taken, capacity + reserve - taken - staff_taken) AS left FROM slot
			WHERE open = 1 AND capacity > taken AND held_on > ?
			  AND service_id = (SELECT id FROM service WHERE code = 'card_issuance') ORDER BY held_on DESC, starts LIMIT ?`,
			tx.Now.AddDate(0, 0, 1).Format("2006-01-02"), n)
		return err
	})
	if len(all) < n {
		w.Fatalf("got %d free slots, want %d", len(all), n)
	}
	return all
}

// Sixty-four people press the button for the same slot at the same moment, fifty times.
func TestRaceForOneSlot(t *testing.T) {
	const clients, rounds = 64, 50
	w := run(t)
	transport := bench.Transport(clients)
	residents := make([]*bench.Resident, clients)
	for i, p := range w.unbooked(clients) {
		residents[i] = bench.NewResident(w.start.Public, transport)
		if err := residents[i].SignIn(t.Context(), p.Number, p.BirthDate); err != nil {
			t.Fatal(err)
		}
	}
	for round, slot := range w.free(rounds) {
		winners := w.race(residents, slot)
		if len(winners) != slot.Left {
			t.Fatalf("round %d: got %d winners, want %d", round, len(winners), slot.Left)
		}
		for _, r := range winners {
			cancel(t, r)
		}
	}
}

// race lets everyone book the slot at once and returns who was answered "booked".
func (w *town) race(residents []*bench.Resident, slot place) (winners []*bench.Resident) {
	w.Helper()
	forms := make([]bench.Form, len(residents))
	for i, r := range residents {
		var err error
		if forms[i], err = r.Choose(w.Context(), slot.Ref); err != nil {
			w.Fatal(err)
		}
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	begin := make(chan struct{})
	for i, r := range residents {
		wg.Go(func() {
			<-begin
			answer, err := r.Send(w.Context(), forms[i])
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
				w.Errorf("resident %d: %v", i, err)
			case answer.Status == http.StatusSeeOther:
				winners = append(winners, r)
			default:
				w.mustOfferOthers(answer, slot)
			}
		})
	}
	close(begin)
	wg.Wait()
	w.read(func(tx *store.Tx) error {
		booked, err := store.One[int](tx, `SELECT count(*) FROM booking JOIN slot ON slot.id = booking.slot_id
			WHERE slot.ref = ? AND booking.state = 'booked' AND booking.seat = 'resident'`, slot.Ref)
		if err == nil && booked < len(winners) {
			err = fmt.Errorf("%d were answered booked, the database holds %d", len(winners), booked)
		}
		return err
	})
	return winners
}

// mustOfferOthers demands what a loser is owed: what happened, what was
// chosen, and the nearest free times to go on with.
func (w *town) mustOfferOthers(a bench.Answer, lost place) {
	w.Helper()
	if a.Status != http.StatusConflict || !strings.Contains(string(a.Body), "満員") {
		w.Errorf("got status %d, want 409 and why", a.Status)
	}
	offers := a.Buttons("slot")
	if len(offers) == 0 {
		w.Errorf("got no nearest free times, want some")
	}
	for _, o := range offers {
		if o == string(lost.Ref) {
			w.Errorf("the lost slot is offered again")
		}
	}
}

func cancel(t *testing.T, r *bench.Resident) {
	t.Helper()
	page, err := r.Get(t.Context(), "/booking/cancel")
	if err != nil {
		t.Fatal(err)
	}
	form, err := page.FormTo("/booking/cancel")
	if err != nil {
		t.Fatal(err)
	}
	if answer, err := r.Send(t.Context(), form); err != nil || answer.Status != http.StatusSeeOther {
		t.Fatalf("cancel: status %d, %v", answer.Status, err)
	}
}

// A double tap and a lost reply: the same form sent twice, at once and later,
// makes one booking and gives the same answer.
func TestSameFormTwiceBooksOnce(t *testing.T) {
	w := run(t)
	p := w.unbooked(1)[0]
	r := bench.NewResident(w.start.Public, bench.Transport(4))
	if err := r.SignIn(t.Context(), p.Number, p.BirthDate); err != nil {
		t.Fatal(err)
	}
	form, err := r.Choose(t.Context(), w.free(1)[0].Ref)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	answers := make([]bench.Answer, 5)
	for i := range 4 {
		wg.Go(func() {
			var err error
			if answers[i], err = r.Send(t.Context(), form); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if answers[4], err = r.Send(t.Context(), form); err != nil {
		t.Fatal(err)
	}
	for i, a := range answers {
		if a.Status != http.StatusSeeOther || a.Location != answers[0].Location {
			t.Errorf("answer %d: got %d to %q, want the first result again", i, a.Status, a.Location)
		}
	}
	w.read(func(tx *store.Tx) error {
		n, err := store.One[int](tx, `SELECT count(*) FROM booking JOIN card ON card.id = booking.card_id
			WHERE replace(card.notice_number, '-', '') = replace(?, '-', '')`, p.Number)
		if n != 1 {
			t.Errorf("got %d bookings, want 1", n)
		}
		return err
	})
}
