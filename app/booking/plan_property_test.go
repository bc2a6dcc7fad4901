package booking

import (
	"cmp"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/settings"
	"madoguchi/store"
)

// The model of this file knows slots by place, service, day and minute, and is
// written from the rules in words: it shares no function with the code.

type spot struct {
	venue, service int64
	on             jp.Date
	starts         jp.Clock
}

type modelSlot struct {
	ends              jp.Clock
	capacity, reserve int
	open, hand        bool
	stop              int // index of the stop that closed it, -1 for none
}

type modelStop struct {
	ref    store.Ref
	venues []int64
	from   jp.Date
	to     jp.Date
	starts jp.Clock
	ends   jp.Clock
	over   bool
}

func (s modelStop) covers(at spot, ends jp.Clock) bool {
	return !s.over && slices.Contains(s.venues, at.venue) && at.on.Compare(s.from) >= 0 && at.on.Compare(s.to) <= 0 &&
		int(at.starts) < int(s.ends) && int(ends) > int(s.starts)
}

// cabinet are the days off within the periods that the sequences use, copied
// from the Cabinet Office's list (内閣府「国民の祝日について」), and the year end.
var cabinet = map[string]bool{
	"2026-12-29": true, "2026-12-30": true, "2026-12-31": true, "2027-01-01": true, "2027-01-02": true, "2027-01-03": true,
	"2027-02-11": true, "2027-02-23": true, "2027-04-29": true, "2027-05-03": true, "2027-05-04": true, "2027-05-05": true,
	"2027-09-20": true, "2027-09-23": true,
}

var modelStarts = []jp.Date{
	{Year: 2026, Month: 12, Day: 1}, // today, at nine
	{Year: 2026, Month: 12, Day: 27}, {Year: 2027, Month: 2, Day: 8}, {Year: 2027, Month: 4, Day: 28},
	{Year: 2027, Month: 5, Day: 2}, {Year: 2027, Month: 9, Day: 18},
}

const modelDays = 7

// world is one sequence: what was set up, and what must be there.
type world struct {
	tx       *store.Tx
	rng      *rand.Rand
	by       audit.Actor
	first    jp.Date
	venues   []int64
	services []int64
	cards    []int64
	hours    []Hours
	closed   []ClosedDay
	extra    []ExtraOpening
	stops    []modelStop
	slots    map[spot]*modelSlot
	seats    map[int64]modelSeat // by card
	log      []string
}

type modelSeat struct {
	at      spot
	seat    Seat
	visit   store.Ref
	version int
}

func (w *world) say(format string, args ...any) { w.log = append(w.log, fmt.Sprintf(format, args...)) }

// fail ends the sequence: it runs in the store's own goroutine, where a test
// cannot be ended, and where a panic is an error of the write.
func (w *world) fail(format string, args ...any) {
	panic(fmt.Sprintf(format, args...) + "\nafter:\n" + strings.Join(w.log, "\n"))
}

func (w *world) must(err error) {
	if err != nil {
		w.fail("got %v", err)
	}
}

func (w *world) day() jp.Date { return w.first.AddDays(w.rng.IntN(modelDays)) }

func pick[T any](r *rand.Rand, all []T) T { return all[r.IntN(len(all))] }

// wanted is what the rules ask for on a day: extra openings, and the newest
// hours where nothing closes the day and no extra opening is in the way.
func (w *world) wanted(venue, service int64, on jp.Date) map[jp.Clock]modelSlot {
	all := map[jp.Clock]modelSlot{}
	cut := func(starts, ends jp.Clock, minutes, capacity, reserve int) {
	slots:
		for c := int(starts); c < int(ends); c += minutes {
			for have, s := range all {
				if c < int(s.ends) && c+minutes > int(have) {
					continue slots
				}
			}
			all[jp.Clock(c)] = modelSlot{ends: jp.Clock(c + minutes), capacity: capacity, reserve: reserve}
		}
	}
	for _, e := range w.extra {
		if e.VenueID == venue && e.ServiceID == service && e.OpensOn == on {
			cut(e.Starts, e.Ends, e.Minutes, e.Capacity, e.Reserve)
		}
	}
	if cabinet[on.String()] || slices.ContainsFunc(w.closed, func(c ClosedDay) bool {
		return c.ClosedOn == on && (c.VenueID == 0 || c.VenueID == venue)
	}) {
		return all
	}
	var newest Hours
	for _, h := range w.hours {
		if h.VenueID == venue && h.ServiceID == service && h.EffectiveFrom.Compare(on) <= 0 && h.EffectiveFrom.Compare(newest.EffectiveFrom) >= 0 {
			newest = h
		}
	}
	for _, win := range newest.Windows {
		if win.Weekday == on.Weekday() {
			cut(win.Starts, win.Ends, win.Minutes, win.Capacity, win.Reserve)
		}
	}
	return all
}

// used counts the bookings in a spot by seat.
func (w *world) used(at spot) (resident, staff, over int) {
	for _, b := range w.seats {
		if b.at != at {
			continue
		}
		switch b.seat {
		case ResidentSeat:
			resident++
		case StaffSeat:
			staff++
		default:
			over++
		}
	}
	return resident, staff, over
}

func (w *world) begun(at spot) bool { return !w.tx.Now.Before(at.on.At(at.starts)) }

func (w *world) covering(at spot, ends jp.Clock) int {
	return slices.IndexFunc(w.stops, func(s modelStop) bool { return s.covers(at, ends) })
}

// replan changes the model as a plan must, and lists the conflicts it must tell.
func (w *world) replan(venue, service int64, p Period) map[spot]bool {
	conflicts := map[spot]bool{}
	for d := p.From; !d.After(p.To); d = d.AddDays(1) {
		want := w.wanted(venue, service, d)
		for starts, s := range want {
			at := spot{venue, service, d, starts}
			if w.slots[at] != nil || w.begun(at) {
				continue
			}
			s.stop = w.covering(at, s.ends)
			s.open = s.stop < 0
			w.slots[at] = &s
		}
		for at, s := range w.slots {
			if at.venue != venue || at.service != service || at.on != d || s.hand || w.begun(at) {
				continue
			}
			ask, asked := want[at.starts]
			r, st, o := w.used(at)
			booked := r+st+o > 0
			switch {
			case !asked && !booked:
				s.open, s.stop = false, -1
				continue
			case !asked:
				conflicts[at] = true
				s.capacity, s.reserve = r, st
				continue
			case !booked:
				s.ends = ask.ends
			case s.ends != ask.ends:
				conflicts[at] = true
			}
			s.capacity = max(ask.capacity, r)
			s.reserve = max(ask.reserve, r+st-s.capacity)
			if s.capacity != ask.capacity || s.reserve != ask.reserve {
				conflicts[at] = true
			}
			s.stop = w.covering(at, s.ends)
			s.open = s.stop < 0
		}
	}
	return conflicts
}

// check compares every slot and every booking with the model.
func (w *world) check() {
	have, err := store.All[Slot](w.tx, `SELECT `+slotColumns+` FROM slot WHERE venue_id >= ?`, w.venues[0])
	w.must(err)
	if len(have) != len(w.slots) {
		w.fail("got %d slots, want %d", len(have), len(w.slots))
	}
	free := map[[2]int64]int{}
	for _, s := range have {
		at := spot{s.VenueID, s.ServiceID, s.HeldOn, s.Starts}
		m := w.slots[at]
		if m == nil {
			w.fail("slot %v is none of the model's", at)
		}
		r, st, o := w.used(at)
		got := fmt.Sprint(s.Ends, s.Capacity, s.Reserve, s.Open, s.ByHand, s.StopID != 0, s.Taken, s.StaffTaken, s.Over)
		want := fmt.Sprint(m.ends, m.capacity, m.reserve, m.open, m.hand, m.stop >= 0, r, st, o)
		if got != want {
			w.fail("slot %v: got %s, want %s", at, got, want)
		}
		if r > m.capacity || r+st > m.capacity+m.reserve {
			w.fail("slot %v holds more than its capacity", at)
		}
		if m.open {
			free[[2]int64{at.venue, at.service}] += m.capacity + m.reserve - r - st
		}
	}
	n, err := store.One[int](w.tx, `SELECT count(*) FROM booking JOIN slot ON slot.id = booking.slot_id WHERE booking.state = 'booked'`)
	w.must(err)
	if n != len(w.seats) {
		w.fail("got %d bookings that stand, want %d", n, len(w.seats))
	}
	for where, want := range free {
		days, err := FreeDays(w.tx, where[0], where[1], Period{From: w.first.AddDays(-9), To: w.first.AddDays(99)}, StaffSeat)
		w.must(err)
		got := 0
		for _, d := range days {
			got += d.Remaining
		}
		if got != want {
			w.fail("place and service %v: got %d places left, want %d", where, got, want)
		}
	}
}

// windows draws hours that do not overlap.
func (w *world) windows() []HoursWindow {
	var all []HoursWindow
	for wd := range 7 {
		if w.rng.IntN(4) == 0 {
			continue
		}
		from := jp.Clock(8*60 + 15*w.rng.IntN(8))
		for range w.rng.IntN(3) {
			minutes := pick(w.rng, []int{15, 20, 30, 60})
			to := from + jp.Clock(minutes*(1+w.rng.IntN(3)))
			capacity := w.rng.IntN(3)
			all = append(all, HoursWindow{Weekday: time.Weekday(wd), Starts: from, Ends: to, Minutes: minutes, Capacity: capacity, Reserve: 1 - min(1, capacity) + w.rng.IntN(2)})
			from = to + jp.Clock(15*w.rng.IntN(3))
		}
	}
	return all
}

func (w *world) doHours() *Hours {
	h := Hours{VenueID: pick(w.rng, w.venues), ServiceID: pick(w.rng, w.services), EffectiveFrom: w.first.AddDays(w.rng.IntN(5) - 1), Windows: w.windows()}
	for i, o := range w.hours {
		if o.VenueID == h.VenueID && o.ServiceID == h.ServiceID && o.EffectiveFrom == h.EffectiveFrom {
			h.Ref, h.Version = o.Ref, o.Version
			w.hours = slices.Delete(w.hours, i, i+1)
			break
		}
	}
	w.say("hours %+v", h)
	return &h
}

func (w *world) keepHours(h Hours) {
	all, err := HoursOf(w.tx, h.VenueID, h.ServiceID)
	w.must(err)
	for _, saved := range all {
		if saved.EffectiveFrom == h.EffectiveFrom {
			w.hours = append(w.hours, saved)
		}
	}
}

func (w *world) doClose() {
	c := ClosedDay{Reason: "町内の行事"}
	if w.rng.IntN(2) == 0 {
		c.VenueID = pick(w.rng, w.venues)
	}
	if len(w.closed) > 0 && w.rng.IntN(3) == 0 {
		i := w.rng.IntN(len(w.closed))
		ref, err := store.One[store.Ref](w.tx, `SELECT ref FROM closed_day WHERE closed_on = ? AND coalesce(venue_id, 0) = ?`, w.closed[i].ClosedOn, w.closed[i].VenueID)
		w.must(err)
		_, err = RemoveClosedDay(w.tx, w.by, ref)
		w.must(err)
		w.say("open again %+v", w.closed[i])
		w.closed = slices.Delete(w.closed, i, i+1)
		return
	}
	from := w.day()
	to := from.AddDays(w.rng.IntN(2))
	_, err := CloseDays(w.tx, w.by, c, Period{From: from, To: to})
	w.must(err)
	for d := from; !d.After(to); d = d.AddDays(1) {
		c.ClosedOn = d
		if !slices.Contains(w.closed, c) {
			w.closed = append(w.closed, c)
		}
	}
	w.say("close %v-%v at %d", from, to, c.VenueID)
}

func (w *world) doExtra() {
	e := ExtraOpening{VenueID: pick(w.rng, w.venues), ServiceID: pick(w.rng, w.services), OpensOn: w.day(),
		Starts: jp.Clock(9*60 + 30*w.rng.IntN(20)), Minutes: 30, Capacity: 1 + w.rng.IntN(2), Reserve: w.rng.IntN(2)}
	e.Ends = e.Starts + jp.Clock(30*(1+w.rng.IntN(3)))
	clash := slices.ContainsFunc(w.extra, func(o ExtraOpening) bool {
		return o.VenueID == e.VenueID && o.ServiceID == e.ServiceID && o.OpensOn == e.OpensOn && e.Starts < o.Ends && o.Starts < e.Ends
	})
	added, err := AddExtraOpening(w.tx, w.by, e)
	if clash != errors.Is(err, WindowOverlap) {
		w.fail("extra opening: got %v, clash %v", err, clash)
	}
	if err == nil {
		w.extra = append(w.extra, added)
		w.say("extra %+v", added)
	}
}

func (w *world) doPlan() {
	ask := PlanAsk{VenueID: pick(w.rng, w.venues), ServiceID: pick(w.rng, w.services), Period: Period{From: w.first, To: w.first.AddDays(modelDays - 1)}}
	if w.rng.IntN(3) == 0 {
		ask.VenueID, ask.ServiceID = 0, 0
	}
	if w.rng.IntN(3) == 0 {
		ask.Hours = w.doHours()
		ask.VenueID, ask.ServiceID = ask.Hours.VenueID, ask.Hours.ServiceID
	}
	seen, err := Plan(w.tx, ask)
	w.must(err)
	if _, err := ApplyPlan(w.tx, w.by, ask, seen.Fingerprint+"x"); !errors.Is(err, PlanChanged) {
		w.fail("got %v for another fingerprint, want PlanChanged", err)
	}
	done, err := ApplyPlan(w.tx, w.by, ask, seen.Fingerprint)
	w.must(err)
	if ask.Hours != nil {
		w.keepHours(*ask.Hours)
		ask.Hours = nil
	}
	if done.Changes() > 0 {
		w.say("plan %d %d: %d changes", ask.VenueID, ask.ServiceID, done.Changes())
	}
	conflicts := map[spot]bool{}
	for _, v := range w.venues {
		for _, s := range w.services {
			if (ask.VenueID == 0 || ask.VenueID == v) && (ask.ServiceID == 0 || ask.ServiceID == s) {
				for at := range w.replan(v, s, ask.Period) {
					conflicts[at] = true
				}
			}
		}
	}
	told := 0
	for _, p := range done.Parts {
		for _, c := range p.Conflicts() {
			at := spot{p.Venue.ID, p.Service.ID, c.Before.HeldOn, c.Before.Starts}
			r, st, o := w.used(at)
			if !conflicts[at] || len(c.Bookings) != r+st+o {
				w.fail("conflict %v with %d bookings: model says %v with %d", at, len(c.Bookings), conflicts[at], r+st+o)
			}
			told++
		}
	}
	if told != len(conflicts) {
		w.fail("got %d conflicts, want %v", told, conflicts)
	}
	again, err := Plan(w.tx, ask)
	w.must(err)
	if again.Changes() != 0 {
		w.fail("got %d changes from the same plan again, want none: %+v", again.Changes(), again.Parts)
	}
}

func (w *world) anySlot() (at spot, s Slot, ok bool) {
	var all []spot
	for at := range w.slots {
		all = append(all, at)
	}
	if len(all) == 0 {
		return at, s, false
	}
	slices.SortFunc(all, func(a, b spot) int {
		return cmp.Or(cmp.Compare(a.venue, b.venue), cmp.Compare(a.service, b.service), a.on.Compare(b.on), cmp.Compare(a.starts, b.starts))
	})
	at = pick(w.rng, all)
	day, err := DaySlots(w.tx, at.venue, at.service, at.on)
	w.must(err)
	for _, s := range day {
		if s.Starts == at.starts {
			return at, s, true
		}
	}
	w.fail("slot %v is gone", at)
	return at, s, false
}

func (w *world) doBook() {
	at, s, ok := w.anySlot()
	holder := pick(w.rng, w.cards)
	if _, booked := w.seats[holder]; !ok || booked {
		return
	}
	seat := pick(w.rng, []Seat{ResidentSeat, ResidentSeat, StaffSeat, OverSeat})
	m := w.slots[at]
	r, st, _ := w.used(at)
	room := seat == OverSeat || m.open && r+st < m.capacity+m.reserve && (seat == StaffSeat || r < m.capacity)
	if seat == ResidentSeat {
		room = room && at.on.After(jp.DateOf(w.tx.Now))
	}
	v, err := Book(w.tx, w.by, Wish{Card: card.ID(holder), Slot: s.Ref, Channel: Counter, Seat: seat, Reason: "遠方"})
	if _, known := problem.As(err); err != nil && !known {
		w.fail("book %v: %v", at, err)
	}
	if (err == nil) != room {
		w.fail("book %v as %s: got %v, model has room: %v", at, seat, err, room)
	}
	if err == nil {
		w.seats[holder] = modelSeat{at, seat, v.Booking.Ref, v.Booking.Version}
		w.say("book %v as %s", at, seat)
	}
}

func (w *world) doCancel() {
	for _, holder := range w.cards {
		b, booked := w.seats[holder]
		if booked && w.rng.IntN(3) == 0 {
			_, err := Cancel(w.tx, w.by, b.visit, b.version)
			w.must(err)
			delete(w.seats, holder)
			w.say("cancel %v", b.at)
			return
		}
	}
}

func (w *world) doHand() {
	at, s, ok := w.anySlot()
	if !ok {
		return
	}
	e := SlotEdit{Slot: s.Ref, Version: s.Version, Open: w.rng.IntN(3) > 0, Capacity: w.rng.IntN(4), Reserve: w.rng.IntN(2)}
	r, st, _ := w.used(at)
	fits := r <= e.Capacity && r+st <= e.Capacity+e.Reserve
	_, err := SetSlot(w.tx, w.by, e)
	if errors.Is(err, SlotPast) && !w.tx.Now.Before(at.on.At(s.Ends)) {
		return
	}
	if fits != (err == nil) || !fits && !errors.Is(err, SlotHasBookings) {
		w.fail("set %v to %+v: got %v, fits %v", at, e, err, fits)
	}
	if err == nil {
		m := w.slots[at]
		m.open, m.capacity, m.reserve, m.hand, m.stop = e.Open, e.Capacity, e.Reserve, true, -1
		w.say("hand %v %+v", at, e)
	}
}

func (w *world) doStop() {
	s := modelStop{from: w.day(), starts: 0, ends: 24 * 60}
	s.to = s.from.AddDays(w.rng.IntN(3))
	if w.rng.IntN(2) == 0 {
		s.starts = jp.Clock(9*60 + 10*w.rng.IntN(12))
		s.ends = s.starts + jp.Clock(20+20*w.rng.IntN(6))
	}
	for _, v := range w.venues {
		if w.rng.IntN(3) > 0 {
			s.venues = append(s.venues, v)
		}
	}
	made, affected, err := MakeStop(w.tx, w.by, Stop{Kind: StopWeather, Reason: "大雪", FromOn: s.from, ToOn: s.to, Starts: s.starts, Ends: s.ends}, s.venues)
	if len(s.venues) == 0 {
		if !errors.Is(err, StopNothing) {
			w.fail("got %v for a stop nowhere, want StopNothing", err)
		}
		return
	}
	w.must(err)
	s.ref = made.Ref
	want := 0
	for _, b := range w.seats {
		m := w.slots[b.at]
		if s.covers(b.at, m.ends) && w.tx.Now.Before(b.at.on.At(m.ends)) {
			want++
		}
	}
	if len(affected) != want {
		w.fail("got %d affected bookings, want %d", len(affected), want)
	}
	w.stops = append(w.stops, s)
	for at, m := range w.slots {
		if m.open && s.covers(at, m.ends) && w.tx.Now.Before(at.on.At(m.ends)) {
			m.open, m.stop = false, len(w.stops)-1
		}
	}
	w.say("stop %+v", s)
}

func (w *world) doResume() {
	for i := range w.stops {
		if w.stops[i].over || w.rng.IntN(2) == 0 {
			continue
		}
		s, err := StopByRef(w.tx, w.stops[i].ref)
		w.must(err)
		_, err = EndStop(w.tx, w.by, s.Ref, s.Version)
		w.must(err)
		w.stops[i].over = true
		for at, m := range w.slots {
			if m.stop == i {
				m.stop = w.covering(at, m.ends)
				m.open = m.stop < 0
			}
		}
		w.say("resume %d", i)
		return
	}
}

var errDone = errors.New("the sequence is over; take it back")

// TestSlotPlanSequences runs thousands of drawn sequences of hours, closings,
// extra openings, stops, hand edits, bookings and plans against the model.
func TestSlotPlanSequences(t *testing.T) {
	sequences := 2000
	if testing.Short() {
		sequences = 200
	}
	town := newTown(t, 1, 1, 0, 6)
	apptest.Write(t, town.st, func(tx *store.Tx) error { return settings.Set(tx, town.by, "booking.days_ahead", "400") })
	for seed := range uint64(sequences) {
		err := town.st.Write(t.Context(), func(tx *store.Tx) error {
			w := town.world(tx, seed)
			for range 5 + w.rng.IntN(12) {
				before := w.entries()
				said := len(w.log)
				pick(w.rng, []func(){w.doPlan, w.doPlan, w.doHoursAlone, w.doClose, w.doExtra, w.doBook, w.doBook, w.doBook, w.doCancel, w.doHand, w.doStop, w.doResume})()
				if len(w.log) > said && w.entries() == before {
					w.fail("%s left no audit entry", w.log[len(w.log)-1])
				}
				w.check()
			}
			w.doPlan()
			w.check()
			return errDone
		})
		if !errors.Is(err, errDone) {
			t.Fatalf("seed %d: %v", seed, err)
		}
	}
}

func (w *world) doHoursAlone() {
	h := w.doHours()
	_, err := SaveHours(w.tx, w.by, *h)
	w.must(err)
	w.keepHours(*h)
}

func (w *world) entries() int {
	n, err := store.One[int](w.tx, `SELECT count(*) FROM audit`)
	w.must(err)
	return n
}

// world makes two places and a service or two in a transaction that will be
// taken back.
func (w *town) world(tx *store.Tx, seed uint64) *world {
	rng := rand.New(rand.NewPCG(seed, 7))
	m := &world{tx: tx, rng: rng, by: w.by, first: pick(rng, modelStarts), slots: map[spot]*modelSlot{}, seats: map[int64]modelSeat{}}
	for i := range 1 + rng.IntN(2) {
		v, err := AddVenue(tx, w.by, Venue{Name: fmt.Sprintf("支所%d", i)})
		m.must(err)
		m.venues = append(m.venues, v.ID)
	}
	for i := range 1 + rng.IntN(2) {
		s, err := AddService(tx, w.by, Service{Name: fmt.Sprintf("業務%d", i), Minutes: 30})
		m.must(err)
		m.services = append(m.services, s.ID)
	}
	for _, c := range w.cards {
		m.cards = append(m.cards, int64(c.ID))
	}
	return m
}
