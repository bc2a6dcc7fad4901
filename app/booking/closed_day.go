package booking

import (
	"fmt"

	"madoguchi/app/audit"
	"madoguchi/app/jp"
	"madoguchi/store"
)

// ClosedDay is a day of the town's own on which a place, or every place, is
// closed (閉庁日). Holidays and the year-end closing are not in the list: they
// are computed, and switched on and off in the settings.
type ClosedDay struct {
	ID       int64
	Ref      store.Ref
	VenueID  int64 // 0: every place
	ClosedOn jp.Date
	Reason   string
}

// mostClosedDays bounds what one CloseDays may close.
const mostClosedDays = 366

// ClosedDays lists the closed days of a period, those of every place, by day.
func ClosedDays(tx *store.Tx, p Period) ([]ClosedDay, error) {
	return store.All[ClosedDay](tx, `SELECT id, ref, venue_id, closed_on, reason FROM closed_day
		WHERE closed_on BETWEEN ? AND ? ORDER BY closed_on, venue_id`, p.From, p.To)
}

// CloseDays closes a place (venueID 0: every place) on each day of a period.
// Days that are closed already keep their reason. It changes no slots:
// ApplyPlan does. Problems: DayMissing, DaysOrder, DaysTooMany on "to";
// ReasonMissing, card.TooLong on "reason".
func CloseDays(tx *store.Tx, by audit.Actor, c ClosedDay, p Period) (closed int, err error) {
	var f faults
	p.check(&f)
	if c.Reason = f.text("reason", c.Reason, reasonLength); c.Reason == "" {
		f.add("reason", ReasonMissing)
	}
	if err := f.err(); err != nil {
		return 0, err
	}
	for d := p.From; !d.After(p.To); d = d.AddDays(1) {
		n, err := tx.Exec(`INSERT INTO closed_day (ref, venue_id, closed_on, reason) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
			store.NewRef(), store.Opt(c.VenueID), d, c.Reason)
		if err != nil {
			return 0, fmt.Errorf("close day: %w", err)
		}
		closed += int(n)
	}
	subject := audit.Subject{Kind: "closed_day", Ref: store.Ref(p.From.String())}
	return closed, audit.Record(tx, by, audit.DaysClosed, subject, audit.Detail{"to": p.To, "venue": c.VenueID, "days": closed})
}

// check says what is wrong with a period that somebody typed, on "from" and "to".
func (p Period) check(f *faults) {
	switch {
	case p.From.IsZero():
		f.add("from", DayMissing)
	case p.To.IsZero():
		f.add("to", DayMissing)
	case p.To.Before(p.From):
		f.add("to", DaysOrder)
	case p.From.DaysUntil(p.To) >= mostClosedDays:
		f.add("to", DaysTooMany)
	}
}

// RemoveClosedDay opens a day again. Problem: ClosedDayNotFound.
func RemoveClosedDay(tx *store.Tx, by audit.Actor, ref store.Ref) (ClosedDay, error) {
	c, err := store.One[ClosedDay](tx, `SELECT id, ref, venue_id, closed_on, reason FROM closed_day WHERE ref = ?`, ref)
	if err != nil {
		return found(c, err, ClosedDayNotFound)
	}
	if _, err := tx.Exec(`DELETE FROM closed_day WHERE id = ?`, c.ID); err != nil {
		return c, fmt.Errorf("remove closed day: %w", err)
	}
	subject := audit.Subject{Kind: "closed_day", Ref: store.Ref(c.ClosedOn.String())}
	return c, audit.Record(tx, by, audit.ClosedDayRemoved, subject, audit.Detail{"venue": c.VenueID})
}

// ExtraOpening is a span of one day on which a service is given besides its
// hours, on a closed day too (臨時の受付). Where both are open, its slots
// replace those of the hours.
type ExtraOpening struct {
	ID                int64
	Ref               store.Ref
	VenueID           int64
	ServiceID         int64
	OpensOn           jp.Date
	Starts, Ends      jp.Clock
	Minutes           int // of one slot; divides the span
	Capacity, Reserve int
}

func (e ExtraOpening) window() HoursWindow {
	return HoursWindow{Weekday: e.OpensOn.Weekday(), Starts: e.Starts, Ends: e.Ends, Minutes: e.Minutes, Capacity: e.Capacity, Reserve: e.Reserve}
}

const extraColumns = `id, ref, venue_id, service_id, opens_on, starts, ends, minutes, capacity, reserve`

// ExtraOpenings lists those of a period at every place, by day and time.
func ExtraOpenings(tx *store.Tx, p Period) ([]ExtraOpening, error) {
	return store.All[ExtraOpening](tx, `SELECT `+extraColumns+` FROM extra_opening WHERE opens_on BETWEEN ? AND ?
		ORDER BY opens_on, venue_id, service_id, starts`, p.From, p.To)
}

// AddExtraOpening adds one. It makes no slots: ApplyPlan does. Problems:
// DayMissing, DayPast on "opens_on"; on "window" those of SaveHours's windows.
func AddExtraOpening(tx *store.Tx, by audit.Actor, e ExtraOpening) (ExtraOpening, error) {
	var f faults
	switch {
	case e.OpensOn.IsZero():
		f.add("opens_on", DayMissing)
	case e.OpensOn.Before(jp.DateOf(tx.Now)):
		f.add("opens_on", DayPast)
	}
	e.window().check(&f, "window")
	others, err := store.All[ExtraOpening](tx, `SELECT `+extraColumns+` FROM extra_opening
		WHERE venue_id = ? AND service_id = ? AND opens_on = ?`, e.VenueID, e.ServiceID, e.OpensOn)
	if err != nil {
		return e, err
	}
	for _, o := range others {
		if e.window().overlaps(o.window()) {
			f.add("window", WindowOverlap)
		}
	}
	if err := f.err(); err != nil {
		return e, err
	}
	e.Ref = store.NewRef()
	e.ID, err = tx.Insert(`INSERT INTO extra_opening (ref, venue_id, service_id, opens_on, starts, ends, minutes, capacity, reserve)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, e.Ref, e.VenueID, e.ServiceID, e.OpensOn, e.Starts, e.Ends, e.Minutes, e.Capacity, e.Reserve)
	if err != nil {
		return e, fmt.Errorf("add extra opening: %w", err)
	}
	return e, audit.Record(tx, by, audit.ExtraOpeningAdded, audit.Subject{Kind: "extra_opening", Ref: e.Ref}, audit.Detail{"on": e.OpensOn})
}

// RemoveExtraOpening takes one back. Problem: ExtraOpeningNotFound.
func RemoveExtraOpening(tx *store.Tx, by audit.Actor, ref store.Ref) (ExtraOpening, error) {
	e, err := store.One[ExtraOpening](tx, `SELECT `+extraColumns+` FROM extra_opening WHERE ref = ?`, ref)
	if err != nil {
		return found(e, err, ExtraOpeningNotFound)
	}
	if _, err := tx.Exec(`DELETE FROM extra_opening WHERE id = ?`, e.ID); err != nil {
		return e, fmt.Errorf("remove extra opening: %w", err)
	}
	return e, audit.Record(tx, by, audit.ExtraOpeningRemoved, audit.Subject{Kind: "extra_opening", Ref: e.Ref}, audit.Detail{"on": e.OpensOn})
}
