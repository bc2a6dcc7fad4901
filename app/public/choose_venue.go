package public

import (
	"net/url"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/store"
)

// chooseVenuePage compares the places: when each is free next, and how much.
type chooseVenuePage struct {
	frame
	Change *visitText // the booking that will be changed; nil for a first one
	Venues []freeVenue
}

type freeVenue struct {
	place
	Href    string // "" when nothing can be booked there
	NextDay string
	Left    left
	Nothing string // why nothing can be booked
}

func (s *Site) chooseVenue(c *gin.Context, tx *store.Tx, v visitor) (reply, error) {
	if v.stage == free && !v.record.NeedsBooking {
		return reply{}, booking.NotNeeded
	}
	page := chooseVenuePage{frame: s.frame(c, v, "venues.title")}
	page.Change = page.changed(v)
	venues, err := booking.Venues(tx)
	if err != nil {
		return reply{}, err
	}
	for _, venue := range venues {
		free, err := page.freeVenue(tx, venue)
		if err != nil {
			return reply{}, err
		}
		page.Venues = append(page.Venues, free)
	}
	return reply{template: "public/choose_venue.html", page: page}, nil
}

func (f frame) freeVenue(tx *store.Tx, venue booking.Venue) (freeVenue, error) {
	free := freeVenue{place: f.place(venue)}
	o, err := openingsOf(tx, venue)
	if err != nil {
		return free, err
	}
	if free.Nothing = f.nothing(o); free.Nothing != "" {
		return free, nil
	}
	sum := 0
	for _, day := range o.days {
		sum += day.Remaining
		if free.NextDay == "" && day.Remaining > 0 {
			free.NextDay = f.when.day(day.HeldOn)
		}
	}
	free.Left = f.left(sum, fewOnDay)
	free.Href = f.Path(slotsPath(venue.Ref))
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

// openings are the days on which residents may book a place.
type openings struct {
	period booking.Period
	days   []booking.Day // full ones too
	next   jp.Date       // first day with slots after the period; zero if there is none
	ahead  int           // how many days ahead a day can be booked
}

// openingsOf reads them. Of today only what has not begun counts.
func openingsOf(tx *store.Tx, venue booking.Venue) (openings, error) {
	var o openings
	service, err := service(tx)
	if err != nil {
		return o, err
	}
	if o.period, err = booking.BookablePeriod(tx); err != nil {
		return o, err
	}
	o.ahead = jp.DateOf(tx.Now).DaysUntil(o.period.To)
	o.days, err = booking.FreeDays(tx, venue.ID, service.ID, o.period, booking.ResidentSeat)
	if err != nil {
		return o, err
	}
	if len(o.days) > 0 && o.days[0].HeldOn == jp.DateOf(tx.Now) {
		slots, err := booking.DaySlots(tx, venue.ID, service.ID, o.days[0].HeldOn)
		if err != nil {
			return o, err
		}
		o.days[0].Remaining = 0
		for _, slot := range slots {
			if tx.Now.Before(slot.At()) {
				o.days[0].Remaining += slot.Remaining()
			}
		}
	}
	later, err := store.All[jp.Date](tx, `SELECT min(held_on) FROM slot
		WHERE venue_id = ? AND service_id = ? AND open = 1 AND capacity > 0 AND held_on > ? HAVING count(*) > 0`,
		venue.ID, service.ID, o.period.To)
	if len(later) > 0 {
		o.next = later[0]
	}
	return o, err
}

// nothing says why no day can be chosen; "" when one can.
func (f frame) nothing(o openings) string {
	for _, day := range o.days {
		if day.Remaining > 0 {
			return ""
		}
	}
	switch {
	case len(o.days) > 0:
		return f.T("nothing.full", "to", f.when.day(o.period.To))
	case !o.next.IsZero():
		return f.T("nothing.not_yet", "day", f.when.day(o.next), "from", f.when.day(o.next.AddDays(-o.ahead)))
	}
	return f.T("nothing.none")
}
