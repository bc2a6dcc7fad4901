package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/store"
)

// scanVisit types or scans something at the counter.
func scanVisit(p *apptest.Page, what string) *apptest.Page {
	return p.Submit("/check-in", url.Values{"scanned": {what}})
}

// press sends the form of a visit's step.
func press(t *testing.T, p *apptest.Page, v booking.Visit, verb string) *apptest.Page {
	t.Helper()
	return p.Submit("/bookings/"+string(v.Booking.Ref)+"/"+verb, nil)
}

// counter adds a counter; with no services it serves all.
func (o *office) counter(v booking.Venue, name string) (c booking.VenueCounter) {
	o.t.Helper()
	apptest.Write(o.t, o.st, func(tx *store.Tx) (err error) {
		c, err = booking.AddCounter(tx, system, booking.VenueCounter{VenueID: v.ID, Name: name}, nil)
		return err
	})
	return c
}

func (o *office) visit(ref store.Ref) (v booking.Visit) {
	o.t.Helper()
	apptest.Read(o.t, o.st, func(tx *store.Tx) (err error) {
		v, err = booking.ByRef(tx, ref)
		return err
	})
	return v
}

func TestCheckInFromTheNumberToTheIssuedCard(t *testing.T) {
	o := open(t)
	o.counter(o.main, "1番窓口")
	two := o.counter(o.main, "2番窓口")
	v := o.book(o.hanako, o.slot(o.main, today, "10:00"), booking.ResidentSeat)
	c := o.clerk()
	p := c.Get("/check-in")
	must(t, p, http.StatusOK, "来庁受付", "今日はまだ、だれも受け付けていません。", "予約の時刻から10分を過ぎて来た人は")
	sound(t, "check-in", p)
	p = scanVisit(p, v.Number.String())
	must(t, p, http.StatusOK, "まだ受け付けていません", "髙橋 花子", "昭和25年（1950年）5月12日", "12月1日（火） 10時～10時30分", "カードの交付")
	golden(t, "check_in", p, v.Number.String(), "NUMBER-1")
	p = press(t, p, v, "check-in")
	must(t, p, http.StatusOK, "来庁を受け付けました。", "受付済み（9:00）", "1番目に呼びます（待っている人 1人）", "今日、受け付けた人")
	golden(t, "check_in_done", p, string(v.Booking.Ref), "VISIT", v.Number.String(), "NUMBER-1")
	p = p.Submit("/bookings/"+string(v.Booking.Ref)+"/call", url.Values{"counter": {string(two.Ref)}})
	must(t, p, http.StatusOK, "窓口に呼び出しました。", "2番窓口に呼出し中（9:00）")
	golden(t, "check_in_called", p, string(v.Booking.Ref), "VISIT", v.Number.String(), "NUMBER-1")
	issue := p.Follow("交付済みにする")
	must(t, issue, http.StatusOK, "2番窓口に呼出し中")
	p = issue.Submit(pathOf(o.hanako)+"/issue", nil)
	must(t, p, http.StatusOK, "交付済みにしました。", "来庁済み")
	if p.Path != visitPath(v.Booking.Ref) {
		t.Errorf("got %s after the issue, want to be back at the visit", p.Path)
	}
	if got := o.visit(v.Booking.Ref); got.State != booking.Done || got.CalledTo != "2番窓口" {
		t.Errorf("got %+v, want it done at 2番窓口", got.Booking)
	}
	if strings.Contains(p.Text(), "直前の操作を取り消す") {
		t.Error("got a way to undo the visit of an issued card")
	}
	for _, action := range []audit.Action{audit.CheckedIn, audit.BookingCalled, audit.BookingDone, audit.CardIssued} {
		if n := o.count(`SELECT count(*) FROM audit WHERE action = ?`, string(action)); n != 1 {
			t.Errorf("got %d entries of %s, want 1", n, action)
		}
	}
}

func TestScannerFindsWhoStandsAtTheCounter(t *testing.T) {
	o := open(t)
	v := o.book(o.hanako, o.slot(o.main, today, "10:00"), booking.ResidentSeat)
	p := o.clerk().Get("/check-in")
	for _, what := range []string{v.Number.String(), "ＡＢＣ－１２３４５６", "https://yoyaku.example.jp/b/" + string(v.Booking.Ref), "abc123456", hanakoPayload} {
		if p = scanVisit(p, what); p.Path != visitPath(v.Booking.Ref) {
			t.Errorf("%q: got %s, want the visit: %s", what, p.Path, p.Text())
		}
	}
	p = scanVisit(p, " ")
	if p.Path != visitPath(v.Booking.Ref) {
		t.Errorf("got %s after an Enter too many, want the visit to stay", p.Path)
	}
	for what, says := range map[string]string{
		"ちちちー１２３４５６":  "日本語入力がオンのまま",
		"0000-0000":   "この番号の予約は見つかりません",
		"1234":        "読み取られた文字： 1234",
		"GHI-333333":  "この人の予約はありません",
		"GHI-333333 ": "予約なしで交付済みにする",
	} {
		p := scanVisit(p, what)
		must(t, p, http.StatusUnprocessableEntity, says)
		sound(t, "scanned "+what, p)
	}
	if p := scanVisit(p, "1234 5678 9012"); strings.Contains(p.Body, "5678") {
		t.Error("the page repeats what may be a 個人番号")
	}
	if n := o.count(`SELECT count(*) FROM audit WHERE action LIKE 'booking_checked_in'`); n != 0 {
		t.Errorf("got %d check-ins from looking someone up", n)
	}
}

func TestVisitThatCannotBeCheckedInSaysWhy(t *testing.T) {
	o := open(t)
	v := o.book(o.hanako, o.slot(o.main, thursday, "10:00"), booking.ResidentSeat)
	p := scanVisit(o.clerk().Get("/check-in"), v.Number.String())
	must(t, p, http.StatusOK, "本日の予約ではありません", "12月3日（木）の予約です")
	sound(t, "another day", p)
	if to := p.Follow("予約を変更する"); !strings.HasPrefix(to.Path, pathOf(o.hanako)+"/change") {
		t.Errorf("got %s, want to change the booking", to.Path)
	}
	apptest.Write(t, o.st, func(tx *store.Tx) error { _, err := booking.Cancel(tx, system, v.Booking.Ref, v.Version); return err })
	must(t, scanVisit(o.clerk().Get("/check-in"), v.Number.String()), http.StatusOK, "取消済み", "予約を取り直す")
	o.limit("madoguchi1", o.branch)
	w := o.book(o.ichiro, o.slot(o.main, today, "10:00"), booking.ResidentSeat)
	p = scanVisit(o.clerk().Get("/check-in"), w.Number.String())
	must(t, p, http.StatusOK, "南部町役場の予約です。")
	if n := len(p.FindAll(".state form")); n != 0 {
		t.Errorf("got %d forms for a visit at another place, want none", n)
	}
	_, _, values := o.administrator().Get(visitPath(w.Booking.Ref)).Fill("/bookings/"+string(w.Booking.Ref)+"/check-in", nil)
	clerk := o.clerk()
	values.Set("csrf", apptest.Attr(clerk.Get("/check-in").FindAll(`input[name="csrf"]`)[0], "value"))
	must(t, clerk.Post("/bookings/"+string(w.Booking.Ref)+"/check-in", values), http.StatusForbidden, "担当する受付場所ではない")
}

func TestStepThatSomeoneElseTookIsAConflict(t *testing.T) {
	o := open(t)
	v := o.book(o.hanako, o.slot(o.main, today, "10:00"), booking.ResidentSeat)
	p := scanVisit(o.clerk().Get("/check-in"), v.Number.String())
	must(t, press(t, scanVisit(o.administrator().Get("/check-in"), v.Number.String()), v, "check-in"), http.StatusOK, "受付済み")
	p = press(t, p, v, "check-in")
	must(t, p, http.StatusConflict, "予約がほかの人か本人によって変更されました", "受付済み（9:00）")
	golden(t, "step_conflict", p)
	must(t, p.Follow("いまの状態を見る"), http.StatusOK, "窓口に呼ぶ")
}

func TestFormSentTwiceTakesOneStep(t *testing.T) {
	o := open(t)
	v := o.book(o.hanako, o.slot(o.main, today, "10:00"), booking.ResidentSeat)
	c := o.clerk()
	path, _, values := c.Get(visitPath(v.Booking.Ref)).Fill("/bookings/"+string(v.Booking.Ref)+"/check-in", nil)
	for range 2 {
		must(t, c.Post(path, values), http.StatusOK, "受付済み")
	}
	must(t, c.Get(path), http.StatusOK, "受付済み")
	if n := o.count(`SELECT count(*) FROM audit WHERE action = 'booking_checked_in'`); n != 1 {
		t.Errorf("got %d check-ins, want 1", n)
	}
}

func TestWrongStepIsTakenBack(t *testing.T) {
	o := open(t)
	v := o.book(o.hanako, o.slot(o.main, today, "10:00"), booking.ResidentSeat)
	p := o.clerk().Get(visitPath(v.Booking.Ref))
	for _, verb := range []string{"check-in", "call", "done", "undo", "undo", "undo"} {
		p = press(t, p, v, verb)
		must(t, p, http.StatusOK)
		sound(t, "after "+verb, p)
	}
	must(t, p, http.StatusOK, "まだ受け付けていません")
}

func TestMissingPapersAreNoted(t *testing.T) {
	o := open(t)
	v := o.book(o.hanako, o.slot(o.main, today, "10:00"), booking.ResidentSeat)
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		s, err := booking.ServiceByID(tx, v.Slot.ServiceID)
		if err != nil {
			return err
		}
		return booking.SetBring(tx, system, s.Ref, s.Version, []booking.Bring{
			{Condition: booking.Always, Text: "交付通知書"}, {Condition: booking.OfIssueKind, Value: "renewal", Text: "今のカード"},
			{Condition: booking.OfIssueKind, Value: "reissue", Text: "遺失届の受理番号"},
		})
	})
	p := o.clerk().Get(visitPath(v.Booking.Ref)).Follow("書類が足りない")
	must(t, p, http.StatusOK, "交付通知書", "今のカード", "申し送りに残ります。")
	golden(t, "papers", p)
	refused := p.Submit("/bookings/"+string(v.Booking.Ref)+"/papers-missing", url.Values{"missing": {"今のカード"}, "body": {strings.Repeat("あ", 600)}})
	must(t, refused, http.StatusUnprocessableEntity, "文字までにしてください")
	sound(t, "papers refused", refused)
	if got := o.visit(v.Booking.Ref).State; got != booking.Booked {
		t.Errorf("got %s after the note was refused, want nothing to have happened", got)
	}
	done := refused.Submit("/bookings/"+string(v.Booking.Ref)+"/papers-missing", url.Values{"body": {"本人確認書類の2点目"}})
	must(t, done, http.StatusOK, "書類不足で終わりにしました", "書類不足：今のカード、本人確認書類の2点目", "予約を取り直す")
	sound(t, "papers missing", done)
	again := choose(t, done.Follow("予約を取り直す"), "12月3日（木）9時30分", "残り 2").Submit(pathOf(o.hanako)+"/book", nil)
	must(t, again, http.StatusOK, "予約を受け付けました")
	if got := o.live(o.hanako); got.ID == v.ID || got.ID == 0 {
		t.Errorf("got %+v, want another booking", got.Booking)
	}
}

func TestNoShowIsForLateVisitsAndRebooked(t *testing.T) {
	o := open(t)
	v := o.book(o.hanako, o.slot(o.main, today, "8:45"), booking.StaffSeat)
	w := o.book(o.ichiro, o.slot(o.main, today, "10:00"), booking.StaffSeat)
	c := o.clerk()
	if p := c.Get(visitPath(w.Booking.Ref)); strings.Contains(p.Text(), "来庁なしにする") {
		t.Error("got a no-show offered before the visit is late")
	}
	p := c.Get(visitPath(v.Booking.Ref))
	must(t, p, http.StatusOK, "遅れています")
	p = press(t, p, v, "no-show")
	must(t, p, http.StatusOK, "「来庁なし」にしました。次の予約を取れます。", "来庁なし", "予約を取り直す")
	golden(t, "check_in_no_show", p, v.Number.String(), "NUMBER-1")
	must(t, p.Follow("予約を取り直す"), http.StatusOK, "予約する")
	must(t, press(t, p, v, "undo"), http.StatusOK, "まだ受け付けていません")
}

func TestPartyIsCheckedInOneByOne(t *testing.T) {
	o := open(t)
	var visits []booking.Visit
	apptest.Write(t, o.st, func(tx *store.Tx) (err error) {
		visits, err = booking.BookTogether(tx, system, []card.ID{o.hanako.Card.ID, o.ichiro.Card.ID},
			booking.Wish{Slot: o.slot(o.main, today, "10:00").Ref, Channel: booking.Telephone, Seat: booking.StaffSeat})
		return err
	})
	p := press(t, o.clerk().Get(visitPath(visits[0].Booking.Ref)), visits[0], "check-in")
	must(t, p, http.StatusOK, "一緒に予約した人", "南部 一郎 10時")
	sound(t, "party", p)
	p = p.Follow("南部 一郎")
	must(t, p, http.StatusOK, "髙橋 花子 10時")
	must(t, press(t, p, visits[1], "check-in"), http.StatusOK, "2番目に呼びます")
}

func TestVisitorWithoutACardIsCheckedIn(t *testing.T) {
	o := open(t)
	var v booking.Visit
	apptest.Write(t, o.st, func(tx *store.Tx) (err error) {
		v, err = booking.BookVisitor(tx, o.accounts["kanri"].Actor("r1"),
			booking.Wish{Slot: o.slot(o.main, today, "10:00").Ref, Channel: booking.Telephone, Seat: booking.StaffSeat, Reason: "はがきを紛失"},
			card.Visitor{Name: "来庁　三郎", Telephone: "0178-00-0000"})
		return err
	})
	p := o.clerk().Get(visitPath(v.Booking.Ref))
	must(t, p, http.StatusOK, "来庁 三郎", "カードの記録なし", "はがきを紛失")
	sound(t, "visitor", p)
	p = press(t, p, v, "check-in")
	must(t, p, http.StatusOK, "受付済み")
	if strings.Contains(p.Text(), "交付済みにする") {
		t.Error("got the issue of a card that is not there")
	}
	papers := p.Follow("書類が足りない")
	must(t, papers, http.StatusOK, "この画面では残せません")
	sound(t, "papers of a visitor", papers)
	must(t, papers.Submit("/bookings/"+string(v.Booking.Ref)+"/papers-missing", nil), http.StatusOK, "書類不足")
}

func TestPastVisitCanStillBecomeANoShow(t *testing.T) {
	o := open(t)
	v := o.book(o.hanako, o.slot(o.main, today, "10:00"), booking.StaffSeat)
	o.clock.Advance(24 * time.Hour)
	c := o.signIn("madoguchi1")
	p := c.Get(visitPath(v.Booking.Ref))
	must(t, p, http.StatusOK, "本日の予約ではありません")
	must(t, press(t, p, v, "no-show"), http.StatusOK, "来庁なし")
}
