package demo

import (
	"time"

	"madoguchi/app/booking"
	"madoguchi/app/jp"
)

// place is where cards are issued and how it is staffed.
type place struct {
	venue             booking.Venue
	capacity, reserve int
	main              bool // has the evening and the Saturday
}

// disclaimer is said wherever a visitor of the demo might take a detail for real.
const disclaimer = "画面を試すための架空の案内です。実際の受付とは関係ありません。"

// places: the address of the town hall is public; the telephone numbers are
// placeholders in a range that no telephone has (市内局番 never begins with 0).
var places = []place{
	{main: true, capacity: 2, reserve: 1, venue: booking.Venue{
		Name: "南部町役場", Kana: "ナンブチョウヤクバ", Telephone: "0178-00-0001",
		Address: "〒039-0802 青森県三戸郡南部町大字苫米地字下宿23-1", AccessNote: disclaimer,
	}},
	{capacity: 1, reserve: 1, venue: booking.Venue{
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
