package booking

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/jp"
	"madoguchi/store"
)

// Hours are when a service is given at a place (受付時間), from a day on until a
// newer set begins. A set without windows closes the service there.
type Hours struct {
	ID            int64
	Ref           store.Ref
	VenueID       int64
	ServiceID     int64
	EffectiveFrom jp.Date
	Version       int
	Windows       []HoursWindow `db:"-"`
}

// HoursWindow is a span of one weekday, cut into slots of equal length (時間帯).
type HoursWindow struct {
	Weekday           time.Weekday
	Starts, Ends      jp.Clock
	Minutes           int // of one slot; divides the span
	Capacity, Reserve int // places of each slot: residents', staff's
}

func (h Hours) subject() audit.Subject { return audit.Subject{Kind: "hours", Ref: h.Ref} }

// on lists the windows of one day of the week.
func (h Hours) on(d time.Weekday) []HoursWindow {
	var all []HoursWindow
	for _, w := range h.Windows {
		if w.Weekday == d {
			all = append(all, w)
		}
	}
	return all
}

// cut makes the slots of a window on one day.
func (w HoursWindow) cut(on jp.Date) []Window {
	var all []Window
	for c := w.Starts; c+jp.Clock(w.Minutes) <= w.Ends; c += jp.Clock(w.Minutes) {
		all = append(all, Window{HeldOn: on, Starts: c, Ends: c + jp.Clock(w.Minutes), Capacity: w.Capacity, Reserve: w.Reserve})
	}
	return all
}

// mostPlaces bounds capacity and reserve of a slot.
const mostPlaces = 999

// check says what is wrong with a window, on field.
func (w HoursWindow) check(f *faults, field string) {
	switch {
	case w.Starts < 0 || w.Ends > 24*60 || w.Ends <= w.Starts:
		f.add(field, WindowOrder)
	case w.Minutes < 5 || w.Minutes > 480:
		f.add(field, WindowMinutes)
	case int(w.Ends-w.Starts)%w.Minutes != 0:
		f.add(field, WindowRemainder)
	case w.Capacity < 0 || w.Capacity > mostPlaces || w.Reserve < 0 || w.Reserve > mostPlaces:
		f.add(field, CapacityForm)
	case w.Capacity+w.Reserve == 0:
		f.add(field, CapacityNone)
	}
}

func (w HoursWindow) overlaps(o HoursWindow) bool {
	return w.Weekday == o.Weekday && w.Starts < o.Ends && o.Starts < w.Ends
}

// check says what is wrong with the set: on "effective_from", and on
// "window.<n>" as the windows stand, counted from 0.
func (h Hours) check() error {
	var f faults
	if h.EffectiveFrom.IsZero() {
		f.add("effective_from", DayMissing)
	}
	for i, w := range h.Windows {
		field := fmt.Sprintf("window.%d", i)
		if w.Weekday < time.Sunday || w.Weekday > time.Saturday {
			f.add(field, WindowOrder)
		}
		w.check(&f, field)
		for _, before := range h.Windows[:i] {
			if w.overlaps(before) {
				f.add(field, WindowOverlap)
			}
		}
	}
	return f.err()
}

const hoursColumns = `id, ref, venue_id, service_id, effective_from, version`

// HoursOf lists the sets of a service at a place, newest first.
func HoursOf(tx *store.Tx, venueID, serviceID int64) ([]Hours, error) {
	all, err := hoursAt(tx, venueID)
	return slices.DeleteFunc(all, func(h Hours) bool { return h.ServiceID != serviceID }), err
}

// HoursByRef finds a set. Problem: HoursNotFound.
func HoursByRef(tx *store.Tx, ref store.Ref) (Hours, error) {
	h, err := store.One[Hours](tx, `SELECT `+hoursColumns+` FROM hours WHERE ref = ?`, ref)
	if err != nil {
		return found(h, err, HoursNotFound)
	}
	h.Windows, err = store.All[HoursWindow](tx, `SELECT weekday, starts, ends, minutes, capacity, reserve FROM hours_window
		WHERE hours_id = ? ORDER BY (weekday + 6) % 7, starts`, h.ID)
	return h, err
}

// hoursAt lists every set of a place, newest first, in two queries.
func hoursAt(tx *store.Tx, venueID int64) ([]Hours, error) {
	all, err := store.All[Hours](tx, `SELECT `+hoursColumns+` FROM hours WHERE venue_id = ? ORDER BY effective_from DESC`, venueID)
	if err != nil {
		return nil, err
	}
	type row struct {
		HoursID int64
		HoursWindow
	}
	rows, err := store.All[row](tx, `SELECT hours_id, weekday, starts, ends, minutes, capacity, reserve FROM hours_window
		WHERE hours_id IN (SELECT id FROM hours WHERE venue_id = ?) ORDER BY (weekday + 6) % 7, starts`, venueID)
	if err != nil {
		return nil, err
	}
	at := map[int64]int{}
	for i, h := range all {
		at[h.ID] = i
	}
	for _, r := range rows {
		h := &all[at[r.HoursID]]
		h.Windows = append(h.Windows, r.HoursWindow)
	}
	return all, nil
}

// SaveHours adds a set, or replaces the one with h's Ref and Version. It makes
// no slots: ApplyPlan does. Problems: HoursNotFound, SetupStale, HoursTaken;
// DayMissing on "effective_from"; on "window.<n>" WindowOrder, WindowMinutes,
// WindowRemainder, WindowOverlap, CapacityForm, CapacityNone.
func SaveHours(tx *store.Tx, by audit.Actor, h Hours) (Hours, error) {
	if err := h.check(); err != nil {
		return h, err
	}
	var err error
	if h.Ref == "" {
		h.Ref = store.NewRef()
		h.ID, err = tx.Insert(`INSERT INTO hours (ref, venue_id, service_id, effective_from) VALUES (?, ?, ?, ?)`,
			h.Ref, h.VenueID, h.ServiceID, h.EffectiveFrom)
	} else {
		var old Hours
		if old, err = HoursByRef(tx, h.Ref); err != nil {
			return h, err
		}
		h.ID = old.ID
		err = changed(tx.Exec(`UPDATE hours SET effective_from = ?, version = version + 1 WHERE id = ? AND version = ?`,
			h.EffectiveFrom, h.ID, h.Version))
	}
	if store.Broke(err, store.Unique, "hours.effective_from") {
		return h, HoursTaken.On("effective_from")
	}
	if err != nil {
		return h, fmt.Errorf("save hours: %w", err)
	}
	if _, err := tx.Exec(`DELETE FROM hours_window WHERE hours_id = ?`, h.ID); err != nil {
		return h, fmt.Errorf("clear windows of hours: %w", err)
	}
	for _, w := range h.Windows {
		if _, err := tx.Insert(`INSERT INTO hours_window (hours_id, weekday, starts, ends, minutes, capacity, reserve)
			VALUES (?, ?, ?, ?, ?, ?, ?)`, h.ID, w.Weekday, w.Starts, w.Ends, w.Minutes, w.Capacity, w.Reserve); err != nil {
			return h, fmt.Errorf("add window of hours: %w", err)
		}
	}
	if err := audit.Record(tx, by, audit.HoursSaved, h.subject(), audit.Detail{"from": h.EffectiveFrom, "windows": len(h.Windows)}); err != nil {
		return h, err
	}
	return HoursByRef(tx, h.Ref)
}

// RemoveHours takes a set back, as if it had never been; slots stay until the
// next plan. Problems: HoursNotFound, SetupStale.
func RemoveHours(tx *store.Tx, by audit.Actor, ref store.Ref, version int) error {
	h, err := HoursByRef(tx, ref)
	if err != nil {
		return err
	}
	if err := changed(tx.Exec(`DELETE FROM hours WHERE id = ? AND version = ?`, h.ID, version)); err != nil {
		return fmt.Errorf("remove hours: %w", err)
	}
	return audit.Record(tx, by, audit.HoursRemoved, h.subject(), audit.Detail{"from": h.EffectiveFrom})
}

// byStart orders the slots of a day.
func byStart(a, b Window) int { return cmp.Compare(a.Starts, b.Starts) }
