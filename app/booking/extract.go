package booking

import (
	"fmt"
	"strings"

	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// ExtractTooLong refuses an extract over more days than one list should have.
var ExtractTooLong = problem.Define(problem.Invalid, "extract_too_long")

// ExtractDays is the longest period of an extract, in days.
const ExtractDays = 400

// Filter says which bookings an extract holds. What is empty does not filter.
type Filter struct {
	Venue      int64
	Service    int64
	From, To   jp.Date // days of the visit, both included; both are needed
	States     []State
	IssueKinds []card.IssueKind
	Channel    Channel
}

// ExtractRow is one booking with its person, place and service.
type ExtractRow struct {
	Visit   Visit
	Record  card.Record
	Service string
}

// Extract lists bookings by a filter, in order of time and place; holds are
// none. At most limit rows; 0 means all. Problem: ExtractTooLong.
func Extract(tx *store.Tx, f Filter, limit int) ([]ExtractRow, error) {
	if f.From.DaysUntil(f.To) >= ExtractDays {
		return nil, ExtractTooLong.On("to").With("most", fmt.Sprint(ExtractDays))
	}
	if limit == 0 {
		limit = -1 // SQLite's word for no limit
	}
	where, args := f.where()
	return store.All[ExtractRow](tx, extractSelect+where+`
		ORDER BY slot.held_on, slot.starts, venue.position, service.id, booking.id LIMIT ?`, append(args, limit)...)
}

var extractSelect = `SELECT ` + dayColumns + `, service.name AS service ` + fromDay

func (f Filter) where() (string, []any) {
	where := []string{`slot.held_on BETWEEN ? AND ?`, `booking.state NOT IN ('held', 'expired')`}
	args := []any{f.From, f.To}
	if f.Venue != 0 {
		where, args = append(where, `slot.venue_id = ?`), append(args, f.Venue)
	}
	if f.Service != 0 {
		where, args = append(where, `slot.service_id = ?`), append(args, f.Service)
	}
	if f.Channel != "" {
		where, args = append(where, `booking.channel = ?`), append(args, f.Channel)
	}
	if len(f.States) > 0 {
		where = append(where, `booking.state IN (`+places(len(f.States))+`)`)
		for _, s := range f.States {
			args = append(args, s)
		}
	}
	if len(f.IssueKinds) > 0 {
		where = append(where, `card.issue_kind IN (`+places(len(f.IssueKinds))+`)`)
		for _, k := range f.IssueKinds {
			args = append(args, k)
		}
	}
	return `JOIN service ON service.id = slot.service_id WHERE ` + strings.Join(where, ` AND `), args
}

// places are n placeholders of a list.
func places(n int) string { return strings.TrimSuffix(strings.Repeat("?, ", n), ", ") }
