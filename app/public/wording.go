package public

import (
	"madoguchi/app/booking"
	"madoguchi/app/jp"
)

// wording writes dates and times as a language does: 12月3日（木）, never 12/3.
type wording struct{ language string }

const easyJapanese = "ja-easy"

// day is a date within the coming weeks, without its year.
func (w wording) day(d jp.Date) string { return jp.Writing(w.language).Day(d) }

// fullDay is a date with its weekday and its year in both calendars.
func (w wording) fullDay(d jp.Date) string { return jp.Writing(w.language).FullDay(d) }

func (w wording) month(d jp.Date) string { return jp.Writing(w.language).Month(d) }

func (w wording) clock(c jp.Clock) string { return jp.Writing(w.language).Clock(c) }

// span is from when to when, such as 午前9時から午前9時30分まで.
func (f frame) span(from, to jp.Clock) string {
	return f.T("hours.span", "from", f.when.clock(from), "to", f.when.clock(to))
}

// left says what a day or a slot has left: a sign, always with its word, and
// whether it can be chosen.
type left struct {
	Sign string
	Word string
	Free bool
}

// A day with at most fewOnDay places left, or a slot with fewInSlot, is marked
// as filling up.
const (
	fewOnDay  = 3
	fewInSlot = 1
)

func (f frame) left(n, few int) left {
	switch {
	case n == 0:
		return left{"×", f.T("left.full"), false}
	case n <= few:
		return left{"△", f.T("left.few", "n", n), true}
	}
	return left{"〇", f.T("left.free", "n", n), true}
}

// place is where people go, as pages show it. The town writes it in Japanese.
type place struct {
	Name      string
	Kana      string // for the easy pages; "" elsewhere
	Address   string
	Access    string
	Telephone telephone
}

func (f frame) place(v booking.Venue) place {
	p := place{Name: v.Name, Address: v.Address, Access: v.AccessNote, Telephone: telephoneOf(v.Telephone)}
	if f.when.language == easyJapanese {
		p.Kana = v.Kana
	}
	return p
}

// visitText is when and where a slot is held, for the pages that name it in full.
type visitText struct {
	Place place
	Day   string
	Time  string
}

func (f frame) visitText(s booking.Slot, v booking.Venue) visitText {
	return visitText{f.place(v), f.when.fullDay(s.HeldOn), f.span(s.Starts, s.Ends)}
}
