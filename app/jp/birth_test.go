package jp

import (
	"errors"
	"testing"
)

func TestBirthDateIsReadInEveryWrittenForm(t *testing.T) {
	want := BirthDate{1950, 5, 12}
	for _, text := range []string{
		"1950-05-12", "1950/5/12", "1950.5.12", "1950．05．12", "19500512", "１９５００５１２",
		"1950年5月12日", "西暦1950年5月12日", "1950 5 12", "1950−05−12", "1950ー5ー12",
		"昭和25年5月12日", "昭和２５年５月１２日", "昭和 25 年 5 月 12 日", "昭和25.5.12", "昭和25年05月12日生",
		"昭25.5.12", "昭２５・５・１２", "㍼25年5月12日", "S25.5.12", "s25.5.12", "Ｓ２５．５．１２", "S 25. 5.12",
		"S25/05/12", "S-25-05-12", "S25年5月12日", "s250512", "S-250512", "昭和250512", "3250512", "３２５０５１２",
		"3-250512", "3-25-5-12", "昭和二十五年五月十二日", "昭和弐拾五年五月拾弐日", "昭和二五年五月一二日",
		"一九五〇年五月十二日", "千九百五十年五月十二日",
		"昭和25年（1950年）5月12日", "1950年(昭和25年)5月12日生まれ", "  1950-05-12\r\n", "\ufeff19500512",
	} {
		t.Run(text, func(t *testing.T) {
			if got, err := ParseBirthDate(text); got != want || err != nil {
				t.Errorf("got %v, %v, want %v", got, err, want)
			}
		})
	}
}

func TestBirthDateAcrossTheEras(t *testing.T) {
	for _, c := range []struct {
		text string
		want BirthDate
		err  error
	}{
		{"昭和64年1月7日", BirthDate{1989, 1, 7}, nil},
		{"昭和64年1月8日", BirthDate{}, ErrEra},
		{"3640108", BirthDate{}, ErrEra},
		{"平成元年1月8日", BirthDate{1989, 1, 8}, nil},
		{"H元.1.8", BirthDate{1989, 1, 8}, nil},
		{"4010107", BirthDate{}, ErrEra},
		{"平成31年4月30日", BirthDate{2019, 4, 30}, nil},
		{"H310501", BirthDate{}, ErrEra},
		{"令和元年5月1日", BirthDate{2019, 5, 1}, nil},
		{"㋿元年5月1日", BirthDate{2019, 5, 1}, nil},
		{"5010430", BirthDate{}, ErrEra},
		{"大15.12.24", BirthDate{1926, 12, 24}, nil},
		{"昭和元年12月25日", BirthDate{1926, 12, 25}, nil},
		{"明治45年7月29日", BirthDate{1912, 7, 29}, nil},
		{"1450729", BirthDate{1912, 7, 29}, nil},
		{"2010730", BirthDate{1912, 7, 30}, nil},
		{"1950年（昭和26年）5月12日", BirthDate{}, ErrEra},
		{"昭和25年（1951年）5月12日", BirthDate{}, ErrEra},
		{"S00.5.12", BirthDate{}, ErrEra},
	} {
		t.Run(c.text, func(t *testing.T) {
			if got, err := ParseBirthDate(c.text); got != c.want || !errors.Is(err, c.err) {
				t.Errorf("got %v, %v, want %v, %v", got, err, c.want, c.err)
			}
		})
	}
}

func TestUnknownPartsOfABirthDateStayUnknown(t *testing.T) {
	for _, c := range []struct {
		text     string
		want     BirthDate
		japanese string
	}{
		{"1950-05-00", BirthDate{1950, 5, 0}, "昭和25年（1950年）5月日不明"},
		{"19500500", BirthDate{1950, 5, 0}, "昭和25年（1950年）5月日不明"},
		{"3250500", BirthDate{1950, 5, 0}, "昭和25年（1950年）5月日不明"},
		{"昭和25年5月日不詳", BirthDate{1950, 5, 0}, "昭和25年（1950年）5月日不明"},
		{"昭和25年5月不明", BirthDate{1950, 5, 0}, "昭和25年（1950年）5月日不明"},
		{"昭和25年5月（日不明）", BirthDate{1950, 5, 0}, "昭和25年（1950年）5月日不明"},
		{"S25.5.不明", BirthDate{1950, 5, 0}, "昭和25年（1950年）5月日不明"},
		{"1950-00-00", BirthDate{1950, 0, 0}, "昭和25年（1950年）月日不明"},
		{"S250000", BirthDate{1950, 0, 0}, "昭和25年（1950年）月日不明"},
		{"昭和25年月日不詳", BirthDate{1950, 0, 0}, "昭和25年（1950年）月日不明"},
		{"昭和25年以下不詳", BirthDate{1950, 0, 0}, "昭和25年（1950年）月日不明"},
		{"昭和25年不詳", BirthDate{1950, 0, 0}, "昭和25年（1950年）月日不明"},
		{"昭和25年月不明日不明", BirthDate{1950, 0, 0}, "昭和25年（1950年）月日不明"},
		{"昭和25年00月00日", BirthDate{1950, 0, 0}, "昭和25年（1950年）月日不明"},
		{"1989年月日不明", BirthDate{1989, 0, 0}, "1989年（昭和64年・平成元年）月日不明"},
		{"昭和64年月日不明", BirthDate{1989, 0, 0}, "1989年（昭和64年・平成元年）月日不明"},
		{"平成元年1月不明", BirthDate{1989, 1, 0}, "1989年（昭和64年・平成元年）1月日不明"},
		{"平成元年2月不明", BirthDate{1989, 2, 0}, "平成元年（1989年）2月日不明"},
		{"平成31年4月日不明", BirthDate{2019, 4, 0}, "平成31年（2019年）4月日不明"},
	} {
		t.Run(c.text, func(t *testing.T) {
			got, err := ParseBirthDate(c.text)
			if got != c.want || err != nil {
				t.Fatalf("got %v, %v, want %v", got, err, c.want)
			}
			if got := got.Japanese(); got != c.japanese {
				t.Errorf("got %s, want %s", got, c.japanese)
			}
			if _, known := got.Date(); known {
				t.Error("got a whole date, want none")
			}
		})
	}
}

func TestWhatIsNoBirthDateIsRefused(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       error
	}{
		{"leap day of a common year", "S50.2.29", ErrDate},
		{"leap day of a common year in digits", "S500229", ErrDate},
		{"leap day of a common year with era digit", "3500229", ErrDate},
		{"leap day of a common western year", "19750229", ErrDate},
		{"day 31 of a short month", "1950-04-31", ErrDate},
		{"month 13", "19501301", ErrDate},
		{"known day in an unknown month", "19500012", ErrDate},
		{"unknown day in a month after the era", "S640200", ErrEra},
		{"two-digit year without an era", "50.5.12", ErrDate},
		{"six digits without an era", "250512", ErrDate},
		{"unknown era digit", "6250512", ErrDate},
		{"era digit 0", "0250512", ErrDate},
		{"month missing", "昭和25年", ErrDate},
		{"day missing", "昭和25年5月", ErrDate},
		{"a time after the date", "1950-05-12 09:30", ErrDate},
		{"American order", "5/12/1950", ErrDate},
		{"year before the eras", "1867-12-31", ErrDate},
		{"year after 令和99年", "2118-01-01", ErrDate},
		{"four-digit year in an era", "昭和1950年5月12日", ErrDate},
		{"digits and kanji numerals mixed", "昭和2十年5月12日", ErrDate},
		{"units out of order", "昭和十百年5月12日", ErrDate},
		{"typed with the input method on", "さ250512", ErrDate},
		{"nothing", "", ErrDate},
		{"spaces", "　 ", ErrDate},
		{"unknown altogether", "不詳", ErrDate},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got, err := ParseBirthDate(c.text); !got.IsZero() || !errors.Is(err, c.want) {
				t.Errorf("got %v, %v, want %v", got, err, c.want)
			}
		})
	}
}

func TestMatchesComparesWhatBothKnow(t *testing.T) {
	for _, c := range []struct {
		name string
		a, b BirthDate
		want bool
	}{
		{"equal", BirthDate{1950, 5, 12}, BirthDate{1950, 5, 12}, true},
		{"another day", BirthDate{1950, 5, 12}, BirthDate{1950, 5, 13}, false},
		{"another month", BirthDate{1950, 5, 12}, BirthDate{1950, 6, 12}, false},
		{"another year", BirthDate{1950, 5, 12}, BirthDate{1951, 5, 12}, false},
		{"one without the day", BirthDate{1950, 5, 0}, BirthDate{1950, 5, 12}, true},
		{"one without the day, another month", BirthDate{1950, 5, 0}, BirthDate{1950, 6, 12}, false},
		{"one without month and day", BirthDate{1950, 0, 0}, BirthDate{1950, 6, 12}, true},
		{"one without month and day, another year", BirthDate{1950, 0, 0}, BirthDate{1951, 6, 12}, false},
		{"one absent", BirthDate{}, BirthDate{1950, 5, 12}, false},
		{"both absent", BirthDate{}, BirthDate{}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := c.a.Matches(c.b); got != c.want {
				t.Errorf("got %t, want %t", got, c.want)
			}
			if got := c.b.Matches(c.a); got != c.want {
				t.Errorf("the other way: got %t, want %t", got, c.want)
			}
		})
	}
}

func TestAgeRisesOnTheAnniversary(t *testing.T) {
	for _, c := range []struct {
		name  string
		birth BirthDate
		on    Date
		age   int
		ok    bool
	}{
		{"day before the anniversary of birth", BirthDate{2008, 12, 2}, day(2026, 12, 1), 17, true},
		{"anniversary of birth", BirthDate{2008, 12, 2}, day(2026, 12, 2), 18, true},
		{"day of birth", BirthDate{2026, 12, 2}, day(2026, 12, 2), 0, true},
		{"before birth", BirthDate{2026, 12, 2}, day(2026, 12, 1), 0, false},
		{"leap day child on 28 February of a common year", BirthDate{2008, 2, 29}, day(2026, 2, 28), 17, true},
		{"leap day child on 1 March of a common year", BirthDate{2008, 2, 29}, day(2026, 3, 1), 18, true},
		{"leap day child on 28 February of a leap year", BirthDate{2008, 2, 29}, day(2028, 2, 28), 19, true},
		{"leap day child on the leap day", BirthDate{2008, 2, 29}, day(2028, 2, 29), 20, true},
		{"unknown day, month before", BirthDate{1950, 5, 0}, day(2026, 4, 30), 75, true},
		{"unknown day, first of the month", BirthDate{1950, 5, 0}, day(2026, 5, 1), 0, false},
		{"unknown day, last but one of the month", BirthDate{1950, 5, 0}, day(2026, 5, 30), 0, false},
		{"unknown day, last of the month", BirthDate{1950, 5, 0}, day(2026, 5, 31), 76, true},
		{"unknown month, within the year", BirthDate{1950, 0, 0}, day(2026, 7, 1), 0, false},
		{"unknown month, last of the year", BirthDate{1950, 0, 0}, day(2026, 12, 31), 76, true},
		{"unknown day, perhaps not yet born", BirthDate{2026, 5, 0}, day(2026, 5, 20), 0, false},
		{"no date of birth", BirthDate{}, day(2026, 12, 1), 0, false},
		{"no day to count to", BirthDate{1950, 5, 12}, Date{}, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if age, ok := c.birth.AgeOn(c.on); age != c.age || ok != c.ok {
				t.Errorf("got %d, %t, want %d, %t", age, ok, c.age, c.ok)
			}
		})
	}
}

func TestABirthDateWithoutUnknownPartsIsADate(t *testing.T) {
	got, ok := BirthDate{1950, 5, 12}.Date()
	if want := day(1950, 5, 12); got != want || !ok {
		t.Errorf("got %s, %t, want %s", got, ok, want)
	}
	if got := (BirthDate{}).Japanese(); got != "" {
		t.Errorf("no date of birth: got %q, want nothing", got)
	}
	if got, want := (BirthDate{1868, 3, 4}).Japanese(), "1868年3月4日"; got != want {
		t.Errorf("before 明治: got %s, want %s", got, want)
	}
}

// FuzzParseBirthDate looks for a text that is read as a date of birth which
// the package then cannot read back from its own forms.
func FuzzParseBirthDate(f *testing.F) {
	for _, seed := range []string{
		"1950-05-12", "S25.5.12", "s250512", "3250512", "3-25-5-12", "昭和64年月日不明", "平成元年1月8日", "㋿元年5月1日",
		"昭和二十五年五月十二日", "1989年（昭和64年・平成元年）月日不明", "昭和25年以下不詳", "S500229", "1868-03-04", "2117-12-31",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		birth, err := ParseBirthDate(text)
		if err != nil {
			if !birth.IsZero() || err != ErrDate && err != ErrEra {
				t.Fatalf("got %v, %v, want nothing and ErrDate or ErrEra", birth, err)
			}
			return
		}
		stored, err := birth.MarshalText()
		if err != nil {
			t.Fatalf("marshal %v: %v", birth, err)
		}
		var back BirthDate
		if err := back.UnmarshalText(stored); err != nil || back != birth {
			t.Errorf("from %s: got %v, %v, want %v", stored, back, err, birth)
		}
		if back, err := ParseBirthDate(birth.Japanese()); err != nil || back != birth {
			t.Errorf("from %s: got %v, %v, want %v", birth.Japanese(), back, err, birth)
		}
		if !birth.Matches(birth) {
			t.Errorf("got %v unlike itself, want it to match", birth)
		}
	})
}
