package public

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/booking"
	"madoguchi/app/settings"
	"madoguchi/app/web"
	"madoguchi/store"
)

// screens follows links and forms and counts the pages that are shown on the way.
type screens struct {
	*town
	c    *apptest.Client
	page *apptest.Page
	n    int
}

func (s *screens) follow(selector string) {
	s.Helper()
	found := s.page.FindAll(selector)
	if len(found) == 0 {
		s.Fatalf("no %s on %s:\n%s", selector, s.page.Path, s.page.Text())
	}
	s.page = s.c.Get(apptest.Attr(found[0], "href"))
	s.status(s.page, http.StatusOK)
	s.n++
}

func (s *screens) send(form string, values url.Values) {
	s.Helper()
	s.page = s.page.Submit(form, values)
	s.status(s.page, http.StatusOK)
	s.n++
}

// The measure: with the postcard in hand, somebody who is here for the first
// time is booked after at most six screens, and after five by the postcard's code.
func TestFirstTimeUserIsBookedInSixScreens(t *testing.T) {
	const most = 6
	for _, language := range web.Languages() {
		t.Run(language.Code, func(t *testing.T) {
			w := newTown(t, 2)
			prefix := language.Prefix
			for person, way := range []string{prefix + "/", prefix + "/n/ABC000001"} {
				c := w.client.Another()
				s := &screens{town: w, c: c, page: c.Get(strings.TrimSuffix(way, "/") + map[bool]string{true: "/"}[way == "/"]), n: 1}
				if person == 0 {
					s.follow(".papers a.button")
				}
				s.send(prefix+"/sign-in", answers(person))
				s.follow(`.venue a.button`) // the longer way: all days of a place
				s.follow(`.choices a.choice`)
				button := s.page.FindAll(`button[name="slot"]`)
				s.send(prefix+"/hold", url.Values{"slot": {apptest.Attr(button[0], "value")}})
				shown := s.n
				s.send(prefix+"/book", nil)
				if _, ok := w.live(person); !ok {
					t.Fatalf("nothing is booked:\n%s", s.page.Text())
				}
				if shown > most-person {
					t.Errorf("%s: got %d screens before the booking, want at most %d", way, shown, most-person)
				}
			}
		})
	}
}

func TestEachPaperLeadsToItsService(t *testing.T) {
	w := newTown(t, 1)
	links := w.client.Get("/").FindAll(".papers a.button")
	if len(links) != 3 {
		t.Fatalf("got %d papers, want 3", len(links))
	}
	expiry := w.client.Get(apptest.Attr(links[1], "href"))
	certificate, whole := expiry.FindAll(".papers a.button")[0], expiry.FindAll(".papers a.button")[1]
	w.at(w.client.Get(apptest.Attr(certificate, "href")), "/services/"+string(w.renewal.Ref))
	w.says(w.client.Get(apptest.Attr(whole, "href")), "main", "電子証明書だけの更新は要りません")
	none := w.client.Get(apptest.Attr(links[2], "href"))
	w.says(none, ".choices", "電子証明書の更新")
	w.says(none, "main", "0178-00-0001")
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		s, err := booking.ServiceByRef(tx, w.renewal.Ref)
		if err == nil {
			s.StaffOnly = true
			_, err = booking.EditService(tx, w.by, s)
		}
		return err
	})
	w.says(w.client.Get("/expiry"), "main", "この画面では予約できません。お電話ください。")
	w.status(w.client.Get("/services/"+string(w.renewal.Ref)), http.StatusNotFound)
}

func TestWrongServiceIsCaughtByTheCardsRecord(t *testing.T) {
	w := newTown(t, 1)
	c, _ := w.signIn(0, "")
	intro := c.Get("/services/" + string(w.renewal.Ref))
	w.says(intro, ".warning", "新しいカードが、役所に届いています")
	base := "/services/" + string(w.renewal.Ref)
	slot := w.slotOf(w.renewal, w.main, on(12, 3), 9*60)
	w.says(c.Get(base+"/who?slot="+string(slot.Ref)).Submit(base+"/check", typed()), ".warning", "電子証明書も新しくなる")
	w.says(w.client.Another().Get(base), ".warning", "カードの受け取りの予約です")

	check := c.Get(checkPath(w.slot(w.main, on(12, 2), 9*60).Ref))
	if strings.Contains(check.Text(), "電子証明書も新しくなる") {
		t.Error("a first card is said to replace one")
	}
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		_, err := tx.Exec(`UPDATE card SET issue_kind = 'renewal' WHERE id = ?`, w.card(0).ID)
		return err
	})
	w.says(c.Get(checkPath(w.slot(w.main, on(12, 2), 9*60).Ref)), ".warning", "電子証明書の更新の予約は要りません")
}

func TestAnnouncementsAreShownInTheirTimeAndAsPlainText(t *testing.T) {
	w := newTown(t, 0)
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		for _, a := range []settings.Announcement{
			{Title: "まだ", Importance: settings.Usual, FromOn: on(12, 2)},
			{Title: "もう終わり", Importance: settings.Usual, FromOn: on(11, 1), UntilOn: on(11, 30)},
			{Title: "今日まで", Importance: settings.Urgent, FromOn: on(11, 1), UntilOn: on(12, 1)},
			{Title: "支所の", Importance: settings.Usual, FromOn: on(12, 1), VenueID: w.branch.ID},
		} {
			if _, err := settings.SaveAnnouncement(tx, w.by, a); err != nil {
				return err
			}
		}
		return nil
	})
	p := w.client.Get("/")
	got := p.Texts(".announcement h2")
	if strings.Join(got, "|") != "緊急 今日まで|重要 年末年始の休み|支所の" {
		t.Errorf("got announcements %q", got)
	}
	if len(p.FindAll(".announcement b")) > 0 || !strings.Contains(p.Text(), "<b>文字だけです。</b>") {
		t.Error("an announcement is more than text")
	}
	if got := w.client.Get("/places/" + string(w.branch.Ref)).Texts(".announcement h2"); strings.Join(got, "|") != "支所の" {
		t.Errorf("the branch shows %q, want its own", got)
	}
	w.clock.Advance(24 * time.Hour)
	if got := w.client.Get("/").Texts(".announcement h2"); strings.Join(got, "|") != "重要 年末年始の休み|まだ|支所の" {
		t.Errorf("got %q on the next day", got)
	}
}

func TestLetterCodeFillsInTheNumberAndTellsNothing(t *testing.T) {
	w := newTown(t, 2)
	known := w.client.Another().Get("/n/abc000000")
	if got := apptest.Attr(known.FindAll("#f-notice_number")[0], "value"); got != "ABC-000000" {
		t.Errorf("got number %q, want it filled in", got)
	}
	for _, part := range []string{"year", "month", "day"} {
		if got := apptest.Attr(known.FindAll("#f-birth_" + part)[0], "value"); got != "" {
			t.Errorf("got %s %q, want the date of birth empty", part, got)
		}
	}
	unknown := w.client.Another().Get("/n/ABC999999?birth_year=1948&birth_day=5")
	if strings.ReplaceAll(apptest.Stable(unknown.Body), "ABC-999999", "N") != strings.ReplaceAll(strings.ReplaceAll(apptest.Stable(known.Body), "ABC-000000", "N"), "/n/abc000000", "/n/ABC999999?birth_year=1948&amp;birth_day=5") {
		t.Error("a number that exists looks different from one that does not")
	}
	w.at(known.Submit("/sign-in", answers(0)), "/venues")
	c, _ := w.signIn(1, "")
	w.at(c.Get("/n/ABC000001"), "/venues")
	w.at(w.client.Another().Get("/n/nonsense"), "/sign-in")
}

func TestMapPictureIsShownAndKept(t *testing.T) {
	w := newTown(t, 1)
	var body bytes.Buffer
	drawn := image.NewGray(image.Rect(0, 0, 40, 30))
	drawn.Set(3, 3, color.White)
	if err := png.Encode(&body, drawn); err != nil {
		t.Fatal(err)
	}
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		venue, err := booking.VenueByRef(tx, w.main.Ref)
		if err == nil {
			_, err = booking.SetMap(tx, w.by, venue, body.Bytes())
		}
		return err
	})
	w.take(0, w.slot(w.main, on(12, 3), 9*60))
	c, mine := w.signIn(0, "")
	for _, p := range []*apptest.Page{mine, w.client.Get("/places/" + string(w.main.Ref))} {
		pictures := p.FindAll("img.map")
		if len(pictures) != 1 || apptest.Attr(pictures[0], "alt") != "本庁舎の地図" || apptest.Attr(pictures[0], "width") != "40" {
			t.Fatalf("got %d maps on %s", len(pictures), p.Path)
		}
		got := c.Get(apptest.Attr(pictures[0], "src"))
		if got.Body != body.String() || got.Header.Get("Content-Type") != "image/png" || !strings.Contains(got.Header.Get("Cache-Control"), "immutable") {
			t.Errorf("got %d bytes of %s", len(got.Body), got.Header.Get("Content-Type"))
		}
	}
	w.status(w.client.Get("/maps/"+strings.Repeat("0", 64)), http.StatusNotFound)
}
