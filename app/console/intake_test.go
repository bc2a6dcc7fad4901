package console

import (
	"bytes"
	pixels "image"
	"image/draw"
	"image/png"
	"log/slog"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/card"
	"madoguchi/app/intake"
	"madoguchi/app/qr"
	qrdraw "madoguchi/app/qr/draw"
	"madoguchi/store"
)

// TestMain turns the test program into the child process that decodes pictures.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "qr-worker" {
		os.Exit(qr.WorkerMain(os.Stdin, os.Stdout))
	}
	os.Exit(m.Run())
}

func init() {
	maps.Copy(pages, map[string]any{
		"batches": &batchesPage{}, "batch": &batchPage{}, "picture": &picturePage{}, "typed": &typedPage{}, "compare": &comparePage{},
		"kinds": &kindsPage{}, "profiles": &profilesPage{}, "profile": &profilePage{}, "profile_edit": &profileEditPage{}, "reread": &rereadPage{},
	})
}

// openBatch opens a delivery as staff do and returns the page for its codes.
func openBatch(t *testing.T, c *apptest.Client, expected string) *apptest.Page {
	t.Helper()
	p := c.Get("/batches/new").Submit("/batches", url.Values{"expected": {expected}})
	must(t, p, http.StatusOK, "便を開きました", "12月1日（火）着 第1便")
	return p
}

func TestBatchPages(t *testing.T) {
	o := open(t)
	c := o.clerk()
	must(t, c.Get("/batches"), http.StatusOK, "読取り中の便はありません")
	p := c.Get("/batches/new").Submit("/batches", url.Values{"expected": {"0"}, "arrived_on": {"あした"}})
	must(t, p, http.StatusUnprocessableEntity, "予定件数は、1から100000まで")
	sound(t, "batch form", p)
	p = scan(openBatch(t, c, "2"), freshPayload)
	must(t, p, http.StatusOK, "読取り 1件 ／ 予定 2件", "あと1件", "直前の読取り（佐々木 次郎）を取り消す")
	sound(t, "read into a batch", p)
	p = p.Follow("12月1日（火）着 第1便")
	must(t, p, http.StatusOK, "佐々木 次郎", "再交付 1件", "読取機", "予定と合わないまま締め切る")
	golden(t, "batch", p)
	p = p.Submit(strings.Split(p.Path, "?")[0]+"/close", nil)
	must(t, p, http.StatusOK, "便を締め切りました", "締切り")
	sound(t, "closed batch", p)
	golden(t, "batches", c.Get("/batches"))
	other := c.Get(p.Path)
	must(t, p.Submit(p.Path+"/reopen", nil), http.StatusOK, "締切りを取り消しました")
	stale := other.Submit(p.Path+"/reopen", nil)
	must(t, stale, http.StatusConflict, "ほかの人がこの便を変えました")
}

func TestClosedBatchTakesNothingMore(t *testing.T) {
	o := open(t)
	c := o.clerk()
	reading := openBatch(t, c, "")
	batch := reading.Follow("12月1日（火）着 第1便")
	batch.Submit(batch.Path+"/close", nil)
	p := scan(reading, freshPayload)
	must(t, p, http.StatusConflict, "この便は締め切られています")
	if n := o.count(`SELECT count(*) FROM card WHERE notice_number = 'JKL444444'`); n != 0 {
		t.Errorf("got %d cards, want none", n)
	}
}

func TestEveryResultHasItsSound(t *testing.T) {
	o := open(t)
	p := o.clerk().Get("/read")
	heard := func(p *apptest.Page) string {
		found := p.FindAll("audio")
		if len(found) != 1 || !apptest.HasAttr(found[0], "autoplay") {
			return ""
		}
		src := apptest.Attr(found[0], "src")
		return src[strings.LastIndex(src, "/")+1:]
	}
	if got := heard(p); got != "" {
		t.Errorf("got sound %q before anything was read", got)
	}
	for _, c := range []struct{ payload, want string }{
		{freshPayload, "read-done.mp3"}, {freshPayload, "read-before.mp3"}, {"rubbish", "read-wrong.mp3"},
	} {
		p = scan(p, c.payload)
		if got := heard(p); got != c.want {
			t.Errorf("%s: got sound %q, want %q", c.payload, got, c.want)
		}
	}
	audio := o.client.Get(apptest.Attr(p.FindAll("audio")[0], "src"))
	if audio.Header.Get("Content-Type") != "audio/mpeg" || !strings.Contains(p.Header.Get("Content-Security-Policy"), "media-src 'self'") {
		t.Errorf("got %s under %q, want a sound that may be played", audio.Header.Get("Content-Type"), p.Header.Get("Content-Security-Policy"))
	}
}

func TestLastReadIsTakenBackOnce(t *testing.T) {
	o := open(t)
	p := scan(o.clerk().Get("/read"), freshPayload)
	back := p.Submit("/read/undo", nil)
	must(t, back, http.StatusOK, "直前の読取りを取り消しました", "件数 3件")
	must(t, p.Submit("/read/undo", nil), http.StatusOK, "件数 3件") // the same form again
	must(t, back.Submit("/read/undo", nil), http.StatusOK)
	if class, _ := state(t, scan(back, freshPayload)); class != "done" {
		t.Errorf("got %s, want the code read anew", class)
	}
}

func TestCorrectingReadNeedsThePermission(t *testing.T) {
	o := open(t)
	moved := strings.Replace(hanakoPayload, "下宿２３", "下宿９９", 1)
	p := scan(o.clerk().Get("/read"), moved)
	must(t, p, http.StatusConflict, "読み取った内容が登録と違います")
	if len(p.FindAll(`form[action="/read/compare"]`)) != 0 {
		t.Error("a clerk is offered to correct")
	}
	path, _, values := p.Fill("/read", url.Values{"payload": {moved}})
	if path == "/read" {
		must(t, o.clerk().Post("/read/compare", values), http.StatusForbidden, "あなたの役割では")
	}
	p = scan(o.administrator().Get("/read"), moved)
	p = p.Submit("/read/compare", nil)
	must(t, p, http.StatusOK, "住所", "下宿２３", "下宿９９")
	golden(t, "compare", p)
	must(t, p.Submit("/read/correct", nil), http.StatusOK, "読み取った内容に訂正しました", "下宿９９")
	must(t, o.administrator().Get("/read/compare"), http.StatusOK, "一覧の読取り")
}

// handInPicture uploads a page with these codes and lets it be read.
func (o *office) handInPicture(c *apptest.Client, batch *apptest.Page, body []byte, name string) *apptest.Page {
	o.t.Helper()
	_, _, values := batch.Fill(batch.Path+"/pictures", nil)
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	for field, all := range values {
		if field == "file" {
			continue
		}
		if err := w.WriteField(field, all[0]); err != nil {
			o.t.Fatal(err)
		}
	}
	part, err := w.CreateFormFile("file", name)
	if err == nil {
		_, err = part.Write(body)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		o.t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, c.URL(batch.Path+"/pictures"), &form)
	if err != nil {
		o.t.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	p, err := c.Do(r)
	if err != nil {
		o.t.Fatal(err)
	}
	return p
}

// readPictures reads what is handed in, for as long as the test runs.
func (o *office) readPictures() {
	exe, err := os.Executable()
	if err != nil {
		panic(err)
	}
	r := intake.NewReader(o.st, slog.New(slog.DiscardHandler), exe, "", "qr-worker")
	r.Codes.Limits.Page, r.Codes.Limits.Open = time.Minute, time.Minute
	r.Run(o.t.Context())
}

func codesPNG(t *testing.T, payloads ...string) []byte {
	t.Helper()
	page := pixels.NewGray(pixels.Rect(0, 0, 600, 450*len(payloads)))
	draw.Draw(page, page.Rect, pixels.White, pixels.Point{}, draw.Src)
	for i, payload := range payloads {
		symbol, err := qrdraw.QR(payload)
		if err != nil {
			t.Fatal(err)
		}
		picture, err := symbol.PNG(4)
		if err != nil {
			t.Fatal(err)
		}
		code, err := png.Decode(bytes.NewReader(picture))
		if err != nil {
			t.Fatal(err)
		}
		draw.Draw(page, code.Bounds().Add(pixels.Pt(40, 20+450*i)), code, code.Bounds().Min, draw.Src)
	}
	var out bytes.Buffer
	if err := png.Encode(&out, page); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// settled follows the page of a picture until it has been read.
func settled(t *testing.T, p *apptest.Page) *apptest.Page {
	t.Helper()
	for range 20 {
		if !strings.Contains(p.Text(), "いまの状況を見る") {
			return p
		}
		sound(t, "picture under way", p)
		p = p.Follow("いまの状況を見る")
	}
	t.Fatalf("never read: %s", p.Text())
	return nil
}

func TestPictureOfAListPage(t *testing.T) {
	o := open(t)
	c := o.clerk()
	go o.readPictures()
	batch := openBatch(t, c, "2").Follow("12月1日（火）着 第1便")
	p := settled(t, o.handInPicture(c, batch, codesPNG(t, hanakoPayload, freshPayload, "ABC"), "一覧 1枚目.png"))
	must(t, p, http.StatusOK, "一覧 1枚目.png", "登録済み", "登録できます", "佐々木 次郎", "2方式一致", "1件を登録する", "途中までしか読み取れていません")
	golden(t, "picture", p, strings.TrimSuffix(strings.TrimPrefix(strings.Split(p.Path, "?")[0], "/pictures/"), "/"), "FILE")
	if marks := p.FindAll("svg polygon"); len(marks) != 3 {
		t.Errorf("got %d places marked on the page, want 3", len(marks))
	}
	shown := c.Get(apptest.Attr(p.FindAll("svg image")[0], "href"))
	if shown.Header.Get("Content-Type") != "image/jpeg" || shown.Header.Get("Cache-Control") != "no-store" {
		t.Errorf("got %v, want a picture that nobody keeps", shown.Header)
	}
	path := strings.Split(p.Path, "?")[0]
	must(t, p.Submit(path+"/stated", url.Values{"stated_1": {"千"}}), http.StatusUnprocessableEntity, "0から200までの数字")
	must(t, p.Submit(path+"/stated", url.Values{"stated_1": {"５"}}), http.StatusOK, "5件と書かれていますが、3件しか見つかりません")
	if n := o.count(`SELECT count(*) FROM card WHERE notice_number = 'JKL444444'`); n != 0 {
		t.Fatal("a card is on record before anyone has said so")
	}
	p = p.Submit(path+"/apply", nil)
	must(t, p, http.StatusOK, "登録しました", "1ページ3番を手で入力する")
	form := p.Follow("1ページ3番を手で入力する")
	sound(t, "typing from a picture", form)
	p = form.Submit(form.Path, url.Values{"notice_number": {"MNO-555555"}, "name": {"工藤　栄"}})
	must(t, p, http.StatusOK, "手入力で登録しました", "残りなし")
	p = p.Submit(path+"/away", nil)
	must(t, p, http.StatusOK, "画像を片付けました", "工藤 栄", "そろいました")
	must(t, c.Get(path), http.StatusOK, "片付けた画像です")
	if got := c.Get(path + "/pages/1"); got.Status != http.StatusNotFound {
		t.Errorf("got status %d for the picture, want it gone", got.Status)
	}
}

func TestFilesThatAreNoPicturesAreRefusedAtOnce(t *testing.T) {
	o := open(t)
	c := o.clerk()
	go o.readPictures()
	batch := openBatch(t, c, "").Follow("12月1日（火）着 第1便")
	for body, says := range map[string]string{
		"":             "ファイルを選んでください",
		"交付通知書番号,氏名\n": "画像ファイルとして認識できません",
		"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00": "HEIC形式の写真は読めません",
	} {
		p := o.handInPicture(c, batch, []byte(body), "x")
		must(t, p, http.StatusUnprocessableEntity, says)
		sound(t, "refused picture", p)
	}
	p := settled(t, o.handInPicture(c, batch, codesPNG(t, freshPayload)[:300], "half.png"))
	must(t, p, http.StatusOK, "ファイルが壊れているか、途中で切れています")
	if n := o.count(`SELECT count(*) FROM list_file WHERE body IS NOT NULL`); n != 0 {
		t.Errorf("got %d files kept, want none", n)
	}
}

func TestTypedLine(t *testing.T) {
	o := open(t)
	c := o.clerk()
	batch := openBatch(t, c, "").Follow("12月1日（火）着 第1便")
	form := batch.Follow("手で入力する")
	p := form.Submit(form.Path, url.Values{"notice_number": {"ABC-123456"}, "name": {"髙橋　花子"}, "birth": {"きのう"}})
	must(t, p, http.StatusUnprocessableEntity, "生年月日が読めません")
	if got := apptest.Attr(p.FindAll("#f-name")[0], "value"); got != "髙橋　花子" {
		t.Errorf("got %q, want what was typed kept", got)
	}
	p = p.Submit(form.Path, url.Values{"birth": {"S25.5.12"}})
	must(t, p, http.StatusConflict, "窓口 花子 が読み取っています")
	golden(t, "typed", p)
}

func TestKindPages(t *testing.T) {
	o := open(t)
	must(t, o.clerk().Get("/kinds"), http.StatusForbidden)
	c := o.administrator()
	golden(t, "kinds", c.Get("/kinds"))
	p := c.Get("/kinds/renewal").Submit("/kinds/renewal", url.Values{"kind_name": {"新規"}})
	must(t, p, http.StatusUnprocessableEntity, "この名前の区分は、すでにあります")
	p = c.Get("/kinds/renewal").Submit("/kinds/renewal", url.Values{"kind_name": {"期限の更新"}, "needs_booking": nil})
	must(t, p, http.StatusOK, "交付区分を保存しました", "期限の更新", "要らない")
	must(t, c.Get(pathOf(o.hanako)), http.StatusOK, "期限の更新", "予約のいらない区分です")
	must(t, c.Get("/kinds/unknown").Submit("/kinds/unknown", url.Values{"in_use": nil}), http.StatusUnprocessableEntity, "「区分不明」は、なくせません")
	must(t, c.Get("/kinds/nothing"), http.StatusNotFound, "この交付区分は見つかりません")
}

func TestProfilePages(t *testing.T) {
	o := open(t)
	must(t, o.clerk().Get("/profiles"), http.StatusForbidden)
	c := o.administrator()
	must(t, c.Get("/profiles"), http.StatusOK, "標準（推定） 第1版", "使用中")
	p := c.Get("/profiles/edit?sample=1")
	if sample := apptest.TextOf(p.FindAll("#f-sample")[0]); !strings.HasPrefix(sample, "GHI-333333") {
		t.Errorf("got sample %q, want the newest code", sample)
	}
	must(t, p.Submit("/profiles/try", url.Values{"at_name": {"四"}}), http.StatusUnprocessableEntity, "数字を入力してください")
	must(t, p.Submit("/profiles/try", url.Values{"split": {"pattern"}, "pattern": {"("}}), http.StatusUnprocessableEntity, "正規表現の書き方が正しくありません")
	must(t, p.Submit("/profiles/try", url.Values{"kind_new": {"02"}}), http.StatusUnprocessableEntity, "コード「02」が、2つの区分に入っています")
	p = p.Submit("/profiles/try", url.Values{"at_address": {"4"}})
	must(t, p, http.StatusOK, "見本を最後まで読めました", "高橋 みどり", "新規")
	golden(t, "profile_edit", p)
	p = p.Submit("/profiles", nil)
	must(t, p, http.StatusOK, "まだ使っていません", "内容が変わる 3")
	golden(t, "profile", p)
	stamp := apptest.Attr(p.FindAll(`input[name="stamp"]`)[0], "value")
	scan(c.Get("/read"), freshPayload)
	must(t, p.Submit(p.Path+"/on", url.Values{"stamp": {stamp}}), http.StatusConflict, "下の新しい結果を確かめて")
	p = c.Get(p.Path).Submit(p.Path+"/on", nil)
	must(t, p, http.StatusOK, "新しい版に切り替えました", "登録と違う人（4件）")
	golden(t, "reread", p)
	nobody := p.Submit("/reread", url.Values{"card": nil})
	must(t, nobody, http.StatusUnprocessableEntity, "直す人に印を付けてください")
	must(t, p.Submit("/reread", nil), http.StatusOK, "登録を直しました", "登録と違う人はいません")
	apptest.Read(t, o.st, func(tx *store.Tx) error {
		r, err := card.Get(tx, o.hanako.Ref)
		if r.Address != "髙橋　花子" {
			t.Errorf("got address %q, want what the new profile says", r.Address)
		}
		return err
	})
}
