package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/store"
)

// hoursForm is the form of new hours of the one service at a place.
func (o *office) hoursForm(c *apptest.Client, v booking.Venue) (p *apptest.Page, action string) {
	o.t.Helper()
	action = "/setup/hours/" + string(v.Ref)
	return c.Get(action + "/edit?service=" + string(o.service().Ref)), action
}

func TestHoursShowTheirPlanBeforeTheyAreSaved(t *testing.T) {
	o := open(t)
	o.book(o.hanako, o.slot(o.branch, thursday, "9:30"), booking.ResidentSeat)
	o.book(o.ichiro, o.slot(o.branch, thursday, "9:30"), booking.ResidentSeat)
	c := o.administrator()
	p, action := o.hoursForm(c, o.branch)
	setupGolden(t, "setup_hours_form", p)
	p = p.Submit(action+"/edit", url.Values{
		"effective_from": {"12/2"}, "until": {"12/11"},
		"days_0": {"3", "4", "5"}, "starts_0": {"9:00"}, "ends_0": {"11:00"}, "minutes_0": {"30"}, "capacity_0": {"1"}, "reserve_0": {"1"},
		"days_1": nil, "starts_1": {""}, "ends_1": {""},
	})
	must(t, p, http.StatusOK, "まだ保存していません", "水木金 9:00～11:00", "予約が入っていて、そのとおりにできない枠が1件", "髙橋 花子", "南部 一郎", "追加", "枠")
	setupGolden(t, "setup_hours_preview", p)
	if n := o.count(`SELECT count(*) FROM hours`); n != 0 {
		t.Errorf("got %d sets before saving, want none", n)
	}
	back := p.Submit(action+"/edit", nil)
	must(t, back, http.StatusOK)
	if got := apptest.Attr(back.FindAll("#f-ends_0")[0], "value"); got != "11:00" {
		t.Errorf("got %q back in the form, want what was typed", got)
	}
	done := p.Submit(action+"/apply", nil)
	must(t, done, http.StatusOK, "受付時間を保存し、予約枠を変えました", "令和8年12月2日（水）から")
	sound(t, "hours saved", done)
	setupGolden(t, "setup_hours_sets", done)
	for _, r := range []card.Record{o.hanako, o.ichiro} {
		if !o.live(r).Live() {
			t.Error("got a booking lost by new hours, want both kept")
		}
	}
	if s := o.slot(o.branch, thursday, "9:30"); !s.Open || s.Capacity != 2 || s.Taken != 2 {
		t.Errorf("got %+v, want the places that are booked", s)
	}
	if s := o.slot(o.branch, friday, "10:30"); s.Capacity != 1 || s.Reserve != 1 {
		t.Errorf("got %+v, want the slot of the hours", s)
	}
	must(t, c.Get("/setup/venues"), http.StatusOK, "カードの交付")
}

func TestHoursThatCannotBeAreRefusedAtTheirRows(t *testing.T) {
	o := open(t)
	c := o.administrator()
	p, action := o.hoursForm(c, o.main)
	p = p.Submit(action+"/edit", url.Values{
		"effective_from": {"いつか"}, "starts_0": {"朝"}, "days_1": nil,
		"days_2": {"1"}, "starts_2": {"9:00"}, "ends_2": {"12:00"}, "minutes_2": {""}, "capacity_2": {"1"},
	})
	must(t, p, http.StatusUnprocessableEntity, "いつから：日付として読めません", "1行目：時刻は「9:00」", "2行目：曜日を1つ以上", "3行目：数字を入力")
	sound(t, "unreadable hours", p)
	p = p.Submit(action+"/edit", url.Values{
		"effective_from": {"12/2"}, "until": {"11/1"}, "starts_0": {"9:00"}, "ends_0": {"12:10"}, "days_1": {"1"}, "starts_1": {"11:00"}, "ends_1": {"13:00"}, "minutes_1": {"30"}, "capacity_1": {"1"},
		"days_2": {"6"}, "minutes_2": {"30"}, "capacity_2": {"0"},
	})
	must(t, p, http.StatusUnprocessableEntity, "終わりの日は、始まりの日と同じか")
	p = p.Submit(action+"/edit", url.Values{"until": {"12/25"}})
	must(t, p, http.StatusUnprocessableEntity, "1行目：開始から終了までの時間を", "2行目：ほかの時間帯と重なって", "3行目：枠数（住民）と職員枠")
	setupGolden(t, "setup_hours_refused", p)
	if n := o.count(`SELECT count(*) FROM hours`); n != 0 {
		t.Errorf("got %d sets, want none", n)
	}
}

func TestHoursAreNotSavedWithAnotherPlanThanWasShown(t *testing.T) {
	o := open(t)
	c := o.administrator()
	p, action := o.hoursForm(c, o.branch)
	p = p.Submit(action+"/edit", url.Values{"effective_from": {"12/2"}, "until": {"12/11"}, "starts_0": {"13:00"}, "ends_0": {"15:00"}, "days_1": nil, "starts_1": {""}, "ends_1": {""}})
	must(t, p, http.StatusOK)
	o.book(o.hanako, o.slot(o.branch, thursday, "9:30"), booking.ResidentSeat)
	p = p.Submit(action+"/apply", nil)
	must(t, p, http.StatusConflict, "画面を表示したあとに、予約か枠が変わりました", "髙橋 花子")
	sound(t, "changed plan", p)
	must(t, p.Submit(action+"/apply", nil), http.StatusOK, "受付時間を保存し")

	// Another set from the same day, and two people who edit the same set.
	again, _ := o.hoursForm(c, o.branch)
	must(t, again.Submit(action+"/edit", url.Values{"effective_from": {"12/2"}}), http.StatusConflict, "この日から始まる受付時間は、すでに登録されています")
	sets := c.Get(action + "?service=" + string(o.service().Ref))
	first := sets.Follow("直す（令和8年12月2日（水）から）")
	second := sets.Follow("直す（令和8年12月2日（水）から）")
	must(t, first.Submit(action+"/edit", url.Values{"capacity_0": {"3"}}).Submit(action+"/apply", nil), http.StatusOK, "受付時間を保存し")
	stale := second.Submit(action+"/edit", url.Values{"capacity_0": {"4"}})
	must(t, stale, http.StatusConflict, "ほかの人が先に変更しました", "いまの登録は")
	sound(t, "stale hours", stale)
	must(t, stale.Submit(action+"/edit", nil).Submit(action+"/apply", nil), http.StatusOK, "受付時間を保存し")
	if s := o.slot(o.branch, friday, "13:00"); s.Capacity != 4 {
		t.Errorf("got %d places, want those that were saved last", s.Capacity)
	}
	remove := c.Get(action + "?service=" + string(o.service().Ref)).Follow("取りやめる（令和8年12月2日（水）から）")
	sound(t, "remove hours", remove)
	p = remove.Submit(action+"/remove", nil)
	must(t, p, http.StatusOK, "受付時間を取りやめました", "閉鎖", "髙橋 花子")
	must(t, p.Submit(`form[method="post"][action="/setup/plan"]`, nil), http.StatusOK, "予約枠を変えました")
	if o.slot(o.branch, friday, "13:00").Open || !o.slot(o.branch, thursday, "9:30").Open || !o.live(o.hanako).Live() {
		t.Error("got the wrong slots closed, want all but the one that is booked")
	}
}

func TestPlanIsCarriedOutOnlyAsItWasShown(t *testing.T) {
	o := open(t)
	c := o.administrator()
	must(t, c.Get("/setup/plan?from=x&to=2026-12-31"), http.StatusUnprocessableEntity, "日付として読めません")
	must(t, c.Get("/setup/plan?from=2026-12-31&to=2026-12-01"), http.StatusUnprocessableEntity, "終わりの日は")
	must(t, c.Get("/setup/plan?from=2026-12-01&to=2028-12-01"), http.StatusUnprocessableEntity, "期間は366日以内")
	p := c.Get("/setup/plan?from=2026-12-02&to=2026-12-31&venue=" + string(o.main.Ref))
	must(t, p, http.StatusOK, "閉鎖", "3枠を、このとおりに変える")
	o.book(o.hanako, o.slot(o.main, thursday, "9:30"), booking.ResidentSeat)
	p = p.Submit(`form[method="post"][action="/setup/plan"]`, nil)
	must(t, p, http.StatusConflict, "画面を表示したあとに", "髙橋 花子")
	must(t, p.Submit(`form[method="post"][action="/setup/plan"]`, nil), http.StatusOK, "予約枠を変えました")
	if !o.slot(o.main, thursday, "9:30").Open || o.slot(o.main, friday, "9:30").Open || !o.slot(o.branch, thursday, "9:30").Open {
		t.Error("got the wrong slots, want those of the place closed but the booked one")
	}
	must(t, c.Get("/setup/plan?from=2026-12-02&to=2026-12-31&venue="+string(o.main.Ref)), http.StatusOK, "予約が入っていて")
}

func TestClosedDaysAndExtraOpenings(t *testing.T) {
	o := open(t)
	c := o.administrator()
	p := c.Get("/setup/closed")
	must(t, p, http.StatusOK, "元日", "建国記念の日", "振替休日", "年末年始")
	p = p.Follow("閉庁日を加える").Submit("/setup/closed/new", url.Values{"from": {"12/10"}, "to": {"12/1"}})
	must(t, p, http.StatusUnprocessableEntity, "終わりの日は", "理由を入力してください")
	sound(t, "refused closing", p)
	p = p.Submit("/setup/closed/new", url.Values{"from": {"12/3"}, "to": {""}, "reason": {"庁舎の点検"}, "venue": {string(o.main.Ref)}})
	must(t, p, http.StatusOK, "閉庁日を登録しました", "12月3日（木）", "閉鎖")
	p = c.Get("/setup/closed")
	must(t, p, http.StatusOK, "庁舎の点検")
	sound(t, "closed days", p)
	must(t, c.Get("/setup/days?date=12/3"), http.StatusOK, "この日は閉庁日です（庁舎の点検）")
	ref := o.text(`SELECT ref FROM closed_day`)
	must(t, p.Submit("/setup/closed/"+ref+"/remove", nil), http.StatusOK, "閉庁日を取り消しました")
	must(t, c.Get("/setup/closed"), http.StatusOK, "ありません")

	p = c.Get("/setup/extra/new").Submit("/setup/extra/new", url.Values{"opens_on": {"11/1"}, "starts": {"9:00"}, "ends": {"9:50"}})
	must(t, p, http.StatusUnprocessableEntity, "今日より前の日", "1枠の分数で割り切れる")
	sound(t, "refused extra opening", p)
	p = p.Submit("/setup/extra/new", url.Values{"opens_on": {"12/12"}, "ends": {"12:00"}, "reserve": {"1"}, "venue": {string(o.branch.Ref)}})
	must(t, p, http.StatusOK, "臨時の受付を登録しました", "12月12日（土）", "追加 各1人＋職員枠1（6枠）")
	must(t, p.Submit(`form[method="post"][action="/setup/plan"]`, nil), http.StatusOK, "予約枠を変えました")
	saturday := jp.Date{Year: 2026, Month: 12, Day: 12}
	if s := o.slot(o.branch, saturday, "11:30"); !s.Open || s.Reserve != 1 {
		t.Errorf("got %+v, want the extra slot", s)
	}
	p = c.Get("/setup/closed")
	sound(t, "extra openings", p)
	p = p.Submit("/setup/extra/"+o.text(`SELECT ref FROM extra_opening`)+"/remove", nil)
	must(t, p, http.StatusOK, "臨時の受付をやめました", "閉鎖")
}

// text is one text from the database.
func (o *office) text(query string, args ...any) (s string) {
	o.t.Helper()
	apptest.Read(o.t, o.st, func(tx *store.Tx) (err error) {
		s, err = store.One[string](tx, query, args...)
		return err
	})
	return s
}

func TestSlotsOfADayAreSetByHand(t *testing.T) {
	o := open(t)
	c := o.administrator()
	day := "/setup/days?" + url.Values{"venue": {string(o.main.Ref)}, "date": {"2026-12-03"}}.Encode()
	free := o.slot(o.main, thursday, "10:00")
	p := c.Get(day).Submit("/setup/slots/"+string(free.Ref), nil)
	must(t, p, http.StatusOK, "枠を変えました", "閉めた枠", "手で変えた枠")
	if o.slot(o.main, thursday, "10:00").Open {
		t.Error("got it open, want it closed by one button")
	}
	p = p.Submit("/setup/slots/"+string(free.Ref), nil)
	must(t, p, http.StatusOK, "枠を変えました")
	if !o.slot(o.main, thursday, "10:00").Open {
		t.Error("got it closed, want it opened by one button")
	}
	p = p.Follow("枠数を変える（カードの交付 10時～10時30分）")
	action := p.Path
	o.book(o.hanako, free, booking.ResidentSeat)
	p = p.Submit(action, url.Values{"capacity": {"0"}})
	must(t, p, http.StatusConflict, "すでに1件の予約がある")
	p = p.Submit(action, url.Values{"capacity": {"たくさん"}})
	must(t, p, http.StatusUnprocessableEntity, "枠数（住民）：数字を入力")
	sound(t, "refused slot", p)
	later := c.Get(action)
	must(t, p.Submit(action, url.Values{"capacity": {"4"}, "reserve": {"2"}}), http.StatusOK, "枠を変えました")
	if s := o.slot(o.main, thursday, "10:00"); s.Capacity != 4 || s.Reserve != 2 || s.Taken != 1 {
		t.Errorf("got %+v, want it widened with its booking", s)
	}
	stale := later.Submit(action, url.Values{"capacity": {"9"}})
	must(t, stale, http.StatusConflict, "ほかの人が先に変更しました", "いまの登録：4")
	sound(t, "stale slot", stale)

	p = c.Get(day).Follow("閉める（カードの交付 10時～10時30分）")
	must(t, p, http.StatusOK, "閉めても、入っている予約はそのまま残ります", "この枠に予約している人", "髙橋 花子")
	setupGolden(t, "setup_slot_close", p)
	must(t, p.Submit(action, nil), http.StatusOK, "枠を変えました")
	if s := o.slot(o.main, thursday, "10:00"); s.Open || !o.live(o.hanako).Live() {
		t.Errorf("got %+v, want it closed with its booking kept", s)
	}
	p = c.Get(action).Submit(action+"/follow", nil)
	must(t, p, http.StatusOK, "手で変えた枠を戻します", "予約枠の作成")
	if o.slot(o.main, thursday, "10:00").ByHand {
		t.Error("got it by hand, want it under the hours again")
	}
	must(t, c.Get("/setup/slots/"+string(o.slot(o.main, today, "8:45").Ref)), http.StatusOK)
	o.clock.Advance(20 * time.Minute)
	past := "/setup/slots/" + string(o.slot(o.main, today, "8:45").Ref)
	must(t, c.Get(past).Submit(past, nil), http.StatusConflict, "もう終わっています")
}

func TestWholeDayIsSetAtOnce(t *testing.T) {
	o := open(t)
	o.book(o.hanako, o.slot(o.main, thursday, "9:30"), booking.ResidentSeat)
	c := o.administrator()
	p := c.Get("/setup/days?venue=" + string(o.main.Ref) + "&date=12%2F3").Follow("この日の枠をまとめて変える（カードの交付）")
	must(t, p, http.StatusOK, "2枠", "この日に予約している人（1件）", "髙橋 花子")
	setupGolden(t, "setup_day_set", p)
	action := "/setup/days/" + string(o.main.Ref) + "/set"
	must(t, p.Submit(action, url.Values{"capacity": {"0"}}), http.StatusConflict, "すでに1件の予約")
	must(t, p.Submit(action, url.Values{"open": {"0"}}), http.StatusOK, "この日の枠をまとめて変えました")
	if o.slot(o.main, thursday, "9:30").Open || o.slot(o.main, thursday, "10:00").Open || !o.live(o.hanako).Live() {
		t.Error("got open slots or a lost booking, want the day closed and the booking kept")
	}
	p = c.Get("/setup/days/"+string(o.main.Ref)+"/set?date=2026-12-03&service="+string(o.service().Ref)).Submit(action, url.Values{"capacity": {"5"}, "reserve": {"1"}})
	must(t, p, http.StatusOK, "受付中")
	if s := o.slot(o.main, thursday, "10:00"); !s.Open || s.Capacity != 5 || s.Reserve != 1 {
		t.Errorf("got %+v, want it open and widened", s)
	}
	must(t, c.Get("/setup/days/"+string(o.main.Ref)+"/set?date=2026-12-25&service="+string(o.service().Ref)), http.StatusNotFound)

	add := "/setup/days/" + string(o.main.Ref) + "/add"
	p = c.Get("/setup/days?venue=" + string(o.main.Ref) + "&date=12%2F3").Follow("枠を1つ加える")
	p = p.Submit(add, url.Values{"starts": {"9:45"}, "ends": {"10:15"}})
	must(t, p, http.StatusConflict, "09:30から始まる枠と重なっています")
	sound(t, "overlapping slot", p)
	must(t, p.Submit(add, url.Values{"starts": {"17:00"}, "ends": {"17:30"}, "capacity": {"2"}}), http.StatusOK, "枠を加えました", "17:00～17:30")
}

func TestStopListsWhomItConcernsBeforeItIsMade(t *testing.T) {
	o := open(t)
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE recipient SET mail = 'hanako@example.jp', telephone = '0178-00-1111' WHERE id = ?`, o.hanako.Card.RecipientID)
		return err
	})
	o.book(o.hanako, o.slot(o.main, thursday, "9:30"), booking.ResidentSeat)
	c := o.administrator()
	p := c.Get("/setup/stops").Follow("受付を止める")
	p = p.Submit("/setup/stops/new", url.Values{"venues": nil, "reason": {""}, "from": {"12/3"}, "starts": {"10:00"}, "ends": {"9:00"}})
	must(t, p, http.StatusUnprocessableEntity, "理由：理由を入力", "終了の時刻：終了の時刻は")
	sound(t, "refused stop", p)
	p = p.Submit("/setup/stops/new", url.Values{"reason": {"大雪のため"}, "starts": {""}, "ends": {""}})
	must(t, p, http.StatusUnprocessableEntity, "受付場所：1つ以上選んでください")
	p = p.Submit("/setup/stops/new", url.Values{"venues": {string(o.main.Ref), string(o.branch.Ref)}, "from": {"12/3"}, "to": {"12/4"}})
	must(t, p, http.StatusOK, "この時間に予約している人（1件）", "髙橋 花子", "0178-00-1111", "1人には、メールで知らせます", "終日")
	setupGolden(t, "setup_stop_check", p)
	if n := o.count(`SELECT count(*) FROM stop`); n != 0 || !o.slot(o.main, thursday, "9:30").Open {
		t.Error("got a stop before it was confirmed")
	}
	back := p.Submit("/setup/stops/new", nil)
	if got := apptest.Attr(back.FindAll("#f-reason")[0], "value"); got != "大雪のため" {
		t.Errorf("got %q back in the form, want what was typed", got)
	}
	o.book(o.ichiro, o.slot(o.branch, thursday, "9:30"), booking.ResidentSeat)
	p = p.Submit("/setup/stops", nil)
	must(t, p, http.StatusConflict, "画面を表示したあとに、予約が変わりました", "南部 一郎")
	sound(t, "changed stop", p)
	p = p.Submit("/setup/stops", nil)
	must(t, p, http.StatusOK, "受付を止めました", "停止中です", "この時間に予約している人（2件）", "1人には、メールを送信待ちに入れました")
	setupGolden(t, "setup_stop", p)
	if o.slot(o.main, thursday, "9:30").Open || o.slot(o.branch, thursday, "9:30").Open || o.slot(o.main, friday, "9:30").Open || !o.live(o.hanako).Live() {
		t.Error("got open slots or a lost booking, want all closed and the bookings kept")
	}
	if n := o.count(`SELECT count(*) FROM mail WHERE kind = 'stopped' AND cause = '大雪のため'`); n != 1 {
		t.Errorf("got %d mails, want one for the one address", n)
	}
	must(t, c.Get("/setup/days?date=12/3"), http.StatusOK, "停止中")
	sound(t, "list of stops", c.Get("/setup/stops"))
	end := p.Follow("受付を再開する")
	setupGolden(t, "setup_stop_end", end)
	later := c.Get(end.Path)
	must(t, end.Submit(end.Path, nil), http.StatusOK, "受付を再開しました", "再開しました")
	must(t, later.Submit(end.Path, nil), http.StatusConflict, "すでに終わっています")
	if !o.slot(o.main, thursday, "9:30").Open {
		t.Error("got it closed, want it open again")
	}
	if n := o.count(`SELECT count(*) FROM mail WHERE kind = 'resumed'`); n != 1 {
		t.Errorf("got %d mails, want one", n)
	}
}

// A branch sees of a stop over several places those who booked with it, and
// cannot end it for the others.
func TestStopOverSeveralPlacesIsNotEndedByOne(t *testing.T) {
	o := open(t)
	o.book(o.hanako, o.slot(o.main, thursday, "9:30"), booking.ResidentSeat)
	o.book(o.ichiro, o.slot(o.branch, thursday, "9:30"), booking.ResidentSeat)
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		_, _, err := booking.MakeStop(tx, system, booking.Stop{Kind: booking.StopJLIS, Reason: "保守", FromOn: thursday, ToOn: thursday, Ends: 1440}, []int64{o.main.ID, o.branch.ID})
		return err
	})
	path := "/setup/stops/" + o.text(`SELECT ref FROM stop`)
	end := o.administrator().Get(path + "/end")
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		_, err := tx.Exec(`INSERT INTO staff_venue (staff_id, venue_id) VALUES (?, ?)`, o.accounts["kanri"].ID, o.branch.ID)
		return err
	})
	p := o.administrator().Get(path)
	must(t, p, http.StatusOK, "南部 一郎")
	if strings.Contains(p.Text(), "花子") || strings.Contains(p.Text(), "受付を再開する") {
		t.Errorf("got %s, want the branch's people only and no button", p.Text())
	}
	must(t, end.Submit(path+"/end", nil), http.StatusForbidden)
	if o.slot(o.branch, thursday, "9:30").Open {
		t.Error("got the stop ended")
	}
}

func TestStaffAreLimitedToPlaces(t *testing.T) {
	o := open(t)
	c := o.administrator()
	p := c.Get("/setup/staff")
	must(t, p, http.StatusOK, "窓口 花子", "すべての受付場所")
	setupGolden(t, "setup_staff", p)
	action := "/setup/staff/" + string(o.accounts["madoguchi1"].Ref)
	one, two := c.Get(action), c.Get(action)
	setupGolden(t, "setup_staff_venues", one)
	must(t, one.Submit(action, url.Values{"venues": {string(o.branch.Ref)}}), http.StatusOK, "保存しました", "名川分庁舎")
	stale := two.Submit(action, url.Values{"venues": {string(o.main.Ref)}})
	must(t, stale, http.StatusConflict, "ほかの人が先に変更しました", "いまの登録：名川分庁舎")
	sound(t, "stale limit", stale)
	must(t, stale.Submit(action, nil), http.StatusOK, "南部町役場")
	if p := o.clerk().Get("/?date=2026-12-03"); strings.Contains(p.Text(), "名川分庁舎") {
		t.Error("got another place on the clerk's list, want the limit to count at once")
	}
	own := "/setup/staff/" + string(o.accounts["kanri"].Ref)
	must(t, c.Get(own).Submit(own, url.Values{"venues": {string(o.main.Ref)}}), http.StatusConflict, "すべての受付場所を担当する管理者がいなくなる")
	must(t, c.Get("/setup/staff/x"), http.StatusNotFound)
}

func TestBookingSettingsAreChangedWithTheirHistory(t *testing.T) {
	o := open(t)
	c := o.administrator()
	p := c.Get("/setup/settings")
	later := c.Get("/setup/settings")
	p = p.Submit("/setup/settings", url.Values{"booking_days_ahead": {"千"}, "waiting_offer_hours": {"0"}})
	must(t, p, http.StatusUnprocessableEntity, "何日先まで予約できるか（日）：0から400までの数字", "キャンセル待ちの人に枠を押さえておく時間（時間）：1から72までの数字")
	setupGolden(t, "setup_settings_refused", p)
	if n := o.count(`SELECT count(*) FROM setting WHERE name = 'booking.days_ahead'`); n != 0 {
		t.Error("got a setting of a refused form kept")
	}
	p = p.Submit("/setup/settings", url.Values{"booking_days_ahead": {"３０"}, "waiting_offer_hours": {"24"}})
	must(t, p, http.StatusOK, "保存しました", "何日先まで予約できるか：60日 → 30日", "管理 太郎", "キャンセル待ちの人に枠を押さえておく時間：12時間 → 24時間")
	if n := o.count(`SELECT count(*) FROM audit WHERE action = 'setting_changed' AND actor_kind = 'staff'`); n != 2 {
		t.Errorf("got %d entries, want one for each that changed", n)
	}
	// Somebody else's change to another setting is no conflict, to the same one it is.
	stale := later.Submit("/setup/settings", url.Values{"booking_days_ahead": {"45"}, "booking_late_minutes": {"15"}})
	must(t, stale, http.StatusConflict, "ほかの人が先に変更しました", "いまの登録：30")
	sound(t, "stale settings", stale)
	must(t, stale.Submit("/setup/settings", nil), http.StatusOK, "30日 → 45日", "10分 → 15分")
	p = c.Get("/setup/settings").Submit("/setup/settings", url.Values{"closed_holidays": nil})
	must(t, p, http.StatusOK, "予約枠の作成", "閉庁する日が変わる")
	must(t, c.Get("/setup/closed"), http.StatusOK, "受付時間のとおり")
}
