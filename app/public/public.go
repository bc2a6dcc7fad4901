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
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gin-gonic/gin"

	"madoguchi/app/jp"
	"madoguchi/app/settings"
	"madoguchi/app/web"
	"madoguchi/store"
)

// Options say what the resident site works with.
type Options struct {
	web.Options
	// Mail is set where a mail server is configured: only then mails are offered.
	Mail bool
}

// Site is the resident site (住民サイト).
type Site struct {
	web   *web.Site
	store *store.Store
	mail  bool
	// tested is what the accessibility tests found.
	tested tested
	// town is what was last read of the settings: the page that tells of a fault
	// must not ask the database.
	town atomic.Pointer[settings.Settings]
	feed feed
}

// New makes the resident site's handler from the machinery's options; what the
// site decides itself is filled in.
func New(o Options) (http.Handler, error) {
	s, err := newSite(o)
	if err != nil {
		return nil, err
	}
	engine := web.NewEngine(s.web)
	for _, language := range web.Languages() {
		s.web.Mount(engine, language.Prefix, s.routes()...)
	}
	s.web.Mount(engine, "", s.feedRoutes()...)
	return engine, nil
}

func newSite(o Options) (*Site, error) {
	s := &Site{store: o.Store, mail: o.Mail}
	o.Name, o.SignInPath, o.Sheet = "public", "/sign-in", "site.css"
	o.Furigana = true
	o.Idle = func(tx *store.Tx) (time.Duration, error) {
		town, err := settings.Get(tx)
		return town.ResidentIdle, err
	}
	o.ErrorPage = s.errorPage
	var err error
	if s.tested, err = loadTested(o.Files); err != nil {
		return nil, err
	}
	s.web, err = web.New(o.Options)
	return s, err
}

// routes lists every page. GET /book and GET /sign-out are where a reload or a
// change of language after the form of that address leads.
func (s *Site) routes() []web.Route {
	all := []web.Route{
		web.GET("/", s.page(anyone, s.start)),
		web.GET("/expiry", s.page(anyone, s.expiry)),
		web.GET("/expiry/card", s.page(anyone, s.expiryCard)),
		web.GET("/no-paper", s.page(anyone, s.noPaper)),
		web.GET("/questions", s.page(anyone, s.questions)),
		web.GET("/places/:venue", s.page(anyone, s.placeInfo)),
		web.GET("/maps/:hash", s.mapPicture),
		web.GET("/look/:file", s.lookFile),
		web.GET("/n/:number", s.page(anyone, s.fromNotice)),
		web.GET("/accessibility", s.page(anyone, s.accessibility)),
		web.GET("/sign-in", s.page(stages(unknown, over), s.signInForm)),
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
		web.GET("/booking", s.page(stages(free, booked, fixed, over), s.myBooking)),
		web.GET("/booking/visit.ics", s.calendarFile),
		web.GET("/booking/comer", s.page(stages(), nil)),
		web.POST("/booking/comer", s.setComer),
		web.GET(reasonPath, s.page(stages(booked, fixed), s.chooseReason)),
		web.POST(reasonPath, s.setReason),
		web.GET("/booking/cancel", s.page(stages(booked), s.cancelForm)),
		web.POST("/booking/cancel", s.cancel),
	}
	return slices.Concat(all, s.visitRoutes(), s.newcomerRoutes(), s.mailRoutes())
}

// visitRoutes are the pages around a booking: who comes along, and waiting.
func (s *Site) visitRoutes() []web.Route {
	return []web.Route{
		web.GET("/hold", s.page(stages(), nil)),
		web.POST("/hold", s.hold),
		web.GET("/together", s.page(stages(free, booked, fixed), s.together)),
		web.POST("/together", s.addPerson),
		web.GET("/together/remove", s.page(stages(), nil)),
		web.POST("/together/remove", s.removePerson),
		web.GET("/together/book", s.page(stages(), nil)),
		web.POST("/together/book", s.bookBeside),
		web.GET("/together/turn", s.page(stages(), nil)),
		web.POST("/together/turn", s.turnTo),
		web.GET("/waiting", s.page(stages(free, booked, fixed, inLine), s.waiting)),
		web.POST("/waiting", s.joinWaiting),
		web.GET("/waiting/leave", s.page(stages(), nil)),
		web.POST("/waiting/leave", s.leaveWaiting),
		web.GET("/waiting/take", s.page(stages(), nil)),
		web.POST("/waiting/take", s.takeOffer),
		web.GET("/waiting/decline", s.page(stages(), nil)),
		web.POST("/waiting/decline", s.declineOffer),
	}
}

// newcomerRoutes are the way to a booking without a delivery notice, and back
// to it with its number.
func (s *Site) newcomerRoutes() []web.Route {
	return []web.Route{
		web.GET("/find", s.page(stages(unknown, over), s.findForm)),
		web.POST("/find", s.find),
		web.GET("/services/:service", s.newcomerPage(s.serviceIntro)),
		web.GET("/services/:service/venues", s.newcomerPage(s.chooseVenue)),
		web.GET("/services/:service/slots", s.newcomerPage(s.chooseDay)),
		web.GET("/services/:service/slots/:date", s.newcomerPage(s.chooseTime)),
		web.GET("/services/:service/who", s.newcomerPage(s.whoForm)),
		web.POST("/services/:service/who", s.correctVisitor),
		web.GET("/services/:service/waiting", s.newcomerPage(s.waitingWhoForm)),
		web.POST("/services/:service/waiting", s.joinVisitor),
		web.GET("/services/:service/check", s.newcomerPage(toIntro)),
		web.POST("/services/:service/check", s.checkVisitor),
		web.GET("/services/:service/book", s.newcomerPage(toIntro)),
		web.POST("/services/:service/book", s.bookVisitor),
	}
}

// toIntro is where a reload after a form of the way leads.
func toIntro(_ *gin.Context, _ *store.Tx, v visitor) (reply, error) { return reply{to: v.base}, nil }

// frame is what every page shows around its own content.
type frame struct {
	web.Base
	ServiceName string
	TownName    string
	Office      telephone
	Demo        bool
	SignedIn    bool
	MailOffered bool // mails can be had
	IdleMinutes int
	Look        look

	when  wording
	base  string                // of the addresses on the way to a booking; see visitor
	texts settings.Translations // of the town's words into the page's language
}

// way is an address on the visitor's way to a booking, in the page's language.
func (f frame) way(p string) string { return f.Path(f.base + p) }

// telephone is a number as it is shown and as a telephone dials it.
type telephone struct{ Shown, Digits string }

func telephoneOf(shown string) telephone { return telephone{shown, jp.Digits(shown)} }

// frame makes the frame of the request in hand; titleKey names the heading.
func (s *Site) frame(c *gin.Context, v visitor, titleKey string, pairs ...any) frame {
	f := s.around(c, s.web.Base(c, titleKey, pairs...), v.town)
	f.base, f.texts = v.base, v.texts
	return f
}

func (s *Site) around(c *gin.Context, b web.Base, town settings.Settings) frame {
	f := frame{
		Base: b, ServiceName: town.ServiceName, TownName: town.TownName,
		Office: telephoneOf(town.OfficeTelephone), Demo: town.Demo,
		SignedIn: s.web.Session(c).Get(cardKey)+s.web.Session(c).Get(visitKey)+s.web.Session(c).Get(waitKey) != "", MailOffered: s.mail, IdleMinutes: int(town.ResidentIdle.Minutes()),
		Look: s.lookOf(town), when: wording{web.LanguageOf(c).Code},
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
