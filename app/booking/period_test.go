package booking

import (
	"errors"
	"testing"
	"time"

	"madoguchi/app/apptest"
	"madoguchi/app/jp"
	"madoguchi/app/problem"
	"madoguchi/store"
)

func date(s string) jp.Date {
	d, err := jp.ParseDate(s)
	if err != nil && s != "" {
		panic(err)
	}
	return d
}

// apptestDay is the n-th day of the test's month; the zero day for 0.
func apptestDay(n int) jp.Date {
	if n == 0 {
		return jp.Date{}
	}
	return jp.Date{Year: 2026, Month: 12, Day: n}
}

// rulesOf are rules under which everything far enough ahead can be booked.
func rulesOf(change func(*Rules)) Rules {
	r := Rules{ServiceID: 1, DaysAhead: 60, Close: Cutoff{CutoffHours, 0, 0}, Change: Cutoff{CutoffHours, 0, 0}, TogetherMost: 5, ContactMost: 2}
	change(&r)
	return r
}

// The calendar of these tests: Friday 25 December 2026 is closed at the place,
// Saturday the 19th has hours; from the 29th to 3 January the town is closed.
func TestBookablePeriodFollowsTheRules(t *testing.T) {
	w := newTown(t, 1, 1, 0, 0)
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		v := mustVenue(tx)
		if _, err := CloseDays(tx, w.by, ClosedDay{VenueID: v.ID, Reason: "停電"}, Period{From: apptestDay(25), To: apptestDay(25)}); err != nil {
			return err
		}
		_, err := SaveHours(tx, w.by, Hours{VenueID: v.ID, ServiceID: 1, EffectiveFrom: apptestDay(14), Windows: []HoursWindow{
			{Weekday: time.Saturday, Starts: 540, Ends: 600, Minutes: 30, Capacity: 1}}})
		return err
	})
	twoWorking := func(r *Rules) { r.Close = Cutoff{CutoffWorkingDays, 2, 17 * 60} }
	for _, c := range []struct {
		sentence string
		at       string // at the town hall
		rules    func(*Rules)
		from, to string
	}{
		{"until it starts", "2026-12-01 09:00", func(*Rules) {}, "2026-12-01", "2027-01-30"},
		{"48 hours before", "2026-12-01 09:00", func(r *Rules) { r.Close.Count = 48 }, "2026-12-03", "2027-01-30"},
		{"the day before at 17:00, in time", "2026-12-01 16:59", func(r *Rules) { r.Close = Cutoff{CutoffDays, 1, 17 * 60} }, "2026-12-02", "2027-01-30"},
		{"the day before at 17:00, too late", "2026-12-01 17:00", func(r *Rules) { r.Close = Cutoff{CutoffDays, 1, 17 * 60} }, "2026-12-03", "2027-01-30"},
		{"two working days before, on a Tuesday", "2026-12-01 09:00", twoWorking, "2026-12-03", "2027-01-30"},
		{"two working days before, over a weekend", "2026-12-03 17:00", twoWorking, "2026-12-08", "2027-02-01"},
		{"two working days before, over an open Saturday", "2026-12-17 17:00", twoWorking, "2026-12-20", "2027-02-15"},
		{"two working days before, over a closed day", "2026-12-23 17:00", twoWorking, "2026-12-27", "2027-02-21"},
		{"two working days before, over the year's end", "2026-12-28 17:01", twoWorking, "2027-01-06", "2027-02-26"},
		{"a new day opens at nine, before", "2026-12-02 08:59", func(r *Rules) { r.OpensAt = 9 * 60 }, "2026-12-02", "2027-01-30"},
		{"a new day opens at nine, after", "2026-12-02 09:00", func(r *Rules) { r.OpensAt = 9 * 60 }, "2026-12-02", "2027-01-31"},
		{"opens on a day, not yet", "2026-12-09 23:59", func(r *Rules) { r.OpensOn = apptestDay(10) }, "2026-12-09", "2026-12-08"},
		{"opens on a day, now", "2026-12-10 00:00", func(r *Rules) { r.OpensOn, r.DaysAhead = apptestDay(10), Unlimited }, "2026-12-10", "2028-01-14"},
	} {
		t.Run(c.sentence, func(t *testing.T) {
			apptest.Read(t, w.st, func(tx *store.Tx) error {
				now, err := time.ParseInLocation("2006-01-02 15:04", c.at, jp.Tokyo)
				if err != nil {
					return err
				}
				tx.Now = now
				p, err := rulesOf(c.rules).bookable(tx, mustVenue(tx).ID)
				if p.From != date(c.from) || p.To != date(c.to) {
					t.Errorf("got %v to %v, want %s to %s", p.From, p.To, c.from, c.to)
				}
				return err
			})
		})
	}
}

func TestRulesOfAServiceStandBeforeTheTowns(t *testing.T) {
	w := newTown(t, 1, 1, 0, 0)
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		town, err := RulesOf(tx, 1)
		if err != nil || town.Version != 0 || town.DaysAhead != 60 || town.Close != (Cutoff{CutoffDays, 1, 24 * 60}) {
			t.Errorf("got %+v, %v, want the town's", town, err)
		}
		r := town
		r.DaysAhead, r.OpensOn, r.OpensAt, r.Change = Unlimited, apptestDay(10), 540, Cutoff{CutoffWorkingDays, 2, 1020}
		if err := SetRules(tx, w.by, r); err != nil {
			return err
		}
		got, err := RulesOf(tx, 1)
		if r.Version = 1; got != r || err != nil {
			t.Errorf("got %+v, %v, want %+v", got, err, r)
		}
		if err := SetRules(tx, w.by, town); !errors.Is(err, SetupStale) {
			t.Errorf("got %v, want SetupStale", err)
		}
		for field, wrong := range map[string]func(*Rules){
			"days_ahead": func(r *Rules) { r.DaysAhead = 401 }, "close": func(r *Rules) { r.Close.Unit = "weeks" },
			"change": func(r *Rules) { r.Change.Count = 61 }, "together_most": func(r *Rules) { r.TogetherMost = 0 },
			"contact_most": func(r *Rules) { r.ContactMost = 21 }, "opens_at": func(r *Rules) { r.OpensAt = 1441 },
		} {
			bad := got
			wrong(&bad)
			if p, _ := problem.As(SetRules(tx, w.by, bad)); p == nil || p.Fields[field] != RulesForm.Code {
				t.Errorf("%s: got %v, want it refused", field, p)
			}
		}
		if err := ClearRules(tx, w.by, 1, 1); err != nil {
			return err
		}
		got, err = RulesOf(tx, 1)
		if got != town {
			t.Errorf("got %+v, want the town's again", got)
		}
		return err
	})
}

func TestCutoffOfChangesIsItsOwn(t *testing.T) {
	w := newTown(t, 1, 1, 0, 1)
	v, err := w.book(0, 0, ResidentSeat, "") // Wednesday 2 December, 9:00
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		cutoff Cutoff
		now    string
		want   bool
	}{
		{Cutoff{CutoffHours, 2, 0}, "2026-12-02 06:59", true},
		{Cutoff{CutoffHours, 2, 0}, "2026-12-02 07:00", false},
		{Cutoff{CutoffWorkingDays, 1, 1020}, "2026-12-01 16:59", true},
		{Cutoff{CutoffWorkingDays, 1, 1020}, "2026-12-01 17:00", false},
		{Cutoff{CutoffDays, 0, 24 * 60}, "2026-12-02 09:00", false},
	} {
		err := write(t, w.st, func(tx *store.Tx) error {
			if err := SetRules(tx, w.by, rulesOf(func(r *Rules) { r.Change = c.cutoff })); err != nil {
				return err
			}
			now, err := time.ParseInLocation("2006-01-02 15:04", c.now, jp.Tokyo)
			if err != nil {
				return err
			}
			tx.Now = now
			if can, err := CanChange(tx, v); can != c.want || err != nil {
				t.Errorf("%+v at %s: got %v, %v, want %v", c.cutoff, c.now, can, err, c.want)
			}
			return errTaken
		})
		if !errors.Is(err, errTaken) {
			t.Fatal(err)
		}
	}
}

func TestWhyNothingIsFree(t *testing.T) {
	w := newTown(t, 2, 1, 0, 2) // 2 December 9:00 and 9:30
	why := func(change func(*Rules), p Period) (n Nothing) {
		t.Helper()
		err := write(t, w.st, func(tx *store.Tx) error {
			if err := SetRules(tx, w.by, rulesOf(change)); err != nil {
				return err
			}
			var err error
			n, err = WhyNothing(tx, mustVenue(tx).ID, 1, p)
			return errors.Join(err, errTaken)
		})
		if err == nil || err.Error() != errTaken.Error() {
			t.Fatal(err)
		}
		return n
	}
	week := Period{From: apptestDay(1), To: apptestDay(7)}
	day := Period{From: apptestDay(2), To: apptestDay(2)}
	for _, c := range []struct {
		sentence string
		rules    func(*Rules)
		in       Period
		want     Nothing
	}{
		{"something is free", func(*Rules) {}, week, Nothing{}},
		{"no slot at all", func(*Rules) {}, Period{From: apptestDay(3), To: apptestDay(7)}, Nothing{Why: WhyClosed}},
		{"past the cut-off", func(r *Rules) { r.Close = Cutoff{CutoffDays, 2, 0} }, day, Nothing{Why: WhyPastCutoff}},
		{"half past the cut-off, half free", func(r *Rules) { r.Close = Cutoff{CutoffHours, 24, 0} }, day, Nothing{}},
		{"opens later", func(r *Rules) { r.DaysAhead = 0 }, week, Nothing{NotYetOpen, apptestDay(2), apptestDay(2)}},
		{"opens on a day", func(r *Rules) { r.OpensOn = apptestDay(2) }, week, Nothing{NotYetOpen, apptestDay(2), apptestDay(2)}},
		{"so far ahead that nothing is made", func(*Rules) {}, Period{From: date("2027-03-01"), To: date("2027-03-31")}, Nothing{Why: NotYetOpen}},
	} {
		if got := why(c.rules, c.in); got != c.want {
			t.Errorf("%s: got %+v, want %+v", c.sentence, got, c.want)
		}
	}
	for i := range 2 {
		if _, err := w.book(i, i, ResidentSeat, ""); err != nil {
			t.Fatal(err)
		}
	}
	if got := why(func(*Rules) {}, week); got.Why != WhyFull {
		t.Errorf("got %+v, want full", got)
	}
}

func TestResidentsCannotBookAServiceForStaffOnly(t *testing.T) {
	w := newTown(t, 1, 1, 0, 1)
	apptest.Write(t, w.st, func(tx *store.Tx) error {
		s, err := CardIssuance(tx)
		if err != nil {
			return err
		}
		s.StaffOnly = true
		_, err = EditService(tx, w.by, s)
		return err
	})
	if _, err := w.book(0, 0, ResidentSeat, ""); !errors.Is(err, StaffOnlyService) {
		t.Errorf("got %v, want StaffOnlyService", err)
	}
	if _, err := w.book(0, 0, StaffSeat, ""); err != nil {
		t.Errorf("got %v, want staff to book it", err)
	}
}
