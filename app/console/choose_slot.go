package console

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

const (
	daysShown = 7   // a week, from the day chosen
	daysAhead = 180 // how far a free day is looked for
)

// chooseSlotPage shows a week of slots at one place, with what is left for
// those whom staff enter (日時を選ぶ).
type chooseSlotPage struct {
	page
	Person   *person // nil while nobody is named yet
	People   []person
	Back     link
	Heading  string
	Current  string // the booking to be changed
	Note     string // what the service asks for
	Channels []link
	Services []link // empty where there is nothing to choose
	Venues   []link
	Week     string
	Previous link // no path: it would lie in the past
	Next     link
	NextFree link // no path: nothing is free, or the week has something
	Wait     link // to the waiting list; no path: not for this person
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
	path    string     // of the page
	query   url.Values // what goes with it
	channel booking.Channel
	service booking.Service
	venue   booking.Venue
	from    jp.Date
}

func (ch choice) values(pairs ...string) url.Values {
	q := url.Values{"channel": {string(ch.channel)}}
	for name, values := range ch.query {
		q[name] = values
	}
	for i := 0; i < len(pairs); i += 2 {
		q.Set(pairs[i], pairs[i+1])
	}
	return q
}

func (ch choice) link(label string) link {
	q := ch.values("service", string(ch.service.Ref), "venue", string(ch.venue.Ref), "from", ch.from.String())
	return link{Path: ch.path + "?" + q.Encode(), Label: label}
}

func (ch choice) check(s booking.Slot) string {
	return ch.path + "/check?" + ch.values("slot", string(s.Ref)).Encode()
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
func (d *Desk) chooseSlot(e *errand) web.Handler {
	return func(c *gin.Context) error {
		p := chooseSlotPage{Heading: e.heading}
		err := d.store.Read(c, func(tx *store.Tx) error {
			a, err := e.begin(tx, c)
			if err != nil {
				return err
			}
			p.Person, p.People, p.Back = a.person, a.people, a.back
			if a.changes() {
				p.Current = slotTime(a.live.Slot) + "　" + a.live.Venue.Name
			}
			return p.fill(tx, c, a)
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

func (p *chooseSlotPage) fill(tx *store.Tx, c *gin.Context, a about) error {
	venues, err := ourVenues(tx, c)
	if err != nil {
		return err
	}
	if len(venues) == 0 {
		p.Empty = "受付場所がまだ登録されていません。管理者にお問い合わせください。"
		return nil
	}
	ch := choice{path: a.path, query: a.query, channel: channelOf(c.Query("channel"))}
	services, err := a.services(tx)
	if err != nil {
		return err
	}
	ch.service = a.service(services, c.Query("service"))
	ch.venue = chosenVenue(venues, c.Query("venue"), a.live)
	today := jp.DateOf(tx.Now)
	free, err := booking.FreeDays(tx, ch.venue.ID, ch.service.ID, booking.Period{From: today, To: today.AddDays(daysAhead)}, booking.StaffSeat)
	if err != nil {
		return err
	}
	free = slices.DeleteFunc(free, func(d booking.Day) bool { return d.Remaining == 0 })
	ch.from = firstDay(c.Query("from"), today, a.live, free)
	p.choices(ch, services, venues)
	p.weeks(ch, today, free)
	if a.visitor && !ch.service.WithoutNotice {
		p.Note = "この業務の予約には、ふつう交付通知書が要ります。一覧を読み取った人は「さがす」から予約してください。ここで予約するときは、理由を書きます。"
	}
	if len(a.cards) == 1 && !a.visitor {
		p.Wait = waitingLink(*a.person, ch)
	}
	grid := grid{now: tx.Now, choice: ch, live: a.live, overbook: may(c, staff.MayOverbook)}
	for i := range daysShown {
		on := ch.from.AddDays(i)
		slots, err := booking.DaySlots(tx, ch.venue.ID, ch.service.ID, on)
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

// services are those that can be chosen: a change stays with its service.
// Problem: booking.ServiceNotFound while there is none.
func (a about) services(tx *store.Tx) ([]booking.Service, error) {
	if a.changes() {
		s, err := booking.ServiceByID(tx, a.live.Slot.ServiceID)
		return []booking.Service{s}, err
	}
	services, err := booking.Services(tx)
	if err == nil && len(services) == 0 {
		err = booking.ServiceNotFound
	}
	return services, err
}

// service is the one asked for, else the usual one: the first that needs no
// notice for who has none, the issue of cards for who has.
func (a about) service(services []booking.Service, asked string) booking.Service {
	for _, s := range services {
		if string(s.Ref) == asked {
			return s
		}
	}
	for _, s := range services {
		if a.visitor && s.WithoutNotice || !a.visitor && s.Code == booking.CardIssuanceCode {
			return s
		}
	}
	return services[0]
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

func (p *chooseSlotPage) choices(ch choice, services []booking.Service, venues []booking.Venue) {
	for _, channel := range []booking.Channel{booking.Telephone, booking.Counter} {
		other := ch
		other.channel = channel
		l := other.link(channel.Label())
		l.Here = channel == ch.channel
		p.Channels = append(p.Channels, l)
	}
	for _, s := range services {
		if len(services) == 1 {
			break
		}
		other := ch
		other.service = s
		l := other.link(s.Name)
		l.Here = s.ID == ch.service.ID
		p.Services = append(p.Services, l)
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
