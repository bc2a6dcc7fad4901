package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/staff"
	"madoguchi/store"
)

func TestBookingByTelephoneFromSearchToNumber(t *testing.T) {
	o := open(t)
	c := o.clerk()
	p := c.Get("/search?q=ABC-123456").Follow("予約する")
	must(t, p, http.StatusOK, "予約する", "髙橋 花子", "電話", "窓口", "南部町役場", "名川分庁舎", "12月1日（火）～12月7日（月）")
	golden(t, "choose_slot", p)
	p = choose(t, p, "12月3日（木）9時30分", "残り 2")
	must(t, p, http.StatusOK, "予約する（確認）", "令和8年12月3日（木） 9時30分～10時", "南部町役場", "受付方法電話", "2（枠 1、職員枠 1 のうち）")
	golden(t, "check_slot", p)
	p = p.Submit(pathOf(o.hanako)+"/book", nil)
	v := o.live(o.hanako)
	number := v.Number.String()
	must(t, p, http.StatusOK, "予約を受け付けました。", number, spoken(number), "令和8年12月3日（木） 9時30分～10時", "持ち物")
	if got := p.Texts(".read-out"); !slices.Equal(got, []string{number}) {
		t.Errorf("got %q in large figures, want %q", got, number)
	}
	golden(t, "booked", p, number, "NUMBER-1", spoken(number), "NUMBER-1 SPOKEN")
	if v.Channel != booking.Telephone || v.Seat != booking.StaffSeat || v.Slot.ID != o.slot(o.main, thursday, "9:30").ID {
		t.Errorf("got %+v, want it booked by telephone on a staff seat", v.Booking)
	}
	if n := o.count(`SELECT count(*) FROM audit WHERE action = 'booked' AND actor = ?`, string(o.accounts["madoguchi1"].Ref)); n != 1 {
		t.Errorf("got %d audit entries with the clerk's name, want 1", n)
	}
}

func TestBookingAtTheCounterInAnotherPlace(t *testing.T) {
	o := open(t)
	p := o.clerk().Get(pathOf(o.hanako) + "/book").Follow("窓口").Follow("名川分庁舎")
	p = choose(t, p, "12月3日（木）9時30分", "残り 2").Submit(pathOf(o.hanako)+"/book", nil)
	must(t, p, http.StatusOK, "名川分庁舎")
	if v := o.live(o.hanako); v.Channel != booking.Counter || v.Venue.ID != o.branch.ID {
		t.Errorf("got %s at %s, want the counter at the branch", v.Channel, v.Venue.Name)
	}
}

func TestFormSentTwiceBooksOnce(t *testing.T) {
	o := open(t)
	c := o.clerk()
	check := choose(t, c.Get(pathOf(o.hanako)+"/book"), "12月3日（木）9時30分", "残り 2")
	path, _, values := check.Fill(pathOf(o.hanako)+"/book", nil)
	for range 2 {
		must(t, c.Post(path, values), http.StatusOK, o.live(o.hanako).Number.String())
	}
	if n := o.count(`SELECT count(*) FROM booking`); n != 1 {
		t.Errorf("got %d bookings, want 1", n)
	}
}

func TestSlotLostToSomeoneElseOffersTheNearest(t *testing.T) {
	o := open(t)
	c := o.clerk()
	check := choose(t, c.Get(pathOf(o.hanako)+"/book"), "12月3日（木）10時", "残り 1")
	o.book(o.ichiro, o.slot(o.main, thursday, "10:00"), booking.ResidentSeat)
	p := check.Submit(pathOf(o.hanako)+"/book", nil)
	must(t, p, http.StatusConflict, "この枠は満席です。", "近い時間で空いているのは", "12月3日（木）9時30分 南部町役場", "12月3日（木）9時30分 名川分庁舎")
	golden(t, "check_slot_lost", p)
	if len(p.FindAll(`main form[method="post"]`)) != 0 {
		t.Error("got a form for a slot that is full")
	}
	p = p.Follow("12月3日（木）9時30分 南部町役場").Submit(pathOf(o.hanako)+"/book", nil)
	must(t, p, http.StatusOK, "予約を受け付けました。")
}

func TestSlotsThatCannotBeBookedAreRefused(t *testing.T) {
	o := open(t)
	c := o.clerk()
	closed := o.slot(o.main, friday, "9:30")
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE slot SET open = 0 WHERE ref = ?`, string(closed.Ref))
		return err
	})
	past := o.slot(o.main, today, "8:45")
	o.clock.Advance(20 * time.Minute)
	check := pathOf(o.hanako) + "/book/check?channel=telephone&slot="
	must(t, c.Get(check+string(closed.Ref)), http.StatusConflict, "この枠は、受付を休止しています。")
	must(t, c.Get(check+string(past.Ref)), http.StatusConflict, "この枠の時間は、もう終わっています。")
	must(t, c.Get(check+"aaaaaaaaaaaaaaaaaaaaaaaaaa"), http.StatusNotFound, "この枠は見つかりません。")
	must(t, c.Get(check), http.StatusNotFound, "この枠は見つかりません。")
}

func TestAdministratorGoesBeyondCapacityWithAReason(t *testing.T) {
	o := open(t)
	s := o.slot(o.main, thursday, "10:00")
	o.book(o.ichiro, s, booking.ResidentSeat)
	c := o.administrator()
	action := pathOf(o.hanako) + "/book"
	p := choose(t, c.Get(action), "12月3日（木）10時", "満席（枠を超える）")
	must(t, p, http.StatusOK, "満席です。理由を書けば、枠を超えて予約できます。", "枠を超えて予約する理由")
	golden(t, "check_slot_over", p)
	refused := p.Submit(action, nil)
	must(t, refused, http.StatusUnprocessableEntity, "理由を入力してください。")
	sound(t, "reason missing", refused)
	long := strings.Repeat("理", 201)
	refused = refused.Submit(action, url.Values{"reason": {long}})
	must(t, refused, http.StatusUnprocessableEntity, "理由は200文字までにしてください。")
	if got := apptest.Attr(refused.FindAll("#f-reason")[0], "value"); got != long {
		t.Error("what was typed is gone")
	}
	done := refused.Submit(action, url.Values{"reason": {"転出の前日のため"}})
	must(t, done, http.StatusOK, "予約を受け付けました。")
	if v := o.live(o.hanako); v.Seat != booking.OverSeat || v.Reason != "転出の前日のため" || v.Slot.Over != 1 {
		t.Errorf("got %+v, want it beyond capacity with the reason", v)
	}
	must(t, c.Get(pathOf(o.hanako)), http.StatusOK, "枠を超えた理由", "転出の前日のため")
}

func TestClerkCannotGoBeyondCapacity(t *testing.T) {
	o := open(t)
	s := o.slot(o.main, thursday, "10:00")
	o.book(o.ichiro, s, booking.ResidentSeat)
	if staff.Clerk.May(staff.MayOverbook) {
		t.Fatal("clerks may overbook: this test has nothing to refuse")
	}
	c := o.clerk()
	p := c.Get(pathOf(o.hanako) + "/book/check?slot=" + string(s.Ref))
	must(t, p, http.StatusConflict, "この枠は満席です。")
	_, _, values := c.Get(pathOf(o.hanako)).Fill(pathOf(o.hanako)+"/notes", nil)
	values.Set("slot", string(s.Ref))
	values.Set("over", "1")
	values.Set("reason", "自分で決めた")
	must(t, c.Post(pathOf(o.hanako)+"/book", values), http.StatusForbidden, "あなたの役割では、この操作はできません")
	if v := o.live(o.hanako); v.ID != 0 {
		t.Errorf("got %+v, want no booking", v)
	}
}

func TestPlaceFreedMeanwhileIsTakenInsteadOfGoingBeyond(t *testing.T) {
	o := open(t)
	s := o.slot(o.main, thursday, "10:00")
	other := o.book(o.ichiro, s, booking.ResidentSeat)
	action := pathOf(o.hanako) + "/book"
	p := choose(t, o.administrator().Get(action), "12月3日（木）10時", "満席（枠を超える）")
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		_, err := booking.Cancel(tx, system, other.Booking.Ref, other.Booking.Version)
		return err
	})
	must(t, p.Submit(action, url.Values{"reason": {"急ぎ"}}), http.StatusOK, "予約を受け付けました。")
	if v := o.live(o.hanako); v.Seat != booking.StaffSeat || v.Reason != "" {
		t.Errorf("got %+v, want an ordinary seat", v.Booking)
	}
}

func TestSecondBookingForOnePersonIsAConflict(t *testing.T) {
	o := open(t)
	c := o.clerk()
	check := choose(t, c.Get(pathOf(o.hanako)+"/book"), "12月3日（木）9時30分", "残り 2")
	o.book(o.hanako, o.slot(o.main, friday, "9:30"), booking.ResidentSeat)
	p := check.Submit(pathOf(o.hanako)+"/book", nil)
	must(t, p, http.StatusConflict, "予約できません", "この人には、すでに予約があります", "12月3日（木）9時30分 南部町役場", "予約中 12月4日（金）9時30分 南部町役場")
	golden(t, "book_conflict", p)
	must(t, p.Follow("いまの予約を変更する"), http.StatusOK, "予約を変更する", "いまの予約：12月4日（金）9時30分")
	must(t, c.Get(pathOf(o.hanako)+"/book"), http.StatusConflict, "すでに予約があります")
}

func TestChangeKeepsTheNumberAndFreesTheOldPlace(t *testing.T) {
	o := open(t)
	old := o.book(o.hanako, o.slot(o.main, thursday, "10:00"), booking.ResidentSeat)
	action := pathOf(o.hanako) + "/change"
	p := o.clerk().Get(pathOf(o.hanako)).Follow("予約を変更する")
	must(t, p, http.StatusOK, "いまの予約：12月3日（木）10時 南部町役場")
	if got := p.Texts("td.now"); !slices.Equal(got, []string{"いまの予約"}) {
		t.Errorf("got %q marked, want the present slot", got)
	}
	p = choose(t, p, "12月4日（金）9時30分", "残り 2")
	must(t, p, http.StatusOK, "予約を変更する（確認）", "12月3日（木）10時", "12月4日（金）")
	golden(t, "check_slot_change", p)
	p = p.Submit(action, nil)
	must(t, p, http.StatusOK, "予約を変更しました。", old.Number.String(), "令和8年12月4日（金）")
	if taken := o.slot(o.main, thursday, "10:00").Taken; taken != 0 {
		t.Errorf("got %d taken in the old slot, want 0", taken)
	}
	if v := o.live(o.hanako); v.Booking.Ref != old.Booking.Ref || v.Channel != booking.Telephone {
		t.Errorf("got %+v, want the same booking by telephone", v.Booking)
	}
}

func TestChangeOfABookingThatChangedIsAConflict(t *testing.T) {
	o := open(t)
	v := o.book(o.hanako, o.slot(o.main, thursday, "10:00"), booking.ResidentSeat)
	action := pathOf(o.hanako) + "/change"
	check := choose(t, o.clerk().Get(action), "12月4日（金）9時30分", "残り 2")
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		resident := audit.Actor{Kind: audit.Resident, Ref: o.hanako.Card.Ref}
		_, err := booking.Change(tx, resident, v.Booking.Ref, v.Booking.Version,
			booking.Wish{Slot: o.slot(o.branch, thursday, "9:30").Ref, Channel: booking.Web, Seat: booking.ResidentSeat})
		return err
	})
	p := check.Submit(action, nil)
	must(t, p, http.StatusConflict, "予約を変更できません", "画面を開いたあとに、予約が", "12月4日（金）9時30分 南部町役場", "12月3日（木）9時30分 名川分庁舎")
	golden(t, "change_stale", p)
	if got := o.live(o.hanako).Venue.ID; got != o.branch.ID {
		t.Error("the stale form changed the booking")
	}
}

func TestChangeDoesNotTouchALaterBooking(t *testing.T) {
	// Both bookings have version 1: the form must name the booking itself.
	o := open(t)
	first := o.book(o.hanako, o.slot(o.main, thursday, "10:00"), booking.ResidentSeat)
	check := choose(t, o.clerk().Get(pathOf(o.hanako)+"/change"), "12月4日（金）9時30分", "残り 2")
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		_, err := booking.Cancel(tx, system, first.Booking.Ref, first.Booking.Version)
		return err
	})
	second := o.book(o.hanako, o.slot(o.branch, thursday, "9:30"), booking.ResidentSeat)
	must(t, check.Submit(pathOf(o.hanako)+"/change", nil), http.StatusConflict, "この予約は、すでに取り消されたか")
	if got := o.live(o.hanako); got.Booking.Ref != second.Booking.Ref || got.Slot.ID != second.Slot.ID {
		t.Errorf("got %+v, want the later booking as it was", got.Booking)
	}
}

func TestFormOfOnePersonCannotMoveAnothersBooking(t *testing.T) {
	o := open(t)
	o.book(o.hanako, o.slot(o.main, thursday, "10:00"), booking.ResidentSeat)
	other := o.book(o.ichiro, o.slot(o.main, friday, "9:30"), booking.ResidentSeat)
	c := o.clerk()
	for _, action := range []string{pathOf(o.hanako) + "/change", pathOf(o.hanako) + "/cancel"} {
		_, _, values := c.Get(pathOf(o.hanako)+"/cancel").Fill(pathOf(o.hanako)+"/cancel", nil)
		values.Set("booking", string(other.Booking.Ref))
		values.Set("slot", string(o.slot(o.branch, thursday, "9:30").Ref))
		must(t, c.Post(action, values), http.StatusNotFound, "この予約は見つかりません。")
	}
	if got := o.live(o.ichiro); got.Slot.ID != other.Slot.ID {
		t.Error("the other person's booking moved")
	}
}
