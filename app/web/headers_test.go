package web_test

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"madoguchi/app/apptest"
	"madoguchi/app/web"
)

const policy = "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

func TestEveryAnswerHasTheHeaders(t *testing.T) {
	d := newDesk(t)
	b := d.browser(t, web.GET("/", d.plain), web.GET("/to", func(c *gin.Context) error { return web.To(c, "/") }),
		web.GET("/fail", func(*gin.Context) error { panic("x") }))
	b.Stay = true
	for _, path := range []string{"/", "/to", "/fail", "/nowhere", cssPath(t, d, b), "/assets/x/none.css"} {
		h := b.Get(path).Header
		want := map[string]string{
			"Content-Security-Policy": policy, "X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff",
			"Referrer-Policy": "same-origin", "X-UA-Compatible": "IE=edge", "Strict-Transport-Security": "", "Server": "",
		}
		if !strings.HasSuffix(path, "site.css") {
			want["Cache-Control"] = "no-store"
		}
		for name, value := range want {
			if got := h.Get(name); got != value {
				t.Errorf("%s: got %s %q, want %q", path, name, got, value)
			}
		}
	}
}

func TestEncryptedSiteStaysEncrypted(t *testing.T) {
	d := newDesk(t, func(o *web.Options) { o.TrustProxy = true })
	b := d.browser(t, web.GET("/", d.plain))
	b.Header.Set("X-Forwarded-Proto", "https")
	if got, want := b.Get("/").Header.Get("Strict-Transport-Security"), "max-age=31536000"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSoundsOnlyWhereTheSiteHasSome(t *testing.T) {
	d := newDesk(t, func(o *web.Options) { o.Sound = true })
	if got, want := d.browser(t).Get("/").Header.Get("Content-Security-Policy"), policy+"; media-src 'self'"; got != want {
		t.Errorf("got policy %q, want %q", got, want)
	}
}

func TestScriptsOnlyWhereTheSiteHasSome(t *testing.T) {
	d := newDesk(t, func(o *web.Options) { o.Script = true })
	if got, want := d.browser(t).Get("/").Header.Get("Content-Security-Policy"), policy+"; script-src 'self'"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// cssPath asks a page for the address of its style sheet.
func cssPath(t *testing.T, d *desk, _ *apptest.Client) string {
	t.Helper()
	probe := newDesk(t, with("templates/public/plain.html", `{{define "main"}}<i id="css">{{asset "site.css"}}</i>{{end}}`))
	return probe.browser(t, web.GET("/", probe.plain)).Get("/").Texts("#css")[0]
}

// tightSheet is the style sheet of the tests as it is sent.
var tightSheet = strings.Repeat("p{margin:0}", 200)

func TestAssetsAreCachedByTheirHash(t *testing.T) {
	d := newDesk(t)
	b := d.browser(t)
	path := cssPath(t, d, b)
	b.Header.Set("Accept-Encoding", "identity")
	plain := b.Get(path)
	if plain.Body != tightSheet {
		t.Error("got another body than the file's")
	}
	for name, want := range map[string]string{
		"Content-Type": "text/css; charset=utf-8", "Cache-Control": "public, max-age=31536000, immutable",
		"Vary": "Accept-Encoding", "Content-Encoding": "",
	} {
		if got := plain.Header.Get(name); got != want {
			t.Errorf("got %s %q, want %q", name, got, want)
		}
	}
	b.Header.Set("If-None-Match", plain.Header.Get("Etag"))
	if p := b.Get(path); p.Status != http.StatusNotModified || p.Body != "" {
		t.Errorf("got %d with %d bytes, want 304 with none", p.Status, len(p.Body))
	}
	b.Header.Del("If-None-Match")

	old := b.Get(strings.Replace(path, "/assets/", "/assets/0", 1))
	wantStatus(t, old, http.StatusOK)
	if got := old.Header.Get("Cache-Control"); got != "no-cache" {
		t.Errorf("got %q for another release's address, want no-cache", got)
	}
	image := b.Get(strings.Replace(path, "site.css", "img/dot.png", 1))
	if got := image.Header.Get("Content-Type"); got != "image/png" || image.Header.Get("Vary") != "" {
		t.Errorf("got type %q, want image/png as it is", got)
	}
}

func TestAssetsArePackedForThoseWhoCanUnpack(t *testing.T) {
	d := newDesk(t)
	b := d.browser(t)
	path := cssPath(t, d, b)
	for accept, packed := range map[string]bool{
		"gzip": true, "deflate, gzip;q=1.0": true, "br, GZIP ; q=0.5": true,
		"": false, "identity": false, "gzip;q=0": false, "gzip; q=0.000": false, "br": false,
	} {
		b.Header.Set("Accept-Encoding", accept)
		p := b.Get(path)
		if got := p.Header.Get("Content-Encoding") == "gzip"; got != packed {
			t.Errorf("%q: got packed = %v, want %v", accept, got, packed)
			continue
		}
		if !packed {
			continue
		}
		r, err := gzip.NewReader(strings.NewReader(p.Body))
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if string(body) != tightSheet {
			t.Errorf("%q: got another body than the file's", accept)
		}
	}
}

func TestOnlyAssetsAreServed(t *testing.T) {
	d := newDesk(t)
	b := d.browser(t)
	for _, path := range []string{
		"/assets/x/", "/assets/x/nothing.css", "/assets/x/img", "/assets/x/../templates/words/ja.json",
		"/assets/x/..%2ftemplates/words/ja.json", "/assets/x/%2e%2e/%2e%2e/etc/passwd", "/assets/", "/assets/x",
	} {
		wantStatus(t, b.Get(path), http.StatusNotFound)
	}
}

func TestFileToKeepHasItsJapaneseName(t *testing.T) {
	d := newDesk(t)
	b := d.browser(t, web.GET("/", func(c *gin.Context) error {
		return web.Send(c, "text/csv; charset=Shift_JIS", "list.csv", "予約 一覧.csv", []byte("a,b\r\n"))
	}))
	p := b.Get("/")
	want := `attachment; filename=list.csv; filename*=UTF-8''%E4%BA%88%E7%B4%84%20%E4%B8%80%E8%A6%A7.csv`
	if got := p.Header.Get("Content-Disposition"); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if p.Body != "a,b\r\n" {
		t.Errorf("got body %q", p.Body)
	}
}
