package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/store"
)

// full takes every resident's place of a day at a place, and gives back one of
// the bookings that did.
func (o *office) full(v booking.Venue) {
	o.t.Helper()
	apptest.Write(o.t, o.st, func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE slot SET capacity = 1, reserve = 0 WHERE venue_id = ? AND held_on = ?`, v.ID, thursday)
		return err
	})
}

func (o *office) waitingRef(r card.Record) (w booking.Waiting) {
	o.t.Helper()
	apptest.Read(o.t, o.st, func(tx *store.Tx) (err error) {
		w, _, err = booking.WaitingOf(tx, r.Card.ID)
		return err
	})
	return w
}

// wait puts someone on the list for Thursday at the branch, by the page.
func (o *office) wait(c *apptest.Client, r card.Record) *apptest.Page {
	o.t.Helper()
	return c.Get(pathOf(r)+"/waiting").Submit(pathOf(r)+"/waiting", url.Values{"venue": {string(o.branch.Ref)}, "from": {"12/3"}})
}

func TestStaffKeepTheWaitingList(t *testing.T) {
	o := open(t)
	o.full(o.branch)
	c := o.clerk()
	p := o.wait(c, o.hanako)
	must(t, p, http.StatusConflict, "この期間には空きがあります。")
	sound(t, "waiting_join_free", p)
	taken := o.book(o.ichiro, o.slot(o.branch, thursday, "9:30"), booking.ResidentSeat)
	p = c.Get(pathOf(o.hanako) + "/book").Follow("満席の日のキャンセル待ちに入れる")
	golden(t, "waiting_join", p)
	p = p.Submit(pathOf(o.hanako)+"/waiting", url.Values{"venue": {string(o.branch.Ref)}, "from": {"きのう"}})
	must(t, p, http.StatusUnprocessableEntity, "日付として読めません。")
	p = p.Submit(pathOf(o.hanako)+"/waiting", url.Values{"from": {"12/3"}})
	must(t, p, http.StatusOK, "キャンセル待ちに入れました。", "待っています", "名川分庁舎 カードの交付", "12月3日（木）")
	must(t, o.wait(c, o.hanako), http.StatusConflict, "すでにキャンセル待ちに入っています。")
	must(t, o.wait(c, o.midori), http.StatusOK, "キャンセル待ちに入れました。")

	p = c.Get("/").Follow("キャンセル待ち")
	golden(t, "waiting", p)
	must(t, c.Get("/waiting-list?venue="+string(o.main.Ref)), http.StatusOK, "待っている人はいません。")
	stale := c.Get("/waiting-list")
	second := o.waitingRef(o.midori)
	p = p.Submit(waitingPath(second)+"/up", nil)
	must(t, p, http.StatusOK, "順番を1つ前にしました。")
	if got := p.Texts("tbody th"); !strings.HasPrefix(got[0], "高橋 みどり") {
		t.Errorf("got the order %q, want the second first", got)
	}
	must(t, stale.Submit(waitingPath(second)+"/up", nil), http.StatusConflict, "画面を開いたあとに、キャンセル待ちの状態が変わりました。")

	o.cancel(taken)
	p = c.Get("/waiting-list")
	must(t, p, http.StatusOK, "案内中", "12月3日（木）9時30分を、12月1日（火） 21:00まで")
	golden(t, "waiting_offered", p)
	p = c.Get(waitingPath(second))
	must(t, p, http.StatusOK, "案内中の枠は、次に待っている人に回ります。")
	golden(t, "waiting_quit", p)
	must(t, p.Submit(waitingPath(second)+"/decline", nil), http.StatusOK, "辞退を受け付けました。")
	first := o.waitingRef(o.hanako)
	p = c.Get("/waiting-list").Submit(waitingPath(first)+"/take", nil)
	must(t, p, http.StatusOK, "予約を受け付けました。", "待っている人はいません。")
	if v := o.live(o.hanako); v.Slot.HeldOn != thursday || v.Venue.ID != o.branch.ID || v.Channel != booking.Telephone {
		t.Errorf("got %+v, want the place that was offered", v)
	}
	must(t, c.Get(waitingPath(first)), http.StatusConflict, "すでに終わっています。")
}

func TestOfferThatRanOutIsNotShownAsHeld(t *testing.T) {
	o := open(t)
	o.full(o.branch)
	taken := o.book(o.ichiro, o.slot(o.branch, thursday, "9:30"), booking.ResidentSeat)
	c := o.clerk()
	o.wait(c, o.hanako)
	o.cancel(taken)
	must(t, c.Get("/waiting-list"), http.StatusOK, "案内した枠を予約する")
	o.clock.Advance(12 * time.Hour)
	p := o.signIn("madoguchi1").Get("/waiting-list") // before the timetable has come by
	if strings.Contains(p.Text(), "案内した枠を予約する") {
		t.Errorf("got %s, want no place to take any more", p.Text())
	}
}

func TestSoonerDaysAreWaitedForWithABooking(t *testing.T) {
	o := open(t)
	o.full(o.branch)
	o.book(o.ichiro, o.slot(o.branch, thursday, "9:30"), booking.ResidentSeat)
	o.book(o.hanako, o.slot(o.main, friday, "9:30"), booking.ResidentSeat)
	p := o.clerk().Get(pathOf(o.hanako)).Follow("早い日のキャンセル待ちに入れる")
	must(t, p, http.StatusOK, "いまの予約12月4日（金）9時30分 南部町役場", "これより早い日だけを待てます。")
	p = p.Submit(pathOf(o.hanako)+"/waiting", url.Values{"venue": {string(o.branch.Ref)}})
	must(t, p, http.StatusOK, "キャンセル待ちに入れました。", "12月2日（水）～12月4日（金）")
	if got := buttons(p); slices.Contains(got, "早い日のキャンセル待ちに入れる") {
		t.Errorf("got %q, want nobody to wait twice", got)
	}
}

func TestWaitingIsSteeredAtOurPlacesOnly(t *testing.T) {
	o := open(t)
	o.full(o.branch)
	o.book(o.ichiro, o.slot(o.branch, thursday, "9:30"), booking.ResidentSeat)
	c := o.clerk()
	o.wait(c, o.hanako)
	w := o.waitingRef(o.hanako)
	page := c.Get(waitingPath(w))
	o.limit("madoguchi1", o.main)
	must(t, page.Submit(waitingPath(w)+"/remove", nil), http.StatusForbidden)
	must(t, c.Get("/waiting-list"), http.StatusOK, "待っている人はいません。")
	o.limit("madoguchi1")
	must(t, page.Submit(waitingPath(w)+"/remove", nil), http.StatusOK, "キャンセル待ちの一覧から外しました。")
	if w := o.waitingRef(o.hanako); w.ID != 0 {
		t.Errorf("got %+v, want nobody waiting", w)
	}
}
