package console

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"madoguchi/app/card"
	"madoguchi/app/problem"
	"madoguchi/app/web"
	"madoguchi/store"
)

func noteControl(form *web.Form) *control {
	return &control{Field: *form.Field("body"), Class: "kanji"}
}

// writeNote adds a handover note (申し送り).
func (d *Desk) writeNote(c *gin.Context) error {
	form := web.ReadForm(c, "body")
	err := d.write(c, "note_written", func(tx *store.Tx) (string, error) {
		return "/recipients/" + string(refOf(c)), card.AddNote(tx, actor(c), refOf(c), form.Value("body"))
	})
	if p, ok := problem.As(err); ok && p.Kind == problem.Invalid {
		form.Apply(p)
		return d.showRecipient(c, http.StatusUnprocessableEntity, form)
	}
	return err
}
