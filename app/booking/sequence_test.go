package booking

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/settings"
	"madoguchi/store"
)

// errTakeBack ends a sequence: everything it did is undone.
var errTakeBack = errors.New("the sequence is over")

// sequence runs random operations in one transaction, each in a savepoint, and
// compares with the model after each.
type sequence struct {
	*town
	tx    *store.Tx
	rng   *rand.Rand
	m     *model
	seed  uint64
	steps []string
	// visitors are the bookings that were made without a card; the model knows
	// them as -1, -2, … until they are tied to one.
	visitors []ID
}

// TestRandomSequencesOfEverything runs thousands of sequences of bookings,
// holds, changes, cancellations, families, visitors without a card, overrides,
// closings, whole slots moved and called off, waiting, offers and the passing
// of time, against a model that knows only the rules.
func TestRandomSequencesOfEverything(t *testing.T) {
	const steps, slots, people = 30, 3, 8
	sequences := 2000
	if testing.Short() {
		sequences = 200
	}
	w := newTown(t, slots, 1, 1, people)
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		return errors.Join(
			settings.Set(tx, w.by, "waiting.offer_hours", "1"),
			settings.Set(tx, w.by, "booking.hold_minutes", "10"))
	})
	done := map[string]int{}
	for seed := range uint64(sequences) {
		err := w.st.Write(t.Context(), func(tx *store.Tx) error {
			q := &sequence{town: w, tx: tx, rng: rand.New(rand.NewPCG(seed, 2)), seed: seed}
			if err := q.begin(); err != nil {
				return err
			}
			for range steps {
				name, ok, err := q.step()
				if err != nil {
					return fmt.Errorf("seed %d after %q: %w", seed, q.steps, err)
				}
				if ok {
					done[name]++
				}
			}
			return errors.Join(q.end(), errTakeBack)
		})
		if err == nil || err.Error() != errTakeBack.Error() {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"book", "hold", "change", "cancel", "together", "join", "leave", "decline", "accept", "move up", "remove", "close", "open", "wait", "sweep",
		"visitor", "tie", "call off", "move slot"} {
		if done[name] < sequences/40 {
			t.Errorf("got %d times %q that succeeded, want the sequences to reach it", done[name], name)
		}
	}
}

func (q *sequence) begin() error {
	q.m = &model{now: q.tx.Now, capacity: min(1, q.rng.IntN(5)), reserve: q.rng.IntN(2), seats: map[int]seatOf{}, offers: map[int]seatOf{}}
	for _, s := range q.slots {
		q.m.open = append(q.m.open, true)
		q.m.starts = append(q.m.starts, s.At())
	}
	_, err := q.tx.Exec(`UPDATE slot SET capacity = ?, reserve = ?`, q.m.capacity, q.m.reserve)
	if err != nil {
		return err
	}
	q.m.audits, err = q.count()
	return err
}

func (q *sequence) count() (int, error) {
	return store.One[int](q.tx, `SELECT count(*) FROM audit`)
}

// operation is one thing to do, and what the model says of it.
type operation struct {
	name  string
	do    func() error
	model func(*model) bool
}

func (q *sequence) draw() operation {
	c, slot := q.rng.IntN(len(q.cards)), q.rng.IntN(len(q.slots))
	n := q.rng.IntN(21)
	if len(q.steps) < len(q.cards) && q.seed%4 > 0 {
		// Most sequences begin with a full day and a line of people.
		if c, slot, n = len(q.steps), len(q.steps)%len(q.slots), 9; c < len(q.slots) {
			n = 0
		}
	}
	seat := []Seat{ResidentSeat, ResidentSeat, ResidentSeat, StaffSeat, OverSeat}[q.rng.IntN(5)]
	wish := Wish{Card: q.cards[c].ID, Slot: q.slots[slot].Ref, Channel: Telephone, Seat: seat, Reason: "理由"}
	tx, by := q.tx, q.by
	switch n {
	case 0, 1, 2:
		return operation{"book", func() error { _, err := Book(tx, by, wish); return err }, func(m *model) bool { return m.book(c, slot, seat) }}
	case 3, 4:
		return operation{"hold", func() error { _, err := Hold(tx, by, wish); return err }, func(m *model) bool { return m.hold(c, slot, seat) }}
	case 5:
		c = q.anyone(c)
		return operation{"change", func() error {
			return q.live(c, func(v Visit) error { _, err := Change(tx, by, v.Booking.Ref, v.Version, wish); return err })
		},
			func(m *model) bool { return m.change(c, slot, seat) }}
	case 6, 7:
		c = q.anyone(c)
		return operation{"cancel", func() error {
			return q.live(c, func(v Visit) error { _, err := Cancel(tx, by, v.Booking.Ref, v.Version); return err })
		},
			func(m *model) bool { return m.cancel(c) }}
	case 8:
		return q.family(wish, slot)
	case 9, 10:
		on := q.slots[0].HeldOn
		return operation{"join", func() error {
			_, err := Join(tx, by, WaitingWish{Card: wish.Card, Venue: q.slots[0].VenueID, Service: q.slots[0].ServiceID, From: on, Until: on})
			return err
		}, func(m *model) bool { return m.join(c) }}
	case 11, 12, 13:
		return q.waiting(c)
	case 14:
		return q.gate(slot)
	case 17, 18:
		return q.visitor(wish, c, slot)
	case 19:
		return q.callOff(slot)
	case 20:
		return q.moveSlot(slot)
	case 15:
		d := time.Duration(1+q.rng.IntN(25)) * time.Minute
		return operation{"wait", func() error { tx.Now = tx.Now.Add(d); return nil }, func(m *model) bool { m.now = m.now.Add(d); return true }}
	}
	return operation{"sweep", func() error { return OfferFree(tx) }, (*model).sweep}
}

func (q *sequence) family(wish Wish, slot int) operation {
	of := q.rng.Perm(len(q.cards))[:2+q.rng.IntN(2)]
	var cards []card.ID
	for _, c := range of {
		cards = append(cards, q.cards[c].ID)
	}
	return operation{"together", func() error { _, err := BookTogether(q.tx, q.by, cards, wish); return err },
		func(m *model) bool { return m.together(of, slot, wish.Seat) }}
}

// anyone is a card, or sometimes one of the visitors.
func (q *sequence) anyone(c int) int {
	if len(q.visitors) > 0 && q.rng.IntN(3) == 0 {
		return -1 - q.rng.IntN(len(q.visitors))
	}
	return c
}

// visitor books for someone without a card, or ties such a booking to one.
func (q *sequence) visitor(wish Wish, c, slot int) operation {
	if len(q.visitors) > 0 && q.rng.IntN(2) == 0 {
		who := -1 - q.rng.IntN(len(q.visitors))
		return operation{"tie", func() error {
			return q.live(who, func(v Visit) error {
				_, err := Tie(q.tx, q.by, v.Booking.Ref, v.Version, q.cards[c].Ref)
				return err
			})
		}, func(m *model) bool { return m.tie(who, c) }}
	}
	who := -1 - len(q.visitors)
	return operation{"visitor", func() error {
		v, err := BookVisitor(q.tx, q.by, wish, card.Visitor{Name: fmt.Sprintf("来庁者%d", -who), Telephone: "0178-00-0000"})
		if err == nil {
			q.visitors = append(q.visitors, v.ID)
		}
		return err
	}, func(m *model) bool { return m.visit(who, slot, wish.Seat) }}
}

// callOff cancels all bookings of a slot, as the list shows them.
func (q *sequence) callOff(slot int) operation {
	from := Source{Slot: q.slots[slot].Ref}
	return operation{"call off", func() error {
		plan, err := PlanCancel(q.tx, from)
		if err != nil {
			return err
		}
		_, err = CancelAll(q.tx, q.by, from, Notice{Key: plan.Key, Cause: "大雪"})
		return err
	}, func(m *model) bool { return m.callOff(slot) }}
}

// moveSlot moves all bookings of a slot to the next free places.
func (q *sequence) moveSlot(slot int) operation {
	from := Source{Slot: q.slots[slot].Ref}
	return operation{"move slot", func() error {
		// The list that was shown is of after what was due.
		if err := ExpireHolds(q.tx); err != nil {
			return err
		}
		plan, err := PlanMove(q.tx, from, jp.Date{})
		if err != nil {
			return err
		}
		_, err = ApplyMove(q.tx, q.by, from, jp.Date{}, Notice{Key: plan.Key, Cause: "大雪"})
		return err
	}, func(m *model) bool { return m.moveSlot(slot) }}
}

// live runs do with the booking of a card or visitor; without one it refuses.
func (q *sequence) live(c int, do func(Visit) error) error {
	if c < 0 {
		v, err := one(q.tx, `booking.id = ? AND booking.card_id IS NULL`, q.visitors[-c-1])
		if errors.Is(err, NotFound) {
			return NotLive // it has its card now
		}
		if err != nil {
			return err
		}
		return do(v)
	}
	v, booked, err := Live(q.tx, q.cards[c].ID)
	if err != nil || !booked {
		return orProblem(err, NotLive)
	}
	return do(v)
}

// waiting is something that a person on the list does, or staff with them.
func (q *sequence) waiting(c int) operation {
	if offered := slices.Sorted(maps.Keys(q.m.offers)); len(offered) > 0 && q.rng.IntN(3) > 0 {
		c = offered[q.rng.IntN(len(offered))]
	}
	with := func(do func(w Waiting) error) func() error {
		return func() error {
			// The page that was sent showed what has become of due holds.
			err := ExpireHolds(q.tx)
			w, ok, found := WaitingOf(q.tx, q.cards[c].ID)
			if err = errors.Join(err, found); err != nil || !ok {
				return orProblem(err, WaitingOver)
			}
			return do(w)
		}
	}
	switch q.rng.IntN(8) {
	case 5:
		return operation{"remove", with(func(w Waiting) error { return Remove(q.tx, q.by, w.Ref, w.Version) }), func(m *model) bool { return m.quit(c, false) }}
	case 0:
		return operation{"leave", with(func(w Waiting) error { return Leave(q.tx, q.by, w.Ref, w.Version) }), func(m *model) bool { return m.quit(c, false) }}
	case 1, 2:
		return operation{"decline", with(func(w Waiting) error { return Decline(q.tx, q.by, w.Ref, w.Version) }), func(m *model) bool { return m.quit(c, true) }}
	case 3, 4:
		return operation{"move up", with(func(w Waiting) error { return MoveUp(q.tx, q.by, w.Ref, w.Version) }), func(m *model) bool { return m.moveUp(c) }}
	}
	return operation{"accept", with(func(w Waiting) error { _, err := TakeOffer(q.tx, q.by, w.Ref, w.Version); return err }), func(m *model) bool { return m.accept(c) }}
}

// gate closes a slot or opens it, as a member of staff would.
func (q *sequence) gate(slot int) operation {
	set := func(open bool) func() error {
		return func() error {
			_, err := q.tx.Exec(`UPDATE slot SET open = ? WHERE id = ?`, open, q.slots[slot].ID)
			return err
		}
	}
	if q.m.open[slot] {
		return operation{"close", set(false), func(m *model) bool { m.open[slot] = false; return true }}
	}
	return operation{"open", set(true), func(m *model) bool { m.open[slot] = true; return true }}
}

// step does one thing and compares everything with the model.
func (q *sequence) step() (name string, ok bool, err error) {
	op := q.draw()
	q.steps = append(q.steps, op.name)
	after := q.m.clone()
	want := op.model(after)
	if _, err := q.tx.Exec(`SAVEPOINT step`); err != nil {
		return op.name, false, err
	}
	refused := op.do()
	if _, expected := problem.As(refused); refused != nil && !expected {
		return op.name, false, refused
	}
	if (refused == nil) != want {
		return op.name, false, fmt.Errorf("got %v, want success %v", refused, want)
	}
	if refused != nil {
		_, err := q.tx.Exec(`ROLLBACK TO step`)
		return op.name, false, err
	}
	q.m = after
	if _, err := q.tx.Exec(`RELEASE step`); err != nil {
		return op.name, true, err
	}
	return op.name, true, q.compare()
}

// compare checks the rows against the model: seats, offers, order and log.
func (q *sequence) compare() error {
	type row struct {
		ID        ID
		CardID    card.ID
		SlotID    int64
		Seat      Seat
		HeldUntil time.Time
		OfferedTo card.ID
	}
	rows, err := store.All[row](q.tx, `SELECT id, card_id, slot_id, seat, held_until,
		(SELECT card_id FROM waiting WHERE waiting.booking_id = booking.id AND waiting.state = 'offered') AS offered_to
		FROM booking WHERE state NOT IN ('cancelled', 'expired')`)
	if err != nil {
		return err
	}
	seats, offers := 0, 0
	for _, r := range rows {
		want, ok := q.m.seats[q.person(r.CardID)]
		visitor := slices.Index(q.visitors, r.ID)
		switch {
		case r.CardID == 0 && visitor >= 0:
			want, ok = q.m.seats[-1-visitor]
			seats++
		case r.CardID == 0:
			want, ok = q.m.offers[q.person(r.OfferedTo)]
			offers++
		default:
			seats++
		}
		if !ok || q.slots[want.slot].ID != r.SlotID || want.seat != r.Seat || !want.until.Equal(r.HeldUntil) {
			return fmt.Errorf("got row %+v, want %+v (%v)", r, want, ok)
		}
	}
	if seats != len(q.m.seats) || offers != len(q.m.offers) {
		return fmt.Errorf("got %d seats and %d offers, want %d and %d", seats, offers, len(q.m.seats), len(q.m.offers))
	}
	line, err := store.All[card.ID](q.tx, `SELECT card_id FROM waiting WHERE state IN ('waiting', 'offered') ORDER BY place`)
	if err != nil {
		return err
	}
	var order []int
	for _, id := range line {
		order = append(order, q.person(id))
	}
	if !slices.Equal(order, q.m.line) {
		return fmt.Errorf("got the line %v, want %v", order, q.m.line)
	}
	n, err := q.count()
	if err == nil && n != q.m.audits {
		err = fmt.Errorf("got %d entries in the audit log, want %d", n, q.m.audits)
	}
	return err
}

// end looks at the whole store once more.
func (q *sequence) end() error {
	wrong, err := Invariants(q.tx)
	if err == nil && len(wrong) > 0 {
		err = fmt.Errorf("seed %d after %q: invariants broken: %q", q.seed, q.steps, wrong)
	}
	return err
}

// person is the index of a card; -1 for none.
func (q *sequence) person(id card.ID) int {
	return slices.IndexFunc(q.cards, func(r card.Record) bool { return r.Card.ID == id })
}
