package jp

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

// TestHolidaysAreThoseTheCabinetOfficePublished looks at every day of the
// published years, so a holiday too many is found as well as one too few.
func TestHolidaysAreThoseTheCabinetOfficePublished(t *testing.T) {
	published, years := readHolidays(t)
	if len(years) != 12 {
		t.Fatalf("got %d years in testdata, want 12", len(years))
	}
	for _, year := range years {
		for d := day(year, 1, 1); d.Year == year; d = d.AddDays(1) {
			got, ok := Holiday(d)
			want := published[d]
			if got != want || ok != (want != "") {
				t.Errorf("%s: got %q, %t, want %q", d, got, ok, want)
			}
		}
	}
}

func readHolidays(t *testing.T) (published map[Date]string, years []int) {
	t.Helper()
	file, err := os.Open("testdata/holidays.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := file.Close(); err != nil {
			t.Error(err)
		}
	}()
	published = make(map[Date]string)
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "#") {
			continue
		}
		fields := strings.Fields(lines.Text())
		var year, month, dayOfMonth int
		if _, err := fmt.Sscanf(fields[0], "%d", &year); err != nil {
			t.Fatal(err)
		}
		years = append(years, year)
		for _, field := range fields[1:] {
			date, name, _ := strings.Cut(field, "=")
			if _, err := fmt.Sscanf(date, "%d/%d", &month, &dayOfMonth); err != nil {
				t.Fatal(err)
			}
			published[day(year, month, dayOfMonth)] = name
		}
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return published, years
}

func TestHolidaysOutsideThePublishedYears(t *testing.T) {
	for _, c := range []struct {
		name string
		on   Date
		want string
	}{
		{"a Tuesday between two holidays is a holiday", day(2032, 9, 21), "国民の休日"},
		{"a substitute passes over the holidays after the Sunday", day(2009, 5, 6), "振替休日"},
		{"spring equinox goes back a day in a late leap year", day(2092, 3, 19), "春分の日"},
		{"autumn equinox of 2044 is the 22nd", day(2044, 9, 22), "秋分の日"},
		{"autumn equinox of 2012 was the 22nd, the first since 1896", day(2012, 9, 22), "秋分の日"},
		{"the last year the formulas hold", day(2099, 1, 1), "元日"},
		{"there was no mountain day before 2016", day(2015, 8, 11), ""},
		{"December 23rd is no holiday since the abdication", day(2019, 12, 23), ""},
		{"years before the present rules are not answered", day(2006, 1, 1), ""},
		{"years after the formulas are not answered", day(2100, 1, 1), ""},
		{"no date is no holiday", Date{}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := Holiday(c.on)
			if got != c.want || ok != (c.want != "") {
				t.Errorf("%s: got %q, %t, want %q", c.on, got, ok, c.want)
			}
		})
	}
}

func TestYearEndIsTheSixDaysFrom29December(t *testing.T) {
	closed := 0
	for d := day(2026, 7, 1); d.Before(day(2027, 7, 1)); d = d.AddDays(1) {
		want := !d.Before(day(2026, 12, 29)) && !d.After(day(2027, 1, 3))
		if got := YearEnd(d); got != want {
			t.Errorf("%s: got %t, want %t", d, got, want)
		}
		if YearEnd(d) {
			closed++
		}
	}
	if closed != 6 {
		t.Errorf("got %d days, want 6", closed)
	}
}

func day(year, month, dayOfMonth int) Date {
	return Date{year, time.Month(month), dayOfMonth}
}
