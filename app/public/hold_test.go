package public

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/store"
)

// choose presses the button of a time on the page of its day.
func (w *town) choose(c *apptest.Client, language string, v booking.Venue, s booking.Slot) *apptest.Page {
	w.Helper()
	return c.Get(language+dayPath(v.Ref, s.HeldOn)).Submit(language+"/hold", url.Values{"slot": {string(s.Ref)}})
}

func TestTimeIsKeptWhileAnswersAreChecked(t *testing.T) {
	w := newTown(t, 2)
	slot := w.slot(w.main, on(12, 2), 9*60+30) // one place
	first, _ := w.signIn(0, "")
	check := w.choose(first, "", w.main, slot)
	w.at(check, checkPath(slot.Ref))
	w.says(check, ".flash", "午前9時10分まで（あと10分）")

	second, _ := w.signIn(1, "")
	p := second.Get(checkPath(slot.Ref))
	w.status(p, http.StatusConflict)
	w.says(p, ".summary", "満員になりました")

	w.clock.Advance(4 * time.Minute)
	w.says(first.Get(checkPath(slot.Ref)), ".flash", "午前9時10分まで（あと6分）")
	w.says(first.Get(dayPath(w.main.Ref, on(12, 2))), "main button", "お取りしています")
	w.at(check.Submit("/book", nil), "/booking")
	if v, ok := w.live(0); !ok || v.SlotID != slot.ID {
		t.Errorf("got booking %+v, want the slot that was held", v)
	}
	w.mustHold()
}

func TestHoldThatRanOutIsSaid(t *testing.T) {
	w := newTown(t, 2)
	slot := w.slot(w.main, on(12, 2), 9*60+30)
	first, _ := w.signIn(0, "")
	check := w.choose(first, "", w.main, slot)
	w.clock.Advance(11 * time.Minute)
	apptest.Write(t, w.st, booking.ExpireHolds)
	p := first.Get(checkPath(slot.Ref))
	w.status(p, http.StatusOK)
	w.says(p, ".warning", "まだお取りしていません")

	w.take(1, slot)
	for _, p := range []*apptest.Page{first.Get(checkPath(slot.Ref)), check.Submit("/book", nil)} {
		w.status(p, http.StatusConflict)
		w.says(p, ".summary", "お取りしていた時間が過ぎていました")
	}
	if _, ok := w.live(0); ok {
		t.Error("something was booked")
	}
}

func TestHoldsCannotBeHoarded(t *testing.T) {
	w := newTown(t, 1)
	c, _ := w.signIn(0, "")
	for _, starts := range []int{9 * 60, 13 * 60, 9*60 + 30} {
		for _, s := range []booking.Slot{w.slot(w.main, on(12, 2), jp.Clock(starts)), w.slot(w.main, on(12, 3), 9*60)} {
			w.at(w.choose(c, "", w.main, s), checkPath(s.Ref))
		}
	}
	if n := w.held(); n != 1 {
		t.Errorf("one card holds %d places, want 1", n)
	}
	// Names and telephone numbers can be made up: beyond twenty nothing is held.
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		return booking.AddSlots(tx, w.by, w.branch, w.renewal, []booking.Window{at(on(12, 3), 9*60, 100)})
	})
	slot := w.slotOf(w.renewal, w.branch, on(12, 3), 9*60)
	base := "/services/" + string(w.renewal.Ref)
	for n := range 25 {
		who := w.client.Another().Get(base + "/who?slot=" + string(slot.Ref))
		check := who.Submit(base+"/check", url.Values{"name": {"仮　名"}, "telephone": {"0900000" + strings.Repeat("1", n/10) + string(rune('0'+n%10)) + "000"}})
		w.status(check, http.StatusOK)
		w.says(check, "h1", "内容の確認")
	}
	if n := w.held(); n != 21 {
		t.Errorf("got %d places held, want the card's and twenty more", n)
	}
}

func TestWithoutHoldsNothingIsHeld(t *testing.T) {
	w := newTown(t, 1)
	w.set("booking.hold_minutes", "0")
	c, _ := w.signIn(0, "")
	slot := w.slot(w.main, on(12, 2), 9*60)
	check := w.choose(c, "", w.main, slot)
	if got := check.FindAll(".flash, .warning"); len(got) != 0 {
		t.Errorf("the page speaks of holds: %s", check.Text())
	}
	if n := w.held(); n != 0 {
		t.Errorf("got %d places held, want none", n)
	}
	w.at(check.Submit("/book", nil), "/booking")
}

func TestTimesOfOtherServicesAreNotBooked(t *testing.T) {
	w := newTown(t, 1)
	c, _ := w.signIn(0, "")
	other := w.slotOf(w.renewal, w.main, on(12, 2), 9*60)
	w.status(c.Get(checkPath(other.Ref)), http.StatusNotFound)
	own := w.slot(w.main, on(12, 2), 9*60)
	_, _, values := c.Get(checkPath(own.Ref)).Fill("/book", nil)
	values.Set("slot", string(other.Ref))
	w.status(c.Post("/book", values), http.StatusNotFound)
	if _, ok := w.live(0); ok {
		t.Error("a place of another service was booked")
	}
}

// held counts the places that are held.
func (w *town) held() (n int) {
	w.Helper()
	apptest.Read(w.T, w.st, func(tx *store.Tx) (err error) {
		n, err = store.One[int](tx, `SELECT count(*) FROM booking WHERE state = 'held'`)
		return err
	})
	return n
}

func TestThirtyTwoPeopleHoldOnePlace(t *testing.T) {
	const people = 32
	w := newTown(t, people/2)
	slot := w.slot(w.main, on(12, 2), 9*60+30)
	other := w.slotOf(w.renewal, w.main, on(12, 2), 9*60)
	base := "/services/" + string(w.renewal.Ref)
	actions := make([]func() (*apptest.Page, error), people)
	for n := range people {
		// Half come with a card, half without: two places, each for one.
		c, path := w.client.Another(), base+"/check"
		var values url.Values
		if n%2 == 0 {
			c, _ = w.signIn(n/2, "")
			path = "/hold"
			_, _, values = c.Get(dayPath(w.main.Ref, on(12, 2))).Fill("/hold", url.Values{"slot": {string(slot.Ref)}})
		} else {
			who := url.Values{"name": {"仮　名"}, "telephone": {fmt.Sprintf("09000000%03d", n)}}
			_, _, values = c.Get(base+"/who?slot="+string(other.Ref)).Fill(path, who)
		}
		actions[n] = func() (*apptest.Page, error) { return c.Try(http.MethodPost, path, values) }
	}
	pages := make([]*apptest.Page, people)
	errs := make([]error, people)
	var wg sync.WaitGroup
	start := make(chan struct{})
	for n := range people {
		wg.Go(func() {
			<-start
			pages[n], errs[n] = actions[n]()
		})
	}
	close(start)
	wg.Wait()
	won := [2]int{}
	for n, p := range pages {
		if errs[n] != nil {
			t.Fatal(errs[n])
		}
		if p.Status == http.StatusOK {
			won[n%2]++
			continue
		}
		w.status(p, http.StatusConflict)
		w.says(p, ".summary", "満員になりました")
	}
	if won != [2]int{1, 1} || w.held() != 2 {
		t.Errorf("got %v winners and %d places held, want one each", won, w.held())
	}
	w.mustHold()
}

func TestHoldOfAVisitorLeavesNoNameBehind(t *testing.T) {
	w := newTown(t, 0)
	base := "/services/" + string(w.renewal.Ref)
	slot := w.slotOf(w.renewal, w.main, on(12, 2), 9*60)
	people := func() (n int) {
		apptest.Read(t, w.st, func(tx *store.Tx) (err error) {
			n, err = store.One[int](tx, `SELECT count(*) FROM recipient`)
			return err
		})
		return n
	}
	check := w.client.Get(base+"/who?slot="+string(slot.Ref)).Submit(base+"/check", typed())
	if w.held() != 1 || people() != 1 {
		t.Fatalf("got %d places held and %d people on record, want one each", w.held(), people())
	}
	w.clock.Advance(11 * time.Minute)
	apptest.Write(t, w.st, booking.ExpireHolds)
	if w.held() != 0 || people() != 0 {
		t.Errorf("got %d places held and %d people on record afterwards, want none", w.held(), people())
	}
	w.at(check.Submit(base+"/book", nil), "/booking")
	w.mustHold()
}
