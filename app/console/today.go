package console

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"

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
	Services   bool // people come for several things
	Working    bool // the day is today, and who reads may take visits on
	Columns    int  // of the printed table, for the heading that each page repeats
	Groups     []todayGroup
	WalkIns    []walkIn // got their card without a booking; all places together
	Total      int
	States     []string // how many are in which state, in words
	// Provisional says what the word means, where a booking is (仮受付).
	Provisional bool
	Empty       string // why there is no list
	Move        link   // moves the day's bookings; no path: not for this role
}

// todayGroup is one slot with those who have booked it.
type todayGroup struct {
	Time   string
	Venue  string
	For    string // the service
	Taken  int
	Places int // residents' places and the staff's
	Over   int
	Rows   []todayRow
}

type walkIn struct {
	person
	At string
}

type todayRow struct {
	person
	BookingNumber string
	Channel       string
	State         string
	Class         string
	At            string // when the state began, and where
	Reason        string // why beyond capacity, or without a card
	Provisional   bool   // the second place does not have it yet (仮受付)
	Actions       []action
	Visit         link
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
		p.Working = p.IsToday && may(c, staff.MayCheckIn)
		rows, err := newDayRows(tx, d.stepper(c, todayPath(on, venue)), account(c).Role.May, p.Working)
		if err != nil {
			return err
		}
		p.group(entries, rows)
		if venue.ID == 0 && len(limitOf(c)) == 0 {
			if err := p.walkIns(tx, on); err != nil {
				return err
			}
		}
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

// dayRows makes the rows of a day's list.
type dayRows struct {
	stepper
	may      func(staff.Permission) bool
	working  bool
	now      time.Time
	late     time.Duration
	names    map[int64]string // of services
	several  bool             // services are on offer
	issuance int64            // service that is about cards
	tx       *store.Tx
}

func newDayRows(tx *store.Tx, s stepper, may func(staff.Permission) bool, working bool) (dayRows, error) {
	r := dayRows{stepper: s, may: may, working: working, now: tx.Now, names: map[int64]string{}, tx: tx}
	services, err := booking.AllServices(tx)
	if err != nil {
		return r, err
	}
	offered := 0
	for _, one := range services {
		r.names[one.ID] = one.Name
		if !one.Retired() {
			offered++
		}
	}
	r.several = offered > 1
	if r.issuance, err = issuanceID(tx); err != nil {
		return r, err
	}
	minutes, err := booking.LateMinutes(tx)
	r.late = time.Duration(minutes) * time.Minute
	return r, err
}

func (r dayRows) row(e booking.DayEntry) todayRow {
	v := e.Visit
	row := todayRow{
		person: listedPerson(e), BookingNumber: v.Number.String(), Channel: v.Channel.Label(),
		State: v.State.Label(), Class: string(v.State), Reason: reasonOf(v.Booking), Provisional: provisional(r.tx, v),
		Visit: link{Path: bookingPath(v.Booking.Ref), Label: v.Number.String()},
	}
	if r.working {
		row.Visit.Path = visitPath(v.Booking.Ref)
	}
	if v.Channel == booking.Counter && jp.DateOf(v.BookedAt) == v.Slot.HeldOn {
		row.Channel += "（当日）"
	}
	switch v.State {
	case booking.CheckedIn:
		row.At = clock(v.CheckedInAt)
	case booking.Called:
		row.At = strings.TrimSpace(clock(v.CalledAt) + " " + v.CalledTo)
	case booking.Done, booking.PapersMissing, booking.NoShow:
		row.At = clock(v.EndedAt)
	}
	if r.working {
		row.Actions = r.actions(e)
	}
	return row
}

// reasonOf says why a booking is one that needs a reason; "" for others.
func reasonOf(b booking.Booking) string {
	switch {
	case b.Reason == "":
		return ""
	case b.Seat == booking.OverSeat:
		return "枠を超えた理由：" + b.Reason
	}
	return "理由：" + b.Reason
}

// actions are what most likely happens next; the booking number leads to all
// the rest.
func (r dayRows) actions(e booking.DayEntry) (all []action) {
	v := e.Visit
	add := func(verb, label, class string) {
		s := r.step(e, verb, label, class)
		all = append(all, action{Step: &s})
	}
	switch v.State {
	case booking.Booked:
		add("check-in", "受け付ける", "second")
		if r.now.After(v.Slot.At().Add(r.late)) {
			add("no-show", "来庁なし", "danger")
		}
	case booking.CheckedIn:
		all = append(all, action{Link: button{visitPath(v.Booking.Ref), "呼ぶ", "second"}})
	case booking.Called:
		if v.CardID != 0 && v.Slot.ServiceID == r.issuance && r.may(staff.MayIssue) {
			return append(all, action{Link: button{issuePath(e, r.back), "交付済みにする", "second"}})
		}
		add("done", "来庁済み", "second")
	case booking.PapersMissing, booking.NoShow:
		if path := rebookPath(e); path != "" && r.may(staff.MayBook) {
			all = append(all, action{Link: button{path, "予約を取り直す", "second"}})
		}
	}
	return all
}

// group puts those of one slot together; entries come in order of time and place.
func (p *todayPage) group(entries []booking.DayEntry, rows dayRows) {
	var last int64
	in := map[booking.State]int{}
	p.Services, p.Columns = rows.several, 8
	for _, more := range []bool{p.AllVenues, p.Services} {
		if more {
			p.Columns++
		}
	}
	for _, e := range entries {
		s := e.Visit.Slot
		if s.ID != last || len(p.Groups) == 0 {
			p.Groups = append(p.Groups, todayGroup{
				Time: slotHours(s), Venue: e.Visit.Venue.Name, For: rows.names[s.ServiceID],
				Taken: s.Taken + s.StaffTaken + s.Over, Places: s.Capacity + s.Reserve, Over: s.Over,
			})
			last = s.ID
		}
		g := &p.Groups[len(p.Groups)-1]
		row := rows.row(e)
		p.Provisional = p.Provisional || row.Provisional
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

// walkIns lists who got their card without a booking. A card does not say at
// which place, so they stand on the list of all places.
func (p *todayPage) walkIns(tx *store.Tx, on jp.Date) error {
	records, err := booking.WalkIns(tx, on)
	for _, r := range records {
		p.WalkIns = append(p.WalkIns, walkIn{person: personOf(r), At: clock(r.IssuedAt)})
	}
	return err
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
	services, err := booking.Services(tx)
	if err != nil {
		return "", err
	}
	for _, v := range venues {
		for _, s := range services {
			days, err := booking.FreeDays(tx, v.ID, s.ID, booking.Period{From: on, To: on}, booking.StaffSeat)
			if err != nil {
				return "", err
			}
			if len(days) > 0 {
				return "この日の予約は、まだ1件もありません。", nil
			}
		}
	}
	return noSlots, nil
}
