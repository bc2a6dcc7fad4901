// Package mail keeps the outbox (送信待ち) and sends it. Promises: a message is
// queued in the transaction of what it tells about, so that it is due exactly if
// that happened; nothing waits for a mail to be sent; it is sent at least once
// or ends with a reason that staff see; every attempt is kept; what is no longer
// true or of no use is not sent.
package mail

import (
	"errors"
	"fmt"
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/jp"
	"madoguchi/store"
)

// Kind is the occasion of a mail; each has its own wording (メールの種類).
type Kind string

// The kinds.
const (
	Confirm   Kind = "confirm"  // is this address yours?
	Reminder  Kind = "reminder" // the day before a visit
	Booked    Kind = "booked"
	Changed   Kind = "changed"
	Cancelled Kind = "cancelled"
	Moved     Kind = "moved"      // the office moved the booking; Cause says why
	CalledOff Kind = "called_off" // the office cancelled it; Cause says why
	Stopped   Kind = "stopped"    // the counter is closed at the time of the booking; Cause says why
	Resumed   Kind = "resumed"    // it is open again
	Offered   Kind = "offered"    // a place for someone on the waiting list
)

// Kinds lists every kind.
func Kinds() []Kind {
	return []Kind{Confirm, Booked, Changed, Cancelled, Reminder, Moved, CalledOff, Stopped, Resumed, Offered}
}

// Label is the kind's name on the screen.
func (k Kind) Label() string {
	return map[Kind]string{
		Confirm: "アドレスの確認", Reminder: "前日のお知らせ", Booked: "予約の受付", Changed: "予約の変更", Cancelled: "予約の取消",
		Moved: "予約の移動", CalledOff: "予約の取消（役所から）", Stopped: "窓口の休止", Resumed: "窓口の再開", Offered: "空きの案内",
	}[k]
}

// Japanese is the language of those who have chosen none.
const Japanese = "ja"

// Message is one mail to be sent.
type Message struct {
	Kind       Kind
	Card       int64     // whose holder it goes to; 0 for a visitor
	Visitor    int64     // row of the visitor to whom it goes otherwise
	Lang       string    // language of the resident site; "" means the one that the person chose last
	BookingRef store.Ref // what it is about; "" for none
	AboutOn    jp.Date   // the day of a reminder's visit; zero otherwise
	Cause      string    // why, in the office's own words; "" where there is nothing to explain
}

// State is what became of a mail (送信の状態).
type State string

// The states.
const (
	Waiting State = "waiting"
	Sending State = "sending" // an attempt is under way, or was when the program was killed
	Sent    State = "sent"
	Failed  State = "failed"  // refused for good, or given up
	Dropped State = "dropped" // of no use any more
)

// Row is a message in the outbox.
type Row struct {
	ID         int64
	Ref        store.Ref
	Kind       Kind
	CardID     int64 // whose holder it goes to; 0 for a visitor
	PersonID   int64 // row of the holder or visitor
	Lang       string
	BookingRef store.Ref
	AboutOn    jp.Date
	Cause      string
	QueuedAt   time.Time
	State      State
	Attempts   int
	RetryFrom  time.Time // since when it is tried: when it was queued, or staff asked again
	NextAt     time.Time // before which it is not tried again
	EndedAt    time.Time
	Why        Why
	ToldAt     time.Time
}

const columns = `mail.id, mail.ref, mail.kind, mail.card_id, ` + person + ` AS person_id, mail.lang, mail.booking_ref, mail.about_on, mail.cause, mail.queued_at,
	mail.state, mail.attempts, mail.retry_from, mail.next_at, mail.ended_at, mail.why, mail.told_at`

// person is the row of whoever a mail goes to: the holder of the card as things
// stand, or the visitor.
const person = `coalesce(mail.recipient_id, (SELECT card.recipient_id FROM card WHERE card.id = mail.card_id))`

func (r Row) subject() audit.Subject { return audit.Subject{Kind: "mail", Ref: r.Ref} }

// Queue puts a message into the outbox, in the caller's transaction. It does
// nothing, and says so with false, for someone who has no mail address on record,
// and for a reminder that was queued before.
func Queue(tx *store.Tx, by audit.Actor, m Message) (queued bool, err error) {
	lang, err := store.One[string](tx, `SELECT mail_lang FROM recipient WHERE (mail <> '' OR ? = 'confirm')
		AND id = CASE WHEN ? = 0 THEN ? ELSE (SELECT recipient_id FROM card WHERE id = ?) END`, m.Kind, m.Card, m.Visitor, m.Card)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("queue mail: %w", err)
	}
	if m.Lang == "" {
		m.Lang = lang
	}
	if m.Lang == "" {
		m.Lang = Japanese
	}
	ref := store.NewRef()
	n, err := tx.Exec(`INSERT INTO mail (ref, kind, card_id, recipient_id, lang, booking_ref, about_on, cause, queued_at, retry_from)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (booking_ref, about_on) WHERE kind = 'reminder' DO NOTHING`,
		ref, m.Kind, store.Opt(m.Card), store.Opt(m.Visitor), m.Lang, m.BookingRef, store.Opt(m.AboutOn), m.Cause, tx.Now, tx.Now)
	if err != nil {
		return false, fmt.Errorf("queue mail: %w", err)
	}
	if n == 0 {
		return false, nil
	}
	return true, audit.Record(tx, by, audit.MailQueued, audit.Subject{Kind: "mail", Ref: ref},
		audit.Detail{"kind": m.Kind, "booking": m.BookingRef})
}

// QueuedSince counts the messages of a kind to a person since an instant.
func QueuedSince(tx *store.Tx, kind Kind, personID int64, since time.Time) (int, error) {
	return store.One[int](tx, `SELECT count(*) FROM mail WHERE kind = ? AND queued_at >= ?
		AND (recipient_id = ? OR card_id IN (SELECT id FROM card WHERE recipient_id = ?))`, kind, since, personID, personID)
}

// Tie makes what was sent to a visitor that of a card, once the booking is.
func Tie(tx *store.Tx, visitor, card int64) error {
	_, err := tx.Exec(`UPDATE mail SET card_id = ?, recipient_id = NULL WHERE recipient_id = ?`, card, visitor)
	if err != nil {
		return fmt.Errorf("tie mails: %w", err)
	}
	return nil
}

// About lists the messages about a booking, oldest first.
func About(tx *store.Tx, bookingRef store.Ref) ([]Row, error) {
	return store.All[Row](tx, `SELECT `+columns+` FROM mail WHERE booking_ref = ? ORDER BY id`, bookingRef)
}
