package web_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/gin-gonic/gin"

	"madoguchi/app/problem"
	"madoguchi/app/web"
	"madoguchi/store"
)

var errRefused = problem.Define(problem.Conflict, "test_refused")

// issuing adds an audit-free row with each execution, to count them in the table.
func (d *desk) issuing(fail *bool) []web.Route {
	do := func(c *gin.Context) error {
		var to string
		err := d.store.Write(c, func(tx *store.Tx) (err error) {
			to, err = web.Once(tx, c, func() (string, error) {
				if _, err := tx.Exec(`INSERT INTO setting (name, value, changed_at) VALUES (?, '', ?)`, store.NewRef(), tx.Now); err != nil {
					return "", err
				}
				if fail != nil && *fail {
					return "", errRefused
				}
				return "/done/" + string(store.NewRef()), nil
			})
			return err
		})
		if err != nil {
			return err
		}
		return web.To(c, to)
	}
	return []web.Route{web.GET("/do", d.form("/do")), web.POST("/do", do), web.GET("/done/:ref", d.plain)}
}

func TestDoubleTapRunsOnce(t *testing.T) {
	d := newDesk(t)
	b := d.browser(t, d.issuing(nil)...)
	b.Stay = true
	_, _, values := b.Get("/do").Fill("/do", nil)
	const taps = 24
	locations := make([]string, taps)
	var all sync.WaitGroup
	for i := range taps {
		all.Go(func() {
			p, err := b.Try(http.MethodPost, "/do", values)
			if err != nil {
				t.Error(err)
				return
			}
			locations[i] = fmt.Sprint(p.Status, p.Header.Get("Location"))
		})
	}
	all.Wait()
	if got := d.rows(t, "setting"); got != 1 {
		t.Errorf("got %d executions, want 1", got)
	}
	for _, got := range locations {
		if got != locations[0] || len(got) < len("303/done/") || got[:9] != "303/done/" {
			t.Errorf("got %q, want the 303 that the first tap got, %q", got, locations[0])
		}
	}
	if got := b.Post("/do", values).Header.Get("Location"); "303"+got != locations[0] {
		t.Errorf("got %q later, want the first location", got)
	}
}

func TestEachRenderedFormRunsOnItsOwn(t *testing.T) {
	d := newDesk(t)
	b := d.browser(t, d.issuing(nil)...)
	b.Get("/do").Submit("/do", nil)
	b.Get("/do").Submit("/do", nil)
	if got := d.rows(t, "setting"); got != 2 {
		t.Errorf("got %d executions, want 2", got)
	}
}

func TestFailedFormCanBeSentAgain(t *testing.T) {
	d := newDesk(t)
	fail := true
	b := d.browser(t, d.issuing(&fail)...)
	_, _, values := b.Get("/do").Fill("/do", nil)
	wantStatus(t, b.Post("/do", values), http.StatusConflict)
	if rows, forms := d.rows(t, "setting"), d.rows(t, "form_token"); rows != 0 || forms != 0 {
		t.Errorf("got %d rows and %d forms kept after a failure, want none", rows, forms)
	}
	fail = false
	wantStatus(t, b.Post("/do", values), http.StatusOK)
	if got := d.rows(t, "setting"); got != 1 {
		t.Errorf("got %d executions, want 1", got)
	}
}

func TestFormWithoutOnceIsRefused(t *testing.T) {
	d := newDesk(t)
	b := d.browser(t, d.issuing(nil)...)
	for _, once := range []string{"", "short", "'--"} {
		_, _, values := b.Get("/do").Fill("/do", nil)
		values.Set("once", once)
		wantStatus(t, b.Post("/do", values), http.StatusForbidden)
	}
	if got := d.rows(t, "setting"); got != 0 {
		t.Errorf("got %d executions, want 0", got)
	}
}

func TestOnceOfAnotherSessionGivesNothingAway(t *testing.T) {
	d := newDesk(t)
	b := d.browser(t, d.issuing(nil)...)
	b.Stay = true
	_, _, first := b.Get("/do").Fill("/do", nil)
	location := b.Post("/do", first).Header.Get("Location")
	other := b.Another()
	other.Stay = true
	_, _, second := other.Get("/do").Fill("/do", nil)
	second.Set("once", first.Get("once"))
	if got := other.Post("/do", second).Header.Get("Location"); got == location {
		t.Errorf("got %q, the other person's location", got)
	}
}
