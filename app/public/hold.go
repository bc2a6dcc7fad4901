package public

import (
	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/web"
	"madoguchi/store"
)

// hold keeps a time while the answers are checked, for all who come together.
// The form may be sent again as often as anybody likes: a card has one hold, and
// the same time again changes nothing, so no form token is used up.
func (s *Site) hold(c *gin.Context) error {
	slot := store.Ref(web.ReadForm(c, "slot").Value("slot"))
	err := s.store.Write(c, func(tx *store.Tx) error {
		v, err := s.visitor(c, tx)
		if err != nil {
			return err
		}
		if err := v.may(tx, slot); err != nil {
			return err
		}
		switch {
		case v.stage == unknown:
			return web.SignInNeeded
		case v.stage == issued:
			return booking.CardIssued
		case v.stage != free:
			return nil // they keep what they have
		case len(v.along) > 0:
			_, err = booking.HoldTogether(tx, v.actor(c), v.cards(), v.wish(c, slot))
		default:
			_, err = booking.Hold(tx, v.actor(c), v.wish(c, slot))
		}
		return err
	})
	why, expected := problem.As(err)
	switch {
	case err == nil:
		return web.To(c, checkPath(slot))
	case expected && ofSlot(err):
		return s.lostTo(c, slot, why)
	}
	return s.overtaken(c, err)
}

// wish is what the visitor asks for when they choose a time.
func (v visitor) wish(c *gin.Context, slot store.Ref) booking.Wish {
	return booking.Wish{
		Card: v.record.ID, Slot: slot, Channel: booking.Web, Seat: booking.ResidentSeat, Lang: web.LanguageOf(c).Code,
	}
}

// may refuses times of other services than the one that the visitor comes for.
func (v visitor) may(tx *store.Tx, ref store.Ref) error {
	slot, err := booking.SlotByRef(tx, ref)
	if err != nil {
		return err
	}
	if slot.ServiceID != v.service.ID {
		return booking.SlotNotFound
	}
	return nil
}

// held is in which slots the visitor and those who come along hold a place.
func (v visitor) held(tx *store.Tx) (map[int64]bool, error) {
	held := map[int64]bool{}
	if v.stage != free {
		return held, nil
	}
	for _, id := range v.cards() {
		h, ok, err := booking.HoldOf(tx, id)
		if err != nil {
			return nil, err
		}
		if ok {
			held[h.SlotID] = true
		}
	}
	return held, nil
}

// holdText says until when the time is kept.
type holdText struct {
	Until string // "" when it is not kept any more, or never was
	Gone  bool   // it could be kept, and is not
}

func (f frame) holdText(tx *store.Tx, v visitor, held booking.Visit, ok bool) holdText {
	if !ok {
		return holdText{Gone: v.town.HoldMinutes > 0 && v.stage != booked}
	}
	minutes := int(held.HeldUntil.Sub(tx.Now).Minutes())
	return holdText{Until: f.T("check.held", "until", f.when.clock(jp.ClockOf(held.HeldUntil)), "minutes", max(minutes, 1))}
}

// ranOut reports whether a place that was held for the card in the slot has run out.
func (v visitor) ranOut(tx *store.Tx, slot booking.Slot) (bool, error) {
	if !v.hasCard() {
		return false, nil
	}
	return booking.RanOut(tx, v.record.ID, slot.ID)
}
