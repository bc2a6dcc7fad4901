package jp

import (
	"fmt"
	"strings"
	"time"
)

// Writing is a language of the resident site, by its code, and how dates and
// times are written in it: 12月3日（木）, never 12/3.
type Writing string

// The languages.
const (
	Plain      Writing = "ja"
	Easy       Writing = "ja-easy"
	English    Writing = "en"
	Vietnamese Writing = "vi"
	Indonesian Writing = "id"
)

var (
	fullWeekdays       = [...]string{"日曜日", "月曜日", "火曜日", "水曜日", "木曜日", "金曜日", "土曜日"}
	vietnameseWeekdays = [...]string{"Chủ Nhật", "Thứ Hai", "Thứ Ba", "Thứ Tư", "Thứ Năm", "Thứ Sáu", "Thứ Bảy"}
	indonesianWeekdays = [...]string{"Minggu", "Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu"}
	indonesianMonths   = [...]string{"", "Januari", "Februari", "Maret", "April", "Mei", "Juni", "Juli", "Agustus", "September", "Oktober", "November", "Desember"}
)

// Day is a date within the coming weeks, without its year.
func (w Writing) Day(d Date) string {
	switch w {
	case Easy:
		return fmt.Sprintf("%d月%d日（%s）", d.Month, d.Day, fullWeekdays[d.Weekday()])
	case English:
		return fmt.Sprintf("%s %d %s", d.Weekday(), d.Day, d.Month)
	case Vietnamese:
		return fmt.Sprintf("%s, ngày %d tháng %d", vietnameseWeekdays[d.Weekday()], d.Day, d.Month)
	case Indonesian:
		return fmt.Sprintf("%s, %d %s", indonesianWeekdays[d.Weekday()], d.Day, indonesianMonths[d.Month])
	}
	return d.Short()
}

// FullDay is a date with its weekday and its year in both calendars.
func (w Writing) FullDay(d Date) string {
	era, year, ok := EraOf(d)
	if !ok {
		return d.Both()
	}
	name := strings.ToUpper(era.Code[:1]) + era.Code[1:]
	switch w {
	case Easy:
		return fmt.Sprintf("%d年（%s%d年）%s", d.Year, era.Name, year, w.Day(d))
	case English:
		return fmt.Sprintf("%s (%s %d)", d.English(), name, year)
	case Vietnamese:
		return fmt.Sprintf("%s năm %d (%s %d)", w.Day(d), d.Year, name, year)
	case Indonesian:
		return fmt.Sprintf("%s %d (%s %d)", w.Day(d), d.Year, name, year)
	}
	return d.Both()
}

// Month is a month of a year.
func (w Writing) Month(d Date) string {
	switch w {
	case English:
		return fmt.Sprintf("%s %d", d.Month, d.Year)
	case Vietnamese:
		return fmt.Sprintf("tháng %d năm %d", d.Month, d.Year)
	case Indonesian:
		return fmt.Sprintf("%s %d", indonesianMonths[d.Month], d.Year)
	}
	return fmt.Sprintf("%d年%d月", d.Year, d.Month)
}

// Clock is a time of day.
func (w Writing) Clock(c Clock) string {
	switch {
	case w == English:
		return c.English()
	case w == Vietnamese:
		return c.String()
	case w == Indonesian:
		return strings.ReplaceAll(c.String(), ":", ".")
	case w == Easy && c == noon:
		return "昼の12時" // 正午 is not among the first words that people learn
	}
	return c.Japanese()
}

// Instant is a day and a time at the town hall.
func (w Writing) Instant(t time.Time) string {
	return w.Day(DateOf(t)) + " " + w.Clock(ClockOf(t))
}
