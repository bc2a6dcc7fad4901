package public

import (
	"net/url"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/booking"
	"madoguchi/app/web"
	"madoguchi/store"
)

// giveUp cancels for someone else, as the office does.
func (w *town) giveUp(v booking.Visit) {
	w.Helper()
	apptest.Write(w.T, w.st, func(tx *store.Tx) error {
		_, err := booking.Cancel(tx, w.by, v.Booking.Ref, v.Version)
		return err
	})
}

func TestWhoWaitsIsOfferedThePlaceAndTakesIt(t *testing.T) {
	for _, language := range web.Languages() {
		t.Run(language.Code, func(t *testing.T) {
			w := newTown(t, 3)
			prefix := language.Prefix
			slot := w.slot(w.branch, on(12, 2), 10*60)
			taken := w.take(2, slot)
			c, _ := w.signIn(0, prefix)
			full := c.Get(prefix + slotsPath(w.branch.Ref))
			link := full.FindAll(`.choices a.plain`)
			if len(link) != 1 {
				t.Fatalf("got %d links to wait for a full day, want 1:\n%s", len(link), full.Text())
			}
			joined := c.Get(apptest.Attr(link[0], "href")).Submit(prefix+"/waiting", nil)
			w.at(joined, prefix+"/waiting")
			second, _ := w.signIn(1, prefix)
			behind := second.Get(apptest.Attr(link[0], "href")).Submit(prefix+"/waiting", nil)
			w.says(behind, ".facts", map[string]string{"ja": "1人", "ja-easy": "1人（にん）", "en": "1"}[language.Code])

			w.giveUp(taken)
			back := w.client.Another()
			offer := back.Get(prefix+"/sign-in").Submit(prefix+"/sign-in", answers(0))
			w.at(offer, prefix+"/waiting")
			w.at(second.Get(prefix+"/waiting"), prefix+"/waiting")
			done := offer.Submit(prefix+"/waiting/take", nil)
			w.at(done, prefix+"/booking")
			if v, ok := w.live(0); !ok || v.SlotID != slot.ID {
				t.Errorf("got booking %+v, want the place that was offered", v)
			}
			w.mustHold()
		})
	}
}

func TestDeclinedOfferGoesToTheNext(t *testing.T) {
	w := newTown(t, 3)
	slot := w.slot(w.branch, on(12, 2), 10*60)
	taken := w.take(2, slot)
	join := "/waiting?venue=" + string(w.branch.Ref) + "&day=2026-12-02"
	first, _ := w.signIn(0, "")
	first.Get(join).Submit("/waiting", nil)
	second, _ := w.signIn(1, "")
	second.Get(join).Submit("/waiting", nil)
	w.giveUp(taken)
	offer := first.Get("/waiting")
	w.at(offer.Submit("/waiting/decline", nil), "/venues")
	w.says(second.Get("/venues"), ".flash", "空きが出ました")
	w.says(second.Get("/waiting"), "h1", "空きが出ました")

	w.says(offer.Submit("/waiting/take", url.Values{"once": {web.NewOnce()}}), ".flash", "もう終わっています")

	late := second.Get("/waiting")
	w.clock.Advance(13 * time.Hour)
	apptest.Write(t, w.st, booking.ExpireHolds)
	w.at(late.Submit("/waiting/take", nil), "/sign-in")
	_, home := w.signIn(1, "")
	w.at(home, "/venues")
	if _, ok := w.live(1); ok {
		t.Error("an offer that ran out was taken")
	}
}

func TestSoonerDayReplacesTheBookingOnlyWhenTaken(t *testing.T) {
	w := newTown(t, 3)
	taken := w.take(2, w.slot(w.branch, on(12, 2), 10*60))
	w.take(0, w.slot(w.branch, on(12, 7), 10*60))
	c, _ := w.signIn(0, "")
	link := c.Get(slotsPath(w.branch.Ref)).FindAll(`main p a.plain`)
	found := ""
	for _, a := range link {
		if apptest.TextOf(a) == "いまの予約より早い日の空きを待つ" {
			found = apptest.Attr(a, "href")
		}
	}
	w.at(c.Get(found).Submit("/waiting", nil), "/waiting")
	w.giveUp(taken)
	if v, ok := w.live(0); !ok || v.Slot.HeldOn != on(12, 7) {
		t.Fatal("the booking was changed before anybody said so")
	}
	offer := c.Get("/waiting")
	w.says(offer, "main", "いまの予約はなくなります")
	w.at(offer.Submit("/waiting/take", nil), "/booking")
	if v, _ := w.live(0); v.Slot.HeldOn != on(12, 2) {
		t.Errorf("got %s, want the sooner day", v.Slot.HeldOn)
	}
	w.mustHold()
}

func TestWaitingIsRefusedWithAReason(t *testing.T) {
	w := newTown(t, 2)
	c, _ := w.signIn(0, "")
	p := c.Get("/waiting?venue="+string(w.main.Ref)+"&day=2026-12-02").Submit("/waiting", nil)
	w.at(p, "/waiting")
	w.says(p, ".flash", "空きがあります")
	w.take(1, w.slot(w.branch, on(12, 2), 10*60))
	join := c.Get("/waiting?venue=" + string(w.branch.Ref) + "&day=2026-12-02")
	joined := join.Submit("/waiting", nil)
	w.says(joined, ".flash", "加わりました")
	w.says(join.Submit("/waiting", url.Values{"once": {web.NewOnce()}}), ".flash", "すでに空き待ち")
	w.at(joined.Submit("/waiting/leave", nil), "/venues")
	w.says(joined.Submit("/waiting/leave", url.Values{"once": {web.NewOnce()}}), ".flash", "もう終わっています")
}
