package jp

import (
	"errors"
	"testing"
)

func TestADayBelongsToTheEraThatWasCounted(t *testing.T) {
	for _, c := range []struct {
		name string
		code string
		year int
		on   [2]int
		want Date
		err  error
	}{
		{"last day of 昭和", "showa", 64, [2]int{1, 7}, day(1989, 1, 7), nil},
		{"昭和 ended on 7 January", "showa", 64, [2]int{1, 8}, Date{}, ErrEra},
		{"first day of 平成", "heisei", 1, [2]int{1, 8}, day(1989, 1, 8), nil},
		{"平成 did not begin before", "heisei", 1, [2]int{1, 7}, Date{}, ErrEra},
		{"last day of 平成", "heisei", 31, [2]int{4, 30}, day(2019, 4, 30), nil},
		{"平成 ended on 30 April", "heisei", 31, [2]int{5, 1}, Date{}, ErrEra},
		{"平成 is not counted on", "heisei", 38, [2]int{1, 1}, Date{}, ErrEra},
		{"first day of 令和", "reiwa", 1, [2]int{5, 1}, day(2019, 5, 1), nil},
		{"令和 did not begin before", "reiwa", 1, [2]int{4, 30}, Date{}, ErrEra},
		{"first day of 昭和", "showa", 1, [2]int{12, 25}, day(1926, 12, 25), nil},
		{"昭和 did not begin before", "showa", 1, [2]int{12, 24}, Date{}, ErrEra},
		{"last day of 大正", "taisho", 15, [2]int{12, 24}, day(1926, 12, 24), nil},
		{"the day both were proclaimed belongs to 昭和", "taisho", 15, [2]int{12, 25}, Date{}, ErrEra},
		{"first day of 大正", "taisho", 1, [2]int{7, 30}, day(1912, 7, 30), nil},
		{"last day of 明治", "meiji", 45, [2]int{7, 29}, day(1912, 7, 29), nil},
		{"the day both were proclaimed belongs to 大正", "meiji", 45, [2]int{7, 30}, Date{}, ErrEra},
		{"first day of 明治", "meiji", 1, [2]int{10, 23}, day(1868, 10, 23), nil},
		{"明治 did not begin before", "meiji", 1, [2]int{10, 22}, Date{}, ErrEra},
		{"a leap day", "heisei", 12, [2]int{2, 29}, day(2000, 2, 29), nil},
		{"昭和50年 had no leap day", "showa", 50, [2]int{2, 29}, Date{}, ErrDate},
		{"there is no month 13", "showa", 50, [2]int{13, 1}, Date{}, ErrDate},
		{"there is no year 0", "showa", 0, [2]int{1, 1}, Date{}, ErrEra},
		{"an unknown era", "keio", 1, [2]int{1, 1}, Date{}, ErrEra},
		{"no era", "", 1, [2]int{1, 1}, Date{}, ErrEra},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := FromEra(c.code, c.year, c.on[0], c.on[1])
			if got != c.want || !errors.Is(err, c.err) {
				t.Errorf("got %v, %v, want %v, %v", got, err, c.want, c.err)
			}
		})
	}
}

func TestEveryDaySinceMeijiHasOneEraDate(t *testing.T) {
	for d := day(1868, 10, 23); d.Year < 2060; d = d.AddDays(1) {
		era, year, ok := EraOf(d)
		if !ok {
			t.Fatalf("%s: got no era, want one", d)
		}
		for _, other := range Eras {
			back, err := FromEra(other.Code, d.Year-other.first.Year+1, int(d.Month), d.Day)
			if other == era && (back != d || err != nil) {
				t.Fatalf("%s: got %v, %v from %s %d", d, back, err, era.Code, year)
			}
			if other != era && err == nil {
				t.Fatalf("%s: got it from %s as well as from %s", d, other.Code, era.Code)
			}
		}
	}
}

func TestNoEraBeforeMeiji(t *testing.T) {
	for _, d := range []Date{{}, day(1868, 10, 22), day(1, 1, 1)} {
		if era, year, ok := EraOf(d); ok {
			t.Errorf("%s: got %s %d, want none", d, era.Code, year)
		}
	}
}

func TestErasAreNewestFirstAndNumberedFromTheOldest(t *testing.T) {
	for i, era := range Eras {
		if want := len(Eras) - i; era.Digit != want {
			t.Errorf("%s: got digit %d, want %d", era.Code, era.Digit, want)
		}
		if i > 0 && !era.first.Before(Eras[i-1].first) {
			t.Errorf("%s: got it after %s, want newest first", era.Code, Eras[i-1].Code)
		}
	}
}
