package jp

import "time"

// Holiday returns the name of the holiday (祝日) on day d. The days are those
// of the Act on National Holidays (国民の祝日に関する法律) as amended, for 2007
// to 2099; outside these years nothing is a holiday. Substitute holidays are
// "振替休日" (第3条第2項), days between two holidays "国民の休日" (第3条第3項).
//
// The equinoxes of coming years are computed; the binding days are announced
// each February for the year after (官報, 暦要項), and laws may move others, as
// they did for 2019, 2020 and 2021.
func Holiday(d Date) (name string, ok bool) {
	if d.Year < firstHolidayYear || d.Year > lastHolidayYear {
		return "", false
	}
	if name := nationalHoliday(d); name != "" {
		return name, true
	}
	if substitutes(d) {
		return "振替休日", true
	}
	if nationalHoliday(d.AddDays(-1)) != "" && nationalHoliday(d.AddDays(1)) != "" {
		return "国民の休日", true
	}
	return "", false
}

// YearEnd reports whether d lies in the year-end closing of public offices
// (年末年始), 29 December to 3 January (行政機関の休日に関する法律第1条第1項第3号;
// the towns' own ordinances use the same days). 1 January is included.
func YearEnd(d Date) bool {
	return d.Month == time.December && d.Day >= 29 || d.Month == time.January && d.Day <= 3
}

// The substitute-holiday rule has had its present form since 2007; the
// formulas for the equinoxes hold until 2099.
const (
	firstHolidayYear = 2007
	lastHolidayYear  = 2099
)

// holidayRule places one national holiday (第2条) in the years from–to, either
// on a fixed day or, if monday is set, on the first, second … Monday.
type holidayRule struct {
	name     string
	month    time.Month
	day      int
	monday   int
	from, to int
}

var holidayRules = []holidayRule{
	{name: "元日", month: time.January, day: 1},
	{name: "成人の日", month: time.January, monday: 2},
	{name: "建国記念の日", month: time.February, day: 11},
	{name: "天皇誕生日", month: time.February, day: 23, from: 2020},
	{name: "昭和の日", month: time.April, day: 29},
	{name: "憲法記念日", month: time.May, day: 3},
	{name: "みどりの日", month: time.May, day: 4},
	{name: "こどもの日", month: time.May, day: 5},
	{name: "海の日", month: time.July, monday: 3},
	{name: "山の日", month: time.August, day: 11, from: 2016},
	{name: "敬老の日", month: time.September, monday: 3},
	{name: "体育の日", month: time.October, monday: 2, to: 2019},
	{name: "スポーツの日", month: time.October, monday: 2, from: 2020},
	{name: "文化の日", month: time.November, day: 3},
	{name: "勤労感謝の日", month: time.November, day: 23},
	{name: "天皇誕生日", month: time.December, day: 23, to: 2018},
}

// movedHolidays are the days that the Olympics act (令和三年東京オリンピック…
// 特別措置法) moved, from the day of the rule to the day kept.
var movedHolidays = map[Date]Date{
	{2020, time.July, 20}:    {2020, time.July, 23},
	{2020, time.August, 11}:  {2020, time.August, 10},
	{2020, time.October, 12}: {2020, time.July, 24},
	{2021, time.July, 19}:    {2021, time.July, 22},
	{2021, time.August, 11}:  {2021, time.August, 8},
	{2021, time.October, 11}: {2021, time.July, 23},
}

// singleHolidays are the days of the act on the Emperor's accession (平成30年
// 法律第99号), which are national holidays in the sense of the two rules above.
var singleHolidays = map[Date]string{
	{2019, time.May, 1}:      "天皇の即位の日",
	{2019, time.October, 22}: "即位礼正殿の儀の行われる日",
}

// nationalHoliday returns the name of the 国民の祝日 on d, or "".
func nationalHoliday(d Date) string {
	if name, ok := singleHolidays[d]; ok {
		return name
	}
	switch d {
	case equinox(d.Year, time.March, 20.8431):
		return "春分の日"
	case equinox(d.Year, time.September, 23.2488):
		return "秋分の日"
	}
	for _, rule := range holidayRules {
		if rule.on(d.Year) == d {
			return rule.name
		}
	}
	return ""
}

// on returns the day of the holiday in the year, zero if it has none.
func (r holidayRule) on(year int) Date {
	if year < r.from || r.to != 0 && year > r.to {
		return Date{}
	}
	d := Date{year, r.month, r.day}
	if r.monday > 0 {
		first := Date{year, r.month, 1}
		untilMonday := (int(time.Monday) - int(first.Weekday()) + 7) % 7
		d = first.AddDays(untilMonday + 7*(r.monday-1))
	}
	if moved, ok := movedHolidays[d]; ok {
		return moved
	}
	return d
}

// equinox returns the day of the equinox from its mean day of the month in
// 1980: the mean sun is late by 0.242194 days a year, which leap years correct.
func equinox(year int, month time.Month, day1980 float64) Date {
	years := year - 1980
	return Date{year, month, int(day1980+0.242194*float64(years)) - years/4}
}

// substitutes reports whether d is the first day after a national holiday on a
// Sunday that is not a national holiday itself.
func substitutes(d Date) bool {
	for d = d.AddDays(-1); nationalHoliday(d) != ""; d = d.AddDays(-1) {
		if d.Weekday() == time.Sunday {
			return true
		}
	}
	return false
}
