package console

import (
	"errors"
	"slices"

	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/app/staff"
	"madoguchi/store"
)

// action is one thing that can be done: a form with one button, or a link.
type action struct {
	Step *step
	Link button
}

// offer puts together what can be done with a visit, the most likely first.
type offer struct {
	stepper
	state *visitState
	entry booking.DayEntry
	may   func(staff.Permission) bool
	today jp.Date
}

func (o offer) step(verb, label, class string) {
	s := o.stepper.step(o.entry, verb, label, class)
	o.state.Actions = append(o.state.Actions, action{Step: &s})
}

func (o offer) link(needs staff.Permission, path, label, class string) {
	if o.may(needs) {
		o.state.Actions = append(o.state.Actions, action{Link: button{path, label, class}})
	}
}

func (o offer) make(tx *store.Tx) error {
	v := o.entry.Visit
	switch {
	case v.State == booking.Booked && v.Slot.HeldOn != o.today:
		if !o.entry.Record.Issued() {
			o.link(staff.MayBook, visitPerson(o.entry).Path+"/change?channel=counter", "予約を変更する", "")
		}
		if v.Slot.HeldOn.Before(o.today) {
			o.step("no-show", "来庁なしにする", "danger")
		}
		return nil
	case v.State == booking.Booked:
		o.step("check-in", "来庁を受け付ける", "")
		if err := o.call(tx, "窓口に呼ぶ", "second"); err != nil {
			return err
		}
		o.papers()
		return o.noShow(tx)
	case v.State == booking.CheckedIn:
		if err := o.call(tx, "窓口に呼ぶ", ""); err != nil {
			return err
		}
		if err := o.end(tx, "second"); err != nil {
			return err
		}
	case v.State == booking.Called:
		if err := o.end(tx, ""); err != nil {
			return err
		}
		if err := o.call(tx, "もう一度呼ぶ", "second"); err != nil {
			return err
		}
		if err := o.noShow(tx); err != nil {
			return err
		}
	case v.State != booking.Done:
		o.again()
	}
	if v.CanUndo(o.today) && !(v.State == booking.Done && o.entry.Record.Issued()) {
		o.step("undo", "直前の操作を取り消す", "second")
	}
	return nil
}

// call lets a counter be chosen, those that serve the visit's service alone.
func (o offer) call(tx *store.Tx, label, class string) error {
	counters, err := countersFor(tx, o.entry.Visit.Venue.ID, o.entry.Visit.Slot.ServiceID)
	if err != nil {
		return err
	}
	s := o.stepper.step(o.entry, "call", label, class)
	s.Counters = counters
	o.state.Actions = append(o.state.Actions, action{Step: &s})
	return nil
}

func countersFor(tx *store.Tx, venueID, serviceID int64) ([]booking.VenueCounter, error) {
	counters, err := booking.Counters(tx, venueID)
	if err != nil {
		return nil, err
	}
	var wrong error
	fit := slices.DeleteFunc(counters, func(c booking.VenueCounter) bool {
		serves, err := booking.Serves(tx, c)
		if err != nil {
			wrong = err
			return false
		}
		return !serves(serviceID)
	})
	return fit, wrong
}

// end offers how a visit ends: with the card issued, where it is about that.
func (o offer) end(tx *store.Tx, class string) error {
	issues, err := issuesCard(tx, o.entry)
	if err != nil {
		return err
	}
	if issues && o.may(staff.MayIssue) {
		o.link(staff.MayIssue, issuePath(o.entry, o.back), "交付済みにする", class)
		class = "second"
	}
	o.step("done", "用件を終えた（来庁済み）", class)
	o.papers()
	return nil
}

// issuesCard reports whether a visit ends with the issue of a card.
func issuesCard(tx *store.Tx, e booking.DayEntry) (bool, error) {
	if e.Visit.CardID == 0 || e.Record.Issued() {
		return false, nil
	}
	id, err := issuanceID(tx)
	return id == e.Visit.Slot.ServiceID, err
}

// issuanceID is the row of the service that is about cards; 0 while there is none.
func issuanceID(tx *store.Tx) (int64, error) {
	s, err := booking.CardIssuance(tx)
	if errors.Is(err, booking.ServiceNotFound) {
		return 0, nil
	}
	return s.ID, err
}

func (o offer) papers() {
	o.link(staff.MayCheckIn, "/bookings/"+string(o.entry.Visit.Booking.Ref)+"/papers-missing", "書類が足りない", "danger")
}

// noShow is offered from the moment at which it is allowed.
func (o offer) noShow(tx *store.Tx) error {
	late, err := booking.LateFrom(tx, o.entry.Visit.Slot)
	if err == nil && !tx.Now.Before(late) {
		o.step("no-show", "来庁なしにする", "danger")
	}
	return err
}

// again offers another booking to who came in vain or not at all.
func (o offer) again() {
	if path := rebookPath(o.entry); path != "" {
		o.link(staff.MayBook, path, "予約を取り直す", "")
	}
}

// rebookPath leads to another booking for the same person; "" where a card
// needs none any more.
func rebookPath(e booking.DayEntry) string {
	switch {
	case e.Visit.CardID == 0:
		return "/visitors?like=" + string(e.Visit.Booking.Ref)
	case e.Record.Issued():
		return ""
	}
	return recipientPath(e.Record) + "/book"
}
