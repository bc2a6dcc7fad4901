package card

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"madoguchi/store"
)

// Contents of lists are held here while they are on their way in, because this
// package owns everything personal: what is to be forgotten has one place.

// HeldRow is one row of a file that is held.
type HeldRow struct {
	Number int
	Cells  []string
	// PostalCode was found for the address or chosen by a person; PostalCodes
	// are the candidates where it is unclear.
	PostalCode  string
	PostalCodes []string
	// Before is the record before the row was applied; nil until then.
	Before json.RawMessage
}

// HoldFile keeps a file as it came and returns its row.
func HoldFile(tx *store.Tx, name string, body []byte) (int64, error) {
	id, err := tx.Insert(`INSERT INTO held_file (name, body, held_at) VALUES (?, ?, ?)`, name, body, tx.Now)
	if err != nil {
		return 0, fmt.Errorf("hold file: %w", err)
	}
	return id, nil
}

// HeldFile is what is held of a file; ErrNotFound when it has been forgotten.
func HeldFile(tx *store.Tx, id int64) ([]byte, error) {
	return store.One[[]byte](tx, `SELECT body FROM held_file WHERE id = ?`, id)
}

// HeldName is what a file was called; "" when it has been forgotten.
func HeldName(tx *store.Tx, id int64) (string, error) {
	return store.One[string](tx, `SELECT coalesce((SELECT name FROM held_file WHERE id = ?), '')`, id)
}

// HoldRow keeps one row of a file.
func HoldRow(tx *store.Tx, file int64, r HeldRow) error {
	cells, err := json.Marshal(r.Cells)
	if err != nil {
		return fmt.Errorf("hold row: %w", err)
	}
	_, err = tx.Exec(`INSERT INTO held_row (file_id, number, cells, postal_code, postal_codes) VALUES (?, ?, ?, ?, ?)`,
		file, r.Number, string(cells), r.PostalCode, strings.Join(r.PostalCodes, " "))
	if err != nil {
		return fmt.Errorf("hold row: %w", err)
	}
	return nil
}

// DropHeldRows forgets the rows of a file that is matched again.
func DropHeldRows(tx *store.Tx, file int64) error {
	if _, err := tx.Exec(`DELETE FROM held_row WHERE file_id = ?`, file); err != nil {
		return fmt.Errorf("drop rows: %w", err)
	}
	return nil
}

type heldRow struct {
	Number      int
	Cells       string
	PostalCode  string
	PostalCodes string
	Before      string
}

// HeldRows are a file's rows with numbers from first to last, in order.
func HeldRows(tx *store.Tx, file int64, first, last int) ([]HeldRow, error) {
	rows, err := store.All[heldRow](tx, `SELECT number, cells, postal_code, postal_codes, coalesce(before, '') AS before
		FROM held_row WHERE file_id = ? AND number BETWEEN ? AND ? ORDER BY number`, file, first, last)
	if err != nil {
		return nil, err
	}
	out := make([]HeldRow, 0, len(rows))
	for _, r := range rows {
		h := HeldRow{Number: r.Number, PostalCode: r.PostalCode, PostalCodes: strings.Fields(r.PostalCodes)}
		if r.Before != "" {
			h.Before = json.RawMessage(r.Before)
		}
		if err := json.Unmarshal([]byte(r.Cells), &h.Cells); err != nil {
			return nil, fmt.Errorf("held row %d: %w", r.Number, err)
		}
		out = append(out, h)
	}
	return out, nil
}

// ChoosePostalCode keeps the code that a person chose for a row.
func ChoosePostalCode(tx *store.Tx, file int64, number int, code string) error {
	if _, err := tx.Exec(`UPDATE held_row SET postal_code = ? WHERE file_id = ? AND number = ?`, code, file, number); err != nil {
		return fmt.Errorf("choose postal code: %w", err)
	}
	return nil
}

// keepBefore keeps what the record was before a row was applied.
func keepBefore(tx *store.Tx, file int64, number int, before any) error {
	text, err := json.Marshal(before)
	if err != nil {
		return fmt.Errorf("keep record: %w", err)
	}
	if _, err := tx.Exec(`UPDATE held_row SET before = ? WHERE file_id = ? AND number = ?`, string(text), file, number); err != nil {
		return fmt.Errorf("keep record: %w", err)
	}
	return nil
}

// ForgetHeld forgets what is held of files from before an instant, and returns
// which files those were.
func ForgetHeld(tx *store.Tx, before time.Time) ([]int64, error) {
	ids, err := store.All[int64](tx, `SELECT id FROM held_file WHERE held_at < ?`, before)
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if err := ForgetHeldFile(tx, id); err != nil {
			return nil, err
		}
	}
	return ids, nil
}

// ForgetHeldFile forgets what is held of one file.
func ForgetHeldFile(tx *store.Tx, id int64) error {
	if _, err := tx.Exec(`DELETE FROM held_file WHERE id = ?`, id); err != nil {
		return fmt.Errorf("forget file: %w", err)
	}
	return nil
}
