package console

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

// uploadBytes is the most that a form with a map picture may weigh. A picture
// beyond booking.MapBytes is refused at its field, which needs it read first.
const uploadBytes = 6 << 20

func (d *Desk) venueRoutes() []guarded {
	set := func(r web.Route) guarded { return d.need(staff.MaySetUpCounter, r) }
	return []guarded{
		set(web.GET("/setup/venues", d.venues)),
		set(web.GET("/setup/venues/new", d.askVenue)),
		set(web.POST("/setup/venues/new", d.saveVenue)),
		set(web.GET("/setup/venues/:ref", d.venue)),
		set(web.GET("/setup/venues/:ref/edit", d.askVenue)),
		set(web.POST("/setup/venues/:ref/edit", d.saveVenue)),
		set(web.GET("/setup/venues/:ref/map", d.askMap)),
		set(web.POST("/setup/venues/:ref/map", d.saveMap).Limit(uploadBytes)),
		set(web.GET("/setup/venues/:ref/retire", d.askRetireVenue)),
		set(web.POST("/setup/venues/:ref/retire", d.retireVenue)),
		set(web.GET("/setup/venues/:ref/counters/new", d.askCounter)),
		set(web.POST("/setup/venues/:ref/counters/new", d.saveCounter)),
		set(web.GET("/setup/counters/:ref", d.askCounter)),
		set(web.POST("/setup/counters/:ref", d.saveCounter)),
		set(web.GET("/setup/counters/:ref/retire", d.askRetireCounter)),
		set(web.POST("/setup/counters/:ref/retire", d.retireCounter)),
		set(web.GET("/setup/maps/:hash", d.mapPicture)),
	}
}

// venuesPage lists the places (受付場所).
type venuesPage struct {
	page
	New  link // no path for those who work at some places only
	Rows []venueRow
}

type venueRow struct {
	Path, Name, Address, Telephone string
	Counters, Services             []string
	Retired                        string
}

func (d *Desk) venues(c *gin.Context) error {
	var p venuesPage
	if everywhere(c) == nil {
		p.New = link{Path: "/setup/venues/new", Label: "受付場所を加える"}
	}
	err := d.store.Read(c, func(tx *store.Tx) error {
		all, err := booking.AllVenues(tx)
		if err != nil {
			return err
		}
		for _, v := range all {
			if !worksAt(c, v.ID) {
				continue
			}
			row := venueRow{Path: venuePath(v), Name: v.Name, Address: v.Address, Telephone: v.Telephone}
			if v.Retired() {
				row.Retired = recently(v.RetiredAt)
			}
			counters, err := booking.Counters(tx, v.ID)
			if err != nil {
				return err
			}
			for _, counter := range counters {
				row.Counters = append(row.Counters, counter.Name)
			}
			given, err := givenAt(tx, v)
			if err != nil {
				return err
			}
			for _, s := range given {
				row.Services = append(row.Services, s.Name)
			}
			p.Rows = append(p.Rows, row)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "setup_venues", "受付場所・窓口", &p)
}

func venuePath(v booking.Venue) string { return "/setup/venues/" + string(v.Ref) }

// givenAt lists the services with hours at a place that hold today or later.
func givenAt(tx *store.Tx, v booking.Venue) ([]booking.Service, error) {
	services, err := booking.Services(tx)
	if err != nil {
		return nil, err
	}
	var given []booking.Service
	for _, s := range services {
		sets, err := booking.HoursOf(tx, v.ID, s.ID)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(sets, func(h booking.Hours) bool { return len(h.Windows) > 0 }) {
			given = append(given, s)
		}
	}
	return given, nil
}

// ourVenue finds the place of an address. Problems: booking.VenueNotFound, NotHere.
func ourVenue(tx *store.Tx, c *gin.Context, ref store.Ref) (booking.Venue, error) {
	v, err := booking.VenueByRef(tx, ref)
	if err != nil {
		return v, err
	}
	return v, here(c, v.ID)
}

// venuePage is all that is set up at one place.
type venuePage struct {
	page
	Path     string
	Facts    []fact
	Map      *picture
	Retired  string
	Counters []counterRow
	Services []givenRow
	Days     string
}

type counterRow struct{ Path, Name, Services string }

type givenRow struct{ Path, Name, Hours string }

func (d *Desk) venue(c *gin.Context) error {
	var p venuePage
	var name string
	err := d.store.Read(c, func(tx *store.Tx) error {
		v, err := ourVenue(tx, c, refOf(c))
		if err != nil {
			return err
		}
		name, p.Path = v.Name, venuePath(v)
		p.Days = "/setup/days?venue=" + url.QueryEscape(string(v.Ref))
		p.Facts = []fact{
			{"カナ", orNone(v.Kana)}, {"住所", orNone(v.PostalCode.String() + " " + v.Address)}, {"電話番号", orNone(v.Telephone)},
			{"行き方", orNone(v.AccessNote)}, {"一覧での順番", fmt.Sprint(v.Position)},
		}
		if v.Retired() {
			p.Retired = instant(v.RetiredAt)
		}
		if p.Map, err = mapOf(tx, v); err != nil {
			return err
		}
		if p.Counters, err = counterRows(tx, v); err != nil {
			return err
		}
		p.Services, err = givenRows(tx, v)
		return err
	})
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "setup_venue", name, &p)
}

func mapOf(tx *store.Tx, v booking.Venue) (*picture, error) {
	if v.MapHash == "" {
		return nil, nil
	}
	m, err := booking.MapByHash(tx, v.MapHash)
	return &picture{Path: "/setup/maps/" + m.Hash, Text: v.Name + "の地図", Width: m.Width, Height: m.Height}, err
}

func counterRows(tx *store.Tx, v booking.Venue) ([]counterRow, error) {
	counters, err := booking.Counters(tx, v.ID)
	if err != nil {
		return nil, err
	}
	var rows []counterRow
	for _, counter := range counters {
		services, err := booking.CounterServices(tx, counter.ID)
		if err != nil {
			return nil, err
		}
		row := counterRow{Path: "/setup/counters/" + string(counter.Ref), Name: counter.Name}
		for i, s := range services {
			if i > 0 {
				row.Services += "、"
			}
			row.Services += s.Name
		}
		row.Services = orNone(row.Services)
		rows = append(rows, row)
	}
	return rows, nil
}

// givenRows says for each service when it is given at a place by now.
func givenRows(tx *store.Tx, v booking.Venue) ([]givenRow, error) {
	services, err := booking.Services(tx)
	if err != nil {
		return nil, err
	}
	var rows []givenRow
	for _, s := range services {
		sets, err := booking.HoursOf(tx, v.ID, s.ID)
		if err != nil {
			return nil, err
		}
		rows = append(rows, givenRow{Path: hoursPath(v, s), Name: s.Name, Hours: hoursNow(sets, jp.DateOf(tx.Now))})
	}
	return rows, nil
}

// mapPicture serves a map picture under the hash of what is in it.
func (d *Desk) mapPicture(c *gin.Context) error {
	var m booking.MapPicture
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		m, err = booking.MapByHash(tx, c.Param("hash"))
		return err
	})
	if err != nil {
		return err
	}
	return web.Picture(c, m.MediaType, m.Body)
}

func readVenue(c *gin.Context) *web.Form {
	return web.ReadForm(c, "name", "kana", "postal_code", "address", "telephone", "access_note", "position")
}

func (d *Desk) askVenue(c *gin.Context) error {
	return d.showVenue(c, http.StatusOK, readVenue(c), false)
}

// showVenue asks for a new place, or for that of the address.
func (d *Desk) showVenue(c *gin.Context, status int, form *web.Form, stale bool) error {
	p := setupFormPage{Heading: "受付場所を加える", Action: "/setup/venues/new", Submit: "登録する", Stale: stale,
		Back: link{Path: "/setup/venues", Label: "受付場所の一覧に戻る"}}
	var v booking.Venue
	if refOf(c) != "" {
		err := d.store.Read(c, func(tx *store.Tx) (err error) {
			v, err = ourVenue(tx, c, refOf(c))
			return err
		})
		if err != nil {
			return err
		}
		p.Heading, p.Action, p.Submit = v.Name+"を直す", venuePath(v)+"/edit", "保存する"
		p.Back = link{Path: venuePath(v), Label: "保存せずに戻る"}
	} else if err := everywhere(c); err != nil {
		return err
	}
	help, asked, err := d.helpWithAddress(c, form)
	if err != nil {
		return err
	}
	p.Help = &help
	if asked && v.ID != 0 {
		v.Version = version(c) // who came in between is still to be noticed
	}
	p.ask(c, form,
		question{name: "name", label: "受付場所の名前", hint: "60文字まで。例：南部町役場", class: "kanji half", now: []string{v.Name}, required: true},
		question{name: "kana", label: "カナ", hint: "例：ナンブチョウヤクバ", class: "kanji half", now: []string{v.Kana}},
		question{name: "postal_code", class: "code short", now: []string{v.PostalCode.String()}},
		question{name: "address", class: "kanji", now: []string{v.Address}},
		question{name: "telephone", class: "code half", now: []string{v.Telephone}},
		question{name: "access_note", kind: "area", class: "kanji", now: []string{v.AccessNote}},
	)
	if v.ID != 0 {
		p.ask(c, form, question{name: "position", class: "code short", now: []string{fmt.Sprint(v.Position)}})
	}
	return d.showForm(c, status, form, &p, v.Version)
}

func (d *Desk) saveVenue(c *gin.Context) error {
	form := readVenue(c)
	if asksForAddress(c) {
		return d.showVenue(c, http.StatusOK, form, false)
	}
	v := booking.Venue{
		Ref: refOf(c), Version: version(c), Name: form.Value("name"), Kana: form.Value("kana"), PostalCode: jp.PostalCode(form.Value("postal_code")),
		Address: form.Value("address"), Telephone: form.Value("telephone"), AccessNote: form.Value("access_note"),
	}
	if v.Ref != "" {
		v.Position = readNumber(form, "position", "position")
	}
	if !form.OK() {
		return d.showVenue(c, http.StatusUnprocessableEntity, form, false)
	}
	err := d.write(c, "setup_saved", func(tx *store.Tx) (string, error) {
		if v.Ref == "" {
			if err := everywhere(c); err != nil {
				return "", err
			}
			added, err := booking.AddVenue(tx, actor(c), v)
			return venuePath(added), err
		}
		if _, err := ourVenue(tx, c, v.Ref); err != nil {
			return "", err
		}
		_, err := booking.EditVenue(tx, actor(c), v)
		return venuePath(v), err
	})
	return refused(c, err, form, d.showVenue)
}

func (d *Desk) askMap(c *gin.Context) error {
	return d.showMap(c, http.StatusOK, web.ReadForm(c, "map", "remove"), false)
}

func (d *Desk) showMap(c *gin.Context, status int, form *web.Form, stale bool) error {
	p := setupFormPage{Upload: true, Stale: stale}
	var v booking.Venue
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		if v, err = ourVenue(tx, c, refOf(c)); err != nil {
			return err
		}
		m, err := mapOf(tx, v)
		if m != nil {
			p.Pictures = append(p.Pictures, *m)
		}
		return err
	})
	if err != nil {
		return err
	}
	p.Heading, p.Action = v.Name+"の地図", venuePath(v)+"/map"
	p.Back = link{Path: venuePath(v), Label: "保存せずに戻る"}
	now := "登録なし"
	if v.MapHash != "" {
		now = "登録あり"
	}
	p.ask(c, form, question{name: "map", kind: "file", now: []string{now}})
	if v.MapHash != "" {
		p.ask(c, form, question{name: "remove", kind: "checks", options: box("いまの地図を取り除く")})
	}
	return d.showForm(c, status, form, &p, v.Version)
}

func (d *Desk) saveMap(c *gin.Context) error {
	form := web.ReadForm(c, "map", "remove")
	files, err := web.ReadFiles(c, "map")
	if err != nil {
		return err
	}
	var body []byte
	switch {
	case len(files) > 0:
		body = files[0].Body
	case form.Value("remove") == "":
		form.Fail("map", "map_missing")
		return d.showMap(c, http.StatusUnprocessableEntity, form, false)
	}
	err = d.write(c, "setup_saved", func(tx *store.Tx) (string, error) {
		v, err := ourVenue(tx, c, refOf(c))
		if err != nil {
			return "", err
		}
		v.Version = version(c)
		_, err = booking.SetMap(tx, actor(c), v, body)
		return venuePath(v), err
	})
	return refused(c, err, form, d.showMap)
}

func (d *Desk) askRetireVenue(c *gin.Context) error {
	return d.showRetireVenue(c, http.StatusOK, web.ReadForm(c), false)
}

func (d *Desk) showRetireVenue(c *gin.Context, status int, form *web.Form, stale bool) error {
	var v booking.Venue
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		v, err = ourVenue(tx, c, refOf(c))
		return err
	})
	if err != nil {
		return err
	}
	p := setupFormPage{Heading: v.Name + "を廃止する", Action: venuePath(v) + "/retire", Submit: "廃止する", Class: "stop", Stale: stale,
		Back: link{Path: venuePath(v), Label: "廃止せずに戻る"},
		Lead: []string{"廃止すると、これからの予約枠はすべて閉じ、予約サイトにも表示されなくなります。元には戻せません。これまでの記録は残ります。"},
	}
	return d.showForm(c, status, form, &p, v.Version)
}

func (d *Desk) retireVenue(c *gin.Context) error {
	err := d.write(c, "setup_retired", func(tx *store.Tx) (string, error) {
		if _, err := ourVenue(tx, c, refOf(c)); err != nil {
			return "", err
		}
		return "/setup/venues", booking.RetireVenue(tx, actor(c), refOf(c), version(c))
	})
	return refused(c, err, web.ReadForm(c), d.showRetireVenue)
}
