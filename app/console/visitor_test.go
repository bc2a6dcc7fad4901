package console

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/store"
)

// renewal opens a service that needs no notice, on Thursday at the main office.
func (o *office) renewal() booking.Slot {
	o.t.Helper()
	var slots []booking.Slot
	apptest.Write(o.t, o.st, func(tx *store.Tx) error {
		s, err := booking.AddService(tx, system, booking.Service{Name: "電子証明書の更新", Minutes: 15, WithoutNotice: true})
		if err != nil {
			return err
		}
		if err := booking.SetBring(tx, system, s.Ref, s.Version, []booking.Bring{{Condition: booking.Always, Text: "マイナンバーカード"}}); err != nil {
			return err
		}
		err = booking.AddSlots(tx, system, o.main, s, []booking.Window{{HeldOn: thursday, Starts: 11 * 60, Ends: 11*60 + 15, Capacity: 1, Reserve: 1}})
		if err != nil {
			return err
		}
		slots, err = booking.DaySlots(tx, o.main.ID, s.ID, thursday)
		return err
	})
	return slots[0]
}

// shown is the booking that a page's address names.
func (o *office) shown(p *apptest.Page) booking.Visit {
	o.t.Helper()
	ref, _, _ := strings.Cut(strings.TrimPrefix(p.Path, "/bookings/"), "/")
	return o.visit(store.Ref(ref))
}

// bookVisitor books the slot for 佐藤 次郎, without a card.
func (o *office) bookVisitor(s booking.Slot) (v booking.Visit) {
	o.t.Helper()
	by := o.accounts["madoguchi1"].Actor("r1")
	apptest.Write(o.t, o.st, func(tx *store.Tx) (err error) {
		v, err = booking.BookVisitor(tx, by, booking.Wish{Slot: s.Ref, Channel: booking.Telephone, Seat: booking.StaffSeat, Reason: "通知書を紛失"},
			card.Visitor{Name: "佐藤　次郎", KanaName: "サトウ　ジロウ", Telephone: "0178-11-1111"})
		return err
	})
	return v
}

func TestVisitorIsBookedForAServiceWithoutNoticeInThreeScreens(t *testing.T) {
	o := open(t)
	o.renewal()
	p := o.clerk().Get("/").Follow("カードなしの予約")
	must(t, p, http.StatusOK, "電子証明書の更新", "日時を選んだあとに、氏名と電話番号を入れます")
	golden(t, "choose_slot_visitor", p)
	p = choose(t, p, "12月3日（木）11時", "残り 2")
	golden(t, "check_slot_visitor", p)
	if len(p.FindAll(`input[name="reason"]`)) != 0 {
		t.Error("got a reason asked for a service that needs no notice")
	}
	p = p.Submit("/visitors", url.Values{"name": {" "}, "telephone": {"１２３"}})
	must(t, p, http.StatusUnprocessableEntity, "氏名を入力してください。")
	sound(t, "check_slot_visitor_failed", p)
	if got := apptest.Attr(p.FindAll("#f-telephone")[0], "value"); got != "１２３" {
		t.Errorf("got %q kept, want what was typed", got)
	}
	p = p.Submit("/visitors", url.Values{"name": {"佐藤　次郎"}, "kana_name": {"サトウ　ジロウ"}, "telephone": {"０１７８-11-1111"}})
	must(t, p, http.StatusOK, "予約を受け付けました。", "令和8年12月3日（木） 11時～11時15分", "マイナンバーカード")
	v := o.shown(p)
	if v.CardID != 0 || v.Channel != booking.Telephone || v.Seat != booking.StaffSeat || v.State != booking.Booked {
		t.Errorf("got %+v, want it booked by telephone on a staff seat, without a card", v.Booking)
	}
	golden(t, "booked_visitor", p, v.Number.String(), "NUMBER-1", spoken(v.Number.String()), "NUMBER-1 SPOKEN")
	p = p.Follow("この予約の画面へ")
	must(t, p, http.StatusOK, "佐藤 次郎", "0178-11-1111", "カードの記録と結び付いていない予約です", "予約（12月3日（木）11時）", "窓口 花子")
	golden(t, "booking_visitor", p, v.Number.String(), "NUMBER-1")
}

func TestCardIssuanceWithoutARecordNeedsAReason(t *testing.T) {
	o := open(t)
	p := o.clerk().Get("/visitors?channel=counter")
	must(t, p, http.StatusOK, "ふつう交付通知書が要ります")
	p = choose(t, p, "12月3日（木）9時30分", "残り 2")
	p = p.Submit("/visitors", url.Values{"name": {"佐藤　次郎"}, "telephone": {"0178-11-1111"}})
	must(t, p, http.StatusUnprocessableEntity, "交付通知書なしで予約する理由を入力してください。")
	p = p.Submit("/visitors", url.Values{"reason": {"通知書を紛失"}})
	must(t, p, http.StatusOK, "予約を受け付けました。")
	v := o.shown(p)
	if v.Reason != "通知書を紛失" || v.Channel != booking.Counter {
		t.Errorf("got %+v, want the reason kept", v.Booking)
	}
	must(t, o.clerk().Get(bookingPath(v.Booking.Ref)), http.StatusOK, "カードの記録なしで予約した理由通知書を紛失")
}

func TestManyBookingsOfOneTelephoneNumberNeedAReason(t *testing.T) {
	o := open(t)
	s := o.renewal()
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE slot SET capacity = 9 WHERE id = ?`, s.ID)
		return err
	})
	c := o.clerk()
	book := func(name string) *apptest.Page {
		return c.Get("/visitors/check?slot="+string(s.Ref)).Submit("/visitors", url.Values{"name": {name}, "telephone": {"0178-11-1111"}})
	}
	for _, name := range []string{"一人目", "二人目"} {
		must(t, book(name), http.StatusOK, "予約を受け付けました。")
	}
	p := book("三人目")
	must(t, p, http.StatusUnprocessableEntity, "この電話番号では、すでに2件の予約があります", "同じ電話番号で、さらに予約する理由")
	sound(t, "check_slot_many", p)
	must(t, p.Submit("/visitors", url.Values{"reason": {"施設の入所者"}}), http.StatusOK, "予約を受け付けました。")
}

func TestVisitorIsFoundByNumberNameAndTelephone(t *testing.T) {
	o := open(t)
	v := o.bookVisitor(o.slot(o.main, thursday, "9:30"))
	c := o.clerk()
	for _, query := range []string{v.Number.String(), string(v.Number), "佐藤", "サトウ ジロウ", "さとう", "0178-11-1111", "０１７８１１１１１１"} {
		p := c.Get("/search").Submit("/search", url.Values{"q": {query}})
		if p.Path != bookingPath(v.Booking.Ref) {
			t.Errorf("%q: got %s, want the booking's page", query, p.Path)
		}
	}
	// 次郎 is a part of nobody's name on record; 一郎 is.
	p := c.Get("/search").Submit("/search", url.Values{"q": {"郎"}})
	must(t, p, http.StatusOK, "南部 一郎", "カードの記録がない人の予約 1件", "佐藤 次郎")
	golden(t, "search_visitors", p, v.Number.String(), "NUMBER-1")
	o.limit("madoguchi1", o.branch)
	must(t, c.Get("/search?q=0178-11-1111"), http.StatusOK, "見つかりませんでした")
	must(t, c.Get(bookingPath(v.Booking.Ref)), http.StatusForbidden)
}

func TestVisitorIsTiedToTheCardOnceItIsRead(t *testing.T) {
	o := open(t)
	v := o.bookVisitor(o.slot(o.main, thursday, "9:30"))
	o.book(o.ichiro, o.slot(o.branch, thursday, "9:30"), booking.ResidentSeat)
	c := o.clerk()
	p := c.Get(bookingPath(v.Booking.Ref)).Follow("カードと結び付ける")
	must(t, p, http.StatusOK, "「佐藤 次郎」では見つかりませんでした")
	path := bookingPath(v.Booking.Ref) + "/tie"
	p = p.Submit(`form[role="search"]`, url.Values{"q": {"ナンブ"}})
	must(t, p, http.StatusOK, "南部 一郎", "予約あり", "選べません")
	p = p.Submit(`form[role="search"]`, url.Values{"q": {"タカハシ"}})
	golden(t, "pick_card", p)
	form := p.FindAll(`.act form`)
	if len(form) != 2 {
		t.Fatalf("got %d cards to choose, want 2: %s", len(form), p.Text())
	}
	stale := o.clerk().Get(path + "?q=ABC-123456")
	p = c.Get(path+"?q=ABC-123456").Submit(".act form", nil)
	must(t, p, http.StatusOK, "予約をカードと結び付けました。", "髙橋 花子 さんの記録", "予約をカードと結び付け")
	if live := o.live(o.hanako); live.ID != v.ID {
		t.Errorf("got %+v, want the card to have the booking", live.Booking)
	}
	if n := o.count(`SELECT count(*) FROM recipient WHERE visitor_key IS NOT NULL`); n != 0 {
		t.Errorf("got %d visitors kept, want none", n)
	}
	p = stale.Submit(".act form", nil)
	must(t, p, http.StatusConflict, "カードと結び付けられません")
	sound(t, "tie_conflict", p)
}

func TestBookingPageChangesAndCancelsByItsOwnAddress(t *testing.T) {
	o := open(t)
	v := o.bookVisitor(o.slot(o.main, thursday, "9:30"))
	c := o.clerk()
	path := bookingPath(v.Booking.Ref)
	stale := c.Get(path + "/cancel")
	golden(t, "cancel_visitor", stale, v.Number.String(), "NUMBER-1")
	p := c.Get(path).Follow("日時を変更する")
	must(t, p, http.StatusOK, "いまの予約：12月3日（木）9時30分 南部町役場", "0178-11-1111")
	p = choose(t, p, "12月4日（金）9時30分", "残り 2").Submit(path+"/change", nil)
	must(t, p, http.StatusOK, "予約を変更しました。", "令和8年12月4日（金） 9時30分～10時", "最後の変更", "12月3日（木）9時30分 → 12月4日（金）9時30分")
	if p.Path != path || o.shown(p).Reason != "通知書を紛失" {
		t.Errorf("got %s with reason %q, want the booking's page with its reason kept", p.Path, o.shown(p).Reason)
	}
	must(t, stale.Submit(path+"/cancel", nil), http.StatusConflict, "取り消せません", "ほかの人か本人によって変更されました")
	p = c.Get(path).Follow("予約を取り消す").Submit(path+"/cancel", nil)
	must(t, p, http.StatusOK, "予約を取り消しました。", "取消済み")
	golden(t, "booking_cancelled", p, v.Number.String(), "NUMBER-1")
	for _, verb := range []string{"/change", "/cancel", "/tie", "/add"} {
		p := c.Get(path + verb)
		must(t, p, http.StatusConflict, "すでに取り消されたか、来庁済み")
		sound(t, "over"+verb, p)
	}
	p = c.Get(path).Follow("同じ人の次の予約をする")
	p = choose(t, p, "12月3日（木）10時", "残り 1")
	if got := apptest.Attr(p.FindAll("#f-name")[0], "value"); got != "佐藤　次郎" {
		t.Errorf("got %q filled in, want the name of the earlier booking", got)
	}
	p = p.Submit("/visitors", url.Values{"reason": {"再来庁"}})
	must(t, p, http.StatusOK, "予約を受け付けました。")
	if n := o.count(`SELECT count(*) FROM recipient WHERE visitor_key IS NOT NULL`); n != 2 {
		t.Errorf("got %d visitors on record, want one for each visit", n)
	}
}

func TestVisitorOnTheWaitingListIsSeenSteeredAndTold(t *testing.T) {
	o := open(t)
	s := o.renewal()
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE slot SET reserve = 0 WHERE id = ?`, s.ID)
		return err
	})
	resident := audit.Actor{Kind: audit.Resident, Ref: "visitor", Request: "r9"}
	var taken booking.Visit
	var w booking.Waiting
	apptest.Write(t, o.st, func(tx *store.Tx) (err error) {
		wish := booking.Wish{Slot: s.Ref, Channel: booking.Web, Seat: booking.ResidentSeat}
		if taken, err = booking.BookVisitor(tx, resident, wish, card.Visitor{Name: "先客　一", Telephone: "0178-22-0001"}); err != nil {
			return err
		}
		w, err = booking.JoinVisitor(tx, resident, booking.WaitingWish{Venue: o.main.ID, Service: s.ServiceID, From: thursday, Until: thursday},
			card.Visitor{Name: "待居　二子", Telephone: "0178-22-0002"})
		if err != nil {
			return err
		}
		who, err := card.PersonOf(tx, 0, w.RecipientID)
		if err != nil {
			return err
		}
		if err := card.ProposeMail(tx, resident, who, "futako@example.jp", "ja"); err != nil {
			return err
		}
		p, _, err := card.MailProposed(tx, who.ID)
		if err != nil {
			return err
		}
		return card.ConfirmMail(tx, resident, who, p.Ref)
	})
	o.cancel(taken)
	c := o.clerk()
	p := c.Get("/waiting-list")
	must(t, p, http.StatusOK, "待居 二子", "0178-22-0002", "空き待ちの番号 "+w.Number.String(), "カードの記録なし", "案内中")
	golden(t, "waiting_visitor", p, w.Number.String(), "NUMBER-1")
	must(t, c.Get("/mails?list=waiting"), http.StatusOK, "待居 二子", "空きの案内")
	must(t, c.Get(waitingPath(w)), http.StatusOK, "待居 二子", "0178-22-0002")
	must(t, p.Submit(waitingPath(w)+"/take", nil), http.StatusOK, "予約")
	must(t, c.Get("/search").Submit("/search", url.Values{"q": {w.Number.String()}}), http.StatusOK, "待居 二子", "予約中")
}

func TestHoldHasNoPage(t *testing.T) {
	o := open(t)
	var v booking.Visit
	apptest.Write(t, o.st, func(tx *store.Tx) (err error) {
		v, err = booking.Hold(tx, system, booking.Wish{Card: o.hanako.Card.ID, Slot: o.slot(o.main, thursday, "9:30").Ref, Channel: booking.Web, Seat: booking.ResidentSeat})
		return err
	})
	must(t, o.clerk().Get(bookingPath(v.Booking.Ref)), http.StatusNotFound)
	must(t, o.clerk().Get("/bookings/unknown"), http.StatusNotFound)
}

func TestSlipSaysWhatAResidentNeeds(t *testing.T) {
	o := open(t)
	v := o.book(o.hanako, o.slot(o.main, thursday, "9:30"), booking.ResidentSeat)
	p := o.clerk().Get(bookingPath(v.Booking.Ref)).Follow("予約票を印刷する")
	must(t, p, http.StatusOK, v.Number.String(), "令和8年（2026年）12月3日（木）", "9時30分～10時", "南部町役場", "髙橋 花子 様", "持ち物", "交付通知書（はがき）", "0178-00-0000")
	if got := apptest.Attr(p.FindAll("svg.qr path")[1], "d"); !strings.HasPrefix(got, "M4 4h7v1") {
		t.Errorf("got the path %.20s…, want the code of the number", got)
	}
	sound(t, "slip", p)
	o.cancel(v)
	must(t, o.clerk().Get(bookingPath(v.Booking.Ref)+"/slip"), http.StatusOK, "この予約は「取消済み」です。住民に渡さないでください。")
}

func (o *office) cancel(v booking.Visit) {
	o.t.Helper()
	apptest.Write(o.t, o.st, func(tx *store.Tx) error {
		_, err := booking.Cancel(tx, system, v.Booking.Ref, v.Version)
		return err
	})
}

func TestFamilyIsBookedTogetherAndChangedOneByOne(t *testing.T) {
	o := open(t)
	c := o.clerk()
	p := c.Get(pathOf(o.hanako)).Follow("家族を一緒に予約する")
	golden(t, "together", p)
	p = p.Submit(`form[role="search"]`, url.Values{"q": {"ミドリ"}}).Follow("高橋 みどり さんを加える（GHI-333333）")
	must(t, p, http.StatusOK, "一緒に来る人 2人", "高橋 みどり さんを外す")
	p = p.Follow("日時を選ぶ")
	must(t, p, http.StatusOK, "一緒に来る人：髙橋 花子、高橋 みどり（2人）")
	sound(t, "choose_slot_together", p)
	p = choose(t, p, "12月3日（木）9時30分", "残り 2")
	golden(t, "check_slot_together", p)
	p = p.Submit(`main form[method="post"]`, nil)
	must(t, p, http.StatusOK, "全員の予約を受け付けました。", "一緒に来る人の予約", "高橋 みどり")
	first, second := o.live(o.hanako), o.live(o.midori)
	if first.GroupRef == "" || first.GroupRef != second.GroupRef || p.Path != bookingPath(first.Booking.Ref) {
		t.Fatalf("got %+v and %+v on %s, want one group", first.Booking, second.Booking, p.Path)
	}
	golden(t, "booking", p, first.Number.String(), "NUMBER-1", second.Number.String(), "NUMBER-2")
	p = c.Get(bookingPath(second.Booking.Ref)).Follow("予約を取り消す").Submit(bookingPath(second.Booking.Ref)+"/cancel", nil)
	must(t, p, http.StatusOK, "予約を取り消しました。")
	if !o.live(o.hanako).Live() {
		t.Error("got the first cancelled too, want each by itself")
	}
	p = c.Get(bookingPath(first.Booking.Ref)).Follow("家族の予約を加える").Submit(`form[role="search"]`, url.Values{"q": {"GHI-333333"}})
	p = p.Submit(".act form", nil)
	must(t, p, http.StatusOK, "予約を受け付けました。")
	if again := o.live(o.midori); again.GroupRef != first.GroupRef || again.Slot.ID != first.Slot.ID {
		t.Errorf("got %+v, want it added to the visit", again.Booking)
	}
}

func TestFamilyWithoutRoomIsToldSo(t *testing.T) {
	o := open(t)
	query := "/together/slot/check?with=" + string(o.midori.Card.Ref) + "&slot=" + string(o.slot(o.main, thursday, "10:00").Ref)
	o.book(o.ichiro, o.slot(o.main, thursday, "9:30"), booking.ResidentSeat)
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE slot SET reserve = 0 WHERE held_on = ? AND starts = '09:30'`, thursday)
		return err
	})
	p := o.clerk().Get(pathOf(o.hanako)+query).Submit(`main form[method="post"]`, nil)
	must(t, p, http.StatusConflict, "人数分の空きがありません")
	sound(t, "no_room", p)
	if o.live(o.hanako).Live() || len(p.FindAll(`main form[method="post"]`)) != 0 {
		t.Error("got one of two booked, or a form that cannot succeed")
	}
	p = o.administrator().Get(pathOf(o.hanako)+query).Submit(`main form[method="post"]`, nil)
	must(t, p, http.StatusConflict, "残り1で、2人分はありません")
	p = p.Submit(`main form[method="post"]`, url.Values{"reason": {"遠方の家族"}})
	must(t, p, http.StatusOK, "全員の予約を受け付けました。")
	if v := o.live(o.midori); v.Seat != booking.OverSeat || v.Reason != "遠方の家族" {
		t.Errorf("got %+v, want it beyond the slot's capacity with the reason", v.Booking)
	}
}

func TestWhoHasABookingCannotJoinAFamily(t *testing.T) {
	o := open(t)
	o.book(o.midori, o.slot(o.main, friday, "9:30"), booking.ResidentSeat)
	p := o.clerk().Get(pathOf(o.hanako) + "/together?q=GHI-333333")
	must(t, p, http.StatusOK, "予約あり", "加えられません")
	must(t, o.clerk().Get(pathOf(o.midori)+"/together"), http.StatusConflict, "すでに予約があります")
	p = o.clerk().Get(pathOf(o.hanako)+"/together/slot/check?with="+string(o.midori.Card.Ref)+"&slot="+string(o.slot(o.main, thursday, "9:30").Ref)).
		Submit(`main form[method="post"]`, nil)
	must(t, p, http.StatusConflict, "一緒に予約できません")
	if o.live(o.hanako).Live() {
		t.Error("got one of two booked, want none")
	}
}

func TestCardIsBookedForAnyService(t *testing.T) {
	o := open(t)
	s := o.renewal()
	p := o.clerk().Get(pathOf(o.hanako) + "/book").Follow("電子証明書の更新")
	p = choose(t, p, "12月3日（木）11時", "残り 2").Submit(pathOf(o.hanako)+"/book", nil)
	must(t, p, http.StatusOK, "予約を受け付けました。")
	if got := p.Texts(".side li"); !slices.Equal(got, []string{"マイナンバーカード"}) {
		t.Errorf("got to bring %q, want what that service asks for", got)
	}
	if v := o.live(o.hanako); v.Slot.ID != s.ID {
		t.Errorf("got slot %+v, want that of the other service", v.Slot)
	}
	// A change stays with the service.
	p = o.clerk().Get(pathOf(o.hanako) + "/change")
	must(t, p, http.StatusOK, "いまの予約")
	if strings.Contains(p.Text(), "9時30分") {
		t.Errorf("got %s, want slots of the booking's own service only", p.Text())
	}
}
