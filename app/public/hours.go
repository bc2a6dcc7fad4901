package public

import (
	"errors"
	"strings"

	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/store"
)

// service is what residents book. In a town that has set up none, the zero
// service has no slots, and the pages say so.
func service(tx *store.Tx) (booking.Service, error) {
	s, err := booking.CardIssuance(tx)
	if errors.Is(err, booking.ServiceNotFound) {
		return booking.Service{}, nil
	}
	return s, err
}

// weekdayHours is from when to when a place has slots on a day of the week.
type weekdayHours struct {
	Weekday int // 0 = Sunday
	Opens   jp.Clock
	Closes  jp.Clock
	Days    int // on how many days of the period
}

// hoursOf reads a place's hours off the slots that residents can book, Monday first.
func hoursOf(tx *store.Tx, venueID, serviceID int64, p booking.Period) ([]weekdayHours, error) {
	return store.All[weekdayHours](tx, `SELECT CAST(strftime('%w', held_on) AS INTEGER) AS weekday,
		min(starts) AS opens, max(ends) AS closes, count(DISTINCT held_on) AS days FROM slot
		WHERE venue_id = ? AND service_id = ? AND open = 1 AND capacity > 0 AND held_on BETWEEN ? AND ?
		GROUP BY weekday ORDER BY (weekday + 6) % 7`, venueID, serviceID, p.From, p.To)
}

// hours says hours in lines, days with the same hours in one. A weekday that is
// open on less than half of its dates is marked: a Saturday once a month.
func (f frame) hours(all []weekdayHours) []string {
	most := 0
	for _, h := range all {
		most = max(most, h.Days)
	}
	var said []string
	done := map[int]bool{}
	for i, h := range all {
		if done[i] {
			continue
		}
		rare := h.Days*2 < most
		var days []string
		for j, other := range all[i:] {
			if other.Opens == h.Opens && other.Closes == h.Closes && (other.Days*2 < most) == rare {
				done[i+j] = true
				days = append(days, f.T(weekdayKey(other.Weekday)))
			}
		}
		key := "hours.line"
		if rare {
			key = "hours.some"
		}
		said = append(said, f.T(key, "days", strings.Join(days, f.T("hours.and")), "span", f.span(h.Opens, h.Closes)))
	}
	return said
}

// weekdayKey names the word for a day of the week, 0 = Sunday.
func weekdayKey(weekday int) string { return "weekday." + string(rune('0'+weekday)) }
