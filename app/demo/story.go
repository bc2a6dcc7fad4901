package demo

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/intake"
	"madoguchi/app/jp"
	"madoguchi/app/staff"
	"madoguchi/store"
)

// story is what happened at the counter up to now. Events are told in the order
// of time, each at its own instant, so that lists, audit log and numbers look
// as they do after months of use.
type story struct {
	rng    *rand.Rand
	now    time.Time
	today  jp.Date
	people []Person
	readAt []time.Time // when each person's code was read
	events []event

	// Filled while the story is told.
	admin   audit.Actor
	clerks  []audit.Actor
	slots   map[spot]booking.Slot
	cards   []card.Record // by person
	batches map[jp.Date]intake.Batch
}

// event is one thing that happened.
type event struct {
	at time.Time
	do func(*store.Tx) error
}

// opened is how many days before today the counter was set up; no code was
// read earlier.
const opened = 140

func newStory(seed uint64, now time.Time, people []Person) *story {
	s := &story{
		rng: rand.New(rand.NewPCG(seed, 0x79616b756261)), now: now, today: jp.DateOf(now),
		people: people, readAt: make([]time.Time, len(people)), cards: make([]card.Record, len(people)),
		slots: map[spot]booking.Slot{}, batches: map[jp.Date]intake.Batch{},
	}
	s.plan()
	return s
}

// tell writes the whole story and returns the administrator's one-time password.
func (s *story) tell(tx *store.Tx) (password string, err error) {
	defer func(now time.Time) { tx.Now = now }(tx.Now)
	tx.Now = s.today.AddDays(-opened).At(morning)
	if err := town(tx, 60); err != nil {
		return "", err
	}
	if password, err = s.hire(tx); err != nil {
		return "", err
	}
	if err := s.openPlaces(tx); err != nil {
		return "", err
	}
	if err := announce(tx, s.admin, s.today); err != nil {
		return "", err
	}
	slices.SortStableFunc(s.events, func(a, b event) int { return a.at.Compare(b.at) })
	for _, e := range s.events {
		tx.Now = e.at
		if err := e.do(tx); err != nil {
			return "", fmt.Errorf("at %s: %w", e.at.In(jp.Tokyo).Format("2006-01-02 15:04"), err)
		}
	}
	return password, nil
}

func (s *story) hire(tx *store.Tx) (password string, err error) {
	for _, who := range []struct {
		id, name string
		role     staff.Role
	}{
		{administrator, "管理 太郎（架空）", staff.Administrator},
		{"hanako", "窓口 花子（架空）", staff.Clerk},
		{"jiro", "受付 次郎（架空）", staff.Clerk},
	} {
		a, oneTime, err := staff.Add(tx, system, who.id, who.name, who.role)
		if err != nil {
			return "", fmt.Errorf("add %s: %w", who.id, err)
		}
		if who.role == staff.Administrator {
			s.admin, password = a.Actor("demo"), oneTime
		} else {
			s.clerks = append(s.clerks, a.Actor("demo"))
		}
	}
	return password, nil
}

// openPlaces adds the places with their slots and remembers the slots by spot.
func (s *story) openPlaces(tx *store.Tx) error {
	what, err := service(tx)
	if err != nil {
		return err
	}
	for i, p := range places {
		v, err := booking.AddVenue(tx, s.admin, p.venue)
		if err != nil {
			return err
		}
		if err := p.open(tx, s.admin, v, what, s.today); err != nil {
			return err
		}
		if p.main {
			if err := openOther(tx, s.admin, v, s.today); err != nil {
				return err
			}
		}
		for _, name := range p.counters {
			if _, err := booking.AddCounter(tx, s.admin, booking.VenueCounter{VenueID: v.ID, Name: name}, nil); err != nil {
				return err
			}
		}
		windows := p.windows(s.today)
		if err := booking.AddSlots(tx, s.admin, v, what, windows); err != nil {
			return err
		}
		for n := -daysBefore; n <= daysAhead; n++ {
			slots, err := booking.DaySlots(tx, v.ID, what.ID, s.today.AddDays(n))
			if err != nil {
				return err
			}
			for _, slot := range slots {
				s.slots[spot{i, slot.HeldOn, slot.Starts}] = slot
			}
		}
	}
	return nil
}

func (s *story) clerk() audit.Actor { return pick(s.rng, s.clerks) }

func (s *story) happens(at time.Time, do func(*store.Tx) error) {
	s.events = append(s.events, event{at, do})
}

// readLists lets every code be read some days after the card was made, on a
// working day before today, one code every half minute. Each day's cards came
// with a delivery of their own; today's waits for its codes to be read.
func (s *story) readLists() {
	order := make([]int, len(s.people))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return s.people[a].MadeOn.Compare(s.people[b].MadeOn) })
	read := map[jp.Date]int{}
	for _, i := range order {
		day := s.people[i].MadeOn.AddDays(3)
		for !workingDay(day) && day.Before(s.today.AddDays(-1)) {
			day = day.AddDays(1)
		}
		s.readAt[i] = day.At(morning + step).Add(time.Duration(read[day]) * 30 * time.Second)
		read[day]++
		s.happens(s.readAt[i], func(tx *store.Tx) error {
			result, err := intake.Take(tx, s.clerks[0], intake.Scan{
				Payload: Payload(s.people[i]), Batch: s.batches[day].Ref, Position: fmt.Sprintf("%d-%d", day.Month, day.Day)})
			s.cards[i] = result.Record
			return err
		})
	}
	for day, codes := range read {
		s.deliver(day, codes)
	}
	s.happens(s.now, func(tx *store.Tx) error {
		_, err := s.openBatch(tx, s.today, payloads)
		return err
	})
}

// deliver opens a day's delivery before its first code is read and closes it
// after the last.
func (s *story) deliver(day jp.Date, codes int) {
	s.happens(day.At(morning), func(tx *store.Tx) (err error) {
		s.batches[day], err = s.openBatch(tx, day, codes)
		return err
	})
	ends := day.At(morning + step).Add(time.Duration(codes)*30*time.Second + time.Minute)
	s.happens(ends, func(tx *store.Tx) error {
		return intake.CloseBatch(tx, s.clerks[0], s.batches[day].Ref, s.batches[day].Version)
	})
}

func (s *story) openBatch(tx *store.Tx, day jp.Date, codes int) (intake.Batch, error) {
	venues, err := booking.Venues(tx)
	if err != nil {
		return intake.Batch{}, err
	}
	return intake.OpenBatch(tx, s.clerks[0], intake.BatchForm{ArrivedOn: day, Venue: venues[0].Ref, Expected: codes})
}

// visit lets a person book a spot, and what came of it: a visit that is over
// ended with the card issued, but for the few who did not come.
func (s *story) visit(person int, v visit) {
	booked := s.bookedAt(person, v)
	s.happens(booked, func(tx *store.Tx) error { return s.book(tx, person, v) })
	starts, ends := v.spot.on.At(v.spot.starts), v.spot.on.At(v.spot.starts+step)
	switch {
	case v.cancelled:
		s.happens(s.between(booked, s.now), func(tx *store.Tx) error { return s.cancel(tx, person) })
	case v.missed:
		if v.spot.on.Before(s.today) { // today's are for who tries the demo
			s.happens(ends, func(tx *store.Tx) error { return s.step(tx, person, booking.MissVisit) })
		}
	default:
		if came := starts.Add(-time.Duration(person%12) * time.Minute); !came.After(s.now) {
			s.happens(came, func(tx *store.Tx) error { return s.step(tx, person, booking.CheckIn) })
		}
		if ends.After(s.now) {
			return
		}
		s.happens(ends.Add(-time.Duration(3+s.rng.IntN(12))*time.Minute), func(tx *store.Tx) error { return s.issue(tx, person) })
	}
}

// bookedAt draws when a visit was booked: after the notice can have come, and
// in the bookable period for residents. Beyond capacity is booked last.
func (s *story) bookedAt(person int, v visit) time.Time {
	if v.seat == booking.OverSeat {
		return s.now
	}
	earliest := s.readAt[person].Add(2 * time.Hour)
	if bookable := v.spot.on.AddDays(-45).At(morning); bookable.After(earliest) {
		earliest = bookable
	}
	latest := v.spot.on.At(0).Add(-time.Minute)
	if s.now.Before(latest) {
		latest = s.now
	}
	return s.between(earliest, latest)
}

// between draws an instant, in office hours if chance allows.
func (s *story) between(from, to time.Time) time.Time {
	t := from
	for range 20 {
		t = from.Add(time.Duration(s.rng.Int64N(max(int64(to.Sub(from)), 1))))
		if hour := t.In(jp.Tokyo).Hour(); hour >= 9 && hour < 17 {
			return t
		}
	}
	return t
}

func (s *story) book(tx *store.Tx, person int, v visit) error {
	r := s.cards[person]
	by := audit.Actor{Kind: audit.Resident, Ref: r.Ref, Request: "demo"}
	if v.seat != booking.ResidentSeat {
		by = s.clerk()
	}
	if v.seat == booking.OverSeat {
		by = s.admin
	}
	if !r.NeedsBooking && v.channel == booking.Web {
		// Whose card comes by post telephones to collect it instead.
		v.channel, by = booking.Telephone, s.clerk()
	}
	_, err := booking.Book(tx, by, booking.Wish{
		Card: r.ID, Slot: s.slots[v.spot].Ref, Channel: v.channel, Seat: v.seat, Reason: v.reason,
	})
	if err != nil || v.channel != booking.Telephone {
		return err
	}
	// Who books by telephone leaves a number to be called back at.
	return card.CorrectContact(tx, by, r.Ref, card.Contact{
		Version: r.PersonVersion, PostalCode: string(r.PostalCode), Address: r.Address,
		Telephone: fmt.Sprintf("0178-00-%04d", 1000+person),
	})
}

func (s *story) cancel(tx *store.Tx, person int) error {
	v, booked, err := booking.Live(tx, s.cards[person].ID)
	if err != nil || !booked {
		return err
	}
	_, err = booking.Cancel(tx, s.clerk(), v.Ref, v.Version)
	return err
}

// step takes a person's visit on at the counter.
func (s *story) step(tx *store.Tx, person int, take func(*store.Tx, audit.Actor, store.Ref, int) (booking.Visit, error)) error {
	v, booked, err := booking.Live(tx, s.cards[person].ID)
	if err != nil || !booked {
		return err
	}
	_, err = take(tx, s.clerk(), v.Booking.Ref, v.Version)
	return err
}

func (s *story) issue(tx *store.Tx, person int) error {
	by := s.clerk()
	r := s.cards[person]
	if _, err := card.Issue(tx, by, r.Ref, r.Version); err != nil {
		return err
	}
	return booking.MarkDone(tx, by, r.ID)
}
