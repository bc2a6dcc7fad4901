package booking

import (
	"context"
	"errors"
	"fmt"

	"madoguchi/app/attempt"
	"madoguchi/app/audit"
	"madoguchi/app/card"
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
	people, err := card.FindVisitors(tx, who.Telephone)
	if err != nil {
		return v, false, err
	}
	for _, id := range people {
		v, err = one(tx, `booking.recipient_id = ? AND booking.state = 'held' AND booking.held_until > ?`, id, tx.Now)
		if !errors.Is(err, NotFound) {
			return v, err == nil, err
		}
	}
	return Visit{}, false, nil
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

// SignIn finds a booking that was made without a card for who knows its number
// and the telephone number it was made with. An unknown number, another
// telephone number, and a number or browser with too many failures are all
// refused with the same SignInRefused. browser is a mark of the session.
func SignIn(ctx context.Context, st *store.Store, request, browser string, n Number, telephone string) (Visit, error) {
	var v Visit
	ok := false
	err := st.Write(ctx, func(tx *store.Tx) (err error) {
		var blocked bool
		ok, blocked, err = attempt.Guard(tx, func() (bool, error) {
			var err error
			v, err = ByNumber(tx, n)
			if errors.Is(err, NotFound) || err == nil && (v.RecipientID == 0 || v.State == Held) {
				return false, nil
			}
			if err != nil {
				return false, err
			}
			return card.SameTelephone(tx, v.RecipientID, telephone)
		}, attempt.On("booking", string(n)), attempt.Browser(browser))
		if err != nil {
			return err
		}
		by := audit.Actor{Kind: audit.Resident, Ref: v.Booking.Ref, Request: request}
		if ok {
			return audit.Record(tx, by, audit.SignedIn, v.Subject(), nil)
		}
		return audit.Record(tx, by, audit.SignInFailed, v.Subject(), audit.Detail{"blocked": blocked})
	})
	switch {
	case err != nil:
		return Visit{}, fmt.Errorf("sign in to a booking: %w", err)
	case !ok:
		return Visit{}, SignInRefused
	}
	return v, nil
}
