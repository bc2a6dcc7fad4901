package console

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

func (d *Desk) stopRoutes() []guarded {
	set := func(r web.Route) guarded { return d.need(staff.MaySetUpCounter, r) }
	return []guarded{
		set(web.GET("/setup/stops", d.stops)),
		set(web.POST("/setup/stops", d.makeStop)),
		set(web.GET("/setup/stops/new", d.askStop)),
		set(web.POST("/setup/stops/new", d.checkStop)),
		set(web.GET("/setup/stops/:ref", d.stop)),
		set(web.GET("/setup/stops/:ref/end", d.askEndStop)),
		set(web.POST("/setup/stops/:ref/end", d.endStop)),
	}
}

// stopsShown is how many days back the list of stops reaches.
const stopsShown = 90

// stopsPage lists the stops that stand, and those of late (受付の停止).
type stopsPage struct {
	page
	Rows []stopRow
}

type stopRow struct{ Path, Days, Hours, Kind, Reason, Venues, State, Class string }

func (d *Desk) stops(c *gin.Context) error {
	var p stopsPage
	err := d.store.Read(c, func(tx *store.Tx) error {
		all, err := booking.Stops(tx, jp.DateOf(tx.Now).AddDays(-stopsShown))
		if err != nil {
			return err
		}
		for _, s := range all {
			venues, err := booking.StopVenues(tx, s.ID)
			if err != nil {
				return err
			}
			if !worksAtOne(c, venues) {
				continue
			}
			p.Rows = append(p.Rows, stopRowOf(s, venues))
		}
		return nil
	})
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "setup_stops", "受付の停止", &p)
}

func worksAtOne(c *gin.Context, venues []booking.Venue) bool {
	return slices.ContainsFunc(venues, func(v booking.Venue) bool { return worksAt(c, v.ID) })
}

func stopRowOf(s booking.Stop, venues []booking.Venue) stopRow {
	row := stopRow{Path: "/setup/stops/" + string(s.Ref), Days: stopDays(s), Hours: stopHours(s), Kind: s.Kind.Label(), Reason: s.Reason,
		Venues: venueNames(venues), State: "停止中", Class: "stopped"}
	if !s.Standing() {
		row.State, row.Class = "再開済み（"+recently(s.EndedAt)+"）", ""
	}
	return row
}

func stopDays(s booking.Stop) string {
	if s.FromOn == s.ToOn {
		return s.FromOn.Era()
	}
	return s.FromOn.Era() + "～" + s.ToOn.Short()
}

func stopHours(s booking.Stop) string {
	if s.Starts == 0 && s.Ends == 24*60 {
		return "終日"
	}
	return typedClock(s.Starts) + "～" + typedClock(s.Ends)
}

func venueNames(venues []booking.Venue) string {
	var names []string
	for _, v := range venues {
		names = append(names, v.Name)
	}
	return strings.Join(names, "、")
}

var stopFields = []string{"kind", "reason", "from", "to", "starts", "ends", "venues"}

func readStop(c *gin.Context) *web.Form { return web.ReadForm(c, stopFields...) }

func (d *Desk) askStop(c *gin.Context) error {
	return d.showStopForm(c, http.StatusOK, readStop(c), false)
}

func (d *Desk) showStopForm(c *gin.Context, status int, form *web.Form, _ bool) error {
	p := setupFormPage{Heading: "受付を止める", Action: "/setup/stops/new", Submit: "影響のある予約を確かめる", Back: link{Path: "/setup/stops", Label: "止めずに戻る"},
		Lead: []string{"選んだ場所の予約枠をまとめて閉めます。先に、その時間に予約している人を表示します。入っている予約は消えません。"}}
	var venues []booking.Venue
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		venues, err = ourVenues(tx, c)
		return err
	})
	if err != nil {
		return err
	}
	var kinds []option
	for _, k := range []booking.StopKind{booking.StopWeather, booking.StopJLIS, booking.StopOther} {
		kinds = append(kinds, option{Value: string(k), Label: k.Label()})
	}
	places := venueOptions(venues)
	var all []string
	for _, o := range places {
		all = append(all, o.Value)
	}
	today := typedDay(d.dayNow())
	p.ask(c, form,
		question{name: "kind", label: "種類", kind: "radios", options: kinds, now: []string{string(booking.StopWeather)}},
		question{name: "reason", label: "理由", hint: "予約している人へのメールに、このまま載ります。例：大雪のため。200文字まで。", class: "kanji", required: true},
		question{name: "from", label: "いつから", hint: "例：12/28、令和8年12月28日", class: "code half", now: []string{today}, required: true},
		question{name: "to", label: "いつまで（1日だけなら空のまま）", class: "code half"},
		question{name: "starts", label: "開始の時刻", hint: "1日を通して止めるときは、開始も終了も空のまま", class: "code short"},
		question{name: "ends", label: "終了の時刻", hint: "例：17:00", class: "code short"},
		question{name: "venues", label: "受付場所", kind: "checks", options: places, now: all, required: true},
	)
	return d.showForm(c, status, form, &p, 0)
}

// typedStop reads a stop and its places from a form. Problem: NotHere.
func typedStop(tx *store.Tx, c *gin.Context, form *web.Form) (s booking.Stop, venues []booking.Venue, err error) {
	today := jp.DateOf(tx.Now)
	s = booking.Stop{Kind: booking.StopKind(form.Value("kind")), Reason: form.Value("reason"), FromOn: readDay(form, "from", today), ToOn: readDay(form, "to", today), Ends: 24 * 60}
	if form.Value("to") == "" {
		s.ToOn = s.FromOn
	}
	if form.Value("starts") != "" {
		s.Starts = readClock(form, "starts", "starts")
	}
	if form.Value("ends") != "" {
		s.Ends = readClock(form, "ends", "ends")
	}
	for _, ref := range form.Values("venues") {
		v, err := ourVenue(tx, c, store.Ref(ref))
		if err != nil {
			return s, nil, err
		}
		venues = append(venues, v)
	}
	return s, venues, nil
}

func rowsOfVenues(venues []booking.Venue) []int64 {
	var rows []int64
	for _, v := range venues {
		rows = append(rows, v.ID)
	}
	return rows
}

// stopPage shows a stop with those who have booked: before it is made, and
// after.
type stopPage struct {
	page
	Heading   string
	Facts     []fact
	People    *peopleTable
	ByMail    int
	PrintedAt string
	Changed   bool // the list is another one than was shown before

	// Before it is made.
	Hidden []hidden
	Key    string
	// After.
	Ref   store.Ref
	State string
	End   string
	Moves []link // for each day and service with bookings, where they are moved
}

func (d *Desk) checkStop(c *gin.Context) error {
	form := readStop(c)
	if c.PostForm("back") != "" {
		return d.showStopForm(c, http.StatusOK, form, false)
	}
	return d.showCheckStop(c, http.StatusOK, form, false)
}

func (d *Desk) showCheckStop(c *gin.Context, status int, form *web.Form, changed bool) error {
	p := stopPage{Heading: "受付を止める（確認）", Changed: changed}
	err := d.store.Read(c, func(tx *store.Tx) error {
		s, venues, err := typedStop(tx, c, form)
		if err != nil || !form.OK() {
			return err
		}
		if err := s.Check(tx, rowsOfVenues(venues)); err != nil {
			return err
		}
		affected, err := booking.Affected(tx, s, rowsOfVenues(venues))
		if err != nil {
			return err
		}
		p.Key = booking.AffectedKey(affected)
		return p.fill(tx, s, venues, affected)
	})
	if err != nil {
		return refused(c, err, form, d.showStopForm)
	}
	if !form.OK() {
		return d.showStopForm(c, http.StatusUnprocessableEntity, form, false)
	}
	for _, name := range stopFields {
		for _, v := range form.Values(name) {
			p.Hidden = append(p.Hidden, hidden{name, v})
		}
	}
	p.Failed = changed
	return d.show(c, status, "setup_stop", p.Heading, &p)
}

func (p *stopPage) fill(tx *store.Tx, s booking.Stop, venues []booking.Venue, affected []booking.DayEntry) error {
	p.Facts = []fact{{"種類", s.Kind.Label()}, {"理由", s.Reason}, {"日", stopDays(s)}, {"時間", stopHours(s)}, {"受付場所", venueNames(venues)}}
	p.PrintedAt = instant(tx.Now)
	services, err := booking.AllServices(tx)
	if err != nil {
		return err
	}
	names := map[int64]string{}
	for _, s := range services {
		names[s.ID] = s.Name
	}
	p.People = &peopleTable{Caption: fmt.Sprintf("この時間に予約している人（%d件）", len(affected))}
	for _, e := range affected {
		row := personRowOf(e, names[e.Visit.Slot.ServiceID])
		if row.Mail == "あり" {
			p.ByMail++
		}
		p.People.Rows = append(p.People.Rows, row)
	}
	return nil
}

func (d *Desk) makeStop(c *gin.Context) error {
	form := readStop(c)
	changed := false
	err := d.write(c, "stop_made", func(tx *store.Tx) (string, error) {
		s, venues, err := typedStop(tx, c, form)
		if err != nil {
			return "", err
		}
		if !form.OK() {
			return "", booking.PlanStale
		}
		affected, err := booking.Affected(tx, s, rowsOfVenues(venues))
		if err != nil {
			return "", err
		}
		if changed = booking.AffectedKey(affected) != c.PostForm("key"); changed {
			return "", booking.PlanStale
		}
		made, _, err := booking.MakeStop(tx, actor(c), s, rowsOfVenues(venues))
		return "/setup/stops/" + string(made.Ref), err
	})
	if changed {
		return d.showCheckStop(c, http.StatusConflict, form, true)
	}
	return refused(c, err, form, d.showStopForm)
}

func (d *Desk) stop(c *gin.Context) error {
	var p stopPage
	err := d.store.Read(c, func(tx *store.Tx) error {
		s, venues, affected, err := stopOf(tx, c)
		if err != nil {
			return err
		}
		p.Heading = "受付の停止　" + stopDays(s)
		p.Ref, p.State = s.Ref, "停止中です（"+recently(s.MadeAt)+" から）"
		switch {
		case !s.Standing():
			p.State = instant(s.EndedAt) + " に再開しました"
		case !slices.ContainsFunc(venues, func(v booking.Venue) bool { return !worksAt(c, v.ID) }):
			p.End = "/setup/stops/" + string(s.Ref) + "/end"
		}
		if s.Standing() && may(c, staff.MayMoveMany) {
			if err := p.moves(tx, affected); err != nil {
				return err
			}
		}
		return p.fill(tx, s, venues, affected)
	})
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "setup_stop", p.Heading, &p)
}

// moves offers to move the bookings, day by day and service by service.
func (p *stopPage) moves(tx *store.Tx, affected []booking.DayEntry) error {
	services, err := booking.AllServices(tx)
	for _, e := range affected {
		i := slices.IndexFunc(services, func(s booking.Service) bool { return s.ID == e.Visit.Slot.ServiceID })
		if l := moveDay(e.Visit.Venue, services[i], e.Visit.Slot.HeldOn); !slices.Contains(p.Moves, l) {
			p.Moves = append(p.Moves, l)
		}
	}
	return err
}

// stopOf finds the stop of an address with its places and those who have booked
// at the places at which who is signed in works. Problems: booking.StopNotFound,
// NotHere.
func stopOf(tx *store.Tx, c *gin.Context) (s booking.Stop, venues []booking.Venue, affected []booking.DayEntry, err error) {
	if s, err = booking.StopByRef(tx, refOf(c)); err != nil {
		return s, nil, nil, err
	}
	if venues, err = booking.StopVenues(tx, s.ID); err != nil {
		return s, nil, nil, err
	}
	if !worksAtOne(c, venues) {
		return s, nil, nil, NotHere
	}
	affected, err = booking.Affected(tx, s, rowsOfVenues(venues))
	return s, venues, ourEntries(c, affected), err
}

func (d *Desk) askEndStop(c *gin.Context) error {
	return d.showEndStop(c, http.StatusOK, web.ReadForm(c), false)
}

func (d *Desk) showEndStop(c *gin.Context, status int, form *web.Form, stale bool) error {
	p := setupFormPage{Heading: "受付を再開する", Submit: "再開する", Stale: stale}
	var s booking.Stop
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		var venues []booking.Venue
		var affected []booking.DayEntry
		if s, venues, affected, err = stopOf(tx, c); err != nil {
			return err
		}
		row := stopRowOf(s, venues)
		p.Facts = []fact{{"日", row.Days}, {"時間", row.Hours}, {"理由", row.Reason}, {"受付場所", row.Venues}, {"状態", row.State}, {"予約が残っている人", fmt.Sprintf("%d件", len(affected))}}
		return nil
	})
	if err != nil {
		return err
	}
	p.Action, p.Back = "/setup/stops/"+string(s.Ref)+"/end", link{Path: "/setup/stops/" + string(s.Ref), Label: "再開せずに戻る"}
	p.Lead = []string{"この停止で閉めた枠を、もう一度開けます。ほかの停止がかかっている枠と、そのあと手で変えた枠はそのままです。予約が残っていてメールアドレスのある人には、再開をお知らせします。"}
	return d.showForm(c, status, form, &p, s.Version)
}

func (d *Desk) endStop(c *gin.Context) error {
	err := d.write(c, "stop_ended", func(tx *store.Tx) (string, error) {
		_, venues, _, err := stopOf(tx, c)
		if err != nil {
			return "", err
		}
		for _, v := range venues {
			if err := here(c, v.ID); err != nil {
				return "", err
			}
		}
		s, err := booking.EndStop(tx, actor(c), refOf(c), version(c))
		return "/setup/stops/" + string(s.Ref), err
	})
	return refused(c, err, web.ReadForm(c), d.showEndStop)
}
