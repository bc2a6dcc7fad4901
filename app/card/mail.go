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

// ProposeMail keeps an address that the holder has given, until they confirm
// it; one that was given before is forgotten. The address in use stays in use.
// Problems: NotFound; MailMissing, MailForm on "mail".
func ProposeMail(tx *store.Tx, by audit.Actor, id ID, address, lang string) error {
	r, err := GetByID(tx, id)
	if err != nil {
		return err
	}
	address, err = ParseMail(address)
	if p, ok := problem.As(err); ok {
		return p.On("mail")
	}
	_, err = tx.Exec(`INSERT INTO mail_proposal (recipient_id, ref, mail, lang, expires_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (recipient_id) DO UPDATE SET ref = excluded.ref, mail = excluded.mail, lang = excluded.lang, expires_at = excluded.expires_at`,
		r.RecipientID, store.NewRef(), address, lang, tx.Now.Add(ProposalTime))
	if err != nil {
		return fmt.Errorf("propose mail address: %w", err)
	}
	return audit.Record(tx, by, audit.MailProposed, r.Subject(), nil)
}

// MailProposed is the address that waits to be confirmed; ok is false for none.
func MailProposed(tx *store.Tx, id ID) (p Proposal, ok bool, err error) {
	p, err = store.One[Proposal](tx, `SELECT mail_proposal.ref, mail_proposal.mail, mail_proposal.lang, mail_proposal.expires_at
		FROM mail_proposal JOIN card ON card.recipient_id = mail_proposal.recipient_id WHERE card.id = ? AND mail_proposal.expires_at > ?`, id, tx.Now)
	if errors.Is(err, store.ErrNotFound) {
		return p, false, nil
	}
	return p, err == nil, err
}

// ConfirmMail puts the proposed address into use. Problems: NotFound,
// MailProposalOver where another address was given since, or none.
func ConfirmMail(tx *store.Tx, by audit.Actor, id ID, proposal store.Ref) error {
	r, err := GetByID(tx, id)
	if err != nil {
		return err
	}
	p, ok, err := MailProposed(tx, id)
	if err != nil {
		return err
	}
	if !ok || p.Ref != proposal {
		return MailProposalOver
	}
	if _, err := tx.Exec(`UPDATE recipient SET mail = ?, mail_lang = ?, version = version + 1 WHERE id = ?`, p.Mail, p.Lang, r.RecipientID); err != nil {
		return fmt.Errorf("confirm mail address: %w", err)
	}
	if _, err := tx.Exec(`DELETE FROM mail_proposal WHERE recipient_id = ?`, r.RecipientID); err != nil {
		return fmt.Errorf("confirm mail address: %w", err)
	}
	by.Ref = r.Card.Ref
	return audit.Record(tx, by, audit.MailConfirmed, r.Subject(), nil)
}

// ForgetMail removes the person's address, the one in use and one that waits to
// be confirmed. Problem: NotFound.
func ForgetMail(tx *store.Tx, by audit.Actor, id ID) error {
	r, err := GetByID(tx, id)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(`DELETE FROM mail_proposal WHERE recipient_id = ?`, r.RecipientID); err != nil {
		return fmt.Errorf("forget mail address: %w", err)
	}
	if _, err := tx.Exec(`UPDATE recipient SET mail = '', version = version + 1 WHERE id = ?`, r.RecipientID); err != nil {
		return fmt.Errorf("forget mail address: %w", err)
	}
	return audit.Record(tx, by, audit.MailForgotten, r.Subject(), nil)
}

// DeleteOldProposals forgets addresses that nobody has confirmed in time.
func DeleteOldProposals(tx *store.Tx) (int64, error) {
	return tx.Exec(`DELETE FROM mail_proposal WHERE expires_at <= ?`, tx.Now)
}
