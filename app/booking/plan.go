package booking

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	"madoguchi/app/jp"
	"madoguchi/store"
)

// PlanAsk says which slots a plan is about (枠の一括作成).
type PlanAsk struct {
	VenueID   int64 // 0: every place
	ServiceID int64 // 0: every service
	Period    Period
	// Hours are hours that are not saved yet, of one service at one place: the
	// plan is what they would make. nil: the hours as they stand.
	Hours *Hours
}

// StepKind is what a plan does to a slot.
type StepKind string

// The kinds of step.
const (
	StepAdd    StepKind = "add"    // a new slot
	StepOpen   StepKind = "open"   // one that was closed is open again
	StepWiden  StepKind = "widen"  // more places
	StepNarrow StepKind = "narrow" // fewer places
	StepRetime StepKind = "retime" // another end
	StepClose  StepKind = "close"  // open no more
	StepKeep   StepKind = "keep"   // nothing: bookings stand in the way
)

// StepKinds lists the kinds in the order of a summary.
func StepKinds() []StepKind {
	return []StepKind{StepAdd, StepOpen, StepWiden, StepNarrow, StepRetime, StepClose, StepKeep}
}

// Label is the kind's name on the screen.
func (k StepKind) Label() string {
	return map[StepKind]string{StepAdd: "追加", StepOpen: "再開", StepWiden: "拡大", StepNarrow: "縮小", StepRetime: "終了時刻の変更",
		StepClose: "閉鎖", StepKeep: "そのまま"}[k]
}

// PlanStep is one slot that a plan changes, or cannot change as the hours ask.
type PlanStep struct {
	Kind   StepKind
	Before Slot // zero for a new one
	After  Slot
	// Conflict is set where bookings keep the slot from becoming what the hours
	// ask for. It keeps them all, and no place more than they need.
	Conflict bool
	Bookings []DayEntry // those that stand in the slot, of conflicts only
}

// PlanPart is what a plan does for one service at one place.
type PlanPart struct {
	Venue     Venue
	Service   Service
	Steps     []PlanStep // by day and time
	Unchanged int        // slots that are as the hours ask
	ByHand    int        // slots that somebody set, which no plan touches
}

// Count is how many steps are of a kind.
func (p PlanPart) Count(k StepKind) int {
	n := 0
	for _, s := range p.Steps {
		if s.Kind == k {
			n++
		}
	}
	return n
}

// Conflicts lists the steps that bookings stand in the way of.
func (p PlanPart) Conflicts() []PlanStep {
	var all []PlanStep
	for _, s := range p.Steps {
		if s.Conflict {
			all = append(all, s)
		}
	}
	return all
}

// PlanResult is a plan before it is carried out.
type PlanResult struct {
	Parts []PlanPart // places and services with slots or hours, in the town's order
	// Fingerprint names exactly this plan; ApplyPlan carries out no other.
	Fingerprint string
}

// Changes is how many slots the plan changes.
func (r PlanResult) Changes() int {
	n := 0
	for _, p := range r.Parts {
		n += len(p.Steps) - p.Count(StepKeep)
	}
	return n
}

// Plan compares what the hours, closed days, extra openings and stops ask for
// with the slots there are. It writes nothing. Slots that have begun are left
// as they are, and those that were set by hand. Problems on "from" and "to":
// DayMissing, DaysOrder, DaysTooMany; with ask.Hours those of SaveHours.
func Plan(tx *store.Tx, ask PlanAsk) (PlanResult, error) {
	var f faults
	ask.Period.check(&f)
	if err := f.err(); err != nil {
		return PlanResult{}, err
	}
	if ask.Hours != nil {
		if err := ask.Hours.check(); err != nil {
			return PlanResult{}, err
		}
		ask.VenueID, ask.ServiceID = ask.Hours.VenueID, ask.Hours.ServiceID
	}
	if today := jp.DateOf(tx.Now); ask.Period.From.Before(today) {
		ask.Period.From = today
	}
	venues, err := Venues(tx)
	if err != nil {
		return PlanResult{}, err
	}
	services, err := Services(tx)
	if err != nil {
		return PlanResult{}, err
	}
	var r PlanResult
	for _, v := range venues {
		if ask.VenueID != 0 && ask.VenueID != v.ID {
			continue
		}
		parts, err := planVenue(tx, ask, v, services)
		if err != nil {
			return r, fmt.Errorf("plan slots: %w", err)
		}
		r.Parts = append(r.Parts, parts...)
	}
	r.Fingerprint, err = fingerprint(ask, r.Parts)
	return r, err
}

func planVenue(tx *store.Tx, ask PlanAsk, v Venue, services []Service) ([]PlanPart, error) {
	c, err := calendarOf(tx, v.ID, ask.Period)
	if err != nil {
		return nil, err
	}
	if ask.Hours != nil {
		c.propose(*ask.Hours)
	}
	stops, err := standingStops(tx, v.ID, ask.Period)
	if err != nil {
		return nil, err
	}
	var parts []PlanPart
	for _, s := range services {
		if ask.ServiceID != 0 && ask.ServiceID != s.ID {
			continue
		}
		p := planner{tx: tx, calendar: c, stops: stops, part: PlanPart{Venue: v, Service: s}}
		if err := p.run(ask.Period); err != nil {
			return nil, err
		}
		if ask.ServiceID != 0 || len(p.part.Steps)+p.part.Unchanged+p.part.ByHand > 0 {
			parts = append(parts, p.part)
		}
	}
	return parts, nil
}

// planner makes one part of a plan.
type planner struct {
	tx       *store.Tx
	calendar *calendar
	stops    stops
	part     PlanPart
}

func (p *planner) run(period Period) error {
	all, err := store.All[Slot](p.tx, `SELECT `+slotColumns+` FROM slot
		WHERE venue_id = ? AND service_id = ? AND held_on BETWEEN ? AND ? ORDER BY held_on, starts`,
		p.part.Venue.ID, p.part.Service.ID, period.From, period.To)
	if err != nil {
		return err
	}
	for d := period.From; !d.After(period.To); d = d.AddDays(1) {
		n := 0
		for n < len(all) && all[n].HeldOn == d {
			n++
		}
		if err := p.day(all[:n], p.calendar.slots(p.part.Service.ID, d)); err != nil {
			return err
		}
		all = all[n:]
	}
	return nil
}

// day walks through what there is and what is wanted on one day, both by start.
func (p *planner) day(have []Slot, want []Window) error {
	for len(have) > 0 || len(want) > 0 {
		var s Slot
		var w *Window
		if len(have) > 0 && (len(want) == 0 || have[0].Starts <= want[0].Starts) {
			s = have[0]
		}
		if len(want) > 0 && (len(have) == 0 || want[0].Starts <= have[0].Starts) {
			w = &want[0]
		}
		if s.ID != 0 {
			have = have[1:]
		}
		if w != nil {
			want = want[1:]
		}
		if err := p.slot(s, w); err != nil {
			return err
		}
	}
	return nil
}

// slot decides about one slot: s is zero if there is none, w is nil if none is
// wanted.
func (p *planner) slot(s Slot, w *Window) error {
	switch {
	case s.ID == 0:
		if !p.tx.Now.Before(w.HeldOn.At(w.Starts)) {
			return nil
		}
		after := Slot{VenueID: p.part.Venue.ID, ServiceID: p.part.Service.ID, HeldOn: w.HeldOn, Starts: w.Starts, Ends: w.Ends,
			Capacity: w.Capacity, Reserve: w.Reserve}
		p.part.Steps = append(p.part.Steps, PlanStep{Kind: StepAdd, After: p.opened(after)})
		return nil
	case !p.tx.Now.Before(s.At()):
		return nil
	case s.ByHand:
		p.part.ByHand++
		return nil
	}
	var bookings []DayEntry
	if s.Taken+s.StaffTaken+s.Over > 0 {
		var err error
		if bookings, err = standingIn(p.tx, s.ID); err != nil {
			return err
		}
	}
	after, conflict := p.fit(s, w, len(bookings) > 0)
	kind := s.stepTo(after)
	if conflict && kind == "" {
		kind = StepKeep
	}
	switch {
	case kind == "":
		if s.Open || s.StopID != 0 {
			p.part.Unchanged++
		}
	case conflict:
		p.part.Steps = append(p.part.Steps, PlanStep{Kind: kind, Before: s, After: after, Conflict: true, Bookings: bookings})
	default:
		p.part.Steps = append(p.part.Steps, PlanStep{Kind: kind, Before: s, After: after})
	}
	return nil
}

// fit is the slot as near to what is wanted as its bookings allow; conflict
// says that this is not what is wanted.
func (p *planner) fit(s Slot, w *Window, booked bool) (after Slot, conflict bool) {
	after = s
	if w == nil && !booked {
		after.Open, after.StopID = false, 0
		return after, false
	}
	var wanted Window
	if w != nil {
		wanted = *w
		after = p.opened(after)
		if !booked {
			after.Ends = w.Ends
		}
	}
	after.Capacity = max(wanted.Capacity, s.Taken)
	after.Reserve = max(wanted.Reserve, s.Taken+s.StaffTaken-after.Capacity)
	conflict = booked && (w == nil || after.Ends != w.Ends || after.Capacity != w.Capacity || after.Reserve != w.Reserve)
	return after, conflict
}

// opened is a slot that is open, unless a stop covers it.
func (p *planner) opened(s Slot) Slot {
	s.StopID = p.stops.covering(s)
	s.Open = s.StopID == 0
	return s
}

// stepTo names the way from a slot to another state of it, "" for none.
func (s Slot) stepTo(after Slot) StepKind {
	shut := func(s Slot) bool { return !s.Open && s.StopID == 0 }
	switch {
	case s == after:
		return ""
	case shut(s):
		return StepOpen
	case shut(after) || s.Open && !after.Open:
		return StepClose
	case after.Capacity < s.Capacity || after.Reserve < s.Reserve:
		return StepNarrow
	case after.Capacity > s.Capacity || after.Reserve > s.Reserve:
		return StepWiden
	case after.Ends != s.Ends:
		return StepRetime
	}
	return StepOpen
}

// standingIn lists the bookings that stand in a slot, held ones too.
func standingIn(tx *store.Tx, slotID int64) ([]DayEntry, error) {
	return store.All[DayEntry](tx, selectDay+`WHERE booking.slot_id = ? AND booking.state IN `+standing+` ORDER BY booking.id`, slotID)
}

// fingerprint covers what was asked and every step, the bookings in the way
// too, so that a plan is carried out only as it was seen.
func fingerprint(ask PlanAsk, parts []PlanPart) (string, error) {
	type step struct {
		Kind                   StepKind
		Slot                   int64
		Version                int
		On                     jp.Date
		Starts, Ends           jp.Clock
		Capacity, Reserve      int
		Open, Conflict         bool
		Stop, Venue, ServiceID int64
		Bookings               []store.Ref
	}
	h := sha256.New()
	e := json.NewEncoder(h)
	if err := e.Encode([]any{ask.VenueID, ask.ServiceID, ask.Period.From, ask.Period.To, ask.Hours}); err != nil {
		return "", fmt.Errorf("fingerprint plan: %w", err)
	}
	for _, p := range parts {
		for _, s := range p.Steps {
			a := s.After
			out := step{s.Kind, s.Before.ID, s.Before.Version, a.HeldOn, a.Starts, a.Ends, a.Capacity, a.Reserve,
				a.Open, s.Conflict, a.StopID, p.Venue.ID, p.Service.ID, nil}
			for _, b := range s.Bookings {
				out.Bookings = append(out.Bookings, b.Visit.Booking.Ref)
			}
			if err := e.Encode(out); err != nil {
				return "", fmt.Errorf("fingerprint plan: %w", err)
			}
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// LastSlotDay is the last day with a slot of a service at a place, open or not;
// the zero Date where there is none.
func LastSlotDay(tx *store.Tx, venueID, serviceID int64) (jp.Date, error) {
	return store.One[jp.Date](tx, `SELECT coalesce(max(held_on), '') FROM slot WHERE venue_id = ? AND service_id = ?`, venueID, serviceID)
}
