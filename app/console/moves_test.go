package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/store"
)

// reach puts a telephone number, and perhaps a mail address, on record.
func (o *office) reach(r card.Record, telephone, mail string) {
	o.t.Helper()
	apptest.Write(o.t, o.st, func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE recipient SET telephone = ?, mail = ? WHERE id = ?`, telephone, mail, r.RecipientID)
		return err
	})
}

func TestDayIsMovedFromTheListThatWasShown(t *testing.T) {
	o := open(t)
	o.reach(o.hanako, "0178-22-2222", "")
	o.reach(o.ichiro, "", "ichiro@example.jp")
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE slot SET reserve = 2 WHERE venue_id = ? AND held_on = ?`, o.main.ID, thursday)
		return err
	})
	first := o.book(o.hanako, o.slot(o.main, thursday, "9:30"), booking.ResidentSeat)
	second := o.book(o.ichiro, o.slot(o.main, thursday, "10:00"), booking.ResidentSeat)
	visitor := o.bookVisitor(o.slot(o.main, thursday, "9:30"))
	o.cancel(o.book(o.midori, o.slot(o.main, friday, "9:30"), booking.ResidentSeat))
	c := o.clerk()
	p := c.Get("/moves")
	golden(t, "moves", p)
	p = p.Submit("/moves", url.Values{"date": {"13月3日"}})
	must(t, p, http.StatusUnprocessableEntity, "日付として読めません。")
	sound(t, "moves_unreadable", p)
	p = p.Submit("/moves", url.Values{"date": {"12/3"}})
	must(t, p, http.StatusOK, "令和8年12月3日（木）の1日 南部町役場 カードの交付", "まだ来庁していない予約 3件")
	golden(t, "moves_day", p)
	bad := p.Submit(`form[method="get"]`, url.Values{"to": {"11/1"}})
	must(t, bad, http.StatusUnprocessableEntity, "今日から先の日を入れてください。")
	sound(t, "moves_past", bad)
	bad = p.Submit(`form[method="get"]`, url.Values{"to": {"12/3"}})
	must(t, bad, http.StatusUnprocessableEntity, "移す先には、別の日を選んでください。")
	p = p.Submit(`form[method="get"]`, url.Values{"to": {"12/4"}})
	must(t, p, http.StatusOK, "12月4日（金）の同じ時間へ移す予約 2件", "1件は、移せる枠がありません。", "0178-22-2222", "0178-11-1111", "電話で相談", "空きなし")
	golden(t, "moves_list", p, first.Number.String(), "NUMBER-1", second.Number.String(), "NUMBER-2", visitor.Number.String(), "NUMBER-3",
		apptest.Attr(p.FindAll(`input[name="key"]`)[0], "value"), "KEY")
	must(t, p.Submit("/moves", nil), http.StatusUnprocessableEntity, "お知らせする理由を入力してください。")
	// A stale list is not carried out; the new one is shown, with what was typed.
	third := o.book(o.midori, o.slot(o.main, thursday, "9:30"), booking.StaffSeat)
	p = p.Submit("/moves", url.Values{"cause": {"大雪のため"}})
	must(t, p, http.StatusConflict, "一覧を表示したあとに、予約か枠が変わりました", "みどり", "大雪のため")
	o.cancel(third)
	p = c.Get(p.Path+"?how=day&to=12/4&date=12/3&venue="+string(o.main.Ref)+"&service="+serviceRef(t, o)).Submit(`main form[method="post"]`, url.Values{"cause": {"大雪のため"}})
	must(t, p, http.StatusOK, "予約をまとめて動かしました。", "動かした予約 2件", "電話で連絡する人 2人", "1件の予約が、元の日時のまま残っています",
		"12月3日（木）9時30分", "12月4日（金）9時30分", "0178-22-2222")
	sound(t, "moved", p)
	if v := o.live(o.hanako); v.Slot.HeldOn != friday || v.Slot.Starts != 9*60+30 {
		t.Errorf("got %+v, want the same time on Friday", v.Slot)
	}
	if v := o.live(o.ichiro); v.Slot.HeldOn != thursday {
		t.Errorf("got %+v, want who has no place to stay", v.Slot)
	}
	p = p.Follow("残りの予約を見る").Follow("すべて取り消す")
	must(t, p, http.StatusOK, "取り消す予約 1件", "メール")
	p = p.Submit("/moves", url.Values{"cause": {"大雪のため"}})
	must(t, p, http.StatusOK, "動かした予約 1件", "メールを送る人 1人", "取消済み")
	if n := o.count(`SELECT count(*) FROM mail WHERE kind = 'called_off' AND cause = '大雪のため'`); n != 1 {
		t.Errorf("got %d mails queued, want one", n)
	}
	if n := o.count(`SELECT count(*) FROM audit WHERE detail LIKE '%大雪%'`); n != 0 {
		t.Error("got what people are told in the audit log")
	}
}

func serviceRef(t *testing.T, o *office) (ref string) {
	apptest.Read(t, o.st, func(tx *store.Tx) error {
		s, err := booking.ServiceByID(tx, 1)
		ref = string(s.Ref)
		return err
	})
	return ref
}

func TestOneSlotIsMovedToTheNextFreePlace(t *testing.T) {
	o := open(t)
	v := o.book(o.hanako, o.slot(o.main, thursday, "9:30"), booking.ResidentSeat)
	p := o.clerk().Get(bookingPath(v.Booking.Ref)).Follow("この枠をまとめて動かす").Follow("それぞれ、次に空いている時間へ移す")
	must(t, p, http.StatusOK, "次に空いている時間へ移す予約 1件", "12月3日（木）10時")
	p = p.Submit("/moves", url.Values{"cause": {"窓口の工事のため"}})
	must(t, p, http.StatusOK, "動かした予約 1件", "どちらもない人 1人", "手紙（電話なし）")
	again := o.clerk().Get(p.Path)
	if !slices.Equal(again.Texts("tbody tr"), p.Texts("tbody tr")) {
		t.Errorf("got %q on a reload, want the same list", again.Texts("tbody tr"))
	}
	must(t, o.clerk().Get(strings.Replace(p.Path, "request=", "request=x", 1)), http.StatusOK, "動かした予約はありません。")
}

func TestManyAreMovedAtOurPlacesOnly(t *testing.T) {
	o := open(t)
	o.book(o.hanako, o.slot(o.main, thursday, "9:30"), booking.ResidentSeat)
	slot := "/moves?slot=" + string(o.slot(o.main, thursday, "9:30").Ref) + "&how=next"
	p := o.clerk().Get(slot)
	o.limit("madoguchi1", o.branch)
	must(t, o.clerk().Get(slot), http.StatusForbidden)
	must(t, p.Submit("/moves", url.Values{"cause": {"大雪のため"}}), http.StatusForbidden)
	if v := o.live(o.hanako); v.Slot.HeldOn != thursday {
		t.Error("got a booking moved at a place at which the clerk does not work")
	}
}
