package booking

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// model is what the rules say would happen, told without a database: places,
// one live booking a card, holds that run out, a waiting list in order. It
// shares nothing with the package but the names of seats. All slots are of one
// day, in order of time and next to one another, and everybody waits for that
// day as a whole.
type model struct {
	now      time.Time
	capacity int
	reserve  int
	open     []bool
	starts   []time.Time
	seats    map[int]seatOf // by card: its booking or hold; below 0, a visitor's
	offers   map[int]seatOf // by card: the place offered to it
	line     []int          // cards that wait, in order; who has an offer too
	rows     int            // rows of bookings made so far: holds end in their order
	audits   int
}

type seatOf struct {
	slot  int
	seat  Seat
	until time.Time // of a hold; zero for a booking
	row   int
}

func (s seatOf) held() bool { return !s.until.IsZero() }

// What the test's town has set.
const (
	holdTime  = 10 * time.Minute
	offerTime = time.Hour
)

func (m *model) clone() *model {
	c := *m
	c.open, c.line = slices.Clone(m.open), slices.Clone(m.line)
	c.seats, c.offers = maps.Clone(m.seats), maps.Clone(m.offers)
	return &c
}

func (m *model) used(slot int) (residents, staff int) {
	count := func(all map[int]seatOf) {
		for _, s := range all {
			if s.slot == slot && s.seat == ResidentSeat {
				residents++
			}
			if s.slot == slot && s.seat == StaffSeat {
				staff++
			}
		}
	}
	count(m.seats)
	count(m.offers)
	return residents, staff
}

func (m *model) left(slot int, seat Seat) int {
	r, s := m.used(slot)
	all := m.capacity + m.reserve - r - s
	switch {
	case !m.open[slot]:
		return 0
	case seat == ResidentSeat:
		return max(0, min(m.capacity-r, all))
	}
	return max(0, all)
}

func (m *model) fits(slot int, seat Seat) bool { return seat == OverSeat || m.left(slot, seat) > 0 }

// booked finds the card's booking; a hold is none.
func (m *model) booked(card int) (seatOf, bool) {
	s, ok := m.seats[card]
	return s, ok && !s.held()
}

func (m *model) newRow() int {
	m.rows++
	return m.rows
}

// expire ends what has run out, then offers the places.
func (m *model) expire() {
	type due struct {
		seatOf
		card  int
		offer bool
	}
	var all []due
	for card, s := range m.seats {
		if s.held() && !s.until.After(m.now) {
			all = append(all, due{s, card, false})
		}
	}
	for card, s := range m.offers {
		if !s.until.After(m.now) {
			all = append(all, due{s, card, true})
		}
	}
	slices.SortFunc(all, func(a, b due) int { return cmp.Or(a.until.Compare(b.until), cmp.Compare(a.row, b.row)) })
	for _, d := range all {
		m.audits++
		if d.offer {
			delete(m.offers, d.card)
			m.leaveLine(d.card)
		} else {
			delete(m.seats, d.card)
		}
	}
	for _, d := range all {
		m.offer(d.slot)
	}
}

// leaveLine takes a card off the list.
func (m *model) leaveLine(card int) {
	m.line = slices.DeleteFunc(m.line, func(c int) bool { return c == card })
	m.audits++
}

// offer gives free places to who waits, in order: not to who has a booking that
// is as early.
func (m *model) offer(slot int) {
	until := m.now.Add(offerTime)
	if last := m.starts[slot].Add(-time.Hour); last.Before(until) {
		until = last
	}
	if until.Sub(m.now) < time.Hour {
		return
	}
	for m.left(slot, ResidentSeat) > 0 {
		i := slices.IndexFunc(m.line, func(card int) bool {
			_, has := m.offers[card]
			b, booked := m.booked(card)
			return !has && !(booked && b.slot <= slot)
		})
		if i < 0 {
			return
		}
		m.offers[m.line[i]] = seatOf{slot, ResidentSeat, until, m.newRow()}
		m.audits += 2
	}
}

// reached takes a card off the list that has got what it waited for, and
// returns the slot of the place it was offered; -1 for none.
func (m *model) reached(card int) int {
	if !slices.Contains(m.line, card) {
		return -1
	}
	m.leaveLine(card)
	o, offered := m.offers[card]
	if !offered {
		return -1
	}
	delete(m.offers, card)
	m.audits++
	return o.slot
}

func (m *model) offerAll(slots ...int) {
	for _, s := range slots {
		if s >= 0 {
			m.offer(s)
		}
	}
}

// take puts a card into a slot, out of its hold if it has one; left is where
// that was, if elsewhere.
func (m *model) take(card, slot int, seat Seat, until time.Time) (left int, ok bool) {
	if _, booked := m.booked(card); booked {
		return -1, false
	}
	left = -1
	row := 0
	if h, held := m.seats[card]; held {
		delete(m.seats, card)
		row = h.row
		if h.slot != slot {
			left = h.slot
		}
	}
	if !m.fits(slot, seat) {
		return left, false
	}
	if row == 0 {
		row = m.newRow()
	}
	m.seats[card] = seatOf{slot, seat, until, row}
	m.audits++
	return left, true
}

func (m *model) book(card, slot int, seat Seat) bool {
	m.expire()
	left, ok := m.take(card, slot, seat, time.Time{})
	if !ok {
		return false
	}
	m.offerAll(m.reached(card), left)
	return true
}

func (m *model) hold(card, slot int, seat Seat) bool {
	m.expire()
	if h, held := m.seats[card]; held && h.held() && h.slot == slot && h.seat == seat {
		return m.open[slot] || seat == OverSeat
	}
	left, ok := m.take(card, slot, seat, m.now.Add(holdTime))
	if !ok {
		return false
	}
	m.offerAll(left)
	return true
}

func (m *model) change(card, slot int, seat Seat) bool {
	m.expire()
	old, booked := m.booked(card)
	if !booked {
		return false
	}
	delete(m.seats, card)
	if !m.fits(slot, seat) {
		return false
	}
	m.seats[card] = seatOf{slot, seat, time.Time{}, old.row}
	m.audits++
	m.offerAll(m.reached(card), old.slot)
	return true
}

func (m *model) cancel(card int) bool {
	m.expire()
	old, booked := m.booked(card)
	if !booked {
		return false
	}
	delete(m.seats, card)
	m.audits++
	m.offer(old.slot)
	return true
}

func (m *model) together(cards []int, slot int, seat Seat) bool {
	m.expire()
	var left []int
	for _, c := range cards {
		if h, ok := m.seats[c]; ok && h.held() {
			delete(m.seats, c)
			m.audits++
			left = append(left, h.slot)
		}
	}
	var slots []int
	if seat == OverSeat {
		slots = slices.Repeat([]int{slot}, len(cards))
	} else if slots = m.adjacent(slot, len(cards), seat); slots == nil {
		return false
	}
	for i, c := range cards {
		if _, ok := m.take(c, slots[i], seat, time.Time{}); !ok {
			return false
		}
		left = append(left, m.reached(c))
	}
	m.offerAll(left...)
	return true
}

// adjacent widens a span of slots around the chosen one, later first, until
// there is room for n, and fills it in order of time.
func (m *model) adjacent(slot, n int, seat Seat) []int {
	first, last := slot, slot
	room := func() (n int) {
		for s := first; s <= last; s++ {
			n += m.left(s, seat)
		}
		return n
	}
	if room() == 0 {
		return nil
	}
	for room() < n {
		switch {
		case last+1 < len(m.open) && m.left(last+1, seat) > 0:
			last++
		case first > 0 && m.left(first-1, seat) > 0:
			first--
		default:
			return nil
		}
	}
	var slots []int
	for s := first; s <= last; s++ {
		slots = append(slots, slices.Repeat([]int{s}, m.left(s, seat))...)
	}
	return slots[:n]
}

func (m *model) join(card int) bool {
	m.expire()
	for s := range m.open {
		if m.left(s, ResidentSeat) > 0 {
			return false
		}
	}
	if slices.Contains(m.line, card) {
		return false
	}
	m.line = append(m.line, card)
	m.audits++
	return true
}

// quit takes a card off the list; its place goes to the next.
func (m *model) quit(card int, onlyOffered bool) bool {
	m.expire()
	_, offered := m.offers[card]
	if !slices.Contains(m.line, card) || onlyOffered && !offered {
		return false
	}
	m.offerAll(m.reached(card))
	return true
}

func (m *model) accept(card int) bool {
	m.expire()
	o, offered := m.offers[card]
	if !offered || !m.open[o.slot] {
		return false
	}
	delete(m.offers, card)
	m.leaveLine(card)
	m.audits++ // booked, or changed
	old, had := m.seats[card]
	left := -1
	if had {
		left = old.slot
		m.audits++ // the hold, that of the offer or the card's own, is given back
		if !old.held() {
			o.row = old.row
		}
	}
	m.seats[card] = seatOf{o.slot, ResidentSeat, time.Time{}, o.row}
	m.offerAll(left)
	return true
}

func (m *model) moveUp(card int) bool {
	m.expire()
	i := slices.Index(m.line, card)
	if _, offered := m.offers[card]; i < 0 || offered {
		return false
	}
	for j := i - 1; j >= 0; j-- {
		if _, offered := m.offers[m.line[j]]; !offered {
			m.line[i], m.line[j] = m.line[j], m.line[i]
			m.audits++
			return true
		}
	}
	return false
}

// sweep is the timetable: what is due ends, and free places are offered.
func (m *model) sweep() bool {
	m.expire()
	for s := range m.open {
		m.offer(s)
	}
	return true
}

// visit books for someone without a card, who is new to the office.
func (m *model) visit(who, slot int, seat Seat) bool {
	m.expire()
	if !m.fits(slot, seat) {
		return false
	}
	m.seats[who] = seatOf{slot, seat, time.Time{}, m.newRow()}
	m.audits += 2 // the visitor, and the booking
	return true
}

// tie gives a visitor's booking to a card that has none; what the card holds
// is given back.
func (m *model) tie(who, card int) bool {
	m.expire()
	old, booked := m.booked(who)
	if !booked {
		return false
	}
	if _, has := m.booked(card); has {
		return false
	}
	if h, held := m.seats[card]; held {
		delete(m.seats, card)
		m.audits++
		m.offer(h.slot)
	}
	delete(m.seats, who)
	m.seats[card] = old
	m.audits++
	m.offerAll(m.reached(card))
	return true
}

// in lists who has a booking in a slot, in the order in which they were made.
func (m *model) in(slot int) []int {
	var all []int
	for who, s := range m.seats {
		if s.slot == slot && !s.held() {
			all = append(all, who)
		}
	}
	slices.SortFunc(all, func(a, b int) int { return cmp.Compare(m.seats[a].row, m.seats[b].row) })
	return all
}

// callOff cancels all bookings of a slot; nobody is offered the places.
func (m *model) callOff(slot int) bool {
	m.expire()
	all := m.in(slot)
	for _, who := range all {
		delete(m.seats, who)
		m.audits++
	}
	return len(all) > 0
}

// moveSlot moves all bookings of a slot to the next places that staff may fill,
// later the same day; who finds none stays.
func (m *model) moveSlot(slot int) bool {
	m.expire()
	moved := 0
	for _, who := range m.in(slot) {
		for to := slot + 1; to < len(m.open); to++ {
			if m.left(to, StaffSeat) == 0 || !m.starts[to].After(m.now) {
				continue
			}
			s := m.seats[who]
			if s.seat != ResidentSeat || m.left(to, ResidentSeat) == 0 {
				s.seat = StaffSeat
			}
			s.slot = to
			m.seats[who] = s
			m.audits++
			moved++
			break
		}
	}
	return moved > 0
}
