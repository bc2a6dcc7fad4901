package web_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"madoguchi/app/apptest"
	"madoguchi/app/web"
)

// inEveryLanguage mounts the routes as the public site does.
func inEveryLanguage(t *testing.T, d *desk, routes ...web.Route) *apptest.Client {
	t.Helper()
	e := web.NewEngine(d.Site)
	for _, l := range web.Languages() {
		d.Mount(e, l.Prefix, routes...)
	}
	return apptest.NewClient(t, e)
}

func TestLanguageComesFromThePath(t *testing.T) {
	d := newDesk(t, with("templates/public/plain.html", `{{define "main"}}<p id="text">{{.T "error.404.text"}}</p><p id="path">{{.Path "/"}} {{.Path "/a"}}</p>{{end}}`))
	b := inEveryLanguage(t, d, web.GET("/", d.plain), web.GET("/a", d.plain))
	for _, c := range []struct{ path, lang, text, paths string }{
		{"/", "ja", "ja error.404.text", "/ /a"},
		{"/a", "ja", "ja error.404.text", "/ /a"},
		{"/easy", "ja", "ja-easy error.404.text", "/easy /easy/a"},
		{"/easy/", "ja", "ja-easy error.404.text", "/easy /easy/a"},
		{"/en", "en", "en error.404.text", "/en /en/a"},
		{"/en/a", "en", "en error.404.text", "/en /en/a"},
	} {
		p := b.Get(c.path)
		wantText(t, p, "#text", c.text)
		wantText(t, p, "#path", c.paths)
		if got := apptest.Attr(p.FindAll("html")[0], "lang"); got != c.lang {
			t.Errorf("%s: got lang %q, want %q", c.path, got, c.lang)
		}
	}
	for path, want := range map[string]string{"/nowhere": "ja", "/easy/nowhere": "ja-easy", "/en/nowhere": "en", "/english": "ja"} {
		p := b.Get(path)
		wantStatus(t, p, http.StatusNotFound)
		wantText(t, p, "h1", want+" error.404.title")
	}
}

func TestLanguageLinksLeadToTheSamePage(t *testing.T) {
	d := newDesk(t)
	b := inEveryLanguage(t, d, web.GET("/", d.plain), web.GET("/days/:venue", d.plain))
	for path, want := range map[string]string{
		"/en/days/a%20b?from=2026-12-01&q=%E5%8D%97": "/days/a%20b?from=2026-12-01&q=%E5%8D%97|/furigana/days/a%20b?from=2026-12-01&q=%E5%8D%97|/easy/days/a%20b?from=2026-12-01&q=%E5%8D%97|" +
			"/en/days/a%20b?from=2026-12-01&q=%E5%8D%97*|/vi/days/a%20b?from=2026-12-01&q=%E5%8D%97|/id/days/a%20b?from=2026-12-01&q=%E5%8D%97",
		"/":     "/*|/furigana|/easy|/en|/vi|/id",
		"/easy": "/|/furigana|/easy*|/en|/vi|/id",
	} {
		var got []string
		for _, a := range b.Get(path).FindAll("body a") {
			href := apptest.Attr(a, "href")
			if apptest.HasAttr(a, "aria-current") {
				href += "*"
			}
			got = append(got, href)
		}
		if text := strings.Join(got, "|"); text != want {
			t.Errorf("%s: got %s, want %s", path, text, want)
		}
	}
	single := newDesk(t)
	if got := single.browser(t, web.GET("/", single.plain)).Get("/").FindAll("body a"); len(got) != 0 {
		t.Errorf("got %d links on a site with one language, want none", len(got))
	}
}

func TestRedirectStaysInTheLanguageAndOnTheSite(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct{ to, location string }{
		{"/a", "/en/a"},
		{"/", "/en"},
		{"/a?b=c", "/en/a?b=c"},
		{"//evil.example", ""},
		{"https://evil.example", ""},
		{"/\\evil.example", ""},
		{"/a\r\nSet-Cookie: x=y", ""},
		{"", ""},
	} {
		b := inEveryLanguage(t, d, web.GET("/go", func(c2 *gin.Context) error { return web.To(c2, c.to) }))
		b.Stay = true
		p := b.Get("/en/go")
		want := http.StatusSeeOther
		if c.location == "" {
			want = http.StatusInternalServerError
		}
		wantStatus(t, p, want)
		if got := p.Header.Get("Location"); got != c.location {
			t.Errorf("%q: got location %q, want %q", c.to, got, c.location)
		}
	}
}

func TestRefusedFormSaysSoInTheTitle(t *testing.T) {
	d := newDesk(t)
	b := d.browser(t, web.GET("/", func(c *gin.Context) error {
		f := web.ReadForm(c, "name")
		if f.Value("name") == "" {
			f.Fail("name", "needed")
		}
		return d.Show(c, http.StatusOK, "public/plain.html", d.Base(c, "home.title").With(f))
	}))
	if got, want := b.Get("/").Title(), "ja error.prefixHome"; got != want {
		t.Errorf("got title %q, want %q", got, want)
	}
	if got := b.Get("/?name=x").Title(); got != "Home" {
		t.Errorf("got title %q, want Home", got)
	}
}

func TestEachFormGetsItsOwnOnce(t *testing.T) {
	d := newDesk(t, with("templates/public/plain.html", `{{define "main"}}<p>{{.Once}}</p><p>{{.Once}}</p>{{end}}`))
	p := d.browser(t, web.GET("/", d.plain)).Get("/")
	if got := p.Texts("body p"); len(got) != 3 || got[1] == got[2] || len(got[1]) != 43 {
		t.Errorf("got %q, want two different tokens", got)
	}
}
