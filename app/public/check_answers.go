package public

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// checkAnswersPage shows what will be booked before it is.
type checkAnswersPage struct {
	frame
	Change    *visitText
	Service   *said // nil for the receipt of a card
	Chosen    visitText
	People    []personTime // who comes when
	Apart     bool         // not all of them at the same time
	Hold      holdText
	Slot      store.Ref
	Booking   store.Ref // the booking that will be changed; "" for a first one
	Version   int
	TimesHref string
	Announced said // what the town says about the service
	Fee       said
	Renewed   bool // by the card's record it replaces one that the holder has
}

// personTime is a person by their notice number, and when they come.
type personTime struct {
	NoticeNumber string
	Time         string
}

func (s *Site) checkAnswers(c *gin.Context, tx *store.Tx, v visitor) (reply, error) {
	if c.Query("slot") == "" {
		return reply{to: "/venues"}, nil
	}
	chosen, err := booking.PlaceByRef(tx, store.Ref(c.Query("slot")))
	if err != nil {
		return reply{}, err
	}
	if err := v.may(tx, chosen.Ref); err != nil {
		return reply{}, err
	}
	if v.stage == booked && v.visit.SlotID == chosen.Slot.ID {
		return reply{to: "/booking"}, nil
	}
	times, held, all, err := v.times(tx, chosen.Slot)
	if err != nil {
		return reply{}, err
	}
	if !all {
		lost, err := whyLost(tx, chosen.Slot)
		if lost == nil && err == nil && len(v.along) > 0 {
			times, err = booking.PlacesTogether(tx, chosen.Slot, 1+len(v.along))
			lost, _ = problem.As(err)
		}
		if lost != nil {
			return s.slotLost(c, tx, v, lostSlot{chosen, lost})
		}
		if err != nil {
			return reply{}, err
		}
	}
	page := checkAnswersPage{
		frame: s.frame(c, v, "check.title"), Slot: chosen.Ref,
	}
	page.Service = page.otherService(v)
	page.Announced, page.Fee = page.say(v.service.Announcement), page.say(v.service.Fee)
	if page.Renewed, err = replaces(tx, v.record); err != nil {
		return reply{}, err
	}
	page.Hold = page.holdText(tx, v, held, all && held.ID != 0)
	if page.Change = page.changed(v); page.Change != nil {
		page.Booking, page.Version = v.visit.Ref, v.visit.Version
	}
	page.people(v, times)
	page.Chosen = page.visitText(chosen.Slot, chosen.Venue)
	page.TimesHref = page.way(dayPath(chosen.Venue.Ref, chosen.HeldOn))
	return reply{template: "public/check_answers.html", page: page}, nil
}

// times are when each who comes will come, as far as places are held for all of
// them: then all is true, and held is one of their holds. Who changes a booking
// holds nothing.
func (v visitor) times(tx *store.Tx, chosen booking.Slot) (times []booking.Slot, held booking.Visit, all bool, err error) {
	if v.stage != free {
		return []booking.Slot{chosen}, held, false, nil
	}
	among := false
	for _, id := range v.cards() {
		h, ok, err := booking.HoldOf(tx, id)
		if err != nil || !ok {
			return []booking.Slot{chosen}, booking.Visit{}, false, err
		}
		among = among || h.SlotID == chosen.ID
		times, held = append(times, h.Slot), h
	}
	if !among {
		return []booking.Slot{chosen}, booking.Visit{}, false, nil
	}
	return times, held, true, nil
}

func (p *checkAnswersPage) people(v visitor, times []booking.Slot) {
	if !v.hasCard() {
		return
	}
	records := append([]string{v.record.NoticeNumber.String()}, numbers(v.along)...)
	for i, number := range records {
		slot := times[min(i, len(times)-1)]
		p.People = append(p.People, personTime{number, p.span(slot.Starts, slot.Ends)})
		p.Apart = p.Apart || slot.ID != times[0].ID
	}
}

// whyLost tells why a slot cannot be booked now; nil when it can.
func whyLost(tx *store.Tx, slot booking.Slot) (*problem.Problem, error) {
	if err := booking.ResidentsMay(tx, slot); err != nil {
		if p, ok := problem.As(err); ok {
			return p, nil
		}
		return nil, err
	}
	switch {
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
	RanOut   bool // it had been kept for the visitor, and the time for that is over
	Chosen   visitText
	Change   *visitText // the booking that still stands, when it was to be changed
	Nearest  []timeChoice
	Wait     string // where to wait for a place on that day

	VenuesHref string
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
	page.Failed, page.VenuesHref = true, page.way("/venues")
	page.Happened = page.Words.Problem(lost.why.Code, lost.why.Args)
	page.Chosen, page.Change = page.visitText(lost.Slot, lost.Venue), page.changed(v)
	if errors.Is(lost.why, booking.SlotFull) {
		page.Wait = page.waitHref(v, lost.Venue, lost.HeldOn)
		var err error
		if page.RanOut, err = v.ranOut(tx, lost.Slot); err != nil {
			return reply{}, err
		}
	}
	nearest, err := booking.NearestFree(tx, lost.Slot, booking.ResidentSeat, nearestShown)
	if err != nil {
		return reply{}, err
	}
	for _, near := range nearest {
		page.Nearest = append(page.Nearest, page.timeChoice(v, near.Slot, near.Venue))
	}
	return reply{status: http.StatusConflict, template: "public/slot_lost.html", page: page}, nil
}

// lostTo reads the page for a booking that was refused because of its slot.
func (s *Site) lostTo(c *gin.Context, ref store.Ref, why *problem.Problem) error {
	return s.lostFor(c, ref, why, s.visitor)
}

func (s *Site) lostFor(c *gin.Context, ref store.Ref, why *problem.Problem, who func(*gin.Context, *store.Tx) (visitor, error)) error {
	var r reply
	err := s.store.Read(c, func(tx *store.Tx) error {
		v, err := who(c, tx)
		if err != nil {
			return err
		}
		held, err := booking.PlaceByRef(tx, ref)
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
	for _, p := range slotProblems() {
		if errors.Is(err, p) {
			return true
		}
	}
	return false
}

func slotProblems() []*problem.Problem {
	return []*problem.Problem{
		booking.SlotFull, booking.SlotClosed, booking.SlotPast, booking.OutsidePeriod, booking.StaffOnlyService, booking.NoRoomTogether,
	}
}

// replaces reports whether, by the card's record, the new card takes the place
// of one that the holder has: then its certificates are new as well, and the
// renewal of certificates is not what they need.
func replaces(tx *store.Tx, r card.Record) (bool, error) {
	if r.ID == 0 {
		return false, nil
	}
	kind, err := card.KindOf(tx, r.IssueKind)
	return kind.Renewal || r.IssueKind == card.PageFull || r.IssueKind == card.StayChanged, err
}
