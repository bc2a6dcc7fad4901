package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/settings"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

func TestTownsWordsAreWrittenInOtherLanguages(t *testing.T) {
	o := open(t)
	var a settings.Announcement
	apptest.Write(t, o.st, func(tx *store.Tx) (err error) {
		a, err = settings.SaveAnnouncement(tx, system, settings.Announcement{Title: "年末年始の休み", Body: "1月3日まで休みます。", Importance: settings.Usual, FromOn: today})
		return err
	})
	c := o.administrator()
	list := c.Get("/announcements").Follow("ほかの言語で書く")
	must(t, list, http.StatusOK, "お知らせの題", "年末年始の休み", "受付場所の名前", "名川分庁舎", "訳がそろっていない文章")
	golden(t, "translations", list)
	path := "/translations/" + string(settings.TextKey("年末年始の休み"))
	form := c.Get(path)
	golden(t, "translation", form)
	p := form.Submit(path, url.Values{"translation_en": {"Closed over New Year"}, "translation_vi": {strings.Repeat("d", 3001)}})
	must(t, p, http.StatusUnprocessableEntity, "ベトナム語：3000文字までで入力してください。", "Closed over New Year")
	sound(t, "translation_refused", p)
	must(t, p.Submit(path, url.Values{"translation_vi": {" "}}), http.StatusOK, "訳を保存しました。")
	apptest.Read(t, o.st, func(tx *store.Tx) error {
		all, err := settings.TranslationsOf(tx, a.Title)
		if len(all) != 1 || all["en"] != "Closed over New Year" {
			t.Errorf("got %v, want the English alone", all)
		}
		return err
	})
	if n := o.count(`SELECT count(*) FROM audit WHERE action = 'translations_changed'`); n != 1 {
		t.Errorf("got %d audit entries, want 1", n)
	}

	// The words were changed meanwhile: what was translated is no longer read.
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		a.Title = "年末年始の受付"
		_, err := settings.SaveAnnouncement(tx, system, a)
		return err
	})
	must(t, form.Submit(path, url.Values{"once": {web.NewOnce()}}), http.StatusNotFound, "直されたか、削除されました")
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		_, _, err := staff.Add(tx, system, "kanri2", "管理 次子", staff.Administrator)
		return err // someone has to work everywhere
	})
	o.limit("kanri", o.main)
	must(t, c.Get("/translations"), http.StatusForbidden)
}
