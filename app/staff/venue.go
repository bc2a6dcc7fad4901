package staff

import (
	"fmt"
	"slices"

	"madoguchi/app/audit"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// Stale is the problem of an account that somebody else changed meanwhile.
var Stale = problem.Define(problem.Conflict, "staff_stale")

// LastEverywhere refuses to limit the last administrator who works everywhere:
// nobody could set up the town as a whole any more.
var LastEverywhere = problem.Define(problem.Conflict, "staff_last_everywhere")

// Venues lists the rows of the places that an account is limited to; none
// means every place.
func Venues(tx *store.Tx, a Account) ([]int64, error) {
	return store.All[int64](tx, `SELECT venue_id FROM staff_venue WHERE staff_id = ? ORDER BY venue_id`, a.ID)
}

// MayWorkAt reports whether an account may work at a place.
func MayWorkAt(tx *store.Tx, a Account, venueID int64) (bool, error) {
	venues, err := Venues(tx, a)
	return len(venues) == 0 || slices.Contains(venues, venueID), err
}

// LimitToVenues says at which places an account works; none means every place.
// Problems: NotFound, Stale, LastEverywhere.
func LimitToVenues(tx *store.Tx, by audit.Actor, staffID string, version int, venues []int64) error {
	a, err := ByStaffID(tx, staffID)
	if err != nil {
		return err
	}
	n, err := tx.Exec(`UPDATE staff SET version = version + 1 WHERE id = ? AND version = ?`, a.ID, version)
	if err == nil && n == 0 {
		return Stale
	}
	if err != nil {
		return fmt.Errorf("limit staff: %w", err)
	}
	if len(venues) > 0 && a.Role == Administrator {
		others, err := store.One[int](tx, `SELECT count(*) FROM staff WHERE id <> ? AND role = ? AND disabled_at IS NULL
			AND NOT EXISTS (SELECT 1 FROM staff_venue WHERE staff_id = staff.id)`, a.ID, Administrator)
		if err != nil {
			return fmt.Errorf("count administrators: %w", err)
		}
		if others == 0 {
			return LastEverywhere.On("venues")
		}
	}
	if _, err := tx.Exec(`DELETE FROM staff_venue WHERE staff_id = ?`, a.ID); err != nil {
		return fmt.Errorf("clear places of staff: %w", err)
	}
	venues = slices.Clone(venues)
	slices.Sort(venues)
	for _, id := range slices.Compact(venues) {
		if _, err := tx.Insert(`INSERT INTO staff_venue (staff_id, venue_id) VALUES (?, ?)`, a.ID, id); err != nil {
			return fmt.Errorf("limit staff to place: %w", err)
		}
	}
	return audit.Record(tx, by, audit.StaffVenuesSet, a.subject(), audit.Detail{"venues": len(venues)})
}
