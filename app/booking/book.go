package booking

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/mail"
	"madoguchi/store"
)

// Wish is what someone wants to book.
type Wish struct {
	Card    card.ID
	Slot    store.Ref
	Channel Channel
	Seat    Seat
	Reason  string // needed for OverSeat, and for a booking without a card
	Lang    string // language for the mail about it; "" means Japanese

	visitor int64     // whose booking it is without a card; see BookVisitor
	group   store.Ref // of the bookings made together; see BookTogether
	ref     store.Ref // of a booking that another machine had made; see Redo
	number  Number    // its number; "" for a new one
}

// Book makes a booking; the card's own hold, if it has one, becomes it. The
// person's mail is queued and, where the place is one they waited for, their
// entry on the waiting list ends. Problems: card.NotFound, SlotNotFound,
// SlotFull, SlotClosed, SlotPast, OutsidePeriod, AlreadyBooked, CardIssued,
// NotNeeded, ReasonMissing.
//
// Residents are held to the bookable period; staff may book any slot that has
// not ended. Whether there is a place, and whether the card is free, the
// schema decides.
func Book(tx *store.Tx, by audit.Actor, w Wish) (Visit, error) {
	if w.Card == 0 {
		return Visit{}, card.NotFound
	}
	if err := ExpireHolds(tx); err != nil {
		return Visit{}, err
	}
	v, left, err := book(tx, by, w)
	if err != nil {
		return v, err
	}
	return v, offer(tx, by, left...)
}

// book is Book without what comes before and after: due holds have run out, and
// the caller offers the places that were left to those who wait.
func book(tx *store.Tx, by audit.Actor, w Wish) (v Visit, left []int64, err error) {
	s, err := choose(tx, w)
	if err != nil {
		return v, nil, err
	}
	if _, booked, err := Live(tx, w.Card); err != nil || booked {
		return v, nil, orProblem(err, AlreadyBooked)
	}
	row, held, err := w.put(tx, s, Booked)
	if err != nil {
		return v, nil, fmt.Errorf("book: %w", meaning(err))
	}
	if err := audit.Record(tx, by, audit.Booked, row.Subject(), w.detail(tx, s)); err != nil {
		return v, nil, err
	}
	v, waited, err := settled(tx, by, mail.Message{Kind: mail.Booked, Lang: w.Lang}, row.Ref)
	return v, []int64{waited, held}, err
}

// put writes a wish as a booking or hold: over the card's hold, if it has one,
// else as a new row. left is the slot that the hold was in, if another.
func (w Wish) put(tx *store.Tx, s Slot, as State) (row Booking, left int64, err error) {
	until, err := holdUntil(tx, as)
	if err != nil {
		return row, 0, err
	}
	if held, ok, err := HoldOf(tx, w.Card); err != nil {
		return row, 0, err
	} else if ok {
		if held.SlotID != s.ID {
			left = held.SlotID
		}
		_, err = tx.Exec(`UPDATE booking SET slot_id = ?, seat = ?, reason = ?, channel = ?, state = ?, booked_at = ?, held_until = ?,
			group_ref = ?, version = version + 1 WHERE id = ?`,
			s.ID, w.Seat, w.reason(), w.Channel, as, tx.Now, until, store.Opt(w.group), held.ID)
		return held.Booking, left, err
	}
	if row.Ref = w.ref; row.Ref == "" {
		row.Ref = store.NewRef()
	}
	if row.Number = w.number; row.Number == "" {
		if row.Number, err = drawNumber(tx); err != nil {
			return row, 0, err
		}
	}
	id, err := tx.Insert(`INSERT INTO booking (ref, number, slot_id, card_id, recipient_id, seat, reason, channel, state,
		booked_at, held_until, group_ref) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
		row.Ref, string(row.Number), s.ID, store.Opt(w.Card), store.Opt(w.visitor), w.Seat, w.reason(), w.Channel, as,
		tx.Now, until, store.Opt(w.group))
	row.ID = ID(id)
	return row, 0, err
}

// settled does what follows from a booking that was made or changed: its mail,
// and the end of waiting for what has been reached. left is the slot of the
// place that was held for who waited; 0 for none.
func settled(tx *store.Tx, by audit.Actor, m mail.Message, ref store.Ref) (v Visit, left int64, err error) {
	if v, err = ByRef(tx, ref); err != nil {
		return v, 0, err
	}
	if err := tell(tx, by, m, v); err != nil || !v.Live() {
		return v, 0, err
	}
	left, err = reached(tx, by, v)
	return v, left, err
}

// tell queues a mail about a booking, if there is someone to tell.
func tell(tx *store.Tx, by audit.Actor, m mail.Message, v Visit) error {
	if v.CardID == 0 && v.RecipientID == 0 {
		return nil
	}
	m.Card, m.Visitor, m.BookingRef = int64(v.CardID), v.RecipientID, v.Booking.Ref
	_, err := mail.Queue(tx, by, m)
	return err
}

// Change moves a live booking to another slot in one step: the old place is
// given up only if the new one is certain. The number stays; who had checked
// in is expected anew. Problems: as Book's, and NotFound, Stale, NotLive,
// PastCutoff (residents).
func Change(tx *store.Tx, by audit.Actor, ref store.Ref, version int, w Wish) (Visit, error) {
	if err := ExpireHolds(tx); err != nil {
		return Visit{}, err
	}
	old, err := editable(tx, by, ref, version)
	if err != nil {
		return old, err
	}
	w.Card, w.visitor = old.CardID, old.RecipientID
	if w.Card == 0 && w.Reason == "" {
		w.Reason = old.Reason
	}
	s, err := choose(tx, w)
	if err != nil {
		return old, err
	}
	return change(tx, by, old, w, s)
}

func change(tx *store.Tx, by audit.Actor, old Visit, w Wish, s Slot) (Visit, error) {
	_, err := tx.Exec(`UPDATE booking SET slot_id = ?, seat = ?, reason = ?, channel = ?, state = 'booked', changed_at = ?,
		checked_in_at = NULL, called_at = NULL, called_to = '', version = version + 1
		WHERE id = ?`, s.ID, w.Seat, w.reason(), w.Channel, tx.Now, old.ID)
	if err != nil {
		return old, fmt.Errorf("change booking: %w", meaning(err))
	}
	detail := w.detail(tx, s)
	detail["from"] = old.Slot.Ref
	if err := audit.Record(tx, by, audit.BookingChanged, old.Subject(), detail); err != nil {
		return old, err
	}
	v, waited, err := settled(tx, by, mail.Message{Kind: mail.Changed, Lang: w.Lang}, old.Booking.Ref)
	if err != nil {
		return v, err
	}
	return v, offer(tx, by, waited, old.SlotID)
}

// Cancel gives a live booking's place back, and offers it to whoever waits for
// it. Problems: NotFound, Stale, NotLive, PastCutoff (residents).
func Cancel(tx *store.Tx, by audit.Actor, ref store.Ref, version int) (Visit, error) {
	if err := ExpireHolds(tx); err != nil {
		return Visit{}, err
	}
	old, err := editable(tx, by, ref, version)
	if err != nil {
		return old, err
	}
	if err := cancel(tx, by, old, nil); err != nil {
		return old, err
	}
	if old.RecipientID != 0 {
		// What a visitor waits for is a sooner time than this one.
		if err := stopWaiting(tx, by, waiter{visitor: old.RecipientID}); err != nil {
			return old, err
		}
	}
	v, _, err := settled(tx, by, mail.Message{Kind: mail.Cancelled}, ref)
	if err != nil {
		return v, err
	}
	return v, offer(tx, by, old.SlotID)
}

func cancel(tx *store.Tx, by audit.Actor, old Visit, detail audit.Detail) error {
	_, err := tx.Exec(`UPDATE booking SET state = 'cancelled', cancelled_at = ?, version = version + 1 WHERE id = ?`, tx.Now, old.ID)
	if err != nil {
		return fmt.Errorf("cancel booking: %w", err)
	}
	if detail == nil {
		detail = audit.Detail{}
	}
	detail["slot"] = old.Slot.Ref
	return audit.Record(tx, by, audit.BookingCancelled, old.Subject(), detail)
}

// MarkDone closes the card's live booking, if it has one, when the card is
// issued. One for a later day is cancelled without a word to the person, who is
// at the counter, and its place is offered to whoever waits for it. A hold of
// the card and its place on the waiting list end with it.
func MarkDone(tx *store.Tx, by audit.Actor, id card.ID) error {
	if err := Release(tx, by, id); err != nil {
		return err
	}
	if err := stopWaiting(tx, by, waiter{card: id}); err != nil {
		return err
	}
	v, booked, err := Live(tx, id)
	if err != nil || !booked {
		return err
	}
	if v.Slot.HeldOn.After(jp.DateOf(tx.Now)) {
		if err := cancel(tx, by, v, audit.Detail{"issued": true}); err != nil {
			return err
		}
		return offer(tx, by, v.SlotID)
	}
	_, err = tx.Exec(`UPDATE booking SET state = 'done', ended_at = ?, version = version + 1 WHERE id = ?`, tx.Now, v.ID)
	if err != nil {
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
	if !s.Open && w.Seat != OverSeat {
		return s, SlotClosed
	}
	if w.Seat == ResidentSeat {
		if err := ResidentsMay(tx, s); err != nil {
			return s, err
		}
	} else if !tx.Now.Before(s.HeldOn.At(s.Ends)) {
		return s, SlotPast
	}
	if w.Card != 0 {
		r, err := card.GetByID(tx, w.Card)
		if err != nil {
			return s, err
		}
		switch {
		case r.Issued():
			return s, CardIssued
		case w.Seat == ResidentSeat && w.Channel == Web && !r.NeedsBooking:
			return s, notNeeded(tx, s)
		}
	}
	return s, nil
}

// notNeeded refuses what is about the card itself, which comes without a visit;
// services without a notice are about something else.
func notNeeded(tx *store.Tx, s Slot) error {
	other, err := store.One[bool](tx, `SELECT without_notice FROM service WHERE id = ?`, s.ServiceID)
	if err == nil && !other {
		return NotNeeded
	}
	return err
}

// reasonLength is the most characters of a reason.
const reasonLength = 200

func (w Wish) check() error {
	if !w.explains() {
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

// explains reports whether the wish is one that needs a reason: beyond
// capacity, or for a person who is not on record.
func (w Wish) explains() bool {
	return w.Seat == OverSeat || w.visitor != 0 && strings.TrimSpace(w.Reason) != ""
}

// reason is kept only where one is needed.
func (w Wish) reason() string {
	if !w.explains() {
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
	if w.group != "" {
		d["group"] = w.group
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
