package console

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/app/web"
	"madoguchi/store"
)

// hoursFormPage asks for a set of hours: each row is a window that several days
// of the week share.
type hoursFormPage struct {
	page
	Action, Back string
	Version      int
	Service, Set string
	Count        int
	From, Until  control
	Stale        bool
	Now          string
	Rows         []hoursFormRow
}

type hoursFormRow struct {
	Number                                  int
	ID, Error, ErrorID                      string
	Days                                    []option
	DaysName                                string
	Starts, Ends, Minutes, Capacity, Spared control
}

const (
	hoursSpare = 3
	hoursMost  = 30 // rows of one form
)

var hoursColumns = []string{"days", "starts", "ends", "minutes", "capacity", "reserve"}

func readHours(c *gin.Context, rows int) *web.Form {
	names := []string{"service", "set", "effective_from", "until"}
	for i := range rows {
		for _, name := range hoursColumns {
			names = append(names, fieldOf(name, i))
		}
	}
	return web.ReadForm(c, names...)
}

func (d *Desk) askHours(c *gin.Context) error {
	return d.showHours(c, http.StatusOK, readHours(c, hoursMost), false)
}

// showHours shows the form; one that was not sent yet is filled with the set
// that it is about or, for a new one, with what holds so far.
func (d *Desk) showHours(c *gin.Context, status int, form *web.Form, stale bool) error {
	var h hoursOf
	var s booking.Hours
	count := rowsSent(c, hoursMost)
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		if h, err = pairOf(tx, c, form.Value("service")); err != nil {
			return err
		}
		if form.Value("set") != "" {
			if s, err = h.set(form.Value("set")); err != nil {
				return err
			}
		}
		if c.Request.Method != http.MethodPost {
			count, err = h.prefill(tx, form, s)
		}
		return err
	})
	if err != nil {
		return err
	}
	p := hoursFormPage{Action: "/setup/hours/" + string(h.venue.Ref) + "/edit", Back: hoursPath(h.venue, h.service), Version: s.Version,
		Service: string(h.service.Ref), Set: string(s.Ref), Count: count, Stale: stale}
	if c.Request.Method == http.MethodPost && !stale {
		p.Version = version(c)
	}
	if stale {
		p.Now = s.EffectiveFrom.Era() + "から　" + hoursText(s)
	}
	p.From = control{Field: *form.Field("effective_from"), Type: "text", Class: "code half", Autocomplete: "off"}
	p.Until = control{Field: *form.Field("until"), Type: "text", Class: "code half", Autocomplete: "off"}
	for i := range count {
		p.Rows = append(p.Rows, hoursRow(form, i))
	}
	p.failed(form)
	rows := map[string]string{p.From.Name: p.From.Label, p.Until.Name: p.Until.Label}
	for _, r := range p.Rows {
		rows[r.DaysName] = fmt.Sprintf("%d行目", r.Number)
	}
	nameErrors(p.Errors, rows)
	p.Failed = p.Failed || stale
	return d.show(c, status, "setup_hours_form", h.name()+"の受付時間", &p)
}

func hoursRow(form *web.Form, i int) hoursFormRow {
	of := func(name, label string) control {
		return rowControl(form, fieldOf(name, i), fmt.Sprintf("%d行目の%s", i+1, label), "code").control
	}
	days := *form.Field(fieldOf("days", i))
	row := hoursFormRow{Number: i + 1, ID: days.ID(), Error: days.Error, ErrorID: days.ErrorID(), DaysName: days.Name,
		Starts: of("starts", "開始"), Ends: of("ends", "終了"), Minutes: of("minutes", "1枠の分数"), Capacity: of("capacity", "枠数"), Spared: of("reserve", "職員枠")}
	for _, w := range weekdays {
		value := strconv.Itoa(int(w.day))
		row.Days = append(row.Days, option{ID: fmt.Sprintf("f-days_%d_%d", i, w.day), Value: value, Label: w.label, Chosen: days.Has(value)})
	}
	return row
}

// prefill fills the form with a set, or with a proposal for a new one: what
// holds so far or, where nothing does, the usual working days.
func (h hoursOf) prefill(tx *store.Tx, form *web.Form, s booking.Hours) (rows int, err error) {
	today := jp.DateOf(tx.Now)
	from := s.EffectiveFrom
	filled := rowsOf(s)
	if s.Ref == "" {
		from = today
		usual := []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday}
		for _, span := range [][2]jp.Clock{{9 * 60, 12 * 60}, {13 * 60, 17 * 60}} {
			filled = append(filled, daysWindow{days: usual, HoursWindow: booking.HoursWindow{
				Starts: span[0], Ends: span[1], Minutes: h.service.Minutes, Capacity: 1,
			}})
		}
		if len(h.sets) > 0 {
			from, filled = jp.Date{}, rowsOf(h.sets[0])
		}
	}
	period, err := h.period(tx, later(from, today))
	if err != nil {
		return 0, err
	}
	form.Set("effective_from", typedDay(from))
	form.Set("until", typedDay(period.To))
	for i, r := range filled {
		var days []string
		for _, day := range r.days {
			days = append(days, strconv.Itoa(int(day)))
		}
		form.Set(fieldOf("days", i), days...)
		form.Set(fieldOf("starts", i), typedClock(r.Starts))
		form.Set(fieldOf("ends", i), typedClock(r.Ends))
		form.Set(fieldOf("minutes", i), strconv.Itoa(r.Minutes))
		form.Set(fieldOf("capacity", i), strconv.Itoa(r.Capacity))
		form.Set(fieldOf("reserve", i), strconv.Itoa(r.Reserve))
	}
	return min(len(filled)+hoursSpare, hoursMost), nil
}

// typedHours is a set as it was typed, with the row of each window.
type typedHours struct {
	booking.Hours
	until jp.Date
	rows  []int
}

// readSet reads the rows of a form; a row without a day and times is empty.
func readSet(form *web.Form, rows int, today jp.Date) typedHours {
	var t typedHours
	t.EffectiveFrom = readDay(form, "effective_from", today)
	if t.until = readDay(form, "until", today); t.until.IsZero() && form.Value("until") == "" {
		form.Fail("until", "day_missing")
	}
	for i := range rows {
		at := fieldOf("days", i)
		days := form.Values(at)
		if len(days) == 0 && form.Value(fieldOf("starts", i)) == "" && form.Value(fieldOf("ends", i)) == "" {
			continue
		}
		if len(days) == 0 {
			form.Fail(at, "days_none")
			continue
		}
		w := booking.HoursWindow{
			Starts: readClock(form, fieldOf("starts", i), at), Ends: readClock(form, fieldOf("ends", i), at),
			Minutes: readNumber(form, fieldOf("minutes", i), at), Capacity: readNumber(form, fieldOf("capacity", i), at),
		}
		if form.Value(fieldOf("reserve", i)) != "" {
			w.Reserve = readNumber(form, fieldOf("reserve", i), at)
		}
		for _, day := range days {
			n, err := strconv.Atoi(day)
			if err != nil {
				n = -1 // no day of the week; the operation says so
			}
			w.Weekday = time.Weekday(n)
			t.Windows = append(t.Windows, w)
			t.rows = append(t.rows, i)
		}
	}
	return t
}

// rowNames are the fields of the rows by the operation's names of the windows.
func (t typedHours) rowNames() map[string]string {
	names := map[string]string{"to": "until", "from": "effective_from"}
	for i, row := range t.rows {
		names[fmt.Sprintf("window.%d", i)] = fieldOf("days", row)
	}
	return names
}

// ask is the plan that a typed set makes. Problems: booking.HoursTaken, and
// those of pairOf.
func (t typedHours) ask(tx *store.Tx, c *gin.Context, form *web.Form) (h hoursOf, ask booking.PlanAsk, err error) {
	if h, err = pairOf(tx, c, form.Value("service")); err != nil {
		return h, ask, err
	}
	set := t.Hours
	set.VenueID, set.ServiceID, set.Version = h.venue.ID, h.service.ID, version(c)
	from := set.EffectiveFrom
	if ref := form.Value("set"); ref != "" {
		old, err := h.set(ref)
		if err != nil {
			return h, ask, err
		}
		set.Ref = old.Ref
		if old.Version != set.Version {
			return h, ask, booking.SetupStale
		}
		if old.EffectiveFrom.Before(from) {
			from = old.EffectiveFrom
		}
	}
	if slices.ContainsFunc(h.sets, func(o booking.Hours) bool { return o.Ref != set.Ref && o.EffectiveFrom == set.EffectiveFrom }) {
		return h, ask, booking.HoursTaken.On("effective_from")
	}
	return h, booking.PlanAsk{Hours: &set, Period: booking.Period{From: later(from, jp.DateOf(tx.Now)), To: t.until}}, nil
}

// hoursPreviewPage shows what a set of hours would make of the slots, before it
// is saved.
type hoursPreviewPage struct {
	page
	Text         string
	From         string
	Plan         planView
	Action, Edit string
	Hidden       []hidden
}

func (d *Desk) previewHours(c *gin.Context) error {
	form := readHours(c, rowsSent(c, hoursMost))
	if c.PostForm("back") != "" {
		return d.showHours(c, http.StatusOK, form, false)
	}
	return d.showPreview(c, http.StatusOK, form, false)
}

func (d *Desk) showPreview(c *gin.Context, status int, form *web.Form, changed bool) error {
	rows := rowsSent(c, hoursMost)
	typed := readSet(form, rows, d.dayNow())
	if !form.OK() {
		return d.showHours(c, http.StatusUnprocessableEntity, form, false)
	}
	var h hoursOf
	p := hoursPreviewPage{From: typed.EffectiveFrom.Era(), Text: hoursText(typed.Hours)}
	p.Plan.Changed = changed
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		var ask booking.PlanAsk
		if h, ask, err = typed.ask(tx, c, form); err != nil {
			return err
		}
		plan, err := booking.Plan(tx, ask)
		p.Plan.fill(plan)
		return err
	})
	if err != nil {
		return refused(c, renamed(err, typed.rowNames()), form, d.showHours)
	}
	p.Action, p.Edit = "/setup/hours/"+string(h.venue.Ref)+"/apply", "/setup/hours/"+string(h.venue.Ref)+"/edit"
	p.Hidden = append(p.Hidden, hidden{"version", strconv.Itoa(version(c))}, hidden{"rows", strconv.Itoa(rows)})
	for _, name := range []string{"service", "set", "effective_from", "until"} {
		p.Hidden = append(p.Hidden, hidden{name, form.Value(name)})
	}
	for i := range rows {
		for _, name := range hoursColumns {
			for _, v := range form.Values(fieldOf(name, i)) {
				if v != "" {
					p.Hidden = append(p.Hidden, hidden{fieldOf(name, i), v})
				}
			}
		}
	}
	p.Failed = changed
	return d.show(c, status, "setup_hours_preview", h.name()+"の受付時間（確認）", &p)
}

// applyHours saves the set and carries out the plan that was shown with it.
func (d *Desk) applyHours(c *gin.Context) error {
	form := readHours(c, rowsSent(c, hoursMost))
	typed := readSet(form, rowsSent(c, hoursMost), d.dayNow())
	if !form.OK() {
		return d.showHours(c, http.StatusUnprocessableEntity, form, false)
	}
	err := d.write(c, "hours_saved", func(tx *store.Tx) (string, error) {
		h, ask, err := typed.ask(tx, c, form)
		if err != nil {
			return "", err
		}
		_, err = booking.ApplyPlan(tx, actor(c), ask, c.PostForm("fingerprint"))
		return hoursPath(h.venue, h.service), err
	})
	if errors.Is(err, booking.PlanChanged) {
		return d.showPreview(c, http.StatusConflict, form, true)
	}
	return refused(c, renamed(err, typed.rowNames()), form, d.showHours)
}
