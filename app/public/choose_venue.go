package public

import (
	"net/url"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/store"
)

// chooseVenuePage compares the places: on which days each is free next, and how
// much is left there.
type chooseVenuePage struct {
	frame
	Step    int
	Service *said      // what is booked, where it is not the receipt of a card
	Change  *visitText // the booking that will be changed; nil for a first one
	People  int        // who come together
	Alone   bool       // further people can be added
	Offer   bool       // a place that was waited for is held
	Venues  []freeVenue
}

type freeVenue struct {
	place
	Href    string      // all days; "" when nothing can be booked there
	Days    []dayChoice // the next that are free
	Left    left
	Nothing string // why nothing can be booked
	Wait    string // where to wait for a place; "" when one cannot
}

// daysCompared is how many free days of each place stand side by side.
const daysCompared = 3

func (s *Site) chooseVenue(c *gin.Context, tx *store.Tx, v visitor) (reply, error) {
	if v.stage == free && v.hasCard() && !v.other && !v.record.NeedsBooking {
		page := notNeededPage{s.frame(c, v, "not_needed.title"), v.record.NoticeNumber.String()}
		return reply{template: "public/not_needed.html", page: page}, nil
	}
	page := chooseVenuePage{frame: s.frame(c, v, "venues.title"), Step: 1, People: 1 + len(v.along)}
	page.Change, page.Service = page.changed(v), page.otherService(v)
	page.Alone = v.stage == free && v.hasCard()
	page.Offer = v.waits && v.waiting.State == booking.Offered
	venues, err := booking.Venues(tx)
	if err != nil {
		return reply{}, err
	}
	for _, venue := range venues {
		days := daysCompared
		if len(venues) > venuesInFull {
			days = 1
		}
		free, err := page.freeVenue(tx, v, venue, days)
		if err != nil {
			return reply{}, err
		}
		if len(venues) > venuesInFull {
			free.Address = ""
		}
		page.Venues = append(page.Venues, free)
	}
	return reply{template: "public/choose_venue.html", page: page}, nil
}

// otherService is the name of what is booked; nil for the receipt of a card.
func (f frame) otherService(v visitor) *said {
	if !v.other {
		return nil
	}
	name := f.say(v.service.Name)
	return &name
}

func (f frame) freeVenue(tx *store.Tx, v visitor, venue booking.Venue, days int) (freeVenue, error) {
	free := freeVenue{place: f.place(venue)}
	o, err := openingsOf(tx, venue, v.service)
	if err != nil {
		return free, err
	}
	if free.Nothing = f.nothing(o); free.Nothing != "" {
		if o.nothing.Why == booking.WhyFull {
			free.Wait = f.waitHref(v, venue, jp.Date{})
		}
		return free, nil
	}
	sum := 0
	for _, day := range o.days {
		sum += day.Remaining
		if day.Remaining > 0 && len(free.Days) < days {
			free.Days = append(free.Days, f.dayChoice(v, venue, day))
		}
	}
	free.Left = f.left(sum, fewOnDay)
	free.Href = f.way(slotsPath(venue.Ref))
	return free, nil
}

// changed is the live booking of someone who is about to change it.
func (f frame) changed(v visitor) *visitText {
	if v.stage != booked {
		return nil
	}
	old := f.visitText(v.visit.Slot, v.visit.Venue)
	return &old
}

func slotsPath(venue store.Ref) string { return "/slots?venue=" + url.QueryEscape(string(venue)) }

// openings are the days on which residents may book a service at a place.
type openings struct {
	period  booking.Period  // ends with the last day that has slots
	days    []booking.Day   // full ones too
	nothing booking.Nothing // why none of them can be chosen
}

// openingsOf reads them. Of the first day only what is not past its cut-off counts.
func openingsOf(tx *store.Tx, venue booking.Venue, service booking.Service) (openings, error) {
	var o openings
	var err error
	if o.period, err = booking.Bookable(tx, venue.ID, service.ID); err != nil {
		return o, err
	}
	if o.days, err = booking.FreeDays(tx, venue.ID, service.ID, o.period, booking.ResidentSeat); err != nil {
		return o, err
	}
	for _, day := range o.days {
		if day.Remaining > 0 {
			o.period.To = o.days[len(o.days)-1].HeldOn
			return o, nil
		}
	}
	today := jp.DateOf(tx.Now)
	o.nothing, err = booking.WhyNothing(tx, venue.ID, service.ID, booking.Period{From: today, To: today.AddDays(lookAhead)})
	if len(o.days) > 0 {
		o.period.To = o.days[len(o.days)-1].HeldOn
	}
	return o, err
}

// lookAhead is how many days ahead a day that is not open yet is looked for.
const lookAhead = 400

// nothing says why no day can be chosen; "" when one can.
func (f frame) nothing(o openings) string {
	switch o.nothing.Why {
	case booking.SomethingFree:
		return ""
	case booking.WhyFull:
		return f.T("nothing.full", "to", f.when.day(o.period.To))
	case booking.WhyPastCutoff:
		return f.T("nothing.past_cutoff")
	case booking.NotYetOpen:
		if o.nothing.Opens.IsZero() {
			return f.T("nothing.none")
		}
		return f.T("nothing.not_yet", "day", f.when.day(o.nothing.Day), "from", f.when.day(o.nothing.Opens))
	}
	return f.T("nothing.none")
}
