package public

import (
	"bytes"
	"fmt"
	pictures "image"
	"image/png"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/jba/templatecheck"
	"golang.org/x/net/html"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/app/settings"
	"madoguchi/app/web"
	"madoguchi/store"
)

// shown is a page in one state.
type shown struct {
	name string
	page *apptest.Page
	hide []string // what is drawn at random, and what stands for it in the golden
}

// walk visits every page in every state, in one language.
func (w *town) walk(language string) []shown {
	w.Helper()
	var all []shown
	keep := func(name string, p *apptest.Page, hide ...string) *apptest.Page {
		all = append(all, shown{name, p, hide})
		return p
	}
	c := w.client.Another()
	home := language
	if home == "" {
		home = "/"
	}
	keep("start", c.Get(home))
	keep("accessibility", c.Get(language+"/accessibility"))
	keep("expiry", c.Get(language+"/expiry"))
	keep("expiry_card", c.Get(language+"/expiry/card"))
	keep("no_paper", c.Get(language+"/no-paper"))
	keep("questions", c.Get(language+"/questions"))
	keep("place", c.Get(language+"/places/"+string(w.main.Ref)))
	keep("from_notice", c.Get(language+"/n/abc999999"))
	form := keep("sign_in", c.Get(language+"/sign-in"))
	keep("sign_in_empty", form.Submit(language+"/sign-in", url.Values{"birth_era": {""}}))
	keep("sign_in_refused", form.Submit(language+"/sign-in", url.Values{
		"notice_number": {"ABC-999999"}, "birth_era": {"showa"}, "birth_year": {"23"}, "birth_month": {"4"}, "birth_day": {"5"},
	}))
	keep("sign_in_wanted", c.Get(language+"/booking"))

	c, venues := w.signIn(0, language)
	keep("choose_venue", venues)
	keep("no_booking", c.Get(language+"/booking"))
	days := language + slotsPath(w.main.Ref)
	keep("choose_day", c.Get(days))
	keep("choose_day_calendar", c.Get(days+"&view=calendar"))
	keep("choose_day_calendar_january", c.Get(days+"&view=calendar&month=2027-01"))
	times := keep("choose_time", c.Get(language+dayPath(w.main.Ref, on(12, 2))))
	keep("check_answers_not_held", c.Get(language+checkPath(w.slot(w.main, on(12, 2), 9*60).Ref)))
	check := keep("check_answers", times.Submit(language+"/hold", url.Values{"slot": {string(w.slot(w.main, on(12, 2), 9*60).Ref)}}))
	keep("choose_time_held", c.Get(language+dayPath(w.main.Ref, on(12, 2))))
	booked := check.Submit(language+"/book", nil)
	visit, ok := w.live(0)
	if !ok {
		w.Fatalf("nothing was booked:\n%s", booked.Text())
	}
	hide := []string{visit.Number.String(), "NUMBER"}
	keep("my_booking_booked", booked, hide...)
	keep("my_booking", c.Get(language+"/booking"), hide...)
	reason := keep("choose_reason", c.Get(language+"/booking").Submit(language+"/booking/comer", url.Values{"comer": {"proxy"}}))
	keep("choose_reason_empty", reason.Submit(language+"/booking/reason", nil))
	keep("my_booking_proxy", reason.Submit(language+"/booking/reason", url.Values{"reason": {string(w.reason("hospital"))}}), hide...)
	c.Get(language+"/booking").Submit(language+"/booking/comer", url.Values{"comer": {"holder"}})
	keep("choose_venue_change", c.Get(language+"/venues"))
	keep("choose_time_change", c.Get(language+dayPath(w.main.Ref, on(12, 2))))
	keep("slot_lost_change", c.Get(language+checkPath(w.slot(w.main, on(12, 4), 9*60).Ref)))
	change := keep("check_answers_change", c.Get(language+checkPath(w.slot(w.main, on(12, 3), 9*60).Ref)))
	keep("my_booking_changed", change.Submit(language+"/book", nil), hide...)
	keep("already_booked", check.Submit(language+"/book", url.Values{"once": {web.NewOnce()}}), hide...)
	w.set("booking.change_cutoff_hours", "240")
	keep("my_booking_fixed", c.Get(language+"/booking"), hide...)
	w.set("booking.change_cutoff_hours", "24")
	cancel := keep("cancel", c.Get(language+"/booking/cancel"), hide...)
	keep("no_booking_cancelled", cancel.Submit(language+"/booking/cancel", nil))
	lost := c.Get(language + checkPath(w.slot(w.main, on(12, 2), 9*60+30).Ref))
	w.take(1, w.slot(w.main, on(12, 2), 9*60+30))
	keep("slot_lost", lost.Submit(language+"/book", nil))
	keep("signed_out", c.Get(language+"/venues").Submit(language+"/sign-out", nil))

	w.issue(2)
	_, issued := w.signIn(2, language)
	keep("issued", issued)
	keep("not_found", c.Get(language+"/nowhere"))
	all = append(all, w.walkWithoutNotice(language)...)
	all = append(all, w.walkTogether(language)...)
	all = append(all, w.walkWaiting(language)...)
	all = append(all, w.walkVisitorWaiting(language)...)
	return append(all, w.walkWithoutSlots(language)...)
}

// walkWithoutNotice visits the way to a booking by name and telephone number.
func (w *town) walkWithoutNotice(language string) []shown {
	w.Helper()
	c, base := w.client.Another(), language+"/services/"+string(w.renewal.Ref)
	var all []shown
	keep := func(name string, p *apptest.Page, hide ...string) *apptest.Page {
		all = append(all, shown{name, p, hide})
		return p
	}
	keep("service", c.Get(base))
	keep("service_venues", c.Get(base+"/venues"))
	keep("service_days", c.Get(base+slotsPath(w.main.Ref)))
	slot := w.slotOf(w.renewal, w.main, on(12, 3), 9*60)
	keep("service_times", c.Get(base+dayPath(w.main.Ref, on(12, 2))))
	who := keep("who", c.Get(base+"/who?slot="+string(slot.Ref)))
	keep("who_empty", who.Submit(base+"/check", nil))
	check := keep("check_visitor", who.Submit(base+"/check", typed()))
	keep("who_corrected", check.Submit(base+"/who", nil))
	booked := check.Submit(base+"/book", nil)
	visit := w.visitOf(booked)
	keep("my_booking_visitor", booked, visit.Number.String(), "NUMBER")
	keep("signed_out_visitor", booked.Submit(language+"/sign-out", nil))
	find := keep("find", c.Get(language+"/find"))
	keep("find_empty", find.Submit(language+"/find", nil))
	keep("find_refused", find.Submit(language+"/find", url.Values{"booking_number": {"0000-0007"}, "telephone": {"0178-00-0009"}}))
	again := find.Submit(language+"/find", url.Values{"booking_number": {visit.Number.String()}, "telephone": {typed().Get("telephone")}})
	w.at(again, language+"/booking")
	keep("no_booking_visitor", c.Get(language+"/booking/cancel").Submit(language+"/booking/cancel", nil))
	return all
}

// walkTogether visits the pages of several people in one visit.
func (w *town) walkTogether(language string) []shown {
	w.Helper()
	c, _ := w.signIn(3, language)
	var all []shown
	keep := func(name string, p *apptest.Page, hide ...string) *apptest.Page {
		all = append(all, shown{name, p, hide})
		return p
	}
	page := keep("together", c.Get(language+"/together"))
	keep("together_empty", page.Submit(language+"/together", nil))
	keep("together_twice", page.Submit(language+"/together", answers(3)))
	keep("together_two", page.Submit(language+"/together", answers(4)))
	keep("choose_venue_together", c.Get(language+"/venues"))
	times := keep("choose_time_together", c.Get(language+dayPath(w.main.Ref, on(12, 3))))
	slot := w.slot(w.main, on(12, 3), 9*60)
	check := keep("check_answers_together", times.Submit(language+"/hold", url.Values{"slot": {string(slot.Ref)}}))
	booked := check.Submit(language+"/book", nil)
	first, _ := w.live(3)
	second, _ := w.live(4)
	hide := []string{first.Number.String(), "NUMBER", second.Number.String(), "SECOND"}
	keep("my_booking_together", booked, hide...)
	page = c.Get(language + "/together")
	keep("together_booked", page, hide...)
	keep("together_beside", page.Submit(language+"/together", answers(5)), hide...)
	for n := range 2 {
		visit, ok := w.live(3 + n)
		if !ok {
			w.Fatalf("the %d-th of two has no booking", n+1)
		}
		apptest.Write(w.T, w.st, func(tx *store.Tx) error {
			_, err := booking.Cancel(tx, w.by, visit.Booking.Ref, visit.Version)
			return err
		})
	}
	return all
}

// walkWaiting visits the waiting list from joining to an offer.
func (w *town) walkWaiting(language string) []shown {
	w.Helper()
	taken := w.take(5, w.slot(w.branch, on(12, 2), 10*60))
	c, _ := w.signIn(3, language)
	var all []shown
	keep := func(name string, p *apptest.Page, hide ...string) *apptest.Page {
		all = append(all, shown{name, p, hide})
		return p
	}
	keep("waiting_none", c.Get(language+"/waiting"))
	keep("choose_day_some_full", c.Get(language+slotsPath(w.branch.Ref)))
	join := keep("waiting_join", c.Get(language+"/waiting?venue="+string(w.branch.Ref)+"&day=2026-12-02"))
	keep("waiting", join.Submit(language+"/waiting", nil))
	apptest.Write(w.T, w.st, func(tx *store.Tx) error {
		_, err := booking.Cancel(tx, w.by, taken.Booking.Ref, taken.Version)
		return err
	})
	keep("choose_venue_offered", c.Get(language+"/venues"))
	offer := keep("waiting_offered", c.Get(language+"/waiting"))
	keep("waiting_declined", offer.Submit(language+"/waiting/decline", nil))
	return all
}

// walkVisitorWaiting visits the waiting list without a card.
func (w *town) walkVisitorWaiting(language string) []shown {
	w.Helper()
	taken := w.visitOf(w.arrive(w.client.Another(), language, w.few(on(12, 4), 1), caller(1)))
	c, base := w.client.Another(), language+"/services/"+string(w.renewal.Ref)
	var all []shown
	keep := func(name string, p *apptest.Page, hide ...string) *apptest.Page {
		all = append(all, shown{name, p, hide})
		return p
	}
	keep("service_days_full", c.Get(base+slotsPath(w.branch.Ref)))
	who := keep("waiting_who", c.Get(base+"/waiting?venue="+string(w.branch.Ref)+"&day=2026-12-04"))
	keep("waiting_who_empty", who.Submit(base+"/waiting", nil))
	joined := who.Submit(base+"/waiting", caller(2))
	hide := []string{strings.Join(joined.Texts(".number"), ""), "NUMBER"}
	keep("waiting_visitor", joined, hide...)
	w.giveUp(taken)
	offer := keep("waiting_visitor_offered", c.Get(language+"/waiting"), hide...)
	keep("waiting_visitor_declined", offer.Submit(language+"/waiting/decline", nil))
	return all
}

// walkWithoutSlots visits the states in which nothing can be chosen.
func (w *town) walkWithoutSlots(language string) []shown {
	w.Helper()
	c, _ := w.signIn(3, language)
	w.set("booking.days_ahead", "3")
	w.take(4, w.slot(w.branch, on(12, 2), 10*60))
	all := []shown{{name: "choose_day_full", page: c.Get(language + slotsPath(w.branch.Ref))}}
	w.set("booking.days_ahead", "0")
	w.set("booking.first_day_ahead", "0")
	all = append(all, shown{name: "choose_day_not_yet", page: c.Get(language + slotsPath(w.branch.Ref))})
	w.set("booking.first_day_ahead", "60")
	w.set("booking.days_ahead", "60")
	all = append(all, shown{name: "choose_venue_none", page: c.Get(language + "/venues")})
	w.set("booking.first_day_ahead", "1")
	visit := w.take(3, w.slot(w.main, on(12, 2), 13*60))
	w.clock.Advance(28 * time.Hour)
	c, past := w.signIn(3, language)
	all = append(all, shown{"my_booking_past", past, []string{visit.Number.String(), "NUMBER"}})
	if err := w.st.Close(); err != nil {
		w.Fatal(err)
	}
	fault := c.Get(language + "/")
	request := regexp.MustCompile(`\b[2-9a-z]{8}\b`).FindString(strings.Join(fault.Texts("#main b"), ""))
	return append(all, shown{"fault", fault, []string{request, "REQUEST"}})
}

// everyPage visits every page in every state and language, each language in a
// town of its own.
func everyPage(t *testing.T, check func(t *testing.T, language web.Language, s shown)) {
	t.Helper()
	for _, language := range web.Languages() {
		t.Run(language.Code, func(t *testing.T) {
			w := newTown(t, 6)
			for _, s := range w.walk(language.Prefix) {
				t.Run(s.name, func(t *testing.T) { check(t, language, s) })
			}
		})
	}
}

func TestEveryPageIsAsItWas(t *testing.T) {
	everyPage(t, func(t *testing.T, language web.Language, s shown) {
		apptest.Golden(t, language.Code+"/"+s.name+".html", symbol.ReplaceAllString(s.page.Body, "${1}QR${2}"), s.hide...)
	})
}

// symbol is the code of a booking number, which is drawn at random.
var symbol = regexp.MustCompile(`(<path class="qr-paper"[^>]*></path><path d=")[^"]*(")`)

func TestEveryPageHoldsTheHouseRules(t *testing.T) {
	everyPage(t, func(t *testing.T, language web.Language, s shown) { wantHouseRules(t, language, s) })
}

func wantHouseRules(t *testing.T, language web.Language, s shown) {
	t.Helper()
	apptest.BannedInIE11(t, s.name+".html", s.page.Body)
	wantStructure(t, language, s.page)
	wantLabels(t, s.page)
	if sheet, err := readAsset("site.css"); err != nil || len(s.page.Body)+len(sheet) > mostBytes {
		t.Errorf("page weighs %d bytes with its style sheet of %d, want at most %d (%v)", len(s.page.Body)+len(sheet), len(sheet), mostBytes, err)
	}
	for _, secret := range []string{"山田", "花子", "ヤマダ", "秘密", "1948-04-05", "19480405"} {
		if strings.Contains(s.page.Body, secret) && !strings.HasPrefix(s.name, "sign_in_") {
			t.Errorf("page shows %q, which nobody typed", secret)
		}
	}
	if key := unresolved.FindString(s.page.Text()); key != "" {
		t.Errorf("page shows %q instead of a sentence", key)
	}
	if slashDate.MatchString(s.page.Text()) {
		t.Errorf("page writes a date as %q", slashDate.FindString(s.page.Text()))
	}
}

var (
	unresolved = regexp.MustCompile(`\b[a-z_]{3,}\.[a-z_]{3,}(\.[a-z_]+)*\b|\{[a-z_]+\}`)
	slashDate  = regexp.MustCompile(`\b\d{1,2}/\d{1,2}\b`)
)

// wantStructure checks what screen readers and keyboards rely on.
func wantStructure(t *testing.T, language web.Language, p *apptest.Page) {
	t.Helper()
	if got := p.FindAll("h1"); len(got) != 1 {
		t.Errorf("got %d h1, want 1", len(got))
	}
	if got := apptest.Attr(p.FindAll("html")[0], "lang"); got != language.Tag {
		t.Errorf("got lang %q, want %q", got, language.Tag)
	}
	if !strings.Contains(p.Title(), p.Texts("h1")[0]) {
		t.Errorf("title %q does not hold the heading %q", p.Title(), p.Texts("h1"))
	}
	if got := p.FindAll(".languages li"); len(got) != len(web.Languages()) {
		t.Errorf("got %d links to languages, want %d", len(got), len(web.Languages()))
	}
	if first := p.FindAll("body a")[0]; apptest.Attr(first, "href") != "#main" || len(p.FindAll("main#main")) != 1 {
		t.Error("the first link does not skip to main")
	}
	prefix := map[string]string{"en": "Error: ", "vi": "Lỗi: ", "id": "Kesalahan: "}[language.Code]
	if prefix == "" {
		prefix = "エラー："
	}
	if got := len(p.FindAll("aside.notice")); (got == 1) != language.Unreviewed {
		t.Errorf("got %d notes that the translation is not reviewed, want %v", got, language.Unreviewed)
	}
	if failed := len(p.FindAll(".summary")) > 0; failed != strings.HasPrefix(p.Title(), prefix) {
		t.Errorf("title %q, but error summary %v", p.Title(), failed)
	}
	if summary := p.FindAll(".summary"); len(summary) > 0 {
		if first := firstElement(p.FindAll("main div")[0]); first != summary[0] {
			t.Errorf("the error summary is not first in main: %s comes before it", first.Data)
		}
		if len(p.FindAll(".summary [role=alert]")) != 1 {
			t.Error("the error summary has no alert inside")
		}
	}
	ids := map[string]bool{}
	for _, n := range p.FindAll("[id]") {
		id := apptest.Attr(n, "id")
		if ids[id] {
			t.Errorf("id %q stands twice", id)
		}
		ids[id] = true
	}
	for _, n := range p.FindAll("[aria-describedby]") {
		for id := range strings.FieldsSeq(apptest.Attr(n, "aria-describedby")) {
			if !ids[id] {
				t.Errorf("described by %q, which is not there", id)
			}
		}
	}
	for _, a := range p.FindAll(".summary a[href]") {
		if !ids[strings.TrimPrefix(apptest.Attr(a, "href"), "#")] {
			t.Errorf("summary leads to %q, which is not there", apptest.Attr(a, "href"))
		}
	}
	for _, f := range p.FindAll("form") {
		if !apptest.HasAttr(f, "novalidate") {
			t.Errorf("form %s lets the browser check", apptest.Attr(f, "action"))
		}
	}
	if n := len(p.FindAll("script")); n > 0 {
		t.Errorf("got %d scripts, want none", n)
	}
}

func firstElement(n *html.Node) *html.Node {
	for child := range n.ChildNodes() {
		if child.Type == html.ElementNode {
			return child
		}
	}
	return nil
}

func wantLabels(t *testing.T, p *apptest.Page) {
	t.Helper()
	labelled := map[string]bool{}
	for _, n := range p.FindAll("label") {
		if apptest.TextOf(n) != "" {
			labelled[apptest.Attr(n, "for")] = true
		}
	}
	for _, n := range p.FindAll("input, select, textarea") {
		if apptest.Attr(n, "type") != "hidden" && !labelled[apptest.Attr(n, "id")] {
			t.Errorf("field %s has no label", apptest.Attr(n, "name"))
		}
	}
	for _, n := range p.FindAll(`input[type="text"], input[type="tel"], input[type="email"]`) {
		name, got := apptest.Attr(n, "name"), apptest.Attr(n, "autocomplete")
		if want := purposes[name]; want == "" || got != want {
			t.Errorf("field %s has the purpose %q, want %q", name, got, want)
		}
	}
	names := map[string]string{}
	for _, n := range p.FindAll("main a[href], main button") {
		name, to := heard(n), apptest.Attr(n, "href")+apptest.Attr(n, "value")
		if name == "" {
			t.Errorf("link to %s has no name", to)
		}
		if other, ok := names[name]; ok && other != to {
			t.Errorf("two links are named %q and lead to %s and %s", name, other, to)
		}
		names[name] = to
	}
}

// purposes are what browsers may fill in for a person (WCAG 2.2, 1.3.5); off is
// what nobody but the paper in hand knows.
var purposes = map[string]string{
	"name": "name", "telephone": "tel", "mail": "email", "birth_year": "bday-year", "birth_month": "bday-month", "birth_day": "bday-day",
	"notice_number": "off", "booking_number": "off",
}

// heard is the name that a screen reader says: text without what is hidden from it.
func heard(n *html.Node) string {
	var b strings.Builder
	var add func(*html.Node)
	add = func(n *html.Node) {
		if n.Type == html.TextNode {
			b.WriteString(n.Data)
		}
		if n.Type == html.ElementNode && apptest.Attr(n, "aria-hidden") == "true" {
			return
		}
		for child := range n.ChildNodes() {
			add(child)
		}
	}
	add(n)
	return strings.Join(strings.Fields(b.String()), " ")
}

// mostBytes is what a page may weigh on the line with its style sheet and images: about
// two seconds on a slow telephone line.
const mostBytes = 40_000

func TestEveryPageIsLight(t *testing.T) {
	w := newTown(t, 1)
	c, _ := w.signIn(0, "")
	var windows []booking.Window
	for n := range 60 {
		for i := range 16 {
			windows = append(windows, at(on(12, 2).AddDays(n), jp.Clock(9*60+30*i), 2))
		}
	}
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		venue, err := booking.AddVenue(tx, w.by, booking.Venue{Name: "毎日開いている場所"})
		w.branch = venue
		if err != nil {
			return err
		}
		return booking.AddSlots(tx, w.by, venue, w.service, windows)
	})
	// As heavy a logo as there can be: nothing in it repeats.
	noise, rng := pictures.NewNRGBA(pictures.Rect(0, 0, 50, 50)), rand.New(rand.NewPCG(1, 2))
	for i := range noise.Pix {
		if noise.Pix[i] = uint8(rng.Uint32()); i%4 == 3 {
			noise.Pix[i] = 255
		}
	}
	var logo bytes.Buffer
	if err := png.Encode(&logo, noise); err != nil {
		t.Fatal(err)
	}
	// As many places as a city has.
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		if err := settings.SetLogo(tx, w.by, logo.Bytes()); err != nil {
			return err
		}
		for n := range 40 {
			venue, err := booking.AddVenue(tx, w.by, booking.Venue{Name: fmt.Sprintf("第%d出張所", n), Address: "大字苫米地字下宿23-1", Telephone: "0178-00-0009"})
			if err != nil {
				return err
			}
			if err := booking.AddSlots(tx, w.by, venue, w.service, windows[:64]); err != nil {
				return err
			}
		}
		return nil
	})
	for _, path := range []string{"/", "/venues", slotsPath(w.branch.Ref), slotsPath(w.branch.Ref) + "&view=calendar", dayPath(w.branch.Ref, on(12, 3))} {
		for _, language := range web.Languages() {
			address := language.Prefix + path
			p := c.Get(address)
			w.status(p, 200)
			if len(p.FindAll("img.logo")) != 1 {
				t.Fatalf("%s: the logo is not weighed", address)
			}
			total := len(p.Body)
			for _, n := range p.FindAll("link[href], img[src]") {
				total += sent(t, c, apptest.Attr(n, "href")+apptest.Attr(n, "src"))
			}
			if total > mostBytes {
				t.Errorf("%s weighs %d bytes, want at most %d", address, total, mostBytes)
			}
			t.Logf("%s: %d bytes", address, total)
		}
	}
}

// sent is how much of an asset goes over the line to a browser.
func sent(t *testing.T, c *apptest.Client, path string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, c.URL(path), nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Encoding", "gzip")
	p, err := c.Do(r)
	if err != nil || p.Status != http.StatusOK {
		t.Fatalf("%s: got status %d, %v", path, p.Status, err)
	}
	return len(p.Body)
}

func TestStyleSheetWorksInIE11(t *testing.T) {
	sheet, err := readAsset("site.css")
	if err != nil {
		t.Fatal(err)
	}
	apptest.BannedInIE11(t, "site.css", sheet)
	apptest.MainIsBlock(t, sheet)
	if !utf8.ValidString(sheet) {
		t.Error("site.css is not UTF-8")
	}
}

// pageStructs names the struct that each template gets.
var pageStructs = map[string]any{
	"start": startPage{}, "sign_in": signInPage{}, "choose_venue": chooseVenuePage{}, "choose_day": chooseDayPage{},
	"choose_time": chooseTimePage{}, "check_answers": checkAnswersPage{}, "slot_lost": slotLostPage{},
	"my_booking": myBookingPage{}, "no_booking": noBookingPage{}, "cancel": cancelPage{}, "issued": issuedPage{}, "not_needed": notNeededPage{}, "error": errorPage{},
	"service": servicePage{}, "who": whoPage{}, "check_visitor": checkVisitorPage{}, "find": findPage{},
	"place": placePage{}, "questions": questionsPage{}, "expiry": expiryPage{}, "expiry_card": expiryCardPage{}, "no_paper": noPaperPage{},
	"choose_reason": chooseReasonPage{},
	"together":      togetherPage{}, "waiting": waitingPage{}, "waiting_who": waitingWhoPage{},
	"accessibility": accessibilityPage{}, "mail": mailPage{}, "mail_confirm": confirmMailPage{}, "mail_cancel": cancelByMailPage{}, "mail_done": mailDonePage{},
}

func TestTemplatesUseWhatTheirPagesHave(t *testing.T) {
	w := newTown(t, 0)
	var files []string
	for _, name := range templatesOf(t) {
		files = append(files, name)
		page, ok := pageStructs[name]
		if !ok {
			t.Errorf("no page struct is named for %s.html", name)
			continue
		}
		view := w.site.web.View("public/" + name + ".html")
		if err := templatecheck.CheckHTML(view.Lookup("layout"), page); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name := range pageStructs {
		if !slices.Contains(files, name) {
			t.Errorf("there is no template %s.html", name)
		}
	}
}

func TestAuditNamesTheResident(t *testing.T) {
	w := newTown(t, 1)
	c, _ := w.signIn(0, "")
	c.Get(checkPath(w.slot(w.main, on(12, 2), 9*60).Ref)).Submit("/book", nil)
	visit, ok := w.live(0)
	if !ok {
		t.Fatal("nothing was booked")
	}
	apptest.Read(t, w.st, func(tx *store.Tx) error {
		entries, err := audit.Of(tx, visit.Subject())
		if len(entries) != 1 || entries[0].ActorKind != audit.Resident || entries[0].Actor != w.card(0).Ref {
			t.Errorf("got entries %+v, want one by the card's holder", entries)
		}
		return err
	})
}
