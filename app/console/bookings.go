package console

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/sheet"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

const (
	// bookingsShown is how many bookings are on one page of the screen.
	bookingsShown = 50
	// bookingsPrinted is how many are on one page that is made for printing.
	bookingsPrinted = 1000
)

// bookingsPage lists bookings by place, service, period, state and kind of
// issue (予約の一覧), on screen, on paper, and as a file.
type bookingsPage struct {
	page
	Venues   []option
	Services []option
	Channels []option
	States   []option
	Kinds    []option
	From, To *control
	Spans    []link // periods that are asked for often

	Total     int
	InStates  []string
	Rows      []bookingsRow
	AllVenues bool
	// Provisional: at least one row is, and the word is explained.
	Provisional bool
	What        string // the filter in words, for paper
	PrintedAt   string
	Printing    bool
	CutAt       int // most rows of a print; 0: all are there
	Pages       []link
	Shown       string
	Print       link
	Back        link
	Extract     []hidden // the filter, for the form that makes a file; nil: not allowed
	Formats     []option
	Personal    bool     // the file is to hold who it is about
	Lost        []string // characters that the chosen format cannot hold; none: no file was asked for
	LostMore    int
	Wrong       bool // the period cannot be read: there is no list
}

type bookingsRow struct {
	person
	Day, Time, Venue, Service, Number, Channel, State, Class, Reason string
	Provisional                                                      bool // the second place does not have it yet (仮受付)
	Visit                                                            link
}

// bookingsView is a filter as it stands in the query.
type bookingsView struct {
	booking.Filter
	venue   store.Ref
	service store.Ref
	page    int
	print   bool
}

func readBookings(c *gin.Context) *web.Form {
	return web.ReadForm(c, "venue", "service", "from", "to", "state", "kind", "channel", "page", "print", "format", "personal", "anyway")
}

func (d *Desk) listRoutes() []guarded {
	return []guarded{
		d.need(staff.MayListBookings, web.GET("/bookings", d.bookings)),
		d.need(staff.MayExtract, web.GET("/bookings/extract", func(c *gin.Context) error { return web.To(c, "/bookings") })),
		d.need(staff.MayExtract, web.POST("/bookings/extract", d.extract)),
	}
}

// query is the view as an address, without the page.
func (v bookingsView) query() url.Values {
	q := url.Values{"from": {v.From.String()}, "to": {v.To.String()}}
	for name, ref := range map[string]store.Ref{"venue": v.venue, "service": v.service} {
		if ref != "" {
			q.Set(name, string(ref))
		}
	}
	for _, s := range v.States {
		q.Add("state", string(s))
	}
	for _, k := range v.IssueKinds {
		q.Add("kind", string(k))
	}
	if v.Channel != "" {
		q.Set("channel", string(v.Channel))
	}
	return q
}

func (v bookingsView) path() string { return "/bookings?" + v.query().Encode() }

func (v bookingsView) at(page int) string {
	q := v.query()
	q.Set("page", strconv.Itoa(page))
	return "/bookings?" + q.Encode()
}

func (v bookingsView) between(from, to jp.Date) string {
	v.From, v.To = from, to
	return v.path()
}

// fields are the view's values for a form.
func (v bookingsView) fields() (all []hidden) {
	q := v.query()
	for _, name := range []string{"venue", "service", "from", "to", "state", "kind", "channel"} {
		for _, value := range q[name] {
			all = append(all, hidden{name, value})
		}
	}
	return all
}

// bookings shows the list.
func (d *Desk) bookings(c *gin.Context) error {
	return d.showBookings(c, readBookings(c), &bookingsPage{})
}

func (d *Desk) showBookings(c *gin.Context, form *web.Form, p *bookingsPage) error {
	status := http.StatusOK
	err := d.store.Read(c, func(tx *store.Tx) error {
		v, err := readView(tx, c, form)
		if err != nil {
			return err
		}
		p.PrintedAt = instant(tx.Now)
		if err := p.offer(tx, c, form, v); err != nil {
			return err
		}
		if p.Wrong = !form.OK(); p.Wrong {
			return nil
		}
		err = p.fill(tx, v)
		if refused, ok := problem.As(err); ok && refused.Kind == problem.Invalid {
			form.Apply(refused)
			p.Wrong, err = true, nil
		}
		if !p.Wrong && may(c, staff.MayExtract) {
			p.Extract = v.fields()
		}
		return err
	})
	if err != nil {
		return err
	}
	p.From, p.To = dayControl(form, "from"), dayControl(form, "to")
	p.failed(form)
	if p.Failed || len(p.Lost) > 0 {
		status = http.StatusUnprocessableEntity
	}
	return d.show(c, status, "bookings", "予約の一覧", p)
}

func dayControl(form *web.Form, name string) *control {
	return &control{Field: *form.Field(name), Type: "text", Class: "code short", Autocomplete: "off"}
}

// readView reads the filter. Without a period it is a week from today; what is
// wrong with one is said at its field.
func readView(tx *store.Tx, c *gin.Context, form *web.Form) (v bookingsView, err error) {
	now := jp.DateOf(tx.Now)
	v.From, v.To = now, now.AddDays(6)
	day := func(name string, into *jp.Date) {
		switch d, ok := writtenDay(form.Value(name), now); {
		case form.Value(name) == "":
			form.Set(name, into.String())
		case !ok:
			form.Fail(name, "day_form")
		default:
			*into = d
		}
	}
	day("from", &v.From)
	if form.Value("from") != "" && form.Value("to") == "" {
		v.To = v.From.AddDays(6)
	}
	day("to", &v.To)
	if form.OK() && v.To.Before(v.From) {
		form.Fail("to", "days_order")
	}
	for _, s := range form.Values("state") {
		if slices.Contains(booking.States(), booking.State(s)) {
			v.States = append(v.States, booking.State(s))
		}
	}
	for _, k := range form.Values("kind") {
		v.IssueKinds = append(v.IssueKinds, card.IssueKind(k))
	}
	if ch := booking.Channel(form.Value("channel")); ch.Label() != "" {
		v.Channel = ch
	}
	v.print = form.Value("print") == "1"
	if v.page, err = strconv.Atoi(form.Value("page")); err != nil || v.page < 1 {
		v.page = 1
	}
	return v, v.find(tx, c, form)
}

// find reads the place and the service. Who works at some places sees theirs.
func (v *bookingsView) find(tx *store.Tx, c *gin.Context, form *web.Form) error {
	venues, err := booking.AllVenues(tx)
	if err != nil {
		return err
	}
	for _, one := range venues {
		if string(one.Ref) == form.Value("venue") && worksAt(c, one.ID) {
			v.venue, v.Venues = one.Ref, []int64{one.ID}
		}
	}
	if v.venue == "" {
		v.Venues = limitOf(c)
	}
	services, err := booking.AllServices(tx)
	if err != nil {
		return err
	}
	for _, one := range services {
		if string(one.Ref) == form.Value("service") {
			v.service, v.Service = one.Ref, one.ID
		}
	}
	return nil
}

// offer fills in what can be chosen.
func (p *bookingsPage) offer(tx *store.Tx, c *gin.Context, form *web.Form, v bookingsView) error {
	venues, err := booking.AllVenues(tx)
	if err != nil {
		return err
	}
	venues = slices.DeleteFunc(venues, func(one booking.Venue) bool { return !worksAt(c, one.ID) })
	place, service := "すべての受付場所", "すべての用件"
	p.Venues = []option{{Label: place}}
	for _, one := range venues {
		p.Venues = append(p.Venues, option{Value: string(one.Ref), Label: one.Name, Chosen: one.Ref == v.venue})
		if one.Ref == v.venue {
			place = one.Name
		}
	}
	p.AllVenues = v.venue == "" && len(venues) > 1
	services, err := booking.AllServices(tx)
	if err != nil {
		return err
	}
	p.Services = []option{{Label: service}}
	for _, one := range services {
		p.Services = append(p.Services, option{Value: string(one.Ref), Label: one.Name, Chosen: one.Ref == v.service})
		if one.Ref == v.service {
			service = one.Name
		}
	}
	p.Channels = []option{{Label: "すべての受付方法"}}
	for _, ch := range []booking.Channel{booking.Web, booking.Telephone, booking.Counter} {
		p.Channels = append(p.Channels, option{Value: string(ch), Label: ch.Label(), Chosen: ch == v.Channel})
	}
	for i, s := range booking.States() {
		p.States = append(p.States, option{ID: fmt.Sprintf("f-state-%d", i), Value: string(s), Label: s.Label(), Chosen: form.Field("state").Has(string(s))})
	}
	kinds, err := card.AllKinds(tx)
	if err != nil {
		return err
	}
	var named []string
	for i, k := range kinds {
		chosen := slices.Contains(v.IssueKinds, k.Code)
		p.Kinds = append(p.Kinds, option{ID: fmt.Sprintf("f-kind-%d", i), Value: string(k.Code), Label: k.Name, Chosen: chosen})
		if chosen {
			named = append(named, k.Name)
		}
	}
	for i, f := range sheet.Formats() {
		p.Formats = append(p.Formats, option{ID: fmt.Sprintf("f-format-%d", i), Value: string(f), Label: f.Label(), Chosen: f == sheet.ParseFormat(form.Value("format"))})
	}
	p.Personal = form.Value("personal") == "1"
	p.spans(v, jp.DateOf(tx.Now))
	p.What = v.words(place, service, named)
	return nil
}

// spans are the periods that are asked for most.
func (p *bookingsPage) spans(v bookingsView, now jp.Date) {
	first := jp.Date{Year: now.Year, Month: now.Month, Day: 1}
	for _, s := range []struct {
		label    string
		from, to jp.Date
	}{
		{"今日", now, now},
		{"明日", now.AddDays(1), now.AddDays(1)},
		{"今日から1週間", now, now.AddDays(6)},
		{"今月", first, first.AddMonths(1).AddDays(-1)},
		{"先月", first.AddMonths(-1), first.AddDays(-1)},
	} {
		p.Spans = append(p.Spans, link{Path: v.between(s.from, s.to), Label: s.label, Here: v.From == s.from && v.To == s.to})
	}
}

// words say on paper what the list holds.
func (v bookingsView) words(place, service string, kinds []string) string {
	text := v.From.Era() + "～" + v.To.Era() + "　" + place + "　" + service
	for _, s := range v.States {
		text += "　" + s.Label()
	}
	for _, k := range kinds {
		text += "　" + k
	}
	if v.Channel != "" {
		text += "　" + v.Channel.Label()
	}
	return text
}

func (p *bookingsPage) fill(tx *store.Tx, v bookingsView) error {
	counts, total, err := booking.CountExtract(tx, v.Filter)
	if err != nil {
		return err
	}
	p.Total = total
	for _, n := range counts {
		p.InStates = append(p.InStates, fmt.Sprintf("%s %d件", n.State.Label(), n.Count))
	}
	limit, offset := bookingsShown, (v.page-1)*bookingsShown
	if v.print {
		limit, offset, p.Printing = bookingsPrinted, 0, true
		p.Back = link{Path: v.path(), Label: "一覧に戻る"}
		if total > bookingsPrinted {
			p.CutAt = bookingsPrinted
		}
	} else {
		p.pages(v, total)
	}
	rows, err := booking.Extract(tx, v.Filter, limit, offset)
	if err != nil {
		return err
	}
	for _, r := range rows {
		p.Rows = append(p.Rows, bookingsRow{
			person: listedPerson(booking.DayEntry{Visit: r.Visit, Record: r.Record}),
			Day:    r.Visit.Slot.HeldOn.Short(), Time: slotHours(r.Visit.Slot), Venue: r.Visit.Venue.Name, Service: r.Service,
			Number: r.Visit.Number.String(), Channel: r.Visit.Channel.Label(), State: r.Visit.State.Label(), Class: string(r.Visit.State),
			Reason: reasonOf(r.Visit.Booking), Provisional: provisional(tx, r.Visit), Visit: link{Path: bookingPath(r.Visit.Booking.Ref), Label: r.Visit.Number.String()},
		})
		p.Provisional = p.Provisional || p.Rows[len(p.Rows)-1].Provisional
	}
	return nil
}

// pages links to the pages around the one shown, and to the first and last.
func (p *bookingsPage) pages(v bookingsView, total int) {
	q := v.query()
	q.Set("print", "1")
	p.Print = link{Path: "/bookings?" + q.Encode(), Label: "印刷用に全部を表示する"}
	last := max(1, (total+bookingsShown-1)/bookingsShown)
	if total == 0 || v.page > last {
		return
	}
	p.Shown = fmt.Sprintf("%d～%d件目", (v.page-1)*bookingsShown+1, min(v.page*bookingsShown, total))
	if last == 1 {
		return
	}
	for n := 1; n <= last; n++ {
		if n == 1 || n == last || n >= v.page-2 && n <= v.page+2 {
			p.Pages = append(p.Pages, link{Path: v.at(n), Label: strconv.Itoa(n), Here: n == v.page})
		}
	}
}
