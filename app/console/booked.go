package console

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/web"
	"madoguchi/store"
)

// bookedPage shows the booking number large, to be read out on the telephone.
type bookedPage struct {
	page
	Person      person
	Number      string
	Provisional bool
	Spoken      string
	When        string
	Venue       string
	Address     string
	WhatToBring []string
	Comer       string // who will come; "" while nobody has said
	Slip        string // where the slip is printed
	Record      link
}

// booked shows the live booking. Without one there is nothing to read out.
func (d *Desk) booked(c *gin.Context) error {
	var p bookedPage
	err := d.store.Read(c, func(tx *store.Tx) error {
		r, v, err := liveOf(tx, refOf(c))
		p.Person = personOf(r)
		if err != nil {
			return err
		}
		if err := ourBooking(c, v); err != nil {
			return err
		}
		return p.fill(tx, v, r)
	})
	if errors.Is(err, booking.NotLive) {
		return web.To(c, p.Person.Path)
	}
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "booked", "予約番号のお知らせ", &p)
}

func (p *bookedPage) fill(tx *store.Tx, v booking.Visit, r card.Record) (err error) {
	p.Provisional = provisional(tx, v)
	p.Number, p.Spoken = v.Number.String(), spoken(v.Number.String())
	p.When, p.Venue, p.Address = v.Slot.HeldOn.Era()+"　"+slotSpan(v.Slot), v.Venue.Name, v.Venue.Address
	p.Slip = bookingPath(v.Booking.Ref) + "/slip"
	p.Record = link{Path: p.Person.Path, Label: p.Person.Name + " さんの記録へ"}
	if v.CardID == 0 {
		p.Record.Label = "この予約の画面へ"
	}
	if p.Comer, err = comerText(tx, v.Booking); err != nil {
		return err
	}
	p.WhatToBring, err = booking.BringToVisit(tx, v, r)
	return err
}

var spokenDigits = map[rune]string{
	'0': "ゼロ", '1': "いち", '2': "に", '3': "さん", '4': "よん", '5': "ご", '6': "ろく", '7': "なな", '8': "はち", '9': "きゅう", '-': "、",
}

// spoken is a number as it is read out: 4 and 7 in the words that are not
// misheard.
func spoken(number string) string {
	var words strings.Builder
	for _, r := range number {
		if words.Len() > 0 && r != '-' && !strings.HasSuffix(words.String(), "、") {
			words.WriteByte(' ')
		}
		words.WriteString(spokenDigits[r])
	}
	return words.String()
}
