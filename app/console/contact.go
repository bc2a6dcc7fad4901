package console

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/gin-gonic/gin"

	"madoguchi/app/card"
	"madoguchi/app/problem"
	"madoguchi/app/web"
	"madoguchi/store"
)

// contactPage corrects a person's address and telephone number (連絡先).
type contactPage struct {
	page
	Person  person
	Version int
	Fields  []control
	Stale   bool // someone else was first: each field shows what is kept now
	Help    addressHelp
}

func readContact(c *gin.Context) *web.Form {
	return web.ReadForm(c, "postal_code", "address", "building", "telephone")
}

func (d *Desk) askContact(c *gin.Context) error {
	return d.showContact(c, http.StatusOK, readContact(c), false, addressHelp{})
}

func (d *Desk) showContact(c *gin.Context, status int, form *web.Form, stale bool, help addressHelp) error {
	var r card.Record
	err := d.store.Read(c, func(tx *store.Tx) (err error) {
		r, err = card.Get(tx, refOf(c))
		return err
	})
	if err != nil {
		return err
	}
	p := contactPage{Person: personOf(r), Version: r.PersonVersion, Stale: stale, Help: help}
	if status == http.StatusUnprocessableEntity || help.Any() {
		// The page that was refused must still notice who came in between.
		p.Version = version(c)
	}
	for _, f := range []struct{ name, now, class string }{
		{"postal_code", r.PostalCode.String(), "code short"},
		{"address", r.Address, "kanji"},
		{"building", r.Building, "kanji half"},
		{"telephone", r.Telephone, "code half"},
	} {
		if c.Request.Method == http.MethodGet || c.Request.Method == http.MethodHead {
			form.Set(f.name, f.now)
		}
		p.Fields = append(p.Fields, control{Field: *form.Field(f.name), Type: "text", Class: f.class, Autocomplete: "off", Now: orNone(f.now)})
	}
	p.failed(form)
	p.Failed = p.Failed || stale
	return d.show(c, status, "contact", "連絡先を直す", &p)
}

// correctContact writes what was corrected.
func (d *Desk) correctContact(c *gin.Context) error {
	form := readContact(c)
	if help, asked, err := d.helpWithAddress(c, form); asked || err != nil {
		if err != nil {
			return err
		}
		return d.showContact(c, http.StatusOK, form, false, help)
	}
	err := d.write(c, "contact_corrected", func(tx *store.Tx) (string, error) {
		return "/recipients/" + string(refOf(c)), card.CorrectContact(tx, actor(c), refOf(c), card.Contact{
			Version:    version(c),
			PostalCode: form.Value("postal_code"),
			Address:    form.Value("address"),
			Building:   form.Value("building"),
			Telephone:  form.Value("telephone"),
		})
	})
	p, ok := problem.As(err)
	switch {
	case ok && p.Kind == problem.Invalid:
		form.Apply(p)
		return d.showContact(c, http.StatusUnprocessableEntity, form, false, addressHelp{})
	case errors.Is(err, card.Stale):
		return d.showContact(c, http.StatusConflict, form, true, addressHelp{})
	}
	return err
}

// version is the version of the row on the page that was sent; 0, which no row
// has, when it is missing.
func version(c *gin.Context) int {
	n, err := strconv.Atoi(c.PostForm("version"))
	if err != nil {
		return 0
	}
	return n
}
