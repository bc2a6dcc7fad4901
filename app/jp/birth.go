package jp

import (
	"fmt"
	"strings"
	"time"
)

// BirthDate is a date of birth (生年月日). Resident records hold dates of birth
// of which only the year, or the year and month, is known (不詳), so Day, or
// Month and Day, may be 0. The zero BirthDate means that there is none.
// BirthDates compare with ==; Matches compares what is known.
type BirthDate struct {
	Year  int // 1868–2117: what era years of at most two digits can write
	Month int // 1–12, or 0 if unknown; then Day is unknown as well
	Day   int // 1–31, or 0 if unknown
}

// IsZero reports whether there is no date of birth.
func (b BirthDate) IsZero() bool { return b == BirthDate{} }

// Date returns the day of birth; it is not ok unless all of it is known.
func (b BirthDate) Date() (d Date, ok bool) {
	if b.Month == 0 || b.Day == 0 {
		return Date{}, false
	}
	return Date{b.Year, time.Month(b.Month), b.Day}, true
}

// String returns "1950-05-12", with 00 for what is unknown ("1950-05-00"), or
// "" for the zero BirthDate.
func (b BirthDate) String() string {
	if b.IsZero() {
		return ""
	}
	return fmt.Sprintf("%04d-%02d-%02d", b.Year, b.Month, b.Day)
}

// MarshalText returns the form of String, or ErrDate for an impossible date.
func (b BirthDate) MarshalText() ([]byte, error) {
	if !b.IsZero() && !b.exists() {
		return nil, ErrDate
	}
	return []byte(b.String()), nil
}

// UnmarshalText reads what MarshalText writes and nothing else; empty text is
// the zero BirthDate. What people write goes through ParseBirthDate.
func (b *BirthDate) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*b = BirthDate{}
		return nil
	}
	read, err := ParseBirthDate(string(text))
	if err != nil {
		return err
	}
	if read.String() != string(text) {
		return ErrDate
	}
	*b = read
	return nil
}

// Japanese returns "昭和25年（1950年）5月12日". What is unknown is named:
// "昭和25年（1950年）5月日不明", "昭和25年（1950年）月日不明". If it leaves
// open which of two eras the day fell in, both stand: "1989年（昭和64年・平成
// 元年）月日不明". The zero BirthDate is "".
func (b BirthDate) Japanese() string {
	if b.IsZero() {
		return ""
	}
	switch {
	case b.Month == 0:
		return b.yearText() + "月日不明"
	case b.Day == 0:
		return fmt.Sprintf("%s%d月日不明", b.yearText(), b.Month)
	}
	return fmt.Sprintf("%s%d月%d日", b.yearText(), b.Month, b.Day)
}

func (b BirthDate) yearText() string {
	var inEra []string
	first, last := b.span()
	for _, era := range Eras {
		if era.holds(first, last) {
			inEra = append([]string{era.yearText(b.Year - era.first.Year + 1)}, inEra...)
		}
	}
	switch len(inEra) {
	case 0:
		return fmt.Sprintf("%d年", b.Year)
	case 1:
		return fmt.Sprintf("%s（%d年）", inEra[0], b.Year)
	}
	return fmt.Sprintf("%d年（%s）", b.Year, strings.Join(inEra, "・"))
}

// Matches reports whether both can be the same date of birth: the years are
// equal, and so is every other part that both know.
func (b BirthDate) Matches(other BirthDate) bool {
	agree := func(x, y int) bool { return x == 0 || y == 0 || x == y }
	return b.Year != 0 && b.Year == other.Year && agree(b.Month, other.Month) && agree(b.Day, other.Day)
}

// AgeOn returns the completed years of age on day d. It is not ok before
// birth, and when the unknown parts leave more than one age possible.
//
// By law (年齢計算ニ関する法律, 民法第143条) a year of age is completed at the
// end, 24:00, of the day before the anniversary of birth. Rules that ask for the age at the
// end of a day, like school entry, therefore count from the day before. For
// cards the age during a day counts, so the age here rises on the anniversary of birth
// itself. Someone born on 29 February completes a year with 28 February: in
// other than leap years the age rises on 1 March.
func (b BirthDate) AgeOn(d Date) (age int, ok bool) {
	if b.IsZero() || d.IsZero() {
		return 0, false
	}
	first, last := b.span()
	age = completedYears(first, d)
	if age != completedYears(last, d) || d.Before(last) {
		return 0, false
	}
	return age, true
}

func completedYears(birth, d Date) int {
	years := d.Year - birth.Year
	if d.Month < birth.Month || d.Month == birth.Month && d.Day < birth.Day {
		years--
	}
	return years
}

// span returns the first and the last day the birth can have been on.
func (b BirthDate) span() (first, last Date) {
	first = Date{b.Year, time.January, 1}
	last = Date{b.Year, time.December, 31}
	if b.Month == 0 {
		return first, last
	}
	month := time.Month(b.Month)
	if b.Day == 0 {
		return Date{b.Year, month, 1}, Date{b.Year, month, daysIn(b.Year, month)}
	}
	day := Date{b.Year, month, b.Day}
	return day, day
}

// exists reports whether the known parts are in the calendar. A known day in
// an unknown month is refused: no register has it, a misread code does.
func (b BirthDate) exists() bool {
	oldest, newest := Eras[len(Eras)-1], Eras[0]
	if b.Year < oldest.western(1) || b.Year > newest.western(99) {
		return false
	}
	if b.Month < 0 || b.Day < 0 || b.Month == 0 && b.Day != 0 {
		return false
	}
	first, last := b.span()
	return first.exists() && last.exists()
}
