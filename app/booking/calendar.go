package booking

import (
	"slices"
	"time"

	"madoguchi/app/jp"
	"madoguchi/app/settings"
	"madoguchi/store"
)

// calendar is everything that decides whether a place is open on a day. It is
// read once; asking it needs no database.
type calendar struct {
	holidays, yearEnd bool
	closed            map[jp.Date]string // reason
	hours             map[int64][]Hours  // by service, newest first
	extra             map[int64]map[jp.Date][]ExtraOpening
}

// calendarOf reads the calendar of a place for the days of p; venueID 0 is the
// town as a whole, which has no hours. Cut-offs look back from a day, so a
// little before p is read too.
func calendarOf(tx *store.Tx, venueID int64, p Period) (*calendar, error) {
	town, err := settings.Get(tx)
	if err != nil {
		return nil, err
	}
	c := &calendar{
		holidays: town.ClosedOnHolidays, yearEnd: town.ClosedAtYearEnd,
		closed: map[jp.Date]string{}, hours: map[int64][]Hours{}, extra: map[int64]map[jp.Date][]ExtraOpening{},
	}
	closed, err := store.All[ClosedDay](tx, `SELECT closed_on, reason FROM closed_day
		WHERE closed_on BETWEEN ? AND ? AND (venue_id IS NULL OR venue_id = ?)`, p.From, p.To, venueID)
	if err != nil {
		return nil, err
	}
	for _, d := range closed {
		c.closed[d.ClosedOn] = d.Reason
	}
	sets, err := hoursAt(tx, venueID)
	if err != nil {
		return nil, err
	}
	for _, h := range sets {
		c.hours[h.ServiceID] = append(c.hours[h.ServiceID], h)
	}
	extra, err := store.All[ExtraOpening](tx, `SELECT `+extraColumns+` FROM extra_opening
		WHERE venue_id = ? AND opens_on BETWEEN ? AND ? ORDER BY starts`, venueID, p.From, p.To)
	for _, e := range extra {
		if c.extra[e.ServiceID] == nil {
			c.extra[e.ServiceID] = map[jp.Date][]ExtraOpening{}
		}
		c.extra[e.ServiceID][e.OpensOn] = append(c.extra[e.ServiceID][e.OpensOn], e)
	}
	return c, err
}

// propose lays hours that are not saved over the calendar, in the place of the
// set with the same Ref or the same first day.
func (c *calendar) propose(h Hours) {
	sets := slices.DeleteFunc(slices.Clone(c.hours[h.ServiceID]), func(o Hours) bool {
		return h.Ref != "" && o.Ref == h.Ref || o.EffectiveFrom == h.EffectiveFrom
	})
	sets = append(sets, h)
	slices.SortFunc(sets, func(a, b Hours) int { return b.EffectiveFrom.Compare(a.EffectiveFrom) })
	c.hours[h.ServiceID] = sets
}

// closedOn says why the place is closed on a day; extra openings do not count.
func (c *calendar) closedOn(d jp.Date) (reason string, closed bool) {
	if reason, closed := c.closed[d]; closed {
		return reason, true
	}
	if c.yearEnd && jp.YearEnd(d) {
		return "年末年始", true
	}
	if c.holidays {
		return jp.Holiday(d)
	}
	return "", false
}

// effective is the set of hours that holds on a day; ok is false before the first.
func (c *calendar) effective(serviceID int64, d jp.Date) (h Hours, ok bool) {
	for _, h := range c.hours[serviceID] {
		if !h.EffectiveFrom.After(d) {
			return h, true
		}
	}
	return Hours{}, false
}

// slots lists the slots that a service should have on a day, by start.
func (c *calendar) slots(serviceID int64, d jp.Date) []Window {
	var all []Window
	extra := c.extra[serviceID][d]
	for _, e := range extra {
		all = append(all, e.window().cut(d)...)
	}
	if _, closed := c.closedOn(d); !closed {
		h, _ := c.effective(serviceID, d)
		for _, w := range h.on(d.Weekday()) {
			for _, s := range w.cut(d) {
				if !slices.ContainsFunc(extra, func(e ExtraOpening) bool { return s.Starts < e.Ends && e.Starts < s.Ends }) {
					all = append(all, s)
				}
			}
		}
	}
	slices.SortFunc(all, byStart)
	return all
}

// working reports whether a day counts as a working day (開庁日): it is neither
// closed nor a holiday, and not at a weekend unless the place is open then.
func (c *calendar) working(d jp.Date) bool {
	if _, closed := c.closedOn(d); closed {
		return false
	}
	if _, holiday := jp.Holiday(d); holiday {
		return false
	}
	if wd := d.Weekday(); wd != time.Saturday && wd != time.Sunday {
		return true
	}
	for service := range c.hours {
		if h, ok := c.effective(service, d); ok && len(h.on(d.Weekday())) > 0 {
			return true
		}
	}
	for _, days := range c.extra {
		if len(days[d]) > 0 {
			return true
		}
	}
	return false
}

// ClosedOn says why a place is closed on a day, own closed days, holidays and
// the year-end closing alike. Extra openings and hours do not count.
func ClosedOn(tx *store.Tx, venueID int64, d jp.Date) (reason string, closed bool, err error) {
	c, err := calendarOf(tx, venueID, Period{From: d, To: d})
	if err != nil {
		return "", false, err
	}
	reason, closed = c.closedOn(d)
	return reason, closed, nil
}
