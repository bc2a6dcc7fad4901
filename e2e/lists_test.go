package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"madoguchi/app/jp"
)

// Staff take in an address list and a renewal list, decide what is open, apply
// and take back, compare, and load the postal dictionary: without scripts, and
// with axe on every page.
func TestListsJourney(t *testing.T) {
	for _, c := range []struct {
		name    string
		window  size
		scripts bool
	}{{"without scripts", desktop, false}, {"with axe", desktop, true}, {"narrow with axe", narrow, true}} {
		t.Run(c.name, func(t *testing.T) {
			w := run(t)
			b := open(t, w.start.Console, c.window, c.scripts)
			b.newAdministrator(w)
			b.takeAddresses(w)
			b.takeRenewals(w)
			b.loadDictionary(w)
		})
	}
}

// newAdministrator signs in and chooses a password.
func (b *browser) newAdministrator(w *town) {
	b.visit("/")
	b.fill(`#f-staff_id`, w.start.StaffID)
	b.fill(`#f-password`, w.start.Password)
	b.follow(`main button[type=submit]`)
	b.fill(`#f-current`, w.start.Password)
	b.fill(`#f-new`, newPassword)
	b.fill(`#f-again`, newPassword)
	b.follow(`main button[type=submit]`)
}

// file writes a file for the browser to choose.
func (w *town) file(name string, body []byte) string {
	w.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, body, 0o600); err != nil {
		w.Fatal(err)
	}
	return path
}

func (b *browser) upload(kind, path string) {
	b.Helper()
	b.visit("/lists")
	b.press0(`input[name=list][value=` + kind + `]`)
	b.do(chromedp.SetUploadFiles(`#f-file`, []string{path}, chromedp.ByQuery))
	b.follow(`form[action="/lists/file"] button`)
	b.must("列を指定する")
	b.shoot("columns")
	b.follow(`form[action$="/columns"] button`)
	b.awaitList()
	b.check()
	b.shoot("rows")
}

// awaitList looks again until nothing is under way with the list any more.
func (b *browser) awaitList() {
	b.Helper()
	for range 20 {
		if !strings.Contains(b.text(), "いまの状態を見る") {
			return
		}
		b.shoot("progress")
		b.follow(`a[href$="?wait=1"]`)
	}
	b.Fatal("the list does not come to its end")
}

// press0 clicks what leads nowhere.
func (b *browser) press0(selector string) {
	b.Helper()
	b.do(chromedp.Click(selector, chromedp.ByQuery))
}

func (b *browser) takeAddresses(w *town) {
	people := w.unbooked(2)
	list := fmt.Sprintf("交付通知書番号,氏名,フリガナ,生年月日,住所,方書\r\n%s,,,,大字剣吉字桜木2,メゾン１０１\r\n%s,,,,大字相内12-3,\r\nABC-12,だれか,,,剣吉1,\r\n",
		people[0].Number, people[1].Number)
	b.upload("address", w.file("juusho.csv", jp.AppendCP932(nil, list, nil)))
	b.must("2件を反映する", "不備 1", "郵便番号を選ぶ")
	b.follow(`tbody tr:nth-child(2) th a`)
	b.shoot("row")
	b.press0(`#f-code-0`)
	b.follow(`form[action*="/rows/"] button`)
	b.follow(`form[action$="/apply"] button`)
	b.awaitList()
	b.must("名簿を反映しました。", "反映した行 2件")
	b.shoot("applied")
	b.follow(`form[action$="/back"] button`)
	b.awaitList()
	b.must("元に戻した行 2件")

	b.visit("/lists")
	b.press0(`input[name=list][value=address]`)
	b.do(chromedp.SetUploadFiles(`#f-file`, []string{w.file("page.csv", []byte("<!DOCTYPE html><html><body>ログイン</body></html>"))}, chromedp.ByQuery))
	b.follow(`form[action="/lists/file"] button`)
	b.must("ウェブページ（HTML）です")
	b.shoot("refused")
	b.visit("/lists")
	b.shoot("lists")
}

func (b *browser) takeRenewals(w *town) {
	b.upload("renewal", w.file("koushin.csv", []byte("氏名,フリガナ,生年月日,有効期限\nだれか,ダレカ,S30.1.1,2027/1/1\n")))
	b.follow(`form[action$="/apply"] button`)
	b.awaitList()
	b.visit("/lists/renewals?group=only_list")
	b.must("だれか")
	b.shoot("renewals")
	b.fill(`input[name=note]`, "電話で確認")
	b.follow(`form[action="/lists/renewals/mark"] button`)
	b.must("対応済みにしました。")
	b.visit("/lists/renewals?group=only_list&done=1")
	b.must("電話で確認")
}

func (b *browser) loadDictionary(w *town) {
	b.visit("/postal")
	b.shoot("postal")
	row := func(code, area string) string {
		return fmt.Sprintf("02445,\"039\",\"%s\",\"ア\",\"サ\",\"カ\",\"青森県\",\"三戸郡南部町\",\"%s\",0,1,0,0,0,0\r\n", code, area)
	}
	b.do(chromedp.SetUploadFiles(`#f-file`, []string{w.file("utf_ken_all.csv", []byte(row("0390802", "苫米地")+row("0390899", "新しい町")))}, chromedp.ByQuery))
	b.follow(`form[action="/postal/file"] button`)
	b.must("新しい町")
	b.shoot("offer")
	b.follow(`form[action$="/take"] button`)
	b.must("新しい郵便番号の辞書を使い始めました。")
	b.visit("/postal?q=%E6%96%B0%E3%81%97%E3%81%84%E7%94%BA1")
	b.must("039-0899")
}
