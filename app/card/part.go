package card

import (
	"fmt"
	"time"

	"madoguchi/app/audit"
	"madoguchi/store"
)

// Part is one symbol of a code in several (連結), kept until the others of it
// have been read by the same member of staff.
type Part struct {
	Number  int `db:"part"` // from 1
	Of      int `db:"parts"`
	Payload string
}

// Parts lists the symbols that a member of staff has read, by number.
func Parts(tx *store.Tx, staffID int64) ([]Part, error) {
	return store.All[Part](tx, `SELECT part, parts, payload FROM reading_part WHERE staff_id = ? ORDER BY part`, staffID)
}

// KeepPart keeps a symbol; one that is kept already stays as it is.
func KeepPart(tx *store.Tx, by audit.Actor, p Part) error {
	n, err := tx.Exec(`INSERT INTO reading_part (staff_id, part, parts, payload, read_at) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (staff_id, part) DO NOTHING`, by.StaffID, p.Number, p.Of, p.Payload, tx.Now)
	if err != nil {
		return fmt.Errorf("keep part of a code: %w", err)
	}
	if n == 0 {
		return nil
	}
	return audit.Record(tx, by, audit.PartsKept, audit.Subject{Kind: "staff", Ref: by.Ref}, audit.Detail{"part": p.Number, "parts": p.Of})
}

// DropParts forgets the symbols that a member of staff has read.
func DropParts(tx *store.Tx, by audit.Actor) error {
	n, err := tx.Exec(`DELETE FROM reading_part WHERE staff_id = ?`, by.StaffID)
	if err != nil || n == 0 {
		return err
	}
	return audit.Record(tx, by, audit.PartsDropped, audit.Subject{Kind: "staff", Ref: by.Ref}, audit.Detail{"parts": n})
}

// partsLife is how long symbols wait for the others of their code.
const partsLife = 24 * time.Hour

// DropOldParts forgets symbols whose code was never completed, and says how many.
func DropOldParts(tx *store.Tx, by audit.Actor) (int64, error) {
	n, err := tx.Exec(`DELETE FROM reading_part WHERE read_at < ?`, tx.Now.Add(-partsLife))
	if err != nil || n == 0 {
		return n, err
	}
	return n, audit.Record(tx, by, audit.PartsDropped, audit.Subject{Kind: "reading_part"}, audit.Detail{"parts": n})
}
