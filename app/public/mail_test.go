package public

import (
	"log/slog"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/booking"
	"madoguchi/app/mail"
	"madoguchi/app/web"
	"madoguchi/store"
)

// withMail opens the site again with a mail server, and the outbox that talks to it.
func (w *town) withMail() (*mail.Outbox, *apptest.MailServer) {
	w.Helper()
	options := Options{Options: web.Options{Store: w.st, Files: apptest.Files(), Log: slog.New(slog.DiscardHandler)}, Mail: true}
	handler, err := New(options)
	if err != nil {
		w.Fatal(err)
	}
	w.client = apptest.NewClient(w.T, handler)
	letters, err := mail.LoadLetters(apptest.Files())
	if err != nil {
		w.Fatal(err)
	}
	server := apptest.NewMailServer(w.T, apptest.MailServerOptions{})
	prefix := func(code string) string {
		for _, l := range web.Languages() {
			if l.Code == code {
				return l.Prefix
			}
		}
		return ""
	}
	return &mail.Outbox{
		Store: w.st, Letters: letters, Site: "https://yoyaku.example.jp", Content: booking.Letter, Prefix: prefix, Log: slog.New(slog.DiscardHandler),
		Server: &mail.Server{Host: server.Host, Port: server.Port, TLS: mail.NoTLS, From: "yoyaku@town.example.jp"},
	}, server
}

var linkInMail = regexp.MustCompile(`https://yoyaku\.example\.jp(\S*/mail/\S+)`)

// newest sends what waits and returns the newest mail with its link.
func (w *town) newest(o *mail.Outbox, m *apptest.MailServer) (got apptest.Taken, link string) {
	w.Helper()
	if _, err := o.Empty(w.Context()); err != nil {
		w.Fatal(err)
	}
	all := m.Taken()
	if len(all) == 0 {
		w.Fatal("no mail arrived")
	}
	got = all[len(all)-1]
	if found := linkInMail.FindStringSubmatch(got.Body); found != nil {
		link = found[1]
	}
	return got, link
}

// walkMail visits every page of the mail address in every state, in one language.
func (w *town) walkMail(language string) []shown {
	w.Helper()
	var all []shown
	keep := func(name string, p *apptest.Page, hide ...string) *apptest.Page {
		all = append(all, shown{name, p, hide})
		return p
	}
	o, server := w.withMail()
	visit := w.take(0, w.slot(w.main, on(12, 3), 9*60))
	c, _ := w.signIn(0, language)
	form := keep("mail", c.Get(language+"/mail"))
	keep("mail_refused", form.Submit(language+"/mail", url.Values{"mail": {"taro@"}}))
	keep("mail_proposed", form.Submit(language+"/mail", url.Values{"mail": {"taro@example.jp"}}))
	_, link := w.newest(o, server)
	token := link[strings.LastIndex(link, "/")+1:]
	stranger := w.client.Another()
	confirm := keep("mail_confirm", stranger.Get(link), token, "TOKEN")
	keep("mail_confirmed", confirm.Submit(link, nil))
	keep("mail_over", stranger.Get(link), token, "TOKEN")
	keep("mail_used", c.Get(language+"/mail"))
	keep("my_booking_mail", c.Get(language+"/booking"), visit.Number.String(), "NUMBER")

	w.clock.Advance(26 * time.Hour) // Wednesday 11:00; the visit is on Thursday
	apptest.Write(w.T, w.st, func(tx *store.Tx) error { _, err := booking.RemindOf(tx); return err })
	w.set("booking.change_cutoff_hours", "0")
	_, link = w.newest(o, server)
	hide := []string{link[strings.LastIndex(link, "/")+1:], "TOKEN", visit.Number.String(), "NUMBER"}
	ask := keep("mail_cancel", stranger.Get(link), hide...)
	w.set("booking.change_cutoff_hours", "240")
	keep("mail_cancel_late", stranger.Get(link), hide...)
	w.set("booking.change_cutoff_hours", "0")
	keep("mail_cancelled", ask.Submit(link, nil))
	return all
}

func TestMailPagesAreAsTheyWere(t *testing.T) {
	everyMailPage(t, func(t *testing.T, language web.Language, s shown) {
		apptest.Golden(t, language.Code+"/"+s.name+".html", symbol.ReplaceAllString(s.page.Body, "${1}QR${2}"), s.hide...)
	})
}

func everyMailPage(t *testing.T, check func(t *testing.T, language web.Language, s shown)) {
	t.Helper()
	for _, language := range web.Languages() {
		t.Run(language.Code, func(t *testing.T) {
			w := newTown(t, 2)
			for _, s := range w.walkMail(language.Prefix) {
				t.Run(s.name, func(t *testing.T) { check(t, language, s) })
			}
		})
	}
}

func TestMailPagesHoldTheHouseRules(t *testing.T) {
	everyMailPage(t, func(t *testing.T, language web.Language, s shown) { wantHouseRules(t, language, s) })
}

func TestMailIsConfirmedByItsOwnerAndFollowsTheirLanguage(t *testing.T) {
	w := newTown(t, 1)
	o, server := w.withMail()
	w.take(0, w.slot(w.main, on(12, 3), 9*60))
	c, _ := w.signIn(0, "/en")
	c.Get("/en/mail").Submit("/en/mail", url.Values{"mail": {"ｔａｒｏ＠Example.jp"}})
	got, link := w.newest(o, server)
	if got.To != "taro@example.jp" || !strings.Contains(got.Subject, "confirm") || !strings.HasPrefix(link, "/en/mail/confirm/") {
		t.Fatalf("got to %s: %s, link %s", got.To, got.Subject, link)
	}
	if w.card(0).Mail != "" {
		t.Error("the address is in use before its owner has confirmed it")
	}
	// A program that looks into links for viruses opens it; that confirms nothing.
	w.client.Another().Get(link)
	if w.card(0).Mail != "" {
		t.Error("opening the link confirmed the address")
	}
	p := w.client.Another().Get(link)
	w.at(p.Submit(link, nil), "/en/mail/done")
	if w.card(0).Mail != "taro@example.jp" {
		t.Errorf("got address %q, want the confirmed one", w.card(0).Mail)
	}
	if got, _ := w.newest(o, server); !strings.HasPrefix(got.Subject, "Your booking: Thursday 3 December 2026") {
		t.Errorf("got %q, want the booking by mail", got.Subject)
	}
	w.status(w.client.Another().Get(link), http.StatusNotFound)

	p = c.Get("/en/mail").Submit("/en/mail/forget", nil)
	w.says(p, ".flash", "deleted")
	if w.card(0).Mail != "" {
		t.Error("the address is still there")
	}
}

func TestOlderLinkDoesNotConfirmANewerAddress(t *testing.T) {
	w := newTown(t, 1)
	o, server := w.withMail()
	c, _ := w.signIn(0, "")
	c.Get("/mail").Submit("/mail", url.Values{"mail": {"old@example.jp"}})
	_, link := w.newest(o, server)
	c.Get("/mail").Submit("/mail", url.Values{"mail": {"new@example.jp"}})
	p := w.client.Another().Get(link)
	if p.Status == http.StatusOK {
		w.status(p.Submit(link, nil), http.StatusNotFound)
	}
	if got := w.card(0).Mail; got != "" {
		t.Errorf("got address %q confirmed by the link of another", got)
	}
}

func TestLinksThatAreOverAllAnswerAlike(t *testing.T) {
	w := newTown(t, 1)
	o, server := w.withMail()
	c, _ := w.signIn(0, "")
	c.Get("/mail").Submit("/mail", url.Values{"mail": {"taro@example.jp"}})
	_, link := w.newest(o, server)
	w.clock.Advance(25 * time.Hour)
	expired, invented := w.client.Another().Get(link), w.client.Another().Get("/mail/confirm/AAAAAAAAAAAAAAAAAAAAAAAA")
	if expired.Status != http.StatusNotFound || expired.Text() != invented.Text() || expired.Title() != invented.Title() {
		t.Errorf("got %q and %q, want one answer", expired.Text(), invented.Text())
	}
}

func TestReminderCancelsWithOneButton(t *testing.T) {
	w := newTown(t, 1)
	o, server := w.withMail()
	visit := w.take(0, w.slot(w.main, on(12, 3), 9*60))
	c, _ := w.signIn(0, "")
	c.Get("/mail").Submit("/mail", url.Values{"mail": {"taro@example.jp"}})
	_, link := w.newest(o, server)
	w.client.Another().Get(link).Submit(link, nil)
	w.newest(o, server)
	w.clock.Advance(26 * time.Hour)
	w.set("booking.change_cutoff_hours", "0")
	apptest.Write(t, w.st, func(tx *store.Tx) error { _, err := booking.RemindOf(tx); return err })
	_, link = w.newest(o, server)
	p := w.client.Another().Get(link)
	w.says(p, ".facts", visit.Number.String())
	for _, secret := range []string{"山田", "花子", number(0), "taro"} {
		if strings.Contains(p.Body, secret) {
			t.Errorf("the page shows %q", secret)
		}
	}
	done := p.Submit(link, nil)
	w.at(done, "/mail/done")
	w.says(done, "h1", "予約を取り消しました")
	if _, live := w.live(0); live {
		t.Error("the booking still stands")
	}
	if got, _ := w.newest(o, server); !strings.HasPrefix(got.Subject, "予約を取り消しました") {
		t.Errorf("got %q, want the cancellation by mail", got.Subject)
	}
	w.mustHold()
}

func TestNobodyIsFloodedWithConfirmations(t *testing.T) {
	w := newTown(t, 1)
	w.withMail()
	c, _ := w.signIn(0, "")
	for n := range mailMost + 1 {
		p := c.Get("/mail").Submit("/mail", url.Values{"mail": {"someone@example.jp"}})
		if want := map[bool]int{true: http.StatusOK, false: http.StatusUnprocessableEntity}[n < mailMost]; p.Status != want {
			t.Fatalf("confirmation %d: got status %d, want %d", n+1, p.Status, want)
		}
	}
}

func TestWithoutAMailServerNoMailIsOffered(t *testing.T) {
	w := newTown(t, 1)
	w.take(0, w.slot(w.main, on(12, 3), 9*60))
	c, p := w.signIn(0, "")
	if strings.Contains(p.Text(), "メール") {
		t.Error("the page offers mails that nobody would send")
	}
	w.status(c.Get("/mail"), http.StatusNotFound)
}
