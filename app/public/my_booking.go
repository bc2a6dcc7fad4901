package public

import (
	"slices"

	"github.com/gin-gonic/gin"

	"madoguchi/store"
)

// What the page of the booking says once after something was done; the words
// are the page's own heading.
const (
	flashBooked    = "booked"
	flashChanged   = "changed"
	flashCancelled = "cancelled"
)

// myBookingPage shows the live booking; it is what people print.
type myBookingPage struct {
	frame
	Done         bool // it was booked or changed just now
	Number       string
	NoticeNumber string
	Visit        visitText
	CanChange    bool
	Past         bool // its time is over
	WhatToBring  []string
	Translated   bool // the list is in Japanese, the page is not
	Cutoff       string
}

// noBookingPage is where someone without a live booking begins again.
type noBookingPage struct {
	frame
	NoticeNumber string
}

func (s *Site) myBooking(c *gin.Context, tx *store.Tx, v visitor) (reply, error) {
	title := s.takeTitle(c, v)
	if v.stage == free {
		page := noBookingPage{s.frame(c, v, title), v.record.NoticeNumber.String()}
		return reply{template: "public/no_booking.html", page: page}, nil
	}
	page := myBookingPage{
		frame: s.frame(c, v, title), Done: title != "booking.title",
		Number: v.visit.Number.String(), NoticeNumber: v.record.NoticeNumber.String(),
		CanChange: v.stage == booked, Past: !tx.Now.Before(v.visit.Slot.At()),
		WhatToBring: lines(v.town.WhatToBring),
	}
	page.Translated = page.when.language != "ja"
	page.Visit = page.visitText(v.visit.Slot, v.visit.Venue)
	page.Cutoff = page.cutoff(v)
	return reply{template: "public/my_booking.html", page: page}, nil
}

// takeTitle is the key of the page's heading: what was done just now, or how
// things stand.
func (s *Site) takeTitle(c *gin.Context, v visitor) string {
	session, title, says := s.web.Session(c), "booking.title", []string{flashBooked, flashChanged}
	if v.stage == free {
		title, says = "booking.title.none", []string{flashCancelled}
	}
	if done := session.Get("flash"); slices.Contains(says, done) {
		return "booking.title." + session.TakeFlash()
	}
	return title
}

// cutoff says until when a booking can be changed here.
func (f frame) cutoff(v visitor) string {
	if hours := v.town.ChangeCutoffHours; hours > 0 {
		return f.T("booking.cutoff.hours", "hours", hours)
	}
	return f.T("booking.cutoff.start")
}
