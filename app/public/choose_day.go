package public

import (
	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/store"
)

// chooseDayPage shows the days of a place, as a list or as a calendar.
type chooseDayPage struct {
	frame
	Change   *visitText
	Place    place
	Nothing  string // why no day can be chosen; "" when one can
	Wait     string // where to wait for a place, when all days are full
	Sooner   string // where to wait for a day before the booking that is changed
	Next     *dayChoice
	Months   []monthOfDays
	Calendar *calendar // nil in the list

	ListHref, CalendarHref, VenuesHref string
}

// dayChoice is a day with what it has left; without Href it cannot be chosen.
type dayChoice struct {
	Href string
	Day  string
	Left left
	Wait string // where to wait for a place on it; "" when one cannot
}

type monthOfDays struct {
	Heading string
	Days    []dayChoice
}

func (s *Site) chooseDay(c *gin.Context, tx *store.Tx, v visitor) (reply, error) {
	ref := c.Query("venue")
	if ref == "" {
		return reply{to: "/venues"}, nil
	}
	venue, err := booking.VenueByRef(tx, store.Ref(ref))
	if err != nil {
		return reply{}, err
	}
	o, err := openingsOf(tx, venue, v.service)
	if err != nil {
		return reply{}, err
	}
	page := chooseDayPage{frame: s.frame(c, v, "days.title")}
	page.Change, page.Place, page.Nothing = page.changed(v), page.place(venue), page.nothing(o)
	page.VenuesHref, page.ListHref = page.way("/venues"), page.way(slotsPath(venue.Ref))
	page.CalendarHref = page.ListHref + "&view=calendar"
	page.Next = page.next(v, venue, o.days)
	if page.Sooner = page.sooner(v, venue, o); page.Sooner == "" && o.nothing.Why == booking.WhyFull {
		page.Wait = page.waitHref(v, venue, jp.Date{})
	}
	switch {
	case len(o.days) == 0:
	case c.Query("view") == "calendar":
		page.Calendar = page.calendar(v, venue, o, monthAsked(c.Query("month")))
	default:
		page.Months = page.months(v, venue, o.days)
	}
	return reply{template: "public/choose_day.html", page: page}, nil
}

// next is the first day that can be chosen, nil when there is none.
func (f frame) next(v visitor, venue booking.Venue, days []booking.Day) *dayChoice {
	for _, day := range days {
		if day.Remaining > 0 {
			choice := f.dayChoice(v, venue, day)
			return &choice
		}
	}
	return nil
}

func (f frame) months(v visitor, venue booking.Venue, days []booking.Day) []monthOfDays {
	var months []monthOfDays
	last := jp.Date{}
	for _, day := range days {
		if first := firstOfMonth(day.HeldOn); first != last {
			months = append(months, monthOfDays{Heading: f.when.month(first)})
			last = first
		}
		month := &months[len(months)-1]
		month.Days = append(month.Days, f.dayChoice(v, venue, day))
	}
	return months
}

func (f frame) dayChoice(v visitor, venue booking.Venue, day booking.Day) dayChoice {
	choice := dayChoice{Day: f.when.day(day.HeldOn), Left: f.left(day.Remaining, fewOnDay)}
	if choice.Left.Free {
		choice.Href = f.way(dayPath(venue.Ref, day.HeldOn))
	} else {
		choice.Wait = f.waitHref(v, venue, day.HeldOn)
	}
	return choice
}

func dayPath(venue store.Ref, on jp.Date) string {
	return "/slots/" + on.String() + "?venue=" + string(venue)
}
