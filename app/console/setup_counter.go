package console

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/web"
	"madoguchi/store"
)

func readCounter(c *gin.Context) *web.Form { return web.ReadForm(c, "name", "services", "position") }

// atCounter is a counter with its place and what it serves; without an ID it
// is a new one.
type atCounter struct {
	booking.VenueCounter
	venue    booking.Venue
	services []booking.Service // all that the town offers
	serves   []string          // Refs
}

// isNewCounter reports whether the address is that of a new counter: then its
// Ref is the place's.
func isNewCounter(c *gin.Context) bool { return c.FullPath() == "/setup/venues/:ref/counters/new" }

// counterOf reads what an address is about. Problems: booking.VenueNotFound,
// booking.CounterNotFound, NotHere.
func counterOf(tx *store.Tx, c *gin.Context) (a atCounter, err error) {
	venue := refOf(c)
	if !isNewCounter(c) {
		if a.VenueCounter, err = booking.CounterByRef(tx, refOf(c)); err != nil {
			return a, err
		}
		all, err := booking.AllVenues(tx)
		if err != nil {
			return a, err
		}
		for _, v := range all {
			if v.ID == a.VenueID {
				venue = v.Ref
			}
		}
		served, err := booking.CounterServices(tx, a.VenueCounter.ID)
		if err != nil {
			return a, err
		}
		for _, s := range served {
			a.serves = append(a.serves, string(s.Ref))
		}
	}
	if a.venue, err = ourVenue(tx, c, venue); err != nil {
		return a, err
	}
	a.VenueID = a.venue.ID
	a.services, err = booking.Services(tx)
	return a, err
}

func (d *Desk) askCounter(c *gin.Context) error {
	return d.showCounter(c, http.StatusOK, readCounter(c), false)
}

func (d *Desk) showCounter(c *gin.Context, status int, form *web.Form, stale bool) error {
	var a atCounter
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		a, err = counterOf(tx, c)
		return err
	})
	if err != nil {
		return err
	}
	p := setupFormPage{Heading: a.venue.Name + "に窓口を加える", Action: venuePath(a.venue) + "/counters/new", Submit: "登録する", Stale: stale,
		Back: link{Path: venuePath(a.venue), Label: "保存せずに戻る"}}
	if a.VenueCounter.ID != 0 {
		p.Heading, p.Action, p.Submit = a.venue.Name+"の窓口を直す", "/setup/counters/"+string(a.VenueCounter.Ref), "保存する"
	}
	p.ask(c, form,
		question{name: "name", label: "窓口の名前", hint: "例：1番窓口", class: "kanji half", now: []string{a.VenueCounter.Name}, required: true},
		question{name: "services", kind: "checks", options: serviceOptions(a.services), now: a.serves},
	)
	if a.VenueCounter.ID != 0 {
		p.ask(c, form, question{name: "position", class: "code short", now: []string{fmt.Sprint(a.VenueCounter.Position)}})
	}
	return d.showForm(c, status, form, &p, a.VenueCounter.Version)
}

func (d *Desk) saveCounter(c *gin.Context) error {
	form := readCounter(c)
	position := 0
	if !isNewCounter(c) {
		position = readNumber(form, "position", "position")
	}
	if !form.OK() {
		return d.showCounter(c, http.StatusUnprocessableEntity, form, false)
	}
	err := d.write(c, "setup_saved", func(tx *store.Tx) (string, error) {
		a, err := counterOf(tx, c)
		if err != nil {
			return "", err
		}
		var serves []int64
		for _, s := range a.services {
			if slices.Contains(form.Values("services"), string(s.Ref)) {
				serves = append(serves, s.ID)
			}
		}
		a.Name, a.VenueCounter.Position = form.Value("name"), position
		if a.VenueCounter.ID == 0 {
			_, err = booking.AddCounter(tx, actor(c), a.VenueCounter, serves)
		} else {
			a.VenueCounter.Version = version(c)
			_, err = booking.EditCounter(tx, actor(c), a.VenueCounter, serves)
		}
		return venuePath(a.venue), err
	})
	return refused(c, err, form, d.showCounter)
}

func (d *Desk) askRetireCounter(c *gin.Context) error {
	return d.showRetireCounter(c, http.StatusOK, web.ReadForm(c), false)
}

func (d *Desk) showRetireCounter(c *gin.Context, status int, form *web.Form, stale bool) error {
	var a atCounter
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		a, err = counterOf(tx, c)
		return err
	})
	if err != nil {
		return err
	}
	p := setupFormPage{Heading: a.venue.Name + "の" + a.VenueCounter.Name + "を廃止する", Action: "/setup/counters/" + string(a.VenueCounter.Ref) + "/retire",
		Submit: "廃止する", Class: "stop", Stale: stale, Back: link{Path: venuePath(a.venue), Label: "廃止せずに戻る"},
		Lead: []string{"廃止した窓口は、呼出しに使えなくなります。同じ名前の窓口をもう一度作ることはできません。予約枠は変わりません。"},
	}
	return d.showForm(c, status, form, &p, a.VenueCounter.Version)
}

func (d *Desk) retireCounter(c *gin.Context) error {
	err := d.write(c, "setup_retired", func(tx *store.Tx) (string, error) {
		a, err := counterOf(tx, c)
		if err != nil {
			return "", err
		}
		return venuePath(a.venue), booking.RetireCounter(tx, actor(c), a.VenueCounter.Ref, version(c))
	})
	return refused(c, err, web.ReadForm(c), d.showRetireCounter)
}
