package public

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/attempt"
	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/web"
	"madoguchi/store"
)

// arrive books certificate renewal for someone without a notice.
func (w *town) arrive(c *apptest.Client, language string, s booking.Slot, who url.Values) *apptest.Page {
	w.Helper()
	base := language + "/services/" + string(w.renewal.Ref)
	check := c.Get(base+"/who?slot="+string(s.Ref)).Submit(base+"/check", who)
	w.status(check, http.StatusOK)
	return check.Submit(base+"/book", nil)
}

func TestVisitorWithoutNoticeBooksComesBackChangesAndCancels(t *testing.T) {
	for _, language := range web.Languages() {
		t.Run(language.Code, func(t *testing.T) {
			w := newTown(t, 0)
			prefix := language.Prefix
			slot := w.slotOf(w.renewal, w.main, on(12, 2), 9*60)
			booked := w.arrive(w.client.Another(), prefix, slot, typed())
			w.at(booked, prefix+"/booking")
			visit := w.visitOf(booked)
			if visit.SlotID != slot.ID || visit.CardID != 0 || visit.Channel != booking.Web || visit.Seat != booking.ResidentSeat {
				t.Fatalf("got booking %+v, want a resident's of the slot without a card", visit)
			}
			for _, secret := range []string{"佐藤", "0178-00-0003"} {
				if strings.Contains(booked.Body, secret) {
					t.Errorf("the booking's page shows %q", secret)
				}
			}

			c := w.client.Another()
			again := c.Get(prefix+"/find").Submit(prefix+"/find", url.Values{"booking_number": {string(visit.Number)}, "telephone": {"０１７８００-０００３"}})
			w.at(again, prefix+"/booking")
			other := w.slotOf(w.renewal, w.main, on(12, 3), 9*60)
			w.says(c.Get(prefix+"/venues"), "main", map[string]string{
				"ja": "電子証明書の更新", "ja-furigana": "電子証明書の更新", "ja-easy": "電子証明書（でんししょうめいしょ）を 新（あたら）しく する",
				"en": "Renewing the electronic certificates", "vi": "Gia hạn chứng thư điện tử", "id": "Memperbarui sertifikat elektronik",
			}[language.Code])
			changed := c.Get(prefix+checkPath(other.Ref)).Submit(prefix+"/book", nil)
			w.at(changed, prefix+"/booking")
			if now := w.visitOf(changed); now.SlotID != other.ID || now.Number != visit.Number {
				t.Errorf("got booking %+v, want the same moved", now)
			}
			gone := c.Get(prefix+"/booking/cancel").Submit(prefix+"/booking/cancel", nil)
			w.at(gone, prefix+"/booking")
			if len(gone.FindAll(".number")) > 0 {
				t.Error("the booking still stands")
			}
			w.mustHold()
		})
	}
}

func TestAnswersAreKeptOnGoingBack(t *testing.T) {
	w := newTown(t, 0)
	base := "/services/" + string(w.renewal.Ref)
	slot := w.slotOf(w.renewal, w.main, on(12, 2), 9*60)
	check := w.client.Get(base+"/who?slot="+string(slot.Ref)).Submit(base+"/check", typed())
	back := check.Submit(base+"/who", nil)
	for name, want := range typed() {
		if got := apptest.Attr(back.FindAll("#f-" + name)[0], "value"); got != want[0] {
			t.Errorf("got %s %q after going back, want %q", name, got, want[0])
		}
	}
	for _, path := range []string{check.Path, back.Path} {
		if strings.Contains(path, "?") {
			t.Errorf("the address %s carries answers", path)
		}
	}
	w.at(w.client.Get(base+"/check"), base)
}

func TestOneTelephoneNumberHasOnlySoManyBookings(t *testing.T) {
	w := newTown(t, 0)
	slots := []booking.Slot{w.slotOf(w.renewal, w.main, on(12, 2), 9*60+30), w.slotOf(w.renewal, w.main, on(12, 3), 9*60)}
	for _, s := range slots {
		w.at(w.arrive(w.client.Another(), "", s, typed()), "/booking")
	}
	base := "/services/" + string(w.renewal.Ref)
	form := w.client.Get(base + "/who?slot=" + string(slots[0].Ref))
	p := form.Submit(base+"/check", url.Values{"name": {"別　名"}, "telephone": {"0178000003"}})
	w.status(p, http.StatusUnprocessableEntity)
	w.says(p, ".summary", "すでに2件の予約")
}

func TestFindingABookingNeverTellsWhatWasWrong(t *testing.T) {
	w := newTown(t, 1)
	visit := w.visitOf(w.arrive(w.client.Another(), "", w.slotOf(w.renewal, w.main, on(12, 3), 9*60), typed()))
	ofCard := w.take(0, w.slot(w.main, on(12, 3), 9*60))
	refused := func(number booking.Number, telephone string) string {
		t.Helper()
		p := w.client.Another().Get("/find").Submit("/find", url.Values{"booking_number": {string(number)}, "telephone": {telephone}})
		w.status(p, http.StatusUnprocessableEntity)
		return apptest.Stable(strings.NewReplacer(string(number), "N", telephone, "T").Replace(p.Body))
	}
	unknown := refused("00000007", "0178-00-0003")
	if got := refused(ofCard.Number, "0178-00-0003"); got != unknown {
		t.Error("a number of a booking with a card is told apart from one that does not exist")
	}
	for range attempt.Most {
		if got := refused(visit.Number, "0178-00-9999"); got != unknown {
			t.Fatal("a wrong telephone number is told apart from a wrong booking number")
		}
	}
	if got := refused(visit.Number, "0178-00-0003"); got != unknown {
		t.Error("a blocked number is told apart from a wrong one")
	}
}

func TestOneBrowserHasOnlySoManyTries(t *testing.T) {
	w := newTown(t, 1)
	c := w.client.Another()
	for n := range 4 * attempt.Most {
		values := answers(0)
		values.Set("notice_number", "XYZ-"+strings.Repeat("0", 4)+string(rune('0'+n/10))+string(rune('0'+n%10)))
		w.status(c.Get("/sign-in").Submit("/sign-in", values), http.StatusUnprocessableEntity)
	}
	w.status(c.Get("/sign-in").Submit("/sign-in", answers(0)), http.StatusUnprocessableEntity)
	w.signIn(0, "") // with another browser
}

func TestServicesThatNeedANoticeAreNotBookedWithoutOne(t *testing.T) {
	w := newTown(t, 0)
	for _, ref := range []store.Ref{w.service.Ref, "nowhere"} {
		for _, path := range []string{"", "/venues", slotsPath(w.main.Ref), dayPath(w.main.Ref, on(12, 2)), "/who?slot=x"} {
			w.status(w.client.Get("/services/"+string(ref)+path), http.StatusNotFound)
		}
	}
}

func TestDoubleTapWithoutNoticeBooksOnceAndOpensTheBooking(t *testing.T) {
	w := newTown(t, 0)
	base := "/services/" + string(w.renewal.Ref)
	slot := w.slotOf(w.renewal, w.main, on(12, 3), 9*60)
	check := w.client.Get(base+"/who?slot="+string(slot.Ref)).Submit(base+"/check", typed())
	first := check.Submit(base+"/book", nil)
	second := check.Submit(base+"/book", nil)
	w.at(second, "/booking")
	if w.visitOf(first).ID != w.visitOf(second).ID {
		t.Error("two bookings were made")
	}
	apptest.Read(t, w.st, func(tx *store.Tx) error {
		entries, err := audit.Of(tx, w.visitOf(first).Subject())
		for _, e := range entries {
			if strings.Contains(e.Detail, "佐藤") || strings.Contains(e.Detail, "0178") {
				t.Errorf("the audit log holds what was typed: %s", e.Detail)
			}
		}
		return err
	})
}

func TestChangeOfLanguageLosesNothingTyped(t *testing.T) {
	w := newTown(t, 1)
	c, base := w.client.Another(), "/services/"+string(w.renewal.Ref)
	slot := w.slotOf(w.renewal, w.main, on(12, 3), 9*60)
	who := c.Get(base + "/who?slot=" + string(slot.Ref))

	// The page that shows it all once more goes on in the other language.
	check := who.Submit(base+"/check", typed())
	english := resend(t, c, check, "/en")
	w.says(english, "h1", "Check")
	for _, value := range []string{typed().Get("name"), typed().Get("telephone")} {
		w.says(english, "main", strings.Join(strings.Fields(value), " "))
	}
	if got := w.held(); got != 1 {
		t.Errorf("got %d places held, want the one", got)
	}
	// So does the form that was refused, with what is wrong about it.
	refused := who.Submit(base+"/check", url.Values{"name": {"山田 太郎"}, "telephone": {""}})
	english = resend(t, c, refused, "/en")
	w.says(english, ".summary", "telephone")
	if got := apptest.Attr(english.FindAll("#f-name")[0], "value"); got != "山田 太郎" {
		t.Errorf("got name %q, want what was typed", got)
	}
	// And the form that is being corrected, without a word of blame.
	again := resend(t, c, check.Submit(base+"/who", nil), "/vi")
	if len(again.FindAll(".summary")) != 0 || apptest.Attr(again.FindAll("#f-name")[0], "value") != typed().Get("name") {
		t.Errorf("got\n%s", again.Text())
	}
	booked := english.Submit("/en"+base+"/check", typed()).Submit("/en"+base+"/book", nil)
	w.at(booked, "/en/booking")

	// Where a form is not sent again, the page says so before the choice.
	p := c.Another().Get("/sign-in")
	if len(p.FindAll(".forgets")) != 0 {
		t.Error("a page that nobody has typed into warns of a loss")
	}
	w.says(p.Submit("/sign-in", url.Values{"birth_era": {""}}), ".forgets", "入力したものは消えます")
}

// resend chooses a language whose link is a button.
func resend(t *testing.T, c *apptest.Client, p *apptest.Page, language string) *apptest.Page {
	t.Helper()
	for _, b := range p.FindAll(".languages button") {
		to := apptest.Attr(b, "formaction")
		if !strings.HasPrefix(to, language+"/") {
			continue
		}
		values := url.Values{}
		for _, n := range p.FindAll("nav form input") {
			values.Set(apptest.Attr(n, "name"), apptest.Attr(n, "value"))
		}
		return c.Post(to, values)
	}
	t.Fatalf("no button leads to %s", language)
	return nil
}
