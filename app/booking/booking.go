// Package booking keeps places, slots and bookings. Promises, each kept by the
// schema: a slot never holds more than its capacity, unless an authorised
// person adds one with a reason; a card holds at most one live booking.
package booking

import (
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"strings"
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/settings"
	"madoguchi/store"
)

// Problems.
var (
	SlotFull        = problem.Define(problem.Conflict, "slot_full")
	SlotClosed      = problem.Define(problem.Conflict, "slot_closed")
	SlotPast        = problem.Define(problem.Conflict, "slot_past")
	OutsidePeriod   = problem.Define(problem.Conflict, "outside_period")
	AlreadyBooked   = problem.Define(problem.Conflict, "already_booked")
	CardIssued      = problem.Define(problem.Conflict, "card_issued_already")
	Stale           = problem.Define(problem.Conflict, "booking_stale")
	NotLive         = problem.Define(problem.Conflict, "booking_not_live")
	PastCutoff      = problem.Define(problem.Conflict, "booking_past_cutoff")
	ReasonMissing   = problem.Define(problem.Invalid, "reason_missing")
	ReasonTooLong   = problem.Define(problem.Invalid, "reason_too_long")
	NumberForm      = problem.Define(problem.Invalid, "booking_number_form")
	NotFound        = problem.Define(problem.NotFound, "booking_not_found")
	SlotNotFound    = problem.Define(problem.NotFound, "slot_not_found")
	VenueNotFound   = problem.Define(problem.NotFound, "venue_not_found")
	ServiceNotFound = problem.Define(problem.NotFound, "service_not_found")
)

// ID is a booking's row.
type ID int64

// Seat says which places of a slot a booking uses.
type Seat string

// The kinds of seat.
const (
	ResidentSeat Seat = "resident" // a resident's own booking
	StaffSeat    Seat = "staff"    // entered by staff: the reserve, or what residents have left
	OverSeat     Seat = "over"     // beyond both, with a reason
)

// Channel is how a booking came (受付経路).
type Channel string

// The channels.
const (
	Web       Channel = "web"
	Telephone Channel = "telephone"
	Counter   Channel = "counter"
)

// Label is the channel's name on the screen.
func (c Channel) Label() string {
	return map[Channel]string{Web: "ネット", Telephone: "電話", Counter: "窓口"}[c]
}

// State is what became of a booking (状態).
type State string

// The states. Booked is the live one.
const (
	Booked    State = "booked"
	Done      State = "done"
	Cancelled State = "cancelled"
)

// Label is the state's name on the screen.
func (s State) Label() string {
	return map[State]string{Booked: "予約中", Done: "来庁済み", Cancelled: "取消済み"}[s]
}

// Booking is someone's place in a slot (予約).
type Booking struct {
	ID          ID
	Ref         store.Ref
	Number      Number
	SlotID      int64
	CardID      card.ID
	Seat        Seat
	Reason      string // why beyond capacity; empty otherwise
	Channel     Channel
	State       State
	BookedAt    time.Time
	ChangedAt   time.Time
	CancelledAt time.Time
	Version     int
}

// Subject names the booking in the audit log.
func (b Booking) Subject() audit.Subject { return audit.Subject{Kind: "booking", Ref: b.Ref} }

// Live reports whether the booking still stands.
func (b Booking) Live() bool { return b.State == Booked }

// Number is a booking number (予約番号): seven digits and a check digit, so
// that one digit misheard on the telephone, or two swapped, is noticed.
type Number string

// String is the number as it is shown, in two groups of four.
func (n Number) String() string {
	if len(n) != 8 {
		return string(n)
	}
	return string(n[:4] + "-" + n[4:])
}

// ParseNumber reads a booking number in any width, with or without hyphen.
// Problem: NumberForm.
func ParseNumber(s string) (Number, error) {
	s = strings.NewReplacer("-", "", " ", "").Replace(jp.Narrow(s))
	if len(s) != 8 || strings.Trim(s, "0123456789") != "" || s[7] != checkDigit(s[:7]) {
		return "", NumberForm
	}
	return Number(s), nil
}

// checkDigit is that of ISO/IEC 7064, MOD 11,10: it notices every single wrong
// digit and every swap of neighbours.
func checkDigit(digits string) byte {
	p := 10
	for i := range len(digits) {
		s := (int(digits[i]-'0') + p) % 10
		if s == 0 {
			s = 10
		}
		p = 2 * s % 11
	}
	return byte('0' + (11-p)%10)
}

func newNumber() Number {
	n, err := rand.Int(rand.Reader, big.NewInt(10_000_000))
	if err != nil {
		panic(err) // crypto/rand never fails on the systems we run on
	}
	digits := fmt.Sprintf("%07d", n.Int64())
	return Number(digits + string(checkDigit(digits)))
}

// Visit is a booking with its slot and place.
type Visit struct {
	Booking
	Slot  Slot
	Venue Venue
}

const bookingColumns = `booking.id, booking.ref, booking.number, booking.slot_id, booking.card_id, booking.seat, booking.reason,
	booking.channel, booking.state, booking.booked_at, booking.changed_at, booking.cancelled_at, booking.version`

func visit(tx *store.Tx, b Booking, err error) (Visit, error) {
	if errors.Is(err, store.ErrNotFound) {
		return Visit{}, NotFound
	}
	if err != nil {
		return Visit{}, err
	}
	s, err := store.One[Slot](tx, `SELECT `+slotColumns+` FROM slot WHERE id = ?`, b.SlotID)
	if err != nil {
		return Visit{}, err
	}
	place, err := PlaceOf(tx, s)
	return Visit{Booking: b, Slot: place.Slot, Venue: place.Venue}, err
}

func one(tx *store.Tx, where string, args ...any) (Visit, error) {
	b, err := store.One[Booking](tx, `SELECT `+bookingColumns+` FROM booking WHERE `+where, args...)
	return visit(tx, b, err)
}

// ByRef finds a booking by the Ref in an address. Problem: NotFound.
func ByRef(tx *store.Tx, ref store.Ref) (Visit, error) { return one(tx, `ref = ?`, ref) }

// ByNumber finds a booking by its number. Problem: NotFound.
func ByNumber(tx *store.Tx, n Number) (Visit, error) { return one(tx, `number = ?`, string(n)) }

// Live finds the card's live booking; ok is false when it has none.
func Live(tx *store.Tx, id card.ID) (v Visit, ok bool, err error) {
	v, err = one(tx, `card_id = ? AND state = 'booked'`, id)
	if errors.Is(err, NotFound) {
		return v, false, nil
	}
	return v, err == nil, err
}

// OfCard lists all bookings of a card, newest first.
func OfCard(tx *store.Tx, id card.ID) ([]Visit, error) {
	all, err := store.All[Booking](tx, `SELECT `+bookingColumns+` FROM booking WHERE card_id = ? ORDER BY id DESC`, id)
	if err != nil {
		return nil, err
	}
	visits := make([]Visit, len(all))
	for i, b := range all {
		if visits[i], err = visit(tx, b, nil); err != nil {
			return nil, err
		}
	}
	return visits, nil
}

// CanChange reports whether a resident may still change or cancel a booking at
// tx.Now; after that the telephone is left.
func CanChange(tx *store.Tx, v Visit) (bool, error) {
	s, err := settings.Get(tx)
	if err != nil {
		return false, err
	}
	last := v.Slot.At().Add(-time.Duration(s.ChangeCutoffHours) * time.Hour)
	return v.Live() && tx.Now.Before(last), nil
}

// DayEntry is one line of a day's list.
type DayEntry struct {
	Visit  Visit
	Record card.Record
}

// DayList lists the bookings of a day that were not cancelled, at one place or
// (venueID 0) at all, by time, place and number.
func DayList(tx *store.Tx, venueID int64, on jp.Date) ([]DayEntry, error) {
	all, err := store.All[Booking](tx, `SELECT `+bookingColumns+` FROM booking JOIN slot ON slot.id = booking.slot_id
		WHERE slot.held_on = ? AND (? = 0 OR slot.venue_id = ?) AND booking.state <> 'cancelled'
		ORDER BY slot.starts, slot.venue_id, booking.id`, on, venueID, venueID)
	if err != nil {
		return nil, err
	}
	entries := make([]DayEntry, len(all))
	for i, b := range all {
		v, err := visit(tx, b, nil)
		if err != nil {
			return nil, err
		}
		r, err := card.GetByID(tx, b.CardID)
		if err != nil {
			return nil, err
		}
		entries[i] = DayEntry{Visit: v, Record: r}
	}
	return entries, nil
}

// Newest is the booking that was made last, for the report of a restore; ok is
// false in a store without one.
func Newest(tx *store.Tx) (v Visit, ok bool, err error) {
	v, err = one(tx, `id = (SELECT max(id) FROM booking)`)
	if errors.Is(err, NotFound) {
		return v, false, nil
	}
	return v, err == nil, err
}
