package console

import (
	"errors"
	"net/http"
	"strings"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/web"
	"madoguchi/store"
)

// bookedPage shows the booking number large, to be read out on the telephone.
type bookedPage struct {
	page
	Person      person
	Number      string
	Spoken      string
	When        string
	Venue       string
	Address     string
	WhatToBring []string
}

// booked shows the live booking. Without one there is nothing to read out.
func (d *Desk) booked(c *gin.Context) error {
	p := bookedPage{WhatToBring: lines(d.town.Load().WhatToBring)}
	err := d.store.Read(c, func(tx *store.Tx) error {
		r, v, err := liveOf(tx, refOf(c))
		p.Person = personOf(r)
		if err != nil {
			return err
		}
		p.Number, p.Spoken = v.Number.String(), spoken(v.Number.String())
		p.When, p.Venue, p.Address = v.Slot.HeldOn.Era()+"　"+slotSpan(v.Slot), v.Venue.Name, v.Venue.Address
		return nil
	})
	if errors.Is(err, booking.NotLive) {
		return web.To(c, p.Person.Path)
	}
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "booked", "予約番号のお知らせ", &p)
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
