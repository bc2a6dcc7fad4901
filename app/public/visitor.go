package public

import (
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"

	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/settings"
	"madoguchi/app/web"
	"madoguchi/store"
)

// cardKey is where the session keeps the Ref of the card that signed in.
const cardKey = "card"

// stage is how far a visitor has come; it decides which pages they may open.
type stage int

const (
	unknown stage = iota // not signed in
	free                 // signed in, without a live booking
	booked               // with a booking that can still be changed
	fixed                // with a booking that only the office can change: its cut-off has passed
	issued               // the card was handed over
)

// home is the page that a stage begins with.
func (s stage) home() string {
	return map[stage]string{unknown: "/sign-in", free: "/venues", booked: "/booking", fixed: "/booking", issued: "/issued"}[s]
}

func stages(all ...stage) []stage { return all }

var (
	anyone   = stages(unknown, free, booked, fixed, issued)
	choosing = stages(free, booked) // the pages of the way to a booking
)

// visitor is whoever asks, as the database knows them in the transaction in hand.
type visitor struct {
	stage  stage
	record card.Record
	visit  booking.Visit // the live booking of the stages booked and fixed
	town   settings.Settings
}

// visitor finds out who asks. A card that is gone counts as not signed in.
func (s *Site) visitor(c *gin.Context, tx *store.Tx) (visitor, error) {
	return s.visitorOf(tx, store.Ref(s.web.Session(c).Get(cardKey)))
}

func (s *Site) visitorOf(tx *store.Tx, ref store.Ref) (visitor, error) {
	var v visitor
	var err error
	if v.town, err = settings.Get(tx); err != nil {
		return v, err
	}
	town := v.town
	s.town.Store(&town)
	if ref == "" {
		return v, nil
	}
	v.record, err = card.Get(tx, ref)
	if errors.Is(err, card.NotFound) {
		return v, nil
	}
	if err != nil {
		return v, err
	}
	if v.record.Issued() {
		v.stage = issued
		return v, nil
	}
	live := false
	if v.visit, live, err = booking.Live(tx, v.record.ID); err != nil {
		return v, err
	}
	v.stage = free
	if live {
		v.stage = fixed
		can, err := booking.CanChange(tx, v.visit)
		if err != nil {
			return v, err
		}
		if can {
			v.stage = booked
		}
	}
	return v, nil
}

// actor is the visitor in the audit log.
func (v visitor) actor(c *gin.Context) audit.Actor {
	return audit.Actor{Kind: audit.Resident, Ref: v.record.Ref, Request: web.RequestNumber(c)}
}

// reply is how a page answers: with a page of a template, or with a redirect.
type reply struct {
	status   int // 0 means 200
	template string
	page     any
	to       string
}

// view makes a page's content inside the one transaction that reads it all.
type view func(c *gin.Context, tx *store.Tx, v visitor) (reply, error)

// page lets visitors of the named stages see a view and sends the others to
// where their stage begins.
func (s *Site) page(may []stage, show view) web.Handler {
	return func(c *gin.Context) error {
		var r reply
		err := s.store.Read(c, func(tx *store.Tx) error {
			v, err := s.visitor(c, tx)
			if err != nil {
				return err
			}
			if !slices.Contains(may, v.stage) {
				r = s.elsewhere(c, v.stage)
				return nil
			}
			r, err = show(c, tx, v)
			return err
		})
		if err != nil {
			return err
		}
		return s.answer(c, r)
	}
}

func (s *Site) answer(c *gin.Context, r reply) error {
	if r.to != "" {
		return web.To(c, r.to)
	}
	if r.status == 0 {
		r.status = http.StatusOK
	}
	return s.web.Show(c, r.status, r.template, r.page)
}

// elsewhere is the answer to someone who may not open the page. Who has to
// sign in first comes back to it afterwards.
func (s *Site) elsewhere(c *gin.Context, at stage) reply {
	if at != unknown {
		return reply{to: at.home()}
	}
	if session := s.web.Session(c); session.Expired() {
		session.Flash("session_expired")
	}
	wanted := url.URL{Path: strings.TrimPrefix(c.Request.URL.Path, web.LanguageOf(c).Prefix), RawQuery: c.Request.URL.RawQuery}
	if to := returnPath(wanted.String()); to != "" {
		return reply{to: "/sign-in?to=" + url.QueryEscape(to)}
	}
	return reply{to: "/sign-in"}
}

var returnPaths = regexp.MustCompile(`^/(venues|slots(/\d{4}-\d{2}-\d{2})?|check|booking(/cancel)?)$`)

// returnPath is the address of a page to open after sign-in, built anew from
// what a link or form says; "" unless it is one of the pages that need sign-in.
func returnPath(said string) string {
	u, err := url.Parse(said)
	if err != nil || u.Host != "" || u.Scheme != "" || !returnPaths.MatchString(u.Path) {
		return ""
	}
	kept := url.Values{}
	for _, name := range []string{"venue", "view", "month", "slot"} {
		if value := u.Query().Get(name); value != "" {
			kept.Set(name, value)
		}
	}
	back := url.URL{Path: u.Path, RawQuery: kept.Encode()}
	return back.String()
}
