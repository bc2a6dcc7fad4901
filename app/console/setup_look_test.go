package console

import (
	"bytes"
	pictures "image"
	"image/jpeg"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/app/settings"
	"madoguchi/store"
)

// The presets are colours that the setting takes.
func TestEveryPresetColourCanBeRead(t *testing.T) {
	o := open(t)
	for _, preset := range presets {
		apptest.Write(t, o.st, func(tx *store.Tx) error { return settings.Set(tx, system, "look.colour", preset.Colour) })
	}
}

func TestColourIsChosenAndSeenOnTheConsole(t *testing.T) {
	o := open(t)
	c := o.administrator()
	before := apptest.Attr(c.Get("/setup").FindAll(`link[rel="stylesheet"]`)[0], "href")
	ask := c.Get("/setup/look")
	for typed, want := range map[string]string{"": "「#」と6桁", "みどり": "「#」と6桁", "#ffcc00": "明るさの比は", "＃７６７６７６": "4.5対1以上"} {
		p := o.upload(ask, c, "/setup/look", "logo", nil, url.Values{"colour": {"own"}, "own_colour": {typed}})
		must(t, p, http.StatusUnprocessableEntity, want)
		sound(t, "refused colour "+typed, p)
		if kept := apptest.Attr(p.FindAll(`input[name="own_colour"]`)[0], "value"); kept != typed {
			t.Errorf("got %q in the field, want %q as it was typed", kept, typed)
		}
	}
	later := c.Get("/setup/look")
	must(t, o.upload(ask, c, "/setup/look", "logo", nil, url.Values{"colour": {"own"}, "own_colour": {"00572D"}}), http.StatusOK, "保存しました")
	p := c.Get("/setup")
	after := apptest.Attr(p.FindAll(`link[rel="stylesheet"]`)[0], "href")
	sheet := c.Get(after)
	if after == before || sheet.Header.Get("Content-Type") != "text/css; charset=utf-8" || !strings.Contains(sheet.Header.Get("Cache-Control"), "immutable") ||
		!strings.Contains(sheet.Body, "background:"+settings.Darker("#00572d")) || strings.Contains(sheet.Body, consoleColour) ||
		strings.Contains(sheet.Body, buttonColour) || strings.Contains(sheet.Body, hoverColour) {
		t.Errorf("got %s (%s), want a sheet in the town's colour to keep", after, sheet.Header.Get("Content-Type"))
	}
	if old := c.Get("/look/0000000000000000.css"); old.Status != http.StatusOK || old.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("got status %d and %q for an old address, want the sheet, not to be kept", old.Status, old.Header.Get("Cache-Control"))
	}
	must(t, c.Get("/setup/settings"), http.StatusOK, "ロゴと色：色：はじめの色 → #00572d")
	must(t, o.upload(later, c, "/setup/look", "logo", nil, url.Values{"colour": {"#5b2a86"}}), http.StatusConflict, "ほかの人が先に変更しました")
	must(t, o.upload(c.Get("/setup/look"), c, "/setup/look", "logo", nil, url.Values{"look": {"resident"}}), http.StatusOK, "保存しました")
	if got := apptest.Attr(c.Get("/setup").FindAll(`link[rel="stylesheet"]`)[0], "href"); got != before {
		t.Errorf("got %s, want the usual sheet where the look is the resident site's only", got)
	}
	must(t, c.Get("/look/0000000000000000.css"), http.StatusNotFound)
	apptest.Read(t, o.st, func(tx *store.Tx) error {
		log, err := audit.Of(tx, audit.Subject{Kind: "setting", Ref: "look.colour"})
		if len(log) != 1 || log[0].Detail != `{"after":"#00572d","before":""}` {
			t.Errorf("got %+v, want the one change", log)
		}
		return err
	})
}

func TestLogoIsUploadedShownAndTakenAway(t *testing.T) {
	o := open(t)
	c := o.administrator()
	must(t, o.upload(c.Get("/setup/look"), c, "/setup/look", "logo", []byte("no picture")), http.StatusUnprocessableEntity, "PNGかJPEGの画像")
	must(t, o.upload(c.Get("/setup/look"), c, "/setup/look", "logo", make([]byte, settings.LogoBytes+1)), http.StatusUnprocessableEntity, "1MBまで")
	var logo bytes.Buffer
	if err := jpeg.Encode(&logo, pictures.NewGray(pictures.Rect(0, 0, 400, 200)), nil); err != nil {
		t.Fatal(err)
	}
	p := o.upload(c.Get("/setup/look"), c, "/setup/look", "logo", logo.Bytes())
	must(t, p, http.StatusOK, "保存しました", "いまのロゴを使うのをやめる")
	sound(t, "look with a logo", p)
	must(t, c.Get("/setup/settings"), http.StatusOK, "ロゴと色：ロゴ：なし → あり（192×96）")
	stranger := apptest.NewClient(t, o.desk.Handler()).Get("/sign-in")
	img := stranger.FindAll("header img")
	if len(img) != 1 || apptest.Attr(img[0], "width") != "96" || apptest.Attr(img[0], "height") != "48" {
		t.Fatalf("got %d logos before sign-in, want one of 96x48", len(img))
	}
	served := c.Get(apptest.Attr(img[0], "src"))
	if served.Status != http.StatusOK || served.Header.Get("Content-Type") != "image/png" || !strings.HasPrefix(served.Body, "\x89PNG") {
		t.Errorf("got status %d and %s, want the logo drawn anew", served.Status, served.Header.Get("Content-Type"))
	}
	must(t, o.upload(c.Get("/setup/look"), c, "/setup/look", "logo", nil, url.Values{"remove": {"1"}}), http.StatusOK, "保存しました")
	if n := len(c.Get("/").FindAll("header img")); n != 0 {
		t.Errorf("got %d logos, want none", n)
	}
	must(t, c.Get(apptest.Attr(img[0], "src")), http.StatusNotFound)
}
