package console

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/problem"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

// nearestShown is how many other times are offered for one that was lost.
const nearestShown = 5

// checkSlotPage shows once more what is about to be booked (確認).
type checkSlotPage struct {
	page
	Person    person
	Heading   string
	Was       string // the booking to be changed
	When      string
	Venue     string
	Channel   string
	Remaining string
	Lost      *lostSlot
	Back      string
	Action    string // "" where nothing can be sent
	Submit    string
	Slot      store.Ref
	SentBy    booking.Channel
	Booking   store.Ref
	Version   int
	Reason    *control // only for a slot that is full
}

// lostSlot says that the slot cannot be had, and what can.
type lostSlot struct {
	Text    string
	Nearest []link
}

// checkSlot shows the chosen slot before it is taken.
func (d *Desk) checkSlot(e errand) web.Handler {
	return func(c *gin.Context) error {
		form := web.ReadForm(c, "slot", "channel", "reason")
		return d.showCheckSlot(c, e, form, nil)
	}
}

// showCheckSlot shows the page, also after a refusal: what was refused stands
// in the form or in lost.
func (d *Desk) showCheckSlot(c *gin.Context, e errand, form *web.Form, lost *problem.Problem) error {
	p := checkSlotPage{Heading: e.heading + "（確認）", Submit: "予約を確定する"}
	if e == toChange {
		p.Submit = "この日時に変更する"
	}
	err := d.store.Read(c, func(tx *store.Tx) error {
		r, live, err := e.begin(tx, refOf(c))
		if err != nil {
			return err
		}
		if err := ourBooking(c, live); err != nil {
			return err
		}
		p.Person = personOf(r)
		if e == toChange {
			p.Was = slotTime(live.Slot) + "　" + live.Venue.Name
			p.Booking, p.Version = live.Booking.Ref, live.Booking.Version
		}
		ch := choice{path: recipientPath(r) + "/" + e.verb, channel: channelOf(form.Value("channel"))}
		return p.fill(tx, c, ch, form, lost)
	})
	if refused, ok := problem.As(err); ok && refused.Kind == problem.Conflict {
		return d.bookingConflict(c, refused, conflictPage{Heading: e.heading})
	}
	if err != nil {
		return err
	}
	status := http.StatusOK
	switch {
	case p.Lost != nil:
		status = http.StatusConflict
		p.Failed = true
	case !form.OK():
		status = http.StatusUnprocessableEntity
		p.failed(form)
	}
	return d.show(c, status, "check_slot", p.Heading, &p)
}

func (p *checkSlotPage) fill(tx *store.Tx, c *gin.Context, ch choice, form *web.Form, lost *problem.Problem) error {
	place, err := booking.PlaceByRef(tx, store.Ref(form.Value("slot")))
	if err != nil {
		return err
	}
	if err := here(c, place.VenueID); err != nil {
		return err
	}
	s := place.Slot
	ch.venue, ch.from = place.Venue, s.HeldOn
	p.When, p.Venue, p.Channel = s.HeldOn.Era()+"　"+slotSpan(s), place.Venue.Name, ch.channel.Label()
	p.Slot, p.SentBy = s.Ref, ch.channel
	p.Back = ch.link("").Path
	left := s.RemainingForStaff()
	p.Remaining = fmt.Sprintf("%d（枠 %d、職員枠 %d のうち）", left, s.Capacity, s.Reserve)
	switch {
	case lost == nil && !tx.Now.Before(s.HeldOn.At(s.Ends)):
		lost = booking.SlotPast
	case lost == nil && !s.Open:
		lost = booking.SlotClosed
	case lost == nil && left == 0 && !may(c, staff.MayOverbook):
		lost = booking.SlotFull
	}
	if s.Open && left == 0 && may(c, staff.MayOverbook) {
		p.Remaining = "満席です。理由を書けば、枠を超えて予約できます。"
		p.Reason = &control{Field: *form.Field("reason"), Type: "text", Class: "kanji", Autocomplete: "off"}
	}
	if lost == nil || errors.Is(lost, booking.SlotFull) && p.Reason != nil {
		p.Action = ch.path
	}
	if lost != nil {
		p.Lost, err = lostSlotOf(tx, c, ch, s, web.WordsOf(c).Problem(lost.Code, lost.Args))
	}
	return err
}

func lostSlotOf(tx *store.Tx, c *gin.Context, ch choice, s booking.Slot, text string) (*lostSlot, error) {
	lost := &lostSlot{Text: text}
	places, err := booking.NearestFree(tx, s, booking.StaffSeat, nearestShown)
	for _, n := range places {
		if !worksAt(c, n.VenueID) {
			continue
		}
		lost.Nearest = append(lost.Nearest, link{Path: ch.check(n.Slot), Label: slotTime(n.Slot) + "　" + n.Venue.Name})
	}
	return lost, err
}

// takeSlot books the slot, or changes the booking to it.
func (d *Desk) takeSlot(e errand) web.Handler {
	return func(c *gin.Context) error {
		form := web.ReadForm(c, "slot", "channel", "reason")
		err := d.write(c, e.flash, func(tx *store.Tx) (string, error) { return e.take(tx, c, form) })
		refused, ok := problem.As(err)
		switch {
		case !ok || refused.Kind == problem.NotFound || refused.Kind == problem.Forbidden:
			return err
		case refused.Kind == problem.Invalid:
			form.Apply(refused)
			return d.showCheckSlot(c, e, form, nil)
		case isLostSlot(refused):
			return d.showCheckSlot(c, e, form, refused)
		}
		return d.takeConflict(c, e, form, refused)
	}
}

func isLostSlot(p *problem.Problem) bool {
	return errors.Is(p, booking.SlotFull) || errors.Is(p, booking.SlotClosed) || errors.Is(p, booking.SlotPast)
}

// take does what the errand is about and tells where that is shown.
func (e errand) take(tx *store.Tx, c *gin.Context, form *web.Form) (string, error) {
	r, err := card.Get(tx, refOf(c))
	if err != nil {
		return "", err
	}
	if err := ourSlot(tx, c, store.Ref(form.Value("slot"))); err != nil {
		return "", err
	}
	w := booking.Wish{
		Card:    r.Card.ID,
		Slot:    store.Ref(form.Value("slot")),
		Channel: channelOf(form.Value("channel")),
		Seat:    booking.StaffSeat,
		Reason:  form.Value("reason"),
	}
	if c.PostForm("over") != "" {
		if w.Seat, err = overSeat(tx, c, w.Slot); err != nil {
			return "", err
		}
	}
	done := recipientPath(r) + "/booked"
	if e == toBook {
		_, err = booking.Book(tx, actor(c), w)
		return done, err
	}
	if err := belongs(tx, c, sentBooking(c), r); err != nil {
		return "", err
	}
	_, err = booking.Change(tx, actor(c), sentBooking(c), version(c), w)
	return done, err
}

// overSeat is the seat for a form that asks to go beyond a slot's capacity:
// an ordinary one if a place has become free meanwhile.
func overSeat(tx *store.Tx, c *gin.Context, ref store.Ref) (booking.Seat, error) {
	if !may(c, staff.MayOverbook) {
		return "", NotAllowed
	}
	s, err := booking.SlotByRef(tx, ref)
	if err != nil {
		return "", err
	}
	switch {
	case !s.Open:
		return "", booking.SlotClosed
	case s.RemainingForStaff() > 0:
		return booking.StaffSeat, nil
	}
	return booking.OverSeat, nil
}

// belongs refuses a form that names the booking of another card, or one at a
// place at which who is signed in does not work.
func belongs(tx *store.Tx, c *gin.Context, ref store.Ref, r card.Record) error {
	v, err := booking.ByRef(tx, ref)
	if err != nil {
		return err
	}
	if v.CardID != r.Card.ID {
		return booking.NotFound
	}
	return ourBooking(c, v)
}

// takeConflict shows the wish beside what someone else made of the booking meanwhile.
func (d *Desk) takeConflict(c *gin.Context, e errand, form *web.Form, refused *problem.Problem) error {
	p := conflictPage{Heading: "予約を変更できません"}
	if e == toBook {
		p.Heading = "予約できません"
	}
	err := d.store.Read(c, func(tx *store.Tx) error {
		place, err := booking.PlaceByRef(tx, store.Ref(form.Value("slot")))
		p.Wished = slotTime(place.Slot) + "　" + place.Venue.Name
		return err
	})
	if err != nil {
		return err
	}
	p.Again = link{Path: "/recipients/" + string(refOf(c)) + "/change", Label: "いまの予約を変更する"}
	return d.bookingConflict(c, refused, p)
}
