package booking

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/intake"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/staff"
	"madoguchi/store"
)

// town is a store with places, slots and cards to book.
type town struct {
	*testing.T
	st    *store.Store
	clock *apptest.Clock
	by    audit.Actor
	slots []Slot
	cards []card.Record
}

// newTown makes one place with n slots on 2 December 2026, each with the given
// capacity and reserve, and people with a card each.
func newTown(t *testing.T, slots, capacity, reserve, people int) *town {
	st, clock := apptest.Store(t)
	w := &town{T: t, st: st, clock: clock}
	apptest.Write(t, st, func(tx *store.Tx) error {
		a, _, err := staff.Add(tx, audit.Command("test"), "admin", "管理 者", staff.Administrator)
		if err != nil {
			return err
		}
		w.by = a.Actor("r1")
		if err := intake.EnsureProfile(tx, w.by); err != nil {
			return err
		}
		v, err := AddVenue(tx, w.by, Venue{Name: "役場"})
		if err != nil {
			return err
		}
		s, err := AddService(tx, w.by, Service{Name: "受け取り", Minutes: 30})
		if err != nil {
			return err
		}
		var windows []Window
		for i := range slots {
			windows = append(windows, Window{HeldOn: jp.Date{Year: 2026, Month: 12, Day: 2}, Starts: jp.Clock(540 + 30*i), Ends: jp.Clock(570 + 30*i), Capacity: capacity, Reserve: reserve})
		}
		if err := AddSlots(tx, w.by, v, s, windows); err != nil {
			return err
		}
		for i := range people {
			r, err := intake.ReadPayload(tx, w.by, fmt.Sprintf("AAA-%06d,%023d,01,人,ヒト,19500512,,,,,", i, i))
			if err != nil {
				return err
			}
			w.cards = append(w.cards, r)
		}
		w.slots, err = DaySlots(tx, v.ID, s.ID, windows[0].HeldOn)
		return err
	})
	return w
}

func (w *town) book(card, slot int, seat Seat, reason string) (v Visit, err error) {
	err = w.st.Write(w.Context(), func(tx *store.Tx) (err error) {
		v, err = Book(tx, w.by, Wish{Card: w.cards[card].ID, Slot: w.slots[slot].Ref, Channel: Telephone, Seat: seat, Reason: reason})
		return err
	})
	return v, err
}

func (w *town) slot(i int) (s Slot) {
	apptest.Read(w.T, w.st, func(tx *store.Tx) (err error) {
		s, err = SlotByRef(tx, w.slots[i].Ref)
		return err
	})
	return s
}

func (w *town) mustHold() {
	w.Helper()
	apptest.Read(w.T, w.st, func(tx *store.Tx) error {
		wrong, err := Invariants(tx)
		for _, s := range wrong {
			w.Errorf("invariant broken: %s", s)
		}
		return err
	})
}

func TestResidentsAndStaffEachHaveTheirPlaces(t *testing.T) {
	w := newTown(t, 1, 2, 1, 6)
	for i, step := range []struct {
		seat      Seat
		reason    string
		want      error
		residents int
		staff     int
	}{
		{ResidentSeat, "", nil, 1, 2},
		{StaffSeat, "", nil, 1, 1}, // the reserve is used before residents lose a place
		{ResidentSeat, "", nil, 0, 0},
		{ResidentSeat, "", SlotFull, 0, 0},
		{StaffSeat, "", SlotFull, 0, 0},
		{OverSeat, " ", ReasonMissing, 0, 0},
		{OverSeat, strings.Repeat("長", 201), ReasonTooLong, 0, 0},
		{OverSeat, "遠方から来庁", nil, 0, 0},
	} {
		_, err := w.book(i%len(w.cards), 0, step.seat, step.reason)
		if i >= len(w.cards) && err == nil {
			err = fmt.Errorf("the card is booked twice")
		}
		if i >= 6 {
			_, err = w.book(5-(7-i), 0, step.seat, step.reason)
		}
		if !errors.Is(err, step.want) {
			t.Fatalf("step %d: got %v, want %v", i, err, step.want)
		}
		if s := w.slot(0); s.Remaining() != step.residents || s.RemainingForStaff() != step.staff {
			t.Errorf("step %d: got %d and %d left, want %d and %d", i, s.Remaining(), s.RemainingForStaff(), step.residents, step.staff)
		}
	}
	w.mustHold()
}

func TestHundredPeopleOnFivePlaces(t *testing.T) {
	w := newTown(t, 1, 5, 0, 100)
	var wg sync.WaitGroup
	var mu sync.Mutex
	made := 0
	for i := range 100 {
		wg.Go(func() {
			_, err := w.book(i, 0, ResidentSeat, "")
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				made++
			} else if !errors.Is(err, SlotFull) {
				t.Errorf("got %v, want SlotFull", err)
			}
		})
	}
	wg.Wait()
	if made != 5 {
		t.Errorf("got %d bookings, want 5", made)
	}
	w.mustHold()
}

func TestOneCardManyTimesAtOnce(t *testing.T) {
	w := newTown(t, 20, 5, 0, 1)
	var wg sync.WaitGroup
	results := make(chan error, 20)
	for i := range 20 {
		wg.Go(func() {
			_, err := w.book(0, i, ResidentSeat, "")
			results <- err
		})
	}
	wg.Wait()
	close(results)
	made := 0
	for err := range results {
		if err == nil {
			made++
		} else if !errors.Is(err, AlreadyBooked) {
			t.Errorf("got %v, want AlreadyBooked", err)
		}
	}
	if made != 1 {
		t.Errorf("got %d live bookings for one card, want 1", made)
	}
	w.mustHold()
}

// Every statement that could pass the capacity or double a card, past all Go code.
func TestSchemaRefusesWhatCodeMightTry(t *testing.T) {
	w := newTown(t, 2, 1, 0, 3)
	if _, err := w.book(0, 0, ResidentSeat, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := w.book(1, 1, ResidentSeat, ""); err != nil {
		t.Fatal(err)
	}
	insert := func(card card.ID, slot int64, seat, reason, state string) (string, []any) {
		return `INSERT INTO booking (ref, number, slot_id, card_id, seat, reason, channel, state, booked_at, cancelled_at)
			VALUES (?, ?, ?, ?, ?, ?, 'web', ?, '2026-12-01T00:00:00.000Z', ?)`,
			[]any{store.NewRef(), string(newNumber()), slot, card, seat, reason, state, map[bool]any{true: "2026-12-01T00:00:00.000Z"}[state == "cancelled"]}
	}
	type attack struct {
		query string
		args  []any
	}
	attacks := map[string]attack{
		"move onto a full slot":       {`UPDATE booking SET slot_id = ? WHERE card_id = ?`, []any{w.slots[0].ID, w.cards[1].ID}},
		"take a staff seat":           {`UPDATE booking SET slot_id = ?, seat = 'staff' WHERE card_id = ?`, []any{w.slots[0].ID, w.cards[1].ID}},
		"go over without a reason":    {`UPDATE booking SET slot_id = ?, seat = 'over' WHERE card_id = ?`, []any{w.slots[0].ID, w.cards[1].ID}},
		"narrow below what is booked": {`UPDATE slot SET capacity = 0 WHERE id = ?`, []any{w.slots[0].ID}},
		"count down by hand":          {`UPDATE slot SET taken = -1 WHERE id = ?`, []any{w.slots[0].ID}},
		"count up past the capacity":  {`UPDATE slot SET taken = 2 WHERE id = ?`, []any{w.slots[0].ID}},
		"give a card to a booking":    {`UPDATE booking SET card_id = ? WHERE card_id = ?`, []any{w.cards[0].ID, w.cards[1].ID}},
		"remove a booking":            {`DELETE FROM booking`, nil},
		"invent a seat":               {`UPDATE booking SET seat = 'roof'`, nil},
		"replace a booking":           {`INSERT OR REPLACE INTO booking SELECT * FROM booking`, nil},
	}
	for name, seat := range map[string][2]string{"insert as resident": {"resident", ""}, "insert as staff": {"staff", ""}, "insert over without reason": {"over", ""}} {
		q, args := insert(w.cards[2].ID, w.slots[0].ID, seat[0], seat[1], "booked")
		attacks[name] = attack{q, args}
	}
	q, args := insert(w.cards[0].ID, w.slots[1].ID, "over", "理由", "booked")
	attacks["second live booking of a card, over capacity"] = attack{q, args}
	q, args = insert(w.cards[2].ID, w.slots[0].ID, "resident", "", "done")
	attacks["insert as done"] = attack{q, args}
	for name, a := range attacks {
		t.Run(name, func(t *testing.T) {
			err := w.st.Write(t.Context(), func(tx *store.Tx) error {
				_, err := tx.Exec(a.query, a.args...)
				return err
			})
			var c *store.Constraint
			if !errors.As(err, &c) {
				t.Errorf("got %v, want the schema to refuse", err)
			}
		})
	}
	t.Run("revive a cancelled booking onto a full slot", func(t *testing.T) {
		v, err := w.book(2, 0, OverSeat, "理由")
		if err != nil {
			t.Fatal(err)
		}
		apptest.Write(t, w.st, func(tx *store.Tx) error {
			_, err := Cancel(tx, w.by, v.Ref, v.Version)
			return err
		})
		err = w.st.Write(t.Context(), func(tx *store.Tx) error {
			_, err := tx.Exec(`UPDATE booking SET state = 'booked', cancelled_at = NULL, seat = 'resident' WHERE id = ?`, v.ID)
			return err
		})
		if !store.Broke(err, store.Trigger, "booking_is_over") {
			t.Errorf("got %v, want booking_is_over", err)
		}
	})
	t.Run("book a closed slot", func(t *testing.T) {
		err := w.st.Write(t.Context(), func(tx *store.Tx) error {
			if _, err := tx.Exec(`UPDATE slot SET open = 0, capacity = 9 WHERE id = ?`, w.slots[0].ID); err != nil {
				return err
			}
			_, err := Book(tx, w.by, Wish{Card: w.cards[2].ID, Slot: w.slots[0].Ref, Channel: Web, Seat: ResidentSeat})
			return err
		})
		if !errors.Is(err, SlotClosed) {
			t.Errorf("got %v, want SlotClosed", err)
		}
	})
	w.mustHold()
}

func TestChangeKeepsTheOldPlaceUntilTheNewOneIsCertain(t *testing.T) {
	w := newTown(t, 2, 1, 0, 2)
	v, err := w.book(0, 0, ResidentSeat, "")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.book(1, 1, ResidentSeat, ""); err != nil {
		t.Fatal(err)
	}
	resident := audit.Actor{Kind: audit.Resident, Ref: w.cards[0].Ref, Request: "r2"}
	change := func(version, slot int) (out Visit, err error) {
		err = w.st.Write(t.Context(), func(tx *store.Tx) (err error) {
			out, err = Change(tx, resident, v.Ref, version, Wish{Slot: w.slots[slot].Ref, Channel: Web, Seat: ResidentSeat})
			return err
		})
		return out, err
	}
	if _, err := change(v.Version, 1); !errors.Is(err, SlotFull) {
		t.Errorf("got %v, want SlotFull", err)
	}
	apptest.Read(t, w.st, func(tx *store.Tx) error {
		still, ok, err := Live(tx, w.cards[0].ID)
		if !ok || still.SlotID != w.slots[0].ID || still.Version != v.Version {
			t.Errorf("got %+v, want the old booking untouched", still)
		}
		return err
	})
	if _, err := change(v.Version+1, 1); !errors.Is(err, Stale) {
		t.Errorf("got %v, want Stale", err)
	}
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		other, _, err := Live(tx, w.cards[1].ID)
		if err != nil {
			return err
		}
		_, err = Cancel(tx, w.by, other.Ref, other.Version)
		return err
	})
	moved, err := change(v.Version, 1)
	if err != nil || moved.Number != v.Number || moved.SlotID != w.slots[1].ID {
		t.Errorf("got %+v, %v, want it moved with its number", moved, err)
	}
	if w.slot(0).Taken != 0 || w.slot(1).Taken != 1 {
		t.Errorf("got %d and %d taken, want 0 and 1", w.slot(0).Taken, w.slot(1).Taken)
	}
	w.mustHold()
}

func TestWhenResidentsAndStaffMayBook(t *testing.T) {
	w := newTown(t, 1, 9, 0, 9)
	resident := audit.Actor{Kind: audit.Resident, Ref: w.cards[0].Ref}
	first, err := w.book(0, 0, ResidentSeat, "")
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(24*60*60*1e9 - 1e9) // 2 December 08:59:59: the day itself is no longer bookable
	if _, err := w.book(1, 0, ResidentSeat, ""); !errors.Is(err, OutsidePeriod) {
		t.Errorf("got %v, want OutsidePeriod", err)
	}
	if _, err := w.book(1, 0, StaffSeat, ""); err != nil {
		t.Errorf("got %v, want staff to book today", err)
	}
	w.clock.Advance(15 * 60 * 1e9) // 09:15: it has begun
	if _, err := w.book(2, 0, ResidentSeat, ""); !errors.Is(err, SlotPast) {
		t.Errorf("got %v, want SlotPast", err)
	}
	if _, err := w.book(2, 0, StaffSeat, ""); err != nil {
		t.Errorf("got %v, want staff to book a walk-in until the slot ends", err)
	}
	err = w.st.Write(t.Context(), func(tx *store.Tx) error {
		_, err := Cancel(tx, resident, first.Ref, first.Version)
		return err
	})
	if !errors.Is(err, PastCutoff) {
		t.Errorf("got %v, want PastCutoff for a resident after the start", err)
	}
	w.clock.Advance(16 * 60 * 1e9) // 09:30 and more: it has ended
	if _, err := w.book(3, 0, StaffSeat, ""); !errors.Is(err, SlotPast) {
		t.Errorf("got %v, want SlotPast", err)
	}
	w.mustHold()
}

func TestIssuedCardIsNotBookedAgain(t *testing.T) {
	w := newTown(t, 2, 1, 0, 1)
	if _, err := w.book(0, 0, ResidentSeat, ""); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(24 * 60 * 60 * 1e9)
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		r, err := card.Issue(tx, w.by, w.cards[0].Ref, w.cards[0].Version)
		if err != nil {
			return err
		}
		return MarkDone(tx, w.by, r.ID)
	})
	if _, err := w.book(0, 1, StaffSeat, ""); !errors.Is(err, CardIssued) {
		t.Errorf("got %v, want CardIssued", err)
	}
	if s := w.slot(0); s.Taken != 1 {
		t.Errorf("got %d taken, want the used place to stay used", s.Taken)
	}
	w.mustHold()
}

func TestCardIssuedBeforeItsBookingFreesThePlace(t *testing.T) {
	w := newTown(t, 2, 1, 0, 1)
	v, err := w.book(0, 0, ResidentSeat, "")
	if err != nil {
		t.Fatal(err)
	}
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		r, err := card.Issue(tx, w.by, w.cards[0].Ref, w.cards[0].Version)
		if err != nil {
			return err
		}
		if err := MarkDone(tx, w.by, r.ID); err != nil {
			return err
		}
		v, err = ByRef(tx, v.Booking.Ref)
		return err
	})
	if s := w.slot(0); s.Taken != 0 || v.State != Cancelled {
		t.Errorf("got %s with %d taken, want the place of a later day to be free again", v.State, s.Taken)
	}
	w.mustHold()
}

func TestNearestFreeComesInOrderOfDistance(t *testing.T) {
	w := newTown(t, 6, 1, 0, 6)
	for _, i := range []int{2, 3} {
		if _, err := w.book(i, i, ResidentSeat, ""); err != nil {
			t.Fatal(err)
		}
	}
	apptest.Read(t, w.st, func(tx *store.Tx) error {
		near, err := NearestFree(tx, w.slots[2], ResidentSeat, 3)
		var got []string
		for _, p := range near {
			got = append(got, p.Starts.String())
		}
		if strings.Join(got, " ") != "09:30 09:00 11:00" && strings.Join(got, " ") != "09:30 11:00 09:00" {
			t.Errorf("got %v, want the nearest free times around 10:00", got)
		}
		return err
	})
}

func TestNumberNoticesOneWrongDigitAndEverySwap(t *testing.T) {
	for range 200 {
		n := newNumber()
		if got, err := ParseNumber(" " + n.String() + " "); err != nil || got != n {
			t.Fatalf("got %s, %v, want %s", got, err, n)
		}
		for i := range 8 {
			for d := byte('0'); d <= '9'; d++ {
				wrong := []byte(n)
				if wrong[i] = d; string(wrong) == string(n) {
					continue
				}
				if _, err := ParseNumber(string(wrong)); !errors.Is(err, NumberForm) {
					t.Errorf("%s for %s: got %v, want NumberForm", wrong, n, err)
				}
			}
		}
	}
}

// TestRandomSequences runs thousands of operations in any order against a
// model that knows only the rules: places, reserve, one live booking a card.
func TestRandomSequences(t *testing.T) {
	const sequences, steps, slots, people = 25, 60, 4, 8
	for seed := range uint64(sequences) {
		rng := rand.New(rand.NewPCG(seed, 1))
		capacity, reserve := rng.IntN(3), rng.IntN(2)
		w := newTown(t, slots, capacity, reserve, people)
		type held struct {
			slot int
			seat Seat
		}
		model := map[int]held{} // by card
		used := func(slot int, seat Seat) (n int) {
			for _, h := range model {
				if h.slot == slot && h.seat == seat {
					n++
				}
			}
			return n
		}
		fits := func(slot int, seat Seat) bool {
			r, s := used(slot, ResidentSeat), used(slot, StaffSeat)
			switch seat {
			case ResidentSeat:
				return r < capacity && r+s < capacity+reserve
			case StaffSeat:
				return r+s < capacity+reserve
			}
			return true
		}
		for step := range steps {
			c, slot := rng.IntN(people), rng.IntN(slots)
			seat := []Seat{ResidentSeat, ResidentSeat, StaffSeat, OverSeat}[rng.IntN(4)]
			now, booked := model[c]
			var v Visit
			apptest.Read(t, w.st, func(tx *store.Tx) (err error) {
				v, _, err = Live(tx, w.cards[c].ID)
				return err
			})
			wish := Wish{Card: w.cards[c].ID, Slot: w.slots[slot].Ref, Channel: Counter, Seat: seat, Reason: "理由"}
			var want bool
			op := rng.IntN(4)
			switch {
			case op < 2:
				want = !booked && fits(slot, seat)
			case op == 2:
				delete(model, c)
				want = booked && (fits(slot, seat))
				if booked {
					model[c] = now
				}
			default:
				want = booked
			}
			before := w.audits()
			err := w.st.Write(t.Context(), func(tx *store.Tx) (err error) {
				switch {
				case op < 2:
					_, err = Book(tx, w.by, wish)
				case op == 2:
					_, err = Change(tx, w.by, v.Ref, v.Version, wish)
				default:
					_, err = Cancel(tx, w.by, v.Ref, v.Version)
				}
				return err
			})
			if _, expected := problem.As(err); err != nil && !expected {
				t.Fatalf("seed %d step %d: got %v, want a problem", seed, step, err)
			}
			if (err == nil) != want {
				t.Fatalf("seed %d step %d: op %d card %d slot %d %s: got %v, want success %v", seed, step, op, c, slot, seat, err, want)
			}
			if err == nil {
				if op < 3 {
					model[c] = held{slot, seat}
				} else {
					delete(model, c)
				}
			}
			if grown := w.audits() - before; grown != map[bool]int{true: 1}[err == nil] {
				t.Fatalf("seed %d step %d: got %d audit entries for success %v", seed, step, grown, err == nil)
			}
		}
		w.mustHold()
	}
}

func (w *town) audits() (n int) {
	apptest.Read(w.T, w.st, func(tx *store.Tx) (err error) {
		n, err = store.One[int](tx, `SELECT count(*) FROM audit`)
		return err
	})
	return n
}
