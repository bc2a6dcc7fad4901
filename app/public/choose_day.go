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
	o, err := openingsOf(tx, venue)
	if err != nil {
		return reply{}, err
	}
	page := chooseDayPage{frame: s.frame(c, v, "days.title"), Nothing: ""}
	page.Change, page.Place, page.Nothing = page.changed(v), page.place(venue), page.nothing(o)
	page.VenuesHref, page.ListHref = page.Path("/venues"), page.Path(slotsPath(venue.Ref))
	page.CalendarHref = page.ListHref + "&view=calendar"
	page.Next = page.next(venue, o.days)
	switch {
	case len(o.days) == 0:
	case c.Query("view") == "calendar":
		page.Calendar = page.calendar(venue, o, monthAsked(c.Query("month")))
	default:
		page.Months = page.months(venue, o.days)
	}
	return reply{template: "public/choose_day.html", page: page}, nil
}

// next is the first day that can be chosen, nil when there is none.
func (f frame) next(venue booking.Venue, days []booking.Day) *dayChoice {
	for _, day := range days {
		if day.Remaining > 0 {
			choice := f.dayChoice(venue, day)
			return &choice
		}
	}
	return nil
}

func (f frame) months(venue booking.Venue, days []booking.Day) []monthOfDays {
	var months []monthOfDays
	last := jp.Date{}
	for _, day := range days {
		if first := firstOfMonth(day.HeldOn); first != last {
			months = append(months, monthOfDays{Heading: f.when.month(first)})
			last = first
		}
		month := &months[len(months)-1]
		month.Days = append(month.Days, f.dayChoice(venue, day))
	}
	return months
}

func (f frame) dayChoice(venue booking.Venue, day booking.Day) dayChoice {
	choice := dayChoice{Day: f.when.day(day.HeldOn), Left: f.left(day.Remaining, fewOnDay)}
	if choice.Left.Free {
		choice.Href = f.Path(dayPath(venue.Ref, day.HeldOn))
	}
	return choice
}

func dayPath(venue store.Ref, on jp.Date) string {
	return "/slots/" + on.String() + "?venue=" + string(venue)
}
