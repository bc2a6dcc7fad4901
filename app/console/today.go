package console

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/app/staff"
	"madoguchi/store"
)

// todayPage is the list of a day's bookings (本日の予約).
type todayPage struct {
	page
	Heading   string
	VenueName string
	VenueRef  store.Ref // "" for every place
	// Unreadable is what was typed for a date and is none.
	Unreadable string
	PrintedAt  string
	IsToday    bool
	Previous   link
	Today      link
	Next       link
	Venues     []link
	AllVenues  bool // several places are listed together
	Groups     []todayGroup
	Total      int
	States     []string // how many are in which state, in words
	Empty      string   // why there is no list
	Move       link     // moves the day's bookings; no path: not for this role
}

// todayGroup is one slot with those who have booked it.
type todayGroup struct {
	Time   string
	Venue  string
	Taken  int
	Places int // residents' places and the staff's
	Over   int
	Rows   []todayRow
}

type todayRow struct {
	person
	BookingNumber string
	Channel       string
	State         string
	Class         string
	Reason        string // why it goes beyond the slot's capacity
}

// today shows the bookings of a day, at every place or at one.
func (d *Desk) today(c *gin.Context) error {
	p := todayPage{VenueName: "すべて"}
	err := d.store.Read(c, func(tx *store.Tx) error {
		now := jp.DateOf(tx.Now)
		on, ok := writtenDay(c.Query("date"), now)
		if !ok {
			on, p.Unreadable = now, c.Query("date")
		}
		venues, err := ourVenues(tx, c)
		if err != nil {
			return err
		}
		var venue booking.Venue
		for _, v := range venues {
			if string(v.Ref) == c.Query("venue") {
				venue = v
				p.VenueName, p.VenueRef = v.Name, v.Ref
			}
		}
		p.dates(on, now, venue)
		if len(venues) > 1 {
			p.venues(venues, on, venue)
		}
		p.PrintedAt = instant(tx.Now)
		if may(c, staff.MayMoveMany) {
			p.Move = link{Path: "/moves?" + dayQuery(on, venue).Encode(), Label: "この日の予約をまとめて動かす"}
		}
		entries, err := booking.DayList(tx, venue.ID, on)
		if err != nil {
			return err
		}
		entries = ourEntries(c, entries)
		p.AllVenues = venue.ID == 0 && len(venues) > 1
		p.group(entries)
		if len(entries) == 0 {
			p.Empty, err = emptyDay(tx, venues, venue, on)
		}
		return err
	})
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "today", p.Heading, &p)
}

var monthAndDay = regexp.MustCompile(`^(\d{1,2}) ?[-/.月] ?(\d{1,2})日?$`)

// writtenDay reads the day that someone wants to see: as an address has it, in
// any way in which dates are written, or as month and day, which mean the
// year in which that day is nearest. Nothing means today.
func writtenDay(s string, today jp.Date) (day jp.Date, ok bool) {
	s = jp.Narrow(s)
	if s == "" {
		return today, true
	}
	if day, err := jp.ParseDate(s); err == nil {
		return day, true
	}
	if m := monthAndDay.FindStringSubmatch(s); m != nil {
		return nearestYear(m[1], m[2], today)
	}
	b, err := jp.ParseBirthDate(s)
	if err != nil {
		return jp.Date{}, false
	}
	return b.Date()
}

func nearestYear(month, day string, today jp.Date) (nearest jp.Date, ok bool) {
	for _, year := range []int{today.Year - 1, today.Year, today.Year + 1} {
		d, err := jp.ParseDate(fmt.Sprintf("%04d-%02s-%02s", year, month, day))
		if err == nil && (!ok || apart(d, today) < apart(nearest, today)) {
			nearest, ok = d, true
		}
	}
	return nearest, ok
}

func apart(a, b jp.Date) int { return max(a.DaysUntil(b), b.DaysUntil(a)) }

func todayPath(on jp.Date, venue booking.Venue) string { return "/?" + dayQuery(on, venue).Encode() }

// dayQuery names a day and, unless it is every place, a place.
func dayQuery(on jp.Date, venue booking.Venue) url.Values {
	q := url.Values{"date": {on.String()}}
	if venue.Ref != "" {
		q.Set("venue", string(venue.Ref))
	}
	return q
}

func (p *todayPage) dates(on, now jp.Date, venue booking.Venue) {
	p.IsToday = on == now
	p.Heading = "予約の一覧　" + on.Era()
	if p.IsToday {
		p.Heading = "本日の予約　" + on.Era()
	}
	at := func(d jp.Date) link { return link{Path: todayPath(d, venue), Label: d.Short()} }
	p.Previous, p.Today, p.Next = at(on.AddDays(-1)), at(now), at(on.AddDays(1))
}

func (p *todayPage) venues(venues []booking.Venue, on jp.Date, chosen booking.Venue) {
	p.Venues = append(p.Venues, link{Path: todayPath(on, booking.Venue{}), Label: "すべて", Here: chosen.ID == 0})
	for _, v := range venues {
		p.Venues = append(p.Venues, link{Path: todayPath(on, v), Label: v.Name, Here: v.ID == chosen.ID})
	}
}

// group puts those of one slot together; entries come in order of time and place.
func (p *todayPage) group(entries []booking.DayEntry) {
	var last int64
	in := map[booking.State]int{}
	for _, e := range entries {
		s := e.Visit.Slot
		if s.ID != last || len(p.Groups) == 0 {
			p.Groups = append(p.Groups, todayGroup{
				Time: slotHours(s), Venue: e.Visit.Venue.Name,
				Taken: s.Taken + s.StaffTaken + s.Over, Places: s.Capacity + s.Reserve, Over: s.Over,
			})
			last = s.ID
		}
		row := todayRow{
			person:        personOf(e.Record),
			BookingNumber: e.Visit.Number.String(),
			Channel:       e.Visit.Channel.Label(),
			State:         e.Visit.State.Label(),
			Class:         string(e.Visit.State),
		}
		if e.Visit.Seat == booking.OverSeat {
			row.Reason = e.Visit.Reason
		}
		if e.Record.Card.Ref == "" {
			row.Path = bookingPath(e.Visit.Booking.Ref)
			row.IssueKind = "（交付通知書なし）"
		}
		g := &p.Groups[len(p.Groups)-1]
		g.Rows = append(g.Rows, row)
		in[e.Visit.State]++
	}
	p.Total = len(entries)
	for _, s := range booking.States() {
		if in[s] > 0 {
			p.States = append(p.States, fmt.Sprintf("%s %d件", s.Label(), in[s]))
		}
	}
}

const noSlots = "この日は予約枠がありません（閉庁日など）。"

// emptyDay says why nobody is on the list: nobody has booked, or nobody could.
func emptyDay(tx *store.Tx, venues []booking.Venue, chosen booking.Venue, on jp.Date) (string, error) {
	if len(venues) == 0 {
		return "受付場所がまだ登録されていません。管理者が登録すると、ここに予約が並びます。", nil
	}
	if chosen.ID != 0 {
		venues = []booking.Venue{chosen}
	}
	service, err := booking.CardIssuance(tx)
	if errors.Is(err, booking.ServiceNotFound) {
		return noSlots, nil
	}
	if err != nil {
		return "", err
	}
	for _, v := range venues {
		days, err := booking.FreeDays(tx, v.ID, service.ID, booking.Period{From: on, To: on}, booking.StaffSeat)
		if err != nil {
			return "", err
		}
		if len(days) > 0 {
			return "この日の予約は、まだ1件もありません。", nil
		}
	}
	return noSlots, nil
}
