package public

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/attempt"
	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/web"
	"madoguchi/store"
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
			check := at(link(times, checkPath(first.Ref)), checkPath(first.Ref))
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
		want map[string]string // slot's path -> name
	}{
		{c.Get(dayPath(w.main.Ref, on(12, 2))), map[string]string{
			checkPath(w.slot(w.main, on(12, 2), 9*60).Ref):    "12月2日（水） 午前9時 本庁舎 空き2",
			checkPath(w.slot(w.main, on(12, 2), 9*60+30).Ref): "12月2日（水） 午前9時30分 本庁舎 残り1",
			checkPath(w.slot(w.main, on(12, 2), 13*60).Ref):   "12月2日（水） 午後1時 本庁舎 空き2",
		}},
		{c.Get(checkPath(w.slot(w.main, on(12, 4), 9*60).Ref)), map[string]string{
			checkPath(w.slot(w.main, on(12, 3), 12*60).Ref):   "12月3日（木） 正午 残り1 本庁舎",
			checkPath(w.slot(w.branch, on(12, 2), 10*60).Ref): "12月2日（水） 午前10時 残り1 東支所",
		}},
	} {
		for path, want := range c.want {
			found := false
			for _, a := range c.page.FindAll("main a[href]") {
				if apptest.Attr(a, "href") == path {
					found = true
					if got := heard(a); got != want {
						t.Errorf("got name %q, want %q", got, want)
					}
				}
			}
			if !found {
				t.Errorf("no link for %s on %s", want, c.page.Path)
			}
			names[want] = true
		}
	}
	if len(names) != 5 {
		t.Errorf("got %d different names, want 5", len(names))
	}
}

func TestSignInReadsWhatPeopleWrite(t *testing.T) {
	for _, c := range []struct {
		sentence string
		change   url.Values
	}{
		{"as printed", nil},
		{"number without hyphen, small letters", url.Values{"notice_number": {"abc000000"}}},
		{"number in full width", url.Values{"notice_number": {"ＡＢＣ－０００　０００"}}},
		{"date in full width", url.Values{"birth_year": {"２３"}, "birth_month": {"４"}, "birth_day": {"０５"}}},
		{"units typed along", url.Values{"birth_year": {"23年"}, "birth_month": {"4月"}, "birth_day": {"5日"}}},
		{"western year", url.Values{"birth_era": {"western"}, "birth_year": {"1948"}}},
		{"western year under an era", url.Values{"birth_year": {"1948"}}},
		{"western year without a choice", url.Values{"birth_era": {""}, "birth_year": {"1948"}}},
		{"era typed along", url.Values{"birth_era": {""}, "birth_year": {"昭和23"}}},
		{"era's letter typed along", url.Values{"birth_era": {"western"}, "birth_year": {"S23"}}},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			w := newTown(t, 1)
			values := answers(0)
			for name, v := range c.change {
				values[name] = v
			}
			w.at(w.client.Get("/sign-in").Submit("/sign-in", values), "/venues")
		})
	}
}

func TestSignInSaysAtEachFieldWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		sentence string
		change   url.Values
		field    string
		want     string
	}{
		{"no number", url.Values{"notice_number": {"　"}}, "notice_number", "交付通知書番号を入力してください。"},
		{"number too short", url.Values{"notice_number": {"AB-123456"}}, "notice_number", "英字か数字3文字"},
		{"no era", url.Values{"birth_era": {""}}, "birth_era", "西暦を選んで"},
		{"no year", url.Values{"birth_year": {""}}, "birth_year", "「年」を入力"},
		{"no month", url.Values{"birth_month": {""}}, "birth_month", "「月」を入力"},
		{"no day", url.Values{"birth_day": {""}}, "birth_day", "0を入力"},
		{"short western year", url.Values{"birth_era": {"western"}}, "birth_year", "4けた"},
		{"day after the era", url.Values{"birth_year": {"64"}, "birth_month": {"1"}, "birth_day": {"8"}}, "birth_year", "元号"},
		{"30 February", url.Values{"birth_month": {"2"}, "birth_day": {"30"}}, "birth_day", "この日付はありません"},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			w := newTown(t, 1)
			values := answers(0)
			for name, v := range c.change {
				values[name] = v
			}
			p := w.client.Get("/sign-in").Submit("/sign-in", values)
			w.status(p, http.StatusUnprocessableEntity)
			w.says(p, "#e-"+c.field, "＊")
			w.says(p, "#e-"+c.field, c.want)
			w.says(p, `.summary a[href="#f-`+c.field+`"]`, c.want)
			control := p.FindAll("#f-" + c.field)[0]
			if apptest.Attr(control, "aria-invalid") != "true" || !strings.HasPrefix(apptest.Attr(control, "aria-describedby"), "e-"+c.field) {
				t.Errorf("field %s does not point to its error", c.field)
			}
			if got := apptest.Attr(p.FindAll("#f-notice_number")[0], "value"); got != values.Get("notice_number") {
				t.Errorf("got number %q on the page, want what was typed", got)
			}
		})
	}
}

func TestRefusedSignInNeverTellsWhy(t *testing.T) {
	w := newTown(t, 2)
	refused := func(change url.Values) string {
		t.Helper()
		values := answers(0)
		for name, v := range change {
			values[name] = v
		}
		p := w.client.Another().Get("/sign-in").Submit("/sign-in", values)
		w.status(p, http.StatusUnprocessableEntity)
		typed := strings.NewReplacer(values.Get("notice_number"), "N", `value="`+values.Get("birth_year")+`"`, `value="Y"`)
		return apptest.Stable(typed.Replace(p.Body))
	}
	wrongNumber := refused(url.Values{"notice_number": {"XYZ-999999"}})
	for range attempt.Most {
		if wrongBirth := refused(url.Values{"birth_year": {"24"}}); wrongBirth != wrongNumber {
			t.Fatal("a wrong date of birth and a wrong number are told apart")
		}
	}
	if blocked := refused(nil); blocked != wrongNumber {
		t.Error("a blocked number is told apart from a wrong one")
	}
	w.clock.Advance(attempt.Block + time.Minute)
	w.at(w.client.Get("/sign-in").Submit("/sign-in", answers(0)), "/venues")
}

func TestUnknownDayOpensOnlyCardsWhoseDayIsUnknown(t *testing.T) {
	w := newTown(t, unknownDay+1)
	noDay := func(n int) url.Values {
		values := answers(n)
		values.Set("birth_day", "0")
		return values
	}
	noMonth := noDay(0)
	noMonth.Set("birth_month", "0")
	for _, values := range []url.Values{noDay(0), noMonth} {
		w.status(w.client.Get("/sign-in").Submit("/sign-in", values), http.StatusUnprocessableEntity)
	}
	w.at(w.client.Get("/sign-in").Submit("/sign-in", noDay(unknownDay)), "/venues")
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

func TestPastCutoffTheFormsDoNothing(t *testing.T) {
	w := newTown(t, 1)
	w.take(0, w.slot(w.main, on(12, 3), 9*60))
	c, _ := w.signIn(0, "")
	cancel := c.Get("/booking/cancel")
	change := c.Get(checkPath(w.slot(w.main, on(12, 2), 9*60).Ref))
	before, _ := w.live(0)
	w.set("booking.change_cutoff_hours", "240")
	for _, p := range []*apptest.Page{cancel.Submit("/booking/cancel", nil), change.Submit("/book", nil)} {
		w.at(p, "/booking")
		w.says(p, ".flash", "過ぎたため")
	}
	if after, ok := w.live(0); !ok || after.Version != before.Version {
		t.Errorf("got booking %+v, want it untouched", after)
	}
}

func TestWantedPageIsOpenedAfterSignIn(t *testing.T) {
	w := newTown(t, 2)
	w.issue(1)
	for _, c := range []struct {
		sentence, language, wanted, want string
	}{
		{"slots of a place", "", slotsPath(w.main.Ref), slotsPath(w.main.Ref)},
		{"one day, in English", "/en", dayPath(w.main.Ref, on(12, 2)), dayPath(w.main.Ref, on(12, 2))},
		{"page that the state does not allow", "", "/booking/cancel", "/venues"},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			p := w.client.Another().Get(c.language + c.wanted)
			w.at(p.Submit(c.language+"/sign-in", answers(0)), c.language+c.want)
		})
	}
	w.at(w.client.Another().Get("/venues").Submit("/sign-in", answers(1)), "/issued")
}

func TestOnlyPagesOfThisSiteAreOpenedAfterSignIn(t *testing.T) {
	for _, said := range []string{
		"https://evil.example/venues", "//evil.example/venues", `/\evil.example`, "/sign-out", "/book", "/", "venues",
		"/venues/../sign-out", "/slots/2026-12-02/x", "javascript:alert(1)", "/check\r\nSet-Cookie: a=b", "%zz",
	} {
		if got := returnPath(said); got != "" {
			t.Errorf("returnPath(%q) = %q, want none", said, got)
		}
	}
	if got, want := returnPath("/slots?venue=abc&evil=1#x"), "/slots?venue=abc"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestSessionIsNewAtSignIn(t *testing.T) {
	w := newTown(t, 1)
	form := w.client.Get("/sign-in")
	planted := w.client.Cookies()
	if len(planted) != 1 {
		t.Fatalf("got %d cookies, want 1", len(planted))
	}
	form.Submit("/sign-in", answers(0))
	if got := w.client.Cookies()[0].Value; got == planted[0].Value {
		t.Fatal("the session kept its ID at sign-in")
	}
	other := w.client.Another()
	other.SetCookies(planted...)
	if p := other.Get("/booking"); !strings.HasPrefix(p.Path, "/sign-in") {
		t.Errorf("the ID from before sign-in opens %s", p.Path)
	}
}

func TestSignedOutSessionOpensNothing(t *testing.T) {
	w := newTown(t, 1)
	c, p := w.signIn(0, "")
	before := c.Cookies()
	w.says(p.Submit("/sign-out", nil), ".flash", "ログアウトしました")
	other := w.client.Another()
	other.SetCookies(before...)
	if p := other.Get("/booking"); !strings.HasPrefix(p.Path, "/sign-in") {
		t.Errorf("the session that ended opens %s", p.Path)
	}
	apptest.Read(t, w.st, func(tx *store.Tx) error {
		entries, err := audit.Of(tx, w.card(0).Card.Subject())
		if len(entries) == 0 || entries[0].Action != audit.SignedOut {
			t.Errorf("got entries %+v, want the sign-out first", entries)
		}
		return err
	})
}

func TestExpiredSessionSaysSoAndComesBack(t *testing.T) {
	w := newTown(t, 1)
	c, _ := w.signIn(0, "")
	w.clock.Advance(32 * time.Minute)
	p := c.Get(slotsPath(w.main.Ref))
	w.says(p, ".flash", "時間がたったため")
	w.at(p.Submit("/sign-in", answers(0)), slotsPath(w.main.Ref))
}

func TestAnotherPersonsBookingCannotBeTouched(t *testing.T) {
	w := newTown(t, 2)
	theirs := w.take(1, w.slot(w.main, on(12, 3), 9*60))
	w.take(0, w.slot(w.main, on(12, 3), 9*60))
	c, _ := w.signIn(0, "")
	cancel, change := c.Get("/booking/cancel"), c.Get(checkPath(w.slot(w.main, on(12, 2), 9*60).Ref))
	stolen := url.Values{"booking": {string(theirs.Ref)}}
	for _, p := range []*apptest.Page{cancel.Submit("/booking/cancel", stolen), change.Submit("/book", stolen)} {
		w.at(p, "/booking")
		if strings.Contains(p.Body, theirs.Number.String()) {
			t.Error("page shows another person's booking number")
		}
	}
	if after, ok := w.live(1); !ok || after.Version != theirs.Version {
		t.Errorf("got their booking %+v, want it untouched", after)
	}
}

func TestChangedElsewhereIsNotOverwritten(t *testing.T) {
	w := newTown(t, 1)
	w.take(0, w.slot(w.main, on(12, 3), 9*60))
	c, _ := w.signIn(0, "")
	old := c.Get(checkPath(w.slot(w.main, on(12, 2), 9*60).Ref))
	c.Get(checkPath(w.slot(w.main, on(12, 2), 13*60).Ref)).Submit("/book", nil)
	p := old.Submit("/book", nil)
	w.at(p, "/booking")
	w.says(p, ".flash", "別の画面か役所で")
	if v, _ := w.live(0); v.Slot.Starts != 13*60 {
		t.Errorf("got the booking at %s, want 13:00 as it was changed first", v.Slot.Starts)
	}
}

func TestDoubleTapBooksOnce(t *testing.T) {
	w := newTown(t, 1)
	c, _ := w.signIn(0, "")
	c.Stay = true
	_, _, values := c.Get(checkPath(w.slot(w.main, on(12, 2), 9*60).Ref)).Fill("/book", nil)
	const taps = 8
	pages := make([]*apptest.Page, taps)
	errs := make([]error, taps)
	var wg sync.WaitGroup
	for i := range taps {
		wg.Go(func() { pages[i], errs[i] = c.Try(http.MethodPost, "/book", values) })
	}
	wg.Wait()
	for i, p := range pages {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		if p.Status != http.StatusSeeOther || p.Header.Get("Location") != "/booking" {
			t.Errorf("tap %d: got status %d to %q, want 303 to /booking", i, p.Status, p.Header.Get("Location"))
		}
	}
	if left := w.slot(w.main, on(12, 2), 9*60).Remaining(); left != 1 {
		t.Errorf("got %d places left of 2, want 1", left)
	}
	w.mustHold()
}

func TestThirtyTwoPeopleAndOnePlace(t *testing.T) {
	const people = 32
	w := newTown(t, people)
	slot := w.slot(w.main, on(12, 2), 9*60+30)
	clients := make([]*apptest.Client, people)
	forms := make([]url.Values, people)
	for n := range people {
		clients[n], _ = w.signIn(n, "")
		_, _, forms[n] = clients[n].Get(checkPath(slot.Ref)).Fill("/book", nil)
	}
	pages := make([]*apptest.Page, people)
	errs := make([]error, people)
	var wg sync.WaitGroup
	start := make(chan struct{})
	for n := range people {
		wg.Go(func() {
			<-start
			pages[n], errs[n] = clients[n].Try(http.MethodPost, "/book", forms[n])
		})
	}
	close(start)
	wg.Wait()
	won := 0
	for n, p := range pages {
		if errs[n] != nil {
			t.Fatal(errs[n])
		}
		if p.Status == http.StatusOK && p.Path == "/booking" {
			won++
			continue
		}
		w.status(p, http.StatusConflict)
		w.says(p, ".summary", "先にほかのかたの予約が入り")
		w.says(p, "main", "令和8年（2026年）12月2日（水） 午前9時30分から午前10時まで")
		nearest := p.FindAll(".choices a[href]")
		if len(nearest) < 3 || !strings.HasPrefix(apptest.Attr(nearest[0], "href"), "/check?slot=") {
			t.Fatalf("got %d free times offered, want some that lead to the check page", len(nearest))
		}
		w.status(clients[n].Get(apptest.Attr(nearest[0], "href")), http.StatusOK)
	}
	if won != 1 {
		t.Errorf("got %d winners, want 1", won)
	}
	w.mustHold()
}

func TestLostSlotsSayWhy(t *testing.T) {
	for _, c := range []struct {
		sentence string
		happens  func(w *town)
		want     string
	}{
		{"full", func(w *town) { w.take(1, w.slot(w.main, on(12, 2), 9*60+30)) }, "満員になりました"},
		{"closed", func(w *town) {
			apptest.Write(w.T, w.st, func(tx *store.Tx) error {
				_, err := tx.Exec(`UPDATE slot SET open = 0 WHERE held_on = '2026-12-02' AND starts = '09:30'`)
				return err
			})
		}, "受付を取りやめました"},
		{"no longer bookable", func(w *town) { w.set("booking.first_day_ahead", "2") }, "予約できる期間の外です"},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			w := newTown(t, 2)
			slot := w.slot(w.main, on(12, 2), 9*60+30)
			client, _ := w.signIn(0, "")
			check := client.Get(checkPath(slot.Ref))
			c.happens(w)
			for _, p := range []*apptest.Page{client.Get(checkPath(slot.Ref)), check.Submit("/book", nil)} {
				w.status(p, http.StatusConflict)
				w.says(p, ".summary", c.want)
			}
			if _, ok := w.live(0); ok {
				t.Error("something was booked")
			}
		})
	}
}

func TestOfTodayOnlyWhatHasNotBegunCanBeChosen(t *testing.T) {
	w := newTown(t, 1)
	w.set("booking.first_day_ahead", "0")
	w.clock.Advance(25 * time.Hour) // 10:00 on 2 December
	c, _ := w.signIn(0, "")
	w.says(c.Get(slotsPath(w.main.Ref)), ".choices li", "12月2日（水） △ 残り2")
	if got := c.Get(dayPath(w.main.Ref, on(12, 2))).Texts("main li a"); len(got) != 1 {
		t.Errorf("got times %q, want that of 13:00 only", got)
	}
	p := c.Get(checkPath(w.slot(w.main, on(12, 2), 9*60+30).Ref))
	w.status(p, http.StatusConflict)
	w.says(p, ".summary", "もう過ぎています")
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
