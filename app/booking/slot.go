package booking

import (
	"errors"
	"fmt"
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/jp"
	"madoguchi/store"
)

// Slot is a window of time at a place, with its places for people (予約枠).
type Slot struct {
	ID         int64
	Ref        store.Ref
	VenueID    int64
	ServiceID  int64
	HeldOn     jp.Date
	Starts     jp.Clock
	Ends       jp.Clock
	Capacity   int // places that residents may book (枠数)
	Reserve    int // further places that only staff may book (職員枠)
	Taken      int // live or past bookings on residents' places
	StaffTaken int // on the staff's
	Over       int // made beyond both, with a reason
	Open       bool
	ByHand     bool  // somebody set it; slot plans leave it alone
	StopID     int64 // the stop that closed it; 0: none
	Version    int
}

// Remaining is how many more residents may book (残枠).
func (s Slot) Remaining() int { return max(0, min(s.Capacity-s.Taken, s.RemainingForStaff())) }

// RemainingForStaff is how many more bookings staff may enter: what residents
// have left, and the reserve.
func (s Slot) RemainingForStaff() int {
	if !s.Open {
		return 0
	}
	return max(0, s.Capacity+s.Reserve-s.Taken-s.StaffTaken)
}

// remaining is what one kind of seat has left.
func (s Slot) remaining(who Seat) int {
	if who == ResidentSeat {
		return s.Remaining()
	}
	return s.RemainingForStaff()
}

// At is the instant at which the slot starts.
func (s Slot) At() time.Time { return s.HeldOn.At(s.Starts) }

const slotColumns = `slot.id, slot.ref, slot.venue_id, slot.service_id, slot.held_on, slot.starts, slot.ends,
	slot.capacity, slot.reserve, slot.taken, slot.staff_taken, slot.over, slot.open,
	slot.by_hand, slot.stop_id, slot.version`

// remainingSQL is Slot.remaining for a sum inside SQL.
func remainingSQL(who Seat) string {
	if who == ResidentSeat {
		return `slot.open * max(0, min(slot.capacity - slot.taken, slot.capacity + slot.reserve - slot.taken - slot.staff_taken))`
	}
	return `slot.open * max(0, slot.capacity + slot.reserve - slot.taken - slot.staff_taken)`
}

// Day is one day's sum at a place.
type Day struct {
	HeldOn    jp.Date
	Slots     int
	Remaining int
}

// FreeDays lists the days in a period on which a place has open slots, full
// ones too, with what one kind of seat has left. In a period of booking the
// slots that are past their cut-off do not count. One range read of the slot index.
func FreeDays(tx *store.Tx, venueID, serviceID int64, p Period, who Seat) ([]Day, error) {
	return store.All[Day](tx, `SELECT held_on, count(*) AS slots, sum(`+remainingSQL(who)+`) AS remaining FROM slot
		WHERE venue_id = ? AND service_id = ? AND held_on BETWEEN ? AND ? AND open = 1 AND held_on || 'T' || starts > ?
		GROUP BY held_on ORDER BY held_on`,
		venueID, serviceID, p.From, p.To, p.after)
}

// DaySlots lists the slots of one day at a place.
func DaySlots(tx *store.Tx, venueID, serviceID int64, on jp.Date) ([]Slot, error) {
	return store.All[Slot](tx, `SELECT `+slotColumns+` FROM slot
		WHERE venue_id = ? AND service_id = ? AND held_on = ? ORDER BY starts`, venueID, serviceID, on)
}

// SlotByRef finds a slot by the Ref in an address. Problem: SlotNotFound.
func SlotByRef(tx *store.Tx, ref store.Ref) (Slot, error) {
	s, err := store.One[Slot](tx, `SELECT `+slotColumns+` FROM slot WHERE ref = ?`, ref)
	if errors.Is(err, store.ErrNotFound) {
		return s, SlotNotFound
	}
	return s, err
}

// Place is a slot with the place it is held at.
type Place struct {
	Slot
	Venue Venue
}

const selectPlace = `FROM slot JOIN venue ON venue.id = slot.venue_id `

var placeColumns = slotColumns + `, ` + store.Prefixed("venue", venueColumns)

// PlaceByRef finds a slot and its place by the slot's Ref. Problem: SlotNotFound.
func PlaceByRef(tx *store.Tx, ref store.Ref) (Place, error) {
	p, err := store.One[Place](tx, `SELECT `+placeColumns+` `+selectPlace+`WHERE slot.ref = ?`, ref)
	if errors.Is(err, store.ErrNotFound) {
		return p, SlotNotFound
	}
	return p, err
}

// NearestFree lists free slots nearest in time to one that was lost, the same
// place before the others. At most limit.
func NearestFree(tx *store.Tx, to Slot, who Seat, limit int) ([]Place, error) {
	p, err := Bookable(tx, to.VenueID, to.ServiceID)
	if err != nil {
		return nil, err
	}
	if who != ResidentSeat {
		p.From, p.after = jp.DateOf(tx.Now), localText(tx.Now)
	}
	// Days apart, from civil dates and clocks: the town hall has one time zone
	// without summer time. Another place counts as a day further away.
	return store.All[Place](tx, `SELECT `+placeColumns+` `+selectPlace+`
		WHERE slot.service_id = ? AND slot.held_on BETWEEN ? AND ? AND slot.id <> ? AND `+remainingSQL(who)+` > 0
		  AND slot.held_on || 'T' || slot.starts > ?
		ORDER BY abs(julianday(slot.held_on || 'T' || slot.starts) - julianday(?)) + (slot.venue_id <> ?), slot.venue_id LIMIT ?`,
		to.ServiceID, p.From, p.To, to.ID, p.after, to.HeldOn.String()+"T"+to.Starts.String(), to.VenueID, limit)
}

// localText is an instant as slots keep theirs: YYYY-MM-DDTHH:MM at the town hall.
func localText(t time.Time) string { return t.In(jp.Tokyo).Format("2006-01-02T15:04") }

// Window is a slot to be made.
type Window struct {
	HeldOn            jp.Date
	Starts, Ends      jp.Clock
	Capacity, Reserve int
}

// AddSlots makes slots for a service at a place. A window that is there
// already breaks the schema's rule and fails the whole call.
func AddSlots(tx *store.Tx, by audit.Actor, v Venue, s Service, windows []Window) error {
	for _, w := range windows {
		_, err := tx.Insert(`INSERT INTO slot (ref, venue_id, service_id, held_on, starts, ends, capacity, reserve)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, store.NewRef(), v.ID, s.ID, w.HeldOn, w.Starts, w.Ends, w.Capacity, w.Reserve)
		if err != nil {
			return fmt.Errorf("add slot %s %s: %w", w.HeldOn, w.Starts, err)
		}
	}
	return audit.Record(tx, by, audit.SlotsAdded, audit.Subject{Kind: "venue", Ref: v.Ref},
		audit.Detail{"service": s.Ref, "slots": len(windows)})
}

// PlaceOf adds the place to a slot.
func PlaceOf(tx *store.Tx, s Slot) (Place, error) { return PlaceByRef(tx, s.Ref) }
