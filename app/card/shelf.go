package card

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"madoguchi/app/audit"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// Problems of a card's place.
var (
	ShelfTooLong = problem.Define(problem.Invalid, "position_too_long") // arg: most
	ShelfUnknown = problem.Define(problem.Conflict, "shelf_without_reading")
)

// ShelfLength is the most characters of a shelf's or box's name.
const ShelfLength = 20

// Shelve notes on which shelf or in which box a card now is; "" for none. was
// is what the page showed. Problems: NotFound, Stale, ShelfTooLong; ShelfUnknown
// for a card that never came on record by a list.
func Shelve(tx *store.Tx, by audit.Actor, ref store.Ref, was, now string) error {
	now = strings.TrimSpace(now)
	if utf8.RuneCountInString(now) > ShelfLength {
		return ShelfTooLong.On("position").With("most", fmt.Sprint(ShelfLength))
	}
	r, err := Get(tx, ref)
	if err != nil {
		return err
	}
	kept, err := store.All[string](tx, `SELECT position FROM reading WHERE card_id = ? AND way <> 'correction'`, r.Card.ID)
	switch {
	case err != nil:
		return err
	case len(kept) == 0:
		return ShelfUnknown
	case kept[0] == now:
		return nil
	case kept[0] != was:
		return Stale
	}
	if _, err := tx.Exec(`UPDATE reading SET position = ? WHERE card_id = ? AND way <> 'correction'`, now, r.Card.ID); err != nil {
		return fmt.Errorf("shelve card: %w", err)
	}
	return audit.Record(tx, by, audit.CardShelved, r.Subject(), audit.Detail{"before": kept[0], "after": now})
}
