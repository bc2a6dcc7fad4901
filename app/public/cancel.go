package public

import (
	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/web"
	"madoguchi/store"
)

// cancelPage asks once more before a booking is given up.
type cancelPage struct {
	frame
	Visit   visitText
	Number  string
	Booking store.Ref
	Version int
}

func (s *Site) cancelForm(c *gin.Context, _ *store.Tx, v visitor) (reply, error) {
	page := cancelPage{
		frame: s.frame(c, v, "cancel.title"), Number: v.visit.Number.String(),
		Booking: v.visit.Ref, Version: v.visit.Version,
	}
	page.Visit = page.visitText(v.visit.Slot, v.visit.Venue)
	return reply{template: "public/cancel.html", page: page}, nil
}

func (s *Site) cancel(c *gin.Context) error {
	form := web.ReadForm(c, "booking", "version")
	var to string
	err := s.store.Write(c, func(tx *store.Tx) (err error) {
		to, err = web.Once(tx, c, func() (string, error) {
			v, err := s.visitor(c, tx)
			switch {
			case err != nil:
				return "", err
			case v.stage == unknown:
				return "", web.SignInNeeded
			case v.stage == issued:
				return "", booking.CardIssued
			case v.stage == over:
				return "", booking.NotLive
			case string(v.visit.Ref) != form.Value("booking"):
				return "", booking.NotLive
			}
			_, err = booking.Cancel(tx, v.actor(c), v.visit.Ref, version(form))
			return "/booking", err
		})
		return err
	})
	if err != nil {
		return s.overtaken(c, err)
	}
	s.web.Session(c).Flash(flashCancelled)
	return web.To(c, to)
}
