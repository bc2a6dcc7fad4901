package public

import (
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/problem"
	"madoguchi/app/web"
	"madoguchi/store"
)

// reasonPath is where a proxy's reason is chosen, in every language.
const reasonPath = "/booking/reason"

// chooseReasonPage asks why somebody comes in the holder's place: only some
// reasons are accepted, each with papers of its own.
type chooseReasonPage struct {
	frame
	Reason  web.Field
	Reasons []reasonOption
}

// reasonOption is a reason in words.
type reasonOption struct {
	option
	ID       string
	Japanese bool // the town's own words, which no translation covers
}

// reasonOption says a reason in the page's language as long as the town has left
// its words as every town has them, and in the town's words otherwise.
func (f frame) reasonOption(r booking.ProxyReason) reasonOption {
	if r.Standard() {
		return reasonOption{option: option{Value: string(r.Ref), Label: f.T("proxy_reason." + r.Code)}}
	}
	name := f.say(r.Name)
	return reasonOption{option: option{Value: string(r.Ref), Label: name.Text}, Japanese: name.Lang != ""}
}

func (s *Site) chooseReason(c *gin.Context, tx *store.Tx, v visitor) (reply, error) {
	form := web.ReadForm(c, "reason")
	why, said, err := booking.ReasonOf(tx, v.visit.Booking)
	if err != nil {
		return reply{}, err
	}
	if said {
		form.Set("reason", string(why.Ref))
	}
	return s.reasonReply(c, tx, v, form)
}

func (s *Site) reasonReply(c *gin.Context, tx *store.Tx, v visitor, form *web.Form) (reply, error) {
	page := chooseReasonPage{frame: s.frame(c, v, "reason.title"), Reason: *form.Field("reason")}
	page.Base = page.With(form)
	reasons, err := booking.ProxyReasons(tx)
	if err != nil {
		return reply{}, err
	}
	if len(reasons) == 0 {
		return reply{to: v.home()}, nil
	}
	for i, r := range reasons {
		o := page.reasonOption(r)
		// The error summary leads to the first.
		if o.ID = page.Reason.ID(); i > 0 {
			o.ID = fmt.Sprintf("%s-%d", page.Reason.ID(), i+1)
		}
		o.Chosen = page.Reason.Has(o.Value)
		page.Reasons = append(page.Reasons, o)
	}
	r := reply{template: "public/choose_reason.html", page: page}
	if !form.OK() {
		r.status = http.StatusUnprocessableEntity
	}
	return r, nil
}

// setReason keeps that a proxy comes, and why.
func (s *Site) setReason(c *gin.Context) error {
	form := web.ReadForm(c, "reason")
	err := s.store.Write(c, func(tx *store.Tx) error {
		_, err := web.Once(tx, c, func() (string, error) {
			v, err := s.visitor(c, tx)
			switch {
			case err != nil:
				return "", err
			case v.stage == unknown:
				return "", web.SignInNeeded
			case v.stage != booked && v.stage != fixed:
				return "", booking.NotLive
			case form.Value("reason") == "":
				return "", booking.ProxyReasonUnknown.On("reason")
			}
			return "/booking", booking.SetComer(tx, v.actor(c), v.visit.Booking.Ref, booking.Proxy, store.Ref(form.Value("reason")))
		})
		return err
	})
	if refused, ok := problem.As(err); ok && refused.Kind == problem.Invalid {
		form.Apply(refused)
		return s.reply(c, func(tx *store.Tx) (reply, error) {
			v, err := s.visitor(c, tx)
			if err != nil {
				return reply{}, err
			}
			return s.reasonReply(c, tx, v, form)
		})
	}
	if err != nil {
		return s.overtaken(c, err)
	}
	s.web.Session(c).Flash("comer_set")
	return web.To(c, "/booking")
}
