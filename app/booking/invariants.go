package booking

import (
	"fmt"

	"madoguchi/store"
)

// invariants are what must hold whatever has happened, each with a query that
// counts where it does not.
var invariants = []struct{ says, query string }{
	{"slots whose counts differ from their bookings", `SELECT count(*) FROM slot WHERE
		taken <> (SELECT count(*) FROM booking WHERE slot_id = slot.id AND state NOT IN ('cancelled', 'expired') AND seat = 'resident') OR
		staff_taken <> (SELECT count(*) FROM booking WHERE slot_id = slot.id AND state NOT IN ('cancelled', 'expired') AND seat = 'staff') OR
		over <> (SELECT count(*) FROM booking WHERE slot_id = slot.id AND state NOT IN ('cancelled', 'expired') AND seat = 'over')`},
	{"slots with more bookings than places", `SELECT count(*) FROM slot WHERE taken > capacity OR taken + staff_taken > capacity + reserve`},
	{"cards with more than one live booking or hold", `SELECT count(*) FROM (SELECT card_id FROM booking
		WHERE state IN ('held', 'booked', 'checked_in', 'called') AND card_id IS NOT NULL GROUP BY card_id HAVING count(*) > 1)`},
	{"issued cards with a live booking", `SELECT count(*) FROM booking JOIN card ON card.id = booking.card_id
		WHERE booking.state IN ` + live + ` AND card.issued_at IS NOT NULL`},
	{"bookings without an audit entry", `SELECT count(*) FROM booking WHERE NOT EXISTS (
		SELECT 1 FROM audit WHERE subject_kind = 'booking' AND subject = booking.ref
		AND (action = 'booked' OR booking.state IN ('held', 'expired') AND action IN ('booking_held', 'waiting_offered')))`},
	{"seats held for nobody", `SELECT count(*) FROM booking WHERE state = 'held' AND card_id IS NULL AND recipient_id IS NULL
		AND NOT EXISTS (SELECT 1 FROM waiting WHERE waiting.booking_id = booking.id AND waiting.state = 'offered')`},
	{"offers without a seat", `SELECT count(*) FROM waiting JOIN booking ON booking.id = waiting.booking_id
		WHERE waiting.state = 'offered' AND booking.state <> 'held'`},
}

// Invariants recounts what the triggers have counted and looks for what the
// schema should have made impossible. It returns one sentence for each thing
// that is wrong, in English, for operators.
func Invariants(tx *store.Tx) ([]string, error) {
	var wrong []string
	for _, c := range invariants {
		n, err := store.One[int](tx, c.query)
		if err != nil {
			return nil, fmt.Errorf("check %s: %w", c.says, err)
		}
		if n > 0 {
			wrong = append(wrong, fmt.Sprintf("%d %s", n, c.says))
		}
	}
	return wrong, nil
}
