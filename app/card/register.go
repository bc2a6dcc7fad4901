package card

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/jp"
	"madoguchi/store"
)

// Reading is what one code of the recipient list (交付対象者一覧) said.
type Reading struct {
	Payload   []byte // as it came
	ProfileID int64  // by which profile it was taken apart
	Card      Card
	Recipient Recipient
}

// PayloadHash is what makes the same code recognisable: hex SHA-256.
func PayloadHash(payload []byte) string {
	sum := sha256.Sum256(payload)
	return hex.EncodeToString(sum[:])
}

// ReadInfo says when and by whom a card was read from the list.
type ReadInfo struct {
	ReadAt time.Time
	ReadBy string
}

// Register puts a card and its person on record. Problem: Registered, when the
// same payload, notice number or application ID is on record already; ask
// ReadBefore for the details.
func Register(tx *store.Tx, by audit.Actor, reading Reading) (Record, error) {
	p, c := reading.Recipient, reading.Card
	person, err := tx.Insert(`INSERT INTO recipient (ref, name, name_key, kana_name, kana_key, birth, postal_code, address)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)`, store.NewRef(), p.Name, jp.NameKey(p.Name), p.KanaName, jp.KanaKey(p.KanaName),
		p.Birth, string(p.PostalCode), p.Address)
	if err != nil {
		return Record{}, fmt.Errorf("register recipient: %w", err)
	}
	ref := store.NewRef()
	id, err := tx.Insert(`INSERT INTO card (ref, recipient_id, notice_number, application_id, issue_kind, made_on, expires_on)
		VALUES (?, ?, ?, ?, ?, ?, ?)`, ref, person, string(c.NoticeNumber), store.Opt(c.ApplicationID), c.IssueKind, c.MadeOn, c.ExpiresOn)
	if store.Broke(err, store.Unique, "card.notice_number") || store.Broke(err, store.Unique, "card.application_id") {
		return Record{}, Registered
	}
	if store.Broke(err, store.Trigger, "issue_kind_unknown") {
		return Record{}, KindUnknown
	}
	if err != nil {
		return Record{}, fmt.Errorf("register card: %w", err)
	}
	_, err = tx.Insert(`INSERT INTO reading (card_id, payload, payload_sha256, profile_id, read_at, read_by) VALUES (?, ?, ?, ?, ?, ?)`,
		id, reading.Payload, PayloadHash(reading.Payload), reading.ProfileID, tx.Now, by.StaffID)
	if store.Broke(err, store.Unique, "reading.payload_sha256") {
		return Record{}, Registered
	}
	if err != nil {
		return Record{}, fmt.Errorf("keep payload: %w", err)
	}
	if err := audit.Record(tx, by, audit.CardRead, audit.Subject{Kind: "card", Ref: ref}, audit.Detail{"issue_kind": c.IssueKind}); err != nil {
		return Record{}, err
	}
	return GetByID(tx, ID(id))
}

// ReadBefore finds the card that has the same payload, notice number or
// application ID as a new reading, and when and by whom it was first read.
func ReadBefore(tx *store.Tx, payload []byte, c Card) (Record, ReadInfo, error) {
	id, err := store.One[ID](tx, `SELECT card_id FROM reading WHERE payload_sha256 = ?`, PayloadHash(payload))
	if errors.Is(err, store.ErrNotFound) {
		id, err = store.One[ID](tx, `SELECT id FROM card WHERE notice_number = ? OR application_id = ?`,
			string(c.NoticeNumber), store.Opt(c.ApplicationID))
	}
	if err != nil {
		return Record{}, ReadInfo{}, err
	}
	r, err := GetByID(tx, id)
	if err != nil {
		return r, ReadInfo{}, err
	}
	info, err := FirstRead(tx, id)
	return r, info, err
}

// FirstRead says when a card was first read, and by whom; ErrNotFound for a
// card that came another way.
func FirstRead(tx *store.Tx, id ID) (ReadInfo, error) {
	return store.One[ReadInfo](tx, `SELECT reading.read_at, staff.name AS read_by FROM reading
		JOIN staff ON staff.id = reading.read_by WHERE reading.card_id = ? ORDER BY reading.id LIMIT 1`, id)
}

// RecentReading is one line of the list of what was read.
type RecentReading struct {
	Record
	ReadInfo
}

// RecentReadings lists what one member of staff (0 = everyone) has read since
// an instant, newest first.
func RecentReadings(tx *store.Tx, staffID int64, since time.Time, limit int) ([]RecentReading, error) {
	return store.All[RecentReading](tx, `SELECT `+Columns+`, reading.read_at, staff.name AS read_by
		FROM reading JOIN card ON card.id = reading.card_id JOIN recipient ON recipient.id = card.recipient_id
		JOIN staff ON staff.id = reading.read_by
		WHERE reading.read_at >= ? AND (? = 0 OR reading.read_by = ?) ORDER BY reading.id DESC LIMIT ?`,
		since, staffID, staffID, limit)
}

// CountReadings counts what one member of staff (0 = everyone) has read since an instant.
func CountReadings(tx *store.Tx, staffID int64, since time.Time) (int, error) {
	return store.One[int](tx, `SELECT count(*) FROM reading WHERE read_at >= ? AND (? = 0 OR read_by = ?)`, since, staffID, staffID)
}
