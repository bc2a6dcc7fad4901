package console

import (
	"github.com/gin-gonic/gin"

	"madoguchi/app/intake"
	"madoguchi/app/staff"
	"madoguchi/app/web"
)

// pictureBytes is the most bytes of an upload of several files, and the form
// around them.
const pictureBytes = 2*intake.FileBytes + 1<<20

// intakeRoutes are the pages on which cards come on record.
func (d *Desk) intakeRoutes() []guarded {
	read, correct := staff.MayReadList, staff.MayCorrectRead
	return append([]guarded{
		d.need(read, web.GET("/read", d.askRead)),
		d.need(read, web.POST("/read", d.readCode)),
		d.need(read, web.GET("/read/undo", toRead)),
		d.need(read, web.POST("/read/undo", d.undoReadCode)),
		d.need(read, web.GET("/read/parts", toRead)),
		d.need(read, web.POST("/read/parts", d.dropParts)),
		d.need(correct, web.GET("/read/compare", toRead)),
		d.need(correct, web.POST("/read/compare", d.compareReading)),
		d.need(correct, web.GET("/read/correct", toRead)),
		d.need(correct, web.POST("/read/correct", d.correctReading)),

		d.need(read, web.GET("/batches", d.batches)),
		d.need(read, web.GET("/batches/new", d.askNewBatch)),
		d.need(read, web.POST("/batches", d.openBatch)),
		d.need(read, web.GET("/batches/:ref", d.batch)),
		d.need(read, web.GET("/batches/:ref/edit", d.askBatch)),
		d.need(read, web.POST("/batches/:ref/edit", d.changeBatch)),
		d.need(read, web.GET("/batches/:ref/close", toBatch)),
		d.need(read, web.POST("/batches/:ref/close", d.closeBatch)),
		d.need(read, web.GET("/batches/:ref/reopen", toBatch)),
		d.need(read, web.POST("/batches/:ref/reopen", d.reopenBatch)),
		d.need(read, web.GET("/batches/:ref/type", d.askTyped)),
		d.need(read, web.POST("/batches/:ref/type", d.takeTyped)),
		d.need(read, web.GET("/batches/:ref/pictures", toBatch)),
		d.need(read, web.POST("/batches/:ref/pictures", d.addPictures).Upload(pictureBytes, patience, pictureTooLarge)),

		d.need(read, web.GET("/pictures/:ref", d.picture)),
		d.need(read, web.GET("/pictures/:ref/stated", toPicture)),
		d.need(read, web.POST("/pictures/:ref/stated", d.statePages)),
		d.need(read, web.GET("/pictures/:ref/apply", toPicture)),
		d.need(read, web.POST("/pictures/:ref/apply", d.applyPicture)),
		d.need(read, web.GET("/pictures/:ref/away", toPicture)),
		d.need(read, web.POST("/pictures/:ref/away", d.putPictureAway)),
		d.need(read, web.GET("/pictures/:ref/pages/:page", d.pagePicture)),
		d.need(read, web.GET("/pictures/:ref/pages/:page/:number", d.askTyped)),
		d.need(read, web.POST("/pictures/:ref/pages/:page/:number", d.takeTyped)),
		d.need(read, web.GET("/pictures/:ref/pages/:page/:number/none", toPicture)),
		d.need(read, web.POST("/pictures/:ref/pages/:page/:number/none", d.noCode)),
	}, d.intakeSetUpRoutes()...)
}

func (d *Desk) intakeSetUpRoutes() []guarded {
	may := staff.MaySetUpIntake
	return []guarded{
		d.need(may, web.GET("/profiles", d.profiles)),
		d.need(may, web.POST("/profiles", d.saveProfile)),
		d.need(may, web.GET("/profiles/edit", d.askProfile)),
		d.need(may, web.GET("/profiles/try", toProfileEdit)),
		d.need(may, web.POST("/profiles/try", d.tryProfile)),
		d.need(may, web.GET("/profiles/:ref", d.profile)),
		d.need(may, web.GET("/profiles/:ref/on", toProfiles)),
		d.need(may, web.POST("/profiles/:ref/on", d.switchProfile)),
		d.need(may, web.GET("/reread", d.reread)),
		d.need(may, web.POST("/reread", d.applyReread)),

		d.need(may, web.GET("/kinds", d.kinds)),
		d.need(may, web.POST("/kinds", d.addKind)),
		d.need(may, web.GET("/kinds/new", d.askKind)),
		d.need(may, web.GET("/kinds/:ref", d.askKind)),
		d.need(may, web.POST("/kinds/:ref", d.changeKind)),
	}
}

func toProfiles(c *gin.Context) error { return web.To(c, "/profiles") }

func toProfileEdit(c *gin.Context) error { return web.To(c, "/profiles/edit") }
