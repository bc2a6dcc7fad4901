package booking

import (
	"errors"

	"madoguchi/app/jp"
	"madoguchi/store"
)

// Period is a span of days, both ends included.
type Period struct {
	From, To jp.Date

	// after is the last moment, as localText writes it, at which a slot may not
	// start, where the period is one of booking; "" for any other.
	after string
}

// Holds reports whether a day is in the period.
func (p Period) Holds(d jp.Date) bool { return !d.Before(p.From) && !d.After(p.To) }

// HoldsSlot reports whether a slot is in the period: on its first day some may
// have begun, or be past their cut-off.
func (p Period) HoldsSlot(s Slot) bool {
	return p.Holds(s.HeldOn) && s.HeldOn.String()+"T"+s.Starts.String() > p.after
}

// Empty reports whether no day is in the period.
func (p Period) Empty() bool { return p.To.Before(p.From) }

// BookablePeriod is the days on which residents may book the issue of a card
// at tx.Now, at no place in particular: closed days are those of every place.
func BookablePeriod(tx *store.Tx) (Period, error) {
	s, err := CardIssuance(tx)
	if err != nil && !errors.Is(err, ServiceNotFound) {
		return Period{}, err
	}
	return Bookable(tx, 0, s.ID)
}

// Bookable is the days on which residents may book a service at a place at
// tx.Now (予約可能期間), by the service's rules and the place's working days. It
// is empty while nothing may be booked.
func Bookable(tx *store.Tx, venueID, serviceID int64) (Period, error) {
	r, err := RulesOf(tx, serviceID)
	if err != nil {
		return Period{}, err
	}
	return r.bookable(tx, venueID)
}

func (r Rules) bookable(tx *store.Tx, venueID int64) (Period, error) {
	today := jp.DateOf(tx.Now)
	p := Period{From: today, To: r.lastDay(tx), after: localText(tx.Now)}
	if p.Empty() {
		return p, nil
	}
	if r.Close.Unit == CutoffHours {
		from := r.Close.from(tx)
		p.From, p.after = jp.DateOf(from), localText(from)
		return p, nil
	}
	c, err := r.Close.calendar(tx, venueID, p)
	if err != nil {
		return p, err
	}
	for !p.Empty() && !tx.Now.Before(r.Close.last(c, p.From, 0)) {
		p.From = p.From.AddDays(1)
	}
	return p, nil
}

// lastDay is the last bookable day at tx.Now, one before today while nothing
// has opened.
func (r Rules) lastDay(tx *store.Tx) jp.Date {
	today := jp.DateOf(tx.Now)
	if !r.OpensOn.IsZero() && tx.Now.Before(r.OpensOn.At(r.OpensAt)) {
		return today.AddDays(-1)
	}
	ahead := r.DaysAhead
	if ahead == Unlimited {
		return today.AddDays(farthest)
	}
	if jp.ClockOf(tx.Now) < r.OpensAt {
		ahead-- // the newest day opens later today
	}
	return today.AddDays(ahead)
}

// opening is the day on which a day in the future can first be booked.
func (r Rules) opening(d jp.Date) jp.Date {
	opens := r.OpensOn
	if r.DaysAhead != Unlimited {
		if by := d.AddDays(-r.DaysAhead); by.After(opens) {
			opens = by
		}
	}
	return opens
}

// ResidentsMay says why residents may not book a slot, whatever it has left; nil
// when they may. Problems: StaffOnlyService, SlotPast, OutsidePeriod.
func ResidentsMay(tx *store.Tx, s Slot) error {
	service, err := ServiceByID(tx, s.ServiceID)
	if err != nil {
		return err
	}
	p, err := Bookable(tx, s.VenueID, s.ServiceID)
	switch {
	case err != nil:
		return err
	case service.StaffOnly:
		return StaffOnlyService
	case !tx.Now.Before(s.At()):
		return SlotPast
	case !p.HoldsSlot(s):
		return OutsidePeriod
	}
	return nil
}

// CanChange reports whether a resident may still change or cancel a booking at
// tx.Now; after that the telephone is left.
func CanChange(tx *store.Tx, v Visit) (bool, error) {
	if v.State != Booked {
		return false, nil
	}
	r, err := RulesOf(tx, v.Slot.ServiceID)
	if err != nil {
		return false, err
	}
	c, err := r.Change.calendar(tx, v.Slot.VenueID, Period{From: jp.DateOf(tx.Now), To: v.Slot.HeldOn})
	if err != nil {
		return false, err
	}
	last := r.Change.last(c, v.Slot.HeldOn, v.Slot.Starts)
	return tx.Now.Before(last) && tx.Now.Before(v.Slot.At()), nil
}

// Why says why nothing can be booked.
type Why string

// The reasons.
const (
	SomethingFree Why = ""
	NotYetOpen    Why = "not_yet_open" // there are slots, or may be, that open later
	WhyFull       Why = "full"
	WhyPastCutoff Why = "past_cutoff"
	WhyClosed     Why = "closed" // no slot that residents could book
)

// Nothing says why residents can book nothing in a period.
type Nothing struct {
	Why   Why
	Day   jp.Date // the next day with slots that is not open yet
	Opens jp.Date // when it opens; zero unless Why is NotYetOpen and a day is known
}

// WhyNothing says why residents can book nothing at a place in the days of p:
// SomethingFree when they can. One range read of the slot index.
func WhyNothing(tx *store.Tx, venueID, serviceID int64, p Period) (Nothing, error) {
	r, err := RulesOf(tx, serviceID)
	if err != nil {
		return Nothing{}, err
	}
	b, err := r.bookable(tx, venueID)
	if err != nil {
		return Nothing{}, err
	}
	type sums struct {
		Free, Offered, Earlier int
		Later                  jp.Date
	}
	const inside = `held_on BETWEEN ? AND ? AND held_on || 'T' || starts > ?`
	s, err := store.One[sums](tx, `SELECT coalesce(sum(CASE WHEN `+inside+` THEN `+remainingSQL(ResidentSeat)+` END), 0) AS free,
			coalesce(sum(`+inside+`), 0) AS offered, coalesce(sum(held_on <= ?), 0) AS earlier,
			min(CASE WHEN held_on > ? THEN held_on END) AS later
		FROM slot WHERE venue_id = ? AND service_id = ? AND held_on BETWEEN ? AND ? AND open = 1 AND capacity > 0`,
		b.From, b.To, b.after, b.From, b.To, b.after, b.To, b.To, venueID, serviceID, p.From, p.To)
	switch {
	case err != nil:
		return Nothing{}, err
	case s.Free > 0:
		return Nothing{}, nil
	case s.Offered > 0:
		return Nothing{Why: WhyFull}, nil
	case !s.Later.IsZero():
		return Nothing{Why: NotYetOpen, Day: s.Later, Opens: r.opening(s.Later)}, nil
	case p.From.After(b.To):
		return Nothing{Why: NotYetOpen}, nil
	case s.Earlier > 0:
		return Nothing{Why: WhyPastCutoff}, nil
	}
	return Nothing{Why: WhyClosed}, nil
}
