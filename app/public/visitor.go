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

// Where the session keeps its references.
const (
	cardKey   = "card"   // the card that signed in
	visitKey  = "visit"  // a booking without a card, of who signed in with its number
	waitKey   = "wait"   // a place on the waiting list without a card or booking, of who signed in with its number
	familyKey = "family" // further cards that signed in to come along, with commas between
)

// stage is how far a visitor has come; it decides which pages they may open.
type stage int

const (
	unknown  stage = iota // not signed in
	free                  // signed in, without a live booking
	booked                // with a booking that can still be changed
	fixed                 // with a booking that only the office can change: its cut-off has passed
	issued                // the card was handed over
	over                  // signed in to a booking without a card that no longer stands
	inLine                // on the waiting list, without a card or a booking
	newcomer              // on the way to a booking without a card: nobody has to sign in for that
)

// home is the page that a stage begins with.
func (s stage) home() string {
	return map[stage]string{unknown: "/sign-in", free: "/venues", booked: "/booking", fixed: "/booking", issued: "/issued", over: "/booking", inLine: "/waiting"}[s]
}

func stages(all ...stage) []stage { return all }

var (
	anyone   = stages(unknown, free, booked, fixed, issued, over, inLine)
	choosing = stages(free, booked) // the pages of the way to a booking
)

// visitor is whoever asks, as the database knows them in the transaction in hand.
type visitor struct {
	stage  stage
	record card.Record   // zero for who has no card here
	visit  booking.Visit // the live booking of the stages booked and fixed
	town   settings.Settings
	texts  settings.Translations // of the town's words into the page's language
	// service is what they come for, and base what their addresses on the way to a
	// booking begin with: "" for who has signed in.
	service booking.Service
	base    string
	other   bool          // the service is not the receipt of a card, of which the pages speak by themselves
	family  []card.Record // who has signed in to come along
	along   []card.Record // those of them who have no booking yet
	waits   bool
	waiting booking.Waiting // their live entry on the waiting list, if waits
}

// hasCard tells whether the visitor is known by a card.
func (v visitor) hasCard() bool { return v.record.ID != 0 }

// cards are the rows of all for whom a time is chosen, the visitor first.
func (v visitor) cards() []card.ID {
	ids := []card.ID{v.record.ID}
	for _, r := range v.along {
		ids = append(ids, r.ID)
	}
	return ids
}

// home is the page that the visitor begins with: a place that was offered waits
// for an answer.
func (v visitor) home() string {
	if v.waits && v.waiting.State == booking.Offered && v.stage != issued {
		return "/waiting"
	}
	return v.stage.home()
}

// visitor finds out who asks, and in which language.
func (s *Site) visitor(c *gin.Context, tx *store.Tx) (visitor, error) {
	v, err := s.whoever(c, tx)
	if err != nil {
		return v, err
	}
	v.texts, err = settings.TranslationsIn(tx, web.LanguageOf(c).Code)
	return v, err
}

// whoever finds out who asks. A card that is gone counts as not signed in.
func (s *Site) whoever(c *gin.Context, tx *store.Tx) (visitor, error) {
	session := s.web.Session(c)
	if ref := session.Get(visitKey); ref != "" {
		return s.visitorByBooking(tx, store.Ref(ref))
	}
	if ref := session.Get(waitKey); ref != "" {
		return s.visitorByWaiting(tx, store.Ref(ref))
	}
	v, err := s.visitorOf(tx, store.Ref(session.Get(cardKey)))
	if err != nil || v.stage == unknown {
		return v, err
	}
	if v.family, err = familyOf(tx, v, session.Get(familyKey)); err != nil {
		return v, err
	}
	for _, r := range v.family {
		_, live, err := booking.Live(tx, r.ID)
		if err != nil {
			return v, err
		}
		if !live {
			v.along = append(v.along, r)
		}
	}
	return v, nil
}

// stranger is a visitor of whom nothing is known but the town.
func (s *Site) stranger(tx *store.Tx) (v visitor, err error) {
	if v.town, err = settings.Get(tx); err != nil {
		return v, err
	}
	town := v.town
	s.town.Store(&town)
	v.service, err = service(tx)
	return v, err
}

func (s *Site) visitorOf(tx *store.Tx, ref store.Ref) (visitor, error) {
	v, err := s.stranger(tx)
	if err != nil || ref == "" {
		return v, err
	}
	v.record, err = card.Get(tx, ref)
	if errors.Is(err, card.NotFound) {
		v.record = card.Record{}
		return v, nil
	}
	if err != nil {
		return v, err
	}
	if v.record.Issued() {
		v.stage = issued
		return v, nil
	}
	v.stage = free
	if v.waiting, v.waits, err = booking.WaitingOf(tx, v.record.ID); err != nil {
		return v, err
	}
	visit, live, err := booking.Live(tx, v.record.ID)
	if err != nil || !live {
		return v, err
	}
	return v, v.has(tx, visit)
}

// visitorByBooking is someone without a card, by the booking they signed in to.
func (s *Site) visitorByBooking(tx *store.Tx, ref store.Ref) (visitor, error) {
	v, err := s.stranger(tx)
	if err != nil {
		return v, err
	}
	visit, err := booking.ByRef(tx, ref)
	switch {
	case errors.Is(err, booking.NotFound) || err == nil && visit.CardID != 0:
		// Tied to a card meanwhile: from now on the delivery notice opens it.
		return v, nil
	case err != nil:
		return v, err
	case !visit.Live():
		v.stage, v.visit = over, visit
		return v, nil
	}
	if v.waiting, v.waits, err = booking.WaitingOfVisitor(tx, visit.RecipientID); err != nil {
		return v, err
	}
	return v, v.has(tx, visit)
}

// visitorByWaiting is someone without a card, by the place on the waiting list
// they signed in to; once they have taken what was offered, by their booking.
func (s *Site) visitorByWaiting(tx *store.Tx, ref store.Ref) (visitor, error) {
	v, err := s.stranger(tx)
	if err != nil {
		return v, err
	}
	w, err := booking.WaitingByRef(tx, ref)
	switch {
	case errors.Is(err, booking.WaitingNotFound) || err == nil && w.CardID != 0:
		return v, nil
	case err != nil:
		return v, err
	case w.State == booking.Taken && w.BookingID != 0:
		visit, err := booking.ByID(tx, w.BookingID)
		if err != nil {
			return v, err
		}
		return s.visitorByBooking(tx, visit.Booking.Ref)
	}
	if v.service, err = booking.ServiceByID(tx, w.ServiceID); err != nil {
		return v, err
	}
	v.stage, v.waiting, v.waits, v.other = inLine, w, w.Live(), true
	if !v.waits {
		v.stage = over
	}
	return v, nil
}

// person is whose mail address it is.
func (v visitor) person(tx *store.Tx) (card.Person, error) {
	if v.hasCard() {
		return v.record.Person(), nil
	}
	who := v.visit.RecipientID
	if who == 0 {
		who = v.waiting.RecipientID
	}
	return card.PersonOf(tx, 0, who)
}

// has fills in a live booking.
func (v *visitor) has(tx *store.Tx, visit booking.Visit) (err error) {
	v.visit, v.stage = visit, fixed
	can, err := booking.CanChange(tx, visit)
	if err != nil {
		return err
	}
	if can {
		v.stage = booked
	}
	v.other = visit.Slot.ServiceID != v.service.ID
	v.service, err = booking.ServiceByID(tx, visit.Slot.ServiceID)
	return err
}

// subject is what the visitor has signed in to.
func (v visitor) subject() audit.Subject {
	if v.hasCard() {
		return v.record.Card.Subject()
	}
	return v.visit.Subject()
}

// actor is the visitor in the audit log.
func (v visitor) actor(c *gin.Context) audit.Actor {
	by := audit.Actor{Kind: audit.Resident, Ref: v.record.Ref, Request: web.RequestNumber(c)}
	switch {
	case v.stage == newcomer:
		by.Ref = "visitor"
	case !v.hasCard() && v.visit.ID == 0:
		by.Ref = v.waiting.Ref
	case !v.hasCard():
		by.Ref = v.visit.Booking.Ref
	}
	return by
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
				r = s.elsewhere(c, v)
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

// newcomerPage lets anybody see a view on the way to a booking of a service for
// which no delivery notice is needed; the service stands in the address.
func (s *Site) newcomerPage(show view) web.Handler {
	return func(c *gin.Context) error {
		var r reply
		err := s.store.Read(c, func(tx *store.Tx) error {
			v, err := s.newcomer(c, tx)
			if err != nil {
				return err
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

// newcomer is whoever asks, on the way to a booking without a card. A card that
// signed in stays known, to catch those who have come to the wrong service.
func (s *Site) newcomer(c *gin.Context, tx *store.Tx) (visitor, error) {
	v, err := s.visitor(c, tx)
	if err != nil {
		return v, err
	}
	chosen, err := booking.ServiceByRef(tx, store.Ref(c.Param("service")))
	if err != nil {
		return v, err
	}
	if chosen.Retired() || chosen.StaffOnly || !chosen.WithoutNotice {
		return v, booking.ServiceNotFound
	}
	return visitor{stage: newcomer, record: v.record, town: v.town, texts: v.texts, service: chosen, other: true, base: "/services/" + string(chosen.Ref)}, nil
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
func (s *Site) elsewhere(c *gin.Context, v visitor) reply {
	if v.stage != unknown {
		return reply{to: v.home()}
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

var returnPaths = regexp.MustCompile(`^/(venues|slots(/\d{4}-\d{2}-\d{2})?|check|booking(/cancel|/reason)?|together|waiting|mail)$`)

// returnPath is the address of a page to open after sign-in, built anew from
// what a link or form says; "" unless it is one of the pages that need sign-in.
func returnPath(said string) string {
	u, err := url.Parse(said)
	if err != nil || u.Host != "" || u.Scheme != "" || !returnPaths.MatchString(u.Path) {
		return ""
	}
	kept := url.Values{}
	for _, name := range []string{"venue", "view", "month", "slot", "day"} {
		if value := u.Query().Get(name); value != "" {
			kept.Set(name, value)
		}
	}
	back := url.URL{Path: u.Path, RawQuery: kept.Encode()}
	return back.String()
}
