package booking

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/jp"
	"madoguchi/app/mail"
	"madoguchi/store"
)

// StopKind is why a stop was made.
type StopKind string

// The kinds of stop.
const (
	StopJLIS    StopKind = "jlis"    // the national card system stands still
	StopWeather StopKind = "weather" // snow, storm, quake
	StopOther   StopKind = "other"
)

// Label is the kind's name on the screen.
func (k StopKind) Label() string {
	return map[StopKind]string{StopJLIS: "J-LIS（カード管理システム）の停止", StopWeather: "荒天・災害", StopOther: "その他"}[k]
}

// Stop closes days or hours over some places in one go (受付停止), until it is
// ended. On each day of the period it covers the slots that overlap Starts–Ends.
type Stop struct {
	ID           int64
	Ref          store.Ref
	Kind         StopKind
	Reason       string // told to those who have booked
	FromOn, ToOn jp.Date
	Starts, Ends jp.Clock // 00:00–24:00 is the whole day
	MadeAt       time.Time
	EndedAt      time.Time // zero while it stands
	Version      int
}

// Standing reports whether the stop has not been ended.
func (s Stop) Standing() bool { return s.EndedAt.IsZero() }

func (s Stop) subject() audit.Subject { return audit.Subject{Kind: "stop", Ref: s.Ref} }

const stopColumns = `stop.id, stop.ref, stop.kind, stop.reason, stop.from_on, stop.to_on, stop.starts, stop.ends,
	stop.made_at, stop.ended_at, stop.version`

// covers reports whether a slot of one of its places falls into the stop.
func (s Stop) covers(slot Slot) bool {
	return !slot.HeldOn.Before(s.FromOn) && !slot.HeldOn.After(s.ToOn) && slot.Starts < s.Ends && s.Starts < slot.Ends
}

// stops are those that stand over one place, oldest first.
type stops []Stop

// covering is the row of the oldest stop that covers a slot, 0 for none.
func (all stops) covering(slot Slot) int64 {
	for _, s := range all {
		if s.covers(slot) {
			return s.ID
		}
	}
	return 0
}

func standingStops(tx *store.Tx, venueID int64, p Period) (stops, error) {
	return store.All[Stop](tx, `SELECT `+stopColumns+` FROM stop JOIN stop_venue ON stop_venue.stop_id = stop.id
		WHERE stop_venue.venue_id = ? AND stop.ended_at IS NULL AND stop.to_on >= ? AND stop.from_on <= ? ORDER BY stop.id`,
		venueID, p.From, p.To)
}

// Stops lists the stops that stand or whose last day is not before a day,
// newest first.
func Stops(tx *store.Tx, from jp.Date) ([]Stop, error) {
	return store.All[Stop](tx, `SELECT `+stopColumns+` FROM stop WHERE to_on >= ? ORDER BY id DESC`, from)
}

// StopByRef finds a stop. Problem: StopNotFound.
func StopByRef(tx *store.Tx, ref store.Ref) (Stop, error) {
	s, err := store.One[Stop](tx, `SELECT `+stopColumns+` FROM stop WHERE ref = ?`, ref)
	return found(s, err, StopNotFound)
}

// StopVenues lists the places of a stop.
func StopVenues(tx *store.Tx, stopID int64) ([]Venue, error) {
	return store.All[Venue](tx, `SELECT `+venueColumns+` FROM venue JOIN stop_venue ON stop_venue.venue_id = venue.id
		WHERE stop_venue.stop_id = ? ORDER BY venue.position, venue.id`, stopID)
}

// Affected lists the bookings that stand in the slots of a stop, by day, place
// and time, with the telephone numbers to call. It works before the stop is
// made, too. venues are rows of places.
func Affected(tx *store.Tx, s Stop, venues []int64) ([]DayEntry, error) {
	var all []DayEntry
	for _, id := range venues {
		some, err := store.All[DayEntry](tx, selectDay+`WHERE slot.venue_id = ? AND slot.held_on BETWEEN ? AND ?
			AND slot.starts < ? AND slot.ends > ? AND booking.state IN `+standing+` AND slot.held_on || 'T' || slot.ends > ?
			ORDER BY slot.held_on, slot.starts, booking.id`, id, s.FromOn, s.ToOn, s.Ends, s.Starts, localText(tx.Now))
		if err != nil {
			return nil, fmt.Errorf("list affected bookings: %w", err)
		}
		all = append(all, some...)
	}
	return all, nil
}

// AffectedKey names exactly these bookings, so that a stop is made only with
// those that were shown before.
func AffectedKey(entries []DayEntry) string {
	h := sha256.New()
	for _, e := range entries {
		// A hash never refuses what is written to it.
		fmt.Fprintln(h, e.Visit.Booking.Ref)
	}
	return hex.EncodeToString(h.Sum(nil))[:32]
}

func (s Stop) check() error {
	var f faults
	Period{From: s.FromOn, To: s.ToOn}.check(&f)
	if s.Ends <= s.Starts || s.Starts < 0 || s.Ends > 24*60 {
		f.add("ends", WindowOrder)
	}
	if s.Kind.Label() == "" {
		f.add("kind", StopNothing)
	}
	if f.text("reason", s.Reason, reasonLength) == "" {
		f.add("reason", ReasonMissing)
	}
	return f.err()
}

// Check says what is wrong with a stop before it is made. Problems: MakeStop's.
func (s Stop) Check(tx *store.Tx, venues []int64) error {
	if err := s.check(); err != nil {
		return err
	}
	switch {
	case len(venues) == 0:
		return StopNothing.On("venues")
	case s.ToOn.Before(jp.DateOf(tx.Now)):
		return DayPast.On("to")
	}
	return nil
}

// MakeStop closes what the stop covers at the places given. The bookings in it
// stand until somebody moves or cancels them; each person with a mail address
// is told, by one mail for each booking. Problems: DayMissing, DaysOrder,
// DaysTooMany on "from" or "to"; WindowOrder on "ends"; StopNothing on "venues"
// or "kind"; ReasonMissing, card.TooLong on "reason"; DayPast on "to".
func MakeStop(tx *store.Tx, by audit.Actor, s Stop, venues []int64) (Stop, []DayEntry, error) {
	if err := s.Check(tx, venues); err != nil {
		return s, nil, err
	}
	s.Reason = strings.TrimSpace(s.Reason)
	s.Ref, s.MadeAt, s.Version = store.NewRef(), tx.Now, 1
	var err error
	s.ID, err = tx.Insert(`INSERT INTO stop (ref, kind, reason, from_on, to_on, starts, ends, made_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
		s.Ref, s.Kind, s.Reason, s.FromOn, s.ToOn, s.Starts, s.Ends, s.MadeAt)
	if err != nil {
		return s, nil, fmt.Errorf("make stop: %w", err)
	}
	closed := int64(0)
	for _, id := range venues {
		if _, err := tx.Insert(`INSERT INTO stop_venue (stop_id, venue_id) VALUES (?, ?)`, s.ID, id); err != nil {
			return s, nil, fmt.Errorf("add place of stop: %w", err)
		}
		n, err := tx.Exec(`UPDATE slot SET open = 0, stop_id = ?, version = version + 1
			WHERE venue_id = ? AND held_on BETWEEN ? AND ? AND starts < ? AND ends > ? AND open = 1 AND held_on || 'T' || ends > ?`,
			s.ID, id, s.FromOn, s.ToOn, s.Ends, s.Starts, localText(tx.Now))
		if err != nil {
			return s, nil, fmt.Errorf("close slots of stop: %w", err)
		}
		closed += n
	}
	affected, err := Affected(tx, s, venues)
	if err != nil {
		return s, nil, err
	}
	err = audit.Record(tx, by, audit.StopMade, s.subject(), audit.Detail{
		"kind": s.Kind, "venues": len(venues), "slots": closed, "bookings": len(affected)})
	if err != nil {
		return s, nil, err
	}
	return s, affected, tellAll(tx, by, mail.Stopped, s, affected)
}

// tellAll queues a mail for each live booking; a hold is not one yet.
func tellAll(tx *store.Tx, by audit.Actor, kind mail.Kind, s Stop, to []DayEntry) error {
	for _, e := range to {
		if !e.Visit.Live() {
			continue
		}
		if err := tell(tx, by, mail.Message{Kind: kind, Cause: s.Reason}, e.Visit); err != nil {
			return err
		}
	}
	return nil
}

// EndStop opens again what a stop has closed, unless another stop covers it or
// somebody has set it by hand meanwhile. Whoever still has a booking there and
// a mail address is told. Problems: StopNotFound, SetupStale, StopOver.
func EndStop(tx *store.Tx, by audit.Actor, ref store.Ref, version int) (Stop, error) {
	s, err := StopByRef(tx, ref)
	switch {
	case err != nil:
		return s, err
	case !s.Standing():
		return s, StopOver
	}
	err = changed(tx.Exec(`UPDATE stop SET ended_at = ?, version = version + 1 WHERE id = ? AND version = ?`, tx.Now, s.ID, version))
	if err != nil {
		return s, fmt.Errorf("end stop: %w", err)
	}
	venues, err := StopVenues(tx, s.ID)
	if err != nil {
		return s, err
	}
	opened := map[int64]bool{}
	for _, v := range venues {
		if err := reopen(tx, s, v.ID, opened); err != nil {
			return s, err
		}
	}
	told, err := inSlots(tx, s, venues, opened)
	if err != nil {
		return s, err
	}
	if err := audit.Record(tx, by, audit.StopEnded, s.subject(), audit.Detail{"slots": len(opened), "bookings": len(told)}); err != nil {
		return s, err
	}
	if err := tellAll(tx, by, mail.Resumed, s, told); err != nil {
		return s, err
	}
	return StopByRef(tx, ref)
}

// reopen gives the slots of an ended stop to the next stop that covers them,
// or opens them and notes that it did.
func reopen(tx *store.Tx, s Stop, venueID int64, opened map[int64]bool) error {
	others, err := standingStops(tx, venueID, Period{From: s.FromOn, To: s.ToOn})
	if err != nil {
		return err
	}
	slots, err := store.All[Slot](tx, `SELECT `+slotColumns+` FROM slot WHERE stop_id = ? AND venue_id = ?`, s.ID, venueID)
	if err != nil {
		return err
	}
	for _, slot := range slots {
		slot.StopID = others.covering(slot)
		slot.Open = slot.StopID == 0
		if slot.Open {
			opened[slot.ID] = true
		}
		if err := slot.update(tx); err != nil {
			return err
		}
	}
	return nil
}

// inSlots lists the affected bookings in some slots.
func inSlots(tx *store.Tx, s Stop, venues []Venue, slots map[int64]bool) ([]DayEntry, error) {
	var ids []int64
	for _, v := range venues {
		ids = append(ids, v.ID)
	}
	all, err := Affected(tx, s, ids)
	return slices.DeleteFunc(all, func(e DayEntry) bool { return !slots[e.Visit.SlotID] }), err
}
