// Package card keeps the recipients (交付対象者) and their cards. It owns every
// table with personal data. Promises: a notice number belongs to one card; a
// card is issued once; a refused sign-in never tells what was wrong.
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

// Problems.
var (
	ErrNoticeNumber = problem.Define(problem.Invalid, "notice_number_form")
	SignInRefused   = problem.Define(problem.Invalid, "resident_sign_in_refused")
	NotFound        = problem.Define(problem.NotFound, "card_not_found")
	AlreadyIssued   = problem.Define(problem.Conflict, "card_already_issued")
	Stale           = problem.Define(problem.Conflict, "card_stale")
	NoteEmpty       = problem.Define(problem.Invalid, "note_empty")
	NoteTooLong     = problem.Define(problem.Invalid, "note_too_long")
	BadPostalCode   = problem.Define(problem.Invalid, "postal_code_form")
	BadTelephone    = problem.Define(problem.Invalid, "telephone_form")
	TooLong         = problem.Define(problem.Invalid, "too_long")
	Registered      = problem.Define(problem.Conflict, "card_registered_before")
)

// ID is a card's row.
type ID int64

// NoticeNumber is the number of a delivery notice (交付通知書番号): three letters
// or digits and six digits, kept without the hyphen that is printed.
type NoticeNumber string

// ParseNoticeNumber reads a notice number as people write it: with or without
// hyphen or spaces, in any width and case. Problem: ErrNoticeNumber.
func ParseNoticeNumber(s string) (NoticeNumber, error) {
	n := strings.ToUpper(strings.NewReplacer("-", "", " ", "").Replace(jp.Narrow(s)))
	if len(n) != 9 {
		return "", ErrNoticeNumber
	}
	for i, r := range n {
		digit := r >= '0' && r <= '9'
		if !digit && (i >= 3 || r < 'A' || r > 'Z') {
			return "", ErrNoticeNumber
		}
	}
	return NoticeNumber(n), nil
}

// String is the number as printed, such as ABC-123456.
func (n NoticeNumber) String() string {
	if len(n) != 9 {
		return string(n)
	}
	return string(n[:3] + "-" + n[3:])
}

// IssueKind is the code of a kind of issue (交付区分); table issue_kind says what
// it is called and what follows from it, see Kind.
type IssueKind string

// The kinds of issue that a new installation knows. A town may have others.
const (
	NewIssue     IssueKind = "new"
	Renewal      IssueKind = "renewal"
	Reissue      IssueKind = "reissue"
	Express      IssueKind = "express"
	PageFull     IssueKind = "page_full"
	StayChanged  IssueKind = "stay_changed"
	FromAbroad   IssueKind = "from_abroad"
	Infant       IssueKind = "infant"
	UnknownIssue IssueKind = "unknown"
)

// Card is one person's My Number card on its way to the counter (個人番号カード).
type Card struct {
	ID            ID
	Ref           store.Ref
	RecipientID   int64
	NoticeNumber  NoticeNumber
	ApplicationID string // 申請書ID, 23 digits; empty if the list did not carry it
	IssueKind     IssueKind
	KindName      string // what the town calls the kind
	NeedsBooking  bool   // what the kind says
	MadeOn        jp.Date
	ExpiresOn     jp.Date
	IssuedAt      time.Time
	IssuedBy      int64
	Version       int
}

// Issued reports whether the card was handed to its holder (交付済).
func (c Card) Issued() bool { return !c.IssuedAt.IsZero() }

// Subject names the card in the audit log.
func (c Card) Subject() audit.Subject { return audit.Subject{Kind: "card", Ref: c.Ref} }

// Recipient is the person a card is for (交付対象者).
type Recipient struct {
	Name       string
	KanaName   string
	Birth      jp.BirthDate
	PostalCode jp.PostalCode
	Address    string
	Building   string // 方書
	Telephone  string
	Mail       string
	// PersonVersion grows with each correction of the person's data.
	PersonVersion int
}

// Record is a card with its person, one row of a list.
type Record struct {
	Card
	Recipient
}

// Columns selects a Record from "card JOIN recipient", for queries of other
// packages that list cards too.
const Columns = `card.id, card.ref, card.recipient_id, card.notice_number, card.application_id, card.issue_kind,
	(SELECT name FROM issue_kind WHERE code = card.issue_kind) AS kind_name,
	(SELECT needs_booking FROM issue_kind WHERE code = card.issue_kind) AS needs_booking,
	card.made_on, card.expires_on, card.issued_at, card.issued_by, card.version,
	recipient.name, recipient.kana_name, recipient.birth, recipient.postal_code, recipient.address,
	recipient.building, recipient.telephone, recipient.mail, recipient.version AS person_version`

const selectRecord = `SELECT ` + Columns + ` FROM card JOIN recipient ON recipient.id = card.recipient_id `

// Get finds a card by the Ref that stands in an address. Problem: NotFound.
func Get(tx *store.Tx, ref store.Ref) (Record, error) {
	return found(store.One[Record](tx, selectRecord+`WHERE card.ref = ?`, ref))
}

// GetByID finds a card by its row. Problem: NotFound.
func GetByID(tx *store.Tx, id ID) (Record, error) {
	return found(store.One[Record](tx, selectRecord+`WHERE card.id = ?`, id))
}

// ByNoticeNumber finds a card by its delivery notice. Problem: NotFound.
func ByNoticeNumber(tx *store.Tx, n NoticeNumber) (Record, error) {
	return found(store.One[Record](tx, selectRecord+`WHERE card.notice_number = ?`, n))
}

func found(r Record, err error) (Record, error) {
	if errors.Is(err, store.ErrNotFound) {
		return r, NotFound
	}
	return r, err
}

// Issue marks a card as issued (交付済). version is the card's version on the
// page that was confirmed. Problems: NotFound, AlreadyIssued, Stale.
func Issue(tx *store.Tx, by audit.Actor, ref store.Ref, version int) (Record, error) {
	r, err := Get(tx, ref)
	switch {
	case err != nil:
		return r, err
	case r.Issued():
		return r, AlreadyIssued
	case r.Version != version:
		return r, Stale
	}
	_, err = tx.Exec(`UPDATE card SET issued_at = ?, issued_by = ?, version = version + 1 WHERE id = ?`,
		tx.Now, store.Opt(by.StaffID), r.ID)
	if store.Broke(err, store.Trigger, "card_is_issued_once") {
		return r, AlreadyIssued
	}
	if err != nil {
		return r, fmt.Errorf("issue card: %w", err)
	}
	if err := audit.Record(tx, by, audit.CardIssued, r.Subject(), nil); err != nil {
		return r, err
	}
	return Get(tx, ref)
}
