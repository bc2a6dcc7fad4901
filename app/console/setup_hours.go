package console

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

func (d *Desk) hoursRoutes() []guarded {
	set := func(r web.Route) guarded { return d.need(staff.MaySetUpCounter, r) }
	return append([]guarded{
		set(web.GET("/setup/hours", d.hours)),
		set(web.GET("/setup/hours/:ref", d.hoursSets)),
		set(web.GET("/setup/hours/:ref/edit", d.askHours)),
		set(web.POST("/setup/hours/:ref/edit", d.previewHours)),
		set(web.GET("/setup/hours/:ref/apply", toSetup("/setup/hours"))),
		set(web.POST("/setup/hours/:ref/apply", d.applyHours)),
		set(web.GET("/setup/hours/:ref/remove", d.askRemoveHours)),
		set(web.POST("/setup/hours/:ref/remove", d.removeHours)),
	}, d.planRoutes()...)
}

// weekdays are the days of the week as forms list them.
var weekdays = []struct {
	day   time.Weekday
	label string
}{{time.Monday, "月"}, {time.Tuesday, "火"}, {time.Wednesday, "水"}, {time.Thursday, "木"}, {time.Friday, "金"}, {time.Saturday, "土"}, {time.Sunday, "日"}}

// hoursPage is the hours of every place and service at one look (受付時間).
type hoursPage struct {
	page
	Services []string
	Rows     []hoursOverview
}

type hoursOverview struct {
	Path, Name string
	Cells      []hoursCell
}

type hoursCell struct{ Path, Name, Text string }

func hoursPath(v booking.Venue, s booking.Service) string {
	return "/setup/hours/" + string(v.Ref) + "?service=" + url.QueryEscape(string(s.Ref))
}

func (d *Desk) hours(c *gin.Context) error {
	var p hoursPage
	err := d.store.Read(c, func(tx *store.Tx) error {
		venues, err := ourVenues(tx, c)
		if err != nil {
			return err
		}
		services, err := booking.Services(tx)
		if err != nil {
			return err
		}
		for _, s := range services {
			p.Services = append(p.Services, s.Name)
		}
		for _, v := range venues {
			rows, err := givenRows(tx, v)
			if err != nil {
				return err
			}
			o := hoursOverview{Path: venuePath(v), Name: v.Name}
			for _, r := range rows {
				o.Cells = append(o.Cells, hoursCell{r.Path, v.Name + " " + r.Name, r.Hours})
			}
			p.Rows = append(p.Rows, o)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "setup_hours", "受付時間", &p)
}

// hoursNow says when a service is given by now, and when that changes.
func hoursNow(sets []booking.Hours, today jp.Date) string {
	text := "なし"
	for _, h := range slices.Backward(sets) {
		if !h.EffectiveFrom.After(today) {
			text = hoursText(h)
		} else {
			text += "（" + h.EffectiveFrom.Short() + "から変更）"
			break
		}
	}
	return text
}

// hoursText is a set in one line: days of the week that are alike together.
func hoursText(h booking.Hours) string {
	var days, texts []string
	for _, w := range weekdays {
		text := spansText(h.Windows, w.day)
		if i := slices.Index(texts, text); text != "" && i >= 0 {
			days[i] += w.label
		} else if text != "" {
			days, texts = append(days, w.label), append(texts, text)
		}
	}
	for i := range texts {
		texts[i] = days[i] + " " + texts[i]
	}
	if len(texts) == 0 {
		return "受付なし"
	}
	return strings.Join(texts, "、")
}

// spansText is when a day of the week is open: windows without a break between
// them are one span.
func spansText(windows []booking.HoursWindow, day time.Weekday) string {
	var spans []booking.HoursWindow
	for _, w := range windows {
		if last := len(spans) - 1; w.Weekday != day {
			continue
		} else if last >= 0 && spans[last].Ends == w.Starts {
			spans[last].Ends = w.Ends
			continue
		}
		spans = append(spans, w)
	}
	var texts []string
	for _, s := range spans {
		texts = append(texts, typedClock(s.Starts)+"～"+typedClock(s.Ends))
	}
	return strings.Join(texts, "・")
}

// hoursOf is the pair of place and service that an address is about.
type hoursOf struct {
	venue   booking.Venue
	service booking.Service
	sets    []booking.Hours // newest first
}

func (h hoursOf) name() string { return h.venue.Name + "　" + h.service.Name }

// pairOf reads it. Problems: booking.VenueNotFound, booking.ServiceNotFound, NotHere.
func pairOf(tx *store.Tx, c *gin.Context, service string) (h hoursOf, err error) {
	if h.venue, err = ourVenue(tx, c, refOf(c)); err != nil {
		return h, err
	}
	if h.service, err = booking.ServiceByRef(tx, store.Ref(service)); err != nil {
		return h, err
	}
	h.sets, err = booking.HoursOf(tx, h.venue.ID, h.service.ID)
	return h, err
}

// set finds one of the sets. Problem: booking.HoursNotFound.
func (h hoursOf) set(ref string) (booking.Hours, error) {
	i := slices.IndexFunc(h.sets, func(s booking.Hours) bool { return string(s.Ref) == ref })
	if i < 0 {
		return booking.Hours{}, booking.HoursNotFound
	}
	return h.sets[i], nil
}

// hoursSetsPage lists the sets of a service at a place.
type hoursSetsPage struct {
	page
	New  string
	Plan string
	Sets []hoursSetView
}

type hoursSetView struct {
	From, Holds  string
	Edit, Remove string
	Rows         []windowRow
}

type windowRow struct{ Days, Hours, Minutes, Capacity, Reserve string }

func (d *Desk) hoursSets(c *gin.Context) error {
	var p hoursSetsPage
	var h hoursOf
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		h, err = pairOf(tx, c, c.Query("service"))
		p.fill(h, jp.DateOf(tx.Now))
		return err
	})
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "setup_hours_sets", h.name()+"の受付時間", &p)
}

func (p *hoursSetsPage) fill(h hoursOf, today jp.Date) {
	base := "/setup/hours/" + string(h.venue.Ref)
	service := "?service=" + url.QueryEscape(string(h.service.Ref))
	p.New = base + "/edit" + service
	p.Plan = planPath(h.venue.Ref, h.service.Ref, booking.Period{From: today, To: today.AddDays(planDays)})
	held := false
	for _, s := range h.sets {
		set := "&set=" + url.QueryEscape(string(s.Ref))
		view := hoursSetView{From: s.EffectiveFrom.Era() + "から", Edit: base + "/edit" + service + set, Remove: base + "/remove" + service + set}
		switch {
		case s.EffectiveFrom.After(today):
			view.Holds = "これから"
		case !held:
			view.Holds, held = "いま", true
		default:
			view.Holds = "終わったもの"
		}
		for _, r := range rowsOf(s) {
			view.Rows = append(view.Rows, windowRow{
				Days: r.labels(), Hours: typedClock(r.Starts) + "～" + typedClock(r.Ends), Minutes: fmt.Sprintf("%d分", r.Minutes),
				Capacity: fmt.Sprint(r.Capacity), Reserve: fmt.Sprint(r.Reserve),
			})
		}
		p.Sets = append(p.Sets, view)
	}
}

// daysWindow is a window that several days of the week share: a row of the form.
type daysWindow struct {
	booking.HoursWindow
	days []time.Weekday
}

func (r daysWindow) labels() string {
	text := ""
	for _, w := range weekdays {
		if slices.Contains(r.days, w.day) {
			text += w.label
		}
	}
	return text
}

// rowsOf puts days of the week together that have the same window.
func rowsOf(h booking.Hours) []daysWindow {
	var rows []daysWindow
	for _, w := range h.Windows {
		day := w.Weekday
		w.Weekday = 0
		i := slices.IndexFunc(rows, func(r daysWindow) bool { return r.HoursWindow == w })
		if i < 0 {
			rows = append(rows, daysWindow{HoursWindow: w})
			i = len(rows) - 1
		}
		rows[i].days = append(rows[i].days, day)
	}
	slices.SortStableFunc(rows, func(a, b daysWindow) int { return int(a.Starts - b.Starts) })
	return rows
}

func (d *Desk) askRemoveHours(c *gin.Context) error {
	return d.showRemoveHours(c, http.StatusOK, web.ReadForm(c, "service", "set"), false)
}

func (d *Desk) showRemoveHours(c *gin.Context, status int, form *web.Form, stale bool) error {
	var h hoursOf
	var s booking.Hours
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		if h, err = pairOf(tx, c, form.Value("service")); err != nil {
			return err
		}
		s, err = h.set(form.Value("set"))
		return err
	})
	if err != nil {
		return err
	}
	p := setupFormPage{Heading: h.name() + "の受付時間を取りやめる", Action: "/setup/hours/" + string(h.venue.Ref) + "/remove", Submit: "取りやめる", Class: "stop",
		Stale: stale, Back: link{Path: hoursPath(h.venue, h.service), Label: "取りやめずに戻る"},
		Facts: []fact{{"いつから", s.EffectiveFrom.Era()}, {"受付時間", hoursText(s)}},
		Lead:  []string{"この設定を、なかったことにします。予約枠は、次の画面で変わるところを確かめてから直します。"},
	}
	p.hide("service", string(h.service.Ref))
	p.hide("set", string(s.Ref))
	return d.showForm(c, status, form, &p, s.Version)
}

func (d *Desk) removeHours(c *gin.Context) error {
	form := web.ReadForm(c, "service", "set")
	err := d.write(c, "hours_removed", func(tx *store.Tx) (string, error) {
		h, err := pairOf(tx, c, form.Value("service"))
		if err != nil {
			return "", err
		}
		s, err := h.set(form.Value("set"))
		if err != nil {
			return "", err
		}
		period, err := h.period(tx, s.EffectiveFrom)
		if err != nil {
			return "", err
		}
		return planPath(h.venue.Ref, h.service.Ref, period), booking.RemoveHours(tx, actor(c), s.Ref, version(c))
	})
	return refused(c, err, form, d.showRemoveHours)
}

// period is the days that a change from a day on concerns: as far as there are
// slots, or as residents may book, and what a plan can hold.
func (h hoursOf) period(tx *store.Tx, from jp.Date) (booking.Period, error) {
	today := jp.DateOf(tx.Now)
	p := booking.Period{From: later(from, today)}
	last, err := booking.LastSlotDay(tx, h.venue.ID, h.service.ID)
	if err != nil {
		return p, err
	}
	rules, err := booking.RulesOf(tx, h.service.ID)
	p.To = later(last, p.From.AddDays(max(planDays, rules.DaysAhead)))
	if most := p.From.AddDays(365); p.To.After(most) {
		p.To = most
	}
	return p, err
}

// fieldOf names a field of a row.
func fieldOf(name string, row int) string { return name + "_" + strconv.Itoa(row) }
