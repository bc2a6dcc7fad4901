package console

import (
	"madoguchi/app/staff"
	"madoguchi/app/web"
)

// intakeRoutes are the pages on which cards come on record.
func (d *Desk) intakeRoutes() []guarded {
	return []guarded{
		d.need(staff.MayReadList, web.GET("/read", d.askRead)),
		d.need(staff.MayReadList, web.POST("/read", d.readCode)),
	}
}
