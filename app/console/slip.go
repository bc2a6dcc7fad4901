package console

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"madoguchi/app/booking"
	"madoguchi/app/qr/draw"
	"madoguchi/store"
)

// slipPage is what a resident takes home: number, when, where and what to
// bring, on half a sheet (予約票).
type slipPage struct {
	page
	Path        string // of the booking
	Name        string
	Number      string
	QR          draw.Symbol // the booking number, for the scanner at the counter
	Day         string      // in both calendars, with the weekday
	Time        string
	Venue       string
	Address     string
	AccessNote  string
	Service     string
	WhatToBring []string
	Telephone   string
	PrintedAt   string
	Live        bool
	State       string
}

// slip shows a booking as it is printed for the resident.
func (d *Desk) slip(c *gin.Context) error {
	var p slipPage
	town := d.town.Load()
	err := d.store.Read(c, func(tx *store.Tx) error {
		e, err := ourEntry(tx, c)
		if err != nil {
			return err
		}
		v := e.Visit
		service, err := booking.ServiceByID(tx, v.Slot.ServiceID)
		if err != nil {
			return err
		}
		p.Path, p.Name, p.Number = bookingPath(v.Booking.Ref), e.Record.Name, v.Number.String()
		p.Day, p.Time = v.Slot.HeldOn.Both(), slotSpan(v.Slot)
		p.Venue, p.Address, p.AccessNote, p.Service = v.Venue.Name, v.Venue.Address, v.Venue.AccessNote, service.Name
		if p.Telephone = v.Venue.Telephone; p.Telephone == "" {
			p.Telephone = town.OfficeTelephone
		}
		p.PrintedAt, p.Live, p.State = instant(tx.Now), v.Live(), v.State.Label()
		if p.QR, err = draw.QR(p.Number); err != nil {
			return err
		}
		p.WhatToBring, err = booking.BringToVisit(tx, v, e.Record)
		return err
	})
	if err != nil {
		return err
	}
	return d.show(c, http.StatusOK, "slip", "予約票", &p)
}
