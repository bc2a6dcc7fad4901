package demo

import (
	"time"

	"madoguchi/app/audit"
	"madoguchi/app/booking"
	"madoguchi/app/jp"
	"madoguchi/store"
)

// place is where cards are issued and how it is staffed.
type place struct {
	venue             booking.Venue
	capacity, reserve int
	main              bool // has the evening and the Saturday
	counters          []string
}

// disclaimer is said wherever a visitor of the demo might take a detail for real.
const disclaimer = "画面を試すための架空の案内です。実際の受付とは関係ありません。"

// places: the address of the town hall is public; the telephone numbers are
// placeholders in a range that no telephone has (市内局番 never begins with 0).
var places = []place{
	{main: true, counters: []string{"1番窓口", "2番窓口", "3番窓口"}, capacity: 2, reserve: 1, venue: booking.Venue{
		Name: "南部町役場", Kana: "ナンブチョウヤクバ", Telephone: "0178-00-0001",
		Address: "〒039-0802 青森県三戸郡南部町大字苫米地字下宿23-1", AccessNote: disclaimer,
	}},
	{counters: []string{"1番窓口"}, capacity: 1, reserve: 1, venue: booking.Venue{
		Name: "名川分庁舎", Kana: "ナガワブンチョウシャ", Telephone: "0178-00-0002",
		Address: "〒039-0503 青森県三戸郡南部町大字平", AccessNote: disclaimer,
	}},
}

// The hours of a working day, when windows start. At lunch one counter stays open.
const (
	step      jp.Clock = 30
	morning   jp.Clock = 9 * 60
	lunch     jp.Clock = 12 * 60
	afternoon jp.Clock = 13 * 60
	closing   jp.Clock = 17 * 60 // the last window starts at 16:30
	evening   jp.Clock = 19 * 60 // on Thursdays, at the main office
)

const (
	daysBefore = 14 // of slots before today, the demo's past; more than any row of closed days
	daysAhead  = 28
)

// windows returns a place's slots from two weeks before today to four weeks after.
// Today counts as a working day whatever it is, so that its list is not empty.
func (p place) windows(today jp.Date) []booking.Window {
	saturday := openSaturday(today)
	var all []booking.Window
	for n := -daysBefore; n <= daysAhead; n++ {
		day := today.AddDays(n)
		switch {
		case p.main && day == saturday:
			all = append(all, p.between(day, morning, lunch)...)
		case n == 0 || workingDay(day):
			all = append(all, p.between(day, morning, closing)...)
			if p.main && day.Weekday() == time.Thursday {
				all = append(all, place{capacity: 1}.between(day, closing, evening)...)
			}
		}
	}
	return all
}

func (p place) between(day jp.Date, from, to jp.Clock) []booking.Window {
	var all []booking.Window
	for c := from; c < to; c += step {
		w := booking.Window{HeldOn: day, Starts: c, Ends: c + step, Capacity: p.capacity, Reserve: p.reserve}
		if c >= lunch && c < afternoon {
			w.Capacity, w.Reserve = 1, 0
		}
		all = append(all, w)
	}
	return all
}

// openSaturday is the first Saturday from next week on that is no holiday: the
// town opens one Saturday morning a month.
func openSaturday(today jp.Date) jp.Date {
	day := today.AddDays(7)
	for {
		_, holiday := jp.Holiday(day)
		if day.Weekday() == time.Saturday && !holiday && !jp.YearEnd(day) {
			return day
		}
		day = day.AddDays(1)
	}
}

// open keeps the hours and extra openings that make windows, so that a slot plan
// finds the slots to come as they should be.
func (p place) open(tx *store.Tx, by audit.Actor, v booking.Venue, s booking.Service, today jp.Date) error {
	h := booking.Hours{VenueID: v.ID, ServiceID: s.ID, EffectiveFrom: today.AddDays(-daysBefore)}
	for _, day := range []time.Weekday{time.Monday, time.Tuesday, time.Wednesday, time.Thursday, time.Friday} {
		for _, span := range p.spans(day) {
			h.Windows = append(h.Windows, booking.HoursWindow{Weekday: day, Starts: span.Starts, Ends: span.Ends, Minutes: int(step),
				Capacity: span.Capacity, Reserve: span.Reserve})
		}
	}
	if _, err := booking.SaveHours(tx, by, h); err != nil {
		return err
	}
	extra := map[jp.Date][]booking.Window{}
	if !workingDay(today) {
		extra[today] = p.spans(today.Weekday())
	}
	if p.main {
		extra[openSaturday(today)] = []booking.Window{{Starts: morning, Ends: lunch, Capacity: p.capacity, Reserve: p.reserve}}
	}
	for day, spans := range extra {
		for _, span := range spans {
			_, err := booking.AddExtraOpening(tx, by, booking.ExtraOpening{VenueID: v.ID, ServiceID: s.ID, OpensOn: day, Starts: span.Starts, Ends: span.Ends,
				Minutes: int(step), Capacity: span.Capacity, Reserve: span.Reserve})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// spans are the stretches of a day on which the place is open, each with as
// many places in all of its slots.
func (p place) spans(day time.Weekday) []booking.Window {
	all := []booking.Window{
		{Starts: morning, Ends: lunch, Capacity: p.capacity, Reserve: p.reserve},
		{Starts: lunch, Ends: afternoon, Capacity: 1},
		{Starts: afternoon, Ends: closing, Capacity: p.capacity, Reserve: p.reserve},
	}
	if p.main && day == time.Thursday {
		all = append(all, booking.Window{Starts: closing, Ends: evening, Capacity: 1})
	}
	return all
}
