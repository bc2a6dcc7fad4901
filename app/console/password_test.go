package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/staff"
	"madoguchi/store"
)

const goodPassword = "umi-no-soba-47"

func TestFirstSignInReachesNothingBeforeANewPassword(t *testing.T) {
	o := open(t)
	var oneTime string
	apptest.Write(t, o.st, func(tx *store.Tx) (err error) {
		_, oneTime, err = staff.Add(tx, system, "shinjin", "新人 次郎", staff.Clerk)
		return err
	})
	c := o.client.Another()
	p := c.Get("/sign-in").Submit("/sign-in", url.Values{"staff_id": {"shinjin"}, "password": {oneTime}})
	must(t, p, http.StatusOK, "はじめに、新しいパスワードを決めてください", "管理者から渡された仮パスワード")
	golden(t, "password_forced", p)
	for _, g := range o.desk.routes() {
		if g.Method != http.MethodGet || g.permission == "" {
			continue
		}
		if p := c.Get(concrete(g.Path, o.hanako)); p.Path != "/password" {
			t.Errorf("%s: got %s, want the password page", g.Path, p.Path)
		}
	}
	done := p.Submit("/password", url.Values{"current": {oneTime}, "new": {goodPassword}, "again": {goodPassword}})
	must(t, done, http.StatusOK, "パスワードを変更しました", "本日の予約")
	o.passwords["shinjin"] = goodPassword
	o.signIn("shinjin")
}

func TestPasswordsThatAreRefused(t *testing.T) {
	o := open(t)
	c := o.clerk()
	current := o.passwords["madoguchi1"]
	for name, f := range map[string]struct {
		current, new, again string
		says                string
	}{
		"nothing":          {"", "", "", "いま使っているパスワードを入力してください"},
		"two different":    {current, goodPassword, goodPassword + "x", "同じではありません"},
		"wrong current":    {"wrong-password", goodPassword, goodPassword, "現在のパスワードが違います"},
		"too weak":         {current, "short", "short", "10文字以上"},
		"the same as ever": {current, current, current, "いまと同じパスワードは使えません"},
	} {
		t.Run(name, func(t *testing.T) {
			p := c.Get("/password").Submit("/password", url.Values{"current": {f.current}, "new": {f.new}, "again": {f.again}})
			must(t, p, http.StatusUnprocessableEntity, f.says)
			sound(t, name, p)
			if f.new != "" && strings.Contains(p.Body, f.new) {
				t.Error("a password came back")
			}
		})
	}
	must(t, c.Get("/"), http.StatusOK)
}

func TestChangedPasswordIsTheNewOne(t *testing.T) {
	o := open(t)
	c := o.clerk()
	p := c.Get("/").Follow("パスワード変更")
	golden(t, "password", p)
	current := o.passwords["madoguchi1"]
	must(t, p.Submit("/password", url.Values{"current": {current}, "new": {goodPassword}, "again": {goodPassword}}), http.StatusOK, "パスワードを変更しました")
	p = o.client.Another().Get("/sign-in").Submit("/sign-in", url.Values{"staff_id": {"madoguchi1"}, "password": {current}})
	must(t, p, http.StatusUnprocessableEntity, "ログインできません")
	o.passwords["madoguchi1"] = goodPassword
	o.signIn("madoguchi1")
}
