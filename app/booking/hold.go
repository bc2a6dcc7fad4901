package booking

import (
	"errors"
	"fmt"
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/settings"
	"madoguchi/store"
)

// timetable acts where nobody asked for it: holds run out, places are offered.
var timetable = audit.Command("timetable")

// Hold keeps a place for a card while answers are checked (仮押さえ), under the
// same rules as a booking and for booking.hold_minutes; Book turns it into one.
// A card has one hold: for another slot it moves there, for the same slot it
// runs out when it would have. Where holds are switched off, nothing is held
// and the Visit is empty. Problems: as Book's.
func Hold(tx *store.Tx, by audit.Actor, w Wish) (Visit, error) {
	if err := ExpireHolds(tx); err != nil {
		return Visit{}, err
	}
	town, err := settings.Get(tx)
	if err != nil || town.HoldMinutes == 0 {
		return Visit{}, err
	}
	if w.Card == 0 {
		return Visit{}, card.NotFound
	}
	s, err := choose(tx, w)
	if err != nil {
		return Visit{}, err
	}
	if _, booked, err := Live(tx, w.Card); err != nil || booked {
		return Visit{}, orProblem(err, AlreadyBooked)
	}
	before, moved, err := HoldOf(tx, w.Card)
	if err != nil || moved && before.SlotID == s.ID && before.Seat == w.Seat {
		return before, err
	}
	row, left, err := w.put(tx, s, Held)
	if err != nil {
		return Visit{}, fmt.Errorf("hold: %w", meaning(err))
	}
	action := audit.BookingHeld
	if moved {
		action = audit.HoldMoved
	}
	if err := audit.Record(tx, by, action, row.Subject(), w.detail(tx, s)); err != nil {
		return Visit{}, err
	}
	v, err := ByRef(tx, row.Ref)
	if err != nil {
		return v, err
	}
	return v, offer(tx, by, left)
}

// HoldOf finds the card's hold; ok is false when it has none, or one that has
// run out.
func HoldOf(tx *store.Tx, id card.ID) (v Visit, ok bool, err error) {
	v, err = one(tx, `booking.card_id = ? AND booking.state = 'held' AND booking.held_until > ?`, id, tx.Now)
	if errors.Is(err, NotFound) {
		return v, false, nil
	}
	return v, err == nil, err
}

// Release gives the card's hold back, if it has one, before it runs out.
func Release(tx *store.Tx, by audit.Actor, id card.ID) error {
	v, held, err := HoldOf(tx, id)
	if err != nil || !held {
		return err
	}
	if err := endHold(tx, by, v.Booking, audit.HoldReleased); err != nil {
		return err
	}
	return offer(tx, by, v.SlotID)
}

// ExpireHolds ends every hold whose time is over and offers the places to those
// who wait. Each operation that asks for a place or a card begins with it; the
// timetable runs it so that a page never shows a place as taken for long.
func ExpireHolds(tx *store.Tx) error {
	due, err := store.All[Booking](tx, `SELECT `+bookingColumns+` FROM booking
		WHERE state = 'held' AND held_until <= ? ORDER BY held_until, id`, tx.Now)
	if err != nil {
		return fmt.Errorf("expire holds: %w", err)
	}
	for _, b := range due {
		if err := endHold(tx, timetable, b, audit.HoldExpired); err != nil {
			return err
		}
		if b.CardID == 0 {
			if err := endOffer(tx, timetable, b.ID, OfferExpired); err != nil {
				return err
			}
		}
	}
	for _, b := range due {
		if err := offer(tx, timetable, b.SlotID); err != nil {
			return err
		}
	}
	return nil
}

// endHold ends a hold. Who was about to book without a card is forgotten: a
// hold leaves nobody's name behind.
func endHold(tx *store.Tx, by audit.Actor, b Booking, action audit.Action) error {
	if _, err := tx.Exec(`UPDATE booking SET state = 'expired', recipient_id = NULL, version = version + 1 WHERE id = ?`, b.ID); err != nil {
		return fmt.Errorf("end hold: %w", err)
	}
	if b.RecipientID != 0 {
		if err := card.ForgetVisitor(tx, b.RecipientID); err != nil {
			return err
		}
	}
	return audit.Record(tx, by, action, b.Subject(), nil)
}

// holdUntil is until when a row in that state is held: the zero time for a booking.
func holdUntil(tx *store.Tx, as State) (time.Time, error) {
	if as != Held {
		return time.Time{}, nil
	}
	town, err := settings.Get(tx)
	return tx.Now.Add(time.Duration(town.HoldMinutes) * time.Minute), err
}

// RanOut reports whether the card's newest hold was in that slot and is over.
func RanOut(tx *store.Tx, id card.ID, slotID int64) (bool, error) {
	n, err := store.One[int](tx, `SELECT count(*) FROM booking WHERE slot_id = ? AND (state = 'expired' OR state = 'held' AND held_until <= ?)
		AND id = (SELECT max(id) FROM booking WHERE card_id = ?)`, slotID, tx.Now, id)
	return n > 0, err
}
