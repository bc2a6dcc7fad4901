package booking

import (
	"fmt"
	"slices"

	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/problem"
	"madoguchi/app/settings"
	"madoguchi/store"
)

// Problems of booking together.
var (
	NoRoomTogether = problem.Define(problem.Conflict, "no_room_together")
	TooMany        = problem.Define(problem.Conflict, "too_many_together")
	TwiceTogether  = problem.Define(problem.Invalid, "card_twice_together")
)

// BookTogether books several cards, whose numbers and dates of birth the
// caller has verified, for one visit: all of them or none. All come in the
// chosen slot if it has room, else in it and the slots next to it, without a
// gap, of the same day; later each is changed or cancelled by itself. The
// bookings share a GroupRef and come in the order of the cards. Problems: as
// Book's for any of the cards, TooMany, TwiceTogether, NoRoomTogether.
func BookTogether(tx *store.Tx, by audit.Actor, cards []card.ID, w Wish) ([]Visit, error) {
	slots, left, err := prepareTogether(tx, by, cards, w)
	if err != nil {
		return nil, err
	}
	w.group = store.NewRef()
	var visits []Visit
	for i, id := range cards {
		w.Card, w.Slot = id, slots[i].Ref
		v, more, err := book(tx, by, w)
		if err != nil {
			return nil, fmt.Errorf("book together: %w", err)
		}
		visits, left = append(visits, v), append(left, more...)
	}
	return visits, offer(tx, by, left...)
}

// HoldTogether holds places for several cards as BookTogether would book them.
// Where holds are switched off, it holds nothing. Problems: as BookTogether's.
func HoldTogether(tx *store.Tx, by audit.Actor, cards []card.ID, w Wish) ([]Visit, error) {
	town, err := settings.Get(tx)
	if err != nil || town.HoldMinutes == 0 {
		return nil, err
	}
	slots, left, err := prepareTogether(tx, by, cards, w)
	if err != nil {
		return nil, err
	}
	var visits []Visit
	for i, id := range cards {
		w.Card, w.Slot = id, slots[i].Ref
		v, err := Hold(tx, by, w)
		if err != nil {
			return nil, fmt.Errorf("hold together: %w", err)
		}
		visits = append(visits, v)
	}
	return visits, offer(tx, by, left...)
}

// PlacesTogether finds where n people would come together in a slot, as
// BookTogether would book them. Problems: SlotFull, NoRoomTogether, SlotNotFound.
func PlacesTogether(tx *store.Tx, s Slot, n int) ([]Slot, error) {
	return adjacent(tx, s, n, ResidentSeat)
}

// prepareTogether gives back what the cards hold and finds a slot for each.
// Nobody can take a place in between: there is one writer. left are the slots
// of the places given back, to be offered once the caller has what it needs.
func prepareTogether(tx *store.Tx, by audit.Actor, cards []card.ID, w Wish) (found []Slot, left []int64, err error) {
	if err := ExpireHolds(tx); err != nil {
		return nil, nil, err
	}
	s, err := SlotByRef(tx, w.Slot)
	if err != nil {
		return nil, nil, err
	}
	if err := mayTogether(tx, cards, s); err != nil {
		return nil, nil, err
	}
	for _, id := range cards {
		held, ok, err := HoldOf(tx, id)
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			continue
		}
		left = append(left, held.SlotID)
		if err := endHold(tx, by, held.Booking, audit.HoldReleased); err != nil {
			return nil, nil, err
		}
	}
	found, err = adjacent(tx, s, len(cards), w.Seat)
	return found, left, err
}

func mayTogether(tx *store.Tx, cards []card.ID, s Slot) error {
	rules, err := RulesOf(tx, s.ServiceID)
	switch {
	case err != nil:
		return err
	case len(cards) > rules.TogetherMost:
		return TooMany.With("most", fmt.Sprint(rules.TogetherMost))
	case len(cards) == 0 || slices.Contains(cards, 0):
		return card.NotFound
	}
	for i, id := range cards {
		if slices.Contains(cards[:i], id) {
			return TwiceTogether
		}
	}
	return nil
}

// adjacent finds places for n people, in order of time: in the chosen slot, and
// as far as that has not enough in those after it and then those before it, as
// long as each begins when the one before ends and has a place.
func adjacent(tx *store.Tx, chosen Slot, n int, seat Seat) ([]Slot, error) {
	if seat == OverSeat {
		return slices.Repeat([]Slot{chosen}, n), nil
	}
	day, err := DaySlots(tx, chosen.VenueID, chosen.ServiceID, chosen.HeldOn)
	if err != nil {
		return nil, err
	}
	first := slices.IndexFunc(day, func(s Slot) bool { return s.ID == chosen.ID })
	if first < 0 {
		return nil, SlotNotFound
	}
	last, room := first, day[first].remaining(seat)
	if room == 0 {
		return nil, SlotFull
	}
	usable := func(s Slot) bool { return s.remaining(seat) > 0 && tx.Now.Before(s.At()) }
	for room < n {
		switch {
		case last+1 < len(day) && day[last+1].Starts == day[last].Ends && usable(day[last+1]):
			last++
			room += day[last].remaining(seat)
		case first > 0 && day[first-1].Ends == day[first].Starts && usable(day[first-1]):
			first--
			room += day[first].remaining(seat)
		default:
			return nil, NoRoomTogether
		}
	}
	var slots []Slot
	for _, s := range day[first : last+1] {
		for range s.remaining(seat) {
			if len(slots) < n {
				slots = append(slots, s)
			}
		}
	}
	return slots, nil
}

// OfGroup lists the bookings that were made together, in order of time.
func OfGroup(tx *store.Tx, group store.Ref) ([]DayEntry, error) {
	return store.All[DayEntry](tx, selectDay+`WHERE booking.group_ref = ? ORDER BY slot.held_on, slot.starts, booking.id`, group)
}
