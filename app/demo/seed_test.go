package demo

import (
	"errors"
	"regexp"
	"strings"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/card"
	"madoguchi/app/intake"
	"madoguchi/app/jp"
	"madoguchi/app/settings"
	"madoguchi/app/staff"
	"madoguchi/store"
)

func count(t *testing.T, st *store.Store, query string, args ...any) int {
	t.Helper()
	var n int
	apptest.Read(t, st, func(tx *store.Tx) (err error) {
		n, err = store.One[int](tx, query, args...)
		return err
	})
	return n
}

// seeded fills a store whose clock was moved on from apptest.Start.
func seeded(t *testing.T, later time.Duration, o Options) (*store.Store, Report) {
	t.Helper()
	st, clock := apptest.Store(t)
	clock.Advance(later)
	r, err := Seed(t.Context(), st, o)
	if err != nil {
		t.Fatal(err)
	}
	return st, r
}

func TestSeededStore(t *testing.T) {
	st, _ := seeded(t, 3*time.Hour, Options{}) // noon
	for name, check := range map[string]func(*testing.T, *store.Store){
		"shows a town at work":                 showsATownAtWork,
		"keeps the hours":                      keepsTheHours,
		"holds every card as its person was":   holdsEveryCard,
		"names no telephone number of anybody": namesNoTelephone,
		"counts its bookings right":            countsRight,
	} {
		t.Run(name, func(t *testing.T) { check(t, st) })
	}
}

func showsATownAtWork(t *testing.T, st *store.Store) {
	for _, tt := range []struct {
		what        string
		query       string
		least, most int
	}{
		{"recipients", `SELECT count(*) FROM recipient`, 300, 300},
		{"readings", `SELECT count(*) FROM reading`, 300, 300},
		{"staff", `SELECT count(*) FROM staff`, 3, 3},
		{"venues", `SELECT count(*) FROM venue`, 2, 2},
		{"bookings", `SELECT count(*) FROM booking`, 80, 95},
		{"bookings today", `SELECT count(*) FROM booking JOIN slot ON slot.id = slot_id WHERE held_on = '2026-12-01'`, 14, 14},
		{"live bookings later", `SELECT count(*) FROM booking JOIN slot ON slot.id = slot_id WHERE held_on > '2026-12-01' AND state = 'booked'`, 40, 60},
		{"missed visits", `SELECT count(*) FROM booking JOIN slot ON slot.id = slot_id WHERE held_on < '2026-12-01' AND state = 'no_show'`, 1, 5},
		{"cancelled bookings", `SELECT count(*) FROM booking WHERE state = 'cancelled'`, 4, 4},
		{"bookings beyond capacity", `SELECT count(*) FROM booking WHERE seat = 'over'`, 1, 1},
		{"issued cards", `SELECT count(*) FROM card WHERE issued_at IS NOT NULL`, 15, 40},
		{"cards issued without a booking", `SELECT count(*) FROM card WHERE issued_at IS NOT NULL AND id NOT IN (SELECT card_id FROM booking)`, 3, 3},
		{"handover notes", `SELECT count(*) FROM handover_note`, 5, 5},
		{"days full for residents", `SELECT count(*) FROM (SELECT 1 FROM slot GROUP BY venue_id, held_on HAVING sum(capacity - taken) = 0)`, 1, 5},
		{"slots full to the last place", `SELECT count(*) FROM slot WHERE taken = capacity AND staff_taken = reserve AND reserve > 0`, 2, 9},
		{"awkward cases today", `SELECT count(*) FROM booking JOIN slot ON slot.id = slot_id JOIN card ON card.id = card_id
			JOIN recipient ON recipient.id = card.recipient_id WHERE held_on = '2026-12-01' AND name LIKE '%髙橋%'`, 1, 1},
		{"events after now", `SELECT count(*) FROM audit WHERE at > '2026-12-01T03:00:00.000Z'`, 0, 0},
		{"events out of order", `SELECT count(*) FROM audit a JOIN audit b ON b.id = a.id + 1 WHERE b.at < a.at`, 0, 0},
		{"bookings for a time before they were made", `SELECT count(*) FROM booking JOIN slot ON slot.id = slot_id
			WHERE booked_at >= strftime('%Y-%m-%dT%H:%M', held_on || 'T' || starts, '-9 hours')`, 0, 0},
	} {
		if got := count(t, st, tt.query); got < tt.least || got > tt.most {
			t.Errorf("got %d %s, want %d to %d", got, tt.what, tt.least, tt.most)
		}
	}
}

func countsRight(t *testing.T, st *store.Store) {
	apptest.Read(t, st, func(tx *store.Tx) error {
		wrong, err := booking.Invariants(tx)
		if len(wrong) > 0 {
			t.Errorf("got %s, want every count right", strings.Join(wrong, "; "))
		}
		return err
	})
}

func TestSeedWorksOnAnyDayAndHour(t *testing.T) {
	for name, at := range map[string]time.Time{
		"just after midnight":             time.Date(2026, time.December, 8, 15, 1, 0, 0, time.UTC),
		"late on a Saturday evening":      time.Date(2026, time.December, 12, 14, 58, 0, 0, time.UTC),
		"no working day in the week past": time.Date(2031, time.January, 4, 1, 0, 0, 0, time.UTC),
	} {
		t.Run(name, func(t *testing.T) {
			st, r := seeded(t, at.Sub(apptest.Start), Options{Seed: 9, People: leastPeople})
			n := count(t, st, `SELECT count(*) FROM booking JOIN slot ON slot.id = slot_id WHERE held_on = ?`, jp.DateOf(at))
			if n != visitsToday {
				t.Errorf("got %d bookings on the day, want %d", n, visitsToday)
			}
			if len(r.Notices) != 3 {
				t.Errorf("got %d notices, want 3", len(r.Notices))
			}
			countsRight(t, st)
			slotsFollowTheHours(t, st)
		})
	}
}

// others is how many services need no notice; the main office offers them.
const others = 3

func slotsFollowTheHours(t *testing.T, st *store.Store) {
	t.Helper()
	apptest.Read(t, st, func(tx *store.Tx) error {
		from := jp.DateOf(tx.Now)
		plan, err := booking.Plan(tx, booking.PlanAsk{Period: booking.Period{From: from, To: from.AddDays(daysAhead)}})
		if err == nil && (plan.Changes() != 0 || len(plan.Parts) != len(places)+others) {
			t.Errorf("got a plan of %d changes for %d places, want the slots as the hours ask", plan.Changes(), len(plan.Parts))
		}
		return err
	})
}

// The days around the year's end and in May are those on which the counter is
// closed longest.
func TestStoryEndsNow(t *testing.T) {
	for year := 2026; year < 2036; year++ {
		for _, from := range []jp.Date{{Year: year, Month: time.December, Day: 24}, {Year: year, Month: time.May, Day: 1}} {
			for n := range 20 {
				now := from.AddDays(n).At(jp.Clock(n * 71))
				s := newStory(uint64(n), now, People(uint64(n), leastPeople, jp.DateOf(now)))
				if len(s.events) < leastPeople+80 {
					t.Errorf("%v: got %d events, want all readings and bookings", now, len(s.events))
				}
				for _, e := range s.events {
					if e.at.After(now) || e.at.Before(s.today.AddDays(-opened).At(morning)) {
						t.Errorf("%v: got an event at %v, want it between the opening and now", now, e.at)
					}
				}
			}
		}
	}
}

func keepsTheHours(t *testing.T, st *store.Store) {
	type row struct {
		Position int
		HeldOn   jp.Date
		Slots    int
		Last     jp.Clock
		Places   int
	}
	var rows []row
	apptest.Read(t, st, func(tx *store.Tx) (err error) {
		rows, err = store.All[row](tx, `SELECT position, held_on, count(*) AS slots, max(starts) AS last, sum(capacity) AS places
			FROM slot JOIN venue ON venue.id = venue_id WHERE held_on > '2026-12-01' AND service_id = 1 GROUP BY venue_id, held_on`)
		return err
	})
	days := map[jp.Date]bool{}
	for _, r := range rows {
		days[r.HeldOn] = true
		want := row{r.Position, r.HeldOn, 16, 16*60 + 30, map[int]int{1: 30, 2: 16}[r.Position]}
		switch {
		case r.HeldOn == jp.Date{Year: 2026, Month: 12, Day: 12}: // the open Saturday
			want = row{1, r.HeldOn, 6, 11*60 + 30, 12}
		case r.Position == 1 && r.HeldOn.Weekday() == time.Thursday:
			want = row{1, r.HeldOn, 20, 18*60 + 30, 34}
		}
		if r != want {
			t.Errorf("got %+v, want %+v", r, want)
		}
		if jp.YearEnd(r.HeldOn) {
			t.Errorf("got slots on %s, want the year-end closed", r.HeldOn.Japanese())
		}
	}
	// 2 to 29 December: 19 working days up to the 28th, and the Saturday.
	if len(days) != 20 {
		t.Errorf("got %d open days, want 20", len(days))
	}
}

func TestOneSaturdayIsOpenAndNeverAClosedOne(t *testing.T) {
	for n := range 3000 {
		from := today.AddDays(n)
		day := openSaturday(from)
		_, holiday := jp.Holiday(day)
		if ahead := from.DaysUntil(day); day.Weekday() != time.Saturday || holiday || jp.YearEnd(day) || ahead < 7 || ahead > daysAhead {
			t.Errorf("%s: got %s, want an ordinary Saturday in the weeks shown", from, day.Japanese())
		}
	}
}

func TestHolidaysAreClosed(t *testing.T) {
	day := jp.Date{Year: 2027, Month: time.January, Day: 11} // 成人の日, a Monday
	for _, w := range places[0].windows(jp.Date{Year: 2027, Month: time.January, Day: 5}) {
		if w.HeldOn == day {
			t.Fatalf("got a slot on %s, want none", day.Japanese())
		}
	}
}

func holdsEveryCard(t *testing.T, st *store.Store) {
	for _, p := range People(0, usualPeople, today) {
		apptest.Read(t, st, func(tx *store.Tx) error {
			n, err := card.ParseNoticeNumber(p.printedNumber())
			if err != nil {
				return err
			}
			r, err := card.ByNoticeNumber(tx, n)
			got := Person{string(r.NoticeNumber), r.ApplicationID, r.Name, r.KanaName, r.Birth, string(r.PostalCode),
				r.Address, string(r.IssueKind), r.MadeOn, r.ExpiresOn}
			if jp.KanaKey(got.KanaName) == jp.KanaKey(p.KanaName) {
				got.KanaName = p.KanaName // read in the other width
			}
			if got != p {
				t.Errorf("got  %+v\nwant %+v", got, p)
			}
			return err
		})
	}
}

func TestReportOpensBothSites(t *testing.T) {
	st, r := seeded(t, 0, Options{})
	a, err := staff.SignIn(t.Context(), st, "r1", r.StaffID, r.Password)
	if err != nil || a.Role != staff.Administrator || !a.MustChange {
		t.Errorf("got %+v %v, want the administrator with a one-time password", a, err)
	}
	if len(r.Notices) != 3 || len(r.Payloads) != payloads {
		t.Fatalf("got %d notices and %d payloads, want 3 and %d", len(r.Notices), len(r.Payloads), payloads)
	}
	for _, n := range r.Notices {
		bookAs(t, st, n)
	}
	for _, payload := range r.Payloads {
		apptest.Write(t, st, func(tx *store.Tx) error {
			_, err := intake.ReadPayload(tx, a.Actor("r2"), payload)
			return err
		})
	}
}

// bookAs signs a resident in and books the first free slot.
func bookAs(t *testing.T, st *store.Store, n Notice) {
	t.Helper()
	number, err := card.ParseNoticeNumber(n.Number)
	if err != nil || number.String() != n.Number {
		t.Fatalf("got notice %q %v, want it as printed", n.Number, err)
	}
	birth, err := jp.ParseBirthDate(n.BirthDate)
	if err != nil {
		t.Fatal(err)
	}
	r, err := card.SignIn(t.Context(), st, "r3", "", number, birth)
	if err != nil {
		t.Fatal(err)
	}
	apptest.Write(t, st, func(tx *store.Tx) error {
		ref, err := store.One[store.Ref](tx, `SELECT ref FROM slot WHERE held_on > '2026-12-01' AND taken < capacity ORDER BY held_on, starts`)
		if err != nil {
			return err
		}
		_, err = booking.Book(tx, audit.Actor{Kind: audit.Resident, Ref: r.Ref, Request: "r4"},
			booking.Wish{Card: r.ID, Slot: ref, Channel: booking.Web, Seat: booking.ResidentSeat})
		return err
	})
}

func namesNoTelephone(t *testing.T, st *store.Store) {
	var all []string
	apptest.Read(t, st, func(tx *store.Tx) (err error) {
		all, err = store.All[string](tx, `SELECT telephone FROM recipient WHERE telephone <> '' UNION ALL
			SELECT telephone FROM venue UNION ALL SELECT value FROM setting WHERE name LIKE '%telephone%'`)
		return err
	})
	if len(all) < 4 {
		t.Fatalf("got %d telephone numbers, want some", len(all))
	}
	placeholder := regexp.MustCompile(`^0178-00-[0-9]{4}$`)
	for _, number := range all {
		if !placeholder.MatchString(number) {
			t.Errorf("got telephone %s, want one that no telephone can have", number)
		}
	}
}

func TestSecondStartGoesOnWithTheSameStore(t *testing.T) {
	st, first := seeded(t, 0, Options{})
	if _, err := Seed(t.Context(), st, Options{}); !errors.Is(err, ErrSeeded) {
		t.Errorf("got %v from a second Seed, want ErrSeeded", err)
	}
	bookAs(t, st, first.Notices[0])
	again, err := Start(t.Context(), st, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if again.Password == first.Password {
		t.Error("got the same password, want a fresh one")
	}
	if _, err := staff.SignIn(t.Context(), st, "r1", again.StaffID, again.Password); err != nil {
		t.Errorf("got %v with the fresh password, want to be let in", err)
	}
	if len(again.Notices) != 3 || again.Notices[0] != first.Notices[1] {
		t.Errorf("got notices %v, want three without a booking, beginning with %v", again.Notices, first.Notices[1])
	}
	if got := count(t, st, `SELECT count(*) FROM recipient`); got != usualPeople {
		t.Errorf("got %d recipients, want still %d", got, usualPeople)
	}
	a := audit.Actor{Kind: audit.Staff, StaffID: 1, Request: "r2"}
	apptest.Write(t, st, func(tx *store.Tx) error {
		_, err := intake.ReadPayload(tx, a, again.Payloads[0])
		return err
	})
}

func TestOtherDataIsRefusedAndKept(t *testing.T) {
	others := map[string]func(*store.Tx) error{
		"a setting": func(tx *store.Tx) error { return settings.Set(tx, system, "town.name", "本物町") },
		"an account": func(tx *store.Tx) error {
			_, _, err := staff.Add(tx, system, "real", "本物", staff.Administrator)
			return err
		},
		"a place": func(tx *store.Tx) error {
			_, err := booking.AddVenue(tx, system, booking.Venue{Name: "本物の役場"})
			return err
		},
	}
	for name, add := range others {
		t.Run(name, func(t *testing.T) {
			st, _ := apptest.Store(t)
			apptest.Write(t, st, add)
			_, seed := Start(t.Context(), st, Options{})
			_, resume := Resume(t.Context(), st)
			_, large := SeedLarge(t.Context(), st, Size{Cards: 1, Venues: 1, Days: 1})
			for how, err := range map[string]error{"Start": seed, "Resume": resume, "SeedLarge": large} {
				if !errors.Is(err, ErrOtherData) {
					t.Errorf("got %v from %s, want ErrOtherData", err, how)
				}
			}
			if got := count(t, st, `SELECT (SELECT count(*) FROM recipient) + (SELECT count(*) FROM slot)`); got != 0 {
				t.Errorf("got %d new rows, want none", got)
			}
		})
	}
}

func TestSeedLargeMakesWhatIsAskedFor(t *testing.T) {
	st, _ := apptest.Store(t)
	notices, err := SeedLarge(t.Context(), st, Size{Cards: 1200, Venues: 2, Days: 70})
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		what, query string
		want        int
	}{
		{"cards", `SELECT count(*) FROM card`, 1200},
		{"places", `SELECT count(*) FROM venue`, 2},
		{"slots", `SELECT count(*) FROM slot`, 2 * 70 * 16},
		{"bookings", `SELECT count(*) FROM booking`, 0},
		{"commits", `SELECT commit_seq FROM store_state`, 3},
	} {
		if got := count(t, st, tt.query); got != tt.want {
			t.Errorf("got %d %s, want %d", got, tt.what, tt.want)
		}
	}
	if len(notices) != 1198 { // two awkward cases do not know their day of birth
		t.Errorf("got %d notices, want 1198", len(notices))
	}
	bookAs(t, st, notices[1100])
	apptest.Read(t, st, func(tx *store.Tx) error {
		p, err := booking.BookablePeriod(tx)
		if last := today.AddDays(70); !p.Holds(last) {
			t.Errorf("got a period up to %s, want the last slots of %s bookable", p.To, last)
		}
		return err
	})
}
