package booking

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/store"
)

// Wish is what someone wants to book.
type Wish struct {
	Card    card.ID
	Slot    store.Ref
	Channel Channel
	Seat    Seat
	Reason  string // needed for OverSeat
}

// Book makes a booking. Problems: SlotNotFound, SlotFull, SlotClosed,
// SlotPast, OutsidePeriod, AlreadyBooked, CardIssued, ReasonMissing.
//
// Residents are held to the bookable period; staff may book any slot that has
// not ended. Whether there is a place, and whether the card is free, the
// schema decides.
func Book(tx *store.Tx, by audit.Actor, w Wish) (Visit, error) {
	s, err := choose(tx, w)
	if err != nil {
		return Visit{}, err
	}
	if _, booked, err := Live(tx, w.Card); err != nil || booked {
		return Visit{}, orProblem(err, AlreadyBooked)
	}
	b := Booking{Ref: store.NewRef()}
	for {
		b.Number = newNumber()
		_, err = tx.Insert(`INSERT INTO booking (ref, number, slot_id, card_id, seat, reason, channel, state, booked_at)
			VALUES (?, ?, ?, ?, ?, ?, ?, 'booked', ?)`,
			b.Ref, string(b.Number), s.ID, store.Opt(w.Card), w.Seat, w.reason(), w.Channel, tx.Now)
		if !store.Broke(err, store.Unique, "booking.number") {
			break // else the number was drawn before: draw again
		}
	}
	if err != nil {
		return Visit{}, fmt.Errorf("book: %w", meaning(err))
	}
	if err := audit.Record(tx, by, audit.Booked, b.Subject(), w.detail(tx, s)); err != nil {
		return Visit{}, err
	}
	return ByRef(tx, b.Ref)
}

// Change moves a live booking to another slot in one step: the old place is
// given up only if the new one is certain. The number stays. Problems: as
// Book's, and NotFound, Stale, NotLive, PastCutoff (residents).
func Change(tx *store.Tx, by audit.Actor, ref store.Ref, version int, w Wish) (Visit, error) {
	old, err := editable(tx, by, ref, version)
	if err != nil {
		return old, err
	}
	w.Card = old.CardID
	s, err := choose(tx, w)
	if err != nil {
		return old, err
	}
	_, err = tx.Exec(`UPDATE booking SET slot_id = ?, seat = ?, reason = ?, channel = ?, changed_at = ?, version = version + 1
		WHERE id = ?`, s.ID, w.Seat, w.reason(), w.Channel, tx.Now, old.ID)
	if err != nil {
		return old, fmt.Errorf("change booking: %w", meaning(err))
	}
	detail := w.detail(tx, s)
	detail["from"] = old.Slot.Ref
	if err := audit.Record(tx, by, audit.BookingChanged, old.Subject(), detail); err != nil {
		return old, err
	}
	return ByRef(tx, ref)
}

// Cancel gives a live booking's place back. Problems: NotFound, Stale,
// NotLive, PastCutoff (residents).
func Cancel(tx *store.Tx, by audit.Actor, ref store.Ref, version int) (Visit, error) {
	old, err := editable(tx, by, ref, version)
	if err != nil {
		return old, err
	}
	_, err = tx.Exec(`UPDATE booking SET state = 'cancelled', cancelled_at = ?, version = version + 1 WHERE id = ?`, tx.Now, old.ID)
	if err != nil {
		return old, fmt.Errorf("cancel booking: %w", err)
	}
	if err := audit.Record(tx, by, audit.BookingCancelled, old.Subject(), audit.Detail{"slot": old.Slot.Ref}); err != nil {
		return old, err
	}
	return ByRef(tx, ref)
}

// MarkDone closes the card's live booking, if it has one, when the card is issued.
func MarkDone(tx *store.Tx, by audit.Actor, id card.ID) error {
	v, booked, err := Live(tx, id)
	if err != nil || !booked {
		return err
	}
	if _, err := tx.Exec(`UPDATE booking SET state = 'done', version = version + 1 WHERE id = ?`, v.ID); err != nil {
		return fmt.Errorf("close booking: %w", err)
	}
	return audit.Record(tx, by, audit.BookingDone, v.Subject(), nil)
}

// editable finds a live booking that is still as the caller saw it.
func editable(tx *store.Tx, by audit.Actor, ref store.Ref, version int) (Visit, error) {
	v, err := ByRef(tx, ref)
	switch {
	case err != nil:
		return v, err
	case !v.Live():
		return v, NotLive
	case v.Version != version:
		return v, Stale
	}
	if by.Kind == audit.Resident {
		can, err := CanChange(tx, v)
		if err != nil || !can {
			return v, orProblem(err, PastCutoff)
		}
	}
	return v, nil
}

// choose checks what the schema cannot know: the time, and the card.
func choose(tx *store.Tx, w Wish) (Slot, error) {
	if err := w.check(); err != nil {
		return Slot{}, err
	}
	s, err := SlotByRef(tx, w.Slot)
	if err != nil {
		return s, err
	}
	if w.Seat == ResidentSeat {
		p, err := BookablePeriod(tx)
		if err != nil {
			return s, err
		}
		if !tx.Now.Before(s.At()) {
			return s, SlotPast
		}
		if !p.Holds(s.HeldOn) {
			return s, OutsidePeriod
		}
	} else if !tx.Now.Before(s.HeldOn.At(s.Ends)) {
		return s, SlotPast
	}
	if w.Card != 0 {
		r, err := card.GetByID(tx, w.Card)
		if err != nil {
			return s, err
		}
		if r.Issued() {
			return s, CardIssued
		}
	}
	return s, nil
}

// reasonLength is the most characters of a reason.
const reasonLength = 200

func (w Wish) check() error {
	if w.Seat != OverSeat {
		return nil
	}
	switch n := utf8.RuneCountInString(w.reason()); {
	case n == 0:
		return ReasonMissing.On("reason")
	case n > reasonLength:
		return ReasonTooLong.On("reason").With("most", fmt.Sprint(reasonLength))
	}
	return nil
}

// reason is kept only where capacity was passed.
func (w Wish) reason() string {
	if w.Seat != OverSeat {
		return ""
	}
	return strings.TrimSpace(w.Reason)
}

// detail is what the audit log says of a wish. The card is named by its Ref.
func (w Wish) detail(tx *store.Tx, s Slot) audit.Detail {
	d := audit.Detail{"slot": s.Ref, "seat": w.Seat, "channel": w.Channel}
	if w.Seat == OverSeat {
		d["reason"] = true // the reason itself stands in the booking: it may name people
	}
	if r, err := card.GetByID(tx, w.Card); err == nil {
		d["card"] = r.Ref
	}
	return d
}

// meaning says what the schema's refusal means here.
func meaning(err error) error {
	switch {
	case store.Broke(err, store.Check, "slot_full"):
		return SlotFull
	case store.Broke(err, store.Trigger, "slot_closed"):
		return SlotClosed
	case store.Broke(err, store.Unique, "booking.card_id"):
		return AlreadyBooked
	case store.Broke(err, store.Trigger, "card_is_issued"):
		return CardIssued
	}
	return err
}

func orProblem(err, otherwise error) error {
	if err != nil {
		return err
	}
	return otherwise
}

// Invariants recounts what the triggers have counted and looks for what the
// schema should have made impossible. It returns one sentence for each thing
// that is wrong, in English, for operators.
func Invariants(tx *store.Tx) ([]string, error) {
	var wrong []string
	for _, c := range []struct{ says, query string }{
		{"slots whose counts differ from their bookings", `SELECT count(*) FROM slot WHERE
			taken <> (SELECT count(*) FROM booking WHERE slot_id = slot.id AND state <> 'cancelled' AND seat = 'resident') OR
			staff_taken <> (SELECT count(*) FROM booking WHERE slot_id = slot.id AND state <> 'cancelled' AND seat = 'staff') OR
			over <> (SELECT count(*) FROM booking WHERE slot_id = slot.id AND state <> 'cancelled' AND seat = 'over')`},
		{"slots with more bookings than places", `SELECT count(*) FROM slot WHERE taken > capacity OR taken + staff_taken > capacity + reserve`},
		{"cards with more than one live booking", `SELECT count(*) FROM (SELECT card_id FROM booking
			WHERE state = 'booked' AND card_id IS NOT NULL GROUP BY card_id HAVING count(*) > 1)`},
		{"issued cards with a live booking", `SELECT count(*) FROM booking JOIN card ON card.id = booking.card_id
			WHERE booking.state = 'booked' AND card.issued_at IS NOT NULL`},
		{"bookings without an audit entry", `SELECT count(*) FROM booking WHERE NOT EXISTS (
			SELECT 1 FROM audit WHERE subject_kind = 'booking' AND subject = booking.ref AND action = 'booked')`},
	} {
		n, err := store.One[int](tx, c.query)
		if err != nil {
			return nil, fmt.Errorf("check %s: %w", c.says, err)
		}
		if n > 0 {
			wrong = append(wrong, fmt.Sprintf("%d %s", n, c.says))
		}
	}
	return wrong, nil
}
