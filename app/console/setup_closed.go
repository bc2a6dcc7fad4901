package console

import (
	"net/http"
	"slices"
	"time"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/app/settings"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

func (d *Desk) closedRoutes() []guarded {
	set := func(r web.Route) guarded { return d.need(staff.MaySetUpCounter, r) }
	return []guarded{
		set(web.GET("/setup/closed", d.closedDays)),
		set(web.GET("/setup/closed/new", d.askClose)),
		set(web.POST("/setup/closed/new", d.closeDays)),
		set(web.POST("/setup/closed/:ref/remove", d.reopenDay)),
		set(web.GET("/setup/extra/new", d.askExtra)),
		set(web.POST("/setup/extra/new", d.addExtra)),
		set(web.POST("/setup/extra/:ref/remove", d.removeExtra)),
	}
}

// closedShown is how many days ahead the page of closed days reaches.
const closedShown = 366

// closedPage lists what opens and closes besides the hours (閉庁日).
type closedPage struct {
	page
	Town     []fact // the switches
	Settings string // where they are changed; "" for who may not
	Own      []closedRow
	Extra    []extraRow
	Holidays []holidayRow
}

type closedRow struct{ Action, Day, Venue, Reason string }

type extraRow struct{ Action, Day, Venue, Service, Hours, Places string }

type holidayRow struct{ Day, Name, Held string }

func (d *Desk) closedDays(c *gin.Context) error {
	var p closedPage
	err := d.store.Read(c, func(tx *store.Tx) error {
		town, err := settings.Get(tx)
		if err != nil {
			return err
		}
		today := jp.DateOf(tx.Now)
		period := booking.Period{From: today, To: today.AddDays(closedShown)}
		p.switches(town)
		p.Holidays = holidaysOf(period, town)
		if everywhere(c) == nil {
			p.Settings = "/setup/settings"
		}
		return p.own(tx, c, period)
	})
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "setup_closed", "閉庁日・臨時の受付", &p)
}

func (p *closedPage) switches(town settings.Settings) {
	say := func(closed bool) string {
		if closed {
			return "閉庁する"
		}
		return "閉庁しない（受付時間のとおり）"
	}
	p.Town = []fact{{"国民の祝日・休日", say(town.ClosedOnHolidays)}, {"年末年始（12月29日～1月3日）", say(town.ClosedAtYearEnd)}}
}

// holidaysOf lists the holidays and year-end days of a period by name.
func holidaysOf(period booking.Period, town settings.Settings) []holidayRow {
	var rows []holidayRow
	for on := period.From; !on.After(period.To); on = on.AddDays(1) {
		name, holiday := jp.Holiday(on)
		closed := holiday && town.ClosedOnHolidays
		if jp.YearEnd(on) {
			closed = closed || town.ClosedAtYearEnd
			if !holiday {
				name = "年末年始"
			}
		} else if !holiday {
			continue
		}
		row := holidayRow{Day: on.Era(), Name: name, Held: "受付時間のとおり"}
		switch {
		case closed:
			row.Held = "閉庁"
		case on.Weekday() == time.Saturday || on.Weekday() == time.Sunday:
			row.Held = "週末"
		}
		rows = append(rows, row)
	}
	return rows
}

func (p *closedPage) own(tx *store.Tx, c *gin.Context, period booking.Period) error {
	names := map[int64]string{0: "すべての受付場所"}
	venues, err := booking.AllVenues(tx)
	if err != nil {
		return err
	}
	for _, v := range venues {
		names[v.ID] = v.Name
	}
	services, err := booking.AllServices(tx)
	if err != nil {
		return err
	}
	closed, err := booking.ClosedDays(tx, period)
	if err != nil {
		return err
	}
	for _, day := range closed {
		row := closedRow{Day: day.ClosedOn.Era(), Venue: names[day.VenueID], Reason: day.Reason}
		if mayClose(c, day.VenueID) == nil {
			row.Action = "/setup/closed/" + string(day.Ref) + "/remove"
		} else if day.VenueID != 0 {
			continue
		}
		p.Own = append(p.Own, row)
	}
	extra, err := booking.ExtraOpenings(tx, period)
	for _, e := range extra {
		if !worksAt(c, e.VenueID) {
			continue
		}
		i := slices.IndexFunc(services, func(s booking.Service) bool { return s.ID == e.ServiceID })
		p.Extra = append(p.Extra, extraRow{
			Action: "/setup/extra/" + string(e.Ref) + "/remove", Day: e.OpensOn.Era(), Venue: names[e.VenueID], Service: services[i].Name,
			Hours: typedClock(e.Starts) + "～" + typedClock(e.Ends), Places: placesText(booking.Slot{Capacity: e.Capacity, Reserve: e.Reserve}),
		})
	}
	return err
}

// mayClose refuses a closing of places at which who is signed in does not work;
// 0 is all of them.
func mayClose(c *gin.Context, venueID int64) error {
	if venueID == 0 {
		return everywhere(c)
	}
	return here(c, venueID)
}

func readClose(c *gin.Context) *web.Form { return web.ReadForm(c, "venue", "from", "to", "reason") }

func (d *Desk) askClose(c *gin.Context) error {
	return d.showClose(c, http.StatusOK, readClose(c), false)
}

func (d *Desk) showClose(c *gin.Context, status int, form *web.Form, _ bool) error {
	p := setupFormPage{Heading: "閉庁日を加える", Action: "/setup/closed/new", Submit: "登録して、変わる枠を確かめる",
		Back: link{Path: "/setup/closed", Label: "登録せずに戻る"}}
	var places []option
	err := d.store.Read(c, func(tx *store.Tx) error {
		venues, err := ourVenues(tx, c)
		if everywhere(c) == nil {
			places = append(places, option{Value: "", Label: "すべての受付場所"})
		}
		places = append(places, venueOptions(venues)...)
		return err
	})
	if err != nil {
		return err
	}
	p.ask(c, form,
		question{name: "venue", label: "受付場所", kind: "select", options: places},
		question{name: "from", label: "いつから", hint: "例：12/28、令和8年12月28日", class: "code half", required: true},
		question{name: "to", label: "いつまで（1日だけなら空のまま）", class: "code half"},
		question{name: "reason", label: "理由", hint: "例：庁舎の点検。200文字まで。", class: "kanji", required: true},
	)
	return d.showForm(c, status, form, &p, 0)
}

// venueNamed finds the place of a form's field; its zero value for "".
// Problems: booking.VenueNotFound, NotHere, NotEverywhere.
func venueNamed(tx *store.Tx, c *gin.Context, ref string) (booking.Venue, error) {
	if ref == "" {
		return booking.Venue{}, everywhere(c)
	}
	return ourVenue(tx, c, store.Ref(ref))
}

func (d *Desk) closeDays(c *gin.Context) error {
	form := readClose(c)
	today := d.dayNow()
	period := booking.Period{From: readDay(form, "from", today)}
	if period.To = readDay(form, "to", today); form.Value("to") == "" {
		period.To = period.From
	}
	if !form.OK() {
		return d.showClose(c, http.StatusUnprocessableEntity, form, false)
	}
	err := d.write(c, "closed_saved", func(tx *store.Tx) (string, error) {
		v, err := venueNamed(tx, c, form.Value("venue"))
		if err != nil {
			return "", err
		}
		_, err = booking.CloseDays(tx, actor(c), booking.ClosedDay{VenueID: v.ID, Reason: form.Value("reason")}, period)
		return planPath(v.Ref, "", period), err
	})
	return refused(c, err, form, d.showClose)
}

func (d *Desk) reopenDay(c *gin.Context) error {
	return d.write(c, "closed_removed", func(tx *store.Tx) (string, error) {
		day, err := booking.RemoveClosedDay(tx, actor(c), refOf(c))
		if err != nil {
			return "", err
		}
		if err := mayClose(c, day.VenueID); err != nil {
			return "", err
		}
		ref, err := venueRef(tx, day.VenueID)
		return planPath(ref, "", booking.Period{From: day.ClosedOn, To: day.ClosedOn}), err
	})
}

// venueRef is the Ref of a place's row; "" for 0, which is every place.
func venueRef(tx *store.Tx, id int64) (store.Ref, error) {
	venues, err := booking.AllVenues(tx)
	for _, v := range venues {
		if v.ID == id {
			return v.Ref, err
		}
	}
	return "", err
}

func readExtra(c *gin.Context) *web.Form {
	return web.ReadForm(c, "venue", "service", "opens_on", "starts", "ends", "slot_minutes", "capacity", "reserve")
}

func (d *Desk) askExtra(c *gin.Context) error {
	return d.showExtra(c, http.StatusOK, readExtra(c), false)
}

func (d *Desk) showExtra(c *gin.Context, status int, form *web.Form, _ bool) error {
	p := setupFormPage{Heading: "臨時の受付を加える", Action: "/setup/extra/new", Submit: "登録して、変わる枠を確かめる",
		Lead: []string{"閉庁日や受付時間のない時間にも、受付をします。同じ時間に受付時間があるときは、臨時の受付が優先します。"},
		Back: link{Path: "/setup/closed", Label: "登録せずに戻る"}}
	var venues []booking.Venue
	var services []booking.Service
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		if venues, err = ourVenues(tx, c); err != nil {
			return err
		}
		services, err = booking.Services(tx)
		return err
	})
	if err != nil {
		return err
	}
	p.ask(c, form,
		question{name: "venue", label: "受付場所", kind: "select", options: venueOptions(venues)},
		question{name: "service", label: "業務", kind: "select", options: serviceOptions(services)},
		question{name: "opens_on", label: "日付", hint: "例：12/19、令和8年12月19日", class: "code half", required: true},
		question{name: "starts", class: "code short", required: true},
		question{name: "ends", class: "code short", required: true},
		question{name: "slot_minutes", class: "code short", now: []string{"30"}, required: true},
		question{name: "capacity", class: "code short", now: []string{"1"}, required: true},
		question{name: "reserve", class: "code short", now: []string{"0"}, required: true},
	)
	return d.showForm(c, status, form, &p, 0)
}

func (d *Desk) addExtra(c *gin.Context) error {
	form := readExtra(c)
	e := booking.ExtraOpening{
		OpensOn: readDay(form, "opens_on", d.dayNow()), Starts: readClock(form, "starts", "starts"), Ends: readClock(form, "ends", "ends"),
		Minutes: readNumber(form, "slot_minutes", "slot_minutes"), Capacity: readNumber(form, "capacity", "capacity"), Reserve: readNumber(form, "reserve", "reserve"),
	}
	if !form.OK() {
		return d.showExtra(c, http.StatusUnprocessableEntity, form, false)
	}
	err := d.write(c, "extra_saved", func(tx *store.Tx) (string, error) {
		v, err := ourVenue(tx, c, store.Ref(form.Value("venue")))
		if err != nil {
			return "", err
		}
		s, err := booking.ServiceByRef(tx, store.Ref(form.Value("service")))
		if err != nil {
			return "", err
		}
		e.VenueID, e.ServiceID = v.ID, s.ID
		_, err = booking.AddExtraOpening(tx, actor(c), e)
		return planPath(v.Ref, s.Ref, booking.Period{From: e.OpensOn, To: e.OpensOn}), err
	})
	return refused(c, renamed(err, map[string]string{"window": "ends"}), form, d.showExtra)
}

func (d *Desk) removeExtra(c *gin.Context) error {
	return d.write(c, "extra_removed", func(tx *store.Tx) (string, error) {
		e, err := booking.RemoveExtraOpening(tx, actor(c), refOf(c))
		if err != nil {
			return "", err
		}
		if err := here(c, e.VenueID); err != nil {
			return "", err
		}
		ref, err := venueRef(tx, e.VenueID)
		return planPath(ref, "", booking.Period{From: e.OpensOn, To: e.OpensOn}), err
	})
}
