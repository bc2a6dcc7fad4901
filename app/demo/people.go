package demo

import (
	"fmt"
	"math/rand/v2"
	"time"

	"madoguchi/app/jp"
)

// Person is a fictional recipient with one card (架空の交付対象者).
type Person struct {
	NoticeNumber  string // 交付通知書番号, "ABC123456": three upper-case letters or digits, six digits
	ApplicationID string // 申請書ID, 23 digits
	Name          string // parts apart by a full-width space, or as the residence card has it
	KanaName      string // full-width kana, "" for none
	Birth         jp.BirthDate
	PostalCode    string // seven digits
	Address       string
	IssueKind     string // 交付区分: a key of kindCodes
	MadeOn        jp.Date
	ExpiresOn     jp.Date
}

// kindShare is how many of a thousand cards have an issue kind.
type kindShare struct {
	kind  string
	share int
}

// kindShares is an estimate: renewals lead because the cards of the first
// years run out; express cards are few because they go to the home by mail.
var kindShares = []kindShare{
	{"renewal", 560}, {"new", 220}, {"reissue", 125}, {"page_full", 30},
	{"infant", 25}, {"express", 15}, {"stay_changed", 15}, {"from_abroad", 10},
}

// ageShare is how many of a hundred recipients are from to to years old.
type ageShare struct{ from, to, share int }

// ageShares follows a rural town: the old outnumber the young.
var ageShares = []ageShare{
	{1, 9, 7}, {10, 19, 8}, {20, 29, 7}, {30, 39, 9}, {40, 49, 12},
	{50, 59, 13}, {60, 69, 16}, {70, 79, 17}, {80, 89, 9}, {90, 98, 2},
}

// People invents n people as of the day today. The same arguments give the same
// people, and a larger n only adds to them. The awkward cases come first, so
// that 30 people hold all of them. Notice numbers and application IDs are unique.
func People(seed uint64, n int, today jp.Date) []Person {
	g := &generator{
		rng:          rand.New(rand.NewPCG(seed, 0x6e616d6275)),
		today:        today,
		notices:      map[string]bool{},
		applications: map[string]bool{},
	}
	people := make([]Person, 0, n)
	for _, p := range awkward(today) {
		if len(people) < n {
			people = append(people, g.complete(p))
		}
	}
	for len(people) < n {
		people = append(people, g.complete(Person{}))
	}
	return people
}

type generator struct {
	rng                   *rand.Rand
	today                 jp.Date
	notices, applications map[string]bool
}

// complete draws whatever p leaves open. A given name stands with its kana,
// even when that is none.
func (g *generator) complete(p Person) Person {
	if p.IssueKind == "" {
		p.IssueKind = kindShares[weighted(g.rng, len(kindShares), func(i int) int { return kindShares[i].share })].kind
	}
	if p.MadeOn.IsZero() {
		p.MadeOn = g.madeOn()
	}
	foreign := p.Name == "" && (p.IssueKind == "stay_changed" || p.IssueKind != "infant" && g.rng.IntN(40) == 0)
	if p.Birth.IsZero() {
		p.Birth = birthOn(g.birth(p, foreign))
	}
	if p.Name == "" {
		p.Name, p.KanaName = g.name(p.Birth.Year, foreign)
	}
	switch {
	case p.Address != "":
	case g.rng.IntN(33) == 0:
		p.Address, p.PostalCode = awayAddress(g.rng)
	default:
		p.Address, p.PostalCode = homeAddress(g.rng)
	}
	if p.ExpiresOn.IsZero() {
		p.ExpiresOn = expiry(p.Birth, p.MadeOn)
		if p.IssueKind == "stay_changed" || foreign && g.rng.IntN(3) > 0 {
			p.ExpiresOn = g.stayLimit(p)
		}
	}
	p.NoticeNumber = g.unique(g.notices, g.noticeNumber)
	p.ApplicationID = g.unique(g.applications, g.applicationID)
	return p
}

// madeOn draws a working day of the last four months, recent days more often:
// most cards are fetched within weeks.
func (g *generator) madeOn() jp.Date {
	d := g.today.AddDays(-5 - g.rng.IntN(1+g.rng.IntN(115)))
	for !workingDay(d) {
		d = d.AddDays(-1)
	}
	return d
}

func workingDay(d jp.Date) bool {
	_, holiday := jp.Holiday(d)
	return !holiday && !jp.YearEnd(d) && d.Weekday() != time.Saturday && d.Weekday() != time.Sunday
}

// birth draws a day of birth that fits the kind: a renewal falls near the
// anniversary of birth on which the last card ends, after five years or ten.
func (g *generator) birth(p Person, foreign bool) jp.Date {
	switch {
	case p.IssueKind == "infant":
		return p.MadeOn.AddDays(-20 - g.rng.IntN(220))
	case p.IssueKind == "renewal":
		age := 5 + g.rng.IntN(13)
		if foreign || g.rng.IntN(10) < 7 {
			age = 30 + g.age()*2/3
		}
		return p.MadeOn.AddDays(g.rng.IntN(100) - 40).AddMonths(-12 * age)
	case foreign:
		return g.today.AddMonths(-12 * (19 + g.rng.IntN(28))).AddDays(-g.rng.IntN(365))
	}
	return g.today.AddMonths(-12 * g.age()).AddDays(-g.rng.IntN(365))
}

func (g *generator) age() int {
	a := ageShares[weighted(g.rng, len(ageShares), func(i int) int { return ageShares[i].share })]
	return a.from + g.rng.IntN(a.to-a.from+1)
}

// name draws a name in the fashion of the year of birth. Two foreign names in
// five come without kana, as registers often have them.
func (g *generator) name(year int, foreign bool) (name, kana string) {
	if !foreign {
		// The smaller of two draws prefers the frequent names at the list's beginning.
		family := familyNames[min(g.rng.IntN(len(familyNames)), g.rng.IntN(len(familyNames)))]
		given := pick(g.rng, givenNamesOf(year))
		return family.text + "　" + given.text, family.kana + "　" + given.kana
	}
	stock := pick(g.rng, foreignNames)
	family, given := pick(g.rng, stock.family), pick(g.rng, stock.given)
	if g.rng.IntN(5) < 2 {
		return family.text + " " + given.text, ""
	}
	return family.text + " " + given.text, family.kana + " " + given.kana
}

// stayLimit draws the last day of a period of stay (在留期間), with which the
// card of someone without permanent residence ends.
func (g *generator) stayLimit(p Person) jp.Date {
	limit := p.MadeOn.AddMonths(12 * pick(g.rng, []int{1, 1, 3, 5})).AddDays(g.rng.IntN(60))
	if limit.After(p.ExpiresOn) {
		return p.ExpiresOn
	}
	return limit
}

func (g *generator) unique(taken map[string]bool, draw func() string) string {
	s := draw()
	for taken[s] {
		s = draw()
	}
	taken[s] = true
	return s
}

// noticeNumber leaves out the letters I and O, which read like digits.
func (g *generator) noticeNumber() string {
	const signs = "0123456789ABCDEFGHJKLMNPQRSTUVWXYZ"
	sign := func() byte { return signs[g.rng.IntN(len(signs))] }
	return fmt.Sprintf("%c%c%c%06d", sign(), sign(), sign(), g.rng.IntN(1_000_000))
}

func (g *generator) applicationID() string {
	return fmt.Sprintf("%011d%012d", g.rng.Int64N(1e11), g.rng.Int64N(1e12))
}
