package booking

import (
	"errors"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/jp"
	"madoguchi/app/mail"
	"madoguchi/app/problem"
	"madoguchi/store"
)

func snow(from, to int) Stop {
	return Stop{Kind: StopWeather, Reason: "大雪のため", FromOn: apptestDay(from), ToOn: apptestDay(to), Starts: 0, Ends: 24 * 60}
}

func TestStopTellsEveryoneWhoHasBookedAndEndsAgain(t *testing.T) {
	w := newTown(t, 3, 2, 1, 4) // 2 December 9:00, 9:30, 10:00
	var visits []Visit
	for card, slot := range map[int]int{0: 0, 1: 0, 2: 1, 3: 2} {
		v, err := w.book(card, slot, StaffSeat, "")
		if err != nil {
			t.Fatal(err)
		}
		visits = append(visits, v)
	}
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE recipient SET mail = 'a@example.jp' WHERE id IN (SELECT recipient_id FROM card WHERE id IN (?, ?))`, w.cards[0].ID, w.cards[3].ID)
		return err
	})
	told := func(kind mail.Kind) (n int) {
		apptest.Read(t, w.st, func(tx *store.Tx) (err error) {
			n, err = store.One[int](tx, `SELECT count(*) FROM mail WHERE kind = ? AND cause = '大雪のため'`, kind)
			return err
		})
		return n
	}
	morning := snow(2, 2)
	morning.Starts, morning.Ends = 9*60, 10*60
	var stop Stop
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		made, affected, err := MakeStop(tx, w.by, morning, []int64{mustVenue(tx).ID})
		if len(affected) != 3 || affected[0].Record.Name == "" {
			t.Errorf("got %d affected, want the three before ten, with their names", len(affected))
		}
		stop = made
		return err
	})
	if w.slot(0).Open || w.slot(1).Open || !w.slot(2).Open {
		t.Error("got the wrong slots closed, want those before ten")
	}
	if n := told(mail.Stopped); n != 1 {
		t.Errorf("got %d mails, want one for the one affected person with an address", n)
	}
	if _, err := w.book(0, 1, ResidentSeat, ""); err == nil {
		t.Error("got a booking in a stopped slot")
	}
	for _, v := range visits {
		apptest.Read(t, w.st, func(tx *store.Tx) error {
			now, err := ByRef(tx, v.Booking.Ref)
			if !now.Live() {
				t.Errorf("got %s, want every booking to stand", now.State)
			}
			return err
		})
	}
	var day Stop
	apptest.Write(t, w.st, func(tx *store.Tx) (err error) {
		day, _, err = MakeStop(tx, w.by, snow(1, 3), []int64{mustVenue(tx).ID})
		return err
	})
	end := func(s Stop) error {
		return write(t, w.st, func(tx *store.Tx) error { _, err := EndStop(tx, w.by, s.Ref, s.Version); return err })
	}
	if err := end(stop); err != nil || w.slot(0).Open {
		t.Errorf("got %v, open %v, want the other stop to keep it closed", err, w.slot(0).Open)
	}
	if n := told(mail.Resumed); n != 0 {
		t.Errorf("got %d told, want nobody while it is closed", n)
	}
	if err := end(day); err != nil || !w.slot(0).Open || !w.slot(2).Open {
		t.Errorf("got %v, want all open again", err)
	}
	if n := told(mail.Resumed); n != 2 {
		t.Errorf("got %d told, want both with an address", n)
	}
	if err := end(day); !errors.Is(err, StopOver) {
		t.Errorf("got %v, want StopOver", err)
	}
	w.mustHold()
}

func TestStopThatSaysTooLittleIsRefused(t *testing.T) {
	w := newTown(t, 1, 1, 0, 0)
	for _, c := range []struct {
		sentence, field string
		change          func(*Stop)
		want            *problem.Problem
	}{
		{"no reason", "reason", func(s *Stop) { s.Reason = "" }, ReasonMissing},
		{"no kind", "kind", func(s *Stop) { s.Kind = "flood" }, StopNothing},
		{"an end before the start", "ends", func(s *Stop) { s.Starts, s.Ends = 600, 540 }, WindowOrder},
		{"days in the wrong order", "to", func(s *Stop) { s.ToOn = apptestDay(1); s.FromOn = apptestDay(2) }, DaysOrder},
		{"days gone by", "to", func(s *Stop) { s.FromOn, s.ToOn = date("2026-11-01"), date("2026-11-02") }, DayPast},
	} {
		s := snow(2, 3)
		c.change(&s)
		err := write(t, w.st, func(tx *store.Tx) error { _, _, err := MakeStop(tx, w.by, s, []int64{mustVenue(tx).ID}); return err })
		if p, _ := problem.As(err); !errors.Is(err, c.want) || p.Fields[c.field] != c.want.Code {
			t.Errorf("%s: got %v, want %s on %s", c.sentence, err, c.want.Code, c.field)
		}
	}
}

func TestSlotsAreSetByHand(t *testing.T) {
	w := newTown(t, 2, 2, 1, 3)
	for i := range 2 {
		if _, err := w.book(i, 0, ResidentSeat, ""); err != nil {
			t.Fatal(err)
		}
	}
	set := func(e SlotEdit) error {
		return write(t, w.st, func(tx *store.Tx) error { _, err := SetSlot(tx, w.by, e); return err })
	}
	s := w.slot(0)
	for _, c := range []struct {
		sentence string
		edit     SlotEdit
		want     error
	}{
		{"below what is booked", SlotEdit{s.Ref, s.Version, true, 1, 5}, SlotHasBookings},
		{"no number", SlotEdit{s.Ref, s.Version, true, -1, 0}, CapacityForm},
		{"an old page", SlotEdit{s.Ref, s.Version + 1, true, 2, 0}, SetupStale},
		{"another slot", SlotEdit{"x", 1, true, 2, 0}, SlotNotFound},
		{"closed with its bookings", SlotEdit{s.Ref, s.Version, false, 2, 0}, nil},
	} {
		if err := set(c.edit); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.sentence, err, c.want)
		}
	}
	if s = w.slot(0); s.Open || !s.ByHand || s.Taken != 2 {
		t.Errorf("got %+v, want it closed by hand with both bookings", s)
	}
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		entries, err := BookingsIn(tx, s.VenueID, s.ServiceID, s.HeldOn)
		if len(entries) != 2 {
			t.Errorf("got %d bookings listed, want two", len(entries))
		}
		return err
	})
	three := 3
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		n, err := SetDay(tx, w.by, DayEdit{VenueID: s.VenueID, ServiceID: s.ServiceID, On: s.HeldOn, Open: true, Capacity: &three})
		if n != 2 {
			t.Errorf("got %d set, want the whole day", n)
		}
		return err
	})
	if a, b := w.slot(0), w.slot(1); !a.Open || a.Capacity != 3 || a.Reserve != 0 || b.Capacity != 3 || b.Reserve != 1 {
		t.Errorf("got %+v and %+v, want both open for three", a, b)
	}
	one := 1
	err := write(t, w.st, func(tx *store.Tx) error {
		_, err := SetDay(tx, w.by, DayEdit{VenueID: s.VenueID, ServiceID: s.ServiceID, On: s.HeldOn, Open: true, Capacity: &one})
		return err
	})
	if !errors.Is(err, SlotHasBookings) || w.slot(1).Capacity != 3 {
		t.Errorf("got %v and %d places in the other slot, want all refused", err, w.slot(1).Capacity)
	}
	s = w.slot(1)
	apptest.Write(t, w.st, func(tx *store.Tx) error { _, err := FollowHours(tx, w.by, s.Ref, s.Version); return err })
	if w.slot(1).ByHand {
		t.Error("got it still by hand, want it back under the hours")
	}
	w.mustHold()
}

func TestSlotsAreAddedByHand(t *testing.T) {
	w := newTown(t, 1, 1, 0, 0) // 9:00 to 9:30
	add := func(on jp.Date, starts, ends jp.Clock, capacity int) error {
		return write(t, w.st, func(tx *store.Tx) error {
			_, err := AddSlot(tx, w.by, mustVenue(tx).ID, 1, Window{HeldOn: on, Starts: starts, Ends: ends, Capacity: capacity})
			return err
		})
	}
	for _, c := range []struct {
		sentence     string
		on           jp.Date
		starts, ends jp.Clock
		capacity     int
		want         error
	}{
		{"in the evening", apptestDay(2), 1020, 1050, 1, nil},
		{"over another", apptestDay(2), 550, 580, 1, SlotOverlaps},
		{"twice", apptestDay(2), 1020, 1050, 1, SlotOverlaps},
		{"without a day", apptestDay(0), 1020, 1050, 1, DayMissing},
		{"backwards", apptestDay(2), 1050, 1020, 1, WindowOrder},
		{"for nobody", apptestDay(2), 1080, 1110, 0, CapacityNone},
		{"in the past", apptestDay(1), 480, 510, 1, SlotPast},
	} {
		if err := add(c.on, c.starts, c.ends, c.capacity); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", c.sentence, err, c.want)
		}
	}
	s := w.slot(0)
	if err := write(t, w.st, func(tx *store.Tx) error {
		_, err := SetSlot(tx, w.by, SlotEdit{Slot: s.Ref, Version: s.Version, Open: false, Capacity: 1})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if err := add(apptestDay(2), 540, 600, 2); err != nil {
		t.Fatal(err)
	}
	if s = w.slot(0); !s.Open || s.Ends != 600 || s.Capacity != 2 {
		t.Errorf("got %+v, want the closed slot opened anew", s)
	}
}
