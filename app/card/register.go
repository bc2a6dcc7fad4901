package card

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// Problems of coming on record.
var (
	BatchClosed = problem.Define(problem.Conflict, "batch_closed")
	InUse       = problem.Define(problem.Conflict, "reading_in_use")
	NotYours    = problem.Define(problem.Conflict, "reading_not_yours")
)

// Way is how a card came on record (登録の経路).
type Way string

// The ways.
const (
	ByScanner    Way = "scanner"
	ByPicture    Way = "picture"
	ByHand       Way = "hand"
	ByCSV        Way = "csv"
	ByCorrection Way = "correction"
)

// Label is the way's name on the screen.
func (w Way) Label() string {
	return map[Way]string{ByScanner: "読取機", ByPicture: "画像", ByHand: "手入力", ByCSV: "CSV", ByCorrection: "訂正読込"}[w]
}

// Reading is what one code of the recipient list (交付対象者一覧), or one line
// typed from it, said.
type Reading struct {
	Way       Way    // "" means ByScanner
	Payload   []byte // the code's text in UTF-8; nil ByHand and ByCSV
	Raw       []byte // the code's bytes, where they are known
	ProfileID int64  // by which profile it was taken apart; 0 without a payload
	BatchID   int64  // the delivery it came with; 0: none
	Position  string // shelf or box; "": none
	Card      Card
	Recipient Recipient
}

// PayloadHash is what makes the same code recognisable: hex SHA-256.
func PayloadHash(payload []byte) string {
	sum := sha256.Sum256(payload)
	return hex.EncodeToString(sum[:])
}

// ReadInfo says when, by whom, how and with which delivery a card came on record.
type ReadInfo struct {
	ReadAt      time.Time
	ReadBy      string
	Way         Way
	Position    string
	BatchRef    store.Ref // "" outside any delivery
	ArrivedOn   jp.Date
	BatchNumber int
}

const readInfo = `reading.read_at, staff.name AS read_by, reading.way, reading.position,
	batch.ref AS batch_ref, batch.arrived_on, batch.number AS batch_number`

const fromReading = ` FROM reading JOIN staff ON staff.id = reading.read_by LEFT JOIN batch ON batch.id = reading.batch_id `

// Register puts a card and its person on record. Problems: Registered, when the
// same payload, notice number or application ID is on record already; ask
// ReadBefore for the details. BatchClosed, KindUnknown.
func Register(tx *store.Tx, by audit.Actor, reading Reading) (Record, error) {
	// Looked up first, so that a refused card leaves nothing behind for others
	// in the same transaction. That nothing comes on record twice the unique
	// indexes see to.
	if _, err := onRecord(tx, reading.Payload, reading.Card); err == nil {
		return Record{}, Registered
	} else if !errors.Is(err, store.ErrNotFound) {
		return Record{}, err
	}
	if _, err := KindOf(tx, reading.Card.IssueKind); errors.Is(err, KindNotFound) {
		return Record{}, KindUnknown
	} else if err != nil {
		return Record{}, err
	}
	p, c := reading.Recipient, reading.Card
	person, err := tx.Insert(`INSERT INTO recipient (ref, name, name_key, kana_name, kana_key, birth, postal_code, address, building)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, store.NewRef(), p.Name, jp.NameKey(p.Name), p.KanaName, jp.KanaKey(p.KanaName),
		p.Birth, string(p.PostalCode), p.Address, p.Building)
	if err != nil {
		return Record{}, fmt.Errorf("register recipient: %w", err)
	}
	ref := store.NewRef()
	id, err := tx.Insert(`INSERT INTO card (ref, recipient_id, notice_number, application_id, issue_kind, made_on, expires_on)
		VALUES (?, ?, ?, ?, ?, ?, ?)`, ref, person, string(c.NoticeNumber), store.Opt(c.ApplicationID), c.IssueKind, c.MadeOn, c.ExpiresOn)
	if err != nil {
		return Record{}, fmt.Errorf("register card: %w", readingMeaning(err))
	}
	if err := keepReading(tx, by, ID(id), reading); err != nil {
		return Record{}, err
	}
	err = audit.Record(tx, by, audit.CardRead, audit.Subject{Kind: "card", Ref: ref}, audit.Detail{"issue_kind": c.IssueKind, "way": reading.way()})
	if err != nil {
		return Record{}, err
	}
	return GetByID(tx, ID(id))
}

func (r Reading) way() Way {
	if r.Way == "" {
		return ByScanner
	}
	return r.Way
}

func keepReading(tx *store.Tx, by audit.Actor, id ID, r Reading) error {
	var payload, raw, hash any
	if r.Payload != nil {
		payload, hash = r.Payload, PayloadHash(r.Payload)
	}
	if r.Raw != nil {
		raw = r.Raw
	}
	_, err := tx.Insert(`INSERT INTO reading (card_id, batch_id, way, payload, payload_sha256, raw, profile_id, position, read_at, read_by)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`, id, store.Opt(r.BatchID), r.way(), payload, hash, raw, store.Opt(r.ProfileID),
		r.Position, tx.Now, by.StaffID)
	if err != nil {
		return fmt.Errorf("keep reading: %w", readingMeaning(err))
	}
	return nil
}

// readingMeaning says what the schema's refusal means here.
func readingMeaning(err error) error {
	switch {
	case store.Broke(err, store.Unique, "card.notice_number"), store.Broke(err, store.Unique, "card.application_id"),
		store.Broke(err, store.Unique, "reading.payload_sha256"), store.Broke(err, store.Unique, "reading.card_id"):
		return Registered
	case store.Broke(err, store.Trigger, "issue_kind_unknown"):
		return KindUnknown
	case store.Broke(err, store.Trigger, "batch_is_closed"):
		return BatchClosed
	}
	return err
}

// onRecord finds the card with the same payload, notice number or application
// ID; ErrNotFound when there is none.
func onRecord(tx *store.Tx, payload []byte, c Card) (id ID, err error) {
	if payload != nil {
		id, err = store.One[ID](tx, `SELECT card_id FROM reading WHERE payload_sha256 = ?`, PayloadHash(payload))
		if !errors.Is(err, store.ErrNotFound) {
			return id, err
		}
	}
	return store.One[ID](tx, `SELECT id FROM card WHERE notice_number = ? OR application_id = ? ORDER BY notice_number IS NOT ?`,
		string(c.NoticeNumber), store.Opt(c.ApplicationID), string(c.NoticeNumber))
}

// ReadBefore finds the card that has the same payload, notice number or
// application ID as a new reading, and how it came on record.
func ReadBefore(tx *store.Tx, payload []byte, c Card) (Record, ReadInfo, error) {
	id, err := onRecord(tx, payload, c)
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

// HasPayload reports whether this very code is on record.
func HasPayload(tx *store.Tx, payload []byte) (bool, error) {
	n, err := store.One[int](tx, `SELECT count(*) FROM reading WHERE payload_sha256 = ?`, PayloadHash(payload))
	return n > 0, err
}

// FirstRead says how a card came on record; ErrNotFound for one of which
// nothing is known.
func FirstRead(tx *store.Tx, id ID) (ReadInfo, error) {
	return store.One[ReadInfo](tx, `SELECT `+readInfo+fromReading+`WHERE reading.card_id = ? ORDER BY reading.id LIMIT 1`, id)
}

// RecentReading is one line of the list of what was read.
type RecentReading struct {
	Record
	ReadInfo
}

const selectReading = `SELECT ` + Columns + `, ` + readInfo + fromReading +
	`JOIN card ON card.id = reading.card_id JOIN recipient ON recipient.id = card.recipient_id `

// RecentReadings lists what one member of staff (0 = everyone) has read since
// an instant, newest first.
func RecentReadings(tx *store.Tx, staffID int64, since time.Time, limit int) ([]RecentReading, error) {
	return store.All[RecentReading](tx, selectReading+`WHERE reading.read_at >= ? AND (? = 0 OR reading.read_by = ?) AND reading.way <> 'correction'
		ORDER BY reading.id DESC LIMIT ?`, since, staffID, staffID, limit)
}

// CountReadings counts what one member of staff (0 = everyone) has read since an instant.
func CountReadings(tx *store.Tx, staffID int64, since time.Time) (int, error) {
	return store.One[int](tx, `SELECT count(*) FROM reading WHERE read_at >= ? AND (? = 0 OR read_by = ?) AND way <> 'correction'`, since, staffID, staffID)
}

// OfBatch lists what came on record with a delivery, in the order it did.
func OfBatch(tx *store.Tx, batchID int64) ([]RecentReading, error) {
	return store.All[RecentReading](tx, selectReading+`WHERE reading.batch_id = ? AND reading.way <> 'correction' ORDER BY reading.id`, batchID)
}

// TakeBack takes the newest card that this member of staff has brought on
// record today off it again, as if it had not been read. Problems: NotFound,
// NotYours when it is not their newest of today, InUse when something was done
// with it meanwhile: the schema's references decide.
func TakeBack(tx *store.Tx, by audit.Actor, ref store.Ref) (Record, error) {
	r, err := Get(tx, ref)
	if err != nil {
		return r, err
	}
	newest, err := store.One[ID](tx, `SELECT card_id FROM reading WHERE read_by = ? AND read_at >= ? ORDER BY id DESC LIMIT 1`,
		by.StaffID, jp.DateOf(tx.Now).At(0))
	if errors.Is(err, store.ErrNotFound) || err == nil && newest != r.Card.ID {
		return r, NotYours
	}
	if err != nil {
		return r, err
	}
	for _, statement := range []string{
		`UPDATE list_code SET outcome = '', card_id = NULL WHERE card_id = ?`,
		`DELETE FROM reading WHERE card_id = ?`,
		`DELETE FROM card WHERE id = ?`,
	} {
		if _, err := tx.Exec(statement, r.Card.ID); err != nil {
			return r, fmt.Errorf("take back card: %w", inUse(err))
		}
	}
	if _, err := tx.Exec(`DELETE FROM recipient WHERE id = ?`, r.RecipientID); err != nil {
		return r, fmt.Errorf("take back recipient: %w", inUse(err))
	}
	return r, audit.Record(tx, by, audit.CardTakenBack, r.Subject(), nil)
}

func inUse(err error) error {
	var c *store.Constraint
	if errors.As(err, &c) {
		return InUse
	}
	return err
}
