package console

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

// planPage shows what a slot plan would do, and carries it out (予約枠の作成).
type planPage struct {
	page
	Venues, Services setupControl
	From, To         control
	Asked            bool // there is a plan to look at
	Plan             planView
	Hidden           []hidden
	Action           string
}

// planView is a plan in words.
type planView struct {
	Parts       []planPartView
	Changes     int
	Conflicts   int
	Changed     bool // the plan is another one than was shown before
	Fingerprint string
}

type planPartView struct {
	Heading   string
	Counts    []planCount
	Days      []planDayView
	Unchanged int
	ByHand    int
	Conflicts []planConflict
}

type planCount struct {
	Label string
	Count int
}

type planDayView struct{ Days, What string }

// planConflict is a slot that cannot become what the hours ask for, with those
// who have booked it.
type planConflict struct {
	When, Before, After string
	People              []personRow
}

// personRow is someone with a booking, as lists to telephone by show them.
type personRow struct {
	person
	When, Venue, Service, Telephone, BookingNumber, Mail string
}

// peopleTable is a list to telephone by.
type peopleTable struct {
	Caption string
	Rows    []personRow
}

func (d *Desk) planRoutes() []guarded {
	set := func(r web.Route) guarded { return d.need(staff.MaySetUpCounter, r) }
	return []guarded{
		set(web.GET("/setup/plan", d.askPlan)),
		set(web.POST("/setup/plan", d.applyPlan)),
	}
}

func readPlan(c *gin.Context) *web.Form { return web.ReadForm(c, "venue", "service", "from", "to") }

// planPath is the plan of a period, at one place and for one service or ("") all.
func planPath(venue, service store.Ref, p booking.Period) string {
	return "/setup/plan?" + url.Values{
		"venue": {string(venue)}, "service": {string(service)}, "from": {p.From.String()}, "to": {p.To.String()},
	}.Encode()
}

func (d *Desk) askPlan(c *gin.Context) error {
	form := readPlan(c)
	asked := form.Value("from") != "" || form.Value("to") != ""
	return d.showPlan(c, http.StatusOK, form, asked, false)
}

func (d *Desk) showPlan(c *gin.Context, status int, form *web.Form, asked, changed bool) error {
	p := planPage{Asked: asked, Action: "/setup/plan"}
	p.Plan.Changed = changed
	err := d.store.Read(c, func(tx *store.Tx) error {
		ask, err := p.choose(tx, c, form)
		if err != nil || !asked || !form.OK() {
			return err
		}
		plan, err := booking.Plan(tx, ask)
		if err != nil {
			return err
		}
		p.Plan.fill(plan)
		return nil
	})
	if err != nil {
		return refused(c, err, form, func(c *gin.Context, status int, form *web.Form, _ bool) error {
			return d.showPlan(c, status, form, false, false)
		})
	}
	if !form.OK() {
		p.Asked, status = false, http.StatusUnprocessableEntity
	}
	p.From = control{Field: *form.Field("from"), Type: "text", Class: "code half", Autocomplete: "off"}
	p.From.Label, p.From.Hint = "いつから", "例：12/1、令和8年12月1日"
	p.To = control{Field: *form.Field("to"), Type: "text", Class: "code half", Autocomplete: "off"}
	p.To.Label, p.To.Hint = "いつまで", "366日分まで"
	for _, name := range []string{"venue", "service", "from", "to"} {
		p.Hidden = append(p.Hidden, hidden{name, form.Value(name)})
	}
	p.failed(form)
	nameErrors(p.Errors, map[string]string{"from": p.From.Label, "to": p.To.Label})
	p.Failed = p.Failed || changed
	return d.show(c, status, "setup_plan", "予約枠の作成", &p)
}

// choose reads which slots are meant, and offers what can be chosen.
func (p *planPage) choose(tx *store.Tx, c *gin.Context, form *web.Form) (ask booking.PlanAsk, err error) {
	venues, err := ourVenues(tx, c)
	if err != nil {
		return ask, err
	}
	services, err := booking.Services(tx)
	if err != nil {
		return ask, err
	}
	today := jp.DateOf(tx.Now)
	if !p.Asked {
		if form.Value("from") == "" {
			form.Set("from", typedDay(today))
		}
		if form.Value("to") == "" {
			form.Set("to", typedDay(today.AddDays(planDays)))
		}
	}
	whole := everywhere(c) == nil
	if !whole && form.Value("venue") == "" && len(venues) > 0 {
		form.Set("venue", string(venues[0].Ref))
	}
	v := slices.IndexFunc(venues, func(v booking.Venue) bool { return string(v.Ref) == form.Value("venue") })
	switch {
	case v >= 0:
		ask.VenueID = venues[v].ID
	case form.Value("venue") != "":
		return ask, booking.VenueNotFound
	case !whole:
		return ask, NotHere
	}
	if s, ok := chosenService(services, form.Value("service")); ok {
		ask.ServiceID = s.ID
	}
	ask.Period = booking.Period{From: readDay(form, "from", today), To: readDay(form, "to", today)}
	all := []option{{Value: "", Label: "すべて"}}
	places := venueOptions(venues)
	if whole {
		places = append(all, places...)
	}
	p.Venues = selectOf(form, "venue", "受付場所", places)
	p.Services = selectOf(form, "service", "業務", append(all, serviceOptions(services)...))
	return ask, nil
}

// planDays is how many days ahead a plan reaches unless it is said.
const planDays = 90

// selectOf is a list to choose from.
func selectOf(form *web.Form, name, label string, options []option) setupControl {
	f := *form.Field(name)
	f.Label = label
	s := setupControl{control: control{Field: f}, Kind: "select"}
	for _, o := range options {
		o.Chosen = f.Value == o.Value
		s.Options = append(s.Options, o)
	}
	return s
}

// applyPlan carries out the plan that was shown, or shows the one it is now.
func (d *Desk) applyPlan(c *gin.Context) error {
	form := readPlan(c)
	p := planPage{Asked: true}
	err := d.write(c, "plan_applied", func(tx *store.Tx) (string, error) {
		ask, err := p.choose(tx, c, form)
		if err != nil {
			return "", err
		}
		if !form.OK() {
			return "", booking.PlanChanged
		}
		_, err = booking.ApplyPlan(tx, actor(c), ask, c.PostForm("fingerprint"))
		return "/setup/plan", err
	})
	if errors.Is(err, booking.PlanChanged) || errors.Is(err, booking.SetupStale) {
		return d.showPlan(c, http.StatusConflict, form, true, true)
	}
	return err
}

func (v *planView) fill(r booking.PlanResult) {
	v.Changes, v.Fingerprint = r.Changes(), r.Fingerprint
	for _, part := range r.Parts {
		view := planPartView{Heading: part.Venue.Name + "　" + part.Service.Name, Unchanged: part.Unchanged, ByHand: part.ByHand}
		for _, k := range booking.StepKinds() {
			if n := part.Count(k); n > 0 && k != booking.StepKeep {
				view.Counts = append(view.Counts, planCount{k.Label(), n})
			}
		}
		view.Days = planDaysOf(part.Steps)
		for _, s := range part.Conflicts() {
			v.Conflicts++
			view.Conflicts = append(view.Conflicts, planConflictOf(part, s))
		}
		v.Parts = append(v.Parts, view)
	}
}

// planDaysOf says day by day what becomes of the slots; days that become the
// same are one line.
func planDaysOf(steps []booking.PlanStep) []planDayView {
	days := map[string][]jp.Date{}
	var order []string
	for len(steps) > 0 {
		on := steps[0].After.HeldOn
		n := slices.IndexFunc(steps, func(s booking.PlanStep) bool { return s.After.HeldOn != on })
		if n < 0 {
			n = len(steps)
		}
		what := planText(steps[:n])
		steps = steps[n:]
		if what == "" {
			continue
		}
		if days[what] == nil {
			order = append(order, what)
		}
		days[what] = append(days[what], on)
	}
	var views []planDayView
	for _, what := range order {
		views = append(views, planDayView{planDaysText(days[what]), what})
	}
	return views
}

// daysNamed is up to how many days a line of a plan names each.
const daysNamed = 4

// planDaysText names days: a few one by one, many by the first, the last, how
// many and on which days of the week.
func planDaysText(days []jp.Date) string {
	if len(days) <= daysNamed {
		var names []string
		for _, d := range days {
			names = append(names, d.Short())
		}
		return strings.Join(names, "、")
	}
	on := ""
	for _, w := range weekdays {
		if slices.ContainsFunc(days, func(d jp.Date) bool { return d.Weekday() == w.day }) {
			on += w.label
		}
	}
	return fmt.Sprintf("%s～%sの%s %d日", days[0].Short(), days[len(days)-1].Short(), on, len(days))
}

// planText says what becomes of the slots of one day: those side by side that
// change alike are one span.
func planText(steps []booking.PlanStep) string {
	type span struct {
		from, to jp.Clock
		slots    int
		what     string
	}
	var spans []span
	for _, s := range steps {
		what := stepText(s)
		if what == "" {
			continue
		}
		if last := len(spans) - 1; last >= 0 && spans[last].what == what && spans[last].to == s.After.Starts {
			spans[last].to = s.After.Ends
			spans[last].slots++
			continue
		}
		spans = append(spans, span{s.After.Starts, s.After.Ends, 1, what})
	}
	var texts []string
	for _, s := range spans {
		texts = append(texts, fmt.Sprintf("%s～%s %s（%d枠）", typedClock(s.from), typedClock(s.to), s.what, s.slots))
	}
	return strings.Join(texts, "、")
}

func stepText(s booking.PlanStep) string {
	switch s.Kind {
	case booking.StepKeep:
		return ""
	case booking.StepClose:
		return s.Kind.Label()
	case booking.StepWiden, booking.StepNarrow:
		return s.Kind.Label() + " " + placesText(s.Before) + "→" + placesText(s.After)
	}
	return s.Kind.Label() + " " + placesText(s.After)
}

// placesText is how many places a slot has, residents' and staff's.
func placesText(s booking.Slot) string {
	if s.Reserve == 0 {
		return fmt.Sprintf("各%d人", s.Capacity)
	}
	return fmt.Sprintf("各%d人＋職員枠%d", s.Capacity, s.Reserve)
}

func planConflictOf(part booking.PlanPart, s booking.PlanStep) planConflict {
	view := planConflict{When: slotTime(s.Before) + "～" + s.Before.Ends.Plain(), Before: placesText(s.Before), After: placesText(s.After)}
	if view.After == view.Before {
		view.After = "そのまま"
	}
	for _, e := range s.Bookings {
		view.People = append(view.People, personRowOf(e, part.Service.Name))
	}
	return view
}

func personRowOf(e booking.DayEntry, service string) personRow {
	row := personRow{
		person: personOf(e.Record), When: slotTime(e.Visit.Slot), Venue: e.Visit.Venue.Name, Service: service,
		Telephone: orNone(e.Record.Telephone), BookingNumber: e.Visit.Number.String(), Mail: "なし",
	}
	if e.Record.Card.Ref == "" {
		row.Path = ""
	}
	if e.Record.Mail != "" && e.Record.Card.Ref != "" {
		row.Mail = "あり"
	}
	return row
}
