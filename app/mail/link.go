package mail

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"madoguchi/app/problem"
	"madoguchi/store"
)

// LinkOver is the one answer to a link that never was, is used or has expired.
var LinkOver = problem.Define(problem.NotFound, "mail_link_over")

// Purpose is what a link in a mail is for.
type Purpose string

// The purposes.
const (
	ToConfirm Purpose = "confirm" // About is the proposal's Ref
	ToCancel  Purpose = "cancel"  // About is the booking's Ref
)

// Link is what stands behind an address in a mail.
type Link struct {
	TokenHash string
	MailID    int64
	Purpose   Purpose
	About     store.Ref
	ExpiresAt time.Time
	UsedAt    time.Time
	CardID    int64 // in whose holder's mail it stood; 0 for a visitor
	PersonID  int64 // row of the holder or visitor
}

// newLink draws what stands in an address and keeps its hash. It is drawn anew
// for each attempt, because what was drawn is nowhere kept; those of earlier
// attempts stay good, for one of them may have arrived.
func newLink(tx *store.Tx, r Row, p Purpose, about store.Ref, expires time.Time) (token string, err error) {
	var b [18]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", err
	}
	token = base64.RawURLEncoding.EncodeToString(b[:])
	_, err = tx.Exec(`INSERT INTO mail_link (token_hash, mail_id, purpose, about, expires_at) VALUES (?, ?, ?, ?, ?)`,
		hashOf(token), r.ID, p, about, expires)
	if err != nil {
		return "", fmt.Errorf("make link: %w", err)
	}
	return token, nil
}

func hashOf(token string) string {
	sum := sha256.Sum256([]byte("mail link\x00" + token))
	return hex.EncodeToString(sum[:])
}

// FindLink finds what a link of a mail is for. Problem: LinkOver.
func FindLink(tx *store.Tx, p Purpose, token string) (Link, error) {
	l, err := store.One[Link](tx, `SELECT mail_link.token_hash, mail_link.mail_id, mail_link.purpose, mail_link.about, mail_link.expires_at,
		mail_link.used_at, mail.card_id, `+person+` AS person_id FROM mail_link JOIN mail ON mail.id = mail_link.mail_id WHERE token_hash = ? AND purpose = ?`,
		hashOf(token), p)
	if errors.Is(err, store.ErrNotFound) || err == nil && (!l.UsedAt.IsZero() || !tx.Now.Before(l.ExpiresAt)) {
		return Link{}, LinkOver
	}
	return l, err
}

// UseLink makes the link good for nothing more, with all others for the same
// thing.
func UseLink(tx *store.Tx, l Link) error {
	_, err := tx.Exec(`UPDATE mail_link SET used_at = ? WHERE purpose = ? AND about = ? AND used_at IS NULL`, tx.Now, l.Purpose, l.About)
	if err != nil {
		return fmt.Errorf("use link: %w", err)
	}
	return nil
}

// DeleteOldLinks removes links whose time is over.
func DeleteOldLinks(tx *store.Tx) (int64, error) {
	return tx.Exec(`DELETE FROM mail_link WHERE expires_at < ?`, tx.Now.AddDate(0, 0, -7))
}
