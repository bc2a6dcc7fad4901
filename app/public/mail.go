package public

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/gin-gonic/gin"

	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/mail"
	"madoguchi/app/problem"
	"madoguchi/app/web"
	"madoguchi/store"
)

// Within mailWindow at most mailMost confirmations are sent for a person: the
// address may be a stranger's.
const (
	mailMost   = 5
	mailWindow = 24 * time.Hour
)

// mailRoutes are the pages of the mail address, and those that links in mails
// lead to. Such a link only shows a page; the button on it does something,
// because programs that look for viruses open every link of a mail.
func (s *Site) mailRoutes() []web.Route {
	if !s.mail {
		return nil
	}
	return []web.Route{
		web.GET("/mail", s.page(stages(free, booked, fixed, inLine), s.mailForm)),
		web.POST("/mail", s.proposeMail),
		web.GET("/mail/forget", s.page(stages(), nil)),
		web.POST("/mail/forget", s.forgetMail),
		web.GET("/mail/confirm/:token", s.page(anyone, s.confirmMailForm)),
		web.POST("/mail/confirm/:token", s.confirmMail),
		web.GET("/mail/cancel/:token", s.page(anyone, s.cancelByMailForm)),
		web.POST("/mail/cancel/:token", s.cancelByMail),
		web.GET("/mail/done", s.page(anyone, s.mailDone)),
	}
}

// mailPage is where a person gives, changes or takes back their mail address.
type mailPage struct {
	frame
	Mail     textField
	Used     string // the address in use, mostly hidden; "" for none
	Proposed string // one that waits to be confirmed, mostly hidden; "" for none
	Hours    int    // within which it has to be
	Back     string
	Waits    bool // Back leads to the waiting list
}

func readMail(c *gin.Context) *web.Form {
	form := web.ReadForm(c, "mail")
	form.Field("mail").Required = true
	return form
}

func (s *Site) mailForm(c *gin.Context, tx *store.Tx, v visitor) (reply, error) {
	form := readMail(c)
	form.Set("mail", "")
	return s.mailReply(c, tx, v, form)
}

func (s *Site) mailReply(c *gin.Context, tx *store.Tx, v visitor, form *web.Form) (reply, error) {
	who, err := v.person(tx)
	if err != nil {
		return reply{}, err
	}
	page := mailPage{frame: s.frame(c, v, "mail.title"), Used: hidden(who.Mail), Hours: int(card.ProposalTime.Hours()), Waits: v.stage == inLine}
	page.Back = page.Path(v.stage.home())
	if v.stage == free {
		page.Back = page.Path("/booking")
	}
	page.Base = page.With(form)
	page.Mail = textField{Field: form.Field("mail"), Class: "full", Autocomplete: "email", InputMode: "email"}
	p, ok, err := card.MailProposed(tx, who.ID)
	if ok {
		page.Proposed = hidden(p.Mail)
	}
	r := reply{template: "public/mail.html", page: page}
	if !form.OK() {
		r.status = http.StatusUnprocessableEntity
	}
	return r, err
}

// hidden shows as much of an address as its owner needs to know it again.
func hidden(address string) string {
	local, domain, ok := strings.Cut(address, "@")
	if !ok {
		return ""
	}
	return local[:1] + "…@" + domain
}

// onceFor runs do for who is signed in, once for each form.
func (s *Site) onceFor(c *gin.Context, do func(tx *store.Tx, v visitor, who card.Person) (string, error)) (to string, err error) {
	err = s.store.Write(c, func(tx *store.Tx) (err error) {
		to, err = web.Once(tx, c, func() (string, error) {
			v, err := s.visitor(c, tx)
			switch {
			case err != nil:
				return "", err
			case v.stage == unknown || v.stage == over:
				return "", web.SignInNeeded
			case v.stage == issued:
				return issued.home(), nil
			}
			who, err := v.person(tx)
			if err != nil {
				return "", err
			}
			return do(tx, v, who)
		})
		return err
	})
	return to, err
}

func (s *Site) proposeMail(c *gin.Context) error {
	form := readMail(c)
	to, err := s.onceFor(c, func(tx *store.Tx, v visitor, who card.Person) (string, error) {
		n, err := mail.QueuedSince(tx, mail.Confirm, who.ID, tx.Now.Add(-mailWindow))
		if err != nil {
			return "", err
		}
		if n >= mailMost {
			return "", card.TooManyMails.On("mail")
		}
		lang := web.LanguageOf(c).Code
		if err := card.ProposeMail(tx, v.actor(c), who, form.Value("mail"), lang); err != nil {
			return "", err
		}
		_, err = mail.Queue(tx, v.actor(c), messageTo(int64(v.record.ID), who.ID, mail.Message{Kind: mail.Confirm, Lang: lang}))
		return "/mail", err
	})
	if p, ok := problem.As(err); ok && p.Kind == problem.Invalid {
		form.Apply(p)
		return s.mailRefused(c, form)
	}
	if err != nil {
		return err
	}
	s.web.Session(c).Flash("mail_proposed")
	return web.To(c, to)
}

// messageTo addresses a message to the holder of a card or, where there is
// none, to the visitor.
func messageTo(cardID, personID int64, m mail.Message) mail.Message {
	if m.Card = cardID; cardID == 0 {
		m.Visitor = personID
	}
	return m
}

func (s *Site) mailRefused(c *gin.Context, form *web.Form) error {
	var r reply
	err := s.store.Read(c, func(tx *store.Tx) error {
		v, err := s.visitor(c, tx)
		if err != nil {
			return err
		}
		r, err = s.mailReply(c, tx, v, form)
		return err
	})
	if err != nil {
		return err
	}
	return s.answer(c, r)
}

func (s *Site) forgetMail(c *gin.Context) error {
	to, err := s.onceFor(c, func(tx *store.Tx, v visitor, who card.Person) (string, error) {
		return "/mail", card.ForgetMail(tx, v.actor(c), who)
	})
	if err != nil {
		return err
	}
	s.web.Session(c).Flash("mail_forgotten")
	return web.To(c, to)
}

// confirmMailPage is where the link of a confirmation leads.
type confirmMailPage struct {
	frame
	Token string
}

func (s *Site) confirmMailForm(c *gin.Context, tx *store.Tx, v visitor) (reply, error) {
	_, err := mail.FindLink(tx, mail.ToConfirm, c.Param("token"))
	if errors.Is(err, mail.LinkOver) {
		return s.linkOver(c, v), nil
	}
	page := confirmMailPage{frame: s.frame(c, v, "mail.confirm.title"), Token: c.Param("token")}
	return reply{template: "public/mail_confirm.html", page: page}, err
}

// byLink runs do with what stands behind a link, once for each form. The actor
// is whoever the mail went to.
func (s *Site) byLink(c *gin.Context, p mail.Purpose, done string, do func(tx *store.Tx, by audit.Actor, l mail.Link, who card.Person) error) error {
	err := s.store.Write(c, func(tx *store.Tx) error {
		_, err := web.Once(tx, c, func() (string, error) {
			l, err := mail.FindLink(tx, p, c.Param("token"))
			if err != nil {
				return "", err
			}
			who, err := card.PersonOf(tx, card.ID(l.CardID), l.PersonID)
			if err != nil {
				return "", err
			}
			if err := do(tx, audit.Actor{Kind: audit.Resident, Ref: who.Subject.Ref, Request: web.RequestNumber(c)}, l, who); err != nil {
				return "", err
			}
			return "/mail/done", mail.UseLink(tx, l)
		})
		return err
	})
	switch {
	case errors.Is(err, mail.LinkOver), errors.Is(err, card.MailProposalOver), errors.Is(err, booking.NotLive), errors.Is(err, booking.Stale):
		return s.showLinkOver(c)
	case errors.Is(err, booking.PastCutoff):
		return web.To(c, "/mail/cancel/"+c.Param("token"))
	case err != nil:
		return err
	}
	s.web.Session(c).Flash(done)
	return web.To(c, "/mail/done")
}

// confirmMail takes the address into use, and sends what the person came for:
// the facts of their booking, and the place that is held for them if they wait.
func (s *Site) confirmMail(c *gin.Context) error {
	return s.byLink(c, mail.ToConfirm, flashMailConfirmed, func(tx *store.Tx, by audit.Actor, l mail.Link, who card.Person) error {
		if err := card.ConfirmMail(tx, by, who, l.About); err != nil {
			return err
		}
		return tellHowThingsStand(tx, by, l)
	})
}

func tellHowThingsStand(tx *store.Tx, by audit.Actor, l mail.Link) error {
	v, booked, err := booking.LiveOfVisitor(tx, l.PersonID)
	w, waits := booking.Waiting{}, false
	if l.CardID != 0 {
		v, booked, err = booking.Live(tx, card.ID(l.CardID))
	}
	if err == nil && l.CardID != 0 {
		w, waits, err = booking.WaitingOf(tx, card.ID(l.CardID))
	} else if err == nil {
		w, waits, err = booking.WaitingOfVisitor(tx, l.PersonID)
	}
	if err != nil {
		return err
	}
	if booked {
		if _, err := mail.Queue(tx, by, messageTo(l.CardID, l.PersonID, mail.Message{Kind: mail.Booked, BookingRef: v.Booking.Ref})); err != nil {
			return err
		}
	}
	if !waits {
		return nil
	}
	held, offered, err := booking.OfferOf(tx, w)
	if err != nil || !offered {
		return err
	}
	_, err = mail.Queue(tx, by, messageTo(l.CardID, l.PersonID, mail.Message{Kind: mail.Offered, BookingRef: held.Booking.Ref}))
	return err
}

// cancelByMailPage asks who followed the link of a reminder once more. It shows
// what stood in the mail, and nothing of the person.
type cancelByMailPage struct {
	frame
	Visit     visitText
	Number    string
	Version   int
	Token     string
	CanCancel bool
}

func (s *Site) cancelByMailForm(c *gin.Context, tx *store.Tx, v visitor) (reply, error) {
	l, err := mail.FindLink(tx, mail.ToCancel, c.Param("token"))
	if errors.Is(err, mail.LinkOver) {
		return s.linkOver(c, v), nil
	}
	if err != nil {
		return reply{}, err
	}
	visit, err := booking.ByRef(tx, l.About)
	if err != nil {
		return reply{}, err
	}
	if !visit.Live() {
		return s.linkOver(c, v), nil
	}
	page := cancelByMailPage{
		frame: s.frame(c, v, "cancel.title"), Number: visit.Number.String(), Version: visit.Version, Token: c.Param("token"),
	}
	page.Visit = page.visitText(visit.Slot, visit.Venue)
	page.CanCancel, err = booking.CanChange(tx, visit)
	return reply{template: "public/mail_cancel.html", page: page}, err
}

func (s *Site) cancelByMail(c *gin.Context) error {
	form := web.ReadForm(c, "version")
	return s.byLink(c, mail.ToCancel, flashCancelled, func(tx *store.Tx, by audit.Actor, l mail.Link, _ card.Person) error {
		_, err := booking.Cancel(tx, by, l.About, version(form))
		return err
	})
}

// What the page after a link says once.
const flashMailConfirmed = "mail_confirmed"

// mailDonePage says what was done by a link, or that it does nothing any more.
type mailDonePage struct {
	frame
	Text   string
	Button string
}

func (s *Site) mailDone(c *gin.Context, _ *store.Tx, v visitor) (reply, error) {
	title, text := "", ""
	switch s.web.Session(c).TakeFlash() {
	case flashMailConfirmed:
		title, text = "mail.confirmed.title", "mail.confirmed.text"
	case flashCancelled:
		title, text = "booking.title.cancelled", "mail.cancelled.text"
	default:
		return reply{to: "/"}, nil
	}
	page := mailDonePage{frame: s.frame(c, v, title)}
	page.Text, page.Button = page.T(text), page.T("mail.done.button")
	return reply{template: "public/mail_done.html", page: page}, nil
}

func (s *Site) linkOver(c *gin.Context, v visitor) reply {
	page := mailDonePage{frame: s.frame(c, v, "mail.over.title")}
	page.Text, page.Button = page.T("mail.over.text"), page.T("mail.over.button")
	return reply{status: http.StatusNotFound, template: "public/mail_done.html", page: page}
}

func (s *Site) showLinkOver(c *gin.Context) error {
	var r reply
	err := s.store.Read(c, func(tx *store.Tx) error {
		v, err := s.visitor(c, tx)
		r = s.linkOver(c, v)
		return err
	})
	if err != nil {
		return err
	}
	return s.answer(c, r)
}
