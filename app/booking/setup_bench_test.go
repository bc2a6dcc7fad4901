package booking

import (
	"fmt"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/app/jp"
	"madoguchi/store"
)

// sizes are a town like ours, and a large city.
var sizes = []struct{ venues, days, services int }{{2, 90, 1}, {40, 180, 5}}

// seedHours gives every service at every place hours of sixteen half hours a
// day, Monday to Friday.
func seedHours(b *testing.B, st *store.Store, venues, services int) {
	b.Helper()
	by := audit.Command("bench")
	apptest.Write(b, st, func(tx *store.Tx) error {
		var all []Service
		for i := range services {
			s, err := AddService(tx, by, Service{Name: fmt.Sprintf("業務%d", i), Minutes: 30})
			if err != nil {
				return err
			}
			all = append(all, s)
		}
		for i := range venues {
			v, err := AddVenue(tx, by, Venue{Name: fmt.Sprintf("支所%d", i)})
			if err != nil {
				return err
			}
			for _, s := range all {
				h := Hours{VenueID: v.ID, ServiceID: s.ID, EffectiveFrom: apptestDay(1), Windows: weekdays(540, 1020, 30, 2, 1)}
				if _, err := SaveHours(tx, by, h); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

func planAll(b *testing.B, st *store.Store, ask PlanAsk) {
	b.Helper()
	apptest.Write(b, st, func(tx *store.Tx) error {
		r, err := Plan(tx, ask)
		if err != nil {
			return err
		}
		_, err = ApplyPlan(tx, audit.Command("bench"), ask, r.Fingerprint)
		return err
	})
}

func BenchmarkSetup(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("%dvenues%ddays%dservices", size.venues, size.days, size.services), func(b *testing.B) {
			st, _ := apptest.Store(b)
			seedHours(b, st, size.venues, size.services)
			period := Period{From: apptestDay(2), To: apptestDay(2).AddDays(size.days - 1)}
			one := PlanAsk{VenueID: 1, ServiceID: 1, Period: period}
			b.Run("firstPlanOfOneService", func(b *testing.B) {
				for b.Loop() {
					err := st.Write(b.Context(), func(tx *store.Tx) error {
						r, err := Plan(tx, one)
						if err != nil {
							return err
						}
						if _, err = ApplyPlan(tx, audit.Command("bench"), one, r.Fingerprint); err != nil {
							return err
						}
						return errTaken
					})
					if err != errTaken {
						b.Fatal(err)
					}
				}
			})
			planAll(b, st, PlanAsk{Period: period})
			apptest.Read(b, st, func(tx *store.Tx) error {
				n, err := store.One[int](tx, `SELECT count(*) FROM slot`)
				b.Logf("%d slots", n)
				return err
			})
			b.Run("planAgain", func(b *testing.B) {
				for b.Loop() {
					apptest.Read(b, st, func(tx *store.Tx) error { _, err := Plan(tx, one); return err })
				}
			})
			for _, days := range []int{30, size.days} {
				b.Run(fmt.Sprintf("freeDays%d", days), func(b *testing.B) {
					for b.Loop() {
						apptest.Read(b, st, func(tx *store.Tx) error {
							_, err := FreeDays(tx, 1, 1, Period{From: period.From, To: period.From.AddDays(days - 1)}, ResidentSeat)
							return err
						})
					}
				})
			}
			b.Run("freeDaysOfAllVenues", func(b *testing.B) {
				for b.Loop() {
					apptest.Read(b, st, func(tx *store.Tx) error {
						for v := range int64(size.venues) {
							p, err := Bookable(tx, v+1, 1)
							if err != nil {
								return err
							}
							if _, err := FreeDays(tx, v+1, 1, p, ResidentSeat); err != nil {
								return err
							}
						}
						return nil
					})
				}
			})
			b.Run("whyNothing", func(b *testing.B) {
				for b.Loop() {
					apptest.Read(b, st, func(tx *store.Tx) error { _, err := WhyNothing(tx, 1, 1, period); return err })
				}
			})
		})
	}
}

// TestAvailabilityIsOneRangeOfTheSlotIndex reads the plans of the queries: no
// table is read as a whole, and nothing but slots.
func TestAvailabilityIsOneRangeOfTheSlotIndex(t *testing.T) {
	w := newTown(t, 1, 1, 0, 0)
	apptest.Read(t, w.st, func(tx *store.Tx) error {
		type row struct {
			ID, Parent, Notused int
			Detail              string
		}
		rows, err := store.All[row](tx, `EXPLAIN QUERY PLAN SELECT held_on, count(*) AS slots, sum(`+remainingSQL(ResidentSeat)+`) AS remaining FROM slot
			WHERE venue_id = ? AND service_id = ? AND held_on BETWEEN ? AND ? AND open = 1 AND held_on || 'T' || starts > ?
			GROUP BY held_on ORDER BY held_on`, 1, 1, jp.Date{Year: 2026, Month: 12, Day: 1}, jp.Date{Year: 2026, Month: 12, Day: 9}, "")
		want := "SEARCH slot USING INDEX sqlite_autoindex_slot_2 (venue_id=? AND service_id=? AND held_on>? AND held_on<?)"
		if len(rows) != 1 || rows[0].Detail != want {
			t.Errorf("got %+v, want one step: %s", rows, want)
		}
		return err
	})
}
