package demo

import (
	"time"

	"madoguchi/app/jp"
)

// expiry returns the last day of validity (有効期限) of a card made on a day:
// the 10th anniversary of birth after it for an adult, the 5th for someone under 18 then.
// Someone born on 29 February has it on the 28th in other than leap years. Of a
// birth that is not fully known the last possible day counts.
func expiry(birth jp.BirthDate, made jp.Date) jp.Date {
	day := lastPossible(birth)
	years := 5
	if age, ok := birthOn(day).AgeOn(made); ok && age >= 18 {
		years = 10
	}
	if anniversary(day, made.Year).After(made) {
		years--
	}
	return anniversary(day, made.Year+years)
}

// anniversary returns the day in the year on which someone born on day has it.
func anniversary(day jp.Date, year int) jp.Date { return day.AddMonths(12 * (year - day.Year)) }

func lastPossible(b jp.BirthDate) jp.Date {
	switch {
	case b.Month == 0:
		return jp.Date{Year: b.Year, Month: time.December, Day: 31}
	case b.Day == 0:
		return jp.Date{Year: b.Year, Month: time.Month(b.Month), Day: 1}.AddMonths(1).AddDays(-1)
	}
	return jp.Date{Year: b.Year, Month: time.Month(b.Month), Day: b.Day}
}

func birthOn(d jp.Date) jp.BirthDate {
	return jp.BirthDate{Year: d.Year, Month: int(d.Month), Day: d.Day}
}
