package web_test

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"log/slog"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/gin-gonic/gin"

	"madoguchi/app/apptest"
	"madoguchi/app/web"
	"madoguchi/store"
)

// journal is a log that several goroutines write to.
type journal struct {
	mu      sync.Mutex
	buf     bytes.Buffer
	written chan bool // gets a value with each line, if anyone waits
}

func (j *journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	select {
	case j.written <- true:
	default:
	}
	return j.buf.Write(b)
}

// await returns the log as soon as it has a line.
func (j *journal) await() string {
	for j.String() == "" {
		<-j.written
	}
	return j.String()
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.buf.String()
}

// sentences gives every sentence of web a text that tells its key, in each language.
func sentences(language string, more map[string]string) *fstest.MapFile {
	all := map[string]string{}
	for _, key := range web.Keys() {
		all[key] = language + " " + key
	}
	all["error.request"] = "number {request}"
	maps.Copy(all, more)
	text, err := json.Marshal(all)
	if err != nil {
		panic(err)
	}
	return &fstest.MapFile{Data: text}
}

func files() fstest.MapFS {
	page := func(main string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte(`{{define "main"}}` + main + `{{end}}`)}
	}
	titles := map[string]string{"home.title": "Home", "problem.test_refused": "refused because of {why}", "form.needed": "needed"}
	return fstest.MapFS{
		"templates/words/ja.json":      sentences("ja", titles),
		"templates/words/ja-easy.json": sentences("ja-easy", titles),
		"templates/words/en.json":      sentences("en", titles),
		"templates/words/vi.json":      sentences("vi", titles),
		"templates/words/id.json":      sentences("id", titles),
		"templates/layout/public.html": &fstest.MapFile{Data: []byte(`{{define "layout"}}<!DOCTYPE html><html lang="{{.Lang}}"><head><title>{{.PageTitle}}</title></head>` +
			`<body><p id="flash">{{.Flash}}</p>{{range .LanguageLinks}}<a lang="{{.Lang}}" href="{{.Href}}"{{if .Current}} aria-current="true"{{end}}>{{.Name}}</a>{{end}}{{template "main" .}}</body></html>{{end}}`)},
		"templates/parts/tokens.html":  &fstest.MapFile{Data: []byte(`{{define "tokens"}}<input type="hidden" name="csrf" value="{{.CSRF}}"><input type="hidden" name="once" value="{{.Once}}">{{end}}`)},
		"templates/public/plain.html":  page(`<h1>{{.Title}}</h1>`),
		"templates/public/form.html":   page(`<form method="post" action="{{.Path .Action}}">{{template "tokens" .}}<input name="name" value="{{.Name}}"></form><p id="said">{{.Said}}</p>`),
		"templates/public/broken.html": page(`<p>the first half</p>{{.Missing}}`),
		"templates/public/error.html":  page(`<h1>{{.Heading}}</h1><p id="text">{{.Text}}</p><p id="request">{{.Request}}</p><a id="back" href="{{.Back}}">back</a>` + strings.Repeat(" ", 512)),
		"assets/site.css":              &fstest.MapFile{Data: []byte(strings.Repeat("p { margin: 0; }\n", 200))},
		"assets/img/dot.png":           &fstest.MapFile{Data: []byte("\x89PNG tiny")},
	}
}

type formPage struct {
	web.Base
	Action, Name, Said string
}

// desk is a site with a store, a clock and a log of its own.
type desk struct {
	*web.Site
	store   *store.Store
	clock   *apptest.Clock
	log     *journal
	options web.Options
}

const idle = 30 * time.Minute

func newDesk(t *testing.T, change ...func(*web.Options)) *desk {
	t.Helper()
	st, clock := apptest.Store(t)
	d := &desk{store: st, clock: clock, log: &journal{written: make(chan bool, 1)}}
	d.options = web.Options{
		Name: "public", Store: st, Files: files(), Log: slog.New(slog.NewJSONHandler(d.log, nil)),
		Idle:       func(*store.Tx) (time.Duration, error) { return idle, nil },
		SignInPath: "/sign-in",
	}
	for _, f := range change {
		f(&d.options)
	}
	site, err := web.New(d.options)
	if err != nil {
		t.Fatal(err)
	}
	d.Site = site
	return d
}

func with(name, text string) func(*web.Options) {
	return func(o *web.Options) {
		all := fstest.MapFS{}
		maps.Copy(all, o.Files.(fstest.MapFS))
		all[name] = &fstest.MapFile{Data: []byte(text)}
		o.Files = fs.FS(all)
	}
}

func (d *desk) engine(routes ...web.Route) *gin.Engine {
	e := web.NewEngine(d.Site)
	d.Mount(e, "", routes...)
	return e
}

func (d *desk) browser(t *testing.T, routes ...web.Route) *apptest.Client {
	t.Helper()
	return apptest.NewClient(t, d.engine(routes...))
}

// form answers GET with a form that posts to action; it shows what the session says.
func (d *desk) form(action string) web.Handler {
	return func(c *gin.Context) error {
		p := formPage{Base: d.Base(c, "home.title"), Action: action, Said: d.Session(c).Get("who")}
		return d.Show(c, http.StatusOK, "public/form.html", p)
	}
}

func (d *desk) plain(c *gin.Context) error {
	return d.Show(c, http.StatusOK, "public/plain.html", d.Base(c, "home.title"))
}

// signIn keeps who was typed under a new token.
func (d *desk) signIn(c *gin.Context) error {
	s := d.Session(c)
	s.Renew()
	s.Set("who", c.PostForm("name"))
	return web.To(c, "/")
}

func (d *desk) signOut(c *gin.Context) error {
	s := d.Session(c)
	s.End()
	s.Flash("session_expired")
	return web.To(c, "/sign-in")
}

// home is for those who have signed in.
func (d *desk) home(c *gin.Context) error {
	if d.Session(c).Get("who") == "" {
		return web.SignInNeeded
	}
	return d.form("/")(c)
}

// members are the routes of a site with a sign-in.
func (d *desk) members() []web.Route {
	return []web.Route{
		web.GET("/sign-in", d.form("/sign-in")),
		web.POST("/sign-in", d.signIn),
		web.POST("/sign-out", d.signOut),
		web.GET("/", d.home),
	}
}

func (d *desk) rows(t *testing.T, table string) int {
	t.Helper()
	var n int
	apptest.Read(t, d.store, func(tx *store.Tx) (err error) {
		n, err = store.One[int](tx, `SELECT count(*) FROM `+table)
		return err
	})
	return n
}

func wantText(t *testing.T, p *apptest.Page, selector, want string) {
	t.Helper()
	if got := strings.Join(p.Texts(selector), "|"); got != want {
		t.Errorf("%s on %s: got %q, want %q", selector, p.Path, got, want)
	}
}

func wantStatus(t *testing.T, p *apptest.Page, want int) {
	t.Helper()
	if p.Status != want {
		t.Errorf("%s: got status %d, want %d", p.Path, p.Status, want)
	}
}
