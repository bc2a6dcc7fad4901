package jp

import (
	"cmp"
	"fmt"
	"time"
)

// Tokyo is Japan Standard Time (日本標準時), nine hours ahead of UTC. It is a
// fixed zone because Japan has had no summer time since 1951, so the binary
// needs no zone database.
var Tokyo = time.FixedZone("JST", 9*60*60)

// Date is a day of the Gregorian calendar without time or zone (日付). Dates
// compare with ==. The zero Date means that there is none.
type Date struct {
	Year  int // 1–9999
	Month time.Month
	Day   int
}

const isoDate = "2006-01-02"

var weekdays = [...]string{"日", "月", "火", "水", "木", "金", "土"}

// NewDate returns the date, or ErrDate if the calendar has no such day.
func NewDate(year int, month time.Month, day int) (Date, error) {
	d := Date{year, month, day}
	if !d.exists() {
		return Date{}, ErrDate
	}
	return d, nil
}

// ParseDate reads exactly the form "2006-01-02"; anything else is ErrDate.
func ParseDate(s string) (Date, error) {
	t, err := time.Parse(isoDate, s)
	if err != nil {
		return Date{}, ErrDate
	}
	return NewDate(t.Date())
}

// DateOf returns the day it is in Tokyo at t. The zero time has no date.
func DateOf(t time.Time) Date {
	if t.IsZero() {
		return Date{}
	}
	return dateIn(t, Tokyo)
}

func dateIn(t time.Time, zone *time.Location) Date {
	year, month, day := t.In(zone).Date()
	return Date{year, month, day}
}

// IsZero reports whether there is no date.
func (d Date) IsZero() bool { return d == Date{} }

// String returns "2006-01-02", or "" for the zero Date.
func (d Date) String() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", d.Year, int(d.Month), d.Day)
}

// AddDays returns the date n days later; n may be negative. The zero Date
// stays zero.
func (d Date) AddDays(n int) Date {
	if d.IsZero() {
		return d
	}
	return dateIn(d.midnight().AddDate(0, 0, n), time.UTC)
}

// AddMonths returns the same day of the month n months later; n may be
// negative. Where that month is too short its last day is taken, as the Civil
// Code (民法第143条第2項) ends a period that has no corresponding day; so
// twelve months after 29 February comes 28 February. The zero Date stays zero.
func (d Date) AddMonths(n int) Date {
	if d.IsZero() {
		return d
	}
	first := time.Date(d.Year, d.Month+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
	year, month := first.Year(), first.Month()
	return Date{year, month, min(d.Day, daysIn(year, month))}
}

// DaysUntil returns the number of days from d to other, negative if other is
// the earlier one. Nothing can be counted from or to a zero Date: 0.
func (d Date) DaysUntil(other Date) int {
	if d.IsZero() || other.IsZero() {
		return 0
	}
	const day = 24 * 60 * 60
	return int((other.midnight().Unix() - d.midnight().Unix()) / day)
}

// Weekday returns the day of the week. It has no meaning for the zero Date.
func (d Date) Weekday() time.Weekday { return d.midnight().Weekday() }

// Compare returns -1, 0 or +1 as d is before, equal to or after other. The
// zero Date comes before every date.
func (d Date) Compare(other Date) int {
	return cmp.Or(cmp.Compare(d.Year, other.Year), cmp.Compare(d.Month, other.Month), cmp.Compare(d.Day, other.Day))
}

// Before reports whether d is an earlier day than other.
func (d Date) Before(other Date) bool { return d.Compare(other) < 0 }

// After reports whether d is a later day than other.
func (d Date) After(other Date) bool { return d.Compare(other) > 0 }

// At returns the instant at which Tokyo's clocks show c on day d; 24:00 is the
// first instant of the next day. The zero Date gives the zero time.
func (d Date) At(c Clock) time.Time {
	if d.IsZero() {
		return time.Time{}
	}
	return time.Date(d.Year, d.Month, d.Day, 0, int(c), 0, 0, Tokyo)
}

// MarshalText returns the form of String, or ErrDate for a day that does not
// exist, so that nothing is stored that cannot be read back.
func (d Date) MarshalText() ([]byte, error) {
	if !d.IsZero() && !d.exists() {
		return nil, ErrDate
	}
	return []byte(d.String()), nil
}

// UnmarshalText reads what MarshalText writes; empty text is the zero Date.
func (d *Date) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*d = Date{}
		return nil
	}
	read, err := ParseDate(string(text))
	if err != nil {
		return err
	}
	*d = read
	return nil
}

// Japanese returns "2026年12月1日（火）", or "" for the zero Date.
func (d Date) Japanese() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%d年%s", d.Year, d.Short())
}

// Era returns "令和8年12月1日（火）". A day before 明治 is written as by
// Japanese; the zero Date is "".
func (d Date) Era() string {
	era, year, ok := EraOf(d)
	if !ok {
		return d.Japanese()
	}
	return era.yearText(year) + d.Short()
}

// Both returns "令和8年（2026年）12月1日（火）", for papers on which residents
// look for either year. A day before 明治 is written as by Japanese.
func (d Date) Both() string {
	era, year, ok := EraOf(d)
	if !ok {
		return d.Japanese()
	}
	return fmt.Sprintf("%s（%d年）%s", era.yearText(year), d.Year, d.Short())
}

// Short returns "12月1日（火）", or "" for the zero Date.
func (d Date) Short() string {
	if d.IsZero() {
		return ""
	}
	return fmt.Sprintf("%d月%d日（%s）", int(d.Month), d.Day, weekdays[d.Weekday()])
}

// English returns "Tuesday 1 December 2026", or "" for the zero Date.
func (d Date) English() string { return d.format("Monday 2 January 2006") }

// EnglishShort returns "Tue 1 Dec", or "" for the zero Date.
func (d Date) EnglishShort() string { return d.format("Mon 2 Jan") }

func (d Date) format(layout string) string {
	if d.IsZero() {
		return ""
	}
	return d.midnight().Format(layout)
}

// midnight is an instant for day arithmetic only: in UTC every day has 24 hours.
func (d Date) midnight() time.Time {
	return time.Date(d.Year, d.Month, d.Day, 0, 0, 0, 0, time.UTC)
}

func (d Date) exists() bool {
	return d.Year >= 1 && d.Year <= 9999 &&
		d.Month >= time.January && d.Month <= time.December &&
		d.Day >= 1 && d.Day <= daysIn(d.Year, d.Month)
}

func daysIn(year int, month time.Month) int {
	return time.Date(year, month+1, 0, 0, 0, 0, 0, time.UTC).Day()
}
