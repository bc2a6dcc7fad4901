package booking

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"madoguchi/app/card"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/store"
)

// Problems of set-up.
var (
	SetupStale           = problem.Define(problem.Conflict, "setup_stale")
	NameMissing          = problem.Define(problem.Invalid, "setup_name_missing")
	NameTaken            = problem.Define(problem.Invalid, "setup_name_taken")
	VenueInUse           = problem.Define(problem.Conflict, "venue_in_use")
	ServiceInUse         = problem.Define(problem.Conflict, "service_in_use")
	ServiceCodeForm      = problem.Define(problem.Invalid, "service_code_form")
	ServiceCodeTaken     = problem.Define(problem.Invalid, "service_code_taken")
	ServiceMinutes       = problem.Define(problem.Invalid, "service_minutes")
	BringCondition       = problem.Define(problem.Invalid, "bring_condition")
	ComerUnknown         = problem.Define(problem.Invalid, "comer_unknown")
	ProxyReasonUnknown   = problem.Define(problem.Invalid, "proxy_reason_unknown")
	ProxyReasonNotFound  = problem.Define(problem.NotFound, "proxy_reason_not_found")
	ProxyPapersMissing   = problem.Define(problem.Invalid, "proxy_papers_missing")
	BringText            = problem.Define(problem.Invalid, "bring_text")
	MapForm              = problem.Define(problem.Invalid, "map_form")
	MapTooLarge          = problem.Define(problem.Invalid, "map_too_large")
	MapNotFound          = problem.Define(problem.NotFound, "map_not_found")
	CounterNotFound      = problem.Define(problem.NotFound, "counter_not_found")
	HoursNotFound        = problem.Define(problem.NotFound, "hours_not_found")
	HoursTaken           = problem.Define(problem.Conflict, "hours_taken")
	DayMissing           = problem.Define(problem.Invalid, "day_missing")
	DaysOrder            = problem.Define(problem.Invalid, "days_order")
	DaysTooMany          = problem.Define(problem.Invalid, "days_too_many")
	DayPast              = problem.Define(problem.Invalid, "day_past")
	WindowOrder          = problem.Define(problem.Invalid, "window_order")
	WindowRemainder      = problem.Define(problem.Invalid, "window_remainder")
	WindowOverlap        = problem.Define(problem.Invalid, "window_overlap")
	WindowMinutes        = problem.Define(problem.Invalid, "window_minutes")
	CapacityForm         = problem.Define(problem.Invalid, "capacity_form")
	CapacityNone         = problem.Define(problem.Invalid, "capacity_none")
	ClosedDayNotFound    = problem.Define(problem.NotFound, "closed_day_not_found")
	ExtraOpeningNotFound = problem.Define(problem.NotFound, "extra_opening_not_found")
	RulesForm            = problem.Define(problem.Invalid, "booking_rules_form")
	PlanChanged          = problem.Define(problem.Conflict, "slot_plan_changed")
	SlotHasBookings      = problem.Define(problem.Conflict, "slot_has_bookings")
	SlotOverlaps         = problem.Define(problem.Conflict, "slot_overlaps")
	StopNotFound         = problem.Define(problem.NotFound, "stop_not_found")
	StopOver             = problem.Define(problem.Conflict, "stop_over")
	StopNothing          = problem.Define(problem.Invalid, "stop_nothing")
	StaffOnlyService     = problem.Define(problem.Conflict, "service_staff_only")
)

// The most characters of what is typed at set-up.
const (
	nameLength    = 60
	addressLength = 200
	textLength    = 1000
	bringLength   = 200
)

// faults gathers what is wrong with several fields of one form.
type faults struct{ found *problem.Problem }

func (f *faults) add(field string, p *problem.Problem) {
	if f.found == nil {
		f.found = p.On(field)
		return
	}
	if f.found.Fields[field] != "" {
		return
	}
	for name, value := range p.Args {
		if have, filled := f.found.Args[name]; filled && have != value {
			return // one placeholder holds one value: this field is told next time
		}
		f.found = f.found.With(name, value)
	}
	f.found.Fields[field] = p.Code
}

// err is what was found, nil for nothing.
func (f *faults) err() error {
	if f.found == nil {
		return nil
	}
	return f.found
}

// text takes a text of at most length characters.
func (f *faults) text(field, text string, length int) string {
	text = strings.TrimSpace(text)
	if utf8.RuneCountInString(text) > length {
		f.add(field, card.TooLong.With("most", fmt.Sprint(length)))
	}
	return text
}

// name takes a text that must not be empty.
func (f *faults) name(field, name string) string {
	name = f.text(field, name, nameLength)
	if name == "" {
		f.add(field, NameMissing)
	}
	return name
}

func (f *faults) postalCode(field, code string) jp.PostalCode {
	if strings.TrimSpace(code) == "" {
		return ""
	}
	read, err := jp.ParsePostalCode(code)
	if err != nil {
		f.add(field, card.BadPostalCode)
	}
	return read
}

// telephone takes numbers as offices write theirs, with a few words around an
// extension, such as 0178-00-0001（内線12）.
func (f *faults) telephone(field, telephone string) string {
	telephone = strings.TrimSpace(jp.Narrow(telephone))
	if n := len(jp.Digits(telephone)); telephone != "" && (n < 9 || utf8.RuneCountInString(telephone) > 40) {
		f.add(field, card.BadTelephone)
	}
	return telephone
}

// changed turns the result of an UPDATE … AND version = ? into SetupStale.
func changed(n int64, err error) error {
	if err == nil && n == 0 {
		return SetupStale
	}
	return err
}

// named turns a broken UNIQUE of a name into NameTaken.
func named(err error, column string) error {
	if store.Broke(err, store.Unique, column) {
		return NameTaken.On("name")
	}
	return err
}

// found turns a missing row into the problem that says which.
func found[T any](v T, err error, missing *problem.Problem) (T, error) {
	if errors.Is(err, store.ErrNotFound) {
		return v, missing
	}
	return v, err
}
