package public

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/booking"
	"madoguchi/app/web"
)

func TestResidentBooksLooksUpChangesAndCancels(t *testing.T) {
	for _, language := range web.Languages() {
		t.Run(language.Code, func(t *testing.T) {
			w := newTown(t, 1)
			at := func(p *apptest.Page, path string) *apptest.Page {
				t.Helper()
				w.at(p, language.Prefix+path)
				return p
			}
			link := func(p *apptest.Page, path string) *apptest.Page {
				t.Helper()
				for _, a := range p.FindAll("main a[href]") {
					if apptest.Attr(a, "href") == language.Prefix+path {
						return w.client.Get(language.Prefix + path)
					}
				}
				t.Fatalf("no link to %s on %s:\n%s", path, p.Path, p.Text())
				return nil
			}
			signIn := at(link(w.client.Get(language.Prefix+"/"), "/sign-in"), "/sign-in")
			venues := at(signIn.Submit(language.Prefix+"/sign-in", answers(0)), "/venues")
			days := at(link(venues, slotsPath(w.main.Ref)), slotsPath(w.main.Ref))
			times := at(link(days, dayPath(w.main.Ref, on(12, 2))), dayPath(w.main.Ref, on(12, 2)))
			first := w.slot(w.main, on(12, 2), 9*60+30)
			check := at(times.Submit(language.Prefix+"/hold", url.Values{"slot": {string(first.Ref)}}), checkPath(first.Ref))
			done := at(check.Submit(language.Prefix+"/book", nil), "/booking")
			visit, ok := w.live(0)
			if !ok || visit.SlotID != first.ID || visit.Seat != booking.ResidentSeat || visit.Channel != booking.Web {
				t.Fatalf("got booking %+v, want one of the slot that was chosen", visit)
			}
			w.says(done, ".number", visit.Number.String())

			second := w.slot(w.branch, on(12, 2), 10*60)
			venues = at(link(done, "/venues"), "/venues")
			w.says(venues, ".warning", venues.Texts(".warning b")[0])
			check = link(link(link(venues, slotsPath(w.branch.Ref)), dayPath(w.branch.Ref, on(12, 2))), checkPath(second.Ref))
			done = at(check.Submit(language.Prefix+"/book", nil), "/booking")
			changed, ok := w.live(0)
			if !ok || changed.SlotID != second.ID || changed.Number != visit.Number {
				t.Fatalf("got booking %+v, want %s moved to the other slot", changed, visit.Number)
			}
			if left := w.slot(w.main, on(12, 2), 9*60+30).Remaining(); left != 1 {
				t.Errorf("the old slot has %d left, want its place back", left)
			}
			cancelled := at(link(done, "/booking/cancel").Submit(language.Prefix+"/booking/cancel", nil), "/booking")
			if _, ok := w.live(0); ok {
				t.Error("the booking still stands")
			}
			at(link(cancelled, "/venues"), "/venues")
			out := cancelled.Submit(language.Prefix+"/sign-out", nil)
			if home := strings.TrimSuffix(out.Path, "/"); home != language.Prefix {
				t.Errorf("signing out leads to %s", out.Path)
			}
			w.mustHold()
		})
	}
}

func TestSlotLinksSayEverything(t *testing.T) {
	w := newTown(t, 1)
	c, _ := w.signIn(0, "")
	names := map[string]bool{}
	for _, c := range []struct {
		page *apptest.Page
		want map[string]string // slot's Ref -> name
	}{
		{c.Get(dayPath(w.main.Ref, on(12, 2))), map[string]string{
			string(w.slot(w.main, on(12, 2), 9*60).Ref):    "12月2日（水） 午前9時 本庁舎 空き2",
			string(w.slot(w.main, on(12, 2), 9*60+30).Ref): "12月2日（水） 午前9時30分 本庁舎 残り1",
			string(w.slot(w.main, on(12, 2), 13*60).Ref):   "12月2日（水） 午後1時 本庁舎 空き2",
			string(w.slot(w.branch, on(12, 2), 10*60).Ref): "12月2日（水） 午前10時 東支所 残り1",
		}},
		{c.Get(checkPath(w.slot(w.main, on(12, 4), 9*60).Ref)), map[string]string{
			string(w.slot(w.main, on(12, 3), 12*60).Ref):   "12月3日（木） 正午 残り1 本庁舎",
			string(w.slot(w.branch, on(12, 2), 10*60).Ref): "12月2日（水） 午前10時 残り1 東支所",
		}},
	} {
		for ref, want := range c.want {
			found := false
			for _, b := range c.page.FindAll("main button[value]") {
				if apptest.Attr(b, "value") == ref {
					found = true
					if got := heard(b); got != want {
						t.Errorf("got name %q, want %q", got, want)
					}
				}
			}
			if !found {
				t.Errorf("no button for %s on %s", want, c.page.Path)
			}
			names[want] = true
		}
	}
	if len(names) != 6 {
		t.Errorf("got %d different names, want 6", len(names))
	}
}

func TestNobodyOpensAPageThatTheirStateDoesNotAllow(t *testing.T) {
	w := newTown(t, 4)
	w.issue(1)
	w.take(2, w.slot(w.main, on(12, 3), 9*60))
	slot := w.slot(w.main, on(12, 2), 9*60)
	pages := []string{"/venues", slotsPath(w.main.Ref), dayPath(w.main.Ref, on(12, 2)), checkPath(slot.Ref), "/booking", "/booking/cancel"}

	for _, path := range append(pages, "/issued", "/book", "/sign-out") {
		p := w.client.Another().Get(path)
		if !strings.HasPrefix(p.Path, "/sign-in") {
			t.Errorf("a stranger who opens %s gets to %s", path, p.Path)
		}
	}
	for _, language := range []string{"", "/easy", "/en"} {
		c, p := w.signIn(1, language)
		w.at(p, language+"/issued")
		for _, path := range append(pages, "/sign-in", "/book") {
			w.at(c.Get(language+path), language+"/issued")
		}
	}
	c, p := w.signIn(0, "")
	w.at(p, "/venues")
	for _, path := range []string{"/issued", "/sign-in", "/booking/cancel", "/book", "/check", "/slots"} {
		w.at(c.Get(path), "/venues")
	}
	c, p = w.signIn(2, "")
	w.at(p, "/booking")
	w.at(c.Get("/sign-in"), "/booking")
	w.at(c.Get("/booking/cancel"), "/booking/cancel")
	w.set("booking.change_cutoff_hours", "240")
	for _, path := range pages {
		w.at(c.Get(path), "/booking")
	}
	w.says(c.Get("/booking"), "main", "0178-00-0001")
}

func TestUnknownAddressesAreNotFound(t *testing.T) {
	w := newTown(t, 1)
	c, _ := w.signIn(0, "")
	for _, path := range []string{"/slots?venue=nowhere", "/slots/2026-13-01?venue=" + string(w.main.Ref), "/slots/2026-12-02?venue=x", "/check?slot=x"} {
		w.status(c.Get(path), http.StatusNotFound)
	}
	w.at(c.Get(dayPath(w.main.Ref, on(12, 25))), slotsPath(w.main.Ref))
}

func TestBookingPageIsForPaper(t *testing.T) {
	w := newTown(t, 1)
	w.set("booking.what_to_bring", "はがき\n\n 本人確認書類 ")
	w.take(0, w.slot(w.main, on(12, 3), 9*60))
	_, p := w.signIn(0, "")
	for _, want := range []string{"令和8年（2026年）12月3日（木）", "午前9時から午前9時30分まで", "本庁舎", "大字苫米地1-1", "0178-00-0002", "役場前バス停から歩いて2分", "印刷するか"} {
		w.says(p, "main", want)
	}
	if got := p.Texts("main ul li"); len(got) != 2 || got[1] != "本人確認書類" {
		t.Errorf("got things to bring %q, want two", got)
	}
	for _, n := range p.FindAll("main a.button") {
		if parent := n.Parent.Parent; apptest.Attr(parent, "class") != "unprinted" {
			t.Errorf("button %q would be printed", apptest.TextOf(n))
		}
	}
}

func TestDatesSuitTheLanguage(t *testing.T) {
	day := on(12, 3)
	for _, c := range []struct{ language, day, full, month, noon string }{
		{"ja", "12月3日（木）", "令和8年（2026年）12月3日（木）", "2026年12月", "正午"},
		{"ja-easy", "12月3日（木曜日）", "2026年（令和8年）12月3日（木曜日）", "2026年12月", "昼の12時"},
		{"en", "Thursday 3 December", "Thursday 3 December 2026 (Reiwa 8)", "December 2026", "noon"},
	} {
		w := wording{c.language}
		if got := [...]string{w.day(day), w.fullDay(day), w.month(day), w.clock(noon)}; got != [...]string{c.day, c.full, c.month, c.noon} {
			t.Errorf("%s: got %q", c.language, got)
		}
	}
}

func TestStyleSheetPrintsOneColumnOnA4(t *testing.T) {
	sheet, err := readAsset("site.css")
	if err != nil {
		t.Fatal(err)
	}
	_, print, ok := strings.Cut(sheet, "@media print")
	if !ok || !strings.Contains(print, "size: A4") || !regexp.MustCompile(`\.unprinted[^}]*display: none`).MatchString(print) {
		t.Error("the print rules do not set A4 or leave buttons in")
	}
}
