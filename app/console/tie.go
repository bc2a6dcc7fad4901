package console

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/problem"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

// pickCardPage finds the card that a booking is tied to, or that is booked for
// in addition (カードを選ぶ).
type pickCardPage struct {
	page
	Person  person
	When    string
	Explain string
	Query   string
	Action  string // of the page and its forms
	Version int
	Submit  string
	Rows    []cardChoice
	Reason  *control // for a slot that is full
	Refused string   // why the card that was chosen cannot be taken
}

// cardChoice is a card that was found; without a Ref it cannot be chosen.
type cardChoice struct {
	person
	standing
	Ref store.Ref
}

// askTie looks for the card of a booking that was made without one.
func (d *Desk) askTie(c *gin.Context) error { return d.showTie(c, http.StatusOK, "") }

func (d *Desk) showTie(c *gin.Context, status int, refused string) error {
	p := pickCardPage{Submit: "このカードと結び付ける", Refused: refused,
		Explain: "交付対象者一覧を読み取った人の中から、この予約の本人をさがして結び付けます。結び付けると、この予約は本人の記録に表示され、本人も予約サイトで見られるようになります。"}
	err := d.store.Read(c, func(tx *store.Tx) error {
		e, err := ourEntry(tx, c)
		switch {
		case err != nil:
			return err
		case !e.Visit.Live():
			return booking.NotLive
		case e.Visit.CardID != 0:
			return booking.TiedAlready
		}
		if c.Query("q") == "" && c.PostForm("q") == "" {
			return p.fill(tx, e, "tie", e.Record.Name)
		}
		return p.fill(tx, e, "tie", web.ReadForm(c, "q").Value("q"))
	})
	if refused, ok := problem.As(err); ok && refused.Kind == problem.Conflict {
		return d.bookingConflict(c, refused, conflictPage{Heading: "カードと結び付けられません"})
	}
	if err != nil {
		return err
	}
	return d.show(c, status, "pick_card", "カードと結び付ける", &p)
}

func (p *pickCardPage) fill(tx *store.Tx, e booking.DayEntry, verb, query string) error {
	p.Person, p.Version, p.Query = personOfEntry(e), e.Visit.Version, query
	p.When, p.Action = slotTime(e.Visit.Slot)+"　"+e.Visit.Venue.Name, p.Person.Path+"/"+verb
	found, err := card.Search(tx, query, searchLimit)
	if err != nil {
		return err
	}
	for _, r := range found {
		_, booked, err := booking.Live(tx, r.Card.ID)
		if err != nil {
			return err
		}
		row := cardChoice{person: personOf(r), standing: standingOf(r, booked)}
		if !booked && !r.Issued() {
			row.Ref = r.Card.Ref
		}
		p.Rows = append(p.Rows, row)
	}
	return nil
}

// tie gives the booking its card.
func (d *Desk) tie(c *gin.Context) error {
	err := d.write(c, "booking_tied", func(tx *store.Tx) (string, error) {
		if _, err := ourEntry(tx, c); err != nil {
			return "", err
		}
		_, err := booking.Tie(tx, actor(c), refOf(c), version(c), store.Ref(c.PostForm("card")))
		return bookingPath(refOf(c)), err
	})
	refused, ok := problem.As(err)
	switch {
	case !ok:
		return err
	case errors.Is(refused, booking.CardIssued), errors.Is(refused, booking.AlreadyBooked), errors.Is(refused, card.NotFound):
		return d.showTie(c, http.StatusConflict, d.sentence(c, refused))
	case refused.Kind == problem.Conflict:
		return d.bookingConflict(c, refused, conflictPage{
			Heading: "カードと結び付けられません", Wished: "カードとの結び付け",
			Again: link{Path: bookingPath(refOf(c)) + "/tie", Label: "いまの予約に結び付ける"},
		})
	}
	return err
}

// askAdd looks for a further person to come in the same visit.
func (d *Desk) askAdd(c *gin.Context) error {
	return d.showAdd(c, http.StatusOK, web.ReadForm(c, "reason"), "")
}

func (d *Desk) showAdd(c *gin.Context, status int, form *web.Form, refused string) error {
	p := pickCardPage{Submit: "この人も一緒に予約する", Refused: refused,
		Explain: "同じ枠に、もう1人の予約を加えます。加えた予約は、あとから1人ずつ変更・取消できます。"}
	err := d.store.Read(c, func(tx *store.Tx) error {
		e, err := ourEntry(tx, c)
		if err != nil {
			return err
		}
		if !e.Visit.Live() {
			return booking.NotLive
		}
		if e.Visit.Slot.RemainingForStaff() == 0 && may(c, staff.MayOverbook) {
			p.Reason = &control{Field: *form.Field("reason"), Type: "text", Class: "kanji", Autocomplete: "off"}
		}
		return p.fill(tx, e, "add", web.ReadForm(c, "q").Value("q"))
	})
	if refused, ok := problem.As(err); ok && refused.Kind == problem.Conflict {
		return d.bookingConflict(c, refused, conflictPage{Heading: "予約を加えられません"})
	}
	if err != nil {
		return err
	}
	p.failed(form)
	return d.show(c, status, "pick_card", "家族の予約を加える", &p)
}

// add books the same slot for one more card.
func (d *Desk) add(c *gin.Context) error {
	form := web.ReadForm(c, "reason")
	err := d.write(c, "booked", func(tx *store.Tx) (string, error) {
		e, err := ourEntry(tx, c)
		if err != nil {
			return "", err
		}
		r, err := card.Get(tx, store.Ref(c.PostForm("card")))
		if err != nil {
			return "", err
		}
		w := booking.Wish{Card: r.Card.ID, Channel: e.Visit.Channel, Seat: booking.StaffSeat, Reason: form.Value("reason")}
		if w.Channel == booking.Web {
			w.Channel = booking.Telephone
		}
		if c.PostForm("over") != "" {
			if w.Seat, err = overSeat(tx, c, e.Visit.Slot.Ref, 1); err != nil {
				return "", err
			}
		}
		v, err := booking.Copy(tx, actor(c), refOf(c), w)
		return bookingPath(v.Booking.Ref), err
	})
	refused, ok := problem.As(err)
	switch {
	case !ok || refused.Kind == problem.Forbidden || errors.Is(refused, booking.NotFound):
		return err
	case refused.Kind == problem.Invalid:
		form.Apply(refused)
		return d.showAdd(c, http.StatusUnprocessableEntity, form, "")
	case errors.Is(refused, booking.NotLive):
		return d.bookingConflict(c, refused, conflictPage{Heading: "予約を加えられません", Wished: "家族の予約の追加"})
	}
	return d.showAdd(c, http.StatusConflict, form, d.sentence(c, refused))
}
