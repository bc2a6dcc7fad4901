package booking

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"madoguchi/app/audit"
	"madoguchi/app/jp"
	"madoguchi/app/mail"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// Problems of moving many bookings.
var (
	PlanStale    = problem.Define(problem.Conflict, "move_plan_stale")
	NothingToDo  = problem.Define(problem.Conflict, "move_nothing")
	CauseMissing = problem.Define(problem.Invalid, "cause_missing")
	CauseTooLong = problem.Define(problem.Invalid, "cause_too_long")
	SameDay      = problem.Define(problem.Invalid, "move_same_day")
)

// causeLength is the most characters of what people are told.
const causeLength = 200

// daysSearched is how far ahead the next free place is looked for.
const daysSearched = 180

// Source is one slot, or all slots of a day for a service at a place.
type Source struct {
	Slot           store.Ref // "" for the whole day
	Venue, Service int64
	On             jp.Date
}

// MoveLine says where one booking would go.
type MoveLine struct {
	DayEntry
	To   Slot // no Ref: there is no place for it
	Seat Seat // of the place it would take
}

// Goes reports whether there is a place for the booking.
func (l MoveLine) Goes() bool { return l.To.Ref != "" }

// MovePlan is what would become of the bookings of a slot or day.
type MovePlan struct {
	Lines []MoveLine
	Going int
	// Key names exactly this plan; ApplyMove and CancelAll carry it out only
	// while it is still the one that was shown.
	Key string
}

// PlanMove lists where each booking of a slot or day would go that nobody has
// come for yet: to the same time on another day or, with a zero To, to the next
// free place, in order of time. Problems: SlotNotFound, SameDay.
func PlanMove(tx *store.Tx, from Source, to jp.Date) (MovePlan, error) {
	entries, from, err := from.bookings(tx)
	if err != nil {
		return MovePlan{}, err
	}
	if to == from.On {
		return MovePlan{}, SameDay.On("to")
	}
	p := Period{From: to, To: to}
	if to.IsZero() {
		p = Period{From: from.On, To: from.On.AddDays(daysSearched)}
	}
	targets, err := store.All[Slot](tx, `SELECT `+slotColumns+` FROM slot WHERE venue_id = ? AND service_id = ?
		AND held_on BETWEEN ? AND ? AND slot.open AND held_on || 'T' || starts > ? ORDER BY held_on, starts`,
		from.Venue, from.Service, p.From, p.To, localText(tx.Now))
	if err != nil {
		return MovePlan{}, fmt.Errorf("plan move: %w", err)
	}
	var plan MovePlan
	for _, e := range entries {
		line := MoveLine{DayEntry: e}
		if i := from.target(targets, e.Visit.Slot, !to.IsZero()); i >= 0 {
			line.To, line.Seat = targets[i], StaffSeat
			if targets[i].Remaining() > 0 && e.Visit.Seat == ResidentSeat {
				line.Seat = ResidentSeat
				targets[i].Taken++
			} else {
				targets[i].StaffTaken++
			}
			plan.Going++
		}
		plan.Lines = append(plan.Lines, line)
	}
	plan.Key = keyOf(plan.Lines)
	return plan, nil
}

// bookings reads the source's bookings that nobody has come for yet, and
// completes the source from its slot.
func (from Source) bookings(tx *store.Tx) ([]DayEntry, Source, error) {
	if from.Slot == "" {
		entries, err := store.All[DayEntry](tx, selectDay+`WHERE slot.held_on = ? AND slot.venue_id = ? AND slot.service_id = ?
			AND booking.state = 'booked' ORDER BY slot.starts, booking.id`, from.On, from.Venue, from.Service)
		return entries, from, err
	}
	s, err := SlotByRef(tx, from.Slot)
	if err != nil {
		return nil, from, err
	}
	from.Venue, from.Service, from.On = s.VenueID, s.ServiceID, s.HeldOn
	entries, err := store.All[DayEntry](tx, selectDay+`WHERE booking.slot_id = ? AND booking.state = 'booked' ORDER BY booking.id`, s.ID)
	return entries, from, err
}

// target is where in targets a booking of a slot would go; -1 for nowhere.
func (from Source) target(targets []Slot, was Slot, sameTime bool) int {
	for i, t := range targets {
		switch {
		case t.RemainingForStaff() == 0:
		case sameTime && t.Starts != was.Starts:
		case sameTime:
			return i
		case t.HeldOn == from.On && (from.Slot == "" || t.ID == was.ID || t.Starts <= was.Starts):
			// The day that is being emptied, or earlier than people were told to come.
		default:
			return i
		}
	}
	return -1
}

func keyOf(lines []MoveLine) string {
	h := sha256.New()
	for _, l := range lines {
		// A hash never refuses what is written to it.
		fmt.Fprintf(h, "%s %d %s %s\n", l.Visit.Booking.Ref, l.Visit.Version, l.To.Ref, l.Seat)
	}
	return hex.EncodeToString(h.Sum(nil))[:32]
}

// ApplyMove carries a plan out in one transaction: each booking that goes
// somewhere is moved and its mail queued with the cause; the others stay, to be
// seen to by telephone. Places left behind are not offered to others. Problems:
// as PlanMove's, CauseMissing, CauseTooLong, PlanStale when the plan is no
// longer the one with that key, NothingToDo.
func ApplyMove(tx *store.Tx, by audit.Actor, from Source, to jp.Date, what Notice) (MovePlan, error) {
	if err := what.check(); err != nil {
		return MovePlan{}, err
	}
	if err := ExpireHolds(tx); err != nil {
		return MovePlan{}, err
	}
	plan, err := PlanMove(tx, from, to)
	switch {
	case err != nil:
		return plan, err
	case plan.Key != what.Key:
		return plan, PlanStale
	case plan.Going == 0:
		return plan, NothingToDo
	}
	for _, l := range plan.Lines {
		if !l.Goes() {
			continue
		}
		reason := l.Visit.Reason
		if l.Visit.CardID != 0 {
			reason = "" // there is room where it goes
		}
		_, err := tx.Exec(`UPDATE booking SET slot_id = ?, seat = ?, reason = ?, changed_at = ?, version = version + 1 WHERE id = ?`,
			l.To.ID, l.Seat, reason, tx.Now, l.Visit.ID)
		if err != nil {
			return plan, fmt.Errorf("move booking: %w", meaning(err))
		}
		err = audit.Record(tx, by, audit.BookingChanged, l.Visit.Subject(),
			audit.Detail{"from": l.Visit.Slot.Ref, "slot": l.To.Ref, "seat": l.Seat, "together": len(plan.Lines)})
		if err != nil {
			return plan, err
		}
		if err := tell(tx, by, mail.Message{Kind: mail.Moved, Cause: strings.TrimSpace(what.Cause)}, l.Visit); err != nil {
			return plan, err
		}
	}
	return plan, nil
}

// Notice is what goes with a change that the office makes to many bookings.
type Notice struct {
	Key   string // of the plan that was shown
	Cause string // why, as people are told
}

func (n Notice) check() error {
	switch length := utf8.RuneCountInString(strings.TrimSpace(n.Cause)); {
	case length == 0:
		return CauseMissing.On("cause")
	case length > causeLength:
		return CauseTooLong.On("cause").With("most", fmt.Sprint(causeLength))
	}
	return nil
}

// PlanCancel lists the bookings of a slot or day that CancelAll would cancel.
// Problem: SlotNotFound.
func PlanCancel(tx *store.Tx, from Source) (MovePlan, error) {
	entries, _, err := from.bookings(tx)
	if err != nil {
		return MovePlan{}, err
	}
	var plan MovePlan
	for _, e := range entries {
		plan.Lines = append(plan.Lines, MoveLine{DayEntry: e})
	}
	plan.Going = len(entries)
	plan.Key = keyOf(plan.Lines)
	return plan, nil
}

// CancelAll cancels the bookings of a slot or day that nobody has come for yet,
// in one transaction, and queues each person's mail with the cause. The places
// are not offered to others. Problems: as ApplyMove's.
func CancelAll(tx *store.Tx, by audit.Actor, from Source, what Notice) (MovePlan, error) {
	if err := what.check(); err != nil {
		return MovePlan{}, err
	}
	if err := ExpireHolds(tx); err != nil {
		return MovePlan{}, err
	}
	plan, err := PlanCancel(tx, from)
	switch {
	case err != nil:
		return plan, err
	case plan.Key != what.Key:
		return plan, PlanStale
	case plan.Going == 0:
		return plan, NothingToDo
	}
	for _, l := range plan.Lines {
		if err := cancel(tx, by, l.Visit, audit.Detail{"together": len(plan.Lines)}); err != nil {
			return plan, err
		}
		if err := tell(tx, by, mail.Message{Kind: mail.CalledOff, Cause: strings.TrimSpace(what.Cause)}, l.Visit); err != nil {
			return plan, err
		}
	}
	return plan, nil
}

// Changed is a booking that was changed or cancelled, and the slot it was in.
type Changed struct {
	DayEntry
	Was Slot
}

// ChangedBy lists the bookings that one request has changed or cancelled in the
// write of an instant, as the audit log has it, in the order in which it was
// done: the list of whom to tell after ApplyMove or CancelAll.
func ChangedBy(tx *store.Tx, request, at string) ([]Changed, error) {
	when, err := time.Parse(time.RFC3339Nano, at)
	if err != nil {
		return nil, nil // no such write
	}
	entries, err := audit.Made(tx, request, when)
	if err != nil {
		return nil, err
	}
	var all []Changed
	for _, a := range entries {
		if a.Action != audit.BookingChanged && a.Action != audit.BookingCancelled {
			continue
		}
		var detail struct{ From, Slot store.Ref }
		if err := json.Unmarshal([]byte(a.Detail), &detail); err != nil {
			return nil, fmt.Errorf("audit entry %d: %w", a.ID, err)
		}
		if detail.From == "" {
			detail.From = detail.Slot // cancelled where it was
		}
		c := Changed{}
		if c.DayEntry, err = EntryByRef(tx, a.Subject); err != nil {
			return nil, err
		}
		if c.Was, err = SlotByRef(tx, detail.From); err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	return all, nil
}
