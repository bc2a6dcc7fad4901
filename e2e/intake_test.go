package e2e

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	qrdraw "madoguchi/app/qr/draw"
)

// listPage is a scan of a list page: the codes of payloads, and one under a
// stain that nobody can read.
func listPage(t *testing.T, dir string, payloads []string, ruined string) string {
	t.Helper()
	sheet := image.NewGray(image.Rect(0, 0, 1240, 1754))
	draw.Draw(sheet, sheet.Rect, image.NewUniform(color.White), image.Point{}, draw.Src)
	for i, payload := range append(payloads[:len(payloads):len(payloads)], ruined) {
		symbol, err := qrdraw.QR(payload)
		if err != nil {
			t.Fatal(err)
		}
		picture, err := symbol.PNG(5)
		if err != nil {
			t.Fatal(err)
		}
		code, err := png.Decode(bytes.NewReader(picture))
		if err != nil {
			t.Fatal(err)
		}
		at := image.Pt(100+i%2*560, 100+i/2*500)
		draw.Draw(sheet, code.Bounds().Add(at), code, code.Bounds().Min, draw.Src)
		if payload == ruined {
			side := code.Bounds().Dx()
			stain := image.Rect(at.X+side*4/10, at.Y+side*4/10, at.X+side*8/10, at.Y+side*9/10)
			for y := stain.Min.Y; y < stain.Max.Y; y++ {
				for x := stain.Min.X; x < stain.Max.X; x++ {
					if (x/5*7+y/5*13)%5 < 2 {
						sheet.SetGray(x, y, color.Gray{Y: 255 - sheet.GrayAt(x, y).Y})
					}
				}
			}
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, sheet); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(dir, "list.png")
	if err := os.WriteFile(file, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// A delivery arrives: it is opened, a code is read and taken back, a page comes
// as a picture, what cannot be read is typed, the delivery is closed, and the
// administrator looks after kinds and profiles.
func TestTakingInJourney(t *testing.T) {
	for _, c := range []struct {
		name    string
		window  size
		scripts bool
	}{
		{"without scripts", desktop, false},
		{"with axe", desktop, true},
		{"narrow with axe", narrow, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := run(t)
			b := open(t, w.start.Console, c.window, c.scripts)
			b.firstSignIn(w)
			b.openBatch()
			b.readIntoBatch(w)
			b.readPicture(w)
			b.finishBatch()
			b.kinds()
			b.profile(w)
		})
	}
}

func (b *browser) openBatch() {
	b.visit("/batches")
	b.shoot("batches")
	b.follow(`a[href="/batches/new"]`)
	b.fill(`#f-expected`, "たくさん")
	b.follow(`main form button[type=submit]`)
	b.must("数字を入力してください")
	b.fill(`#f-expected`, "４")
	b.follow(`main form button[type=submit]`)
	b.must("便を開きました", "あと4件")
	b.shoot("batch-opened")
}

func (b *browser) readIntoBatch(w *town) {
	b.fill(`#f-payload`, w.start.Payloads[0])
	b.enter()
	b.check()
	b.must("読取り完了", "あと3件")
	if sound := b.attribute(`audio`, "src"); !strings.Contains(sound, "read-done.mp3") {
		b.Errorf("got sound %q, want that of a code read", sound)
	}
	b.heard()
	b.shoot("read")
	b.follow(`form[action="/read/undo"] button`)
	b.must("直前の読取りを取り消しました", "あと4件")
	b.fill(`#f-payload`, w.start.Payloads[0])
	b.enter()
	b.check()
	b.must("読取り完了", "あと3件")
	// The list was printed anew, with another address.
	b.fill(`#f-payload`, strings.Replace(w.start.Payloads[0], "南部町", "南部町新", 1))
	b.enter()
	b.check()
	b.must("読取済み", "登録と違います")
	b.shoot("read-differs")
	b.follow(`form[action="/read/compare"] button`)
	b.shoot("compare")
	b.follow(`form[action="/read/correct"] button`)
	b.must("南部町新")
}

// heard fails unless the page's sound has been played; without scripts nobody
// can ask the browser.
func (b *browser) heard() {
	b.Helper()
	if b.axe == "" {
		return
	}
	var played string
	b.do(chromedp.Evaluate(`new Promise(function (done) {
		var a = document.querySelector('audio'), n = 0;
		(function look() {
			if (a.played.length > 0 && a.played.end(0) > 0) { return done('played'); }
			if (a.error || ++n > 50) { return done('not played: ' + (a.error ? a.error.message : 'paused ' + a.paused)); }
			setTimeout(look, 100);
		})();
	})`, &played, awaitPromise))
	if played != "played" {
		b.Errorf("%s: the sound was %s", b.path(), played)
	}
}

func (b *browser) readPicture(w *town) {
	b.visit("/batches")
	b.follow(`tbody th a`)
	b.do(chromedp.SetUploadFiles(`#f-file`, []string{listPage(b.T, b.TempDir(), w.start.Payloads, "ABC-999999,"+strings.Repeat("x", 90))}, chromedp.ByQuery))
	b.follow(`form[action$="/pictures"] button`)
	for range 20 {
		if !strings.Contains(b.text(), "いまの状況を見る") {
			break
		}
		b.shoot("picture-working")
		b.follow(`#state a.button`)
	}
	b.must("登録済み", "登録できます", "読めません", "2方式一致", "2件を登録する")
	b.fill(`#f-stated_1`, "4")
	b.follow(`form[action$="/stated"] button`)
	b.must("4件と書かれていますが、3件しか見つかりません")
	b.shoot("picture")
	b.follow(`form[action$="/apply"] button`)
	b.must("登録しました")
	b.follow(`td a[href*="/pages/"]`)
	b.shoot("typed")
	b.fill(`#f-notice_number`, "ABC-99999")
	b.follow(`main form button[type=submit]`)
	b.must("英数字3文字と数字6けた", "氏名を入力してください")
	b.fill(`#f-notice_number`, "ＡＢＣ－９９９９９９")
	b.fill(`#f-name`, "下名久井　栄")
	b.fill(`#f-birth`, "S33.10.5")
	b.follow(`main form button[type=submit]`)
	b.must("手入力で登録しました", "残りなし")
	b.shoot("picture-done")
}

func (b *browser) finishBatch() {
	b.follow(`form[action$="/away"] button`)
	b.must("画像を片付けました", "そろいました", "下名久井")
	b.shoot("batch")
	b.follow(`form[action$="/close"] button`)
	b.must("便を締め切りました")
	b.follow(`form[action$="/reopen"] button`)
	b.follow(`form[action$="/close"] button`)
}

func (b *browser) kinds() {
	b.visit("/kinds")
	b.shoot("kinds")
	b.follow(`a[href="/kinds/new"]`)
	b.fill(`#f-kind_name`, "更新")
	b.follow(`main form button[type=submit]`)
	b.must("すでにあります")
	b.fill(`#f-kind_name`, "住所異動")
	b.follow(`main form button[type=submit]`)
	b.must("住所異動")
}

func (b *browser) profile(w *town) {
	b.visit("/profiles")
	b.shoot("profiles")
	b.follow(`a[href="/profiles/edit"]`)
	b.fill(`#f-sample`, w.start.Payloads[0])
	b.fill(`#f-at_notice_number`, "")
	b.follow(`form[action="/profiles/try"] button`)
	b.must("交付通知書番号の場所を入力してください")
	b.fill(`#f-at_notice_number`, "1")
	b.fill(`#f-at_address`, "")
	b.follow(`form[action="/profiles/try"] button`)
	b.must("見本を最後まで読めました", "使わない")
	b.shoot("profile-tried")
	b.follow(`form[action="/profiles"] button`)
	b.must("まだ使っていません", "内容が変わる")
	b.shoot("profile")
	b.follow(`form[action$="/on"] button`)
	b.must("新しい版に切り替えました")
	b.shoot("reread")
}

// The command reads the same page, and says what it could not read; the program
// prints the licences that come with it.
func TestQRCommandAndLicences(t *testing.T) {
	w := &town{T: t, dir: t.TempDir()}
	file := listPage(t, w.dir, []string{"first,一", "second,二"}, "ABC-999999,"+strings.Repeat("x", 90))
	said, status := output(t, w.binary("qr", file))
	for _, want := range []string{`"text":"first,一"`, `"text":"second,二"`, `"readers":["gozxing","goqr"]`, "QRコードらしい場所がありますが読み取れません"} {
		if !strings.Contains(said, want) {
			t.Errorf("got %s, want %s in it", said, want)
		}
	}
	if status != 1 {
		t.Errorf("got status %d, want 1 for a page with an unread code", status)
	}
	said, status = output(t, w.binary("licences"))
	for _, want := range []string{"liyue201/goqr", "GNU LESSER GENERAL PUBLIC LICENSE", "TERMS AND CONDITIONS"} {
		if status != 0 || !strings.Contains(said, want) {
			t.Errorf("got status %d, want %q among the licences", status, want)
		}
	}
}

// printedList is a PDF of list pages as an office prints it: the codes are
// drawn, not scanned.
func (b *browser) printedList(payloads []string, perPage int) string {
	b.Helper()
	var list strings.Builder
	list.WriteString(`<meta charset="utf-8"><style>svg { width: 30mm; height: 30mm; margin: 8mm } div { page-break-after: always }</style><div>`)
	for i, payload := range payloads {
		if i > 0 && i%perPage == 0 {
			list.WriteString("</div><div>")
		}
		symbol, err := qrdraw.QR(payload)
		if err != nil {
			b.Fatal(err)
		}
		list.Write(symbol.SVG())
	}
	dir := b.TempDir()
	source, file := filepath.Join(dir, "list.html"), filepath.Join(dir, "list.pdf")
	if err := os.WriteFile(source, []byte(list.String()+"</div>"), 0o600); err != nil {
		b.Fatal(err)
	}
	var pdf []byte
	b.do(chromedp.Navigate("file://"+source), chromedp.ActionFunc(func(ctx context.Context) (err error) {
		pdf, _, err = page.PrintToPDF().Do(ctx)
		return err
	}))
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		b.Fatal(err)
	}
	return file
}

// The machine goes while a PDF is being read: the next start goes on with the
// page at which it stopped, and nothing is read twice.
func TestListIsReadOnAfterAKill(t *testing.T) {
	w := run(t)
	said, status := output(t, w.binary("qr", w.start.List))
	for _, payload := range w.start.Payloads {
		if number, _, _ := strings.Cut(payload, ","); status != 0 || !strings.Contains(said, number) {
			t.Errorf("got status %d, %s from the demo's list, want %s in it", status, said, number)
		}
	}
	b := open(t, w.start.Console, desktop, false)
	var payloads []string
	for i := range 40 {
		fields := strings.Split(w.start.Payloads[0], ",")
		fields[0], fields[1] = fmt.Sprintf("KIL-%06d", i), fmt.Sprintf("%023d", i+1)
		payloads = append(payloads, strings.Join(fields, ","))
	}
	list := b.printedList(payloads, 5)
	b.firstSignIn(w)
	b.visit("/batches")
	b.follow(`tbody th a`)
	b.do(chromedp.SetUploadFiles(`#f-file`, []string{list}, chromedp.ByQuery))
	b.follow(`form[action$="/pictures"] button`)
	picture, _, _ := strings.Cut(b.path(), "?")
	w.kill()
	w.up()
	b.site = w.start.Console
	b.visit("/password") // the session outlives the kill; the demo gives a new one-time password
	b.fill(`#f-current`, w.start.Password)
	b.fill(`#f-new`, newPassword)
	b.fill(`#f-again`, newPassword)
	b.follow(`main button[type=submit]`)
	b.visit(picture + "?wait=1")
	for range 20 {
		if !strings.Contains(b.text(), "いまの状況を見る") {
			break
		}
		b.follow(`#state a.button`)
	}
	b.must("見つかった場所 40", "40件を登録する", "8ページ")
	b.follow(`form[action$="/apply"] button`)
	b.must("登録した 40", "残りなし")
}
