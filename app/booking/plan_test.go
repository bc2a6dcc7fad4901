package booking

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/jp"
	"madoguchi/store"
)

// weekdays are hours from Monday to Friday.
func weekdays(starts, ends jp.Clock, minutes, capacity, reserve int) []HoursWindow {
	var all []HoursWindow
	for wd := time.Monday; wd <= time.Friday; wd++ {
		all = append(all, HoursWindow{Weekday: wd, Starts: starts, Ends: ends, Minutes: minutes, Capacity: capacity, Reserve: reserve})
	}
	return all
}

func (w *town) plan(ask PlanAsk) (r PlanResult) {
	w.Helper()
	apptest.Read(w.T, w.st, func(tx *store.Tx) (err error) {
		r, err = Plan(tx, ask)
		return err
	})
	return r
}

func (w *town) apply(ask PlanAsk, fingerprint string) error {
	w.Helper()
	return write(w.T, w.st, func(tx *store.Tx) error { _, err := ApplyPlan(tx, w.by, ask, fingerprint); return err })
}

func TestPlanShowsWhatHoursWouldDoBeforeTheyAreSaved(t *testing.T) {
	w := newTown(t, 4, 2, 1, 3) // 2 December, four half hours from nine
	for card, slot := range map[int]int{0: 0, 1: 3} {
		if _, err := w.book(card, slot, ResidentSeat, ""); err != nil {
			t.Fatal(err)
		}
	}
	h := Hours{VenueID: w.slots[0].VenueID, ServiceID: 1, EffectiveFrom: apptestDay(1), Windows: weekdays(540, 600, 30, 1, 3)}
	ask := PlanAsk{Period: Period{From: apptestDay(2), To: apptestDay(3)}, Hours: &h}
	r := w.plan(ask)
	var got string
	for _, s := range r.Parts[0].Steps {
		got += fmt.Sprintf("%s %s %v %d+%d (%d)\n", s.After.HeldOn.Short(), s.After.Starts, s.Kind, s.After.Capacity, s.After.Reserve, len(s.Bookings))
	}
	want := `12月2日（水） 09:00 narrow 1+3 (0)
12月2日（水） 09:30 narrow 1+3 (0)
12月2日（水） 10:00 close 2+1 (0)
12月2日（水） 10:30 narrow 1+0 (1)
12月3日（木） 09:00 add 1+3 (0)
12月3日（木） 09:30 add 1+3 (0)
`
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if c := r.Parts[0].Conflicts(); len(c) != 1 || c[0].Bookings[0].Record.Name == "" {
		t.Errorf("got %d conflicts, want the one at half past ten, with its name", len(c))
	}
	apptest.Read(t, w.st, func(tx *store.Tx) error {
		saved, err := HoursOf(tx, h.VenueID, 1)
		if len(saved) != 0 {
			t.Errorf("got %v, want nothing saved by a preview", saved)
		}
		return err
	})
	if err := w.apply(ask, r.Fingerprint); err != nil {
		t.Fatal(err)
	}
	if s := w.slot(3); !s.Open || s.Taken != 1 || s.Remaining() != 0 {
		t.Errorf("got %+v, want the booked slot kept without a free place", s)
	}
	w.mustHold()
}

func TestPlanIsRefusedWhenSomethingChangedMeanwhile(t *testing.T) {
	for sentence, meanwhile := range map[string]func(*town, *store.Tx) error{
		"a booking in the way": func(w *town, tx *store.Tx) error {
			_, err := Book(tx, w.by, Wish{Card: w.cards[0].ID, Slot: w.slots[1].Ref, Channel: Web, Seat: ResidentSeat})
			return err
		},
		"a slot set by hand": func(w *town, tx *store.Tx) error {
			_, err := SetSlot(tx, w.by, SlotEdit{Slot: w.slots[0].Ref, Version: 1, Open: true, Capacity: 5})
			return err
		},
		"a closed day": func(w *town, tx *store.Tx) error {
			_, err := CloseDays(tx, w.by, ClosedDay{Reason: "停電"}, Period{From: apptestDay(3), To: apptestDay(3)})
			return err
		},
		"a stop": func(w *town, tx *store.Tx) error {
			_, _, err := MakeStop(tx, w.by, snow(3, 3), []int64{w.slots[0].VenueID})
			return err
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			w := newTown(t, 2, 1, 0, 1)
			h := Hours{VenueID: w.slots[0].VenueID, ServiceID: 1, EffectiveFrom: apptestDay(1), Windows: weekdays(540, 570, 30, 2, 0)}
			ask := PlanAsk{Period: Period{From: apptestDay(2), To: apptestDay(3)}, Hours: &h}
			r := w.plan(ask)
			apptest.Write(t, w.st, func(tx *store.Tx) error { return meanwhile(w, tx) })
			if err := w.apply(ask, r.Fingerprint); !errors.Is(err, PlanChanged) {
				t.Errorf("got %v, want PlanChanged", err)
			}
			if err := w.apply(ask, w.plan(ask).Fingerprint); err != nil {
				t.Errorf("got %v for the plan as it is now", err)
			}
			w.mustHold()
		})
	}
}

func TestBookingsElsewhereDoNotSpoilAPlan(t *testing.T) {
	w := newTown(t, 2, 2, 0, 1)
	h := Hours{VenueID: w.slots[0].VenueID, ServiceID: 1, EffectiveFrom: apptestDay(1), Windows: weekdays(540, 600, 30, 3, 0)}
	ask := PlanAsk{Period: Period{From: apptestDay(2), To: apptestDay(3)}, Hours: &h}
	r := w.plan(ask)
	if _, err := w.book(0, 0, ResidentSeat, ""); err != nil {
		t.Fatal(err)
	}
	if err := w.apply(ask, r.Fingerprint); err != nil {
		t.Errorf("got %v, want the plan carried out: it only widens", err)
	}
}

func TestClosedDayOnTopOfBookingsIsTold(t *testing.T) {
	w := newTown(t, 2, 1, 0, 1)
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		_, err := SaveHours(tx, w.by, Hours{VenueID: w.slots[0].VenueID, ServiceID: 1, EffectiveFrom: apptestDay(1), Windows: weekdays(540, 600, 30, 1, 0)})
		return err
	})
	if _, err := w.book(0, 0, ResidentSeat, ""); err != nil {
		t.Fatal(err)
	}
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		_, err := CloseDays(tx, w.by, ClosedDay{Reason: "停電"}, Period{From: apptestDay(2), To: apptestDay(2)})
		return err
	})
	r := w.plan(PlanAsk{Period: Period{From: apptestDay(1), To: apptestDay(7)}})
	p := r.Parts[0]
	if len(p.Conflicts()) != 1 || p.Count(StepClose) != 1 {
		t.Errorf("got %d conflicts and %d closed, want one of each", len(p.Conflicts()), p.Count(StepClose))
	}
}
