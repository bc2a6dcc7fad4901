package console

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/store"
)

func TestIssueAsksAndClosesTheBooking(t *testing.T) {
	o := open(t)
	v := o.book(o.hanako, o.slot(o.main, today, "10:00"), booking.ResidentSeat)
	p := o.clerk().Get(pathOf(o.hanako)).Follow("交付済みにする")
	must(t, p, http.StatusOK, append([]string{"髙橋 花子", "昭和25年（1950年）5月12日", "令和8年12月1日（火）10時"}, issueChecks...)...)
	golden(t, "issue", p)
	p = p.Submit(pathOf(o.hanako)+"/issue", nil)
	must(t, p, http.StatusOK, "交付済みにしました。", "交付済みです", "令和8年12月1日（火） 9:00（窓口 花子）", "来庁済み")
	golden(t, "recipient_issued", p, v.Number.String(), "NUMBER-1")
	if got := buttons(p); len(got) != 0 {
		t.Errorf("got buttons %q for an issued card, want none", got)
	}
	apptest.Read(t, o.st, func(tx *store.Tx) error {
		closed, err := booking.ByRef(tx, v.Booking.Ref)
		if closed.State != booking.Done {
			t.Errorf("got booking %s, want it done", closed.State)
		}
		return err
	})
}

func TestIssueBeforeTheBookedDayFreesThePlace(t *testing.T) {
	o := open(t)
	s := o.slot(o.main, thursday, "10:00")
	o.book(o.hanako, s, booking.ResidentSeat)
	p := o.clerk().Get(pathOf(o.hanako) + "/issue")
	must(t, p, http.StatusOK, "この予約は取り消され、枠が空きます")
	must(t, p.Submit(pathOf(o.hanako)+"/issue", nil), http.StatusOK, "交付済みです", "取消済み")
	if got := o.slot(o.main, thursday, "10:00"); got.Taken != 0 {
		t.Errorf("got %d taken on the later day, want none", got.Taken)
	}
}

func TestIssueWithoutABooking(t *testing.T) {
	o := open(t)
	p := o.clerk().Get(pathOf(o.hanako) + "/issue")
	must(t, p, http.StatusOK, "なし（予約のない来庁）")
	must(t, p.Submit(pathOf(o.hanako)+"/issue", nil), http.StatusOK, "交付済みです", "予約なしで交付しました。")
}

func TestIssueHappensOnce(t *testing.T) {
	o := open(t)
	clerk, administrator := o.clerk(), o.administrator()
	path, _, values := clerk.Get(pathOf(o.hanako)+"/issue").Fill(pathOf(o.hanako)+"/issue", nil)
	late := administrator.Get(pathOf(o.hanako) + "/issue")
	for range 2 {
		must(t, clerk.Post(path, values), http.StatusOK, "交付済みです")
	}
	p := late.Submit(pathOf(o.hanako)+"/issue", nil)
	must(t, p, http.StatusConflict, "交付済みにできません", "すでに交付済みです", "9:00 に 窓口 花子 が交付済みにしました")
	golden(t, "issue_conflict", p)
	must(t, administrator.Get(path), http.StatusConflict, "すでに交付済みです")
	must(t, administrator.Get(pathOf(o.hanako)+"/book"), http.StatusConflict, "交付済みのため、予約できません")
	if n := o.count(`SELECT count(*) FROM audit WHERE action = 'card_issued'`); n != 1 {
		t.Errorf("got %d audit entries of the issue, want 1", n)
	}
}

func TestTwoPeopleIssueOneCardAtOnce(t *testing.T) {
	o := open(t)
	pages := []*apptest.Page{o.clerk().Get(pathOf(o.hanako) + "/issue"), o.administrator().Get(pathOf(o.hanako) + "/issue")}
	status := make([]int, len(pages))
	var wg sync.WaitGroup
	for i, p := range pages {
		wg.Go(func() { status[i] = p.Submit(pathOf(o.hanako)+"/issue", nil).Status })
	}
	wg.Wait()
	if status[0]+status[1] != http.StatusOK+http.StatusConflict {
		t.Errorf("got statuses %v, want one 200 and one 409", status)
	}
}

func TestIssueOfARecordThatChangedIsAConflict(t *testing.T) {
	o := open(t)
	p := o.clerk().Get(pathOf(o.hanako) + "/issue")
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE card SET version = version + 1 WHERE id = ?`, int64(o.hanako.Card.ID))
		return err
	})
	p = p.Submit(pathOf(o.hanako)+"/issue", nil)
	must(t, p, http.StatusConflict, "まだ交付していません")
	must(t, p.Follow("もう一度確かめる").Submit(pathOf(o.hanako)+"/issue", nil), http.StatusOK, "交付済みです")
}

func TestIssuedCardCannotBeBookedFromAnOpenPage(t *testing.T) {
	o := open(t)
	check := choose(t, o.clerk().Get(pathOf(o.hanako)+"/book"), "12月3日（木）9時30分", "残り 2")
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		_, err := card.Issue(tx, o.accounts["kanri"].Actor("r1"), o.hanako.Card.Ref, o.hanako.Card.Version)
		return err
	})
	p := check.Submit(pathOf(o.hanako)+"/book", nil)
	must(t, p, http.StatusConflict, "交付済みのため、予約できません")
	if strings.Contains(p.Text(), "いまの予約を変更する") {
		t.Error("got a way to change a booking that is not there")
	}
}
