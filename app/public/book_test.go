package public

import (
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/store"
)

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
		nearest := p.FindAll(".choices button[value]")
		if len(nearest) < 3 {
			t.Fatalf("got %d free times offered, want some that lead to the check page", len(nearest))
		}
		// Of later ones that are offered to everybody, most are held by others by now.
		check := p.Submit("/hold", url.Values{"slot": {apptest.Attr(nearest[0], "value")}})
		if !strings.HasPrefix(check.Path, "/check?slot=") && check.Status != http.StatusConflict {
			t.Errorf("a time that was offered leads to %s, status %d", check.Path, check.Status)
		}
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
	if got := c.Get(dayPath(w.main.Ref, on(12, 2))).Texts("main li button"); len(got) != 1 {
		t.Errorf("got times %q, want that of 13:00 only", got)
	}
	p := c.Get(checkPath(w.slot(w.main, on(12, 2), 9*60+30).Ref))
	w.status(p, http.StatusConflict)
	w.says(p, ".summary", "もう過ぎています")
}
