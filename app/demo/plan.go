package demo

import (
	"slices"
	"time"

	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/store"
)

// spot names a slot before it exists: a place, a day and a time.
type spot struct {
	place  int
	on     jp.Date
	starts jp.Clock
}

// visit is someone's booking of a spot.
type visit struct {
	spot      spot
	seat      booking.Seat
	channel   booking.Channel
	reason    string
	cancelled bool
	missed    bool // did not come (未来庁)
}

// How many visits lie where. With the full slots they are about ninety.
const (
	visitsBefore = 20
	visitsToday  = 14
	visitsAhead  = 34
	cancelled    = 4
	walkIns      = 3
)

// notes are handover notes (申し送り) about recipients of today's list.
var notes = []string{
	"代理人が来庁予定。委任状と照会書の記入を電話で案内済み。",
	"車いすで来庁されます。低いほうの窓口を用意してください。",
	"氏名の字体について確認のご希望あり。カードの表記を一緒に確認する。",
	"前回は本人確認書類が足りず、お持ち帰り。今回は2点お持ちいただくよう案内済み。",
	"筆談をご希望です。",
}

// draft is the plan while it is made: what is left of each spot.
type draft struct {
	*story
	rooms  []room
	visits []visit
}

type room struct {
	spot
	capacity, reserve int
}

// plan draws who came, comes and will come.
func (s *story) plan() {
	d := &draft{story: s}
	for i, p := range places {
		for _, w := range p.windows(s.today) {
			d.rooms = append(d.rooms, room{spot{i, w.HeldOn, w.Starts}, w.Capacity, w.Reserve})
		}
	}
	s.readLists()
	d.scatter(visitsBefore, func(r room) bool { return r.on.Before(s.today) })
	d.scatter(visitsToday, func(r room) bool { return r.on == s.today })
	d.fill()
	d.scatter(visitsAhead, func(r room) bool { return r.on.After(s.today) && r.on.Before(s.today.AddDays(18)) })
	for n := range cancelled {
		d.visits[len(d.visits)-1-n].cancelled = true
	}
	d.cast()
}

// fill makes some slots full: the open Saturday for residents, two half hours
// of the next working day to the last place and one beyond.
func (d *draft) fill() {
	next := d.today.AddDays(1)
	for !workingDay(next) {
		next = next.AddDays(1)
	}
	saturday := openSaturday(d.today)
	for i := range d.rooms {
		r := &d.rooms[i]
		busy := r.place == 0 && r.on == next && (r.starts == 10*60 || r.starts == 10*60+step)
		if !busy && r.on != saturday {
			continue
		}
		for r.capacity > 0 {
			d.take(r, booking.ResidentSeat, booking.Web)
		}
		for busy && r.reserve > 0 {
			d.take(r, booking.StaffSeat, booking.Telephone)
		}
	}
	d.visits = append(d.visits, visit{
		spot: spot{0, next, 10 * 60}, seat: booking.OverSeat, channel: booking.Counter,
		reason: "透析の送迎がこの時間に限られるため。窓口係長了承。",
	})
}

// scatter draws n visits over the rooms that fit, most of them from the web.
func (d *draft) scatter(n int, fits func(room) bool) {
	var free []*room
	for i := range d.rooms {
		if fits(d.rooms[i]) {
			free = append(free, &d.rooms[i])
		}
	}
	for n > 0 {
		r := pick(d.rng, free)
		switch k := d.rng.IntN(10); {
		case k < 6 && r.capacity > 0:
			d.take(r, booking.ResidentSeat, booking.Web)
		case k >= 6 && k < 9 && r.reserve > 0:
			d.take(r, booking.StaffSeat, booking.Telephone)
		case k == 9 && r.reserve > 0:
			d.take(r, booking.StaffSeat, booking.Counter)
		default:
			continue
		}
		n--
	}
}

func (d *draft) take(r *room, seat booking.Seat, channel booking.Channel) {
	if seat == booking.ResidentSeat {
		r.capacity--
	} else {
		r.reserve--
	}
	d.visits = append(d.visits, visit{spot: r.spot, seat: seat, channel: channel})
}

// cast gives each visit a person whose code was read long enough before. Some
// of the awkward cases come today, where they are seen first.
func (d *draft) cast() {
	order := d.rng.Perm(len(d.people))
	star := func(person int) bool { return person < 30 && person%3 == 0 }
	slices.SortStableFunc(order, func(a, b int) int { return compareBool(star(b), star(a)) })
	slices.SortStableFunc(d.visits, func(a, b visit) int {
		return compareBool(b.spot.on == d.today, a.spot.on == d.today)
	})
	todays := 0
	for i, v := range d.visits {
		at := slices.IndexFunc(order, func(person int) bool {
			return d.readAt[person].Add(24 * time.Hour).Before(v.spot.on.At(0))
		})
		if at < 0 {
			continue // only if all codes were read within the last days
		}
		person := order[at]
		order = slices.Delete(order, at, at+1)
		v.missed = i%9 == 8
		d.visit(person, v)
		if v.spot.on == d.today && todays < len(notes) {
			d.note(person, notes[todays])
			todays++
		}
	}
	d.letWalkIn(order)
}

// letWalkIn issues a few cards without a booking on the last working day.
func (d *draft) letWalkIn(order []int) {
	day := d.today.AddDays(-1)
	for !workingDay(day) {
		day = day.AddDays(-1)
	}
	left := walkIns
	for _, person := range order {
		at := day.At(afternoon).Add(time.Duration(left) * 20 * time.Minute)
		if left > 0 && d.readAt[person].Add(24*time.Hour).Before(at) {
			d.happens(at, func(tx *store.Tx) error { return d.issue(tx, person) })
			left--
		}
	}
}

// note is written after the person's code was read and before today.
func (d *draft) note(person int, body string) {
	at := d.between(d.readAt[person].Add(time.Hour), d.today.At(0))
	d.happens(at, func(tx *store.Tx) error { return card.AddNote(tx, d.clerk(), d.cards[person].Ref, body) })
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
