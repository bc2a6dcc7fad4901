package web_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/gin-gonic/gin"

	"madoguchi/app/apptest"
	"madoguchi/app/web"
	"madoguchi/store"
)

func token(t *testing.T, b *apptest.Client) string {
	t.Helper()
	for _, c := range b.Cookies() {
		if c.Name == "madoguchi_public" {
			return c.Value
		}
	}
	return ""
}

func signedIn(t *testing.T, d *desk, who string) *apptest.Client {
	t.Helper()
	b := d.browser(t, d.members()...)
	p := b.Get("/sign-in").Submit("/sign-in", url.Values{"name": {who}})
	wantText(t, p, "#said", who)
	return b
}

func TestPageWithoutFormNeedsNoSession(t *testing.T) {
	d := newDesk(t)
	p := d.browser(t, web.GET("/", d.plain)).Get("/")
	if got := p.Header.Get("Set-Cookie"); got != "" {
		t.Errorf("got cookie %q, want none", got)
	}
}

func TestFormAloneIsNotKept(t *testing.T) {
	d := newDesk(t)
	b := d.browser(t, d.members()...)
	b.Get("/sign-in")
	if token(t, b) == "" {
		t.Error("got no cookie, want one for the form's secret")
	}
	if got := d.rows(t, "session"); got != 0 {
		t.Errorf("got %d session rows, want 0", got)
	}
}

func TestCookieIsOutOfReach(t *testing.T) {
	for _, c := range []struct {
		sentence  string
		proxy     bool
		forwarded string
		want      string
	}{
		{"plain connection", false, "", "; Path=/; HttpOnly; SameSite=Lax"},
		{"a header that no proxy vouches for", false, "https", "; Path=/; HttpOnly; SameSite=Lax"},
		{"behind a proxy that speaks https", true, "https", "; Path=/; HttpOnly; Secure; SameSite=Lax"},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			d := newDesk(t, func(o *web.Options) { o.TrustProxy = c.proxy })
			b := d.browser(t, d.members()...)
			b.Header.Set("X-Forwarded-Proto", c.forwarded)
			got := b.Get("/sign-in").Header.Get("Set-Cookie")
			const before = len("madoguchi_public=") + 43
			if len(got) < before || got[:len("madoguchi_public=")] != "madoguchi_public=" || got[before:] != c.want {
				t.Errorf("got %q, want madoguchi_public=(43 characters)%s", got, c.want)
			}
		})
	}
}

func TestTableKeepsTheHashOnly(t *testing.T) {
	d := newDesk(t)
	b := signedIn(t, d, "ref-a")
	sum := sha256.Sum256([]byte(token(t, b)))
	apptest.Read(t, d.store, func(tx *store.Tx) error {
		got, err := store.All[string](tx, `SELECT token_hash FROM session`)
		if want := hex.EncodeToString(sum[:]); err == nil && (len(got) != 1 || got[0] != want) {
			t.Errorf("got %q, want only %q", got, want)
		}
		return err
	})
}

func TestSignInChangesTheToken(t *testing.T) {
	d := newDesk(t)
	b := d.browser(t, d.members()...)
	form := b.Get("/sign-in")
	before := token(t, b)
	form.Submit("/sign-in", url.Values{"name": {"ref-a"}})
	if after := token(t, b); after == before || after == "" {
		t.Fatalf("got token %q after sign-in, want a new one", after)
	}
	thief := b.Another()
	thief.SetCookies(&http.Cookie{Name: "madoguchi_public", Value: before})
	wantText(t, thief.Get("/"), "#said", "")
}

func TestSignInAgainRemovesTheOldRow(t *testing.T) {
	d := newDesk(t)
	b := signedIn(t, d, "ref-a")
	before := token(t, b)
	b.Get("/sign-in").Submit("/sign-in", url.Values{"name": {"ref-b"}})
	if got := d.rows(t, "session"); got != 1 {
		t.Errorf("got %d rows, want 1", got)
	}
	old := b.Another()
	old.SetCookies(&http.Cookie{Name: "madoguchi_public", Value: before})
	wantText(t, old.Get("/"), "#said", "")
}

func TestPlantedTokenNeverGetsARow(t *testing.T) {
	d := newDesk(t)
	b := d.browser(t, web.GET("/keep", func(c *gin.Context) error {
		d.Session(c).Set("who", "ref-a")
		return web.To(c, "/")
	}), web.GET("/", d.form("/")))
	planted := "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	b.SetCookies(&http.Cookie{Name: "madoguchi_public", Value: planted})
	wantText(t, b.Get("/keep"), "#said", "ref-a")
	if token(t, b) == planted {
		t.Error("the session took the token that someone else may know")
	}
}

func TestMisshapenCookieIsNoSession(t *testing.T) {
	d := newDesk(t)
	b := d.browser(t, d.members()...)
	for _, value := range []string{"x", "'; DROP TABLE session; --", "AAAA", "%00"} {
		b.Header.Set("Cookie", "madoguchi_public="+value)
		wantStatus(t, b.Get("/sign-in"), http.StatusOK)
	}
}

func TestSignOutEndsTheSession(t *testing.T) {
	d := newDesk(t)
	b := signedIn(t, d, "ref-a")
	before := token(t, b)
	p := b.Post("/sign-out", url.Values{"csrf": {secret(b.Get("/"))}})
	wantText(t, p, "#flash", "ja flash.session_expired")
	old := b.Another()
	old.SetCookies(&http.Cookie{Name: "madoguchi_public", Value: before})
	wantText(t, old.Get("/"), "#said", "")
	if got := d.rows(t, "session"); got != 0 {
		t.Errorf("got %d rows after the flash was read, want 0", got)
	}
}

func secret(p *apptest.Page) string {
	for _, n := range p.FindAll(`input[name="csrf"]`) {
		return apptest.Attr(n, "value")
	}
	return ""
}

func TestRequestUnderWayDoesNotBringASessionBack(t *testing.T) {
	d := newDesk(t)
	reached, goOn := make(chan bool), make(chan bool)
	slow := web.GET("/slow", func(c *gin.Context) error {
		reached <- true
		<-goOn
		d.Session(c).Set("place", "ref-b")
		return d.plain(c)
	})
	b := d.browser(t, append(d.members(), slow)...)
	home := b.Get("/sign-in").Submit("/sign-in", url.Values{"name": {"ref-a"}})
	kept := &http.Cookie{Name: "madoguchi_public", Value: token(t, b)}

	other := b.Another()
	other.SetCookies(kept)
	done := make(chan error)
	go func() {
		p, err := other.Try(http.MethodGet, "/slow", nil)
		if err == nil && p.Status != http.StatusOK {
			err = fmt.Errorf("got status %d, want 200", p.Status)
		}
		done <- err
	}()
	<-reached
	b.Post("/sign-out", url.Values{"csrf": {secret(home)}})
	goOn <- true
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	old := b.Another()
	old.SetCookies(kept)
	wantText(t, old.Get("/"), "#said", "")
}

func TestTabsDoNotOverwriteEachOther(t *testing.T) {
	d := newDesk(t)
	const tabs = 8
	var ready sync.WaitGroup
	ready.Add(tabs)
	keep := web.GET("/keep/:name", func(c *gin.Context) error {
		ready.Done()
		ready.Wait() // every tab has read the session before one writes
		d.Session(c).Set(c.Param("name"), "kept")
		return d.plain(c)
	})
	show := web.GET("/show", func(c *gin.Context) error {
		said := ""
		for i := range tabs {
			said += d.Session(c).Get(fmt.Sprint("tab", i))
		}
		return d.Show(c, http.StatusOK, "public/form.html", formPage{Base: d.Base(c, "home.title"), Said: said})
	})
	b := d.browser(t, append(d.members(), keep, show)...)
	b.Get("/sign-in").Submit("/sign-in", url.Values{"name": {"ref-a"}})
	var all sync.WaitGroup
	for i := range tabs {
		all.Go(func() {
			if _, err := b.Try(http.MethodGet, fmt.Sprint("/keep/tab", i), nil); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	wantText(t, b.Get("/show"), "#said", "keptkeptkeptkeptkeptkeptkeptkept")
}

func TestIdleSessionExpiresAndSaysSo(t *testing.T) {
	d := newDesk(t)
	b := signedIn(t, d, "ref-a")
	d.clock.Advance(idle)
	wantText(t, b.Get("/"), "#said", "ref-a")
	d.clock.Advance(idle + 2*time.Minute)
	p := b.Get("/")
	if p.Path != "/sign-in" {
		t.Fatalf("got %s, want /sign-in", p.Path)
	}
	wantText(t, p, "#flash", "ja flash.session_expired")
	wantText(t, b.Get("/sign-in"), "#flash", "")
	wantText(t, b.Get("/sign-in").Submit("/sign-in", url.Values{"name": {"ref-a"}}), "#said", "ref-a")
}

func TestVisitorWithoutSessionIsNotToldOfTime(t *testing.T) {
	d := newDesk(t)
	p := d.browser(t, d.members()...).Get("/")
	if p.Path != "/sign-in" {
		t.Fatalf("got %s, want /sign-in", p.Path)
	}
	wantText(t, p, "#flash", "")
}

func TestBusySessionEndsAfterTwelveHours(t *testing.T) {
	d := newDesk(t)
	b := signedIn(t, d, "ref-a")
	for range 11*3 + 2 {
		d.clock.Advance(20 * time.Minute)
		wantText(t, b.Get("/"), "#said", "ref-a")
	}
	d.clock.Advance(20 * time.Minute)
	if p := b.Get("/"); p.Path != "/sign-in" {
		t.Errorf("got %s after twelve hours, want /sign-in", p.Path)
	}
}

func TestShorterIdleTimeCountsAtOnce(t *testing.T) {
	limit := idle
	d := newDesk(t, func(o *web.Options) {
		o.Idle = func(*store.Tx) (time.Duration, error) { return limit, nil }
	})
	b := signedIn(t, d, "ref-a")
	limit = 5 * time.Minute
	d.clock.Advance(10 * time.Minute)
	if p := b.Get("/"); p.Path != "/sign-in" {
		t.Errorf("got %s, want /sign-in", p.Path)
	}
}

func TestRequestThatChangesNothingWritesNothing(t *testing.T) {
	d := newDesk(t)
	b := signedIn(t, d, "ref-a")
	before := d.store.LastCommit().Sequence
	for range 5 {
		d.clock.Advance(11 * time.Second)
		b.Get("/")
	}
	if got := d.store.LastCommit().Sequence - before; got != 0 {
		t.Errorf("got %d writes within a minute, want 0", got)
	}
	d.clock.Advance(11 * time.Second)
	b.Get("/")
	b.Get("/")
	if got := d.store.LastCommit().Sequence - before; got != 1 {
		t.Errorf("got %d writes after a minute, want 1", got)
	}
}

func TestSitesDoNotShareSessions(t *testing.T) {
	d := newDesk(t)
	b := signedIn(t, d, "ref-a")
	apptest.Write(t, d.store, func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE session SET site = 'console'`)
		return err
	})
	if p := b.Get("/"); p.Path != "/sign-in" {
		t.Errorf("got %s with a token of the other site, want /sign-in", p.Path)
	}
}

func TestFailedRequestTakesSessionBack(t *testing.T) {
	d := newDesk(t)
	b := d.browser(t, append(d.members(), web.GET("/fail", func(c *gin.Context) error {
		d.Session(c).Set("who", "ref-z")
		return fmt.Errorf("no")
	}))...)
	b.Get("/sign-in").Submit("/sign-in", url.Values{"name": {"ref-a"}})
	wantStatus(t, b.Get("/fail"), http.StatusInternalServerError)
	wantText(t, b.Get("/"), "#said", "ref-a")
}

func TestDeleteExpiredKeepsADay(t *testing.T) {
	d := newDesk(t)
	signedIn(t, d, "ref-a")
	apptest.Write(t, d.store, func(tx *store.Tx) error {
		_, err := tx.Exec(`INSERT INTO form_token (token, result, made_at) VALUES ('k', '/', ?)`, tx.Now)
		return err
	})
	remove := func() (n int64) {
		apptest.Write(t, d.store, func(tx *store.Tx) (err error) {
			n, err = web.DeleteExpired(tx)
			return err
		})
		return n
	}
	d.clock.Advance(23 * time.Hour)
	if got := remove(); got != 0 {
		t.Errorf("got %d rows deleted within the day, want 0", got)
	}
	d.clock.Advance(2 * time.Hour)
	if got := remove(); got != 2 {
		t.Errorf("got %d rows deleted after it, want 2", got)
	}
}
