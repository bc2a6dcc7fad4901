package booking

import (
	"errors"
	"fmt"

	"madoguchi/app/audit"
	"madoguchi/app/jp"
	"madoguchi/store"
)

// SlotEdit is what staff set of one slot by hand.
type SlotEdit struct {
	Slot              store.Ref
	Version           int
	Open              bool
	Capacity, Reserve int
}

// SetSlot opens, closes, widens or narrows a slot by hand; plans leave it alone
// from then on. Closing keeps the bookings in it, and takes no new ones. Below
// what is booked a slot is not narrowed. An open slot is out of the stop that
// had closed it. Problems: SlotNotFound, SetupStale, SlotPast, SlotHasBookings
// (BookingsIn lists them); CapacityForm on "capacity" or "reserve".
func SetSlot(tx *store.Tx, by audit.Actor, e SlotEdit) (Slot, error) {
	s, err := SlotByRef(tx, e.Slot)
	if err != nil {
		return s, err
	}
	var f faults
	checkPlaces(&f, e.Capacity, e.Reserve)
	if err := f.err(); err != nil {
		return s, err
	}
	if s.Version != e.Version {
		return s, SetupStale
	}
	if !tx.Now.Before(s.HeldOn.At(s.Ends)) {
		return s, SlotPast
	}
	if e.Capacity < s.Taken || e.Capacity+e.Reserve < s.Taken+s.StaffTaken {
		return s, SlotHasBookings.With("bookings", fmt.Sprint(s.Taken+s.StaffTaken))
	}
	before := s
	s.Open, s.Capacity, s.Reserve, s.ByHand, s.StopID = e.Open, e.Capacity, e.Reserve, true, 0
	if err := s.update(tx); err != nil {
		return s, err
	}
	err = audit.Record(tx, by, audit.SlotSet, s.subject(), audit.Detail{
		"open": []bool{before.Open, s.Open}, "capacity": []int{before.Capacity, s.Capacity}, "reserve": []int{before.Reserve, s.Reserve}})
	if err != nil {
		return s, err
	}
	return SlotByRef(tx, e.Slot)
}

func (s Slot) subject() audit.Subject { return audit.Subject{Kind: "slot", Ref: s.Ref} }

func checkPlaces(f *faults, capacity, reserve int) {
	if capacity < 0 || capacity > mostPlaces {
		f.add("capacity", CapacityForm)
	}
	if reserve < 0 || reserve > mostPlaces {
		f.add("reserve", CapacityForm)
	}
}

// FollowHours gives a slot that was set by hand back to the hours: the next
// plan makes of it what they ask for. Problems: SlotNotFound, SetupStale.
func FollowHours(tx *store.Tx, by audit.Actor, ref store.Ref, version int) (Slot, error) {
	s, err := SlotByRef(tx, ref)
	if err != nil {
		return s, err
	}
	s.ByHand, s.Version = false, version
	if err := s.update(tx); err != nil {
		return s, err
	}
	return s, audit.Record(tx, by, audit.SlotSet, s.subject(), audit.Detail{"by_hand": false})
}

// AddSlot makes one slot by hand, or opens the closed one that begins at the
// same time. Problems: DayMissing, SlotPast; WindowOrder on "ends"; CapacityForm,
// CapacityNone on "capacity"; SlotOverlaps where another slot is open then.
func AddSlot(tx *store.Tx, by audit.Actor, venueID, serviceID int64, w Window) (Slot, error) {
	var f faults
	if w.HeldOn.IsZero() {
		f.add("date", DayMissing)
	}
	if w.Starts < 0 || w.Ends > 24*60 || w.Ends <= w.Starts {
		f.add("ends", WindowOrder)
	}
	checkPlaces(&f, w.Capacity, w.Reserve)
	if w.Capacity+w.Reserve == 0 {
		f.add("capacity", CapacityNone)
	}
	if err := f.err(); err != nil {
		return Slot{}, err
	}
	if !tx.Now.Before(w.HeldOn.At(w.Ends)) {
		return Slot{}, SlotPast
	}
	there, err := DaySlots(tx, venueID, serviceID, w.HeldOn)
	if err != nil {
		return Slot{}, err
	}
	s := Slot{VenueID: venueID, ServiceID: serviceID, HeldOn: w.HeldOn, Starts: w.Starts}
	for _, o := range there {
		if o.Open && o.Starts < w.Ends && w.Starts < o.Ends {
			return o, SlotOverlaps.With("starts", o.Starts.String())
		}
		if o.Starts == w.Starts {
			s = o
		}
	}
	if w.Capacity < s.Taken || w.Capacity+w.Reserve < s.Taken+s.StaffTaken {
		return s, SlotHasBookings.With("bookings", fmt.Sprint(s.Taken+s.StaffTaken))
	}
	s.Ends, s.Capacity, s.Reserve, s.Open, s.ByHand, s.StopID = w.Ends, w.Capacity, w.Reserve, true, true, 0
	if s.ID == 0 {
		if s, err = s.insert(tx); err != nil {
			return s, err
		}
	} else if err := s.update(tx); err != nil {
		return s, err
	}
	return s, audit.Record(tx, by, audit.SlotsAdded, s.subject(), audit.Detail{"slots": 1})
}

// DayEdit is what staff set of all slots of a day.
type DayEdit struct {
	VenueID, ServiceID int64
	On                 jp.Date
	Open               bool
	// Capacity and Reserve of each slot; nil leaves them.
	Capacity, Reserve *int
}

// SetDay does SetSlot with every slot of a day that has not ended, all or none.
// Problems: SetSlot's, SlotNotFound where there is no such slot.
func SetDay(tx *store.Tx, by audit.Actor, e DayEdit) (set int, err error) {
	slots, err := DaySlots(tx, e.VenueID, e.ServiceID, e.On)
	if err != nil {
		return 0, err
	}
	for _, s := range slots {
		edit := SlotEdit{Slot: s.Ref, Version: s.Version, Open: e.Open, Capacity: s.Capacity, Reserve: s.Reserve}
		if e.Capacity != nil {
			edit.Capacity = *e.Capacity
		}
		if e.Reserve != nil {
			edit.Reserve = *e.Reserve
		}
		_, err := SetSlot(tx, by, edit)
		if errors.Is(err, SlotPast) {
			continue
		}
		if err != nil {
			return 0, err
		}
		set++
	}
	if set == 0 {
		return 0, SlotNotFound
	}
	return set, nil
}

// BookingsIn lists the bookings that stand in the slots of a service on a day,
// held ones too, by time.
func BookingsIn(tx *store.Tx, venueID, serviceID int64, on jp.Date) ([]DayEntry, error) {
	return store.All[DayEntry](tx, selectDay+`WHERE slot.venue_id = ? AND slot.service_id = ? AND slot.held_on = ?
		AND booking.state IN `+standing+` ORDER BY slot.starts, booking.id`, venueID, serviceID, on)
}
