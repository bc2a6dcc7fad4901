package public

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/intake"
	"madoguchi/app/jp"
	"madoguchi/app/settings"
	"madoguchi/app/staff"
	"madoguchi/app/web"
	"madoguchi/store"
)

// town is a town with two places, some slots and people with a card each, and
// its resident site.
type town struct {
	*testing.T
	st      *store.Store
	clock   *apptest.Clock
	by      audit.Actor
	site    *Site
	client  *apptest.Client
	main    booking.Venue
	branch  booking.Venue
	service booking.Service
	renewal booking.Service // of certificates, without a notice
}

// Everybody was born on 昭和23年4月5日 here; the person behind unknownDay has no
// day on record.
const unknownDay = 9

// number is the notice number of the n-th person.
func number(n int) string { return fmt.Sprintf("ABC-%06d", n) }

func on(month, day int) jp.Date {
	year := 2026
	if month == 1 {
		year = 2027
	}
	d, err := jp.ParseDate(fmt.Sprintf("%04d-%02d-%02d", year, month, day))
	if err != nil {
		panic(err)
	}
	return d
}

func newTown(t *testing.T, people int) *town {
	t.Helper()
	w := &town{T: t}
	w.st, w.clock = apptest.Store(t)
	apptest.Write(t, w.st, func(tx *store.Tx) error { return w.found(tx, people) })
	var err error
	options := Options{Options: web.Options{Store: w.st, Files: apptest.Files(), Log: slog.New(slog.DiscardHandler)}}
	if w.site, err = newSite(options); err != nil {
		t.Fatal(err)
	}
	handler, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	w.client = apptest.NewClient(t, handler)
	return w
}

// found sets the town up. Its clock stands at 9:00 on Tuesday, 1 December 2026.
func (w *town) found(tx *store.Tx, people int) error {
	account, _, err := staff.Add(tx, audit.Command("test"), "admin", "管理 者", staff.Administrator)
	if err != nil {
		return err
	}
	w.by = account.Actor("r1")
	for name, value := range map[string]string{"town.name": "南部町", "office.telephone": "0178-00-0001"} {
		if err := settings.Set(tx, w.by, name, value); err != nil {
			return err
		}
	}
	if err := intake.EnsureProfile(tx, w.by); err != nil {
		return err
	}
	if w.main, err = booking.AddVenue(tx, w.by, booking.Venue{
		Name: "本庁舎", Kana: "ホンチョウシャ", Address: "大字苫米地1-1", Telephone: "0178-00-0002", AccessNote: "役場前バス停から歩いて2分",
	}); err != nil {
		return err
	}
	if w.branch, err = booking.AddVenue(tx, w.by, booking.Venue{Name: "東支所", Kana: "ヒガシシショ"}); err != nil {
		return err
	}
	if w.service, err = booking.AddService(tx, w.by, booking.Service{Name: "受け取り", Minutes: 30}); err != nil {
		return err
	}
	if err := booking.AddSlots(tx, w.by, w.main, w.service, []booking.Window{
		at(on(12, 2), 9*60, 2), at(on(12, 2), 9*60+30, 1), at(on(12, 2), 13*60, 2),
		at(on(12, 3), 9*60, 5), at(on(12, 3), 12*60, 1), at(on(12, 4), 9*60, 0), at(on(1, 5), 10*60, 4),
	}); err != nil {
		return err
	}
	if err := booking.AddSlots(tx, w.by, w.branch, w.service, []booking.Window{at(on(12, 2), 10*60, 1), at(on(12, 7), 10*60, 3)}); err != nil {
		return err
	}
	if w.renewal, err = booking.AddService(tx, w.by, booking.Service{
		Name: "電子証明書の更新", Minutes: 15, Code: booking.CertificateRenewalCode, WithoutNotice: true, Fee: "無料", Announcement: "暗証番号を確かめてから来てください。",
	}); err != nil {
		return err
	}
	if err := booking.AddSlots(tx, w.by, w.main, w.renewal, []booking.Window{at(on(12, 2), 9*60, 1), at(on(12, 2), 9*60+30, 2), at(on(12, 3), 9*60, 2)}); err != nil {
		return err
	}
	if err := booking.EnsureProxyReasons(tx, w.by); err != nil {
		return err
	}
	if err := settings.EnsureQuestions(tx, w.by); err != nil {
		return err
	}
	if err := settings.EnsureTranslations(tx, w.by); err != nil {
		return err
	}
	if _, err := settings.SaveAnnouncement(tx, w.by, settings.Announcement{
		Title: "年末年始の休み", Body: "12月29日から1月3日まで休みます。\n<b>文字だけです。</b>", Importance: settings.Important, VenueID: w.main.ID,
		FromOn: on(12, 1), UntilOn: on(1, 3),
	}); err != nil {
		return err
	}
	for n := range people {
		born := "19480405"
		if n == unknownDay {
			born = "19480400"
		}
		payload := fmt.Sprintf("%s,%023d,01,山田　花子%d,ヤマダ　ハナコ,%s,0390802,青森県三戸郡南部町大字秘密%d番地,,,", number(n), n, n, born, n)
		if _, err := intake.ReadPayload(tx, w.by, payload); err != nil {
			return err
		}
	}
	return nil
}

// at is a half-hour window.
func at(day jp.Date, starts jp.Clock, capacity int) booking.Window {
	return booking.Window{HeldOn: day, Starts: starts, Ends: starts + 30, Capacity: capacity}
}

func (w *town) set(name, value string) {
	w.Helper()
	apptest.Write(w.T, w.st, func(tx *store.Tx) error { return settings.Set(tx, w.by, name, value) })
}

// reason is a reason for a proxy that every town has, by its code.
func (w *town) reason(code string) (ref store.Ref) {
	w.Helper()
	apptest.Read(w.T, w.st, func(tx *store.Tx) error {
		all, err := booking.AllProxyReasons(tx)
		for _, r := range all {
			if r.Code == code {
				ref = r.Ref
			}
		}
		return err
	})
	return ref
}

func (w *town) card(n int) (r card.Record) {
	w.Helper()
	apptest.Read(w.T, w.st, func(tx *store.Tx) (err error) {
		parsed, err := card.ParseNoticeNumber(number(n))
		if err == nil {
			r, err = card.ByNoticeNumber(tx, parsed)
		}
		return err
	})
	return r
}

func (w *town) slot(v booking.Venue, day jp.Date, starts jp.Clock) (found booking.Slot) {
	w.Helper()
	return w.slotOf(w.service, v, day, starts)
}

func (w *town) slotOf(service booking.Service, v booking.Venue, day jp.Date, starts jp.Clock) (found booking.Slot) {
	w.Helper()
	apptest.Read(w.T, w.st, func(tx *store.Tx) error {
		slots, err := booking.DaySlots(tx, v.ID, service.ID, day)
		for _, s := range slots {
			if s.Starts == starts {
				found = s
			}
		}
		return err
	})
	if found.ID == 0 {
		w.Fatalf("no slot on %s at %s", day, starts)
	}
	return found
}

// take books for the n-th person, as staff do by telephone.
func (w *town) take(n int, s booking.Slot) (v booking.Visit) {
	w.Helper()
	id := w.card(n).ID
	apptest.Write(w.T, w.st, func(tx *store.Tx) (err error) {
		v, err = booking.Book(tx, w.by, booking.Wish{Card: id, Slot: s.Ref, Channel: booking.Telephone, Seat: booking.ResidentSeat})
		return err
	})
	return v
}

func (w *town) issue(n int) {
	w.Helper()
	r := w.card(n)
	apptest.Write(w.T, w.st, func(tx *store.Tx) error {
		_, err := card.Issue(tx, w.by, r.Ref, r.Version)
		return err
	})
}

func (w *town) live(n int) (v booking.Visit, ok bool) {
	w.Helper()
	id := w.card(n).ID
	apptest.Read(w.T, w.st, func(tx *store.Tx) (err error) {
		v, ok, err = booking.Live(tx, id)
		return err
	})
	return v, ok
}

// answers are what the n-th person fills in to sign in.
func answers(n int) url.Values {
	return url.Values{
		"notice_number": {number(n)}, "birth_era": {"showa"},
		"birth_year": {"23"}, "birth_month": {"4"}, "birth_day": {"5"},
	}
}

// typed is what someone without a notice types.
func typed() url.Values {
	return url.Values{"name": {"佐藤　一郎"}, "telephone": {"0178-00-0003"}}
}

// visitOf finds the booking whose number stands on a page.
func (w *town) visitOf(p *apptest.Page) (v booking.Visit) {
	w.Helper()
	number, err := booking.ParseNumber(strings.Join(p.Texts(".number"), ""))
	if err != nil {
		w.Fatalf("no booking number on %s (status %d):\n%s", p.Path, p.Status, p.Text())
	}
	apptest.Read(w.T, w.st, func(tx *store.Tx) (err error) {
		v, err = booking.ByNumber(tx, number)
		return err
	})
	return v
}

// signIn signs the n-th person in with a browser of their own.
func (w *town) signIn(n int, language string) (*apptest.Client, *apptest.Page) {
	w.Helper()
	c := w.client.Another()
	p := c.Get(language+"/sign-in").Submit(language+"/sign-in", answers(n))
	w.status(p, http.StatusOK)
	return c, p
}

func (w *town) status(p *apptest.Page, want int) {
	w.Helper()
	if p.Status != want {
		w.Fatalf("%s: got status %d, want %d:\n%s", p.Path, p.Status, want, p.Text())
	}
}

// at fails the test unless the browser has come to an address.
func (w *town) at(p *apptest.Page, want string) {
	w.Helper()
	w.status(p, http.StatusOK)
	if p.Path != want {
		w.Errorf("got to %s, want %s", p.Path, want)
	}
}

func (w *town) says(p *apptest.Page, selector, want string) {
	w.Helper()
	got := strings.Join(p.Texts(selector), " | ")
	if !strings.Contains(got, want) {
		w.Errorf("%s: %s says %q, want %q in it", p.Path, selector, got, want)
	}
}

func (w *town) mustHold() {
	w.Helper()
	apptest.Read(w.T, w.st, func(tx *store.Tx) error {
		wrong, err := booking.Invariants(tx)
		for _, s := range wrong {
			w.Errorf("invariant broken: %s", s)
		}
		return err
	})
}
