package console

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

// errand is what a slot is chosen for.
type errand struct {
	verb    string // in the address
	heading string
	flash   string
}

var (
	toBook   = errand{verb: "book", heading: "予約する", flash: "booked"}
	toChange = errand{verb: "change", heading: "予約を変更する", flash: "booking_changed"}
)

const (
	daysShown = 7   // a week, from the day chosen
	daysAhead = 180 // how far a free day is looked for
)

// chooseSlotPage shows a week of slots at one place, with what is left for
// those whom staff enter (日時を選ぶ).
type chooseSlotPage struct {
	page
	Person   person
	Heading  string
	Current  string // the booking to be changed
	Channels []link
	Venues   []link
	Week     string
	Previous link // no path: it would lie in the past
	Next     link
	NextFree link // no path: nothing is free, or the week has something
	Days     []slotDayHead
	Rows     []slotRow
	Empty    string
}

type slotDayHead struct{ Label, Holiday, Class string }

type slotRow struct {
	Clock string
	Cells []slotCell
}

// slotCell is one slot, or none. With a path it can be chosen.
type slotCell struct{ Path, When, Label, Class string }

// choice is what of the page is chosen so far; it stands in the query.
type choice struct {
	path    string // of the page
	channel booking.Channel
	venue   booking.Venue
	from    jp.Date
}

func (ch choice) link(label string) link {
	q := url.Values{"channel": {string(ch.channel)}, "venue": {string(ch.venue.Ref)}, "from": {ch.from.String()}}
	return link{Path: ch.path + "?" + q.Encode(), Label: label}
}

func (ch choice) check(s booking.Slot) string {
	q := url.Values{"channel": {string(ch.channel)}, "slot": {string(s.Ref)}}
	return ch.path + "/check?" + q.Encode()
}

// channelOf reads how the person reached the office: by telephone unless the
// counter is named.
func channelOf(s string) booking.Channel {
	if s == string(booking.Counter) {
		return booking.Counter
	}
	return booking.Telephone
}

// chooseSlot shows the slots for an errand.
func (d *Desk) chooseSlot(e errand) web.Handler {
	return func(c *gin.Context) error {
		p := chooseSlotPage{Heading: e.heading}
		err := d.store.Read(c, func(tx *store.Tx) error {
			r, live, err := e.begin(tx, refOf(c))
			if err != nil {
				return err
			}
			if err := ourBooking(c, live); err != nil {
				return err
			}
			p.Person = personOf(r)
			if e == toChange {
				p.Current = slotTime(live.Slot) + "　" + live.Venue.Name
			}
			ch := choice{path: recipientPath(r) + "/" + e.verb, channel: channelOf(c.Query("channel"))}
			return p.fill(tx, c, ch, live)
		})
		if refused, ok := problem.As(err); ok && refused.Kind == problem.Conflict {
			return d.bookingConflict(c, refused, conflictPage{Heading: e.heading})
		}
		if err != nil {
			return err
		}
		return d.show(c, http.StatusOK, "choose_slot", e.heading, &p)
	}
}

// begin finds whom the errand is for, and the booking it changes. Problems:
// card.NotFound, booking.CardIssued, booking.AlreadyBooked, booking.NotLive.
func (e errand) begin(tx *store.Tx, ref store.Ref) (r card.Record, live booking.Visit, err error) {
	if r, err = card.Get(tx, ref); err != nil {
		return r, live, err
	}
	live, booked, err := booking.Live(tx, r.Card.ID)
	switch {
	case err != nil:
	case r.Issued():
		err = booking.CardIssued
	case booked && e == toBook:
		err = booking.AlreadyBooked
	case !booked && e == toChange:
		err = booking.NotLive
	}
	return r, live, err
}

func (p *chooseSlotPage) fill(tx *store.Tx, c *gin.Context, ch choice, live booking.Visit) error {
	venues, err := ourVenues(tx, c)
	if err != nil {
		return err
	}
	if len(venues) == 0 {
		p.Empty = "受付場所がまだ登録されていません。管理者にお問い合わせください。"
		return nil
	}
	service, err := booking.CardIssuance(tx)
	if err != nil {
		return err
	}
	ch.venue = chosenVenue(venues, c.Query("venue"), live)
	today := jp.DateOf(tx.Now)
	free, err := booking.FreeDays(tx, ch.venue.ID, service.ID, booking.Period{From: today, To: today.AddDays(daysAhead)}, booking.StaffSeat)
	if err != nil {
		return err
	}
	free = slices.DeleteFunc(free, func(d booking.Day) bool { return d.Remaining == 0 })
	ch.from = firstDay(c.Query("from"), today, live, free)
	p.choices(ch, venues)
	p.weeks(ch, today, free)
	grid := grid{now: tx.Now, choice: ch, live: live, overbook: may(c, staff.MayOverbook)}
	for i := range daysShown {
		on := ch.from.AddDays(i)
		slots, err := booking.DaySlots(tx, ch.venue.ID, service.ID, on)
		if err != nil {
			return err
		}
		if len(slots) > 0 {
			grid.days = append(grid.days, slots)
		}
	}
	p.Days, p.Rows = grid.heads(), grid.rows()
	if len(p.Days) == 0 {
		p.Empty = "この週に、" + ch.venue.Name + "の予約枠はありません。"
	}
	return nil
}

func chosenVenue(venues []booking.Venue, ref string, live booking.Visit) booking.Venue {
	for _, v := range venues {
		if string(v.Ref) == ref {
			return v
		}
	}
	if live.Venue.ID != 0 {
		return live.Venue
	}
	return venues[0]
}

// firstDay is where the week shown begins: where it was asked for, else at the
// booking to be changed, else today, but never in the past. A first week
// without a free slot is passed over.
func firstDay(asked string, today jp.Date, live booking.Visit, free []booking.Day) jp.Date {
	from, err := jp.ParseDate(asked)
	if err == nil {
		return later(from, today)
	}
	from = today
	if !live.Slot.HeldOn.IsZero() {
		from = later(live.Slot.HeldOn.AddDays(-2), today)
	}
	for _, day := range free {
		if day.HeldOn.Before(from.AddDays(daysShown)) && !day.HeldOn.Before(from) {
			return from
		}
	}
	for _, day := range free {
		if day.HeldOn.After(from) {
			return day.HeldOn
		}
	}
	return from
}

func later(a, b jp.Date) jp.Date {
	if a.Before(b) {
		return b
	}
	return a
}

func (p *chooseSlotPage) choices(ch choice, venues []booking.Venue) {
	for _, channel := range []booking.Channel{booking.Telephone, booking.Counter} {
		other := ch
		other.channel = channel
		l := other.link(channel.Label())
		l.Here = channel == ch.channel
		p.Channels = append(p.Channels, l)
	}
	for _, v := range venues {
		other := ch
		other.venue = v
		l := other.link(v.Name)
		l.Here = v.ID == ch.venue.ID
		p.Venues = append(p.Venues, l)
	}
}

func (p *chooseSlotPage) weeks(ch choice, today jp.Date, free []booking.Day) {
	at := func(from jp.Date) link {
		other := ch
		other.from = from
		return other.link(from.Short() + "から")
	}
	end := ch.from.AddDays(daysShown)
	p.Week = ch.from.Short() + "～" + end.AddDays(-1).Short()
	if ch.from.After(today) {
		p.Previous = at(later(ch.from.AddDays(-daysShown), today))
	}
	p.Next = at(end)
	for _, day := range free {
		if !day.HeldOn.Before(ch.from) && day.HeldOn.Before(end) {
			return
		}
	}
	for _, day := range free {
		if !day.HeldOn.Before(end) {
			p.NextFree = at(day.HeldOn)
			p.NextFree.Label = day.HeldOn.Short()
			return
		}
	}
}

// grid makes the table of a week: days side by side, times below one another.
type grid struct {
	now      time.Time
	choice   choice
	live     booking.Visit
	overbook bool
	days     [][]booking.Slot // days that have slots
}

func (g grid) heads() []slotDayHead {
	var heads []slotDayHead
	for _, slots := range g.days {
		on := slots[0].HeldOn
		h := slotDayHead{Label: on.Short()}
		if name, ok := jp.Holiday(on); ok {
			h.Holiday = name
		}
		switch {
		case h.Holiday != "" || on.Weekday() == time.Sunday:
			h.Class = "holiday"
		case on.Weekday() == time.Saturday:
			h.Class = "saturday"
		}
		heads = append(heads, h)
	}
	return heads
}

func (g grid) rows() []slotRow {
	var starts []jp.Clock
	for _, slots := range g.days {
		for _, s := range slots {
			starts = append(starts, s.Starts)
		}
	}
	slices.Sort(starts)
	var rows []slotRow
	for _, at := range slices.Compact(starts) {
		row := slotRow{Clock: at.Plain()}
		for _, slots := range g.days {
			i := slices.IndexFunc(slots, func(s booking.Slot) bool { return s.Starts == at })
			if i < 0 {
				row.Cells = append(row.Cells, slotCell{Label: "枠なし", Class: "absent"})
				continue
			}
			row.Cells = append(row.Cells, g.cell(slots[i]))
		}
		rows = append(rows, row)
	}
	return rows
}

func (g grid) cell(s booking.Slot) slotCell {
	cell := slotCell{When: slotTime(s)}
	left := s.RemainingForStaff()
	switch {
	case s.ID == g.live.Slot.ID:
		return slotCell{Label: "いまの予約", Class: "now"}
	case !g.now.Before(s.HeldOn.At(s.Ends)):
		return slotCell{Label: "終了"}
	case !s.Open:
		return slotCell{Label: "休止"}
	case left > 0 && s.Remaining() == 0:
		cell.Label, cell.Class = fmt.Sprintf("職員枠 %d", left), "last"
	case left > 0:
		cell.Label = fmt.Sprintf("残り %d", left)
	case g.overbook:
		cell.Label, cell.Class = "満席（枠を超える）", "over"
	default:
		return slotCell{Label: "満席"}
	}
	cell.Path = g.choice.check(s)
	return cell
}
