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
	"madoguchi/app/card"
	"madoguchi/app/staff"
	"madoguchi/store"
)

func buttons(p *apptest.Page) []string { return p.Texts(".booking-box a.button") }

func TestRecipientBeforeABooking(t *testing.T) {
	o := open(t)
	p := o.clerk().Get(pathOf(o.hanako))
	must(t, p, http.StatusOK, "髙橋 花子", "76歳", "ABC-123456", "12345678901234567890123", "039-0802", "まだ予約がありません。",
		"令和8年12月1日（火） 9:00（窓口 花子）", "まだ交付していません", "令和18年（2036年）5月12日")
	if got, want := buttons(p), []string{"予約する", "家族を一緒に予約する", "交付済みにする"}; !slices.Equal(got, want) {
		t.Errorf("got buttons %q, want %q", got, want)
	}
	golden(t, "recipient", p)
}

func TestRecipientWithABooking(t *testing.T) {
	o := open(t)
	old := o.book(o.hanako, o.slot(o.main, friday, "9:30"), booking.ResidentSeat)
	by := o.accounts["madoguchi1"].Actor("r1")
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		_, err := booking.Cancel(tx, by, old.Booking.Ref, old.Booking.Version)
		return err
	})
	o.clock.Advance(25 * time.Minute)
	v := o.book(o.hanako, o.slot(o.main, thursday, "10:00"), booking.ResidentSeat)
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		resident := audit.Actor{Kind: audit.Resident, Ref: o.hanako.Card.Ref, Request: "r2"}
		_, err := booking.Change(tx, resident, v.Booking.Ref, v.Booking.Version,
			booking.Wish{Slot: o.slot(o.main, thursday, "9:30").Ref, Channel: booking.Web, Seat: booking.ResidentSeat})
		return err
	})
	p := o.clerk().Get(pathOf(o.hanako))
	must(t, p, http.StatusOK, "いまの予約", "令和8年12月3日（木） 9時30分～10時 南部町役場", v.Number.String(),
		"12月1日（火） 9:25 に変更", "取消済み", "予約を取消（12月4日（金）9時30分）", "予約を変更（12月3日（木）10時 → 12月3日（木）9時30分）", "予約サイト（本人）")
	if got, want := buttons(p), []string{"交付済みにする", "予約を変更する", "早い日のキャンセル待ちに入れる", "予約を取り消す"}; !slices.Equal(got, want) {
		t.Errorf("got buttons %q, want %q", got, want)
	}
	golden(t, "recipient_booked", p, v.Number.String(), "NUMBER-2", old.Number.String(), "NUMBER-1")
}

func TestRecipientWithoutPersonalData(t *testing.T) {
	o := open(t)
	p := o.clerk().Get("/read")
	p = scan(p, "MNO-555555,,,,,,,,,,")
	p = p.Follow("MNO-555555 さんの記録を見る")
	must(t, p, http.StatusOK, "MNO-555555", "区分不明", "なし")
	sound(t, "recipient without a name", p)
}

func TestUnknownRecipientIsNotFound(t *testing.T) {
	o := open(t)
	p := o.clerk().Get("/recipients/aaaaaaaaaaaaaaaaaaaaaaaaaa")
	must(t, p, http.StatusNotFound, "この人の記録はありません")
	sound(t, "unknown recipient", p)
}

func TestNoteIsKeptWithItsWriter(t *testing.T) {
	o := open(t)
	p := o.administrator().Get(pathOf(o.hanako))
	action := pathOf(o.hanako) + "/notes"
	p = p.Submit(action, url.Values{"body": {"耳が遠いので\r\n大きな声で <ゆっくり>"}})
	must(t, p, http.StatusOK, "申し送りを書き加えました。", "大きな声で <ゆっくり>", "12月1日（火） 9:00 管理 太郎", "申し送りを記入")
	golden(t, "recipient_note", p)
	if got := p.FindAll("textarea"); apptest.TextOf(got[0]) != "" {
		t.Errorf("got %q left in the field", apptest.TextOf(got[0]))
	}
}

func TestNotesThatAreRefused(t *testing.T) {
	o := open(t)
	c := o.clerk()
	action := pathOf(o.hanako) + "/notes"
	long := strings.Repeat("あ", 501)
	for body, says := range map[string]string{" 　\n": "申し送りを入力してください。", long: "申し送りは500文字までにしてください。"} {
		p := c.Get(pathOf(o.hanako)).Submit(action, url.Values{"body": {body}})
		must(t, p, http.StatusUnprocessableEntity, says)
		sound(t, "refused note", p)
		if body == long && apptest.TextOf(p.FindAll("textarea")[0]) != long {
			t.Error("what was typed is gone")
		}
	}
	if n := o.count(`SELECT count(*) FROM handover_note`); n != 0 {
		t.Errorf("got %d notes, want none", n)
	}
	if p := c.Get(action); p.Path != pathOf(o.hanako) {
		t.Errorf("got %s behind the form's address, want the recipient's page", p.Path)
	}
}

func TestNoteSentTwiceIsWrittenOnce(t *testing.T) {
	o := open(t)
	c := o.clerk()
	path, _, values := c.Get(pathOf(o.hanako)).Fill(pathOf(o.hanako)+"/notes", url.Values{"body": {"一度だけ"}})
	for range 2 {
		must(t, c.Post(path, values), http.StatusOK, "一度だけ")
	}
	if n := o.count(`SELECT count(*) FROM handover_note`); n != 1 {
		t.Errorf("got %d notes, want 1", n)
	}
}

func TestTrailShowsTheNewestEntries(t *testing.T) {
	o := open(t)
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		for range trailLength {
			if err := card.AddNote(tx, o.accounts["kanri"].Actor("r1"), o.hanako.Card.Ref, "一件"); err != nil {
				return err
			}
		}
		return nil
	})
	p := o.clerk().Get(pathOf(o.hanako))
	must(t, p, http.StatusOK, "新しい10件を表示しています。")
	if strings.Contains(p.Text(), "一覧のQRコードを読取り") {
		t.Error("got the oldest entry among the newest")
	}
}

func TestTrailHasWordsForEveryActionOnACard(t *testing.T) {
	for _, action := range []audit.Action{
		audit.SignedIn, audit.SignInFailed, audit.SignInReleased, audit.CardRead, audit.CardIssued, audit.ContactCorrected,
		audit.NoteWritten, audit.Booked, audit.BookingChanged, audit.BookingCancelled, audit.BookingDone,
		audit.BookingHeld, audit.HoldMoved, audit.HoldExpired, audit.HoldReleased, audit.BookingTied, audit.CheckedIn,
		audit.BookingCalled, audit.PapersMissing, audit.NoShow, audit.StepUndone, audit.WaitingJoined, audit.WaitingLeft,
		audit.WaitingRemoved, audit.WaitingMovedUp, audit.WaitingOffered, audit.WaitingTaken, audit.WaitingDeclined,
		audit.WaitingExpired, audit.MailQueued,
	} {
		if trailWords[action] == "" {
			t.Errorf("%s: got no words", action)
		}
	}
}

func TestRoleDecidesTheButtons(t *testing.T) {
	o := open(t)
	var p recipientPage
	nothing := func(staff.Permission) bool { return false }
	apptest.Read(t, o.st, func(tx *store.Tx) error { return p.fill(tx, o.hanako, nothing) })
	if len(p.Buttons) != 0 || p.ContactPath != "" {
		t.Errorf("got buttons %v and contact %q for a role that may do nothing", p.Buttons, p.ContactPath)
	}
}
