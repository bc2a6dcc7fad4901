package console

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/store"
)

func TestTodayListsBookingsByTime(t *testing.T) {
	o := open(t)
	v := o.book(o.hanako, o.slot(o.main, today, "10:00"), booking.ResidentSeat)
	w := o.book(o.ichiro, o.slot(o.main, today, "10:00"), booking.StaffSeat)
	early := o.book(o.midori, o.slot(o.main, today, "8:45"), booking.StaffSeat)
	c := o.clerk()
	p := c.Get("/")
	must(t, p, http.StatusOK, "本日の予約 令和8年12月1日（火）", "予約 3件", "予約中 3件", "髙橋 花子", "タカハシ ハナコ", "ABC-123456", "更新", "ネット", "窓口")
	if got, want := p.Texts("tbody .slot"), []string{"8:45～9:15", "南部町役場", "1／2", "10:00～10:30", "南部町役場", "2／3"}; !slices.Equal(got, want) {
		t.Errorf("got slots %q, want %q", got, want)
	}
	golden(t, "today", p, v.Number.String(), "NUMBER-1", w.Number.String(), "NUMBER-2", early.Number.String(), "NUMBER-3")
	if to := p.Follow("髙橋 花子"); to.Path != pathOf(o.hanako) {
		t.Errorf("got %s behind the name, want %s", to.Path, pathOf(o.hanako))
	}
}

func TestTodayByPlaceAndDay(t *testing.T) {
	o := open(t)
	o.book(o.hanako, o.slot(o.branch, thursday, "9:30"), booking.ResidentSeat)
	p := o.clerk().Get("/")
	must(t, p, http.StatusOK, "この日の予約は、まだ1件もありません。")
	sound(t, "today without bookings", p)
	p = p.Follow("次の日 12月2日（水）")
	must(t, p, http.StatusOK, "予約の一覧 令和8年12月2日（水）", "この日は予約枠がありません")
	p = p.Follow("次の日 12月3日（木）")
	must(t, p, http.StatusOK, "予約 1件", "髙橋 花子", "名川分庁舎")
	elsewhere := p.Follow("南部町役場")
	must(t, elsewhere, http.StatusOK, "予約の一覧 令和8年12月3日（木）", "この日の予約は、まだ1件もありません。")
	there := p.Follow("名川分庁舎")
	must(t, there, http.StatusOK, "髙橋 花子", "受付場所：名川分庁舎")
	golden(t, "today_venue", there, o.live(o.hanako).Number.String(), "NUMBER-1")
	if back := there.Follow("今日 12月1日（火）"); len(back.FindAll(`a[aria-current="true"]`)) != 1 || back.Texts(`a[aria-current="true"]`)[0] != "名川分庁舎" {
		t.Errorf("got %q chosen after going to today, want the same place", back.Texts(`a[aria-current="true"]`))
	}
}

func TestTodayReadsADateAsPeopleWriteIt(t *testing.T) {
	for written, want := range map[string]string{
		"":           "2026-12-01",
		"2026-12-03": "2026-12-03",
		"12/3":       "2026-12-03",
		"１２月３日":      "2026-12-03",
		"1/5":        "2027-01-05",
		"11-30":      "2026-11-30",
		"6/2":        "2026-06-02",
		"R8.12.3":    "2026-12-03",
		"令和8年12月3日":  "2026-12-03",
		"20261203":   "2026-12-03",
		"2/30":       "",
		"tomorrow":   "",
		"令和8年12月日不明": "",
	} {
		got, ok := writtenDay(written, today)
		if got.String() != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", written, got, ok, want)
		}
	}
	if got, ok := writtenDay("2/29", jp.Date{Year: 2028, Month: 1, Day: 10}); !ok || got.String() != "2028-02-29" {
		t.Errorf("2/29: got %q, %v, want the leap day", got, ok)
	}
}

func TestTodaySaysThatADateIsNone(t *testing.T) {
	o := open(t)
	p := o.clerk().Get("/?date=%E3%81%82%E3%81%97%E3%81%9F")
	must(t, p, http.StatusOK, "「あした」は日付として読めません", "本日の予約")
	golden(t, "today_unreadable", p)
}

func TestTodayCountsIssuedAndOverbooked(t *testing.T) {
	o := open(t)
	s := o.slot(o.main, thursday, "10:00")
	o.book(o.hanako, s, booking.ResidentSeat)
	o.clock.Advance(48 * time.Hour)
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		if _, err := booking.Book(tx, system, booking.Wish{Card: o.ichiro.Card.ID, Slot: s.Ref, Channel: booking.Counter, Seat: booking.OverSeat, Reason: "転出が近い"}); err != nil {
			return err
		}
		return booking.MarkDone(tx, system, o.hanako.Card.ID)
	})
	p := o.signIn("madoguchi1").Get("/?date=2026-12-03")
	must(t, p, http.StatusOK, "予約 2件", "予約中 1件", "来庁済み 1件", "2／1", "枠を超えた予約 1")
}

func TestTodayBeforeAnythingIsSetUp(t *testing.T) {
	o := open(t)
	st, _ := apptest.Store(t)
	apptest.Write(t, st, func(tx *store.Tx) error {
		got, err := emptyDay(tx, nil, booking.Venue{}, today)
		if want := "受付場所がまだ登録されていません。管理者が登録すると、ここに予約が並びます。"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		if err != nil {
			return err
		}
		got, err = emptyDay(tx, []booking.Venue{o.main}, booking.Venue{}, today)
		if got != noSlots {
			t.Errorf("got %q without a service, want %q", got, noSlots)
		}
		return err
	})
}

func TestTodayListsVisitorsWithoutACard(t *testing.T) {
	o := open(t)
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		_, err := booking.BookVisitor(tx, o.accounts["kanri"].Actor("r1"),
			booking.Wish{Slot: o.slot(o.main, thursday, "9:30").Ref, Channel: booking.Telephone, Seat: booking.StaffSeat, Reason: "はがきを紛失"},
			card.Visitor{Name: "来庁　三郎", Telephone: "0178-00-0000"})
		return err
	})
	p := o.clerk().Get("/?date=2026-12-03")
	must(t, p, http.StatusOK, "来庁 三郎", "カードの記録なし", "予約 1件（予約中 1件）")
	p = p.Follow("来庁 三郎")
	must(t, p, http.StatusOK, "カードの記録と結び付いていない予約です")
}

func TestTodayTakesVisitsOn(t *testing.T) {
	o := open(t)
	late := o.book(o.hanako, o.slot(o.main, today, "8:45"), booking.StaffSeat)
	v := o.book(o.ichiro, o.slot(o.main, today, "10:00"), booking.StaffSeat)
	p := o.clerk().Get("/")
	must(t, p, http.StatusOK, "窓口（当日）")
	p = press(t, p, v, "check-in")
	must(t, p, http.StatusOK, "来庁を受け付けました。", "受付済み 9:00", "本日の予約")
	p = press(t, p, late, "no-show")
	must(t, p, http.StatusOK, "来庁なし 1件", "予約を取り直す")
	sound(t, "today at work", p)
	p = press(t, p.Follow("呼ぶ（南部 一郎 "+v.Number.String()+"）"), v, "call").Follow("本日の予約")
	must(t, p, http.StatusOK, "呼出し中 9:00")
	golden(t, "today_working", p, late.Number.String(), "NUMBER-1", v.Number.String(), "NUMBER-2")
	must(t, p.Follow("交付済みにする（南部 一郎 "+v.Number.String()+"）").Submit(pathOf(o.ichiro)+"/issue", nil), http.StatusOK, "来庁済み 9:00", "本日の予約")
}

func TestTodayOfAnotherDayHasNoSteps(t *testing.T) {
	o := open(t)
	o.book(o.hanako, o.slot(o.main, thursday, "10:00"), booking.StaffSeat)
	if n := len(o.clerk().Get("/?date=2026-12-03").FindAll("main form[method=post]")); n != 0 {
		t.Errorf("got %d forms on another day's list, want none", n)
	}
}

func TestTodayTellsServicesAndReasons(t *testing.T) {
	o := open(t)
	s := o.slot(o.main, thursday, "10:00")
	o.book(o.hanako, s, booking.ResidentSeat)
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		renewal, err := booking.AddService(tx, system, booking.Service{Name: "電子証明書の更新", Minutes: 15, WithoutNotice: true})
		if err != nil {
			return err
		}
		if _, err := booking.Book(tx, system, booking.Wish{Card: o.ichiro.Card.ID, Slot: s.Ref, Channel: booking.Counter, Seat: booking.OverSeat, Reason: "転出が近い"}); err != nil {
			return err
		}
		return booking.AddSlots(tx, system, o.main, renewal, []booking.Window{{HeldOn: friday, Starts: 600, Ends: 615, Capacity: 1}})
	})
	c := o.clerk()
	p := c.Get("/?date=2026-12-03")
	must(t, p, http.StatusOK, "枠を超えた理由：転出が近い", "カードの交付", "用件")
	sound(t, "today with services", p)
	must(t, c.Get("/?date=2026-12-04&venue="+string(o.main.Ref)), http.StatusOK, "まだ1件もありません")
}

func TestTodayTellsWhoCameWithoutABooking(t *testing.T) {
	o := open(t)
	o.book(o.ichiro, o.slot(o.main, today, "10:00"), booking.StaffSeat)
	c := o.clerk()
	for _, r := range []card.Record{o.hanako, o.ichiro} {
		must(t, c.Get(pathOf(r)+"/issue").Submit(pathOf(r)+"/issue", nil), http.StatusOK, "交付済みです")
	}
	p := c.Get("/")
	must(t, p, http.StatusOK, "予約なしで交付した人 1人", "来庁済み 1件")
	golden(t, "today_walk_in", p, o.number(o.ichiro), "NUMBER-1")
	if text := c.Get("/?date=2026-12-02").Text(); strings.Contains(text, "予約なしで交付した人") {
		t.Error("got today's walk-ins on tomorrow's list")
	}
	o.limit("madoguchi1", o.main)
	if text := o.clerk().Get("/").Text(); strings.Contains(text, "予約なしで交付した人") {
		t.Error("got walk-ins of all places for someone who works at one")
	}
}

// number is the number of a card's last booking.
func (o *office) number(r card.Record) (n string) {
	o.t.Helper()
	apptest.Read(o.t, o.st, func(tx *store.Tx) error {
		visits, err := booking.OfCard(tx, r.Card.ID)
		if err == nil {
			n = visits[0].Number.String()
		}
		return err
	})
	return n
}
