package booking

import (
	"madoguchi/app/jp"
	"madoguchi/store"
)

// FreeCount is how many places residents can still book at a place on a day
// (空き状況). It holds nothing about any person.
type FreeCount struct {
	HeldOn    jp.Date
	Venue     string
	Service   string
	Slots     int // windows of time that day
	Remaining int // places left in them
}

// FreeCounts lists the free places of every place and service, day by day, as
// far as residents may book them at tx.Now. For the town's own pages: public,
// and to be cached by who serves it.
func FreeCounts(tx *store.Tx) ([]FreeCount, error) {
	p, err := BookablePeriod(tx)
	if err != nil {
		return nil, err
	}
	return store.All[FreeCount](tx, `SELECT slot.held_on, venue.name AS venue, service.name AS service, count(*) AS slots,
		sum(`+remainingSQL(ResidentSeat)+`) AS remaining
		FROM slot JOIN venue ON venue.id = slot.venue_id JOIN service ON service.id = slot.service_id
		WHERE slot.held_on BETWEEN ? AND ? AND service.staff_only = 0 AND service.retired_at IS NULL AND venue.retired_at IS NULL
		GROUP BY slot.held_on, slot.venue_id, slot.service_id ORDER BY slot.held_on, venue.position, venue.id, service.position, service.id`,
		p.From, p.To)
}
