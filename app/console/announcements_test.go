package console

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/settings"
	"madoguchi/app/staff"
	"madoguchi/store"
)

func TestAnnouncementIsWrittenSeenAndTakenAway(t *testing.T) {
	o := open(t)
	c := o.administrator()
	golden(t, "announcements_none", c.Get("/announcements"))
	form := c.Get("/announcements/new")
	golden(t, "announcement_new", form)
	preview := form.Submit("/announcements/preview", url.Values{
		"notice_title": {"年末年始の休み"}, "notice_body": {"12月29日から1月3日まで休みます。\n<b>太字にはなりません。</b>"},
		"notice_importance": {"important"}, "notice_venue": {string(o.main.Ref)}, "notice_from": {"12/1"}, "notice_until": {"令和9年1月3日"},
	})
	must(t, preview, http.StatusOK, "年末年始の休み", "<b>太字にはなりません。</b>", "重要", "令和9年（2027年）1月3日")
	golden(t, "announcement_preview", preview)
	again := preview.Submit("/announcements/again", nil)
	if got := apptest.Attr(again.FindAll("#f-notice_title")[0], "value"); got != "年末年始の休み" {
		t.Errorf("got title %q after going back, want what was typed", got)
	}
	saved := preview.Submit("/announcements", nil)
	must(t, saved, http.StatusOK, "お知らせを保存しました。", "掲載中", "年末年始の休み")
	golden(t, "announcements", saved)
	apptest.Read(t, o.st, func(tx *store.Tx) error {
		all, err := settings.Current(tx)
		if len(all) != 1 || all[0].VenueID != o.main.ID || all[0].Importance != settings.Important || all[0].UntilOn.String() != "2027-01-03" {
			t.Errorf("got %+v, want what was written", all)
		}
		return err
	})
	removal := c.Get(apptest.Attr(saved.FindAll(`main td a`)[1], "href"))
	golden(t, "announcement_removal", removal)
	gone := removal.Submit(removal.Path, nil)
	must(t, gone, http.StatusOK, "お知らせを削除しました。", "お知らせは、まだありません")
	if n := o.count(`SELECT count(*) FROM audit WHERE subject_kind = 'announcement'`); n != 2 {
		t.Errorf("got %d audit entries, want one for each write", n)
	}
}

func TestAnnouncementsThatAreRefusedKeepWhatWasTyped(t *testing.T) {
	o := open(t)
	p := o.administrator().Get("/announcements/new").Submit("/announcements/preview", url.Values{
		"notice_title": {" "}, "notice_body": {strings.Repeat("長", 1001)}, "notice_from": {"13/45"}, "notice_until": {"11/1"},
	})
	must(t, p, http.StatusUnprocessableEntity, "文章を入力してください", "1000文字まで")
	golden(t, "announcement_refused", p)
	p = p.Submit("/announcements/preview", url.Values{"notice_title": {"題"}, "notice_body": {""}, "notice_from": {"12/3"}, "notice_until": {"12/2"}})
	must(t, p, http.StatusUnprocessableEntity, "「いつから」より後の日")
}

func TestAnnouncementChangedMeanwhileIsNotOverwritten(t *testing.T) {
	o := open(t)
	by := o.accounts["kanri"].Actor("r1")
	var a settings.Announcement
	apptest.Write(t, o.st, func(tx *store.Tx) (err error) {
		a, err = settings.SaveAnnouncement(tx, by, settings.Announcement{Title: "はじめ", Importance: settings.Usual, FromOn: today})
		return err
	})
	preview := o.administrator().Get("/announcements/edit/"+string(a.Ref)).Submit("/announcements/preview", url.Values{"notice_title": {"あと"}})
	apptest.Write(t, o.st, func(tx *store.Tx) error {
		a.Title = "さき"
		_, err := settings.SaveAnnouncement(tx, by, a)
		return err
	})
	must(t, preview.Submit("/announcements", nil), http.StatusConflict, "ほかの人が先に")
	if n := o.count(`SELECT count(*) FROM announcement WHERE title = 'さき'`); n != 1 {
		t.Error("the earlier change was overwritten")
	}
}

func TestThoseOfOnePlaceAnnounceForItOnly(t *testing.T) {
	o := open(t)
	var all, other settings.Announcement
	apptest.Write(t, o.st, func(tx *store.Tx) (err error) {
		by := o.accounts["kanri"].Actor("r1")
		if _, _, err = staff.Add(tx, by, "kanri2", "管理 次子", staff.Administrator); err != nil {
			return err // someone has to work everywhere
		}
		if all, err = settings.SaveAnnouncement(tx, by, settings.Announcement{Title: "町の", Importance: settings.Usual, FromOn: today}); err != nil {
			return err
		}
		other, err = settings.SaveAnnouncement(tx, by, settings.Announcement{Title: "支所の", Importance: settings.Usual, FromOn: today, VenueID: o.branch.ID})
		return err
	})
	o.limit("kanri", o.main)
	c := o.administrator()
	for _, a := range []settings.Announcement{all, other} {
		for _, page := range []string{"/announcements/edit/", "/announcements/remove/"} {
			if p := c.Get(page + string(a.Ref)); p.Status != http.StatusForbidden {
				t.Errorf("%s of %q: got status %d, want 403", page, a.Title, p.Status)
			}
		}
	}
	form := c.Get("/announcements/new")
	if got := form.Texts("#f-notice_venue option"); len(got) != 1 || got[0] != o.main.Name {
		t.Errorf("got places %q, want their own only", got)
	}
}

func TestQuestionsAreKeptInOrder(t *testing.T) {
	o := open(t)
	c := o.administrator()
	refused := c.Get("/announcements/question/new").Submit("/announcements/question", url.Values{"question": {"駐車場はありますか"}})
	must(t, refused, http.StatusUnprocessableEntity, "文章を入力してください")
	golden(t, "question_refused", refused)
	saved := refused.Submit("/announcements/question", url.Values{"answer": {"あります。"}})
	must(t, saved, http.StatusOK, "質問と答えを保存しました。")
	second := c.Get("/announcements/question/new").Submit("/announcements/question", url.Values{"question": {"何時まで開いていますか"}, "answer": {"17時までです。"}})
	raise := second.FindAll(`form[method="post"] button`)
	if len(raise) == 0 {
		t.Fatal("the second question cannot be moved up")
	}
	var action string
	for _, f := range second.FindAll("form") {
		if strings.HasPrefix(apptest.Attr(f, "action"), "/announcements/question/raise/") {
			action = apptest.Attr(f, "action")
		}
	}
	raised := second.Submit(action, nil)
	var order []string
	apptest.Read(t, o.st, func(tx *store.Tx) error {
		all, err := settings.Questions(tx)
		for _, q := range all {
			order = append(order, q.Question)
		}
		return err
	})
	if strings.Join(order, " ") != "何時まで開いていますか 駐車場はありますか" {
		t.Errorf("got order %q", order)
	}
	golden(t, "announcements_questions", raised)
}
