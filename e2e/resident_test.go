package e2e

import (
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"madoguchi/app/bench"
	"madoguchi/store"
)

// A resident books, looks the booking up again, changes and cancels it: on a
// phone without scripts, and with axe on every page in each language.
func TestResidentJourney(t *testing.T) {
	w := run(t)
	people := w.unbooked(6)
	for i, c := range []struct {
		name    string
		window  size
		scripts bool
		lang    string
	}{
		{"phone without scripts", phone, false, ""},
		{"phone with axe", phone, true, ""},
		{"narrow with axe", narrow, true, ""},
		{"easy Japanese with axe", phone, true, "/easy"},
		{"English with axe", narrow, true, "/en"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := open(t, w.start.Public, c.window, c.scripts)
			b.bookAndBack(w, people[i], c.lang)
		})
	}
}

// signIn fills in what stands on the postcard.
func (b *browser) signIn(p bench.Person) {
	b.Helper()
	part := strings.Split(p.BirthDate, "-")
	b.fill(`#f-notice_number`, p.Number)
	b.set(`#f-birth_era`, "western")
	b.fill(`#f-birth_year`, part[0])
	b.fill(`#f-birth_month`, part[1])
	b.fill(`#f-birth_day`, part[2])
	b.follow(`main button[type=submit]`)
}

func (b *browser) bookAndBack(w *town, p bench.Person, lang string) {
	if lang == "" {
		b.visit("/")
	} else {
		b.visit(lang)
	}
	b.follow(`main a.button`)

	// Mistakes first: nothing filled in, then a wrong date of birth.
	b.follow(`main button[type=submit]`)
	if title := b.title(); !strings.HasPrefix(title, "エラー：") && !strings.HasPrefix(title, "Error: ") {
		b.Errorf("got title %q, want it to say that the form failed", title)
	}
	b.signIn(bench.Person{Number: p.Number, BirthDate: "1901-02-03"})
	if got := b.attribute(`#f-birth_year`, "value"); got != "1901" {
		b.Errorf("got year %q after a refusal, want what was typed", got)
	}
	b.signIn(p)
	if b.path() != lang+"/venues" {
		b.Fatalf("got to %s, want to the choice of places\n%s", b.path(), b.text())
	}
	b.shoot("venues")
	b.follow(`main a[href*="/slots?venue="]`)
	b.shoot("days")
	b.follow(`ul.views a`) // the calendar
	b.shoot("calendar")
	b.follow(`table.calendar a`)
	b.shoot("times")
	b.follow(`main button[name=slot]`)
	b.shoot("check")
	b.follow(`main form button[type=submit]`)
	if b.path() != lang+"/booking" {
		b.Fatalf("got to %s, want to the booking\n%s", b.path(), b.text())
	}
	b.shoot("booked")
	number := w.liveNumber(p)
	b.must(number)
	b.sendProxy()

	// Come back with the same two things: see, change, cancel.
	b.press(`form[action$="/sign-out"] button`)
	b.check()
	b.visit(lang + "/sign-in")
	b.signIn(p)
	b.must(number)
	b.follow(`main a[href$="/venues"]`)
	b.follow(`main a[href*="/slots?venue="]`)
	b.follow(`main a[href*="/slots/"]`)
	b.follow(`main li ~ li a[href*="/check?slot="]`)
	b.shoot("check-change")
	b.follow(`main form button[type=submit]`)
	b.must(number)
	if after := w.liveNumber(p); after != number {
		b.Errorf("got number %s after a change, want %s to stay", after, number)
	}
	b.follow(`main a[href$="/booking/cancel"]`)
	b.shoot("cancel")
	b.follow(`main form button[type=submit]`)
	b.shoot("cancelled")
	if n := w.liveNumber(p); n != "" {
		b.Errorf("got live booking %s, want it cancelled", n)
	}
}

// sendProxy says that somebody else comes: the reason is asked, and decides what
// to bring.
func (b *browser) sendProxy() {
	b.do(chromedp.Click(`#f-comer-proxy`, chromedp.ByQuery))
	b.follow(`form[action$="/booking/comer"] button`)
	b.shoot("reason")
	b.follow(`form[action$="/booking/reason"] button`)
	if title := b.title(); !strings.HasPrefix(title, "エラー：") && !strings.HasPrefix(title, "Error: ") {
		b.Errorf("got title %q with no reason chosen, want it to say that the form failed", title)
	}
	b.do(chromedp.Click(`#f-reason-9`, chromedp.ByQuery))
	b.follow(`form[action$="/booking/reason"] button`)
	var language string
	b.do(chromedp.Evaluate(`document.documentElement.lang`, &language))
	if language == "en" {
		b.must("Mother and child health handbook")
	} else {
		b.must("母子健康手帳")
	}
	b.shoot("proxy")
}

// liveNumber is the person's booking number as the site shows it, "" without one.
func (w *town) liveNumber(p bench.Person) (number string) {
	w.Helper()
	w.read(func(tx *store.Tx) error {
		all, err := store.All[string](tx, `SELECT substr(booking.number, 1, 4) || '-' || substr(booking.number, 5)
			FROM booking JOIN card ON card.id = booking.card_id WHERE booking.state = 'booked' AND card.notice_number = ?`, p.Number)
		if len(all) > 0 {
			number = all[0]
		}
		return err
	})
	return number
}

// By keyboard alone: every control is reached with the Tab key, in the order
// in which it is read, and Enter does what it says.
func TestResidentByKeyboard(t *testing.T) {
	w := run(t)
	p := w.unbooked(1)[0]
	b := open(t, w.start.Public, phone, false)
	b.visit("/sign-in")
	part := strings.Split(p.BirthDate, "-")
	b.tabTo(`f-notice_number`)
	b.typeKeys(p.Number)
	b.tabTo(`f-birth_era`)
	b.typeKeys("西")
	for i, id := range []string{"f-birth_year", "f-birth_month", "f-birth_day"} {
		b.tabTo(id)
		b.typeKeys(part[i])
	}
	b.enter()
	for _, next := range []string{"/slots?venue=", "/slots/"} {
		b.tabToLink(next)
		b.enter()
	}
	for range 2 { // the time, and that it is right
		b.tabToButton()
		b.enter()
	}
	if b.path() != "/booking" || w.liveNumber(p) == "" {
		b.Errorf("got to %s, want a booking made by keyboard\n%s", b.path(), b.text())
	}
}
