package console

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"madoguchi/app/problem"
	"madoguchi/app/staff"
	"madoguchi/app/web"
)

// passwordPage changes one's own password (パスワード変更).
type passwordPage struct {
	page
	Forced  bool // the password in use is a one-time password
	Current control
	New     control
	Again   control
}

func (d *Desk) askPassword(c *gin.Context) error {
	return d.showPassword(c, http.StatusOK, web.ReadForm(c, "current", "new", "again"))
}

func (d *Desk) showPassword(c *gin.Context, status int, form *web.Form) error {
	field := func(name, purpose string) control {
		f := *form.Field(name)
		f.Value = "" // a password is never sent back
		return control{Field: f, Type: "password", Autocomplete: purpose}
	}
	p := passwordPage{
		Forced:  account(c).MustChange,
		Current: field("current", "current-password"),
		New:     field("new", "new-password"),
		Again:   field("again", "new-password"),
	}
	p.Current.Focus = true
	if p.Forced {
		p.Current.Label = web.WordsOf(c).T("field.current.one_time")
	}
	p.New.Hint = web.WordsOf(c).T("field.new.rule", "least", d.town.Load().PasswordLength)
	p.failed(form)
	return d.show(c, status, "password", "パスワード変更", &p)
}

// changePassword sets the new password. Other sessions of the account go on:
// they were opened with a password that was right.
func (d *Desk) changePassword(c *gin.Context) error {
	form := web.ReadForm(c, "current", "new", "again")
	if form.Raw("current") == "" {
		form.Fail("current", "current_missing")
	}
	switch {
	case form.Raw("new") == "":
		form.Fail("new", "new_missing")
	case form.Raw("new") != form.Raw("again"):
		form.Fail("again", "again_differs")
	}
	if !form.OK() {
		return d.showPassword(c, http.StatusUnprocessableEntity, form)
	}
	by := actor(c)
	err := staff.ChangePassword(c, d.store, by, form.Raw("current"), form.Raw("new"))
	if p, ok := problem.As(err); ok {
		form.Apply(p)
		return d.showPassword(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	session := d.site.Session(c)
	session.Renew()
	session.Flash("password_changed")
	return web.To(c, "/")
}
