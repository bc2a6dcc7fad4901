package public

import (
	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/store"
)

// chooseTimePage shows the times of one day at one place.
type chooseTimePage struct {
	frame
	Change   *visitText
	Place    place
	Day      string
	FullDay  string
	Halves   []halfDay
	DaysHref string
}

// halfDay is the morning or the afternoon.
type halfDay struct {
	Heading string
	Times   []timeChoice
}

// timeChoice is a slot to choose. Its link's name says everything, because
// people who jump from link to link hear nothing else.
type timeChoice struct {
	Href  string // "" when it cannot be chosen
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
	period, err := booking.BookablePeriod(tx)
	if err != nil {
		return reply{}, err
	}
	service, err := service(tx)
	if err != nil {
		return reply{}, err
	}
	slots, err := booking.DaySlots(tx, venue.ID, service.ID, on)
	if err != nil {
		return reply{}, err
	}
	if !period.Holds(on) || len(slots) == 0 {
		return reply{to: slotsPath(venue.Ref)}, nil
	}
	page := chooseTimePage{frame: s.frame(c, v, "times.title"), DaysHref: ""}
	page.Change, page.Place = page.changed(v), page.place(venue)
	page.Day, page.FullDay = page.when.day(on), page.when.fullDay(on)
	page.DaysHref = page.Path(slotsPath(venue.Ref))
	page.Halves = page.halves(slots, venue, v, tx)
	return reply{template: "public/choose_time.html", page: page}, nil
}

func (f frame) halves(slots []booking.Slot, venue booking.Venue, v visitor, tx *store.Tx) []halfDay {
	am, pm := halfDay{Heading: f.T("times.morning")}, halfDay{Heading: f.T("times.afternoon")}
	for _, slot := range slots {
		choice := f.timeChoice(slot, venue)
		switch {
		case v.stage == booked && v.visit.SlotID == slot.ID:
			choice.Href, choice.Left = "", left{Sign: "●", Word: f.T("left.yours")}
		case !slot.Open || !tx.Now.Before(slot.At()):
			choice.Href, choice.Left = "", left{Sign: "－", Word: f.T("left.none")}
		}
		half := &pm
		if slot.Starts < noon {
			half = &am
		}
		half.Times = append(half.Times, choice)
	}
	var all []halfDay
	for _, half := range []halfDay{am, pm} {
		if len(half.Times) > 0 {
			all = append(all, half)
		}
	}
	return all
}

func (f frame) timeChoice(slot booking.Slot, venue booking.Venue) timeChoice {
	choice := timeChoice{
		Day: f.when.day(slot.HeldOn), Time: f.when.clock(slot.Starts), Venue: venue.Name,
		Left: f.left(slot.Remaining(), fewInSlot),
	}
	if choice.Left.Free {
		choice.Href = f.Path(checkPath(slot.Ref))
	}
	return choice
}

func checkPath(slot store.Ref) string { return "/check?slot=" + string(slot) }
