package e2e

import (
	"encoding/json"
	"flag"
	"net/http/httptest"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"

	"madoguchi/app/apptest"
	"madoguchi/app/jp"
	"madoguchi/e2e/book"
)

var (
	every = flag.Bool("every", false, "run axe on every page in every language, not only in Japanese and English")
	only  = flag.String("only", "", "look only at pages whose address matches this expression, and compare no results")
)

const resultFile = "../templates/accessibility.json"

// success is a success criterion of JIS X 8341-3:2016 (the same as WCAG 2.0's),
// and which checks of this package speak for it. Without checks it does not
// apply (none says why), or a person has to look.
type success struct {
	number, name, level string
	checks              []string
	none                string
}

var criteria = []success{
	{"1.1.1", "非テキストコンテンツ", "A", []string{"axe"}, ""},
	{"1.2.1", "音声だけ及び映像だけ（収録済み）", "A", nil, "音声も映像もありません"},
	{"1.2.2", "キャプション（収録済み）", "A", nil, "音声も映像もありません"},
	{"1.2.3", "音声解説又はメディアに対する代替コンテンツ（収録済み）", "A", nil, "映像がありません"},
	{"1.2.4", "キャプション（ライブ）", "AA", nil, "生中継がありません"},
	{"1.2.5", "音声解説（収録済み）", "AA", nil, "映像がありません"},
	{"1.3.1", "情報及び関係性", "A", []string{"axe", "labels"}, ""},
	{"1.3.2", "意味のある順序", "A", nil, ""},
	{"1.3.3", "感覚的な特徴", "A", nil, ""},
	{"1.4.1", "色の使用", "A", nil, ""},
	{"1.4.2", "音声の制御", "A", nil, "音声がありません"},
	{"1.4.3", "コントラスト（最低限レベル）", "AA", []string{"axe"}, ""},
	{"1.4.4", "テキストのサイズ変更", "AA", []string{"large", "narrow"}, ""},
	{"1.4.5", "文字画像", "AA", nil, ""},
	{"2.1.1", "キーボード", "A", []string{"keyboard", "noscript"}, ""},
	{"2.1.2", "キーボードトラップなし", "A", []string{"keyboard", "noscript"}, ""},
	{"2.2.1", "タイミング調整可能", "A", []string{"time"}, ""},
	{"2.2.2", "一時停止、停止及び非表示", "A", nil, "動くものがありません"},
	{"2.3.1", "3回のせん（閃）光、又はいき（閾）値以下", "A", nil, "光るものがありません"},
	{"2.4.1", "ブロックスキップ", "A", []string{"axe", "skip"}, ""},
	{"2.4.2", "ページタイトル", "A", []string{"title"}, ""},
	{"2.4.3", "フォーカス順序", "A", []string{"keyboard"}, ""},
	{"2.4.4", "リンクの目的（コンテキスト内）", "A", []string{"names"}, ""},
	{"2.4.5", "複数の手段", "AA", nil, "一連の手続きの画面です"},
	{"2.4.6", "見出し及びラベル", "AA", nil, ""},
	{"2.4.7", "フォーカスの可視化", "AA", []string{"keyboard"}, ""},
	{"3.1.1", "ページの言語", "A", []string{"axe", "language"}, ""},
	{"3.1.2", "一部分の言語", "AA", nil, ""},
	{"3.2.1", "フォーカス時", "A", []string{"noscript"}, ""},
	{"3.2.2", "入力時", "A", []string{"noscript"}, ""},
	{"3.2.3", "一貫したナビゲーション", "AA", []string{"frame"}, ""},
	{"3.2.4", "一貫した識別性", "AA", nil, ""},
	{"3.3.1", "エラーの特定", "A", []string{"errors"}, ""},
	{"3.3.2", "ラベル又は説明", "A", []string{"labels"}, ""},
	{"3.3.3", "エラー修正の提案", "AA", nil, ""},
	{"3.3.4", "エラー回避（法的、金融及びデータ）", "AA", []string{"confirm"}, ""},
	{"4.1.1", "構文解析", "A", []string{"axe", "ids"}, ""},
	{"4.1.2", "名前、役割及び値", "A", []string{"axe", "labels"}, ""},
}

// says is what a check does, for the table.
var says = map[string]string{
	"axe": "axe-core", "labels": "欄の名前の検査", "large": "文字を2倍にした表示", "narrow": "幅320pxの表示", "keyboard": "キーボードだけの操作",
	"noscript": "スクリプトを使わない操作", "time": "延長の方法の検査", "skip": "本文へのリンクの検査", "title": "題名の検査", "names": "リンクの名前の検査",
	"language": "言語の指定の検査", "frame": "共通部分の並びの検査", "errors": "誤りの一覧の検査", "confirm": "確認画面のある操作", "ids": "IDの重複の検査",
}

// elsewhere are checks that other tests of this package make; they name them, so
// that a test cannot go without its criterion being noticed.
var elsewhere = map[string]func(*testing.T){
	"keyboard": TestResidentByKeyboard, "noscript": TestResidentJourney, "confirm": TestResidentJourney,
}

// drawn waits until the browser has drawn the page twice: the first element that
// asks for the focus has it by then.
const drawn = `new Promise(function (done) { requestAnimationFrame(function () { requestAnimationFrame(function () { done(true); }); }); })`

// ownChecks looks at one page for what axe does not see, and returns what fails.
const ownChecks = `(function () {
	var bad = {}, all = function (s) { return [].slice.call(document.querySelectorAll(s)); };
	var text = function (e) { var c = e.cloneNode(true); [].forEach.call(c.querySelectorAll('rt'), function (r) { r.remove(); }); return c.textContent.replace(/\s+/g, ' ').trim(); };
	var over = function () { return document.documentElement.scrollWidth > document.documentElement.clientWidth; };
	if (over()) bad.narrow = 'scrolls sideways at ' + innerWidth;
	var leads = {};
	all('a[href]').forEach(function (a) {
		var name = a.getAttribute('aria-label') || text(a), to = a.getAttribute('href');
		if (!name) bad.names = 'no name: ' + to;
		if (leads[name] && leads[name] !== to) bad.names = name + ' leads to ' + to + ' and ' + leads[name];
		leads[name] = to;
	});
	all('input:not([type=hidden]), select, textarea').forEach(function (f) { if (!f.labels || !f.labels.length) bad.labels = f.name; });
	var ids = {};
	all('[id]').forEach(function (e) { if (ids[e.id]) bad.ids = e.id; ids[e.id] = true; });
	var first = document.querySelector('body a');
	if (!first || first.getAttribute('href') !== '#main' || !document.querySelector('main#main')) bad.skip = 'the first link does not skip';
	var h1 = document.querySelector('h1');
	if (!h1 || document.title.indexOf(text(h1)) < 0) bad.title = document.title;
	if (!document.documentElement.lang) bad.language = 'none';
	var parts = [].map.call(document.body.children, function (e) { return e.tagName; }).join(' ').replace(/ASIDE /g, '');
	if (parts !== 'A HEADER MAIN FOOTER') bad.frame = parts;
	if (all('script').length) bad.noscript = 'a script';
	var summary = document.querySelector('.summary');
	if (summary && (document.activeElement !== summary || !summary.querySelector('[role=alert]'))) bad.errors = 'the summary has not the focus';
	if (document.querySelector('.foot form') && !document.querySelector('.foot form').parentNode.querySelector('a[href]')) bad.time = 'no way to prolong';
	all('a.button, button, a.choice, input.input, select.input').forEach(function (e) {
		var box = e.getBoundingClientRect();
		if (box.width && (box.height < 43.5 || box.width < 43.5)) bad.size = text(e) + ' ' + box.width + 'x' + box.height;
	});
	return bad;
})()`

// largeCheck looks at a page of 640 px with text twice as large.
const largeCheck = `(function () {
	var bad = {}, page = document.documentElement;
	page.style.fontSize = '200%';
	if (innerWidth !== 640 || page.scrollWidth > page.clientWidth) bad.large = 'scrolls sideways with text at 200 %';
	return bad;
})()`

// Every page in every state and language, as the page tests hold it: what axe
// cannot see, at 320 px and with text twice as large, and axe itself. The
// languages share their templates, so axe looks at two of them (the whole, with
// -every or -update, takes four minutes).
func TestEveryPageIsAccessible(t *testing.T) {
	pages, err := book.Pages("..")
	if err != nil {
		t.Fatal(err)
	}
	wanted := regexp.MustCompile(*only)
	pages = slices.DeleteFunc(pages, func(p book.Page) bool { return p.Site != "public" || !wanted.MatchString(p.Address()) })
	server := httptest.NewServer(book.Handler(".."))
	t.Cleanup(server.Close)
	b := openFor(t, server.URL, narrow, true, 20*time.Minute)
	failed := map[string]bool{}
	languages := map[string]bool{}
	fail := func(p book.Page, check, what string) {
		failed[check] = true
		t.Errorf("%s: %s: %s", p.Address(), check, what)
	}
	for _, p := range pages {
		languages[p.Language] = true
		var bad, large map[string]string
		var found []violation
		b.do(emulation.SetDeviceMetricsOverride(320, 640, 1, false), chromedp.Navigate(server.URL+p.Address()),
			chromedp.Evaluate(drawn, nil, awaitPromise), chromedp.Evaluate(ownChecks, &bad))
		if p.Language == "ja" || p.Language == "en" || *every || apptest.Updating() {
			b.do(chromedp.Evaluate(b.axe, nil), chromedp.Evaluate(runAxe, &found, awaitPromise))
		}
		b.do(emulation.SetDeviceMetricsOverride(640, 800, 1, false), chromedp.Evaluate(largeCheck, &large))
		for _, checks := range []map[string]string{bad, large} {
			for check, what := range checks {
				fail(p, check, what)
			}
		}
		for _, v := range found {
			fail(p, "axe", v.ID+": "+strings.Join(v.Nodes, "\n    "))
		}
	}
	if *only != "" {
		t.Logf("%d pages looked at", len(pages))
		return
	}
	var version string
	b.do(chromedp.Evaluate(b.axe, nil), chromedp.Evaluate(`axe.version`, &version))
	compareResults(t, tested{On: jp.DateOf(time.Now()), Pages: len(pages), Languages: len(languages), Axe: version, Criteria: rowsOf(failed)})
}

// tested is the file that the site's page of results reads.
type tested struct {
	On        jp.Date
	Pages     int
	Languages int
	Axe       string
	Criteria  []row
}

type row struct{ Number, Name, Level, Result, How string }

func rowsOf(failed map[string]bool) []row {
	var rows []row
	for _, c := range criteria {
		r := row{Number: c.number, Name: c.name, Level: c.level, Result: "person", How: c.none}
		if c.none != "" {
			r.Result = "none"
		}
		var how []string
		for _, check := range c.checks {
			how = append(how, says[check])
			if r.Result != "failed" {
				r.Result = "passed"
			}
			if failed[check] {
				r.Result = "failed"
			}
		}
		if len(how) > 0 {
			r.How = strings.Join(how, "、")
		}
		rows = append(rows, r)
	}
	return rows
}

// compareResults holds the published results to those of this run. Their date
// and number of pages are of the run that wrote them; it must not have seen many
// fewer pages than there are.
func compareResults(t *testing.T, got tested) {
	t.Helper()
	if apptest.Updating() {
		text, err := json.MarshalIndent(got, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		write(t, resultFile, string(text)+"\n")
		return
	}
	text, err := os.ReadFile(resultFile)
	if err != nil {
		t.Fatal(err)
	}
	var published tested
	if err := json.Unmarshal(text, &published); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(published.Criteria, got.Criteria) || published.Axe != got.Axe || published.Languages != got.Languages || published.Pages*5 < got.Pages*4 {
		t.Errorf("the published results (%d pages, %d languages, axe-core %s) are not those of this run (%d, %d, %s); go test ./e2e -run %s -update writes them",
			published.Pages, published.Languages, published.Axe, got.Pages, got.Languages, got.Axe, t.Name())
	}
}

// Every check that the table names is made, here or by the test that it names.
func TestEveryCheckIsMade(t *testing.T) {
	for _, c := range criteria {
		for _, check := range c.checks {
			made := check == "axe" || elsewhere[check] != nil || strings.Contains(ownChecks+largeCheck, "bad."+check)
			if !made || says[check] == "" {
				t.Errorf("%s: nothing checks %q, or no words say how", c.number, check)
			}
		}
	}
	if len(criteria) != 38 {
		t.Errorf("got %d criteria, want the 38 of levels A and AA", len(criteria))
	}
}
