package card

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// Problems of mail addresses.
var (
	MailMissing      = problem.Define(problem.Invalid, "mail_missing")
	MailForm         = problem.Define(problem.Invalid, "mail_form")
	TooManyMails     = problem.Define(problem.Invalid, "mail_too_many")
	MailProposalOver = problem.Define(problem.NotFound, "mail_proposal_over")
)

// ProposalTime is how long an address that was given waits to be confirmed.
const ProposalTime = 24 * time.Hour

// Proposal is a mail address that someone has given and not confirmed yet.
type Proposal struct {
	Ref       store.Ref
	Mail      string
	Lang      string
	ExpiresAt time.Time
}

// ParseMail reads a mail address as people type it, in any width. Only what can
// be in an address is let through, so that nothing can be added to a header.
// Two dots in a row, or one before the @, are allowed: telephone companies in
// Japan gave such addresses out for years. Problems: MailMissing, MailForm.
func ParseMail(s string) (string, error) {
	s = strings.ReplaceAll(jp.Narrow(s), " ", "")
	if s == "" {
		return "", MailMissing
	}
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || len(local) > 64 || len(s) > 254 {
		return "", MailForm
	}
	for _, r := range local {
		if !alphanumeric(r) && !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~.", r) {
			return "", MailForm
		}
	}
	labels := strings.Split(domain, ".")
	for _, l := range labels {
		if l == "" || len(l) > 63 || l[0] == '-' || l[len(l)-1] == '-' || strings.ContainsFunc(l, func(r rune) bool { return !alphanumeric(r) && r != '-' }) {
			return "", MailForm
		}
	}
	if last := labels[len(labels)-1]; len(labels) < 2 || len(last) < 2 || strings.Trim(last, "0123456789") == "" {
		return "", MailForm
	}
	return local + "@" + strings.ToLower(domain), nil
}

func alphanumeric(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// Person is whoever a mail address belongs to: the holder of a card, or a
// visitor without one.
type Person struct {
	ID      int64         // row of the table recipient
	Subject audit.Subject // what the audit log files it under
	Mail    string        // the address in use; "" for none
}

// Person is the card's holder.
func (r Record) Person() Person { return Person{r.RecipientID, r.Card.Subject(), r.Mail} }

// PersonOf is the holder of a card or, where that is 0, the visitor of a row.
// Problem: NotFound.
func PersonOf(tx *store.Tx, id ID, visitor int64) (Person, error) {
	if id != 0 {
		r, err := GetByID(tx, id)
		return r.Person(), err
	}
	row, err := store.One[struct {
		Ref  store.Ref
		Mail string
	}](tx, `SELECT ref, mail FROM recipient WHERE id = ? AND visitor_key IS NOT NULL`, visitor)
	if errors.Is(err, store.ErrNotFound) {
		return Person{}, NotFound
	}
	return Person{visitor, audit.Subject{Kind: "recipient", Ref: row.Ref}, row.Mail}, err
}

// AddressMost is for how many people one address may wait to be confirmed at a
// time: enough for a family, too few to fill a stranger's mailbox.
const AddressMost = 5

// ProposeMail keeps an address that someone has given, until they confirm it;
// one that was given before is forgotten. The address in use stays in use.
// Problems: MailMissing, MailForm, TooManyMails on "mail".
func ProposeMail(tx *store.Tx, by audit.Actor, who Person, address, lang string) error {
	address, err := ParseMail(address)
	if p, ok := problem.As(err); ok {
		return p.On("mail")
	}
	n, err := store.One[int](tx, `SELECT count(*) FROM mail_proposal WHERE lower(mail) = lower(?) AND recipient_id <> ? AND expires_at > ?`,
		address, who.ID, tx.Now)
	if err != nil {
		return err
	}
	if n >= AddressMost {
		return TooManyMails.On("mail")
	}
	_, err = tx.Exec(`INSERT INTO mail_proposal (recipient_id, ref, mail, lang, expires_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (recipient_id) DO UPDATE SET ref = excluded.ref, mail = excluded.mail, lang = excluded.lang, expires_at = excluded.expires_at`,
		who.ID, store.NewRef(), address, lang, tx.Now.Add(ProposalTime))
	if err != nil {
		return fmt.Errorf("propose mail address: %w", err)
	}
	return audit.Record(tx, by, audit.MailProposed, who.Subject, nil)
}

// MailProposed is the address that waits to be confirmed; ok is false for none.
func MailProposed(tx *store.Tx, person int64) (p Proposal, ok bool, err error) {
	p, err = store.One[Proposal](tx, `SELECT ref, mail, lang, expires_at FROM mail_proposal WHERE recipient_id = ? AND expires_at > ?`, person, tx.Now)
	if errors.Is(err, store.ErrNotFound) {
		return p, false, nil
	}
	return p, err == nil, err
}

// ConfirmMail puts the proposed address into use. Problem: MailProposalOver
// where another address was given since, or none.
func ConfirmMail(tx *store.Tx, by audit.Actor, who Person, proposal store.Ref) error {
	p, ok, err := MailProposed(tx, who.ID)
	if err != nil {
		return err
	}
	if !ok || p.Ref != proposal {
		return MailProposalOver
	}
	if _, err := tx.Exec(`UPDATE recipient SET mail = ?, mail_lang = ?, version = version + 1 WHERE id = ?`, p.Mail, p.Lang, who.ID); err != nil {
		return fmt.Errorf("confirm mail address: %w", err)
	}
	if _, err := tx.Exec(`DELETE FROM mail_proposal WHERE recipient_id = ?`, who.ID); err != nil {
		return fmt.Errorf("confirm mail address: %w", err)
	}
	return audit.Record(tx, by, audit.MailConfirmed, who.Subject, nil)
}

// ForgetMail removes the person's address, the one in use and one that waits to
// be confirmed.
func ForgetMail(tx *store.Tx, by audit.Actor, who Person) error {
	if _, err := tx.Exec(`DELETE FROM mail_proposal WHERE recipient_id = ?`, who.ID); err != nil {
		return fmt.Errorf("forget mail address: %w", err)
	}
	if _, err := tx.Exec(`UPDATE recipient SET mail = '', version = version + 1 WHERE id = ?`, who.ID); err != nil {
		return fmt.Errorf("forget mail address: %w", err)
	}
	return audit.Record(tx, by, audit.MailForgotten, who.Subject, nil)
}

// KeepMailOf gives the holder of a card the address of the visitor as whom they
// booked, unless they have one of their own.
func KeepMailOf(tx *store.Tx, by audit.Actor, visitor int64, holder Record) error {
	n, err := tx.Exec(`UPDATE recipient SET mail = v.mail, mail_lang = v.mail_lang, version = recipient.version + 1
		FROM (SELECT mail, mail_lang FROM recipient WHERE id = ?) AS v WHERE recipient.id = ? AND recipient.mail = '' AND v.mail <> ''`,
		visitor, holder.RecipientID)
	if err != nil {
		return fmt.Errorf("keep mail address: %w", err)
	}
	if n == 0 {
		return nil
	}
	return audit.Record(tx, by, audit.MailConfirmed, holder.Card.Subject(), nil)
}

// DeleteOldProposals forgets addresses that nobody has confirmed in time.
func DeleteOldProposals(tx *store.Tx) (int64, error) {
	return tx.Exec(`DELETE FROM mail_proposal WHERE expires_at <= ?`, tx.Now)
}
