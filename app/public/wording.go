package public

import (
	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/app/web"
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

// said is what the town has written, in the page's language if somebody has
// translated it, in Japanese otherwise.
type said struct {
	Text string
	Lang string // of Text, where it is not the page's: "ja"
	Note string // says that it is not in the page's language; "" where it is
}

// Lines are the lines of the text.
func (s said) Lines() []string { return lines(s.Text) }

// say finds the translation of what the town has written.
func (f frame) say(original string) said {
	if text := f.texts[original]; text != "" {
		return said{Text: text}
	}
	if original == "" || f.japanese() {
		return said{Text: original}
	}
	return said{Text: original, Lang: "ja", Note: f.T("text.japanese")}
}

// bringLines are things to bring.
type bringLines struct {
	Lines []said
	Only  bool // some are in Japanese only
}

func (f frame) bringLines(originals []string) bringLines {
	var b bringLines
	for _, o := range originals {
		line := f.say(o)
		b.Lines, b.Only = append(b.Lines, line), b.Only || line.Note != ""
	}
	return b
}

// japanese reports whether the page is in Japanese as the town writes it.
func (f frame) japanese() bool {
	return f.when.language == web.Plain || f.when.language == web.Reading
}

// place is where people go, as pages show it. The name stays as the sign says it.
type place struct {
	Name      string
	Kana      string // for the easy pages; "" elsewhere
	Local     string // the name in the page's language; "" where nobody has translated it
	Address   string
	Access    said
	Telephone telephone
}

func (f frame) place(v booking.Venue) place {
	p := place{Name: v.Name, Address: v.Address, Access: f.say(v.AccessNote), Telephone: telephoneOf(v.Telephone)}
	if f.when.language == easyJapanese {
		p.Kana = v.Kana
	} else {
		p.Local = f.texts[v.Name]
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
