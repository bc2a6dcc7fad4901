package console

import (
	"slices"

	"github.com/gin-gonic/gin"

	"madoguchi/app/staff"
	"madoguchi/app/web"
)

// visitRoutes are the addresses of single bookings, of those that are made for
// several people or without a card, of many at once, and of the waiting list.
func (d *Desk) visitRoutes() []guarded {
	return slices.Concat(
		d.waitingRoutes(),
		d.moveRoutes(),
		d.bookRoutes("/visitors", toBookVisitor),
		d.bookRoutes("/recipients/:ref/together/slot", toBookTogether),
		d.bookRoutes("/bookings/:ref/change", toMove),
		[]guarded{
			d.need(staff.MayBook, web.GET("/recipients/:ref/together", d.together)),

			d.need(staff.MaySearch, web.GET("/bookings/:ref", d.bookingPage)),
			d.need(staff.MaySearch, web.GET("/bookings/:ref/booked", d.bookedVisit)),
			d.need(staff.MaySearch, web.GET("/bookings/:ref/slip", d.slip)),
			d.need(staff.MayBook, web.GET("/bookings/:ref/comer", d.askComer)),
			d.need(staff.MayBook, web.POST("/bookings/:ref/comer", d.saveComer)),
			d.need(staff.MayBook, web.GET("/bookings/:ref/cancel", d.askCancelVisit)),
			d.need(staff.MayBook, web.POST("/bookings/:ref/cancel", d.cancelVisit)),
			d.need(staff.MayBook, web.GET("/bookings/:ref/tie", d.askTie)),
			d.need(staff.MayBook, web.POST("/bookings/:ref/tie", d.tie)),
			d.need(staff.MayBook, web.GET("/bookings/:ref/add", d.askAdd)),
			d.need(staff.MayBook, web.POST("/bookings/:ref/add", d.add)),
		},
	)
}

// bookRoutes are the three addresses of an errand.
func (d *Desk) bookRoutes(path string, e *errand) []guarded {
	return []guarded{
		d.need(staff.MayBook, web.GET(path, d.chooseSlot(e))),
		d.need(staff.MayBook, web.GET(path+"/check", d.checkSlot(e))),
		d.need(staff.MayBook, web.POST(path, d.takeSlot(e))),
	}
}

func toBooking(c *gin.Context) error { return web.To(c, bookingPath(refOf(c))) }
