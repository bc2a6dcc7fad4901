package public

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/problem"
	"madoguchi/app/web"
	"madoguchi/store"
)

// findPage asks for a number, of a booking or of a place on the waiting list, and the telephone number it was made with.
type findPage struct {
	frame
	Number    textField
	Telephone textField
}

func readFind(c *gin.Context) *web.Form {
	form := web.ReadForm(c, "booking_number", "telephone")
	form.Field("booking_number").Required, form.Field("telephone").Required = true, true
	return form
}

func (s *Site) findForm(c *gin.Context, _ *store.Tx, v visitor) (reply, error) {
	form := readFind(c)
	form.Set("booking_number", "")
	form.Set("telephone", "")
	return s.findReply(c, v, form), nil
}

func (s *Site) findReply(c *gin.Context, v visitor, form *web.Form) reply {
	page := findPage{frame: s.frame(c, v, "find.title")}
	page.Base = page.With(form)
	page.Number = textField{Field: form.Field("booking_number"), Class: "wide", Autocomplete: "off", InputMode: "numeric"}
	page.Telephone = textField{Field: form.Field("telephone"), Class: "wide", Autocomplete: "tel", InputMode: "tel"}
	r := reply{template: "public/find.html", page: page}
	if !form.OK() {
		r.status = http.StatusUnprocessableEntity
	}
	return r
}

// find lets in who knows both numbers; every refusal sounds the same.
func (s *Site) find(c *gin.Context) error {
	form := readFind(c)
	for _, name := range []string{"booking_number", "telephone"} {
		if form.Value(name) == "" {
			form.Fail(name, name+"_missing")
		}
	}
	number, err := booking.ParseNumber(form.Value("booking_number"))
	if refused, ok := problem.As(err); ok && form.Value("booking_number") != "" {
		form.Fail("booking_number", refused.Code)
	}
	if form.OK() {
		if err := s.brake(c); err != nil {
			return err
		}
		visit, waiting, err := booking.SignIn(c, s.store, web.RequestNumber(c), s.web.Session(c).Mark(), number, form.Value("telephone"))
		if err == nil {
			s.web.Session(c).Renew()
			if visit.ID == 0 {
				s.letWait(c, waiting.Ref)
				return web.To(c, "/waiting")
			}
			s.letIn(c, visit.Booking.Ref)
			return web.To(c, "/booking")
		}
		refused, expected := problem.As(err)
		if !expected || !errors.Is(err, booking.SignInRefused) {
			return err
		}
		form.Fail("", refused.Code)
	}
	return s.reply(c, func(tx *store.Tx) (reply, error) {
		v, err := s.visitor(c, tx)
		return s.findReply(c, v, form), err
	})
}
