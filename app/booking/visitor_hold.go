package booking

import (
	"context"
	"errors"
	"fmt"
	"time"

	"madoguchi/app/attempt"
	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/settings"
	"madoguchi/store"
)

// SignInRefused is the one answer to a booking number and telephone number that
// do not belong together, whatever is wrong with them.
var SignInRefused = problem.Define(problem.Invalid, "booking_sign_in_refused")

// visitorHolds is how many places may be held at once for people without a
// card. Names and telephone numbers can be made up, so that someone could hold
// every place there is; beyond this nothing is held, and people book without.
const visitorHolds = 20

// How many bookings and entries of people without a card may come within
// visitorWindow before each further one is slowed down, and how much at most.
const (
	visitorCrowd   = 30
	visitorWindow  = 15 * time.Minute
	visitorSlowest = 2 * time.Second
)

// VisitorBrake is how long to wait before somebody without a card books, holds a
// time or waits for one: nothing on a usual day; the longer, the more have come of
// late, as when a program makes names up. It slows down and never locks out.
func VisitorBrake(tx *store.Tx) (time.Duration, error) {
	n, err := store.One[int](tx, `SELECT
		(SELECT count(*) FROM booking WHERE recipient_id > (SELECT coalesce(max(id), 0) - 1000 FROM recipient) AND channel = 'web' AND booked_at > ?) +
		(SELECT count(*) FROM waiting WHERE recipient_id > (SELECT coalesce(max(id), 0) - 1000 FROM recipient) AND joined_at > ?)`,
		tx.Now.Add(-visitorWindow), tx.Now.Add(-visitorWindow))
	if err != nil || n <= visitorCrowd {
		return 0, err
	}
	return min(visitorSlowest, time.Duration(n-visitorCrowd)*50*time.Millisecond), nil
}

// HoldVisitor is Hold for someone without a card: one place for one telephone
// number, until it is booked with BookVisitor. Where holds are switched off or
// too many are held, nothing is held and the Visit is empty. Problems: as
// BookVisitor's.
func HoldVisitor(tx *store.Tx, by audit.Actor, w Wish, who card.Visitor) (Visit, error) {
	if err := ExpireHolds(tx); err != nil {
		return Visit{}, err
	}
	if err := card.CheckVisitor(who); err != nil {
		return Visit{}, err
	}
	town, err := settings.Get(tx)
	if err != nil {
		return Visit{}, err
	}
	before, held, err := holdOfVisitor(tx, who)
	if err != nil || held && before.Slot.Ref == w.Slot {
		return before, err
	}
	if town.HoldMinutes == 0 {
		return Visit{}, nil
	}
	left, err := releaseVisitor(tx, by, who)
	if err != nil {
		return Visit{}, err
	}
	n, err := store.One[int](tx, `SELECT count(*) FROM booking WHERE state = 'held' AND recipient_id IS NOT NULL`)
	if err != nil {
		return Visit{}, err
	}
	if n >= visitorHolds {
		return Visit{}, offer(tx, by, left)
	}
	w, s, err := chooseVisitor(tx, by, w, who)
	if err != nil {
		return Visit{}, err
	}
	row, _, err := w.put(tx, s, Held)
	if err != nil {
		return Visit{}, fmt.Errorf("hold for a visitor: %w", meaning(err))
	}
	if err := audit.Record(tx, by, audit.BookingHeld, row.Subject(), w.detail(tx, s)); err != nil {
		return Visit{}, err
	}
	v, err := ByRef(tx, row.Ref)
	if err != nil {
		return v, err
	}
	return v, offer(tx, by, left)
}

// holdOfVisitor finds what is held for a telephone number.
func holdOfVisitor(tx *store.Tx, who card.Visitor) (v Visit, ok bool, err error) {
	v, err = one(tx, `booking.recipient_id IN (SELECT id FROM recipient WHERE visitor_key = ?)
		AND booking.state = 'held' AND booking.held_until > ?`, jp.Digits(jp.Narrow(who.Telephone)), tx.Now)
	if errors.Is(err, NotFound) {
		return Visit{}, false, nil
	}
	return v, err == nil, err
}

// releaseVisitor gives back what is held for a telephone number and returns its
// slot; 0 for none.
func releaseVisitor(tx *store.Tx, by audit.Actor, who card.Visitor) (left int64, err error) {
	v, held, err := holdOfVisitor(tx, who)
	if err != nil || !held {
		return 0, err
	}
	return v.SlotID, endHold(tx, by, v.Booking, audit.HoldReleased)
}

// SignIn finds a booking that was made without a card, or a visitor's entry on
// the waiting list, for who knows its number and the telephone number it was made
// with; the Ref of the other is empty. An unknown number, another telephone
// number, and a number or browser with too many failures are all refused with
// the same SignInRefused. browser is a mark of the session.
func SignIn(ctx context.Context, st *store.Store, request, browser string, n Number, telephone string) (Visit, Waiting, error) {
	var v Visit
	var w Waiting
	ok := false
	err := st.Write(ctx, func(tx *store.Tx) (err error) {
		var blocked bool
		var who int64
		ok, blocked, err = attempt.Guard(tx, func() (bool, error) {
			var err error
			if v, w, err = visitorBehind(tx, n); err != nil {
				return false, err
			}
			if who = v.RecipientID; who == 0 {
				who = w.RecipientID
			}
			return card.SameTelephone(tx, who, telephone)
		}, attempt.On("booking", string(n)), attempt.Browser(browser))
		if err != nil {
			return err
		}
		subject := v.Subject()
		if v.ID == 0 && w.ID != 0 {
			subject = w.Subject()
		}
		by := audit.Actor{Kind: audit.Resident, Ref: subject.Ref, Request: request}
		if ok {
			return audit.Record(tx, by, audit.SignedIn, subject, nil)
		}
		return audit.Record(tx, by, audit.SignInFailed, subject, audit.Detail{"blocked": blocked})
	})
	switch {
	case err != nil:
		return Visit{}, Waiting{}, fmt.Errorf("sign in to a booking: %w", err)
	case !ok:
		return Visit{}, Waiting{}, SignInRefused
	}
	return v, w, nil
}

// visitorBehind finds the visitor's booking or entry behind a number; neither
// where there is none. While a place is offered, the number is that of both.
func visitorBehind(tx *store.Tx, n Number) (v Visit, w Waiting, err error) {
	v, err = ByNumber(tx, n)
	switch {
	case err == nil && v.RecipientID != 0 && v.State != Held:
		return v, w, nil
	case err != nil && !errors.Is(err, NotFound):
		return v, w, err
	}
	w, err = oneWaiting(tx, `number = ? AND recipient_id IS NOT NULL`, string(n))
	if errors.Is(err, WaitingNotFound) {
		err = nil
	}
	return Visit{}, w, err
}
