package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/booking"
	"madoguchi/app/staff"
	"madoguchi/store"
)

// limit limits an account to places.
func (o *office) limit(staffID string, venues ...booking.Venue) {
	o.t.Helper()
	apptest.Write(o.t, o.st, func(tx *store.Tx) error {
		a, err := staff.ByStaffID(tx, staffID)
		if err != nil {
			return err
		}
		var rows []int64
		for _, v := range venues {
			rows = append(rows, v.ID)
		}
		return staff.LimitToVenues(tx, system, staffID, a.Version, rows)
	})
}

func TestWhoIsLimitedSeesTheirPlacesOnly(t *testing.T) {
	o := open(t)
	o.book(o.hanako, o.slot(o.main, thursday, "9:30"), booking.ResidentSeat)
	o.book(o.ichiro, o.slot(o.branch, thursday, "9:30"), booking.ResidentSeat)
	o.limit("madoguchi1", o.branch)
	c := o.clerk()
	for _, path := range []string{"/?date=2026-12-03", "/?date=2026-12-03&venue=" + string(o.main.Ref)} {
		p := c.Get(path)
		must(t, p, http.StatusOK, "南部 一郎")
		if strings.Contains(p.Text(), "花子") && strings.Contains(p.Text(), "髙橋 花子") || strings.Contains(p.Text(), o.main.Name) {
			t.Errorf("%s: got %s, want the branch only", path, p.Text())
		}
	}
	p := c.Get(pathOf(o.midori) + "/book?venue=" + string(o.main.Ref))
	must(t, p, http.StatusOK, o.branch.Name)
	if strings.Contains(p.Text(), o.main.Name) {
		t.Error("got the main office offered, want the branch only")
	}
	o.limit("madoguchi1")
	must(t, c.Get("/?date=2026-12-03"), http.StatusOK, "髙橋 花子", "南部 一郎")
}

func TestWhoIsLimitedChangesNothingElsewhere(t *testing.T) {
	o := open(t)
	o.book(o.hanako, o.slot(o.main, thursday, "9:30"), booking.ResidentSeat)
	c := o.clerk()
	here := o.slot(o.branch, thursday, "9:30")
	elsewhere := o.slot(o.main, thursday, "10:00")
	cancel := c.Get(pathOf(o.hanako) + "/cancel")
	change := c.Get(pathOf(o.hanako) + "/change/check?slot=" + string(here.Ref))
	book := c.Get(pathOf(o.ichiro) + "/book/check?slot=" + string(elsewhere.Ref))
	o.limit("madoguchi1", o.branch)
	for name, p := range map[string]*apptest.Page{
		"ask to cancel":       c.Get(pathOf(o.hanako) + "/cancel"),
		"ask to change":       c.Get(pathOf(o.hanako) + "/change"),
		"see a slot":          c.Get(pathOf(o.ichiro) + "/book/check?slot=" + string(elsewhere.Ref)),
		"cancel":              cancel.Submit(pathOf(o.hanako)+"/cancel", nil),
		"change to the place": change.Submit(pathOf(o.hanako)+"/change", nil),
		"book elsewhere":      book.Submit(pathOf(o.ichiro)+"/book", nil),
	} {
		if p.Status != http.StatusForbidden || !strings.Contains(p.Text(), "担当する受付場所ではない") {
			t.Errorf("%s: got status %d, want 403 with the reason: %s", name, p.Status, p.Text())
		}
	}
	if v := o.live(o.hanako); !v.Live() || v.Slot.VenueID != o.main.ID {
		t.Errorf("got %+v, want the booking as it was", v)
	}
	p := c.Get(pathOf(o.hanako))
	must(t, p, http.StatusOK, "南部町役場の担当者が行います")
	if strings.Contains(p.Body, "/cancel\"") || strings.Contains(p.Body, "/change\"") {
		t.Error("got buttons to change or cancel, want none")
	}
	must(t, c.Get(pathOf(o.ichiro)+"/book/check?slot="+string(here.Ref)).Submit(pathOf(o.ichiro)+"/book", url.Values{}), http.StatusOK, "予約を受け付けました")
}

// Every address of a booking refuses who works at another place, whatever was
// to be done with it.
func TestEveryAddressOfABookingKeepsToItsPlace(t *testing.T) {
	o := open(t)
	v := o.book(o.hanako, o.slot(o.main, thursday, "9:30"), booking.ResidentSeat)
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		_, _, err := staff.Add(tx, system, "kanri2", "管理 次郎", staff.Administrator)
		return err
	})
	o.limit("kanri", o.branch)
	c := o.administrator()
	csrf := apptest.Attr(c.Get("/password").FindAll(`input[name="csrf"]`)[0], "value")
	once := strings.Repeat("A", 43)
	tried := 0
	for _, g := range o.desk.routes() {
		if !strings.HasPrefix(g.Path, "/bookings/:ref") {
			continue
		}
		c.Stay = true
		p, err := c.Try(g.Method, strings.ReplaceAll(g.Path, ":ref", string(v.Booking.Ref)), url.Values{"csrf": {csrf}, "once": {once}, "version": {"1"}})
		if err != nil {
			t.Fatal(err)
		}
		tried++
		if p.Status == http.StatusSeeOther && g.Method == http.MethodGet {
			// A reload after a step leads to who stands at the counter: it says
			// whose booking that is, and offers nothing.
			c.Stay = false
			p = c.Get(p.Header.Get("Location"))
			if strings.Contains(p.Text(), "担当する受付場所ではない") && !strings.Contains(p.Body, "action=\"/bookings/") {
				continue
			}
		}
		if p.Status != http.StatusForbidden {
			t.Errorf("%s %s: got status %d, want 403: %s", g.Method, g.Path, p.Status, p.Text())
		}
	}
	if tried < 10 {
		t.Errorf("got %d addresses of a booking, want all of them", tried)
	}
	if live := o.live(o.hanako); live.State != booking.Booked || live.Version != v.Booking.Version {
		t.Errorf("got %+v, want the booking untouched", live)
	}
	for _, path := range []string{pathOf(o.hanako) + "/booked", "/moves?slot=" + string(v.Slot.Ref), "/setup/slots/" + string(v.Slot.Ref)} {
		c.Stay = false
		if p := c.Get(path); p.Status != http.StatusForbidden {
			t.Errorf("%s: got status %d, want 403", path, p.Status)
		}
	}
	for _, path := range []string{"/?date=2026-12-03", "/moves", "/board", "/waiting-list"} {
		if p := c.Get(path); strings.Contains(p.Text(), o.main.Name) {
			t.Errorf("%s: got the main office, want the branch only: %s", path, p.Text())
		}
	}
}
