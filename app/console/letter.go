package console

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"madoguchi/app/card"
	"madoguchi/app/qr/draw"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

// letterRoutes are the page that goes with the town's letter.
func (d *Desk) letterRoutes() []guarded {
	return []guarded{d.need(staff.MaySearch, web.GET("/recipients/:ref/letter", d.letter))}
}

// letterPage is what the town encloses with the delivery notice: the code that
// opens the resident site with the notice number filled in (予約の案内). The date
// of birth is not in it: who finds the letter cannot book with it.
type letterPage struct {
	page
	Person    person
	Address   string // of the page; "" while the site's own is not known
	QR        draw.Symbol
	Telephone string
	PrintedAt string
}

func (d *Desk) letter(c *gin.Context) error {
	var p letterPage
	p.Telephone = d.town.Load().OfficeTelephone
	err := d.store.Read(c, func(tx *store.Tx) error {
		r, err := card.Get(tx, refOf(c))
		if err != nil {
			return err
		}
		p.Person, p.PrintedAt = personOf(r), instant(tx.Now)
		if d.residentSite == "" || r.NoticeNumber == "" {
			return nil
		}
		p.Address = d.residentSite + "/n/" + string(r.NoticeNumber)
		p.QR, err = draw.QR(p.Address)
		return err
	})
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "letter", "予約の案内", &p)
}
