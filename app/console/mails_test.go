package console

import (
	"net/http"
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/mail"
	"madoguchi/store"
)

// mailTo gives a person an address, books, and says what became of the mail.
func (o *office) mailTo(r card.Record, s booking.Slot, state mail.State, why mail.Why) {
	o.t.Helper()
	apptest.Write(o.t, o.st, func(tx *store.Tx) error {
		if err := card.ProposeMail(tx, system, r.Person(), "someone@example.jp", "ja"); err != nil {
			return err
		}
		p, _, err := card.MailProposed(tx, r.RecipientID)
		if err != nil {
			return err
		}
		return card.ConfirmMail(tx, system, r.Person(), p.Ref)
	})
	v := o.book(r, s, booking.ResidentSeat)
	apptest.Write(o.t, o.st, func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE mail SET state = ?, why = ?, attempts = 3, ended_at = CASE ? WHEN 'waiting' THEN NULL ELSE ? END WHERE booking_ref = ?`,
			state, why, state, tx.Now, v.Booking.Ref)
		return err
	})
}

func TestMailsThatFailedSayWhyAndWhomToTelephone(t *testing.T) {
	o := open(t)
	o.desk.mailFrom = "yoyaku@town.example.jp"
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		return card.CorrectContact(tx, system, o.hanako.Card.Ref, card.Contact{Version: o.hanako.PersonVersion, Telephone: "0178-12-3456"})
	})
	o.mailTo(o.hanako, o.slot(o.main, thursday, "9:30"), mail.Failed, mail.WhyNoAddress)
	o.mailTo(o.ichiro, o.slot(o.main, friday, "9:30"), mail.Waiting, mail.WhyUnreachable)
	p := o.clerk().Get("/").Follow("メールの状況")
	must(t, p, http.StatusOK, "送れなかったもの（1件）", "これから送るもの（1件）", "宛先のメールアドレスがありません", "0178-12-3456", "髙橋 花子", "予約の受付", "これまでに3回", "メールサーバーにつながりません")
	if strings.Contains(p.Body, "someone@example.jp") {
		t.Error("the list shows an address that nobody needs there")
	}
	golden(t, "mails", p)
	p = p.Submit(formTo(t, p, "/told"), nil)
	must(t, p, http.StatusOK, "本人に連絡したことを記録しました。", "送れなかったメールはありません", "送れなかったもの（0件）")
	golden(t, "mails_none", p)
	must(t, p.Follow("送ったもの・終わったもの（1件）"), http.StatusOK, "本人へ連絡済み")
	golden(t, "mails_waiting", o.clerk().Get("/mails?list=waiting"))
}

func TestMailIsSentAgainWhenStaffAsk(t *testing.T) {
	o := open(t)
	o.desk.mailFrom = "yoyaku@town.example.jp"
	o.mailTo(o.hanako, o.slot(o.main, thursday, "9:30"), mail.Failed, mail.WhySignIn)
	o.mailTo(o.ichiro, o.slot(o.main, friday, "9:30"), mail.Failed, mail.WhyFullBox)
	p := o.clerk().Get("/mails")
	must(t, p, http.StatusOK, "メールサーバーにログインできません", "送れなかった1件を、すべて送り直す")
	p = p.Submit("/mails/again", nil)
	must(t, p, http.StatusOK, "もう一度送ります", "送れなかったもの（1件）", "これから送るもの（1件）")
	p = p.Submit(formTo(t, p, "/again"), nil)
	must(t, p, http.StatusOK, "これから送るもの（2件）")
	if n := o.count(`SELECT count(*) FROM audit WHERE action = 'mail_again' AND actor = ?`, o.accounts["madoguchi1"].Ref); n != 2 {
		t.Errorf("got %d entries by the clerk, want 2", n)
	}
}

func TestMailsAreThoseOfThePlacesOneWorksAt(t *testing.T) {
	o := open(t)
	o.desk.mailFrom = "yoyaku@town.example.jp"
	o.mailTo(o.hanako, o.slot(o.main, thursday, "9:30"), mail.Failed, mail.WhySignIn)
	o.mailTo(o.ichiro, o.slot(o.branch, thursday, "9:30"), mail.Failed, mail.WhySignIn)
	here := o.clerk().Get("/mails")
	must(t, here, http.StatusOK, "送れなかったもの（2件）", "髙橋 花子")
	again, told := formTo(t, here, "/again"), formTo(t, here, "/told") // of the newest, at the branch
	o.limit("madoguchi1", o.main)
	p := o.clerk().Get("/mails")
	must(t, p, http.StatusOK, "送れなかったもの（1件）", "髙橋 花子", "送れなかった1件を、すべて送り直す")
	if strings.Contains(p.Text(), o.ichiro.Name) {
		t.Error("the list shows somebody of another place")
	}
	for _, action := range []string{again, told} {
		must(t, here.Submit(action, nil), http.StatusForbidden, "担当する受付場所ではない")
	}
	must(t, p.Submit("/mails/again", nil), http.StatusOK, "送れなかったもの（0件）", "これから送るもの（1件）")
	if n := o.count(`SELECT count(*) FROM mail WHERE state = 'failed'`); n != 1 {
		t.Errorf("got %d failed mails, want the other place's untouched", n)
	}
}

func TestWithoutAMailServerThePageSaysSo(t *testing.T) {
	o := open(t)
	must(t, o.administrator().Get("/mails"), http.StatusOK, "メールの送信は設定されていません")
}

// formTo is the first form of one mail whose address ends so.
func formTo(t *testing.T, p *apptest.Page, end string) string {
	t.Helper()
	for _, f := range p.FindAll(`form[method="post"]`) {
		if action := apptest.Attr(f, "action"); strings.HasSuffix(action, end) && action != "/mails"+end {
			return action
		}
	}
	t.Fatalf("no form to …%s: %s", end, p.Text())
	return ""
}
