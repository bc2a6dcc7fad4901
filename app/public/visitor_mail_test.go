package public

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/attempt"
	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/mail"
	"madoguchi/app/web"
	"madoguchi/store"
)

// few opens a day for the renewal of certificates at the branch, with so many places.
func (w *town) few(day jp.Date, places int) booking.Slot {
	w.Helper()
	apptest.Write(w.T, w.st, func(tx *store.Tx) error {
		return booking.AddSlots(tx, w.by, w.branch, w.renewal, []booking.Window{at(day, 10*60, places)})
	})
	return w.slotOf(w.renewal, w.branch, day, 10*60)
}

// caller is what the n-th of many people without a notice types.
func caller(n int) url.Values {
	return url.Values{"name": {fmt.Sprintf("待　%d子", n)}, "telephone": {fmt.Sprintf("0178-01-%04d", n)}}
}

// wait puts somebody without a card on the list for a day at the branch.
func (w *town) wait(c *apptest.Client, prefix string, day jp.Date, who url.Values) *apptest.Page {
	w.Helper()
	base := prefix + "/services/" + string(w.renewal.Ref)
	return c.Get(base+"/waiting?venue="+string(w.branch.Ref)+"&day="+day.String()).Submit(base+"/waiting", who)
}

// confirm gives an address on the page and confirms it as its owner does.
func (w *town) confirm(c *apptest.Client, prefix, address string, o *mail.Outbox, m *apptest.MailServer) {
	w.Helper()
	p := c.Get(prefix+"/mail").Submit(prefix+"/mail", url.Values{"mail": {address}})
	w.at(p, prefix+"/mail")
	got, link := w.newest(o, m)
	if got.To != address || link == "" {
		w.Fatalf("got %q to %s, want the question to %s", got.Subject, got.To, address)
	}
	w.at(w.client.Another().Get(link).Submit(link, nil), prefix+"/mail/done")
}

func TestVisitorIsToldByMailWithoutACard(t *testing.T) {
	for _, language := range web.Languages() {
		t.Run(language.Code, func(t *testing.T) {
			w := newTown(t, 0)
			o, server := w.withMail()
			prefix := language.Prefix
			c := w.client.Another()
			booked := w.arrive(c, prefix, w.slotOf(w.renewal, w.main, on(12, 3), 9*60), typed())
			visit := w.visitOf(booked)
			if len(booked.FindAll(`a[href="`+prefix+`/mail"]`)) != 1 {
				t.Fatal("no mail is offered to someone without a card")
			}
			w.confirm(c, prefix, "jiro@example.jp", o, server)
			told, _ := w.newest(o, server)
			for _, want := range []string{visit.Number.String(), "https://yoyaku.example.jp" + prefix + "/find\n"} {
				if !strings.Contains(told.Body, want) {
					t.Errorf("the mail lacks %q:\n%s", want, told.Body)
				}
			}
			for _, secret := range []string{"佐藤", "一郎", "0178-00-0003"} {
				if strings.Contains(told.Subject+told.Body, secret) {
					t.Errorf("the mail tells %q", secret)
				}
			}
			check := c.Get(prefix + checkPath(w.slotOf(w.renewal, w.main, on(12, 2), 9*60+30).Ref))
			w.at(check.Submit(prefix+"/book", nil), prefix+"/booking")
			changed, _ := w.newest(o, server)
			if changed.Subject == told.Subject || !strings.Contains(changed.Body, visit.Number.String()) {
				t.Errorf("got %q after the change", changed.Subject)
			}

			w.set("booking.change_cutoff_hours", "0")
			w.clock.Advance(8 * time.Hour) // Tuesday 17:00; the visit is on Wednesday
			apptest.Write(t, w.st, func(tx *store.Tx) error { _, err := booking.RemindOf(tx); return err })
			reminder, link := w.newest(o, server)
			if !strings.Contains(link, "/mail/cancel/") {
				t.Fatalf("got %q with link %q, want a reminder that cancels", reminder.Subject, link)
			}
			w.at(w.client.Another().Get(link).Submit(link, nil), prefix+"/mail/done")
			if gone, _ := w.newest(o, server); gone.Subject == reminder.Subject || gone.To != "jiro@example.jp" {
				t.Errorf("got %q after the cancellation", gone.Subject)
			}
			w.mustHold()
		})
	}
}

func TestVisitorWaitsIsOfferedThePlaceAndTakesIt(t *testing.T) {
	for _, language := range web.Languages() {
		t.Run(language.Code, func(t *testing.T) {
			w := newTown(t, 0)
			o, server := w.withMail()
			prefix := language.Prefix
			slot := w.few(on(12, 4), 1)
			taken := w.visitOf(w.arrive(w.client.Another(), prefix, slot, caller(1)))
			c := w.client.Another()
			full := c.Get(prefix + "/services/" + string(w.renewal.Ref) + slotsPath(w.branch.Ref))
			link := full.FindAll(`.choices a.plain`)
			if len(link) != 1 {
				t.Fatalf("got %d links to wait, want 1:\n%s", len(link), full.Text())
			}
			form := c.Get(apptest.Attr(link[0], "href"))
			action := prefix + "/services/" + string(w.renewal.Ref) + "/waiting"
			w.status(form.Submit(action, url.Values{"name": {"待　三子"}, "telephone": {"123"}}), http.StatusUnprocessableEntity)
			joined := form.Submit(action, caller(2))
			w.at(joined, prefix+"/waiting")
			number := strings.Join(joined.Texts(".number"), "")
			w.confirm(c, prefix, "wait@example.jp", o, server)

			w.giveUp(taken)
			offered, _ := w.newest(o, server)
			for _, want := range []string{number, "https://yoyaku.example.jp" + prefix + "/find\n"} {
				if !strings.Contains(offered.Body, want) {
					t.Errorf("the mail lacks %q:\n%s", want, offered.Body)
				}
			}
			back := w.client.Another()
			offer := back.Get(prefix+"/find").Submit(prefix+"/find", url.Values{"booking_number": {number}, "telephone": caller(2)["telephone"]})
			w.at(offer, prefix+"/waiting")
			done := offer.Submit(prefix+"/waiting/take", nil)
			w.at(done, prefix+"/booking")
			visit := w.visitOf(done)
			if visit.Number.String() != number || visit.SlotID != slot.ID || visit.State != booking.Booked {
				t.Errorf("got %+v, want the place that was offered under number %s", visit.Booking, number)
			}
			if got, _ := w.newest(o, server); !strings.Contains(got.Body, number) || got.Subject == offered.Subject {
				t.Errorf("got %q, want the booking by mail", got.Subject)
			}
			again := w.client.Another().Get(prefix+"/find").Submit(prefix+"/find", url.Values{"booking_number": {number}, "telephone": caller(2)["telephone"]})
			w.at(again, prefix+"/booking")
			w.mustHold()
		})
	}
}

func TestVisitorLeavesTheWaitingListOrLetsTheOfferPass(t *testing.T) {
	w := newTown(t, 0)
	taken := w.visitOf(w.arrive(w.client.Another(), "", w.few(on(12, 4), 1), caller(1)))
	c := w.client.Another()
	gone := w.wait(c, "", on(12, 4), caller(2)).Submit("/waiting/leave", nil)
	w.at(gone, "/booking")
	w.says(gone, ".flash", "空き待ちをやめました")
	w.at(c.Get("/waiting"), "/booking")

	late := w.client.Another()
	w.wait(late, "", on(12, 4), caller(3))
	w.giveUp(taken)
	w.clock.Advance(13 * time.Hour)
	apptest.Write(t, w.st, booking.ExpireHolds)
	w.mustHold()
	p := w.client.Another().Get("/services/" + string(w.renewal.Ref) + slotsPath(w.branch.Ref))
	w.says(p, ".choices", "12月4日")
}

func TestVisitorWithABookingWaitsForASoonerDay(t *testing.T) {
	w := newTown(t, 0)
	sooner := w.few(on(12, 3), 1)
	taken := w.visitOf(w.arrive(w.client.Another(), "", sooner, caller(1)))
	c := w.client.Another()
	visit := w.visitOf(w.arrive(c, "", w.few(on(12, 8), 2), caller(2)))
	found := ""
	for _, a := range c.Get(slotsPath(w.branch.Ref)).FindAll(`main p a.plain`) {
		if apptest.TextOf(a) == "いまの予約より早い日の空きを待つ" {
			found = apptest.Attr(a, "href")
		}
	}
	joined := c.Get(found).Submit("/waiting", nil)
	w.at(joined, "/waiting")
	if len(joined.FindAll(".number")) != 0 {
		t.Error("who has a booking number got another one")
	}
	w.giveUp(taken)
	offer := c.Get("/waiting")
	w.says(offer, "main", "いまの予約はなくなります")
	done := offer.Submit("/waiting/take", nil)
	w.at(done, "/booking")
	if got := w.visitOf(done); got.ID != visit.ID || got.SlotID != sooner.ID {
		t.Errorf("got %+v, want the same booking on the sooner day", got.Booking)
	}
	w.mustHold()
}

func TestWaitingForASoonerDayEndsWithTheBooking(t *testing.T) {
	w := newTown(t, 0)
	w.arrive(w.client.Another(), "", w.few(on(12, 3), 1), caller(1))
	c := w.client.Another()
	w.arrive(c, "", w.few(on(12, 8), 2), caller(2))
	w.at(c.Get("/waiting?venue="+string(w.branch.Ref)+"&day=2026-12-03").Submit("/waiting", nil), "/waiting")
	c.Get("/booking/cancel").Submit("/booking/cancel", nil)
	apptest.Read(t, w.st, func(tx *store.Tx) error {
		all, err := booking.WaitingList(tx, 0)
		if len(all) != 0 {
			t.Errorf("got %d who still wait, want nobody", len(all))
		}
		return err
	})
}

func TestMadeUpNamesDoNotHoldEveryPlace(t *testing.T) {
	w := newTown(t, 0)
	slot := w.few(on(12, 4), 6)
	var taken []booking.Visit
	for n := range 6 {
		taken = append(taken, w.visitOf(w.arrive(w.client.Another(), "", slot, caller(n))))
	}
	for n := range 6 {
		w.at(w.wait(w.client.Another(), "", on(12, 4), caller(100+n)), "/waiting")
	}
	for _, v := range taken {
		w.giveUp(v)
	}
	offered := 0
	apptest.Read(t, w.st, func(tx *store.Tx) error {
		all, err := booking.WaitingList(tx, 0)
		for _, e := range all {
			if e.Waiting.State == booking.Offered {
				offered++
			}
		}
		return err
	})
	if offered != 3 {
		t.Errorf("got %d places held for names that anybody can type, want 3", offered)
	}
	w.mustHold()
}

func TestOneTelephoneNumberWaitsOnlySoOften(t *testing.T) {
	w := newTown(t, 0)
	w.arrive(w.client.Another(), "", w.few(on(12, 4), 1), caller(1))
	for range 2 {
		w.at(w.wait(w.client.Another(), "", on(12, 4), caller(2)), "/waiting")
	}
	p := w.wait(w.client.Another(), "", on(12, 4), url.Values{"name": {"別の　名"}, "telephone": {"0178010002"}})
	w.status(p, http.StatusUnprocessableEntity)
	w.says(p, ".summary", "すでに2件")
}

func TestFreePlaceIsBookedAndNotWaitedFor(t *testing.T) {
	w := newTown(t, 0)
	w.few(on(12, 4), 1)
	p := w.wait(w.client.Another(), "", on(12, 4), caller(1))
	w.at(p, "/services/"+string(w.renewal.Ref)+slotsPath(w.branch.Ref))
	w.says(p, ".flash", "空きがあります")
}

func TestWaitingNumberCannotBeProbed(t *testing.T) {
	w := newTown(t, 0)
	w.arrive(w.client.Another(), "", w.few(on(12, 4), 1), caller(1))
	number := strings.Join(w.wait(w.client.Another(), "", on(12, 4), caller(2)).Texts(".number"), "")
	refused := func(number, telephone string) string {
		p := w.client.Another().Get("/find").Submit("/find", url.Values{"booking_number": {number}, "telephone": {telephone}})
		w.status(p, http.StatusUnprocessableEntity)
		return apptest.Stable(strings.NewReplacer(number, "N", telephone, "T").Replace(p.Body))
	}
	unknown := refused("0000-0007", "0178-01-0002")
	for range attempt.Most {
		if got := refused(number, "0178-01-0099"); got != unknown {
			t.Fatal("a number of the waiting list is told apart from one that does not exist")
		}
	}
	if got := refused(number, "0178-01-0002"); got != unknown {
		t.Error("a blocked number is told apart from a wrong one")
	}
}

func TestWhoTypesTheSameNameAndNumberReachesNoAddress(t *testing.T) {
	w := newTown(t, 0)
	o, server := w.withMail()
	slot := w.few(on(12, 4), 5)
	mine := w.client.Another()
	visit := w.visitOf(w.arrive(mine, "", slot, typed()))
	w.confirm(mine, "", "mine@example.jp", o, server)
	w.newest(o, server)

	theirs := w.client.Another()
	w.arrive(theirs, "", slot, typed())
	if p := theirs.Get("/mail"); strings.Contains(p.Body, "example.jp に") || len(p.FindAll(`form[action="/mail/forget"]`)) != 0 {
		t.Error("somebody who typed the same name and number sees or removes the address")
	}
	w.confirm(theirs, "", "theirs@example.jp", o, server)
	told, _ := w.newest(o, server)
	if told.To != "theirs@example.jp" || strings.Contains(told.Body, visit.Number.String()) {
		t.Errorf("got %s told of another's booking", told.To)
	}
	mine.Get("/booking/cancel").Submit("/booking/cancel", nil)
	if got, _ := w.newest(o, server); got.To != "mine@example.jp" {
		t.Errorf("got the cancellation sent to %s", got.To)
	}
}

func TestNobodyIsFloodedByMadeUpBookings(t *testing.T) {
	w := newTown(t, 0)
	w.withMail()
	slot := w.few(on(12, 4), 9)
	for n := range 6 {
		c := w.client.Another()
		w.arrive(c, "", slot, caller(n))
		p := c.Get("/mail").Submit("/mail", url.Values{"mail": {"Victim@example.jp"}})
		if want := map[bool]int{true: http.StatusOK, false: http.StatusUnprocessableEntity}[n < 5]; p.Status != want {
			t.Fatalf("booking %d: got status %d, want %d", n+1, p.Status, want)
		}
	}
}

func TestMailAndWaitingGoOnWithTheCardThatABookingIsTiedTo(t *testing.T) {
	w := newTown(t, 1)
	o, server := w.withMail()
	w.arrive(w.client.Another(), "", w.few(on(12, 3), 1), caller(1))
	c := w.client.Another()
	visit := w.visitOf(w.arrive(c, "", w.few(on(12, 8), 2), caller(2)))
	w.confirm(c, "", "tied@example.jp", o, server)
	w.newest(o, server)
	w.at(c.Get("/waiting?venue="+string(w.branch.Ref)+"&day=2026-12-03").Submit("/waiting", nil), "/waiting")
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		_, err := booking.Tie(tx, w.by, visit.Booking.Ref, visit.Version, w.card(0).Ref)
		return err
	})
	if got, _ := w.newest(o, server); got.To != "tied@example.jp" || strings.Contains(got.Body, "/find") {
		t.Errorf("got %q to %s, want the booking with the card's way to it", got.Subject, got.To)
	}
	if got := w.card(0).Mail; got != "tied@example.jp" {
		t.Errorf("got address %q with the card, want the visitor's", got)
	}
	apptest.Read(t, w.st, func(tx *store.Tx) error {
		if _, waits, err := booking.WaitingOf(tx, w.card(0).ID); err != nil || !waits {
			t.Errorf("got waiting %v, %v, want the visitor's place", waits, err)
		}
		n, err := store.One[int](tx, `SELECT count(*) FROM recipient WHERE visitor_key = '0178010002'`)
		if n != 0 {
			t.Error("the visitor is still on record beside the card")
		}
		return err
	})
	w.at(c.Get("/booking"), "/sign-in?to=%2Fbooking")
	w.mustHold()
}

func TestManyMadeUpBookingsAreSlowedDown(t *testing.T) {
	w := newTown(t, 0)
	slot := w.few(on(12, 4), 200)
	brake := func() (wait time.Duration) {
		t.Helper()
		apptest.Read(t, w.st, func(tx *store.Tx) (err error) {
			wait, err = booking.VisitorBrake(tx)
			return err
		})
		return wait
	}
	book := func(from, to int) {
		t.Helper()
		resident := audit.Actor{Kind: audit.Resident, Ref: "visitor", Request: "r1"}
		apptest.Write(t, w.st, func(tx *store.Tx) error {
			for n := from; n < to; n++ {
				wish := booking.Wish{Slot: slot.Ref, Channel: booking.Web, Seat: booking.ResidentSeat}
				if _, err := booking.BookVisitor(tx, resident, wish, card.Visitor{Name: caller(n).Get("name"), Telephone: caller(n).Get("telephone")}); err != nil {
					return err
				}
			}
			return nil
		})
	}
	book(0, 30)
	if got := brake(); got != 0 {
		t.Errorf("got %s on a usual day, want no wait", got)
	}
	book(30, 40)
	if got := brake(); got != 500*time.Millisecond {
		t.Errorf("got %s, want half a second", got)
	}
	book(40, 150)
	if got := brake(); got != 2*time.Second {
		t.Errorf("got %s, want no more than two seconds", got)
	}
	w.clock.Advance(16 * time.Minute)
	if got := brake(); got != 0 {
		t.Errorf("got %s later, want no wait", got)
	}
}
