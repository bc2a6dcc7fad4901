package console

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// cancelPage asks whether the booking is to be cancelled (予約の取消).
type cancelPage struct {
	page
	Person  person
	Booking store.Ref
	Version int
	When    string
	Venue   string
	Number  string
}

func (d *Desk) askCancel(c *gin.Context) error {
	var p cancelPage
	err := d.store.Read(c, func(tx *store.Tx) error {
		r, v, err := liveOf(tx, refOf(c))
		if err != nil {
			return err
		}
		if err := ourBooking(c, v); err != nil {
			return err
		}
		p.about(personOf(r), v)
		return nil
	})
	if refused, ok := problem.As(err); ok && refused.Kind == problem.Conflict {
		return d.bookingConflict(c, refused, conflictPage{Heading: "取り消せません"})
	}
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "cancel", "予約の取消", &p)
}

func (p *cancelPage) about(who person, v booking.Visit) {
	p.Person, p.Booking, p.Version = who, v.Booking.Ref, v.Booking.Version
	p.When, p.Venue, p.Number = slotDay(v.Slot), v.Venue.Name, v.Number.String()
}

// cancel gives the booking's place back.
func (d *Desk) cancel(c *gin.Context) error {
	err := d.write(c, "booking_cancelled", func(tx *store.Tx) (string, error) {
		r, err := card.Get(tx, refOf(c))
		if err != nil {
			return "", err
		}
		if err := belongs(tx, c, sentBooking(c), r.Card.ID); err != nil {
			return "", err
		}
		_, err = booking.Cancel(tx, actor(c), sentBooking(c), version(c))
		return recipientPath(r), err
	})
	if refused, ok := problem.As(err); ok && refused.Kind == problem.Conflict {
		return d.bookingConflict(c, refused, conflictPage{
			Heading: "取り消せません",
			Wished:  "予約の取消",
			Again:   link{Path: "/recipients/" + string(refOf(c)) + "/cancel", Label: "いまの予約を取り消す"},
		})
	}
	return err
}

// sentBooking is the booking on the page that was sent. A version alone does
// not do: a card may have had another booking since.
func sentBooking(c *gin.Context) store.Ref { return store.Ref(c.PostForm("booking")) }

// liveOf finds a card and its live booking. Problem: booking.NotLive.
func liveOf(tx *store.Tx, ref store.Ref) (card.Record, booking.Visit, error) {
	r, err := card.Get(tx, ref)
	if err != nil {
		return r, booking.Visit{}, err
	}
	v, booked, err := booking.Live(tx, r.Card.ID)
	if err == nil && !booked {
		err = booking.NotLive
	}
	return r, v, err
}

// bookingConflict shows what meanwhile became of the booking in the address,
// or of the card's.
func (d *Desk) bookingConflict(c *gin.Context, refused *problem.Problem, p conflictPage) error {
	live := false
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		p.Person, p.Now, live, err = standingNow(tx, c)
		return err
	})
	if err != nil {
		return err
	}
	if p.Now == "" {
		p.Now = "予約なし"
	}
	if !live {
		p.Again = link{}
	}
	return d.conflict(c, refused, p)
}

// bookingNow says what became of a booking and when.
func bookingNow(v booking.Visit) string {
	last := "（" + recently(v.BookedAt) + " に予約）"
	switch {
	case !v.EndedAt.IsZero():
		last = "（" + recently(v.EndedAt) + "）"
	case v.State == booking.Cancelled:
		last = "（" + recently(v.CancelledAt) + " に取消）"
	case !v.ChangedAt.IsZero():
		last = "（" + recently(v.ChangedAt) + " に変更）"
	}
	return v.State.Label() + "　" + slotTime(v.Slot) + "　" + v.Venue.Name + last
}
