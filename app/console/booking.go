package console

import (
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/staff"
	"madoguchi/store"
)

// bookingPage is all that is known of one booking, with or without a card, and
// what can be done with it (予約).
type bookingPage struct {
	page
	Person      person
	Record      link // the card's record; no path: there is none
	State       standing
	When        string
	Venue       string
	Service     string
	Number      string
	Channel     string
	Comer       string // who will come, and why a proxy does; "" while nobody has said
	BookedAt    string
	Provisional bool     // the second place does not have it yet (仮受付)
	Changes     []change // what became of it after that
	Reason      string
	Why         string // what the reason is for
	Together    []companion
	Buttons     []button
	Trail       []trailLine
	TrailCut    bool
}

// change is an instant with what happened then.
type change struct{ What, At string }

// companion is a booking that was made together with another.
type companion struct {
	link
	When, Number string
	standing
}

func bookingPath(ref store.Ref) string { return "/bookings/" + string(ref) }

// ourEntry finds the booking in the address, at a place of ours, with the
// person it is for. A hold is no booking. Problems: booking.NotFound, NotHere.
func ourEntry(tx *store.Tx, c *gin.Context) (booking.DayEntry, error) {
	return entryOf(tx, c, refOf(c))
}

func entryOf(tx *store.Tx, c *gin.Context, ref store.Ref) (booking.DayEntry, error) {
	e, err := booking.EntryByRef(tx, ref)
	switch {
	case err != nil:
		return e, err
	case e.Visit.State == booking.Held || e.Visit.State == booking.Expired:
		return e, booking.NotFound
	}
	return e, ourBooking(c, e.Visit)
}

// personOfEntry is who a booking is for, with the booking's own address.
func personOfEntry(e booking.DayEntry) person {
	p := personOf(e.Record)
	p.Path = bookingPath(e.Visit.Booking.Ref)
	if e.Visit.CardID == 0 {
		p.Telephone = e.Record.Telephone
		p.NoticeNumber, p.IssueKind = "", "カードの記録なし"
	}
	return p
}

// bookingPage shows one booking.
func (d *Desk) bookingPage(c *gin.Context) error {
	var p bookingPage
	err := d.store.Read(c, func(tx *store.Tx) error {
		e, err := ourEntry(tx, c)
		if err != nil {
			return err
		}
		return p.fill(tx, c, e)
	})
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "booking", "予約 "+p.Number, &p)
}

func (p *bookingPage) fill(tx *store.Tx, c *gin.Context, e booking.DayEntry) error {
	v := e.Visit
	service, err := booking.ServiceByID(tx, v.Slot.ServiceID)
	if err != nil {
		return err
	}
	p.Person = personOfEntry(e)
	if v.CardID != 0 {
		p.Record = link{Path: recipientPath(e.Record), Label: p.Person.Name + " さんの記録"}
	}
	p.State = standing{v.State.Label(), string(v.State)}
	p.When, p.Venue, p.Service = v.Slot.HeldOn.Era()+"　"+slotSpan(v.Slot), v.Venue.Name, service.Name
	p.Number, p.Channel, p.BookedAt = v.Number.String(), v.Channel.Label(), recently(v.BookedAt)
	p.Provisional = provisional(tx, v)
	if p.Comer, err = comerText(tx, v.Booking); err != nil {
		return err
	}
	p.changes(v.Booking)
	if p.Reason, p.Why = v.Reason, "枠を超えた理由"; v.Seat != booking.OverSeat {
		p.Why = "カードの記録なしで予約した理由"
	}
	if v.GroupRef != "" {
		if err := p.together(tx, c, v); err != nil {
			return err
		}
	}
	p.buttons(tx, e, account(c).Role.May)
	p.Trail, p.TrailCut, err = trailOf(tx, v.Booking.Subject())
	return err
}

// provisional reports whether a live booking is not confirmed yet.
func provisional(tx *store.Tx, v booking.Visit) bool {
	return v.Live() && !tx.Confirmed(v.LastChange())
}

func (p *bookingPage) changes(b booking.Booking) {
	for _, x := range []change{
		{"最後の変更", recently(b.ChangedAt)}, {"来庁受付", recently(b.CheckedInAt)}, {"呼出し", recently(b.CalledAt)},
		{"終了", recently(b.EndedAt)}, {"取消", recently(b.CancelledAt)},
	} {
		if x.At != "" {
			p.Changes = append(p.Changes, x)
		}
	}
}

func (p *bookingPage) together(tx *store.Tx, c *gin.Context, v booking.Visit) error {
	entries, err := booking.OfGroup(tx, v.GroupRef)
	if err != nil {
		return err
	}
	for _, e := range ourEntries(c, entries) {
		if e.Visit.ID == v.ID {
			continue
		}
		q := personOfEntry(e)
		p.Together = append(p.Together, companion{
			link: link{Path: q.Path, Label: q.Name}, When: slotTime(e.Visit.Slot), Number: e.Visit.Number.String(),
			standing: standing{e.Visit.State.Label(), string(e.Visit.State)},
		})
	}
	return nil
}

// comesToday reports whether a live booking is for today.
func comesToday(tx *store.Tx, v booking.Visit) bool {
	return v.Live() && v.Slot.HeldOn == jp.DateOf(tx.Now)
}

// buttons offers what the booking's state and the person's role allow.
func (p *bookingPage) buttons(tx *store.Tx, e booking.DayEntry, may func(staff.Permission) bool) {
	add := func(needs staff.Permission, b button) {
		if may(needs) {
			p.Buttons = append(p.Buttons, b)
		}
	}
	v, path := e.Visit, p.Person.Path
	if comesToday(tx, v) {
		add(staff.MayCheckIn, button{visitPath(v.Booking.Ref), "来庁の受付", ""})
	}
	if v.Live() {
		add(staff.MayBook, button{path + "/change", "日時を変更する", ""})
		if v.CardID == 0 {
			add(staff.MayBook, button{path + "/tie", "カードと結び付ける", "second"})
		}
		add(staff.MayBook, button{path + "/comer", "来るかたを決める", "second"})
		add(staff.MaySearch, button{path + "/slip", "予約票を印刷する", "second"})
		add(staff.MaySearch, button{path + "/booked", "予約番号を大きく表示する", "second"})
		if v.Slot.HeldOn.Compare(jp.DateOf(tx.Now)) >= 0 {
			add(staff.MayBook, button{path + "/add", "家族の予約を加える", "second"})
			add(staff.MayMoveMany, button{"/moves?slot=" + string(v.Slot.Ref), "この枠をまとめて動かす", "second"})
		}
	}
	switch {
	case v.CardID == 0:
		add(staff.MayBook, button{"/visitors?like=" + string(v.Booking.Ref), "同じ人の次の予約をする", "second"})
	case !v.Live() && !e.Record.Issued():
		add(staff.MayBook, button{recipientPath(e.Record) + "/book", "もう一度予約する", ""})
	}
	if v.Live() {
		add(staff.MayBook, button{path + "/cancel", "予約を取り消す", "danger"})
	}
}

// bookedVisit is booked for any booking that stands.
func (d *Desk) bookedVisit(c *gin.Context) error {
	var p bookedPage
	var live bool
	err := d.store.Read(c, func(tx *store.Tx) error {
		e, err := ourEntry(tx, c)
		if err != nil {
			return err
		}
		p.Person, live = personOfEntry(e), e.Visit.Live()
		return p.fill(tx, e.Visit, e.Record)
	})
	if err != nil {
		return err
	}
	if !live {
		return toBooking(c)
	}
	return d.show(c, http.StatusOK, "booked", "予約番号のお知らせ", &p)
}

// askCancelVisit asks whether the booking in the address is to be cancelled.
func (d *Desk) askCancelVisit(c *gin.Context) error {
	var p cancelPage
	err := d.store.Read(c, func(tx *store.Tx) error {
		e, err := ourEntry(tx, c)
		if err == nil && !e.Visit.Live() {
			err = booking.NotLive
		}
		p.about(personOfEntry(e), e.Visit)
		return err
	})
	if refused, ok := problem.As(err); ok && refused.Kind == problem.Conflict {
		return d.bookingConflict(c, refused, conflictPage{Heading: "取り消せません"})
	}
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "cancel", "予約の取消", &p)
}

func (d *Desk) cancelVisit(c *gin.Context) error {
	err := d.write(c, "booking_cancelled", func(tx *store.Tx) (string, error) {
		if _, err := ourEntry(tx, c); err != nil {
			return "", err
		}
		_, err := booking.Cancel(tx, actor(c), refOf(c), version(c))
		return bookingPath(refOf(c)), err
	})
	if refused, ok := problem.As(err); ok && refused.Kind == problem.Conflict {
		return d.bookingConflict(c, refused, conflictPage{
			Heading: "取り消せません", Wished: "予約の取消",
			Again: link{Path: bookingPath(refOf(c)) + "/cancel", Label: "いまの予約を取り消す"},
		})
	}
	return err
}

// standingNow finds whom the address is about and what has become of their
// newest booking: the one in the address, or the card's. "" for none.
func standingNow(tx *store.Tx, c *gin.Context) (p person, now string, live bool, err error) {
	if isBookingAddress(c) {
		e, err := ourEntry(tx, c)
		if err != nil {
			return p, "", false, err
		}
		return personOfEntry(e), bookingNow(e.Visit), e.Visit.Live(), nil
	}
	r, err := card.Get(tx, refOf(c))
	if err != nil {
		return p, "", false, err
	}
	visits, err := booking.OfCard(tx, r.Card.ID)
	if err != nil || len(visits) == 0 {
		return personOf(r), "", false, err
	}
	return personOf(r), bookingNow(visits[0]), visits[0].Live(), nil
}

// isBookingAddress tells addresses of a booking from those of a card.
func isBookingAddress(c *gin.Context) bool { return strings.HasPrefix(c.FullPath(), "/bookings/") }

// changePath is where the booking that the address is about is changed.
func changePath(c *gin.Context) string {
	if isBookingAddress(c) {
		return bookingPath(refOf(c)) + "/change"
	}
	return "/recipients/" + string(refOf(c)) + "/change"
}
