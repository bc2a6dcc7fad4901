package web_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"madoguchi/app/apptest"
	"madoguchi/app/web"
)

// counting is a form and what it does, with a count of how often that was.
func counting(d *desk) (ran *int, routes []web.Route) {
	ran = new(int)
	return ran, []web.Route{
		web.GET("/do", d.form("/do")),
		web.POST("/do", func(c *gin.Context) error { *ran++; return web.To(c, "/do") }),
	}
}

func TestFormNeedsTheTokenOfItsSession(t *testing.T) {
	good := func(v url.Values) {}
	for _, c := range []struct {
		sentence string
		values   func(url.Values)
		header   map[string]string
		passes   bool
	}{
		{"token, no headers (IE mode)", good, nil, true},
		{"token, own origin", good, map[string]string{"Origin": "own", "Sec-Fetch-Site": "same-origin"}, true},
		{"token, origin null", good, map[string]string{"Origin": "null"}, true},
		{"token, address typed", good, map[string]string{"Sec-Fetch-Site": "none"}, true},
		{"no token", func(v url.Values) { v.Del("csrf") }, nil, false},
		{"empty token", func(v url.Values) { v.Set("csrf", "") }, nil, false},
		{"wrong token", func(v url.Values) { v.Set("csrf", v.Get("csrf")[1:]+"A") }, nil, false},
		{"token, another site's origin", good, map[string]string{"Origin": "https://evil.example"}, false},
		{"token, misshapen origin", good, map[string]string{"Origin": "://"}, false},
		{"token, from another site", good, map[string]string{"Sec-Fetch-Site": "cross-site"}, false},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			d := newDesk(t)
			ran, routes := counting(d)
			b := d.browser(t, routes...)
			_, _, values := b.Get("/do").Fill("/do", nil)
			c.values(values)
			for name, value := range c.header {
				b.Header.Set(name, strings.Replace(value, "own", b.URL(""), 1))
			}
			p := b.Post("/do", values)
			if passed := *ran == 1; passed != c.passes {
				t.Fatalf("handler ran %d times (status %d), want passes = %v", *ran, p.Status, c.passes)
			}
			if !c.passes {
				wantRefused(t, p)
			}
		})
	}
}

func wantRefused(t *testing.T, p *apptest.Page) {
	t.Helper()
	wantStatus(t, p, http.StatusForbidden)
	wantText(t, p, "#text", "ja problem.form_expired")
	if got := apptest.Attr(p.FindAll("#back")[0], "href"); got != "/do" {
		t.Errorf("got link back to %q, want /do", got)
	}
	if len(p.Body) <= 512 {
		t.Errorf("got a page of %d bytes, want more than 512", len(p.Body))
	}
}

func TestTokenOfAnotherSessionIsRefused(t *testing.T) {
	d := newDesk(t)
	ran, routes := counting(d)
	b := d.browser(t, routes...)
	_, _, theirs := b.Another().Get("/do").Fill("/do", nil)
	b.Get("/do")
	wantRefused(t, b.Post("/do", theirs))
	if *ran != 0 {
		t.Errorf("handler ran %d times, want 0", *ran)
	}
}

func TestTokenWithoutCookieIsRefused(t *testing.T) {
	d := newDesk(t)
	_, routes := counting(d)
	b := d.browser(t, routes...)
	_, _, values := b.Get("/do").Fill("/do", nil)
	wantRefused(t, b.Another().Post("/do", values))
}

func TestTokenChangesAtSignIn(t *testing.T) {
	d := newDesk(t)
	b := d.browser(t, d.members()...)
	before := secret(b.Get("/sign-in"))
	home := b.Get("/sign-in").Submit("/sign-in", url.Values{"name": {"ref-a"}})
	if after := secret(home); after == before || after == "" {
		t.Errorf("got token %q after sign-in, want a new one", after)
	}
	wantStatus(t, b.Post("/sign-out", url.Values{"csrf": {before}}), http.StatusForbidden)
}

func TestSignInFormSurvivesALongPause(t *testing.T) {
	d := newDesk(t)
	b := d.browser(t, d.members()...)
	form := b.Get("/sign-in")
	d.clock.Advance(3 * idle)
	wantText(t, form.Submit("/sign-in", url.Values{"name": {"ref-a"}}), "#said", "ref-a")
}

func TestBodyHasALimit(t *testing.T) {
	d := newDesk(t, func(o *web.Options) { o.MaxBody = 2000 })
	ran, routes := counting(d)
	routes = append(routes, web.GET("/large", d.form("/large")),
		web.POST("/large", func(c *gin.Context) error { return web.To(c, "/large") }).Limit(5000))
	b := d.browser(t, routes...)
	p := b.Get("/do").Submit("/do", url.Values{"name": {strings.Repeat("a", 3000)}})
	wantStatus(t, p, http.StatusRequestEntityTooLarge)
	wantText(t, p, "h1", "ja error.413.title")
	if *ran != 0 {
		t.Errorf("handler ran %d times, want 0", *ran)
	}
	wantStatus(t, b.Get("/large").Submit("/large", url.Values{"name": {strings.Repeat("a", 3000)}}), http.StatusOK)
}

func TestFormWithThousandsOfValuesIsRefused(t *testing.T) {
	d := newDesk(t)
	ran, routes := counting(d)
	b := d.browser(t, routes...)
	_, _, values := b.Get("/do").Fill("/do", nil)
	values["x"] = make([]string, 3000)
	wantStatus(t, b.Post("/do", values), http.StatusUnprocessableEntity)
	if *ran != 0 {
		t.Errorf("handler ran %d times, want 0", *ran)
	}
}

func TestUploadIsReadInMemory(t *testing.T) {
	d := newDesk(t)
	var got []web.File
	b := d.browser(t, web.GET("/do", d.form("/do")), web.POST("/do", func(c *gin.Context) (err error) {
		got, err = web.ReadFiles(c, "sheet")
		return err
	}))
	_, _, values := b.Get("/do").Fill("/do", nil)
	var body bytes.Buffer
	w := multipart.NewWriter(&body)
	part, err := w.CreateFormFile("sheet", "一覧.png")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := part.Write([]byte("image")); err != nil {
		t.Fatal(err)
	}
	if err := w.WriteField("csrf", values.Get("csrf")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, b.URL("/do"), &body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", w.FormDataContentType())
	p, err := b.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, p, http.StatusOK)
	if len(got) != 1 || got[0].Name != "一覧.png" || string(got[0].Body) != "image" {
		t.Errorf("got %q, want the one file", got)
	}
}

func TestWhatIsNoFormIsRefused(t *testing.T) {
	d := newDesk(t)
	_, routes := counting(d)
	b := d.browser(t, routes...)
	b.Get("/do")
	for kind, body := range map[string]string{
		"application/x-www-form-urlencoded":  "csrf=%zz",
		"multipart/form-data; boundary=xxxx": "--xxxx\r\nbroken",
		"multipart/form-data":                "no boundary",
		"application/json":                   `{"csrf": "x"}`,
		"":                                   "\x00\xff",
	} {
		r, err := http.NewRequest(http.MethodPost, b.URL("/do"), strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", kind)
		p, err := b.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		if p.Status != http.StatusUnprocessableEntity && p.Status != http.StatusForbidden {
			t.Errorf("%s: got status %d, want 422 or 403", kind, p.Status)
		}
	}
}
