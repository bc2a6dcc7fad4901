package booking

import (
	"fmt"
	"testing"

	"madoguchi/app/apptest"
	"madoguchi/store"
)

// BenchmarkDay measures what the counter and the town's own site ask for all
// day: the board of all places, an extract's first page and counts, and the
// free counts of every place and service.
func BenchmarkDay(b *testing.B) {
	for _, size := range sizes {
		b.Run(fmt.Sprintf("%dvenues%ddays%dservices", size.venues, size.days, size.services), func(b *testing.B) {
			st, _ := apptest.Store(b)
			seedHours(b, st, size.venues, size.services)
			period := Period{From: apptestDay(2), To: apptestDay(2).AddDays(size.days - 1)}
			planAll(b, st, PlanAsk{Period: period})
			apptest.Write(b, st, func(tx *store.Tx) error {
				_, err := tx.Exec(`INSERT INTO booking (ref, number, slot_id, seat, channel, state, booked_at)
					SELECT 'b' || id, printf('%08d', id), id, 'staff', 'telephone', 'booked', ? FROM slot`, tx.Now)
				return err
			})
			for name, ask := range map[string]func(*store.Tx) error{
				"board":           func(tx *store.Tx) error { _, err := BoardOf(tx, 0, period.From); return err },
				"boardOfOnePlace": func(tx *store.Tx) error { _, err := BoardOf(tx, 1, period.From); return err },
				"firstPageOfAWeek": func(tx *store.Tx) error {
					_, err := Extract(tx, Filter{From: period.From, To: period.From.AddDays(6)}, 50, 0)
					return err
				},
				"countsOfAWeek": func(tx *store.Tx) error {
					_, _, err := CountExtract(tx, Filter{From: period.From, To: period.From.AddDays(6)})
					return err
				},
				"freeCounts": func(tx *store.Tx) error { _, err := FreeCounts(tx); return err },
			} {
				b.Run(name, func(b *testing.B) {
					for b.Loop() {
						apptest.Read(b, st, ask)
					}
				})
			}
		})
	}
}
