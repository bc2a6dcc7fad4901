package public

import (
	"net/url"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/store"
)

// chooseTimePage shows the times of one day at one place, and what the other
// places have on that day.
type chooseTimePage struct {
	frame
	Change   *visitText
	Place    place
	Day      string
	FullDay  string
	Halves   []halfDay
	Others   []elsewhere
	DaysHref string
	People   int // who come together
}

// halfDay is the morning or the afternoon.
type halfDay struct {
	Heading string
	Times   []timeChoice
}

// elsewhere is another place on the same day: its times, or where they stand.
type elsewhere struct {
	place
	Href  string
	Left  left
	Times []timeChoice
}

// timesCompared is how many times of other places stand on the page of a day: a
// page must stay light. With more, links lead to them.
const timesCompared = 24

// timeChoice is a slot to choose. Its name says everything, because people who
// jump from one to the next hear nothing else.
type timeChoice struct {
	Slot  store.Ref // chosen by a button, which holds it; "" when by a link, or not at all
	Href  string    // chosen by a link
	Day   string
	Time  string
	Venue string
	Left  left
}

const noon jp.Clock = 12 * 60

func (s *Site) chooseTime(c *gin.Context, tx *store.Tx, v visitor) (reply, error) {
	on, err := jp.ParseDate(c.Param("date"))
	if err != nil {
		return reply{}, store.ErrNotFound
	}
	venue, err := booking.VenueByRef(tx, store.Ref(c.Query("venue")))
	if err != nil {
		return reply{}, err
	}
	page := chooseTimePage{frame: s.frame(c, v, "times.title"), People: 1 + len(v.along)}
	times, err := page.times(tx, v, venue, on)
	if err != nil {
		return reply{}, err
	}
	if len(times) == 0 {
		return reply{to: v.base + slotsPath(venue.Ref)}, nil
	}
	page.Change, page.Place = page.changed(v), page.place(venue)
	page.Day, page.FullDay = page.when.day(on), page.when.fullDay(on)
	page.DaysHref = page.way(slotsPath(venue.Ref))
	page.Halves = page.halves(times)
	page.Others, err = page.others(tx, v, venue, on)
	return reply{template: "public/choose_time.html", page: page}, err
}

// timed is a choice with the time it begins, to tell morning from afternoon.
type timed struct {
	timeChoice
	starts jp.Clock
	free   int
}

// times lists the times of a day at a place; none when the day cannot be booked.
func (f frame) times(tx *store.Tx, v visitor, venue booking.Venue, on jp.Date) ([]timed, error) {
	period, err := booking.Bookable(tx, venue.ID, v.service.ID)
	if err != nil || !period.Holds(on) {
		return nil, err
	}
	slots, err := booking.DaySlots(tx, venue.ID, v.service.ID, on)
	if err != nil {
		return nil, err
	}
	held, err := v.held(tx)
	if err != nil {
		return nil, err
	}
	var all []timed
	for _, slot := range slots {
		choice := timed{f.timeChoice(v, slot, venue), slot.Starts, slot.Remaining()}
		switch {
		case v.stage == booked && v.visit.SlotID == slot.ID:
			choice.timeChoice = choice.without(left{Sign: "●", Word: f.T("left.yours")})
		case held[slot.ID]:
			choice.timeChoice = f.chosenBy(v, slot, choice.timeChoice)
			choice.Left = left{Sign: "●", Word: f.T("left.held"), Free: true}
		case !slot.Open || !period.HoldsSlot(slot):
			choice.timeChoice = choice.without(left{Sign: "－", Word: f.T("left.none")})
			choice.free = 0
		}
		all = append(all, choice)
	}
	return all, nil
}

func (f frame) halves(times []timed) []halfDay {
	am, pm := halfDay{Heading: f.T("times.morning")}, halfDay{Heading: f.T("times.afternoon")}
	for _, choice := range times {
		half := &pm
		if choice.starts < noon {
			half = &am
		}
		half.Times = append(half.Times, choice.timeChoice)
	}
	var all []halfDay
	for _, half := range []halfDay{am, pm} {
		if len(half.Times) > 0 {
			all = append(all, half)
		}
	}
	return all
}

// others is what the other places have free on the same day.
func (f frame) others(tx *store.Tx, v visitor, chosen booking.Venue, on jp.Date) ([]elsewhere, error) {
	venues, err := booking.Venues(tx)
	if err != nil {
		return nil, err
	}
	var all []elsewhere
	shown := 0
	for _, venue := range venues {
		if venue.ID == chosen.ID {
			continue
		}
		times, err := f.times(tx, v, venue, on)
		if err != nil {
			return nil, err
		}
		other := elsewhere{place: f.place(venue), Href: f.way(dayPath(venue.Ref, on))}
		sum := 0
		for _, choice := range times {
			sum += choice.free
			if choice.free > 0 {
				other.Times = append(other.Times, choice.timeChoice)
			}
		}
		if sum == 0 {
			continue
		}
		other.Left = f.left(sum, fewOnDay)
		if shown += len(other.Times); shown > timesCompared {
			other.Times = nil
		}
		all = append(all, other)
	}
	return all, nil
}

func (f frame) timeChoice(v visitor, slot booking.Slot, venue booking.Venue) timeChoice {
	choice := timeChoice{
		Day: f.when.day(slot.HeldOn), Time: f.when.clock(slot.Starts), Venue: venue.Name,
		Left: f.left(slot.Remaining(), fewInSlot),
	}
	if choice.Left.Free {
		choice = f.chosenBy(v, slot, choice)
	}
	return choice
}

// chosenBy lets a time be chosen: by a button that holds it, or, where nothing
// is held, by a link to the next page.
func (f frame) chosenBy(v visitor, slot booking.Slot, choice timeChoice) timeChoice {
	switch v.stage {
	case free:
		choice.Slot = slot.Ref
	case newcomer:
		choice.Href = f.way("/who?slot=" + url.QueryEscape(string(slot.Ref)))
	default:
		choice.Href = f.Path(checkPath(slot.Ref))
	}
	return choice
}

func (t timeChoice) without(because left) timeChoice {
	t.Slot, t.Href, t.Left = "", "", because
	return t
}

func checkPath(slot store.Ref) string { return "/check?slot=" + string(slot) }
