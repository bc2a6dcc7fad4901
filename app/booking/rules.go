package booking

import (
	"errors"
	"fmt"
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/jp"
	"madoguchi/app/settings"
	"madoguchi/store"
)

// CutoffUnit is what a cut-off counts.
type CutoffUnit string

// The units.
const (
	CutoffHours       CutoffUnit = "hours"        // before the slot starts
	CutoffDays        CutoffUnit = "days"         // before the slot's day
	CutoffWorkingDays CutoffUnit = "working_days" // before it, closed days not counted
)

// Cutoff is until when something may be done (締切), such as two working days
// before at 17:00. At has no meaning for hours.
type Cutoff struct {
	Unit  CutoffUnit
	Count int
	At    jp.Clock
}

// cutoffSpan bounds how far a cut-off may lie before its day.
const cutoffSpan = 60

// last is the instant from which it is too late for a slot. The calendar is
// needed for working days only. A stretch of closed days longer than cutoffSpan
// ends the counting: then nothing can be booked, and people call.
func (k Cutoff) last(c *calendar, on jp.Date, starts jp.Clock) time.Time {
	switch k.Unit {
	case CutoffHours:
		return on.At(starts).Add(-time.Duration(k.Count) * time.Hour)
	case CutoffDays:
		return on.AddDays(-k.Count).At(k.At)
	}
	d := on
	for n, looked := k.Count, 0; n > 0 && looked < 2*cutoffSpan; looked++ {
		if d = d.AddDays(-1); c.working(d) {
			n--
		}
	}
	return d.At(k.At)
}

// from is the moment after which slots are not past a cut-off in hours.
func (k Cutoff) from(tx *store.Tx) time.Time { return tx.Now.Add(time.Duration(k.Count) * time.Hour) }

// calendar reads what last needs for the days of p; nil where it needs none.
func (k Cutoff) calendar(tx *store.Tx, venueID int64, p Period) (*calendar, error) {
	if k.Unit != CutoffWorkingDays {
		return nil, nil
	}
	return calendarOf(tx, venueID, p)
}

func (k Cutoff) check(f *faults, field string) {
	most := cutoffSpan
	if k.Unit == CutoffHours {
		most *= 12
	}
	switch k.Unit {
	case CutoffHours, CutoffDays, CutoffWorkingDays:
	default:
		f.add(field, RulesForm)
	}
	if k.Count < 0 || k.Count > most || k.At < 0 || k.At > 24*60 {
		f.add(field, RulesForm)
	}
}

// Rules say from when until when residents may book a service, change and
// cancel, and how much at once (予約の決まり).
type Rules struct {
	ServiceID int64
	OpensOn   jp.Date  // nothing can be booked before this day; zero: no such day
	OpensAt   jp.Clock // at what time OpensOn, or each further day, opens
	// DaysAhead is how many days ahead the last bookable day lies; Unlimited
	// means as far as slots are made.
	DaysAhead    int
	Close        Cutoff // until when one may book
	Change       Cutoff // until when one may change or cancel
	TogetherMost int    // cards in one visit
	ContactMost  int    // live bookings of one telephone number, for services without notice
	Version      int    // 0: the town's settings hold, there are no rules of the service's own
}

// Unlimited as DaysAhead stands for no limit.
const Unlimited = -1

// farthest is the last day that can be booked where there is no limit.
const farthest = 400

type ruleRow struct {
	OpensOn      jp.Date
	OpensAt      jp.Clock
	DaysAhead    int
	CloseUnit    CutoffUnit
	CloseCount   int
	CloseAt      jp.Clock
	ChangeUnit   CutoffUnit
	ChangeCount  int
	ChangeAt     jp.Clock
	TogetherMost int
	ContactMost  int
	Version      int
}

// RulesOf are the rules of a service; those of the town's settings where it
// has none of its own.
func RulesOf(tx *store.Tx, serviceID int64) (Rules, error) {
	row, err := store.One[ruleRow](tx, `SELECT opens_on, opens_at, coalesce(days_ahead, -1) AS days_ahead, close_unit, close_count, close_at,
		change_unit, change_count, change_at, together_most, contact_most, version FROM booking_rule WHERE service_id = ?`, serviceID)
	if errors.Is(err, store.ErrNotFound) {
		town, err := settings.Get(tx)
		return townRules(serviceID, town), err
	}
	return Rules{
		ServiceID: serviceID, OpensOn: row.OpensOn, OpensAt: row.OpensAt, DaysAhead: row.DaysAhead,
		Close:        Cutoff{row.CloseUnit, row.CloseCount, row.CloseAt},
		Change:       Cutoff{row.ChangeUnit, row.ChangeCount, row.ChangeAt},
		TogetherMost: row.TogetherMost, ContactMost: row.ContactMost, Version: row.Version,
	}, err
}

// townRules: FirstDayAhead 1 lets people book until the midnight before.
func townRules(serviceID int64, town settings.Settings) Rules {
	return Rules{
		ServiceID: serviceID, DaysAhead: town.DaysAhead,
		Close:        Cutoff{CutoffDays, town.FirstDayAhead, 24 * 60},
		Change:       Cutoff{CutoffHours, town.ChangeCutoffHours, 0},
		TogetherMost: town.TogetherMost, ContactMost: town.ContactMost,
	}
}

// SetRules gives a service rules of its own; r.Version is the one that RulesOf
// gave. Problems: SetupStale; RulesForm on opens_at, days_ahead, close, change,
// together_most, contact_most.
func SetRules(tx *store.Tx, by audit.Actor, r Rules) error {
	s, err := ServiceByID(tx, r.ServiceID)
	if err != nil {
		return err
	}
	if err := r.check(); err != nil {
		return err
	}
	old, err := RulesOf(tx, r.ServiceID)
	if err != nil {
		return err
	}
	if old.Version != r.Version {
		return SetupStale
	}
	var ahead any
	if r.DaysAhead != Unlimited {
		ahead = r.DaysAhead
	}
	_, err = tx.Exec(`INSERT INTO booking_rule (service_id, opens_on, opens_at, days_ahead, close_unit, close_count, close_at,
			change_unit, change_count, change_at, together_most, contact_most)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (service_id) DO UPDATE SET opens_on = excluded.opens_on, opens_at = excluded.opens_at, days_ahead = excluded.days_ahead,
			close_unit = excluded.close_unit, close_count = excluded.close_count, close_at = excluded.close_at,
			change_unit = excluded.change_unit, change_count = excluded.change_count, change_at = excluded.change_at,
			together_most = excluded.together_most, contact_most = excluded.contact_most, version = booking_rule.version + 1`,
		r.ServiceID, r.OpensOn, r.OpensAt, ahead, r.Close.Unit, r.Close.Count, r.Close.At,
		r.Change.Unit, r.Change.Count, r.Change.At, r.TogetherMost, r.ContactMost)
	if err != nil {
		return fmt.Errorf("set booking rules: %w", err)
	}
	return audit.Record(tx, by, audit.RulesChanged, s.subject(), audit.Detail{"days_ahead": r.DaysAhead})
}

// ClearRules lets a service follow the town's settings again. Problems:
// ServiceNotFound, SetupStale.
func ClearRules(tx *store.Tx, by audit.Actor, serviceID int64, version int) error {
	s, err := ServiceByID(tx, serviceID)
	if err != nil {
		return err
	}
	if err := changed(tx.Exec(`DELETE FROM booking_rule WHERE service_id = ? AND version = ?`, serviceID, version)); err != nil {
		return fmt.Errorf("clear booking rules: %w", err)
	}
	return audit.Record(tx, by, audit.RulesChanged, s.subject(), audit.Detail{"town": true})
}

func (r Rules) check() error {
	var f faults
	if r.OpensAt < 0 || r.OpensAt > 24*60 {
		f.add("opens_at", RulesForm)
	}
	if r.DaysAhead != Unlimited && (r.DaysAhead < 0 || r.DaysAhead > farthest) {
		f.add("days_ahead", RulesForm)
	}
	r.Close.check(&f, "close")
	r.Change.check(&f, "change")
	if r.TogetherMost < 1 || r.TogetherMost > 20 {
		f.add("together_most", RulesForm)
	}
	if r.ContactMost < 1 || r.ContactMost > 20 {
		f.add("contact_most", RulesForm)
	}
	return f.err()
}
