package console

import (
	"slices"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// Problems of those who work at some places only (受付場所の限定).
var (
	// NotHere refuses a booking or slot of a place at which the account does not
	// work.
	NotHere = problem.Define(problem.Forbidden, "not_here")
	// NotEverywhere refuses what concerns the whole town.
	NotEverywhere = problem.Define(problem.Forbidden, "not_everywhere")
)

const worksKey = "madoguchi/app/console.works" // request: rows of the places, none for all

// worksAt reports whether who is signed in works at a place. Every page that
// shows or changes a place's bookings or slots asks it.
func worksAt(c *gin.Context, venueID int64) bool {
	limit := limitOf(c)
	return len(limit) == 0 || slices.Contains(limit, venueID)
}

// limitOf are the rows of the places at which who is signed in works; none
// means all of them.
func limitOf(c *gin.Context) []int64 {
	limit, _ := c.Value(worksKey).([]int64)
	return limit
}

// here is NotHere for a place at which who is signed in does not work.
func here(c *gin.Context, venueID int64) error {
	if !worksAt(c, venueID) {
		return NotHere
	}
	return nil
}

// ourVenues lists the places in use at which who is signed in works, in the
// town's order.
func ourVenues(tx *store.Tx, c *gin.Context) ([]booking.Venue, error) {
	venues, err := booking.Venues(tx)
	return slices.DeleteFunc(venues, func(v booking.Venue) bool { return !worksAt(c, v.ID) }), err
}

// ourEntries leaves out the bookings of places at which who is signed in does
// not work.
func ourEntries(c *gin.Context, entries []booking.DayEntry) []booking.DayEntry {
	return slices.DeleteFunc(entries, func(e booking.DayEntry) bool { return !worksAt(c, e.Visit.Slot.VenueID) })
}

// ourBooking is NotHere for a booking at a place at which who is signed in does
// not work; no booking at all is everybody's.
func ourBooking(c *gin.Context, v booking.Visit) error {
	if v.Booking.ID == 0 {
		return nil
	}
	return here(c, v.Slot.VenueID)
}

// ourSlot is NotHere for a slot of a place at which who is signed in does not
// work. Problem: booking.SlotNotFound.
func ourSlot(tx *store.Tx, c *gin.Context, ref store.Ref) error {
	s, err := booking.SlotByRef(tx, ref)
	if err != nil {
		return err
	}
	return here(c, s.VenueID)
}

// everywhere is NotEverywhere for those who work at some places only.
func everywhere(c *gin.Context) error {
	if len(limitOf(c)) > 0 {
		return NotEverywhere
	}
	return nil
}
