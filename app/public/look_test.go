package public

import (
	"bytes"
	pictures "image"
	"image/png"
	"net/http"
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/settings"
	"madoguchi/store"
)

// The town's colour comes as one style sheet in place of the usual one, and its
// logo stands at the top of every page, in every language.
func TestTheTownsColourAndLogoAreOnEveryPage(t *testing.T) {
	w := newTown(t, 1)
	c := w.client
	sheetOf := func(p *apptest.Page) string { return apptest.Attr(p.FindAll(`link[rel="stylesheet"]`)[0], "href") }
	usual := c.Get("/")
	w.status(c.Get("/look/0000000000000000.css"), http.StatusNotFound)
	var logo bytes.Buffer
	if err := png.Encode(&logo, pictures.NewGray(pictures.Rect(0, 0, 300, 100))); err != nil {
		t.Fatal(err)
	}
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		if err := settings.Set(tx, w.by, "look.colour", "#00572d"); err != nil {
			return err
		}
		if err := settings.Set(tx, w.by, "look.where", settings.LookResident); err != nil {
			return err
		}
		return settings.SetLogo(tx, w.by, logo.Bytes())
	})
	for _, path := range []string{"/", "/en/", "/furigana/sign-in", "/nowhere"} {
		p := c.Get(path)
		if got := sheetOf(p); got == sheetOf(usual) || path != "/nowhere" && !strings.Contains(p.Header.Get("Link"), "<"+got+">; rel=preload") || len(p.FindAll(`link[rel="stylesheet"]`)) != 1 {
			t.Errorf("%s: got sheet %s and %q, want one in the town's colour", path, got, p.Header.Get("Link"))
		}
		img := p.FindAll("header img.logo")
		if len(img) != 1 || apptest.Attr(img[0], "width") != "144" || apptest.Attr(img[0], "alt") != "" {
			t.Fatalf("%s: got %d logos, want one of 144 px beside the town's name", path, len(img))
		}
		if served := c.Get(apptest.Attr(img[0], "src")); served.Status != http.StatusOK || served.Header.Get("Content-Type") != "image/png" {
			t.Errorf("%s: got status %d for the logo", path, served.Status)
		}
	}
	sheet := c.Get(sheetOf(c.Get("/")))
	apptest.BannedInIE11(t, "site.css in the town's colour.css", sheet.Body)
	bright, dark, found := strings.Cut(sheet.Body, "@media screen and (prefers-color-scheme:dark)")
	if !found || strings.Contains(sheet.Body, keyColour) || strings.Contains(sheet.Body, hoverColour) || !strings.Contains(bright, "background:#00572d") ||
		strings.Contains(dark, "#00572d") || !strings.Contains(dark, "#9db7f9") || !strings.Contains(sheet.Header.Get("Cache-Control"), "immutable") {
		t.Error("got a sheet that is not the usual one in another colour, with its dark part as it was")
	}
	if old := c.Get("/look/0000000000000000.css"); old.Body != sheet.Body || old.Header.Get("Cache-Control") != "no-cache" {
		t.Errorf("got %d bytes and %q for an old address, want the sheet, not to be kept", len(old.Body), old.Header.Get("Cache-Control"))
	}
}
