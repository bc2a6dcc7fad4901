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
	Venues     []int64
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
// none. At most limit rows after the first offset; limit 0 means all. Problem:
// ExtractTooLong.
func Extract(tx *store.Tx, f Filter, limit, offset int) ([]ExtractRow, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	if limit == 0 {
		limit = -1 // SQLite's word for no limit
	}
	where, args := f.where()
	return store.All[ExtractRow](tx, extractSelect+where+`
		ORDER BY slot.held_on, slot.starts, venue.position, service.id, booking.id LIMIT ? OFFSET ?`, append(args, limit, offset)...)
}

// extractStep is how many days EachExtract holds in memory at once.
const extractStep = 31

// EachExtract hands over the same rows in the same order one by one, a month in
// memory at a time. Problem: ExtractTooLong.
func EachExtract(tx *store.Tx, f Filter, do func(ExtractRow) error) error {
	if err := f.check(); err != nil {
		return err
	}
	for last := f.To; !f.From.After(last); f.From = f.To.AddDays(1) {
		if f.To = f.From.AddDays(extractStep - 1); f.To.After(last) {
			f.To = last
		}
		rows, err := Extract(tx, f, 0, 0)
		if err != nil {
			return err
		}
		for _, r := range rows {
			if err := do(r); err != nil {
				return err
			}
		}
	}
	return nil
}

// StateCount is how many bookings are in a state.
type StateCount struct {
	State State
	Count int
}

// CountExtract counts the rows of an extract by state, in the order of a visit.
// Problem: ExtractTooLong.
func CountExtract(tx *store.Tx, f Filter) (counts []StateCount, total int, err error) {
	if err := f.check(); err != nil {
		return nil, 0, err
	}
	where, args := f.where()
	rows, err := store.All[StateCount](tx, `SELECT booking.state AS state, count(*) AS count `+fromDay+where+` GROUP BY booking.state`, args...)
	if err != nil {
		return nil, 0, err
	}
	for _, s := range States() {
		for _, row := range rows {
			if row.State == s {
				counts, total = append(counts, row), total+row.Count
			}
		}
	}
	return counts, total, nil
}

func (f Filter) check() error {
	if f.From.DaysUntil(f.To) >= ExtractDays {
		return ExtractTooLong.On("to").With("most", fmt.Sprint(ExtractDays))
	}
	return nil
}

var extractSelect = `SELECT ` + dayColumns + `, service.name AS service ` + fromDay

func (f Filter) where() (string, []any) {
	where := []string{`slot.held_on BETWEEN ? AND ?`, `booking.state NOT IN ('held', 'expired')`}
	args := []any{f.From, f.To}
	if len(f.Venues) > 0 {
		where = append(where, `slot.venue_id IN (`+places(len(f.Venues))+`)`)
		for _, id := range f.Venues {
			args = append(args, id)
		}
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
