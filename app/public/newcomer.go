package public

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/problem"
	"madoguchi/app/web"
	"madoguchi/store"
)

// newcomerKey is set once the session has got its own token for someone who
// books without a card: who planted the old one must not see what follows.
const newcomerKey = "newcomer"

// servicePage tells what a service is before someone books it.
type servicePage struct {
	frame
	Announced   said
	Fee         said
	WhatToBring bringLines
	Minutes     int
	VenuesHref  string
	// What else people mean who come here: to receive a card, for which they have
	// a postcard.
	NotThis  bool
	Received bool // a card waits for the one who has signed in
}

func (s *Site) serviceIntro(c *gin.Context, tx *store.Tx, v visitor) (reply, error) {
	page := servicePage{
		frame: s.frame(c, v, "service.title", "service", ""), Minutes: v.service.Minutes,
		NotThis: v.service.Code == booking.CertificateRenewalCode || v.service.Code == booking.CardApplicationCode,
		// The card's record says that a new card, with new certificates, is ready.
		Received: v.hasCard() && !v.record.Issued(),
	}
	page.Title = page.T("service.title", "service", page.say(v.service.Name).Text)
	page.Announced, page.Fee = page.say(v.service.Announcement), page.say(v.service.Fee)
	page.VenuesHref = page.way("/venues")
	bring, err := booking.BringFor(tx, v.service.ID, booking.Case{})
	page.WhatToBring = page.bringLines(bring)
	return reply{template: "public/service.html", page: page}, err
}

// whoPage asks for a name and a telephone number.
type whoPage struct {
	frame
	Chosen    visitText
	Service   said
	Slot      store.Ref
	Name      textField
	Telephone textField
	Action    string
	TimesHref string
}

func readWho(c *gin.Context) *web.Form {
	form := web.ReadForm(c, "name", "telephone", "slot")
	form.Field("name").Required, form.Field("telephone").Required = true, true
	return form
}

// whoForm begins with empty fields: an address never carries a name.
func (s *Site) whoForm(c *gin.Context, tx *store.Tx, v visitor) (reply, error) {
	form := readWho(c)
	form.Set("name", "")
	form.Set("telephone", "")
	s.begin(c)
	return s.whoReply(c, tx, v, form)
}

// begin gives the session its own token for what someone without a card types.
func (s *Site) begin(c *gin.Context) {
	if session := s.web.Session(c); session.Get(newcomerKey) == "" {
		session.Renew()
		session.Set(newcomerKey, "1")
	}
}

func (s *Site) whoReply(c *gin.Context, tx *store.Tx, v visitor, form *web.Form) (reply, error) {
	ref := store.Ref(form.Value("slot"))
	if ref == "" {
		return reply{to: v.base + "/venues"}, nil
	}
	chosen, err := booking.PlaceByRef(tx, ref)
	if err != nil {
		return reply{}, err
	}
	if err := v.may(tx, ref); err != nil {
		return reply{}, err
	}
	page := whoPage{frame: s.frame(c, v, "who.title"), Slot: ref}
	page.Service = page.say(v.service.Name)
	page.Base = page.With(form).Resending(resendTo(v, form), form)
	page.Chosen = page.visitText(chosen.Slot, chosen.Venue)
	page.Action, page.TimesHref = page.way("/check"), page.way(dayPath(chosen.Venue.Ref, chosen.HeldOn))
	page.Name = textField{Field: form.Field("name"), Class: "wide", Autocomplete: "name"}
	page.Telephone = textField{Field: form.Field("telephone"), Class: "wide", Autocomplete: "tel", InputMode: "tel"}
	r := reply{template: "public/who.html", page: page}
	if !form.OK() {
		r.status = http.StatusUnprocessableEntity
	}
	return r, nil
}

// checkVisitorPage shows what will be booked without a card. Name and telephone
// number travel in its forms, because nothing else may keep them yet.
type checkVisitorPage struct {
	frame
	Service   said
	Chosen    visitText
	Name      string
	Telephone string
	Slot      store.Ref
	Hold      holdText
	Announced said
	Fee       said
	Book      string
	Again     string
	TimesHref string
	Received  bool
}

// checkVisitor looks at what was typed, keeps the time and shows it all once more.
func (s *Site) checkVisitor(c *gin.Context) error {
	form := readWho(c)
	who := visitorIn(form)
	for field, code := range map[string]string{"name": card.VisitorNameMissing.Code, "telephone": card.TelephoneMissing.Code} {
		if form.Value(field) == "" {
			form.Fail(field, code) // both at once, not one after the other
		}
	}
	if !form.OK() {
		return s.correct(c, form)
	}
	if err := s.slow(c, booking.VisitorBrake); err != nil {
		return err
	}
	var held booking.Visit
	err := s.store.Write(c, func(tx *store.Tx) error {
		v, err := s.newcomer(c, tx)
		if err != nil {
			return err
		}
		if err := v.may(tx, store.Ref(form.Value("slot"))); err != nil {
			return err
		}
		held, err = booking.HoldVisitor(tx, v.actor(c), v.wish(c, store.Ref(form.Value("slot"))), who)
		return err
	})
	if refused, expected := problem.As(err); expected && ofSlot(err) {
		return s.lostFor(c, store.Ref(form.Value("slot")), refused, s.newcomer)
	} else if err != nil && !s.typedWrong(form, err) {
		return err
	}
	return s.reply(c, func(tx *store.Tx) (reply, error) {
		v, err := s.newcomer(c, tx)
		if err != nil {
			return reply{}, err
		}
		if !form.OK() {
			return s.whoReply(c, tx, v, form)
		}
		return s.checkVisitorReply(c, tx, v, form, held)
	})
}

// resendTo is where a change of language sends the form: a form that was refused
// is looked at again, one that is being corrected is only shown again.
func resendTo(v visitor, form *web.Form) string {
	if form.OK() {
		return v.base + "/who"
	}
	return v.base + "/check"
}

func visitorIn(form *web.Form) card.Visitor {
	return card.Visitor{Name: form.Value("name"), Telephone: form.Value("telephone")}
}

// typedWrong puts a refusal beside the field that it is about.
func (s *Site) typedWrong(form *web.Form, err error) bool {
	refused, expected := problem.As(err)
	if !expected || refused.Kind != problem.Invalid && refused.Code != booking.TooManyLive.Code {
		return false
	}
	form.Apply(refused)
	return true
}

// reply reads a page after something was written.
func (s *Site) reply(c *gin.Context, show func(*store.Tx) (reply, error)) error {
	var r reply
	err := s.store.Read(c, func(tx *store.Tx) (err error) {
		r, err = show(tx)
		return err
	})
	if err != nil {
		return err
	}
	return s.answer(c, r)
}

func (s *Site) checkVisitorReply(c *gin.Context, tx *store.Tx, v visitor, form *web.Form, held booking.Visit) (reply, error) {
	chosen, err := booking.PlaceByRef(tx, store.Ref(form.Value("slot")))
	if err != nil {
		return reply{}, err
	}
	page := checkVisitorPage{
		frame: s.frame(c, v, "check.title"), Slot: chosen.Ref,
		Name: form.Value("name"), Telephone: form.Value("telephone"),
		Received: v.hasCard() && !v.record.Issued() && v.service.Code == booking.CertificateRenewalCode,
	}
	page.Service, page.Announced, page.Fee = page.say(v.service.Name), page.say(v.service.Announcement), page.say(v.service.Fee)
	page.Base = page.Resending(v.base+"/check", form)
	page.Hold = page.holdText(tx, v, held, held.ID != 0)
	page.Hold.Gone = false
	page.Chosen = page.visitText(chosen.Slot, chosen.Venue)
	page.Book, page.Again = page.way("/book"), page.way("/who")
	page.TimesHref = page.way(dayPath(chosen.Venue.Ref, chosen.HeldOn))
	return reply{template: "public/check_visitor.html", page: page}, nil
}

// correctVisitor shows the form again with what was typed.
func (s *Site) correctVisitor(c *gin.Context) error { return s.correct(c, readWho(c)) }

func (s *Site) correct(c *gin.Context, form *web.Form) error {
	return s.reply(c, func(tx *store.Tx) (reply, error) {
		v, err := s.newcomer(c, tx)
		if err != nil {
			return reply{}, err
		}
		return s.whoReply(c, tx, v, form)
	})
}

// bookVisitor books without a card and lets the person in to their booking.
func (s *Site) bookVisitor(c *gin.Context) error {
	form := readWho(c)
	slot := store.Ref(form.Value("slot"))
	if err := s.slow(c, booking.VisitorBrake); err != nil {
		return err
	}
	var ref string
	err := s.store.Write(c, func(tx *store.Tx) (err error) {
		ref, err = web.Once(tx, c, func() (string, error) {
			v, err := s.newcomer(c, tx)
			if err != nil {
				return "", err
			}
			if err := v.may(tx, slot); err != nil {
				return "", err
			}
			visit, err := booking.BookVisitor(tx, v.actor(c), v.wish(c, slot), visitorIn(form))
			return string(visit.Booking.Ref), err
		})
		return err
	})
	refused, expected := problem.As(err)
	switch {
	case expected && ofSlot(err):
		return s.lostFor(c, slot, refused, s.newcomer)
	case err != nil && s.typedWrong(form, err):
		return s.correct(c, form)
	case err != nil:
		return err
	}
	s.letIn(c, store.Ref(ref))
	s.web.Session(c).Flash(flashBooked)
	return web.To(c, "/booking")
}

// letIn opens a booking without a card to this session.
func (s *Site) letIn(c *gin.Context, ref store.Ref) {
	session := s.web.Session(c)
	session.Delete(cardKey)
	session.Delete(familyKey)
	session.Delete(waitKey)
	session.Set(visitKey, string(ref))
}
