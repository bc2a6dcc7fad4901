package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/staff"
	"madoguchi/store"
)

func TestSignInPage(t *testing.T) {
	o := open(t)
	p := o.client.Get("/sign-in")
	must(t, p, http.StatusOK, "マイナンバーカード交付予約", "職員用画面")
	golden(t, "sign_in", p)
	if n := len(p.FindAll("nav")); n != 0 {
		t.Errorf("got a menu before sign-in")
	}
}

func TestEveryWrongSignInIsAnsweredAlike(t *testing.T) {
	o := open(t)
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		if _, _, err := staff.Add(tx, system, "yameta", "辞めた 人", staff.Clerk); err != nil {
			return err
		}
		return staff.Disable(tx, system, "yameta")
	})
	var first string
	for _, id := range []string{"kanri", "nobody", "yameta"} {
		p := o.client.Another().Get("/sign-in").Submit("/sign-in", url.Values{"staff_id": {id}, "password": {"wrong-password"}})
		must(t, p, http.StatusUnprocessableEntity, "ログインできません")
		if !strings.HasPrefix(p.Title(), "エラー：") {
			t.Errorf("got title %q, want it to begin with エラー：", p.Title())
		}
		if strings.Contains(p.Body, "wrong-password") {
			t.Errorf("%s: the password came back", id)
		}
		said := strings.Replace(apptest.Stable(p.Body), `value="`+id+`"`, "", 1)
		if first == "" {
			first = said
			golden(t, "sign_in_refused", p)
		}
		if said != first {
			t.Errorf("%s: got another page than for the others", id)
		}
	}
}

func TestSignInWithoutAnything(t *testing.T) {
	o := open(t)
	p := o.client.Get("/sign-in").Submit("/sign-in", nil)
	must(t, p, http.StatusUnprocessableEntity, "担当者IDを入力してください", "パスワードを入力してください")
	golden(t, "sign_in_empty", p)
}

func TestStaffIDTypedInFullWidthSignsIn(t *testing.T) {
	o := open(t)
	p := o.client.Get("/sign-in").Submit("/sign-in", url.Values{"staff_id": {"　ＫＡＮＲＩ "}, "password": {o.passwords["kanri"]}})
	must(t, p, http.StatusOK, "管理 太郎", "（管理者）", "本日の予約", "一覧の読取り", "さがす", "パスワード変更", "ログアウト")
}

func TestSignInTakesANewSession(t *testing.T) {
	o := open(t)
	c := o.client.Another()
	p := c.Get("/sign-in")
	before := c.Cookies()[0].Value
	p.Submit("/sign-in", url.Values{"staff_id": {"kanri"}, "password": {o.passwords["kanri"]}})
	if after := c.Cookies()[0].Value; after == before {
		t.Error("got the same session token before and after sign-in")
	}
}

func TestIdleSessionEndsAndSaysWhy(t *testing.T) {
	o := open(t)
	c := o.clerk()
	o.clock.Advance(32 * time.Minute)
	p := c.Get("/search")
	must(t, p, http.StatusOK, "一定時間操作がなかったためログアウトしました")
	if p.Path != "/sign-in" {
		t.Errorf("got %s, want the sign-in page", p.Path)
	}
	sound(t, "session expired", p)
}

func TestSignOutEndsTheSession(t *testing.T) {
	o := open(t)
	c := o.clerk()
	stolen := o.client.Another()
	stolen.SetCookies(c.Cookies()...)
	p := c.Get("/").Submit("/sign-out", nil)
	must(t, p, http.StatusOK, "ログアウトしました。")
	if p := stolen.Get("/"); p.Path != "/sign-in" {
		t.Errorf("got %s with the ended session, want the sign-in page", p.Path)
	}
	if n := o.count(`SELECT count(*) FROM audit WHERE action = 'signed_out'`); n != 1 {
		t.Errorf("got %d audit entries of the sign-out, want 1", n)
	}
}

func TestDisabledAccountIsOutAtOnce(t *testing.T) {
	o := open(t)
	c := o.clerk()
	apptest.Write(t, o.st, func(tx *store.Tx) error { return staff.Disable(tx, system, "madoguchi1") })
	if p := c.Get("/"); p.Path != "/sign-in" {
		t.Errorf("got %s for a disabled account, want the sign-in page", p.Path)
	}
}
