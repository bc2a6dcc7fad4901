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
	Person    *person // nil for a visitor whose name is asked for here
	People    []person
	Heading   string
	Was       string // the booking to be changed
	When      string
	Venue     string
	Service   string
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
	Carried   []hidden  // what the errand carries along
	Fields    []control // who the visitor is
	Reason    *control  // for a slot that is full, and for a visitor
	Over      bool      // the form goes beyond the slot's capacity
}

// lostSlot says that the slot cannot be had, and what can.
type lostSlot struct {
	Text    string
	Nearest []link
}

func readCheckSlot(c *gin.Context) *web.Form {
	return web.ReadForm(c, "slot", "channel", "name", "kana_name", "telephone", "reason")
}

// checkSlot shows the chosen slot before it is taken.
func (d *Desk) checkSlot(e *errand) web.Handler {
	return func(c *gin.Context) error { return d.showCheckSlot(c, e, readCheckSlot(c), nil) }
}

// showCheckSlot shows the page, also after a refusal: what was refused stands
// in the form or in lost.
func (d *Desk) showCheckSlot(c *gin.Context, e *errand, form *web.Form, lost *problem.Problem) error {
	p := checkSlotPage{Heading: e.heading + "（確認）", Submit: e.submit}
	err := d.store.Read(c, func(tx *store.Tx) error {
		a, err := e.begin(tx, c)
		if err != nil {
			return err
		}
		p.Person, p.People = a.person, a.people
		if a.changes() {
			p.Was = slotTime(a.live.Slot) + "　" + a.live.Venue.Name
			p.Booking, p.Version = a.live.Booking.Ref, a.live.Booking.Version
		}
		return p.fill(tx, c, a, form, lost)
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

func (p *checkSlotPage) fill(tx *store.Tx, c *gin.Context, a about, form *web.Form, lost *problem.Problem) error {
	place, err := booking.PlaceByRef(tx, store.Ref(form.Value("slot")))
	if err != nil {
		return err
	}
	if err := here(c, place.VenueID); err != nil {
		return err
	}
	service, err := booking.ServiceByID(tx, place.Slot.ServiceID)
	if err != nil {
		return err
	}
	s := place.Slot
	ch := choice{path: a.path, query: a.query, channel: channelOf(form.Value("channel")), service: service, venue: place.Venue, from: s.HeldOn}
	p.When, p.Venue, p.Channel = s.HeldOn.Era()+"　"+slotSpan(s), place.Venue.Name, ch.channel.Label()
	p.Service = service.Name
	p.Slot, p.SentBy = s.Ref, ch.channel
	p.Back = ch.link("").Path
	for name, values := range a.query {
		for _, v := range values {
			p.Carried = append(p.Carried, hidden{name, v})
		}
	}
	lost = p.places(tx, c, a, s, lost)
	p.reason(c, a, service, form)
	if a.visitor {
		p.visitor(c, a, form)
	}
	if lost == nil || p.Over {
		p.Action = a.path
	}
	if lost != nil {
		p.Lost, err = lostSlotOf(tx, c, ch, s, web.WordsOf(c).Problem(lost.Code, lost.Args))
	}
	return err
}

// places tells what the slot has left, and why it cannot be had if it cannot.
func (p *checkSlotPage) places(tx *store.Tx, c *gin.Context, a about, s booking.Slot, lost *problem.Problem) *problem.Problem {
	left := s.RemainingForStaff()
	p.Remaining = fmt.Sprintf("%d（枠 %d、職員枠 %d のうち）", left, s.Capacity, s.Reserve)
	overbook := may(c, staff.MayOverbook)
	switch {
	case lost != nil:
	case !tx.Now.Before(s.HeldOn.At(s.Ends)):
		lost = booking.SlotPast
	case !s.Open:
		lost = booking.SlotClosed
	case left == 0 && !overbook:
		lost = booking.SlotFull
	}
	full := left == 0 || lost != nil && errors.Is(lost, booking.NoRoomTogether)
	if p.Over = s.Open && full && overbook && tx.Now.Before(s.HeldOn.At(s.Ends)); p.Over {
		p.Remaining = "満席です。理由を書けば、枠を超えて予約できます。"
		if left > 0 {
			p.Remaining = fmt.Sprintf("残り%dで、%d人分はありません。理由を書けば、枠を超えて予約できます。", left, len(a.people))
		}
	}
	return lost
}

// reason asks why, where a reason is needed or may be given.
func (p *checkSlotPage) reason(c *gin.Context, a about, service booking.Service, form *web.Form) {
	f := control{Field: *form.Field("reason"), Type: "text", Class: "kanji", Autocomplete: "off"}
	f.Required = true
	words := web.WordsOf(c)
	switch {
	case p.Over:
	case a.visitor && !service.WithoutNotice:
		f.Label, f.Hint = words.T("field.reason.visitor"), words.T("field.reason.visitor_hint")
	case a.visitor && f.Error != "":
		// Only now: the telephone number has many bookings.
		f.Label, f.Hint = words.T("field.reason.many"), words.T("field.reason.hint")
	default:
		return
	}
	p.Reason = &f
}

// visitor asks who it is; who has been here before is filled in.
func (p *checkSlotPage) visitor(c *gin.Context, a about, form *web.Form) {
	words := web.WordsOf(c)
	before := person{}
	if a.person != nil {
		before = *a.person
	}
	for _, f := range []struct{ name, was, class string }{
		{"name", before.Name, "kanji"}, {"kana_name", before.KanaName, "kanji"}, {"telephone", before.Telephone, "code half"},
	} {
		if c.Request.Method != http.MethodPost && form.Value(f.name) == "" {
			form.Set(f.name, f.was)
		}
		field := control{Field: *form.Field(f.name), Type: "text", Class: f.class, Autocomplete: "off"}
		field.Label, field.Hint, field.Required = words.T("field.visitor_"+f.name+".label"), "", f.name != "kana_name"
		p.Fields = append(p.Fields, field)
	}
	p.Fields[0].Focus = form.OK() && p.Lost == nil && before.Name == ""
	p.Person = nil
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
func (d *Desk) takeSlot(e *errand) web.Handler {
	return func(c *gin.Context) error {
		form := readCheckSlot(c)
		err := d.write(c, e.flash, func(tx *store.Tx) (string, error) { return e.carryOut(tx, c, form) })
		refused, ok := problem.As(err)
		switch {
		case !ok || refused.Kind == problem.NotFound || refused.Kind == problem.Forbidden:
			return err
		case errors.Is(refused, booking.TooManyLive):
			form.Fail("reason", refused.Code, "most", refused.Args["most"])
			return d.showCheckSlot(c, e, form, nil)
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
	return errors.Is(p, booking.SlotFull) || errors.Is(p, booking.SlotClosed) || errors.Is(p, booking.SlotPast) || errors.Is(p, booking.NoRoomTogether)
}

// carryOut does what the errand is about and tells where that is shown.
func (e *errand) carryOut(tx *store.Tx, c *gin.Context, form *web.Form) (string, error) {
	a, err := e.begin(tx, c)
	if err != nil {
		return "", err
	}
	if err := ourSlot(tx, c, store.Ref(form.Value("slot"))); err != nil {
		return "", err
	}
	w := booking.Wish{
		Slot:    store.Ref(form.Value("slot")),
		Channel: channelOf(form.Value("channel")),
		Seat:    booking.StaffSeat,
		Reason:  form.Value("reason"),
	}
	if c.PostForm("over") != "" {
		if w.Seat, err = overSeat(tx, c, w.Slot, max(1, len(a.people))); err != nil {
			return "", err
		}
	}
	return e.take(tx, c, a, w)
}

// overSeat is the seat for a form that asks to go beyond a slot's capacity:
// an ordinary one if places for all have become free meanwhile.
func overSeat(tx *store.Tx, c *gin.Context, ref store.Ref, people int) (booking.Seat, error) {
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
	case s.RemainingForStaff() >= people:
		return booking.StaffSeat, nil
	}
	return booking.OverSeat, nil
}

// belongs refuses a form that names the booking of another card, or one at a
// place at which who is signed in does not work.
func belongs(tx *store.Tx, c *gin.Context, ref store.Ref, id card.ID) error {
	v, err := booking.ByRef(tx, ref)
	if err != nil {
		return err
	}
	if v.CardID != id {
		return booking.NotFound
	}
	return ourBooking(c, v)
}

// takeConflict shows the wish beside what someone else made of the booking meanwhile.
func (d *Desk) takeConflict(c *gin.Context, e *errand, form *web.Form, refused *problem.Problem) error {
	p := conflictPage{Heading: e.refused}
	err := d.store.Read(c, func(tx *store.Tx) error {
		place, err := booking.PlaceByRef(tx, store.Ref(form.Value("slot")))
		p.Wished = slotTime(place.Slot) + "　" + place.Venue.Name
		return err
	})
	if err != nil {
		return err
	}
	p.Again = link{Path: changePath(c), Label: "いまの予約を変更する"}
	return d.bookingConflict(c, refused, p)
}
