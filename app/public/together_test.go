package public

import (
	"net/http"
	"net/url"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/booking"
)

// accompanied signs the first in and lets the others come along.
func (w *town) accompanied(people ...int) *apptest.Client {
	w.Helper()
	c, _ := w.signIn(people[0], "")
	for _, n := range people[1:] {
		w.at(c.Get("/together").Submit("/together", answers(n)), "/together")
	}
	return c
}

func TestFamilyOfThreeComesInOneVisit(t *testing.T) {
	w := newTown(t, 3)
	c := w.accompanied(0, 1, 2)
	slot := w.slot(w.main, on(12, 2), 9*60) // two places, and one right after
	check := w.choose(c, "", w.main, slot)
	w.at(check, checkPath(slot.Ref))
	w.says(check, "main", "時間（ABC-000002のかた）午前9時30分から午前10時まで")
	if n := w.held(); n != 3 {
		t.Errorf("got %d places held, want 3", n)
	}
	booked := check.Submit("/book", nil)
	w.at(booked, "/booking")
	var group []booking.Visit
	for n := range 3 {
		v, ok := w.live(n)
		if !ok {
			t.Fatalf("person %d has no booking", n)
		}
		group = append(group, v)
		w.says(booked, "main", v.Number.String())
	}
	if group[0].GroupRef == "" || group[0].GroupRef != group[2].GroupRef {
		t.Error("the bookings do not belong together")
	}
	// One by one: the third changes, the others stay.
	p := booked.Submit("/together/turn", url.Values{"card": {string(w.card(1).Ref)}})
	w.says(p, ".number", group[1].Number.String())
	moved := c.Get(checkPath(w.slot(w.main, on(12, 3), 9*60).Ref)).Submit("/book", nil)
	w.at(moved, "/booking")
	if v, _ := w.live(1); v.Slot.HeldOn != on(12, 3) {
		t.Errorf("got %s, want the second person's booking moved", v.Slot.HeldOn)
	}
	for _, n := range []int{0, 2} {
		if v, _ := w.live(n); v.Slot.HeldOn != on(12, 2) {
			t.Errorf("person %d was moved along", n)
		}
	}
	w.mustHold()
}

func TestThoseWhoDoNotFitTogetherAreAllRefused(t *testing.T) {
	w := newTown(t, 4)
	c := w.accompanied(0, 1, 2)
	w.take(3, w.slot(w.main, on(12, 2), 9*60+30))
	p := w.choose(c, "", w.main, w.slot(w.main, on(12, 2), 9*60))
	w.status(p, http.StatusConflict)
	w.says(p, ".summary", "全員分の空きがありません")
	if n := w.held(); n != 0 {
		t.Errorf("got %d places held, want none", n)
	}
}

func TestFurtherPersonIsBookedBesideABooking(t *testing.T) {
	w := newTown(t, 4)
	w.take(0, w.slot(w.main, on(12, 2), 9*60))
	w.take(3, w.slot(w.main, on(12, 2), 9*60)) // full now; one place right after
	c := w.accompanied(0, 1)
	page := c.Get("/together")
	w.says(page, ".panel", "続きの時間（午前9時30分から午前10時まで）")
	w.at(page.Submit("/together/book", nil), "/together")
	v, ok := w.live(1)
	first, _ := w.live(0)
	if !ok || v.Slot.Starts != 9*60+30 || v.GroupRef == "" || v.GroupRef != first.GroupRef {
		t.Fatalf("got booking %+v, want one right after and together with %+v", v, first)
	}
	w.at(c.Get("/together").Submit("/together", answers(2)), "/together")
	page = c.Get("/together")
	w.says(page, ".panel", "前後の時間は満員")
	w.at(page.Submit("/together/turn", url.Values{"card": {string(w.card(2).Ref)}}), "/venues")
	if held := w.choose(c, "", w.main, w.slot(w.main, on(12, 3), 9*60)).Submit("/book", nil); held.Path != "/booking" {
		t.Errorf("got to %s, want the third person booked for another day", held.Path)
	}
	w.mustHold()
}

func TestWhoCannotComeAlongIsToldWhy(t *testing.T) {
	w := newTown(t, 6)
	w.issue(1)
	w.take(2, w.slot(w.main, on(12, 3), 9*60))
	c, _ := w.signIn(0, "")
	for n, want := range map[int]string{0: "もう入力されています", 1: "もうお渡ししています", 2: "すでに予約があります"} {
		p := c.Get("/together").Submit("/together", answers(n))
		w.status(p, http.StatusUnprocessableEntity)
		w.says(p, "#e-notice_number", want)
	}
	wrong := answers(3)
	wrong.Set("birth_year", "24")
	p := c.Get("/together").Submit("/together", wrong)
	w.status(p, http.StatusUnprocessableEntity)
	w.says(p, ".summary", "確認できませんでした")
	w.set("booking.together_most", "2")
	w.at(c.Get("/together").Submit("/together", answers(3)), "/together")
	w.says(c.Get("/together"), "main", "2人までです")
	gone := c.Get("/together").Submit("/together/remove", url.Values{"card": {string(w.card(3).Ref)}})
	if got := gone.Texts(".people li"); len(got) != 1 {
		t.Errorf("got people %q after one was left out, want 1", got)
	}
}

func TestOnlyThoseWhoSignedInHereAreTurnedTo(t *testing.T) {
	w := newTown(t, 2)
	theirs := w.take(1, w.slot(w.main, on(12, 3), 9*60))
	w.take(0, w.slot(w.main, on(12, 3), 9*60))
	c := w.accompanied(0)
	_, _, values := c.Get("/booking").Fill("/sign-out", nil)
	values.Set("card", string(w.card(1).Ref))
	p := c.Post("/together/turn", values)
	w.at(p, "/booking")
	for _, number := range p.Texts(".number") {
		if number == theirs.Number.String() {
			t.Error("another person's booking was opened")
		}
	}
}
