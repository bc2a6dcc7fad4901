package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// left takes in an answer that another machine gave, and tries to carry it out
// as the server does.
func (o *office) left(number string, r card.Record, visitor *card.Visitor, s booking.Slot, place string) (l booking.LeftBehind) {
	o.t.Helper()
	by := audit.Command("left-behind")
	apptest.Write(o.t, o.st, func(tx *store.Tx) (err error) {
		l, _, err = booking.TakeIn(tx, by, "00000001-a", booking.Answered{
			Ref: store.NewRef(), Number: number, Card: r.Ref, Visitor: visitor, Slot: s.Ref, Place: place,
			Seat: booking.ResidentSeat, Channel: booking.Web, State: booking.Booked, Entry: 1 << 40, At: o.clock.Now(), Action: audit.Booked,
		})
		return err
	})
	err := o.st.Write(o.t.Context(), func(tx *store.Tx) error { return booking.Redo(tx, by, l.Ref, l.Version) })
	if why, ok := problem.As(err); ok {
		apptest.Write(o.t, o.st, func(tx *store.Tx) error { return booking.Undecided(tx, by, l, why) })
	} else if err != nil {
		o.t.Fatal(err)
	}
	return l
}

func TestStaffDecideWhatWasLeftBehind(t *testing.T) {
	o := open(t)
	c := o.clerk()
	if p := c.Get("/"); strings.Contains(p.Text(), "引き継ぎで残った仮受付") {
		t.Error("the menu leads to an empty list")
	}
	must(t, c.Get(leftPath), http.StatusOK, "決めるものはありません。")

	one := o.slot(o.main, thursday, "10:00") // has one place
	free := o.slot(o.branch, thursday, "9:30")
	o.book(o.ichiro, one, booking.ResidentSeat)
	o.left("01234567", o.midori, nil, free, "12月3日（木） 9時30分　名川分庁舎　カードの交付")
	if v := o.live(o.midori); v.Number != "01234567" || v.SlotID != free.ID {
		t.Errorf("got %+v, want it booked with its number", v)
	}
	full := o.left("12345674", o.hanako, nil, one, "12月3日（木） 10時00分　南部町役場　カードの交付")
	met := o.left("23456781", card.Record{}, &card.Visitor{Name: "来庁 太郎", Telephone: "090-1111-2222"}, one, "12月3日（木） 10時00分　南部町役場　カードの交付")

	p := c.Get("/").Follow("引き継ぎで残った仮受付")
	must(t, p, http.StatusOK, "決めるもの（2件）", "髙橋 花子", "来庁 太郎", "自動で反映")
	golden(t, "left_behind", p)
	sound(t, "left_behind", p)
	stale := c.Get(leftPath)
	must(t, p.Submit(leftPath+"/"+string(full.Ref)+"/redo", nil), http.StatusConflict, "満席")

	o.cancel(o.live(o.ichiro))
	must(t, c.Get(leftPath).Submit(leftPath+"/"+string(full.Ref)+"/redo", nil), http.StatusOK, "答えたとおりに反映しました。", "決めるもの（1件）", "窓口 花子")
	if v := o.live(o.hanako); v.Number != "12345674" || v.SlotID != one.ID {
		t.Errorf("got %+v, want it booked with its number", v)
	}
	must(t, stale.Submit(leftPath+"/"+string(full.Ref)+"/redo", nil), http.StatusConflict, "ほかの人が済ませました。")

	p = c.Get(leftPath).Follow("済みにする（来庁 太郎 2345-6781）")
	golden(t, "left_settle", p)
	sound(t, "left_settle", p)
	path := leftPath + "/" + string(met.Ref)
	must(t, p.Submit(path, nil), http.StatusUnprocessableEntity, "理由")
	p = p.Submit(path, url.Values{"reason": {"電話で連絡し、来ないことになった"}})
	must(t, p, http.StatusOK, "済みにしました。", "決めるものはありません。", "電話で連絡し、来ないことになった")
	golden(t, "left_behind_ended", p)
	must(t, c.Get(path), http.StatusConflict, "ほかの人が済ませました。")
	if n := o.count(`SELECT count(*) FROM audit WHERE action IN ('left_behind_taken_in', 'left_behind_undecided', 'left_behind_redone', 'left_behind_settled')`); n != 8 {
		t.Errorf("got %d entries in the audit log, want one for each of the steps", n)
	}
	if n := o.count(`SELECT count(*) FROM audit WHERE detail LIKE '%来庁%' OR detail LIKE '%電話%' OR detail LIKE '%1111%'`); n != 0 {
		t.Errorf("got %d entries that name someone", n)
	}
}
