package console

import (
	"errors"
	"net/url"

	"github.com/gin-gonic/gin"

	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/problem"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

// dayRoutes are what the counter needs on the day itself.
func (d *Desk) dayRoutes() []guarded {
	routes := []guarded{
		d.need(staff.MayCheckIn, web.GET("/check-in", d.askCheckIn)),
		d.need(staff.MayCheckIn, web.POST("/check-in", d.findVisit)),
		d.need(staff.MayCheckIn, web.GET("/board", d.board)),
		d.need(staff.MayCheckIn, web.GET("/board/next", toBoard)),
		d.need(staff.MayCheckIn, web.POST("/board/next", d.callNext)),
		d.need(staff.MayCheckIn, web.GET("/bookings/:ref/call", toVisit)),
		d.need(staff.MayCheckIn, web.POST("/bookings/:ref/call", d.call)),
		d.need(staff.MayCheckIn, web.GET("/bookings/:ref/papers-missing", d.askPapers)),
		d.need(staff.MayCheckIn, web.POST("/bookings/:ref/papers-missing", d.missPapers)),
	}
	for _, s := range steps {
		routes = append(routes,
			d.need(staff.MayCheckIn, web.GET("/bookings/:ref/"+s.verb, toVisit)),
			d.need(staff.MayCheckIn, web.POST("/bookings/:ref/"+s.verb, d.take(s))))
	}
	return routes
}

func toVisit(c *gin.Context) error { return web.To(c, visitPath(refOf(c))) }

func toBoard(c *gin.Context) error { return web.To(c, "/board") }

// visitPath is where a visit stands before whoever is at the counter.
func visitPath(ref store.Ref) string {
	if !isRef(ref) {
		return "/check-in"
	}
	return "/check-in?visit=" + string(ref)
}

// stepOperation takes a visit one step on, or back.
type stepOperation func(*store.Tx, audit.Actor, store.Ref, int) (booking.Visit, error)

// visitStep is one thing that becomes of a visit.
type visitStep struct {
	verb  string // in the address
	flash string
	take  stepOperation
}

var steps = []visitStep{
	{"check-in", "visit_checked_in", booking.CheckIn},
	{"done", "visit_done", booking.Finish},
	{"no-show", "visit_no_show", booking.MissVisit},
	{"undo", "visit_undone", booking.Undo},
}

// step is a form with one button that takes a visit one step on.
type step struct {
	Path     string
	Label    string
	Who      string // whose, for who does not see the row
	Class    string
	Version  int
	Back     string
	Counter  store.Ref // where to; "" where Counters are to be chosen from
	Counters []booking.VenueCounter
	CSRF     string
}

// Once is the form's own token.
func (step) Once() string { return web.NewOnce() }

// stepper makes the steps of one page.
type stepper struct {
	csrf string
	back string // where the page is found again
}

func (d *Desk) stepper(c *gin.Context, back string) stepper {
	return stepper{csrf: d.site.Session(c).CSRF(), back: back}
}

func (s stepper) step(e booking.DayEntry, verb, label, class string) step {
	return step{
		Path: "/bookings/" + string(e.Visit.Booking.Ref) + "/" + verb, Label: label, Class: class,
		Who: visitPerson(e).Name + "　" + e.Visit.Number.String(), Version: e.Visit.Version, Back: s.back, CSRF: s.csrf,
	}
}

// visitPerson names whose booking it is: it leads to the card's record or,
// without one, to the booking.
func visitPerson(e booking.DayEntry) person {
	if e.Record.Card.Ref == "" {
		return personOfEntry(e)
	}
	return personOf(e.Record)
}

// listedPerson is visitPerson for lists, in which the booking has a link of its
// own: who has no name there leads nowhere.
func listedPerson(e booking.DayEntry) person {
	p := visitPerson(e)
	if e.Record.Card.Ref == "" && e.Record.Name == "" {
		p.Path = ""
	}
	return p
}

// wayBack is where a form wants to lead: a page of the day, or the visit.
func wayBack(c *gin.Context) string { return dayPage(c.PostForm("back"), visitPath(refOf(c))) }

// dayPage lets through addresses of the pages on which visits are listed.
func dayPage(address, otherwise string) string {
	u, err := url.Parse(address)
	if err != nil || u.IsAbs() || u.Host != "" {
		return otherwise
	}
	switch u.Path {
	case "/", "/board", "/check-in":
		return (&url.URL{Path: u.Path, RawQuery: u.RawQuery}).String()
	}
	return otherwise
}

// take takes a visit a step on and goes back to where the button was.
func (d *Desk) take(s visitStep) web.Handler {
	return func(c *gin.Context) error {
		err := d.write(c, s.flash, func(tx *store.Tx) (string, error) {
			if _, err := servedHere(tx, c); err != nil {
				return "", err
			}
			_, err := s.take(tx, actor(c), refOf(c), version(c))
			return wayBack(c), err
		})
		return d.orStepConflict(c, err)
	}
}

// call calls someone to a counter.
func (d *Desk) call(c *gin.Context) error {
	err := d.write(c, "visit_called", func(tx *store.Tx) (string, error) {
		v, err := servedHere(tx, c)
		if err != nil {
			return "", err
		}
		var counter booking.VenueCounter
		if ref := store.Ref(c.PostForm("counter")); ref != "" {
			if counter, err = booking.CounterByRef(tx, ref); err != nil {
				return "", err
			}
			if counter.VenueID != v.Venue.ID {
				return "", booking.CounterNotFound
			}
		}
		_, err = booking.Call(tx, actor(c), refOf(c), version(c), counter.Name)
		return wayBack(c), err
	})
	return d.orStepConflict(c, err)
}

// servedHere finds the visit that the address names. Problems:
// booking.NotFound, NotHere.
func servedHere(tx *store.Tx, c *gin.Context) (booking.Visit, error) {
	v, err := booking.ByRef(tx, refOf(c))
	if err != nil {
		return v, err
	}
	return v, ourBooking(c, v)
}

// orStepConflict shows what meanwhile became of a visit, where that is why a
// step was refused.
func (d *Desk) orStepConflict(c *gin.Context, err error) error {
	refused, ok := problem.As(err)
	if !ok || refused.Kind != problem.Conflict {
		return err
	}
	p := conflictPage{Heading: "操作できません", Again: link{Path: wayBack(c), Label: "いまの状態を見る"}}
	err = d.store.Read(c, func(tx *store.Tx) error {
		e, err := booking.EntryByRef(tx, refOf(c))
		if err != nil {
			return err
		}
		p.Person, p.Now = visitPerson(e), visitNow(e.Visit)
		return nil
	})
	if err != nil {
		return err
	}
	if errors.Is(refused, booking.AlreadyBooked) {
		p.Again = link{}
	}
	return d.conflict(c, refused, p)
}

// visitNow says in one line how far a visit has come.
func visitNow(v booking.Visit) string {
	switch v.State {
	case booking.CheckedIn:
		return "受付済み（" + clock(v.CheckedInAt) + "）"
	case booking.Called:
		if v.CalledTo != "" {
			return v.CalledTo + "に呼出し中（" + clock(v.CalledAt) + "）"
		}
		return "呼出し中（" + clock(v.CalledAt) + "）"
	}
	return bookingNow(v)
}
