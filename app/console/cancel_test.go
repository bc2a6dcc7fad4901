package console

import (
	"net/http"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/booking"
	"madoguchi/store"
)

func TestCancelAsksAndGivesThePlaceBack(t *testing.T) {
	o := open(t)
	v := o.book(o.hanako, o.slot(o.main, thursday, "10:00"), booking.ResidentSeat)
	p := o.clerk().Get(pathOf(o.hanako)).Follow("予約を取り消す")
	must(t, p, http.StatusOK, "この予約を取り消しますか", "令和8年12月3日（木）10時", v.Number.String())
	golden(t, "cancel", p, v.Number.String(), "NUMBER-1")
	p = p.Submit(pathOf(o.hanako)+"/cancel", nil)
	must(t, p, http.StatusOK, "予約を取り消しました。", "まだ予約がありません。", "取消済み")
	if taken := o.slot(o.main, thursday, "10:00").Taken; taken != 0 {
		t.Errorf("got %d taken, want 0", taken)
	}
}

func TestCancelOfABookingThatChangedIsAConflict(t *testing.T) {
	o := open(t)
	v := o.book(o.hanako, o.slot(o.main, thursday, "10:00"), booking.ResidentSeat)
	c := o.clerk()
	question := c.Get(pathOf(o.hanako) + "/cancel")
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		_, err := booking.Change(tx, system, v.Booking.Ref, v.Booking.Version,
			booking.Wish{Slot: o.slot(o.main, friday, "9:30").Ref, Channel: booking.Web, Seat: booking.StaffSeat})
		return err
	})
	p := question.Submit(pathOf(o.hanako)+"/cancel", nil)
	must(t, p, http.StatusConflict, "取り消せません", "予約中 12月4日（金）9時30分 南部町役場")
	golden(t, "cancel_stale", p)
	must(t, p.Follow("いまの予約を取り消す").Submit(pathOf(o.hanako)+"/cancel", nil), http.StatusOK, "予約を取り消しました。")
	again := c.Get(pathOf(o.hanako) + "/cancel")
	must(t, again, http.StatusConflict, "すでに取り消されたか", "取消済み 12月4日（金）9時30分")
	sound(t, "cancelled before", again)
}
