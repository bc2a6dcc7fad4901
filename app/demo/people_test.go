package demo

import (
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"madoguchi/app/jp"
)

var today = jp.Date{Year: 2026, Month: time.December, Day: 1}

func TestSameArgumentsGiveTheSamePeople(t *testing.T) {
	few, many := People(7, 100, today), People(7, 400, today)
	if !slices.Equal(few, many[:100]) {
		t.Error("got other people for a larger number, want the same ones and more")
	}
	if slices.Equal(few[30:], People(8, 100, today)[30:]) {
		t.Error("got the same people for another seed")
	}
}

func TestNumberThatIsTakenIsDrawnAgain(t *testing.T) {
	draws := []string{"taken", "taken", "free"}
	draw := func() string {
		first := draws[0]
		draws = draws[1:]
		return first
	}
	if got := new(generator).unique(map[string]bool{"taken": true}, draw); got != "free" {
		t.Errorf("got %q, want %q", got, "free")
	}
}

func TestEveryPersonIsWellFormed(t *testing.T) {
	forms := map[string]*regexp.Regexp{
		"notice number":  regexp.MustCompile(`^[0-9A-Z]{3}[0-9]{6}$`),
		"application ID": regexp.MustCompile(`^[0-9]{23}$`),
		"postal code":    regexp.MustCompile(`^[0-9]{7}$`),
		"name":           regexp.MustCompile(`^[^,]+$`),
		"kana name":      regexp.MustCompile(`^[ァ-ヺー－ 　]*$`),
		"address":        regexp.MustCompile(`^\p{Han}+[^,]*[0-9０-９]`),
	}
	notices, applications := map[string]bool{}, map[string]bool{}
	for i, p := range People(1, 20_000, today) {
		for what, value := range map[string]string{
			"notice number": p.NoticeNumber, "application ID": p.ApplicationID, "postal code": p.PostalCode,
			"name": p.Name, "kana name": p.KanaName, "address": p.Address,
		} {
			if !forms[what].MatchString(value) {
				t.Errorf("person %d: got %s %q, want the form %s", i, what, value, forms[what])
			}
		}
		if notices[p.NoticeNumber] || applications[p.ApplicationID] {
			t.Errorf("person %d: got a number for the second time", i)
		}
		notices[p.NoticeNumber], applications[p.ApplicationID] = true, true
		checkDates(t, i, p)
	}
}

func checkDates(t *testing.T, i int, p Person) {
	t.Helper()
	if text, err := p.Birth.MarshalText(); err != nil || p.Birth.IsZero() {
		t.Errorf("person %d: got birth %q %v, want a possible one", i, text, err)
	}
	if lastPossible(p.Birth).After(p.MadeOn) || p.MadeOn.After(today) || !p.ExpiresOn.After(today) {
		t.Errorf("person %d: got born %v, made %v, expires %v, want them in this order around today", i, p.Birth, p.MadeOn, p.ExpiresOn)
	}
	if !workingDay(p.MadeOn) && p.IssueKind != "infant" {
		t.Errorf("person %d: got a card made on %s, want a working day", i, p.MadeOn.Japanese())
	}
	if kindCodes[p.IssueKind] == "" {
		t.Errorf("person %d: got issue kind %q, want one that payloads know", i, p.IssueKind)
	}
	age, ok := p.Birth.AgeOn(p.MadeOn)
	if p.IssueKind == "infant" && (!ok || age != 0) {
		t.Errorf("person %d: got an infant of %d years, want under one", i, age)
	}
}

func TestEveryKindAndPlaceIsMet(t *testing.T) {
	kinds, codes := map[string]int{}, map[string]int{}
	for _, p := range People(1, 5_000, today) {
		kinds[p.IssueKind]++
		codes[p.PostalCode]++
	}
	for _, k := range kindShares {
		if want := k.share * 5; kinds[k.kind] < want/2 || kinds[k.kind] > want*2 {
			t.Errorf("got %d of kind %s, want about %d", kinds[k.kind], k.kind, want)
		}
	}
	for _, a := range slices.Concat(areas, elsewhere) {
		if codes[a.code] == 0 {
			t.Errorf("got nobody at %s %s", a.code, a.name)
		}
	}
}

func TestPostalCodeOfAinaiFollowsTheHamlet(t *testing.T) {
	own := strings.Fields("柏木久保 鴨ノ首 留ノ沢 沼久保 屋敷久保")
	seen := map[string]bool{}
	for _, p := range People(1, 5_000, today) {
		after, ok := strings.CutPrefix(p.Address, townPrefix+"相内字")
		if !ok {
			continue
		}
		want := "0390106"
		if slices.ContainsFunc(own, func(h string) bool { return strings.HasPrefix(after, h) }) {
			want = "0390606"
		}
		seen[want] = true
		if p.PostalCode != want {
			t.Errorf("got %s for %s, want %s", p.PostalCode, p.Address, want)
		}
	}
	if len(seen) != 2 {
		t.Errorf("got the codes %v in 相内, want both", seen)
	}
}

func TestAwkwardCasesAreAmongTheFirstThirty(t *testing.T) {
	latin := func(s string) bool {
		return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
	}
	parts := func(p Person) []string { return strings.Split(p.Name, "　") }
	cases := map[string]func(Person) bool{
		"髙":                          func(p Person) bool { return strings.Contains(p.Name, "髙橋") },
		"﨑":                          func(p Person) bool { return strings.Contains(p.Name, "﨑") },
		"𠮷":                          func(p Person) bool { return strings.Contains(p.Name, "𠮷田") },
		"variation selector":         func(p Person) bool { return strings.ContainsFunc(p.Name, isSelector) },
		"Japanese name over 20":      func(p Person) bool { return !latin(p.Name) && utf8.RuneCountInString(p.Name) > 20 },
		"Latin name of 40 or more":   func(p Person) bool { return latin(p.Name) && len(p.Name) >= 40 },
		"one kanji and one kanji":    func(p Person) bool { return utf8.RuneCountInString(p.Name) == 3 && len(parts(p)) == 2 },
		"Latin name with kana":       func(p Person) bool { return latin(p.Name) && p.KanaName != "" },
		"Latin name without kana":    func(p Person) bool { return latin(p.Name) && p.KanaName == "" },
		"kanji name without kana":    func(p Person) bool { return !latin(p.Name) && p.KanaName == "" },
		"unknown day of birth":       func(p Person) bool { return p.Birth.String() == "1950-05-00" },
		"unknown month of birth":     func(p Person) bool { return p.Birth.Month == 0 },
		"under one":                  func(p Person) bool { return isAged(p, 0) && p.IssueKind == "infant" },
		"a hundred":                  func(p Person) bool { return isAged(p, 100) },
		"29 February":                func(p Person) bool { return p.Birth.Month == 2 && p.Birth.Day == 29 },
		"last day of 昭和":             func(p Person) bool { return p.Birth.String() == "1989-01-07" },
		"first day of 平成":            func(p Person) bool { return p.Birth.String() == "1989-01-08" },
		"address outside the town":   func(p Person) bool { return !strings.HasPrefix(p.Address, townPrefix) },
		"address in a building":      func(p Person) bool { return strings.HasSuffix(p.Address, "号室") },
		"address with someone else":  func(p Person) bool { return strings.HasSuffix(p.Address, "方") },
		"相内 with the code of its 字":  func(p Person) bool { return p.PostalCode == "0390606" },
		"name in kanji and Katakana": func(p Person) bool { return strings.Contains(p.Name, "　ヨシヱ") },
	}
	for _, on := range []jp.Date{today, {Year: 2028, Month: time.February, Day: 29}, {Year: 2031, Month: time.January, Day: 1}} {
		people := People(3, 30, on)
		for what, is := range cases {
			if on == today && !slices.ContainsFunc(people, is) {
				t.Errorf("got nobody for %q among the first 30", what)
			}
		}
		if !slices.ContainsFunc(people, func(p Person) bool { age, ok := p.Birth.AgeOn(on); return ok && age == 100 }) {
			t.Errorf("got nobody of a hundred on %s", on)
		}
	}
}

func isSelector(r rune) bool { return unicode.Is(unicode.Variation_Selector, r) }

func isAged(p Person, want int) bool {
	age, ok := p.Birth.AgeOn(today)
	return ok && age == want
}

func TestExpiry(t *testing.T) {
	tests := map[string]struct{ birth, made, want string }{
		"an adult's card ends on the tenth anniversary of birth":  {"1970-06-15", "2026-10-01", "2036-06-15"},
		"before this year's anniversary of birth that one counts": {"1970-12-15", "2026-10-01", "2035-12-15"},
		"made on the anniversary of birth, the next is the first": {"1970-10-01", "2026-10-01", "2036-10-01"},
		"a child's card ends on the fifth anniversary of birth":   {"2015-06-15", "2026-10-01", "2031-06-15"},
		"eighteen on the day it is made is an adult":              {"2008-10-01", "2026-10-01", "2036-10-01"},
		"eighteen on the day after is a child":                    {"2008-10-02", "2026-10-01", "2030-10-02"},
		"an infant's card ends on the fifth anniversary of birth": {"2026-09-20", "2026-10-01", "2031-09-20"},
		"29 February falls on the 28th in a common year":          {"1992-02-29", "2026-10-01", "2036-02-29"},
		"29 February of a child":                                  {"2012-02-29", "2026-10-01", "2031-02-28"},
		"the last possible day counts if the day is not known":    {"1950-05-00", "2026-10-01", "2036-05-31"},
		"and if the month is not known":                           {"1950-00-00", "2026-10-01", "2035-12-31"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var birth jp.BirthDate
			var made jp.Date
			if err := birth.UnmarshalText([]byte(tt.birth)); err != nil {
				t.Fatal(err)
			}
			if err := made.UnmarshalText([]byte(tt.made)); err != nil {
				t.Fatal(err)
			}
			if got := expiry(birth, made).String(); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
