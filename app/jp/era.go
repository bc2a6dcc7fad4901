package jp

import (
	"fmt"
	"time"
)

// Era is a Japanese era (元号).
type Era struct {
	Code   string // as in forms and URLs: "meiji", "taisho", "showa", "heisei", "reiwa"
	Letter string // as on paper forms: "M", "T", "S", "H", "R"
	Name   string // "明治" …
	Digit  int    // as in resident-record exports: 明1 大2 昭3 平4 令5
	first  Date   // the first day that bears the era's name
}

// Eras lists the eras, newest first. The first days are those of the edicts
// and cabinet orders that named the eras: a day on which two eras met belongs
// to the later one. 明治 begins on 23 October 1868; Japan has used the
// Gregorian calendar since 1 January 1873 (明治6年), so months and days of
// 明治元年 to 明治5年 are taken here as Gregorian ones and are not those of the
// papers of the time.
var Eras = []Era{
	{"reiwa", "R", "令和", 5, Date{2019, time.May, 1}},
	{"heisei", "H", "平成", 4, Date{1989, time.January, 8}},
	{"showa", "S", "昭和", 3, Date{1926, time.December, 25}},
	{"taisho", "T", "大正", 2, Date{1912, time.July, 30}},
	{"meiji", "M", "明治", 1, Date{1868, time.October, 23}},
}

// FromEra returns the date of a day counted in an era: FromEra("showa", 64,
// 1, 7) is 7 January 1989. An unknown code, or a day on which the era was not
// or no longer counted, is ErrEra; a day no calendar has is ErrDate.
func FromEra(code string, year, month, day int) (Date, error) {
	era, ok := findEra(func(e Era) bool { return e.Code == code })
	if !ok || year < 1 {
		return Date{}, ErrEra
	}
	d, err := NewDate(era.western(year), time.Month(month), day)
	if err != nil {
		return Date{}, err
	}
	if !era.holds(d, d) {
		return Date{}, ErrEra
	}
	return d, nil
}

// EraOf returns the era of the day and its year in that era, from 1 (元年). It
// is not ok before 23 October 1868 and for the zero Date.
func EraOf(d Date) (era Era, year int, ok bool) {
	era, ok = findEra(func(e Era) bool { return !d.Before(e.first) })
	if !ok {
		return Era{}, 0, false
	}
	return era, d.Year - era.first.Year + 1, true
}

func findEra(is func(Era) bool) (Era, bool) {
	for _, e := range Eras {
		if is(e) {
			return e, true
		}
	}
	return Era{}, false
}

func (e Era) western(year int) int { return e.first.Year + year - 1 }

// holds reports whether at least one day from the first to the last given day
// belongs to the era.
func (e Era) holds(first, last Date) bool {
	if last.Before(e.first) {
		return false
	}
	starts, _, ok := EraOf(first)
	return !ok || !starts.first.After(e.first)
}

func (e Era) yearText(year int) string {
	if year == 1 {
		return e.Name + "元年"
	}
	return fmt.Sprintf("%s%d年", e.Name, year)
}
