package jp

import (
	"encoding/json"
	"errors"
	"testing"
	"time"
)

func TestOnlyDaysOfTheCalendarAreDates(t *testing.T) {
	for _, c := range []struct {
		text string
		want Date
		err  error
	}{
		{"2026-12-01", day(2026, 12, 1), nil},
		{"2024-02-29", day(2024, 2, 29), nil},
		{"2000-02-29", day(2000, 2, 29), nil},
		{"1900-02-29", Date{}, ErrDate},
		{"2026-02-29", Date{}, ErrDate},
		{"2026-04-31", Date{}, ErrDate},
		{"2026-13-01", Date{}, ErrDate},
		{"2026-00-10", Date{}, ErrDate},
		{"0000-01-01", Date{}, ErrDate},
		{"2026-1-1", Date{}, ErrDate},
		{"2026-12-01T00:00", Date{}, ErrDate},
		{"", Date{}, ErrDate},
	} {
		t.Run(c.text, func(t *testing.T) {
			got, err := ParseDate(c.text)
			if got != c.want || !errors.Is(err, c.err) {
				t.Errorf("got %v, %v, want %v, %v", got, err, c.want, c.err)
			}
		})
	}
	if _, err := NewDate(10000, time.January, 1); err != ErrDate {
		t.Errorf("year 10000: got %v, want %v", err, ErrDate)
	}
}

func TestDateOfIsTheDayInTokyo(t *testing.T) {
	for _, c := range []struct {
		name  string
		at    time.Time
		date  Date
		clock string
	}{
		{"a minute before midnight in Tokyo", time.Date(2026, 12, 1, 14, 59, 30, 0, time.UTC), day(2026, 12, 1), "23:59"},
		{"midnight in Tokyo", time.Date(2026, 12, 1, 15, 0, 0, 0, time.UTC), day(2026, 12, 2), "00:00"},
		{"the evening before in Honolulu", time.Date(2026, 12, 1, 20, 0, 0, 0, time.FixedZone("HST", -36000)), day(2026, 12, 2), "15:00"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := DateOf(c.at); got != c.date {
				t.Errorf("got %s, want %s", got, c.date)
			}
			if got := ClockOf(c.at).String(); got != c.clock {
				t.Errorf("got %s, want %s", got, c.clock)
			}
		})
	}
	if got := DateOf(time.Time{}); !got.IsZero() {
		t.Errorf("zero time: got %s, want no date", got)
	}
}

func TestAtIsTheInstantInTokyo(t *testing.T) {
	d := day(2026, 12, 31)
	for _, c := range []struct {
		clock Clock
		want  time.Time
	}{
		{0, time.Date(2026, 12, 30, 15, 0, 0, 0, time.UTC)},
		{9*60 + 30, time.Date(2026, 12, 31, 0, 30, 0, 0, time.UTC)},
		{endOfDay, time.Date(2026, 12, 31, 15, 0, 0, 0, time.UTC)},
	} {
		if got := d.At(c.clock); !got.Equal(c.want) {
			t.Errorf("%s: got %s, want %s", c.clock, got, c.want)
		}
	}
	if got := (Date{}).At(600); !got.IsZero() {
		t.Errorf("no date: got %s, want the zero time", got)
	}
}

func TestAddMonthsKeepsToTheEndOfAShortMonth(t *testing.T) {
	for _, c := range []struct {
		name   string
		from   Date
		months int
		want   Date
	}{
		{"same day of the next month", day(2026, 3, 15), 1, day(2026, 4, 15)},
		{"31 January to February", day(2026, 1, 31), 1, day(2026, 2, 28)},
		{"31 January to February of a leap year", day(2028, 1, 31), 1, day(2028, 2, 29)},
		{"29 February a year on", day(2028, 2, 29), 12, day(2029, 2, 28)},
		{"29 February four years on", day(2028, 2, 29), 48, day(2032, 2, 29)},
		{"29 February across 2100, which is no leap year", day(2096, 2, 29), 48, day(2100, 2, 28)},
		{"three months back over New Year", day(2027, 2, 28), -3, day(2026, 11, 28)},
		{"back from the 31st", day(2026, 12, 31), -1, day(2026, 11, 30)},
		{"no months", day(2026, 12, 31), 0, day(2026, 12, 31)},
		{"no date", Date{}, 5, Date{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.from.AddMonths(c.months); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestDaysAreCountedAsTheyAreAdded(t *testing.T) {
	start := day(2024, 2, 1)
	for n := -800; n <= 800; n++ {
		d := start.AddDays(n)
		if got := start.DaysUntil(d); got != n {
			t.Fatalf("%s to %s: got %d days, want %d", start, d, got, n)
		}
		if got := d.Before(start); got != (n < 0) {
			t.Fatalf("%s before %s: got %t, want %t", d, start, got, n < 0)
		}
		if got := d.After(start); got != (n > 0) {
			t.Fatalf("%s after %s: got %t, want %t", d, start, got, n > 0)
		}
	}
	if got := start.AddDays(28); got != day(2024, 2, 29) {
		t.Errorf("got %s, want the leap day", got)
	}
	if got := (Date{}).AddDays(3); !got.IsZero() {
		t.Errorf("no date: got %s, want no date", got)
	}
	if got := (Date{}).DaysUntil(start); got != 0 {
		t.Errorf("from no date: got %d, want 0", got)
	}
	if !(Date{}).Before(day(1, 1, 1)) {
		t.Error("got no date after the first, want it before every date")
	}
}

func TestDateInWords(t *testing.T) {
	type words struct{ Japanese, Era, Both, Short, English, EnglishShort string }
	for _, c := range []struct {
		name string
		on   Date
		want words
	}{
		{"a working day", day(2026, 12, 1), words{
			"2026年12月1日（火）", "令和8年12月1日（火）", "令和8年（2026年）12月1日（火）", "12月1日（火）",
			"Tuesday 1 December 2026", "Tue 1 Dec"}},
		{"first day of an era", day(2019, 5, 1), words{
			"2019年5月1日（水）", "令和元年5月1日（水）", "令和元年（2019年）5月1日（水）", "5月1日（水）",
			"Wednesday 1 May 2019", "Wed 1 May"}},
		{"before the eras that are known", day(1868, 10, 22), words{
			"1868年10月22日（木）", "1868年10月22日（木）", "1868年10月22日（木）", "10月22日（木）",
			"Thursday 22 October 1868", "Thu 22 Oct"}},
		{"no date is no words", Date{}, words{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := c.on
			got := words{d.Japanese(), d.Era(), d.Both(), d.Short(), d.English(), d.EnglishShort()}
			if got != c.want {
				t.Errorf("got %+v, want %+v", got, c.want)
			}
		})
	}
}

// stored has one of each type that is kept as text.
type stored struct {
	On    Date
	At    Clock
	Birth BirthDate
}

func TestReadingWhatWasWrittenGivesTheSameBack(t *testing.T) {
	for _, c := range []struct {
		name string
		in   stored
		text string
	}{
		{"all known", stored{day(2026, 2, 3), 570, BirthDate{1950, 5, 12}}, `{"On":"2026-02-03","At":"09:30","Birth":"1950-05-12"}`},
		{"all absent, yet midnight is a time", stored{}, `{"On":"","At":"00:00","Birth":""}`},
		{"partly known", stored{day(2026, 2, 3), 1440, BirthDate{1950, 5, 0}}, `{"On":"2026-02-03","At":"24:00","Birth":"1950-05-00"}`},
	} {
		t.Run(c.name, func(t *testing.T) {
			text, err := json.Marshal(c.in)
			if err != nil || string(text) != c.text {
				t.Fatalf("got %s, %v, want %s", text, err, c.text)
			}
			back := stored{day(1999, 9, 9), 1, BirthDate{1999, 9, 9}}
			if err := json.Unmarshal(text, &back); err != nil || back != c.in {
				t.Errorf("got %+v, %v, want %+v", back, err, c.in)
			}
		})
	}
}

func TestWhatCannotBeReadBackIsNotWritten(t *testing.T) {
	for _, c := range []struct {
		name string
		in   stored
		want error
	}{
		{"a day that does not exist", stored{On: day(2026, 2, 30)}, ErrDate},
		{"a time after the end of the day", stored{At: 1441}, ErrClock},
		{"a time before the day", stored{At: -1}, ErrClock},
		{"a birth that does not exist", stored{Birth: BirthDate{1975, 2, 29}}, ErrDate},
		{"a birth in an unknown month on a known day", stored{Birth: BirthDate{1975, 0, 2}}, ErrDate},
	} {
		t.Run(c.name, func(t *testing.T) {
			if text, err := json.Marshal(c.in); !errors.Is(err, c.want) {
				t.Errorf("got %s, %v, want %v", text, err, c.want)
			}
		})
	}
}

func TestStoredTextHasOneForm(t *testing.T) {
	for _, c := range []struct {
		text string
		want error
	}{
		{`{"On":"2026/02/03"}`, ErrDate},
		{`{"Birth":"19500512"}`, ErrDate},
		{`{"Birth":"S25.5.12"}`, ErrDate},
		{`{"At":""}`, ErrClock},
	} {
		var got stored
		if err := json.Unmarshal([]byte(c.text), &got); !errors.Is(err, c.want) {
			t.Errorf("%s: got %+v, %v, want %v", c.text, got, err, c.want)
		}
	}
}
