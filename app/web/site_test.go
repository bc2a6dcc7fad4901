package web_test

import (
	"io/fs"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gin-gonic/gin"

	"madoguchi/app/apptest"
	"madoguchi/app/web"
	"madoguchi/store"
)

func TestBrokenFilesAreFoundAtStart(t *testing.T) {
	st, _ := apptest.Store(t)
	for _, c := range []struct{ sentence, name, text string }{
		{"template that does not parse", "templates/public/plain.html", `{{define "main"}}{{if}}{{end}}`},
		{"template that calls what is not there", "templates/public/plain.html", `{{define "main"}}{{shout "x"}}{{end}}`},
		{"page without main", "templates/public/plain.html", `<p>lost</p>`},
		{"layout without layout", "templates/layout/public.html", `<p>lost</p>`},
		{"part that does not parse", "templates/parts/tokens.html", `{{`},
		{"catalogue that does not parse", "templates/words/en.json", `{`},
		{"asset of an unknown kind", "assets/run.exe", `MZ`},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			o := web.Options{Name: "public", Store: st, Files: files(), Idle: func(*store.Tx) (time.Duration, error) { return idle, nil }}
			if _, err := web.New(o); err != nil {
				t.Fatalf("got %v before anything is broken", err)
			}
			with(c.name, c.text)(&o)
			if _, err := web.New(o); err == nil {
				t.Error("got no error")
			}
		})
	}
	if _, err := web.New(web.Options{Name: "public"}); err == nil {
		t.Error("got no error for a site without store and files")
	}
	_, err := web.New(web.Options{Name: "console", Store: st, Files: fs.FS(fstest.MapFS{}), Idle: func(*store.Tx) (time.Duration, error) { return idle, nil }})
	if err == nil {
		t.Error("got no error for a site without files")
	}
}

func TestLogHoldsNothingOfAnyPerson(t *testing.T) {
	d := newDesk(t)
	b := d.browser(t, append(d.members(),
		web.GET("/people/:name", d.plain),
		web.GET("/twice", d.form("/twice")),
		web.POST("/twice", func(*gin.Context) error { panic("boom") }),
		web.GET("/search", func(c *gin.Context) error {
			return d.store.Read(c, func(tx *store.Tx) error {
				_, err := store.One[string](tx, `SELECT nothing FROM nowhere WHERE name = ?`, web.ReadForm(c, "q").Value("q"))
				return err
			})
		}))...)
	const name = "Nanbu-Hanako"
	b.Header.Set("Referer", b.URL("/people/"+name))
	b.Header.Set("User-Agent", name)
	b.Header.Set("X-Forwarded-For", name)
	b.Get("/sign-in").Submit("/sign-in", url.Values{"name": {name}})
	b.Get("/people/" + name + "?name=" + name)
	b.Get("/nowhere/" + name)
	wantStatus(t, b.Get("/search?q="+name), http.StatusInternalServerError)
	wantStatus(t, b.Get("/twice").Submit("/twice", url.Values{"name": {name}}), http.StatusInternalServerError)
	b.Post("/sign-in", url.Values{"name": {name}, "bad%" + name: {"%zz"}})
	if p, err := b.Try(strings.ToUpper(strings.ReplaceAll(name, "-", "")), "/", nil); err != nil || p.Status != http.StatusMethodNotAllowed {
		t.Fatalf("got %v, %v", p, err)
	}
	log := d.log.String()
	if strings.Contains(strings.ToLower(log), "hanako") || strings.Contains(log, token(t, b)) {
		t.Errorf("the log tells who it was:\n%s", log)
	}
	for _, want := range []string{`"route":"/people/:name"`, `"route":"-"`, `"method":"other"`, `"status":303`, `"route":"/twice"`} {
		if !strings.Contains(log, want) {
			t.Errorf("got log %s, want it to contain %s", log, want)
		}
	}
}

func TestRequestNumberIsTheSameEverywhere(t *testing.T) {
	d := newDesk(t)
	var got string
	b := d.browser(t, web.GET("/", func(c *gin.Context) error {
		got = web.RequestNumber(c)
		return d.plain(c)
	}))
	b.Get("/")
	first := got
	if !number.MatchString(first) || !strings.Contains(d.log.String(), `"request":"`+first+`"`) {
		t.Errorf("got number %q and log %s", first, d.log)
	}
	b.Get("/")
	if got == first {
		t.Errorf("got %q twice, want a number for each request", got)
	}
}

func TestStoreThatIsClosedMeansBusy(t *testing.T) {
	d := newDesk(t)
	b := signedIn(t, d, "ref-a")
	if err := d.store.Close(); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, b.Get("/"), http.StatusServiceUnavailable)
}

func TestSlowConnectionsEnd(t *testing.T) {
	s := web.NewServer(http.NotFoundHandler(), slog.New(slog.NewTextHandler(&journal{}, nil)))
	for name, got := range map[string]time.Duration{
		"ReadHeaderTimeout": s.ReadHeaderTimeout, "ReadTimeout": s.ReadTimeout,
		"WriteTimeout": s.WriteTimeout, "IdleTimeout": s.IdleTimeout,
	} {
		if got <= 0 || got > 5*time.Minute {
			t.Errorf("got %s %v, want a limit", name, got)
		}
	}
	if s.MaxHeaderBytes <= 0 || s.ErrorLog == nil {
		t.Error("headers have no limit, or errors no log")
	}
}
