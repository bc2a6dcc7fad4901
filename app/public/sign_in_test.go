package public

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/attempt"
	"madoguchi/app/audit"
	"madoguchi/store"
)

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
