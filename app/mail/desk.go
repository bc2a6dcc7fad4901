package mail

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// Problems of what staff do with mails.
var (
	NotFound = problem.Define(problem.NotFound, "mail_not_found")
	NotOver  = problem.Define(problem.Conflict, "mail_not_failed")
)

// Line is a mail as staff see it (送信の状況).
type Line struct {
	Row
	CardRef       store.Ref // empty for a visitor
	Name          string
	Telephone     string
	LastAt        time.Time // of the newest attempt; zero for none
	BookingNumber string
}

// ListMost is how many mails of one state a list shows, the newest.
const ListMost = 100

// lists are the queries of each list. One with an entry that staff have dealt
// with is no longer a failure.
var lists = map[State]string{
	Failed:  `mail.state = 'failed' AND mail.told_at IS NULL`,
	Waiting: `mail.state IN ('waiting', 'sending')`,
	Sent:    `(mail.state IN ('sent', 'dropped') OR mail.told_at IS NOT NULL)`,
}

// Places are the rows of the places whose mails are meant; none means all. A
// mail belongs to the place of its booking; one about no booking, such as the
// confirmation of an address, is everybody's.
type Places []int64

const ours = `(? = '[]' OR mail.booking_ref = '' OR EXISTS (SELECT 1 FROM booking JOIN slot ON slot.id = booking.slot_id
	WHERE booking.ref = mail.booking_ref AND slot.venue_id IN (SELECT value FROM json_each(?))))`

func (p Places) text() string {
	parts := make([]string, len(p))
	for i, id := range p {
		parts[i] = strconv.FormatInt(id, 10)
	}
	return "[" + strings.Join(parts, ",") + "]"
}

// List lists mails: Failed, what nobody has dealt with; Waiting, what is still
// to be sent; Sent, what is over in whatever way. Newest first.
func List(tx *store.Tx, s State, of Places) ([]Line, error) {
	return store.All[Line](tx, `SELECT `+columns+`, coalesce(card.ref, '') AS card_ref, recipient.name, recipient.telephone,
		(SELECT max(started_at) FROM mail_attempt WHERE mail_id = mail.id) AS last_at,
		coalesce((SELECT number FROM booking WHERE ref = mail.booking_ref), '') AS booking_number
		FROM mail LEFT JOIN card ON card.id = mail.card_id JOIN recipient ON recipient.id = `+person+`
		WHERE `+lists[s]+` AND `+ours+` ORDER BY coalesce(mail.ended_at, mail.queued_at) DESC, mail.id DESC LIMIT ?`, of.text(), of.text(), ListMost)
}

// Count counts a list.
func Count(tx *store.Tx, s State, of Places) (int, error) {
	return store.One[int](tx, `SELECT count(*) FROM mail WHERE `+lists[s]+` AND `+ours, of.text(), of.text())
}

// Attempt is one try to send a mail.
type Attempt struct {
	StartedAt time.Time
	EndedAt   time.Time
	Outcome   string
	Why       Why
	Code      int
}

// Attempts lists the tries of a mail, oldest first.
func Attempts(tx *store.Tx, id int64) ([]Attempt, error) {
	return store.All[Attempt](tx, `SELECT started_at, ended_at, outcome, why, code FROM mail_attempt WHERE mail_id = ? ORDER BY id`, id)
}

// Belongs reports whether a mail is one of these places'. Problem: NotFound.
func Belongs(tx *store.Tx, ref store.Ref, of Places) (bool, error) {
	yes, err := store.One[bool](tx, `SELECT `+ours+` FROM mail WHERE ref = ?`, of.text(), of.text(), ref)
	if errors.Is(err, store.ErrNotFound) {
		err = NotFound
	}
	return yes, err
}

func byRef(tx *store.Tx, ref store.Ref) (Row, error) {
	r, err := store.One[Row](tx, `SELECT `+columns+` FROM mail WHERE ref = ?`, ref)
	if errors.Is(err, store.ErrNotFound) {
		return r, NotFound
	}
	return r, err
}

// SendAgain puts a failed mail, or one that waits for its next attempt, at the
// head of what is due. Problems: NotFound, NotOver.
func SendAgain(tx *store.Tx, by audit.Actor, ref store.Ref) error {
	r, err := byRef(tx, ref)
	if err != nil {
		return err
	}
	if r.State != Failed && r.State != Waiting {
		return NotOver
	}
	_, err = tx.Exec(`UPDATE mail SET state = 'waiting', next_at = NULL, ended_at = NULL, told_at = NULL, retry_from = ? WHERE id = ?`, tx.Now, r.ID)
	if err != nil {
		return fmt.Errorf("send mail again: %w", err)
	}
	return audit.Record(tx, by, audit.MailAgain, r.subject(), nil)
}

// SendAllAgain does so for every failed mail of these places for which the
// operator's mail server was to blame, and returns how many there were.
func SendAllAgain(tx *store.Tx, by audit.Actor, of Places) (n int, err error) {
	all, err := List(tx, Failed, of)
	if err != nil {
		return 0, err
	}
	for _, l := range all {
		if !l.Why.Ours() {
			continue
		}
		if err := SendAgain(tx, by, l.Ref); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// Told notes that staff have told the person otherwise what a failed mail says.
// Problems: NotFound, NotOver.
func Told(tx *store.Tx, by audit.Actor, ref store.Ref) error {
	r, err := byRef(tx, ref)
	if err != nil {
		return err
	}
	if r.State != Failed || !r.ToldAt.IsZero() {
		return NotOver
	}
	if _, err := tx.Exec(`UPDATE mail SET told_at = ? WHERE id = ?`, tx.Now, r.ID); err != nil {
		return fmt.Errorf("note that a person was told: %w", err)
	}
	return audit.Record(tx, by, audit.MailTold, r.subject(), nil)
}
