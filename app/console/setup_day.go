package console

import (
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

func (d *Desk) slotDayRoutes() []guarded {
	set := func(r web.Route) guarded { return d.need(staff.MaySetUpCounter, r) }
	return []guarded{
		set(web.GET("/setup/days", d.daySlots)),
		set(web.GET("/setup/days/:ref/set", d.askDay)),
		set(web.POST("/setup/days/:ref/set", d.setDay)),
		set(web.GET("/setup/days/:ref/add", d.askAddSlot)),
		set(web.POST("/setup/days/:ref/add", d.addSlot)),
		set(web.GET("/setup/slots/:ref", d.askSlot)),
		set(web.POST("/setup/slots/:ref", d.setSlot)),
		set(web.GET("/setup/slots/:ref/follow", d.backToSlot)),
		set(web.POST("/setup/slots/:ref/follow", d.followHours)),
	}
}

// slotDayPage shows every slot of a day at one place, to be set by hand.
type slotDayPage struct {
	page
	Heading        string
	Venues         []link
	VenueRef       store.Ref
	Unreadable     string
	Previous, Next link
	Today          link
	IsToday        bool
	Closed         string // why the place is closed, besides its slots
	Groups         []dayGroup
	Add            string
	Empty          string
}

// dayGroup is one service's slots.
type dayGroup struct {
	ID, Name      string
	Set           string // the whole day at once; "" where no slot is left to set
	Rows          []daySlotRow
	Booked, Slots int
}

type daySlotRow struct {
	Path, When       string // When names the slot for who hears the page
	Hours            string
	State, Class     string
	Note             string
	Booked           int
	Capacity, Left   int
	Reserve, Over    int
	Past             bool
	Quick            string // the word on the button that opens or closes at once; "" for none
	Open             string // what the button sends
	Version          int
	ClosesWithPeople bool // closing asks first, with the list of who has booked
}

func dayPath(v store.Ref, on jp.Date) string {
	return "/setup/days?" + url.Values{"venue": {string(v)}, "date": {on.String()}}.Encode()
}

func (d *Desk) daySlots(c *gin.Context) error {
	var p slotDayPage
	err := d.store.Read(c, func(tx *store.Tx) error { return p.fill(tx, c) })
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "setup_day", p.Heading, &p)
}

func (p *slotDayPage) fill(tx *store.Tx, c *gin.Context) error {
	now := jp.DateOf(tx.Now)
	on, ok := writtenDay(c.Query("date"), now)
	if !ok {
		on, p.Unreadable = now, c.Query("date")
	}
	p.Heading = "1日ごとの枠　" + on.Era()
	venues, err := ourVenues(tx, c)
	if err != nil || len(venues) == 0 {
		p.Empty = "受付場所がまだ登録されていません。"
		return err
	}
	venue := venues[0]
	for _, v := range venues {
		if string(v.Ref) == c.Query("venue") {
			venue = v
		}
	}
	for _, v := range venues {
		p.Venues = append(p.Venues, link{Path: dayPath(v.Ref, on), Label: v.Name, Here: v.ID == venue.ID})
	}
	at := func(d jp.Date) link { return link{Path: dayPath(venue.Ref, d), Label: d.Short()} }
	p.VenueRef, p.IsToday = venue.Ref, on == now
	p.Previous, p.Today, p.Next = at(on.AddDays(-1)), at(now), at(on.AddDays(1))
	if p.Closed, _, err = booking.ClosedOn(tx, venue.ID, on); err != nil {
		return err
	}
	if !on.Before(now) {
		p.Add = "/setup/days/" + string(venue.Ref) + "/add?" + url.Values{"date": {typedDay(on)}}.Encode()
	}
	services, err := booking.AllServices(tx)
	if err != nil {
		return err
	}
	for i, s := range services {
		slots, err := booking.DaySlots(tx, venue.ID, s.ID, on)
		if err != nil {
			return err
		}
		if len(slots) == 0 {
			continue
		}
		group := dayGroupOf(tx, s, slots)
		group.ID = fmt.Sprintf("service-%d", i+1)
		if !s.Retired() && slices.ContainsFunc(group.Rows, func(r daySlotRow) bool { return !r.Past }) {
			group.Set = "/setup/days/" + string(venue.Ref) + "/set?" + url.Values{"service": {string(s.Ref)}, "date": {on.String()}}.Encode()
		}
		p.Groups = append(p.Groups, group)
	}
	if len(p.Groups) == 0 {
		p.Empty = "この日に、" + venue.Name + "の予約枠はありません。"
	}
	return nil
}

func dayGroupOf(tx *store.Tx, s booking.Service, slots []booking.Slot) dayGroup {
	g := dayGroup{Name: s.Name, Slots: len(slots)}
	for _, slot := range slots {
		booked := slot.Taken + slot.StaffTaken + slot.Over
		row := daySlotRow{
			Path: "/setup/slots/" + string(slot.Ref), When: s.Name + " " + slotSpan(slot), Hours: slotHours(slot), Booked: booked,
			Capacity: slot.Capacity, Reserve: slot.Reserve, Over: slot.Over, Left: slot.RemainingForStaff(), Version: slot.Version,
			State: "受付中", Class: "open", Quick: "閉める", Open: "0", ClosesWithPeople: booked > 0,
		}
		g.Booked += booked
		switch {
		case !tx.Now.Before(slot.HeldOn.At(slot.Ends)):
			row.Past, row.Quick, row.State, row.Class = true, "", "終了", ""
		case slot.StopID != 0:
			row.State, row.Class, row.Quick = "停止中", "stopped", ""
		case !slot.Open:
			row.State, row.Class, row.Quick, row.Open = "閉めた枠", "shut", "開ける", "1"
			row.ClosesWithPeople = false
		}
		if slot.Capacity+slot.Reserve == 0 && row.Quick == "開ける" {
			row.Quick = "" // without places there is nothing to open; the numbers come first
		}
		if slot.ByHand && !row.Past {
			row.Note = "手で変えた枠"
		}
		g.Rows = append(g.Rows, row)
	}
	return g
}

func readSlot(c *gin.Context) *web.Form { return web.ReadForm(c, "open", "capacity", "reserve") }

func (d *Desk) askSlot(c *gin.Context) error {
	return d.showSlot(c, http.StatusOK, readSlot(c), false)
}

func (d *Desk) backToSlot(c *gin.Context) error { return web.To(c, "/setup/slots/"+string(refOf(c))) }

func (d *Desk) showSlot(c *gin.Context, status int, form *web.Form, stale bool) error {
	var place booking.Place
	p := setupFormPage{Stale: stale, Submit: "この枠を変える", fresh: strings.HasSuffix(c.FullPath(), "/follow")}
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		if place, err = booking.PlaceByRef(tx, refOf(c)); err != nil {
			return err
		}
		if err := here(c, place.VenueID); err != nil {
			return err
		}
		name, err := serviceName(tx, place.ServiceID)
		if err != nil {
			return err
		}
		p.Facts = []fact{{"受付場所", place.Venue.Name}, {"業務", name}, {"日時", place.HeldOn.Era() + "　" + slotSpan(place.Slot)},
			{"予約", fmt.Sprintf("%d件（住民の枠 %d、職員枠 %d、枠を超えた予約 %d）", place.Taken+place.StaffTaken+place.Over, place.Taken, place.StaffTaken, place.Over)}}
		people, err := peopleIn(tx, place.Slot, name)
		if len(people) > 0 {
			p.People = &peopleTable{Caption: "この枠に予約している人", Rows: people}
			if may(c, staff.MayMoveMany) {
				p.Move = link{Path: "/moves?slot=" + string(place.Ref), Label: "この枠の予約をまとめて動かす"}
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	s := place.Slot
	open := "0"
	if s.Open {
		open = "1"
	}
	p.Heading, p.Action = slotTime(s)+"の枠", "/setup/slots/"+string(s.Ref)
	p.Back = link{Path: dayPath(place.Venue.Ref, s.HeldOn), Label: "変えずに戻る"}
	if s.StopID != 0 {
		p.Lead = append(p.Lead, "この枠は「受付の停止」で閉まっています。ここで開けると、停止から外れます。")
	}
	if p.People != nil {
		p.Lead = append(p.Lead, "閉めても、入っている予約はそのまま残ります。下の一覧で、電話などで連絡してください。")
	}
	p.ask(c, form,
		question{name: "open", label: "受付", kind: "radios", options: []option{{Value: "1", Label: "開ける（受け付ける）"}, {Value: "0", Label: "閉める（新しい予約を受けない）"}}, now: []string{open}},
		question{name: "capacity", class: "code short", now: []string{fmt.Sprint(s.Capacity)}, required: true},
		question{name: "reserve", class: "code short", now: []string{fmt.Sprint(s.Reserve)}, required: true},
	)
	if s.ByHand {
		p.Others = append(p.Others, setupFormPage{Heading: "受付時間のとおりに戻す", Action: p.Action + "/follow", Version: s.Version,
			Submit: "受付時間のとおりに戻す", Class: "second", Lead: []string{"手で変えた枠です。戻すときは、次の画面で変わるところを確かめます。"}})
	}
	return d.showForm(c, status, form, &p, s.Version)
}

func serviceName(tx *store.Tx, id int64) (string, error) {
	services, err := booking.AllServices(tx)
	for _, s := range services {
		if s.ID == id {
			return s.Name, err
		}
	}
	return "", err
}

// peopleIn lists who has booked a slot.
func peopleIn(tx *store.Tx, s booking.Slot, service string) ([]personRow, error) {
	entries, err := booking.BookingsIn(tx, s.VenueID, s.ServiceID, s.HeldOn)
	var rows []personRow
	for _, e := range entries {
		if e.Visit.SlotID == s.ID {
			rows = append(rows, personRowOf(e, service))
		}
	}
	return rows, err
}

// setSlot sets one slot, from its own page or by the button of the day's page.
func (d *Desk) setSlot(c *gin.Context) error {
	form := readSlot(c)
	e := booking.SlotEdit{Slot: refOf(c), Version: version(c), Open: form.Value("open") == "1",
		Capacity: readNumber(form, "capacity", "capacity"), Reserve: readNumber(form, "reserve", "reserve")}
	if !form.OK() {
		return d.showSlot(c, http.StatusUnprocessableEntity, form, false)
	}
	err := d.write(c, "slot_set", func(tx *store.Tx) (string, error) {
		if err := ourSlot(tx, c, e.Slot); err != nil {
			return "", err
		}
		s, err := booking.SetSlot(tx, actor(c), e)
		if err != nil {
			return "", err
		}
		ref, err := venueRef(tx, s.VenueID)
		return dayPath(ref, s.HeldOn), err
	})
	return refused(c, err, form, d.showSlot)
}

func (d *Desk) followHours(c *gin.Context) error {
	err := d.write(c, "slot_follows", func(tx *store.Tx) (string, error) {
		if err := ourSlot(tx, c, refOf(c)); err != nil {
			return "", err
		}
		s, err := booking.FollowHours(tx, actor(c), refOf(c), version(c))
		if err != nil {
			return "", err
		}
		ref, err := venueRef(tx, s.VenueID)
		return planPath(ref, "", booking.Period{From: s.HeldOn, To: s.HeldOn}), err
	})
	return refused(c, err, readSlot(c), d.showSlot)
}

func readDayForm(c *gin.Context) *web.Form {
	return web.ReadForm(c, "service", "date", "open", "capacity", "reserve")
}

func (d *Desk) askDay(c *gin.Context) error {
	return d.showDay(c, http.StatusOK, readDayForm(c), false)
}

// showDay asks what is to become of all slots of a day.
func (d *Desk) showDay(c *gin.Context, status int, form *web.Form, _ bool) error {
	on, err := jp.ParseDate(form.Value("date"))
	if err != nil {
		return booking.SlotNotFound
	}
	p := setupFormPage{Action: "/setup/days/" + string(refOf(c)) + "/set", Submit: "この日の枠をまとめて変える"}
	err = d.store.Read(c, func(tx *store.Tx) error {
		v, err := ourVenue(tx, c, refOf(c))
		if err != nil {
			return err
		}
		s, err := booking.ServiceByRef(tx, store.Ref(form.Value("service")))
		if err != nil {
			return err
		}
		slots, err := booking.DaySlots(tx, v.ID, s.ID, on)
		if err != nil {
			return err
		}
		if len(slots) == 0 {
			return booking.SlotNotFound
		}
		p.Heading = on.Short() + "の枠をまとめて変える"
		p.Facts = []fact{{"受付場所", v.Name}, {"業務", s.Name}, {"枠", fmt.Sprintf("%d枠（%s～%s）", len(slots), slots[0].Starts.Plain(), slots[len(slots)-1].Ends.Plain())}}
		p.Back = link{Path: dayPath(v.Ref, on), Label: "変えずに戻る"}
		entries, err := booking.BookingsIn(tx, v.ID, s.ID, on)
		if err != nil || len(entries) == 0 {
			return err
		}
		p.Lead = []string{"閉めても、入っている予約はそのまま残ります。下の一覧で、電話などで連絡してください。"}
		p.People = &peopleTable{Caption: fmt.Sprintf("この日に予約している人（%d件）", len(entries))}
		if may(c, staff.MayMoveMany) {
			p.Move = moveDay(v, s, on)
		}
		for _, e := range entries {
			p.People.Rows = append(p.People.Rows, personRowOf(e, s.Name))
		}
		return nil
	})
	if err != nil {
		return err
	}
	p.hide("service", form.Value("service"))
	p.hide("date", on.String())
	p.ask(c, form,
		question{name: "open", label: "この日の受付", kind: "radios", options: []option{{Value: "1", Label: "すべての枠を開ける"}, {Value: "0", Label: "すべての枠を閉める"}}, now: []string{"1"}},
		question{name: "capacity", label: "1枠の枠数（住民）", hint: "変えないときは空のまま", class: "code short"},
		question{name: "reserve", label: "1枠の職員枠", hint: "変えないときは空のまま", class: "code short"},
	)
	return d.showForm(c, status, form, &p, 0)
}

// moveDay is where the bookings of a service on a day are moved.
func moveDay(v booking.Venue, s booking.Service, on jp.Date) link {
	return link{
		Path:  "/moves?" + url.Values{"venue": {string(v.Ref)}, "service": {string(s.Ref)}, "date": {on.String()}}.Encode(),
		Label: on.Short() + "の" + v.Name + "「" + s.Name + "」の予約をまとめて動かす",
	}
}

func (d *Desk) setDay(c *gin.Context) error {
	form := readDayForm(c)
	e := booking.DayEdit{Open: form.Value("open") == "1"}
	for name, to := range map[string]**int{"capacity": &e.Capacity, "reserve": &e.Reserve} {
		if form.Value(name) != "" {
			n := readNumber(form, name, name)
			*to = &n
		}
	}
	var err error
	if e.On, err = jp.ParseDate(form.Value("date")); err != nil {
		return booking.SlotNotFound
	}
	if !form.OK() {
		return d.showDay(c, http.StatusUnprocessableEntity, form, false)
	}
	err = d.write(c, "day_set", func(tx *store.Tx) (string, error) {
		v, err := ourVenue(tx, c, refOf(c))
		if err != nil {
			return "", err
		}
		s, err := booking.ServiceByRef(tx, store.Ref(form.Value("service")))
		if err != nil {
			return "", err
		}
		e.VenueID, e.ServiceID = v.ID, s.ID
		_, err = booking.SetDay(tx, actor(c), e)
		return dayPath(v.Ref, e.On), err
	})
	return refused(c, err, form, d.showDay)
}

func readAddSlot(c *gin.Context) *web.Form {
	return web.ReadForm(c, "service", "date", "starts", "ends", "capacity", "reserve")
}

func (d *Desk) askAddSlot(c *gin.Context) error {
	return d.showAddSlot(c, http.StatusOK, readAddSlot(c), false)
}

func (d *Desk) showAddSlot(c *gin.Context, status int, form *web.Form, _ bool) error {
	var v booking.Venue
	var services []booking.Service
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		if v, err = ourVenue(tx, c, refOf(c)); err != nil {
			return err
		}
		services, err = booking.Services(tx)
		return err
	})
	if err != nil {
		return err
	}
	p := setupFormPage{Heading: v.Name + "に枠を1つ加える", Action: "/setup/days/" + string(v.Ref) + "/add", Submit: "枠を加える",
		Back: link{Path: "/setup/days?venue=" + url.QueryEscape(string(v.Ref)), Label: "加えずに戻る"}}
	p.ask(c, form,
		question{name: "service", label: "業務", kind: "select", options: serviceOptions(services)},
		question{name: "date", label: "日付", hint: "例：12/19、令和8年12月19日", class: "code half", required: true},
		question{name: "starts", class: "code short", required: true},
		question{name: "ends", class: "code short", required: true},
		question{name: "capacity", class: "code short", now: []string{"1"}, required: true},
		question{name: "reserve", class: "code short", now: []string{"0"}, required: true},
	)
	return d.showForm(c, status, form, &p, 0)
}

func (d *Desk) addSlot(c *gin.Context) error {
	form := readAddSlot(c)
	w := booking.Window{
		HeldOn: readDay(form, "date", d.dayNow()), Starts: readClock(form, "starts", "starts"), Ends: readClock(form, "ends", "ends"),
		Capacity: readNumber(form, "capacity", "capacity"), Reserve: readNumber(form, "reserve", "reserve"),
	}
	if !form.OK() {
		return d.showAddSlot(c, http.StatusUnprocessableEntity, form, false)
	}
	err := d.write(c, "slot_added", func(tx *store.Tx) (string, error) {
		v, err := ourVenue(tx, c, refOf(c))
		if err != nil {
			return "", err
		}
		s, err := booking.ServiceByRef(tx, store.Ref(form.Value("service")))
		if err != nil {
			return "", err
		}
		_, err = booking.AddSlot(tx, actor(c), v.ID, s.ID, w)
		return dayPath(v.Ref, w.HeldOn), err
	})
	return refused(c, err, form, d.showAddSlot)
}
