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
	NotNeeded       = problem.Define(problem.Conflict, "booking_not_needed")
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

// The states. A booking stands while it is Booked, CheckedIn or Called. Held
// is not yet a booking: a seat with an expiry, while answers are checked.
const (
	Held          State = "held"
	Booked        State = "booked"
	CheckedIn     State = "checked_in"
	Called        State = "called"
	Done          State = "done"
	PapersMissing State = "papers_missing"
	NoShow        State = "no_show"
	Cancelled     State = "cancelled"
	Expired       State = "expired"
)

// States lists what can have become of a booking, in the order of a visit.
func States() []State {
	return []State{Booked, CheckedIn, Called, Done, PapersMissing, NoShow, Cancelled}
}

// Label is the state's name on the screen.
func (s State) Label() string {
	return map[State]string{
		Held: "仮押さえ", Booked: "予約中", CheckedIn: "受付済み", Called: "呼出し中", Done: "来庁済み",
		PapersMissing: "書類不足", NoShow: "来庁なし", Cancelled: "取消済み", Expired: "期限切れ",
	}[s]
}

// live are the states in which a booking stands, for SQL. Every query that asks
// for bookings that stand says it with this.
const live = `('booked', 'checked_in', 'called')`

// Booking is someone's place in a slot (予約).
type Booking struct {
	ID            ID
	Ref           store.Ref
	Number        Number
	SlotID        int64
	CardID        card.ID
	Seat          Seat
	Reason        string // why beyond capacity; empty otherwise
	Channel       Channel
	State         State
	BookedAt      time.Time
	ChangedAt     time.Time
	CancelledAt   time.Time
	HeldUntil     time.Time // of a hold
	GroupRef      store.Ref // bookings made together share it; empty otherwise
	RecipientID   int64     // whose booking it is while it has no card; 0 otherwise
	CheckedInAt   time.Time
	CalledAt      time.Time
	CalledTo      string    // the counter, in words
	EndedAt       time.Time // when it became done, papers_missing or no_show
	Comer         Comer     // who will come, as the resident says; empty while nobody has said
	ProxyReasonID int64     // why a proxy comes; 0 while none was said, and for others
	Version       int
}

// Subject names the booking in the audit log.
func (b Booking) Subject() audit.Subject { return audit.Subject{Kind: "booking", Ref: b.Ref} }

// LastChange is when the booking became what it is: whether it is confirmed by
// the second place goes by that.
func (b Booking) LastChange() time.Time {
	if b.ChangedAt.After(b.BookedAt) {
		return b.ChangedAt
	}
	return b.BookedAt
}

// Live reports whether the booking still stands. A hold is none yet.
func (b Booking) Live() bool { return b.State == Booked || b.State == CheckedIn || b.State == Called }

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

// drawNumber draws a number that neither a booking has nor someone who waits
// for one. Nobody can take it meanwhile: there is one writer.
func drawNumber(tx *store.Tx) (Number, error) {
	for {
		n := newNumber()
		taken, err := store.One[bool](tx, `SELECT EXISTS (SELECT 1 FROM booking WHERE number = ?) OR EXISTS (SELECT 1 FROM waiting WHERE number = ?)`,
			string(n), string(n))
		if err != nil || !taken {
			return n, err
		}
	}
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
	booking.channel, booking.state, booking.booked_at, booking.changed_at, booking.cancelled_at,
	booking.held_until, booking.group_ref, booking.recipient_id, booking.checked_in_at, booking.called_at, booking.called_to,
	booking.ended_at, booking.comer, booking.proxy_reason_id, booking.version`

// selectVisit reads bookings with their slots and places in one query.
var selectVisit = `SELECT ` + bookingColumns + `, ` + store.Prefixed("slot", slotColumns) + `, ` + store.Prefixed("venue", venueColumns) + `
	FROM booking JOIN slot ON slot.id = booking.slot_id JOIN venue ON venue.id = slot.venue_id `

func one(tx *store.Tx, where string, args ...any) (Visit, error) {
	v, err := store.One[Visit](tx, selectVisit+`WHERE `+where, args...)
	if errors.Is(err, store.ErrNotFound) {
		return v, NotFound
	}
	return v, err
}

// ByRef finds a booking by the Ref in an address. Problem: NotFound.
func ByRef(tx *store.Tx, ref store.Ref) (Visit, error) { return one(tx, `booking.ref = ?`, ref) }

// ByID finds a booking by its row. Problem: NotFound.
func ByID(tx *store.Tx, id ID) (Visit, error) { return one(tx, `booking.id = ?`, id) }

// LiveOfVisitor finds the live booking of a visitor's row; ok is false when they
// have none.
func LiveOfVisitor(tx *store.Tx, recipientID int64) (Visit, bool, error) {
	return liveOf(tx, waiter{visitor: recipientID})
}

// ByNumber finds a booking by its number. Problem: NotFound.
func ByNumber(tx *store.Tx, n Number) (Visit, error) { return one(tx, `booking.number = ?`, string(n)) }

// Live finds the card's live booking; ok is false when it has none. A hold does
// not count: HoldOf finds it.
func Live(tx *store.Tx, id card.ID) (v Visit, ok bool, err error) {
	v, err = one(tx, `booking.card_id = ? AND booking.state IN `+live, id)
	if errors.Is(err, NotFound) {
		return v, false, nil
	}
	return v, err == nil, err
}

// liveOf finds someone's live booking; ok is false when they have none.
func liveOf(tx *store.Tx, who waiter) (v Visit, ok bool, err error) {
	if who.card != 0 {
		return Live(tx, who.card)
	}
	v, err = one(tx, `booking.recipient_id = ? AND booking.state IN `+live, who.visitor)
	if errors.Is(err, NotFound) {
		return v, false, nil
	}
	return v, err == nil, err
}

// OfCard lists all bookings of a card, newest first; holds are left out.
func OfCard(tx *store.Tx, id card.ID) ([]Visit, error) {
	return store.All[Visit](tx, selectVisit+`WHERE booking.card_id = ? AND booking.state NOT IN ('held', 'expired')
		ORDER BY booking.id DESC`, id)
}

// DayEntry is one line of a day's list. Without a card the record holds the
// visitor's name and telephone number, or nothing.
type DayEntry struct {
	Visit  Visit
	Record card.Record
}

// DayList lists the bookings of a day that were not cancelled, at one place or
// (venueID 0) at all, by time, place and number.
func DayList(tx *store.Tx, venueID int64, on jp.Date) ([]DayEntry, error) {
	return store.All[DayEntry](tx, selectDay+`WHERE slot.held_on = ? AND (? = 0 OR slot.venue_id = ?) AND booking.state NOT IN ('held', 'cancelled', 'expired')
		ORDER BY slot.starts, venue.position, booking.id`, on, venueID, venueID)
}

// WalkIns lists the cards that were issued on a day to people without a booking
// (予約のない来庁), in order of time. The audit log is read by its time, because
// it holds the day's issues in one range.
func WalkIns(tx *store.Tx, on jp.Date) ([]card.Record, error) {
	return store.All[card.Record](tx, `SELECT `+card.Columns+` FROM audit JOIN card ON card.ref = audit.subject
		JOIN recipient ON recipient.id = card.recipient_id
		WHERE audit.at >= ? AND audit.at < ? AND audit.action = 'card_issued' AND audit.subject_kind = 'card' AND card.issued_at IS NOT NULL
		  AND NOT EXISTS (SELECT 1 FROM booking WHERE booking.card_id = card.id AND booking.state = 'done')
		ORDER BY audit.id`, on.At(0), on.AddDays(1).At(0))
}

var selectDay = `SELECT ` + dayColumns + ` ` + fromDay

var dayColumns = store.Prefixed("visit", bookingColumns) + `, ` + store.Prefixed("visit.slot", slotColumns) + `,
	` + store.Prefixed("visit.venue", venueColumns) + `, ` + store.Prefixed("record", card.Columns)

const fromDay = `FROM booking JOIN slot ON slot.id = booking.slot_id JOIN venue ON venue.id = slot.venue_id
	LEFT JOIN card ON card.id = booking.card_id
	LEFT JOIN recipient ON recipient.id = coalesce(card.recipient_id, booking.recipient_id) `

// Newest is the booking that was made last, for the report of a restore; ok is
// false in a store without one.
func Newest(tx *store.Tx) (v Visit, ok bool, err error) {
	v, err = one(tx, `booking.id = (SELECT max(id) FROM booking WHERE state NOT IN ('held', 'expired'))`)
	if errors.Is(err, NotFound) {
		return v, false, nil
	}
	return v, err == nil, err
}
