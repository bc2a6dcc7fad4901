package public

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/web"
	"madoguchi/store"
)

// waitingWhoPage asks someone without a card who wants to wait for a name and a
// telephone number.
type waitingWhoPage struct {
	frame
	Service   said
	Place     place
	Days      string
	Join      *joinText
	Name      textField
	Telephone textField
	Action    string
	DaysHref  string
}

func readWaitingWho(c *gin.Context) *web.Form {
	form := web.ReadForm(c, "name", "telephone", "venue", "from", "until")
	form.Field("name").Required, form.Field("telephone").Required = true, true
	return form
}

// waitingWhoForm begins with empty fields: an address never carries a name.
func (s *Site) waitingWhoForm(c *gin.Context, tx *store.Tx, v visitor) (reply, error) {
	form := readWaitingWho(c)
	form.Set("name", "")
	form.Set("telephone", "")
	s.begin(c)
	return s.waitingWhoReply(c, tx, v, form, c.Query("day"))
}

func (s *Site) waitingWhoReply(c *gin.Context, tx *store.Tx, v visitor, form *web.Form, day string) (reply, error) {
	ref := store.Ref(form.Value("venue"))
	if ref == "" {
		return reply{to: v.base + "/venues"}, nil
	}
	what := waitingPage{frame: s.frame(c, v, "waiting.title")}
	if err := what.join(tx, v, ref, day); err != nil {
		return reply{}, err
	}
	page := waitingWhoPage{frame: what.frame, Service: what.say(v.service.Name), Place: what.Place, Days: what.Days, Join: what.Join}
	page.Base = page.With(form)
	page.Action, page.DaysHref = page.way("/waiting"), page.way(slotsPath(ref))
	page.Name = textField{Field: form.Field("name"), Class: "wide", Autocomplete: "name"}
	page.Telephone = textField{Field: form.Field("telephone"), Class: "wide", Autocomplete: "tel", InputMode: "tel"}
	r := reply{template: "public/waiting_who.html", page: page}
	if !form.OK() {
		r.status = http.StatusUnprocessableEntity
	}
	return r, nil
}

// joinVisitor puts someone without a card on the waiting list, and lets them in
// to see how it stands.
func (s *Site) joinVisitor(c *gin.Context) error {
	form := readWaitingWho(c)
	for field, code := range map[string]string{"name": card.VisitorNameMissing.Code, "telephone": card.TelephoneMissing.Code} {
		if form.Value(field) == "" {
			form.Fail(field, code)
		}
	}
	if !form.OK() {
		return s.correctWaiting(c, form)
	}
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
			wish, err := visitorsWish(tx, v, form)
			if err != nil {
				return "", err
			}
			w, err := booking.JoinVisitor(tx, v.actor(c), wish, visitorIn(form))
			return string(w.Ref), err
		})
		return err
	})
	switch refused, expected := problem.As(err); {
	case err == nil:
	case s.typedWrong(form, err):
		return s.correctWaiting(c, form)
	case expected && refused.Kind == problem.Conflict:
		// There is a free place by now, or the day is over: they choose again.
		s.web.Session(c).Flash(refused.Code)
		return web.To(c, "/services/"+c.Param("service")+slotsPath(store.Ref(form.Value("venue"))))
	default:
		return err
	}
	s.letWait(c, store.Ref(ref))
	s.web.Session(c).Flash("waiting_joined")
	return web.To(c, "/waiting")
}

func visitorsWish(tx *store.Tx, v visitor, form *web.Form) (booking.WaitingWish, error) {
	venue, err := booking.VenueByRef(tx, store.Ref(form.Value("venue")))
	if err != nil {
		return booking.WaitingWish{}, err
	}
	from, wrong := jp.ParseDate(form.Value("from"))
	until, alsoWrong := jp.ParseDate(form.Value("until"))
	if wrong != nil || alsoWrong != nil {
		return booking.WaitingWish{}, booking.OutsidePeriod
	}
	return booking.WaitingWish{Venue: venue.ID, Service: v.service.ID, From: from, Until: until}, nil
}

func (s *Site) correctWaiting(c *gin.Context, form *web.Form) error {
	return s.reply(c, func(tx *store.Tx) (reply, error) {
		v, err := s.newcomer(c, tx)
		if err != nil {
			return reply{}, err
		}
		day := ""
		if form.Value("from") == form.Value("until") {
			day = form.Value("from")
		}
		return s.waitingWhoReply(c, tx, v, form, day)
	})
}

// letWait opens a place on the waiting list to this session.
func (s *Site) letWait(c *gin.Context, ref store.Ref) {
	session := s.web.Session(c)
	for _, key := range []string{cardKey, familyKey, visitKey} {
		session.Delete(key)
	}
	session.Set(waitKey, string(ref))
}
