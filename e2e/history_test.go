package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/store"
)

// The history is the audit log in the order of its commits, replayed on places
// alone: it shares no code with what is tested.

type replaySlot struct {
	Ref               string
	Venue             int64
	HeldOn            string
	Starts, Ends      string
	Capacity, Reserve int
	Open              bool
	stop              store.Ref
}

type seatAt struct {
	slot, seat string
	card       string
}

type replay struct {
	slots map[string]*replaySlot
	seats map[store.Ref]seatAt // by booking; holds and offers too
	last  int64                // audit entry up to which it is told
	// states are how much each slot had left, by time.
	states map[string][]state
}

// state is how much a slot had left from an instant on.
type state struct {
	at               time.Time
	residents, staff int
}

// snapshot reads where everything stands before the race.
func (a *arena) snapshot() *replay {
	a.Helper()
	r := &replay{slots: map[string]*replaySlot{}, seats: map[store.Ref]seatAt{}, states: map[string][]state{}}
	a.read(func(tx *store.Tx) (err error) {
		all, err := store.All[replaySlot](tx, `SELECT ref, venue_id AS venue, held_on, starts, ends, capacity, reserve, open FROM slot`)
		for _, s := range all {
			r.slots[s.Ref] = &s
		}
		if err != nil {
			return err
		}
		r.seats, err = seatsNow(tx)
		if err != nil {
			return err
		}
		r.last, err = store.One[int64](tx, `SELECT max(id) FROM audit`)
		return err
	})
	for ref := range r.slots {
		r.note(ref, time.Time{})
	}
	return r
}

// seatsNow reads who has which seat. A card whose visit is over, or that nobody
// came for, may be booked again; its seat stays taken.
func seatsNow(tx *store.Tx) (map[store.Ref]seatAt, error) {
	type row struct {
		Ref              store.Ref
		Slot, Seat, Card string
	}
	rows, err := store.All[row](tx, `SELECT booking.ref, slot.ref AS slot, booking.seat, coalesce(card.ref, '') AS card FROM booking
		JOIN slot ON slot.id = booking.slot_id LEFT JOIN card ON card.id = booking.card_id AND booking.state IN ('held', 'booked', 'checked_in', 'called') WHERE booking.state NOT IN ('cancelled', 'expired')`)
	seats := map[store.Ref]seatAt{}
	for _, r := range rows {
		seats[r.Ref] = seatAt{r.Slot, r.Seat, r.Card}
	}
	return seats, err
}

func (r *replay) left(ref string) (residents, staff int) {
	s := r.slots[ref]
	taken, byStaff := 0, 0
	for _, at := range r.seats {
		if at.slot != ref {
			continue
		}
		switch at.seat {
		case "resident":
			taken++
		case "staff":
			byStaff++
		}
	}
	if !s.Open {
		return 0, 0
	}
	staff = s.Capacity + s.Reserve - taken - byStaff
	return min(s.Capacity-taken, staff), staff
}

func (r *replay) note(ref string, at time.Time) {
	residents, staff := r.left(ref)
	r.states[ref] = append(r.states[ref], state{at, residents, staff})
}

// entry is one line of the log with what its detail says.
type logged struct {
	ID          int64
	At          time.Time
	ActorKind   audit.ActorKind
	Action      audit.Action
	SubjectKind string
	Subject     store.Ref
	Detail      string
	says        struct {
		Slot, From, Seat, Card string
		Open                   []bool
		Capacity, Reserve      []int
	}
}

// mustAgree replays the log and compares it with the database and the answers.
func (a *arena) mustAgree(r *replay) {
	a.Helper()
	var entries []logged
	stops := map[store.Ref]booking.Stop{}
	a.read(func(tx *store.Tx) (err error) {
		type row struct {
			ID          int64
			At          time.Time
			ActorKind   audit.ActorKind
			Action      audit.Action
			SubjectKind string
			Subject     store.Ref
			Detail      string
		}
		rows, err := store.All[row](tx, `SELECT id, at, actor_kind, action, subject_kind, subject, detail FROM audit WHERE id > ? ORDER BY id`, r.last)
		for _, x := range rows {
			entries = append(entries, logged{ID: x.ID, At: x.At, ActorKind: x.ActorKind, Action: x.Action, SubjectKind: x.SubjectKind, Subject: x.Subject, Detail: x.Detail})
		}
		if err != nil {
			return err
		}
		for i := range entries {
			// Details of other kinds of entry have other shapes; they are not replayed.
			if k := entries[i].SubjectKind; k == "booking" || k == "slot" {
				if err := json.Unmarshal([]byte(entries[i].Detail), &entries[i].says); err != nil {
					return fmt.Errorf("entry %d: %w", entries[i].ID, err)
				}
			}
			if entries[i].Action == audit.StopMade {
				if stops[entries[i].Subject], err = booking.StopByRef(tx, entries[i].Subject); err != nil {
					return err
				}
			}
		}
		return nil
	})
	for _, e := range entries {
		if err := r.follow(e, stops); err != nil {
			a.Errorf("entry %d (%s): %v", e.ID, e.Action, err)
		}
	}
	a.read(func(tx *store.Tx) error {
		now, err := seatsNow(tx)
		if err != nil {
			return err
		}
		for ref, at := range now {
			if r.seats[ref] != at {
				a.Errorf("booking %s: got %+v in the database, the log says %+v", ref, at, r.seats[ref])
			}
		}
		if len(now) != len(r.seats) {
			a.Errorf("got %d bookings in the database, the log says %d", len(now), len(r.seats))
		}
		wrong, err := booking.Invariants(tx)
		for _, s := range wrong {
			a.Errorf("invariant broken: %s", s)
		}
		return err
	})
	a.mustMatchAnswers(entries)
	a.mustExplainRefusals(r)
}

// follow takes one entry over into the model; an error names the broken rule.
func (r *replay) follow(e logged, stops map[store.Ref]booking.Stop) error {
	switch e.Action {
	case audit.Booked, audit.BookingChanged, audit.BookingHeld, audit.HoldMoved:
		return r.sit(e)
	case audit.BookingCancelled, audit.HoldExpired, audit.HoldReleased:
		at, there := r.seats[e.Subject]
		if !there {
			return fmt.Errorf("a place is given back that nobody had")
		}
		delete(r.seats, e.Subject)
		r.note(at.slot, e.At)
	case audit.SlotSet:
		s := r.slots[string(e.Subject)]
		if len(e.says.Open) == 2 {
			s.Open, s.Capacity, s.Reserve, s.stop = e.says.Open[1], e.says.Capacity[1], e.says.Reserve[1], ""
		}
		r.note(s.Ref, e.At)
		if residents, staff := r.left(s.Ref); residents < 0 || staff < 0 {
			return fmt.Errorf("the slot was narrowed below its bookings: %d, %d left", residents, staff)
		}
	case audit.StopMade, audit.StopEnded:
		for _, s := range r.slots {
			stop := stops[e.Subject]
			switch {
			case e.Action == audit.StopMade && s.Open && s.HeldOn == stop.FromOn.String():
				s.Open, s.stop = false, e.Subject
			case e.Action == audit.StopEnded && s.stop == e.Subject:
				s.Open, s.stop = true, ""
			default:
				continue
			}
			r.note(s.Ref, e.At)
		}
	}
	return nil
}

// sit gives a booking or hold its seat, if the rules allow it.
func (r *replay) sit(e logged) error {
	before := r.seats[e.Subject]
	now := seatAt{e.says.Slot, e.says.Seat, e.says.Card}
	if now.seat == "" {
		now.seat = "resident" // an offer
	}
	if now.card == "" {
		now.card = before.card
	}
	if now.card != "" {
		for ref, other := range r.seats {
			if other.card == now.card && ref != e.Subject {
				return fmt.Errorf("the card has a second booking: %s and %s", ref, e.Subject)
			}
		}
	}
	delete(r.seats, e.Subject)
	residents, staff := r.left(now.slot)
	r.seats[e.Subject] = now
	if before.slot != "" && before.slot != now.slot {
		r.note(before.slot, e.At)
	}
	r.note(now.slot, e.At)
	stays := before.slot == now.slot && before.seat == now.seat && e.Action != audit.Booked
	switch {
	case stays:
	case now.seat == "resident" && residents <= 0, now.seat == "staff" && staff <= 0:
		return fmt.Errorf("booked where nothing was left (%d, %d): %+v", residents, staff, now)
	}
	return nil
}

var answersTo = map[audit.Action]string{audit.Booked: "booked", audit.BookingChanged: "changed", audit.BookingCancelled: "cancelled"}

// mustMatchAnswers wants one entry of the log for each answer and none besides,
// card by card in the same order, and each entry inside its request's time.
func (a *arena) mustMatchAnswers(entries []logged) {
	a.Helper()
	log, answers, cards := map[string][]logged{}, map[string][]told{}, map[store.Ref]string{}
	a.read(func(tx *store.Tx) error {
		seats, err := store.All[struct {
			Ref  store.Ref
			Card string
		}](tx, `SELECT booking.ref, coalesce(card.ref, '') AS card FROM booking
			LEFT JOIN card ON card.id = booking.card_id`)
		for _, s := range seats {
			cards[s.Ref] = s.Card
		}
		return err
	})
	for _, e := range entries {
		if answersTo[e.Action] != "" {
			log[cards[e.Subject]] = append(log[cards[e.Subject]], e)
		}
	}
	for _, x := range a.told {
		if x.what == "booked" || x.what == "changed" || x.what == "cancelled" {
			answers[string(x.card)] = append(answers[string(x.card)], x)
		}
	}
	shared := string(a.people[len(a.people)-1].Card)
	for card := range log {
		if _, any := answers[card]; !any {
			a.Errorf("card %q: the log has %d entries, nobody was told anything", card, len(log[card]))
		}
	}
	for card, got := range answers {
		// Of one card's own client the answers come in order; of what many share
		// each answer is matched to an entry within its time.
		if card != shared && card != "" {
			slices.SortFunc(got, func(x, y told) int { return x.begun.Compare(y.begun) })
		}
		left := slices.Clone(log[card])
		for _, x := range got {
			i := slices.IndexFunc(left, func(e logged) bool {
				return answersTo[e.Action] == x.what && !e.At.Before(x.begun.Add(-clockStep)) && !e.At.After(x.had.Add(clockStep))
			})
			if i < 0 || card != shared && card != "" && i != 0 {
				a.Errorf("card %q: client %d was told %q between %s and %s; the log has %d entries left, this one at %d",
					card, x.client, x.what, x.begun.Format(time.StampMilli), x.had.Format(time.StampMilli), len(left), i)
				continue
			}
			left = slices.Delete(left, i, i+1)
		}
		for _, e := range left {
			a.Errorf("card %q: the log has a %s at %s that nobody was told of", card, e.Action, e.At.Format(time.StampMilli))
		}
	}
}

// clockStep is how far the log's instants, kept in milliseconds, are from a
// client's.
const clockStep = 2 * time.Millisecond

// commitTime bounds how long after its instant a write can still be on its way
// to the disk: until then a page that only reads shows what was before.
const commitTime = 2 * time.Second

// mustExplainRefusals wants a moment within each refused request at which the
// slot had nothing left.
func (a *arena) mustExplainRefusals(r *replay) {
	a.Helper()
	for _, x := range a.told {
		if x.what != "refused" {
			continue
		}
		explained := false
		states := r.states[x.slot]
		for i, s := range states {
			late := clockStep
			if x.shown {
				late = commitTime
			}
			over := i+1 < len(states) && states[i+1].at.Before(x.begun.Add(-late))
			if over || s.at.After(x.had.Add(clockStep)) {
				continue
			}
			explained = explained || x.residents && s.residents <= 0 || !x.residents && s.staff <= 0
		}
		if !explained {
			a.Errorf("client %d was refused slot %s, which had places all the time: %+v", x.client, x.slot, states)
		}
	}
}
