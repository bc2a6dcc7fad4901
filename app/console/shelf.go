package console

import (
	"errors"
	"net/http"

	"github.com/gin-gonic/gin"

	"madoguchi/app/card"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

func (d *Desk) shelfRoutes() []guarded {
	return []guarded{
		d.need(staff.MayReadList, web.GET("/recipients/:ref/shelf", d.askShelf)),
		d.need(staff.MayReadList, web.POST("/recipients/:ref/shelf", d.shelve)),
	}
}

func shelfForm(c *gin.Context) *web.Form { return web.ReadForm(c, "position", "was") }

func (d *Desk) askShelf(c *gin.Context) error {
	return d.showShelf(c, http.StatusOK, shelfForm(c), false)
}

// showShelf asks on which shelf or in which box a card is (棚・箱).
func (d *Desk) showShelf(c *gin.Context, status int, form *web.Form, stale bool) error {
	var r card.Record
	var info card.ReadInfo
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		if r, err = card.Get(tx, refOf(c)); err != nil {
			return err
		}
		info, err = card.FirstRead(tx, r.Card.ID)
		if errors.Is(err, store.ErrNotFound) {
			return card.ShelfUnknown
		}
		return err
	})
	if err != nil {
		return err
	}
	who := personOf(r)
	p := setupFormPage{Heading: "棚・箱を直す", Lead: []string{who.Name + "　" + who.NoticeNumber}, Action: who.Path + "/shelf", Stale: stale,
		Back: link{Path: who.Path, Label: "保存せずに戻る"}}
	p.ask(c, form, question{name: "position", label: "カードを置いた棚・箱", hint: "空にすると、置き場所なしになります。例：A-3", class: "half", now: []string{info.Position}})
	was := info.Position
	if status == http.StatusUnprocessableEntity {
		was = form.Raw("was")
	}
	p.hide("was", was)
	return d.showForm(c, status, form, &p, 0)
}

func (d *Desk) shelve(c *gin.Context) error {
	form := shelfForm(c)
	err := d.write(c, "shelved", func(tx *store.Tx) (string, error) {
		return "/recipients/" + string(refOf(c)), card.Shelve(tx, actor(c), refOf(c), form.Raw("was"), form.Value("position"))
	})
	if errors.Is(err, card.Stale) {
		return d.showShelf(c, http.StatusConflict, form, true)
	}
	return refused(c, err, form, d.showShelf)
}
