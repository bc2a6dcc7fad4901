package public

import (
	"madoguchi/app/booking"
	"madoguchi/app/jp"
)

// calendar is a month as a table.
type calendar struct {
	Caption  string
	Weekdays []weekday
	Weeks    [][]cell
	Earlier  *monthLink
	Later    *monthLink
}

type weekday struct{ Short, Full string }

// cell is a day of the table; Number is 0 outside the month.
type cell struct {
	Number int
	Date   string // in full, for those who do not see the column
	Href   string
	Left   left
}

type monthLink struct{ Href, Label string }

// calendar shows the month that was asked for, or the first that has a free
// day, within the months that can be booked.
func (f frame) calendar(v visitor, venue booking.Venue, o openings, asked jp.Date) *calendar {
	month := f.monthShown(o, asked)
	cal := &calendar{Caption: f.T("calendar.caption", "month", f.when.month(month), "venue", venue.Name)}
	for n := range 7 {
		cal.Weekdays = append(cal.Weekdays, weekday{f.T("weekday.short." + string(rune('0'+n))), f.T(weekdayKey(n))})
	}
	days := map[jp.Date]booking.Day{}
	for _, day := range o.days {
		days[day.HeldOn] = day
	}
	for day := month.AddDays(-int(month.Weekday())); day.Before(month.AddMonths(1)); {
		var week []cell
		for range 7 {
			week = append(week, f.cell(v, venue, month, day, days))
			day = day.AddDays(1)
		}
		cal.Weeks = append(cal.Weeks, week)
	}
	link := func(to jp.Date) *monthLink {
		return &monthLink{f.way(slotsPath(venue.Ref)) + "&view=calendar&month=" + to.String()[:len("2006-01")], f.when.month(to)}
	}
	if earlier := month.AddMonths(-1); !earlier.Before(firstOfMonth(o.period.From)) {
		cal.Earlier = link(earlier)
	}
	if later := month.AddMonths(1); !later.After(o.period.To) {
		cal.Later = link(later)
	}
	return cal
}

func (f frame) monthShown(o openings, asked jp.Date) jp.Date {
	first, last := firstOfMonth(o.period.From), firstOfMonth(o.period.To)
	if !asked.IsZero() && !asked.Before(first) && !asked.After(last) {
		return asked
	}
	for _, day := range o.days {
		if day.Remaining > 0 {
			return firstOfMonth(day.HeldOn)
		}
	}
	return first
}

func (f frame) cell(v visitor, venue booking.Venue, month, day jp.Date, days map[jp.Date]booking.Day) cell {
	if day.Month != month.Month {
		return cell{}
	}
	c := cell{Number: day.Day, Date: f.when.day(day), Left: left{Sign: "－", Word: f.T("calendar.none")}}
	if held, ok := days[day]; ok {
		choice := f.dayChoice(v, venue, held)
		c.Left, c.Href = choice.Left, choice.Href
	}
	return c
}

func firstOfMonth(d jp.Date) jp.Date {
	d.Day = 1
	return d
}

// monthAsked reads YYYY-MM from an address; anything else is no month.
func monthAsked(s string) jp.Date {
	first, err := jp.ParseDate(s + "-01")
	if err != nil {
		return jp.Date{}
	}
	return first
}
