package booking

import (
	"errors"
	"fmt"

	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/mail"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// Problems of bookings without a card.
var (
	NoticeNeeded  = problem.Define(problem.Conflict, "notice_needed")
	TooManyLive   = problem.Define(problem.Conflict, "contact_has_bookings")
	TiedAlready   = problem.Define(problem.Conflict, "booking_tied_already")
	VisitorReason = problem.Define(problem.Invalid, "visitor_reason_missing")
)

// BookVisitor makes a booking for someone without a card on record, by name
// and telephone number. For a service that needs a delivery notice only staff
// may, with a reason; for the others one telephone number may have only so many
// live bookings, unless staff give a reason. Problems: as Book's, those of card.AddVisitor, NoticeNeeded,
// VisitorReason, TooManyLive.
func BookVisitor(tx *store.Tx, by audit.Actor, w Wish, who card.Visitor) (Visit, error) {
	if err := ExpireHolds(tx); err != nil {
		return Visit{}, err
	}
	left, err := releaseVisitor(tx, by, who)
	if err != nil {
		return Visit{}, err
	}
	w, s, err := chooseVisitor(tx, by, w, who)
	if err != nil {
		return Visit{}, err
	}
	v, err := bookVisitor(tx, by, w, s)
	if err != nil {
		return v, err
	}
	return v, offer(tx, by, left)
}

func bookVisitor(tx *store.Tx, by audit.Actor, w Wish, s Slot) (Visit, error) {
	row, _, err := w.put(tx, s, Booked)
	if err != nil {
		return Visit{}, fmt.Errorf("book for a visitor: %w", meaning(err))
	}
	detail := w.detail(tx, s)
	detail["without_card"] = true
	if err := audit.Record(tx, by, audit.Booked, row.Subject(), detail); err != nil {
		return Visit{}, err
	}
	return ByRef(tx, row.Ref)
}

// chooseVisitor puts the person on record and checks the wish.
func chooseVisitor(tx *store.Tx, by audit.Actor, w Wish, who card.Visitor) (Wish, Slot, error) {
	person, err := card.AddVisitor(tx, by, who)
	if err != nil {
		return w, Slot{}, err
	}
	w.Card, w.visitor = 0, person
	s, err := choose(tx, w)
	if err != nil {
		return w, s, err
	}
	return w, s, mayVisit(tx, by, w, s)
}

func mayVisit(tx *store.Tx, by audit.Actor, w Wish, s Slot) error {
	service, err := ServiceByID(tx, s.ServiceID)
	if err != nil {
		return err
	}
	if !service.WithoutNotice {
		switch {
		case by.Kind == audit.Resident:
			return NoticeNeeded
		case w.reason() == "":
			return VisitorReason.On("reason")
		}
		return nil
	}
	if by.Kind == audit.Staff && w.reason() != "" {
		return nil // such as a home whose people all have its number
	}
	rules, err := RulesOf(tx, service.ID)
	if err != nil {
		return err
	}
	return mayHaveMore(tx, rules, w.visitor)
}

// mayHaveMore refuses a telephone number that has as many live bookings, and
// entries on the waiting list without one, as the rules allow.
func mayHaveMore(tx *store.Tx, rules Rules, visitor int64) error {
	n, err := store.One[int](tx, `SELECT count(*) FROM recipient WHERE visitor_key = (SELECT visitor_key FROM recipient WHERE id = ?)
		AND (EXISTS (SELECT 1 FROM booking WHERE booking.recipient_id = recipient.id AND booking.state IN `+live+`)
		OR EXISTS (SELECT 1 FROM waiting WHERE waiting.recipient_id = recipient.id AND waiting.state IN ('waiting', 'offered')))`, visitor)
	if err == nil && n >= rules.ContactMost {
		err = TooManyLive.With("most", fmt.Sprint(rules.ContactMost))
	}
	return err
}

// Tie gives a booking that was made without a card the card it is for, once
// that is on record. What was kept of the visitor is removed when nothing else
// refers to it. Problems: NotFound, Stale, NotLive, TiedAlready,
// card.NotFound, CardIssued, AlreadyBooked.
func Tie(tx *store.Tx, by audit.Actor, ref store.Ref, version int, cardRef store.Ref) (Visit, error) {
	if err := ExpireHolds(tx); err != nil {
		return Visit{}, err
	}
	v, err := editable(tx, by, ref, version)
	if err != nil {
		return v, err
	}
	if v.CardID != 0 {
		return v, TiedAlready
	}
	r, err := card.Get(tx, cardRef)
	switch {
	case err != nil:
		return v, err
	case r.Issued():
		return v, CardIssued
	}
	if err := Release(tx, by, r.Card.ID); err != nil {
		return v, err
	}
	_, err = tx.Exec(`UPDATE booking SET card_id = ?, recipient_id = NULL, version = version + 1 WHERE id = ?`, r.Card.ID, v.ID)
	if err != nil {
		return v, fmt.Errorf("tie booking: %w", meaning(err))
	}
	if err := audit.Record(tx, by, audit.BookingTied, v.Subject(), audit.Detail{"card": r.Ref}); err != nil {
		return v, err
	}
	if err := tieRest(tx, by, v.RecipientID, r); err != nil {
		return v, err
	}
	v, waited, err := settled(tx, by, mail.Message{Kind: mail.Booked}, ref)
	if err != nil {
		return v, err
	}
	return v, offer(tx, by, waited)
}

// tieRest gives the card what else there is of the visitor: mails, the address
// for them, and a place on the waiting list unless the card has one of its own.
func tieRest(tx *store.Tx, by audit.Actor, visitor int64, r card.Record) error {
	if _, waits, err := WaitingOf(tx, r.Card.ID); err != nil {
		return err
	} else if waits {
		if err := stopWaiting(tx, by, waiter{visitor: visitor}); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(`UPDATE waiting SET card_id = ?, recipient_id = NULL WHERE recipient_id = ?`, r.Card.ID, visitor); err != nil {
		return fmt.Errorf("tie waiting: %w", err)
	}
	if _, err := tx.Exec(`UPDATE left_behind SET card_id = ?, recipient_id = NULL WHERE recipient_id = ?`, r.Card.ID, visitor); err != nil {
		return fmt.Errorf("tie what was left behind: %w", err)
	}
	if err := mail.Tie(tx, visitor, int64(r.Card.ID)); err != nil {
		return err
	}
	if err := card.KeepMailOf(tx, by, visitor, r); err != nil {
		return err
	}
	return card.ForgetVisitor(tx, visitor)
}

// Beside finds where a further person can come with a live booking: in its own
// slot, or else in the one just after or just before it. Problem: NoRoomTogether.
func Beside(tx *store.Tx, v Visit, who Seat) (Slot, error) {
	day, err := DaySlots(tx, v.Slot.VenueID, v.Slot.ServiceID, v.Slot.HeldOn)
	if err != nil {
		return Slot{}, err
	}
	for _, fits := range []func(Slot) bool{
		func(s Slot) bool { return s.ID == v.SlotID },
		func(s Slot) bool { return s.Starts == v.Slot.Ends },
		func(s Slot) bool { return s.Ends == v.Slot.Starts },
	} {
		for _, s := range day {
			if fits(s) && s.remaining(who) > 0 && tx.Now.Before(s.At()) {
				return s, nil
			}
		}
	}
	return Slot{}, NoRoomTogether
}

// Copy books for a second card as one visit with the first: the same slot, or
// the one that the wish names. Problems: as Book's, NotFound, NotLive.
func Copy(tx *store.Tx, by audit.Actor, ref store.Ref, w Wish) (Visit, error) {
	first, err := ByRef(tx, ref)
	if err != nil {
		return first, err
	}
	if !first.Live() {
		return first, NotLive
	}
	w.group = first.GroupRef
	if w.Slot == "" {
		w.Slot = first.Slot.Ref
	}
	if w.group == "" {
		w.group = store.NewRef()
		_, err := tx.Exec(`UPDATE booking SET group_ref = ?, version = version + 1 WHERE id = ?`, w.group, first.ID)
		if err != nil {
			return first, fmt.Errorf("copy booking: %w", err)
		}
	}
	return Book(tx, by, w)
}

// FindVisits finds the bookings that were made without a card by a name, a
// kana name or a telephone number, those that stand first, then the newest.
func FindVisits(tx *store.Tx, query string, limit int) ([]DayEntry, error) {
	people, err := card.FindVisitors(tx, query)
	if err != nil {
		return nil, err
	}
	var found []DayEntry
	for _, id := range people {
		some, err := store.All[DayEntry](tx, selectDay+`WHERE booking.recipient_id = ? AND booking.state NOT IN ('held', 'expired')
			ORDER BY booking.state IN `+live+` DESC, booking.id DESC LIMIT ?`, id, limit-len(found))
		if err != nil {
			return nil, err
		}
		if found = append(found, some...); len(found) >= limit {
			break
		}
	}
	return found, nil
}

// EntryByRef finds a booking with the person it is for. Problem: NotFound.
func EntryByRef(tx *store.Tx, ref store.Ref) (DayEntry, error) {
	e, err := store.One[DayEntry](tx, selectDay+`WHERE booking.ref = ?`, ref)
	if errors.Is(err, store.ErrNotFound) {
		return e, NotFound
	}
	return e, err
}
