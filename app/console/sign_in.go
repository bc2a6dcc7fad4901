package console

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

// signInPage asks who it is (ログイン).
type signInPage struct {
	page
	StaffID  control
	Password control
}

func (d *Desk) askSignIn(c *gin.Context) error {
	return d.showSignIn(c, http.StatusOK, web.ReadForm(c, "staff_id", "password"))
}

func (d *Desk) showSignIn(c *gin.Context, status int, form *web.Form) error {
	p := signInPage{
		StaffID:  control{Field: *form.Field("staff_id"), Type: "text", Class: "code", Autocomplete: "username", Focus: true},
		Password: control{Field: *form.Field("password"), Type: "password", Autocomplete: "current-password"},
	}
	p.Password.Value = "" // a password is never sent back
	p.failed(form)
	return d.show(c, status, "sign_in", "ログイン", &p)
}

// signIn begins a session. Whatever is wrong is refused in the same words.
func (d *Desk) signIn(c *gin.Context) error {
	form := web.ReadForm(c, "staff_id", "password")
	if form.Value("staff_id") == "" {
		form.Fail("staff_id", "staff_id_missing")
	}
	if form.Raw("password") == "" {
		form.Fail("password", "password_missing")
	}
	if !form.OK() {
		return d.showSignIn(c, http.StatusUnprocessableEntity, form)
	}
	a, err := staff.SignIn(c, d.store, web.RequestNumber(c), jp.Narrow(form.Value("staff_id")), form.Raw("password"))
	if p, ok := problem.As(err); ok {
		form.Apply(p)
		return d.showSignIn(c, http.StatusUnprocessableEntity, form)
	}
	if err != nil {
		return err
	}
	session := d.site.Session(c)
	session.End() // what the one before left behind is not the next one's
	session.Renew()
	session.Set(staffKey, string(a.Ref))
	return web.To(c, "/")
}

// signOut ends the session.
func (d *Desk) signOut(c *gin.Context) error {
	by := actor(c)
	if err := d.store.WriteHere(c, func(tx *store.Tx) error { return staff.SignOut(tx, by) }); err != nil {
		return err
	}
	session := d.site.Session(c)
	session.End()
	session.Renew()
	session.Flash("signed_out")
	return web.To(c, "/sign-in")
}
