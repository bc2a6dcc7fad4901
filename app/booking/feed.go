package booking

import (
	"madoguchi/app/jp"
	"madoguchi/store"
)

// FreeCount is how many places residents can still book at a place on a day
// (空き状況). It holds nothing about any person.
type FreeCount struct {
	Venue   Venue
	Service Service
	HeldOn  jp.Date
	Slots   int // windows of time that day
	// Remaining is the places left in them.
	Remaining int
}

// FreeCounts lists the free places of every place and service, day by day, as
// far as residents may book them at tx.Now. For the town's own pages: public,
// and to be cached by who serves it. One range read for each place and service.
func FreeCounts(tx *store.Tx) ([]FreeCount, error) {
	venues, err := Venues(tx)
	if err != nil {
		return nil, err
	}
	services, err := Services(tx)
	if err != nil {
		return nil, err
	}
	var counts []FreeCount
	for _, v := range venues {
		for _, s := range services {
			if s.StaffOnly {
				continue
			}
			p, err := Bookable(tx, v.ID, s.ID)
			if err != nil {
				return nil, err
			}
			days, err := FreeDays(tx, v.ID, s.ID, p, ResidentSeat)
			if err != nil {
				return nil, err
			}
			for _, d := range days {
				counts = append(counts, FreeCount{Venue: v, Service: s, HeldOn: d.HeldOn, Slots: d.Slots, Remaining: d.Remaining})
			}
		}
	}
	return counts, nil
}
