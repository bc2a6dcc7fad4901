package booking

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/mail"
	"madoguchi/store"
)

// do runs an operation and fails unless it ends as expected.
func (w *town) do(what string, want error, op func(tx *store.Tx) error) {
	w.Helper()
	if err := w.st.Write(w.Context(), op); !errors.Is(err, want) {
		w.Fatalf("%s: got %v, want %v", what, err, want)
	}
}

func (w *town) wish(card, slot int, seat Seat) Wish {
	return Wish{Card: w.cards[card].ID, Slot: w.slots[slot].Ref, Channel: Web, Seat: seat, Reason: "理由"}
}

// giveMail puts a mail address on record, as intake or the resident would.
func (w *town) giveMail(card int) {
	w.do("mail address", nil, func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE recipient SET mail = 'a@example.jp' WHERE id = ?`, w.cards[card].RecipientID)
		return err
	})
}

func (w *town) mails(ref store.Ref) (kinds string) {
	apptest.Read(w.T, w.st, func(tx *store.Tx) error {
		rows, err := mail.About(tx, ref)
		for _, r := range rows {
			kinds += string(r.Kind) + " "
		}
		return err
	})
	return kinds
}

func TestHoldBecomesTheBookingOrRunsOut(t *testing.T) {
	w := newTown(t, 2, 1, 0, 3)
	var hold, v Visit
	w.do("hold", nil, func(tx *store.Tx) (err error) {
		hold, err = Hold(tx, w.by, w.wish(0, 0, ResidentSeat))
		return err
	})
	w.do("another takes it", SlotFull, func(tx *store.Tx) error { _, err := Book(tx, w.by, w.wish(1, 0, ResidentSeat)); return err })
	w.do("book", nil, func(tx *store.Tx) (err error) {
		v, err = Book(tx, w.by, w.wish(0, 0, ResidentSeat))
		return err
	})
	if v.Booking.Ref != hold.Booking.Ref || v.State != Booked || w.slot(0).Taken != 1 {
		t.Errorf("got %+v, want the hold itself booked", v)
	}
	w.do("hold", nil, func(tx *store.Tx) error { _, err := Hold(tx, w.by, w.wish(1, 1, ResidentSeat)); return err })
	w.clock.Advance(10*time.Minute - time.Millisecond)
	w.do("still held", SlotFull, func(tx *store.Tx) error { _, err := Book(tx, w.by, w.wish(2, 1, ResidentSeat)); return err })
	w.clock.Advance(time.Millisecond)
	w.do("run out", nil, func(tx *store.Tx) error { _, err := Book(tx, w.by, w.wish(2, 1, ResidentSeat)); return err })
	w.mustHold()
}

func TestHoldsAreNotHoarded(t *testing.T) {
	w := newTown(t, 3, 1, 0, 1)
	for slot := range 3 {
		w.do("hold", nil, func(tx *store.Tx) error { _, err := Hold(tx, w.by, w.wish(0, slot, ResidentSeat)); return err })
	}
	if a, b, c := w.slot(0).Taken, w.slot(1).Taken, w.slot(2).Taken; a != 0 || b != 0 || c != 1 {
		t.Errorf("got %d, %d, %d held, want the last only", a, b, c)
	}
	w.clock.Advance(6 * time.Minute)
	w.do("the same again", nil, func(tx *store.Tx) error {
		v, err := Hold(tx, w.by, w.wish(0, 2, ResidentSeat))
		if want := apptest.Start.Add(10 * time.Minute); !v.HeldUntil.Equal(want) {
			t.Errorf("got held until %v, want it not prolonged: %v", v.HeldUntil, want)
		}
		return err
	})
	w.mustHold()
}

func TestFamilyComesTogetherOrNotAtAll(t *testing.T) {
	w := newTown(t, 4, 2, 0, 8)
	ids := func(from, n int) (all []card.ID) {
		for _, r := range w.cards[from : from+n] {
			all = append(all, r.Card.ID)
		}
		return all
	}
	together := func(want error, from, n, slot int) (visits []Visit) {
		t.Helper()
		w.do("together", want, func(tx *store.Tx) (err error) {
			visits, err = BookTogether(tx, w.by, ids(from, n), w.wish(0, slot, ResidentSeat))
			return err
		})
		return visits
	}
	got := together(nil, 0, 3, 1)
	if got[0].SlotID != w.slots[1].ID || got[2].SlotID != w.slots[2].ID || got[0].GroupRef == "" || got[0].GroupRef != got[2].GroupRef {
		t.Errorf("got %+v, want two in the chosen slot, one in the next, one group", got)
	}
	together(NoRoomTogether, 3, 4, 3)
	together(TooMany, 0, 6, 0)
	if w.slot(3).Taken != 0 {
		t.Error("got places taken by a family that found no room")
	}
	together(AlreadyBooked, 2, 2, 0)
	together(nil, 3, 2, 0)
	w.do("one of them cancels", nil, func(tx *store.Tx) error {
		_, err := Cancel(tx, w.by, got[1].Booking.Ref, got[1].Version)
		return err
	})
	if w.slot(1).Taken != 1 {
		t.Errorf("got %d taken, want one to have gone by themself", w.slot(1).Taken)
	}
	w.mustHold()
}

func TestVisitorsAreBookedWithAReasonAndTiedLater(t *testing.T) {
	w := newTown(t, 2, 5, 0, 2)
	who := card.Visitor{Name: "南部 花子", Telephone: "０１７８-00-0001"}
	var v Visit
	book := func(want error, reason string, by audit.Actor) {
		t.Helper()
		w.do("book", want, func(tx *store.Tx) (err error) {
			v, err = BookVisitor(tx, by, Wish{Slot: w.slots[0].Ref, Channel: Telephone, Seat: StaffSeat, Reason: reason}, who)
			return err
		})
	}
	book(VisitorReason, " ", w.by)
	book(NoticeNeeded, "はがき紛失", audit.Actor{Kind: audit.Resident})
	book(nil, "はがき紛失", w.by)
	apptest.Read(t, w.st, func(tx *store.Tx) error {
		found, err := FindVisits(tx, "0178000001", 10)
		if len(found) != 1 || found[0].Record.Name != "南部 花子" || found[0].Visit.Reason != "はがき紛失" {
			t.Errorf("got %+v, want the visitor by the telephone number", found)
		}
		return err
	})
	w.do("tie", nil, func(tx *store.Tx) (err error) {
		v, err = Tie(tx, w.by, v.Booking.Ref, v.Version, w.cards[0].Ref)
		return err
	})
	w.do("tie twice", TiedAlready, func(tx *store.Tx) error {
		_, err := Tie(tx, w.by, v.Booking.Ref, v.Version, w.cards[1].Ref)
		return err
	})
	apptest.Read(t, w.st, func(tx *store.Tx) error {
		n, err := store.One[int](tx, `SELECT count(*) FROM recipient WHERE visitor_key IS NOT NULL`)
		if n != 0 {
			t.Errorf("got %d visitors kept, want none after the booking has its card", n)
		}
		return err
	})
	book(nil, "はがき紛失", w.by)
	w.do("tie to a card with a booking", AlreadyBooked, func(tx *store.Tx) error {
		_, err := Tie(tx, w.by, v.Booking.Ref, v.Version, w.cards[0].Ref)
		return err
	})
	w.mustHold()
}

func TestOneTelephoneNumberHasOnlySoManyBookings(t *testing.T) {
	w := newTown(t, 1, 5, 0, 0)
	w.do("without notice", nil, func(tx *store.Tx) error { _, err := tx.Exec(`UPDATE service SET without_notice = 1`); return err })
	for i, want := range []error{nil, nil, TooManyLive} {
		w.do("book", want, func(tx *store.Tx) error {
			_, err := BookVisitor(tx, audit.Actor{Kind: audit.Resident}, Wish{Slot: w.slots[0].Ref, Channel: Web, Seat: ResidentSeat},
				card.Visitor{Name: strings.Repeat("名", i+1), Telephone: "0178-00-0001"})
			return err
		})
	}
	w.mustHold()
}

func TestDayAtTheCounter(t *testing.T) {
	w := newTown(t, 3, 3, 0, 5)
	var all []Visit
	for i, slot := range []int{0, 0, 1, 2, 0} {
		v, err := w.book(i, slot, StaffSeat, "")
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	type operation = func(*store.Tx, audit.Actor, store.Ref, int) (Visit, error)
	mark := func(i int, want error, op operation) {
		t.Helper()
		w.do("mark", want, func(tx *store.Tx) error {
			v, err := op(tx, w.by, all[i].Booking.Ref, all[i].Version)
			if err == nil {
				all[i] = v
			}
			return err
		})
	}
	mark(0, NotToday, CheckIn)
	w.clock.Advance(23*time.Hour + 55*time.Minute) // 8:55 of the day
	mark(1, nil, CheckIn)
	w.clock.Advance(2 * time.Minute)
	mark(2, nil, CheckIn) // early for 9:30
	mark(4, NotLateYet, MissVisit)
	w.clock.Advance(14 * time.Minute) // 9:11
	mark(0, nil, CheckIn)             // late for 9:00
	mark(4, nil, MissVisit)
	mark(3, nil, CheckIn)
	var names []int
	apptest.Read(t, w.st, func(tx *store.Tx) error {
		b, err := BoardOf(tx, 0, w.slots[0].HeldOn)
		for _, l := range b.Waiting {
			for i, v := range all {
				if v.ID == l.Visit.ID {
					names = append(names, i)
				}
			}
		}
		if len(b.Waiting) == 4 && !b.Waiting[1].Late || len(b.Ended) != 1 {
			t.Errorf("got %+v, want the second in line to be late, and one visit over", b)
		}
		return err
	})
	if got, want := names, []int{1, 0, 2, 3}; len(got) != 4 || got[0] != want[0] || got[1] != want[1] || got[2] != want[2] || got[3] != want[3] {
		t.Errorf("got the order %v, want %v: who came late after those who were on time", got, want)
	}
	mark(1, nil, func(tx *store.Tx, by audit.Actor, ref store.Ref, version int) (Visit, error) {
		return Call(tx, by, ref, version, "2番窓口")
	})
	mark(1, nil, MissPapers)
	mark(1, StepNotAllowed, CheckIn)
	w.do("book again at once", nil, func(tx *store.Tx) error { _, err := Book(tx, w.by, w.wish(1, 2, StaffSeat)); return err })
	mark(1, AlreadyBooked, Undo)
	mark(4, nil, Undo)
	if all[4].State != Booked {
		t.Errorf("got %s, want the no-show taken back", all[4].State)
	}
	w.do("issue", nil, func(tx *store.Tx) error {
		r, err := card.Issue(tx, w.by, w.cards[0].Ref, w.cards[0].Version)
		if err != nil {
			return err
		}
		return MarkDone(tx, w.by, r.Card.ID)
	})
	all[0].Version++
	mark(0, CardIssued, Undo)
	w.mustHold()
}

func TestNextInLineIsCalledOnce(t *testing.T) {
	w := newTown(t, 2, 3, 0, 3)
	var ids []ID
	for _, slot := range []int{1, 0, 0} {
		v, err := w.book(len(ids), slot, StaffSeat, "")
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, v.ID)
	}
	w.clock.Advance(23*time.Hour + 55*time.Minute) // 8:55 of the day
	var one, two, other VenueCounter
	w.do("counters", nil, func(tx *store.Tx) (err error) {
		v := w.slots[0].VenueID
		if one, err = AddCounter(tx, w.by, VenueCounter{VenueID: v, Name: "1番窓口"}, []int64{w.slots[0].ServiceID}); err != nil {
			return err
		}
		if two, err = AddCounter(tx, w.by, VenueCounter{VenueID: v, Name: "2番窓口"}, nil); err != nil {
			return err
		}
		s, err := AddService(tx, w.by, Service{Name: "別の業務", Minutes: 15})
		if err != nil {
			return err
		}
		other, err = AddCounter(tx, w.by, VenueCounter{VenueID: v, Name: "3番窓口"}, []int64{s.ID})
		return err
	})
	call := func(want error, c VenueCounter, who int) {
		t.Helper()
		w.do("call the next", want, func(tx *store.Tx) error {
			v, err := CallNext(tx, w.by, c)
			if err == nil && (v.ID != ids[who] || v.State != Called || v.CalledTo != c.Name) {
				t.Errorf("got %+v, want %d called to %s", v, who, c.Name)
			}
			return err
		})
	}
	call(NobodyWaits, one, 0)
	for i := range ids {
		w.do("check in", nil, func(tx *store.Tx) error {
			v, _, err := Live(tx, w.cards[i].Card.ID)
			if err == nil {
				_, err = CheckIn(tx, w.by, v.Booking.Ref, v.Version)
			}
			return err
		})
		w.clock.Advance(time.Second)
	}
	call(NobodyWaits, other, 0)
	call(nil, one, 1)
	call(nil, two, 2)
	call(nil, one, 0)
	call(NobodyWaits, two, 0)
	w.mustHold()
}

func TestWhoStandsAtTheCounterIsFoundByWhateverTheyBring(t *testing.T) {
	w := newTown(t, 1, 3, 0, 2)
	v, err := w.book(0, 0, StaffSeat, "")
	if err != nil {
		t.Fatal(err)
	}
	apptest.Read(t, w.st, func(tx *store.Tx) error {
		for _, scanned := range []string{
			v.Number.String(), "AAA-000000", "ａａａ０００００0", "https://example.jp/b/" + string(v.Booking.Ref), string(v.Booking.Ref),
			"https://example.jp/?n=AAA000000", "ＡＡＡ－０００００0", "AAA-000000,12345678901234567890123,02,人,ヒト,19500512", "https://example.jp/n/AAA-000000/",
		} {
			got, err := FindVisit(tx, scanned)
			if err != nil || got.ID != v.ID {
				t.Errorf("%q: got %v, %v, want the booking", scanned, got.Number, err)
			}
		}
		for scanned, want := range map[string]error{" ": NothingScanned, "zzz": VisitNotFound, "AAA-000001": NotLive, "https://example.jp/": VisitNotFound, "/": NothingScanned, "ちああ000": ScannedWithIME} {
			if _, err := FindVisit(tx, scanned); !errors.Is(err, want) {
				t.Errorf("%q: got %v, want %v", scanned, err, want)
			}
		}
		return nil
	})
}

func TestDayIsMovedAsItWasShown(t *testing.T) {
	w := newTown(t, 2, 2, 0, 5)
	from := Source{Venue: w.slots[0].VenueID, Service: w.slots[0].ServiceID, On: w.slots[0].HeldOn}
	other := from.On.AddDays(1)
	w.do("the other day", nil, func(tx *store.Tx) error {
		_, err := tx.Exec(`INSERT INTO slot (ref, venue_id, service_id, held_on, starts, ends, capacity) VALUES ('other', ?, ?, ?, '09:00', '09:30', 2)`,
			from.Venue, from.Service, other)
		return err
	})
	w.giveMail(0)
	var all []Visit
	for i, slot := range []int{0, 0, 1} {
		v, err := w.book(i, slot, ResidentSeat, "")
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, v)
	}
	var plan MovePlan
	apptest.Read(t, w.st, func(tx *store.Tx) (err error) {
		plan, err = PlanMove(tx, from, other)
		return err
	})
	if plan.Going != 2 || len(plan.Lines) != 3 || plan.Lines[2].Goes() {
		t.Fatalf("got %+v, want two to go to the same time and one to have no place", plan)
	}
	apply := func(want error, what Notice) {
		t.Helper()
		w.do("move", want, func(tx *store.Tx) error { _, err := ApplyMove(tx, w.by, from, other, what); return err })
	}
	apply(CauseMissing, Notice{Key: plan.Key})
	apply(PlanStale, Notice{Key: "other", Cause: "大雪"})
	apply(nil, Notice{Key: plan.Key, Cause: "大雪"})
	if got := w.mails(all[0].Booking.Ref); got != "booked moved " {
		t.Errorf("got mails %q, want one of the move", got)
	}
	apptest.Read(t, w.st, func(tx *store.Tx) (err error) {
		if plan, err = PlanCancel(tx, from); err == nil && plan.Going != 1 {
			t.Errorf("got %d left, want 1", plan.Going)
		}
		return err
	})
	w.do("cancel the rest", nil, func(tx *store.Tx) error {
		_, err := CancelAll(tx, w.by, from, Notice{Key: plan.Key, Cause: "大雪"})
		return err
	})
	w.mustHold()
}

func TestFreedPlaceIsOfferedByMailToTheFirstInLine(t *testing.T) {
	w := newTown(t, 1, 1, 0, 3)
	v, err := w.book(0, 0, ResidentSeat, "")
	if err != nil {
		t.Fatal(err)
	}
	on := w.slots[0].HeldOn
	w.giveMail(1)
	for _, c := range []int{1, 2} {
		w.do("join", nil, func(tx *store.Tx) error {
			_, err := Join(tx, w.by, WaitingWish{Card: w.cards[c].ID, Venue: w.slots[0].VenueID, Service: w.slots[0].ServiceID, From: on, Until: on})
			return err
		})
	}
	w.do("cancel", nil, func(tx *store.Tx) error { _, err := Cancel(tx, w.by, v.Booking.Ref, v.Version); return err })
	apptest.Read(t, w.st, func(tx *store.Tx) error {
		entry, ok, err := WaitingOf(tx, w.cards[1].ID)
		if !ok || entry.State != Offered {
			t.Errorf("got %+v, want the first in line to have the offer", entry)
		}
		offer, held, heldErr := OfferOf(tx, entry)
		if !held || !offer.HeldUntil.Equal(apptest.Start.Add(12*time.Hour)) {
			t.Errorf("got %v, want it held for twelve hours", offer.HeldUntil)
		}
		return errors.Join(err, heldErr)
	})
	w.do("nobody comes in between", SlotFull, func(tx *store.Tx) error { _, err := Book(tx, w.by, w.wish(0, 0, ResidentSeat)); return err })
	w.clock.Advance(12 * time.Hour)
	w.do("the time is over", nil, OfferFree)
	w.do("the next takes it", nil, func(tx *store.Tx) error {
		entry, _, err := WaitingOf(tx, w.cards[2].ID)
		if err != nil {
			return err
		}
		_, err = TakeOffer(tx, w.by, entry.Ref, entry.Version)
		return err
	})
	w.mustHold()
}

func TestExtractHoldsWhatTheFilterSays(t *testing.T) {
	w := newTown(t, 2, 3, 0, 3)
	for i, slot := range []int{1, 0, 0} {
		if _, err := w.book(i, slot, StaffSeat, ""); err != nil {
			t.Fatal(err)
		}
	}
	day := w.slots[0].HeldOn
	for sentence, c := range map[string]struct {
		filter Filter
		want   int
	}{
		"the day":             {Filter{From: day, To: day}, 3},
		"another day":         {Filter{From: day.AddDays(1), To: day.AddDays(9)}, 0},
		"a state that is":     {Filter{From: day, To: day, States: []State{Booked, Done}}, 3},
		"a state that is not": {Filter{From: day, To: day, States: []State{NoShow}}, 0},
		"a kind of issue":     {Filter{From: day, To: day, IssueKinds: []card.IssueKind{card.NewIssue}}, 3},
		"a channel":           {Filter{From: day, To: day, Channel: Web}, 0},
		"a place":             {Filter{From: day, To: day, Venues: []int64{w.slots[0].VenueID}, Service: w.slots[0].ServiceID}, 3},
	} {
		apptest.Read(t, w.st, func(tx *store.Tx) error {
			rows, err := Extract(tx, c.filter, 0, 0)
			if len(rows) != c.want {
				t.Errorf("%s: got %d rows, want %d", sentence, len(rows), c.want)
			}
			if len(rows) == 3 && (rows[0].Visit.Slot.Starts != w.slots[0].Starts || rows[0].Service != "受け取り" || rows[0].Record.Name != "人") {
				t.Errorf("%s: got %+v first, want it in order with person and service", sentence, rows[0])
			}
			if _, n, countErr := CountExtract(tx, c.filter); n != c.want || countErr != nil {
				t.Errorf("%s: got %d counted, %v, want %d", sentence, n, countErr, c.want)
			}
			var each []ExtractRow
			eachErr := EachExtract(tx, c.filter, func(r ExtractRow) error { each = append(each, r); return nil })
			if !slices.EqualFunc(each, rows, func(a, b ExtractRow) bool { return a.Visit.ID == b.Visit.ID }) {
				t.Errorf("%s: got %d rows one by one, want the same %d", sentence, len(each), len(rows))
			}
			return errors.Join(err, eachErr)
		})
	}
	apptest.Read(t, w.st, func(tx *store.Tx) error {
		if _, err := Extract(tx, Filter{From: day, To: day.AddDays(400)}, 0, 0); !errors.Is(err, ExtractTooLong) {
			t.Errorf("got %v, want ExtractTooLong", err)
		}
		if rows, err := Extract(tx, Filter{From: day, To: day}, 1, 2); len(rows) != 1 || rows[0].Visit.Slot.Starts != w.slots[1].Starts {
			t.Errorf("got %+v, %v, want the third row alone", rows, err)
		}
		n := 0
		if err := EachExtract(tx, Filter{From: day.AddDays(-100), To: day.AddDays(100)}, func(ExtractRow) error { n++; return nil }); n != 3 || err != nil {
			t.Errorf("got %d rows over 201 days, %v, want 3", n, err)
		}
		counts, err := FreeCounts(tx)
		if len(counts) != 1 || counts[0].Remaining != 3 || counts[0].HeldOn != (jp.Date{Year: 2026, Month: 12, Day: 2}) {
			t.Errorf("got %+v, want the three places that are left", counts)
		}
		return err
	})
}
