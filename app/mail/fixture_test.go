package mail_test

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/intake"
	"madoguchi/app/jp"
	"madoguchi/app/mail"
	"madoguchi/app/settings"
	"madoguchi/app/staff"
	"madoguchi/store"
)

// town is a place with slots on three days and some people who have confirmed
// a mail address, at 9:00 on Tuesday 1 December 2026.
type town struct {
	*testing.T
	st    *store.Store
	clock *apptest.Clock
	by    audit.Actor
	cards []card.Record
	slots []booking.Slot
}

func newTown(t *testing.T, people int) *town {
	t.Helper()
	w := &town{T: t}
	w.st, w.clock = apptest.Store(t)
	apptest.Write(t, w.st, func(tx *store.Tx) error { return w.found(tx, people) })
	return w
}

func (w *town) found(tx *store.Tx, people int) error {
	account, _, err := staff.Add(tx, audit.Command("test"), "admin", "管理 者", staff.Administrator)
	if err != nil {
		return err
	}
	w.by = account.Actor("r1")
	for name, value := range map[string]string{"town.name": "南部町", "office.telephone": "0178-00-0001"} {
		if err := settings.Set(tx, w.by, name, value); err != nil {
			return err
		}
	}
	if err := intake.EnsureProfile(tx, w.by); err != nil {
		return err
	}
	venue, err := booking.AddVenue(tx, w.by, booking.Venue{Name: "本庁舎", Address: "大字苫米地1-1", Telephone: "0178-00-0002"})
	if err != nil {
		return err
	}
	service, err := booking.AddService(tx, w.by, booking.Service{Name: "カードの受け取り", Minutes: 30})
	if err != nil {
		return err
	}
	var windows []booking.Window
	for day := 2; day <= 4; day++ {
		windows = append(windows, booking.Window{HeldOn: december(day), Starts: 9 * 60, Ends: 9*60 + 30, Capacity: 20})
	}
	if err := booking.AddSlots(tx, w.by, venue, service, windows); err != nil {
		return err
	}
	for day := 2; day <= 4; day++ {
		slots, err := booking.DaySlots(tx, venue.ID, service.ID, december(day))
		if err != nil {
			return err
		}
		w.slots = append(w.slots, slots...)
	}
	for n := range people {
		r, err := intake.ReadPayload(tx, w.by, fmt.Sprintf("ABC-%06d,%023d,01,山田　花子%d,ヤマダ　ハナコ,19480405,0390802,青森県三戸郡南部町大字秘密%d番地,,,", n, n, n, n))
		if err != nil {
			return err
		}
		w.cards = append(w.cards, r)
		if err := w.giveAddress(tx, n, "ja"); err != nil {
			return err
		}
	}
	return nil
}

func address(n int) string { return fmt.Sprintf("person%d@example.jp", n) }

// giveAddress proposes and confirms an address, as a person does.
func (w *town) giveAddress(tx *store.Tx, n int, lang string) error {
	if err := card.ProposeMail(tx, w.by, w.cards[n].Person(), address(n), lang); err != nil {
		return err
	}
	p, _, err := card.MailProposed(tx, w.cards[n].RecipientID)
	if err != nil {
		return err
	}
	return card.ConfirmMail(tx, w.by, w.cards[n].Person(), p.Ref)
}

func december(day int) jp.Date { return jp.Date{Year: 2026, Month: 12, Day: day} }

// outbox is one that talks to a server of the test.
func (w *town) outbox(m *apptest.MailServer) *mail.Outbox {
	w.Helper()
	letters, err := mail.LoadLetters(apptest.Files())
	if err != nil {
		w.Fatal(err)
	}
	o := &mail.Outbox{Store: w.st, Letters: letters, Site: "https://yoyaku.example.jp", Content: booking.Letter,
		Prefix: func(lang string) string { return map[string]string{"en": "/en", "ja-easy": "/easy"}[lang] }, Log: slog.New(slog.DiscardHandler)}
	if m != nil {
		o.Server = &mail.Server{Host: m.Host, Port: m.Port, TLS: mail.NoTLS, From: "yoyaku@town.example.jp", CA: m.CA, Timeout: 5 * time.Second}
	}
	return o
}

// empty lets the outbox send what is due.
func (w *town) empty(o *mail.Outbox) (sent int) {
	w.Helper()
	sent, err := o.Empty(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	return sent
}

func (w *town) book(n, slot int) (v booking.Visit) {
	w.Helper()
	apptest.Write(w.T, w.st, func(tx *store.Tx) (err error) {
		v, err = booking.Book(tx, w.by, booking.Wish{Card: w.cards[n].ID, Slot: w.slots[slot].Ref, Channel: booking.Web, Seat: booking.ResidentSeat})
		return err
	})
	return v
}

func (w *town) write(fn func(*store.Tx) error) {
	w.Helper()
	apptest.Write(w.T, w.st, fn)
}

// about lists the mails about a booking as "kind state why".
func (w *town) about(v booking.Visit) (all []string) {
	w.Helper()
	apptest.Read(w.T, w.st, func(tx *store.Tx) error {
		rows, err := mail.About(tx, v.Booking.Ref)
		for _, r := range rows {
			text := string(r.Kind) + " " + string(r.State)
			if r.Why != "" {
				text += " " + string(r.Why)
			}
			all = append(all, text)
		}
		return err
	})
	return all
}
