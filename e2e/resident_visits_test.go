package e2e

import (
	"context"
	"regexp"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"madoguchi/app/bench"
	"madoguchi/store"
)

// asPeopleCome runs a journey on a phone without scripts, and on a narrow one
// with axe on every page.
func asPeopleCome(t *testing.T, w *town, journey func(b *browser, n int)) {
	t.Helper()
	for n, c := range []struct {
		name    string
		window  size
		scripts bool
	}{{"phone without scripts", phone, false}, {"narrow with axe", narrow, true}} {
		t.Run(c.name, func(t *testing.T) { journey(open(t, w.start.Public, c.window, c.scripts), n) })
	}
}

// Someone whose certificates expire has no notice number: they come by the
// paper they have, book with a name and a telephone number, and find the
// booking again with its number.
func TestVisitorWithoutNoticeJourney(t *testing.T) {
	w := run(t)
	asPeopleCome(t, w, func(b *browser, n int) {
		telephone := "0178-00-010" + string(rune('0'+n))
		b.visit("/")
		b.shoot("start")
		b.follow(`.papers a[href$="/expiry"]`)
		b.shoot("expiry")
		b.follow(`.papers a[href*="/services/"]`)
		b.shoot("service")
		b.follow(`main a.button`)
		b.follow(`.venue a.choice`)
		b.shoot("times")
		b.follow(`main li:last-child a.choice`)
		b.follow(`main button[type=submit]`) // nothing filled in
		if !strings.HasPrefix(b.title(), "エラー：") {
			b.Errorf("got title %q, want it to say that the form failed", b.title())
		}
		b.fill(`#f-name`, "佐藤 一郎")
		b.fill(`#f-telephone`, telephone)
		b.shoot("who")
		b.follow(`main button[type=submit]`)
		b.must("佐藤 一郎", telephone, "お取りしています")
		b.shoot("check")
		b.follow(`.languages button[formaction^="/en/"]`) // nothing typed is lost
		b.must("佐藤 一郎", telephone, "Check before you book")
		b.follow(`.languages li:first-child button`)
		b.must("佐藤 一郎", telephone, "お取りしています")
		b.follow(`form[action$="/who"] button`) // back: what was typed is kept
		if got := b.attribute(`#f-name`, "value"); got != "佐藤 一郎" {
			b.Errorf("got name %q after going back, want what was typed", got)
		}
		b.follow(`main button[type=submit]`)
		b.follow(`form[action$="/book"] button`)
		b.shoot("booked")
		number := b.number()
		b.onePage()
		if strings.Contains(b.text(), "佐藤") {
			b.Error("the booking's page shows the name")
		}
		b.press(`form[action$="/sign-out"] button`)
		b.check()
		b.visit("/find")
		b.fill(`#f-booking_number`, number)
		b.fill(`#f-telephone`, "0178-00-0199")
		b.follow(`main button[type=submit]`)
		b.must("確認できませんでした")
		b.fill(`#f-telephone`, telephone)
		b.follow(`main button[type=submit]`)
		b.must(number, "電子証明書の更新")
		b.follow(`main a[href$="/venues"]`)
		b.follow(`.venue a.choice`)
		b.follow(`main li:last-child a[href*="/check?slot="], main li a[href*="/check?slot="]`)
		b.follow(`main form button[type=submit]`)
		b.must(number)
		b.follow(`main a[href$="/booking/cancel"]`)
		b.follow(`main form button[type=submit]`)
		b.must("予約を取り消しました")
	})
}

// Three of one family book one visit, each with their own number and date of
// birth; one of them is changed alone.
func TestFamilyOfThreeJourney(t *testing.T) {
	w := run(t)
	people := w.unbooked(6)
	asPeopleCome(t, w, func(b *browser, n int) {
		family := people[3*n : 3*n+3]
		b.visit("/sign-in")
		b.signIn(family[0])
		b.follow(`main a[href$="/together"]`)
		for _, p := range family[1:] {
			b.signInOn(`form[action$="/together"] `, p)
		}
		for _, p := range family {
			b.must(p.Number[:3] + "-" + p.Number[3:])
		}
		b.shoot("together")
		b.follow(`main a.button[href$="/venues"]`)
		b.must("3人分を、いっしょに予約します")
		slot := w.roomForThree()
		b.visit("/slots/" + slot.HeldOn + "?venue=" + slot.Venue)
		b.follow(`main button[name=slot][value="` + slot.Ref + `"]`)
		b.must("お取りしています")
		b.shoot("check")
		b.follow(`form[action$="/book"] button`)
		b.shoot("booked")
		b.onePage()
		numbers := map[string]bool{}
		for _, p := range family {
			number := w.liveNumber(p)
			b.must(number)
			numbers[number] = true
		}
		if len(numbers) != 3 || numbers[""] {
			b.Fatalf("got booking numbers %v, want three", numbers)
		}
		b.follow(`form[action$="/together/turn"] button`)
		if got := b.number(); got != w.liveNumber(family[1]) {
			b.Errorf("got booking %s, want that of the second person", got)
		}
		b.follow(`main a[href$="/booking/cancel"]`)
		b.follow(`main form button[type=submit]`)
		if w.liveNumber(family[1]) != "" || w.liveNumber(family[0]) == "" || w.liveNumber(family[2]) == "" {
			b.Error("one was to be cancelled, the two others to stay")
		}
	})
}

// Who finds a day full waits for it, is offered the place that someone gives
// back, and takes it.
func TestWaitingListJourney(t *testing.T) {
	w := run(t)
	people := w.unbooked(2)
	asPeopleCome(t, w, func(b *browser, n int) {
		waits, gives := people[n], w.onFullDay()
		giver := open(b.T, w.start.Public, phone, false)
		giver.visit("/sign-in")
		giver.signIn(gives.Person)
		giver.must(w.liveNumber(gives.Person))

		b.visit("/sign-in")
		b.signIn(waits)
		b.follow(`.venue a[href$="/slots?venue=` + gives.Venue + `"]`)
		b.shoot("full")
		b.follow(`.choices a[href*="/waiting?"][href*="` + gives.HeldOn + `"]`)
		b.shoot("join")
		b.follow(`main form button[type=submit]`)
		b.must("空き待ちに加わりました")
		b.shoot("waiting")

		giver.follow(`main a[href$="/booking/cancel"]`)
		giver.follow(`main form button[type=submit]`)

		b.visit("/venues")
		b.follow(`.flash a[href$="/waiting"]`)
		b.must("空きが出ました")
		b.shoot("offered")
		b.follow(`form[action$="/waiting/take"] button`)
		if w.liveNumber(waits) == "" {
			b.Errorf("the place that was offered is not booked:\n%s", b.text())
		}
	})
}

// signInOn fills in the two secrets of a notice in one form of a page.
func (b *browser) signInOn(form string, p bench.Person) {
	b.Helper()
	part := strings.Split(p.BirthDate, "-")
	b.fill(form+`#f-notice_number`, p.Number)
	b.set(form+`#f-birth_era`, "western")
	for i, id := range []string{"#f-birth_year", "#f-birth_month", "#f-birth_day"} {
		b.fill(form+id, part[i])
	}
	b.follow(form + `button[type=submit]`)
}

// number is the booking number on the page.
func (b *browser) number() (number string) {
	b.Helper()
	b.do(chromedp.Text(`.number`, &number, chromedp.ByQuery))
	return strings.TrimSpace(number)
}

var sheets = regexp.MustCompile(`/Type\s*/Page\b`)

// onePage fails unless the page prints on one sheet of A4.
func (b *browser) onePage() {
	b.Helper()
	var pdf []byte
	b.do(chromedp.ActionFunc(func(ctx context.Context) (err error) {
		pdf, _, err = page.PrintToPDF().WithPreferCSSPageSize(true).Do(ctx)
		return err
	}))
	if n := len(sheets.FindAll(pdf, -1)); n != 1 {
		b.Errorf("%s prints on %d sheets, want one", b.path(), n)
	}
}

// someone is a person with a booking on a day that is full.
type someone struct {
	bench.Person
	Venue, HeldOn string
}

// onFullDay finds one. The demo's open Saturday is full for residents.
func (w *town) onFullDay() (found someone) {
	w.Helper()
	w.read(func(tx *store.Tx) (err error) {
		found, err = store.One[someone](tx, `SELECT card.notice_number AS number, recipient.birth AS birth_date, venue.ref AS venue, slot.held_on
			FROM booking JOIN slot ON slot.id = booking.slot_id JOIN venue ON venue.id = slot.venue_id
			JOIN card ON card.id = booking.card_id JOIN recipient ON recipient.id = card.recipient_id
			WHERE booking.state = 'booked' AND booking.seat = 'resident' AND recipient.birth NOT LIKE '%-00' AND slot.held_on > ?
			  AND NOT EXISTS (SELECT 1 FROM slot other WHERE other.venue_id = slot.venue_id AND other.service_id = slot.service_id
				AND other.held_on = slot.held_on AND other.open = 1 AND other.taken < other.capacity)
			LIMIT 1`, tx.Now.AddDate(0, 0, 2).Format("2006-01-02"))
		return err
	})
	return found
}

// roomForThree finds a slot that has two places, and one right after it.
func (w *town) roomForThree() (found struct{ Ref, Venue, HeldOn string }) {
	w.Helper()
	w.read(func(tx *store.Tx) (err error) {
		found, err = store.One[struct{ Ref, Venue, HeldOn string }](tx, `SELECT slot.ref, venue.ref AS venue, slot.held_on
			FROM slot JOIN venue ON venue.id = slot.venue_id
			JOIN slot next ON next.venue_id = slot.venue_id AND next.service_id = slot.service_id AND next.held_on = slot.held_on AND next.starts = slot.ends
			WHERE slot.service_id = (SELECT id FROM service WHERE code = 'card_issuance') AND slot.open = 1 AND next.open = 1
			  AND slot.capacity - slot.taken = 2 AND slot.staff_taken = 0 AND next.capacity > next.taken AND next.staff_taken = 0 AND slot.held_on > ?
			ORDER BY slot.held_on LIMIT 1`, tx.Now.AddDate(0, 0, 2).Format("2006-01-02"))
		return err
	})
	return found
}
