package web_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"

	"madoguchi/app/problem"
	"madoguchi/app/web"
	"madoguchi/store"
)

func TestEveryErrorIsAFullPageWithItsStatus(t *testing.T) {
	kind := func(k problem.Kind) error { return &problem.Problem{Kind: k, Code: "unsaid"} }
	for _, c := range []struct {
		sentence string
		err      error
		status   int
		text     string
	}{
		{"invalid", kind(problem.Invalid), 422, "ja error.422.text"},
		{"forbidden", kind(problem.Forbidden), 403, "ja error.403.text"},
		{"not found", kind(problem.NotFound), 404, "ja error.404.text"},
		{"conflict", kind(problem.Conflict), 409, "ja error.409.text"},
		{"conflict with a sentence", errRefused.With("why", "<rain>"), 409, "refused because of <rain>"},
		{"busy", kind(problem.Busy), 503, "ja error.503.text"},
		{"wrapped problem", fmt.Errorf("open slot plan: %w", errRefused.With("why", "rain")), 409, "refused because of rain"},
		{"no such row", fmt.Errorf("read card: %w", store.ErrNotFound), 404, "ja error.404.text"},
		{"store closed", store.ErrClosed, 503, "ja error.503.text"},
		{"waited too long", context.DeadlineExceeded, 503, "ja error.503.text"},
		{"canceled by ourselves", context.Canceled, 500, "ja error.500.text"},
		{"anything else", errors.New("disk on fire"), 500, "ja error.500.text"},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			d := newDesk(t)
			b := d.browser(t, web.GET("/", func(gc *gin.Context) error {
				gc.Header("Content-Disposition", "attachment")
				gc.String(http.StatusOK, "half of an answer")
				return c.err
			}))
			p := b.Get("/")
			wantStatus(t, p, c.status)
			wantText(t, p, "#text", c.text)
			if len(p.Body) <= 512 || strings.Contains(p.Body, "half of an answer") || p.Header.Get("Content-Disposition") != "" {
				t.Errorf("got %d bytes, want a full page and nothing of what came before", len(p.Body))
			}
			if got := p.Header.Get("Retry-After"); (got != "") != (c.status == 503) {
				t.Errorf("got Retry-After %q with %d", got, c.status)
			}
			if got := p.Header.Get("Content-Type"); got != "text/html; charset=utf-8" {
				t.Errorf("got %q, want text/html; charset=utf-8", got)
			}
		})
	}
}

var number = regexp.MustCompile(`^[2-9a-hjkmnp-z]{8}$`)

func TestFaultTellsTheNumberThatTheLogHas(t *testing.T) {
	for _, c := range []struct {
		sentence string
		handle   web.Handler
		logged   string
	}{
		{"an error", func(*gin.Context) error { return fmt.Errorf("read copies: %w", errors.New("disk on fire")) }, "read copies: disk on fire"},
		{"a panic", func(*gin.Context) error { panic("nobody thought of this") }, "errors_test.go"},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			d := newDesk(t)
			p := d.browser(t, web.GET("/", c.handle)).Get("/")
			wantStatus(t, p, http.StatusInternalServerError)
			shown := p.Texts("#request")[0]
			if !number.MatchString(shown) {
				t.Errorf("got request number %q", shown)
			}
			if strings.Contains(p.Body, "fire") || strings.Contains(p.Body, "goroutine") {
				t.Errorf("the page tells what belongs in the log:\n%s", p.Body)
			}
			for _, want := range []string{`"request":"` + shown + `"`, `"level":"ERROR"`, c.logged} {
				if !strings.Contains(d.log.String(), want) {
					t.Errorf("got log %s, want it to contain %s", d.log, want)
				}
			}
		})
	}
}

func TestPageIsSentWholeOrNotAtAll(t *testing.T) {
	d := newDesk(t)
	p := d.browser(t, web.GET("/", func(c *gin.Context) error {
		return d.Show(c, http.StatusOK, "public/broken.html", d.Base(c, "home.title"))
	})).Get("/")
	wantStatus(t, p, http.StatusInternalServerError)
	if strings.Contains(p.Body, "the first half") {
		t.Error("half of the page was sent")
	}
}

func TestBrokenErrorPageStillTellsTheNumber(t *testing.T) {
	d := newDesk(t, with("templates/public/error.html", `{{define "main"}}{{.Nothing}}{{end}}`))
	p := d.browser(t, web.GET("/", func(*gin.Context) error { return errors.New("x") })).Get("/")
	wantStatus(t, p, http.StatusInternalServerError)
	wantText(t, p, "h1", "ja error.500.title")
	if got := regexp.MustCompile(`<p>number ([^<]*)`).FindStringSubmatch(p.Body); got == nil || !number.MatchString(got[1]) || !strings.Contains(d.log.String(), got[1]) {
		t.Errorf("got %q, want the number of the log %s", got, d.log)
	}
	if len(p.Body) <= 512 {
		t.Errorf("got %d bytes, want more than 512", len(p.Body))
	}
}

func TestSiteMayPutErrorsOnItsOwnPage(t *testing.T) {
	type own struct {
		web.ErrorPage
		Town string
	}
	d := newDesk(t, with("templates/public/error.html", `{{define "main"}}<p id="town">{{.Town}}</p><p id="text">{{.Text}}</p>{{end}}`),
		func(o *web.Options) {
			o.ErrorPage = func(_ *gin.Context, p web.ErrorPage) any { return own{ErrorPage: p, Town: "南部町"} }
		})
	p := d.browser(t).Get("/nowhere")
	wantText(t, p, "#town", "南部町")
	wantText(t, p, "#text", "ja error.404.text")
}

func TestMethodsThatNothingAnswersAreRefused(t *testing.T) {
	d := newDesk(t)
	b := d.browser(t, web.GET("/", d.plain), web.POST("/do", d.signOut))
	for _, c := range []struct{ method, path, allow string }{
		{http.MethodTrace, "/", "GET, HEAD, POST"},
		{http.MethodTrace, "/nowhere", "GET, HEAD, POST"},
		{http.MethodPut, "/", "GET, HEAD, POST"},
		{http.MethodDelete, "/", "GET, HEAD, POST"},
		{http.MethodOptions, "/", "GET, HEAD, POST"},
		{"BREW", "/", "GET, HEAD, POST"},
		{http.MethodPost, "/", "GET, HEAD"},
		{http.MethodGet, "/do", "POST"},
	} {
		p, err := b.Try(c.method, c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		wantStatus(t, p, http.StatusMethodNotAllowed)
		wantText(t, p, "h1", "ja error.405.title")
		if got := p.Header.Get("Allow"); got != c.allow {
			t.Errorf("%s %s: got Allow %q, want %q", c.method, c.path, got, c.allow)
		}
	}
}

func TestHeadAnswersWithoutBody(t *testing.T) {
	d := newDesk(t)
	b := d.browser(t, web.GET("/", d.plain))
	p, err := b.Try(http.MethodHead, "/", nil)
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, p, http.StatusOK)
	if p.Body != "" || p.Header.Get("Content-Length") == "0" {
		t.Errorf("got %q with length %s, want the page's length alone", p.Body, p.Header.Get("Content-Length"))
	}
}

func TestPersonWhoLeftIsNoFault(t *testing.T) {
	d := newDesk(t)
	reached, ended := make(chan bool), make(chan bool)
	b := d.browser(t, web.GET("/", func(c *gin.Context) error {
		reached <- true
		<-c.Done()
		defer close(ended)
		return d.store.Read(c, func(tx *store.Tx) error {
			return c.Err()
		})
	}))
	ctx, leave := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, b.URL("/"), nil)
	if err != nil {
		t.Fatal(err)
	}
	answered := make(chan error)
	go func() {
		_, err := b.Do(r)
		answered <- err
	}()
	<-reached
	leave()
	if err := <-answered; !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want context canceled", err)
	}
	<-ended
	if got := d.log.await(); strings.Contains(got, "ERROR") || !strings.Contains(got, `"status":499`) {
		t.Errorf("got log %s, want one quiet line with 499", got)
	}
}
