// Package public is the resident site: sign in with the delivery notice in
// hand, choose a place, a day and a time, look the booking up, change and
// cancel it. One file for each page.
//
// Promises: nobody opens a page that their state does not allow; a page shows
// no more of a person than the notice number they typed; a booking that was
// lost to someone else keeps what was chosen and offers the nearest times;
// everything works without scripts, in three languages.
package public

import (
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"madoguchi/app/jp"
	"madoguchi/app/settings"
	"madoguchi/app/web"
	"madoguchi/store"
)

// Site is the resident site (住民サイト).
type Site struct {
	web   *web.Site
	store *store.Store
	// town is what was last read of the settings: the page that tells of a fault
	// must not ask the database.
	town atomic.Pointer[settings.Settings]
}

// New makes the resident site's handler from the machinery's options; what the
// site decides itself is filled in.
func New(o web.Options) (http.Handler, error) {
	s, err := newSite(o)
	if err != nil {
		return nil, err
	}
	engine := web.NewEngine(s.web)
	for _, language := range web.Languages() {
		s.web.Mount(engine, language.Prefix, s.routes()...)
	}
	return engine, nil
}

func newSite(o web.Options) (*Site, error) {
	s := &Site{store: o.Store}
	o.Name, o.SignInPath = "public", "/sign-in"
	o.Idle = func(tx *store.Tx) (time.Duration, error) {
		town, err := settings.Get(tx)
		return town.ResidentIdle, err
	}
	o.ErrorPage = s.errorPage
	var err error
	s.web, err = web.New(o)
	return s, err
}

// routes lists every page. GET /book and GET /sign-out are where a reload or a
// change of language after the form of that address leads.
func (s *Site) routes() []web.Route {
	return []web.Route{
		web.GET("/", s.page(anyone, s.start)),
		web.GET("/sign-in", s.page(stages(unknown), s.signInForm)),
		web.POST("/sign-in", s.signIn),
		web.GET("/sign-out", s.page(stages(), nil)),
		web.POST("/sign-out", s.signOut),
		web.GET("/issued", s.page(stages(issued), s.issued)),
		web.GET("/venues", s.page(choosing, s.chooseVenue)),
		web.GET("/slots", s.page(choosing, s.chooseDay)),
		web.GET("/slots/:date", s.page(choosing, s.chooseTime)),
		web.GET("/check", s.page(choosing, s.checkAnswers)),
		web.GET("/book", s.page(stages(), nil)),
		web.POST("/book", s.book),
		web.GET("/booking", s.page(stages(free, booked, fixed), s.myBooking)),
		web.GET("/booking/cancel", s.page(stages(booked), s.cancelForm)),
		web.POST("/booking/cancel", s.cancel),
	}
}

// frame is what every page shows around its own content.
type frame struct {
	web.Base
	ServiceName string
	TownName    string
	Office      telephone
	Demo        bool
	SignedIn    bool
	IdleMinutes int

	when wording
}

// telephone is a number as it is shown and as a telephone dials it.
type telephone struct{ Shown, Digits string }

func telephoneOf(shown string) telephone { return telephone{shown, jp.Digits(shown)} }

// frame makes the frame of the request in hand; titleKey names the heading.
func (s *Site) frame(c *gin.Context, v visitor, titleKey string, pairs ...any) frame {
	return s.around(c, s.web.Base(c, titleKey, pairs...), v.town)
}

func (s *Site) around(c *gin.Context, b web.Base, town settings.Settings) frame {
	f := frame{
		Base: b, ServiceName: town.ServiceName, TownName: town.TownName,
		Office: telephoneOf(town.OfficeTelephone), Demo: town.Demo,
		SignedIn: s.web.Session(c).Get(cardKey) != "", IdleMinutes: int(town.ResidentIdle.Minutes()),
		when: wording{web.LanguageOf(c).Code},
	}
	if f.ServiceName == "" || web.LanguageOf(c).Prefix != "" {
		// The town names its service in Japanese only.
		f.ServiceName = b.T("site.name")
	}
	return f
}

// errorPage is the page of answers that have no page of their own.
type errorPage struct {
	frame
	Heading string
	Text    string
	Request string // request number; "" where the program is not to blame
	Back    string
}

func (s *Site) errorPage(c *gin.Context, p web.ErrorPage) any {
	var town settings.Settings
	if last := s.town.Load(); last != nil {
		town = *last
	}
	page := errorPage{frame: s.around(c, p.Base, town), Heading: p.Heading, Text: p.Text, Back: p.Back}
	if p.Fault() {
		page.Request = p.Request
	}
	return page
}

// lines splits a setting with one thing on each line.
func lines(text string) []string {
	var all []string
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line != "" {
			all = append(all, line)
		}
	}
	return all
}
