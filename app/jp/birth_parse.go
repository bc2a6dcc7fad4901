package jp

import (
	"regexp"
	"strconv"
	"strings"
)

// ParseBirthDate reads a date of birth as staff, scanners and residents write
// it, in any width and with spaces anywhere:
//
//	1950-05-12  1950/5/12  1950.5.12  19500512  1950年5月12日
//	昭和25年5月12日  昭25.5.12  ㍼25.5.12  S25.5.12  s250512  S-25-5-12
//	3250512  3-25-5-12      era digit: 明1 大2 昭3 平4 令5
//	平成元年5月12日  H元.5.12  昭和二十五年五月十二日
//	昭和25年（1950年）5月12日  1950年（昭和25年）5月12日生
//
// An unknown day, or month and day, is 0, 00, 不明 or 不詳 (昭和25年5月日不詳).
// A two-digit year without an era is refused, for it could be either calendar.
// ErrEra says that the era does not hold the day (昭和64年1月8日) or the two
// years given differ, ErrDate that the text cannot be read or the calendar has
// no such day.
func ParseBirthDate(s string) (BirthDate, error) {
	written := plainBirthDate(s)
	for _, form := range codedBirthDates {
		if m := form.FindStringSubmatch(written); m != nil {
			return birthDateOf(writtenYear{m[1], m[2]}, m[3], m[4])
		}
	}
	return parseSpelledBirthDate(written)
}

// The coded forms, each with the groups era, year, month, day.
var codedBirthDates = []*regexp.Regexp{
	regexp.MustCompile(`^()(\d{4})-(\d{1,2}|\?+)-(\d{1,2}|\?+)$`),
	regexp.MustCompile(`^([MTSHR]|[MTSHR1-5]-)(\d{1,2})-(\d{1,2}|\?+)-(\d{1,2}|\?+)$`),
	regexp.MustCompile(`^()(\d{4})(\d{2})(\d{2})$`),
	regexp.MustCompile(`^([MTSHR1-5]-?)(\d{2})(\d{2})(\d{2})$`),
}

// The forms with 年月日: a year, which the other calendar may repeat in
// brackets (two eras when both are possible), then the month and day.
var (
	spelledYear = regexp.MustCompile(
		`^([MTSHR]?)(\d{1,4})年(?:\(([MTSHR]?)(\d{1,4})年(?:-([MTSHR])(\d{1,2})年)?\))?(.+)$`)
	spelledDay      = regexp.MustCompile(`^(\d{1,2}|\?+)月(?:(\d{1,2})日|\?+日?|日\?+)$`)
	noDay           = regexp.MustCompile(`^(?:月日|以下|月\?+日)?\?+$`)
	withoutBrackets = strings.NewReplacer("(", "", ")", "")
)

func parseSpelledBirthDate(written string) (BirthDate, error) {
	m := spelledYear.FindStringSubmatch(written)
	if m == nil {
		return BirthDate{}, ErrDate
	}
	month, day := "", ""
	rest := withoutBrackets.Replace(m[7])
	if parts := spelledDay.FindStringSubmatch(rest); parts != nil {
		month, day = parts[1], parts[2]
	} else if !noDay.MatchString(rest) {
		return BirthDate{}, ErrDate
	}
	birth, err := birthDateOf(writtenYear{m[1], m[2]}, month, day)
	if err != nil {
		return BirthDate{}, err
	}
	for _, year := range []writtenYear{{m[3], m[4]}, {m[5], m[6]}} {
		if year.number == "" {
			continue
		}
		if again, err := birthDateOf(year, month, day); err != nil || again != birth {
			return BirthDate{}, ErrEra
		}
	}
	return birth, nil
}

// writtenYear is a year as read: the era's letter or digit, with or without a
// hyphen after it, and the number. Without an era the year is a western one.
type writtenYear struct{ era, number string }

func birthDateOf(year writtenYear, month, day string) (BirthDate, error) {
	b := BirthDate{Year: known(year.number), Month: known(month), Day: known(day)}
	if year.era == "" {
		if len(year.number) != 4 || !b.exists() {
			return BirthDate{}, ErrDate
		}
		return b, nil
	}
	era, ok := findEra(func(e Era) bool {
		mark := strings.TrimSuffix(year.era, "-")
		return mark == e.Letter || mark == strconv.Itoa(e.Digit)
	})
	if !ok || b.Year == 0 {
		return BirthDate{}, ErrEra
	}
	if len(year.number) > 2 {
		return BirthDate{}, ErrDate
	}
	b.Year = era.western(b.Year)
	if !b.exists() {
		return BirthDate{}, ErrDate
	}
	if !era.holds(b.span()) {
		return BirthDate{}, ErrEra
	}
	return b, nil
}

// known returns the number in text that is digits, or 0 if it says unknown.
func known(text string) int {
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}

var (
	spaceBesideMark = regexp.MustCompile(`\s*([^\d\s])\s*`)
	spaces          = regexp.MustCompile(`\s+`)
	plainWords      = strings.NewReplacer(
		"不明", "?", "不詳", "?", "西暦", "",
		"明治", "M", "大正", "T", "昭和", "S", "平成", "H", "令和", "R",
		"明", "M", "大", "T", "昭", "S", "平", "H", "令", "R",
		"元", "1", "/", "-", ".", "-", ",", "-", "・", "-", "、", "-", "。", "-",
	)
)

// plainBirthDate reduces a written date to ASCII letters and digits, "-"
// between them, "?" for unknown, brackets and the kanji of 年月日以下.
func plainBirthDate(s string) string {
	s = strings.ToUpper(Narrow(s))
	s = strings.TrimSuffix(strings.TrimSuffix(s, "まれ"), "生")
	s = spaceBesideMark.ReplaceAllString(s, "$1")
	s = spaces.ReplaceAllString(strings.TrimSpace(s), "-")
	return plainWords.Replace(arabicNumerals(s))
}
