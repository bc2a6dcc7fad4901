package public

import (
	"errors"
	"strconv"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/problem"
	"madoguchi/app/web"
	"madoguchi/store"
)

// bookForm is what the page of the answers sends.
type bookForm struct {
	slot    store.Ref
	booking store.Ref // the booking to change; "" for a first one
	version int
}

func readBook(c *gin.Context) bookForm {
	form := web.ReadForm(c, "slot", "booking", "version")
	return bookForm{store.Ref(form.Value("slot")), store.Ref(form.Value("booking")), version(form)}
}

// version reads a row's version; what is no number is a version no row has.
func version(form *web.Form) int {
	n, err := strconv.Atoi(form.Value("version"))
	if err != nil {
		return -1
	}
	return n
}

func (s *Site) book(c *gin.Context) error {
	form := readBook(c)
	var to string
	err := s.store.Write(c, func(tx *store.Tx) (err error) {
		to, err = web.Once(tx, c, func() (string, error) {
			v, err := s.visitor(c, tx)
			if err != nil {
				return "", err
			}
			return "/booking", v.take(c, tx, form)
		})
		return err
	})
	why, expected := problem.As(err)
	switch {
	case err == nil:
		s.web.Session(c).Flash(form.done())
		return web.To(c, to)
	case expected && ofSlot(err):
		return s.lostTo(c, form.slot, why)
	}
	return s.overtaken(c, err)
}

// done names what the next page says: a booking was made, or changed.
func (f bookForm) done() string {
	if f.booking != "" {
		return flashChanged
	}
	return flashBooked
}

// take books the slot, for all who come together, or moves the live booking to it.
func (v visitor) take(c *gin.Context, tx *store.Tx, form bookForm) error {
	switch v.stage {
	case unknown:
		return web.SignInNeeded
	case issued:
		return booking.CardIssued
	case over:
		return booking.NotLive
	}
	err := v.may(tx, form.slot)
	wish := v.wish(c, form.slot)
	switch {
	case err != nil:
	case form.booking == "" && !v.hasCard():
		err = booking.AlreadyBooked
	case form.booking == "" && len(v.along) > 0 && v.stage == free:
		_, err = booking.BookTogether(tx, v.actor(c), v.cards(), wish)
	case form.booking == "":
		_, err = booking.Book(tx, v.actor(c), wish)
	case v.visit.Ref != form.booking:
		// The Ref of someone else's booking, or of one that is over.
		err = booking.Stale
	default:
		_, err = booking.Change(tx, v.actor(c), form.booking, form.version, wish)
	}
	return err
}

// overtaken goes to the page on which people see how things stand, with a
// sentence why what they wanted was not done.
func (s *Site) overtaken(c *gin.Context, err error) error {
	for _, p := range []*problem.Problem{booking.AlreadyBooked, booking.Stale, booking.NotLive, booking.PastCutoff, booking.TooMany} {
		if errors.Is(err, p) {
			s.web.Session(c).Flash(p.Code)
			return web.To(c, "/booking")
		}
	}
	if errors.Is(err, booking.CardIssued) {
		return web.To(c, issued.home())
	}
	return err
}
