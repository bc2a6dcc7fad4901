// Package mail keeps the outbox (送信待ち). Promise: a message is queued in the
// transaction of what it tells about, so that it is due exactly if that
// happened; nothing waits for a mail to be sent.
package mail

import (
	"errors"
	"fmt"

	"madoguchi/app/audit"
	"madoguchi/store"
)

// Kind is the occasion of a mail; each has its own wording (メールの種類).
type Kind string

// The kinds.
const (
	Booked    Kind = "booked"
	Changed   Kind = "changed"
	Cancelled Kind = "cancelled"
	Moved     Kind = "moved"      // the office moved the booking; Cause says why
	CalledOff Kind = "called_off" // the office cancelled it; Cause says why
	Stopped   Kind = "stopped"    // the counter is closed at the time of the booking; Cause says why
	Resumed   Kind = "resumed"    // it is open again
	Offered   Kind = "offered"    // a place for someone on the waiting list
)

// Japanese is the language of those who have chosen none.
const Japanese = "ja"

// Message is one mail to be sent.
type Message struct {
	Kind       Kind
	Card       int64     // whose holder it goes to
	Lang       string    // language of the resident site; "" means Japanese
	BookingRef store.Ref // what it is about; "" for none
	Cause      string    // why, in the office's own words; "" where there is nothing to explain
}

// Row is a message in the outbox.
type Row struct {
	Ref        store.Ref
	Kind       Kind
	CardID     int64
	Lang       string
	BookingRef store.Ref
	Cause      string
}

// Queue puts a message into the outbox, in the caller's transaction. It does
// nothing, and says so with false, for a card whose holder has no mail address
// on record.
func Queue(tx *store.Tx, by audit.Actor, m Message) (queued bool, err error) {
	_, err = store.One[int](tx, `SELECT 1 FROM card JOIN recipient ON recipient.id = card.recipient_id
		WHERE card.id = ? AND recipient.mail <> ''`, m.Card)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("queue mail: %w", err)
	}
	if m.Lang == "" {
		m.Lang = Japanese
	}
	ref := store.NewRef()
	_, err = tx.Insert(`INSERT INTO mail (ref, kind, card_id, lang, booking_ref, cause, queued_at) VALUES (?, ?, ?, ?, ?, ?, ?)`,
		ref, m.Kind, m.Card, m.Lang, m.BookingRef, m.Cause, tx.Now)
	if err != nil {
		return false, fmt.Errorf("queue mail: %w", err)
	}
	return true, audit.Record(tx, by, audit.MailQueued, audit.Subject{Kind: "mail", Ref: ref},
		audit.Detail{"kind": m.Kind, "booking": m.BookingRef})
}

// About lists the messages about a booking, oldest first.
func About(tx *store.Tx, bookingRef store.Ref) ([]Row, error) {
	return store.All[Row](tx, `SELECT ref, kind, card_id, lang, booking_ref, cause FROM mail WHERE booking_ref = ? ORDER BY id`, bookingRef)
}
