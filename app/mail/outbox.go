package mail

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"madoguchi/app/audit"
	"madoguchi/store"
)

// How the outbox is emptied.
const (
	batch = 20 // mails in one conversation with the mail server
	// giveUpAfter is how long a mail is tried: a mail server that is down from
	// Friday evening to Monday morning loses nothing.
	giveUpAfter = 72 * time.Hour
	// without is when a mail is looked at again while no mail server is set up.
	without = time.Hour
)

// waits are the times between one attempt and the next; the last one repeats.
// Greylisting asks for some minutes (RFC 6647), RFC 5321 4.5.4.1 for no more
// than one try in half an hour after that.
var waits = []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 2 * time.Hour, 4 * time.Hour}

// Content is what a mail would say now.
type Content struct {
	Facts
	Drop  Why       // why it is not to be sent any more; "" when it is
	Until time.Time // from when on it is of no use
	// What links of the mail would be for; "" for no such link.
	Confirm, Cancel store.Ref
}

// Outbox sends what waits (送信待ち).
type Outbox struct {
	Store   *store.Store
	Letters *Letters
	Server  *Server // nil: none is set up, nothing is sent
	Site    string  // address of the resident site, without a slash at its end
	// Content finds out what a mail has to say, in the transaction in hand.
	Content func(*store.Tx, Row) (Content, error)
	// Prefix is what the site's addresses begin with in a language, such as "/en".
	Prefix func(lang string) string
	Log    *slog.Logger
}

var timetable = audit.Command("timetable")

// Recover makes ready what was under way when the program ended. Whether such a
// mail was taken nobody knows; it is sent again, under the same Message-ID.
// Call it before the first Empty.
func (o *Outbox) Recover(ctx context.Context) error {
	return o.Store.Write(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(`UPDATE mail_attempt SET outcome = 'interrupted', why = ?, ended_at = ? WHERE outcome = ''`, WhyInterrupted, tx.Now); err != nil {
			return err
		}
		_, err := tx.Exec(`UPDATE mail SET state = 'waiting', why = ?, next_at = NULL WHERE state = 'sending'`, WhyInterrupted)
		return err
	})
}

// job is a mail that was claimed.
type job struct {
	row     Row
	attempt int64
	envelope
}

// Empty sends what is due, at most one batch, and returns how many were taken.
//
// A mail is claimed in a write of its own, and writes become durable in their
// order: what the mail tells of is as safe as the claim before the mail server
// hears of it.
func (o *Outbox) Empty(ctx context.Context) (sent int, err error) {
	due := false
	err = o.Store.Read(ctx, func(tx *store.Tx) error {
		_, err := store.One[int](tx, `SELECT 1 FROM mail WHERE state = 'waiting' AND coalesce(next_at, '') <= ?`, tx.Now)
		due = err == nil
		if errors.Is(err, store.ErrNotFound) {
			return nil
		}
		return err
	})
	if err != nil || !due {
		return 0, err
	}
	var jobs []job
	err = o.Store.Write(ctx, func(tx *store.Tx) (err error) {
		jobs, err = o.claim(tx)
		return err
	})
	if err != nil || len(jobs) == 0 {
		return 0, err
	}
	return o.deliver(ctx, jobs)
}

// claim takes the mails that are due, drops those of no use, and writes down
// that each of the others is being tried.
func (o *Outbox) claim(tx *store.Tx) ([]job, error) {
	rows, err := store.All[Row](tx, `SELECT `+columns+` FROM mail WHERE state = 'waiting' AND coalesce(next_at, '') <= ? ORDER BY id LIMIT ?`, tx.Now, batch)
	if err != nil {
		return nil, fmt.Errorf("claim mails: %w", err)
	}
	var jobs []job
	for _, r := range rows {
		if !tx.Confirmed(r.QueuedAt) {
			continue // what it tells of is provisional; the next turn looks again
		}
		j, ok, err := o.prepare(tx, r)
		if err != nil {
			return nil, fmt.Errorf("claim mail: %w", err)
		}
		if ok {
			jobs = append(jobs, j)
		}
	}
	return jobs, nil
}

func (o *Outbox) prepare(tx *store.Tx, r Row) (j job, ok bool, err error) {
	content, err := o.Content(tx, r)
	if err != nil {
		return j, false, err
	}
	to, err := addressFor(tx, r)
	if err != nil {
		return j, false, err
	}
	newer, err := overtaken(tx, r)
	if err != nil {
		return j, false, err
	}
	switch {
	case content.Drop == "" && newer:
		content.Drop = WhyOvertaken
	case content.Drop == "" && !tx.Now.Before(content.Until):
		content.Drop = WhyStale
	case content.Drop == "" && to == "":
		content.Drop = WhyRemoved
	}
	if content.Drop != "" {
		return j, false, o.end(tx, r, Dropped, content.Drop)
	}
	if o.Server == nil {
		_, err := tx.Exec(`UPDATE mail SET next_at = ? WHERE id = ?`, tx.Now.Add(without), r.ID)
		return j, false, err
	}
	letter, err := o.write(tx, r, content)
	if err != nil {
		// One text that is wrong must not hold up all the others.
		o.Log.Error("write mail", "kind", r.Kind, "error", err)
		return j, false, o.end(tx, r, Failed, WhyUnwritten)
	}
	j = job{row: r, envelope: envelope{id: string(r.Ref) + "@" + domainOf(o.Server.From), to: to, fromName: content.Town, date: tx.Now, Letter: letter}}
	if j.attempt, err = tx.Insert(`INSERT INTO mail_attempt (mail_id, started_at) VALUES (?, ?)`, r.ID, tx.Now); err != nil {
		return j, false, err
	}
	_, err = tx.Exec(`UPDATE mail SET state = 'sending', attempts = attempts + 1 WHERE id = ?`, r.ID)
	return j, true, err
}

// write makes the text, with links of its own.
func (o *Outbox) write(tx *store.Tx, r Row, content Content) (Letter, error) {
	f := content.Facts
	f.SiteURL = o.Site + o.Prefix(r.Lang)
	if r.CardID == 0 {
		f.FindURL = f.SiteURL + "/find"
	}
	for _, l := range []struct {
		purpose Purpose
		about   store.Ref
		path    string
		url     *string
	}{{ToConfirm, content.Confirm, "/mail/confirm/", &f.ConfirmURL}, {ToCancel, content.Cancel, "/mail/cancel/", &f.CancelURL}} {
		if l.about == "" {
			continue
		}
		token, err := newLink(tx, r, l.purpose, l.about, content.Until)
		if err != nil {
			return Letter{}, err
		}
		*l.url = f.SiteURL + l.path + token
	}
	return o.Letters.Write(r.Kind, r.Lang, f)
}

// addressFor is where a mail goes: looked up now, never kept with the mail.
func addressFor(tx *store.Tx, r Row) (string, error) {
	query := `SELECT mail FROM recipient WHERE id = ?`
	if r.Kind == Confirm {
		query = `SELECT mail FROM mail_proposal WHERE recipient_id = ?`
	}
	to, err := store.One[string](tx, query, r.PersonID)
	if errors.Is(err, store.ErrNotFound) {
		return "", nil
	}
	return to, err
}

// overtaken reports whether a newer mail about the same booking says how things
// stand, so that this one would only confuse.
func overtaken(tx *store.Tx, r Row) (bool, error) {
	if r.BookingRef == "" {
		return false, nil
	}
	_, err := store.One[int](tx, `SELECT 1 FROM mail WHERE booking_ref = ? AND id > ? AND state <> 'dropped'
		AND kind IN ('changed', 'cancelled', 'moved', 'called_off', 'resumed')`, r.BookingRef, r.ID)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// deliver hands claimed mails over, one after the other, and writes down what
// became of each before it goes on to the next.
func (o *Outbox) deliver(ctx context.Context, jobs []job) (sent int, err error) {
	c, broken := o.Server.dial(ctx)
	if broken == nil {
		defer c.close()
	} else {
		o.Log.Warn("mail server", "why", verdictOfDial(ctx, broken).why)
	}
	for _, j := range jobs {
		var became outcome
		if broken != nil {
			became = verdictOfDial(ctx, broken)
		} else {
			err := c.send(j.envelope)
			became = verdict(ctx, err)
			if became.why == WhyUnreachable || became.why == WhyTimeout || became.why == WhyInterrupted {
				broken = err // the rest of the batch would wait for it in vain
			}
		}
		if became.kind == "sent" {
			sent++
		}
		// It happened, also when the program is about to end.
		if err := o.Store.Write(context.WithoutCancel(ctx), func(tx *store.Tx) error { return o.note(tx, j, became) }); err != nil {
			return sent, fmt.Errorf("note what became of a mail: %w", err)
		}
	}
	return sent, nil
}

// note writes down what became of an attempt, and when the next is due.
func (o *Outbox) note(tx *store.Tx, j job, became outcome) error {
	_, err := tx.Exec(`UPDATE mail_attempt SET ended_at = ?, outcome = ?, why = ?, code = ? WHERE id = ?`,
		tx.Now, became.kind, became.why, became.code, j.attempt)
	if err != nil {
		return err
	}
	switch became.kind {
	case "sent":
		return o.end(tx, j.row, Sent, "")
	case "refused":
		return o.end(tx, j.row, Failed, became.why)
	case "interrupted":
		_, err = tx.Exec(`UPDATE mail SET state = 'waiting', why = ?, next_at = NULL WHERE id = ?`, became.why, j.row.ID)
		return err
	}
	next := tx.Now.Add(waits[min(j.row.Attempts, len(waits)-1)])
	if next.Sub(j.row.RetryFrom) > giveUpAfter {
		return o.end(tx, j.row, Failed, became.why)
	}
	_, err = tx.Exec(`UPDATE mail SET state = 'waiting', why = ?, next_at = ? WHERE id = ?`, became.why, next, j.row.ID)
	return err
}

var endings = map[State]audit.Action{Sent: audit.MailSent, Failed: audit.MailFailed, Dropped: audit.MailDropped}

func (o *Outbox) end(tx *store.Tx, r Row, as State, why Why) error {
	_, err := tx.Exec(`UPDATE mail SET state = ?, why = ?, ended_at = ?, next_at = NULL WHERE id = ?`, as, why, tx.Now, r.ID)
	if err != nil {
		return err
	}
	return audit.Record(tx, timetable, endings[as], r.subject(), audit.Detail{"kind": r.Kind, "booking": r.BookingRef, "why": why})
}

func domainOf(address string) string {
	_, domain, _ := strings.Cut(address, "@")
	return domain
}
