package public

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// checkAnswersPage shows what will be booked before it is.
type checkAnswersPage struct {
	frame
	Change       *visitText
	Chosen       visitText
	NoticeNumber string
	Slot         store.Ref
	Booking      store.Ref // the booking that will be changed; "" for a first one
	Version      int
	TimesHref    string
}

func (s *Site) checkAnswers(c *gin.Context, tx *store.Tx, v visitor) (reply, error) {
	if c.Query("slot") == "" {
		return reply{to: "/venues"}, nil
	}
	slot, err := booking.SlotByRef(tx, store.Ref(c.Query("slot")))
	if err != nil {
		return reply{}, err
	}
	if v.stage == booked && v.visit.SlotID == slot.ID {
		return reply{to: "/booking"}, nil
	}
	held, err := booking.PlaceOf(tx, slot)
	if err != nil {
		return reply{}, err
	}
	lost, err := whyLost(tx, slot)
	if err != nil {
		return reply{}, err
	}
	if lost != nil {
		return s.slotLost(c, tx, v, lostSlot{held, lost})
	}
	page := checkAnswersPage{frame: s.frame(c, v, "check.title"), Slot: slot.Ref, NoticeNumber: v.record.NoticeNumber.String()}
	if page.Change = page.changed(v); page.Change != nil {
		page.Booking, page.Version = v.visit.Ref, v.visit.Version
	}
	page.Chosen = page.visitText(slot, held.Venue)
	page.TimesHref = page.Path(dayPath(held.Venue.Ref, slot.HeldOn))
	return reply{template: "public/check_answers.html", page: page}, nil
}

// whyLost tells why a slot cannot be booked now; nil when it can.
func whyLost(tx *store.Tx, slot booking.Slot) (*problem.Problem, error) {
	period, err := booking.BookablePeriod(tx)
	switch {
	case err != nil:
		return nil, err
	case !tx.Now.Before(slot.At()):
		return booking.SlotPast, nil
	case !period.Holds(slot.HeldOn):
		return booking.OutsidePeriod, nil
	case !slot.Open:
		return booking.SlotClosed, nil
	case slot.Remaining() == 0:
		return booking.SlotFull, nil
	}
	return nil, nil
}

// slotLostPage keeps what was chosen in sight and offers the nearest times.
type slotLostPage struct {
	frame
	Happened string
	Chosen   visitText
	Change   *visitText // the booking that still stands, when it was to be changed
	Nearest  []timeChoice
}

// nearestShown is how many times are offered: they fit on a phone without scrolling far.
const nearestShown = 6

// lostSlot is a slot that cannot be booked, and why.
type lostSlot struct {
	booking.Place
	why *problem.Problem
}

func (s *Site) slotLost(c *gin.Context, tx *store.Tx, v visitor, lost lostSlot) (reply, error) {
	page := slotLostPage{frame: s.frame(c, v, "lost.title")}
	page.Failed = true
	page.Happened = page.Words.Problem(lost.why.Code, lost.why.Args)
	page.Chosen, page.Change = page.visitText(lost.Slot, lost.Venue), page.changed(v)
	nearest, err := booking.NearestFree(tx, lost.Slot, booking.ResidentSeat, nearestShown)
	if err != nil {
		return reply{}, err
	}
	for _, near := range nearest {
		page.Nearest = append(page.Nearest, page.timeChoice(near.Slot, near.Venue))
	}
	return reply{status: http.StatusConflict, template: "public/slot_lost.html", page: page}, nil
}

// lostTo reads the page for a booking that was refused because of its slot.
func (s *Site) lostTo(c *gin.Context, ref store.Ref, why *problem.Problem) error {
	var r reply
	err := s.store.Read(c, func(tx *store.Tx) error {
		v, err := s.visitor(c, tx)
		if err != nil {
			return err
		}
		slot, err := booking.SlotByRef(tx, ref)
		if err != nil {
			return err
		}
		held, err := booking.PlaceOf(tx, slot)
		if err != nil {
			return err
		}
		r, err = s.slotLost(c, tx, v, lostSlot{held, why})
		return err
	})
	if err != nil {
		return err
	}
	return s.answer(c, r)
}

// ofSlot tells that a refusal is about the slot, not about the person.
func ofSlot(err error) bool {
	for _, p := range []error{booking.SlotFull, booking.SlotClosed, booking.SlotPast, booking.OutsidePeriod} {
		if errors.Is(err, p) {
			return true
		}
	}
	return false
}
