package public

import (
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/store"
)

func TestCardThatComesByPostNeedsNoBooking(t *testing.T) {
	w := newTown(t, 1)
	r := w.card(0)
	express := card.Reading{Card: card.Card{IssueKind: card.Express}}
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		_, err := card.Correct(tx, w.by, r.Card.Ref, card.Versions{Card: r.Card.Version, Person: r.PersonVersion}, express)
		return err
	})
	for language, says := range map[string]string{"": "受け取りの予約はいりません", "/easy": "予約は いりません", "/en": "do not need a booking"} {
		p := w.client.Another().Get(language+"/sign-in").Submit(language+"/sign-in", answers(0))
		w.at(p, language+"/venues")
		apptest.BannedInIE11(t, "not_needed.html", p.Body)
		if !strings.Contains(p.Text(), says) {
			t.Errorf("got %q, want it to say %q", p.Text(), says)
		}
	}
	slot := w.slot(w.main, on(12, 2), 9*60)
	book := func(channel booking.Channel) error {
		return w.st.Write(t.Context(), func(tx *store.Tx) error {
			_, err := booking.Book(tx, w.by, booking.Wish{Card: r.Card.ID, Slot: slot.Ref, Channel: channel, Seat: booking.ResidentSeat})
			return err
		})
	}
	if err := book(booking.Web); err == nil || !strings.Contains(err.Error(), booking.NotNeeded.Code) {
		t.Errorf("got %v for a booking of the resident's, want it refused", err)
	}
	if err := book(booking.Telephone); err != nil {
		t.Errorf("got %v for one by telephone, want it made", err)
	}
}
