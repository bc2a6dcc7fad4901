package e2e

import (
	"fmt"
	"strings"
	"testing"

	"madoguchi/app/booking"
	"madoguchi/store"
)

// Someone without a card on record telephones; the booking is tied to the card
// once it is there, moved with its whole day, and printed as a slip: without
// scripts, and with axe on every page.
func TestVisitorJourney(t *testing.T) {
	for _, c := range []struct {
		name    string
		window  size
		scripts bool
	}{{"without scripts", desktop, false}, {"narrow with axe", narrow, true}} {
		t.Run(c.name, func(t *testing.T) {
			w := run(t)
			b := open(t, w.start.Console, c.window, c.scripts)
			b.firstSignIn(w)
			visit := b.bookByTelephone(w)
			b.tieTo(w, visit)
			b.moveDayOf(w, visit)
			b.visit(visit)
			b.follow(`a[href$="/slip"]`)
			b.must("予約票", "持ち物", "日時の変更・取消")
			b.shoot("slip")
			b.visit("/waiting-list")
			b.shoot("waiting")
		})
	}
}

// bookByTelephone returns the address of the booking that it makes.
func (b *browser) bookByTelephone(w *town) (visit string) {
	var service booking.Service
	w.read(func(tx *store.Tx) (err error) {
		service, err = booking.CardIssuance(tx)
		return err
	})
	b.visit("/visitors")
	b.shoot("visitors")
	b.follow(`ul[aria-labelledby=choose-service] a[href*="service=` + string(service.Ref) + `"]`)
	b.must("ふつう交付通知書が要ります")
	b.follow(`table.times tbody tr:last-child a, table.times a`)
	b.fill(`#f-name`, "佐藤　次郎")
	b.fill(`#f-kana_name`, "サトウ　ジロウ")
	b.fill(`#f-telephone`, "0178-11-1111")
	b.follow(`main form button[type=submit]`)
	b.must("理由を入力してください")
	b.shoot("visitor-reason")
	b.fill(`#f-reason`, "通知書を紛失")
	b.follow(`main form button[type=submit]`)
	b.must("予約を受け付けました", "予約番号")
	b.follow(`.buttons a.button`)
	b.must("0178-11-1111", "カードの記録と結び付いていない予約です")
	b.shoot("visitor")
	return b.path()
}

func (b *browser) tieTo(w *town, visit string) {
	person := w.unbooked(1)[0]
	b.visit("/search")
	b.fill(`#f-q`, "0178-11-1111")
	b.follow(`main form button`)
	if b.path() != visit {
		b.Errorf("got %s for the visitor's telephone number, want %s", b.path(), visit)
	}
	b.follow(`a[href$="/tie"]`)
	b.fill(`#f-q`, person.Number)
	b.follow(`form[role=search] button`)
	b.shoot("tie")
	b.follow(`.act button`)
	b.must("予約をカードと結び付けました", "さんの記録")
}

// moveDayOf empties the day of the booking, which goes to the next free place.
func (b *browser) moveDayOf(w *town, visit string) {
	ref := store.Ref(strings.TrimPrefix(visit, "/bookings/"))
	was := w.visitOf(ref)
	b.follow(`a[href^="/moves?slot="]`)
	b.must("どうするかを選んでください")
	b.follow(`a[href="/moves"]`)
	b.shoot("moves")
	b.fill(`#f-date`, fmt.Sprintf("%d/%d", int(was.Slot.HeldOn.Month), was.Slot.HeldOn.Day))
	b.set(`#f-venue`, string(was.Venue.Ref))
	b.set(`#f-service`, w.serviceOf(was))
	b.follow(`main form button`)
	b.follow(`a[href*="how=next"]`)
	b.shoot("moves-list")
	b.follow(`main form[method=post] button`)
	b.must("お知らせする理由を入力してください")
	b.fill(`#f-cause`, "大雪のため")
	b.follow(`main form[method=post] button`)
	b.must("予約をまとめて動かしました", "連絡する人の一覧")
	b.shoot("moved")
	if now := w.visitOf(ref); !now.Slot.HeldOn.After(was.Slot.HeldOn) || !now.Live() {
		b.Errorf("got the booking on %s after the day was emptied, want a later day than %s", now.Slot.HeldOn, was.Slot.HeldOn)
	}
}

func (w *town) visitOf(ref store.Ref) (v booking.Visit) {
	w.Helper()
	w.read(func(tx *store.Tx) (err error) {
		v, err = booking.ByRef(tx, ref)
		return err
	})
	return v
}

func (w *town) serviceOf(v booking.Visit) (ref string) {
	w.Helper()
	w.read(func(tx *store.Tx) error {
		s, err := booking.ServiceByID(tx, v.Slot.ServiceID)
		ref = string(s.Ref)
		return err
	})
	return ref
}
