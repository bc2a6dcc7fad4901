package booking

import (
	"errors"
	"fmt"
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/jp"
	"madoguchi/app/mail"
	"madoguchi/store"
)

// offer holds the free places of slots for those who wait for them, first come
// first, and queues their mails. It runs in the transaction that frees the
// places, so that nobody comes in between. A slotID of 0 is no slot.
func offer(tx *store.Tx, by audit.Actor, slotIDs ...int64) error {
	for _, id := range slotIDs {
		if id == 0 {
			continue
		}
		if err := offerSlot(tx, by, id); err != nil {
			return err
		}
	}
	return nil
}

func offerSlot(tx *store.Tx, by audit.Actor, slotID int64) error {
	s, err := store.One[Slot](tx, `SELECT `+slotColumns+` FROM slot WHERE id = ?`, slotID)
	if err != nil {
		return fmt.Errorf("offer place: %w", err)
	}
	until, ok, err := mayOffer(tx, s)
	if err != nil || !ok {
		return err
	}
	by = audit.Actor{Kind: audit.System, Ref: timetable.Ref, Request: by.Request}
	for range s.Remaining() {
		w, err := firstWaiting(tx, s)
		if errors.Is(err, WaitingNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		row, err := insertHold(tx, w, s, until)
		if err != nil {
			return err
		}
		if err := offerTo(tx, by, w, row, s); err != nil {
			return err
		}
	}
	return nil
}

// mayOffer tells whether a slot has a place that could be offered now, and
// until when.
func mayOffer(tx *store.Tx, s Slot) (until time.Time, ok bool, err error) {
	if s.Remaining() == 0 {
		return until, false, nil
	}
	p, err := Bookable(tx, s.VenueID, s.ServiceID)
	if err != nil || !p.HoldsSlot(s) {
		return until, false, err
	}
	return offerUntil(tx, s)
}

// visitorOffers is how many places of one service at one place may be offered to
// visitors at a time. Names and telephone numbers can be made up, and an offer
// holds its place for hours: beyond this, places go to the cards that wait, or
// to whoever books first.
const visitorOffers = 3

// firstWaiting is who a place of the slot is due to: not who has a booking that
// is as early. Problem: WaitingNotFound when there is nobody.
func firstWaiting(tx *store.Tx, s Slot) (Waiting, error) {
	return oneWaiting(tx, `venue_id = ? AND service_id = ? AND state = 'waiting' AND ? BETWEEN from_on AND until_on
		AND NOT EXISTS (SELECT 1 FROM card WHERE card.id = waiting.card_id AND card.issued_at IS NOT NULL)
		AND NOT EXISTS (SELECT 1 FROM booking JOIN slot ON slot.id = booking.slot_id
			WHERE (booking.card_id = waiting.card_id OR booking.recipient_id = waiting.recipient_id)
			AND booking.state IN `+live+` AND slot.held_on || slot.starts <= ?)
		AND (recipient_id IS NULL OR ? > (SELECT count(*) FROM waiting AS other WHERE other.state = 'offered'
			AND other.recipient_id IS NOT NULL AND other.venue_id = waiting.venue_id AND other.service_id = waiting.service_id))
		ORDER BY place`, s.VenueID, s.ServiceID, s.HeldOn, s.HeldOn.String()+s.Starts.String(), visitorOffers)
}

// insertHold holds a resident's place for nobody by name: whoever it is offered
// to may have a booking. A visitor's number becomes that of the hold.
func insertHold(tx *store.Tx, w Waiting, s Slot, until time.Time) (row Booking, err error) {
	row = Booking{Ref: store.NewRef(), Number: w.Number}
	if row.Number == "" {
		if row.Number, err = drawNumber(tx); err != nil {
			return row, err
		}
	}
	id, err := tx.Insert(`INSERT INTO booking (ref, number, slot_id, seat, channel, state, booked_at, held_until)
		VALUES (?, ?, ?, ?, ?, 'held', ?, ?)`, row.Ref, string(row.Number), s.ID, ResidentSeat, Web, tx.Now, until)
	if err != nil {
		return row, fmt.Errorf("offer place: %w", err)
	}
	row.ID = ID(id)
	return row, nil
}

func offerTo(tx *store.Tx, by audit.Actor, w Waiting, hold Booking, s Slot) error {
	_, err := tx.Exec(`UPDATE waiting SET state = 'offered', offered_at = ?, booking_id = ?, version = version + 1 WHERE id = ?`,
		tx.Now, hold.ID, w.ID)
	if err != nil {
		return fmt.Errorf("offer place: %w", err)
	}
	if err := audit.Record(tx, by, audit.WaitingOffered, w.Subject(), audit.Detail{"slot": s.Ref}); err != nil {
		return err
	}
	if err := audit.Record(tx, by, audit.BookingHeld, hold.Subject(), audit.Detail{"slot": s.Ref, "waiting": w.Ref}); err != nil {
		return err
	}
	_, err = mail.Queue(tx, by, mail.Message{Kind: mail.Offered, Card: int64(w.CardID), Visitor: w.RecipientID, BookingRef: hold.Ref})
	return err
}

// OfferFree offers every free place that someone waits for: also those that
// appeared when a slot was opened or widened. For the timetable.
func OfferFree(tx *store.Tx) error {
	if err := ExpireHolds(tx); err != nil {
		return err
	}
	slots, err := waitedFor(tx)
	if err != nil {
		return err
	}
	for _, id := range slots {
		if err := offer(tx, timetable, id); err != nil {
			return err
		}
	}
	return nil
}

// waitedFor lists the slots with a free place on a day that someone waits for.
func waitedFor(tx *store.Tx) ([]int64, error) {
	slots, err := store.All[int64](tx, `SELECT DISTINCT slot.id FROM waiting JOIN slot ON slot.venue_id = waiting.venue_id
		AND slot.service_id = waiting.service_id AND slot.held_on BETWEEN waiting.from_on AND waiting.until_on
		WHERE waiting.state = 'waiting' AND slot.held_on >= ? AND `+remainingSQL(ResidentSeat)+` > 0
		ORDER BY slot.held_on, slot.starts, slot.id`, jp.DateOf(tx.Now))
	if err != nil {
		return nil, fmt.Errorf("look for free places: %w", err)
	}
	return slots, nil
}

// SeatsDue reports whether OfferFree has something to do: a hold has run out,
// or a free place is due to someone who waits.
func SeatsDue(tx *store.Tx) (bool, error) {
	n, err := store.One[int](tx, `SELECT count(*) FROM booking WHERE state = 'held' AND held_until <= ?`, tx.Now)
	if err != nil || n > 0 {
		return n > 0, err
	}
	slots, err := waitedFor(tx)
	if err != nil {
		return false, err
	}
	for _, id := range slots {
		s, err := store.One[Slot](tx, `SELECT `+slotColumns+` FROM slot WHERE id = ?`, id)
		if err != nil {
			return false, fmt.Errorf("look for free places: %w", err)
		}
		_, ok, err := mayOffer(tx, s)
		if err != nil {
			return false, err
		}
		if !ok {
			continue
		}
		_, err = firstWaiting(tx, s)
		if !errors.Is(err, WaitingNotFound) {
			return err == nil, err
		}
	}
	return false, nil
}

// OfferOf is the place that is held for an entry, and until when; ok is false
// when none is. Nothing is held any more once its time is over, even where the
// timetable has not yet noticed.
func OfferOf(tx *store.Tx, w Waiting) (v Visit, ok bool, err error) {
	if w.State != Offered {
		return v, false, nil
	}
	v, err = one(tx, `booking.id = ?`, w.BookingID)
	return v, err == nil && v.State == Held && tx.Now.Before(v.HeldUntil), err
}

// TakeOffer books the place that was offered. Who has a live booking changes
// it to the offered place; the place they leave is offered to the next.
// Problems: WaitingNotFound, WaitingStale, WaitingOver, NotOffered, SlotClosed,
// CardIssued, PastCutoff (residents who have a booking).
func TakeOffer(tx *store.Tx, by audit.Actor, ref store.Ref, version int) (Visit, error) {
	w, err := waitingNow(tx, ref, version)
	if err != nil {
		return Visit{}, err
	}
	hold, ok, err := OfferOf(tx, w)
	if err != nil || !ok {
		return Visit{}, orProblem(err, NotOffered)
	}
	wish := Wish{Card: w.CardID, visitor: w.RecipientID, Slot: hold.Slot.Ref, Channel: channelFor(by), Seat: ResidentSeat}
	old, booked, err := liveOf(tx, w.who())
	if err != nil {
		return Visit{}, err
	}
	if booked {
		if old, err = editable(tx, by, old.Booking.Ref, old.Version); err != nil {
			return old, err
		}
		if _, err := endQuietly(tx, by, w, Taken); err != nil {
			return old, err
		}
		return change(tx, by, old, wish, hold.Slot)
	}
	own, held, err := HoldOf(tx, w.CardID)
	if err != nil {
		return Visit{}, err
	}
	if held {
		if err := endHold(tx, by, own.Booking, audit.HoldReleased); err != nil {
			return Visit{}, err
		}
	}
	_, err = tx.Exec(`UPDATE booking SET state = 'booked', card_id = ?, recipient_id = ?, channel = ?, booked_at = ?, held_until = NULL,
		version = version + 1 WHERE id = ?`, store.Opt(w.CardID), store.Opt(w.RecipientID), wish.Channel, tx.Now, hold.ID)
	if err != nil {
		return Visit{}, fmt.Errorf("take offer: %w", meaning(err))
	}
	if _, err := endQuietly(tx, by, w, Taken); err != nil {
		return Visit{}, err
	}
	if err := audit.Record(tx, by, audit.Booked, hold.Subject(), wish.detail(tx, hold.Slot)); err != nil {
		return Visit{}, err
	}
	v, _, err := settled(tx, by, mail.Message{Kind: mail.Booked}, hold.Booking.Ref)
	if err != nil {
		return v, err
	}
	return v, offer(tx, by, own.SlotID)
}

// channelFor is how an answer to an offer came: staff answer for who telephones.
func channelFor(by audit.Actor) Channel {
	if by.Kind == audit.Resident {
		return Web
	}
	return Telephone
}
